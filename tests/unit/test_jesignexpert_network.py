"""Sockets that cut, drip, redirect and lie; and what must never leave this machine."""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpcore
import httpx
import pytest

from connector.errors import (
    AskedToWait,
    ConfigurationError,
    InvalidResponse,
    NotConnected,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.jesignexpert import deadline
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.exchange import AT_ONCE, Failure, Timeouts, judge
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.jesignexpert.transport import DeadlineTransport
from connector.ports import Box, TransactionDraft, TransactionId, TransactionSignatory
from tests.fakes.raw_server import drips, hangs_up, says, served
from tests.unit.test_webdav_addresses import Named, named, silent

__all__ = ["named"]

T = TransactionId("t-1")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
STATUS = b'{"id": "t-1", "status": "draft"}'


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    found = TokenStore(tmp_path / "tokens")
    found.save("lyon", Tokens(office="OFFICE-TOKEN", office_name="Cabinet", user="USER-TOKEN"))
    return found


@contextmanager
def client(
    url: str, store: TokenStore, *, total: float = 0.3, **more: object
) -> Iterator[HttpSigningService]:
    service = HttpSigningService(
        "lyon",
        base_url=url,
        shortcut="abc",
        secret="HMAC-SECRET",
        tokens=store,
        now=lambda: datetime.now(UTC),
        timeouts=Timeouts(connect=1, read=max(1, total), upload=1, total=total, total_transfer=0.3),
        **more,  # type: ignore[arg-type]
    )
    try:
        yield service
    finally:
        service.close()


def download(service: HttpSigningService) -> None:
    service.download(T, 1, io.BytesIO(), max_bytes=100_000)


def status(service: HttpSigningService) -> None:
    service.status(T)


def send(service: HttpSigningService) -> None:
    service.send(T)


LONG_HEAD = b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 30
LONG_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"%PDF" + b" " * 496


@pytest.mark.parametrize("raw", [LONG_HEAD, LONG_BODY], ids=["headers", "body"])
@pytest.mark.parametrize(
    ("act", "kind"), [(status, Unavailable), (download, Unavailable), (send, OutcomeUnknown)]
)
def test_a_dripping_answer_ends_at_the_deadline(
    store: TokenStore, raw: bytes, act: Callable[[HttpSigningService], None], kind: type[RemoteError]
) -> None:
    """Each byte comes in time, all of them never: the whole call has one deadline."""
    with served(drips(raw)) as server, client(server.url, store) as service:
        started = time.monotonic()
        with pytest.raises(kind):
            act(service)
        assert time.monotonic() - started < 1.2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n%PDF-1.7",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n%PDF\r\n",
    ],
)
def test_a_cut_answer(store: TokenStore, raw: bytes) -> None:
    """A cut read is late, a cut send is in doubt and was made once."""
    with served(hangs_up(raw)) as server, client(server.url, store) as service:
        for act in (status, download):
            with pytest.raises(Unavailable):
                act(service)
        before = len(server.requests)
        with pytest.raises(OutcomeUnknown):
            send(service)
        assert len(server.requests) == before + 1


def test_bytes_that_are_no_http(store: TokenStore) -> None:
    """Another protocol on that port is no answer to a send."""
    with served(hangs_up(b"220 mail.example ESMTP\r\n")) as server, client(server.url, store) as service:
        with pytest.raises(OutcomeUnknown):
            send(service)
        with pytest.raises((Unavailable, InvalidResponse)):
            status(service)


def test_a_redirect_is_not_followed(store: TokenStore) -> None:
    """The tokens do not travel to wherever a Location points."""
    with served(says(OK)) as other:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with served(says(moved)) as server, client(server.url, store) as service:
            with pytest.raises(InvalidResponse):
                status(service)
            with pytest.raises(OutcomeUnknown):
                send(service)
        assert other.requests == []


def test_the_environment_is_not_asked(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy nor certificates nor a .netrc of the environment play a part."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    with served(says(OK)) as server, client(server.url, store) as service:
        send(service)
        assert b"authorization" not in server.requests[0].lower()


def test_a_proxy_by_argument_is_used(store: TokenStore) -> None:
    """The setting decides: the proxy gets the whole URL; without a proxy there nothing leaves."""
    with served(says(OK)) as proxy, client("http://jse.invalid/", store, proxy=proxy.url) as service:
        send(service)
        assert proxy.requests[0].startswith(
            b"POST http://jse.invalid/editor/abc/transaction/t-1/send HTTP/1.1"
        )
        url = proxy.url
    with client("http://jse.invalid/", store, proxy=url) as service, pytest.raises(NotConnected):
        send(service)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bundle_that_holds_no_certificates(
    store: TokenStore, tmp_path: Path, content: bytes | None
) -> None:
    """The administrator is told which file, before anything is asked."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with (
        pytest.raises(ConfigurationError, match=r"ca\.pem"),
        client("https://jse.invalid/", store, ca_file=file),
    ):
        pass


def test_no_cookie_comes_back(store: TokenStore) -> None:
    """A session cookie is not kept."""
    body = b"Set-Cookie: JSESSIONID=1; Path=/\r\nContent-Length: %d\r\n\r\n%s" % (len(STATUS), STATUS)
    with served(says(b"HTTP/1.1 200 OK\r\n" + body)) as server, client(server.url, store) as service:
        status(service)
        status(service)
        assert b"cookie" not in server.requests[1].lower()


def test_send_takes_a_connection_of_its_own(store: TokenStore) -> None:
    """An idle connection that the server may just be closing would leave a send in doubt."""
    body = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(STATUS), STATUS)
    with served(says(body)) as server, client(server.url, store) as service:
        status(service)
        status(service)
        assert server.connections == 1
        send(service)
        assert server.connections == 2
        status(service)
        assert server.connections == 2


def test_who_waits_for_a_turn_hears_what_was_said_meanwhile(store: TokenStore) -> None:
    """Eight calls, four at once: the other four are not made once the platform wants to be let be."""
    answered = threading.Event()
    wait = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"

    def talk(peer: socket.socket, _request: bytes) -> None:
        answered.wait(20)
        peer.sendall(wait)

    with (
        served(talk) as server,
        client(server.url, store, total=30) as service,
        ThreadPoolExecutor(2 * AT_ONCE) as threads,
    ):
        calls = [threads.submit(status, service) for _ in range(2 * AT_ONCE)]
        while len(server.requests) < AT_ONCE:
            time.sleep(0.01)
        answered.set()
        errors = [call.exception() for call in calls]
        assert len(server.requests) == AT_ONCE
    assert sum(isinstance(error, AskedToWait) for error in errors) == AT_ONCE
    assert all(isinstance(error, RemoteError) for error in errors)


def test_an_upload_streams_from_disk(store: TokenStore, tmp_path: Path) -> None:
    """The file goes out in pieces as one multipart part beside its boxes."""
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF" + b"x" * 3_000_000)
    pieces: list[int] = []

    class Counting(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.SyncByteStream)
            pieces.extend(len(piece) for piece in request.stream)
            assert request.headers["content-length"] == str(sum(pieces))
            return httpx.Response(204)

    box = Box(signatory=1, page=1, x=1, y=2, page_width=595, page_height=842)
    with client("http://jse.invalid/", store, transport=Counting()) as service:
        service.upload(T, 1, 'l"é.pdf', file, [box])
    assert sum(pieces) > 3_000_000
    assert max(pieces) < 100_000
    with served(says(OK)) as server, client(server.url, store) as service:
        service.upload(T, 2, "lettre é.pdf", file, [box])
        request = server.requests[0]
    assert request.startswith(b"PUT /editor/abc/transaction/t-1/uploadFile/2 HTTP/1.1")
    assert 'name="file"; filename="lettre é.pdf"\r\nContent-Type: application/pdf'.encode() in request
    expected = b'[{"order":1,"positionX":1,"positionY":2,"page":1,"withoutLogo":false}]'
    assert b'name="SignFields"\r\n\r\n' + expected in request


def test_the_servers_clock_is_compared(store: TokenStore) -> None:
    """The drift is the server's date minus ours."""
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True).encode()
    raw = b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: 2\r\n\r\n{}" % date
    with served(says(raw)) as server, client(server.url, store) as service:
        before = service.drift_s
        send(service)
        assert before is None
        assert 590 < (service.drift_s or 0) < 605


def test_a_name_that_does_not_resolve_is_not_connected(store: TokenStore) -> None:
    """DNS failures come before any byte leaves."""
    with client("http://jse.invalid/", store) as service, pytest.raises(NotConnected):
        send(service)


def test_plain_http_behind_https_is_not_connected(store: TokenStore) -> None:
    """A failed TLS handshake comes before the request."""
    with served(hangs_up(OK)) as server:
        url = server.url.replace("http:", "https:")
        with client(url, store) as service, pytest.raises(NotConnected):
            send(service)


def _all(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind}.union(*(_all(one) for one in kind.__subclasses__()))


def test_every_exception_of_the_library_is_mapped() -> None:
    """A new class in the library is found here, not in production."""
    named = {one for one in vars(httpx).values() if isinstance(one, type) and issubclass(one, Exception)}
    left = {one for one in named if not issubclass(one, (httpx.HTTPError, httpx.StreamError))}
    assert left == {httpx.InvalidURL, httpx.CookieConflict}
    never_left = {
        one.__name__
        for one in _all(httpx.HTTPError) | left
        if judge(one.__new__(one)) is Failure.NEVER_LEFT  # type: ignore[arg-type]
    }
    assert never_left == {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "InvalidURL",
    }
    known = {
        "HTTPError RequestError TransportError TimeoutException ConnectTimeout ReadTimeout WriteTimeout PoolTimeout",
        "NetworkError ConnectError ReadError WriteError CloseError ProxyError UnsupportedProtocol ProtocolError",
        "LocalProtocolError RemoteProtocolError DecodingError TooManyRedirects HTTPStatusError",
    }
    found = {one.__name__ for one in _all(httpx.HTTPError) if one.__module__.startswith("httpx")}
    assert found == set(" ".join(known).split())


def test_every_exception_below_becomes_the_librarys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each exception of the lower library has its namesake above."""
    lower = {one for one in vars(httpcore).values() if isinstance(one, type) and issubclass(one, Exception)}
    for kind in lower:

        class Failing(httpcore.NetworkBackend):
            error = kind("odd")

            def connect_tcp(self, *_args: object, **_more: object) -> httpcore.NetworkStream:
                raise self.error

        transport = DeadlineTransport()
        for pool in (transport._kept, transport._warm):
            monkeypatch.setattr(pool, "_network_backend", Failing())
        if kind is httpcore.ConnectionNotAvailable:
            continue  # the pool itself answers it by taking another connection
        with pytest.raises(httpx.HTTPError), httpx.Client(transport=transport) as one:
            one.get("http://jse.invalid/")


def test_nothing_personal_is_logged(
    store: TokenStore, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Even at DEBUG no token, secret, phone or e-mail reaches the log, nor the text of an error."""
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF")
    answers = [OK, OK, b"HTTP/1.1 409 Conflict\r\nContent-Length: 19\r\n\r\nmarie@example.fr: ?"]

    def talk(peer: socket.socket, _request: bytes) -> None:
        if answers:
            peer.sendall(answers.pop(0))
        else:
            peer.shutdown(socket.SHUT_RDWR)

    person = TransactionSignatory(
        email="marie@example.fr",
        name="Marie Dupont",
        first_name="Marie",
        last_name="Dupont",
        phone="+33612345678",
    )
    draft = TransactionDraft(
        subject="Lettre", message="M", sender="C", sequential=True, confidential_to=("marie@example.fr",)
    )
    texts: list[str] = []
    with served(talk) as server, client(server.url, store) as service:
        service.upload(T, 1, "Marie Dupont.pdf", file, [])
        service.add_signatory(T, person)
        for act in (lambda: service.create(draft), lambda: service.send(T), lambda: service.status(T)):
            with pytest.raises(RemoteError) as caught:
                act()
            texts.append(str(caught.value))
        texts.append(repr(store.load("lyon")))
    said = caplog.text + " ".join(texts) + "".join(str(record.__dict__) for record in caplog.records)
    assert "answer 200" in said
    for private in ("OFFICE-TOKEN", "USER-TOKEN", "HMAC-SECRET", "example.fr", "612345678", "Dupont"):
        assert private not in said


def test_who_waits_for_a_turn_has_the_whole_time_for_its_call(store: TokenStore) -> None:
    """A ``send`` that stood behind slow calls is no shorter for that: cut short, it would be in doubt for nothing."""
    going, opened = threading.Barrier(AT_ONCE + 1, timeout=20), threading.Event()

    def slow(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/send"):
            time.sleep(0.5)
            if (left := deadline.left()) is not None and left <= 0:
                raise httpx.ReadTimeout("its time is up")
            return httpx.Response(200, content=b"{}")
        going.wait()
        assert opened.wait(20)
        return httpx.Response(200, content=STATUS)

    with (
        client("http://x/", store, total=1.0, transport=httpx.MockTransport(slow)) as service,
        ThreadPoolExecutor(AT_ONCE + 1) as threads,
    ):
        first = [threads.submit(status, service) for _ in range(AT_ONCE)]
        going.wait()
        waiting = threads.submit(send, service)
        time.sleep(0.7)
        opened.set()
        waiting.result()
        for one in first:
            one.result()


def test_addresses_that_keep_silent_cost_a_moment(store: TokenStore, named: Named) -> None:
    """An IPv6 that is announced and dead, say: each connection would wait out its whole time for it first."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(STATUS) + STATUS
    with served(says(answer)) as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        hosts = [f"127.0.0.{number}" for number in (2, 3, 4)]
        with silent(port, *hosts), client(f"http://many.example:{port}/", store, total=5) as service:
            named(*hosts, "127.0.0.1")
            begun = time.monotonic()
            status(service)
            assert time.monotonic() - begun < 1.5
        named(*hosts)
        with silent(port, *hosts), client(f"http://many.example:{port}/", store, total=5) as service:
            begun = time.monotonic()
            with pytest.raises(NotConnected):
                send(service)
            assert time.monotonic() - begun < 2.5
