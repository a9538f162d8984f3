"""Whatever is done to what others wrote, each parser answers with a value or its own error: a few, always the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.targets import TARGETS, WORKERS, Target, run

FEW = {"pdf": 500, "images": 500, "signed pdf": 120, "list xlsx": 60, "config": 60}
"""Examples a parser in every check, 25 where nothing is told; ``make fuzz`` runs as many as one likes."""


@pytest.fixture(scope="module", autouse=True)
def _workers_end() -> Iterator[None]:
    yield
    WORKERS.close()


@pytest.mark.parametrize("target", TARGETS, ids=lambda one: one.name)
def test_anything_is_read_or_refused(target: Target) -> None:
    """Never another error, never a hang, never an answer out of proportion."""
    most = FEW.get(target.name, 25)
    outcomes = run(target, most, derandomize=True)
    assert outcomes.total() >= most // target.weight
