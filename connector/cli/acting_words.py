"""What an order would come to, before it is given, and what it came to: in English, for the administrator.

Without a name of a person or a file. What a request's state makes impossible is refused here, with the reason; whether
it still holds when the service obeys is the service's to find out. Source: protocol, "Orders and the key"; design page
sections 4, 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connector.lifecycle import Record, State
from connector.ports import SignatoryProgress
from connector.steps import reminders
from connector.steps.ordered import is_in_turn

_SIGNED = "everybody has signed; the document is on its way home"
_DELIVERED = "it is signed and delivered"
_NOT_LEFT = "nothing of it has left"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an order would do to one request. ``refused``: it can do nothing, for the reason that ``text`` gives."""

    text: str
    refused: bool = False
    settled: bool = False
    """Nothing is to be done, and that is what was wanted."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a plan rests on besides the record. ``signatory``: who alone may be reminded; empty for whoever it is."""

    now: datetime
    zone: ZoneInfo
    remind_every: timedelta
    signatory: str = ""

    def at(self, moment: datetime) -> str:
        """Return a moment as it is printed."""
        return f"{moment.astimezone(self.zone):%d %b %Y %H:%M}"


def _no(text: str) -> Plan:
    return Plan(text=text, refused=True)


def _nothing_left(record: Record) -> str:
    if record.state is State.REJECTED:
        return f"{_NOT_LEFT}; it waits for a correction in the folder, and is judged again as soon as that is saved"
    if record.state is State.WAITING_PDF:
        return f"{_NOT_LEFT}; it waits for its PDF"
    if record.state in {State.WAITING, State.PREPARED, State.MARKED}:
        return f"{_NOT_LEFT} yet"
    return f"{_NOT_LEFT}, and nothing will before somebody says so in the folder"


def _over(record: Record, known: Known) -> str:
    if record.state in {State.DELIVERED, State.DELIVERED_BESIDE}:
        return _DELIVERED
    when = f" since {known.at(record.ended_at)}" if record.ended_at else ""
    return f"it is over ({record.state.value}){when}"


def _signed(record: Record) -> int:
    return sum(each.progress == SignatoryProgress.SIGNED for each in record.signatories)


def _signatures(record: Record) -> str:
    return f"{_signed(record)} of {len(record.signatories)} signed"


def cancelling(record: Record, known: Known) -> Plan:
    """What ``cancel`` would do."""
    state = record.state
    if state is State.CANCELLED:
        return Plan(text=_over(record, known), settled=True)
    if state.ended:
        return _no(f"{_over(record, known)}; there is nothing left to cancel")
    if state in {State.SEALING, State.DELIVERING, State.QUARANTINED}:
        return _no(f"{_SIGNED}; it cannot be cancelled any more")
    if state in {State.HELD, State.UNCONFIRMED}:
        return _no(_nothing_left(record))
    if state.before_mark:
        return Plan(
            text=f"{_nothing_left(record)}. It is stopped: it goes on only when its author writes  action: recommencer"
        )
    if state is State.MARKED:
        return Plan(
            text="it is just about to be sent: it is stopped, or cancelled at Jesignexpert if it has left"
        )
    if state is State.DRAFT:
        return Plan(text="a draft that nobody was invited to: it is dropped at Jesignexpert")
    if state is State.IN_DOUBT:
        return Plan(
            text="perhaps sent: Jesignexpert is asked first, and it is cancelled there. If it had been sent, its "
            "credit is gone, and whoever was invited can sign no more"
        )
    lost = "; the signatures given are lost" if _signed(record) else ""
    return Plan(
        text=f"out since {known.at(record.sent_at or record.created_at)}, {_signatures(record)}{lost}. Whoever was "
        "invited keeps the e-mail, and finds at its link that nothing can be signed any more; what was sent cannot be "
        "called back, and its credit is gone"
    )


def reminding(record: Record, known: Known) -> Plan:
    """What ``remind`` would do."""
    state = record.state
    if state.ended:
        return _no(f"{_over(record, known)}; nobody is waited for")
    if state in {State.SEALING, State.DELIVERING, State.QUARANTINED}:
        return _no(f"{_SIGNED}; nobody is waited for")
    if state is State.DRAFT:
        return _no("a draft that nobody was invited to: it is sent from the site of Jesignexpert")
    if state is State.IN_DOUBT:
        return _no(f"whether it was sent is not known: first  jse-connector resolve {record.ref}")
    if state is not State.IN_PROGRESS:
        return _no(_nothing_left(record))
    if known.signatory and not is_in_turn(record, known.signatory):
        return _no("it is not this person's turn to sign; Jesignexpert reminds whoever's turn it is")
    possible = reminders.possible_after(record, known.remind_every)
    if known.now < possible:
        return _no(f"too early: Jesignexpert takes one reminder an hour; from {known.at(possible)} on")
    waits = len(reminders.in_turn(record))
    return Plan(
        text=f"out since {known.at(record.sent_at or record.created_at)}, {_signatures(record)}: the invitation goes "
        f"once more to {waits} {'person' if waits == 1 else 'people'} whose turn it is"
    )


def unlocking(record: Record, known: Known) -> Plan:
    """What ``unlock`` would do."""
    if record.delivered_at is None:
        if record.state.ended:
            return _no(f"{_over(record, known)}; nothing was delivered that could be locked")
        return _no("only a signed document that was delivered is ever locked")
    count = len(record.extra.get("lock", {}).get("files", {}))
    if not count:
        return Plan(text="no lock of ours is known on what was delivered; one that is there is taken off")
    return Plan(text=f"the lock is taken off {count} signed {'document' if count == 1 else 'documents'}")


def retrying(record: Record, known: Known) -> Plan:
    """What ``retry`` would do."""
    state = record.state
    if state.ended and record.closed and not _lock_waits(record):
        return _no(f"{_over(record, known)}; nothing waits")
    if state in {State.HELD, State.UNCONFIRMED, State.PREVIEWED, State.REJECTED, State.WAITING_PDF}:
        return _no(f"{_nothing_left(record)}. There is nothing to try again")
    when = "nothing puts it off just now"
    if record.next_at is not None and record.next_at > known.now:
        when = f"put off until {known.at(record.next_at)}"
    what = {
        State.WAITING: "it is prepared, and sent as brakes and pauses allow",
        State.PREPARED: "it is sent, as brakes and pauses allow",
        State.MARKED: "it is sent if it is known not to have left; else Jesignexpert is asked at its time",
        State.SEALING: "the signed document is fetched",
        State.QUARANTINED: "the signed document is fetched once more",
        State.DELIVERING: "the signed document is delivered",
    }.get(
        state,
        "what is still to be written in the folder" if state.ended else "Jesignexpert is asked about it",
    )
    return Plan(text=f"{when}: {what} now. Nothing is sent a second time")


def _lock_waits(record: Record) -> bool:
    return "next_at" in record.extra.get("lock", {})


def resolving_sent(record: Record, known: Known) -> Plan:
    """What ``resolve --sent`` would do."""
    return _resolving(record, "it is followed as sent from now on; nothing is sent")


def resolving_not_sent(record: Record, known: Known) -> Plan:
    """What ``resolve --not-sent`` would do."""
    return _resolving(
        record,
        "Jesignexpert is asked once more. If it knows of no sending, the request is given up there, and goes again "
        "when its author writes  action: recommencer",
    )


def _resolving(record: Record, text: str) -> Plan:
    if record.state is not State.IN_DOUBT:
        return _no(f"it is not in doubt; it is {record.state.value}")
    return Plan(text=text)


Planning = Callable[[Record, Known], Plan]

ANSWERS: Mapping[str, str] = {
    "stopped": "is stopped; it goes on only when its author writes  action: recommencer",
    "hurried": "is tried now",
    "nothing_waits": "waits for nothing",
    "asked_later": "whether it left is not known; Jesignexpert is asked{from_}, not before",
    "not_in_turn": "nobody was reminded: it was this person's turn no more",
    "unconfirmed": "Jesignexpert did not answer: the reminder has perhaps left, and is not repeated",
    "too_early": "nobody was reminded: one reminder an hour; possible{from_}",
    "refused": "nobody was reminded: Jesignexpert said no{said}",
    "unavailable": "nobody was reminded: Jesignexpert does not know this call; see the log, and do it on its site",
    "remind_too_late": "nobody was reminded: everybody has signed",
    "draft_not_sent": "is a draft: send it from the site of Jesignexpert",
    "restart_in_doubt": "is in doubt: resolve it first",
    "cancel_too_late": "everybody had signed already: it goes on as signed",
    "cancel_refused": "was not cancelled: Jesignexpert said no{said}",
    "cancel_unavailable": "was not cancelled: Jesignexpert does not know this call; see the log, and do it on its site",
    "cancel_signed": "is signed and delivered; nothing was cancelled",
    "not_sent_yet": "nothing of it has left; nothing was done",
    "ended": "had ended; nothing was done",
    "not_sent_ended": "had ended; nothing was done",
    "not_locked_yet": "is not locked: it is being signed",
    "followed_already": "was sent indeed, and is followed",
    "draft_followed": "is a draft, and is followed once it is sent from the site of Jesignexpert",
    "sent_indeed": "Jesignexpert says that it was sent: it is followed",
    "unlocked": "is unlocked",
    "nothing": "there was no lock of ours",
    "foreign": "is locked by somebody else; only they, or the owner of the file, can take that lock off",
}
"""Code of an answer → what is printed after the reference. Those that are not here are of effects (:func:`outcome`)."""
_AS_WANTED = frozenset({"done", "stopped", "hurried", "nothing_waits", "asked_later", "unlocked", "nothing"})


def outcome(
    record: Record, verb: str, code: str, told: Mapping[str, object], known: Known
) -> tuple[str, bool]:
    """Return what an order came to, and whether that is what was wanted."""
    text = ANSWERS.get(code) or _effect(record, verb)
    moment = told.get("from")
    said = " ".join(str(told.get("text", "")).split())
    text = text.replace(
        "{from_}", f" from {known.at(datetime.fromisoformat(moment))} on" if isinstance(moment, str) else ""
    )
    return text.replace("{said}", f': "{said}"' if said else ""), code in _AS_WANTED


def _effect(record: Record, verb: str) -> str:
    if verb == "cancel":
        return "is cancelled; nobody can sign any more"
    if verb == "remind":
        return "the reminder has left"
    if verb == "already sent":
        return "is followed as sent"
    if verb == "not sent":
        return "is given up. It goes again when its author writes  action: recommencer"
    return f"is {record.state.value} now"
