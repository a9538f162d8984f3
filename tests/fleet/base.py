"""The fleet's database: one PostgreSQL server, or a pair of which the second takes over when the first is killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Any, Self

import psutil
import psycopg

from tests import postgres
from tests.fleet.network import Network
from tests.postgres import Cluster, Ground


class Base:
    """A context manager. ``paired``: with a standby, which is synchronous unless ``lagging``.

    ``url`` names every server, and wants the one that takes writes: a failover needs no other configuration.
    """

    def __init__(
        self, network: Network | None = None, *, paired: bool = False, lagging: bool = False
    ) -> None:
        self._lagging = lagging
        self.replication = "asynchronous" if lagging else "synchronous" if paired else "none"
        """What the configuration has to say of it."""
        self._host = network.address["db"] if network else "127.0.0.1"
        self._ground: Ground = postgres.Ground()
        try:
            settings = {"listen_addresses": f"127.0.0.1,{self._host}" if network else "127.0.0.1"}
            self.first: Cluster = self._ground.cluster("one", fsync=True, **settings)
            if network:
                self._let_in(self.first)
            self.database = self.first.database()
            self.second: Cluster | None = None
            if paired:
                self.second = self.first.standby("two", synchronous=not lagging)
            self.now: Cluster = self.first
        except BaseException:
            self._ground.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ground.close()

    def _let_in(self, cluster: Cluster) -> None:
        line = f"host all all {self._host}/24 trust\n"
        cluster._run("sh", "-c", f"cat >>{cluster.data}/pg_hba.conf", text=line)
        cluster.reload()

    @property
    def url(self) -> str:
        """What the configuration says."""
        hosts = [f"{self._host}:{one.port}" for one in (self.first, self.second) if one is not None]
        places = "&".join(f"host={host}" for host in hosts)
        wanted = "&target_session_attrs=read-write" if len(hosts) > 1 else ""
        return f"postgresql+psycopg://{Cluster.user}@/{self.database}?{places}{wanted}"

    def restart(self, mode: str) -> None:
        """``fast``: sessions are told; ``immediate``: as a crash."""
        self.now.restart(mode)

    def fail_over(self) -> None:
        """Kill the first server as a machine that loses its power, then let the second take over.

        Where replication is synchronous, it gets a standby of its own: until then no connector begins on it.
        """
        assert self.second is not None
        for pid in _family(self.first.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._lagging:
            self.second.start()
        self.second.promote()
        self.now = self.second
        if not self._lagging:
            self.second.standby("three")

    def lag(self) -> None:
        """Let the second server hear nothing more of the first: what is committed from now on will be lost with it."""
        assert self.second is not None
        assert self._lagging
        self.second.stop("immediate")

    def ask(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Rows of the journal's database, asked as its superuser."""
        with self.now.admin(self.database) as connection:
            return connection.execute(query.encode(), given or None).fetchall()

    def wait_for(self, query: str, *given: object, seconds: float = 30) -> None:
        """Wait until a question has an answer."""
        end = time.monotonic() + seconds
        while True:
            with suppress(psycopg.OperationalError):
                if self.ask(query, *given):
                    return
            assert time.monotonic() < end, f"never true: {query} {given}"
            time.sleep(0.05)


def _family(pid: int) -> list[int]:
    """A server and its processes, the server first."""
    with suppress(psutil.NoSuchProcess):
        return [pid, *(one.pid for one in psutil.Process(pid).children(recursive=True))]
    return []
