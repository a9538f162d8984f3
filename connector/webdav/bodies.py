"""What is sent and what is received: bytes or files, streamed, counted, hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO

import requests

from connector.errors import InvalidResponse, OutOfSpace, SpoolError, Unavailable
from connector.ports import Fetched, Sha256
from connector.webdav.answers import is_page
from connector.webdav.headers import etag_of_download, read_date, read_size
from connector.webdav.transport import Call, current_call

_BLOCK = 65_536
_RECEIVED = 262_144
"""Bytes taken at a time of what is received: each piece has its price in urllib3 and requests (benchmarks.transfer)."""
_PAGE_NAMES = (".html", ".htm", ".xhtml")


class FilePart:
    """A stretch of an open file as a request body: its length is known, reading obeys the call's deadline."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._left, self._size = file, size, size
        file.seek(start)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(_BLOCK):
            yield block

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; OSError when the file has become shorter than it was."""
        call: Call | None = current_call()
        if call is not None:
            call.remaining()
        wanted = self._left if size < 0 else min(size, self._left)
        block = self._file.read(wanted) if wanted else b""
        if len(block) < wanted:
            raise OSError("the file became shorter while it was sent")
        self._left -= len(block)
        return block


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file to send and tell its size in bytes. SpoolError when it cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise SpoolError(f"a file to send cannot be read: {type(error).__name__}") from error
    with file:
        yield file, file.seek(0, 2)


@contextmanager
def sendable(content: bytes | Path) -> Iterator[bytes | FilePart]:
    """Give what requests can send with a known length, whether bytes or a file."""
    if isinstance(content, bytes):
        yield content
        return
    with opened(content) as (file, size):
        # requests sends an empty stream in chunks, which not every server takes.
        yield FilePart(file, 0, size) if size else b""


def receive(response: requests.Response, into: BinaryIO, *, max_bytes: int, name: str) -> Fetched:
    """Stream an answer's body into ``into``.

    Raises OutOfSpace beyond ``max_bytes``, Unavailable when it ends early, InvalidResponse for a page
    where a document was asked, SpoolError when ``into`` takes no more.
    """
    if is_page(response, b"") and not name.lower().endswith(_PAGE_NAMES):
        raise InvalidResponse("a page instead of the document", status=response.status_code)
    told = _length(response)
    if told is not None and told > max_bytes:
        raise OutOfSpace(f"{told} bytes are more than the {max_bytes} allowed")
    digest, size = hashlib.sha256(), 0
    call: Call | None = current_call()
    for block in _blocks(response, call.answer if call is not None and _is_plain(response) else None):
        size += len(block)
        if size > max_bytes:
            raise OutOfSpace(f"more than the {max_bytes} bytes allowed")
        digest.update(block)
        _write(into, block)
    if told is not None and size != told:
        raise Unavailable(f"{size} of {told} bytes came")
    if call is not None and call.astray:
        # What is here ends where the length said so, and that was not the end.
        raise InvalidResponse("more bytes came than were told", status=response.status_code)
    modified = read_date(response.headers.get("Last-Modified"))
    return Fetched(
        size=size,
        sha256=Sha256(digest.hexdigest()),
        etag=etag_of_download(response.headers, modified, size),
        modified=modified,
        date=read_date(response.headers.get("Date")),
    )


def _blocks(response: requests.Response, plain: HTTPResponse | None) -> Iterator[bytes | memoryview]:
    """Give a body piece by piece; each is good until the next one is asked for.

    ``plain``: where a body of known length lies as it travels, to be read into one buffer again and again. requests and
    urllib3, which unpack and put chunks together, make each piece anew and copy it.
    """
    if plain is None:
        yield from response.iter_content(_RECEIVED)
        return
    buffer = memoryview(bytearray(_RECEIVED))
    while came := plain.readinto(buffer):
        yield buffer[:came]


def _is_plain(response: requests.Response) -> bool:
    """True of a body that travels as it is: nothing to unpack, no chunks, its length told."""
    return "Transfer-Encoding" not in response.headers and _length(response) is not None


def _length(response: requests.Response) -> int | None:
    # An answer compressed against our wish tells the length of what travelled.
    if "Content-Encoding" in response.headers:
        return None
    return read_size(response.headers.get("Content-Length"))


def _write(into: BinaryIO, block: bytes | memoryview) -> None:
    try:
        into.write(block)
    except OSError as error:
        raise SpoolError(f"a download cannot be kept: {type(error).__name__}") from error
