"""The scratch places of one server: what an earlier run left is removed, new ones are made, tried in, and removed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from connector.cli.wiring_settings import report_settings
from connector.doctor import extras, folders, scratch, tries
from connector.doctor.lines import Line, fail, note, ok
from connector.doctor.running import Group, Look
from connector.doctor.visit import Visit
from connector.errors import AccessDenied, OutcomeUnknown, OutOfSpace, RemoteError
from connector.ports import Href
from connector.steps.parts import FolderSettings
from connector.steps.registry import is_folder
from connector.webdav.answers import CREATE
from connector.webdav.folder import WebDavFolder

SKIPPED: Final = "stale writes, create-only, versions, names, locks, tags, comments, registry"
"""What is not tried where nothing may be written."""
_CLEANING_S: Final = 60.0


def sweep(group: Group, visit: Visit, folder: WebDavFolder, may_send: list[FolderSettings]) -> None:
    """Remove what an earlier run of this host left, and say what others did."""

    def look() -> Iterator[Line]:
        where = {settings.root: f"folders.{settings.name}" for settings in may_send}
        for registry in {settings.registry for settings in may_send}:
            where.setdefault(_nearest(folder, registry), "the registry")
        for root, name in where.items():
            found = scratch.leftovers(folder, root, visit.tag)
            for place in found.own:
                if scratch.remove(folder, place):
                    yield ok("scratch files of an earlier run removed from {name}", name=name)
                else:
                    yield _left(group, name, place)
            for place in found.others:
                yield note(
                    "JSE-D26",
                    "another doctor's scratch place lies in {name}: {place}",
                    name=name,
                    place=_last(place),
                )

    group.check("leftovers", look, seconds=_CLEANING_S)


def _left(group: Group, name: str, place: Href) -> Line:
    group.left.append(f"{name}: {_last(place)}")
    return fail("JSE-D13", "scratch files are left in {name}: {place}", name=name, place=_last(place))


def _last(place: Href) -> str:
    return place.rstrip("/").rpartition("/")[2]


def tried(
    group: Group,
    visit: Visit,
    folder: WebDavFolder,
    may_send: list[FolderSettings],
    seen: folders.Seen,
    rights: Look,
) -> None:
    """Write and remove: one scratch place in each folder that may send, every trial in the first."""
    made: list[tuple[FolderSettings, Href]] = []

    def open_place(settings: FolderSettings) -> Iterator[Line]:
        try:
            place = scratch.make(folder, settings.root, visit.tag)
        except RemoteError as error:
            if isinstance(error, OutcomeUnknown):
                # It may be there all the same: the next run knows it by its name.
                group.left.append(f"folders.{settings.name}: {scratch.PREFIX}{visit.tag}-…")
            if folders.why_not(error):
                yield fail(
                    "JSE-D07",
                    "folders.{name} is read-only: no status can be written there; share it with edit rights",
                    name=settings.name,
                )
                return
            raise
        made.append((settings, place))
        seen.written.append(settings.name)
        group.written.append(f"folders.{settings.name}: {_last(place)}")

    try:
        for settings in may_send:
            group.check(f"scratch place in folders.{settings.name}", partial(open_place, settings))
        if made:
            _trials(group, visit, folder, made[0][1], may_send, rights)
        else:
            group.check("rights", rights)
        _registry(group, visit, folder, may_send)
    finally:
        for settings, place in made:
            _cleaned(group, folder, f"folders.{settings.name}", place)


def _trials(
    group: Group, visit: Visit, folder: WebDavFolder, href: Href, may_send: list[FolderSettings], rights: Look
) -> None:
    place = tries.Place(folder=folder, href=href, told=folder.capabilities(), wait=visit.wait)
    wanted = tuple(report_settings(visit.config).tags.values())
    comments = any(settings.comments for settings in may_send)
    group.together(
        ("stale writes", lambda: tries.stale_writes(place)),
        ("create-only", lambda: tries.create_only(place)),
        ("new version", lambda: tries.new_version(place)),
    )
    group.together(("rights", rights), ("names", lambda: extras.names(place)))
    group.together(
        ("locks", lambda: extras.locks(place)),
        ("tags", lambda: extras.tags(place, wanted)),
        ("comments", lambda: extras.comments(place, wanted=comments)),
    )


def _cleaned(group: Group, folder: WebDavFolder, name: str, place: Href) -> None:
    """Remove a scratch place, whatever else is not begun any more; say where that fails."""

    def clean() -> Iterator[Line]:
        if not scratch.remove(folder, place):
            yield _left(group, name, place)

    if not group.check("removal of the scratch place", clean, seconds=_CLEANING_S, always=True):
        group.say(_left(group, name, place))


def _registry(group: Group, visit: Visit, folder: WebDavFolder, may_send: list[FolderSettings]) -> None:
    """Make a file where markers are kept and take it away; where none were yet, in the nearest folder that is there."""
    made: list[Href] = []

    def write(registry: Href) -> Iterator[Line]:
        try:
            place = scratch.make(folder, _nearest(folder, registry), visit.tag)
            made.append(place)
            folder.put(CREATE, Href(f"{place}{scratch.OWN} registre.txt"), b"un\n", ["If-None-Match: *"])
        except (AccessDenied, OutOfSpace) as error:
            if isinstance(error, AccessDenied) and error.status == 401:
                raise
            names = ", ".join(one.name for one in may_send if one.registry == registry)
            yield fail(
                "JSE-D16", "the registry of {names} cannot be written: nothing can be sent", names=names
            )
            return
        group.written.append(f"registry: {_last(place)}")
        yield ok("registry writable")

    registries = sorted({settings.registry for settings in may_send})
    try:
        group.together(*(("registry", partial(write, one)) for one in registries))
    finally:
        for place in made:
            _cleaned(group, folder, "the registry", place)


def _nearest(folder: WebDavFolder, registry: Href) -> Href:
    """Return the registry, or the nearest folder above it that is there."""
    here = registry
    while here != "/" and not is_folder(folder, here):
        here = Href(here.rstrip("/").rpartition("/")[0] + "/")
    return here
