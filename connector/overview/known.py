"""What an overview needs of each request: its line, and where its files lie. Kept, so that a pass reads what changed.

A folder keeps its finished requests for years; of those no more than this stays in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connector import pulse
from connector.lifecycle import Record, State
from connector.report.context import StatusContext
from connector.report.overview_lines import line_of
from connector.report.overview_news import Line
from connector.report.typography import Language
from connector.steps.context import context_of
from connector.steps.deadlines import erasure
from connector.steps.gather import as_counted
from connector.steps.parts import Parts
from connector.steps.places import status_href

_MOVES_WITH_ITS_ACCOUNT: Final = frozenset({State.WAITING, State.PREPARED, State.MARKED})
"""What these wait for stands beside the record: a pause, a brake, a platform that does not answer."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """One request."""

    line: Line
    sorted_by: Any
    place: str
    status: str
    files: tuple[str, ...]
    """Where something of it lies, so far as that is known: documents, what came back, its own file, its status."""
    taken: tuple[str, ...]
    """The same, and what may lie there without it: annexes that many share, originals put aside."""
    state: State
    closed: bool
    sidecar_gone: bool
    created_at: datetime
    updated_at: datetime
    record: Record | None
    """While its line depends on more than the record."""


@dataclass
class RequestMemory:
    """What is known of one watched folder's requests."""

    prints: dict[int, int] = field(default_factory=dict)
    requests: dict[int, Known] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)


def requests_of(parts: Parts, server: str, folder: str, memory: RequestMemory) -> list[Known]:
    """Return every current request of a watched folder, in the order of their names. Reads the journal."""
    prints, requests, changed = dict[int, int](), dict[int, Known](), False
    for ident, print_, record in parts.journal.places_unlike(server, folder, memory.prints):
        pulse.beat()  # the first look at a folder of many years takes minutes
        prints[ident] = print_
        if record is not None:
            changed = True
            if record.state is not State.WITHDRAWN:
                requests[ident] = _known(parts, record)
        elif (known := memory.requests.get(ident)) is not None:
            requests[ident] = known if known.record is None else _known(parts, known.record)
    if changed or len(requests) != len(memory.order):
        memory.order = sorted(requests, key=lambda ident: requests[ident].sorted_by)
    memory.prints, memory.requests = prints, requests
    return [requests[ident] for ident in memory.order]


def _known(parts: Parts, record: Record) -> Known:
    line = line_of(record, _context(parts, record))
    status = str(record.extra.get("status_href") or status_href(record) or "")
    signed = [one.href for one in record.documents if one.role == "document"]
    back = [one.delivered_href or "" for one in record.documents]
    beside = [one.original_href or "" for one in record.documents]
    annexes = [one.href for one in record.documents if one.role == "annex"]
    files = [href for href in (*signed, *back, record.place, status) if href]
    return Known(
        line=line,
        sorted_by=(as_counted(line.longer), record.id),
        place=record.place,
        status=status,
        files=tuple(files),
        taken=(*files, *annexes, *beside),
        state=record.state,
        closed=record.closed,
        sidecar_gone=record.sidecar_gone,
        created_at=record.created_at,
        updated_at=record.updated_at,
        record=record if record.state in _MOVES_WITH_ITS_ACCOUNT else None,
    )


def _context(parts: Parts, record: Record) -> StatusContext:
    """What a line depends on besides its record; an account that was taken out of the configuration holds nothing."""
    if record.state in _MOVES_WITH_ITS_ACCOUNT and record.account in parts.accounts:
        return context_of(parts, record)
    language: Language = "en" if parts.report.language == "en" else "fr"
    return StatusContext(
        zone=parts.report.zone,
        language=language,
        support=parts.report.support,
        sender=record.account,
        now=parts.now(),
        ceiling=parts.watched[record.folder].ceiling,
        erases_at=erasure(parts, record) if record.account in parts.accounts else None,
    )
