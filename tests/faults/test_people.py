"""What people do to their files while a request is out, and to the status they read.

Several letters lie in one folder, one for each deed; the signatory then signs all of them.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.faults.letters import beside, in_place, letter, send_out
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", pytest.param("plain", marks=pytest.mark.long)])
OUT = "EN COURS – 0 signature sur 1 – attend Marie Dupont"
RENAMED_LINE = "EN COURS – 0 signature sur 1 – sous le nom « signé v2 OK.pdf », pas encore signé"
CHANGED_LINE = "EN COURS – 0 signature sur 1 – attention : le PDF a été modifié après l’envoi"


# ------------------------------------------------------------------------------------- the document


@MODES
def test_a_document_changed_while_it_is_out(tmp_path: Path, mode: Mode) -> None:
    """An edited PDF is told, never overwritten, and the signed one comes beside; a restored one is replaced."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "modifie", "restaure", "enregistre")
        stage.write("modifie.pdf", letter("une autre version"))
        stage.write("restaure.pdf", letter("une erreur"))
        stage.write("enregistre.pdf", documents.resaved(letter(f"{ROOT} enregistre")))
        stage.run()
        for name in ("modifie", "restaure", "enregistre"):
            assert stage.first_line(name) == CHANGED_LINE
        assert "Les pages semblent identiques" not in stage.status("modifie")
        assert "Les pages semblent identiques" in stage.status("enregistre")
        stage.write("restaure.pdf", letter(f"{ROOT} restaure"))
        stage.run()
        assert stage.first_line("restaure").startswith(OUT)
        stage.sign()
        stage.run()
        assert stage.first_line("modifie") == beside("modifie")
        assert stage.first_line("enregistre") == beside("enregistre")
        assert stage.first_line("restaure") == in_place("restaure")
        assert stage.read("modifie.pdf") == letter("une autre version")
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@MODES
def test_a_document_that_goes_elsewhere(tmp_path: Path, mode: Mode) -> None:
    """A renamed or moved PDF is followed and replaced where it is; a deleted one comes back signed beside."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/Ailleurs")
        send_out(stage, "renomme", "deplace", "supprime", "revenu")
        stage.move("renomme.pdf", "signé v2 OK.pdf")
        stage.move("deplace.pdf", "deplace.pdf", to_folder=f"{ROOT}/Ailleurs")
        stage.delete("supprime.pdf")
        stage.delete("revenu.pdf")
        stage.clock.advance(700)
        stage.run()
        assert stage.first_line("signé v2 OK") == RENAMED_LINE
        assert stage.first_line("deplace", folder=f"{ROOT}/Ailleurs").startswith(OUT)
        gone = "EN COURS – 0 signature sur 1 – le PDF a été supprimé ; la signature continue"
        assert stage.first_line("supprime") == gone
        assert stage.first_line("revenu") == gone
        stage.write("revenu.pdf", letter(f"{ROOT} revenu"))
        stage.run()
        assert stage.first_line("revenu").startswith(OUT)
        stage.sign()
        stage.run()
        assert stage.first_line("signé v2 OK") == in_place("signé v2 OK")
        assert stage.first_line("deplace", folder=f"{ROOT}/Ailleurs") == in_place("deplace")
        assert stage.first_line("supprime") == beside("supprime")
        assert stage.first_line("revenu") == in_place("revenu")
        assert "renomme.signature.txt" not in stage.files()
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


# -------------------------------------------------------------------------------------- the request


@MODES
def test_a_request_changed_while_it_is_out(tmp_path: Path, mode: Mode) -> None:
    """An edited, deleted or renamed request changes nothing of what left, and a correction is told as not sent."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "corrige", "note", "supprime", "renomme")
        stage.write("corrige.sign.yaml", ONE.replace(MARIE, "marie.martin@cabinet.fr"))
        stage.write("note.sign.yaml", ONE + "# appelé le 3 décembre\n")
        stage.delete("supprime.sign.yaml")
        stage.move("renomme.sign.yaml", "autre.sign.yaml")
        stage.run()
        assert (
            stage.first_line("corrige") == "EN COURS – 0 signature sur 1 – votre correction n’est pas partie"
        )
        assert stage.first_line("note").startswith(OUT)
        assert stage.first_line("supprime").startswith(OUT)
        assert stage.first_line("renomme").startswith(OUT)
        assert stage.sends() == [1, 1, 1, 1]
        stage.sign()
        stage.run()
        for name in ("corrige", "note", "supprime", "renomme"):
            assert stage.first_line(name) == in_place(name)
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


@MODES
def test_a_pair_moved(tmp_path: Path, mode: Mode) -> None:
    """A pair moved before it left goes from its new place; moved afterwards it is the same request still."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/Ailleurs")
        stage.drop("avant", letter("avant"), ONE + "envoi: non\n")
        send_out(stage, "pendant")
        assert stage.first_line("avant").startswith("PRÊT")
        for name in ("avant", "pendant"):
            stage.move(f"{name}.pdf", f"{name}.pdf", to_folder=f"{ROOT}/Ailleurs")
            stage.move(f"{name}.sign.yaml", f"{name}.sign.yaml", to_folder=f"{ROOT}/Ailleurs")
        stage.run()
        assert stage.first_line("avant", folder=f"{ROOT}/Ailleurs").startswith("PRÊT")
        assert stage.first_line("pendant", folder=f"{ROOT}/Ailleurs").startswith(OUT)
        assert "avant.signature.txt" not in stage.files()
        assert "pendant.signature.txt" not in stage.files()
        stage.write("avant.sign.yaml", ONE + "envoi: oui\n", folder=f"{ROOT}/Ailleurs")
        stage.run()
        stage.sign()
        stage.run()
        for name in ("avant", "pendant"):
            assert stage.first_line(name, folder=f"{ROOT}/Ailleurs") == in_place(name)
        stage.move("Ailleurs", "Archives")
        stage.run()
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_folder_moved_as_a_whole(tmp_path: Path, mode: Mode) -> None:
    """A folder dragged elsewhere takes its requests along; they come home to where it is now."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/Client")
        stage.dms.person.mkdir(f"{ROOT}/Archives")
        send_out(stage, "un", "deux", folder=f"{ROOT}/Client")
        stage.move("Client", "Client", to_folder=f"{ROOT}/Archives")
        stage.run()
        here = f"{ROOT}/Archives/Client"
        assert stage.first_line("un", folder=here).startswith(OUT)
        stage.sign()
        stage.run()
        assert stage.first_line("un", folder=here) == in_place("un")
        assert stage.first_line("deux", folder=here) == in_place("deux")
        assert stage.sends() == [1, 1]
        stage.intact()


# --------------------------------------------------------------------------------------- the status


@MODES
def test_a_status_that_people_change(tmp_path: Path, mode: Mode) -> None:
    """A note in a status is kept aside, an emptied or torn status is written anew, a deleted one comes back."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "note", "vide", "dechire", "supprime", "etranger", "note ? [2]; #")
        stage.write("note ? [2]; #.signature.txt", "Une note ?\r\n")
        noted = stage.read("note.signature.txt") + "appelé le 3/12\r\n".encode()
        torn = stage.read("dechire.signature.txt")[:100]
        stage.write("note.signature.txt", noted)
        stage.dms.person.write(f"{ROOT}/vide.signature.txt", b"")
        stage.dms.person.write(f"{ROOT}/dechire.signature.txt", torn)
        stage.delete("supprime.signature.txt")
        stage.write("etranger.signature.txt", "Mon propre texte, sans rapport.\r\n")
        stage.run()
        assert stage.first_line("supprime").startswith(OUT)
        stage.sign()
        stage.run()
        for name in ("note", "vide", "dechire", "supprime", "etranger"):
            assert stage.first_line(name) == in_place(name), name
        assert stage.read("note.signature (note).txt") == noted
        assert stage.read("note _ [2]_ #.signature (note).txt") == b"Une note ?\r\n"
        assert "etranger.signature (note).txt" in stage.files()
        assert "vide.signature (note).txt" not in stage.files()
        assert stage.sends() == [1] * 6
        stage.intact()


@MODES
def test_a_finished_status_may_be_deleted(tmp_path: Path, mode: Mode) -> None:
    """Once a request is over its status and its sidecar may go: nothing is written again, nothing sent again."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "statut", "tout")
        stage.sign()
        stage.run()
        stage.delete("statut.signature.txt")
        stage.delete("tout.signature.txt")
        stage.delete("tout.sign.yaml")
        stage.run()
        stage.restart()
        stage.run()
        assert stage.files() == sorted(
            ["statut.pdf", "statut.sign.yaml", "tout.pdf"]
            + (["statut (original).pdf", "tout (original).pdf"] if mode == "plain" else [])
        )
        assert stage.sends() == [1, 1]
        stage.intact()


# ---------------------------------------------------------------------------------------- the names


NAMES = (
    "#lettre",
    "quoi ?",
    "50% fini",
    "a%41",
    "l'avenant [v2] ; + & fin",
    "📄 émoji",
    "deux..points",
    "L" * 200,
)


@MODES
def test_names_of_every_kind(tmp_path: Path, mode: Mode) -> None:
    """Names with marks that mean something in URLs, emoji and long ones go their whole way."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/#1 %20 [a] é")
        send_out(stage, *NAMES)
        send_out(stage, "lettre", folder=f"{ROOT}/#1 %20 [a] é")
        stage.sign()
        stage.run()
        for name in NAMES:
            assert stage.first_line(name).startswith("SIGNÉ – "), name
            assert stage.read(f"{name}.pdf") != letter(f"{ROOT} {name}")
        assert stage.first_line("lettre", folder=f"{ROOT}/#1 %20 [a] é") == in_place("lettre")
        assert stage.sends() == [1] * (len(NAMES) + 1)
        stage.intact()


@MODES
def test_names_that_differ_in_case_and_accents(tmp_path: Path, mode: Mode) -> None:
    """A request finds its PDF whatever the case and the form of the accents; two PDFs for one are told."""
    composed, taken_apart = "Éléonore", unicodedata.normalize("NFD", "Éléonore")
    with Stage(tmp_path, mode) as stage:
        stage.write("Lettre.PDF", letter("casse"))
        stage.write("LETTRE.Sign.YAML", ONE)
        stage.write(f"{taken_apart}.pdf", letter("accents"))
        stage.write(f"{composed}.sign.yaml.txt", ONE)
        stage.write("double.pdf", letter("double 1"))
        stage.write("Double.pdf", letter("double 2"))
        stage.write("double.sign.yaml", ONE)
        stage.run()
        assert stage.first_line("Lettre").startswith(OUT)
        assert stage.first_line(composed).startswith(OUT)
        assert stage.first_line("double") == "À CORRIGER – deux PDF répondent à cette demande"
        stage.delete("Double.pdf")
        stage.run()
        assert stage.first_line("double").startswith(OUT)
        stage.sign()
        stage.run()
        assert stage.first_line("Lettre").startswith("SIGNÉ – ")
        assert stage.first_line(composed).startswith("SIGNÉ – ")
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@MODES
def test_two_requests_for_one_document(tmp_path: Path, mode: Mode) -> None:
    """Two sidecars for one PDF are told and nothing leaves; with one of them gone the other goes."""
    with Stage(tmp_path, mode) as stage:
        stage.drop("lettre", letter("une"))
        stage.write("lettre.pdf.sign.yaml", ONE)
        stage.run()
        assert stage.first_line() == "À CORRIGER – deux demandes pour un même PDF"
        assert stage.sends() == []
        stage.delete("lettre.pdf.sign.yaml")
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_a_second_request_for_a_document_that_is_out(tmp_path: Path, mode: Mode) -> None:
    """A sidecar added to a PDF that is out sends nothing and does not speak over the first one's status."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.write("lettre.pdf.sign.yaml", ONE.replace(MARIE, "paul.martin@cabinet.fr"))
        stage.run()
        assert stage.sends() == [1]
        assert stage.first_line().startswith(OUT)
        assert stage.first_line("lettre.pdf.sign.yaml") == "À CORRIGER – deux demandes pour un même PDF"
        stage.sign()
        stage.run()
        assert stage.first_line() == in_place("lettre")
        assert stage.record().state is State.DELIVERED
        assert stage.sends() == [1]
        stage.intact()
