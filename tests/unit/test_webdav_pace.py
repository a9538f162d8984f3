"""How many requests run at once: found by measuring, on servers that a formula stands for; no clock but theirs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from statistics import mean

import pytest

from connector.webdav.pace import Pace


class Server:
    """Answers ``rate(width)`` requests a second when as many run at once."""

    def __init__(self, rate: Callable[[int], float], maximum: int = 8) -> None:
        self.now, self.rate = 0.0, rate
        self.pace = Pace(maximum, clock=lambda: self.now)
        self.widths: list[int] = []

    def answer(self, times: int) -> float:
        """Let so many answers come; returns the seconds it took."""
        began = self.now
        for _ in range(times):
            self.now += 1 / self.rate(self.pace.width)
            self.widths.append(self.pace.width)
            self.pace.one_done()
        return self.now - began


def far(width: int) -> float:
    """20 ms away, with room for all."""
    return width / 0.02


def single(width: int) -> float:
    """One process, which more requests at once make slower."""
    return 500 / (1 + 0.1 * (width - 1))


def four_workers(width: int) -> float:
    """Four workers; connections beyond them wait for one that lets go."""
    return 100.0 * width if width <= 4 else 50.0


@pytest.mark.parametrize(
    ("rate", "best", "most"),
    [(far, far(8), 1.05), (single, single(1), 1.02), (four_workers, four_workers(4), 1.05)],
)
def test_the_width_that_serves_best_is_found_and_kept(
    rate: Callable[[int], float], best: float, most: float
) -> None:
    """A walk of 6,500 folders takes hardly longer than with the best width from the beginning."""
    server = Server(rate)
    assert server.answer(6_500) <= most * 6_500 / best
    # What was learnt serves the next walk from its first request.
    server.pace.idle()
    assert server.answer(1_000) <= most * 1_000 / best


def test_a_short_walk_climbs_quickly() -> None:
    """131 folders at 20 ms: not two thirds more than what eight at once could do."""
    assert Server(far).answer(131) <= 1.6 * 131 / far(8)


@pytest.mark.parametrize(
    ("rate", "best", "most"), [(far, far(8), 1.4), (single, single(1), 1.1), (four_workers, 400.0, 1.8)]
)
def test_a_busy_machine_does_not_mislead(rate: Callable[[int], float], best: float, most: float) -> None:
    """Every fifth answer takes five times as long, whoever was busy: a short walk still finds its width."""

    def walks() -> Iterator[float]:
        for seed in range(40):
            chance = random.Random(seed)
            yield Server(lambda width: rate(width) / chance.choice((1, 1, 1, 1, 5))).answer(1_300)  # noqa: B023

    assert mean(walks()) <= most * 1.8 * 1_300 / best


def test_never_more_at_once_than_allowed() -> None:
    """The administrator's bound holds, and one is the least."""
    server = Server(far, maximum=3)
    server.answer(500)
    assert max(server.widths) == 3
    assert set(Server(far, maximum=1).widths) <= {1}


def test_a_server_that_grows_slow_is_asked_less_at_once() -> None:
    """Others need it now: the number falls, and rises again when it has recovered."""
    server = Server(far)
    server.answer(500)
    assert server.pace.width == 8
    server.rate = lambda width: 20.0 / width
    server.answer(300)
    assert server.pace.width <= 2
    server.rate = far
    server.answer(3_000)
    assert server.pace.width == 8


def test_answers_of_an_idle_walk_say_nothing() -> None:
    """The last folders of a walk come one by one, which is no reason to ask one by one."""
    server = Server(far)
    server.answer(500)
    for _ in range(200):
        server.now += 1.0
        server.pace.idle()
    server.answer(20)
    assert server.pace.width == 8
