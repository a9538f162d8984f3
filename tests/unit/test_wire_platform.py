"""What a hostile or broken platform, or whatever stands before it, puts on the wire: told for what it is.

Cuts, drips and redirects stand in ``test_jesignexpert_network``; these are the ones that only bare bytes can play.
"""

from __future__ import annotations

import gzip
import io
import json
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.errors import InvalidResponse, NotFound, OutcomeUnknown, RemoteError, Unavailable
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.exchange import Timeouts
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.ports import Progress, TransactionDraft, TransactionId
from tests.fakes.raw_server import Talk, hangs_up, says, served

T = TransactionId("t-1")
STATUS = b'{"id": "t-1", "status": "draft"}'
PDF = b"%PDF-1.7 " + b"x" * 91
LATER, NONSENSE, DOUBT = Unavailable, InvalidResponse, OutcomeUnknown


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    found = TokenStore(tmp_path / "tokens")
    found.save("lyon", Tokens(office="OFFICE-TOKEN", office_name="Cabinet", user="USER-TOKEN"))
    return found


@contextmanager
def client(url: str, store: TokenStore) -> Iterator[HttpSigningService]:
    service = HttpSigningService(
        "lyon",
        base_url=url,
        shortcut="abc",
        secret="HMAC-SECRET",
        tokens=store,
        now=lambda: datetime.now(UTC),
        timeouts=Timeouts(connect=1, read=2, upload=2, total=2, total_transfer=2),
    )
    try:
        yield service
    finally:
        service.close()


def status(service: HttpSigningService) -> object:
    return service.status(T)


def download(service: HttpSigningService) -> bytes:
    into = io.BytesIO()
    service.download(T, 1, into, max_bytes=100_000)
    return into.getvalue()


def send(service: HttpSigningService) -> object:
    return service.send(T)


def create(service: HttpSigningService) -> object:
    draft = TransactionDraft(subject="Lettre", message="M", sender="C", sequential=True, confidential_to=())
    return service.create(draft)


ACTS: tuple[Callable[[HttpSigningService], object], ...] = (status, download, send, create)


def raw(head: str, body: bytes = b"", *, length: bool = False) -> bytes:
    told = f"\nContent-Length: {len(body)}" if length else ""
    return (head + told).replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


def ok(body: bytes, *lines: str) -> bytes:
    return raw("\n".join(("HTTP/1.1 200 OK", *lines)), body, length=True)


def _told(error: RemoteError) -> type[Exception]:
    assert error.service == "lyon"
    assert error.operation
    assert "TOKEN" not in str(error)
    return type(error)


def meanings(store: TokenStore, talk: Talk) -> list[type[Exception] | None]:
    """What asking, fetching, sending and preparing come to; the last two are asked once, whatever happens."""
    found: list[type[Exception] | None] = []
    with served(talk) as server, client(server.url, store) as service:
        for act in ACTS:
            before = len(server.requests)
            try:
                act(service)
            except RemoteError as error:
                found.append(_told(error))
            else:
                found.append(None)
            if act in (send, create):
                assert len(server.requests) - before == 1
    return found


BROKEN: dict[str, tuple[Talk, list[type[Exception] | None]]] = {
    "no HTTP at all": (hangs_up(STATUS), [LATER, LATER, DOUBT, DOUBT]),
    "another protocol": (hangs_up(raw("HTTP/1.1 101 Switching Protocols")), [LATER, LATER, DOUBT, DOUBT]),
    "a header of ten megabytes": (
        hangs_up(raw("HTTP/1.1 200 OK\nX: " + "x" * 10_000_000)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a hundred thousand headers": (
        hangs_up(raw("HTTP/1.1 200 OK" + "\nX: 1" * 100_000)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "interim answers without end": (
        hangs_up(raw("HTTP/1.1 103 Early Hints") * 3_000),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "two lengths": (
        hangs_up(raw("HTTP/1.1 200 OK\nContent-Length: 10\nContent-Length: 12", STATUS)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a negative length": (
        hangs_up(raw("HTTP/1.1 200 OK\nContent-Length: -5", STATUS)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a length of letters": (
        hangs_up(raw("HTTP/1.1 200 OK\nContent-Length: \xb2", STATUS)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a length too long": (
        hangs_up(raw("HTTP/1.1 200 OK\nContent-Length: 1000", PDF)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a length too short": (
        says(raw("HTTP/1.1 200 OK\nContent-Length: 3", STATUS)),
        [NONSENSE, LATER, DOUBT, DOUBT],
    ),
    "chunks that are none": (
        hangs_up(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"ZZ\r\n" + PDF)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a chunk larger than the world": (
        hangs_up(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"FFFFFFFFFFFFFFFF\r\n" + PDF)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a packed answer": (
        says(ok(gzip.compress(STATUS), "Content-Encoding: gzip")),
        [NONSENSE, NONSENSE, DOUBT, DOUBT],
    ),
    "a page": (
        says(ok(b"<!doctype html><title>Bienvenue</title>", "Content-Type: text/html")),
        [NONSENSE, NONSENSE, DOUBT, DOUBT],
    ),
    "a page that says it is JSON": (
        says(ok(b"<html>{}</html>", "Content-Type: application/json")),
        [NONSENSE, NONSENSE, DOUBT, DOUBT],
    ),
    "nothing": (says(ok(b"")), [NONSENSE, LATER, None, NONSENSE]),
    "NULs": (says(ok(b"\0" * 100)), [NONSENSE, NONSENSE, DOUBT, DOUBT]),
    "another charset": (says(ok('{"id": "é"}'.encode("latin-1"))), [NONSENSE, NONSENSE, DOUBT, DOUBT]),
    "ten thousand levels": (says(ok(b"[" * 10_000 + b"]" * 10_000)), [NONSENSE, NONSENSE, DOUBT, DOUBT]),
    "a number of a hundred thousand digits": (
        says(ok(b'{"id": ' + b"9" * 100_000 + b"}")),
        [NONSENSE, NONSENSE, DOUBT, DOUBT],
    ),
    "more than anybody says": (says(ok(b" " * 1_500_000)), [NONSENSE, NONSENSE, DOUBT, DOUBT]),
    "sent to a file": (
        says(raw("HTTP/1.1 302 Found\nLocation: file:///etc/passwd", length=True)),
        [NONSENSE, NONSENSE, DOUBT, DOUBT],
    ),
    "sent to itself": (
        says(raw("HTTP/1.1 307 Away\nLocation: /", length=True)),
        [NONSENSE, NONSENSE, DOUBT, DOUBT],
    ),
    "sent to an impossible place": (
        says(raw("HTTP/1.1 301 Away\nLocation: http://[::1", length=True)),
        [LATER, LATER, DOUBT, DOUBT],
    ),
    "a refusal in a page": (
        says(raw("HTTP/1.1 404 Not Found\nContent-Type: text/html", b"<html>", length=True)),
        [NONSENSE, LATER, DOUBT, NotFound],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_on_the_wire(store: TokenStore, case: str) -> None:
    """D1, D4: No answer but the documented one is a yes; what is not known stays in doubt, and is asked once."""
    talk, expected = BROKEN[case]
    assert meanings(store, talk) == expected


def test_an_endless_answer_ends(store: TokenStore) -> None:
    """Neither time nor memory: it is cut off at what is allowed."""

    def talk(peer: socket.socket, request: bytes) -> None:
        peer.sendall(raw("HTTP/1.1 200 OK", b"%PDF" if b"downloadFile" in request else b"{"))
        while True:
            peer.sendall(b" " * 60_000)

    tracemalloc.start()
    try:
        assert meanings(store, talk) == [NONSENSE, NONSENSE, DOUBT, DOUBT]
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("act", [send, status])
def test_what_comes_too_much_answers_nothing_else(
    store: TokenStore, act: Callable[[HttpSigningService], object]
) -> None:
    """D1: Two answers in one breath: the second is not the next request's, though it came on the same connection."""
    count = [0]
    yes = ok(STATUS)

    def talk(peer: socket.socket, _request: bytes) -> None:
        count[0] += 1
        peer.sendall(yes + yes if count[0] == 1 else raw("HTTP/1.1 500 Oh", length=True))

    with served(talk) as server, client(server.url, store) as service:
        act(service)
        with pytest.raises(DOUBT if act is send else LATER):
            act(service)


def test_interim_answers_are_not_the_answer(store: TokenStore) -> None:
    """102 and 103 come before it."""
    interim = raw("HTTP/1.1 102 Processing") + raw("HTTP/1.1 103 Early Hints\nLink: </x>")
    with served(says(interim + ok(STATUS))) as server, client(server.url, store) as service:
        assert service.status(T).progress is Progress.NOT_SENT
        send(service)
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 -2359",
        f"Fri, 31 Dec {'9' * 30} 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "\xb2",
    ],
)
def test_a_clock_that_cannot_be(store: TokenStore, date: str) -> None:
    """A ``send`` that was accepted is sent, whatever the date beside it."""
    with served(says(ok(STATUS, f"Date: {date}"))) as server, client(server.url, store) as service:
        send(service)
        status(service)
        assert service.drift_s is None or abs(service.drift_s) < 10**11
    busy = raw(f"HTTP/1.1 503 Busy\nRetry-After: {date}\nDate: {date}", length=True)
    with served(says(busy)) as server, client(server.url, store) as service, pytest.raises(Unavailable):
        status(service)


WRONG: dict[str, object] = {
    "a list": [],
    "a text": "draft",
    "null": None,
    "no status": {"id": "t-1"},
    "a status that is a number": {"id": "t-1", "status": 5},
    "another's": {"id": "t-2", "status": "draft"},
    "people in a text": {"id": "t-1", "status": "draft", "signatories": "Marie"},
    "people that are numbers": {"id": "t-1", "status": "draft", "signatories": [1]},
    "a rank beyond everything": {"id": "t-1", "status": "draft", "signatories": [{"order": 10**30}]},
    "a crowd": {"id": "t-1", "status": "draft", "signatories": [{}] * 5_000},
    "an endless time": {"id": "t-1", "status": "draft", "createdAt": 10**400},
}


@pytest.mark.parametrize("case", WRONG)
def test_json_of_the_wrong_kind(store: TokenStore, case: str) -> None:
    """D1: A member of another type is said, and changes nothing."""
    with served(says(ok(json.dumps(WRONG[case]).encode()))) as server, client(server.url, store) as service:
        with pytest.raises(InvalidResponse) as caught:
            service.status(T)
        assert "t-2" not in str(caught.value), "no value is shown, only where it stands"


def test_texts_of_the_platform_can_be_written_down(store: TokenStore) -> None:
    """Half characters, control characters and whole books end here."""
    people = [{"order": 1, "email": "a@b.fr\ud800", "name": "Marie\0\u202eDupont", "status": "x" * 10_000}]
    told = {"id": "t-1", "status": "\udfff" + "y" * 10_000, "signatories": people}
    with served(says(ok(json.dumps(told).encode()))) as server, client(server.url, store) as service:
        found = service.status(T)
    (one,) = found.signatories
    for text in (found.word, one.email, one.name, one.word):
        assert len(text.encode()) <= 2_000
        assert text.replace(" ", "x").isprintable()


@pytest.mark.parametrize("ident", ["", "  ", ".", "..", "a\nb", "\ud800", "x" * 10_000, 10**50, True, {}, []])
def test_an_identifier_that_is_none(store: TokenStore, ident: object) -> None:
    """It would become a step of a URL and a line of a status."""
    talk = says(ok(json.dumps({"id": ident}).encode()))
    with served(talk) as server, client(server.url, store) as service, pytest.raises(InvalidResponse):
        create(service)
