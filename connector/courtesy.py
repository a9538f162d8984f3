"""How much one login asks of its server: not before the server wants it again, not more often than allowed.

One object for each login, asked by every thread right before a request; nothing sleeps here. Source: RFC 9110
section 10.2.3 (``Retry-After``), issue "Nextcloud in depth" point 9, scenarios C8 and D8.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from connector.errors import AskedToWait

LONGEST_S: Final = 3600.0
"""A server that wants to be let be for longer is asked once an hour whether it still does."""
UNNAMED_S: Final = 30.0
"""How long a server is let be that says "too many requests" and no time (Nextcloud's block of an address)."""
MINUTE_S: Final = 60.0


class Courtesy:
    """Thread-safe. ``clock``: seconds; one that is set back neither lengthens a pause nor a minute.

    ``per_minute``: so many of the requests that are counted may be made in any minute; None: no limit.
    """

    def __init__(self, service: str, clock: Callable[[], float], *, per_minute: int | None = None) -> None:
        self._service, self._clock, self._per_minute = service, clock, per_minute
        self._lock = threading.Lock()
        self._until = self._seen = clock()
        """The server wants to be let be until then; and when somebody last looked at the clock."""
        self._made: deque[float] = deque()

    def admit(self, operation: str, *, counted: bool = False) -> None:
        """Let one request be made, or raise AskedToWait: then it is not to be made. ``counted``: it is one of many."""
        with self._lock:
            now = self._now()
            if (left := self._until - now) > 0:
                raise self._wait("asked to be let be", operation, left)
            if counted and self._per_minute is not None:
                if (left := self._until_free(now, self._per_minute)) > 0:
                    raise self._wait("enough was asked in this minute", operation, left)
                self._made.append(now)

    def learn(self, status: int | None, retry_after_s: float | None) -> None:
        """Take in an answer that is no success: 429 and 503 may tell when to come again."""
        seconds = UNNAMED_S if retry_after_s is None and status == 429 else retry_after_s
        # A 503 without a time may concern one resource alone, whose storage is away.
        if seconds is None or status not in {429, 503}:
            return
        self.let_be(seconds)

    def let_be(self, seconds: float) -> None:
        """Ask nothing for so long, an hour at most: the other side wants that, whoever it told."""
        with self._lock:
            self._until = max(self._until, self._now() + min(seconds, LONGEST_S))

    def left_s(self) -> float:
        """So many seconds the other side still wants to be let be; 0 where it does not."""
        with self._lock:
            return max(0.0, self._until - self._now())

    def forget(self) -> None:
        """Somebody put the obstacle away: ask again at once."""
        with self._lock:
            self._until = self._now()

    def _now(self) -> float:
        now = self._clock()
        if now < self._seen:  # it was set back: what is remembered goes back with it
            back = self._seen - now
            self._until -= back
            self._made = deque(made - back for made in self._made)
        self._seen = now
        return now

    def _until_free(self, now: float, most: int) -> float:
        """Seconds until one more may be made. Each comes free a minute after it was made."""
        while self._made and self._made[0] <= now - MINUTE_S:
            self._made.popleft()
        return self._made[0] + MINUTE_S - now if len(self._made) >= most else 0.0

    def _wait(self, detail: str, operation: str, seconds: float) -> AskedToWait:
        return AskedToWait(detail, service=self._service, operation=operation, retry_after_s=seconds)
