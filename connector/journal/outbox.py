"""What is still to be told, to whom: one row a piece of news, kept until it was told or given up.

A row holds no text: what is told is made of the journal's facts when it leaves, so that nothing personal lies here but
the address it goes to, which is emptied with the row's end. Rows that leave together bear the same ``batch`` before
they do (the intent): after a crash the same mail goes again, under the same name. Keys and causes are the caller's;
one that is known already is not taken again. Source: issue "The administrator's day" point 7.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from connector.journal import schema, statements
from connector.journal.database import Database, when

_CURSOR: Final = "told_up_to"
WAITING, LEAVING, TOLD, DROPPED = "waiting", "leaving", "told", "dropped"
"""``Letter.state``. LEAVING: it was tried; whether it left is not known until it is TOLD, or WAITING once more."""
_OPEN: Final = (WAITING, LEAVING)
_UNHEARD: Final = "unheard"
"""``Letter.unheard`` in the column ``data``: journals of before have no other place for it."""
_WAIT_S: Final = 1.0
"""So long those who are just keeping something are waited for; what they keep is news for the next round then."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One piece of news for one place. Times are aware UTC; ``data`` is of plain types and names nobody."""

    key: str
    kind: str
    """What it is made of, and how: ``request``, ``alarm``, ``digest``, ``hook`` …"""
    to: str
    """An address, or a hook's name; empty once it is over."""
    cause: str
    """Equal for what may be told together."""
    due_at: datetime
    phase: str = ""
    """``on`` or ``over`` for what begins and ends."""
    record_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    at: datetime | None = None
    attempts: int = 0
    state: str = WAITING
    batch: str = ""
    done_at: datetime | None = None
    error: str = ""
    unheard: int = 0
    """How often nobody answered to it: it has perhaps been taken so often."""


@dataclass(frozen=True, kw_only=True)
class News:
    """One event of the journal, as it was kept. ``record_id`` None: of an account, a server, a folder."""

    id: int
    record_id: int | None
    subject: str
    name: str
    at: datetime
    data: Mapping[str, Any]


class Outbox(Database):
    """What the journal knows of what is to be told."""

    def told_up_to(self) -> int:
        """Return the number of the last event that was looked at."""
        with self._reading() as connection:
            value = connection.execute(
                sa.select(schema.meta.c.value).where(schema.meta.c.name == _CURSOR)
            ).scalar()
        return int(value) if value is not None else 0

    def news(self, after: int, *, limit: int = 500) -> list[News]:
        """Return what has happened since an event, in its order; nothing yet while an earlier one is being kept."""
        columns = schema.event.c
        asked = sa.select(schema.event).where(columns.id > after).order_by(columns.id).limit(limit)
        with self._reading() as connection:
            rows = connection.execute(asked).all()
        if rows and self.shared:
            # Of several that write at once, one may have taken an earlier number and not be through yet: whoever
            # goes on from a later one would never hear of it. Once they are, nothing earlier can come.
            if not self._all_kept():
                return []
            with self._reading() as connection:
                rows = connection.execute(asked.where(columns.id <= rows[-1].id)).all()
        return [
            News(
                id=row.id,
                record_id=row.record_id,
                subject=row.account or "",
                name=row.name,
                at=when(row.at),
                data=json.loads(row.data),
            )
            for row in rows
        ]

    def held_before(self, account: str, event: int) -> list[str]:
        """Return what an account was held for, one cause after the other, from its last release to that event."""
        columns = schema.event.c
        of_it = [columns.account == account, columns.record_id.is_(None), columns.id < event]
        released = sa.select(sa.func.coalesce(sa.func.max(columns.id), 0)).where(
            *of_it, columns.name == "released"
        )
        asked = (
            sa.select(columns.data)
            .where(*of_it, columns.name == "held", columns.id > released.scalar_subquery())
            .order_by(columns.id)
        )
        with self._reading() as connection:
            return [str(json.loads(data)["cause"]) for data in connection.execute(asked).scalars()]

    def _all_kept(self) -> bool:
        """Wait for those who write events now; False where one of them takes long (PostgreSQL)."""
        until, writing = time.monotonic() + _WAIT_S, self._keeping()
        while writing:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
            writing &= self._keeping()
        return True

    def _keeping(self) -> set[str]:
        with self._reading() as connection:
            return set(connection.execute(statements.KEEPING_EVENTS).scalars())

    def touched(self, since: datetime, names: Iterable[str] = ()) -> list[int]:
        """Return which records something, or one of ``names``, has happened to since then."""
        columns, wanted = schema.event.c, list(names)
        with self._reading() as connection:
            found = connection.execute(
                sa.select(columns.record_id)
                .distinct()
                .where(
                    columns.record_id.is_not(None),
                    columns.at >= since.timestamp(),
                    *([columns.name.in_(wanted)] if wanted else []),
                )
                .order_by(columns.record_id)
            ).scalars()
            return [int(one) for one in found]

    def post(
        self,
        letters: Iterable[Letter],
        *,
        up_to: int | None = None,
        take_back: Iterable[str] = (),
        over: Iterable[str] = (),
    ) -> int:
        """Keep what is to be told, and how far the events were looked at, in one; returns how many were new.

        ``take_back``: keys of what waits and is not news any more. ``over``: causes that have ended while nobody is
        told of it.
        """
        now, added = self._now().timestamp(), 0
        columns = schema.outbox.c
        with self._transaction() as connection:
            self._alone(connection, "outbox")
            for key in take_back:
                _end(
                    connection,
                    [columns.key == key, columns.state == WAITING],
                    DROPPED,
                    now,
                    "no news any more",
                )
            for cause in over:
                of_it = columns.cause == cause
                _end(connection, [of_it, columns.state.in_(_OPEN)], DROPPED, now, "no news any more")
                connection.execute(
                    schema.outbox.update().where(of_it, columns.state == TOLD).values(phase="over")
                )
            for letter in letters:
                known = connection.execute(sa.select(columns.id).where(columns.key == letter.key)).first()
                if known is not None:
                    continue
                added += 1
                connection.execute(
                    schema.outbox.insert().values(
                        key=letter.key,
                        kind=letter.kind,
                        to=letter.to,
                        cause=letter.cause,
                        phase=letter.phase,
                        record_id=letter.record_id,
                        data=json.dumps(dict(letter.data), default=str),
                        at=now,
                        due_at=letter.due_at.timestamp(),
                        attempts=0,
                        state=WAITING,
                        batch="",
                        error="",
                    )
                )
            if up_to is not None:
                _move_cursor(connection, up_to)
        return added

    def letters(self) -> list[Letter]:
        """Return what is not told yet, the oldest first."""
        columns = schema.outbox.c
        open_ = sa.select(schema.outbox).where(columns.state.in_(_OPEN)).order_by(columns.id)
        with self._reading() as connection:
            rows = connection.execute(open_).all()
        return [_letter(row) for row in rows]

    def known_letters(self, keys: Iterable[str]) -> set[str]:
        """Return which of these keys were posted before, whatever became of them."""
        columns = schema.outbox.c
        with self._reading() as connection:
            found = connection.execute(sa.select(columns.key).where(columns.key.in_(list(keys)))).scalars()
            return set(found)

    def last_letter(self, cause: str) -> Letter | None:
        """Return the newest of a cause, whatever became of it; what was taken back aside."""
        columns = schema.outbox.c
        with self._reading() as connection:
            row = connection.execute(
                sa.select(schema.outbox)
                .where(columns.cause == cause, columns.state != DROPPED)
                .order_by(columns.id.desc())
                .limit(1)
            ).one_or_none()
        return None if row is None else _letter(row)

    def last_told(self, cause: str) -> Letter | None:
        """Return the newest of a cause that was told."""
        columns = schema.outbox.c
        with self._reading() as connection:
            row = connection.execute(
                sa.select(schema.outbox)
                .where(columns.cause == cause, columns.state == TOLD)
                .order_by(columns.id.desc())
                .limit(1)
            ).one_or_none()
        return None if row is None else _letter(row)

    def told_since(self, since: datetime, *, but: str) -> bool:
        """Was anything told since then, of any kind but one? What nobody answered to is not known to be."""
        columns = schema.outbox.c
        asked = sa.select(columns.id).where(
            columns.state == TOLD,
            columns.done_at >= since.timestamp(),
            columns.kind != but,
            columns.error == "",
        )
        with self._reading() as connection:
            return connection.execute(asked.limit(1)).first() is not None

    def first_told(self, cause: str, since: datetime) -> datetime | None:
        """Return when something of a cause was told first since then. Asked for every status: cheap."""
        for row in self._rows(statements.FIRST_TOLD, cause=cause, since=since.timestamp()):
            return when(row.done_at)
        return None

    def count_told(self, cause: str, since: datetime) -> int:
        """Return how often something of a cause was told since then."""
        columns = schema.outbox.c
        with self._reading() as connection:
            return int(
                connection.execute(
                    sa.select(sa.func.count()).where(
                        columns.cause == cause, columns.state == TOLD, columns.done_at >= since.timestamp()
                    )
                ).scalar_one()
            )

    def begin_letters(self, letters: Sequence[Letter]) -> str:
        """The intent: what leaves together has one name from now on. Returns it, as often as it is asked."""
        batch = next((one.batch for one in letters if one.batch), letters[0].key)
        columns = schema.outbox.c
        with self._transaction() as connection:
            connection.execute(
                schema.outbox.update()
                .where(columns.id.in_([one.id for one in letters]), columns.state.in_(_OPEN))
                .values(state=LEAVING, batch=batch)
            )
        return batch

    def end_letters(self, letters: Sequence[Letter], state: str, *, why: str = "", words: str = "") -> None:
        """The fact: told, or given up. Their address goes; ``words``: a digest of what a digest said."""
        columns = schema.outbox.c
        with self._transaction() as connection:
            ids = [columns.id.in_([one.id for one in letters])]
            _end(connection, ids, state, self._now().timestamp(), why)
            if words:
                connection.execute(
                    schema.outbox.update().where(*ids).values(data=json.dumps({"words": words}))
                )

    def put_off_letters(
        self,
        letters: Sequence[Letter],
        due_at: datetime,
        why: str,
        *,
        tried: bool = True,
        perhaps: bool = False,
    ) -> None:
        """They did not leave, or may not yet: again at ``due_at``. ``perhaps``: whether they left is not known.

        ``letters`` as they were before this try: what was not known of an earlier one is not known now.
        """
        columns = schema.outbox.c
        put_off = schema.outbox.update().values(
            due_at=due_at.timestamp(), attempts=columns.attempts + int(tried), error=why[:500]
        )
        here = [one.id for one in letters if one.state == WAITING and not perhaps]
        with self._transaction() as connection:
            connection.execute(put_off.where(columns.id.in_([one.id for one in letters])))
            for one in letters if perhaps else ():
                told = json.dumps({**one.data, _UNHEARD: one.unheard + 1}, default=str)
                connection.execute(schema.outbox.update().where(columns.id == one.id).values(data=told))
            if here:
                connection.execute(
                    schema.outbox.update()
                    .where(columns.id.in_(here), columns.state == LEAVING)
                    .values(state=WAITING)
                )

    def forget_letters(self, mentions: Callable[[str], bool]) -> int:
        """Give up what would go to somebody who is forgotten; returns how many."""
        gone = [one for one in self.letters() if one.to and mentions(one.to)]
        if gone:
            self.end_letters(gone, DROPPED, why="forgotten")
        return len(gone)

    def prune_letters(self, before: datetime) -> int:
        """Remove what was over before then."""
        columns = schema.outbox.c
        with self._transaction() as connection:
            return connection.execute(
                schema.outbox.delete().where(
                    columns.state.in_((TOLD, DROPPED)), columns.done_at < before.timestamp()
                )
            ).rowcount


def _move_cursor(connection: sa.Connection, up_to: int) -> None:
    """Only forward: another process may have looked further meanwhile."""
    named = schema.meta.c.name == _CURSOR
    before = connection.execute(sa.select(schema.meta.c.value).where(named)).scalar()
    if before is None:
        connection.execute(schema.meta.insert().values(name=_CURSOR, value=str(up_to)))
    elif int(before) < up_to:
        connection.execute(schema.meta.update().where(named).values(value=str(up_to)))


def _end(
    connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]], state: str, at: float, why: str
) -> None:
    connection.execute(
        schema.outbox.update().where(*where).values(state=state, done_at=at, to="", error=why[:500])
    )


def _letter(row: sa.Row[Any]) -> Letter:
    data = json.loads(row.data)
    unheard = int(data.pop(_UNHEARD, 0))
    return Letter(
        id=row.id,
        key=row.key,
        kind=row.kind,
        to=row.to,
        cause=row.cause,
        phase=row.phase,
        record_id=row.record_id,
        data=data,
        at=when(row.at),
        due_at=when(row.due_at),
        attempts=row.attempts,
        state=row.state,
        batch=row.batch,
        done_at=None if row.done_at is None else when(row.done_at),
        error=row.error,
        unheard=unheard,
    )
