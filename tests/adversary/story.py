"""One run: the normal story of one letter, and the deviations that strike at their points of it.

The person drops the letter, the connector works until it is quiet, the signatory signs, the connector works until it
is quiet, hours pass. Where the connector says that it is in doubt, the person finds out and answers truthfully.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial

from connector.errors import AnsweredNo, Cause, OutcomeUnknown, Unavailable
from connector.lifecycle import Record, State
from connector.ports import ETag, Href, TransactionId
from tests.adversary import acts
from tests.adversary.acts import ACTS
from tests.adversary.deviations import Deviation, answers_of
from tests.adversary.points import Killed, Point, T
from tests.adversary.world import MARIE, Machine, Mode, World, sha
from tests.defects import Defects

MOST_ROUNDS = 24
"""So many passes may something move without anything happening outside: more is no end."""
TICK = {"look": 0.02, "get": 0.05, "ask": 0.1, "write": 0.2, "call": 0.2, "commit": 0.0}
_DAY = 24
_MOST_MORE = 6
"""Days that are waited beyond those of every story, for as long as something strikes or somebody acts in them."""
_UNTIL_ERASED = 50
"""Days in which what was erased is surely given up: a request's own time, and what the platform keeps beyond it."""
PACE = 10
"""Passes begin when so many seconds are full: what happened in the same pass of two runs is of one age in both."""
PAUSE = 1.1
"""Seconds before and after an act: nobody saves in the very second of another write (protocol 4.6)."""


class VoidRun(BaseException):
    """A deviation cannot happen where it was to strike: this run is another one."""


class Unsound(BaseException):
    """The adversary itself has failed, not what it tries."""


class Restless(AssertionError):
    """Something goes on and on."""


class Passage:
    """The gate of one machine. ``counted``: its points are numbered, and deviations strike at them."""

    def __init__(self, run: Run, *, counted: bool) -> None:
        self.run = run
        self.counted = counted
        self.dead = False
        self._lock = threading.RLock()

    def passing(self, point: Point, effect: Callable[[], T]) -> T:
        """Let an effect pass, or let the run decide."""
        with self._lock:
            if self.dead:
                raise Killed(str(point))
            if self.counted and self.run.armed:
                return self.run.strike(self, point, effect)
            return self.run.let_pass(point, effect)


class Run:
    """A story with its deviations. ``live``, then judge; ``close`` in any case."""

    def __init__(
        self, mode: Mode, deviations: Sequence[Deviation] = (), *, world: World | None = None
    ) -> None:
        self.mode = mode
        self.deviations = tuple(deviations)
        self.world = world or World(mode)
        self.defects = Defects().__enter__()
        self.points: list[Point] = []
        self.told: list[str] = []
        """What happened, for whoever reads a finding."""
        self.armed = False
        self.reviving = False
        """Is the machine beginning anew after what it died of?"""
        self.lenient = False
        """Is what cannot happen left out, instead of making another run of it?"""
        self.delivered: Counter[str] = Counter()
        """SHA-256 of what a machine wrote whole as a PDF → how often."""
        self.written_over: list[tuple[str, str]] = []
        """(href, SHA-256) of what lay where a machine then wrote a PDF, save its own previews."""
        self.previews: set[tuple[str, str]] = set()
        """(href, SHA-256) of each preview that a machine wrote: one of its own may make room for the next."""
        self.struck: set[Deviation] = set()
        self._pending = sorted(deviations, key=lambda one: one.at)
        self._backups: dict[int, bytes] = {}
        self._wanted: set[int | None] = {one.back for one in deviations if one.back is not None}
        self._always = False
        self._revival: list[Callable[[], None]] = []
        self._away_until = 0.0
        self._refuses = False
        self._credit_back_at: float | None = None
        self._writes = 0
        self._unsettled = False
        self.boundary: Callable[[Run], None] = lambda _run: None
        """Called between two passes, before each but the first."""
        self.point: Callable[[Run, int, Point], None] = lambda _run, _number, _point: None
        """Called at each numbered point, when what strikes there has struck, before the effect."""
        self.where: tuple[str, int] = ("live", 0)
        """How far the story is; with ``before_rest`` all that its further course remembers of it."""
        self.before_rest: tuple[object, ...] | None = None
        self.gate = Passage(self, counted=True)
        self.machine = self.world.machine(self.gate)
        self._backups[-1] = self.machine.database.read_bytes()
        self.others: list[Machine] = []
        self._successor: Machine | None = None

    def close(self) -> None:
        """End the machines."""
        self.defects.__exit__(None, None, None)
        for machine in (self.machine, *self.others):
            if hasattr(machine, "parts"):
                machine.stop()
        self.world.close()

    # ------------------------------------------------------------------------------------ the story

    def live(self) -> None:
        """Live it to its end. Raises VoidRun, or Restless."""
        self.machine.start()
        self.rounds(1)
        self.world.clock.advance(5)
        self.world.person.drop()
        self.armed = True
        for turn in range(3):
            self.where = ("live", turn)
            self._until_quiet()
            if not self._people():
                break
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Let hours pass, and everybody do what waits for them, until nothing does."""
        self.where = ("rest", 0)
        self._until_quiet()
        # Each answer that was asked for and not given yet takes one more try.
        refusals = self.world.platform.faults_ahead
        hours = [2, _DAY, _DAY, _DAY, *[_DAY] * refusals]
        for turn in range(len(hours) + _UNTIL_ERASED):
            if self._all_over():
                break
            self.where, self.before_rest = ("rest", 2 * turn + 1), self._shape()
            struck = len(self.struck)
            self.world.clock.advance((hours[turn] if turn < len(hours) else _DAY) * 3600)
            self._until_quiet()
            acted = self._people()
            if acted:
                self.where = ("rest", 2 * turn + 2)
                self._until_quiet()
            if self._asks_for_what_is_erased():
                continue
            if turn > 0 and not (acted or refusals) and self._shape() == self.before_rest:
                break
            # What struck in the last of these hours is to have its time as well, and what people then did.
            moved = acted or len(self.struck) > struck
            if turn + 1 >= len(hours) and (not moved or turn + 1 >= len(hours) + _MOST_MORE):
                break
        self.armed = False

    def _asks_for_what_is_erased(self) -> bool:
        """True while a request is followed that the platform has erased: it ends when it must have been, not before."""
        there = self.world.platform.transactions
        return any(
            one.state in {State.IN_PROGRESS, State.SEALING}
            and one.transaction is not None
            and TransactionId(one.transaction) not in there
            for one in self.records()
        )

    def _all_over(self) -> bool:
        """True when nothing is left that time could move."""
        return not (self._pending or self.others) and all(
            bool(closed) for _, _, closed, *_ in self.machine.shape()
        )

    def _people(self) -> bool:
        """Let the signatory do what waits for them, and the person answer; False when nothing waits."""
        platform, acted = self.world.platform, False
        for transaction in platform.in_progress():
            acted = True
            if self._refuses:
                platform.refuse(transaction, MARIE, "Non.")
            else:
                platform.sign_by_all(transaction)
            self.told.append(f"signatory: {transaction}")
        if self._credit_back_at is not None:
            acted = self._credit_returns() or acted
        return self._settle_doubt() or acted

    def _credit_returns(self) -> bool:
        self.world.platform.credit, self._credit_back_at = 1000, None
        self.told.append("credit returns")
        return True

    def _settle_doubt(self) -> bool:
        """Where the connector cannot tell, the person does, truthfully, as the status asks."""
        doubted = {one.place: one for one in self.records() if one.state is State.IN_DOUBT and one.current}
        for person in self.world.people:
            record = doubted.get(person.file(acts.SIDECAR))
            if record is None or not person.has(acts.SIDECAR):
                continue
            held = self.world.platform.transactions.get(TransactionId(record.transaction or ""))
            order = "action: déjà partie\n" if held and held.sends else "action: pas partie\n"
            if held is None or person.order == order:
                continue
            person.asks += not held.sends
            person.order = order
            ACTS["edit_sidecar"](person)
            self.told.append(f"person: {order.strip()}")
            return True
        return False

    def _until_quiet(self) -> None:
        for _ in range(MOST_ROUNDS):
            try:
                self.boundary(self)
            except Exception as error:  # else it would be taken for a failure of the connector
                raise Unsound from error
            before = self._shape()
            self.rounds(1)
            if self._shape() == before and not self._unsettled:
                return
        raise Restless(f"nothing comes to rest: {[(one.ref, one.state.value) for one in self.records()]}")

    def _shape(self) -> tuple[object, ...]:
        return (self._writes, self.machine.shape(), len(self._pending))

    def rounds(self, count: int) -> None:
        """Let everybody pass so often, and start anew whoever was killed."""
        for _ in range(count):
            self.world.clock.strike(PACE)
            self._unsettled = True
            try:
                self._unsettled = self.machine.round()
            except Killed:
                self._revive()
            if self._successor is not None:
                self._relieve()
            for other in self.others:
                other.round()

    def later(self, what: str, points: int) -> None:
        """Let something happen so many points from now."""
        self._pending.append(Deviation(len(self.points) + points, what))
        self._pending.sort(key=lambda one: one.at)

    def add(self, deviation: Deviation) -> None:
        """Let something happen at a point that is still to come; no other backup is wanted then but its own."""
        self._always, self._wanted = False, {deviation.back}
        self.deviations = (*self.deviations, deviation)
        self._pending.append(deviation)
        self._pending.sort(key=lambda one: one.at)

    @property
    def is_struck_out(self) -> bool:
        """True once nothing more is to strike."""
        return not self._pending

    @property
    def is_frozen(self) -> bool:
        """True while the machine stands still, and another one has gone on in its place."""
        return self._successor is not None

    @property
    def away_until(self) -> float:
        """Until when the platform tells nothing."""
        return self._away_until

    def backed_up(self) -> frozenset[int]:
        """The commits to which the journal can be put back."""
        return frozenset(self._backups)

    def back_up_always(self) -> None:
        """Back the journal up at each commit: any of them may be asked for."""
        self._always = True

    def remember(self) -> None:
        """Back the journal up, as it is between two passes."""
        self._backups[len(self._backups) - 1000] = self.machine.backup()

    def put_back(self, age: int | None) -> None:
        """Put a backup back, the so many-th of those that there are; None: the journal is lost."""
        kept = sorted(self._backups)
        backup = None if age is None or not kept else self._backups[kept[age % len(kept)]]
        self._revival.append(partial(self.machine.put_back, backup))
        self._revive()

    def _revive(self) -> None:
        """Start anew after what the machine died of; it may die of the same in its very start."""
        self.reviving = True
        while True:
            self.machine.stop()
            for change in self._revival:
                change()
            self._revival.clear()
            self.gate.dead = False
            with suppress(Killed):
                self.machine.start()
                self.reviving = False
                return

    def records(self) -> list[Record]:
        """Everything the machine's journal knows."""
        return self.machine.records()

    # ----------------------------------------------------------------------------------- the effects

    def let_pass(self, point: Point, effect: Callable[[], T]) -> T:
        """Let an effect happen, and time pass."""
        world = self.world
        world.clock.advance(TICK[point.kind])
        if point.call == "status" and world.clock.at < self._away_until:
            raise Unavailable("away", service="cabinet", operation="status", status=503)
        if point.kind in {"write", "call"}:
            self._writes += 1
        is_pdf = point.content is not None and point.about.endswith(".pdf")
        before = world.folder.content(point.about) if is_pdf else None
        result = effect()
        if is_pdf and point.call in {"create", "replace_as_version"} and point.content is not None:
            self.delivered[sha(point.content)] += 1
        if before is not None and (point.about, sha(before)) not in self.previews:
            self.written_over.append((point.about, sha(before)))
        if point.content is not None and point.about.endswith(acts.PREVIEW):
            self.previews.add((point.about, sha(point.content)))
        return result

    def strike(self, gate: Passage, point: Point, effect: Callable[[], T]) -> T:
        """Number a point, and let happen there what is to happen."""
        number = len(self.points)
        self.points.append(point)
        doing: Callable[[], T] = partial(self.let_pass, point, effect)
        while self._pending and self._pending[0].at == number:
            deviation = self._pending.pop(0)
            self.struck.add(deviation)
            self.told.append(f"{number} {point}: {deviation.what}")
            doing = self._deviate(deviation, gate, point, doing)
        try:
            self.point(self, number, point)
        except Exception as error:
            raise Unsound from error
        result = doing()
        wanted = number in self._wanted or (self._always and point.kind == "commit")
        if wanted and self.machine.database.exists():  # while it is being born there is nothing to keep
            self._backups[number] = self.machine.backup()
        return result

    def _deviate(
        self, deviation: Deviation, gate: Passage, point: Point, doing: Callable[[], T]
    ) -> Callable[[], T]:
        """Do what happens before, and return what happens instead."""
        what = deviation.what
        if what in ACTS:
            self._act(what)
            return doing
        if what in {"crash", "journal_lost", "restored"}:
            if what == "journal_lost":
                self._revival.append(self._lose_journal)
            elif what == "restored":
                backup = self._backups.get(-1 if deviation.back is None else deviation.back)
                if backup is None:
                    raise VoidRun
                self._revival.append(partial(self.machine.put_back, backup))
            gate.dead = True
            raise Killed(str(point))
        if what in _ANSWERS:
            if what not in set(answers_of(point, self.mode)):
                return self._not_here(deviation, doing)
            return partial(_ANSWERS[what], self, point, doing)
        if what == "frozen" and point.kind == "commit":
            # In its own transaction it would keep the other out of the journal: it is frozen before it, or after it.
            return self._not_here(deviation, doing)
        _EVENTS[what](self)
        return doing

    def _not_here(self, deviation: Deviation, doing: Callable[[], T]) -> Callable[[], T]:
        """What was drawn for this number before earlier deviations made another point of it: it does not happen."""
        self.struck.discard(deviation)
        return doing

    def _lose_journal(self) -> None:
        self.machine.put_back(None)

    def _act(self, name: str) -> None:
        self.world.clock.advance(PAUSE)
        if not ACTS[name](self.world.person) and not self.lenient:
            raise VoidRun
        self._writes += 1
        self.world.clock.advance(PAUSE)

    # ------------------------------------------------------------- what happens to an answer

    def _lost(self, point: Point, doing: Callable[[], T]) -> T:
        doing()
        if point.kind == "ask":
            raise Unavailable("the answer was lost", operation=point.call)
        raise OutcomeUnknown("the answer was lost", operation=point.call)

    def _void(self, point: Point, doing: Callable[[], T]) -> T:
        self.world.clock.advance(TICK[point.kind])
        raise OutcomeUnknown("no answer", operation=point.call)

    def _late(self, seconds: float, point: Point, doing: Callable[[], T]) -> T:
        error = OutcomeUnknown("no answer", operation=point.call)
        self.world.platform.fault("send", error, late_s=seconds)
        return doing()

    def _no_credit(self, point: Point, doing: Callable[[], T]) -> T:
        self.world.platform.credit, self._credit_back_at = 0, 0.0
        return doing()

    def _said_no(self, point: Point, doing: Callable[[], T]) -> T:
        self.world.clock.advance(TICK[point.kind])
        raise AnsweredNo(Cause.BAD_FIELD, "Champ refusé.", operation=point.call, status=400)

    def _torn(self, point: Point, doing: Callable[[], T], *, said: bool = True) -> T:
        folder, content = self.world.folder, point.content
        if content is None:
            raise VoidRun
        half = len(content) // 2
        self.world.clock.advance(TICK[point.kind])
        self._writes += 1
        if point.call == "replace":
            folder.tear_next_replace(half)
            return doing()
        etag: ETag | None = folder.create(Href(point.about), content[:half])
        if said:
            raise OutcomeUnknown("cut", operation=point.call)
        return etag  # type: ignore[return-value]  # a torn new file that was answered 201 (protocol R4)

    def _inside(self, point: Point, doing: Callable[[], T]) -> T:
        """A person's save between the server's look at the condition and its write."""
        person, folder = self.world.person, self.world.folder

        def save() -> None:
            self.world.clock.advance(PAUSE)
            there = folder.content(point.about) or b""
            mine = person.letter(9) if point.about.endswith(".pdf") else there + b"Vu.\r\n"
            if "/." in point.about:
                raise VoidRun  # nobody saves in the connector's own folders
            person.write(point.about, mine)
            self.world.clock.advance(PAUSE)

        folder.between = save
        return doing()

    # ----------------------------------------------------------------------------- what else happens

    def _away(self, seconds: float) -> None:
        self._away_until = self.world.clock.at + seconds

    def _month(self) -> None:
        self.world.clock.advance(timedelta(days=31).total_seconds())

    def _refusal(self) -> None:
        self._refuses = True
        for transaction in self.world.platform.in_progress():
            self.world.platform.refuse(transaction, MARIE, "Non.")

    def _second(self, connector: str, *, born: bool = True) -> None:
        """Another connector works here from now on, on a journal of its own that was born at the same time.

        Not ``born``: its journal is a copy of what the first one's was at the beginning.
        """
        other = self.world.machine(Passage(self, counted=False), connector=connector)
        with closing(sqlite3.connect(other.database)) as connection:
            if born:
                connection.execute("UPDATE meta SET value = 'another' WHERE name = 'journal_id'")
            connection.commit()
        other.start()
        for _ in range(3):
            self.world.clock.advance(3)
            other.round()
        self.others.append(other)

    def _frozen(self) -> None:
        """The machine stands still in the middle of a call; another one goes on, on its journal and spool."""
        if self._successor is not None:
            raise VoidRun
        other = Machine(self.world, self.machine.directory, Passage(self, counted=False))
        other.start()
        for _ in range(4):
            self.world.clock.advance(3)
            other.round()
        self._successor = other

    def _relieve(self) -> None:
        """What was frozen has come to the end of its pass, and is no more."""
        self.machine.stop()
        assert self._successor is not None
        self.machine, self._successor = self._successor, None
        assert isinstance(self.machine.gate, Passage)
        self.gate = self.machine.gate
        self.gate.counted = True


_ANSWERS = {
    "lost": Run._lost,
    "void": Run._void,
    "late_1min": lambda run, point, doing: run._late(60, point, doing),
    "late_20min": lambda run, point, doing: run._late(1200, point, doing),
    "no_credit": Run._no_credit,
    "said_no": Run._said_no,
    "torn": Run._torn,
    "torn_unsaid": partial(Run._torn, said=False),
    "inside": Run._inside,
}
_EVENTS: dict[str, Callable[[Run], None]] = {
    "away_40min": lambda run: run._away(2_400),
    "away_5h": lambda run: run._away(18_000),
    "month": Run._month,
    "refusal": Run._refusal,
    "second_other": lambda run: run._second("test-2"),
    "second_same": lambda run: run._second("test-1"),
    "second_copied": lambda run: run._second("test-1", born=False),
    "frozen": Run._frozen,
}
