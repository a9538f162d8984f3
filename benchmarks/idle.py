"""What the service costs while nothing happens: memory and processor time, beside its libraries alone.

Both as where the service alone is installed (``as_installed``).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks.as_installed import hidden
from benchmarks.place import logged_in, served
from connector.sandbox.demo.processes import Readiness, wait_for

ROUNDS = 5
CALM_S = 3.0
IDLE_S = 16.0
"""A little more than the interval of the polls, so that each round sees one of each."""
LIBRARIES = "webdav3.client, httpx, apscheduler.schedulers.background, pypdf, pydantic, sqlalchemy"
_SLEEPER = (
    "import sys; sys.modules.update(dict.fromkeys(sys.argv[1].split(','))); "
    f"import {LIBRARIES}; print(flush=True); sys.stdin.read()"
)


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Medians of one kind of process, its children included. ``processor`` in seconds per minute."""

    name: str
    megabytes: float
    processes: float
    processor: float


def measure(directory: Path, rounds: int = ROUNDS) -> list[Idle]:
    """Watch a fresh service on both servers after its first pass, and the bare libraries at the same time."""
    seen: dict[str, list[tuple[float, int, float]]] = {"connector run": [], "its libraries only": []}
    with served(directory) as (children, config, tokens):
        for number in range(rounds):
            state = logged_in(directory / f"state-{number}", tokens)
            with Readiness() as ready, _libraries() as bare:
                service = children.start(
                    f"connector-{number}",
                    "benchmarks.as_installed",
                    [",".join(hidden()), "connector", "run", "--config", config, "--state", state],
                    ready.variables,
                )
                wait_for(ready.told, "the service was not ready", 60, children)
                time.sleep(CALM_S)
                both = [psutil.Process(pid) for pid in (service.process.pid, bare)]
                before = [_processor(process) for process in both]
                time.sleep(IDLE_S)
                for name, process, earlier in zip(seen, both, before, strict=True):
                    used = (_processor(process) - earlier) * 60 / IDLE_S
                    seen[name].append((*_memory(process), used))
                service.process.terminate()
                service.process.wait(40)
    return [
        Idle(name=name, megabytes=megabytes, processes=count, processor=used)
        for name, values in seen.items()
        for megabytes, count, used in [[median(column) for column in zip(*values, strict=True)]]
    ]


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _memory(process: psutil.Process) -> tuple[float, int]:
    family = _family(process)
    return sum(one.memory_info().rss for one in family) / 1_000_000, len(family)


def _processor(process: psutil.Process) -> float:
    return float(sum(one.cpu_times().user + one.cpu_times().system for one in _family(process)))


@contextmanager
def _libraries() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", _SLEEPER, ",".join(hidden())], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()
