"""The spool takes nothing, or gives back other bytes: signed documents stay where they are safe."""

from __future__ import annotations

import errno
import logging
import shutil
from pathlib import Path

import pytest

from connector import guards, isolation
from connector.errors import SpoolError
from connector.lifecycle import Record, State
from connector.spool import Spool
from connector.steps import storage, waiting
from connector.steps.alarms import standing
from connector.steps.parts import Parts
from tests.faults.test_once import Town, delivered_once, in_place, letter, send_out
from tests.faults.test_pauses_counted import notice
from tests.worlds import MARIE, ROOT

HOUR = 3_600.0
FULL = "la place manque pour garder les documents signés"


def no_disk(stage: Town) -> Path:
    """The spool's disk is away: a file stands where its directory was; root meets that as anybody else does."""
    spool = stage.state.directory / "spool"
    aside = spool.rename(stage.directory / "spool-aside")
    spool.write_text("not mounted")
    return aside


def disk_again(stage: Town, aside: Path) -> None:
    spool = stage.state.directory / "spool"
    spool.unlink()
    aside.rename(spool)


def test_nothing_can_be_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """E1: One line in the log, one notice; nothing is sent or fetched again and again; what people do is followed on;
    with the disk back, after a restart in between, all of it leaves and comes home, once."""
    with Town(tmp_path) as stage:
        send_out(stage, "une", "deux")
        send_out(stage, "trois")
        aside = no_disk(stage)
        stage.platform.person_signs(str(stage.record("une").transaction), MARIE)
        stage.platform.person_refuses(str(stage.record("trois").transaction), MARIE, "Non.")
        stage.drop("neuve", letter("neuve"))
        with caplog.at_level(logging.ERROR):
            stage.run(6)
            before = len(stage.platform.requests)
            for _ in range(12):
                stage.clock.advance(HOUR / 2)
                stage.round()
        downloads = [one for one in stage.platform.requests[before:] if one.operation == "download"]
        assert downloads == []
        assert sum("nothing new is sent or fetched" in one.message for one in caplog.records) == 1
        assert stage.record("une").state is State.SEALING
        assert stage.record("trois").state is State.REFUSED
        assert stage.record("deux").state is State.IN_PROGRESS
        assert notice(stage) == f"SIGNATURES EN PAUSE – {FULL}"
        assert stage.tries() == 3
        assert standing(stage.parts, "machine", "no_room") is not None
        disk_again(stage, aside)
        stage.restart()
        for _ in range(3):
            stage.clock.advance(HOUR)
            stage.run(6)
        assert standing(stage.parts, "machine", "no_room") is None
        assert notice(stage) == ""
        assert stage.first_line("une") == in_place("une")
        assert stage.first_line("neuve").startswith("EN COURS – ")
        assert stage.sends() == [1] * 4
        stage.intact()


def test_another_job_goes_on_with_it_as_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Between the look at the request and the word that its step failed: no defect, and nothing is put off."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        journal, record = stage.parts.journal, stage.record("lettre")
        backoff = waiting.backoff

        def faster(parts: Parts, now: Record) -> dict[str, object]:
            journal.note(now, "looked_at")
            return backoff(parts, now)

        def step() -> Record:
            raise SpoolError("the disk is full")

        monkeypatch.setattr(waiting, "backoff", faster)
        assert guards.guarded(stage.parts, record, step) == journal.get(record.id)
        assert "defect" not in caplog.text


def test_other_bytes_in_the_spool(tmp_path: Path) -> None:
    """A spooled document that is not what the journal remembers is fetched again, and never delivered as it is."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre", "perdue")
        stage.dms.misbehave(kind="status", status=503, method="MOVE", times=None)
        stage.sign()
        stage.run(4)
        for name in ("lettre", "perdue"):
            assert stage.record(name).state is State.DELIVERING
        rotten = stage.parts.spool.path(stage.record("lettre").ref, "signed.pdf")
        content = bytearray(rotten.read_bytes())
        content[len(content) // 2] ^= 0x40
        rotten.write_bytes(bytes(content))
        shutil.rmtree(stage.parts.spool.path(stage.record("perdue").ref, "signed.pdf").parent)
        stage.dms.behave()
        stage.later(1000)
        delivered_once(stage, "lettre", "perdue")
        assert bytes(content) not in stage.ground.files(ROOT).values()
        stage.intact()


def test_a_probe_leaves_nothing(tmp_path: Path) -> None:
    """Whether a file can be put to rest is found out without keeping one."""
    spool = Spool(tmp_path / "spool")
    spool.probe()
    assert list(spool.directory.iterdir()) == []
    spool.directory.rmdir()
    with pytest.raises(SpoolError):
        spool.probe()


def test_the_hold_ends_however_its_alarm_ended(tmp_path: Path) -> None:
    """A crash between the two, or a file that met the full disk just as it was found to have room: nothing is held."""
    with Town(tmp_path) as stage:
        journal = stage.parts.journal
        journal.hold("cabinet", storage.NO_ROOM, probe_at=stage.clock.now())
        assert standing(stage.parts, "machine", "no_room") is None
        stage.restart()
        send_out(stage, "lettre")
        assert stage.parts.journal.held("cabinet") is None
        assert stage.record().state is State.IN_PROGRESS


def test_a_worker_that_cannot_start_is_no_want_of_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No process more, or half an installation: said to the administrator, and nobody is told that room is wanting."""
    with Town(tmp_path) as stage:
        stage.run(1)
        with monkeypatch.context() as broken:
            broken.setattr(isolation, "_Worker", full_up)
            while stage.parts.documents._pool._idle:
                stage.parts.documents._pool._idle.pop().kill()
            stage.drop()
            stage.run(4)
        assert "no worker can be started: Resource temporarily unavailable" in caplog.text
        assert standing(stage.parts, "machine", "no_room") is None
        assert notice(stage) == ""
        stage.clock.advance(HOUR)
        stage.run(6)
        assert stage.first_line().startswith("EN COURS – ")


def test_no_memory_for_what_reads_documents_is_no_letters_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The system ends every worker (``MemoryMax=``): said to the administrator, tried later and later, nobody is told
    that a letter is too complex; with memory back each of them leaves."""
    starving = tmp_path / "python"
    starving.write_text("#!/bin/sh\nread question\nkill -9 $$\n")
    starving.chmod(0o755)
    with Town(tmp_path) as stage:
        stage.run(1)
        with monkeypatch.context() as without:
            without.setattr(isolation.sys, "executable", str(starving))
            while stage.parts.documents._pool._idle:
                stage.parts.documents._pool._idle.pop().kill()
            for name in ("une", "deux"):
                stage.drop(name, letter(name))
            for _ in range(20):
                stage.clock.advance(10)
                stage.round()
        assert 4 <= caplog.text.count("the system has no memory left for what reads documents") <= 20
        assert not [name for name in stage.files() if name.endswith(".signature.txt")]
        stage.clock.advance(HOUR)
        stage.run(6)
        for name in ("une", "deux"):
            assert stage.first_line(name).startswith("EN COURS – ")


def full_up(*_: object) -> None:
    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


def test_a_hold_that_lost_its_alarm(tmp_path: Path) -> None:
    """Killed between the two, holding or letting go: the next start finds the hold alone, and nothing waits on."""
    with Town(tmp_path) as stage:
        stage.run(1)
        (account,) = stage.parts.accounts
        stage.parts.journal.hold(account, "no_room", probe_at=stage.clock.now())
        # And what cannot be cleared away there stops no start.
        (stage.state.directory / "spool" / "ABC234" / "a.part").mkdir(parents=True)
        stage.restart()
        stage.drop()
        stage.run(6)
        assert stage.parts.journal.held(account) is None
        assert stage.first_line().startswith("EN COURS – ")
