"""What happens to the files around a request: previews, folder settings, a list, while requests are ready or out.

Expectations come from the pages: settings and lists decide what has not left (ux page section 1.2; protocol R1), what
leaves is what was previewed, and nobody's work is overwritten (design page section 3).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from connector.cli.wiring import Seams
from connector.isolation import IsolatedPool, Limits
from connector.lifecycle import State
from tests import documents
from tests.faults.points import Points
from tests.faults.test_orders import struck
from tests.faults.test_residuals import frozen
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage, workers

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
READY = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"
OUT = "EN COURS – 0 signature sur 1 – attend Marie Dupont"
NO_SIGNATORY = "À CORRIGER – "
SETTINGS = "_signature.yaml"
LATER_S = 700


def letter(title: str) -> bytes:
    return documents.letter(1, title, lines=4)


def later(stage: Stage) -> None:
    """What a client saves by deleting and uploading is waited for."""
    stage.run(4, calm=2)
    stage.clock.advance(LATER_S)
    stage.run(5, calm=2)


@MODES
def test_previews_that_people_touch(tmp_path: Path, mode: Mode) -> None:
    """A preview that goes comes back while nothing has left; one that a person wrote into is theirs for good."""
    with Stage(tmp_path, mode) as stage:
        for name in ("efface", "renomme", "annote"):
            stage.drop(name, letter(name), ONE + "envoi: non\n")
        stage.run()
        drawn = stage.read("renomme.apercu.pdf")
        noted = documents.resaved(stage.read("annote.apercu.pdf"))
        stage.dms.person.delete(f"{ROOT}/efface.apercu.pdf")
        stage.dms.person.move(f"{ROOT}/renomme.apercu.pdf", f"{ROOT}/pour Marie.pdf")
        stage.write("annote.apercu.pdf", noted)
        stage.run(4, calm=3)
        for name in ("efface", "renomme", "annote"):
            assert stage.first_line(name) == READY
            assert f"{name}.apercu.pdf" in stage.files()
        assert stage.read("annote.apercu.pdf") == noted
        quiet = len(stage.dms.requests)
        stage.run(3, calm=3)
        assert len(stage.dms.requests) - quiet <= 9, "and it is not drawn at every pass"
        assert stage.sends() == []
        for name in ("efface", "renomme", "annote"):
            stage.write(f"{name}.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        for name in ("efface", "renomme", "annote"):
            assert stage.first_line(name).startswith(OUT), stage.status(name)
        assert "efface.apercu.pdf" not in stage.files()
        assert "renomme.apercu.pdf" not in stage.files()
        assert stage.read("pour Marie.pdf") == drawn
        assert stage.read("annote.apercu.pdf") == noted
        assert stage.sends() == [1, 1, 1]
        stage.intact()


def test_a_preview_that_cannot_be_drawn_is_not_to_be_opened(tmp_path: Path) -> None:
    """What is ready without a preview says so, and where each will sign; a preview of an earlier letter goes."""
    with IsolatedPool(Limits(file_bytes=12_000)) as pool, Stage(tmp_path, seams=Seams(pool=pool)) as stage:
        stage.drop("lettre", letter("courte"), ONE + "envoi: non\n")
        stage.run()
        assert stage.first_line() == READY
        stage.write("lettre.pdf", documents.letter(60, lines=30))
        stage.run()
        assert "lettre.apercu.pdf" not in stage.files(), "it shows the earlier letter"
        assert stage.first_line() == READY.replace("l’aperçu", "le document")
        status = " ".join(stage.status().replace("\u00a0", " ").split())
        assert "L’aperçu n’a pas pu être déposé ici. Relisez « lettre.pdf »" in status
        assert "apercu" not in status
        stage.write("lettre.pdf", letter("courte encore"))
        stage.clock.advance(3700)
        stage.run()
        assert stage.first_line() == READY
        assert "lettre.apercu.pdf" in stage.files()
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert stage.first_line().startswith(OUT)
        stage.intact()


def test_a_file_that_has_the_previews_name_is_not_what_to_read(tmp_path: Path) -> None:
    """It is a person's, and stays; whoever is asked to read a preview would read it."""
    with Stage(tmp_path) as stage:
        stage.write("lettre.apercu.pdf", letter("autre chose"))
        stage.drop("lettre", letter("lettre"), ONE + "envoi: non\n")
        stage.run()
        assert stage.first_line() == READY.replace("l’aperçu", "le document")
        assert stage.read("lettre.apercu.pdf") == letter("autre chose")


def test_a_preview_heavier_than_any_signed_document_goes_when_its_request_leaves(tmp_path: Path) -> None:
    """One of many annexes is: it went on saying « rien n’est parti » of what people signed."""
    with Stage(tmp_path, contract=", contract: {limits: {max_signed_size: 2000}}") as stage:
        stage.drop("lettre", letter("lettre"), ONE + "envoi: non\n")
        stage.run()
        assert len(stage.read("lettre.apercu.pdf")) > 2000
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert "lettre.apercu.pdf" not in stage.files()


@MODES
def test_settings_that_people_touch(tmp_path: Path, mode: Mode) -> None:
    """Settings edited, renamed, moved or deleted decide what has not left, and nothing of what has."""
    there, other = f"{ROOT}/Client", f"{ROOT}/Autre"
    first = f"objet: Mission 2026\nsignataires: Marie Dupont <{MARIE}> 06 12 34 56 78\n"
    second = f"objet: Mission 2027\nsignataires: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
    with Stage(tmp_path, mode) as stage:
        for folder in (there, other):
            stage.dms.person.mkdir(folder)
        stage.write(SETTINGS, first, folder=there)
        stage.drop("partie", letter("partie"), "note: partie\n", folder=there)
        stage.drop("prete", letter("prete"), "envoi: non\n", folder=there)
        stage.drop("ailleurs", letter("ailleurs"), "envoi: non\n", folder=other)
        stage.run()
        assert stage.first_line("partie", folder=there).startswith(OUT)
        assert stage.first_line("prete", folder=there) == READY
        assert stage.first_line("ailleurs", folder=other).startswith(NO_SIGNATORY)
        out = stage.status("partie", folder=there)

        stage.write(SETTINGS, second, folder=there)
        later(stage)
        ready = stage.status("prete", folder=there).replace("\u00a0", " ")
        assert ready.startswith(READY)
        assert "Mission 2027" in ready
        assert CLAIRE in ready
        assert stage.status("partie", folder=there) == out

        stage.move(SETTINGS, "_signature ancien.yaml", folder=there)
        later(stage)
        assert stage.first_line("prete", folder=there).startswith(NO_SIGNATORY)
        assert stage.status("partie", folder=there) == out

        stage.move("_signature ancien.yaml", SETTINGS, folder=there)
        later(stage)
        assert stage.first_line("prete", folder=there) == READY

        stage.move(SETTINGS, SETTINGS, folder=there, to_folder=other)
        later(stage)
        assert stage.first_line("prete", folder=there).startswith(NO_SIGNATORY)
        assert stage.first_line("ailleurs", folder=other) == READY
        assert stage.status("partie", folder=there) == out

        stage.delete(SETTINGS, folder=other)
        later(stage)
        assert stage.first_line("ailleurs", folder=other).startswith(NO_SIGNATORY)
        assert stage.sends() == [1]
        assert [view.object for view in stage.platform.transactions()] == ["Mission 2026"]
        stage.sign()
        later(stage)
        assert stage.first_line("partie", folder=there).startswith("SIGNÉ – ")
        stage.intact()


@MODES
def test_a_list_that_people_touch(tmp_path: Path, mode: Mode) -> None:
    """Once its requests are written, a row that is changed, and a list that is deleted, change nothing of them."""
    rows = "document;e-mail;prénom;nom;téléphone\n"
    one, two = (f"{name};{MARIE};Marie;Dupont;06 12 34 56 78\n" for name in ("partie", "prete"))
    with Stage(tmp_path, mode) as stage:
        stage.write("partie.pdf", letter("partie"))
        stage.write("prete.pdf", letter("prete"))
        stage.write("_signataires.csv", rows + one + two)
        later(stage)
        assert stage.first_line("partie") == stage.first_line("prete") == READY
        written = {name: stage.read(f"{name}.sign.yaml") for name in ("partie", "prete")}
        stage.write("partie.sign.yaml", written["partie"] + b"envoi: oui\n")
        stage.run()
        assert stage.first_line("partie").startswith(OUT)
        out = stage.status("partie")
        stage.write("_signataires.csv", (rows + one + two).replace(MARIE, CLAIRE))
        later(stage)
        stage.delete("_signataires.csv")
        later(stage)
        assert stage.status("partie") == out
        assert stage.first_line("prete") == READY
        assert stage.read("prete.sign.yaml") == written["prete"]
        assert stage.record("partie").state is State.IN_PROGRESS
        assert stage.sends() == [1]
        stage.sign()
        later(stage)
        assert stage.first_line("partie").startswith("SIGNÉ – ")
        stage.intact()


def test_a_preview_that_its_server_tears_is_written_whole(tmp_path: Path) -> None:
    """On a plain server, said or not (protocol R4): nobody is asked to read half of it, nor to choose between two."""
    kinds: dict[str, Literal["tear", "short"]] = {"coupe": "tear", "court": "short", "faible": "short"}
    with Stage(tmp_path, "plain") as stage:
        for name, kind in kinds.items():
            stage.dms.misbehave(kind=kind, at=300, method="PUT", path=f"*{name}.apercu.pdf", times=2)
            stage.drop(name, documents.letter(1, name), ONE + "envoi: non\n")
        # As Apache tags what it has written just now.
        stage.dms.misbehave(kind="weak_etag", method="GET", path="*faible.apercu.pdf", times=None)
        stage.run()
        stage.clock.advance(3700)
        stage.run()
        for name in kinds:
            assert stage.read(f"{name}.apercu.pdf").rstrip().endswith(b"%%EOF"), name
            assert "relisez l’aperçu" in stage.first_line(name)
        assert len([name for name in stage.files() if "apercu" in name]) == len(kinds)
        stage.intact()


@pytest.mark.parametrize("moment", ["dms PROPFIND lettre.apercu.pdf #1", "dms GET lettre.apercu.pdf #2"])
@pytest.mark.parametrize("act", ["saved", "deleted"])
def test_a_person_is_faster_than_the_tag_of_half_a_preview(tmp_path: Path, act: str, moment: str) -> None:
    """Apache tells no good tag of what it has just written: asked for later, it may be that of somebody's save."""
    points = Points(point=moment, variant="frozen")
    theirs = letter("ce que quelqu’un a posé là")
    with Stage(tmp_path, "plain", seams=points.seams(workers())) as stage:
        stage.dms.misbehave(kind="short", at=300, method="PUT", path="*lettre.apercu.pdf", times=1)
        stage.dms.misbehave(kind="weak_etag", method="GET", path="*lettre.apercu.pdf", times=None)
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.round()
        with frozen(stage, points):
            stage.clock.advance(2)
            if act == "saved":
                stage.write("lettre.apercu.pdf", theirs)
            else:
                stage.delete("lettre.apercu.pdf")
            stage.clock.advance(2)
        later(stage)
        assert stage.first_line().startswith("PRÊT – ")
        if act == "saved":
            assert stage.read("lettre.apercu.pdf") == theirs
        else:
            assert stage.read("lettre.apercu.pdf").rstrip().endswith(b"%%EOF")
        stage.intact()


def previews(stage: Stage) -> list[str]:
    """What lies there under the name of a preview."""
    return [name for name in stage.files() if "apercu" in name]


def test_half_a_preview_is_nothing_to_be_read(tmp_path: Path) -> None:
    """A server that tears each of them: nobody is asked to read one, none lies there, and it comes once it can."""
    with Stage(tmp_path, "plain") as stage:
        rule = stage.dms.misbehave(kind="short", at=300, method="PUT", path="*lettre.apercu.pdf", times=None)
        stage.drop(sidecar=ONE + "envoi: non\n")
        for _ in range(3):
            stage.run()
            assert stage.first_line() == READY.replace("l’aperçu", "le document")
            assert previews(stage) == []
            stage.clock.advance(3700)
        rule.times = 0
        stage.run()
        assert stage.first_line() == READY
        assert stage.read("lettre.apercu.pdf").rstrip().endswith(b"%%EOF")
        stage.intact()


@pytest.mark.parametrize("then", ["leaves", "is another letter", "is withdrawn"])
def test_half_a_preview_that_could_not_be_taken_away(tmp_path: Path, then: str) -> None:
    """Its folder deletes nothing just then: it goes when its request does, or gives way to the next one."""
    with Stage(tmp_path, "plain") as stage:
        tears = stage.dms.misbehave(kind="short", at=300, method="PUT", path="*lettre.apercu.pdf", times=None)
        keeps = stage.dms.misbehave(
            kind="status", status=500, method="DELETE", path="*apercu.pdf", times=None
        )
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        assert stage.first_line() == READY.replace("l’aperçu", "le document")
        assert len(stage.read("lettre.apercu.pdf")) == 300
        tears.times = keeps.times = 0
        match then:
            case "leaves":
                stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
            case "is another letter":
                stage.write("lettre.pdf", documents.letter(3, "tout autre chose"))
            case _:
                for ending in ("pdf", "sign.yaml"):
                    stage.delete(f"lettre.{ending}")
        later(stage)
        stage.clock.advance(3700)
        stage.run()
        if then == "is another letter":
            assert stage.first_line() == READY
            assert stage.read("lettre.apercu.pdf").rstrip().endswith(b"%%EOF")
        else:
            assert previews(stage) == []
        stage.intact()


def test_a_preview_that_was_not_looked_at_yet_goes_when_its_request_leaves(tmp_path: Path) -> None:
    """Made without an answer, then nothing could be asked, then told to send: « rien n’est parti » goes."""
    with struck(tmp_path, "PUT lettre.apercu.pdf", "lost") as (stage, points):
        rule = stage.dms.misbehave(kind="status", status=500, method="GET", path="*apercu.pdf")
        points.armed = True
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        assert rule.times == 0
        assert previews(stage) == ["lettre.apercu.pdf"]
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert previews(stage) == []
        stage.intact()
