"""Many requests side by side: how many at once, in whose hands, and what becomes of those whose pass is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from connector import lanes
from connector.errors import AskedToWait, JournalError
from connector.lanes import Hands, Piece, Turn, chains
from connector.lifecycle import DocumentFacts, Record, State

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LONG_S = 20.0
"""What a wait takes that must not end by itself."""


class Gate:
    """Pieces that wait at a gate: who is there, and how many were there at once."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.lock = threading.Condition()
        self.inside: list[int] = []
        self.most = 0
        self.done: list[int] = []

    def piece(self, ident: int, lane: str = "a", *, waits: bool = True) -> Piece:
        def do(_turn: Turn) -> None:
            with self.lock:
                self.inside.append(ident)
                self.most = max(self.most, len(self.inside))
                self.lock.notify_all()
            if waits:
                assert self.opened.wait(LONG_S)
            with self.lock:
                self.inside.remove(ident)
                self.done.append(ident)
                self.lock.notify_all()

        return Piece(lane=lane, ids=frozenset({ident}), do=do)

    def until(self, true: Callable[[], bool]) -> None:
        with self.lock:
            assert self.lock.wait_for(true, LONG_S)


@contextmanager
def working(hands: Hands, pieces: list[Piece], **options: object) -> Iterator[list[bool]]:
    """Work in another thread; what came of it is in the list afterwards."""
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(hands.work(pieces, **options)))  # type: ignore[arg-type]
    thread.start()
    yield told
    thread.join(LONG_S)
    assert not thread.is_alive()


def test_as_many_at_once_as_may_be_and_each_lane_for_itself() -> None:
    """Two lanes, two wide, five pieces each: four at work, never more, each lane in its order."""
    gate, hands = Gate(), Hands()
    pieces = [gate.piece(number, "a" if number < 5 else "b") for number in range(10)]
    with working(hands, pieces, width=2) as told:
        gate.until(lambda: len(gate.inside) == 4)
        assert hands.held() == {0, 1, 5, 6}
        gate.opened.set()
    assert told == [True]
    assert gate.most == 4
    assert sorted(gate.done) == list(range(10))
    assert not hands.busy


def test_one_lane_keeps_its_order() -> None:
    """One wide: one after the other, as offered."""
    gate, hands = Gate(), Hands()
    assert hands.work([gate.piece(number, waits=False) for number in (3, 1, 2)], width=1)
    assert (gate.done, gate.most) == ([3, 1, 2], 1)


def test_a_slow_lane_outlives_the_pass_and_nothing_new_begins_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick lane is done, so the pass ends; what is in hand goes on alone, and is nobody else's meanwhile."""
    monkeypatch.setattr(lanes, "PATIENCE_S", 0.05)
    slow, quick, hands, freed = Gate(), Gate(), Hands(), threading.Event()
    hands.freed = freed.set
    pieces = [slow.piece(1, "slow"), slow.piece(2, "slow"), quick.piece(3, "quick", waits=False)]
    far = time.monotonic() + LONG_S
    assert hands.work(pieces, width=1, deadline=far), "it has not run out of time"
    assert quick.done == [3]
    assert hands.held() == {1}
    # The next pass offers everything again: the lane is full, and what is in hand stays there.
    assert hands.work([slow.piece(1, "slow"), quick.piece(4, "quick", waits=False)], width=1, deadline=far)
    assert hands.work([quick.piece(1, "quick", waits=False)], width=1, deadline=far)
    assert quick.done == [3, 4]
    slow.opened.set()
    assert freed.wait(LONG_S)
    assert slow.done == [1], "what was offered to a pass that is over never begins"
    assert not hands.busy


def test_a_lane_that_had_nothing_to_do_counts_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another account might get something to do at any time: it does not wait for the slow one."""
    monkeypatch.setattr(lanes, "PATIENCE_S", 0.05)
    slow, hands, freed = Gate(), Hands(), threading.Event()
    hands.freed = freed.set
    far = time.monotonic() + LONG_S
    assert hands.work([slow.piece(1, "slow")], width=1, lanes=["quick", "slow"], deadline=far)
    assert hands.held() == {1}
    slow.opened.set()
    assert freed.wait(LONG_S)


def test_time_runs_out() -> None:
    """What has not begun is told, and dropped."""
    gate, hands, freed = Gate(), Hands(), threading.Event()
    hands.freed = freed.set
    assert not hands.work([gate.piece(1), gate.piece(2)], width=1, deadline=time.monotonic() + 0.05)
    gate.opened.set()
    assert freed.wait(LONG_S)
    assert gate.done == [1]


def test_whoever_stops_waits_for_what_is_in_hand() -> None:
    """Stopping: nothing more begins, what was begun comes to its end."""
    gate, hands, stop = Gate(), Hands(), threading.Event()
    pieces = [gate.piece(1), gate.piece(2)]
    with working(hands, pieces, width=1, stopped=stop.is_set) as told:
        gate.until(lambda: gate.inside == [1])
        stop.set()
        gate.opened.set()
    assert (told, gate.done) == ([False], [1])


def test_a_failure_of_the_journal_is_the_pass_s_own() -> None:
    """It is raised where the pass waits, once nobody works any more."""
    gate, hands = Gate(), Hands()

    def fail(_turn: Turn) -> None:
        gate.until(lambda: 2 in gate.inside)
        gate.opened.set()
        raise JournalError("broken")

    broken = Piece(lane="a", ids=frozenset({1}), do=fail)
    with pytest.raises(JournalError, match="broken"):
        hands.work([broken, gate.piece(2, "b"), gate.piece(3, "b")], width=1)
    assert not hands.busy
    assert 2 in gate.done
    assert hands.work([gate.piece(4)], width=1), "it is told once"


def test_what_a_server_said_to_an_earlier_pass_ends_no_later_one() -> None:
    """A wish to be let be that comes when its pass is over: the next one works."""
    hands, gate, freed = Hands(), Gate(), threading.Event()
    hands.freed = freed.set

    def late(_turn: Turn) -> None:
        assert gate.opened.wait(LONG_S)
        raise AskedToWait("asked to be let be", service="dms", operation="GET", retry_after_s=1.0)

    hands.work([Piece(lane="a", ids=frozenset({1}), do=late)], width=1, deadline=time.monotonic() + 0.05)
    gate.opened.set()
    assert freed.wait(LONG_S)
    assert hands.work([gate.piece(2, waits=False)], width=1)
    assert gate.done == [2]


def test_requests_that_share_a_file_are_in_the_same_hands() -> None:
    """By place or by file id, directly or over a third one; the order stays."""
    a = one(1, "/a.pdf")
    b = one(2, "/b.pdf", file_id="7")
    c = one(3, "/c.pdf")
    d = one(4, "/a.pdf", more=("/c.pdf",))
    e = one(5, "/other.pdf", file_id="7")
    assert [[each.id for each in chain] for chain in chains([a, b, c, d, e])] == [[1, 3, 4], [2, 5]]
    assert chains([]) == []
    bare = [one(number, "") for number in (1, 2)]
    assert [[each.id for each in chain] for chain in chains(bare)] == [[1], [2]]


def one(ident: int, href: str, *, file_id: str | None = None, more: tuple[str, ...] = ()) -> Record:
    documents = [DocumentFacts(rank=rank, href=name) for rank, name in enumerate(more, start=2)]
    return Record(
        id=ident,
        ref="ABC234",
        folder="lettres",
        server="dms",
        account="cabinet",
        state=State.WAITING,
        place=f"/{ident}.sign.yaml",
        document=DocumentFacts(href=href, file_id=file_id),
        more=tuple(documents),
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("given", [0, 1])
def test_a_machine_that_gives_no_thread_just_now(given: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer hands it goes on, without any the pass fails; the next one has all of them again."""
    hands, gate, real, left = Hands(), Gate(), threading.Thread.start, [given]

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("lane"):
            if not left[0]:
                raise RuntimeError("can't start new thread")
            left[0] -= 1
        real(thread)

    pieces = [gate.piece(ident, waits=False) for ident in range(6)]
    monkeypatch.setattr(threading.Thread, "start", start)
    if given:
        assert hands.work(pieces, width=3)
        assert sorted(gate.done) == [0, 1, 2, 3, 4, 5]
    else:
        with pytest.raises(RuntimeError, match="new thread"):
            hands.work(pieces, width=3)
        assert gate.done == []
    monkeypatch.undo()
    again = [gate.piece(ident) for ident in range(10, 16)]
    with working(hands, again, width=3) as told:
        gate.until(lambda: len(gate.inside) == 3)
        gate.opened.set()
    assert told == [True]
    assert sorted(gate.done)[-6:] == [10, 11, 12, 13, 14, 15]
    assert not hands.busy
