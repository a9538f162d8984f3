"""A request among the finished ones: what the journal keeps of it, and how its files are carried there and back.

The record follows its request: its place and the place of its status are the new ones, so that it is known by them.
Carried by MOVE without overwriting, intent → effect → fact; an intent found open is a question to the folder.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from connector.errors import NotFound, OutcomeUnknown, PreconditionFailed
from connector.lifecycle import Record
from connector.ports import Entry, Folder, Href
from connector.sidecar.model import SignatureRequest
from connector.steps import clocks
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

STEP: Final = "tidy"
"""Name of the step whose intent stands while files are carried."""
FILED: Final = "filed"
"""In ``extra``: where its files were taken from, and where they lie: ``from_href``, ``status_href``, ``told``."""
KEPT_OUT: Final = "kept_out"
"""In ``extra``: a person has taken it out again; it stays where they put it."""
_MAY_HAPPEN_YET: Final = timedelta(minutes=1)
"""A move that was not answered may take place so long after; its intent stands until then."""
SAID: Final = "after_signing"
"""In ``extra``: what the request's own line says, if it was read again since it left."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is carried: (from, to) of the request and of its status, each None when it stays; ``into`` or out again."""

    into: bool
    request: tuple[str, str] | None = None
    status: tuple[str, str] | None = None
    file_id: str | None = None
    """Of the request, where the server gives one."""
    sha256: str | None = None
    """Of the request's bytes as they lie there: it is found by them when its folder is moved later."""


def is_filed(record: Record) -> bool:
    """True while its files lie among the finished ones."""
    return isinstance(record.extra.get(FILED), Mapping)


def facts(record: Record) -> Mapping[str, Any]:
    """Return what is kept of the filing, empty for none."""
    found = record.extra.get(FILED)
    return found if isinstance(found, Mapping) else {}


def status_place(record: Record) -> Href | None:
    """Where the status of a filed request stands; None when it is not filed, or its status is not."""
    href = facts(record).get("status_href")
    return Href(str(href)) if href else None


def home_of(record: Record) -> str:
    """Return the href of the folder to which a request belongs, filed or not; empty while no place is known."""
    place = str(facts(record).get("from_href") or record.place)
    return place.rpartition("/")[0] + "/" if place else ""


def unfiled(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``extra`` of a request that a person has put elsewhere; it is not tidied a second time."""
    if FILED not in extra:
        return dict(extra)
    return {name: value for name, value in extra.items() if name != FILED} | {KEPT_OUT: True}


def as_it_lies(record: Record, sha256: str) -> dict[str, Any]:
    """Return what changes when a filed request is read again: it is found by the bytes that lie there now."""
    return {"sidecar_sha256": sha256} if is_filed(record) and sha256 else {}


def said_by(request: SignatureRequest | None) -> dict[str, Any]:
    """Return what is kept of the request's own line when its file is read again; nothing where it was unreadable."""
    if request is None:
        return {}
    return {SAID: request.after_signing.value if request.after_signing is not None else ""}


def carry(parts: Parts, record: Record, load: Load) -> Record:
    """Move what is to be carried. PreconditionFailed when the request's new name is taken; other remote errors pass.

    A status whose new name is taken stays where it is. After any interruption :func:`settle` finds out.
    """
    folder = parts.folders[record.server]
    record = parts.journal.intend(record, STEP, dataclasses.asdict(load))
    status = load.status
    try:
        if load.request is not None:
            _move(folder, load.request, load.file_id)
    except PreconditionFailed:
        parts.journal.note(record, "not_tidied", done=(STEP,))
        raise
    try:
        if status is not None:
            _move(folder, status, None)
    except PreconditionFailed:
        status = None
    whole = status == load.status
    return _carried(parts, record, load.request, status, load.sha256, into=load.into, whole=whole)


def settle(parts: Parts, record: Record) -> Record:
    """Find out how far an interrupted carrying came, and keep that. Reads only; remote errors pass through."""
    intent = parts.journal.intent(record, STEP)
    if intent is None:
        return record
    folder = parts.folders[record.server]
    request, status = _pair(intent.data.get("request")), _pair(intent.data.get("status"))
    file_id = intent.data.get("file_id")
    if request is not None and not _arrived(folder, request, file_id):
        request = None
    wanted = status
    if status is not None and not _arrived(folder, status, None):
        status = None
    if request is None and status is None:
        if clocks.lasts(parts, intent.at, _MAY_HAPPEN_YET):
            return record
        return parts.journal.note(record, "not_tidied", done=(STEP,))
    whole = status == wanted
    into, sha256 = bool(intent.data["into"]), intent.data.get("sha256")
    return _carried(parts, record, request, status, sha256, into=into, whole=whole)


def _pair(value: Any) -> tuple[str, str] | None:
    return (str(value[0]), str(value[1])) if value else None


def _move(folder: Folder, way: tuple[str, str], file_id: str | None) -> None:
    try:
        folder.move(Href(way[0]), Href(way[1]))
    except OutcomeUnknown as error:
        log.warning("a finished request was moved: %s; the folder is asked", error)
        if not _arrived(folder, way, file_id):
            raise


def _arrived(folder: Folder, way: tuple[str, str], file_id: str | None) -> bool:
    if _at(folder, way[0]) is not None:
        return False
    there = _at(folder, way[1])
    return there is not None and (file_id is None or there.file_id in {None, file_id})


def _at(folder: Folder, href: str) -> Entry | None:
    try:
        return folder.stat(Href(href))
    except NotFound:
        return None


def _carried(
    parts: Parts,
    record: Record,
    request: tuple[str, str] | None,
    status: tuple[str, str] | None,
    sha256: str | None,
    *,
    into: bool,
    whole: bool,
) -> Record:
    """Keep where things lie now. ``whole``: nothing was left behind."""
    before = facts(record)
    extra = dict(record.extra)
    if status is not None:
        extra["status_href"] = status[1]
    if into:
        kept = {
            "from_href": request[0] if request is not None else before.get("from_href", record.place),
            "status_href": status[1] if status is not None else before.get("status_href"),
            "told": status is None and whole,
        }
        extra[FILED] = kept
    else:
        extra.pop(FILED, None)
    changes: dict[str, Any] = {"extra": extra}
    if request is not None:
        changes |= {"place": request[1], "sidecar_sha256": sha256 or record.sidecar_sha256}
    return parts.journal.note(record, "filed" if into else "unfiled", done=(STEP,), **changes)
