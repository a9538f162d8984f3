"""One, two and four connectors on one journal in PostgreSQL, beside one on SQLite: pairs a minute, and what each costs.

Counts come first: statements of the database (each is one round trip), its transactions, calls to both servers; then
seconds of processor by whom. Firms have a folder and an account each. Timed: from the drop to the last send, and from
the signatures to the last closed end; people's own time is not. ``python -m benchmarks fleet``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import psutil

from tests import documents, postgres
from tests.fleet.place import Firm, Fleet, until
from tests.fleet.remote import RemotePlatform, requests
from tests.postgres import Cluster
from tests.soak.letters import MARIE, RIGHT, ROOT

FIRMS = 8
PAIRS = {0.0: 80, 0.2: 64}
"""What every answer of both servers takes longer (seconds) → how many pairs are dropped at once."""
CONNECTORS = (1, 2, 4)
CONNECTIONS = 4 * FIRMS
"""As if each firm had a DMS server of its own with as many connections as are allowed by default."""
ROUNDS = 5
_LONGEST_S = 600.0
_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Run:
    """One burst of all firms."""

    pairs: int
    connectors: int
    journal: str
    launch_s: float
    deliver_s: float
    statements: float
    """Of the database for each pair, BEGIN and COMMIT among them, and without those of looking (``idle``); 0 with
    SQLite."""
    transactions: float
    fences: float
    """Of the statements for each pair those that look at the process's own row."""
    fence_ms: float
    """What one of these takes inside the database."""
    idle: float
    """Statements a second of all connectors together that have nothing to do but to look, each side every second."""
    dms: float
    platform: float
    processor_s: Mapping[str, float]
    """For each pair: of the connectors, the database, the DMS, the platform."""
    megabytes: float
    """Of one connector with its workers, at the end (mean)."""

    @property
    def a_minute(self) -> float:
        """Pairs a minute."""
        return self.pairs / (self.launch_s + self.deliver_s) * 60

    @property
    def busy(self) -> float:
        """Processors that the whole place kept busy (mean). Where the machine has no more, they are the limit."""
        return sum(self.processor_s.values()) * self.a_minute / 60


def measure(directory: Path, connectors: int, *, journal: str, distance_s: float) -> Run:
    """Let so many connectors do one burst on a fresh place. ``journal``: ``postgresql`` or ``sqlite``."""
    directory.mkdir()
    pairs = PAIRS[distance_s]
    with ExitStack() as stack:
        cluster = stack.enter_context(database()) if journal == "postgresql" else None
        url = cluster.url(cluster.database(), tcp=True) if cluster else None
        fleet = stack.enter_context(
            Fleet(directory, firms=FIRMS, journal=url, how="patience", connections=CONNECTIONS)
        )
        names = ["one", "two", "three", "four"][:connectors]
        fleet.watch()
        fleet.start(*names)
        _wait(fleet, lambda: all("ready:" in fleet.connectors[name].said() for name in names))
        time.sleep(3)  # shares are balanced, registries read
        idle, looked = statements(cluster), time.perf_counter()
        time.sleep(6)
        idle = (statements(cluster) - idle) / (time.perf_counter() - looked)
        meter = _Meter(fleet, cluster, pairs)
        with _standing_still(fleet):
            _drop(fleet, pairs)
            _keep_distance(fleet, distance_s)
        meter.begin()
        began = time.perf_counter()
        _wait(fleet, lambda: _sent(fleet) == pairs)
        launched = time.perf_counter() - began
        with _standing_still(fleet):
            _sign_all(fleet)
        began = time.perf_counter()
        _wait(fleet, lambda: _done(fleet) == pairs)
        delivered = time.perf_counter() - began
        run = meter.run(connectors, journal, launched, delivered, idle)
        views = RemotePlatform(fleet.platform_url).transactions()
        if [view.sends for view in views] != [1] * pairs:
            raise RuntimeError("not every pair was sent once")
        return run


@contextmanager
def _standing_still(fleet: Fleet) -> Iterator[None]:
    """Stop every connector, far shorter than a lease: what people do in that time finds nobody at work."""
    for child in fleet.connectors.values():
        child.freeze()
    try:
        yield
    finally:
        for child in fleet.connectors.values():
            child.thaw()


def _drop(fleet: Fleet, pairs: int) -> None:
    def of(firm: Firm) -> None:
        for number in range(pairs // FIRMS):
            name = f"{firm.name}-{number:03d}"
            firm.dms.write(f"{ROOT}/{name}.pdf", documents.letter(2, text=name))
            firm.dms.write(f"{ROOT}/{name}.sign.yaml", f"objet: {name}\nsignataires: {RIGHT}\n".encode())

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(of, fleet.firms))


@contextmanager
def database() -> Iterator[Cluster]:
    with postgres.ground() as ground:
        yield ground.cluster(
            fsync=True, shared_buffers="128MB", shared_preload_libraries="pg_stat_statements",
            **{"pg_stat_statements.max": "2000"},
        )  # fmt: skip


def _wait(fleet: Fleet, true: object) -> None:
    until(true, _LONGEST_S, fleet.logs)  # type: ignore[arg-type]


def _sent(fleet: Fleet) -> int:
    log = fleet.platform_directory / "requests.jsonl"
    return sum(one["operation"] == "send" and one["status"] == 200 for one in requests(log))


def _done(fleet: Fleet) -> int:
    return sum(1 for _ in (fleet.dms_directory / "files").rglob("*.done"))


def _sign_all(fleet: Fleet) -> None:
    platform = RemotePlatform(fleet.platform_url)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(lambda view: platform.person_signs(view.id, MARIE), platform.transactions()))


def _keep_distance(fleet: Fleet, seconds: float) -> None:
    if not seconds:
        return
    far = {"kind": "latency", "times": None, "seconds": seconds}
    for url in (fleet.dms_url, fleet.platform_url):
        httpx.post(httpx.URL(url).join("/sandbox/misbehave"), json=far, trust_env=False).raise_for_status()


def statements(cluster: Cluster | None, like: str = "%") -> float:
    if cluster is None:
        return 0.0
    with cluster.admin() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        found = connection.execute(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid "
            "WHERE r.rolname = %s AND query LIKE %s",
            (Cluster.user, like),
        ).fetchone()
    return float(found[0]) if found else 0.0


_FENCE = "SELECT%FROM process%WHERE process.id = %"


def _mean_ms(cluster: Cluster | None, like: str) -> float:
    if cluster is None:
        return 0.0
    with cluster.admin() as connection:
        found = connection.execute(
            "SELECT sum(total_exec_time) / sum(calls) FROM pg_stat_statements WHERE query LIKE %s", (like,)
        ).fetchone()
    return float(found[0] or 0.0) if found else 0.0


class _Meter:
    """What was spent between ``begin`` and ``run``."""

    def __init__(self, fleet: Fleet, cluster: Cluster | None, pairs: int) -> None:
        self._fleet, self._cluster, self._pairs = fleet, cluster, pairs

    def _now(self) -> dict[str, float]:
        fleet, cluster = self._fleet, self._cluster
        return {
            "statements": statements(cluster),
            "transactions": statements(cluster, "COMMIT%"),
            "fences": statements(cluster, _FENCE),
            "dms": sum(1 for _ in requests(fleet.dms_directory / "state" / "requests.jsonl")),
            "platform": sum(1 for _ in requests(fleet.platform_directory / "requests.jsonl")),
            **{f"cpu {who}": seconds(pids) for who, pids in self._pids().items()},
        }

    def _pids(self) -> dict[str, list[int]]:
        return {
            "connectors": [child.pid for child in self._fleet.connectors.values()],
            "database": [self._cluster.pid] if self._cluster else [],
            "dms": [self._fleet.servers["dms"].pid],
            "platform": [self._fleet.servers["platform"].pid],
        }

    def begin(self) -> None:
        self._before = self._now()

    def run(self, connectors: int, journal: str, launch_s: float, deliver_s: float, idle: float) -> Run:
        after = self._now()
        spent = {name: (value - self._before[name]) / self._pairs for name, value in after.items()}
        pids = self._pids()["connectors"]
        return Run(
            pairs=self._pairs,
            connectors=connectors,
            journal=journal,
            launch_s=launch_s,
            deliver_s=deliver_s,
            idle=idle,
            fence_ms=_mean_ms(self._cluster, _FENCE),
            statements=spent["statements"] - idle * (launch_s + deliver_s) / self._pairs,
            transactions=spent["transactions"],
            fences=spent["fences"],
            dms=spent["dms"],
            platform=spent["platform"],
            processor_s={
                name.removeprefix("cpu "): value for name, value in spent.items() if name.startswith("cpu ")
            },
            megabytes=sum(one.memory_info().rss for pid in pids for one in family(pid)) / 1e6 / len(pids),
        )


def family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        one = psutil.Process(pid)
        return [one, *one.children(recursive=True)]
    return []


def seconds(pids: Sequence[int]) -> float:
    """Seconds of processor of processes, those that they have begun and those that ended among them."""
    found = 0.0
    for pid in pids:
        for one in family(pid):
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                found += times.user + times.system
                if one.pid == pid:
                    found += times.children_user + times.children_system
    return found


def rows(directory: Path, rounds: int = ROUNDS) -> list[list[object]]:
    """Measure every kind in turn, so that what disturbs one disturbs the others; medians of the same rounds."""
    kinds = [("sqlite", 1), *(("postgresql", number) for number in CONNECTORS)]
    found: list[list[object]] = []
    for distance_s in PAIRS:
        runs: dict[tuple[str, int], list[Run]] = {kind: [] for kind in kinds}
        for number in range(rounds):
            for journal, connectors in kinds:
                place = directory / f"{distance_s}-{number}-{journal}-{connectors}"
                runs[journal, connectors].append(
                    measure(place, connectors, journal=journal, distance_s=distance_s)
                )
        base = median(run.a_minute for run in runs["postgresql", 1])
        for (journal, connectors), made in runs.items():
            found.append(_row(round(distance_s * 1000), journal, connectors, made, base))
    return found


HEADS = [
    "ms away", "journal", "connectors", "statements", "commits", "fences", "fence ms", "dms", "platform",
    "idle statements/s", "pairs/min", "ratio", "processors busy", "CPU s a pair", "MB each",
]  # fmt: skip


def _row(distance_ms: int, journal: str, connectors: int, made: Sequence[Run], base: float) -> list[object]:
    def of(name: str) -> float:
        return median(getattr(run, name) for run in made)

    spent = {who: median(run.processor_s[who] for run in made) for who in made[0].processor_s}
    return [
        distance_ms, journal, connectors, round(of("statements")), round(of("transactions"), 1),
        round(of("fences"), 1), round(of("fence_ms"), 3), round(of("dms"), 1), round(of("platform"), 1),
        round(of("idle")), round(of("a_minute")), f"{of('a_minute') / base:.2f}",
        f"{of('busy'):.2f}",
        ", ".join(f"{who} {value:.3f}" for who, value in spent.items() if value), round(of("megabytes")),
    ]  # fmt: skip
