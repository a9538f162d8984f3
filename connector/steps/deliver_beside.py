"""Step 9c, beside: the signed document under the next free name; nothing of a person's is touched (protocol 9c)."""

from __future__ import annotations

import logging

from connector.errors import (
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
)
from connector.lifecycle import Record
from connector.ports import Folder, Href
from connector.sidecar import names
from connector.steps.deliver_ends import delivered_beside, torn
from connector.steps.delivered import found_beside, is_ours, present_at
from connector.steps.fetch import SIGNED_NAME
from connector.steps.original import split
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_MOST_NAMES = 50
BLOCKED = "delivery_blocked"
"""No room, or no right to write: told, since it may last until a person acts."""


def beside(parts: Parts, folder: Folder, record: Record, reason: str) -> Record:
    """Put the signed document beside, under the next free name; nothing of a person's is touched."""
    entry = found_beside(parts, folder, record)
    if entry is not None:
        return delivered_beside(parts, record, entry.href, reason)
    parent, name = split(record.document.href or record.place or "")
    if not name:
        parent, name = _lost_folder(parts, folder, record)
        reason = "folder_gone"
    naming = names.to_check_name if reason == "to_check" else names.signed_name
    for number in range(1, _MOST_NAMES):
        href = Href(parent + naming(name, number))
        earlier = parts.journal.intent(record, "deliver")
        begun = earlier is not None and earlier.data.get("href") == href and earlier.data["kind"] == "beside"
        record = parts.journal.intend(record, "deliver", {"kind": "beside", "href": href, "reason": reason})
        try:
            done = _put_beside(parts, folder, record, href, begun=begun)
        except NotFound:
            if reason == "folder_gone":
                raise
            record = _without_place(parts, record)
            return beside(parts, folder, record, "folder_gone")
        if done:
            return delivered_beside(parts, record, href, reason)
    raise OutOfSpace("every name beside the document is taken", operation="deliver")


def _without_place(parts: Parts, record: Record) -> Record:
    document = record.document.model_copy(update={"href": ""})
    extra = {**record.extra, "lost_href": record.document.href}
    return parts.journal.note(
        record, "folder_gone", done=("deliver",), document=document, place="", extra=extra
    )


def _lost_folder(parts: Parts, folder: Folder, record: Record) -> tuple[str, str]:
    """Return the folder for what lost its place, made when needed, and a name for the document."""
    settings = parts.watched[record.folder]
    parent = Href(settings.root + names.LOST_FOLDER + "/")
    folder.make_folder(parent)
    name = str(record.extra.get("lost_href", "")).rsplit("/", 1)[-1] or f"{record.ref}.pdf"
    return parent, name


def _put_beside(parts: Parts, folder: Folder, record: Record, href: Href, *, begun: bool) -> bool:
    """Make the file; False when the name is somebody else's. A torn one of ours is written whole.

    ``begun``: an earlier try may have written there; without one, a name that is taken is a person's.
    """
    try:
        folder.create(href, parts.spool.path(record.ref, SIGNED_NAME))
        begun = True
    except PreconditionFailed:
        log.info("%s: that name is taken; what lies there is looked at", record.ref)
    except OutcomeUnknown as error:
        begun = True
        log.warning("delivering %s beside: %s; the folder is asked", record.ref, error)
    there = present_at(parts, folder, record, href)
    if there is None:
        raise OutcomeUnknown("the file made beside is not there", operation="deliver")
    if is_ours(parts, record, there):
        return True
    if not begun or not torn(parts, record, there):
        return False
    entry = folder.stat(href)
    if entry.etag is None:
        return False
    folder.replace(href, parts.spool.path(record.ref, SIGNED_NAME), etag=entry.etag)
    again = present_at(parts, folder, record, href)
    return again is not None and is_ours(parts, record, again)
