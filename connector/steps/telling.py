"""One round of telling: what has happened is taken in, what waits is looked at, what is due leaves.

A failure of it stops nothing; the next round goes on where this one ended. Source: issue "The administrator's day"
point 7.
"""

from __future__ import annotations

import logging

from connector.steps import clocks, failed_over, leftovers, machines, news, post, standing
from connector.steps.parts import Parts

log = logging.getLogger(__name__)


def tell(parts: Parts, *, deadline: float | None = None) -> int:
    """Make a round; returns how many mails and calls were taken. Raises JournalError only.

    Of several processes one alone tells, of all that the configuration names.
    """
    _clear(parts)
    if not parts.keeper:
        return 0
    parts = parts.whole or parts
    news.take_in(parts, deadline=deadline)
    standing.look(parts)
    failed_over.look_at(parts)
    prune(parts)
    # What leaving itself has found out (a relay that is away) is taken in by the next round.
    return post.leave(parts, deadline=deadline)


def _clear(parts: Parts) -> None:
    """Let go, once a day and in each process, of what lies on its disk of others' work."""
    today = parts.now().astimezone(parts.report.zone).date()
    if parts.said.cleared != today:
        parts.said.cleared = today
        leftovers.cached(parts)


def prune(parts: Parts) -> None:
    """Forget, once a day, what was told years ago, and what stands of connectors that are gone."""
    today = parts.now().astimezone(parts.report.zone).date()
    if parts.said.pruned != today:
        parts.said.pruned = today
        machines.let_go_of_the_gone(parts)
        if clocks.may_erase(parts):  # else tomorrow
            parts.journal.prune_letters(parts.now() - post.KEEP)
