"""The sockets under the client: httpx's transport interface, with a deadline over each whole call.

Same library below (httpcore), own network backend: it is the one public place where every wait, headers
included, can be bounded.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import httpcore
import httpx
from httpcore._backends.sync import SyncStream  # its own way to a name tries one address after the other

from connector import certificates, pulse
from connector.errors import ConfigurationError, ConfigurationProblem
from connector.jesignexpert import deadline
from connector.reaching import reach

BaseTransport = httpx.BaseTransport
"""What may stand in the place of :class:`DeadlineTransport`."""

WARM = "connector.warm_connection"
"""Request extension: use a connection that served such a request within the last second, else a new one.

A connection that has been idle for some time may be closed by the server in the very moment of a request; for
``send`` that would leave the outcome unknown for nothing.
"""

# Shorter than the five seconds after which common servers close an idle connection.
_KEEP_IDLE_S = 4.0
# Shorter than any server's patience that is not meant to end the connection with its answer.
_KEEP_WARM_S = 1.0
_CONNECT_S: Final = 10.0
"""Where a caller says nothing."""
_OPTIONS: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


def quiet_libraries() -> None:
    """Keep the libraries' own loggers down: at INFO the HTTP ones print whole URLs, signatures included.

    The retry library would warn at each second try of a poll, with hundreds of polls in an outage.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)


class DeadlineTransport(httpx.BaseTransport):
    """Thread-safe. ``ca_file``: PEM bundle instead of this host's, and may be replaced itself at any time.

    ``proxy``: an http(s) URL.

    Environment variables (proxies, certificates, .netrc) are not looked at. Raises ConfigurationError for a
    ``ca_file`` that cannot be read.
    """

    def __init__(self, *, ca_file: Path | None = None, proxy: str | None = None) -> None:
        quiet_libraries()
        trust = _Trust(ca_file)
        self._kept = _pool(trust, proxy, idle_s=_KEEP_IDLE_S)
        self._warm = _pool(trust, proxy, idle_s=_KEEP_WARM_S)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make one request. Raises httpx's transport exceptions only."""
        pool = self._warm if request.extensions.get(WARM) else self._kept
        url = request.url
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            heard = _Heard()
            token = _HEARD.set(heard)
            try:
                answer = pool.handle_request(inner)
            finally:
                _HEARD.reset(token)
            if not heard.since_asked:
                # It was here before the request had left: whatever it answers, it is not this.
                answer.close()
                raise httpcore.RemoteProtocolError("an answer that came before its request")
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._kept.close()
        self._warm.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class _Trust:
    """Whom a connection believes that is made now. Thread-safe.

    The library is given one context for good (``first``); a file of authorities that is renewed on disk counts from the
    next connection on all the same, as it does for the DMS and the relay.
    """

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file or certificates.of_this_host()
        self._seen = certificates.seen(self._ca_file)
        self.first = self._now = _ssl_context(self._ca_file)

    def of(self, given: ssl.SSLContext) -> ssl.SSLContext:
        """Return what counts now in the place of ``given``; a proxy's own context is none of ours."""
        if given is not self.first:
            return given
        seen = certificates.seen(self._ca_file)
        if seen not in (None, self._seen):
            with suppress(
                ConfigurationError
            ):  # half written, perhaps: until it is whole, the former one counts
                self._now, self._seen = _ssl_context(self._ca_file), seen
        return self._now


def _ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return _default_context()
    try:
        return _context_of(ca_file, certificates.seen(ca_file))
    except OSError as error:
        problem = ConfigurationProblem(
            path="platform.ca_file",
            text=f"{ca_file} holds no certificates that can be read ({error.strerror})",
        )
        raise ConfigurationError([problem]) from error


@lru_cache(maxsize=4)
def _context_of(ca_file: Path, seen: tuple[int, ...] | None) -> ssl.SSLContext:
    # Reading a bundle takes longer than most calls, and contexts may be shared; ``seen`` tells one from its successor.
    context = certificates.believing(ca_file)
    context.set_alpn_protocols(["http/1.1"])  # as the library does with the one that it is given
    return context


@cache
def _default_context() -> ssl.SSLContext:
    # As above, of the library's own.
    return certificates.judging_alike(httpx.create_ssl_context(trust_env=False))


def _pool(trust: _Trust, proxy: str | None, *, idle_s: float) -> httpcore.ConnectionPool:
    # More than are ever used at once (see ``Exchange``): a pool never has to wait or to throw one away.
    options: dict[str, Any] = {
        "ssl_context": trust.first,
        "max_connections": 16,
        "max_keepalive_connections": 16,
        "keepalive_expiry": idle_s,
        "network_backend": _Backend(trust),
    }
    if proxy is None:
        return httpcore.ConnectionPool(**options)
    told = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(
        proxy_url=str(told.url), proxy_auth=told.raw_auth, proxy_headers=told.headers.raw, **options
    )


_LIBRARY_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Turn the lower library's exceptions into httpx's, which bear the same names."""
    try:
        yield
    except httpcore.ConnectionNotAvailable as error:
        raise httpx.PoolTimeout(str(error)) from error
    except _LIBRARY_ERRORS as error:
        _rename(error)


def _rename(error: Exception) -> NoReturn:
    for kind in type(error).__mro__:
        known = getattr(httpx, kind.__name__, None)
        if kind.__module__.startswith("httpcore") and known is not None:
            raise known(str(error)) from error
    raise error


class _Backend(httpcore.NetworkBackend):
    def __init__(self, trust: _Trust) -> None:
        self._trust = trust

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _bounded(_CONNECT_S if timeout is None else timeout, httpcore.ConnectTimeout)
        try:
            reached = reach(host, port, within_s=cast("float", seconds), options=_OPTIONS)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _Stream(SyncStream(reached), self._trust)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise httpcore.UnsupportedProtocol("unix sockets are not used")


@dataclass
class _Heard:
    """Whether anything was read since the request at hand began to leave."""

    since_asked: bool = False


_HEARD: ContextVar[_Heard | None] = ContextVar("jesignexpert_heard", default=None)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, trust: _Trust) -> None:
        self._inner, self._trust = inner, trust

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        came = self._inner.read(max_bytes, _bounded(timeout, httpcore.ReadTimeout))
        pulse.beat()
        if (heard := _HEARD.get()) is not None:
            heard.since_asked = True
        return came

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _bounded(timeout, httpcore.WriteTimeout))
        pulse.beat()

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        bounded = _bounded(timeout, httpcore.ConnectTimeout)
        believed = self._trust.of(ssl_context)
        return _Stream(self._inner.start_tls(believed, server_hostname, bounded), self._trust)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _bounded(timeout: float | None, late: type[Exception]) -> float | None:
    remaining = deadline.left()
    if remaining is None:
        return timeout
    if remaining <= 0:
        raise late("the time for the whole call is up")
    return remaining if timeout is None else min(timeout, remaining)
