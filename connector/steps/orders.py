"""Orders by editing: what a line ``action: …`` in a sidecar asks of a request that already left.

Obeyed once per wording. An order that cannot be obeyed is answered in the status, never silently dropped; one that a
remote obstacle stops stays pending, is shown, and is tried again. Source: protocol, "Orders and the key"; ux page
sections 1.5 and 2.8.

History keeps the verb alone: a wording is a person's own text (« relancer Marie »), and history cannot be erased.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from connector.errors import NotFound, RemoteError
from connector.lifecycle import Event, Record, State
from connector.ports import Progress, TransactionId
from connector.sidecar.model import Action, Verb
from connector.steps import cancel, lock, reminders, show, waiting
from connector.steps.follow import absorb, follow
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_ASKING = frozenset({Verb.RESTART, Verb.NOT_SENT})
"""They begin a new ask where a request has ended; step 2 reads them."""
STOPPED = "stopped"
"""Reason of a preview that « annuler » keeps from leaving."""


def obey(parts: Parts, record: Record, action: Action) -> Record:
    """Carry out an order on an open request. Raises JournalError only; a remote obstacle leaves it for later."""
    if action.wording in record.obeyed:
        return record
    if action.verb is Verb.CANCEL:
        return cancel.cancel(parts, record, action.wording)
    if action.verb is Verb.REMIND:
        return _remind(parts, record, action)
    if action.verb is Verb.ALREADY_SENT:
        return _already_sent(parts, record, action)
    if action.verb is Verb.NOT_SENT:
        return _not_sent(parts, record, action)
    if action.verb is Verb.RESTART:
        reason = "restart_in_doubt" if record.state is State.IN_DOUBT else "restart_while_open"
        return answer(parts, record, action, reason)
    if action.verb is Verb.SEND and record.state is State.DRAFT:
        return answer(parts, record, action, "send_on_draft")
    return answer(parts, record, action, "no_effect")


def answer(parts: Parts, record: Record, action: Action, code: str) -> Record:
    """Say what became of an order; it counts as answered, so that it does not fire later by surprise."""
    extra = {**record.extra, "order": {"code": code, "wording": action.wording}}
    if record.extra.get("order") == extra["order"]:
        return record
    obeyed = record.obeyed if action.verb is Verb.RESTART else (*record.obeyed, action.wording)
    return parts.journal.note(
        record, "order_answered", data={"code": code, "verb": action.verb.value}, extra=extra, obeyed=obeyed
    )


# ------------------------------------------------------------------------------- before, and after the end


def first_order(target: Record | None, action: Action | None) -> str:
    """Return the order that stood in the file when its request was first seen, for as long as its line stands."""
    wording = action.wording if action is not None else ""
    return wording if target is None or wording == target.extra.get("first_order") else ""


def stops(target: Record | None, action: Action | None) -> str:
    """Return the wording of an ``annuler`` that keeps a request from leaving; empty when none does.

    One written while the request waits is meant, for as long as the line stands, whatever was obeyed before; one that
    came with the file is left over from an earlier request and has no effect (ux page section 1.5).
    """
    if target is None or action is None or action.verb is not Verb.CANCEL:
        return ""
    return "" if first_order(target, action) else action.wording


def told_before_sending(target: Record | None, action: Action | None) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of an order on a request of which nothing has left: that it is said."""
    if action is None or action.verb in _ASKING | {Verb.SEND}:
        return {}
    code = "left_over" if first_order(target, action) else "not_sent_yet"
    return {"order": {"code": code, "wording": action.wording}}


def after_end(parts: Parts, record: Record, action: Action | None) -> Record:
    """Obey or answer an order on a request that has ended. Remote errors pass through: it is read again then."""
    if action is None or action.verb in _ASKING or action.wording in record.obeyed:
        return record
    if record.adopted and not record.extra.get("orders_seen"):
        return record  # found on adoption: it counts as obeyed
    if action.verb is Verb.UNLOCK and record.delivered_at is not None:
        return lock.unlock(parts, record, action.wording)
    told = {"order": {"code": "ended", "wording": action.wording}}
    record = parts.journal.touch(record, extra={**record.extra, **told})
    return parts.journal.note(
        show.show(parts, record),
        "order_answered",
        data={"code": "ended", "verb": action.verb.value},
        obeyed=(*record.obeyed, action.wording),
    )


# -------------------------------------------------------------------------------------- when it is tried


def pending(action: Action) -> dict[str, Any]:
    """Return what is kept (in ``extra``) of an order that was read and is not obeyed yet."""
    return {"pending_order": action.model_dump(mode="json")}


def no_longer_pending(record: Record) -> dict[str, Any]:
    """Return ``extra`` without it."""
    return {name: value for name, value in record.extra.items() if name not in {"pending_order", "order_try"}}


def due(parts: Parts, record: Record) -> bool:
    """True when a pending order may be tried again: on its own time, whatever else the request waits for."""
    at = record.extra.get("order_try", {}).get("next_at")
    return "pending_order" in record.extra and (at is None or datetime.fromisoformat(at) <= parts.now())


def put_off(parts: Parts, record: Record) -> Record:
    """A remote obstacle: later, and later."""
    tries = int(record.extra.get("order_try", {}).get("tries", 0))
    wait = min(parts.timing.retry_first * 2 ** min(tries, 16), parts.timing.retry_most)
    kept = {"tries": tries + 1, "next_at": (parts.now() + wait).isoformat()}
    return parts.journal.touch(record, extra={**record.extra, "order_try": kept})


# ------------------------------------------------------------------------------------------ the others


def _remind(parts: Parts, record: Record, action: Action) -> Record:
    """Ask whose turn it is, then remind; too early or refused is told with the hour from which it is possible."""
    if record.state is not State.IN_PROGRESS:
        return answer(parts, record, action, "no_effect")
    record = reminders.settled(parts, record)
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
    if record.state is not State.IN_DOUBT:
        return answer(parts, record, action, "no_effect")
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
    if record.state is not State.IN_DOUBT:
        return answer(parts, record, action, "no_effect")
    transaction = TransactionId(str(record.transaction))
    service = parts.services[record.account]
    try:
        status = service.status(transaction)
    except NotFound:
        waiting.answered(parts, record.account)
        return _given_up(parts, record, action)
    except RemoteError as error:
        log.info("%s: asked again later (%s)", record.ref, error)
        return record
    waiting.answered(parts, record.account)
    if status.progress is not Progress.NOT_SENT:
        record = parts.journal.note(record, "order_answered", obeyed=(*record.obeyed, action.wording))
        return absorb(parts, record, status)
    try:
        service.cancel(transaction)
    except RemoteError as error:
        # Cancelling is an assumption of the contract; an unsent draft that stays there mails nobody.
        log.info("the draft of %s could not be cancelled: %s", record.ref, error)
    return _given_up(parts, record, action)


def _given_up(parts: Parts, record: Record, action: Action) -> Record:
    """End the old ask; the wording is left unobeyed on purpose: it *is* the new ask of the next judgement."""
    return parts.journal.fact(
        record,
        Event.CANCELLED,
        done=("send",),
        data={"verb": action.verb.value},
        reason="not_sent",
        ended_at=parts.now(),
    )
