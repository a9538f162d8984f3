"""Crash points, counted where effects leave the process: both transports, and the journal's commit.

A new effect enters the matrix by itself: nobody lists steps here. ``Points`` numbers what passes; at the chosen
number it does what the variant says and never again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import httpx
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from sqlalchemy.engine import Connection

from connector.cli.wiring import Seams
from connector.isolation import IsolatedPool
from connector.jesignexpert.transport import DeadlineTransport
from connector.journal import Journal

Variant = Literal["before", "after", "lost"]
READS = frozenset({"GET", "HEAD", "PROPFIND", "SEARCH", "REPORT", "OPTIONS"})


class Killed(BaseException):
    """The process dies here: nothing in the connector may catch it."""


@dataclass
class Points:
    """Numbers every effect that passes; ``at`` and ``variant`` say where and how the one fault strikes."""

    at: int | None = None
    variant: Variant = "before"
    armed: bool = False
    seen: list[str] = field(default_factory=list)

    def passing(self, name: str, effect: Callable[[], Any], lost: Callable[[], BaseException] | None) -> Any:
        """Let an effect pass, or strike."""
        if not self.armed:
            return effect()
        self.seen.append(name)
        if len(self.seen) - 1 != self.at:
            return effect()
        if self.variant == "before":
            self.armed = False
            raise Killed(name)
        result = effect()
        if self.variant == "after":
            self.armed = False
            raise Killed(name)
        if lost is not None:
            raise lost()
        return result

    def seams(self, pool: IsolatedPool) -> Seams:
        """Put the counters around both transports and the commit."""
        return Seams(
            pool=pool,
            journal=lambda url, now: _Journal(self, url, now=now),
            adapter=lambda inner: _Adapter(inner, self),
            transport=lambda ca_file, proxy: _Transport(
                DeadlineTransport(ca_file=ca_file, proxy=proxy), self
            ),
        )


class _Adapter(BaseAdapter):
    def __init__(self, inner: HTTPAdapter, points: Points) -> None:
        super().__init__()
        self._inner = inner
        self._points = points

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        def effect() -> requests.Response:
            return self._inner.send(request, **options)

        def lost() -> BaseException:
            return requests.exceptions.ConnectionError(
                requests.exceptions.ReadTimeout("the answer was lost"), request=request
            )

        name = f"dms {request.method} {request.path_url.split('/')[-1][:40]}"
        return self._points.passing(name, effect, lost)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._inner.close()


class _Transport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, points: Points) -> None:
        self._inner = inner
        self._points = points

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = f"platform {request.method} {request.url.path.rsplit('/', 1)[-1]}"
        return self._points.passing(  # type: ignore[no-any-return]
            name,
            lambda: self._inner.handle_request(request),
            lambda: httpx.ReadError("the answer was lost", request=request),
        )

    def close(self) -> None:
        self._inner.close()


class _Journal(Journal):
    def __init__(self, points: Points, url: str, *, now: Callable[[], datetime]) -> None:
        self._points = points
        super().__init__(url, now=now)

    def _commit(self, connection: Connection) -> None:
        # A commit whose answer is lost is a crash after it: there is no third way for a local disk.
        self._points.passing("commit", lambda: super(_Journal, self)._commit(connection), None)
