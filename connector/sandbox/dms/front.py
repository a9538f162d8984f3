"""The outermost layer, the same for both modes: control, misbehaviour, clock, counting."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from typing import Any

from connector.sandbox.dms import control, distortion
from connector.sandbox.dms.messages import Answer, Call, ConnectionCut, Environ, decoded_path, headers_of
from connector.sandbox.dms.misbehaviour import Kind, Rule
from connector.sandbox.dms.nextcloud.app import NextcloudApp
from connector.sandbox.dms.plain import PlainApp
from connector.sandbox.dms.world import DmsWorld

CONNECTION = "sandbox.connection"
STOPPING = "sandbox.stopping"

CONDITIONS = ("if-match", "if-none-match", "if", "if-unmodified-since", "if-modified-since")
# facts section 2: these come with Connection: close, the other errors do not.
CLOSING = frozenset({400, 500, 501, 503, 507})

StartResponse = Callable[..., Any]


class Front:
    """A WSGI application around a world."""

    def __init__(self, world: DmsWorld) -> None:
        self._world = world
        self._inner: Callable[[Environ, Call], Answer] = (
            NextcloudApp(world) if world.mode == "nextcloud" else PlainApp(world)
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or cut its connection by raising ConnectionCut."""
        call = _call_of(environ)
        if call.path.startswith("/sandbox/"):
            return _send(control.answer(self._world, call), start_response, call.method)
        rules = self._world.rules.take(call.method, _names_of(call, self._world))
        try:
            answer = self._packed(call, self._dated(self._answer(environ, call, rules)))
        except ConnectionCut:
            self._count(environ, call, 0, 0)
            raise
        cut_at = _cut_at(answer, rules.get("truncated"))
        sent = 0 if call.method == "HEAD" else len(answer.body) if cut_at is None else cut_at
        self._count(environ, call, answer.status, sent)
        return _send(answer, start_response, call.method, cut_at)

    def _answer(self, environ: Environ, call: Call, rules: dict[Kind, Rule]) -> Answer:
        if "latency" in rules:
            stopping: threading.Event = environ[STOPPING]
            stopping.wait(rules["latency"].seconds)
        if "cut_before" in rules:
            raise ConnectionCut
        instead = distortion.instead(rules)
        if instead is not None:
            return instead
        if "tear" in rules:
            call.body, call.complete = call.body[: rules["tear"].at or 0], False
        if "short" in rules:
            call.body = call.body[: rules["short"].at or 0]
        if "ignore_conditions" in rules:
            call.headers = {k: v for k, v in call.headers.items() if k not in CONDITIONS}
        if "own_time" in rules:
            call.headers = {k: v for k, v in call.headers.items() if k != "x-oc-mtime"}
        answer = self._inner(_reduced(environ, call), call)
        if "lost_answer" in rules or "tear" in rules:
            raise ConnectionCut
        return distortion.distorted(answer, rules)

    def _dated(self, answer: Answer) -> Answer:
        kept = [
            (key, value) for key, value in answer.headers if key.lower() not in ("date", "content-length")
        ]
        date = formatdate(self._world.clock.timestamp(), usegmt=True)
        answer.headers = [*kept, ("Date", date)]
        if answer.status in CLOSING and not answer.header("connection"):
            answer.headers.append(("Connection", "close"))
        return answer

    def _packed(self, call: Call, answer: Answer) -> Answer:
        """Nextcloud itself compresses what it answers to PROPFIND, and nothing else (its PropfindCompressionPlugin)."""
        listed = self._world.mode == "nextcloud" and (call.method, answer.status) == ("PROPFIND", 207)
        if listed and "gzip" in call.header("accept-encoding") and not answer.header("content-encoding"):
            answer.headers.append(("Content-Encoding", "gzip"))
            answer.body = gzip.compress(answer.body, 6, mtime=0)
        return answer

    def _count(self, environ: Environ, call: Call, status: int, bytes_out: int) -> None:
        shown = {key: value for key, value in call.headers.items() if key != "authorization"}
        self._world.count(
            method=call.method,
            path=call.path,
            status=status,
            bytes_in=len(call.body),
            bytes_out=bytes_out,
            depth=call.header("depth"),
            connection=environ[CONNECTION],
            cookies=bool(call.header("cookie")),
            user=call.user,
            headers=shown,
        )


def _call_of(environ: Environ) -> Call:
    headers = headers_of(environ)
    body, complete = _read(environ, headers)
    address, port = environ["SERVER_NAME"], environ["SERVER_PORT"]
    host = headers.get("host", f"{address}:{port}")
    path = decoded_path(environ["REQUEST_URI"])
    peer = str(environ.get("REMOTE_ADDR", ""))
    query = str(environ.get("QUERY_STRING", ""))
    return Call(environ["REQUEST_METHOD"], path, headers, body, complete, peer, f"http://{host}", query=query)


def _read(environ: Environ, headers: dict[str, str]) -> tuple[bytes, bool]:
    """Return the body as far as it came, and whether it came whole."""
    expected = int(headers.get("content-length") or 0)
    pieces: list[bytes] = []
    try:
        while piece := environ["wsgi.input"].read(65536):
            pieces.append(piece)
    except (OSError, ValueError):  # the client went away, or its chunks are no chunks
        return b"".join(pieces), False
    body = b"".join(pieces)
    return body, len(body) >= expected


def _names_of(call: Call, world: DmsWorld) -> tuple[str, ...]:
    names = [call.path, _below_root(call.path, world)]
    destination = call.header("destination")
    if destination:
        names.append(_below_root(decoded_path(destination), world))
    return tuple(names)


def _below_root(path: str, world: DmsWorld) -> str:
    if world.mode == "plain":
        return path.removeprefix("/dav/").strip("/")
    prefix, _, rest = path.partition("/remote.php/dav/files/")
    return path.strip("/") if prefix or not rest else rest.partition("/")[2].strip("/")


def _reduced(environ: Environ, call: Call) -> Environ:
    """Return the WSGI environment with the body and the headers that are left of the request."""
    kept = {
        key: value
        for key, value in environ.items()
        if not key.startswith("HTTP_") or key[5:].replace("_", "-").lower() in call.headers
    }
    return {**kept, "wsgi.input": io.BytesIO(call.body), "CONTENT_LENGTH": str(len(call.body))}


def _cut_at(answer: Answer, rule: Rule | None) -> int | None:
    if rule is None:
        return None
    return len(answer.body) // 2 if rule.at is None else min(rule.at, len(answer.body))


def _send(
    answer: Answer, start_response: StartResponse, method: str, cut_at: int | None = None
) -> Iterator[bytes]:
    headers = list(answer.headers)
    if answer.status not in (204, 304):
        # A HEAD answer tells the length of what a GET would bring, and brings nothing.
        length = answer.header("x-sandbox-length") or str(len(answer.body))
        headers = [(key, value) for key, value in headers if key.lower() != "x-sandbox-length"]
        headers.append(("Content-Length", length))
    start_response(answer.status_line, headers)
    body = b"" if method == "HEAD" else answer.body
    if cut_at is None:
        yield body
        return
    yield body[:cut_at]
    raise ConnectionCut
