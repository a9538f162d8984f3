"""Everything that may come between: which deviations exist, and where each of them can strike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.adversary.acts import ACTS
from tests.adversary.points import Point
from tests.adversary.world import Mode

MACHINE: Final = ("crash", "journal_lost", "second_other", "second_same", "frozen")
WORLD: Final = ("away_40min", "away_5h", "month", "refusal")
EFFECTS: Final = frozenset({"write", "call", "ask", "commit"})
OUTSIDE: Final = frozenset({"write", "call", "ask", "get"})


@dataclass(frozen=True, order=True)
class Deviation:
    """``what`` happens at the point of number ``at``; ``back``: the commit to which a journal is restored, by its point
    (-1: as it was before the letter came).
    """

    at: int
    what: str
    back: int | None = None

    def __str__(self) -> str:
        return f"{self.what}@{self.at}" + ("" if self.back is None else f"<{self.back}")

    @classmethod
    def parse(cls, text: str) -> Deviation:
        """Read what ``str`` wrote."""
        what, _, rest = text.partition("@")
        at, _, back = rest.partition("<")
        return cls(int(at), what, int(back) if back else None)


def answers_of(point: Point, mode: Mode) -> Iterator[str]:
    """How a call that leaves the machine may be answered otherwise."""
    if point.kind in {"write", "call"}:
        yield "lost"
        yield "void"
    if point.kind == "ask":
        yield "lost"
    if point.call == "send":
        yield "late_1min"
        yield "late_20min"
        yield "no_credit"
        yield "said_no"
    if point.call == "create" and point.kind == "write" and mode == "plain":
        yield "torn"
        yield "torn_unsaid"
    if point.call == "replace":
        yield "torn"
    if point.call in {"replace", "replace_as_version"}:
        yield "inside"


def at_point(
    number: int, points: Sequence[Point], mode: Mode, *, acts_everywhere: bool = True
) -> Iterator[Deviation]:
    """Everything that may happen at one point of a story that went as ``points`` say so far."""
    point = points[number]
    if point.kind in EFFECTS:
        for what in MACHINE:
            if what == "frozen" and point.kind == "commit":
                continue  # frozen before a commit is frozen before its transaction
            yield Deviation(number, what)
        for back in (-1, *(n for n in range(number) if points[n].kind == "commit")):
            yield Deviation(number, "restored", back)
        for what in answers_of(point, mode):
            yield Deviation(number, what)
        if point.kind != "commit":
            for what in WORLD:
                yield Deviation(number, what)
    if point.kind in (OUTSIDE if acts_everywhere else OUTSIDE - {"get"}):
        for act in ACTS:
            yield Deviation(number, act)


def singles(points: Sequence[Point], mode: Mode) -> list[Deviation]:
    """Every deviation of a story with these points, in a stable order."""
    return [one for number in range(len(points)) for one in at_point(number, points, mode)]


def coarse(points: Sequence[Point], mode: Mode, first: int = 0) -> list[Deviation]:
    """The same for the second of two: a person acts between two effects, and backups are of three ages."""
    return [one for number in range(first, len(points)) for one in coarse_at(number, points, mode)]


def coarse_at(number: int, points: Sequence[Point], mode: Mode) -> list[Deviation]:
    """Those of one point, by what the story was until then."""
    every = list(at_point(number, points, mode, acts_everywhere=False))
    backs = [one for one in every if one.what == "restored"]
    kept = {*backs[:1], *backs[len(backs) // 2 :][:1], *backs[-2:-1]}
    return [one for one in every if one.what != "restored" or one in kept]
