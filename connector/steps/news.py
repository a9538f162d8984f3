"""What has happened → what is to be told: each event of the journal once, in its order, restarts included.

Letters and how far the events were looked at are kept in one transaction, so that no news is lost and none is taken
twice. What began and was over before it was told is not told; what comes and goes is told once an hour at most.
Source: ux page sections 2.7 and 7 (8); issue "The administrator's day" point 7.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from connector.errors import Cause, JournalError
from connector.journal import Letter, News
from connector.journal.outbox import WAITING
from connector.journal.store import OF_ALL, TROUBLE
from connector.lifecycle import Event, Record, State
from connector.report.context import StatusContext
from connector.report.mails import Occasion, notice
from connector.steps.addressees import addressees, hidden
from connector.steps.alarms import standing
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

REQUEST, ALARM, PAUSE, DIGEST, HOOK, LOGIN = "request", "alarm", "pause", "digest", "hook", "login"
"""``Letter.kind``; ``letters`` makes the words of each."""
HELD: Final = frozenset({Cause.TOKENS, Cause.NO_CREDIT, Cause.NO_RIGHT, Cause.MAINTENANCE, "contract"})
"""What an account is held for that somebody is to hear of."""
OWNERS: Final = frozenset({Cause.NO_CREDIT, Cause.NO_RIGHT})
"""And of these its owner, who can act; for tokens they get a link (``logins``)."""
_PATIENCE: Final[Mapping[str, timedelta]] = {
    # Its owner has a link by then; who has not used it in a day may need a call.
    Cause.TOKENS: timedelta(days=1),
    Cause.MAINTENANCE: timedelta(hours=4),
    TROUBLE: timedelta(hours=1),
}
"""How long it lasts before it is worth a mail; for all others ``Timing.gather``."""
_AGAIN: Final = timedelta(hours=1)
_OLD: Final = timedelta(days=1)
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
"""Event of a request → what a hook calls it (``config.model.OCCASIONS``)."""
_TOLD_AT_ONCE: Final = frozenset({State.REFUSED, State.REJECTED, State.IN_DOUBT})


def take_in(parts: Parts) -> int:
    """Post a letter for all that is news. Returns how many. Raises JournalError only."""
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


class Desk:
    """Letters in the making. What begins and ends is held against what was told, or is to be told, already."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._letters: dict[str, Letter] = {}
        self._take_back: list[str] = []
        self._over: list[str] = []
        self._now: dict[str, tuple[str, str, bool]] = {}
        """Cause → phase, key, and whether it can be taken back."""

    def post(self, *, up_to: int | None = None) -> int:
        """Keep them all."""
        return self.parts.journal.post(
            self._letters.values(), up_to=up_to, take_back=self._take_back, over=self._over
        )

    def put(self, letter: Letter) -> None:
        """Take one in."""
        self._letters[letter.key] = letter

    def tell_people(
        self, record: Record, occasions: frozenset[Occasion] = frozenset(Occasion), *, at: datetime
    ) -> None:
        """Whoever is in the mails of a request is told at once what cannot wait for the digest. ``at``: of the news."""
        parts = self.parts
        if parts.relay is None or record.account not in parts.accounts:
            return
        to = addressees(parts, record)
        # Its words come later, and need more: what the server can do is not asked of one that is away.
        sender, zone = parts.accounts[record.account].sender, parts.report.zone
        context = StatusContext(zone=zone, support=parts.report.support, sender=sender, now=parts.now())
        found = notice(record, context) if to else None
        if found is None or found.occasion not in occasions:
            return
        for address in to:
            mark = hidden(parts, address)
            self.put(
                Letter(
                    key=f"{found.key} {mark}",
                    kind=REQUEST,
                    to=address,
                    cause=f"{found.cause} {mark}",
                    record_id=record.id,
                    due_at=at + parts.timing.gather,
                )
            )

    def admin(
        self, subject: str, cause: str, key: str, data: Mapping[str, Any], *, at: datetime, on: bool
    ) -> None:
        """The administrator is told that something is the matter, or over."""
        parts = self.parts
        if parts.relay is None or not parts.telling.admin:
            self._unheard(f"admin {subject} {cause}", on=on)
            return
        kept = {"subject": subject, "cause": cause, "data": dict(data)}
        self._toggle(f"admin {subject} {cause}", parts.telling.admin, ALARM, key, kept, cause, at=at, on=on)

    def owner(self, account: str, cause: str, key: str, *, at: datetime, on: bool) -> None:
        """The owner of an account is told that it is held for what they can mend; that it is over they see."""
        parts = self.parts
        to = parts.accounts[account].owner if account in parts.accounts else ""
        if parts.relay is None or not to:
            self._unheard(owners_cause(account, cause), on=on)
            return
        kept = {"account": account, "cause": cause}
        self._toggle(owners_cause(account, cause), to, PAUSE, key, kept, cause, at=at, on=on, told_over=False)

    def hooks(self, name: str, key: str, data: Mapping[str, Any], record: Record | None = None) -> None:
        """Every hook that wants to hear of it."""
        for hook in self.parts.telling.hooks.values():
            if name in hook.events:
                self.put(
                    Letter(
                        key=f"hook {hook.name} {key}",
                        kind=HOOK,
                        to=hook.name,
                        cause=f"hook {hook.name}",
                        record_id=None if record is None else record.id,
                        due_at=self.parts.now(),
                        data={"event": name, **data},
                    )
                )

    def _unheard(self, cause: str, *, on: bool) -> None:
        """Nobody is told; yet what was told before is over, so that the next time it is news again."""
        if not on and self.stands(cause):
            self._over.append(cause)
            self._now[cause] = ("over", "", False)

    def stands(self, cause: str) -> bool:
        """True from what began to what is over, told or still to be told."""
        return self._state(cause)[0] == "on"

    def _toggle(
        self,
        cause: str,
        to: str,
        kind: str,
        key: str,
        data: Mapping[str, Any],
        code: str,
        *,
        at: datetime,
        on: bool,
        told_over: bool = True,
    ) -> None:
        phase, last, open_ = self._state(cause)
        if (phase == "on") is on:
            return
        wanted = "on" if on else "over"
        if open_ and phase:
            # Nobody has heard of it yet: it is as it was before.
            if self._letters.pop(last, None) is None:
                self._take_back.append(last)
            self._now[cause] = ("over" if phase == "on" else "on", "", False)
            return
        if not on and not told_over:
            self._now[cause] = ("over", "", False)
            self.put(self._letter(cause, to, kind, key, data, wanted, self.parts.now()))
            return
        due = at + (_PATIENCE.get(code, self.parts.timing.gather) if on else timedelta(0))
        before = self.parts.journal.last_told(cause)
        if on and before is not None and before.done_at is not None:
            due = max(due, before.done_at + _AGAIN)
        self._now[cause] = (wanted, key, True)
        self.put(self._letter(cause, to, kind, key, data, wanted, due))

    def _letter(
        self, cause: str, to: str, kind: str, key: str, data: Mapping[str, Any], phase: str, due: datetime
    ) -> Letter:
        return Letter(
            key=f"{cause} {key} {phase}", kind=kind, to=to, cause=cause, phase=phase, due_at=due, data=data
        )

    def _state(self, cause: str) -> tuple[str, str, bool]:
        if cause not in self._now:
            last = self.parts.journal.last_letter(cause)
            self._now[cause] = (
                ("", "", False) if last is None else (last.phase, last.key, last.state == WAITING)
            )
        return self._now[cause]


def owners_cause(account: str, cause: str) -> str:
    """Return the cause of what an account's owner is told."""
    return f"owner {account} {cause}"


def _of_a_request(desk: Desk, news: News) -> None:
    name = _HOOKS.get(news.name)
    if name is None or not desk.parts.telling.hooks:
        return
    assert news.record_id is not None
    record = desk.parts.journal.get(news.record_id)
    if _of_old(record, news.at):
        return
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
        _released(desk, news, but="")
    elif news.name == TROUBLE and news.subject.startswith("folder:"):
        _trouble(desk, news)


def _both(desk: Desk, news: News, subject: str, cause: str, on: bool, data: Mapping[str, Any]) -> None:
    kept = {name: value for name, value in data.items() if name not in {"on", "cause"}}
    desk.admin(subject, cause, str(news.id), kept, at=news.at, on=on)
    told = {"at": news.at.isoformat(), "subject": subject, "cause": cause}
    desk.hooks("alarm" if on else "alarm_over", str(news.id), told)


def _held(desk: Desk, news: News) -> None:
    cause = str(news.data.get("cause", ""))
    _released(desk, news, but=cause)
    if cause in HELD:
        _both(desk, news, f"account:{news.subject}", cause, True, {"since": news.at.isoformat()})
    if cause in OWNERS:
        desk.owner(news.subject, cause, str(news.id), at=news.at, on=True)


def _released(desk: Desk, news: News, *, but: str) -> None:
    for cause in sorted(HELD - {but}):
        if desk.stands(f"admin account:{news.subject} {cause}") or (
            desk.parts.telling.hooks and not but and _was_held(desk, news, cause)
        ):
            _both(desk, news, f"account:{news.subject}", cause, False, {})
        if desk.stands(owners_cause(news.subject, cause)):
            desk.owner(news.subject, cause, str(news.id), at=news.at, on=False)


def _was_held(desk: Desk, news: News, cause: str) -> bool:
    last = desk.parts.journal.last_account_event(news.subject, "held")
    return last is not None and last.get("cause") == cause


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
