"""Orders by editing: what a line ``action: …`` in a sidecar asks of a request that already left.

Obeyed once per wording. An order that cannot be obeyed is answered in the status, never silently dropped; one that a
remote obstacle stops stays pending, is shown, and is tried again. Source: protocol, "Orders and the key"; ux page
sections 1.5 and 2.8.

History keeps the verb alone: a wording is a person's own text (« relancer Marie »), and history cannot be erased.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.errors import InvalidResponse, NotFound, RemoteError
from connector.identity import by_administrator
from connector.lifecycle import Event, Record, State
from connector.ports import Progress, TransactionId
from connector.sidecar import words
from connector.sidecar.model import Action, Verb
from connector.sidecar.reading import mail_end_above, read_orders, unknown_order, unread_order
from connector.steps import assumed, cancel, clocks, forgotten, heeded, lock, reminders, show, waiting
from connector.steps.follow import GIVE_UP, absorb, follow, given_up_by
from connector.steps.parts import Parts
from connector.steps.replies import reply
from connector.text_yaml import is_no_text

log = logging.getLogger(__name__)

_OUT = frozenset({State.IN_PROGRESS, State.DRAFT, State.IN_DOUBT})
STOPPED = "stopped"
"""Reason of a preview that « annuler » keeps from leaving."""
QUIET = "quiet"
"""In ``extra["order_try"]``: it is not an obstacle that it waits for, but the morning."""
STANDS = "stands"
"""In ``extra``: wording of a ``recommencer`` that was refused, for as long as its line stands: no new ask later."""
_STOOD = "stood"
"""In ``extra``: the wording that stood in the file when it was last read; empty for none."""


def obey(parts: Parts, record: Record, action: Action) -> Record:
    """Carry out an order on an open request. Raises JournalError only; a remote obstacle leaves it for later."""
    if action.wording in record.obeyed:
        return record
    if action.verb is Verb.CANCEL:
        return cancel.cancel(parts, record, action.wording)
    code = heeded.while_out(action.verb, record.state)
    if code:
        return answer(parts, record, action, code)
    if action.verb is Verb.REMIND:
        return _remind(parts, record, action)
    if action.verb is Verb.ALREADY_SENT:
        return _already_sent(parts, record, action)
    if action.verb is Verb.NOT_SENT:
        return _not_sent(parts, record, action)
    return record  # marked only: it waits until that is settled


def answer(parts: Parts, record: Record, action: Action, code: str) -> Record:
    """Say what became of an order; it counts as answered, so that it does not fire later by surprise."""
    extra = {**record.extra, **_told(action, code)}
    if extra == record.extra:
        return record
    obeyed = record.obeyed if action.verb is Verb.RESTART else (*record.obeyed, action.wording)
    return parts.journal.note(
        record, "order_answered", data={"code": code, "verb": action.verb.value}, extra=extra, obeyed=obeyed
    )


def _told(action: Action, code: str) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of an answer; a refused ``recommencer`` may be written again later."""
    stands = {STANDS: action.wording} if action.verb is Verb.RESTART else {}
    return {**reply(action.wording, code), **stands}


def line_seen(record: Record, action: Action | None) -> dict[str, Any]:
    """Return ``extra`` without what was said of a line that stands there no longer."""
    wording = action.wording if action is not None else ""
    gone = {
        name
        for name, kept in (
            ("order", record.extra.get("order")),
            (STANDS, {"wording": record.extra.get(STANDS)}),
        )
        if isinstance(kept, Mapping) and kept.get("wording") != wording
    }
    return {name: value for name, value in record.extra.items() if name not in gone}


def as_read(action: Action | None) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of the line that stands in the file: left standing, it is not written anew."""
    return {_STOOD: action.wording if action is not None else ""}


def obeyed_before(record: Record, action: Action | None) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of a line that had counted, was gone and is written again: no new order.

    After « recommencer » the request that an « annuler » had ended is another one, and goes on. Once it has ended, an
    order is what begins the next one, and no other.
    """
    own = [wording for wording in record.obeyed if not by_administrator(wording)]
    if action is None or action.wording not in own or action.wording == record.extra.get(_STOOD, own[-1]):
        return {}
    if not record.state.ended:
        code = heeded.while_out(action.verb, record.state) or heeded.OBEYED_BEFORE
    elif action.verb is Verb.RESTART:
        code = heeded.RESTART_BEFORE
    else:
        return {}
    return {"order": {"code": code, "wording": action.wording}}


def not_understood(data: bytes) -> dict[str, Any]:
    """Return what is kept of an order in a request's file that is none; empty when there is no such line.

    Of a file that a word processor saved no line is quoted: to whoever wrote it, nothing stands there as we see it.
    """
    if is_no_text(data):
        return {} if read_orders(data) else {"order": {"code": "no_text", "wording": "no_text"}}
    if line := unread_order(data):
        if above := mail_end_above(data):
            return {"order": {"code": "below_mail_end", "wording": line, "above": above}}
        return {"order": {"code": "unread", "wording": line}}
    if not (written := unknown_order(data)):
        return {}
    near = words.nearest(written, words.VERBS)
    return {"order": {"code": "unknown", "wording": written, "near": near}}


# ------------------------------------------------------------------------------- before, and after the end


def first_order(target: Record | None, action: Action | None, *, previous: Record | None = None) -> str:
    """Return the order that stood in the file when its request was first seen, for as long as its line stands.

    ``previous``: the request of this place that ended, where a new ask begins the next one.
    """
    if action is None or (target is None and previous is not None and action.verb in heeded.ASKING):
        return ""
    return action.wording if target is None or action.wording == target.extra.get("first_order") else ""


def stops(target: Record | None, action: Action | None) -> str:
    """Return the wording of an ``annuler`` that keeps a request from leaving; empty when none does.

    One written while the request waits is meant, for as long as the line stands, whatever was obeyed before; one that
    came with the file is left over from an earlier request and has no effect (ux page section 1.5).
    """
    if target is None or action is None or action.verb is not Verb.CANCEL:
        return ""
    return "" if first_order(target, action) else action.wording


def told_before_sending(
    target: Record | None,
    action: Action | None,
    state: State,
    *,
    previous: Record | None = None,
    capped: bool = False,
) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of an order on a request of which nothing has left: that it is said.

    ``state`` is what the verdict comes to.
    """
    if action is None:
        return {}
    code = heeded.before_sending(action.verb, state, capped=capped)
    had_effect = target is not None and action.wording in target.obeyed
    if action.verb is Verb.SEND:
        # Shown, and let go by this very line: it leaves.
        if state is State.WAITING and (target is None or target.extra.get("shown")):
            return {}
    elif first_order(target, action, previous=previous):
        code = heeded.LEFT_OVER
    elif action.verb in heeded.ASKING and (had_effect or _asks_anew(target)):
        return {}
    return {"order": {"code": code, "wording": action.wording}} if code else {}


def _asks_anew(target: Record | None) -> bool:
    """True where a new ask is what lets the request go on: it had ended, or waited for one."""
    return target is None or target.state in {
        State.UNCONFIRMED,
        State.HELD,
        State.REJECTED,
        State.WAITING_PDF,
    }


def after_end(
    parts: Parts, record: Record, action: Action | None, code: str = "", *, data: bytes = b""
) -> Record:
    """Obey or answer an order on a request that has ended. Remote errors pass through: it is read again then.

    ``code``: why not, where the caller knows more; ``data``: the request's file, for what stands there instead.
    """
    extra = {**line_seen(record, action), **obeyed_before(record, action), **not_understood(data)}
    if extra != record.extra:
        record = show.show(parts, parts.journal.touch(record, extra=extra))
    if action is None or action.wording in record.obeyed:
        return record
    if record.adopted and not record.extra.get("orders_seen") and not code:
        return record  # found on adoption: it counts as obeyed
    if code := code or heeded.after_the_end(action.verb, record):
        record = parts.journal.touch(record, extra={**record.extra, **_told(action, code)})
        return answer_shown(parts, record, action, code)
    return lock.unlock(parts, record, action.wording) if action.verb is Verb.UNLOCK else record


def answer_shown(parts: Parts, record: Record, action: Action, code: str) -> Record:
    """Show first, then count it as answered: a crash in between repeats both."""
    obeyed = record.obeyed if action.verb is Verb.RESTART else (*record.obeyed, action.wording)
    data = {"code": code, "verb": action.verb.value}
    return parts.journal.note(show.show(parts, record), "order_answered", data=data, obeyed=obeyed)


# -------------------------------------------------------------------------------------- when it is tried


def pending(action: Action) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of an order that was read and is not obeyed yet."""
    return {"pending_order": action.model_dump(mode="json")}


def no_longer_pending(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``extra`` without it."""
    return {name: value for name, value in extra.items() if name not in {"pending_order", "order_try"}}


def due(parts: Parts, record: Record) -> bool:
    """True when a pending order may be tried again: on its own time, whatever else the request waits for."""
    pending = record.extra.get("pending_order")
    return pending is not None and its_turn(parts, record, str(pending["wording"]))


def its_turn(parts: Parts, record: Record, wording: str) -> bool:
    """True when nothing puts that order off: another one's obstacle does not."""
    at = _tried(record, wording).get("next_at")
    return at is None or not clocks.is_put_off(parts, datetime.fromisoformat(at))


def _tried(record: Record, wording: str) -> Mapping[str, Any]:
    """Return how that order was tried: two may wait at once, an author's and the administrator's."""
    last: Mapping[str, Any] = record.extra.get("order_try", {})
    if last.get("wording", wording) == wording:
        return last
    others: Mapping[str, Mapping[str, Any]] = last.get("others", {})
    return others.get(wording, {})


def _others(record: Record, wording: str) -> dict[str, Any]:
    """Return what is kept of the other orders that were tried, in an entry of its own; nothing where there are none."""
    last = record.extra.get("order_try", {})
    kept = {**last.get("others", {}), str(last.get("wording", wording)): last}
    left = {
        one: {"tries": tried["tries"], "next_at": tried["next_at"]}
        for one, tried in kept.items()
        if one not in {wording, *record.obeyed}
    }
    return {"others": left} if left else {}


def asks_the_platform(verb: Verb, state: State) -> bool:
    """True for what is obeyed by the account's own pass: a platform that is slow keeps no folder waiting.

    One that is marked only is stopped where it would be sent, by the one who would send it (protocol R12).
    """
    asking = verb in {Verb.CANCEL, Verb.REMIND, Verb.NOT_SENT} and not heeded.while_out(verb, state)
    return asking and state in _OUT


def put_off(parts: Parts, record: Record, verb: str, wording: str) -> Record:
    """A remote obstacle: later, and later. A reminder for which it is too late in the day: in the morning.

    While enough was asked in this minute nothing was tried, so nothing failed: its turn comes with the next question,
    before all that the service asks of itself. Each time later, it would never meet the moment at which one is free.
    """
    tried, others = _tried(record, wording), _others(record, wording)
    morning = reminders.quiet(parts, record) if verb == Verb.REMIND.value else None
    if morning is not None:
        kept = {"tries": 0, "next_at": morning.isoformat(), "wording": wording, QUIET: True, **others}
        if record.extra.get("order_try") == kept:
            return record
        return parts.journal.touch(record, extra={**record.extra, "order_try": kept})
    tries = int(tried.get("tries", 0))
    free = waiting.asks_again_at(parts, record.account)
    if free is not None and not waiting.is_away(parts, record.account):
        kept = {"tries": tries, "next_at": free.isoformat(), "wording": wording, **others}
        return parts.journal.touch(record, extra={**record.extra, "order_try": kept})
    wait = min(parts.timing.retry_first * 2 ** min(tries, 16), parts.timing.retry_most)
    kept = {"tries": tries + 1, "next_at": (parts.now() + wait).isoformat(), "wording": wording, **others}
    return parts.journal.touch(record, extra={**record.extra, "order_try": kept})


# ------------------------------------------------------------------------------------------ the others


def _remind(parts: Parts, record: Record, action: Action) -> Record:
    """Ask whose turn it is, then remind; too early or refused is told with the hour from which it is possible."""
    record = reminders.settled(parts, record)
    if reminders.quiet(parts, record) is not None:
        return record
    if action.wording in record.obeyed or not waiting.may_ask(parts, record.account):
        return record
    asked = follow(parts, record)
    if asked.answered_at == record.answered_at:
        return asked
    if asked.state is not State.IN_PROGRESS:
        return asked if asked.state.ended else answer(parts, asked, action, "remind_too_late")
    if parts.now() < reminders.possible_from(parts, asked):
        return reminders.too_early(parts, asked, action.wording)
    return reminders.remind(parts, asked, wording=action.wording)


def _already_sent(parts: Parts, record: Record, action: Action) -> Record:
    """The person knows that it left: T is followed as sent."""
    return parts.journal.fact(
        record,
        Event.STARTED,
        data={"verb": action.verb.value},
        obeyed=(*record.obeyed, action.wording),
        reason="",
        next_at=None,
    )


def _not_sent(parts: Parts, record: Record, action: Action) -> Record:
    """The person says that it did not leave: the platform is asked once more, and only then a new ask begins."""
    transaction = TransactionId(str(record.transaction))
    service = parts.services[record.account]
    asked = waiting.asking(parts, record.account)
    try:
        status = service.status(transaction)
    except NotFound:
        forgotten.heard(parts, record, asked)
        if not forgotten.believed(parts, record):
            # Perhaps a gateway's word, and people have it: a new ask would be a second request to them.
            return parts.journal.touch(record, extra=forgotten.suspected(parts, record))
        return _given_up(parts, record, action)
    except RemoteError as error:
        log.info("%s: asked again later (%s)", record.ref, error)
        return record
    waiting.answered(parts, record.account, asked)
    if status.progress is Progress.CANCELLED and parts.journal.intent(record, GIVE_UP) is not None:
        return absorb(parts, record, status)  # by our own call, whose answer never came
    if status.progress is not Progress.NOT_SENT:
        return absorb(parts, answer(parts, record, action, heeded.SENT_INDEED), status)
    record = parts.journal.intend(record, GIVE_UP, {"wording": action.wording})
    try:
        service.cancel(transaction)
    except (NotFound, InvalidResponse) as error:
        # It has just answered for this transaction: it is the operation that it does not know.
        assumed.found_absent(parts, record.account, assumed.CANCEL, error)
    except RemoteError as error:
        # Cancelling is an assumption of the contract; an unsent draft that stays there mails nobody.
        log.info("the draft of %s could not be cancelled: %s", record.ref, error)
    return _given_up(parts, record, action)


def _given_up(parts: Parts, record: Record, action: Action) -> Record:
    """End the old ask."""
    return parts.journal.fact(
        record,
        Event.CANCELLED,
        done=("send", GIVE_UP),
        data={"verb": action.verb.value},
        ended_at=parts.now(),
        **given_up_by(record, action.wording),
    )
