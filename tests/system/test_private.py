"""Nobody else on the host reads what the connector keeps, nor learns anything from its processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from connector.cli.wiring import State
from connector.errors import AccessDenied
from connector.jesignexpert.tokens import Tokens, TokenStore
from tests import disks
from tests.system.test_cli import MARIE, PASSWORD, PHONE, SECRET, Process, Stage, until

pytestmark = pytest.mark.system


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path, stack)


def modes(state: Path) -> dict[str, int]:
    return {
        str(path.relative_to(state)): stat.S_IMODE(path.stat().st_mode) for path in (state, *state.rglob("*"))
    }


def test_the_process_list_tells_nothing(stage: Stage) -> None:
    """A service with the most careless umask, at work: modes, arguments, what its workers know, no core file."""
    stage.connect()
    token = stage.platform.office_tokens()["office"]
    careless = ["sh", "-c", 'umask 0; exec "$@"', "sh", *stage.command("run", before=("--debug",))]
    process = Process(careless, stage.environ, stage.directory)
    try:
        process.ready()
        stage.drop()
        until(lambda: stage.invitations() == 1, process)
        own = psutil.Process(process._process.pid)
        workers = own.children(recursive=True)
        assert workers
        for each in (own, *workers):
            said = " ".join(each.cmdline())
            assert not [word for word in (PASSWORD + "\0", SECRET, MARIE, PHONE, token) if word in said]
        for worker in workers:
            known = {"PYTHONPATH", "HOME", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}
            assert worker.environ().keys() == known
            assert worker.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert own.rlimit(psutil.RLIMIT_CORE)[0] == 0
        assert Path(f"/proc/{own.pid}/coredump_filter").stat().st_uid == 0
        found = modes(stage.state)
        assert {name for name in found if name.startswith("journal/")} >= {
            f"journal/journal.sqlite{more}" for more in ("", "-wal", "-shm")
        } | {"journal/lock"}
        assert any(name.startswith("spool/") and name.endswith(".pdf") for name in found)
        open_to_others = {name: oct(mode) for name, mode in found.items() if mode & 0o077}
        assert open_to_others == {}
    finally:
        process.end()


def test_what_others_could_read_is_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A state directory as a careless backup leaves it is put right before anything is read from it, and said once."""
    place = State(directory=tmp_path / "state")
    place.make()
    for name in ("credentials", "lost+found"):  # of connect, and of a disk of its own
        (place.directory / name).mkdir()
    (place.directory / "spool" / "ABC123").mkdir()
    (place.directory / "spool" / "ABC123" / "signed.pdf").write_bytes(b"%PDF")
    outside = tmp_path / "elsewhere"
    outside.write_bytes(b"")
    outside.chmod(0o644)
    (place.directory / "spool" / "link").symlink_to(outside)
    for path in (place.directory, *place.directory.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)
    place.make()
    assert "others on this host could reach 9 places" in caplog.text
    (place.directory / "spool" / "link").unlink()
    assert {name: oct(mode) for name, mode in modes(place.directory).items() if mode & 0o077} == {}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    caplog.clear()
    place.make()
    assert caplog.text == ""


def test_what_cannot_be_closed_is_not_called_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file system without permissions: said with what helps, and by ``connect`` too, which would keep tokens that
    are never read: "not connected" for ever."""
    with disks.without_modes(tmp_path / "share") as share:
        place = State(directory=share / "state")
        place.make()
        assert "keeps no permissions" in caplog.text
        assert "closed now" not in caplog.text
        store = TokenStore(share / "state" / "tokens")
        with pytest.raises(AccessDenied, match="put the state directory on one that does"):
            store.save("cab", Tokens(office="OFFICE-TOKEN", office_name="Cabinet"))
        assert list((share / "state" / "tokens").iterdir()) == []


def test_a_directory_of_others_is_not_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """``--state /var/lib``, a slip: what the connector makes is its own, all else there keeps its modes."""
    others = tmp_path / "dpkg" / "info.sh"
    others.parent.mkdir(mode=0o755)
    others.write_bytes(b"")
    others.chmod(0o755)
    tmp_path.chmod(0o755)
    (tmp_path / "tokens").mkdir(mode=0o755)
    State(directory=tmp_path).make()
    found = modes(tmp_path)
    assert (found["."], found["dpkg"], found["dpkg/info.sh"]) == (0o755, 0o755, 0o755)
    assert {found[name] for name in ("journal", "spool", "tokens", "keys")} == {0o700}
    assert "holds other things, too (dpkg)" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to others")
def test_what_root_makes_is_the_services(stage: Stage) -> None:
    """An administrator tries a tick by hand: the service, another user, finds every file its own afterwards."""
    State(directory=stage.state).make()
    for path in (stage.state, *stage.state.rglob("*")):
        os.chown(path, 65534, 65534)
    stage.configure(send="preview")
    stage.drop()
    assert stage.call("tick").returncode == 0
    found = {str(path.relative_to(stage.state)): path.stat().st_uid for path in stage.state.rglob("*")}
    assert "journal/journal.sqlite" in found
    assert set(found.values()) == {65534}, found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to others")
def test_root_waits_for_a_person_beside_a_service_that_starts(stage: Stage) -> None:
    """Before the first start root connects the account, and nobody logs in yet: the service can begin all the same."""
    stage.state.mkdir(mode=0o700)
    os.chown(stage.state, 65534, 65534)
    process = stage.start("connect", "cab")
    until(lambda: "http" in process.output, process)
    while_it_waits = {path.name: path.stat().st_uid for path in stage.state.rglob("*")}
    assert "journal" in while_it_waits
    assert set(while_it_waits.values()) == {65534}, while_it_waits


ENDED_BY_THE_KERNEL = """
import os, signal
from connector.cli import private
private.catch_defects()

def writes(secret):
    os.kill(os.getpid(), signal.SIGBUS)

writes("Marie Dupont")
"""


def test_a_process_that_the_kernel_ends_leaves_a_word() -> None:
    """As on a disk without room under a file that is mapped: where it was, and nothing of what it held."""
    done = subprocess.run(
        [sys.executable, "-c", ENDED_BY_THE_KERNEL], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGBUS
    assert "Bus error" in done.stderr
    assert "in writes" in done.stderr
    assert "Dupont" not in done.stderr
