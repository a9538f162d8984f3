"""Strict reading of 207 answers, as they arrive: complete and well-formed, or an error.

Nothing unreadable is ever an empty listing. Source: RFC 4918 sections 13 and 14.16.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from connector.errors import InvalidResponse

DAV = "DAV: "
OC = "http://owncloud.org/ns "
NC = "http://nextcloud.org/ns "

MAX_DEPTH = 32
MAX_TEXT = 65_536
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
        self._ready: list[Resource] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._text_size = 0
        self._resource = Resource()
        self._properties: dict[str, str] = {}
        self._propstat_status: int | None = None
        self._hrefs = 0
        self._collection = False
        self._xml = expat.ParserCreate(namespace_separator=" ")
        self._xml.buffer_text = True
        self._xml.StartDoctypeDeclHandler = self._refuse_doctype
        self._xml.StartElementHandler = self._start
        self._xml.EndElementHandler = self._end
        self._xml.CharacterDataHandler = self._characters

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
        try:
            self._xml.Parse(data, last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            # ValueError and LookupError: an encoding that nobody knows.
            raise InvalidResponse(f"a listing is not complete XML: {error}") from error
        ready, self._ready = self._ready, []
        return ready

    def _refuse_doctype(self, *_: object) -> None:
        raise InvalidResponse("a listing with a document type declaration is refused")

    def _start(self, name: str, _attributes: object) -> None:
        depth = len(self._path)
        if depth == 0 and name != DAV + "multistatus":
            raise InvalidResponse("the answer is XML, but not a DAV multistatus")
        if depth >= MAX_DEPTH:
            raise InvalidResponse("a listing is nested too deeply")
        if depth == 1 and name == DAV + "response":
            self._resource, self._hrefs = Resource(), 0
        elif depth == 2 and name == DAV + "propstat":
            self._properties, self._propstat_status, self._collection = {}, None, False
        elif depth == 5 and name == DAV + "collection" and self._path[4] == DAV + "resourcetype":
            self._collection = True
        self._path.append(name)
        self._text.clear()
        self._text_size = 0

    def _characters(self, text: str) -> None:
        self._text_size += len(text)
        if self._text_size > MAX_TEXT:
            raise InvalidResponse("a listing holds a text that is too long")
        self._text.append(text)

    def _end(self, name: str) -> None:
        self._path.pop()
        depth = len(self._path)
        if depth == 4 and self._in_response() and self._path[2:] == [DAV + "propstat", DAV + "prop"]:
            self._properties[name] = "".join(self._text).strip()
        elif depth == 3 and name == DAV + "status" and self._path[2] == DAV + "propstat":
            self._propstat_status = self._status()
        elif depth == 2 and self._in_response():
            self._end_in_response(name)
        elif depth == 1 and name == DAV + "response":
            self._end_response()
        self._text.clear()

    def _in_response(self) -> bool:
        return len(self._path) > 1 and self._path[1] == DAV + "response"

    def _end_in_response(self, name: str) -> None:
        if name == DAV + "href":
            self._resource.href = "".join(self._text).strip()
            self._hrefs += 1
        elif name == DAV + "status":
            self._resource.status = self._status()
        elif name == DAV + "propstat":
            if self._propstat_status is None:
                raise InvalidResponse("a listing holds properties without a status")
            if 200 <= self._propstat_status < 300:
                self._resource.found.update(self._properties)
                self._resource.is_folder |= self._collection
            else:
                self._resource.refused.update(dict.fromkeys(self._properties, self._propstat_status))

    def _end_response(self) -> None:
        if self._hrefs != 1 or not self._resource.href:
            raise InvalidResponse("a listing holds an entry without exactly one href")
        self._ready.append(self._resource)

    def _status(self) -> int:
        match = _STATUS.match("".join(self._text).strip())
        if match is None:
            raise InvalidResponse("a listing holds a status that cannot be read")
        return int(match[1])


def resources(chunks: Iterable[bytes], *, max_bytes: int) -> Iterator[Resource]:
    """Read a whole multistatus body. Raises InvalidResponse, at the latest at its end."""
    parser = MultistatusParser(max_bytes=max_bytes)
    for chunk in chunks:
        yield from parser.feed(chunk)
    yield from parser.close()
