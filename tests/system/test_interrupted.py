"""A verb that is told to end, or whose terminal is closed, leaves nothing of what it looked at behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.system.test_cli import Stage, until

pytestmark = pytest.mark.system

HOUSE = ("journal.sqlite", "seal", "cab.json")
"""Parts of a state directory that a dry run has copies of."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path, stack)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_that_was_looked_at_stays_behind(stage: Stage, number: signal.Signals) -> None:
    """A monitor that gives up, an administrator who closes the window: no copy of journal, tokens or key is left."""
    stage.connect()
    stage.configure(send="preview")
    stage.drop()
    assert stage.call("tick").returncode == 0
    scratch = stage.directory / "scratch"
    scratch.mkdir()
    stage.environ["TMPDIR"] = str(scratch)
    stage.dms.misbehave(kind="latency", seconds=3, path="*", times=None)
    process = stage.start("tick", "--dry-run")
    until(lambda: set(HOUSE) <= {path.name for path in scratch.rglob("*")}, process)
    process.signal(number)
    process.signal(number)
    assert process.wait() == 130
    assert list(scratch.iterdir()) == []


def test_a_window_that_is_closed_after_ctrl_c_breaks_no_tidying_off() -> None:
    """Who sees nothing happen after Ctrl-C closes the window: it is taken away all the same."""
    program = (
        "import signal, time\nfrom connector.cli import interrupted\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # whoever runs the tests may ignore it
        "with interrupted.as_by_hand():\n    try:\n        print('begun', flush=True)\n        time.sleep(60)\n"
        "    finally:\n        print('tidies', flush=True)\n        time.sleep(0.5)\n"
        "        print('tidied', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "tidies\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.read() == "tidied\n"


@pytest.mark.parametrize("verb", ["run", "tick"])
def test_a_service_that_is_stopped_while_it_loads_has_not_failed(stage: Stage, verb: str) -> None:
    """systemd takes an end by SIGTERM for a good one, and status 130 for a failure that it tells of."""
    hook = stage.directory / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import builtins, sys\nload = builtins.__import__\n"
        "def slow(name, *rest, **named):\n"
        "    if name == 'connector.passes':\n"
        "        builtins.__import__ = load\n        print('it loads', file=sys.stderr, flush=True)\n"
        "        import time; time.sleep(20)\n"
        "    return load(name, *rest, **named)\n"
        "builtins.__import__ = slow\n"
    )
    stage.environ["PYTHONPATH"] = f"{hook}:{stage.environ.get('PYTHONPATH', '')}"
    process = stage.start(verb)
    until(lambda: "it loads" in process.output, process, seconds=20)
    process.signal(signal.SIGTERM)
    assert process.wait() == -signal.SIGTERM


def test_who_was_told_to_go_on_without_a_terminal_goes_on(stage: Stage) -> None:
    """``nohup``: what it ignores is ignored."""
    process = subprocess.Popen(
        ["nohup", *stage.command("connect", "cab")], env=stage.environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert "Log in there" in process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130


def test_a_round_whose_terminal_is_closed_ends_in_good_order(stage: Stage) -> None:
    """What is being sent is sent, and its answer kept: nobody has to find out afterwards whether it left."""
    stage.connect()
    stage.watch()
    stage.drop()
    stage.platform.misbehave(operation="send", kind="latency", seconds=2)
    process = stage.start("tick")
    until(lambda: "is marked" in process.output, process)
    process.signal(signal.SIGHUP)
    assert process.wait() == 0
    assert stage.invitations() == 1
    assert '"in progress": 1' in stage.here("status", "--json").stdout
