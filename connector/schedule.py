"""When a side is asked next: by what it is, what has just happened, the hour, and how it failed.

Pure: each time is an argument, in seconds of one steady clock. ``jobs`` keeps an alarm for what comes out of it.
Source: issue "Nextcloud in depth" point 9; ux page part B (``polling``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.courtesy import LONGEST_S

QUICK_FOR_S: Final = 120.0
"""Where something happened, more is likely to: people put their files one after the other."""
CALM_S: Final = 1800.0
"""Whoever works at night is served as by day until nothing has happened for so long."""
NIGHT: Final = (21, 6)
"""From and until which hour, of the configured time zone."""
LONGEST_WAIT_S: Final = 600.0
_DOUBLINGS: Final = 40
"""A failing server is asked at least once in so many intervals, or in :data:`LONGEST_WAIT_S`, whichever is less."""
SETTLED_S: Final = 0.05
"""How much longer than the settling time is waited for the second look: the first must have been *longer* ago."""
HURRY: Final = 10
"""Second looks in a row that come at once; a file that never settles is looked at less and less."""
GATHER_S: Final = 0.1
"""A PDF and its sidecar are announced one after the other: one look for both."""
APART_S: Final = 0.5
"""Looks that were announced begin at least so far apart: a burst of files is a few looks."""
CHASE_S: Final = 15.0
"""A sync client's folder announces a file before the server has it: it is looked for so long."""
CHASE_EVERY_S: Final = 0.9
_LEAST_S: Final = 1.0
"""What is due next is asked for at least so much later."""
_SHARE: Final = 4
"""Looks that nobody waits for leave the server alone for so many times as long as the last one took."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Seconds between the beginnings of two looks: by day, soon after something happened, and at night."""

    day: float
    quick: float
    night: float

    @classmethod
    def fixed(cls, every: timedelta) -> Rhythm:
        """What the administrator wrote is what is done, at any hour."""
        seconds = every.total_seconds()
        return cls(day=seconds, quick=seconds, night=seconds)


NEXTCLOUD: Final = Rhythm(day=15, quick=5, night=60)
"""One small request tells that nothing has changed."""
ELSEWHERE: Final = Rhythm(day=60, quick=20, night=240)
"""Folders must be looked into one by one."""


def is_night(local: datetime) -> bool:
    """True while people sleep; ``local``: wall time in the configured zone."""
    begin, end = NIGHT
    return local.hour >= begin or local.hour < end


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a pass came to, as far as the next one depends on it.

    ``look_again``: when, on the steady clock, what is unsettled can have settled. ``yielded``: its time was over.
    ``next_at``: when more is due. ``retry_after``: seconds the side wants to be let be; an hour of them is believed.
    """

    found: bool = False
    look_again: float | None = None
    yielded: bool = False
    next_at: float | None = None
    failed: bool = False
    retry_after: float = 0.0


@dataclass
class Schedule:
    """When one job runs next. Not thread-safe: its job's lock is held around each call."""

    rhythm: Rhythm
    due: float
    began: float | None = None
    """None while it rests."""
    wanted: bool = False
    """Somebody asked for it while it ran."""
    _announced: float | None = None
    _last_began: float = float("-inf")
    _quick_until: float = float("-inf")
    _happened: float = float("-inf")
    _failures: int = 0
    _not_before: float = float("-inf")
    _hurried: int = 0
    _second: float | None = None
    """When what was seen first is looked at again."""

    def ask(self, now: float) -> None:
        """Something is to be done at once: the other side has moved, or a pass did not get through."""
        if self.began is not None:
            self.wanted = True
        else:
            self.due = max(min(self.due, now), self._not_before)

    def afresh(self, now: float) -> None:
        """What it goes by has changed: it is looked at anew, however it failed before."""
        self._failures, self._not_before = 0, float("-inf")
        self.ask(now)

    def announce(self, now: float) -> None:
        """A file moved in a local folder that mirrors what this job looks at."""
        self._announced = self._happened = now
        self._quick_until = now + QUICK_FOR_S
        if self.began is None:
            soon = max(now + GATHER_S, self._last_began + APART_S)
            self.due = max(min(self.due, soon), self._not_before)

    def begin(self, now: float) -> None:
        """A pass begins."""
        self.began = self._last_began = now
        self.wanted = False

    def end(self, now: float, result: Result, *, night: bool = False) -> None:
        """A pass is over: work out when the next one begins."""
        assert self.began is not None
        began, self.began = self.began, None
        if result.failed:
            self._end_failed(began, now, result)
            return
        self._failures, self._not_before = 0, float("-inf")
        second = self._second_look(began, now, result)
        if result.found or (second is not None and self._hurried <= HURRY):
            self._happened, self._quick_until = now, now + QUICK_FOR_S
        took = now - began
        # A pass that takes longer than its interval leaves the server some rest.
        regular = max(began + self._interval(now, took, night=night), now + min(took, self.rhythm.day))
        times = [regular, second, self._chase(began, now)]
        if result.next_at is not None:
            times.append(max(result.next_at, now + _LEAST_S))
        if result.yielded or self.wanted:
            times.append(now)
        self.due = max(now, min(time for time in times if time is not None))

    def _end_failed(self, began: float, now: float, result: Result) -> None:
        """Less and less often, and not before the side wants it; nothing that is asked meanwhile changes that."""
        self._failures += 1
        interval = self.rhythm.day
        longest = max(interval, min(LONGEST_WAIT_S, interval * _DOUBLINGS))
        wait = min(interval * 2.0 ** min(self._failures - 1, 16), longest)
        self.due = self._not_before = max(began + wait, now + min(result.retry_after, LONGEST_S))
        self._announced = None

    def _interval(self, now: float, took: float, *, night: bool) -> float:
        rhythm = self.rhythm
        if now < self._quick_until:
            return min(rhythm.day, max(rhythm.quick, _SHARE * took))
        return rhythm.night if night and now - self._happened >= CALM_S else rhythm.day

    def _second_look(self, began: float, now: float, result: Result) -> float | None:
        """What was seen first waits for its own second look: a look in between does not put that off."""
        if result.look_again is None:
            self._hurried, self._second = 0, None
            return None
        self._hurried = 0 if result.found else self._hurried + 1
        if self._second is None or self._second <= began:
            excess = max(0, self._hurried - HURRY)
            rested = began + min(2.0**excess - 1, self.rhythm.day)
            self._second = max(result.look_again + SETTLED_S, rested, now)
        return self._second

    def _chase(self, began: float, now: float) -> float | None:
        """What was announced and not found yet is on its way to the server."""
        if self._announced is None:
            return None
        if self._announced >= began:
            return max(self._announced + GATHER_S, began + APART_S)
        if now >= self._announced + CHASE_S:
            self._announced = None
            return None
        return max(began + CHASE_EVERY_S, now + min(_SHARE * (now - began), self.rhythm.day))

    def late(self, now: float, budget: float, *, heard: float = float("-inf")) -> bool:
        """True when it neither yielded nor finished nor gave a sign of life for twice its budget, or never began.

        ``heard``: when something last came for it from a server or a worker (``pulse``).
        """
        return now - (self.due if self.began is None else max(self.began, heard)) > 2 * budget
