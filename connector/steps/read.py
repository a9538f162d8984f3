"""Step 2, read: the bytes of a sidecar and of its PDF, by hash, as the folder holds them now.

Reads only. The bytes judged here are the bytes sent later: both come from one download into the spool.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path

from connector.errors import OutOfSpace, Problem, RequestRejected
from connector.ports import ETag, Folder, Href
from connector.sidecar.model import SignatureRequest
from connector.sidecar.reading import read_sidecar
from connector.spool import Spool

MAX_SIDECAR_BYTES = 1_000_000
SENT_NAME = "sent.pdf"


@dataclass(frozen=True, kw_only=True)
class ReadSidecar:
    """What a sidecar says: a request, or every problem of it. ``data`` is empty when it was too large."""

    sha256: str
    etag: ETag | None
    data: bytes
    request: SignatureRequest | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReadDocument:
    """A PDF in the spool. ``path`` is None when it was too large to fetch."""

    sha256: str
    size: int
    etag: ETag | None
    path: Path | None


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
    try:
        request = read_sidecar(data, pdf_name=pdf_name)
    except RequestRejected as rejected:
        return ReadSidecar(
            sha256=sha256, etag=fetched.etag, data=data, request=None, problems=rejected.problems
        )
    return ReadSidecar(sha256=sha256, etag=fetched.etag, data=data, request=request)


def megabytes(size: int) -> str:
    """Return a size in millions of bytes, rounded up: what is too large never reads as the limit itself."""
    return f"{math.ceil(size / 100_000) / 10:g}"


def read_document(
    folder: Folder, href: Href, spool: Spool, *, ref: str, max_bytes: int, size: int | None = None
) -> ReadDocument:
    """Fetch a PDF into the spool under ``ref``.

    One larger than ``max_bytes`` is told by its hash being empty, and has the ``size`` that was listed.
    """
    try:
        path, fetched = spool.put(
            ref, SENT_NAME, lambda stream: folder.get(href, stream, max_bytes=max_bytes)
        )
    except OutOfSpace:
        return ReadDocument(sha256="", size=max(size or 0, max_bytes + 1), etag=None, path=None)
    return ReadDocument(sha256=fetched.sha256, size=fetched.size, etag=fetched.etag, path=path)
