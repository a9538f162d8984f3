"""What of the configuration this process works with, where several share one journal: a smaller configuration.

What is taken or given up is a reload (``changing``): the passes from the next one on work with other parts, and what
was given up is freed when the last pass that may use it is over. Source: protocol R12.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from connector import shares
from connector.changing import Setup, forget, renewed
from connector.cli import former, wiring, wiring_settings
from connector.cli.journal_file import sqlite_file
from connector.cli.rewiring import rewired
from connector.cli.token_place import tokens_in
from connector.cli.wiring import Seams, State
from connector.config import Config, references, resolve_secret
from connector.errors import ConfigurationError, ConfigurationProblem, Fenced, JournalError
from connector.fleet import Fleet
from connector.guards import ServerMemory
from connector.hearing import exchange
from connector.journal.leases import PASSING
from connector.journal.lookups import Scope
from connector.shared_out import Holding, Wanted
from connector.slots import Client
from connector.steps import leftovers, machines
from connector.steps.parts import Parts
from connector.webdav.folder import WebDavFolder

log = logging.getLogger(__name__)


def is_shared(config: Config, state: State) -> bool:
    """True where other processes may work on the same journal."""
    return sqlite_file(config.journal.url or state.journal_url) is None


def several_need_one_journal(config: Config, state: State) -> None:
    """Raise ConfigurationError for one of several connectors that would have a journal of its own: all would send."""
    if state.instance and not is_shared(config, state):
        raise ConfigurationError(
            [
                ConfigurationProblem(
                    path="journal.url",
                    text=f"jse-connector@{state.instance} is one of several connectors, and these share a journal in "
                    "PostgreSQL: name it, or start jse-connector.service instead",
                )
            ]
        )


def wanted(config: Config) -> Wanted:
    """Return what a configuration names."""
    return Wanted(
        folders={name: tuple(folder.accounts) for name, folder in config.folders.items()},
        accounts=tuple(config.accounts),
        server_of={name: folder.server for name, folder in config.folders.items()},
        servers={name: server.max_connections for name, server in config.servers.items()},
    )


def reduced(config: Config, holding: Holding) -> Config:
    """Return the configuration as if it named only what is held, with the servers of these folders."""
    folders = {name: one for name, one in config.folders.items() if name in holding.folders}
    used = {one.server for one in folders.values()}
    return config.model_copy(
        update={
            "folders": folders,
            "accounts": {name: one for name, one in config.accounts.items() if name in holding.accounts},
            "servers": {name: one for name, one in config.servers.items() if name in used},
        }
    )


def usable(config: Config) -> None:
    """Raise ConfigurationError, with every problem, where a secret of anything that may be taken cannot be read."""
    problems: list[ConfigurationProblem] = []
    for path, reference in references(config):
        try:
            resolve_secret(reference, path=path)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)


@contextmanager
def joined(parts: Parts, config: Config, state: State, verb: str = "") -> Iterator[Fleet]:
    """Be one of the processes on this journal, from now on and until the end. Raises JournalError.

    ``verb``: at work for a moment, perhaps beside a service that has this state directory. Else what worked with that
    before works no more, since its lock is ours. At the end what is held is free at once, unless somebody is still at
    work (``Fleet.at_rest``).
    """
    assert parts.fence is not None
    fleet = Fleet(parts.fence, wanted(config), name=state.name + (PASSING + verb if verb else ""))
    journal = parts.journal
    former.judge(state, journal)
    if verb:
        journal.token = fleet.begin()
    else:
        before = former.processes(state, journal)
        journal.token = fleet.begin(before)
        former.keep(state, journal, journal.token)
        machines.let_go_of_the_renamed(parts, before)
    try:
        yield fleet
    finally:
        if fleet.at_rest:
            fleet.end()
        else:
            fleet.abandon()


@contextmanager
def alone(
    parts: Parts, config: Config, state: State, folders: Collection[str], *, verb: str
) -> Iterator[None]:
    """Hold these folders, and what depends on them, for a verb that works there itself; nothing to do with SQLite.

    Raises JournalError, saying who works there, where another process does.
    """
    if parts.fence is None:
        yield
        return
    with joined(parts, config, state, verb) as fleet:
        if folders:
            fleet.take_alone(frozenset(map(shares.folder, folders)))
        fleet.live()
        yield


class Held:
    """The parts of one process, as what it holds changes. Main thread only."""

    def __init__(self, fleet: Fleet, parts: Parts, config: Config, state: State, seams: Seams) -> None:
        self.fleet, self._state, self._seams = fleet, state, seams
        self._journal = parts.journal
        fleet.heard = self._hear
        self.holding = Holding()
        self.whole = config
        self.worked = reduced(config, self.holding)
        self._seen = -1
        self._waiting: frozenset[str] = frozenset()
        """Given up, with somebody told to free it once those who may work on it now have come to their end."""

    def first(self, parts: Parts) -> Parts:
        """Return the parts to begin with: nothing is held yet."""
        return self._placed(parts, self.whole, self.holding)

    def moved(self, parts: Parts, whole: Config, made: ExitStack) -> Setup | None:
        """Return what to change into now, None where neither configuration nor holding is another one.

        Raises ConfigurationError where a secret cannot be read, and what ended this process.
        """
        self.fleet.failed()
        if whole is self.whole and self.fleet.version == self._seen:
            return None
        if whole is not self.whole:
            usable(whole)
            self.fleet.configure(wanted(whole))
        # What leaves is read first: what is to be worked with has then nothing of it, whatever happens between. Each
        # is told once, for those who work now: who comes later has nothing of it, and may outlast its coming back.
        seen, leaving = self.fleet.version, self.fleet.leaving() - self._waiting
        holding = self.fleet.holding()
        if whole is self.whole and holding == self.holding and not leaving:
            self._seen = seen
            return None
        new = reduced(whole, holding)
        try:
            setup = rewired(
                parts, self.worked, new, self._state, self._seams, made, whole=(self.whole, whole)
            )
        except ConfigurationError as error:
            if whole is not self.whole:
                raise
            # Given back by beginning anew, which waits for the secret; what else was held is others' meanwhile, too.
            raise Fenced(f"what was taken cannot be worked with here: {error}") from error
        placed = self._placed(setup.parts, whole, holding)
        before = parts.watched
        anew = frozenset(
            name
            for name in setup.anew
            if any(before.get(one) != now for one, now in placed.watched.items() if now.server == name)
        )
        closers: Sequence[Callable[[], None]] = setup.retired
        if leaving:
            closers = [*closers, lambda: self._rested(placed, leaving)]
            self._waiting |= leaving
        self.fleet.fit(self._clients(placed))
        self.whole, self.worked, self.holding, self._seen = whole, new, holding, seen
        return replace(setup, parts=placed, anew=anew, retired=closers)

    def _placed(self, parts: Parts, whole: Config, holding: Holding) -> Parts:
        scope = Scope(folders=holding.folders_elsewhere, accounts=holding.accounts_elsewhere)
        contract = wiring.contract_of(whole)
        everything = replace(
            parts,
            journal=self._journal,
            watched=wiring_settings.watched(whole),
            accounts=wiring_settings.accounts_of(
                whole, contract, tokens_in(whole, self._state, self._journal)
            ),
            elsewhere=frozenset(),
            accounts_elsewhere=frozenset(),
            keeper=holding.keeper,
            whole=None,
        )
        placed = replace(
            parts,
            journal=self._journal.within(scope),
            elsewhere=holding.folders_elsewhere,
            accounts_elsewhere=holding.accounts_elsewhere,
            keeper=holding.keeper,
            whole=everything,
            bond=self.fleet.bond,
            works_on=self.fleet.works_on,
        )
        placed.started_at = everything.started_at = parts.started_at
        return placed

    def _clients(self, parts: Parts) -> dict[str, Client]:
        return {name: one for name, one in parts.folders.items() if isinstance(one, WebDavFolder)}

    def _hear(self, clients: Mapping[str, Client]) -> None:
        told = {name: one.connections for name, one in clients.items() if isinstance(one, WebDavFolder)}
        try:
            exchange(told, self._journal.pauses(), self._journal.tell_pause)
        except JournalError as error:  # the sign of life finds out what that means
            log.info("what servers told the other processes is not known just now: %s", error)

    def _rested(self, parts: Parts, units: frozenset[str]) -> None:
        """Nobody works on these any more: what this process remembers of them would be of the past when it is back.

        Of these alone: since they were given up, others may have been taken, and be at work.
        """
        try:
            let_go(parts, units)
        except JournalError as error:
            # What was not forgotten must not be believed later, and what is not freed nobody works on: begin anew.
            self.fleet.fail(error)
            return
        self._waiting -= units
        self.fleet.rested(units)
        leftovers.given_up(parts, shares.folders_of(units), shares.accounts_of(units))


class Turns:
    """A process that makes one pass after the other in one thread, with what it holds: ``tick``'s way of sharing."""

    def __init__(self, held: Held | None, parts: Parts, config: Config) -> None:
        self._held, self._whole = held, config
        self.parts = parts if held is None else held.first(parts)
        self.config = config if held is None else held.worked
        self.memories = {name: ServerMemory() for name in self.config.servers}
        self._made = ExitStack()

    def turn(self) -> None:
        """Take what is free; with an earlier pass over, what was given up is freed at once. Raises JournalError."""
        if self._held is None:
            return
        self._held.fleet.turn()
        self.follow()

    def follow(self) -> None:
        """Work with what is held now."""
        if self._held is None:
            return
        setup = self._held.moved(self.parts, self._whole, self._made)
        if setup is None:
            return
        self.parts, self.config = setup.parts, setup.config
        known = {name: self.memories.get(name, ServerMemory()) for name in setup.config.servers}
        self.memories = {name: renewed(one) if name in setup.anew else one for name, one in known.items()}
        for name in setup.anew:
            forget(self.parts, name)
        for closer in setup.retired:
            closer()

    def close(self) -> None:
        """Close what was made."""
        self._made.close()


def let_go(parts: Parts, units: Collection[str]) -> None:
    """Forget what only a process that goes on with a request may believe: what it did itself, and what it was told.

    ``units``: what is given up. Raises JournalError, having forgotten nothing.
    """
    folders, accounts = shares.folders_of(units), shares.accounts_of(units)
    ids = {
        *(parts.in_flight | parts.not_left | parts.reminding | parts.fresh_marks | parts.fresh_sends),
        *parts.leaving,
        *parts.probing.values(),
    }
    known = [parts.journal.get(ident) for ident in ids]
    gone = {record.id for record in known if record.folder in folders or record.account in accounts}
    for remembered in (
        *(parts.in_flight, parts.not_left, parts.reminding),
        *(parts.fresh_marks, parts.fresh_sends),
    ):
        remembered -= gone
    for ident in gone:
        parts.leaving.pop(ident, None)
    for account in accounts:
        for told in (parts.sends_answered, parts.doubts, parts.doubts_over, parts.let_be, parts.probing):
            told.pop(account, None)
