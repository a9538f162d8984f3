"""Files of a known request that a complete sight does not show where they were: withdrawn, followed, or missing."""

from __future__ import annotations

from collections.abc import Sequence

from connector.errors import NotFound
from connector.lifecycle import Event, Record, State
from connector.ports import Entry, FileId
from connector.sidecar import names
from connector.steps.delivered import present_at
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.send import overturn


def attend_missing(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Look after a record whose sidecar or document a complete sight does not show where it was."""
    listed = [sight for sight in sights if sight.settings.name == record.folder]
    if not listed:
        return record
    in_sight = any(record.place in sight.by_href for sight in sights)
    if not in_sight and (record.state.before_mark or record.state is State.HELD):
        key = record.key if record.extra.get("sent_mark") else None
        return parts.journal.fact(record, Event.WITHDRAWN, key=key, ended_at=parts.now(), next_at=None)
    if not in_sight and record.state is State.MARKED:
        return overturn(parts, record)
    if not in_sight and not record.sidecar_gone and record.place:
        record = parts.journal.note(record, "sidecar_gone", sidecar_gone=True)
    href = record.document.href
    if not href or any(href in sight.by_href for sight in sights):
        if href and not in_sight:
            entry = next(sight.by_href[href] for sight in sights if href in sight.by_href)
            return _watch_alone(parts, listed[0], record, entry)
        return record
    return _document_missing(parts, sights, record)


def _watch_alone(parts: Parts, sight: Sight, record: Record, entry: Entry) -> Record:
    """The sidecar went, the PDF stayed: its edits still matter."""
    if record.state.ended or entry.etag == record.document.etag or entry.href not in sight.settled:
        return record
    present = present_at(parts, parts.folders[record.server], record, entry.href)
    sha256 = present.fetched.sha256 if present is not None and present.fetched else None
    changed = sha256 not in {record.document.sha256, record.document.signed_sha256}
    update = {"etag": entry.etag, "changed_at": (entry.modified or parts.now()) if changed else None}
    return parts.journal.note(record, "document_seen", document=record.document.model_copy(update=update))


def _document_missing(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Follow the PDF by file id, then by content; else remember since when it is missing."""
    document = record.document
    if parts.journal.intent(record, "deliver") is not None:
        return record  # it was we who moved the original aside; step 9 settles that itself
    found = _by_id(parts, sights, record)
    if found is None:
        record, found = _by_content(parts, sights, record)
        document = record.document
    if found is not None:
        renamed = found.name if found.name != document.href.rsplit("/", 1)[-1] else None
        moved = document.model_copy(
            update={
                "href": found.href,
                "etag": found.etag,
                "file_id": found.file_id or document.file_id,
                "renamed_to": renamed,
                "missing_since": None,
            }
        )
        return parts.journal.note(
            record,
            "document_followed",
            document=moved,
            reported=None,
            reported_etag=None,
            extra={**record.extra, "followed": True},
        )
    if document.missing_since is None:
        gone = document.model_copy(update={"missing_since": parts.now()})
        return parts.journal.note(record, "document_missing", document=gone)
    return record


def _by_id(parts: Parts, sights: Sequence[Sight], record: Record) -> Entry | None:
    file_id = record.document.file_id
    if file_id is None:
        return None
    for sight in sights:
        if FileId(file_id) in sight.by_id:
            return sight.by_id[FileId(file_id)]
    folder = parts.folders[record.server]
    if record.document.missing_since is None and folder.capabilities().search:
        return folder.find_by_id(FileId(file_id))
    return None


def _by_content(parts: Parts, sights: Sequence[Sight], record: Record) -> tuple[Record, Entry | None]:
    """Among PDFs of the same size that no other request owns; each is fetched once."""
    owned = {
        other.document.href for other in parts.journal.open_records(record.server) if other.id != record.id
    }
    folder = parts.folders[record.server]
    tried = set(record.extra.get("not_it", ()))
    for sight in sights:
        for href, entry in sight.by_href.items():
            token = f"{href}|{entry.etag}"
            if (
                entry.is_folder
                or names.is_ours(entry.name)
                or entry.size != record.document.size
                or not entry.name.casefold().endswith(".pdf")
                or href in owned
                or token in tried
            ):
                continue
            try:
                present = present_at(parts, folder, record, entry.href)
            except NotFound:
                continue
            if present is not None and present.fetched and present.fetched.sha256 == record.document.sha256:
                return record, entry
            tried.add(token)
    if tried != set(record.extra.get("not_it", ())):
        extra = {**record.extra, "not_it": sorted(tried)}
        record = parts.journal.note(record, "looked_for", extra=extra)
    return record, None
