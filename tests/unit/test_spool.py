"""Signed bytes at rest: whole or absent, ours alone, and every trouble of the disk said as one error."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from connector.errors import SpoolError
from connector.spool import Spool

CONTENT = b"%PDF-1.7 signed " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write where nobody may")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "state" / "spool")


def fill(stream: BinaryIO) -> str:
    """Write the content and tell something of it, as a download does."""
    stream.write(CONTENT)
    return "told"


def files(spool: Spool) -> list[str]:
    """Every file of the spool, half-written ones too."""
    return sorted(str(p.relative_to(spool.directory)) for p in spool.directory.rglob("*") if p.is_file())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_put_to_rest(spool: Spool) -> None:
    """What is filled stands there whole, with what the filling told."""
    path, told = spool.put("ABC234", "signed.pdf", fill)
    assert (path.read_bytes(), told) == (CONTENT, "told")
    assert path == spool.path("ABC234", "signed.pdf")
    assert Spool.sha256(path) == SHA256
    assert files(spool) == ["ABC234/signed.pdf"]


def test_has_looks_at_the_bytes_where_a_hash_is_given(spool: Spool) -> None:
    """A file with other bytes is not the one that is meant; without a hash its presence is enough."""
    assert not spool.has("ABC234", "signed.pdf", None)
    assert not spool.has("ABC234", "signed.pdf", SHA256)
    path, _ = spool.put("ABC234", "signed.pdf", fill)
    assert spool.has("ABC234", "signed.pdf", SHA256)
    assert spool.has("ABC234", "signed.pdf", None)
    path.write_bytes(CONTENT[:-1])
    assert not spool.has("ABC234", "signed.pdf", SHA256)
    assert not spool.has("ABC234", "other.pdf", None)


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_a_filling_that_fails_leaves_nothing(spool: Spool, error: BaseException) -> None:
    """Whole or absent: an error in the middle, even the end of the process, leaves no file by any name."""

    def half(stream: BinaryIO) -> None:
        stream.write(CONTENT[:100])
        raise error

    with pytest.raises(type(error)):
        spool.put("ABC234", "signed.pdf", half)
    assert files(spool) == []


def test_a_filling_that_fails_keeps_the_earlier_file(spool: Spool) -> None:
    """Replacing is whole or not at all, too."""
    spool.put("ABC234", "signed.pdf", fill)

    def half(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        spool.put("ABC234", "signed.pdf", half)
    assert spool.has("ABC234", "signed.pdf", SHA256)
    spool.put("ABC234", "signed.pdf", lambda stream: stream.write(b"newer"))
    assert spool.path("ABC234", "signed.pdf").read_bytes() == b"newer"


def test_nothing_stands_under_its_name_before_it_is_whole(spool: Spool) -> None:
    """While a file is filled nobody finds it under its own name."""

    def look(stream: BinaryIO) -> None:
        stream.write(CONTENT)
        assert not spool.has("ABC234", "signed.pdf", None)
        assert files(spool) == ["ABC234/signed.pdf.part"]

    spool.put("ABC234", "signed.pdf", look)


TRACED = """
import os, sys
from pathlib import Path
from connector.spool import Spool
spool = Spool(Path(sys.argv[1]))
said = []
def trace(event, args):
    if event == "os.rename":
        said.append("rename " + Path(args[1]).name)
sys.addaudithook(trace)
plain = os.fsync
def fsync(handle):
    said.append("fsync " + Path(os.readlink(f"/proc/self/fd/{handle}")).name)
    plain(handle)
os.fsync = fsync
spool.put("ABC234", "signed.pdf", lambda stream: stream.write(b"x"))
print("|".join(said))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are read from /proc")
def test_bytes_and_names_are_forced_to_disk_in_order(tmp_path: Path) -> None:
    """First the bytes, then the rename, then both directories: a power loss leaves the whole file or none."""
    spool = tmp_path / "spool"
    done = subprocess.run(
        [sys.executable, "-c", TRACED, str(spool)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().split("|") == [
        "fsync signed.pdf.part",
        "rename signed.pdf",
        "fsync ABC234",
        "fsync spool",
    ]


def test_what_was_half_written_goes_at_start(tmp_path: Path) -> None:
    """A process that died while writing leaves a half file by another name; the next start removes it."""
    first = Spool(tmp_path / "spool")
    first.put("ABC234", "signed.pdf", fill)
    first.path("ABC234", "sent.pdf.part").write_bytes(b"half")
    second = Spool(tmp_path / "spool")
    assert "ABC234/sent.pdf.part" in files(second), "only the process that works here may sweep"
    second.sweep()
    assert files(second) == ["ABC234/signed.pdf"]


def test_only_its_owner_may_look_inside(spool: Spool) -> None:
    """Directories are 0700 and files 0600, whatever the umask says."""
    before = os.umask(0)
    try:
        path, _ = spool.put("ABC234", "signed.pdf", fill)
    finally:
        os.umask(before)
    assert (mode(spool.directory), mode(path.parent), mode(path)) == (0o700, 0o700, 0o600)


def test_freeing_removes_all_of_one_request_and_nothing_else(spool: Spool) -> None:
    """One request's files go together; doing it again is no error."""
    for ref in ("ABC234", "XYZ789"):
        spool.put(ref, "sent.pdf", fill)
        spool.put(ref, "signed.pdf", fill)
    assert spool.references() == {"ABC234", "XYZ789"}
    for _ in range(2):
        spool.free("ABC234")
    assert spool.references() == {"XYZ789"}
    assert files(spool) == ["XYZ789/sent.pdf", "XYZ789/signed.pdf"]


FULL = """
import resource, signal, sys
from pathlib import Path
from connector.errors import SpoolError
from connector.spool import Spool
spool = Spool(Path(sys.argv[1]))
spool.put("ABC234", "sent.pdf", lambda stream: stream.write(b"x"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    spool.put("ABC234", "signed.pdf", lambda stream: stream.write(bytes(1_000_000)))
except SpoolError as error:
    print(type(error).__name__, error.retry.value)
print(sorted(path.name for path in spool.directory.rglob("*") if path.is_file()))
"""


def test_a_full_disk_is_a_spool_error(tmp_path: Path) -> None:
    """No room while writing: one error that may be tried later, nothing half-made, what was there stays."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "spool")], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["SpoolError later", "['sent.pdf']"]


def test_a_full_disk_found_by_fsync_is_a_spool_error(spool: Spool) -> None:
    """An error of the operating system raised while filling is the disk's, and is said as such."""

    def no_room(stream: BinaryIO) -> None:
        stream.write(b"x")
        raise OSError(28, "No space left on device")

    with pytest.raises(SpoolError, match="No space left on device"):
        spool.put("ABC234", "signed.pdf", no_room)
    assert files(spool) == []


@AS_ROOT
def test_a_read_only_directory_is_a_spool_error(spool: Spool) -> None:
    """Where nothing may be written, putting says so."""
    spool.directory.chmod(0o500)
    try:
        with pytest.raises(SpoolError, match="Permission denied"):
            spool.put("ABC234", "signed.pdf", fill)
    finally:
        spool.directory.chmod(0o700)


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs a place where nobody may write")
def test_a_place_that_takes_no_directory_is_a_spool_error() -> None:
    """Not even root can make a directory in /proc: that is said at start."""
    with pytest.raises(SpoolError, match="spool /proc/"):
        Spool(Path("/proc/spool-of-a-test"))


def test_a_file_in_the_way_is_a_spool_error(tmp_path: Path) -> None:
    """A file where the spool, or a request's part of it, should be is said, not overwritten."""
    (tmp_path / "spool").write_text("mine")
    with pytest.raises(SpoolError):
        Spool(tmp_path / "spool")
    spool = Spool(tmp_path / "other")
    (spool.directory / "ABC234").write_text("mine")
    with pytest.raises(SpoolError):
        spool.put("ABC234", "signed.pdf", fill)
    assert (tmp_path / "spool").read_text() == (spool.directory / "ABC234").read_text() == "mine"


def test_a_spool_that_vanished_is_a_spool_error(spool: Spool) -> None:
    """A disk that went away while the service runs is said; the spool does not start anew behind its back."""
    spool.directory.rmdir()
    with pytest.raises(SpoolError):
        spool.put("ABC234", "signed.pdf", fill)
    with pytest.raises(SpoolError):
        spool.references()
    spool.free("ABC234")


def test_a_disk_of_its_own_has_a_folder_of_its_own(spool: Spool) -> None:
    """``lost+found`` is nobody's request: a start neither looks into it, which is forbidden, nor clears it away."""
    spool.put("ABC234", "signed.pdf", fill)
    spool.put("look-0123abcd", "list.xlsx", fill)
    (spool.directory / "lost+found").mkdir()
    assert spool.references() == {"ABC234", "look-0123abcd"}
