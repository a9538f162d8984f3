"""``_signataires.xlsx``: one row, one request, written beside its PDF; what became of each row is told beside the list.

Everything simpler only *writes sidecars* (ux page section 1.2): from then on that file is the request, and its row
is never looked at again. Requests of a list go to preview, so nothing leaves by what is done here; a list may
therefore prepare all its rows, as many in one pass as there is room for.

A list that lay in a folder when the folder was first looked at is not obeyed before somebody saves it again. It
could send nothing, but rule R7 has a newborn journal do nothing that it did not see arrive: such a list is as likely
last year's, whose letters are signed, moved or refused, and a lost journal could not tell.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from connector.identity import digest_of
from connector.lifecycle import Record, State
from connector.ports import Entry, Href
from connector.report.list_news import ListNews, Missing
from connector.report.lists import render_list
from connector.report.typography import Language
from connector.sidecar import names
from connector.sidecar.model import Wish
from connector.signatory_list.rows import ListReading, Row
from connector.steps import answers, born
from connector.steps.answers import AnswerMemory
from connector.steps.born import BornMemory, Room
from connector.steps.discover import Sight
from connector.steps.filed import filed_from
from connector.steps.list_counts import counts_of, rowless
from connector.steps.list_reading import ReadingMemory, known_for, read_list
from connector.steps.list_rows import attend_rows
from connector.steps.parts import Parts
from connector.steps.settings_said import SettingsMemory, said_above, wish_of

_EVENT = "lists_there"


@dataclass
class ListMemory:
    """What a process remembers of lists; losing it costs a look, never a mistake."""

    readings: ReadingMemory = field(default_factory=ReadingMemory)
    born: BornMemory = field(default_factory=BornMemory)
    answers: AnswerMemory = field(default_factory=AnswerMemory)
    settings: SettingsMemory = field(default_factory=SettingsMemory)
    there: dict[str, dict[str, str]] = field(default_factory=dict)
    """Watched folder → digest of a list's place → the ETag it had at the first look."""
    over: dict[tuple[str, str], State] = field(default_factory=dict)
    """Place of a request that ended, and when it was written → how."""
    news: dict[str, ListNews] = field(default_factory=dict)
    """Folder → what became of its list, as it was told last."""


def tasks(
    parts: Parts,
    sight: Sight,
    memory: ListMemory,
    room: Room,
    opened: Callable[[], list[Record]] | None = None,
) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is to be done for the lists of one watched folder, each by a name of its own: one failure stops no other.

    ``opened``: returns the server's open records, for whoever asks for several of its folders. A list's answer tells
    of them; none of its requests is written, or not, because of one.
    """
    lists = lists_in(sight)
    before = _there_before(parts, sight, lists, memory)
    known = opened or cache(partial(parts.journal.open_records, sight.settings.server))
    for parent, entries in sorted(lists.items()):
        yield f"list {parent}", partial(_attend, parts, sight, entries, before, known(), memory, room)
    for parent, files in sight.ours.items():
        for entry in files if parent not in lists else ():
            if names.comparable(entry.name) != names.LIST_ANSWER:
                continue
            yield (
                f"answer {parent}",
                partial(answers.take_away, parts, sight, entry.href, memory.answers, kind=answers.LIST),
            )


def outlook(parts: Parts, sight: Sight) -> list[ListNews]:
    """What would become of the lists of a sight, by their rows alone: reads, and writes nothing in the folder.

    ``pending`` is the number of requests that would be written. Raises remote errors, SpoolError.
    """
    memory, lists = ListMemory(), lists_in(sight)
    before = _there_before(parts, sight, lists, memory)
    opened = parts.journal.open_records(sight.settings.server) if lists else []
    news = (news_of(parts, sight, found, before, opened, memory, Room(left=0)) for found in lists.values())
    return [each for each in news if each is not None]


def lists_in(sight: Sight) -> dict[str, list[Entry]]:
    """Return the lists of a sight by their folder, the one that is read first."""
    found: dict[str, list[Entry]] = {}
    root = sight.settings.root
    for parent, files in sight.ours.items():
        entries = [entry for entry in files if names.is_list(entry.name)]
        below = parent.removeprefix(root)
        if entries and not names.is_hidden(below) and not names.is_filed(below):
            found[parent] = sorted(entries, key=_rank)
    return found


def unsettled(sight: Sight) -> bool:
    """True when a list, or a PDF beside one, was saved in this very moment: it needs a second look."""
    return any(
        not entry.is_folder and entry.href not in sight.settled
        for parent in lists_in(sight)
        for folded, same in sight.by_parent[parent].items()
        for entry in same
        if names.is_list(folded) or born.is_document(folded)
    )


def _rank(entry: Entry) -> tuple[int, str]:
    return ("xlsx", "csv", "other").index(names.list_kind(entry.name)), entry.href


def _there_before(
    parts: Parts, sight: Sight, lists: dict[str, list[Entry]], memory: ListMemory
) -> dict[str, str]:
    """Return the lists that the first look at this folder found (R7), by digest, with the ETag they had."""
    settings = sight.settings
    if settings.name not in memory.there:
        subject = f"folder:{settings.name}"
        kept = parts.journal.last_account_event(subject, _EVENT)
        if kept is None or kept["root"] != settings.watch_root:
            found = {_digest(entry): entry.etag for entries in lists.values() for entry in entries}
            kept = {"root": settings.watch_root, "lists": found}
            parts.journal.mark_account(subject, _EVENT, kept)
        memory.there[settings.name] = kept["lists"]
    return memory.there[settings.name]


def _digest(entry: Entry) -> str:
    return digest_of(entry.href)[:32]


def _attend(
    parts: Parts,
    sight: Sight,
    entries: list[Entry],
    before: dict[str, str],
    opened: list[Record],
    memory: ListMemory,
    room: Room,
) -> None:
    news = news_of(parts, sight, entries, before, opened, memory, room)
    if news is None:
        return
    memory.news[entries[0].parent] = news
    language: Language = "en" if parts.report.language == "en" else "fr"
    text = render_list(
        news, zone=ZoneInfo(parts.report.timezone), language=language, support=parts.report.support
    )
    href = Href(entries[0].parent + names.LIST_ANSWER)
    over = bool(news.made) and news.ended == news.made == news.total
    answers.answer(parts, sight, href, text, memory.answers, kind=answers.LIST, again=not over)


def news_of(
    parts: Parts,
    sight: Sight,
    entries: list[Entry],
    before: dict[str, str],
    opened: list[Record],
    memory: ListMemory,
    room: Room,
) -> ListNews | None:
    """Work through one list and tell what became of it; None while there is nothing true to say yet.

    ``entries``: the lists of its folder, the one that is read first. Raises remote errors, SpoolError.
    """
    entry = entries[0]
    above = [one for here in sight.settings_above(entry.href) for one in here]
    if not sight.has_settled([entry, *above]):
        return None
    blank = ListNews(file=entry.name, ceiling=sight.settings.ceiling)
    if before.get(_digest(entry)) == entry.etag:
        return _with(blank, there_before=True)
    reading = read_list(parts, sight, entry, memory.readings)
    if reading is None:
        return None
    if reading.problems or reading.hidden:
        return _with(blank, faults=reading.problems, hidden=reading.hidden, total=len(reading.rows))
    fates = attend_rows(parts, sight, entry, reading, memory.born, room)
    if fates.arriving:
        return None
    missing = fates.missing if known_for(parts, entry, memory.readings) else []
    if reading.rows and not (missing or fates.done or fates.pending or fates.problems):
        return None
    return _with(
        blank,
        total=len(reading.rows),
        problems=tuple(fates.problems),
        missing=_missing(sight, entry, missing),
        pending=fates.pending,
        ignored=reading.ignored,
        sheets=reading.sheets,
        beside=tuple(sorted(other.name for other in entries[1:])),
        copies=_copies(sight, entry),
        without_row=_without_row(parts, sight, entry, reading, opened, memory),
        rowless=rowless(fates, reading, entry.parent, opened),
        **counts_of(parts, sight, fates, opened, memory.over, memory.born),
        **_settings(parts, sight, entry, memory),
    )


def _with(news: ListNews, **more: Any) -> ListNews:
    return replace(news, **more)


def _missing(sight: Sight, entry: Entry, rows: list[Row]) -> tuple[Missing, ...]:
    there = [one.name for one in sight.pdfs_beside(entry.href) if born.is_document(one.name)]
    found: list[Missing] = []
    for row in rows:
        near = (
            difflib.get_close_matches(f"{row.document}.pdf", there, n=1, cutoff=0.8)
            if len(found) < 10
            else []
        )
        found.append(Missing(line=row.line, document=row.document, near=near[0] if near else ""))
    return tuple(found)


def _copies(sight: Sight, entry: Entry) -> tuple[str, ...]:
    """Copies that a sync client made of the list, or of the settings beside it that let its requests go."""
    copies = sight.conflict_copies(entry.parent).items()
    told = [made for name, made in copies if name.startswith(names.LIST_STEM) or names.is_settings(name)]
    return tuple(sorted(name for made in told for name in made))


def _without_row(
    parts: Parts, sight: Sight, entry: Entry, reading: ListReading, opened: list[Record], memory: ListMemory
) -> tuple[str, ...]:
    """PDFs of the folder that nobody asks a signature for, here or in a request of their own."""
    asked = {name for row in reading.rows for name in row.wanted} | born.sidecars_in(
        sight, entry.parent
    ).keys()
    travelling = {one.href for record in opened for one in record.documents}
    travelling |= filed_from(parts, sight, entry.parent)
    left = []
    for one in sight.pdfs_beside(entry.href):
        folded = names.comparable(one.name)
        if not born.is_document(one.name) or folded in asked or one.href in travelling:
            continue
        status = names.comparable(names.status_name(one.name))
        if sight.by_parent.get(entry.parent, {}).get(status):
            continue  # whatever it is, its own status tells
        kept = born.remembered(parts, sight, entry.parent, folded, memory.born)
        if kept is None or kept["kind"] == born.RENEWED:
            left.append(one.name)
    return tuple(left)


def _settings(parts: Parts, sight: Sight, entry: Entry, memory: ListMemory) -> dict[str, Any]:
    files = said_above(parts, sight, entry.href, memory.settings)
    here = next((file for file in files if file.href.rsplit("/", 1)[0] + "/" == entry.parent), None)
    said = wish_of(files) in {Wish.SEND, Wish.DRAFT} and bool(files)
    return {
        "settings_name": here.name if here is not None else "_signature.yaml",
        "settings_line": here.request.lines.get("send") if here is not None else None,
        "said_already": said and here is not None,
    }
