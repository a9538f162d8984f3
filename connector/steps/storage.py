"""The spool's disk is full, read-only or away: said once, nothing new leaves, what is signed stays at the platform.

Nothing is fetched that could not be kept (each try would carry a document across the network for nothing); what is
in the spool already goes home, and everything else goes on. Ends by itself as soon as a file can be put to rest
again. Where several connectors share a journal, each has its own disk: what one of them cannot keep holds back what it
works on, and nobody else's; whoever takes that over goes on. Source: design page section 3, point 2; issue "Nothing
twice", point 5.
"""

from __future__ import annotations

from typing import Final

from connector.errors import SpoolError
from connector.steps.alarms import asked as alarm_asked
from connector.steps.alarms import end_alarm, raise_alarm, standing
from connector.steps.parts import Parts

NO_ROOM: Final = "no_room"


def met(parts: Parts, error: SpoolError) -> None:
    """A file could not be put to rest: tell it, and hold every account's launches."""
    # In this order, and ended in the same: whatever another thread finds meanwhile, no hold is left without its alarm.
    for account in parts.accounts:
        held = parts.journal.held(account)
        if held is None:
            parts.journal.hold(account, NO_ROOM, probe_at=parts.now() + parts.timing.probe)
    raise_alarm(
        parts, parts.machine, NO_ROOM, f"{error}: nothing new is sent or fetched until there is room", {}
    )


def is_full(parts: Parts) -> bool:
    """True from the moment a file could not be put to rest until one can."""
    return standing(parts, parts.machine, NO_ROOM) is not None


def asked(parts: Parts) -> tuple[str, str]:
    """Return the event that :func:`is_full` asks for."""
    return alarm_asked(parts.machine, NO_ROOM)


def look(parts: Parts) -> None:
    """Find out whether a file can be put to rest again; costs next to nothing while there is no trouble.

    Without the alarm there is no hold: one that a crash left, or that was made just as the alarm ended, goes as well.
    """
    if is_full(parts):
        try:
            parts.spool.probe()
        except SpoolError:
            return
    # Asked once, at each pass of every account: hundreds of accounts would each be asked about hundreds of times.
    for account in parts.journal.held_accounts() & parts.accounts.keys():
        parts.journal.release(account, cause=NO_ROOM)
    end_alarm(parts, parts.machine, NO_ROOM, "documents can be kept again: everything goes on")
