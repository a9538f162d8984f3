"""The embedded Jesignexpert: « SIMULATEUR – sans valeur juridique – non affilié à ECMA ».

It states the public rules of the editor API again, as a server: strict on what comes in, merciless on what must
not happen (a second ``send`` succeeds, mails everybody again and costs again), and really signing.

A call goes ``editor_api`` (path, log, broken connections) → ``operations`` (tokens, form, answer) →
``editor_side`` (rules of a transaction); a signatory goes ``people_pages`` → ``signatory_side`` → ``signing``.
``world`` holds them together for a test, ``control`` over HTTP.
"""

from connector.sandbox.platform.authority import Authority
from connector.sandbox.platform.server import RunningPlatform, serve_platform
from connector.sandbox.platform.world import PlatformWorld

__all__ = ["Authority", "PlatformWorld", "RunningPlatform", "serve_platform"]
