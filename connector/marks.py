"""Markers as bytes: what binds a request to its transaction in the DMS itself, sealed against forgery.

Three kinds of create-once files (protocol R2, R6, R12): ``<key>.sent`` before a send, ``<key>.done`` last of
all, ``owner`` for the connector of a folder. None holds an address, a name or a path in clear. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import ValidationError

from connector.sidecar.model import Frozen

_MAGIC = "jse-connector"
SENT_SUFFIX = ".sent"
DONE_SUFFIX = ".done"
_MOST_NAME = 60


class Sealer:
    """Seals and hides with one secret key (HMAC-SHA256). Never logged, never written beside the journal."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a seal key has at least 16 bytes")
        self._key = key

    def __repr__(self) -> str:
        return "Sealer(…)"

    @property
    def key(self) -> bytes:
        """The key itself, for the sealed block of status files."""
        return self._key

    def seal(self, content: bytes) -> str:
        """Seal of some content, 64 hexadecimal digits."""
        return hmac.new(self._key, b"seal\0" + content, hashlib.sha256).hexdigest()

    def hide(self, value: str) -> str:
        """A name or path that can be recognised but not read, 64 hexadecimal digits."""
        return hmac.new(
            self._key, b"hide\0" + value.encode("utf-8", "surrogateescape"), hashlib.sha256
        ).hexdigest()


class Further(Frozen):
    """What a document beside the main one is found by and held against, when only the marker is left."""

    rank: int
    role: Literal["document", "annex"]
    sha256: str
    """Of the bytes as found in the folder."""
    sent_sha256: str | None = None
    """Of the PDF that was made of an image and is sent instead."""
    size: int | None = None
    """Bytes, as found in the folder."""
    pages: int | None = None
    pages_digest: str | None = None
    file_id: str | None = None
    place: str
    """Its hidden href."""


class Sent(Frozen):
    """``<key>.sent``: this key belongs to this transaction."""

    kind: Literal["send", "draft"]
    key: str
    ref: str
    transaction: str
    account: str
    folder: str
    connector: str
    journal: str
    nonce: str
    carried: str
    ask: str
    obeyed: tuple[str, ...] = ()
    documents: tuple[tuple[str, str], ...]
    """(role, SHA-256) of each document as found in the folder, then of each annex: the main document first."""
    people: tuple[str, ...]
    """Hidden addresses, in signing order."""
    pages: int | None = None
    pages_digest: str | None = None
    size: int | None = None
    sidecar_sha256: str | None = None
    sidecar_file_id: str | None = None
    document_file_id: str | None = None
    place: str
    """Hidden href of the sidecar."""
    document: str
    """Hidden href of the main document."""
    sent_sha256: str | None = None
    """Of the PDF that was made of the main document, where that is an image."""
    further: tuple[Further, ...] = ()
    """The documents beside the main one, by rank; empty where it travels alone, and in older markers."""
    made_at: datetime


class Done(Frozen):
    """``<key>.done``: how the request ended; written last, after its final status."""

    key: str
    transaction: str
    state: str
    signed_sha256: str | None = None
    """Of the main document."""
    further_signed: tuple[str | None, ...] = ()
    """Of the documents beside it, by rank; empty in older ends."""
    ended_at: datetime
    connector: str


class Owner(Frozen):
    """``owner``: the one connector that works in this folder."""

    connector: str
    since: datetime


class Reading(StrEnum):
    """What a marker's bytes are."""

    WHOLE = "whole"
    EMPTY_OR_TORN = "torn"
    """Nothing, or no end: only our own open intent can tell whether it is ours."""
    FOREIGN = "foreign"
    """Whole, but not sealed by us: another connector's, forged, or copied from another firm."""


def write(mark: Sent | Done | Owner, sealer: Sealer) -> bytes:
    """Return the marker's bytes: one line of JSON, one line of seal, both always ended."""
    payload = {"kind": type(mark).__name__.lower(), "by": _MAGIC, "mark": mark.model_dump(mode="json")}
    line = json.dumps(payload, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    return line + b"\n" + b"seal " + sealer.seal(line).encode() + b"\n"


def read(data: bytes, sealer: Sealer) -> tuple[Reading, Sent | Done | Owner | None]:
    """Judge a marker's bytes. A foreign ``owner`` is given back too, since its name must be told, fit to be told.

    A mark is WHOLE only when its seal fits; a mark without its last line is torn.
    """
    line, _, rest = data.partition(b"\n")
    if not rest.startswith(b"seal ") or not rest.endswith(b"\n"):
        return Reading.EMPTY_OR_TORN, None
    mark = _parse(line)
    if mark is None:
        return Reading.FOREIGN, None
    if not hmac.compare_digest(rest[5:-1], sealer.seal(line).encode()):
        return Reading.FOREIGN, _as_told(mark) if isinstance(mark, Owner) else None
    return Reading.WHOLE, mark


def _as_told(owner: Owner) -> Owner:
    """Anybody may have typed that name: it goes into logs and onto terminals."""
    name = "".join(char if char.isprintable() else "?" for char in owner.connector[:_MOST_NAME])
    return owner.model_copy(update={"connector": name})


def _parse(line: bytes) -> Sent | Done | Owner | None:
    kinds: dict[Any, type[Sent | Done | Owner]] = {"sent": Sent, "done": Done, "owner": Owner}
    try:
        payload = json.loads(line)
        return kinds[payload["kind"]].model_validate(payload["mark"])
    except (ValueError, KeyError, TypeError, ValidationError, RecursionError):
        return None


def is_torn_of(data: bytes, whole: bytes) -> bool:
    """True when ``data`` is a proper prefix of ``whole``, nothing included: our own write, broken off (R4)."""
    return len(data) < len(whole) and whole.startswith(data)
