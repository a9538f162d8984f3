"""A small HTTP server on loopback: ``/metrics`` and ``/health``, nothing else.

It lives in a thread of its own and asks for nothing that a pass holds: whoever reads slowly, says nothing or comes a
thousand times over is cut off, and the passes go on. One request a connection (RFC 9112); an answer is made once a
second at most. A port that is taken is tried again: the service does not end for it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 32
"""Beyond them the oldest goes."""
MOST_HEAD: Final = 8192
PATIENCE_S: Final = 5.0
"""So long a connection may last, whatever is done with it."""
_FRESH_S: Final = 1.0
_AGAIN_S: Final = 60.0
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one path is answered with."""

    status: int
    content_type: str
    body: bytes


Page = Callable[[str], Answer]
"""Given the request's ``Accept``, makes an answer; called in one thread at a time."""


class MetricsServer:
    """Serves ``pages`` (path → :data:`Page`) on ``address`` (``HOST:PORT``, ``[::1]:PORT``) until it is closed.

    ``ports``: where the port is taken, so many from it on are tried, in their order: several connectors on one host
    have one configuration. ValueError for an address that is not loopback's: there is no login, and none is needed.
    """

    def __init__(self, address: str, pages: Mapping[str, Page], *, ports: int = 1) -> None:
        self._host, self._port = _loopback(address)
        self._ports = ports
        self._pages = dict(pages)
        self._kept: dict[tuple[str, str], tuple[float, Answer]] = {}
        self._writers: list[asyncio.StreamWriter] = []
        self._work = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics-page")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._closed = threading.Event()
        self._listening = threading.Event()
        self.port = self._port
        """Where it listens; of a port 0, once it does."""
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to listen, in a thread."""
        self._thread.start()

    def wait_until_listening(self, seconds: float) -> bool:
        """True once it listens."""
        return self._listening.wait(seconds)

    def close(self) -> None:
        """Listen no more. Idempotent."""
        self._closed.set()
        loop, ending = self._loop, self._ending
        if loop is not None and ending is not None:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(ending.set)
        if self._thread.is_alive():
            self._thread.join(PATIENCE_S)
        self._work.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:  # whoever watches sees that nothing answers; the passes go on
            log.exception("the metrics met a defect: nothing answers on %s any more", self._port)

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        said = False
        while not self._closed.is_set():
            try:
                server = await self._listen()
            except OSError as error:
                if not said:
                    log.error(
                        "metrics: %s port %d cannot be listened on (%s); tried again every minute",
                        self._host, self._port, error.strerror,
                    )  # fmt: skip
                said = True
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), _AGAIN_S)
                continue
            self.port = server.sockets[0].getsockname()[1]
            self._listening.set()
            log.info("metrics: listening on %s port %d", self._host, self.port)
            async with server:
                await self._ending.wait()
                for writer in self._writers:
                    writer.transport.abort()
            return

    async def _listen(self) -> asyncio.Server:
        """Listen on the first port that is free. OSError where none is."""
        for port in range(self._port, min(self._port + self._ports, 65_536)):
            try:
                return await asyncio.start_server(
                    self._connected, self._host, port, limit=MOST_HEAD, backlog=MOST_CONNECTIONS
                )
            except OSError as error:
                last = error
                if error.errno != errno.EADDRINUSE:
                    break
        raise last

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if len(self._writers) > MOST_CONNECTIONS:
            self._writers.pop(0).transport.abort()
        try:
            async with asyncio.timeout(PATIENCE_S):
                method, answer = await self._answer(reader)
                writer.write(_message(answer, with_body=method != "HEAD"))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        except Exception:  # one scrape's defect ends that scrape
            writer.transport.abort()
            log.exception("a page of the metrics met a defect")
        finally:
            with suppress(ValueError):  # it was the oldest of too many
                self._writers.remove(writer)

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, Answer]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        parts = head[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            return "GET", _plain(400, "not an HTTP request")
        if not _is_meant(_header(head, "host")):
            return "GET", _plain(403, "ask by localhost, or by an address of loopback")
        method, path = parts[0], parts[1].partition("?")[0]
        page = self._pages.get(path)
        if page is None:
            return method, _plain(404, f"only {' and '.join(sorted(self._pages))} are answered here")
        if method not in {"GET", "HEAD"}:
            return method, _plain(405, "only GET and HEAD are answered here")
        return method, await self._made(path, _header(head, "accept"), page)

    async def _made(self, path: str, accept: str, page: Page) -> Answer:
        """An answer of this very second does for everybody who asks in it."""
        kept = self._kept.get((path, accept))
        if kept is not None and time.monotonic() - kept[0] < _FRESH_S:
            return kept[1]
        answer = await asyncio.get_running_loop().run_in_executor(self._work, page, accept)
        if len(self._kept) > MOST_CONNECTIONS:  # as many kinds of Accept: somebody plays
            self._kept.clear()
        self._kept[path, accept] = (time.monotonic(), answer)
        return answer


def _header(head: list[str], name: str) -> str:
    """Return the value of the first header of that name; empty where there is none."""
    found = (line.partition(":") for line in head[1:])
    return next((value.strip() for key, _, value in found if key.lower() == name), "")


def _is_meant(host: str) -> bool:
    """False for another name than this machine's own: a page in a browser here would read along (DNS rebinding)."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() in {"", "localhost"}:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _plain(status: int, text: str) -> Answer:
    return Answer(status=status, content_type="text/plain; charset=utf-8", body=f"{text}\n".encode())


def _message(answer: Answer, *, with_body: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
        *(["Allow: GET, HEAD"] if answer.status == 405 else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + (answer.body if with_body else b"")


def _loopback(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if host == "localhost":
        host = socket.gethostbyname(host)
    if not ip_address(host).is_loopback:
        raise ValueError(f"{address} is not on loopback")
    return host, int(port)
