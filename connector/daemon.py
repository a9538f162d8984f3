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
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import FrameType

from connector import systemd
from connector.changing import FileWakeUps, Reloader, Retired, Setup, forget, renewed
from connector.config import Config
from connector.errors import Fenced, JournalAway, JournalError, JournalFull, RemoteError
from connector.guards import ServerMemory
from connector.jobs import Job, Jobs
from connector.metrics.vitals import Vitals
from connector.passes import Outcome, account_pass, server_pass
from connector.schedule import ELSEWHERE, NEXTCLOUD, Result, Rhythm, Schedule, is_night
from connector.signs import Signs
from connector.steps.parts import Parts
from connector.steps.pauses import FOLDER, SERVER
from connector.steps.telling import tell
from connector.summons import EVERY_S, SELDOM_S, Summons
from connector.webdav.wakeups import WakeUps

log = logging.getLogger(__name__)

ACCOUNT_EVERY = timedelta(seconds=15)
"""An account's pass skips what is not due, so it is asked for often and costs nothing."""


PASSING = (JournalFull, JournalAway, Fenced)
"""What ends by itself: whoever runs it waits, and begins anew from the journal."""
TELL_EVERY = timedelta(seconds=15)
"""What has happened is told so often; nothing to tell costs one look into the journal."""


class Daemon:
    """Runs until a signal, or until the journal fails. Make one in the main thread, and once.

    ``budget``: seconds after which a pass yields; ``grace``: seconds that an effect in flight gets at the end;
    ``reloader``: who reads a changed configuration, None where it stays as it is;
    ``vitals``: what is told of its passes; ``told``: who is told of a configuration that was taken over;
    ``signalled``: who is told that a signal ends it, in its handler.
    """

    def __init__(
        self,
        parts: Parts,
        config: Config,
        *,
        budget: float = 60.0,
        grace: float = 25.0,
        reloader: Reloader | None = None,
        vitals: Vitals | None = None,
        told: Callable[[Config], None] = lambda _config: None,
        signalled: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts, self._config, self._grace, self._reloader = parts, config, grace, reloader
        self.vitals, self._tell_of = vitals or Vitals(None, now=parts.now, zone=config.zone), told
        self._signs, self._tell_of_end = Signs(self.vitals), signalled
        self._ending = threading.Event()
        self._failure: JournalError | None = None
        self._told_to_end = False
        self.memories = {name: ServerMemory() for name in config.servers}
        self._partners = _partners(config)
        self._jobs = Jobs(self._made_jobs(), budget=budget, night=self._is_night, failed=self._journal_failed)
        self._signs.known([job.name for job in self._jobs], config.accounts)
        self.vitals.plans = self._jobs.plans
        self.vitals.made = lambda: {name: made() for name, made in self._parts.made.items()}
        for name, memory in self.memories.items():
            self._freed(name, memory)
        self._leaving: dict[str, ServerMemory] = {}
        """Of servers that were taken out of the configuration, while somebody still works on a request of theirs."""
        self._anew: set[str] = set()
        self._changing = threading.Lock()
        """Held while the parts are exchanged, and while a pass takes them: all old, or all new."""
        self._retired = Retired()
        self._summons = Summons(parts.journal, self._summoned, every_s=SELDOM_S if parts.shared else EVERY_S)
        self._wakeups = self._made_wakeups()
        self._files = FileWakeUps(reloader) if reloader is not None else None
        self._ready = False

    def _freed(self, name: str, memory: ServerMemory) -> None:
        # What outlived a pass has come to its end: the next one tells of it.
        memory.hands.freed = partial(self._jobs.ask, f"server:{name}")

    def _made_wakeups(self) -> WakeUps:
        return WakeUps(
            {
                name: (folder.wake, partial(self._jobs.announce, f"server:{folder.server}"))
                for name, folder in self._config.folders.items()
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
        accounts = [
            Job(f"account:{name}", partial(self._account, name), Schedule(looked_at, now))
            for name in self._config.accounts
        ]
        return [*servers, *accounts, Job("telling", self._tell, Schedule(Rhythm.fixed(TELL_EVERY), now))]

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

    def summoned(self) -> None:
        """Another process wrote something for one of ours: look at once. Safe from any thread."""
        self._summons.hurry()

    def busy_units(self) -> frozenset[str]:
        """Return the units that somebody works on just now. Safe from any thread."""
        busy, config = set(self._busy()), self._config
        accounts = {name for name in busy if name.startswith("account:")}
        return frozenset(
            {*accounts, *(f"folder:{n}" for n, one in config.folders.items() if SERVER + one.server in busy)}
        )

    # ------------------------------------------------------------------------------------ the end

    def stop(self) -> None:
        """Begin no new effect and end. Safe from any thread and from a signal handler."""
        self._parts.stop.set()
        self._ending.set()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True
        self._tell_of_end()
        self.stop()

    def _journal_failed(self, error: JournalError) -> None:
        self._failure = self._failure or error
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
        }
        before = {number: signal.signal(number, handler) for number, handler in handled.items()}
        try:
            return self.work()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def work(self) -> bool:
        """Do so without listening to signals: :meth:`stop` alone ends it. Raises JournalError, as :meth:`run`."""
        self._start()
        self._watch()
        return self._finish()

    def _start(self) -> None:
        self._jobs.start()
        self._wakeups.start()
        if self._files is not None:
            self._files.follow()
        log.info(
            "started: %d servers, %d accounts, %d folders",
            len(self._config.servers), len(self._config.accounts), len(self._config.folders),
        )  # fmt: skip

    def _watch(self) -> None:
        """The main thread's own work: tell systemd how it goes, and see that no alarm is lost."""
        expected = systemd.watchdog_seconds()
        pause = 0.2 if expected is None else max(0.05, min(0.2, expected / 3))
        fed, told = 0.0, ""
        while not self._ending.wait(pause):
            now = time.monotonic()
            self._jobs.nudge()
            self._summons.look()
            self._reload()
            self.vitals.keep()
            if not self._ready and self._jobs.tried_all("server:"):
                self._ready = True
                systemd.notify("READY=1")
                log.info("ready: the first pass of every server was tried")
            if expected is not None and now - fed >= expected / 3 and self._healthy():
                systemd.notify("WATCHDOG=1")
                if not self._ready:
                    # A first look may take longer than a start: as long as it goes on, so does the start.
                    systemd.notify(f"EXTEND_TIMEOUT_USEC={int(expected * 1_000_000)}")
                fed = now
            if self._ready and (text := self._status()) != told:
                told = text
                systemd.notify(f"STATUS={text}")

    def _healthy(self) -> bool:
        late = self._jobs.late()
        if late:
            log.error("no sign of life from %s: systemd's watchdog is not fed", ", ".join(late))
        return not late

    def _status(self) -> str:
        trouble = "" if self._reloader is None else self._reloader.trouble
        held = "" if self._reloader is None else self._reloader.held
        blind = self._wakeups.blind()
        text = self._signs.status(self.memories, self._config.accounts, blind=blind, trouble=trouble)
        return f"{held}; {text}" if held else text

    def _finish(self) -> bool:
        if self._told_to_end or not isinstance(self._failure, PASSING):
            # What stands still until there is room again does not end: systemd would kill it for not having ended.
            systemd.notify("STOPPING=1", "STATUS=stopping: no new effect begins")
        log.info("stopping: no new effect begins")
        self._jobs.end()
        self._wakeups.end()
        if self._files is not None:
            self._files.end()
        self.vitals.keep()
        until = time.monotonic() + self._grace
        while (busy := self._busy()) and time.monotonic() < until:
            time.sleep(0.05)
        if busy:
            log.warning("%s is still in an effect; its intent remains", ", ".join(busy))
        if self._failure is not None and not (self._told_to_end and isinstance(self._failure, PASSING)):
            raise self._failure
        log.info("stopped")
        return not busy

    @property
    def at_rest(self) -> bool:
        """True when no thread of its own works any more: another one may take up from the journal."""
        return not self._busy()

    def _busy(self) -> list[str]:
        """Names of what runs now, what outlived its pass included."""
        memories = [*self.memories.items(), *self._leaving.items()]
        left = [f"server:{name}" for name, memory in memories if memory.hands.busy]
        return sorted({*left, *self._jobs.busy()})

    # ------------------------------------------------------------------------------- another configuration

    def _reload(self) -> None:
        """Between two turns of the main thread: take over what has changed, close what nobody uses any more."""
        if self._reloader is None or self._files is None:
            return
        asked = self._reloader.asked and self._ready
        if asked:
            systemd.reloading()
        setup = None
        try:
            setup = self._reloader.look()
        except JournalError as error:
            self._journal_failed(error)
        except Exception:  # a defect met in a file must not end what runs well
            log.exception("the configuration was not read")
        if setup is not None:
            if self._ready and not asked:
                systemd.reloading()
            self.take_over(setup)
        if self._ready and (asked or setup is not None):
            systemd.notify("READY=1")
        self._files.follow()
        self._close_retired()

    def take_over(self, setup: Setup) -> None:
        """Let every pass from the next one on work with other parts. What runs ends as it began. Main thread only."""
        with self._changing:
            self._exchange(setup)

    def _exchange(self, setup: Setup) -> None:
        old, new = self._config, setup.config
        self._parts, self._config, self._partners = setup.parts, new, _partners(new)
        self._summons.journal = setup.parts.journal
        self._retired.add(self._at_work(), setup.retired)
        for name in old.servers.keys() - new.servers.keys():
            self._jobs.remove(f"server:{name}")
            self._leaving[name] = self.memories[name]
        for name in old.accounts.keys() - new.accounts.keys():
            self._jobs.remove(f"account:{name}")
        memories = {name: memory for name, memory in self.memories.items() if name in new.servers}
        for name in new.servers.keys() - memories.keys():
            memories[name] = renewed(self._leaving.pop(name, ServerMemory()))
            self._freed(name, memories[name])
        # Another one, not this one changed: passes look through it.
        self.memories = memories
        self._anew |= {name for name in setup.anew if name in new.servers}
        for job in self._made_jobs():
            self._jobs.add(job)
        self._signs.known([job.name for job in self._jobs if not job.gone], new.accounts)
        self._tell_of(new)
        if _wakes(old) != _wakes(new):
            self._wakeups.end()
            self._wakeups = self._made_wakeups()
            self._wakeups.start()

    def _at_work(self) -> frozenset[object]:
        """Who works now, each pass and each request in somebody's hands."""
        passes = self._jobs.passes()  # first: what one that is over has left in hand is seen then
        memories = [*self.memories.items(), *self._leaving.items()]
        held = {(name, ident) for name, memory in memories for ident in memory.hands.held()}
        return frozenset({*passes, *held})

    def _close_retired(self) -> None:
        self._retired.close(self._at_work)
        for name in [name for name, memory in self._leaving.items() if not memory.hands.busy]:
            if f"server:{name}" not in self._jobs.busy():
                del self._leaving[name]

    # --------------------------------------------------------------------------------------- jobs

    def _server(self, name: str, deadline: float) -> Result:
        begun = time.monotonic()
        with self._changing:
            parts, config, memory = self._parts, self._config, self.memories.get(name)
            if memory is None:  # taken out of the configuration in this very moment
                return Result()
            if name in self._anew:
                self._anew.discard(name)
                memory = self.memories[name] = renewed(memory)
                forget(parts, name)
        outcome = server_pass(parts, name, memory, deadline=deadline)
        self._told(parts, f"server:{name}", begun, outcome)
        if config.polling.folders is None and not memory.problem:
            self._pace(parts, name)
        # With a trouble in one folder no pass is complete: that is no reason to begin again at once.
        return self._result(f"server:{name}", outcome, yielded=not outcome.complete and not memory.problem)

    def _pace(self, parts: Parts, name: str) -> None:
        """Ask a server that shows its changes at the root often, one that must be walked seldom."""
        try:
            climbs = parts.folders[name].capabilities().chunked_upload
        except RemoteError:
            return
        self._jobs[f"server:{name}"].schedule.rhythm = NEXTCLOUD if climbs else ELSEWHERE

    def _account(self, name: str, deadline: float) -> Result:
        begun, parts = time.monotonic(), self._parts
        if name not in parts.services:  # as above
            return Result()
        # The pass that it begins takes along what comes meanwhile, and the end of this one asks again.
        outcome = account_pass(
            parts, name, deadline=deadline, arrived=lambda server: self._jobs.ask(f"server:{server}")
        )
        self._told(parts, f"account:{name}", begun, outcome)
        return self._result(f"account:{name}", outcome, yielded=not outcome.complete)

    def _tell(self, deadline: float) -> Result:
        """Tell what has happened; and that all goes well, once every side was worked with since the last time."""
        tell(self._parts, deadline=deadline)
        # Of several processes one tells, and only while somebody works on everything.
        if self._parts.keeper and (self._reloader is None or self._reloader.complete):
            self._signs.ping(self._parts.ping, self._partners)
        return Result()

    def _told(self, parts: Parts, job: str, begun: float, outcome: Outcome) -> None:
        """Let whoever watches know what a pass came to."""
        signs, memories, servers = self._signs, self.memories, self._config.servers
        signs.passed(parts, job, outcome, begun=begun, memories=memories, servers=servers)

    def _result(self, job: str, outcome: Outcome, *, yielded: bool) -> Result:
        if outcome.moved or outcome.ordered:
            for partner in self._partners.get(job, ()):
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
            failed=outcome.failed,
            retry_after=0.0 if error is None else error.retry_after_s or 0.0,
        )

    def _steady(self, at: datetime) -> float:
        """A moment of the wall clock on the one that schedules go by."""
        return time.monotonic() + (at - self._parts.now()).total_seconds()

    def _is_night(self) -> bool:
        return is_night(self._parts.now().astimezone(self._config.zone))


def _wakes(config: Config) -> dict[str, object]:
    return {name: (folder.server, folder.wake) for name, folder in config.folders.items() if folder.wake}


def _partners(config: Config) -> Mapping[str, frozenset[str]]:
    """Job → the jobs of its other side: a server's accounts, an account's servers."""
    found: dict[str, set[str]] = {f"server:{name}": set() for name in config.servers}
    found |= {f"account:{name}": set() for name in config.accounts}
    for folder in config.folders.values():
        for account in folder.accounts:
            found[f"server:{folder.server}"].add(f"account:{account}")
            found[f"account:{account}"].add(f"server:{folder.server}")
    return {name: frozenset(partners) for name, partners in found.items()}
