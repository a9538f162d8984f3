"""Step 9c, beside: the signed document under the next free name; nothing of a person's is touched (protocol 9c).

So comes a document that cannot take its own place, and so comes at once what has none: an annex beside the main
document, the PDF of an image beside the image.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from connector.errors import (
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
)
from connector.ports import Href
from connector.steps.deliver_ends import delivered_beside, half_signed, torn
from connector.steps.delivered import found_beside, is_ours
from connector.steps.homes import is_gone, lost_key, lost_spot, spot_of
from connector.steps.task import Task

log = logging.getLogger(__name__)

GONE = "folder_gone"
_LOOK_AGAIN = timedelta(minutes=1)


def beside(task: Task, reason: str) -> Task:
    """Put the signed document beside its place, for that reason."""
    entry = found_beside(task)
    if entry is not None:
        return delivered_beside(task, entry.href, reason)
    return _put(task, reason)


def anew(task: Task) -> Task:
    """Put the signed document where it comes as a new file: an annex, the PDF of an image."""
    return _put(task, "to_check" if task.document.differences else "")


def _put(task: Task, reason: str) -> Task:
    spot = spot_of(task) if reason != GONE else None
    if spot is None:
        if not is_gone(task):
            return _wait_for_its_folder(task)
        spot, reason = lost_spot(task), GONE
    # Once: each name that is tried is an intent of its own.
    earlier = task.intent
    # In the folder for lost ones, too, its name says that it is to be looked at.
    for href in spot.hrefs(to_check=bool(task.document.differences)):
        begun = earlier is not None and earlier.data.get("href") == href and earlier.data["kind"] == "beside"
        task = task.intend({"kind": "beside", "href": href, "reason": reason})
        try:
            done = _put_at(task, href, begun=begun)
        except NotFound:
            if reason == GONE:
                raise
            if not is_gone(task):
                return _wait_for_its_folder(task)
            return _put_after(_without_place(task))
        if done:
            return delivered_beside(task, href, reason)
    raise OutOfSpace("every name beside the document is taken", operation="deliver")


def _wait_for_its_folder(task: Task) -> Task:
    """A move may arrive as a deletion and an upload: only what has been missing for some minutes is gone."""
    log.info("%s: its folder is not there; it may come back", task.record.ref)
    return task.note("folder_missing", done=True, next_at=task.parts.now() + _LOOK_AGAIN)


def _put_after(task: Task) -> Task:
    """Its folder is gone: it goes to the folder for what has lost its own."""
    return beside(task, GONE) if task.document.in_place else _put(task, GONE)


def _without_place(task: Task) -> Task:
    document, record = task.document, task.record
    changes: dict[str, object] = {}
    if document.role == "document":
        changes["extra"] = {**record.extra, lost_key(task.rank): document.href}
    if task.rank == record.document.rank:
        changes["place"] = ""
    facts = {"href": ""} if document.role == "document" else None
    return task.note(GONE, done=True, facts=facts, **changes)


def _put_at(task: Task, href: Href, *, begun: bool) -> bool:
    """Make the file; False when the name is somebody else's. A torn one of ours is written whole.

    ``begun``: an earlier try may have written there; without one, a name that is taken is a person's, unless what lies
    there is half of what was signed.
    """
    try:
        task.folder.create(href, task.signed)
        begun = True
    except PreconditionFailed:
        log.info("%s: that name is taken; what lies there is looked at", task.record.ref)
    except OutcomeUnknown as error:
        begun = True
        log.warning("delivering %s beside: %s; the folder is asked", task.record.ref, error)
    there = task.present(href)
    if there is None:
        raise OutcomeUnknown("the file made beside is not there", operation="deliver")
    if is_ours(task, there):
        return True
    if not (torn(task, there) if begun else half_signed(task, there)):
        return False
    entry = task.folder.stat(href)
    if entry.etag is None:
        return False
    task.folder.replace(href, task.signed, etag=entry.etag)
    again = task.present(href)
    if again is None or not is_ours(task, again):
        # Torn once more, or a person's by now. Another name would leave half a document under this one for good.
        raise OutcomeUnknown("the file made beside is not whole", operation="deliver")
    return True
