"""« annuler »: end a request that has left, or is about to, and say so only once nobody can sign any more.

Question, intent, effect, question, fact: ``cancel`` is ASSUMED (API page section 3), so what the platform tells of
the transaction counts, before and after. An end that it tells while the intent is open is by order, whoever sees it
first (``follow.absorb``).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    Cause,
    InvalidResponse,
    NotConnected,
    NotFound,
    RemoteError,
)
from connector.lifecycle import Record, State
from connector.ports import TransactionId
from connector.sidecar.model import Verb
from connector.steps import assumed, forgotten, waiting
from connector.steps.follow import ORDERED, ORDERED_BY_ADMINISTRATOR, absorb, cancelled, follow
from connector.steps.parts import Parts
from connector.steps.replies import reply
from connector.steps.send import ask_first, may_overturn

log = logging.getLogger(__name__)

_CAN_BE = frozenset({State.IN_PROGRESS, State.DRAFT, State.IN_DOUBT})
_HOLDING = frozenset({Cause.TOKENS, Cause.MAINTENANCE, Cause.RATE_LIMIT})
_MOST_TRIES = 6
"""After so many calls or questions without any effect the site is named instead."""


class _Said(Enum):
    YES = "accepted"
    NO = "refused, in words"
    ABSENT = "no such operation"
    UNCLEAR = "no clear answer"
    HELD = "the account as a whole is to wait"


@dataclass(frozen=True)
class _Answer:
    said: _Said
    error: RemoteError | None = None


def cancel(parts: Parts, record: Record, wording: str) -> Record:
    """Obey « annuler » on an open request; not obeyed yet when a remote obstacle puts it off. JournalError only."""
    if record.state is State.MARKED:
        return _marked(parts, record, wording)
    if record.state not in _CAN_BE:
        return _answered(parts, record, wording, "cancel_too_late")
    if parts.stop.is_set() or not waiting.may_ask(parts, record.account):
        return record
    # All may have signed by now, or an earlier call of ours may have had its effect: the platform is asked first.
    asked = follow(parts, record)
    if asked.state not in _CAN_BE:
        return _ended(parts, asked, wording)
    if asked.answered_at == record.answered_at:
        return _not_answered(parts, asked, wording)
    return _tried(parts, asked, wording)


def _tried(parts: Parts, record: Record, wording: str) -> Record:
    before = parts.journal.intent(record, "cancel")
    tries = int(before.data["tries"]) + 1 if before is not None else 1
    record = parts.journal.intend(record, "cancel", {"wording": wording, "tries": tries})
    answer = _call(parts, record)
    if answer is None:
        # This one certainly did not leave; an earlier one may have.
        done = () if before is not None else ("cancel",)
        return parts.journal.note(record, "cancel_not_begun", done=done)
    if answer.said is _Said.HELD:
        return parts.journal.note(record, "cancel_not_known", data={"said": answer.said.value})
    try:
        told = parts.services[record.account].status(TransactionId(str(record.transaction)))
    except NotFound:
        if answer.said is _Said.YES:
            # It answered a moment ago: what is cancelled may be forgotten at once (API page, last paragraph).
            return cancelled(parts, record, wording)
        # A gateway may have said so, and have let the call go nowhere: people may still sign (``follow`` finds out).
        said, extra = {"said": answer.said.value}, forgotten.suspected(parts, record)
        return parts.journal.note(record, "cancel_not_known", data=said, extra=extra)
    except RemoteError as error:
        return parts.journal.note(record, "cancel_not_known", data={"error": str(error)})
    record = absorb(parts, record, told)
    if record.state not in _CAN_BE:
        return _ended(parts, record, wording)
    return _without_effect(parts, record, wording, answer, tries)


def _call(parts: Parts, record: Record) -> _Answer | None:
    """Make the call; None when nothing left, or when it is the whole account that waits."""
    try:
        parts.services[record.account].cancel(TransactionId(str(record.transaction)))
    except NotConnected as error:
        log.info("cancelling %s: %s", record.ref, error)
        return None
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account, error)
        return None
    except AnsweredNo as error:
        if error.cause in _HOLDING:
            waiting.hold_account(parts, record.account, error)
            # A page of maintenance may be a proxy's, and the call behind it have had its effect (as R9b for ``send``).
            return None if error.cause.answers_send else _Answer(_Said.HELD, error)
        return _Answer(_Said.NO, error)
    except (NotFound, InvalidResponse) as error:
        return _Answer(_Said.ABSENT, error)
    except RemoteError as error:
        log.warning("cancelling %s: %s; the platform is asked", record.ref, error)
        return _Answer(_Said.UNCLEAR, error)
    return _Answer(_Said.YES)


def _ended(parts: Parts, record: Record, wording: str) -> Record:
    """It has ended; or all have signed meanwhile: then it goes on as signed, and that is said."""
    if not record.state.ended:
        return _answered(parts, record, wording, "cancel_too_late")
    if record.reason in {ORDERED, ORDERED_BY_ADMINISTRATOR}:
        assumed.found_there(parts, record.account, assumed.CANCEL)
    return record


def _without_effect(parts: Parts, record: Record, wording: str, answer: _Answer, tries: int) -> Record:
    """People can still sign. What was accepted or not answered is tried again; the rest is answered."""
    if answer.said is _Said.ABSENT and answer.error is not None:
        assumed.found_absent(parts, record.account, assumed.CANCEL, answer.error)
        return _answered(parts, record, wording, "cancel_unavailable")
    if answer.said is _Said.NO and isinstance(answer.error, AnsweredNo):
        log.warning("cancelling %s was refused: %s", record.ref, answer.error)
        return _answered(parts, record, wording, "cancel_refused", text=answer.error.text)
    if tries >= _MOST_TRIES:
        log.error("%s was cancelled %d times without effect", record.ref, tries)
        return _answered(parts, record, wording, "cancel_unavailable")
    return record


def _not_answered(parts: Parts, record: Record, wording: str) -> Record:
    """Away: later. Of one that was never answered for, nothing will be told, however often it is asked (R11)."""
    tries = int(record.extra.get("order_try", {}).get("tries", 0))
    if record.seen_answering or record.adopted or tries < _MOST_TRIES:
        return record
    return _answered(parts, record, wording, "cancel_unavailable")


def _answered(parts: Parts, record: Record, wording: str, code: str, **told: str) -> Record:
    return parts.journal.note(
        record,
        "order_answered",
        data={"code": code, "verb": Verb.CANCEL.value},
        done=("cancel",),
        extra={**record.extra, **reply(wording, code, **told)},
        obeyed=(*record.obeyed, wording),
    )


def _marked(parts: Parts, record: Record, wording: str) -> Record:
    """Marked, and known not to have left: it never leaves. While that is a question, the order waits for the answer."""
    if not may_overturn(parts, record):
        return record
    asked = ask_first(parts, record)
    if asked is not None:
        return asked
    record = parts.journal.intend(parts.journal.get(record.id), "cancel", {"wording": wording, "tries": 1})
    try:
        parts.services[record.account].cancel(TransactionId(str(record.transaction)))
    except RemoteError as error:
        # An unsent draft that stays there mails nobody.
        log.info("the draft of %s could not be cancelled: %s", record.ref, error)
    return cancelled(parts, record, wording)
