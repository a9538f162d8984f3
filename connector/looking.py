"""Every watched folder is looked at, for as little as its server makes possible, and nothing of ours escapes.

Reads folders only; what is seen is attended to by ``attendance``. Source: protocol step 1 and R12, performance page
section 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from connector.errors import InvalidResponse
from connector.guards import ServerMemory, tried
from connector.lifecycle import Record, State
from connector.ports import folder_of
from connector.steps import drop, lists
from connector.steps.discover import Settling, Sight, Watch
from connector.steps.parts import FolderSettings, Parts
from connector.steps.recover import check_owner


def look(parts: Parts, folders: list[FolderSettings], memory: ServerMemory) -> list[Sight]:
    """Look at each folder that can be worked in; one that is an obstacle is left out, with the reason kept."""
    sights: list[Sight] = []
    near = _Near(parts, memory, folders)
    for settings in folders:
        if memory.workable(settings):
            tried(memory, settings, lambda s=settings: sights.append(_look_at(parts, s, memory, near)))  # type: ignore[misc]
    return sights


def _look_at(parts: Parts, settings: FolderSettings, memory: ServerMemory, near: _Near) -> Sight:
    """Look at a folder; the same sight as before when nothing moved in it."""
    folder = parts.folders[settings.server]
    watch = memory.watches.setdefault(settings.name, Watch(Settling(grain=parts.timing.settle)))
    # Where the tags of folders climb, no edit escapes anyway, and nothing is asked of the journal.
    climbs = folder.capabilities().chunked_upload
    sight = watch.look(settings, folder, parts.now(), *(([], []) if climbs else near.of(settings)))
    if sight.untagged:
        raise InvalidResponse(
            "the server gives files neither ETag nor time: nothing can be guarded against being overwritten"
        )
    # Whoever moved something here may be another connector (R12); elsewhere than on Nextcloud nothing tells.
    if memory.checked.get(settings.name) is not sight or not climbs:
        check_owner(parts, settings)
        memory.checked[settings.name] = sight
    return sight


class _Near:
    """Of each folder of a server that is looked at: in which folders no edit may escape, and what is out.

    The open requests are listed once, before the first folder that has to know is looked at: what changes meanwhile
    would have changed after a later list as well, and is seen by the next look.
    """

    def __init__(self, parts: Parts, memory: ServerMemory, folders: Sequence[FolderSettings]) -> None:
        self._parts, self._memory = parts, memory
        self._servers = {settings.server for settings in folders}
        self._roots: dict[str, list[str]] = defaultdict(list)
        for settings in folders:
            self._roots[settings.root].append(settings.name)

    def of(self, settings: FolderSettings) -> tuple[list[str], list[str]]:
        """Return files in whose folders no edit may escape, and requests that are out: an order is seen at once.

        What has not left is judged by its files; what is out goes on, and its PDF is looked at before it comes home.
        """
        near, out = [f"{dropped}x" for dropped in self._memory.drops.here(settings.name)], []
        known = self._memory.watches[settings.name].sight
        mine, moved_here = self._opened
        near += moved_here[settings.name]
        for record in mine[settings.name]:
            place, elsewhere = record.place, [document.href for document in record.documents]
            written = record.extra.get("status_written_at")
            fresh = (
                known is not None and written is not None and datetime.fromisoformat(str(written)) >= known.at
            )
            if place and not fresh and not record.state.before_mark and record.state is not State.HELD:
                out.append(place)
                elsewhere = [href for href in elsewhere if folder_of(href) != folder_of(place)]
            else:
                elsewhere.append(place)
            near += elsewhere
        return near, out

    @cached_property
    def _opened(self) -> tuple[Mapping[str, list[Record]], Mapping[str, list[str]]]:
        """Folder → its open requests, and folder → documents that were moved there from others."""
        mine, moved_here = defaultdict[str, list[Record]](list), defaultdict[str, list[str]](list)
        for record in (one for server in self._servers for one in self._parts.journal.open_records(server)):
            mine[record.folder].append(record)
            for document in record.documents:
                for name in self._above(document.href):
                    if name != record.folder:
                        moved_here[name].append(document.href)
        return mine, moved_here

    def _above(self, href: str) -> Iterator[str]:
        """Yield the folders whose roots a file lies below."""
        end = href.find("/")
        while end >= 0:
            yield from self._roots.get(href[: end + 1], ())
            end = href.find("/", end + 1)


def unsettled_in(sights: list[Sight], memory: ServerMemory) -> bool:
    """True when something new needs a second look in a moment."""
    restless = [sight for sight in sights if sight.restless]
    if any(
        sight.wanted - sight.settled or any(not pair.settled for pair in sight.pairs()) for sight in restless
    ):
        return True
    return any(lists.unsettled(sight) or drop.unsettled(sight, memory.drops) for sight in restless)
