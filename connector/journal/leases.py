"""Who works on what, of several processes on one PostgreSQL journal: the tables ``process``, ``lease`` and ``bond``.

A process is alive while its row is moved on in time, by the database server's own clock. What it holds is free once it
has ended, or was not heard of for a lease's length and somebody else has said so. Each method is one transaction, or
one statement. Nothing here decides who is to have what (``shares``). Source: protocol R12.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import Fenced, JournalAway
from connector.journal import away, engines, schema, statements
from connector.journal.database import Database, when

log = logging.getLogger(__name__)

PASSING: Final = "/"
"""In the name of a process that is no service: what stands behind it is the verb."""
_KEPT: Final = timedelta(days=30)
"""Rows of processes that ended are kept for so long, for whoever asks what was."""
ORDERS_CAME, FREED, BOND = statements.ORDERS_CAME, statements.FREED, statements.BOND
_process, _lease, _bond, _record = schema.process.c, schema.lease.c, schema.bond.c, schema.record.c


def _pairs() -> sa.Select[Any]:
    pair = sa.tuple_(_record.folder, _record.account)
    of_open = sa.select(_record.folder, _record.account).where(~_record.closed).limit(1)
    of_open = of_open.order_by(_record.folder, _record.account)
    first = of_open.subquery()
    found = sa.select(first.c.folder, first.c.account).cte("found", recursive=True)
    after = of_open.where(pair > sa.tuple_(found.c.folder, found.c.account)).lateral()
    found = found.union_all(
        sa.select(after.c.folder, after.c.account).select_from(found.join(after, sa.true()))
    )
    return sa.select(found.c.folder, found.c.account)


PAIRS: Final = _pairs()
"""(folder, account) of every request that is not closed, each once: from one to the next through the index.

Asked at every beat: what it costs grows with the pairs, not with the requests.
"""
_ASKED_FOR: Final = (
    sa.select(_record.folder, _record.account)
    .where(_record.id.in_(sa.select(schema.intent.c.record_id)))
    .distinct()
)
"""The same of every request with an open intent: an order may stand for one that is closed."""
_CUT_OFF: Final = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND application_name = current_setting('application_name')"
    " AND state = 'active' AND wait_event = 'ClientRead'"
    " AND clock_timestamp() - state_change > make_interval(secs => :longest)"
    " AND pid IN (SELECT pid FROM pg_locks WHERE relation IN (SELECT oid FROM pg_class"
    " WHERE relnamespace = quote_ident(current_schema())::regnamespace))"
)
"""What is written with its commit comes in one go (``one_go``). To the server, a client that stands still in the midst
of that is not idle but asking: none of its limits holds (PostgreSQL manual, "Pipeline Mode"; "Client Connection
Defaults"), and what is locked would stay so for as long as that machine is frozen. Whoever fills a journal (COPY) looks
the same: nobody works on that one meanwhile, but on another in the same database."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """One incarnation of a connector that works, or worked, on this journal. Times are the database server's."""

    id: int
    """Larger than that of every earlier one: the fencing token."""
    name: str
    host: str
    pid: int
    version: str
    began_at: datetime
    until: datetime
    """So long it counts as alive without being heard of again."""
    ended: bool = False

    @property
    def passing(self) -> bool:
        """True of a verb at work for a moment, with what it took: it has no part in what the services share out."""
        return PASSING in self.name


@dataclass(frozen=True, kw_only=True)
class View:
    """Who was alive, who held what, and what belonged together, at one moment ``at`` of the server's clock."""

    at: datetime
    alive: tuple[Process, ...]
    holders: Mapping[str, int]
    """Unit → id of the process that holds it; free ones are not in it."""
    units: frozenset[str] = frozenset()
    """Every unit that any configuration has named."""
    bonds: frozenset[tuple[str, str]] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    """(folder, account) of every request of which something is to be done: not closed, or ordered, or begun."""
    lost: tuple[Process, ...] = field(default=())
    """Not heard of for too long, and not relieved yet."""


class Leases:
    """What one process says and asks of the others. Thread-safe but for :meth:`beat` and :meth:`heard`.

    These two use a connection of their own, and belong to one thread.
    """

    def __init__(self, journal: Database) -> None:
        self._engine = journal.engine
        self._alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._own: Connection | None = None
        dbapi: Any = self._engine.dialect.loaded_dbapi
        self._broken: type[Exception] = dbapi.Error
        self.process: int | None = None

    # -------------------------------------------------------------------------------- being alive

    def begin(
        self,
        *,
        name: str,
        host: str,
        pid: int,
        version: str,
        lease_s: float,
        former: Collection[int] = (),
    ) -> int:
        """Begin a new process and return its number. ``former``: earlier ones that are known to work no more."""
        if former:
            self._cut_off_the_frozen()
        with self._transaction() as connection:
            if former:
                mine = (_process.name == name) & (_process.host == host)  # a failover gives lost numbers anew
                ours = sa.select(_process.id).where(_process.id.in_(list(former)), mine)
                self._end(connection, connection.execute(ours).scalars().all())
            self.process = int(
                connection.execute(
                    schema.process.insert()
                    .values(
                        name=name,
                        host=host,
                        pid=pid,
                        version=version,
                        began_at=statements.CLOCK,
                        until=statements.CLOCK + lease_s,
                        ended=False,
                    )
                    .returning(_process.id)
                ).scalar_one()
            )
            _tell(connection, FREED)
            return self.process

    def beat(self, lease_s: float) -> bool:
        """Say that this process lives, for ``lease_s`` seconds from now; False where it is not counted any more.

        Raises JournalAway, after which the next one is made on another connection; so where no standby has heard it:
        another server may have taken over, and have relieved us.
        """
        alive = [_process.id == self.process, _process.until > statements.CLOCK, ~_process.ended]
        with self._on_its_own() as connection:
            moved = connection.execute(
                schema.process.update().where(*alive).values(until=statements.CLOCK + lease_s)
            ).rowcount
            raw: Any = connection.connection.dbapi_connection
            raw.kept()
        return bool(moved)

    def heard(self, seconds: float) -> frozenset[str]:
        """Wait so long for what is told on the channel; return as soon as anything is, all that is there by then."""
        with self._on_its_own() as connection:
            raw: Any = connection.connection.dbapi_connection
            found = {notify.payload for notify in raw.notifies(timeout=seconds, stop_after=1)}
            if found:
                found |= {notify.payload for notify in raw.notifies(timeout=0)}
        return frozenset(found)

    def left(self) -> float | None:
        """Return for how many seconds more this process counts as alive; None where it does not."""
        asked = sa.select(_process.until - statements.CLOCK).where(
            _process.id == self.process, _process.until > statements.CLOCK, ~_process.ended
        )
        with self._reading() as connection:
            found = connection.execute(asked).scalar()
        return None if found is None else float(found)

    def end(self) -> None:
        """This process works no more: what it holds is free. Idempotent."""
        if self.process is None:
            return
        with self._transaction() as connection:
            self._end(connection, [self.process])
            _tell(connection, FREED)

    def close(self) -> None:
        """Close the connection of its own. Idempotent."""
        own, self._own = self._own, None
        if own is not None:
            with suppress(Exception):  # one that is broken already
                own.close()

    def relieve(self) -> list[Process]:
        """End the processes that were not heard of for too long, and free what they held; returns them.

        One whose fact is just being committed is left for the next time; one that stands still amid a commit loses its
        connection, as the server does not end that by itself.
        """
        dead = sa.select(schema.process).where(~_process.ended, _process.until <= statements.CLOCK)
        with self._reading() as connection:
            if connection.execute(dead.limit(1)).first() is None:
                return []
        with self._transaction() as connection:
            found = [_read(row) for row in connection.execute(dead.with_for_update(skip_locked=True))]
            if found:
                self._end(connection, [one.id for one in found])
                _tell(connection, FREED)
        if not found:
            self._cut_off_the_frozen()
        return found

    def _cut_off_the_frozen(self) -> None:
        with self._reading() as connection:
            cut = connection.execute(_CUT_OFF, {"longest": engines.IDLE_S}).all()
        if cut:
            log.warning(
                "%d connections ended that stood still amid a commit: what they locked is free", len(cut)
            )

    # -------------------------------------------------------------------------------- who has what

    def view(self) -> View:
        """Look at everything. Several statements: what changes between them is seen the next time."""
        with self._reading() as connection:
            at = float(connection.execute(sa.select(statements.CLOCK)).scalar_one())
            rows = [
                _read(one) for one in connection.execute(sa.select(schema.process).where(~_process.ended))
            ]
            leases = connection.execute(sa.select(_lease.unit, _lease.process_id)).all()
            bonds = connection.execute(sa.select(_bond.one, _bond.other)).all()
            pairs = [*connection.execute(PAIRS).all(), *connection.execute(_ASKED_FOR).all()]
        now = when(at)
        return View(
            at=now,
            alive=tuple(sorted((one for one in rows if one.until > now), key=lambda one: one.id)),
            holders={row.unit: row.process_id for row in leases if row.process_id is not None},
            units=frozenset(row.unit for row in leases),
            bonds=frozenset((row.one, row.other) for row in bonds),
            pairs=frozenset((row.folder, row.account) for row in pairs),
            lost=tuple(one for one in rows if one.until <= now),
        )

    def process_names(self, ended: Collection[int] | None = None) -> frozenset[tuple[str, str]]:
        """Return (name, host) of all not forgotten yet, a verb's by its connector's name; or of these, where ended."""
        asked = sa.select(_process.name, _process.host).distinct()
        if ended is not None:
            asked = asked.where(_process.ended, _process.id.in_(list(ended)))
        with self._reading() as connection:
            return frozenset((one.name.partition(PASSING)[0], one.host) for one in connection.execute(asked))

    def name(self, units: Iterable[str]) -> None:
        """Let these be units that can be taken. Idempotent."""
        rows = [{"unit": unit} for unit in sorted(units)]
        if rows:
            with self._transaction() as connection:
                connection.execute(statements.new_row(schema.lease).on_conflict_do_nothing(), rows)

    def take(self, units: Collection[str], *, all_or_none: bool = True) -> frozenset[str]:
        """Take what is free of these: all of it or nothing; or what there is. Returns what is ours now.

        Fenced where this process is not counted any more. Of several that want one, one gets it, and nobody waits.
        """
        free = (
            sa.select(_lease.unit)
            .where(_lease.unit.in_(sorted(units)), _lease.process_id.is_(None))
            .order_by(_lease.unit)
            .with_for_update(skip_locked=True)
        )
        with self._transaction(fenced=True) as connection:
            found = frozenset(connection.execute(free).scalars())
            if not found or (all_or_none and found != frozenset(units)):
                return frozenset()
            connection.execute(
                schema.lease.update()
                .where(_lease.unit.in_(sorted(found)))
                .values(process_id=self.process, taken_at=statements.CLOCK)
            )
            return found

    def give_up(self, units: Collection[str]) -> None:
        """Free what is ours of these, and tell the others. Nobody may work on it any more. Idempotent."""
        with self._transaction() as connection:
            freed = connection.execute(
                schema.lease.update()
                .where(_lease.unit.in_(sorted(units)), _lease.process_id == self.process)
                .values(process_id=None, taken_at=None)
            ).rowcount
            if freed:
                _tell(connection, FREED)

    # -------------------------------------------------------------------------------- what belongs together

    def bond(self, one: str, other: str) -> bool:
        """Let two units belong together, for a day at least; True where that is new. The others are told of it."""
        first, second = sorted((one, other))
        made = statements.new_row(schema.bond).values(one=first, other=second, at=statements.CLOCK)
        with self._transaction(fenced=True) as connection:
            new = connection.execute(made.on_conflict_do_nothing().returning(_bond.one)).first() is not None
            if new:
                _tell(connection, BOND)
            return new

    def prune(self, *, bonds: timedelta = timedelta(days=1)) -> None:
        """Forget old bonds (what an open request needs joined is joined by that), and processes of long ago."""
        held = sa.select(_lease.process_id).where(_lease.process_id.is_not(None))
        with self._transaction() as connection:
            connection.execute(
                schema.bond.delete().where(_bond.at < statements.CLOCK - bonds.total_seconds())
            )
            connection.execute(
                schema.process.delete().where(
                    _process.ended,
                    _process.until < statements.CLOCK - _KEPT.total_seconds(),
                    _process.id.not_in(held),
                )
            )

    # -------------------------------------------------------------------------------- connections

    def _end(self, connection: Connection, processes: Collection[int]) -> None:
        """End these, once no fact of theirs is being kept: one that was killed may have left a commit behind."""
        theirs = sa.select(_process.id).where(_process.id.in_(list(processes))).order_by(_process.id)
        connection.execute(theirs.with_for_update())
        ended = schema.process.update().where(_process.id.in_(list(processes)), ~_process.ended)
        connection.execute(ended.values(ended=True, until=sa.func.least(_process.until, statements.CLOCK)))
        freed = schema.lease.update().where(_lease.process_id.in_(list(processes)))
        connection.execute(freed.values(process_id=None, taken_at=None))

    @contextmanager
    def _transaction(self, *, fenced: bool = False) -> Iterator[Connection]:
        """A transaction; ``fenced``: of a process that stays counted as alive until it is over. Raises JournalError."""
        try:
            with self._engine.connect() as connection, connection.begin():
                if fenced and connection.execute(statements.ALIVE, {"token": self.process}).first() is None:
                    raise Fenced(f"process {self.process} is not counted as alive any more")
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise away.meaning(self._engine.url, error) from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection whose statements each see what is committed by then. Raises JournalError."""
        try:
            with self._alone.connect() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise away.meaning(self._engine.url, error) from error

    @contextmanager
    def _on_its_own(self) -> Iterator[Connection]:
        try:
            if self._own is None:
                own = self._alone.connect()
                own.detach()
                own.exec_driver_sql(f"LISTEN {statements.CHANNEL}")
                self._own = own
            yield self._own
        except sa.exc.SQLAlchemyError as error:
            self.close()
            raise away.meaning(self._engine.url, error) from error
        except self._broken as error:
            self.close()
            raise JournalAway(
                f"{away.place(self._engine.url)}, is not at hand: the connection broke"
            ) from error


def _tell(connection: Connection, kind: str) -> None:
    connection.execute(statements.TELL, {"kind": kind})


def _read(row: Any) -> Process:
    return Process(
        id=row.id,
        name=row.name,
        host=row.host,
        pid=row.pid,
        version=row.version,
        began_at=when(row.began_at),
        until=when(row.until),
        ended=row.ended,
    )
