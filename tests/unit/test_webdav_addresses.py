"""Names with several addresses, some of which keep silent: real sockets, a backlog that is full."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from connector.errors import NotConnected
from connector.ports import Href
from connector.reaching import reach
from connector.webdav import Timeouts, WebDavFolder
from tests.fakes.dav_server import RawServer, answer, entry, multistatus

ROOT = Href("/")
EMPTY = answer("207 Multi-Status", multistatus(entry("/", folder=True)))
PATIENCE = Timeouts(connect_s=2, read_s=2, call_s=5, transfer_s=5)
Named = Callable[..., None]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Named:
    """Let the system tell these addresses for every name."""

    def name(*hosts: str) -> None:
        def told(_host: str, port: int, *_: object, **__: object) -> list[object]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

        monkeypatch.setattr(socket, "getaddrinfo", told)

    return name


@contextmanager
def silent(port: int, *hosts: str) -> Iterator[None]:
    """Let whoever connects there wait without a word: what listens takes one more, and it is taken."""
    with ExitStack() as held:
        for host in hosts:
            listening = held.enter_context(closing(socket.create_server((host, port), backlog=0)))
            for _ in range(2):
                one = held.enter_context(closing(socket.socket()))
                one.setblocking(False)
                one.connect_ex(listening.getsockname())
        time.sleep(0.05)
        yield


def opened(port: int) -> WebDavFolder:
    return WebDavFolder("dms", f"http://many.example:{port}/", "u", "p", timeouts=PATIENCE, conditions=True)


def port_of(server: RawServer) -> int:
    return int(server.url.rstrip("/").rpartition(":")[2])


def test_an_address_that_keeps_silent_costs_a_moment(named: Named) -> None:
    """An IPv6 that is announced and dead, say: the next one is tried meanwhile, and nothing is sent twice."""
    with RawServer(lambda _: EMPTY) as server, silent(port_of(server), "127.0.0.2"):
        named("127.0.0.2", "127.0.0.1")
        with opened(port_of(server)) as folder:
            begun = time.monotonic()
            assert folder.stat(ROOT).is_folder
            assert time.monotonic() - begun < 1.5
        assert len(server.asked) == 1


def test_many_addresses_that_keep_silent_take_one_time(named: Named) -> None:
    """Whoever waits is not heard of meanwhile: two minutes of that, and systemd would end the service."""
    hosts = [f"127.0.0.{number}" for number in range(2, 8)]
    with RawServer(lambda _: EMPTY) as server, silent(port_of(server), *hosts):
        named(*hosts)
        with opened(port_of(server)) as folder:
            begun = time.monotonic()
            with pytest.raises(NotConnected):
                folder.stat(ROOT)
            assert 1.5 < time.monotonic() - begun < 4


def test_an_address_that_says_no_leads_to_the_next_at_once(named: Named) -> None:
    with RawServer(lambda _: EMPTY) as server:
        named("127.0.0.2", "127.0.0.3", "127.0.0.1")
        begun = time.monotonic()
        with closing(reach("many.example", port_of(server), within_s=5)) as found:
            assert found.getpeername()[0] == "127.0.0.1"
        assert time.monotonic() - begun < 0.2
        named("127.0.0.2", "127.0.0.3")
        with pytest.raises(ConnectionRefusedError):
            reach("many.example", port_of(server), within_s=5)
