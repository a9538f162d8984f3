"""A worker that a hostile file has taken over can reach nothing: neither network, nor processes, nor files."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from connector.confinement import alone, only_within
from connector.isolation import IsolatedPool
from tests import documents, pictures
from tests.spreadsheets import person, workbook

PROBE = """
import json, os, socket, sys, threading
from connector import confinement

held = {"alone": confinement.alone(), "files": confinement.only_within([sys.argv[1]])}
found = {}

def tried(name, act):
    try:
        act()
    except OSError as error:
        found[name] = error.errno
    else:
        found[name] = 0

here = sys.argv[1] + "/"
tried("socket", lambda: socket.socket().connect(("127.0.0.1", int(sys.argv[2]))))
tried("unix", lambda: socket.socket(socket.AF_UNIX))
tried("fork", os.fork)
tried("exec", lambda: os.execv("/bin/true", ["true"]))
tried("signal", lambda: os.kill(os.getppid(), 0))
tried("read elsewhere", lambda: open(sys.argv[3]))
tried("list elsewhere", lambda: os.listdir(os.path.dirname(sys.argv[3])))
tried("write elsewhere", lambda: open(sys.argv[3] + ".new", "w"))
tried("environment of the parent", lambda: open(f"/proc/{os.getppid()}/environ").read())
tried("read here", lambda: open(here + "given").read())
tried("write here", lambda: open(here + "made", "w").write("x"))
thread = threading.Thread(target=found.setdefault, args=("thread", 0))
tried("start a thread", thread.start)
thread.join()
print(json.dumps([held, found]))
sys.stdout.flush()
os.abort()
"""
NETWORK = ("socket", "unix", "fork", "exec", "signal")
FILES = ("read elsewhere", "list elsewhere", "write elsewhere", "environment of the parent")


def landlocked() -> bool:
    """Does this machine's kernel offer it? Asked of a process of its own, which then ends."""
    done = subprocess.run(
        [sys.executable, "-c", "from connector.confinement import only_within; print(only_within(['/tmp']))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip() == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="the doors are Linux's")
def test_what_is_given_up_is_given_up(tmp_path: Path) -> None:
    """Everything that a taken-over parser would want is refused; what a parser needs is not."""
    import socket

    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "given").write_text("x")
    (outside / "secret").write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", PROBE, str(inside), str(port), str(outside / "secret")],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    held, found = json.loads(done.stdout)
    assert done.returncode == -6, "it may still end itself"
    assert [found[name] for name in ("read here", "write here", "start a thread", "thread")] == [0] * 4
    if platform.machine() in {"x86_64", "aarch64"}:
        assert held["alone"], "every kernel of these ten years has it"
    for names, kind in ((NETWORK, "alone"), (FILES, "files")):
        if held[kind]:
            assert all(found[name] in {1, 13} for name in names), found


def test_workers_work_confined(tmp_path: Path) -> None:
    """Every kind of job does its work within its directory; a document elsewhere is not there for it."""
    within, elsewhere = tmp_path / "spool", tmp_path / "elsewhere.pdf"
    within.mkdir()
    letter, photo, listing = within / "a.pdf", within / "b.heic", within / "c.xlsx"
    letter.write_bytes(documents.letter())
    elsewhere.write_bytes(documents.letter())
    photo.write_bytes(pictures.HEIC)
    listing.write_bytes(workbook([person(1)]))
    with IsolatedPool(within=[within]) as pool:
        held = pool.call("isolation.held")
        assert pool.call("pdf.facts", path=str(letter))["pages"]
        assert pool.call("pdf.verify", path=str(letter), sent=None)["signatures"] == []
        pool.call("pdf.find_text", path=str(letter), texts=["Signature"], last=[])
        pool.call("pdf.free_boxes", path=str(letter), page=1, count=1, taken=[], size=[100.0, 50.0])
        made = within / "made.pdf"
        pool.call("pdf.preview", parts=[[str(letter), "a.pdf", []]], path_out=str(made), label="Aperçu")
        assert made.read_bytes().startswith(b"%PDF")
        pool.call("images.to_pdf", path_in=str(photo), path_out=str(within / "b.pdf"), max_bytes=10_000_000)
        assert pool.call("lists.read", path=str(listing), kind="xlsx")["count"] == 2
        if held["files"]:
            with pytest.raises(Exception, match=r"denied|unreadable"):
                pool.call("pdf.facts", path=str(elsewhere))
    assert held["files"] == landlocked()


def test_another_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the doors are not known nothing is pretended, and nothing is done to this process."""
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    assert alone() is False
    monkeypatch.setattr(sys, "platform", "plan9")
    assert only_within([str(Path.cwd())]) is False


UNLOCKED = """
import logging, sys
from connector import confinement
from connector.isolation import IsolatedPool

# What a kernel without Landlock answers: no such call, to this process and all that it starts.
load, is_it, no, yes = (0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | 38), (0x06, 0, 0, 0x7FFF0000)
assert confinement._filter([load, is_it, no, yes])
logging.basicConfig(level=logging.WARNING, format="%(message)s")
with IsolatedPool(within=[__import__("pathlib").Path(sys.argv[1])]) as pool:
    for _ in range(3):
        print(pool.call("isolation.held")["files"])
"""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="its numbers are not known")
def test_a_kernel_that_does_not_help_is_told_once(tmp_path: Path) -> None:
    """An administrator who believes that workers see no other files must hear where they do; jobs go on."""
    done = subprocess.run(
        [sys.executable, "-c", UNLOCKED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["False"] * 3
    told = "this kernel does not offer Landlock: foreign files are read by workers that are held by their limits alone"
    assert done.stderr.splitlines() == [told]


def test_a_kernel_that_helps_is_not_talked_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is a verb told that a person runs on files of their own."""
    with IsolatedPool(within=[tmp_path]) as confined, IsolatedPool() as free:
        held = confined.call("isolation.held")
        free.call("isolation.held")
    assert bool(caplog.records) is not all(held.values())
