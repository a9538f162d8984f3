"""A file that is missing for a moment is on its way, mostly: nothing is said and nothing done before that is believed.

A sync client shows a move as a deletion and, a moment later, an upload (ux page, finding 13).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.steps.parts import Timing
from tests.faults.test_once import MODES, OUT, in_place, letter, send_out
from tests.worlds import ONE, QUICK, ROOT, Mode, Stage

PATIENT = replace(QUICK, gone_patience=Timing.gone_patience)
GONE = "EN COURS – 0 signature sur 1 – le PDF a été supprimé ; la signature continue"
READY = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"
WAIT = "EN ATTENTE DU PDF – « lettre.pdf » n’est pas dans ce dossier"
PAUSED = "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu"
CHANGED = "À VÉRIFIER – la demande a changé depuis sa préparation ; rien n’est parti"
NEW = "signé v2 OK"


def wait(stage: Stage, minutes: float) -> None:
    stage.run(4)
    stage.clock.advance(minutes * 60)
    stage.run(4)


def words(stage: Stage) -> str:
    """The whole status on one line, with plain spaces."""
    return " ".join(stage.status().replace("\u00a0", " ").split())


@MODES
def test_a_move_in_two_halves(tmp_path: Path, mode: Mode) -> None:
    """Between the deletion and the upload the status says what it said; afterwards it tells of the new name."""
    with Stage(tmp_path, mode, timing=PATIENT) as stage:
        send_out(stage, "lettre")
        before, content = stage.status(), stage.read("lettre.pdf")
        stage.delete("lettre.pdf")
        wait(stage, 5)
        assert stage.status() == before
        stage.write(f"{NEW}.pdf", content)
        stage.run()
        assert stage.first_line(NEW) == f"{OUT} – sous le nom « {NEW}.pdf », pas encore signé"
        assert stage.status() == ""
        stage.delete(f"{NEW}.pdf")
        wait(stage, 11)
        assert stage.first_line(NEW) == GONE
        stage.intact()


@MODES
def test_signed_while_it_was_on_its_way(tmp_path: Path, mode: Mode) -> None:
    """The signed document waits for a PDF that went a moment ago, and takes its place once it is there again."""
    with Stage(tmp_path, mode, timing=PATIENT) as stage:
        send_out(stage, "lettre", "jamais")
        content = stage.read("lettre.pdf")
        stage.delete("lettre.pdf")
        stage.delete("jamais.pdf")
        stage.sign()
        wait(stage, 5)
        assert {record.state for record in stage.records()} == {State.DELIVERING}
        stage.write("lettre.pdf", content)
        wait(stage, 6)
        wait(stage, 30)
        assert stage.first_line() == in_place("lettre")
        assert stage.first_line("jamais") == "SIGNÉ – la version signée est à côté : « jamais (signé).pdf »"
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_renamed_and_renamed_back(tmp_path: Path, mode: Mode) -> None:
    """Under its own name again there is nothing to tell of its name."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        before = stage.status()
        stage.move("lettre.pdf", f"{NEW}.pdf")
        stage.run(4)
        assert stage.first_line(NEW) == f"{OUT} – sous le nom « {NEW}.pdf », pas encore signé"
        stage.move(f"{NEW}.pdf", "lettre.pdf")
        stage.run(4)
        assert stage.status() == before
        assert stage.status(NEW) == ""
        stage.intact()


@MODES
@pytest.mark.parametrize("minutes", [0, 30])
def test_another_file_in_its_place(tmp_path: Path, mode: Mode, minutes: int) -> None:
    """Versions are offered only of the file that was sent; the sent bytes undo the change, whatever file holds them."""
    with Stage(tmp_path, mode, timing=PATIENT) as stage:
        send_out(stage, "lettre")
        content = stage.read("lettre.pdf")
        stage.write("lettre.pdf", letter("saved over"))
        stage.run()
        assert ("Versions de « lettre.pdf »" in words(stage)) == (mode == "nextcloud")
        stage.delete("lettre.pdf")
        wait(stage, minutes)
        stage.write("lettre.pdf", letter("another"))
        stage.run()
        assert stage.first_line().endswith("attention : le PDF a été modifié après l’envoi")
        assert "Versions de" not in words(stage)
        assert ("« Fichiers supprimés »" in words(stage)) == (mode == "nextcloud")
        stage.write("lettre.pdf", content)
        stage.sign()
        stage.run()
        assert stage.first_line() == in_place("lettre")
        stage.intact()


@MODES
def test_a_preview_whose_pdf_is_replaced(tmp_path: Path, mode: Mode) -> None:
    """Deleted and uploaded anew within minutes: still ready. Gone for longer: said, and the preview goes."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n", pdf=letter("une"))
        stage.run()
        stage.delete("lettre.pdf")
        wait(stage, 1)
        assert (stage.first_line(), "lettre.apercu.pdf" in stage.files()) == (READY, True)
        stage.write("lettre.pdf", letter("deux"))
        stage.run(4)
        assert stage.first_line() == READY
        stage.delete("lettre.pdf")
        wait(stage, 4)
        assert (stage.first_line(), "lettre.apercu.pdf" in stage.files()) == (WAIT, False)
        stage.write("lettre.pdf", letter("trois"))
        stage.run(4)
        assert (stage.first_line(), "lettre.apercu.pdf" in stage.files()) == (READY, True)
        assert stage.sends() == []
        stage.intact()


@MODES
def test_marked_and_its_pdf_goes_elsewhere(tmp_path: Path, mode: Mode) -> None:
    """What is marked and waits for credit is followed to another name; what is gone for good is not sent."""
    with Stage(tmp_path, mode, timing=replace(PATIENT, probe=Timing.gone_patience)) as stage:
        stage.platform.credit = 0
        stage.drop(pdf=letter("marquée"))
        stage.run(5)
        assert stage.record().state is State.MARKED
        content = stage.read("lettre.pdf")
        stage.delete("lettre.pdf")
        wait(stage, 1)
        stage.write(f"{NEW}.pdf", content)
        stage.run(4)
        assert stage.first_line(NEW) == PAUSED
        stage.delete(f"{NEW}.pdf")
        wait(stage, 11)
        stage.platform.credit = 10
        wait(stage, 60)
        assert stage.first_line() == CHANGED
        assert stage.sends() == [0]
        stage.intact()


@MODES
def test_marked_and_the_pair_is_moved_in_two_halves(tmp_path: Path, mode: Mode) -> None:
    """Without credit it waits with its marker; the look between the halves must not make it one that has changed."""
    with Stage(tmp_path, mode, timing=PATIENT) as stage:
        stage.platform.credit = 0
        stage.person.mkdir(f"{ROOT}/Clients")
        stage.drop()
        stage.run()
        assert (stage.record().state, stage.first_line()) == (State.MARKED, PAUSED)
        kept = {name: stage.read(name) for name in ("lettre.pdf", "lettre.sign.yaml")}
        for name in kept:
            stage.delete(name)
        stage.round()
        for name, content in kept.items():
            stage.write(name, content, folder=f"{ROOT}/Clients")
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/Clients") == PAUSED
        stage.platform.credit = 10
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/Clients").startswith(OUT)
        assert (sum(stage.sends()), stage.status()) == (1, "")
        stage.intact()
