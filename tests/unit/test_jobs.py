"""The alarms: real threads and a real clock, waited for by events; what is asserted are counts and order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from connector.errors import JournalError
from connector.jobs import Job, Jobs
from connector.schedule import Result, Rhythm, Schedule

SELDOM = Rhythm.fixed(timedelta(hours=1))
GENEROUS = 30.0


class Work:
    """Counts its passes; each waits for a leave, if it is told to."""

    def __init__(self, *, held: bool = False) -> None:
        self.passes = self.at_once = self.most_at_once = 0
        self.leave = threading.Event()
        self.leave.set()
        if held:
            self.leave.clear()
        self._changed = threading.Condition()
        self.fails: Exception | None = None

    def __call__(self, _deadline: float) -> Result:
        with self._changed:
            self.passes += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self._changed.notify_all()
        self.leave.wait(GENEROUS)
        with self._changed:
            self.at_once -= 1
            self._changed.notify_all()
        if self.fails is not None:
            raise self.fails
        return Result()

    def reached(self, passes: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.passes >= passes, GENEROUS)


@contextmanager
def running(*works: Work, failed: Callable[[JournalError], None] = lambda _error: None) -> Iterator[Jobs]:
    made = [Job(f"server:{n}", work, Schedule(SELDOM, time.monotonic())) for n, work in enumerate(works)]
    jobs = Jobs(made, budget=60, night=lambda: False, failed=failed)
    jobs.start()
    try:
        yield jobs
    finally:
        for work in works:
            work.leave.set()
        jobs.end()


def rest(jobs: Jobs) -> None:
    """Wait until nothing runs."""
    end = time.monotonic() + GENEROUS
    while jobs.busy():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_job_never_runs_twice_at_once_and_loses_nothing() -> None:
    """Asked a hundred times from many sides while it runs: one further pass, after it, and none beside it."""
    work = Work(held=True)
    with running(work) as jobs:
        assert work.reached(1)
        askers = [
            threading.Thread(target=lambda: [jobs.ask("server:0") for _ in range(25)]) for _ in range(4)
        ]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        jobs._once(jobs["server:0"])  # an alarm that comes all the same
        work.leave.set()
        assert work.reached(2)
        rest(jobs)
        assert (work.passes, work.most_at_once) == (2, 1)


def test_what_is_planned_is_told() -> None:
    """A job that works has no next time, and moves for as long as something comes; one that rests has one."""
    work = Work(held=True)
    with running(work) as jobs:
        assert work.reached(1)
        busy = jobs.plans()["server:0"]
        assert (busy.busy, busy.next_at, busy.late) == (True, None, False)
        assert busy.stirred_at is not None
        assert abs(datetime.now(UTC) - busy.stirred_at) < timedelta(seconds=GENEROUS)
        work.leave.set()
        rest(jobs)
        calm = jobs.plans()["server:0"]
        assert (calm.busy, calm.stirred_at) == (False, None)
        assert calm.next_at is not None
        assert calm.next_at > datetime.now(UTC)


def test_a_job_that_asks_for_itself_runs_every_time() -> None:
    """No alarm is lost between the end of a pass and the thread that comes home, a hundred times in a row."""
    jobs: Jobs

    class Again(Work):
        def __call__(self, deadline: float) -> Result:
            super().__call__(deadline)
            return Result(yielded=self.passes < 100)

    work = Again()
    with running(work) as jobs:
        assert work.reached(100)
        rest(jobs)
        assert (work.passes, work.most_at_once) == (100, 1)


def test_a_job_that_hangs_keeps_no_other_waiting() -> None:
    hanging, other = Work(held=True), Work()
    with running(hanging, other) as jobs:
        assert hanging.reached(1)
        assert other.reached(1)
        for wanted in range(2, 6):
            rest_of = time.monotonic() + GENEROUS
            while "server:1" in jobs.busy() and time.monotonic() < rest_of:
                time.sleep(0.002)
            jobs.ask("server:1")
            assert other.reached(wanted)
        assert hanging.passes == 1
        assert jobs.busy() == ["server:0"]


def test_an_alarm_that_went_astray_is_set_again() -> None:
    """E4: As when the wall clock is set back an hour: what should have run by the steady clock runs."""
    work = Work()
    with running(work) as jobs:
        assert work.reached(1)
        rest(jobs)
        jobs._scheduler.modify_job("server:0", next_run_time=datetime.now(UTC) + timedelta(hours=1))
        jobs.nudge()
        assert work.passes == 1, "it is not due"
        jobs["server:0"].schedule.due = time.monotonic() - 5
        jobs.nudge()
        assert work.reached(2)


def test_an_alarm_that_comes_early_is_set_again() -> None:
    """E4: As when the wall clock jumps ahead: an interval is an interval."""
    work = Work()
    with running(work) as jobs:
        assert work.reached(1)
        rest(jobs)
        jobs._once(jobs["server:0"])
        assert work.passes == 1


def test_a_defect_ends_neither_the_job_nor_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """E3: It is told with its traceback, and the job is run again later and later."""
    broken, other = Work(), Work()
    broken.fails = ValueError("a defect")
    with caplog.at_level(logging.ERROR), running(broken, other) as jobs:
        assert broken.reached(1)
        assert other.reached(1)
        rest(jobs)
        assert "server:0 met a defect" in caplog.text
        assert jobs["server:0"].schedule.due > time.monotonic() + 3000
        assert jobs.tried_all("server:")


def test_a_journal_that_fails_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    work, told = Work(), threading.Event()
    work.fails = JournalError("disk full")
    with running(work, failed=lambda _error: told.set()):
        assert told.wait(GENEROUS)
    assert "the journal cannot be trusted any more: disk full" in caplog.text


def test_nothing_begins_after_the_end() -> None:
    work = Work()
    with running(work) as jobs:
        assert work.reached(1)
        rest(jobs)
        jobs.end()
        jobs["server:0"].schedule.due = 0
        jobs.ask("server:0")
        jobs.announce("server:0")
        jobs._once(jobs["server:0"])
        assert work.passes == 1
