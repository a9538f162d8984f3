"""What one signature costs in requests: counted at both servers, never timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.requests import GOAL, OTHER, Cost, measure
from tests.worlds import Mode

MOST: dict[Mode, int] = {"nextcloud": GOAL, "plain": GOAL + 3}
"""Requests beyond the least, each item of the list counted once.

A plain server costs three more: a marker and an end that may be torn are read back before they are trusted (protocol
R4), and the original is moved aside, which makes room for a new file instead of overwriting one (R5).
"""

OVERVIEWS: dict[Mode, dict[str, int]] = {
    "nextcloud": {"GET": 2, "PUT": 2},
    "plain": {"GET": 2, "PUT": 2, "PROPFIND": 2},
}
"""Beside them: the folder's overview is written when the request is out and when it is signed, looked at each time.

However many requests do so in the same five minutes, it is no more. Where a download tells no strong ETag, the one
that guards the write is asked for.
"""


def told(cost: Cost) -> str:
    """Every bucket that costs more than its least, for whoever has to find it."""
    over = {bucket: f"{n} > {cost.least.get(bucket, 0)}" for bucket, n in cost.spent.items()
            if n > cost.least.get(bucket, 0)}  # fmt: skip
    lines = [f"{line.server} {line.method} {line.what}: {line.bucket}" for line in cost.lines if line.counted]
    return "\n".join([f"{cost.mode}: {cost.total}, least {cost.minimum}: {over}", *lines])


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_one_signature_costs_little_more_than_it_must(tmp_path: Path, mode: Mode) -> None:
    """On a warm connector one signature spends no more requests beyond the least than allowed."""
    cost = measure(tmp_path / "stage", mode)
    assert cost.spent[OTHER] == 0, told(cost)
    assert all(cost.spent[bucket] >= least for bucket, least in cost.least.items()), told(cost)
    assert cost.excess <= MOST[mode], told(cost)
    assert cost.overview == OVERVIEWS[mode], told(cost)
