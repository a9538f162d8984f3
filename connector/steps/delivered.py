"""Was this signed document delivered already? Decided by meaning, not by hash alone (protocol R8). Reads only.

Looked for at the path, among the PDFs of the folder, and in the versions of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connector.errors import DocumentError, NotFound, OutOfSpace
from connector.lifecycle import Record
from connector.ports import Entry, Fetched, FileId, Folder, Href
from connector.steps.parts import Parts

PRESENT_NAME = "present.pdf"
_MOST_CANDIDATES = 20


@dataclass(frozen=True, kw_only=True)
class Present:
    """What lies at a path now. ``path`` is the downloaded copy, None when it is larger than anything of ours."""

    entry_href: Href
    fetched: Fetched | None
    path: Path | None


def present_at(parts: Parts, folder: Folder, record: Record, href: Href) -> Present | None:
    """Fetch what lies at ``href``; None when nothing does."""
    limit = parts.accounts[record.account].terms.max_signed_bytes
    try:
        path, fetched = parts.spool.put(
            record.ref, PRESENT_NAME, lambda stream: folder.get(href, stream, max_bytes=limit)
        )
    except NotFound:
        return None
    except OutOfSpace:
        return Present(entry_href=href, fetched=None, path=None)
    return Present(entry_href=href, fetched=fetched, path=path)


def is_ours(parts: Parts, record: Record, present: Present) -> bool:
    """True when these bytes are this transaction's signed document, however sealed."""
    if present.fetched is None or present.path is None:
        return False
    if present.fetched.sha256 == record.document.signed_sha256:
        return True
    if present.fetched.sha256 == record.document.sha256:
        return False
    claimed = any(
        other.id != record.id and other.document.signed_sha256 == present.fetched.sha256
        for other in parts.journal.knowing(sha256=present.fetched.sha256)
    )
    if claimed:
        return False
    try:
        verdict = parts.documents.verify_signed(present.path)
    except DocumentError:
        return False
    if not verdict.intact:
        return False
    contents = {signature.contents_sha256 for signature in verdict.signatures}
    if contents & set(record.extra.get("contents", ())):
        return True
    # Sealed anew by the platform: the same pages, signed since we sent them, by as many people.
    since = record.sent_at or record.created_at
    return (
        bool(record.document.pages_digest)
        and verdict.pages_digest == record.document.pages_digest
        and len(verdict.signatures) >= len(record.signatories)
        and all(s.signed_at is None or s.signed_at >= since for s in verdict.signatures)
    )


def found_beside(parts: Parts, folder: Folder, record: Record) -> Entry | None:
    """Look for the signed document among the PDFs of its folder."""
    if not record.document.href:
        return None
    parent = Href(record.document.href.rsplit("/", 1)[0] + "/")
    try:
        listing = folder.list(parent)
    except NotFound:
        return None
    candidates = [e for e in listing.entries if not e.is_folder and e.name.casefold().endswith(".pdf")]
    candidates.sort(key=lambda e: (e.size != record.document.signed_size, e.name))
    for entry in candidates[:_MOST_CANDIDATES]:
        if entry.href == record.document.href or not _possible(record, entry):
            continue
        present = present_at(parts, folder, record, entry.href)
        if present is not None and is_ours(parts, record, present):
            return entry
    return None


def _possible(record: Record, entry: Entry) -> bool:
    if entry.size == record.document.signed_size or entry.size is None:
        return True
    # Another sealing has another size; it can only be younger than the launch.
    since = record.sent_at or record.created_at
    return record.adopted and (entry.modified is None or entry.modified >= since)


def found_in_versions(parts: Parts, folder: Folder, record: Record) -> bool:
    """Look for the signed document in the versions of the file: a person may have restored or edited since."""
    if record.document.file_id is None or not folder.capabilities().versions:
        return False
    try:
        versions = folder.versions(FileId(record.document.file_id))
    except NotFound:
        return False
    limit = parts.accounts[record.account].terms.max_signed_bytes
    for version in versions:
        if version.current or version.size != record.document.signed_size:
            continue
        _, fetched = parts.spool.put(
            record.ref,
            PRESENT_NAME,
            lambda stream, v=version.version_id: folder.get_version(  # type: ignore[misc]
                FileId(str(record.document.file_id)), v, stream, max_bytes=limit
            ),
        )
        if fetched.sha256 == record.document.signed_sha256:
            return True
    return False
