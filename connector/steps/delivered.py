"""Was this signed document delivered already? Decided by meaning, not by hash alone (protocol R8). Reads only.

Looked for at the path, among the PDFs of the folder, and in the versions of the file. Several documents of one
transaction are signed by the same people at the same time: what one of them was signed to is never another's.
"""

from __future__ import annotations

from connector.errors import DocumentError, NotFound
from connector.lifecycle import DocumentFacts, Record
from connector.pdf.model import Verdict
from connector.ports import Entry, FileId, Href
from connector.steps.homes import Spot, spot_of
from connector.steps.present import Present
from connector.steps.spooled import present_name
from connector.steps.task import Task

_MOST_CANDIDATES = 20


def is_ours(task: Task, present: Present) -> bool:
    """True when these bytes are this document as this transaction's people signed it, however sealed.

    All that came back signed must be in it, perhaps with more: what only some have signed yet is not it.
    """
    document = task.document
    if present.sha256 is None or present.path is None:
        return False
    if present.sha256 == document.signed_sha256:
        return True
    if present.sha256 in {document.sha256, document.sent_sha256} or _anothers(task, present.sha256):
        return False
    try:
        verdict = task.parts.documents.verify_signed(present.path)
    except DocumentError:
        return False
    if not verdict.intact:
        return False
    contents = {signature.contents_sha256 for signature in verdict.signatures}
    if document.contents and contents >= set(document.contents):
        return True
    if any(contents & set(other.contents) for other in _others(task)):
        return False
    return _sealed_anew(task, present, verdict)


def _sealed_anew(task: Task, present: Present, verdict: Verdict) -> bool:
    """The same pages, signed since we sent them, by as many people: another sealing by the platform."""
    document, record = task.document, task.record
    since = record.sent_at or record.created_at
    return (
        bool(document.pages_digest)
        and verdict.pages_digest == document.pages_digest
        and len(verdict.signatures) >= len(record.signatories)
        and all(s.signed_at is None or s.signed_at >= since for s in verdict.signatures)
        and not _is_anothers_place(task, present.entry_href)
        and (not _has_twin(task) or _of_its_own(task, present.entry_href))
        and _by_the_same(task, verdict)
    )


def _by_the_same(task: Task, verdict: Verdict) -> bool:
    """True when whoever signed what came from the platform has signed this, with the same keys.

    Names and dates are whatever a signer says they are: anybody can sign the pages that were sent, in any name.
    """
    try:
        ours = task.parts.documents.verify_signed(task.signed)
    except DocumentError:
        return False
    known = {signature.certificate_sha256 for signature in ours.signatures}
    return bool(known) and known <= {signature.certificate_sha256 for signature in verdict.signatures}


def _has_twin(task: Task) -> bool:
    """True when another document of the transaction shows the very same pages: only the place tells them apart."""
    return any(other.pages_digest == task.document.pages_digest for other in _others(task))


def _is_anothers_place(task: Task, href: Href) -> bool:
    """True where a document of another request lies that is not over: of two equal letters each is signed for itself.

    What that one came back as may not be known yet: after a lost journal they are looked for in any order.
    """
    if href in {task.document.href, task.document.delivered_href}:
        return False
    return any(
        one.role == "document" and href in {one.href, one.delivered_href}
        for other in task.parts.journal.touching(task.record.server, [href], [])
        if other.id != task.record.id
        for one in other.documents
    )


def _of_its_own(task: Task, href: Href) -> bool:
    document, spot = task.document, spot_of(task)
    if href in {document.href, document.delivered_href}:
        return True
    return spot is not None and any(href in spot.hrefs(to_check=unsure) for unsure in (False, True))


def _others(task: Task) -> tuple[DocumentFacts, ...]:
    return tuple(one for one in task.record.documents if one.rank != task.rank)


def _anothers(task: Task, sha256: str) -> bool:
    """True when these bytes are known as what another document was signed to, of this request or of any other."""
    if any(other.signed_sha256 == sha256 for other in _others(task)):
        return True
    return any(
        other.id != task.record.id and _signed_to(other, sha256)
        for other in task.parts.journal.knowing(sha256=sha256)
    )


def _signed_to(record: Record, sha256: str) -> bool:
    return any(document.signed_sha256 == sha256 for document in record.documents)


def found_beside(task: Task) -> Entry | None:
    """Look for the signed document in its folder: among all PDFs where it has a place of its own, else by name.

    What comes as a new file (an annex, the PDF of an image) bears a name that we gave it.
    """
    spot = spot_of(task)
    if spot is None:
        return None
    try:
        listing = task.folder.list(Href(spot.parent))
    except NotFound:
        return None
    files = [entry for entry in listing.entries if not entry.is_folder]
    candidates = _any_pdf(task, files) if task.document.in_place else _by_name(task, spot, files)
    for entry in candidates[:_MOST_CANDIDATES]:
        present = task.present(entry.href)
        if present is not None and is_ours(task, present):
            return entry
    return None


def _any_pdf(task: Task, files: list[Entry]) -> list[Entry]:
    document = task.document
    taken = {href for one in task.record.documents for href in (one.href, one.delivered_href)}
    found = [
        entry
        for entry in files
        if entry.name.casefold().endswith(".pdf") and entry.href not in taken and _possible(task, entry)
    ]
    return sorted(found, key=lambda entry: (entry.size != document.signed_size, entry.name))


def _by_name(task: Task, spot: Spot, files: list[Entry]) -> list[Entry]:
    by_href = {entry.href: entry for entry in files}
    wanted = [href for unsure in (False, True) for href in spot.hrefs(to_check=unsure)]
    return [by_href[href] for href in wanted if href in by_href]


def _possible(task: Task, entry: Entry) -> bool:
    if entry.size == task.document.signed_size or entry.size is None:
        return True
    # Another sealing has another size; it can only be younger than the launch.
    since = task.record.sent_at or task.record.created_at
    return task.record.adopted and (entry.modified is None or entry.modified >= since)


def found_in_versions(task: Task) -> str | None:
    """Look for the signed document in the versions of the file: a person may have restored or edited since."""
    document, parts = task.document, task.parts
    if document.file_id is None or not task.folder.capabilities().versions:
        return None
    file_id = FileId(document.file_id)
    try:
        versions = task.folder.versions(file_id)
    except NotFound:
        return None
    limit = parts.accounts[task.record.account].terms.max_signed_bytes
    for version in versions:
        if version.current or version.size != document.signed_size:
            continue
        _, fetched = parts.spool.put(
            task.record.ref,
            present_name(task.rank),
            lambda stream, v=version.version_id: task.folder.get_version(  # type: ignore[misc]
                file_id, v, stream, max_bytes=limit
            ),
        )
        if fetched.sha256 == document.signed_sha256:
            return version.version_id
    return None
