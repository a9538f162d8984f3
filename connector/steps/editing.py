"""A request that somebody has open in an editor of the server is not finished: it leaves once it is closed.

Nextcloud's text editor saves by itself half a minute after the last key, and whenever one looks at another tab: one
signatory is written, the second is being looked up. What settles by its ETag alone would leave so. Where files_lock
is installed that editor locks what it has open; whoever locks a request by hand says the same. Opening and closing it
move the ETag (WebDAV facts, trap 6), so that it is judged anew, and what was found holds for that ETag. Where nothing
is told nothing is asked.

So with the settings that apply to it, of which one word lets forty letters go while the next line is being typed. Who
locks those by hand keeps others from changing them, for ever perhaps, and says nothing of what they hold.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Final

from connector.errors import NotFound, RemoteError
from connector.lifecycle import Record
from connector.ports import Entry, Href
from connector.steps import clocks, settings, waiting
from connector.steps.discover import Sight
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_AGAIN: Final = timedelta(seconds=15)
"""An app's lock that the server itself lets go (its session died) may move no ETag."""
_UNANSWERED_AGAIN: Final = timedelta(minutes=1)
_PATIENCE: Final = timedelta(minutes=10)
"""So long a server may leave the question alone without an answer; its status promises « quelques minutes »."""


def waits(parts: Parts, record: Record) -> bool:
    """True while somebody has the request open, or its server does not answer that yet. No error.

    One question at most, and one for each settings file every few seconds, however many requests rest on it. A server
    that never answers it tells nothing of editors, as most servers: that keeps no request for ever.
    """
    found: str | None = None
    try:
        found = _open(parts, record)
    except RemoteError as error:
        since = parts.editing_unanswered.setdefault(record.id, parts.now())
        if clocks.lasts(parts, since, _PATIENCE):
            log.warning("%s: whether somebody has it open is not told: %s", record.ref, error)
            return True
        log.warning("%s: whether somebody has it open is not told (%s); it goes on", record.ref, error)
        parts.editing_unanswered.pop(record.id, None)
    else:
        parts.editing_unanswered.pop(record.id, None)
    if found is None:
        parts.being_edited.pop(record.id, None)
    else:
        parts.being_edited[record.id] = (record.sidecar_etag, found)
    return found is not None


def _open(parts: Parts, record: Record) -> str | None:
    """Return what somebody has open: settings by their name as people see it from the request, empty: the request."""
    sight = parts.rights_of.get(record.folder)
    if isinstance(sight, Sight):
        for entry in settings.beside(parts, sight, record.place):
            if _has_open(parts, record.server, entry):
                return settings.shown_name(sight, entry, record.place)
    with suppress(NotFound):  # the last look before the marker finds that out
        if parts.folders[record.server].is_being_edited(Href(record.place)):
            return ""
    return None


def _has_open(parts: Parts, server: str, entry: Entry) -> bool:
    key = (server, entry.href)
    at, etag, was_open = parts.settings_open.get(key, (None, None, False))
    # What was found holds for its ETag alone: opened and saved a moment later, it would let go what is half written.
    if at is None or etag != entry.etag or not clocks.lasts(parts, at, _AGAIN):
        was_open = False
        with suppress(NotFound):
            was_open = parts.folders[server].is_being_edited(entry.href, by_hand=False)
        parts.settings_open[key] = (parts.now(), entry.etag, was_open)
    return was_open


def open_file(parts: Parts, record: Record) -> str | None:
    """Return what of the request as it was judged was found open, as :func:`_open`. Nothing is asked."""
    etag, name = parts.being_edited.get(record.id, (None, None))
    return name if etag == record.sidecar_etag else None


def put_off(parts: Parts, record: Record) -> Record:
    """Let it rest for a moment; what it was to find out for others they find out. Raises JournalError only."""
    waiting.give_way(parts, record)
    again = _UNANSWERED_AGAIN if record.id in parts.editing_unanswered else _AGAIN
    return parts.journal.touch(record, next_at=parts.now() + again)
