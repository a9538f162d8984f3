"""The columns of ``status``: which states are told together, under which words. Source: ux page section 6.4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from connector.lifecycle import Record, State
from connector.steps.deadlines import after_days, last_signature

WAITING: Final = frozenset(
    {
        State.WAITING_PDF,
        State.WAITING,
        State.PREPARED,
        State.MARKED,
        State.PREVIEWED,
        State.UNCONFIRMED,
    }
)
CORRECT: Final = frozenset({State.REJECTED})
PROGRESS: Final = frozenset(
    {State.IN_PROGRESS, State.DRAFT, State.SEALING, State.DELIVERING, State.QUARANTINED}
)
RETURNING: Final = frozenset({State.SEALING, State.QUARANTINED, State.DELIVERING})
"""Signed by all, and not back in the folder."""
SIGNED: Final = frozenset({State.DELIVERED, State.DELIVERED_BESIDE})
OVER: Final = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED, State.LOST})
PERSON: Final = frozenset({State.IN_DOUBT, State.HELD, State.QUARANTINED})
"""Somebody has to decide, or to look."""

ORDER: Final = ("waiting", "to correct", "in progress", "in doubt", "held")
WORDS: Final[Mapping[State, str]] = {
    **dict.fromkeys(WAITING, "waiting"),
    **dict.fromkeys(CORRECT, "to correct"),
    **dict.fromkeys(PROGRESS, "in progress"),
    State.IN_DOUBT: "in doubt",
    State.HELD: "held",
}


def erased_from(record: Record, retention_days: int, zone: ZoneInfo) -> datetime:
    """Return when the platform may erase what is signed: so many days after the last signature, as far as is known."""
    signed_at = last_signature(record.signatories) or record.signed_at or record.updated_at
    return after_days(signed_at, retention_days, zone)
