"""Who put a request there: whose its files are, and whether people without a login can write where it lies.

The first comes with every listing (``oc:owner-id``), but an upload through a public link belongs to whoever made the
link. So what is asked besides, of Nextcloud alone, is whether there is such a link: to a file that decides what leaves
(the request, its documents, the settings that apply, the list it was made from), to its folder, or to any folder above.
An answer covers what was seen before it was asked. Source: administrator's page, "Who may ask".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

from connector import policy
from connector.config.model import Ceiling
from connector.errors import AccessDenied, InvalidResponse, NotFound, Problem, RemoteError, Unavailable
from connector.ports import Entry, Href
from connector.steps import clocks
from connector.steps.parts import FolderSettings, LinksSeen, Parts

T = TypeVar("T")
log = logging.getLogger(__name__)

_MAY_SHARE_ON = "R"
"""Among ``oc:permissions``: only to whoever has it are the shares of a file told (WebDAV facts section 2)."""
_MOST_COVERED = 500
"""So many files of one folder are remembered as asked about."""
_SIDE_BY_SIDE = 16
"""So many files of one server are asked about at once, at most; each by one alone."""
_NOTHING = LinksSeen(at=datetime.min.replace(tzinfo=UTC), witness=Href(""), open=(), whole=False)


def owner_problems(settings: FolderSettings, files: Iterable[Entry]) -> list[Problem]:
    """Each owner of a file that decides of a request who may not ask in this folder. ``files``: the sidecar first."""
    return policy.owner_problems([(entry.name, entry.owner) for entry in files], settings.owners)


def ask(parts: Parts, settings: FolderSettings, files: Sequence[Entry], *, seen_at: datetime) -> None:
    """Find out, after they were ``seen_at``, through what public links the files that decide of a request are written.

    ``files``: the sidecar first. One question for its folder and all above, whose answer holds for all that was seen
    before it; one for each file, once for each saving of it: whatever a link lets in is another one. Raises remote
    errors.
    """
    if not _is_asked(parts, settings):
        return
    for parent, there in _by_folder(files).items():
        key, own = (settings.server, parent), parent == files[0].parent
        with parts.asking_links[settings.server]:
            known = parts.links.get(key, _NOTHING)
            if own and not seen_at <= known.at <= parts.now():
                known = replace(known, whole=False)
            if (known.whole or not own) and (
                known.open != () or _saved(filter(_is_told, there)) <= known.covers
            ):
                continue
            known = _look_above(parts, key, there[0], known, whole=own)
        # Of files many ask side by side: an answer is for one alone.
        _look_inside(parts, key, there, known)


def link_problems(parts: Parts, settings: FolderSettings, files: Sequence[Entry]) -> list[Problem]:
    """What :func:`ask` has found: the public links in the way, or that nobody tells. ``files``: the sidecar first."""
    problems = []
    for way in _ways_in(parts, settings, files):
        if way.open is None:
            problem = Problem(code="public_link_unanswered" if way.unanswered else "public_link_untold")
        elif way.file is not None and way.file is not files[0]:
            problem = Problem(code="public_link_file", values={"written": _shown(way.file, files[0])})
        else:
            folder = way.open[0].rstrip("/").rpartition("/")[2] if way.open else ""
            problem = Problem(code="public_link", values={"folder": folder})
        problems += [problem] if problem not in problems else []
    return problems


def closed_by(parts: Parts, settings: FolderSettings, files: Sequence[Entry]) -> list[list[str]]:
    """Return what a verdict rests on of all this, empty where nothing is in the way. ``files``: the sidecar first."""
    untold = {True: "unanswered", False: "untold"}
    links = [
        [untold[way.unanswered]] if way.open is None else [*way.open, *([way.file.href] if way.file else [])]
        for way in _ways_in(parts, settings, files)
    ]
    return [*links, *(["owner", *map(str, one.values.values())] for one in owner_problems(settings, files))]


def ask_again(parts: Parts, settings: Sequence[FolderSettings]) -> None:
    """A link that is taken away moves no ETag: where one is in the way, it is asked about now and then."""
    try:
        asked = {one.server for one in settings if _is_asked(parts, one)}
    except RemoteError:
        return
    for key, seen in list(parts.links.items()):
        if key[0] not in asked or seen.clear or clocks.lasts(parts, seen.at, parts.timing.probe):
            continue
        gone: set[str] = set()
        hrefs = dict.fromkeys((seen.witness, *seen.inside, *seen.untold))
        there = _present(parts, key[0], map(Href, hrefs), gone)
        try:
            first = next(there, None)
            if first is None:
                parts.links.pop(key, None)
                continue
            with parts.asking_links[key[0]]:
                known = _look_above(parts, key, first, replace(seen, whole=False), whole=seen.whole)
            _look_inside(parts, key, chain([first], there), known)
        except RemoteError:
            with parts.asking_links[key[0]]:
                # As long ago as before: the next pass asks again.
                parts.links[key] = replace(parts.links.get(key, seen), at=seen.at)
        with parts.asking_links[key[0]]:
            now = parts.links.get(key, seen)
            inside, untold = (
                tuple(one for one in each if one not in gone) for each in (now.inside, now.untold)
            )
            parts.links[key] = replace(now, inside=inside, untold=untold)


def _present(parts: Parts, server: str, hrefs: Iterable[Href], gone: set[str]) -> Iterator[Entry]:
    """Look at one after the other, as far as they are wanted; what is not there any more goes to ``gone``."""
    for href in hrefs:
        try:
            yield parts.folders[server].stat(href)
        except NotFound:
            gone.add(href)


def _matters(settings: FolderSettings) -> bool:
    """Where nothing leaves anyway, a preview is shown to whoever asks."""
    return settings.links_refused and settings.ceiling is not Ceiling.PREVIEW


def _is_asked(parts: Parts, settings: FolderSettings) -> bool:
    return _matters(settings) and parts.folders[settings.server].capabilities().kind == "nextcloud"


@dataclass(frozen=True, kw_only=True)
class _WayIn:
    """Why a request may be a stranger's. ``open``: the folders that are, None where that is not told."""

    open: tuple[str, ...] | None
    unanswered: bool = False
    file: Entry | None = None
    """The one file that is."""


def _ways_in(parts: Parts, settings: FolderSettings, files: Sequence[Entry]) -> list[_WayIn]:
    """Return what stands in the way of a request: a whole folder, or a file in one; the sidecar's own first."""
    if not _matters(settings):
        return []
    found: list[_WayIn] = []
    for parent, there in _by_folder(files).items():
        seen = parts.links.get((settings.server, parent), _NOTHING)
        if seen.open != ():
            found.append(_WayIn(open=seen.open, unanswered=seen.unanswered))
        elif any(one.href in seen.untold for one in there):
            found.append(_WayIn(open=None, unanswered=seen.unanswered))
        else:
            found += [_WayIn(open=(), file=one) for one in there if one.href in seen.inside]
    return found


def _by_folder(files: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in files:
        found.setdefault(one.parent, []).append(one)
    return found


def _shown(entry: Entry, sidecar: Entry) -> str:
    """Name a file as people see it from a request: with its folder where that is another one."""
    folder = "" if entry.parent == sidecar.parent else entry.parent.rstrip("/").rpartition("/")[2]
    return f"{folder}/{entry.name}" if folder else entry.name


def _is_told(entry: Entry) -> bool:
    """True where its shares are told to our login, as far as that is known before asking."""
    return entry.permissions is None or _MAY_SHARE_ON in entry.permissions


def _saved(files: Iterable[Entry]) -> frozenset[tuple[str, str]]:
    return frozenset((str(one.href), str(one.etag)) for one in files)


@dataclass(frozen=True, kw_only=True)
class _Told(Generic[T]):
    """What a server told when it was asked. ``answer``: None where none is to be had, now or later."""

    answer: T | None
    why: str = ""
    """Why there is none."""
    unanswered: bool = False
    """It may be had later."""


def _look_above(
    parts: Parts, key: tuple[str, str], witness: Entry, known: LinksSeen, *, whole: bool
) -> LinksSeen:
    """Ask for the folder of ``witness`` and all above it, if ``whole``. By one at a time.

    ``known``: what need not be asked again.
    """
    told: _Told[tuple[str, ...]] = _Told(answer=())
    at = parts.now()
    if known.whole:
        at, told, whole = known.at, _Told(answer=known.open, unanswered=known.unanswered), True
    elif whole and not _is_told(witness):
        told = _Told(answer=None, why="no right to share on")
    elif whole:
        folder = parts.folders[key[0]]
        told = _answered(parts, key[0], lambda: folder.open_above(witness.href))
    if told.why:
        _warn(parts, key[0], told.why)
    unanswered = told.unanswered or bool(known.untold and known.unanswered)
    parts.links[key] = replace(
        known, at=at, witness=witness.href, open=told.answer, whole=whole, unanswered=unanswered
    )
    return parts.links[key]


def _look_inside(parts: Parts, key: tuple[str, str], files: Iterable[Entry], known: LinksSeen) -> None:
    """Ask for each file itself, where nothing above them is open; no further than to one of which nothing is told."""
    folder, doubted = parts.folders[key[0]], {*known.inside, *known.untold}
    for one in files if known.open == () else ():
        if not _is_told(one) or (_saved([one]) <= known.covers and one.href not in doubted):
            continue  # of what is shared with us by itself nobody tells whether it is with others
        with parts.asking_links[f"{key[0]} {hash(one.href) % _SIDE_BY_SIDE}"]:
            if _saved([one]) <= parts.links.get(key, known).covers - known.covers:
                continue  # somebody else has asked meanwhile: settings and lists decide of many requests
            told = _answered(parts, key[0], partial(folder.open_itself, one.href))
            with parts.asking_links[key[0]]:
                seen = parts.links.get(key, known)
                inside, untold = {*seen.inside} - {one.href}, {*seen.untold} - {one.href}
                other = seen.covers if len(seen.covers) < _MOST_COVERED else frozenset[tuple[str, str]]()
                seen = replace(seen, covers=_saved([one]) | {each for each in other if each[0] != one.href})
                if told.answer is None:
                    _warn(parts, key[0], told.why)
                    untold.add(one.href)
                    seen = replace(seen, unanswered=told.unanswered)
                elif told.answer:
                    inside.add(one.href)
                parts.links[key] = replace(seen, inside=tuple(sorted(inside)), untold=tuple(sorted(untold)))
                if told.answer is None:
                    return


def _answered(parts: Parts, server: str, ask: Callable[[], T | None]) -> _Told[T]:
    """Ask; no answer where none is to be had, now or later: a proxy that lets WebDAV through and nothing else.

    Errors that pass by themselves are raised. One that has not passed for a quarter of an hour, while the folders
    themselves are there, is no passing one for whoever waits: it may be had later.
    """
    try:
        answer = ask()
    except (AccessDenied, InvalidResponse) as error:
        return _Told(answer=None, why=str(error))
    except Unavailable as error:
        if error.status is None or error.status == 429 or not _lasts(parts, server):
            raise
        return _Told(answer=None, why=str(error), unanswered=True)
    parts.links_unanswered.pop(server, None)
    return _Told(
        answer=answer, why="" if answer is not None else "its API of shares refuses, or is not there"
    )


def _lasts(parts: Parts, server: str) -> bool:
    """True when it has not answered for long, as often as it was asked; what lies long between is not one time."""
    now = parts.now()
    since, last = parts.links_unanswered.get(server, (now, now))
    if not clocks.lasts(parts, last, 2 * parts.timing.retry_most):
        since = now
    parts.links_unanswered[server] = (since, now)
    return now - since >= parts.timing.probe


def _warn(parts: Parts, server: str, why: str) -> None:
    """Say it once, for as long as it lasts anywhere on a server."""
    known = tuple(parts.links.items())
    if not any(name == server and (seen.open is None or seen.untold) for (name, _), seen in known):
        log.warning(
            "server %s does not tell its login of public links (%s): nothing leaves from there; see "
            'docs/administrator.md, "Who may ask"',
            server,
            why,
        )
