"""The overview in real folders: when it is written, what people do to it, and what a fault leaves of it.

Its words are tested in tests/unit/test_report_overview.py.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from connector.lifecycle import DocumentFacts, Event, Record, State
from connector.overview.files import CALM_WITHIN
from connector.steps.discover import Settling, look
from connector.steps.parts import Timing
from tests import documents
from tests.faults.points import Killed, Points
from tests.faults.test_crash_matrix import after_each
from tests.spreadsheets import person, workbook
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage, workers

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
NAME = "_Suivi des signatures.txt"
NOTE = "_Suivi des signatures (note).txt"
YEAR = f"{ROOT}/2026"
WRONG = "signataires: Marie Dupont <marie.dupont@cabinet.fr> 04 78 12 34 56\n"
PARIS = ZoneInfo("Europe/Paris")


def raw(stage: Stage, folder: str = ROOT, name: str = NAME) -> bytes:
    """The file as it lies there; empty when there is none."""
    place = stage.dms.disk(f"{folder}/{name}")
    return place.read_bytes() if place.is_file() else b""


def overview(stage: Stage, folder: str = ROOT, name: str = NAME) -> str:
    """What people read, less the foot, on plain spaces; empty when there is none."""
    text = raw(stage, folder, name).decode("utf-8-sig").replace("\r\n", "\n").replace("\u00a0", " ")
    return text.split("\n--\n")[0]


def there(stage: Stage) -> list[str]:
    """Every folder that has an overview."""
    top = stage.directory / "dms"
    return sorted(str(path.parent.relative_to(top)) for path in top.rglob(NAME))


def notes(stage: Stage) -> list[bytes]:
    """What was kept aside as a person's."""
    top = stage.directory / "dms"
    return sorted(path.read_bytes() for path in top.rglob("_Suivi des signatures (note)*"))


def writes(stage: Stage, since: int = 0) -> list[str]:
    """The folder of every overview written since that request."""
    made = [one for one in stage.dms.requests[since:] if one.method == "PUT" and one.status < 400]
    paths = [unquote(one.path) for one in made]
    return [path.rsplit("/", 2)[1] for path in paths if path.endswith(NAME)]


def seen(stage: Stage) -> int:
    return len(stage.dms.requests)


def later(stage: Stage, seconds: float = 300, rounds: int = 4) -> None:
    """Let the time pass after which it may be written again, and make passes."""
    stage.clock.advance(seconds)
    stage.run(rounds)


def hour(stage: Stage) -> datetime:
    return stage.clock.now().astimezone(PARIS)


def to_next_day(stage: Stage) -> None:
    """One minute past midnight in Paris."""
    now = hour(stage)
    left = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
    stage.clock.advance(left + 60)


@contextmanager
def season(directory: Path, mode: Mode) -> Iterator[Stage]:
    """One letter in the root, one to correct in a folder of its own."""
    with Stage(directory, mode) as stage:
        stage.dms.person.mkdir(YEAR)
        stage.drop()
        stage.drop("bilan", sidecar=WRONG, folder=YEAR)
        stage.run()
        later(stage)
        yield stage


# ------------------------------------------------------------------------------------ where and when


@MODES
def test_every_folder_that_holds_requests_has_one(tmp_path: Path, mode: Mode) -> None:
    """The watched root from the first pass on, each folder with a request, no other; none of them is a request."""
    with Stage(tmp_path, mode) as stage:
        assert overview(stage).startswith("SUIVI DES SIGNATURES – Lettres\nAu ")
        assert "aucune demande" in overview(stage)
        stage.dms.person.mkdir(f"{ROOT}/vide")
        stage.dms.person.mkdir(f"{YEAR}/client")
        stage.write("seul.pdf", documents.letter(1, "seul"), folder=f"{ROOT}/vide")
        stage.drop("bilan", sidecar=WRONG, folder=f"{YEAR}/client")
        stage.drop()
        stage.run()
        assert there(stage) == [ROOT, f"{YEAR}/client"]
        later(stage)
        assert "2 demandes, sous-dossiers compris : 1 à traiter, 1 en cours" in overview(stage)
        assert re.search(r"\n  2026/client +1 à traiter\n", overview(stage))
        assert re.search(r"\n  \d+ \w+ +lettre +Marie Dupont +\d+ \w+\n?", overview(stage))
        assert "À CORRIGER   bilan   numéro fixe pour Marie Dupont" in overview(stage, f"{YEAR}/client")
        assert raw(stage).startswith(b"\xef\xbb\xbf")
        assert raw(stage).count(b"\n") == raw(stage).count(b"\r\n")
        assert len(stage.records()) == 2
        stage.intact()


@MODES
def test_when_it_is_written(tmp_path: Path, mode: Mode) -> None:
    """When its words change, not twice within five minutes, never without a change, restart or not.

    Only the watched root's is written once a day as well, with the first pass of the day in Paris.
    """
    with season(tmp_path, mode) as stage:
        before = seen(stage)
        later(stage, 3600, 2)
        stage.restart()
        later(stage, 3600, 2)
        assert writes(stage, before) == []
        stage.drop("deux", sidecar=WRONG, folder=YEAR)
        stage.run(4)
        assert writes(stage, before) == [ROOT, "2026"]
        stage.drop("trois", sidecar=WRONG, folder=YEAR)
        stage.run(4)
        stage.restart()
        stage.run(3)
        assert writes(stage, before) == [ROOT, "2026"], "not twice within five minutes"
        assert "deux" in overview(stage, YEAR)
        assert "trois" not in overview(stage, YEAR)
        stage.clock.advance(300)
        stage.round()
        assert writes(stage, before) == [ROOT, "2026"] * 2
        asked = [
            one for one in stage.dms.requests[before:] if not one.path.endswith(".part")
        ]  # tried out: R2
        assert 412 not in [one.status for one in asked]
        assert "trois" in overview(stage, YEAR)
        looks_once(stage)
        before = seen(stage)
        for day in range(2):
            to_next_day(stage)
            stage.run(2)
            assert overview(stage).split("\n")[1].startswith(f"Au {hour(stage).day}")
            stage.restart()
            later(stage, 36_000, 2)
            assert writes(stage, before) == [ROOT] * (day + 1)
        assert hour(stage).hour == 10
        stage.intact()


def test_what_moves_together_is_told_together(tmp_path: Path) -> None:
    """Nothing is written while one pass after the other moves something, but for a minute at most."""
    with Stage(tmp_path, start=False) as stage:
        stage.start()
        for number in range(4):
            stage.drop(f"lettre {number}", sidecar=WRONG)
            stage.round()
            stage.round()
        assert there(stage) == []
        stage.run()
        assert "4 demandes : 4 à traiter" in overview(stage)
        stage.clock.advance(300)
        for number in range(4, 16):
            stage.drop(f"lettre {number}", sidecar=WRONG)
            stage.round()
            stage.round()
        assert re.search(r" 1\d demandes : 1\d à traiter", overview(stage))


def looks_once(stage: Stage) -> None:
    """Where an ETag climbs to the root it moves by our write: one listing more, and then rest."""
    stage.round()
    before = seen(stage)
    for _ in range(4):
        stage.round()
    asked = [one for one in stage.dms.requests[before:] if ".signature" not in one.path]
    assert {one.method for one in asked} == {"PROPFIND"}
    if stage.mode == "nextcloud":
        assert [one.headers.get("depth") for one in asked] == ["0"] * 4


def test_a_preview_only_folder_in_english(tmp_path: Path) -> None:
    """Nothing may be sent there; what is prepared is told all the same, and under its English name in English.

    The file of the former language goes.
    """
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        stage.drop()
        stage.run()
        later(stage)
        assert "1 demande : 1 prête" in overview(stage)
        assert "\nPRÊTES\n  PRÊT   lettre\n" in overview(stage) + "\n"
        stage.more = "language: en\n"
        stage.restart()
        stage.run()
        assert there(stage) == []
        english = "_Signature overview.txt"
        assert overview(stage, name=english).startswith("SIGNATURE OVERVIEW – Lettres\n")
        assert "1 request: 1 ready" in overview(stage, name=english)
        assert len(stage.records()) == 1


# ------------------------------------------------------------------------------- what people do to it


@MODES
def test_what_people_do_to_it(tmp_path: Path, mode: Mode) -> None:
    """Edited: kept aside at the next change. Deleted: back at the next change, in the root the next day at the latest.

    Copied: a person's, and no request. Where no request is left: gone, unless a person wrote into it.
    """
    with season(tmp_path, mode) as stage:
        edited = raw(stage, YEAR) + "appelé le 3/12\n".encode()
        stage.write(NAME, edited, folder=YEAR)
        stage.delete(NAME)
        stage.dms.person.mkdir(f"{ROOT}/archive")
        stage.copy(NAME, NAME, folder=YEAR, to_folder=f"{ROOT}/archive")
        later(stage, 3600, 2)
        assert there(stage) == [YEAR, f"{ROOT}/archive"]
        assert raw(stage, YEAR) == edited
        to_next_day(stage)
        stage.run(2)
        assert there(stage) == [ROOT, YEAR, f"{ROOT}/archive"]
        stage.delete(NAME)
        stage.drop("deux", sidecar=WRONG, folder=YEAR)
        later(stage)
        assert there(stage) == [ROOT, YEAR, f"{ROOT}/archive"]
        assert raw(stage, YEAR, NOTE) == edited
        assert "deux" in overview(stage, YEAR)
        assert raw(stage, f"{ROOT}/archive") == edited
        assert len(stage.records()) == 3
        stage.dms.person.mkdir(f"{ROOT}/b")
        stage.drop("autre", sidecar=WRONG, folder=f"{ROOT}/b")
        stage.run(4)
        stage.write(NAME, raw(stage, f"{ROOT}/b") + b"note\n", folder=f"{ROOT}/b")
        for name, folder in (("bilan", YEAR), ("deux", YEAR), ("autre", f"{ROOT}/b")):
            stage.delete(f"{name}.sign.yaml", folder=folder)
        for _ in range(2):
            later(stage, 700, 3)
        assert there(stage) == [ROOT, f"{ROOT}/archive", f"{ROOT}/b"]
        assert raw(stage, f"{ROOT}/b").endswith(b"note\n")
        assert notes(stage) == [edited]
        assert "1 demande : 1 en cours" in overview(stage)
        stage.intact()


def test_a_copy_is_never_taken_for_ours(tmp_path: Path) -> None:
    """Another folder's overview that lies where ours was is a person's, when ours is not needed any more."""
    with season(tmp_path, "plain") as stage:
        stage.copy(NAME, "copie.txt", to_folder=YEAR)
        stage.delete(NAME, folder=YEAR)
        stage.move("copie.txt", NAME, folder=YEAR)
        stage.delete("bilan.sign.yaml", folder=YEAR)
        later(stage, 700, 3)
        assert there(stage) == [ROOT, YEAR]
        assert overview(stage, YEAR).startswith("SUIVI DES SIGNATURES – Lettres\n")


def test_a_folder_that_is_moved_takes_it_along(tmp_path: Path) -> None:
    """Its requests are followed, and the overview says their new folder's name; nothing is left behind."""
    with season(tmp_path, "plain") as stage:
        stage.drop("parti", folder=YEAR)
        stage.run()
        later(stage, 300, 2)
        stage.move("2026", "Bilans 2026")
        for _ in range(3):
            later(stage, 300, 2)
        moved = f"{ROOT}/Bilans 2026"
        assert there(stage) == [ROOT, moved]
        assert overview(stage, moved).startswith("SUIVI DES SIGNATURES – Bilans 2026\n")
        assert "parti" in overview(stage, moved)
        assert re.search(r"\n  Bilans 2026 +1 à traiter, 1 en cours\n", overview(stage))
        assert notes(stage) == []
        stage.intact()


def test_a_lost_journal_knows_its_own(tmp_path: Path) -> None:
    """What it wrote in an earlier life is written over, not kept aside as a person's."""
    with season(tmp_path, "nextcloud") as stage:
        stage.lose_journal()
        before = seen(stage)
        later(stage, 60)
        assert writes(stage, before) == [ROOT, "2026"]
        assert "bilan" in overview(stage, YEAR)
        later(stage)
        assert "lettre" in overview(stage)
        assert notes(stage) == []


# ----------------------------------------------------------------------------------- what is told there


@MODES
def test_what_is_over(tmp_path: Path, mode: Mode) -> None:
    """Signed: listed as such. Refused: to be dealt with, until a person puts its status away.

    What was put away into « Demandes terminées » belongs to the folder above, and that folder never has its own.
    What has left altogether is told no more.
    """
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(YEAR)
        for name in ("signée", "rangée"):
            stage.drop(name, folder=YEAR)
        stage.run()
        stage.sign()
        stage.run()
        stage.drop("refusée", folder=YEAR)
        stage.run()
        stage.refuse()
        stage.round()
        # Whoever takes the status away before it says so has not seen it yet.
        stage.delete("refusée.signature.txt", folder=YEAR)
        stage.clock.advance(300)
        # A busy hour: in every pass something moves.
        stage.memory.overviews.restless_since = stage.clock.now() - CALM_WITHIN
        stage.round()
        assert "3 demandes : 1 à traiter, 2 signées" in overview(stage, YEAR)
        assert "REFUSÉ   refusée   motif : « Les honoraires ne correspondent pas. »" in overview(stage, YEAR)
        assert re.search(r"\nSIGNÉES\n  le .+   rangée\n  le .+   signée\b", overview(stage, YEAR))
        assert "aucune demande" not in overview(stage, YEAR), "what came back is no forgotten PDF"
        stage.delete("refusée.signature.txt", folder=YEAR)
        put_away(stage, "rangée")
        later(stage)
        assert there(stage) == [ROOT, YEAR]
        assert "3 demandes : 2 signées, 1 terminée sans signature" in overview(stage, YEAR)
        assert re.search(r"\nTERMINÉES SANS SIGNATURE\n  le .+   refusée   REFUSÉ", overview(stage, YEAR))
        assert "3 demandes, sous-dossiers compris : 2 signées, 1 terminée" in overview(stage)
        assert "DANS LES SOUS-DOSSIERS" not in overview(stage), "nothing there is still to be done"
        for name in ("signée.pdf", "signée.sign.yaml", "signée.signature.txt"):
            stage.delete(name, folder=YEAR)
        put_away(stage, "refusée", "sign.yaml")
        later(stage)
        assert "2 demandes : 1 signée, 1 terminée sans signature" in overview(stage, YEAR)
        assert there(stage) == [ROOT, YEAR]


def put_away(stage: Stage, name: str, *ends: str) -> None:
    """Put the files of a finished request away, and keep in the journal where they are, as the connector does."""
    record, away = stage.record(name, folder=YEAR), f"{YEAR}/Demandes terminées"
    stage.dms.person.mkdir(away)
    for end in ends or ("sign.yaml", "signature.txt"):
        stage.move(f"{name}.{end}", f"{name}.{end}", folder=YEAR, to_folder=away)
    extra = {**record.extra, "status_href": f"/{away}/{name}.signature.txt"}
    stage.parts.journal.note(record, "put_away", place=f"/{away}/{name}.sign.yaml", extra=extra)


def test_a_folder_that_is_gone_is_told_in_the_root(tmp_path: Path) -> None:
    """What is out goes on; its signed document comes to « Signatures à classer », which then has its own."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(YEAR)
        stage.drop(folder=YEAR)
        stage.run()
        stage.delete("2026")
        for _ in range(2):
            later(stage, 700, 2)
        assert there(stage) == [ROOT]
        assert re.search(r"lettre +Marie Dupont", overview(stage))
        stage.sign()
        for _ in range(2):
            later(stage, 700, 3)
        lost = f"{ROOT}/Signatures à classer"
        assert there(stage) == [ROOT, lost]
        assert "1 demande : 1 à traiter" in overview(stage, lost)


def test_pdfs_that_nobody_asked_for(tmp_path: Path) -> None:
    """By name; neither annexes, nor further documents, nor what we write, nor what has just been put there."""
    with Stage(tmp_path) as stage:
        for name in ("mandat", "bilan", "Annexe 1", "seul", "Autre seul"):
            stage.write(f"{name}.pdf", documents.letter(1, name))
        stage.write("mandat.sign.yaml", ONE + "documents: bilan.pdf\nannexes: Annexe*.pdf\n")
        stage.drop("aperçu", sidecar=ONE + "envoi: non\n")
        stage.write("sans pdf.sign.yaml", ONE)
        stage.run()
        stage.sign()
        stage.run()
        assert "mandat - Annexe 1 (signé).pdf" in stage.files()
        stage.clock.advance(300)
        stage.write("à l’instant.pdf", documents.letter(1, "x"))
        stage.round()
        line = "2 PDF de ce dossier ne font l’objet d’aucune demande : Autre seul, seul."
        assert line in " ".join(overview(stage).split())
        stage.write("seul.sign.yaml", ONE + "envoi: non\n")
        stage.run(3)
        later(stage, 300, 1)
        line = "2 PDF de ce dossier ne font l’objet d’aucune demande : Autre seul, à l’instant."
        assert line in " ".join(overview(stage).split())


def test_a_list(tmp_path: Path) -> None:
    """Rows to correct and rows without their PDF are told on one line; a PDF that has a row is not forgotten."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        for number in (0, 1):
            stage.write(f"Lettre {number:03d}.pdf", documents.letter(1, str(number)))
        stage.write("Sans ligne.pdf", documents.letter(1, "sans"))
        rows = [person(0), (*person(1)[:-1], "04 78 12 34 56"), person(2)]
        stage.write("_signataires.xlsx", workbook(rows))
        stage.run()
        for _ in range(2):
            later(stage, 600, 3)
        text = " ".join(overview(stage).split())
        told = "1 ligne à corriger et 1 ligne sans PDF ; voir « _signataires.signature.txt »."
        assert f"Liste « _signataires.xlsx » : {told}" in text
        assert "1 PDF de ce dossier ne fait l’objet d’aucune demande : Sans ligne." in text
        assert "1 demande : 1 prête" in text


def test_a_pause(tmp_path: Path) -> None:
    """The root names the notice; the requests that wait stand below what they wait for."""
    with Stage(tmp_path) as stage:
        stage.platform.credit = 0
        stage.drop("un")
        stage.drop("deux")
        stage.run(4)
        later(stage)
        text = " ".join(overview(stage).split())
        assert "les nouvelles demandes attendent ; voir « SIGNATURES EN PAUSE.txt »." in text
        assert "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu deux un" in text
        stage.platform.credit = 5
        for _ in range(2):
            later(stage, 1000)
        assert "PAUSE" not in overview(stage)
        assert "2 demandes : 2 en cours" in overview(stage)


# ------------------------------------------------------------------------------------------- faults


def test_a_folder_that_cannot_be_written_stops_no_other(tmp_path: Path) -> None:
    """It is tried later and later; everything else goes on."""
    with season(tmp_path, "nextcloud") as stage:
        stage.dms.person.mkdir(f"{ROOT}/a")
        stage.dms.misbehave(kind="status", status=403, method="PUT", path="*/a/_Suivi*", times=None)
        stage.drop("a", sidecar=WRONG, folder=f"{ROOT}/a")
        stage.drop("z", sidecar=WRONG, folder=YEAR)
        before = seen(stage)
        stage.run(12, calm=99)
        refused = [one for one in stage.dms.requests[before:] if one.status == 403]
        assert 2 <= len(refused) <= 6
        assert there(stage) == [ROOT, YEAR]
        assert "z" in overview(stage, YEAR)
        stage.dms.behave()
        later(stage, 3600, 1)
        assert there(stage) == [ROOT, YEAR, f"{ROOT}/a"]
        stage.intact()


@pytest.mark.parametrize(("cut", "seconds"), [(1, 40), (200, 4000)])
def test_a_torn_overview_is_ours(tmp_path: Path, cut: int, seconds: int) -> None:
    """On a plain server a broken PUT leaves its beginning: it is mended, after a restart too, and no note is made.

    So it is when there is another date to write meanwhile.
    """
    with season(tmp_path, "plain") as stage:
        stage.drop("deux", sidecar=WRONG)
        stage.clock.advance(300)
        stage.dms.misbehave(kind="tear", method="PUT", path="*/Lettres/_Suivi*", at=cut)
        for _ in range(4):
            if len(raw(stage)) != cut:
                stage.round()
        assert len(raw(stage)) == cut
        stage.restart()
        later(stage, seconds, 2)
        assert "deux" in overview(stage)
        assert notes(stage) == []
        stage.intact()


class Rewriting:
    """The world of one letter, whose overview is due; one fault strikes the pass that writes it.

    What leads up to it is lived once; each fault gets a copy of that world and of the connector's state.
    """

    def __init__(self, directory: Path, mode: Mode, points: Points, before: Stage) -> None:
        shutil.copytree(before.directory, directory, dirs_exist_ok=True)
        self.stage = Stage(directory, mode, seams=points.seams(workers()), start=False)
        self.stage.clock.advance(max(0.0, before.clock.offset_s - self.stage.clock.offset_s) + 300)
        self.stage.owed = dict(before.owed)
        self.stage.start()
        points.armed = True

    @classmethod
    def due(cls, directory: Path, mode: Mode) -> Stage:
        """Live the story until there is something new to tell, and close that world."""
        stage = Stage(directory, mode)
        stage.drop(sidecar=WRONG)
        stage.run()
        stage.close()
        return stage

    def tell(self) -> None:
        """Let it be written, starting anew after each crash."""
        for _ in range(3):
            try:
                self.stage.run(3)
            except Killed:
                self.stage.restart()
        later(self.stage, 40, 2)

    def judge(self) -> None:
        """It says what there is, and nothing of ours is taken for a person's note, or written again."""
        assert "1 demande : 1 à traiter" in overview(self.stage)
        assert notes(self.stage) == []
        kept = self.stage.parts.journal.overviews("dms", f"/{ROOT}/")
        assert [each.intended for each in kept.values()] == [""]
        before = seen(self.stage)
        later(self.stage, 3600, 2)
        assert writes(self.stage, before) == []
        self.stage.intact()


def written(directory: Path, mode: Mode, points: Points, before: Stage) -> list[str]:
    """Tell it once in a copy of that world and judge it; returns the points that passed."""
    story = Rewriting(directory, mode, points, before)
    try:
        story.tell()
        passed = list(points.seen)
        story.judge()
    finally:
        story.stage.close()
    return passed


@MODES
def test_killed_while_it_is_written(tmp_path: Path, mode: Mode) -> None:
    """Whatever point of the writing is struck, in whatever way, there is one overview, and no note."""
    before = Rewriting.due(tmp_path / "before", mode)
    names = written(tmp_path / "none", mode, Points(), before)
    put = next(n for n, name in enumerate(names) if name.startswith("dms PUT _Suivi"))
    assert [names[put - 2], names[put + 1]] == [
        "dms GET _Suivi%20des%20signatures.txt",
        "commit",
    ] or mode != "plain"
    first = max(n for n in range(put) if names[n] == "commit")
    for at in range(first, put + 2):
        for variant in after_each(names[at]):
            written(tmp_path / f"{at}-{variant}", mode, Points(at=at, variant=variant), before)


# ------------------------------------------------------------------------------------ a day without events


def sent(stage: Stage, letters: int) -> None:
    """That many letters that are out: one is really sent, the others are known to the journal by its transaction."""
    stage.drop("Lettre 000", sidecar=ONE)
    stage.run()
    model = stage.record("Lettre 000")
    for number in range(1, letters):
        folder = YEAR if number % 2 else ROOT
        stage.dms.person.write(f"{folder}/Lettre {number:03d}.pdf", stage.read("Lettre 000.pdf"))
        stage.dms.person.write(f"{folder}/Lettre {number:03d}.sign.yaml", ONE.encode())
    settings, folder_ = stage.parts.watched["lettres"], stage.parts.folders["dms"]
    sight = look(settings, folder_, Settling(grain=stage.parts.timing.settle), stage.clock.now())
    known = {
        "id",
        "ref",
        "revision",
        "created_at",
        "updated_at",
        "state",
        "key",
        "reported",
        "reported_etag",
        "extra",
    }
    common = {name: getattr(model, name) for name in Record.model_fields if name not in known}
    for pair in sight.pairs():
        if pair.document is None or pair.sidecar.href == model.place:
            continue
        document = {"href": pair.document.href, "etag": pair.document.etag, "file_id": pair.document.file_id}
        stage.parts.journal.add(
            Event.STARTED,
            **{
                **common,
                "state": State.IN_PROGRESS,
                "place": pair.sidecar.href,
                "sidecar_etag": pair.sidecar.etag,
                "sidecar_file_id": pair.sidecar.file_id,
                "next_at": stage.clock.now() + stage.parts.timing.follow_later,
                "document": DocumentFacts(**{**model.document.model_dump(), **document}),
            },
        )
    stage.round()


@pytest.mark.timeout(600)
def test_a_day_without_an_event_writes_one_overview(tmp_path: Path) -> None:
    """250 requests are out and nothing happens for a day: no status is written, and the root's overview once."""
    with Stage(tmp_path, timing=Timing()) as stage:
        stage.dms.person.mkdir(YEAR)
        sent(stage, 250)
        later(stage, 300, 1)
        assert "250 demandes, sous-dossiers compris : 250 en cours" in overview(stage)
        assert "125 demandes : 125 en cours" in overview(stage, YEAR)
        assert stage.first_line("Lettre 248").startswith("EN COURS – 0 signature sur 1 – attend Marie Dupont")
        first, before, asked = hour(stage), seen(stage), len(stage.platform.requests)
        for seconds in (43_000, 43_400):
            stage.clock.advance(seconds)
            stage.round()
        assert (hour(stage) - first).days == 1
        assert len(stage.platform.requests) - asked >= 500, "they were followed all the while"
        made = [one for one in stage.dms.requests[before:] if one.method not in {"PROPFIND", "GET"}]
        assert [unquote(one.path).rsplit("/", 1)[-1] for one in made] == [NAME]
        assert writes(stage, before) == [ROOT]
        assert MARIE not in overview(stage)
