"""What a server told one of several connectors, for the others: until when it wants to be let be.

One row of ``meta`` a server, written when something changes and read by each process now and then: a remark, no fact.
Times are the database's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import sqlalchemy as sa

from connector.journal import schema, statements
from connector.journal.database import Database

_PREFIX: Final = "let be:"
_meta: Final = schema.meta.c


class Hearsay(Database):
    """Those rows. For a shared journal alone."""

    def pauses(self) -> dict[str, float]:
        """Return how many seconds each server still wants to be let be, those alone that do."""
        asked = sa.select(_meta.name, _meta.value, statements.CLOCK.label("now")).where(
            _meta.name.startswith(_PREFIX, autoescape=True)
        )
        found = {}
        with self._reading() as connection:
            for row in connection.execute(asked):
                with suppress(ValueError):
                    found[row.name.removeprefix(_PREFIX)] = float(row.value) - float(row.now)
        return {server: left for server, left in found.items() if left > 0}

    def tell_pause(self, server: str, seconds: float) -> None:
        """Write down that a server wants to be let be for so long from now on."""
        with self._transaction() as connection:
            now = float(connection.execute(sa.select(statements.CLOCK)).scalar_one())
            until = f"{now + seconds:.3f}"
            made = statements.new_row(schema.meta).values(name=_PREFIX + server, value=until)
            connection.execute(made.on_conflict_do_update(index_elements=[_meta.name], set_={"value": until}))
