"""Files of ours in people's folders: made, written over only when they are ours, taken away only when they are ours.

Overwritten only after a look at what lies there, under that ETag; what a person wrote into one is moved aside first.
Source: protocol R4.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence

from connector.errors import NotFound, OutOfSpace, PreconditionFailed
from connector.ports import ETag, Folder, Href
from connector.report.block import Empty, Foreign, Whole, is_prefix_of, read_status
from connector.sidecar import names
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

MAX_STATUS_BYTES = 200_000
_MOST_NOTES = 50


def write_ours(
    folder: Folder,
    href: Href,
    content: bytes,
    *,
    known: bool,
    ours: Sequence[bytes],
    seal_key: bytes,
    aside: list[Href] | None = None,
) -> ETag | None:
    """Make the file, or overwrite our own; ``known``: we wrote it before, so that it is looked at first.

    ``ours``: what we write and what we were last writing, of which a torn file is the beginning. ``aside`` takes
    where a person's content was moved to, if any stood there.
    """
    if not known:
        try:
            return folder.create(href, content)
        except PreconditionFailed:
            log.info("a status stands there already; it is looked at")
    found = fetch(folder, href)
    if found is None:
        return folder.create(href, content)
    data, etag = found
    if data == content:
        return etag
    status = read_status(data, seal_key)
    if isinstance(status, (Whole, Empty)) or any(is_prefix_of(data, written) for written in ours):
        if etag is None:
            etag = folder.stat(href).etag
        if etag is None:
            raise PreconditionFailed("the status has no ETag to guard it by", operation="show")
        return folder.replace(href, content, etag=etag)
    moved = move_aside(folder, href)
    # What another connector has sealed, or we with another key, is kept as well; nobody here added it.
    if aside is not None and not (isinstance(status, Foreign) and status.connector):
        aside.append(moved)
    return folder.create(href, content)


def move_aside(folder: Folder, href: Href) -> Href:
    """What a person wrote is kept: ``lettre.signature (note).txt``, then ``(note) (2)``. Returns where."""
    parent, _, name = href.rpartition("/")
    stem = f"{parent}/{names.movable(name.removesuffix('.txt'))}"
    for number in range(1, _MOST_NOTES):
        suffix = " (note)" if number == 1 else f" (note) ({number})"
        kept = Href(f"{stem}{suffix}.txt")
        try:
            folder.move(href, kept)
        except PreconditionFailed:
            continue
        return kept
    raise OutOfSpace("every name for a person's note is taken", operation="show")


def fetch(folder: Folder, href: Href) -> tuple[bytes, ETag | None] | None:
    """Return the bytes of a file of ours and its ETag; None where there is none, ``b"?"`` where it cannot be ours."""
    stream = io.BytesIO()
    try:
        fetched = folder.get(href, stream, max_bytes=MAX_STATUS_BYTES)
    except NotFound:
        return None
    except OutOfSpace:
        return b"?", None
    return stream.getvalue(), fetched.etag


def read_status_at(parts: Parts, folder: Folder, href: Href) -> Whole | None:
    """Return what a sealed status of ours says of itself; None for any other content.

    Raises NotFound when there is none.
    """
    found = fetch(folder, href)
    if found is None:
        raise NotFound("no status there", operation="read status")
    status = read_status(found[0], parts.sealer.key)
    return status if isinstance(status, Whole) else None


def remove_ours(parts: Parts, folder: Folder, href: Href, ref: str) -> None:
    """Delete a sealed file of ours that bears ``ref``; anything else under that name stays. Idempotent."""
    try:
        found = fetch(folder, href)
        if found is None:
            return
        status = read_status(found[0], parts.sealer.key)
        if isinstance(status, Whole) and status.ref == ref:
            folder.delete(href, etag=found[1])
    except (NotFound, PreconditionFailed):
        log.info("the former status of %s went by itself", ref)
