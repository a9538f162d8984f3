"""Marked, not sent yet: whatever people change now, it leaves as it is marked or not at all (protocol R2).

Its own files are held against their bytes; what they rest on besides (settings, ceiling, policy) by judging anew,
which writes nothing. Reads the folder, writes the journal.
"""

from __future__ import annotations

from dataclasses import replace

from connector.identity import new_reference
from connector.lifecycle import DocumentFacts, Record, State
from connector.ports import Entry
from connector.sidecar.model import Verb, Wish
from connector.sidecar.reading import read_orders
from connector.steps import askers, orders
from connector.steps import check as checking
from connector.steps.asked import deciding, files_beside, understand
from connector.steps.case import Case
from connector.steps.evidence import check, read_documents
from connector.steps.gather import Gathered, gather
from connector.steps.judge import read_again
from connector.steps.present import present_at
from connector.steps.send import may_overturn, overturn
from connector.steps.watch import gone_for_good, in_sight, pair_document


def attend_marked(case: Case, found: Case, record: Record) -> tuple[Record | None, bool]:
    """Return the record, None where it must wait, and whether it lies there as it was. ``found``: the pair by name."""
    if _as_marked(case, record):
        after = _settings_moved(found, record)
        return after, after is record
    after = _edited(case, record)
    if after is None or after.state is not State.MARKED:
        return after, False
    return _settings_moved(found, after), False


def gathered_now(found: Case, record: Record) -> Gathered:
    """What a request names, as it lies there now; ``found``: the pair as it lies there by name."""
    return gather(found.sight, found.pair, record.request) if record.request else Gathered()


def digest_now(found: Case, record: Record) -> str:
    """What its verdict rests on besides the pair, as it lies there now."""
    accounts = [found.parts.accounts[name] for name in found.settings.accounts]
    gathered = gathered_now(found, record)
    beside = files_beside(found, record.request, gathered)
    files = deciding(found, record.request, gathered, beside)
    closed = askers.closed_by(found.parts, found.settings, files)
    return checking.settings_digest(found.settings, accounts, beside, closed)


def _settings_moved(found: Case, record: Record) -> Record | None:
    """Marked, not sent yet, and settings, policy or what they name have moved: the same record if it may go on.

    It goes only as it is marked (R2). None while that cannot be told, since the settings cannot be read: it waits.
    """
    digest = digest_now(found, record)
    if record.settings_digest == digest or not may_overturn(found.parts, record):
        return record
    if record.extra.get("settings_unread") == digest:
        return None
    goes = _would_go(found, record)
    if goes is None:
        found.journal.touch(record, extra={**record.extra, "settings_unread": digest})
        return None
    if not goes:
        return overturn(found.parts, record)
    # Read meanwhile: a message that the settings name counts from now on.
    digest = digest_now(found, record)
    return found.journal.touch(record, settings_digest=digest)


def _would_go(case: Case, record: Record) -> bool | None:
    """Would a marked request, whose own files are as they were, leave as it is marked? None: that cannot be told yet.

    Settings, ceiling and policy may have moved since. Writes nothing. Raises as ``judge``.
    """
    asked = understand(case, read_again(case))
    if asked.request is None or asked.problems or asked.gathered.missing:
        return None
    case, ref = replace(case, pair=asked.pair), new_reference()
    askers.ask(case.parts, case.settings, asked.deciding, seen_at=case.sight.at)
    if askers.link_problems(case.parts, case.settings, asked.deciding):
        return False
    try:
        documents = read_documents(case, asked, ref)
        checked = check(case, asked, asked.request, documents)
        needed = {Wish.SEND, Wish.DRAFT} if record.extra.get("kind") == "draft" else {Wish.SEND}
        return (
            not checked.problems
            and checked.wish in needed
            and checking.carried(case.parts, checked) == record.carried
        )
    finally:
        case.parts.spool.forget(ref)


def _edited(case: Case, record: Record) -> Record | None:
    """Marked, not sent yet, and saved again: the same bytes go on, other ones are not what the marker stands for.

    None while a document is missing that may only have moved: it waits.
    """
    if not may_overturn(case.parts, record):
        return _order_seen(case, record)
    sidecar = read_again(case)
    action = read_orders(sidecar.data)
    if action is not None and action.verb is Verb.CANCEL and action.wording not in record.obeyed:
        return orders.obey(case.parts, record, action)
    if sidecar.sha256 != record.sidecar_sha256:
        return overturn(case.parts, record)
    kept = record
    for document in record.documents:
        entry = _entry_of(case, record, document)
        if entry is not None and entry.etag == document.etag:
            continue
        if entry is None and not gone_for_good(case.parts, document):
            return None
        if entry is None or not _same_bytes(case, record, document, entry):
            return overturn(case.parts, record)
        moved = document.model_copy(update={"etag": entry.etag, "href": entry.href})
        kept = kept.model_copy(update=kept.with_document(moved))
    return case.journal.touch(
        record, sidecar_etag=case.pair.sidecar.etag, document=kept.document, more=kept.more
    )


def _same_bytes(case: Case, record: Record, document: DocumentFacts, entry: Entry) -> bool:
    folder = case.parts.folders[record.server]
    present = present_at(case.parts, folder, record, entry.href, rank=document.rank)
    return present is not None and present.sha256 is not None and present.sha256 == document.sha256


def _entry_of(case: Case, record: Record, document: DocumentFacts) -> Entry | None:
    """What lies in the place of a document now; the pair's PDF stands in for the main one."""
    entry = in_sight(case.sights, document.href)
    if entry is None and document.rank == record.document.rank:
        return pair_document(case.pair, record)
    return entry


def _order_seen(case: Case, record: Record) -> Record:
    """Nothing can be decided yet. An order is read, once for each edit, so that the status tells that it waits."""
    etag = case.pair.sidecar.etag
    if etag in {record.sidecar_etag, record.extra.get("order_seen")}:
        return record
    action = read_orders(read_again(case).data)
    extra = {**orders.no_longer_pending(record.extra), "order_seen": etag}
    if action is not None and action.verb is Verb.CANCEL and action.wording not in record.obeyed:
        extra |= orders.pending(action)
    return case.journal.touch(record, extra=extra)


def _as_marked(case: Case, record: Record) -> bool:
    entries = [(_entry_of(case, record, document), document) for document in record.documents]
    return record.sidecar_etag == case.pair.sidecar.etag and all(
        entry is not None and entry.etag == document.etag for entry, document in entries
    )
