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

from connector.lifecycle import Record
from connector.ports import Entry, Href
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.show import stands_there, status_href
from connector.steps.watch import has_settled, in_sight

_SEEN, _PUT_RIGHT = "status_seen", "status_put_right"


def still_reported(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Return the record as it is, or as one whose status is to be written again. Raises remote errors of reads."""
    href = status_href(record)
    if record.reported is None or href is None or all(s.settings.name != record.folder for s in sights):
        return record
    entry = in_sight(sights, href)
    if entry is None:
        return _gone(parts, record)
    if record.extra.get("status_listed") != record.reported and not record.closed:
        listed: dict[str, Any] = {"status_listed": record.reported}
        if record.reported_etag is None:
            listed[_SEEN] = (
                entry.etag
            )  # a server that gives none with a write: what it lists first stands for it
        record = parts.journal.touch(record, extra={**record.extra, **listed})
    return _looked_at(parts, sights, record, href, entry)


def _gone(parts: Parts, record: Record) -> Record:
    """A deleted status never arms anything; while the request is open it comes back, afterwards that is respected."""
    if record.state.ended or record.extra.get("status_listed") != record.reported:
        return record
    return parts.journal.note(record, "status_gone", reported=None, reported_etag=None)


def _looked_at(parts: Parts, sights: Sequence[Sight], record: Record, href: Href, entry: Entry) -> Record:
    """Fetched only when its ETag is neither the one it got when it was written nor one that was looked at."""
    known = {record.reported_etag, record.extra.get(_SEEN)}
    if known == {None} or entry.etag in known:
        return record
    if _put_off(parts, record) or not has_settled(sights, entry):
        return record
    if stands_there(parts, record, href):
        return parts.journal.touch(record, extra={**record.extra, _SEEN: entry.etag})
    extra = {**record.extra, _PUT_RIGHT: _once_more(parts, record)}
    # Over or not: a finished request is taken up again for this one writing.
    return parts.journal.note(
        record, "status_overwritten", reported=None, reported_etag=None, closed=False, extra=extra
    )


def _put_off(parts: Parts, record: Record) -> bool:
    """True while what is written again and again is left alone: some program insists on its own text."""
    until = record.extra.get(_PUT_RIGHT, {}).get("until")
    return until is not None and datetime.fromisoformat(str(until)) > parts.now()


def _once_more(parts: Parts, record: Record) -> dict[str, Any]:
    """Put right at once, then later and later; from the beginning once it was left in peace for a day."""
    known = record.extra.get(_PUT_RIGHT, {})
    until = datetime.fromisoformat(str(known["until"])) if known else None
    times = int(known["times"]) if until is not None and parts.now() < until + timedelta(days=1) else 0
    wait = min(parts.timing.retry_first * 2 ** min(times, 16), parts.timing.retry_most)
    return {"times": times + 1, "until": (parts.now() + (wait if times else timedelta(0))).isoformat()}
