"""PDFs made to hurt whoever reads them (scenario B1). Each function returns bytes."""

from __future__ import annotations

import struct
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


# --------------------------------------------------------------------------------------------------
# PDFs, further ways to hurt


def one_page(page: bytes = b"", *objects: bytes, catalog: bytes = b"") -> bytes:
    """A PDF of one page: ``page`` and ``catalog`` are entries of their dictionaries, objects count from 4."""
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            PAGE % page,
            *objects,
        ]
    )


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n" % (len(data), entries) + data + b"\nendstream"


def shown(image: bytes, entries: bytes) -> bytes:
    """A page that draws one image XObject."""
    return one_page(
        b"/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>",
        stream(b"q 500 0 0 700 40 60 cm /I Do Q"),
        stream(image, b"/Type/XObject/Subtype/Image" + entries),
    )


@cache
def packed_zeros(megabytes: int = 313) -> bytes:
    """Zeros that unpack to ``megabytes``."""
    packer = zlib.compressobj(9)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


@cache
def huge_image() -> bytes:
    """A bitmap of 60,000 × 60,000 dots in colour: 10 GB, packed into some of kilobytes."""
    entries = b"/Width 60000/Height 60000/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode"
    return shown(packed_zeros(), entries)


def jbig2() -> bytes:
    """A JBIG2 page that says it is 2^31 dots high."""
    page = struct.pack(">IBBI", 0, 0x30, 1, 19) + struct.pack(">IIIIBH", 100_000, 0x7FFFFFFF, 0, 0, 0, 0)
    return shown(
        page, b"/Width 100000/Height 60000/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode"
    )


def jpx() -> bytes:
    """A JPEG 2000 codestream that says it is 2^31 dots wide, in one tile."""
    size = (
        struct.pack(">HIIIIIIIIH", 0, 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 3)
        + b"\7\1\1" * 3
    )
    codestream = b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size + b"\xff\xd9"
    return shown(codestream, b"/Width 60000/Height 60000/Filter/JPXDecode")


def laughing_forms(depth: int = 30) -> bytes:
    """Drawings within drawings: each draws the next ten times, so the last would be drawn 10^depth times."""
    forms = [
        stream(
            b"/F Do " * 10,
            b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</F %d 0 R>>>>" % (number + 6),
        )
        for number in range(depth)
    ]
    last = stream(b"0 0 m 595 842 l S", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]")
    return one_page(b"/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>", stream(b"/F Do"), *forms, last)


def many_fonts(count: int = 5_000) -> bytes:
    """A page that writes one letter in each of thousands of fonts."""
    names = b"".join(b"/F%d %d 0 R" % (number, number + 5) for number in range(count))
    text = b"BT " + b"".join(b"/F%d 9 Tf (a)Tj " % number for number in range(count)) + b"ET"
    fonts = [b"<</Type/Font/Subtype/Type1/BaseFont/Unknown%d>>" % number for number in range(count)]
    return one_page(b"/Contents 4 0 R/Resources<</Font<<" + names + b">>>>", stream(text), *fonts)


def packed_objects() -> bytes:
    """The catalogue's names stand in an object stream that unpacks to 313 megabytes."""
    return with_object_stream(packed_zeros(), b"/N 1/First 10/Filter/FlateDecode")


def circular_object_stream() -> bytes:
    """An object stream that extends itself."""
    return with_object_stream(b"9 0 <<>>", b"/N 1/First 4/Extends 5 0 R")


def with_object_stream(data: bytes, entries: bytes) -> bytes:
    """One page, a cross-reference stream, and object 4 (``/Names`` of the catalogue) in an object stream (5)."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Names 4 0 R/Outlines 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE % b"",
        None,
        stream(data, b"/Type/ObjStm" + entries),
    ]
    out, rows = bytearray(b"%PDF-1.7\n"), [struct.pack(">BIH", 0, 0, 65535)]
    for number, body in enumerate(objects, start=1):
        if body is None:
            rows.append(struct.pack(">BIH", 2, 5, 0))
            continue
        rows.append(struct.pack(">BIH", 1, len(out), 0))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    rows.append(struct.pack(">BIH", 1, start, 0))
    out += b"6 0 obj\n" + stream(b"".join(rows), b"/Type/XRef/Size 7/W[1 4 2]/Root 1 0 R") + b"\nendobj\n"
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def endless_table() -> bytes:
    """A cross-reference stream for two thousand million objects."""
    out = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    body = stream(packed_zeros(), b"/Type/XRef/Size 2000000000/W[1 4 2]/Root 1 0 R/Filter/FlateDecode")
    return out + b"6 0 obj\n" + body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(out)


def nested_arrays(depth: int = 100_000) -> bytes:
    """An annotation list of lists of lists …"""
    return one_page(b"/Annots " + b"[" * depth + b"]" * depth)


def layered_filters(count: int = 12) -> bytes:
    """A content stream packed a dozen times over: a few hundred bytes for 313 megabytes."""
    data = packed_zeros()
    for _ in range(count - 1):
        data = zlib.compress(data, 9)
    return one_page(b"/Contents 4 0 R", stream(data, b"/Filter[" + b"/FlateDecode" * count + b"]"))


def circular_outline() -> bytes:
    """Bookmarks that follow each other in a circle: a reader's joke, and a good document all the same."""
    return one_page(
        b"",
        b"<</First 5 0 R/Last 5 0 R>>",
        b"<</Title(a)/Parent 4 0 R/Next 5 0 R/First 5 0 R>>",
        catalog=b"/Outlines 4 0 R",
    )


def circular_names() -> bytes:
    """A name tree of scripts whose child is itself, and actions that follow themselves."""
    return one_page(
        b"",
        b"<</Kids[4 0 R 4 0 R]>>",
        b"<</S/GoTo/D[3 0 R/Fit]/Next 5 0 R>>",
        catalog=b"/Names<</JavaScript 4 0 R>>/OpenAction 5 0 R",
    )


def many_notes(count: int = 35_000) -> bytes:
    """More annotations than anybody made."""
    return one_page(b"/Annots[" + b"<</Subtype/Link/Rect[0 0 9 9]>>" * count + b"]")


def type3_circle() -> bytes:
    """A font whose letter is drawn with itself."""
    return one_page(
        b"/Contents 4 0 R/Resources<</Font<</T 5 0 R>>>>",
        stream(b"BT /T 20 Tf 40 400 Td (aaaaaaaa) Tj ET"),
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97/Widths[9]"
        b"/Encoding<</Differences[97/a]>>/CharProcs<</a 6 0 R>>/Resources<</Font<</T 5 0 R>>>>>>",
        stream(b"9 0 d0 BT /T 1 Tf (aaaaaaaa) Tj ET"),
    )


def endless_tiles() -> bytes:
    """A page filled with a pattern whose tile is a millionth of a point."""
    return one_page(
        b"/Contents 4 0 R/Resources<</Pattern<</P 5 0 R>>>>",
        stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
        stream(
            b"0 0 1 1 re f",
            b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 1/YStep 1"
            b"/Matrix[.000001 0 0 .000001 0 0]/Resources<<>>",
        ),
    )
