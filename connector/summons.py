"""What another process wrote into the journal for this one, noticed within a second: orders, and pauses that ended.

The journal is the one door: it is there with SQLite and PostgreSQL, for root and for the service's own user, and an
order that nobody was awake to hear is still there at the next start. Looking costs one question to SQLite whether
anything was written at all. Source: design page section 5.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from connector.errors import JournalError
from connector.journal import Journal

EVERY_S: Final = 1.0
SELDOM_S: Final = 10.0
"""Where whoever writes says so, too (PostgreSQL)."""


class Summons:
    """Looks now and then, and asks for the passes that something new is for.

    ``wake`` is called with (server, account) of each; an empty one means that it concerns no single server.
    """

    def __init__(
        self,
        journal: Journal,
        wake: Callable[[str, str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        every_s: float = EVERY_S,
    ) -> None:
        self.journal, self._wake, self._clock, self._every_s = journal, wake, clock, every_s
        self._looked = float("-inf")
        self._known: Collection[tuple[int, float]] = ()
        self._held: frozenset[str] = frozenset()

    def hurry(self) -> None:
        """Something was written: the next look is due at once. Safe from any thread."""
        self._looked = float("-inf")

    def look(self) -> None:
        """Look, if it is time. A journal that cannot be read is the passes' to tell."""
        if self._clock() - self._looked < self._every_s:
            return
        self._looked = self._clock()
        try:
            standing, held = self.journal.standing_orders(), self.journal.held_accounts()
        except JournalError:
            return
        for server, account in {whose for key, whose in standing.items() if key not in self._known}:
            self._wake(server, account)
        for account in self._held - held:
            self._wake("", account)
        self._known, self._held = standing.keys(), held
