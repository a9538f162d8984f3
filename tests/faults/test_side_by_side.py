"""Many requests side by side: none waits for another account's or server's slowness, none leaves twice or too many."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import Request
from requests import PreparedRequest, Response

from connector import lanes
from connector.cli import wiring
from connector.config import load_config
from connector.daemon import Daemon
from connector.errors import JournalError
from connector.guards import ServerMemory
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.lifecycle import Event, Record, State
from connector.obeying import AT_ONCE
from connector.passes import account_pass, server_pass
from connector.sandbox.dms import DmsWorld
from tests import documents
from tests.grounds import Embedded
from tests.wires import LONG_S, Between, Gate, until
from tests.worlds import ONE, ROOT, Stage, workers

SLOW = "Lents"
"""The folder of the slow account, or of the slow server."""
SLOW_ONES = 7


class Firms(Stage):
    """Two accounts on one DMS; the second one's calls are held back."""

    def __init__(self, directory: Path) -> None:
        self.gate = Gate()
        super().__init__(directory, seams=self.gate.seams(), start=False, offices=["Cabinet Exemple", "Lent"])
        self.person.mkdir(SLOW)
        tokens = self.platform.office_tokens("Lent")
        TokenStore(self.state.directory / "tokens").save(
            "lent", Tokens(office=tokens["office"], office_name="Lent", user=tokens["user"])
        )
        self.start()
        self.run()
        self.gate.hold(lambda request: request.headers.get("JSE-EDITOR-TOKEN-OFFICE") == tokens["office"])

    @property
    def config_text(self) -> str:
        return (
            super()
            .config_text.replace("{dms: {url:", "{dms: {max_connections: 2, url:")
            .replace("accounts: {", "accounts: {lent: {sender: Lent, owner: o@lent.fr}, ")
            .replace(
                "folders: {",
                f"folders: {{lents: {{server: dms, path: /{SLOW}/, account: lent, send: live}}, ",
            )
        )

    def pass_by(self) -> None:
        """One pass of the DMS as the service makes it: with a deadline, far away."""
        self.clock.advance(3)
        server_pass(self.parts, "dms", self.memory, deadline=time.monotonic() + LONG_S)

    def states(self, folder: str) -> list[State]:
        return [record.state for record in self.records() if record.place.startswith(f"/{folder}/")]


def test_a_slow_account_delays_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While every call of one account hangs, all requests of the other leave and are told, later ones too."""
    monkeypatch.setattr(lanes, "PATIENCE_S", 0.2)
    with Firms(tmp_path) as stage:
        try:
            for number in range(6):
                stage.drop(f"vif {number}")
            for number in range(SLOW_ONES):
                stage.drop(f"lent {number}", folder=SLOW)
            for _ in range(3):
                stage.pass_by()
            assert stage.sends() == [1] * 6
            assert stage.states(ROOT) == [State.IN_PROGRESS] * 6
            assert stage.states(SLOW) == [State.WAITING] * SLOW_ONES
            assert all(stage.first_line(f"vif {number}").startswith("EN COURS") for number in range(6))
            held = stage.memory.hands.held()
            assert len(held) == 2 + 4 < SLOW_ONES, "one lane, four hands more than its server allows requests"
            stage.drop("vif plus tard")
            for _ in range(3):
                stage.pass_by()
            assert stage.sends() == [1] * 7
            assert stage.memory.hands.held() == held
        finally:
            stage.gate.open()
        while stage.memory.hands.busy:
            time.sleep(0.01)
        stage.run()
        account_pass(stage.parts, "lent")
        assert stage.states(SLOW) == [State.IN_PROGRESS] * SLOW_ONES
        assert sorted(stage.sends()) == [1] * (SLOW_ONES + 7)
        # What was begun while its pass waited was gone on with, not begun again.
        assert sum(one.operation == "create" for one in stage.platform.requests) == SLOW_ONES + 7
        stage.intact()


def test_a_slow_server_delays_no_other(tmp_path: Path) -> None:
    """Two servers, one account: one takes no marker, with a hanging request each; the other's all leave meanwhile."""
    with Neighbours(tmp_path) as stage:
        stage.slow.misbehave(kind="latency", method="PUT", path="*.sent", seconds=LONG_S, times=None)
        stage.drop_there("lent 1")
        stage.drop_there("lent 2")
        for number in range(6):
            stage.drop(f"vif {number}")
        with stage.passing_there():
            stage.run()
            assert [sends for sends in stage.sends() if sends] == [1] * 6
            assert [record.state for record in stage.records() if record.server == "dms"] == [
                State.IN_PROGRESS
            ] * 6
            hanging = {record.state for record in stage.records() if record.server == "loin"}
            assert hanging <= {State.WAITING, State.PREPARED}
        assert all(sends <= 1 for sends in stage.sends())


class Neighbours(Stage):
    """Two servers, one account."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, seams=wiring.Seams(pool=workers()), start=False)
        self.slow = DmsWorld(directory / "loin", directory / "loin-state", mode="nextcloud", clock=self.clock)
        self.there = self._servers.enter_context(closing(Embedded(self.slow)))
        self.there.person.mkdir(SLOW)
        self.memory_there = ServerMemory()
        self.start()
        self.run()
        self.pass_there()

    @property
    def config_text(self) -> str:
        text = super().config_text
        if not hasattr(self, "there"):
            return text
        login = f"user: '{self.there.user}', password: {{file: {self.directory / 'password'}}}"
        return text.replace(
            "servers: {",
            f"servers: {{loin: {{url: '{self.there.url}', {login}}}, ",
        ).replace(
            "folders: {", f"folders: {{loin: {{server: loin, path: /{SLOW}/, account: cabinet, send: live}}, "
        )

    def drop_there(self, name: str) -> None:
        self.there.person.write(f"{SLOW}/{name}.pdf", documents.letter(text=name))
        self.there.person.write(f"{SLOW}/{name}.sign.yaml", ONE.encode())

    def pass_there(self) -> None:
        server_pass(self.parts, "loin", self.memory_there)

    @contextmanager
    def passing_there(self) -> Iterator[None]:
        """Let the other server's own job run until it hangs, and meanwhile; it ends with its server."""
        self.pass_there()  # sees them for the first time
        self.clock.advance(3)
        thread = threading.Thread(target=self.pass_there)
        thread.start()
        until = time.monotonic() + LONG_S
        while not any(
            self.parts.journal.intent(one, "mark") for one in self.parts.journal.open_records("loin")
        ):
            assert time.monotonic() < until
            time.sleep(0.01)
        yield
        assert thread.is_alive(), "it was to hang all the while"
        self.there.close()
        thread.join(LONG_S)
        assert not thread.is_alive()


def test_killed_while_several_answered_sends_are_not_yet_written(tmp_path: Path) -> None:
    """The next send goes when the one before was answered, not when that is in the journal: what was answered and not
    written is asked about at the next start, each for itself, and none is sent again."""
    with Stage(tmp_path) as stage:
        stage.drop("premier")
        stage.run()
        for number in range(3):
            stage.drop(f"lettre {number}")
        stage.round()
        stage.clock.advance(3)
        fact, answered = stage.parts.journal.fact, threading.Barrier(3)

        def dying(record: Record, event: Event, **changes: Any) -> Record:
            if event is Event.SENT:
                answered.wait(LONG_S)  # every one of them has its answer, and none is written
                raise JournalError("killed here")
            return fact(record, event, **changes)

        stage.parts.journal.fact = dying  # type: ignore[method-assign]
        with pytest.raises(JournalError, match="killed here"):
            server_pass(stage.parts, "dms", stage.memory)
        assert stage.sends() == [1] * 4
        assert [one.state for one in stage.records()] == [State.IN_PROGRESS] + [State.MARKED] * 3
        stage.restart()
        stage.run()
        assert stage.sends() == [1] * 4
        assert [one.state for one in stage.records()] == [State.IN_PROGRESS] * 4
        stage.intact()


class Narrow(Stage):
    """Its server is asked one thing at a time."""

    @property
    def config_text(self) -> str:
        return super().config_text.replace("{dms: {url:", "{dms: {max_connections: 1, url:")


def test_who_waits_for_the_platform_keeps_no_connection_from_another(tmp_path: Path) -> None:
    """One connection, and a call of the platform that hangs: the other request leaves over it, and is told."""
    gate = Gate()
    with Narrow(tmp_path, seams=gate.seams()) as stage:
        for name in ("une", "autre"):
            stage.drop(name)
        stage.round()
        stage.clock.advance(3)
        creates: list[Request] = []

        def first(request: Request) -> bool:
            if request.url.path.endswith("/transaction"):
                creates.append(request)
            return creates[:1] == [request]

        gate.hold(first)
        with gate.meanwhile(lambda: server_pass(stage.parts, "dms", stage.memory)) as thread:
            until(lambda: stage.sends() == [1], "the other one")
            until(lambda: len([name for name in stage.files() if name.endswith(".txt")]) == 1, "its status")
            assert thread.is_alive()
            assert len(gate.standing) == 1
        assert stage.sends() == [1, 1]
        stage.intact()


def test_what_is_asked_of_files_is_asked_side_by_side(tmp_path: Path) -> None:
    """Public links of six requests: the answer for one comes when another is asked for beside it."""
    asked: list[str] = []
    came, two = threading.Condition(), []

    def passing(request: PreparedRequest, go: Callable[[], Response]) -> Response:
        if "/files_sharing/api/v1/shares?" in str(request.url):
            with came:
                asked.append(str(request.url))
                came.notify_all()
                two.append(came.wait_for(lambda: len(asked) > 1, LONG_S))
        return go()

    with Stage(tmp_path, seams=Between(passing).seams()) as stage:
        for number in range(6):
            stage.drop(f"lettre {number}")
        stage.run()
        assert two == [True] * 12, "of each request, and of its document"
        assert stage.sends() == [1] * 6
        stage.intact()


def signed_by_two(stage: Stage) -> tuple[str, str]:
    """Bring two requests to their last signature; return the paths of what is to be fetched, « une » and « autre »."""
    names = ("une", "autre")
    for name in names:
        stage.drop(name)
    stage.run()
    stage.sign()
    stage.clock.advance(3)
    one, other = (f"/{stage.record(name).transaction}/downloadFile/1" for name in names)
    return one, other


def test_what_is_fetched_while_a_pass_goes_on_comes_home_with_it(tmp_path: Path) -> None:
    """One signed document is being delivered as the next one arrives: the pass that runs takes it along."""
    gate = Gate()
    with Stage(tmp_path, seams=gate.seams()) as stage:
        _, later = signed_by_two(stage)
        gate.hold(lambda request: request.url.path.endswith(later))
        with gate.meanwhile(lambda: account_pass(stage.parts, "cabinet")):
            until(lambda: stage.record("une").state is State.DELIVERING and gate.standing, "the first one")
            fact, arrived = stage.parts.journal.fact, threading.Event()

            def noted(record: Record, event: Event, **changes: Any) -> Record:
                """The first one is home: only now the other arrives, and the pass is still under way."""
                after = fact(record, event, **changes)
                if after.state is State.DELIVERED and not arrived.is_set():
                    arrived.set()
                    gate.open()
                    until(lambda: stage.record("autre").state is State.DELIVERING, "the other one")
                return after

            stage.parts.journal.fact = noted  # type: ignore[method-assign]
            server_pass(stage.parts, "dms", stage.memory)
            stage.parts.journal.fact = fact  # type: ignore[method-assign]
        assert [stage.record(name).state for name in ("une", "autre")] == [State.DELIVERED] * 2
        assert stage.record("autre").closed
        stage.intact()


def test_what_is_noted_meanwhile_makes_no_answer_worthless(tmp_path: Path) -> None:
    """An account's pass lists six and asks about four at once; a server's pass writes to all of them meanwhile, and
    to what is being fetched. Each is asked about, and fetched, once."""
    gate = Gate()
    count = AT_ONCE + 2
    with Stage(tmp_path, seams=gate.seams()) as stage:
        for number in range(count):
            stage.drop(f"lettre {number}")
        stage.round()
        stage.clock.advance(3)
        server_pass(stage.parts, "dms", stage.memory)
        assert stage.sends() == [1] * count
        stage.sign()
        stage.clock.advance(3)

        def changed(known: dict[int, int]) -> int:
            server_pass(stage.parts, "dms", stage.memory)
            return sum(known.get(one.id, one.revision) != one.revision for one in stage.records())

        gate.hold(lambda request: request.method == "GET" and "/transaction/" in request.url.path)
        with gate.meanwhile(lambda: account_pass(stage.parts, "cabinet")):
            until(lambda: len(gate.standing) == AT_ONCE, "the first answers")
            assert changed({one.id: one.revision for one in stage.records()}) == count
            gate.hold(lambda request: request.url.path.endswith("/downloadFile/1"))
            until(lambda: len(gate.standing) == 2 * AT_ONCE, "the first documents")
            assert changed({one.id: one.revision for one in stage.records()}) >= AT_ONCE
        assert [one.state for one in stage.records()] == [State.DELIVERING] * count
        asked = Counter(one.operation for one in stage.platform.requests)
        assert (asked["status"], asked["download"]) == (count + 1, count), "once more before the first send"
        stage.run()
        assert {one.state for one in stage.records()} == {State.DELIVERED}
        stage.intact()


def test_the_service_brings_home_what_has_come_while_it_fetches_the_rest(tmp_path: Path) -> None:
    """The real daemon, which looks once an hour: a signed document does not wait for one that comes slowly."""
    gate = Gate()
    with Stage(tmp_path, seams=gate.seams()) as stage:
        quick, slow = signed_by_two(stage)
        gate.hold(lambda request: request.url.path.endswith((quick, slow)))
        config = load_config(stage.config_text.replace("polling: {", "polling: {folders: 1h, "))
        daemon = Daemon(stage.parts, config)

        def looked() -> bool:
            """Also for the second time, at what was new to this process."""
            schedule = daemon._jobs["server:dms"].schedule
            return (
                daemon._jobs.tried_all("server:")
                and schedule.began is None
                and schedule.due > time.monotonic() + 600
            )

        def people() -> None:
            try:
                until(looked, "the first looks")
                gate.hold(lambda request: request.url.path.endswith(slow))
                until(lambda: stage.record("une").closed, "the first one")
                assert stage.record("autre").state is State.SEALING
                gate.open()
                until(lambda: stage.record("autre").closed, "the other one")
            finally:
                gate.open()
                daemon.stop()

        with gate.meanwhile(people):
            assert daemon.run()
        assert [one.state for one in stage.records()] == [State.DELIVERED] * 2
        stage.intact()


def test_a_brake_counts_what_is_on_its_way(tmp_path: Path) -> None:
    """Nine at once, three allowed a day: not one too many leaves, nor is made for nothing."""
    with Stage(tmp_path, account={"max_sends_per_day": "3"}) as stage:
        for number in range(9):
            stage.drop(f"lettre {number}")
        stage.run(6)
        assert stage.sends() == [1] * 3
        assert sum(one.operation == "create" for one in stage.platform.requests) == 3
        waiting = [one for one in stage.records() if one.state is State.WAITING]
        assert len(waiting) == 6
        assert all(stage.first_line(str(one.document.name)[:-4]).startswith("EN ") for one in waiting)
        stage.clock.advance(24 * 3600)
        stage.run(6)
        assert stage.sends() == [1] * 6
        stage.intact()


def test_an_unanswered_send_stops_those_beside_it(tmp_path: Path) -> None:
    """A burst under way, and one send gets no answer: those marked beside it are neither sent nor doubted."""
    with Stage(tmp_path) as stage:
        stage.drop("premier")
        stage.run()
        # The account's sends are known to be answered: the next ones are marked side by side.
        for number in range(8):
            stage.drop(f"lettre {number}")
        stage.platform.misbehave(operation="send", kind="status", status=502)
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.run(4)
        tries = [one for one in stage.platform.requests if one.operation == "send"]
        assert len(tries) == 2, "the first request's, and one that got no answer"
        assert sum(one.reason == "send_unanswered" for one in stage.records()) == 1
        stage.platform.behave()
        stage.clock.advance(4000)
        stage.run(20)
        states = sorted(one.state.value for one in stage.records())
        assert states == [State.IN_DOUBT.value] + [State.IN_PROGRESS.value] * 8
        assert sorted(stage.sends()) == [0] + [1] * 8
        stage.intact()
