"""Letters leave: mails by the relay, calls of hooks; each intent → effect → fact, at least once, never for ever.

A crash between the relay's « OK » and our fact repeats one mail at worst; it bears the same Message-ID, by which mail
programs drop the double. What is not taken is tried again, later and later, and given up after days with a line in the
log; what was perhaps taken is tried twice more. A relay that is away is let be as a whole. What is over is never told
before it began. Source: issue "The administrator's day" point 7; ux page section 7 (8).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from connector.calendar import QuietTimes, quiet_until
from connector.errors import JournalError, MailRefused, NotConnected, OutcomeUnknown, RemoteError
from connector.journal import Letter
from connector.journal.outbox import DROPPED, TOLD, WAITING
from connector.lifecycle import Record
from connector.notify import call
from connector.report.facts import who
from connector.report.mails import path_of
from connector.steps import clocks, relay_away
from connector.steps.desk import ALARM, HOOK, PAUSE, REQUEST
from connector.steps.letters import mail_of
from connector.steps.machines import RELAY
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

GIVE_UP: Final = timedelta(days=4)
"""So long the relay may be away, a weekend and a holiday included, before what it did not take is given up."""
GIVE_UP_HOOK: Final = timedelta(days=1)
_LEAST_TRIES: Final = 10
"""And no sooner than after so many tries, six hours of them: nobody tries while this host is off, or people rest."""
KEEP: Final = timedelta(days=1100)
"""What was told is known for so long, so that it is not told again."""
_MOST: Final = timedelta(hours=2)
_UNHEARD: Final = (timedelta(minutes=15), timedelta(hours=12))
"""A mail without an answer, which the relay has perhaps taken, is tried again so much later each time, then no more."""
_FARTHEST: Final = timedelta(days=1, hours=1)
"""Nothing is put off for longer at a time: so far off, a clock was wrong."""
_BRAKE: Final = timedelta(minutes=15)
"""A second mail of one cause to one address leaves so much later at the earliest; what comes meanwhile is in it."""
_CANNOT_WAIT: Final = frozenset({"vanished", "retention", "no_room"})
"""Alarms that are mailed at night, too: what they warn of may be lost by the morning after a long weekend."""


def leave(parts: Parts, *, deadline: float | None = None) -> int:
    """Let go what is due; returns how many mails and calls were taken. Raises JournalError only.

    ``deadline``: of ``time.monotonic()``, after which nothing more is begun.
    """
    every = parts.journal.letters()
    due = _due(every, parts.now())
    taken, deaf = 0, set[str]()
    for group in sorted(_groups(due, every), key=_turn):
        if parts.stop.is_set() or (deadline is not None and time.monotonic() > deadline):
            break
        if group[0].kind == HOOK:
            taken += sum(_called(parts, one, deaf) for one in group)
        elif parts.relay is None:
            _nobody_takes(parts, group)
        elif relay_away.is_there(parts):
            mailed = _mailed(parts, group)
            taken += mailed
            if mailed and relay_away.answered(parts):
                break  # what would still be told of the relay itself is over: taken in first
    return taken


def _due(every: Sequence[Letter], now: datetime) -> list[Letter]:
    """What may leave by now, the oldest first; of what begins and ends the one that comes first alone."""
    found, before = [], set[str]()
    for one in every:
        put_off = now < one.due_at <= now + _FARTHEST
        if not put_off and not (one.phase and one.cause in before):
            found.append(one)
        before.add(one.cause)
    return found


def _turn(group: Sequence[Letter]) -> tuple[bool, bool, int]:
    """Mails first: whoever waits for one does not wait for a hook, which has ten seconds for each call.

    Of them what was tried least: what no relay ever takes, and has it let be each time, keeps nothing else from its
    turn; what has perhaps left is as good as new. What tells of the relay itself comes last: it is over with the first
    one taken.
    """
    first = group[0]
    of_the_relay = first.kind == ALARM and first.data.get("cause") == RELAY
    tried = min(one.attempts if one.state == WAITING else 0 for one in group)
    return first.kind == HOOK, of_the_relay, tried


def _groups(due: Sequence[Letter], every: Sequence[Letter]) -> list[list[Letter]]:
    """What leaves together: what once left so, and all of one cause that is not told yet; the oldest first."""
    groups: dict[str, list[Letter]] = {}
    causes = {one.cause for one in due if one.kind == REQUEST and not one.batch}
    ids = {one.id for one in due}
    for one in every:
        together = one.kind == REQUEST and not one.batch and one.cause in causes
        if one.id in ids or together:
            name = f"batch {one.batch}" if one.batch else (one.cause if together else one.key)
            groups.setdefault(name, []).append(one)
    return list(groups.values())


# ------------------------------------------------------------------------------------------------- mails


def _nobody_takes(parts: Parts, letters: Sequence[Letter]) -> None:
    """Mail was taken out of the configuration: whoever puts it back after weeks starts no storm of old news."""
    old = [one for one in letters if one.at is not None and parts.now() - one.at > GIVE_UP]
    if old and clocks.confirmed(parts):
        parts.journal.end_letters(old, DROPPED, why="no relay any more")


def _mailed(parts: Parts, letters: list[Letter]) -> int:
    wait = _not_before(parts, letters)
    if wait is not None:
        soon = min(wait, parts.now() + clocks.LONGEST_REST)
        parts.journal.put_off_letters(letters, soon, "", tried=False)
        return 0
    if letters[0].kind == PAUSE and letters[0].phase == "over":
        # Its owner sees that it is over; this only keeps that the next one is another matter.
        parts.journal.end_letters(letters, TOLD)
        return 0
    batch = next((one.batch for one in letters if one.batch), letters[0].key)
    try:
        made = mail_of(parts, letters, batch)
    except RemoteError as error:
        log.warning("a mail cannot be made yet: %s", error)
        _again(parts, letters, str(error), GIVE_UP)
        return 0
    except JournalError:
        raise
    except Exception:  # one that meets a defect keeps none of the others
        log.exception("a mail of kind %s met a defect", letters[0].kind)
        _again(parts, letters, "a defect", GIVE_UP)
        return 0
    if made is None:
        parts.journal.end_letters(letters, DROPPED, why="no news any more")
        return 0
    assert parts.relay is not None
    parts.journal.begin_letters(letters)
    if parts.fence is not None:
        parts.fence.before_write()
    try:
        parts.relay.send(made[0])
    except OutcomeUnknown as error:
        relay_away.let_be(parts, error)
        _perhaps_taken(parts, letters, error)
        return 0
    except NotConnected as error:
        _relay_failed(parts, letters, error)
        return 0
    except MailRefused as error:
        if relay_away.takes_none(parts, letters, error):
            _relay_failed(parts, letters, error)
            return 0
        log.warning("a mail of kind %s is not taken: %s", letters[0].kind, error)
        parts.said.counts["mails_refused"] += 1
        _again(parts, letters, str(error), GIVE_UP)
        return 0
    except Exception:  # as above: it would be the first of each round, for ever
        log.exception("a mail of kind %s met a defect on its way", letters[0].kind)
        _again(parts, letters, "a defect", GIVE_UP)
        return 0
    parts.journal.end_letters(letters, TOLD, words=made[1])
    parts.said.counts["mails"] += 1
    return 1


def _not_before(parts: Parts, letters: Sequence[Letter]) -> datetime | None:
    """Return until when a mail waits: for the morning, or since one of its cause has just left; None: it may leave."""
    now, first = parts.now(), letters[0]
    if first.kind == ALARM and first.data.get("cause") in _CANNOT_WAIT:
        return None
    if first.data.get("asked"):
        return None  # whoever asked for it, a moment ago, waits for it
    until = quiet_until(now, _quiet(parts, first))
    if until is not None:
        return until
    if first.kind != REQUEST or first.batch:
        return None
    last = parts.journal.last_told(first.cause)
    if last is None or last.done_at is None or not clocks.is_put_off(parts, last.done_at + _BRAKE):
        return None
    return last.done_at + _BRAKE


def _quiet(parts: Parts, letter: Letter) -> QuietTimes | None:
    if letter.kind == REQUEST and letter.record_id is not None:
        settings = parts.watched.get(parts.journal.get(letter.record_id).folder)
        return settings.quiet if settings is not None else parts.telling.quiet
    return parts.telling.quiet


def _again(
    parts: Parts,
    letters: Sequence[Letter],
    why: str,
    give_up: timedelta,
    *,
    perhaps: bool = False,
    tries: int = 0,
) -> None:
    """Try it later, or give it up. ``perhaps``: whether it has left is not known. ``tries``: of whatever takes it."""
    now = parts.now()
    tried = [one for one in letters if max(one.attempts + 1, tries) >= _LEAST_TRIES]
    old = [one for one in tried if one.at is not None and now - one.at > give_up]
    if not clocks.confirmed(parts):
        old = []  # a clock that is ahead would give up all that waits
    if old:
        about = sorted({_about(parts, one) for one in old})
        log.error(
            "given up after %s days: what was to be told about %s (%s)", give_up.days, ", ".join(about), why
        )
        parts.journal.end_letters(old, DROPPED, why=why)
    left = [one for one in letters if one not in old]
    if left:
        most = max(one.attempts for one in left)
        wait = min(relay_away.FIRST * 2 ** min(most, 12), _MOST)
        parts.journal.put_off_letters(left, now + wait, why, perhaps=perhaps)


def _perhaps_taken(parts: Parts, letters: Sequence[Letter], error: RemoteError) -> None:
    """Try it a few times more: a relay that takes each mail and never says so would hand it over for days."""
    times = max(one.unheard for one in letters)
    if times < len(_UNHEARD):
        parts.journal.put_off_letters(letters, parts.now() + _UNHEARD[times], str(error), perhaps=True)
        return
    about = ", ".join(sorted({_about(parts, one) for one in letters}))
    log.error("not tried again: what was told about %s %d times (%s)", about, times + 1, error)
    parts.journal.end_letters(letters, TOLD, why=str(error))


def _about(parts: Parts, letter: Letter) -> str:
    if letter.record_id is not None:
        return parts.journal.get(letter.record_id).ref
    return str(letter.data.get("subject") or letter.data.get("account") or letter.kind)


def _relay_failed(parts: Parts, letters: Sequence[Letter], error: RemoteError) -> None:
    # Of many that wait each has its turn seldom: it is the relay that was tried so often.
    _again(parts, letters, str(error), GIVE_UP, tries=relay_away.let_be(parts, error))


# ------------------------------------------------------------------------------------------------- hooks


def _called(parts: Parts, letter: Letter, deaf: set[str]) -> int:
    """Call a hook; ``deaf``: those that gave no answer in this round, whose other letters wait for the next one."""
    if letter.to in deaf:
        return 0
    hook = parts.telling.hooks.get(letter.to)
    if hook is None:
        parts.journal.end_letters([letter], DROPPED, why="no such hook any more")
        return 0
    record = None if letter.record_id is None else parts.journal.get(letter.record_id)
    parts.journal.begin_letters([letter])
    if parts.fence is not None:
        parts.fence.before_write()
    try:
        call(hook, payload(parts, letter, record, personal=hook.personal))
    except RemoteError as error:
        perhaps = isinstance(error, OutcomeUnknown)
        if perhaps or (hook.url and isinstance(error, NotConnected)):
            deaf.add(letter.to)
        if letter.attempts == 0:
            log.warning("hook %s: %s; it is tried again for a day", letter.to, error)
        parts.said.counts["hooks_failed"] += 1
        _again(parts, [letter], str(error), GIVE_UP_HOOK, perhaps=perhaps)
        return 0
    except JournalError:
        raise
    except Exception:  # one that meets a defect keeps none of the others
        log.exception("hook %s met a defect", letter.to)
        parts.said.counts["hooks_failed"] += 1
        _again(parts, [letter], "a defect", GIVE_UP_HOOK)
        return 0
    parts.journal.end_letters([letter], TOLD)
    parts.said.counts["hooks"] += 1
    return 1


def payload(parts: Parts, letter: Letter, record: Record | None, *, personal: bool) -> dict[str, Any]:
    """Return what a hook is told, format 1: references, folders and states; names and files only where asked for."""
    told: dict[str, Any] = {"format": 1, "connector": parts.connector, "id": letter.key, **letter.data}
    if record is None:
        return told
    told |= {
        "ref": record.ref,
        "folder": record.folder,
        "account": record.account,
        "state": record.state.value,
    }
    if personal:
        told["document"] = path_of(record)
        told["signatories"] = [
            {"name": who(one), "email": one.email, "progress": one.progress} for one in record.signatories
        ]
    return told
