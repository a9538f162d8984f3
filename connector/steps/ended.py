"""A place whose request has ended: it goes again on a new ask only, and other bytes there are said (protocol R3).

What had come beside and was put there by a person is told as what it is: the signed document in its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.errors import DocumentError
from connector.identity import ask_of
from connector.lifecycle import DocumentFacts, Event, Record, State
from connector.ports import Entry
from connector.report import undone
from connector.sidecar.model import Action, Verb
from connector.sidecar.reading import read_orders
from connector.steps import askers, astray, filed, filing, heeded, orders, rights
from connector.steps import check as checking
from connector.steps.asked import deciding, files_beside
from connector.steps.case import Case, move
from connector.steps.close import awaits_more
from connector.steps.fading import NAMES, PEOPLE
from connector.steps.gather import Gathered, gather
from connector.steps.judge import judge, read_again
from connector.steps.present import present_at
from connector.steps.recognised import recognised
from connector.steps.reported import still_reported
from connector.steps.watch import has_settled, in_sight, pair_document

_UNSIGNED_BACK = "unsigned_back"
"""In ``extra``, as journals of before kept of the main document what is a fact of each document now."""
_PUT_IN_PLACE = "put_in_place"
"""Reason of what came beside and lies in its place now; ``report.beside`` has a text for it."""


def attend_ended(case: Case, record: Record) -> Record:
    """An ended pair goes again on a new ask only; other unsigned bytes at its place are said."""
    if astray.KEY in record.extra:
        record = _back_in_place(case, record)
    if record.extra.get(_UNSIGNED_BACK):
        record = _as_kept_now(case, record)
    if record.closed and rights.takes_again(case.parts, record):
        record = case.journal.note(record, "rights_back", closed=False)
    if record.closed:
        record = still_reported(case.parts, case.sights, record)
    crashed = record.reason == "not_sent" and not record.extra.get("asked_again")
    if not record.closed and not crashed and not awaits_more(record):
        return record
    if record.sidecar_etag != case.pair.sidecar.etag or crashed:
        sidecar = read_again(case)
        action = read_orders(sidecar.data)
        record = orders.after_end(
            case.parts,
            record,
            action,
            _why_not_again(case, record, action),
            data=sidecar.data,
        )
        changes: dict[str, Any] = {
            "sidecar_etag": sidecar.etag or case.pair.sidecar.etag,
            "extra": {**record.extra, "orders_seen": True, "asked_again": True}
            | orders.as_read(action)
            | filing.said_by(sidecar.request),
            **filing.as_it_lies(record, sidecar.sha256),
        }
        found = record.adopted and not record.extra.get("orders_seen")
        if action is not None and _asks_again(record, action):
            known = _asked_already(case, action)
            if known is not None:
                case.journal.touch(record, current=False)
                # Over or not: the status that stands here is the former one's.
                return move(case, case.journal.touch(known, closed=False))
            if not filing.is_filed(record):
                return judge(replace(case, previous=record, ask_found=found))
            if not found:
                return filed.take_back(case, record, action)
        if found:
            changes["obeyed"] = (*record.obeyed, *((action.wording,) if action else ()))
            changes["signatories"] = named = recognised(record, sidecar.request, case.parts.sealer)
            if any(one.name for one in named) and not any(one.email for one in named):
                # Names alone, as of what has faded: whoever is to be forgotten is found by what the marker hides.
                changes["extra"][PEOPLE] = NAMES
        record = case.journal.note(record, "sidecar_edited", **changes)
        if action is not None and action.verb is Verb.UNLOCK:
            return record  # tags have moved since the folder was listed, which is no edit
    if filing.is_filed(record):
        return record  # no request lies beside its document any more: what is put there is another matter
    for rank in [document.rank for document in record.documents if document.role == "document"]:
        entry = _entry_of(case, record, rank)
        if entry is None or entry.etag == record.ranked(rank).etag or not has_settled(case.sights, entry):
            continue
        record, other = _ended_document(case, record, rank, entry)
        if other:
            return _ended_place_changed(case, record, rank, entry)
    return record


def _why_not_again(case: Case, record: Record, action: Action | None) -> str:
    """Why a ``recommencer`` is answered instead of obeyed; empty where it is a new ask, or none at all."""
    if action is None or action.verb is not Verb.RESTART or action.wording in record.obeyed:
        return ""
    if action.wording == record.extra.get(orders.STANDS):
        return heeded.RESTART_STANDS
    main = pair_document(case.pair, record)
    delivered = record.document.delivered_href is not None and not record.document.beside
    if (
        main is not None
        and (record.state is State.DELIVERED or record.reason == _PUT_IN_PLACE)
        and delivered
        and main.etag == record.document.etag
        and not record.document.unsigned_back
    ):
        return heeded.RESTART_ON_SIGNED
    return ""


def _asks_again(record: Record, action: Action) -> bool:
    """True for a new ask; one that was refused and stands there still is none, nor « pas partie » of what was sent."""
    if action.wording == record.extra.get(orders.STANDS):
        return False
    if heeded.after_the_end(action.verb, record):
        return False
    return ask_of(action, record=record) != record.ask


def _back_in_place(case: Case, record: Record) -> Record:
    """The folder is there again, whose status had to stand elsewhere: it stands here now."""
    extra = {name: value for name, value in record.extra.items() if name != astray.KEY}
    there = record.document.model_copy(update={"missing_since": None})
    changes: dict[str, Any] = {"extra": extra, "closed": False, "sidecar_gone": False, "reported": None}
    return case.journal.note(record, "folder_back", document=there, **changes)


def _as_kept_now(case: Case, record: Record) -> Record:
    """That the original lies in its place again was seen by an earlier release: it is not looked at a second time."""
    extra = {name: value for name, value in record.extra.items() if name != _UNSIGNED_BACK}
    back = record.document.model_copy(update={"unsigned_back": _came_home(record.document)})
    changes = {"extra": extra, "closed": False} if back.unsigned_back else {"extra": extra}
    return case.journal.note(record, "document_seen", **record.with_document(back), **changes)


def _came_home(document: DocumentFacts) -> bool:
    """True for what had come back signed into its place."""
    return document.in_place and document.delivered_href is not None and not document.beside


def as_it_ended(case: Case, record: Record) -> Record | None:
    """Take up the ended request of a place that was said to have changed, once its documents are its own again.

    What was deleted and put back, or restored from a version, is no other document. None while it is one.
    """
    told = record.extra.get("needs_ask") or {}
    if told.get("reason") != "ended_place_changed":
        return None
    ended = case.journal.get(int(told["values"]["other_id"]))
    if not ended.state.ended or ended.place != record.place:
        return None
    for document in ended.documents:
        entry = _entry_of(case, ended, document.rank)
        if document.role != "document":
            continue
        if entry is None or not has_settled(case.sights, entry):
            return None
        ended, other = _ended_document(case, ended, document.rank, entry)
        if other:
            return None
    # In this order: after a crash between the two the newer one stands, and this is done again.
    ended = case.journal.note(
        ended, "as_it_ended", current=True, closed=False, reported=None, reported_etag=None
    )
    case.journal.fact(
        record, Event.WITHDRAWN, current=False, key=None, ended_at=case.parts.now(), next_at=None
    )
    return ended


def _asked_already(case: Case, action: Action) -> Record | None:
    """Return the adopted request that a restored journal did not know to have obeyed this very line, here."""
    here = case.parts.sealer.hide(case.pair.sidecar.href)
    found = (
        known
        for known in case.journal.all_at_place(case.settings.server, "")
        if known.adopted and known.extra.get("place_mac") == here
    )
    return next((known for known in found if known.ask == action.wording), None)


def _entry_of(case: Case, record: Record, rank: int) -> Entry | None:
    """What lies in the place of a document now. The PDF of an image has none: the image is looked at."""
    own = pair_document(case.pair, record) if rank == record.document.rank else None
    return own or in_sight(case.sights, record.ranked(rank).href)


def _ended_document(case: Case, record: Record, rank: int, entry: Entry) -> tuple[Record, bool]:
    """Look at what lies there now; True when these are bytes that nobody was told of, and no signed document."""
    parts, document = case.parts, record.ranked(rank)
    present = present_at(parts, parts.folders[record.server], record, entry.href, rank=rank)
    known = {document.sha256, document.signed_sha256, *document.left}
    sha256 = present.sha256 if present is not None else None
    unsigned = True
    if present is not None and present.path is not None and sha256 not in known:
        try:
            unsigned = parts.documents.facts(present.path).signatures == 0
        except DocumentError:
            unsigned = True
    parts.spool.forget(record.ref)
    # What was signed once may be asked for anew where a person has put it back, whenever that was looked at.
    home = _came_home(document)
    facts = {
        "etag": entry.etag,
        "unsigned_back": home and sha256 is not None and sha256 in known - {document.signed_sha256},
    }
    if home:
        facts["changed_file"] = _is_another_file(document, entry)
    seen = record.with_document(document.model_copy(update=facts))
    if facts["unsigned_back"] != document.unsigned_back:
        seen["closed"] = False  # over or not: it is shown anew
    if sha256 is not None and sha256 == document.signed_sha256:
        seen |= _put_in_place(record, rank, entry)
    record = parts.journal.note(record, "document_seen", **seen)
    return record, sha256 not in known and unsigned


def _is_another_file(document: DocumentFacts, entry: Entry) -> bool:
    """True where it lies under another id: the history of the former one is not its own."""
    return None not in {entry.file_id, document.file_id} and entry.file_id != document.file_id


def _put_in_place(record: Record, rank: int, entry: Entry) -> dict[str, Any]:
    """What changes where a person has put the signed document into its place, which a lost journal does not know.

    Not of one that somebody has to look at first: it is not quite what was expected.
    """
    document = record.ranked(rank)
    came_beside = record.state is State.DELIVERED_BESIDE and document.delivered_href != entry.href
    if not came_beside or not document.in_place or document.differences:
        return {}
    home = {"href": entry.href, "delivered_href": entry.href, "file_id": entry.file_id, "etag": entry.etag}
    there = record.with_document(document.model_copy(update={**home, "beside": "", "missing_since": None}))
    in_place = [one for one in record.model_copy(update=there).documents if one.in_place]
    elsewhere = [one.beside or record.reason for one in in_place if one.delivered_href != one.href]
    # It is shown anew, though it was over and closed.
    shown = {"reported": None, "closed": False}
    return {**there, **shown, "reason": elsewhere[0] if elsewhere else _PUT_IN_PLACE}


def _ended_place_changed(case: Case, record: Record, rank: int, entry: Entry) -> Record:
    told: dict[str, Any] = {
        "reason": "ended_place_changed",
        "values": {
            "other": entry.name,
            "other_id": str(record.id),
            "ended": record.ended_at.isoformat() if record.ended_at else "",
            **_where_signed(case, record.ranked(rank), entry),
        },
    }
    # It may lie under the request's own name, while what was signed went by another and keeps its status there.
    there = {"href": entry.href, "file_id": entry.file_id, "etag": entry.etag, "size": entry.size}
    changed = record.ranked(rank).model_copy(update={**there, "sha256": None, "renamed_to": None})
    record = record.model_copy(update=record.with_document(changed))
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
        settings_digest=_digest_now(case, record),
        document=_as_found(record.document),
        more=tuple(_as_found(document) for document in record.more),
    )


def _where_signed(case: Case, document: DocumentFacts, entry: Entry) -> dict[str, str]:
    """Say where what had come back signed into this place is to be found, now that something else lies there."""
    if not _came_home(document):
        return {}
    kept = case.parts.folders[case.settings.server].capabilities().versions and document.original_href is None
    if not kept or _is_another_file(document, entry):
        return {"signed_in": undone.GONE}
    return {"signed_in": undone.VERSION} | ({"labelled": "1"} if document.signed_version_id else {})


def _digest_now(case: Case, record: Record) -> str:
    """What the verdict rests on besides the pair, as it lies there now: it stands until that changes again."""
    found = replace(
        case, pair=next(p for p in case.sight.pairs() if p.sidecar.href == case.pair.sidecar.href)
    )
    gathered = gather(found.sight, found.pair, record.request) if record.request else Gathered()
    accounts = [case.parts.accounts[name] for name in case.settings.accounts]
    beside = files_beside(found, record.request, gathered)
    closed = askers.closed_by(case.parts, case.settings, deciding(found, record.request, gathered, beside))
    return checking.settings_digest(case.settings, accounts, beside, closed)


def _as_found(document: DocumentFacts) -> DocumentFacts:
    """What is known of it less what became of the request that ended."""
    return document.model_copy(
        update={
            "sha256": None,
            "signed_sha256": None,
            "delivered_href": None,
            "original_href": None,
            "version_id": None,
            "original_lost": False,
            "signed_version_id": None,
            "unsigned_back": False,
            "beside": "",
            "left": (),
        }
    )
