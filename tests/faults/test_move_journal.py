"""A journal moved into PostgreSQL and back while requests are on their way: nothing twice, nothing lost, no way to
work with the one that was left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.cli import move
from connector.cli.common import Settings
from connector.errors import JournalError
from connector.lifecycle import State as Step
from tests import postgres
from tests.faults.test_once import Town

SEAL = "a seal that every host has"


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of a database with nothing in it."""
    cluster = postgres.shared_cluster()
    name = cluster.empty()
    yield cluster.url(name)
    cluster.drop(name)


def settings(stage: Town) -> Settings:
    file = stage.directory / "config.yaml"
    file.write_text(stage.config_text)
    return Settings(config=file, state=stage.state.directory)


def sealed(tmp_path: Path) -> str:
    file = tmp_path / "seal-of-all"
    file.write_text(SEAL)
    file.chmod(0o600)
    return f"seal: {{file: {file}}}\n"


def test_there_and_back(tmp_path: Path, empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One request is signed and cannot be put back, one waits: both end after two moves, each sent once."""
    seal = sealed(tmp_path)
    with Town(tmp_path, more=seal) as stage:
        stage.drop("avant")
        stage.run()
        stage.dms.misbehave(kind="status", status=503, method="MOVE", path="*", times=None)
        stage.sign()
        stage.run()
        assert stage.record("avant").state is Step.DELIVERING
        stage.drop("après")
        stage.run()
        known, usual = stage.parts.journal.journal_id, stage.state.journal_url
        events = stage.parts.journal.events(stage.record("avant"))
        stage.stop()
        given = settings(stage)
        capsys.readouterr()
        assert move.move(given, move.Wanted(url=empty), dry_run=True, yes=True) == 0
        said = capsys.readouterr().out
        assert "Nothing was changed" in said
        assert f"url: {empty}" in said
        assert move.move(given, move.Wanted(url=empty), dry_run=False, yes=True) == 0
        said = capsys.readouterr().out
        assert re.search(r"went [1-9]\d* files of the spool, and the tokens of: cabinet", said)
        assert f"url: {empty}" in said
        assert "verified" in said
        with pytest.raises(JournalError, match="was moved to postgresql"):
            stage.start()

        (stage.state.directory / "spool").rename(tmp_path / "spool-of-before")
        (stage.state.directory / "tokens").rename(tmp_path / "tokens-of-before")
        stage.more = f"{seal}journal: {{url: '{empty}'}}\n"
        stage.start()
        assert stage.parts.journal.journal_id == known
        assert stage.parts.journal.events(stage.record("avant"))[: len(events)] == events
        stage.dms.behave()
        stage.later()
        assert stage.record("avant").state is Step.DELIVERED
        assert stage.record("après").state is Step.IN_PROGRESS
        stage.stop()

        assert move.move(settings(stage), move.Wanted(url=usual), dry_run=False, yes=True) == 0
        said = capsys.readouterr().out
        assert "no section journal" in said
        assert "aside" in said
        with pytest.raises(JournalError, match="was moved to sqlite"):
            stage.start()
        stage.more = seal
        stage.start()
        assert stage.parts.journal.journal_id == known
        stage.sign()
        stage.later()
        assert stage.record("après").state is Step.DELIVERED
        assert stage.sends() == [1, 1]
        assert stage.tries() == 2
