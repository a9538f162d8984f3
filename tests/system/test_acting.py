"""The verbs that act, as an administrator calls them: a second process beside the service, or where none runs."""

from __future__ import annotations

import signal

import pytest

from tests.system.test_cli import Stage, stage, until

pytestmark = pytest.mark.system
__all__ = ["stage"]


def ref_of(stage: Stage) -> str:
    """The reference that a status names, as somebody reads it to the administrator."""
    return stage.told().replace("\u00a0", " ").partition("la référence ")[2][:6]


def test_cancel_beside_the_service(stage: Stage) -> None:
    """The order goes through the journal, the service obeys it at once, and the verb tells what it came to."""
    stage.connect()
    service = stage.start()
    service.ready()
    stage.drop()
    until(lambda: stage.told().startswith("EN COURS"), service)
    ref = ref_of(stage)
    done = stage.call("cancel", ref.lower(), "Lettre DUPONT.pdf", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{ref}: is cancelled; nobody can sign any more." in done.stdout
    assert [view.status for view in stage.platform.transactions()] == ["canceled"]
    until(lambda: stage.told().startswith("ANNULÉ – par l’administrateur, le "), service)
    service.signal(signal.SIGTERM)
    assert service.wait() == 0, service.output


def test_cancel_where_no_service_runs(stage: Stage) -> None:
    """The order stands for the next run or tick; or a tick is made on request."""
    stage.connect()
    stage.watch()
    for name in ("Lettre DUPONT", "Lettre LEROY"):
        stage.drop(name)
    assert stage.call("tick").returncode == 0
    told = stage.call("cancel", "lettre leroy", "--yes")
    assert (told.returncode, "No service works on this journal now" in told.stdout) == (0, True), told.stderr
    done = stage.call("cancel", "lettre dupont", "--yes", "--tick")
    assert done.returncode == 0, done.stderr
    assert "is cancelled; nobody can sign any more" in done.stdout
    for name in ("Lettre DUPONT", "Lettre LEROY"):
        assert stage.told(name).startswith("ANNULÉ – par l’administrateur, le "), stage.told(name)
    assert [view.status for view in stage.platform.transactions()] == ["canceled"] * 2
