"""A list's file → its rows, read once for each saved state; a half-saved one is waited for before it is told.

The file lies open in somebody's Excel most of the day: what was saved last is read, its lock file (``~$…``) is
nobody's business. Since when a saved state is known is kept in the journal: a restart begins no wait anew, and what
was told before it stays told. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from connector.errors import DocumentError, NotFound, OutOfSpace, Problem
from connector.identity import digest_of
from connector.ports import Entry
from connector.sidecar import names
from connector.signatory_list.rows import ListReading, read_rows
from connector.signatory_list.table import MAX_BYTES, Table
from connector.steps import clocks
from connector.steps.born import scratch
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.read import megabytes

_EVENT = "list_seen"
_HALF_SAVED = frozenset({"list_damaged", "list_not_workbook"})
_WORKER_CODES = {"pdf_too_slow": "list_swollen"}


@dataclass
class ReadingMemory:
    """Lists that were read, by href: the ETag, the reading, and since when that saved state is known."""

    kept: dict[str, tuple[str | None, ListReading, datetime]] = field(default_factory=dict)


def read_list(parts: Parts, sight: Sight, entry: Entry, memory: ReadingMemory) -> ListReading | None:
    """Return what a settled list says; None while it is perhaps half saved, or changed under our eyes.

    Raises remote errors, SpoolError.
    """
    before = memory.kept.get(entry.href)
    if before is None or before[0] != entry.etag:
        reading = _read(parts, sight, entry)
        if reading is None:
            return None
        memory.kept[entry.href] = (entry.etag, reading, _known_since(parts, sight, entry))
    _, reading, since = memory.kept[entry.href]
    if _half_saved(reading) and clocks.lasts(parts, since, parts.timing.pdf_patience):
        return None
    return reading


def known_for(parts: Parts, entry: Entry, memory: ReadingMemory) -> bool:
    """True once this saved state was read long enough ago that what is missing beside it is missing indeed."""
    kept = memory.kept.get(entry.href)
    return kept is not None and not clocks.lasts(parts, kept[2], parts.timing.pdf_patience)


def _known_since(parts: Parts, sight: Sight, entry: Entry) -> datetime:
    subject = f"list:{digest_of([sight.settings.server, entry.href])[:32]}"
    kept = parts.journal.last_account_event(subject, _EVENT)
    if kept is None or kept["etag"] != entry.etag:
        kept = {"etag": entry.etag, "at": parts.now().isoformat()}
        parts.journal.mark_account(subject, _EVENT, kept)
    return datetime.fromisoformat(kept["at"])


def _half_saved(reading: ListReading) -> bool:
    return any(problem.code in _HALF_SAVED for problem in reading.problems)


def _read(parts: Parts, sight: Sight, entry: Entry) -> ListReading | None:
    kind = names.list_kind(entry.name)
    if kind == "other":
        return _refused(entry, "list_other_format", written=entry.name)
    if (entry.size or 0) > MAX_BYTES:
        return _too_large(entry)
    folder, ref = parts.folders[sight.settings.server], scratch(sight)
    try:
        path, fetched = parts.spool.put(
            ref, "list", lambda stream: folder.get(entry.href, stream, max_bytes=MAX_BYTES)
        )
        if fetched.etag is not None and fetched.etag != entry.etag:
            return None
        table = parts.documents.signatory_list(path, kind)
    except OutOfSpace:
        return _too_large(entry)
    except NotFound:
        return None
    except DocumentError as error:
        table = Table(problem=_WORKER_CODES.get(error.code, "list_damaged"))
    finally:
        parts.spool.forget(ref)
    return read_rows(table, entry.name)


def _too_large(entry: Entry) -> ListReading:
    size = max(entry.size or 0, MAX_BYTES + 1)
    return _refused(entry, "list_too_large", size_mb=megabytes(size), limit_mb=str(MAX_BYTES // 1_000_000))


def _refused(entry: Entry, code: str, **values: str) -> ListReading:
    problem = Problem(code=code, values={**values, "file": entry.name})
    return ListReading(file=entry.name, problems=(problem,))
