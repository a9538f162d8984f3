"""Several processes write into one journal in PostgreSQL at the same moment: as if one had come after the other.

Of each pair the first has done everything but its commit when the second begins; what the second has to wait for, it is
seen to wait for. Without the lock in question each of these fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import Fenced, StaleRecordError
from connector.journal import Journal, Letter, schema, statements
from connector.lifecycle import DocumentFacts, Event, Record, State
from tests import postgres

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MARIE = "marie.dupont@example.fr"


class Slow(Journal):
    """A journal that stands still right before a commit, when told."""

    reached: threading.Event | None = None
    gate = threading.Event()

    def _commit(self, connection: Connection) -> None:
        if self.reached is not None:
            self.reached.set()
            assert self.gate.wait(30)
        super()._commit(connection)


@dataclass
class Both:
    """Two processes' journals, which are one."""

    url: str
    first: Slow
    second: Journal

    def run(self, first: Callable[[Journal], Any], second: Callable[[Journal], Any]) -> tuple[Any, Any]:
        """Let the second begin while the first lacks its commit only; returns what each returned, or raised."""
        found: list[Any] = [None, None]

        def call(number: int, work: Callable[[Journal], Any], journal: Journal) -> None:
            try:
                found[number] = work(journal)
            except Exception as error:
                found[number] = error

        self.first.reached, self.first.gate = threading.Event(), threading.Event()
        threads = [
            threading.Thread(target=call, args=(0, first, self.first)),
            threading.Thread(target=call, args=(1, second, self.second)),
        ]
        threads[0].start()
        assert self.first.reached.wait(30)
        threads[1].start()
        try:
            self._wait_for_a_lock(threads[1])
        finally:
            self.first.reached = None
            self.first.gate.set()
            for thread in threads:
                thread.join(30)
        return found[0], found[1]

    def _wait_for_a_lock(self, thread: threading.Thread) -> None:
        asked = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        name = str(sa.engine.make_url(self.url).database)
        with postgres.shared_cluster().admin(name) as admin:
            while thread.is_alive() and admin.execute(asked).fetchone() is None:
                time.sleep(0.005)


@pytest.fixture
def both(postgres_url: str) -> Iterator[Both]:
    with (
        closing(Slow(postgres_url, now=lambda: NOW)) as first,
        closing(Journal(postgres_url, now=lambda: NOW)) as second,
    ):
        yield Both(postgres_url, first, second)


def add(journal: Journal, **more: Any) -> Record:
    fields = {
        "folder": "lettres", "server": "dms", "account": "lyon", "state": State.WAITING, "place": "/a.sign.yaml",
        "document": DocumentFacts(href="/a.pdf"), **more,
    }  # fmt: skip
    return journal.add(**fields)


def test_of_two_changes_of_a_record_one_is_stale(both: Both) -> None:
    record = add(both.second)
    one, other = both.run(
        lambda journal: journal.note(record, "seen", attempts=1),
        lambda journal: journal.fact(record, Event.PREPARED, transaction="T"),
    )
    assert isinstance(one, Record)
    assert isinstance(other, StaleRecordError)
    assert both.second.get(record.id) == one
    assert [name for _, name, _ in both.second.events(one)] == ["added", "seen"]


def test_one_order_of_two_that_are_the_same(both: Both) -> None:
    record = add(both.second)
    one, other = both.run(
        lambda journal: journal.order(record, "cancel"), lambda journal: journal.order(record, "cancel")
    )
    assert one == other
    assert both.second.orders(record) == [one]
    assert [name for _, name, _ in both.second.events(record)] == ["added", "ordered"]


def test_an_order_disturbs_nobody(both: Both) -> None:
    record = add(both.second)
    one, other = both.run(
        lambda journal: journal.note(record, "seen", attempts=1),
        lambda journal: journal.order(record, "cancel"),
    )
    assert (one.attempts, other.verb) == (1, "cancel")
    assert both.second.note(one, "seen", attempts=2).attempts == 2


def test_a_place_has_one_current_record(both: Both) -> None:
    """Several are added there at once; which comes last is theirs to settle."""
    one, other = both.run(add, add)
    assert [record.id for record in both.second.places("dms", "lettres")] == [max(one.id, other.id)]


def test_a_reference_is_one_records(both: Both) -> None:
    one, other = both.run(
        lambda journal: add(journal, ref="AAAAAA"),
        lambda journal: add(journal, ref="AAAAAA", place="/b.sign.yaml"),
    )
    assert one.ref == "AAAAAA"
    assert other.ref not in {"", "AAAAAA"}
    assert both.second.by_ref(other.ref) == other


def test_holds(both: Both) -> None:
    """The same cause keeps its first date, and is said once."""
    one, other = both.run(
        lambda journal: journal.hold("lyon", "tokens", probe_at=NOW),
        lambda journal: journal.hold("lyon", "tokens", probe_at=LATER),
    )
    assert (one.since, other.since) == (NOW, NOW)
    assert both.second.held("lyon") == other
    assert both.second.count_events("lyon", "held", since=NOW) == 1


def test_a_hold_that_is_released_meanwhile(both: Both) -> None:
    both.second.hold("lyon", "tokens", probe_at=NOW)
    one, other = both.run(
        lambda journal: journal.hold("lyon", "no_credit", probe_at=NOW),
        lambda journal: journal.release("lyon", cause="tokens"),
    )
    assert other is False
    assert both.second.held("lyon") == one


def test_watches(both: Both) -> None:
    both.run(
        lambda journal: journal.begin_watch("lettres", "root", ["/a", "/b", "/c"]),
        lambda journal: journal.begin_watch("lettres", "root", ["/a", "/b", "/c"]),
    )
    both.run(
        lambda journal: journal.let_arrive("lettres", ["/a"]),
        lambda journal: journal.let_arrive("lettres", ["/b"]),
    )
    watch = both.second.watched("lettres")
    assert watch is not None
    assert watch.there_before == {"/c"}


def test_a_person_is_remembered_once(both: Both) -> None:
    both.run(
        lambda journal: journal.remember("lyon", MARIE, name="Marie", at=NOW),
        lambda journal: journal.remember("lyon", MARIE, phone="+33612345678", at=LATER),
    )
    [kept] = both.second.contacts("lyon")
    assert (kept.name, kept.phone, kept.used_at) == ("Marie", "+33612345678", LATER)


@pytest.mark.parametrize("again", ["remember", "remember_all", "refresh"])
def test_who_is_forgotten_stays_forgotten(both: Both, again: str) -> None:
    """Of what was erased, nothing is brought together with what is learnt at the same moment."""
    both.second.remember("lyon", MARIE, name="Marie", phone="+33612345678", at=NOW)
    kept = both.second.contact("lyon", MARIE)
    assert kept is not None
    learnt = {
        "remember": lambda journal: journal.remember("lyon", MARIE, name="Marie D.", at=LATER),
        "remember_all": lambda journal: journal.remember_all(
            [type(kept)(account="lyon", email=MARIE, name="Marie D.", used_at=LATER)]
        ),
        "refresh": lambda journal: journal.refresh_contact("lyon", MARIE, phone="+33612345678", at=LATER),
    }
    both.run(lambda journal: journal.forget_contact(MARIE), learnt[again])
    assert [(one.name, one.phone) for one in both.second.contacts()] == (
        [] if again == "refresh" else [("Marie D.", "")]
    )


def test_accounts_learn_side_by_side(both: Both) -> None:
    """What another account remembers waits for nobody."""
    one, other = both.run(
        lambda journal: journal.remember("lyon", MARIE, name="Marie", at=NOW),
        lambda journal: both.second.remember("annecy", MARIE, name="Marie", at=NOW) and journal,
    )
    assert (one.account, other) == ("lyon", both.second)


def test_an_overview_has_one_row(both: Both) -> None:
    for result in both.run(
        lambda journal: journal.intend_overview("dms", "/x.txt", "one", "a"),
        lambda journal: journal.intend_overview("dms", "/x.txt", "two", "b"),
    ):
        assert result is None
    assert both.second.overviews("dms", "/")["/x.txt"].intended == "two"


def test_a_letter_is_taken_once(both: Both) -> None:
    """And how far the events were looked at goes forward only."""
    letter = Letter(key="k", kind="request", to=MARIE, cause="c", due_at=NOW)
    assert both.run(
        lambda journal: journal.post([letter], up_to=7), lambda journal: journal.post([letter], up_to=5)
    ) == (1, 0)
    assert both.second.told_up_to() == 7


def test_no_news_is_passed_over(both: Both) -> None:
    """An event whose number is lower may become visible later: until then nothing behind it is news."""

    def later_and_ask(journal: Journal) -> list[str]:
        journal.mark_account("lyon", "second", {})
        return [news.name for news in journal.news(0)]

    def first(journal: Journal) -> None:
        event = {"record_id": None, "account": "lyon", "at": 0.0, "name": "first", "data": "{}"}
        with journal._transaction() as connection:
            connection.execute(statements.APPEND, event)  # it has its number by now

    _, told = both.run(first, later_and_ask)
    assert told == []
    assert [news.name for news in both.second.news(0)] == ["first", "second"]


def test_news_hold_up_nobody_and_wait_for_no_vacuum(both: Both) -> None:
    """A VACUUM of years of events takes hours, and the one against wraparound is not cancelled for anybody."""
    both.second.mark_account("lyon", "first", {})
    name = str(sa.engine.make_url(both.url).database)
    with postgres.shared_cluster().admin(name) as admin, admin.transaction():
        admin.execute("LOCK TABLE event IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM does
        began = time.monotonic()
        assert [news.name for news in both.second.news(0)] == ["first"]
        both.second.mark_account("lyon", "second", {})
        assert [news.name for news in both.second.news(0)] == ["first", "second"]
        assert time.monotonic() - began < 1


def alive(journal: Journal, until: str) -> int:
    with journal._transaction() as connection:
        made = connection.execute(
            schema.process.insert()
            .values(name="a", host="h", pid=1, version="0", began_at=0.0, ended=False)
            .values(until=sa.text(f"extract(epoch from clock_timestamp()) {until}"))
            .returning(schema.process.c.id)
        )
        return int(made.scalar_one())


def test_a_process_that_is_not_counted_writes_nothing(both: Both) -> None:
    """Whether its time has passed or it was ended; its reads go on."""
    for until, ended in (("- 1", False), ("+ 90", True)):
        token = alive(both.second, until)
        with both.second._transaction() as connection:
            connection.execute(
                schema.process.update().where(schema.process.c.id == token).values(ended=ended)
            )
        both.first.token = token
        for write in (
            lambda: both.first.hold("lyon", "tokens", probe_at=NOW),
            lambda: add(both.first),
            lambda: both.first.mark_account("lyon", "x", {}),
        ):
            with pytest.raises(Fenced, match="Nothing was written"):
                write()
        assert both.first.held("lyon") is None
        assert list(both.first.everything()) == []


def test_nobody_is_relieved_in_the_middle_of_a_fact(both: Both) -> None:
    """Whoever relieves locks the row first; a heartbeat waits for no fact."""
    both.first.token = token = alive(both.second, "+ 90")
    process = schema.process.c

    def beat_and_relieve(journal: Journal) -> tuple[int, list[int], list[int]]:
        relieve = sa.select(process.id).with_for_update(skip_locked=True)
        with journal._transaction() as connection:
            beaten = connection.execute(schema.process.update().values(until=process.until + 1)).rowcount
        with journal._transaction() as connection:
            during = list(connection.execute(relieve).scalars())
        both.first.gate.set()
        with journal._transaction() as connection:
            after = list(connection.execute(sa.select(process.id).with_for_update()).scalars())
        return beaten, during, after

    _, found = both.run(lambda journal: journal.mark_account("lyon", "x", {}), beat_and_relieve)
    assert found == (1, [], [token])
    assert both.second.last_account_event("lyon", "x") == {}
