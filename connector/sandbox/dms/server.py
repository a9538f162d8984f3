"""The HTTP server around a world: cheroot, quick to start and to stop, able to cut a connection."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

from cheroot.server import HTTPConnection
from cheroot.workers.threadpool import ThreadPool, WorkerThread
from cheroot.wsgi import Gateway_10, Server

from connector.sandbox.dms.front import CONNECTION, STOPPING, Front
from connector.sandbox.dms.messages import ConnectionCut, Environ
from connector.sandbox.dms.world import DmsWorld

THREADS = 8
KEEP_ALIVE_S = 5  # facts section 2: KeepAliveTimeout 5, 100 requests
KEEP_ALIVE_REQUESTS = 100
SHUTDOWN_S: Any = 0.05  # the stub knows whole seconds only


class _Connection(HTTPConnection):
    """Closes what writes to it as well.

    What that still held when its client went away, Python would try to write once nobody knows it any more, and since
    3.13 it says on the error stream that this failed.
    """

    def close(self) -> None:
        super().close()
        with suppress(OSError, ValueError):
            self.wfile.close()


class _Gateway(Gateway_10):
    """Tells the application its connection, and cuts it when the application asks for that."""

    def get_environ(self) -> Environ:  # type: ignore[override]  # the stub says None
        environ: Environ = super().get_environ()  # type: ignore[no-untyped-call]
        connection = self.req.conn
        if not hasattr(connection, "sandbox_number"):
            connection.sandbox_number = next(self.req.server.connection_numbers)
            connection.sandbox_requests = 0
        connection.sandbox_requests += 1
        environ[CONNECTION] = connection.sandbox_number
        environ[STOPPING] = self.req.server.stopping
        return environ

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        asked = any(key.lower() == "connection" and value.lower() == "close" for key, value in headers)
        if asked or self.req.conn.sandbox_requests >= KEEP_ALIVE_REQUESTS:
            self.req.close_connection = True
        return super().start_response(status, headers, exc_info)

    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionCut:
            # Nothing more is written; cheroot then shuts the socket down both ways and closes it.
            self.req.sent_headers = True
            self.req.chunked_write = False
            self.req.close_connection = True


class _Threads(ThreadPool):
    """A pool whose start does not sleep: cheroot's polls its workers every 100 ms."""

    def _spawn_worker(self) -> WorkerThread:
        worker: WorkerThread = super()._spawn_worker()  # type: ignore[misc]  # not in the stub
        while not worker.ready:
            time.sleep(0.0002)
        return worker


class _Server(Server):
    """Cheroot with short waits; errors of ours are kept for ``RunningDms.errors``."""

    ConnectionClass = _Connection
    expiration_interval = 0.02  # the longest that the accepting loop sleeps, so that stopping is quick

    def __init__(self, host: str, port: int, app: Front) -> None:
        super().__init__((host, port), app, numthreads=THREADS, timeout=KEEP_ALIVE_S)
        self.shutdown_timeout = SHUTDOWN_S
        self.requests = _Threads(self, min=THREADS, max=THREADS)
        self.gateway = _Gateway
        self.request_queue_size = 128
        self.connection_numbers = itertools.count(1)
        self.stopping = threading.Event()
        self.errors: list[str] = []

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        # Clients that go away in the middle are everyday business here, and below this level.
        if level >= logging.ERROR:
            self.errors.append(msg)
            super().error_log(msg, level, traceback)


class RunningDms:
    """A served world. ``url`` is the first user's root, ``base_url`` the server without a final slash."""

    def __init__(self, world: DmsWorld, server: _Server, thread: threading.Thread) -> None:
        self.world = world
        self._server = server
        self._thread = thread
        host, port = server.bind_addr[:2]
        self.host, self.port = str(host), int(port)
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.base_url = f"http://{shown}:{self.port}"
        self.user = next(iter(world.accounts.passwords))
        self.url = self.url_of(self.user)

    @property
    def errors(self) -> list[str]:
        """What went wrong inside the sandbox itself; empty unless it has a bug."""
        return self._server.errors

    def url_of(self, user: str) -> str:
        """Return the root URL of one user's files."""
        if self.world.mode == "plain":
            return f"{self.base_url}/dav/"
        return f"{self.base_url}/remote.php/dav/files/{user}/"

    def close(self) -> None:
        """Stop serving, cut every connection, write the state. The world may be served again."""
        self._server.stopping.set()
        self._server.stop()
        self._thread.join()
        self.world.close()

    def __enter__(self) -> RunningDms:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_dms(world: DmsWorld, host: str = "127.0.0.1", port: int = 0) -> RunningDms:
    """Serve a world in daemon threads; port 0 takes a free one. Raises OSError if it cannot be bound."""
    server = _Server(host, port, Front(world))
    server.prepare()
    thread = threading.Thread(target=server.serve, name="dms", daemon=True)
    thread.start()
    return RunningDms(world, server, thread)
