"""What a crash left in the spool goes at the next start; what may be all that is left of a signed document stays.

Each process looks after its own disk, and after no other's. What rests in a shared journal belongs to a request, and is
freed with it by whoever closes it; what was closed in some other way is let go of there by whichever process looks.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from connector.errors import JournalError, SpoolError
from connector.lifecycle import Record
from connector.steps import storage
from connector.steps.parts import Parts
from connector.steps.spooled import is_signed_name

log = logging.getLogger(__name__)


def sweep(parts: Parts) -> None:
    """At a start, before anything works: take out of the spool what a crash left there, whole or not.

    What is closed is needed no more. What no record bears was spooled right before one was to be made, and is spooled
    again; but where the journal was lost it may be all that is left of a signed document: that stays. A spool that
    takes nothing just now is cleared at another start: all else is to go on. Where several share a journal, what lies
    here is a copy, of requests that may be in other hands by now: it goes altogether.
    """
    try:
        _clear(parts)
    except SpoolError as error:
        storage.met(parts, error)
    let_go_of_the_closed(parts)


def at_the_end(parts: Parts) -> None:
    """When it has ended in good order, where several share a journal: remove the copies, as :func:`sweep` would.

    Others go on with all of it, and this machine may never begin again. What cannot be removed now waits for a start.
    """
    if not parts.spool.shared:
        return
    try:
        _clear(parts)
    except (SpoolError, JournalError) as error:
        log.warning("copies of documents stay on this disk until the next start: %s", error)


def _clear(parts: Parts) -> None:
    parts.spool.sweep()
    for ref in parts.spool.references():
        record = parts.journal.by_ref(ref)
        if not _needed(parts, ref, record):
            parts.spool.forget(ref)


def cached(parts: Parts) -> None:
    """While it runs, where several share a journal: remove copies of what other processes work on, or have closed.

    Called once a day. Documents are people's affair, and lie on no disk longer than they are needed there.
    """
    if not parts.spool.shared:
        return
    try:
        for ref in parts.spool.references():
            record = parts.journal.by_ref(ref)
            if record is not None and not (_is_ours(parts, record) and not record.closed):
                parts.spool.forget(ref)
    except SpoolError as error:
        storage.met(parts, error)
    let_go_of_the_closed(parts)


def given_up(parts: Parts, folders: Collection[str], accounts: Collection[str]) -> None:
    """Remove the copies of what was given up to other processes, once nothing of it is in hand any more.

    What else lies here may be in hand, also of what was taken since.
    """
    if not parts.spool.shared:
        return
    try:
        for ref in parts.spool.references():
            record = parts.journal.by_ref(ref)
            if record is not None and (record.folder in folders or record.account in accounts):
                parts.spool.forget(ref)
    except SpoolError as error:
        storage.met(parts, error)


def let_go_of_the_closed(parts: Parts) -> None:
    """Free what rests in a shared journal for requests that are closed: a crash may have come between the two."""
    if parts.spool.shared and (pieces := parts.journal.free_closed()):
        log.info("%d pieces of signed documents that nobody needs any more went from the journal", pieces)


def _is_ours(parts: Parts, record: Record) -> bool:
    return record.folder in parts.watched and record.account in parts.accounts


def _needed(parts: Parts, ref: str, record: Record | None) -> bool:
    if record is None:
        return _signed_here(parts, ref)
    return not record.closed and not parts.spool.shared


def _signed_here(parts: Parts, ref: str) -> bool:
    return any(map(is_signed_name, parts.spool.names(ref)))
