"""What the real service lets others see, alive, blind and dead: metrics, /health, status --check, systemd's status."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector.metrics.vitals import FILE
from tests.system.test_cli import MARIE, Stage, until

pytestmark = pytest.mark.system


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path, stack)


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def heard(listener: socket.socket) -> list[str]:
    lines: list[str] = []
    while True:
        try:
            lines += listener.recv(1000).decode().splitlines()
        except BlockingIOError:
            return lines


def test_alive_blind_and_dead(stage: Stage) -> None:
    """One service: well at work, then with a password that is refused, then killed. Each is told everywhere."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stage.configure(more=f"metrics: 127.0.0.1:{port}")
    stage.connect()
    path = str(stage.directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.setblocking(False)
        stage.environ |= {"NOTIFY_SOCKET": path}
        process = stage.start()
        process.ready()
        stage.drop()
        until(stage.invitations, process)
        until(lambda: 'state="in_progress"} 1.0' in get(port, "/metrics")[1], process)
        said = heard(listener)
        status, text = get(port, "/metrics")
        assert status == 200
        assert 'jse_sends_total{account="cab"} 1.0' in text
        assert "DUPONT" not in text
        assert MARIE not in text
        assert get(port, "/health")[0] == 200
        assert get(port, "/")[0] == 404
        if promtool := shutil.which("promtool"):
            done = subprocess.run(
                [promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False
            )
            assert (done.returncode, done.stdout + done.stderr) == (0, b"")
        well = stage.call("status", "--check")
        assert (well.returncode, well.stdout.count("\n")) == (0, 1), well.stdout + well.stderr
        assert well.stdout.startswith("ok: last pass ")

        stage.dms.accounts.passwords["signatures"] = "another"
        until(lambda: get(port, "/health")[0] == 503, process)
        told = json.loads(get(port, "/health")[1])
        assert [(reason["code"], reason["name"]) for reason in told["reasons"]] == [("blind", "dms")]
        until(lambda: 'reason="login_refused"} 1.0' in get(port, "/metrics")[1], process)
        assert 'jse_dms_requests_total{code="401",server="dms"} 1.0' in get(port, "/metrics")[1]
        blind = stage.call("status", "--check")
        assert (blind.returncode, blind.stdout.count("\n")) == (1, 1)
        assert "server dms is out of sight (login refused)" in blind.stdout
        said += heard(listener)

    process.signal(signal.SIGKILL)
    process.wait()
    dead = stage.call("status", "--check")
    assert dead.returncode == 1
    assert "the service is not running since " in dead.stdout
    assert (stage.state / FILE).stat().st_mode & 0o077 == 0
    assert get(port, "/health")[0] == 0
    states = [line for line in said if line.startswith("STATUS=")]
    assert any(line == "STATUS=1 of 1 servers answer; 1 in progress" for line in states), states
    assert any(
        line.startswith("STATUS=0 of 1 servers answer") and "not reached: dms" in line for line in states
    ), states
