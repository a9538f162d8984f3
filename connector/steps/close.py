"""Step 11, close: who signed is remembered, the marker's end is written last of all, and the spool is freed.

``.done`` is what tells "finished" after the platform has forgotten; until it stands, 6–10 may be repeated, which
is harmless. Source: protocol R6, step 11.
"""

from __future__ import annotations

import logging

from connector import marks
from connector.errors import OutcomeUnknown, PreconditionFailed
from connector.lifecycle import Record, State
from connector.marks import Done, Reading
from connector.ports import Href
from connector.steps import attest, comments, contacts, fading, lock, show, tags
from connector.steps.parts import Parts
from connector.steps.registry import done_href, read_mark

log = logging.getLogger(__name__)


def close(parts: Parts, record: Record) -> Record:
    """Close a record that has ended and whose end is shown. Idempotent. Raises remote errors."""
    if record.closed or not record.state.ended or awaits_more(record):
        return record
    if tags.awaited(parts, record) or comments.awaited(parts, record):
        return record
    if record.state is State.WITHDRAWN:
        record = show.remove(parts, record)
    elif not show.is_shown(parts, record):
        return record
    if show.awaits_former(parts, record):
        return record
    if record.extra.get("sent_mark") and record.key and record.transaction:
        _write_end(parts, record)
    record = fading.clean_request(parts, record)
    contacts.remember(parts, record)
    # Before it is closed: nobody comes back for what a crash leaves of a closed one.
    parts.spool.free(record.ref)
    return parts.journal.note(record, "closed", closed=True, next_at=None)


def awaits_more(record: Record) -> bool:
    """True while something beside the outcome is still to come, a day at most: the attestation, the lock."""
    return attest.awaited(record) or lock.awaited(record)


def _write_end(parts: Parts, record: Record) -> None:
    end = Done(
        key=str(record.key),
        transaction=str(record.transaction),
        state=record.state.value,
        signed_sha256=record.document.signed_sha256,
        further_signed=tuple(document.signed_sha256 for document in record.more),
        ended_at=record.ended_at or parts.now(),
        connector=parts.connector,
    )
    href = done_href(parts.watched[record.folder].registry, str(record.key))
    folder, content = parts.folders[record.server], marks.write(end, parts.sealer)
    try:
        folder.create(href, content)
        # Elsewhere than on Nextcloud a new file may be torn and yet answered 201 (protocol R4).
        needs_look = not folder.capabilities().chunked_upload
    except PreconditionFailed:
        log.info("the end of %s stands there already", record.ref)
        needs_look = True
    if needs_look:
        _made_whole(parts, record, href, content)


def _made_whole(parts: Parts, record: Record, href: Href, content: bytes) -> None:
    """Look at what a try of ours left there: a torn one is written whole, for it would be no end at all."""
    folder = parts.folders[record.server]
    found = read_mark(folder, href, parts.sealer)
    if found is None:
        raise OutcomeUnknown("the end of a request was made and is not there", operation="close")
    if found[0] is Reading.EMPTY_OR_TORN:
        entry = folder.stat(href)
        if entry.etag is not None:
            folder.replace(href, content, etag=entry.etag)
            found = read_mark(folder, href, parts.sealer)
    if found is None or found[0] is Reading.EMPTY_OR_TORN:
        raise OutcomeUnknown("the end of a request was torn", operation="close")
    if found[0] is Reading.FOREIGN:
        log.error("what stands as the end of %s cannot be read or is not ours; it stays", record.ref)
