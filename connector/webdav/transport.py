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
from http.client import HTTPResponse
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


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
    """The reading side of a socket, each read shortened to what the call has left."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, call: Call) -> None:
        self._sock, self._raw, self._call = sock, raw, call
        self._each = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._call.remaining()
        self._sock.settimeout(left if self._each is None else min(self._each, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """An answer whose every read obeys the deadline of the call it belongs to; it brings no cookies."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        call = _current.get()
        if call is not None:
            self.fp.close()
            raw = cast("io.RawIOBase", sock.makefile("rb", 0))
            self.fp = io.BufferedReader(_DeadlineReader(sock, raw, call))

    def begin(self) -> None:
        """Read status and headers. Cookies are refused here: to take each apart first costs more than the rest."""
        super().begin()
        del self.headers["Set-Cookie"]


class _Watched(HTTPConnection):
    """Tells the current call how far its request got."""

    response_class = _Response

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

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        call = _current.get()
        # A fresh TLS connection stands already here, a fresh plain one not yet.
        if call is not None and self.sock is not None and not call.connected:
            call.connected = call.reused = True
        super().putrequest(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter over the connections above; a bounded pool, no retries of its own."""

    def __init__(self) -> None:
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0, pool_block=False)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of plain and TLS connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
