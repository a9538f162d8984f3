"""The documents of an open request, held against what was sent: what people do to them is remembered and told.

Nothing is stopped by it. An edit of an annex or of an image matters little: its own file is never touched.
Source: design page section 4, "Decided"; protocol R3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import DocumentError
from connector.lifecycle import DocumentFacts, Record
from connector.ports import Entry
from connector.sidecar import names
from connector.steps.case import NAMED_AFTER_REQUEST, Case
from connector.steps.discover import Pair, Sight
from connector.steps.parts import Parts
from connector.steps.present import Present, present_at
from connector.steps.settings import shown_name
from connector.steps.task import is_home


def in_sight(sights: Sequence[Sight], href: str) -> Entry | None:
    """Return what the sights show at ``href``, None when they show nothing there."""
    return next((sight.by_href[href] for sight in sights if href in sight.by_href), None)


def has_settled(sights: Sequence[Sight], entry: Entry) -> bool:
    """True when its ETag has held; what has not settled is looked at again in a moment."""
    return any(entry.href in sight.by_href and sight.has_settled([entry]) for sight in sights)


def pair_document(pair: Pair, record: Record) -> Entry | None:
    """Return the PDF of the sidecar's own name where it stands for the main document; None where it does not."""
    if record.document.converted or record.extra.get(NAMED_AFTER_REQUEST):
        return None
    taken = {document.href for document in record.more}
    return pair.document if pair.document is not None and pair.document.href not in taken else None


def documents_seen(parts: Parts, sights: Sequence[Sight], record: Record) -> Record:
    """Look at every document that lies where it is known to lie and is not home yet."""
    for rank in [document.rank for document in record.documents]:
        document = record.ranked(rank)
        entry = in_sight(sights, document.href)
        if entry is None or (entry.etag == document.etag and document.missing_since is None):
            continue
        if has_settled(sights, entry):
            record = document_seen(parts, record, rank, entry)
    return record


def gone_for_good(parts: Parts, document: DocumentFacts) -> bool:
    """True once a document has been missing for so long that it may be called gone (ux page, finding 13)."""
    since = document.missing_since or parts.now()
    return parts.now() - since >= parts.timing.gone_patience


def document_seen(parts: Parts, record: Record, rank: int, entry: Entry) -> Record:
    """Hold one document, which lies at ``entry`` now, against what was sent: by ETag first, else by bytes."""
    known = record.ranked(rank)
    if is_home(known):
        return record
    document = known.model_copy(update={"missing_since": None, "href": entry.href})
    if document.etag == entry.etag and entry.etag is not None:
        if document == known:
            return record
        return parts.journal.note(record, "document_found", **record.with_document(document))
    present = present_at(parts, parts.folders[record.server], record, entry.href, rank=rank)
    if present is None:
        return record
    seen = document.model_copy(update={"etag": entry.etag, **_change(parts, document, entry, present)})
    return parts.journal.note(record, "document_seen", **record.with_document(seen))


def _change(parts: Parts, document: DocumentFacts, entry: Entry, present: Present) -> dict[str, Any]:
    sha256 = present.sha256
    if sha256 is not None and sha256 in {document.sha256, document.signed_sha256}:
        same_file = {"file_id": entry.file_id or document.file_id}
        return {"changed_at": None, "changed_same_pages": None, "changed_file": False, **same_file}
    change: dict[str, Any] = {
        "changed_at": entry.modified or parts.now(),
        "changed_same_pages": _same_pages(parts, document, present),
        "changed_file": None not in {entry.file_id, document.file_id} and entry.file_id != document.file_id,
    }
    if sha256 is not None:
        # What a person made of it while it was out is told now, and not again when the request has ended.
        change["left"] = tuple(dict.fromkeys((*document.left, sha256)))
    return change


def _same_pages(parts: Parts, document: DocumentFacts, present: Present) -> bool | None:
    """Does it still show the pages that were sent? None where that cannot be said: an image, a file too large."""
    if present.path is None or not document.pages_digest or document.converted:
        return None
    try:
        return parts.documents.facts(present.path).pages_digest == document.pages_digest
    except DocumentError:
        return False


def copies_seen(case: Case, record: Record) -> Record:
    """Keep which copies of its files and of its settings lie beside them: they are told, never read."""
    return _near_settings_seen(case, _conflict_copies_seen(case, record))


def _conflict_copies_seen(case: Case, record: Record) -> Record:
    """Keep which copies a sync client has put beside the files of a request: they are told, never read.

    Of its settings for as long as they decide: the word that lets it go may stand in the copy, which is named with its
    folder where that is another one.
    """
    sight, parent = case.sight, case.pair.sidecar.parent
    files = {(parent, names.comparable(name)) for name in (case.pair.sidecar.name, case.pair.document_name)}
    if record.state.before_mark:
        above = (one for here in sight.settings_above(case.pair.sidecar.href) for one in here)
        files |= {(one.parent, names.comparable(one.name)) for one in above}
    found = [
        copy if folder == parent else f"{folder.rstrip('/').rpartition('/')[2]}/{copy}"
        for folder, name in sorted(files)
        for copy in sight.conflict_copies(folder).get(name, ())
    ]
    return _kept(case, record, "conflict_copies", found)


def _near_settings_seen(case: Case, record: Record) -> Record:
    """Keep which files, in the folders of its settings, bear nearly their name, while those decide: none is read."""
    sight, href = case.sight, case.pair.sidecar.href
    near = sight.near_settings_beside(href) if record.state.before_mark else ()
    return _kept(case, record, "near_settings", [shown_name(sight, entry, href) for entry in near])


def _kept(case: Case, record: Record, fact: str, found: list[str]) -> Record:
    if record.closed or list(record.extra.get(fact, ())) == found:
        return record
    return case.journal.touch(record, extra={**record.extra, fact: found})
