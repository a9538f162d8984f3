"""How many connections of each DMS server this process may use, where several processes share them.

A server's ``max_connections`` are so many slots; each is a unit that one process leases (``slot:SERVER/3``), and
whoever holds it may have one request of that server under way. A process changes how many it has while it runs: it
takes before it uses, and gives up only what is at rest. Where there are more processes than slots, they take turns.
What the server told one of them (to be let be, that the login is wrong) counts for all. Called by whoever balances
the leases, in one thread.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

PREFIX: Final = "slot:"
TURN_S: Final = 60.0
"""So long a process uses a server that others wait for, before it lets them have their turn."""


class Client(Protocol):
    """A server's client whose connections can be more or fewer."""

    def allow(self, most: int) -> None:
        """Let so many requests run at once from now on."""
        ...

    @property
    def in_use(self) -> int:
        """So many connections are in use, or kept open."""
        ...


@dataclass(frozen=True, kw_only=True)
class Step:
    """What to do with leases of slots now. ``take``: whichever of them is still free; a part of them is welcome."""

    take: tuple[str, ...] = ()
    give: tuple[str, ...] = ()
    """Nothing of ours uses them any more."""


def units(server: str, maximum: int) -> tuple[str, ...]:
    """Return the slots of a server, in the order in which they are taken."""
    return tuple(f"{PREFIX}{server}/{number}" for number in range(1, maximum + 1))


def server_of(unit: str) -> str:
    """Return whose slot a unit is. A server's name holds no slash."""
    return unit.removeprefix(PREFIX).rpartition("/")[0]


def wanted(maximum: int, me: int, working: Collection[int]) -> int:
    """Return how many of a server's slots a process should have: its even part, one at least, none without work.

    ``working``: the processes that work with that server. What cannot be divided is the eldest ones'.
    """
    if me not in working:
        return 0
    each, more = divmod(maximum, len(set(working)))
    return max(1, each + (sorted(set(working)).index(me) < more))


class Slots:
    """Those of one process, over all its changes. Not thread-safe."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        """Server → when we began to use it while others were waiting."""
        self._yielded: dict[str, float] = {}
        """Server → when we let others have their turn."""

    def step(
        self,
        *,
        me: int,
        maxima: Mapping[str, int],
        working: Mapping[str, Collection[int]],
        leases: Mapping[str, int | None],
        clients: Mapping[str, Client],
        now: float,
    ) -> Step:
        """Return which slots to take and which to give up now; the clients' limits of what is given are lowered.

        ``working``: server → processes that hold a folder of it. ``leases``: unit → its process, None where it is free;
        slots that a smaller ``max_connections`` took away are in it as long as we hold them. ``now``: seconds, steady.
        """
        take: list[str] = []
        give: list[str] = []
        held = {unit for unit, process in leases.items() if process == me and unit.startswith(PREFIX)}
        for server in sorted({*maxima, *map(server_of, held)}):
            all_of_it = units(server, maxima.get(server, 0))
            mine = sorted((unit for unit in held if server_of(unit) == server), key=_number)
            aim = self._aim(server, me, all_of_it, working.get(server, ()), leases, len(mine), now)
            kept = [unit for unit in mine if unit in all_of_it][:aim]
            if len(kept) < aim:
                free = [unit for unit in all_of_it if unit in leases and leases[unit] is None]
                take += free[: aim - len(kept)]
            give += self._given(server, mine, kept, clients, at_work=me in working.get(server, ()))
        return Step(take=tuple(take), give=tuple(give))

    def apply(self, clients: Mapping[str, Client], held: Collection[str]) -> None:
        """Let each server's client use the slots that are held, and no more; without any it asks nothing."""
        for server, client in clients.items():
            client.allow(sum(unit.startswith(PREFIX) and server_of(unit) == server for unit in held))

    def _aim(
        self,
        server: str,
        me: int,
        all_of_it: tuple[str, ...],
        working: Collection[int],
        leases: Mapping[str, int | None],
        mine: int,
        now: float,
    ) -> int:
        """Return how many to have, with turns where not everybody can have one."""
        aim = wanted(len(all_of_it), me, working) if all_of_it else 0
        holders = {leases.get(unit) for unit in all_of_it}
        if len(set(working)) <= len(all_of_it) or not aim:
            self._since.pop(server, None)
            self._yielded.pop(server, None)
            return aim
        if not mine:
            self._since.pop(server, None)
            yielded = self._yielded.get(server)
            waiting = any(other not in holders for other in working if other != me)
            return 0 if waiting and yielded is not None and now - yielded < TURN_S else aim
        if now - self._since.setdefault(server, now) < TURN_S:
            return aim
        self._yielded[server] = now
        return 0

    def _given(
        self,
        server: str,
        mine: list[str],
        kept: list[str],
        clients: Mapping[str, Client],
        *,
        at_work: bool,
    ) -> list[str]:
        """Lower what the client uses; return the slots that it uses no more. The others follow at a later step."""
        over = [unit for unit in mine if unit not in kept]
        client = clients.get(server)
        if not over:
            return []
        if client is None:
            # One that is not worked with any more may still have a request under way, until its folders are freed.
            return [] if at_work else over
        client.allow(len(kept))
        at_rest = max(0, len(mine) - max(client.in_use, len(kept)))
        return over[len(over) - at_rest :] if at_rest else []


def _number(unit: str) -> int:
    return int(unit.rpartition("/")[2])
