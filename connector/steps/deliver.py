"""Step 9, deliver: the signed document becomes the new version of the same file, and nobody's bytes are lost.

9a on Nextcloud: chunked upload whose final MOVE carries the condition, read back, the kept version proven.
9b where no versions are kept: the original is moved aside first, then a new file is made. 9c beside: when the
PDF changed, is gone, or what came back is not as expected. Each document of a transaction goes home on its own;
an obstacle of one of them does not keep the others. Source: protocol R5, R8, step 9; WebDAV facts 1, 9.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from connector.errors import (
    AccessDenied,
    ConnectorError,
    InvalidResponse,
    JournalError,
    Locked,
    NameRefused,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    OwnershipError,
    PreconditionFailed,
    RemoteError,
    SpoolError,
    StaleRecordError,
    Unavailable,
)
from connector.lifecycle import Record
from connector.ports import Entry, Fetched, FileId, Href
from connector.report.facts import LASTS
from connector.steps.deliver_aside import begun_before, move_aside, resume_aside
from connector.steps.deliver_beside import anew, beside
from connector.steps.deliver_ends import (
    delivered,
    delivered_beside,
    end,
    is_base,
    left_alone,
    locked,
    present_now,
)
from connector.steps.delivered import found_beside, found_in_versions, is_ours
from connector.steps.discover import unproven
from connector.steps.fetch import fetch_again
from connector.steps.original import keep_original
from connector.steps.parts import Parts
from connector.steps.present import Present
from connector.steps.rights import takes
from connector.steps.spooled import signed_name
from connector.steps.task import Task, is_home
from connector.steps.watch import gone_for_good

log = logging.getLogger(__name__)

BLOCKED = "delivery_blocked"
"""No room, no right to write, a rule of the server against it, or whatever has lasted: told, since it may last until a
person acts."""
NAME_REFUSED = "name_refused"
"""The server takes its name no more: told, since a person has to give it another one."""

_PASSES = frozenset({408, 421, 425})
"""Too slow, a wrong connection, too early: nobody's no, over with the next try. RFC 9110 section 15.5; RFC 8470."""
_OF_THE_WHOLE_REQUEST = (JournalError, OwnershipError, SpoolError, StaleRecordError)
"""No document of it would fare better."""


def deliver(parts: Parts, record: Record) -> Record:
    """DELIVERING → DELIVERED or DELIVERED_BESIDE; or the same, to be tried later.

    Raises JournalError, SpoolError.
    """
    folder, attempts = parts.folders[record.server], record.attempts
    waits: list[datetime | None] = []
    for rank in [document.rank for document in record.documents]:
        if is_home(record.ranked(rank)):
            continue
        if parts.stop.is_set():
            return record  # stopping: no new effect begins
        task = Task(parts=parts, folder=folder, record=record, rank=rank, attempts=attempts)
        task, away = _attempt(task)
        record = task.record
        if record.state.ended:
            return record
        if not is_home(task.document):
            waits.append(record.next_at)
        if away:
            break
    if all(is_home(document) for document in record.documents):
        return end(parts, record)
    lasts = record.attempts >= LASTS and not record.reason and not record.extra.get("locked")
    if lasts and _is_safe(parts, record):
        # Whatever it is (a server that breaks over this one file, an answer that nobody knows): people are told that
        # it does not come, and that it is safe.
        since = {"since": parts.now().isoformat()}
        record = parts.journal.note(record, "not_delivered_for_long", reason=BLOCKED, values=since)
    # What waits least says when it goes on: the others are looked at then as well.
    soonest = None if None in waits else min((at for at in waits if at is not None), default=None)
    return record if record.next_at == soonest else parts.journal.touch(record, next_at=soonest)


def _is_safe(parts: Parts, record: Record) -> bool:
    """True while the spool holds all that is not home yet: of what it lost nobody says that a copy is kept."""
    left = (one for one in record.documents if not is_home(one))
    return all(parts.spool.has(record.ref, signed_name(one.rank), one.signed_sha256) for one in left)


def _attempt(task: Task) -> tuple[Task, bool]:
    """Take one document as far as it goes now; True with it when the whole server is away."""
    try:
        if not task.is_spooled:
            # The spool was lost with its disk; the platform still has the document for a while.
            return _is_there(task) or fetch_again(task), False
        return _deliver(task), False
    except Locked as error:
        task = task.again()  # with what was kept of it before the obstacle
        extra = locked(task.record.extra, task.rank, _holder(task))
        return task.later("document_locked", error, extra=extra), False
    except RemoteError as error:
        log.warning("delivering %s: %s", task.record.ref, error)
        task = task.again()
        changes: dict[str, Any] = {}
        if _is_refused(error) and task.record.reason != BLOCKED:
            changes = {"reason": BLOCKED, "values": {"since": task.parts.now().isoformat()}}
        elif isinstance(error, NameRefused):
            changes = {"reason": NAME_REFUSED}
        elif task.record.reason == NAME_REFUSED and task.is_last:
            changes = {"reason": ""}  # it was renamed: something else is in its way now
        task = task.later("not_delivered", error, data={"error": str(error)}, **changes)
        return task, _is_away(error)
    except _OF_THE_WHOLE_REQUEST:
        raise
    except ConnectorError as error:
        log.warning("delivering %s: %s", task.record.ref, error)
    except Exception:  # a defect of ours met in one document must not keep the others
        log.exception("delivering a document of %s met a defect", task.record.ref)
    return task.again().later("step_failed"), False


def _is_there(task: Task) -> Task | None:
    """What was begun, and lies there byte for byte, is home: nothing of it has to be had once more."""
    intent = task.intent
    if intent is None or task.document.signed_sha256 is None:
        return None
    aside = intent.data["kind"] == "beside"
    href = Href(intent.data["href"] if aside else task.document.href)
    try:
        present = task.present(href) if href else None
    except RemoteError:
        present = None  # a look that fails says nothing: meanwhile it is fetched while the platform has it
    if present is None or present.sha256 != task.document.signed_sha256:
        return None
    return delivered_beside(task, href, str(intent.data["reason"])) if aside else delivered(task, present)


def _holder(task: Task) -> str:
    """Who has locked the document by hand, which nobody's closing it ends; empty where that is not told."""
    with suppress(RemoteError):
        return task.folder.locked_by(Href(task.document.href)) if task.document.href else ""
    return ""


def _is_refused(error: RemoteError) -> bool:
    """True for an answer that says no: an antivirus's 415, a rule's 422 come as answers that nobody expected.

    A name that is refused is told in words of its own, whatever was told before.
    """
    if isinstance(error, NameRefused):
        return False
    if isinstance(error, InvalidResponse):
        return error.status is not None and 400 <= error.status < 500 and error.status not in _PASSES
    return isinstance(error, (OutOfSpace, AccessDenied))


def _is_away(error: RemoteError) -> bool:
    """True when no document of any request would fare better: no connection, too many requests, login refused."""
    if isinstance(error, AccessDenied):
        return error.status == 401
    return isinstance(error, Unavailable) and error.status in {None, 429}


def _deliver(task: Task) -> Task:
    intent = task.intent
    if intent is not None or task.record.adopted:
        task = _locate(task)
        settled = _settle(task)
        if settled is not None:
            return settled
    if not task.document.in_place:
        return anew(task)
    if task.document.differences:
        return beside(task, "to_check")
    if intent is not None and intent.data["kind"] == "aside":
        return resume_aside(task, Href(intent.data["aside"]), again=True)
    present = present_now(task)
    if not is_base(task, present):
        # Not where it was, or not what it was: followed by its file id before anything is concluded.
        task = _locate(task)
        present = present_now(task)
    if present is None and task.document.href and not gone_for_good(task.parts, task.document):
        return task.later("document_awaited")
    if present is None:
        return beside(task, "pdf_gone")
    if not is_base(task, present):
        if is_ours(task, present):
            return delivered(task, present)
        aside = begun_before(task, present)
        if aside is not None:
            return resume_aside(task, aside)
        return beside(left_alone(task, present), "pdf_changed")
    if task.folder.capabilities().chunked_upload:
        return _as_version(task, present)
    return move_aside(task)


def _locate(task: Task) -> Task:
    """Follow the document by its file id to where it is now."""
    href, file_id = task.document.href, task.document.file_id
    if not task.folder.capabilities().search or file_id is None or task.document.role == "annex":
        return task
    entry: Entry | None
    try:
        entry = task.folder.stat(Href(href)) if href else None
    except NotFound:
        entry = None
    if entry is not None and entry.file_id == file_id:
        return task
    found = task.folder.find_by_id(FileId(file_id))
    if found is None or found.href == href:
        return task
    return task.note("document_followed", facts={"href": found.href, "renamed_to": found.name})


def _settle(task: Task) -> Task | None:
    """An open intent, or an adopted request, is a question first: was it delivered already (R8)?"""
    if task.document.href and task.document.in_place:
        present = task.present(Href(task.document.href))
        if present is not None and is_ours(task, present):
            return delivered(task, present)
    intent = task.intent
    begun = intent if intent is not None and intent.data["kind"] == "beside" else None
    reason = str(begun.data["reason"]) if begun is not None else _reason_beside(task)
    if begun is not None:
        href = Href(begun.data["href"])
        present = task.present(href)
        if present is not None and is_ours(task, present):
            return delivered_beside(task, href, reason)
    entry = found_beside(task)
    if entry is not None:
        return delivered_beside(task, entry.href, reason)
    former = found_in_versions(task) if task.document.in_place else None
    return None if former is None else delivered(task, None, version_id=former)


def _reason_beside(task: Task) -> str:
    """Why an earlier life of the journal put it beside, as far as that can be told."""
    if task.document.differences:
        return "to_check"
    return "pdf_changed" if task.document.in_place else ""


def _as_version(task: Task, present: Present) -> Task:
    assert present.fetched is not None
    fetched = present.fetched
    if fetched.etag is None:
        raise OutOfSpace("the document has no ETag to guard it by", operation="deliver")
    second = _second_of_its_own(fetched)
    if unproven(fetched.modified, fetched.date) or (second is not None and second == fetched.modified):
        return task.later("too_fresh")
    href = Href(task.document.href)
    if task.record.reason == BLOCKED and _may_not_be_written(task, href):
        # It was refused before: the whole document is not carried there again only to hear the same.
        raise AccessDenied(
            "may still not be written", service=task.folder.name, operation="deliver", status=403
        )
    keep_original(task, present)
    task = task.intend({"kind": "version", "href": href, "etag": str(fetched.etag)})
    try:
        task.folder.replace_as_version(
            href, task.signed, etag=fetched.etag, upload=_upload_of(task), modified=second
        )
    except PreconditionFailed:
        # 412: somebody, maybe we, was faster. The next look at the bytes decides.
        return task.later("deliver_refused", done=True)
    except AccessDenied:
        if not _is_alone_read_only(task, href):
            raise
        return beside(task, "pdf_read_only")
    except OutcomeUnknown as error:
        log.warning("delivering %s: no clear answer (%s); the file itself is asked", task.record.ref, error)
    return _read_back(task, href)


def _second_of_its_own(base: Fetched) -> datetime | None:
    """The time that the signed version is to bear: the second before the one in which its original was read.

    Content of one second shares ETag and version number (WebDAV facts, traps 2 and 7). Who saves after that reading
    does so in a later second: neither their version nor the signed one can take the other's place (protocol 4.6).
    None, for the server's own, where that would be earlier than the original: one of two clocks is wrong.
    """
    if base.date is None or base.modified is None:
        return None
    second = base.date - timedelta(seconds=1)
    return second if second >= base.modified else None


def _may_not_be_written(task: Task, href: Href) -> bool:
    """True when the server says so of the file itself, or of its folder."""
    file = task.folder.stat(href)
    if file.permissions is None or "W" in file.permissions:
        return False
    return not takes(task.folder.stat(file.parent).permissions or "")


def _is_alone_read_only(task: Task, href: Href) -> bool:
    """True when a file may not be overwritten in a folder that takes new ones: it is shared by itself, to be read."""
    file = task.folder.stat(href)
    if file.permissions is None or "W" in file.permissions:
        return False
    return takes(task.folder.stat(file.parent).permissions or "")


def _upload_of(task: Task) -> str:
    """Name of the upload, the same after a crash; no two documents share one."""
    name = f"jse-{task.record.ref.lower()}"
    return name if task.rank == 1 else f"{name}-{task.rank}"


def _read_back(task: Task, href: Href) -> Task:
    present = task.present(href)
    if present is not None and is_ours(task, present):
        return delivered(task, present)
    former = found_in_versions(task)
    if former is not None:
        # A person saved over it right after: theirs stands, ours is in the file's history.
        return delivered(task, None, version_id=former)
    return task.later("not_read_back")
