"""What an administrator must hear of, said once and ended once: in the log, and as an event of the journal.

An alarm stands from the first time it is raised until it is over, restarts included; raising it again says nothing.
Who mails it reads these events (``report.alarms`` has the words). ``subject``: ``account:NAME``, ``server:NAME``,
``folder:NAME`` or ``machine`` (``machine:NAME@HOST`` of one of several connectors). Source: design page section 3,
point 6.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_EVENT: Final = "alarm"


def raise_alarm(
    parts: Parts, subject: str, cause: str, text: str, data: Mapping[str, Any] | None = None
) -> bool:
    """Say that something is the matter; False, saying nothing, where the same cause of the subject stands already.

    ``text`` names no person and no file of theirs; ``data`` is of plain types.
    """
    if _standing(parts, subject, cause) is not None:
        return False
    named, event, kept = began(subject, cause, parts.now(), data)
    if not parts.journal.turn(named, event, kept):
        parts.alarms.pop((subject, cause), None)
        return False  # another process was faster
    parts.alarms[subject, cause] = kept
    log.error("%s: %s", subject, text)
    return True


def began(
    subject: str, cause: str, at: datetime, data: Mapping[str, Any] | None = None
) -> tuple[str, str, dict[str, Any]]:
    """Return an alarm that begins as the journal's event: whose, its name, its data."""
    return _key(subject, cause), _EVENT, {"cause": cause, "on": True, "since": at.isoformat(), **(data or {})}


def end_alarm(parts: Parts, subject: str, cause: str, text: str) -> bool:
    """Say that it is over; False where it did not stand."""
    if _standing(parts, subject, cause) is None:
        return False
    if not parts.journal.turn(_key(subject, cause), _EVENT, {"cause": cause, "on": False}):
        return False
    parts.alarms[subject, cause] = None
    log.warning("%s: %s", subject, text)
    return True


def standing(parts: Parts, subject: str, cause: str) -> Mapping[str, Any] | None:
    """Return what was kept of an alarm that stands, None where it does not."""
    return _standing(parts, subject, cause)


def everywhere(parts: Parts, kind: str) -> list[tuple[str, str]]:
    """Return (subject, cause) of every alarm that stands of subjects that begin so, whoever raised it."""
    found = parts.journal.last_account_events(kind, _EVENT)
    named = (key.rpartition(" ") for key, data in sorted(found.items()) if data["on"])
    return [(subject, cause) for subject, _, cause in named]


def _standing(parts: Parts, subject: str, cause: str) -> Mapping[str, Any] | None:
    key = (subject, cause)
    # Where others write, too, a copy would tell of what was.
    if parts.shared or key not in parts.alarms:
        last = parts.journal.last_account_event(_key(subject, cause), _EVENT)
        parts.alarms[key] = last if last is not None and last["on"] else None
    return parts.alarms[key]


def asked(subject: str, cause: str) -> tuple[str, str]:
    """Return the event by which it is found out whether an alarm stands: for whoever asks of many at once."""
    return _key(subject, cause), _EVENT


def _key(subject: str, cause: str) -> str:
    return f"{subject} {cause}"
