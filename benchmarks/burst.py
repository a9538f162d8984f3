"""Many pairs dropped at once, launch to delivery: requests and connections counted, and the time beside a bare script.

Timed: from the first look at what has settled to the status beside each pair; and from the signed documents at the
platform to the closed end of each. Not timed: people who drop and sign.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.bare_burst import bare_burst
from benchmarks.burst_place import Asked, burst_place
from connector.cli import wiring
from connector.config import load_config
from connector.guards import ServerMemory
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from connector.steps.parts import Parts, Timing
from tests.worlds import Mode

PAIRS = 200
ROUNDS = {0.0: 5, 0.02: 5}
"""Seconds that every answer of both servers takes longer → how often each is run."""
AT_ONCE = 4
"""As many connections as the configuration allows by default."""
GOAL = 0.8
REUSED = 0.98
MAIN: dict[Mode, int] = {"nextcloud": 28, "plain": 23}
"""Requests of one pair on its own, its checks included (``benchmarks requests``)."""
MORE = 3
_SETTLED_S = 1.2
_MOST_PASSES = 20


@dataclass(frozen=True, kw_only=True)
class Run:
    """One burst: what both servers counted from drop to end, and the seconds that it took."""

    pairs: int
    asked: tuple[Asked, ...]
    launch_s: float
    deliver_s: float

    @property
    def seconds(self) -> float:
        """From the first look to the last end; people's own time aside."""
        return self.launch_s + self.deliver_s

    @property
    def per_pair(self) -> float:
        """Requests for each pair, looks at the folder included."""
        return len(self.asked) / self.pairs

    @property
    def reused(self) -> float:
        """Share of the requests that went over a connection which had served before."""
        fresh = {(one.server, one.connection) for one in self.asked}
        return 1 - len(fresh) / len(self.asked)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The connector's burst beside the bare script's: medians of the same rounds."""

    mode: Mode
    distance_s: float
    ours: tuple[Run, ...]
    bare: tuple[Run, ...]

    @property
    def rate(self) -> float:
        """Pairs per second, ours to the bare script's."""
        return median(run.seconds for run in self.bare) / median(run.seconds for run in self.ours)


def measure(directory: Path, mode: Mode, distance_s: float, rounds: int, pairs: int = PAIRS) -> Compared:
    """Let both run in turn, each on fresh servers."""
    runs: dict[str, list[Run]] = {"ours": [], "bare": []}
    for number in range(rounds):
        for name, one in (("ours", connector_burst), ("bare", bare)):
            runs[name].append(
                one(directory / f"{mode}-{distance_s}-{name}-{number}", mode, pairs, distance_s)
            )
    return Compared(mode=mode, distance_s=distance_s, ours=tuple(runs["ours"]), bare=tuple(runs["bare"]))


def connector_burst(directory: Path, mode: Mode, pairs: int, distance_s: float = 0.0) -> Run:
    """Run the connector's own passes on a fresh place."""
    with burst_place(directory, mode, pairs=pairs) as place:
        state = wiring.State(directory=place.state)
        state.make()
        with wiring.wired(load_config(place.config), state) as parts:
            parts.timing = Timing(follow_first_hour=timedelta(seconds=1))
            memory = ServerMemory()
            server_pass(parts, "dms", memory)
            place.drop(pairs)
            before = len(place.asked())
            server_pass(parts, "dms", memory)  # sees them for the first time
            time.sleep(_SETTLED_S)
            place.keep_distance(distance_s)
            launched = _until(partial(server_pass, parts, "dms", memory), parts, State.IN_PROGRESS, pairs)
            if place.sends() != [1] * pairs:
                raise RuntimeError("not every pair was sent once")
            place.sign_all()
            time.sleep(_SETTLED_S)
            delivered = _until(partial(_bring_home, parts, memory), parts, State.DELIVERED, pairs)
        return Run(pairs=pairs, asked=tuple(place.asked()[before:]), launch_s=launched, deliver_s=delivered)


def _bring_home(parts: Parts, memory: ServerMemory) -> None:
    """Let both sides work as the service lets them: the server's begins once the first document is here."""
    here = threading.Event()
    with ThreadPoolExecutor(1) as account:
        asked = account.submit(account_pass, parts, "cabinet", arrived=lambda _server: here.set())
        asked.add_done_callback(lambda _asked: here.set())
        here.wait()
        server_pass(parts, "dms", memory)
        asked.result()
    server_pass(parts, "dms", memory)


def _until(go_on: Callable[[], object], parts: Parts, state: State, pairs: int) -> float:
    """Make passes until every pair has come to a state; returns the seconds."""
    began = time.perf_counter()
    for _ in range(_MOST_PASSES):
        go_on()
        if sum(record.state is state for record in parts.journal.everything()) == pairs:
            return time.perf_counter() - began
    raise RuntimeError(f"the burst did not come to {state.value}")


def bare(directory: Path, mode: Mode, pairs: int, distance_s: float = 0.0) -> Run:
    """Run the bare script on a fresh place."""
    with burst_place(directory, mode, pairs=pairs) as place, bare_burst(place, AT_ONCE) as script:
        names = place.drop(pairs)
        script.prepare()
        before = len(place.asked())
        time.sleep(_SETTLED_S)
        place.keep_distance(distance_s)
        began = time.perf_counter()
        script.launch(names)
        launched = time.perf_counter() - began
        place.sign_all()
        time.sleep(_SETTLED_S)
        began = time.perf_counter()
        script.deliver(names)
        delivered = time.perf_counter() - began
        return Run(pairs=pairs, asked=tuple(place.asked()[before:]), launch_s=launched, deliver_s=delivered)
