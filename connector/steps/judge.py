"""Steps 2 and 3 put together: what a sidecar at a place *is*: moved, copied, signed, new, or to be corrected.

The order of verdicts is protocol R10: known place → moved (R3) → copy → already signed → status by name → new.
Reads the folder, writes the journal; nothing leaves. An edit before step 5 simply comes through here again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.errors import Problem
from connector.identity import FIRST_ASK, ask_of
from connector.lifecycle import DocumentFacts, Event, Record, State
from connector.report.facts import SIGNED_HERE
from connector.sidecar.model import SignatureRequest, Wish
from connector.sidecar.reading import read_orders
from connector.steps import amiss, askers, orders
from connector.steps import check as checking
from connector.steps.asked import Asked, corrected_text, signatory_facts, told_of, wording_of
from connector.steps.case import NAMED_AFTER_REQUEST, PASSED_OVER, Case, extra_of, status_name_of
from connector.steps.earlier import earlier_status, still_told, told_before, told_by_status
from connector.steps.evidence import Evidence, bring, check, past_signed
from connector.steps.filed import taken_out
from connector.steps.gather import near_name, other_formats
from connector.steps.likeness import (
    alike,
    copy_of,
    is_spoken_for,
    itself,
    lost_both,
    moved_by_content,
    rival_speaks,
    taken_by,
    was_there_before,
)
from connector.steps.read import ReadDocument, ReadSidecar, read_request
from connector.steps.wish import Going, remembered, wish_of

# What was written to the folder outlives a new verdict: it is replaced or removed later, never forgotten.
_WRITTEN = frozenset(
    {
        "status_href",
        "status_left",
        "status_listed",
        "status_written_at",
        "status_size",
        "status_seen",
        "status_put_right",
        "moved_at",
        "moved",
        "tags",
        "preview_begun",
        "preview_of",
        "preview_sha256",
        "preview_href",
        "preview_name",
        "corrected_href",
        "corrected_sha256",
        # What only a person's new ask can lift, whatever else is edited meanwhile, and that it was given.
        "needs_ask",
        "confirmed",
        "first_order",
        "there_before",
        # What a person was shown, and the order that stopped it: neither is undone by a look that goes wrong.
        "shown",
        "stopped",
        "note_aside",
    }
)
_HOLDING = frozenset({"there_before", "status_by_name", "restart_marker_missing", "stopped_by_administrator"})


def judge(case: Case) -> Record:
    """Judge one settled sidecar and write the verdict.

    Raises NotSettled while a file it names is still being written, remote errors of reads, SpoolError.
    """
    parts = case.parts
    unknown = case.target is None and case.previous is None
    evidence = case.ahead() if case.ahead is not None and unknown else bring(case)
    ref = evidence.ref
    try:
        evidence = past_signed(case, evidence)
        case = replace(case, pair=evidence.asked.pair)
        sidecar, main = evidence.sidecar, evidence.documents[0] if evidence.documents else None
        moved = taken_out(case, sidecar) or moved_by_content(case, sidecar, main)
        if moved is not None:
            parts.spool.forget(ref)
            return moved
        record = _verdict(case, evidence)
    except BaseException:
        if case.target is None:
            parts.spool.forget(ref)
        raise
    if record.state not in {State.PREVIEWED, State.WAITING}:
        parts.spool.forget(ref)
    return record


def read_again(case: Case) -> ReadSidecar:
    """Fetch and read the sidecar of a case as it is now."""
    folder = case.parts.folders[case.settings.server]
    return read_request(folder, case.pair.sidecar.href, pdf_name=case.pair.document_name)


def _verdict(case: Case, evidence: Evidence) -> Record:
    sidecar, asked, documents = evidence.sidecar, evidence.asked, evidence.documents
    main = documents[0] if documents else None
    common = _common(case, sidecar, asked, main, evidence.ref)
    action = read_orders(sidecar.data)

    def answered(state: State) -> dict[str, Any]:
        return orders.told_before_sending(case.target, action, state, previous=case.previous)

    lost = lost_both(case, sidecar, main)
    if lost is not None:
        told = {"reason": "lost_both_files", "values": {"other": lost.document.href}}
        common["extra"] |= {"needs_ask": told, **answered(State.UNCONFIRMED)}
        return case.keep(Event.COPIED, **{**common, **told, "request": asked.request})
    problems = [*amiss.of_place(case), *amiss.of_names(case, asked), *asked.problems]
    links = askers.link_problems(case.parts, case.settings, asked.deciding)
    if asked.request is None or problems:
        problems = [*links, *askers.owner_problems(case.settings, asked.deciding), *problems]
        if documents:
            limit = case.parts.accounts[case.settings.accounts[0]].terms.max_document_bytes
            problems += checking.document_problems(case.parts, documents, limit)
            if len(case.pair.documents) < 2:  # which of several PDFs is meant is for a person to say
                common |= _unchecked(documents)
        common["extra"] |= {"corrected": corrected_text(sidecar, problems), **earlier_status(case)}
        common["extra"]["own_status"] = rival_speaks(case) or common["extra"]["own_status"]
        common["extra"] |= answered(State.REJECTED)
        return case.keep(Event.REJECTED, problems=_dumped(problems), request=asked.request, **common)
    if asked.gathered.missing:
        if documents:
            common |= _unchecked(documents)
        common["extra"] |= {
            "near_name": near_name(case.sight, case.pair, asked.gathered.missing[0]),
            "missing": list(asked.gathered.missing),
            "other_formats": other_formats(case.sight, case.pair, asked.gathered.missing),
            **answered(State.WAITING_PDF),
            **earlier_status(case),
            "missing_since": _missing_since(case),
        }
        return case.keep(Event.PDF_MISSING, request=asked.request, problems=(), **common)
    return _judge_whole(case, evidence, asked.request, common, links)


def _missing_since(case: Case) -> str:
    """Since when its PDF is not there: it may have been there before."""
    target = case.target
    known = extra_of(target).get("missing_since") if target and target.state is State.WAITING_PDF else None
    return str(known or case.parts.now().isoformat())


def _unchecked(documents: Sequence[ReadDocument]) -> dict[str, Any]:
    """What is kept of documents that could not be held against a request."""
    facts = [checking.document_facts(checking.Judged(read=one, facts=None)) for one in documents]
    return {"document": facts[0], "more": tuple(facts[1:])}


def _judge_whole(
    case: Case,
    evidence: Evidence,
    request: SignatureRequest,
    common: dict[str, Any],
    links: Sequence[Problem],
) -> Record:
    parts, sidecar, asked = case.parts, evidence.sidecar, evidence.asked

    def answered(state: State) -> dict[str, Any]:
        return orders.told_before_sending(case.target, request.action, state, previous=case.previous)

    checked = evidence.checked or check(case, asked, request, evidence.documents)
    checked = replace(checked, problems=(*links, *checked.problems))
    base = case.target or case.previous
    ask = ask_of(request.action, record=base)
    key, key_parts = checking.keyed(checked, ask)
    while _withdrawn_with(case, key):
        # Marked, never sent, taken away: what a person puts there again is another ask, with a marker of its own.
        ask += " +"
        key, key_parts = checking.keyed(checked, ask)
    facts = [checking.document_facts(one) for one in checked.documents]
    common |= {
        "account": checked.account,
        "document": facts[0],
        "more": tuple(facts[1:]),
        "request": request,
        "signatories": signatory_facts(parts, checked),
        "subject": checked.subject,
        "problems": (),
    }
    common["extra"] |= told_of(checked, (*asked.warnings, *checked.warnings))
    taken = taken_by(case, facts)
    if taken is not None:
        one, other = taken
        values = {"other": other.place.rsplit("/", 1)[-1], "document": one.name if one.rank > 1 else ""}
        problem = Problem(code="document_taken", values=values)
        common["extra"] |= answered(State.REJECTED)
        return case.keep(Event.REJECTED, **{**common, "problems": _dumped([problem])}, key=None)
    asked_anew = base is not None and ask != base.ask
    # A new ask confirms these bytes for these people; other ones put in their place must ask for themselves.
    confirming = {
        "document": checked.main.sha256,
        "people": sorted(str(email) for email in checking.emails_of(checked)),
    }
    # An order found on what has left already is obeyed by then: nothing is asked anew before T is followed.
    has_left = "transaction" in (common["extra"].get("needs_ask") or {})
    confirmed = not has_left and (asked_anew or extra_of(case.target).get("confirmed") in (True, confirming))
    common["extra"].pop("confirmed", None)
    if confirmed:
        common["extra"] |= {"needs_ask": None, "confirmed": confirming}
    likes = alike(case, sidecar, checked, key, confirmed=confirmed)
    known = itself(case, likes)
    if known is not None:
        return known
    copied = copy_of(case, likes, checked.main.sha256)
    if copied is not None:
        obeyed = tuple(dict.fromkeys((*_obeyed(case), *_wording(request))))
        common["extra"] |= answered(State.UNCONFIRMED)
        told = {"reason": "copy", "values": copied, "key": None, "obeyed": obeyed}
        return case.keep(Event.COPIED, **{**common, **told})
    # R10: a copy, and what our own status tells to have left from here, before what is wrong with a PDF, which may be
    # the signed one. Any other status by that name comes after it, and is not forgotten (R4).
    there_before = bool(common["extra"].get("there_before"))
    needed = still_told(case, common["extra"].get("needs_ask")) or _needs_ask(
        case, confirmed=confirmed, there_before=there_before
    )
    goes_first = needed and (needed["reason"] == "copy" or "transaction" in needed)
    if checked.problems and not goes_first:
        earlier = ""
        if needed is not None and needed["reason"] == "status_by_name":
            common["extra"]["needs_ask"], earlier = needed, status_name_of(case)
        problems = _dumped(checked.problems, earlier=earlier)
        common["extra"] |= {
            "corrected": corrected_text(sidecar, checked.problems),
            **answered(State.REJECTED),
        }
        return case.keep(Event.REJECTED, **{**common, "problems": problems}, key=None)
    if case.ask_found and case.journal.by_key(key) is None:
        needed = {"reason": "restart_marker_missing", "values": {}}
    if needed and "transaction" in needed:
        # Registry and journal are gone; our own status still names T: it is followed, never sent (R7).
        found = checked.documents[0].facts
        common["extra"] |= {"needs_ask": None, SIGNED_HERE: found is not None and found.signatures > 0}
        fields = {**common, **needed, "key": key, "key_parts": key_parts, "ask": ask, "adopted": True}
        return case.keep(Event.ADOPTED, **{**fields, "obeyed": (*_obeyed(case), *_wording(request))})
    if needed:
        obeyed = tuple(dict.fromkeys((*_obeyed(case), *_wording(request))))
        event = Event.HELD if needed["reason"] in _HOLDING else Event.COPIED
        told = answered(State.HELD if event is Event.HELD else State.UNCONFIRMED)
        common["extra"] = {**common["extra"], "needs_ask": needed, **told}
        return case.keep(event, **{**common, **needed, "obeyed": obeyed, "key": None})
    return _accept(case, sidecar, asked, checked, key, key_parts, ask, common)


def _withdrawn_with(case: Case, key: str) -> bool:
    known = case.journal.by_key(key)
    return known is not None and known.state is State.WITHDRAWN and bool(known.extra.get("sent_mark"))


def _accept(
    case: Case,
    sidecar: ReadSidecar,
    asked: Asked,
    checked: checking.Checked,
    key: str,
    key_parts: Mapping[str, Any],
    ask: str,
    common: dict[str, Any],
) -> Record:
    request = checked.request
    carried = checking.carried(case.parts, checked)
    going = wish_of(case, sidecar, asked, checked, carried)
    stopped = orders.stops(case.target, request.action)
    if stopped:
        going = Going(wish=Wish.PREVIEW, capped=going.capped, reason=orders.STOPPED)
    event = Event.PREVIEWED if going.wish is Wish.PREVIEW else Event.ACCEPTED
    told = orders.told_before_sending(
        case.target,
        request.action,
        State.PREVIEWED if event is Event.PREVIEWED else State.WAITING,
        previous=case.previous,
        capped=going.capped,
    )
    obeyed = _obeyed(case)
    common["extra"].pop("stopped", None)
    fields = {
        **common,
        "key": key,
        "key_parts": dict(key_parts),
        "ask": ask,
        "carried": carried,
        "obeyed": tuple(dict.fromkeys((*obeyed, *_wording(request)))),
        "accepted_at": case.parts.now(),
        "transaction": None,
        "reason": going.reason,
        "values": {},
        "extra": {
            **common["extra"],
            "message": checked.message,
            "kind": "draft" if going.wish is Wish.DRAFT else "send",
            "capped": going.capped,
            "send_said": asked.send_said,
            **remembered(case, sidecar, asked, carried, going),
            **({"stopped": stopped} if stopped else told),
        },
        "next_at": case.target.next_at if case.target and _same_key(case.target, key) else None,
        "attempts": case.target.attempts if case.target and _same_key(case.target, key) else 0,
    }
    return case.keep(event, **fields)


def _same_key(record: Record | None, key: str) -> bool:
    return record is not None and record.key == key


def _common(
    case: Case, sidecar: ReadSidecar, asked: Asked, main: ReadDocument | None, ref: str
) -> dict[str, Any]:
    accounts = [case.parts.accounts[name] for name in case.settings.accounts]
    kept = {name: value for name, value in extra_of(case.target).items() if name in _WRITTEN}
    fields: dict[str, Any] = {
        "sidecar_etag": sidecar.etag or case.pair.sidecar.etag,
        "sidecar_file_id": case.pair.sidecar.file_id,
        "sidecar_sha256": sidecar.sha256 or None,
        "settings_digest": checking.settings_digest(
            case.settings,
            accounts,
            asked.beside,
            askers.closed_by(case.parts, case.settings, asked.deciding),
        ),
        "reason": "",
        "values": {},
        "reported_etag": case.target.reported_etag if case.target else None,
        "more": (),
        "extra": {
            **kept,
            NAMED_AFTER_REQUEST: not case.pair.own,
            PASSED_OVER: _passed_over(case),
            "own_status": is_spoken_for(case, main),
            "settings_name": asked.settings_name,
            "settings_scope": asked.settings_scope,
            "send_scope": asked.send_scope,
            "wording": wording_of(asked.own) if asked.own is not None else "",
            "first_order": orders.first_order(case.target, read_orders(sidecar.data), previous=case.previous),
        },
    }
    if (told := told_before(case, sidecar, main)) is not None:
        fields["extra"]["needs_ask"] = told
    if case.there_before or (case.target is None and was_there_before(case, sidecar, main)):
        fields["extra"]["there_before"] = True
    if case.target is None:
        fields["ref"] = ref
        fields["ask"] = case.previous.ask if case.previous else FIRST_ASK
    if case.target is None or case.target.place != case.pair.sidecar.href:
        fields["place"] = case.pair.sidecar.href
    fields["document"] = DocumentFacts(href=case.pair.document_href, file_id=case._file_id)
    return fields


def _passed_over(case: Case) -> str:
    signed = case.pair.signed
    return str(signed.etag) if signed is not None and signed.etag is not None else ""


def _obeyed(case: Case) -> tuple[str, ...]:
    base = case.target or case.previous
    return base.obeyed if base is not None else ()


def _needs_ask(case: Case, *, confirmed: bool, there_before: bool) -> dict[str, Any] | None:
    """R4 and R7: an older status by that name, or there before us; reason and values of what must be asked anew."""
    if confirmed:
        return None
    if case.previous is None and case.target is None and (told := told_by_status(case)):
        return told
    return {"reason": "there_before", "values": {}} if there_before else None


def _wording(request: SignatureRequest) -> tuple[str, ...]:
    return (request.action.wording,) if request.action else ()


def _dumped(problems: Sequence[Problem], *, earlier: str = "") -> tuple[dict[str, Any], ...]:
    """``earlier``: the status that stood there, of what a signed PDF may have come from."""
    more = {"pdf_signed": {"earlier": earlier}} if earlier else {}
    return tuple(
        {"code": p.code, "line": p.line, "values": {**p.values, **more.get(p.code, {})}, "cure": p.cure}
        for p in problems
    )
