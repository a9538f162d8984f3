"""A journal as one end of a copy: its database opened for as long as that takes, one state of it seen.

Beside ``database``, which is how a journal is worked with: here whole journals are read or written at once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from connector.errors import JournalError
from connector.journal import away, engines, grounds, opening


@dataclass(frozen=True, kw_only=True)
class End:
    """A database, and the password of PostgreSQL's."""

    url: str
    password: str | None = None

    @property
    def file(self) -> Path | None:
        """The file of a SQLite journal."""
        return opening.file_of(self.url)

    @classmethod
    def of_file(cls, file: Path) -> End:
        """Return a SQLite journal in this file."""
        return cls(url=f"sqlite:///{file}")


@contextmanager
def opened(end: End, *, read_only: bool = False) -> Iterator[Engine]:
    """Give an engine. Raises JournalError for whatever the database, or the disk, says."""
    engine = engines.engine(end.url, password=end.password, read_only=read_only)
    try:
        try:
            yield engine
        finally:
            engine.dispose()
    except sa.exc.SQLAlchemyError as error:
        if engine.dialect.name == "postgresql":
            raise away.meaning(engine.url, error) from (None if away.quotes_values(error) else error)
        raise opening.meaning(end.file, error) from error
    except OSError as error:
        raise JournalError(f"the journal {end.file}: {error.strerror or error}") from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that may take long; left without a commit, it is rolled back."""
    with engine.connect() as connection:
        _begun(connection, "IMMEDIATE")
        grounds.patient(connection)
        yield connection


@contextmanager
def held(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that sees one state of a journal and lets nobody else write; left, it is rolled back."""
    with _repeatable(engine).connect() as connection:
        _begun(connection, "IMMEDIATE")
        grounds.patient(connection)
        grounds.held(connection)
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that sees one state of a journal, while others go on writing."""
    with _repeatable(engine).connect() as connection:
        _begun(connection, "DEFERRED")
        grounds.patient(connection)
        yield connection


def _begun(connection: Connection, kind: str) -> None:
    """Let a transaction begin; SQLite's driver is told so, where nobody has."""
    connection.begin()
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and not driver.in_transaction:
        connection.exec_driver_sql(f"BEGIN {kind}")


def _repeatable(engine: Engine) -> Engine:
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine


def private(file: Path) -> None:
    """Let a database be made there that nobody else may read."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def in_one_file(file: Path) -> None:
    """Bring all that a journal knows, its log included, into the one file; nobody has it open. Raises JournalError."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=30)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise opening.meaning(file, error) from error


def swept(file: Path) -> None:
    """Remove a file that was never anybody's journal, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def synced(directory: Path) -> None:
    """Force a directory's entries to disk. Raises OSError."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
