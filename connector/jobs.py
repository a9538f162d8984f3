"""The alarms: each job runs in a thread of its own when its schedule says so, and never twice at once.

APScheduler is the clock, and only that: one alarm a job, set anew after each pass and whenever somebody asks. It goes
by the wall clock, schedules by a steady one; where they part (the clock is set, the machine slept) ``nudge`` sets the
alarm right. Source: design page section 5 ("The service"), scenario E4.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor as Threads
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from connector.errors import Fenced, JournalAway, JournalError
from connector.metrics.vitals import Plan
from connector.pulse import heard_by
from connector.schedule import Result, Schedule

log = logging.getLogger(__name__)

_OVERDUE_S = 2.0
_NO_ALARM = timedelta(days=1)
_MOST_AT_ONCE = 4096
"""Threads are made as they are needed, one for each job that runs; jobs may come later."""


@dataclass
class Job:
    """One thing that runs again and again. ``work`` is given the steady time at which it is to yield."""

    name: str
    work: Callable[[float], Result]
    schedule: Schedule
    tried: bool = False
    """It ran at least once."""
    heard: float = float("-inf")
    """When something last came for it: see ``pulse``."""
    gone: bool = False
    """It is not to run any more; a pass of it may still be on its way to its end."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class Jobs:
    """Runs its jobs until :meth:`end`. Thread-safe.

    ``budget``: seconds that a pass has; ``night``: is it night now; ``failed``: called when the journal failed: nothing
    more may run.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        *,
        budget: float,
        night: Callable[[], bool],
        failed: Callable[[JournalError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._budget, self._night, self._failed, self._clock = budget, night, failed, clock
        self._ended = threading.Event()
        # The executor's threads are ours, so that the end may wait for them as long as it wants and no longer.
        self._threads = Threads(max_workers=_MOST_AT_ONCE, thread_name_prefix="pass")
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": _Executor(self._threads)},
            # Two: an alarm may come while the thread that set it has not quite returned. One works, see _once.
            job_defaults={"coalesce": True, "max_instances": 2, "misfire_grace_time": None},
        )

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def __getitem__(self, name: str) -> Job:
        return self._jobs[name]

    def start(self) -> None:
        """Set every alarm for what is due."""
        for job in self._jobs.values():
            self._appoint(job)
        self._scheduler.start()

    def _appoint(self, job: Job) -> None:
        self._scheduler.add_job(
            self._once,
            _WhenTold(),
            args=[job],
            id=job.name,
            next_run_time=self._at(job),
            replace_existing=True,
        )

    def add(self, job: Job) -> None:
        """Let one more job run, from now on; one that is known goes on, however it had failed."""
        known = self._jobs.get(job.name)
        if known is not None:
            with known.lock:
                # A pass of it may still run: the same job, so that never two of them do.
                came_back, known.gone = known.gone, False
                known.schedule.rhythm = job.schedule.rhythm
                known.schedule.afresh(self._clock())
                if not came_back:
                    self._set_alarm(known)
            if came_back:
                self._appoint(known)
            return
        self._jobs = {**self._jobs, job.name: job}
        self._appoint(job)

    def remove(self, name: str) -> None:
        """Let a job begin no more; what runs comes to its end."""
        job = self._jobs[name]
        with job.lock:
            job.gone = True
        with suppress(JobLookupError):
            self._scheduler.remove_job(name)

    def end(self) -> None:
        """Begin nothing any more. What runs goes on."""
        self._ended.set()
        with suppress(Exception):  # a clock that does not stop must not keep the service from ending
            self._scheduler.shutdown(wait=False)

    def ask(self, name: str) -> None:
        """Let a job run at once, or again when it is over; nothing where it has been removed."""
        job = self._jobs.get(name)
        if job is None or job.gone:
            return
        with job.lock:
            job.schedule.ask(self._clock())
            self._set_alarm(job)

    def announce(self, name: str) -> None:
        """Tell a job that something moved where it looks."""
        job = self._jobs[name]
        with job.lock:
            job.schedule.announce(self._clock())
            self._set_alarm(job)

    def nudge(self) -> None:
        """Set anew the alarm of what should have run and has not: the wall clock was set, or an alarm was lost."""
        for job in self._jobs.values():
            with job.lock:
                if (
                    not job.gone
                    and job.schedule.began is None
                    and self._clock() - job.schedule.due > _OVERDUE_S
                ):
                    self._set_alarm(job)

    def tried_all(self, kind: str) -> bool:
        """True when every job whose name begins so has run at least once."""
        return all(job.tried or job.gone for name, job in self._jobs.items() if name.startswith(kind))

    def busy(self) -> list[str]:
        """Names of what runs now."""
        return [job.name for job in self._jobs.values() if job.schedule.began is not None]

    def passes(self) -> frozenset[tuple[str, float]]:
        """What runs now: name and when it began, so that a later pass of the same job is told from it."""
        running = ((job.name, job.schedule.began) for job in self._jobs.values())
        return frozenset((name, began) for name, began in running if began is not None)

    def late(self) -> list[str]:
        """Names of what gives no sign of life."""
        return [name for name, plan in self.plans().items() if plan.late]

    def plans(self) -> dict[str, Plan]:
        """Tell of each job when it runs next, and how the one that runs goes."""
        jobs = [job for job in self._jobs.values() if not job.gone or job.schedule.began is not None]
        return {job.name: self._plan(job) for job in jobs}

    def _plan(self, job: Job) -> Plan:
        with job.lock:
            now, at, schedule = self._clock(), datetime.now(UTC), job.schedule
            began, stirred = schedule.began, None
            if began is not None:
                stirred = at + timedelta(seconds=max(began, job.heard) - now)
            return Plan(
                next_at=at + timedelta(seconds=schedule.due - now) if began is None else None,
                busy=began is not None,
                stirred_at=stirred,
                late=schedule.late(now, self._budget, heard=job.heard),
            )

    def _once(self, job: Job) -> None:
        with job.lock:
            now = self._clock()
            if self._ended.is_set() or job.gone or job.schedule.began is not None:
                return
            if job.schedule.due > now:
                self._set_alarm(job)  # the wall clock was ahead
                return
            job.schedule.begin(now)
        result = Result(failed=True)

        def hear() -> None:
            job.heard = self._clock()

        try:
            with heard_by(hear):
                result = job.work(now + self._budget)
        except JournalError as error:
            if isinstance(error, (JournalAway, Fenced)):
                log.info("%s ends: %s", job.name, error)  # told once, by whoever begins anew
            else:
                log.critical("the journal cannot be trusted any more: %s", error)
            self._failed(error)
        except Exception:  # one job's defect must not end the others
            log.exception("%s met a defect", job.name)
        finally:
            with job.lock:
                job.schedule.end(self._clock(), result, night=self._night())
                job.tried = True
                self._set_alarm(job)

    def _set_alarm(self, job: Job) -> None:
        if job.schedule.began is not None or job.gone or self._ended.is_set():
            return
        with suppress(JobLookupError, RuntimeError):  # when the clock is stopping there is nothing to set
            self._scheduler.modify_job(job.name, next_run_time=self._at(job))

    def _at(self, job: Job) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=max(0.0, job.schedule.due - self._clock()))


class _WhenTold(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """The next time is told when the pass is over; a job without one would be thrown away meanwhile."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return a time that never counts."""
        return now + _NO_ALARM


class _Executor(BasePoolExecutor):  # type: ignore[misc]  # as above
    """APScheduler's executor on threads that are waited for by ourselves."""

    def __init__(self, pool: Threads) -> None:
        super().__init__(pool)
