"""Steps 2 and 3 put together: what a sidecar at a place *is*: moved, copied, signed, new, or to be corrected.

The order of verdicts is protocol R10: known place → moved (R3) → copy → already signed → status by name → new.
Reads the folder, writes the journal; nothing leaves. An edit before step 5 simply comes through here again.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import Problem
from connector.identity import FIRST_ASK, ask_of, new_reference
from connector.lifecycle import DocumentFacts, Event, Record, State
from connector.sidecar import names
from connector.sidecar.model import SignatureRequest, Verb, Wish
from connector.sidecar.reading import read_orders
from connector.steps import check as checking
from connector.steps import orders
from connector.steps.case import Case, extra_of
from connector.steps.likeness import (
    copy_of,
    lost_both,
    moved_by_content,
    rival_speaks,
    status_by_name,
    taken_by,
)
from connector.steps.read import ReadDocument, ReadSidecar, read_document, read_request

# What was written to the folder outlives a new verdict: it is replaced or removed later, never forgotten.
_WRITTEN = frozenset(
    {
        "status_href",
        "status_listed",
        "moved_at",
        "preview_of",
        "preview_sha256",
        "preview_href",
        "preview_name",
        # What only a person's new ask can lift, whatever else is edited meanwhile, and that it was given.
        "needs_ask",
        "confirmed",
        "first_order",
    }
)
_HOLDING = frozenset({"there_before", "status_by_name"})


def judge(case: Case) -> Record:
    """Judge one settled sidecar and write the verdict. Raises remote errors of reads, SpoolError."""
    parts, pair = case.parts, case.pair
    folder = parts.folders[case.settings.server]
    ref = case.target.ref if case.target else new_reference()
    sidecar = read_request(folder, pair.sidecar.href, pdf_name=pair.document_name, size=pair.sidecar.size)
    document = None
    if pair.document is not None:
        limit = parts.accounts[case.settings.accounts[0]].terms.max_document_bytes
        document = read_document(
            folder, pair.document.href, parts.spool, ref=ref, max_bytes=limit, size=pair.document.size
        )
    try:
        moved = moved_by_content(case, sidecar, document)
        if moved is not None:
            parts.spool.free(ref)
            return moved
        record = _verdict(case, sidecar, document, ref)
    except BaseException:
        if case.target is None:
            parts.spool.free(ref)
        raise
    if record.state not in {State.PREVIEWED, State.WAITING}:
        parts.spool.free(ref)
    return record


def read_again(case: Case) -> ReadSidecar:
    """Fetch and read the sidecar of a case as it is now."""
    folder = case.parts.folders[case.settings.server]
    return read_request(folder, case.pair.sidecar.href, pdf_name=case.pair.document_name)


def _verdict(case: Case, sidecar: ReadSidecar, document: ReadDocument | None, ref: str) -> Record:
    common = _common(case, sidecar, ref)
    lost = lost_both(case, sidecar, document)
    if lost is not None:
        told = {"reason": "lost_both_files", "values": {"other": lost.document.href}}
        common["extra"] |= {"needs_ask": told}
        return case.keep(Event.COPIED, **{**common, **told, "request": sidecar.request})
    problems = _problems_of_place(case, sidecar)
    if sidecar.request is None or problems:
        if document is not None:
            limit = case.parts.accounts[case.settings.accounts[0]].terms.max_document_bytes
            problems += checking.document_problems(case.parts, document, limit)
            common["document"] = _document(case, document, None)
        common["extra"] |= {"own_status": rival_speaks(case)}
        return case.keep(Event.REJECTED, problems=_dumped(problems), request=sidecar.request, **common)
    if document is None:
        common["extra"] |= {"near_name": _near_name(case)}
        return case.keep(Event.PDF_MISSING, request=sidecar.request, problems=(), **common)
    return _judge_whole(case, sidecar, sidecar.request, document, common)


def _judge_whole(
    case: Case,
    sidecar: ReadSidecar,
    request: SignatureRequest,
    document: ReadDocument,
    common: dict[str, Any],
) -> Record:
    parts = case.parts
    checked = checking.check(parts, case.settings, request, document, case.pair.document_name)
    base = case.target or case.previous
    ask = ask_of(request.action, record=base)
    key, key_parts = checking.keyed(checked, document, ask)
    while _withdrawn_with(case, key):
        # Marked, never sent, taken away: what a person puts there again is another ask, with a marker of its own.
        ask += " +"
        key, key_parts = checking.keyed(checked, document, ask)
    common |= {
        "account": checked.account,
        "document": _document(case, document, checked),
        "request": request,
        "signatories": checking.signatory_facts(checked),
        "subject": checked.subject,
        "problems": (),
    }
    taken = taken_by(case, common["document"])
    if taken is not None:
        problem = Problem(code="document_taken", values={"other": taken.place.rsplit("/", 1)[-1]})
        return case.keep(Event.REJECTED, **{**common, "problems": _dumped([problem])}, key=None)
    asked_anew = base is not None and ask != base.ask
    # A new ask confirms these bytes for these people; other ones put in their place must ask for themselves.
    confirming = {
        "document": document.sha256,
        "people": sorted(str(email) for email in checking.emails_of(checked)),
    }
    confirmed = asked_anew or extra_of(case.target).get("confirmed") in (True, confirming)
    common["extra"].pop("confirmed", None)
    if confirmed:
        common["extra"] |= {"needs_ask": None, "confirmed": confirming}
    copied = copy_of(case, sidecar, checked, document, key, confirmed=confirmed)
    if copied is not None:
        obeyed = tuple(dict.fromkeys((*_obeyed(case), *_wording(request))))
        told = {"reason": "copy", "values": copied, "key": None, "obeyed": obeyed}
        return case.keep(Event.COPIED, **{**common, **told})
    if checked.problems:
        return case.keep(Event.REJECTED, **{**common, "problems": _dumped(checked.problems)}, key=None)
    needed = common["extra"].get("needs_ask") or _needs_ask(case, confirmed=confirmed)
    if needed and "transaction" in needed:
        # Registry and journal are gone; our own status still names T: it is followed, never sent (R7).
        fields = {**common, **needed, "key": key, "key_parts": key_parts, "ask": ask, "adopted": True}
        return case.keep(Event.ADOPTED, **{**fields, "obeyed": (*_obeyed(case), *_wording(request))})
    if needed:
        obeyed = tuple(dict.fromkeys((*_obeyed(case), *_wording(request))))
        event = Event.HELD if needed["reason"] in _HOLDING else Event.COPIED
        common["extra"] = {**common["extra"], "needs_ask": needed}
        return case.keep(event, **{**common, **needed, "obeyed": obeyed, "key": None})
    return _accept(case, sidecar, checked, key, key_parts, ask, common)


def _withdrawn_with(case: Case, key: str) -> bool:
    known = case.journal.by_key(key)
    return known is not None and known.state is State.WITHDRAWN and bool(known.extra.get("sent_mark"))


def _accept(
    case: Case,
    sidecar: ReadSidecar,
    checked: checking.Checked,
    key: str,
    key_parts: Mapping[str, Any],
    ask: str,
    common: dict[str, Any],
) -> Record:
    request = checked.request
    wish, capped = _wish(case, sidecar, checked)
    stopped = orders.stops(case.target, request.action)
    wish = Wish.PREVIEW if stopped else wish
    obeyed = _obeyed(case)
    fields = {
        **common,
        "key": key,
        "key_parts": dict(key_parts),
        "ask": ask,
        "carried": checking.carried(case.parts, checked),
        "obeyed": tuple(dict.fromkeys((*obeyed, *_wording(request)))),
        "accepted_at": case.parts.now(),
        "transaction": None,
        "reason": "stopped" if stopped else "preview_only" if capped and wish is Wish.PREVIEW else "",
        "values": {},
        "extra": {
            **common["extra"],
            "message": checked.message,
            "kind": "draft" if wish is Wish.DRAFT else "send",
            "capped": capped,
            **({"stopped": stopped} if stopped else orders.without_effect(request.action, "left_over")),
        },
        "next_at": case.target.next_at if case.target and _same_key(case.target, key) else None,
        "attempts": case.target.attempts if case.target and _same_key(case.target, key) else 0,
    }
    event = Event.PREVIEWED if wish is Wish.PREVIEW else Event.ACCEPTED
    return case.keep(event, **fields)


def _same_key(record: Record | None, key: str) -> bool:
    return record is not None and record.key == key


def _wish(case: Case, sidecar: ReadSidecar, checked: checking.Checked) -> tuple[Wish, bool]:
    """How far it goes now, and whether the ceiling is what stops it.

    Lifting a ceiling sends nothing by itself: what was prepared under it waits until a person says so in the
    file (ux page section 5).
    """
    request, target = checked.request, case.target
    wanted = request.send or Wish.SEND
    wish = checked.wish
    ordered = (
        target is not None
        and target.state is State.PREVIEWED
        and request.action is not None
        and request.action.verb is Verb.SEND
        and request.action.wording not in target.obeyed
    )
    if not ordered and request.action is not None and request.action.verb is Verb.SEND and request.send:
        # A leftover "envoyer" on a request that never waited for it has no effect.
        wish = min(wish, request.send, key=list(Wish).index)
    was_capped = target is not None and target.state is State.PREVIEWED and bool(target.extra.get("capped"))
    if was_capped and target is not None and wish is not Wish.PREVIEW and not ordered:
        said = sidecar.sha256 != target.sidecar_sha256 and request.send is not None
        if not said:
            wish = Wish.PREVIEW
    return wish, was_capped or list(Wish).index(wish) < list(Wish).index(wanted)


def _common(case: Case, sidecar: ReadSidecar, ref: str) -> dict[str, Any]:
    accounts = [case.parts.accounts[name] for name in case.settings.accounts]
    fields: dict[str, Any] = {
        "sidecar_etag": sidecar.etag or case.pair.sidecar.etag,
        "sidecar_file_id": case.pair.sidecar.file_id,
        "sidecar_sha256": sidecar.sha256 or None,
        "settings_digest": checking.settings_digest(case.settings, accounts),
        "reason": "",
        "values": {},
        "reported_etag": case.target.reported_etag if case.target else None,
        "extra": {name: value for name, value in extra_of(case.target).items() if name in _WRITTEN}
        | {"first_order": orders.first_order(case.target, read_orders(sidecar.data))},
    }
    if case.target is None:
        fields["ref"] = ref
        fields["ask"] = case.previous.ask if case.previous else FIRST_ASK
    if case.target is None or case.target.place != case.pair.sidecar.href:
        fields["place"] = case.pair.sidecar.href
    fields["document"] = DocumentFacts(href=case.pair.document_href, file_id=case._file_id)
    return fields


def _document(case: Case, document: ReadDocument, checked: checking.Checked | None) -> DocumentFacts:
    facts = checking.document_facts(case.pair.document_href, case._file_id, document, checked)
    if facts.etag is None and case.pair.document is not None:
        facts = facts.model_copy(update={"etag": case.pair.document.etag})
    return facts


def _problems_of_place(case: Case, sidecar: ReadSidecar) -> list[Problem]:
    problems = list(sidecar.problems)
    if case.pair.rivals:
        both = sorted(entry.name for entry in (case.pair.sidecar, *case.pair.rivals))
        problems.insert(0, Problem(code="two_sidecars", values={"names": ", ".join(both)}))
    if len(case.pair.documents) > 1:
        found = ", ".join(sorted(entry.name for entry in case.pair.documents))
        problems.append(Problem(code="pdf_name_ambiguous", values={"names": found}))
    settings = case.sight.settings_above(case.pair.sidecar.href)
    if settings is not None:
        # Ignoring it could leave out a signatory that everybody counts on.
        problems.append(Problem(code="not_yet", values={"key": settings.name}))
    return problems


def _obeyed(case: Case) -> tuple[str, ...]:
    base = case.target or case.previous
    return base.obeyed if base is not None else ()


def _needs_ask(case: Case, *, confirmed: bool) -> dict[str, Any] | None:
    """R4 and R7: an older status by that name, or there before us; reason and values of what must be asked anew."""
    if confirmed:
        return None
    if case.previous is None and case.target is None:
        by_name, transaction = status_by_name(case)
        if by_name == "copy":
            return {"reason": "copy", "values": {"other": "", "ended": ""}}
        if transaction is not None:
            return {"reason": "adopted_not_sent", "values": {}, "transaction": transaction}
        if by_name:
            return {"reason": by_name, "values": {}}
    return {"reason": "there_before", "values": {}} if case.there_before else None


def _near_name(case: Case) -> str:
    """A PDF beside whose name is nearly the one that is missing."""
    found = [
        entry.name
        for entry in case.sight.pdfs_beside(case.pair.sidecar.href)
        if not names.is_ours(entry.name)
    ]
    near = difflib.get_close_matches(case.pair.document_name, found, n=1, cutoff=0.75)
    return near[0] if near else ""


def _wording(request: SignatureRequest) -> tuple[str, ...]:
    return (request.action.wording,) if request.action else ()


def _dumped(problems: Sequence[Problem]) -> tuple[dict[str, Any], ...]:
    return tuple({"code": p.code, "line": p.line, "values": dict(p.values), "cure": p.cure} for p in problems)
