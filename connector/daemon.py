"""When things run: one job per server and one per account, a clock, stop signals, systemd's watchdog.

APScheduler is a clock only: what is due stands in the journal. A pass that was shortened by its budget, that saw
something new, or that moved a request wakes itself or its other side at once. Source: design page section 5.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor as Threads
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType

from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from connector import systemd
from connector.config import Config
from connector.errors import JournalError, RemoteError
from connector.guards import ServerMemory
from connector.passes import Outcome, account_pass, server_pass
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

NEXTCLOUD_EVERY = timedelta(seconds=15)
ELSEWHERE_EVERY = timedelta(seconds=60)
ACCOUNT_EVERY = timedelta(seconds=15)
"""An account's pass skips what is not due, so it is asked for often and costs nothing."""

_BREATH = timedelta(milliseconds=50)


@dataclass
class Job:
    """One thing that runs again and again, never twice at once. Times are of ``time.monotonic()``."""

    name: str
    work: Callable[[float], Outcome]
    every: timedelta
    began: float | None = None
    ended: float | None = None
    wanted: bool = False
    """Somebody asked for it while it ran."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def late(self, now: float, since: float, budget: float) -> bool:
        """True when it neither yielded nor finished within twice its budget, or the clock forgot it."""
        began = self.began
        if began is not None:
            return now - began > 2 * budget
        return now - (self.ended or since) > self.every.total_seconds() + 2 * budget


class Daemon:
    """Runs until a signal, or until the journal fails. Make one in the main thread, and once.

    ``budget``: seconds after which a pass yields; ``grace``: seconds that an effect in flight gets at the end.
    """

    def __init__(self, parts: Parts, config: Config, *, budget: float = 60.0, grace: float = 25.0) -> None:
        self._parts, self._config = parts, config
        self._budget, self._grace = budget, grace
        self._ending = threading.Event()
        self._failure: JournalError | None = None
        self._since = time.monotonic()
        self.memories = {name: ServerMemory() for name in config.servers}
        self._jobs: dict[str, Job] = {}
        self._held: set[str] = set()
        self._partners = _partners(config)
        self._make_jobs()
        # The executor's threads are ours, so that the end may wait for them as long as it wants and no longer.
        self._threads = Threads(max_workers=len(self._jobs), thread_name_prefix="pass")
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": _Executor(self._threads)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def _make_jobs(self) -> None:
        polling = self._config.polling
        for name in self._config.servers:
            key = f"server:{name}"
            every = polling.folders or NEXTCLOUD_EVERY
            self._jobs[key] = Job(key, lambda deadline, name=name: self._server(name, deadline), every)  # type: ignore[misc]
            # What outlived a pass has come to its end: the next one tells of it.
            self.memories[name].hands.freed = partial(self.wake, key)
        for name in self._config.accounts:
            key = f"account:{name}"
            every = min(polling.platform, ACCOUNT_EVERY)
            self._jobs[key] = Job(key, lambda deadline, name=name: self._account(name, deadline), every)  # type: ignore[misc]

    # ------------------------------------------------------------------------------------ the end

    def stop(self) -> None:
        """Begin no new effect and end. Safe from any thread and from a signal handler."""
        self._parts.stop.set()
        self._ending.set()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self.stop()

    @staticmethod
    def _reload(_number: int, _frame: FrameType | None) -> None:
        log.warning("SIGHUP: a changed configuration is read at the next start only; nothing was reloaded")

    # ------------------------------------------------------------------------------------ running

    def run(self) -> bool:
        """Work until told to stop. True when everything came to rest, False when an effect is still in flight.

        Raises JournalError when the journal failed: it is no longer known what was done.
        """
        handled = {
            signal.SIGTERM: self._signalled,
            signal.SIGINT: self._signalled,
            signal.SIGHUP: self._reload,
        }
        before = {number: signal.signal(number, handler) for number, handler in handled.items()}
        try:
            self._start()
            self._watch()
            return self._finish()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> None:
        now = datetime.now(UTC)
        for job in self._jobs.values():
            self._scheduler.add_job(
                self._once, IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC),
                args=[job], id=job.name, next_run_time=now,
            )  # fmt: skip
        self._scheduler.start()
        log.info(
            "started: %d servers, %d accounts, %d folders",
            len(self._config.servers), len(self._config.accounts), len(self._config.folders),
        )  # fmt: skip

    def _watch(self) -> None:
        """The main thread's own work: tell systemd how it goes."""
        expected = systemd.watchdog_seconds()
        pause = 0.2 if expected is None else max(0.05, min(0.2, expected / 3))
        ready, fed, told = False, 0.0, ""
        while not self._ending.wait(pause):
            now = time.monotonic()
            if not ready and self._tried_all():
                ready = True
                systemd.notify("READY=1")
                log.info("ready: the first pass of every server was tried")
            if expected is not None and now - fed >= expected / 3 and self._healthy(now):
                systemd.notify("WATCHDOG=1")
                fed = now
            if ready and (text := self._status()) != told:
                told = text
                systemd.notify(f"STATUS={text}")

    def _tried_all(self) -> bool:
        return all(job.ended is not None for key, job in self._jobs.items() if key.startswith("server:"))

    def _healthy(self, now: float) -> bool:
        late = [job.name for job in self._jobs.values() if job.late(now, self._since, self._budget)]
        if late:
            log.error("no sign of life from %s: systemd's watchdog is not fed", ", ".join(late))
        return not late

    def _status(self) -> str:
        away = [n for n, memory in self.memories.items() if memory.problem and not memory.troubles]
        resting = [folder for memory in self.memories.values() for folder in memory.troubles]
        held = [name for name in self._config.accounts if name in self._held]
        texts = [f"{len(self.memories) - len(away)} of {len(self.memories)} servers answer"]
        for what, names in (("not reached", away), ("folders left alone", resting), ("held", held)):
            texts += [f"{what}: {', '.join(sorted(names))}"] if names else []
        return "; ".join(texts)

    def _finish(self) -> bool:
        systemd.notify("STOPPING=1", "STATUS=stopping: no new effect begins")
        log.info("stopping: no new effect begins")
        with suppress(Exception):  # a clock that does not stop must not keep the service from ending
            self._scheduler.shutdown(wait=False)
        until = time.monotonic() + self._grace
        while (busy := self._busy()) and time.monotonic() < until:
            time.sleep(0.05)
        if busy:
            log.warning("%s is still in an effect; its intent remains", ", ".join(busy))
        if self._failure is not None:
            raise self._failure
        log.info("stopped")
        return not busy

    def _busy(self) -> list[str]:
        left = [f"server:{name}" for name, memory in self.memories.items() if memory.hands.busy]
        return sorted({*left, *(job.name for job in self._jobs.values() if job.began is not None)})

    # --------------------------------------------------------------------------------------- jobs

    def _once(self, job: Job) -> None:
        """Run a job, unless it runs already; then it runs again when that is over."""
        with job.lock:
            if job.began is not None:
                job.wanted = True
                return
            if self._ending.is_set():
                return
            job.began, job.wanted = time.monotonic(), False
        try:
            outcome = job.work(job.began + self._budget)
            self._after(job, outcome)
        except JournalError as error:
            log.critical("the journal cannot be trusted any more: %s", error)
            self._failure = error
            self.stop()
        except Exception:  # one job's defect must not end the others
            log.exception("%s met a defect", job.name)
        finally:
            with job.lock:
                job.began, job.ended, again = None, time.monotonic(), job.wanted
            if again:
                self.wake(job.name)

    def wake(self, name: str, *, after: timedelta = timedelta(0)) -> None:
        """Let a job run now, or a moment later, instead of at its next time."""
        job = self._jobs[name]
        with job.lock:
            if job.began is not None and not after:
                job.wanted = True
                return
        # When the clock is stopping there is nothing to wake.
        with suppress(JobLookupError, RuntimeError):
            # Never quite at once: a job that wakes itself has to be over first.
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC) + max(after, _BREATH))

    def _after(self, job: Job, outcome: Outcome) -> None:
        kind, name = job.name.split(":", 1)
        if outcome.moved:
            for partner in self._partners[job.name]:
                self.wake(partner)
        if outcome.unsettled:
            self.wake(job.name, after=self._parts.timing.settle + timedelta(seconds=0.2))
        elif not outcome.complete and not (kind == "server" and self.memories[name].problem):
            self.wake(job.name)  # its budget was over: it goes on where it was

    def _server(self, name: str, deadline: float) -> Outcome:
        outcome = server_pass(self._parts, name, self.memories[name], deadline=deadline)
        if self._config.polling.folders is None and not self.memories[name].problem:
            self._pace(name)
        return outcome

    def _pace(self, name: str) -> None:
        """Ask a server that shows its changes at the root often, one that must be walked seldom."""
        try:
            climbs = self._parts.folders[name].capabilities().chunked_upload
        except RemoteError:
            return
        job, every = self._jobs[f"server:{name}"], NEXTCLOUD_EVERY if climbs else ELSEWHERE_EVERY
        if job.every != every:
            job.every = every
            with suppress(JobLookupError):
                trigger = IntervalTrigger(seconds=every.total_seconds(), timezone=UTC)
                self._scheduler.reschedule_job(job.name, trigger=trigger)

    def _account(self, name: str, deadline: float) -> Outcome:
        outcome = account_pass(self._parts, name, deadline=deadline)
        (self._held.add if self._parts.journal.held(name) else self._held.discard)(name)
        return outcome


class _Executor(BasePoolExecutor):  # type: ignore[misc]  # the library has no types
    """APScheduler's executor on threads that are waited for by ourselves."""

    def __init__(self, pool: Threads) -> None:
        super().__init__(pool)


def _partners(config: Config) -> Mapping[str, frozenset[str]]:
    """Job → the jobs of its other side: a server's accounts, an account's servers."""
    found: dict[str, set[str]] = {f"server:{name}": set() for name in config.servers}
    found |= {f"account:{name}": set() for name in config.accounts}
    for folder in config.folders.values():
        for account in folder.accounts:
            found[f"server:{folder.server}"].add(f"account:{account}")
            found[f"account:{account}"].add(f"server:{folder.server}")
    return {name: frozenset(partners) for name, partners in found.items()}
