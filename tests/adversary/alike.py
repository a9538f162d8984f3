"""Which second deviations are one and the same run, found out while their first is lived alone.

Three kinds of deviations need not be lived twice, and each is argued here:

* **What ends the process** (``crash``, ``journal_lost``, ``restored``): whatever the process knew, and wherever in its
  pass it was, is gone. What follows rests on both servers, the person, and what its disk holds when it begins anew:
  :func:`tests.adversary.state.fatal_key_of` writes exactly that down. Two points between which a machine only looked
  leave the same; so do two firsts that have come to the same. This holds across all branches.
* **What nobody notices meanwhile**: a person's act at one point and the same act at a later point of the same pass are
  one run if no effect between them reads or writes a file that the act reads or writes. Commits and calls to the
  platform never do; of those to the folder only those that name one file, another one. The process is told the same,
  in the same order, and so does the same; both orders leave the same world. In the same way the platform stays away
  for nobody until somebody asks for a status, a refusal says nothing until somebody asks or calls, and a second
  connector does not see what the first commits to its own journal.
* **What cannot happen**: an act with nothing to do it to, tried on a copy; a backup that was never made; what would
  strike at the very point at which the first has ended the process.

The orders differ by some seconds in when things happened. Ages count in classes whose bounds are multiples of ten
seconds, as the beginnings of passes are (``PACE``): what lies in one pass that is over within ten seconds, pauses of an
act included, is of one class whichever comes first; other passes are left out, and so are those in which something is
due at a certain second. What a second connector does takes longer: that what was committed just before it is as old as
what was committed just after it is a claim, which ``--check-cuts`` and ``test_tree`` compare by living both.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass, field
from typing import Final, Literal

from connector.errors import ConnectorError
from connector.ports import Progress
from tests.adversary.acts import ACTS
from tests.adversary.deviations import Deviation, coarse_at
from tests.adversary.points import Point
from tests.adversary.state import Disk, disk_of, fatal_key_of, key_of, pardon_of
from tests.adversary.story import PACE, PAUSE, TICK, Run
from tests.adversary.world import Person
from tests.fakes.folder import MemoryFolder

Class = Literal["machine", "others"]
State = tuple[bytes, tuple[bool, ...]]
"""What a run is in, and what its judge would excuse if more struck."""
Key = bytes | tuple[str, int]
"""Of everything that leads to the same: everywhere, or among the seconds of one first."""
MACHINE: Final = frozenset({"journal_lost", "restored", "second_other", "second_same"})
"""What goes first: a journal that knows less than it did, a second connector."""
FATAL: Final = frozenset({"crash", "journal_lost", "restored"})
IDLE: Final[tuple[str, int]] = ("idle", 0)
"""The key of what cannot happen."""
_ONE_FILE: Final = frozenset({"get", "create", "replace", "replace_as_version"})
"""Calls to the folder that are about the one file that they name, and no other."""


@dataclass
class Alone:
    """How a first deviation goes alone, pass by pass, and what may strike after it."""

    first: Deviation
    of: Class
    starts: list[int] = field(default_factory=list)
    """The number of the first point after each boundary."""
    states: list[State | None] = field(default_factory=list)
    """In which state it is there; None before the first has struck."""
    seconds: dict[int, list[Deviation]] = field(default_factory=dict)
    keys: dict[Deviation, Key] = field(default_factory=dict)

    def passes(self) -> list[list[Deviation]]:
        """The seconds that may strike between each boundary and the next."""
        found: list[list[Deviation]] = [[] for _ in self.starts]
        for number, seconds in sorted(self.seconds.items()):
            last = max(n for n, start in enumerate(self.starts) if start <= number)
            found[last] += seconds
        return found


class Watch:
    """Looks on while a first deviation is lived alone. Call :meth:`boundary` and :meth:`point` from the run."""

    def __init__(self, run: Run, alone: Alone) -> None:
        self._run, self._alone = run, alone
        self._disks: dict[int, Disk | None] = {-1: disk_of(run.machine, ())}
        """What the journal said at each commit that was backed up; None where nobody looked before the next one."""
        self._now: tuple[object, Disk | None] = (None, None)
        self._fatal: dict[object, bytes] = {}
        self._changes = 0
        self._begun = 0.0
        self._over = 0.0
        self._last: dict[str, tuple[int, frozenset[str], bool]] = {}
        """What may strike → where it last could, in this pass; which files it minds there; is the platform at work?"""

    def boundary(self, run: Run) -> None:
        """Another pass begins."""
        self._end_pass()
        self._keep(run)
        self._now = (None, None)
        self._alone.starts.append(len(run.points))
        self._alone.states.append((key_of(run), pardon_of(run)) if run.struck else None)
        self._begun = run.world.clock.next_stroke(PACE)

    def over(self) -> None:
        """The story has come to its end."""
        self._end_pass()

    def _end_pass(self) -> None:
        """Where a pass took too long, two orders might put something into two classes of age."""
        if self._over >= self._begun + PACE:
            last = self._alone.starts[-1]
            for number, seconds in self._alone.seconds.items():
                for second in seconds if number >= last else ():
                    if second.what not in FATAL | MACHINE and self._alone.keys.get(second) != IDLE:
                        self._alone.keys.pop(second, None)
        self._last.clear()

    def _keep(self, run: Run) -> None:
        """Remember what the journal says, if it has been backed up just now: at each point, for the next is another."""
        new = run.backed_up() - self._disks.keys()
        told = disk_of(run.machine) if len(new) == 1 and self._is_clear(run) else None
        self._disks |= dict.fromkeys(new, told)

    @staticmethod
    def _is_clear(run: Run) -> bool:
        """False while the machine is half born, or stands still while another one works in its place."""
        return not run.reviving and not run.is_frozen

    def point(self, run: Run, number: int, point: Point) -> None:
        """An effect is about to happen, when what was to strike there has struck."""
        self._keep(run)
        if not run.struck:
            return
        alone = self._alone
        seconds = [
            one
            for one in coarse_at(number, run.points, run.mode)
            if (one.what in MACHINE) == (alone.of == "machine")
        ]
        alone.seconds[number] = seconds
        clear = self._is_clear(run)
        for second in seconds:
            key = self._key(run, number, second, clear)
            if key is not None:
                alone.keys[second] = key
        self._over = run.world.clock.timestamp() + TICK[point.kind] + 2 * PAUSE
        if point.kind not in {"look", "get", "commit"}:
            self._changes += 1

    def _key(self, run: Run, number: int, second: Deviation, clear: bool) -> Key | None:
        what = second.what
        if what in ACTS:
            minded = _minded(run, what)
            if minded is None:
                return IDLE
            return self._since(run, number, what, minded) if clear else None
        if not clear:
            return None
        if what == "restored":
            back = -1 if second.back is None else second.back
            if back not in self._disks:
                return IDLE
            disk = self._disks[back]
            return None if disk is None else self._left(run, what, disk)
        if what == "journal_lost":
            return self._left(run, what, None)
        if what == "crash":
            now = self._on_disk(run)
            return None if now is None else self._left(run, what, now)
        if what.startswith(("away_", "second_")) or what == "refusal":
            return self._since(run, number, what, frozenset())
        return None

    def _on_disk(self, run: Run) -> Disk | None:
        """What is committed; read anew after each commit, and whenever the machine may be another."""
        commits = sum(one.kind == "commit" for one in run.points[:-1])
        asked = (commits, id(run.machine.parts))
        if self._now[0] != asked:
            try:
                self._now = (asked, disk_of(run.machine))
            except (sqlite3.Error, ConnectorError):  # half born
                return None
        return self._now[1]

    def _left(self, run: Run, what: str, disk: Disk | None) -> bytes:
        spool = run.machine.directory / "spool"
        kept = tuple(sorted((str(one), one.stat().st_size) for one in spool.rglob("*") if one.is_file()))
        clock = run.world.clock
        stroke = clock.next_stroke(PACE)
        soon = stroke - clock.timestamp() < PACE
        asked = (
            what,
            None if disk is None else disk.rows,
            self._changes,
            kept,
            stroke,
            soon,
            id(run.machine),
        )
        if asked not in self._fatal or run.others:
            self._fatal[asked] = fatal_key_of(run, what, disk)
        return self._fatal[asked]

    def _since(self, run: Run, number: int, what: str, minded: frozenset[str]) -> Key | None:
        """The key that it had where it last could strike in this pass, if nobody could have noticed since."""
        platform = run.world.platform
        due = bool(platform._late) or run.world.clock.timestamp() < run.away_until
        at_work = any(one.progress is Progress.IN_PROGRESS for one in platform.transactions.values())
        if number == self._alone.first.at or due:
            self._last.pop(what, None)
            return None
        before = self._last.get(what)
        if before is not None:
            since, then, worked = before
            between = run.points[since:number]
            idle = what == "refusal" and not worked and not at_work
            if minded == then and (idle or all(_blind(what, one, minded) for one in between)):
                self._last[what] = (number, minded, at_work)
                return self._alone.keys[Deviation(since, what)]
        self._last[what] = (number, minded, at_work)
        return (what, number)


def _blind(what: str, point: Point, minded: frozenset[str]) -> bool:
    """Does an effect go the same way, and leave the same, whether this has struck or not?"""
    if point.kind == "commit":
        return True
    if what.startswith("second_"):
        return False
    if what.startswith("away_"):
        return point.call != "status"
    if what == "refusal":
        return point.kind not in {"ask", "call"}
    return point.kind in {"ask", "call"} or (point.call in _ONE_FILE and point.about not in minded)


class _Looked(MemoryFolder):
    """A copy of a folder that notes which files somebody minds."""

    minded: set[str]

    @classmethod
    def of(cls, folder: MemoryFolder) -> _Looked:
        """Copy it, as far as a person can see."""
        twin = cls(folder._timestamp, mode=folder.mode, name=folder.name, locks=folder.locks)
        twin.user, twin._ids, twin._changes = folder.user, folder._ids, folder._changes
        twin._nodes = {
            href: dataclasses.replace(node, versions=dict(node.versions))
            for href, node in folder._nodes.items()
        }
        twin.minded = set()
        return twin

    def content(self, href: str) -> bytes | None:
        """Read."""
        self.minded.add(href)
        return super().content(href)

    def history(self, href: str) -> list[bytes]:
        """Read."""
        self.minded.add(href)
        return super().history(href)

    def put(self, href: str, content: bytes) -> None:
        """Write."""
        self.minded.add(href)
        super().put(href, content)

    def take_away(self, href: str) -> None:
        """Write."""
        self.minded.add(href)
        super().take_away(href)

    def rename(self, source: str, destination: str) -> None:
        """Write."""
        self.minded |= {source, destination}
        super().rename(source, destination)

    def copy(self, source: str, destination: str) -> None:
        """Read, and write."""
        self.minded |= {source, destination}
        super().copy(source, destination)

    def go_back(self, href: str) -> bool:
        """Write."""
        self.minded.add(href)
        return super().go_back(href)


def _minded(run: Run, act: str) -> frozenset[str] | None:
    """The files that an act would read or write now; None where it cannot be done."""
    known = run.world.person
    folder = _Looked.of(known.folder)
    person: Person = dataclasses.replace(
        known,
        folder=folder,
        owed=dict(known.owed),
        gave_up=set(known.gave_up),
        deleted=set(known.deleted),
    )
    return frozenset(folder.minded) if ACTS[act](person) else None
