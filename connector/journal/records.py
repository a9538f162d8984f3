"""Records, their events and intents as they are written: each fact one SQL transaction, none open during network work.

A fact that the lifecycle forbids changes nothing; an event is never changed. Leaves to its callers: when to write
an intent before an effect. Source: protocol section 3, design page section 3.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.engine import Connection

from connector.errors import StaleRecordError
from connector.identity import new_reference
from connector.journal import schema, statements, straight
from connector.journal.lookups import Lookups, only
from connector.journal.rows import columns_of, place_text, record_of, whereabouts_of
from connector.lifecycle import DocumentFacts, Event, Record, State, after

log = logging.getLogger(__name__)


class Records(Lookups):
    """What happens to each request."""

    def add(self, event: Event | None = None, **fields: Any) -> Record:
        """Begin a record. ``fields`` as of :class:`Record`, without id, ref and times; returns it as kept.

        The earlier record of that place, if any, is no longer current.
        """
        now = self._now()
        with self._transaction() as connection:
            record = Record(
                id=0, ref=fields.pop("ref", None) or new_reference(), created_at=now, updated_at=now, **fields
            )
            if record.place:
                there = {"on": record.server, "there": place_text(record.place)}
                self._alone(connection, f"place {there['on']} {there['there']}")
                connection.execute(statements.LEAVE_PLACE, there)
            kept = self._begin(connection, record)
            self._keep_more(connection, kept, ())
            self._keep_whereabouts(connection, kept, frozenset())
            self._append(connection, kept, event.value if event else "added", {"state": kept.state.value})
        _tell(kept, event.value if event else "added")
        return kept

    def fact(
        self,
        record: Record,
        event: Event,
        *,
        data: Mapping[str, Any] | None = None,
        done: tuple[str, ...] = (),
        intend: Mapping[str, Mapping[str, Any]] | None = None,
        **changes: Any,
    ) -> Record:
        """Let ``event`` happen: state, changed fields, event row, finished intents and new ones, all or nothing.

        ``done``: steps whose intents end with this fact; ``intend``: step → data of intents that begin with it.
        Raises, changing nothing, LifecycleError when the table forbids the event in the state *now* kept,
        StaleRecordError when another job has changed the record since the caller read it.
        """
        with self._transaction() as connection:
            kept = self._unchanged(connection, record)
            state = after(kept.state, event)
            now = self._write(connection, kept, event.value, state, data, done, intend, changes)
        if state is not kept.state:
            _tell(now, event.value)
        return now

    def note(
        self,
        record: Record,
        name: str,
        *,
        data: Mapping[str, Any] | None = None,
        done: tuple[str, ...] = (),
        intend: Mapping[str, Mapping[str, Any]] | None = None,
        **changes: Any,
    ) -> Record:
        """Keep something that moves no state: what was seen, reported, tried. One transaction as :meth:`fact`."""
        if "state" in changes:
            raise ValueError("a state is changed by an event only")
        with self._transaction() as connection:
            kept = self._unchanged(connection, record)
            return self._write(connection, kept, name, kept.state, data, done, intend, changes)

    def touch(self, record: Record, **changes: Any) -> Record:
        """Keep something too small to be history (when the platform last answered, what a listing showed)."""
        if "state" in changes:
            raise ValueError("a state is changed by an event only")
        with self._transaction() as connection:
            before = self._unchanged(connection, record)
            kept = before.model_copy(update={**changes, "revision": before.revision + 1})
            self._write_later(connection, statements.KEEP, {"of": kept.id, **columns_of(kept)})
            self._keep_more(connection, kept, before.more)
            self._keep_whereabouts(connection, kept, whereabouts_of(before))
            return kept

    def _write(
        self,
        connection: Connection,
        kept: Record,
        name: str,
        state: State,
        data: Mapping[str, Any] | None,
        done: tuple[str, ...],
        intend: Mapping[str, Mapping[str, Any]] | None,
        changes: Mapping[str, Any],
    ) -> Record:
        now = self._now()
        record = kept.model_copy(
            update={**changes, "state": state, "updated_at": now, "revision": kept.revision + 1}
        )
        self._write_later(connection, statements.KEEP, {"of": record.id, **columns_of(record)})
        self._keep_more(connection, record, kept.more)
        self._keep_whereabouts(connection, record, whereabouts_of(kept))
        if done:
            ended = [{"of": record.id, "done": step} for step in done]
            self._write_later(connection, statements.END_INTENT, *ended)
        for step, values in (intend or {}).items():
            begun = {"record_id": record.id, "step": step, "at": now.timestamp()}
            self._write_later(connection, statements.INTEND, {**begun, "data": json.dumps(dict(values))})
        self._append(connection, record, name, {"state": state.value, **(data or {})})
        return record

    def relocate(
        self,
        server: str,
        *,
        folders: Collection[str],
        accounts: Collection[str],
        former: Collection[str],
        same_ids: bool = True,
    ) -> int:
        """Let the requests of these folders that lie on ``former`` servers lie on ``server``, those that are over, too.

        What is still to come home goes with its own accounts alone: a folder of another firm may have its name by now.
        Files stay where they are: it is the configuration that tells another server, or another name for it. Without
        ``same_ids`` they have other ids there. Some at a time, so that whoever is broken off goes on where it was.
        Returns how many there were.
        """
        given = {"former": sorted(former), "folders": sorted(folders), "accounts": sorted(accounts)}
        relocated = 0
        while True:
            with self._transaction() as connection:
                found = [record_of(row) for row in connection.execute(statements.OF_FORMER_ALONE, given)]
                for before in found:
                    changes = {"server": server, "revision": before.revision + 1}
                    kept = before.model_copy(update=changes | ({} if same_ids else _without_ids(before)))
                    if kept.place and kept.current:
                        kept = self._placed(connection, kept)
                    self._write_later(connection, statements.KEEP, {"of": kept.id, **columns_of(kept)})
                    self._keep_more(connection, kept, before.more)
                    self._keep_whereabouts(connection, kept, whereabouts_of(before))
                    self._append(connection, kept, "server_renamed", {"server": server})
            relocated += len(found)
            if len(found) < statements.AT_ONCE:
                return relocated

    def _placed(self, connection: Connection, record: Record) -> Record:
        """Let a request stand at its place; beside what was asked for there since, it is one of former times."""
        there = {"on": record.server, "there": place_text(record.place)}
        self._alone(connection, f"place {there['on']} {there['there']}")
        standing = connection.execute(
            statements.AT_PLACE, {"server": record.server, "place": place_text(record.place)}
        )
        if any(record_of(row).transaction for row in standing):
            return record.model_copy(update={"current": False})
        connection.execute(statements.LEAVE_PLACE, there)
        return record

    def intend(self, record: Record, step: str, data: Mapping[str, Any]) -> Record:
        """Commit that an effect is about to be made; replaces an intent of that step."""
        return self.note(record, f"intend_{step}", done=(step,), intend={step: data})

    def _keep_more(self, connection: Connection, record: Record, before: tuple[DocumentFacts, ...]) -> None:
        """Keep what further documents are found by; costs nothing where there are none, or none changed."""
        if record.more == before:
            return
        table = schema.document
        connection.execute(table.delete().where(table.c.record_id == record.id))
        for one in record.more:
            connection.execute(
                table.insert().values(
                    record_id=record.id,
                    rank=one.rank,
                    file_id=one.file_id,
                    sha256=one.sha256,
                    signed_sha256=one.signed_sha256,
                )
            )

    def _keep_whereabouts(self, connection: Connection, record: Record, before: frozenset[str]) -> None:
        """Keep where the files of a request lie; costs nothing where that has not changed."""
        now = whereabouts_of(record)
        if gone := [{"of": record.id, "there": one} for one in before - now]:
            self._write_later(connection, statements.LIE_NO_MORE, *gone)
        if new := [{"record_id": record.id, "digest": one} for one in now - before]:
            self._write_later(connection, statements.LIE, *new)

    def _unchanged(self, connection: Connection, record: Record) -> Record:
        """Return the record as kept, which must be what the caller has: its changes may copy whole fields."""
        kept = self._get(connection, record.id)
        if kept.revision != record.revision:
            raise StaleRecordError(f"{kept.ref} was changed meanwhile")
        return kept

    def _get(self, connection: Connection, record_id: int) -> Record:
        """Return a record to be changed: until the transaction is over it stays as it is."""
        if self.shared:
            found = connection.execute(statements.RECORD_ALONE, {"of": record_id}).all()
        else:
            found = straight.found(connection, statements.RECORD, {"of": record_id})
        return only(found, record_id)

    def _begin(self, connection: Connection, record: Record) -> Record:
        """Keep a new record under its reference; under another one where that is taken. Returns it with its id."""
        while True:
            if self.shared:
                found = connection.execute(statements.begin_unless_known(), columns_of(record)).scalar()
            elif connection.execute(statements.REFERENCE, {"ref": record.ref}).one_or_none():
                found = None
            else:
                made = connection.execute(statements.BEGIN, columns_of(record)).inserted_primary_key
                found = made[0] if made else 0
            if found is not None:
                return record.model_copy(update={"id": found})
            record = record.model_copy(update={"ref": new_reference()})

    def _append(self, connection: Connection, record: Record, name: str, data: Mapping[str, Any]) -> None:
        happened = {"record_id": record.id, "account": record.account, "at": self._now().timestamp()}
        said = {**happened, "name": name, "data": json.dumps(dict(data), default=str)}
        self._write_later(connection, statements.APPEND, said)


def _tell(record: Record, event: str) -> None:
    """Log where a request stands from now on: once for each step of its life, and nothing of what it is about."""
    subjects = {
        "ref": record.ref,
        "folder": record.folder,
        "state": record.state.value,
        "event": event,
        "account": record.account,
        "server": record.server,
    }
    log.info("%s in folder %s is %s (%s)", record.ref, record.folder, record.state.value, event,
             extra={"about": subjects})  # fmt: skip


def _without_ids(record: Record) -> dict[str, Any]:
    """Return what changes in a request whose files have other ids: what has its own there now is somebody else's."""
    document, *more = (one.model_copy(update={"file_id": None}) for one in record.documents)
    extra = {name: value for name, value in record.extra.items() if name != "tags"}
    return {"document": document, "more": tuple(more), "sidecar_file_id": None, "extra": extra}
