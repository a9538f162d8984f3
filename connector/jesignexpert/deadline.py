"""A moment by which a whole call must be over, however slowly bytes drip.

The HTTP library bounds each read, not their sum: a server that sends one byte every 29 seconds would hold a
thread for ever. The moment is kept per thread; the transport's sockets look at it before every wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ENDS: ContextVar[float | None] = ContextVar("jesignexpert_deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound what happens inside, in this thread, to ``seconds``; an outer bound that ends sooner stays."""
    mine = time.monotonic() + seconds
    outer = _ENDS.get()
    token = _ENDS.set(mine if outer is None else min(mine, outer))
    try:
        yield
    finally:
        _ENDS.reset(token)


def left() -> float | None:
    """Return the seconds that remain (0 or less: over), None where nothing is bounded."""
    ends = _ENDS.get()
    return None if ends is None else ends - time.monotonic()


def over() -> bool:
    """Return whether the time is up."""
    remaining = left()
    return remaining is not None and remaining <= 0
