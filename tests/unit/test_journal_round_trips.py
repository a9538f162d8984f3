"""How often the journal waits for PostgreSQL: a network lies between, and every request pays for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import JournalError
from connector.journal import Journal
from connector.lifecycle import Event
from tests import postgres
from tests.postgres import Turns
from tests.unit.test_journal_at_once import add, alive

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def turns(postgres_url: str) -> Iterator[Turns]:
    with closing(Turns(postgres.shared_cluster(), postgres.named(postgres_url))) as made:
        yield made


def test_what_each_costs(turns: Turns) -> None:
    """A read: one. A fact: its begin, the fence, the record, and all that is written together with the commit."""
    with closing(Journal(turns.url, now=lambda: NOW)) as journal:
        journal.token = alive(journal, "+ 90")
        record = add(journal)

        def cost(work: Callable[[], Any]) -> tuple[int, Any]:
            turns.count = 0
            found = work()
            return turns.count, found

        assert cost(lambda: journal.held("lyon")) == (1, None)
        assert cost(lambda: journal.get(record.id)) == (1, record)
        spent, record = cost(
            lambda: journal.fact(
                record, Event.PREPARED, done=("a", "b"), intend={"mark": {}, "x": {}}, transaction="T"
            )
        )
        assert spent == 4
        assert journal.intended(record) == ("mark", "x")
        spent, record = cost(lambda: journal.intend(record, "mark", {"again": True}))
        assert spent == 4
        intent = journal.intent(record, "mark")
        assert intent is not None
        assert intent.data == {"again": True}
        spent, record = cost(lambda: journal.touch(record, word="x"))
        assert spent == 4
        assert cost(lambda: journal.mark_account("lyon", "x", {}))[0] == 3
        assert cost(lambda: add(journal, place="/b.sign.yaml"))[0] <= 7
        assert [name for _, name, _ in journal.events(record)] == ["added", "prepared", "intend_mark"]
        with pytest.raises(JournalError, match="UniqueViolation"):
            journal.note(record, "seen", intend={"mark": {}}, word="y")
        assert journal.get(record.id) == record
