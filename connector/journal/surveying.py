"""A journal's PostgreSQL looked at as it is: how far, how big, how safe. For ``doctor``; nothing is written or locked.

Source: ux page section 6.3; issue "Many firms", points 5 and 6.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.journal import away, grounds, marked, replication, schema, statements
from connector.journal.ends import End, opened
from connector.journal.marked import MOVED, Mark

_LOOKS: Final = 5
_CLIENTS: Final = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'client%%'"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a database server is, as an ordinary role sees it."""

    version: str
    schema: int
    """0 where there is no journal."""
    moved: Mark | None
    size: int
    """Bytes of the whole database."""
    round_trip_s: float
    """The middle one of a few."""
    clock_s: float
    """How far the server's clock is ahead of ours; half a round trip is not known."""
    refused: str
    """Why facts would not outlive what the configuration says they do; empty where they do."""
    warned: str
    waits: bool
    """A commit waits for another server."""
    connections: int
    most_connections: int
    alive: tuple[str, ...]
    """Connectors at work."""


def survey(end: End, replication_wanted: str) -> Survey:
    """Look. Raises JournalError: it does not answer, or lets nobody in."""
    with opened(end, read_only=True) as engine, engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        trips, drifts = [], []
        for _ in range(_LOOKS):
            asked = time.time()
            began = time.monotonic()
            there = float(connection.execute(sa.select(statements.CLOCK)).scalar_one())
            trips.append(time.monotonic() - began)
            drifts.append(there - (asked + trips[-1] / 2))
        held = sa.inspect(connection).has_table(schema.meta.name)
        refused, warned = _judged(connection, replication_wanted, away.place(engine.url))
        version = sa.select(schema.meta.c.value).where(schema.meta.c.name == "schema")
        return Survey(
            version=str(_one(connection, "current_setting('server_version')")).partition(" ")[0],
            schema=int(connection.execute(version).scalar_one()) if held else 0,
            moved=marked.read(connection, MOVED) if held else None,
            size=int(_one(connection, "pg_database_size(current_database())")),
            round_trip_s=statistics.median(trips),
            clock_s=statistics.median(drifts),
            refused=refused,
            warned=warned,
            waits=bool(_one(connection, "current_setting('synchronous_standby_names')")),
            connections=int(_one(connection, f"({_CLIENTS})")),
            most_connections=int(_one(connection, "current_setting('max_connections')")),
            alive=tuple(grounds.alive(connection)) if held else (),
        )


def refusal(end: End, replication_wanted: str) -> str:
    """Return why a service would not start on this database; empty where it would. Raises JournalError."""
    with opened(end, read_only=True) as engine, engine.connect() as connection:
        return _judged(connection, replication_wanted, away.place(engine.url))[0]


def replication_there(end: End, wanted: str) -> str:
    """Return what ``journal.replication`` has to say for a service to start there. Raises JournalError."""
    with opened(end, read_only=True) as engine, engine.connect() as connection:
        refused = _judged(connection, wanted, away.place(engine.url))[0]
        return replication.fitting(connection) if refused else wanted


def _judged(connection: Connection, wanted: str, where: str) -> tuple[str, str]:
    try:
        return "", replication.judge(connection, wanted, where)
    except JournalError as error:
        return str(error), ""


def _one(connection: Connection, what: str) -> Any:
    return connection.exec_driver_sql(f"SELECT {what}").scalar_one()
