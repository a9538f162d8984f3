"""The relay as a whole: does it take mails at all, since when not, and until when is it let be?

Since when is the journal's, for whoever is started for one round by a timer knows nothing of the last one. An alarm
stands from a quarter of an hour on, until it takes a mail. Source: issue "The administrator's day" point 7.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from connector.errors import MailRefused, RemoteError
from connector.journal import Letter
from connector.steps.alarms import end_alarm, raise_alarm
from connector.steps.desk import HOOK
from connector.steps.machines import RELAY
from connector.steps.parts import Parts, SaidMemory

log = logging.getLogger(__name__)

FIRST: Final = timedelta(minutes=1)
_MOST: Final = timedelta(minutes=15)
_ALARMED_AFTER: Final = timedelta(minutes=15)
_COUNTED: Final = 10
"""More refusals in a row than these tell nothing more, and are not kept."""
_EVENT: Final = "relay_away"


def is_there(parts: Parts) -> bool:
    """True unless it is to be let be for now."""
    rests, now = parts.said.rests_until, parts.now()
    return parts.relay is not None and (rests is None or not now < rests <= now + _MOST)


def takes_none(parts: Parts, letters: Sequence[Letter], error: MailRefused) -> bool:
    """True where a refusal is not about these letters: it says so, or nobody else's were taken either, and none since.

    Many a relay finds the fault with who sends only when it hears who is to get it.
    """
    if error.every or error.alone:
        return error.every
    mine = letters[0]
    others = [
        one.at
        for one in parts.journal.letters()
        if one.kind != HOOK and one.attempts and one.at is not None and one.to != mine.to
    ]
    if not others or mine.at is None:
        return False
    return not parts.journal.told_since(min(mine.at, max(others)), but=HOOK)


def let_be(parts: Parts, error: RemoteError) -> int:
    """Nothing more is tried for a while; it is said once, and after a while it is an alarm.

    Returns how often in a row it was not to be had.
    """
    said, now = _remembered(parts), parts.now()
    if said.failing_since is None:
        log.warning("%s; what is to be told is kept and tried again", error)
    said.rests_until = now + min(FIRST * 2 ** min(said.refusals, 12), _MOST)
    said.refusals += 1
    said.counts["mails_refused"] += 1
    # A clock may have been ahead.
    since = now if said.failing_since is None else min(said.failing_since, now)
    kept, said.failing_since = said.failing_since, since
    if said.refusals <= _COUNTED or since != kept:
        _keep(parts, said)
    if now - said.failing_since >= _ALARMED_AFTER:
        text = "the mail relay takes nothing: jse-connector notify --test tells what it says"
        raise_alarm(parts, parts.machine, RELAY, text)
    return said.refusals


def answered(parts: Parts) -> bool:
    """It took a mail; True where that ends an alarm."""
    said = _remembered(parts)
    was, said.failing_since, said.refusals, said.rests_until = said.failing_since, None, 0, None
    if was is not None:
        log.info("the mail relay takes mails again")
        _keep(parts, said)
    return end_alarm(parts, parts.machine, RELAY, "the mail relay takes mails again")


def _remembered(parts: Parts) -> SaidMemory:
    """Return what is known of it: whoever told last, this process or another one, kept it in the journal."""
    said, kept = parts.said, parts.journal.last_account_event(parts.machine, _EVENT) or {}
    since = kept.get("since")
    said.failing_since = datetime.fromisoformat(since) if since else None
    said.refusals = max(said.refusals, int(kept["refusals"])) if since else 0
    return said


def _keep(parts: Parts, said: SaidMemory) -> None:
    since = "" if said.failing_since is None else said.failing_since.isoformat()
    parts.journal.mark_account(parts.machine, _EVENT, {"since": since, "refusals": said.refusals})
