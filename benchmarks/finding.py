"""What finding costs: the service's own look beside bare parts, rclone and webdavclient3's list.

Requests and bytes are counted by the servers, and exact. Times are ratios within one run, medians of ``ROUNDS``, every
way once a round; each in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.finding_counts import (
    BIG,
    CONNECTIONS,
    MIDDLE,
    SMALL,
    Goal,
    Row,
    nextcloud,
    rclone_version,
    unchanged,
)
from benchmarks.finding_servers import Served, canned, one_process
from benchmarks.tree_server import folders_of

ROUNDS = 5
DELAY_MS = 20.0


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
        if version and not unpaced:  # a minute of pauses: once is enough
            costs |= compare(served, {"rclone": lambda: rclone(served.url, pacing=True)}, rounds=1)
    ours, bare = costs["ours"], costs["bare"]
    goals = [
        # Two more tell, once, what the server is.
        Goal("infinity: requests (and two, once, for what the server is)", ours.requests - 2, 1),
        Goal(
            "infinity: time of a bare streamed request",
            ours.seconds / bare.seconds,
            1.2,
            unit=" x",
        ),
        Goal("infinity: its processor time", ours.cpu / bare.cpu, 1.2, unit=" x"),
        Goal("infinity: peak memory above that before", ours.megabytes, 8, unit=" MB"),
    ]
    if version:
        paced = "" if unpaced else ", its pauses included, once"
        goals.append(
            Goal(f"infinity: rclone's time{paced}", ours.seconds / costs["rclone"].seconds, 0.3, unit=" x")
        )
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
                    f"{where}: requests (and three, once)",
                    ours.requests - 3,
                    folders,
                )
            )
            if version:
                paced = "" if unpaced else ", its pauses included"
                goals.append(
                    Goal(
                        f"{where}: rclone's time{paced}", ours.seconds / costs["rclone"].seconds, 3, unit=" x"
                    )
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
