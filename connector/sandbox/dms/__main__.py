"""The embedded DMS as a process of its own: ``python -m connector.sandbox.dms --files DIR --state DIR``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns 0. The URL goes to ``--port-file`` once it is answered."""
    asked = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    world = DmsWorld(
        asked.files,
        asked.state,
        mode=asked.mode,
        clock=SandboxClock(),
        users={asked.user: asked.password},
        files_lock=asked.files_lock,
        depth_infinity=not asked.no_depth_infinity,
        scan=asked.scan,
    )
    with serve_dms(world, asked.host, asked.port) as running:
        if asked.port_file is not None:
            # In one step, so that who waits for the file never reads half a URL.
            half = asked.port_file.with_name(asked.port_file.name + ".new")
            half.write_text(running.url + "\n", encoding="utf-8")
            half.replace(asked.port_file)
        ended.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m connector.sandbox.dms", description=__doc__)
    parser.add_argument("--files", type=Path, required=True, help="the folder as a person finds it")
    parser.add_argument("--state", type=Path, required=True, help="everything else that the server keeps")
    parser.add_argument("--mode", choices=("plain", "nextcloud"), default="nextcloud")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="signatures")
    parser.add_argument("--password", default="sandbox")
    parser.add_argument("--port-file", type=Path, help="where to write the URL of the files")
    parser.add_argument("--scan", action="store_true", help="notice what is changed directly on disk")
    parser.add_argument("--files-lock", action="store_true", help="with Nextcloud's locking app")
    parser.add_argument("--no-depth-infinity", action="store_true", help="plain mode refuses Depth: infinity")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
