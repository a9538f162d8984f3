"""Where a fleet lives: firms, servers, one configuration for all, and connectors that are started and broken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from connector.cli.wiring import State
from connector.jesignexpert.token_vault import TokenVault
from connector.jesignexpert.tokens import TokenKeeper, Tokens, TokenStore
from connector.journal import Journal
from connector.journal.vault import Vault
from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform import PlatformWorld
from tests.fleet.network import Network
from tests.fleet.remote import RemoteDms, RemotePlatform
from tests.fleet.serving import ask_to_hold, is_held, release
from tests.soak.letters import ROOT
from tests.worlds import Mode

_START_S = 60.0
_SECRETS = {"JSE_PW": "sandbox", "JSE_SECRET": "sandbox-secret", "JSE_SEAL": "0123456789abcdef" * 4}


class Child:
    """One process with a log of its own, which later processes of the same name continue."""

    def __init__(self, command: Sequence[str], log: Path, environ: dict[str, str]) -> None:
        self.log = log
        self._from = log.stat().st_size if log.exists() else 0
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                command, env=environ, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop the whole family, as a machine that is suspended."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL for the whole family, as the power goes. Idempotent."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(20)

    def wait(self, seconds: float = 45) -> int:
        return self._process.wait(seconds)

    def said(self) -> str:
        """What it has told since it was started."""
        with self.log.open("rb") as stream:
            stream.seek(self._from)
            return stream.read().decode("utf-8", "replace")

    @property
    def ready(self) -> bool:
        """Has a connector made its first pass?"""
        return "ready:" in self.said()


class Firm:
    """One customer: a folder, an account, people. ``dms`` and ``platform`` are what they see of the servers."""

    def __init__(self, name: str, dms: RemoteDms, platform: RemotePlatform) -> None:
        self.name, self.dms, self.platform = name, dms, platform


class Fleet:
    """The place. A context manager; everything that was started ends with it.

    ``journal``: URLs of the database, None = SQLite, for one connector alone. ``network``: where ways can be cut.
    ``every``: how often each side is looked at. ``how``: the patience of the connectors (``service``). ``more``:
    further lines of the configuration.
    """

    def __init__(
        self,
        directory: Path,
        *,
        firms: int,
        journal: str | None,
        mode: Mode = "nextcloud",
        network: Network | None = None,
        replication: str = "none",
        more: str = "",
        how: str = "storm",
        connections: int = 4,
        every: str = "1s",
    ) -> None:
        self.directory, self.network, self._mode = directory, network, mode
        self._replication = replication
        self.journal_url, self._more, self._how, self._connections = journal, more, how, connections
        self.names = [f"firme-{number:03d}" for number in range(1, firms + 1)]
        self._every = every
        self.connectors: dict[str, Child] = {}
        self.servers: dict[str, Child] = {}
        self.running: set[str] = set()
        self._stack = ExitStack()
        self.config = directory / "config.yaml"
        self.firms: list[Firm] = []

    def __enter__(self) -> Fleet:
        try:
            self._serve()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.connectors.values():
            child.kill()
        self._stack.close()

    # ----------------------------------------------------------------------------------- the servers

    def _serve(self) -> None:
        for name in ("logs", "states"):
            (self.directory / name).mkdir()
        world = PlatformWorld(self.platform_directory, clock=SandboxClock(), offices=self.names)
        self._tokens = {}
        for name in self.names:
            given = world.office_tokens(name)
            self._tokens[name] = Tokens(office=given["office"], office_name=name, user=given["user"])
        self.dms_url = self._server("dms", ["--dir", str(self.dms_directory), "--mode", self._mode])
        offices = [word for name in self.names for word in ("--office", name)]
        self.platform_url = self._server("platform", ["--dir", str(self.platform_directory), *offices])
        self.firms = [
            Firm(
                name,
                RemoteDms(self.dms_url, self.dms_directory, name),
                RemotePlatform(self.platform_url, name),
            )
            for name in self.names
        ]
        for firm in self.firms:
            self._stack.callback(firm.dms.close)
            self._stack.callback(firm.platform.close)
            firm.dms.mkdir(ROOT)
        self._configure()

    def _server(self, which: str, arguments: list[str]) -> str:
        port_file = self.directory / f"{which}.url"
        host = self.network.address[which] if self.network else "127.0.0.1"
        command = [sys.executable, "-m", "tests.fleet.serving", which, *arguments, "--host", host,
                   "--holds", str(self.holds(which)), "--port-file", str(port_file)]  # fmt: skip
        child = Child(command, self.directory / "logs" / f"{which}.log", dict(os.environ))
        self.servers[which] = child
        self._stack.callback(child.kill)
        until(port_file.exists, _START_S, child.said)
        return port_file.read_text().strip()

    def holds(self, server: str) -> Path:
        """Where one says at which request a server waits, and where it tells who asked."""
        return self.directory / f"{server}-holds"

    @property
    def dms_directory(self) -> Path:
        return self.directory / "dms"

    @property
    def platform_directory(self) -> Path:
        return self.directory / "platform"

    def _configure(self) -> None:
        said = f"url: '{self.journal_url}', replication: {self._replication}"
        journal = f"journal: {{{said}}}\n" if self.journal_url else ""
        accounts = "".join(
            f"  {name}: {{sender: {name}, owner: o@cabinet.fr, max_sends_per_day: 100000}}\n"
            for name in self.names
        )
        folders = "".join(
            f"  {name}: {{server: dms, path: /{name}/{ROOT}/, account: {name}, send: live}}\n"
            for name in self.names
        )
        self.config.write_text(
            "config_version: 1\nconnector: fleet\nsupport: le support\nseal: {env: JSE_SEAL}\n"
            f"servers: {{dms: {{url: '{self.dms_url}', user: signatures, password: {{env: JSE_PW}},"
            f" max_connections: {self._connections}}}}}\n"
            f"platform: {{url: '{self.platform_url}', shortcut: sandbox, secret: {{env: JSE_SECRET}}}}\n"
            f"accounts:\n{accounts}folders:\n{folders}"
            f"polling: {{folders: {self._every}, platform: {self._every}, max_calls_per_minute: 100000}}\n"
            f"{journal}{self._more}"
        )

    def journal(self) -> Journal:
        """Open the journal as one who is no connector."""
        url = self.journal_url or self.state("one").journal_url
        return Journal(url, now=lambda: datetime.now(UTC))

    def watch(self) -> None:
        """As if every folder had been seen empty before: what is dropped then is launched (protocol R7)."""
        if self.journal_url is None:
            self.state("one").make()
        with closing(self.journal()) as journal:
            for name in self.names:
                journal.begin_watch(name, f"{self.dms_url} /{name}/{ROOT}/")
            self._connect(journal)

    def _connect(self, journal: Journal) -> None:
        """As if each firm had logged in."""
        store: TokenKeeper = TokenStore(self.state("one").directory / "tokens")
        if self.journal_url is not None:
            store = TokenVault(Vault(journal, _SECRETS["JSE_SEAL"].encode()))
        for name, tokens in self._tokens.items():
            store.save(name, tokens)

    # -------------------------------------------------------------------------------- the connectors

    def state(self, name: str) -> State:
        """The state directory of one connector."""
        return State(directory=self.directory / "states" / name)

    def start(self, *names: str) -> None:
        """Start connectors; does not wait."""
        for name in names:
            command = [
                sys.executable,
                "-m",
                "tests.fleet.service",
                str(self.config),
                str(self.state(name).directory),
            ]
            if self.network:
                self.network.join(name)
                command = self.network.inside(name, command)
            self.connectors[name] = Child(command, self.log(name), self.environ(name))
            self.running.add(name)

    def environ(self, name: str) -> dict[str, str]:
        """What a connector finds in its environment."""
        mine = {
            key: value for key, value in os.environ.items() if key not in {"NOTIFY_SOCKET", "JOURNAL_STREAM"}
        }
        return {**mine, **_SECRETS, "JSE_FLEET": self._how}

    def log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"

    def stop(self, name: str) -> int:
        """End one as systemd does; returns its exit status."""
        self.running.discard(name)
        self.connectors[name].signal(signal.SIGTERM)
        return self.connectors[name].wait()

    def kill(self, name: str) -> None:
        self.running.discard(name)
        self.connectors[name].kill()

    def tend(self) -> list[str]:
        """Start again whoever has ended by itself, as systemd would; returns their names with their status."""
        again = []
        for name in sorted(self.running):
            status = self.connectors[name].ended
            if status is not None:
                again.append(f"{name} ended with {status}")
                self.start(name)
        return again

    # ------------------------------------------------------------------------------------- the holds

    def hold(self, server: str, what: str, moment: str) -> None:
        """Have the next such request wait at its server: ``before`` its effect, or ``after`` it, unanswered."""
        ask_to_hold(self.holds(server), what, moment)

    def held(self, server: str) -> bool:
        return is_held(self.holds(server))

    def let_go(self, server: str) -> None:
        release(self.holds(server))

    def logs(self) -> str:
        """The end of every log, for a failure."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text('utf-8', 'replace')[-3000:]}"
            for path in sorted((self.directory / "logs").iterdir())
        )


def until(true: Callable[[], object], seconds: float, why: Callable[[], str] = lambda: "") -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it never came true\n{why()}"
        time.sleep(0.05)
