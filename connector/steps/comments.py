"""Step 10, comment: launch, refusal and completion are said in a comment on the file, where the administrator wants it.

Whoever follows the file in Nextcloud is told by Nextcloud itself. Each is said once: an unanswered call is a
question, and what stands there already is not said again. Source: WebDAV facts section 7.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connector.errors import AccessDenied, InvalidResponse, NotFound
from connector.lifecycle import Record, State
from connector.ports import Annotations, FileId, Href
from connector.report.remarks import Remark, render_remark
from connector.steps import clocks
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=1)
"""After this a launch is no news any more, and an ended request waits for no comment."""
_STEP = "comment"
_MOST_LOOKED_AT = 50
_REMARKS: Mapping[State, Remark] = {
    State.IN_PROGRESS: "launched",
    State.REFUSED: "refused",
    State.DELIVERED: "signed",
    State.DELIVERED_BESIDE: "signed",
}


def comment(parts: Parts, record: Record) -> Record:
    """Say what has happened, once. Remote errors pass through; what cannot be said there is given up."""
    remark = _due(parts, record)
    hung = _annotations(parts, record) if remark is not None else None
    if remark is None or hung is None:
        return record
    file_id = FileId(str(record.document.file_id))
    text = render_remark(
        record, remark, zone=parts.report.zone, language="en" if parts.report.language == "en" else "fr"
    )
    question = record.adopted or parts.journal.intent(record, _STEP) is not None
    record = parts.journal.intend(record, _STEP, {"remark": remark})
    try:
        said = _say(parts, record, hung, file_id, text, question=question)
    except (AccessDenied, InvalidResponse, NotFound) as error:
        if isinstance(error, AccessDenied) and error.status != 403:
            raise
        log.info("%s: no comment on its file: %s", record.ref, error)
        said = False
    told = {**_told(record), remark: said}
    return parts.journal.note(
        record,
        "commented" if said else "not_commented",
        data={"remark": remark},
        done=(_STEP,),
        extra={**record.extra, "comments": told},
    )


def awaited(parts: Parts, record: Record) -> bool:
    """True while an ended request has something to say, a day at most."""
    # By a clock that may have jumped nobody is kept from hearing of it.
    remark = _due(parts, record) if clocks.confirmed(parts) else _remark(parts, record)
    return remark is not None and _annotations(parts, record) is not None


def _due(parts: Parts, record: Record) -> Remark | None:
    remark = _remark(parts, record)
    since = record.sent_at if remark == "launched" else record.ended_at
    now = clocks.by_platform(parts, record.account)
    return remark if since is not None and now < since + PATIENCE else None


def _remark(parts: Parts, record: Record) -> Remark | None:
    """What is still to be said of it, whenever that was."""
    settings = parts.watched.get(record.folder)
    remark = _REMARKS.get(record.state)
    if remark == "signed" and any(one.unsound for one in record.documents):
        return None  # its status says what it is, and its tag that somebody is to look
    if settings is None or not settings.comments or remark is None or not record.current:
        return None
    if record.document.file_id is None or remark in _told(record):
        return None
    return remark


def _say(
    parts: Parts, record: Record, hung: Annotations, file_id: FileId, text: str, *, question: bool
) -> bool:
    if question:
        try:
            there = hung.comments(file_id, most=_MOST_LOOKED_AT)
        except NotFound:
            there = ()
        if any(one.text == text for one in there):
            return True
    try:
        hung.comment(file_id, text)
    except NotFound:
        # Deleted and put back meanwhile: the same document under another id.
        place = record.document.delivered_href or record.document.href
        found = parts.folders[record.server].stat(Href(place)).file_id
        if found is None or found == file_id:
            raise
        hung.comment(found, text)
    return True


def _annotations(parts: Parts, record: Record) -> Annotations | None:
    folder = parts.folders[record.server]
    hung = folder.annotations()
    return hung if hung is not None and folder.capabilities().comments else None


def _told(record: Record) -> Mapping[str, Any]:
    found = record.extra.get("comments")
    return found if isinstance(found, Mapping) else {}
