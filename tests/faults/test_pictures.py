"""A picture that is signed: what comes back lies beside it, and neither is ever taken for, or put over, the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import pictures
from tests.faults.test_orders import OUT
from tests.worlds import ONE, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", pytest.param("plain", marks=pytest.mark.long)])
FIRST, SECOND = pictures.photo(1200, 900), pictures.photo(1000, 900)


def words(stage: Stage) -> str:
    """The whole status, on one line, its spaces plain ones."""
    return " ".join(stage.status("scan").split())


def ask(stage: Stage, picture: bytes, sidecar: str = ONE) -> None:
    """Put a picture there with its request."""
    stage.write("scan.jpg", picture)
    stage.write("scan.sign.yaml", sidecar)
    stage.run()


def signed(stage: Stage) -> bytes:
    """The first scan, signed and brought home."""
    ask(stage, FIRST)
    stage.sign()
    stage.run()
    stage.clock.advance(700)
    stage.run()
    return stage.read("scan.pdf")


@MODES
def test_the_next_scan_of_that_name(tmp_path: Path, mode: Mode) -> None:
    """It is the picture that is asked for; the signed contract stays as it is, the new one comes beside."""
    with Stage(tmp_path, mode) as stage:
        stage.write("_signature.yaml", "après signature: ranger\n")
        contract = signed(stage)
        assert "scan.sign.yaml" not in stage.files()
        ask(stage, SECOND)
        if not stage.first_line("scan").startswith(OUT):
            assert "« scan.jpg » a déjà fait l’objet d’une demande" in words(stage)
            assert "à la place de" not in words(stage)
            ask(stage, SECOND, ONE + "action: recommencer\n")
        assert stage.first_line("scan").startswith(OUT), stage.status("scan")
        assert "reviendra ici de lui-même, à côté de « scan.pdf », qui reste tel quel" in words(stage)
        stage.sign()
        stage.run()
        assert stage.first_line("Demandes terminées/scan (2)") == (
            "SIGNÉ – la version signée est « scan (signé).pdf »"
        )
        assert stage.read("scan.pdf") == contract
        assert stage.read("scan.jpg") == SECOND
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
@pytest.mark.parametrize("lost", [False, True])
def test_another_picture_after_the_signed_one(tmp_path: Path, mode: Mode, lost: bool) -> None:
    """It goes on a new ask, as it would beside nothing; also where the journal was lost meanwhile."""
    with Stage(tmp_path, mode) as stage:
        contract = signed(stage)
        if lost:
            stage.lose_journal()
            stage.run()
        ask(stage, SECOND)
        assert stage.first_line("scan").startswith("À CONFIRMER"), stage.status("scan")
        ask(stage, SECOND, ONE + "action: recommencer\n")
        assert stage.first_line("scan").startswith(OUT), stage.status("scan")
        stage.sign()
        stage.run()
        assert stage.first_line("scan") == "SIGNÉ – la version signée est « scan (signé).pdf »"
        assert stage.read("scan.pdf") == contract
        assert stage.sends() == [1, 1]
        stage.intact()


def test_what_is_wrong_with_the_next_picture_is_read_once(tmp_path: Path) -> None:
    """It is told of the picture, and not looked into again at every pass."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "après signature: ranger\n")
        signed(stage)
        ask(stage, b"\xff\xd8\xff no picture")
        assert stage.first_line("scan").startswith("À CORRIGER"), stage.status("scan")
        assert "porte déjà une signature" not in words(stage)
        before = stage.record("scan").revision
        for _ in range(3):
            stage.clock.advance(60)
            stage.run()
        assert stage.record("scan").revision == before


@MODES
def test_a_request_for_the_signed_pdf_of_a_picture_that_is_gone(tmp_path: Path, mode: Mode) -> None:
    """Nothing leaves, and nobody is told to put anything in its place."""
    with Stage(tmp_path, mode) as stage:
        stage.write("_signature.yaml", "après signature: ranger\n")
        contract = signed(stage)
        stage.delete("scan.jpg")
        stage.run()
        stage.write("scan.sign.yaml", ONE)
        stage.run()
        stage.clock.advance(700)
        stage.run()
        assert stage.sends() == [1]
        assert "est déjà la version signée d’une image : laissez-le tel quel" in words(stage)
        assert "à la place de" not in words(stage)
        assert "recommencer" not in words(stage)
        assert stage.read("scan.pdf") == contract


@MODES
def test_a_picture_changed_while_it_is_out(tmp_path: Path, mode: Mode) -> None:
    """What is promised comes, under that name; what was signed, and what was not, is said at the end."""
    with Stage(tmp_path, mode) as stage:
        ask(stage, FIRST)
        stage.write("scan.jpg", SECOND)
        stage.run()
        assert "La version signée sera déposée à côté : « scan.pdf »." in words(stage)
        assert "prendra sa place" not in words(stage)
        stage.sign()
        stage.run()
        assert stage.first_line("scan") == "SIGNÉ – la version signée est « scan.pdf »"
        assert "« scan.jpg » a été modifié le" in words(stage)
        assert "cette modification n’en fait pas partie" in words(stage)
        ask(stage, SECOND, ONE + "action: recommencer\n")
        assert stage.first_line("scan").startswith(OUT), stage.status("scan")
        stage.intact()


def test_a_picture_put_back_as_it_was_sent(tmp_path: Path) -> None:
    """Nothing is said of a change that was undone."""
    with Stage(tmp_path) as stage:
        ask(stage, FIRST)
        stage.write("scan.jpg", SECOND)
        stage.run()
        stage.write("scan.jpg", FIRST)
        stage.run()
        stage.sign()
        stage.run()
        assert "modifié" not in words(stage).partition("Bon à savoir")[0]
