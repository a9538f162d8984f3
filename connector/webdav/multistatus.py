"""Strict reading of 207 answers, as they arrive: complete and well-formed, or an error.

Nothing unreadable is ever an empty listing. Source: RFC 4918 sections 13 and 14.16.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

from connector.errors import InvalidResponse

DAV = "DAV: "
OC = "http://owncloud.org/ns "
NC = "http://nextcloud.org/ns "

_MULTISTATUS, _RESPONSE, _HREF = DAV + "multistatus", DAV + "response", DAV + "href"
_PROPSTAT, _PROP, _STATUS_NAME = DAV + "propstat", DAV + "prop", DAV + "status"
_TYPE, _COLLECTION = DAV + "resourcetype", DAV + "collection"

MAX_DEPTH = 32
MAX_TEXT = 65_536
MAX_TOKEN = 500_000
"""Bytes of one tag or comment: the parser keeps it whole, and older ones look through it again with each piece."""
MAX_PROPERTIES = 500
"""Of one resource."""
_STATUS = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})(?:\s|$)", re.IGNORECASE)


@dataclass(slots=True)
class Resource:
    """One ``DAV:response``: raw href text, status of its own if any, properties by status.

    Names are ``namespace name`` with one blank between; ``found`` holds the texts of the properties
    whose propstat was 2xx, ``refused`` the status of all others.
    """

    href: str = ""
    status: int | None = None
    found: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    is_folder: bool = False


class MultistatusParser:
    """Fed with the bytes of an answer; gives each resource as soon as it is complete.

    Not thread-safe; one answer each. ``max_bytes`` bounds the decoded body.
    Every method raises InvalidResponse.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._left = max_bytes
        self._fed = 0
        self._ready: list[Resource] = []
        self._depth = 0
        self._text: list[str] = []
        self._resource: Resource | None = None
        self._hrefs = 0
        self._properties: dict[str, str] | None = None
        self._in_prop = self._in_type = self._collection = False
        self._propstat_status: int | None = None
        self._xml = expat.ParserCreate(namespace_separator=" ")
        self._xml.buffer_text = True
        self._xml.ordered_attributes = True  # as a list, which costs less; they are not looked at
        self._xml.StartDoctypeDeclHandler = self._refuse_doctype
        self._xml.StartElementHandler = self._start
        self._xml.EndElementHandler = self._end
        # The list itself takes the texts: there are more of them than of anything else, blank ones above all.
        self._xml.CharacterDataHandler = self._text.append

    def feed(self, data: bytes) -> list[Resource]:
        """Take the next bytes; return what they completed."""
        self._left -= len(data)
        if self._left < 0:
            raise InvalidResponse("a listing is larger than allowed")
        return self._parse(data, last=False)

    def close(self) -> list[Resource]:
        """Say that the answer is over: raises unless the document was complete."""
        return self._parse(b"", last=True)

    def _parse(self, data: bytes, *, last: bool) -> list[Resource]:
        self._fed += len(data)
        try:
            self._xml.Parse(data, last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            # ValueError and LookupError: an encoding that nobody knows.
            raise InvalidResponse(f"a listing is not complete XML: {error}") from error
        if sum(map(len, self._text)) > MAX_TEXT or self._fed - self._xml.CurrentByteIndex > MAX_TOKEN:
            raise _too_long()
        ready, self._ready = self._ready, []
        return ready

    def _refuse_doctype(self, *_: object) -> None:
        raise InvalidResponse("a listing with a document type declaration is refused")

    def _start(self, name: str, _attributes: object) -> None:
        # Depths: multistatus 0, response 1, href, status and propstat 2, prop and status 3, properties 4.
        depth = self._depth
        self._depth = depth + 1
        self._text.clear()
        if depth == 4:
            self._in_type = self._in_prop and name == _TYPE
        elif depth == 5:
            self._collection |= self._in_type and name == _COLLECTION
        elif depth == 3:
            self._in_prop = self._properties is not None and name == _PROP
        elif depth == 2:
            if name == _PROPSTAT and self._resource is not None:
                self._properties, self._propstat_status, self._collection = {}, None, False
        elif depth == 1:
            self._resource, self._hrefs = (Resource() if name == _RESPONSE else None), 0
        elif depth == 0 and name != _MULTISTATUS:
            raise InvalidResponse("the answer is XML, but not a DAV multistatus")
        elif depth >= MAX_DEPTH:
            raise InvalidResponse("a listing is nested too deeply")

    def _told(self) -> str:
        """The text of the element that ends here."""
        text = self._text[0] if len(self._text) == 1 else "".join(self._text)
        if len(text) > MAX_TEXT:
            raise _too_long()
        return text.strip()

    def _end(self, name: str) -> None:
        depth = self._depth = self._depth - 1
        if depth == 4:
            if self._in_prop and self._properties is not None:
                self._properties[name] = self._told()
                if len(self._properties) > MAX_PROPERTIES:
                    raise _too_many()
        elif depth == 3:
            self._in_prop = False
            if name == _STATUS_NAME and self._properties is not None:
                self._propstat_status = self._status()
        elif depth == 2:
            if self._resource is not None:
                self._end_in_response(name, self._resource)
        elif depth == 1 and self._resource is not None:
            self._end_response(self._resource)
        self._text.clear()

    def _end_in_response(self, name: str, resource: Resource) -> None:
        if name == _HREF:
            resource.href = self._told()
            self._hrefs += 1
        elif name == _STATUS_NAME:
            resource.status = self._status()
        elif name == _PROPSTAT and self._properties is not None:
            if self._propstat_status is None:
                raise InvalidResponse("a listing holds properties without a status")
            if 200 <= self._propstat_status < 300:
                if resource.found:
                    resource.found.update(self._properties)
                else:
                    resource.found = self._properties
                resource.is_folder |= self._collection
            else:
                resource.refused.update(dict.fromkeys(self._properties, self._propstat_status))
            self._properties = None
            if len(resource.found) + len(resource.refused) > MAX_PROPERTIES:
                raise _too_many()

    def _end_response(self, resource: Resource) -> None:
        if self._hrefs != 1 or not resource.href:
            raise InvalidResponse("a listing holds an entry without exactly one href")
        self._ready.append(resource)
        self._resource = None

    def _status(self) -> int:
        return _status_of(self._told())


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
