"""Requests that the connector writes itself, for a row of a list or a dropped PDF: once for each PDF, then never again.

What was done for a PDF outlives restarts, the request's file and its end: it is kept in the journal under a digest
of the place. A PDF is another one where its file id is another, or where it was saved over, once its request is over
and taken away, with what is neither signed nor known. A PDF that any request knows, or that bears a
signature, needs none. Only sidecars are written here, create-once; whatever happens to them is another step's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.errors import DocumentError, NotFound, OutOfSpace, PreconditionFailed
from connector.identity import digest_of
from connector.lifecycle import Record, State
from connector.ports import Entry, Href
from connector.sidecar import names
from connector.spool import contains
from connector.steps import written
from connector.steps.discover import Sight
from connector.steps.parts import Parts

MOST_A_PASS: Final = 50
"""Requests written in one pass over a server; the next one goes on."""

MADE: Final = "made"
THERE: Final = "there"
"""A request lay there already."""
KNOWN: Final = "known"
"""The journal knows the PDF by another request."""
SIGNED: Final = "signed"
RENEWED: Final = "renewed"
"""Another PDF was saved under its name: nothing is done for it yet. ``was`` is what was done for the one before."""
_EVENT: Final = "born"
_BYTE_RANGE: Final = b"ByteRange"


@dataclass
class Room:
    """How much one pass may still write; ``until`` of ``time.monotonic()``, None without an end."""

    left: int = MOST_A_PASS
    until: float | None = None
    stopped: Callable[[], bool] = lambda: False
    made: int = 0

    def take(self) -> bool:
        """Take one place; False when there is none, or no time, left."""
        if self.left <= 0 or self.stopped() or (self.until is not None and time.monotonic() > self.until):
            return False
        self.left -= 1
        return True


@dataclass
class BornMemory:
    """What the journal was asked already."""

    kept: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    written: dict[str, Sight] = field(default_factory=dict)
    """Href of a request → the sight during which it was written, and which cannot show it."""


def is_document(name: str) -> bool:
    """Tell whether this may be a document to sign: a PDF or an image, and neither ours nor noise."""
    wanted = names.is_pdf(name) or names.is_image(name)
    return wanted and not names.is_ours(name) and not names.is_noise(name)


def remembered(
    parts: Parts, sight: Sight, parent: str, name: str, memory: BornMemory
) -> Mapping[str, Any] | None:
    """Return what was done for the PDF of that name (comparable form), None when nothing was.

    ``kind``: one of this module's words; ``place``: the request's href; ``file_id``; ``shape``: what a listing showed
    of the PDF; ``bytes``: SHA-256 of every PDF of that name for which it was done; what :func:`remember` got. Earlier
    versions kept neither ``shape`` nor ``bytes``.
    """
    subject = _subject(sight, parent, name)
    if subject not in memory.kept:
        memory.kept[subject] = parts.journal.last_account_event(subject, _EVENT)
    return memory.kept[subject]


def done_for(
    parts: Parts, sight: Sight, document: Entry, memory: BornMemory, *, asked: bool
) -> Mapping[str, Any] | None:
    """Return what was done for this very PDF, None when nothing was. ``asked``: a request for it lies there.

    Once no request has it, a PDF that was saved over is fetched, once for each change. Raises remote errors,
    SpoolError.
    """
    kept = remembered(parts, sight, document.parent, names.comparable(document.name), memory)
    if kept is None or is_another(document, kept.get("file_id")):
        return None
    if "shape" in kept and not asked and document.href in sight.settled and kept["shape"] != _shape(document):
        kept = _looked_at_again(parts, sight, document, kept, memory)
    return kept if kept["kind"] != RENEWED else None


def _looked_at_again(
    parts: Parts, sight: Sight, document: Entry, kept: Mapping[str, Any], memory: BornMemory
) -> Mapping[str, Any]:
    """Tell whether what was saved is another PDF; keep it. What is signed, or was known before, is none."""
    own = parts.journal.all_at_place(sight.settings.server, str(kept["place"]))
    records = [*own, *_records_of(parts, sight, document)]
    if any(_counts(record) and not record.closed for record in records):
        return kept
    limit = parts.accounts[sight.settings.accounts[0]].terms.max_signed_bytes
    try:
        sha256, signed = _look(parts, sight, document, limit)
    except NotFound:
        return kept
    known = {*kept["bytes"], *(each for record in records for each in _bytes_of(record))}
    before = kept["was"] if kept["kind"] == RENEWED else kept["kind"]
    data = {**kept, "shape": _shape(document), "kind": before}
    if not known:
        data["bytes"] = [sha256] if sha256 else []
    elif sha256 and signed is False and sha256 not in known:
        data |= {"kind": RENEWED, "was": before}
    return _keep(parts, sight, document, data, memory)


def _bytes_of(record: Record) -> set[str]:
    """Every content that its documents had: as found, as sent, as they came back, as people left them meanwhile."""
    contents = {each for one in record.documents for each in one.left}
    contents |= {
        each for one in record.documents for each in (one.sha256, one.sent_sha256, one.signed_sha256) if each
    }
    return contents


def _shape(document: Entry) -> list[str | int | None]:
    """What a listing shows of a file that moves when it is saved; the time stands in where there is no ETag."""
    if document.etag:
        return [document.etag]
    return [document.modified.isoformat() if document.modified else None, document.size]


def remember(
    parts: Parts,
    sight: Sight,
    document: Entry,
    memory: BornMemory,
    *,
    kind: str,
    place: str,
    sha256: str | None = None,
    **more: str | int,
) -> None:
    """Keep that nothing more is to be done for this PDF. ``sha256``: of its bytes, where they were seen."""
    before = remembered(parts, sight, document.parent, names.comparable(document.name), memory) or {}
    seen = dict.fromkeys([*before.get("bytes", ()), *([sha256] if sha256 else ())])
    data = {"kind": kind, "place": place, "file_id": document.file_id, "shape": _shape(document)}
    _keep(parts, sight, document, {**data, "bytes": list(seen), **more}, memory)


def _keep(
    parts: Parts, sight: Sight, document: Entry, data: Mapping[str, Any], memory: BornMemory
) -> Mapping[str, Any]:
    subject = _subject(sight, document.parent, names.comparable(document.name))
    parts.journal.mark_account(subject, _EVENT, data)
    memory.kept[subject] = data
    return data


def moved(parts: Parts, sight: Sight, request: Entry, place: str, memories: Iterable[BornMemory]) -> None:
    """Keep that the request which lay at ``request`` lies at ``place`` now, for the PDF that it was written for."""
    for name in (*names.pair_of(request.name), *names.images_of(request.name)):
        subject = _subject(sight, request.parent, name)
        data = parts.journal.last_account_event(subject, _EVENT)
        if data is None:
            continue
        parts.journal.mark_account(subject, _EVENT, {**data, "place": place})
        for memory in memories:
            memory.kept.pop(subject, None)


def _subject(sight: Sight, parent: str, name: str) -> str:
    return "born:" + digest_of([sight.settings.server, parent, name])[:32]


def is_another(document: Entry, file_id: object) -> bool:
    """True when a PDF of a known name is certainly another file than the one that was meant."""
    return document.file_id is not None and file_id is not None and str(file_id) != document.file_id


def sidecars_in(sight: Sight, parent: str) -> dict[str, Entry]:
    """Return the requests of one folder by the document each answers for, in comparable form.

    A picture has none in the request of the PDF that lies there under the same name.
    """
    found: dict[str, Entry] = {}
    children = sight.by_parent.get(parent, {})
    for folded, entries in children.items():
        if ".sign." in folded:
            pdfs = names.pair_of(folded)
            pictures = () if any(pdf in children for pdf in pdfs) else names.images_of(folded)
            for wanted in (*pdfs, *pictures):
                found.setdefault(wanted, entries[0])
    return found


def known(parts: Parts, sight: Sight, document: Entry, memory: BornMemory) -> bool:
    """True when a request knows this PDF: it is out, it was, or it travels with another document.

    One whose request was deleted before it left is not known any more; nor is one that was saved over by what is over.
    """
    kept = remembered(parts, sight, document.parent, names.comparable(document.name), memory)
    renewed = kept is not None and kept["kind"] == RENEWED and not is_another(document, kept.get("file_id"))
    return any(
        _counts(record) and not (renewed and record.closed) for record in _records_of(parts, sight, document)
    )


def _records_of(parts: Parts, sight: Sight, document: Entry) -> Iterator[Record]:
    """Yield the requests that have this PDF, or had it; what is asked for first is asked first."""
    server = sight.settings.server
    for record in parts.journal.touching(server, [document.href], []):
        if any(one.href == document.href for one in record.documents):
            yield record
    if document.file_id is not None:
        yield from parts.journal.with_file_id(server, document.file_id)
    for name in names.sidecar_names(document.name):
        for record in parts.journal.all_at_place(server, document.parent + name):
            another = is_another(document, record.document.file_id)
            if not another and not _is_of_namesake(sight, document, record):
                yield record


def _is_of_namesake(sight: Sight, document: Entry, record: Record) -> bool:
    """True when a request is about a file of another name that lies there: « scan.pdf », of « scan.jpg »."""
    return record.document.href != document.href and record.document.href in sight.by_href


def _counts(record: Record) -> bool:
    return record.state is not State.WITHDRAWN or bool(record.extra.get("sent_mark"))


def _look(parts: Parts, sight: Sight, document: Entry, limit: int) -> tuple[str | None, bool | None]:
    """Return a document's SHA-256, None for more than ``limit`` bytes, and whether it bears a signature.

    None: it seems to, and cannot be read. Raises remote errors, SpoolError.
    """
    ref = scratch(sight)
    try:
        path, fetched = parts.spool.put(
            ref,
            "document.pdf",
            lambda stream: parts.folders[sight.settings.server].get(document.href, stream, max_bytes=limit),
        )
        # A signature's byte range stands in clear, or it could not be checked: most PDFs need no second reading.
        if not names.is_pdf(document.name) or not contains(path, _BYTE_RANGE):
            return fetched.sha256, False
        try:
            return fetched.sha256, parts.documents.facts(path).signatures > 0
        except DocumentError:
            return fetched.sha256, None
    except OutOfSpace:
        return None, False
    finally:
        parts.spool.forget(ref)


def scratch(sight: Sight) -> str:
    """Name of a corner of the spool for what is only looked at; one a server, whose pass is one thread."""
    return "look-" + digest_of(sight.settings.server)[:8]


def create(
    parts: Parts, sight: Sight, document: Entry, content: bytes, memory: BornMemory, **more: str
) -> str:
    """Write the request of a PDF, unless it is signed or has one; return what was found or done, and remember it.

    One that cannot be read is not signed: its request will say what is wrong. ``at`` is kept with what is made, and
    ``after``: the newest record that had its place before. Raises remote errors, SpoolError; after OutcomeUnknown the
    next sight shows whether the request is there.
    """
    place = Href(document.parent + names.sidecar_name(document.name))
    limit = parts.accounts[sight.settings.accounts[0]].terms.max_document_bytes
    sha256, signed = None, None
    try:
        if names.is_pdf(document.name):
            sha256, signed = _look(parts, sight, document, limit)
        kind = SIGNED if signed else MADE
        if kind == MADE:
            parts.folders[sight.settings.server].create(place, content)
            memory.written[place] = sight
            written.keep(parts, content)
    except PreconditionFailed:
        kind = THERE
    except NotFound:
        return ""  # it went meanwhile; the next sight tells
    facts: dict[str, str | int] = {**more}
    if kind == MADE:
        before = parts.journal.all_at_place(sight.settings.server, place)
        facts |= {"at": parts.now().isoformat(), "after": max((one.id for one in before), default=0)}
    remember(parts, sight, document, memory, kind=kind, place=place, sha256=sha256, **facts)
    return kind
