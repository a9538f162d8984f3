"""Is it something known: moved here, copied, out already, told of by an older status (protocol R3, R4, R10)?"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connector.errors import NotFound
from connector.identity import canonical_email, same_people
from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Record, State
from connector.ports import Href
from connector.report.block import place_mac, place_on
from connector.sidecar import names
from connector.steps import check as checking
from connector.steps.adopted import is_its_own, place_adopted
from connector.steps.answers import DROP
from connector.steps.case import GAVE_WAY, Case, move
from connector.steps.own_files import read_status_at
from connector.steps.read import ReadDocument, ReadSidecar, read_request
from connector.steps.sight import files_in

log = logging.getLogger(__name__)

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
            return move(case, placed)
    return None


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
    return move(case, max(own, key=lambda one: (one.sent_at or one.created_at, one.id))) if own else None


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
        "signed": "yes" if found else "",
        "of_picture": "yes" if any(one.converted for one in found) else "",
        "beside": "yes" if told and beside else "",
    }


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


def told_by_status(case: Case) -> dict[str, Any] | None:
    """Return what a status by that name makes of a request that is not known: reason and values, and T to follow."""
    by_name, transaction = _status_by_name(case)
    if by_name == "copy":
        return {"reason": "copy", "values": {"other": "", "ended": ""}}
    if transaction is not None:
        return {"reason": "adopted_not_sent", "values": {}, "transaction": transaction}
    return {"reason": by_name, "values": {}} if by_name else None


def earlier_status(case: Case) -> dict[str, Any]:
    """R4: what is kept of a status by that name where the request cannot be judged yet: its own takes that name first.

    What another place's status tells is left to the whole verdict: it may be that of a rival, which goes.
    """
    told = told_by_status(case) if case.target is None and case.previous is None else None
    return {"needs_ask": told} if told is not None and told["reason"] != "copy" else {}


def still_told(case: Case, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what an earlier look kept; its T is no more to be followed where another record has it by now."""
    if told and "transaction" in told and _is_followed(case, told["transaction"]):
        return {"reason": "status_by_name", "values": {}}
    return told


def _is_followed(case: Case, transaction: str) -> bool:
    return any(case.journal.following(name, transaction) for name in case.settings.accounts)


def _status_by_name(case: Case) -> tuple[str, str | None]:
    """``copy`` for our own status of another place, ``status_by_name`` for any other, empty for none.

    With it the transaction that our own whole status of this very place names, if it names one that no record has.
    """
    name = status_name_of(case)
    if not case.sight.beside(case.pair.sidecar.href, name):
        return "", None
    href = Href(case.pair.sidecar.parent + name)
    try:
        sealed = read_status_at(case.parts, case.parts.folders[case.settings.server], href)
    except NotFound:
        return "", None
    if sealed is not None and sealed.ref == DROP:
        return "", None  # it told of this very PDF while it waited in its drop folder
    if sealed is not None and _stands_where_it_was_written(case, href, sealed.ref):
        return "", None
    mine = place_mac(place_on(case.settings.server, case.pair.sidecar.href), case.parts.sealer.key)
    if sealed is not None and sealed.place_mac != mine:
        return ("" if _of_one_that_went(case, sealed.place_mac) else "copy"), None
    transaction = sealed.transaction if sealed is not None else None
    if transaction and _is_followed(case, transaction):
        # Put back where the request was before it was moved: it has its record, and one only.
        log.error("a status in folder %s names a transaction that another request has", case.settings.name)
        return "status_by_name", None
    return "status_by_name", transaction


def _stands_where_it_was_written(case: Case, href: Href, ref: str) -> bool:
    """True for the status of a current request of another document: it did not come along with these files."""
    other = case.journal.by_ref(ref)
    if other is None or not other.current or other.server != case.settings.server:
        return False
    return other.extra.get("status_href") == href and other.document.href != case.pair.document_href


def status_name_of(case: Case) -> str:
    """Return the name of the status of this request: its document's, or its own where that bears another name."""
    pair = case.pair
    return names.status_name(pair.document_name if pair.own else names.document_name(pair.sidecar.name))


def _of_one_that_went(case: Case, sealed: str) -> bool:
    """True when that status tells of a request which never left and whose sidecar is gone: it goes as well."""
    return any(
        (record.state.before_mark or record.state is State.WITHDRAWN)
        and place_mac(place_on(record.server, record.place), case.parts.sealer.key) == sealed
        and not any(record.place in sight.by_href for sight in case.sights)
        for record in case.journal.open_anywhere(case.settings.server)
    )
