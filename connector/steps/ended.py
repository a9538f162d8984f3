"""A place whose request has ended: it goes again on a new ask only, and other bytes there are said (protocol R3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.errors import DocumentError
from connector.identity import ask_of
from connector.lifecycle import Event, Record
from connector.ports import Entry
from connector.sidecar.reading import read_orders
from connector.steps.case import Case
from connector.steps.close import awaits_more
from connector.steps.delivered import present_at
from connector.steps.judge import judge, read_again
from connector.steps.orders import after_end


def attend_ended(case: Case, record: Record) -> Record:
    """An ended pair goes again on a new ask only; other unsigned bytes at its place are said."""
    crashed = record.reason == "not_sent" and not record.extra.get("asked_again")
    if not record.closed and not crashed and not awaits_more(record):
        return record
    if record.sidecar_etag != case.pair.sidecar.etag or crashed:
        sidecar = read_again(case)
        action = read_orders(sidecar.data)
        record = after_end(case.parts, record, action)
        changes: dict[str, Any] = {
            "sidecar_etag": sidecar.etag or case.pair.sidecar.etag,
            "extra": {**record.extra, "orders_seen": True, "asked_again": True},
        }
        if record.adopted and not record.extra.get("orders_seen"):
            changes["obeyed"] = (*record.obeyed, *((action.wording,) if action else ()))
        elif action is not None and ask_of(action, record=record) != record.ask:
            return judge(replace(case, previous=record))
        record = case.journal.note(record, "sidecar_edited", **changes)
    return _ended_document(case, record)


def _ended_document(case: Case, record: Record) -> Record:
    entry = case.pair.document
    if entry is None or entry.etag == record.document.etag:
        return record
    parts = case.parts
    present = present_at(parts, parts.folders[record.server], record, entry.href)
    document = record.document.model_copy(update={"etag": entry.etag})
    known = {record.document.sha256, record.document.signed_sha256, *record.extra.get("left", ())}
    sha256 = present.fetched.sha256 if present is not None and present.fetched else None
    unsigned = True
    if present is not None and present.path is not None and sha256 not in known:
        try:
            unsigned = parts.documents.facts(present.path).signatures == 0
        except DocumentError:
            unsigned = True
    parts.spool.free(record.ref)
    record = parts.journal.note(record, "document_seen", document=document)
    if sha256 in known or not unsigned:
        return record
    return _ended_place_changed(case, record, entry)


def _ended_place_changed(case: Case, record: Record, entry: Entry) -> Record:
    told: dict[str, Any] = {
        "reason": "ended_place_changed",
        "values": {
            "other": entry.name,
            "other_id": str(record.id),
            "ended": record.ended_at.isoformat() if record.ended_at else "",
        },
    }
    return replace(case, previous=record).keep(
        Event.COPIED,
        **told,
        extra={"needs_ask": told},
        account=record.account,
        ask=record.ask,
        request=record.request,
        subject=record.subject,
        signatories=(),
        sidecar_etag=record.sidecar_etag,
        sidecar_sha256=record.sidecar_sha256,
        settings_digest=record.settings_digest,
        document=record.document.model_copy(
            update={
                "etag": entry.etag,
                "sha256": None,
                "size": entry.size,
                "signed_sha256": None,
                "delivered_href": None,
                "original_href": None,
                "version_id": None,
            }
        ),
    )
