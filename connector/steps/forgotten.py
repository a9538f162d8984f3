"""The platform says that it does not know a request any more: believed once it has said so for a while, not at once.

What is erased there is lost for good, and nobody asks for it again; yet a gateway in front of a platform that is being
exchanged says the same, of every request, in the platform's own form. Source: protocol R11; scenarios C6, D6.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connector.lifecycle import Record
from connector.steps import clocks, waiting
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

UNSEEN_SINCE: Final = "unseen_since"
"""In ``extra``: since when nobody could look for it in its folder (ISO 8601); see ``found_signed``."""
NOT_KNOWN: Final = "not_known"
"""In ``extra``: for how long (``seconds``) the platform had said so without an answer in between, when it did so last
(``at``: ISO 8601, UTC, by its own clock)."""


def is_suspected(record: Record) -> bool:
    """True from a first "not known" to the next answer."""
    return NOT_KNOWN in record.extra


def believed(parts: Parts, record: Record) -> bool:
    """True once it has been said for ``Timing.forgotten_patience``, with what it says now."""
    return _said_for(parts, record) >= parts.timing.forgotten_patience


def heard(parts: Parts, record: Record, asked: int) -> None:
    """Tell that "not known" came back (``asked`` as of :func:`waiting.asking`).

    Before it is believed it may be a gateway's word: what waits for the platform's own after an unanswered ``send``
    goes on waiting (R9b), else each next ``send`` would be lost in the same gateway.
    """
    waiting.answered(parts, record.account, asked if believed(parts, record) else None)


def suspected(parts: Parts, record: Record) -> dict[str, Any]:
    """Return the ``extra`` of a record of which it was said now, and is not believed yet."""
    if not is_suspected(record):
        log.error("%s is not known to the platform: asked again before that counts", record.ref)
    now = clocks.by_platform(parts, record.account)
    told = {"seconds": _said_for(parts, record).total_seconds(), "at": now.isoformat()}
    return {**record.extra, NOT_KNOWN: told}


def _said_for(parts: Parts, record: Record) -> timedelta:
    """So long it was said, as far as anybody heard it.

    Between two times it may have been away, or we stopped, for a night: no such time counts for more than half of what
    is wanted, so that two moments of a gateway, however far apart, are never enough. By the platform's clock, since
    ours may be set meanwhile; what lies ahead one kept that was ahead.
    """
    told = record.extra.get(NOT_KNOWN)
    if told is None:
        return timedelta(0)
    since_last = clocks.by_platform(parts, record.account) - datetime.fromisoformat(str(told["at"]))
    heard = min(max(since_last, timedelta(0)), parts.timing.forgotten_patience / 2)
    return timedelta(seconds=float(told["seconds"])) + heard


def cleared(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return an ``extra`` after an answer: it is known there, and nobody has to look for it elsewhere."""
    return {name: value for name, value in extra.items() if name not in {NOT_KNOWN, UNSEEN_SINCE}}
