"""Written only when the words change: without an event time alone changes a text on known days, and on no other.

Those days: three before the expiry, ten before the erasure at the platform, and the days around the hour from which a
refused reminder may be asked for again (ux page section 0, finding 4; the issue "Answering", point 1).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.lifecycle import Record
from connector.report.context import StatusContext
from connector.report.facts import ERASURE_NEAR_DAYS, EXPIRY_NEAR_DAYS, Case, moment_of
from connector.report.ordering import last_reminder
from connector.report.status import render_status
from connector.report.typography import local
from tests.unit.report_example import SENT, variants, with_context
from tests.unit.report_more import more_variants

VARIANTS = [*variants(), *more_variants()]
LIFE = timedelta(days=45)
MOMENTS = st.timedeltas(timedelta(0), LIFE).map(lambda age: SENT + age)
DAY = timedelta(days=1)


def turning_days(one: Record, context: StatusContext) -> set[date]:
    """Days at whose beginning the words may change without an event."""
    zone, found = context.zone, set()
    if one.expires_at is not None:
        expires = local(one.expires_at, zone).date()
        found |= {expires - timedelta(days=EXPIRY_NEAR_DAYS), expires + DAY}
    if context.erases_at is not None:
        found.add(local(context.erases_at, zone).date() - timedelta(days=ERASURE_NEAR_DAYS))
    start = moment_of(last_reminder(Case(one, context)).get("from"))
    if start is not None:
        found |= {local(start, zone).date(), local(start, zone).date() + DAY}
    return found


@given(st.sampled_from(VARIANTS), MOMENTS, MOMENTS)
def test_time_alone_changes_words_on_known_days_only(
    variant: tuple[str, str, Record, StatusContext], one_time: datetime, other_time: datetime
) -> None:
    """Two moments between which no such day begins give one text, byte for byte."""
    _name, _line, one, context = variant
    first, last = sorted((one_time, other_time))
    days = (local(first, context.zone).date(), local(last, context.zone).date())
    told = [
        render_status(one, with_context(**{**vars_of(context), "now": moment})).text
        for moment in (first, last)
    ]
    if not any(days[0] < turn <= days[1] for turn in turning_days(one, context)):
        assert told[0] == told[1]


def vars_of(context: StatusContext) -> dict[str, object]:
    return {name: getattr(context, name) for name in context.__dataclass_fields__}


def test_a_request_that_is_out_is_rewritten_once_in_its_life() -> None:
    """Every hour from its sending to its end: the text of the day on which the end is near is the only other one."""
    one, context = next((one, context) for name, _, one, context in VARIANTS if name == "S5")
    assert one.expires_at is not None
    hours = int((one.expires_at - SENT).total_seconds()) // 3600
    told: dict[str, datetime] = {}
    for hour in range(hours + 1):
        now = SENT + timedelta(hours=hour)
        told.setdefault(render_status(one, with_context(**{**vars_of(context), "now": now})).text, now)
    assert len(told) == 2
    begins = local(list(told.values())[1], context.zone)
    assert (begins.date().isoformat(), begins.hour) == ("2026-12-05", 0)
