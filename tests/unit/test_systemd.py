"""What systemd is told, and the unit file that it is told by."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from connector import systemd

UNIT = Path(__file__).parents[2] / "systemd" / "jse-connector.service"


def test_nobody_listens() -> None:
    """Without a socket, or with one that is not there, nothing happens."""
    assert systemd.notify("READY=1", environ={}) is False
    assert systemd.notify("READY=1", environ={"NOTIFY_SOCKET": ""}) is False
    assert systemd.notify("READY=1", environ={"NOTIFY_SOCKET": "/nowhere/notify"}) is False
    assert systemd.notify("READY=1", environ={"NOTIFY_SOCKET": "vsock:2:1"}) is False


@pytest.mark.parametrize("abstract", [False, True])
def test_lines_arrive(tmp_path: Path, abstract: bool) -> None:
    """Assignments arrive as one datagram, on a path or in the abstract namespace."""
    name = f"@jse-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if abstract else name)
        assert systemd.notify("READY=1", "STATUS=fine", environ={"NOTIFY_SOCKET": name})
        assert listener.recv(100) == b"READY=1\nSTATUS=fine"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "180000000"}, 180.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog(environ: dict[str, str], seconds: float | None) -> None:
    """Only a number meant for this process is an expectation."""
    assert systemd.watchdog_seconds(environ) == seconds


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    """``systemd-analyze verify`` has nothing to say of the unit, the program's place aside."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    copy.write_text(
        UNIT.read_text().replace("ExecStart=/usr/bin/jse-connector", f"ExecStart={sys.executable}")
    )
    done = subprocess.run(
        [tool, "verify", str(copy)], capture_output=True, text=True, check=False, timeout=50
    )
    about = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line]
    if done.returncode and not about and not os.environ.get("CI"):
        pytest.skip(f"systemd-analyze does not work here: {done.stderr[:100]}")
    assert (done.returncode, about) == (0, [])


def test_what_the_unit_promises() -> None:
    """The service's own numbers and the unit's agree."""
    lines = UNIT.read_text().splitlines()
    for line in ("Type=notify", "TimeoutStopSec=40", "RestartPreventExitStatus=2", "Restart=on-failure",
                 "StateDirectory=jse-connector", "NoNewPrivileges=yes"):  # fmt: skip
        assert line in lines
    watchdog = next(line for line in lines if line.startswith("WatchdogSec="))
    assert int(watchdog.split("=")[1]) > 2 * 60, "twice a pass's budget fits into it"
