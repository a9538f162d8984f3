"""What two threads, or a thread and a person, do to one request or one account in the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from connector.cli import wiring
from connector.errors import AnsweredNo, Cause
from connector.jesignexpert.transport import BaseTransport, DeadlineTransport
from connector.journal import Hold, Journal
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from connector.steps import waiting
from tests.wires import until
from tests.worlds import ROOT, Stage, workers

LONG_S = 30.0
ELSEWHERE = f"{ROOT}/Ailleurs"


@contextmanager
def passing(stage: Stage) -> Iterator[None]:
    """Let the DMS's own pass run meanwhile, to its end."""
    stage.clock.advance(3)
    thread = threading.Thread(target=server_pass, args=(stage.parts, "dms", stage.memory))
    thread.start()
    yield
    thread.join(LONG_S)
    assert not thread.is_alive()


def sends_begun(stage: Stage) -> int:
    return sum(one.operation == "send" for one in stage.platform.requests)


def test_moved_while_its_marker_is_written(tmp_path: Path) -> None:
    """A pass is over and a marker still on its way; the pair is moved: those who look leave the request to its hands.

    Written to by both, the marker's own fact would be lost, and nobody could tell any more that nothing was sent.
    """
    with Stage(tmp_path, "plain") as stage:
        stage.person.mkdir(ELSEWHERE)
        stage.drop()
        stage.round()
        stage.dms.misbehave(kind="latency", method="PUT", path="*.sent", seconds=4)
        stage.clock.advance(3)
        server_pass(stage.parts, "dms", stage.memory, deadline=time.monotonic() + 2)
        assert stage.memory.hands.busy
        assert stage.parts.journal.intended(stage.record()) == ("mark",)
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=ELSEWHERE)
        for _ in range(2):
            stage.clock.advance(3)
            server_pass(stage.parts, "dms", stage.memory, deadline=time.monotonic() + 0.3)
        assert stage.memory.hands.busy, "it was to be looked at while it is in hand"
        assert [record.place for record in stage.records()] == [f"/{ROOT}/lettre.sign.yaml"]
        until(lambda: not stage.memory.hands.busy, "the marker")
        stage.run()
        stage.clock.advance(1000)  # what is marked and was looked at elsewhere waits its time
        stage.run()
        assert stage.sends() == [1]
        assert stage.record(folder=ELSEWHERE).state is State.IN_PROGRESS
        stage.intact()


def test_whoever_stood_behind_slow_sends_looks_again(tmp_path: Path) -> None:
    """Both are marked, one is being sent, slowly; people take both back: the one that still waits does not leave."""
    with Stage(tmp_path) as stage:
        stage.drop("premier")
        stage.run()
        for name in ("une", "autre"):
            stage.drop(name)
        stage.round()
        stage.platform.misbehave(operation="send", kind="latency", seconds=3)

        with passing(stage):
            until(lambda: len(stage.parts.in_flight) == 2, "two on their way")
            for name in ("une", "autre"):
                stage.delete(f"{name}.sign.yaml")
            stage.clock.advance(60)
        assert sorted(stage.sends()) == [0, 1, 1]
        stage.run()
        assert sorted(stage.sends()) == [0, 1, 1]
        stage.intact()


def test_what_is_made_beside_is_no_answer_to_a_question(tmp_path: Path) -> None:
    """One send is not answered, no read is; those being made beside it are, and let nothing more leave (R9b)."""
    with Stage(tmp_path) as stage:
        for number in range(5):
            stage.drop(f"lettre {number}")
        stage.platform.misbehave(operation="send", kind="status", status=502, times=None)
        # Whether the contract holds is asked once, and answered (R11).
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None, skip=1)
        for number in range(4):
            stage.platform.misbehave(operation="signatory", kind="latency", seconds=0.5, skip=1 + number)
        stage.run(4)
        assert sends_begun(stage) == 1
        assert sum(record.reason == "send_unanswered" for record in stage.records()) == 1


def test_the_brake_holds_for_what_could_not_be_marked(tmp_path: Path) -> None:
    """Six are ready while no marker can be written; then three leave, as many as may, and the others say why not."""
    with Stage(tmp_path, account={"max_sends_per_day": "3"}) as stage:
        for number in range(6):
            stage.drop(f"lettre {number}")
        stage.dms.misbehave(kind="status", method="PUT", path="*.sent", status=500, times=None)
        stage.run(4)
        stage.clock.advance(60)
        stage.run(4)
        assert [record.state for record in stage.records()] == [State.PREPARED] * 6
        stage.dms.behave()
        stage.clock.advance(600)
        stage.run(6)
        assert sorted(stage.sends()) == [0] * 3 + [1] * 3
        waits = [one for one in stage.records() if one.state is State.PREPARED]
        assert len(waits) == 3
        assert all("la limite du cabinet" in stage.first_line(str(one.document.name)[:-4]) for one in waits)
        stage.intact()


def test_a_pause_stops_even_the_one_that_finds_out(tmp_path: Path) -> None:
    """``pause`` is told to the journal by another process, in the middle of a probe: nothing leaves, and it stays."""
    with Stage(tmp_path) as stage:
        stage.platform.misbehave(operation="create", kind="status", status=402, body='{"error": "credit"}')
        stage.drop()
        stage.run(3)
        stage.dms.misbehave(kind="status", method="PUT", path="*.sent", status=500, times=None)
        stage.clock.advance(1000)
        stage.run(2)
        assert stage.parts.probing == {"cabinet": stage.record().id}
        far = stage.clock.now() + timedelta(days=1000)
        with wiring_journal(stage) as other:
            other.hold("cabinet", waiting.MANUAL, probe_at=far)
        stage.dms.behave()
        stage.clock.advance(100)
        stage.run(4)
        assert stage.sends() == [0]
        held = stage.parts.journal.held("cabinet")
        assert held is not None
        assert held.cause == waiting.MANUAL


@contextmanager
def wiring_journal(stage: Stage) -> Iterator[Journal]:
    """The same journal, as another process opens it."""
    journal = Journal(stage.state.journal_url, now=stage.clock.now)
    try:
        yield journal
    finally:
        journal.close()


class Interrupted(Journal):
    """A journal to which another thread tells something right after this one has read what holds an account."""

    between: Callable[[], object] | None = None

    def held(self, account: str) -> Hold | None:
        found = super().held(account)
        told, self.between = self.between, None
        if told is not None:
            told()
        return found


@pytest.mark.parametrize("cause", [waiting.UNANSWERED, waiting.MANUAL])
def test_a_hold_that_comes_in_between_stays(tmp_path: Path, cause: str) -> None:
    """Whoever ends, moves or replaces a hold means the one it has read, not one that came meanwhile."""
    with Stage(tmp_path, seams=wiring.Seams(pool=workers(), journal=Interrupted)) as stage:
        parts, journal, now = stage.parts, stage.parts.journal, stage.clock.now()
        assert isinstance(journal, Interrupted)
        stage.platform.misbehave(operation="create", kind="status", status=402, body="", times=None)
        stage.drop()
        stage.run(3)
        record = stage.record()
        acts: list[Callable[[], object]] = [
            lambda: waiting.answered(parts, "cabinet"),
            lambda: waiting.let_through(parts, record),
            lambda: waiting.may_ask(parts, "cabinet"),
            lambda: waiting.let_go(parts, "cabinet"),
            lambda: waiting.found_over(parts, "cabinet"),
        ]
        for act in acts:
            parts.probing.clear()
            journal.release("cabinet")
            journal.hold("cabinet", "maintenance", probe_at=now - timedelta(seconds=1))
            journal.between = lambda: journal.hold("cabinet", cause, probe_at=now + timedelta(days=30))
            assert not act()
            held = journal.held("cabinet")
            assert held is not None
            assert held.cause == cause
            assert parts.probing == {}


class OneSlowAnswer(httpx.BaseTransport):
    """The answer to the next read comes when it is let through; every other call passes."""

    def __init__(self, inner: BaseTransport) -> None:
        self._inner = inner
        self.armed, self.begun, self.opened = threading.Event(), threading.Event(), threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        slow = request.method == "GET" and self.armed.is_set()
        if slow:
            self.armed.clear()
        answer = self._inner.handle_request(request)
        if slow:
            self.begun.set()
            assert self.opened.wait(LONG_S)
        return answer

    def close(self) -> None:
        self._inner.close()


def test_a_read_that_was_under_way_ends_no_doubt(tmp_path: Path) -> None:
    """R9b: the answer to a question asked before the unanswered ``send`` says nothing of what came after it."""
    slow: list[OneSlowAnswer] = []

    def transport(ca_file: Path | None, proxy: str | None) -> BaseTransport:
        slow.append(OneSlowAnswer(DeadlineTransport(ca_file=ca_file, proxy=proxy)))
        return slow[-1]

    with Stage(tmp_path, seams=wiring.Seams(pool=workers(), transport=transport)) as stage:
        stage.drop("une")
        stage.run()
        stage.drop("autre")
        stage.round()
        stage.clock.advance(3700)
        slow[0].armed.set()
        stage.platform.misbehave(operation="send", kind="lost_answer")
        reading = threading.Thread(target=account_pass, args=(stage.parts, "cabinet"))
        reading.start()
        assert slow[0].begun.wait(LONG_S)
        stage.platform.misbehave(operation="status", kind="status", status=503, body="", times=None)
        server_pass(stage.parts, "dms", stage.memory)
        assert sends_begun(stage) == 2
        slow[0].opened.set()
        reading.join(LONG_S)
        held = stage.parts.journal.held("cabinet")
        assert held is not None
        assert held.cause == waiting.UNANSWERED
        stage.platform.behave()
        stage.clock.advance(3700)
        stage.run()
        assert stage.parts.journal.held("cabinet") is None
        stage.drop("tierce")
        stage.run()
        assert stage.sends() == [1, 1, 1]


def test_another_hold_does_not_take_a_doubt_away(tmp_path: Path) -> None:
    """R9b: nothing leaves after an unanswered ``send``, whatever else held the account and is over, before a read."""
    with Stage(tmp_path) as stage:
        stage.drop("une")
        stage.platform.misbehave(operation="status", kind="status", status=503, body="", times=None, skip=1)
        stage.platform.misbehave(operation="send", kind="lost_answer")
        stage.run()
        assert sends_begun(stage) == 1
        waiting.hold_account(stage.parts, "cabinet", AnsweredNo(Cause.NO_CREDIT, service="cabinet"))
        stage.drop("autre")
        stage.run()
        stage.clock.advance(3 * 3600)
        stage.run()
        assert sends_begun(stage) == 1
        stage.platform.behave()
        stage.clock.advance(3 * 3600)
        stage.run(8)
        assert stage.sends() == [1, 1]
