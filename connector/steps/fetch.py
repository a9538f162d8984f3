"""Step 8, fetch and verify: the signed PDF comes to rest in the spool, or is told to be not what it should be.

Intact is a condition (else quarantined, fetched again later); as expected is not (else delivered beside).
Source: design page section 3, last paragraph; protocol step 8.
"""

from __future__ import annotations

import logging

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    DocumentError,
    InvalidResponse,
    NotFound,
    OutOfSpace,
    RemoteError,
)
from connector.lifecycle import Event, Record, SignatoryFacts
from connector.pdf.model import Expected, Verdict
from connector.ports import TransactionId
from connector.steps import waiting
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

SIGNED_NAME = "signed.pdf"
_ASK_AGAIN_AFTER = 6


def fetch(parts: Parts, record: Record) -> Record:
    """SEALING or QUARANTINED → DELIVERING, QUARANTINED, LOST; or the same, to be tried later.

    Raises JournalError, SpoolError (nothing is ever delivered from memory).
    """
    service = parts.services[record.account]
    terms = parts.accounts[record.account].terms
    transaction = TransactionId(str(record.transaction))
    try:
        path, fetched = parts.spool.put(
            record.ref,
            SIGNED_NAME,
            lambda stream: service.download(transaction, 1, stream, max_bytes=terms.max_signed_bytes),
        )
    except (InvalidResponse, OutOfSpace) as error:
        log.warning("fetching %s: %s", record.ref, error)
        return _quarantine(parts, record, "not_pdf", error)
    except NotFound:
        reason = "erased_before_fetch"
        return parts.journal.fact(record, Event.ERASED, reason=reason, ended_at=parts.now())
    except AnsweredNo as error:
        if error.cause.account_wide:
            waiting.hold_account(parts, record.account, error)
        return _later(parts, record, error)
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account)
        return _later(parts, record, error)
    except RemoteError as error:
        return _not_ready(parts, record, error)
    waiting.answered(parts, record.account)
    try:
        verdict = parts.documents.verify_signed(
            path,
            _expected(parts, record),
        )
    except DocumentError as error:
        return _quarantine(parts, record, "signature_broken", error)
    if not verdict.intact:
        return _quarantine(parts, record, verdict.code, None)
    return _fetched(parts, record, verdict, fetched.sha256)


def _expected(parts: Parts, record: Record) -> Expected:
    each = parts.accounts[record.account].terms.signatures_per_signatory
    return Expected(
        pages=record.document.pages,
        pages_digest=record.document.pages_digest,
        signatures=None if each is None else each * len(record.signatories),
    )


def _fetched(parts: Parts, record: Record, verdict: Verdict, sha256: str) -> Record:
    document = record.document.model_copy(
        update={
            "signed_sha256": sha256,
            "signed_size": verdict.size,
            "signed_pages": verdict.pages,
            "signatures": len(verdict.signatures),
        }
    )
    extra = {
        **record.extra,
        "contents": [signature.contents_sha256 for signature in verdict.signatures],
        "signed_digest": verdict.pages_digest,
        "differences": dict(verdict.differences),
    }
    return parts.journal.fact(
        record,
        Event.FETCHED,
        data={"sha256": sha256, "signatures": len(verdict.signatures)},
        document=document,
        signatories=_dated(record.signatories, verdict),
        reason="",
        values={},
        attempts=0,
        next_at=None,
        extra=extra,
    )


def _dated(signatories: tuple[SignatoryFacts, ...], verdict: Verdict) -> tuple[SignatoryFacts, ...]:
    """Each person's date from the verified signature that bears their name, else the platform's."""
    by_name = {s.name.casefold(): s.signed_at for s in verdict.signatures if s.signed_at is not None}
    by_email = {s.email.casefold(): s.signed_at for s in verdict.signatures if s.email and s.signed_at}
    dated = []
    for facts in signatories:
        when = by_email.get(facts.email.casefold()) or by_name.get(facts.name.casefold())
        dated.append(facts.model_copy(update={"signed_at": when or facts.signed_at, "progress": "signed"}))
    return tuple(dated)


def _quarantine(parts: Parts, record: Record, code: str, error: Exception | None) -> Record:
    log.error("what came back for %s is not an intact signed document: %s", record.ref, error or code)
    return parts.journal.fact(
        record, Event.QUARANTINED, data={"code": code}, reason=code, **waiting.backoff(parts, record)
    )


def _not_ready(parts: Parts, record: Record, error: RemoteError) -> Record:
    """Still being sealed, most often; once in a while it is asked whether the platform knows it at all."""
    if record.attempts and record.attempts % _ASK_AGAIN_AFTER == 0:
        try:
            parts.services[record.account].status(TransactionId(str(record.transaction)))
        except NotFound:
            return parts.journal.fact(
                record, Event.ERASED, reason="erased_before_fetch", ended_at=parts.now()
            )
        except RemoteError as again:
            return _later(parts, record, again)
    return _later(parts, record, error)


def _later(parts: Parts, record: Record, error: RemoteError) -> Record:
    """The platform may seal for minutes, hours at worst: asked again, never given up."""
    return parts.journal.note(
        record, "not_fetched", data={"error": str(error)}, **waiting.backoff(parts, record, error)
    )


def fetch_again(parts: Parts, record: Record) -> Record:
    """Bring back a signed document whose spooled copy is gone, without leaving DELIVERING.

    Another sealing of the same document is as good: its hash becomes the one to deliver.
    """
    terms = parts.accounts[record.account].terms
    transaction = TransactionId(str(record.transaction))
    try:
        path, fetched = parts.spool.put(
            record.ref,
            SIGNED_NAME,
            lambda stream: parts.services[record.account].download(
                transaction, 1, stream, max_bytes=terms.max_signed_bytes
            ),
        )
    except RemoteError as error:
        return _not_ready(parts, record, error)
    verdict = parts.documents.verify_signed(path, _expected(parts, record))
    if not verdict.intact:
        return parts.journal.note(record, "not_fetched", **waiting.backoff(parts, record))
    document = record.document.model_copy(
        update={"signed_sha256": fetched.sha256, "signed_size": verdict.size}
    )
    extra = {**record.extra, "contents": [signature.contents_sha256 for signature in verdict.signatures]}
    return parts.journal.note(record, "fetched_again", document=document, extra=extra)
