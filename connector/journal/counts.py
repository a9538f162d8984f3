"""How many requests stand where, for whoever watches: asked often, and short however long the journal is.

Nothing here reads a request's facts but of the few that are signed and not home. Source: ux page section 6.5.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from connector.journal import schema
from connector.journal.database import Database, when
from connector.journal.rows import record_of
from connector.lifecycle import TRANSITIONS, Record, State

_LEFT: Final = ("sent", "send_found")
"""Events of a request that left: its ``send`` was answered, or was found to have gone through."""
_MOVES: Final = ("added", *sorted({event.value for events in TRANSITIONS.values() for event in events}))
"""Events that a state begins with."""
_IN_ONE_GO: Final = 500


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Requests of one folder and state that are not closed; ``oldest_at``: when the first of them was first seen."""

    folder: str
    state: State
    count: int
    oldest_at: datetime


class Counts(Database):
    """Numbers of the journal. Every method is one statement, or two."""

    def standing(self, servers: Collection[str]) -> list[Standing]:
        """Count what is not closed on these servers, by folder and state."""
        columns = schema.record.c
        asked = (
            sa.select(
                columns.folder,
                columns.state,
                sa.func.count().label("count"),
                sa.func.min(columns.id).label("oldest"),
            )
            .where(columns.server.in_(servers), ~columns.closed)
            .group_by(columns.folder, columns.state)
        )
        with self._reading() as connection:
            rows = connection.execute(asked).all()
        begun = self._begun([row.oldest for row in rows])
        return [
            Standing(
                folder=row.folder,
                state=State(row.state),
                count=row[2],
                oldest_at=begun.get(row.oldest, self._now()),
            )
            for row in rows
        ]

    def _begun(self, records: Collection[int]) -> dict[int, datetime]:
        """Return when each record was begun: its first event was kept with it."""
        if not records:
            return {}
        columns = schema.event.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(columns.record_id, sa.func.min(columns.at))
                .where(columns.record_id.in_(records))
                .group_by(columns.record_id)
            ).all()
        return {row[0]: when(row[1]) for row in rows}

    def left(self, accounts: Collection[str]) -> dict[str, int]:
        """Count the requests of each account that have left, since this journal was begun."""
        columns = schema.event.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(columns.account, sa.func.count())
                .where(columns.account.in_(accounts), columns.name.in_(_LEFT))
                .group_by(columns.account)
            ).all()
        return dict.fromkeys(accounts, 0) | {str(row[0]): int(row[1]) for row in rows}

    def open_in(self, servers: Collection[str], states: Collection[State]) -> list[Record]:
        """Return what is not closed on these servers and in one of these states, oldest first."""
        columns = schema.record.c
        asked: sa.Select[Any] = (
            sa.select(columns.id, columns.current, columns.facts)
            .where(
                columns.server.in_(servers),
                ~columns.closed,
                columns.state.in_([state.value for state in states]),
            )
            .order_by(columns.id)
        )
        with self._reading() as connection:
            return [record_of(row) for row in connection.execute(asked)]

    def ended_since(self, accounts: Collection[str], since: datetime) -> dict[tuple[str, State], int]:
        """Count what came to its end from ``since`` on, by folder and by the state it is in now."""
        event, record = schema.event.c, schema.record.c
        ended = [state.value for state in State if state.ended]
        asked = (
            sa.select(record.folder, record.state, sa.func.count(sa.distinct(record.id)))
            .select_from(schema.event.join(schema.record, event.record_id == record.id))
            .where(
                event.account.in_(accounts),
                event.name.in_(_MOVES),
                event.at >= since.timestamp(),
                record.state.in_(ended),
            )
            .group_by(record.folder, record.state)
        )
        with self._reading() as connection:
            return {(row[0], State(row[1])): int(row[2]) for row in connection.execute(asked)}

    def one_by_one(self) -> Iterator[Record]:
        """Yield every record, oldest first, a few hundred in hand at a time: for verbs that look at all of them."""
        columns, last = schema.record.c, 0
        asked: sa.Select[Any] = (
            sa.select(columns.id, columns.current, columns.facts)
            .where(columns.id > sa.bindparam("last"))
            .order_by(columns.id)
            .limit(_IN_ONE_GO)
        )
        while True:
            with self._reading() as connection:
                rows = connection.execute(asked, {"last": last}).all()
            if not rows:
                return
            last = rows[-1].id
            for row in rows:
                yield record_of(row)

    def how_many(self) -> int:
        """Return how many records there are."""
        with self._reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(schema.record)).scalar_one())

    def naming(self, transaction: str, parts_of_paths: Collection[str]) -> list[Record]:
        """Return every record with this transaction, or with one of these texts in whatever it holds, oldest first.

        The database looks through all of them: for questions that are rarely asked.
        """
        columns = schema.record.c
        within = [self._holding(json.dumps(part)[1:-1]) for part in parts_of_paths]
        asked: sa.Select[Any] = (
            sa.select(columns.id, columns.current, columns.facts)
            .where(sa.or_(columns.transaction_id == transaction, *within))
            .order_by(columns.id)
        )
        with self._reading() as connection:
            return [record_of(row) for row in connection.execute(asked)]
