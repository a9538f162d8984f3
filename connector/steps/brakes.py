"""How many may leave in a while, and when: brakes of the day and of the hour, the hours in which people are let be.

Counted from the journal's facts, so that a restart forgets none: what was marked has left, or leaves next. What is on
its way to the marker counts already (``waiting.may_launch``). Days are those of the firm's time zone, the hour is any
sixty minutes. Source: administrator's page, "Who may ask"; ux page section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from connector.calendar import quiet_until
from connector.lifecycle import Record
from connector.report.context import WaitReason
from connector.steps.parts import Parts

_HOUR: Final = timedelta(hours=1)
_STEP: Final = timedelta(minutes=15)
"""So exact is it told when an hour's brake lets go: what waits is not told anew at each launch of the others."""


@dataclass(frozen=True, kw_only=True)
class Brake:
    """What stops a launch. ``until``: when it lets go at the earliest; None: with the next day."""

    reason: WaitReason
    limit: int | None = None
    until: datetime | None = None


def brake(parts: Parts, record: Record, leaving: tuple[int, int] = (0, 0)) -> Brake | None:
    """Return the brake that stops a launch, of several the one that stops it longest; None: it may go.

    ``leaving``: so many more of its account, and of its folder, are on their way to the marker.
    """
    of_account, of_folder = leaving
    settings, midnight = parts.watched[record.folder], _midnight(parts)
    until = quiet(parts, record)
    hours = Brake(reason=WaitReason.QUIET_HOURS, until=until)
    if until is not None and until >= _next_midnight(parts):
        return hours
    most = parts.accounts[record.account].max_sends_per_day
    if most is not None and _of_account(parts, record.account, midnight) + of_account >= most:
        return Brake(reason=WaitReason.BRAKE_DAY, limit=most)
    most = settings.max_sends_per_day
    if most is not None and len(launched(parts, record.folder, since=midnight)) + of_folder >= most:
        return Brake(reason=WaitReason.BRAKE_FOLDER_DAY, limit=most)
    if until is not None:
        return hours
    most = settings.max_sends_per_hour
    if most is not None:
        moments = launched(parts, record.folder, since=parts.now() - _HOUR)
        if len(moments) + of_folder >= most:
            first = moments[len(moments) - most] if len(moments) >= most else parts.now()
            return Brake(reason=WaitReason.BRAKE_HOUR, limit=most, until=_later(first + _HOUR))
    return None


def quiet(parts: Parts, record: Record) -> datetime | None:
    """Return until when its invitations are not mailed, by the folder's hours; a draft mails nobody."""
    settings = parts.watched.get(record.folder)
    if settings is None or record.extra.get("kind") == "draft":
        return None
    return quiet_until(parts.now(), settings.quiet)


def _of_account(parts: Parts, account: str, since: datetime) -> int:
    return parts.journal.count_launches(account, since=since)


def launched(parts: Parts, folder: str, *, since: datetime) -> list[datetime]:
    """Return when each request was launched in a folder since then, the earliest first."""
    return parts.journal.launches(since=since, accounts=parts.watched[folder].accounts, folder=folder)


def _later(moment: datetime) -> datetime:
    """Return the next full quarter of an hour, or the moment itself where it is one."""
    seconds = moment.timestamp()
    beyond = seconds % _STEP.total_seconds()
    return moment if not beyond else moment + (_STEP - timedelta(seconds=beyond))


def _next_midnight(parts: Parts) -> datetime:
    day = parts.now().astimezone(parts.report.zone).date() + timedelta(days=1)
    return datetime.combine(day, time(0), parts.report.zone)


def _midnight(parts: Parts) -> datetime:
    return parts.now().astimezone(parts.report.zone).replace(hour=0, minute=0, second=0, microsecond=0)
