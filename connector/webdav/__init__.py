"""The DMS: one WebDAV login behind the port :class:`connector.ports.Folder`.

:class:`WebDavFolder` is all that the rest of the program needs. Below it: ``client`` carries every request,
``answers`` turns each answer and each exception into an error of ``connector.errors``, ``multistatus`` reads
listings strictly, ``nextcloud`` knows what Nextcloud offers beyond RFC 4918.
"""

from __future__ import annotations

from connector.webdav.client import Timeouts
from connector.webdav.folder import WebDavFolder

__all__ = ["Timeouts", "WebDavFolder"]
