"""Where two promises meet: a move and its new settings, two requests of one PDF, one form for many letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.worlds import ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


def letter(title: str) -> bytes:
    return documents.letter(1, title)


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
