"""What a journal's file says of itself, whatever version wrote it and whatever its disk takes. No fact is changed."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from connector import __version__
from connector.cli.journal_file import copy_journal
from connector.errors import JournalError, JournalFull
from connector.journal import marked, opening
from connector.journal.ends import End
from connector.journal.marked import Mark
from connector.lifecycle import State

PART: Final = ".part"
"""Ends the name of what is half made: what is left of it goes when the next is made."""
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_WANTED: Final = frozenset({"meta", "record", "event", "intent"})
_UNDER_WAY: Final = tuple(state.value for state in State if state.open or state.ended)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a journal's file says of itself, whatever version wrote it."""

    schema: int
    journal_id: str
    requests: int
    under_way: int
    """Requests that have left, or are about to, and are not closed yet."""
    midway: int
    """Requests between an intent and its fact: each is a question at the next start."""
    watched: int = 0
    """Folders that were watched and have not been left."""


def facts_of(file: Path) -> Facts:
    """Look into a journal that need not be of this version; changes no fact in it. Raises JournalError.

    It need not be one that can be written: on a full disk nothing is wanted more than a backup elsewhere.
    """
    opening.judge(file, _WANTED, to_write=False)
    places = ", ".join("?" * len(_UNDER_WAY))
    questions = {
        "requests": ("SELECT count(*) FROM record", ()),
        "under_way": (f"SELECT count(*) FROM record WHERE NOT closed AND state IN ({places})", _UNDER_WAY),  # noqa: S608
        "watched": ("SELECT count(*) FROM watch WHERE root != ''", ()),
        "midway": ("SELECT count(DISTINCT record_id) FROM intent", ()),
    }
    try:
        with closing(opened(file)) as database:
            meta = dict(database.execute("SELECT name, value FROM meta").fetchall())
            counts = {name: int(database.execute(*asked).fetchone()[0]) for name, asked in questions.items()}
    except sqlite3.Error as error:
        raise opening.meaning(file, error) from error
    return Facts(schema=int(meta["schema"]), journal_id=str(meta["journal_id"]), **counts)


def moved_to(file: Path) -> Mark | None:
    """Return where a journal was moved; None where it is in use, or that cannot be read."""
    try:
        with closing(opened(file)) as database:
            row = database.execute("SELECT value FROM meta WHERE name = ?", (marked.MOVED,)).fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else Mark(**json.loads(row[0]))


def moved_since(file: Path, moment: datetime) -> int | None:
    """Count the requests of a journal to which anything has happened since; None where that cannot be read."""
    asked = "SELECT count(DISTINCT record_id) FROM event WHERE at > ?"
    try:
        with closing(opened(file)) as database:
            return int(database.execute(asked, (moment.timestamp(),)).fetchone()[0])
    except sqlite3.Error:
        return None


def why_full(file: Path) -> JournalFull | None:
    """Look whether a backup is to be made of a journal at all; return why it cannot be opened where it stands."""
    try:
        facts_of(file)
    except JournalFull as full:
        return full
    _not_moved(file)
    return None


def _not_moved(file: Path) -> None:
    if (other := moved_to(file)) is not None:
        raise JournalError(f"the journal {file} {marked.told(other)}")


@contextmanager
def readable(journal: End, state: Path, into: Path, full: JournalFull | None) -> Iterator[End]:
    """Give the journal; its bytes copied, where its disk takes not even what SQLite writes beside it to read it.

    Raises JournalError; OSError where there is no room for the copy.
    """
    file, place = journal.file, into / f"{__version__}.journal{PART}"
    # Of one that was killed: it holds all that the journal does, and nobody looks for it there.
    shutil.rmtree(place, ignore_errors=True)
    if full is None or file is None:
        yield journal
        return
    try:
        place.mkdir(mode=0o700)
        copied = place / file.name
        try:
            copy_journal(file, copied, lock=state / "journal" / "lock")
            facts_of(copied)
        except JournalError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_ROOM:
                raise error.__cause__ from None
            if on_one_disk(file, into):
                raise full from error
            raise
        _not_moved(copied)
        yield End.of_file(copied)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def on_one_disk(file: Path, into: Path) -> bool:
    """Tell whether a directory, which need not be there yet, is on the disk of a journal."""
    there = next(one for one in (into, *into.absolute().parents) if one.exists())
    return there.stat().st_dev == file.stat().st_dev


def opened(file: Path) -> sqlite3.Connection:
    """Open a journal's file that is there; a writer is waited for. Raises sqlite3.Error, here or when it is asked."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=30)
