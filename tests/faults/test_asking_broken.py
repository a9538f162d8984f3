"""Stories by which a hostile reader broke "Asking": settings, lists, previews and several documents in one request.

Each was seen to fail before its repair.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.passes import server_pass
from connector.steps import waiting
from tests.worlds import Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


def hold(stage: Stage) -> None:
    """The administrator stops the account: everything accepted waits, « EN PAUSE »."""
    far = stage.clock.now() + timedelta(days=300)
    stage.parts.journal.hold("cabinet", waiting.MANUAL, probe_at=far, text="")


def release(stage: Stage) -> None:
    stage.parts.journal.release("cabinet")


def test_a_ceiling_lowered_while_the_service_was_down(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        hold(stage)
        stage.drop()
        stage.run()
        assert stage.record().state is State.WAITING
        stage.stop()
        stage.settings = {"send": "preview"}
        stage.start()
        release(stage)
        stage.run()
        assert stage.sends() == []
        assert stage.record().state is State.PREVIEWED


@MODES
def test_settings_saved_while_the_service_was_down(tmp_path: Path, mode: Mode) -> None:
    with Stage(tmp_path, mode) as stage:
        hold(stage)
        stage.drop()
        stage.run()
        stage.stop()
        stage.write("_signature.yaml", "envoi: non\n")
        stage.clock.advance(60)
        stage.start()
        release(stage)
        stage.run()
        assert stage.sends() == []


@MODES
def test_settings_saved_at_the_very_moment_of_leaving(tmp_path: Path, mode: Mode) -> None:
    with Stage(tmp_path, mode) as stage:
        hold(stage)
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.drop()
        stage.run()
        stage.clock.advance(3)
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: non\n")
        release(stage)
        server_pass(stage.parts, "dms", stage.memory)
        assert stage.sends() == []
        stage.run()
        assert stage.sends() == []
