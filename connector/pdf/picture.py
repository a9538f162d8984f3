"""A PDF whose pages each show one picture, from compressed pixels that are not touched again.

The same pictures give the same bytes: no date, no producer, and an identifier drawn from the content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pypdf import PdfWriter
    from pypdf.generic import PdfObject, StreamObject

Filter = Literal["DCTDecode", "FlateDecode", "CCITTFaxDecode"]

_TURNS: Final = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""EXIF orientation (TIFF 6.0, tag 274) → what carries the unit square as stored to the unit square as seen."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Compressed pixels. ``colours`` 1 (grey) or 3 (RGB), ``bits`` for each; size in pixels as stored.

    ``FlateDecode`` data are rows with PNG's predictors, ``CCITTFaxDecode`` data Group 4 in which 0 is white.
    """

    data: bytes
    filter: Filter
    width: int
    height: int
    colours: int
    bits: int


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page: its size, and where the picture stands on it as seen. Points, from the bottom left.

    ``orientation`` is EXIF's, 1 to 8: how the stored picture is turned to be seen.
    """

    width: float
    height: float
    left: float
    bottom: float
    across: float
    up: float
    picture: Picture
    orientation: int = 1


def write_pictures(target: Path, sheets: Sequence[Sheet]) -> None:
    """Write one page for each sheet to ``target``. OSError when it cannot be written."""
    import pypdf
    from pypdf.generic import ArrayObject, ByteStringObject

    writer = pypdf.PdfWriter()
    trace = hashlib.sha256()
    for sheet in sheets:
        _add(writer, sheet)
        trace.update(hashlib.sha256(sheet.picture.data).digest())
        trace.update(_drawn(sheet))
    writer.metadata = None
    name = ByteStringObject(trace.digest()[:16])
    writer._ID = ArrayObject([name, name])
    with target.open("wb") as file:
        writer.write(file)


def _add(writer: PdfWriter, sheet: Sheet) -> None:
    from pypdf.generic import DictionaryObject, NameObject, StreamObject

    page = writer.add_blank_page(round(sheet.width, 2), round(sheet.height, 2))
    content = StreamObject()
    content.set_data(_drawn(sheet))
    pictures = DictionaryObject({NameObject("/P"): writer._add_object(_stream(sheet.picture))})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): pictures})
    page[NameObject("/Contents")] = writer._add_object(content)


def _drawn(sheet: Sheet) -> bytes:
    """Return the page's content: the picture, turned and placed (ISO 32000-1, 8.3.4 and 8.9.5)."""
    a, b, c, d, e, f = _TURNS[sheet.orientation]
    numbers = (
        a * sheet.across,
        b * sheet.up,
        c * sheet.across,
        d * sheet.up,
        sheet.left + e * sheet.across,
        sheet.bottom + f * sheet.up,
    )
    # Never "-0" and never an exponent: both are texts that not every reader expects.
    texts = (f"{round(number, 3) + 0.0:.3f}" for number in numbers)
    return f"q {' '.join(texts)} cm /P Do Q".encode("ascii")


def _stream(picture: Picture) -> StreamObject:
    """Return the image XObject (ISO 32000-1, 8.9.5.1 and table 8 and 11 for the parameters)."""
    from pypdf.generic import NameObject, NumberObject, StreamObject

    entries: dict[str, PdfObject] = {
        "/Type": NameObject("/XObject"),
        "/Subtype": NameObject("/Image"),
        "/Width": NumberObject(picture.width),
        "/Height": NumberObject(picture.height),
        "/ColorSpace": NameObject("/DeviceRGB" if picture.colours == 3 else "/DeviceGray"),
        "/BitsPerComponent": NumberObject(picture.bits),
        "/Filter": NameObject(f"/{picture.filter}"),
    }
    if picture.filter == "FlateDecode":
        entries["/DecodeParms"] = _mapping(
            Predictor=15, Colors=picture.colours, BitsPerComponent=picture.bits, Columns=picture.width
        )
    elif picture.filter == "CCITTFaxDecode":
        # BlackIs1 stays false: what the fax code calls black comes out as 0, which is DeviceGray's black.
        entries["/DecodeParms"] = _mapping(K=-1, Columns=picture.width, Rows=picture.height)
    stream = StreamObject()
    stream.set_data(picture.data)
    stream.update({NameObject(name): value for name, value in entries.items()})
    return stream


def _mapping(**entries: int) -> PdfObject:
    from pypdf.generic import DictionaryObject, NameObject, NumberObject

    return DictionaryObject({NameObject(f"/{name}"): NumberObject(value) for name, value in entries.items()})
