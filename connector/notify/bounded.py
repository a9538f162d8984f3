"""A call that ends: whatever the other side does, nobody waits longer than was said.

Libraries bound each read, not the whole: who sends one byte every nine seconds would hold a thread for ever, and with
it the watchdog's patience.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from connector.pulse import beat

T = TypeVar("T")
_BEAT_S: Final = 15.0
MOST_LEFT: Final = 3
"""So many calls of one name may be left behind at a time: the service has threads for its own work only."""


class TooSlow(TimeoutError):
    """It had not ended in time. What it does yet is not known."""


class Crowded(TooSlow):
    """It was not begun."""


def within(seconds: float, work: Callable[[], T], *, name: str) -> T:
    """Do the work in a thread of its own and wait for so long; raises what it raises, or TooSlow.

    A thread that is left behind ends with its own next time-out, or with the process; Crowded at once while
    :data:`MOST_LEFT` of that name have not. Whoever waits tells so (``pulse``): what has an end is not stuck.
    """
    if sum(thread.name == name for thread in threading.enumerate()) >= MOST_LEFT:
        raise Crowded(f"{MOST_LEFT} calls before this one have not ended yet")
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            failure.append(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    until = time.monotonic() + seconds
    while thread.is_alive() and (left := until - time.monotonic()) > 0:
        thread.join(min(left, _BEAT_S))
        beat()
    if failure:
        raise failure[0]
    if not outcome:
        raise TooSlow(f"no end within {seconds:g} s")
    return outcome[0]
