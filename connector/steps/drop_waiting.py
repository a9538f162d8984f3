"""A PDF in a drop folder: it waits for its hour, told beside it, and then its request is written.

The hour is kept in the journal, so that a restart neither forgets nor moves it; a PDF that is saved again begins
anew. No name of a file is kept: a status is found again by the digest of its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.config.model import Ceiling
from connector.errors import NotFound
from connector.identity import digest_of
from connector.ports import Entry, Href
from connector.report.drop import render_waiting
from connector.report.typography import Language
from connector.sidecar import names
from connector.sidecar.model import Wish
from connector.sidecar.origin import drop_line
from connector.steps import answers, born, clocks
from connector.steps.answers import AnswerMemory
from connector.steps.born import BornMemory, Room
from connector.steps.discover import Sight
from connector.steps.own_files import move_aside, read_status_at
from connector.steps.parts import FolderSettings, Parts
from connector.steps.settings_said import SettingsMemory, SettingsSaid, wish_of

_EVENT: Final = "drop_waiting"


@dataclass(frozen=True, kw_only=True)
class DropFolder:
    """A folder that settings make a drop folder. ``said`` is the file that says so, ``above`` all that apply here."""

    entry: Entry
    said: SettingsSaid
    above: tuple[SettingsSaid, ...]


@dataclass
class DropMemory:
    """What a process remembers of drop folders; losing it costs a look, never a mistake."""

    born: BornMemory = field(default_factory=BornMemory)
    answers: AnswerMemory = field(default_factory=AnswerMemory)
    settings: SettingsMemory = field(default_factory=SettingsMemory)
    folders: dict[str, tuple[Sight, list[DropFolder]]] = field(default_factory=dict)
    """Watched folder → its drop folders, as one sight shows them."""
    subjects: dict[str, list[str]] = field(default_factory=dict)
    """Watched folder → what its drop folders are called in the journal."""
    before: dict[str, list[str]] = field(default_factory=dict)
    """Drop folder → digests of the PDFs that lay there before it was one."""
    below: dict[str, tuple[Sight, list[str]]] = field(default_factory=dict)
    """Drop folder → the folders below it in which somebody waits in vain, as one sight shows them."""
    waiting: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Watched folder → digest of a status's place → whose it is, as the digest of its place; ETag of that PDF, since
    when it waits, and whether its status was written."""

    def here(self, settings_name: str) -> list[Href]:
        """The drop folders of one watched folder, as its last sight showed them."""
        return [drop.entry.href for drop in self.folders.get(settings_name, (None, []))[1]]


def attend_one(
    parts: Parts, sight: Sight, drop: DropFolder, document: Entry, memory: DropMemory, room: Room
) -> None:
    """Let a settled PDF wait for its hour; then write its request. Raises remote errors, SpoolError."""
    if document.href not in sight.settled:
        return
    due = _due(parts, sight, document, memory)
    if parts.now() < due:
        _tell(parts, sight, drop, document, due, memory)
    elif room.take():
        _make_room_for_its_status(parts, sight, document, memory)
        line = drop_line(drop.entry.name, parts.report.language)
        content = f"\ufeff{line}\r\n".encode("utf-8", "surrogatepass")
        kind = born.create(parts, sight, document, content, memory.born)
        room.made += kind == born.MADE
        if kind:
            wait_no_longer(parts, sight, document, kind, memory)


def in_turn(parts: Parts, sight: Sight, documents: Iterable[Entry], memory: DropMemory) -> list[Entry]:
    """Return who waits already before all others: « scan.pdf » and « scan.jpg » share a status, and wait in turn."""
    waiting = waiting_in(parts, sight.settings, memory)
    own = {one.get("of") for one in waiting.values()}
    return sorted(documents, key=lambda document: digest_of_place(document.href) not in own)


def _due(parts: Parts, sight: Sight, document: Entry, memory: DropMemory) -> datetime:
    waiting = waiting_in(parts, sight.settings, memory)
    key, mine = digest_of_place(status_href(document)), digest_of_place(document.href)
    one = waiting.get(key)
    since = None if one is None else datetime.fromisoformat(one["since"])
    if (
        one is None
        or one["etag"] != document.etag
        or one.get("of", mine) != mine
        or clocks.since_when(parts, since) != since
    ):
        told = bool(one and one["told"])
        one = {"of": mine, "etag": document.etag, "since": parts.now().isoformat(), "told": told}
        _keep(parts, sight.settings, {**waiting, key: one}, memory)
    return datetime.fromisoformat(one["since"]) + parts.timing.drop_delay


def _tell(
    parts: Parts, sight: Sight, drop: DropFolder, document: Entry, due: datetime, memory: DropMemory
) -> None:
    settings, status = sight.settings, status_href(document)
    waiting = waiting_in(parts, settings, memory)
    key = digest_of_place(status)
    if not waiting[key]["told"]:
        if status in sight.by_href:
            return  # an older status bears that name: the request will be judged by it
        _keep(parts, settings, {**waiting, key: {**waiting[key], "told": True}}, memory)
    text = render_waiting(
        pdf=document.name,
        folder=drop.entry.name,
        due=due,
        wish=how_far(settings, drop.above),
        ceiling=settings.ceiling,
        settings_name=drop.said.name,
        zone=ZoneInfo(parts.report.timezone),
        language=language_of(parts),
    )
    answers.answer(parts, sight, status, text, memory.answers, kind=answers.DROP)


def how_far(settings: FolderSettings, above: tuple[SettingsSaid, ...]) -> Wish:
    """How far a request of this folder goes by itself: to preview, unless settings and ceiling both say more."""
    said = wish_of(above)
    if said in {None, Wish.PREVIEW} or settings.ceiling is Ceiling.PREVIEW:
        return Wish.PREVIEW
    return Wish.SEND if said is Wish.SEND and settings.ceiling is Ceiling.LIVE else Wish.DRAFT


def _make_room_for_its_status(parts: Parts, sight: Sight, document: Entry, memory: DropMemory) -> None:
    """What a person wrote into the waiting text is kept aside; our own is overwritten by the request's status."""
    key = digest_of_place(status_href(document))
    if not waiting_in(parts, sight.settings, memory)[key]["told"]:
        return
    folder = parts.folders[sight.settings.server]
    try:
        ours = read_status_at(parts, folder, status_href(document))
        if ours is None or ours.ref != answers.DROP:
            move_aside(folder, status_href(document))
    except NotFound:
        return


def wait_no_longer(parts: Parts, sight: Sight, document: Entry, kind: str, memory: DropMemory) -> None:
    """A PDF is done with, as ``kind`` of ``born`` says. Where no request follows, what was said of it goes."""
    waiting, status = waiting_in(parts, sight.settings, memory), status_href(document)
    one, mine = waiting.get(digest_of_place(status)), digest_of_place(document.href)
    if one is None or one.get("of", mine) != mine:
        return
    if one["told"] and kind not in {born.MADE, born.THERE}:
        answers.take_away(parts, sight, status, memory.answers, kind=answers.DROP)
    left = {key: each for key, each in waiting.items() if key != digest_of_place(status)}
    _keep(parts, sight.settings, left, memory)


def let_go_of_the_gone(parts: Parts, sight: Sight, here: set[str], memory: DropMemory) -> None:
    """What was taken out of its drop folder in time, or whose folder is none any more, is waited for no longer.

    ``here``: digests of the places of the statuses of all PDFs that lie in a drop folder. Raises remote errors.
    """
    waiting = waiting_in(parts, sight.settings, memory)
    gone = waiting.keys() - here
    if not gone:
        return
    for href, entry in sight.by_href.items():
        if entry.name.endswith(".signature.txt") and digest_of_place(href) in gone:
            answers.take_away(parts, sight, Href(href), memory.answers, kind=answers.DROP)
    _keep(parts, sight.settings, {key: one for key, one in waiting.items() if key not in gone}, memory)


def status_href(document: Entry) -> Href:
    """Where the status of a dropped PDF stands, before and after its request is made."""
    return Href(document.parent + names.status_name(document.name))


def digest_of_place(href: str) -> str:
    """What the journal keeps instead of a place."""
    return digest_of(href)[:32]


def language_of(parts: Parts) -> Language:
    """The language of texts."""
    return "en" if parts.report.language == "en" else "fr"


def waiting_in(parts: Parts, settings: FolderSettings, memory: DropMemory) -> dict[str, dict[str, Any]]:
    """Return the PDFs of a watched folder that wait, by the digest of the place of their status."""
    if settings.name not in memory.waiting:
        kept = parts.journal.last_account_event(f"folder:{settings.name}", _EVENT) or {}
        memory.waiting[settings.name] = dict(kept.get("waiting", {}))
    return memory.waiting[settings.name]


def _keep(
    parts: Parts, settings: FolderSettings, waiting: dict[str, dict[str, Any]], memory: DropMemory
) -> None:
    parts.journal.mark_account(f"folder:{settings.name}", _EVENT, {"waiting": waiting})
    memory.waiting[settings.name] = waiting
