"""Many requests side by side: none waits for another account's or server's slowness, none leaves twice or too many."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from connector import lanes
from connector.cli import wiring
from connector.config import load_config
from connector.daemon import Daemon
from connector.guards import ServerMemory
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.jesignexpert.transport import BaseTransport, DeadlineTransport
from connector.lifecycle import Event, Record, State
from connector.obeying import AT_ONCE
from connector.passes import account_pass, server_pass
from connector.sandbox.dms import DmsWorld
from tests import documents
from tests.grounds import Embedded
from tests.worlds import ONE, ROOT, Stage, workers

SLOW = "Lents"
"""The folder of the slow account, or of the slow server."""
SLOW_ONES = 7
LONG_S = 60.0


class Dam(httpx.BaseTransport):
    """Holds every call of one office back until it is opened; the others' pass."""

    def __init__(self, inner: BaseTransport, held: dict[str, str], opened: threading.Event) -> None:
        self._inner, self._held, self._opened = inner, held, opened

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("JSE-EDITOR-TOKEN-OFFICE") == self._held.get("office"):
            assert self._opened.wait(LONG_S)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Gate(httpx.BaseTransport):
    """Holds the calls back that it is to hold; all others pass."""

    def __init__(self) -> None:
        self.inner: BaseTransport | None = None
        self.holds: Callable[[httpx.Request], bool] = lambda _request: False
        self.opened = threading.Event()
        self.standing: list[str] = []
        """Paths of what has come to it and was to stand there."""

    def seams(self) -> wiring.Seams:
        return wiring.Seams(pool=workers(), transport=self._before)

    def _before(self, ca_file: Path | None, proxy: str | None) -> BaseTransport:
        self.inner = DeadlineTransport(ca_file=ca_file, proxy=proxy)
        return self

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self.opened.is_set() and self.holds(request):
            self.standing.append(request.url.path)
            assert self.opened.wait(LONG_S)
        assert self.inner is not None
        return self.inner.handle_request(request)

    def close(self) -> None:
        if self.inner is not None:
            self.inner.close()


class Firms(Stage):
    """Two accounts on one DMS; the second one's calls can be held back."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self.opened = threading.Event()
        self.opened.set()
        self.held: dict[str, str] = {}
        seams = wiring.Seams(
            pool=workers(),
            transport=lambda ca_file, proxy: Dam(
                DeadlineTransport(ca_file=ca_file, proxy=proxy), self.held, self.opened
            ),
        )
        super().__init__(directory, seams=seams, start=False, offices=["Cabinet Exemple", "Lent"], **options)
        self.person.mkdir(SLOW)
        tokens = self.platform.office_tokens("Lent")
        self.held["office"] = tokens["office"]
        TokenStore(self.state.directory / "tokens").save(
            "lent", Tokens(office=tokens["office"], office_name="Lent", user=tokens["user"])
        )
        self.start()
        self.run()

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
        stage.opened.clear()
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
            stage.opened.set()
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


class Narrow(Stage):
    """Its server is asked one thing at a time."""

    @property
    def config_text(self) -> str:
        return super().config_text.replace("{dms: {url:", "{dms: {max_connections: 1, url:")


@contextmanager
def meanwhile(work: Callable[[], object], gate: Gate) -> Iterator[threading.Thread]:
    """Let something be done beside; at the end the gate is opened, and it is waited for."""
    failed: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=do)
    thread.start()
    try:
        yield thread
    finally:
        gate.opened.set()
        thread.join(LONG_S)
    assert not thread.is_alive()
    assert failed == []


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end, f"{what} never came"
        time.sleep(0.01)


def test_who_waits_for_the_platform_keeps_no_connection_from_another(tmp_path: Path) -> None:
    """One connection, and a call of the platform that hangs: the other request leaves over it, and is told."""
    gate = Gate()
    with Narrow(tmp_path, seams=gate.seams()) as stage:
        for name in ("une", "autre"):
            stage.drop(name)
        stage.round()
        stage.clock.advance(3)
        gate.holds = lambda request: request.url.path.endswith("/transaction") and not gate.standing
        with meanwhile(lambda: server_pass(stage.parts, "dms", stage.memory), gate) as thread:
            until(lambda: stage.sends() == [1], "the other one")
            until(lambda: len([name for name in stage.files() if name.endswith(".txt")]) == 1, "its status")
            assert thread.is_alive()
            assert len(gate.standing) == 1
        assert stage.sends() == [1, 1]
        stage.intact()


class Pair(BaseAdapter):
    """Lets the first question about one file's public links pass when there is a second one beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner: BaseAdapter | None = None
        self.two = threading.Barrier(2)
        self.met = False
        self.asked = 0

    def before(self, inner: BaseAdapter) -> BaseAdapter:
        self.inner = inner
        return self

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if "/files_sharing/api/v1/shares?" in str(request.url):
            self.asked += 1
            if not self.met:
                self.two.wait(LONG_S)
                self.met = True
        assert self.inner is not None
        return self.inner.send(request, *args, **kwargs)

    def close(self) -> None:
        if self.inner is not None:
            self.inner.close()


def test_what_is_asked_of_files_is_asked_side_by_side(tmp_path: Path) -> None:
    """Public links of six requests: a server that takes its time to answer for one keeps none of the others."""
    pair = Pair()
    with Stage(tmp_path, seams=wiring.Seams(pool=workers(), adapter=pair.before)) as stage:
        for number in range(6):
            stage.drop(f"lettre {number}")
        stage.run()
        assert pair.met
        assert pair.asked == 12, "of each request, and of its document"
        assert stage.sends() == [1] * 6
        stage.intact()


def test_what_is_fetched_while_a_pass_goes_on_comes_home_with_it(tmp_path: Path) -> None:
    """One signed document is being delivered as the next one arrives: the pass that runs takes it along."""
    gate = Gate()
    with Stage(tmp_path, seams=gate.seams()) as stage:
        for name in ("une", "autre"):
            stage.drop(name)
        stage.run()
        stage.sign()
        later = f"/{stage.record('autre').transaction}/downloadFile/1"
        gate.holds = lambda request: request.url.path.endswith(later)
        stage.clock.advance(3)
        with meanwhile(lambda: account_pass(stage.parts, "cabinet"), gate):
            until(lambda: stage.record("une").state is State.DELIVERING and gate.standing, "the first one")
            delivering = stage.parts.journal.fact

            def noted(record: Record, event: Event, **changes: Any) -> Record:
                """The first one is home: only now the other arrives, and the pass is still under way."""
                after = delivering(record, event, **changes)
                if after.state is State.DELIVERED and not gate.opened.is_set():
                    gate.opened.set()
                    until(lambda: stage.record("autre").state is State.DELIVERING, "the other one")
                return after

            stage.parts.journal.fact = noted  # type: ignore[method-assign]
            stage.dms.forget_requests()
            server_pass(stage.parts, "dms", stage.memory)
            stage.parts.journal.fact = delivering  # type: ignore[method-assign]
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

        gate.holds = lambda request: request.method == "GET" and "/transaction/" in request.url.path
        with meanwhile(lambda: account_pass(stage.parts, "cabinet"), gate):
            until(lambda: len(gate.standing) == AT_ONCE, "the first answers")
            assert changed({one.id: one.revision for one in stage.records()}) == count
            gate.holds = lambda request: request.url.path.endswith("/downloadFile/1")
            gate.opened.set()
            gate.opened = threading.Event()
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
        for name in ("une", "autre"):
            stage.drop(name)
        stage.run()
        stage.sign()
        slow = f"/{stage.record('autre').transaction}/downloadFile/1"
        passed = threading.Event()
        gate.holds = lambda request: (
            request.url.path.endswith(slow)
            or (request.url.path.endswith("/downloadFile/1") and not passed.wait(LONG_S))
        )
        stage.clock.advance(3)
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
                passed.set()
                until(lambda: stage.record("une").closed, "the first one")
                assert stage.record("autre").state is State.SEALING
                gate.opened.set()
                until(lambda: stage.record("autre").closed, "the other one")
            finally:
                passed.set()
                gate.opened.set()
                daemon.stop()

        with meanwhile(people, gate):
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
