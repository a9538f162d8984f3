"""Step 10, show: the record as words beside its PDF, written only when the words change.

A projection and a second belt, never the truth. Overwritten only after a look at what lies there, under that
ETag; what a person wrote into it is moved aside first. Source: protocol R4, step 10; ux page section 2.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connector.errors import Cause, NotFound, OutOfSpace, PreconditionFailed
from connector.identity import next_wording
from connector.lifecycle import Record, State
from connector.ports import Box, ETag, Folder, Href
from connector.report.block import Empty, Whole, is_prefix_of, read_status, seal_status
from connector.report.context import ACTED_NOW, Pause, PauseCause, StatusContext, WaitReason
from connector.report.facts import TYPED, moment_of
from connector.report.status import StatusText, render_status
from connector.report.typography import Language
from connector.sidecar import names
from connector.sidecar.model import Verb
from connector.steps import assumed, astray, deadlines, filing, waiting
from connector.steps.case import NAMED_AFTER_REQUEST
from connector.steps.parts import Parts
from connector.steps.spooled import sent_name

log = logging.getLogger(__name__)

MAX_STATUS_BYTES = 200_000
NOTICE = "notice_href"
"""In ``extra``: where its status stands while its own folder lets nothing be written (``rights``)."""
_MOST_NOTES = 50
PREVIEW_LABEL = {"fr": "APERÇU – rien n’est parti", "en": "PREVIEW – nothing has been sent"}


def show(parts: Parts, record: Record) -> Record:
    """Bring the status file up to what the journal says. Raises remote errors: it is tried again, later and later."""
    if not _shows(parts, record):
        return record
    return _show_status(parts, record)


def show_preview(parts: Parts, record: Record) -> Record:
    """Bring the preview beside up to the record, or take it away. Raises remote errors, DocumentError, SpoolError."""
    return _show_preview(parts, record) if _shows(parts, record) else record


def _shows(parts: Parts, record: Record) -> bool:
    return record.state is not State.WITHDRAWN and record.current and _to_be_shown(parts, record)


def _to_be_shown(parts: Parts, record: Record) -> bool:
    if status_href(record) is None:
        return False
    if record.state is State.WAITING_PDF:
        # The two files rarely arrive together: nothing is said at once.
        return parts.now() - record.created_at >= parts.timing.pdf_patience
    return True


def status_href(record: Record) -> Href | None:
    """Where the status of a record stands; None while its place is not known (an adopted one)."""
    if filing.is_filed(record):
        parent, _, sidecar = record.place.rpartition("/")
        name = names.status_name(names.document_name(sidecar))
        # A status that a person has deleted comes again only with something new to say.
        return filing.status_place(record) or Href(f"{parent}/{name}")
    if (elsewhere := astray.status_place(record)) is not None:
        return elsewhere
    if record.extra.get(NOTICE):
        return Href(str(record.extra[NOTICE]))
    if record.extra.get("own_status") and record.place:
        # Another request of the same PDF has its status by the PDF's name: this one's is named after its sidecar.
        parent, _, sidecar = record.place.rpartition("/")
        return Href(f"{parent}/{names.status_name(sidecar)}")
    base = named_after(record)
    if not base:
        return None
    parent, _, name = base.rpartition("/")
    return Href(f"{parent}/{names.status_name(name)}")


def at_home(record: Record) -> Record:
    """Return the record as it would be shown in its own folder."""
    if NOTICE not in record.extra:
        return record
    return record.model_copy(update={"extra": _without_notice(record)})


def brought_home(parts: Parts, record: Record) -> Record:
    """Write that its status stands in its own folder again, which takes it."""
    if NOTICE not in record.extra:
        return record
    return parts.journal.note(record, "told_at_home", extra=_without_notice(record))


def _without_notice(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.extra.items() if name != NOTICE}


def named_after(record: Record) -> str:
    """Return the href of what everything we write beside is named after: the document, else the request.

    Empty while no place is known (an adopted request).
    """
    base = record.document.href or record.document.delivered_href or ""
    if record.place and (not base or record.extra.get(NAMED_AFTER_REQUEST)):
        parent, _, sidecar = record.place.rpartition("/")
        base = f"{parent}/{names.document_name(sidecar)}"
    return base


def is_shown(parts: Parts, record: Record) -> bool:
    """True when the folder says what the journal says, or when there is no place to say it."""
    href = status_href(record)
    return href is None or not record.current or record.reported == _words(parts, record, href)[1]


def _words(parts: Parts, record: Record, href: Href) -> tuple[StatusText, str]:
    """Return the status as it should read now, and the digest of its place and words."""
    text = render_status(record, context_of(parts, record))
    return text, hashlib.sha256(f"{href}\0{text.text}".encode("utf-8", "surrogateescape")).hexdigest()


def _show_status(parts: Parts, record: Record) -> Record:
    href = status_href(record)
    assert href is not None
    text, digest = _words(parts, record, href)
    if record.reported == digest:
        return record
    content = seal_status(
        text.text,
        ref=record.ref,
        transaction=record.transaction,
        connector=parts.connector,
        place=record.place,
        pdf_sha256=record.document.sha256,
        seal_key=parts.sealer.key,
    )
    folder = parts.folders[record.server]
    known = record.reported is not None and record.extra.get("status_href") == href
    # What was being written when a power cut tore the file is recognised by its words (R4).
    earlier = parts.journal.intent(record, "show")
    ours = [content, *([str(earlier.data["content"]).encode()] if earlier else [])]
    record = parts.journal.intend(record, "show", {"content": content.decode()})
    aside: list[Href] = []
    try:
        etag = write_ours(
            folder, href, content, known=known, ours=ours, seal_key=parts.sealer.key, aside=aside
        )
    except NotFound:
        return _without_folder(parts, record, digest)
    before = record.extra.get("status_href")
    record = parts.journal.note(
        record,
        "reported",
        data={"first_line": text.state},
        done=("show",),
        reported=digest,
        reported_etag=etag,
        extra={**record.extra, "status_href": href, "status_size": len(content), **_note_aside(aside)},
    )
    if before and before != href and not _stays(record, str(before)):
        remove_ours(parts, folder, Href(before), record.ref)
    return record


def _note_aside(aside: Sequence[Href]) -> dict[str, str]:
    """Return what is kept of a person's addition that was moved: the next look tells of it."""
    return {"note_aside": aside[-1].rpartition("/")[2]} if aside else {}


def _without_folder(parts: Parts, record: Record, digest: str) -> Record:
    """Its folder is not there. Raises NotFound while it may come back, or while the request goes on by itself."""
    if astray.needs_a_person(record) and astray.status_place(record) is None and record.document.href:
        if not astray.is_gone(parts, record):
            raise NotFound("its folder is not there", operation="show")
        found = astray.find_place(parts, record)
        extra = {**record.extra, astray.KEY: found}
        return _show_status(parts, parts.journal.note(record, "astray", done=("show",), extra=extra))
    if not record.state.ended:
        raise NotFound("its folder is not there", operation="show")
    # Nobody is left there to be told.
    return parts.journal.note(record, "nowhere_to_report", done=("show",), reported=digest)


def _stays(record: Record, status: str) -> bool:
    """True for the status of a signed document that lies where it went when its folder was gone: it is still true."""
    return record.reason == "folder_gone" and f"/{names.LOST_FOLDER}/" in status


def write_ours(
    folder: Folder,
    href: Href,
    content: bytes,
    *,
    known: bool,
    ours: Sequence[bytes],
    seal_key: bytes,
    aside: list[Href] | None = None,
) -> ETag | None:
    """Make the file, or overwrite our own; ``known``: we wrote it before, so that it is looked at first.

    ``ours``: what we write and what we were last writing, of which a torn file is the beginning. ``aside`` takes
    where a person's content was moved to, if any stood there.
    """
    if not known:
        try:
            return folder.create(href, content)
        except PreconditionFailed:
            log.info("a status stands there already; it is looked at")
    found = _fetch(folder, href)
    if found is None:
        return folder.create(href, content)
    data, etag = found
    if data == content:
        return etag
    status = read_status(data, seal_key)
    if isinstance(status, (Whole, Empty)) or any(is_prefix_of(data, written) for written in ours):
        if etag is None:
            etag = folder.stat(href).etag
        if etag is None:
            raise PreconditionFailed("the status has no ETag to guard it by", operation="show")
        return folder.replace(href, content, etag=etag)
    moved = move_aside(folder, href)
    if aside is not None:
        aside.append(moved)
    return folder.create(href, content)


def move_aside(folder: Folder, href: Href) -> Href:
    """What a person wrote is kept: ``lettre.signature (note).txt``, then ``(note) (2)``. Returns where."""
    parent, _, name = href.rpartition("/")
    stem = f"{parent}/{names.movable(name.removesuffix('.txt'))}"
    for number in range(1, _MOST_NOTES):
        suffix = " (note)" if number == 1 else f" (note) ({number})"
        kept = Href(f"{stem}{suffix}.txt")
        try:
            folder.move(href, kept)
        except PreconditionFailed:
            continue
        return kept
    raise OutOfSpace("every name for a person's note is taken", operation="show")


def _fetch(folder: Folder, href: Href) -> tuple[bytes, ETag | None] | None:
    stream = io.BytesIO()
    try:
        fetched = folder.get(href, stream, max_bytes=MAX_STATUS_BYTES)
    except NotFound:
        return None
    except OutOfSpace:
        return b"?", None
    return stream.getvalue(), fetched.etag


def stands_there(parts: Parts, record: Record, href: Href) -> bool:
    """True while every line of the status, as it reads now, is found at ``href`` in its order, whatever was added."""
    found = _fetch(parts.folders[record.server], href)
    if found is None:
        return False
    there = iter(found[0].decode("utf-8-sig", "replace").splitlines())
    return all(line in there for line in render_status(record, context_of(parts, record)).text.splitlines())


def read_status_at(parts: Parts, folder: Folder, href: Href) -> Whole | None:
    """Return what a sealed status of ours says of itself; None for any other content.

    Raises NotFound when there is none.
    """
    found = _fetch(folder, href)
    if found is None:
        raise NotFound("no status there", operation="read status")
    status = read_status(found[0], parts.sealer.key)
    return status if isinstance(status, Whole) else None


def remove(parts: Parts, record: Record) -> None:
    """Take away what we wrote for a request that was withdrawn before it left. Remote errors pass through."""
    folder = parts.folders[record.server]
    for href in {record.extra.get("status_href"), status_href(record)} - {None}:
        remove_ours(parts, folder, Href(str(href)), record.ref)
    _remove_preview(parts, folder, record)


def remove_ours(parts: Parts, folder: Folder, href: Href, ref: str) -> None:
    """Delete a sealed file of ours that bears ``ref``; anything else under that name stays. Idempotent."""
    try:
        found = _fetch(folder, href)
        if found is None:
            return
        status = read_status(found[0], parts.sealer.key)
        if isinstance(status, Whole) and status.ref == ref:
            folder.delete(href, etag=found[1])
    except (NotFound, PreconditionFailed):
        log.info("the former status of %s went by itself", ref)


# ------------------------------------------------------------------------------------------ preview


def _show_preview(parts: Parts, record: Record) -> Record:
    if record.state is State.PREVIEWED and NOTICE not in record.extra:
        return _write_preview(parts, record)
    if record.extra.get("preview_sha256") and (record.state.open or record.state.ended):
        _remove_preview(parts, parts.folders[record.server], record)
        extra = {k: v for k, v in record.extra.items() if not k.startswith("preview_")}
        return parts.journal.note(record, "preview_removed", extra=extra)
    return record


def _write_preview(parts: Parts, record: Record) -> Record:
    sources = [(one, parts.spool.path(record.ref, sent_name(one.rank))) for one in record.documents]
    parent, _, name = named_after(record).rpartition("/")
    href = Href(f"{parent}/{names.preview_name(name)}")
    before = record.extra.get("preview_href")
    if record.extra.get("preview_of") == record.carried and before in {None, href}:
        return record
    if not all(path.is_file() for _, path in sources):
        return record
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
        _remove_preview(
            parts, folder, record, moved_along=False
        )  # the request was moved, its preview was not
    if not _put_preview(parts, folder, record, href, drawn, sha256):
        return parts.journal.note(
            record, "preview_name_taken", extra={**record.extra, "preview_of": record.carried}
        )
    extra = {
        **record.extra,
        "preview_of": record.carried,
        "preview_sha256": sha256,
        "preview_href": href,
        "preview_name": href.rsplit("/", 1)[-1],
    }
    return parts.journal.note(
        record, "previewed_shown", extra=extra, previewed_at=record.previewed_at or parts.now()
    )


def _put_preview(parts: Parts, folder: Folder, record: Record, href: Href, drawn: Path, sha256: str) -> bool:
    """Write the preview; False when a person's own file has that name."""
    try:
        folder.create(href, drawn)
    except PreconditionFailed:
        found = _preview_there(parts, folder, record, href)
        if found is None:
            return False
        there, etag = found
        if there == sha256:
            return True
        if there != record.extra.get("preview_sha256") or etag is None:
            return False
        folder.replace(href, drawn, etag=etag)
    return True


def _preview_there(
    parts: Parts, folder: Folder, record: Record, href: Href
) -> tuple[str, ETag | None] | None:
    limit = parts.accounts[record.account].terms.max_signed_bytes
    try:
        _, fetched = parts.spool.put(
            record.ref, "there.pdf", lambda stream: folder.get(href, stream, max_bytes=limit)
        )
    except (NotFound, OutOfSpace):
        return None
    return fetched.sha256, fetched.etag


def _remove_preview(parts: Parts, folder: Folder, record: Record, *, moved_along: bool = True) -> None:
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


# ------------------------------------------------------------------------------------------ context


def context_of(parts: Parts, record: Record) -> StatusContext:
    """What the words depend on besides the record."""
    settings = parts.watched[record.folder]
    capabilities = parts.folders[record.server].capabilities()
    language: Language = "en" if parts.report.language == "en" else "fr"
    return StatusContext(
        zone=ZoneInfo(parts.report.timezone),
        language=language,
        support=parts.report.support,
        sender=parts.accounts[record.account].sender,
        now=parts.now(),
        ceiling=settings.ceiling,
        pause=pause_of(parts, record.account),
        platform_away_since=moment_of(record.extra.get("away_since")) or _unanswered_since(parts, record),
        wait=_wait_reason(parts, record),
        wait_limit=parts.accounts[record.account].max_sends_per_day,
        erases_at=deadlines.erasure(parts, record),
        versions_kept=capabilities.versions and record.document.original_href is None,
        ready_count=_ready_count(parts, record),
        next_wordings=_next_wordings(parts, record, language),
        root=settings.root,
        acted=assumed.orders_in_force(parts, record.account) if record.state.open else ACTED_NOW,
    )


def _ready_count(parts: Parts, record: Record) -> int | None:
    """How many one word in the settings file would let go; None where that is this one alone."""
    scope = record.extra.get("settings_scope")
    if record.state is not State.PREVIEWED or not scope:
        return None
    count = parts.journal.count_shown(record.server, str(scope))
    return count if count > 1 else None


def pause_of(parts: Parts, account: str) -> Pause | None:
    """Return the pause that people are told of, None where the account is not held or only waits for an answer."""
    hold = parts.journal.held(account)
    if hold is None or hold.cause in {waiting.UNANSWERED, waiting.AWAY, Cause.RATE_LIMIT.value}:
        return None
    return Pause(cause=PauseCause(hold.cause), since=hold.since)


def _wait_reason(parts: Parts, record: Record) -> WaitReason | None:
    if NOTICE in record.extra and record.state in {State.PREVIEWED, State.WAITING, State.PREPARED}:
        return WaitReason.CANNOT_WRITE
    if record.state is not State.WAITING or not waiting.braked(parts, record):
        return None
    hour = waiting.braked_for_the_hour(parts, record)
    return WaitReason.BRAKE_HOUR if hour else WaitReason.BRAKE_DAY


def _unanswered_since(parts: Parts, record: Record) -> datetime | None:
    hold = parts.journal.held(record.account)
    waits = hold is not None and hold.cause in {waiting.UNANSWERED, waiting.AWAY}
    return hold.since if waits and hold is not None else None


def _next_wordings(parts: Parts, record: Record, language: Language) -> dict[Verb, str]:
    """Print the first wording that is new for this place: the others were used up (protocol, "Orders")."""
    used = {*record.obeyed, str(record.extra.get("stands", ""))}
    for other in parts.journal.all_at_place(record.server, record.place) if record.place else ():
        used |= set(other.obeyed)
    if record.reason == "copy" and record.values.get("other_id"):
        used |= set(parts.journal.get(int(record.values["other_id"])).obeyed)
    wordings = {}
    for verb, typed in TYPED[language].items():
        taken = [
            typed + wording.removeprefix(verb.value) for wording in used if wording.startswith(verb.value)
        ]
        wordings[verb] = next_wording(typed, taken)
    return wordings
