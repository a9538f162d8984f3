"""Step 10, the preview: what is accepted, drawn beside the request until it leaves, and taken away then.

A file of that name that a person keeps or has changed is theirs. Source: ux page sections 1.2 and 2.2 (S3).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connector.errors import DocumentError, OutcomeUnknown, OutOfSpace
from connector.isolated_pdf import MOST_WRITTEN
from connector.lifecycle import Record, State
from connector.ports import Box, Href
from connector.sidecar import names
from connector.steps import own_documents
from connector.steps.own_documents import Made, OwnDocument
from connector.steps.parts import Parts
from connector.steps.places import NOTICE, named_after, shows
from connector.steps.prepare import judge_again
from connector.steps.spooled import sent_name

_BEGUN: Final = "preview_begun"
"""What is being written, until it is known to be whole: its ``href``, its ``sha256``, and ``of`` what it is."""
_DRAWN: Final = "preview.pdf"
PREVIEW_LABEL = {"fr": "APERÇU – rien n’est parti", "en": "PREVIEW – nothing has been sent"}


def show_preview(parts: Parts, record: Record) -> Record:
    """Bring the preview beside up to the record, or take it away. Raises remote errors, DocumentError, SpoolError."""
    if not shows(parts, record):
        return record
    if record.state is State.PREVIEWED and NOTICE not in record.extra:
        try:
            return _write_preview(parts, record)
        except (DocumentError, OutOfSpace, OutcomeUnknown):
            # Tried again, since less may be asked of this machine or more room be there by then; the status tells it.
            # Of one that is not known to be whole nobody is asked to read what may be half of it.
            _missing(parts, record)
            raise
    written = record.extra.get("preview_sha256") or _begun(record)
    if written and record.state not in {State.WAITING, State.PREPARED}:
        remove_preview(parts, record)
        extra = {k: v for k, v in record.extra.items() if not k.startswith("preview_")}
        return parts.journal.note(record, "preview_removed", extra=extra)
    return record


def _missing(parts: Parts, record: Record) -> None:
    """Remember that no preview shows what is ready now, and take away one that shows something else."""
    record = parts.journal.get(record.id)
    if record.extra.get("preview_missing") != record.carried:
        extra = {**record.extra, "preview_missing": record.carried}
        record = parts.journal.note(record, "preview_missing", extra=extra)
    if record.extra.get("preview_of") != record.carried:
        remove_preview(parts, record)


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
    begun = _begun(record)
    if begun and (begun["href"], begun["of"]) != (href, record.carried):
        # Half of what was drawn before is known by that drawing alone, and this one takes its place.
        _remove_begun(parts, record, begun)
        begun = {}
    drawn = parts.spool.path(record.ref, _DRAWN)
    label = PREVIEW_LABEL.get(parts.report.language, PREVIEW_LABEL["en"])
    parts.documents.preview(
        [(path, one.name, [Box(**box) for box in one.boxes]) for one, path in sources],
        drawn,
        {signatory.order: signatory.name for signatory in record.signatories},
        label,
    )
    sha256 = parts.spool.sha256(drawn)
    if before not in {None, href}:
        remove_preview(parts, record, moved_along=False)  # the request was moved, its preview was not
    record = parts.journal.touch(
        record, extra={**record.extra, _BEGUN: {"href": href, "sha256": sha256, "of": record.carried}}
    )
    former = {str(one) for one in (record.extra.get("preview_sha256"), begun.get("sha256")) if one}
    document = OwnDocument(
        content=drawn,
        step="preview",
        # Of several documents it may weigh more than any that comes back signed.
        max_bytes=MOST_WRITTEN,
        good={sha256},
        former=former,
        begun=bool(begun),
        ours_by_its_beginning=True,
    )
    made = own_documents.make(parts, record, href, document)
    if made is Made.UNGUARDED:
        raise OutcomeUnknown("the preview made has no ETag yet", operation="preview")
    extra = {name: value for name, value in record.extra.items() if name != _BEGUN}
    if made is Made.THEIRS:
        taken = {"preview_of": record.carried, "preview_missing": record.carried}
        return parts.journal.note(record, "preview_name_taken", extra={**extra, **taken})
    shown = {
        "preview_of": record.carried,
        "preview_sha256": sha256,
        "preview_href": href,
        "preview_name": href.rsplit("/", 1)[-1],
    }
    extra.pop("preview_missing", None)
    return parts.journal.note(
        record,
        "previewed_shown",
        extra={**extra, **shown},
        previewed_at=record.previewed_at or parts.now(),
    )


def remove_preview(parts: Parts, record: Record, *, moved_along: bool = True) -> None:
    """Take the preview away, where it was written and, unless ``moved_along`` says no, where the request is now.

    With it goes what was begun, and is not known to be whole.
    """
    if begun := _begun(record):
        _remove_begun(parts, record, begun)
    written = record.extra.get("preview_href")
    if not written:
        return
    hrefs = {str(written)}
    if moved_along and record.extra.get("moved_at") and (base := named_after(record)):
        hrefs.add(base.rpartition("/")[0] + "/" + str(written).rpartition("/")[2])
    for href in sorted(hrefs):
        _remove(parts, record, href, sha256=record.extra.get("preview_sha256"))


def _remove_begun(parts: Parts, record: Record, begun: Mapping[str, Any]) -> None:
    drawn = parts.spool.path(record.ref, _DRAWN)
    _remove(parts, record, str(begun["href"]), sha256=begun["sha256"], half_of=drawn)


def _remove(
    parts: Parts, record: Record, href: str, *, sha256: str | None, half_of: Path | None = None
) -> None:
    own_documents.remove(parts, record, Href(href), sha256=sha256, half_of=half_of, max_bytes=MOST_WRITTEN)


def _begun(record: Record) -> Mapping[str, Any]:
    found = record.extra.get(_BEGUN)
    return found if isinstance(found, Mapping) else {}
