"""The watched folders of a server, looked at without writing: there, whose, rights, links, what a pass costs.

Source: ux page section 6.3; administrator's page, "Least rights" and "Who may ask".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.config import Ceiling, Config
from connector.doctor.lines import Line, Private, counted, fail, note, ok, sized
from connector.doctor.visit import Visit
from connector.errors import AccessDenied, NotFound, RemoteError
from connector.marks import Owner, Reading, Sealer
from connector.ports import Entry, Href, Tree
from connector.schedule import ELSEWHERE, NEXTCLOUD, NIGHT, Rhythm
from connector.sidecar import names
from connector.steps.parts import FolderSettings
from connector.steps.registry import owner_href, read_mark
from connector.steps.rights import takes
from connector.webdav.folder import WebDavFolder
from connector.webdav.observing import Observer

_MOST_ASKED: Final = 20
"""Shares hung in below a folder whose own rights are asked for, one request each."""
_MOST_NAMED: Final = 10
_SHARED: Final = "S"
_HOURS: Final = 24


@dataclass
class Seen:
    """What was seen of the folders of one server."""

    trees: dict[str, Tree] = field(default_factory=dict)
    """Folder → its tree."""
    readable: list[str] = field(default_factory=list)
    told_writable: list[str] = field(default_factory=list)
    """Folders whose root takes files, as the server says."""
    silent: list[str] = field(default_factory=list)
    """Folders of whose rights the server says nothing: only writing tells."""
    written: list[str] = field(default_factory=list)
    """Folders in which something was made."""


def there(
    visit: Visit, folder: WebDavFolder, watched: Sequence[FolderSettings], seen: Seen
) -> Iterator[Line]:
    """Look at each watched root: is it there, may it be read, whose is it?"""
    for settings in watched:
        where = _where(settings)
        try:
            root = folder.stat(settings.root)
        except NotFound:
            yield fail("JSE-D08", "folders.{name}: no folder {where}", name=settings.name, where=where)
            continue
        except AccessDenied as error:
            if error.status == 401:
                raise
            yield fail("JSE-D25", "folders.{name}: {where} may not be read", name=settings.name, where=where)
            continue
        if not root.is_folder:
            yield fail("JSE-D08", "folders.{name}: {where} is a file", name=settings.name, where=where)
            continue
        seen.readable.append(settings.name)
        if root.permissions is None:
            seen.silent.append(settings.name)
        elif takes(root.permissions):
            seen.told_writable.append(settings.name)
        yield from _owner(visit, folder, settings)


def _where(settings: FolderSettings) -> Private:
    return Private(settings.root, f"(the path of folders.{settings.name})")


def _owner(visit: Visit, folder: WebDavFolder, settings: FolderSettings) -> Iterator[Line]:
    key, connector = _seal_key(visit), visit.connector
    if key is None or connector is None:
        return  # this connector has never worked: whose the folder is shows at its start
    found = read_mark(folder, owner_href(settings), Sealer(key))
    if found is None or found[0] is Reading.EMPTY_OR_TORN:
        return
    reading, mark, _ = found
    if isinstance(mark, Owner) and mark.connector == connector and reading is Reading.WHOLE:
        return
    other = mark.connector if isinstance(mark, Owner) else "a connector that cannot be read"
    sealed = ", sealed with another key" if other == connector else ""
    yield fail(
        "JSE-D09",
        "folders.{name} belongs to {other}{sealed}: nothing is done there",
        command="jse-connector take-over {name}   (once the other is stopped for good)",
        name=settings.name,
        other=Private(other, "another connector"),
        sealed=sealed,
    )


def _seal_key(visit: Visit) -> bytes | None:
    """Return the key that seals marks, where there is one: none is made here."""
    if visit.config.seal is not None:
        found = visit.secrets.get("seal", "")
    else:
        try:
            found = (visit.state / "keys" / "seal").read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
    return found.encode() if len(found) >= 16 else None


def survey(folder: WebDavFolder, watched: Sequence[FolderSettings], seen: Seen) -> Iterator[Line]:
    """Look through every folder once, as the service does at its start."""
    for settings in watched:
        if settings.name in seen.readable:
            seen.trees[settings.name] = folder.survey(settings.root)
    return iter(())


def rights(
    visit: Visit,
    folder: WebDavFolder,
    watched: Sequence[FolderSettings],
    seen: Seen,
    *,
    names_shown: bool,
) -> Iterator[Line]:
    """Say which folders take what is written, and count those below that take no status.

    What was not tried is what the server tells of rights (WebDAV facts section 2).
    """
    if seen.written:
        yield ok("{number} readable and writable", number=counted(len(seen.written), "folder"))
    preview = [one.name for one in watched if one.ceiling is Ceiling.PREVIEW and one.name in seen.readable]
    if preview:
        told = sum(name in seen.told_writable for name in preview)
        also = f", {told} writable by what the server says" if told else ""
        yield ok("{number} readable{also}", number=counted(len(preview), "preview folder"), also=also)
    for settings in watched:
        tree = seen.trees.get(settings.name)
        if tree is None or settings.name in seen.silent:
            continue
        below = [tree.root, *_folders(tree, settings.root)]
        closed = _closed(folder, below)
        if not closed:
            continue
        harmless = settings.ceiling is Ceiling.PREVIEW and len(closed) < len(below)
        say = note if harmless else fail
        listed = ", ".join(sorted(entry.href for entry in closed)[:_MOST_NAMED]) if names_shown else ""
        yield say(
            "JSE-D07",
            "{closed} of {all} under {where} {verb} read-only: no status can be written there; share them with edit "
            "rights{listed}",
            closed=len(closed),
            all=counted(len(below), "folder"),
            where=_where(settings),
            verb="is" if len(closed) == 1 else "are",
            listed=Private(f" ({listed})" if listed else "", ""),
        )


def _folders(tree: Tree, root: Href) -> Iterator[Entry]:
    for page in tree.pages.values():
        for entry in page.folders():
            if not names.is_hidden(entry.href.removeprefix(root) + "x") and not names.is_ours(entry.name):
                yield entry


def _closed(folder: WebDavFolder, below: Sequence[Entry]) -> list[Entry]:
    """Return those that say no; a share hung in says more from above than is true, and is asked itself."""
    told = {entry.href: entry.permissions for entry in below}
    closed, asked = [], 0
    for entry in below:
        permissions = entry.permissions
        if permissions is None:
            continue
        hung_in = _SHARED in permissions and _SHARED not in (told.get(entry.parent) or _SHARED)
        if takes(permissions) and hung_in and asked < _MOST_ASKED:
            asked += 1
            permissions = folder.stat(entry.href).permissions or permissions
        if not takes(permissions):
            closed.append(entry)
    return closed


def links(
    visit: Visit, folder: WebDavFolder, watched: Sequence[FolderSettings], seen: Seen
) -> Iterator[Line]:
    """Does Nextcloud tell this login of public links, and do any let people without a login write?"""
    told = []
    for settings in watched:
        if settings.name not in seen.readable or not settings.links_refused:
            continue
        here, above = folder.open_itself(settings.root), folder.open_above(settings.root)
        say = note if settings.ceiling is Ceiling.PREVIEW else fail
        if here or above:
            yield say(
                "JSE-D17",
                "folders.{name}: a public link lets people without a login write there: nothing leaves",
                name=settings.name,
            )
        elif here is None or above is None or not _may_share(folder, settings):
            yield say(
                "JSE-D17",
                "folders.{name}: public links are told only to who may share on: nothing leaves; share it with that "
                "right, or decide policy.public_links: allow",
                name=settings.name,
            )
        else:
            told.append(settings.name)
    if told:
        yield ok("public links are told, none lets outsiders write")


def _may_share(folder: WebDavFolder, settings: FolderSettings) -> bool:
    permissions = folder.stat(settings.root).permissions
    return permissions is None or "R" in permissions


def idle(
    config: Config, folder: WebDavFolder, watched: Sequence[FolderSettings], seen: Seen, observer: Observer
) -> Iterator[Line]:
    """Look once more, as a pass does while nothing moves, and count what that costs the server."""
    if not seen.trees:
        return
    told = folder.capabilities()
    with observer.counting() as count:
        for settings in watched:
            tree = seen.trees.get(settings.name)
            if tree is None:
                continue
            folder.survey(settings.root, tree)
            if not told.chunked_upload:
                # Where nothing climbs, each pass looks at the owner, too (protocol R12).
                read_mark(folder, owner_href(settings), Sealer(bytes(16)))
    each = count.asked / len(seen.trees)
    yield ok(
        "idle pass: {requests} ({each} a folder), {bytes}; about {day:,.0f} a day",
        requests=counted(count.asked, "request"),
        each=f"{each:.0f}" if each == int(each) else f"{each:.1f}",
        bytes=sized(count.bytes),
        day=count.asked * _passes_a_day(config, is_nextcloud=told.kind == "nextcloud"),
    )


def _passes_a_day(config: Config, *, is_nextcloud: bool) -> float:
    """How often a day the service looks while nothing happens."""
    usual = NEXTCLOUD if is_nextcloud else ELSEWHERE
    rhythm = usual if config.polling.folders is None else Rhythm.fixed(config.polling.folders)
    begin, end = NIGHT
    night = _HOURS - begin + end
    return 3600 * ((_HOURS - night) / rhythm.day + night / rhythm.night)


def why_not(error: RemoteError) -> bool:
    """True for a refusal of one place, not of the whole server."""
    return isinstance(error, AccessDenied) and error.status == 403
