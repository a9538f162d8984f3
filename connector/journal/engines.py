"""How each kind of database is connected to: what a journal's transactions rely on is asked for here.

SQLite: one writer, whose commit outlives a power loss. PostgreSQL: READ COMMITTED, time limits on everything that may
wait, and connections that notice a server that is gone. Source: design page section 3.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine

from connector.errors import JournalError
from connector.journal import opening
from connector.journal.patient_pool import PatientPool

if TYPE_CHECKING:
    from connector.journal.replication import Identity

_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    # What is erased or replaced is overwritten with zeros: a person who is forgotten is in no free page either.
    "secure_delete=ON",
)
_DRIVER: Final = "postgresql+psycopg"
CONNECT_S: Final = 10
"""How long a connection to PostgreSQL may take; a server that is gone is noticed after about twice as long."""
_STATEMENT_S: Final = 60
_LOCK_S: Final = 20
IDLE_S: Final = 20
"""A transaction of a process that stands still is ended by the server then, before its leases are given away."""
_CONNECTIONS: Final = 4
"""Kept open by one process; a few more while many threads ask at once, who wait for each other beyond that: a
transaction takes a hundredth of a second, and a server has a hundred connections for all."""
_MORE_CONNECTIONS: Final = 8


def is_shared(url: str | URL) -> bool:
    """True of a database that several processes work on at once."""
    return sa.engine.make_url(url).get_backend_name() == "postgresql"


def engine(
    url: str | URL,
    *,
    password: str | None = None,
    identity: Identity | None = None,
    read_only: bool = False,
) -> Engine:
    """Return what connects to a journal. ``read_only``: every write is refused, and nothing is made.

    ``identity``: of the server that the first connection leads to; no other one is taken for it (PostgreSQL).
    """
    parsed = sa.engine.make_url(url)
    if is_shared(parsed):
        return _postgresql(parsed, password, identity, read_only=read_only)
    return _looking(parsed) if read_only else _sqlite(parsed)


def _postgresql(url: URL, password: str | None, identity: Identity | None, *, read_only: bool) -> Engine:
    if url.drivername != _DRIVER:
        raise JournalError(f"the journal's URL begins with {url.drivername}://: write {_DRIVER}:// instead")
    settings = {
        "default_transaction_isolation": r"read\ committed",
        "default_transaction_read_only": "on" if read_only else "off",
        "statement_timeout": f"{_STATEMENT_S}s",
        "lock_timeout": f"{_LOCK_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_S}s",
        "idle_session_timeout": "0",
        # What numbers are, to the last digit: a time that comes back rounded is no longer the one that was kept.
        "extra_float_digits": "1",
        # A commit that its standby does not have is told by a warning, and by nothing else.
        "client_min_messages": "notice",
    }
    ours = {
        "connect_timeout": CONNECT_S,
        "application_name": "jse-connector",
        "tcp_user_timeout": 2000 * CONNECT_S,
        "keepalives_idle": CONNECT_S,
        "keepalives_interval": CONNECT_S // 2,
        "keepalives_count": 2,
        "client_encoding": "utf8",
        # Of several hosts the one that takes writes: after a failover, that is another one.
        "target_session_attrs": "any" if read_only else "read-write",
    }
    arguments: dict[str, Any] = {name: value for name, value in ours.items() if name not in url.query}
    said = str(url.query.get("options", ""))
    arguments["options"] = " ".join(
        [said, *(f"-c {name}={value}" for name, value in settings.items())]
    ).strip()
    if password is not None:
        arguments["password"] = password
    try:
        # An error of the database would otherwise quote the values of its statement: names, addresses, numbers.
        made = sa.create_engine(
            url.difference_update_query(["options"]),
            hide_parameters=True,
            connect_args=arguments,
            poolclass=PatientPool,
            pool_size=_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_timeout=_LOCK_S,
        )
    except ModuleNotFoundError as error:
        raise JournalError(
            f"the journal is in PostgreSQL, and Python's {error.name} is not installed: install the extra postgresql, "
            'for instance with pip install "jse-connector[postgresql]"'
        ) from error
    except (sa.exc.ArgumentError, TypeError, ValueError) as error:
        raise JournalError(
            "hosts and ports of the journal's URL cannot be read; write  ?host=a.example:5432&host=b.example:5432"
        ) from error
    sa.event.listen(made, "do_connect", partial(_connect, None if read_only else identity))
    return made


def _connect(identity: Identity | None, _dialect: object, _record: object, args: Any, given: Any) -> Any:
    from connector.journal.psycopg3 import Connection as Ours

    return Ours.opened(*args, identity=identity, **given)


def _looking(url: URL) -> Engine:
    """Return an engine that makes nothing: neither a journal, nor files beside one that nobody works on."""
    file = opening.file_of(url)
    if file is None:
        return _sqlite(url)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
        )
        for pragma in ("query_only=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return sa.create_engine(url, hide_parameters=True, creator=connect)


def _sqlite(url: URL) -> Engine:
    made = sa.create_engine(url, hide_parameters=True)

    @sa.event.listens_for(made, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return made
