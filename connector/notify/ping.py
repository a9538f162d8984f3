"""The sign of life that a watch elsewhere waits for: a GET after a round in which all went well.

It fails quietly, and is counted: whoever hears nothing is the one who cries (« active (running) » for two days while
nothing moved). Source: ux page sections 7 (3) and 8.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from connector.errors import RemoteError
from connector.notify.hooks import fetch

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0
"""At most so often, however quick the rounds are."""


@dataclass
class Pinger:
    """Calls one URL, which is a key: no text shows it. Not thread-safe."""

    url: str = field(repr=False)
    clock: Callable[[], float] = time.monotonic
    sent: int = 0
    failed: int = 0
    _last: float = float("-inf")
    _silent: bool = False

    def ping(self) -> bool:
        """Tell that all goes well, if it is time to; True when that was heard. Raises nothing."""
        now = self.clock()
        if now - self._last < EVERY_S:
            return False
        self._last = now
        try:
            status = fetch(self.url, service="ping")
        except RemoteError as error:
            return self._not_heard(str(error))
        if not 200 <= status < 300:
            return self._not_heard(f"the answer was {status}")
        self.sent += 1
        self._silent = False
        return True

    def _not_heard(self, why: str) -> bool:
        self.failed += 1
        if not self._silent:  # once, until one is heard again
            self._silent = True
            log.warning("ping: %s", why)
        return False
