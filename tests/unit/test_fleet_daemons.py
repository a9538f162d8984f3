"""Whole daemons on one journal, each with its own threads: they share, one is lost, the database goes and is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from connector.cli import holding, wiring
from connector.cli.reloading import Reloading
from connector.cli.whole import read_whole
from connector.daemon import Daemon
from connector.errors import Fenced, JournalAway, JournalError
from connector.fleet import Fleet
from connector.lifecycle import State
from connector.reload import ConfigWatch
from connector.shared_out import Holding
from tests import documents, postgres
from tests.firms import Firms
from tests.worlds import QUICK

LEASE_S = 60.0
"""Longer than a machine under load ever stands still: who is to be given up for lost is made old. A daemon that really
lost its lease would end, as it should, and nobody here begins it anew."""
AT_ONCE_S = LEASE_S / 2
"""No lease is waited for, however slow the machine."""


class Running:
    """One daemon in a thread, as ``run`` makes it. ``ended``: what its work came to."""

    def __init__(self, firms: Firms, name: str, file: Path) -> None:
        self.name = name
        self._firms, self._file = firms, file
        self.state = wiring.State(directory=firms.directory / f"state-{name}")
        self.state.make()
        firms.connect_all(self.state)
        self.ended: bool | JournalError | None = None
        self.fleet: Fleet | None = None
        self.daemon: Daemon | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        config, firms = self._firms.config_of(self._file), self._firms
        seams = wiring.Seams(pool=firms.seams.pool, lease_s=LEASE_S)
        try:
            with ExitStack() as stack:
                parts = stack.enter_context(
                    wiring.wired(
                        holding.reduced(config, Holding()),
                        self.state,
                        now=firms.clock.now,
                        seams=seams,
                        whole=config,
                    )
                )
                parts.timing = QUICK
                self.fleet = stack.enter_context(holding.joined(parts, config, self.state))
                watch = ConfigWatch(self._file, partial(read_whole, self._file))
                reloading = stack.enter_context(
                    Reloading(watch, config, self.state, parts, seams=seams, fleet=self.fleet)
                )
                self.daemon = Daemon(reloading.parts, reloading.worked, reloader=reloading)
                self.fleet.orders, self.fleet.busy = self.daemon.summoned, self.daemon.busy_units
                self.fleet.start()
                try:
                    self.ended = self.daemon.work()
                finally:
                    self.fleet.at_rest = self.daemon.at_rest
        except JournalError as error:
            self.ended = error

    def end(self) -> None:
        if self.daemon is not None:
            self.daemon.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return
        except JournalError:
            pass
        time.sleep(0.1)
    raise AssertionError("it does not come to that")


def begun(firms: Firms) -> set[str]:
    """Folders that somebody has looked at once. What lies there before is held, and not launched (protocol R7)."""
    with firms.journal() as journal, journal.engine.begin() as connection:
        return {row[0] for row in connection.exec_driver_sql("SELECT folder FROM watch")}


@pytest.fixture
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.ground() as ground:
        yield ground.cluster(fsync=True)


def test_two_daemons_share_and_one_begins_anew(tmp_path: Path, cluster: postgres.Cluster) -> None:
    """Work is spread without a word; an order reaches whoever has the request; who was given up for lost ends by itself
    and does nothing more; without the database both end at once, and what they were at goes on with their next life."""
    with Firms(tmp_path, cluster.url(cluster.database())) as firms:
        file = tmp_path / "config.yaml"
        file.write_text(
            firms.config_text.replace("polling: {", "polling: {folders: 300ms, platform: 300ms, ")
        )
        file.chmod(0o600)
        one = Running(firms, "one", file)
        until(lambda: set(firms.holders()) == {"annecy", "brest"})
        two = Running(firms, "two", file)
        until(lambda: len(set(firms.holders().values())) == 2)
        until(lambda: begun(firms) == {"annecy", "brest"})
        for name in firms.firms:
            firms.drop("lettre", documents.letter(text=name), folder=name.title())
        until(lambda: firms.spent() == {"Annecy": 1, "Brest": 1})

        # An order that is given anywhere.
        with firms.journal() as journal:
            record = next(one for one in firms.records() if one.folder == "brest")
            journal.order(record, "cancel")
        until(lambda: {one.folder: one.state for one in firms.records()}["brest"] is State.CANCELLED)

        # One is not heard of for too long: it hears so itself, and the other one takes over.
        assert one.fleet is not None
        with firms.journal() as journal, journal.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE process SET until = 1 WHERE id = {one.fleet.process}")
        until(lambda: isinstance(one.ended, Fenced))
        until(lambda: set(firms.holders().values()) == {str(two.fleet.process if two.fleet else 0)})
        firms.sign()
        until(lambda: {one.folder: one.state for one in firms.records()}["annecy"] is State.DELIVERED)

        # The database goes: nobody works. It comes back, and with it whoever begins anew.
        cluster.stop("immediate")
        until(lambda: isinstance(two.ended, JournalAway))
        cluster.start()
        three = Running(firms, "two", file)
        until(lambda: set(firms.holders()) == {"annecy", "brest"}, AT_ONCE_S)
        firms.drop("autre", documents.letter(text="autre"), folder="Brest")
        until(lambda: firms.spent() == {"Annecy": 1, "Brest": 2})
        for each in (one, two, three):
            each.end()
        assert three.ended is True
        assert firms.holders() == {}
        assert all(sends == 1 for sends in firms.sends())
