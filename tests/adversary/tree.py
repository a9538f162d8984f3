"""Every run of two deviations, without living what is known: forked where they part, ended where they meet.

A run with the first deviation alone is lived, and it is noted what each second would find (``alike``); what leads to
where another pair has been is *cut*, what cannot happen is *idle*. It is lived once more for the others: between each
two of its passes the process is forked for each of them that may strike in the next pass (``os.fork``; the journals and
spools are copied). A fork that has its second deviation behind it and comes, between two passes, into a state in which
another run has been (``state``) has that run's end, and is over. Where the first run itself, its one deviation behind
it, comes into a state from which all second deviations have been tried, they are not tried again; save those that put a
backup back, which is of its own past, and is known by what it leaves.
"""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from tests.adversary import paper
from tests.adversary.alike import IDLE, MACHINE, Alone, Class, Key, State, Watch
from tests.adversary.deviations import Deviation, coarse, coarse_at
from tests.adversary.explore import judged, lived, normal_points
from tests.adversary.state import key_of
from tests.adversary.story import Run, Unsound
from tests.adversary.world import MARIE, Mode, memory_disk, pool

Kind = Literal["kept", "found", "void", "short"]
Pair = tuple[Deviation, Deviation]
Some = Callable[[Sequence[Deviation]], Sequence[Deviation]]


@dataclass(frozen=True)
class Verdict:
    """How a run ended, and what it broke."""

    kind: Kind
    breaches: tuple[str, ...] = ()


@dataclass
class Told:
    """What a fork tells: its verdict, and every state that leads to it."""

    verdict: Verdict
    states: list[bytes]
    known: bool
    """Was its end taken from another run?"""
    papers: dict[str, Any]


@dataclass
class Branch:
    """What came of all second deviations of one first."""

    first: Deviation
    verdicts: Counter[str] = field(default_factory=Counter)
    lived: int = 0
    """Forked and lived to their own end."""
    met: list[tuple[Deviation, Verdict]] = field(default_factory=list)
    """Forked, and ended where they met another run."""
    cut: list[tuple[Deviation, Verdict, Pair]] = field(default_factory=list)
    """Not forked: another pair is the same run."""
    idle: int = 0
    """Not forked: it cannot happen there."""
    spared: int = 0
    """Not tried: the first run was in a state from which they had been."""
    found: list[tuple[Deviation, Verdict]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each, all together how many pairs there are."""
        return {
            "lived": self.lived,
            "met": len(self.met),
            "cut": len(self.cut),
            "idle": self.idle,
            "spared": self.spared,
        }


class _Met(BaseException):
    """This run's further course is known."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


class Tree:
    """Remembers states across the branches of one kind of server."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.points = normal_points(mode)
        self.ends: dict[bytes, Verdict] = {}
        """State → how it ends when nothing more strikes; also that of a machine that has just died."""
        self.pairs: dict[bytes, Pair] = {}
        """What a machine left that died → the pair in which it was lived."""
        self.tried: dict[tuple[State, Class], int] = {}
        """States from which every second deviation of that class was tried → how many those are."""
        self._fork: _Fork | None = None
        for edition in range(4):
            for sealing in range(1, 5):
                paper.signed(paper.letter("lettre", edition), (MARIE,), sealing)

    def work(self) -> Iterator[tuple[Deviation, Class]]:
        """Every first deviation with each class of seconds: first the pairs with two of ``MACHINE``, then with one."""
        every = coarse(self.points, self.mode)
        machine = [one for one in every if one.what in MACHINE]
        others = [one for one in every if one.what not in MACHINE]
        for firsts, of in (
            (machine, "machine"),
            (others, "machine"),
            (machine, "others"),
            (others, "others"),
        ):
            yield from ((first, of) for first in firsts)

    def branch(self, first: Deviation, of: Class, *, some: Some | None = None) -> Branch:
        """Try every second deviation of a class after ``first``; ``some`` chooses among them."""
        branch = Branch(first)
        alone, rest = self._alone(first, of, whole=some is not None)
        if alone is None:
            branch.verdicts["void"] += 1
            return branch
        branch.spared += rest
        passes = alone.passes()
        if some is not None:
            chosen = set(some([one for seconds in passes for one in seconds]))
            passes = [[one for one in seconds if one in chosen] for seconds in passes]
        left = _Left(self, alone, branch, passes)
        left.settle(0)
        if any(left.passes):
            self._grow(alone, left)
        if some is None:
            for state, seconds in zip(reversed(alone.states), reversed(passes), strict=True):
                rest += len(seconds)
                if state is not None:
                    self.tried.setdefault((state, of), rest)
        return branch

    def _alone(self, first: Deviation, of: Class, *, whole: bool) -> tuple[Alone | None, int]:
        """Live the first alone. Where all that may strike from some state on has been tried, its story ends there;
        then with how many that are, unless it is to be lived ``whole``.
        """
        alone, rest = Alone(first, of), 0
        run = Run(self.mode, [first])
        run.back_up_always()
        watch = Watch(run, alone)

        def boundary(here: Run) -> None:
            watch.boundary(here)
            state = alone.states[-1]
            if state is not None and (state, of) in self.tried and of == "others" and not whole:
                # Nothing of this class is of a run's own past: what follows, and what may strike there, is known.
                raise _Met(self.ends[state[0]])

        run.boundary, run.point = boundary, watch.point
        try:
            error = lived(run)
            watch.over()
            if isinstance(error, _Met):
                verdict = error.verdict
                rest = self.tried[(state, of)] if (state := alone.states.pop()) is not None else 0
                alone.starts.pop()
            else:
                outcome = judged(run, error)
                verdict = Verdict(outcome.kind, outcome.breaches)
        finally:
            run.close()
        if verdict.kind in {"void", "short"}:
            return None, 0
        for known in alone.states:
            if known is not None:
                self.ends.setdefault(known[0], verdict)
        if (
            first.at not in alone.seconds
        ):  # it ended the process there: nothing strikes at that point any more
            at_once = [one for one in coarse_at(first.at, run.points, self.mode) if one != first]
            alone.seconds[first.at] = [one for one in at_once if (one.what in MACHINE) == (of == "machine")]
            alone.keys |= dict.fromkeys(alone.seconds[first.at], IDLE)
        alone.seconds[first.at] = [one for one in alone.seconds[first.at] if one != first]
        return alone, rest

    def _grow(self, alone: Alone, left: _Left) -> None:
        """Live the first again, and fork for each of the seconds that are left."""
        again = Run(self.mode, [alone.first])
        again.back_up_always()
        passed = iter(range(len(alone.starts)))

        def boundary(here: Run) -> None:
            number = next(passed, None)
            assert number is not None, "the same run goes on"
            assert len(here.points) == alone.starts[number], "the same run went otherwise"
            left.settle(number)
            while left.passes[number]:
                second = left.passes[number].pop(0)
                told = self._try(here, second, alone.first)
                if told is None:
                    return
                left.take(second, told)
                left.settle(number)
            if not any(left.passes):
                raise _Met(Verdict("kept"))

        again.boundary = boundary
        gc.collect()
        gc.freeze()  # what no fork touches is shared by all
        error: BaseException | None = None
        try:
            error = lived(again)
        except BaseException as unsound:
            error = unsound
            if self._fork is None:
                raise
        finally:
            if self._fork is not None:
                self._fork.end(again, error)
            gc.unfreeze()
            again.close()
        assert isinstance(error, _Met) or not any(left.passes), f"{alone.first} went otherwise: {error!r}"

    def _try(self, here: Run, second: Deviation, first: Deviation) -> Told | None:
        """Fork, and take in what the fork tells; None in the fork itself, which goes on living."""
        read, write = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(read)
            self._fork = _Fork(self.ends, write)
            self._fork.begin(here, second)
            return None
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            content = stream.read()
        os.waitpid(process, 0)
        assert content, f"{first}+{second} told nothing"
        told: Told = pickle.loads(content)
        for state in told.states:
            self.ends.setdefault(state, told.verdict)
        pool().known.update(told.papers)
        return told


def courses_meet(mode: Mode, one: Pair, other: Pair) -> bool:
    """Live two pairs in full: are they ever in the same state once everything has struck?"""
    return bool(_course(mode, one) & _course(mode, other))


def _course(mode: Mode, pair: Pair) -> set[bytes]:
    states: set[bytes] = set()

    def boundary(here: Run) -> None:
        if here.is_struck_out:
            states.add(key_of(here))

    run = Run(mode, pair)
    run.boundary = boundary
    try:
        lived(run)
    finally:
        run.close()
    return states


class _Left:
    """The seconds of one first that are neither known nor lived yet, pass by pass."""

    def __init__(self, tree: Tree, alone: Alone, branch: Branch, passes: list[list[Deviation]]) -> None:
        self._tree, self._alone, self._branch = tree, alone, branch
        self._lived: dict[Key, tuple[Verdict, Pair]] = {}
        self.passes = [list(seconds) for seconds in passes]

    def settle(self, number: int) -> None:
        """Count what is known by now, of that pass and those after it."""
        for later in range(number, len(self.passes)):
            self.passes[later] = [one for one in self.passes[later] if not self._is_known(one, later)]

    def _is_known(self, second: Deviation, number: int) -> bool:
        tree, branch, state = self._tree, self._branch, self._alone.states[number]
        key = self._alone.keys.get(second)
        if key == IDLE:
            branch.idle += 1
            return True
        tried = state is not None and (state, self._alone.of) in tree.tried
        if tried and not (second.what == "restored" and second.back != -1):
            branch.spared += 1
            return True
        if isinstance(key, bytes) and key in tree.ends:
            self._cut(second, tree.ends[key], tree.pairs[key])
            return True
        if isinstance(key, tuple) and key in self._lived:
            self._cut(second, *self._lived[key])
            return True
        return False

    def _cut(self, second: Deviation, verdict: Verdict, twin: Pair) -> None:
        self._branch.verdicts[verdict.kind] += 1
        self._branch.cut.append((second, verdict, twin))
        if verdict.kind == "found":
            self._branch.found.append((second, verdict))

    def take(self, second: Deviation, told: Told) -> None:
        """Count what a fork told, and let others be known by it."""
        branch, verdict = self._branch, told.verdict
        branch.verdicts[verdict.kind] += 1
        if told.known:
            branch.met.append((second, verdict))
        else:
            branch.lived += 1
        if verdict.kind == "found":
            branch.found.append((second, verdict))
        key = self._alone.keys.get(second)
        if key is None:
            return
        assert verdict.kind in {"kept", "found"}, f"{branch.first}+{second} was to happen: {verdict}"
        pair = (branch.first, second)
        if isinstance(key, bytes):
            self._tree.ends[key], self._tree.pairs[key] = verdict, pair
        else:
            self._lived[key] = verdict, pair


class _Fork:
    """The process in which one pair is lived to its end. It leaves nothing on disk, and never returns."""

    def __init__(self, ends: dict[bytes, Verdict], out: int) -> None:
        self._ends, self._out = ends, out
        self._path: list[bytes] = []
        self._papers = frozenset(pool().known)
        self._disk = Path(tempfile.mkdtemp(dir=memory_disk()))

    def begin(self, run: Run, second: Deviation) -> None:
        """Go on with the second deviation, on copies of what lies on disk."""
        gc.disable()
        run.world.disk = str(self._disk)
        for number, machine in enumerate((run.machine, *run.others)):
            machine.move_to(self._disk / str(number))
        run.add(second)
        run.boundary = self._boundary

    def _boundary(self, run: Run) -> None:
        if not run.is_struck_out:
            return
        state = key_of(run)
        if state in self._ends:
            raise _Met(self._ends[state])
        self._path.append(state)

    def end(self, run: Run, error: BaseException | None) -> NoReturn:
        """Tell, and be no more."""
        try:
            assert not isinstance(error, Unsound)
            if isinstance(error, _Met):
                told = Told(error.verdict, self._path, True, {})
            else:
                outcome = judged(run, error)
                told = Told(Verdict(outcome.kind, outcome.breaches), self._path, False, {})
            told.papers.update({name: one for name, one in pool().known.items() if name not in self._papers})
            with os.fdopen(self._out, "wb") as stream:
                pickle.dump(told, stream)
        except BaseException:
            traceback.print_exc()
        finally:
            pool().close()
            shutil.rmtree(self._disk, ignore_errors=True)
            os._exit(0)
