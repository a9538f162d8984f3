"""What a verdict rests on, brought here: the sidecar, what it asks for, its documents and what is wrong with them.

Reads the folder and fills the spool, decides nothing: many may be brought side by side, and are judged one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.identity import new_reference
from connector.sidecar.model import SignatureRequest
from connector.steps import askers
from connector.steps import check as checking
from connector.steps.asked import Asked, understand
from connector.steps.case import Case
from connector.steps.read import ReadDocument, ReadSidecar, read_document, read_request


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One sidecar with all that it asks for. ``ref``: under which its documents lie in the spool."""

    ref: str
    sidecar: ReadSidecar
    asked: Asked
    case: Case
    """With its main document, where that bears another name."""
    documents: tuple[ReadDocument, ...]
    checked: checking.Checked | None = None
    """The request held against its documents, where that was done ahead."""


def bring(case: Case) -> Evidence:
    """Bring all that one sidecar asks for. NotSettled while a file it names is still being written; remote errors pass.

    Whatever comes after, and fails: what lies in the spool under ``ref`` is the caller's to free.
    """
    ref = case.target.ref if case.target else new_reference()
    sidecar = read_sidecar(case)
    asked = understand(case, sidecar)
    try:
        return brought(case, ref, sidecar, asked)
    except BaseException:
        if case.target is None:
            case.parts.spool.forget(ref)
        raise


def past_signed(case: Case, evidence: Evidence) -> Evidence:
    """Bring the picture where the PDF under the request's name is what an earlier picture came back as, signed.

    That one is nothing to be signed, nor to be replaced. Raises as :func:`bring`; the spool is still the caller's.
    """
    pair = case.sight.past_signed(case.pair)
    if pair.signed is None or not evidence.documents or not _came_back_as(case, evidence.documents[0].sha256):
        return evidence
    case = replace(case, pair=pair)
    sidecar = read_sidecar(case)
    return brought(case, evidence.ref, sidecar, understand(case, sidecar))


def _came_back_as(case: Case, sha256: str) -> bool:
    """True for what a picture came back as."""
    return any(
        one.converted and one.signed_sha256 == sha256
        for known in (case.journal.knowing(sha256=sha256) if sha256 else ())
        for one in known.documents
    )


def read_sidecar(case: Case) -> ReadSidecar:
    """Fetch and read the sidecar of a case."""
    folder, pair = case.parts.folders[case.settings.server], case.pair
    return read_request(folder, pair.sidecar.href, pdf_name=pair.document_name, size=pair.sidecar.size)


def brought(case: Case, ref: str, sidecar: ReadSidecar, asked: Asked) -> Evidence:
    """Fetch what a sidecar, understood, names, and the links told to it. Raises remote errors, SpoolError."""
    case = replace(case, pair=asked.pair)
    askers.ask(case.parts, case.settings, asked.deciding, seen_at=case.sight.at)
    documents = tuple(read_documents(case, asked, ref))
    return Evidence(ref=ref, sidecar=sidecar, asked=asked, case=case, documents=documents)


def checked(evidence: Evidence) -> Evidence:
    """Hold a request against its documents beforehand, where a verdict is likely to need that."""
    asked, request = evidence.asked, evidence.asked.request
    if request is None or asked.problems or asked.gathered.missing or not evidence.documents:
        return evidence
    return replace(evidence, checked=check(evidence.case, asked, request, evidence.documents))


def check(
    case: Case, asked: Asked, request: SignatureRequest, documents: Sequence[ReadDocument]
) -> checking.Checked:
    """Hold a request, and whose the files are that decide of it, against its documents and its folder."""
    subject = checking.subject_name(case.pair.document if case.pair.own else None, case.pair.sidecar.name)
    checked = checking.check(case.parts, case.settings, request, documents, subject)
    strangers = askers.owner_problems(case.settings, asked.deciding)
    return replace(checked, problems=(*strangers, *checked.problems))


def read_documents(case: Case, asked: Asked, ref: str) -> list[ReadDocument]:
    """Fetch every document into the spool under ``ref``, by rank. Raises remote errors, SpoolError."""
    parts = case.parts
    folder = parts.folders[case.settings.server]
    limit = parts.accounts[case.settings.accounts[0]].terms.max_document_bytes
    return [
        read_document(
            parts,
            folder,
            entry,
            ref=ref,
            rank=rank,
            role="document" if rank <= len(asked.gathered.documents) else "annex",
            max_bytes=limit,
        )
        for rank, entry in enumerate(asked.gathered.all, start=1)
    ]
