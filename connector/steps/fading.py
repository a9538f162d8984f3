"""After the end: people of a request fade to their names once they are kept for long enough, or go when asked to.

``keep_personal_data`` counts from the end of a request. The journal loses addresses and numbers at once. A status that
told one is written again with names alone, under its ETag like any other (protocol R4); one that a person has deleted
stays deleted; the words of all others do not change, and nothing is written. A request's file that we wrote ourselves,
of a list's row or a dropped PDF, keeps its first line and loses its people; one that a person wrote is the firm's. A
folder that is away is put right when it is back: until then its request is not closed. Source: issue "Nothing
twice, nothing lost, nobody in", point 12; ux page part B 5.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connector import pulse
from connector.errors import NotFound, PreconditionFailed, RemoteError, StaleRecordError
from connector.lifecycle import Record, SignatoryFacts, State
from connector.ports import Href
from connector.report.status import render_status
from connector.sidecar.model import Signatory
from connector.sidecar.origin import born_of
from connector.steps import clocks, filing, own_files, written
from connector.steps.context import context_of
from connector.steps.erasing import REACHED_BY, Erasure, address, erasing, number, people_of, without
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

PEOPLE: Final = "people"
"""In ``extra``: what is left of its people, :data:`NAMES` or :data:`FORGOTTEN`; nothing while all is kept."""
NAMES, FORGOTTEN = "names", "forgotten"
ONLY_WHERE_IT_IS: Final = "only_where_it_is"
"""In ``extra``: its status is written again where one lies, and nowhere else."""
_REQUEST_TOO: Final = "request_too"
"""In ``extra``: its request's file is still to be looked at."""
_EVENT: Final = "people_faded"
_NOBODY: Final = {"fr": "signataires: (effacé)", "en": "signatories: (erased)"}
"""No address stands in it: whatever becomes of the journal, nobody is ever asked by such a file."""


def fade(parts: Parts) -> int:
    """Once a day, let those fade whose requests have been over for long enough. Returns in how many.

    Writes the journal only. A server that has told nothing since the start is asked what it can do, now and then.
    """
    if parts.keep_personal_data is None:
        return 0
    today = parts.now().astimezone(parts.report.zone).date().isoformat()
    due = {one for one in _whose(parts) if not _was_done(parts, one, today)}
    if not due:
        return 0
    if clocks.is_put_off(parts, parts.fades_again_at) or not clocks.may_erase(parts):
        return 0
    before, faded, busy = parts.now() - parts.keep_personal_data, 0, False
    away: set[str] = set()
    for record in parts.journal.everything():
        pulse.beat()  # those of many years take minutes
        if record.server in away or not _due(record, before):
            continue
        if parts.shared and (parts.is_elsewhere(record) or _subject(parts, record) not in due):
            continue
        if filing.STEP in parts.journal.intended(record):
            busy = True  # where its files lie is still a question, which fading would end
            continue
        try:
            _fade(parts, record)
        except StaleRecordError:
            busy = True  # somebody is at it just now: once more at the next pass
        except RemoteError:
            # What it can do has never been told since the start: its requests fade when it is back.
            away.add(record.server)
        else:
            faded += 1
    parts.fades_again_at = parts.now() + parts.timing.probe if away else None
    if not busy and not away:
        for one in sorted(due):
            parts.journal.mark_account(one, _EVENT, {"day": today})
    if faded:
        log.info("of %d requests that have been over for long enough, names alone are kept", faded)
    return faded


def _whose(parts: Parts) -> list[str]:
    """Of whom it is kept that they were looked at today: of all at once, or of what this process works with."""
    if not parts.shared:
        return [""]
    return [*parts.accounts, *([""] if parts.keeper else [])]


def _was_done(parts: Parts, whose: str, today: str) -> bool:
    """True of whom it is kept that they were looked at today: it stays so, and is asked in the pass of each account."""
    if parts.faded_on.get(whose) != today:
        last = parts.journal.last_account_event(whose, _EVENT) or {}
        parts.faded_on[whose] = str(last.get("day", ""))
    return parts.faded_on[whose] == today


def _subject(parts: Parts, record: Record) -> str:
    """Of an account of ours its own name; what is of nobody's is looked after by one process for all."""
    return record.account if record.account in parts.accounts else ""


def _due(record: Record, before: datetime) -> bool:
    return record.closed and PEOPLE not in record.extra and (record.ended_at or record.updated_at) < before


def _fade(parts: Parts, record: Record) -> None:
    changes = without(record, _reached_by(record), parts.sealer.hide)
    if _tells_of_them(parts, record, changes):
        changes |= to_be_shown(changes, NAMES)
    else:
        changes["extra"] = {**changes["extra"], PEOPLE: NAMES}
    parts.journal.note(record, "faded", done=parts.journal.intended(record), **changes)


def _tells_of_them(parts: Parts, record: Record, changes: Mapping[str, Any]) -> bool:
    """True where something in the folder is to be written again: what never told of them keeps even its old words."""
    settings = parts.watched.get(record.folder)
    if not lies_in_a_folder(record) or settings is None or record.account not in parts.accounts:
        return False
    if record.server != settings.server:
        return False  # that folder lay on another server once, where nobody works any more
    if record.request is not None and record.request.born_of:
        return True
    context = context_of(parts, record)
    return (
        render_status(record, context).text != render_status(record.model_copy(update=changes), context).text
    )


def _reached_by(record: Record) -> Erasure:
    """What everybody in a request is reached by; what somebody wrote of others in a text stays theirs."""
    entries: list[SignatoryFacts | Signatory] = list(record.signatories)
    if record.request is not None:
        entries += people_of(record.request)
    patterns = [address(each.email).pattern for each in entries if each.email]
    for each in entries:
        patterns += [number(one) for one in (each.phone, getattr(each, "phone_written", "")) if one]
    return Erasure(of=bool, fields=REACHED_BY, text=erasing(patterns))


def lies_in_a_folder(record: Record) -> bool:
    """True where something of ours may still lie beside its document: of a request that was taken away, nothing."""
    return record.current and record.state.ended and record.state is not State.WITHDRAWN


def to_be_shown(changes: Mapping[str, Any], left: str) -> dict[str, Any]:
    """Return the changes by which the next pass brings the folder up to the record, and closes it again."""
    extra = {**changes["extra"], PEOPLE: left, ONLY_WHERE_IT_IS: True, _REQUEST_TOO: True}
    return {"extra": extra, "closed": False}


def awaited(record: Record) -> bool:
    """True while what lies in its folder is still to be put right."""
    return not record.closed and bool(record.extra.get(ONLY_WHERE_IT_IS) or record.extra.get(_REQUEST_TOO))


def clean_request(parts: Parts, record: Record) -> Record:
    """Take the people out of a request's file that we wrote, and nobody has changed. Raises remote errors."""
    if not record.extra.get(_REQUEST_TOO):
        return record
    changes: dict[str, Any] = {}
    if record.place and not record.sidecar_gone:
        try:
            changes = _cleaned(parts, record, Href(record.place))
        except (NotFound, PreconditionFailed):
            log.info("the request of %s went, or was changed, meanwhile", record.ref)
    extra = {
        name: value for name, value in record.extra.items() if name not in {_REQUEST_TOO, ONLY_WHERE_IT_IS}
    }
    return parts.journal.note(record, "request_cleaned", extra=extra, **changes)


def _cleaned(parts: Parts, record: Record, href: Href) -> dict[str, Any]:
    folder = parts.folders[record.server]
    found = own_files.fetch(folder, href)
    if found is None:
        return {}
    data, etag = found[0], found[1] or folder.stat(href).etag
    text = data.decode("utf-8", "replace")
    if born_of(text) is None or etag is None:
        return {}
    content = _without_people(text, parts.report.language)
    if not written.is_ours(parts, data):
        return {}
    etag = folder.replace(href, content, etag=etag)
    return {"sidecar_sha256": hashlib.sha256(content).hexdigest(), "sidecar_etag": etag}


def _without_people(text: str, language: str) -> bytes:
    first = text.removeprefix("\ufeff").splitlines()[0] if text else ""
    return f"{first}\n{_NOBODY['fr' if language == 'fr' else 'en']}\n".encode()
