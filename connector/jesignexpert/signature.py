"""The editor's signature on ``auth`` and ``fetch``: a triple of idRequest, ts and hmac (API page section 1, KNOWN)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from datetime import datetime

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Triple:
    """``id_request``: 30 alphanumeric characters. ``ts``: epoch in milliseconds, UTC. ``hmac``: 64 hex digits."""

    id_request: str
    ts: int
    hmac: str


def draw(shortcut: str, secret: str, at: datetime) -> Triple:
    """Return a new triple for the aware time ``at``; idRequest comes from the system's random source."""
    id_request = "".join(secrets.choice(_ALPHABET) for _ in range(30))
    ts = round(at.timestamp() * 1000)
    return Triple(id_request, ts, sign(shortcut, secret, id_request, ts))


def sign(shortcut: str, secret: str, id_request: str, ts: int) -> str:
    """Return lower-case hex of HMAC-SHA256(secret, shortcut || idRequest || ts), parts joined by two bars."""
    message = f"{shortcut}||{id_request}||{ts}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
