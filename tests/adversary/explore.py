"""Runs, lived and judged."""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tests.adversary.deviations import Deviation, at_point
from tests.adversary.judge import breaches
from tests.adversary.points import Point
from tests.adversary.story import Restless, Run, Unsound, VoidRun
from tests.adversary.world import Mode


@dataclass(frozen=True)
class Outcome:
    """What a run came to. ``void``: a deviation had nothing to strike; ``short``: one was never reached."""

    kind: Literal["kept", "found", "void", "short"]
    breaches: tuple[str, ...]
    told: tuple[str, ...]
    points: tuple[Point, ...]


def explored(mode: Mode, deviations: Sequence[Deviation]) -> Outcome:
    """Live one run and judge it."""
    run = Run(mode, deviations)
    try:
        return judged(run, lived(run))
    finally:
        run.close()


def lived(run: Run) -> BaseException | None:
    """Live a run; return what ended it before its time."""
    try:
        run.live()
    except Unsound:
        raise
    except BaseException as error:
        return error
    return None


def judged(run: Run, error: BaseException | None) -> Outcome:
    """Judge a run that was lived, and was ended by ``error``."""
    if isinstance(error, VoidRun):
        return Outcome("void", (), tuple(run.told), tuple(run.points))
    found: list[str] = []
    if isinstance(error, Restless):
        found.append(f"ends: {error}")
    elif error is not None:
        trace = traceback.extract_tb(error.__traceback__)[-1]
        found.append(f"escaped: {type(error).__name__}: {error} ({trace.filename}:{trace.lineno})")
    found += breaches(run)
    if any(one.what == "second_same" for one in run.deviations):
        # Two machines that call themselves by one name, on journals of their own: nothing keeps them from writing
        # the status in turn (R12 tells connectors apart by their names). Sent once and nothing lost all the same.
        found = [
            one for one in found if one.split(":")[0] in {"sent", "lost", "foreign", "escaped", "defect"}
        ]
    reached = len(run.struck) == len(set(run.deviations))
    kind: Literal["kept", "found", "short"] = "found" if found else "kept" if reached else "short"
    return Outcome(kind, tuple(found), tuple(run.told), tuple(run.points))


@cache
def normal_points(mode: Mode) -> tuple[Point, ...]:
    """The points of the story in which nothing happens; it must keep every invariant."""
    outcome = explored(mode, ())
    assert outcome.kind == "kept", outcome.breaches
    return outcome.points


def random_runs(mode: Mode, count: int, seed: int) -> Iterator[tuple[Deviation, ...]]:
    """Draw runs of one to four deviations; the same ones for the same seed."""
    points = normal_points(mode)
    chance = random.Random(f"{mode} {seed}")
    for _ in range(count):
        drawn: set[Deviation] = set()
        for _ in range(chance.choice((1, 2, 2, 3, 3, 4, 4))):
            number = chance.randrange(len(points))
            possible = list(at_point(number, points, mode))
            by_kind: dict[str, list[Deviation]] = {}
            for one in possible:
                by_kind.setdefault(one.what, []).append(one)
            if by_kind:
                drawn.add(chance.choice(by_kind[chance.choice(sorted(by_kind))]))
        yield tuple(sorted(drawn, key=lambda one: (one.at, one.what, one.back or 0)))
