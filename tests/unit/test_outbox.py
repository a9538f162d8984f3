"""Letters in the journal: taken once, together with how far was looked; no address outlives its letter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.journal import Journal, Letter
from connector.journal.outbox import DROPPED, LEAVING, TOLD, WAITING

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MARIE = "marie.dupont@cabinet.fr"


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(database_url: str, clock: Clock) -> Iterator[Journal]:
    with closing(Journal(database_url, now=clock)) as opened:
        yield opened


def letter(key: str, **more: Any) -> Letter:
    return Letter(
        **{
            "key": key,
            "kind": "request",
            "to": MARIE,
            "cause": "c",
            "due_at": START,
            "data": {"n": 1},
            **more,
        }
    )


def test_a_letter_is_taken_once(journal: Journal) -> None:
    """Its key is known for good, whatever became of it; with it goes how far the events were looked at, or nothing."""
    for name in ("one", "two"):
        journal.mark_account("lyon", name, {})
    seen = journal.news(0)
    assert [each.name for each in seen] == ["one", "two"]
    assert journal.post([letter("a"), letter("b")], up_to=seen[0].id) == 2
    assert [each.name for each in journal.news(journal.told_up_to())] == ["two"]
    assert journal.post([letter("a"), letter("c")], up_to=seen[1].id) == 1
    assert journal.news(journal.told_up_to()) == []
    journal.end_letters([one for one in journal.letters() if one.key == "a"], TOLD)
    assert journal.post([letter("a")]) == 0
    assert journal.known_letters(["a", "z"]) == {"a"}
    with pytest.raises(TypeError):
        journal.post([letter("d", data={1: object, "x": {object: 1}})], up_to=99)
    assert journal.told_up_to() == seen[1].id
    assert "d" not in {one.key for one in journal.letters()}


def test_its_way(journal: Journal, clock: Clock, path: Path) -> None:
    """Waiting, leaving under one name as often as it is tried, told; its address is nowhere afterwards."""
    journal.post([letter("a"), letter("b", due_at=START + timedelta(hours=1))])
    both = journal.letters()
    assert {one.state for one in both} == {WAITING}
    assert journal.begin_letters(both) == "a"
    again = journal.letters()
    assert [(one.state, one.batch) for one in again] == [(LEAVING, "a")] * 2
    assert journal.begin_letters(list(reversed(again))) == "a"
    journal.put_off_letters(again, START + timedelta(minutes=5), "away")
    late = journal.letters()
    assert [(one.attempts, one.error) for one in late] == [(1, "away")] * 2
    assert {one.due_at for one in late} == {START + timedelta(minutes=5)}
    clock.now = START + timedelta(minutes=6)
    journal.end_letters(late, TOLD, words="w" * 64)
    assert journal.letters() == []
    last = journal.last_told("c")
    assert last is not None
    assert (last.key, last.to, last.data, last.done_at) == ("b", "", {"words": "w" * 64}, clock.now)
    assert journal.first_told("c", START) == clock.now
    assert journal.first_told("c", clock.now + timedelta(seconds=1)) is None
    assert journal.count_told("c", START) == 2
    journal.close()
    assert all(MARIE.encode() not in each.read_bytes() for each in path.parent.iterdir())


def test_what_certainly_did_not_leave_waits_again(journal: Journal) -> None:
    """Whoever has perhaps left stays so, whatever a later try comes to; either keeps its name."""
    journal.post([letter("a"), letter("b")])
    sure, unsure = journal.letters()
    for one, perhaps in ((sure, False), (unsure, True)):
        journal.begin_letters([one])
        journal.put_off_letters([one], START, "away", perhaps=perhaps)
    assert [(one.state, one.batch) for one in journal.letters()] == [(WAITING, "a"), (LEAVING, "b")]
    for one in journal.letters():
        journal.begin_letters([one])
        journal.put_off_letters([one], START, "away")
    assert [one.state for one in journal.letters()] == [WAITING, LEAVING]


def test_how_often_nobody_answered(journal: Journal, clock: Clock) -> None:
    """Counted apart from tries that certainly did nothing, in no way that whoever is told would see."""
    journal.post([letter("a")])
    for perhaps in (True, False, True):
        journal.put_off_letters(journal.letters(), START, "away", perhaps=perhaps)
    (one,) = journal.letters()
    assert (one.attempts, one.unheard, one.data) == (3, 2, {"n": 1})
    journal.end_letters([one], TOLD, why="away")
    assert not journal.told_since(START, but="hook")  # nobody knows that it was
    for kind, told in (("hook", False), ("request", True)):
        journal.post([letter(kind, kind=kind)])
        journal.end_letters(journal.letters(), TOLD)
        assert journal.told_since(START, but="hook") is told
    assert not journal.told_since(clock.now + timedelta(seconds=1), but="hook")


def test_what_an_account_was_held_for(journal: Journal) -> None:
    """One cause after the other, since it was let go last; nobody else's."""
    for account, cause in (("lyon", "a"), ("annecy", "z"), ("lyon", "b"), ("lyon", "b"), ("lyon", "c")):
        journal.hold(account, cause, probe_at=START)
        if cause == "a":
            journal.release(account)
    last = journal.news(0)[-1].id
    assert journal.held_before("lyon", last + 1) == ["b", "c"]
    assert journal.held_before("lyon", last) == ["b"]
    assert journal.held_before("nobody", last) == []


def test_what_is_taken_back(journal: Journal, clock: Clock) -> None:
    """Only what waits; a cause's last word is what was not taken back; what is old goes, what waits does not."""
    journal.post([letter("on", phase="on"), letter("left", cause="d")])
    journal.begin_letters([one for one in journal.letters() if one.key == "left"])
    journal.post([letter("new")], take_back=["on", "left", "unknown"])
    assert sorted(one.key for one in journal.letters()) == ["left", "new"]
    found = journal.last_letter("c")
    assert found is not None
    assert found.key == "new"
    journal.end_letters([found], DROPPED, why="no news any more")
    assert journal.last_letter("c") is None
    clock.now = START + timedelta(days=1200)
    assert journal.prune_letters(START + timedelta(days=1)) == 2
    assert [one.key for one in journal.letters()] == ["left"]


def test_who_is_forgotten_is_not_written_to(journal: Journal) -> None:
    journal.post([letter("a"), letter("b", to="autre@cabinet.fr")])
    assert journal.forget_letters(lambda address: address == MARIE) == 1
    assert [one.key for one in journal.letters()] == ["b"]
