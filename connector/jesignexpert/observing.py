"""The platform's certificate, seen where answers come in: for ``doctor``. Nothing is changed on the way."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx

from connector.jesignexpert.transport import BaseTransport, DeadlineTransport


class Observed(BaseTransport):
    """The usual transport (or ``inner``), and when the certificate of the other side ends."""

    def __init__(
        self, *, ca_file: Path | None = None, proxy: str | None = None, inner: BaseTransport | None = None
    ) -> None:
        self._inner = inner or DeadlineTransport(ca_file=ca_file, proxy=proxy)
        self.certificate_until: datetime | None = None
        """Aware UTC; None: no TLS, or nothing was asked yet."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make one request. Raises httpx's transport exceptions only."""
        response = self._inner.handle_request(request)
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        if self.certificate_until is None and isinstance(tls, (ssl.SSLObject, ssl.SSLSocket)):
            told = (tls.getpeercert() or {}).get("notAfter")
            if told:
                self.certificate_until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told)), UTC)
        return response

    def close(self) -> None:
        """Close every connection."""
        self._inner.close()
