"""The connections of one login: how many, who uses which, and that a refused login is left alone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Final

import requests

from connector.courtesy import Courtesy
from connector.errors import AccessDenied, NotConnected, OthersTurn, RemoteError
from connector.pulse import acquired, beat
from connector.webdav.answers import Operation
from connector.webdav.client import DavClient, Login
from connector.webdav.headers import read_date
from connector.webdav.room import Room
from connector.webdav.spacing import Spacing

NO_ROOM_S: Final = 10.0
"""When to come again while all that a server may be asked at once is other processes'."""


class Connections:
    """Lends clients, each to one thread at a time, at most ``maximum`` at once. Thread-safe.

    After the first 401 every call raises AccessDenied without a request, in every thread, until
    :meth:`reconnect`: ten would block the address for everybody (WebDAV facts, trap 4). Until the login has
    been accepted once, requests go one by one, so that many threads do not send one wrong password each.
    While the server wants to be let be (``Retry-After``), and while :meth:`allow` leaves no room, every call raises
    AskedToWait without a request. After a 429 requests follow each other more slowly (``spacing``).
    """

    def __init__(
        self, login: Login, service: str, maximum: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._login, self._service = login, service
        self._courtesy, self._clock = Courtesy(service, clock), clock
        self._spacing = Spacing()
        self.drift_s: float | None = None
        """The server's clock minus ours at its last success, in seconds (its ``Date`` has whole ones)."""
        self.heard_s: float | None = None
        """Our own clock at that moment, in seconds since 1970."""
        self._room = Room(maximum)
        self._lock = threading.Lock()
        self._first = threading.Lock()
        self._idle: list[DavClient] = []
        self._generation = 0
        self._made: Counter[str] = Counter()
        self._refused = False
        self._accepted = False

    @contextmanager
    def ask(
        self,
        operation: Operation,
        path: str,
        *,
        headers: Sequence[str] = (),
        body: Any = None,
        seconds: float | None = None,
    ) -> Iterator[requests.Response]:
        """Make one request as :meth:`DavClient.execute` does; ``seconds`` default to the call's time-out."""
        seconds = self._login.timeouts.call_s if seconds is None else seconds
        self._refuse_if_stopped(operation)
        self._refuse_without_room(operation)
        self._take_turn(operation)
        with self._client(operation, seconds) as (client, generation), ExitStack() as answer:
            with nullcontext() if self._accepted else self._first:
                self._refuse_if_stopped(operation)
                self._courtesy.admit(operation.name)
                asked_at = time.monotonic()
                try:
                    response = answer.enter_context(
                        client.execute(operation, path, headers=headers, body=body, seconds=seconds)
                    )
                except RemoteError as error:
                    self._courtesy.learn(error.status, error.retry_after_s)
                    if error.status == 429:
                        self._spacing.too_many(asked_at)
                    self._learn(operation, error.status, generation)
                    raise
                self._learn(operation, response.status_code, generation)
            if (date := read_date(response.headers.get("Date"))) is not None:
                self.heard_s = self._clock()
                self.drift_s = date.timestamp() - self.heard_s
            yield response

    @property
    def made(self) -> dict[str, int]:
        """Status of the answer (``none`` where none came) → how many requests were made since the start."""
        with self._lock:
            return dict(self._made)

    def _count(self, status: int | None) -> None:
        with self._lock:
            self._made["none" if status is None else str(status)] += 1

    def reconnect(self) -> None:
        """Forget that the login was refused, and begin with fresh connections."""
        with self._lock:
            self._generation += 1
            self._refused = self._accepted = False
        self._courtesy.forget()
        self.close()

    def renew(self, password: bytes) -> None:
        """Go on with another password, from the next request on."""
        with self._lock:
            self._login = replace(self._login, password=password)
        self.reconnect()

    def close(self) -> None:
        """Close the connections that are not in use; a later call opens new ones."""
        self._close_idle(0)

    def _close_idle(self, left: int) -> None:
        with self._lock:
            closed, self._idle = self._idle[left:], self._idle[:left]
        for client in closed:
            client.close()

    # -- what other processes leave ----------------------------------------------------------------

    def allow(self, most: int) -> None:
        """Let so many requests run at once from now on; idle connections beyond that are closed."""
        self._room.allow(most)
        self._close_idle(max(0, most - self._room.inside))

    @property
    def allowed(self) -> int:
        """So many may run at once."""
        return self._room.most

    @property
    def in_use(self) -> int:
        """So many connections are in use, or kept open for the next request."""
        with self._lock:
            return self._room.inside + len(self._idle)

    def let_be_s(self) -> float:
        """So many seconds the server still wants to be let be."""
        return self._courtesy.left_s()

    def let_be(self, seconds: float) -> None:
        """Ask nothing for so long: another process of ours was told that the server wants that."""
        self._courtesy.let_be(seconds)

    def _take_turn(self, operation: Operation) -> None:
        """Wait until this request may follow the one before. No connection is held meanwhile: the login may change."""
        self._courtesy.admit(operation.name)
        if (turn_s := self._spacing.turn_s()) > 0:
            time.sleep(turn_s)
            beat()

    def _refuse_without_room(self, operation: Operation) -> None:
        if not self._room.most:
            raise OthersTurn(
                "its connections are other processes' just now",
                service=self._service,
                operation=operation.name,
                retry_after_s=NO_ROOM_S,
            )

    @contextmanager
    def _client(self, operation: Operation, seconds: float) -> Iterator[tuple[DavClient, int]]:
        # Whoever is before us may be taking in a large file, and more ask side by side than there are connections.
        if not acquired(self._room, max(seconds, self._login.timeouts.transfer_s)):
            self._refuse_without_room(operation)
            raise NotConnected("every connection is busy", service=self._service, operation=operation.name)
        try:
            with self._lock:
                generation = self._generation
                client = self._idle.pop() if self._idle else None
            client = client or DavClient(self._login, self._service, self._count)
            try:
                yield client, generation
            finally:
                self._give_back(client, generation)
        finally:
            self._room.release()

    def _give_back(self, client: DavClient, generation: int) -> None:
        with self._lock:
            # This one still counts as inside.
            if generation == self._generation and self._room.inside + len(self._idle) <= self._room.most:
                self._idle.append(client)
                return
        client.close()

    def _learn(self, operation: Operation, status: int | None, generation: int) -> None:
        if status is None or not operation.stops_login:
            return
        with self._lock:
            if generation != self._generation:
                return
            if status == 401:
                self._refused = True
            elif status < 500 and status != 429:
                self._accepted = True

    def _refuse_if_stopped(self, operation: Operation) -> None:
        if self._refused:
            raise AccessDenied(
                "the login was refused earlier and is not tried again",
                service=self._service,
                operation=operation.name,
                status=401,
            )
