"""``restore`` and ``rebuild`` of a journal in PostgreSQL: the earlier tables are kept in a schema of their own.

Both make a SQLite journal of what is to stand there, in a directory of their own, and put that into the database in one
transaction. Source: ux page 6.5; issue "Many firms", point 5.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli import backups, carrying
from connector.cli.anew import paused_in, prepare
from connector.cli.bars import bar
from connector.cli.common import agreed, hand_over
from connector.cli.journal_file import open_journal
from connector.errors import JournalError
from connector.journal import snapshots
from connector.journal.ends import End
from connector.journal.marked import where
from connector.steps.waiting import MANUAL

if TYPE_CHECKING:
    from connector.cli.backups import Backup
    from connector.cli.state import State


def restored(state: State, end: End, chosen: Backup, *, yes: bool) -> int:
    """Put a backup into PostgreSQL; nobody works there. Raises JournalError: nothing has changed."""
    from connector.cli import keep

    there = snapshots.found(end)
    if there.journal_id not in {"", chosen.facts.journal_id}:
        raise JournalError(
            f"{where(end.url)} holds another journal (id {there.journal_id}, {there.requests} requests) than the "
            f"backup {chosen.name} (id {chosen.facts.journal_id}): it was left as it is. Name an empty database, or "
            "begin there anew from the markers (jse-connector rebuild)"
        )
    agreed(_question(chosen, end, empty=not there.taken), yes=yes)
    paused = _paused(end) if there.taken else []
    then = paused_in(chosen.directory / backups.JOURNAL) or ()
    before = [one for one in then if one not in (paused or ())]
    with _fresh(chosen.directory / backups.JOURNAL, paused or ()) as fresh:
        aside = _put(fresh, end)
    kept = keep.beside(chosen, state)
    hand_over(state)
    with closing(open_journal(end)) as journal:
        carrying.put_to_rest(state, journal, only_missing=True)
    keep.tell_restored(chosen, f"schema {aside} of the database" if aside else None, kept, paused, before)
    return 0


def begun_anew(end: End) -> tuple[str, list[str] | None]:
    """Begin a new journal in PostgreSQL; returns the schema of the earlier one ("": none), and what stays paused.

    None: what was paused by hand cannot be read any more. Nobody works there. Raises JournalError.
    """
    paused = _paused(end) if snapshots.found(end).taken else []
    with _fresh(None, paused or ()) as fresh:
        return _put(fresh, end), paused


def _put(fresh: Path, end: End) -> str:
    with bar("rows put back", None) as advance:
        return snapshots.put(fresh, end, now=datetime.now(UTC), advance=advance)


@contextmanager
def _fresh(source: Path | None, paused: Iterable[str]) -> Iterator[Path]:
    """Give a journal of today's schema, made of another's file, or new, in which these rest."""
    with tempfile.TemporaryDirectory(prefix="jse-restore-") as directory:
        file = Path(directory) / "journal.sqlite"
        prepare(file, paused, source=source)
        yield file


def _paused(end: End) -> list[str] | None:
    """Return what an administrator has paused by hand; None where that cannot be read."""
    try:
        with closing(open_journal(end, read_only=True, although_marked=True)) as journal:
            return sorted(
                name
                for name in journal.held_accounts()
                if (hold := journal.held(name)) is not None and hold.cause == MANUAL
            )
    except JournalError:
        return None


def _question(chosen: Backup, end: End, *, empty: bool) -> str:
    now = "Nothing stands there." if empty else "What stands there is kept in a schema of its own."
    return (
        f"The journal in {where(end.url)} becomes what it was on {chosen.made_at:%d %b %Y %H:%M} UTC. What has left "
        f"since is found again by its markers, asked about at the platform and never sent again. {now} Go on?"
    )
