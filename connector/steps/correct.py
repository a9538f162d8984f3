"""The corrected request beside the wrong one: offered when every problem has one certain cure, taken back after.

Using it is one gesture: the wrong file is deleted, and the corrected one is the request. Source: accountant's page,
end of section 1.4.
"""

from __future__ import annotations

import hashlib
import io
import logging

from connector.errors import NotFound, OutOfSpace, PreconditionFailed
from connector.lifecycle import Record, State
from connector.ports import ETag, Folder, Href
from connector.sidecar import names
from connector.sidecar.reading import MAX_BYTES
from connector.steps.parts import Parts

log = logging.getLogger(__name__)


def show_corrected(parts: Parts, record: Record) -> Record:
    """Bring the corrected file up to the record: made, made anew, or taken away. Raises remote errors.

    A file of that name that a person wrote or changed is left as it is; so is one that has become the request.
    """
    if record.state is State.WITHDRAWN and _is_the_request(parts, record):
        return record
    text = (
        str(record.extra.get("corrected") or "") if record.state is State.REJECTED and record.current else ""
    )
    content = text.encode("utf-8", "surrogateescape")
    sha256 = hashlib.sha256(content).hexdigest() if content else ""
    written = record.extra.get("corrected_href")
    here = not written or str(written).rpartition("/")[0] == record.place.rpartition("/")[0]
    if here and sha256 == record.extra.get("corrected_sha256", ""):
        return record
    folder = parts.folders[record.server]
    if written and record.extra.get("corrected_sha256"):
        _take_back(folder, Href(str(written)), str(record.extra["corrected_sha256"]))
    href = _offer(folder, record, content) if content else None
    extra = {
        **record.extra,
        "corrected_href": href,
        # A name that is taken is not tried again until the text is another one.
        "corrected_sha256": sha256,
        "corrected_name": href.rsplit("/", 1)[-1] if href else "",
    }
    return parts.journal.note(record, "corrected_shown", extra=extra)


def _is_the_request(parts: Parts, record: Record) -> bool:
    """The wrong request was deleted, its document was not: what was offered is the request now."""
    if not record.extra.get("corrected_href") or record.document.sha256 is None:
        return True
    try:
        parts.folders[record.server].stat(Href(record.document.href))
    except NotFound:
        return False  # both went elsewhere
    return True


def _offer(folder: Folder, record: Record, content: bytes) -> Href | None:
    parent, _, name = record.place.rpartition("/")
    offered = names.corrected_name(name)
    if offered is None:
        return None  # the corrected file itself was changed, and is wrong again
    href = Href(f"{parent}/{offered}")
    try:
        folder.create(href, content)
    except PreconditionFailed:
        found = _there(folder, href)
        return href if found is not None and found[0] == hashlib.sha256(content).hexdigest() else None
    return href


def _take_back(folder: Folder, href: Href, sha256: str) -> None:
    found = _there(folder, href)
    if found is None or found[0] != sha256:
        return
    try:
        folder.delete(href, etag=found[1])
    except (NotFound, PreconditionFailed):
        log.info("a corrected request went by itself")


def _there(folder: Folder, href: Href) -> tuple[str, ETag | None] | None:
    stream = io.BytesIO()
    try:
        fetched = folder.get(href, stream, max_bytes=2 * MAX_BYTES)
    except (NotFound, OutOfSpace):
        return None
    return hashlib.sha256(stream.getvalue()).hexdigest(), fetched.etag
