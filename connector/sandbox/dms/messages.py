"""A request and an answer as the DMS handles them, whole in memory, and the cutting of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

Environ = dict[str, Any]

REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    206: "Partial Content",
    207: "Multi-Status",
    302: "Found",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    423: "Locked",
    424: "Failed Dependency",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    507: "Insufficient Storage",
}


class ConnectionCut(Exception):
    """Cut the TCP connection now, without another byte."""


@dataclass
class Call:
    """One request. ``headers`` by lower-case name; ``path`` decoded, with its leading slash.

    ``complete`` is False when the connection broke before the whole body had come.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    complete: bool
    address: str
    base_url: str
    user: str = ""
    query: str = ""
    """What follows the question mark, as it came."""

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text."""
        return self.headers.get(name.lower(), "")


@dataclass
class Answer:
    """One answer; Content-Length and Date are added on the way out."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def status_line(self) -> str:
        """Number and reason."""
        return f"{self.status} {REASONS.get(self.status, 'Unknown')}"


def decoded_path(url_or_path: str) -> str:
    """Return the path of a URL or of a request line, percent-decoded.

    Raw UTF-8 works as well as percent-encoding, and ``+`` is no space (facts sections 5 and 10). WSGI
    hands bytes over as Latin-1 text; what is not UTF-8 is read as Latin-1.
    """
    path = urlsplit(url_or_path).path if "://" in url_or_path else url_or_path.partition("?")[0]
    try:
        raw = unquote_to_bytes(path.encode("latin-1"))
    except UnicodeEncodeError:
        raw = unquote_to_bytes(path)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def headers_of(environ: Environ) -> dict[str, str]:
    """Return the request headers by lower-case name."""
    found = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if key in environ:
            found[key.replace("_", "-").lower()] = str(environ[key])
    return found
