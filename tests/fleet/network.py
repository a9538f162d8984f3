"""Network namespaces, one for each connector, on bridges, one for each server: any way can be cut, and restored.

A cut drops packets both ways and tells nobody: no refusal, no carrier that goes down (the queue of both ends is one
that keeps nothing). Needs root, ``ip`` and ``tc`` (iproute2), ``nsenter``; whatever is made is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from types import TracebackType
from typing import Self

from tests.capabilities import NET_ADMIN, SYS_ADMIN, missing

SERVERS = ("db", "dms", "platform")
"""What a connector needs; a way to each of them."""
_TOOLS = ("ip", "tc", "nsenter")


def required() -> None:
    """Skip a test where ways cannot be cut; fail in the check where they ought to be."""
    if why := why_not():
        missing(why, NET_ADMIN, SYS_ADMIN)


@cache
def why_not() -> str:
    """Why this machine gives no such networks; empty: it does."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if absent := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        return f"not installed: {', '.join(absent)} (apt install iproute2)"
    try:
        with Network() as network:
            network.join("probe")
            network.cut("probe", "db")
    except RuntimeError as error:
        return str(error)
    return ""


class Network:
    """The bridges of one test. A context manager; ``address[server]`` is where that server listens."""

    def __init__(self) -> None:
        self._number = os.getpid() % 0x1000
        self._made = ExitStack()
        self._joined: list[str] = []
        self.address = {
            server: f"10.{192 + self._number // 64}.{self._number % 64 * 4 + at}.1"
            for at, server in enumerate(SERVERS)
        }

    def __enter__(self) -> Self:
        try:
            for server in SERVERS:
                bridge = self._bridge(server)
                _ip("link", "add", bridge, "type", "bridge")
                self._made.callback(_ip, "link", "del", bridge)
                _ip("addr", "add", f"{self.address[server]}/24", "dev", bridge)
                _ip("link", "set", bridge, "up")
        except RuntimeError:
            self._made.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._made.close()

    def join(self, name: str) -> None:
        """Make the namespace of a connector, with a way to each server. Idempotent."""
        if name in self._joined:
            return
        self._joined.append(name)
        space = self._space(name)
        _ip("netns", "add", space)
        self._made.callback(_ip, "netns", "del", space)
        _ip("-n", space, "link", "set", "lo", "up")
        host = 1 + len(self._joined)
        for server in SERVERS:
            outer, inner = self._ends(name, server)
            _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", space)
            # Its end here outlives the namespace for a moment, and keeps the name from the next test.
            self._made.callback(_run, "ip", "link", "del", outer, also_when="Cannot find device")
            _ip("link", "set", outer, "master", self._bridge(server), "up")
            _ip("-n", space, "addr", "add", f"{self.address[server][:-1]}{host}/24", "dev", inner)
            _ip("-n", space, "link", "set", inner, "up")

    def name_of(self, address: str) -> str:
        """Whose address this is; empty: no connector's."""
        host = int(address.rpartition(".")[2]) - 2
        return self._joined[host] if 0 <= host < len(self._joined) else ""

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        """The command that runs ``command`` in a connector's namespace, under the same process id."""
        return ["nsenter", f"--net=/run/netns/{self._space(name)}", *command]

    def cut(self, name: str, *servers: str) -> None:
        """Let nothing pass any more between a connector and these servers. Idempotent."""
        for server in servers or SERVERS:
            outer, inner = self._ends(name, server)
            _run("tc", "qdisc", "replace", "dev", outer, "root", "blackhole")
            _run("tc", "-n", self._space(name), "qdisc", "replace", "dev", inner, "root", "blackhole")

    def restore(self, name: str, *servers: str) -> None:
        """Let everything pass again."""
        for server in servers or SERVERS:
            outer, inner = self._ends(name, server)
            _run("tc", "qdisc", "del", "dev", outer, "root", also_when="No such file")
            _run(
                "tc", "-n", self._space(name), "qdisc", "del", "dev", inner, "root", also_when="No such file"
            )

    def _bridge(self, server: str) -> str:
        return f"jse{self._number:03x}{server[:2]}"

    def _space(self, name: str) -> str:
        return f"jse{self._number:03x}-{name}"

    def _ends(self, name: str, server: str) -> tuple[str, str]:
        """Names of the two ends of a way: on the bridge, and in the namespace; 15 characters at most."""
        return f"jse{self._number:03x}{server[:2]}{self._joined.index(name)}", f"to-{server}"


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str, also_when: str = "nothing") -> None:
    """Raise RuntimeError with what it says, unless it says ``also_when``."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode and also_when not in done.stderr:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
