"""What people do to the files of a known request: edits, moves, deletions, orders, copies that lose their original.

Before step 5 an edit simply judges the pair again; afterwards the request goes on and the status says what was
seen. Reads the folder, writes the journal. Source: protocol R1, R3; design page section 4, "Decided".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.identity import ask_of
from connector.lifecycle import Event, Record, State
from connector.sidecar.model import Action
from connector.sidecar.reading import Reading, read_orders, read_whole, without_orders
from connector.steps import contacts, filed, filing, orders
from connector.steps.asked import wording_of
from connector.steps.case import Case, NotSettled, as_known, move, past_signed
from connector.steps.ended import as_it_ended, attend_ended
from connector.steps.gather import other_formats
from connector.steps.judge import judge, read_again
from connector.steps.likeness import is_known, rival_speaks, taken_by
from connector.steps.marked import attend_marked, digest_now, gathered_now
from connector.steps.read import ReadSidecar
from connector.steps.recognised import recognised
from connector.steps.watch import document_seen, documents_seen, in_sight, pair_document

_MARKED_HOLDS = frozenset({"marker_unreadable", "marker_other_connector", "marker_other_digest"})


def consider(case: Case) -> Record | None:
    """Take one settled sidecar: known place, moved here, or new. Returns its record, None when it is left alone."""
    try:
        return _consider(case)
    except NotSettled:
        return None


def _consider(case: Case) -> Record | None:
    record = case.journal.at_place(case.settings.server, case.pair.sidecar.href)
    found = case
    if record is not None:
        case.leave_to_other_processes(record)
        found = past_signed(case, record)
        case = as_known(found, record)
        if not case.pair.settled:
            return None
    moved = _moved_by_id(case, record)
    if moved is not None:
        case.leave_to_others(moved)
        if record is not None:
            _make_way(case, record)
        return move(case, moved)
    if record is None and filed.is_at_rest(case):
        settled, known = filed.recognise(case)
        if settled:
            return known
    if record is None:
        later = case.pair.rivals and min(e.href for e in case.pair.rivals) < case.pair.sidecar.href
        if later and not rival_speaks(case):
            return None  # the first of two sidecars tells of both
        return judge(case)
    if record.folder != case.settings.name:
        # The administrator gave the folder another name; the request stays what it is.
        record = case.journal.note(record, "folder_renamed", folder=case.settings.name)
    if record.state is State.WITHDRAWN:
        # Its sidecar was seen to be gone; what lies there now has arrived before our eyes.
        return judge(replace(case, previous=record))
    if record.state.ended:
        return attend_ended(case, record)
    if record.state is State.HELD:
        return _held(case, record)
    if record.state.before_mark:
        original = _moved_original(case, record)
        if original is not None:
            return _is_the_original(case, record, original)
        if _unchanged(case, found, record):
            return record
        return as_it_ended(case, record) or judge(replace(found, target=record))
    if record.state is State.MARKED:
        after, as_it_was = attend_marked(case, found, record)
        if not as_it_was:
            return after
    return _open(case, record)


def _unchanged(case: Case, found: Case, record: Record) -> bool:
    """True when nothing that its verdict rests on has moved. ``found``: the pair as it lies there by name."""
    sidecar, document = case.pair.sidecar, case.pair.document
    gathered = gathered_now(found, record)
    if record.settings_digest != digest_now(found, record):
        return False
    if record.sidecar_etag is None or record.sidecar_etag != sidecar.etag:
        return False
    if _cured_by_others(case, record):
        return False
    told = record.extra.get("other_formats", {})
    if record.state is State.WAITING_PDF and told != other_formats(found.sight, found.pair, gathered.missing):
        return False
    if case.pair.rivals or len(case.pair.documents) > 1:
        return record.state is State.REJECTED
    if document is None:
        return record.state in {State.WAITING_PDF, State.REJECTED} and record.document.sha256 is None
    if record.document.href != document.href:
        return False
    if record.state is State.WAITING_PDF and not gathered.missing:
        return False
    if record.reason == "copy" and _original_gone(case, record):
        return False
    return record.document.etag == document.etag and (
        record.document.size == document.size or record.document.sha256 is None
    )


def _original_gone(case: Case, record: Record) -> bool:
    other = record.values.get("other_id")
    if not other:
        return False
    original = case.journal.get(int(other))
    newly_lost = case.lost(original) and not record.values.get("original_lost")
    withdrawn = original.state is State.WITHDRAWN and not is_known(original)
    return withdrawn or (not original.state.ended and newly_lost)


def _cured_by_others(case: Case, record: Record) -> bool:
    """True when a problem that lay beside the pair, not in it, is gone: the second request, the second PDF."""
    codes = {str(problem["code"]) for problem in record.problems}
    return (
        ("two_sidecars" in codes and not case.pair.rivals)
        or ("pdf_name_ambiguous" in codes and len(case.pair.documents) < 2)
        or ("document_taken" in codes and taken_by(replace(case, target=record), record.documents) is None)
        or contacts.may_cure(case.parts, case.settings, record)
    )


def _moved_original(case: Case, record: Record) -> Record | None:
    """R3: what looked like a copy is the original itself, once its first place holds neither file any more."""
    other = record.values.get("other_id")
    if record.state is not State.UNCONFIRMED or record.reason != "copy" or not other:
        return None
    original = case.journal.get(int(other))
    same = original.sidecar_sha256 == record.sidecar_sha256 and record.document.sha256 in {
        original.document.sha256,
        original.document.signed_sha256,
    }
    moved = original.state.open and same and case.may_have(original) and case.lost(original)
    return original if moved else None


def _is_the_original(case: Case, record: Record, original: Record) -> Record:
    case.leave_to_others(original)
    _make_way(case, record)
    return move(case, original)


def _moved_by_id(case: Case, record: Record | None) -> Record | None:
    """R3, first half: the main document's known file id at another place. Its sidecar may have come there first."""
    document = case.pair.document
    undecided = {State.WAITING_PDF, State.REJECTED, State.UNCONFIRMED}
    if document is None or document.file_id is None or (record is not None and record.state not in undecided):
        return None
    found = case.journal.with_file_id(case.settings.server, document.file_id)
    # Of several that had this document in turn, the last one that left: a lost journal adopts them in any order.
    for known in sorted(found, key=lambda one: (one.sent_at or one.created_at, one.id), reverse=True):
        mine = record is not None and known.id == record.id
        # A document that lies where it lay did not move: another request was written for it.
        if known.document.href == document.href and not known.extra.get("followed"):
            continue
        if not known.current or mine or known.state is State.WITHDRAWN:
            continue
        case.leave_to_other_processes(known)
        if case.place_gone(known):
            return known
    return None


def _make_way(case: Case, record: Record) -> None:
    """What was thought of this place was about a request that had not arrived whole yet."""
    case.journal.fact(
        record, Event.WITHDRAWN, current=False, key=None, ended_at=case.parts.now(), next_at=None
    )


def _held(case: Case, record: Record) -> Record:
    if record.sidecar_etag == case.pair.sidecar.etag:
        return record
    sidecar = read_again(case)
    action = read_orders(sidecar.data)
    marked = record.transaction is not None or record.reason in _MARKED_HOLDS
    anew = ask_of(action, record=record) != record.ask
    if record.reason == "platform_said_no" and not marked:
        return judge(replace(case, target=record))
    if not anew:
        extra = {**orders.line_seen(record, action), **orders.told_before_sending(record, action, State.HELD)}
        extra |= orders.not_understood(sidecar.data)
        seen = sidecar.etag or case.pair.sidecar.etag
        return case.journal.note(
            record, "sidecar_edited", sidecar_etag=seen, extra=extra, **_note_of(record, sidecar)
        )
    if marked:
        # Its marker stays with its transaction, which was never sent; the new ask is another request.
        record = case.journal.fact(record, Event.WITHDRAWN, ended_at=case.parts.now(), next_at=None)
        return judge(replace(case, previous=record))
    return judge(replace(case, target=record))


def _open(case: Case, record: Record) -> Record:
    """The request goes on; orders are obeyed, edits are told."""
    if record.sidecar_etag != case.pair.sidecar.etag or record.sidecar_gone:
        record = _sidecar_edited(case, record)
    elif orders.due(case.parts, record):
        record = _again(case, record)
    if record.state.ended or record.extra.get("left_alone"):
        return record
    own = pair_document(case.pair, record)
    if own is not None and in_sight(case.sights, record.document.href) is None:
        # Put back where it was before it went, or renamed in its case only.
        record = document_seen(case.parts, record, record.document.rank, own)
    return documents_seen(case.parts, case.sights, record)


def _sidecar_edited(case: Case, record: Record) -> Record:
    sidecar = read_again(case)
    changes: dict[str, Any] = {
        "sidecar_etag": sidecar.etag or case.pair.sidecar.etag,
        "sidecar_gone": False,
    }
    action = read_orders(sidecar.data)
    # What waits still, or is told of, is the order that stands in the file now, or none.
    changes["extra"] = orders.no_longer_pending(orders.line_seen(record, action))
    changes["extra"] |= orders.obeyed_before(record, action) | orders.not_understood(sidecar.data)
    changes["extra"] |= orders.as_read(action)
    changes["extra"] |= filing.said_by(sidecar.request)
    if record.adopted and not record.extra.get("orders_seen"):
        # Orders found on an adopted request count as obeyed (protocol, "Orders and the key").
        changes["extra"] |= {"orders_seen": True}
        changes["obeyed"] = (*record.obeyed, *((action.wording,) if action else ()))
        action = None
    changes |= _note_of(record, sidecar)
    changes["signatories"] = recognised(record, sidecar.request, case.parts.sealer)
    if record.request is not None:
        # Put back as it left, there is nothing to tell of any more.
        as_it_left = sidecar.sha256 == record.sidecar_sha256
        changes["edited_after_send"] = not as_it_left and _is_corrected(case, sidecar, record)
    if action is not None and action.wording not in record.obeyed:
        # Kept with the very fact that the file was read: a crash before it is obeyed must not lose it.
        changes["extra"] |= orders.pending(action)
    record = case.journal.note(record, "sidecar_edited", **changes)
    return _order(case, record, action)


def _is_corrected(case: Case, sidecar: ReadSidecar, record: Record) -> bool:
    """Does it say something else than what was sent? Its orders, readable or not, are no part of that."""
    said = Reading(request=sidecar.request, problems=sidecar.problems)
    if said.problems or said.request is None:
        said = read_whole(without_orders(sidecar.data), pdf_name=case.pair.document_name)
    if said.request is None or said.problems or record.request is None:
        return True
    # Of what has left, « envoi » says nothing any more; a draft is waited for on the site, and does not leave by it.
    waits = record.state is State.DRAFT and said.request.send not in {None, record.request.send}
    return waits or wording_of(said.request) != record.extra.get("wording")


def _note_of(record: Record, sidecar: ReadSidecar) -> dict[str, Any]:
    """A note is for whoever reads the status and travels nowhere: it is shown as it stands in the file now."""
    if record.request is None or sidecar.request is None:
        return {}
    return {"request": record.request.model_copy(update={"note": sidecar.request.note})}


def _order(case: Case, record: Record, action: Action | None) -> Record:
    """Obey or answer an order; what a remote obstacle stopped stays pending and is tried again later."""
    if action is None or action.wording in record.obeyed:
        return record
    if orders.asks_the_platform(action.verb, record.state):
        return record  # it is pending: the account's pass obeys it
    record = orders.obey(case.parts, record, action)
    if record.state.ended and record.reason == "not_sent":
        return judge(replace(case, previous=record))
    answered = record.extra.get("order", {}).get("wording") == action.wording
    if action.wording in record.obeyed or answered or record.state.ended:
        return case.journal.touch(record, extra=orders.no_longer_pending(record.extra))
    return orders.put_off(case.parts, record, action.verb.value, action.wording)


def _again(case: Case, record: Record) -> Record:
    return _order(case, record, Action.model_validate(record.extra["pending_order"]))
