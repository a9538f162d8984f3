"""A secret that cannot be read any more, once the service works: it waits for it, and does not end for good."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests import postgres
from tests.system.test_cli import Process, until
from tests.system.test_journal_frozen import CONFIG

pytestmark = pytest.mark.system
HURRIED = """
import sys
from connector.cli import run
run.AWAY_S = run.UNREAD_S = 0.5
from connector.cli.app import app
app(sys.argv[1:])
"""


def service(directory: Path, url: str) -> Process:
    config = directory / "config.yaml"
    secret = directory / "password"
    secret.write_text("x")
    secret.chmod(0o600)
    config.write_text(
        CONFIG.format(url=url).replace("password: {env: NONE}", f"password: {{file: {secret}}}")
    )
    options = ["--config", str(config), "--state", str(directory / "state")]
    environ = {**os.environ, "NONE": "x", "SEAL": "a seal that every host has"}
    return Process([sys.executable, "-c", HURRIED, *options, "run"], environ, directory)


def away_for_a_while(cluster: postgres.Cluster, process: Process) -> None:
    """Let everybody begin anew. After a restart within a moment, whoever asks nothing just then goes on."""
    cluster.stop()
    until(lambda: "waits for the journal's database" in process.output, process)
    cluster.start()


def test_a_database_that_restarts_while_a_password_file_is_away(tmp_path: Path) -> None:
    """Everybody begins anew with it, and reads every secret again: one that is being replaced just then is waited for.
    Ended with status 2, as at a start, systemd would not start it any more, and no firm of it would be served."""
    with postgres.ground() as ground:
        cluster = ground.cluster(fsync=True)
        process = service(tmp_path, cluster.url(cluster.empty()))
        try:
            process.ready()
            until(lambda: "server dms cannot be worked with" in process.output, process)
            (tmp_path / "password").rename(tmp_path / "away")
            process.signal(signal.SIGHUP)
            until(lambda: "nothing in it has changed" in process.output, process)
            away_for_a_while(cluster, process)
            until(
                lambda: "it cannot go on with its configuration: servers.dms.password" in process.output,
                process,
            )
            assert process._process.poll() is None
            (tmp_path / "away").rename(tmp_path / "password")
            until(lambda: "what was in the way is over: the service goes on" in process.output, process)
            assert process.output.count("it cannot go on") == 1
            # It has yet to wire itself: a signal in that moment ends it as it ends whatever has begun nothing.
            until(lambda: process.output.count("ready:") == 2, process)
            process.signal(signal.SIGTERM)
            assert process.wait() == 0
            assert "Traceback" not in process.output
        finally:
            process.end()


def test_at_a_start_it_is_an_error(tmp_path: Path) -> None:
    """Whoever starts it is there, and hears what is missing."""
    with postgres.ground() as ground:
        cluster = ground.cluster(fsync=True)
        process = service(tmp_path, cluster.url(cluster.empty()))
        (tmp_path / "password").unlink()
        try:
            assert process.wait() == 2
            assert "servers.dms.password" in process.output
        finally:
            process.end()
