"""The signs of life of one process among several on a journal, and what it hears from the others meanwhile.

One connection and one thread are its own, so that nothing else that waits for the database keeps it. Source: protocol
R12.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

from connector import __version__
from connector.errors import Fenced, JournalAway
from connector.fence import Fence, now
from connector.journal.leases import BOND, FREED, ORDERS_CAME

log = logging.getLogger(__name__)

BEATS: Final = 18
"""So many signs of life in the time of a lease."""


class Lifeline:
    """Begin it, run it in a thread until ``ending`` is set.

    ``look`` is called after each sign of life, and when something came free or together; ``orders`` when an order or
    the end of a pause came in from elsewhere.
    """

    def __init__(self, fence: Fence, ending: threading.Event, look: Callable[[], None]) -> None:
        self.fence, self._leases, self._ending, self._look = fence, fence.leases, ending, look
        self.beat_s = fence.lease_s / BEATS
        self.orders: Callable[[], None] = lambda: None

    def begin(self, name: str, former: Collection[int] = ()) -> int:
        """Be counted from now on; returns the number. ``former``: those that work no more. Raises JournalError."""
        begun = now()
        number = self._leases.begin(
            name=name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            lease_s=self.fence.lease_s,
            former=former,
        )
        self.fence.beaten(begun)
        log.info("process %d of this journal (%s): what is free, or comes free, is shared", number, name)
        return number

    def run(self) -> None:
        """Give signs of life and listen, until told to end. Raises Fenced, JournalAway."""
        due = time.monotonic()
        while not self._ending.is_set():
            if (left := due - time.monotonic()) <= 0:
                self.beat()
                due = time.monotonic() + self.beat_s
                left = self.beat_s
                self._look()
            self._hear(left)

    def beat(self) -> None:
        """Give a sign of life; a connection that breaks is tried anew for as long as the lease lasts."""
        while not self._ending.is_set():
            begun = now()
            try:
                if not self._leases.beat(self.fence.lease_s):
                    raise Fenced(
                        f"process {self._leases.process} was not heard of for too long, and others work in its place: "
                        "it begins anew"
                    )
            except JournalAway:
                if self.fence.left() <= 0:
                    raise
                self._ending.wait(min(1.0, self.beat_s))
            else:
                self.fence.beaten(begun)
                return

    def _hear(self, seconds: float) -> None:
        try:
            told = self._leases.heard(seconds)
        except JournalAway:
            # The next sign of life tells what is to be made of it.
            self._ending.wait(min(seconds, 1.0))
            return
        if told & {FREED, BOND}:
            self._look()
        if ORDERS_CAME in told:
            self.orders()
