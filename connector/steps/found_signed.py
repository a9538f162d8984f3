"""Signed in its folder already: asked of what the platform knows no more, before anybody is told that it is lost.

An earlier life of the journal delivered it and was lost before it kept the end; or a person filed what the platform had
sent them. Judged by meaning (protocol R8), and stricter than what the platform gives, since anybody may put a file
there: the pages that were sent, under a name that is its own, with a signature of each signatory made since. Reads the
folder, and puts what it finds into the spool.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from connector.errors import NotFound
from connector.lifecycle import DocumentFacts, Record
from connector.ports import Href
from connector.spool import copied
from connector.steps import clocks
from connector.steps.came_back import Bad, Good, judged
from connector.steps.dates import plausible
from connector.steps.delivered import known_as_anothers
from connector.steps.homes import is_gone, spot_of
from connector.steps.parts import Parts
from connector.steps.present import Present
from connector.steps.spooled import signed_name
from connector.steps.task import Task

log = logging.getLogger(__name__)


def awaits_its_place(parts: Parts, record: Record) -> bool:
    """True while the files of an adopted request may come into sight: where to look is not known yet, or for whom.

    Some minutes at most.
    """
    if record.server not in parts.folders:
        return False
    documents = [one for one in record.documents if one.role == "document"]
    if any(not one.href and not is_gone(_task(parts, record, one.rank)) for one in documents):
        return True
    unread = record.adopted and record.place and not record.sidecar_gone and "orders_seen" not in record.extra
    return bool(unread) and clocks.lasts(parts, record.created_at, parts.timing.gone_patience)


def found_signed(parts: Parts, record: Record, document: DocumentFacts) -> Good | None:
    """Bring one signed document from its folder into the spool; None where none lies there. Raises remote errors.

    None as well where its server is not one of this connector any more.
    """
    if record.server not in parts.folders:
        return None
    task = _task(parts, record, document.rank)
    for href in _hrefs(task):
        present = task.present(href)
        found = None if present is None else _judged(task, present)
        if present is not None and present.path is not None and found is not None:
            parts.spool.put(record.ref, signed_name(document.rank), partial(copied, present.path))
            log.warning("document %d of %s lies signed in its folder", document.rank, record.ref)
            return found
    return None


def _task(parts: Parts, record: Record, rank: int) -> Task:
    folder = parts.folders[record.server]
    return Task(parts=parts, folder=folder, record=record, rank=rank, attempts=record.attempts)


def _hrefs(task: Task) -> Iterator[Href]:
    """Where it may lie: in its place, else under the names that we give beside it."""
    if task.document.in_place and task.document.href:
        yield Href(task.document.href)
    spot = spot_of(task)
    if spot is None:
        return
    try:
        listing = task.folder.list(Href(spot.parent))
    except NotFound:
        return
    there = {entry.href for entry in listing.entries if not entry.is_folder}
    yield from (href for href in spot.hrefs(to_check=False) if href in there)


def _judged(task: Task, present: Present) -> Good | None:
    record, document = task.record, task.document
    if present.path is None or present.sha256 is None or not document.pages_digest:
        return None
    if present.sha256 in {document.sha256, document.sent_sha256} or known_as_anothers(task, present.sha256):
        return None
    found = judged(task.parts, record, document, present.path, present.sha256)
    if isinstance(found, Bad) or found.document.differences:
        return None
    if document.role == "annex":
        return found
    since = plausible(record, found.verdict.signatures, task.parts.now())
    return found if len(since) >= max(1, len(record.signatories)) else None
