"""Requests and listing → the news of each folder that holds any: which is where, what a person has dealt with.

A request belongs to the folder in which its status stands. What was put away into ``Demandes terminées/`` belongs to
the folder that holds that one. What is over and of which no file is left is told no more; what is not over is told
whatever happened to its files, in the watched root where its own folder is gone. What is written where it
has no effect comes from ``strays``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connector.lifecycle import State
from connector.overview.known import Known
from connector.overview.strays import StrayMemory, strays_of
from connector.ports import Href
from connector.report.list_news import ListNews
from connector.report.notices import is_told
from connector.report.overview_lines import shown_name
from connector.report.overview_news import (
    Below,
    Line,
    ListLine,
    OverviewNews,
    Section,
    counts_of,
)
from connector.report.overview_strays import Strays
from connector.sidecar import names
from connector.steps import born, clocks, lists, vanished
from connector.steps.context import pause_of
from connector.steps.discover import Sight
from connector.steps.gather import as_counted
from connector.steps.parts import FolderSettings, Parts

_DONE = names.comparable(names.DONE_FOLDER)


def news_of(
    parts: Parts,
    sight: Sight,
    requests: Sequence[Known],
    lists_told: Mapping[str, ListNews],
    began: datetime,
    memory: StrayMemory,
) -> dict[Href, OverviewNews]:
    """Return folder → its news, the watched root always. ``began``: when the pass did, before it wrote anything.

    Reads each settings file once a change; raises the remote errors of that.
    """
    root = sight.settings.root
    homes: dict[Href, list[Line]] = defaultdict(list)
    for known in requests:
        if (home := home_of(parts, sight, known, began)) is not None:
            homes[home].append(_line(parts, sight, known, began))
    taken = {href for known in requests for href in known.taken}
    astray = strays_of(parts, sight, homes.keys(), memory)
    return {
        home: _news(parts, sight, home, homes, taken, lists_told, astray.get(home, Strays()))
        for home in sorted({root, *homes}, key=as_counted)
    }


def home_of(parts: Parts, sight: Sight, known: Known, began: datetime) -> Href | None:
    """Return the folder whose overview tells of a request; None while it is not told, or not any more."""
    if known.state is State.WAITING_PDF and clocks.lasts(parts, known.created_at, parts.timing.pdf_patience):
        return None  # the two files rarely arrive together: nothing is said at once
    there = [href for href in known.files if href in sight.by_href]
    if known.closed and _was_before(parts, known, began) and not there:
        return None
    for href in (known.status, known.place, *there):
        home = _folder_of(sight.settings, href)
        if home is not None and (home == sight.settings.root or home in sight.by_href):
            return home
    return sight.settings.root


def _was_before(parts: Parts, known: Known, began: datetime) -> bool:
    """True of what has not changed since the pass began, whatever a clock wrote that was ahead."""
    return not began <= known.updated_at <= parts.now()


def _folder_of(settings: FolderSettings, href: str) -> Href | None:
    """Return the folder that holds a file, the one above for what was put away; None outside this watched folder."""
    parent = href.rpartition("/")[0] + "/"
    if is_put_away(href):
        parent = parent[:-1].rpartition("/")[0] + "/"
    return Href(parent) if href and parent.startswith(settings.root) else None


def is_put_away(href: str) -> bool:
    """Tell whether a file lies in a folder ``Demandes terminées``."""
    return names.comparable(href.rpartition("/")[0].rpartition("/")[2]) == _DONE


def _line(parts: Parts, sight: Sight, known: Known, began: datetime) -> Line:
    """Return a request's line; what is over and was dealt with needs nobody any more."""
    if not (known.line.settles and known.closed):
        return known.line
    if is_put_away(known.place) or is_put_away(known.status) or _dealt_with(parts, sight, known, began):
        ended = Section.SIGNED if known.state in _HOME else Section.ENDED
        return replace(known.line, section=ended, rank=0)
    return known.line


_HOME = frozenset({State.DELIVERED, State.DELIVERED_BESIDE})


def _dealt_with(parts: Parts, sight: Sight, known: Known, began: datetime) -> bool:
    """True when a person took the status away, or the request's file after it was over."""
    if not _was_before(parts, known, began):
        return False  # the status was written after the folder was listed
    sidecar_there = not known.place or known.sidecar_gone or known.place in sight.by_href
    return known.status not in sight.by_href or not sidecar_there


def _news(
    parts: Parts,
    sight: Sight,
    home: Href,
    homes: Mapping[Href, list[Line]],
    taken: set[str],
    lists_told: Mapping[str, ListNews],
    strays: Strays,
) -> OverviewNews:
    settings = sight.settings
    lines, is_root = homes.get(home, []), home == settings.root
    held = (pause_of(parts, account) for account in settings.accounts)
    pause = vanished.pause_of(parts, settings.name) or next(filter(None, held), None)
    waits = any(line.section is Section.WAITING for line in lines)
    below = [
        Below(path=each.removeprefix(home).rstrip("/"), counts=counts_of(inner))
        for each, inner in sorted(homes.items(), key=lambda pair: as_counted(pair[0]))
        if is_root and each != home
    ]
    every = lines if not is_root else [line for inner in homes.values() for line in inner]
    return OverviewNews(
        folder=home.rstrip("/").rpartition("/")[2] or settings.name,
        lines=tuple(lines),
        root=is_root,
        below=tuple(below),
        without=_without(sight, home, taken, lists_told) if lines else (),
        lists=_lists(sight, home, lists_told),
        strays=strays,
        pause=pause if pause is not None and is_told(pause) and (is_root or waits) else None,
        notice=names.PAUSE_NAMES["en" if parts.report.language == "en" else "fr"],
        counts=counts_of(every),
    )


def _without(
    sight: Sight, home: Href, taken: set[str], lists_told: Mapping[str, ListNews]
) -> tuple[str, ...]:
    """PDFs of a folder that no request is about, neither ours nor just being written, as they are called."""
    asked = born.sidecars_in(sight, home).keys()
    told = lists_told.get(home)
    found = []
    for entry in sight.pdfs_beside(home + "x"):
        own = not born.is_document(entry.name) or entry.href in taken
        if own or entry.href not in sight.settled or names.comparable(entry.name) in asked:
            continue
        if sight.beside(entry.href, names.status_name(entry.name)):
            continue  # whatever it is, its own status tells
        if told is not None and told.total and not told.faults and entry.name not in told.without_row:
            continue  # it has a row in the list
        found.append(shown_name(entry.href))
    return tuple(sorted(found, key=as_counted))


def _lists(sight: Sight, home: Href, lists_told: Mapping[str, ListNews]) -> tuple[ListLine, ...]:
    news = lists_told.get(home)
    if news is None or home not in lists.lists_in(sight):
        return ()
    line = ListLine(
        file=news.file,
        answer=names.LIST_ANSWER,
        wrong=len({problem.line for problem in news.problems}),
        missing=len(news.missing),
        whole=news.there_before or bool(news.faults) or bool(news.hidden),
    )
    return (line,) if line.wrong or line.missing or line.whole else ()
