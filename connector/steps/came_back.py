"""Is this the signed document? One document of a transaction as it came back, judged by what it is to be.

Intact is a condition; as expected is not. What never gets better than it is counts for good after a day, or on the last
before the platform erases it. Reads the spool and the journal; writes nothing.
Source: design page section 3, last paragraph; protocol R8, step 8.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connector.errors import DocumentError, InvalidResponse, OutOfSpace
from connector.lifecycle import UNSOUND, DocumentFacts, Record
from connector.pdf.model import NOT_COMPARED, Expected, Signature, Verdict
from connector.steps import clocks
from connector.steps.anothers import foreign_signatories, is_anothers
from connector.steps.deadlines import erasure
from connector.steps.parts import Parts
from connector.steps.spooled import sent_name, signed_name

log = logging.getLogger(__name__)

_UNVERIFIED = "unverified"
"""It takes more time or memory than there is: nothing is known of its signatures."""
_NOT_INTACT = frozenset({"signature_broken", "added_later", _UNVERIFIED})
"""Codes of a document that bears signatures, or may: it is what was signed, as good as it will ever be."""
_INSISTENCE = timedelta(days=1)
"""What the platform gives for so long it will not make better."""
BAD = "bad"
"""In ``extra`` while a document that came is not what it must be: rank → ``code``, and ``since`` when it has been so
(ISO 8601, by the platform's clock)."""


@dataclass(frozen=True, kw_only=True)
class Good:
    """A document that came back as it may go home: what is known of it now, and the verdict on it."""

    document: DocumentFacts
    verdict: Verdict

    @property
    def dating(self) -> tuple[Signature, ...]:
        """The signatures that tell when each person signed: none where they are not all intact."""
        return self.verdict.signatures if self.verdict.intact else ()


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A document that came back and is not what it must be; ``code`` as of ``Verdict``, or :data:`_UNVERIFIED`."""

    document: DocumentFacts
    code: str
    error: Exception | None = None

    @property
    def came(self) -> bool:
        """True where a document came; a page, or what found no room here, may be anybody's answer."""
        return not isinstance(self.error, InvalidResponse | OutOfSpace)


def kept_before(parts: Parts, record: Record, document: DocumentFacts) -> Good | None:
    """Return what a journal that was lost had put to rest, where it is this document for certain.

    The platform may have erased its own since. Its hash went with the journal, so it is judged by meaning, as what is
    found in a folder (R8).
    """
    if not record.adopted or document.signed_sha256 is not None or not document.pages_digest:
        return None
    if not parts.spool.has(record.ref, signed_name(document.rank), None):
        return None
    path = parts.spool.path(record.ref, signed_name(document.rank))
    found = judged(parts, record, document, path, parts.spool.sha256(path))
    if isinstance(found, Bad) or found.verdict.differences or not found.verdict.intact:
        return None
    return found


def is_signed(parts: Parts, record: Record) -> bool:
    """True when one of its documents is home, or in the spool: then all have signed."""
    documents = (one for one in record.documents if one.role == "document")
    return any(one.delivered_href is not None or is_here(parts, record, one) for one in documents)


def is_here(parts: Parts, record: Record, document: DocumentFacts) -> bool:
    """True when it came intact before, and the spool still has it."""
    sha256 = document.signed_sha256
    return sha256 is not None and parts.spool.has(record.ref, signed_name(document.rank), sha256)


def judged(parts: Parts, record: Record, document: DocumentFacts, path: Path, sha256: str) -> Good | Bad:
    """Judge what came as this document, in the spool at ``path``, ``sha256`` of its bytes."""
    try:
        verdict = parts.documents.verify_signed(path, _expected(parts, record, document))
    except DocumentError as error:
        log.warning("document %d of %s cannot be verified: %s", document.rank, record.ref, error)
        document, verdict = _digested_anew(parts, record, document), unverified(parts, path)
        if is_anothers(parts, record, document, verdict):
            return Bad(document=document, code="other_document")
    if verdict.differences.get("content") == NOT_COMPARED:
        renewed = _digested_anew(parts, record, document)
        if renewed != document:
            return judged(parts, record, renewed, path, sha256)
    unsound: dict[str, str] = {}
    # Whether the platform signs annexes at all is not known: one without any signature is taken as it came.
    if not verdict.intact and not (document.role == "annex" and verdict.code == "not_signed"):
        if verdict.code not in _NOT_INTACT or not _is_final(parts, record, document, verdict.code):
            return Bad(document=document, code=verdict.code)
        log.error("document %d of %s stays what it is: %s", document.rank, record.ref, verdict.code)
        unsound = {UNSOUND: verdict.code}
    if is_anothers(parts, record, document, verdict):
        return Bad(document=document, code="other_document")
    facts: dict[str, Any] = {
        "signed_sha256": sha256,
        "signed_size": verdict.size,
        "signed_pages": verdict.pages,
        "signatures": None if verdict.code == _UNVERIFIED else len(verdict.signatures),
        "contents": tuple(signature.contents_sha256 for signature in verdict.signatures),
        "differences": {**verdict.differences, **unsound, **foreign_signatories(parts, record, verdict)},
    }
    return Good(document=document.model_copy(update=facts), verdict=verdict)


def unverified(parts: Parts, path: Path) -> Verdict:
    """Return what is known of a document whose signatures are too much: mostly whose it is, and that it bears some."""
    unknown = Verdict(intact=False, code=_UNVERIFIED, size=path.stat().st_size)
    try:
        facts = parts.documents.facts(path)
    except DocumentError:
        return unknown
    seen: dict[str, Any] = {"pages": len(facts.pages), "pages_digest": facts.pages_digest}
    if not facts.encrypted and not facts.signatures:
        seen["code"] = "not_signed"
    return unknown.model_copy(update=seen)


def _digested_anew(parts: Parts, record: Record, document: DocumentFacts) -> DocumentFacts:
    """Digest what was sent as pages are digested now: what reads them was renewed while people signed.

    As it is where what was sent is not at hand any more.
    """
    sent, name = document.sent_sha256 or document.sha256, sent_name(document.rank)
    if sent is None or not parts.spool.has(record.ref, name, sent):
        return document
    try:
        digest = parts.documents.facts(parts.spool.path(record.ref, name)).pages_digest
    except DocumentError:
        return document
    return document.model_copy(update={"pages_digest": digest})


def _is_final(parts: Parts, record: Record, document: DocumentFacts, code: str) -> bool:
    """True when nothing better than what is not known to be intact will come: for a day nothing has, or can."""
    if document.unsound:
        return True
    now, until = clocks.by_platform(parts, record.account), erasure(parts, record)
    if until is not None and until - now <= _INSISTENCE:
        return True
    return now - bad_since(parts, record, document, code) >= _INSISTENCE


def bad_since(parts: Parts, record: Record, document: DocumentFacts, code: str) -> datetime:
    """Return since when a document has been wrong in this way; one day it may be called this, the next that."""
    told = record.extra.get(BAD, {}).get(str(document.rank))
    if told is None or not (told["code"] == code or {told["code"], code} <= _NOT_INTACT):
        return clocks.by_platform(parts, record.account)
    return datetime.fromisoformat(str(told["since"]))


def _expected(parts: Parts, record: Record, document: DocumentFacts) -> Expected:
    each = parts.accounts[record.account].terms.signatures_per_signatory
    if document.role == "annex":
        each = None
    return Expected(
        pages=document.pages,
        pages_digest=document.pages_digest,
        signatures=None if each is None else each * len(record.signatories),
    )
