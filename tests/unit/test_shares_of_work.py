"""Who holds what: shares are whole, everybody comes to their part, and nothing moves once it is so."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from connector import shares
from connector.shares import Moves, Share, balanced, components, configured, joined, workable

NAMES = st.sampled_from("abcdefg")


def test_a_share_is_what_depends_on_each_other() -> None:
    """A folder and its accounts; two folders of one account; what nothing joins stays alone."""
    found = configured({"lyon": ["x", "y"], "annecy": ["y"], "brest": ["z"]}, ["x", "y", "z", "idle"])
    assert found == (
        frozenset({"account:idle"}),
        frozenset({"folder:lyon", "folder:annecy", "account:x", "account:y"}),
        frozenset({"folder:brest", "account:z"}),
    )
    assert shares.folders_of(found[1]) == {"lyon", "annecy"}
    assert shares.accounts_of(found[1]) == {"x", "y"}


def test_records_and_bonds_join_shares_and_what_nobody_knows_joins_nothing() -> None:
    """An open request of a folder with another firm's account, and a bond; a folder that is gone is no bridge."""
    alone = configured({"a": ["x"], "b": ["y"], "c": ["z"]}, ["x", "y", "z"])
    edges = [("folder:a", "account:y"), ("folder:gone", "account:x"), ("folder:gone", "account:z")]
    assert joined(alone, edges) == (alone[0] | alone[1], alone[2])
    assert joined(alone, [("folder:a", "folder:c")]) == (alone[0] | alone[2], alone[1])


def test_only_what_the_configuration_joins_must_be_held_whole_to_be_worked_with() -> None:
    """A bond keeps neither side from its own work until it is followed; a lacking account does."""
    alone = configured({"a": ["x"], "b": ["y", "z"]}, ["x", "y", "z"])
    held = frozenset({"folder:a", "account:x", "folder:b", "account:y"})
    assert workable(alone, held) == {"folder:a", "account:x"}


class Fleet:
    """Processes on one table of leases; each looks and moves by itself, in whatever order the test says."""

    def __init__(self, given: tuple[Share, ...]) -> None:
        self.shares = given
        self.holders: dict[str, int] = {}
        self.leaving: dict[int, frozenset[str]] = {}
        self.alive: list[int] = []

    def join(self, process: int) -> None:
        self.alive.append(process)
        self.leaving[process] = frozenset()

    def leave(self, process: int) -> None:
        self.alive.remove(process)
        self.holders = {unit: one for unit, one in self.holders.items() if one != process}
        del self.leaving[process]

    def beat(self, me: int) -> Moves:
        """Look, decide, give up at once what was given up a beat ago, take what is still free."""
        gone = self.leaving[me]
        self.holders = {unit: one for unit, one in self.holders.items() if not (one == me and unit in gone)}
        moves = balanced(self.shares, self.holders, self.alive, me)
        self.leaving[me] = moves.give_up
        for share in moves.take:
            if not share & self.holders.keys():
                self.holders |= dict.fromkeys(share, me)
        return moves

    def settle(self) -> None:
        for _ in range(4 * (len(self.shares) + len(self.alive)) + 8):
            before = self.holders
            moved = [self.beat(process) for process in list(self.alive)]
            # What one let go in this round the others have not all seen.
            if (
                self.holders == before
                and all(one == Moves() for one in moved)
                and not any(self.leaving.values())
            ):
                return
        raise AssertionError("it never comes to rest")

    def counts(self) -> list[int]:
        """How many shares each has; every one is whole, and somebody's."""
        owners = [{self.holders.get(unit) for unit in share} for share in self.shares]
        assert all(len(one) == 1 and None not in one for one in owners), owners
        held = [one.copy().pop() for one in owners]
        return [held.count(process) for process in self.alive]


@st.composite
def fleets(draw: st.DrawFn) -> tuple[dict[str, list[str]], list[tuple[str, int]]]:
    folders = draw(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=2), min_size=1))
    acts = draw(st.lists(st.tuples(st.sampled_from(["join", "leave", "beat", "bond"]), st.integers(0, 48))))
    return folders, acts


@given(fleets())
@example(({"a": ["a"], "b": ["b"]}, [("join", 0), ("beat", 0), ("beat", 1), ("bond", 7)]))
@example(({name: [name] for name in "abc"}, [("join", 0), ("beat", 0), ("bond", 7)]))
def test_everything_comes_to_somebody_evenly_and_then_nothing_moves(
    story: tuple[dict[str, list[str]], list[tuple[str, int]]],
) -> None:
    """Whatever came before: joining, leaving, bonds, half-done moves, in any order."""
    folders, acts = story
    names = sorted({one for used in folders.values() for one in used})
    alone = configured(folders, names)
    fleet = Fleet(alone)
    bonds: list[tuple[str, str]] = []
    fleet.join(1)
    for what, number in acts:
        if what == "join":
            fleet.join(max(fleet.alive) + 1)
        elif what == "leave" and len(fleet.alive) > 1:
            fleet.leave(fleet.alive[number % len(fleet.alive)])
        elif what == "beat":
            fleet.beat(fleet.alive[number % len(fleet.alive)])
        elif what == "bond":
            here = sorted(folders)
            bonds.append(
                (shares.folder(here[number % len(here)]), shares.folder(here[number % 7 % len(here)]))
            )
            fleet.shares = joined(alone, bonds)
    fleet.settle()
    counts = fleet.counts()
    assert max(counts) - min(counts) <= 1
    before = dict(fleet.holders)
    for process in fleet.alive:
        assert fleet.beat(process) == Moves()
    assert fleet.holders == before


@given(st.lists(st.tuples(NAMES, NAMES)))
def test_components_are_what_is_reached(edges: list[tuple[str, str]]) -> None:
    """Each unit stands in one component; two ends of an edge in the same one, and nothing else is."""
    found = components("abcdefg", edges)
    assert sorted(unit for share in found for unit in share) == sorted("abcdefg")
    for share in found:
        reached, grown = {min(share)}, True
        while grown:
            grown = False
            for one, other in edges:
                if (one in reached) != (other in reached):
                    reached |= {one, other}
                    grown = True
        assert reached == share


def test_what_is_idle_is_given_up_first() -> None:
    """Of four shares two go to the newcomer: those that nobody works on."""
    given = configured({name: [name] for name in "abcd"}, "abcd")
    holders = {unit: 1 for share in given for unit in share}
    busy = {given[0], given[3]}
    moves = balanced(given, holders, [1, 2], 1, idle=lambda share: share not in busy)
    assert moves.give_up == given[1] | given[2]
    assert balanced(given, holders, [1, 2], 1, leaving=moves.give_up) == Moves()


def test_several_that_look_at_once_begin_at_different_shares() -> None:
    """Else all but one would find taken what they wanted, each time."""
    given = configured({name: [name] for name in "abcd"}, "abcd")
    first = [balanced(given, {}, [1, 2, 3, 4], me).take for me in (1, 2, 3, 4)]
    assert all(len(one) == 1 for one in first)
    assert len(set(first)) == 4
