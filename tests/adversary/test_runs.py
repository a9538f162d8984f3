"""A slice of the exhaustive adversary in every check; ``python -m tests.adversary`` runs the rest."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.adversary.deviations import Deviation, singles
from tests.adversary.explore import Outcome, explored, normal_points, random_runs
from tests.adversary.world import Mode

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
SLICES = 16
RANDOM = 60


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What is refused and repeated is no news here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def findings(mode: Mode, runs: list[tuple[Deviation, ...]]) -> list[str]:
    """Live each run; a finding is told by the words that repeat it."""
    found: list[tuple[str, Outcome]] = []
    kept = 0
    for run in runs:
        outcome = explored(mode, run)
        kept += outcome.kind == "kept"
        if outcome.kind == "found":
            found.append(("+".join(str(one) for one in run), outcome))
    assert kept, "none of these runs could happen"
    return [f"python -m tests.adversary --mode {mode} {name}: {outcome.breaches}" for name, outcome in found]


@MODES
@pytest.mark.parametrize("part", range(SLICES))
def test_one_deviation(mode: Mode, part: int) -> None:
    """Whatever happens, wherever it happens: nothing twice, nothing lost, everything ends."""
    every = singles(normal_points(mode), mode)
    assert findings(mode, [(one,) for one in every[part::SLICES]]) == []


@MODES
def test_up_to_four_deviations(mode: Mode) -> None:
    """The same by chance, up to four at once."""
    assert findings(mode, list(random_runs(mode, RANDOM, seed=6))) == []
