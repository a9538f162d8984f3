"""Whose a shared journal is: the name (``connector:``) under which all that work on it are one connector.

The first that begins gives it its name. Another name is another connector's, most likely one that was pointed at the
wrong database: it would take shares, find their folders to be another's, and nobody would work there. With SQLite the
state directory is one connector's, and nothing of this is asked. Source: protocol R12.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from connector.journal import schema, statements
from connector.journal.database import Database

_NAME: Final = "connector"
_meta: Final = schema.meta.c


class Belonging(Database):
    """One row of ``meta``. For a shared journal alone."""

    @property
    def connector(self) -> str:
        """Return whose it is; empty where nobody has begun on it yet."""
        with self._reading() as connection:
            return str(connection.execute(_ASKED).scalar() or "")

    def begin_as(self, name: str) -> str:
        """Let it be this connector's where it is nobody's yet; returns whose it is. Of several at once one is first."""
        if known := self.connector:
            return known
        made = statements.new_row(schema.meta).values(name=_NAME, value=name)
        with self._transaction() as connection:
            connection.execute(made.on_conflict_do_nothing())
        return self.connector

    def belong_to(self, name: str) -> None:
        """Let it be this connector's from now on: it was renamed, and none works under its former name."""
        made = statements.new_row(schema.meta).values(name=_NAME, value=name)
        with self._transaction() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=[_meta.name], set_={"value": name}))


_ASKED: Final = sa.select(_meta.value).where(_meta.name == _NAME)
