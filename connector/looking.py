"""Every watched folder is looked at, for as little as its server makes possible, and nothing of ours escapes.

Reads folders only; what is seen is attended to by ``attendance``. Source: protocol step 1 and R12, performance page
section 2.
"""

from __future__ import annotations

from datetime import datetime

from connector.errors import InvalidResponse
from connector.guards import ServerMemory, tried
from connector.lifecycle import State
from connector.ports import folder_of
from connector.steps import drop, lists
from connector.steps.discover import Settling, Sight, Watch
from connector.steps.parts import FolderSettings, Parts
from connector.steps.recover import check_owner


def look(parts: Parts, folders: list[FolderSettings], memory: ServerMemory) -> list[Sight]:
    """Look at each folder that can be worked in; one that is an obstacle is left out, with the reason kept."""
    sights: list[Sight] = []
    for settings in folders:
        if memory.workable(settings):
            tried(memory, settings, lambda s=settings: sights.append(_look_at(parts, s, memory)))  # type: ignore[misc]
    return sights


def _look_at(parts: Parts, settings: FolderSettings, memory: ServerMemory) -> Sight:
    """Look at a folder; the same sight as before when nothing moved in it."""
    folder = parts.folders[settings.server]
    watch = memory.watches.setdefault(settings.name, Watch(Settling(grain=parts.timing.settle)))
    near, out = _near(parts, settings, memory)
    sight = watch.look(settings, folder, parts.now(), near, out)
    if sight.untagged:
        raise InvalidResponse(
            "the server gives files neither ETag nor time: nothing can be guarded against being overwritten"
        )
    # Whoever moved something here may be another connector (R12); elsewhere than on Nextcloud nothing tells.
    if memory.checked.get(settings.name) is not sight or not folder.capabilities().chunked_upload:
        check_owner(parts, settings)
        memory.checked[settings.name] = sight
    return sight


def _near(parts: Parts, settings: FolderSettings, memory: ServerMemory) -> tuple[list[str], list[str]]:
    """Files in whose folders no edit may escape, and requests that are out: of those an order must be seen at once.

    What has not left is judged by its files; what is out goes on, and its PDF is looked at before it comes home.
    """
    near, out = [f"{dropped}x" for dropped in memory.drops.here(settings.name)], []
    known = memory.watches[settings.name].sight
    for record in parts.journal.open_records(settings.server):
        if record.folder != settings.name:
            # A document of it may have been moved here.
            near += [one.href for one in record.documents if one.href.startswith(settings.root)]
            continue
        place, elsewhere = record.place, [document.href for document in record.documents]
        written = record.extra.get("status_written_at")
        fresh = known is not None and written is not None and datetime.fromisoformat(str(written)) >= known.at
        if place and not fresh and not record.state.before_mark and record.state is not State.HELD:
            out.append(place)
            elsewhere = [href for href in elsewhere if folder_of(href) != folder_of(place)]
        else:
            elsewhere.append(place)
        near += elsewhere
    return near, out


def unsettled_in(sights: list[Sight], memory: ServerMemory) -> bool:
    """True when something new needs a second look in a moment."""
    restless = [sight for sight in sights if sight.restless]
    if any(
        sight.wanted - sight.settled or any(not pair.settled for pair in sight.pairs()) for sight in restless
    ):
        return True
    return any(lists.unsettled(sight) or drop.unsettled(sight, memory.drops) for sight in restless)
