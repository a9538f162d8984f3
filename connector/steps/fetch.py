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
from pathlib import Path
from typing import Any

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    InvalidResponse,
    NotFound,
    OutOfSpace,
    RemoteError,
)
from connector.lifecycle import TRANSITIONS, DocumentFacts, Event, Record
from connector.ports import TransactionId
from connector.report.facts import FOUND_SIGNED
from connector.steps import forgotten, waiting
from connector.steps.came_back import BAD, Bad, Good, bad_since, is_here, judged, kept_before
from connector.steps.dates import dated
from connector.steps.deadlines import erased
from connector.steps.found_signed import Found, keep, look, unseen
from connector.steps.meanwhile import as_it_is_now
from connector.steps.parts import Parts
from connector.steps.spooled import signed_name
from connector.steps.task import NEVER_CAME, Task

log = logging.getLogger(__name__)

_ASK_AGAIN_AFTER = 6


def fetch(parts: Parts, record: Record) -> Record:
    """SEALING or QUARANTINED → DELIVERING, QUARANTINED, LOST; or the same, to be tried later.

    Raises JournalError, SpoolError (nothing is ever delivered from memory).
    """
    bad: list[Bad] = []
    for document in record.documents:
        kept = kept_before(parts, record, document)
        if kept is not None:
            record = _one_here(parts, record, kept)
    wanted = [document for document in record.documents if not is_here(parts, record, document)]
    try:
        for document in wanted:
            found = _fetched(parts, record, document)
            record = as_it_is_now(parts, record)
            if isinstance(found, Bad):
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
    return all(kept_before(parts, record, document) is not None for document in record.documents)


def _fetched(parts: Parts, record: Record, document: DocumentFacts) -> Good | Bad:
    """Bring one document into the spool and judge it. Raises remote errors where it could not be brought."""
    asked = waiting.asking(parts, record.account)
    try:
        path, sha256 = _download(parts, record, document.rank)
    except (InvalidResponse, OutOfSpace) as error:
        return Bad(document=document, code="not_pdf", error=error)
    waiting.answered(parts, record.account, asked)
    return judged(parts, record, document, path, sha256)


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


def _one_here(parts: Parts, record: Record, found: Good) -> Record:
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


def _all_here(parts: Parts, record: Record, last: Good | None) -> Record:
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


def _told(found: Good) -> dict[str, Any]:
    told = {"sha256": found.document.signed_sha256, "signatures": found.document.signatures}
    return told if found.document.rank == 1 else {**told, "rank": found.document.rank}


def _quarantine(parts: Parts, record: Record, bad: Sequence[Bad]) -> Record:
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


def _begun(parts: Parts, record: Record, bad: Bad) -> Record:
    """Keep at once since when a document has been wrong: of those that follow one may not be ready for weeks.

    A page in between, which may be anybody's answer, begins no day anew.
    """
    if not bad.came:
        return record
    since = bad_since(parts, record, bad.document, bad.code).isoformat()
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
        return go_on_without(parts, record)
    return _later(parts, record, error, extra=forgotten.suspected(parts, record))


def _later(parts: Parts, record: Record, error: RemoteError, **changes: Any) -> Record:
    """The platform may seal for minutes, hours at worst: asked again, never given up."""
    return parts.journal.note(
        record, "not_fetched", data={"error": str(error)}, **waiting.backoff(parts, record, error), **changes
    )


def go_on_without(parts: Parts, record: Record, found: Sequence[Found] | None = None) -> Record:
    """The platform knows nothing of it any more: what has come goes home, what has not is told as lost.

    Unless it lies in its folder (``found``; None: it is looked for here): a spool may be lost after the delivery, and
    before its end is kept.
    """
    if found is None:
        try:
            found = look(parts, record)
        except RemoteError as error:
            waits = unseen(parts, record)
            if waits is not None:
                return _later(parts, record, error, extra=waits)
            found = []
    keep(parts, record, found)
    kept = record
    for one in found:
        signatories = dated(kept, one.good.dating, parts.now())
        here = one.document.model_copy(update={"beside": ""})  # it may have been told as never come
        kept = kept.model_copy(update={"signatories": signatories, **kept.with_document(here)})
    missing = [
        document
        for document in kept.documents
        if document.delivered_href is None and not is_here(parts, record, document)
    ]
    if len(missing) == len(kept.documents):
        values = {"erased": erased(parts, record).isoformat()}
        return parts.journal.fact(
            record, Event.ERASED, reason="erased_before_fetch", values=values, ended_at=parts.now()
        )
    for document in missing:
        lost = document.model_copy(update={"beside": NEVER_CAME})
        kept = kept.model_copy(update=kept.with_document(lost))
    extra = {name: value for name, value in forgotten.cleared(record.extra).items() if name != BAD}
    changes: dict[str, Any] = {
        "document": kept.document,
        "more": kept.more,
        "signatories": kept.signatories,
        "attempts": 0,
        "next_at": None,
        "extra": {**extra, FOUND_SIGNED: True} if found else extra,
    }
    if missing:
        log.error("%d documents of %s were erased before they could be fetched", len(missing), record.ref)
    if Event.FETCHED in TRANSITIONS[record.state]:
        return parts.journal.fact(record, Event.FETCHED, reason="", values={}, **changes)
    return parts.journal.note(record, "documents_erased" if missing else "documents_found", **changes)


def fetch_again(task: Task) -> Task:
    """Bring back a signed document whose spooled copy is gone, without leaving DELIVERING.

    Another sealing of the same document is as good: its hash becomes the one to deliver.
    """
    parts, record = task.parts, task.record
    try:
        path, sha256 = _download(parts, record, task.rank)
    except NotFound as error:
        return task.taking(_not_known(parts, record, error))
    except RemoteError as error:
        return task.taking(_not_ready(parts, record, error))
    found = judged(parts, record, task.document, path, sha256)
    if isinstance(found, Bad):
        return task.later("not_fetched")
    parts.spool.keep(record.ref, signed_name(task.rank))
    return task.taking(parts.journal.note(record, "fetched_again", **record.with_document(found.document)))
