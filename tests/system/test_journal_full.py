"""The running service when its journal cannot take a fact: it stands still, says why, and goes on by itself."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from connector.cli.standstill import Standstill
from connector.journal import Journal
from tests import disks, documents, postgres
from tests.system.test_cli import MARIE, PHONE, Process, Stage, until
from tests.system.test_journal_frozen import service

HURRIED = """
import sys
from connector.cli import standstill
standstill.EVERY_S = 0.3
from connector.cli.app import app
app(sys.argv[1:])
"""
READ_ONLY_AT_FIRST = """
import errno, os
opened, refused = os.open, []

def read_only(path, *rest, **more):
    if str(path).endswith("journal/lock") and len(refused) < 4:
        refused.append(path)
        # What somebody else's directory says ends it, as ever.
        raise OSError(errno.EROFS if len(refused) < 4 else errno.EACCES, "refused")
    return opened(path, *rest, **more)

os.open = read_only
"""
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def drop(stage: Stage, name: str) -> None:
    """A letter of its own, with its request."""
    stage.dms.person.write(f"Lettres/{name}.pdf", documents.letter(text=name))
    request = f"signataires: Marie Dupont <{MARIE}> {PHONE}\n"
    stage.dms.person.write(f"Lettres/{name}.sign.yaml", request.encode())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path, stack)


@pytest.mark.system
def test_no_room_and_room_again(stage: Stage) -> None:
    """E1: No file of the process may grow any more, as on a full disk: the process lives, nothing leaves; then it may,
    and what was dropped meanwhile leaves; nothing twice."""
    stage.connect()
    stage.watch()
    command = stage.command("run")
    process = Process([command[0], "-c", HURRIED, *command[3:]], stage.environ, stage.directory)
    try:
        process.ready()
        log = stage.state / "journal" / "journal.sqlite-wal"
        running = psutil.Process(process._process.pid)
        room = max(log.stat().st_size, 60_000)  # its own output may go on
        running.rlimit(psutil.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        for number in range(4):
            drop(stage, f"Lettre {number}")
        until(lambda: "it is tried again every" in process.output, process)
        drop(stage, "Après")
        time.sleep(1)
        assert process._process.poll() is None
        assert process.output.count("it is tried again every") == 1
        assert "cannot be written" in process.output
        assert stage.told("Après") == ""
        running.rlimit(psutil.RLIMIT_FSIZE, UNLIMITED)
        until(lambda: "the service goes on" in process.output, process)
        until(lambda: stage.told("Après").startswith("EN COURS"), process)
        # What was on its way to the marker in that very moment may be a question (protocol step 5): never sent twice.
        until(
            lambda: all(stage.told(f"Lettre {n}").startswith(("EN COURS", "À VÉRIFIER")) for n in range(4)),
            process,
        )
        assert max(view.sends for view in stage.platform.transactions()) == 1
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert "Traceback" not in process.output
    finally:
        process.end()


@pytest.mark.long
@pytest.mark.system
def test_locked_by_another_program_and_free_again(stage: Stage) -> None:
    """E1: A sqlite3 shell is left within a transaction: the process lives, says so once, also where it begins then;
    with the shell gone it goes on by itself, and sends once. Ended, systemd would give up after five starts."""
    stage.connect()
    stage.watch()
    with closing(sqlite3.connect(stage.state / "journal" / "journal.sqlite", isolation_level=None)) as shell:
        process = stage.start()
        process.ready()
        shell.execute("BEGIN IMMEDIATE")
        drop(stage, "Lettre")
        until(lambda: "it is tried again every" in process.output, process)
        # Long enough for a second try, which finds it locked, too.
        time.sleep(16)
        assert process._process.poll() is None, process.output
        assert process.output.count("it is tried again every") == 1
        assert "is kept locked by another program" in process.output
        assert "CRITICAL" not in process.output
        assert stage.invitations() == 0
        shell.execute("ROLLBACK")
        until(lambda: "the service goes on" in process.output, process)
        until(lambda: stage.told("Lettre").startswith("EN COURS"), process)
        assert [view.sends for view in stage.platform.transactions()] == [1]
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert "Traceback" not in process.output


@pytest.mark.system
def test_a_start_on_a_disk_that_is_read_only(stage: Stage) -> None:
    """E1: As after a reboot that found a fault in the file system: it stands still, and is no failed start; SIGHUP does
    not end it."""
    command = stage.command("run")
    process = Process(
        [command[0], "-c", READ_ONLY_AT_FIRST + HURRIED, *command[3:]], stage.environ, stage.directory
    )
    try:
        until(lambda: "it is tried again every" in process.output, process)
        process.signal(signal.SIGHUP)
        assert process.wait() == 1
        assert process.output.count("it is tried again every") == 1
        assert "Read-only file system" in process.output
        assert "Permission denied" in process.output
    finally:
        process.end()


@pytest.mark.system
def test_a_disk_with_not_one_byte_left(stage: Stage) -> None:
    """E1: On blocks that are smaller than a page, SQLite's index of its log has holes that cannot be filled: the
    process lives, says so once, and looks at no other side until there is room; `status` and `backup` say it, too."""
    with disks.of_small_blocks(stage.directory / "disk") as disk:
        stage.state = disk / "state"
        stage.connect()
        stage.watch()
        command = stage.command("run")
        process = Process([command[0], "-c", HURRIED, *command[3:]], stage.environ, stage.directory)
        try:
            process.ready()
            disks.fill(disk)
            drop(stage, "Lettre")
            until(lambda: "it is tried again every" in process.output, process)
            disks.fill(disk)
            time.sleep(3)
            assert process._process.poll() is None
            for verb in ("status", "backup"):
                told = stage.call(verb)
                assert told.returncode == 1
                assert "database or disk is full" in told.stderr
            assert process.output.count("it is tried again every") == 1
            assert "the service goes on" not in process.output
            disks.free(disk)
            until(lambda: stage.told("Lettre").startswith("EN COURS"), process)
            assert process.output.count("the service goes on") == 1
            process.signal(signal.SIGTERM)
            assert process.wait() == 0
        finally:
            process.end()


READ_ONLY_FOR_A_WHILE = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
(until [ -e "$2" ]; do sleep 0.1; done; mount -o remount,bind,rw "$1") &
shift 2; exec "$@"
"""


@pytest.mark.system
@pytest.mark.skipif(os.geteuid() != 0, reason="needs mounts of its own")
@pytest.mark.parametrize("wrong", ["spool is missing", "a removal left word", "others may read it"])
def test_a_start_on_a_disk_that_is_read_only_and_has_something_to_be_put_right(
    stage: Stage, wrong: str
) -> None:
    """E1: Whatever a start would make or change there waits as well, and is made once that can be."""
    stage.connect()
    stage.watch()
    spool, word, right = stage.state / "spool", stage.state / "nothing-open", stage.directory / "right again"
    if wrong == "spool is missing":
        spool.rmdir()
    elif wrong == "a removal left word":
        word.touch()
    else:
        spool.chmod(0o755)
    command = stage.command("run")
    begun = ["unshare", "-m", "sh", "-c", READ_ONLY_FOR_A_WHILE, "sh", str(stage.state), str(right)]
    process = Process([*begun, command[0], "-c", HURRIED, *command[3:]], stage.environ, stage.directory)
    try:
        until(lambda: "it is tried again every" in process.output, process)
        assert "Read-only file system" in process.output
        right.touch()
        process.ready()
        assert (spool.stat().st_mode & 0o777, word.exists()) == (0o700, False)
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.end()


@pytest.mark.system
def test_a_damaged_journal_is_told_at_the_command_line(stage: Stage) -> None:
    """E1: `run`, `tick` and `status` say what, where and what to do, with exit status 1; `rebuild` is what to do."""
    stage.connect()
    assert stage.call("tick").returncode == 0
    journal = stage.state / "journal" / "journal.sqlite"
    broken = journal.read_bytes()[:5_000]
    journal.write_bytes(broken)
    for verb in ("run", "status"):
        told = stage.call(verb)
        assert told.returncode == 1, told.stderr
        assert str(journal) in told.stderr
        assert "jse-connector rebuild" in told.stderr
        assert "Traceback" not in told.stderr
    assert journal.read_bytes() == broken
    assert stage.call("rebuild").returncode == 2, "nobody can be asked here"
    begun = stage.call("rebuild", "--yes")
    assert begun.returncode == 0, begun.stderr
    (aside,) = journal.parent.glob("aside-*")
    assert (aside / "journal.sqlite").read_bytes() == broken
    assert stage.call("tick").returncode == 0


def test_whoever_stands_still_can_be_stopped() -> None:
    """It waits as long as it is told, says why once, ends at once on SIGTERM, and leaves signals as they were."""
    before = signal.getsignal(signal.SIGTERM)
    standstill = Standstill(every=0.05)
    assert standstill.wait("no room")
    assert standstill.wait("no room")
    patient = Standstill(every=60)
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    assert not patient.wait("no room")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.long
@pytest.mark.system
def test_a_small_fact_is_no_proof_that_a_document_finds_room(tmp_path: Path) -> None:
    """PostgreSQL: it would go on, say so, and stand still again, over and over."""
    with postgres.ground() as ground, disks.in_memory(ground.directory / "small", "4m") as disk:
        owner = ground.directory.owner() if os.geteuid() else "postgres"
        place = disk / "place"
        place.mkdir()
        shutil.chown(place, owner)
        cluster = ground.cluster(fsync=True)
        url = cluster.url(cluster.database())
        Journal(url, now=lambda: datetime.now(UTC)).close()
        with cluster.admin(url.partition("?")[0].rpartition("/")[2]) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            for table in ("event", "spooled"):
                connection.execute(f"ALTER TABLE {table} SET TABLESPACE small")
        disks.fill(disk)
        process = service(tmp_path, url, HURRIED)
        try:
            until(lambda: "it is tried again every" in process.output, process)
            disks.free(disk)
            disks.fill(disk, leave=600_000)
            time.sleep(3)
            assert "goes on" not in process.output
            disks.free(disk)
            until(lambda: "goes on" in process.output, process)
            assert process.output.count("it is tried again every") == 1
        finally:
            process.end()
