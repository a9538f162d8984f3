"""The demo as a person runs it: three processes, one letter, proven by itself; then what it leaves behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = "Lettres de mission 2026"
pytestmark = pytest.mark.system


def demo(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "connector.sandbox.demo", "--dir", str(directory), *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL
    )


def test_the_demo_ends_with_a_signed_version(tmp_path: Path) -> None:
    """One letter, two people, three processes: signed twice, shown as signed, nothing left running."""
    home = tmp_path / "demo"
    ended = demo(home, "--auto")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for step in (
        "EN COURS – 0 signature sur 2",
        "EN COURS – 1 signature sur 2",
        "SIGNÉ –",
        "2 intact signatures",
    ):
        assert step in ended.stdout
    folder = home / "dms" / FOLDER
    status = (folder / "Lettre DUPONT.signature.txt").read_bytes().decode("utf-8-sig")
    assert status.replace("\u00a0", " ").startswith("SIGNÉ – « Lettre DUPONT.pdf »")
    assert (folder / "Lettre DUPONT.pdf").read_bytes().count(b"/ByteRange") == 2
    assert not list(folder.glob("*(sign*"))
    for secret in (home / "secrets").iterdir():
        assert secret.stat().st_mode & 0o077 == 0
        assert secret.read_text() not in (home / "config.yaml").read_text()
    assert _left_running(home) == []
    again = demo(home, "--auto", str(home / "no.pdf"), str(home / "no.sign.yaml"))
    assert again.returncode == 1
    assert "No such file" in again.stdout
    assert _left_running(home) == []


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """A directory that no demo made is refused, and nothing in it is touched."""
    (tmp_path / "mine.txt").write_text("mine")
    ended = demo(tmp_path, "--auto")
    assert ended.returncode == 1
    assert "not made by a demo" in ended.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def _left_running(home: Path) -> list[str]:
    import psutil

    lines = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [" ".join(line) for line in lines if any(str(home) in part for part in line)]
