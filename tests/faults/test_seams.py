"""Where two promises meet: a move and its new settings, two requests of one PDF, one form for many letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from tests.faults.letters import letter
from tests.worlds import ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


@MODES
def test_what_is_moved_leaves_only_by_a_verdict_of_its_new_place(tmp_path: Path, mode: Mode) -> None:
    """Marked, not sent for want of credit, moved under ``envoi: non`` as the credit comes back: it stays."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/non")
        stage.write("_signature.yaml", "envoi: non\n", folder=f"{ROOT}/non")
        stage.platform.credit = 0
        stage.drop(pdf=letter("un"))
        stage.run()
        assert stage.record().state is State.MARKED
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=f"{ROOT}/non")
        stage.platform.credit = 5
        stage.clock.advance(1000)
        stage.run()
        assert stage.sends() == [0]
        assert stage.first_line(folder=f"{ROOT}/non").startswith("À VÉRIFIER – la demande a changé")
        stage.intact()


@MODES
def test_two_requests_of_one_document_have_a_status_each(tmp_path: Path, mode: Mode) -> None:
    """The PDF is renamed while it is out, and its request copied under the new name: no text drives out the other."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(pdf=letter("un"))
        stage.run()
        stage.move("lettre.pdf", "v2.pdf")
        stage.run()
        stage.copy("lettre.sign.yaml", "v2.sign.yaml")
        stage.run()
        assert stage.first_line("v2").startswith("EN COURS – ")
        assert stage.first_line("v2.sign.yaml").startswith("À CORRIGER – ")
        stage.sign()
        stage.clock.advance(400)
        stage.run()
        assert stage.first_line("v2") == "SIGNÉ – « v2.pdf » est maintenant la version signée"
        assert stage.first_line("v2.sign.yaml").startswith("À CONFIRMER – ")
        stage.clock.advance(400)
        stage.run()
        before = len(stage.dms.requests)
        stage.run(4, calm=4)
        assert [one for one in stage.dms.requests[before:] if one.method in {"PUT", "MOVE", "DELETE"}] == []
        assert stage.sends() == [1]


@MODES
@pytest.mark.parametrize("late", [False, True], ids=["while it is out", "once it is signed"])
def test_another_pdf_under_the_name_that_was_left(tmp_path: Path, mode: Mode, late: bool) -> None:
    """The PDF is renamed while it is out, and another takes its name: each is told of, the signed one as signed."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(pdf=letter("un"))
        stage.run()
        stage.move("lettre.pdf", "v2.pdf")
        stage.run()
        if not late:
            stage.write("lettre.pdf", letter("deux"))
            stage.run()
        stage.sign()
        stage.run()
        if late:
            stage.write("lettre.pdf", letter("deux"))
        signed, other = "SIGNÉ – « v2.pdf » est maintenant la version signée", "À CONFIRMER – le PDF a changé"
        for line in (other, "EN COURS – ", "SIGNÉ – « lettre.pdf » est maintenant la version signée"):
            stage.clock.advance(1200)
            stage.run()
            assert stage.first_line("v2") == signed
            assert stage.first_line().startswith(line)
            told = stage.read("_Suivi des signatures.txt").decode("utf-8-sig").replace("\u00a0", " ")
            assert "ne fait l’objet d’aucune demande" not in told
            if line is other:
                stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
            else:
                stage.sign()
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_another_pdf_under_the_name_that_was_left_is_taken_away(tmp_path: Path, mode: Mode) -> None:
    """The request that is over has its place back."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(pdf=letter("un"))
        stage.run()
        stage.move("lettre.pdf", "v2.pdf")
        stage.sign()
        stage.run()
        stage.write("lettre.pdf", letter("deux"))
        stage.run()
        assert stage.first_line().startswith("À CONFIRMER – le PDF a changé")
        stage.delete("lettre.pdf")
        stage.clock.advance(1200)
        stage.run()
        assert stage.first_line("v2") == "SIGNÉ – « v2.pdf » est maintenant la version signée"
        assert stage.first_line() == ""
        [record] = [one for one in stage.records() if one.current]
        assert record.state is State.DELIVERED


@MODES
def test_the_next_letter_of_the_same_form_is_no_finished_one(tmp_path: Path, mode: Mode) -> None:
    """One line for many letters: that of a letter whose tidied request was deleted does not answer for the next."""
    with Stage(tmp_path, mode) as stage:
        stage.write("_signature.yaml", "après signature: ranger\n")
        stage.drop("A", letter("A"))
        stage.run()
        stage.sign()
        stage.clock.advance(400)
        stage.run()
        assert "Demandes terminées/A.sign.yaml" in stage.files()
        stage.delete("A.sign.yaml", folder=f"{ROOT}/Demandes terminées")
        stage.run()
        stage.drop("B", letter("B"))
        stage.run()
        assert stage.first_line("B").startswith("EN COURS – ")
        assert stage.sends() == [1, 1]
        stage.intact()
