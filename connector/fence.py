"""Right before every effect: is this process still counted among the living, and for how long (protocol R12)?

Two looks: at a clock of this machine that goes on while it sleeps, against the last answer to a sign of life; and at
the process's row. What is kept in the journal is fenced apart from this, in the transaction of each fact. No fence
stops what was frozen between the look and the call: there the markers and the quiet period of ``send`` stand (R2, R9).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from connector.errors import AskedToWait, Fenced
from connector.journal.leases import Leases

LEASE = timedelta(seconds=90)
"""So long a process counts as alive after a sign of life, unless the configuration says otherwise."""
MARGIN: Final = 1 / 9
"""Of a lease: so much before its end nothing more is begun."""
_LEAST: Final = 1 / 2
"""Of what a fresh lease leaves: with less no call is begun whose outcome must be known."""


def now() -> float:
    """Return seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Fence:
    """What one process may still begin. Thread-safe. ``lease_s``: how long a sign of life counts."""

    def __init__(self, leases: Leases, lease_s: float, *, clock: Callable[[], float] = now) -> None:
        self.leases, self.lease_s, self._clock = leases, lease_s, clock
        self._until = float("-inf")
        self.asked = 0
        """How often an effect asked: for tests, and for whoever counts."""

    def beaten(self, begun: float) -> None:
        """A sign of life, begun at that moment of :func:`now`, was taken."""
        self._until = max(self._until, begun + self.lease_s * (1 - MARGIN))

    def left(self) -> float:
        """Return for how many seconds something may still be begun, as far as this machine knows."""
        return self._until - self._clock()

    def before_write(self, seconds: float = 0.0) -> float:
        """Let an effect begin, or raise: Fenced where others may be at it, AskedToWait where it had too little time.

        ``seconds``: how long an effect may take whose outcome must be known (``send``), 0 for any other. Returns how
        long it may take at most: ``seconds``, or what a shorter lease leaves.
        """
        self.asked += 1
        if self.left() <= 0:
            raise self._fenced()
        told = self.leases.left()
        if told is None:
            self._until = float("-inf")
            raise self._fenced()
        # Of both the more careful one.
        left = min(self.left(), told - self.lease_s * MARGIN)
        if left <= 0:
            raise self._fenced()
        if seconds and left < min(seconds, self.lease_s * (1 - MARGIN) * _LEAST):
            raise AskedToWait("the lease has too little time left for it", retry_after_s=self.lease_s / 18)
        return min(seconds, left)

    def _fenced(self) -> Fenced:
        return Fenced(
            f"process {self.leases.process} was not heard of for too long: its work may be in other hands, and "
            "nothing more is begun"
        )
