"""Step 6, send: the one call that people see and that costs money. Made once, with the marker's transaction.

Only the process that has just committed the ``send`` intent makes the call. An intent found otherwise is a
question to the platform, and "not sent" is no proof at once. Source: protocol step 6, R9, R9b, R13.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from connector.errors import AccessDenied, AnsweredNo, NotConnected, NotFound, OutcomeUnknown, RemoteError
from connector.lifecycle import Event, Record
from connector.ports import Progress, TransactionId, TransactionStatus
from connector.report.facts import EXPIRY_COMPUTED
from connector.steps import brakes, clocks, forgotten, waiting
from connector.steps.deadlines import lapse_by_rule
from connector.steps.follow import absorb
from connector.steps.mark import crowd, still_judged
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_LONGEST_STAND = timedelta(seconds=15)
"""Whoever has waited longer for the sends before it looks again whether everything is still as it was judged."""
_CALLED_AGAIN = "called_again"
"""In ``extra``: when ``send`` was called a second time, since the first was not answered."""


def send(parts: Parts, record: Record) -> Record:
    """MARKED → IN_PROGRESS, DRAFT, IN_DOUBT or HELD; or MARKED still, where nothing left. JournalError only."""
    intent = parts.journal.intent(record, "send")
    if intent is None:
        if brakes.quiet(parts, record) is not None or not waiting.let_through(parts, record):
            return record
        asked = ask_first(parts, record)
        if asked is not None:
            return asked
        record = parts.journal.get(record.id)
        try:
            folder = parts.folders[record.server]
            if not still_judged(folder, record, crowded=crowd(parts, record)):
                # Step 1 looks at the bytes of what changed, and decides.
                return parts.journal.touch(record, **waiting.backoff(parts, record))
        except RemoteError as error:
            return parts.journal.touch(record, **waiting.backoff(parts, record, error))
        parts.fresh_sends.add(record.id)
        record = _intend(parts, record)
    if record.extra.get("kind") == "draft":
        return _hand_over(parts, record)
    if record.id in parts.fresh_sends:
        return _launch(parts, record)
    return ask(parts, record, may_launch=True)


def _intend(parts: Parts, record: Record) -> Record:
    try:
        return parts.journal.intend(
            record, "send", {"transaction": record.transaction, "at": parts.now().isoformat()}
        )
    except BaseException:
        parts.fresh_sends.discard(record.id)
        raise


def is_question(parts: Parts, record: Record) -> bool:
    """True for a marked record whose ``send`` this process neither begins nor makes: the platform is to be asked.

    A draft is none: handing it over mails nobody and is simply repeated.
    """
    if record.id in parts.fresh_sends | parts.in_flight or record.extra.get("kind") == "draft":
        return False
    return parts.journal.intent(record, "send") is not None


def overturn(parts: Parts, record: Record) -> Record:
    """A person changed or took away what is marked and known not to have left: it is not sent as it was (R2)."""
    if not may_overturn(parts, record):
        return record
    asked = ask_first(parts, record)
    return asked if asked is not None else _overturned(parts, parts.journal.get(record.id))


def may_overturn(parts: Parts, record: Record) -> bool:
    """False while its ``send`` is open, or while the platform was asked whether it left and is to be let be."""
    if record.id in parts.fresh_sends | parts.in_flight or parts.journal.intent(record, "send") is not None:
        return False
    return record.id in parts.not_left or waiting.due(parts, record)


def _overturned(parts: Parts, record: Record) -> Record:
    parts.not_left.discard(record.id)
    return parts.journal.fact(record, Event.HELD, reason="marker_other_digest", values={}, next_at=None)


def not_begun(parts: Parts, record: Record) -> Record:
    """The service stops before the one call: this very process knows that it was never made.

    Its intent goes, so that the next start asks, waits and sends, where it would otherwise be in doubt for ever.
    """
    if record.id not in parts.fresh_sends:
        return record
    record = parts.journal.note(record, "send_not_begun", done=("send",))
    parts.fresh_sends.discard(record.id)
    return record


def platforms_word(
    parts: Parts, record: Record, *, unknown: Callable[[], Record]
) -> TransactionStatus | Record:
    """Return what the platform says of a transaction that is not known to have left; else the record, asked later.

    ``unknown``: what becomes of a record whose transaction the platform does not know.
    """
    asked = waiting.asking(parts, record.account)
    try:
        status = parts.services[record.account].status(TransactionId(str(record.transaction)))
    except NotFound:
        forgotten.heard(parts, record, asked)
        return unknown()
    except RemoteError as error:
        return parts.journal.note(
            record, "send_not_known", data={"error": str(error)}, **waiting.backoff(parts, record, error)
        )
    waiting.answered(parts, record.account, asked)
    return status


def ask_first(parts: Parts, record: Record) -> Record | None:
    """Return what the platform's answer makes of it; None when nothing was sent, for certain.

    Certain is what this very process saw. Otherwise this journal may be an earlier one, put back: what it calls
    unsent is asked about, and asked again after the quiet period, since a ``send`` may take effect late (R2, R9).
    """
    if record.id in parts.not_left or record.extra.get("kind") == "draft":
        return None
    status = platforms_word(parts, record, unknown=lambda: _doubtful(parts, record, "send_404"))
    if isinstance(status, Record):
        return status
    if status.progress is not Progress.NOT_SENT:
        return absorb(parts, record, status)
    first = moment(record.extra.get("unsent_since"))
    since = clocks.since_when(parts, first)
    if first is not None and parts.now() - since >= parts.timing.quiet_send:
        return None
    extra = {**record.extra, "unsent_since": since.isoformat()}
    return parts.journal.touch(record, extra=extra, next_at=since + parts.timing.quiet_send)


def _launch(parts: Parts, record: Record, *, again: bool = False) -> Record:
    # From here on this intent has its one call; until its outcome is a fact, nobody else asks about it.
    parts.in_flight.add(record.id)
    parts.fresh_sends.discard(record.id)
    try:
        return _call(parts, record, again=again)
    finally:
        parts.in_flight.discard(record.id)


def _call(parts: Parts, record: Record, *, again: bool) -> Record:
    began = parts.now()
    with parts.senders[record.account]:
        after = _call_alone(parts, record, looked_at=began, again=again)
    # The next one need not wait for this to be written: it was answered. Whoever dies in between finds its intent.
    return after if after is not None else _sent(parts, record)


def _call_alone(parts: Parts, record: Record, *, looked_at: datetime, again: bool) -> Record | None:
    """Make the one call; None when it went through, which is still to be written.

    ``again``: an earlier call was not answered; what becomes of this one says nothing of that one.
    """
    transaction = TransactionId(str(record.transaction))
    stood_too_long = parts.now() - looked_at > _LONGEST_STAND
    if parts.stop.is_set() or stood_too_long or not waiting.let_through(parts, record):
        # Stopping, or the one before was not answered, or refused for the whole account (R9b), or it stood so long
        # behind slow ones that people may have thought better of it meanwhile: the call is not begun; the intent is
        # withdrawn while we still know that nothing left.
        if again:
            return _as_open_as_before(parts, record)
        parts.not_left.add(record.id)
        return parts.journal.note(record, "send_not_begun", done=("send",))
    try:
        parts.services[record.account].send(transaction)
    except NotConnected as error:
        return _as_open_as_before(parts, record, error) if again else _not_left(parts, record, error)
    except AccessDenied as error:
        # No tokens to send with: the call was not made.
        waiting.hold_without_tokens(parts, record.account, error)
        return _as_open_as_before(parts, record, error) if again else _not_left(parts, record, error)
    except AnsweredNo as error:
        if error.cause.answers_send:
            return _answered_no_again(parts, record, error) if again else _answered_no(parts, record, error)
        return _doubt(parts, record, "send_unanswered")
    except (OutcomeUnknown, RemoteError) as error:
        log.warning("sending %s: %s", record.ref, error)
        return _doubt(parts, record, "send_unanswered")
    parts.sends_answered[record.account] = parts.now()
    _went_through(parts, record)
    return None


def _sent(parts: Parts, record: Record) -> Record:
    now = clocks.by_platform(parts, record.account)
    signatories = tuple(
        s.model_copy(update={"progress": "invited", "invited_at": now})
        if s.order == 1 or (record.request is not None and record.request.order.value == "parallel")
        else s
        for s in record.signatories
    )
    return parts.journal.fact(
        record,
        Event.SENT,
        done=("send",),
        data={"folder": record.folder},
        sent_at=now,
        # By the rule until the platform gives its own date, most often the same day (API page section 4).
        expires_at=lapse_by_rule(parts, record.account, now),
        extra={**record.extra, EXPIRY_COMPUTED: True},
        signatories=signatories,
        attempts=0,
        next_at=parts.now() + parts.timing.follow_first_hour,
        reason="",
    )


def _went_through(parts: Parts, record: Record) -> None:
    """What found out that the account's hold is over ends it."""
    parts.not_left.discard(record.id)
    if parts.probing.pop(record.account, None) == record.id:
        waiting.found_over(parts, record.account)


def moment(text: object) -> datetime | None:
    """Return a moment kept as text, None for nothing."""
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


def _hand_over(parts: Parts, record: Record) -> Record:
    """A draft mails nobody: the call may be repeated until it is answered."""
    transaction = TransactionId(str(record.transaction))
    try:
        parts.services[record.account].leave_as_draft(transaction)
    except AnsweredNo as error:
        return _answered_no(parts, record, error)
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account, error)
        return record
    except RemoteError as error:
        log.warning("handing %s over: %s", record.ref, error)
        return parts.journal.note(
            record, "not_drafted", data={"error": str(error)}, **waiting.backoff(parts, record, error)
        )
    parts.fresh_sends.discard(record.id)
    _went_through(parts, record)
    return parts.journal.fact(
        record, Event.DRAFTED, done=("send",), sent_at=parts.now(), attempts=0, next_at=None, reason=""
    )


def _not_left(parts: Parts, record: Record, error: RemoteError) -> Record:
    """Never connected = not sent: the one failure after which the same call may be made again freely (R9)."""
    parts.sends_answered.pop(record.account, None)
    parts.not_left.add(record.id)
    extra = {**record.extra, "away_since": record.extra.get("away_since") or parts.now().isoformat()}
    return parts.journal.fact(
        record,
        Event.SEND_REFUSED,
        done=("send",),
        data={"error": str(error)},
        extra=extra,
        **waiting.backoff(parts, record, error),
    )


def _as_open_as_before(parts: Parts, record: Record, error: RemoteError | None = None) -> Record:
    """The second call of R9 did not leave either: the first may yet take effect, so its intent stays, and is asked."""
    parts.sends_answered.pop(record.account, None)
    data = {"error": str(error)} if error is not None else {}
    return parts.journal.note(record, "not_sent_again", data=data, **waiting.backoff(parts, record, error))


def _answered_no_again(parts: Parts, record: Record, error: AnsweredNo) -> Record:
    """No to the second call proves nothing of the first: it is no reason to offer another transaction."""
    if not error.cause.account_wide:
        return _doubtful(parts, record, "send_unanswered")
    waiting.hold_account(parts, record.account, error)
    return _as_open_as_before(parts, record, error)


def _answered_no(parts: Parts, record: Record, error: AnsweredNo) -> Record:
    """R9b: this answer proves that nothing was sent; the same journal may send the same T once the cause is over."""
    if error.cause.account_wide:
        parts.sends_answered.pop(record.account, None)
        parts.not_left.add(record.id)
        waiting.hold_account(parts, record.account, error)
        return parts.journal.fact(
            record, Event.SEND_REFUSED, done=("send",), data={"cause": error.cause.value}
        )
    return parts.journal.fact(
        record,
        Event.HELD,
        done=("send",),
        data={"cause": error.cause.value},
        reason="platform_said_no",
        values={"text": error.text},
    )


def _doubt(parts: Parts, record: Record, reason: str) -> Record:
    """Unanswered: nothing more of this account leaves until the platform answers, and this one is asked about."""
    parts.sends_answered.pop(record.account, None)
    waiting.hold_unanswered(parts, record.account)
    log.warning("whether %s was sent is not known; the platform is asked", record.ref)
    return parts.journal.note(
        record,
        "send_unanswered",
        reason=reason,
        sent_at=record.sent_at or parts.now(),
        values={"at": parts.now().isoformat()},
        next_at=None,
    )


def ask(parts: Parts, record: Record, *, may_launch: bool = False) -> Record:
    """An open ``send`` intent that is not fresh is a question (protocol step 6, "restart")."""
    intent = parts.journal.intent(record, "send")
    assert intent is not None
    service = parts.services[record.account]
    asked = waiting.asking(parts, record.account)
    try:
        status = service.status(TransactionId(str(record.transaction)))
    except NotFound:
        forgotten.heard(parts, record, asked)
        return _doubtful(parts, record, "send_404")
    except RemoteError as error:
        if parts.now() - intent.at > parts.timing.doubt and clocks.confirmed(parts):
            return _doubtful(parts, record, "away_too_long")
        return parts.journal.note(
            record, "send_not_known", data={"error": str(error)}, **waiting.backoff(parts, record, error)
        )
    waiting.answered(parts, record.account, asked)
    if status.progress is not Progress.NOT_SENT:
        record = parts.journal.note(record, "send_found", done=("send",), reason="")
        return absorb(parts, record, status)
    terms = parts.accounts[record.account].terms
    last = moment(record.extra.get(_CALLED_AGAIN)) or intent.at
    if last > parts.now():  # by a clock that was ahead: as long as it is not known when, it was now
        last = parts.now()
        extra = {**record.extra, _CALLED_AGAIN: last.isoformat()}
        record = parts.journal.touch(record, extra=extra)
    quiet = parts.now() - last > parts.timing.quiet_send
    same_journal = not record.adopted
    morning = brakes.quiet(parts, record)
    if terms.second_send_refused and same_journal and quiet and morning is not None:
        # It would be asked about at every pass of a whole night.
        return parts.journal.touch(record, next_at=min(morning, parts.now() + parts.timing.follow_later))
    if terms.second_send_refused and same_journal and quiet and may_launch:
        parts.fresh_sends.add(record.id)
        extra = {**record.extra, _CALLED_AGAIN: parts.now().isoformat()}
        return _launch(parts, parts.journal.note(record, "send_again", extra=extra), again=True)
    if terms.second_send_refused and same_journal:
        return parts.journal.touch(record, next_at=last + parts.timing.quiet_send)
    return _doubtful(parts, record, "send_unanswered")


def _doubtful(parts: Parts, record: Record, reason: str) -> Record:
    return parts.journal.fact(
        record,
        Event.DOUBTED,
        done=("send",),
        reason=reason,
        sent_at=record.sent_at or parts.now(),
        values={"at": (record.sent_at or parts.now()).isoformat()},
        next_at=None,
        attempts=0,
    )
