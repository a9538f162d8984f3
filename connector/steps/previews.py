"""Step 10, the preview: what is accepted, drawn beside the request until it leaves, and taken away then.

A file of that name that a person keeps or has changed is theirs. Source: ux page sections 1.2 and 2.2 (S3).
"""

from __future__ import annotations

import logging
from pathlib import Path

from connector.errors import DocumentError, NotFound, OutcomeUnknown, OutOfSpace, PreconditionFailed
from connector.isolated_pdf import MOST_WRITTEN
from connector.lifecycle import Record, State
from connector.ports import Box, ETag, Folder, Href
from connector.sidecar import names
from connector.spool import begins_with
from connector.steps.parts import Parts
from connector.steps.places import NOTICE, named_after, shows
from connector.steps.prepare import judge_again
from connector.steps.spooled import sent_name

log = logging.getLogger(__name__)

_THERE_NAME = "there.pdf"
PREVIEW_LABEL = {"fr": "APERÇU – rien n’est parti", "en": "PREVIEW – nothing has been sent"}


def show_preview(parts: Parts, record: Record) -> Record:
    """Bring the preview beside up to the record, or take it away. Raises remote errors, DocumentError, SpoolError."""
    if not shows(parts, record):
        return record
    if record.state is State.PREVIEWED and NOTICE not in record.extra:
        try:
            return _write_preview(parts, record)
        except (DocumentError, OutOfSpace):
            # Tried again, since less may be asked of this machine or more room be there by then; the status tells it.
            _missing(parts, record)
            raise
    if record.extra.get("preview_sha256") and record.state not in {State.WAITING, State.PREPARED}:
        remove_preview(parts, parts.folders[record.server], record)
        extra = {k: v for k, v in record.extra.items() if not k.startswith("preview_")}
        return parts.journal.note(record, "preview_removed", extra=extra)
    return record


def _missing(parts: Parts, record: Record) -> None:
    """Remember that no preview shows what is ready now, and take away one that shows something else."""
    if record.extra.get("preview_missing") != record.carried:
        extra = {**record.extra, "preview_missing": record.carried}
        record = parts.journal.note(record, "preview_missing", extra=extra)
    if record.extra.get("preview_of") != record.carried:
        remove_preview(parts, parts.folders[record.server], record)


def _write_preview(parts: Parts, record: Record) -> Record:
    sources = [(one, parts.spool.path(record.ref, sent_name(one.rank))) for one in record.documents]
    parent, _, name = named_after(record).rpartition("/")
    href = Href(f"{parent}/{names.preview_name(name)}")
    before = record.extra.get("preview_href")
    if record.extra.get("preview_of") == record.carried and before in {None, href}:
        return record
    if not all(path.is_file() for _, path in sources):
        # The bytes judged are no longer at hand, or were never on this machine: the pair is judged again, once.
        return record if record.sidecar_etag is None else judge_again(parts, record)
    drawn = parts.spool.path(record.ref, "preview.pdf")
    label = PREVIEW_LABEL.get(parts.report.language, PREVIEW_LABEL["en"])
    parts.documents.preview(
        [(path, one.name, [Box(**box) for box in one.boxes]) for one, path in sources],
        drawn,
        {signatory.order: signatory.name for signatory in record.signatories},
        label,
    )
    sha256 = parts.spool.sha256(drawn)
    folder = parts.folders[record.server]
    if before not in {None, href}:
        remove_preview(parts, folder, record, moved_along=False)  # the request was moved, its preview was not
    if not _put_preview(parts, folder, record, href, drawn, sha256):
        taken = {"preview_of": record.carried, "preview_missing": record.carried}
        return parts.journal.note(record, "preview_name_taken", extra={**record.extra, **taken})
    extra = {
        **{name: value for name, value in record.extra.items() if name != "preview_missing"},
        "preview_of": record.carried,
        "preview_sha256": sha256,
        "preview_href": href,
        "preview_name": href.rsplit("/", 1)[-1],
    }
    return parts.journal.note(
        record, "previewed_shown", extra=extra, previewed_at=record.previewed_at or parts.now()
    )


def _put_preview(parts: Parts, folder: Folder, record: Record, href: Href, drawn: Path, sha256: str) -> bool:
    """Write the preview; False when a person's own file has that name. A torn one of ours is written whole.

    Raises OutcomeUnknown while what lies there is not whole.
    """
    # Elsewhere than on Nextcloud a new file may be torn and yet answered 201 (protocol R4).
    is_whole = folder.capabilities().chunked_upload
    begun = False
    try:
        folder.create(href, drawn)
        if is_whole:
            return True
        begun = True
    except PreconditionFailed:
        log.info("%s: the preview's name is taken; what lies there is looked at", record.ref)
    except OutcomeUnknown as error:
        begun = True
        log.warning("the preview of %s: %s; the folder is asked", record.ref, error)
    found = _preview_there(parts, folder, record, href)
    if found is None:
        if begun:
            raise OutcomeUnknown("the preview made is not there", operation="preview")
        return False
    there, etag = found
    if there == sha256:
        return True
    kept = parts.spool.path(record.ref, _THERE_NAME)
    # The beginning of what was drawn just now is nobody else's; only of nothing at all that cannot be said.
    half = begins_with(drawn, kept) and (begun or kept.stat().st_size > 0)
    if not (half or there == record.extra.get("preview_sha256")):
        return False
    # Of a file that was written just now some servers give a tag that guards nothing yet.
    etag = etag or folder.stat(href).etag
    if etag is None:
        raise OutcomeUnknown("the preview made has no ETag yet", operation="preview")
    folder.replace(href, drawn, etag=etag)
    if not is_whole:
        again = _preview_there(parts, folder, record, href)
        if again is None or again[0] != sha256:
            raise OutcomeUnknown("the preview is not whole", operation="preview")
    return True


def _preview_there(
    parts: Parts, folder: Folder, record: Record, href: Href
) -> tuple[str, ETag | None] | None:
    try:
        # Of several documents it may weigh more than any that comes back signed.
        _, fetched = parts.spool.put(
            record.ref, _THERE_NAME, lambda stream: folder.get(href, stream, max_bytes=MOST_WRITTEN)
        )
    except (NotFound, OutOfSpace):
        return None
    return fetched.sha256, fetched.etag


def remove_preview(parts: Parts, folder: Folder, record: Record, *, moved_along: bool = True) -> None:
    """Take the preview away, where it was written and, unless ``moved_along`` says no, where the request is now."""
    written = record.extra.get("preview_href")
    if not written:
        return
    hrefs = {str(written)}
    if moved_along and record.extra.get("moved_at") and (base := named_after(record)):
        hrefs.add(base.rpartition("/")[0] + "/" + str(written).rpartition("/")[2])
    for href in sorted(hrefs):
        found = _preview_there(parts, folder, record, Href(href))
        if found is None or found[0] != record.extra.get("preview_sha256"):
            continue
        try:
            folder.delete(Href(href), etag=found[1])
        except (NotFound, PreconditionFailed):
            log.info("the preview of %s went by itself", record.ref)
