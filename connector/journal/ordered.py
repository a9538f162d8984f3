"""Orders that reach a record from outside the process that works on it: kept as intents, the record untouched.

Whoever works on the record just now is not disturbed: its revision stays, and its facts go through. Each verb stands
once at a time for a record; it stands until the fact that answers it ends its intent (``done``). Source: design page
section 5; protocol, "Orders and the key".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.identity import administrators_wording
from connector.journal import statements
from connector.journal.database import when
from connector.journal.records import Records
from connector.lifecycle import Record

PREFIX = statements.ORDER_STEPS
"""Every order is an intent whose step begins so, and goes on with its verb."""


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """One order of the administrator's that stands. ``data``: what else was said, plain types."""

    verb: str
    wording: str
    """What the record counts it as obeyed by: each order has its own."""
    at: datetime
    data: Mapping[str, Any]

    @property
    def step(self) -> str:
        """Return the step of its intent: a fact that answers it is written with that one done."""
        return PREFIX + self.verb


class Orders(Records):
    """What the administrator ordered, record by record."""

    def order(self, record: Record, verb: str, **data: Any) -> Ordered:
        """Commit that something is to be done with a record, by whoever works on it; one that stands already is joined.

        The record itself stays as it is. Returns what stands now.
        """
        with self._transaction() as connection:
            kept = self._get(connection, record.id)
            row = connection.execute(
                statements.INTENT, {"of": kept.id, "wanted": PREFIX + verb}
            ).one_or_none()
            if row is None:
                now = self._now()
                said = {"wording": administrators_wording(verb, kept.obeyed), **data}
                begun = {"record_id": kept.id, "step": PREFIX + verb, "at": now.timestamp()}
                connection.execute(statements.INTEND, {**begun, "data": json.dumps(said)})
                self._append(connection, kept, "ordered", {"verb": verb, "by": "administrator"})
                self._tell(connection, statements.ORDERS_CAME)
                return _ordered(verb, now, said)
            return _ordered(verb, when(row.at), json.loads(row.data))

    def orders(self, record: Record) -> list[Ordered]:
        """Return the orders that stand for a record, the first one first."""
        return [
            _ordered(row.step.removeprefix(PREFIX), when(row.at), json.loads(row.data))
            for row in self._rows(statements.ORDERS, of=record.id)
        ]

    def ordered_on(self, server: str) -> list[Record]:
        """Return the records of a server, closed ones too, for which an order stands, oldest first."""
        return self._here(statements.ORDERED_ON, server=server)

    def ordered_of(self, account: str) -> list[Record]:
        """Return the records of an account for which an order stands, oldest first."""
        return self._here(statements.ORDERED_OF, account=account)

    def standing_orders(self) -> dict[tuple[int, float], tuple[str, str]]:
        """Return every order that stands: what tells it from all others → (server, account) of its record."""
        found = filter(self._is_here, self._rows(statements.STANDING))
        return {(row.id, row.at): (row.server, row.account) for row in found}


def _ordered(verb: str, at: datetime, said: Mapping[str, Any]) -> Ordered:
    more = {name: value for name, value in said.items() if name != "wording"}
    return Ordered(verb=verb, wording=str(said["wording"]), at=at, data=more)
