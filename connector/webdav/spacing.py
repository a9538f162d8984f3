"""How quickly the requests of one login follow each other once its server has said "too many": one after the other.

A front that allows five a second answers a burst with 429, and the next burst after the pause as well: what one pass
reads is read again by the next, and nothing ever leaves. So each 429 makes the steps longer, and a long time without
one shorter again. Source: RFC 6585 section 4, which names no rate.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.1
"""Seconds from one request to the next after a first 429."""
MOST_S: Final = 0.5
"""The longest step: an idle look is one request for each folder, and each request of many waits for all before it."""
_EASED_S: Final = 600.0
"""After so long without a 429 the steps are half as long; every other try too early costs a pause."""


class Spacing:
    """Thread-safe. ``clock``: seconds that pass as the server's do, those of ``asked_at``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._step = 0.0
        self._next = self._changed = clock()

    def turn_s(self) -> float:
        """Take the next turn: so many seconds from now. 0 before any 429."""
        with self._lock:
            now = self._clock()
            while self._step and now - self._changed >= _EASED_S:
                self._changed += _EASED_S
                self._step = self._step / 2 if self._step > FIRST_S else 0.0
            turn = max(now, self._next)
            self._next = turn + self._step
            return turn - now if self._step else 0.0

    def too_many(self, asked_at: float) -> None:
        """Take longer steps: what was asked then was answered 429. Several of one burst count once."""
        with self._lock:
            if self._step and asked_at <= self._changed:
                return
            self._step = min(self._step * 2, MOST_S) if self._step else FIRST_S
            self._changed = self._clock()
