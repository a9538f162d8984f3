"""Signed in its folder already: asked of what the platform knows no more, before anybody is told that it is lost.

An earlier life of the journal delivered it and was lost before it kept the end; or a person filed what the platform had
sent them. Judged by meaning (protocol R8), and stricter than what the platform gives, since anybody may put a file
there: the pages that were sent, under a name that is its own, with a signature since then of each who was asked, named
by its certificate. Where certificates name nobody, nothing is found. Reads the folder, and writes nothing but the copy
that is looked at; what comes of it is the caller's to keep, all at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from connector.errors import NotFound, OutOfSpace, Unavailable
from connector.identity import canonical_email
from connector.lifecycle import DocumentFacts, Record
from connector.pdf.model import Signature, Verdict
from connector.ports import Entry, Fetched, FileId, Href
from connector.spool import copied
from connector.steps import clocks
from connector.steps.anothers import is_signed_elsewhere
from connector.steps.came_back import Bad, Good, is_here, is_signed, judged
from connector.steps.dates import A_LITTLE, bearer
from connector.steps.forgotten import UNSEEN_SINCE
from connector.steps.homes import is_gone, spot_of
from connector.steps.parts import Parts
from connector.steps.spooled import found_name, signed_name
from connector.steps.task import Task
from connector.steps.watch import gone_for_good

log = logging.getLogger(__name__)

_PATIENCE: Final = timedelta(days=7)
"""So long a look that fails is made again: a file that may never be read keeps nobody for longer."""
_MOST_VERSIONS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Found:
    """A signed document, and where the copy of it lies."""

    good: Good
    path: Path

    @property
    def document(self) -> DocumentFacts:
        """What is known of it now."""
        return self.good.document


def look(parts: Parts, record: Record) -> list[Found]:
    """Look for each document that is neither home nor in the spool. Annexes tell nothing without a document.

    Raises Unavailable while its files may still come into sight, remote errors, SpoolError.
    """
    if record.server not in parts.folders:
        return []
    if _awaits_its_place(parts, record):
        raise Unavailable("its files have not come into sight yet", operation="look")
    found: list[Found] = []
    for document in record.documents:
        if document.delivered_href is not None or is_here(parts, record, document):
            continue
        if document.role == "annex" and not (found or is_signed(parts, record)):
            continue
        one = _found(_followed(_task(parts, record, document.rank)))
        if one is not None:
            found.append(one)
            # What this one was signed to is no other's.
            record = record.model_copy(update=record.with_document(one.document))
    return found


def keep(parts: Parts, record: Record, found: Sequence[Found]) -> None:
    """Put what was found where fetched documents lie: right before a fact refers to it."""
    for one in found:
        name = signed_name(one.document.rank)
        parts.spool.put(record.ref, name, partial(copied, one.path))
        parts.spool.keep(record.ref, name)
        log.warning("document %d of %s lies signed in its folder", one.document.rank, record.ref)


def unseen(parts: Parts, record: Record) -> dict[str, Any] | None:
    """Return the ``extra`` of a record of which nobody could look; None once that has lasted too long."""
    since = str(record.extra.get(UNSEEN_SINCE, parts.now().isoformat()))
    if not clocks.lasts(parts, datetime.fromisoformat(since), _PATIENCE):
        return None
    return {**record.extra, UNSEEN_SINCE: since}


def _awaits_its_place(parts: Parts, record: Record) -> bool:
    """True while nobody knows yet where to look, or for whom: what is adopted is placed, then its sidecar is read."""
    homeless = [one.rank for one in record.documents if one.role == "document" and not one.href]
    if any(not is_gone(_task(parts, record, rank)) for rank in homeless):
        return True
    unread = record.adopted and record.request is None and "orders_seen" not in record.extra
    return unread and bool(record.place) and not record.sidecar_gone


def _task(parts: Parts, record: Record, rank: int) -> Task:
    folder = parts.folders[record.server]
    return Task(parts=parts, folder=folder, record=record, rank=rank, attempts=record.attempts)


def _found(task: Task) -> Found | None:
    places, lies = _places(task), False
    for href in (*places, *_beside(task)):
        try:
            path, fetched = _copy(
                task, lambda stream, h=href: task.folder.get(h, stream, max_bytes=_limit(task))
            )
        except NotFound:
            continue
        except OutOfSpace:
            lies = lies or href in places
            continue
        lies = lies or href in places
        if (good := _judged(task, path, fetched.sha256)) is not None:
            return Found(good=good, path=path)
    found = _in_versions(task)
    intent = task.intent
    aside = intent is not None and intent.data["kind"] == "aside"  # then nothing lies there by our own doing
    if found is None and places and not (lies or aside) and not gone_for_good(task.parts, task.document):
        raise Unavailable("the document is awaited", operation="look")
    return found


def _places(task: Task) -> list[Href]:
    """Where the signed document takes the place of the file itself."""
    document = task.document
    return [Href(document.href)] if document.in_place and document.href else []


def _beside(task: Task) -> Iterator[Href]:
    """What bears a name that we give beside it. Raises Unavailable while its folder may come back."""
    spot = spot_of(task)
    if spot is None:
        return
    try:
        listing = task.folder.list(Href(spot.parent))
    except NotFound:
        if task.document.role == "document" and not gone_for_good(task.parts, task.document):
            raise Unavailable("its folder is awaited", operation="look") from None
        return
    there = {entry.href for entry in listing.entries if not entry.is_folder}
    yield from (href for href in spot.hrefs(to_check=False) if href in there)


def _followed(task: Task) -> Task:
    """Go by its file id to where it is now; nothing of that is kept before it is found."""
    document = task.document
    moved = _by_id(task) if document.role == "document" else None
    if moved is None or moved.href == document.href:
        return task
    there = document.model_copy(update={"href": moved.href})
    return task.taking(task.record.model_copy(update=task.record.with_document(there)))


def _by_id(task: Task) -> Entry | None:
    file_id = task.document.file_id
    if file_id is None or not task.folder.capabilities().search:
        return None
    return task.folder.find_by_id(FileId(file_id))


def _in_versions(task: Task) -> Found | None:
    """Saved over since: the versions of the file keep it. Of the youngest (they come first) the first that is it."""
    document, since = task.document, task.record.sent_at
    if not document.in_place or document.file_id is None or not task.folder.capabilities().versions:
        return None
    file_id = FileId(document.file_id)
    try:
        versions = task.folder.versions(file_id)
    except NotFound:
        return None
    later = [
        one
        for one in versions
        if not one.current and (one.modified is None or since is None or one.modified >= since - A_LITTLE)
    ]
    for version in later[:_MOST_VERSIONS]:
        try:
            path, fetched = _copy(
                task,
                lambda stream, v=version.version_id: task.folder.get_version(
                    file_id, v, stream, max_bytes=_limit(task)
                ),
            )
        except (NotFound, OutOfSpace):
            continue
        if (good := _judged(task, path, fetched.sha256)) is not None:
            return Found(good=good, path=path)
    return None


def _copy(task: Task, fill: Any) -> tuple[Path, Fetched]:
    return task.parts.spool.put(task.record.ref, found_name(task.rank), fill)


def _limit(task: Task) -> int:
    return task.parts.accounts[task.record.account].terms.max_signed_bytes


def _judged(task: Task, path: Path, sha256: str) -> Good | None:
    record, document = task.record, task.document
    # An annex that comes back as it was sent lies under a name that we alone give.
    base = document.role == "document" and sha256 in {document.sha256, document.sent_sha256}
    if base or not (document.pages_digest or document.signed_sha256):
        return None
    found = judged(task.parts, record, document, path, sha256)
    if isinstance(found, Bad):
        return None
    if sha256 == document.signed_sha256:
        return found  # it came from the platform
    if found.document.differences or is_signed_elsewhere(task.parts, record, document.rank, found.verdict):
        return None
    return found if _is_by_all(task, found.verdict) else None


def _is_by_all(task: Task, verdict: Verdict) -> bool:
    """True where each who was asked has signed since it was sent; of an annex, where nothing in it is older."""
    record = task.record
    if record.sent_at is None:
        return False
    since = record.sent_at - A_LITTLE
    made = [one for one in verdict.signatures if one.signed_at is not None and one.signed_at >= since]
    if task.document.role == "annex":
        return len(made) == len(verdict.signatures)
    asked = {facts.order for facts in record.signatories}
    return bool(asked) and asked == {_order_of(task, one) for one in made} - {None}


def _order_of(task: Task, signature: Signature) -> int | None:
    """Whose signature this is: by name and address, else by the address that the marker hides."""
    order = bearer(task.record.signatories, signature)
    if order is not None or not signature.email:
        return order
    people = list(task.record.key_parts.get("people", ()))
    hidden = task.parts.sealer.hide(canonical_email(signature.email))
    return people.index(hidden) + 1 if hidden in people else None
