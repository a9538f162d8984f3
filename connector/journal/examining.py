"""A journal's file looked at as it is: nothing is migrated, repaired or written. For ``doctor``, on a copy.

Source: ux page section 6.3; ``opening`` has the words for what is wrong.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from connector.journal import opening, schema


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What a journal's file is. ``schema``: 0 where it is none of ours."""

    schema: int
    intact: bool
    detail: str = ""
    """What SQLite found, in its own words; they name pages and tables, nothing of people."""

    @property
    def too_new(self) -> bool:
        """True when a newer version of this program wrote it."""
        return self.schema > schema.VERSION

    @property
    def to_migrate(self) -> bool:
        """True when the next start brings it up to date."""
        return 0 < self.schema < schema.VERSION


def examine(file: Path) -> Examined:
    """Look at every page of a journal. Raises JournalError where it cannot be opened as a database."""
    try:
        with closing(sqlite3.connect(file)) as looked_at:
            found = [str(row[0]) for row in looked_at.execute("PRAGMA integrity_check(3)")]
            version = looked_at.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    except sqlite3.Error as error:
        raise opening.meaning(file, error) from error
    return Examined(
        schema=int(version[0]) if version else 0, intact=found == ["ok"], detail=" ".join(found[0].split())
    )
