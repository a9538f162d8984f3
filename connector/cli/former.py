"""What a connector's last process left in its state directory: its number, and which server the journal was on then.

The number lets the next one take up its work at once. The server tells a primary that was relieved and came back: its
own journal agrees with itself and knows nothing of what was sent since, and others may be at work on the one that took
over. An empty database in the place of the journal is waited for its backup. Source: protocol R12; issue "Many firms"
point 6; PostgreSQL manual, "Timelines".
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.errors import JournalAway

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.journal import Journal

log = logging.getLogger(__name__)

FILE: Final = "process"
_UNKNOWN: Final = "-"


def processes(state: State, journal: Journal) -> tuple[int, ...]:
    """Return the number of the process that worked here last, which works no more since its lock is ours."""
    kept = _read(state, journal)
    return (int(kept[0]),) if kept and kept[0].isdecimal() else ()


def judge(state: State, journal: Journal) -> None:
    """Raise JournalAway where the journal is on a server that another one had taken over from when we worked last."""
    kept, server = _read(state, journal), journal.server
    if len(kept) < 4 or server is None:
        return
    (last, system), (timeline, of) = kept[2:4], server
    if system == (of or _UNKNOWN) and _number(timeline) < _number(last):
        raise JournalAway(
            f"{journal.place}, is not at hand: another server had taken over from the one that answers, which is on "
            f"timeline {timeline}; this connector has worked on timeline {last} since. Nothing is done there, for it "
            "knows nothing of what was sent meanwhile: stop it, or make it a standby of the other one. Where a backup "
            f"was put back on purpose, remove {_file(state)}"
        )


def may_begin(state: State, place: str) -> None:
    """Raise JournalAway where a journal would be begun at ``place`` while this connector has worked on one already."""
    kept = _kept(state)
    if len(kept) > 1:
        raise JournalAway(
            f"{place}, is empty, and this connector has worked on journal {kept[1]}: pauses, contacts and orders would "
            "be forgotten without a word. Nothing leaves meanwhile: where it still is in its former place, name that "
            "in the configuration again, and take it from there (jse-connector move-journal); else put its backup back "
            "(jse-connector restore, or the database's own), or begin a new journal from the markers (jse-connector "
            "rebuild)"
        )


def keep(state: State, journal: Journal, process: int) -> None:
    """Remember a process, and the server that its journal is on."""
    timeline, system = journal.server or (_UNKNOWN, _UNKNOWN)
    target = _file(state)
    part = target.with_name(f"{FILE}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(f"{process} {journal.journal_id} {timeline} {system or _UNKNOWN}\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:  # without it, the next start waits until this process's lease is over
        log.warning("%s cannot be written: %s", target, error.strerror)


def _file(state: State) -> Path:
    return state.directory / FILE


def _read(state: State, journal: Journal) -> list[str]:
    """Return what was kept; nothing where it is of another journal."""
    kept = _kept(state)
    return kept if kept[1:2] == [journal.journal_id] else []


def _kept(state: State) -> list[str]:
    """Return what was kept: number, journal's id, timeline, system."""
    with suppress(OSError, ValueError):
        return _file(state).read_text().split()
    return []


def _number(timeline: str) -> int:
    with suppress(ValueError):
        return int(timeline, 16)
    return 0
