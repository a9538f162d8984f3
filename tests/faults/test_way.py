"""The way of one request, whole, between two real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds import CLAIRE, MARIE, TWO, Mode, Stage


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_one_signatory(tmp_path: Path, mode: Mode) -> None:
    """A letter dropped with a one-line request comes back signed in its own place."""
    with Stage(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        assert stage.first_line().startswith("EN COURS – 0 signature sur 1 – attend Marie Dupont")
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_two_signatories_one_after_the_other(tmp_path: Path, mode: Mode) -> None:
    """Two signatories sign in their order, and the status tells who is awaited."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(sidecar=TWO)
        stage.run()
        stage.sign(MARIE)
        stage.run()
        assert stage.first_line().startswith("EN COURS – 1 signature sur 2 – attend Claire Bernard")
        stage.sign(CLAIRE)
        stage.run()
        assert stage.first_line().startswith("SIGNÉ –")
        assert stage.record().document.signatures == 2
        stage.intact()
