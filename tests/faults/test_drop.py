"""A drop folder: every PDF put into it is requested ten minutes later, and may be taken out before (ux page 1.2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from connector.lifecycle import State
from connector.passes import server_pass
from connector.sidecar import names
from connector.steps import drop as dropping
from connector.steps.discover import Settling, look
from tests import documents, pictures
from tests.faults.letters import letter
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
DROP = f"{ROOT}/À signer"
ANSWER = "_dépôt"
ALLOWED = "policy: {drop_folder: allow}\n"
SETTINGS = f"dépôt: À signer\nsignataires: Marie Dupont <{MARIE}> 06 12 34 56 78\n"


def stage_in(tmp_path: Path, mode: Mode = "nextcloud", *, settings: str = SETTINGS, **options: Any) -> Stage:
    """A watched folder with settings, seen once before anything is dropped."""
    stage = Stage(tmp_path, mode, more=options.pop("more", ALLOWED), start=False, **options)
    stage.dms.person.mkdir(DROP)
    stage.write("_signature.yaml", settings)
    stage.start()
    run(stage)
    return stage


def run(stage: Stage) -> None:
    stage.run(calm=6)


def drop(stage: Stage, *names: str, folder: str = DROP) -> None:
    for name in names:
        stage.write(f"{name}.pdf", letter(name), folder=folder)


def hour_comes(stage: Stage) -> None:
    stage.clock.advance(600)
    run(stage)


def dropped_and_signed(stage: Stage) -> None:
    """A letter comes by itself, and comes back signed."""
    drop(stage, "Lettre")
    run(stage)
    hour_comes(stage)
    stage.sign()
    run(stage)


def files(stage: Stage) -> list[str]:
    return stage.files(DROP)


def overview(stage: Stage) -> str:
    """What the overview of the watched folder says, on one line."""
    text = stage.dms.person.read(f"{ROOT}/_Suivi des signatures.txt").decode("utf-8-sig")
    return " ".join(text.replace("\u00a0", " ").split())


def events(stage: Stage) -> int:
    """How much the journal keeps."""
    with stage.parts.journal._transaction() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM event").scalar_one())


@MODES
def test_a_dropped_pdf_is_requested_after_its_delay(tmp_path: Path, mode: Mode) -> None:
    """Told at once, with the hour; after it a request that names nobody lies beside, and its status takes over."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "Lettre")
        run(stage)
        assert files(stage) == ["Lettre.pdf", "Lettre.signature.txt"]
        line = stage.first_line("Lettre", folder=DROP)
        assert line.startswith("EN ATTENTE – aperçu à ")
        assert line.endswith(" ; pour l’empêcher, sortez le PDF de ce dossier")
        hour_comes(stage)
        sidecar = stage.read("Lettre.sign.yaml", folder=DROP).decode("utf-8-sig")
        assert sidecar == "# créé d'après le dossier « À signer »\r\n"
        assert stage.record("Lettre", folder=DROP).place == f"/{DROP}/Lettre.sign.yaml"
        assert not stage.first_line("Lettre", folder=DROP).startswith("EN ATTENTE – aperçu à ")
        assert stage.sends() == []
        stage.intact()


@MODES
def test_its_signatories_are_inherited(tmp_path: Path, mode: Mode) -> None:
    """Silence goes to preview; the settings' « envoi: oui » lets what is dropped leave at its hour."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "Lettre")
        run(stage)
        hour_comes(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("PRÊT – ")
        assert stage.record("Lettre", folder=DROP).state is State.PREVIEWED
        stage.write("_signature.yaml", SETTINGS + "envoi: oui\n")
        run(stage)
        assert stage.sends() == [1]
        drop(stage, "Avenant")
        run(stage)
        assert stage.first_line("Avenant", folder=DROP).startswith("EN ATTENTE – départ à ")
        hour_comes(stage)
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_taken_out_in_time(tmp_path: Path, mode: Mode) -> None:
    """Before its hour nothing is done, and what was said of it goes; put back it waits anew."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "sorti", "supprime")
        run(stage)
        stage.move("sorti.pdf", "sorti.pdf", folder=DROP, to_folder=ROOT)
        stage.delete("supprime.pdf", folder=DROP)
        hour_comes(stage)
        assert files(stage) == []
        assert "sorti.sign.yaml" not in stage.files()
        stage.move("sorti.pdf", "sorti.pdf", to_folder=DROP)
        run(stage)
        assert files(stage) == ["sorti.pdf", "sorti.signature.txt"]
        hour_comes(stage)
        assert "sorti.sign.yaml" in files(stage)
        stage.intact()


@MODES
@pytest.mark.parametrize(
    "pair", [("Contrat.jpg", "Contrat.pdf"), ("Contrat.pdf", "Contrat.png"), ("a.jpg", "a.png")]
)
def test_two_that_share_the_name_of_their_status(tmp_path: Path, mode: Mode, pair: tuple[str, str]) -> None:
    """They wait in turn, whoever came first: both are requested, and a pass in which nothing moves asks no more."""
    content = {"pdf": letter("Contrat")} | {
        ending: pictures.saved(pictures.quadrants((900, 1200)), kind)
        for ending, kind in (("jpg", "JPEG"), ("png", "PNG"))
    }
    with stage_in(tmp_path, mode) as stage:
        later, first = pair
        stage.write(first, content[first[-3:]], folder=DROP)
        run(stage)
        told = stage.status(first[:-4], folder=DROP)
        stage.clock.advance(300)
        stage.write(later, content[later[-3:]], folder=DROP)
        run(stage)
        assert stage.status(first[:-4], folder=DROP) == told
        before = len(stage.dms.requests)
        stage.round()
        assert {one.method for one in stage.dms.requests[before:]} <= {"PROPFIND", "GET"}
        stage.clock.advance(300)
        run(stage)
        stage.restart()
        hour_comes(stage)
        hour_comes(stage)
        places = {record.place for record in stage.records()}
        assert places == {f"/{DROP}/{names.sidecar_name(name)}" for name in pair}
        assert {record.state for record in stage.records()} == {State.PREVIEWED}
        stage.intact()


def test_two_that_differ_in_case(tmp_path: Path) -> None:
    """One request between them, refused with what to do; nothing is kept of them again at each pass."""
    with stage_in(tmp_path) as stage:
        stage.write("Bail.pdf", letter("un"), folder=DROP)
        stage.write("Bail.PDF", letter("deux"), folder=DROP)
        run(stage)
        hour_comes(stage)
        hour_comes(stage)
        assert stage.first_line("Bail", folder=DROP) == "À CORRIGER – deux PDF répondent à cette demande"
        before = events(stage)
        run(stage)
        assert events(stage) == before
        stage.move("Bail.PDF", "Bail 2.PDF", folder=DROP)
        run(stage)
        hour_comes(stage)
        assert {"Bail.sign.yaml", "Bail 2.sign.yaml"} <= set(files(stage))
        assert {record.state for record in stage.records()} == {State.PREVIEWED}
        stage.intact()


@MODES
def test_the_hour_outlives_a_restart(tmp_path: Path, mode: Mode) -> None:
    """A restart neither forgets nor moves it; a PDF that is saved again begins anew."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "Lettre", "autre")
        run(stage)
        before = stage.status("Lettre", folder=DROP)
        stage.clock.advance(300)
        stage.restart()
        run(stage)
        assert stage.status("Lettre", folder=DROP) == before
        stage.write("autre.pdf", letter("corrigée"), folder=DROP)
        run(stage)
        stage.clock.advance(250)
        run(stage)
        assert "Lettre.sign.yaml" in files(stage)
        assert "autre.sign.yaml" not in files(stage)
        hour_comes(stage)
        assert "autre.sign.yaml" in files(stage)


@MODES
def test_never_twice(tmp_path: Path, mode: Mode) -> None:
    """A request that is deleted, a PDF that was signed elsewhere, files of ours: none makes a request (again)."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "Lettre")
        stage.write("signe.pdf", documents.signed(), folder=DROP)
        for ours in (
            "x (signé).pdf",
            "x (original).pdf",
            "x.apercu.pdf",
            "x.attestation.pdf",
            "~$x.pdf",
            "x.pdf.part",
        ):
            stage.write(ours, letter(ours), folder=DROP)
        stage.write("note.txt", "x", folder=DROP)
        run(stage)
        hour_comes(stage)
        assert [name for name in files(stage) if name.endswith(".sign.yaml")] == ["Lettre.sign.yaml"]
        assert "signe.signature.txt" not in files(stage)
        stage.delete("Lettre.sign.yaml", folder=DROP)
        run(stage)
        stage.restart()
        hour_comes(stage)
        hour_comes(stage)
        told = f"{ANSWER}.signature.txt"
        assert [name for name in files(stage) if name.endswith((".sign.yaml", ".signature.txt"))] == [told]
        stage.intact()


@MODES
def test_names_that_are_ours(tmp_path: Path, mode: Mode) -> None:
    """What a person drops under such a name is told, and goes when renamed; what we put there is told by nothing."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\n") as stage:
        dropped_and_signed(stage)
        drop(stage, "Lettre (signé)", "Lettre - Annexe (signé)")
        stage.dms.person.mkdir(f"{ROOT}/2026")
        for name in ("Lettre.pdf", "Lettre.sign.yaml", "Lettre.signature.txt"):
            stage.move(name, name, folder=DROP, to_folder=f"{ROOT}/2026")
        run(stage)
        assert f"{ANSWER}.signature.txt" not in files(stage)
        drop(stage, "Contrat (original)")
        run(stage)
        line = "EN ATTENTE – 1 PDF porte un nom réservé ; renommez-le pour le faire signer"
        assert stage.first_line(ANSWER, folder=DROP) == line
        before = len(stage.dms.requests)
        stage.round()
        assert {one.method for one in stage.dms.requests[before:]} <= {"PROPFIND", "GET"}
        stage.move("Contrat (original).pdf", "Contrat.pdf", folder=DROP)
        run(stage)
        hour_comes(stage)
        assert f"{ANSWER}.signature.txt" not in files(stage)
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_pdf_in_a_folder_below(tmp_path: Path, mode: Mode) -> None:
    """Nothing is made of it, and that is told; not of what was signed and put away, or has its own request there."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\nannexes: [Tarifs]\n") as stage:
        drop(stage, "Tarifs")
        dropped_and_signed(stage)
        for folder in ("Signés", "Demandes terminées", "Signés/2026", "Vide"):
            stage.dms.person.mkdir(f"{DROP}/{folder}")
        stage.move("Lettre.pdf", "Lettre.pdf", folder=DROP, to_folder=f"{DROP}/Signés/2026")
        for name in ("Lettre.sign.yaml", "Lettre.signature.txt"):
            stage.delete(name, folder=DROP)
        stage.drop("Bail", folder=f"{DROP}/Signés")
        drop(stage, "Tarifs", folder=f"{DROP}/Signés")
        drop(stage, "Avant", folder=f"{DROP}/Demandes terminées")
        run(stage)
        assert f"{ANSWER}.signature.txt" not in files(stage)
        stage.dms.person.mkdir(f"{DROP}/Mars")
        drop(stage, "Contrat", folder=f"{DROP}/Mars")
        run(stage)
        line = "EN ATTENTE – rien n’est fait des PDF de 1 sous-dossier ; déposez-les ici même"
        assert stage.first_line(ANSWER, folder=DROP) == line
        assert "  • Mars\n" in stage.status(ANSWER, folder=DROP)
        before = len(stage.dms.requests)
        stage.round()
        assert {one.method for one in stage.dms.requests[before:]} <= {"PROPFIND", "GET"}
        stage.move("Contrat.pdf", "Contrat.pdf", folder=f"{DROP}/Mars", to_folder=DROP)
        run(stage)
        assert f"{ANSWER}.signature.txt" not in files(stage)
        hour_comes(stage)
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@MODES
def test_folders_below_in_which_nobody_waits_in_vain(tmp_path: Path, mode: Mode) -> None:
    """One that is a drop folder itself is told of where it is one; what came back signed and got another name is known
    by its file id."""
    settings = SETTINGS + "envoi: oui\n"
    with stage_in(tmp_path, mode, settings=settings) as stage:
        for folder in ("Sous", "Sous/Interne", "Signés"):
            stage.dms.person.mkdir(f"{DROP}/{folder}")
        stage.write("_signature.yaml", settings.replace("À signer", "Interne"), folder=f"{DROP}/Sous")
        run(stage)
        assert [one.rsplit("/", 2)[-2] for one in stage.memory.drops.here("lettres")] == [
            "À signer",
            "Interne",
        ]
        drop(stage, "Note", folder=f"{DROP}/Sous/Interne")
        run(stage)
        assert stage.first_line("Note", folder=f"{DROP}/Sous/Interne").startswith("EN ATTENTE – départ à")
        assert f"{ANSWER}.signature.txt" not in files(stage)
        if mode == "plain":
            return
        dropped_and_signed(stage)
        stage.move("Lettre.pdf", "Classée.pdf", folder=DROP, to_folder=f"{DROP}/Signés")
        run(stage)
        assert f"{ANSWER}.signature.txt" not in files(stage)
        stage.intact()


@MODES
def test_a_person_s_own_request_in_it(tmp_path: Path, mode: Mode) -> None:
    """Put beside a PDF that waits, it is the request; its status takes the place of the waiting one."""
    with stage_in(tmp_path, mode, settings="dépôt: À signer\n") as stage:
        drop(stage, "Lettre")
        run(stage)
        stage.write("Lettre.sign.yaml.txt", ONE, folder=DROP)
        run(stage)
        hour_comes(stage)
        assert stage.read("Lettre.sign.yaml.txt", folder=DROP) == ONE.encode()
        assert "Lettre.sign.yaml" not in files(stage)
        assert not stage.first_line("Lettre", folder=DROP).startswith("EN ATTENTE – aperçu à ")
        stage.intact()


def test_a_note_in_the_waiting_text_is_kept(tmp_path: Path) -> None:
    """What a person wrote into it stands aside when the request's own status comes."""
    with stage_in(tmp_path) as stage:
        drop(stage, "Lettre")
        run(stage)
        noted = stage.read("Lettre.signature.txt", folder=DROP) + "appelé\r\n".encode()
        stage.write("Lettre.signature.txt", noted, folder=DROP)
        hour_comes(stage)
        assert stage.read("Lettre.signature (note).txt", folder=DROP) == noted
        assert not stage.first_line("Lettre", folder=DROP).startswith("À VÉRIFIER")
        stage.intact()


@MODES
def test_what_lay_there_before(tmp_path: Path, mode: Mode) -> None:
    """R7: PDFs that were there when the folder became a drop folder are told, not requested; put back they are."""
    stage = Stage(tmp_path, mode, more=ALLOWED)
    with stage:
        stage.dms.person.mkdir(DROP)
        drop(stage, "ancien", "vieux")
        run(stage)
        stage.write("_signature.yaml", SETTINGS)
        run(stage)
        hour_comes(stage)
        line = "EN ATTENTE – 2 PDF étaient déjà là ; sortez-les puis remettez-les pour les faire signer"
        assert stage.first_line(ANSWER, folder=DROP) == line
        assert [name for name in files(stage) if name.endswith(".sign.yaml")] == []
        stage.restart()
        stage.move("ancien.pdf", "ancien.pdf", folder=DROP, to_folder=ROOT)
        run(stage)
        stage.move("ancien.pdf", "ancien.pdf", to_folder=DROP)
        run(stage)
        hour_comes(stage)
        assert [name for name in files(stage) if name.endswith(".sign.yaml")] == ["ancien.sign.yaml"]
        stage.delete("vieux.pdf", folder=DROP)
        run(stage)
        assert f"{ANSWER}.signature.txt" not in files(stage)
        stage.intact()


def test_a_lost_journal_requests_nothing(tmp_path: Path) -> None:
    """What lies there is not known to have been dropped; what was said of its hour is taken back."""
    with stage_in(tmp_path) as stage:
        drop(stage, "Lettre")
        run(stage)
        stage.lose_journal()
        run(stage)
        hour_comes(stage)
        assert files(stage) == ["Lettre.pdf", f"{ANSWER}.signature.txt"]
        assert stage.first_line(ANSWER, folder=DROP).startswith("EN ATTENTE – 1 PDF était déjà là")
        stage.intact()


@MODES
def test_where_the_firm_does_not_allow_it(tmp_path: Path, mode: Mode) -> None:
    """One readable status in the folder, nothing made; it goes with the PDFs, or with the line."""
    with stage_in(tmp_path, mode, more="") as stage:
        run(stage)
        assert files(stage) == [], "an empty folder needs no word"
        drop(stage, "Lettre")
        run(stage)
        hour_comes(stage)
        assert files(stage) == ["Lettre.pdf", f"{ANSWER}.signature.txt"]
        line = "À CORRIGER – ce dossier ne permet pas de faire signer un PDF par simple dépôt"
        assert stage.first_line(ANSWER, folder=DROP) == line
        stage.delete("Lettre.pdf", folder=DROP)
        run(stage)
        assert files(stage) == []


@MODES
def test_which_folders_are_drop_folders(tmp_path: Path, mode: Mode) -> None:
    """Any folder of that name below the settings, by the nearest that say it; no folder inside one."""
    with stage_in(tmp_path, mode) as stage:
        for folder in ("Client/à signer", "Autre/À signer", "À signer/Archives", "Signés"):
            stage.dms.person.mkdir(f"{ROOT}/{folder}")
        stage.write("_signature.yaml.txt", "dépôt: non\n", folder=f"{ROOT}/Autre")
        run(stage)
        for folder in ("Client/à signer", "Autre/À signer", "À signer/Archives", "Signés"):
            drop(stage, "Lettre", folder=f"{ROOT}/{folder}")
        run(stage)
        hour_comes(stage)
        assert [name for name in stage.files() if name.endswith(".sign.yaml")] == [
            "Client/à signer/Lettre.sign.yaml"
        ]


@pytest.mark.parametrize("folder", ["A SIGNER", "a  signer", "À_signer"])
def test_the_name_of_the_folder_as_people_write_it(tmp_path: Path, folder: str) -> None:
    """Accents and capitals do not count, as in the settings themselves."""
    there = f"{ROOT}/{folder}"
    with Stage(tmp_path, more=ALLOWED, start=False) as stage:
        stage.dms.person.mkdir(there)
        stage.write("_signature.yaml", SETTINGS)
        stage.start()
        run(stage)
        drop(stage, "Lettre", folder=there)
        run(stage)
        hour_comes(stage)
        assert "Lettre.sign.yaml" in stage.files(there)


@pytest.mark.parametrize(
    ("settings", "where", "file", "said"),
    [
        (SETTINGS.replace("À signer", "Clients/À signer"), ROOT, "_signature.yaml", "Clients/À signer"),
        (SETTINGS, DROP, "À signer/_signature.yaml", "À signer"),
        (SETTINGS.replace("À signer", "A signé") + "obget: x\n", ROOT, "_signature.yaml", "A signé"),
    ],
)
def test_a_drop_folder_that_is_none(tmp_path: Path, settings: str, where: str, file: str, said: str) -> None:
    """Nothing is made of what is dropped, and the overview says why; it says so no more once it is right."""
    with Stage(tmp_path, more=ALLOWED, start=False) as stage:
        stage.dms.person.mkdir(DROP)
        stage.write("_signature.yaml", settings, folder=where)
        stage.start()
        run(stage)
        drop(stage, "Lettre")
        run(stage)
        hour_comes(stage)
        assert f"« dépôt: {said} » dans « {file} » ne désigne aucun dossier" in overview(stage)
        stage.delete("_signature.yaml", folder=where)
        stage.write("_signature.yaml", SETTINGS)
        run(stage)
        hour_comes(stage)
        assert "ne désigne aucun dossier" not in overview(stage)
        assert stage.sends() == []


def test_drop_folders_that_are_none_are_looked_for_once(tmp_path: Path) -> None:
    """While the folder shows the same, no settings file is looked at again for it."""
    with Stage(tmp_path, more=ALLOWED, start=False) as stage:
        for number in range(3):
            stage.dms.person.mkdir(f"{ROOT}/{number}")
            stage.write("_signature.yaml", SETTINGS, folder=f"{ROOT}/{number}")
        stage.start()
        run(stage)
        hour_comes(stage)
        assert "dans « 2/_signature.yaml » ne désigne aucun dossier" in overview(stage)
        stage.parts.settings_read.clear()
        stage.dms.forget_requests()
        for _ in range(3):
            stage.clock.advance(5)
            run(stage)
        assert [one.path for one in stage.dms.requests if one.method == "GET"] == []
        stage.dms.person.mkdir(DROP.replace(ROOT, f"{ROOT}/2"))
        run(stage)
        hour_comes(stage)
        assert "dans « 2/_signature.yaml » ne désigne" not in overview(stage)


@MODES
def test_what_the_settings_let_travel_with_every_letter(tmp_path: Path, mode: Mode) -> None:
    """An annex goes with each request that is made there, and is no request itself: nobody signs it twice."""
    settings = SETTINGS + "annexes:\n  - CGV.pdf\n  - Tarif*\nenvoi: oui\n"
    with stage_in(tmp_path, mode, settings=settings) as stage:
        drop(stage, "CGV", "Tarif 2026", "Lettre")
        run(stage)
        assert stage.status("CGV", folder=DROP) == ""
        assert stage.first_line("Lettre", folder=DROP).startswith("EN ATTENTE – départ")
        line = "EN ATTENTE – 2 PDF accompagnent les autres ; aucune demande n’est faite pour eux seuls"
        assert stage.first_line(ANSWER, folder=DROP) == line
        hour_comes(stage)
        assert [name for name in files(stage) if name.endswith(".sign.yaml")] == ["Lettre.sign.yaml"]
        assert stage.sends() == [1]
        assert len(stage.platform.transactions()[-1].documents) == 3
        stage.sign()
        run(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("SIGNÉ"), stage.status(
            "Lettre", folder=DROP
        )
        stage.intact()


def test_a_dry_run_counts_no_request_for_what_travels(tmp_path: Path) -> None:
    """As many as will be made, and nothing is written for it."""
    with stage_in(tmp_path, settings=SETTINGS + "annexes: CGV.pdf\n") as stage:
        drop(stage, "CGV", "Lettre")
        parts = stage.parts
        (folder,) = parts.watched.values()
        settling = Settling(grain=parts.timing.settle)
        sight = look(folder, parts.folders[folder.server], settling, parts.now())
        assert dropping.outlook(parts, sight) == 1
        assert files(stage) == ["CGV.pdf", "Lettre.pdf"]


def test_an_annex_that_is_named_while_it_waits(tmp_path: Path) -> None:
    """It waits no longer, and what was said of it goes."""
    with stage_in(tmp_path) as stage:
        drop(stage, "CGV")
        run(stage)
        assert stage.first_line("CGV", folder=DROP).startswith("EN ATTENTE")
        stage.write("_signature.yaml", SETTINGS + "annexes: CGV\n")
        run(stage)
        hour_comes(stage)
        assert files(stage) == ["CGV.pdf", f"{ANSWER}.signature.txt"]


def test_the_line_is_taken_away_while_a_pdf_waits(tmp_path: Path) -> None:
    """No drop folder any more: nothing is made, and nothing goes on promising an hour."""
    with stage_in(tmp_path) as stage:
        drop(stage, "Lettre")
        run(stage)
        stage.write("_signature.yaml", "objet: Lettres\n")
        run(stage)
        assert files(stage) == ["Lettre.pdf"]
        hour_comes(stage)
        assert files(stage) == ["Lettre.pdf"]


@pytest.mark.parametrize(
    ("send", "said", "word"),
    [
        ("live", "", "aperçu"),
        ("live", "envoi: oui\n", "départ"),
        ("live", "envoi: brouillon\n", "brouillon"),
        ("live", "envoi: non\n", "aperçu"),
        ("draft", "envoi: oui\n", "brouillon"),
        ("draft", "", "aperçu"),
        ("preview", "envoi: oui\n", "aperçu"),
    ],
)
def test_what_comes_at_that_hour(tmp_path: Path, send: str, said: str, word: str) -> None:
    """The first line promises what the folder's ceiling and its settings allow, and no more."""
    with stage_in(tmp_path, settings=SETTINGS + said, more=ALLOWED) as stage:
        stage.settings["send"] = send
        stage.restart()
        drop(stage, "Lettre")
        run(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith(f"EN ATTENTE – {word} à ")


def test_settings_that_are_wrong_elsewhere(tmp_path: Path) -> None:
    """A fault in another line of the settings silences nothing: the PDF is requested, its status tells the fault."""
    with stage_in(tmp_path, settings=SETTINGS + "obget: Lettre\n") as stage:
        drop(stage, "Lettre")
        run(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("EN ATTENTE – aperçu à ")
        hour_comes(stage)
        line = stage.first_line("Lettre", folder=DROP)
        assert line.startswith("À CORRIGER – « obget » n’est pas un mot prévu"), line
        stage.write("_signature.yaml", SETTINGS)
        run(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("PRÊT – ")
        assert stage.sends() == []
        stage.intact()


def signed_and_taken_away(stage: Stage) -> bytes:
    """A letter that is signed, with its request and status deleted as the status invites; returns what was sent."""
    sent = letter("2026")
    stage.write("Lettre.pdf", sent, folder=DROP)
    run(stage)
    hour_comes(stage)
    stage.sign()
    run(stage)
    for name in ("Lettre.sign.yaml", "Lettre.signature.txt"):
        stage.delete(name, folder=DROP)
    for _ in range(2):
        stage.clock.advance(700)
        run(stage)
    assert [name for name in files(stage) if name.startswith("Lettre.")] == ["Lettre.pdf"]
    return sent


def fetches(stage: Stage, since: int) -> int:
    """How often the dropped letter was fetched since so many requests."""
    return sum(one.method == "GET" and one.path.endswith("Lettre.pdf") for one in stage.dms.requests[since:])


@MODES
def test_another_pdf_under_a_name_that_was_signed(tmp_path: Path, mode: Mode) -> None:
    """Next year's letter saved over the signed one is waited for, requested and told; it is fetched once for that."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\n") as stage:
        signed_and_taken_away(stage)
        before = len(stage.dms.requests)
        stage.write("Lettre.pdf", letter("2027"), folder=DROP)
        run(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("EN ATTENTE – départ à ")
        assert fetches(stage, before) == 1
        stage.restart()
        run(stage)
        assert fetches(stage, before) == 1
        hour_comes(stage)
        assert "Lettre.sign.yaml" in files(stage)
        line = stage.first_line("Lettre", folder=DROP)
        assert line.startswith("À CONFIRMER – le PDF a changé après une demande terminée"), line
        assert stage.sends() == [1]
        sidecar = stage.read("Lettre.sign.yaml", folder=DROP) + b"action: recommencer\r\n"
        stage.write("Lettre.sign.yaml", sidecar, folder=DROP)
        run(stage)
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_another_pdf_where_the_signed_one_was_moved_away(tmp_path: Path, mode: Mode) -> None:
    """A letter of that name comes again, where no server's file id tells it from the one before."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\n") as stage:
        dropped_and_signed(stage)
        stage.dms.person.mkdir(f"{ROOT}/2026")
        for name in files(stage):
            stage.move(name, name, folder=DROP, to_folder=f"{ROOT}/2026")
        run(stage)
        stage.write("Lettre.pdf", letter("2027"), folder=DROP)
        run(stage)
        hour_comes(stage)
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_the_right_pdf_after_a_signed_one(tmp_path: Path, mode: Mode) -> None:
    """Dropped by mistake, a signed PDF is asked nothing for; what is saved over it is requested."""
    with stage_in(tmp_path, mode) as stage:
        stage.write("Lettre.pdf", documents.signed(), folder=DROP)
        run(stage)
        hour_comes(stage)
        assert files(stage) == ["Lettre.pdf"]
        stage.write("Lettre.pdf", letter("la bonne"), folder=DROP)
        run(stage)
        hour_comes(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("PRÊT – ")
        stage.intact()


@MODES
def test_what_is_no_other_pdf(tmp_path: Path, mode: Mode) -> None:
    """The signed document, annotated; what was sent, put back; a new one of which the old one was put in the place in
    time: fetched once each, none requested, and nothing is asked while nothing moves."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\n") as stage:
        sent = signed_and_taken_away(stage)
        signed = stage.read("Lettre.pdf", folder=DROP)
        annotated = documents.with_note(signed), documents.page_added_after(signed)
        for content in (*annotated, sent, signed, sent):
            before = len(stage.dms.requests)
            stage.write("Lettre.pdf", content, folder=DROP)
            run(stage)
            hour_comes(stage)
            hour_comes(stage)
            assert [name for name in files(stage) if name.startswith("Lettre.")] == ["Lettre.pdf"]
            assert fetches(stage, before) == 1
        stage.write("Lettre.pdf", letter("2027"), folder=DROP)
        run(stage)
        assert "Lettre.signature.txt" in files(stage)
        stage.write("Lettre.pdf", sent, folder=DROP)
        run(stage)
        stage.restart()
        hour_comes(stage)
        assert [name for name in files(stage) if name.startswith("Lettre.")] == ["Lettre.pdf"]
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_saved_over_while_its_request_is_out(tmp_path: Path, mode: Mode) -> None:
    """Without its request beside it, too, a PDF whose request is out is no other one; nor is it when that is over."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\n") as stage:
        drop(stage, "Lettre")
        run(stage)
        hour_comes(stage)
        stage.delete("Lettre.sign.yaml", folder=DROP)
        stage.write("Lettre.pdf", letter("corrigée"), folder=DROP)
        run(stage)
        hour_comes(stage)
        stage.sign()
        run(stage)
        hour_comes(stage)
        hour_comes(stage)
        assert "Lettre.sign.yaml" not in files(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("SIGNÉ – ")
        assert stage.sends() == [1]
        stage.intact()


def test_what_an_earlier_version_kept(tmp_path: Path) -> None:
    """It knew no bytes: what is saved over is as little another PDF as it was then."""
    with stage_in(tmp_path, settings=SETTINGS + "envoi: oui\n") as stage:
        signed_and_taken_away(stage)
        journal = stage.parts.journal
        for subject, data in journal.last_account_events("born:", "born").items():
            old = {key: value for key, value in data.items() if key in {"kind", "place", "file_id"}}
            journal.mark_account(subject, "born", old)
        stage.restart()
        stage.write("Lettre.pdf", letter("2027"), folder=DROP)
        run(stage)
        hour_comes(stage)
        assert [name for name in files(stage) if name.startswith("Lettre.")] == ["Lettre.pdf"]


@MODES
def test_saved_over_after_the_journal_was_lost(tmp_path: Path, mode: Mode) -> None:
    """What lay there then is told, whatever it is saved over with, and sent to nobody again."""
    with stage_in(tmp_path, mode, settings=SETTINGS + "envoi: oui\n") as stage:
        sent = signed_and_taken_away(stage)
        stage.lose_journal()
        run(stage)
        for content in (sent, letter("2027"), sent):
            stage.write("Lettre.pdf", content, folder=DROP)
            run(stage)
            hour_comes(stage)
        assert "Lettre.sign.yaml" not in files(stage)
        assert stage.sends() == [1]
        stage.intact()


def test_a_stop_while_settings_are_read_for_it(tmp_path: Path) -> None:
    """Each of many settings files may name a drop folder: they are not all read first. What waits goes on waiting."""
    with stage_in(tmp_path) as stage:
        for number in range(120):
            stage.person.mkdir(f"{ROOT}/Client {number:03}")
            stage.write("_signature.yaml", "objet: Bilan\n", folder=f"{ROOT}/Client {number:03}")
        drop(stage, "Lettre")
        run(stage)
        waiting = stage.status("Lettre", folder=DROP)
        assert "aperçu à" in waiting
        stage.restart()
        stage.dms.forget_requests()

        def read() -> int:
            return sum(
                one.method == "GET" and one.path.endswith("_signature.yaml") for one in stage.dms.requests
            )

        def stop_midway() -> None:
            while read() < 5 and not over.wait(0.002):
                pass
            stage.parts.stop.set()

        over = Event()
        with ThreadPoolExecutor(1) as pool:
            stopping = pool.submit(stop_midway)
            for _ in range(3):
                server_pass(stage.parts, "dms", stage.memory)
                stage.clock.advance(1)
            over.set()
            stopping.result()
        assert 5 <= read() < 60
        stage.restart()
        run(stage)
        assert stage.status("Lettre", folder=DROP) == waiting
        hour_comes(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("PRÊT")
        stage.intact()


def test_settings_that_cannot_be_read_after_a_restart(tmp_path: Path) -> None:
    """Which folders are drop folders nobody knows then: the hour of what waits stays as it was."""
    with stage_in(tmp_path) as stage:
        drop(stage, "Lettre")
        run(stage)
        waiting = stage.status("Lettre", folder=DROP)
        assert "aperçu à" in waiting
        stage.clock.advance(300)
        stage.dms.misbehave(kind="status", status=503, method="GET", path="*_signature.yaml", times=None)
        stage.restart()
        run(stage)
        assert stage.status("Lettre", folder=DROP) == waiting
        stage.dms.behave()
        stage.clock.advance(300)
        run(stage)
        assert stage.first_line("Lettre", folder=DROP).startswith("PRÊT")
        stage.intact()
