"""What was told before of a request that is not known, or was taken away, so that it is not sent once more.

An older status by its name holds it, or names what became of it, though registry and journal are gone (protocol R4,
R7). The request's own status takes that name, so what it told is kept with the request. Reads the folder and the
journal.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from connector.errors import NotFound
from connector.lifecycle import Record, State
from connector.ports import Href
from connector.report.block import Whole, place_mac, place_on
from connector.steps.answers import DROP
from connector.steps.case import Case, status_name_of
from connector.steps.own_files import read_status_at
from connector.steps.read import ReadDocument, ReadSidecar

log = logging.getLogger(__name__)

_LASTING = frozenset(
    {
        "copy",
        "status_by_name",
        "adopted_not_sent",
        "restart_marker_missing",
        "stopped_by_administrator",
        "ended_place_changed",
    }
)
"""What tells of a request that it has perhaps left before, or was stopped: nothing but a person's new ask lifts it."""
_HELD: Final[dict[str, Any]] = {"reason": "status_by_name", "values": {}}


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


def told_before(case: Case, sidecar: ReadSidecar, document: ReadDocument | None) -> dict[str, Any] | None:
    """Return what kept a request from leaving that was taken away unasked, and is put back, or comes elsewhere.

    A status that told it is there no more: its request's own took its name, and went with it. What has left is followed
    for the document that it may have left with; another one in its place is held.
    """
    back = case.previous
    if case.target is not None or (back is not None and back.state is not State.WITHDRAWN):
        return None
    here = [back] if back is not None else []
    for known in (*here, *case.journal.with_sidecar(case.settings.server, sidecar.sha256)):
        told: dict[str, Any] = known.extra.get("needs_ask") or {}
        if told.get("reason") not in _LASTING or known.extra.get("confirmed"):
            continue
        if _comes_back(case, known, sidecar, document):
            seen = (known.document.sha256, document.sha256 if document is not None else None)
            follows = case.may_have(known) and (None in seen or seen[0] == seen[1])
            return told if follows or "transaction" not in told else _HELD
    return None


def _comes_back(case: Case, known: Record, sidecar: ReadSidecar, document: ReadDocument | None) -> bool:
    """To its place as the same request or the same document; elsewhere as both, or as its very file."""
    file_id = case.pair.sidecar.file_id
    same_file = file_id is not None and known.sidecar_file_id == file_id
    same_text = known.sidecar_sha256 == sidecar.sha256
    same_document = (
        document is not None and bool(document.sha256) and known.document.sha256 == document.sha256
    )
    if case.previous is not None and known.id == case.previous.id:
        return same_file or same_text or same_document
    if not same_file and not (same_text and same_document):
        return False
    case.leave_to_other_processes(known)
    return case.place_gone(known)


def still_told(case: Case, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what an earlier look kept; its T is no more to be followed where another record has it by now."""
    if told and "transaction" in told and _is_followed(case, told["transaction"]):
        return _HELD
    return told


def _is_followed(case: Case, transaction: str) -> bool:
    return any(case.journal.following(name, transaction) for name in case.settings.accounts)


def _status_by_name(case: Case) -> tuple[str, str | None]:
    """``copy`` for our own status of another place, ``status_by_name`` for any other, empty for none.

    With it the transaction that our own whole status of this very place names, if it names one that no record has.
    """
    lies = _by_name(case)
    if lies is None:
        return "", None
    href, sealed = lies
    if sealed is not None and sealed.ref == DROP:
        return "", None  # it told of this very PDF while it waited in its drop folder
    if sealed is not None and _stands_where_it_was_written(case, href, sealed.ref):
        return "", None
    if sealed is not None and not _is_of_this_place(case, sealed):
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


def status_of_this_place(case: Case) -> Whole | None:
    """Return our own whole status of this very place, if one lies here by its name. Raises remote errors."""
    lies = _by_name(case)
    sealed = lies[1] if lies is not None else None
    return sealed if sealed is not None and _is_of_this_place(case, sealed) else None


def _by_name(case: Case) -> tuple[Href, Whole | None] | None:
    """Return where a status by this request's name lies, and what it says where it is ours and whole; None for none."""
    name = status_name_of(case)
    if not case.sight.beside(case.pair.sidecar.href, name):
        return None
    href = Href(case.pair.sidecar.parent + name)
    try:
        return href, read_status_at(case.parts, case.parts.folders[case.settings.server], href)
    except NotFound:
        return None


def _is_of_this_place(case: Case, sealed: Whole) -> bool:
    here = place_on(case.settings.server, case.pair.sidecar.href)
    return sealed.place_mac == place_mac(here, case.parts.sealer.key)


def _of_one_that_went(case: Case, sealed: str) -> bool:
    """True when that status tells of a request which never left and whose sidecar is gone: it goes as well."""
    return any(
        (record.state.before_mark or record.state is State.WITHDRAWN)
        and place_mac(place_on(record.server, record.place), case.parts.sealer.key) == sealed
        and not any(record.place in sight.by_href for sight in case.sights)
        for record in case.journal.open_anywhere(case.settings.server)
    )
