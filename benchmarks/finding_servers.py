"""The servers that finding is measured on, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Served:
    """A server of answers made beforehand, in a process of its own."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"

    def counts(self) -> Mapping[str, Any]:
        """What was asked since the last time."""
        with urllib.request.urlopen(f"{self.url}-/counts") as answer:  # our own, on this machine
            counts: Mapping[str, Any] = json.load(answer)
        return counts


@contextmanager
def canned(clients: int, *, finite: bool = False, delay_ms: float = 0.0) -> Iterator[Served]:
    """Serve a tree until the ``with`` block ends."""
    command = [sys.executable, "-m", "benchmarks.tree_server", str(clients), "--delay", str(delay_ms)]
    with subprocess.Popen(
        command + (["--finite"] if finite else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield Served(int(process.stdout.readline()))
        process.stdin.close()


@contextmanager
def one_process(directory: Path, clients: int) -> Iterator[str]:
    """Serve a plain tree with wsgidav, whose one process answers one request at a time."""
    plant(directory, clients)
    script = (
        "import sys; from pathlib import Path; from connector.sandbox.clock import SandboxClock;"
        "from connector.sandbox.dms import DmsWorld, serve_dms;"
        "world = DmsWorld(Path(sys.argv[1]), Path(sys.argv[2]), mode='plain', clock=SandboxClock(),"
        " depth_infinity=False);"
        "running = serve_dms(world).__enter__(); print(running.url, flush=True); sys.stdin.read(); running.close()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, directory, f"{directory}-state"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def plant(directory: Path, clients: int) -> None:
    """Make a tree of empty files: 13 folders and 99 files a client, four levels deep."""
    for client in range(clients):
        for year in range(3):
            for kind in range(3):
                leaf = directory / f"Client {client}" / str(2024 + year) / f"Dossier {kind}"
                leaf.mkdir(parents=True)
                for number in range(11):
                    (leaf / f"Lettre {number}.pdf").touch()
