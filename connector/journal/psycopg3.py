"""psycopg's connection, with what a journal relies on: the only module that needs psycopg, an extra of its own.

Source: PostgreSQL manual, "Synchronous Replication" (a wait that is cancelled ends with a warning, not with an error:
the commit stands on one server alone); psycopg manual, "Adapting" and "Receiving notices".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper, StrDumperUnknown

from connector.journal.replication import Identity

T = TypeVar("T")

_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
_SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"
_WARNING = "01000"
ANSWER_S = 75.0
"""A server that has not answered by then is taken for gone. Its own limit for a statement is shorter; none holds for
a commit that waits for its standby, and a machine that is frozen keeps to none."""


class _Without(StrDumper):
    """Texts as PostgreSQL can hold them: what others answered may hold a NUL, which it cannot."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)


class _WithoutUnknown(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj)


class Connection(psycopg.Connection[Any]):
    """One that tells a commit which only this server has from one that will outlive it."""

    _alone = False
    patience_s: float | None = None
    """How long an answer is waited for until this transaction is over; None: as ever (``ANSWER_S``)."""

    @classmethod
    def opened(cls, *args: Any, identity: Identity | None, **kwargs: Any) -> Self:
        """Connect. Raises psycopg.OperationalError, also where another server answers than the one known so far."""
        made = cls.connect(*args, **kwargs)
        try:
            for dumper in (_Without, _WithoutUnknown):
                made.adapters.register_dumper(str, dumper)
            made.add_notice_handler(made._hear)
            if identity is not None:
                made._recognise(identity)
        except BaseException:
            made.close()
            raise
        return made

    def _recognise(self, identity: Identity) -> None:
        self.autocommit = True
        try:
            timeline = str(self._value(_TIMELINE))
            try:
                system = str(self._value(_SYSTEM))
            except psycopg.errors.InsufficientPrivilege:
                system = ""  # the timeline tells alone
        except psycopg.errors.ObjectNotInPrerequisiteState as error:
            raise psycopg.OperationalError("session is read-only: a standby") from error
        finally:
            self.autocommit = False
        if not identity.same((timeline, system)):
            raise psycopg.OperationalError("another server has taken over")

    def _value(self, asked: LiteralString) -> object:
        return (self.execute(asked).fetchone() or (None,))[0]

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for an answer, not for ever. Raises psycopg.OperationalError; the connection is gone then."""
        try:
            return super().wait(gen, interval, (self.patience_s or ANSWER_S) if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise

    def _hear(self, told: Diagnostic) -> None:
        self._alone = self._alone or told.sqlstate == _WARNING

    def commit(self) -> None:
        """Commit. Raises psycopg.OperationalError where the wait for the standby was given up."""
        self._alone = False
        super().commit()
        self.patience_s = None
        self._judge()

    def rollback(self) -> None:
        """Undo what was not committed."""
        super().rollback()
        self.patience_s = None

    def commit_with(self, written: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Write and commit in one round trip; raises psycopg.Error as each of them would, or as :meth:`commit`."""
        self._alone = False
        with self.pipeline():
            for text, given in written:
                self.execute(text.encode(), given)
            self.execute(b"COMMIT")  # commit() would wait by itself, and the pipeline's end once more
        self.patience_s = None
        self._judge()

    def kept(self) -> None:
        """Raise psycopg.OperationalError where what was written last, outside a transaction, only this server has."""
        self._judge()

    def _judge(self) -> None:
        if self._alone:
            raise psycopg.OperationalError("the standby did not take it in time")
