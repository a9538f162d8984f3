"""The unsigned original survives on Nextcloud: in a labelled version, or beside where the server keeps none."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.passes import account_pass
from connector.ports import FileId
from connector.sidecar import names
from tests import documents
from tests.contract.servers import nextcloud
from tests.faults.points import Killed, Points
from tests.faults.test_residuals import frozen
from tests.grounds import guest
from tests.worlds import ONE, OVERVIEWS, ROOT, Mode, Stage, workers

LABEL, SIGNED = "Original avant signature", "Document signé"
BESIDE = "lettre (original).pdf"


def out(stage: Stage) -> bytes:
    """Drop a letter and see it leave; returns its bytes."""
    stage.drop()
    stage.run()
    assert stage.first_line().startswith("EN COURS")
    return stage.read("lettre.pdf")


def test_the_labelled_version_is_spared_from_thinning(tmp_path: Path) -> None:
    """C12: Proven to hold the original byte for byte; file id, tags and comments are the file's own and stay."""
    with Stage(tmp_path, settings={"comments": "true"}) as stage:
        original = out(stage)
        before = stage.dms.file_id(f"{ROOT}/lettre.pdf")
        stage.sign()
        stage.run()
        stage.clock.advance(400 * 86_400)
        stage.write("lettre.pdf", b"%PDF-1.7 a later edit")
        stage.clock.advance(2)
        stage.dms.thin_versions()
        kept = [(label, data) for _, label, data in stage.dms.versions_of(f"{ROOT}/lettre.pdf")[1:]]
        assert (LABEL, original) in kept
        assert stage.dms.file_id(f"{ROOT}/lettre.pdf") == before
        assert stage.dms.tags_of(f"{ROOT}/lettre.pdf") == ["Signé"]
        assert len(stage.dms.comments_on(f"{ROOT}/lettre.pdf")) == 2
        assert BESIDE not in stage.files()
        assert stage.record().document.version_id is not None


def test_the_signed_version_is_spared_when_somebody_saves_over_it(tmp_path: Path) -> None:
    """Named as soon as it lies there: an annotation makes a version of it, which people find and nothing thins away."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.sign()
        stage.run()
        signed = stage.read("lettre.pdf")
        assert stage.dms.versions_of(f"{ROOT}/lettre.pdf")[0][1] == SIGNED
        for number in range(4):
            stage.clock.advance(3)
            stage.write("lettre.pdf", documents.letter(1, f"une note ({number})"))
        stage.run()
        stage.clock.advance(400 * 86_400)
        stage.dms.thin_versions()
        kept = [(label, data) for _, label, data in stage.dms.versions_of(f"{ROOT}/lettre.pdf")[1:]]
        assert (SIGNED, signed) in kept
        told = " ".join(stage.status().split())
        assert stage.first_line().startswith("À CONFIRMER – le PDF a changé après une demande terminée")
        assert "le document signé n’est plus à sa place" in told
        assert "Versions de « lettre.pdf » et restaurez « Document signé »" in told
        assert "rien à faire" not in told
        stage.intact()


@pytest.mark.nextcloud
def test_a_real_nextcloud_keeps_both_names(tmp_path: Path) -> None:
    """The original's, and that of what was delivered once somebody saves over it."""
    real = nextcloud()
    with (
        guest(real.url, real.user, real.password, partial(time.sleep, 1.1)) as ground,
        Stage(tmp_path, ground=ground) as stage,
    ):
        out(stage)
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        file_id = stage.record().document.file_id
        assert file_id is not None
        stage.write("lettre.pdf", documents.letter(1, "une note"))
        listed = stage.parts.folders["dms"].versions(FileId(file_id))
        assert [(one.label, one.current) for one in listed] == [(None, True), (SIGNED, False), (LABEL, False)]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_name_that_cannot_be_given_keeps_nothing_back(tmp_path: Path, status: int) -> None:
    """The signed document lies in its place: what lasts is done without at once, what passes is tried again."""
    with Stage(tmp_path) as stage:
        out(stage)
        former = stage.dms.versions_of(f"{ROOT}/lettre.pdf")[0][0]
        stage.clock.advance(100_000)
        # Not of the original's version, whose id is its time in seconds.
        later = f"*/versions/*[!{str(former)[4]}]?????"
        stage.dms.misbehave(kind="status", method="PROPPATCH", path=later, status=status, times=None)
        stage.sign()
        stage.run(4)
        assert stage.read("lettre.pdf") != b""
        if status == 503:
            assert stage.record().state is State.DELIVERING
            stage.dms.behave()
        for _ in range(4):
            stage.clock.advance(1800)
            stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        named = [label for _, label, _ in stage.dms.versions_of(f"{ROOT}/lettre.pdf")]
        assert named == [SIGNED if status == 503 else "", LABEL]
        stage.intact()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_the_original_put_back_over_the_signed_one(tmp_path: Path, mode: Mode) -> None:
    """It is said at once, the tag « Signé » goes; both are undone with it. Nothing is put right by itself."""
    with Stage(tmp_path, mode) as stage:
        original = out(stage)
        stage.sign()
        stage.run()
        signed = stage.read("lettre.pdf")
        stage.clock.advance(3)
        if mode == "nextcloud":
            number = next(
                one for one, _, data in stage.dms.versions_of(f"{ROOT}/lettre.pdf") if data == original
            )
            stage.dms.person.restore(f"{ROOT}/lettre.pdf", number)
        else:
            stage.write("lettre.pdf", original)
        stage.run()
        told = " ".join(stage.status().split())
        assert stage.first_line() == "SIGNÉ – mais « lettre.pdf » est de nouveau l’original d’avant signature"
        where = "restaurez « Document signé »" if mode == "nextcloud" else "La version signée n’est plus ici"
        assert where in told.replace("\u00a0", " ")
        assert "supprimés" not in told
        assert stage.read("lettre.pdf") == original
        stage.clock.advance(600)
        stage.run()
        seen = stage.read(OVERVIEWS[0]).decode("utf-8-sig").replace("\u00a0", " ")
        assert "est de nouveau l’original d’avant signature" in " ".join(seen.split())
        if mode == "nextcloud":
            assert stage.dms.tags_of(f"{ROOT}/lettre.pdf") == []
        stage.clock.advance(3)
        stage.write("lettre.pdf", signed)
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        if mode == "nextcloud":
            assert stage.dms.tags_of(f"{ROOT}/lettre.pdf") == ["Signé"]
        assert stage.record().closed
        assert stage.sends() == [1]


def put_back(stage: Stage, name: str, original: bytes) -> None:
    """Restore the version that holds the original, as a person does, over what was signed."""
    stage.clock.advance(3)
    path = f"{ROOT}/{name}"
    number = next(one for one, _, data in stage.dms.versions_of(path) if data == original)
    stage.dms.person.restore(path, number)
    stage.run()


def test_put_back_before_an_upgrade(tmp_path: Path) -> None:
    """A journal of before knows it by another name: it is told after the upgrade, and asked for anew as before it."""
    with Stage(tmp_path) as stage:
        original = out(stage)
        stage.sign()
        stage.run()
        put_back(stage, "lettre.pdf", original)
        record = stage.record()
        former = {"unsigned_back": False, "signed_version_id": None}
        stage.parts.journal.touch(
            record,
            extra={**record.extra, "unsigned_back": True},
            **record.with_document(record.document.model_copy(update=former)),
        )
        stage.restart()
        stage.run()
        assert stage.first_line() == "SIGNÉ – mais « lettre.pdf » est de nouveau l’original d’avant signature"
        assert "unsigned_back" not in stage.record().extra
        assert stage.dms.tags_of(f"{ROOT}/lettre.pdf") == []
        stage.clock.advance(3)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        assert len(stage.sends()) == 2


@pytest.mark.parametrize("name", ["lettre", "bilan"])
def test_one_of_two_put_back(tmp_path: Path, name: str) -> None:
    """A new request would take both along, and one of them is signed: none is offered until both are put back."""
    with Stage(tmp_path) as stage:
        originals = {one: documents.letter(1, one) for one in ("lettre", "bilan")}
        stage.write("bilan.pdf", originals["bilan"])
        stage.drop(sidecar=ONE + "documents: bilan.pdf\n")
        stage.write("lettre.pdf", originals["lettre"])
        stage.run()
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – les 2 documents sont revenus signés"
        put_back(stage, f"{name}.pdf", originals[name])
        told = " ".join(stage.status().replace("\u00a0", " ").split())
        assert f"« {name}.pdf » est de nouveau l’original d’avant signature" in told
        (other,) = originals.keys() - {name}
        assert f"{other}.pdf est maintenant la version signée" in told
        assert "Un autre départ" not in told
        if name == "bilan":
            stage.clock.advance(3)
            stage.write("lettre.sign.yaml", ONE + "documents: bilan.pdf\naction: recommencer\n")
            stage.run()
            told = " ".join(stage.status().replace("\u00a0", " ").split())
            assert "n’a pas été suivi : « lettre.pdf » est la version signée" in told
        else:
            put_back(stage, "bilan.pdf", originals["bilan"])
            assert "Un autre départ est voulu" in stage.status().replace("\u00a0", " ")
        assert stage.sends() == [1]


@pytest.mark.parametrize("when", ["from the start", "after it left"])
def test_without_the_versions_app_the_original_is_written_beside(tmp_path: Path, when: str) -> None:
    """Known before, or found out when no version appears: its bytes lie beside, and the status names no version."""
    with Stage(tmp_path) as stage:
        if when == "from the start":
            stage.dms.versions_app = False
            stage.restart()
        original = out(stage)
        stage.dms.versions_app = False
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.read(BESIDE) == original
        assert stage.record().document.version_id is None
        assert "versions du fichier" not in stage.status()
        assert "« lettre (original).pdf »" in stage.status().replace("\u00a0", " ")
        assert stage.dms.tags_of(f"{ROOT}/{BESIDE}") == []
        stage.intact()


def test_on_an_external_storage_the_original_is_written_beside(tmp_path: Path) -> None:
    """Whoever writes has its versions, and nobody else: the one that our delivery makes is nothing for people."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/NAS")
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.external.add(f"{ROOT}/NAS")
        stage.drop(folder=f"{ROOT}/NAS")
        stage.drop("ici")
        stage.run()
        original = stage.read("lettre.pdf", folder=f"{ROOT}/NAS")
        stage.sign()
        stage.run()
        assert stage.read(BESIDE, folder=f"{ROOT}/NAS") == original
        assert stage.dms.versions_of(f"{ROOT}/NAS/lettre.pdf")[0][1] == ""
        told = stage.status(folder=f"{ROOT}/NAS").replace("\u00a0", " ")
        assert "est à côté : « lettre (original).pdf »" in " ".join(told.split())
        assert "Versions" not in told
        assert "ici (original).pdf" not in stage.files(), "which lies on the server's own storage"
        mounts = [
            one for one in stage.dms.requests if one.method == "PROPFIND" and one.path.endswith("ici.pdf")
        ]
        assert mounts == [], "it costs nothing where nothing is mounted"
        stage.intact()


@pytest.mark.parametrize("lost", [("journal",), ("spool",), ("journal", "spool")], ids="+".join)
def test_what_was_sent_went_with_the_state_directory(tmp_path: Path, lost: tuple[str, ...]) -> None:
    """It lies in the folder still: from there it is kept, before the signed one is written over it."""
    with Stage(tmp_path) as stage:
        stage.dms.versions_app = False
        original = out(stage)
        stage.sign()
        stage.stop()
        for name in lost:
            shutil.rmtree(stage.state.directory / name)
        stage.state.make()
        stage.start()
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.read(BESIDE) == original
        stage.intact()


def test_an_original_that_is_nowhere_is_told(tmp_path: Path) -> None:
    """No version appears, and every name beside is a person's: the status names no version that is not there."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.dms.versions_app = False
        for number in range(1, 50):
            stage.write(names.original_name("lettre.pdf", number), b"%PDF-1.7 a person's")
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.record().document.original_lost
        told = " ".join(stage.status().replace("\u00a0", " ").split())
        assert (
            "n’a été retrouvé ni dans les versions du fichier ni ailleurs : gardez ce document signé" in told
        )
        assert "reste dans les versions" not in told


def test_no_room_for_a_version(tmp_path: Path) -> None:
    """A full server made no version and has no room beside either: told, and put right once there is room."""
    with Stage(tmp_path) as stage:
        original = out(stage)
        stage.dms.versions_app = False
        stage.dms.misbehave(kind="status", method="PUT", path="*(original).pdf", status=507, times=3)
        stage.sign()
        stage.run(4)
        assert stage.record().state is State.DELIVERING
        assert stage.first_line().startswith("SIGNÉ PAR TOUS")
        for _ in range(8):
            stage.clock.advance(1800)
            stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.read(BESIDE) == original
        stage.intact()


def test_taken_away_in_the_moment_of_its_delivery(tmp_path: Path) -> None:
    """Between the look at it and the move aside: a person's own file by that name is not taken for what was moved."""
    points = Points(point="dms MOVE lettre.pdf #1", variant="frozen")
    with Stage(tmp_path, "plain", seams=points.seams(workers())) as stage:
        mine = documents.letter(1, "d’une autre année")
        stage.write(BESIDE, mine)
        out(stage)
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        with frozen(stage, points):
            stage.delete("lettre.pdf")
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert stage.read(BESIDE) == mine
        assert "lettre.pdf" not in stage.files()
        assert stage.first_line() == "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"


@pytest.mark.parametrize("kept", [False, True], ids=["moved back", "copied back"])
def test_cut_off_when_it_is_signed_a_second_time(tmp_path: Path, kept: bool) -> None:
    """Moved aside once more, to where it lay after the first time, or beside that: it is taken up where it was."""
    points = Points(point="dms PUT lettre.pdf #1", variant="before")
    with Stage(tmp_path, "plain", seams=points.seams(workers())) as stage:
        original = out(stage)
        stage.sign()
        stage.run()
        if kept:
            stage.write("lettre.pdf", original)
        else:
            stage.delete("lettre.pdf")
            stage.move(BESIDE, "lettre.pdf")
        stage.clock.advance(600)
        stage.write("lettre.sign.yaml", f"{ONE}action: recommencer\n")
        stage.run()
        stage.sign()
        points.armed = True
        with suppress(Killed):
            stage.run()
        assert points.dead
        stage.restart()
        stage.clock.advance(7200)
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        asides = [name for name in stage.files() if "(original)" in name]
        assert [stage.read(name) for name in asides] == [original] * (2 if kept else 1)
        assert stage.sends() == [1, 1]
