"""Many requests side by side: none waits for another account's or server's slowness, none leaves twice or too many."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector import lanes
from connector.cli import wiring
from connector.guards import ServerMemory
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.jesignexpert.transport import BaseTransport, DeadlineTransport
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from connector.sandbox.dms import DmsWorld
from tests import documents
from tests.grounds import Embedded
from tests.worlds import ONE, ROOT, Stage, workers

SLOW = "Lents"
"""The folder of the slow account, or of the slow server."""
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
            .config_text.replace("accounts: {", "accounts: {lent: {sender: Lent, owner: o@lent.fr}, ")
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
                stage.drop(f"lent {number}", folder=SLOW)
                stage.drop(f"vif {number}")
            for _ in range(3):
                stage.pass_by()
            assert stage.sends() == [1] * 6
            assert stage.states(ROOT) == [State.IN_PROGRESS] * 6
            assert stage.states(SLOW) == [State.WAITING] * 6
            assert all(stage.first_line(f"vif {number}").startswith("EN COURS") for number in range(6))
            held = stage.memory.hands.held()
            assert 0 < len(held) <= 4, "one lane, as wide as its server allows"
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
        assert stage.states(SLOW) == [State.IN_PROGRESS] * 6
        assert sorted(stage.sends()) == [1] * 13
        # What was begun while its pass waited was gone on with, not begun again.
        assert sum(one.operation == "create" for one in stage.platform.requests) == 13
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
