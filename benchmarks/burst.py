"""Many pairs dropped at once, launch to delivery: requests and connections counted, and the time beside a bare script.

Timed: from the first look at what has settled to the status beside each pair; and from the signed documents at the
platform to the closed end of each. Not timed: people who drop and sign.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.bare_burst import bare_burst
from benchmarks.burst_place import Asked, burst_place
from connector.cli import wiring
from connector.config import load_config
from connector.guards import ServerMemory
from connector.passes import account_pass, server_pass
from connector.steps.parts import Parts, Timing
from tests.worlds import Mode

PAIRS = 200
ROUNDS = 5
AT_ONCE = 4
"""As many connections as the configuration allows by default."""
GOAL = 0.8
REUSED = 0.98
_SETTLED_S = 1.2


@dataclass(frozen=True, kw_only=True)
class Run:
    """One burst: what both servers counted, and the seconds that it took."""

    pairs: int
    asked: tuple[Asked, ...]
    launch_s: float
    deliver_s: float

    @property
    def seconds(self) -> float:
        return self.launch_s + self.deliver_s

    @property
    def methods(self) -> Counter[tuple[str, str]]:
        """How often each server was asked what."""
        return Counter((one.server, one.method) for one in self.asked)

    @property
    def per_pair(self) -> float:
        """Requests for each pair, everything counted that was asked between drop and end."""
        return len(self.asked) / self.pairs

    @property
    def reused(self) -> float:
        """Share of the requests that went over a connection which had served before."""
        return reused(self.asked)


def reused(asked: Iterable[Asked]) -> float:
    """Share of these requests that went over a connection which had served before."""
    everything = list(asked)
    fresh = {(one.server, one.connection) for one in everything}
    return 1 - len(fresh) / len(everything)


def connector_burst(directory: Path, mode: Mode, pairs: int, distance_s: float = 0.0) -> Run:
    """Run the connector's own passes on a fresh place."""
    with burst_place(directory, mode, pairs=pairs) as place:
        state = wiring.State(directory=place.state)
        state.make()
        with wiring.wired(load_config(place.config), state) as parts:
            parts.timing = Timing(follow_first_hour=timedelta(seconds=1))
            memory = ServerMemory()
            server_pass(parts, "dms", memory)
            names = place.drop(pairs)
            before = len(place.asked())
            server_pass(parts, "dms", memory)  # sees them for the first time
            time.sleep(_SETTLED_S)
            place.keep_distance(distance_s)
            began = time.perf_counter()
            _until(parts, memory, lambda: place.sends() == [1] * pairs)
            launched = time.perf_counter() - began
            place.sign_all()
            time.sleep(_SETTLED_S)
            began = time.perf_counter()
            _until(parts, memory, lambda: sum(one.closed for one in parts.journal.everything()) == pairs)
            delivered = time.perf_counter() - began
        del names
        return Run(pairs=pairs, asked=tuple(place.asked()[before:]), launch_s=launched, deliver_s=delivered)


def _until(parts: Parts, memory: ServerMemory, done) -> None:
    for _ in range(5):
        account_pass(parts, "cabinet")
        server_pass(parts, "dms", memory)
        if done():
            return
    raise RuntimeError("the burst did not come to its end")


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
