"""Between a server's URLs and our hrefs: decoded bytes on our side, percent-encoding on the wire only."""

from __future__ import annotations

import re
from binascii import a2b_qp
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

from connector.errors import InvalidResponse, NotFound
from connector.ports import Href

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/]*")
_SLASHES = re.compile(r"/{2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def encode(path: str) -> str:
    """Percent-encode a decoded path; bytes that are not UTF-8 come out as the server wrote them."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


def decode(path: str) -> str:
    """Decode a percent-encoded path, keeping bytes that are not UTF-8 as surrogate escapes."""
    escapes = path.count("%")
    if not escapes:
        return path
    raw = path.encode()
    if b"=" not in raw and b"\n" not in raw and b"\r" not in raw:
        # Quoted-printable is the same with another sign, and read in C: a listing has thousands of names.
        read = a2b_qp(raw.replace(b"%", b"="))
        if len(read) == len(raw) - 2 * escapes:
            return read.decode("utf-8", "surrogateescape")
    # A per cent sign that begins no escape, and what else the two do not have in common.
    return unquote_to_bytes(path).decode("utf-8", "surrogateescape")


def possible(path: str) -> bool:
    """Tell whether a decoded path, or one step, can name something: no ``.`` or ``..``, no control character."""
    if not path.isprintable() and _CONTROL.search(path):
        return False
    may_step = path.startswith(".") or "/." in path
    return not may_step or not any(part in {".", ".."} for part in path.split("/"))


def path_of(text: str) -> str:
    """Return the decoded path of a ``DAV:href`` text, be it an absolute URL or an absolute path.

    Doubled slashes count as one: a folder cannot have an empty name. The host is not looked at, for behind
    a proxy it may be another than ours. Raises InvalidResponse for anything else, ``..`` and control
    characters included. Source: RFC 4918 section 8.3.
    """
    path = text.strip()
    if not path.startswith("/"):
        origin = _ORIGIN.match(path)
        path = (path[origin.end() :] or "/") if origin else ""
    if not path.startswith("/"):
        raise InvalidResponse("a listing holds a href that is no absolute path")
    decoded = decode(path)
    if "//" in decoded:
        decoded = _SLASHES.sub("/", decoded)
    if not possible(decoded):
        raise InvalidResponse("a listing holds a href with a step upwards or a control character")
    return decoded


@dataclass(frozen=True)
class ServerRoot:
    """The URL under which a login's files lie, taken apart.

    ``origin`` is ``scheme://host[:port]``; ``path`` the decoded path without a slash at its end, "" for "/".
    """

    origin: str
    path: str

    @classmethod
    def of(cls, url: str) -> ServerRoot:
        """Take a URL apart. Raises ValueError if it is not http(s) or carries credentials or a query."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the URL of a folder begins with http:// or https:// and names a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the URL of a folder must not carry a user name or password")
        if parts.query or parts.fragment:
            raise ValueError("the URL of a folder has no ? and no #")
        path = _SLASHES.sub("/", decode(parts.path)).rstrip("/")
        if not possible(path):
            raise ValueError("the URL of a folder has no .. and no control characters")
        return cls(f"{parts.scheme}://{parts.netloc}", path)

    def request_path(self, href: Href) -> str:
        """Return the encoded path to ask for. NotFound for a href that cannot name anything."""
        if not href.startswith("/") or not possible(href):
            raise NotFound("no such name can exist on a server")
        return encode(self.path + href)

    def url(self, href: Href) -> str:
        """Return the whole encoded URL of a href."""
        return self.origin + self.request_path(href)

    def href(self, path: str) -> Href | None:
        """Return a server's decoded path as href below this root, None if it lies elsewhere."""
        if path.startswith(self.path + "/"):
            return Href(path[len(self.path) :])
        # A root without its slash is still the root.
        return Href("/") if path == self.path else None
