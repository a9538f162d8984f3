"""What systemd is told, and the unit file that it is told by."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from connector import systemd

UNITS = Path(__file__).parents[2] / "systemd"
UNIT = UNITS / "jse-connector.service"
TICK = UNITS / "jse-connector-tick.service"
TIMER = UNITS / "jse-connector-tick.timer"


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


def test_a_reload_is_told_with_its_moment(tmp_path: Path) -> None:
    """systemd takes RELOADING=1 for one only with the time of its own clock, in microseconds."""
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        before = time.monotonic_ns() // 1000
        assert systemd.reloading(environ={"NOTIFY_SOCKET": name})
        said = dict(line.split("=") for line in listener.recv(100).decode().splitlines())
    assert said.keys() == {"RELOADING", "MONOTONIC_USEC"}
    assert said["RELOADING"] == "1"
    assert before <= int(said["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


def test_the_units_are_what_systemd_understands(tmp_path: Path) -> None:
    """``systemd-analyze verify`` has nothing to say of the units, the program's place aside."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    copies = []
    for unit in sorted(UNITS.iterdir()):
        copy = tmp_path / unit.name.replace("@.", "@one.")
        copy.write_text(
            unit.read_text().replace("ExecStart=/usr/bin/jse-connector", f"ExecStart={sys.executable}")
        )
        copies.append(str(copy))
    done = subprocess.run([tool, "verify", *copies], capture_output=True, text=True, check=False, timeout=50)
    about = [line for line in (done.stdout + done.stderr).splitlines() if "jse-connector" in line]
    if done.returncode and not about and not os.environ.get("CI"):
        pytest.skip(f"systemd-analyze does not work here: {done.stderr[:100]}")
    assert (done.returncode, about) == (0, [])


def test_what_the_unit_promises() -> None:
    """The service's own numbers and the unit's agree."""
    lines = UNIT.read_text().splitlines()
    for line in ("Type=notify", "TimeoutStopSec=40", "Restart=on-failure",
                 "RestartPreventExitStatus=2 CREDENTIALS STATE_DIRECTORY",
                 "StateDirectory=jse-connector", "NoNewPrivileges=yes"):  # fmt: skip
        assert line in lines
    watchdog = next(line for line in lines if line.startswith("WatchdogSec="))
    assert int(watchdog.split("=")[1]) > 2 * 60, "twice a pass's budget fits into it"


def test_a_round_is_as_confined_as_the_service() -> None:
    """User, directories and every protection are the same, line for line, with their reasons."""

    def confinement(unit: Path) -> list[str]:
        lines = unit.read_text().split("[Install]")[0].splitlines()
        begin = next(number for number, line in enumerate(lines) if line.startswith("# Hardening"))
        return [
            *(line for line in lines if line.startswith(("User=", "State", "Configuration", "UMask="))),
            *(line for line in lines[begin:] if line),
        ]

    assert confinement(TICK) == confinement(UNIT)


def test_one_of_several_is_the_service_line_for_line() -> None:
    """How it lives and what is taken from it are the same; its own are its state directory and what it is called."""

    def said(unit: Path) -> list[str]:
        lines = unit.read_text().splitlines()
        return [line for line in lines if line and (not line.startswith("#") or line.startswith("#Load"))]

    plain, one = said(UNIT), said(UNITS / "jse-connector@.service")
    own = [line for line in one if line not in plain]
    assert [line for line in own if not line.startswith(("Description=", "#LoadCredential=jse-journal"))] == [
        "After=postgresql.service",
        "StateDirectory=jse-connector@%i",
        "SyslogIdentifier=jse-connector@%i",
    ]
    gone = [line for line in plain if line not in one]
    assert [line for line in gone if not line.startswith("Description=")] == [
        "Conflicts=jse-connector-tick.timer",
        "After=jse-connector-tick.service",
        "StateDirectory=jse-connector",
    ]
    kept = [line for line in one if line in plain]
    assert kept == [line for line in plain if line in one]


def test_either_the_service_or_the_timer() -> None:
    """Starting one stops the other; a round that is being made is waited for, and never stops the service."""
    assert "Conflicts=jse-connector.service" in TIMER.read_text().splitlines()
    service = UNIT.read_text().splitlines()
    assert "Conflicts=jse-connector-tick.timer" in service
    assert "After=jse-connector-tick.service" in service
    tick = TICK.read_text().splitlines()
    assert "Type=oneshot" in tick
    assert not [line for line in tick if line.startswith(("Conflicts=", "[Install]"))]
