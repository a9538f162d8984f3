"""Steps 2 and 3 put together: what a sidecar at a place *is*: moved, copied, signed, new, or to be corrected.

The order of verdicts is protocol R10: known place → moved (R3) → copy → already signed → status by name → new.
Reads the folder, writes the journal; nothing leaves. An edit before step 5 simply comes through here again.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import NotFound, Problem
from connector.identity import FIRST_ASK, ask_of, canonical_email, new_reference, same_people
from connector.journal import Journal
from connector.lifecycle import JUDGED, TRANSITIONS, DocumentFacts, Event, Record, State
from connector.ports import Href
from connector.report.block import place_mac
from connector.sidecar import names
from connector.sidecar.model import SignatureRequest, Verb, Wish
from connector.steps import check as checking
from connector.steps.discover import Pair, Sight
from connector.steps.parts import FolderSettings, Parts
from connector.steps.read import ReadDocument, ReadSidecar, read_document, read_request
from connector.steps.show import read_status_at

# A request that was refused for its text, or not yet judged, is nothing that another could be a copy of.
_NOT_KNOWN = frozenset({State.WITHDRAWN, State.REJECTED, State.WAITING_PDF})

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
    }
)
_HOLDING = frozenset({"there_before", "status_by_name"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One sidecar to judge. ``target`` is the record to move, None to begin one; ``previous`` the place's last."""

    parts: Parts
    sights: Sequence[Sight]
    sight: Sight
    pair: Pair
    target: Record | None = None
    previous: Record | None = None
    there_before: bool = False
    """The first look at this folder found it: not launched without a new ask (R7)."""

    @property
    def settings(self) -> FolderSettings:
        """Return the watched folder it lies in."""
        return self.sight.settings

    @property
    def journal(self) -> Journal:
        """Return the journal it is written to."""
        return self.parts.journal

    def lost(self, record: Record) -> bool:
        """True when a record's place holds neither its sidecar nor its document any more.

        A document that was followed to this very pair has left its place, too.
        """
        followed = record.document.href == self.pair.document_href
        return not any(
            record.place in sight.by_href or (record.document.href in sight.by_href and not followed)
            for sight in self.sights
        )

    def keep(self, event: Event, **fields: Any) -> Record:
        """Write the verdict: a new record, or the next state of the target."""
        if self.target is not None:
            # An open mark intent belongs to the verdict that is overturned here.
            return self.journal.fact(self.target, event, done=("mark",), **fields)
        fields.setdefault("obeyed", self.previous.obeyed if self.previous else ())
        base: dict[str, Any] = {
            "folder": self.settings.name,
            "server": self.settings.server,
            "account": self.settings.accounts[0],
            "place": self.pair.sidecar.href,
            "document": DocumentFacts(href=self.pair.document_href, file_id=self._file_id),
        }
        return self.journal.add(event, state=TRANSITIONS[State.REJECTED][event], **{**base, **fields})

    @property
    def _file_id(self) -> str | None:
        return self.pair.document.file_id if self.pair.document else None


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
        moved = _moved_by_content(case, sidecar, document)
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


def _verdict(case: Case, sidecar: ReadSidecar, document: ReadDocument | None, ref: str) -> Record:
    common = _common(case, sidecar, ref)
    lost = _lost_both(case, sidecar, document)
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
    common |= {
        "account": checked.account,
        "document": _document(case, document, checked),
        "request": request,
        "signatories": checking.signatory_facts(checked),
        "subject": checked.subject,
        "problems": (),
    }
    taken = _taken_by(case, common["document"])
    if taken is not None:
        problem = Problem(code="document_taken", values={"other": taken.place.rsplit("/", 1)[-1]})
        return case.keep(Event.REJECTED, **{**common, "problems": _dumped([problem])}, key=None)
    asked_anew = base is not None and ask != base.ask
    if asked_anew or _extra_of(case.target).get("confirmed"):
        common["extra"] = {**common["extra"], "needs_ask": None, "confirmed": True}
    copied = _copy_of(case, sidecar, checked, document, key, asked_anew=asked_anew)
    if copied is not None:
        obeyed = tuple(dict.fromkeys((*_obeyed(case), *_wording(request))))
        told = {"reason": "copy", "values": copied, "key": None, "obeyed": obeyed}
        return case.keep(Event.COPIED, **{**common, **told})
    if checked.problems:
        return case.keep(Event.REJECTED, **{**common, "problems": _dumped(checked.problems)}, key=None)
    needed = common["extra"].get("needs_ask") or _needs_ask(case, confirmed="confirmed" in common["extra"])
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
        "reason": "preview_only" if capped and wish is Wish.PREVIEW else "",
        "values": {},
        "extra": {
            **common["extra"],
            "message": checked.message,
            "kind": "draft" if wish is Wish.DRAFT else "send",
            "capped": capped,
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
        "extra": {name: value for name, value in _extra_of(case.target).items() if name in _WRITTEN},
    }
    if case.target is None:
        fields["ref"] = ref
        fields["ask"] = case.previous.ask if case.previous else FIRST_ASK
    if case.target is None or case.target.place != case.pair.sidecar.href:
        fields["place"] = case.pair.sidecar.href
    fields["document"] = DocumentFacts(href=case.pair.document_href, file_id=case._file_id)
    return fields


def _extra_of(record: Record | None) -> dict[str, Any]:
    return record.extra if record else {}


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


def _moved_by_content(case: Case, sidecar: ReadSidecar, document: ReadDocument | None) -> Record | None:
    """R3, second half: the same two files, gone from where they were."""
    if case.target is not None or case.previous is not None or document is None or not document.sha256:
        return None
    for known in case.journal.knowing(sha256=document.sha256):
        if (
            known.current
            and known.state not in _NOT_KNOWN
            and known.server == case.settings.server
            and known.sidecar_sha256 == sidecar.sha256
            and case.lost(known)
        ):
            return move(case, known)
    return None


def move(case: Case, record: Record) -> Record:
    """Write that a request's files are here now. What was not marked yet is judged again at its new place."""
    changes: dict[str, Any] = {
        "place": case.pair.sidecar.href,
        "folder": case.settings.name,
        "document": record.document.model_copy(
            update={"href": case.pair.document_href, "missing_since": None, "renamed_to": None}
        ),
        "sidecar_gone": False,
        "reported": None,
        "reported_etag": None,
        "extra": {**record.extra, "moved_at": case.parts.now().isoformat()},
    }
    if record.state in JUDGED:
        changes["sidecar_etag"] = None
    return case.journal.note(record, "moved", data={"from": record.folder}, **changes)


def _lost_both(case: Case, sidecar: ReadSidecar, document: ReadDocument | None) -> Record | None:
    """R3: the same sidecar beside other bytes, while an open request has lost both its files."""
    if case.target is not None or case.previous is not None or document is None:
        return None
    for known in case.journal.with_sidecar(case.settings.server, sidecar.sha256):
        if known.state.open and known.document.sha256 != document.sha256 and case.lost(known):
            return known
    return None


def _obeyed(case: Case) -> tuple[str, ...]:
    base = case.target or case.previous
    return base.obeyed if base is not None else ()


def _taken_by(case: Case, document: DocumentFacts) -> Record | None:
    """Another open request on the very same file (design page section 4): two never share a document."""
    for other in case.journal.open_records(case.settings.server):
        if case.target is not None and other.id == case.target.id:
            continue
        same = other.document.href == document.href or (
            document.file_id is not None and other.document.file_id == document.file_id
        )
        if same and other.state.open and other.place != case.pair.sidecar.href:
            return other
    return None


def _copy_of(
    case: Case,
    sidecar: ReadSidecar,
    checked: checking.Checked,
    document: ReadDocument,
    key: str,
    *,
    asked_anew: bool,
) -> dict[str, str] | None:
    """R10: key known, or document bytes sent or delivered for the same people; what to say of the original.

    The same blank form with *other* signatories is another request (R1). A new ask passes: its key is new. A line
    that came along with the copy is none: it is new only where something was known at this place before.
    """
    mine = {record.id for record in (case.target, case.previous) if record is not None}
    mine |= {record.id for record in case.journal.all_at_place(case.settings.server, case.pair.sidecar.href)}
    by_key = case.journal.by_key(key)
    if by_key is not None and by_key.id not in mine and by_key.state not in _NOT_KNOWN:
        return _told(case, by_key)
    if asked_anew or _extra_of(case.target).get("confirmed"):
        return None
    emails = [signatory.email for signatory in checked.request.signatories]
    hidden = [case.parts.sealer.hide(canonical_email(email)) for email in emails]
    for known in case.journal.knowing(sha256=document.sha256):
        if known.id in mine or known.state in _NOT_KNOWN:
            continue
        delivered = known.document.signed_sha256 == document.sha256
        if (
            delivered
            or known.sidecar_sha256 == sidecar.sha256
            or same_people(known.key_parts, emails)
            or set(known.key_parts.get("people", ())) == set(hidden)
        ):
            return _told(case, known)
    return None


def _told(case: Case, original: Record) -> dict[str, str]:
    root = case.settings.root if original.folder == case.settings.name else "/"
    return {
        "other": original.document.href.removeprefix(root),
        "other_id": str(original.id),
        "ended": original.ended_at.isoformat() if original.ended_at else "",
    }


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


def status_by_name(case: Case) -> tuple[str, str | None]:
    """``copy`` for our own status of another place, ``status_by_name`` for any other, empty for none.

    With it the transaction that our own whole status of this very place names, if it names one.
    """
    name = names.status_name(case.pair.document_name)
    if not case.sight.beside(case.pair.sidecar.href, name):
        return "", None
    href = Href(case.pair.sidecar.parent + name)
    try:
        sealed = read_status_at(case.parts, case.parts.folders[case.settings.server], href)
    except NotFound:
        return "", None
    mine = place_mac(case.pair.sidecar.href, case.parts.sealer.key)
    if sealed is not None and sealed.place_mac != mine:
        return ("" if _of_one_that_went(case, sealed.place_mac) else "copy"), None
    return "status_by_name", sealed.transaction if sealed is not None else None


def _of_one_that_went(case: Case, sealed: str) -> bool:
    """True when that status tells of a request which never left and whose sidecar is gone: it goes as well."""
    return any(
        (record.state.before_mark or record.state is State.WITHDRAWN)
        and place_mac(record.place, case.parts.sealer.key) == sealed
        and not any(record.place in sight.by_href for sight in case.sights)
        for record in case.journal.open_records(case.settings.server)
    )


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
