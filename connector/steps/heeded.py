"""Which order has an effect in which state, and the code of the answer where it has none. Pure.

``report.answers`` has a sentence for each code: why, and what to do instead. An order that *may* have an effect has no
code here: what becomes of it is for ``orders``, ``cancel``, ``reminders``, ``lock`` and ``judge``. Source: protocol,
"Orders and the key"; ux page sections 1.5 and 2.8.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.lifecycle import Record, State
from connector.sidecar.model import Verb

ASKING = frozenset({Verb.RESTART, Verb.NOT_SENT})
"""They begin a new ask where that is due (protocol R1); step 2 reads them."""
HAPPENS = ""
"""In place of a code: the order may have its effect."""

LEFT_OVER = "left_over"
NOT_SENT_YET = "not_sent_yet"
OBEYED_BEFORE = "obeyed_before"
RESTART_BEFORE = "restart_before"
RESTART_IN_DOUBT = "restart_in_doubt"
RESTART_ON_SIGNED = "restart_on_signed"
RESTART_STANDS = "restart_stands"
SENT_INDEED = "sent_indeed"
_SIGNED = {
    Verb.CANCEL: "cancel_too_late",
    Verb.REMIND: "remind_too_late",
    Verb.RESTART: "restart_too_late",
    Verb.UNLOCK: "not_locked_yet",
    Verb.SEND: "remind_too_late",
    Verb.ALREADY_SENT: "remind_too_late",
    Verb.NOT_SENT: "remind_too_late",
}
_OUT: Mapping[State, Mapping[Verb, str]] = {
    State.IN_PROGRESS: {
        Verb.RESTART: "restart_while_open",
        Verb.UNLOCK: "not_locked_yet",
        Verb.SEND: "sent_already",
        Verb.ALREADY_SENT: "followed_already",
        Verb.NOT_SENT: SENT_INDEED,
    },
    State.DRAFT: {
        Verb.REMIND: "draft_not_sent",
        Verb.RESTART: "restart_on_draft",
        Verb.UNLOCK: "draft_not_sent",
        Verb.SEND: "send_on_draft",
        Verb.ALREADY_SENT: "draft_followed",
        Verb.NOT_SENT: "draft_not_sent",
    },
    State.IN_DOUBT: {
        Verb.REMIND: RESTART_IN_DOUBT,
        Verb.RESTART: RESTART_IN_DOUBT,
        Verb.UNLOCK: RESTART_IN_DOUBT,
        Verb.SEND: RESTART_IN_DOUBT,
    },
    State.SEALING: _SIGNED,
    State.DELIVERING: _SIGNED,
    State.QUARANTINED: _SIGNED,
}
_UNDECIDED = frozenset({State.UNCONFIRMED, State.HELD})
_INCOMPLETE = frozenset({State.WAITING_PDF, State.REJECTED})
_DELIVERED = frozenset({State.DELIVERED, State.DELIVERED_BESIDE})


def while_out(verb: Verb, state: State) -> str:
    """From the marker to the end. One that is marked only is stopped by ``annuler``, or else judged again."""
    return _OUT.get(state, {}).get(verb, HAPPENS)


def before_sending(verb: Verb, state: State, *, capped: bool = False) -> str:
    """While nothing has left: ``state`` is what the verdict comes to, ``capped``: the folder's ceiling stopped it."""
    if verb in ASKING:
        return NOT_SENT_YET if state not in _UNDECIDED | _INCOMPLETE else HAPPENS
    if verb is Verb.CANCEL:
        if state in _INCOMPLETE:
            return "stopped_meanwhile"
        return NOT_SENT_YET if state in _UNDECIDED else HAPPENS
    if verb is Verb.SEND:
        if state in _UNDECIDED | _INCOMPLETE:
            return "send_first_above"
        if state is not State.PREVIEWED:
            return "send_by_itself"
        return "send_capped" if capped else "send_line_above"
    if verb is Verb.ALREADY_SENT and state is State.HELD:
        return "nothing_to_follow"
    return NOT_SENT_YET


def after_the_end(verb: Verb, record: Record) -> str:
    """Once it has ended. ``pas partie`` is an ask where it ended the request, and nowhere else: it was sent."""
    delivered = record.state in _DELIVERED
    if verb is Verb.RESTART or (verb is Verb.NOT_SENT and record.reason == "not_sent"):
        return HAPPENS
    if verb is Verb.UNLOCK and record.delivered_at is not None:
        return HAPPENS
    if verb is Verb.CANCEL and delivered:
        return "cancel_signed"
    return "not_sent_ended" if verb is Verb.NOT_SENT and not delivered else "ended"
