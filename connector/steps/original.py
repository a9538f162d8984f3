"""The unsigned original survives: proven in a kept version, else written beside (design page section 3.4)."""

from __future__ import annotations

import logging

from connector.errors import NotFound, PreconditionFailed
from connector.ports import FileId, Href
from connector.report.versions import ORIGINAL
from connector.sidecar import names
from connector.spool import copied
from connector.steps import rights
from connector.steps.homes import split
from connector.steps.labels import label
from connector.steps.present import Present
from connector.steps.spooled import sent_name
from connector.steps.task import Task

log = logging.getLogger(__name__)

_MOST_NAMES = 50
_MOUNTED = "M"
"""In ``oc:permissions``: an external storage, a team folder."""


def keep_original(task: Task, present: Present) -> None:
    """Have the original in the spool, where it outlives this machine if anything does, before it is written over (R5).

    Whoever takes up the request finds it there, if no version holds it; what was sent may have gone with a spool or a
    journal that was lost. Raises SpoolError, JournalError.
    """
    spool, record, name = task.parts.spool, task.record, sent_name(task.rank)
    if present.path is None or present.sha256 != task.document.sha256:
        return
    if not spool.has(record.ref, name, task.document.sha256):
        there = present.path
        spool.put(record.ref, name, lambda stream: copied(there, stream))
    spool.keep(record.ref, name)


def versions_are_seen(task: Task) -> bool:
    """True where people see the versions that our writing makes. Asked of what is mounted, or out of sight, alone."""
    href = Href(task.document.href)
    told = rights.told_of(task.parts, task.record.folder, href)
    if told is not None and _MOUNTED not in told:
        return True
    try:
        return not task.folder.versions_are_its_writers(href)
    except NotFound:
        return True


def prove_version(task: Task, present: Present | None, *, seen: bool) -> Task:
    """Find the version that holds the original, byte for byte, and label it; else write the original beside.

    ``seen``: as :func:`versions_are_seen` found.
    """
    version_id = _kept_version(task, present) if seen else None
    if version_id is not None:
        return task.note("original_kept", facts={"version_id": version_id})
    beside = _original_beside(task)
    # Of one that was found signed already, by its status alone, nobody knows what was sent.
    lost = beside is None and task.document.sha256 != task.document.signed_sha256
    if lost:
        log.error("no version of %s keeps the original, and it could not be written beside", task.record.ref)
    return task.note("original_beside", facts={"original_href": beside, "original_lost": lost})


def _kept_version(task: Task, present: Present | None) -> str | None:
    folder, document = task.folder, task.document
    if not folder.capabilities().versions or document.file_id is None:
        return None
    modified = present.fetched.modified if present is not None and present.fetched is not None else None
    file_id = FileId(document.file_id)
    try:
        listed = folder.versions(file_id, modified=modified)
    except NotFound:
        # Deleted and put back meanwhile: the same bytes under another id, with a history of its own.
        entry = folder.stat(Href(document.href))
        if entry.file_id is None or entry.file_id == file_id:
            return None
        file_id = entry.file_id
        listed = folder.versions(file_id, modified=modified)
    versions = [v for v in listed if not v.current and v.size == document.size]
    for version in sorted(versions, key=lambda v: v.version_id, reverse=True):
        if _holds_original(task, file_id, version.version_id):
            return version.version_id
    return None


def _holds_original(task: Task, file_id: FileId, version_id: str) -> bool:
    """Read one version; when it is the original, byte for byte, give it its name, which also spares it."""
    parts, folder, ref = task.parts, task.folder, task.record.ref
    limit = parts.accounts[task.record.account].terms.max_signed_bytes
    _, fetched = parts.spool.put(
        ref,
        "version.pdf",
        lambda stream: folder.get_version(file_id, version_id, stream, max_bytes=limit),
    )
    if fetched.sha256 != task.document.sha256:
        return False
    label(task, file_id, version_id, ORIGINAL)
    return True


def _original_beside(task: Task) -> Href | None:
    spool, record, document = task.parts.spool, task.record, task.document
    if not spool.has(record.ref, sent_name(task.rank), document.sha256):
        return None  # the spool has it no more
    content = spool.path(record.ref, sent_name(task.rank))
    parent, name = split(document.href)
    for number in range(1, _MOST_NAMES):
        href = Href(parent + names.original_name(name, number))
        try:
            task.folder.create(href, content)
        except PreconditionFailed:
            present = task.present(href)
            if present is None or present.sha256 is None or present.sha256 != document.sha256:
                continue
        return href
    return None
