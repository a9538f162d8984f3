"""Signs of life: whoever waits for a server, or for a worker, tells with each piece that something still comes.

A pass that has gone on for long may be stuck, or may be taking in 200 MB over a slow line; systemd's watchdog is to
end the service in the first case only, for the other servers and accounts live in it as well. So whatever brings bytes
beats. Each wait between two beats has a limit of its own (a read of a socket, a call's time, a worker's), and all of
them are shorter than what ``schedule`` takes for death; so what is silent for longer *is* stuck.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_PATIENCE_S: Final = 30.0


def _unheard() -> None:
    """Nobody listens: a verb of the command line, a test."""


_HEAR: ContextVar[Callable[[], None]] = ContextVar("pulse", default=_unheard)


def beat() -> None:
    """Tell that something came. Cheap, safe from any thread."""
    _HEAR.get()()


class Turn(Protocol):
    """A semaphore, or what is taken like one."""

    def acquire(self, *, timeout: float) -> bool:
        """Wait for one's turn, so many seconds at most; False when it did not come."""
        ...


def acquired(turn: Turn, seconds: float | None = None) -> bool:
    """Wait for one's turn, ``seconds`` at most; False when it did not come.

    Only where each of those before us has a time limit of its own: waiting for them is no sign of anything stuck.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        left = _PATIENCE_S if until is None else max(0.0, until - time.monotonic())
        if turn.acquire(timeout=min(left, _PATIENCE_S)):
            return True
        if until is not None and left <= _PATIENCE_S:
            return False
        beat()


@contextmanager
def heard_by(hear: Callable[[], None]) -> Iterator[None]:
    """Let ``hear`` be called at each beat of this thread, and of those that work for it (:func:`carried`)."""
    token = _HEAR.set(hear)
    try:
        yield
    finally:
        _HEAR.reset(token)


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """Return ``work`` for another thread to do: its beats are heard where those of this thread are."""
    hear = _HEAR.get()

    def do(*arguments: P.args, **named: P.kwargs) -> T:
        with heard_by(hear):
            return work(*arguments, **named)

    return do
