"""What has happened → what is to be told: each event of the journal once, in its order, restarts included.

Letters and how far the events were looked at are kept in one transaction, so that no news is lost and none is taken
twice. Source: ux page section 2.7; issue "The administrator's day" point 7.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from connector.errors import Cause, JournalError
from connector.journal import News
from connector.journal.store import OF_ALL, TROUBLE
from connector.lifecycle import Event, Record, State
from connector.steps.alarms import standing
from connector.steps.clocks import CLOCK
from connector.steps.desk import Desk, owners_cause
from connector.steps.parts import Parts
from connector.steps.storage import NO_ROOM
from connector.steps.waiting import MANUAL

log = logging.getLogger(__name__)

HELD: Final = frozenset({Cause.TOKENS, Cause.NO_CREDIT, Cause.NO_RIGHT, Cause.MAINTENANCE, "contract"})
"""What an account is held for that somebody is to hear of."""
OWNERS: Final = frozenset({Cause.NO_CREDIT, Cause.NO_RIGHT})
"""And of these its owner, who can act; for tokens they get a link (``logins``)."""
_ANSWERED: Final = frozenset({Cause.TOKENS, Cause.MAINTENANCE})
_SHOWN_OVER: Final[Mapping[str, frozenset[str]]] = {
    Cause.TOKENS: frozenset({Cause.MAINTENANCE}),
    Cause.NO_CREDIT: _ANSWERED,
    Cause.NO_RIGHT: _ANSWERED,
    "contract": _ANSWERED,
}
"""What an account is held for → what was in the way before, and cannot be any more where that was answered."""
_NO_ANSWER: Final = frozenset({MANUAL, CLOCK, NO_ROOM})
"""The end of these shows nothing of Jesignexpert."""
_OLD: Final = timedelta(days=1)
"""An end that was so long ago when it became known was told in its time."""
_HOOKS: Final[Mapping[str, str]] = {
    Event.SENT: "sent",
    Event.DELIVERED: "signed",
    Event.DELIVERED_BESIDE: "signed",
    Event.REFUSED: "refused",
    Event.EXPIRED: "expired",
    Event.CANCELLED: "cancelled",
    Event.REJECTED: "to_correct",
    Event.DOUBTED: "in_doubt",
}
"""Event of a request → what a hook calls it (``config.model.OCCASIONS``); but for :data:`TO_CHECK`."""
TO_CHECK: Final = "to_check"
"""Signed, and what came back is not intact: whoever books what is signed must not take it for that."""
_TOLD_AT_ONCE: Final = frozenset({State.REFUSED, State.REJECTED, State.IN_DOUBT})


def take_in(parts: Parts, *, deadline: float | None = None) -> int:
    """Post a letter for all that is news. Returns how many. Raises JournalError only.

    ``deadline``: of ``time.monotonic()``; what is left then is taken in by the next round.
    """
    journal, posted = parts.journal, 0
    cursor = journal.told_up_to()
    # Nobody hears of anything; whoever does, later, hears of what happens then.
    nobody = parts.relay is None and not parts.telling.hooks
    while batch := journal.news(cursor):
        desk = Desk(parts)
        told = [one for one in batch if one.record_id is None or not nobody]
        for one in told:
            _apart(partial(_of_the_whole if one.record_id is None else _of_a_request, desk, one))
        happened = {one.record_id: one.at for one in told if one.record_id is not None}
        for record_id, at in happened.items():
            _apart(partial(_tell_if_due, desk, record_id, at))
        cursor = batch[-1].id
        posted += desk.post(up_to=cursor)
        if parts.stop.is_set() or (deadline is not None and time.monotonic() > deadline):
            break
    return posted


def _apart(step: Callable[[], None]) -> None:
    """A defect met in one piece of news keeps none of the others."""
    try:
        step()
    except JournalError:
        raise
    except Exception:
        log.exception("a piece of news met a defect")


def _tell_if_due(desk: Desk, record_id: int, at: datetime) -> None:
    record = desk.parts.journal.get(record_id)
    if record.state in _TOLD_AT_ONCE and not _of_old(record, at):
        desk.tell_people(record, at=at)


def _of_old(record: Record, at: datetime) -> bool:
    """True where an end is only learned anew, of a journal begun from the markers: it was told in its time."""
    return record.ended_at is not None and record.ended_at < at - _OLD


def _of_a_request(desk: Desk, news: News) -> None:
    name = _HOOKS.get(news.name)
    assert news.record_id is not None
    if news.name == Event.SENT and desk.parts.relay is not None:
        account = desk.parts.journal.get(news.record_id).account
        if desk.parts.journal.held(account) is None:
            _mailed_over(desk, news, account, HELD)  # whatever stood in the way, and was not seen to end
    if name is None or not desk.parts.telling.hooks:
        return
    record = desk.parts.journal.get(news.record_id)
    if _of_old(record, news.at):
        return
    if name == "signed" and any(one.unsound for one in record.documents):
        name = TO_CHECK
    key = str(news.id)
    if name == "to_correct":
        # Judged again and again while people look for the right word.
        codes = ",".join(sorted({str(each["code"]) for each in record.problems}))
        key = f"{record.ref} to_correct {codes}"
    desk.hooks(name, key, {"at": news.at.isoformat()}, record)


def _of_the_whole(desk: Desk, news: News) -> None:
    """An alarm, a hold, a trouble of a folder: what begins, or is over."""
    if news.name == "alarm":
        subject, _, cause = news.subject.rpartition(" ")
        _both(desk, news, subject, cause, bool(news.data.get("on")), news.data)
    elif news.name == "held":
        _held(desk, news)
    elif news.name == "released":
        _released(desk, news)
    elif news.name == TROUBLE and news.subject.startswith("folder:"):
        _trouble(desk, news)


def _both(desk: Desk, news: News, subject: str, cause: str, on: bool, data: Mapping[str, Any]) -> None:
    kept = {name: value for name, value in data.items() if name not in {"on", "cause"}}
    desk.admin(subject, cause, str(news.id), kept, at=news.at, on=on)
    _hooked(desk, news, subject, cause, on)


def _hooked(desk: Desk, news: News, subject: str, cause: str, on: bool) -> None:
    told = {"at": news.at.isoformat(), "subject": subject, "cause": cause}
    desk.hooks("alarm" if on else "alarm_over", f"{news.id} {cause}", told)


def _held(desk: Desk, news: News) -> None:
    """Another cause takes the place of one: that is over only where the new one shows it."""
    cause, subject = str(news.data.get("cause", "")), f"account:{news.subject}"
    before, over = _standing(desk, news), _SHOWN_OVER.get(cause, frozenset())
    _mailed_over(desk, news, news.subject, over)
    for one in sorted(before & over):
        _hooked(desk, news, subject, one, on=False)
    if cause in HELD:
        desk.admin(subject, cause, str(news.id), {"since": news.at.isoformat()}, at=news.at, on=True)
        if cause not in before:
            _hooked(desk, news, subject, cause, on=True)
    if cause in OWNERS:
        desk.owner(news.subject, cause, str(news.id), at=news.at, on=True)


def _released(desk: Desk, news: News) -> None:
    """What held last is over. What had held before it is, where an answer shows it; else the next sending tells."""
    last = desk.parts.journal.held_before(news.subject, news.id)[-1:]
    _mailed_over(desk, news, news.subject, last if _NO_ANSWER.intersection(last) else _ANSWERED.union(last))
    for one in sorted(_standing(desk, news)):
        _hooked(desk, news, f"account:{news.subject}", one, on=False)


def _mailed_over(desk: Desk, news: News, account: str, causes: Iterable[str]) -> None:
    subject = f"account:{account}"
    for cause in sorted(HELD.intersection(causes)):
        if desk.stands(f"admin {subject} {cause}"):
            desk.admin(subject, cause, str(news.id), {}, at=news.at, on=False)
        if desk.stands(owners_cause(account, cause)):
            desk.owner(account, cause, str(news.id), at=news.at, on=False)


def _standing(desk: Desk, news: News) -> set[str]:
    """What hooks were told of an account before this, since it was released last."""
    found: set[str] = set()
    if desk.parts.telling.hooks:
        for cause in desk.parts.journal.held_before(news.subject, news.id):
            found = (found - _SHOWN_OVER.get(cause, frozenset())) | HELD.intersection([cause])
    return found


def _trouble(desk: Desk, news: News) -> None:
    """A folder that cannot be worked in; of a whole server that is away one of its folders tells for all."""
    text, folder = str(news.data.get("text", "")), news.subject.removeprefix("folder:")
    settings = desk.parts.watched.get(folder)
    if settings is None:
        return
    server = f"server:{settings.server}"
    if text.startswith(OF_ALL) and standing(desk.parts, server, "login_refused") is not None:
        return  # told already, with what is to be done
    if text.startswith(OF_ALL):
        desk.admin(server, TROUBLE, str(news.id), {"since": news.at.isoformat()}, at=news.at, on=True)
        return
    desk.admin(server, TROUBLE, str(news.id), {}, at=news.at, on=False)
    desk.admin(news.subject, TROUBLE, str(news.id), {"since": news.at.isoformat()}, at=news.at, on=bool(text))
