"""Strict reading of 207 answers, as they arrive: complete and well-formed, or an error.

Nothing unreadable is ever an empty listing. Source: RFC 4918 sections 13 and 14.16.

Elements are built by the interpreter's own compiled tree builder, which calls nothing of ours for each of them; what is
complete is read and thrown away after each piece. A document type declaration, which alone makes entities possible, can
only stand before the first element: up to there a bare parser looks on, and refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.parsers import expat

from connector.errors import InvalidResponse

DAV: Final = "{DAV:}"
OC: Final = "{http://owncloud.org/ns}"
NC: Final = "{http://nextcloud.org/ns}"

_MULTISTATUS, _RESPONSE, _HREF = "DAV: multistatus", DAV + "response", DAV + "href"
_PROPSTAT, _PROP, _STATUS_NAME = DAV + "propstat", DAV + "prop", DAV + "status"
_TYPE, _COLLECTION = DAV + "resourcetype", DAV + "collection"

MAX_DEPTH = 32
MAX_TEXT = 65_536
MAX_TOKEN = 200_000
"""Bytes that begin no element: the parser keeps them whole, and older ones look through them again with each piece."""
MAX_NAME = 1_000
"""Characters of a name with its namespace: a few bytes of a name that uses a long one become as many as that one has,
and the parser forgets none."""
MAX_RESOURCE = 2_000_000
"""Bytes of one that is not complete yet."""
MAX_PROPERTIES = 500
"""Of one resource."""
_MAX_ELEMENTS = 20 * MAX_PROPERTIES
"""Of one resource that is not complete yet."""
_PIECE = 16_384
"""Bytes after which what is complete is taken out."""
_SMALL_PIECE = 1_024
"""The same, once so many bytes have begun no element: what is so long may be a namespace."""
_STATUS = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})(?:\s|$)", re.IGNORECASE)


@dataclass(slots=True)
class Resource:
    """One ``DAV:response``: raw href text, status of its own if any, properties by status.

    Names are ``{namespace}name``; ``found`` holds the texts of the properties whose propstat was 2xx, ``refused`` the
    status of all others.
    """

    href: str = ""
    status: int | None = None
    found: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    is_folder: bool = False


class MultistatusParser:
    """Fed with the bytes of an answer; gives each resource as soon as something follows it.

    Not thread-safe; one answer each. ``max_bytes`` bounds the decoded body.
    Every method raises InvalidResponse.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._left = max_bytes
        builder = TreeBuilder()
        # Elements are hung into one that is already there: so they can be looked at before the document is over.
        self._above = builder.start("answer", {})
        self._xml = XMLParser(target=builder)  # noqa: S314  # no entities without a document type
        self._prologue: _Prologue | None = _Prologue()
        self._elements = 0
        """Of what is not complete, when it was last looked at."""
        self._since = self._unfinished = 0
        """Bytes since an element has begun; since one is complete."""
        self._piece = _PIECE

    def feed(self, data: bytes) -> list[Resource]:
        """Take the next bytes; return what they completed."""
        self._left -= len(data)
        if self._left < 0:
            raise InvalidResponse("a listing is larger than allowed")
        found: list[Resource] = []
        at = 0
        while at < len(data):
            piece = data[at : at + self._piece]
            at += len(piece)
            try:
                if self._prologue is not None and self._prologue.is_over(piece):
                    self._prologue = None
                self._xml.feed(piece)
            except _UNREADABLE as error:
                raise _incomplete(error) from error
            self._take(found, len(piece))
        return found

    def close(self) -> list[Resource]:
        """Say that the answer is over: raises unless the document was complete."""
        try:
            self._xml.close()
        except _UNREADABLE as error:
            raise _incomplete(error) from error
        return list(_resources(self._above[0]))

    def _take(self, found: list[Resource], fed: int) -> None:
        """Read what is complete: all but the last, which may go on."""
        body = self._above[0] if len(self._above) else ()
        complete = body[:-1]
        found += _resources(complete)
        if complete:
            del body[:-1]  # type: ignore[union-attr]  # an element, since it holds some
        elements = 0
        for top in body:
            for one in top.iter():
                elements += 1
                if len(one.tag) > MAX_NAME:
                    raise _too_long()
        self._since = 0 if complete or elements != self._elements else self._since + fed
        self._unfinished = 0 if complete else self._unfinished + fed
        self._elements = elements
        if self._since >= _PIECE:
            self._piece = _SMALL_PIECE
        if self._since > MAX_TOKEN:
            raise _too_long()
        if elements > _MAX_ELEMENTS or self._unfinished > MAX_RESOURCE:
            raise _too_many()


class _Prologue:
    """What stands before the first element: no document type, and then a multistatus."""

    def __init__(self) -> None:
        self._over = False
        self._xml = expat.ParserCreate(namespace_separator=" ")
        self._xml.StartDoctypeDeclHandler = self._refuse
        self._xml.StartElementHandler = self._begin

    def is_over(self, piece: bytes) -> bool:
        """Look at the next bytes; True once the first element has begun. Raises InvalidResponse."""
        self._xml.Parse(piece, False)
        return self._over

    def _begin(self, name: str, _attributes: object) -> None:
        if not self._over and name != _MULTISTATUS:
            raise InvalidResponse("the answer is XML, but not a DAV multistatus")
        self._over = True

    def _refuse(self, *_: object) -> None:
        raise InvalidResponse("a listing with a document type declaration is refused")


# ValueError and LookupError: an encoding that nobody knows.
_UNREADABLE: Final = (ParseError, expat.ExpatError, ValueError, LookupError)


def _resources(complete: Iterable[Element]) -> Iterator[Resource]:
    for one in complete:
        if one.tag == _RESPONSE:
            yield _resource(one)
        else:
            _refuse_excess(one)


def _resource(response: Element) -> Resource:
    resource, hrefs = Resource(), 0
    for part in response:
        name = part.tag
        if name == _PROPSTAT:
            _take_propstat(part, resource)
        elif name == _HREF:
            resource.href = _text(part)
            hrefs += 1
        elif name == _STATUS_NAME:
            resource.status = _status_of(_text(part))
        else:
            _refuse_excess(part)
    if hrefs != 1 or not resource.href:
        raise InvalidResponse("a listing holds an entry without exactly one href")
    return resource


def _take_propstat(propstat: Element, resource: Resource) -> None:
    properties: dict[str, str] = {}
    status, is_folder = None, False
    for part in propstat:
        name = part.tag
        if name == _PROP:
            for one in part:
                text = one.text
                # Written out: there are more of these than of anything else.
                if len(one):
                    properties[one.tag] = ""
                    is_folder |= one.tag == _TYPE and any(child.tag == _COLLECTION for child in one)
                    _refuse_excess(one)
                elif text is None:
                    properties[one.tag] = ""
                elif len(text) > MAX_TEXT:
                    raise _too_long()
                else:
                    properties[one.tag] = text.strip()
        elif name == _STATUS_NAME:
            status = _status_of(_text(part))
        else:
            _refuse_excess(part)
    if properties and max(map(len, properties)) > MAX_NAME:
        raise _too_long()
    if status is None:
        raise InvalidResponse("a listing holds properties without a status")
    if 200 <= status < 300:
        if resource.found:
            resource.found.update(properties)
        else:
            resource.found = properties
        resource.is_folder |= is_folder
    else:
        resource.refused.update(dict.fromkeys(properties, status))
    if len(resource.found) + len(resource.refused) > MAX_PROPERTIES:
        raise _too_many()


def _text(element: Element) -> str:
    """Its text; nothing where there are elements in it."""
    text = element.text
    if text is None or len(element):
        return ""
    if len(text) > MAX_TEXT:
        raise _too_long()
    return text.strip()


def _refuse_excess(element: Element) -> None:
    """Refuse what is nested too deeply, or has too long a name or text, where nothing of it is read."""
    level = [element]
    for _ in range(MAX_DEPTH):
        if any(len(one.tag) > MAX_NAME or len(one.text or "") > MAX_TEXT for one in level):
            raise _too_long()
        level = [child for one in level for child in one]
        if not level:
            return
    raise InvalidResponse("a listing is nested too deeply")


def _incomplete(error: Exception) -> InvalidResponse:
    return InvalidResponse(f"a listing is not complete XML: {error}")


def _too_long() -> InvalidResponse:
    return InvalidResponse("a listing holds a text that is too long")


def _too_many() -> InvalidResponse:
    return InvalidResponse("a listing holds an entry with too many properties")


@lru_cache(maxsize=64)
def _status_of(line: str) -> int:
    match = _STATUS.match(line)
    if match is None:
        raise InvalidResponse("a listing holds a status that cannot be read")
    return int(match[1])


def resources(chunks: Iterable[bytes], *, max_bytes: int) -> Iterator[Resource]:
    """Read a whole multistatus body. Raises InvalidResponse, at the latest at its end."""
    parser = MultistatusParser(max_bytes=max_bytes)
    for chunk in chunks:
        yield from parser.feed(chunk)
    yield from parser.close()
