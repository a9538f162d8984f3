"""The platform erases a signed document after a month at most: what is near that comes first, and is told in time.

Only what lies in the spool is safe from it (or rests in a journal that several share: from before it counts as
fetched). What is signed and not fetched has its date; of what has not answered for long nobody knows whether it was
signed meanwhile: it counts as signed right after its last answer. Source: design page section 3, point 2; issue
"Nothing twice", point 7; API page section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connector.errors import StaleRecordError
from connector.lifecycle import Record, State
from connector.report.facts import ERASURE_NEAR_DAYS
from connector.steps import clocks
from connector.steps.alarms import end_alarm, raise_alarm
from connector.steps.deadlines import after_days, erasure
from connector.steps.parts import Parts

ALARM_DAYS: Final = (ERASURE_NEAR_DAYS, 7, 3, 1)
"""So many days before the erasure the administrator hears of it; at the first the status says so, too."""
TOLD: Final = "erasure_told"
"""In ``extra``: at how many days before the erasure it was told last."""
RETENTION: Final = "retention"
_FETCHING: Final = frozenset({State.SEALING, State.QUARANTINED})
_UNKNOWN: Final = frozenset({State.IN_PROGRESS, State.IN_DOUBT})


def deadline(parts: Parts, record: Record) -> datetime | None:
    """Return when the platform may erase what is not in our hands; None where there is nothing to be erased yet."""
    if record.state in _FETCHING:
        return erasure(parts, record)
    if record.state not in _UNKNOWN:
        return None
    heard = record.answered_at or record.sent_at
    if heard is None:
        return None
    days = parts.accounts[record.account].terms.retention_days
    return after_days(heard, days, ZoneInfo(parts.report.timezone))


def is_near(parts: Parts, record: Record) -> bool:
    """True from the first alarm on."""
    until = deadline(parts, record)
    return until is not None and until - parts.now() <= timedelta(days=ALARM_DAYS[0])


def first_things_first(parts: Parts, records: Iterable[Record]) -> list[Record]:
    """Return the requests in the order in which an account is worked on: what is near its erasure comes first."""

    def rank(record: Record) -> tuple[int, datetime]:
        until = deadline(parts, record)
        if until is not None and is_near(parts, record):
            return 0, until
        return 1, record.next_at or record.created_at

    return sorted(records, key=rank)


def tell(parts: Parts, account: str, followed: Sequence[Record]) -> None:
    """Tell of what is near its erasure, at each of the days, once for all requests of an account.

    ``followed``: those that the platform is asked about, as they are now.
    """
    if clocks.too_far(parts, account):
        return  # by this machine's clock nobody can tell what is near
    near = [record for record in followed if is_near(parts, record)]
    for record in followed:
        if TOLD in record.extra and record not in near:
            # It has answered since, or is known now to be signed: another date holds, which is told in its turn.
            extra = {name: value for name, value in record.extra.items() if name != TOLD}
            with suppress(StaleRecordError):
                parts.journal.touch(record, extra=extra)
    subject = f"account:{account}"
    if not near:
        end_alarm(parts, subject, RETENTION, "nothing is near its erasure at the platform any more")
        return
    fresh = [(record, day) for record in near if (day := _day(parts, record)) is not None]
    if not fresh:
        return
    # Another day is another alarm.
    end_alarm(parts, subject, RETENTION, "more is near its erasure, or nearer")
    soonest = min(until for record in near if (until := deadline(parts, record)) is not None)
    refs = sorted(record.ref for record in near)
    text = (
        f"{len(near)} requests whose documents are not here yet are erased by the platform from "
        f"{soonest.astimezone(parts.report.zone):%d %b %Y} on: {', '.join(refs[:20])}"
    )
    raise_alarm(parts, subject, RETENTION, text, {"refs": refs, "erased_from": soonest.isoformat()})
    for record, day in fresh:
        with suppress(StaleRecordError):  # its server's pass writes just now: told once more at the next one
            parts.journal.note(record, "erasure_near", data={"days": day}, extra={**record.extra, TOLD: day})


def _day(parts: Parts, record: Record) -> int | None:
    """Return the last of the days that has come, where it was not told yet."""
    until = deadline(parts, record)
    assert until is not None
    left = until - parts.now()
    come = [day for day in ALARM_DAYS if left <= timedelta(days=day)]
    day = min(come)
    # Fewer days were told of an earlier date than this one.
    return None if record.extra.get(TOLD) == day else day
