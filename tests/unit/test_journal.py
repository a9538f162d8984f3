"""The journal: each fact whole or absent, history never changed, damage said and never repaired by guess."""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, event

from connector.errors import JournalAway, JournalError, JournalFull, LifecycleError, StaleRecordError
from connector.journal import Contact, Journal, Overview, opening, records, schema, statements
from connector.journal.lookups import KEYS_AT_ONCE
from connector.journal.recent import MOST_ROWS
from connector.journal.rows import columns_of, record_of
from connector.lifecycle import DocumentFacts, Event, Record, SignatoryFacts, State
from tests import disks

START = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)
LATER = START + timedelta(days=1)
PLACE = "/Lettres/lettre.sign.yaml"


PERSON = Contact(account="lyon", email="b@c.fr", name="B", used_at=START)


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **duration: float) -> None:
        self.at += timedelta(**duration)


class Cut(Exception):
    """The power cut of a test."""


class CutJournal(Journal):
    """A journal whose power is cut right before a commit, when told."""

    cut = False

    def _commit(self, connection: Connection) -> None:
        if self.cut:
            raise Cut
        super()._commit(connection)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(database_url: str, clock: Clock) -> Iterator[CutJournal]:
    with contextlib.closing(CutJournal(database_url, now=clock)) as opened:
        yield opened


def fields(**changes: Any) -> dict[str, Any]:
    """What a new record is made of."""
    basic = {
        "folder": "lettres", "server": "dms", "account": "lyon", "state": State.WAITING, "place": PLACE,
        "document": DocumentFacts(href="/Lettres/lettre.pdf"),
    }  # fmt: skip
    return {**basic, **changes}


def raw(path: Path) -> contextlib.closing[sqlite3.Connection]:
    """The database as anybody else opens it."""
    return contextlib.closing(sqlite3.connect(path, isolation_level=None))


@contextlib.contextmanager
def anybody(place: Path | str) -> Iterator[Connection]:
    """A connection past the journal, as anybody else may have one."""
    url = place if isinstance(place, str) else f"sqlite:///{place}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def by_hand(url: str, *statements: str) -> None:
    """Say something to a database past the journal."""
    with anybody(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def contents(place: Path | str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with anybody(place) as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}" ORDER BY 1, 2')]
            for name in schema.metadata.tables
        }


def prepared(journal: Journal) -> Record:
    """A record about to be marked, with an open intent."""
    record = journal.fact(journal.add(**fields()), Event.PREPARED, transaction="T-1")
    return journal.intend(record, "mark", {"transaction": "T-1"})


# --------------------------------------------------------------------------------------------------
# One transaction a fact


def test_what_is_said_of_no_record_is_refused(journal: Journal) -> None:
    """The same of both kinds of database: an error of the journal's, which nobody takes for a defect."""
    nobody = journal.add(**fields()).model_copy(update={"id": 4711})
    tried: list[Callable[[], object]] = [
        lambda: journal.get(nobody.id),
        lambda: journal.fact(nobody, Event.PREPARED),
        lambda: journal.note(nobody, "seen"),
        lambda: journal.touch(nobody, reported="x"),
    ]
    for one in tried:
        with pytest.raises(JournalError, match="knows no record 4711"):
            one()


def test_a_fact_is_state_event_and_intents_together(journal: Journal) -> None:
    """What happened, what it changes, what it ends and what begins with it are kept together."""
    record = prepared(journal)
    marked = journal.fact(
        record, Event.MARKED, data={"try": 1}, done=("mark",), intend={"send": {"t": "T-1"}}, nonce="n"
    )
    assert journal.get(record.id) == marked
    assert (marked.state, marked.nonce, marked.transaction) == (State.MARKED, "n", "T-1")
    assert journal.intent(marked, "mark") is None
    intent = journal.intent(marked, "send")
    assert intent is not None
    assert (intent.record_id, intent.step, intent.at, intent.data) == (record.id, "send", START, {"t": "T-1"})
    assert [(name, data) for _, name, data in journal.events(marked)] == [
        ("added", {"state": "waiting"}),
        ("prepared", {"state": "prepared"}),
        ("intend_mark", {"state": "prepared"}),
        ("marked", {"state": "marked", "try": 1}),
    ]


def test_a_fact_cut_off_before_its_commit_never_was(journal: CutJournal, database_url: str) -> None:
    """The power goes in the middle: no state, no event, no ended and no new intent is kept."""
    record = prepared(journal)
    before = contents(database_url)
    journal.cut = True
    with pytest.raises(Cut):
        journal.fact(record, Event.MARKED, done=("mark",), intend={"send": {}}, nonce="n")
    assert contents(database_url) == before
    journal.cut = False
    assert journal.get(record.id) == record
    assert journal.fact(record, Event.MARKED, done=("mark",), intend={"send": {}}).state is State.MARKED


WRITES = {
    "add": lambda journal, record: journal.add(**fields()),
    "note": lambda journal, record: journal.note(record, "seen", word="x", done=("mark",)),
    "touch": lambda journal, record: journal.touch(record, word="x"),
    "more": lambda journal, record: journal.touch(record, more=(further(2, "a"),)),
    "intend": lambda journal, record: journal.intend(record, "mark", {"other": 1}),
    "hold": lambda journal, record: journal.hold("lyon", "no_credit", probe_at=START),
    "release": lambda journal, record: journal.release("nantes"),
    "mark_account": lambda journal, record: journal.mark_account("lyon", "confirmed", {}),
    "begin_watch": lambda journal, record: journal.begin_watch("lettres", "root 2"),
    "relocate": lambda journal, record: journal.relocate(
        "nas", folders=[record.folder], accounts=[record.account], former=[record.server]
    ),
    "let_arrive": lambda journal, record: journal.let_arrive("lettres", ["/a"]),
    "remember": lambda journal, record: journal.remember("lyon", "b@c.fr", name="B", at=START),
    "remember_all": lambda journal, record: journal.remember_all([PERSON, PERSON]),
    "refresh_contact": lambda journal, record: journal.refresh_contact(
        "lyon", "a@c.fr", phone="+1", at=LATER
    ),
    "forget_contact": lambda journal, record: journal.forget_contact("a@c.fr"),
    "forget_contacts_before": lambda journal, record: journal.forget_contacts_before(LATER),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_is_whole_or_absent(journal: CutJournal, database_url: str, write: Any) -> None:
    """Each method that writes is one transaction: cut off before its commit it leaves every table as it was."""
    record = prepared(journal)
    journal.hold("nantes", "tokens", probe_at=START)
    journal.begin_watch("lettres", "root 1", ["/a"])
    journal.remember("lyon", "a@c.fr", name="A", phone="+1", at=START)
    before = contents(database_url)
    journal.cut = True
    with pytest.raises(Cut):
        write(journal, record)
    assert contents(database_url) == before
    journal.cut = False
    write(journal, record)
    assert contents(database_url) != before


def test_requests_go_along_with_their_folder_to_another_server(journal: Journal) -> None:
    """Those that are over, too, found by place, file and content there from then on; what stood there gives way; other
    folders', and those of servers that are not named, stay."""
    there = {
        "place": "/L/a.sign.yaml",
        "document": DocumentFacts(href="/L/a.pdf", file_id="7", sha256="d" * 64),
    }
    over = journal.add(**fields(**there, server="old", folder="lettres", closed=True, key="k"))
    open_ = journal.add(**fields(**there, server="old", folder="lettres"))
    stood = journal.add(**fields(**there, server="new", folder="lettres"))
    other = journal.add(**fields(server="old", folder="autres"))
    elsewhere = journal.add(**fields(server="third", folder="lettres"))
    take = partial(journal.relocate, "new", folders=["lettres"], accounts=["lyon"], former=["old"])
    assert journal.servers() == {"old", "new", "third"}
    assert take() == 2
    assert take() == 0
    assert journal.get(over.id).server == journal.get(open_.id).server == "new"
    assert (journal.get(other.id), journal.get(elsewhere.id)) == (other, elsewhere)
    assert journal.at_place("new", "/L/a.sign.yaml") == journal.get(open_.id)
    assert not journal.get(stood.id).current
    assert open_.id in {one.id for one in journal.touching("new", ["/L/a.pdf"], [])}
    assert journal.touching("old", ["/L/a.pdf"], []) == []
    assert [one.id for one in journal.with_file_id("new", "7")] == [over.id, open_.id, stood.id]
    with pytest.raises(StaleRecordError):
        journal.note(open_, "seen")
    assert journal.events(over)[-1][1:] == ("server_renamed", {"server": "new"})
    assert journal.servers() == {"old", "new", "third"}


def test_a_request_goes_along_as_whoever_works_on_it_left_it(
    journal: Journal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may write about it in that very moment: its fact stays, or it learns that it was too late."""
    record, said = journal.add(**fields(server="old")), list[str]()

    def write() -> None:
        with contextlib.closing(Journal(database_url, now=Clock())) as other:
            try:
                other.note(record, "seen", transaction="T1", intend={"send": {}})
                said.append("kept")
            except StaleRecordError:
                said.append("too late")

    writer = threading.Thread(target=write)

    def meanwhile(row: Any) -> Record:
        if writer.ident is None:
            writer.start()
            writer.join(0.5)
        return record_of(row)

    monkeypatch.setattr(records, "record_of", meanwhile)
    journal.relocate("new", folders=["lettres"], accounts=["lyon"], former=["old"])
    writer.join()
    assert (said, journal.get(record.id).transaction) in ((["kept"], "T1"), (["too late"], None))


def test_requests_go_along_some_at_a_time_until_all_have(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder has too many."""
    for number in range(3):
        journal.add(**fields(server="old", place=f"/Lettres/{number}.sign.yaml"))
    monkeypatch.setattr(statements, "OF_FORMER_ALONE", statements.OF_FORMER_ALONE.limit(1))
    monkeypatch.setattr(statements, "AT_ONCE", 1)
    assert journal.relocate("new", folders=["lettres"], accounts=["lyon"], former=["old"]) == 3
    assert journal.servers() == {"new"}


def test_what_is_out_goes_to_a_folder_of_its_own_firm_alone(journal: Journal) -> None:
    """The name of a folder may be another firm's by now: no signed letter goes there. What is over only explains."""
    out = journal.add(**fields(server="old"))
    over = journal.add(**fields(server="old", place="/Lettres/b.sign.yaml", closed=True))
    which = {"folders": ["lettres"], "accounts": ["nantes"]}
    assert journal.lie_on(["old"], **which)
    assert journal.relocate("new", **which, former=["old"]) == 1  # type: ignore[arg-type]
    assert (journal.get(out.id), journal.get(over.id).server) == (out, "new")
    assert not journal.lie_on(["old"], **which)


def test_what_was_asked_for_since_keeps_its_place(journal: Journal) -> None:
    """On a server that was called otherwise before requests went along, the later one of a place is its request."""
    before = journal.add(**fields(server="old", transaction="T1", closed=True))
    since = journal.add(**fields(server="new", transaction="T2"))
    journal.relocate("new", folders=["lettres"], accounts=["lyon"], former=["old"])
    assert journal.at_place("new", PLACE) == since
    assert not journal.get(before.id).current


def test_the_ids_of_another_server_are_not_taken_along(journal: Journal) -> None:
    """They are those of other people's files there."""
    main = DocumentFacts(href="/L/a.pdf", file_id="7")
    more = (DocumentFacts(href="/L/b.pdf", file_id="8", rank=2),)
    given = {
        "document": main,
        "more": more,
        "sidecar_file_id": "9",
        "extra": {"tags": {"files": {}}, "a": "b"},
    }
    record = journal.add(**fields(server="old", **given))
    journal.relocate("new", folders=["lettres"], accounts=["lyon"], former=["old"], same_ids=False)
    kept = journal.get(record.id)
    assert {one.file_id for one in kept.documents} == {kept.sidecar_file_id} == {None}
    assert kept.extra == {"a": "b"}
    assert journal.with_file_id("new", "7") == journal.touching("new", [], ["8"]) == []


def test_former_names_of_a_place_are_known(journal: Journal) -> None:
    """By what was watched under each; a name that watches another place since is none of them."""
    for name, root in ("a", "dms /L/"), ("b", "dms /L/"), ("c", "dms /M/"), ("a", "dms /M/"):
        journal.begin_watch(name, root)
    assert journal.watched_at("dms /L/") == {"b"}
    assert journal.watched_at("dms /N/") == frozenset()


def test_an_intent_that_exists_already_undoes_the_whole_fact(journal: Journal, database_url: str) -> None:
    """A second intent of one step is a defect: it is said, and the fact it came with is not kept."""
    record = prepared(journal)
    before = contents(database_url)
    with pytest.raises(JournalError, match=r"UNIQUE|UniqueViolation"):
        journal.fact(record, Event.MARKED, intend={"mark": {}})
    assert contents(database_url) == before


def test_a_forbidden_event_changes_nothing(journal: Journal, database_url: str) -> None:
    """What the lifecycle forbids is refused before anything is written."""
    record = prepared(journal)
    before = contents(database_url)
    with pytest.raises(LifecycleError):
        journal.fact(record, Event.SENT, done=("mark",), intend={"send": {}}, word="x")
    assert contents(database_url) == before


def test_what_was_changed_meanwhile_is_not_written_over(journal: Journal, database_url: str) -> None:
    """Two hands hold one record: the second, whose copy is older than the journal's, changes nothing by any way."""
    mine = theirs = journal.add(**fields(state=State.IN_PROGRESS))
    mine = journal.fact(mine, Event.REFUSED, word="refused")
    before = contents(database_url)
    for change in (
        lambda: journal.fact(theirs, Event.SIGNED),
        lambda: journal.note(theirs, "seen", attempts=3),
        lambda: journal.touch(theirs, word="pending"),
        lambda: journal.intend(theirs, "show", {}),
    ):
        with pytest.raises(StaleRecordError, match=mine.ref):
            change()
    assert contents(database_url) == before
    with pytest.raises(LifecycleError):
        journal.fact(mine, Event.SIGNED)
    assert journal.note(mine, "seen", attempts=3).state is State.REFUSED


def test_every_change_makes_older_copies_old(journal: Journal, clock: Clock) -> None:
    """A touch too, though it is no history: one step each, and history alone moves the date of the record."""
    first = journal.add(**fields())
    clock.advance(minutes=1)
    touched = journal.touch(first, word="x")
    clock.advance(minutes=1)
    noted = journal.note(touched, "seen", data={"at": LATER})
    for older in (first, touched):
        with pytest.raises(StaleRecordError):
            journal.touch(older, word="y")
    assert [one.revision for one in (first, touched, noted)] == [0, 1, 2]
    assert [one.updated_at - START for one in (touched, noted)] == [timedelta(0), timedelta(minutes=2)]
    assert journal.get(first.id) == noted
    # What has no form in JSON is kept as its text.
    assert journal.events(noted)[-1][1:] == ("seen", {"state": "waiting", "at": str(LATER)})


@pytest.mark.parametrize("method", ["note", "touch"])
def test_a_state_changes_by_an_event_only(journal: Journal, method: str) -> None:
    """Neither a note nor a touch can move a state by the back door."""
    record = prepared(journal)
    arguments = (record, "x") if method == "note" else (record,)
    with pytest.raises(ValueError, match="by an event only"):
        getattr(journal, method)(*arguments, state=State.DELIVERED)
    assert journal.get(record.id).state is State.PREPARED


def test_intending_again_replaces_the_intent(journal: Journal, clock: Clock) -> None:
    """One step has one open intent, the newest, with its own time."""
    record = prepared(journal)
    clock.advance(minutes=1)
    journal.intend(record, "mark", {"transaction": "T-2"})
    intent = journal.intent(record, "mark")
    assert intent is not None
    assert (intent.data, intent.at) == ({"transaction": "T-2"}, START + timedelta(minutes=1))


def test_records_are_found_by_an_open_intent(journal: Journal) -> None:
    """Closed ones too, of one server and one step; an intent that ended finds nothing."""
    first = journal.add(**fields())
    for one in (first, journal.add(**fields(place="/b.sign.yaml", server="annecy"))):
        journal.intend(journal.note(one, "closed", closed=True), "tidy", {})
    assert [one.id for one in journal.intending(first.server, "tidy")] == [first.id]
    assert journal.intending(first.server, "show") == []
    journal.note(journal.get(first.id), "filed", done=("tidy",))
    assert journal.intending(first.server, "tidy") == []


def test_a_touch_is_no_history(journal: Journal) -> None:
    """What is too small to be history changes the record and adds no event."""
    record = prepared(journal)
    before = journal.events(record)
    assert journal.touch(record, word="pending").word == "pending"
    assert journal.events(record) == before


# --------------------------------------------------------------------------------------------------
# History


@pytest.mark.parametrize("statement", ["UPDATE event SET name = 'x'", "DELETE FROM event", "TRUNCATE event"])
def test_history_can_only_grow(journal: Journal, database_url: str, statement: str) -> None:
    """Even past this program, by hand, no event is changed or removed."""
    record = prepared(journal)
    before = journal.events(record)
    if statement.startswith("TRUNCATE") and not journal.shared:
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        by_hand(database_url, statement)
    assert journal.events(record) == before


def test_events_come_in_order_with_their_times(journal: Journal, clock: Clock) -> None:
    """A record's events are its own, in the order they happened, at the times of the clock."""
    record, other = journal.add(**fields()), journal.add(**fields(place="/b.sign.yaml"))
    for minute in range(3):
        clock.advance(minutes=1)
        record = journal.note(record, f"n{minute}", data={"minute": minute})
        other = journal.note(other, "other")
    assert [(at - START, name) for at, name, _ in journal.events(record)][1:] == [
        (timedelta(minutes=minute + 1), f"n{minute}") for minute in range(3)
    ]


def test_counts_are_of_one_account_one_name_and_since(journal: Journal, clock: Clock) -> None:
    """The brakes count what they should: this account or folder, marked, from that moment on, that moment included."""
    for place, account, folder in (
        ("/a", "lyon", "lettres"),
        ("/b", "lyon", "social"),
        ("/c", "n", "lettres"),
    ):
        clock.advance(hours=1)
        record = journal.add(**fields(place=place, account=account, folder=folder))
        record = journal.fact(record, Event.PREPARED)
        journal.fact(record, Event.MARKED)
    first, second = START + timedelta(hours=1), START + timedelta(hours=2)
    assert journal.count_events("lyon", "marked", since=first) == 2
    assert journal.count_events("lyon", "marked", since=second) == 1
    assert journal.count_events("lyon", "sent", since=first) == 0
    assert journal.count_events("n", "marked", since=first) == 1
    everybody = ["lyon", "n"]
    assert journal.launches(since=first, accounts=everybody, folder="lettres") == [first, clock.at]
    assert journal.launches(since=second, accounts=everybody, folder="lettres") == [clock.at]
    assert journal.launches(since=first, accounts=["lyon"], folder="lettres") == [first]
    assert journal.launches(since=first, accounts=["lyon"]) == [first, second]
    assert [journal.count_launches("lyon", since=moment) for moment in (first, second, clock.at)] == [2, 1, 0]
    assert journal.launches(since=clock.at, accounts=everybody, folder="social") == []


def test_a_launch_counts_once_where_it_was_made(journal: Journal, clock: Clock) -> None:
    """Marked and sent is one launch, of the later moment; moved elsewhere since, it is still that folder's."""
    record = journal.add(**fields(place="/a", account="lyon", folder="lettres"))
    record = journal.fact(record, Event.PREPARED)
    record = journal.fact(record, Event.MARKED, data={"folder": "lettres"})
    marked = clock.at
    clock.advance(hours=30)
    record = journal.fact(record, Event.SENT, data={"folder": "lettres"})
    journal.note(record, "moved", folder="social")
    assert journal.launches(since=marked, accounts=["lyon"], folder="lettres") == [clock.at]
    assert journal.launches(since=clock.at, accounts=["lyon"], folder="lettres") == [clock.at]
    assert journal.launches(since=marked, accounts=["lyon"], folder="social") == []


def test_a_launch_without_a_folder_is_where_it_was_marked(journal: Journal, clock: Clock) -> None:
    """What an earlier release sent says no folder: its mark does; where neither does, it is where it lies now."""
    record = journal.fact(journal.add(**fields()), Event.PREPARED)
    record = journal.fact(record, Event.MARKED, data={"folder": "lettres"})
    record = journal.fact(record, Event.SENT)
    journal.note(record, "moved", folder="social")
    older = journal.fact(journal.add(**fields(place="/b")), Event.PREPARED)
    journal.note(journal.fact(older, Event.MARKED), "moved", folder="social")
    for folder in ("lettres", "social"):
        assert journal.launches(since=START, accounts=["lyon"], folder=folder) == [START]


def test_the_last_event_of_an_account_is_its_own(journal: Journal) -> None:
    """What was said of a whole account last counts; an event of one record of that account is another thing."""
    assert journal.last_account_event("lyon", "confirmed") is None
    journal.mark_account("lyon", "confirmed", {"digest": "a"})
    journal.mark_account("lyon", "confirmed", {"digest": "b"})
    journal.mark_account("nantes", "confirmed", {"digest": "c"})
    journal.note(journal.add(**fields()), "confirmed", data={"digest": "d"})
    assert journal.last_account_event("lyon", "confirmed") == {"digest": "b"}


# --------------------------------------------------------------------------------------------------
# Finding records


def test_the_newest_record_of_a_place_is_the_current_one(journal: Journal) -> None:
    """A new ask at one place takes the place over; the older record stays in the history of that place."""
    first = journal.add(**fields())
    elsewhere = journal.add(**fields(server="other"))
    second = journal.add(**fields())
    found = journal.at_place("dms", PLACE)
    assert found is not None
    assert (found.id, found.current) == (second.id, True)
    assert not journal.get(first.id).current
    assert journal.get(elsewhere.id).current
    assert [record.id for record in journal.all_at_place("dms", PLACE)] == [first.id, second.id]
    assert [record.id for record in journal.places("dms", "lettres")] == [second.id]


def test_writing_to_an_older_record_does_not_bring_it_back(journal: Journal) -> None:
    """A record read before it was replaced carries its old word of being current; that word is not kept."""
    first = journal.add(**fields())
    second = journal.add(**fields())
    late = journal.note(first, "seen", word="late")
    late = journal.touch(journal.fact(late, Event.REJECTED), word="later")
    assert not late.current
    found = journal.at_place("dms", PLACE)
    assert found is not None
    assert found.id == second.id


def test_a_record_begins_with_the_event_that_made_it(journal: Journal) -> None:
    """What a sidecar was found to be is the first line of its history; a record that none made begins all the same."""
    made = journal.add(Event.REJECTED, **fields(state=State.REJECTED))
    adopted = journal.add(**fields(place="/b"))
    assert [(name, data) for _, name, data in journal.events(made)] == [
        (Event.REJECTED.value, {"state": "rejected"})
    ]
    assert [name for _, name, _ in journal.events(adopted)] == ["added"]


def test_a_record_without_a_place_takes_none_over(journal: Journal) -> None:
    """Adopted records whose place is not known yet do not push each other away."""
    one, two = journal.add(**fields(place="")), journal.add(**fields(place=""))
    assert journal.get(one.id).current
    assert journal.get(two.id).current


def test_records_are_found_by_what_they_are_known_by(journal: Journal) -> None:
    """Key, bytes as sent or as signed, sidecar bytes, file id, reference in any case: each finds its records."""
    document = DocumentFacts(href="/a.pdf", file_id="11", sha256="d" * 64, signed_sha256="e" * 64)
    one = journal.add(**fields(ref="ABC234", key="k" * 64, sidecar_sha256="s" * 64, document=document))
    two = journal.add(**fields(place="/b", key="k" * 64, sidecar_sha256="s" * 64, server="other"))

    def ids(records: list[Record]) -> list[int]:
        return [record.id for record in records]

    assert ids(journal.knowing(sha256="d" * 64)) == ids(journal.knowing(sha256="e" * 64)) == [one.id]
    assert ids(journal.with_sidecar("dms", "s" * 64)) == [one.id]
    assert ids(journal.with_file_id("dms", "11")) == [one.id]
    assert ids(journal.with_file_id("other", "11")) == []
    by_key, by_ref = journal.by_key("k" * 64), journal.by_ref("abc234")
    assert by_key is not None
    assert by_key.id == two.id
    assert by_ref is not None
    assert by_ref.id == one.id
    assert journal.by_key("x") is journal.by_ref("XXXXXX") is None
    many = [f"{number:064d}" for number in range(KEYS_AT_ONCE)]
    three = journal.add(**fields(place="/c", key=many[0]))
    assert {key: record.id for key, record in journal.with_keys(["k" * 64, *many]).items()} == {
        many[0]: three.id,
        "k" * 64: two.id,
    }
    assert ids(journal.everything()) == [one.id, two.id, three.id]


def test_who_has_a_transaction_or_had_it(journal: Journal) -> None:
    """Of one account, ended ones too, and those whose place another one took."""
    one = journal.add(**fields(transaction="T-1", state=State.REFUSED, closed=True))
    two = journal.add(**fields(transaction="T-1"))
    journal.add(**fields(transaction="T-2", place="/b"))
    journal.add(**fields(transaction="T-1", place="/c", account="nantes"))
    assert [record.id for record in journal.following("lyon", "T-1")] == [one.id, two.id]
    assert journal.following("lyon", "T-3") == []


def test_who_is_mentioned_is_found_as_a_whole_value(journal: Journal) -> None:
    """Wherever it stands in a record, of one account; wildcards and quotes are letters, a part of a word is nobody."""
    odd = '50% "d’accord" _x'
    person = SignatoryFacts(order=1, email="a@b.fr", name="A")
    one = journal.add(**fields(signatories=(person,)))
    two = journal.add(**fields(place="/b", subject=odd))
    journal.add(**fields(place="/c", account="nantes", subject=odd))
    journal.add(**fields(place="/d", subject=odd.replace("%", "0").replace("_", "-")))
    assert [record.id for record in journal.mentioning("lyon", ["a@b.fr", odd])] == [one.id, two.id]
    assert journal.mentioning("lyon", ["a@b.f", "b.fr", odd[:-1]]) == []
    assert journal.mentioning("lyon", []) == []


def test_what_is_shown_and_waits_is_counted_below_a_folder(journal: Journal) -> None:
    """Of one server, current ones alone; a folder whose name only begins alike is another one."""
    for place in ("/A_1/x", "/A_1/b/x", "/A_10/x", "/Ab1/x", "/A_1/x"):
        journal.add(**fields(place=place, state=State.PREVIEWED))
    journal.add(**fields(place="/A_1/waits"))
    journal.add(**fields(place="/A_1/y", state=State.PREVIEWED, server="other"))
    assert journal.count_shown("dms", "/A_1/") == 2
    assert journal.count_shown("dms", "/") == 4
    assert journal.count_shown("other", "/A_1/") == 1


def test_what_is_told_to_wait_further_down_is_not_counted(journal: Journal) -> None:
    """One word in a folder's settings changes nothing for a request that says it itself, or whose own folder does."""
    said = {"/é_1/x": "/é_1/x", "/é_1/b/x": "/é_1/b/", "/é_1/c": "/é_1/", "/é_1/d": "/", "/é_1/e": ""}
    for place, scope in said.items():
        journal.add(**fields(place=place, state=State.PREVIEWED, extra={"send_scope": scope}))
    journal.add(**fields(place="/é_1/earlier", state=State.PREVIEWED))
    assert journal.count_shown("dms", "/é_1/") == 4
    assert journal.count_shown("dms", "/é_1/b/") == 1


def several(*documents: DocumentFacts) -> dict[str, Any]:
    """Fields of a record with further documents."""
    return fields(more=documents)


def further(rank: int, sha256: str, **changes: Any) -> DocumentFacts:
    """A document beside the main one."""
    return DocumentFacts(rank=rank, href=f"/Lettres/{rank}.pdf", sha256=sha256 * 64, **changes)


def found(journal: Journal, *hashes: str) -> list[list[int]]:
    """Ids of the records that know each of these bytes."""
    return [[record.id for record in journal.knowing(sha256=each * 64)] for each in hashes]


CHANGES: dict[str, Any] = {
    "fact": lambda journal, record, more: journal.fact(record, Event.PREPARED, more=more),
    "note": lambda journal, record, more: journal.note(record, "seen", more=more),
    "touch": lambda journal, record, more: journal.touch(record, more=more),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_further_documents_are_found_by_their_bytes(journal: Journal, change: Any) -> None:
    """As found and as signed, from the first on, whatever way they changed; what is no longer there finds nothing."""
    annex = further(3, "b", role="annex")
    record = journal.add(**several(further(2, "a"), annex))
    other = journal.add(**{**several(further(2, "a")), "place": "/b.sign.yaml"})
    assert found(journal, "a", "b", "c") == [[record.id, other.id], [record.id], []]
    assert journal.get(record.id).more == (further(2, "a"), annex)
    signed = further(2, "a", signed_sha256="c" * 64)
    record = change(journal, record, (signed, annex))
    assert journal.get(record.id).more == (signed, annex)
    assert found(journal, "a", "b", "c") == [[record.id, other.id], [record.id], [record.id]]
    record = journal.touch(record, more=(further(2, "d"),))
    assert found(journal, "a", "b", "c", "d") == [[other.id], [], [], [record.id]]
    record = journal.note(record, "seen", more=())
    assert found(journal, "d") == [[]]
    assert journal.get(record.id).more == ()


def test_further_documents_stay_when_nothing_is_said_of_them(journal: Journal) -> None:
    """A fact about something else leaves them as they are; one record that has the bytes twice is found once."""
    record = journal.add(**several(further(2, "a"), further(3, "a", signed_sha256="a" * 64)))
    record = journal.fact(record, Event.PREPARED, transaction="T-1")
    record = journal.touch(journal.note(record, "seen"), word="x")
    assert found(journal, "a") == [[record.id]]
    assert len(journal.get(record.id).more) == 2


def test_what_is_closed_is_open_no_more(journal: Journal) -> None:
    """Open records of a server are those not closed; an ended one stays open until its end is written down."""
    record = journal.add(**fields(state=State.DELIVERED))
    assert [r.id for r in journal.open_records("dms")] == [record.id]
    journal.note(record, "closed", closed=True)
    assert journal.open_records("dms") == []
    assert [r.id for r in journal.places("dms", "lettres")] == [record.id]


def test_what_the_platform_is_asked_about(journal: Journal) -> None:
    """Exactly the marked, running, doubtful and returning requests of one account are followed."""
    for number, state in enumerate(State):
        journal.add(**fields(state=state, place=f"/{number}"))
    assert {record.state for record in journal.followed("lyon")} == {
        State.MARKED,
        State.IN_PROGRESS,
        State.DRAFT,
        State.IN_DOUBT,
        State.SEALING,
        State.QUARANTINED,
    }
    assert journal.followed("nantes") == []


def test_references_are_unique(journal: Journal) -> None:
    """A reference that is taken, by a marker's record for instance, is drawn anew."""
    one = journal.add(**fields(ref="ABC234"))
    two = journal.add(**fields(ref="ABC234", place="/b"))
    assert one.ref == "ABC234"
    assert two.ref != "ABC234"
    assert len({journal.add(**fields(place=f"/{n}")).ref for n in range(50)}) == 50


def test_times_come_back_as_they_went_in(journal: Journal) -> None:
    """Aware UTC to the microsecond; another zone's time is the same moment; nothing naive ever comes back."""
    paris = datetime(2026, 7, 1, 18, 30, tzinfo=timezone(timedelta(hours=2)))
    person = SignatoryFacts(order=1, email="a@b.fr", name="A", signed_at=paris, reminded_at=(START,))
    made = journal.add(**fields(sent_at=paris, next_at=START, signatories=(person,)))
    kept = journal.get(made.id)
    assert kept == made
    assert kept.sent_at == paris
    times = [
        kept.created_at,
        kept.sent_at,
        kept.next_at,
        kept.signatories[0].signed_at,
        journal.events(kept)[0][0],
    ]
    assert all(time is not None and time.utcoffset() is not None for time in times)
    assert kept.created_at == journal.events(kept)[0][0] == START
    assert kept.created_at.utcoffset() == timedelta(0)


def test_names_that_are_no_unicode_are_kept(journal: Journal) -> None:
    """A path with bytes that are not UTF-8 comes back byte for byte, or is refused as the journal's own error."""
    href = "/Lettres/caf\udce9.sign.yaml"
    made = journal.add(**fields(place=href, document=DocumentFacts(href=href)))
    assert journal.get(made.id).place == href
    found = journal.at_place("dms", href)
    assert found is not None
    assert found.id == made.id


# --------------------------------------------------------------------------------------------------
# Holds and watches


def test_a_hold_keeps_its_first_date_while_its_cause_lasts(journal: Journal, clock: Clock) -> None:
    """The same cause again only moves the probe; another cause begins anew; the release is said once."""
    first = journal.hold("lyon", "no_credit", probe_at=START, text="plus de crédit")
    clock.advance(hours=1)
    later = journal.hold("lyon", "no_credit", probe_at=clock.at, text="toujours")
    assert (first.since, later.since, later.probe_at) == (START, START, clock.at)
    assert journal.held("lyon") == later
    other = journal.hold("lyon", "tokens", probe_at=clock.at)
    assert other.since == clock.at
    assert journal.held("nantes") is None
    assert journal.release("lyon") is True
    assert journal.release("lyon") is False
    assert journal.held("lyon") is None
    assert journal.count_events("lyon", "held", since=START) == 2
    assert journal.count_events("lyon", "released", since=START) == 1


def test_a_watch_is_of_a_folder_at_a_root(journal: Journal, clock: Clock) -> None:
    """What was seen whole is remembered with the root it had, and replaced when the root is another."""
    assert journal.watched("lettres") is None
    journal.begin_watch("lettres", "https://dms/ /Lettres/", {"/b", "/a"})
    clock.advance(days=1)
    journal.begin_watch("lettres", "https://dms/ /Autres/")
    watch = journal.watched("lettres")
    assert watch is not None
    assert (watch.root, watch.completed_at, watch.there_before) == (
        "https://dms/ /Autres/",
        clock.at,
        frozenset(),
    )


def test_what_was_there_before_us_stays_so_until_it_went(journal: Journal, path: Path) -> None:
    """The sidecars of the first look are remembered, whatever bytes their names have, each until it was away."""
    there = {"/a.sign.yaml", "/caf\udce9.sign.yaml", "/été.sign.yaml"}
    journal.begin_watch("lettres", "root", there)
    journal.let_arrive("lettres", ["/other.sign.yaml"])
    journal.let_arrive("nowhere", ["/a.sign.yaml"])
    before = journal.watched("lettres")
    assert before is not None
    assert before.there_before == there
    journal.let_arrive("lettres", ["/a.sign.yaml", "/other.sign.yaml"])
    after = journal.watched("lettres")
    assert after is not None
    assert after.there_before == there - {"/a.sign.yaml"}
    assert (after.root, after.completed_at) == (before.root, before.completed_at)


# --------------------------------------------------------------------------------------------------
# The database


def test_an_overview_has_one_row_however_often_it_is_written(
    journal: Journal, database_url: str, clock: Clock
) -> None:
    """Intended, written, written anew, forgotten: the last time alone is kept, and no text once it is written."""
    href = "/Lettres/50 % « é »/_Suivi des signatures.txt"
    events = len(contents(database_url)["event"])
    for number in range(3):
        journal.intend_overview("lyon", href, f"texte {number}", "a" * 64)
        intended = journal.overviews("lyon", "/Lettres/")[href]
        assert (intended.intended, intended.intended_words) == (f"texte {number}", "a" * 64)
        assert intended.intended_at == clock()
        assert intended.words == ("" if number == 0 else f"{number - 1}" * 64)
        clock.advance(minutes=5)
        journal.overview_written("lyon", href, f"{number}" * 64)
    kept = journal.overviews("lyon", "/Lettres/")
    assert kept == {
        href: Overview(href=href, words="2" * 64, written_at=clock(), intended_at=clock(), intended="")
    }
    assert len(contents(database_url)["overview"]) == 1
    assert len(contents(database_url)["event"]) == events
    journal.intend_overview("lyon", href, "Marie Dupont", "a" * 64)
    journal.forget_overview_texts()
    forgotten = journal.overviews("lyon", "/Lettres/")[href]
    assert (forgotten.words, forgotten.intended, forgotten.intended_words) == ("2" * 64, "", "")
    journal.forget_overview("lyon", href)
    journal.forget_overview("lyon", href)
    assert journal.overviews("lyon", "/") == {}


def test_overviews_are_of_one_server_and_below_one_folder(journal: Journal) -> None:
    """Whatever the names: wildcards are letters, and bytes that are no UTF-8 are kept."""
    hrefs = ["/a/x.txt", "/a/b/x.txt", "/ab/x.txt", "/a_/x.txt", "/a%/x.txt", "/\udce9/x.txt"]
    for server in ("lyon", "annecy"):
        for href in hrefs:
            journal.intend_overview(server, href, "", "")
    assert set(journal.overviews("lyon", "/a/")) == {"/a/x.txt", "/a/b/x.txt"}
    assert set(journal.overviews("annecy", "/a_/")) == {"/a_/x.txt"}
    assert set(journal.overviews("annecy", "/\udce9/")) == {"/\udce9/x.txt"}
    assert set(journal.overviews("lyon", "/")) == set(hrefs)
    journal.forget_overview("lyon", "/\udce9/x.txt")
    assert set(journal.overviews("lyon", "/")) == set(hrefs[:-1])
    assert set(journal.overviews("annecy", "/")) == set(hrefs)


def unlike(journal: Journal, known: dict[int, int]) -> tuple[dict[int, int], list[Record]]:
    """Fingerprints of the folder ``lettres``, and the records that are handed out."""
    found = list(journal.places_unlike("dms", "lettres", known))
    return {ident: print_ for ident, print_, _ in found}, [one for _, _, one in found if one is not None]


def test_a_journal_of_many_years_is_gone_through_a_few_at_a_time(journal: Journal, database_url: str) -> None:
    """All of them in memory at once are more than the unit allows: the service would be killed at each start."""
    first = journal.add(**fields(closed=True))
    with anybody(database_url) as connection:
        row = dict(connection.execute(sa.select(schema.record)).mappings().one())
        more = range(1, 2 * statements.AT_ONCE + 1)
        copied = [{**row, "id": first.id + number, "ref": f"{number:06d}"} for number in more]
        connection.execute(schema.record.insert(), copied)
    read: list[str] = []
    event.listen(journal._engine, "before_cursor_execute", lambda *told: read.append(told[2]))
    ways: tuple[Iterator[object], ...] = (journal.everything(), journal.places_unlike("dms", "lettres", {}))
    for going in ways:
        read.clear()
        next(going)
        assert sum("record.facts" in statement for statement in read) == 1
        assert sum(1 for _ in going) == len(copied)
        assert sum("record.facts" in statement for statement in read) >= 3


def test_an_idle_look_carries_nothing_here(journal: Journal) -> None:
    """A folder's finished requests of many years are some kilobytes each, and it is looked at twice a minute."""
    made = [journal.add(Event.ACCEPTED, **fields(place=f"/{number}")) for number in range(3)]
    prints, _ = unlike(journal, {})
    read: list[str] = []
    event.listen(journal._engine, "before_cursor_execute", lambda *told: read.append(told[2]))
    assert unlike(journal, prints) == (prints, [])
    assert len(read) == 1
    assert "record.facts" not in read[0]
    now = journal.touch(made[1], reported="x")
    read.clear()
    assert unlike(journal, prints)[1] == [now]
    assert sum("record.facts" in statement for statement in read) == 1


def test_places_that_have_not_changed_are_not_read_again(journal: Journal) -> None:
    """Current records of one folder by fingerprint; those that changed, came or were touched are handed out."""
    first = journal.add(Event.ACCEPTED, **fields(place="/a"))
    second = journal.add(Event.ACCEPTED, **fields(place="/b"))
    journal.add(Event.ACCEPTED, **fields(place="/c", folder="other"))
    prints, changed = unlike(journal, {})
    assert list(prints) == [first.id, second.id]
    assert changed == [first, second]
    assert unlike(journal, prints) == (prints, [])
    touched = journal.touch(second, word="nouveau")
    again = journal.add(Event.ACCEPTED, **fields(place="/a"))
    after, changed = unlike(journal, prints)
    assert changed == [touched, again]
    assert list(after) == [second.id, again.id], "the earlier one of a place is not current any more"


def test_what_has_not_changed_is_not_read_again(journal: Journal, path: Path) -> None:
    """Asked again, it costs no statement; changed by whomever, in this process or another, it is read at once."""
    record = journal.add(**fields())
    asked: list[str] = []
    event.listen(journal._engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    def everything() -> tuple[object, ...]:
        return (
            journal.get(record.id), journal.at_place("dms", PLACE), journal.at_place("dms", "/none"),
            journal.open_records("dms"), journal.held("lyon"), journal.intent(record, "mark"),
            journal.watched("lettres"), journal.last_account_event("lyon", "notice"),
        )  # fmt: skip

    first = everything()
    asked.clear()
    assert everything() == first
    assert asked == []
    record = journal.intend(record, "mark", {"nonce": "n"})
    journal.hold("lyon", "no_credit", probe_at=LATER)
    journal.begin_watch("lettres", "root")
    journal.mark_account("lyon", "notice", {"digest": "1"})
    seen = everything()
    assert seen[:4] == (record, record, None, [record])
    assert None not in seen[4:]
    with raw(path) as db:
        db.execute("DELETE FROM hold")
        db.execute("UPDATE record SET current = 0")
    assert journal.held("lyon") is None
    assert journal.at_place("dms", PLACE) is None


def test_what_is_remembered_of_the_journal_is_bounded(journal: Journal) -> None:
    """However many places are asked about, and however long an answer is."""
    for number in range(MOST_ROWS + 1):
        journal.at_place("dms", f"/Lettres/{number}.sign.yaml")
    assert len(journal._recent._answers) <= MOST_ROWS
    row = {**columns_of(journal.add(**fields())), "current": False}
    many = [{**row, "ref": f"{number:06d}"} for number in range(MOST_ROWS)]
    with journal._transaction() as connection:
        connection.execute(schema.record.insert(), many)
    assert len(journal.open_records("dms")) == MOST_ROWS + 1
    assert not journal._recent._answers


@pytest.mark.usefixtures("path")
def test_every_connection_is_durable(journal: Journal) -> None:
    """WAL, and synchronous=FULL on the connections that really write: a commit that returned survives a power loss."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "secure_delete": 1,
    }
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(journal._engine.connect().execution_options(reading=True))
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
            assert found == wanted


def test_a_journal_is_the_same_one_when_opened_again(database_url: str, clock: Clock) -> None:
    """Its id is drawn once; records, events and intents are there again."""
    with contextlib.closing(Journal(database_url, now=clock)) as first:
        record = prepared(first)
        ident = first.journal_id
    with contextlib.closing(Journal(database_url, now=clock)) as second:
        assert second.journal_id == ident
        assert second.get(record.id) == record
        assert second.intent(record, "mark") is not None
        second.close()


def test_two_journals_are_told_apart(tmp_path: Path, clock: Clock) -> None:
    """Each newborn journal has an id of its own."""
    ids = set()
    for number in range(3):
        with contextlib.closing(Journal(f"sqlite:///{tmp_path / str(number)}", now=clock)) as journal:
            ids.add(journal.journal_id)
    assert len(ids) == 3


def test_a_newer_journal_is_refused(journal: Journal, database_url: str, clock: Clock) -> None:
    """A journal of a later version is not touched; the administrator is told what to do."""
    prepared(journal)
    journal.close()
    by_hand(database_url, "UPDATE meta SET value = '99' WHERE name = 'schema'")
    before = contents(database_url)
    known = f"schema 99, this version knows {schema.VERSION}: install the newer version"
    with pytest.raises(JournalError, match=known):
        Journal(database_url, now=clock)
    assert contents(database_url) == before


DAMAGED = {
    "not a database": lambda whole: b"this is not a database, but long enough to look like one " * 100,
    "overwritten head": lambda whole: bytes(100) + whole[100:],
    "overwritten middle": lambda whole: whole[:1_000] + b"\xff" * (len(whole) - 1_000),
    "cut off": lambda whole: whole[: len(whole) // 3],
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_journal_stops_and_stays(journal: Journal, path: Path, clock: Clock, damage: Any) -> None:
    """Damage is said as the journal's error at start or at the first use; the file is left byte for byte."""
    prepared(journal)
    journal.close()
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    with pytest.raises(JournalError), contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as opened:
        list(opened.everything())
    assert path.read_bytes() == broken


def test_no_journal_is_born_beside_the_log_of_a_lost_one(journal: Journal, path: Path, clock: Clock) -> None:
    """SQLite would read the old facts, those that the lost file did not hold alone, into the new journal."""
    prepared(journal)
    log = path.with_name(path.name + "-wal")
    left = log.read_bytes()
    journal.close()
    path.unlink()
    log.write_bytes(left)
    with pytest.raises(JournalError, match=r"log journal.*rebuild"):
        Journal(f"sqlite:///{path}", now=clock)
    assert not path.exists()
    assert log.read_bytes() == left


def test_a_journal_of_another_program_is_not_taken_over(path: Path, clock: Clock) -> None:
    """A database with a table of that name but not ours is an error, not a journal of version nothing."""
    with raw(path) as db:
        db.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    with pytest.raises(JournalError):
        Journal(f"sqlite:///{path}", now=clock)


def test_an_unreadable_row_is_the_journals_error(journal: Journal, database_url: str) -> None:
    """A record whose facts no longer read as a record cannot be trusted: the journal says so itself."""
    record = prepared(journal)
    by_hand(database_url, "UPDATE record SET facts = '{}'")
    with pytest.raises(JournalError):
        journal.get(record.id)


def test_a_directory_that_is_not_there_is_the_journals_error(tmp_path: Path, clock: Clock) -> None:
    """No journal is made where its directory is missing: a lost mount must not become a newborn journal."""
    with pytest.raises(JournalError, match="unable to open"):
        Journal(f"sqlite:///{tmp_path / 'nowhere' / 'journal.sqlite'}", now=clock)


def test_born_where_there_is_half_the_room(tmp_path: Path) -> None:
    """What does not fit into the file is still in its log: that is no journal yet, and the next try makes one."""
    with disks.in_memory(tmp_path / "disk", "4m") as disk:
        url = f"sqlite:///{disk / 'journal.sqlite'}"
        disks.fill(disk, leave=300_000)
        with pytest.raises(JournalFull):
            Journal(url, now=lambda: datetime.now(UTC))
        assert [path.name for path in disk.iterdir()] == ["fill-4096"]
        disks.free(disk)
        with contextlib.closing(Journal(url, now=lambda: datetime.now(UTC))) as journal:
            journal.check()


FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from connector.errors import JournalError
from connector.journal import Journal
journal = Journal(sys.argv[1], now=lambda: datetime.now(UTC))
journal.mark_account("lyon", "before", {})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    for number in range(100):
        journal.mark_account("lyon", "filling", {"number": number, "text": "x" * 5_000})
except JournalError as error:
    print("JournalError", "disk" in str(error) or "full" in str(error) or "I/O" in str(error), number)
"""


def test_a_full_disk_is_the_journals_error(path: Path, clock: Clock) -> None:
    """No room for a fact: it is said as the journal's error, and every fact that was kept before is there, whole."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, f"sqlite:///{path}"], capture_output=True, text=True, check=True
    )
    word, clear, number = done.stdout.split()
    assert (word, clear) == ("JournalError", "True")
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as journal:
        assert journal.count_events("lyon", "before", since=START - timedelta(days=3650)) == 1
        assert journal.count_events("lyon", "filling", since=START - timedelta(days=3650)) == int(number)


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (sqlite3.SQLITE_FULL, "make room on its disk"),
        (sqlite3.SQLITE_IOERR_WRITE, "make room on its disk"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "make room on its disk"),
        (sqlite3.SQLITE_IOERR_SHMMAP, "on a disk of this host"),
        (sqlite3.SQLITE_IOERR_LOCK, "on a disk of this host"),
    ],
)
def test_what_helps_where_the_disk_takes_nothing(path: Path, code: int, cure: str) -> None:
    """Room helps no file system on which programs share no memory or no locks (FUSE with direct_io, 9p, NFS)."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    told = opening.meaning(path, sa.exc.OperationalError("INSERT", {}, error))
    assert isinstance(told, JournalFull)
    assert cure in str(told)


def test_a_journal_that_another_program_keeps_locked_is_waited_for(path: Path, clock: Clock) -> None:
    """A sqlite3 shell left within a transaction damages nothing: who takes it for damage ends the service for good."""
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)):
        pass
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as shell,
        contextlib.closing(sqlite3.connect(path, timeout=0)) as ours,
    ):
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as locked:
            ours.execute("BEGIN IMMEDIATE")
        shell.execute("ROLLBACK")
        ours.execute("BEGIN IMMEDIATE")
    told = opening.meaning(path, sa.exc.OperationalError("BEGIN IMMEDIATE", {}, locked.value))
    assert isinstance(told, JournalAway)
    assert "kept locked by another program" in str(told)


def test_a_url_may_carry_parameters(path: Path, clock: Clock) -> None:
    """The journal is named by a database URL, parameters included."""
    url = f"sqlite:///file:{path}?uri=true&timeout=5"
    with contextlib.closing(Journal(url, now=clock)) as journal:
        prepared(journal)
    assert path.is_file()


def insist(journal: Journal, record: Record) -> None:
    """Count one up, reading anew as often as somebody else was faster."""
    while True:
        kept = journal.get(record.id)
        with contextlib.suppress(StaleRecordError):
            journal.note(kept, "shared", attempts=kept.attempts + 1)
            return


def test_two_threads_write_without_losing_anything(journal: Journal) -> None:
    """Both wait their turn: every event and every change of both is there, and nobody meets a locked database."""
    records = [journal.add(**fields(place=f"/{n}")) for n in range(2)]
    shared = journal.add(**fields(place="/shared"))
    errors: list[BaseException] = []
    rounds = 40

    def work(record: Record) -> None:
        try:
            for number in range(rounds):
                record = journal.note(record, "own", attempts=number + 1)
                insist(journal, shared)
                journal.open_records("dms")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(record,)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [journal.get(record.id).attempts for record in (*records, shared)] == [rounds, rounds, 2 * rounds]
    assert [len(journal.events(record)) for record in (*records, shared)] == [41, 41, 81]


READER = """
import sys
from datetime import UTC, datetime
from connector.journal import Journal
journal = Journal(sys.argv[1], now=lambda: datetime.now(UTC))
print("open", flush=True)
for _ in sys.stdin:
    record = next(journal.everything())
    events = [data["number"] for _, name, data in journal.events(record) if name == "n"]
    print(record.attempts, events == list(range(1, len(events) + 1)), len(events), flush=True)
"""


def test_another_process_reads_meanwhile(journal: Journal, database_url: str) -> None:
    """``status`` on a running service: a second process sees each committed fact whole, and holds nobody up."""
    record = journal.add(**fields())
    with subprocess.Popen(
        [sys.executable, "-c", READER, database_url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as reader:  # fmt: skip
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        for number in range(1, 11):
            record = journal.note(record, "n", data={"number": number}, attempts=number)
            reader.stdin.write("look\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == f"{number} True {number}\n"
        with journal._transaction() as connection:
            connection.exec_driver_sql("UPDATE record SET state = 'lost'")
            reader.stdin.write("look\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "10 True 10\n"
            connection.rollback()
        reader.stdin.close()
        assert reader.wait(timeout=30) == 0


def test_an_older_journal_becomes_todays(
    journal: Journal, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step forward runs once, in order, in the transaction that keeps the new number; a failed one keeps none."""
    prepared(journal)
    journal.close()
    ran: list[int] = []

    def step(version: int, *, fails: bool = False) -> Any:
        def migrate(connection: Connection) -> None:
            ran.append(version)
            connection.exec_driver_sql(f"CREATE TABLE added_{version} (x)")
            if fails:
                connection.exec_driver_sql("SELECT * FROM nowhere")

        return migrate

    today = schema.VERSION
    monkeypatch.setattr(schema, "VERSION", today + 2)
    monkeypatch.setattr(schema, "MIGRATIONS", {today: step(today), today + 1: step(today + 1, fails=True)})
    with pytest.raises(JournalError):
        Journal(f"sqlite:///{path}", now=clock)
    with raw(path) as db:
        assert db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == (str(today),)
        assert db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'added%'").fetchall() == []
    schema.MIGRATIONS[today + 1] = step(today + 1)
    ran.clear()
    for _ in itertools.repeat(None, 2):
        with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as opened:
            assert len(list(opened.everything())) == 1
    assert ran == [today, today + 1]


def tables(path: Path) -> dict[str, str]:
    """Every table, index and trigger with the statement that made it."""
    with raw(path) as db:
        return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())


def test_a_journal_of_version_1_keeps_its_records(journal: Journal, path: Path, clock: Clock) -> None:
    """1 → 2: the tables of several documents and of contacts come, everything that was kept before is whole."""
    record = prepared(journal)
    journal.hold("lyon", "tokens", probe_at=START)
    journal.begin_watch("lettres", "root", ["/a"])
    journal.close()
    made_today, ident = tables(path), journal.journal_id
    journal.close()
    with raw(path) as db:
        db.execute("DROP TABLE document")
        db.execute("DROP TABLE contact")
        db.execute("DROP TABLE overview")
        db.execute("DROP TABLE whereabouts")
        db.execute("UPDATE meta SET value = '1' WHERE name = 'schema'")
        kept = {
            name: db.execute(f"SELECT * FROM {name}").fetchall()
            for name in ("record", "event", "intent", "hold", "watch")
        }
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as opened:
        assert opened.journal_id == ident
        assert opened.get(record.id) == record
        found = contents(path)
        assert {name: found[name] for name in kept} == kept
        assert dict(found["meta"])["schema"] == str(schema.VERSION)
        assert tables(path) == made_today
        more = (DocumentFacts(rank=2, href="/Lettres/annexe.pdf", sha256="a" * 64),)
        opened.touch(record, more=more)
        assert [each.id for each in opened.knowing(sha256="a" * 64)] == [record.id]


def test_a_journal_of_version_2_keeps_everything(journal: Journal, path: Path, clock: Clock) -> None:
    """2 → 3: the table of overviews comes, all else is as it was."""
    record = prepared(journal)
    journal.mark_account("folder:lettres", "notice", {"digest": ""})
    journal.close()
    made_today = tables(path)
    with raw(path) as db:
        db.execute("DROP TABLE overview")
        db.execute("DROP TABLE whereabouts")
        db.execute("UPDATE meta SET value = '2' WHERE name = 'schema'")
    before = {name: rows for name, rows in contents_of(path).items() if name not in {"meta", "overview"}}
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as opened:
        assert opened.get(record.id) == record
        found = contents(path)
        assert {name: found[name] for name in before} == before
        assert dict(found["meta"])["schema"] == str(schema.VERSION)
        assert found["overview"] == []
        assert tables(path) == made_today
        opened.intend_overview("lyon", "/x", "text", "a" * 64)
        assert list(opened.overviews("lyon", "/")) == ["/x"]


def test_a_journal_of_version_3_keeps_everything(journal: Journal, path: Path, clock: Clock) -> None:
    """3 → 4: the letters come, all else is as it was; of what has happened before nobody is told any more."""
    record = prepared(journal)
    journal.close()
    made_today = tables(path)
    with raw(path) as db:
        db.execute("DROP TABLE outbox")
        db.execute("DROP TABLE whereabouts")
        db.execute("UPDATE meta SET value = '3' WHERE name = 'schema'")
    before = {name: rows for name, rows in contents_of(path).items() if name not in {"meta", "outbox"}}
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as opened:
        assert opened.get(record.id) == record
        found = contents(path)
        assert {name: found[name] for name in before} == before
        assert found["outbox"] == []
        assert tables(path) == made_today
        assert opened.news(opened.told_up_to()) == []
        opened.mark_account("lyon", "held", {"cause": "tokens"})
        assert [one.name for one in opened.news(opened.told_up_to())] == ["held"]


def contents_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What there is in those tables that an older journal has."""
    with raw(path) as db:
        there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {
            name: db.execute(f"SELECT * FROM {name}").fetchall()
            for name in schema.metadata.tables
            if name in there
        }


def test_what_version_1_kept_beside_a_document_is_the_documents_own(
    journal: Journal, path: Path, clock: Clock
) -> None:
    """A delivery that was under way when the release came goes on as it would have: still to be checked, told once."""
    old = {
        "contents": ["c" * 64],
        "differences": {"pages": "4→5"},
        "left": ["b" * 64],
        "locked": True,
        "kind": "send",
    }
    record = journal.touch(prepared(journal), extra=old)
    journal.close()
    with raw(path) as db:
        db.execute("DROP TABLE document")
        db.execute("DROP TABLE contact")
        db.execute("DROP TABLE overview")
        db.execute("DROP TABLE whereabouts")
        db.execute("UPDATE meta SET value = '1' WHERE name = 'schema'")
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as opened:
        document = opened.get(record.id).document
        assert document.contents == ("c" * 64,)
        assert document.differences == {"pages": "4→5"}
        assert document.left == ("b" * 64,)
        assert opened.get(record.id).extra == {"locked": [1], "kind": "send"}


@pytest.mark.parametrize(
    "href", ["/Lettres/lettre.pdf", '/L/50% "d’accord" \\ _x.pdf', "/L/ü/\udce9.pdf", "/L/'; DROP.pdf"]
)
def test_who_has_a_document_is_found_without_reading_everything(journal: CutJournal, href: str) -> None:
    """By place, however it is spelled, and by file id, of the main document and of further ones; open ones alone."""
    others = [
        journal.add(**fields(place=f"/L/{number}.sign.yaml", document=DocumentFacts(href=f"/L/{number}.pdf")))
        for number in range(5)
    ]
    main = journal.add(**fields(document=DocumentFacts(href=href, file_id="7")))
    annex = DocumentFacts(href="/L/annexe.pdf", file_id="8", rank=2)
    more = journal.add(
        **fields(place="/L/b.sign.yaml", document=DocumentFacts(href="/L/b.pdf"), more=(annex,))
    )
    assert [one.id for one in journal.touching("dms", [href], [])] == [main.id]
    assert [one.id for one in journal.touching("dms", ["/L/3.pdf", href], [])] == [others[3].id, main.id]
    assert [one.id for one in journal.touching("dms", [], ["7"])] == [main.id]
    assert [one.id for one in journal.touching("dms", ["/L/annexe.pdf"], [])] == [more.id]
    assert [one.id for one in journal.touching("dms", [], ["8"])] == [more.id]
    assert journal.touching("dms", [], []) == journal.touching("autre", [href], ["7"]) == []
    journal.touch(main, closed=True)
    assert journal.touching("dms", [href], ["7"]) == []


def test_where_a_request_lies_is_kept_up_to_date(journal: CutJournal) -> None:
    """A document that is moved, and a status, are found at their new place alone; what is closed nowhere."""

    def found(*hrefs: str) -> list[bool]:
        return [[one.id for one in journal.touching("dms", [href], [])] == [record.id] for href in hrefs]

    record = journal.add(**fields())
    first, second, status = "/Lettres/lettre.pdf", "/Lettres/2026/lettre.pdf", "/Lettres/lettre.signature.txt"
    assert found(first, second, status) == [True, False, False]
    record = journal.note(record, "document_followed", document=DocumentFacts(href=second))
    assert found(first, second, status) == [False, True, False]
    record = journal.touch(record, extra={"status_href": status})
    assert found(first, second, status) == [False, True, True]
    record = journal.note(record, "closed", closed=True)
    with anybody(str(journal.engine.url)) as connection:
        assert connection.execute(sa.select(schema.whereabouts)).all() == []
    journal.touch(record, closed=False)
    assert found(first, second, status) == [False, True, True]


def test_a_journal_of_version_5_learns_where_open_requests_lie(database_url: str, clock: Clock) -> None:
    """5 → 6: who has a document is found as before; of what is over, and of what cannot be read, nothing is kept."""
    with contextlib.closing(Journal(database_url, now=clock)) as journal:
        annex = DocumentFacts(href="/Lettres/annexe.pdf", rank=2)
        record = journal.add(**fields(more=(annex,), extra={"status_href": "/Lettres/lettre.signature.txt"}))
        over = journal.add(
            **fields(place="/a", document=DocumentFacts(href="/Lettres/vieux.pdf"), closed=True)
        )
        torn = journal.add(**fields(place="/b", document=DocumentFacts(href="/Lettres/b.pdf")))
    with anybody(database_url) as connection:
        kept = set(
            connection.execute(
                sa.select(schema.whereabouts).where(schema.whereabouts.c.record_id == record.id)
            )
        )
        schema.whereabouts.drop(connection)
        connection.execute(
            schema.record.update().where(schema.record.c.id == torn.id).values(facts="no facts")
        )
        connection.execute(schema.meta.update().where(schema.meta.c.name == "schema").values(value="5"))
    with contextlib.closing(Journal(database_url, now=clock)) as journal:
        for href in ("/Lettres/lettre.pdf", "/Lettres/annexe.pdf", "/Lettres/lettre.signature.txt"):
            assert journal.touching("dms", [href], []) == [record]
        assert journal.touching("dms", ["/Lettres/vieux.pdf", "/Lettres/b.pdf"], []) == []
        assert journal.get(over.id) == over
    with anybody(database_url) as connection:
        assert len(kept) == 3
        assert set(connection.execute(sa.select(schema.whereabouts))) == kept


def test_what_a_record_holds_is_of_one_version(request: pytest.FixtureRequest) -> None:
    """A record with a fact that a version does not know ends that one: so the journal's version tells of each."""
    described = Record.model_json_schema()
    lines = [f"schema {schema.VERSION}"]
    for name, shape in sorted({"Record": described, **described["$defs"]}.items()):
        lines += [f"{name}.{each}" for each in sorted(shape.get("properties", ()))]
        lines += [f"{name} = {each}" for each in sorted(map(str, shape.get("enum", ())))]
    kept = request.path.with_name("journal_facts.txt")
    assert kept.read_text().splitlines() == lines, (
        f"what a record holds is another thing: raise schema.VERSION with a step, and put this into {kept}:\n"
        + "\n".join(lines)
    )


def test_a_journal_of_version_6_keeps_everything(database_url: str, clock: Clock) -> None:
    """6 → 7: what was not kept of a document then has its default; no earlier version reads it afterwards."""
    since = {"original_lost", "signed_version_id", "unsigned_back", "changed_file"}
    with contextlib.closing(Journal(database_url, now=clock)) as journal:
        record = journal.add(**fields())
    with anybody(database_url) as connection:
        facts = json.loads(connection.execute(sa.select(schema.record.c.facts)).scalar_one())
        facts["document"] = {name: value for name, value in facts["document"].items() if name not in since}
        connection.execute(schema.record.update().values(facts=json.dumps(facts)))
        connection.execute(schema.meta.update().where(schema.meta.c.name == "schema").values(value="6"))
    with contextlib.closing(Journal(database_url, now=clock)) as journal:
        assert journal.get(record.id) == record
    with anybody(database_url) as connection:
        number = sa.select(schema.meta.c.value).where(schema.meta.c.name == "schema")
        assert int(connection.execute(number).scalar_one()) > 6


def test_who_has_a_document_is_looked_up(path: Path, clock: Clock) -> None:
    """Each of its places and ids in an index: what else is open on its server is not gone through."""
    with contextlib.closing(Journal(f"sqlite:///{path}", now=clock)) as journal:
        asked = statements.touching(2, 1).compile(dialect=journal.engine.dialect)
        with journal.engine.connect() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {asked}", ("a", "b", "dms", "c", "c")
            ).all()
    how = [str(row.detail) for row in plan if row.detail.startswith(("SCAN", "SEARCH"))]
    assert how[0].startswith("SEARCH record USING INTEGER PRIMARY KEY")
    assert [each.partition(" (")[0] for each in how[1:]] == [
        "SEARCH whereabouts USING INDEX whereabouts_digest",
        "SEARCH whereabouts USING INDEX whereabouts_digest",
        "SEARCH record USING COVERING INDEX record_file",
        "SEARCH document USING INDEX document_file",
    ]


def test_each_step_of_a_life_is_one_line(journal: CutJournal, caplog: pytest.LogCaptureFixture) -> None:
    """Once its fact is kept, and never before; what moves no state says nothing; nobody and no file is named."""
    caplog.set_level("INFO", "connector.journal")
    record = journal.add(**fields())
    record = journal.note(record, "seen", subject="Bilan DUPONT")
    record = journal.fact(record, Event.PREPARED)
    journal.cut = True
    with pytest.raises(Cut):
        journal.fact(record, Event.MARKED)
    told = [(each.getMessage(), each.about) for each in caplog.records]  # type: ignore[attr-defined]
    subjects = {"ref": record.ref, "folder": "lettres", "account": "lyon", "server": "dms"}
    assert told == [
        (
            f"{record.ref} in folder lettres is waiting (added)",
            {**subjects, "state": "waiting", "event": "added"},
        ),
        (
            f"{record.ref} in folder lettres is prepared (prepared)",
            {**subjects, "state": "prepared", "event": "prepared"},
        ),
    ]
