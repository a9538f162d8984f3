"""When things run: one job per server and one per account, wake-ups, stop signals, systemd's watchdog.

What is due stands in the journal, when a side is asked next in its schedule (``schedule``); ``jobs`` keeps the alarms.
A pass that was shortened by its budget, that saw something new, or that moved a request wakes itself or its other side
at once. Source: design page section 5.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from types import FrameType

from connector import systemd
from connector.config import Config
from connector.errors import JournalError, JournalFull, RemoteError
from connector.guards import ServerMemory
from connector.jobs import Job, Jobs
from connector.passes import Outcome, account_pass, server_pass
from connector.schedule import ELSEWHERE, NEXTCLOUD, Result, Rhythm, Schedule, is_night
from connector.steps.parts import Parts
from connector.steps.pauses import FOLDER, SERVER
from connector.summons import Summons
from connector.webdav.wakeups import WakeUps

log = logging.getLogger(__name__)

ACCOUNT_EVERY = timedelta(seconds=15)
"""An account's pass skips what is not due, so it is asked for often and costs nothing."""


class Daemon:
    """Runs until a signal, or until the journal fails. Make one in the main thread, and once.

    ``budget``: seconds after which a pass yields; ``grace``: seconds that an effect in flight gets at the end.
    """

    def __init__(self, parts: Parts, config: Config, *, budget: float = 60.0, grace: float = 25.0) -> None:
        self._parts, self._config, self._grace = parts, config, grace
        self._ending = threading.Event()
        self._failure: JournalError | None = None
        self._told_to_end = False
        self.memories = {name: ServerMemory() for name in config.servers}
        self._held: set[str] = set()
        self._partners = _partners(config)
        self._jobs = Jobs(self._made_jobs(), budget=budget, night=self._is_night, failed=self._journal_failed)
        for name, memory in self.memories.items():
            # What outlived a pass has come to its end: the next one tells of it.
            memory.hands.freed = partial(self._jobs.ask, f"server:{name}")
        self._summons = Summons(parts.journal, self._summoned)
        self._wakeups = WakeUps(
            {
                name: (folder.wake, partial(self._jobs.announce, f"server:{folder.server}"))
                for name, folder in config.folders.items()
                if folder.wake is not None
            }
        )

    def _made_jobs(self) -> list[Job]:
        polling, now = self._config.polling, time.monotonic()
        asked = NEXTCLOUD if polling.folders is None else Rhythm.fixed(polling.folders)
        looked_at = Rhythm.fixed(min(polling.platform, ACCOUNT_EVERY))
        servers = [
            Job(f"server:{name}", partial(self._server, name), Schedule(asked, now))
            for name in self._config.servers
        ]
        return servers + [
            Job(f"account:{name}", partial(self._account, name), Schedule(looked_at, now))
            for name in self._config.accounts
        ]

    def _summoned(self, server: str, account: str) -> None:
        """Another process wrote something for these into the journal; without a server, for all of the account's.

        A pause of a folder or a server stands in an account's place.
        """
        folder = self._config.folders.get(account.removeprefix(FOLDER))
        own = account if account.startswith(SERVER) else f"account:{account}"
        if account.startswith(FOLDER) and folder is not None:
            own = SERVER + folder.server
        for job in {own, f"server:{server}"} if server else {own, *self._partners.get(own, ())}:
            if job in self._partners:
                self._jobs.ask(job)

    # ------------------------------------------------------------------------------------ the end

    def stop(self) -> None:
        """Begin no new effect and end. Safe from any thread and from a signal handler."""
        self._parts.stop.set()
        self._ending.set()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True
        self.stop()

    @staticmethod
    def _reload(_number: int, _frame: FrameType | None) -> None:
        log.warning("SIGHUP: a changed configuration is read at the next start only; nothing was reloaded")

    def _journal_failed(self, error: JournalError) -> None:
        self._failure = error
        self.stop()

    # ------------------------------------------------------------------------------------ running

    def run(self) -> bool:
        """Work until told to stop. True when everything came to rest, False when an effect is still in flight.

        Raises JournalError when the journal failed: it is no longer known what was done. Whoever was told to end does
        not wait for room in it.
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
        self._jobs.start()
        self._wakeups.start()
        log.info(
            "started: %d servers, %d accounts, %d folders",
            len(self._config.servers), len(self._config.accounts), len(self._config.folders),
        )  # fmt: skip

    def _watch(self) -> None:
        """The main thread's own work: tell systemd how it goes, and see that no alarm is lost."""
        expected = systemd.watchdog_seconds()
        pause = 0.2 if expected is None else max(0.05, min(0.2, expected / 3))
        ready, fed, told = False, 0.0, ""
        while not self._ending.wait(pause):
            now = time.monotonic()
            self._jobs.nudge()
            self._summons.look()
            if not ready and self._jobs.tried_all("server:"):
                ready = True
                systemd.notify("READY=1")
                log.info("ready: the first pass of every server was tried")
            if expected is not None and now - fed >= expected / 3 and self._healthy():
                systemd.notify("WATCHDOG=1")
                if not ready:
                    # A first look may take longer than a start: as long as it goes on, so does the start.
                    systemd.notify(f"EXTEND_TIMEOUT_USEC={int(expected * 1_000_000)}")
                fed = now
            if ready and (text := self._status()) != told:
                told = text
                systemd.notify(f"STATUS={text}")

    def _healthy(self) -> bool:
        late = self._jobs.late()
        if late:
            log.error("no sign of life from %s: systemd's watchdog is not fed", ", ".join(late))
        return not late

    def _status(self) -> str:
        away = [n for n, memory in self.memories.items() if memory.problem and not memory.troubles]
        resting = [folder for memory in self.memories.values() for folder in memory.troubles]
        held = [name for name in self._config.accounts if name in self._held]
        texts = [f"{len(self.memories) - len(away)} of {len(self.memories)} servers answer"]
        blind = self._wakeups.blind()
        told = (
            ("not reached", away),
            ("folders left alone", resting),
            ("held", held),
            ("no wake-ups", blind),
        )
        for what, names in told:
            texts += [f"{what}: {', '.join(sorted(names))}"] if names else []
        return "; ".join(texts)

    def _finish(self) -> bool:
        if self._told_to_end or not isinstance(self._failure, JournalFull):
            # What stands still until there is room again does not end: systemd would kill it for not having ended.
            systemd.notify("STOPPING=1", "STATUS=stopping: no new effect begins")
        log.info("stopping: no new effect begins")
        self._jobs.end()
        self._wakeups.end()
        until = time.monotonic() + self._grace
        while (busy := self._busy()) and time.monotonic() < until:
            time.sleep(0.05)
        if busy:
            log.warning("%s is still in an effect; its intent remains", ", ".join(busy))
        if self._failure is not None and not (self._told_to_end and isinstance(self._failure, JournalFull)):
            raise self._failure
        log.info("stopped")
        return not busy

    @property
    def at_rest(self) -> bool:
        """True when no thread of its own works any more: another one may take up from the journal."""
        return not self._busy()

    def _busy(self) -> list[str]:
        """Names of what runs now, what outlived its pass included."""
        left = [f"server:{name}" for name, memory in self.memories.items() if memory.hands.busy]
        return sorted({*left, *self._jobs.busy()})

    # --------------------------------------------------------------------------------------- jobs

    def _server(self, name: str, deadline: float) -> Result:
        outcome = server_pass(self._parts, name, self.memories[name], deadline=deadline)
        if self._config.polling.folders is None and not self.memories[name].problem:
            self._pace(name)
        # With a trouble in one folder no pass is complete: that is no reason to begin again at once.
        return self._result(
            f"server:{name}", outcome, yielded=not outcome.complete and not self.memories[name].problem
        )

    def _pace(self, name: str) -> None:
        """Ask a server that shows its changes at the root often, one that must be walked seldom."""
        try:
            climbs = self._parts.folders[name].capabilities().chunked_upload
        except RemoteError:
            return
        self._jobs[f"server:{name}"].schedule.rhythm = NEXTCLOUD if climbs else ELSEWHERE

    def _account(self, name: str, deadline: float) -> Result:
        outcome = account_pass(self._parts, name, deadline=deadline)
        (self._held.add if self._parts.journal.held(name) else self._held.discard)(name)
        return self._result(f"account:{name}", outcome, yielded=not outcome.complete)

    def _result(self, job: str, outcome: Outcome, *, yielded: bool) -> Result:
        if outcome.moved or outcome.ordered:
            for partner in self._partners[job]:
                self._jobs.ask(partner)
        again = None
        if outcome.unsettled:
            again = self._steady((outcome.seen_at or self._parts.now()) + self._parts.timing.settle)
        error = outcome.error
        return Result(
            found=outcome.moved > 0,
            look_again=again,
            yielded=yielded,
            next_at=None if outcome.next_at is None else self._steady(outcome.next_at),
            failed=error is not None,
            retry_after=0.0 if error is None else error.retry_after_s or 0.0,
        )

    def _steady(self, at: datetime) -> float:
        """A moment of the wall clock on the one that schedules go by."""
        return time.monotonic() + (at - self._parts.now()).total_seconds()

    def _is_night(self) -> bool:
        return is_night(self._parts.now().astimezone(self._config.zone))


def _partners(config: Config) -> Mapping[str, frozenset[str]]:
    """Job → the jobs of its other side: a server's accounts, an account's servers."""
    found: dict[str, set[str]] = {f"server:{name}": set() for name in config.servers}
    found |= {f"account:{name}": set() for name in config.accounts}
    for folder in config.folders.values():
        for account in folder.accounts:
            found[f"server:{folder.server}"].add(f"account:{account}")
            found[f"account:{account}"].add(f"server:{folder.server}")
    return {name: frozenset(partners) for name, partners in found.items()}
