"""A request that somebody has open in an editor of the server is not finished: it leaves once it is closed.

Nextcloud's text editor saves by itself half a minute after the last key, and whenever one looks at another tab: one
signatory is written, the second is being looked up. What settles by its ETag alone would leave so. Where files_lock
is installed that editor locks what it has open; whoever locks a request by hand says the same. Opening and closing it
move the ETag (WebDAV facts, trap 6), so that it is judged anew, and what was found holds for that ETag. Where nothing
is told nothing is asked.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from connector.errors import NotFound, RemoteError
from connector.lifecycle import Record
from connector.ports import Href
from connector.steps import clocks, waiting
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_AGAIN: Final = timedelta(seconds=15)
"""An app's lock that the server itself lets go (its session died) may move no ETag."""
_UNANSWERED_AGAIN: Final = timedelta(minutes=1)
_PATIENCE: Final = timedelta(minutes=10)
"""So long a server may leave the question alone without an answer; its status promises « quelques minutes »."""


def waits(parts: Parts, record: Record) -> bool:
    """True while somebody has the request open, or its server does not answer that yet. One request at most; no error.

    A server that never answers it tells nothing of editors, as most servers: that keeps no request for ever.
    """
    try:
        is_open = parts.folders[record.server].is_being_edited(Href(record.place))
    except NotFound:
        is_open = False  # the last look before the marker finds that out
    except RemoteError as error:
        since = parts.editing_unanswered.setdefault(record.id, parts.now())
        if clocks.lasts(parts, since, _PATIENCE):
            log.warning("%s: whether somebody has it open is not told: %s", record.ref, error)
            return True
        log.warning("%s: whether somebody has it open is not told (%s); it goes on", record.ref, error)
        parts.editing_unanswered.pop(record.id, None)
        is_open = False
    else:
        parts.editing_unanswered.pop(record.id, None)
    if is_open:
        parts.being_edited[record.id] = record.sidecar_etag
    else:
        parts.being_edited.pop(record.id, None)
    return is_open


def is_open(parts: Parts, record: Record) -> bool:
    """True where the request as it was judged was found open. Nothing is asked."""
    return record.id in parts.being_edited and parts.being_edited[record.id] == record.sidecar_etag


def put_off(parts: Parts, record: Record) -> Record:
    """Let it rest for a moment; what it was to find out for others they find out. Raises JournalError only."""
    waiting.give_way(parts, record)
    again = _UNANSWERED_AGAIN if record.id in parts.editing_unanswered else _AGAIN
    return parts.journal.touch(record, next_at=parts.now() + again)
