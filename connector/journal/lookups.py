"""What the journal is asked of its requests: looked up by key, place, file or content, and listed to be worked on.

Nothing here writes. Lists of work leave out what other processes hold (``scope``); what is looked up to tell one
request from another is never left out. Source: protocol R1, R3, R12.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from connector.errors import JournalError
from connector.journal import schema, statements
from connector.journal.database import Database, when
from connector.journal.rows import digest_of_href, place_text, record_of
from connector.journal.straight import Rows
from connector.lifecycle import Record, State

KEYS_AT_ONCE = 500
"""So many are looked up by one statement."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is not worked with here, as other processes do: names of folders and of accounts."""

    folders: frozenset[str]
    accounts: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Intent:
    """Something about to be done outside. ``data`` is a mapping of plain types."""

    record_id: int
    step: str
    at: datetime
    data: Mapping[str, Any]


class Lookups(Database):
    """What the journal knows of each request."""

    scope: Scope | None = None
    """What its lists of work leave out; nothing is left out of what is looked up by key, place, id or content."""

    def within(self, scope: Scope | None) -> Self:
        """Return the same journal with other lists of work; whoever closes either closes both."""
        made = copy(self)
        made.scope = scope
        return made

    def get(self, record_id: int) -> Record:
        """Return a record as kept now."""
        return only(self._rows(statements.RECORD, of=record_id), record_id)

    def by_ref(self, ref: str) -> Record | None:
        """Return the record of a reference, upper or lower case."""
        return self._first(statements.BY_REF, ref=ref.upper())

    def at_place(self, server: str, place: str) -> Record | None:
        """Return the current record of a sidecar's href."""
        return self._first(statements.AT_PLACE, server=server, place=place_text(place))

    def by_key(self, key: str) -> Record | None:
        """Return the record that holds a key, the newest first."""
        return self._first(statements.BY_KEY, key=key)

    def with_keys(self, keys: Iterable[str]) -> dict[str, Record]:
        """Return the record that holds each of these keys, the newest; a key that none holds is not in it."""
        wanted, found = sorted(keys), dict[str, Record]()
        for first in range(0, len(wanted), KEYS_AT_ONCE):
            with self._reading() as connection:
                some = {"keys": wanted[first : first + KEYS_AT_ONCE]}
                rows = connection.execute(statements.WITH_KEYS, some).all()
            for record in map(record_of, rows):
                found[str(record.key)] = record
        return found

    def open_records(self, server: str) -> list[Record]:
        """Return what is not closed yet on one server, oldest first."""
        return self._here(statements.OPEN, server=server)

    def open_in_folder(self, server: str, folder: str) -> list[Record]:
        """Return the same of one folder: what others have open costs nothing."""
        return self._here(statements.OPEN_IN_FOLDER, server=server, folder=folder)

    def open_anywhere(self, server: str) -> list[Record]:
        """Return the same, whichever process works on it: to tell whose a file is, not to work on it."""
        return self._listed(statements.OPEN, lambda _row: True, server=server)

    def servers(self) -> frozenset[str]:
        """Return the servers on which requests lie, or lay when they ended."""
        with self._reading() as connection:
            return frozenset(connection.execute(statements.SERVERS).scalars())

    def lie_on(self, former: Collection[str], *, folders: Collection[str], accounts: Collection[str]) -> bool:
        """True where requests lie on these servers that would be relocated (``Records.relocate``)."""
        given = {"former": sorted(former), "folders": sorted(folders), "accounts": sorted(accounts)}
        with self._reading() as connection:
            return connection.execute(statements.OF_FORMER.limit(1), given).first() is not None

    def touching(self, server: str, hrefs: Iterable[str], file_ids: Iterable[str]) -> list[Record]:
        """Return what is not closed yet and has one of these files among its documents, or as its status, oldest first.

        ``file_ids``: of documents. Asked for each request that is judged; whoever works on them.
        """
        places = {f"href_{n}": digest_of_href(server, href) for n, href in enumerate(hrefs)}
        ids = {f"id_{n}": ident for n, ident in enumerate(file_ids)}
        if not places and not ids:
            return []
        of_server = {"server": server} if ids else {}
        found = self._all(statements.touching(len(places), len(ids)), **of_server, **places, **ids)
        return [record for record in found if record.server == server and not record.closed]

    def places(self, server: str, folder: str) -> list[Record]:
        """Return the current records of one folder, closed ones too, oldest first."""
        return self._all(statements.IN_FOLDER, server=server, folder=folder)

    def places_unlike(
        self, server: str, folder: str, known: Mapping[int, int]
    ) -> Iterator[tuple[int, int, Record | None]]:
        """Yield id and fingerprint of a folder's current records, oldest first, with each whose ``known`` one differs.

        A fingerprint holds within this process. What has not changed is not handed out again: a folder keeps its
        finished requests for years. They are read a few at a time, as by :meth:`everything`.
        """
        given = {"server": server, "folder": folder}
        with self._reading() as connection:
            prints = statements.PRINTS if self.shared else statements.PRINTS_HERE
            listed = connection.execute(prints, given).all()
        for first in range(0, len(listed), statements.AT_ONCE):
            some = listed[first : first + statements.AT_ONCE]
            changed = [row.id for row in some if row.version < 0 or known.get(row.id) != row.version]
            rows = {row.id: row for row in self._fetched(changed)} if changed else {}
            for row in some:
                found = rows.get(row.id)
                yield row.id, row.version, None if found is None else record_of(found)

    def _next(self, statement: sa.Select[Any], **given: str) -> Iterator[sa.Row[Any]]:
        """Yield the rows of a statement that asks for those ``after`` an id, ``statements.AT_ONCE`` at once."""
        last = 0
        while True:
            with self._reading() as connection:
                rows = connection.execute(statement, {**given, "after": last}).all()
            yield from rows
            if len(rows) < statements.AT_ONCE:
                return
            last = rows[-1].id

    def followed(self, account: str) -> list[Record]:
        """Return the records of one account that the platform is asked about."""
        return self._here(statements.FOLLOWED, account=account)

    def launching(self, account: str) -> list[Record]:
        """Return the records of one account that are about to leave, or wait for that."""
        return self._here(statements.LAUNCHING, account=account)

    def carried(self, account: str) -> list[Record]:
        """Return the records of one account that are not over and have a transaction."""
        return self._here(statements.CARRIED, account=account)

    def following(self, account: str, transaction: str) -> list[Record]:
        """Return every record of an account that has, or had, this transaction, oldest first."""
        return self._all(statements.FOLLOWING, account=account, transaction=transaction)

    def mentioning(self, account: str, texts: Iterable[str]) -> list[Record]:
        """Return every record of an account that holds one of these texts, as a whole value, oldest first.

        The database looks through all of them: for questions that are rarely asked.
        """
        columns = schema.record.c
        wanted = [self._holding(json.dumps(text)) for text in texts]
        if not wanted:
            return []
        with self._reading() as connection:
            found = connection.execute(statements.RECORDS.where(columns.account == account, sa.or_(*wanted)))
            return [record_of(row) for row in found]

    def knowing(self, *, sha256: str) -> list[Record]:
        """Return every record one of whose documents, as found or as signed, has these bytes."""
        return self._all(statements.KNOWING, sha256=sha256)

    def with_sidecar(self, server: str, sha256: str) -> list[Record]:
        """Return every record of a server whose sidecar had these bytes."""
        return self._all(statements.WITH_SIDECAR, server=server, sha256=sha256)

    def with_file_id(self, server: str, file_id: str) -> list[Record]:
        """Return every record of a server whose main document bears this file id, newest last (protocol R3)."""
        return self._all(statements.WITH_FILE_ID, server=server, file_id=file_id)

    def all_at_place(self, server: str, place: str) -> list[Record]:
        """Return every record that this place ever had, oldest first."""
        return self._all(statements.ALL_AT_PLACE, server=server, place=place_text(place))

    def everything(self) -> Iterator[Record]:
        """Yield all records, oldest first, each as it is when its turn comes.

        A few at a time are in memory: a journal of some years holds a hundred thousand.
        """
        return map(record_of, self._next(statements.NEXT))

    def events(self, record: Record) -> list[tuple[datetime, str, dict[str, Any]]]:
        """Return what happened to a record: (when, name, data), in order."""
        with self._reading() as connection:
            rows = connection.execute(statements.EVENTS, {"of": record.id}).all()
        return [(when(at), name, json.loads(data)) for at, name, data in rows]

    def count_events(self, account: str, name: str, *, since: datetime) -> int:
        """Count an account's events of one name from ``since`` on."""
        of = {"account": account, "name": name, "since": since.timestamp()}
        with self._reading() as connection:
            return int(connection.execute(statements.COUNT_EVENTS, of).scalar_one())

    def launches(
        self, *, since: datetime, accounts: Sequence[str], folder: str | None = None
    ) -> list[datetime]:
        """Return when requests of these accounts were launched from ``since`` on, the earliest first, each once.

        Launched is what was marked, which has left or leaves next, and what was sent of what was marked before.
        ``folder``: those alone that lay in that one when they were marked, wherever they were moved to since.
        """
        event, record = schema.event.c, schema.record.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(event.record_id, event.at, event.data, record.folder)
                .select_from(schema.event.join(schema.record, event.record_id == record.id))
                .where(
                    event.account.in_(accounts),
                    event.name.in_(statements.LAUNCHED),
                    event.at >= since.timestamp(),
                )
                .order_by(event.at)
            ).all()
        found: dict[int, tuple[float, str]] = {}
        for ident, at, data, now_in in rows:
            lay_in = json.loads(data).get("folder") or (found[ident][1] if ident in found else now_in)
            found[ident] = (at, lay_in)
        return sorted(when(at) for at, lay_in in found.values() if folder in {None, lay_in})

    def count_launches(self, account: str, *, since: datetime) -> int:
        """Count what :meth:`launches` finds of one account: asked before each launch."""
        found = self._rows(statements.COUNT_LAUNCHES, account=account, since=since.timestamp())
        return int(found[0].launched)

    def count_shown(self, server: str, below: str) -> int:
        """Count the requests that are shown and wait for a word, whose sidecars lie below a folder.

        Not those to which that word is said further down (``send_scope``): in a folder of theirs, or by themselves.
        """
        columns = schema.record.c
        said = '"send_scope": ' + json.dumps(below)
        further_down = sa.and_(
            columns.facts.contains(said[:-1], autoescape=True),
            sa.not_(columns.facts.contains(said, autoescape=True)),
        )
        with self._reading() as connection:
            return int(
                connection.execute(
                    sa.select(sa.func.count()).where(
                        columns.server == server,
                        columns.state == State.PREVIEWED.value,
                        columns.current,
                        sa.func.substr(columns.place, 1, len(below)) == below,
                        sa.not_(further_down),
                    )
                ).scalar_one()
            )

    def intent(self, record: Record, step: str) -> Intent | None:
        """Return the open intent of a step."""
        for row in self._rows(statements.INTENT, of=record.id, wanted=step):
            return Intent(record_id=record.id, step=step, at=when(row.at), data=json.loads(row.data))
        return None

    def intended(self, record: Record) -> tuple[str, ...]:
        """Return the steps whose intents are open."""
        return tuple(row.step for row in self._rows(statements.INTENDED, of=record.id))

    def intending(self, server: str, step: str) -> list[Record]:
        """Return the records of a server, closed ones too, that have an open intent of a step, oldest first."""
        return self._here(statements.INTENDING, server=server, step=step)

    def _first(self, statement: sa.Select[Any], **given: str) -> Record | None:
        return next(map(record_of, self._rows(statement, **given)), None)

    def _here(self, statement: sa.Select[Any], **given: str) -> list[Record]:
        """Return the records of one of the lists of work that are worked on here."""
        return self._listed(statement, self._is_here, **given)

    def _listed(
        self, statement: sa.Select[Any], wanted: Callable[[sa.Row[Any]], bool], **given: str
    ) -> list[Record]:
        """Return the records of a list; of a shared journal those that are wanted, by their folders and accounts."""
        if not self.shared:
            return self._all(statement, **given)
        with self._reading() as connection:
            listed = connection.execute(statements.LISTED[statement], given).all()
        found = self._kept.all([row for row in listed if wanted(row)], self._fetched)
        # What was fetched is as it is now; it may have been closed since it was listed.
        return [one for one in found if not one.closed] if statement in statements.OPEN_ONES else found

    def _is_here(self, row: sa.Row[Any]) -> bool:
        """Is a record, by its folder and account, worked on here? Looked at here: others may hold ten thousand."""
        scope = self.scope
        return scope is None or not (row.folder in scope.folders or row.account in scope.accounts)

    def _fetched(self, ids: Sequence[int]) -> Rows:
        with self._reading() as connection:
            wanted = statements.FETCHED if self.shared else statements.FETCHED_HERE
            return connection.execute(wanted, {"ids": list(ids)}).all()

    def _all(self, statement: sa.Select[Any], **given: str) -> list[Record]:
        return [record_of(row) for row in self._rows(statement, **given)]


def only(found: Rows, record_id: int) -> Record:
    """Return the record that was asked for by its id. Raises JournalError where there is none."""
    for row in found:
        return record_of(row)
    raise JournalError(f"the journal knows no record {record_id}")
