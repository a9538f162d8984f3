"""What a server tells of public links: to a folder, to all above it and to single files; asked as seldom as may be.

An answer covers what was seen before it was asked: what comes later, or is saved anew, is asked about anew. A folder's
answer does for all requests in it, and is waited for; files are asked about side by side. What is not told is kept as
such, by the file or folder that it concerns, until just that is told. Source: WebDAV facts section 2.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Final, Generic, TypeVar

from connector.errors import AccessDenied, InvalidResponse, NotFound, RemoteError, Unavailable
from connector.ports import Entry, Href
from connector.steps import clocks
from connector.steps.parts import Parts

T = TypeVar("T")
log = logging.getLogger(__name__)

_MAY_SHARE_ON: Final = "R"
"""Among ``oc:permissions``: only to whoever has it are the shares of a file told (WebDAV facts section 2)."""
_MOST_COVERED: Final = 500
"""So many files of one folder are remembered as asked about."""
_SIDE_BY_SIDE: Final = 16
"""So many files of one server are asked about at once, at most; each by one alone."""


@dataclass(frozen=True, kw_only=True)
class LinksSeen:
    """What a server told of public links to a folder and what lies in it. Losing it costs a question."""

    at: datetime
    """When it was asked: what was seen there before is covered by it."""
    witness: Href
    """The file for which it was asked."""
    open: tuple[str, ...] | None
    """The folders that people can write to through one, the nearest first; None: that was not told."""
    whole: bool
    """Was it asked of the folder, too, or of files in it alone?"""
    inside: tuple[str, ...] = ()
    """The files in it that are so shared."""
    untold: tuple[str, ...] = ()
    """The files in it of which that was not told."""
    covers: frozenset[tuple[str, str]] = frozenset()
    """(href, ETag) of the files for which it was asked: as they are, they need no other question."""
    unanswered: bool = False
    """It was not told since the server has not answered that for long; it may yet."""

    @property
    def clear(self) -> bool:
        """True where nothing of all this is open to people without a login."""
        return self.open == () and not self.inside and not self.untold


NOTHING: Final = LinksSeen(at=datetime.min.replace(tzinfo=UTC), witness=Href(""), open=(), whole=False)
"""Of what was never asked about."""


def ask(parts: Parts, server: str, files: Sequence[Entry], *, seen_at: datetime) -> None:
    """Find out, after they were ``seen_at``, through what public links files are written to.

    ``files``: the sidecar first. One question for its folder and all above, whose answer holds for all that was seen
    before it; one for each file, once for each saving of it: whatever a link lets in is another one. Raises remote
    errors.
    """
    for parent, there in by_folder(files).items():
        key, own = (server, parent), parent == files[0].parent
        with parts.asking_links[server]:
            known = parts.links.get(key, NOTHING)
            if own and not seen_at <= known.at <= parts.now():
                known = replace(known, whole=False)
            if (known.whole or not own) and (
                known.open != () or _saved(filter(_is_told, there)) <= known.covers
            ):
                continue
            known = _look_above(parts, key, there[0], known, whole=own)
        # Of files many ask side by side: an answer is for one alone.
        _look_inside(parts, key, there, known)


def ask_again(parts: Parts, servers: Collection[str]) -> None:
    """Ask these servers anew, where it is time, about what was open or not told. Takes remote errors for no answer."""
    for key, seen in list(parts.links.items()):
        if key[0] not in servers or seen.clear or clocks.lasts(parts, seen.at, parts.timing.probe):
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


def by_folder(files: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the files of each folder, in their order."""
    found: dict[str, list[Entry]] = {}
    for one in files:
        found.setdefault(one.parent, []).append(one)
    return found


def _is_told(entry: Entry) -> bool:
    """True where its shares are told to our login, as far as that is known before asking."""
    return entry.permissions is None or _MAY_SHARE_ON in entry.permissions


def _saved(files: Iterable[Entry]) -> frozenset[tuple[str, str]]:
    return frozenset((str(one.href), str(one.etag)) for one in files)


def _present(parts: Parts, server: str, hrefs: Iterable[Href], gone: set[str]) -> Iterator[Entry]:
    """Look at one after the other, as far as they are wanted; what is not there any more goes to ``gone``."""
    for href in hrefs:
        try:
            yield parts.folders[server].stat(href)
        except NotFound:
            gone.add(href)


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
