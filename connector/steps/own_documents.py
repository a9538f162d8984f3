"""Documents of ours beside people's: made, written whole where a server tears, taken away as they were written.

A file of that name that is not ours is never touched. Source: protocol R4 (a new file may be torn and yet answered
201, and a lost answer says nothing of what is there).
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from connector.errors import NotFound, OutcomeUnknown, OutOfSpace, PreconditionFailed
from connector.lifecycle import Record
from connector.ports import ETag, Fetched, Href
from connector.spool import begins_with
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_THERE_NAME = "there.pdf"


class Made(enum.Enum):
    """What came of making a file."""

    OURS = "ours"
    THEIRS = "theirs"
    """A person's file has that name."""
    UNGUARDED = "unguarded"
    """Ours, and not as it should be; the server gives no ETag under which it could be written over."""


@dataclass(frozen=True)
class OwnDocument:
    """What is to lie there, and how it is known to be ours."""

    content: Path
    step: str
    """The step that writes it, as errors tell it."""
    max_bytes: int
    """What is larger is not ours."""
    good: Collection[str]
    """SHA-256 of what may stay as it is."""
    former: Collection[str] = ()
    """SHA-256 of what was written there before, and is written over."""
    begun: bool = False
    """May an earlier try have written there? Then the beginning of ``content`` is ours."""
    ours_by_its_beginning: bool = False
    """So it is without one, if nobody else can have what it begins with; only of nothing at all that cannot be said."""


def make(parts: Parts, record: Record, href: Href, document: OwnDocument) -> Made:
    """Create the file; what lies there already is looked at, and a torn one of ours written whole. Idempotent.

    Raises OutcomeUnknown while what lies there is not whole, NotFound when its folder is not there, SpoolError, and
    remote errors: PreconditionFailed where a person was faster.
    """
    folder, step = parts.folders[record.server], document.step
    # Elsewhere than on Nextcloud a new file may be torn and yet answered 201.
    is_whole = folder.capabilities().chunked_upload
    begun = document.begun
    try:
        folder.create(href, document.content)
        if is_whole:
            return Made.OURS
        begun = True
    except PreconditionFailed:
        log.info("%s, %s: the name is taken; what lies there is looked at", record.ref, step)
    except OutcomeUnknown as error:
        begun = True
        log.warning("%s, %s: %s; the folder is asked", record.ref, step, error)
    try:
        there = _fetch(parts, record, href, max_bytes=document.max_bytes)
    except OutOfSpace:
        return Made.THEIRS
    except NotFound:
        raise OutcomeUnknown("what was made is not there", operation=step) from None
    if there.sha256 in document.good:
        return Made.OURS
    known = begun or (document.ours_by_its_beginning and there.size > 0)
    half = known and _is_beginning_of(parts, record, document.content)
    if not half and there.sha256 not in document.former:
        return Made.THEIRS
    etag = _tag_of(parts, record, href, there, max_bytes=document.max_bytes)
    if etag is None:
        return Made.UNGUARDED
    folder.replace(href, document.content, etag=etag)
    if not is_whole or half:
        try:
            mended = _fetch(parts, record, href, max_bytes=document.max_bytes).sha256 in document.good
        except (NotFound, OutOfSpace):
            mended = False
        if not mended:
            # Torn once more, or a person's by now: the next look decides.
            raise OutcomeUnknown("what was made is not whole", operation=step)
    return Made.OURS


def remove(
    parts: Parts, record: Record, href: Href, *, sha256: str | None, half_of: Path | None, max_bytes: int
) -> None:
    """Take a file away if it is those bytes, or the beginning of ``half_of``; anybody else's stays. Idempotent.

    Raises SpoolError and remote errors.
    """
    folder = parts.folders[record.server]
    try:
        there = _fetch(parts, record, href, max_bytes=max_bytes)
        half = half_of is not None and half_of.is_file() and _is_beginning_of(parts, record, half_of)
        if half or there.sha256 == sha256:
            folder.delete(href, etag=_tag_of(parts, record, href, there, max_bytes=max_bytes))
    except OutOfSpace:
        log.info("%s: what has that name is larger than anything of ours", record.ref)
    except (NotFound, PreconditionFailed):
        log.info("%s: what we wrote went by itself", record.ref)


def _tag_of(parts: Parts, record: Record, href: Href, there: Fetched, *, max_bytes: int) -> ETag | None:
    """Return the ETag of these very bytes; None where the server gives none. Raises PreconditionFailed for other bytes.

    Of a file that was written just now some servers answer with a tag that guards nothing yet. One that is asked for
    afterwards may be that of a person's save in between: so the bytes are looked at once more.
    """
    if there.etag is not None:
        return there.etag
    try:
        etag = parts.folders[record.server].stat(href).etag
        same = etag is None or _fetch(parts, record, href, max_bytes=max_bytes).sha256 == there.sha256
    except (NotFound, OutOfSpace):
        same = False  # of this file, not of its folder
    if not same:
        raise PreconditionFailed("a person was faster", operation="stat")
    return etag


def _fetch(parts: Parts, record: Record, href: Href, *, max_bytes: int) -> Fetched:
    """Fetch what lies there. Raises NotFound, OutOfSpace where it is more than it could be, and remote errors."""
    folder = parts.folders[record.server]
    _, fetched = parts.spool.put(
        record.ref, _THERE_NAME, lambda stream: folder.get(href, stream, max_bytes=max_bytes)
    )
    return fetched


def _is_beginning_of(parts: Parts, record: Record, content: Path) -> bool:
    """True when what was fetched last is the beginning of that, or all of it."""
    return begins_with(content, parts.spool.path(record.ref, _THERE_NAME))
