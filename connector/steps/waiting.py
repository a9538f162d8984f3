"""When a step that met an obstacle is tried again, and what an account-wide obstacle holds.

An obstacle of one request waits longer each time; an obstacle of the account is said once and holds every
launch until one request, let through now and then, finds it gone (design page section 3, point 6).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from connector.courtesy import LONGEST_S, UNNAMED_S
from connector.errors import AccessDenied, AnsweredNo, AskedToWait, Cause, RemoteError, Unavailable
from connector.journal import Hold
from connector.lifecycle import Record, State
from connector.sidecar.model import Verb
from connector.steps import brakes, clocks, pauses, storage
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

UNANSWERED = "unanswered"
CONTRACT = "contract"
"""What was just created cannot be read back (protocol R11)."""
AWAY = "away"
MANUAL = "manual"
"""The administrator stopped it."""
_A_MOMENT = timedelta(minutes=1)
_LONGEST = timedelta(seconds=LONGEST_S)
"""No side is let be for longer."""
_ASKED: tuple[int, None, timedelta] = (0, None, timedelta(0))
"""Of an account for which nothing is in the way of being asked."""
_STOPS_READS = frozenset({Cause.TOKENS.value, Cause.MAINTENANCE.value, Cause.RATE_LIMIT.value})
_ENDED_BY_AN_ANSWER = _STOPS_READS | {UNANSWERED, AWAY}
_ENDED_ELSEWHERE = frozenset({MANUAL, UNANSWERED, clocks.CLOCK, storage.NO_ROOM})
"""Whether these are over is found out without any request that waits."""
_AWAY_AS_A_WHOLE = frozenset({None, 502, 503, 504})
"""Without an answer, and what proxies say for a platform that gives none; a 500 concerns one request."""


def backoff(parts: Parts, record: Record, error: RemoteError | None = None) -> dict[str, Any]:
    """Return the changes that put a record's next try off: doubled each time, never before Retry-After.

    Where it was the platform that is away as a whole, its account is let be, too.
    """
    timing = parts.timing
    if error is not None and error.service == record.account:
        let_be(parts, record.account, error)
    if isinstance(error, AskedToWait):
        # Nothing was tried, so nothing failed.
        return {"next_at": parts.now() + timedelta(seconds=_wished(error))}
    wait = min(timing.retry_first * 2 ** min(record.attempts, 16), timing.retry_most)
    seconds = wait.total_seconds()
    if error is not None:
        seconds = max(seconds, _wished(error))
    at = datetime.fromtimestamp(parts.now().timestamp() + seconds, tz=parts.now().tzinfo)
    return {"attempts": record.attempts + 1, "next_at": at}


def _wished(error: RemoteError) -> float:
    """Seconds that the other side wants to be let be: an hour at most, then it is asked whether it still does."""
    return min(error.retry_after_s or 0.0, LONGEST_S)


def let_be(parts: Parts, account: str, error: RemoteError) -> None:
    """Ask nothing for an account for a while, longer each time, where the platform as a whole did not answer.

    A hundred requests of an account would each wait for their own time-out, again and again.
    """
    with parts.gate:
        times, until, rest = parts.let_be.get(account, _ASKED)
        resting = clocks.is_put_off(parts, until, rest)
        if isinstance(error, AskedToWait):
            wait = timedelta(seconds=_wished(error))
        elif isinstance(error, Unavailable) and error.status in _AWAY_AS_A_WHOLE:
            if resting:
                return  # it was under way before
            wait = min(parts.timing.retry_first * 2 ** min(times, 16), parts.timing.away_most)
            wait = max(wait, timedelta(seconds=_wished(error)))
            times += 1
            log.warning(
                "account %s: the platform does not answer (%s); not asked for %s", account, error, wait
            )
        else:
            return
        wanted = parts.now() + wait
        if resting and until is not None and until > wanted:
            wanted, wait = until, rest
        parts.let_be[account] = (times, wanted, wait)


def asks_again_at(parts: Parts, account: str) -> datetime | None:
    """Until when nothing is asked for an account; None where nothing is in the way."""
    # One look: another thread may hear an answer, and take it away, at any time.
    _, until, rest = parts.let_be.get(account, _ASKED)
    return until if clocks.is_put_off(parts, until, rest) else None


def is_away(parts: Parts, account: str) -> bool:
    """True from a call that the platform as a whole did not answer, until it answers one."""
    return parts.let_be.get(account, _ASKED)[0] > 0


def due(parts: Parts, record: Record) -> bool:
    """True when nothing puts the record's next step off."""
    timing = parts.timing
    longest = max(timing.follow_later, timing.retry_most, timing.quiet_send, _LONGEST)
    return not clocks.is_put_off(parts, record.next_at, longest)


def _rests(parts: Parts, hold: Hold) -> bool:
    """True while nothing may find out whether a hold is over. One after an unanswered ``send`` is held for longer."""
    if hold.cause == UNANSWERED:
        return hold.probe_at > parts.now()
    # That of a clock ends with it: no side has a say in how long.
    longest = parts.timing.probe if hold.cause == clocks.CLOCK else max(parts.timing.probe, _LONGEST)
    return clocks.is_put_off(parts, hold.probe_at, longest)


def hold_account(parts: Parts, account: str, error: AnsweredNo) -> Hold:
    """Hold an account for the cause the platform gave. What the administrator stopped, only they let go."""
    parts.probing.pop(account, None)
    wait = timedelta(seconds=_wished(error))
    if error.cause is not Cause.RATE_LIMIT:
        wait = max(wait, parts.timing.probe)
    probe = parts.now() + (wait or timedelta(seconds=UNNAMED_S))
    return parts.journal.hold(account, error.cause.value, probe_at=probe, text=error.text, but=MANUAL)


def hold_without_tokens(parts: Parts, account: str, error: AccessDenied) -> Hold:
    """Hold an account that was never connected, or whose tokens cannot be read: nothing left this machine.

    What is in the way is for the administrator alone, once: to people it is a connection that is to be renewed.
    """
    with parts.gate:
        before = parts.journal.held(account)
        # One that the administrator stopped stays stopped: what is in the way is told when it goes on.
        if before is None or before.cause not in {Cause.TOKENS, MANUAL}:
            log.error("account %s: %s", account, error)
        return hold_account(parts, account, AnsweredNo(Cause.TOKENS, service=account))


def hold_unanswered(parts: Parts, account: str) -> Hold:
    """R9b: after an unanswered ``send`` nothing of the account leaves until the platform answered a read."""
    with parts.gate:
        parts.doubts[account] = parts.doubts.get(account, 0) + 1
    parts.probing.pop(account, None)
    return parts.journal.hold(account, UNANSWERED, probe_at=parts.now() + parts.timing.retention, but=MANUAL)


def hold_unfollowed(parts: Parts, account: str, text: str) -> Hold:
    """R11: what was just created cannot be read back; nothing is sent before it can."""
    parts.probing.pop(account, None)
    probe = parts.now() + parts.timing.probe
    return parts.journal.hold(account, CONTRACT, probe_at=probe, text=text, but=MANUAL)


def hurry(parts: Parts, account: str) -> None:
    """Let the account be asked again now, whatever its last call came to, and find out whether what holds it is over.

    What the administrator stopped, and what only an answer or this machine can end, goes on.
    """
    with parts.gate:
        parts.let_be.pop(account, None)
    hold = parts.journal.held(account)
    if hold is not None and hold.cause not in _ENDED_ELSEWHERE and _rests(parts, hold):
        parts.journal.postpone(hold, parts.now())


def asking(parts: Parts, account: str) -> int:
    """Tell that a read is about to be made; what is returned goes to :func:`answered` with its answer."""
    return parts.doubts.get(account, 0)


def answered(parts: Parts, account: str, asked: int | None = None) -> None:
    """Tell that the platform answered: ends a hold that only waited for that.

    ``asked``: of :func:`asking`, where it was asked where something stands. Nothing else ends the hold after an
    unanswered ``send`` (R9b), and no read that was under way before it: what is made beside it may be answered all the
    while.
    """
    with parts.gate:
        if asked is not None:
            parts.doubts_over[account] = max(asked, parts.doubts_over.get(account, 0))
        doubtful = asked is None or _in_doubt(parts, account)
        # A wish to be let be outlasts the answers that were under way when it was heard.
        if is_away(parts, account) or asks_again_at(parts, account) is None:
            parts.let_be.pop(account, None)
    hold = parts.journal.held(account)
    ended = _ENDED_BY_AN_ANSWER - {UNANSWERED} if doubtful else _ENDED_BY_AN_ANSWER
    if hold is not None and hold.cause in ended:
        parts.journal.release(account, cause=hold.cause)


def _in_doubt(parts: Parts, account: str) -> bool:
    """True from an unanswered ``send`` to an answered read, whatever else may hold the account meanwhile."""
    return parts.doubts_over.get(account, 0) < parts.doubts.get(account, 0)


def found_over(parts: Parts, account: str) -> None:
    """One request, let through to find out, went all its way: what held the others is over."""
    hold = parts.journal.held(account)
    if hold is not None and hold.cause != MANUAL:
        parts.journal.release(account, cause=hold.cause)


def sends_answered(parts: Parts, account: str) -> bool:
    """True when the account's last ``send`` went through, a moment ago."""
    at = parts.sends_answered.get(account)
    return at is not None and clocks.lasts(parts, at, _A_MOMENT)


def let_go(parts: Parts, account: str) -> None:
    """End a hold that is due while nothing of the account waits: nobody is left to find out whether it is over.

    The next launch finds out anew. What the administrator stopped, or an unanswered send holds, is not touched.
    """
    hold = parts.journal.held(account)
    if hold is None or hold.cause in _ENDED_ELSEWHERE or _rests(parts, hold):
        return
    servers = {settings.server for settings in parts.watched.values()}
    if not any(record.server in servers for record in parts.journal.launching(account)):
        parts.journal.release(account, cause=hold.cause)


def may_ask(parts: Parts, account: str) -> bool:
    """True when the platform may be asked for this account now.

    Refused tokens, maintenance and rate limits stop reads, too, so that nobody is hammered: one read now and then
    finds out whether it is over. So does a platform that does not answer.
    """
    with parts.gate:
        if asks_again_at(parts, account) is not None:
            return False
        hold = _hold(parts, account)
        if hold is None or hold.cause not in _STOPS_READS:
            return True
        if _rests(parts, hold):
            return False
        return parts.journal.postpone(hold, parts.now() + parts.timing.probe)


def may_launch(parts: Parts, record: Record) -> bool:
    """True when neither a brake nor a hold stops a launch.

    It counts for the brakes from now on, until it is marked (:func:`passed`) or put down (:func:`put_down`).
    """
    with parts.gate:
        if brakes.brake(parts, record, _leaving(parts, record)) or not let_through(parts, record):
            return False
        parts.leaving[record.id] = (record.account, record.folder)
        return True


def passed(parts: Parts, record: Record, marked: Callable[[], Record]) -> Record:
    """Let a record be marked: from that fact on the journal counts it."""
    with parts.gate:
        after = marked()
        parts.leaving.pop(record.id, None)
        return after


def put_down(parts: Parts, record_id: int) -> None:
    """Nobody takes the record any further for now: what it does not use of the brakes is others'."""
    with parts.gate:
        parts.leaving.pop(record_id, None)


def _leaving(parts: Parts, record: Record) -> tuple[int, int]:
    """How many others are on their way to the marker, of the same account and of the same folder."""
    others = [place for ident, place in parts.leaving.items() if ident != record.id]
    return (
        sum(account == record.account for account, _ in others),
        sum(folder == record.folder for _, folder in others),
    )


def give_way(parts: Parts, record: Record) -> None:
    """One that was let through to find out does not leave now: the next one may find out at once."""
    with parts.gate:
        if parts.probing.get(record.account) != record.id:
            return
        del parts.probing[record.account]
        hold = parts.journal.held(record.account)
        if hold is not None and hold.cause not in _ENDED_ELSEWHERE:
            parts.journal.postpone(hold, parts.now())


def let_through(parts: Parts, record: Record) -> bool:
    """True when the account is not held, or its hold is due and this one request may find out whether it is over.

    Being let through moves the hold's next probe, so that one request alone tries, all its way.
    """
    account = record.account
    with parts.gate:
        if asks_again_at(parts, account) is not None or _in_doubt(parts, account):
            return False
        hold = _hold(parts, account)
        if pauses.by_hand(parts, record.folder) is not None or _called_off(parts, record):
            return False
        if record.folder in parts.doubted or not _clock_allows(parts, record, hold):
            return False
        if hold is None:
            return True
        if hold.cause in {MANUAL, storage.NO_ROOM}:
            # Told to the journal by another process, while one of ours was finding out; or found out by the spool.
            return False
        if parts.probing.get(account) == record.id:
            return True
        if _rests(parts, hold):
            return False
        if not parts.journal.postpone(hold, parts.now() + parts.timing.probe):
            return False
        parts.probing[account] = record.id
        return True


def _called_off(parts: Parts, record: Record) -> bool:
    """True while the administrator's « cancel » stands: nothing of the request leaves meanwhile.

    What is perhaps marked already is marked all the same: then it is known what is to be cancelled.
    """
    if all(one.verb != Verb.CANCEL.value for one in parts.journal.orders(record)):
        return False
    return record.state is not State.PREPARED or parts.journal.intent(record, "mark") is None


def _clock_allows(parts: Parts, record: Record, hold: Hold | None) -> bool:
    """False while the platform's clock and ours are too far apart.

    What has no transaction yet may find out: making one sends nothing, and its answer tells the time.
    """
    if not clocks.too_far(parts, record.account):
        return True
    if hold is None or hold.cause not in _ENDED_ELSEWHERE:
        clocks.hold(parts, record.account)
    elif hold.cause == clocks.CLOCK and record.state is State.WAITING:
        return True
    parts.probing.pop(record.account, None)
    return False


def _hold(parts: Parts, account: str) -> Hold | None:
    """Return the account's hold; one for refused tokens ends at once when new ones were put in place.

    So does one for the clock with the first answer that shows it right.
    """
    hold = parts.journal.held(account)
    if hold is not None and hold.cause == clocks.CLOCK and not clocks.too_far(parts, account):
        parts.journal.release(account, cause=hold.cause)
        return None
    if hold is not None and hold.cause == Cause.TOKENS and parts.accounts[account].tokens_renewed(hold.since):
        parts.journal.release(account, cause=hold.cause)
        return None
    return hold
