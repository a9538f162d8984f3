"""``show``: all that the journal knows of one request, for as long as it is kept; for people and for programs.

Who asked, from which file, when, what was sent and to whom, where each value came from, what came back and where it
lies. Without ``--names`` there is nothing personal in it: no name, address, number, text, link or file. Reads the
journal only, so that it may be asked while the service runs. Source: ux page part B 7, reasons 10 and 13.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector import logs
from connector.cli.common import FAILED, Settings, complain
from connector.cli.journal_seen import seen_journal
from connector.cli.show_found import REFERENCE, found_by, listed
from connector.identity import by_administrator
from connector.lifecycle import DocumentFacts, Record, SignatoryFacts
from connector.marks import SENT_SUFFIX
from connector.report.problems import in_body
from connector.report.typography import NBSP, TIE
from connector.sidecar.model import Action, Placement, Signatory, Verb
from connector.steps.fading import FORGOTTEN, NAMES, PEOPLE

if TYPE_CHECKING:
    from connector.journal import Journal

FORMAT = 1
_PEOPLE_KEPT = {NAMES: "names only", FORGOTTEN: "erased on demand"}
Happened = Sequence[tuple[datetime, str, dict[str, Any]]]


def show(settings: Settings, what: str, *, as_json: bool, names: bool) -> int:
    """Print what is known of a request. Returns 1 when there is none such. Raises JournalError.

    ``what``: its reference, its transaction, or the name or path of a file of it; several that fit are listed.
    """
    config = settings.load()
    with seen_journal(settings, config) as journal:
        found = found_by(journal, what)
        if not found:
            complain(f"jse-connector: no request {what.upper() if REFERENCE.fullmatch(what) else what}.")
            return FAILED
        if len(found) > 1:
            told = listed(found, names=names)
        else:
            record = found[0]
            told = gather(record, journal.events(record), others=_others(journal, record), names=names)
    if as_json:
        print(json.dumps(told, indent=2, sort_keys=True))
        return 0
    from connector.cli.show_text import tell, tell_list

    if len(found) > 1:
        tell_list(told, config.zone)
    else:
        tell(told, config.zone)
    return 0


def gather(record: Record, events: Happened, *, others: Sequence[str] = (), names: bool) -> dict[str, Any]:
    """Return everything as JSON values; times are ISO 8601 in UTC. What is personal is None without ``names``."""
    show = _Shown(names)
    return {
        "format": FORMAT,
        "names": names,
        "ref": record.ref,
        "state": record.state.value,
        "reason": record.reason,
        "values": show.personal(record.values),
        "closed": record.closed,
        "people_kept": _PEOPLE_KEPT.get(str(record.extra.get(PEOPLE, "")), "all"),
        "folder": record.folder,
        "server": record.server,
        "account": record.account,
        "requests_at_the_same_place": list(others),
        "asked": _asked(record, show),
        "problems": [_problem(each, show) for each in record.problems],
        "sent": _sent(record, show),
        "documents": [_document(record, each, show) for each in record.documents],
        "attestation": _attestation(record, show),
        "signatories": _signatories(record, show),
        "events": [_event(*each) for each in events],
    }


class _Shown:
    """Decides what may be told: personal things only with ``--names``."""

    def __init__(self, names: bool) -> None:
        self.names = names

    def personal(self, value: Any) -> Any:
        """Return a value, or None where it is not to be told, or is not known."""
        return value if self.names and value not in ("", {}, (), []) else None

    def source(self, file: str) -> str:
        """Say which settings file a value stands in; without names, that it is one."""
        return file if self.names else "folder settings"

    def wording(self, wording: str) -> str:
        """Say an order as it was typed; without names its verb alone, for the rest is anybody's text."""
        if self.names or by_administrator(wording):
            return wording
        verbs = sorted((verb.value for verb in Verb), key=len, reverse=True)
        return next((verb for verb in verbs if wording.startswith(verb)), "?")


def _others(journal: Journal, record: Record) -> list[str]:
    if not record.place:
        return []
    return [one.ref for one in journal.all_at_place(record.server, record.place) if one.id != record.id]


def _asked(record: Record, show: _Shown) -> dict[str, Any]:
    request = record.request
    return {
        "file": show.personal(record.place),
        "file_sha256": record.sidecar_sha256,
        "first_seen_at": _iso(record.created_at),
        "accepted_at": _iso(record.accepted_at),
        "previewed_at": _iso(record.previewed_at),
        "requester": show.personal(request.requester) if request else None,
        "requester_named": bool(request and request.requester),
        "born_of": request.born_of if request else None,
        "found_again_by_its_marker": record.adopted,
        "edited_after_sending": record.edited_after_send,
        "file_gone": record.sidecar_gone,
        "inherited": {key: show.source(file) for key, file in request.origins.items()} if request else {},
        "ask": show.wording(record.ask) if record.ask != "1" else record.ask,
        "orders_obeyed": [show.wording(wording) for wording in record.obeyed],
        "order_in_file": _order(request.action, show) if request else None,
    }


def _order(action: Action | None, show: _Shown) -> str | None:
    return None if action is None else show.wording(action.wording)


def _problem(problem: dict[str, Any], show: _Shown) -> dict[str, Any]:
    from connector.errors import Problem

    known = Problem(code=problem["code"], line=problem.get("line"), values=problem.get("values", {}))
    sentence = in_body(known, "en").replace(TIE, " ").replace(NBSP, " ")
    return {"code": known.code, "line": known.line, "text": show.personal(sentence)}


def _sent(record: Record, show: _Shown) -> dict[str, Any]:
    request = record.request
    made = bool(record.extra.get("sent_mark"))
    return {
        "kind": record.extra.get("kind"),
        "transaction": record.transaction,
        "sent_at": _iso(record.sent_at),
        "expires_at": _iso(record.expires_at),
        "last_answer_at": _iso(record.answered_at),
        "signed_at": _iso(record.signed_at),
        "ended_at": _iso(record.ended_at),
        "subject": show.personal(record.subject),
        "message": show.personal(record.extra.get("message", "")),
        "order": request.order.value if request else None,
        "key": record.key,
        "marker": f"{record.key}{SENT_SUFFIX}" if made and record.key else None,
    }


def _document(record: Record, document: DocumentFacts, show: _Shown) -> dict[str, Any]:
    return {
        "rank": document.rank,
        "role": document.role,
        "file": show.personal(document.href),
        "sha256": document.sha256,
        "sent_sha256": document.sent_sha256 or document.sha256,
        "made_of_an_image": document.converted,
        "size": document.size,
        "pages": document.pages,
        "boxes": [
            {name: box[name] for name in ("signatory", "page", "x", "y") if name in box}
            for box in document.boxes
        ],
        "changed_after_sending_at": _iso(document.changed_at),
        "missing_since": _iso(document.missing_since),
        "returned": _returned(document),
        "delivered": _delivered(record, document, show),
        "original": _original(document, show),
    }


def _returned(document: DocumentFacts) -> dict[str, Any] | None:
    if document.signed_sha256 is None:
        return None
    return {
        "sha256": document.signed_sha256,
        "size": document.signed_size,
        "pages": document.signed_pages,
        "signatures": document.signatures,
        "differences": sorted(document.differences),
    }


def _delivered(record: Record, document: DocumentFacts, show: _Shown) -> dict[str, Any] | None:
    if document.delivered_href is None:
        return None
    in_place = document.delivered_href == document.href
    main = record.reason if document.rank == record.document.rank else ""
    return {
        "how": "new version of the same file" if in_place else "beside",
        "why_beside": None if in_place else document.beside or main or None,
        "file": show.personal(document.delivered_href),
        "at": _iso(record.delivered_at),
    }


def _original(document: DocumentFacts, show: _Shown) -> dict[str, Any]:
    if document.original_href is not None:
        where = "moved aside"
    elif document.version_id is not None:
        where = "an earlier version of the file"
    elif document.original_lost:
        where = "lost: no version holds it, and nothing of it was left here"
    else:
        where = "the file itself" if document.delivered_href != document.href else "not known"
    return {
        "where": where,
        "file": show.personal(document.original_href or ""),
        "version": document.version_id,
    }


def _attestation(record: Record, show: _Shown) -> dict[str, Any] | None:
    """The platform's own account of who signed when, where one was asked for."""
    facts = record.extra.get("attestation")
    if not isinstance(facts, Mapping):
        return None
    return {
        "sha256": facts.get("sha256"),
        "file": show.personal(record.extra.get("attestation_name", "")),
        "given_up_at": facts.get("given_up"),
    }


def _signatories(record: Record, show: _Shown) -> list[dict[str, Any]]:
    asked = record.request.signatories if record.request else ()
    facts = {each.order: each for each in record.signatories}
    ranks = range(1, max(len(asked), max(facts, default=0)) + 1)
    return [
        _signatory(rank, asked[rank - 1] if rank <= len(asked) else None, facts.get(rank), show)
        for rank in ranks
    ]


def _signatory(
    rank: int, asked: Signatory | None, facts: SignatoryFacts | None, show: _Shown
) -> dict[str, Any]:
    known = facts or SignatoryFacts(order=rank, email="", name="")
    return {
        "order": rank,
        "name": show.personal(known.name or (asked.name if asked else "")),
        "email": show.personal(known.email or (asked.email if asked else "")),
        "phone": show.personal(known.phone or (asked.phone if asked else "")),
        "phone_as_written": show.personal(asked.phone_written) if asked else None,
        "level": asked.level.value if asked else None,
        "stands_in": (show.source(asked.origin) if asked.origin else "the request") if asked else None,
        "taken_from": _taken_from(asked, show) if asked else {},
        "known_since": _iso(asked.known_since) if asked else None,
        "places": [_placement(each, show) for each in asked.placements] if asked else [],
        "progress": facts.progress if facts else None,
        "word": facts.word if facts else "",
        "invited_at": _iso(known.invited_at),
        "reminded_at": [_iso(at) for at in known.reminded_at],
        "signed_at": _iso(known.signed_at),
        "signed_at_by": known.signed_from,
        "refused_at": _iso(known.refused_at),
        "refusal": show.personal(known.reason or ""),
    }


def _taken_from(signatory: Signatory, show: _Shown) -> dict[str, str]:
    """Where each value that nobody wrote for this request came from; a contact's name may be a person's."""
    told = {"known": "an earlier request"}
    return {
        key: told.get(source, source if show.names else source.split()[0])
        for key, source in signatory.filled.items()
        if source
    }


def _placement(placement: Placement, show: _Shown) -> dict[str, Any]:
    wanted = placement.model_dump(
        mode="json", exclude_none=True, exclude={"origin", "line", "document", "near"}
    )
    return {
        **wanted,
        "document": show.personal(placement.document or ""),
        "near": show.personal(placement.near or ""),
        "near_a_text": placement.near is not None,
        "stands_in": show.source(placement.origin) if placement.origin else "the request",
    }


def _event(at: datetime, name: str, data: dict[str, Any]) -> dict[str, Any]:
    # History holds no person; the net is for what a server's text brought along.
    told = {key: _redacted(value) for key, value in data.items() if key != "state"}
    return {"at": _iso(at), "event": name, "state": data.get("state"), "data": told}


def _redacted(value: Any) -> Any:
    return logs.redact(value) if isinstance(value, str) and not _is_hash(value) else value


def _is_hash(value: str) -> bool:
    return len(value) == 64 and all(char in "0123456789abcdef" for char in value)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
