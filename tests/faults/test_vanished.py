"""Very many known files vanish at once: a share withdrawn, a disk unmounted; never forty deletions by hand."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.passes import server_pass
from connector.steps.vanished import MANY
from tests.faults.test_missing import PATIENT
from tests.faults.test_once import MODES, OTHER, Town, in_place, letter
from tests.worlds import MARIE, ONE, ROOT, Mode

NOTICE = "SIGNATURES EN PAUSE.txt"
DAY = 86_400.0
HELD = MANY
"""So many letters of each story: enough to be very many."""


def unmounted(stage: Town, folder: str) -> Path:
    """The disk below a folder is not mounted any more: the folder stands there, and is empty."""
    aside = stage.directory / "unmounted"
    shutil.copytree(stage.dms.disk(folder), aside)
    stage.person.delete(folder)
    stage.person.mkdir(folder)
    return aside


def mounted(stage: Town, folder: str, aside: Path) -> None:
    """It is there again, with every file."""
    for path in sorted(aside.iterdir()):
        stage.person.write(f"{folder}/{path.name}", path.read_bytes())


def notice(stage: Town) -> str:
    if NOTICE not in stage.files():
        return ""
    return " ".join(stage.read(NOTICE).decode("utf-8-sig").replace("\u00a0", " ").split())


def many_out(stage: Town) -> list[str]:
    """Half of them out, of which one is signed meanwhile; one waits for a word, one was refused its mobile."""
    names = [f"lettre {number}" for number in range(HELD)]
    stage.person.mkdir(f"{ROOT}/Clients")
    for number, name in enumerate(names):
        more = "envoi: non\n" if number % 2 else ""
        stage.drop(name, letter(name), ONE + more, folder=f"{ROOT}/Clients")
    stage.run()
    assert sum(stage.sends()) == HELD // 2
    return names


@MODES
def test_a_disk_that_is_not_mounted(tmp_path: Path, mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
    """C7: Nothing is withdrawn, cancelled or put elsewhere; one notice, one line in the log; the disk comes back, and
    all of it goes on as if nothing had been."""
    with Town(tmp_path, mode, timing=PATIENT) as stage:
        names = many_out(stage)
        before = {record.ref: record.state for record in stage.records()}
        files = stage.files()
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            aside = unmounted(stage, f"{ROOT}/Clients")
            stage.run()
            assert notice(stage) == "", "a move in two halves looks the same for a moment"
            stage.platform.person_signs(
                str(stage.record(names[0], folder=f"{ROOT}/Clients").transaction), MARIE
            )
            for _ in range(2):
                stage.clock.advance(1900)
                stage.run(3)
            stage.restart()
            stage.run(4)
        told = [one.message for one in caplog.records if "not there any more" in one.message]
        assert len(told) == 1
        assert f"{HELD} of {HELD} known requests" in told[0]
        assert notice(stage).startswith(
            "SIGNATURES EN PAUSE – beaucoup de demandes ne sont plus dans ce dossier"
        )
        assert "Dossier concerné : « Lettres »." in notice(stage)
        assert [name for name in stage.files() if name != NOTICE] == []
        now = {record.ref: record.state for record in stage.records()}
        changed = {ref for ref in before if before[ref] is not now[ref]}
        assert {now[ref] for ref in changed} == {State.DELIVERING}
        stage.drop("neuve", letter("neuve"), OTHER)
        stage.run()
        assert stage.first_line("neuve").startswith("EN PAUSE – beaucoup de demandes ne sont plus")
        assert sum(stage.sends()) == HELD // 2
        mounted(stage, f"{ROOT}/Clients", aside)
        stage.later(4000)
        assert NOTICE not in stage.files()
        assert stage.first_line(names[0], folder=f"{ROOT}/Clients") == in_place(names[0])
        assert stage.first_line("neuve").startswith("EN COURS – ")
        kept = [name for name in stage.files() if not name.startswith("neuve")]
        assert kept == sorted([*files, *([f"Clients/{names[0]} (original).pdf"] if mode == "plain" else [])])
        assert sum(stage.sends()) == HELD // 2 + 1
        stage.intact()


def test_a_day_later_it_is_believed(tmp_path: Path) -> None:
    """Whoever deletes that many means it: a day later what had not left is withdrawn, and what is signed has its place.

    What comes there afterwards arrives before our eyes.
    """
    with Town(tmp_path, timing=PATIENT) as stage:
        names = many_out(stage)
        stage.delete("Clients")
        stage.run(4)
        stage.clock.advance(700)
        stage.run(4)
        assert "cela sera pris en compte le" in notice(stage)
        assert State.WITHDRAWN not in {record.state for record in stage.records()}
        stage.clock.advance(DAY)
        stage.run(6)
        assert NOTICE not in stage.files()
        states = [record.state for record in stage.records()]
        assert states.count(State.WITHDRAWN) == HELD // 2
        assert states.count(State.IN_PROGRESS) == HELD // 2
        stage.sign()
        stage.clock.advance(700)
        stage.run()
        stage.later(2000)
        assert sum(name.endswith("(signé).pdf") for name in stage.files()) >= 1
        assert not stage.parts.doubted
        stage.person.mkdir(f"{ROOT}/Clients")
        stage.drop(names[1], letter("une autre"), folder=f"{ROOT}/Clients")
        stage.run()
        assert stage.first_line(names[1], folder=f"{ROOT}/Clients").startswith("EN COURS – ")
        stage.intact()


@MODES
def test_a_folder_of_many_that_is_moved(tmp_path: Path, mode: Mode) -> None:
    """Dragged elsewhere in the same tree it is followed at once: neither doubt nor notice."""
    with Town(tmp_path, mode, timing=PATIENT) as stage:
        names = many_out(stage)
        stage.move("Clients", "Clients 2026")
        stage.run()
        stage.clock.advance(900)
        stage.run(4)
        assert not stage.parts.doubted
        assert NOTICE not in stage.files()
        places = {record.place for record in stage.records() if record.state is State.IN_PROGRESS}
        assert places == {f"/{ROOT}/Clients 2026/{name}.sign.yaml" for name in names[::2]}
        assert sum(stage.sends()) == HELD // 2
        stage.intact()


def test_what_was_there_before_stays_so(tmp_path: Path) -> None:
    """R7 holds through it: files from before the service that vanish and come back are not taken for new ones."""
    with Town(tmp_path, start=False, timing=replace(PATIENT)) as stage:
        stage.person.mkdir(f"{ROOT}/Clients")
        for number in range(HELD):
            stage.drop(f"lettre {number}", letter(f"lettre {number}"), folder=f"{ROOT}/Clients")
        stage.start()
        stage.run()
        assert {record.state for record in stage.records()} == {State.HELD}
        aside = unmounted(stage, f"{ROOT}/Clients")
        for _ in range(3):
            stage.clock.advance(1900)
            server_pass(stage.parts, "dms", stage.memory)
        mounted(stage, f"{ROOT}/Clients", aside)
        stage.later(100)
        assert {record.state for record in stage.records()} == {State.HELD}
        assert stage.sends() == []
