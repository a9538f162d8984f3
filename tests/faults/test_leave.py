"""``leave FOLDER``: our own files and tags go, on both kinds of servers; what is anybody else's stays, and is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli import leave as room
from connector.cli.common import Settings
from connector.cli.wiring import single_instance
from connector.errors import JournalError
from connector.lifecycle import State
from connector.ports import FileId
from connector.sidecar.names import PAUSE_NAMES
from connector.steps import remains
from tests.faults.test_fence import ANNECY, TwoFirms
from tests.faults.test_once import MODES, Town
from tests.worlds import MODELS, ONE, ROOT, Mode, Stage

NOTE = b"Appeler Mme Dupont avant."


def told(stage: Stage) -> dict[str, str]:
    """Place below the watched folder → why it stays."""
    found = remains.look(stage.parts, stage.parts.watched["lettres"])
    return {href.removeprefix(f"/{ROOT}/"): why for href, why in found.stays}


def settings(stage: Stage) -> Settings:
    file = stage.directory / "config.yaml"
    file.write_text(stage.config_text)
    return Settings(config=file, state=stage.state.directory)


def a_folder_of_all_kinds(stage: Stage) -> dict[str, bytes]:
    """Signed, refused, to correct, only prepared; returns what must lie there afterwards, byte for byte."""
    stage.drop(
        "signée",
        sidecar="attestation: oui\nsignataires: Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78",
    )
    stage.drop("annotée")
    stage.run()
    stage.sign()
    stage.run()
    stage.drop("à corriger", sidecar=ONE + "mesage: Bonjour\n")
    stage.drop(
        "essai", sidecar="envoi: non\nsignataires: Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78\n"
    )
    stage.run()
    stage.clock.advance(400)
    stage.run()
    assert stage.record("signée").state is State.DELIVERED
    assert stage.record("essai").state is State.PREVIEWED
    assert stage.record("à corriger").state is State.REJECTED
    # A person wrote into a status, changed a model, and keeps files under names of ours.
    status = stage.read("annotée.signature.txt") + b"Vu avec elle le 3.\r\n"
    stage.write("annotée.signature.txt", status)
    model = next(path for path in stage.ground.files(f"{ROOT}/{MODELS}") if path.endswith(".yaml.txt"))
    stage.person.write(model, b"signataires: le mien\n")
    stage.write("à la main.signature.txt", NOTE)
    stage.write("dessin.apercu.pdf", b"%PDF-1.4 un plan")
    # A person's own, under the name of a notice that was never written, and that cannot be read.
    stage.write(PAUSE_NAMES["fr"], NOTE)
    stage.dms.misbehave(kind="status", method="GET", path=f"*{PAUSE_NAMES['fr']}", status=507, times=None)
    ours = ("signée.signature.txt", "essai.signature.txt", "essai.apercu.pdf", "à corriger.signature.txt")
    assert set(ours) <= set(stage.files())
    kept = {path: data for path, data in stage.ground.files().items() if path.startswith(f"{ROOT}/")}
    for path in list(kept):
        name = path.rpartition("/")[2]
        if (
            name in ours
            or name in ("_Suivi des signatures.txt", "à corriger.sign.corrigé.yaml")
            or (f"/{MODELS}/" in path and path != model)
            or "/.signature/" in path
        ):
            del kept[path]
    assert f"{ROOT}/signée.pdf" in kept
    return kept


@MODES
def test_only_ours_goes(tmp_path: Path, mode: Mode, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left is exactly what people wrote, what was signed, what they changed; said again, nothing happens."""
    with Town(tmp_path, mode) as stage:
        kept = a_folder_of_all_kinds(stage)
        tagged = [
            FileId(str(record.document.file_id)) for record in stage.records() if record.document.file_id
        ]
        hung = stage.parts.folders["dms"].annotations()
        if mode == "nextcloud":
            assert hung is not None
            assert any(hung.tags_of(file) for file in tagged)
        stage.stop()
        given, before = settings(stage), stage.tree()
        assert room.leave(given, "lettres", dry_run=True, yes_open=False, yes=False, names=True) == 0
        assert stage.tree() == before, "a dry run removes nothing"
        said = capsys.readouterr().out
        assert "essai.apercu.pdf" in said
        assert remains.EDITED in said
        assert remains.UNKNOWN in said

        assert room.leave(given, "lettres", dry_run=False, yes_open=False, yes=True) == 0
        left = {path: data for path, data in stage.ground.files().items() if path.startswith(f"{ROOT}/")}
        assert left == kept
        assert not stage.markers()
        stage.start()
        if mode == "nextcloud":
            hung = stage.parts.folders["dms"].annotations()
            assert hung is not None
            assert not any(hung.tags_of(file) for file in tagged)
        after = told(stage)
        assert after["annotée.signature.txt"] == remains.EDITED
        assert after["à la main.signature.txt"] == remains.UNKNOWN
        assert after["dessin.apercu.pdf"] == remains.UNKNOWN
        assert remains.look(stage.parts, stage.parts.watched["lettres"]).ours == []
        stage.stop()
        assert room.leave(given, "lettres", dry_run=False, yes_open=False, yes=True) == 0
        # Watched again, it is a new folder: nothing is launched that lay there.
        stage.start()
        sends = stage.sends()
        stage.write("plus tard.pdf", stage.read("essai.pdf"))
        stage.run()
        assert stage.sends() == sends


@MODES
def test_a_folder_that_is_gone(tmp_path: Path, mode: Mode, capsys: pytest.CaptureFixture[str]) -> None:
    """Renamed, or shared no more: what to do is said, and nothing is made or forgotten; once back, all of ours goes."""
    with Town(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.run()
        stage.stop()
        given, place = settings(stage), stage.directory / "dms" / ROOT
        stage.person.move(f"{ROOT}", "Ailleurs")
        before = stage.tree()
        for dry in (True, False):
            assert room.leave(given, "lettres", dry_run=dry, yes_open=False, yes=True) == 1
            said = capsys.readouterr().err
            assert f"folder lettres: /{ROOT}/ is not there on dms" in said
            assert "take folders.lettres out of the configuration" in said
        assert stage.tree() == before
        stage.person.move("Ailleurs", f"{ROOT}")
        assert place.is_dir()
        assert room.leave(given, "lettres", dry_run=False, yes_open=False, yes=True) == 0
        aside = ["lettre (original).pdf"] if mode == "plain" else []
        assert sorted(path.name for path in place.iterdir()) == [*aside, "lettre.pdf", "lettre.sign.yaml"]


def test_of_another_connector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Models and tags look alike for all: in a folder that is another's, or whose key was lost, nothing is touched."""
    with Town(tmp_path) as stage:
        stage.stop()
        (stage.state.directory / "keys" / "seal").write_text("ab" * 32)
        given, before = settings(stage), stage.tree()
        assert room.leave(given, "lettres", dry_run=False, yes_open=False, yes=True) == 1
        assert "belongs to connector test-1" in capsys.readouterr().err
        assert stage.tree() == before


def test_while_something_is_under_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused, with what would be lost; said all the same, the marker of what is under way stays, so does its owner."""
    with Town(tmp_path, "plain") as stage:
        stage.drop()
        stage.run()
        assert stage.record().state is State.IN_PROGRESS
        stage.stop()
        given, before = settings(stage), stage.tree()
        assert room.leave(given, "lettres", dry_run=False, yes_open=False, yes=True) == 1
        assert stage.tree() == before
        assert "erases them after a month" in capsys.readouterr().out
        with single_instance(stage.state), pytest.raises(JournalError, match="is the service running"):
            room.leave(given, "lettres", dry_run=False, yes_open=True, yes=True)
        assert stage.tree() == before
        assert room.leave(given, "lettres", dry_run=False, yes_open=True, yes=True) == 0
        assert len(stage.markers()) == 1
        assert "lettre.signature.txt" not in stage.files()
        stage.start()
        stage.run()
        assert stage.sends() == [1]
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED, "the service took it up again all the same"


def sent(stage: Stage) -> int:
    """How many marks against sending twice there are, wherever."""
    return sum(path.endswith(".sent") for path in stage.ground.files())


def test_what_people_moved_into_another_folder_keeps_its_marker(tmp_path: Path) -> None:
    """Marked here, under way there: it is the other folder's now, with what keeps it from a second send."""
    with TwoFirms(tmp_path, "nextcloud") as stage:
        stage.drop()
        stage.run()
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=ANNECY)
        stage.run()
        assert stage.record(folder=ANNECY).state is State.IN_PROGRESS
        assert sent(stage) == 1
        stage.stop()
        assert room.leave(settings(stage), "lettres", dry_run=False, yes_open=False, yes=True) == 0
        assert sent(stage) == 1
        stage.start()
        stage.sign()
        stage.run()
        assert stage.record(folder=ANNECY).state is State.DELIVERED
        assert sum(stage.spent().values()) == 1
