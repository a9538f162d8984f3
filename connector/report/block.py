"""The machine's block at the foot of a status: whose it is, and whether it is whole (protocol R4).

::

    ref: 7F3K2Q  id: 0f…  inst: lyon-1  path: 9a…
    sha256: …
    seal: <key id> <hmac>

``id`` is the transaction (a second belt: protocol R7), ``path`` an HMAC of the place, which tells no name, ``sha256``
the PDF's. The seal covers everything before its line, whatever an editor made of line ends and byte order mark.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from connector.report.typography import LINE_WIDTH

BOM: Final = "\ufeff"
NONE: Final = "-"
_MAC_DIGITS: Final = 32
_NAMES: Final = frozenset({"ref", "id", "inst", "path", "sha256"})
_SEAL: Final = re.compile(r"^seal: ([0-9a-f]{6}) ([0-9a-f]{64})[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """Ours, and every word as we wrote it. ``place_mac`` as :func:`place_mac` makes it."""

    ref: str
    transaction: str | None
    connector: str
    place_mac: str
    pdf_sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Edited:
    """Our block stands there, but something above it was changed. ``ref`` and ``connector`` are not proven."""

    ref: str | None
    connector: str | None


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """No block (perhaps a torn write: see :func:`is_prefix_of`), or the block of another seal.

    ``connector`` is what a foreign block claims, None without a block.
    """

    connector: str | None = None


@dataclass(frozen=True)
class Empty:
    """Nothing but a byte order mark or blanks."""


SealedStatus = Whole | Edited | Foreign | Empty


def place_on(server: str, href: str) -> str:
    """Return the place of a request as its status is sealed for it: two servers may both have that path."""
    return f"{server}\0{href}"


def place_mac(place: str, seal_key: bytes) -> str:
    """Return what the block shows of a place (the sidecar's href): 32 hexadecimal digits."""
    return _mac(b"place", place, seal_key)


def _mac(kind: bytes, value: str, seal_key: bytes) -> str:
    message = b"status " + kind + b"\0" + value.encode("utf-8", "surrogateescape")
    return hmac.new(seal_key, message, hashlib.sha256).hexdigest()[:_MAC_DIGITS]


def seal_status(
    text: str,
    *,
    ref: str,
    transaction: str | None,
    connector: str,
    place: str,
    pdf_sha256: str | None,
    seal_key: bytes,
) -> bytes:
    """Append block and seal to a status text and return the file: UTF-8 with BOM, CRLF, final line end.

    ``pdf_sha256`` is 64 hexadecimal digits. Raise ValueError for a seal key under 16 bytes.
    """
    if len(seal_key) < 16:
        raise ValueError("a seal key has at least 16 bytes")
    fields = [
        ("ref", quote(ref, safe="")),
        ("id", quote(transaction, safe="") if transaction else NONE),
        ("inst", quote(connector, safe="")),
        ("path", place_mac(place, seal_key)),
        ("sha256", pdf_sha256 or NONE),
    ]
    content = text.replace("\r\n", "\n").rstrip("\n") + "\n" + "\n".join(_rows(fields)) + "\n"
    sealed = f"{content}seal: {_key_id(seal_key)} {_seal(content, seal_key)}\n"
    return (BOM + sealed.replace("\n", "\r\n")).encode("utf-8")


def _rows(fields: list[tuple[str, str]]) -> list[str]:
    """One line as in the ux page; broken between fields where it would be too long."""
    rows: list[str] = []
    for name, value in fields:
        field = f"{name}: {value}"
        if rows and len(rows[-1]) + 2 + len(field) <= LINE_WIDTH:
            rows[-1] += "  " + field
        else:
            rows.append(field)
    return rows


def _key_id(seal_key: bytes) -> str:
    return hmac.new(seal_key, b"status key id", hashlib.sha256).hexdigest()[:6]


def _seal(content: str, seal_key: bytes) -> str:
    return hmac.new(seal_key, b"status seal\0" + content.encode("utf-8"), hashlib.sha256).hexdigest()


def read_status(data: bytes, seal_key: bytes) -> SealedStatus:
    """Judge the bytes found under a status file's name. Never raises, whatever they are."""
    text = data.decode("utf-8", "replace").removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip("\0 \t\n" + BOM):
        return Empty()
    seals = list(_SEAL.finditer(text))
    if not seals:
        return Foreign()
    seal = seals[-1]
    content, after = text[: seal.start()], text[seal.end() :]
    fields = _fields(content)
    if seal[1] != _key_id(seal_key):
        return Foreign(connector=fields.get("inst"))
    if after.strip() or not hmac.compare_digest(seal[2], _seal(content, seal_key)):
        return Edited(ref=fields.get("ref"), connector=fields.get("inst"))
    if len(fields) < len(_NAMES):
        return Edited(ref=fields.get("ref"), connector=fields.get("inst"))
    return Whole(
        ref=fields["ref"],
        transaction=_none(fields["id"]),
        connector=fields["inst"],
        place_mac=fields["path"],
        pdf_sha256=_none(fields["sha256"]),
    )


def _fields(content: str) -> dict[str, str]:
    """Read the fields of the block: the last lines that hold nothing else."""
    found: dict[str, str] = {}
    for line in reversed(content.rstrip("\n").split("\n")):
        pairs = [part.partition(": ") for part in line.split("  ")]
        if not all(name in _NAMES and value for name, _, value in pairs):
            break
        for name, _, value in pairs:
            found.setdefault(name, unquote(value))
    return found


def _none(value: str) -> str | None:
    return None if value == NONE else value


def is_prefix_of(data: bytes, full: bytes) -> bool:
    """True for a torn write of ours: ``data`` is empty or a proper prefix of what was being written."""
    return len(data) < len(full) and full.startswith(data)
