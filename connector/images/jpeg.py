"""A JPEG file without its metadata: place and time it was taken, camera, thumbnails, comments, what follows its end.

The pixels' own segments are kept byte for byte (ITU-T T.81, annex B), so nothing is lost; scans are counted in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_BASELINE_OR_PROGRESSIVE: Final = frozenset({0xC0, 0xC1, 0xC2})
_PIXELS: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, _SCAN})
"""Frame headers, Huffman and quantisation tables, restart interval, scans."""
_SEGMENTS: Final = frozenset({*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE}) - {0xC8}
"""All that decoders read by its length. Of what has no segment, or a reserved one, each makes something else: some look
for the next marker byte by byte, within what the length would cover."""
_JFIF, _ADOBE = 0xE0, 0xEE
_PLAIN_JFIF: Final = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
"""Says that the colours are YCbCr, and nothing else."""


def stripped(content: bytes) -> bytes | None:
    """Return the picture alone, or None for a JPEG that a PDF cannot hold as it is (arithmetic, lossless, damaged)."""
    kept = [b"\xff\xd8"]
    framed = False
    for kind, segment in _segments(content):
        if kind == _END:
            return b"".join([*kept, b"\xff\xd9"]) if framed else None
        if kind == _JFIF and segment[4:9] == b"JFIF\x00":
            kept.append(_PLAIN_JFIF)
        elif kind == _ADOBE and segment[4:9] == b"Adobe" and len(segment) == 16:
            kept.append(segment)
        elif kind in _PIXELS:
            framed = framed or kind in _BASELINE_OR_PROGRESSIVE
            kept.append(segment)
        elif not (0xE0 <= kind <= 0xEF or kind == 0xFE):
            return None
    return None


def scans(content: bytes) -> int:
    """Return how many scans the picture has at most, however it was made to hide them.

    What follows its end is no part of it: the film of a "motion photo" has the mark of a scan each 64 KB, by chance.
    Where its end is not certain, every such mark counts.
    """
    count = 0
    for kind, segment in _segments(content):
        if kind == _END:
            return count
        if kind not in _SEGMENTS:
            break
        count += segment.count(bytes([0xFF, _SCAN]))
    return content.count(bytes([0xFF, _SCAN]))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment, a scan's data with its header. Stops where it is no JPEG any more."""
    if content[:2] != bytes([0xFF, _START]):
        return
    at = 2
    while at + 4 <= len(content) or content[at : at + 2] == bytes([0xFF, _END]):
        if content[at] != 0xFF:
            return
        kind = content[at + 1]
        if kind == 0xFF:  # fill bytes may stand before a marker
            at += 1
            continue
        if kind == _END:
            yield kind, b""
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end > len(content) or end < at + 4:
            return
        if kind == _SCAN:
            end = _scan_end(content, end)
        yield kind, content[at:end]
        at = end


def _scan_end(content: bytes, at: int) -> int:
    """Return where a scan's data end: at a marker that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        following = content[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return at
        at += 1 if following == 0xFF else 2
