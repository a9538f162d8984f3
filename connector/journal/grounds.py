"""What stands where a journal is to be: nothing, a journal, or something of others; and how one is put aside.

PostgreSQL's tables go into a schema of their own beside the one they stood in, in the transaction that makes the new
ones: nothing is copied, and nothing is lost. A SQLite journal's files go into a directory beside it (``cli.anew``).
Nothing of others is ever touched.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.journal import copying, marked, schema, statements
from connector.journal.marked import ARRIVING, MOVED, Mark, where
from connector.lifecycle import State

_RELATIONS: Final = sa.text(
    "SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN "
    "('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass "
    "AND objid = pg_class.oid AND deptype = 'e') ORDER BY relkind = 'S', relname"
)
_FUNCTIONS: Final = sa.text(
    "SELECT proname FROM pg_proc WHERE pronamespace = quote_ident(current_schema())::regnamespace"
)
_ALIVE: Final = (
    sa.select(schema.process.c.name, schema.process.c.host, schema.process.c.version, schema.process.c.until)
    .where(~schema.process.c.ended, schema.process.c.until > statements.CLOCK)
    .order_by(schema.process.c.id)
)
_UNDER_WAY: Final = sa.select(sa.func.count(schema.record.c.id)).where(
    ~schema.record.c.closed,
    schema.record.c.state.in_([state.value for state in State if state.open or state.ended]),
)
_OURS: Final = frozenset({"meta", "record", "event"})
"""Tables without which nothing is a journal."""
STOP: Final = "Stop them all first; one that was killed counts until its lease ends"
"""What to do about connectors that work on a journal."""
LONGEST_S: Final = 12 * 3600
"""A journal of many years may be copied for so long before the database is asked to give up."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What stands in a database. ``journal_id`` is empty where nothing does."""

    journal_id: str = ""
    requests: int = 0
    rows: int = 0
    under_way: int = 0
    """Requests that have left, or are about to, and are not closed yet."""
    folders: frozenset[str] = frozenset()
    """Those with requests that are not closed."""
    accounts: frozenset[str] = frozenset()
    moved: Mark | None = None
    arriving: Mark | None = None
    torn: bool = False
    """Tables of a journal stand there, and some without which it is none do not."""

    @property
    def taken(self) -> bool:
        """True where something of a journal stands there, whole or not."""
        return bool(self.journal_id) or self.torn


def patient(connection: Connection) -> None:
    """Let this transaction take as long as a whole journal needs. PostgreSQL; before anything is read."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = '{LONGEST_S}s'")
        driver: Any = connection.connection.driver_connection
        driver.patience_s = LONGEST_S


def look(connection: Connection, url: str) -> Ground:
    """Return what stands in a database. Raises JournalError where it is something of others, or cannot be used."""
    there = set(sa.inspect(connection).get_table_names())
    if connection.dialect.name == "postgresql":
        _usable(connection, url)
        strange = _strange([str(row[0]) for row in connection.execute(_RELATIONS)])
        if strange and not _newer(connection, there):
            raise JournalError(
                f"{where(url)} is not empty: {', '.join(strange[:5])} stand there, and are nothing of this "
                "program's. Give the journal a database, or a schema, of its own"
            )
    if _OURS - there:
        return Ground(torn=_torn(connection, there))
    values = {row.name: row.value for row in connection.execute(sa.select(schema.meta))}
    return Ground(
        journal_id=values.get("journal_id", ""),
        torn="journal_id" not in values,
        requests=int(connection.execute(sa.select(sa.func.count(schema.record.c.id))).scalar_one()),
        rows=copying.count(connection, there),
        under_way=int(connection.execute(_UNDER_WAY).scalar_one()),
        folders=_open(connection, schema.record.c.folder),
        accounts=_open(connection, schema.record.c.account),
        moved=marked.read(connection, MOVED),
        arriving=marked.read(connection, ARRIVING),
    )


def _torn(connection: Connection, there: Collection[str]) -> bool:
    """True of tables by the names and columns of ours, and more of them than another program has by chance."""
    inspected = sa.inspect(connection)
    ours = [table for table in schema.metadata.sorted_tables if table.name in there]
    alike = [
        table
        for table in ours
        if set(table.columns.keys()) <= {column["name"] for column in inspected.get_columns(table.name)}
    ]
    return len(alike) == len(ours) > 2


def missing(url: str) -> JournalError:
    """Tell that a journal is not whole."""
    return JournalError(
        f"{where(url)}: tables of a journal are missing there. Put its backup back (jse-connector restore), or begin a "
        "new one from the markers (jse-connector rebuild): what is there is kept aside"
    )


def _open(connection: Connection, column: sa.Column[str]) -> frozenset[str]:
    asked = sa.select(column).where(~schema.record.c.closed).distinct()
    return frozenset(str(row[0]) for row in connection.execute(asked))


def _strange(relations: list[str]) -> list[str]:
    """Return those that are none of the journal's tables, nor what numbers one."""
    names = {table.name for table in schema.metadata.sorted_tables}
    return [one for one in relations if one not in names and one.removesuffix("_id_seq") not in names]


def _newer(connection: Connection, there: Collection[str]) -> bool:
    """True of a newer version's journal: what else stands there is of that version."""
    if _OURS.difference(there):
        return False
    asked = sa.select(schema.meta.c.value).where(schema.meta.c.name == "schema")
    return int(connection.execute(asked).scalar_one_or_none() or 0) > schema.VERSION


def _usable(connection: Connection, url: str) -> None:
    encoding, at, may = connection.exec_driver_sql(
        "SELECT current_setting('server_encoding'), current_schema(), "
        "has_schema_privilege(current_schema(), 'CREATE')"
    ).one()
    if at is None or not may:
        raise JournalError(
            f"{where(url)}: this role may make no tables in {f'schema {at}' if at else 'any schema'}. As the "
            "database's administrator:  ALTER DATABASE … OWNER TO …  or  GRANT CREATE, USAGE ON SCHEMA … TO …"
        )
    if encoding != "UTF8":
        raise _cannot_hold(url, encoding)


def holds_names(connection: Connection, url: str) -> None:
    """Raise JournalError where a journal was put into a database that cannot hold every name. PostgreSQL."""
    driver: Any = connection.connection.driver_connection
    encoding = driver.info.parameter_status("server_encoding")
    if encoding not in {"UTF8", "SQL_ASCII"}:  # the latter gives back the bytes that it was given
        raise _cannot_hold(url, encoding)


def _cannot_hold(url: str, encoding: str) -> JournalError:
    return JournalError(
        f"{where(url)} keeps texts as {encoding}: make a database with ENCODING 'UTF8', and put a backup of the "
        "journal there where there was one"
    )


def of_today(connection: Connection, url: str) -> None:
    """Raise JournalError unless a journal of this version stands there, and is in use."""
    if not sa.inspect(connection).has_table(schema.meta.name):
        raise JournalError(f"no journal at {where(url)}: has the service ever run with it?")
    version = connection.execute(
        sa.select(schema.meta.c.value).where(schema.meta.c.name == "schema")
    ).scalar_one()
    if version != str(schema.VERSION):
        raise JournalError(
            f"the journal {where(url)} is of schema {version}, this version knows {schema.VERSION}: use the "
            "jse-connector that works on it"
        )
    marked.refuse(connection, url)


def alive(connection: Connection) -> list[str]:
    """Return who works on a journal: instance and host of each connector, and until when one that was killed counts.

    SQLite has no such rows.
    """
    if connection.dialect.name != "postgresql" or not _has(connection, schema.process):
        return []
    told = []
    for row in connection.execute(_ALIVE):
        until = datetime.fromtimestamp(row.until, UTC)
        told.append(f"{row.name} on {row.host} ({row.version}), its lease until {until:%H:%M:%S} UTC")
    return told


def worked_on(url: str, who: list[str]) -> JournalError:
    """Tell that connectors have to be stopped first."""
    return JournalError(f"connectors work on {where(url)}: {', '.join(who)}. {STOP}")


def resting(connection: Connection, url: str) -> None:
    """Raise JournalError while a connector works on this journal; those that are frozen can keep no fact any more.

    What is seen here stays so until the transaction is over.
    """
    if connection.dialect.name == "postgresql" and _has(connection, schema.process):
        connection.exec_driver_sql(f"LOCK TABLE {schema.process.name} IN SHARE ROW EXCLUSIVE MODE")
    if who := alive(connection):
        raise worked_on(url, who)
    at_rest(connection)


def at_rest(connection: Connection) -> None:
    """Let every process have ended, and hold nothing. A fact that one of them is just keeping is waited for."""
    if _has(connection, schema.process):
        asked = sa.select(schema.process.c.id).where(~schema.process.c.ended)
        connection.execute(asked.with_for_update()).all()
        connection.execute(schema.process.update().where(~schema.process.c.ended).values(ended=True))
    if _has(connection, schema.lease):
        held_by = schema.lease.c.process_id
        connection.execute(schema.lease.update().where(held_by.is_not(None)).values(process_id=None))


def _has(connection: Connection, table: sa.Table) -> bool:
    """Of a torn journal any table may be missing."""
    return sa.inspect(connection).has_table(table.name)


def held(connection: Connection) -> None:
    """Let nobody else write into this journal until the transaction is over; who only reads goes on reading."""
    if connection.dialect.name == "postgresql":
        # Nothing may be read before the lock is there: a snapshot of before would be copied.
        quoted = connection.dialect.identifier_preparer.format_table
        names = ", ".join(quoted(table) for table in schema.metadata.sorted_tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def put_aside(connection: Connection, url: str, *, now: datetime) -> str:
    """Move a journal's tables into a schema of their own; returns its name. PostgreSQL; commits nothing.

    Raises JournalError where this role may make no schema.
    """
    at, may = connection.exec_driver_sql(
        "SELECT current_schema(), has_database_privilege(current_database(), 'CREATE')"
    ).one()
    if not may:
        raise JournalError(
            f"{where(url)}: this role may make no schema to keep the earlier journal in. As the database's "
            "administrator:  GRANT CREATE ON DATABASE … TO …"
        )
    quoted = connection.dialect.identifier_preparer.quote
    taken = set(sa.inspect(connection).get_schema_names())
    stem = f"{at}_aside_{now.astimezone(UTC):%Y%m%dt%H%M%Sz}"
    name = next(one for one in (stem, *(f"{stem}_{n}" for n in range(2, 1000))) if one not in taken)
    connection.exec_driver_sql(f"CREATE SCHEMA {quoted(name)}")
    there = sa.inspect(connection).get_table_names()
    tables = map(quoted, there) if _newer(connection, there) else _there(connection)
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE {table} SET SCHEMA {quoted(name)}")
    for function in _functions(connection):
        connection.exec_driver_sql(f"ALTER FUNCTION {function}() SET SCHEMA {quoted(name)}")
    return name


def emptied(connection: Connection) -> None:
    """Take away what a journal that never arrived has left. PostgreSQL; commits nothing."""
    for table in reversed(_there(connection)):
        connection.exec_driver_sql(f"DROP TABLE {table}")
    for function in _functions(connection):
        connection.exec_driver_sql(f"DROP FUNCTION {function}()")


def numbers(connection: Connection) -> int:
    """Return the highest number that a process of this journal ever had."""
    return copying.reached(connection, schema.process) if _has(connection, schema.process) else 0


def _there(connection: Connection) -> list[str]:
    """The journal's tables that are there, those that others point to first; an older journal has fewer."""
    known = set(sa.inspect(connection).get_table_names())
    quoted = connection.dialect.identifier_preparer.format_table
    return [quoted(table) for table in schema.metadata.sorted_tables if table.name in known]


def _functions(connection: Connection) -> list[str]:
    known = {str(row[0]) for row in connection.execute(_FUNCTIONS)}
    return [name for name in marked.FUNCTIONS if name in known]
