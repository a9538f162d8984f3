"""Step 10, lock: the signed document is protected where it was put, if the request asks for it; and unlocked by order.

Only what lies where it belongs is locked: what was put beside is for a person to rename. A lock is asked for as often
as needed, since one of ours that stands there already is ours; hence no intent. What stops it is waited out for a
day, and said. Source: WebDAV facts section 8 and trap 6; ux page, "Desk" and 2.8.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.errors import AccessDenied, Locked, NotFound, RemoteError
from connector.lifecycle import DocumentFacts, Record, State
from connector.ports import Entry, FileId, Folder, Href
from connector.sidecar.model import Verb
from connector.steps import clocks, show
from connector.steps.parts import Parts
from connector.steps.present import present_at

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=1)
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=3)

UNSUPPORTED = "unsupported"
BUSY = "busy"
CHANGED = "changed"
GONE = "gone"
FORBIDDEN = "forbidden"
UNREACHABLE = "unreachable"
BESIDE = "beside"
"""``extra["lock"]["not"]``: rank → why that document is not locked; ``report.ending`` has a sentence for each."""
_LASTING = frozenset({UNSUPPORTED, CHANGED, GONE, FORBIDDEN, BESIDE})


def awaited(record: Record) -> bool:
    """True while a lock that the request asked for is neither there nor given up."""
    asked = record.request is not None and record.request.lock
    ended = record.state in {State.DELIVERED, State.DELIVERED_BESIDE}
    return asked and ended and record.current and not record.closed and not _facts(record).get("done")


def lock(parts: Parts, record: Record) -> Record:
    """Lock what was delivered in place. Idempotent; put off while somebody has it open. JournalError, SpoolError."""
    if not awaited(record):
        return record
    facts = _facts(record)
    put_off = facts.get("next_at")
    if put_off and clocks.is_put_off(parts, datetime.fromisoformat(str(put_off))):
        return record
    folder = parts.folders[record.server]
    files, missed = dict(facts.get("files", {})), {}
    for one in (each for each in record.documents if each.role == "document" and each.delivered_href):
        if str(one.rank) in files:
            continue
        try:
            code, told, one = _lock_one(parts, folder, record, one)
        except RemoteError as error:
            log.info("locking %s: %s", record.ref, error)
            code, told = UNREACHABLE, {}
        if code:
            missed[str(one.rank)] = code
        else:
            files[str(one.rank)] = told
            record = parts.journal.touch(record, **record.with_document(one))
    return _kept(parts, record, files, missed)


def _lock_one(
    parts: Parts, folder: Folder, record: Record, one: DocumentFacts
) -> tuple[str, dict[str, Any], DocumentFacts]:
    """Return (why not, what is kept of the lock, the document with the tag that it has now)."""
    if one.beside:
        return BESIDE, {}, one
    href = _home(one)
    try:
        entry = folder.stat(href)
        if not _is_signed(parts, folder, record, one, entry):
            return CHANGED, {}, one
        held = folder.lock(entry.href, note=_note(parts))
        if held is None:
            return UNSUPPORTED, {}, one
        after = folder.stat(entry.href)
    except Locked:
        return BUSY, {}, one
    except NotFound:
        return GONE, {}, one
    except AccessDenied as error:
        if error.status != 403:
            raise
        return FORBIDDEN, {}, one
    told = {
        "href": href,
        "token": held.token,
        "until": held.until.isoformat() if held.until is not None else None,
    }
    return "", told, _with_tag(one, entry, after)


def _is_signed(parts: Parts, folder: Folder, record: Record, one: DocumentFacts, entry: Entry) -> bool:
    """True when what lies there is what was delivered: by its tag, else by its bytes."""
    if entry.etag is not None and entry.etag == one.etag:
        return True
    present = present_at(parts, folder, record, entry.href)
    return present is not None and present.fetched is not None and present.fetched.sha256 == one.signed_sha256


def _with_tag(one: DocumentFacts, before: Entry, after: Entry) -> DocumentFacts:
    """A lock moves the tag (trap 6), which is no edit; what else has changed is one, and is looked at by step 1."""
    if not one.in_place:
        return one  # its tag is that of the picture, which is untouched
    same = (before.size, before.modified, before.file_id) == (after.size, after.modified, after.file_id)
    return one.model_copy(update={"etag": after.etag}) if same else one


def _kept(parts: Parts, record: Record, files: Mapping[str, Any], missed: Mapping[str, str]) -> Record:
    facts = _facts(record)
    waits = [code for code in missed.values() if code not in _LASTING]
    now = clocks.by_platform(parts, record.account)
    over = now >= (record.ended_at or record.updated_at) + PATIENCE and clocks.confirmed(parts)
    tries = int(facts.get("tries", 0))
    kept: dict[str, Any] = {"files": dict(files), "not": dict(missed), "at": parts.now().isoformat()}
    if waits and not over:
        wait = min(_FIRST_WAIT * 2 ** min(tries, 8), _LONGEST_WAIT)
        kept |= {"tries": tries + 1, "next_at": (parts.now() + wait).isoformat()}
        extra = {**record.extra, "lock": kept}
        return parts.journal.touch(record, extra=extra)
    extra = {**record.extra, "lock": {**kept, "done": True}}
    return parts.journal.note(record, "locked" if files else "not_locked", data={"not": missed}, extra=extra)


def unlock(parts: Parts, record: Record, wording: str) -> Record:
    """Obey « déverrouiller » on an ended request: take our locks away, show it, and count the order as obeyed.

    Shown before it is obeyed, so that a crash or an obstacle repeats the whole: each part may be done twice. Remote
    errors pass through.
    """
    facts = _facts(record)
    if facts.get("by") != wording:
        record = _unlocked(parts, record, wording)
    return parts.journal.note(
        show.show(parts, record),
        "order_obeyed",
        data={"verb": Verb.UNLOCK.value},
        obeyed=(*record.obeyed, wording),
    )


def _unlocked(parts: Parts, record: Record, wording: str) -> Record:
    folder = parts.folders[record.server]
    known = _facts(record).get("files", {})
    foreign = taken = False
    for one in (each for each in record.documents if each.role == "document" and each.delivered_href):
        token = str(known.get(str(one.rank), {}).get("token", ""))
        try:
            done, after = _unlock_one(parts, folder, one, token)
        except Locked:
            foreign = True
            continue
        taken = taken or done
        if after is not None and done:
            record = parts.journal.touch(record, **record.with_document(after))
    code = "foreign" if foreign else ("unlocked" if taken or known else "nothing")
    kept = {"by": wording, "code": code, "at": parts.now().isoformat(), "done": True}
    extra = {name: value for name, value in record.extra.items() if name != "order"} | {"lock": kept}
    return parts.journal.note(record, "unlocked", data={"code": code}, extra=extra)


def _unlock_one(
    parts: Parts, folder: Folder, one: DocumentFacts, token: str
) -> tuple[bool, DocumentFacts | None]:
    try:
        before = folder.stat(_home(one))
    except NotFound:
        found = _by_id(folder, one)
        if found is None:
            return False, None
        before = found
    done = folder.unlock(before.href, note=_note(parts), token=token)
    ours = before.etag is not None and before.etag == one.etag
    return done, _with_tag(one, before, folder.stat(before.href)) if ours else None


def _home(one: DocumentFacts) -> Href:
    """Where its signed document lies: in its own place, where a person may have renamed it; a picture's beside."""
    return Href((one.href if one.in_place else "") or str(one.delivered_href))


def _by_id(folder: Folder, one: DocumentFacts) -> Entry | None:
    if one.file_id is None or not one.in_place or not folder.capabilities().search:
        return None
    return folder.find_by_id(FileId(one.file_id))


def _note(parts: Parts) -> str:
    """What tells our locks from others': the connector's id, which a lost journal does not take along."""
    return f"jse-connector {parts.connector}"


def _facts(record: Record) -> Mapping[str, Any]:
    found = record.extra.get("lock")
    return found if isinstance(found, Mapping) else {}
