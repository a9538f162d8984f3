"""A proxy before a server: passes everything on and keeps what it heard, or answers by reading it all out.

What a hostile server, or one in trouble, sends back: every header and the whole body of the question, under any status.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

_PLAIN = frozenset(
    {
        *(
            "host",
            "user-agent",
            "accept",
            "accept-encoding",
            "connection",
            "content-type",
            "content-length",
            "date",
        ),
        *(
            "depth",
            "destination",
            "overwrite",
            "transfer-encoding",
            "if-match",
            "if-none-match",
            "expect",
            "timeout",
        ),
        *(
            "oc-total-length",
            "x-oc-mtime",
            "oc-checksum",
            "ocs-apirequest",
            "if",
            "lock-token",
            "x-requested-with",
        ),
    }
)
"""Headers whose values are no secrets, in small letters."""
_HOP = frozenset({"connection", "transfer-encoding", "keep-alive"})


@dataclass
class Fault:
    """How to answer instead of passing on."""

    status: int
    content_type: str = "text/html"
    reason: str = "Trouble"


class EchoProxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target)
        self.fault: Fault | None = None
        self.recited = 0
        self.secrets: set[str] = set()
        """Every value of a header or a query that is not one of the plain ones."""
        self.lock = threading.Lock()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return self.origin + self.target.path

    def handle_error(self, *_: object) -> None:
        """Who hangs up is no matter."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EchoProxy

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        body = self._body()
        self._keep()
        fault = self.server.fault
        if fault is not None:
            self.server.recited += 1
            self._recite(fault, body)
            return
        self._pass_on(body)

    def _keep(self) -> None:
        found = {value for name, value in self.headers.items() if name.lower() not in _PLAIN}
        found |= {value for _, value in parse_qsl(urlsplit(self.path).query) if len(value) > 15}
        with self.server.lock:
            self.server.secrets |= {value for value in found if len(value) > 7}

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _recite(self, fault: Fault, body: bytes) -> None:
        said = f"{self.command} {self.path}\n{self.headers}\n".encode() + body[:100_000]
        if fault.content_type == "application/json":
            said = b'{"error": "' + said.replace(b"\\", b"/").replace(b'"', b"'").replace(b"\n", b" ") + b'"}'
        self.send_response(fault.status, f"{fault.reason} {self.headers.get('Authorization', '')}")
        for name, value in (("Content-Type", fault.content_type), ("Content-Length", str(len(said)))):
            self.send_header(name, value)
        self.send_header("Location", f"{self.server.origin}/login?back={self.path}")
        self.send_header("Set-Cookie", f"told={self.headers.get('Authorization', '')}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    def _pass_on(self, body: bytes) -> None:
        target = self.server.target
        there = http.client.HTTPConnection(str(target.hostname), target.port, timeout=30)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            headers["Host"] = target.netloc
            if "Destination" in headers:
                headers["Destination"] = headers["Destination"].replace(
                    self.server.origin, f"http://{target.netloc}"
                )
            headers["Content-Length"] = str(len(body))
            there.request(self.command, self.path, body, headers)
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP | {"content-length", "date", "server"}:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            if answer.status not in {204, 304}:
                self.send_header("Content-Length", length or "0")
            self.end_headers()
            if self.command != "HEAD" and answer.status not in {204, 304}:
                self.wfile.write(content)
        finally:
            there.close()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def before(target: str) -> Iterator[EchoProxy]:
    """Stand before a server."""
    proxy = EchoProxy(target)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
