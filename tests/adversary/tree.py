"""Every run of two deviations, without living what is known: forked where they part, ended where they meet.

A run with the first deviation alone is lived; between each two of its passes the process is forked for each deviation
that may strike in the next pass (``os.fork``; the journals and spools are copied). A fork that has its second deviation
behind it and comes, between two passes, into a state in which another run has been (``state``) has that run's end, and
is over. Where the first run itself, its one deviation behind it, comes into a state from which all second deviations
have been tried, they are not tried again; save those that put a backup back, which is of its own past.
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
from typing import Any, Final, Literal, NoReturn

from tests.adversary import paper
from tests.adversary.deviations import Deviation, coarse
from tests.adversary.explore import judged, lived, normal_points
from tests.adversary.state import key_of, pardon_of
from tests.adversary.story import Run
from tests.adversary.world import MARIE, Mode, memory_disk, pool

Kind = Literal["kept", "found", "void", "short"]
State = tuple[bytes, tuple[bool, ...]]
"""What a run is in, and what its judge would excuse if more struck."""
Class = Literal["machine", "others"]
Some = Callable[[Sequence[Deviation]], Sequence[Deviation]]
MACHINE: Final = frozenset({"journal_lost", "restored", "second_other", "second_same"})
"""What goes first: a journal that knows less than it did, a second connector."""


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
    spared: int = 0
    """Not tried: the first run was in a state from which they had been."""
    found: list[tuple[Deviation, Verdict]] = field(default_factory=list)


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
        """State → how it ends when nothing more strikes."""
        self.tried: set[tuple[State, Class]] = set()
        """States from which every second deviation of that class was tried."""
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
        starts, states, run = self._alone(first)
        if run is None:
            branch.verdicts["void"] += 1
            return branch
        seconds = self._seconds(first, run, of, some)
        again = Run(self.mode, [first])
        again.back_up_always()
        passed = iter(range(len(starts)))

        def boundary(here: Run) -> None:
            number = next(passed)
            assert len(here.points) == starts[number], "the same run went otherwise"
            until = starts[number + 1] if number + 1 < len(starts) else len(run.points)
            state = states[number]
            for at in range(starts[number], until):
                for second in seconds.get(at, ()):
                    if state is not None and (state, of) in self.tried and not _of_its_past(second):
                        branch.spared += 1
                    elif self._try(here, second, branch):
                        return

        again.boundary = boundary
        gc.collect()
        gc.freeze()  # what no fork touches is shared by all
        error = lived(again)
        if self._fork is not None:
            self._fork.end(again, error)
        gc.unfreeze()
        again.close()
        if error is not None:
            raise error
        if some is not None:
            return branch
        self.tried |= {(state, of) for state in states if state is not None}
        return branch

    def _alone(self, first: Deviation) -> tuple[list[int], list[State | None], Run | None]:
        """Live the first alone: the number of the first point after each boundary, and the state there."""
        starts: list[int] = []
        states: list[State | None] = []
        run = Run(self.mode, [first])

        def boundary(here: Run) -> None:
            starts.append(len(here.points))
            states.append((key_of(here), pardon_of(here)) if here.struck else None)

        run.boundary = boundary
        try:
            verdict = judged(run, lived(run))
        finally:
            run.close()
        if verdict.kind in {"void", "short"}:
            return [], [], None
        for state in states:
            if state is not None:
                self.ends.setdefault(state[0], Verdict(verdict.kind, verdict.breaches))
        return starts, states, run

    def _seconds(
        self, first: Deviation, run: Run, of: Class, some: Some | None
    ) -> dict[int, list[Deviation]]:
        found: dict[int, list[Deviation]] = {}
        every = coarse(run.points, self.mode, first.at)
        meant = [one for one in every if one != first and (one.what in MACHINE) == (of == "machine")]
        for one in meant if some is None else some(meant):
            found.setdefault(one.at, []).append(one)
        return found

    def _try(self, here: Run, second: Deviation, branch: Branch) -> bool:
        """Fork, and take in what the fork tells; True in the fork itself, which goes on living."""
        read, write = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(read)
            self._fork = _Fork(self.ends, write)
            self._fork.begin(here, second)
            return True
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            content = stream.read()
        os.waitpid(process, 0)
        assert content, f"{branch.first}+{second} told nothing"
        told: Told = pickle.loads(content)
        for state in told.states:
            self.ends.setdefault(state, told.verdict)
        pool().known.update(told.papers)
        branch.verdicts[told.verdict.kind] += 1
        if told.known:
            branch.met.append((second, told.verdict))
        else:
            branch.lived += 1
        if told.verdict.kind == "found":
            branch.found.append((second, told.verdict))
        return False


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


def _of_its_past(second: Deviation) -> bool:
    return second.what == "restored" and second.back != -1
