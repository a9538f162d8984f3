"""One soak: both servers, both proxies, the service that is killed, and the people; then calm, and what came of it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.sandbox.platform import PlatformWorld, serve_platform
from tests.soak.letters import ROOT, Letter, People, dealt
from tests.soak.proxy import Proxy, Weather
from tests.worlds import Mode

_CONFIG = """\
config_version: 1
connector: soak
servers: {{dms: {{url: '{dms}', user: signatures, password: {{env: JSE_PW}}}}}}
platform: {{url: '{platform}', shortcut: sandbox, secret: {{env: JSE_SECRET}}}}
accounts: {{cabinet: {{sender: Cabinet Exemple, owner: o@cabinet.fr, max_sends_per_day: 100000}}}}
folders: {{lettres: {{server: dms, path: /{root}/, account: cabinet, send: live}}}}
polling: {{folders: 1s, platform: 1s, max_calls_per_minute: 100000}}
"""
_ENVIRON = {"JSE_PW": "sandbox", "JSE_SECRET": "sandbox-secret"}


@dataclass(frozen=True, kw_only=True)
class Soak:
    """How much of what. ``rate``: share of all requests that are struck; ``kill_s``: how long the service lives once
    it is ready."""

    letters: int = 14
    mode: Mode = "nextcloud"
    seed: int = 1
    rate: float = 0.05
    kill_s: tuple[float, float] = (2.0, 6.0)
    bad_requests: int = 18
    """The weather is bad for so many requests a letter, and until everything was dropped; a whole way takes some 27."""
    longest_s: float = 240.0
    """So long it may take, bad and good weather each; whatever is not at rest then is told."""


@dataclass
class Came:
    """What came of it. ``faults``: in words, empty when all is as it must be."""

    requests: int
    struck: dict[str, int]
    kills: int
    seconds: float
    doubts: int
    faults: list[str] = field(default_factory=list)


class Weathered:
    """The place of one soak."""

    def __init__(self, directory: Path, soak: Soak, stack: ExitStack) -> None:
        self._soak, self._random = soak, Random(soak.seed)
        self.weather = Weather(soak.seed)
        clock = SandboxClock()
        self._dms = DmsWorld(directory / "files", directory / "dms", mode=soak.mode, clock=clock)
        self._platform = PlatformWorld(directory / "platform", clock=clock)
        self._state, self._config, self._log = (
            directory / "state",
            directory / "config.yaml",
            directory / "service.log",
        )
        self._served = serve_dms(self._dms)
        stack.callback(self._served.close)
        dms = stack.enter_context(Proxy(self._served.url, self.weather))
        other = stack.enter_context(
            Proxy(stack.enter_context(serve_platform(self._platform)).url, self.weather)
        )
        self._config.write_text(_CONFIG.format(dms=dms.url, platform=other.url, root=ROOT))
        given = self._platform.office_tokens()
        TokenStore(self._state / "tokens").save(
            "cabinet", Tokens(office=given["office"], office_name=given["office_name"], user=given["user"])
        )
        self.people = People(self._dms, self._platform, soak.mode)
        self._process: subprocess.Popen[bytes] | None = None
        self._die_at: float | None = None
        self._mortal = False
        self._ready = 0
        self.kills = 0
        stack.callback(self._kill)

    # ---------------------------------------------------------------------------------- the service

    def start(self) -> None:
        """Start the service."""
        self._ready, self._die_at = self._times_ready() + 1, None
        with self._log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.soak.service", str(self._config), str(self._state)],
                env={**os.environ, **_ENVIRON}, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def _times_ready(self) -> int:
        return self._log.read_text().count("ready:") if self._log.exists() else 0

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _strike(self) -> None:
        """Kill the service when its time has come, and start it again. How long it lives is counted once it works."""
        assert self._process is not None
        assert self._process.poll() is None, self._tail("the service ended by itself")
        if not self._mortal:
            return
        if self._die_at is None:
            if self._times_ready() >= self._ready:
                self._die_at = time.monotonic() + self._random.uniform(*self._soak.kill_s)
        elif time.monotonic() >= self._die_at:
            self._kill()
            self.kills += 1
            self.start()

    def end(self) -> None:
        """End the service as systemd does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(40) == 0, self._tail("it did not end well")

    def _tail(self, what: str) -> str:
        return f"{what}\n{self._log.read_text()[-4000:]}"

    # ------------------------------------------------------------------------------------- the story

    def live(self) -> Came:
        """Drop everything in bad weather, then let the sun shine until all is at rest; tell what came of it."""
        letters, began = dealt(self._soak.letters), time.monotonic()
        self.start()
        self._until(lambda: self._times_ready() > 0, 60)
        self.weather.rate, self._mortal = self._soak.rate, True
        dropped: list[Letter] = []

        def stormy() -> bool:
            for letter in letters[len(dropped) : len(dropped) + 5]:
                self.people.drop(letter)
                dropped.append(letter)
            self._tend(dropped)
            enough = self.weather.passed >= self._soak.bad_requests * len(letters)
            return enough and len(dropped) == len(letters)

        self._until(stormy, self._soak.longest_s)
        self.weather.rate, self._mortal = 0.0, False
        self._until(lambda: self._rested(dropped), self._soak.longest_s)
        time.sleep(3)
        self.end()
        return Came(
            requests=self.weather.passed,
            struck=dict(self.weather.struck),
            kills=self.kills,
            seconds=time.monotonic() - began,
            doubts=sum(letter.doubted for letter in letters),
            faults=[*self._left(), *(fault for letter in letters for fault in self.people.faults(letter))],
        )

    def _tend(self, dropped: Sequence[Letter]) -> None:
        self._strike()
        self.people.look(dropped, late=not self.weather.calm or self.weather.rate > 0)
        time.sleep(0.2)

    def _rested(self, letters: Sequence[Letter]) -> bool:
        self._tend(letters)
        return all(self.people.at_rest(letter) for letter in letters)

    def _until(self, true: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not true() and time.monotonic() < end:
            time.sleep(0.05)

    def _left(self) -> list[str]:
        """What nobody may leave behind: half uploads, open intents, bytes in the spool."""
        found = [
            f"upload left: {path.name}" for path in (self._dms.state / "uploads").rglob("*") if path.is_file()
        ]
        found += [f"spool left: {path.name}" for path in (self._state / "spool").rglob("*") if path.is_file()]
        found += [f"server: {error}" for error in self._served.errors]
        with closing(sqlite3.connect(self._state / "journal" / "journal.sqlite")) as connection:
            found += [
                f"intent left: {row}" for row in connection.execute("SELECT record_id, step FROM intent")
            ]
        return found


def weathered(directory: Path, soak: Soak) -> Came:
    """Live one soak in a directory."""
    with ExitStack() as stack:
        return Weathered(directory, soak, stack).live()
