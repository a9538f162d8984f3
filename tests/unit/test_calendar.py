"""Quiet hours by the wall clock, over midnight, days off and the nights in which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.calendar import QuietTimes, digest_day, last_working, public_holidays, quiet_until

PARIS = ZoneInfo("Europe/Paris")


def paris(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=PARIS, fold=fold)  # type: ignore[misc,arg-type]


def quiet(begin: str = "20:00", end: str = "08:00", **more: Any) -> QuietTimes:
    return QuietTimes(zone=PARIS, begin=time.fromisoformat(begin), end=time.fromisoformat(end), **more)


@pytest.mark.parametrize(
    ("times", "moment", "until"),
    [
        (quiet(), paris(2026, 11, 23, 19, 59), None),
        (quiet(), paris(2026, 11, 23, 20), paris(2026, 11, 24, 8)),
        (quiet(), paris(2026, 11, 23, 23, 59), paris(2026, 11, 24, 8)),
        (quiet(), paris(2026, 11, 24, 0), paris(2026, 11, 24, 8)),
        (quiet(), paris(2026, 11, 24, 7, 59), paris(2026, 11, 24, 8)),
        (quiet(), paris(2026, 11, 24, 8), None),
        (quiet("12:00", "14:00"), paris(2026, 11, 24, 13), paris(2026, 11, 24, 14)),
        (quiet("12:00", "14:00"), paris(2026, 11, 24, 14), None),
        (quiet("22:00", "00:00"), paris(2026, 11, 24, 23), paris(2026, 11, 25, 0)),
        # A holiday is quiet all day; the night before it and the night after it join it.
        (quiet(), paris(2026, 11, 10, 21), paris(2026, 11, 12, 8)),
        (quiet(), paris(2026, 11, 11, 12), paris(2026, 11, 12, 8)),
        (quiet("12:00", "14:00"), paris(2026, 11, 11, 9), paris(2026, 11, 12, 0)),
        (quiet(holidays="none"), paris(2026, 11, 11, 12), None),
        # Easter 2026: Good Friday, 3 April, is one in Alsace-Moselle alone.
        (quiet(), paris(2026, 4, 3, 12), None),
        (quiet(holidays="alsace-moselle"), paris(2026, 4, 3, 12), paris(2026, 4, 4, 8)),
        (quiet(holidays="alsace-moselle", weekends=True), paris(2026, 4, 3, 12), paris(2026, 4, 7, 8)),
        (quiet(weekends=True), paris(2026, 11, 27, 20), paris(2026, 11, 30, 8)),
        (quiet(weekends=True), paris(2026, 11, 28, 12), paris(2026, 11, 30, 8)),
        (quiet(), paris(2026, 11, 28, 12), None),
        # 29 March 2026: 02:00 becomes 03:00; 02:30 is not shown that night.
        (quiet("20:00", "02:30"), paris(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (quiet("20:00", "08:00"), paris(2026, 3, 28, 20), datetime(2026, 3, 29, 6, tzinfo=UTC)),
        # 25 October 2026: 03:00 becomes 02:00; 02:30 is shown twice, and the night is an hour longer.
        (quiet("20:00", "02:30"), paris(2026, 10, 25, 1), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (quiet("20:00", "02:30"), paris(2026, 10, 25, 2, 15, fold=1), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (quiet("20:00", "08:00"), paris(2026, 10, 24, 20), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_until_when(times: QuietTimes, moment: datetime, until: datetime | None) -> None:
    """What waits, waits until then."""
    assert quiet_until(moment, times) == until


def test_without_hours_nobody_is_let_be() -> None:
    assert quiet_until(paris(2026, 12, 25, 3), None) is None


_MOMENTS = st.integers(1_767_225_600, 1_861_919_999).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_CLOCK = st.times().map(lambda one: one.replace(second=0, microsecond=0))


@given(_MOMENTS, _CLOCK, _CLOCK, st.booleans())
def test_it_ends_and_is_over_then(moment: datetime, begin: time, end: time, weekends: bool) -> None:
    """Whatever the hours: the end is later, is not quiet itself, and a minute before it still was."""
    if begin == end:
        return
    times = QuietTimes(zone=PARIS, begin=begin, end=end, weekends=weekends)
    until = quiet_until(moment, times)
    if until is not None:
        assert until > moment
        assert quiet_until(until, times) is None
        assert until - moment < timedelta(days=7)
        before = max(moment, until - timedelta(minutes=1))
        assert quiet_until(before, times) is not None


def test_the_holidays_of_france() -> None:
    """Eleven a year, two more in Alsace-Moselle (law), none where none are wanted."""
    assert len(public_holidays(2027, "france")) == 11
    more = public_holidays(2027, "alsace-moselle") - public_holidays(2027, "france")
    assert more == {date(2027, 3, 26), date(2027, 12, 26)}
    assert public_holidays(2027, "none") == frozenset()


def test_the_day_of_a_digest() -> None:
    """On working days, from its hour to the end of work, not in hours that are quiet."""
    eight = time(8)
    assert digest_day(paris(2026, 11, 23, 7, 59), eight, PARIS) is None
    assert digest_day(paris(2026, 11, 23, 8), eight, PARIS) == date(2026, 11, 23)
    assert digest_day(paris(2026, 11, 23, 18, 59), eight, PARIS) == date(2026, 11, 23)
    assert digest_day(paris(2026, 11, 23, 19), eight, PARIS) is None
    assert digest_day(paris(2026, 11, 23, 21), time(20, 30), PARIS) == date(2026, 11, 23)
    assert digest_day(paris(2026, 11, 28, 9), eight, PARIS) is None
    assert digest_day(paris(2026, 11, 11, 9), eight, PARIS) is None
    assert digest_day(paris(2026, 11, 23, 8), eight, PARIS, quiet(end="09:00")) is None
    assert digest_day(paris(2026, 11, 23, 9), eight, PARIS, quiet(end="09:00")) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("at", "times", "hour"),
    [
        (time(20, 30), quiet(), 8),
        (time(7), quiet(), 8),
        (time(18, 30), quiet("18:00"), 8),
        (time(20), quiet(), 8),
        (time(12, 30), quiet("12:00", "14:00"), 14),
        (time(23), quiet("22:00", "00:00"), 0),
        (time(8), quiet(), 8),
        (time(19, 30), quiet(), 19),
    ],
)
def test_a_digest_in_the_quiet_hours_leaves_at_their_end(at: time, times: QuietTimes, hour: int) -> None:
    """Each working day has its digest, whenever people want to be let be."""
    told = [paris(2026, 11, 23, each, minute) for each in range(24) for minute in (0, 30, 59)]
    leaves = [one for one in told if digest_day(one, at, PARIS, times) == date(2026, 11, 23)]
    assert leaves
    assert leaves[0].hour == hour


def test_the_last_moment_at_which_people_work() -> None:
    """Two days before an end that lies in a long weekend: the Friday, or the Thursday, before it."""
    times = quiet(weekends=True)
    assert last_working(paris(2026, 11, 25, 12), times, days=3) == paris(2026, 11, 25, 12)
    assert last_working(paris(2026, 11, 29, 12), times, days=3) == paris(2026, 11, 27, 12)
    assert last_working(paris(2026, 11, 25, 23), times, days=3) == paris(2026, 11, 25, 8)
    assert last_working(paris(2026, 11, 25, 12), None, days=3) == paris(2026, 11, 25, 12)
