"""A clock that a test or a demo may push forward; both sandbox servers read the time from it only."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class SandboxClock:
    """Wall-clock time plus an offset that only grows.

    Thread-safe. ``now()`` is aware UTC; ``timestamp()`` is seconds since the epoch, with fractions.
    """

    def __init__(self, offset_s: float = 0.0) -> None:
        self._offset_s = offset_s
        self._lock = threading.Lock()

    @property
    def offset_s(self) -> float:
        """Seconds by which this clock is ahead of the machine's."""
        with self._lock:
            return self._offset_s

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds`` (never back: a server's clock that goes back is another test)."""
        if seconds < 0:
            raise ValueError("a sandbox clock only moves forward")
        with self._lock:
            self._offset_s += seconds

    def timestamp(self) -> float:
        """Return seconds since the epoch."""
        return time.time() + self.offset_s

    def now(self) -> datetime:
        """Return aware UTC time."""
        return datetime.fromtimestamp(self.timestamp(), tz=UTC)
