"""Step 3, check: request × PDF facts × the folder's policy → accepted, or every problem at once.

Reads nothing but the spool; decides nothing about copies or moves (that is ``judge``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector import policy, validation
from connector.errors import DocumentError, Problem
from connector.identity import canonical_email, carried_digest, digest_of, key_of
from connector.lifecycle import DocumentFacts, SignatoryFacts
from connector.pdf.facts import DocumentLimits, problems_of
from connector.pdf.model import PdfFacts
from connector.placement import place
from connector.ports import Box
from connector.sidecar.model import SignatureRequest, Wish
from connector.steps.parts import AccountSettings, FolderSettings, Parts
from connector.steps.read import ReadDocument, megabytes


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A request held against its PDF and its folder. Sendable only when ``problems`` is empty."""

    request: SignatureRequest
    account: str
    subject: str
    message: str
    facts: PdfFacts | None
    boxes: tuple[Box, ...]
    wish: Wish
    problems: tuple[Problem, ...]


def check(
    parts: Parts, settings: FolderSettings, request: SignatureRequest, document: ReadDocument, name: str
) -> Checked:
    """Judge one request; ``name`` is its PDF's name. Raises nothing about content: problems are values."""
    account, problems = policy.account_of(request, settings.accounts)
    terms = parts.accounts[account].terms
    subject, found = validation.subject_of(request, name, terms)
    problems += found
    message, found = validation.message_of(request, terms)
    problems += found
    problems += policy.problems_of(
        request,
        refuse_domains=settings.refuse_domains,
        same_phone_refused=settings.same_phone_refused,
    )
    facts, boxes, found = _judge_document(parts, document, request, terms.max_document_bytes)
    problems += found or parts.accounts[account].box_problems(boxes)
    return Checked(
        request=request,
        account=account,
        subject=subject,
        message=message,
        facts=facts,
        boxes=tuple(boxes),
        wish=policy.may_go(request, settings.ceiling),
        problems=tuple(problems),
    )


def document_problems(parts: Parts, document: ReadDocument, max_bytes: int) -> list[Problem]:
    """Return what is wrong with a PDF alone, for a request that cannot be read itself."""
    return _judge_document(parts, document, None, max_bytes)[2]


def _judge_document(
    parts: Parts, document: ReadDocument, request: SignatureRequest | None, max_bytes: int
) -> tuple[PdfFacts | None, Sequence[Box], list[Problem]]:
    limit_mb = f"{max_bytes / 1_000_000:g}"
    if document.path is None:
        return (
            None,
            (),
            [
                Problem(
                    code="pdf_too_large", values={"size_mb": megabytes(document.size), "limit_mb": limit_mb}
                )
            ],
        )
    try:
        facts = parts.documents.facts(document.path)
        problems = problems_of(facts, DocumentLimits(max_bytes=max_bytes))
        if problems or request is None:
            return facts, (), problems
        placed = place(facts, request.signatories, parts.documents.free_room(document.path))
    except DocumentError as error:
        return None, (), [Problem(code=error.code)]
    return facts, placed.boxes, placed.problems


def emails_of(checked: Checked) -> list[str]:
    """Return the addresses in signing order, each in its one form."""
    return [canonical_email(signatory.email) for signatory in checked.request.signatories]


def keyed(checked: Checked, document: ReadDocument, ask: str) -> tuple[str, dict[str, object]]:
    """Return the request's key and its parts (protocol R1)."""
    emails = [signatory.email for signatory in checked.request.signatories]
    return key_of([("document", document.sha256)], checked.account, emails, ask)


def carried(parts: Parts, checked: Checked) -> str:
    """Digest of everything its transaction would carry (protocol R2)."""
    account = parts.accounts[checked.account]
    return carried_digest(
        checked.request,
        boxes=checked.boxes,
        subject=checked.subject,
        message=checked.message,
        sender=account.sender,
        contract=account.terms.digest,
    )


def document_facts(
    href: str, file_id: str | None, document: ReadDocument, checked: Checked | None
) -> DocumentFacts:
    """Return what the journal keeps of the document that was judged."""
    facts = checked.facts if checked else None
    boxes = checked.boxes if checked else ()
    return DocumentFacts(
        href=href,
        file_id=file_id,
        etag=document.etag,
        sha256=document.sha256 or None,
        size=document.size,
        pages=len(facts.pages) if facts else None,
        pages_digest=facts.pages_digest if facts else None,
        boxes=tuple(
            {
                "signatory": box.signatory,
                "page": box.page,
                "x": box.x,
                "y": box.y,
                "page_width": box.page_width,
                "page_height": box.page_height,
            }
            for box in boxes
        ),
    )


def signatory_facts(checked: Checked) -> tuple[SignatoryFacts, ...]:
    """Return the signatories as the status shows them, in signing order."""
    pages = {box.signatory: box.page for box in checked.boxes}
    return tuple(
        SignatoryFacts(
            order=order,
            email=signatory.email,
            name=signatory.name,
            phone=signatory.phone,
            place=f"page {pages[order]}" if order in pages else "",
        )
        for order, signatory in enumerate(checked.request.signatories, start=1)
    )


def settings_digest(settings: FolderSettings, accounts: Sequence[AccountSettings]) -> str:
    """Digest of the administrator's settings that a verdict rests on: when it moves, what waits is judged again."""
    return digest_of(
        [
            settings.accounts,
            settings.ceiling.value,
            settings.refuse_domains,
            settings.same_phone_refused,
            [[account.name, account.sender, account.terms.digest] for account in accounts],
        ]
    )
