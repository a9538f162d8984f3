"""How many requests of one login may run at once: a number that can be changed while they run."""

from __future__ import annotations

import threading
import time


class Room:
    """So many may be in it at once. Thread-safe. Whoever is in when it gets smaller goes on to the end."""

    def __init__(self, most: int) -> None:
        self._changed = threading.Condition()
        self._most = most
        self._inside = 0

    @property
    def most(self) -> int:
        """So many may be in; 0: nobody."""
        return self._most

    @property
    def inside(self) -> int:
        """So many are."""
        return self._inside

    def allow(self, most: int) -> None:
        """Let another number in from now on."""
        with self._changed:
            self._most = max(0, most)
            self._changed.notify_all()

    def acquire(self, *, timeout: float) -> bool:
        """Wait for one's turn, seconds; False when it did not come, at once where nobody may be in."""
        until = time.monotonic() + timeout
        with self._changed:
            while self._inside >= self._most:
                left = until - time.monotonic()
                if left <= 0 or not self._most:
                    return False
                self._changed.wait(left)
            self._inside += 1
            return True

    def release(self) -> None:
        """Leave it."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()
