"""The two ends of step 9 as facts: in the file's place, or beside it; and what tells our own torn write."""

from __future__ import annotations

from connector.lifecycle import Event, Record
from connector.ports import Folder, Href
from connector.steps.delivered import Present, present_at
from connector.steps.fetch import SIGNED_NAME
from connector.steps.original import prove_version
from connector.steps.parts import Parts

BLOCKED = "delivery_blocked"
"""No room, or no right to write: told, since it may last until a person acts."""


def delivered(parts: Parts, folder: Folder, record: Record, present: Present | None) -> Record:
    """Write the end, the original proven to survive first: in a version, aside, or beside (design page 3.4)."""
    etag = present.fetched.etag if present is not None and present.fetched is not None else None
    kept = record.document.version_id is not None or record.document.original_href is not None
    if not kept and folder.capabilities().chunked_upload:
        record = prove_version(parts, folder, record, present)
    document = record.document.model_copy(
        update={"delivered_href": record.document.href, "etag": etag or record.document.etag}
    )
    now = parts.now()
    return parts.journal.fact(
        record,
        Event.DELIVERED,
        done=("deliver",),
        document=document,
        reason="",
        values={},
        delivered_at=now,
        ended_at=now,
        next_at=None,
        attempts=0,
        extra={name: value for name, value in record.extra.items() if name != "locked"},
    )


def delivered_beside(parts: Parts, record: Record, href: Href, reason: str) -> Record:
    """Write the other end: the signed document lies beside, at ``href``, for that reason."""
    document = record.document.model_copy(update={"delivered_href": href})
    now = parts.now()
    return parts.journal.fact(
        record,
        Event.DELIVERED_BESIDE,
        done=("deliver",),
        document=document,
        reason=reason,
        delivered_at=now,
        ended_at=now,
        next_at=None,
        attempts=0,
        extra={name: value for name, value in record.extra.items() if name != "locked"},
    )


def present_now(parts: Parts, folder: Folder, record: Record) -> Present | None:
    """Fetch what lies at the document's place now; None when nothing does, or no place is known."""
    return present_at(parts, folder, record, Href(record.document.href)) if record.document.href else None


def left_alone(parts: Parts, record: Record, present: Present) -> Record:
    """Remember the bytes of a person that stay where they are: they are told now, not again afterwards."""
    if present.fetched is None:
        return record
    left = [*record.extra.get("left", ()), present.fetched.sha256]
    return parts.journal.touch(record, extra={**record.extra, "left": left})


def is_base(record: Record, present: Present | None) -> bool:
    """True when what lies there is, byte for byte, what was sent."""
    fetched = present.fetched if present is not None else None
    return fetched is not None and fetched.sha256 == record.document.sha256


def torn(parts: Parts, record: Record, present: Present) -> bool:
    """True when what lies there is a proper beginning of the signed document: our own write, broken off.

    Asked only of a name at which we have begun to write. The unsigned original is such a beginning as well (each
    signature only adds), and may be a person's: it is never taken for a torn write.
    """
    if present.path is None or present.fetched is None:
        return False
    if present.fetched.sha256 == record.document.sha256:
        return False
    signed = parts.spool.path(record.ref, SIGNED_NAME)
    size = present.path.stat().st_size
    if size >= signed.stat().st_size:
        return False
    with signed.open("rb") as whole, present.path.open("rb") as part:
        return whole.read(size) == part.read()
