"""The service when the server of its journal stands still, as a frozen machine does: told to end, it ends in time."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests import postgres
from tests.system.test_cli import Process

pytestmark = pytest.mark.system
HURRIED = """
import sys
from connector.cli import ending
ending.LONGEST_S = 2.0
from connector.cli.app import app
app(sys.argv[1:])
"""
CONFIG = """
config_version: 1
connector: test-1
servers: {{dms: {{url: "http://127.0.0.1:1/", user: u, password: {{env: NONE}}}}}}
platform: {{url: "http://127.0.0.1:1/", shortcut: s, secret: {{env: NONE}}}}
accounts: {{lyon: {{sender: Cabinet Exemple, owner: o@cabinet.fr}}}}
folders: {{lettres: {{server: dms, path: /Lettres/, account: lyon}}}}
seal: {{env: SEAL}}
journal: {{url: '{url}', replication: none}}
"""


@contextmanager
def frozen(cluster: postgres.Cluster) -> Iterator[None]:
    """Let the server and all its processes stand still."""
    server = psutil.Process(cluster.pid)
    stopped = [server, *server.children()]
    for one in stopped:
        one.suspend()
    try:
        yield
    finally:
        for one in stopped:
            one.resume()


def service(directory: Path, url: str, code: str) -> Process:
    """Start the service on a journal in PostgreSQL, by Python code that hurries some of its waits."""
    config = directory / "config.yaml"
    config.write_text(CONFIG.format(url=url))
    options = ["--config", str(config), "--state", str(directory / "state")]
    environ = {**os.environ, "NONE": "x", "SEAL": "a seal that every host has"}
    return Process([sys.executable, "-c", code, *options, "run"], environ, directory)


def test_it_ends_before_it_is_killed(tmp_path: Path) -> None:
    """Every wait for that server takes longer than systemd does; a thread of its own sees to the end."""
    with postgres.ground() as ground:
        cluster = ground.cluster(fsync=True)
        process = service(tmp_path, cluster.url(cluster.empty()), HURRIED)
        try:
            process.ready()
            with frozen(cluster):
                time.sleep(2)  # its main thread waits for an answer by now
                process.signal(signal.SIGTERM)
                assert process.wait(10) == 0
            assert "does not answer: what was under way is looked at first" in process.output
        finally:
            process.end()
