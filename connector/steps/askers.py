"""Who put a request there: whose its files are, and whether people without a login can write where it lies.

The first comes with every listing (``oc:owner-id``), but an upload through a public link belongs to whoever made the
link. So what is asked besides, of Nextcloud alone, is whether there is such a link: to a file that decides what leaves
(the request, its documents, the settings that apply, the list it was made from), to its folder, or to any folder above
(``links``). Source: administrator's page, "Who may ask".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from connector import policy
from connector.config.model import Ceiling
from connector.errors import Problem, RemoteError
from connector.ports import Entry
from connector.steps import links
from connector.steps.parts import FolderSettings, Parts


def owner_problems(settings: FolderSettings, files: Iterable[Entry]) -> list[Problem]:
    """Each owner of a file that decides of a request who may not ask in this folder. ``files``: the sidecar first."""
    return policy.owner_problems([(entry.name, entry.owner) for entry in files], settings.owners)


def ask(parts: Parts, settings: FolderSettings, files: Sequence[Entry], *, seen_at: datetime) -> None:
    """Find out, after they were ``seen_at``, through what public links the files that decide of a request are written.

    ``files``: the sidecar first. Asks nothing where that decides nothing. Raises remote errors.
    """
    if _is_asked(parts, settings):
        links.ask(parts, settings.server, files, seen_at=seen_at)


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
    ways = [
        [untold[way.unanswered]] if way.open is None else [*way.open, *([way.file.href] if way.file else [])]
        for way in _ways_in(parts, settings, files)
    ]
    return [*ways, *(["owner", *map(str, one.values.values())] for one in owner_problems(settings, files))]


def ask_again(parts: Parts, settings: Sequence[FolderSettings]) -> None:
    """A link that is taken away moves no ETag: where one is in the way, it is asked about now and then."""
    with suppress(RemoteError):
        links.ask_again(parts, {one.server for one in settings if _is_asked(parts, one)})


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
    for parent, there in links.by_folder(files).items():
        seen = parts.links.get((settings.server, parent), links.NOTHING)
        if seen.open != ():
            found.append(_WayIn(open=seen.open, unanswered=seen.unanswered))
        elif any(one.href in seen.untold for one in there):
            found.append(_WayIn(open=None, unanswered=seen.unanswered))
        else:
            found += [_WayIn(open=(), file=one) for one in there if one.href in seen.inside]
    return found


def _shown(entry: Entry, sidecar: Entry) -> str:
    """Name a file as people see it from a request: with its folder where that is another one."""
    folder = "" if entry.parent == sidecar.parent else entry.parent.rstrip("/").rpartition("/")[2]
    return f"{folder}/{entry.name}" if folder else entry.name
