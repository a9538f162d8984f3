"""Letters in the making: to whom what is told goes, and what begins and ends held against what was told already.

What began and is over before anybody heard of it is not told; what comes and goes is told once an hour at most.
Source: ux page sections 2.7 and 7 (8).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connector.errors import Cause
from connector.journal import Letter
from connector.journal.outbox import WAITING
from connector.journal.store import TROUBLE
from connector.lifecycle import Record
from connector.report.context import StatusContext
from connector.report.mails import Occasion, notice
from connector.steps import clocks
from connector.steps.addressees import addressees, hidden
from connector.steps.parts import Parts

REQUEST, ALARM, PAUSE, DIGEST, HOOK, LOGIN = "request", "alarm", "pause", "digest", "hook", "login"
"""``Letter.kind``; ``letters`` makes the words of each."""
_PATIENCE: Final[Mapping[str, timedelta]] = {
    # Its owner has a link by then; who has not used it in a day may need a call.
    Cause.TOKENS: timedelta(days=1),
    Cause.MAINTENANCE: timedelta(hours=4),
    TROUBLE: timedelta(hours=1),
}
"""How long it lasts before it is worth a mail; for all others ``Timing.gather``."""
_EACH: Final = frozenset({"retention"})
"""Begun anew while it stands, it is news: more is to be erased, or sooner."""
_AGAIN: Final = timedelta(hours=1)


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
            if on and code in _EACH:
                self._now[cause] = ("on", key, True)
                self.put(self._letter(cause, to, kind, key, data, wanted, at + self.parts.timing.gather))
            return
        if not on:
            data = self._as_it_began(cause, data)
        if not on and not told_over:
            self._now[cause] = ("over", "", False)
            self.put(self._letter(cause, to, kind, key, data, wanted, self.parts.now()))
            return
        due = at + (_PATIENCE.get(code, self.parts.timing.gather) if on else timedelta(0))
        before = self.parts.journal.last_told(cause)
        if on and before is not None and before.done_at is not None:
            again = before.done_at + _AGAIN
            due = max(due, again) if clocks.is_put_off(self.parts, again) else due
        self._now[cause] = (wanted, key, True)
        self.put(self._letter(cause, to, kind, key, data, wanted, due))

    def _as_it_began(self, cause: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is over is told in the words in which it began: how many, which, by how much."""
        began = self.parts.journal.last_letter(cause)
        known = {} if began is None else began.data.get("data")
        return {**data, "data": known} if known else data

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
