"""Reminders: the invitation again to whoever's turn it is, on an order or by the rhythm asked for.

A mail leaves each time, so a call is made at most once: intent, effect, fact; one that was not answered, or that a
crash cut short, counts as made and is said. ``remind`` is ASSUMED (API page section 3), at most one an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.calendar import quiet_until
from connector.courtesy import LONGEST_S
from connector.errors import (
    AccessDenied,
    AnsweredNo,
    Cause,
    InvalidResponse,
    NotConnected,
    NotFound,
    RemoteError,
    StaleRecordError,
)
from connector.identity import by_administrator
from connector.journal import Hold
from connector.lifecycle import Record, SignatoryFacts, State
from connector.ports import SignatoryProgress, TransactionId
from connector.sidecar.model import Order, Reminders, Verb
from connector.steps import assumed, clocks, pauses, waiting
from connector.steps.parts import Parts
from connector.steps.replies import reply

log = logging.getLogger(__name__)

TOO_EARLY = "too_early"
REFUSED = "refused"
UNAVAILABLE = "unavailable"
UNCONFIRMED = "unconfirmed"
DONE = "done"
"""``extra["reminder"]["code"]``: what became of the last try; ``report.following`` has a sentence for each."""

_MOST_REFUSALS = 3
"""So often in a row the platform may refuse before the next one by itself waits for its regular day."""
_HOLDING = frozenset({Cause.TOKENS, Cause.MAINTENANCE})


# ------------------------------------------------------------------------------------------- by order


def possible_from(parts: Parts, record: Record) -> datetime:
    """Return when a reminder may leave: an hour after the last mail to whoever's turn it is (``remind_every_s``)."""
    return possible_after(record, _spacing(parts, record))


def possible_after(record: Record, spacing: timedelta) -> datetime:
    """Return the moment so long after that mail."""
    invited = [each.invited_at for each in in_turn(record) if each.invited_at is not None]
    reminded = [at for each in record.signatories for at in each.reminded_at]
    last = max([*invited, *reminded], default=record.sent_at or record.created_at)
    return last + spacing


def refuse(parts: Parts, record: Record, wording: str, code: str, **told: Any) -> Record:
    """Keep why an order to remind is not followed; it counts as answered, and the status says what is possible."""
    if by_administrator(wording):
        kept = reply(wording, code, **told)
    else:
        kept = {"reminder": {"code": code, "wording": wording, "at": parts.now().isoformat(), **told}}
    return parts.journal.note(
        record,
        "order_answered",
        data={"code": code, "verb": Verb.REMIND.value},
        extra={**record.extra, **kept},
        obeyed=(*record.obeyed, wording),
    )


def too_early(parts: Parts, record: Record, wording: str) -> Record:
    """The last mail left less than an hour ago."""
    return refuse(parts, record, wording, TOO_EARLY, **_until(parts, record, possible_from(parts, record)))


def _until(parts: Parts, record: Record, moment: datetime) -> dict[str, Any]:
    # An hour at which nobody is reminded is no hour to come back at. Said until somebody has signed: then it is
    # another person's turn, and another hour.
    return {"from": (_let_be(parts, record, moment) or moment).isoformat(), "signed": _signed(record)}


def _signed(record: Record) -> int:
    return sum(each.progress == SignatoryProgress.SIGNED for each in record.signatories)


def quiet(parts: Parts, record: Record) -> datetime | None:
    """Return until when nobody is reminded, by the folder's hours: an invitation at night wakes whoever gets it."""
    return _let_be(parts, record, parts.now())


def _let_be(parts: Parts, record: Record, moment: datetime) -> datetime | None:
    settings = parts.watched.get(record.folder)
    return None if settings is None else quiet_until(moment, settings.quiet)


# --------------------------------------------------------------------------------------- by themselves


def remind_if_due(parts: Parts, record: Record, before: Record) -> Record:
    """Remind by the rhythm asked for, right after the platform has told whose turn it is. Raises JournalError only.

    ``before``: the record as it was before the platform was asked; without an answer nobody is reminded.
    """
    if record.state is not State.IN_PROGRESS or record.answered_at == before.answered_at:
        return record
    if clocks.too_far(parts, record.account):
        return record  # by this machine's clock nobody can tell whose time has come
    record = settled(parts, record)
    if record.extra.get("unknown_word") or not _due(parts, record):
        return record
    hold = parts.journal.held(record.account)
    if (hold is not None and _stops(hold)) or pauses.by_hand(parts, record.folder) is not None:
        return record
    # One after the other: the first one finds out for its account whether the platform knows this call at all.
    with parts.probed[record.account]:
        if assumed.absent(parts, record.account, assumed.REMIND):
            return _not_possible(parts, record)
        return remind(parts, record)


def _stops(hold: Hold) -> bool:
    """What the administrator stopped mails nobody by itself."""
    return hold.cause == waiting.MANUAL


def rhythm(parts: Parts, record: Record) -> Reminders | None:
    """Return what holds for a request: its own words, key by key, else the folder's; None: nobody is reminded.

    Without ``first`` the first one waits as long as every other; without ``every`` there is one only.
    """
    own = record.request.reminders if record.request is not None else None
    settings = parts.watched.get(record.folder)
    ours = settings.reminders if settings is not None else None
    both = [each for each in (own, ours) if each is not None]
    first, every, most = (
        next((value for each in both if (value := getattr(each, key)) is not None), None)
        for key in ("first", "every", "maximum")
    )
    if first is None and every is None:
        return None
    return Reminders(first=first or every, every=every, maximum=most)


def due_at(wanted: Reminders, people: tuple[SignatoryFacts, ...]) -> datetime | None:
    """Return when all of ``people``, whose turn it is, may be reminded by themselves; None: not (any more).

    The platform reminds them together: nobody gets one more than ``maximum``, or one before their time. Reminders
    by order count.
    """
    moments = [_due_at(wanted, each) for each in people]
    return max((m for m in moments if m is not None), default=None) if None not in moments else None


def _due_at(wanted: Reminders, one: SignatoryFacts) -> datetime | None:
    count = len(one.reminded_at)
    days = wanted.every if count else wanted.first
    since = max(one.reminded_at) if count else one.invited_at
    if days is None or since is None or (wanted.maximum is not None and count >= wanted.maximum):
        return None
    return since + timedelta(days=days)


def _due(parts: Parts, record: Record) -> bool:
    wanted = rhythm(parts, record)
    due = due_at(wanted, in_turn(record)) if wanted is not None else None
    if due is None:
        return False
    if quiet(parts, record) is not None:
        return False
    now, last = parts.now(), _last(record)
    put_off, tried = _moment(last.get("not_before")), _moment(last.get("at"))
    if tried is not None and tried > now + clocks.A_STEP:
        put_off = None  # a clock that was ahead wrote both
    if now < max(due, possible_from(parts, record)) or (put_off is not None and now < put_off):
        return False
    # Whoever is asked an hour before the end cannot do much about it any more.
    return record.expires_at is None or now + _spacing(parts, record) < record.expires_at


def _not_possible(parts: Parts, record: Record) -> Record:
    """Said once in the status; the log was told when it was found out."""
    if _last(record).get("code") == UNAVAILABLE:
        return record
    reminder = {"code": UNAVAILABLE, "wording": "", "at": parts.now().isoformat()}
    return parts.journal.note(record, "not_reminded", extra={**record.extra, "reminder": reminder})


# ------------------------------------------------------------------------------------------ the one call


def in_turn(record: Record) -> tuple[SignatoryFacts, ...]:
    """Return whose turn it is: the first who has not signed, or all of them where the order is parallel."""
    waits = [each for each in record.signatories if each.progress != SignatoryProgress.SIGNED]
    parallel = record.request is not None and record.request.order is Order.PARALLEL
    return tuple(waits if parallel else waits[:1])


def settled(parts: Parts, record: Record) -> Record:
    """Count what an earlier life of this process began and never saw answered: it is not made again."""
    if record.id in parts.reminding:
        return record
    intent = parts.journal.intent(record, "remind")
    if intent is None:
        return record
    log.warning("whether people were reminded of %s is not known; it counts as done", record.ref)
    return _counted(parts, record, UNCONFIRMED, str(intent.data["wording"]), intent.at)


def remind(parts: Parts, record: Record, *, wording: str = "") -> Record:
    """Make the call, once, and keep what came of it; unchanged but for its event when nothing left.

    ``wording``: of the order that is obeyed by it, empty for a reminder by itself. Raises JournalError only.
    """
    if record.id in parts.reminding or parts.stop.is_set():
        return record
    parts.reminding.add(record.id)
    try:
        record = parts.journal.intend(record, "remind", {"wording": wording})
        return _call(parts, record, wording)
    finally:
        parts.reminding.discard(record.id)


def _call(parts: Parts, record: Record, wording: str) -> Record:
    at = clocks.by_platform(parts, record.account)
    try:
        parts.services[record.account].remind(TransactionId(str(record.transaction)))
    except NotConnected as error:
        return _not_left(parts, record, error)
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account, error)
        return _not_left(parts, record, error)
    except AnsweredNo as error:
        if error.cause in _HOLDING:
            waiting.hold_account(parts, record.account, error)
            if error.cause.answers_send:
                return _not_left(parts, record, error)
            # A page of maintenance may be a proxy's, and a mail have left behind it.
            return _counted(parts, record, UNCONFIRMED, wording, at)
        return _refused(parts, record, wording, error)
    except (NotFound, InvalidResponse) as error:
        # The platform has just answered for this transaction: it is the operation that it does not know.
        assumed.found_absent(parts, record.account, assumed.REMIND, error)
        return _told(parts, record, wording, {"code": UNAVAILABLE})
    except RemoteError as error:
        log.warning("reminding for %s: %s; it counts as done", record.ref, error)
        return _counted(parts, record, UNCONFIRMED, wording, at)
    assumed.found_there(parts, record.account, assumed.REMIND)
    return _counted(parts, record, DONE, wording, at)


def _not_left(parts: Parts, record: Record, error: RemoteError) -> Record:
    return _kept(parts, record, "not_reminded", {"error": str(error)}, lambda _now: {})


def _refused(parts: Parts, record: Record, wording: str, error: AnsweredNo) -> Record:
    """The platform says no: most often somebody reminded on its site within the hour."""
    seconds = (
        min(error.retry_after_s or 0.0, LONGEST_S) or parts.accounts[record.account].terms.remind_every_s
    )
    moment = parts.now() + timedelta(seconds=seconds)
    tries = int(_last(record).get("tries", 0)) + 1
    if tries >= _MOST_REFUSALS:
        wanted = rhythm(parts, record)
        moment = parts.now() + timedelta(days=(wanted.every if wanted else None) or 1)
        tries = 0
    told = {"code": REFUSED, "text": error.text, "tries": tries, "not_before": moment.isoformat()}
    log.warning("reminding for %s was refused: %s", record.ref, error)
    return _told(parts, record, wording, {**told, **_until(parts, record, moment)})


def _told(parts: Parts, record: Record, wording: str, told: Mapping[str, Any]) -> Record:
    kept = _became({"wording": wording, "at": parts.now().isoformat(), **told})

    def changes(now: Record) -> dict[str, Any]:
        return {"extra": {**now.extra, **kept}, "obeyed": _obeyed(now, wording)}

    return _kept(parts, record, "not_reminded", {"code": told["code"]}, changes)


def _counted(parts: Parts, record: Record, code: str, wording: str, at: datetime) -> Record:
    kept = _became({"code": code, "wording": wording, "at": at.isoformat(), "signed": _signed(record)})

    def changes(now: Record) -> dict[str, Any]:
        people = {each.order for each in in_turn(now)}
        return {
            "extra": {**now.extra, **kept},
            "obeyed": _obeyed(now, wording),
            "signatories": tuple(
                each.model_copy(update={"reminded_at": (*each.reminded_at, at)})
                if each.order in people
                else each
                for each in now.signatories
            ),
        }

    return _kept(parts, record, "reminded", {"code": code, "by_order": bool(wording)}, changes)


def _became(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a try. In the status one by the administrator's order reads as one by itself."""
    wording, code = str(told["wording"]), str(told["code"])
    if not by_administrator(wording):
        return {"reminder": dict(told)}
    more = {name: value for name, value in told.items() if name not in {"wording", "code"}}
    return {"reminder": {**told, "wording": ""}, **reply(wording, code, **more)}


def _kept(parts: Parts, record: Record, name: str, data: Mapping[str, Any], changes: Any) -> Record:
    """Write the fact; the other job may have changed the record while the call was under way."""
    try:
        return parts.journal.note(record, name, data=data, done=("remind",), **changes(record))
    except StaleRecordError:
        record = parts.journal.get(record.id)
        return parts.journal.note(record, name, data=data, done=("remind",), **changes(record))


def _obeyed(record: Record, wording: str) -> tuple[str, ...]:
    return (*record.obeyed, wording) if wording else record.obeyed


def _last(record: Record) -> Mapping[str, Any]:
    found = record.extra.get("reminder")
    return found if isinstance(found, Mapping) else {}


def _spacing(parts: Parts, record: Record) -> timedelta:
    return timedelta(seconds=parts.accounts[record.account].terms.remind_every_s)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
