"""What the demo says while it runs: one line for each step, with its second and who acts."""

from __future__ import annotations

import sys
import threading
import time


class DemoFailed(Exception):
    """The demo cannot go on, or did not end as it must. The text says what was missed."""


class Voice:
    """Writes readable lines; safe to use from several threads."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Return how long the demo has been running."""
        return time.monotonic() - self._begun

    def say(self, who: str, text: str) -> None:
        """Write one step; further lines of ``text`` are indented below it."""
        first, *rest = text.splitlines() or [""]
        lines = [f"{self.seconds:5.1f} s  {who:<13}{first}", *(" " * 22 + line for line in rest)]
        self.plain("\n".join(lines))

    def plain(self, text: str) -> None:
        """Write lines as they are."""
        with self._lock:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
