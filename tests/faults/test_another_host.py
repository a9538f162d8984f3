"""A connector on another host takes up what one began: nothing of it lay on the first one's disk alone.

The journal is one, in PostgreSQL; state directories are two, and the first is gone with its host.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.cli import holding, wiring
from connector.cli.token_place import tokens_in
from connector.config import load_config
from connector.jesignexpert.tokens import Tokens
from connector.journal import schema
from connector.lifecycle import State
from connector.passes import account_pass
from connector.steps import leftovers
from connector.steps.alarms import standing
from connector.steps.waiting import MANUAL
from tests import postgres
from tests.worlds import MARIE, ONE, Stage, workers


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.durable_url() as found:
        yield found


class Hosts(Stage):
    """One folder, one account, and hosts that work on them one after the other."""

    def __init__(self, directory: Path, url: str, **options: Any) -> None:
        self.host = "a"
        seal = directory / "seal"
        seal.write_text("a seal that all of them have")
        seal.chmod(0o600)
        super().__init__(
            directory,
            more=f"journal: {{url: '{url}', replication: none}}\nseal: {{file: {seal}}}\n",
            seams=wiring.Seams(pool=workers(), lease_s=600),
            **options,
        )

    @property
    def state(self) -> Any:
        return type(super().state)(directory=self.directory / f"state@{self.host}")

    def start(self) -> None:
        super().start()
        config = load_config(self.config_text)
        self._wired.enter_context(holding.joined(self.parts, config, self.state))

    def renew(self) -> None:
        found = self.platform.office_tokens()
        tokens = Tokens(office=found["office"], office_name=found["office_name"], user=found["user"])
        tokens_in(load_config(self.config_text), self.state).save("cabinet", tokens)

    def goes_on_at(self, host: str) -> None:
        """The one that worked is gone with its disk; another one begins with an empty one."""
        self.stop()
        shutil.rmtree(self.state.directory)
        self.host = host
        self.state.make()
        self.start()

    def called(self, operation: str) -> int:
        """How often the platform was asked for something."""
        return sum(one.operation == operation for one in self.platform.requests)

    def kept(self) -> list[str]:
        """Names of the files that rest in the journal."""
        with self.parts.journal._reading() as connection:
            query = sa.select(schema.spooled.c.name).where(schema.spooled.c.piece == 0)
            return sorted(row.name for row in connection.execute(query))

    def here(self) -> list[str]:
        """Names of the files on this host's disk."""
        return sorted(path.name for path in (self.state.directory / "spool").rglob("*") if path.is_file())


def test_what_one_host_fetched_another_delivers(tmp_path: Path, url: str) -> None:
    """Signed documents and the attestation come from the journal, the tokens too; the platform is asked once. What was
    judged and not sent is judged again there. At the end nothing of it rests anywhere."""
    with Hosts(tmp_path, url) as stage:
        stage.drop(sidecar=ONE + "attestation: oui\n")
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        assert stage.kept() == []  # what only waits to be signed would fill the database for months
        stage.parts.journal.hold("cabinet", MANUAL, probe_at=stage.clock.now() + timedelta(days=1))
        stage.drop("attend", sidecar=ONE)
        stage.run(4)
        assert stage.record("attend").state is State.WAITING
        assert stage.here() == ["sent.pdf", "sent.pdf"]
        leftovers.at_the_end(stage.parts)
        assert stage.here() == []  # it may never begin again
        stage.goes_on_at("b")
        stage.parts.journal.release("cabinet")
        stage.run()
        assert stage.first_line("attend").startswith("EN COURS")
        stage.platform.person_signs(str(stage.record().transaction), MARIE)
        stage.clock.advance(60)
        for _ in range(3):
            stage.clock.advance(3)
            account_pass(stage.parts, "cabinet")
        assert stage.record().state is State.DELIVERING
        assert stage.kept() == ["signed.pdf"]
        stage.goes_on_at("c")
        stage.dms.misbehave(kind="status", method="PUT", path="*attestation.pdf", status=507, times=3)
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert "attestation.pdf" in stage.kept()
        stage.goes_on_at("d")
        for _ in range(4):
            stage.clock.advance(1800)
            stage.run()
        assert stage.record().closed
        assert "lettre.attestation.pdf" in stage.files()
        assert (stage.called("download"), stage.called("attestation")) == (1, 1)
        assert stage.sends() == [1, 1]
        assert stage.kept() == []
        stage.intact()


def test_the_original_survives_a_host(tmp_path: Path, url: str) -> None:
    """R5: It was overwritten, no version keeps it, and the host that had it is gone: it is written beside from the
    journal, where it was put before anything was written over it."""
    with Hosts(tmp_path, url) as stage:
        stage.drop()
        stage.run()
        original = stage.read("lettre.pdf")
        stage.goes_on_at("b")  # the host that judged and sent it
        stage.dms.versions_app = False
        stage.dms.misbehave(kind="status", method="PUT", path="*(original).pdf", status=507, times=3)
        stage.sign()
        stage.run(4)
        assert stage.record().state is State.DELIVERING
        assert stage.read("lettre.pdf") != original
        stage.goes_on_at("c")
        for _ in range(8):
            stage.clock.advance(1800)
            stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.read("lettre (original).pdf") == original
        assert stage.called("download") == 1
        stage.intact()


def test_a_preview_is_drawn_wherever_it_is_seen(tmp_path: Path, url: str) -> None:
    """Judged on one host, drawn on another, which has the document judged again: its bytes were never here."""
    with Hosts(tmp_path, url, settings={"send": "preview"}) as stage:
        stage.dms.misbehave(kind="status", method="PUT", path="*aper*", status=503, times=3)
        stage.drop()
        stage.run(2)
        assert not [name for name in stage.files() if "apercu" in name]
        stage.goes_on_at("b")
        for _ in range(4):
            stage.clock.advance(600)
            stage.run()
        assert [name for name in stage.files() if "apercu" in name]
        stage.intact()


def test_no_copy_stays_behind(tmp_path: Path, url: str) -> None:
    """What another process works on, or has closed, leaves this disk; what this one works on stays; in the journal
    nothing rests that is closed, whoever closed it."""
    with Hosts(tmp_path, url) as stage:
        for name in ("ferme", "autre", "notre"):
            stage.drop(name)
        stage.run()
        stage.dms.misbehave(kind="status", method="MOVE", path="*.pdf", status=423, times=30)
        stage.sign()
        stage.run(4)
        assert len(stage.kept()) >= 3
        journal = stage.parts.journal
        journal.note(
            stage.record("ferme"), "closed", closed=True
        )  # by another process, which died right then
        stage.parts.watched = {**stage.parts.watched, "ailleurs": stage.parts.watched["lettres"]}
        other = stage.record("autre")
        journal.note(other, "moved", folder="chez-b")
        leftovers.cached(stage.parts)
        refs = stage.parts.spool.references()
        assert refs == {stage.record("notre").ref}
        assert not stage.parts.spool.has(stage.record("ferme").ref, "signed.pdf", None)
        assert stage.parts.spool.has(other.ref, "signed.pdf", other.document.signed_sha256)


def test_one_full_disk_is_nobody_elses(tmp_path: Path, url: str) -> None:
    """The host that cannot keep a file says so under its own name; whoever takes over its work is not held by it."""
    with Hosts(tmp_path, url) as stage:
        stage.drop()
        stage.run()
        spool = stage.state.directory / "spool"
        shutil.rmtree(spool)
        spool.write_text("not mounted")
        stage.sign()
        stage.run(4)
        assert standing(stage.parts, stage.parts.machine, "no_room") is not None
        assert stage.parts.machine.startswith("machine:a@")
        assert stage.record().state is State.SEALING
        spool.unlink()
        spool.mkdir()
        stage.goes_on_at("b")
        assert stage.parts.journal.held("cabinet") is not None
        for _ in range(3):
            stage.clock.advance(600)
            stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.parts.journal.held("cabinet") is None
        stage.intact()
