"""What no event tells of: an expiry that comes near, what waits for a person, the day of a digest.

Looked for now and then; posting is idempotent. A digest goes to each person once on a working day, of all the requests
that they are in the mails of. Source: ux page sections 2.7, 6.4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from connector.calendar import digest_day
from connector.journal import Letter
from connector.lifecycle import Event, Record, State
from connector.report.context import WaitReason
from connector.report.facts import is_signed_here
from connector.report.mails import Occasion
from connector.steps import brakes
from connector.steps.addressees import addressees, hidden
from connector.steps.desk import DIGEST, Desk
from connector.steps.parts import Parts

LOOK_EVERY: Final = timedelta(minutes=10)
IN_DOUBT, FOREIGN_MARK, BRAKE, UNKNOWN_WORD = "in_doubt", "foreign_mark", "brake_day", "unknown_word"
_MARKS: Final = frozenset({"marker_unreadable", "marker_other_connector"})
_NO_STATUS: Final = State.WITHDRAWN
_DIGESTS: Final = "digests"
"""Event: the digests of a ``day`` are posted. Whoever had nothing in theirs hears of the next day's."""
_BACK: Final = timedelta(days=1)
_ENDS: Final = (
    Event.DELIVERED,
    Event.DELIVERED_BESIDE,
    Event.REFUSED,
    Event.EXPIRED,
    Event.CANCELLED,
    Event.ERASED,
)


def look(parts: Parts) -> None:
    """Post what is due now. Costs next to nothing between two looks. Raises JournalError only."""
    now = parts.now()
    if parts.relay is None:
        return
    looked_at = parts.said.looked_at
    if looked_at is not None and looked_at <= now < looked_at + LOOK_EVERY:
        return
    parts.said.looked_at = now
    records = open_records(parts)
    desk = Desk(parts)
    for record in records:
        if record.state is State.IN_PROGRESS:
            desk.tell_people(record, frozenset({Occasion.EXPIRES}), at=now)
    of_account: dict[str, list[Record]] = {account: [] for account in parts.accounts}
    for record in records:
        of_account[record.account].append(record)
    for account, them in of_account.items():
        _needs_somebody(desk, account, them)
    _digests(desk, records)
    desk.post()


def open_records(parts: Parts) -> list[Record]:
    """Return what is not over, of all folders that are watched."""
    servers = sorted({settings.server for settings in parts.watched.values()})
    found = [record for server in servers for record in parts.journal.open_records(server)]
    return [one for one in found if one.folder in parts.watched and one.account in parts.accounts]


def told_of(parts: Parts, records: Sequence[Record], since: datetime) -> list[Record]:
    """Return what belongs into a digest: all that is open, and what has ended since the last one."""
    found = {record.id: record for record in records}
    # The day of an end is the platform's, by whose clock it may have been before.
    ended = set(parts.journal.touched(since, _ENDS))
    for record_id in parts.journal.touched(since):
        if record_id not in found:
            record = parts.journal.get(record_id)
            from_ = since - _BACK if record_id in ended else since
            if record.ended_at is not None and record.ended_at >= from_ and record.account in parts.accounts:
                found[record_id] = record
    return [one for one in found.values() if one.state is not _NO_STATUS and one.current]


def last_digest(parts: Parts, address: str) -> datetime:
    """Return since when a person's next digest tells what has ended."""
    last = parts.journal.last_told(digest_cause(parts, address))
    at = None if last is None else last.done_at
    # One that is still to come was kept by a clock that was ahead.
    return parts.now() - _BACK if at is None or at > parts.now() else at


def digest_cause(parts: Parts, address: str) -> str:
    """Return the cause of somebody's digests."""
    return f"digest {hidden(parts, address)}"


def by_person(parts: Parts, records: Iterable[Record]) -> dict[str, list[Record]]:
    """Return address → the requests that they are in the mails of; one address for all its spellings."""
    spelled: dict[str, str] = {}
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        for address in addressees(parts, record):
            found[spelled.setdefault(hidden(parts, address), address)].append(record)
    return dict(found)


def _needs_somebody(desk: Desk, account: str, records: Sequence[Record]) -> None:
    """What the administrator alone can settle, or is to know of: one mail a cause, however many requests."""
    subject, stamp = f"account:{account}", desk.parts.now().isoformat()
    held = {
        IN_DOUBT: [one for one in records if one.state is State.IN_DOUBT and not is_signed_here(one)],
        FOREIGN_MARK: [one for one in records if one.state is State.HELD and one.reason in _MARKS],
        UNKNOWN_WORD: [one for one in records if one.extra.get("unknown_word")],
        BRAKE: [one for one in records if _braked(desk.parts, one)],
    }
    for cause, them in held.items():
        data = {"refs": sorted(one.ref for one in them), "n": len(them)}
        desk.admin(subject, cause, stamp, data, at=desk.parts.now(), on=bool(them))


def _braked(parts: Parts, record: Record) -> bool:
    if record.state not in {State.WAITING, State.PREPARED}:
        return False
    held = brakes.brake(parts, record)
    return held is not None and held.reason is WaitReason.BRAKE_DAY


def _digests(desk: Desk, records: Sequence[Record]) -> None:
    parts = desk.parts
    telling = parts.telling
    day = digest_day(parts.now(), telling.digest_at, parts.report.zone, telling.quiet, telling.holidays)
    if day is None or parts.said.digests == day:
        return
    last = parts.journal.last_account_event("", _DIGESTS)
    if last is not None and last != {"day": day.isoformat()}:
        ended = told_of(parts, records, parts.now() - 7 * _BACK)
        for address in by_person(parts, ended):
            desk.put(
                Letter(
                    key=f"{digest_cause(parts, address)} {day.isoformat()}",
                    kind=DIGEST,
                    to=address,
                    cause=digest_cause(parts, address),
                    due_at=parts.now(),
                    data={"day": day.isoformat()},
                )
            )
        # First: whoever is killed in between posts them again, under the same keys.
        desk.post()
    # On the first day of all, what there is to tell is known to whoever has just begun.
    if last != {"day": day.isoformat()}:
        parts.journal.mark_account("", _DIGESTS, {"day": day.isoformat()})
    parts.said.digests = day
