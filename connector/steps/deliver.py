"""Step 9, deliver: the signed document becomes the new version of the same file, and nobody's bytes are lost.

9a on Nextcloud: chunked upload whose final MOVE carries the condition, read back, the kept version proven.
9b where no versions are kept: the original is moved aside first, then a new file is made. 9c beside: when the
PDF changed, is gone, or what came back is not as expected. Source: protocol R5, R8, step 9; WebDAV facts 1, 9.
"""

from __future__ import annotations

import logging

from connector.errors import (
    AccessDenied,
    Locked,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
)
from connector.lifecycle import Record
from connector.ports import Entry, FileId, Folder, Href
from connector.steps import waiting
from connector.steps.deliver_aside import move_aside, resume_aside
from connector.steps.deliver_beside import beside
from connector.steps.deliver_ends import delivered, delivered_beside, is_base, left_alone, present_now
from connector.steps.delivered import Present, found_beside, found_in_versions, is_ours, present_at
from connector.steps.discover import unproven
from connector.steps.fetch import SIGNED_NAME, fetch_again
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

BLOCKED = "delivery_blocked"
"""No room, or no right to write: told, since it may last until a person acts."""


def deliver(parts: Parts, record: Record) -> Record:
    """DELIVERING → DELIVERED or DELIVERED_BESIDE; or the same, to be tried later.

    Raises JournalError, SpoolError.
    """
    folder = parts.folders[record.server]
    try:
        if not parts.spool.has(record.ref, SIGNED_NAME, record.document.signed_sha256):
            # The spool was lost with its disk; the platform still has the document for a while.
            return fetch_again(parts, record)
        return _deliver(parts, folder, record)
    except Locked as error:
        record = parts.journal.get(record.id)  # with what was kept of it before the obstacle
        extra = {**record.extra, "locked": True}
        return parts.journal.note(
            record, "document_locked", extra=extra, **waiting.backoff(parts, record, error)
        )
    except RemoteError as error:
        log.warning("delivering %s: %s", record.ref, error)
        record = parts.journal.get(record.id)
        changes = waiting.backoff(parts, record, error)
        if isinstance(error, (OutOfSpace, AccessDenied)) and record.reason != BLOCKED:
            changes |= {"reason": BLOCKED, "values": {"since": parts.now().isoformat()}}
        return parts.journal.note(record, "not_delivered", data={"error": str(error)}, **changes)


def _deliver(parts: Parts, folder: Folder, record: Record) -> Record:
    intent = parts.journal.intent(record, "deliver")
    if intent is not None or record.adopted:
        record = _locate(parts, folder, record)
        settled = _settle(parts, folder, record)
        if settled is not None:
            return settled
        record = parts.journal.get(record.id)
        intent = parts.journal.intent(record, "deliver")
    if record.extra.get("differences"):
        return beside(parts, folder, record, "to_check")
    if intent is not None and intent.data["kind"] == "aside":
        return resume_aside(parts, folder, record, Href(intent.data["aside"]))
    present = present_now(parts, folder, record)
    if not is_base(record, present):
        # Not where it was, or not what it was: followed by its file id before anything is concluded.
        record = _locate(parts, folder, record)
        present = present_now(parts, folder, record)
    if present is None:
        return beside(parts, folder, record, "pdf_gone")
    if not is_base(record, present):
        if is_ours(parts, record, present):
            return delivered(parts, folder, record, present)
        return beside(parts, folder, left_alone(parts, record, present), "pdf_changed")
    if folder.capabilities().chunked_upload:
        return _as_version(parts, folder, record, present)
    return move_aside(parts, folder, record)


def _locate(parts: Parts, folder: Folder, record: Record) -> Record:
    """Follow the document by its file id to where it is now."""
    href, file_id = record.document.href, record.document.file_id
    if not folder.capabilities().search or file_id is None:
        return record
    entry: Entry | None
    try:
        entry = folder.stat(Href(href)) if href else None
    except NotFound:
        entry = None
    if entry is not None and entry.file_id == file_id:
        return record
    found = folder.find_by_id(FileId(file_id))
    if found is None or found.href == href:
        return record
    document = record.document.model_copy(update={"href": found.href, "renamed_to": found.name})
    return parts.journal.note(record, "document_followed", document=document)


def _settle(parts: Parts, folder: Folder, record: Record) -> Record | None:
    """An open intent, or an adopted request, is a question first: was it delivered already (R8)?"""
    if record.document.href:
        present = present_at(parts, folder, record, Href(record.document.href))
        if present is not None and is_ours(parts, record, present):
            return delivered(parts, folder, record, present)
    intent = parts.journal.intent(record, "deliver")
    beside = Href(intent.data["href"]) if intent is not None and intent.data["kind"] == "beside" else None
    if beside is not None:
        present = present_at(parts, folder, record, beside)
        if present is not None and is_ours(parts, record, present):
            return delivered_beside(parts, record, beside, str(intent.data["reason"]) if intent else "")
    entry = found_beside(parts, folder, record)
    if entry is not None:
        return delivered_beside(parts, record, entry.href, str(record.extra.get("beside", "pdf_changed")))
    if found_in_versions(parts, folder, record):
        return delivered(parts, folder, record, None)
    return None


def _as_version(parts: Parts, folder: Folder, record: Record, present: Present) -> Record:
    assert present.fetched is not None
    fetched = present.fetched
    if fetched.etag is None:
        raise OutOfSpace("the document has no ETag to guard it by", operation="deliver")
    if unproven(fetched.modified, fetched.date):
        return parts.journal.note(record, "too_fresh", **waiting.backoff(parts, record))
    href = Href(record.document.href)
    record = parts.journal.intend(
        record, "deliver", {"kind": "version", "href": href, "etag": str(fetched.etag)}
    )
    signed = parts.spool.path(record.ref, SIGNED_NAME)
    try:
        folder.replace_as_version(href, signed, etag=fetched.etag, upload=f"jse-{record.ref.lower()}")
    except PreconditionFailed:
        return _look_again(parts, record)
    except OutcomeUnknown as error:
        log.warning("delivering %s: no clear answer (%s); the file itself is asked", record.ref, error)
    return _read_back(parts, folder, record, href)


def _look_again(parts: Parts, record: Record) -> Record:
    """412: somebody, maybe we, was faster. The next look at the bytes decides."""
    return parts.journal.note(record, "deliver_refused", done=("deliver",), **waiting.backoff(parts, record))


def _read_back(parts: Parts, folder: Folder, record: Record, href: Href) -> Record:
    present = present_at(parts, folder, record, href)
    if present is not None and is_ours(parts, record, present):
        return delivered(parts, folder, record, present)
    if found_in_versions(parts, folder, record):
        # A person saved over it right after: theirs stands, ours is in the file's history.
        return delivered(parts, folder, record, None)
    return parts.journal.note(record, "not_read_back", **waiting.backoff(parts, record))
