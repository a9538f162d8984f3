"""When a side is asked next, played through: the test owns the clock and counts the passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from connector.schedule import ELSEWHERE, NEXTCLOUD, Result, Rhythm, Schedule, is_night

HOUR, DAY = 3600.0, 86_400.0
FIXED = Rhythm.fixed(timedelta(seconds=15))
Work = Callable[[float], Result]


def idle(_now: float) -> Result:
    return Result()


def away(_now: float) -> Result:
    return Result(failed=True)


@dataclass
class Play:
    """A job on its schedule. ``takes``: seconds a pass lasts; ``at`` are things that happen meanwhile, in order."""

    rhythm: Rhythm = NEXTCLOUD
    takes: float = 0.02
    night: bool = False
    work: Work = idle
    at: list[tuple[float, str]] = field(default_factory=list)
    now: float = 0.0
    began: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.schedule = Schedule(self.rhythm, 0.0)

    def until(self, end: float) -> Play:
        """Go on until then."""
        while (due := self._next()) < end:
            self.now = due
            self.schedule.begin(due)
            self.began.append(due)
            result = self.work(due)
            self._happen(due + self.takes)
            self.now = due + self.takes
            self.schedule.end(self.now, result, night=self.night)
        return self

    def _next(self) -> float:
        while self.at and self.at[0][0] <= self.schedule.due:
            self._happen(self.at[0][0])
        return self.schedule.due

    def _happen(self, until: float) -> None:
        while self.at and self.at[0][0] <= until:
            when, what = self.at.pop(0)
            getattr(self.schedule, what)(max(when, self.now))

    def between(self, begin: float, end: float) -> int:
        return sum(begin <= time < end for time in self.began)


@pytest.mark.parametrize(
    ("rhythm", "night", "an_hour"),
    [(NEXTCLOUD, False, 240), (NEXTCLOUD, True, 60), (ELSEWHERE, False, 60), (ELSEWHERE, True, 15),
     (FIXED, False, 240), (FIXED, True, 240)],
)  # fmt: skip
def test_an_hour_without_events(rhythm: Rhythm, night: bool, an_hour: int) -> None:
    """15 s on Nextcloud, 60 s elsewhere; four times slower at night; what is written down stays as it is."""
    play = Play(rhythm, night=night).until(2 * HOUR)
    assert play.between(HOUR, 2 * HOUR) == an_hour


@pytest.mark.parametrize("hour", range(24))
def test_the_night(hour: int) -> None:
    assert is_night(datetime(2026, 11, 26, hour, 30, tzinfo=UTC)) is (hour >= 21 or hour < 6)


@pytest.mark.parametrize(
    ("rhythm", "quick", "usual"), [(NEXTCLOUD, 5, 15), (ELSEWHERE, 20, 60), (FIXED, 15, 15)]
)
def test_quick_after_activity(rhythm: Rhythm, quick: int, usual: int) -> None:
    """For two minutes after something moved; then as before. A fixed interval knows no hurry."""

    def work(now: float) -> Result:
        return Result(found=now == 600)

    play = Play(rhythm, work=work).until(1200)
    assert play.between(600.1, 720.1) == 120 // quick
    assert play.between(780, 1080) == 300 // usual


def test_a_dear_look_is_not_hurried() -> None:
    """A walk of eight seconds is made once in thirty-two at most, however much goes on."""
    play = Play(ELSEWHERE, takes=8.0, work=lambda _now: Result(found=True)).until(HOUR)
    gaps = {round(later - earlier) for earlier, later in zip(play.began, play.began[1:], strict=False)}
    assert gaps == {32}


def test_a_pass_longer_than_its_interval_leaves_some_rest() -> None:
    play = Play(FIXED, takes=40.0).until(HOUR)
    assert play.began[1] - play.began[0] == 55.0


def test_activity_at_night_is_served_as_by_day() -> None:
    """Whoever works at night waits once; the night begins again after half an hour of calm."""

    def work(now: float) -> Result:
        return Result(found=now == DAY)

    play = Play(NEXTCLOUD, night=True, work=work).until(DAY + 2 * HOUR)
    assert play.between(DAY + 130, DAY + 1780) == pytest.approx(1650 / 15, abs=1)
    assert play.between(DAY + HOUR, DAY + 2 * HOUR) == 60


# ------------------------------------------------------------------------- from the drop to the launch


@dataclass
class Drop:
    """A pair that lies on the server from ``at`` on, and is launched by the first look that finds it settled."""

    at: float
    seen: float | None = None
    launched: float | None = None
    settle: float = 1.0

    def __call__(self, now: float) -> Result:
        if self.launched is not None or now < self.at:
            return Result()
        if self.seen is None:
            self.seen = now
        if now - self.seen > self.settle:
            self.launched = now
            return Result(found=True)
        return Result(look_again=now + self.settle)


@pytest.mark.parametrize("rhythm", [NEXTCLOUD, ELSEWHERE, FIXED])
@pytest.mark.parametrize("late", [0.001, 3.0, 7.5, 14.0, 14.999, 59.0])
def test_without_a_wake_up(rhythm: Rhythm, late: float) -> None:
    """Launched within the interval and the second in which it settles, whenever it came."""
    drop = Drop(at=600 + late)
    Play(rhythm, work=drop).until(HOUR)
    assert drop.launched is not None
    assert drop.launched - drop.at <= rhythm.day + drop.settle + 0.1


@pytest.mark.parametrize("rhythm", [NEXTCLOUD, ELSEWHERE, Rhythm.fixed(timedelta(hours=1))])
@pytest.mark.parametrize("apart", [0.0, 0.05, 0.3])
def test_with_a_wake_up(rhythm: Rhythm, apart: float) -> None:
    """Announced on the disk, PDF first and sidecar later: launched within a second of having settled."""
    drop = Drop(at=600.0 + apart)
    play = Play(rhythm, work=drop, at=[(600.0, "announce"), (600.0 + apart, "announce")]).until(HOUR)
    assert drop.launched is not None
    assert drop.launched - (drop.at + drop.settle) < 1.0
    assert play.between(600, 600 + apart + 1.2) <= 4


@pytest.mark.parametrize("behind", [0.5, 2.0, 6.4, 13.0])
def test_a_sync_client_is_slower_than_its_folder(behind: float) -> None:
    """The event comes before the server has the file: it is looked for, so it too is launched within a second."""
    drop = Drop(at=600.0 + behind)
    play = Play(NEXTCLOUD, work=drop, at=[(600.0, "announce")]).until(HOUR)
    assert drop.launched is not None
    assert drop.launched - (drop.at + drop.settle) < 1.0
    assert play.between(600, 640) <= 25, "and then it is over"
    assert play.between(800, 1100) == 20


def test_a_burst_is_a_few_looks() -> None:
    """Two hundred pairs copied in ten seconds, two events each: looked at twice a second, not four hundred times."""
    events = [(600 + number * 0.025, "announce") for number in range(400)]
    play = Play(NEXTCLOUD, at=events).until(700)
    assert play.between(600, 610) <= 21


def test_what_is_asked_while_it_runs_is_run_after() -> None:
    play = Play(Rhythm.fixed(timedelta(hours=1)), takes=5.0, at=[(2.0, "ask")]).until(100)
    assert play.began == [0.0, 5.0]
    play = Play(Rhythm.fixed(timedelta(hours=1)), takes=5.0, at=[(2.0, "announce")]).until(4.0)
    assert play.schedule.due == pytest.approx(5.0, abs=0.1), (
        "an event during a pass may have come after its look"
    )


def test_a_wake_up_never_puts_off_what_is_due_sooner() -> None:
    schedule = Schedule(NEXTCLOUD, 10.0)
    schedule.announce(9.95)
    assert schedule.due == 10.0
    schedule.ask(9.97)
    assert schedule.due == 9.97


def test_what_never_settles_is_looked_at_less_and_less() -> None:
    """A server whose ETag changes at every look is not asked every second for ever."""
    play = Play(NEXTCLOUD, work=lambda now: Result(look_again=now + 1.0)).until(HOUR)
    assert play.between(0, 12) == 12
    assert play.between(HOUR / 2, HOUR) == HOUR / 2 / 15


def test_a_pass_that_was_cut_short_goes_on_at_once() -> None:
    results = iter([Result(yielded=True), Result(yielded=True)])
    play = Play(FIXED, takes=2.0, work=lambda _now: next(results, Result())).until(10)
    assert play.began == [0.0, 2.0, 4.0]


def test_what_is_due_next_is_asked_for_then() -> None:
    """To the second, and never in a tight loop, even where what is due stays due."""
    play = Play(FIXED, work=lambda now: Result(next_at=20.0 if now < 20 else None)).until(40)
    assert play.began == [0.0, 15.0, 20.0, 35.0]
    assert Play(FIXED, work=lambda _now: Result(next_at=0.0)).until(60).between(0, 60) <= 60


# ---------------------------------------------------------------------------------------- failures


def test_a_failing_side_is_asked_less_and_less() -> None:
    """15, 15, 30, 60 … up to ten minutes: two hundred times less in a day, and a single failure costs nothing."""
    play = Play(NEXTCLOUD, work=away).until(DAY)
    gaps = [round(later - earlier) for earlier, later in zip(play.began, play.began[1:], strict=False)]
    assert gaps[:8] == [15, 30, 60, 120, 240, 480, 600, 600]
    assert len(play.began) < 160


def test_a_failing_side_is_found_again() -> None:
    """It comes back within the longest wait, and is asked as before from then on."""
    play = Play(FIXED, work=lambda now: Result(failed=now < DAY)).until(DAY + HOUR)
    first = min(time for time in play.began if time >= DAY)
    assert first - DAY <= 600
    assert play.between(first, first + 600) == 40


def test_a_long_interval_is_no_shorter_for_a_failure() -> None:
    play = Play(Rhythm.fixed(timedelta(hours=2)), work=away).until(DAY)
    assert play.between(0, DAY) == 12


def test_no_wake_up_reaches_a_side_that_fails() -> None:
    """Neither the other side nor a busy folder makes a dead server be asked more often."""
    events = [(number * 1.0, ("ask", "announce")[number % 2]) for number in range(1, 3000)]
    disturbed = Play(NEXTCLOUD, work=away, at=events).until(3000)
    assert disturbed.began == Play(NEXTCLOUD, work=away).until(3000).began


def test_retry_after_is_the_least() -> None:
    """A server that names a time is not asked before it, whoever wants it, and then at once."""
    play = Play(
        NEXTCLOUD,
        work=lambda now: Result(failed=True, retry_after=120.0) if now < 15 else Result(),
        at=[(30.0, "ask"), (60.0, "announce")],
    ).until(180)
    assert play.began[:2] == [0.0, 120.02]


def test_no_retry_after_is_believed_for_more_than_an_hour() -> None:
    """A server that wants to be let be for a month is asked once an hour whether it still does."""
    play = Play(NEXTCLOUD, work=lambda _now: Result(failed=True, retry_after=30 * DAY)).until(3 * HOUR)
    assert len(play.began) == 3


def test_signs_of_life() -> None:
    """E3: the watchdog is fed by the work alone: what neither yields nor ends, or never begins, is late."""
    schedule = Schedule(FIXED, 0.0)
    assert not schedule.late(120.0, 60.0)
    assert schedule.late(121.0, 60.0), "its alarm never came"
    schedule.begin(130.0)
    assert not schedule.late(250.0, 60.0)
    assert schedule.late(251.0, 60.0), "it neither yields nor ends"
    schedule.end(251.0, Result(failed=True, retry_after=3600.0))
    assert not schedule.late(3000.0, 60.0), "waiting for a server is no sickness"
