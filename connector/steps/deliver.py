"""Step 9, deliver: the signed document becomes the new version of the same file, and nobody's bytes are lost.

9a on Nextcloud: chunked upload whose final MOVE carries the condition, read back, the kept version proven.
9b where no versions are kept: the original is moved aside first, then a new file is made. 9c beside: when the
PDF changed, is gone, or what came back is not as expected. Source: protocol R5, R8, step 9; WebDAV facts 1, 9.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from connector.errors import (
    AccessDenied,
    Locked,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
)
from connector.lifecycle import Event, Record
from connector.ports import Entry, FileId, Folder, Href
from connector.sidecar import names
from connector.steps import waiting
from connector.steps.delivered import Present, found_beside, found_in_versions, is_ours, present_at
from connector.steps.fetch import SIGNED_NAME, fetch_again
from connector.steps.parts import Parts
from connector.steps.read import SENT_NAME

log = logging.getLogger(__name__)

_MOST_NAMES = 50
_MOST_LABEL_TRIES = 4
BLOCKED = "delivery_blocked"
"""No room, or no right to write: told, since it may last until a person acts."""
VERSION_LABEL = {"fr": "Original avant signature", "en": "Original before signing"}


def deliver(parts: Parts, record: Record) -> Record:
    """DELIVERING → DELIVERED or DELIVERED_BESIDE; or the same, to be tried later.

    Raises JournalError, SpoolError.
    """
    folder = parts.folders[record.server]
    try:
        if not parts.spool.has(record.ref, SIGNED_NAME, record.document.signed_sha256):
            # The spool was lost with its disk; the platform still has the document for a while.
            return fetch_again(parts, record)
        return _deliver(parts, folder, record)
    except Locked as error:
        record = parts.journal.get(record.id)  # with what was kept of it before the obstacle
        extra = {**record.extra, "locked": True}
        return parts.journal.note(
            record, "document_locked", extra=extra, **waiting.backoff(parts, record, error)
        )
    except RemoteError as error:
        log.warning("delivering %s: %s", record.ref, error)
        record = parts.journal.get(record.id)
        changes = waiting.backoff(parts, record, error)
        if isinstance(error, (OutOfSpace, AccessDenied)) and record.reason != BLOCKED:
            changes |= {"reason": BLOCKED, "values": {"since": parts.now().isoformat()}}
        return parts.journal.note(record, "not_delivered", data={"error": str(error)}, **changes)


def _deliver(parts: Parts, folder: Folder, record: Record) -> Record:
    intent = parts.journal.intent(record, "deliver")
    if intent is not None or record.adopted:
        record = _locate(parts, folder, record)
        settled = _settle(parts, folder, record)
        if settled is not None:
            return settled
        record = parts.journal.get(record.id)
        intent = parts.journal.intent(record, "deliver")
    if record.extra.get("differences"):
        return _beside(parts, folder, record, "to_check")
    if intent is not None and intent.data["kind"] == "aside":
        return _resume_aside(parts, folder, record, Href(intent.data["aside"]))
    present = _present(parts, folder, record)
    if not _is_base(record, present):
        # Not where it was, or not what it was: followed by its file id before anything is concluded.
        record = _locate(parts, folder, record)
        present = _present(parts, folder, record)
    if present is None:
        return _beside(parts, folder, record, "pdf_gone")
    if not _is_base(record, present):
        if is_ours(parts, record, present):
            return _delivered(parts, folder, record, present)
        return _beside(parts, folder, record, "pdf_changed")
    if folder.capabilities().chunked_upload:
        return _as_version(parts, folder, record, present)
    return _aside(parts, folder, record)


def _present(parts: Parts, folder: Folder, record: Record) -> Present | None:
    return present_at(parts, folder, record, Href(record.document.href)) if record.document.href else None


def _is_base(record: Record, present: Present | None) -> bool:
    """True when what lies there is, byte for byte, what was sent."""
    fetched = present.fetched if present is not None else None
    return fetched is not None and fetched.sha256 == record.document.sha256


def _locate(parts: Parts, folder: Folder, record: Record) -> Record:
    """Follow the document by its file id to where it is now."""
    href, file_id = record.document.href, record.document.file_id
    if not folder.capabilities().search or file_id is None:
        return record
    entry: Entry | None
    try:
        entry = folder.stat(Href(href)) if href else None
    except NotFound:
        entry = None
    if entry is not None and entry.file_id == file_id:
        return record
    found = folder.find_by_id(FileId(file_id))
    if found is None or found.href == href:
        return record
    document = record.document.model_copy(update={"href": found.href, "renamed_to": found.name})
    return parts.journal.note(record, "document_followed", document=document)


def _settle(parts: Parts, folder: Folder, record: Record) -> Record | None:
    """An open intent, or an adopted request, is a question first: was it delivered already (R8)?"""
    if record.document.href:
        present = present_at(parts, folder, record, Href(record.document.href))
        if present is not None and is_ours(parts, record, present):
            return _delivered(parts, folder, record, present)
    intent = parts.journal.intent(record, "deliver")
    beside = Href(intent.data["href"]) if intent is not None and intent.data["kind"] == "beside" else None
    if beside is not None:
        present = present_at(parts, folder, record, beside)
        if present is not None and is_ours(parts, record, present):
            return _delivered_beside(parts, record, beside, str(intent.data["reason"]) if intent else "")
    entry = found_beside(parts, folder, record)
    if entry is not None:
        return _delivered_beside(parts, record, entry.href, str(record.extra.get("beside", "pdf_changed")))
    if found_in_versions(parts, folder, record):
        return _delivered(parts, folder, record, None)
    return None


# ------------------------------------------------------------------------------------------- 9a


def _as_version(parts: Parts, folder: Folder, record: Record, present: Present) -> Record:
    assert present.fetched is not None
    fetched = present.fetched
    if fetched.etag is None:
        raise OutOfSpace("the document has no ETag to guard it by", operation="deliver")
    if (
        fetched.modified is not None
        and fetched.date is not None
        and fetched.modified.replace(microsecond=0) >= fetched.date.replace(microsecond=0)
    ):
        # An ETag younger than a second proves nothing (WebDAV facts, trap 2).
        return parts.journal.note(record, "too_fresh", next_at=parts.now() + timedelta(seconds=2))
    href = Href(record.document.href)
    record = parts.journal.intend(
        record, "deliver", {"kind": "version", "href": href, "etag": str(fetched.etag)}
    )
    signed = parts.spool.path(record.ref, SIGNED_NAME)
    try:
        folder.replace_as_version(href, signed, etag=fetched.etag, upload=f"jse-{record.ref.lower()}")
    except PreconditionFailed:
        return _look_again(parts, record)
    except OutcomeUnknown as error:
        log.warning("delivering %s: no clear answer (%s); the file itself is asked", record.ref, error)
    return _read_back(parts, folder, record, href)


def _look_again(parts: Parts, record: Record) -> Record:
    """412: somebody, maybe we, was faster. The next look at the bytes decides."""
    return parts.journal.note(record, "deliver_refused", done=("deliver",), **waiting.backoff(parts, record))


def _read_back(parts: Parts, folder: Folder, record: Record, href: Href) -> Record:
    present = present_at(parts, folder, record, href)
    if present is not None and is_ours(parts, record, present):
        return _delivered(parts, folder, record, present)
    if found_in_versions(parts, folder, record):
        # A person saved over it right after: theirs stands, ours is in the file's history.
        return _delivered(parts, folder, record, None)
    return parts.journal.note(record, "not_read_back", **waiting.backoff(parts, record))


def _prove_version(parts: Parts, folder: Folder, record: Record, present: Present | None) -> Record:
    """Find the version that holds the original, byte for byte, and label it; else write the original beside."""
    version_id = _kept_version(parts, folder, record, present)
    if version_id is not None:
        document = record.document.model_copy(update={"version_id": version_id})
        return parts.journal.note(record, "original_kept", document=document)
    href = _original_beside(parts, folder, record)
    document = record.document.model_copy(update={"original_href": href})
    return parts.journal.note(record, "original_beside", document=document)


def _kept_version(parts: Parts, folder: Folder, record: Record, present: Present | None) -> str | None:
    if not folder.capabilities().versions or record.document.file_id is None:
        return None
    modified = present.fetched.modified if present is not None and present.fetched is not None else None
    file_id = FileId(record.document.file_id)
    try:
        listed = folder.versions(file_id, modified=modified)
    except NotFound:
        # Deleted and put back meanwhile: the same bytes under another id, with a history of its own.
        entry = folder.stat(Href(record.document.href))
        if entry.file_id is None or entry.file_id == file_id:
            return None
        file_id = entry.file_id
        listed = folder.versions(file_id, modified=modified)
    versions = [v for v in listed if not v.current and v.size == record.document.size]
    for version in sorted(versions, key=lambda v: v.version_id, reverse=True):
        if _holds_original(parts, folder, record, file_id, version.version_id):
            return version.version_id
    return None


def _holds_original(parts: Parts, folder: Folder, record: Record, file_id: FileId, version_id: str) -> bool:
    """Read one version; when it is the original, byte for byte, give it its name, which also spares it."""
    limit = parts.accounts[record.account].terms.max_signed_bytes
    _, fetched = parts.spool.put(
        record.ref,
        "version.pdf",
        lambda stream: folder.get_version(file_id, version_id, stream, max_bytes=limit),
    )
    if fetched.sha256 != record.document.sha256:
        return False
    label = VERSION_LABEL.get(parts.report.language, VERSION_LABEL["en"])
    try:
        folder.label_version(file_id, version_id, label)
    except RemoteError as error:
        if record.attempts < _MOST_LABEL_TRIES:
            raise  # the label also spares it from thinning: worth another try
        log.warning("the original's version of %s could not be labelled: %s", record.ref, error)
    return True


def _original_beside(parts: Parts, folder: Folder, record: Record) -> Href | None:
    if not parts.spool.has(record.ref, SENT_NAME, record.document.sha256):
        log.error("no version of %s keeps the original, and the spool has it no more", record.ref)
        return None
    content = parts.spool.path(record.ref, SENT_NAME)
    parent, name = _split(record.document.href)
    for number in range(1, _MOST_NAMES):
        href = Href(parent + names.original_name(name, number))
        try:
            folder.create(href, content)
        except PreconditionFailed:
            present = present_at(parts, folder, record, href)
            if present is None or present.fetched is None or present.fetched.sha256 != record.document.sha256:
                continue
        return href
    return None


# ------------------------------------------------------------------------------------------- 9b


def _aside(parts: Parts, folder: Folder, record: Record) -> Record:
    """MOVE the original aside: it takes whatever is there, so that no save of a person can fall between."""
    parent, name = _split(record.document.href)
    href = Href(record.document.href)
    for number in range(1, _MOST_NAMES):
        aside = Href(parent + names.movable(names.original_name(name, number)))
        record = parts.journal.intend(record, "deliver", {"kind": "aside", "href": href, "aside": aside})
        try:
            folder.move(href, aside)
        except PreconditionFailed:
            continue
        except OutcomeUnknown as error:
            log.warning("moving the original of %s aside: %s; the folder is asked", record.ref, error)
        else:
            if _is_base(record, present_at(parts, folder, record, aside)):
                return _create_signed(parts, folder, _kept_aside(parts, record, aside), href)
        return _resume_aside(parts, folder, record, aside)
    return _beside(parts, folder, record, "pdf_changed")


def _resume_aside(parts: Parts, folder: Folder, record: Record, aside: Href) -> Record:
    href = Href(record.document.href)
    moved = present_at(parts, folder, record, aside)
    moved_sha = moved.fetched.sha256 if moved is not None and moved.fetched is not None else None
    there = present_at(parts, folder, record, href)
    if moved is None or moved_sha != record.document.sha256:
        if moved is not None and there is None:
            return _move_back(parts, folder, record, aside, href)
        # The move never happened (or that name is somebody else's): begin again from what lies there.
        record = parts.journal.note(record, "not_moved", done=("deliver",))
        if there is None:
            return _beside(parts, folder, record, "pdf_gone")
        return parts.journal.note(record, "deliver_refused", next_at=parts.now())
    record = _kept_aside(parts, record, aside)
    if there is None:
        return _create_signed(parts, folder, record, href)
    if _torn(parts, record, there):
        return _mend(parts, folder, record, href)
    if is_ours(parts, record, there):
        return _delivered(parts, folder, record, there)
    return _beside(parts, folder, record, "pdf_changed")


def _kept_aside(parts: Parts, record: Record, aside: Href) -> Record:
    document = record.document.model_copy(update={"original_href": aside})
    return parts.journal.note(record, "original_aside", document=document)


def _move_back(parts: Parts, folder: Folder, record: Record, aside: Href, href: Href) -> Record:
    """A person's save was taken along: it goes back to its place, ours goes beside."""
    try:
        folder.move(aside, href)
    except PreconditionFailed:
        log.warning("%s: a new file stands at its place; the edited one stays beside", record.ref)
    return _beside(parts, folder, record, "pdf_changed")


def _create_signed(parts: Parts, folder: Folder, record: Record, href: Href) -> Record:
    try:
        folder.create(href, parts.spool.path(record.ref, SIGNED_NAME))
    except PreconditionFailed:
        return parts.journal.note(record, "deliver_refused", next_at=parts.now())
    except OutcomeUnknown as error:
        log.warning("making the signed file of %s: %s; the folder is asked", record.ref, error)
    there = present_at(parts, folder, record, href)
    if there is not None and is_ours(parts, record, there):
        return _delivered(parts, folder, record, there)
    if there is not None and _torn(parts, record, there):
        return _mend(parts, folder, record, href)
    return parts.journal.note(record, "not_read_back", **waiting.backoff(parts, record))


def _torn(parts: Parts, record: Record, present: Present) -> bool:
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


def _mend(parts: Parts, folder: Folder, record: Record, href: Href) -> Record:
    """Write over our own torn file, under its ETag, and read back."""
    entry = folder.stat(href)
    if entry.etag is None:
        return _beside(parts, folder, record, "pdf_changed")
    try:
        folder.replace(href, parts.spool.path(record.ref, SIGNED_NAME), etag=entry.etag)
    except PreconditionFailed:
        return parts.journal.note(record, "deliver_refused", next_at=parts.now())
    except OutcomeUnknown as error:
        log.warning("mending the signed file of %s: %s", record.ref, error)
    there = present_at(parts, folder, record, href)
    if there is not None and is_ours(parts, record, there):
        return _delivered(parts, folder, record, there)
    return parts.journal.note(record, "not_read_back", **waiting.backoff(parts, record))


# ------------------------------------------------------------------------------------------- 9c


def _beside(parts: Parts, folder: Folder, record: Record, reason: str) -> Record:
    """Put the signed document beside, under the next free name; nothing of a person's is touched."""
    entry = found_beside(parts, folder, record)
    if entry is not None:
        return _delivered_beside(parts, record, entry.href, reason)
    parent, name = _split(record.document.href or record.place or "")
    if not name:
        parent, name = _lost_folder(parts, folder, record)
        reason = "folder_gone"
    naming = names.to_check_name if reason == "to_check" else names.signed_name
    for number in range(1, _MOST_NAMES):
        href = Href(parent + naming(name, number))
        earlier = parts.journal.intent(record, "deliver")
        begun = earlier is not None and earlier.data.get("href") == href and earlier.data["kind"] == "beside"
        record = parts.journal.intend(record, "deliver", {"kind": "beside", "href": href, "reason": reason})
        try:
            done = _put_beside(parts, folder, record, href, begun=begun)
        except NotFound:
            if reason == "folder_gone":
                raise
            record = _without_place(parts, record)
            return _beside(parts, folder, record, "folder_gone")
        if done:
            return _delivered_beside(parts, record, href, reason)
    raise OutOfSpace("every name beside the document is taken", operation="deliver")


def _without_place(parts: Parts, record: Record) -> Record:
    document = record.document.model_copy(update={"href": ""})
    extra = {**record.extra, "lost_href": record.document.href}
    return parts.journal.note(
        record, "folder_gone", done=("deliver",), document=document, place="", extra=extra
    )


def _lost_folder(parts: Parts, folder: Folder, record: Record) -> tuple[str, str]:
    """Return the folder for what lost its place, made when needed, and a name for the document."""
    settings = parts.watched[record.folder]
    parent = Href(settings.root + names.LOST_FOLDER + "/")
    folder.make_folder(parent)
    name = str(record.extra.get("lost_href", "")).rsplit("/", 1)[-1] or f"{record.ref}.pdf"
    return parent, name


def _put_beside(parts: Parts, folder: Folder, record: Record, href: Href, *, begun: bool) -> bool:
    """Make the file; False when the name is somebody else's. A torn one of ours is written whole.

    ``begun``: an earlier try may have written there; without one, a name that is taken is a person's.
    """
    try:
        folder.create(href, parts.spool.path(record.ref, SIGNED_NAME))
        begun = True
    except PreconditionFailed:
        log.info("%s: that name is taken; what lies there is looked at", record.ref)
    except OutcomeUnknown as error:
        begun = True
        log.warning("delivering %s beside: %s; the folder is asked", record.ref, error)
    there = present_at(parts, folder, record, href)
    if there is None:
        raise OutcomeUnknown("the file made beside is not there", operation="deliver")
    if is_ours(parts, record, there):
        return True
    if not begun or not _torn(parts, record, there):
        return False
    entry = folder.stat(href)
    if entry.etag is None:
        return False
    folder.replace(href, parts.spool.path(record.ref, SIGNED_NAME), etag=entry.etag)
    again = present_at(parts, folder, record, href)
    return again is not None and is_ours(parts, record, again)


# ------------------------------------------------------------------------------------------ facts


def _delivered(parts: Parts, folder: Folder, record: Record, present: Present | None) -> Record:
    """Write the end, the original proven to survive first: in a version, aside, or beside (design page 3.4)."""
    etag = present.fetched.etag if present is not None and present.fetched is not None else None
    kept = record.document.version_id is not None or record.document.original_href is not None
    if not kept and folder.capabilities().chunked_upload:
        record = _prove_version(parts, folder, record, present)
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


def _delivered_beside(parts: Parts, record: Record, href: Href, reason: str) -> Record:
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


def _split(href: str) -> tuple[str, str]:
    parent, _, name = href.rpartition("/")
    return parent + "/", names.document_name(name) if names.is_sidecar(name) else name
