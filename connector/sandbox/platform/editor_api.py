"""The editor API over HTTP: its paths, its log, and the misbehaviour that concerns the connection itself."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from connector.sandbox.platform.connection import Connection, connection_of
from connector.sandbox.platform.misbehaviour import Rule
from connector.sandbox.platform.model import LoggedRequest
from connector.sandbox.platform.operations import HTML, JSON, Answer, Call, Part, json_answer
from connector.sandbox.platform.world import PlatformWorld
from connector.sandbox.platform.wrong import HTML_PAGE

_TRIPLE = "(?P<id_request>[^/]+)/(?P<hmac>[^/]+)"
_ONE = "transaction/(?P<id>[^/]+)"
# API page sections 1 (KNOWN), 2 (KNOWN) and 3 (ASSUMED).
ROUTES: Sequence[tuple[str, str, str]] = (
    ("POST", f"token/officeAndUser/auth/{_TRIPLE}", "auth"),
    ("GET", f"token/officeAndUser/fetch/{_TRIPLE}", "fetch"),
    ("GET", "token/validateCheck", "validate"),
    ("POST", "transaction", "create"),
    ("PUT", f"{_ONE}/uploadFile/(?P<order>[1-9][0-9]{{0,3}})", "upload"),
    ("POST", f"{_ONE}/signatory", "signatory"),
    ("POST", f"{_ONE}/send", "send"),
    ("POST", f"{_ONE}/draft", "draft"),
    ("GET", _ONE, "status"),
    ("GET", f"{_ONE}/downloadFile/(?P<order>[1-9][0-9]{{0,3}})", "download"),
    ("GET", f"{_ONE}/attestation", "attestation"),
    ("POST", f"{_ONE}/cancel", "cancel"),
    ("POST", f"{_ONE}/remind", "remind"),
)
_PATTERNS = [
    (method, re.compile(f"/editor/(?P<shortcut>[^/]+)/{path}"), name) for method, path, name in ROUTES
]


class Cut(Exception):
    """No answer: the connection is to be cut."""


class EditorApi:
    """An ASGI application for everything under ``/editor/``."""

    def __init__(self, world: PlatformWorld) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and log it, whatever becomes of it."""
        operation, values, refusal = _match(scope["method"], scope["path"])
        started = time.perf_counter()
        connection = connection_of(scope)

        async def log(wire: _Wire) -> None:
            entry = LoggedRequest(
                operation=operation,
                method=scope["method"],
                path=scope["path"],
                status=wire.status,
                bytes_in=wire.bytes_in,
                bytes_out=wire.bytes_out,
                at=self._world.clock.timestamp(),
                duration_s=round(time.perf_counter() - started, 6),
                connection=connection.number,
            )
            await run_in_threadpool(self._world.log, entry)

        wire = _Wire(receive, send, log)
        try:
            if refusal is not None:
                await wire.answer(refusal)
            else:
                await self._serve(operation, values, Request(scope, wire.receive), wire, connection)
        except (Cut, ClientDisconnect):
            await log(wire)
            await connection.cut(receive)

    async def _serve(
        self, operation: str, values: dict[str, str], request: Request, wire: _Wire, connection: Connection
    ) -> None:
        rules = self._world.misbehaviour.before(operation, values.get("id", ""))
        slow = sum(rule.seconds for rule in rules if rule.kind == "latency")
        ending = next((rule for rule in rules if rule.kind not in ("latency", "sealing")), None)
        if ending is not None and ending.kind == "cut_before":
            await asyncio.sleep(slow)
            raise Cut
        # Read first, be slow afterwards: a client that gives up waiting does not undo what it asked for.
        call = await _read(operation, values, request)
        await asyncio.sleep(slow)
        if ending is not None and ending.kind == "late_effect":
            self._world.handle_later(call, ending.seconds)
            raise Cut
        if ending is not None and ending.kind in ("status", "gone", "html"):
            if ending.details.get("effect"):
                await run_in_threadpool(self._world.handle, call, rules)
            await wire.answer(_told(ending))
            return
        answer = await run_in_threadpool(self._world.handle, call, rules)
        if ending is not None and ending.kind == "lost_answer":
            raise Cut
        if ending is not None and ending.kind == "truncated":
            await wire.half(answer)
            await connection.close(wire.receive)
            return
        await wire.answer(answer)


class _Wire:
    """The request's and answer's bytes, counted; logged before the answer is out, so that a test may look at once."""

    def __init__(self, receive: Receive, send: Send, log: Callable[[_Wire], Awaitable[None]]) -> None:
        self._receive = receive
        self._send = send
        self._log = log
        self.status = 0
        self.bytes_in = 0
        self.bytes_out = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def answer(self, answer: Answer) -> None:
        """Send all of ``answer``."""
        self.status, self.bytes_out = answer.status, len(answer.body)
        await self._log(self)
        await self._begin(answer, len(answer.body))
        await self._send({"type": "http.response.body", "body": answer.body})

    async def half(self, answer: Answer) -> None:
        """Promise all of ``answer`` (of an empty one: some more) and send half."""
        body = answer.body or b'{"message": "ok"}'
        part = body[: len(body) // 2]
        self.status, self.bytes_out = answer.status, len(part)
        await self._log(self)
        await self._begin(answer, len(body))
        await self._send({"type": "http.response.body", "body": part, "more_body": True})

    async def _begin(self, answer: Answer, length: int) -> None:
        headers = {"content-length": str(length), **answer.headers}
        if answer.content_type:
            headers["content-type"] = answer.content_type
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": raw})


def _match(method: str, path: str) -> tuple[str, dict[str, str], Answer | None]:
    allowed = []
    for wanted, pattern, operation in _PATTERNS:
        found = pattern.fullmatch(path)
        if found and method == wanted:
            return operation, found.groupdict(), None
        if found:
            allowed.append(wanted)
    if allowed:
        body = {"message": "Méthode non autorisée", "details": f"Méthode attendue : {', '.join(allowed)}."}
        return "unknown", {}, json_answer(body, 405, {"allow": ", ".join(allowed)})
    body = {"message": "Introuvable", "details": "Cette adresse n'existe pas."}
    return "unknown", {}, json_answer(body, 404)


async def _read(operation: str, values: dict[str, str], request: Request) -> Call:
    found = {**values, "ts": request.query_params.get("ts", "")}
    headers = {name.lower(): value for name, value in request.headers.items()}
    if operation == "upload" and headers.get("content-type", "").startswith("multipart/form-data; boundary="):
        return Call(operation, found, headers, parts=await _parts(request))
    return Call(operation, found, headers, body=await request.body())


async def _parts(request: Request) -> list[Part] | None:
    try:
        async with request.form(max_files=10, max_fields=10) as form:
            parts: list[Part] = []
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    parts.append(Part(name, value.filename or "", value.content_type or "", content))
                else:
                    parts.append(Part(name, None, "", value.encode()))
            return parts
    except (HTTPException, MultiPartException):
        return None


def _told(rule: Rule) -> Answer:
    details = rule.details
    if rule.kind == "gone":
        body = {"message": "Introuvable", "details": "Cette transaction n'existe pas ou n'existe plus."}
        return json_answer(body, 404)
    if rule.kind == "html":
        return Answer(200, str(details.get("body", HTML_PAGE)).encode(), HTML)
    content: Any = details.get("body", '{"message": "Erreur interne", "details": "Erreur simulée."}')
    raw = content if isinstance(content, bytes) else str(content).encode()
    return Answer(
        int(details.get("status", 500)),
        raw,
        str(details.get("content_type", JSON)),
        details.get("headers", {}),
    )
