"""How long a short command takes as a whole process, beside the import of the WebDAV client alone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.place import write_config

GOAL = 5.0
"""A command may take so many times the import."""
ROUNDS = 9
REFERENCE = 'python -c "import webdav3.client"'


@dataclass(frozen=True, kw_only=True)
class Started:
    """Median seconds of one command, and its ratio to the reference of the same rounds."""

    command: str
    seconds: float
    ratio: float


def measure(directory: Path, rounds: int = ROUNDS) -> list[Started]:
    """Run each command once a round, interleaved, so that a busy moment meets them all; the first round warms up."""
    config = write_config(directory, dms="http://127.0.0.1:9/dav/", platform="http://127.0.0.1:9/")
    commands = {
        REFERENCE: ["-c", "import webdav3.client"],
        "python -m connector --help": ["-m", "connector", "--help"],
        "python -m connector check-config": ["-m", "connector", "check-config", "--offline", str(config)],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, arguments in commands.items():
            taken[name].append(_seconds(arguments))
    medians: Mapping[str, float] = {name: median(times[1:]) for name, times in taken.items()}
    return [
        Started(command=name, seconds=seconds, ratio=seconds / medians[REFERENCE])
        for name, seconds in medians.items()
    ]


def _seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began
