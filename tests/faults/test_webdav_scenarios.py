"""Servers that are not as RFC 4918 would have them, through a whole request (scenarios C1, C2, C11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.sandbox.dms.misbehaviour import Kind
from tests import documents
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage

SIGNED = "SIGNÉ – « {} » est maintenant la version signée"
HOUR = 3700


def later(stage: Stage) -> None:
    stage.run()
    stage.clock.advance(HOUR)
    stage.run()


@pytest.mark.parametrize("kind", ["weak_etag", "no_etag", "old_etag", "ignore_conditions"])
def test_a_server_with_other_etags_or_conditions(tmp_path: Path, kind: Kind) -> None:
    """C1, C2: weak ETags for ever, none at all, those of before, or conditions that are ignored: sent once, each status
    written anew, a note and an edit of a person kept, the signed one home."""
    with Stage(tmp_path, "plain", start=False) as stage:
        stage.dms.misbehave(kind=kind, times=None, method="PUT" if kind == "old_etag" else "*")
        stage.start()
        stage.run()
        stage.drop()
        stage.drop("modifié", documents.letter(text="modifié"))
        stage.drop("refus", documents.letter(text="refus"), ONE + "envoi: non\n")
        later(stage)
        assert stage.first_line("refus").startswith("PRÊT – ")
        stage.write("refus.sign.yaml", ONE + "envoi: oui\n")
        note = stage.status().encode() + b"\r\nMarie rappelle demain."
        stage.write("lettre.signature.txt", note)
        later(stage)
        assert stage.sends() == [1, 1, 1]
        changed = documents.resaved(documents.letter(text="modifié, et relu"))
        stage.write("modifié.pdf", changed)
        stage.refuse()
        stage.sign(MARIE)
        later(stage)
        assert stage.first_line() == SIGNED.format("lettre.pdf")
        assert stage.read("modifié.pdf") == changed
        assert stage.first_line("modifié").startswith("SIGNÉ – la version signée est à côté")
        assert stage.first_line("refus").startswith("REFUSÉ – ")
        assert stage.parts.folders["dms"].capabilities().conditions is (kind != "ignore_conditions")
        stage.intact()


def test_a_file_that_is_never_twice_the_same(tmp_path: Path) -> None:
    """C1: an ETag that moves with every look proves no rest: nothing leaves, and nothing breaks; then it rests."""
    with Stage(tmp_path, "plain") as stage:
        stage.dms.misbehave(kind="moving_etag", times=None)
        stage.drop()
        later(stage)
        assert stage.sends() == []
        stage.dms.behave()
        later(stage)
        assert stage.sends() == [1]


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_what_is_too_large_for_the_server(tmp_path: Path, mode: Mode) -> None:
    """C11: 413 when it comes home: told, kept in safety, and delivered once the server takes it."""
    with Stage(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        for path in ("*.pdf", "*/0000?"):
            stage.dms.misbehave(kind="status", method="PUT", path=path, status=413, times=None)
        stage.sign()
        later(stage)
        assert stage.record().state is State.DELIVERING
        assert stage.first_line().startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le ")
        stage.dms.behave()
        later(stage)
        assert stage.first_line() == SIGNED.format("lettre.pdf")
        stage.intact()


def test_names_of_ours_are_fit_for_every_server(tmp_path: Path) -> None:
    """C11: whatever a person's file is called, our own files add nothing that Windows or Nextcloud forbids."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "attestation: oui\n")
        stage.drop("aperçu", documents.letter(text="aperçu"), ONE + "envoi: non\n")
        stage.drop("faux", documents.letter(text="faux"), ONE + "obget: x\n")
        stage.run()
        stage.write("lettre.pdf", documents.letter(text="autre"))
        stage.sign()
        later(stage)
        made = [path.rpartition("/")[2] for path in stage.ground.files(ROOT)]
        assert len(made) > 8
        assert [name for name in made if set(name) & set('\\/:*?"<>|') or name.endswith((" ", "."))] == []
