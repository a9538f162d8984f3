"""The demo's child processes: started with a log each, watched, and always ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from connector.sandbox.demo.voice import DemoFailed

# The daemon grants an effect in flight 25 s after SIGTERM; the demo's own servers end at once.
_END_S = 40.0
_START_S = 30.0
_LAST_LINES = 15


class Child:
    """One running process and its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    def last_lines(self, count: int = _LAST_LINES) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-count:])


class Children:
    """Every process of one demo. A context manager: leaving it ends them all, last started first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._all: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._all):
            _end(child.process)

    def start(
        self,
        name: str,
        module: str,
        arguments: Sequence[str | Path],
        variables: Mapping[str, str] | None = None,
    ) -> Child:
        """Start ``python -m module arguments`` with its output in a log of its own."""
        log = self._logs / f"{name}.log"
        command = [sys.executable, "-m", module, *map(str, arguments)]
        with log.open("ab") as stream:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**_environment(), **(variables or {})},
                # Ctrl-C reaches the demo alone, which then ends its children in order.
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._all.append(child)
        return child

    def check(self) -> None:
        """Raise DemoFailed when one that should run has ended."""
        for child in self._all:
            status = child.process.poll()
            if status not in (None, 0):
                raise DemoFailed(f"the process {child.name} ended with status {status}")

    def url_of(self, child: Child, port_file: Path) -> str:
        """Wait for the URL that a server writes once it answers. Raises DemoFailed."""
        return wait_for(lambda: _read(port_file), f"{child.name} did not start", _START_S, self)

    def finished(self, child: Child, seconds: float) -> int:
        """Wait for a process that ends by itself; return its exit status. Raises DemoFailed after ``seconds``."""
        try:
            return child.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise DemoFailed(f"{child.name} did not end within {seconds:.0f} s") from error

    def tails(self) -> str:
        """Return the last lines of every log, for a failure."""
        return "\n".join(f"--- {child.log}\n{child.last_lines()}" for child in self._all)


class Readiness:
    """Hears what a service tells systemd: ``READY=1``. A context manager."""

    def __init__(self) -> None:
        # A Unix socket's path holds about 100 characters: the demo's own directory may lie too deep.
        self._directory = tempfile.TemporaryDirectory(prefix="jse-")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"{self._directory.name}/notify")
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._directory.cleanup()

    @property
    def variables(self) -> dict[str, str]:
        """Return what the service must find in its environment."""
        return {"NOTIFY_SOCKET": f"{self._directory.name}/notify"}

    def told(self) -> str:
        """Return a text once the service has said that it is ready."""
        with suppress(BlockingIOError):
            while data := self._socket.recv(4096):
                if b"READY=1" in data.splitlines():
                    return "ready"
        return ""


def wait_for(look: Callable[[], str], missed: str, seconds: float, children: Children) -> str:
    """Call ``look`` until it returns a text. Raises DemoFailed(``missed``), and when a child dies."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        children.check()
        time.sleep(0.1)
    raise DemoFailed(f"{missed} (within {seconds:.0f} s)")


def _read(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.exists() else ""


def _environment() -> dict[str, str]:
    # NOTIFY_SOCKET and the like belong to the service that may have started us, not to the demo's daemon.
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


_FOREIGN = frozenset(
    {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"}
)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
