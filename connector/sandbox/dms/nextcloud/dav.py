"""What all handlers share: the request in its world, errors as sabre/dav writes them, hrefs, multistatus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from connector.sandbox.dms.folder import NextcloudFolder
from connector.sandbox.dms.messages import REASONS, Answer, Call, decoded_path
from connector.sandbox.dms.tree import Node, clean
from connector.sandbox.dms.world import DmsWorld

ROOT = "/remote.php/dav/"
D, OC, NC, S = "DAV:", "http://owncloud.org/ns", "http://nextcloud.org/ns", "http://sabredav.org/ns"
PREFIXES = {D: "d", S: "s", OC: "oc", NC: "nc"}
XML = ("Content-Type", "application/xml; charset=utf-8")
INSTANCE = "oc7p1juth3uu"

# sabre/dav leaves these raw in hrefs; the rest is lower-case hex (facts section 2).
_RAW = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~()/@:")
_ENCODED = {byte: chr(byte) if byte in _RAW else f"%{byte:02x}" for byte in range(256)}


class DavError(Exception):
    """An error answer. ``kind`` is the exception's name as the server writes it into s:exception."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str = "",
        *,
        headers: Iterable[tuple[str, str]] = (),
        extra: str = "",
    ) -> None:
        super().__init__(f"{status} {kind} {message}")
        self.status, self.message, self.headers, self.extra = status, message, list(headers), extra
        self.kind = kind if "\\" in kind or "Error" in kind else f"Sabre\\DAV\\Exception\\{kind}"

    def answer(self) -> Answer:
        """Return the answer with its XML body."""
        body = (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n'
            f"  <s:exception>{escape(self.kind)}</s:exception>\n"
            f"  <s:message>{escape(self.message)}</s:message>\n{self.extra}</d:error>\n"
        )
        return Answer(self.status, body.encode(), [XML, *self.headers])


def not_found(path: str) -> DavError:
    """Return the 404 for a path below the root."""
    return DavError(404, "NotFound", f"File with name {path or '/'} could not be located")


@dataclass
class Dav:
    """One request by a known user in a world."""

    world: DmsWorld
    folder: NextcloudFolder
    call: Call

    @property
    def user(self) -> str:
        """Who asks."""
        return self.call.user

    def href(self, node: Node) -> str:
        """Return a node's href: an absolute path, folders with a final slash."""
        path = f"{ROOT}files/{self.user}/{node.path}"
        return encoded(path + "/" if node.folder and node.path else path)

    def below_root(self, url: str) -> str | None:
        """Return the path below this user's files that a URL or absolute path means, None if outside.

        The host is ignored (facts section 5).
        """
        path = "/" + "/".join(part for part in decoded_path(url).split("/") if part)
        top = f"{ROOT}files/{self.user}"
        if path != top and not path.startswith(top + "/"):
            return None
        return clean(path[len(top) :])

    def file_headers(self, node: Node) -> list[tuple[str, str]]:
        """Return ``OC-FileId``, ``ETag`` and ``OC-ETag`` as PUT and MOVE answer them (facts section 4)."""
        etag = f'"{node.etag}"'
        return [("OC-FileId", oc_id(node)), ("ETag", etag), ("OC-ETag", etag)]


def oc_id(node: Node) -> str:
    """Return the file id in 8 digits with the instance's id (facts section 2)."""
    return f"{node.fileid:08d}{INSTANCE}"


def encoded(path: str) -> str:
    """Return a path percent-encoded in lower-case hex."""
    return "".join(_ENCODED[byte] for byte in path.encode())


def parsed(body: bytes) -> etree._Element:
    """Return the root of an XML body; broken XML is 400 (facts section 10)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise DavError(400, "BadRequest", str(error)) from error


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace; an empty text for comments."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def tagged(name: str, inner: str) -> str:
    """Return a property's element; ``name`` in Clark notation, ``inner`` ready XML."""
    namespace, _, plain = name[1:].partition("}")
    prefix = PREFIXES.get(namespace)
    if prefix is None:
        opened, plain = f'<x:{plain} xmlns:x="{escape(namespace)}"', f"x:{plain}"
    else:
        opened, plain = f"<{prefix}:{plain}", f"{prefix}:{plain}"
    return f"{opened}>{inner}</{plain}>" if inner else f"{opened}/>"


def response(href: str, found: Iterable[tuple[str, str]], refused: Iterable[str], status: int = 404) -> str:
    """Return one d:response: what was found with 200, the refused names with ``status``."""
    props = "".join(tagged(name, inner) for name, inner in found)
    absent = "".join(tagged(name, "") for name in refused)
    parts = []
    if props or not absent:
        parts.append(_propstat(props, 200))
    if absent:
        parts.append(_propstat(absent, status))
    return f"<d:response><d:href>{href}</d:href>{''.join(parts)}</d:response>"


def multistatus(responses: Iterable[str]) -> Answer:
    """Return a 207."""
    names = " ".join(f'xmlns:{prefix}="{name}"' for name, prefix in PREFIXES.items())
    body = f'<?xml version="1.0"?>\n<d:multistatus {names}>{"".join(responses)}</d:multistatus>'
    return Answer(207, body.encode(), [XML, ("Vary", "Brief,Prefer")])


def _propstat(props: str, status: int) -> str:
    line = f"HTTP/1.1 {status} {REASONS[status]}"
    return f"<d:propstat><d:prop>{props}</d:prop><d:status>{line}</d:status></d:propstat>"
