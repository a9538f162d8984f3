"""How many requests of an account left today, by the calendar of the people who wait for them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from connector.journal import Journal


def sends_today(journal: Journal, account: str, zone: ZoneInfo, now: datetime) -> int:
    """Count what the daily brake counts. ``now`` is aware."""
    return journal.count_launches(account, since=midnight(zone, now))


def midnight(zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the day of ``now`` began there."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
