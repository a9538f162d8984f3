"""What is looked up of each of many at one moment, asked once for all of them: holds, and last events.

A look at which nothing happens asks the same of every account and folder, one after the other. Within a moment, which
the code of one thread opens around such a row of looks (``Journal.at_once``), the first answer stands for the others.
It ends with what this thread itself writes, and with the row: what decides whether something leaves is asked right
before it leaves, in no moment. SQLite has its own way (``recent``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

Key = tuple[str, str]
"""(account or other subject, name) of an event."""


@dataclass
class Moment:
    """What is known, of the journal that connects by ``engine``. ``wanted``: last events that will be asked for."""

    engine: object
    wanted: frozenset[Key]
    holds: Mapping[str, Any] | None = None
    """Account → its row; None: not asked yet."""
    events: Mapping[Key, Any] = field(default_factory=dict)
    """Of what was wanted, a row with the last event's ``data``, None where there is none. Empty: not asked yet."""

    def forget(self) -> None:
        """Something was written: what is asked for next is asked anew, each by itself."""
        self.holds, self.events, self.wanted = None, {}, frozenset()


_NOW: Final[ContextVar[Moment | None]] = ContextVar("moment", default=None)


@contextmanager
def opened(engine: object, wanted: Iterable[Key]) -> Iterator[None]:
    """Let this thread be in a moment of that journal. One around it knows nothing any more afterwards."""
    token = _NOW.set(Moment(engine, frozenset(wanted)))
    try:
        yield
    finally:
        _NOW.reset(token)
        forget(engine)


def of(engine: object) -> Moment | None:
    """Return the moment of that journal in which this thread is; None where it is in none."""
    now = _NOW.get()
    return now if now is not None and now.engine is engine else None


def forget(engine: object) -> None:
    """Let nothing of it be known any more."""
    if (now := of(engine)) is not None:
        now.forget()
