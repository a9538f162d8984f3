"""The unsigned original survives: proven in a kept version, else written beside (design page section 3.4)."""

from __future__ import annotations

import logging

from connector.errors import (
    NotFound,
    PreconditionFailed,
    RemoteError,
)
from connector.lifecycle import Record
from connector.ports import FileId, Folder, Href
from connector.sidecar import names
from connector.steps.delivered import Present, present_at
from connector.steps.parts import Parts
from connector.steps.spooled import sent_name

log = logging.getLogger(__name__)

_MOST_NAMES = 50
_MOST_LABEL_TRIES = 4
BLOCKED = "delivery_blocked"
"""No room, or no right to write: told, since it may last until a person acts."""
VERSION_LABEL = {"fr": "Original avant signature", "en": "Original before signing"}


def prove_version(parts: Parts, folder: Folder, record: Record, present: Present | None) -> Record:
    """Find the version that holds the original, byte for byte, and label it; else write the original beside."""
    version_id = _kept_version(parts, folder, record, present)
    if version_id is not None:
        document = record.document.model_copy(update={"version_id": version_id})
        return parts.journal.note(record, "original_kept", document=document)
    href = _original_beside(parts, folder, record)
    document = record.document.model_copy(update={"original_href": href})
    return parts.journal.note(record, "original_beside", document=document)


def _kept_version(parts: Parts, folder: Folder, record: Record, present: Present | None) -> str | None:
    if not folder.capabilities().versions or record.document.file_id is None:
        return None
    modified = present.fetched.modified if present is not None and present.fetched is not None else None
    file_id = FileId(record.document.file_id)
    try:
        listed = folder.versions(file_id, modified=modified)
    except NotFound:
        # Deleted and put back meanwhile: the same bytes under another id, with a history of its own.
        entry = folder.stat(Href(record.document.href))
        if entry.file_id is None or entry.file_id == file_id:
            return None
        file_id = entry.file_id
        listed = folder.versions(file_id, modified=modified)
    versions = [v for v in listed if not v.current and v.size == record.document.size]
    for version in sorted(versions, key=lambda v: v.version_id, reverse=True):
        if _holds_original(parts, folder, record, file_id, version.version_id):
            return version.version_id
    return None


def _holds_original(parts: Parts, folder: Folder, record: Record, file_id: FileId, version_id: str) -> bool:
    """Read one version; when it is the original, byte for byte, give it its name, which also spares it."""
    limit = parts.accounts[record.account].terms.max_signed_bytes
    _, fetched = parts.spool.put(
        record.ref,
        "version.pdf",
        lambda stream: folder.get_version(file_id, version_id, stream, max_bytes=limit),
    )
    if fetched.sha256 != record.document.sha256:
        return False
    label = VERSION_LABEL.get(parts.report.language, VERSION_LABEL["en"])
    try:
        folder.label_version(file_id, version_id, label)
    except RemoteError as error:
        if record.attempts < _MOST_LABEL_TRIES:
            raise  # the label also spares it from thinning: worth another try
        log.warning("the original's version of %s could not be labelled: %s", record.ref, error)
    return True


def _original_beside(parts: Parts, folder: Folder, record: Record) -> Href | None:
    if not parts.spool.has(record.ref, sent_name(1), record.document.sha256):
        log.error("no version of %s keeps the original, and the spool has it no more", record.ref)
        return None
    content = parts.spool.path(record.ref, sent_name(1))
    parent, name = split(record.document.href)
    for number in range(1, _MOST_NAMES):
        href = Href(parent + names.original_name(name, number))
        try:
            folder.create(href, content)
        except PreconditionFailed:
            present = present_at(parts, folder, record, href)
            if present is None or present.fetched is None or present.fetched.sha256 != record.document.sha256:
                continue
        return href
    return None


def split(href: str) -> tuple[str, str]:
    """Return (folder, name of the PDF) for an href; a sidecar stands for its PDF."""
    parent, _, name = href.rpartition("/")
    return parent + "/", names.document_name(name) if names.is_sidecar(name) else name
