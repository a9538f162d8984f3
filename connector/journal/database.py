"""The journal's database: opened, brought up to date, and every transaction's one way in and out.

After a commit returned, the fact survives a power loss (SQLite: WAL, ``synchronous=FULL``).
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import Fenced, JournalError
from connector.journal import (
    away,
    engines,
    grounds,
    marked,
    one_go,
    opening,
    schema,
    statements,
    straight,
    upgrading,
)
from connector.journal.kept import Kept
from connector.journal.moment import forget
from connector.journal.recent import Recent
from connector.journal.replication import Identity
from connector.journal.straight import Rows

Clock = Callable[[], datetime]

_OURS = frozenset({"meta", "record", "event", "intent"})
"""Tables of every version of the journal."""


class Database:
    """One journal database. Thread-safe; every method is one transaction.

    Raises JournalError when the database cannot be opened, is damaged, or was written by a newer version.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Clock,
        read_only: bool = False,
        password: str | None = None,
        although_marked: bool = False,
        may_begin: Callable[[str], None] | None = None,
    ) -> None:
        """Open it. ``read_only``: nothing is written, made or brought up to date, and every write is refused.

        For whoever only looks, be it as another user or on a disk that takes nothing. ``password`` is PostgreSQL's.
        ``although_marked``: be it moved or half moved, for who moves it (``marked``). ``may_begin``: hears where it
        is in PostgreSQL before one is begun in an empty database, and raises where none is to be.
        """
        self._now, self._may_begin = now, may_begin
        self.token: int | None = None
        """Number of this process among several (its row ``process``): from then on its facts are kept only while it
        is counted among the living. None: no others are known."""
        self._file = opening.file_of(url)
        self._identity = Identity() if engines.is_shared(url) else None
        self._engine = engines.engine(url, password=password, identity=self._identity, read_only=read_only)
        # A read is one statement: PostgreSQL needs no BEGIN and no end of it.
        alone: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if self.shared else {}
        self._reader = self._engine.execution_options(**alone) if alone else self._engine
        # Taken in turn: SQLite lets those who wait for its one write lock look again now and then, in no order.
        self._writing: AbstractContextManager[object] = nullcontext() if self.shared else threading.Lock()
        try:
            self._get_ready(url, read_only=read_only)
            if not although_marked:
                with self._reading() as connection:
                    marked.refuse(connection, url)
        except BaseException:
            self._engine.dispose()
            raise
        self._recent = Recent(self._engine)
        self._kept = Kept()

    def _get_ready(self, url: str, *, read_only: bool) -> None:
        if read_only:
            self._look(url)
            return
        if self._file is not None and not opening.judge(self._file, _OURS):
            opening.bear(url, self._bear)
        with self._transaction() as connection:
            self._open(connection)

    def _look(self, url: str) -> None:
        """Open what is there to be read only."""
        if self._file is not None and not opening.judge(self._file, _OURS, to_write=False):
            raise JournalError(f"no journal at {self._file}")
        with self._reading() as connection:
            found = _version(connection)
        if found != schema.VERSION:
            raise self._of_another_version(found)

    def _bear(self, place: sa.URL) -> None:
        """Make a journal at ``place``, to the last byte."""
        # SQLite gives its log and its index of it the mode of the database itself.
        with suppress(OSError):  # it says itself why a file cannot be opened
            os.close(os.open(str(place.database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        whole, self._engine = self._engine, engines.engine(place)
        try:
            with self._transaction() as connection:
                self._open(connection)
        finally:
            self._engine.dispose()  # the last connection takes the write-ahead log into the file
            self._engine = whole

    def close(self) -> None:
        """Let go of the database. Idempotent."""
        self._recent.close()
        self._engine.dispose()

    @property
    def shared(self) -> bool:
        """True of a database that several processes work on: what SQLite's one writer gives is asked for by locks."""
        return self._engine.dialect.name == "postgresql"

    def remember_nothing(self) -> None:
        """Read everything anew that is asked for next: for whoever measures what that costs."""
        self._kept.forget()

    @property
    def engine(self) -> sa.Engine:
        """What connects to it: for whoever keeps something else there than facts."""
        return self._engine

    @property
    def journal_id(self) -> str:
        """Drawn once when this journal was born; tells two journals of one connector apart."""
        return self._meta("journal_id")

    def _meta(self, name: str) -> str:
        with self._reading() as connection:
            value = connection.execute(
                sa.select(schema.meta.c.value).where(schema.meta.c.name == name)
            ).scalar_one()
        return str(value)

    def check(self) -> None:
        """Let the database look at every page it has. Raises JournalError when it is damaged; changes nothing."""
        if self._file is None:
            return
        with self._reading() as connection:
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        if found != "ok":
            raise opening.damaged(self._file, found.splitlines()[0])

    def _open(self, connection: Connection) -> None:
        if self.shared:
            grounds.holds_names(connection, str(self._engine.url))
        self._alone(connection, "schema")  # the first of several makes it, the others find it made
        if not sa.inspect(connection).has_table("meta"):
            if self.shared:
                # One that cannot hold every name, or is somebody else's, is told of before anything stands in it.
                if grounds.look(connection, str(self._engine.url)).torn:
                    raise grounds.missing(str(self._engine.url))
                if self._may_begin is not None:
                    self._may_begin(away.place(self._engine.url))
            schema.create(connection)
            for name, value in (("schema", str(schema.VERSION)), ("journal_id", secrets.token_hex(8))):
                connection.execute(schema.meta.insert().values(name=name, value=value))
            return
        found = _version(connection)
        if found > schema.VERSION:
            raise self._of_another_version(found)
        if found == schema.VERSION:
            if self.shared:
                upgrading.fit(connection, away.place(self._engine.url))
            return  # nothing is written: one that is damaged further on stays as it is
        if self.shared:
            upgrading.wait_for_older(connection, found, away.place(self._engine.url))
        for version in range(found, schema.VERSION):
            schema.MIGRATIONS[version](connection)
        connection.execute(
            schema.meta.update().where(schema.meta.c.name == "schema").values(value=str(schema.VERSION))
        )

    def _of_another_version(self, found: int) -> JournalError:
        cure = (
            "install the newer version again, or restore the journal's backup"
            if found > schema.VERSION
            else "the next start of the service brings it up to date"
        )
        where = f"{away.place(self._engine.url)}," if self.shared else f"the journal {self._file or ''}"
        return JournalError(f"{where} is of schema {found}, this version knows {schema.VERSION}: {cure}")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._writing, self._engine.connect() as connection:
                try:
                    self._enter(connection)
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                self._commit(connection)
        except sa.exc.SQLAlchemyError as error:
            raise self._meaning(error) from self._shown(error)

    def _enter(self, connection: Connection) -> None:
        """Begin a transaction that may write."""
        if not self.shared:
            # The write lock at once: two threads that read and then write would otherwise meet in SQLITE_BUSY. Said
            # here and not by a listener, for which SQLAlchemy would look before and after every statement.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        one_go.forget(connection)
        self._fence(connection)

    def _fence(self, connection: Connection) -> None:
        """Raise Fenced unless this process is alive, and let it be so until the transaction is over.

        Whoever gives its work to others locks the row first, and so waits for this transaction, or is waited for.
        """
        if self.token is None:
            return
        if connection.execute(statements.ALIVE, {"token": self.token}).first() is None:
            raise Fenced(
                f"process {self.token} was not heard of for too long: its work may be in other hands. Nothing was "
                "written; it begins anew"
            )

    def _alone(self, connection: Connection, subject: str, *, of: str | None = None) -> None:
        """Let nobody else write about a subject until the transaction is over; wait for whoever does.

        For what is read and then written, and has no row yet that could be locked. ``of``: a whole that others may want
        to themselves. SQLite has one writer at a time anyway.
        """
        if not self.shared:
            return
        if of is None:
            connection.execute(statements.ONE_AT_A_TIME, {"subject": subject})
        else:
            connection.execute(statements.ONE_OF_A_WHOLE, {"whole": of, "subject": f"{of} {subject}"})

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Give a connection for one statement that changes nothing; two might see two states of the journal."""
        try:
            with self._reader.connect() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise self._meaning(error) from self._shown(error)

    def _meaning(self, error: sa.exc.SQLAlchemyError) -> JournalError:
        return away.meaning(self._engine.url, error) if self.shared else opening.meaning(self._file, error)

    def _shown(self, error: sa.exc.SQLAlchemyError) -> sa.exc.SQLAlchemyError | None:
        """Return what is shown as the cause in a log."""
        return None if self.shared and away.quotes_values(error) else error

    def _rows(self, statement: sa.Select[Any], **given: str | float) -> Rows:
        """Return what one of ``statements`` finds; what was asked before and has not changed is not read again."""

        def look() -> Rows:
            with self._reading() as connection:
                return connection.execute(statement, given).all()

        return self._recent.rows(statement, given, look)

    def _holding(self, text: str) -> sa.ColumnElement[bool]:
        """True of a record whose facts hold a text, however it is spelled; SQLite's LIKE is so by itself."""
        facts = schema.record.c.facts
        return (
            facts.icontains(text, autoescape=True) if self.shared else facts.contains(text, autoescape=True)
        )

    def _commit(self, connection: Connection) -> None:
        """Make a transaction last. The one place of every commit: tests count crash points here."""
        forget(self._engine)
        one_go.commit(connection)

    def _write_later(
        self, connection: Connection, statement: sa.Executable, *given: Mapping[str, Any]
    ) -> None:
        """Write something whose result nobody needs, with the commit at the latest; an error is raised there."""
        write = one_go.later if self.shared else straight.write
        for each in given:
            write(connection, statement, each)

    def _tell(self, connection: Connection, kind: str) -> None:
        """Let the other processes hear of something once this transaction is over; with SQLite they look for it."""
        if self.shared:
            connection.execute(statements.TELL, {"kind": kind})

    def _append_account(
        self, connection: Connection, account: str, name: str, data: Mapping[str, Any]
    ) -> None:
        happened = {"record_id": None, "account": account, "at": self._now().timestamp()}
        said = {**happened, "name": name, "data": json.dumps(dict(data), default=str)}
        self._write_later(connection, statements.APPEND, said)


def when(seconds: float) -> datetime:
    """Return aware UTC time of what the tables keep as seconds since the epoch."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def _version(connection: Connection) -> int:
    """Return which schema a journal is of."""
    found = connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.name == "schema"))
    value = found.scalar_one_or_none()
    if value is None:
        raise JournalError(
            "a table meta stands there that is another program's: give the journal a database of its own"
        )
    return int(value)
