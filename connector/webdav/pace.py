"""How many requests run at once: as many as make the whole faster, found by measuring.

A server with one process gets slower with eight connections than with one, and more connections than a server has
workers is the worst setting there is; a far one is eight times as fast with eight.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

_WORTH: Final = 1.1
"""Twice the requests at once must bring so much more."""
_AS_GOOD: Final = 0.95
"""Half of them are preferred when they bring so much of it."""
_WORSE: Final = 0.7
_BY_CHANCE: Final = 0.5
"""A trial that brought no less than so much may have met a busy moment, ours or the server's: it has another one."""
_SHORTEST_REST: Final = 8
_LONGEST_REST: Final = 256
"""Measurements between a trial that was in vain and the next one."""


class Pace:
    """The number of requests at once for one server; what was learnt stays for the next walk.

    It is doubled or halved for a trial, one after the other; what was in vain is tried again later and later. Only
    answers that came while all were busy count. Not thread-safe, but for :meth:`allow`.
    """

    def __init__(self, maximum: int, *, clock: Callable[[], float] = monotonic) -> None:
        self.width = 1
        self.maximum = max(1, maximum)
        self._clock = clock
        self._before: int | None = None
        """The width to go back to when the trial is in vain; None outside of one."""
        self._rate = 0.0
        self._rest, self._next_rest = 0, _SHORTEST_REST
        self._bad = 0
        """Measurements, one after the other, that were far worse than those before."""
        self._repeated = False
        self._down = False
        self._done, self._since = 0, 0.0

    def allow(self, maximum: int) -> None:
        """Let no more than so many run from now on. Safe from any thread."""
        self.maximum = max(1, maximum)

    @property
    def now(self) -> int:
        """So many may run at once just now."""
        return min(self.width, self.maximum)

    def idle(self) -> None:
        """Say that fewer requests ran than might: what was counted means nothing."""
        self._done = 0
        if self.width > self.maximum:  # fewer are allowed since: what was found out of more is of no use
            self._before, self._rate, self._rest = None, 0.0, 0
            self.width = self.maximum

    def one_done(self) -> None:
        """Count one answer that came while as many requests ran as may."""
        now = self._clock()
        if self._done == 0:
            self._since = now
        self._done += 1
        # The first one starts the watch.
        counted, wanted = self._done - 1, max(4, 3 * self.width)
        if counted < 1:
            return
        rate = counted / max(now - self._since, 1e-6)
        if self._before is not None:
            # A trial that can no longer succeed is not paid for to its end.
            if counted >= wanted or wanted / max(now - self._since, 1e-6) < self._needed(self._before):
                self._done = 0
                self._tried(rate, self._before)
        elif counted >= wanted:
            self._done = 0
            self._at_rest(rate)

    def _needed(self, before: int) -> float:
        return self._rate * (_WORTH if self.width > before else _AS_GOOD)

    def _at_rest(self, rate: float) -> None:
        if self._rate and rate < _WORSE * self._rate and self.width > 1:
            self._bad += 1
            if self._bad > 1:
                # Something has changed there: fewer at once until it is known better.
                self._go(self.width // 2)
                self._rate, self._rest, self._bad, self._down = 0.0, 0, 0, True
            return
        self._rate, self._bad = (self._rate + rate) / 2 if self._rate else rate, 0
        if self._rest:
            self._rest -= 1
            return
        wanted = self.width // 2 if self._down and self.width > 1 else min(self.maximum, self.width * 2)
        self._down = not self._down
        if wanted != self.width:
            self._before = self.width
            self._go(wanted)

    def _tried(self, rate: float, before: int) -> None:
        if rate >= self._needed(before):
            # Worth it: the same way again, at once.
            self._rate, self._before, self._next_rest, self._repeated = rate, None, _SHORTEST_REST, False
            self._down = self.width < before
            wanted = self.width // 2 if self._down else min(self.maximum, self.width * 2)
            if wanted in {0, self.width}:
                self._rest = _SHORTEST_REST
            else:
                self._before = self.width
                self._go(wanted)
            return
        tried, self._before = self.width, None
        self._go(before)
        if tried > before and rate > _BY_CHANCE * self._rate and not self._repeated:
            self._repeated, self._down, self._rate = True, False, 0.0
            return
        self._repeated = False
        self._rest, self._next_rest = self._next_rest, min(self._next_rest * 2, _LONGEST_REST)

    def _go(self, width: int) -> None:
        # What is under way still belongs to the old width.
        self._done, self.width = -self.width, width
