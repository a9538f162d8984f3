"""Which folders and accounts belong together, and which process has which of them: pure decisions, nothing is asked.

A *unit* is ``folder:NAME`` or ``account:NAME``. A *share* is what depends on each other, the smallest thing that a
process takes: a connected component of folders and the accounts that they may use. What a process decides rests on its
own configuration and on who holds what; all that hold the same view decide so that each share comes to one of them,
that as many come to each, and that nothing moves once it is so. Source: protocol R12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FOLDER: Final = "folder:"
ACCOUNT: Final = "account:"
Share = frozenset[str]
"""Units that depend on each other."""


def folder(name: str) -> str:
    """Return the unit of a folder."""
    return FOLDER + name


def account(name: str) -> str:
    """Return the unit of an account."""
    return ACCOUNT + name


def folders_of(units: Iterable[str]) -> frozenset[str]:
    """Return the names of the folders among units."""
    return frozenset(one.removeprefix(FOLDER) for one in units if one.startswith(FOLDER))


def accounts_of(units: Iterable[str]) -> frozenset[str]:
    """Return the names of the accounts among units."""
    return frozenset(one.removeprefix(ACCOUNT) for one in units if one.startswith(ACCOUNT))


def configured(folders: Mapping[str, Sequence[str]], accounts: Iterable[str]) -> tuple[Share, ...]:
    """Return the shares that a configuration alone makes. ``folders``: name → the accounts that it may use."""
    edges = [(folder(name), account(one)) for name, used in folders.items() for one in used]
    return components([*map(folder, folders), *map(account, accounts)], edges)


def joined(shares: Iterable[Share], edges: Iterable[tuple[str, str]]) -> tuple[Share, ...]:
    """Return the shares that are left when these units, too, belong together; an unknown unit joins nothing."""
    given = tuple(shares)
    known = frozenset[str]().union(*given)
    within = [(min(share), unit) for share in given for unit in share]
    return components(known, [*within, *(edge for edge in edges if known.issuperset(edge))])


def components(units: Iterable[str], edges: Iterable[tuple[str, str]]) -> tuple[Share, ...]:
    """Return the connected components of a graph, in the order of their first names."""
    above = {unit: unit for unit in units}

    def top(unit: str) -> str:
        while above[unit] != unit:
            above[unit] = unit = above[above[unit]]
        return unit

    for one, other in edges:
        above[top(one)] = top(other)
    found: dict[str, set[str]] = {}
    for unit in above:
        found.setdefault(top(unit), set()).add(unit)
    return tuple(frozenset(found[name]) for name in sorted(found, key=lambda name: min(found[name])))


def workable(shares: Iterable[Share], held: frozenset[str]) -> frozenset[str]:
    """Return what may be worked with: of the shares that the configuration makes, those that are held whole."""
    return frozenset[str]().union(*(share for share in shares if share <= held))


@dataclass(frozen=True, kw_only=True)
class Moves:
    """What one process does now: ``give_up`` whole shares and parts of them, ``take`` each of these whole, or not."""

    give_up: frozenset[str] = frozenset()
    take: tuple[Share, ...] = ()


def owners(shares: Iterable[Share], holders: Mapping[str, int]) -> dict[Share, int | None]:
    """Return who is to have each share: who holds it; of several that hold parts the oldest; None where nobody does."""
    return {
        share: min((holders[unit] for unit in share if unit in holders), default=None) for share in shares
    }


def balanced(
    shares: Sequence[Share],
    holders: Mapping[str, int],
    alive: Iterable[int],
    me: int,
    *,
    leaving: frozenset[str] = frozenset(),
    idle: Callable[[Share], bool] = lambda _share: True,
) -> Moves:
    """Decide for one process. ``holders``: unit → the process of ``alive`` that holds it; free ones are not in it.

    ``leaving``: units of mine that are given up already. ``idle``: nobody works on that share of mine just now: such
    ones are given up first.
    """
    owner = owners(shares, holders)
    mine = frozenset(unit for unit, process in holders.items() if process == me) - leaving
    parts = [share & mine for share, whose in owner.items() if whose not in {me, None}]
    whole = [share for share, whose in owner.items() if whose == me and not share & leaving]
    room = _target(Counter(owner.values()), set(alive) | {me}, me, len(owner)) - len(whole)
    leave = sorted(whole, key=lambda share: (not idle(share), min(share)))[: max(0, -room)]
    # What is missing of a share that goes to another is theirs: whoever took it would have that share to leave again.
    missing = [
        share - holders.keys()
        for share in whole
        if share not in leave and share - mine and not share & (holders.keys() - mine)
    ]
    free = [share for share, whose in owner.items() if whose is None]
    if free:
        # Several that look at the same moment begin at different ones.
        first = me % len(free)
        free = free[first:] + free[:first]
    return Moves(
        give_up=frozenset[str]().union(*parts, *(share & mine for share in leave)),
        take=(*(share for share in missing if share), *free[: max(0, room)]),
    )


def _target(held: Counter[int | None], alive: Iterable[int], me: int, number: int) -> int:
    """How many shares are mine when all have as many; what is left over stays with those that have most."""
    ranked = sorted(alive, key=lambda process: (-held[process], process))
    each, over = divmod(number, len(ranked))
    return each + (ranked.index(me) < over)
