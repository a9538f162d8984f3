"""What a server told one of several connectors, for the others: when it wants to be let be, which login it refuses.

One row of ``meta`` a server, written when something changes and read by each process now and then: a remark, no fact.
Times are the database's. No password stands in it: a login is known by a keyed hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connector.journal import schema, statements
from connector.journal.database import Database

_PREFIX: Final = "told:"
_meta: Final = schema.meta.c


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What is known of one server."""

    let_be_s: float = 0.0
    """So many seconds it still wants to be let be."""
    refused: str = ""
    """Mark of the login that it refused; empty: none, or it has been accepted since."""
    at: float = 0.0
    """When that was written: tells one refusal from the next."""


class Hearsay(Database):
    """Those rows. For a shared journal alone."""

    def remarks(self) -> dict[str, Remark]:
        """Return what is known, by server; what cannot be read is not known."""
        asked = sa.select(_meta.name, _meta.value, statements.CLOCK.label("now")).where(
            _meta.name.startswith(_PREFIX, autoescape=True)
        )
        found = {}
        with self._reading() as connection:
            for row in connection.execute(asked):
                with suppress(ValueError, TypeError, KeyError):
                    found[row.name.removeprefix(_PREFIX)] = _read(json.loads(row.value), float(row.now))
        return found

    def remark(self, server: str, remark: Remark) -> None:
        """Write down what is known of a server now."""
        with self._transaction() as connection:
            now = float(connection.execute(sa.select(statements.CLOCK)).scalar_one())
            until = now + remark.let_be_s if remark.let_be_s else 0.0
            value = json.dumps({"until": until, "refused": remark.refused, "at": now})
            made = postgresql.insert(schema.meta).values(name=_PREFIX + server, value=value)
            connection.execute(made.on_conflict_do_update(index_elements=[_meta.name], set_={"value": value}))


def _read(kept: Mapping[str, Any], now: float) -> Remark:
    return Remark(
        let_be_s=max(0.0, float(kept["until"]) - now), refused=str(kept["refused"]), at=float(kept["at"])
    )
