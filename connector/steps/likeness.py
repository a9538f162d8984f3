"""Is it something known: moved here, copied, out already, there before us (protocol R3, R7, R10)?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connector.identity import canonical_email, same_people
from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Record, State
from connector.ports import Href
from connector.sidecar import names
from connector.steps import check as checking
from connector.steps.adopted import is_its_own, place_adopted
from connector.steps.case import GAVE_WAY, Case, move
from connector.steps.earlier import status_of_this_place
from connector.steps.read import ReadDocument, ReadSidecar, read_request
from connector.steps.sight import files_in

# A request that was refused for its text, or not yet judged, is nothing that another could be a copy of.
_NOT_KNOWN = frozenset({State.WITHDRAWN, State.REJECTED, State.WAITING_PDF})


def is_known(record: Record) -> bool:
    """True for a request that another could be a copy of, or the same, moved."""
    return record.state not in _NOT_KNOWN or bool(record.extra.get(GAVE_WAY))


def moved_by_content(case: Case, sidecar: ReadSidecar, document: ReadDocument | None) -> Record | None:
    """R3, second half: the same two files (sidecar and main document), gone from where they were.

    What a person had made of the document by then, and what was seen of it in its place, tells it as well. Without a
    document nothing has moved; but what a new journal knows to be over lies where its sidecar does, whose signed
    document came to lie beside.
    """
    if case.target is not None or case.previous is not None or (document is not None and not document.sha256):
        return None
    for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256):
        if document is None:
            same = _has_no_place(known) and is_its_own(case.parts, known, case.pair.sidecar)
        else:
            same = document.sha256 in _bytes_of(known)
        if (
            same
            and known.current
            and case.may_have(known)
            and is_known(known)
            and case.lost(placed := _placed(case, known))
        ):
            return None if _was_told_a_copy(case, placed) else _at_home(case, placed)
    return None


def _was_told_a_copy(case: Case, known: Record) -> bool:
    """True where our own status of this place tells of a request that never left, as the lost journal knew it.

    What a new journal took from its marker alone had come to no such place: what lies here was copied from it. Raises
    remote errors.
    """
    if not _has_no_place(known) or is_its_own(case.parts, known, case.pair.sidecar):
        return False
    sealed = status_of_this_place(case)
    return sealed is not None and sealed.transaction is None


def _at_home(case: Case, known: Record) -> Record:
    """Write that its files are here; what is over is shown anew where our own status of this place tells of another.

    A journal that was lost in its turn may have written it, of these files as it knew them. Raises remote errors.
    """
    sealed = status_of_this_place(case) if known.closed and _has_no_place(known) else None
    record = move(case, known)
    if sealed is None or sealed.transaction == known.transaction:
        return record
    return case.journal.touch(record, closed=False)


def _has_no_place(known: Record) -> bool:
    """True for what a new journal took from its marker alone, and has not found."""
    return known.adopted and not known.place


def _placed(case: Case, known: Record) -> Record:
    """Return a finished request that a new journal took from its marker alone with the place where it lies.

    What is over is looked for only here: any copy of its first files would be taken for them, moved. As it is where it
    lies at this very place, or nowhere else: another request that lies in its place now is not its own. Raises remote
    errors.
    """
    if not _has_no_place(known) or is_its_own(case.parts, known, case.pair.sidecar):
        return known
    own = [one for sight in case.sights for one in sight.sidecars() if is_its_own(case.parts, known, one)]
    if not own or case.journal.at_place(case.settings.server, own[0].href) is not None:
        return known
    case.leave_to_other_processes(known)
    case.leave_to_others(known)
    folder = case.parts.folders[case.settings.server]
    if read_request(folder, own[0].href, size=own[0].size).sha256 != known.sidecar_sha256:
        return known
    return place_adopted(case.parts, known, files_in(case.sights)) or known


def _bytes_of(known: Record) -> frozenset[str | None]:
    """Every content its main document had: as it was found, as it came back, as people left it while it was out."""
    document = known.document
    return frozenset({document.sha256, document.signed_sha256, *document.left})


def lost_both(case: Case, sidecar: ReadSidecar, document: ReadDocument | None) -> Record | None:
    """R3: the same sidecar beside other bytes, while an open request has lost both its files."""
    if case.target is not None or case.previous is not None or document is None:
        return None
    for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256):
        changed = known.document.sha256 != document.sha256
        if known.state.open and changed and case.may_have(known) and case.lost(known):
            return known
    return None


def was_there_before(case: Case, sidecar: ReadSidecar, document: ReadDocument | None) -> bool:
    """R7: what was there before us and has no new ask is the same wherever it is moved, whatever was thought of it.

    The same sidecar by its file id, or beside the same main document, gone from where it was; or come back to it.
    """
    back = case.previous
    if back is not None and (back.state is not State.WITHDRAWN or _written_anew(case, back)):
        return False
    file_id, sha256 = case.pair.sidecar.file_id, document.sha256 if document is not None else None
    same = [
        known
        for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256)
        if bool(known.extra.get("there_before"))
        and not known.extra.get("confirmed")
        and (
            (file_id is not None and known.sidecar_file_id == file_id)
            or (bool(sha256) and known.document.sha256 == sha256)
        )
    ]
    for known in same:
        case.leave_to_other_processes(known)
    return any((back is not None and known.id == back.id) or case.place_gone(known) for known in same)


def _written_anew(case: Case, known: Record) -> bool:
    """True for a request that a person wrote beside a PDF that had stayed: it arrived before our eyes.

    What comes back whole, from the bin or because a PC sends a whole folder again, is what was there before.
    """
    sidecar, document = case.pair.sidecar, case.pair.document
    if sidecar.file_id is not None and sidecar.file_id == known.sidecar_file_id:
        return False
    stayed = known.document
    return document is not None and (document.file_id, document.etag) == (stayed.file_id, stayed.etag)


def taken_by(case: Case, documents: Sequence[DocumentFacts]) -> tuple[DocumentFacts, Record] | None:
    """Another open request on one of the very same files (design page section 4): two never share a document.

    Annexes are never touched, so any number of requests may share one.
    """
    mine = case.target.id if case.target is not None else None
    touching = touched(case.journal, case.settings.server, documents)
    return shared(touching, documents, place=case.pair.sidecar.href, mine=mine)


def touched(journal: Journal, server: str, documents: Sequence[DocumentFacts]) -> list[Record]:
    """Return the records that may have one of these documents: few of the many that are open."""
    wanted = [one for one in documents if one.role == "document"]
    ids = [one.file_id for one in wanted if one.file_id is not None]
    return journal.touching(server, [one.href for one in wanted], ids)


def shared(
    records: Iterable[Record], documents: Sequence[DocumentFacts], *, place: str, mine: int | None
) -> tuple[DocumentFacts, Record] | None:
    """Return the first of these documents that an open one of ``records`` has, but the one ``mine`` or at ``place``."""
    wanted = [one for one in documents if one.role == "document"]
    for other in records:
        if not other.state.open or other.id == mine or other.place == place:
            continue
        for one in wanted:
            if any(_same_file(one, theirs) for theirs in other.documents if theirs.role == "document"):
                return one, other
    return None


def _same_file(one: DocumentFacts, other: DocumentFacts) -> bool:
    return one.href == other.href or (one.file_id is not None and one.file_id == other.file_id)


def alike(
    case: Case, sidecar: ReadSidecar, checked: checking.Checked, key: str, *, confirmed: bool
) -> list[Record]:
    """R10: what this may be a copy of: key known, or document bytes sent or delivered for the same people.

    The same blank form with *other* signatories is another request (R1). A new ask passes: its key is new. A line
    that came along with the copy is none: it is new only where something was known at this place before.
    """
    return list(_alike(case, sidecar, checked, key, confirmed=confirmed))


def copy_of(case: Case, likes: Sequence[Record], sha256: str) -> dict[str, str] | None:
    """What to say of the original, the first that it may be a copy of; ``sha256``: of its main document."""
    return _told(case, likes[0], sha256) if likes else None


def itself(case: Case, likes: Iterable[Record]) -> Record | None:
    """R3 after a lost journal: what would be called a copy of a request, and lies at that one's own place, is it.

    So it is where a person has written into the sidecar since, a reminder or a note, and no file id tells. A real copy
    lies elsewhere. Of several that were asked for here in turn, the last one.
    """
    if case.target is not None or case.previous is not None:
        return None
    own = [
        known
        for known in likes
        if _has_no_place(known)
        and known.current
        and known.server == case.settings.server
        and is_its_own(case.parts, known, case.pair.sidecar)
        and case.may_have(known)
        and case.lost(known)
    ]
    return _at_home(case, max(own, key=lambda one: (one.sent_at or one.created_at, one.id))) if own else None


def _alike(
    case: Case, sidecar: ReadSidecar, checked: checking.Checked, key: str, *, confirmed: bool
) -> Iterator[Record]:
    mine = {record.id for record in (case.target, case.previous) if record is not None}
    mine |= {record.id for record in case.journal.all_at_place(case.settings.server, case.pair.sidecar.href)}
    by_key = case.journal.by_key(key)
    if by_key is not None and by_key.id not in mine and is_known(by_key):
        yield by_key
    if confirmed:
        return
    emails = [signatory.email for signatory in checked.request.signatories]
    hidden = [case.parts.sealer.hide(canonical_email(email)) for email in emails]
    sha256 = checked.main.sha256
    for known in case.journal.knowing(sha256=sha256):
        if known.id in mine or not is_known(known):
            continue
        # An annex may come back as it went, without a signature: having its bytes is no copy of what was signed.
        delivered = any(one.signed_sha256 == sha256 and one.signatures != 0 for one in known.documents)
        if not delivered and not any(
            one.sha256 == sha256 for one in known.documents if one.role == "document"
        ):
            continue  # an annex that went along with another request
        if (
            delivered
            or known.sidecar_sha256 == sidecar.sha256
            or same_people(known.key_parts, emails)
            or set(known.key_parts.get("people", ())) == set(hidden)
        ):
            yield known
    for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256):
        # What a person made of it while it was out, beside the very same request.
        if known.id not in mine and is_known(known) and sha256 in known.document.left:
            yield known


def _told(case: Case, original: Record, sha256: str) -> dict[str, str]:
    root = case.settings.root if original.folder == case.settings.name else "/"
    # Another firm's names and dates are none of this folder's business.
    told = case.may_have(original)
    has_run = original.state is not State.WITHDRAWN
    here = (case.settings.server, case.pair.sidecar.parent)
    beside = (original.server, original.document.href.rpartition("/")[0] + "/") == here
    found = [one for one in original.documents if one.signed_sha256 == sha256 and one.signatures != 0]
    return {
        "other": original.document.href.removeprefix(root) if told else "",
        "other_id": str(original.id),
        "ended": original.ended_at.isoformat() if told and original.ended_at and has_run else "",
        "original_lost": "yes" if case.lost(original) else "",
        # What is another firm's is not followed here (R3), and may have been moved all the same.
        "perhaps_moved": "yes" if original.place and not told and case.lost(original) else "",
        "signed": "yes" if found else "",
        "signed_elsewhere": "yes" if any(_lies_elsewhere(case, original, one) for one in found) else "",
        "of_picture": "yes" if any(one.converted for one in found) else "",
        "beside": "yes" if told and beside else "",
    }


def _lies_elsewhere(case: Case, original: Record, one: DocumentFacts) -> bool:
    """True where what was signed is seen in another place, as it was delivered: this PDF is not all that there is."""
    if original.server != case.settings.server or one.delivered_href in {None, case.pair.document_href}:
        return False
    entries = [sight.by_href.get(Href(one.delivered_href or "")) for sight in case.sights]
    return any(entry is not None and entry.etag is not None and entry.etag == one.etag for entry in entries)


def rival_speaks(case: Case) -> bool:
    """True when another sidecar of the same PDF has left or ended: the status by the PDF's name is its own."""
    known = [
        case.journal.at_place(case.settings.server, entry.href)
        for entry in case.pair.rivals
        if entry.href != case.pair.sidecar.href
    ]
    return any(
        record is not None and not record.state.before_mark and record.state is not State.WITHDRAWN
        for record in known
    )


def is_spoken_for(case: Case, main: ReadDocument | None) -> bool:
    """True when the status by the PDF’s name is another’s: of a request renamed to it, signed there, or a namesake."""
    href = case.pair.document_href
    status = f"{href.rpartition('/')[0]}/{names.status_name(href.rpartition('/')[2])}"
    mine = case.target.id if case.target is not None else None
    others = case.journal.touching(case.settings.server, [status], [])
    if main is not None and main.sha256 is not None:
        others += case.journal.knowing(sha256=main.sha256)
    return _is_namesakes(case, status) or any(
        other.current
        and other.id != mine
        and other.place != case.pair.sidecar.href
        and other.reported is not None
        and other.extra.get("status_href") == status
        and not other.state.before_mark
        for other in others
    )


def _is_namesakes(case: Case, status: str) -> bool:
    """True where a document that differs in its ending alone has a request here that is told of there, or goes first.

    ``lettre.pdf`` goes before ``lettre.png``: arrived together, neither is told of yet, and they would share a status.
    """
    here, name = case.pair.sidecar.href, names.comparable(case.pair.document_name)
    stem, dot, ending = name.rpartition(".")
    endings = (".pdf", *names.IMAGE_ENDINGS)
    mine = endings.index(dot + ending) if dot + ending in endings else 0
    same = {here, *(entry.href for entry in case.pair.rivals)}
    for place, other in enumerate(endings):
        if place == mine or not case.sight.beside(here, stem + other):
            continue
        for asking in names.sidecar_names(stem + other):
            for entry in case.sight.beside(here, asking):
                known = case.journal.at_place(case.settings.server, entry.href)
                told = known is not None and known.reported is not None and known.state is not State.WITHDRAWN
                at = known.extra.get("status_href") if known is not None else None
                if entry.href not in same and (at == status if told else place < mine):
                    return True
    return False
