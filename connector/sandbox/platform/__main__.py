"""The simulated platform as a process of its own: ``python -m connector.sandbox.platform --dir DIR``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform.model import SIMULATOR
from connector.sandbox.platform.server import serve_platform
from connector.sandbox.platform.storage import write_whole
from connector.sandbox.platform.world import PlatformWorld


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="connector.sandbox.platform", description=SIMULATOR)
    parser.add_argument("--dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--shortcut", default="sandbox")
    parser.add_argument("--secret", default="sandbox-secret")
    parser.add_argument("--office", action="append", help="name of an office; may be repeated")
    parser.add_argument("--credit", type=int, default=1000, help="credits of a new account")
    parser.add_argument("--port-file", type=Path, help="file that receives the URL once it is served")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    world = PlatformWorld(
        options.dir,
        clock=SandboxClock(),
        shortcut=options.shortcut,
        secret=options.secret,
        offices=options.office or ["Cabinet Exemple"],
        credit=options.credit,
    )
    with serve_platform(world, options.host, options.port) as running:
        if options.port_file:
            write_whole(options.port_file, f"{running.url}\n".encode())
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
