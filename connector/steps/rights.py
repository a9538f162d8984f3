"""Folders that let nothing be written: nothing leaves from them, and what would be told there is told above.

Where a server says what may be done in a folder (Nextcloud: ``C`` and ``N`` in ``oc:permissions``) that is believed.
Elsewhere the first status of a folder is written before anything leaves from it, which proves that there is a place for
what comes back; a refusal is asked about again now and then. Source: design page section 4 ("Read-only folder: nothing
is launched"), ux page section 2.3.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from connector.errors import AccessDenied, NameRefused, OutOfSpace, RemoteError
from connector.lifecycle import Record
from connector.ports import Entry, Href
from connector.sidecar import names
from connector.steps import clocks, places, show
from connector.steps.discover import Sight
from connector.steps.homes import free_status
from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)

_SHARED: Final = "S"
_NEEDED: Final = frozenset("CN")
"""To create, and to overwrite: a status is written anew, a signed version needs both (facts section 9)."""
_FULL: Final = 507
"""RFC 4918 section 11.5; all else that finds no room is one file's own matter."""
_NOT_ON_WINDOWS: Final = frozenset('<>:"|?*\\')

UNTOLD: Final = {
    "rights": "nothing may be written into it, so that nothing leaves and nobody is told: its login needs the rights "
    "to create and to change there (C and N in oc:permissions)",
    "name": "the server takes the names of some requests no more, so that nothing is told of them, nor put back: "
    "rename PDF and request; the overview of their folder names those that are signed",
    "room": "it has no room left (507), so that people are told nothing and signed documents wait here: give its owner "
    "more quota, or make room",
}
"""Why nobody can be told → what the administrator hears."""


def takes(permissions: str) -> bool:
    """True when a folder with these ``oc:permissions`` takes what has to be put there."""
    return _NEEDED.issubset(permissions)


def note_sights(parts: Parts, sights: Sequence[Sight]) -> None:
    """Take in what a server says of its folders, once for each page of them that has changed."""
    for sight in sights:
        before = parts.rights_of.get(sight.settings.name)
        if before is sight:
            continue
        parts.rights_of[sight.settings.name] = sight
        known = before.tree.pages if isinstance(before, Sight) else {}
        entries = [sight.root]
        for href, page in sight.tree.pages.items():
            if href not in known or not (known[href] is page or known[href].same(page)):
                entries += page.folders()
        for entry in entries:
            if entry.permissions is not None:
                told = _of_itself(parts, sight, entry)
                _note(parts, (sight.settings.server, _folder(entry.href)), told)
    _ask_again(parts, {sight.settings.server for sight in sights})


def told_of(parts: Parts, folder: str, href: Href) -> str | None:
    """Return a file's ``oc:permissions`` as of the last look at its watched folder; None where it was not in sight."""
    sight = parts.rights_of.get(folder)
    entry = sight.by_href.get(href) if isinstance(sight, Sight) else None
    return None if entry is None else entry.permissions


def _of_itself(parts: Parts, sight: Sight, entry: Entry) -> str:
    """Return what a folder says of itself. Where a share is hung in, the folder above tells more than is true.

    It tells that the place may be renamed, with the letter that else means that its files may be overwritten.
    """
    told = entry.permissions or ""
    if entry is sight.root or not (takes(told) and _SHARED in told):
        return told
    above = sight.by_href.get(entry.parent, sight.root)
    if _SHARED in (above.permissions or ""):
        return told
    with suppress(RemoteError):
        return parts.folders[sight.settings.server].stat(entry.href).permissions or told
    return told


def _note(parts: Parts, key: tuple[str, str], permissions: str) -> None:
    if takes(permissions):
        parts.writable.add(key)
        parts.refused.pop(key, None)
    else:
        parts.writable.discard(key)
        parts.refused[key] = parts.now()


def _ask_again(parts: Parts, servers: set[str]) -> None:
    """Rights that are given or taken move no ETag: where a server tells them, it is asked now and then."""
    for key, since in list(parts.refused.items()):
        if key[0] not in servers or since is None or clocks.lasts(parts, since, parts.timing.probe):
            continue
        with suppress(RemoteError):
            folder = parts.folders[key[0]]
            if folder.capabilities().file_ids and (told := folder.stat(Href(key[1])).permissions) is not None:
                _note(parts, key, told)


def _folder(href: str) -> str:
    return href.rstrip("/") + "/"


def may_leave(parts: Parts, record: Record) -> bool:
    """True when the folder of a request takes what will have to be put there. Remote errors but a refusal pass."""
    href = places.status_href(places.at_home(record))
    if href is None:
        return True
    key, settings = _key(record, href), parts.watched[record.folder]
    if parts.untold.get(record.id) == (record.folder, "room"):
        return False  # its status found none, and is tried later and later: not at each look as well
    if _is_full(parts, record.folder):
        # Its words may stand there already, from when there was room: only a write tells whether there is any.
        record = record.model_copy(update={"reported": None})
        untold = True
    else:
        untold = record.reported is None and _may_be_refused(href)
    if key in parts.writable and not untold:
        return True
    if key[1] == settings.root and settings.registry.startswith(settings.root) and not untold:
        return True  # the marker has to be written there before anything leaves
    if _is_refused(parts, key):
        return False
    if record.reported is not None and record.extra.get("status_href") == href:
        parts.writable.add(key)
        return True
    try:
        show.show(parts, places.brought_home(parts, record))
    except AccessDenied as error:
        if not _is_refusal(parts, key, error):
            raise
        _refuse(parts, key)
        return False
    parts.writable.add(key)
    return True


def _may_be_refused(href: str) -> bool:
    """True for a name of a kind that a server may have come to refuse: what bears it is read as ever, and no more."""
    return any(letter in _NOT_ON_WINDOWS for letter in href.rpartition("/")[2])


def no_room(parts: Parts, folder: str, error: Exception) -> None:
    """Keep that what is no request's own found no room in a watched folder: there may be nothing else to tell of it."""
    if isinstance(error, OutOfSpace) and error.status == _FULL:
        parts.full[folder] = parts.now()


def _is_full(parts: Parts, folder: str) -> bool:
    """True while a status of a watched folder, or another file of ours, finds no room: nor would what is signed."""
    at = parts.full.get(folder)
    lately = at is not None and clocks.lasts(parts, at, 2 * parts.timing.retry_most)
    return lately or (folder, "room") in tuple(parts.untold.values())


def takes_again(parts: Parts, record: Record) -> bool:
    """True when the status of a request stands above, and its own folder is not known to refuse it any more."""
    own = places.status_href(places.at_home(record)) if places.NOTICE in record.extra else None
    return own is not None and not _is_refused(parts, _key(record, own))


def shown(parts: Parts, record: Record) -> Record:
    """Bring the status up to the record: in its place, or above where nothing may be written there."""
    record = _settled(parts, record)
    for _ in range(record.place.count("/") + 2):
        href = places.status_href(record)
        if href is not None and _is_refused(parts, _key(record, href)):
            # Where files can be made but not overwritten, it would never again be true.
            parts.untold[record.id] = (record.folder, "rights")
            raise AccessDenied(
                "no folder takes the status", service=record.server, operation="show", status=403
            )
        try:
            record = show.show(parts, record)
        except NameRefused:
            parts.untold[record.id] = (record.folder, "name")
            raise
        except OutOfSpace as error:
            if error.status == _FULL:
                parts.untold[record.id] = (record.folder, "room")
            raise
        except AccessDenied as error:
            if href is None or not _is_refusal(parts, _key(record, href), error):
                raise
            _refuse(parts, _key(record, href))
            record = _settled(parts, parts.journal.get(record.id))
            if places.status_href(record) == href:
                parts.untold[record.id] = (record.folder, "rights")
                raise
        else:
            parts.untold.pop(record.id, None)
            return record
    return record


def untold(parts: Parts, settings: FolderSettings) -> str:
    """Say why people of a watched folder cannot be told what they have to hear; empty where they can.

    Of a root that takes nothing while all that is told has its place below it nobody has to hear.
    """
    why = {reason for name, reason in tuple(parts.untold.values()) if name == settings.name}
    if (settings.server, settings.root) not in parts.refused:
        why.discard("rights")
    if _is_full(parts, settings.name):
        why.add("room")
    return "; ".join(UNTOLD[reason] for reason in sorted(why))


def _settled(parts: Parts, record: Record) -> Record:
    """Choose the place of the status: its own, or the nearest folder above that takes it."""
    own = places.status_href(places.at_home(record))
    if own is None or not _is_refused(parts, _key(record, own)):
        return places.brought_home(parts, record)
    root = parts.watched[record.folder].root
    parent, name = own.rpartition("/")[0] + "/", own.rpartition("/")[2]
    above = parent
    while _is_refused(parts, (record.server, above)) and above != root and above.startswith(root):
        above = above.rstrip("/").rpartition("/")[0] + "/"
    if _is_refused(parts, (record.server, above)) or not above.startswith(root):
        return record
    known = record.extra.get(places.NOTICE)
    if known and str(known).rpartition("/")[0] + "/" == above:
        return record
    told = " - ".join([*parent.removeprefix(above).strip("/").split("/"), name])
    found = free_status(parts, record, Href(above), names.fitting_status(told))
    return parts.journal.note(record, "told_above", extra={**record.extra, places.NOTICE: found})


def _key(record: Record, href: str) -> tuple[str, str]:
    return record.server, href.rpartition("/")[0] + "/"


def _is_refused(parts: Parts, key: tuple[str, str]) -> bool:
    """True while a folder is known to take nothing; a refusal that no listing tells of is asked about now and then."""
    if key not in parts.refused:
        return False
    since = parts.refused[key]
    return since is None or clocks.lasts(parts, since, parts.timing.probe)


def _is_refusal(parts: Parts, key: tuple[str, str], error: AccessDenied) -> bool:
    """True when the folder itself is meant: where a server tells its rights, they are asked anew (facts, trap 3)."""
    if error.status != 403:
        return False
    permissions = parts.folders[key[0]].stat(Href(key[1])).permissions
    return permissions is None or not takes(permissions)


def _refuse(parts: Parts, key: tuple[str, str]) -> None:
    if key not in parts.refused:
        log.warning("a folder of server %s lets nothing be written: nothing leaves from it", key[0])
    parts.writable.discard(key)
    parts.refused[key] = parts.now()
