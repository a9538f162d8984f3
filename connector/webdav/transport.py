"""What happens below requests: a deadline over the whole call, and knowing how far a request got.

requests bounds each socket read, not the call: a server that drips one byte a second would hold it for
ever. The connections here carry the call's deadline down to every read.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from connector import pulse
from connector.certificates import judging_alike
from connector.reaching import reach

_MOST_HEAD = 1_000_000
"""Bytes of status, headers and all interim answers."""
_OPTIONS: Final = (
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
"""A connection rests between two looks, for minutes at night. Many a firewall forgets it meanwhile and drops what comes
then without a word: the first request would wait out its whole time, a write without an outcome. So it shows life
sooner than any of them forgets; and one that leads nowhere any more is known as such within a minute of rest."""


@dataclass
class Call:
    """One call: until when it may last (``time.monotonic()`` seconds) and how far it got."""

    deadline: float
    each_s: float = 60.0
    """Seconds that one write to the socket may take."""
    connecting: bool = False
    """A connection of our own was being made."""
    connected: bool = False
    """A connection stood, so bytes of the request may have left this machine."""
    reused: bool = False
    """That connection had served an earlier request."""
    answered: bool = False
    """Status line and headers have arrived."""
    astray: bool = False
    """Bytes came after the end of the answer, as its length was told."""
    answer: HTTPResponse | None = None
    """The answer itself, once its head has been read: its body can be taken from here without being copied."""

    def remaining(self) -> float:
        """Return the seconds left; TimeoutError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call took longer than allowed")
        return left

    def shorten(self, seconds: float) -> None:
        """Let the rest of the call last at most ``seconds``."""
        self.deadline = min(self.deadline, time.monotonic() + seconds)

    def begin_attempt(self) -> None:
        """Forget how far an earlier attempt got."""
        self.connecting = self.connected = self.reused = self.answered = False
        self.answer = None


_current: ContextVar[Call | None] = ContextVar("webdav_call", default=None)


def current_call() -> Call | None:
    """Return the call that this thread is making, None outside of one."""
    return _current.get()


@contextmanager
def calling(call: Call) -> Iterator[Call]:
    """Make ``call`` the one whose deadline the connections of this thread obey."""
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


class _DeadlineReader(io.RawIOBase):
    """The reading side of a socket for one answer, each read shortened to what the call has left."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, call: Call) -> None:
        self._sock, self._raw, self._call = sock, raw, call
        self._each = sock.gettimeout()
        self.head = 0
        """Bytes that came before the body."""
        self.in_head = True
        self.over = False
        """The answer is complete: nothing more is read from the socket."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.over:
            return 0
        left = self._call.remaining()
        self._sock.settimeout(left if self._each is None else min(self._each, left))
        came = self._raw.readinto(buffer)
        pulse.beat()
        if self.in_head:
            self.head += came or 0
            if self.head > _MOST_HEAD:
                raise HTTPException("the head of an answer has no end")
        return came

    def more_came(self) -> None:
        """Tell that bytes follow a complete answer: nobody knows whose they are."""
        self._call.astray = True

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Buffered(io.BufferedReader):
    """What http.client reads an answer from; it closes this as soon as the answer is complete."""

    def __init__(self, reader: _DeadlineReader) -> None:
        super().__init__(reader)
        self._reader = reader

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes. A negative number is a chunk's, as a server told it: nothing is read without end."""
        if size is None or size < 0:
            raise HTTPException("a piece of an answer without a size")
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer. Its last byte comes by way of this one: only here is seen whether more follows an answer."""
        wanted = memoryview(buffer)
        came = super().readinto(wanted[:-1])
        return came + super().readinto(wanted[-1:]) if came == len(wanted[:-1]) else came

    def close(self) -> None:
        if not self.closed:
            self._reader.over = True
            # Some end an answer with a line break too many: it goes with this buffer.
            if self.peek(1).strip(b"\r\n"):
                self._reader.more_came()
        super().close()


class _Response(HTTPResponse):
    """An answer whose every read obeys the deadline of the call it belongs to; it brings no cookies."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._call = call = _current.get()
        self._reader: _DeadlineReader | None = None
        if call is not None:
            self.fp.close()
            raw = cast("io.RawIOBase", sock.makefile("rb", 0))
            self._reader = _DeadlineReader(sock, raw, call)
            self.fp = _Buffered(self._reader)

    def begin(self) -> None:
        """Read the head of the answer itself. RFC 9110 section 15.2: any number of interim ones may come before.

        http.client takes a 102 (WebDAV's "still at it") or a 103 for the answer, and would take the true one for that
        of the next request.
        """
        super().begin()
        while 101 < self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]  # how the library tells that it has not begun
            super().begin()
        if self._call is not None and self._reader is not None:
            self._reader.in_head = False
            self._call.answer = self
        # Cookies are refused: to take each apart first would cost more than all the rest of a short answer.
        del self.headers["Set-Cookie"]


class _Watched(HTTPConnection):
    """Tells the current call how far its request got."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        """Connect as the base class does, its errors included, but to whichever of the addresses answers first."""
        call, seconds = _current.get(), cast("float", self.timeout)
        if call is not None:
            seconds = min(seconds, call.remaining())
        try:
            return reach(self._dns_host, self.port, within_s=seconds, options=self.socket_options or ())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error

    def connect(self) -> None:
        call = _current.get()
        if call is not None:
            call.connecting = True
        super().connect()
        if call is not None:
            call.connected = True

    def send(self, data: Any) -> None:
        call = _current.get()
        if call is not None and self.sock is not None:
            # urllib3 would go on with the time-out of connecting, too short for a slow line.
            self.sock.settimeout(min(call.each_s, call.remaining()))
        super().send(data)
        pulse.beat()

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        call = _current.get()
        # A fresh TLS connection stands already here, a fresh plain one not yet.
        if call is not None and self.sock is not None and not call.connected:
            call.connected = call.reused = True
        super().putrequest(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        # The library's own, made anew for each connection as it does: the authorities are read into it then.
        self.ssl_context = judging_alike(create_urllib3_context())
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter over the connections above; a bounded pool, no retries of its own."""

    def __init__(self) -> None:
        self._found: tuple[object, Any] = (None, None)
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0, pool_block=False)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool for a request. One login has one server: it is found once, not for each."""
        wanted = (verify, cert, *sorted((proxies or {}).items()))
        if self._found[0] != wanted:
            self._found = (wanted, super().get_connection_with_tls_context(request, verify, proxies, cert))
        return self._found[1]

    def request_url(self, request: Any, proxies: Any) -> str:
        """Return what stands in the request's first line; without a proxy there is nothing to find out about it."""
        return str(super().request_url(request, proxies) if proxies else request.path_url)

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self._found = (None, None)
        super().close()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of plain and TLS connections."""
        super().init_poolmanager(*args, **kwargs, socket_options=_OPTIONS)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs, socket_options=_OPTIONS)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
