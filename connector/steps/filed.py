"""What lies among the finished requests: known, obeyed, and never a new request.

Nothing leaves from « Demandes terminées »: a request that is known there by its place, its bytes or what its marker
hides is what it was; a copy of one asks nothing; what a person puts there anew is told to lie in the wrong place
(``judge``). Orders are obeyed there as well: « recommencer » brings the request back beside its document first, where
it is judged like any other. One that a person drags out again is itself, and stays out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from connector.errors import NotFound, PreconditionFailed
from connector.lifecycle import DocumentFacts, Record
from connector.ports import Entry, FileId
from connector.sidecar import names
from connector.sidecar.model import Action
from connector.steps import filing, own_files, places, show
from connector.steps.case import Case
from connector.steps.discover import Sight
from connector.steps.filing import Load
from connector.steps.parts import Parts
from connector.steps.read import ReadSidecar, read_request


def is_at_rest(case: Case) -> bool:
    """True for a request without a document of its own among the finished ones."""
    below = case.pair.sidecar.href.removeprefix(case.settings.root)
    return case.pair.document is None and names.is_filed(below)


def recognise(case: Case) -> tuple[bool, Record | None]:
    """Find whose request an unknown one among the finished ones is: (left alone or known, its record if any).

    Neither: a person has put it there, or has written into a copy, and is to be told. Raises remote errors.
    """
    entry, seen = case.pair.sidecar, case.parts.filed_seen
    key, shape = (case.settings.server, entry.href), (entry.etag, entry.size)
    before = seen.get(key)
    fresh = before is None or before[0] != shape
    sha256 = _sha256(case) if before is None or fresh else before[1]
    alike = case.journal.with_sidecar(case.settings.server, sha256)
    unplaced = case.journal.all_at_place(case.settings.server, "")
    lost = [one for one in alike if _has_lost_its_place(case, one)]
    lost += [one for one in unplaced if _has_lost_its_place(case, one) and _is_hidden_in(case, one)]
    if not fresh:
        # What lay here as a copy while the request itself lay elsewhere does not become it when that is moved.
        lost = [one for one in lost if _is_hidden_in(case, one)]
    if lost:
        seen.pop(key, None)
        return True, _followed(case, max(lost, key=lambda one: _likeness(case, one)))
    if fresh:
        copied = bool(alike) or (before is None and _came_with_a_copy(case))
        seen[key] = (shape, sha256, copied)
    return seen[key][2] or case.there_before, None


def _sha256(case: Case) -> str:
    folder, entry = case.parts.folders[case.settings.server], case.pair.sidecar
    return read_request(folder, entry.href, size=entry.size).sha256


def _has_lost_its_place(case: Case, record: Record) -> bool:
    return record.current and record.state.ended and case.may_have(record) and case.place_gone(record)


def _came_with_a_copy(case: Case) -> bool:
    """True when the status beside is our own, of another place: a whole folder was copied, its edited requests too."""
    likely = names.status_name(names.document_name(case.pair.sidecar.name))
    folder = case.parts.folders[case.settings.server]
    for entry in case.sight.beside(case.pair.sidecar.href, likely)[:1]:
        with contextlib.suppress(NotFound):
            return own_files.read_status_at(case.parts, folder, entry.href) is not None
    return False


def filed_from(parts: Parts, sight: Sight, home: str) -> set[str]:
    """Hrefs of the documents of a folder whose finished requests were filed: they have one, though none lies beside."""
    found: set[str] = set()
    for entries in sight.by_parent.get(f"{home}{names.DONE_FOLDER}/", {}).values():
        for entry in entries:
            if not entry.is_folder and names.is_sidecar(entry.name):
                record = parts.journal.at_place(sight.settings.server, entry.href)
                found |= {one.href for one in record.documents} if record is not None else set()
    return found


def _is_hidden_in(case: Case, record: Record) -> bool:
    """True when the marker of a request whose place is not known hides this file: by its id, or by its first place."""
    file_id = case.pair.sidecar.file_id
    if file_id is not None and record.sidecar_file_id == file_id:
        return True
    hide, wanted = case.parts.sealer.hide, record.extra.get("place_mac")
    return any(hide(place) == wanted for place in _first_places(case))


def _likeness(case: Case, record: Record) -> tuple[bool, bool, bool]:
    """Among requests of the same text (one blank form for many letters) the one whose name this is."""
    name = names.comparable(case.pair.sidecar.name)
    of_document = bool(record.document.href) and names.comparable(record.document.name) in names.pair_of(name)
    was_here = record.place.rpartition("/")[2]
    return _is_hidden_in(case, record), names.comparable(was_here) == name, of_document


def _first_places(case: Case) -> Iterable[str]:
    """Where this file may have lain before it was filed."""
    home, name = _home(case), case.pair.sidecar.name
    return [home + name, *(home + bare for bare in names.unnumbered(name))]


def _home(case: Case) -> str:
    """Href of the folder that holds the folder of finished requests."""
    return case.pair.sidecar.parent.rstrip("/").rpartition("/")[0] + "/"


def _followed(case: Case, record: Record) -> Record:
    """Write that a finished request lies here now, and its documents in the folder above."""
    home, name = _home(case), case.pair.sidecar.name
    status = _status_beside(case, record)
    told = {
        "from_href": home + name,
        "status_href": status.href if status is not None else None,
        "told": True,
    }
    extra: dict[str, Any] = {**record.extra, filing.FILED: told}
    if status is not None:
        extra["status_href"] = status.href
    documents = [_found(case, home, one) for one in record.documents]
    return case.journal.note(
        record,
        "filed",
        place=case.pair.sidecar.href,
        folder=case.settings.name,
        sidecar_gone=False,
        document=documents[0],
        more=tuple(documents[1:]),
        extra=extra,
    )


def _status_beside(case: Case, record: Record) -> Entry | None:
    """Its status, if it came along: under the name it had, else under the request's."""
    before = str(record.extra.get("status_href") or "").rpartition("/")[2]
    likely = names.status_name(names.document_name(case.pair.sidecar.name))
    for name in (before, likely):
        found = case.sight.beside(case.pair.sidecar.href, name) if name else []
        if found:
            return found[0]
    return None


def _found(case: Case, home: str, document: DocumentFacts) -> DocumentFacts:
    """Where a document of it lies now: where it was, by its file id, or by name in the folder above."""
    if document.href and document.href in case.sight.by_href:
        return document
    entry = case.sight.by_id.get(FileId(document.file_id)) if document.file_id else None
    if entry is None:
        own = names.pair_of(case.pair.sidecar.name) if document.rank == 1 else ()
        wanted = [names.comparable(document.name)] if document.href else list(own)
        beside = case.sight.by_parent.get(home, {})
        entry = next((one for name in wanted for one in beside.get(name, ()) if not one.is_folder), None)
    return document.model_copy(update={"href": entry.href}) if entry is not None else document


def taken_out(case: Case, sidecar: ReadSidecar) -> Record | None:
    """Return the finished request that a person has taken out, beside its document or with its whole folder.

    It is what it was, whatever became of its document since: it goes again on a new ask only.
    """
    if case.target is not None or case.previous is not None:
        return None
    parent = case.pair.sidecar.parent
    for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256):
        if not (known.current and filing.is_filed(known) and case.may_have(known) and case.place_gone(known)):
            continue
        beside = known.document.href.rpartition("/")[0] + "/" == parent
        if not (_is_for_its_document(case, known) if beside else case.pair.document is None):
            continue  # the same form, for another document
        extra = filing.unfiled(known.extra) if beside else dict(known.extra)
        status = None if beside else _status_beside(case, known)
        if status is not None:
            extra |= {"status_href": status.href}
            extra[filing.FILED] = {**filing.facts(known), "status_href": status.href}
        return case.journal.note(
            known,
            "taken_out" if beside else "moved",
            place=case.pair.sidecar.href,
            folder=case.settings.name,
            sidecar_gone=False,
            extra=extra,
        )
    return _in_a_renamed_folder(case, sidecar)


def _in_a_renamed_folder(case: Case, sidecar: ReadSidecar) -> Record | None:
    """Return what a new journal took from its marker alone, and whose folder of finished requests has another name now.

    Its text, and that it first lay in the folder above, as the marker hides it, tell it where no file ids do. A copy of
    that folder is none of it.
    """
    home, name = _home(case), case.pair.sidecar.name
    there = case.sight.by_href
    if case.pair.document is not None or home + name in there or f"{home}{names.DONE_FOLDER}/{name}" in there:
        return None
    for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256):
        unplaced = known.adopted and not known.place and _has_lost_its_place(case, known)
        if unplaced and _is_hidden_in(case, known):
            return _followed(case, known)
    return None


def _is_for_its_document(case: Case, known: Record) -> bool:
    """True for the very file, by its id, or for one whose name, or PDF, is that of the document that was signed."""
    file_id, document = case.pair.sidecar.file_id, case.pair.document
    if file_id is not None and file_id == known.sidecar_file_id:
        return True
    if document is not None and document.href == known.document.href:
        return True
    return names.comparable(known.document.name) in names.pair_of(case.pair.sidecar.name)


def take_back(case: Case, record: Record, action: Action) -> Record:
    """Bring a filed request back beside its document, because it asks anew there; the next look judges it.

    Where its name is taken that is said, in its status. Raises remote errors: the order is read again then.
    """
    parts, place = case.parts, str(filing.facts(record).get("from_href"))
    home, _, name = place.rpartition("/")
    status = filing.status_place(record)
    out: dict[str, Any] = {"request": (record.place, f"{home}/{names.movable(name)}")}
    if status is not None and status in case.sight.by_href:
        out["status"] = (status, str(_status_out(record, home)))
    try:
        record = filing.carry(parts, record, Load(into=False, file_id=case.pair.sidecar.file_id, **out))
    except PreconditionFailed:
        return _name_taken(parts, case, record, action)
    return record


def _status_out(record: Record, home: str) -> str:
    bare = record.model_copy(update={"extra": filing.unfiled(record.extra)})
    href = places.status_href(bare)
    return str(href) if href is not None else f"{home}/{names.status_name(record.document.name)}"


def _name_taken(parts: Parts, case: Case, record: Record, action: Action) -> Record:
    record = parts.journal.get(record.id)
    told = {"order": {"code": "name_taken", "wording": action.wording}}
    record = parts.journal.touch(record, extra={**record.extra, **told})
    record = show.show(parts, record)
    return parts.journal.note(
        record, "order_answered", data={"code": "name_taken"}, sidecar_etag=case.pair.sidecar.etag
    )
