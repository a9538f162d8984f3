"""What the words of a status depend on besides the record: pause, ceiling, brakes, what the server keeps, the clock."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.errors import Cause
from connector.identity import next_wording
from connector.lifecycle import Record, State
from connector.report.context import ACTED_NOW, Pause, PauseCause, StatusContext, WaitReason
from connector.report.facts import TYPED, moment_of
from connector.report.typography import Language
from connector.sidecar.model import Verb
from connector.steps import assumed, brakes, deadlines, editing, pauses, vanished, waiting
from connector.steps.parts import Parts
from connector.steps.places import NOTICE

log = logging.getLogger(__name__)


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
        pause=vanished.pause_of(parts, record.folder)
        or pauses.pause_of(parts, record.folder)
        or pause_of(parts, record.account),
        platform_away_since=moment_of(record.extra.get("away_since")) or _unanswered_since(parts, record),
        **_wait_of(parts, record),
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
    cause = PauseCause(hold.cause)
    letters = f"login {account}" if cause is PauseCause.TOKENS else f"owner {account} {hold.cause}"
    # The first one since it began: that a second one left is no news that statuses are written again for.
    told = parts.journal.first_told(letters, hold.since)
    return Pause(cause=cause, since=hold.since, notified_at=told)


def _wait_of(parts: Parts, record: Record) -> dict[str, Any]:
    """Return why it waits, the limit that it waits for, and until when, as fields of the context."""
    if NOTICE in record.extra and record.state in {State.PREVIEWED, State.WAITING, State.PREPARED}:
        return {"wait": WaitReason.CANNOT_WRITE}
    if record.state is State.MARKED and parts.journal.intent(record, "send") is None:
        until = brakes.quiet(parts, record)
        return {} if until is None else {"wait": WaitReason.QUIET_HOURS, "wait_until": until}
    held = brakes.brake(parts, record) if record.state in {State.WAITING, State.PREPARED} else None
    opened = editing.open_file(parts, record) if held is None and record.state is State.WAITING else None
    if opened is not None:
        return {"wait": WaitReason.BEING_EDITED, "wait_file": opened}
    return {} if held is None else {"wait": held.reason, "wait_limit": held.limit, "wait_until": held.until}


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
