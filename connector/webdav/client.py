"""The one client: webdavclient3's ``Client``, extended at its own seams, carries all traffic of a DMS.

It asks once per call, keeps the answer, follows nothing, believes no cookie and no environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from webdav3.client import Client

from connector import certificates
from connector.errors import InvalidResponse, NotConnected
from connector.webdav.answers import FOREIGN, METHODS, Operation, judge, wall
from connector.webdav.transport import Call, DeadlineAdapter, calling

AdapterFactory = Callable[[HTTPAdapter], BaseAdapter]
"""Given the ready adapter, gives the one to mount: itself, or something around it."""

_SMALL_BODY = 65_536
_CHANGE_NOTHING = frozenset({"GET", "HEAD", "PROPFIND", "REPORT", "SEARCH", "OPTIONS"})
_PACKINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_NO_PACKING = frozenset({"none", "binary", "8bit", "utf-8", "utf8"})
"""What servers write there that is none: nobody unpacks anything then."""
_REST_S = 5.0
"""How long the body of an answer that is already understood may take."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two bytes, for one whole call, and for one whole transfer of a file."""

    connect_s: float = 10.0
    read_s: float = 60.0
    call_s: float = 300.0
    transfer_s: float = 1800.0


@dataclass(frozen=True)
class Login:
    """How a server is reached: everything a client needs to be made."""

    origin: str
    user: str
    password: bytes = field(repr=False)
    ca_file: Path | None = None
    proxy: str | None = None
    timeouts: Timeouts = Timeouts()
    adapter_factory: AdapterFactory | None = None
    before_write: Callable[[float], float] | None = None
    """Asked right before each request that may change something; what it raises keeps that from being made."""


class _Session(requests.Session):
    """A session that takes nothing from its surroundings and goes nowhere by itself."""

    def __init__(self, login: Login) -> None:
        super().__init__()
        # No netrc, no proxy and no certificates from the environment.
        self.trust_env = False
        self.headers["User-Agent"] = "jse-connector"
        # A cookie outranks the Authorization header on Nextcloud (WebDAV facts, trap 5).
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Bytes, for requests would encode a text as latin-1 and fail on a euro sign. RFC 7617 section 2.1.
        if login.user or login.password:
            self.auth = (login.user.encode(), login.password)  # type: ignore[assignment]
        if login.proxy:
            self.proxies = {"http": login.proxy, "https": login.proxy}
        for prefix in ("https://", "http://"):
            adapter: HTTPAdapter = DeadlineAdapter()
            self.mount(prefix, login.adapter_factory(adapter) if login.adapter_factory else adapter)

        self._origin = login.origin
        self._pattern: requests.PreparedRequest | None = None

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Follow nothing: 302 would turn a PUT into a GET and call it success."""
        return None

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Any,
        *,
        timeout: tuple[float, float],
        verify: bool | str,
    ) -> requests.Response:
        """Make one request of the login's server; ``path`` is ready for the wire.

        What :meth:`request` does again for each one (defaults, credentials, the host's name) is done once, and what it
        does afterwards (cookies, hooks, redirects) is not wanted: together a third of what a short request costs.
        """
        if self._pattern is None:
            self._pattern = self.prepare_request(requests.Request("GET", f"{self._origin}/"))
        pattern, asked = self._pattern, requests.PreparedRequest()
        asked.method, asked.url = method, str(pattern.url).removesuffix("/") + path
        asked.prepare_headers(headers)
        for name, value in pattern.headers.items():
            asked.headers.setdefault(name, value)
        asked.prepare_body(body, None)
        response: requests.Response = self.get_adapter(asked.url).send(
            asked, stream=True, timeout=timeout, verify=verify, proxies=self.proxies
        )
        return response


class DavClient(Client):  # type: ignore[misc]  # webdav3 is untyped
    """One session with at most one connection to its server. Not thread-safe.

    :meth:`execute` makes one request; the answer's body is read by the caller inside the ``with`` block,
    what is left of it is read or cut off at its end.
    """

    def __init__(
        self, login: Login, service: str, answered: Callable[[int | None], None] = lambda _status: None
    ) -> None:
        """Make one. ``answered`` hears of each request that was made: its answer's status, None without any."""
        super().__init__({"webdav_hostname": login.origin, "webdav_override_methods": METHODS})
        unused: requests.Session = self.session
        unused.close()
        self.session: _Session = _Session(login)
        believed = login.ca_file or certificates.of_this_host()
        self.verify = True if believed is None else str(believed)
        self.timeout = (login.timeouts.connect_s, login.timeouts.read_s)
        self._service, self._ca_file, self._answered = service, login.ca_file, answered
        self._before_write = login.before_write

    @contextmanager
    def execute(
        self,
        operation: Operation,
        path: str,
        *,
        headers: Sequence[str] = (),
        body: Any = None,
        seconds: float,
    ) -> Iterator[requests.Response]:
        """Make one request and give its answer if it is the documented success.

        ``path`` is percent-encoded and absolute, ``headers`` are "Name: value", ``seconds`` bound the whole
        call, the reading of the body included. A read is repeated once when the server had closed the idle
        connection it was sent on; a write never. Raises errors of ``connector.errors`` only.
        """
        call = Call(deadline=time.monotonic() + seconds, each_s=self.timeout[1])
        with wall(operation, self._service, call), calling(call):
            response = self._ask(operation, path, headers, body, call)
            try:
                call.answered = True
                _refuse_packing(response, operation)
                judge(response, operation, _beginning(response, operation, call))
                yield response
                _drain(response, call)
            finally:
                response.close()
                if call.astray or not 200 <= response.status_code < 500:
                    # What still comes on this connection is not the answer to whatever is asked next; or it leads to
                    # the one of several servers that is out of order, and a fresh one to wherever the name does now.
                    self.session.close()

    def execute_request(
        self, action: str, path: str, data: Any = None, headers_ext: list[str] | None = None
    ) -> requests.Response:
        """Make one request as the base class does, but give every answer back, whatever its status.

        The base class would read error bodies without bound and lose their headers.
        """
        status: int | None = None
        method = self.requests[action]
        if self._before_write is not None and method not in _CHANGE_NOTHING:
            self._before_write(0.0)
        try:
            response = self.session.ask(
                method,
                path,
                self.get_headers(action, headers_ext),
                data,
                timeout=self.timeout,
                verify=self.verify,
            )
            status = response.status_code
        finally:
            self._answered(status)
        return response

    def close(self) -> None:
        """Close the connection."""
        self.session.close()

    def _ask(
        self, operation: Operation, path: str, headers: Sequence[str], body: Any, call: Call
    ) -> requests.Response:
        if self._ca_file is not None and not self._ca_file.exists():
            raise NotConnected("the file or folder of certificates is not there")
        encoding = "gzip" if operation.compressed else "identity"
        lines = [f"Accept-Encoding: {encoding}", *headers]
        try:
            return self.execute_request(operation.action, path, body, lines)
        except FOREIGN:
            if not (operation.is_read and call.reused):
                raise
            call.remaining()
            call.begin_attempt()
            return self.execute_request(operation.action, path, body, lines)


def _refuse_packing(response: requests.Response, operation: Operation) -> None:
    """Refuse what is packed several times over, or as nobody knows, where its body is to be read.

    What is packed once comes unpacked piece by piece, and each piece counts towards its limit.
    """
    told = response.headers.get("Content-Encoding", "").strip().lower()
    if (
        operation.is_read
        and response.status_code in operation.expects
        and told not in _PACKINGS | _NO_PACKING
    ):
        raise InvalidResponse("an answer packed as nobody asked for", status=response.status_code)


def _beginning(response: requests.Response, operation: Operation, call: Call) -> bytes:
    """Read what :func:`judge` needs: nothing of a success that is streamed, little of everything else.

    The status stands already, so a body that breaks off or drips changes nothing about it.
    """
    body = b""
    if response.status_code in operation.expects:
        return body
    call.shorten(_REST_S)
    try:
        for chunk in response.iter_content(_SMALL_BODY):
            body += chunk
            if len(body) >= _SMALL_BODY:
                break
    except FOREIGN:
        return body
    return body


def _drain(response: requests.Response, call: Call) -> None:
    """Read a short rest so that the connection can be used again; ``close`` cuts off a long one."""
    if getattr(response, "_content_consumed", False):
        return
    call.shorten(_REST_S)
    read = 0
    try:
        for chunk in response.iter_content(_SMALL_BODY):
            read += len(chunk)
            if read > _SMALL_BODY:
                return
    except FOREIGN:
        # The answer was judged by its status; only the connection is lost.
        return
