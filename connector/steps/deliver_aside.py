"""Step 9b, where no versions are kept: the original is moved aside, then a new file is made (protocol R5)."""

from __future__ import annotations

import logging

from connector.errors import (
    OutcomeUnknown,
    PreconditionFailed,
)
from connector.lifecycle import Record
from connector.ports import Folder, Href
from connector.sidecar import names
from connector.steps import waiting
from connector.steps.deliver_beside import beside
from connector.steps.deliver_ends import delivered, is_base, left_alone, torn
from connector.steps.delivered import is_ours, present_at
from connector.steps.fetch import SIGNED_NAME
from connector.steps.original import split
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_MOST_NAMES = 50
BLOCKED = "delivery_blocked"
"""No room, or no right to write: told, since it may last until a person acts."""


def move_aside(parts: Parts, folder: Folder, record: Record) -> Record:
    """MOVE the original aside: it takes whatever is there, so that no save of a person can fall between."""
    parent, name = split(record.document.href)
    href = Href(record.document.href)
    for number in range(1, _MOST_NAMES):
        aside = Href(parent + names.movable(names.original_name(name, number)))
        record = parts.journal.intend(record, "deliver", {"kind": "aside", "href": href, "aside": aside})
        try:
            folder.move(href, aside)
        except PreconditionFailed:
            continue
        except OutcomeUnknown as error:
            log.warning("moving the original of %s aside: %s; the folder is asked", record.ref, error)
        else:
            if is_base(record, present_at(parts, folder, record, aside)):
                return _create_signed(parts, folder, _kept_aside(parts, record, aside), href)
        return resume_aside(parts, folder, record, aside)
    return beside(parts, folder, record, "pdf_changed")


def resume_aside(parts: Parts, folder: Folder, record: Record, aside: Href) -> Record:
    """Take up after the MOVE: what lies aside and what lies at the place decide how it goes on."""
    href = Href(record.document.href)
    moved = present_at(parts, folder, record, aside)
    moved_sha = moved.fetched.sha256 if moved is not None and moved.fetched is not None else None
    there = present_at(parts, folder, record, href)
    if moved is None or moved_sha != record.document.sha256:
        if moved is not None and there is None:
            return _move_back(parts, folder, left_alone(parts, record, moved), aside, href)
        # The move never happened (or that name is somebody else's): begin again from what lies there.
        record = parts.journal.note(record, "not_moved", done=("deliver",))
        if there is None:
            return beside(parts, folder, record, "pdf_gone")
        return parts.journal.note(record, "deliver_refused", next_at=parts.now())
    record = _kept_aside(parts, record, aside)
    if there is None:
        return _create_signed(parts, folder, record, href)
    if torn(parts, record, there):
        return _mend(parts, folder, record, href)
    if is_ours(parts, record, there):
        return delivered(parts, folder, record, there)
    return beside(parts, folder, left_alone(parts, record, there), "pdf_changed")


def _kept_aside(parts: Parts, record: Record, aside: Href) -> Record:
    document = record.document.model_copy(update={"original_href": aside})
    return parts.journal.note(record, "original_aside", document=document)


def _move_back(parts: Parts, folder: Folder, record: Record, aside: Href, href: Href) -> Record:
    """A person's save was taken along: it goes back to its place, ours goes beside."""
    try:
        folder.move(aside, href)
    except PreconditionFailed:
        log.warning("%s: a new file stands at its place; the edited one stays beside", record.ref)
    return beside(parts, folder, record, "pdf_changed")


def _create_signed(parts: Parts, folder: Folder, record: Record, href: Href) -> Record:
    try:
        folder.create(href, parts.spool.path(record.ref, SIGNED_NAME))
    except PreconditionFailed:
        return parts.journal.note(record, "deliver_refused", next_at=parts.now())
    except OutcomeUnknown as error:
        log.warning("making the signed file of %s: %s; the folder is asked", record.ref, error)
    there = present_at(parts, folder, record, href)
    if there is not None and is_ours(parts, record, there):
        return delivered(parts, folder, record, there)
    if there is not None and torn(parts, record, there):
        return _mend(parts, folder, record, href)
    return parts.journal.note(record, "not_read_back", **waiting.backoff(parts, record))


def _mend(parts: Parts, folder: Folder, record: Record, href: Href) -> Record:
    """Write over our own torn file, under its ETag, and read back."""
    entry = folder.stat(href)
    if entry.etag is None:
        return beside(parts, folder, record, "pdf_changed")
    try:
        folder.replace(href, parts.spool.path(record.ref, SIGNED_NAME), etag=entry.etag)
    except PreconditionFailed:
        return parts.journal.note(record, "deliver_refused", next_at=parts.now())
    except OutcomeUnknown as error:
        log.warning("mending the signed file of %s: %s", record.ref, error)
    there = present_at(parts, folder, record, href)
    if there is not None and is_ours(parts, record, there):
        return delivered(parts, folder, record, there)
    return parts.journal.note(record, "not_read_back", **waiting.backoff(parts, record))
