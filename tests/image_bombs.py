"""Images made to hurt whoever decodes them (scenario B1). Each function returns bytes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from functools import cache

from PIL import Image

from tests.bombs import packed_zeros


def png(columns: int, rows: int, data: bytes, *, depth: int = 8, colour: int = 2, more: bytes = b"") -> bytes:
    """A PNG of these sides with ``data`` as its packed rows; ``more`` are chunks before them."""
    header = struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def huge_png() -> bytes:
    """50,000 × 50,000 dots in colour: 7.5 GB, the beginning of it really there."""
    return png(50_000, 50_000, packed_zeros())


@cache
def huge_drawing() -> bytes:
    """50,000 × 50,000 dots of 1 bit, all of them there."""
    return png(50_000, 50_000, packed_zeros(), depth=1, colour=0)


@cache
def colour_bomb() -> bytes:
    """A small PNG with a colour profile that unpacks to 313 megabytes."""
    profile = chunk(b"iCCP", b"icc\0\0" + packed_zeros())
    return png(1, 1, zlib.compress(bytes(4)), more=profile)


@cache
def text_bomb() -> bytes:
    """A small PNG with many texts, each unpacking to a megabyte."""
    text = chunk(b"zTXt", b"Comment\0\0" + packed_zeros(1))
    return png(1, 1, zlib.compress(bytes(4)), more=text * 300)


def tiff(
    directories: Sequence[tuple[Sequence[tuple[int, int, int, int]], int | None]], tail: bytes = b""
) -> bytes:
    """A TIFF of these directories: entries (tag, type, count, value), and the next one's rank, None for the last."""
    places, at = [], 8
    for entries, _ in directories:
        places.append(at)
        at += 6 + 12 * len(entries)
    out = bytearray(b"II*\0" + struct.pack("<I", places[0]))
    for entries, following in directories:
        out += struct.pack("<H", len(entries))
        out += b"".join(struct.pack("<HHII", *entry) for entry in entries)
        out += struct.pack("<I", 0 if following is None else places[following])
    return bytes(out) + tail


def _dots(columns: int, rows: int, length: int = 1, at: int = 0) -> list[tuple[int, int, int, int]]:
    """Entries of a grey picture without compression."""
    return [
        *((256, 4, 1, columns), (257, 4, 1, rows), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)),
        *((273, 4, 1, at), (277, 3, 1, 1), (278, 4, 1, rows), (279, 4, 1, length)),
    ]


def circular_tiff() -> bytes:
    """Two pages, each of which says that the other follows."""
    return tiff([(_dots(1, 1, at=0), 1), (_dots(1, 1, at=0), 0)])


def many_pages_tiff(count: int = 100_000) -> bytes:
    """A page of one dot, a hundred thousand times."""
    return tiff([(_dots(1, 1), number + 1 if number + 1 < count else None) for number in range(count)])


def huge_tiff() -> bytes:
    """A page of 2^31 × 2^31 dots."""
    return tiff([(_dots(0x7FFFFFFF, 0x7FFFFFFF), None)])


def long_list_tiff() -> bytes:
    """A tag of a thousand million values."""
    return tiff(
        [([*_dots(4, 4, 16, 8)[:5], (273, 4, 1_000_000_000, 8), (277, 3, 1, 1), (279, 4, 1, 16)], None)]
    )


def huge_jpeg(progressive: bool = False) -> bytes:
    """A JPEG whose header says 65,500 × 65,500."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", progressive=progressive)
    return _resized_jpeg(out.getvalue(), 65_500, 65_500)


def many_scans(count: int = 20_000) -> bytes:
    """A progressive JPEG of 4,000 × 4,000 dots that is refined without end: little to read, all to be decoded."""
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "JPEG", progressive=True)
    content = _resized_jpeg(out.getvalue(), 4_000, 4_000)
    start = content.index(b"\xff\xda")
    end = content.index(b"\xff", start + 2 + int.from_bytes(content[start + 2 : start + 4], "big"))
    return content[:end] + content[start:end] * count + b"\xff\xd9"


def _resized_jpeg(content: bytes, columns: int, rows: int) -> bytes:
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = content.find(marker)
        if at >= 0:
            return content[: at + 5] + struct.pack(">HH", rows, columns) + content[at + 9 :]
    raise AssertionError("no frame")
