"""What a connector costs that only looks: database statements, processor and memory, by the number of firms.

Each firm has a folder and an account; all folders lie on one server; both sides are looked at every ``EVERY_S``
seconds, nothing is there to do. What one more firm costs is the difference of two rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet import database, family, seconds, statements
from tests.fleet.place import Fleet, until
from tests.postgres import Cluster

FIRMS = (1, 8, 64)
EVERY_S = 5
_REST_S, _WATCHED_S = 6.0, 15.0


@dataclass(frozen=True, kw_only=True)
class Idle:
    """One connector at rest. All but memory for each round of looks."""

    firms: int
    statements: float
    connector_ms: float
    database_ms: float
    megabytes: float
    connections: int


def measure(directory: Path) -> list[Idle]:
    """Look at each number of firms in turn."""
    return [_measure(directory / str(firms), firms) for firms in FIRMS]


def _measure(directory: Path, firms: int) -> Idle:
    directory.mkdir()
    with database() as cluster:
        url = cluster.url(cluster.database(), tcp=True)
        with Fleet(directory, firms=firms, journal=url, how="patience", every=f"{EVERY_S}s") as fleet:
            statements(cluster)
            fleet.watch()
            fleet.start("one")
            until(lambda: fleet.connectors["one"].ready, 120, fleet.logs)
            _at_rest(cluster)
            pid = fleet.connectors["one"].pid
            before = statements(cluster), seconds([pid]), seconds([cluster.pid])
            began = time.monotonic()
            time.sleep(_WATCHED_S)
            rounds = (time.monotonic() - began) / EVERY_S
            after = statements(cluster), seconds([pid]), seconds([cluster.pid])
            spent = [(now - then) / rounds for now, then in zip(after, before, strict=True)]
            with cluster.admin() as connection:
                [open_now] = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (cluster.user,)
                ).fetchall()
            return Idle(
                firms=firms,
                statements=spent[0],
                connector_ms=spent[1] * 1000,
                database_ms=spent[2] * 1000,
                megabytes=sum(one.memory_info().rss for one in family(pid)) / 1e6,
                connections=int(open_now[0]),
            )


def _at_rest(cluster: Cluster) -> None:
    """Wait until nothing was kept for a while: every folder was seen, its models and its overview are written."""
    before = -1.0
    while (now := statements(cluster, "COMMIT%")) != before:
        before = now
        time.sleep(_REST_S)
