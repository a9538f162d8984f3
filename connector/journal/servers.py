"""Which server of PostgreSQL holds the journal: looked at when a process begins, and another one is an event.

After a failover, or a restored backup of the database, what was kept last may not be there: every request that has not
left is a question then (``steps.mark``). SQLite has one file; nothing of this concerns it. Source: issue "Many firms"
point 6; design page section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.journal import away, replication, schema
from connector.journal.database import Database, when

_ID, _TIMELINE = "server_id", "server_timeline"
CHANGED = "server_changed_at"
"""When the journal was last found to be another than it had been, be it that a backup was put back."""
FAILED_OVER = "failed_over"
"""Event of ``machine``: the journal is on another server than before."""


class Servers(Database):
    """What the journal knows of the server it is on."""

    @property
    def server(self) -> tuple[str, str] | None:
        """Timeline and system identifier (empty where this role may not see it) of the server that it is on.

        None with SQLite, and before anything was asked.
        """
        return None if self._identity is None else self._identity.known

    @property
    def place(self) -> str:
        """Where it is, for a message."""
        return away.place(self._engine.url)

    def judge_replication(self, wanted: str) -> str:
        """See ``replication.judge``. SQLite needs none: a commit that returned survives a power loss."""
        if not self.shared:
            return ""
        with self._reading() as connection:
            return replication.judge(connection, wanted, away.place(self._engine.url))

    def recognise_server(self, *, also: tuple[str, str, Mapping[str, Any]] | None = None) -> bool:
        """Remember the server; True where it is another one than last time, for the first process that notices.

        ``also``: a further event that is kept with that: whose, its name, its data.
        """
        if self._identity is None or self._identity.known is None:
            return False
        now = dict(zip((_TIMELINE, _ID), self._identity.known, strict=True))
        with self._transaction() as connection:
            self._alone(connection, "server")
            table = schema.meta
            rows = connection.execute(sa.select(table).where(table.c.name.in_([_ID, _TIMELINE, CHANGED])))
            kept = {row.name: row.value for row in rows}
            if all(kept.get(name) == value for name, value in now.items()):
                return False
            moved = _TIMELINE in kept
            if moved:
                now[CHANGED] = repr(self._now().timestamp())
                self._append_account(connection, "machine", FAILED_OVER, {"timeline": now[_TIMELINE]})
                if also is not None:
                    self._append_account(connection, *also)
            connection.execute(table.delete().where(table.c.name.in_(list(now))))
            connection.execute(
                table.insert(), [{"name": name, "value": value} for name, value in now.items()]
            )
        self._changed_at = None
        return moved

    def failed_over_at(self) -> datetime | None:
        """Return when the journal was last found on another server; None where it never was. Asked once a process."""
        if not self.shared:
            return None
        if self._changed_at is None:
            table = schema.meta
            with self._reading() as connection:
                found = connection.execute(sa.select(table.c.value).where(table.c.name == CHANGED)).scalar()
            self._changed_at = (None if found is None else when(float(found)),)
        return self._changed_at[0]

    def failed_over_by(self, moment: datetime) -> None:
        """Put that time right where it lies after ``moment``: a clock wrote it that was ahead. Others may, too."""
        with self._transaction() as connection:
            self._alone(connection, "server")
            mine = schema.meta.c.name == CHANGED
            found = connection.execute(sa.select(schema.meta.c.value).where(mine)).scalar()
            if found is not None and when(float(found)) > moment:
                value = repr(moment.timestamp())
                connection.execute(schema.meta.update().where(mine).values(value=value))
        self._changed_at = None

    _changed_at: tuple[datetime | None] | None = None
