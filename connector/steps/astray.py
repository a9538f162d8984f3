"""Where a person is told of a request whose whole folder was taken away: in « Signatures à classer ».

A signed document goes there itself, with its status (``deliver_beside``). What ended otherwise, or cannot go on without
a person, is told there as well: whoever dragged a folder to a desktop still has to learn that somebody refused. What
goes on by itself is not; nor what its own author has ended. Comes the folder back, its status stands in it again.
Source: ux page section 1.5.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from connector.lifecycle import Record, State
from connector.ports import Href
from connector.sidecar import names
from connector.steps.homes import free_status
from connector.steps.parts import Parts

KEY: Final = "astray_href"
"""In ``extra``: where its status stands while its folder is gone."""
_NEEDS_A_PERSON: Final = frozenset(
    {State.REFUSED, State.EXPIRED, State.LOST, State.IN_DOUBT, State.QUARANTINED}
)


def status_place(record: Record) -> Href | None:
    """Where the status of a request stands whose folder is gone; None while it is there, or nothing is told."""
    href = record.extra.get(KEY)
    gone = record.document.href and record.document.missing_since is not None
    return Href(str(href)) if href and gone else None


def needs_a_person(record: Record) -> bool:
    """True for what somebody must be told of wherever its files are."""
    cancelled = record.state is State.CANCELLED and record.reason not in {"ordered", "not_sent"}
    return cancelled or record.state in _NEEDS_A_PERSON


def gone_since(record: Record) -> datetime | None:
    """Since when its document has been missing; None while it is there."""
    return record.document.missing_since


def is_gone(parts: Parts, record: Record) -> bool:
    """True once its document has been missing for so long that nobody is about to bring it back."""
    since = gone_since(record)
    return since is not None and parts.now() - since >= parts.timing.gone_patience


def find_place(parts: Parts, record: Record) -> Href:
    """Return the name of its status there; makes the folder. Remote errors pass through."""
    parent = Href(parts.watched[record.folder].root + names.LOST_FOLDER + "/")
    parts.folders[record.server].make_folder(parent)
    return free_status(parts, record, parent, names.status_name(record.document.name))
