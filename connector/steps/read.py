"""Step 2, read: the bytes of a sidecar and of its documents, by hash, as the folder holds them now.

Reads only. The bytes judged here are the bytes sent later: both come from one download into the spool.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from connector.errors import DocumentError, OutOfSpace, Problem
from connector.images.convert import ImageFacts
from connector.ports import Entry, ETag, Folder, Href
from connector.sidecar import names
from connector.sidecar.model import SignatureRequest
from connector.sidecar.reading import read_whole
from connector.spool import copied
from connector.steps.parts import Parts
from connector.steps.spooled import sent_name

MAX_SIDECAR_BYTES = 1_000_000
MOST_IMAGE_BYTES = 64_000_000
"""A picture becomes a much smaller PDF; only that must be light enough for the platform."""
Role = Literal["document", "annex"]


@dataclass(frozen=True, kw_only=True)
class ReadSidecar:
    """What a sidecar says, and every problem of it. ``data`` is empty when it was too large.

    With problems ``request`` lacks what they are about, and is None when nothing could be read.
    """

    sha256: str
    etag: ETag | None
    data: bytes
    request: SignatureRequest | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReadDocument:
    """A document in the spool. ``path`` is None when it was too large to fetch, or is no picture after all."""

    rank: int
    role: Role
    entry: Entry
    sha256: str
    """Of the bytes as found in the folder; empty when it was too large."""
    size: int
    etag: ETag | None
    path: Path | None
    """The PDF that travels."""
    sent_sha256: str | None = None
    """Of the PDF made of a picture; None where the file itself travels."""
    picture: ImageFacts | None = None
    """What was made of a picture."""
    fault: str = ""
    """Code of what is wrong with a picture."""

    @property
    def travels(self) -> str:
        """Hash of the bytes that are sent."""
        return self.sent_sha256 or self.sha256


def read_request(
    folder: Folder, href: Href, *, pdf_name: str | None = None, size: int | None = None
) -> ReadSidecar:
    """Fetch and read a sidecar; ``pdf_name`` is its own PDF's name, which it may repeat.

    ``size`` as listed is told of one that is too large. Raises the errors of :meth:`Folder.get`, never one about
    its content.
    """
    stream = io.BytesIO()
    try:
        fetched = folder.get(href, stream, max_bytes=MAX_SIDECAR_BYTES)
    except OutOfSpace:
        weight = megabytes(max(size or 0, MAX_SIDECAR_BYTES + 1))
        problem = Problem(
            code="sidecar_too_large",
            values={"size_mb": weight, "limit_mb": str(MAX_SIDECAR_BYTES // 1_000_000)},
        )
        return ReadSidecar(sha256="", etag=None, data=b"", request=None, problems=(problem,))
    data = stream.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    reading = read_whole(data, pdf_name=pdf_name)
    return ReadSidecar(
        sha256=sha256, etag=fetched.etag, data=data, request=reading.request, problems=reading.problems
    )


def megabytes(size: int) -> str:
    """Return a size in millions of bytes, rounded up: what is too large never reads as the limit itself."""
    return f"{math.ceil(size / 100_000) / 10:g}"


def read_document(
    parts: Parts, folder: Folder, entry: Entry, *, ref: str, rank: int, role: Role, max_bytes: int
) -> ReadDocument:
    """Fetch a document into the spool under ``ref``; of a picture a PDF is made, which is what travels.

    One that is too large is told by its hash being empty, and has the ``size`` that was listed; a picture that
    cannot be read has its ``fault``. Raises the errors of :meth:`Folder.get`, SpoolError.
    """
    picture = names.is_image(entry.name)
    most = MOST_IMAGE_BYTES if picture else max_bytes
    found = f"found-{rank}" if picture else sent_name(rank)
    try:
        path, fetched = parts.spool.put(
            ref, found, lambda stream: folder.get(entry.href, stream, max_bytes=most)
        )
    except OutOfSpace:
        size = max(entry.size or 0, most + 1)
        return ReadDocument(
            rank=rank,
            role=role,
            entry=entry,
            sha256="",
            size=size,
            etag=None,
            path=None,
            # Its weight says nothing: the platform's limit is the PDF's, which was not made.
            fault="image_too_large" if picture else "",
        )
    read = ReadDocument(
        rank=rank,
        role=role,
        entry=entry,
        sha256=fetched.sha256,
        size=fetched.size,
        etag=fetched.etag or entry.etag,
        path=path,
    )
    return _made_into_pdf(parts, read, ref, max_bytes) if picture else read


def _made_into_pdf(parts: Parts, read: ReadDocument, ref: str, max_bytes: int) -> ReadDocument:
    """Make the PDF of a picture; its bytes are what is judged from here on, and what is sent."""
    assert read.path is not None
    made = parts.spool.path(ref, f"made-{read.rank}.pdf")
    try:
        picture = parts.documents.image_to_pdf(read.path, made, max_bytes=max_bytes)
        path, _ = parts.spool.put(ref, sent_name(read.rank), lambda stream: copied(made, stream))
    except DocumentError as error:
        return replace(read, path=None, fault=error.code)
    finally:
        made.unlink(missing_ok=True)
        read.path.unlink(missing_ok=True)
    return replace(read, path=path, sent_sha256=parts.spool.sha256(path), picture=picture)
