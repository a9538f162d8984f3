"""The embedded DMS: a real WebDAV server for tests and the demo, in a plain and a Nextcloud mode.

``DmsWorld`` is the folder with all that the server knows of it; ``serve_dms`` puts it on HTTP. The way of
a request: ``server`` (cheroot) → ``front`` (control, misbehaviour, clock, counting) → ``plain`` (wsgidav)
or ``nextcloud`` (handlers that state each rule of the facts) → ``folder`` (files, versions, tags, locks).
"""

from connector.sandbox.dms.misbehaviour import Rule
from connector.sandbox.dms.person import Person
from connector.sandbox.dms.server import RunningDms, serve_dms
from connector.sandbox.dms.world import DmsWorld, Request

__all__ = ["DmsWorld", "Person", "Request", "Rule", "RunningDms", "serve_dms"]
