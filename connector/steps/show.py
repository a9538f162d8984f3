"""Step 10, show: the record as words beside its PDF, written only when the words change.

A projection and a second belt, never the truth. Overwritten only after a look at what lies there, under that
ETag; what a person wrote into it is moved aside first. Source: protocol R4, step 10; ux page section 2.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from connector.errors import NotConnected, NotFound, RemoteError
from connector.lifecycle import Record
from connector.ports import Href
from connector.report.block import place_on, seal_status
from connector.report.status import StatusText, render_status
from connector.sidecar import names
from connector.steps import astray, clocks
from connector.steps.context import context_of
from connector.steps.fading import ONLY_WHERE_IT_IS
from connector.steps.own_files import fetch, remove_ours, write_ours
from connector.steps.parts import Parts
from connector.steps.places import shows, status_href
from connector.steps.previews import remove_preview
from connector.steps.watch import gone_for_good

log = logging.getLogger(__name__)

LEFT: Final = "status_left"
"""Where former statuses still stand: "" for one that is to be taken away at once, an ISO 8601 time until when one rests
that could not be, ``_REFUSED`` where its folder lets nothing be deleted: that is tried when the status changes."""
_REFUSED: Final = "refused"
_AGAIN: Final = timedelta(hours=1)
_PATIENCE: Final = timedelta(days=1)


def show(parts: Parts, record: Record) -> Record:
    """Bring the status file up to what the journal says. Raises remote errors: it is tried again, later and later."""
    if not shows(parts, record):
        return record
    return _show_status(parts, record)


def remove(parts: Parts, record: Record) -> Record:
    """Take away what we wrote for a request that was withdrawn before it left; return what is known of the rest.

    Where it stands now first; a folder above or before that takes nothing keeps nobody.
    """
    folder = parts.folders[record.server]
    for href in dict.fromkeys((record.extra.get("status_href"), status_href(record))):
        if href:
            remove_ours(parts, folder, Href(str(href)), record.ref)
    remove_preview(parts, record)
    # What refuses is asked once more before it is left for good; never at each pass in which another one is waited for.
    resting = any(when not in {"", _REFUSED} for when in record.extra.get(LEFT, {}).values())
    return _without_former(parts, record, changed=not resting)


def awaits_former(parts: Parts, record: Record) -> bool:
    """True while a former status of what has ended is still to be taken away, a day at most."""
    if all(when == _REFUSED for when in record.extra.get(LEFT, {}).values()):
        return False
    return clocks.lasts(parts, record.ended_at or record.updated_at, _PATIENCE)


def is_shown(parts: Parts, record: Record) -> bool:
    """True when the folder says what the journal says, or when there is no place to say it."""
    href = status_href(record)
    return href is None or not record.current or record.reported == _words(parts, record, href)[1]


def stands_there(parts: Parts, record: Record, href: Href) -> bool:
    """True while every line of the status, as it reads now, is found at ``href`` in its order, whatever was added."""
    found = fetch(parts.folders[record.server], href)
    if found is None:
        return False
    there = iter(found[0].decode("utf-8-sig", "replace").splitlines())
    text = render_status(_believed(parts, record), context_of(parts, record)).text
    return all(line in there for line in text.splitlines())


def _words(parts: Parts, record: Record, href: Href) -> tuple[StatusText, str]:
    """Return the status as it should read now, and the digest of its place and words."""
    text = render_status(_believed(parts, record), context_of(parts, record))
    return text, hashlib.sha256(f"{href}\0{text.text}".encode("utf-8", "surrogateescape")).hexdigest()


def _believed(parts: Parts, record: Record) -> Record:
    """Leave out what is missing since a moment only: a move often arrives as a deletion, then an upload."""
    for document in record.documents:
        if document.missing_since is not None and not gone_for_good(parts, document):
            record = record.model_copy(
                update=record.with_document(document.model_copy(update={"missing_since": None}))
            )
    return record


def _show_status(parts: Parts, record: Record) -> Record:
    href = status_href(record)
    assert href is not None
    text, digest = _words(parts, record, href)
    if record.reported == digest:
        return _without_former(parts, record, changed=False)
    content = seal_status(
        text.text,
        ref=record.ref,
        transaction=record.transaction,
        connector=parts.connector,
        place=place_on(record.server, record.place),
        pdf_sha256=record.document.sha256,
        seal_key=parts.sealer.key,
    )
    folder = parts.folders[record.server]
    if record.extra.get(ONLY_WHERE_IT_IS) and fetch(folder, href) is None:
        # Its people fade or are forgotten; that a person has deleted it is respected.
        return parts.journal.note(record, "nothing_to_put_right", reported=digest)
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
    record = parts.journal.note(
        record,
        "reported",
        data={"first_line": text.state},
        done=("show",),
        reported=digest,
        reported_etag=etag,
        extra={
            **record.extra,
            **_left(record, href),
            "status_href": href,
            "status_size": len(content),
            "status_written_at": parts.now().isoformat(),
            **_note_aside(aside),
        },
    )
    return _without_former(parts, record, changed=True)


def _left(record: Record, href: Href) -> dict[str, dict[str, str]]:
    """Return what is kept of where former statuses stand, now that it is to be at ``href``."""
    left: dict[str, str] = dict(record.extra.get(LEFT, {}))
    before = record.extra.get("status_href")
    if before and not _stays(record, str(before)):
        left.setdefault(str(before), "")
    left.pop(href, None)
    return {LEFT: left} if left or LEFT in record.extra else {}


def _without_former(parts: Parts, record: Record, *, changed: bool) -> Record:
    """Take former statuses away. ``changed``: the status is another one, so what was refused before is tried again."""
    left = record.extra.get(LEFT)
    if left is None:
        return record
    stay = _former_left(parts, record, changed=changed)
    if stay and stay == left:
        return record
    extra = {name: value for name, value in record.extra.items() if name != LEFT}
    return parts.journal.touch(record, extra={**extra, LEFT: stay} if stay else extra)


def _former_left(parts: Parts, record: Record, *, changed: bool) -> dict[str, str]:
    """Take away what may go; return what stays. A refusal there says nothing of the place where it stands now."""
    stay: dict[str, str] = {}
    here = {record.extra.get("status_href"), status_href(record)}
    for href, when in record.extra.get(LEFT, {}).items():
        if href in here:
            continue
        put_off = when == _REFUSED or (when and clocks.is_put_off(parts, datetime.fromisoformat(when)))
        if put_off and not changed:
            stay[href] = when
            continue
        try:
            remove_ours(parts, parts.folders[record.server], Href(href), record.ref)
        except NotConnected:
            raise
        except RemoteError as error:
            if error.status == 401:
                raise
            log.warning("the former status of %s stays for now: %s", record.ref, error)
            stay[href] = _REFUSED if error.status == 403 else (parts.now() + _AGAIN).isoformat()
    return stay


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
