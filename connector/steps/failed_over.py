"""The journal's database has failed over: what was kept last may be lost, so what it calls unsent is a question first.

Markers come first, as at every start: recovery takes in what the registry knows and the journal does not (R6). What was
only prepared has no marker; its transaction is asked about before it goes on, and again after the quiet period, since a
``send`` may take effect late (R9). What was marked is asked about anyway by whoever did not mark it itself
(``send.ask_first``). Source: issue "Many firms" point 6.
"""

from __future__ import annotations

import logging
from datetime import datetime

from connector.journal import Journal
from connector.lifecycle import Event, Record, State
from connector.ports import Progress
from connector.steps import clocks
from connector.steps.alarms import began, end_alarm, standing
from connector.steps.follow import absorb
from connector.steps.parts import Parts
from connector.steps.send import platforms_word

log = logging.getLogger(__name__)

MACHINE, FAILED_OVER = "machine", "failed_over"
_ASKED = "asked_after_failover"


def recognise(journal: Journal, now: datetime) -> None:
    """Look which server a journal is on, when a process begins; another one than last time is said, and an alarm."""
    if journal.recognise_server(also=began(MACHINE, FAILED_OVER, now)):
        log.error(
            "the journal is on another server than before: a failover. What had not left is asked about first; "
            "nothing is sent twice"
        )


def look_at(parts: Parts) -> None:
    """End the alarm once nothing of that time is a question any more."""
    at = _when(parts)
    if at is None or standing(parts, MACHINE, FAILED_OVER) is None:
        return
    if parts.now() - at < parts.timing.quiet_send:
        return
    servers = sorted({settings.server for settings in parts.watched.values()})
    waiting_still = parts.journal.open_in(servers, (State.PREPARED, State.MARKED))
    if not any(record.created_at <= at for record in waiting_still):
        end_alarm(parts, MACHINE, FAILED_OVER, "nothing of before the failover waits any more")


def is_question(parts: Parts, record: Record) -> bool:
    """True for a prepared request of before the failover whose transaction was not asked about since."""
    at = _when(parts)
    if at is None or record.created_at > at or record.extra.get(_ASKED) == at.isoformat():
        return False
    prepared = [when for when, name, _ in parts.journal.events(record) if name == Event.PREPARED]
    return not prepared or prepared[-1] <= at


def ask(parts: Parts, record: Record) -> Record:
    """PREPARED → the same, known not to have left; or IN_DOUBT and what the platform says. Raises JournalError only."""
    at = _when(parts)
    assert at is not None
    status = platforms_word(parts, record, unknown=lambda: _adopted(parts, record, "send_404"))
    if isinstance(status, Record):
        return status
    if status.progress is not Progress.NOT_SENT:
        return absorb(parts, _adopted(parts, record, "adopted_not_sent"), status)
    if parts.now() - at < parts.timing.quiet_send:
        return parts.journal.touch(record, next_at=at + parts.timing.quiet_send)
    extra = {**record.extra, _ASKED: at.isoformat()}
    return parts.journal.note(record, _ASKED, extra=extra, attempts=0, next_at=None)


def _when(parts: Parts) -> datetime | None:
    """Return when it failed over; where that lies far ahead, a clock wrote it that was wrong: it counts from now.

    By a clock that is behind itself nothing is put right: what was prepared before it would be a question no more.
    """
    at, now = parts.journal.failed_over_at(), parts.now()
    if at is None or at <= now + clocks.A_STEP or not clocks.may_erase(parts):
        return at
    parts.journal.failed_over_by(now)
    return parts.journal.failed_over_at()


def _adopted(parts: Parts, record: Record, reason: str) -> Record:
    """It left, or may have: it is followed, never sent (R13)."""
    return parts.journal.fact(
        record,
        Event.ADOPTED,
        done=("mark", "send"),
        data={"transaction": record.transaction},
        adopted=True,
        reason=reason,
        sent_at=parts.now(),
        values={"at": parts.now().isoformat()},
        next_at=None,
        attempts=0,
    )
