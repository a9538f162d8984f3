"""The running service and its configuration: a change is taken over, a broken file is not, and both are said."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector import running
from tests.system.test_cli import Process, Stage, until
from tests.system.test_journal_full import drop

SECOND = ", avenants: {server: dms, path: /Avenants/, account: cab, send: preview}"
IMPATIENT = """
import sys
from connector import reload
reload.PATIENCE_S, reload.LOOK_S = 2.0, 0.5
from connector.cli.app import app
app(sys.argv[1:])
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path, stack)


class Notified:
    """What systemd would hear."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        try:
            while True:
                self._lines += self._socket.recv(65_536).decode().splitlines()
        except BlockingIOError:
            return self._lines

    def close(self) -> None:
        self._socket.close()


def _kept(stage: Stage) -> running.Running:
    found = running.read(stage.state)
    assert found is not None
    return found


def _written(stage: Stage, text: str) -> None:
    """As an editor and git do it: whole, under another name, then in its place."""
    part = stage.config.with_name("config.yaml.new")
    part.write_text(text)
    part.replace(stage.config)


@pytest.mark.system
def test_a_day_of_changes(stage: Stage) -> None:
    """E2, E7: One process, never restarted: a folder is added and watched; a broken file stops nothing and is said once
    it has stayed so; SIGHUP tells at once; a secret that the service was not given refuses the file as a whole; where
    a secret is kept waits for a start; a folder leaves while a request of it is open, and that is said."""
    stage.connect()
    stage.watch()
    good = stage.config.read_text()
    heard = Notified(stage.directory)
    stage.environ["NOTIFY_SOCKET"] = str(heard.path)
    command = stage.command("run")
    process = Process([command[0], "-c", IMPATIENT, *command[3:]], stage.environ, stage.directory)
    try:
        process.ready()
        pid, before = _kept(stage).pid, _kept(stage).loaded_at
        assert _kept(stage).alive
        assert all(_kept(stage).secrets.values())
        assert oct((stage.state / running.NAME).stat().st_mode & 0o777) == "0o600"

        # a folder more
        stage.dms.person.mkdir("Avenants")
        more = good.replace("send: live}", "send: live}" + SECOND)
        _written(stage, more)
        until(lambda: "folders.avenants" in process.output, process)
        until(lambda: (stage.directory / "files" / "Avenants" / ".signature").exists(), process)
        assert _kept(stage).loaded_at > before
        lines = heard.lines()
        at = lines.index("RELOADING=1")
        assert lines[at + 1].startswith("MONOTONIC_USEC=")
        assert "READY=1" in lines[at:]

        # a broken one: what runs goes on
        _written(stage, more.replace("account: cab, send: preview", "account: cap, send: preview"))
        until(lambda: "the service goes on with what it loaded" in process.output, process)
        assert "folders.avenants.account - no such account" in process.output
        stage.drop()
        until(lambda: stage.told().startswith("EN COURS"), process)
        assert any("configuration refused: config.yaml:" in line for line in heard.lines())
        assert _kept(stage).refused[0].startswith("config.yaml:")
        refusals = process.output.count("cannot be used")
        assert refusals == 1
        process.signal(signal.SIGHUP)
        until(lambda: process.output.count("cannot be used") == 2, process)

        # a secret that nobody gave to this process: the file is right, and refused as a whole
        other = "servers: {new: {url: 'https://new.example/dav/', user: u, password: {env: JSE_NOT_GIVEN}}, "
        _written(stage, more.replace("servers: {", other))
        until(lambda: "is valid, but this service cannot read its secrets" in process.output, process)
        assert "servers.new.password - the environment variable JSE_NOT_GIVEN is not set" in process.output
        _written(stage, more.replace("{env: JSE_PW}", "{file: /nowhere}"))
        until(lambda: list(_kept(stage).waiting) == ["servers.dms.password"], process)
        assert "needs a restart: servers.dms.password" in process.output
        _written(stage, more)
        until(lambda: not _kept(stage).refused and not _kept(stage).waiting, process)
        assert process.output.count("taken over again") == 1
        assert (
            process.output.count("configuration: the configuration needs a restart for servers.dms.password")
            == 1
        )

        # the folder of an open request leaves, and comes back
        _written(stage, more.replace("{lettres:", "{lettres-2:").replace("/Lettres/", "/Lettres 2/"))
        stage.dms.person.mkdir("Lettres 2")
        until(lambda: "folder:lettres" in _kept(stage).unwatched, process)
        assert "folder:lettres: is not in the configuration any more, 1 requests" in process.output
        _written(stage, more)
        until(lambda: not _kept(stage).unwatched, process)

        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert _kept(stage).pid == pid
        assert not _kept(stage).alive
        assert "Traceback" not in process.output
        assert max(view.sends for view in stage.platform.transactions()) == 1
        assert json.loads((stage.state / running.NAME).read_text())["format"] == 1
    finally:
        heard.close()
        process.end()


@pytest.mark.system
def test_changes_under_load(stage: Stage) -> None:
    """E7: The file changes again and again, settings of every kind in it, while letters are on their way: each leaves
    once, none is left behind, nothing meets a defect."""
    stage.connect()
    stage.watch()
    stage.dms.person.mkdir("Avenants")
    good = stage.config.read_text()
    versions = (
        good.replace("send: live}", "send: live}" + SECOND),
        good.replace("support: le support", "support: les autres"),
        good.replace("user: signatures", "user: signatures, max_connections: 2"),
        good.replace("max_calls_per_minute: 1000", "max_calls_per_minute: 900"),
        good.replace("owner: chef@cabinet.example", "owner: chef@cabinet.example, max_sends_per_day: 90"),
        good,
    )
    command = stage.command("run")
    process = Process([command[0], "-c", IMPATIENT, *command[3:]], stage.environ, stage.directory)
    letters = [f"Lettre {number}" for number in range(30)]
    try:
        process.ready()
        for number, letter in enumerate(letters):
            drop(stage, letter)
            if number % 3:
                continue
            time.sleep(1)  # so that something is on its way
            _written(stage, versions[number // 3 % len(versions)])
            process.signal(signal.SIGHUP)
            taken = number // 3 + 1
            until(lambda taken=taken: process.output.count("taken over between") >= taken, process)  # type: ignore[misc]
        _written(stage, versions[-1])
        process.signal(signal.SIGHUP)
        until(lambda: all(stage.told(one).startswith("EN COURS") for one in letters), process, seconds=120)
        assert max(view.sends for view in stage.platform.transactions()) == 1
        assert stage.invitations() == len(letters)
        assert "Traceback" not in process.output
        assert "met a defect" not in process.output
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.end()
