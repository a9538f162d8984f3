"""Defects that the connector's guards kept from stopping the other files, and would keep a test from noticing."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Self


class Defects(logging.Handler):
    """Listens to the connector's log while it is entered; ``met`` tells what was logged with its traceback.

    An exception of ours (``ConnectorError``) is told without one: only what nobody foresaw has it.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.met: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what has a traceback, and where it came from."""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            last = traceback.extract_tb(error.__traceback__)[-1]
            self.met.append(f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})")

    def __enter__(self) -> Self:
        logging.getLogger("connector").addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger("connector").removeHandler(self)
