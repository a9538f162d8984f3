"""Files of a known request that a complete sight does not show where they were: withdrawn, followed, or missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connector.errors import NotFound
from connector.lifecycle import DocumentFacts, Event, Record, State
from connector.ports import Entry, FileId
from connector.sidecar import names
from connector.steps import clocks
from connector.steps.case import MOVED_OUT
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.present import present_at
from connector.steps.send import overturn
from connector.steps.task import delivery_step, is_home
from connector.steps.watch import documents_seen, in_sight

_MOST_LOOKED_AT = 50
"""Files of the same size that are fetched in one pass: anybody can make thousands."""


def attend_missing(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Look after a record whose sidecar or documents a complete sight does not show where they were."""
    listed = [sight for sight in sights if sight.settings.name == record.folder]
    if not listed:
        return record
    sidecar_there = in_sight(sights, record.place) is not None
    not_sent = record.state.before_mark or record.state in {State.HELD, State.MARKED}
    if not sidecar_there and not_sent and _arrives_elsewhere(sights, record):
        return record  # moved, most likely: step 1 tells once it has settled there
    if not sidecar_there and record.state is State.MARKED:
        # Held and withdrawn in one: whoever moved it, deletion and upload, finds it again as what it is, not as held.
        record = overturn(parts, record)
        if record.state is not State.HELD:
            return record
    if not sidecar_there and (record.state.before_mark or record.state is State.HELD):
        key = record.key if record.extra.get("sent_mark") else None
        return parts.journal.fact(record, Event.WITHDRAWN, key=key, ended_at=parts.now(), next_at=None)
    if not sidecar_there and not record.sidecar_gone and record.place:
        record = parts.journal.note(record, "sidecar_gone", sidecar_gone=True)
    if not sidecar_there and not record.state.ended:
        # The sidecar went, the documents stayed: their edits still matter.
        record = documents_seen(parts, sights, record)
    if record.state.before_mark or record.state is State.HELD:
        return record  # what has not left is its request's file and what lies beside that: it is judged by it
    for rank in [document.rank for document in record.documents]:
        document = record.ranked(rank)
        if document.href and in_sight(sights, document.href) is None:
            record = _document_missing(parts, sights, record, document)
        elif not document.href and record.adopted:
            record = _adopted_document(parts, sights, record, document)
    return record


def _adopted_document(
    parts: Parts, sights: Sequence[Sight], record: Record, document: DocumentFacts
) -> Record:
    """Find the document of an adopted request that is not where it was when the marker was written, by content."""
    if document.sha256 is None or document.size is None:
        return record
    record, found = _by_content(parts, sights, record, document)
    return record if found is None else _followed(parts, record, document, found)


def _arrives_elsewhere(sights: Sequence[Sight], record: Record) -> bool:
    """True while a request that may be this one has not settled elsewhere: by file id, or by its document's size.

    A move may arrive as a deletion and an upload, where there are file ids as well: they are new ones then.
    """
    return any(
        (pair.sidecar.file_id is not None and pair.sidecar.file_id == record.sidecar_file_id)
        or (pair.document is not None and pair.document.size == record.document.size)
        for sight in sights
        for pair in sight.unsettled_pairs
    )


def _document_missing(
    parts: Parts, sights: Sequence[Sight], record: Record, document: DocumentFacts
) -> Record:
    """Follow a document by file id, then by content; else remember since when it is missing."""
    if _moved_by_us(parts, sights, record, document):
        return record  # step 9 settles that itself
    if _lies_outside(parts, record, document):
        return record
    found = _by_id(parts, sights, record, document)
    if found is None:
        record, found = _by_content(parts, sights, record, document)
    if found is not None and found.href == document.href and document.missing_since is None:
        return _seen_outside(parts, record)
    if found is not None:
        return _followed(parts, record, document, found)
    since = clocks.since_when(parts, document.missing_since)
    if since != document.missing_since:
        gone = document.model_copy(update={"missing_since": since})
        return parts.journal.note(record, "document_missing", **record.with_document(gone))
    return record


def _lies_outside(parts: Parts, record: Record, document: DocumentFacts) -> bool:
    """True while what was found outside of every watched folder, by its id, needs not be looked for again yet."""
    seen = record.extra.get("outside_at")
    if seen is None or document.missing_since is not None or _is_watched(parts, record, document.href):
        return False
    return clocks.lasts(parts, datetime.fromisoformat(str(seen)), parts.timing.gone_patience)


def _seen_outside(parts: Parts, record: Record) -> Record:
    return parts.journal.touch(record, extra={**record.extra, "outside_at": parts.now().isoformat()})


def _is_watched(parts: Parts, record: Record, href: str) -> bool:
    """True for a place below any watched folder of its server."""
    return any(
        settings.server == record.server and href.startswith(settings.root)
        for settings in parts.everywhere.values()
    )


def _moved_by_us(parts: Parts, sights: Sequence[Sight], record: Record, document: DocumentFacts) -> bool:
    """True where it was we who moved the original aside, or are about to put the signed one beside."""
    intent = parts.journal.intent(record, delivery_step(document.rank))
    if intent is None:
        return False
    aside = intent.data.get("aside")
    return intent.data["kind"] == "beside" or (aside is not None and in_sight(sights, str(aside)) is not None)


def _followed(parts: Parts, record: Record, document: DocumentFacts, found: Entry) -> Record:
    names_sent = dict(record.extra.get("names_sent", {}))
    known = document.name or (_own_name(record) if document.rank == record.document.rank else found.name)
    name_sent = names_sent.setdefault(str(document.rank), known)
    moved = document.model_copy(
        update={
            "href": found.href,
            "etag": found.etag,
            "file_id": found.file_id or document.file_id,
            "renamed_to": found.name if found.name != name_sent else None,
            "missing_since": None,
            "delivered_href": found.href
            if document.delivered_href == document.href
            else document.delivered_href,
        }
    )
    extra = {**record.extra, "names_sent": names_sent}
    if document.href and found.parent != f"{document.href.rpartition('/')[0]}/":
        extra["document_moved_at"] = parts.now().isoformat()
    changes: dict[str, Any] = {**record.with_document(moved), "extra": extra}
    if document.rank == record.document.rank:
        # The status is called after it.
        extra.pop("outside_at", None)
        if _is_watched(parts, record, found.href):
            extra[MOVED_OUT] = ""
        else:
            extra |= {"outside_at": parts.now().isoformat(), MOVED_OUT: parts.now().isoformat()}
        changes |= {"reported": None, "reported_etag": None, "extra": {**extra, "followed": True}}
    return parts.journal.note(record, "document_followed", **changes)


def _own_name(record: Record) -> str:
    """Name that the main document of an adopted request had, as far as its request's file tells."""
    return names.document_name(record.place.rsplit("/", 1)[-1]) if record.place else ""


def _by_id(parts: Parts, sights: Sequence[Sight], record: Record, document: DocumentFacts) -> Entry | None:
    if document.file_id is None:
        return None
    file_id = FileId(document.file_id)
    for sight in sights:
        if (found := sight.by_id.get(file_id)) is not None:
            return found
    folder = parts.folders[record.server]
    if document.missing_since is None and folder.capabilities().search:
        return folder.find_by_id(file_id)
    return None


def _by_content(
    parts: Parts, sights: Sequence[Sight], record: Record, document: DocumentFacts
) -> tuple[Record, Entry | None]:
    """Among files of the same size and kind that no request owns; each is fetched once for each document.

    Not in folders of other firms: one blank form may lie in many.
    """
    folder = parts.folders[record.server]
    home = is_home(document)
    size, sha256 = (
        (document.signed_size, document.signed_sha256) if home else (document.size, document.sha256)
    )
    suffix = f".{document.name.rpartition('.')[2]}".casefold() if document.converted else ".pdf"
    known = set(record.extra.get("not_it", ()))
    tried = set(known)
    for sight in (one for one in sights if record.account in one.settings.accounts):
        for entry in sight.of_size(size):
            if len(tried) - len(known) >= _MOST_LOOKED_AT:
                break  # the next pass goes on with the others
            href = entry.href
            token = f"{href}|{entry.etag}" if document.rank == 1 else f"{document.rank}|{href}|{entry.etag}"
            if (
                names.is_ours(entry.name)
                or not entry.name.casefold().endswith(suffix)
                or token in tried
                or _is_owned(parts, record, document, href)
            ):
                continue
            try:
                present = present_at(parts, folder, record, entry.href, rank=document.rank)
            except NotFound:
                continue
            if present is not None and present.sha256 is not None and present.sha256 == sha256:
                return record, entry
            tried.add(token)
    if tried != known:
        extra = {**record.extra, "not_it": sorted(tried)}
        record = parts.journal.note(record, "looked_for", extra=extra)
    return record, None


def _is_owned(parts: Parts, record: Record, document: DocumentFacts, href: str) -> bool:
    """True where another document of this request lies, or one of another request; an annex may be shared by many."""
    return any(
        one.href == href and (one.rank != document.rank if other.id == record.id else one.role == "document")
        for other in parts.journal.touching(record.server, [href], [])
        for one in other.documents
    )
