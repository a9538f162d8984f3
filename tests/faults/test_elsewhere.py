"""A journal moved into PostgreSQL and back while requests are on their way: nothing twice, nothing lost, no way to
work with the one that was left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.cli import (
    anew,
    backups,
    check,
    dry_run,
    forget,
    holding,
    keep,
    move,
    packaged,
    show,
    spending,
    status,
    wiring,
)
from connector.cli.common import Settings
from connector.cli.journal_glimpse import glimpse
from connector.config import load_config
from connector.doctor import database
from connector.errors import JournalError
from connector.fence import Fence
from connector.journal import Journal
from connector.lifecycle import State as Step
from connector.steps.waiting import MANUAL
from tests import doctors, postgres
from tests.faults.test_another_host import Hosts
from tests.faults.test_once import Town
from tests.unit.test_move_journal import rows
from tests.worlds import Stage, workers

SEAL = "a seal that every host has"


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of a database with nothing in it, on a server that a whole connector takes."""
    yield from _of_its_own(postgres.shared_cluster().empty)


@pytest.fixture
def database_of_one() -> Iterator[str]:
    """The URL of an empty journal whose tables may be put aside: a database of this test's own."""
    yield from _of_its_own(postgres.shared_cluster().database)


def _of_its_own(made: Callable[[], str]) -> Iterator[str]:
    cluster, name = postgres.shared_cluster(), made()
    cluster.set(fsync="on")
    yield cluster.url(name)
    cluster.set(fsync="off")
    cluster.drop(name)


class Counted(Stage):
    """One process among several as the service is: at its stop nobody works on the journal any more."""

    def _hold_everything(self, journal: Journal, fence: Fence) -> None:
        """Nothing: who starts it joins the others."""


class Anywhere(Counted, Town):
    """A stage whose journal is where the administrator's file says, be it shared."""

    def __init__(self, directory: Path, **options: Any) -> None:
        super().__init__(directory, seams=wiring.Seams(pool=workers(), lease_s=600), **options)

    def start(self) -> None:
        super().start()
        config = load_config(self.config_text)
        if holding.is_shared(config, self.state):
            self._wired.enter_context(holding.joined(self.parts, config, self.state))


def settings(stage: Stage) -> Settings:
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
    with Anywhere(tmp_path, more=seal) as stage:
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
        with pytest.raises(JournalError, match="was moved to PostgreSQL on"):
            stage.start()

        (stage.state.directory / "spool").rename(tmp_path / "spool-of-before")
        (stage.state.directory / "tokens").rename(tmp_path / "tokens-of-before")
        stage.more = f"{seal}journal: {{url: '{empty}', replication: none}}\n"
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
        assert "(connector: and seal: stay as they are)" in said
        assert "aside" in said
        with pytest.raises(JournalError, match="was moved to /"):
            stage.start()
        stage.more = seal
        stage.start()
        assert stage.parts.journal.journal_id == known
        stage.sign()
        stage.later()
        assert stage.record("après").state is Step.DELIVERED
        assert stage.sends() == [1, 1]
        assert stage.tries() == 2


class Office(Counted, Hosts, Town):
    """One host, its journal in PostgreSQL."""


def test_kept_in_postgresql(tmp_path: Path, database_of_one: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup is made beside the running connector, and put back after more was sent, signed and paused: nothing is
    sent again, nothing is lost, what is in the spool comes home, a pause stays; then a new journal is begun from the
    markers alone. What stood there before is kept."""
    with Office(tmp_path, database_of_one) as stage:
        given = settings(stage)
        stage.drop("avant")
        stage.run()
        stage.dms.misbehave(kind="status", status=503, method="MOVE", path="*", times=None)
        stage.sign()
        stage.run()
        assert stage.record("avant").state is Step.DELIVERING
        stage.parts.journal.hold("folder:autres", MANUAL, probe_at=stage.clock.now())
        assert keep.backup(given, None) == 0
        stage.parts.journal.release("folder:autres")
        (made,) = backups.found(stage.state.directory / keep.DIRECTORY)
        assert made.facts.under_way == 1
        assert any(name.startswith("spool/") for name in made.files)
        assert not any(name.startswith(("tokens/", "keys/")) for name in made.files)
        stage.dms.behave()
        stage.drop("après")
        stage.run()
        stage.clock.advance(4000)
        stage.run()
        assert stage.record("avant").state is Step.DELIVERED
        assert stage.record("après").state is Step.IN_PROGRESS
        tries, known = stage.tries(), stage.parts.journal.journal_id
        stage.parts.journal.hold("cabinet", MANUAL, probe_at=stage.clock.now())
        stage.stop()
        capsys.readouterr()
        assert keep.restore(given, made.name, yes=True) == 0
        said = capsys.readouterr().out
        assert "account cabinet stays paused" in said
        assert "folder autres was paused when the backup was made, and is paused again" in said
        assert "the earlier journal is kept in schema public_aside_" in said
        stage.start()
        assert stage.parts.journal.journal_id == known
        assert stage.parts.journal.failed_over_at() is not None, "what had not left is a question"
        assert stage.parts.journal.at_place("dms", "/Lettres/après.sign.yaml") is None
        stage.parts.journal.release("cabinet")
        stage.later()
        assert stage.tries() == tries, "what was sent in between is asked about, never sent again"
        assert stage.record("avant").state is Step.DELIVERED
        assert stage.record("après").state is Step.IN_PROGRESS

        stage.stop()
        assert anew.rebuild(given, yes=True, dry_run=False) == 0
        assert "the earlier journal is kept in schema public_aside_" in capsys.readouterr().out
        with pytest.raises(JournalError, match="holds another journal"):
            keep.restore(given, made.name, yes=True)
        stage.start()
        assert stage.parts.journal.journal_id != known
        with pytest.raises(JournalError, match=r"connectors work on .* Stop them all first"):
            anew.rebuild(given, yes=True, dry_run=False)
        stage.later()
        assert stage.tries() == tries
        stage.sign()
        stage.later()
        assert stage.record("après").state is Step.DELIVERED
        assert stage.sends() == [1, 1]


def test_looked_at_in_postgresql(
    tmp_path: Path, database_of_one: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every verb that looks does so beside the running connector, and changes not one row; so does what a package
    asks."""
    with Office(tmp_path, database_of_one) as stage:
        given = settings(stage)
        stage.drop("sienne")
        stage.run()
        ref = stage.record("sienne").ref
        stage.drop("neuve")
        before = rows(database_of_one)
        assert status.status(given, "text", names=False) == 0
        assert show.show(given, ref, as_json=False, names=False) == 0
        assert spending.spending(given, month=None, since=None, csv=None) == 0
        assert forget.forget(given, "marie@exemple.fr", dry_run=True, yes=True) == 0
        assert check.check_config(given) == 0
        assert packaged.before_removal(given) == 0
        said = capsys.readouterr().out
        assert ref in said
        assert "1 requests are under way in the journal in PostgreSQL" in said
        assert (stage.state.directory / packaged.NOTHING_OPEN).exists()
        assert dry_run.dry_run(given, names=True) == 0
        said = capsys.readouterr().out
        assert "neuve" in said
        told = [line.text for line in database.journal(doctors.visit(stage))]
        assert [one for one in told if one.startswith("journal in PostgreSQL 1")]
        assert "its commits are on this one server alone, as configured" in told
        seen = glimpse(load_config(stage.config_text), stage.state, in_use=True)
        assert seen is not None
        assert seen.of_folder("lettres", "in_progress") == 1
        assert seen.busiest["cabinet"][0] == 1
        away = re.sub("port=[0-9]+", "port=1", stage.config_text)
        assert away != stage.config_text
        assert [line.code for line in database.journal(doctors.visit(stage, config=away))] == ["JSE-H20"]
        assert glimpse(load_config(away), stage.state, in_use=True) is None
        assert packaged.before_upgrade(given, waited=0) == 0
        assert packaged.after_upgrade(given, before="0.0.9") == 0
        assert "schema" in capsys.readouterr().out
        assert rows(database_of_one) == before
