"""What a running service shows of itself: its vitals, systemd's status line, the sign of life that a watch waits for.

Fed by every pass from its own thread, asked by the main one and by whoever tells. Source: design page section 5; issue
"The administrator's day", points 6 and 7.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from connector.guards import ServerMemory
from connector.metrics.standing import ORDER, WORDS
from connector.metrics.vitals import Vitals
from connector.notify import Pinger
from connector.passes import Outcome, told
from connector.steps.parts import Parts


class Signs:
    """Keeps how the last pass over each side went. Jobs are named ``server:NAME`` and ``account:NAME``."""

    def __init__(self, vitals: Vitals) -> None:
        self.vitals = vitals
        self._held: dict[str, str] = {}
        """Account → why it launches nothing."""
        self._standing = ""
        """How many requests stand where, as the last pass left them."""
        self._well: dict[str, bool] = {}
        """Job → did all go well in its passes since the last sign of life?"""

    def known(self, jobs: Iterable[str], accounts: Collection[str]) -> None:
        """Tell what there is, by the configuration: nothing is shown of any other."""
        self.vitals.known(list(jobs))
        self._held = {name: cause for name, cause in self._held.items() if name in accounts}

    def passed(
        self,
        parts: Parts,
        job: str,
        outcome: Outcome,
        *,
        begun: float,
        memories: Mapping[str, ServerMemory],
        servers: Iterable[str],
    ) -> None:
        """Take in what a pass came to. ``begun``: of ``time.monotonic()``. Raises JournalError."""
        if job.startswith("account:"):
            self._note_hold(parts, job.removeprefix("account:"))
        told(self.vitals, parts, job, outcome, took_s=time.monotonic() - begun, memories=memories)
        self._standing = _counted(parts, servers)
        memory = memories.get(job.removeprefix("server:")) if job.startswith("server:") else None
        # A pass that only ran out of time goes on with the next one; a side that fails counts until all is told anew.
        self._well[job] = outcome.error is None and not (memory is not None and memory.problem)

    def _note_hold(self, parts: Parts, account: str) -> None:
        hold = parts.journal.held(account)
        if hold is not None:
            self._held[account] = hold.cause
        else:
            self._held.pop(account, None)

    def ping(self, pinger: Pinger | None, jobs: Iterable[str]) -> None:
        """Tell that all goes well, once each of these was worked with since the last time."""
        well = dict(self._well)
        # Of those that are in the configuration now: what a pass of a former one came to may stand there, too.
        if pinger is not None and all(well.get(job, False) for job in jobs) and pinger.ping():
            self._well = {}

    def status(
        self,
        memories: Mapping[str, ServerMemory],
        accounts: Iterable[str],
        *,
        blind: Collection[str],
        trouble: str,
    ) -> str:
        """Return systemd's status line. ``blind``: folders without wake-ups; ``trouble``: of the configuration."""
        away = [n for n, memory in memories.items() if memory.problem and not memory.troubles]
        resting = [folder for memory in memories.values() for folder in tuple(memory.troubles)]
        causes = dict(self._held)
        held = [f"{name} ({causes[name]})" for name in accounts if name in causes]
        texts = [f"{len(memories) - len(away)} of {len(memories)} servers answer"]
        texts += [self._standing] if self._standing else []
        self.vitals.without_wakeups(tuple(sorted(blind)))
        shown = (
            ("not reached", away),
            ("folders left alone", resting),
            ("paused", held),
            ("no wake-ups", blind),
        )
        for what, names in shown:
            texts += [f"{what}: {', '.join(sorted(names))}"] if names else []
        return "; ".join([*texts, trouble] if trouble else texts)


def _counted(parts: Parts, servers: Iterable[str]) -> str:
    """How many requests stand where, in the words of ``status``."""
    counted: Counter[str] = Counter()
    for one in parts.journal.standing(tuple(servers)):
        if one.state in WORDS:
            counted[WORDS[one.state]] += one.count
    return ", ".join(f"{counted[words]} {words}" for words in ORDER if counted[words])
