"""Step 4, prepare: create, upload, add signatories. Invisible to people, free, harmless if begun again.

No intent is kept: after a crash the transaction is abandoned and another one created (protocol section 2,
"not needed", 3). Before the first send of an account the transaction just created is read back (R11).
"""

from __future__ import annotations

import logging

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    InvalidResponse,
    NotFound,
    RemoteError,
)
from connector.lifecycle import DocumentFacts, Event, Record
from connector.ports import Box, SigningService, TransactionDraft, TransactionId, TransactionSignatory
from connector.sidecar import names
from connector.sidecar.model import Order, SignatureRequest
from connector.steps import editing, waiting
from connector.steps.parts import Parts
from connector.steps.spooled import sent_name

log = logging.getLogger(__name__)


def prepare(parts: Parts, record: Record) -> Record:
    """WAITING → PREPARED, or the same with a reason to wait. Raises JournalError only."""
    assert record.request is not None
    if editing.waits(parts, record):
        return editing.put_off(parts, record)
    if not all(_spooled(parts, record, one) for one in record.documents):
        # The spool was lost: the bytes judged are no longer at hand, so the pair is judged again.
        return judge_again(parts, record)
    service = parts.services[record.account]
    try:
        transaction = _build(parts, record, record.request, service)
        _probe(parts, record, service, transaction)
    except _Stopping:
        return record
    except AnsweredNo as error:
        return _refused(parts, record, error)
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account, error)
        return record
    except _ContractWrong as error:
        log.error("account %s: %s", record.account, error)
        waiting.hold_unfollowed(parts, record.account, str(error))
        return record
    except RemoteError as error:
        log.warning("preparing %s: %s", record.ref, error)
        changes = waiting.backoff(parts, record, error)
        extra = {**record.extra, "away_since": record.extra.get("away_since") or parts.now().isoformat()}
        return parts.journal.note(record, "not_prepared", data={"error": str(error)}, extra=extra, **changes)
    parts.journal.release(record.account, cause=waiting.CONTRACT)
    waiting.answered(parts, record.account)
    extra = {name: value for name, value in record.extra.items() if name != "away_since"}
    return parts.journal.fact(
        record, Event.PREPARED, transaction=transaction, attempts=0, next_at=None, extra=extra
    )


def judge_again(parts: Parts, record: Record) -> Record:
    """What it was judged by has moved: it goes no further before step 2 has looked again. Raises JournalError only."""
    return parts.journal.note(record, "judge_again", sidecar_etag=None, settings_digest=None)


def _spooled(parts: Parts, record: Record, one: DocumentFacts) -> bool:
    return parts.spool.has(record.ref, sent_name(one.rank), one.sent_sha256 or one.sha256)


class _ContractWrong(Exception):
    """What was just created cannot be read back."""


class _Stopping(Exception):
    """The service is to end: nothing more begins, and what nobody has seen is begun anew by the next start."""


def _not_stopping(parts: Parts) -> None:
    if parts.stop.is_set():
        raise _Stopping


def _build(parts: Parts, record: Record, request: SignatureRequest, service: SigningService) -> TransactionId:
    account = parts.accounts[record.account]
    draft = TransactionDraft(
        subject=record.subject,
        message=str(record.extra.get("message", "")),
        sender=account.sender,
        sequential=request.order is Order.SEQUENTIAL,
        handwritten=request.handwritten,
        confidential_to=request.confidential_to,
    )
    transaction = service.create(draft)
    if any(known.id != record.id for known in parts.journal.following(record.account, transaction)):
        # Nothing is put into what may be another client's, and may be out.
        raise InvalidResponse(
            "the transaction just created is another request's", service=record.account, operation="create"
        )
    for one in record.documents:
        _not_stopping(parts)
        boxes = [Box(**box) for box in one.boxes]
        content = parts.spool.path(record.ref, sent_name(one.rank))
        service.upload(transaction, one.rank, names.image_pdf_name(one.name), content, boxes)
    for signatory in request.signatories:
        _not_stopping(parts)
        service.add_signatory(
            transaction,
            TransactionSignatory(
                email=signatory.email,
                name=signatory.name,
                first_name=signatory.first_name,
                last_name=signatory.last_name,
                phone=signatory.phone,
                level=signatory.level.number,
            ),
        )
    return transaction


def _probe(parts: Parts, record: Record, service: SigningService, transaction: TransactionId) -> None:
    """R11: never send what cannot be followed. Once per account and contract."""
    digest = parts.accounts[record.account].terms.digest
    with parts.probed[record.account]:
        if parts.journal.last_account_event(record.account, "contract_confirmed") != {"digest": digest}:
            _confirm(parts, record, service, transaction, digest)


def _confirm(
    parts: Parts, record: Record, service: SigningService, transaction: TransactionId, digest: str
) -> None:
    try:
        service.status(transaction)
    except (NotFound, InvalidResponse) as error:
        setting = parts.accounts[record.account].terms.operations_status
        raise _ContractWrong(
            f"the transaction just created cannot be read back ({error}). How its status is asked is an "
            f"assumption: set platform.contract.{setting} to what ECMA documents. Nothing was sent."
        ) from error
    parts.journal.mark_account(record.account, "contract_confirmed", {"digest": digest})


def _refused(parts: Parts, record: Record, error: AnsweredNo) -> Record:
    if error.cause.account_wide:
        waiting.hold_account(parts, record.account, error)
        return record
    return parts.journal.fact(
        record,
        Event.HELD,
        data={"cause": error.cause.value, "operation": error.operation},
        reason="platform_said_no",
        values={"text": error.text},
        key=None,
    )
