"""Who put a request there: whose its files are, and whether people without a login can write where it lies.

The first comes with every listing (``oc:owner-id``), but an upload through a public link belongs to whoever made the
link. So what is asked besides, of Nextcloud alone, is whether there is such a link: to a file that decides what leaves
(the request, its documents, the settings that apply, the list it was made from), to its folder, or to any folder above.
An answer covers what was seen before it was asked. Source: administrator's page, "Who may ask".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

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
    with parts.asking_links[settings.server]:
        for parent, there in _by_folder(files).items():
            key, own = (settings.server, parent), parent == files[0].parent
            known = parts.links.get(key, _NOTHING)
            if own and not seen_at <= known.at <= parts.now():
                known = replace(known, whole=False)
            if (known.whole or not own) and (
                known.open != () or _saved(filter(_is_told, there)) <= known.covers
            ):
                continue
            _look(parts, key, there, known, whole=own)


def link_problems(parts: Parts, settings: FolderSettings, files: Sequence[Entry]) -> list[Problem]:
    """What :func:`ask` has found: the public links in the way, or that nobody tells. ``files``: the sidecar first."""
    problems = []
    for seen, entry in _closed(parts, settings, files):
        if seen.open is None:
            problem = Problem(code="public_link_unanswered" if seen.unanswered else "public_link_untold")
        elif entry is not None and entry is not files[0]:
            problem = Problem(code="public_link_file", values={"written": _shown(entry, files[0])})
        else:
            folder = seen.open[0].rstrip("/").rpartition("/")[2] if seen.open else ""
            problem = Problem(code="public_link", values={"folder": folder})
        problems += [problem] if problem not in problems else []
    return problems


def closed_by(parts: Parts, settings: FolderSettings, files: Sequence[Entry]) -> list[list[str]]:
    """Return what a verdict rests on of all this, empty where nothing is in the way. ``files``: the sidecar first."""
    untold = {True: "unanswered", False: "untold"}
    links = [
        [untold[seen.unanswered]] if seen.open is None else [*seen.open, *([entry.href] if entry else [])]
        for seen, entry in _closed(parts, settings, files)
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
        folder, there = parts.folders[key[0]], []
        try:
            for href in dict.fromkeys((seen.witness, *seen.inside)):
                with suppress(NotFound):
                    there.append(folder.stat(Href(href)))
        except RemoteError:
            continue
        if not there:
            parts.links.pop(key, None)
            continue
        inside = tuple(one.href for one in there if one.href in seen.inside)
        with suppress(RemoteError):
            _look(parts, key, there, replace(seen, whole=False, inside=inside), whole=seen.whole)


def _matters(settings: FolderSettings) -> bool:
    """Where nothing leaves anyway, a preview is shown to whoever asks."""
    return settings.links_refused and settings.ceiling is not Ceiling.PREVIEW


def _is_asked(parts: Parts, settings: FolderSettings) -> bool:
    return _matters(settings) and parts.folders[settings.server].capabilities().kind == "nextcloud"


def _closed(
    parts: Parts, settings: FolderSettings, files: Sequence[Entry]
) -> list[tuple[LinksSeen, Entry | None]]:
    """Return what stands in the way of a request: a whole folder, or a file in one; the sidecar's own first."""
    if not _matters(settings):
        return []
    found: list[tuple[LinksSeen, Entry | None]] = []
    for parent, there in _by_folder(files).items():
        seen = parts.links.get((settings.server, parent))
        if seen is not None and seen.open != ():
            found.append((seen, None))
        elif seen is not None and seen.inside:
            found += [(seen, one) for one in there if one.href in seen.inside]
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


def _look(
    parts: Parts, key: tuple[str, str], files: Sequence[Entry], known: LinksSeen, *, whole: bool
) -> None:
    """Ask for the folder of ``files`` and all above it, if ``whole``; where none of these is open, for each file.

    ``known``: what need not be asked again.
    """
    at, folder, unanswered = parts.now(), parts.folders[key[0]], False
    covers, inside = known.covers, set(known.inside)
    told: tuple[str, ...] | None = ()
    if known.whole:
        at, told, whole = known.at, known.open, True
    elif whole and not _is_told(files[0]):
        _warn(parts, key[0], "no right to share on")
        told = None
    elif whole:
        told, unanswered = _answered(parts, key[0], lambda: folder.open_above(files[0].href))
    for one in files if told == () else ():
        if not _is_told(one) or (_saved([one]) <= covers and one.href not in inside):
            continue  # of what is shared with us by itself nobody tells whether it is with others
        itself, unanswered = _answered(parts, key[0], partial(folder.open_itself, one.href))
        if itself is None:
            told = None
            break
        other = covers if len(covers) < _MOST_COVERED else frozenset[tuple[str, str]]()
        covers = _saved([one]) | {each for each in other if each[0] != one.href}
        inside = inside | {one.href} if itself else inside - {one.href}
    parts.links[key] = LinksSeen(
        at=at,
        witness=files[0].href,
        open=told,
        whole=whole,
        inside=tuple(sorted(inside)),
        covers=covers,
        unanswered=unanswered,
    )


def _answered(parts: Parts, server: str, ask: Callable[[], T | None]) -> tuple[T | None, bool]:
    """Ask; None where no answer is to be had, now or later: a proxy that lets WebDAV through and nothing else.

    Errors that pass by themselves are raised. One that has not passed for a quarter of an hour, while the folders
    themselves are there, is no passing one for whoever waits: None, and True, that it may be had later.
    """
    try:
        told = ask()
    except (AccessDenied, InvalidResponse) as error:
        _warn(parts, server, str(error))
        return None, False
    except Unavailable as error:
        if error.status is None or error.status == 429 or not _lasts(parts, server):
            raise
        _warn(parts, server, str(error))
        return None, True
    parts.links_unanswered.pop(server, None)
    if told is None:
        _warn(parts, server, "its API of shares refuses, or is not there")
    return told, False


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
    if not any(name == server and seen.open is None for (name, _), seen in parts.links.items()):
        log.warning(
            "server %s does not tell its login of public links (%s): nothing leaves from there; see "
            'docs/administrator.md, "Who may ask"',
            server,
            why,
        )
