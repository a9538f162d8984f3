"""``_signataires.xlsx``: rows become requests once each, whatever people do to list, PDFs and requests (ux page 1.2).

Every folder here is preview only: what a list makes is never sent by the list.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from PIL import Image

from connector.cli import wiring
from connector.lifecycle import State
from connector.sidecar.reading import read_sidecar
from connector.steps import lists
from connector.steps.born import Room
from connector.steps.discover import Settling, look
from tests import documents
from tests.faults.letters import letter
from tests.spreadsheets import TITLES, csv_text, person, workbook
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
LIST = "_signataires.xlsx"
ANSWER = "_signataires"
PREVIEW = {"send": "preview"}


def stage_in(tmp_path: Path, mode: Mode = "nextcloud", **options: Any) -> Stage:
    return Stage(tmp_path, mode, settings={**PREVIEW, **options.pop("settings", {})}, **options)


def put(stage: Stage, rows: Sequence[Sequence[Any]], titles: Sequence[Any] = TITLES, **options: Any) -> None:
    stage.write(LIST, workbook(rows, titles, **options))


def pdfs(stage: Stage, *names: str) -> None:
    for name in names:
        stage.write(f"{name}.pdf", letter(name))


def answer(stage: Stage) -> str:
    return stage.first_line(ANSWER)


def told(stage: Stage) -> str:
    """The whole answer on one line, with plain spaces."""
    return " ".join(stage.status(ANSWER).replace("\u00a0", " ").split())


def sidecars(stage: Stage) -> list[str]:
    return [name for name in stage.files() if name.endswith(".sign.yaml")]


def run(stage: Stage) -> None:
    """Until a list is read, its requests written, seen to have settled, judged and shown."""
    stage.run(calm=6)


def later(stage: Stage) -> None:
    """Past the minutes in which a missing file may still be on its way."""
    stage.clock.advance(200)
    run(stage)


def listed_and_signed(stage: Stage) -> None:
    """One row with its PDF is let go by the settings, and comes back signed."""
    stage.write("_signature.yaml", "envoi: non\n")
    pdfs(stage, "Lettre 000")
    put(stage, [person(0)])
    run(stage)
    stage.write("_signature.yaml", "envoi: oui\n")
    run(stage)
    later(stage)
    stage.sign("client000@cabinet.fr")
    run(stage)


@MODES
def test_rows_become_requests(tmp_path: Path, mode: Mode) -> None:
    """A row with its PDF is a request with a preview; nothing leaves; the answer says so, in the form of a status."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001")
        put(stage, [person(0), person(1, document="lettre 001.PDF")])
        run(stage)
        text = stage.read("Lettre 000.sign.yaml")
        assert text.decode("utf-8-sig").split("\r\n")[0] == f"# créé d'après « {LIST} », ligne 2"
        (marie,) = read_sidecar(text).signatories
        assert (marie.email, marie.phone) == ("client000@cabinet.fr", "+33610003457")
        assert sidecars(stage) == ["Lettre 000.sign.yaml", "Lettre 001.sign.yaml"]
        assert stage.first_line("Lettre 001").startswith("PRÊT – aperçu seulement")
        assert "Lettre 001.apercu.pdf" in stage.files()
        assert answer(stage) == "PRÊT – 2 demandes préparées, rien n’est parti"
        assert stage.read("_signataires.signature.txt").startswith(b"\xef\xbb\xbf")
        assert stage.sends() == []
        stage.intact()


@MODES
def test_a_bad_row_stops_itself_alone(tmp_path: Path, mode: Mode) -> None:
    """The others are prepared, the bad ones are told by line and PDF; corrected and saved, they follow."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, *(f"Lettre {n:03d}" for n in range(4)))
        rows = [
            person(0),
            (*person(1)[:4], "04 78 12 34 56"),
            person(2),
            (*person(3)[:1], "x", *person(3)[2:]),
        ]
        put(stage, rows)
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml", "Lettre 002.sign.yaml"]
        assert answer(stage) == "À CORRIGER – 2 lignes sur 4 à corriger dans « _signataires.xlsx »"
        assert "Ligne 3 : 04 78 12 34 56 est un numéro fixe." in told(stage)
        assert "Ligne 5 : « x » n’est pas une adresse e-mail" in told(stage)
        put(stage, [person(n) for n in range(4)])
        run(stage)
        assert len(sidecars(stage)) == 4
        assert answer(stage) == "PRÊT – 4 demandes préparées, rien n’est parti"
        stage.intact()


def test_what_the_firm_refuses_is_said_of_the_row(tmp_path: Path) -> None:
    """Too long a subject, one mobile for two, a refused domain, a model's mobile: told where it can be corrected."""
    titles = (*TITLES, "signataire 2", "objet")
    options = {"more": "policy: {refuse_domains: [perso.fr]}\n"}
    with stage_in(tmp_path, **options) as stage:
        # As on the real platform: the simulator takes them.
        settings = replace(stage.parts.watched["lettres"], refuse_phones=("+33677013458",))
        stage.parts.watched = {"lettres": settings}
        pdfs(stage, *(f"Lettre 00{number}" for number in range(4)))
        put(
            stage,
            [
                (*person(0), "", "O" * 46),
                (*person(1), "Paul Martin <p@cabinet.fr> 06 10 01 34 57"),
                (*person(2), "Paul Martin <p@perso.fr> 06 77 01 34 57"),
                (*person(3), "Paul Martin <p@cabinet.fr> 06 77 01 34 58"),
            ],
            titles,
        )
        run(stage)
        assert sidecars(stage) == []
        assert answer(stage) == "À CORRIGER – 4 lignes sur 4 à corriger dans « _signataires.xlsx »"
        assert "ligne 2 : l’objet a 46 caractères" in told(stage).lower()
        assert "Ligne 3" in told(stage)
        assert "perso.fr" in told(stage)
        assert "06 77 01 34 58 pour Paul Martin semble un numéro factice" in told(stage)


def test_whom_the_firm_does_not_allow_is_said_of_the_row(tmp_path: Path) -> None:
    with stage_in(tmp_path, more="policy: {allow_domains: [ailleurs.fr]}\n") as stage:
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        run(stage)
        assert sidecars(stage) == []
        assert answer(stage).startswith("À CORRIGER – 1 ligne sur 1 à corriger")


def test_people_whom_contacts_complete(tmp_path: Path) -> None:
    """An address alone does where the settings know the person; else the row is told what it lacks, and corrected."""
    contacts = f"contacts:\n  gérante: Marie Dupont <{MARIE}> 06 12 34 56 78\n"
    titles = ("document", "signataire")
    with stage_in(tmp_path) as stage:
        stage.write("_signature.yaml", contacts + "objet: Lettre de mission 2026\n")
        pdfs(stage, "Lettre 000", "Lettre 001", "Lettre 002")
        rows = [
            ("Lettre 000", MARIE),
            ("Lettre 001", "Paul Martin paul@cabinet.fr"),
            ("Lettre 002", "gérante"),
        ]
        put(stage, rows, titles)
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml", "Lettre 002.sign.yaml"]
        assert stage.read("Lettre 000.sign.yaml").decode().split("\r\n")[1] == f"signataires: {MARIE}"
        for name in ("Lettre 000", "Lettre 002"):
            record = stage.record(name)
            assert (record.state, record.subject) == (State.PREVIEWED, "Lettre de mission 2026")
            assert [(one.name, one.phone) for one in record.signatories] == [("Marie Dupont", "+33612345678")]
        assert answer(stage) == "À CORRIGER – 1 ligne sur 3 à corriger dans « _signataires.xlsx »"
        assert "Ligne 3 : Il manque un mobile pour Paul Martin".lower() in told(stage).lower()
        put(stage, [rows[0], ("Lettre 001", "Paul Martin paul@cabinet.fr 07 81 22 33 44"), rows[2]], titles)
        run(stage)
        assert len(sidecars(stage)) == 3
        stage.intact()


def test_pictures(tmp_path: Path) -> None:
    """A row may name a picture; its request bears the picture's whole name.

    List, picture and preview are read and drawn by the service's own workers, which see the spool alone.
    """
    stream = io.BytesIO()
    Image.new("RGB", (600, 400), "white").save(stream, "JPEG")
    with stage_in(tmp_path, seams=wiring.Seams()) as stage:
        stage.write("photo.jpg", stream.getvalue())
        put(stage, [person(0, document="Photo.JPG")])
        run(stage)
        assert sidecars(stage) == ["photo.jpg.sign.yaml"]
        assert answer(stage) == "PRÊT – 1 demande préparée, rien n’est parti"
        assert stage.record("photo.jpg").state is State.PREVIEWED


@MODES
def test_rows_and_pdfs_that_wait_for_each_other(tmp_path: Path, mode: Mode) -> None:
    """A row waits for its PDF, told after some minutes with a near name; a PDF without a row is left alone."""
    with stage_in(tmp_path, mode) as stage:
        put(stage, [person(0), person(1)])
        pdfs(stage, "Lettre 000")
        stage.write("Lettre 0001.pdf", letter("faute"))
        run(stage)
        assert answer(stage) == "PRÊT – 1 demande préparée, rien n’est parti"
        later(stage)
        assert answer(stage) == "EN ATTENTE DU PDF – 1 ligne sur 2 attend son PDF"
        assert "ligne 3 : « Lettre 001 ». Un nom proche s’y trouve : « Lettre 0001.pdf »" in told(stage)
        assert "1 PDF de ce dossier n’a ni ligne ni demande : Lettre 0001.pdf." in told(stage)
        pdfs(stage, "Lettre 001")
        run(stage)
        assert answer(stage) == "PRÊT – 2 demandes préparées, rien n’est parti"
        assert len(sidecars(stage)) == 2
        stage.intact()


@MODES
def test_a_person_s_own_request_is_kept(tmp_path: Path, mode: Mode) -> None:
    """Where a request lies already, under any of its names, the row writes nothing and counts as done."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001")
        stage.write("Lettre 000.sign.yaml.txt", ONE)
        put(stage, [person(0), person(1)])
        run(stage)
        assert stage.read("Lettre 000.sign.yaml.txt") == ONE.encode()
        assert sidecars(stage) == ["Lettre 001.sign.yaml"]
        assert answer(stage) == "PRÊT – 2 demandes préparées, rien n’est parti"


@MODES
def test_a_row_is_never_looked_at_again(tmp_path: Path, mode: Mode) -> None:
    """A deleted request does not come back, a changed row changes nothing; both are told. A restart forgets nothing."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001", "Lettre 002")
        put(stage, [person(0), person(1), person(2)])
        run(stage)
        before = stage.read("Lettre 002.sign.yaml")
        stage.delete("Lettre 001.sign.yaml")
        put(stage, [person(1), (*person(2)[:4], "06 99 88 77 66"), person(0)])
        run(stage)
        stage.restart()
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml", "Lettre 002.sign.yaml"]
        assert stage.read("Lettre 002.sign.yaml") == before
        assert "Demande supprimée, la liste ne la refait pas : ligne 2." in told(stage)
        assert "Modifié dans la liste après la préparation, sans effet : ligne 3." in told(stage)
        stage.intact()


@MODES
def test_a_row_that_is_taken_out(tmp_path: Path, mode: Mode) -> None:
    """Its request stays, and would leave with the others: the answer says so until the row is back, or it has left."""
    with stage_in(tmp_path, mode, settings={"send": "live"}) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        pdfs(stage, "Lettre 000", "Lettre 001", "Lettre 002")
        put(stage, [person(0), person(1)])
        run(stage)
        put(stage, [person(1)])
        run(stage)
        assert answer(stage) == "À VÉRIFIER – 1 demande prête sans ligne dans « _signataires.xlsx »"
        assert "toujours prête à partir avec les autres : Lettre 000.pdf." in told(stage)
        put(stage, [person(1), person(0)])
        run(stage)
        assert answer(stage) == "PRÊT – 2 demandes préparées, rien n’est parti"
        put(stage, [person(2)])
        run(stage)
        assert answer(stage) == "À VÉRIFIER – 2 demandes prêtes sans ligne dans « _signataires.xlsx »"
        stage.delete("Lettre 000.sign.yaml")
        stage.write("_signature.yaml", "envoi: oui\n")
        later(stage)
        asked = {one.email for view in stage.platform.transactions() for one in view.signatories}
        assert asked == {"client001@cabinet.fr", "client002@cabinet.fr"}
        assert answer(stage) == "EN COURS – 1 demande ; son suivi est à côté du PDF"
        stage.intact()


@MODES
def test_a_request_that_is_renamed_has_its_row(tmp_path: Path, mode: Mode) -> None:
    """Where files have ids it is known to be the same one; elsewhere its row is looked for by its name."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        run(stage)
        for name in ("Lettre 000.pdf", "Lettre 000.sign.yaml"):
            stage.move(name, name.replace("000", "v2"))
        later(stage)
        assert stage.first_line("Lettre v2").startswith("PRÊT – ")
        assert ("sans ligne" in answer(stage)) == (mode == "plain"), answer(stage)


@MODES
def test_deleted_requests_are_none(tmp_path: Path, mode: Mode) -> None:
    """One that was deleted before it left does not count as prepared, nor is it to be corrected if its row changed."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001")
        put(stage, [person(0), person(1)])
        run(stage)
        stage.delete("Lettre 001.sign.yaml")
        put(stage, [person(0), (*person(1)[:4], "06 99 88 77 66")])
        later(stage)
        assert answer(stage) == "PRÊT – 1 demande préparée, rien n’est parti"
        assert "Demande supprimée, la liste ne la refait pas : ligne 3." in told(stage)
        assert "Modifié dans la liste" not in told(stage)
        stage.delete("Lettre 000.sign.yaml")
        later(stage)
        assert answer(stage) == "ANNULÉ – les demandes de cette liste ont été supprimées, rien n’est parti"
        assert "envoi: oui" not in told(stage)


@MODES
@pytest.mark.parametrize("way", ["deleted", "moved"])
def test_next_year_s_letter_and_list(tmp_path: Path, mode: Mode, way: str) -> None:
    """Under a name that was signed, another PDF is requested by its row: the list never says that it is signed."""
    with stage_in(tmp_path, mode, settings={"send": "live"}) as stage:
        listed_and_signed(stage)
        assert answer(stage).startswith("SIGNÉ – 1 sur 1")
        stage.write("_signature.yaml", "envoi: non\n")
        stage.dms.person.mkdir(f"{ROOT}/2026")
        for name in ("Lettre 000.pdf", "Lettre 000.sign.yaml", "Lettre 000.signature.txt", LIST):
            if way == "moved":
                stage.move(name, name, to_folder=f"{ROOT}/2026")
            elif name != "Lettre 000.pdf":
                stage.delete(name)
        later(stage)
        stage.clock.advance(400 * 86_400)
        stage.renew()
        run(stage)
        stage.write("Lettre 000.pdf", letter("2027"))
        put(stage, [person(0)])
        said = set()
        for _ in range(8):
            stage.round()
            if "_signataires.signature.txt" in stage.files():
                said.add(answer(stage).split(" –")[0])
        assert "PRÊT" in said, said
        assert said <= {"PRÊT", "À VÉRIFIER"}, said
        assert "Lettre 000.sign.yaml" in stage.files()
        line = stage.first_line("Lettre 000")
        assert line.startswith("PRÊT – " if way == "moved" else "À CONFIRMER – le PDF a changé"), line
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_signed_letter_with_a_list_saved_anew(tmp_path: Path, mode: Mode) -> None:
    """Its request deleted and a note put on it, it is still the signed one: no request, and the list says so."""
    with stage_in(tmp_path, mode, settings={"send": "live"}) as stage:
        listed_and_signed(stage)
        for name in ("Lettre 000.sign.yaml", "Lettre 000.signature.txt", LIST):
            stage.delete(name)
        later(stage)
        stage.write("Lettre 000.pdf", documents.with_note(stage.read("Lettre 000.pdf")))
        put(stage, [person(0)])
        later(stage)
        assert sidecars(stage) == []
        assert answer(stage).startswith("SIGNÉ – 1 sur 1")
        before = len(stage.dms.requests)
        stage.round()
        assert not [one for one in stage.dms.requests[before:] if one.path.endswith("000.pdf")]


@MODES
def test_a_finished_request_does_not_come_back(tmp_path: Path, mode: Mode) -> None:
    """Signed and tidied away: whatever is saved, restarted, moved or lost, no second request is made of the row."""
    with Stage(tmp_path, mode) as stage:
        stage.drop("Lettre 000", letter("Lettre 000"), ONE)
        run(stage)
        stage.sign()
        run(stage)
        assert stage.first_line("Lettre 000").startswith("SIGNÉ – ")
        stage.delete("Lettre 000.sign.yaml")
        stage.delete("Lettre 000.signature.txt")
        put(stage, [person(0)])
        run(stage)
        assert sidecars(stage) == []
        assert answer(stage).startswith(("EN COURS – 1 demande ;", "SIGNÉ – 1 sur 1", "PRÊT – 1 demande ;"))
        stage.restart()
        run(stage)
        assert sidecars(stage) == []
        stage.lose_journal()
        run(stage)
        assert (
            answer(stage) == "À VÉRIFIER – cette liste était là avant la mise en service ; rien n’est préparé"
        )
        put(stage, [person(0)], above=[("saved again",)])
        run(stage)
        assert sidecars(stage) == [], "a signed PDF is asked for by no row"
        assert answer(stage) == "SIGNÉ – 1 sur 1 ; toutes les demandes de cette liste sont terminées"
        assert stage.sends() == [1]
        stage.intact()


def test_the_word_of_the_settings_gives_way(tmp_path: Path) -> None:
    """Where ``envoi: non`` stands in them, the word that lets the list go takes its place, on whatever line it is."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "objet: Lettre de mission\nenvoi: non\n")
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        run(stage)
        assert "mettez dans « _signature.yaml », à la place de la ligne 2 : envoi: oui" in told(stage)
        stage.write("_signature.yaml", "envoi: non\nobjet: Lettre de mission\n")
        run(stage)
        assert "à la place de la ligne 1 : envoi: oui" in told(stage)
        stage.write("_signature.yaml", "objet: Lettre de mission\n")
        run(stage)
        assert "écrivez dans « _signature.yaml » : envoi: oui" in told(stage)


@MODES
def test_a_list_that_was_there_before(tmp_path: Path, mode: Mode) -> None:
    """R7: what lay there at the first look makes nothing before somebody saves it again."""
    with stage_in(tmp_path, mode, start=False) as stage:
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        stage.start()
        run(stage)
        assert sidecars(stage) == []
        assert (
            answer(stage) == "À VÉRIFIER – cette liste était là avant la mise en service ; rien n’est préparé"
        )
        stage.restart()
        run(stage)
        assert sidecars(stage) == []
        put(stage, [person(0)], above=[("", "")])
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml"]
        stage.intact()


@MODES
def test_a_lost_journal_is_harmless(tmp_path: Path, mode: Mode) -> None:
    """Requests of a list that lie there are held as any other; the list makes nothing anew."""
    with stage_in(tmp_path, mode) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001")
        put(stage, [person(0), person(1)])
        run(stage)
        stage.delete("Lettre 001.sign.yaml")
        run(stage)
        stage.lose_journal()
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml"]
        assert stage.first_line("Lettre 000").startswith("À VÉRIFIER – ")
        assert stage.sends() == []
        stage.intact()


def test_the_list_is_gone(tmp_path: Path) -> None:
    """Its answer goes with it, a person's own file of that name does not; requests that were made stay."""
    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        run(stage)
        stage.delete(LIST)
        run(stage)
        assert "_signataires.signature.txt" not in stage.files()
        assert sidecars(stage) == ["Lettre 000.sign.yaml"]
        stage.write("_signataires.signature.txt", "mes notes\r\n")
        run(stage)
        put(stage, [person(0), person(1)])
        run(stage)
        later(stage)
        assert stage.read("_signataires.signature (note).txt") == b"mes notes\r\n"
        assert answer(stage) == "EN ATTENTE DU PDF – 1 ligne sur 2 attend son PDF"
        stage.delete("_signataires.signature.txt")
        run(stage)
        assert answer(stage) == "EN ATTENTE DU PDF – 1 ligne sur 2 attend son PDF"
        stage.intact()


def test_an_answer_is_written_when_its_words_change(tmp_path: Path) -> None:
    """Passes and restarts write nothing anew."""
    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        run(stage)
        put(stage, [person(0), person(1)])
        run(stage)
        later(stage)
        before = stage.read("_signataires.signature.txt")
        requests = len(stage.dms.requests)
        run(stage)
        stage.restart()
        run(stage)
        writes = [one for one in stage.dms.requests[requests:] if one.method in {"PUT", "DELETE", "MOVE"}]
        # The overview told what had happened before, as soon as it might be written again.
        assert [one.path.rsplit("/", 1)[-1] for one in writes] == ["_Suivi des signatures.txt"]
        assert stage.read("_signataires.signature.txt") == before


def test_two_hundred_at_once(tmp_path: Path) -> None:
    """A6: more rows than one pass writes: the next passes go on, also after a restart; none is left out or twice."""
    with stage_in(tmp_path) as stage:
        for number in range(200):
            stage.write(f"Lettre {number:03d}.pdf", letter(str(number)))
        put(stage, [person(number) for number in range(200)])
        stage.round()
        stage.round()
        assert len(sidecars(stage)) == 50
        assert answer(stage) == "EN ATTENTE – 50 demandes préparées sur 200 ; la suite arrive d’elle-même"
        stage.restart()
        # The rows alone: two hundred previews would take the machine minutes.
        memory, settling = stage.memory.lists, Settling(grain=stage.parts.timing.settle)
        for _ in range(5):
            stage.clock.advance(3)
            settings, folder = stage.parts.watched["lettres"], stage.parts.folders["dms"]
            sight = look(settings, folder, settling, stage.clock.now())
            for _, task in lists.tasks(stage.parts, sight, memory, Room()):
                task()
        assert len(sidecars(stage)) == 200
        puts = [
            one.path for one in stage.dms.requests if one.method == "PUT" and one.path.endswith(".sign.yaml")
        ]
        assert len(puts) == len(set(puts)) == 200
        assert answer(stage) == "PRÊT – 200 demandes préparées, rien n’est parti"


# ------------------------------------------------------------------------------ what Excel does to it


def hide_row_three(book: Workbook) -> None:
    book.worksheets[0].row_dimensions[3].hidden = True


def hide_column_e(book: Workbook) -> None:
    book.worksheets[0].column_dimensions["E"].hidden = True


@MODES
def test_lists_that_cannot_be_obeyed(tmp_path: Path, mode: Mode) -> None:
    """Hidden rows and columns, damage, other forms, many: one line each, no request, and the pair beside goes on."""
    bad: dict[str, tuple[bytes, str]] = {
        "masquee": (
            workbook([person(0), person(1)], change=hide_row_three),
            "EN ATTENTE – 1 ligne masquée : affichez-la ou supprimez-la",
        ),
        "colonne": (
            workbook([person(0)], change=hide_column_e),
            "À CORRIGER – des colonnes de la liste sont masquées (téléphone)",
        ),
        "trop": (
            workbook([person(n) for n in range(501)]),
            "À CORRIGER – la liste compte 501 lignes, le maximum est 500",
        ),
        "sans titres": (
            workbook([person(0)], ("a", "b")),
            "À CORRIGER – il manque la ligne de titres dans la liste",
        ),
        "lourde": (b"PK" + b"x" * 2_100_000, "À CORRIGER – la liste pèse 2,2 Mo, le maximum est 2 Mo"),
        "coupee": (workbook([person(0)])[:-200], "À CORRIGER – la liste est incomplète ou abîmée"),
        "vide": (b"", "À CORRIGER – la liste est incomplète ou abîmée"),
        "page": (b"<html></html>", "À CORRIGER – la liste n’est pas un classeur Excel, malgré son nom"),
        "double": (
            workbook([person(0), person(0)]),
            "À CORRIGER – 2 lignes sur 2 à corriger dans « _signataires.xlsx »",
        ),
        "rien": (workbook([]), "EN ATTENTE – « _signataires.xlsx » ne contient encore aucune ligne"),
    }
    with stage_in(tmp_path, mode) as stage:
        for name, (content, _) in bad.items():
            folder = f"{ROOT}/{name}"
            stage.dms.person.mkdir(folder)
            stage.write("Lettre 000.pdf", letter(name), folder=folder)
            stage.write(LIST, content, folder=folder)
        stage.dms.person.mkdir(f"{ROOT}/xls")
        stage.write("_signataires.xls", b"x", folder=f"{ROOT}/xls")
        stage.drop("bonne", letter("bonne"))
        run(stage)
        assert stage.first_line("bonne").startswith("PRÊT")
        later(stage)
        for name, (_, line) in bad.items():
            assert stage.first_line(ANSWER, folder=f"{ROOT}/{name}").startswith(line), name
        assert stage.first_line(ANSWER, folder=f"{ROOT}/xls").startswith(
            "À CORRIGER – « _signataires.xls » est à "
        )
        assert [name for name in sidecars(stage) if "/" in name] == []
        stage.intact()


def test_a_half_saved_list_is_waited_for(tmp_path: Path) -> None:
    """Cut off while it is being saved: nothing is said for some minutes; whole again, it is read."""
    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000")
        stage.write(LIST, workbook([person(0)])[:1000])
        run(stage)
        assert answer(stage) == ""
        put(stage, [person(0)])
        run(stage)
        assert answer(stage) == "PRÊT – 1 demande préparée, rien n’est parti"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("_signataires (1).xlsx", "n’est pas lu sous ce nom : renommez-le « _signataires.xlsx »"),
        ("Copie de _signataires.xlsx", "n’est pas lu sous ce nom : renommez-le « _signataires.xlsx »"),
        (
            "_signataires - Copie.ods",
            "n’est pas lu : enregistrez-le comme classeur Excel, sous le nom « _signataires.xlsx »",
        ),
    ],
)
def test_a_list_under_nearly_its_name(tmp_path: Path, name: str, cure: str) -> None:
    """It prepares nothing and is named, for as long as no list is read there: beside one it is a safe copy."""

    def overview(stage: Stage) -> str:
        found = stage.read("_Suivi des signatures.txt").decode("utf-8-sig")
        return " ".join(found.replace("\u00a0", " ").split())

    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000")
        stage.write(name, workbook([person(0)], TITLES))
        run(stage)
        stage.clock.advance(700)
        run(stage)
        assert sidecars(stage) == []
        assert f"« {name} » {cure}" in overview(stage)
        stage.move(name, LIST)
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml"]
        stage.copy(LIST, "_signataires - Copie.xlsx")
        for _ in range(2):
            run(stage)
            stage.clock.advance(700)
        run(stage)
        assert "n’est pas lu" not in overview(stage)
        stage.intact()


def test_a_list_that_is_open_in_excel(tmp_path: Path) -> None:
    """What was saved last is read; the lock file beside is nobody's business; the list itself is never touched."""
    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000")
        put(stage, [person(0)])
        before = stage.read(LIST)
        stage.write("~$_signataires.xlsx", b"\x05Marie" + b" " * 159)
        run(stage)
        assert sidecars(stage) == ["Lettre 000.sign.yaml"]
        assert stage.read(LIST) == before
        mine = [one for one in stage.dms.requests if one.path.endswith(f"{ROOT}/{LIST}")]
        assert {one.method for one in mine} <= {"GET", "PROPFIND"}


def test_csv_and_both(tmp_path: Path) -> None:
    """A CSV does as well; beside a workbook it is not read, and said not to be."""
    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001")
        stage.write("_signataires.csv", csv_text([person(0)]).encode("cp1252"))
        run(stage)
        text = stage.read("Lettre 000.sign.yaml").decode("utf-8-sig")
        assert text.startswith("# créé d'après « _signataires.csv », ligne 2\r\n")
        put(stage, [person(1)])
        run(stage)
        assert len(sidecars(stage)) == 2
        assert "est lue à la place de : _signataires.csv." in stage.status(ANSWER).replace("\u00a0", " ")


def test_names_of_every_kind(tmp_path: Path) -> None:
    """Names with marks that mean something in URLs, long ones, accents in either form."""
    names = [
        "#lettre",
        "quoi ?",
        "50% fini",
        "l'avenant [v2] ; + & fin",
        "e\u0301te\u0301",
        "📄 émoji",
        "L" * 200,
    ]
    with stage_in(tmp_path) as stage:
        pdfs(stage, *names)
        put(stage, [person(n, document=name) for n, name in enumerate(names)])
        run(stage)
        assert len(sidecars(stage)) == len(names)
        assert answer(stage) == f"PRÊT – {len(names)} demandes préparées, rien n’est parti"
        stage.intact()


def test_a_request_that_needs_care_is_named(tmp_path: Path) -> None:
    """A PDF that must not be sent is told in its own status; the list's answer names it."""
    with stage_in(tmp_path) as stage:
        pdfs(stage, "Lettre 000")
        stage.write("Lettre 001.pdf", documents.with_form())
        put(stage, [person(0), person(1)])
        run(stage)
        assert stage.first_line("Lettre 001").startswith("À CORRIGER – le PDF contient des champs")
        assert answer(stage) == "À CORRIGER – 1 demande sur 2 à voir dans son propre suivi"
        assert "Lettre 001" in stage.status(ANSWER)


def test_a_list_that_goes_its_whole_way(tmp_path: Path) -> None:
    """Let go by a person, signed by the client: the answer stays true."""
    with Stage(tmp_path, settings=PREVIEW) as stage:
        pdfs(stage, "Lettre 000", "Lettre 001")
        put(stage, [(f"Lettre 00{n}", MARIE, "Marie", "Dupont", "06 12 34 56 78") for n in range(2)])
        run(stage)
        assert stage.sends() == []
        stage.settings["send"] = "live"
        stage.restart()
        run(stage)
        for name in ("Lettre 000", "Lettre 001"):
            sidecar = stage.read(f"{name}.sign.yaml").decode("utf-8-sig")
            stage.write(f"{name}.sign.yaml", sidecar + "envoi: oui\r\n")
        run(stage)
        assert stage.sends() == [1, 1]
        assert answer(stage) == "EN COURS – 2 demandes ; leur suivi est à côté des PDF"
        stage.sign()
        run(stage)
        assert answer(stage) == "SIGNÉ – 2 sur 2 ; toutes les demandes de cette liste sont terminées"
        stage.delete("_signataires.signature.txt")
        run(stage)
        assert answer(stage) == "", "once all is over a deleted answer is respected"
        assert stage.record("Lettre 000").state is State.DELIVERED
        stage.intact()


@MODES
def test_a_folder_with_list_and_letters_moved(tmp_path: Path, mode: Mode) -> None:
    """Dragged elsewhere, nothing is made anew and the answer is told where the list lies now."""
    with stage_in(tmp_path, mode) as stage:
        folder = f"{ROOT}/Client"
        stage.dms.person.mkdir(folder)
        stage.write("Lettre 000.pdf", letter("x"), folder=folder)
        stage.write(LIST, workbook([person(0)]), folder=folder)
        run(stage)
        stage.move("Client", "Archives")
        run(stage)
        assert sidecars(stage) == ["Archives/Lettre 000.sign.yaml"]
        assert stage.first_line(ANSWER, folder=f"{ROOT}/Archives") != ""
        assert stage.sends() == []
        stage.intact()
