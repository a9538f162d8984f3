"""Requests that the connector writes itself, for a row of a list or a dropped PDF: once for each PDF, then never again.

What was done for a PDF outlives restarts, the request's file and its end: it is kept in the journal under a digest
of the place, and a PDF is another one where its file id is another. A PDF that any request knows, or that bears a
signature, needs none. Only sidecars are written here, create-once; whatever happens to them is another step's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
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

    ``kind``: one of this module's words; ``place``: the request's href; ``file_id``; and what :func:`remember` got.
    """
    subject = _subject(sight, parent, name)
    if subject not in memory.kept:
        memory.kept[subject] = parts.journal.last_account_event(subject, _EVENT)
    return memory.kept[subject]


def remember(
    parts: Parts, sight: Sight, document: Entry, memory: BornMemory, *, kind: str, place: str, **more: str
) -> None:
    """Keep that nothing more is to be done for this PDF."""
    subject = _subject(sight, document.parent, names.comparable(document.name))
    data = {"kind": kind, "place": place, "file_id": document.file_id, **more}
    parts.journal.mark_account(subject, _EVENT, data)
    memory.kept[subject] = data


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


def known(parts: Parts, sight: Sight, document: Entry) -> bool:
    """True when a request knows this PDF: it is out, it was, or it travels with another document.

    One whose request was deleted before it left is not known any more.
    """
    server = sight.settings.server
    touching = parts.journal.touching(server, [document.href], [])
    if any(one.href == document.href for record in touching if _counts(record) for one in record.documents):
        return True
    if document.file_id is not None and any(
        map(_counts, parts.journal.with_file_id(server, document.file_id))
    ):
        return True
    places = [document.parent + name for name in names.sidecar_names(document.name)]
    return any(
        _counts(record)
        and not is_another(document, record.document.file_id)
        and not _is_of_namesake(sight, document, record)
        for place in places
        for record in parts.journal.all_at_place(server, place)
    )


def _is_of_namesake(sight: Sight, document: Entry, record: Record) -> bool:
    """True when a request is about a file of another name that lies there: « scan.pdf », of « scan.jpg »."""
    return record.document.href != document.href and record.document.href in sight.by_href


def _counts(record: Record) -> bool:
    return record.state is not State.WITHDRAWN or bool(record.extra.get("sent_mark"))


def is_signed(parts: Parts, sight: Sight, document: Entry) -> bool:
    """True when the PDF bears a signature. One that cannot be read is not: its request will say what is wrong.

    Raises remote errors, SpoolError.
    """
    if not names.is_pdf(document.name):
        return False
    settings = sight.settings
    limit = parts.accounts[settings.accounts[0]].terms.max_document_bytes
    ref = scratch(sight)
    try:
        path, _ = parts.spool.put(
            ref,
            "document.pdf",
            lambda stream: parts.folders[settings.server].get(document.href, stream, max_bytes=limit),
        )
        # A signature's byte range stands in clear, or it could not be checked: most PDFs need no second reading.
        return contains(path, _BYTE_RANGE) and parts.documents.facts(path).signatures > 0
    except (OutOfSpace, DocumentError):
        return False
    finally:
        parts.spool.forget(ref)


def scratch(sight: Sight) -> str:
    """Name of a corner of the spool for what is only looked at; one a server, whose pass is one thread."""
    return "look-" + digest_of(sight.settings.server)[:8]


def create(
    parts: Parts, sight: Sight, document: Entry, content: bytes, memory: BornMemory, **more: str
) -> str:
    """Write the request of a PDF, unless it is signed or has one; return what was found or done, and remember it.

    Raises remote errors, SpoolError; after OutcomeUnknown the next sight shows whether the request is there.
    """
    place = Href(document.parent + names.sidecar_name(document.name))
    try:
        kind = SIGNED if is_signed(parts, sight, document) else MADE
        if kind == MADE:
            parts.folders[sight.settings.server].create(place, content)
            memory.written[place] = sight
            written.keep(parts, content)
    except PreconditionFailed:
        kind = THERE
    except NotFound:
        return ""  # it went meanwhile; the next sight tells
    remember(parts, sight, document, memory, kind=kind, place=place, **more)
    return kind
