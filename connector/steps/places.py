"""Where what we write of a request stands: its status, and whatever else bears the name of its document.

Reads the record alone. Source: ux page sections 1.1 and 2.3.
"""

from __future__ import annotations

import logging
from typing import Any

from connector.lifecycle import Record, State
from connector.ports import Href
from connector.report.facts import moment_of
from connector.sidecar import names
from connector.steps import astray, clocks, filing
from connector.steps.case import NAMED_AFTER_REQUEST
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

NOTICE = "notice_href"
"""In ``extra``: where its status stands while its own folder lets nothing be written (``rights``)."""


def shows(parts: Parts, record: Record) -> bool:
    """True for a request of which something is to be said, now, at a place that is known."""
    return record.state is not State.WITHDRAWN and record.current and _to_be_shown(parts, record)


def _to_be_shown(parts: Parts, record: Record) -> bool:
    if status_href(record) is None:
        return False
    if record.state is State.WAITING_PDF:
        # The two files rarely arrive together: nothing is said at once.
        since = moment_of(record.extra.get("missing_since")) or record.created_at
        return not clocks.lasts(parts, since, parts.timing.pdf_patience)
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
    base = record.document.href or ("" if record.place else record.document.delivered_href or "")
    # What is held has not left: wherever its document was followed to, it is its request's file that counts.
    held = record.state is State.HELD and record.extra.get("followed")
    if record.place and (not base or held or record.extra.get(NAMED_AFTER_REQUEST)):
        parent, _, sidecar = record.place.rpartition("/")
        base = f"{parent}/{names.document_name(sidecar)}"
    return base
