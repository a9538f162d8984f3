"""What all connectors of one journal need and nobody else may read: rows as they are, encrypted (``vault`` reads them).

Every connector has the same seal, so whatever one of them keeps serves all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from connector.journal import schema, statements
from connector.journal.database import Database, when

_TABLE: Final = schema.secret


class Secrets(Database):
    """Encrypted contents by name."""

    def keep_secret(self, name: str, content: bytes) -> None:
        """Keep it in place of an earlier one; empty: there is none any more."""
        with self._transaction() as connection:
            # Two at once would both find none there.
            if self.shared:
                connection.execute(statements.ONE_AT_A_TIME, {"subject": f"secret {name}"})
            connection.execute(_TABLE.delete().where(_TABLE.c.name == name))
            if content:
                at = self._now().timestamp()
                connection.execute(_TABLE.insert().values(name=name, content=content, at=at))

    def kept_secret(self, name: str) -> tuple[bytes, datetime] | None:
        """Return what is kept under a name, and since when; None where nothing is."""
        with self._reading() as connection:
            row = connection.execute(
                sa.select(_TABLE.c.content, _TABLE.c.at).where(_TABLE.c.name == name)
            ).one_or_none()
        return None if row is None else (bytes(row.content), when(row.at))

    def secret_names(self) -> list[str]:
        """Return under which names something is kept."""
        with self._reading() as connection:
            return [
                str(row.name) for row in connection.execute(sa.select(_TABLE.c.name).order_by(_TABLE.c.name))
            ]
