"""The demo: the embedded DMS, the embedded Jesignexpert and the real daemon, as three processes that share only HTTP.

``--auto`` plays one letter for two signatories from the drop to the signed version and ends by itself, with 0 only
if that version, read back over WebDAV, is proven. Without it, everything stays up for a person with a browser.
Needs the extra ``sandbox``.
"""

from connector.sandbox.demo.command import main

__all__ = ["main"]
