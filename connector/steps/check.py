"""Step 3, check: request × documents × the folder's policy → accepted, or every problem at once.

Reads nothing but the spool; decides nothing about copies or moves (that is ``judge``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connector import policy, validation
from connector.errors import DocumentError, Problem
from connector.identity import canonical_email, carried_digest, digest_of, key_of
from connector.images.convert import warnings_of as picture_warnings
from connector.lifecycle import DocumentFacts
from connector.pdf.facts import DocumentLimits, problems_of, warnings_of
from connector.pdf.model import PdfFacts
from connector.placement import PlacedAll, Sheet, place_all
from connector.ports import Box, Entry
from connector.sidecar import names
from connector.sidecar.model import SignatureRequest, Wish
from connector.steps.parts import AccountSettings, FolderSettings, Parts
from connector.steps.read import ReadDocument, megabytes


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One document, read and looked into. ``facts`` is None when it cannot be."""

    read: ReadDocument
    facts: PdfFacts | None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A request held against its documents and its folder. Sendable only when ``problems`` is empty."""

    request: SignatureRequest
    account: str
    subject: str
    message: str
    documents: tuple[Judged, ...]
    placed: PlacedAll
    wish: Wish
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes on the main document."""
        return self.documents[0].boxes

    @property
    def main(self) -> ReadDocument:
        """The main document, of rank 1."""
        return self.documents[0].read


@dataclass
class _Found:
    """What is gathered on the way through the documents."""

    judged: list[Judged] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def check(
    parts: Parts,
    settings: FolderSettings,
    request: SignatureRequest,
    documents: Sequence[ReadDocument],
    name: str,
) -> Checked:
    """Judge one request; ``documents`` by rank, ``name`` is what its subject is made of where none was written.

    Raises nothing about content: problems are values.
    """
    account, problems = policy.account_of(request, settings.accounts)
    terms = parts.accounts[account].terms
    subject, found = validation.subject_of(request, name, terms)
    problems += found
    message, found = validation.message_of(request, terms)
    problems += found
    problems += policy.problems_of(
        request,
        refuse_domains=settings.refuse_domains,
        refuse_phones=settings.refuse_phones,
        allow_domains=settings.allow_domains,
        same_phone_refused=settings.same_phone_refused,
    )
    looked = _look_into(parts, documents, terms.max_document_bytes)
    placed = PlacedAll()
    if not looked.problems:
        placed = _placed(parts, looked, request, parts.accounts[account])
        looked.problems += placed.problems
    judged = tuple(
        Judged(read=one.read, facts=one.facts, boxes=tuple(placed.boxes.get(one.read.rank, ())))
        for one in looked.judged
    )
    if not looked.problems:
        for one in judged:
            looked.problems += parts.accounts[account].box_problems(one.boxes)
    return Checked(
        request=request,
        account=account,
        subject=subject,
        message=message,
        documents=judged,
        placed=placed,
        wish=policy.may_go(request, settings.ceiling),
        problems=tuple(problems + looked.problems),
        warnings=tuple(looked.warnings),
    )


def document_problems(parts: Parts, documents: Sequence[ReadDocument], max_bytes: int) -> list[Problem]:
    """Return what is wrong with documents alone, for a request that cannot be read itself."""
    return _look_into(parts, documents, max_bytes).problems


def _look_into(parts: Parts, documents: Sequence[ReadDocument], max_bytes: int) -> _Found:
    """Look into each document; every problem of every one is told, and names its file where there are several."""
    found = _Found()
    for one in documents:
        name = one.entry.name if one.rank > 1 else ""
        facts: PdfFacts | None = None
        if one.fault:
            found.problems.append(Problem(code=one.fault, values={"document": name}))
        elif one.path is None:
            limit = f"{max_bytes / 1_000_000:g}"
            values = {"size_mb": megabytes(one.size), "limit_mb": limit, "document": name}
            found.problems.append(Problem(code="pdf_too_large", values=values))
        else:
            try:
                facts = parts.documents.facts(one.path)
            except DocumentError as error:
                found.problems.append(Problem(code=error.code, values={"document": name}))
            else:
                found.problems += problems_of(facts, DocumentLimits(max_bytes=max_bytes), document=name)
                found.warnings += warnings_of(facts, document=name)
        if one.picture is not None:
            found.warnings += picture_warnings(one.picture, document=name)
        found.judged.append(Judged(read=one, facts=facts))
    return found


def _placed(parts: Parts, looked: _Found, request: SignatureRequest, account: AccountSettings) -> PlacedAll:
    sheets = [
        Sheet(
            rank=one.read.rank,
            name=one.read.entry.name,
            facts=one.facts,
            free=parts.documents.free_room(one.read.path),
            find=parts.documents.find_text(one.read.path),
            annex=one.read.role == "annex",
        )
        for one in looked.judged
        if one.facts is not None and one.read.path is not None
    ]
    try:
        return place_all(
            sheets,
            request.signatories,
            annexes_need_boxes=account.terms.annexes_need_boxes,
            with_logo=request.logo,
            box_size=account.box_size,
        )
    except DocumentError as error:
        return PlacedAll(problems=[Problem(code=error.code, values={"document": ""})])


def emails_of(checked: Checked) -> list[str]:
    """Return the addresses in signing order, each in its one form."""
    return [canonical_email(signatory.email) for signatory in checked.request.signatories]


def keyed(checked: Checked, ask: str) -> tuple[str, dict[str, object]]:
    """Return the request's key and its parts (protocol R1): the bytes as found in the folder, by role, in order."""
    emails = [signatory.email for signatory in checked.request.signatories]
    documents = [(one.read.role, one.read.sha256) for one in checked.documents]
    return key_of(documents, checked.account, emails, ask)


def carried(parts: Parts, checked: Checked) -> str:
    """Digest of everything its transaction would carry (protocol R2)."""
    account = parts.accounts[checked.account]
    return carried_digest(
        checked.request,
        boxes={one.read.rank: one.boxes for one in checked.documents},
        documents=[(one.read.entry.name, one.read.travels) for one in checked.documents],
        subject=checked.subject,
        message=checked.message,
        sender=account.sender,
        contract=account.terms.digest,
    )


def document_facts(judged: Judged) -> DocumentFacts:
    """Return what the journal keeps of a document that was judged."""
    read, facts = judged.read, judged.facts
    return DocumentFacts(
        rank=read.rank,
        role=read.role,
        href=read.entry.href,
        file_id=read.entry.file_id,
        etag=read.etag,
        sha256=read.sha256 or None,
        sent_sha256=read.sent_sha256,
        size=read.size,
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
                "width": box.width,
                "height": box.height,
                "with_logo": box.with_logo,
            }
            for box in judged.boxes
        ),
    )


def subject_name(entry: Entry | None, sidecar_name: str) -> str:
    """Return the name that a default subject is made of: the document's own, else the request's."""
    name = entry.name if entry is not None else names.document_name(sidecar_name)
    return names.image_pdf_name(name)


def settings_digest(
    settings: FolderSettings,
    accounts: Sequence[AccountSettings],
    beside: Iterable[Entry] = (),
    closed: Sequence[Sequence[str]] = (),
) -> str:
    """Digest of all that a verdict rests on besides the pair: when it moves, what waits is judged again.

    The administrator's settings; ``beside``, the files that were looked at: settings, messages, further documents;
    and ``closed``, the public links that are in its way.
    """
    return digest_of(
        [
            settings.accounts,
            settings.ceiling.value,
            settings.owners,
            settings.links_refused,
            settings.allow_domains,
            settings.refuse_domains,
            settings.refuse_phones,
            settings.same_phone_refused,
            settings.levels,
            settings.drop_allowed,
            [[account.name, account.sender, account.terms.digest] for account in accounts],
            sorted([str(entry.href), str(entry.etag), str(entry.size)] for entry in beside),
            closed,
        ]
    )
