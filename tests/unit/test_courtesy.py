"""How much a login asks of its server: counts by a clock that the test moves."""

from __future__ import annotations

import itertools
import random
import threading

import pytest

from connector.courtesy import LONGEST_S, UNNAMED_S, Courtesy
from connector.errors import AskedToWait, NotConnected


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(courtesy: Courtesy, *, counted: bool = False) -> float | None:
    """Seconds to wait; None when the request may be made."""
    try:
        courtesy.admit("status", counted=counted)
    except AskedToWait as error:
        return error.retry_after_s
    return None


def test_no_minute_sees_more_than_allowed(clock: Clock) -> None:
    """Whenever somebody asks, in any window of a minute: 60 and no more; and 60 where that many are wanted."""
    courtesy, made, steps = Courtesy("lyon", clock, per_minute=60), [], random.Random(7)
    for _ in range(4000):
        clock.now += steps.choice((0.0, 0.01, 0.3, 2.0))
        if refused(courtesy, counted=True) is None:
            made.append(clock.now)
    assert all(later - earlier >= 60 for earlier, later in zip(made, made[60:], strict=False))
    minutes = (made[-1] - made[0]) / 60
    assert len(made) >= 60 * (int(minutes) - 1)


def test_the_time_told_is_the_time_that_is_free(clock: Clock) -> None:
    courtesy = Courtesy("lyon", clock, per_minute=3)
    for _ in range(3):
        clock.now += 5
        assert refused(courtesy, counted=True) is None
    assert refused(courtesy, counted=True) == 50.0
    assert refused(courtesy) is None, "what is not counted goes on"
    clock.now += 50
    assert [refused(courtesy, counted=True) for _ in range(2)] == [None, 5.0]


def test_many_threads_share_one_count(clock: Clock) -> None:
    courtesy, admitted = Courtesy("lyon", clock, per_minute=60), itertools.count()

    def ask() -> None:
        for _ in range(50):
            if refused(courtesy, counted=True) is None:
                next(admitted)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(admitted) == 60


@pytest.mark.parametrize(
    ("status", "told", "waits"),
    [
        (503, 120.0, 120.0),
        (429, 7.0, 7.0),
        (429, None, UNNAMED_S),
        (503, None, None),
        (503, 10 * LONGEST_S, LONGEST_S),
        (500, 120.0, None),
        (403, 120.0, None),
        (None, None, None),
    ],
)
def test_retry_after(clock: Clock, status: int | None, told: float | None, waits: float | None) -> None:
    """Nothing before that time, from anybody; then at once."""
    courtesy = Courtesy("cloud", clock)
    courtesy.learn(status, told)
    assert refused(courtesy) == waits
    if waits is not None:
        clock.now += waits - 1
        assert refused(courtesy) == 1.0
        clock.now += 1
        assert refused(courtesy) is None


def test_the_longer_wish_stands(clock: Clock) -> None:
    courtesy = Courtesy("cloud", clock)
    courtesy.learn(503, 100.0)
    courtesy.learn(429, 5.0)
    assert refused(courtesy) == 100.0
    courtesy.forget()
    assert refused(courtesy) is None


def test_a_clock_that_is_set_back_stops_nobody(clock: Clock) -> None:
    """A pause lasts as long as was asked for, and a minute a minute, counted from the new time."""
    courtesy = Courtesy("lyon", clock, per_minute=2)
    assert [refused(courtesy, counted=True) for _ in range(2)] == [None, None]
    courtesy.learn(503, 30.0)
    clock.now -= 100_000
    assert refused(courtesy) == 30.0
    clock.now += 60
    assert refused(courtesy, counted=True) is None


def test_it_is_certain_that_nothing_left() -> None:
    """Whoever asks what an error proves hears that the request never left, and whose it was."""
    courtesy = Courtesy("lyon", lambda: 0.0, per_minute=1)
    courtesy.admit("status", counted=True)
    with pytest.raises(NotConnected, match="lyon status: enough was asked"):
        courtesy.admit("status", counted=True)
