"""What a connection carries and what not: logins, cookies, proxies, waiting times, reuse."""

from __future__ import annotations

import base64
import gzip
import io
import os
import socket
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter

from connector.errors import (
    AccessDenied,
    ConnectorError,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    Unavailable,
)
from connector.ports import Href
from connector.webdav import WebDavFolder
from tests.fakes.dav_folder import (
    DENIED,
    EMPTY,
    FILE,
    LISTED,
    QUICK,
    READS,
    ROOT,
    WRITES,
    opened,
    serve,
)
from tests.fakes.dav_server import Asked, RawServer, Step, answer


def test_one_refusal_stops_the_login() -> None:
    """C7: After one 401 nothing is asked, by any thread, until told; 403 stops nothing."""
    accepting = False

    def script(_: Asked) -> bytes:
        return answer("207 Multi-Status", EMPTY) if accepting else DENIED

    with RawServer(script) as server, opened(server) as folder:
        barrier = threading.Barrier(6)
        refused: list[str] = []

        def attempt() -> None:
            barrier.wait()
            for call in (*READS.values(), *WRITES.values()):
                try:
                    call(folder)
                except AccessDenied as error:
                    refused.append(error.operation)

        threads = [threading.Thread(target=attempt) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 6 * (len(READS) + len(WRITES))
        assert len(server.asked) == 1
        accepting = True
        with pytest.raises(AccessDenied):
            folder.stat(ROOT)
        folder.reconnect()
        assert folder.stat(ROOT).is_folder


def test_forbidden_concerns_one_thing() -> None:
    """403 is about the thing, not the login."""
    replies = iter([answer("403 Forbidden"), answer("207 Multi-Status", EMPTY)])
    with RawServer(lambda _: next(replies)) as server, opened(server) as folder:
        with pytest.raises(AccessDenied):
            folder.create(FILE, b"x")
        folder.stat(ROOT)


def test_retry_after_is_kept() -> None:
    """C8, C14: Seconds and dates both tell how long to wait; a date counts by the server's own clock."""
    now = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    date = f"Date: {format_datetime(now, usegmt=True)}"
    for headers, expected in [
        (["Retry-After: 120"], 120.0),
        ([f"Retry-After: {later}", date], 90.0),
        ([f"Retry-After: {format_datetime(now, usegmt=True)}", f"Date: {later}"], 0.0),
        (["Retry-After: soon"], None),
        ([], None),
    ]:
        with serve(answer("503 Service Unavailable", b"", *headers)) as server, opened(server) as folder:
            with pytest.raises(Unavailable) as caught:
                folder.stat(ROOT)
            assert caught.value.retry_after_s == expected


def test_cookies_are_neither_kept_nor_sent() -> None:
    """C13: A cookie would outrank the login."""
    reply = answer("207 Multi-Status", EMPTY, "Set-Cookie: a=b; Path=/", "Set-Cookie: nc=1")
    with serve(reply) as server, opened(server) as folder:
        for _ in range(3):
            folder.stat(ROOT)
        assert not any("cookie" in asked.headers for asked in server.asked)


def test_nothing_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C13: Neither a netrc nor proxy or certificate variables count."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password evil\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    with serve(answer("207 Multi-Status", EMPTY)) as server, opened(server, "é€") as folder:
        folder.stat(ROOT)
        expected = base64.b64encode("user:é€".encode()).decode()
        assert server.asked[0].headers["authorization"] == f"Basic {expected}"


def test_the_configured_proxy_is_used() -> None:
    """C14: A proxy that is set gets the request, with the whole URL."""
    with serve(answer("207 Multi-Status", EMPTY)) as proxy:
        folder = WebDavFolder("dms", "http://dms.invalid/", "u", "p", proxy=proxy.url, timeouts=QUICK)
        with folder:
            folder.stat(ROOT)
        assert proxy.asked[0].path == "http://dms.invalid/"


def test_a_proxy_with_an_ipv6_address_leads_to_tls() -> None:
    """C14: A proxy may be named by such an address, in brackets as in any URL; it is asked for the way."""
    heard: list[bytes] = []

    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            heard.append(connection.recv(1000))
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        proxy = f"http://[::1]:{listening.getsockname()[1]}"
        folder = WebDavFolder("dms", "https://dms.invalid/", "u", "p", proxy=proxy, timeouts=QUICK)
        with folder, pytest.raises(NotConnected):
            folder.create(FILE, b"x")
        assert heard
        assert heard[0].startswith(b"CONNECT dms.invalid:443 ")
        thread.join()


def test_bytes_as_password() -> None:
    """C14: Bytes are sent as they are."""
    with serve(answer("207 Multi-Status", EMPTY)) as server, opened(server, b"\xff\xe9") as folder:
        folder.stat(ROOT)
        sent = server.asked[0].headers["authorization"].removeprefix("Basic ")
        assert base64.b64decode(sent) == b"user:\xff\xe9"


def test_connections_are_kept(tmp_path: Path) -> None:
    """Twenty uploads, refusals among them, are twenty requests on one connection."""
    source = tmp_path / "x.pdf"
    source.write_bytes(b"x" * 100_000)
    replies = {
        "PUT": answer("201 Created", b"<html>Created</html>", "Content-Type: text/html"),
        "MOVE": answer("412 Precondition Failed", b"<x/>" * 1000),
        "DELETE": answer("404 Not Found", b"gone"),
        "PROPFIND": answer("207 Multi-Status", EMPTY),
        "GET": answer("200 OK", b"x" * 100_000),
    }
    with RawServer(lambda asked: replies[asked.method]) as server, opened(server) as folder:
        for _ in range(20):
            folder.create(FILE, source)
            with pytest.raises(PreconditionFailed):
                folder.move(FILE, Href("/b"))
            with pytest.raises(NotFound):
                folder.delete(FILE)
            folder.stat(ROOT)
            folder.get(FILE, io.BytesIO(), max_bytes=100_000)
        assert (len(server.asked), server.connections) == (100, 1)
        assert {asked.headers["accept-encoding"] for asked in server.asked} == {"gzip", "identity"}


def test_a_connection_closed_while_idle_is_repeated_for_reads_only() -> None:
    """The server hangs up on the second request of each connection: a read is asked again, a write is not."""
    seen: dict[int, int] = {}

    def script(asked: Asked) -> Iterable[Step] | bytes:
        seen[asked.connection] = seen.get(asked.connection, 0) + 1
        if seen[asked.connection] > 1:
            return [None]
        return answer("207 Multi-Status", EMPTY) if asked.method == "PROPFIND" else answer("201 Created")

    with RawServer(script) as server, opened(server) as folder:
        folder.stat(ROOT)
        folder.stat(ROOT)
        assert server.methods() == ["PROPFIND"] * 3
        with pytest.raises(OutcomeUnknown):
            folder.create(FILE, b"x")
        assert server.methods()[3:] == ["PUT"]


def test_a_connection_that_rests_shows_life() -> None:
    """Else a firewall forgets it between two looks, without a word: the kernel is to probe it (proc(5), timer 02)."""
    with serve(answer("207 Multi-Status", EMPTY)) as server, opened(server) as folder:
        folder.stat(ROOT)
        port = f":{int(server.url.rstrip('/').rpartition(':')[2]):04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        timers = [row[5].partition(":") for row in rows if row[2].endswith(port) and row[3] == "01"]
        assert [kind for kind, _, _ in timers] == ["02"]
        assert all(0 < int(ticks, 16) <= 30 * os.sysconf("SC_CLK_TCK") for _, _, ticks in timers)


def test_a_connection_to_a_node_that_is_out_of_order_is_given_up() -> None:
    """One of several behind one name answers 503 on what is open: another connection leads to another one."""
    served: set[int] = set()

    def script(asked: Asked) -> bytes:
        if asked.connection in served:
            return answer("503 Service Unavailable", b"down")
        served.add(asked.connection)
        return answer("207 Multi-Status", EMPTY)

    with RawServer(script) as server, opened(server) as folder:
        folder.stat(ROOT)
        with pytest.raises(Unavailable):
            folder.stat(ROOT)
        assert folder.stat(ROOT).is_folder
        assert server.connections == 2


def test_a_read_on_a_fresh_connection_is_not_repeated() -> None:
    """A server that hangs up at once is not asked twice."""
    with serve([None]) as server, opened(server) as folder, pytest.raises(Unavailable):
        folder.stat(ROOT)
    assert len(server.asked) == 1


def test_nobody_listens() -> None:
    """Without a connection a write certainly had no effect."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{port}/", "http://nobody.invalid/"):
        with WebDavFolder("dms", url, "u", "p", timeouts=QUICK) as folder:
            for call in (*READS.values(), *WRITES.values()):
                with pytest.raises(NotConnected):
                    call(folder)


def test_plain_http_where_tls_is_expected() -> None:
    """A handshake that fails, fails before anything is sent."""
    with serve(answer("200 OK")) as server:
        url = server.url.replace("http:", "https:")
        with WebDavFolder("dms", url, "u", "p", timeouts=QUICK) as folder, pytest.raises(NotConnected):
            folder.create(FILE, b"x")


def test_a_missing_certificate_file_is_not_connected(tmp_path: Path) -> None:
    """Without its own certificates nothing is sent."""
    folder = WebDavFolder("dms", "https://127.0.0.1:9/", "u", "p", ca_file=tmp_path / "no.pem")
    with folder, pytest.raises(NotConnected):
        folder.create(FILE, b"x")


def test_compressed_listings_are_read() -> None:
    """A listing may travel compressed."""
    body = gzip.compress(LISTED)
    reply = answer("207 Multi-Status", body, "Content-Encoding: gzip")
    with serve(reply) as server, opened(server) as folder:
        assert [found.href for found in folder.list(ROOT).entries] == ["/a.pdf"]


def test_the_adapter_can_be_wrapped() -> None:
    """Whoever wants to stand at the adapter's ``send`` can."""
    passed: list[str | None] = []

    class Counting(HTTPAdapter):
        def __init__(self, inner: HTTPAdapter) -> None:
            super().__init__()
            self._inner = inner

        def send(
            self, request: requests.PreparedRequest, *args: object, **kwargs: object
        ) -> requests.Response:
            passed.append(request.method)
            response = self._inner.send(request, *args, **kwargs)  # type: ignore[arg-type]
            if request.method == "PUT":
                response.close()
                raise requests.ConnectionError("lost")
            return response

        def close(self) -> None:
            self._inner.close()

    with serve(answer("207 Multi-Status", EMPTY)) as server:
        folder = WebDavFolder("dms", server.url, "u", "p", adapter_factory=Counting)
        folder.stat(ROOT)
        with pytest.raises(OutcomeUnknown):
            folder.create(FILE, b"x")
        folder.close()
    assert passed == ["PROPFIND", "PUT"]


def test_a_name_that_cannot_exist_is_not_asked_for() -> None:
    """Steps upwards and control characters never reach a server."""
    with serve(answer("207 Multi-Status", EMPTY)) as server, opened(server) as folder:
        for name in ("/../x", "/a/../../x", "/.", "/a\nb", "x"):
            with pytest.raises(ConnectorError):
                folder.stat(Href(name))
            with pytest.raises(ConnectorError):
                folder.move(FILE, Href(name))
        assert server.asked == []
