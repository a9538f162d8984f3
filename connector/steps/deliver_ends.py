"""The ends of step 9 as facts, for one document and for the whole; and what tells our own torn write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.lifecycle import DocumentFacts, Event, Record
from connector.ports import Href
from connector.spool import begins_with
from connector.steps import clocks
from connector.steps.labels import label_signed
from connector.steps.original import prove_version, versions_are_seen
from connector.steps.parts import Parts
from connector.steps.present import Present
from connector.steps.task import Task, delivery_steps

LOCKED_BY = "locked_by"
"""In ``extra``: rank → who has locked that document by hand."""


def delivered(task: Task, present: Present | None, *, version_id: str | None = None) -> Task:
    """It lies in its place; the original is proven to survive first: in a version, aside, or beside (design 3.4).

    ``version_id``: the version that it has become since, where somebody saved over it.
    """
    etag = present.fetched.etag if present is not None and present.fetched is not None else None
    kept = task.document.version_id is not None or task.document.original_href is not None
    if task.folder.capabilities().chunked_upload:
        seen = versions_are_seen(task)
        task = task if kept else prove_version(task, present, seen=seen)
        task = label_signed(task, present, version_id) if seen else task
    document = task.document
    # What lies in its place instead of a version is another: to be looked at, and told.
    there = etag or (document.etag if version_id is None else None)
    return _home(task, {"delivered_href": document.href, "etag": there})


def delivered_beside(task: Task, href: Href, reason: str) -> Task:
    """It lies at ``href``, for that reason; an empty one where that is as good as its place."""
    return _home(task, {"delivered_href": href, "beside": reason})


def _home(task: Task, facts: Mapping[str, Any]) -> Task:
    document = task.document.model_copy(update=dict(facts))
    extra = _unlocked(task.record.extra, task.rank)
    if task.is_last:
        return task.taking(_end(task.parts, task.record, document, extra))
    return task.note("document_delivered", done=True, facts=facts, data={"rank": task.rank}, extra=extra)


def end(parts: Parts, record: Record) -> Record:
    """Write the end of a delivery of which nothing is left to be done."""
    return _end(parts, record, record.document, record.extra)


def _end(parts: Parts, record: Record, document: DocumentFacts, extra: Mapping[str, Any]) -> Record:
    """DELIVERED when everything is where it belongs; DELIVERED_BESIDE, with the first reason, when not."""
    documents = [document if one.rank == document.rank else one for one in record.documents]
    reasons = [one.beside for one in documents if one.beside]
    now = clocks.by_platform(parts, record.account)
    return parts.journal.fact(
        record,
        Event.DELIVERED_BESIDE if reasons else Event.DELIVERED,
        done=delivery_steps(record),
        **record.with_document(document),
        reason=reasons[0] if reasons else "",
        values={},
        delivered_at=now,
        ended_at=now,
        next_at=None,
        attempts=0,
        extra={name: value for name, value in extra.items() if name not in {"locked", LOCKED_BY}},
    )


def locked(extra: Mapping[str, Any], rank: int, holder: str) -> dict[str, Any]:
    """Remember that somebody holds the document of that rank open; ``holder``: who has locked it by hand."""
    former, ranks = _unlocked(extra, rank), sorted({*extra.get("locked", ()), rank})
    holders = {**former.pop(LOCKED_BY, {}), **({str(rank): holder} if holder else {})}
    return {**former, "locked": ranks, **({LOCKED_BY: holders} if holders else {})}


def _unlocked(extra: Mapping[str, Any], rank: int) -> dict[str, Any]:
    kept = {name: value for name, value in extra.items() if name not in {"locked", LOCKED_BY}}
    if left := [one for one in extra.get("locked", ()) if one != rank]:
        kept["locked"] = left
    if holders := {key: who for key, who in extra.get(LOCKED_BY, {}).items() if key != str(rank)}:
        kept[LOCKED_BY] = holders
    return kept


def present_now(task: Task) -> Present | None:
    """Fetch what lies at the document's place now; None when nothing does, or no place is known."""
    return task.present(Href(task.document.href)) if task.document.href else None


def left_alone(task: Task, present: Present) -> Task:
    """Remember the bytes of a person that stay where they are: they are told now, not again afterwards."""
    if present.sha256 is None:
        return task
    return task.touch({"left": (*task.document.left, present.sha256)})


def is_base(task: Task, present: Present | None) -> bool:
    """True when what lies there is, byte for byte, what was sent."""
    return present is not None and present.sha256 is not None and present.sha256 == task.document.sha256


def torn(task: Task, present: Present) -> bool:
    """True when what lies there is a proper beginning of the signed document: our own write, broken off.

    Asked only of a name at which we have begun to write. The unsigned original is such a beginning as well (each
    signature only adds), and may be a person's: it is never taken for a torn write.
    """
    if present.path is None or present.sha256 is None:
        return False
    if present.sha256 in {task.document.sha256, task.document.sent_sha256}:
        return False
    shorter = present.path.stat().st_size < task.signed.stat().st_size
    return shorter and begins_with(task.signed, present.path)


def half_signed(task: Task, present: Present) -> bool:
    """True for a beginning of the signed document that holds more than what was sent: nobody else's, wherever it lies.

    Known to be ours without having begun to write there: an earlier life of the journal had.
    """
    document = task.document
    if document.sent_sha256 is not None or document.size is None or not torn(task, present):
        return False
    return present.path is not None and present.path.stat().st_size > document.size
