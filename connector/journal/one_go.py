"""What a transaction writes last goes to PostgreSQL together with its commit, in one round trip.

A fact is a record, an event and some intents: asked one after the other each waits for a network. Nothing here is read
back; an error of any of them undoes all, and is raised at the commit. Source: psycopg manual, "Pipeline mode".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

_LATER: Final = "jse_later"
Written = tuple[sa.Executable, Mapping[str, Any]]


def later(connection: Connection, statement: sa.Executable, given: Mapping[str, Any]) -> None:
    """Let a statement of a fixed shape, whose result nobody needs, wait for the commit."""
    waiting: list[Written] = connection.info.setdefault(_LATER, [])
    waiting.append((statement, given))


def forget(connection: Connection) -> None:
    """Nothing waits at the beginning of a transaction: the one before may have come to no end."""
    connection.info.pop(_LATER, None)


def commit(connection: Connection) -> None:
    """Write what waits, and commit. Raises SQLAlchemyError, having kept nothing or not knowing."""
    waiting: Sequence[Written] = connection.info.pop(_LATER, ())
    if waiting:
        _write(connection, waiting)
    connection.commit()


def _write(connection: Connection, waiting: Sequence[Written]) -> None:
    raw: Any = connection.connection.driver_connection
    ready = [_made(statement, given, connection.dialect) for statement, given in waiting]
    try:
        raw.commit_with((one.statement, one.parameters) for one in ready)
    except connection.dialect.loaded_dbapi.Error as error:
        lost = bool(connection.dialect.is_disconnect(error, raw, None))
        if lost:
            connection.invalidate(error)
        raise sa.exc.DBAPIError(None, None, error, connection_invalidated=lost) from error


def _made(statement: sa.Executable, given: Mapping[str, Any], dialect: Dialect) -> Any:
    return _compiled(statement, tuple(sorted(given)), dialect).construct_expanded_state(given)


@lru_cache(maxsize=64)
def _compiled(statement: Any, names: tuple[str, ...], dialect: Dialect) -> Any:
    """Return a statement as psycopg takes it: making it costs more than asking it."""
    return statement.compile(dialect=dialect, column_keys=list(names))
