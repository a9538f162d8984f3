"""The platform says that it does not know a request any more: believed once it has said so for a while, not at once.

What is erased there is lost for good, and nobody asks for it again; yet a gateway in front of a platform that is being
exchanged says the same, of every request, in the platform's own form. Source: protocol R11; scenarios C6, D6.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connector.lifecycle import Record
from connector.steps import clocks
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

SINCE: Final = "not_known_since"
"""In ``extra``: since when the platform says so without an answer in between (ISO 8601, UTC, by its own clock)."""


def is_suspected(record: Record) -> bool:
    """True from a first "not known" to the next answer."""
    return SINCE in record.extra


def believed(parts: Parts, record: Record) -> bool:
    """True once it has been said for ``Timing.forgotten_patience``."""
    now = clocks.by_platform(parts, record.account)
    return now - _since(record, now) >= parts.timing.forgotten_patience


def suspected(parts: Parts, record: Record) -> dict[str, Any]:
    """Return the ``extra`` of a record of which it was said, and is not believed yet."""
    if not is_suspected(record):
        log.error("%s is not known to the platform: asked again before it counts as erased", record.ref)
    since = _since(record, clocks.by_platform(parts, record.account))
    return {**record.extra, SINCE: since.isoformat()}


def _since(record: Record, now: datetime) -> datetime:
    """By the platform's clock: ours may be set meanwhile, either way. What lies ahead one kept that was ahead."""
    known = record.extra.get(SINCE)
    return now if known is None else min(now, datetime.fromisoformat(str(known)))


def cleared(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return an ``extra`` after an answer: it is known there."""
    return {name: value for name, value in extra.items() if name != SINCE}
