"""A small fleet for one chosen story: letters that are dropped one by one, and who works for whom, to be struck."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg

from tests.fleet import judge, network
from tests.fleet.base import Base
from tests.fleet.network import Network
from tests.fleet.place import Fleet
from tests.soak.letters import Fate, Letter, People, dealt

LONGEST_S = 90.0


class Scene:
    """Firms with their people; ``firm`` is a number from 0 on."""

    def __init__(self, fleet: Fleet, base: Base) -> None:
        self.fleet, self.base = fleet, base
        self.letters: list[list[Letter]] = [[] for _ in fleet.firms]
        self.people = [People(firm.dms, firm.platform, "nextcloud") for firm in fleet.firms]  # type: ignore[arg-type]
        self.late = True
        """May something still be on its way? Then nobody answers a doubt."""
        fleet.watch()

    def start(self, *names: str) -> None:
        """Start these and wait until all is held, as many by each."""
        self.fleet.start(*names)
        self.until(lambda: all(self.fleet.connectors[name].ready for name in names))
        firms, running = len(self.fleet.firms), len(self.fleet.running)
        self.until(lambda: set(self.shares().values()) <= {firms // running, -(-firms // running)})
        self.until(lambda: all(map(self.holder, range(firms))))

    def shares(self) -> dict[str, int]:
        """How many folders each running connector holds."""
        found = dict.fromkeys(self.fleet.running, 0)
        for (name,) in self.base.ask(
            "SELECT name FROM lease JOIN process ON process.id = process_id WHERE unit LIKE 'folder:%%'"
            " AND NOT ended"
        ):
            found[name] = found.get(name, 0) + 1
        return found

    def holder(self, firm: int) -> str:
        """Who holds a firm's folder just now, as the database knows; empty: nobody."""
        with suppress(psycopg.OperationalError):
            rows = self.base.ask(
                "SELECT name FROM lease JOIN process ON process.id = process_id WHERE unit = %s",
                f"folder:{self.fleet.names[firm]}",
            )
            return str(rows[0][0]) if rows else ""
        return ""

    def drop(self, firm: int = 0, fate: Fate = Fate.SIGNED) -> Letter:
        """Put another letter into a firm's folder."""
        mine = self.letters[firm]
        name = self.fleet.names[firm]
        letter = next(one for one in dealt(200, f"{name}-{len(mine)}-") if one.fate is fate)
        mine.append(letter)
        self.people[firm].drop(letter)
        return letter

    def told(self, firm: int, letter: Letter) -> str:
        return self.people[firm].told(letter)

    def until(self, true: Callable[[], object], *, look: bool = True) -> None:
        """Wait, while people do what they do; whoever ends by itself is started again."""
        end = time.monotonic() + LONGEST_S
        while not true():
            assert time.monotonic() < end, f"it never came true\n{self.fleet.logs()}\n{self._sessions()}"
            self.fleet.tend()
            for people, letters in zip(self.people, self.letters, strict=True):
                if look:
                    people.look([one for one in letters if people.told(one)], late=self.late)
            time.sleep(0.1)

    def _sessions(self) -> str:
        """What the connectors' connections do, as the database sees it: who holds a lock tells no log."""
        with suppress(psycopg.OperationalError):
            rows = self.base.ask(
                "SELECT pid, state, wait_event, now() - state_change, pg_blocking_pids(pid), query"
                " FROM pg_stat_activity WHERE application_name = 'jse-connector'"
            )
            return "\n".join(map(str, rows))
        return ""

    def at_rest(self) -> bool:
        return all(
            people.at_rest(letter)
            for people, letters in zip(self.people, self.letters, strict=True)
            for letter in letters
        )

    def end(self) -> list[str]:
        """Let everything come to its end, end the connectors, and tell what is not as it must be."""
        self.late = False
        self.until(self.at_rest)
        self.until(lambda: not self.base.ask("SELECT 1 FROM record WHERE NOT closed AND current"))
        self.until(lambda: all(self.fleet.connectors[name].ready for name in self.fleet.running))
        for name in sorted(self.fleet.running):
            assert self.fleet.stop(name) == 0, self.fleet.connectors[name].said()
        dealt_out = list(zip(self.fleet.names, self.people, self.letters, strict=True))
        return judge.faults(self.fleet, self.base, dealt_out)


@contextmanager
def scene(
    directory: Path, *, firms: int = 1, paired: bool = False, lagging: bool = False, cuts: bool = False
) -> Iterator[Scene]:
    """Give a place. ``cuts``: ways can be cut, or the test is skipped."""
    if cuts:
        network.required()
    with ExitStack() as stack:
        net = None if network.why_not() else stack.enter_context(Network())
        base = stack.enter_context(Base(net, paired=paired or lagging, lagging=lagging))
        fleet = stack.enter_context(
            Fleet(directory, firms=firms, journal=base.url, replication=base.replication, network=net)
        )
        yield Scene(fleet, base)
