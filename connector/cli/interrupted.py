"""A verb that is told to end, by SIGTERM or by a terminal that is closed, ends as by Ctrl-C: with all its tidying up.

Else a copy of the journal, of tokens and of the seal key would stay behind in a temporary directory, and what root made
in the state directory would stay root's. Who was told to go on without a terminal (nohup) goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

_TOLD: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def as_by_hand() -> Iterator[None]:
    """Let a signal that ends a process be a KeyboardInterrupt here; what comes after the first one is not heard.

    Nor after Ctrl-C: whoever closes the window then has waited for the tidying up. A second Ctrl-C is meant.
    """

    def ended(_number: int, _frame: object) -> None:
        for each in _TOLD:  # a shell that goes says so more than once: that must not break off the tidying up
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    with _handled_by(dict.fromkeys((*_TOLD, signal.SIGINT), ended)):
        yield


@contextmanager
def _handled_by(handlers: Mapping[signal.Signals, object]) -> Iterator[None]:
    """Change the handlers of those signals that somebody hears at all, in the thread that alone may do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in handlers}
    for number, former in before.items():
        if former is not signal.SIG_IGN:
            signal.signal(number, handlers[number])  # type: ignore[arg-type]  # one of ours, or one of Python's
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextmanager
def as_a_service() -> Iterator[None]:
    """Let the service, and a round, end by its own handlers, and at once before it has them: nothing has begun then.

    To be said before anything is loaded: systemd takes an end by SIGTERM for a good one, and status 130 for a failure.
    """
    with _handled_by({**dict.fromkeys(_TOLD, signal.SIG_DFL), signal.SIGINT: signal.default_int_handler}):
        yield
