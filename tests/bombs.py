"""PDFs made to hurt whoever reads them (scenario B1). Each function returns bytes."""

from __future__ import annotations

import zlib
from functools import cache

from tests.documents import PAGE, assembled


def circular_previous() -> bytes:
    """The cross-reference table names itself as its predecessor."""
    page = PAGE % b""
    return assembled(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page], b"/Prev %d"
    )


def deep_pages(depth: int = 20_000) -> bytes:
    """A page tree in which each node holds one node."""
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(depth)]
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, PAGE % b""])


def circular_pages() -> bytes:
    """A page tree that holds itself."""
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"])


@cache
def huge_stream(megabytes: int = 300) -> bytes:
    """One page whose content unpacks to ``megabytes`` of path operators."""
    packer = zlib.compressobj(9)
    block = b"1 0 0 1 0 0 cm 0 0 m 595 842 l S\n" * 31_000
    packed = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    stream = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream"
    page = PAGE % b"/Contents 4 0 R"
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream])


def many_fields(count: int = 11_000) -> bytes:
    """A form with more fields than anybody fills in."""
    fields = b" ".join(b"<</FT/Tx/T(%d)>>" % number for number in range(count))
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[" + fields + b"]>>>>"
    return assembled([catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", PAGE % b""])
