"""A run in the middle of its story, written down so that two of which nothing later can tell are the same words.

Into it goes all that later behaviour and the judgement rest on: both servers, everybody's journal, spool and memory,
what the person owes and did, what was counted, where in its story the run is. Only these differences are left out:

* how a thing is called that was drawn or numbered (reference, nonce, journal, transaction, file id, ETag of a folder or
  file): it is called by its first place in the text, so that which of them are the same is kept;
* when a thing happened, beyond its age in classes (``_CLASSES``: tens of seconds at first, then minutes, hours, days),
  the day of the week and the hour; of a text for people, the dates in it;
* seals over what is written here anyway, so long as they fit;
* of the events of a journal all but the last of each name, and how many sends; how often a record was written;
* drafts at the platform to which nothing leads any more; a file of the beginning that is as it was.

That nothing later rests on these is no proof but a claim: ``test_tree`` lives a sample of runs whose end was taken from
another's in full, and compares.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from connector import marks
from connector.journal import Journal
from connector.lanes import Hands
from connector.lifecycle import Record, State
from connector.marks import Reading, Sealer
from connector.ports import Page, Progress, Tree
from connector.report.block import Edited, Empty, Foreign, Whole, read_status
from connector.steps.parts import FolderSettings
from connector.steps.show import is_shown
from connector.steps.sight import Sight
from tests.adversary.acts import ACTS
from tests.adversary.story import PACE, Run
from tests.adversary.world import KEY, Machine, Mode, beginning, sha

_CLASSES: Final = tuple(
    sorted(
        [
            10,
            180,
            *(60 * one for one in (5, 15, 30, 60, 90, 120, 180, 240, 300, 360, 480, 720, 1080)),
            *(86_400 * one for one in range(1, 70)),
        ]
    )
)
"""Seconds at which the age of something is of another class."""
_LEFT_OUT: Final = frozenset(
    {
        "journal",
        "spool",
        "sealer",
        "documents",
        "folders",
        "services",
        "watched",
        "accounts",
        "now",
        "report",
        "timing",
        "telling",
        "relay",
        "ping",
        "hooks",
        "logins",
        "stop",
        "gate",
        "senders",
        "alone",
        "probed",
        "asking_rights",
        "asking_links",
        "clocks",
        "heard",
        "made",
        "renewals",
        "hands",
        "settings",
        "prints",
        "nonces",
        "freed",
        "lock",
        "sends_answered",
    }
)
"""Fields of what a process remembers that hold its parts, not what it knows; and prints of what is written anyway."""
_HALF: Final = ".part"
"""How the spool calls what is half written: a start sweeps it away."""
_SKIPPED: Final = (Journal, Hands, FolderSettings)

_DATED: Final = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?)"
    r"|(?P<epoch>\b17\d{8}(?:\.\d+)?\b)"
    r"|(?P<named>\bmemory-\d{4}\b)"
    r"|(?P<shown>\"(?:reported|status_listed)\": \"(?P<digest>[0-9a-f]{64})\")"
    r"|(?P<seal>seal:? (?:[0-9a-f]{6} )?[0-9a-f]{64}\b)"
    r"|(?P<id>(?:file_id\W{2,4}|\bfid:)(?P<number>\d+))"
    r"|(?P<hex>\b(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{13})\b)"
    r"|(?P<revision>\"revision\": \d+)"
    r"|(?P<ref>\b[0-9A-Z]{6}\b)"
)
_FRENCH: Final = re.compile(
    r"\d{1,2}\s(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)(?:\s\d{4})?"
    r"|\d{1,2}\sh\s\d\d|\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d|\s{2,}"
)


def key_of(run: Run) -> bytes:
    """The digest of :func:`words_of`."""
    return _digest(words_of(run))


def pardon_of(run: Run) -> tuple[bool, ...]:
    """What a judge would excuse if more struck: from here on a state is the same only where this is."""
    struck = {one.what for one in run.struck}
    return bool(struck & ACTS.keys()), bool(struck & _INTERRUPTED), "month" in struck


def words_of(run: Run) -> str:
    """Everything that later behaviour and the judgement of a run rest on."""
    machines = (run.machine, *run.others)
    disks = [disk_of(one) for one in machines]
    names = _Names(run, disks, run.world.clock.timestamp())
    story = _story(run, {one.what for one in run.struck}, run._shape(), names.now, unsettled=run._unsettled)
    told = [(_disk(disk, one), _process(one)) for disk, one in zip(disks, machines, strict=True)]
    return _written(run, names, told, story)


def fatal_key_of(run: Run, what: str, disk: Disk | None) -> bytes:
    """The digest of what a machine leaves that dies here of ``what`` and begins anew on ``disk``.

    None: it has lost its journal, and the spool with it. What its process knew is gone, and no part of it; nor is how
    far it was in its pass, beyond what has happened. Ages are those of the moment at which its next pass begins, so
    that they are told as they will be between the two passes.
    """
    clock = run.world.clock
    others = [disk_of(one) for one in run.others]
    names = _Names(run, [*others, *([] if disk is None else [disk])], clock.next_stroke(PACE))
    soon = names.now - clock.timestamp()
    left = "lost" if disk is None else _disk(disk, run.machine)
    told = [(left, f"{soon:.1f}" if run.others else f"{soon < PACE}")]
    told += [(_disk(disk, one), _process(one)) for disk, one in zip(others, run.others, strict=True)]
    shape = (run._writes, [] if disk is None else disk.shape, 0)
    # Whoever had to be started anew has not come to rest: another pass follows.
    story = _story(run, {*(one.what for one in run.struck), what}, shape, names.now, unsettled=True)
    return _digest(f"dead\n{_written(run, names, told, story)}")


def _written(run: Run, names: _Names, machines: Sequence[tuple[str, str]], story: str) -> str:
    parts = [f"folder\n{names.told(_folder(run, names))}"]
    for number, (disk, process) in enumerate(machines):
        parts.append(f"machine {number}\n{names.told(disk)}\n{names.told(process)}")
    parts += [f"person\n{names.told(_people(run))}", f"run\n{names.told(story)}"]
    parts.append(f"platform\n{names.told(_platform(run, names))}")
    return "\n".join(parts)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


@dataclass(frozen=True)
class Disk:
    """What a journal says, row by row, and how it looks to people."""

    rows: tuple[str, ...]
    refs: frozenset[str]
    shape: list[tuple[object, ...]]


def disk_of(machine: Machine, known: Iterable[Record] | None = None) -> Disk:
    """What the machine's journal says to whoever opens it now: what is not committed is no part of it.

    ``known``: its records, where the machine has not started.
    """
    said = machine.said()
    lines = list(said.rows)
    records = machine.records() if known is None else list(known)
    # The digest of a status has drawn names in it; what is asked of it is whether it is that of what is to be said.
    lines += [f"{one.id} {one.state is State.WITHDRAWN or is_shown(machine.parts, one)}" for one in records]
    return Disk(tuple(lines), frozenset(one.ref for one in records), said.shape)


class _Names:
    """Calls what was drawn or numbered by its first place in the text, and tells times by their age."""

    def __init__(self, run: Run, disks: Iterable[Disk], now: float) -> None:
        self.now = now
        self.known: dict[str, str] = {}
        self.refs: set[str] = set()
        self.contents: dict[str, str] = {}
        """SHA-256 of what has drawn words in it → the same of its words as they are told here."""
        self.signed = {sha(content): name for name, content in run.world.platform.given.items()}
        for disk in disks:
            self.refs |= disk.refs
        for content in run.world.contents():
            self.refs |= _refs_in(content)
        for machine in (
            run.machine,
            *run.others,
        ):  # what lies there may be of a request that no journal knows any more
            self.refs |= {one.name for one in (machine.directory / "spool").glob("*")}

    def age(self, at: float) -> str:
        """The class of how long ago, or how long ahead."""
        passed = self.now - at
        return f"t{'-' if passed < 0 else ''}{bisect_right(_CLASSES, abs(passed))}"

    def token(self, kind: str, word: str) -> str:
        """The name that a drawn word has here."""
        if word not in self.known:
            self.known[word] = f"<{kind}{len(self.known)}>"
        return self.known[word]

    def told(self, text: str) -> str:
        """The text with these names and ages in it."""
        return "\n".join(
            "".join([self._told(*one) for one in _taken_apart(line)]) for line in text.split("\n")
        )

    def _told(self, plain: str, kind: str, word: str, at: float) -> str:
        if not kind:
            return plain
        match kind:
            case "id":
                return plain + self.token("id", f"fid:{word}")
            case "shown":
                return plain + self.token("words", word)
            case "at":
                return plain + self.age(at)
            case "named":
                return plain + self.token("T", word)
            case "ref":
                return plain + (self.token("ref", word) if word in self.refs else word)
            case "sha":
                signed = self.signed.get(word)
                return plain + (
                    f"signed {self.token('T', signed)}" if signed else self.contents.get(word, word)
                )
            case _:
                return plain + self.token("x", word)


@lru_cache(maxsize=100_000)
def _taken_apart(line: str) -> tuple[tuple[str, str, str, float], ...]:
    """The drawn words and times of a line, each with what stands plain before it: lines come again and again."""
    found, at = [], 0
    for one in _DATED.finditer(line):
        word, kind, start, moment = one[0], one.lastgroup, one.start(), 0.0
        if one["id"]:
            kind, word = "id", one["number"]
            start = one.end() - len(word)
        elif one["shown"]:
            kind, word = "shown", one["digest"]
            start = one.end() - 65
        elif one["seal"] or one["revision"]:
            found.append((line[at:start] + ("sealed" if one["seal"] else ""), "", "", 0.0))
            at = one.end()
            continue
        elif one["iso"]:
            zone = "" if "+" in word or "Z" in word else "+00:00"
            kind, moment = "at", datetime.fromisoformat(word + zone).timestamp()
        elif one["epoch"]:
            kind, moment = "at", float(word)
        elif kind == "hex":
            kind = "sha" if len(word) == 64 else "x"
        assert kind is not None
        found.append((line[at:start], kind, word, moment))
        at = one.end()
    return (*found, (line[at:], "", "", 0.0))


@lru_cache(maxsize=4096)
def _refs_in(content: bytes) -> frozenset[str]:
    return frozenset(one.decode() for one in re.findall(rb"ref: ([0-9A-Z]{6}) ", content))


@lru_cache(maxsize=4096)
def _sha(content: bytes) -> str:
    return sha(content)


def _walked(thing: Any, seen: dict[int, int]) -> str:
    """Everything in an object that is data, in one order, a line for each of its fields."""
    if not dataclasses.is_dataclass(thing):
        return _all_of(thing, seen)
    told = [type(thing).__name__]
    told += [f"{name}={_field(name, value, seen)}" for name, value in _fields_of(thing)]
    return "\n".join(told)


def _all_of(thing: Any, seen: dict[int, int]) -> str:
    out: list[str] = []
    _walk(thing, seen, out.append)
    return "".join(out)


def _field(name: str, value: Any, seen: dict[int, int]) -> str:
    return f"fid:{value}" if name == "file_id" else _all_of(value, seen)


def _fields_of(thing: Any) -> Iterator[tuple[str, Any]]:
    for name in _told_fields(type(thing)):
        value = getattr(thing, name)
        if name == "_looks":
            value %= 2  # every second look is another one
        if name == "doubts_over":
            value = {account: count for account, count in value.items() if count}
        yield name, value


@cache
def _told_fields(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind) if one.name not in _LEFT_OUT)


def _walk(thing: Any, seen: dict[int, int], out: Callable[[str], None]) -> None:
    """Everything in an object that is data, in one order; a look that is met again by its number alone."""
    if isinstance(thing, Page | Tree | Sight):
        if id(thing) in seen:
            out(f"look {seen[id(thing)]}")
            return
        seen[id(thing)] = len(seen)
    match thing:
        case None | bool() | int() | str():
            out(repr(thing))
        case float():
            out(f"{thing:.3f}")
        case enum.Enum():
            out(repr(thing.value))
        case bytes():
            out(sha(thing))
        case datetime():
            out(thing.isoformat())
        case date() | timedelta() | Path():
            out(str(thing))
        case _ if isinstance(thing, _SKIPPED) or callable(thing):
            return
        case Page():
            out(f"page {thing.href}")
            for row in sorted(thing.rows()):
                out(f"{row.name} {row.etag} {row.size} {row.modified} fid:{row.file_id} {row.permissions}")
        case Mapping():
            out("{")
            for name, value in sorted(thing.items(), key=lambda item: str(item[0])):
                _walk(name, seen, out)
                out(":")
                _walk(value, seen, out)
            out("}")
        case Set():
            out("{" + ",".join(sorted(_all_of(one, seen) for one in thing)) + "}")
        case list() | tuple():
            out("[")
            for one in thing:
                _walk(one, seen, out)
                out(",")
            out("]")
        case _ if dataclasses.is_dataclass(thing):
            out(type(thing).__name__ + "(")
            for name, value in _fields_of(thing):
                out(f"{name}=")
                if name == "file_id":
                    out(f"fid:{value}")
                else:
                    _walk(value, seen, out)
                out(";")
            out(")")
        case _ if hasattr(thing, "model_dump_json"):
            out(thing.model_dump_json())
        case _:
            out(type(thing).__name__)


def _disk(disk: Disk, machine: Machine) -> str:
    spool = machine.directory / "spool"
    files = (one for one in spool.rglob("*") if one.is_file() and not one.name.endswith(_HALF))
    # By what it is first: a reference is drawn, and gets its name here by where it stands.
    kept = sorted((one.name, _sha(one.read_bytes()), str(one.relative_to(spool))) for one in files)
    return "\n".join((*disk.rows, *(f"spool {path} {content}" for _, content, path in kept)))


def _process(machine: Machine) -> str:
    lines = []
    # Which of the markers that stand there this very process made.
    for href, content in sorted(machine.world.folder.files().items()):
        mark = _mark_in(content) if href.endswith(marks.SENT_SUFFIX) else None
        if isinstance(mark, marks.Sent):
            lines.append(f"{href} {mark.nonce in machine.parts.nonces}")
    seen: dict[int, int] = {}
    lines.append(_walked(machine.parts, seen))
    lines.append(_walked(machine.memory, seen))
    return "\n".join(lines)


@lru_cache(maxsize=4096)
def _mark_in(content: bytes) -> object:
    return marks.read(content, Sealer(KEY))[1]


@cache
def _at_first(mode: Mode) -> dict[str, tuple[int, str]]:
    return {href: (node.file_id, node.etag) for href, node in beginning(mode)[0]._nodes.items()}


def _folder(run: Run, names: _Names) -> str:
    folder, first = run.world.folder, _at_first(run.mode)
    lines = []
    for href, node in sorted(folder._nodes.items()):
        if first.get(href) == (node.file_id, node.etag):
            continue
        kept = [
            (second, one.label, _content(one.content, names)) for second, one in sorted(node.versions.items())
        ]
        held = node.lock and (node.lock.user, node.lock.note)
        lines.append(
            # What it says is a line of its own: it has been taken apart before.
            f"{href} fid:{node.file_id} {node.etag} {node.second}\n{_content(node.content, names)}\n"
            f"{node.label} {held} {kept}"
        )
    lines += [href for href in first if href not in folder._nodes]
    lines.append(
        f"{folder._tear} {folder.between is not None} {[vars(one) for one in folder._failures if one.times]}"
    )
    return "\n".join(lines)


def _content(content: bytes | None, names: _Names) -> str:
    """What a file says, without what was drawn for it or seals it."""
    if content is None:
        return "folder"
    digest, text = _sha(content), _text_of(content)
    if text is None:
        return digest
    told = names.told(text)
    names.contents[digest] = f"c{sha(told.encode('utf-8', 'replace'))}"
    return told


@lru_cache(maxsize=4096)
def _text_of(content: bytes) -> str | None:
    """The words of one of our own files; None for anybody else's."""
    reading, mark = marks.read(content, Sealer(KEY))
    if reading is Reading.WHOLE and mark is not None:
        return mark.model_dump_json()
    if b"\nseal: " not in content:
        return None
    found = read_status(content, KEY)
    body = content.decode("utf-8", "replace")
    match found:
        case Whole():
            return f"{found!r} {_FRENCH.sub(' ', body[: body.rindex('seal: ')])}"
        case Edited() | Foreign() | Empty():
            after = re.sub(r"seal: [0-9a-f]{6} [0-9a-f]{64}", "", body)
            return f"{found!r} {_FRENCH.sub(' ', after)}"
    return None


def _people(run: Run) -> str:
    lines = []
    for person in run.world.people:
        lines.append(
            f"{person.name} {person.asked} {person.place} {person.order} {person.asks} {person.copies} {person.edits}"
        )
    known = run.world.person
    lines += [
        f"owed {digest} {href}"
        for digest, href in sorted(known.owed.items(), key=lambda one: (one[1], one[0]))
    ]
    mattering = {sha(one) for one in run.world.platform.given.values()}
    lines += [f"gave up {digest}" for digest in sorted(known.gave_up & mattering)]
    lines += [f"deleted {href}" for href in sorted(known.deleted)]
    return "\n".join(lines)


_INTERRUPTED: Final = frozenset(
    {"crash", "journal_lost", "restored", "lost", "frozen", "second_same", "second_other"}
)


def _story(run: Run, struck: Set[str], shape: tuple[object, ...], at: float, *, unsettled: bool) -> str:
    """Where the run is, what was counted, and what its judge will excuse once all this has ``struck``."""
    acted = [one for one in run.struck if one.what in ACTS]
    written = {n for n, one in enumerate(run.points) if one.kind == "write" and one.about.endswith(".pdf")}
    inside = sorted(
        run.points[one.at].about
        for one in run.struck
        if one.what == "inside" and run.points[one.at].about.endswith(".txt")
    )
    now = datetime.fromtimestamp(at, tz=UTC)
    return "\n".join(
        str(one)
        for one in (
            run.where,
            run.before_rest is not None and run.before_rest == shape,
            run.mode,
            f"{run._away_until if run._away_until > run.world.clock.at else 'here'}",
            run._refuses,
            run._credit_back_at,
            run.world.platform.credit > 0,
            unsettled,
            len(run._revival),
            run.world.tokens_renewed_at,
            sorted(run.delivered.items()),
            sorted(set(run.written_over)),
            sorted(run.previews),
            bool(acted) and (bool(struck & _INTERRUPTED) or any(one.at - 1 in written for one in acted)),
            "second_same" in struck,
            "month" in struck,
            inside,
            run.defects.met,
            [one.gate is run.gate for one in run.others],
            (now.weekday(), now.hour),
        )
    )


def _platform(run: Run, names: _Names) -> str:
    platform = run.world.platform
    lines = []
    for name, held in platform.everything.items():
        unsent = not held.sends and held.progress in {Progress.NOT_SENT, Progress.CANCELLED}
        if unsent and not platform._late and name not in names.known:
            continue  # a draft to which nothing leads
        lines.append(
            f"{name} {name in platform.transactions} {name in platform.given} {held.progress} {held.sends}"
            f" {held.created_at.timestamp()}"
            f" {held.sent_at and held.sent_at.timestamp()} {held.ended_at and held.ended_at.timestamp()}"
            f" {held.looks_draft_until} {held.handed_over} {held.refused is not None} {len(held.signed)}"
            f" {[sha(one) for _, one, _ in held.documents]} {len(held.signatories)}"
        )
    lines.append(f"sent {platform.sent}")
    lines.append(f"late {[at.timestamp() for at, _ in platform._late]} faults {list(platform._faults)}")
    return "\n".join(lines)
