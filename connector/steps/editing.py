"""A request that somebody has open in an editor of the server is not finished: it leaves once it is closed.

Nextcloud's text editor saves by itself half a minute after the last key, and whenever one looks at another tab: one
signatory is written, the second is being looked up. What settles by its ETag alone would leave so. Where files_lock
is installed that editor locks what it has open; whoever locks a request by hand says the same. Closing it moves the
ETag (WebDAV facts, trap 6), so that it is judged anew. Where nothing is told nothing is asked.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from connector.errors import NotFound, RemoteError
from connector.lifecycle import Record
from connector.ports import Href
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_AGAIN: Final = timedelta(seconds=15)
"""An app's lock that the server itself lets go (its session died) may move no ETag."""


def waits(parts: Parts, record: Record) -> bool:
    """True while somebody has the request open, or its server does not answer that. One request at most; no error."""
    try:
        is_open = parts.folders[record.server].is_being_edited(Href(record.place))
    except NotFound:
        is_open = False  # the last look before the marker finds that out
    except RemoteError as error:
        log.warning("%s: whether somebody has it open is not told: %s", record.ref, error)
        return True
    if is_open:
        parts.being_edited.add(record.id)
    else:
        parts.being_edited.discard(record.id)
    return is_open


def put_off(parts: Parts, record: Record) -> Record:
    """Let it rest for a moment. Raises JournalError only."""
    return parts.journal.touch(record, next_at=parts.now() + _AGAIN)
