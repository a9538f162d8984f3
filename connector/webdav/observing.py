"""What a login costs and whom it talks to, seen where requests leave: for ``doctor``.

Counts requests and the bytes of their answers as they came over the wire, and keeps the certificate of the server.
Nothing is changed on the way.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter


@dataclass
class Count:
    """What was asked while it counted."""

    statuses: list[int] = field(default_factory=list)
    _answers: list[Any] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How many answers came."""
        return len(self.statuses)

    @property
    def bytes(self) -> int:
        """Bytes of their bodies, packed as they were."""
        return sum(answer.tell() for answer in self._answers)

    def take(self, response: requests.Response) -> None:
        """Count one answer; its body is read later."""
        self.statuses.append(response.status_code)
        self._answers.append(response.raw)


class Observer:
    """Goes between a login and its connections (``adapter_factory``). Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: list[Count] = []
        self.certificate_until: datetime | None = None
        """When the server's certificate ends; None: no TLS, or nothing was asked yet."""

    def __call__(self, adapter: HTTPAdapter) -> BaseAdapter:
        """Return the adapter to mount instead."""
        return _Observed(adapter, self)

    @contextmanager
    def counting(self) -> Iterator[Count]:
        """Count what is asked inside."""
        count = Count()
        with self._lock:
            self._counts.append(count)
        try:
            yield count
        finally:
            with self._lock:
                self._counts.remove(count)

    def saw(self, response: requests.Response) -> None:
        """Take in one answer, before its body is read."""
        with self._lock:
            for count in self._counts:
                count.take(response)
        sock = getattr(getattr(response.raw, "connection", None), "sock", None)
        if self.certificate_until is None and isinstance(sock, ssl.SSLSocket):
            self.certificate_until = ends_at(sock.getpeercert() or {})


class _Observed(BaseAdapter):
    def __init__(self, adapter: HTTPAdapter, observer: Observer) -> None:
        super().__init__()
        self._adapter, self._observer = adapter, observer

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Make the request, and let it be seen."""
        response = self._adapter.send(request, *args, **kwargs)
        self._observer.saw(response)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()


def ends_at(certificate: Mapping[str, Any]) -> datetime | None:
    """Return when a certificate ends, as ``ssl.SSLSocket.getpeercert`` tells it, aware UTC."""
    told = certificate.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told)), UTC) if told else None
