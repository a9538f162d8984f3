"""The embedded DMS and the embedded Jesignexpert: two small real servers to try, show and test with.

Production code never imports this package, and this package imports nothing of ``connector.webdav`` or
``connector.jesignexpert``: it states every rule again, from the public pages, so that a wrong path, field
or HMAC order in a client alone is found out here.
"""
