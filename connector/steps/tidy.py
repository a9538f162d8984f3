"""After step 11: with ``après signature: ranger`` a finished request and its status move to « Demandes terminées ».

So the folder shows PDFs again (ux page section 2.6). *Finished* is what is signed, at home, and asks nothing of
anybody: a PDF beside which no status stands is a signed one. What was refused, has expired, was cancelled, or came
home in a way that somebody must look at, stays in sight. It goes at once: the overview and the mails tell, and a
status that has moved is still there to be read. ``.done`` stands before it goes; a name that changes afterwards is
found again by its record, by its bytes, or by what the marker hides (``filed``).

The document, what came beside it, its attestation and its original never move. Nor does anything while a person's hand
is in it: a request or a status that is not as it was last seen, or another request for the same document beside.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.errors import NotFound, OutOfSpace, PreconditionFailed
from connector.lifecycle import Record, State
from connector.ports import Entry, Href
from connector.sidecar import names
from connector.sidecar.model import Afterwards
from connector.sidecar.reading import MAX_BYTES
from connector.steps import born, filing, own_files, places, settings, show
from connector.steps.born import BornMemory
from connector.steps.discover import Sight
from connector.steps.filing import Load
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_MOST_NAMES: Final = 50
_NEEDS_NOBODY: Final = frozenset({"", "pdf_gone"})
"""Why a document came beside without anybody having to look at it."""


@dataclass
class TidyMemory:
    """What a process remembers between passes; losing it costs a look, never a mistake."""

    left: dict[int, str | None] = field(default_factory=dict)
    """Record → ETag of its status that a person has changed, and which therefore stays with its request."""
    wishes: dict[str, bool | None] = field(default_factory=dict)
    """Folder → what its settings say, in this pass; None: that cannot be told yet."""

    def wanted(self, record: Record) -> bool:
        """True unless this pass found that a finished request stays where it is."""
        said = self.wishes.get(filing.home_of(record), False)
        return _own_wish(record) == Afterwards.TIDY or said is not False


def finished(record: Record) -> bool:
    """True for what is signed, at home, closed, and needs nobody's eye any more."""
    if not record.closed or not record.current:
        return False
    if record.state is State.DELIVERED_BESIDE:
        known = not record.extra.get("ended_elsewhere")
        return known and all(one.beside in _NEEDS_NOBODY for one in record.documents)
    return record.state is State.DELIVERED


def due(record: Record) -> bool:
    """True while something of a finished request may still lie where it lay."""
    done = filing.is_filed(record) and bool(filing.facts(record).get("told"))
    return finished(record) and bool(record.place) and not (done or record.extra.get(filing.KEPT_OUT))


def tidy(
    parts: Parts, sight: Sight, record: Record, memory: TidyMemory, memories: Iterable[BornMemory]
) -> Record:
    """Bring a finished request and its status to where finished ones lie, if its folder wants that. Idempotent.

    ``memories``: what is remembered of lists' rows and dropped PDFs, which are told of its new place. Remote errors
    pass through: it is tried again, later and later.
    """
    if not due(record) or parts.journal.intent(record, filing.STEP) is not None:
        return record
    request = _request(sight, record)
    if request is not None and not _is_as_known(sight, request, record):
        return record
    if request is None and not (record.sidecar_gone or filing.is_filed(record)):
        return record
    if not (filing.is_filed(record) or _wished(parts, sight, record, memory)):
        return record
    status = _status(parts, sight, record, memory)
    if status is not None and not status.ours:
        return record
    if request is None and status is None:
        return _told(parts, record)
    record = _carried(parts, sight, record, request, status.href if status is not None else None, memories)
    if status is not None and filing.status_place(record) is None:
        return record  # somebody has just taken its name there: the next pass takes another one
    return _told(parts, record)


def _wished(parts: Parts, sight: Sight, record: Record, memory: TidyMemory) -> bool:
    """True when the request itself says so, else the nearest settings that say anything of it."""
    if own := _own_wish(record):
        return own == Afterwards.TIDY
    home = filing.home_of(record)
    if home not in memory.wishes:
        memory.wishes[home] = _wish_above(parts, sight, home)
    return bool(memory.wishes[home])


def _own_wish(record: Record) -> str:
    """What the request itself says; empty for nothing."""
    own, request = record.extra.get(filing.SAID), record.request
    if own is None and request is not None and "after_signing" not in request.origins:
        own = request.after_signing.value if request.after_signing is not None else ""
    return str(own or "")


def _wish_above(parts: Parts, sight: Sight, home: str) -> bool | None:
    """What the settings say for a folder; nothing moves while one of them is being saved, or cannot be read.

    None while it is about to be told, though no settings file need change for it: a message is saved, or missing.
    """
    said = settings.chain(parts, sight, home + "x")
    if said is None:
        return None
    for one in said:
        if one.request is None:
            waits = any(problem.code.startswith("message_file") for problem in one.problems)
            return None if waits else False
        if "after_signing" in one.request.lines:
            return one.request.after_signing is Afterwards.TIDY
    return False


def _request(sight: Sight, record: Record) -> Entry | None:
    """Its file, where it does not lie among finished ones yet."""
    entry = sight.by_href.get(record.place)
    filed = names.is_filed(record.place.removeprefix(sight.settings.root))
    return None if entry is None or entry.is_folder or filed else entry


def _is_as_known(sight: Sight, request: Entry, record: Record) -> bool:
    return (
        request.href in sight.settled and request.etag == record.sidecar_etag and not _rivals(sight, request)
    )


def _rivals(sight: Sight, request: Entry) -> list[Entry]:
    """Other requests for the same document, a corrected one too: alone, it would be *the* request."""
    wanted = set(names.pair_of(request.name))
    return [
        entry
        for folded, entries in sight.by_parent.get(request.parent, {}).items()
        if ".sign." in folded and wanted & set(names.pair_of(folded))
        for entry in entries
        if not entry.is_folder and entry.href != request.href
    ]


@dataclass(frozen=True, kw_only=True)
class _Status:
    href: Href
    ours: bool


def _status(parts: Parts, sight: Sight, record: Record, memory: TidyMemory) -> _Status | None:
    """What lies where its status stands: ours alone, whole, may be moved. None when there is none, or it is filed."""
    written = record.extra.get("status_href") or places.status_href(record)
    if filing.status_place(record) is not None or not written or names.is_filed(str(written)):
        return None
    href = Href(str(written))
    entry = sight.by_href.get(href)
    if record.id in memory.left and entry is not None and memory.left[record.id] == entry.etag:
        return _Status(href=href, ours=False)
    try:
        found = own_files.read_status_at(parts, parts.folders[record.server], href)
    except NotFound:
        return None
    except OutOfSpace:
        found = None
    ours = found is not None and found.ref == record.ref
    if not ours and entry is not None:
        memory.left[record.id] = entry.etag
    return _Status(href=href, ours=ours)


def _carried(
    parts: Parts,
    sight: Sight,
    record: Record,
    request: Entry | None,
    status: Href | None,
    memories: Iterable[BornMemory],
) -> Record:
    home = filing.home_of(record)
    folder = Href(home + names.DONE_FOLDER + "/")
    server = parts.folders[record.server]
    server.make_folder(folder)
    sha256 = (
        server.get(request.href, io.BytesIO(), max_bytes=MAX_BYTES).sha256 if request is not None else None
    )
    taken = sight.by_parent.get(folder, {})
    for number in range(1, _MOST_NAMES):
        ways: dict[str, Any] = {}
        if request is not None:
            name = names.filed_request(request.name, number)
            ways |= {"request": (request.href, folder + name), "file_id": request.file_id}
            ways["sha256"] = sha256
        if status is not None:
            ways["status"] = (status, folder + names.filed_status(status.rpartition("/")[2], number))
        if any(names.comparable(to.rpartition("/")[2]) in taken for _, to in _ways(ways)):
            continue
        try:
            record = filing.carry(parts, record, Load(into=True, **ways))
        except PreconditionFailed:
            record = parts.journal.get(record.id)
            continue
        if request is not None:
            born.moved(parts, sight, request, record.place, memories)
        return record
    raise OutOfSpace("every name among the finished requests is taken", operation="tidy")


def _ways(ways: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [ways[what] for what in ("request", "status") if what in ways]


def _told(parts: Parts, record: Record) -> Record:
    """Its last text says where it went. What an earlier life of the journal wrote says more than we know: it stays."""
    facts = filing.facts(record)
    if not facts or facts.get("told"):
        return record
    if filing.status_place(record) is not None and not record.extra.get("ended_elsewhere"):
        record = show.show(parts, record)
    return parts.journal.touch(record, extra={**record.extra, filing.FILED: {**facts, "told": True}})
