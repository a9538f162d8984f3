"""A sandbox server as a process that can be held at a chosen moment: ``python -m tests.fleet.serving dms|platform …``.

``hold`` in the directory of holds is JSON ``{"what": glob, "moment": "before" | "after"}``: the first request that
meets it (``METHOD path`` at the DMS, the operation's name at the platform) waits with its effect not yet made, or made
and unanswered; the file is then called ``held``, and the request goes on once that one is gone.
``asked`` there tells of each request, a line of JSON each: when it came (epoch), from which address, and what it was.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
import time
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.sandbox.dms import server as dms_server
from connector.sandbox.dms.front import Front
from connector.sandbox.platform import PlatformWorld, serve_platform
from connector.sandbox.platform.editor_api import EditorApi
from connector.sandbox.platform.storage import write_whole

LONGEST_S = 60.0
AT_ONCE = 64
"""As many requests may wait at a DMS: its usual eight would be what several connectors measure."""


def ends_with_its_parent() -> None:
    """End this process when whoever started it is gone: a test that is killed leaves nothing behind."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(9)

    threading.Thread(target=look, daemon=True).start()


class Doorkeeper:
    """Whoever is held waits here."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self._hold, self._held, self._one = directory / "hold", directory / "held", threading.Lock()
        self._asked, self._writing = (directory / "asked").open("a", encoding="utf-8"), threading.Lock()

    def note(self, peer: str, what: str) -> None:
        """Write down who asked what, as it comes."""
        with self._writing:
            self._asked.write(json.dumps({"at": time.time(), "peer": peer, "what": what}) + "\n")
            self._asked.flush()

    def pass_by(self, moment: str, what: str) -> None:
        """Wait when it is this one that is to be held."""
        if not self._hold.exists():
            return
        with self._one:
            try:
                wanted = json.loads(self._hold.read_text())
            except FileNotFoundError:
                return
            if wanted["moment"] != moment or not fnmatchcase(what, wanted["what"]):
                return
            self._hold.rename(self._held)
        end = time.monotonic() + LONGEST_S
        while self._held.exists() and time.monotonic() < end:
            time.sleep(0.01)


def ask_to_hold(directory: Path, what: str, moment: str) -> None:
    """Have the next such request held."""
    directory.mkdir(exist_ok=True)
    release(directory)
    write_whole(directory / "hold", json.dumps({"what": what, "moment": moment}).encode())


def is_held(directory: Path) -> bool:
    """Does a request wait now?"""
    return (directory / "held").exists()


def release(directory: Path) -> None:
    """Let go of whoever waits."""
    for name in ("hold", "held"):
        with suppress(FileNotFoundError):
            (directory / name).unlink()


def _dms(asked: argparse.Namespace, door: Doorkeeper) -> Any:
    dms_server.THREADS = AT_ONCE
    world = DmsWorld(asked.dir / "files", asked.dir / "state", mode=asked.mode, clock=SandboxClock())
    take, count, call = world.rules.take, world.count, Front.__call__

    def called(self: Front, environ: Any, start_response: Any) -> Any:
        path = unquote(str(environ["PATH_INFO"]))
        if not path.startswith("/sandbox/"):
            door.note(str(environ["REMOTE_ADDR"]), f"{environ['REQUEST_METHOD']} {path}")
        return call(self, environ, start_response)

    def taking(method: str, paths: tuple[str, ...]) -> Any:
        door.pass_by("before", f"{method} {paths[0]}")
        return take(method, paths)

    def counting(**facts: Any) -> Any:
        counted = count(**facts)
        door.pass_by("after", f"{facts['method']} {facts['path']}")
        return counted

    world.rules.take, world.count = taking, counting  # type: ignore[method-assign]
    Front.__call__ = called  # type: ignore[method-assign]
    return serve_dms(world, asked.host)


def _platform(asked: argparse.Namespace, door: Doorkeeper) -> Any:
    world = PlatformWorld(asked.dir, clock=SandboxClock(), offices=asked.office, credit=1_000_000)
    handle, api = world.handle, EditorApi.__call__

    async def called(self: EditorApi, scope: Any, receive: Any, send: Any) -> None:
        door.note(str(scope["client"][0]), f"{scope['method']} {scope['path']}")
        await api(self, scope, receive, send)

    def handling(call: Any, rules: Any = ()) -> Any:
        door.pass_by("before", call.operation)
        answer = handle(call, rules)
        door.pass_by("after", call.operation)
        return answer

    world.handle = handling  # type: ignore[method-assign]
    EditorApi.__call__ = called  # type: ignore[method-assign]
    return serve_platform(world, asked.host)


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.fleet.serving", description=__doc__)
    parser.add_argument("which", choices=["dms", "platform"])
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--holds", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--mode", default="nextcloud")
    parser.add_argument("--office", action="append", default=[])
    parser.add_argument("--port-file", type=Path, required=True)
    asked = parser.parse_args()
    ends_with_its_parent()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with (_dms if asked.which == "dms" else _platform)(asked, Doorkeeper(asked.holds)) as running:
        write_whole(asked.port_file, f"{running.url}\n".encode())
        ended.wait()
        for error in getattr(running, "errors", ()):
            print(f"DEFECT {error}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
