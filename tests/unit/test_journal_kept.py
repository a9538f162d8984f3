"""Open records of a shared journal are read once, and again only when they have changed, by whomever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from connector.journal import Journal, kept
from connector.journal.lookups import Scope
from connector.lifecycle import DocumentFacts, Event, Record, State

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _opened(url: str) -> Journal:
    return Journal(url, now=lambda: NOW)


def _added(journal: Journal, number: int, folder: str = "lettres") -> Record:
    return journal.add(
        Event.ACCEPTED, folder=folder, server="dms", account=folder, state=State.WAITING,
        place=f"/{folder}/{number}.sign.yaml", document=DocumentFacts(href=f"/{folder}/{number}.pdf"),
    )  # fmt: skip


@contextmanager
def _fetched() -> Iterator[list[int]]:
    """Gather the ids whose facts are fetched."""
    found: list[int] = []

    def run(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "record.facts" in statement:
            found.extend(given.get("ids", [-1]))

    sa.event.listen(sa.Engine, "before_cursor_execute", run)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", run)


def test_what_has_not_changed_is_not_fetched_again(postgres_url: str) -> None:
    with closing(_opened(postgres_url)) as journal, closing(_opened(postgres_url)) as other:
        one, two, three = (_added(journal, number) for number in range(3))
        assert journal.open_records("dms") == [one, two, three]
        with _fetched() as facts:
            assert journal.open_records("dms") == [one, two, three]
            assert facts == []
            changed = other.note(two, "reported", reported="x")
            assert facts == [-1]  # whoever writes reads the record first
            facts.clear()
            assert journal.open_records("dms") == [one, changed, three]
            assert facts == [two.id]
        other.note(three, "closed", closed=True)
        assert journal.open_records("dms") == [one, changed]


def test_a_place_that_is_left_counts_as_changed(postgres_url: str) -> None:
    with closing(_opened(postgres_url)) as journal:
        one = _added(journal, 1)
        assert journal.open_records("dms") == [one]
        again = _added(journal, 1)
        assert [(record.id, record.current) for record in journal.open_records("dms")] == [
            (one.id, False),
            (again.id, True),
        ]


def test_what_others_hold_is_neither_returned_nor_fetched(postgres_url: str) -> None:
    with closing(_opened(postgres_url)) as journal:
        mine, _ = _added(journal, 1, "ours"), _added(journal, 1, "theirs")
        here = journal.within(Scope(folders=frozenset({"theirs"}), accounts=frozenset()))
        with _fetched() as facts:
            assert here.open_records("dms") == [mine]
            assert facts == [mine.id]


def test_the_prints_of_a_folder(postgres_url: str) -> None:
    with closing(_opened(postgres_url)) as journal:
        one, two = _added(journal, 1), _added(journal, 2)
        found = list(journal.places_unlike("dms", "lettres", {}))
        prints = {ident: print_ for ident, print_, _ in found}
        assert [record for _, _, record in found] == [one, two]
        assert [record for _, _, record in journal.places_unlike("dms", "lettres", prints)] == [None, None]
        two = journal.note(two, "reported", reported="x")
        after = list(journal.places_unlike("dms", "lettres", prints))
        assert [record for _, _, record in after] == [None, two]
        assert [ident for ident, _, _ in after] == list(prints)


def test_no_more_than_so_many_are_remembered(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    with closing(_opened(postgres_url)) as journal:
        records = [_added(journal, number) for number in range(4)]
        for _ in range(3):
            assert journal.open_records("dms") == records
