"""Arrival of the pair: scenarios A1 to A8 of the project's list, each through the real steps.

A6 (two hundred at once, a folder copied whole) stands in ``test_forty_letters``.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage

MODES: list[Mode] = ["nextcloud", "plain"]


def test_a1_the_two_files_arrive_in_any_order(tmp_path: Path) -> None:
    """Scenario A1: PDF first, request first, a request alone for ever, a PDF alone: each as people expect."""
    with Stage(tmp_path) as stage:
        stage.write("seul.pdf", documents.letter(1, "seul"))
        stage.write("un.pdf", documents.letter(1, "un"))
        stage.write("deux.sign.yaml", ONE)
        stage.write("jamais.sign.yaml", ONE)
        stage.write("Bilan Dupond.pdf", documents.letter(1, "presque"))
        stage.write("Bilan DUPONT.sign.yaml", ONE)
        stage.run()
        assert stage.sends() == []
        assert stage.status("deux") == "", "the two files rarely arrive together: nothing is said at once"
        stage.clock.advance(600)
        stage.run()
        assert stage.first_line("deux") == "EN ATTENTE DU PDF – « deux.pdf » n’est pas dans ce dossier"
        assert "« Bilan Dupond.pdf »" in stage.status("Bilan DUPONT").replace("\u00a0", " "), (
            "named in any case"
        )
        stage.write("un.sign.yaml", ONE)
        stage.write("deux.pdf", documents.letter(1, "deux"))
        stage.run()
        assert stage.sends() == [1, 1]
        assert stage.first_line("jamais").startswith("EN ATTENTE DU PDF")
        assert stage.status("seul") == "", "a PDF without a request makes no noise"


@pytest.mark.parametrize("mode", MODES)
def test_a2_an_upload_in_pieces_is_launched_once(tmp_path: Path, mode: Mode) -> None:
    """Scenario A2: empty, growing, whole with other bytes, whole at last: launched once, with the last bytes."""
    with Stage(tmp_path, mode) as stage:
        whole = documents.letter(3, "lettre")
        stage.write("lettre.sign.yaml", ONE)
        for content in (b"", whole[:500], whole[: len(whole) // 2], b"\0" * len(whole), whole):
            stage.write("lettre.pdf", content)
            stage.round()
        stage.run()
        assert stage.sends() == [1]
        assert stage.record().document.size == len(whole)
        stage.intact()


def test_a3_editors_save_twice_and_leave_things_behind(tmp_path: Path) -> None:
    """Scenario A3: truncated, then whole within two seconds; temporary, lock and conflict files are never launched."""
    with Stage(tmp_path) as stage:
        stage.write("lettre.pdf", documents.letter(1, "lettre"))
        stage.write("lettre.sign.yaml", b"")
        stage.clock.advance(0.5)
        stage.write("lettre.sign.yaml", ONE)
        for name in (
            ".~lock.lettre.sign.yaml#",
            "~$lettre.sign.yaml",
            ".lettre.sign.yaml.swp",
            "lettre.sign.yaml.part",
            ".syncthing.lettre.sign.yaml.tmp",
            "._lettre.sign.yaml",
            "lettre (conflicted copy 2026-11-23 104512).sign.yaml",
            "lettre.sync-conflict-20261123-104512.sign.yaml",
        ):
            stage.write(name, ONE.replace(MARIE, CLAIRE))
        stage.run()
        assert stage.sends() == [1]
        assert [one.email for one in stage.platform.transactions()[0].signatories] == [MARIE]


@pytest.mark.parametrize(
    ("pdf", "sidecar"),
    [
        ("x.pdf", "x.sign.yaml.txt"),
        ("x.pdf", "x.SIGN.YAML"),
        ("x.pdf", "x.sign.yml"),
        ("X.PDF", "x.sign.yaml"),
        ("x.pdf", "x.pdf.sign.yaml"),
        ("été .pdf", "été.sign.yaml"),
        (unicodedata.normalize("NFD", "été.pdf"), "été.sign.yaml"),
    ],
)
def test_a4_names_that_people_hold_for_the_same(tmp_path: Path, pdf: str, sidecar: str) -> None:
    """Scenario A4: hidden extensions, case, blanks and accents in either normal form: paired, addressed as they are."""
    with Stage(tmp_path, "plain") as stage:
        stage.write(pdf, documents.letter(1, "x"))
        stage.write(sidecar, ONE)
        stage.run()
        assert stage.sends() == [1]
        stage.sign()
        stage.run()
        (record,) = [one for one in stage.records() if one.current]
        assert record.state is State.DELIVERED
        stage.intact()


def test_a5_names_that_are_hard_to_write_in_an_address(tmp_path: Path) -> None:
    """Scenario A5: marks of URLs, brackets, quotes, emoji, a folder called ``...``, the longest name there may be."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/...")
        names = ["#lettre", "50% off", "a%41", "l'avenant [v2] ; + &", "signé 🖊", "é" * 110]
        for name in names:
            stage.drop(name, documents.letter(1, name[:20].encode("ascii", "ignore").decode()))
        stage.drop("lettre", folder=f"{ROOT}/...")
        stage.run()
        stage.sign()
        stage.run()
        for name in names:
            assert stage.record(name).state is State.DELIVERED, (name, stage.status(name))
        assert stage.record(folder=f"{ROOT}/...").state is State.DELIVERED
        assert stage.sends() == [1] * (len(names) + 1)
        stage.intact()


def test_a7_the_same_again_and_edits_after_the_launch(tmp_path: Path) -> None:
    """Scenario A7: the same pair in two folders, copied again when signed, PDF and request edited while out."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/autre")
        stage.drop()
        stage.run()
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.copy(name, name, to_folder=f"{ROOT}/autre")
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/autre").startswith("À CONFIRMER")
        stage.write("lettre.sign.yaml", ONE + "objet: Corrigé\n")
        stage.run()
        assert "votre correction n’est pas partie" in stage.first_line()
        stage.write("lettre.pdf", documents.letter(2, "autre texte"))
        stage.run()
        assert "le PDF a été modifié après l’envoi" in stage.first_line()
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
        stage.copy("lettre (signé).pdf", "encore.pdf")
        stage.write("encore.sign.yaml", ONE)
        stage.run()
        assert stage.record("encore").state is not State.IN_PROGRESS
        assert stage.sends() == [1]
        stage.intact()


def test_a8_what_we_write_never_asks_for_anything(tmp_path: Path) -> None:
    """Scenario A8: status, preview, corrected request, signed documents beside, models and answers: no new request."""
    with Stage(tmp_path, "plain") as stage:
        stage.write("Annexe.pdf", documents.letter(1, "Annexe"))
        stage.drop("vue", sidecar=ONE + "envoi: non\n")
        stage.drop("fausse", sidecar=ONE + "obget: x\n")
        stage.drop(sidecar=ONE + "annexes: Annexe\nattestation: oui\n")
        stage.run()
        stage.sign()
        stage.run(20)
        written = {
            "vue.apercu.pdf",
            "fausse.sign.corrigé.yaml",
            "lettre (original).pdf",
            "lettre.attestation.pdf",
        }
        assert written | {"lettre - Annexe (signé).pdf"} <= set(stage.files()), stage.files()
        asked = {record.place for record in stage.records()}
        stage.run()
        assert {record.place for record in stage.records()} == asked
        assert asked == {f"/{ROOT}/{name}.sign.yaml" for name in ("vue", "fausse", "lettre")}
        assert stage.sends() == [1]


@pytest.mark.parametrize("by_user", [False, True])
def test_a_request_that_is_being_written_leaves_once_it_is_closed(tmp_path: Path, by_user: bool) -> None:
    """Nextcloud's editor saves while one types: one signatory is right, the second is still being looked up."""
    with Stage(tmp_path, files_lock=True) as stage:
        stage.write("lettre.pdf", documents.letter())
        stage.write("lettre.sign.yaml", "# à remplir\n")
        stage.run()
        node = stage.dms.node(f"{ROOT}/lettre.sign.yaml")
        assert node is not None
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.locks.put(node.fileid, "comptable", by_user=by_user, timeout_s=None)
        stage.write("lettre.sign.yaml", ONE)
        stage.run()
        assert stage.first_line() == (
            "EN ATTENTE – la demande est ouverte ou verrouillée ; elle partira une fois fermée"
        )
        assert stage.platform.transactions() == [], "nothing was even prepared"
        stage.write("lettre.sign.yaml", TWO)
        stage.run()
        assert stage.sends() == []
        stage.dms.nextcloud.locks.drop(node.fileid)
        stage.clock.advance(20)
        stage.run()
        assert stage.first_line().startswith("EN COURS – 0 signature sur 2")
        assert stage.sends() == [1]
        stage.intact()
