"""Pauses that the administrator set by hand for a watched folder or a whole server: nothing new leaves from there.

Kept as holds of their own names beside those of accounts, so that a restart, or a journal begun anew, keeps them. What
has left is followed and delivered. Source: design page section 5 (``pause``, ``resume``).
"""

from __future__ import annotations

from typing import Final

from connector.journal import Hold
from connector.report.context import Pause, PauseCause
from connector.steps.parts import Parts

FOLDER: Final = "folder:"
SERVER: Final = "server:"


def by_hand(parts: Parts, folder: str) -> Hold | None:
    """Return the pause of a watched folder, or else of its server; None where nobody set one."""
    held = parts.journal.held_accounts()
    settings = parts.watched.get(folder)
    for subject in (FOLDER + folder, SERVER + settings.server if settings is not None else ""):
        if subject in held:
            return parts.journal.held(subject)
    return None


def pause_of(parts: Parts, folder: str) -> Pause | None:
    """Return the pause that people of a folder are told of."""
    hold = by_hand(parts, folder)
    return Pause(cause=PauseCause.FOLDER, since=hold.since) if hold is not None else None
