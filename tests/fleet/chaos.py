"""A storm over a fleet: letters of several firms on their way while connectors, ways and the database are broken.

What happens, to whom, when and for how long is drawn from a seeded generator; a fault that struck nobody counts for
none. In the calm afterwards every letter must come to its end, and ``judge`` must find nothing.
"""

from __future__ import annotations

import heapq
import itertools
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fleet import judge, network
from tests.fleet.base import Base
from tests.fleet.network import SERVERS, Network
from tests.fleet.place import Fleet
from tests.fleet.service import TTL_S
from tests.soak.letters import People, dealt
from tests.worlds import Mode

MOMENTS = (
    ("dms", "PUT *.sent", "before"), ("dms", "PUT *.sent", "after"), ("platform", "send", "before"),
    ("platform", "send", "after"), ("platform", "download", "after"), ("dms", "MOVE */uploads/*", "before"),
    ("dms", "MOVE */uploads/*", "after"), ("dms", "PUT *.signature.txt", "after"), ("dms", "PUT *.done", "after"),
)  # fmt: skip
"""Where a request is held while whoever works for that firm is struck."""
SHORT, LONG = (0.3, TTL_S * 0.5), (TTL_S * 1.3, TTL_S * 2)


@dataclass(frozen=True, kw_only=True)
class Storm:
    """How much of what. ``faults``: so many, one after the other begins, whatever the earlier ones still do."""

    firms: int = 4
    letters: int = 7
    """Of each firm."""
    connectors: int = 3
    faults: int = 12
    mode: Mode = "nextcloud"
    seed: int = 1
    paired: bool = True
    """With a standby, which takes over once."""
    every_s: tuple[float, float] = (0.5, 2.5)
    longest_s: float = 300.0
    kinds: tuple[str, ...] = ()
    """In this order, again and again; empty: drawn."""


@dataclass
class Came:
    """What came of it. ``faults``: in words, empty when all is as it must be."""

    struck: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    doubts: int = 0
    restarts: list[str] = field(default_factory=list)
    """Connectors that ended by themselves, as one that cannot come to rest does, and were started again."""
    relieved: int = 0
    """Processes that others have ended in the database."""
    faults: list[str] = field(default_factory=list)


class Stormy:
    """The place of one storm."""

    def __init__(self, fleet: Fleet, base: Base, storm: Storm, came: Came) -> None:
        self._fleet, self._base, self._storm, self._came = fleet, base, storm, came
        self._random = Random(storm.seed)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._busy: set[str] = set()
        """Connectors that are struck just now."""
        self._names = (f"c{number}" for number in itertools.count(1))
        self._failed_over = False
        self.people = [
            (firm.name, People(firm.dms, firm.platform, storm.mode), dealt(storm.letters, f"{firm.name}-"))  # type: ignore[arg-type]
            for firm in fleet.firms
        ]
        self._kinds = {
            "killed": self._kill, "killed at a moment": self._kill_at, "frozen": self._freeze,
            "frozen at a moment": self._freeze_at, "cut off": self._cut, "stopped": self._stop, "added": self._add,
            "database restarted": self._restart, "database crashed": self._crash, "failed over": self._fail_over,
        }  # fmt: skip

    # ---------------------------------------------------------------------------------- the story

    def live(self) -> None:
        """Start, strike, calm, end."""
        storm, fleet = self._storm, self._fleet
        fleet.watch()
        for _ in range(storm.connectors):
            self._add()
        self._came.struck.clear()
        self._until(self._all_held, 60)
        waiting = [(people, letter) for _, people, letters in self.people for letter in letters]
        self._random.shuffle(waiting)
        share = -(-len(waiting) // max(1, storm.faults))
        for number in range(max(1, storm.faults)):
            for people, letter in waiting[number * share : (number + 1) * share]:
                people.drop(letter)
            if number >= storm.faults:
                break
            self._strike(storm.kinds[number % len(storm.kinds)] if storm.kinds else "")
            self._pass(self._random.uniform(*storm.every_s))
        while self._later:
            self._pass(0.2)
        self._until(self._at_rest, storm.longest_s, late=False)
        self._pass(1.5)
        self._until(lambda: all(fleet.connectors[name].ready for name in fleet.running), 60, late=False)
        for name in sorted(fleet.running):
            status = fleet.stop(name)
            if status:
                self._came.faults.append(f"{name} ended with {status}")

    def _pass(self, seconds: float, *, late: bool = True) -> None:
        """Let so much time go by: people look, what is over is over."""
        end = time.monotonic() + seconds
        while True:
            while self._later and self._later[0][0] <= time.monotonic():
                heapq.heappop(self._later)[2]()
            self._came.restarts += self._fleet.tend()
            for _, people, letters in self.people:
                people.look([one for one in letters if people.told(one)], late=late)
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))

    def _until(self, true: Callable[[], bool], seconds: float, *, late: bool = True) -> None:
        end = time.monotonic() + seconds
        while not true() and time.monotonic() < end:
            self._pass(0.2, late=late)

    def _all_held(self) -> bool:
        held = {unit for (unit,) in self._base.ask("SELECT unit FROM lease WHERE process_id IS NOT NULL")}
        return {f"folder:{name}" for name in self._fleet.names} <= held

    def _at_rest(self) -> bool:
        return all(people.at_rest(letter) for _, people, letters in self.people for letter in letters)

    def _in(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), what))

    # ------------------------------------------------------------------------------------- faults

    def _strike(self, kind: str) -> None:
        kind = kind or self._random.choice(sorted(self._kinds))
        if self._kinds[kind]():
            self._came.struck[kind] += 1

    def _whom(self, firm: str = "") -> str:
        """A connector that runs and is not struck already; whoever works for a firm, where one is named."""
        free = sorted(self._fleet.running - self._busy)
        holder = self._holder(firm) if firm else ""
        return holder if holder in free else self._random.choice(free) if free and not firm else ""

    def _holder(self, firm: str) -> str:
        with suppress(Exception):
            rows = self._base.ask(
                "SELECT name FROM lease JOIN process ON process.id = process_id WHERE unit = %s",
                f"folder:{firm}",
            )
            return str(rows[0][0]) if rows else ""
        return ""

    def _kill(self, name: str = "") -> bool:
        name = name or self._whom()
        if not name:
            return False
        self._fleet.kill(name)
        self._in(self._random.uniform(0.1, 2.0), lambda: self._fleet.start(name))
        return True

    def _kill_at(self) -> bool:
        return self._at_a_moment(self._kill)

    def _freeze_at(self) -> bool:
        return self._at_a_moment(self._freeze)

    def _at_a_moment(self, strike: Callable[[str], bool]) -> bool:
        server, what, moment = self._random.choice(MOMENTS)
        self._fleet.hold(server, what, moment)
        end = time.monotonic() + 3
        while not self._fleet.held(server) and time.monotonic() < end:
            self._pass(0.05)
        firm = self._random.choice(self._fleet.names)
        name = self._whom(firm) if self._fleet.held(server) else ""
        struck = bool(name) and strike(name)
        self._in(self._random.uniform(0.0, 1.0), lambda: self._fleet.let_go(server))
        return struck

    def _freeze(self, name: str = "") -> bool:
        name = name or self._whom()
        if not name:
            return False
        child = self._fleet.connectors[name]
        self._busy.add(name)
        child.freeze()

        def thaw() -> None:
            child.thaw()
            self._busy.discard(name)

        self._in(self._random.uniform(*self._random.choice((SHORT, LONG, LONG))), thaw)
        return True

    def _cut(self) -> bool:
        name, net = self._whom(), self._fleet.network
        if not name or net is None:
            return False
        servers = self._random.choice((*((one,) for one in SERVERS), ("dms", "platform"), SERVERS))
        self._busy.add(name)
        net.cut(name, *servers)

        def restore() -> None:
            net.restore(name, *servers)
            self._busy.discard(name)

        self._in(self._random.uniform(*self._random.choice((SHORT, LONG))), restore)
        return True

    def _stop(self) -> bool:
        """End one as systemd does, in a moment; then another is missing until it is started again."""
        name = self._whom() if len(self._fleet.running) > 1 else ""
        if not name:
            return False
        child = self._fleet.connectors[name]
        if not child.ready:
            return False
        self._fleet.running.discard(name)
        child.signal(signal.SIGTERM)

        def again() -> None:
            if child.ended is None:
                self._in(0.3, again)
                return
            if child.ended:
                self._came.faults.append(f"{name} ended with {child.ended} when it was told to")
            self._fleet.start(name)

        self._in(1.0, again)
        return True

    def _add(self) -> bool:
        if len(self._fleet.running) >= self._storm.connectors + 2:
            return False
        self._fleet.start(next(self._names))
        return True

    def _restart(self) -> bool:
        self._base.restart("fast")
        return True

    def _crash(self) -> bool:
        self._base.restart("immediate")
        return True

    def _fail_over(self) -> bool:
        if self._base.second is None or self._failed_over:
            return False
        self._failed_over = True
        self._base.fail_over()
        return True


def stormed(directory: Path, storm: Storm) -> Came:
    """Live one storm in a directory."""
    came, began = Came(), time.monotonic()
    with ExitStack() as stack:
        net = None if network.why_not() else stack.enter_context(Network())
        base = stack.enter_context(Base(net, paired=storm.paired))
        fleet = stack.enter_context(
            Fleet(
                directory,
                firms=storm.firms,
                journal=base.url,
                replication=base.replication,
                mode=storm.mode,
                network=net,
            )
        )
        stormy = Stormy(fleet, base, storm, came)
        stormy.live()
        came.faults += judge.faults(fleet, base, stormy.people)
        came.doubts = sum(letter.doubted for _, _, letters in stormy.people for letter in letters)
    came.seconds = time.monotonic() - began
    return came


def told(came: Came) -> Sequence[str]:
    """What came of it, a line each."""
    return [
        f"struck: {sum(came.struck.values())} {dict(came.struck)}; doubts resolved by people: {came.doubts}; "
        f"{came.seconds:.0f} s",
        *(f"ended by itself and started again: {one}" for one in came.restarts),
        *(f"NOT AS IT MUST BE: {fault}" for fault in came.faults),
    ]
