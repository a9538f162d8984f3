"""What people do to the files of a request, tried in every phase of its life at once.

A :class:`Base` is one world with a letter for each of ``LIVES``, each in a folder of its own and brought to that
phase through the real steps. It is made once for a server mode; :func:`play` copies it, lets a person do the same
act in every folder, runs until quiet, writes down what that person sees, and goes on with the next act; at last all
obstacles go, everybody signs, and what has come of it is written down as ``END``. A test then reads one cell.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from connector.lifecycle import State
from connector.sandbox.platform.model import TransactionView
from connector.steps.parts import Timing
from tests import documents
from tests.worlds import CLAIRE, MARIE, MODELS, ONE, ROOT, TWO, Mode, Stage

_Made = TypeVar("_Made")
BEFORE, END, UNSEEN = "avant", "à la fin", ""
"""The first look, before any act; the last one, obstacles gone and everybody has signed; an act after which nobody
looks, since it only leads to the next one."""
PDF, REQUEST, STATUS, PREVIEW = (
    f"lettre.{kind}" for kind in ("pdf", "sign.yaml", "signature.txt", "apercu.pdf")
)
NEW = "signé v2 OK"
"""What people call a PDF that they take for the signed one."""
OTHERWISE = "Une autre version de la lettre"
DAY_S, ALL_WAITS_S = 86_400, 4.1 * 3_600
PATIENT = timedelta(hours=4)
MAKING = Timing(
    retry_most=timedelta(minutes=2),
    follow_first_day=timedelta(minutes=2),
    probe=PATIENT,
    vanished_patience=timedelta(0),
    forgotten_patience=timedelta(0),
)
"""One folder holds a letter of every life: what is done to all of them at once is no disk that has gone away."""
PLAYING = replace(MAKING, follow_first_hour=PATIENT, follow_first_day=PATIENT, follow_later=PATIENT)
"""The platform is asked when its news matters, at the making and at the end: rounds between cost little."""

LIVES: Mapping[str, State] = {
    "waiting_pdf": State.WAITING_PDF,
    "rejected": State.REJECTED,
    "unconfirmed": State.UNCONFIRMED,
    "previewed": State.PREVIEWED,
    "draft": State.DRAFT,
    "waiting": State.WAITING,
    "marked": State.MARKED,
    "in_progress": State.IN_PROGRESS,
    "half_signed": State.IN_PROGRESS,
    "edited": State.IN_PROGRESS,
    "sealing": State.SEALING,
    "delivering": State.DELIVERING,
    "delivered": State.DELIVERED,
    "delivered_beside": State.DELIVERED_BESIDE,
    "refused": State.REFUSED,
    "expired": State.EXPIRED,
    "cancelled": State.CANCELLED,
    "held": State.HELD,
    "in_doubt": State.IN_DOUBT,
    "quarantined": State.QUARANTINED,
    "lost": State.LOST,
}
"""Phase of a life, which is also the name of its folder and its subject → the state it is brought to.

``edited``: out, and a person has saved other pages under its name. ``waiting`` and ``marked``: the account has no
credit; ``marked`` is the one that found it out. ``delivering``: somebody has the PDF open (423).
``unconfirmed``: a copy of the pair in ``original``, which is out.
"""
_WRONG = "signataires: Marie Dupont <marie.dupont@cabinet.fr> 04 78 12 34 56\n"
_ASKED = {
    "rejected": _WRONG,
    "previewed": ONE + "envoi: non\n",
    "draft": ONE + "envoi: brouillon\n",
    "half_signed": TWO,
}
_FIRST = ("held", "expired", "in_doubt")
_LAST = ("marked", "waiting")


def asked(life: str) -> str:
    """Return the text of the sidecar of a life, as it is dropped."""
    return f"objet: {life}\n" + _ASKED.get(life, ONE)


def sent(life: str) -> bytes:
    """Return the PDF of a life, as it is dropped."""
    return documents.letter(1, f"Lettre {life}", lines=3)


def otherwise(life: str) -> bytes:
    """Return other pages, that a person saves under the name of that PDF."""
    return documents.letter(1, f"{OTHERWISE} {life}", lines=3)


# ---------------------------------------------------------------------------------------- the base


@dataclass
class Base:
    """A world at rest in ``directory``: its servers and its connector are stopped."""

    directory: Path
    mode: Mode
    offset_s: float = 0.0
    """Of its clock."""
    platform_rules: list[dict[str, Any]] = field(default_factory=list)
    dms_rules: list[dict[str, Any]] = field(default_factory=list)
    """What is in the way, put there again in every copy: misbehaviour does not outlive a server."""


class Awake(Stage):
    """A stage on a copy of a base, or the one on which a base is made."""

    def __init__(self, directory: Path, base: Base, *, start: bool = True, timing: Timing = PLAYING) -> None:
        super().__init__(directory, base.mode, timing=timing, start=False)
        self.clock.advance(max(0.0, base.offset_s - self.clock.offset_s))
        self.renew()
        for rule in base.platform_rules:
            self.platform.misbehave(**rule)
        for rule in base.dms_rules:
            self.dms.misbehave(**rule)
        if start:
            self.start()

    def start(self) -> None:
        """Start on the copy: its server has another port, and is the same server all the same."""
        super().start()
        journal = self.parts.journal
        for name, settings in self.parts.watched.items():
            watch, subject = journal.watched(name), f"folder:{name}"
            models = journal.last_account_event(subject, "models")
            if watch is not None and watch.root != settings.watch_root:
                journal.begin_watch(name, settings.watch_root, watch.there_before)
            if models is not None and models["root"] != settings.watch_root:
                journal.mark_account(subject, "models", {**models, "root": settings.watch_root})

    def quiet(self, rounds: int = 12) -> None:
        """Let every patience go by (for a PDF that is missing, for a send that was refused), and pass until calm."""
        self.run(2, calm=3)
        self.clock.advance(MAKING.quiet_send.total_seconds() + 60)
        self.run(rounds, calm=1)

    def folder(self, life: str) -> str:
        """Return where the letter of a life lies."""
        return f"{ROOT}/{life}"

    def life_record(self, life: str) -> Any:
        """Return the record of a letter where it was dropped."""
        return self.record(folder=self.folder(life))

    def put(self, *lives: str) -> None:
        """Drop the letters of these lives, each into its folder."""
        for life in lives:
            self.dms.person.mkdir(self.folder(life))
            self.write(REQUEST, asked(life), folder=self.folder(life))
            if life != "waiting_pdf":
                self.write(PDF, sent(life), folder=self.folder(life))


def make_base(directory: Path, mode: Mode) -> Base:
    """Bring a letter to every phase. Raises AssertionError where one does not come to it."""
    directory.mkdir(parents=True)
    base = Base(directory, mode)
    with Awake(directory, base, start=False, timing=MAKING) as stage:
        stage.put("held")
        stage.start()
        stage.quiet()
        stage.put("expired")
        stage.run(4)
        stage.clock.advance(16 * DAY_S)
        stage.renew()
        stage.restart()
        stage.quiet()
        stage.put("in_doubt")
        stage.platform.misbehave(operation="send", kind="status", status=502)
        stage.run(4)
        stage.clock.advance(ALL_WAITS_S)
        stage.quiet()
        stage.put(*(life for life in LIVES if life not in (*_FIRST, *_LAST, "unconfirmed")))
        stage.dms.person.mkdir(f"{ROOT}/original")
        stage.drop(pdf=sent("unconfirmed"), sidecar=asked("unconfirmed"), folder=f"{ROOT}/original")
        stage.quiet()
        _part(stage, base)
        stage.quiet()
        stage.platform.credit = 0
        stage.put("marked")
        stage.quiet()
        stage.put("waiting")
        stage.quiet()
        reached = {life: stage.life_record(life).state for life in LIVES}
        assert reached == LIVES
        base.offset_s = stage.clock.offset_s + 5
    return base


def _part(stage: Awake, base: Base) -> None:
    """What happens to letters that are out, each in its own way."""
    known = {life: str(stage.life_record(life).transaction) for life in LIVES if _has_record(stage, life)}

    def hinder(life: str, **rule: Any) -> None:
        base.platform_rules.append(
            {"operation": "download", "times": None, "transaction": known[life], **rule}
        )
        stage.platform.misbehave(**base.platform_rules[-1])

    hinder("sealing", kind="sealing", seconds=2 * ALL_WAITS_S)
    hinder("quarantined", kind="wrong_document", variant="broken_signature")
    for method in ("PUT", "MOVE", "LOCK"):
        for name in (PDF, f"*/{PDF}", f"{NEW}.pdf"):  # whoever has it open has it open wherever it goes
            base.dms_rules.append(
                {
                    "kind": "status",
                    "status": 423,
                    "method": method,
                    "path": f"*/delivering/{name}",
                    "times": None,
                }
            )
            stage.dms.misbehave(**base.dms_rules[-1])
    for life in ("edited", "delivered_beside"):
        stage.write(PDF, otherwise(life), folder=stage.folder(life))
    stage.dms.person.mkdir(stage.folder("unconfirmed"))
    for name in (PDF, REQUEST):
        stage.copy(name, name, folder=f"{ROOT}/original", to_folder=stage.folder("unconfirmed"))
    stage.run(4)
    for life in ("half_signed", "sealing", "delivering", "delivered", "delivered_beside", "quarantined"):
        stage.platform.person_signs(known[life], MARIE)
    stage.platform.person_refuses(known["refused"], MARIE, "Les honoraires ne correspondent pas.")
    stage.platform.site(known["cancelled"], "cancel")
    stage.platform.site(known["lost"], "delete")


def _has_record(stage: Awake, life: str) -> bool:
    return stage.parts.journal.at_place("dms", f"/{stage.folder(life)}/{REQUEST}") is not None


def base_of(factory: pytest.TempPathFactory, mode: Mode) -> Base:
    """Return the base of that mode: one for all tests of a run, however many processes share them."""
    return shared_base(_shared(factory), mode)


def once(factory: pytest.TempPathFactory, name: str, made: Callable[[], _Made]) -> _Made:
    """Return what ``made`` gives: made by whichever process of a run comes first, read by the others.

    A world is dear, and tests that look at one are shared out among processes as these fall idle.
    """
    kept = _shared(factory) / hashlib.sha256(name.encode()).hexdigest()
    with _alone(kept.with_suffix(".lock")):
        if kept.exists():
            return cast(_Made, pickle.loads(kept.read_bytes()))  # our own file, of this very run
        found = made()
        kept.write_bytes(pickle.dumps(found))
        return found


def _shared(factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a run that its processes have in common."""
    top = factory.getbasetemp()
    shared = (top.parent if "PYTEST_XDIST_WORKER" in os.environ else top) / "acts"
    shared.mkdir(parents=True, exist_ok=True)
    return shared


def shared_base(shared: Path, mode: Mode) -> Base:
    """Return the base of that mode, made by whichever process comes first; the others wait for it."""
    shared.mkdir(parents=True, exist_ok=True)
    known = shared / f"{mode}.base"
    with _alone(shared / f"{mode}.lock"):
        if known.exists():
            return Base(shared / mode, mode, **json.loads(known.read_text()))
        base = make_base(shared / mode, mode)
        kept = {name: value for name, value in vars(base).items() if name not in {"directory", "mode"}}
        known.write_text(json.dumps(kept))
        return base


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# -------------------------------------------------------------------------------------- the person


@dataclass(frozen=True)
class Place:
    """The folder of one letter in the hands of a person. Names are relative to it; ``to`` may begin with a folder."""

    stage: Stage
    life: str
    kept: dict[str, bytes] = field(default_factory=dict)
    """What the person has a copy of, from act to act."""

    @property
    def folder(self) -> str:
        """Return it below the server's root."""
        return f"{ROOT}/{self.life}"

    def has(self, name: str) -> bool:
        """Tell whether a file of that name is there."""
        return self.stage.dms.disk(f"{self.folder}/{name}").is_file()

    def read(self, name: str) -> bytes:
        """Read a file."""
        return self.stage.read(name, folder=self.folder)

    def write(self, name: str, content: str | bytes) -> None:
        """Save a file, over what is there."""
        self._room(name)
        self.stage.write(name, content, folder=self.folder)

    def delete(self, name: str) -> None:
        """Delete a file or a folder."""
        self.stage.delete(name, folder=self.folder)

    def move(self, name: str, to: str) -> None:
        """Move or rename, as the server sees it."""
        self._room(to)
        self.stage.move(name, to, folder=self.folder)

    def copy(self, name: str, to: str) -> None:
        """Copy, as the server sees it."""
        self._room(to)
        self.stage.copy(name, to, folder=self.folder)

    def anew(self, name: str, to: str) -> None:
        """Move as a sync client often does: a file is deleted, another one of the same bytes is uploaded."""
        content = self.read(name)
        self.delete(name)
        self.write(to, content)

    def _room(self, name: str) -> None:
        if "/" in name:
            self.stage.dms.person.mkdir(f"{self.folder}/{name.rpartition('/')[0]}")


Act = Callable[[Place], None]


@dataclass(frozen=True)
class Seen:
    """What a person finds in the folder of one letter, and what was counted elsewhere."""

    statuses: Mapping[str, str]
    """Every status, by its path from that folder → its text, with plain spaces."""
    files: tuple[str, ...]
    """Every other file, sorted."""
    signed: tuple[str, ...]
    """Those that bear a signature, sorted."""
    sends: tuple[int, ...]
    """How often each transaction of this subject was sent; drafts left out. ``unconfirmed``: the original's first."""
    lost: tuple[str, ...]
    """Content that a person wrote and that is nowhere any more."""

    @property
    def lines(self) -> dict[str, str]:
        """The first line of every status, by its path."""
        return {path: text.split("\n", 1)[0] for path, text in self.statuses.items()}


@dataclass(frozen=True)
class Played:
    """One world at its end. ``cells``: (act, life) → what was seen then; ``broken``: what ``Stage.intact`` found."""

    cells: Mapping[tuple[str, str], Seen]
    broken: str


def play(
    base: Base,
    directory: Path,
    acts: Sequence[tuple[str, Act]],
    *,
    lives: Sequence[str] = tuple(LIVES),
    lose_journal: bool = False,
    finish: bool = True,
) -> Played:
    """Copy the base, do each act in every life's folder, and look after each; then bring all to their end.

    An act that means nothing in a life (no such file there) is left out by the act itself. ``lose_journal``: the
    machine dies before the end, and journal and spool with it.
    """
    shutil.copytree(base.directory, directory)
    cells: dict[tuple[str, str], Seen] = {}
    with Awake(directory, base) as stage:
        places = [Place(stage, life) for life in lives]
        stage.run(2, calm=3)
        cells |= {(BEFORE, life): seen for life, seen in look(stage, lives).items()}
        for name, act in acts:
            for place in places:
                act(place)
            stage.quiet()
            if name != UNSEEN:
                cells |= {(name, life): seen for life, seen in look(stage, lives).items()}
        if lose_journal:
            stage.lose_journal()
            stage.quiet()
        if finish:
            to_the_end(stage)
            cells |= {(END, life): seen for life, seen in look(stage, lives).items()}
        broken = ""
        try:
            stage.intact()
        except AssertionError as error:
            broken = str(error) or repr(error)
    return Played(cells, broken)


def to_the_end(stage: Awake) -> None:
    """Every obstacle goes, what waits on the site is sent there, and everybody signs what comes to them."""
    stage.platform.behave()
    stage.dms.behave()
    stage.platform.credit = 1000
    for record in stage.records():
        if record.state in {State.DRAFT, State.IN_DOUBT} and record.transaction:
            stage.platform.site(record.transaction, "send")
    for _ in range(2):  # what a start made doubt of is asked about twice before it may leave (R9)
        stage.clock.advance(ALL_WAITS_S)
        stage.run(calm=1)
    for email in (MARIE, CLAIRE):
        stage.sign(email)
    stage.clock.advance(ALL_WAITS_S)
    stage.run(calm=1)


def look(stage: Stage, lives: Sequence[str]) -> dict[str, Seen]:
    """Write down what is in the folder of each life, hidden files and models left out."""
    lost, views = _lost(stage), stage.platform.transactions()
    return {life: _look_at(stage, life, lost, views) for life in lives}


def _look_at(stage: Stage, life: str, lost: Sequence[str], views: Sequence[TransactionView]) -> Seen:
    top = stage.dms.disk(f"{ROOT}/{life}")
    statuses, files, signed = {}, [], []
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if not path.is_file() or any(part.startswith(".") or part == MODELS for part in name.split("/")):
            continue
        content = path.read_bytes()
        if name.endswith(".signature.txt"):
            text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\u00a0", " ")
            statuses[name] = text
            continue
        files.append(name)
        if name.endswith(".pdf") and b"/ByteRange" in content:
            signed.append(name)
    return Seen(
        statuses=statuses,
        files=tuple(files),
        signed=tuple(signed),
        sends=tuple(view.sends for view in views if view.object == life and view.sends),
        lost=tuple(path for path in lost if path.startswith(f"{ROOT}/{life}/")),
    )


def _lost(stage: Stage) -> list[str]:
    there = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for top in ("dms", "dms-state/versions")
        for path in (stage.directory / top).rglob("*")
        if path.is_file()
    }
    return [path for sha256, path in stage.owed.items() if sha256 not in there]
