"""What goes straight to SQLite's driver means what SQLAlchemy would have made of it, and fails as it would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.errors import JournalError
from connector.journal import Journal, schema, statements, straight
from connector.journal.rows import columns_of
from connector.lifecycle import DocumentFacts, Event, State


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    file = tmp_path / "journal.sqlite"
    with closing(Journal(f"sqlite:///{file}", now=lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))) as made:
        yield made


def fields(**more: Any) -> dict[str, Any]:
    said = {
        "folder": "l",
        "server": "dms",
        "account": "lyon",
        "state": State.WAITING,
        "place": "/L/ü 'a'.sign.yaml",
    }
    return {**said, "document": DocumentFacts(href="/L/ü 'a'.pdf", sha256="a" * 64), **more}


def rows(journal: Journal, table: sa.Table) -> list[tuple[Any, ...]]:
    with journal._reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]


def test_the_same_is_kept_and_found(journal: Journal) -> None:
    """Texts, truth values, numbers and nothing, each written and read both ways."""
    record = journal.add(Event.ACCEPTED, **fields())
    event = {"record_id": record.id, "account": None, "at": 1.5, "name": "n", "data": '{"é": "\'"}'}
    changed = {"of": record.id, **columns_of(record), "closed": True, "next_at": 2.5, "current": False}
    for write in (straight.write, lambda one, asked, given: one.execute(asked, given)):
        with journal._transaction() as connection:
            write(connection, statements.KEEP, changed)
            write(connection, statements.APPEND, event)
    assert [one[1:] for one in rows(journal, schema.event)][-2:] == [tuple(event.values())] * 2
    with journal._transaction() as connection:
        (found,) = straight.found(connection, statements.RECORD, {"of": record.id})
        assert found == connection.execute(statements.RECORD, {"of": record.id}).one()
        assert found.current is False
        assert straight.found(connection, statements.RECORD, {"of": record.id + 1}) == []
        given = {"on": "dms", "there": str(changed["place"])}
        straight.write(connection, statements.LEAVE_PLACE, given)  # with a value of the statement's own


def test_a_fact_asks_sqlalchemy_for_its_beginning_alone(journal: Journal) -> None:
    """What it writes is one transaction still: begun by SQLAlchemy, committed and taken back by it."""
    record = journal.add(Event.ACCEPTED, **fields())
    asked: list[str] = []
    sa.event.listen(journal._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    record = journal.intend(record, "mark", {"nonce": "n"})
    assert asked == ["BEGIN IMMEDIATE"]
    before = rows(journal, schema.event), rows(journal, schema.intent), rows(journal, schema.record)

    def cut() -> None:
        with journal._transaction() as connection:
            journal._write(connection, record, "seen", record.state, None, ("mark",), {"send": {}}, {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut()
    assert (rows(journal, schema.event), rows(journal, schema.intent), rows(journal, schema.record)) == before


def test_what_fails_is_told_as_ever(journal: Journal) -> None:
    """An error of SQLite's is the journal's, undoes the whole transaction, and quotes no value of anybody's."""
    record = journal.add(Event.ACCEPTED, **fields())
    with journal._transaction() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refused BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
    with pytest.raises(JournalError, match="no more") as caught:
        journal.note(record, "seen", data={"name": "Dupont"}, reported="y")
    assert isinstance(caught.value.__cause__, sa.exc.DBAPIError)
    assert isinstance(caught.value.__cause__.orig, sqlite3.IntegrityError)
    assert "Dupont" not in f"{caught.value} {caught.value.__cause__}"
    assert journal.get(record.id) == record
