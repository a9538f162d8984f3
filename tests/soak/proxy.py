"""A proxy in bad weather: what passes may be cut before, lost after, late, halved, doubled or answered by the proxy.

Faults are drawn from a seeded generator; how many of each struck is counted, so that calm weather cannot pass for bad.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import urlsplit, urlunsplit

ANSWER_S = 60.0
LATE_S = (0.5, 3.0)
"""How late a request takes effect whose caller has heard nothing."""
SLOW_S = (0.05, 0.6)
KINDS = ("cut", "lost", "late", "halved", "slow", "gateway", "busy", "twice")
"""Before the effect: cut, busy (503). After it: lost, halved, gateway (502), twice (an idempotent request, repeated
by the proxy, as RFC 9110 section 9.2.2 lets it). Without a caller: late."""
IDEMPOTENT = frozenset(
    {"GET", "HEAD", "PUT", "DELETE", "MOVE", "MKCOL", "PROPFIND", "PROPPATCH", "SEARCH", "REPORT"}
)
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass
class Weather:
    """How bad it is. ``rate``: share of the requests that something happens to. Shared by both proxies."""

    seed: int
    rate: float = 0.0
    struck: Counter[str] = field(default_factory=Counter)
    passed: int = 0

    def __post_init__(self) -> None:
        self._random, self._lock = Random(self.seed), threading.Lock()
        self._late = 0

    def draw(self, method: str) -> str:
        """Say what happens to one request; an empty text: nothing."""
        with self._lock:
            self.passed += 1
            if self._random.random() >= self.rate:
                return ""
            kind = self._random.choice(KINDS)
            if kind == "twice" and method not in IDEMPOTENT:
                kind = "lost"
            self.struck[kind] += 1
            return kind

    def between(self, low: float, high: float) -> float:
        """Draw a number of seconds."""
        with self._lock:
            return self._random.uniform(low, high)

    def later(self, effect: Callable[[], object]) -> None:
        """Let a request take effect when nobody waits for it any more."""
        with self._lock:
            self._late += 1

        def run() -> None:
            time.sleep(self.between(*LATE_S))
            try:
                effect()
            finally:
                with self._lock:
                    self._late -= 1

        threading.Thread(target=run, daemon=True).start()

    @property
    def calm(self) -> bool:
        """Whether nothing is on its way any more that could still take effect."""
        with self._lock:
            return self._late == 0


@dataclass(frozen=True)
class _Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class Proxy:
    """One proxy before one server on loopback. A context manager; ``url`` takes the place of the server's."""

    def __init__(self, url: str, weather: Weather) -> None:
        parts = urlsplit(url)
        handler = type("Handler", (_Handler,), {"target": parts.netloc, "weather": weather})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{self._server.server_port}"))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that was killed is no defect of the proxy."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    weather: Weather

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._pass
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing; the weather counts."""

    def _pass(self) -> None:
        body = self._body()
        kind = self.weather.draw(self.command)
        if kind == "slow":
            time.sleep(self.weather.between(*SLOW_S))
        elif kind == "cut":
            return self._cut()
        elif kind == "late":
            self.weather.later(lambda: self._forward(body))
            return self._cut()
        elif kind == "busy":
            return self._tell(_Answer(503, "Service Unavailable", [], b"<html>busy</html>"))
        answer = self._forward(body)
        if kind == "twice":
            answer = self._forward(body)
        if kind == "lost":
            return self._cut()
        if kind == "gateway":
            answer = _Answer(502, "Bad Gateway", [("Content-Type", "text/html")], b"<html>bad gateway</html>")
        return self._tell(answer, halved=kind == "halved")

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _forward(self, body: bytes) -> _Answer:
        """Make the request at the server, under the name by which the caller asked for it."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        connection = http.client.HTTPConnection(self.target, timeout=ANSWER_S)
        try:
            connection.request(self.command, self.path, body=body, headers=headers)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            return _Answer(answer.status, answer.reason, kept, answer.read())
        except (OSError, http.client.HTTPException):
            return _Answer(502, "Bad Gateway", [("Content-Type", "text/html")], b"<html>no answer</html>")
        finally:
            connection.close()

    def _tell(self, answer: _Answer, *, halved: bool = False) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if halved else answer.body)
        if halved:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
