"""When a request lapses and when the platform lets go of its document: its own dates first, else its known rules.

The platform tells when a request lapses (``expiresAt``) and not when it erases. What it does not tell is computed from
the contract's ``lapse_days`` and ``retention_days`` (API page section 4, KNOWN) and said to be computed. Every moment
is aware UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.lifecycle import Record, SignatoryFacts, State
from connector.ports import TransactionStatus
from connector.report.facts import EXPIRY_COMPUTED
from connector.steps.parts import Parts

_KEPT_THERE = frozenset({State.SEALING, State.QUARANTINED, State.DELIVERING})


def after_days(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the end of a term of so many days, in UTC.

    Whether the platform counts hours or days of the calendar is not known: across a night of the clocks it is the
    earlier of the two, so that nobody is told a day too late.
    """
    term = timedelta(days=days)
    by_calendar = moment.astimezone(zone) + term
    return min(moment.astimezone(UTC) + term, by_calendar.astimezone(UTC))


def lapse_by_rule(parts: Parts, account: str, sent_at: datetime) -> datetime:
    """Return when what was sent then lapses by the rule."""
    days = parts.accounts[account].terms.lapse_days
    return after_days(sent_at, days, ZoneInfo(parts.report.timezone))


def lapse(parts: Parts, record: Record, status: TransactionStatus) -> tuple[datetime | None, dict[str, Any]]:
    """Return when a request lapses after an answer of the platform, and the record's ``extra`` that tells by whom."""
    told = {name: value for name, value in record.extra.items() if name != EXPIRY_COMPUTED}
    if status.expires_at is not None:
        return status.expires_at, told
    if record.expires_at is not None:
        return record.expires_at, record.extra
    sent_at = record.sent_at or status.created_at
    if sent_at is None:
        return None, record.extra
    return lapse_by_rule(parts, record.account, sent_at), {**told, EXPIRY_COMPUTED: True}


def erasure(parts: Parts, record: Record) -> datetime | None:
    """Return when the platform may erase the signed document; None while or where it keeps none.

    By the rule alone: it stays for at most a month, counted from the last signature.
    """
    last = last_signature(record.signatories) or record.signed_at
    if record.state not in _KEPT_THERE or last is None:
        return None
    days = parts.accounts[record.account].terms.retention_days
    return after_days(last, days, ZoneInfo(parts.report.timezone))


def erased(parts: Parts, record: Record) -> datetime:
    """Return when the document was erased that the platform does not know any more.

    By the rule, but neither before it was last answered for nor later than now: a service that was down for a month
    does not tell the day it came back as the day of the erasure.
    """
    now = parts.now()
    by_rule = erasure(parts, record) or now
    return min(now, max(by_rule, record.answered_at or by_rule))


def last_signature(signatories: tuple[SignatoryFacts, ...]) -> datetime | None:
    """Return when the last known signature was given."""
    return max((each.signed_at for each in signatories if each.signed_at is not None), default=None)
