"""Statements put to SQLite's driver itself, past SQLAlchemy, which takes ten times as long about one as SQLite.

The texts are still SQLAlchemy's, made once each, and so are the values of its types. Never for statements whose shape
depends on what they are given (a list of values); for PostgreSQL see ``one_go``.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine import Connection

_DIALECT: Final = pysqlite.dialect()
MOST_WAYS = 128
"""So many statements are kept as the driver takes them; there are about forty."""

Rows = Sequence[Any]
"""Rows as SQLAlchemy gives them: their columns are attributes."""
_Making = tuple[tuple[int, Callable[[Any], Any]], ...]
"""Place of a value → what makes it another one on its way in or out."""


@dataclass(frozen=True)
class Way:
    """A statement as SQLite's driver takes it, and how its rows are read."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    """What the statement itself gives for some of ``names``."""
    writers: _Making
    row: Callable[[Sequence[Any]], Any]
    readers: _Making

    def ask(self, connection: sqlite3.Connection, given: Mapping[str, Any]) -> Rows:
        """Return the rows it finds. Raises sqlite3.Error."""
        found = self.run(connection, given).fetchall()
        if not self.readers:
            return [self.row(one) for one in found]
        return [self.row(_with(self.readers, list(one))) for one in found]

    def run(self, connection: sqlite3.Connection, given: Mapping[str, Any]) -> sqlite3.Cursor:
        """Run it. Raises sqlite3.Error."""
        values = {**self.fixed, **given}
        return connection.execute(self.text, _with(self.writers, [values[name] for name in self.names]))


def _with(made: _Making, values: list[Any]) -> list[Any]:
    for place, make in made:
        values[place] = make(values[place])
    return values


def found(connection: Connection, statement: sa.Select[Any], given: Mapping[str, Any]) -> Rows:
    """Return what a statement finds in the transaction of ``connection``. Raises SQLAlchemyError."""
    try:
        return way_of(statement, given).ask(_driver(connection), given)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError(None, None, error) from error


def write(connection: Connection, statement: sa.Executable, given: Mapping[str, Any]) -> None:
    """Write something in the transaction of ``connection``, which has begun. Raises SQLAlchemyError."""
    try:
        way_of(statement, given).run(_driver(connection), given)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError(None, None, error) from error


def way_of(statement: Any, given: Mapping[str, Any]) -> Way:
    """Return a statement as the driver takes it with values for the names in ``given``."""
    return _way(statement, tuple(sorted(given)))


def _driver(connection: Connection) -> sqlite3.Connection:
    return connection.connection.driver_connection  # type: ignore[return-value]  # by the dialect


@lru_cache(maxsize=MOST_WAYS)
def _way(statement: Any, given: tuple[str, ...]) -> Way:
    made: Any = statement.compile(dialect=_DIALECT, column_keys=list(given))
    ready = made.construct_expanded_state(dict.fromkeys(given))
    names = tuple(ready.positiontup)
    columns = list(statement.selected_columns) if isinstance(statement, sa.Select) else []
    kind: Any = namedtuple("Row", [str(one.key) for one in columns])  # type: ignore[misc]  # known when it runs
    return Way(
        text=ready.statement,
        names=names,
        fixed={name: value for name, value in ready.parameters.items() if name not in given},
        writers=_made(
            _of(made.binds[name]).bind_processor(_DIALECT) if name in given else None for name in names
        ),
        row=kind._make,
        readers=_made(_of(one).result_processor(_DIALECT, None) for one in columns),
    )


def _of(one: Any) -> sa.types.TypeEngine[Any]:
    found: sa.types.TypeEngine[Any] = one.type.dialect_impl(_DIALECT)
    return found


def _made(processors: Any) -> _Making:
    return tuple((place, make) for place, make in enumerate(processors) if make is not None)
