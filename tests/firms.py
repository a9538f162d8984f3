"""Several connectors on one PostgreSQL journal, between the real servers of a ``Stage``: a firm each has a folder.

A ``Member`` is one process, of which a test makes every move: its sign of life, its look at who holds what, its passes.
One that is not moved is frozen. What the machine would do by itself in threads is in ``test_fleet_daemons``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from connector.cli import holding, wiring
from connector.cli.status_gather import Asked, gathered
from connector.cli.token_place import tokens_in
from connector.config import Config, load_config
from connector.guards import ServerMemory
from connector.jesignexpert.tokens import Tokens
from connector.journal import Journal
from connector.lifecycle import Record
from connector.passes import account_pass, server_pass
from connector.shared_out import Holding
from connector.steps.leftovers import sweep
from connector.steps.parts import Parts
from tests import postgres
from tests.worlds import Mode, Stage

LEASE_S = 600.0
"""So long that no test depends on how quick the machine is; who is to be relieved is made old (``Firms.forget``)."""


class Firms(Stage):
    """Firms on one DMS login (on Nextcloud with one registry for all), and the processes that share them."""

    def __init__(
        self,
        directory: Path,
        url: str,
        mode: Mode = "nextcloud",
        *,
        firms: Sequence[str] = ("annecy", "brest"),
        **options: Any,
    ) -> None:
        self.firms, self.url = tuple(firms), url
        self.members: list[Member] = []
        self._versions: list[int] = []
        super().__init__(directory, mode, start=False, offices=[name.title() for name in firms], **options)
        for name in firms:
            self.person.mkdir(name.title())

    @property
    def config_text(self) -> str:
        seal = self.directory / "seal"
        if not seal.exists():
            seal.write_text("a seal for all of the connectors")
            seal.chmod(0o600)
        before, _, _ = super().config_text.partition("accounts: {")
        accounts = ", ".join(f"{name}: {{sender: {name.title()}, owner: o@{name}.fr}}" for name in self.firms)
        more = "".join(f", {name}: {value}" for name, value in self.settings.items())
        folders = ", ".join(
            f"{name}: {{server: dms, path: /{name.title()}/, account: {name}{more}}}" for name in self.firms
        )
        return (
            f"{before}accounts: {{{accounts}}}\nfolders: {{{folders}}}\nseal: {{file: {seal}}}\n"
            f"journal: {{url: '{self.url}', replication: none}}\npolling: {{max_calls_per_minute: {self.reads}}}\n"
            f"{self.more}"
        )

    @property
    def config(self) -> Config:
        return load_config(self.config_text)

    def config_of(self, file: Path) -> Config:
        """The configuration of a file that was made of ``config_text``."""
        return load_config(file)

    def renew(self) -> None:
        """Tokens are put in place for each member."""

    def connect_all(self, state: wiring.State) -> None:
        """Put tokens in place for every firm, as ``connect`` does; they are in the journal that all share."""
        with self.journal() as journal:
            keeper = tokens_in(self.config, state, journal)
            for firm in self.firms:
                if keeper.load(firm) is None:
                    tokens = self.platform.office_tokens(firm.title())
                    keeper.save(
                        firm, Tokens(office=tokens["office"], office_name=firm.title(), user=tokens["user"])
                    )

    def join(self, name: str, *, host: str = "") -> Member:
        """Start one more process. ``host``: has a disk of its own, on which it may be called as on another one."""
        made = Member(self, name, host)
        self.members.append(made)
        return made

    @contextmanager
    def parts(self, name: str, *, everything: bool = True) -> Iterator[tuple[Parts, wiring.State]]:
        """Wire the parts of a verb, with a state directory of its own."""
        state = wiring.State(directory=self.directory / f"state-{name}")
        state.make()
        self.connect_all(state)
        config = self.config
        seams = wiring.Seams(pool=self.seams.pool, lease_s=LEASE_S)
        held = config if everything else holding.reduced(config, Holding())
        with wiring.wired(held, state, now=self.clock.now, seams=seams, whole=config) as parts:
            parts.timing = self.timing
            yield parts, state

    @contextmanager
    def verb(self, name: str) -> Iterator[holding.Turns]:
        """Be a verb that makes passes, as ``tick`` does."""
        seams = wiring.Seams(pool=self.seams.pool)
        with (
            self.parts(name, everything=False) as (parts, state),
            holding.joined(parts, self.config, state, name) as fleet,
            closing(
                holding.Turns(holding.Held(fleet, parts, self.config, state, seams), parts, self.config)
            ) as turns,
        ):
            yield turns

    def settle(self, rounds: int = 6) -> None:
        """Let every living member look and work, several times in turn, until nothing moves in three of them."""
        calm = 0
        for _ in range(rounds):
            for member in self.members:
                member.turn()
            before = [member.fleet.version for member in self.members]
            moved = sum(member.work() for member in self.members)
            calm = 0 if moved or before != self._versions else calm + 1
            self._versions = before
            if calm == 3:
                return

    def forget(self, member: Member) -> None:
        """Let so much time pass, by the database's clock, that a member's lease is over."""
        with self.journal() as journal, journal.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE process SET until = 1 WHERE id = {member.process}")

    def journal(self) -> _Opened:
        return _Opened(self.url, self.clock.now)

    def records(self) -> list[Record]:
        with self.journal() as journal:
            return list(journal.everything())

    def holders(self) -> dict[str, str]:
        """Folder → the member that holds it."""
        names = {member.process: member.name for member in self.members}
        with self.journal() as journal, journal.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT unit, process_id FROM lease WHERE process_id IS NOT NULL"
            ).all()
        return {unit[7:]: names.get(one, str(one)) for unit, one in rows if unit.startswith("folder:")}

    def told(self) -> dict[str, Any]:
        """What ``status --json`` says, as plain types."""
        with self.journal() as journal:
            return gathered(
                Asked(
                    config=self.config,
                    journal=journal,
                    tokens=tokens_in(self.config, wiring.State(directory=self.directory / "state"), journal),
                    vital=None,
                    running=True,
                    room="",
                    now=self.clock.now(),
                )
            )

    def spent(self) -> Counter[str]:
        """How many invitations each firm has paid for."""
        return Counter(view.office for view in self.platform.transactions() for _ in range(view.sends))

    def stop(self) -> None:
        for member in self.members:
            member.kill()
        super().stop()


@contextmanager
def durable_url() -> Iterator[str]:
    """Give the URL of an empty journal on a server that a whole connector takes: fsync is on."""
    cluster = postgres.shared_cluster()
    with postgres.journal_url() as url:
        cluster.configure(fsync="on")
        cluster.reload()
        yield url


class _Opened:
    def __init__(self, url: str, now: Any) -> None:
        self._url, self._now = url, now

    def __enter__(self) -> Journal:
        self._journal = Journal(self._url, now=self._now)
        return self._journal

    def __exit__(self, *_: object) -> None:
        self._journal.close()


class Member:
    """One connector process."""

    def __init__(self, firms: Firms, name: str, host: str = "") -> None:
        self.firms, self.name = firms, host or name
        place = firms.directory / host / name if host else firms.directory / f"state-{name}"
        self.state = wiring.State(directory=place)
        self.state.make()
        firms.connect_all(self.state)
        self._stack = ExitStack()
        config = firms.config
        seams = wiring.Seams(
            pool=firms.seams.pool,
            journal=firms.seams.journal,
            adapter=firms.seams.adapter,
            transport=firms.seams.transport,
            lease_s=LEASE_S,
        )
        parts = self._stack.enter_context(
            wiring.wired(
                holding.reduced(config, Holding()),
                self.state,
                now=firms.clock.now,
                seams=seams,
                whole=config,
            )
        )
        parts.timing = firms.timing
        self.fleet = self._stack.enter_context(holding.joined(parts, config, self.state))
        self.process = self.fleet.process
        sweep(parts)
        self.held = holding.Held(self.fleet, parts, config, self.state, seams)
        self._turns = holding.Turns(self.held, parts, config)
        self._stack.callback(self._turns.close)
        self.alive = True

    @property
    def parts(self) -> Parts:
        return self._turns.parts

    @property
    def memories(self) -> dict[str, ServerMemory]:
        return self._turns.memories

    @property
    def folders(self) -> set[str]:
        """What it works with now."""
        return set(self.parts.watched)

    def turn(self) -> None:
        """A sign of life, a look at who holds what, and the parts for it."""
        if self.alive:
            self.fleet.beat()
            self._turns.turn()
            self._keep_timing()

    def follow(self) -> None:
        """Work from now on with what was found to be held at the last look."""
        self._turns.follow()
        self._keep_timing()

    def _keep_timing(self) -> None:
        self.parts.timing = self.firms.timing

    def work(self) -> int:
        """One pass over everything that it holds; returns how many requests moved."""
        if not self.alive:
            return 0
        self.firms.clock.advance(3)
        moved = 0
        for server, memory in self.memories.items():
            moved += server_pass(self.parts, server, memory).moved
        for account in self.parts.accounts:
            moved += account_pass(self.parts, account).moved
        return moved

    def leave(self) -> None:
        """End as a service does: what it held is free at once."""
        self.alive = False
        self._stack.close()

    def kill(self) -> None:
        """End without a word."""
        if self.alive:
            self.alive = False
            self.fleet.at_rest = False
            self._stack.close()
