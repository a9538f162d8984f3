"""Settings that the server does not hand out: whatever else the overview tells is told all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.test_overview import WRONG, overview
from tests.worlds import ROOT, Stage


@pytest.mark.parametrize("status", [403, 423, 500])
def test_settings_that_are_not_handed_out(tmp_path: Path, status: int) -> None:
    """One file, of a folder in which a letter is out: no other overview rests on it."""
    paie = f"{ROOT}/Paie"
    with Stage(tmp_path) as stage:
        stage.person.mkdir(paie)
        stage.write("_signature.yaml", "objet: Lettre\n", folder=paie)
        stage.drop(folder=paie)
        stage.run(calm=6)
        assert stage.sends() == [1]
        stage.dms.misbehave(
            kind="status", method="GET", path="*Paie/_signature.yaml", status=status, times=None
        )
        stage.write("_signature.yaml", "action: annuler\n", folder=paie)
        stage.drop("fausse", sidecar=WRONG)
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert "À CORRIGER   fausse" in overview(stage)
        stage.dms.behave()
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert "« action: annuler » dans « _signature.yaml »" in _plain(overview(stage, folder=paie))


def _plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())
