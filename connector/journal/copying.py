"""A journal copied row by row between two databases of any kind, and what proves that both hold the same.

One snapshot is read, in the order of each table's key, and every row goes into a hash on its way; the copy is read back
in the same order and hashed again. Ids stay what they are, and what is numbered later continues behind them. Source:
issue "Many firms", point 5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.journal import schema

_BATCH: Final = 2_000
_OF_THE_SERVER: Final = frozenset({"53", "55", "57", "58"})
"""Classes of errors that are about the server, not about what was written."""
OF_ITS_PLACE: Final = frozenset({"moved_to", "arriving", "server_id", "server_timeline"})
"""Rows of ``meta`` that tell of one database and its server, not of what the journal knows. They stay there."""
_NUL: Final = repr("\x00")[1:-1]
Rows = Sequence[Sequence[Any]]
Advance = Callable[[int], None]
"""Hears how many more rows were dealt with."""


def _nobody(_rows: int) -> None:
    return


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a journal holds, table by table: two that are equal hold the same rows in the same order."""

    counts: Mapping[str, int]
    digests: Mapping[str, str]
    """SHA-256 over every row, in the order of the table's key."""

    def differing(self, other: Proof) -> list[str]:
        """Return the tables that are not the same in both."""
        return sorted(
            name
            for name in self.counts.keys() | other.counts.keys()
            if self.counts.get(name) != other.counts.get(name)
            or self.digests.get(name) != other.digests.get(name)
        )


class _Hashing:
    """Rows in their order, as one hash. Integers, floats, texts and bytes read the same out of every database.

    But for a NUL in a text: PostgreSQL holds none, and is given U+FFFD in its place (``psycopg3``).
    """

    def __init__(self) -> None:
        self._hash, self.count = hashlib.sha256(), 0

    def take(self, rows: Rows) -> None:
        self._hash.update("".join(map(repr, map(tuple, rows))).replace(_NUL, "\ufffd").encode())
        self.count += len(rows)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def tables(without: Collection[str] = ()) -> list[sa.Table]:
    """Return the journal's tables, those that others point to first."""
    return [table for table in schema.metadata.sorted_tables if table.name not in without]


def count(connection: Connection, there: Collection[str]) -> int:
    """Return how many rows a journal has in all; ``there``: the tables that it has, be it an older one."""
    return sum(
        int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
        for table in tables()
        if table.name in there
    )


def copy(
    source: Connection, target: Connection, *, without: Collection[str] = (), advance: Advance = _nobody
) -> Proof:
    """Copy every row into the empty tables of ``target``; returns what was read. Commits nothing.

    ``without``: tables that stay empty. Raises JournalError where the other database cannot hold a value.
    """
    proof = _passed(source, without, advance, lambda table: _writer(target, table))
    _number_behind(source, target)
    return proof


def prove(connection: Connection, *, without: Collection[str] = (), advance: Advance = _nobody) -> Proof:
    """Read every row of a journal, and return what it holds."""
    return _passed(connection, without, advance, lambda _table: _to_nobody())


def misnumbered(connection: Connection) -> list[str]:
    """Return the tables in which the next row would get a number that is there already."""
    return [
        table.name
        for table in tables()
        if (name := _sequence(connection, table)) is not None
        and _highest(connection, table) > _reached(connection, name)
    ]


def _passed(
    source: Connection,
    without: Collection[str],
    advance: Advance,
    open_writer: Callable[[sa.Table], Any],
) -> Proof:
    counts, digests = {}, {}
    for table in tables(without):
        hashing = _Hashing()
        with open_writer(table) as write:
            for rows in _read(source, table):
                hashing.take(rows)
                write(rows)
                advance(len(rows))
        counts[table.name], digests[table.name] = hashing.count, hashing.digest
    return Proof(counts=counts, digests=digests)


def _read(connection: Connection, table: sa.Table) -> Iterator[Rows]:
    """Yield a table's rows in batches, in the order of its key, byte by byte where it is a text."""
    asked = sa.select(table).order_by(*table.primary_key.columns)
    if table is schema.meta:
        asked = asked.where(table.c.name.not_in(OF_ITS_PLACE))
    with connection.execute(asked, execution_options={"yield_per": _BATCH}) as found:
        yield from found.partitions()


@contextmanager
def _to_nobody() -> Iterator[Callable[[Rows], None]]:
    yield lambda _rows: None


@contextmanager
def _writer(target: Connection, table: sa.Table) -> Iterator[Callable[[Rows], None]]:
    quoted = target.dialect.identifier_preparer
    columns = [quoted.format_column(column) for column in table.columns]
    into = f"{quoted.format_table(table)} ({', '.join(columns)})"
    if target.dialect.name != "postgresql":
        statement = f"INSERT INTO {into} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
        yield lambda rows: _insert(target, statement, rows)
        return
    # Row by row in one stream: many times as fast as statements.
    cursor = target.connection.cursor()
    try:
        with cursor.copy(f"COPY {into} FROM STDIN") as stream:

            def write(rows: Rows) -> None:
                for row in rows:
                    stream.write_row(row)

            yield write
    except (ValueError, target.dialect.loaded_dbapi.Error) as error:
        code = str(getattr(error, "sqlstate", None) or "")
        if code[:2] in _OF_THE_SERVER:
            raise JournalError(
                f"table {table.name} cannot be copied: {str(error).splitlines()[0]}"
            ) from error
        # Of any other it may quote what was being written.
        told = f"{type(error).__name__}, SQLSTATE {code}" if code else type(error).__name__
        raise JournalError(f"table {table.name} cannot be copied: {told}") from None
    finally:
        cursor.close()


def _insert(target: Connection, statement: str, rows: Rows) -> None:
    if rows:
        target.exec_driver_sql(statement, [tuple(row) for row in rows])


def _number_behind(source: Connection, target: Connection) -> None:
    """Let what is numbered from now on continue behind all that was ever numbered."""
    for table in tables():
        name = _sequence(target, table)
        if name is None:
            continue
        before = _sequence(source, table)
        least = max(_highest(target, table), 0 if before is None else _reached(source, before))
        if least:
            number_from(target, table, least)


def number_from(target: Connection, table: sa.Table, least: int) -> None:
    """Let the next row of a table get a number above ``least``, and above what was counted so far. PostgreSQL."""
    name = _sequence(target, table)
    if name is not None and least > _reached(target, name):
        target.execute(sa.select(sa.func.setval(name, least)))


def reached(connection: Connection, table: sa.Table) -> int:
    """Return the highest number that a table has ever given; 0 where that is not counted."""
    name = _sequence(connection, table)
    return 0 if name is None else _reached(connection, name)


def _sequence(connection: Connection, table: sa.Table) -> str | None:
    """Return what numbers a table's rows; None in SQLite, which looks at the highest number that is there."""
    numbered = table.autoincrement_column
    if numbered is None or connection.dialect.name != "postgresql":
        return None
    asked = sa.select(sa.func.pg_get_serial_sequence(table.name, numbered.name))
    found = connection.execute(asked).scalar()
    return None if found is None else str(found)


def _reached(connection: Connection, sequence: str) -> int:
    found = connection.exec_driver_sql(
        f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608
    )
    return int(found.scalar_one())


def _highest(connection: Connection, table: sa.Table) -> int:
    numbered = table.autoincrement_column
    assert numbered is not None
    return int(connection.execute(sa.select(sa.func.max(numbered))).scalar() or 0)
