"""Very many known requests that vanish at once are not taken for deleted: a share was withdrawn, a disk unmounted.

An answer that is complete may still be of an empty mount point. While most of what is known of a watched folder is
neither where it was nor anywhere else, nothing is concluded of it: no request is withdrawn, no PDF called gone, nothing
is put elsewhere, nothing new leaves from that folder. It ends by itself: with the files that come back, or after a day,
when it is believed. Source: design page section 3, points 6 and 7; scenario C7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from datetime import datetime
from typing import Final

from connector.errors import RemoteError
from connector.lifecycle import Record
from connector.ports import FileId
from connector.report.context import Pause, PauseCause
from connector.steps import clocks
from connector.steps.alarms import asked, end_alarm, raise_alarm, standing
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.watch import in_sight

VANISHED: Final = "vanished"
MANY: Final = 10
"""So many at least, and more than half of what is known of the folder."""


def look(parts: Parts, sights: Sequence[Sight], server: str, opened: Iterable[Record]) -> frozenset[int]:
    """Return the requests, by id, of whose absence nothing is to be concluded now. Keeps since when.

    ``opened``: those of the server that are open, but what was closed before, and is open again to be put right alone:
    it may have gone long ago.
    """
    records = list(opened)
    owned = {document.href for record in records for document in record.documents}
    doubted: set[int] = set()
    with parts.journal.at_once(asked(_subject(sight.settings.name), VANISHED) for sight in sights):
        for sight in sights:
            name = sight.settings.name
            mine = [one for one in records if one.folder == name and _is_followed(one)]
            gone = [one for one in mine if _is_gone(sights, one, owned)]
            if len(gone) >= MANY and 2 * len(gone) > len(mine) and not _are_elsewhere(parts, name, gone):
                if _still_doubted(parts, name, len(gone), len(mine)):
                    doubted.update(one.id for one in gone)
            elif name in parts.doubted or standing(parts, _subject(name), VANISHED) is not None:
                parts.doubted.pop(name, None)
                end_alarm(
                    parts, _subject(name), VANISHED, "what had vanished is there again, or has another place"
                )
    parts.vanished[server] = frozenset(doubted)
    return parts.vanished[server]


def _is_followed(record: Record) -> bool:
    """True for what was seen in its place, and is not known to have left it."""
    missing = record.document.missing_since is not None
    return bool(record.place) and not record.sidecar_gone and not missing


def _is_gone(sights: Sequence[Sight], record: Record, owned: Set[str]) -> bool:
    """True when none of its files is where it was, nor anywhere else as far as ids and sizes tell.

    ``owned``: where documents of requests lie; what is not one of them may be one that was moved.
    """
    if in_sight(sights, record.place) is not None:
        return False
    if any(one.href and in_sight(sights, one.href) is not None for one in record.documents):
        return False
    status = record.extra.get("status_href")
    if status is not None and in_sight(sights, str(status)) is not None:
        return False  # a disk that is away takes our own file along; a person who tidies up leaves it
    ids = {record.sidecar_file_id, *(one.file_id for one in record.documents)} - {None}
    if any(FileId(str(one)) in sight.by_id for sight in sights for one in ids):
        return False
    size = record.document.size
    if size is None:
        return True
    return all(entry.href in owned for sight in sights for entry in sight.of_size(size))


def _are_elsewhere(parts: Parts, name: str, gone: Sequence[Record]) -> bool:
    """True when the server knows where one of them is now: moved out of what is watched, and followed there.

    Asked when they vanish, and again now and then.
    """
    last = parts.doubt_asked.get(name)
    if last is not None and name in parts.doubted and clocks.lasts(parts, last, parts.timing.gone_patience):
        return False
    parts.doubt_asked[name] = parts.now()
    with suppress(RemoteError):
        folder = parts.folders[gone[0].server]
        if not folder.capabilities().search:
            return False
        ids = [document.file_id for one in gone for document in one.documents if document.file_id is not None]
        return any(folder.find_by_id(FileId(one)) is not None for one in ids[:1])
    return False


def _still_doubted(parts: Parts, name: str, gone: int, known: int) -> bool:
    subject = _subject(name)
    since = _since(parts, name)
    if since is None:
        text = (
            f"{gone} of {known} known requests are not there any more, all at once: nothing is concluded of it, and "
            f"nothing new leaves from this folder, until they are back or for {parts.timing.vanished_patience}"
        )
        raise_alarm(parts, subject, VANISHED, text, {"gone": gone, "known": known})
        since = parts.now()
    if since > parts.now():  # a clock wrote that which was ahead
        since = clocks.since_when(parts, parts.doubted.get(name))
    if parts.now() - since >= parts.timing.vanished_patience and clocks.confirmed(parts):
        parts.doubted.pop(name, None)
        end_alarm(parts, subject, VANISHED, f"{gone} requests stayed away: they are taken for deleted now")
        return False
    parts.doubted[name] = since
    return True


def _since(parts: Parts, name: str) -> datetime | None:
    kept = standing(parts, _subject(name), VANISHED)
    return None if kept is None else datetime.fromisoformat(str(kept["since"]))


def pause_of(parts: Parts, folder: str) -> Pause | None:
    """Return the pause that people of a folder are told of; None while it may pass in a moment, as moves do."""
    since = parts.doubted.get(folder)
    if since is None or parts.now() - since < parts.timing.gone_patience:
        return None
    return Pause(cause=PauseCause.VANISHED, since=since, until=since + parts.timing.vanished_patience)


def _subject(name: str) -> str:
    return f"folder:{name}"
