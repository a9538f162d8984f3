"""Step 8, fetch and verify: every signed PDF of the transaction comes to rest in the spool, or it is told why not.

Intact is a condition (else quarantined, fetched again later); as expected is not (else delivered beside). What has
come is kept while the others are fetched again. Where the platform gives signed pages, and nothing better for a day,
nothing better is to be had before it erases them: then these come beside, too, and it is said what is wrong. So does
what is too much to be verified.
Source: design page section 3, last paragraph; protocol step 8.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    DocumentError,
    InvalidResponse,
    NotFound,
    OutOfSpace,
    RemoteError,
)
from connector.lifecycle import TRANSITIONS, UNSOUND, DocumentFacts, Event, Record
from connector.pdf.model import NOT_COMPARED, Expected, Signature, Verdict
from connector.ports import TransactionId
from connector.steps import clocks, forgotten, waiting
from connector.steps.anothers import foreign_signatories, is_anothers
from connector.steps.dates import dated
from connector.steps.deadlines import erased, erasure
from connector.steps.meanwhile import as_it_is_now
from connector.steps.parts import Parts
from connector.steps.spooled import sent_name, signed_name
from connector.steps.task import NEVER_CAME, Task

log = logging.getLogger(__name__)

_ASK_AGAIN_AFTER = 6
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
class _Good:
    """A document that came back as it may go home: what is known of it now, and the verdict on it."""

    document: DocumentFacts
    verdict: Verdict

    @property
    def dating(self) -> tuple[Signature, ...]:
        """The signatures that tell when each person signed: none where they are not all intact."""
        return self.verdict.signatures if self.verdict.intact else ()


@dataclass(frozen=True, kw_only=True)
class _Bad:
    """A document that came back and is not what it must be; ``code`` as of ``Verdict``, or :data:`_UNVERIFIED`."""

    document: DocumentFacts
    code: str
    error: Exception | None = None

    @property
    def came(self) -> bool:
        """True where a document came; a page, or what found no room here, may be anybody's answer."""
        return not isinstance(self.error, InvalidResponse | OutOfSpace)


def fetch(parts: Parts, record: Record) -> Record:
    """SEALING or QUARANTINED → DELIVERING, QUARANTINED, LOST; or the same, to be tried later.

    Raises JournalError, SpoolError (nothing is ever delivered from memory).
    """
    bad: list[_Bad] = []
    for document in record.documents:
        kept = _kept_before(parts, record, document)
        if kept is not None:
            record = _one_here(parts, record, kept)
    wanted = [document for document in record.documents if not _is_here(parts, record, document)]
    try:
        for document in wanted:
            found = _fetched(parts, record, document)
            record = as_it_is_now(parts, record)
            if isinstance(found, _Bad):
                bad.append(found)
                record = _begun(parts, record, found)
            elif bad or document.rank != wanted[-1].rank:
                record = _one_here(parts, record, found)
            else:
                return _all_here(parts, record, found)
    except NotFound as error:
        return _not_known(parts, record, error)
    except AnsweredNo as error:
        if error.cause.account_wide:
            waiting.hold_account(parts, record.account, error)
        return _later(parts, record, error)
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account, error)
        return _later(parts, record, error)
    except RemoteError as error:
        return _not_ready(parts, record, error)
    return _quarantine(parts, record, bad) if bad else _all_here(parts, record, None)


def lies_in_the_spool(parts: Parts, record: Record) -> bool:
    """True when an earlier life of the journal had fetched every document of a request, and the spool outlived it."""
    return all(_kept_before(parts, record, document) is not None for document in record.documents)


def _kept_before(parts: Parts, record: Record, document: DocumentFacts) -> _Good | None:
    """Return what a journal that was lost had put to rest, where it is this document for certain.

    The platform may have erased its own since. Its hash went with the journal, so it is judged by meaning, as what is
    found in a folder (R8).
    """
    if not record.adopted or document.signed_sha256 is not None or not document.pages_digest:
        return None
    if not parts.spool.has(record.ref, signed_name(document.rank), None):
        return None
    path = parts.spool.path(record.ref, signed_name(document.rank))
    found = _judged(parts, record, document, path, parts.spool.sha256(path))
    if isinstance(found, _Bad) or found.verdict.differences or not found.verdict.intact:
        return None
    return found


def _is_here(parts: Parts, record: Record, document: DocumentFacts) -> bool:
    """True when it came intact before, and the spool still has it."""
    sha256 = document.signed_sha256
    return sha256 is not None and parts.spool.has(record.ref, signed_name(document.rank), sha256)


def _fetched(parts: Parts, record: Record, document: DocumentFacts) -> _Good | _Bad:
    """Bring one document into the spool and judge it. Raises remote errors where it could not be brought."""
    asked = waiting.asking(parts, record.account)
    try:
        path, sha256 = _download(parts, record, document.rank)
    except (InvalidResponse, OutOfSpace) as error:
        return _Bad(document=document, code="not_pdf", error=error)
    waiting.answered(parts, record.account, asked)
    return _judged(parts, record, document, path, sha256)


def _download(parts: Parts, record: Record, rank: int) -> tuple[Path, str]:
    terms = parts.accounts[record.account].terms
    transaction = TransactionId(str(record.transaction))
    path, fetched = parts.spool.put(
        record.ref,
        signed_name(rank),
        lambda stream: parts.services[record.account].download(
            transaction, rank, stream, max_bytes=terms.max_signed_bytes
        ),
    )
    return path, fetched.sha256


def _judged(parts: Parts, record: Record, document: DocumentFacts, path: Path, sha256: str) -> _Good | _Bad:
    try:
        verdict = parts.documents.verify_signed(path, _expected(parts, record, document))
    except DocumentError as error:
        log.warning("document %d of %s cannot be verified: %s", document.rank, record.ref, error)
        document, verdict = _digested_anew(parts, record, document), unverified(parts, path)
        if is_anothers(parts, record, document, verdict):
            return _Bad(document=document, code="other_document")
    if verdict.differences.get("content") == NOT_COMPARED:
        renewed = _digested_anew(parts, record, document)
        if renewed != document:
            return _judged(parts, record, renewed, path, sha256)
    unsound: dict[str, str] = {}
    # Whether the platform signs annexes at all is not known: one without any signature is taken as it came.
    if not verdict.intact and not (document.role == "annex" and verdict.code == "not_signed"):
        if verdict.code not in _NOT_INTACT or not _is_final(parts, record, document, verdict.code):
            return _Bad(document=document, code=verdict.code)
        log.error("document %d of %s stays what it is: %s", document.rank, record.ref, verdict.code)
        unsound = {UNSOUND: verdict.code}
    if is_anothers(parts, record, document, verdict):
        return _Bad(document=document, code="other_document")
    facts: dict[str, Any] = {
        "signed_sha256": sha256,
        "signed_size": verdict.size,
        "signed_pages": verdict.pages,
        "signatures": None if verdict.code == _UNVERIFIED else len(verdict.signatures),
        "contents": tuple(signature.contents_sha256 for signature in verdict.signatures),
        "differences": {**verdict.differences, **unsound, **foreign_signatories(parts, record, verdict)},
    }
    return _Good(document=document.model_copy(update=facts), verdict=verdict)


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
    return now - _since(parts, record, document, code) >= _INSISTENCE


def _since(parts: Parts, record: Record, document: DocumentFacts, code: str) -> datetime:
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


def _one_here(parts: Parts, record: Record, found: _Good) -> Record:
    """One of several has come: kept, whatever becomes of the others."""
    parts.spool.keep(record.ref, signed_name(found.document.rank))
    return parts.journal.note(
        record,
        "document_fetched",
        data=_told(found),
        signatories=dated(record, found.dating, parts.now()),
        extra=forgotten.cleared(record.extra),
        **record.with_document(found.document),
    )


def _all_here(parts: Parts, record: Record, last: _Good | None) -> Record:
    """Everything is in the spool; ``last`` is what came last, None when nothing was missing any more."""
    kept: dict[str, Any] = {}
    if last is not None:
        parts.spool.keep(record.ref, signed_name(last.document.rank))
        kept = {
            "data": _told(last),
            "signatories": dated(record, last.dating, parts.now()),
            **record.with_document(last.document),
        }
    kept["extra"] = {name: value for name, value in forgotten.cleared(record.extra).items() if name != BAD}
    return parts.journal.fact(record, Event.FETCHED, reason="", values={}, attempts=0, next_at=None, **kept)


def _told(found: _Good) -> dict[str, Any]:
    told = {"sha256": found.document.signed_sha256, "signatures": found.document.signatures}
    return told if found.document.rank == 1 else {**told, "rank": found.document.rank}


def _quarantine(parts: Parts, record: Record, bad: Sequence[_Bad]) -> Record:
    """Told of the first; each has its own day, whatever is wrong with another."""
    for one in bad:
        log.error(
            "document %d of %s came back and is not an intact signed document: %s",
            one.document.rank,
            record.ref,
            one.error or one.code,
        )
    first = bad[0]
    came = any(one.came for one in bad)
    ranks = {str(one.document.rank) for one in bad}
    days = {rank: day for rank, day in record.extra.get(BAD, {}).items() if rank in ranks}
    return parts.journal.fact(
        record,
        Event.QUARANTINED,
        data={"code": first.code},
        reason=first.code,
        extra={**(forgotten.cleared(record.extra) if came else record.extra), BAD: days},
        values={"file": first.document.name} if record.more else {},
        **waiting.backoff(parts, record),
    )


def _begun(parts: Parts, record: Record, bad: _Bad) -> Record:
    """Keep at once since when a document has been wrong: of those that follow one may not be ready for weeks.

    A page in between, which may be anybody's answer, begins no day anew.
    """
    if not bad.came:
        return record
    since = _since(parts, record, bad.document, bad.code).isoformat()
    known: dict[str, Any] = record.extra.get(BAD, {})
    days = {**known, str(bad.document.rank): {"code": bad.code, "since": since}}
    return record if days == known else parts.journal.touch(record, extra={**record.extra, BAD: days})


def _not_ready(parts: Parts, record: Record, error: RemoteError) -> Record:
    """Still being sealed, most often; once in a while it is asked whether the platform knows it at all."""
    if forgotten.is_suspected(record) or (record.attempts and record.attempts % _ASK_AGAIN_AFTER == 0):
        try:
            parts.services[record.account].status(TransactionId(str(record.transaction)))
        except NotFound as again:
            return _not_known(parts, record, again)
        except RemoteError as again:
            return _later(parts, record, again)
        return _later(parts, record, error, extra=forgotten.cleared(record.extra))
    return _later(parts, record, error)


def _not_known(parts: Parts, record: Record, error: NotFound) -> Record:
    """Erased there, or so a gateway says in front of it: what has come goes home once there is no doubt of it."""
    if forgotten.believed(parts, record):
        return _forgotten(parts, record)
    return _later(parts, record, error, extra=forgotten.suspected(parts, record))


def _later(parts: Parts, record: Record, error: RemoteError, **changes: Any) -> Record:
    """The platform may seal for minutes, hours at worst: asked again, never given up."""
    return parts.journal.note(
        record, "not_fetched", data={"error": str(error)}, **waiting.backoff(parts, record, error), **changes
    )


def _forgotten(parts: Parts, record: Record) -> Record:
    """The platform knows nothing of it any more: what has come goes home, what has not is told as lost."""
    saved = {
        document.rank
        for document in record.documents
        if document.delivered_href is not None or _is_here(parts, record, document)
    }
    if not saved:
        values = {"erased": erased(parts, record).isoformat()}
        return parts.journal.fact(
            record, Event.ERASED, reason="erased_before_fetch", values=values, ended_at=parts.now()
        )
    missing = [document for document in record.documents if document.rank not in saved]
    kept = record
    for document in missing:
        lost = document.model_copy(update={"beside": NEVER_CAME})
        kept = kept.model_copy(update=kept.with_document(lost))
    changes: dict[str, Any] = {"document": kept.document, "more": kept.more, "attempts": 0, "next_at": None}
    log.error("%d documents of %s were erased before they could be fetched", len(missing), record.ref)
    if Event.FETCHED in TRANSITIONS[record.state]:
        return parts.journal.fact(record, Event.FETCHED, reason="", values={}, **changes)
    return parts.journal.note(record, "documents_erased", **changes)


def fetch_again(task: Task) -> Task:
    """Bring back a signed document whose spooled copy is gone, without leaving DELIVERING.

    Another sealing of the same document is as good: its hash becomes the one to deliver.
    """
    parts, record = task.parts, task.record
    try:
        path, sha256 = _download(parts, record, task.rank)
    except RemoteError as error:
        return task.taking(_not_ready(parts, record, error))
    found = _judged(parts, record, task.document, path, sha256)
    if isinstance(found, _Bad):
        return task.later("not_fetched")
    parts.spool.keep(record.ref, signed_name(task.rank))
    return task.taking(parts.journal.note(record, "fetched_again", **record.with_document(found.document)))
