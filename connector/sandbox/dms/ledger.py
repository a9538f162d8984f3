"""What the DMS remembers across a restart: small records in one SQLite file, written through once a request."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Ledger:
    """Records by kind and key.

    Nothing is synced to disk: a sandbox that loses power loses nothing of value, and hundreds of
    short worlds must start quickly. The connection is opened at need, so a closed ledger may go on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._pending: dict[tuple[str, str], Record | None] = {}

    def rows(self, kind: str) -> dict[str, Record]:
        """Return every record of ``kind`` as it stands on disk, by key."""
        found = self._open().execute("SELECT key, value FROM entries WHERE kind = ?", (kind,))
        return {str(key): json.loads(value) for key, value in found}

    def keep(self, kind: str, key: str, value: Record) -> None:
        """Remember a record; written by the next ``flush``."""
        self._pending[kind, key] = value

    def drop(self, kind: str, key: str) -> None:
        """Forget a record; written by the next ``flush``."""
        self._pending[kind, key] = None

    def flush(self) -> None:
        """Write what was kept and dropped, in one transaction."""
        if not self._pending:
            return
        kept = [(k, i, json.dumps(v)) for (k, i), v in self._pending.items() if v is not None]
        gone = [place for place, value in self._pending.items() if value is None]
        self._pending = {}
        with self._open() as db:
            db.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", kept)
            db.executemany("DELETE FROM entries WHERE kind = ? AND key = ?", gone)

    def close(self) -> None:
        """Write and let go of the file."""
        self.flush()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA journal_mode = MEMORY")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS entries (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))"
            )
        return self._db
