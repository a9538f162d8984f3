"""What finding costs: the service's own look beside bare parts, rclone and webdavclient3's list.

Requests and bytes are counted by the servers, and exact. Times are ratios within one run, medians of ``ROUNDS``, every
way once a round; each in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.finding_servers import Served, canned, one_process, plant
from benchmarks.tree_server import folders_of
from connector.config.model import Ceiling
from connector.ports import Href
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.steps.discover import Settling, Sight, Watch
from connector.steps.parts import FolderSettings
from connector.webdav import WebDavFolder

ROUNDS = 5
CONNECTIONS = 8
BIG, MIDDLE, SMALL = 500, 100, 30
"""Clients, each with 13 folders and 100 files: 50,000, 10,000 and 3,000 files."""
DELAY_MS = 20.0

Row = list[object]


@dataclass(frozen=True)
class Goal:
    """A number that was reached, and the one it should not pass, or should reach."""

    what: str
    reached: float
    goal: float
    least: bool = False
    unit: str = ""

    @property
    def row(self) -> Row:
        """As a line of the table."""
        met = self.reached >= self.goal if self.least else self.reached <= self.goal
        sign = "≥" if self.least else "≤"
        return [
            self.what,
            f"{self.reached:.4g}{self.unit}",
            f"{sign} {self.goal:.4g}{self.unit}",
            "met" if met else "MISSED",
        ]


@dataclass(frozen=True)
class Cost:
    """Medians of one way of finding."""

    seconds: float
    cpu: float
    megabytes: float
    requests: float
    sent: float
    """Bytes that the server sent."""


# ---------------------------------------------------------------------------------------- ways


def job(name: str, url: str, connections: int = CONNECTIONS) -> Mapping[str, Any]:
    """Find in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.finding_jobs", name, url, str(connections)],
        check=True,
        capture_output=True,
    )
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def rclone(url: str, *, pacing: bool) -> Mapping[str, Any]:
    """Let rclone list everything; ``seconds`` are those of the whole process."""
    command = [
        "rclone", "lsf", "-R", "--files-only", ":webdav:", "--webdav-url", url, "--checkers", "16",
        "--config", os.devnull,
    ]  # fmt: skip
    command += [] if pacing else ["--webdav-pacer-min-sleep", "0"]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = sum(".sign." in line for line in done.stdout.splitlines())
    return {"seconds": time.perf_counter() - began, "cpu": 0.0, "megabytes": 0.0, "found": found}


def rclone_version() -> tuple[str, bool]:
    """Its version, and whether its own pacing can be switched off; empty where it is not installed."""
    if shutil.which("rclone") is None:
        return "", False
    told = subprocess.run(["rclone", "version"], check=True, capture_output=True, text=True).stdout
    flags = subprocess.run(["rclone", "help", "flags"], check=True, capture_output=True, text=True).stdout
    return told.split()[1], "webdav-pacer-min-sleep" in flags


def compare(
    served: Served | None, ways: Mapping[str, Callable[[], Mapping[str, Any]]], rounds: int = ROUNDS
) -> dict[str, Cost]:
    """Every way once a round, so that a busy moment meets them all."""
    seen: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            if served is not None:
                served.counts()
            told = way()
            counts = served.counts() if served is not None else {"requests": 0, "bytes": 0}
            seen[name].append(
                (told["seconds"], told["cpu"], told["megabytes"], counts["requests"], counts["bytes"])
            )
    return {name: Cost(*map(median, zip(*values, strict=True))) for name, values in seen.items()}


# --------------------------------------------------------------------------------------- looks


class Looks:
    """The service's look, in this very process: for what is counted, not timed."""

    def __init__(self, url: str, root: str = "/") -> None:
        self.clock = SandboxClock()
        self.folder = WebDavFolder("dms", url, "signatures", "sandbox", max_connections=CONNECTIONS)
        self.watch = Watch(Settling(grain=timedelta(seconds=1)))
        self.settings = FolderSettings(
            name="all",
            server="dms",
            root=Href(root),
            registry=Href(f"{root}.signature/"),
            accounts=("a",),
            ceiling=Ceiling.PREVIEW,
        )

    def look(self, near: tuple[str, ...] = ()) -> Sight:
        """Look once more, five seconds later."""
        self.clock.advance(5)
        return self.watch.look(self.settings, self.folder, self.clock.now(), near)


# ----------------------------------------------------------------------------------- the table


def infinite() -> tuple[list[Row], list[Goal]]:
    """250 requests among 50,000 files where Depth: infinity is answered."""
    version, unpaced = rclone_version()
    with canned(BIG) as served:
        ways: dict[str, Callable[[], Mapping[str, Any]]] = {
            name: lambda name=name: job(name, served.url)  # type: ignore[misc]
            for name in ("ours", "bare", "whole", "library")
        }
        if version and unpaced:
            ways["rclone"] = lambda: rclone(served.url, pacing=False)
        costs = compare(served, ways)
    ours, bare = costs["ours"], costs["bare"]
    goals = [
        # One more tells, once, whether this is a Nextcloud.
        Goal("infinity: requests (and one, once, for what the server is)", ours.requests - 1, 1),
        Goal(
            "infinity: time of a bare streamed request",
            ours.seconds / bare.seconds,
            1.2,
            unit=" x",
        ),
        Goal("infinity: its processor time", ours.cpu / bare.cpu, 1.2, unit=" x"),
        Goal("infinity: peak memory above that before", ours.megabytes, 8, unit=" MB"),
    ]
    if "rclone" in costs:
        goals.append(Goal("infinity: rclone's time", ours.seconds / costs["rclone"].seconds, 0.3, unit=" x"))
    return _rows("50,000 files, infinity", costs, "bare"), goals


def walked() -> tuple[list[Row], list[Goal]]:
    """The same kind of tree, Depth: 1 only: near and far."""
    version, unpaced = rclone_version()
    rows: list[Row] = []
    goals: list[Goal] = []
    folders = folders_of(MIDDLE)
    for delay in (0.0, DELAY_MS):
        with canned(MIDDLE, finite=True, delay_ms=delay) as served:
            ways: dict[str, Callable[[], Mapping[str, Any]]] = {"ours": lambda: job("ours", served.url)}
            if not delay:
                ways["library-walk"] = lambda: job("library-walk", served.url)
            if version:
                ways["rclone"] = lambda: rclone(served.url, pacing=not unpaced)
            costs = compare(served, ways)
        where = f"10,000 files, Depth 1, {delay:g} ms"
        rows += _rows(where, costs, "rclone" if version else "ours")
        ours = costs["ours"]
        if delay:
            bound = folders * delay / 1000 / CONNECTIONS
            goals.append(Goal(f"{where}: folders x round trip / 8", ours.seconds / bound, 1.5, unit=" x"))
        else:
            goals.append(
                Goal(
                    f"{where}: requests (and two, once)",
                    ours.requests - 2,
                    folders,
                )
            )
            if version and unpaced:
                goals.append(
                    Goal(f"{where}: rclone's time", ours.seconds / costs["rclone"].seconds, 3, unit=" x")
                )
    return rows, goals


def one_at_a_time(directory: Path) -> tuple[list[Row], list[Goal]]:
    """A server with one process, which eight at once only slow down."""
    with one_process(directory, SMALL) as url:
        ways = {
            "ours": lambda: job("ours", url),
            "one by one": lambda: job("ours", url, 1),
        }
        costs = compare(None, ways)
    ratio = costs["ours"].seconds / costs["one by one"].seconds
    goal = Goal("one process (wsgidav): time of the walk one by one", ratio, 1.1, unit=" x")
    return _rows("3,000 files, wsgidav", costs, "one by one"), [goal]


def unchanged() -> list[Goal]:
    """The next look at 50,000 files on a plain server where nothing has changed, 250 requests being open."""
    with canned(BIG, finite=True) as served:
        looks = Looks(served.url)
        looks.look()
        walk = served.counts()
        near = tuple(urllib.request.unquote(path) for path in walk["near"])
        looks.look(near)
        looks.look(near)
        served.counts()
        looks.look(near)
        idle = served.counts()
        looks.look()
        none = served.counts()
    requests, sent = walk["requests"] - 2, walk["bytes"]
    return [
        Goal(
            "next look, plain, 250 open requests: requests of the walk",
            idle["requests"] / requests,
            0.35,
            unit=" x",
        ),
        Goal("next look, plain, 250 open requests: bytes of the walk", idle["bytes"] / sent, 0.15, unit=" x"),
        Goal(
            "next look, plain, none open: requests of the walk", none["requests"] / requests, 0.35, unit=" x"
        ),
        Goal("next look, plain, none open: bytes of the walk", none["bytes"] / sent, 0.15, unit=" x"),
    ]


def nextcloud(directory: Path) -> list[Goal]:
    """The sandbox's Nextcloud mode, counted; 3,000 files in 391 folders, four levels deep."""
    clock = SandboxClock()
    plant(directory / "Dossiers", SMALL)
    world = DmsWorld(directory, Path(f"{directory}-state"), mode="nextcloud", clock=clock)
    version, _ = rclone_version()
    with serve_dms(world) as running:
        looks = Looks(running.url, "/Dossiers/")
        looks.clock = clock
        looks.folder.capabilities()

        def asked() -> list[Any]:
            before = len(world.requests)
            looks.look()
            return world.requests[before:]

        first, second, idle = asked(), asked(), asked()
        world.person.write("Dossiers/Client 7/2025/Dossier 1/Lettre 3.sign.yaml", b"x")
        change = asked()
        goals = [
            Goal("Nextcloud, first look: searches (and two looks at the root)",
                 sum(one.method == "SEARCH" for one in first), 1),
            Goal("Nextcloud: requests of a look that finds nothing", len(idle), 1),
            Goal("Nextcloud: bytes of its answer (not compressed)", idle[0].bytes_out, 450),
            Goal("Nextcloud: requests after one change at depth 4", len(change), 5),
        ]  # fmt: skip
        del second
        if version:
            before = len(world.requests)
            secret = subprocess.run(
                ["rclone", "obscure", "sandbox"], check=True, capture_output=True, text=True
            )
            subprocess.run(
                ["rclone", "lsf", "-R", ":webdav:Dossiers", "--webdav-url", running.url, "--webdav-vendor",
                 "nextcloud", "--webdav-user", "signatures", "--webdav-pass", secret.stdout.strip(),
                 "--config", os.devnull],
                check=True, capture_output=True,
            )  # fmt: skip
            theirs = len(world.requests) - before
            goals.append(
                Goal(
                    "Nextcloud: rclone's requests for each of a first look",
                    theirs / len(first),
                    50,
                    least=True,
                    unit=" x",
                )
            )
            goals.append(
                Goal(
                    "Nextcloud: rclone's requests for each of a later look",
                    theirs / len(idle),
                    50,
                    least=True,
                    unit=" x",
                )
            )
    return goals


def _rows(where: str, costs: Mapping[str, Cost], beside: str) -> list[Row]:
    base = costs[beside]
    return [
        [
            where,
            name,
            int(cost.requests),
            round(cost.sent / 1e6, 1),
            f"{cost.seconds:.3f}",
            f"{cost.seconds / base.seconds:.2f}",
            f"{cost.cpu:.2f}",
            f"{cost.megabytes:.1f}",
        ]
        for name, cost in costs.items()
    ]


def measure(directory: Path) -> tuple[list[Row], list[Goal]]:
    """Everything, one after the other."""
    rows: list[Row] = []
    goals: list[Goal] = nextcloud(directory / "nextcloud") + unchanged()
    for found, told in (infinite(), walked(), one_at_a_time(directory / "plain")):
        rows += found
        goals += told
    return rows, goals
