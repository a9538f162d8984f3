"""Orders by editing: what a line ``action: …`` in a sidecar asks of a request that already left.

Obeyed once per wording. An order that cannot be obeyed is answered in the status, never silently dropped.
Source: protocol, "Orders and the key"; ux page section 2.8.

History keeps the verb alone: a wording is a person's own text (« relancer Marie »), and history cannot be erased.
"""

from __future__ import annotations

import logging

from connector.errors import NotFound, RemoteError
from connector.lifecycle import Event, Record, State
from connector.ports import Progress, TransactionId
from connector.sidecar.model import Action, Verb
from connector.steps import waiting
from connector.steps.follow import absorb
from connector.steps.parts import Parts

log = logging.getLogger(__name__)


def obey(parts: Parts, record: Record, action: Action) -> Record:
    """Carry out an order on an open request. Raises JournalError only; a remote obstacle leaves it for later."""
    if action.wording in record.obeyed:
        return record
    if action.verb is Verb.ALREADY_SENT:
        return _already_sent(parts, record, action)
    if action.verb is Verb.NOT_SENT:
        return _not_sent(parts, record, action)
    if action.verb is Verb.RESTART:
        reason = "restart_in_doubt" if record.state is State.IN_DOUBT else "restart_while_open"
        return _answer(parts, record, action, reason)
    if action.verb is Verb.SEND and record.state is State.DRAFT:
        return _answer(parts, record, action, "send_on_draft")
    return _answer(parts, record, action, "no_effect")


def _answer(parts: Parts, record: Record, action: Action, code: str) -> Record:
    """Say what became of an order; it counts as answered, so that it does not fire later by surprise."""
    extra = {**record.extra, "order": {"code": code, "wording": action.wording}}
    if record.extra.get("order") == extra["order"]:
        return record
    obeyed = record.obeyed if action.verb is Verb.RESTART else (*record.obeyed, action.wording)
    return parts.journal.note(
        record, "order_answered", data={"code": code, "verb": action.verb.value}, extra=extra, obeyed=obeyed
    )


def _already_sent(parts: Parts, record: Record, action: Action) -> Record:
    """The person knows that it left: T is followed as sent."""
    if record.state is not State.IN_DOUBT:
        return _answer(parts, record, action, "no_effect")
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
        return _answer(parts, record, action, "no_effect")
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
