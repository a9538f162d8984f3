"""Where a signed document may come to lie beside what it was made of: the folder, and the names in their order.

A document that cannot take its own place comes beside it; an annex comes beside the main document, and its own
file is never touched; what was sent as an image comes as a PDF beside the image. Source: ux page section 1.3.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from connector.errors import NotFound, OutOfSpace
from connector.lifecycle import DocumentFacts, Record
from connector.ports import Href
from connector.report.block import Whole, read_status
from connector.sidecar import names
from connector.steps import clocks
from connector.steps.parts import Parts
from connector.steps.task import Task

_MOST_NAMES = 50
_MOST_STATUS_BYTES = 200_000


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A folder, and the name of the PDF that what comes there is called after."""

    parent: str
    name: str
    main: str = ""
    """Name of the main document, for an annex."""
    own_name: bool = False
    """May it bear that very name, where it is free? So does the PDF of an image."""

    def hrefs(self, *, to_check: bool) -> Iterator[Href]:
        """Every place in its order; ``to_check`` where what came back is not quite what was expected."""
        if self.own_name and not to_check:
            yield Href(self.parent + self.name)
        naming = names.to_check_name if to_check else names.signed_name
        for number in range(1, _MOST_NAMES):
            if self.main:
                name = names.annex_name(self.main, self.name, number, to_check=to_check)
            else:
                name = naming(self.name, number)
            yield Href(self.parent + name)


def spot_of(task: Task) -> Spot | None:
    """Where this document comes when not in its own place; None when its folder is gone, or was never known."""
    record, document = task.record, task.document
    parent, main = split(record.document.href or record.place)
    if document.role == "annex":
        return _spot(parent, document, record) if main else None
    if document.href:
        return _spot(split(document.href)[0], document, record)
    if document.rank != record.document.rank and _lost_name(record, document):
        return None
    return _spot(parent, document, record) if main else None


def is_gone(task: Task) -> bool:
    """True once its place has been missing for so long that nobody is about to bring it back (ux page section 1.5).

    An annex goes where the main document is. What an adopted request was never seen with is missing since it was
    adopted.
    """
    record = task.record
    document = record.document if task.document.role == "annex" else task.document
    if not document.href and lost_key(document.rank) in record.extra:
        return True  # found out before
    since = document.missing_since or (None if document.href else record.created_at)
    parts = task.parts
    return since is not None and not clocks.lasts(parts, since, parts.timing.gone_patience)


def lost_spot(task: Task) -> Spot:
    """The same in the folder for what has lost its own; it is made when needed."""
    parent = Href(task.parts.watched[task.record.folder].root + names.LOST_FOLDER + "/")
    task.folder.make_folder(parent)
    return _spot(parent, task.document, task.record)


def free_status(parts: Parts, record: Record, parent: Href, name: str) -> Href:
    """Return the first name for a status in a folder of many that is free, or its own already. Remote errors pass.

    Two requests that were called the same in two folders both have a name here.
    """
    folder = parts.folders[record.server]
    for number in range(1, _MOST_NAMES):
        href = Href(parent + names.filed_status(name, number))
        stream = io.BytesIO()
        try:
            folder.get(href, stream, max_bytes=_MOST_STATUS_BYTES)
        except NotFound:
            if _given(parts, record, href):
                return href
            continue
        except OutOfSpace:
            continue
        # What lies there keeps the name from now on.
        parts.names_given.pop((record.server, href), None)
        found = read_status(stream.getvalue(), parts.sealer.key)
        if isinstance(found, Whole) and found.ref == record.ref:
            return href
    raise OutOfSpace("every name for its status is taken", operation="show")


def _given(parts: Parts, record: Record, href: Href) -> bool:
    """Take a free name until something lies there: others look for one at the same moment. False when it is taken."""
    with parts.gate:
        return parts.names_given.setdefault((record.server, href), record.id) == record.id


def _spot(parent: str, document: DocumentFacts, record: Record) -> Spot:
    main = _main_name(record)
    if document.role == "annex":
        return Spot(parent=parent, name=_name(record, document) or f"annexe {document.rank}.pdf", main=main)
    if document.rank == record.document.rank:
        return Spot(parent=parent, name=main, own_name=document.converted)
    # A name that only the lost journal knew: called after the main document, by its rank.
    name = _name(record, document) or f"{main.removesuffix('.pdf')} - document {document.rank}.pdf"
    return Spot(parent=parent, name=name, own_name=document.converted)


def _main_name(record: Record) -> str:
    if found := _name(record, record.document):
        return found
    return split(record.place)[1] if record.place else f"{record.ref}.pdf"


def _name(record: Record, document: DocumentFacts) -> str:
    """Name of a document as people know it, an image's as a PDF; empty when it was never known."""
    return names.image_pdf_name((document.href or _lost_name(record, document)).rsplit("/", 1)[-1])


def _lost_name(record: Record, document: DocumentFacts) -> str:
    return str(record.extra.get(lost_key(document.rank), ""))


def lost_key(rank: int) -> str:
    """Where a record keeps the href of a document whose folder is gone."""
    return "lost_href" if rank == 1 else f"lost_href.{rank}"


def split(href: str) -> tuple[str, str]:
    """Return (folder, name of the PDF) for an href; a sidecar stands for its PDF, an image for the PDF of it."""
    parent, _, name = href.rpartition("/")
    return parent + "/", names.image_pdf_name(names.document_name(name) if names.is_sidecar(name) else name)
