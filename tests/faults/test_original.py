"""The unsigned original survives on Nextcloud: in a labelled version, or beside where the server keeps none."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from tests.worlds import ROOT, Stage

LABEL = "Original avant signature"
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
