"""Terms of days over the nights of the clocks, leap days and year's end: nobody is told a day too late (E5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.lifecycle import Event, SignatoryFacts
from connector.steps import follow
from connector.steps.deadlines import after_days

PARIS = ZoneInfo("Europe/Paris")


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("sent", "days", "end"),
    [
        ("2026-11-23 10:42", 15, "2026-12-08 10:42"),
        # 15 times 24 hours end an hour earlier on the clock: on the day before.
        ("2026-10-20 00:15", 15, "2026-11-03 23:15"),
        # 15 days of the calendar end an hour before 15 times 24 hours.
        ("2027-03-20 23:30", 15, "2027-04-04 23:30"),
        # A term that ends within the hour that clocks show twice, or that they never show.
        ("2026-10-10 02:30", 15, "2026-10-25 02:30"),
        ("2027-03-13 02:30", 15, "2027-03-28 03:30"),
        ("2028-02-14 12:00", 15, "2028-02-29 12:00"),
        ("2027-02-14 12:00", 15, "2027-03-01 12:00"),
        ("2026-12-17 00:30", 15, "2027-01-01 00:30"),
        ("2026-12-01 16:05", 30, "2026-12-31 16:05"),
    ],
)
def test_the_end_of_a_term(sent: str, days: int, end: str) -> None:
    """E5: By the clocks of Paris."""
    found = after_days(paris(sent), days, PARIS)
    assert found.tzinfo is UTC
    assert found.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") == end


@given(st.integers(0, 5_000_000), st.integers(1, 60))
def test_it_is_never_later_than_either_way_to_count(minutes: int, days: int) -> None:
    """Neither than so many times 24 hours, nor than the same hour so many days on; and by an hour at most earlier."""
    sent = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = after_days(sent, days, PARIS)
    by_calendar = (sent.astimezone(PARIS) + timedelta(days=days)).astimezone(UTC)
    assert found <= sent + timedelta(days=days)
    assert found <= by_calendar
    assert sent + timedelta(days=days) - found <= timedelta(hours=1)


def test_a_signature_is_not_the_date_of_a_cancellation() -> None:
    """Refused: when that was; expired: the date it lapsed on; cancelled on the site: when it was noticed."""
    now, lapsed = paris("2026-12-09 09:00"), paris("2026-12-08 10:42")
    marie = SignatoryFacts(order=1, email="m@example.fr", name="M", signed_at=paris("2026-11-25 18:20"))
    no = SignatoryFacts(order=2, email="c@example.fr", name="C", refused_at=paris("2026-11-26 08:00"))
    assert follow._ended_at(Event.CANCELLED, lapsed, (marie,), now) == now
    assert follow._ended_at(Event.EXPIRED, lapsed, (marie,), now) == lapsed
    assert follow._ended_at(Event.EXPIRED, now + timedelta(days=1), (marie,), now) == now
    assert follow._ended_at(Event.EXPIRED, None, (marie,), now) == now
    assert follow._ended_at(Event.REFUSED, lapsed, (marie, no), now) == no.refused_at
    assert follow._ended_at(Event.REFUSED, lapsed, (marie,), now) == now
