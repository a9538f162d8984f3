"""How the work of a journal is shared out among processes, as was seen at one moment: what is whose, and what nobody's.

Pure: who looks is ``fleet``, and whoever tells of it. Source: protocol R12.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from connector import shares
from connector.journal.leases import Process, View
from connector.shares import Share

TELLING: Final = "telling"
"""The unit of mails, hooks, digests, and of what is nobody's own: whoever holds it does that for all."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What is to be worked with now, by names; ``elsewhere``: what others hold, or nobody yet."""

    folders: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    folders_elsewhere: frozenset[str] = frozenset()
    accounts_elsewhere: frozenset[str] = frozenset()
    keeper: bool = False
    """Does this process do what is done once for all: tell, and look after what is nobody's?"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a configuration names: folder → the accounts it may use, and every account."""

    folders: Mapping[str, Sequence[str]]
    accounts: Collection[str]
    server_of: Mapping[str, str] = field(default_factory=dict)
    """Folder → its server."""
    servers: Mapping[str, int] = field(default_factory=dict)
    """Server → how many requests of it may run at once, over all processes."""

    @cached_property
    def units(self) -> frozenset[str]:
        """Every folder and account."""
        return frozenset({*map(shares.folder, self.folders), *map(shares.account, self.accounts)})

    @cached_property
    def alone(self) -> tuple[Share, ...]:
        """The shares that the configuration alone makes."""
        return shares.configured(self.folders, self.accounts)


@dataclass(frozen=True, kw_only=True)
class SharedOut:
    """One moment, by one configuration."""

    wanted: Wanted
    view: View

    @cached_property
    def whole(self) -> tuple[Share, ...]:
        """The shares as they are then: by the configuration, and by what open requests and bonds join."""
        view = self.view
        pairs = [(shares.folder(name), shares.account(account)) for name, account in view.pairs]
        return shares.joined(self.wanted.alone, [*pairs, *view.bonds])

    @cached_property
    def living(self) -> frozenset[int]:
        """The numbers of the processes that lived."""
        return frozenset(process.id for process in self.view.alive)

    @cached_property
    def nobodys(self) -> tuple[Share, ...]:
        """The shares that no living process had the whole of, or that several had parts of."""
        holders = self.view.holders
        return tuple(
            share
            for share in self.whole
            if len(found := {holders.get(unit) for unit in share}) > 1 or not found & self.living
        )

    def counts(self, process: int) -> dict[str, int]:
        """Return how many shares a process had, others had, and nobody had whole."""
        holders, nobodys = self.view.holders, set(self.nobodys)
        mine = sum(
            all(holders.get(unit) == process for unit in share)
            for share in self.whole
            if share not in nobodys
        )
        return {"here": mine, "others": len(self.whole) - mine - len(nobodys), "nobody": len(nobodys)}

    def held(self) -> dict[int, list[Share]]:
        """Return process → the shares of which it had anything; the living and the lost."""
        found: dict[int, list[Share]] = {process.id: [] for process in (*self.view.alive, *self.view.lost)}
        for share in self.whole:
            for process in {self.view.holders[unit] for unit in share if unit in self.view.holders}:
                found.setdefault(process, []).append(share)
        return found

    def told(self, processes: Collection[int]) -> list[str]:
        """Return who these processes are, for a message."""
        known: dict[int, Process] = {one.id: one for one in (*self.view.alive, *self.view.lost)}
        return [
            f"{known[one].name} on {known[one].host} (process {one})"
            for one in sorted(processes)
            if one in known
        ]
