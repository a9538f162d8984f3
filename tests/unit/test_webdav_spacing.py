"""A server that answers 429 is asked more slowly from then on: a front's limit is met, not run into again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from connector.errors import AccessDenied, AskedToWait, Unavailable
from connector.webdav import WebDavFolder
from connector.webdav.spacing import FIRST_S, MOST_S, Spacing
from tests.fakes.dav_folder import LISTED, QUICK, ROOT
from tests.fakes.dav_server import Asked, RawServer, answer

RATE, BURST = 16.0, 6
"""What the front allows: so many a second, after so many at once."""


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def turns(spacing: Spacing, count: int) -> Sequence[float]:
    return [round(spacing.turn_s(), 6) for _ in range(count)]


def test_steps_grow_with_each_burst_that_was_too_many() -> None:
    """Before any 429 nobody waits; several told at once are one; there is a longest step."""
    clock = Clock()
    spacing = Spacing(clock)
    assert turns(spacing, 3) == [0, 0, 0]
    asked_at = clock()
    clock.at += 0.2
    for _ in range(4):
        spacing.too_many(asked_at)
    assert turns(spacing, 3) == [0, FIRST_S, 2 * FIRST_S]
    for _ in range(6):
        clock.at += 30
        spacing.too_many(clock())
    assert turns(spacing, 3) == [0, MOST_S, 2 * MOST_S]


def test_steps_shrink_when_all_goes_well() -> None:
    clock = Clock()
    spacing = Spacing(clock)
    for _ in range(2):
        spacing.too_many(clock())
        clock.at += 30
    clock.at += 600
    assert turns(spacing, 2) == [0, FIRST_S]
    clock.at += 600
    assert turns(spacing, 2) == [0, 0]


def test_a_clock_that_was_long_asleep_owes_nobody_turns() -> None:
    """What was not asked in the meantime is not made up for in a burst."""
    clock = Clock()
    spacing = Spacing(clock)
    spacing.too_many(clock())
    turns(spacing, 3)
    clock.at += 60
    assert turns(spacing, 3) == [0, FIRST_S, 2 * FIRST_S]


class Front:
    """A limit as proxies keep it: a bucket that leaks; what overflows is answered 429, and no time is told.

    ``passing``: seconds that a pause took, besides those that really pass.
    """

    def __init__(self, passing: Clock) -> None:
        self._lock = threading.Lock()
        self._passing = passing
        self._full, self._at = 0.0, self._now()
        self.refused = 0

    def __call__(self, asked: Asked) -> bytes:
        with self._lock:
            now = self._now()
            self._full = max(0.0, self._full - (now - self._at) * RATE)
            self._at = now
            if self._full + 1 > BURST:
                self.refused += 1
                return answer("429 Too Many Requests")
            self._full += 1
        return answer("207 Multi-Status", LISTED, "Content-Type: application/xml")

    def _now(self) -> float:
        return time.monotonic() + self._passing()


def test_what_many_threads_ask_comes_through() -> None:
    """Twenty looks by four threads: after one pause each of them is answered; each burst was refused like the first."""
    passing = Clock()
    front = Front(passing)
    with RawServer(front) as server:
        folder = WebDavFolder(
            "dms", server.url, "user", "secret", timeouts=QUICK, max_connections=4, clock=passing
        )

        def look(_: int) -> bool:
            try:
                folder.list(ROOT)
            except (AskedToWait, Unavailable):
                return False
            return True

        rounds = []
        with ThreadPoolExecutor(4) as threads:
            for _ in range(2):
                answered = list(threads.map(look, range(20)))  # all of them: none runs on into the next round
                rounds.append(all(answered))
                passing.at += 31  # the pause that follows a 429 is over
        assert rounds == [False, True]
        assert front.refused <= 4
        folder.close()


def test_a_login_that_is_refused_meanwhile_is_asked_with_by_nobody_whose_turn_comes_later() -> None:
    """Ten wrong passwords would block the address: who waits for its turn leaves it, too, once one was refused."""
    said = ["207 Multi-Status", "429 Too Many Requests"]
    refused = threading.Event()

    def front(_: Asked) -> bytes:
        if refused.is_set():
            return answer("401 Unauthorized")
        return answer(said.pop(0), LISTED, "Content-Type: application/xml")

    passing = Clock()
    with RawServer(front) as server:
        folder = WebDavFolder(
            "dms", server.url, "user", "secret", timeouts=QUICK, max_connections=4, clock=passing
        )
        folder.list(ROOT)
        with suppress(AskedToWait, Unavailable):
            folder.list(ROOT)
        passing.at += 31
        refused.set()

        def look(_: int) -> None:
            with suppress(AccessDenied):
                folder.list(ROOT)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(look, range(4)))
        assert len(server.asked) == 3
        folder.close()
