"""Step 7, follow: the platform's words → events, per signatory. Asks only; may be repeated at will.

An unknown word is never an end. 404 means "erased" only for a transaction that answered before (R11), and once it has
been said for a while (``forgotten``). A request once seen started stays in progress while the platform is away (R13).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connector.errors import AccessDenied, AnsweredNo, AskedToWait, InvalidResponse, NotFound, RemoteError
from connector.identity import by_administrator, canonical_email
from connector.lifecycle import TRANSITIONS, Event, Record, SignatoryFacts, State
from connector.ports import Progress, SignatoryProgress, SignatoryStatus, TransactionId, TransactionStatus
from connector.sidecar.model import Verb
from connector.steps import clocks, forgotten, storage, waiting
from connector.steps.dates import FROM_DOCUMENT
from connector.steps.deadlines import erased, lapse, lapse_by_rule, last_signature
from connector.steps.fetch import go_on_without, lies_in_the_spool
from connector.steps.found_signed import Found, keep, look, unseen
from connector.steps.meanwhile import as_it_is_now
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

ORDERED = "ordered"
"""Reason of an end that a person asked for in the folder."""
ORDERED_BY_ADMINISTRATOR = "ordered_by_administrator"
"""The same, asked for on the command line."""
GIVE_UP = "give_up"
"""Step of « pas partie »: the doubtful transaction is cancelled, and a new ask begins."""
NOT_SENT = "not_sent"
"""Reason of the end that it makes: whose wording is the new ask."""
GIVEN_UP_BY_ADMINISTRATOR = "given_up_by_administrator"
"""The same, said on the command line: no line of the request is a new ask."""

_EVENTS = {
    Progress.SIGNED: Event.SIGNED,
    Progress.REFUSED: Event.REFUSED,
    Progress.EXPIRED: Event.EXPIRED,
    Progress.CANCELLED: Event.CANCELLED,
    Progress.FAILED: Event.CANCELLED,
}


def follow(parts: Parts, record: Record) -> Record:
    """Ask where a transaction stands and keep the answer. Raises JournalError, SpoolError."""
    asked = waiting.asking(parts, record.account)
    try:
        status = parts.services[record.account].status(TransactionId(str(record.transaction)))
    except NotFound as error:
        forgotten.heard(parts, record, asked)
        return _not_found(parts, record, error)
    except (AnsweredNo, AccessDenied) as error:
        if isinstance(error, AnsweredNo) and error.cause.account_wide:
            waiting.hold_account(parts, record.account, error)
        return _away(parts, record, error)
    except AskedToWait as error:
        # Enough was asked in this minute, or the platform wants to be let be: this one keeps its place.
        waiting.let_be(parts, record.account, error)
        return record
    except RemoteError as error:
        if isinstance(error, InvalidResponse):
            log.warning("following %s: %s", record.ref, error)
        return _away(parts, record, error)
    waiting.answered(parts, record.account, asked)
    return absorb(parts, as_it_is_now(parts, record), status)


def absorb(parts: Parts, record: Record, status: TransactionStatus) -> Record:
    """Turn one answer into an event, or into no more than the time it came at."""
    now = clocks.by_platform(parts, record.account)
    expires_at, extra = lapse(parts, record, status)
    extra = forgotten.cleared(extra)
    changes: dict[str, Any] = {
        "word": status.word,
        "answered_at": now,
        "seen_answering": True,
        "expires_at": expires_at,
        "signatories": _signatories(record, status, now),
        "attempts": 0,
        "next_at": parts.now() + _interval(parts, record),
    }
    if status.progress is Progress.UNKNOWN and status.word != record.word:
        log.error("%s: the platform says %r, a word nobody has mapped", record.ref, status.word)
    unknown = status.word if status.progress is Progress.UNKNOWN else ""
    if unknown != record.extra.get("unknown_word", ""):
        extra = {**extra, "unknown_word": unknown}
    if extra != record.extra:
        changes["extra"] = extra
    if status.progress is Progress.NOT_SENT:
        if record.state is State.IN_DOUBT and record.extra.get("kind") == "draft":
            return parts.journal.fact(record, Event.DRAFTED, **{**changes, "reason": ""})
        return parts.journal.touch(record, **changes)
    if status.progress in {Progress.IN_PROGRESS, Progress.UNKNOWN}:
        return _in_progress(parts, record, status, changes)
    event = _EVENTS[status.progress]
    if status.progress is Progress.FAILED:
        changes["reason"] = "platform_failed"
    elif event is Event.CANCELLED and (intent := parts.journal.intent(record, "cancel")) is not None:
        changes |= _ended_by(record, str(intent.data["wording"]))
    elif event is Event.CANCELLED and (intent := parts.journal.intent(record, GIVE_UP)) is not None:
        changes |= given_up_by(record, str(intent.data["wording"]))
    elif record.state is State.IN_DOUBT:
        changes["reason"] = ""
    if event is not Event.SIGNED:
        changes["ended_at"] = _ended_at(event, expires_at, changes["signatories"], now)
    else:
        changes["signed_at"] = last_signature(changes["signatories"]) or now
    changes["next_at"] = None
    if changes.get("reason") not in {NOT_SENT, GIVEN_UP_BY_ADMINISTRATOR}:
        changes["sent_at"] = record.sent_at or status.created_at or now
    done = ("send", "cancel", "remind", GIVE_UP)
    return parts.journal.fact(record, event, done=done, data={"word": status.word}, **changes)


def cancelled(parts: Parts, record: Record, wording: str) -> Record:
    """End a request by an order, once nobody can sign any more."""
    parts.not_left.discard(record.id)
    return parts.journal.fact(
        record,
        Event.CANCELLED,
        data={"verb": Verb.CANCEL.value},
        done=("mark", "send", "cancel", "remind"),
        values={},
        **_ended_by(record, wording),
        ended_at=parts.now(),
        next_at=None,
    )


def _ended_by(record: Record, wording: str) -> dict[str, Any]:
    """Return the changes of a record that ends by this order: whose it was is its reason."""
    reason = ORDERED_BY_ADMINISTRATOR if by_administrator(wording) else ORDERED
    return {"reason": reason, "obeyed": (*record.obeyed, wording)}


def given_up_by(record: Record, wording: str) -> dict[str, Any]:
    """The same of one that was not sent. In a request the wording is left unobeyed: it *is* the new ask."""
    if by_administrator(wording):
        return {"reason": GIVEN_UP_BY_ADMINISTRATOR, "obeyed": (*record.obeyed, wording)}
    return {"reason": NOT_SENT}


def _in_progress(parts: Parts, record: Record, status: TransactionStatus, changes: dict[str, Any]) -> Record:
    unknown_in_doubt = status.progress is Progress.UNKNOWN and record.state is State.IN_DOUBT
    if unknown_in_doubt or record.state in {State.SEALING, State.QUARANTINED}:
        return parts.journal.touch(record, **changes)
    first = record.state is not State.IN_PROGRESS
    changes["reason"] = ""
    changes["sent_at"] = record.sent_at or status.created_at or parts.now()
    if not first and changes["signatories"] == record.signatories and status.word == record.word:
        return parts.journal.touch(record, **changes)
    event = Event.STARTED if first else Event.PROGRESSED
    return parts.journal.fact(record, event, done=("send", GIVE_UP), data={"word": status.word}, **changes)


def _not_found(parts: Parts, record: Record, error: NotFound) -> Record:
    if Event.SIGNED in TRANSITIONS[record.state] and record.adopted and lies_in_the_spool(parts, record):
        # Erased there, and fetched before the journal was lost.
        return _signed_before(parts, record)
    suspicion = forgotten.suspected(parts, record)
    if record.seen_answering or record.adopted:
        if not forgotten.believed(parts, record):
            return _away(parts, record, error, extra=suspicion)
        cancel = parts.journal.intent(record, "cancel")
        if cancel is not None and Event.CANCELLED in TRANSITIONS[record.state]:
            # What is cancelled may be forgotten (API page, last paragraph): the call had its effect, unanswered.
            return cancelled(parts, record, str(cancel.data["wording"]))
        # An adopted one was answered for in an earlier life of the journal (protocol step 7).
        reason = "erased_before_fetch" if record.signed_at else "erased_unknown"
        return _erased(parts, record, reason, values={"erased": erased(parts, record).isoformat()})
    log.error("%s was never answered for, and is not found: %s", record.ref, error)
    return _away(parts, record, error, extra=suspicion)  # for whoever says that it never left


def _away(parts: Parts, record: Record, error: RemoteError, **changes: Any) -> Record:
    retention = timedelta(days=parts.accounts[record.account].terms.retention_days)
    expires = record.expires_at or lapse_by_rule(parts, record.account, record.sent_at or record.created_at)
    over = parts.now() > expires + retention and clocks.confirmed(parts)
    if over and record.state is not State.DRAFT and not clocks.too_far(parts, record.account):
        # Nothing is left there to be told of (protocol R13).
        return _erased(parts, record, "erased_unknown")
    return _not_answered(parts, record, error, **changes)


def _not_answered(parts: Parts, record: Record, error: RemoteError, **changes: Any) -> Record:
    return parts.journal.note(
        record, "not_answered", data={"error": str(error)}, **waiting.backoff(parts, record, error), **changes
    )


def _erased(parts: Parts, record: Record, reason: str, **changes: Any) -> Record:
    """End what the platform knows no more; what lies signed in its folder goes on as if it had come from there."""
    if storage.is_full(parts):
        return parts.journal.note(record, "not_looked_for", **waiting.backoff(parts, record))
    found: Sequence[Found] = ()
    if Event.SIGNED in TRANSITIONS[record.state]:
        try:
            found = look(parts, record)
        except RemoteError as error:
            waits = unseen(parts, record)
            if waits is not None:
                return _not_answered(parts, record, error, extra=waits)
    if any(one.document.role == "document" for one in found):
        keep(parts, record, found)  # before anything says that it is here
        return go_on_without(parts, _signed_before(parts, record, found), found)
    return parts.journal.fact(record, Event.ERASED, reason=reason, ended_at=parts.now(), **changes)


def _signed_before(parts: Parts, record: Record, found: Sequence[Found] = ()) -> Record:
    """All had signed: what came of it is here, whatever the platform says now."""
    dates = [signature.signed_at for one in found for signature in one.good.dating]
    last = max((date for date in dates if date is not None), default=None)
    signed_at = record.signed_at or last or record.sent_at or parts.now()
    return parts.journal.fact(
        record, Event.SIGNED, done=("send",), reason="", signed_at=signed_at, next_at=None
    )


def _interval(parts: Parts, record: Record) -> timedelta:
    timing = parts.timing
    age = parts.now() - (record.sent_at or record.created_at)
    if age < timedelta(hours=1) or record.state is State.SEALING:
        return timing.follow_first_hour
    return timing.follow_first_day if age < timedelta(days=1) else timing.follow_later


def _signatories(record: Record, status: TransactionStatus, now: datetime) -> tuple[SignatoryFacts, ...]:
    """Bring what the platform tells of each signatory together with what we know of them.

    By rank, as long as the address is the same, else by address: on its site people may be put in another order, or an
    address corrected, and what is known of one is never another's.
    """
    if not status.signatories:
        return record.signatories
    known = {facts.order: facts for facts in record.signatories}
    told = sorted(status.signatories, key=lambda one: one.order)
    return tuple(_signatory(_known_of(one, known, told), one, now) for one in told)


def _known_of(
    told: SignatoryStatus, known: Mapping[int, SignatoryFacts], all_told: Sequence[SignatoryStatus]
) -> SignatoryFacts | None:
    there = known.get(told.order)
    if not told.email or (there is not None and (not there.email or _same(told.email, there.email))):
        return there
    for facts in known.values():
        if facts.email and _same(facts.email, told.email):
            return facts
    if there is None or any(one.email and _same(one.email, there.email) for one in all_told):
        return None  # whoever was at that rank has another one now
    return there.model_copy(update={"email": told.email, "phone": ""})


def _same(one: str, other: str) -> bool:
    return canonical_email(one) == canonical_email(other)


def _signatory(known: SignatoryFacts | None, told: SignatoryStatus, now: datetime) -> SignatoryFacts:
    facts = known or SignatoryFacts(order=told.order, email=told.email, name=told.name)
    changes: dict[str, Any] = {
        "order": told.order,
        "email": facts.email or told.email,
        "name": facts.name or told.name,
        "word": told.word,
        "progress": told.progress.value,
    }
    if told.progress is SignatoryProgress.INVITED and facts.invited_at is None:
        changes["invited_at"] = told.at or now
    if told.progress is SignatoryProgress.SIGNED and facts.signed_from not in FROM_DOCUMENT:
        changes["signed_at"] = told.at or facts.signed_at or now
        changes["signed_from"] = "platform" if told.at else (facts.signed_from or "noticed")
    if told.progress is SignatoryProgress.REFUSED:
        changes["refused_at"] = told.at or facts.refused_at or now
        changes["reason"] = told.reason
    if told.progress is SignatoryProgress.UNKNOWN:
        changes["progress"] = facts.progress
    return facts.model_copy(update=changes)


def _ended_at(
    event: Event, expires_at: datetime | None, signatories: tuple[SignatoryFacts, ...], now: datetime
) -> datetime:
    """When it came to its end: by the refusal, by the date it lapsed on; else when it was noticed.

    A signature given before a cancellation is not its date.
    """
    if event is Event.EXPIRED and expires_at is not None:
        return min(expires_at, now)
    refusals = [each.refused_at for each in signatories if each.refused_at is not None]
    return max(refusals, default=now) if event is Event.REFUSED else now
