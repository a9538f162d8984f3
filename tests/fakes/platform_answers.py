"""A platform that gives one answer, and a service that asks it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connector.errors import (
    RemoteError,
)
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.ports import (
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
T = TransactionId("t-1")
HTML = "<!doctype html><html><head><title>Connexion</title></head><body>Merci, déjà envoyé</body></html>"
DRAFT = TransactionDraft(subject="Lettre", message="", sender="Cabinet", sequential=True)
PERSON = TransactionSignatory(
    email="marie@example.fr", name="Marie D", first_name="Marie", last_name="D", phone="+33612345678"
)


class Answers:
    """A platform that gives one answer to all but ``validateCheck``, and remembers what was asked."""

    def __init__(self, answer: httpx.Response | Exception, *, tokens_hold: int = 200) -> None:
        self.answer = answer
        self.tokens_hold = tokens_hold
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("validateCheck"):
            return streamed(httpx.Response(self.tokens_hold))
        if isinstance(self.answer, Exception):
            raise self.answer
        return streamed(self.answer)


class Pieces(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from (self._content[i : i + 3] for i in range(0, len(self._content), 3))


def streamed(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, stream=Pieces(answer.content))


Service = Callable[..., HttpSigningService]


def service_maker(directory: Path) -> Service:
    """Return what makes a service of account ``lyon`` on given answers; its tokens lie in ``directory``."""
    store = TokenStore(directory / "tokens")
    store.save("lyon", Tokens(office="OFFICE-TOKEN", office_name="Cabinet", user="USER-TOKEN"))

    def make(answers: Answers, contract: Contract | None = None) -> HttpSigningService:
        return HttpSigningService(
            "lyon",
            base_url="https://jse.example",
            shortcut="abc",
            secret="s",
            tokens=store,
            now=lambda: NOW,
            contract=contract,
            transport=httpx.MockTransport(answers),
        )

    return make


def problem(service: Service, act: Callable[[HttpSigningService], object], answers: Answers) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        act(service(answers))
    return caught.value


def said(status: int, text: str, **headers: str) -> httpx.Response:
    body = {"message": text, "details": text}
    return httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def page(status: int) -> httpx.Response:
    return httpx.Response(status, html=HTML)


def send(one: HttpSigningService) -> None:
    one.send(T)


def create(one: HttpSigningService) -> None:
    one.create(DRAFT)


def status(one: HttpSigningService) -> None:
    one.status(T)


def download(one: HttpSigningService) -> None:
    one.download(T, 1, io.BytesIO(), max_bytes=1000)
