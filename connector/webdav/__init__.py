"""The DMS: one WebDAV login behind the port :class:`connector.ports.Folder`.

:class:`WebDavFolder` is all that the rest of the program needs. Below it: ``client`` carries every request,
``looking`` looks at what lies there, ``surveying`` for as little as possible,
``answers`` turns each answer and each exception into an error of ``connector.errors``, ``multistatus`` reads
listings strictly, ``probing`` finds out what a server can do, ``nextcloud`` knows what Nextcloud offers beyond
RFC 4918, ``annotations`` its tags and comments, ``login_flow`` how an app password is got from a person.
"""

from __future__ import annotations

from connector.webdav.client import Timeouts
from connector.webdav.folder import WebDavFolder

__all__ = ["Timeouts", "WebDavFolder"]
