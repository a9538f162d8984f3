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

from connector.journal import grounds, marked, schema, statements
from connector.journal.ends import End, opened
from connector.journal.marked import MOVED, Mark

_LOOKS: Final = 5
_SETTINGS: Final = (
    *("server_version", "fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names"),
    "max_connections",
)
_STANDBYS: Final = (
    "SELECT count(*), count(sync_state), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) "
    "FROM pg_stat_replication"
)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a database server is, as an ordinary role sees it."""

    version: str
    settings: dict[str, str]
    schema: int
    """0 where there is no journal."""
    moved: Mark | None
    size: int
    """Bytes of the whole database."""
    round_trip_s: float
    """The middle one of a few."""
    clock_s: float
    """How far the server's clock is ahead of ours; half a round trip is not known."""
    standby: bool
    standbys: int
    """Servers that take over every change."""
    synchronous: int | None
    """How many of them a commit waits for; None where this role may not know (it lacks pg_monitor)."""
    connections: int
    alive: tuple[str, ...]
    """Connectors at work."""


def survey(end: End) -> Survey:
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
        settings = {name: str(_one(connection, f"current_setting('{name}')")) for name in _SETTINGS}
        held = sa.inspect(connection).has_table(schema.meta.name)
        standbys, known, synchronous = connection.exec_driver_sql(_STANDBYS).one()
        version = sa.select(schema.meta.c.value).where(schema.meta.c.name == "schema")
        return Survey(
            version=settings["server_version"].partition(" ")[0],
            settings=settings,
            schema=int(connection.execute(version).scalar_one()) if held else 0,
            moved=marked.read(connection, MOVED) if held else None,
            size=int(_one(connection, "pg_database_size(current_database())")),
            round_trip_s=statistics.median(trips),
            clock_s=statistics.median(drifts),
            standby=bool(_one(connection, "pg_is_in_recovery()")),
            standbys=int(standbys),
            synchronous=int(synchronous) if known == standbys else None,
            connections=int(
                _one(connection, "(SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'client%%')")
            ),
            alive=tuple(grounds.alive(connection)) if held else (),
        )


def _one(connection: Connection, what: str) -> Any:
    return connection.exec_driver_sql(f"SELECT {what}").scalar_one()
