"""One HTTP exchange, bounded in time and size: what went out, and either an answer or how it failed.

Nothing here knows an operation of the platform; nothing above here knows the HTTP library.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from connector.certificates import distrust
from connector.errors import DocumentError, SpoolError
from connector.jesignexpert import deadline
from connector.jesignexpert.transport import WARM, DeadlineTransport, quiet_libraries
from connector.pulse import acquired
from connector.reaching import unreached

AT_ONCE = 4
"""So many calls of one account run at once; nobody has said how many the platform likes."""

_LOG = logging.getLogger(__name__)
_CHUNK = 65_536
_CHANGE_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
"""What is counted on from such a date is still a date."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds. ``read`` is between two pieces; the two totals bound a whole call, drips included."""

    connect: float = 5.0
    read: float = 30.0
    upload: float = 60.0
    total: float = 45.0
    total_transfer: float = 300.0


class Failure(Enum):
    """How an exchange without an answer failed."""

    NEVER_LEFT = "no connection was made"
    TIMED_OUT = "no answer in time"
    CUT = "the connection was cut"
    UNREADABLE = "the answer was no readable HTTP"


class ExchangeFailed(Exception):
    """No whole answer came. Never leaves this package."""

    def __init__(self, failure: Failure, detail: str) -> None:
        self.failure = failure
        super().__init__(f"{failure.value} ({detail})")


class TooLarge(Exception):
    """The answer is larger than allowed. Never leaves this package."""


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower-case names) and body; ``body`` is empty where the caller took the bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def date(self) -> datetime | None:
        """The server's own time, aware UTC, None when it sent none."""
        return http_date(self.headers.get("date", ""))


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One request. ``url`` is absolute; at most one of ``json`` and ``files`` is set."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    upload: Path | None = None
    upload_as: tuple[str, str] = ("file", "document.pdf")
    """Name of the part, name of the file."""
    fields: Mapping[str, str] = field(default_factory=dict)
    warm: bool = False
    """On no connection that has been idle for long: see ``transport.WARM``."""


def judge(error: Exception) -> Failure:
    """Tell what an httpx exception means. Only what certainly came before the request is ``NEVER_LEFT``."""
    for kinds, failure in _MEANING:
        if isinstance(error, kinds):
            return failure
    return Failure.UNREADABLE


_MEANING: tuple[tuple[tuple[type[Exception], ...], Failure], ...] = (
    (
        (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
            httpx.InvalidURL,
        ),
        Failure.NEVER_LEFT,
    ),
    ((httpx.TimeoutException,), Failure.TIMED_OUT),
    ((httpx.NetworkError, httpx.RemoteProtocolError), Failure.CUT),
    ((httpx.HTTPError, httpx.StreamError, httpx.CookieConflict), Failure.UNREADABLE),
)


class Exchange:
    """A long-lived HTTP client for one account. Thread-safe; at most ``AT_ONCE`` exchanges run at once.

    ``before_write`` is asked right before each call that may change something, with the seconds that it must have if
    its outcome must be known (``fence``).

    ``drift_s``: the server's clock minus ours at its last answer, in seconds (its ``Date`` has whole ones).
    ``heard_s``: our own clock at that moment, in seconds since 1970.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        proxy: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeouts: Timeouts | None = None,
        now: Callable[[], datetime],
        before_write: Callable[[float], float] | None = None,
    ) -> None:
        quiet_libraries()
        self.drift_s: float | None = None
        self.heard_s: float | None = None
        self._now = now
        self._before_write = before_write
        self._timeouts = timeouts or Timeouts()
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._client = httpx.Client(
            transport=transport or DeadlineTransport(ca_file=ca_file, proxy=proxy),
            trust_env=False,
            follow_redirects=False,
            # A jar that takes nothing: a session cookie would outlive the tokens it came with.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": "jse-connector", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def ask(
        self, outgoing: Outgoing, *, max_bytes: int = 1_000_000, admit: Callable[[], None] = lambda: None
    ) -> Answer:
        """Make one exchange and read its whole body. Raises ExchangeFailed, TooLarge, DocumentError.

        ``admit`` is called right before, when it is this call's turn; what it raises keeps the call from being made.
        """
        with self._stream(outgoing, admit, transfer=outgoing.upload is not None) as response:
            body = bytearray()
            for piece in _pieces(response):
                body += piece
                if len(body) > max_bytes:
                    raise TooLarge
            return _answer(response, bytes(body))

    def download(
        self,
        outgoing: Outgoing,
        take: Callable[[bytes], None],
        *,
        max_bytes: int,
        refusal_bytes: int = 1_000_000,
        admit: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Make one exchange; a 200's body goes to ``take`` piece by piece, any other's into the answer.

        ``admit``: see :meth:`ask`. Raises ExchangeFailed, TooLarge.
        """
        with self._stream(outgoing, admit, transfer=True) as response:
            taken, kept = 0, bytearray()
            for piece in _pieces(response):
                taken += len(piece)
                if taken > (max_bytes if response.status_code == 200 else refusal_bytes):
                    raise TooLarge
                if response.status_code == 200:
                    take(piece)
                else:
                    kept += piece
            return _answer(response, bytes(kept))

    def _allowed(self, outgoing: Outgoing, seconds: float) -> float:
        """Return how long a call may take; raises, and it is not made, where it is not ours to make any more."""
        if self._before_write is None or outgoing.method in _CHANGE_NOTHING:
            return seconds
        # Of what nobody can undo it must be known by whom it was made: its whole time lies within the lease.
        return self._before_write(seconds) if outgoing.warm else max(seconds, self._before_write(0.0))

    @contextmanager
    def _stream(
        self, outgoing: Outgoing, admit: Callable[[], None], *, transfer: bool
    ) -> Iterator[httpx.Response]:
        started = time.monotonic()
        times = self._timeouts
        slow = times.upload if outgoing.upload is not None else times.read
        limits = httpx.Timeout(slow, connect=times.connect, pool=times.connect)
        seconds = times.total_transfer if transfer else times.total
        # The call's own time begins with its turn: a ``send`` that is cut short is in doubt, and needs a person.
        with _opened(outgoing) as content, self._slot(seconds), deadline.within(seconds):
            admit()
            try:
                with (
                    deadline.within(self._allowed(outgoing, seconds)),
                    self._client.stream(
                        outgoing.method,
                        outgoing.url,
                        headers=dict(outgoing.headers),
                        timeout=limits,
                        extensions={WARM: True} if outgoing.warm else None,
                        **_content(outgoing, content),
                    ) as response,
                ):
                    self._look_at_clock(response)
                    yield response
                    _LOG.debug("answer %d after %.3f s", response.status_code, time.monotonic() - started)
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict) as error:
                # Not the exception's own text: it may quote an URL or a header.
                why = distrust(error) or unreached(error) or type(error).__name__
                raise ExchangeFailed(judge(error), why) from None

    @contextmanager
    def _slot(self, seconds: float) -> Iterator[None]:
        """Wait for one's turn: ``seconds``, and no longer than whoever calls may wait for the whole."""
        left = deadline.left()
        if not acquired(self._slots, max(0.0, seconds if left is None else min(seconds, left))):
            raise ExchangeFailed(Failure.NEVER_LEFT, "every connection is busy")
        try:
            yield
        finally:
            self._slots.release()

    def _look_at_clock(self, response: httpx.Response) -> None:
        date = http_date(response.headers.get("date", ""))
        if date is not None:
            self.heard_s = self._now().timestamp()
            self.drift_s = date.timestamp() - self.heard_s


def http_date(text: str) -> datetime | None:
    """Read an HTTP date as aware UTC; None when it is none, or of a year that no clock shows."""
    try:
        found = parsedate_to_datetime(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


@contextmanager
def _opened(outgoing: Outgoing) -> Iterator[BinaryIO | None]:
    if outgoing.upload is None:
        yield None
        return
    try:
        file = outgoing.upload.open("rb")
    except OSError as error:
        raise DocumentError("document_unreadable", str(error.strerror)) from error
    with file:
        yield file


def _content(outgoing: Outgoing, file: BinaryIO | None) -> dict[str, Any]:
    if file is not None:
        part, name = outgoing.upload_as
        return {"files": {part: (name, file, "application/pdf")}, "data": dict(outgoing.fields)}
    return {} if outgoing.json is None else {"json": outgoing.json}


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        # We asked for plain bytes; unpacking what nobody asked for would escape the size limit.
        raise ExchangeFailed(Failure.UNREADABLE, "a content encoding that was not asked for")
    if response.is_stream_consumed:
        yield response.content  # a transport may hand over an answer that it has read whole
    else:
        yield from response.iter_raw(_CHUNK)


def _answer(response: httpx.Response, body: bytes) -> Answer:
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)


def writer(into: BinaryIO) -> Callable[[bytes], None]:
    """Return ``into.write`` with a full or failing disk told as SpoolError."""

    def take(piece: bytes) -> None:
        try:
            into.write(piece)
        except OSError as error:
            raise SpoolError(f"cannot write here: {error.strerror}") from error

    return take
