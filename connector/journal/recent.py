"""What the database has been asked, and has answered, since anything in it last changed, whoever changed it.

A pass asks the same of every request in each of its rooms, and most passes find nothing changed. SQLite tells for a
fraction of a look whether any other connection, of this process or of another one, has committed meanwhile
(``PRAGMA data_version``); what is asked of it again goes straight to its driver. Other databases are asked through
SQLAlchemy, each time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from connector.journal.straight import Rows, way_of

MOST_ROWS = 1024
"""So many rows are remembered, some kilobytes each; a longer answer is not."""


class Recent:
    """Remembers answers for as long as they hold. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._watch = _connection_of_its_own(engine)
        self._version: int | None = None
        self._answers: dict[Hashable, Rows] = {}
        self._rows = 0

    def rows(self, statement: sa.Select[Any], given: Mapping[str, Any], look: Callable[[], Rows]) -> Rows:
        """Return what the statement finds, or found when the same was last asked and nothing has changed since.

        ``look`` asks the database in another way: where nothing tells of changes, and to say what is wrong with it.
        """
        question = (statement, *given.values())
        with self._lock:
            version = self._now()
            if version is None or version != self._version:
                self._forget(version)
            answer = self._answers.get(question)
            if answer is None and self._watch is not None and version is not None:
                # Newer than this moment, perhaps; never older.
                answer = self._asked(self._watch, statement, given)
                if answer is not None:
                    self._remember(question, answer)
        return look() if answer is None else answer

    def close(self) -> None:
        """Remember nothing more. Idempotent."""
        with self._lock:
            self._forget(None)
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def _now(self) -> int | None:
        """Return a number that is another one after each change; None where nothing tells."""
        if self._watch is None:
            return None
        try:
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:  # whoever looks hears of it
            return None

    def _asked(
        self, watch: sqlite3.Connection, statement: sa.Select[Any], given: Mapping[str, Any]
    ) -> Rows | None:
        try:
            return way_of(statement, given).ask(watch, given)
        except sqlite3.Error:  # as above
            return None

    def _forget(self, version: int | None) -> None:
        self._version, self._rows = version, 0
        self._answers.clear()

    def _remember(self, question: Hashable, answer: Rows) -> None:
        if len(answer) > MOST_ROWS:
            return
        if self._rows + len(answer) > MOST_ROWS or len(self._answers) >= MOST_ROWS:
            self._forget(self._version)
        self._answers[question] = answer
        self._rows += len(answer)


def _connection_of_its_own(engine: Engine) -> sqlite3.Connection | None:
    """Open one that only watches: a connection is not told of what it changes itself.

    A database in memory is its one connection.
    """
    if engine.dialect.name != "sqlite" or engine.url.database in {None, "", ":memory:"}:
        return None
    taken = engine.raw_connection()
    inner: sqlite3.Connection = taken.driver_connection  # type: ignore[assignment]
    taken.detach()
    return inner
