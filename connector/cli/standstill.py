"""The service while it cannot work, for want of a journal or of a secret: it does nothing, says why once, tries again.

All the while it gives signs of life.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from connector import systemd

log = logging.getLogger(__name__)

EVERY_S: Final = 30.0
_BREATH_S: Final = 5.0


class Standstill:
    """Used in the main thread, while nothing else runs. ``may_go_on``: nobody is left who still works.

    ``told`` hears why it stands still, again and again, and an empty text once it goes on.
    """

    def __init__(
        self, every: float | None = None, *, told: Callable[[str], None] = lambda _why: None
    ) -> None:
        self._every = EVERY_S if every is None else every
        self._told = told
        self._ending = threading.Event()
        self._said = ""
        self.may_go_on = True
        self.worked = False
        """Did it ever work? Else this is its start."""

    def wait(self, why: str, *, every: float | None = None, cause: str = "") -> bool:
        """Wait for the next try; False when the service is to end instead.

        ``cause``: of what is told in other words each time, and is said once all the same.
        """
        every = self._every if every is None else every
        if self._said != (cause or why):
            log.error("%s; it is tried again every %.0f s", why, every)
            self._said = cause or why
        # systemd would take a start that waits for a start that failed.
        systemd.notify("READY=1", f"STATUS={why}")
        before = {number: signal.signal(number, self._end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            until = time.monotonic() + every
            while not self._ending.is_set() and (left := until - time.monotonic()) > 0:
                systemd.notify("WATCHDOG=1")
                self._told(why)
                self._ending.wait(min(left, _BREATH_S))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return not self._ending.is_set()

    @property
    def stood(self) -> bool:
        """True from the first wait until it goes on."""
        return bool(self._said)

    def over(self) -> None:
        """Tell that it works, or goes on where it stood still."""
        if self._said:
            log.info("what was in the way is over: the service goes on")
        self._said, self.worked = "", True
        self._told("")

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending.set()
