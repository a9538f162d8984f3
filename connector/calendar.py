"""When people are let be: nights, days off, French public holidays. Pure: every moment is an argument, aware.

Nights are by the wall clock of a zone, so the night in which the clocks change is an hour longer or shorter. A day off
lasts from midnight to midnight. Source: ux page section 5 (``policy.quiet_hours``: "and French public holidays; what
waits leaves afterwards").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

Holidays = Literal["france", "alsace-moselle", "none"]

_SUBDIVISION: Final[dict[str, str | None]] = {"france": None, "alsace-moselle": "57"}
"""The library's name of where Good Friday and Saint Stephen's day are holidays, too (law of 1 July 1901, kept)."""
_SATURDAY: Final = 5
_MINUTE: Final = timedelta(minutes=1)
_LONGEST: Final = 60
"""So many nights and days off may follow each other; no calendar has that many."""
WORK_ENDS: Final = time(19)
"""Until when a mail that people read in their day is sent."""


@dataclass(frozen=True, kw_only=True)
class QuietTimes:
    """When nothing is sent that can wait. ``begin`` later than ``end`` runs over midnight."""

    zone: ZoneInfo
    begin: time
    end: time
    holidays: Holidays = "france"
    weekends: bool = False
    """Are Saturdays and Sundays quiet, all day?"""


def public_holidays(year: int, where: Holidays) -> frozenset[date]:
    """Return the public holidays of a year."""
    return frozenset() if where == "none" else _holidays(year, where)


@lru_cache(maxsize=16)
def _holidays(year: int, where: str) -> frozenset[date]:
    from holidays import country_holidays  # costs a tenth of a second, and most verbs never ask

    return frozenset(country_holidays("FR", subdiv=_SUBDIVISION[where], years=year))


def is_day_off(day: date, holidays: Holidays, *, weekends: bool) -> bool:
    """True for a public holiday, and for a Saturday or Sunday where those count."""
    return (weekends and day.weekday() >= _SATURDAY) or day in public_holidays(day.year, holidays)


def quiet_until(moment: datetime, quiet: QuietTimes | None) -> datetime | None:
    """Return when the quiet time that ``moment`` lies in is over (aware UTC); None where it lies in none."""
    if quiet is None:
        return None
    at = moment
    for _ in range(_LONGEST):
        until = _ends(at, quiet)
        if until is None:
            break
        at = until
    return None if at is moment else at


def last_working(before: datetime, quiet: QuietTimes | None, *, days: int) -> datetime:
    """Return the latest moment, a whole number of days before, at which people are not let be; at most ``days`` back.

    ``before`` itself where they never are.
    """
    for back in range(days + 1):
        at = before - timedelta(days=back)
        until = quiet_until(at, quiet)
        if until is None:
            return at
        if until < before:
            return until
    return before - timedelta(days=days)


def digest_from(at: time, quiet: QuietTimes | None) -> time:
    """Return from when on the digest of a day leaves: the end of the quiet hours, where ``at`` lies in them."""
    return quiet.end if quiet is not None and _is_within(at, quiet) else at


def digest_day(
    moment: datetime, at: time, zone: ZoneInfo, quiet: QuietTimes | None = None, holidays: Holidays = "france"
) -> date | None:
    """Return the day whose digest may leave now: a working day, from ``at`` to the end of work. Else None.

    ``at`` as of :func:`digest_from`.
    """
    local, at = moment.astimezone(zone), digest_from(at, quiet)
    if is_day_off(local.date(), holidays, weekends=True) or quiet_until(moment, quiet) is not None:
        return None
    begins = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    ends = max(local.replace(hour=WORK_ENDS.hour, minute=0, second=0), begins + timedelta(hours=1))
    return local.date() if begins <= local < ends else None


def _ends(moment: datetime, quiet: QuietTimes) -> datetime | None:
    """When the one night, or the one day off, is over that the moment lies in."""
    local = moment.astimezone(quiet.zone)
    day, clock = local.date(), local.time()
    if is_day_off(day, quiet.holidays, weekends=quiet.weekends):
        return _first(moment, day + timedelta(days=1), time(0), quiet.zone)
    if not _is_within(clock, quiet):
        return None
    return _first(moment, day + timedelta(days=clock >= quiet.end), quiet.end, quiet.zone)


def _is_within(clock: time, quiet: QuietTimes) -> bool:
    """True for a time of day in the quiet hours."""
    if quiet.begin > quiet.end:
        return clock >= quiet.begin or clock < quiet.end
    return quiet.begin <= clock < quiet.end


def _first(after: datetime, day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first moment after another at which the wall clock shows at least this; UTC.

    A time that the clocks leap over is when they leap; of one that they show twice, the next one.
    """
    wall = datetime.combine(day, at)
    first = min(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    moment = max(first, after.astimezone(UTC).replace(second=0, microsecond=0))
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += _MINUTE
    return moment
