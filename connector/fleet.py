"""One process among several on a journal: it gives signs of life, takes its part of the work, and lets go of the rest.

Two threads. One says that this process lives, and listens; the other sees who else does, relieves the dead, and moves
shares so that each process comes to as many. What is held is worked with from the daemon's main thread, which asks here
for it (:meth:`Fleet.holding`) and tells when nobody works any more on what is to be given up (:meth:`Fleet.rested`).
Once this process is not counted any more, or the database is away, all of it ends, and whoever runs it begins anew.
Source: protocol R12.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from connector import shares
from connector.errors import JournalError
from connector.fence import Fence
from connector.journal.leases import PASSING, Process
from connector.lifeline import Lifeline
from connector.shared_out import TELLING, Holding, SharedOut, Wanted
from connector.shares import Moves
from connector.slots import Client, Slots, units

log = logging.getLogger(__name__)

_PRUNE_EVERY_S: Final = 3600.0


class Fleet:
    """Begin it, ask it from the main thread, end it. ``name``: what people call this process.

    ``busy``: the units that somebody works on just now.
    """

    def __init__(self, fence: Fence, wanted: Wanted, *, name: str) -> None:
        self._leases, self.fence, self._wanted, self.name = fence.leases, fence, wanted, name
        self._lock = threading.Lock()
        self._held: frozenset[str] = frozenset()
        self._leaving: frozenset[str] = frozenset()
        """Given up, and still held: somebody may work on it."""
        self._rested: frozenset[str] = frozenset()
        """Of them, those on which nobody works any more: to be freed."""
        self._others: frozenset[str] = frozenset()
        """Units that other processes hold."""
        self._out: SharedOut | None = None
        self._said: tuple[SharedOut | None, str] = (None, "")
        """What was said of a moment last: asked for at every turn of the main thread."""
        self.version = 0
        """Another number after each change of what is to be worked with."""
        self._failure: JournalError | None = None
        self._ending = threading.Event()
        self._look = threading.Event()
        self._threads: list[threading.Thread] = []
        self._life = Lifeline(fence, self._ending, self._look.set)
        self._pruned = float("-inf")
        self.at_rest = True
        """Does nobody work here any more when this process ends? Else what it holds must not be freed at once."""
        self._slots, self._fitting = Slots(), threading.Lock()
        self._slots_held: frozenset[str] = frozenset()
        self._clients: Mapping[str, Client] = {}
        self.heard: Callable[[Mapping[str, Client]], None] = lambda _clients: None
        """Called with each look, in a thread of ours: what the servers told the other processes counts here, too."""
        self.busy: Callable[[], frozenset[str]] = frozenset

    @property
    def orders(self) -> Callable[[], None]:
        """Called, in a thread of ours, when an order or the end of a pause came in from elsewhere."""
        return self._life.orders

    @orders.setter
    def orders(self, orders: Callable[[], None]) -> None:
        self._life.orders = orders

    # -------------------------------------------------------------------------------- its life

    @property
    def process(self) -> int:
        """Return the number of this process: the fencing token."""
        assert self._leases.process is not None
        return self._leases.process

    def begin(self, former: Collection[int] = ()) -> int:
        """Be counted from now on; returns the number. ``former``: those that work no more. Raises JournalError."""
        return self._life.begin(self.name, former)

    def beat(self) -> None:
        """Give a sign of life: for whoever has no thread for it."""
        self._life.beat()

    def start(self) -> None:
        """Let the two threads begin. They need the process to have begun."""
        self._begin(self._life.run, "lease")
        self._begin(self._balance, "shares")

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Work is over here: others may take all of it at once. Never raises; without a database it just lapses."""
        self._ending.set()
        self._look.set()
        try:
            self._leases.end()
        except JournalError as error:
            log.warning(
                "the others learn only in %.0f s that this process ended: %s", self.fence.lease_s, error
            )
        for thread in self._threads:
            thread.join(self._life.beat_s + 5.0)
        self._close()

    def _close(self) -> None:
        if not any(thread.is_alive() for thread in self._threads):
            self._leases.close()

    def take_alone(self, folders: frozenset[str]) -> None:
        """Take these folders, and all that depends on them, for a verb. Raises JournalError where another works there.

        Nothing else is taken, and nothing of it given up, for as long as this process lives.
        """
        out = SharedOut(wanted=self._wanted, view=self._leases.view())
        needed = frozenset[str]().union(*(one for one in out.whole if one & folders))
        self._leases.name(needed - out.view.units)
        if not self._leases.take(needed):
            told = out.told({out.view.holders[unit] for unit in needed if unit in out.view.holders})
            raise JournalError(
                f"{', '.join(told) or 'another process'} works there, or on what shares an account with it. Stop "
                "every connector on this journal first: one that is left would take it up"
            )

    def live(self) -> None:
        """Give signs of life, and nothing else."""
        self._begin(self._life.run, "lease")

    def abandon(self) -> None:
        """Give no more signs of life, and free nothing: somebody may still be at work here."""
        self._ending.set()
        self._look.set()
        self._close()

    def failed(self) -> None:
        """Raise what ended this process: Fenced, or JournalAway."""
        if self._failure is not None:
            raise self._failure

    # -------------------------------------------------------------------------------- for the main thread

    def configure(self, wanted: Wanted) -> None:
        """Another configuration counts from now on."""
        with self._lock:
            self._wanted = wanted
            self.version += 1
        self._look.set()

    def holding(self) -> Holding:
        """Return what is to be worked with now. Two of them are equal while nothing moves."""
        with self._lock:
            wanted = self._wanted
            mine = shares.workable(wanted.alone, self._held - self._leaving)
            elsewhere = (wanted.units | self._others | self._held) - mine
            return Holding(
                folders=shares.folders_of(mine),
                accounts=shares.accounts_of(mine),
                folders_elsewhere=shares.folders_of(elsewhere),
                accounts_elsewhere=shares.accounts_of(elsewhere),
                keeper=TELLING in self._held - self._leaving,
            )

    def fit(self, clients: Mapping[str, Client]) -> None:
        """Let these be the servers' clients from now on: each uses as many connections as it has slots here."""
        with self._fitting:
            self._clients = clients
            self._slots.apply(clients, self._slots_held)

    def leaving(self) -> frozenset[str]:
        """Return the units that are to be given up as soon as nobody works on them."""
        with self._lock:
            return self._leaving - self._rested

    def rested(self, units: frozenset[str]) -> None:
        """Nobody works on these any more, nor will: they are freed."""
        with self._lock:
            self._rested |= units & self._leaving
        self._look.set()

    def bond(self, folder: str, other: str, account: str) -> None:
        """Let a folder come into one hand with what of a request, met in it, others have. Raises JournalError.

        ``other``: the request's own folder.
        """
        mine = shares.folder(folder)
        for unit in (shares.folder(other), shares.account(account)):
            if unit != mine and unit not in self._held and self._leases.bond(mine, unit):
                log.info("%s and %s go together from now on: a request is of both", mine, unit)
        self._look.set()

    def processes(self) -> tuple[Process, ...]:
        """Return who lives, as was seen last, the oldest first."""
        out = self._out
        return () if out is None else out.view.alive

    @property
    def complete(self) -> bool:
        """True while every share is in the hands of a living process, as far as was seen last."""
        out = self._out
        return out is not None and not out.nobodys

    def works_on(self, process: int, subject: str) -> bool:
        """True where a process holds something of ``server:NAME``, or ``account:NAME``, as far as was seen last."""
        with self._lock:
            out, wanted = self._out, self._wanted
        if out is None:
            return False
        folders = {
            shares.folder(name) for name, server in wanted.server_of.items() if subject == f"server:{server}"
        }
        return any(out.view.holders.get(unit) == process for unit in folders or {subject})

    def counts(self) -> dict[str, int]:
        """Return how many shares are held here, by others, and by nobody, as was seen last."""
        out = self._out
        return {"here": 0, "others": 0, "nobody": 0} if out is None else out.counts(self.process)

    def status(self) -> str:
        """One piece of systemd's status line: how much of the work is here."""
        with self._lock:
            out, text, of = self._out, self._said[1], self._said[0]
        if out is None:
            return "no shares yet"
        if of is not out:
            counts = out.counts(self.process)
            texts = [f"{counts['here']} of {sum(counts.values())} shares held"]
            texts += [f"{counts['nobody']} free"] if counts["nobody"] else []
            texts += [f"{len(out.view.alive)} processes"] if len(out.view.alive) > 1 else []
            text = ", ".join(texts)
            with self._lock:
                self._said = (out, text)
        return text

    # -------------------------------------------------------------------------------- the threads

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except JournalError as error:
            self.fail(error)
        except Exception as error:  # a defect here must not leave a process that nobody hears of
            log.exception("the sharing of the work met a defect")
            self.fail(JournalError(f"the sharing of the work met a defect: {type(error).__name__}"))
        finally:
            if threading.current_thread().name == "lease":
                self._leases.close()

    def fail(self, error: JournalError) -> None:
        """Let this process end with an error: the main thread hears of it (:meth:`failed`)."""
        if not self._ending.is_set() and self._failure is None:
            self._failure = error
        self._look.set()

    def _balance(self) -> None:
        while not self._ending.is_set():
            self._look.wait(self._life.beat_s)
            self._look.clear()
            if self._ending.is_set() or self._failure is not None:
                return
            self.turn()

    def turn(self) -> None:
        """Free what is at rest, relieve the dead, take and give up. Raises JournalError."""
        self._free()
        for dead in self._leases.relieve():
            log.warning(
                "process %d (%s on %s) was not heard of for too long: its work is taken over",
                *(dead.id, dead.name, dead.host),
            )
        while self._moved():
            pass
        self._fit()
        if time.monotonic() - self._pruned > _PRUNE_EVERY_S:
            self._pruned = time.monotonic()
            self._leases.prune()

    def _fit(self) -> None:
        """Come to as many connections of each server as are this process's part. Raises JournalError."""
        with self._lock:
            out, wanted = self._out, self._wanted
        if out is None:
            return
        view = out.view
        all_of_them = frozenset(unit for name, most in wanted.servers.items() for unit in units(name, most))
        if all_of_them - view.units:
            self._leases.name(all_of_them - view.units)
        working: dict[str, set[int]] = {name: set() for name in wanted.servers}
        for name, server in wanted.server_of.items():
            if (holder := view.holders.get(shares.folder(name))) is not None:
                working[server].add(holder)
        mine = {unit for unit, process in view.holders.items() if process == self.process}
        with self._fitting:
            step = self._slots.step(
                me=self.process,
                maxima=wanted.servers,
                working=working,
                leases={unit: view.holders.get(unit) for unit in all_of_them | mine},
                clients=self._clients,
                now=time.monotonic(),
            )
            if step.give:
                self._leases.give_up(step.give)
            taken = self._leases.take(step.take, all_or_none=False) if step.take else frozenset()
            self._slots_held = frozenset((mine - set(step.give)) | taken)
            self._slots.apply(self._clients, self._slots_held)
            self.heard(self._clients)

    def _free(self) -> None:
        """Free what is at rest."""
        with self._lock:
            rested = self._rested
        if rested:
            self._leases.give_up(rested)
            with self._lock:
                self._held -= rested
                self._leaving -= rested
                self._rested -= rested

    def _moved(self) -> bool:
        """Look once at who holds what, and take and give up accordingly; True when something was taken."""
        view = self._leases.view()
        with self._lock:
            wanted, leaving = self._wanted, self._leaving
        named = wanted.units | {TELLING}
        if named - view.units:
            self._leases.name(named - view.units)
            view = self._leases.view()
        out = SharedOut(wanted=wanted, view=view)
        me = self.process
        holders = {unit: process for unit, process in view.holders.items() if _is_ours(unit)}
        mine = frozenset(unit for unit, process in holders.items() if process == me)
        busy = self.busy()
        whole = out.whole
        shared = {unit: process for unit, process in holders.items() if unit != TELLING}
        if PASSING in self.name:
            # A verb takes what nobody has, all of it, and gives it back at its end.
            moves = Moves(take=tuple(share for share in whole if not share & shared.keys()))
        else:
            passing = {process.id for process in view.alive if process.passing}
            moves = shares.balanced(
                [share for share in whole if not any(shared.get(unit) in passing for unit in share)],
                shared,
                [process.id for process in view.alive if not process.passing],
                me,
                leaving=leaving,
                idle=lambda share: not share & busy,
            )
        taken: set[str] = set()
        for share in moves.take:
            taken |= self._leases.take(share)
        if TELLING not in view.holders:
            taken |= self._leases.take({TELLING})
        held = mine | taken
        others = frozenset(unit for unit, process in holders.items() if process != me)
        # What is in no configuration of ours any more is somebody else's to hold, or nobody's.
        give_up = moves.give_up | (held - named)
        with self._lock:
            before = (self._held, self._leaving, self._others)
            self._held, self._others, self._out = held, others - taken, out
            self._leaving = (leaving | give_up) & held
            changed = (self._held, self._leaving, self._others) != before
            self.version += changed
        if give_up - leaving:
            log.info("given up to other processes: %s", ", ".join(sorted(give_up - leaving)))
        if taken:
            log.info("taken: %s", ", ".join(sorted(taken)))
        return bool(taken)


def _is_ours(unit: str) -> bool:
    """True of a unit of the kinds that are shared out here."""
    return unit == TELLING or unit.startswith((shares.FOLDER, shares.ACCOUNT))
