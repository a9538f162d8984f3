"""The tables by which processes agree on who works on what, on a real PostgreSQL; and the look before each effect."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from connector.errors import AskedToWait, Fenced, JournalAway
from connector.fence import MARGIN, Fence
from connector.journal import Journal, engines
from connector.journal.leases import BOND, FREED, ORDERS_CAME, PAIRS, Leases
from connector.lifecycle import DocumentFacts, State
from tests import postgres


def now() -> datetime:
    return datetime.now(UTC)


class Ground:
    def __init__(self, url: str) -> None:
        self.url = url
        self.journals: list[Journal] = []
        self.made: list[Leases] = []

    def process(self, name: str = "one", lease_s: float = 600.0) -> tuple[Journal, Leases]:
        journal = Journal(self.url, now=now)
        leases = Leases(journal)
        journal.token = leases.begin(name=name, host="h", pid=1, version="0", lease_s=lease_s)
        self.journals.append(journal)
        self.made.append(leases)
        return journal, leases

    def age(self, leases: Leases) -> None:
        """Let its lease be over, by the server's clock."""
        with self.journals[0].engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE process SET until = 1 WHERE id = {leases.process}")

    def close(self) -> None:
        for leases in self.made:
            leases.close()
        for journal in self.journals:
            journal.close()


@pytest.fixture
def ground() -> Iterator[Ground]:
    with postgres.journal_url() as url:
        made = Ground(url)
        yield made
        made.close()


def test_a_share_is_taken_whole_by_one(ground: Ground) -> None:
    """All of it or nothing; a part is nothing; what is given up is free; numbers grow."""
    _, one = ground.process("one")
    _, two = ground.process("two")
    assert one.process is not None
    assert two.process is not None
    assert one.process < two.process
    one.name({"folder:a", "account:x", "folder:b"})
    two.name({"folder:a"})
    assert one.take({"folder:a", "account:x"}) == {"folder:a", "account:x"}
    assert two.take({"account:x", "folder:b"}) == frozenset()
    assert two.take({"account:x", "folder:b"}, all_or_none=False) == {"folder:b"}
    assert one.view().holders == {"folder:a": one.process, "account:x": one.process, "folder:b": two.process}
    two.give_up({"account:x"})  # not its own
    one.give_up({"folder:a", "account:x"})
    assert two.take({"folder:a", "account:x"}) == {"folder:a", "account:x"}
    assert [process.name for process in one.view().alive] == ["one", "two"]


def test_several_that_want_the_same_share_at_once(ground: Ground) -> None:
    """Eight at the same moment: one has it, whole, and nobody waits or fails."""
    processes = [ground.process(str(number))[1] for number in range(8)]
    units = {f"folder:{number}" for number in range(20)}
    processes[0].name(units)
    start, got = threading.Barrier(8), []

    def grab(leases: Leases) -> None:
        start.wait()
        got.append(leases.take(units))

    threads = [threading.Thread(target=grab, args=(leases,)) for leases in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Several may have met and let each other go first: then one look later it is free still.
    whole = [taken for taken in got if taken]
    assert len(whole) <= 1
    assert all(taken == units for taken in whole)
    assert whole or processes[0].take(units) == units


def test_the_dead_are_relieved_by_the_servers_clock_and_write_nothing_more(ground: Ground) -> None:
    """Its leases are free, its facts and its bonds are refused, it takes nothing, its sign of life is not taken."""
    journal, one = ground.process("one")
    _, two = ground.process("two")
    one.name({"folder:a"})
    one.take({"folder:a"})
    assert two.relieve() == []
    ground.age(one)
    assert [process.id for process in one.view().lost] == [one.process]
    with pytest.raises(Fenced):
        journal.mark_account("x", "late", {})
    assert [process.name for process in two.relieve()] == ["one"]
    assert two.take({"folder:a"}) == {"folder:a"}
    assert not one.beat(600)
    assert one.left() is None
    with pytest.raises(Fenced):
        one.take({"folder:b"})
    with pytest.raises(Fenced):
        one.bond("folder:a", "folder:b")
    assert two.left() == pytest.approx(600, abs=60)


def test_who_is_writing_is_not_relieved_before_that_is_over(ground: Ground) -> None:
    """A fact of one whose lease has just ended either is kept before the relief, or not at all."""
    journal, one = ground.process("one")
    _, two = ground.process("two")
    with journal._transaction() as connection:
        connection.exec_driver_sql("SELECT 1")
        ground.age(one)
        assert two.relieve() == []
    assert [process.name for process in two.relieve()] == ["one"]


@pytest.mark.parametrize("by", ["another", "its next life"])
def test_who_is_frozen_amid_a_commit_loses_what_it_locked(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """PostgreSQL takes a pipeline without its end for work, whatever its limits: the row would stay locked for ever."""
    monkeypatch.setattr(engines, "IDLE_S", 1)
    monkeypatch.setattr(engines, "_LOCK_S", 1)
    journal, one = ground.process("one")
    _, two = ground.process("two")

    def taken_over() -> bool:
        if by == "another":
            return [process.name for process in two.relieve()] == ["one"]
        with suppress(JournalAway):
            two.begin(name="one", host="h", pid=2, version="0", lease_s=600, former=[one.process or 0])
            return True
        return False

    connection, frozen = journal.engine.connect(), ExitStack()
    journal._enter(connection)
    raw: Any = connection.connection.driver_connection
    frozen.enter_context(raw.pipeline())
    raw.execute("SELECT 1")
    raw.pgconn.flush()
    ground.age(one)
    until = time.monotonic() + 60
    while not taken_over():
        assert time.monotonic() < until, "it keeps its row"
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError):
        frozen.close()
    connection.invalidate()
    connection.close()
    assert one.left() is None
    assert [process.name for process in two.view().lost] == []


def test_who_fills_another_journal_of_the_database_is_not_taken_for_frozen(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal may have a schema of its own, whatever its name. Who copies one there waits for rows, too: that looks
    like one that stands still amid a commit."""
    monkeypatch.setattr(engines, "IDLE_S", 0)
    _, one = ground.process("one")
    other = ground.journals[0].engine.url.update_query_dict({"options": '-csearch_path="Firm"'})
    with ground.journals[0].engine.begin() as connection:
        connection.exec_driver_sql('CREATE SCHEMA "Firm"')
    try:
        journal = Journal(other.render_as_string(hide_password=False), now=now)
        with closing(journal), journal.engine.connect() as connection:
            cursor: Any = connection.connection.cursor()
            with cursor.copy("COPY watch FROM STDIN") as rows:
                rows.write_row(("a", "b", 1.0, "[]"))
                one.begin(name="one", host="h", pid=2, version="0", lease_s=600, former=[one.process or 0])
            connection.connection.commit()
            assert journal.watched("a") is not None
    finally:
        with ground.journals[0].engine.begin() as connection:
            connection.exec_driver_sql('DROP SCHEMA "Firm" CASCADE')


def test_what_is_told_on_the_channel(ground: Ground) -> None:
    """An order, the end of a pause, something free, a bond: each is heard, and nothing else wakes anybody."""
    journal, one = ground.process("one")
    _, two = ground.process("two")
    assert two.heard(0.01) <= {FREED}
    record = journal.add(
        state=State.HELD,
        folder="a",
        server="dms",
        account="x",
        place="/a/1",
        document=DocumentFacts(href="/a/1.pdf"),
    )
    two.heard(0.0)
    tell: list[tuple[Callable[[], object], str]] = [
        (lambda: journal.order(record, "cancel"), ORDERS_CAME),
        (lambda: (journal.hold("x", "manual", probe_at=now()), journal.release("x")), ORDERS_CAME),
        (lambda: one.bond("folder:a", "folder:b"), BOND),
        (one.end, FREED),
    ]
    for act, kind in tell:
        act()
        assert two.heard(5.0) == {kind}


def test_a_bond_lasts_for_a_day_and_a_process_of_long_ago_goes(ground: Ground) -> None:
    """Twice the same is one bond; a fresh one stays."""
    _, one = ground.process("one")
    assert one.bond("folder:b", "folder:a")
    assert not one.bond("folder:a", "folder:b")
    one.prune()
    assert one.view().bonds == {("folder:a", "folder:b")}
    one.prune(bonds=timedelta(0))
    assert one.view().bonds == frozenset()


def test_folders_and_accounts_of_open_requests_cost_a_look_each(ground: Ground) -> None:
    """What is asked at every beat: each pair once, none of what is closed, and few rows read of many requests."""
    journal, leases = ground.process()
    for number in range(42):
        over = number >= 40
        journal.add(
            state=State.HELD,
            folder="over" if over else f"f{number % 4}",
            server="dms",
            account=f"a{number % 2}",
            place=f"/f/{number}.sign.yaml",
            document=DocumentFacts(href=f"/f/{number}.pdf"),
            closed=over,
        )
    assert leases.view().pairs == {("f0", "a0"), ("f1", "a1"), ("f2", "a0"), ("f3", "a1")}
    with journal.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE record")
        # What the planner does with a large table, on a small one.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        text = str(PAIRS.compile(journal.engine, compile_kwargs={"literal_binds": True}))
        found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}").scalar_one()
    read = [
        one["Actual Rows"] * one["Actual Loops"] for one in nodes(found[0]["Plan"]) if "Index Name" in one
    ]
    assert 4 <= sum(read) <= 6


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_a_former_life_is_ended_by_the_next_one(ground: Ground) -> None:
    """Who has its state directory knows that it works no more: nobody waits for its lease."""
    _, one = ground.process("one")
    one.name({"folder:a"})
    one.take({"folder:a"})
    journal = Journal(ground.url, now=now)
    ground.journals.append(journal)
    again = Leases(journal)
    other = ground.process("other")[1]
    namesake = Leases(journal)
    ground.made.append(namesake)
    namesake.begin(name="one", host="another", pid=1, version="0", lease_s=600)
    former = [one.process or 0, other.process or 0, namesake.process or 0]
    again.begin(name="one", host="h", pid=2, version="0", lease_s=600, former=former)
    assert again.view().holders == {}
    assert not one.beat(600)
    assert other.beat(600), "a number that a failover lost, and that another process was given since"
    assert namesake.beat(600), "the same, of a service of the same name on another host"


@pytest.mark.parametrize("by", ["the next life", "itself"])
def test_who_ends_waits_for_a_fact_that_is_being_kept(ground: Ground, by: str) -> None:
    """Killed with its commit on the way: what the server still keeps of it, whoever goes on with its work sees."""
    journal, one = ground.process("one")
    other, again = ground.process("two")
    one.name({"folder:a"})
    one.take({"folder:a"})
    former = [one.process or 0]
    seen: list[bool] = []

    def end() -> None:
        if by == "itself":
            one.end()
        else:
            again.begin(name="one", host="h", pid=2, version="0", lease_s=600, former=former)
        seen.append(other.last_account_event("x", "kept") is not None)

    with journal._transaction() as connection:
        journal._append_account(connection, "x", "kept", {})
        ending = threading.Thread(target=end)
        ending.start()
        ending.join(0.3)
        assert again.view().holders == {"folder:a": one.process}
    ending.join()
    assert seen == [True]
    assert again.view().holders == {}


def test_a_finished_request_for_which_an_order_stands_joins_what_it_needs(ground: Ground) -> None:
    """Its folder and its account may be in two hands by now, of which none would look at it."""
    journal, one = ground.process("one")
    record = journal.add(
        state=State.DELIVERED,
        folder="a",
        server="dms",
        account="x",
        place="/a/1",
        document=DocumentFacts(href="/a/1.pdf"),
        closed=True,
    )
    assert one.view().pairs == frozenset()
    ordered = journal.order(record, "cancel")
    assert one.view().pairs == {("a", "x")}
    journal.note(record, "obeyed", done=(ordered.step,))
    assert one.view().pairs == frozenset()


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_before_an_effect_both_clocks_are_asked(ground: Ground) -> None:
    """By this machine's own it ends a margin early, though the row may stand; by the server's when it is ended."""
    _, leases = ground.process("one", lease_s=90)
    clock = Clock()
    fence = Fence(leases, 90.0, clock=clock)
    with pytest.raises(Fenced):
        fence.before_write()
    fence.beaten(clock.at)
    assert fence.before_write() == 0
    assert fence.before_write(45.0) == 45.0
    clock.at += 90 * (1 - MARGIN) - 1
    assert fence.before_write() == 0
    with pytest.raises(AskedToWait):
        fence.before_write(45.0)
    clock.at += 1
    with pytest.raises(Fenced):
        fence.before_write()
    fence.beaten(clock.at)
    ground.age(leases)
    with pytest.raises(Fenced):
        fence.before_write()


def test_with_a_short_lease_a_send_has_less_time(ground: Ground) -> None:
    """Never more than the lease leaves."""
    _, leases = ground.process("one", lease_s=20)
    fence = Fence(leases, 20.0, clock=Clock())
    fence.beaten(Clock.at)
    assert 15 < fence.before_write(45.0) <= 20 * (1 - MARGIN)


def test_without_the_database_no_effect_begins() -> None:
    """It is away: JournalAway, and what was to be asked is not made."""
    with postgres.ground() as ground_:
        cluster = ground_.cluster()
        name = cluster.database()
        journal = Journal(cluster.url(name), now=now)
        leases = Leases(journal)
        leases.begin(name="one", host="h", pid=1, version="0", lease_s=90)
        fence = Fence(leases, 90.0)
        fence.beaten(time.clock_gettime(time.CLOCK_BOOTTIME))
        fence.before_write()
        assert leases.beat(90.0)
        cluster.stop("immediate")
        for ask in (fence.before_write, lambda: leases.beat(90.0), lambda: leases.heard(0.1), leases.view):
            with pytest.raises(JournalAway):
                ask()
        cluster.start()
        assert leases.beat(90.0)
        fence.before_write()
        leases.close()
        journal.close()
