"""Step 10, attest: the platform's attestation beside the signed document, if the request asks for it.

ASSUMED and optional (API page section 3): absent it is no obstacle, asked for a few times over a day, then given up
and said. Made with a create-once name; a file of a person's is never touched. The request has ended long before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    Cause,
    InvalidResponse,
    NotFound,
    OutOfSpace,
    RemoteError,
)
from connector.lifecycle import Record, State
from connector.ports import Href, TransactionId
from connector.sidecar import names
from connector.steps import clocks, waiting
from connector.steps.homes import lost_key, split
from connector.steps.own_documents import Made, OwnDocument, make
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

ATTESTATION_NAME = "attestation.pdf"
_MOST_NAMES = 50
PATIENCE = timedelta(days=1)
"""How long "there is none" is not believed: it may be made after the document."""
_WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_HOLDING = frozenset({Cause.TOKENS, Cause.MAINTENANCE, Cause.RATE_LIMIT})


def awaited(record: Record) -> bool:
    """True while an attestation that the request asked for is neither there nor given up."""
    asked = record.request is not None and record.request.certificate
    ended = record.state in {State.DELIVERED, State.DELIVERED_BESIDE}
    open_still = record.current and not record.closed and not record.extra.get("ended_elsewhere")
    return asked and ended and open_still and not _over(record)


def _over(record: Record) -> bool:
    return bool(record.extra.get("attestation_name") or _facts(record).get("given_up"))


def attest(parts: Parts, record: Record) -> Record:
    """Fetch the attestation and put it beside; or the same record, to be tried later, or given up.

    Raises JournalError, SpoolError, and remote errors of the DMS.
    """
    if not awaited(record):
        return record
    put_off = _facts(record).get("next_at")
    if put_off and clocks.is_put_off(parts, datetime.fromisoformat(str(put_off))):
        return record
    sha256 = _facts(record).get("sha256")
    if sha256 is None or not parts.spool.has(record.ref, ATTESTATION_NAME, sha256):
        if not waiting.may_ask(parts, record.account):
            return record
        record = _fetch(parts, record)
    if _over(record) or "sha256" not in _facts(record):
        return record
    return _put(parts, record)


def _fetch(parts: Parts, record: Record) -> Record:
    service = parts.services[record.account]
    limit = parts.accounts[record.account].terms.max_signed_bytes
    transaction = TransactionId(str(record.transaction))
    asked = waiting.asking(parts, record.account)
    try:
        _, fetched = parts.spool.put(
            record.ref,
            ATTESTATION_NAME,
            lambda stream: service.attestation(transaction, stream, max_bytes=limit),
        )
    except AccessDenied as error:
        waiting.hold_without_tokens(parts, record.account, error)
        return _later(parts, record, answered=False)
    except AnsweredNo as error:
        if error.cause in _HOLDING:
            waiting.hold_account(parts, record.account, error)
        return _later(parts, record, answered=error.cause not in _HOLDING)
    except (NotFound, InvalidResponse, OutOfSpace) as error:
        log.info("no attestation of %s: %s", record.ref, error)
        return _later(parts, record, answered=True)
    except RemoteError as error:
        log.info("the attestation of %s: %s", record.ref, error)
        # 409 and its kin are answers, too: it is being made.
        return _later(parts, record, answered=error.status is not None and error.status < 500)
    waiting.answered(parts, record.account, asked)
    parts.spool.keep(record.ref, ATTESTATION_NAME)
    facts = {**_facts(record), "sha256": fetched.sha256, "next_at": None}
    return parts.journal.note(record, "attestation_fetched", extra={**record.extra, "attestation": facts})


def _later(parts: Parts, record: Record, *, answered: bool) -> Record:
    """Ask again, later and later; give up when a day has brought none, or when the platform has erased everything."""
    ended, tries = record.ended_at or record.updated_at, int(_facts(record).get("tries", 0))
    retention = timedelta(days=parts.accounts[record.account].terms.retention_days)
    over = parts.now() >= ended + (PATIENCE if answered else retention) and clocks.confirmed(parts)
    if over and not clocks.too_far(parts, record.account):
        log.error("the platform gave no attestation of %s", record.ref)
        facts: dict[str, Any] = {"given_up": parts.now().isoformat()}
        return parts.journal.note(
            record, "attestation_given_up", extra={**record.extra, "attestation": facts}
        )
    wait = _WAITS[tries] if tries < len(_WAITS) else PATIENCE
    at = parts.now() + wait
    if answered:
        at = min(at, max(ended + PATIENCE, parts.now() + _WAITS[0]))
    facts = {**_facts(record), "tries": tries + 1, "next_at": at.isoformat()}
    # Its words stay the same: it is awaited.
    return parts.journal.touch(record, extra={**record.extra, "attestation": facts})


# ---------------------------------------------------------------------------------------- beside the PDF


def _put(parts: Parts, record: Record) -> Record:
    """Make the file under the first name that is free, or ours already from an earlier try."""
    parent, name = _beside(record)
    # Once: each name that is tried is an intent of its own.
    earlier = parts.journal.intent(record, "attest")
    for number in range(1, _MOST_NAMES):
        href = Href(parent + names.attestation_name(name, number))
        begun = earlier.data["sha256"] if earlier is not None and earlier.data["href"] == href else None
        sha256 = _facts(record)["sha256"]
        record = parts.journal.intend(record, "attest", {"href": href, "sha256": sha256})
        try:
            done = _made(parts, record, href, begun=begun)
        except NotFound:
            return _nowhere(parts, record)
        if done:
            return parts.journal.note(
                record,
                "attested",
                done=("attest",),
                extra={**record.extra, "attestation_name": href.rsplit("/", 1)[-1]},
            )
    raise OutOfSpace("every name for the attestation is taken", operation="attest")


def _beside(record: Record) -> tuple[str, str]:
    """Return the folder where the signed document lies, and the name it was known by."""
    document = record.document
    parent, _ = split(document.delivered_href or document.href)
    _, name = split(document.href or str(record.extra.get(lost_key(document.rank), "")) or parent)
    return parent, name or f"{record.ref}.pdf"


def _made(parts: Parts, record: Record, href: Href, *, begun: str | None) -> bool:
    """Make one file; False when the name is a person's.

    ``begun``: SHA-256 of what an earlier try was writing there; None when there was none.
    """
    ours = parts.spool.path(record.ref, ATTESTATION_NAME)
    document = OwnDocument(
        content=ours,
        step="attest",
        max_bytes=parts.accounts[record.account].terms.max_signed_bytes,
        good={parts.spool.sha256(ours), *([begun] if begun else [])},
        begun=begun is not None,
    )
    return make(parts, record, href, document) is Made.OURS


def _nowhere(parts: Parts, record: Record) -> Record:
    """Its folder went after the end: nobody is left there to be given anything."""
    facts = {"given_up": parts.now().isoformat(), "why": "folder_gone"}
    return parts.journal.note(
        record, "attestation_given_up", done=("attest",), extra={**record.extra, "attestation": facts}
    )


def _facts(record: Record) -> Mapping[str, Any]:
    found = record.extra.get("attestation")
    return found if isinstance(found, Mapping) else {}
