"""Settings that the server does not hand out: whatever else the overview tells is told all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.test_overview import WRONG, overview
from tests.worlds import ROOT, Stage


@pytest.mark.parametrize("status", [403, 423, 500])
def test_settings_that_are_not_handed_out(tmp_path: Path, status: int) -> None:
    """One file in a folder of its own: no overview of the whole tree rests on it."""
    with Stage(tmp_path) as stage:
        stage.person.mkdir(f"{ROOT}/Paie")
        stage.write("_signature.yaml", "action: annuler\n", folder=f"{ROOT}/Paie")
        stage.dms.misbehave(
            kind="status", method="GET", path="*Paie/_signature.yaml", status=status, times=None
        )
        stage.drop("fausse", sidecar=WRONG)
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert "À CORRIGER   fausse" in overview(stage)
        stage.dms.behave()
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert "Paie/_signature.yaml" in overview(stage)
