"""Two servers in memory under one clock, the machines that work between them, and the person at the folder.

A machine is the connector's real parts on a real journal and a real spool in a directory of its own (in memory where
the system has such a place). Nothing sleeps; every effect takes a fifth of a second of the world's own time.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final, Literal

from connector.config.model import Ceiling
from connector.errors import NotFound
from connector.guards import ServerMemory
from connector.isolated_pdf import IsolatedPdf
from connector.jesignexpert.contract import Contract
from connector.lifecycle import Record
from connector.marks import Sealer
from connector.passes import account_pass, server_pass
from connector.ports import (
    Fetched,
    Href,
    Progress,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
)
from connector.spool import Spool
from connector.steps.parts import AccountSettings, FolderSettings, Parts, ReportSettings, Timing
from tests.adversary import paper
from tests.adversary.points import Gate, GatedFolder, GatedJournal, GatedService, Point, T
from tests.fakes.folder import MemoryFolder
from tests.fakes.signing import Held, MemorySigningService

Mode = Literal["nextcloud", "plain"]
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp()
MARIE = "marie.dupont@cabinet.fr"
ASKED = f"signataires: Marie Dupont <{MARIE}> 06 12 34 56 78\n"
ROOT = "/Lettres/"
ELSEWHERE = f"{ROOT}e/"
NAME = "lettre"
QUICK = Timing(
    follow_first_hour=timedelta(seconds=1),
    retry_first=timedelta(seconds=1),
    gone_patience=timedelta(0),
    forgotten_patience=timedelta(0),
)
KEY = b"the adversary's own key"


def sha(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class Clock:
    """Seconds since the epoch; moves only when told."""

    at: float = START

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(self.at, tz=UTC)

    def timestamp(self) -> float:
        """Seconds since the epoch."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds

    def strike(self, pace: int) -> None:
        """Let time pass until so many seconds are full, three at least."""
        self.at = self.next_stroke(pace)

    def next_stroke(self, pace: int) -> float:
        """When that will be."""
        return float(-(-(self.at + 3) // pace) * pace)


class Platform(MemorySigningService):
    """The platform in memory, with real signatures: those of one transaction are never another's."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("cabinet", now=clock.now, sign_pdf=self._signed)
        self.sent: list[TransactionId] = []
        """Every ``send`` that took effect, in order."""
        self.given: dict[TransactionId, bytes] = {}
        """The signed document of each transaction, once it was given out."""
        self.everything: dict[TransactionId, Held] = {}
        """What was ever here, erased or not."""
        self.reseals = False
        """Are the same signatures sealed anew, into other bytes, at each download?"""
        self._downloads = 0
        self._sealing = 0

    def _signed(self, content: bytes, people: Sequence[TransactionSignatory]) -> bytes:
        return paper.signed(content, tuple(one.email for one in people), self._sealing)

    def create(self, draft: TransactionDraft) -> TransactionId:
        """Open a transaction, and remember it for good."""
        made = super().create(draft)
        self.everything[made] = self.transactions[made]
        return made

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Give the signed document."""
        self._sealing = int(transaction.rpartition("-")[2])
        if self.reseals:
            self._sealing += 100 * self._downloads
        fetched = super().download(transaction, rank, into, max_bytes=max_bytes)
        self._downloads += 1
        held = self.transactions[transaction]
        self.given[transaction] = self._signed(held.documents[0][1], held.signatories)
        return fetched

    def _launch(self, transaction: TransactionId) -> None:
        super()._launch(transaction)
        self.sent.append(transaction)

    def in_progress(self) -> list[TransactionId]:
        """Those whose signatory may sign now."""
        self._settle()
        return [one for one, held in self.transactions.items() if held.progress is Progress.IN_PROGRESS]

    def sign_by_all(self, transaction: TransactionId, *, but: int = 0) -> None:
        """Let everybody sign who has not, in their order; all ``but`` so many of them."""
        held = self.transactions[transaction]
        waiting = [one.email for one in held.signatories if one.email not in held.signed]
        for email in waiting[: len(waiting) - but]:
            self.sign(transaction, email)

    def progress_of(self, transaction: TransactionId) -> Progress:
        """Where a transaction stands, or stood when it was erased."""
        self._settle()
        return self.everything[transaction].progress


@dataclass
class Person:
    """Whoever works in the folder: what they wrote, what they took back, where they think their letter is."""

    folder: MemoryFolder
    clock: Clock
    owed: dict[str, str] = field(default_factory=dict)
    """SHA-256 of every content they wrote and did not take back → where."""
    gave_up: set[str] = field(default_factory=set)
    """SHA-256 of what they deleted or wrote over, ours included."""
    deleted: set[str] = field(default_factory=set)
    """Where they deleted something."""
    name: str = NAME
    asked: str = ASKED
    """What their sidecar says, orders aside."""
    place: str = ROOT
    order: str = ""
    asks: int = 0
    """How many launches beyond the first they asked for, in so many words."""
    copies: int = 0
    edits: int = 0

    def write(self, href: str, content: bytes) -> None:
        """Save a file; what they save over is theirs to give up."""
        self.give_up(href)
        self.folder.put(href, content)
        self.owed[sha(content)] = href

    def delete(self, href: str) -> None:
        """Delete a file."""
        self.give_up(href)
        for content in self.folder.history(href):
            self.owed.pop(
                sha(content), None
            )  # what is kept of it goes with it, to where they can bring it back
            self.gave_up.add(sha(content))
        self.deleted.add(href)
        self.folder.take_away(href)

    def give_up(self, href: str) -> None:
        """Take back what lies there."""
        there = self.folder.content(href)
        if there is not None:
            self.owed.pop(sha(there), None)
            self.gave_up.add(sha(there))

    def has(self, suffix: str) -> bool:
        """True while that file of theirs is where they think it is."""
        return self.folder.content(self.file(suffix)) is not None

    def file(self, suffix: str) -> str:
        """Href of one of the files of their letter."""
        return f"{self.place}{self.name}{suffix}"

    def letter(self, edition: int = 0) -> bytes:
        """Their letter as it was edited for the so many-th time."""
        return paper.letter(self.name, edition)

    def drop(self) -> None:
        """Put the letter there, and its sidecar."""
        self.write(self.file(".pdf"), self.letter(self.edits))
        self.write(self.file(".sign.yaml"), self.asked.encode())


def settings_of(mode: Mode, ceiling: Ceiling = Ceiling.LIVE) -> FolderSettings:
    """The one watched folder."""
    return FolderSettings(
        name="lettres",
        server="dms",
        root=Href(ROOT),
        registry=Href("/.jse-connector/registry/" if mode == "nextcloud" else f"{ROOT}.signature/"),
        accounts=("cabinet",),
        ceiling=ceiling,
        at_once=1,
        watch_root=f"memory {ROOT}",
    )


TABLES: Final = ("meta", "record", "document", "intent", "hold", "watch", "overview", "outbox", "contact")
"""The tables of a journal but its events."""


@dataclass(frozen=True)
class Said:
    """What is committed in a journal, row by row, and what people could notice of it."""

    rows: tuple[str, ...]
    shape: list[tuple[object, ...]]


class Reader:
    """Somebody who only reads a journal: the same is read once, until anybody has committed."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(
            f"file:{database}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
        )
        self._read: tuple[int, Said] | None = None

    def said(self) -> Said:
        """Read it. Raises sqlite3.Error where it is half born."""
        ask = self._connection.execute
        (version,) = ask("PRAGMA data_version").fetchone()
        if self._read is None or self._read[0] != version:
            lines = []
            for table in TABLES:
                lines += [f"{table} {row}" for row in ask(f"SELECT * FROM {table} ORDER BY 1")]
            events = ask(
                "SELECT record_id, account, name, data, max(at), sum(name IN ('sent', 'send_found')) FROM event"
                " GROUP BY record_id, account, name ORDER BY 1, 2, 3"
            )
            lines += [f"event {row}" for row in events]
            shape = ask(
                "SELECT id, state, closed, place, json_extract(facts, '$.reported') FROM record ORDER BY id"
            ).fetchall()
            self._read = version, Said(tuple(lines), shape)
        return self._read[1]

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


_LET_BE: list[Reader] = []
"""What a child of the process has inherited: closing it would let go of the parent's locks."""


class Open:
    """A gate that lets everything pass."""

    def passing(self, point: Point, effect: Callable[[], T]) -> T:
        """Let it pass."""
        return effect()


class Machine:
    """One connector on a directory of its own. ``start`` wires it as a start of the service does."""

    def __init__(
        self, world: World, directory: Path, gate: Gate, *, connector: str = "test-1", timing: Timing = QUICK
    ) -> None:
        self.world = world
        self.directory = directory
        self.gate = gate
        self.connector = connector
        self.timing = timing
        self.parts: Parts
        self.memory = ServerMemory()
        self._reader: Reader | None = None

    @property
    def database(self) -> Path:
        """The journal's file."""
        return self.directory / "journal.sqlite"

    def start(self) -> None:
        """Make the parts anew on what the directory holds."""
        world, clock = self.world, self.world.clock
        spool = Spool(self.directory / "spool", durable=False)
        spool.sweep()
        self.parts = Parts(
            journal=GatedJournal(self.gate, f"sqlite:///{self.database}", now=clock.now),
            spool=spool,
            sealer=Sealer(KEY),
            documents=IsolatedPdf(pool()),
            folders={"dms": GatedFolder(world.folder, self.gate)},
            services={"cabinet": GatedService(world.platform, self.gate)},
            watched={"lettres": world.settings},
            accounts={
                "cabinet": AccountSettings(
                    name="cabinet",
                    sender="Cabinet Exemple",
                    max_sends_per_day=None,
                    terms=Contract().terms,
                    tokens_renewed=lambda since: world.tokens_renewed_at > since.timestamp(),
                )
            },
            connector=self.connector,
            now=clock.now,
            report=ReportSettings(support="le support"),
            timing=self.timing,
        )
        self.memory = ServerMemory()

    def round(self) -> bool:
        """One pass over each side; True when something new needs a second look in a moment."""
        outcome = server_pass(self.parts, "dms", self.memory)
        account_pass(self.parts, "cabinet")
        return outcome.unsettled

    def shape(self) -> list[tuple[object, ...]]:
        """What the journal says of every request, as far as people could notice."""
        return self.said().shape

    def said(self) -> Said:
        """What is committed in its journal. Raises sqlite3.Error where that is half born."""
        if self._reader is None:
            self._reader = Reader(self.database)
        return self._reader.said()

    def stop(self) -> None:
        """Let go of the journal; what was in the process's memory is gone."""
        self._forget_reader()
        self.parts.journal.close()

    def _forget_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def move_to(self, directory: Path) -> None:
        """Go on, in a child of the process, on a copy of the directory; the parent's connections are let be."""
        shutil.copytree(self.directory, directory, ignore=shutil.ignore_patterns("*-shm"))
        self.directory = directory
        if self._reader is not None:
            _LET_BE.append(self._reader)
            self._reader = None
        self.parts.spool.directory = directory / "spool"
        assert isinstance(self.parts.journal, GatedJournal)
        self.parts.journal.move_to(self.database)

    def records(self) -> list[Record]:
        """Everything the journal knows."""
        return list(self.parts.journal.everything())

    def backup(self) -> bytes:
        """The journal as it is on disk now, whole; nothing is made where there is none."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.serialize()

    def put_back(self, journal: bytes | None) -> None:
        """Replace the journal; None: it is lost, and the spool with it. Only while stopped."""
        self._forget_reader()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.database}{suffix}").unlink(missing_ok=True)
        if journal is None:
            shutil.rmtree(self.directory / "spool", ignore_errors=True)
        else:
            self.database.write_bytes(journal)


class World:
    """A folder at its beginning: watched since yesterday, with somebody else's letter in it that asks for nothing."""

    def __init__(self, mode: Mode, *, ceiling: Ceiling = Ceiling.LIVE) -> None:
        base, journal = beginning(mode)
        self.mode = mode
        self.settings = settings_of(mode, ceiling)
        self.clock = Clock(START + 3600)
        self.folder = base.replica(self.clock.timestamp)
        self.platform = Platform(self.clock)
        self.person = Person(self.folder, self.clock)
        self.person.owed[sha(paper.BYSTANDER)] = f"{ROOT}autre.pdf"
        self.people = [self.person]
        self.tokens_renewed_at = 0.0
        self._journal = journal
        self.disk = memory_disk()
        """Where the machines' directories are made."""
        self._directories: list[tempfile.TemporaryDirectory[str]] = []

    def machine(self, gate: Gate, *, connector: str = "test-1", journal: bytes | None = None) -> Machine:
        """Return a machine on the journal of the beginning, or on another; not started."""
        made = tempfile.TemporaryDirectory(dir=self.disk)
        self._directories.append(made)
        machine = Machine(self, Path(made.name), gate, connector=connector)
        machine.put_back(self._journal if journal is None else journal)
        return machine

    def another(self, name: str, asked: str = ASKED) -> Person:
        """Return somebody with a letter of that name; what is written belongs to all."""
        known = self.person
        person = Person(self.folder, self.clock, known.owed, known.gave_up, known.deleted, name, asked)
        self.people.append(person)
        return person

    def close(self) -> None:
        """Remove what the machines left on disk."""
        for directory in self._directories:
            directory.cleanup()

    def contents(self) -> list[bytes]:
        """Everything that lies in the folder, and what is kept of it."""
        return [*self.folder.files().values(), *self.folder.kept()]


@cache
def memory_disk() -> str | None:
    """A place for files that is no disk, where the system has one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def pool() -> paper.RememberingPool:
    """One memory of what PDFs hold, for the whole process."""
    return paper.RememberingPool()


@cache
def beginning(mode: Mode) -> tuple[MemoryFolder, bytes]:
    """Return the folder and the journal after the first passes over it, when nothing had been asked for."""
    clock = Clock()
    folder = MemoryFolder(clock.timestamp, mode=mode, name="dms")
    folder.put(f"{ROOT}autre.pdf", paper.BYSTANDER)
    folder.put(f"{ELSEWHERE}x", b"")
    folder.take_away(f"{ELSEWHERE}x")
    clock.advance(60)
    world = World.__new__(World)
    world.mode, world.settings, world.clock = mode, settings_of(mode), clock
    world.folder, world.platform = folder, Platform(clock)
    with tempfile.TemporaryDirectory(dir=memory_disk()) as directory:
        machine = Machine(world, Path(directory), Open())
        machine.start()
        for _ in range(4):
            clock.advance(3)
            machine.round()
        machine.stop()
        return folder, machine.database.read_bytes()


def remove(folder: MemoryFolder, href: str) -> None:
    """Take a file away that may not be there."""
    with suppress(NotFound):
        folder.take_away(href)
