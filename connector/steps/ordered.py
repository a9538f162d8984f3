"""Orders obeyed apart from the look at a folder: the administrator's, and those of authors that ask the platform.

What is out is in the hands of its account's pass, so that a slow platform keeps no folder waiting; everything else is
its server's. Either way an order goes the way of one in a request: once per wording, intent, effect, fact. Source:
protocol, "Orders and the key"; design page sections 3, 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.identity import canonical_email
from connector.journal import Ordered
from connector.lifecycle import Event, Record, State
from connector.sidecar.model import Action, Verb
from connector.steps import cancel, heeded, lock, orders, reminders, waiting
from connector.steps.follow import follow
from connector.steps.parts import Parts
from connector.steps.replies import ORDERED, reply

OUT = frozenset({State.IN_PROGRESS, State.DRAFT, State.IN_DOUBT, State.SEALING, State.QUARANTINED})
"""In the hands of the account's pass."""
RETRY = "retry"
"""The one order that no request can give: what is put off is tried now."""

STOPPED_BY_ADMINISTRATOR = "stopped_by_administrator"
"""Reason of a request that was stopped before anything left: it goes on a new ask only."""

DONE = "done"
STOPPED = "stopped"
HURRIED = "hurried"
NOTHING_WAITS = "nothing_waits"
ASKED_LATER = "asked_later"
NOT_IN_TURN = "not_in_turn"
"""Codes of answers that only the administrator gets; all others are those of ``heeded``, ``reminders``, ``lock``."""


# ------------------------------------------------------------------------------------- the account's pass


def waits(parts: Parts, record: Record) -> bool:
    """True for a request that is out and has an order to be tried now."""
    if record.state not in OUT:
        return False
    standing = parts.journal.orders(record)
    return _authors_turn(parts, record) or any(_may_try(parts, record, one) for one in standing)


def obey_out(parts: Parts, record: Record) -> Record:
    """Obey what stands for a request that is out, the administrator's orders first. Raises JournalError only."""
    for one in parts.journal.orders(record):
        if record.state in OUT and _may_try(parts, record, one):
            record = _obeyed_out(parts, record, one)
    return _authors(parts, record) if _authors_turn(parts, record) else record


def _authors_turn(parts: Parts, record: Record) -> bool:
    pending = record.extra.get("pending_order")
    if pending is None or not orders.due(parts, record):
        return False
    return orders.asks_the_platform(Verb(pending["verb"]), record.state)


def _may_try(parts: Parts, record: Record, one: Ordered) -> bool:
    return one.wording in record.obeyed or one.verb == RETRY or orders.its_turn(parts, record, one.wording)


def _authors(parts: Parts, record: Record) -> Record:
    action = Action.model_validate(record.extra["pending_order"])
    if action.wording not in record.obeyed:
        record = orders.obey(parts, record, action)
    answered = record.extra.get("order", {}).get("wording") == action.wording
    if action.wording in record.obeyed or answered or record.state.ended:
        return parts.journal.touch(record, extra=orders.no_longer_pending(record.extra))
    return orders.put_off(parts, record, action.verb.value, action.wording)


def _obeyed_out(parts: Parts, record: Record, one: Ordered) -> Record:
    if one.wording in record.obeyed:
        return _over(parts, record, one)
    if one.verb == RETRY:
        return _hurried(parts, record, one)
    if one.verb == Verb.REMIND.value and one.data.get("signatory"):
        # Whose turn it was when the order was given is not what counts.
        asked = follow(parts, record) if waiting.may_ask(parts, record.account) else record
        if asked.answered_at == record.answered_at:
            return orders.put_off(parts, asked, one.verb, one.wording)
        record = asked
        if record.state not in OUT:
            return record
        if not is_in_turn(record, str(one.data["signatory"])):
            return _over(parts, record, one, NOT_IN_TURN)
    record = orders.obey(parts, record, Action(verb=Verb(one.verb), wording=one.wording))
    if one.wording in record.obeyed:
        return _over(parts, record, one)
    return orders.put_off(parts, record, one.verb, one.wording) if record.state in OUT else record


def is_in_turn(record: Record, address: str) -> bool:
    """True when it is this person's turn to sign."""
    return canonical_email(address) in {canonical_email(each.email) for each in reminders.in_turn(record)}


# -------------------------------------------------------------------------------------- the server's pass


def obey_here(parts: Parts, record: Record) -> Record:
    """Obey what stands for a request that is not out. Remote errors pass through: it is tried again then."""
    for one in parts.journal.orders(record):
        record = _obeyed_here(parts, record, one)
    return record


def hurries(standing: Iterable[Ordered]) -> bool:
    """True where whatever was put off is to be tried now."""
    return any(one.verb == RETRY for one in standing)


def _obeyed_here(parts: Parts, record: Record, one: Ordered) -> Record:
    if record.state in OUT:
        return record
    if one.wording in record.obeyed:
        return _over(parts, record, one)
    if one.verb == RETRY:
        return _hurried(parts, record, one)
    verb = Verb(one.verb)
    if record.state is State.MARKED:
        # Any other waits for what becomes of it in a moment.
        return (
            _over_if(parts, cancel.cancel(parts, record, one.wording), one) if verb is Verb.CANCEL else record
        )
    if record.state is State.PREPARED and parts.journal.intent(record, "mark") is not None:
        return record  # perhaps its marker stands already: that is found out first
    if record.state.before_mark or record.state is State.HELD:
        if verb is Verb.CANCEL and record.state.before_mark and record.state is not State.UNCONFIRMED:
            return _stopped(parts, record, one)
        return _over(parts, record, one, heeded.NOT_SENT_YET)
    if not record.state.ended:  # on its way home
        code = heeded.while_out(verb, record.state)
    elif code := heeded.after_the_end(verb, record):
        pass
    elif verb is Verb.UNLOCK:
        return _over(parts, lock.unlock(parts, record, one.wording), one)
    return _over(parts, record, one, code or "ended")


def _over_if(parts: Parts, record: Record, one: Ordered) -> Record:
    return _over(parts, record, one) if one.wording in record.obeyed else record


def _stopped(parts: Parts, record: Record, one: Ordered) -> Record:
    """Nothing has left, and nothing does: what was made at the platform is nobody's, and is let be."""
    parts.spool.forget(record.ref)
    parts.fresh_marks.discard(record.id)
    told: dict[str, Any] = {"reason": STOPPED_BY_ADMINISTRATOR, "values": {}}
    return parts.journal.fact(
        record,
        Event.HELD,
        done=("mark", one.step),
        data=_said(one, STOPPED),
        key=None,
        transaction=None,
        problems=(),
        next_at=None,
        attempts=0,
        obeyed=(*record.obeyed, one.wording),
        extra={**record.extra, "needs_ask": told, "confirmed": None, **reply(one.wording, STOPPED)},
        **told,
    )


# ------------------------------------------------------------------------------------------------- both


def _hurried(parts: Parts, record: Record, one: Ordered) -> Record:
    """Let what was put off be tried now. Nothing leaves by that which would not have left later."""
    waiting.hurry(parts, record.account)
    if record.state is State.MARKED and record.id not in parts.not_left:
        # Whether it left is not known: the time that has to pass proves it (protocol R9).
        until = {"from": record.next_at.isoformat()} if record.next_at is not None else {}
        return _over(parts, record, one, ASKED_LATER, **until)
    locked: dict[str, Any] = record.extra.get("lock", {})
    put_off = record.next_at is not None or "order_try" in record.extra or not record.closed
    extra = {name: value for name, value in record.extra.items() if name != "order_try"}
    if "next_at" in locked:
        extra["lock"] = {name: value for name, value in locked.items() if name != "next_at"}
    record = parts.journal.touch(record, next_at=None, attempts=0, extra=extra)
    return _over(parts, record, one, HURRIED if put_off else NOTHING_WAITS)


def _over(parts: Parts, record: Record, one: Ordered, code: str = "", **told: Any) -> Record:
    """Keep the answer, and that the order stands no more. ``code``: empty where what obeyed it has said it."""
    extra = {name: value for name, value in record.extra.items() if name != "order_try"}
    if code or extra.get(ORDERED, {}).get("wording") != one.wording:
        extra |= reply(one.wording, code or _came_to(record, one), **told)
    obeyed = record.obeyed if one.wording in record.obeyed else (*record.obeyed, one.wording)
    said = _said(one, str(extra[ORDERED]["code"]))
    return parts.journal.note(record, "order_over", data=said, done=(one.step,), extra=extra, obeyed=obeyed)


def _came_to(record: Record, one: Ordered) -> str:
    """What obeyed it, and was not said: a lock knows what became of it, everything else had its effect."""
    locked = record.extra.get("lock", {})
    return str(locked["code"]) if locked.get("by") == one.wording else DONE


def _said(one: Ordered, code: str) -> dict[str, str]:
    return {"verb": one.verb, "by": "administrator", "code": code}
