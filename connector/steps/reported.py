"""Step 10, looked at again: does what people find under the name of a status still say what was written there?

A deleted one comes back while its request is open; one that was emptied, or that an editor or a PC overwrote with an
old text, is put right within a pass, after the end as well. What a person added to it stays until the words change,
and is kept aside then. Reads the folder, writes the journal; ``show`` does the writing. Source: protocol R4; ux page
section 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connector.lifecycle import Record, State
from connector.ports import Entry, Href
from connector.steps import clocks
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.places import status_href
from connector.steps.show import stands_there
from connector.steps.watch import has_settled, in_sight

_SEEN, _PUT_RIGHT = "status_seen", "status_put_right"
_AT_ONCE = 5
"""So often a day it is put right within a pass: an editor that is open pushes its text back more than once."""


def still_reported(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Return the record as it is, or as one whose status is to be written again. Raises remote errors of reads."""
    href = status_href(record)
    if record.reported is None or href is None or all(s.settings.name != record.folder for s in sights):
        return record
    entry = in_sight(sights, href)
    if entry is None:
        return _gone(parts, sights, record, href)
    if record.extra.get("status_listed") != record.reported and not record.closed:
        listed: dict[str, Any] = {"status_listed": record.reported}
        if record.reported_etag is None:
            # A server that gives none with a write: what it lists first stands for it.
            listed[_SEEN] = _shape(entry.etag, entry.size)
        record = parts.journal.touch(record, extra={**record.extra, **listed})
    return _looked_at(parts, sights, record, href, entry)


def preview_still_there(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Return the record as it is, or as one whose preview is to be drawn again: what the status asks to be opened.

    One that a person changed is theirs; it is neither written over nor taken away.
    """
    href, of = record.extra.get("preview_href"), record.extra.get("preview_of")
    watched = any(sight.settings.name == record.folder for sight in sights)
    if record.state is not State.PREVIEWED or href is None or of is None or not watched:
        return record
    there, seen = in_sight(sights, str(href)) is not None, record.extra.get("preview_seen")
    if there and seen != href:
        return parts.journal.touch(record, extra={**record.extra, "preview_seen": href})
    if there or seen != href:
        return record
    left = {name: value for name, value in record.extra.items() if name not in {"preview_of", "preview_seen"}}
    return parts.journal.note(record, "preview_gone", extra=left)


def _gone(parts: Parts, sights: Sequence[Sight], record: Record, href: Href) -> Record:
    """A deleted status never arms anything; while the request is open it comes back, afterwards that is respected."""
    # One that stands beside a document outside of every watched folder is never in sight.
    looked = [sight.at for sight in sights if href.startswith(sight.settings.root)]
    if record.state.ended or not looked or not _written_before(record, min(looked)):
        return record
    return parts.journal.note(record, "status_gone", reported=None, reported_etag=None)


def _written_before(record: Record, looked: datetime) -> bool:
    """True for a status that was there already when the folder was looked at: it should have been in sight."""
    if record.extra.get("status_listed") == record.reported:
        return True
    written = record.extra.get("status_written_at")
    return written is not None and datetime.fromisoformat(str(written)) < looked


def _looked_at(parts: Parts, sights: Sequence[Sight], record: Record, href: Href, entry: Entry) -> Record:
    """Fetched only when it is neither as it was written nor as it was looked at before."""
    seen, size = record.extra.get(_SEEN), record.extra.get("status_size", entry.size)
    if seen is None and record.reported_etag is None:
        return record
    if _shape(entry.etag, entry.size) in {_shape(record.reported_etag, size), seen}:
        return record
    if put_off(parts, record) or not has_settled(sights, entry):
        return record
    if stands_there(parts, record, href):
        return parts.journal.touch(record, extra={**record.extra, _SEEN: _shape(entry.etag, entry.size)})
    extra = {**record.extra, _PUT_RIGHT: _once_more(parts, record)}
    # Over or not: a finished request is taken up again for this one writing.
    return parts.journal.note(
        record, "status_overwritten", reported=None, reported_etag=None, closed=False, extra=extra
    )


def _shape(etag: str | None, size: int | None) -> str:
    """ETag and size: within one second an ETag may stay while the bytes do not (WebDAV facts, trap 2)."""
    return f"{etag}|{size}"


def put_off(parts: Parts, record: Record) -> bool:
    """True while a status that is written again and again is left alone: some program insists on its own text."""
    until = record.extra.get(_PUT_RIGHT, {}).get("until")
    return until is not None and clocks.is_put_off(parts, datetime.fromisoformat(str(until)))


def _once_more(parts: Parts, record: Record) -> dict[str, Any]:
    """Put right at once a few times, then later and later; from the beginning after a day in peace."""
    known = record.extra.get(_PUT_RIGHT, {})
    until = datetime.fromisoformat(str(known["until"])) if known else None
    times = int(known["times"]) + 1 if until is not None and parts.now() < until + timedelta(days=1) else 1
    more = max(times - _AT_ONCE, 0)
    wait = (
        min(parts.timing.retry_first * 2 ** min(more, 16), parts.timing.retry_most) if more else timedelta(0)
    )
    return {"times": times, "until": (parts.now() + wait).isoformat()}
