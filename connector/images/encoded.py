"""Pixels as a PDF holds them: 1 bit stays 1 bit, few colours stay exact, the rest becomes JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.pdf.picture import Picture

if TYPE_CHECKING:
    from PIL import Image

_FEW_GREYS: Final = 32
_FEW_COLOURS: Final = 256
"""So few are a drawing, a screen or a text, where JPEG smears; counted in the picture as it is printed."""
_FAX_GAIN: Final = 8
_GROUP_4: Final = "group4"
_STRIP_OFFSETS, _STRIP_BYTES, _ROWS_PER_STRIP = 273, 279, 278


@dataclass(frozen=True)
class Fineness:
    """Pixels per printed inch, and JPEG quality (libjpeg's scale)."""

    dpi: float
    quality: int


FINENESS: Final = (Fineness(200, 85), Fineness(200, 70), Fineness(150, 70), Fineness(110, 60))
"""From what is wanted to the least at which small print is read; the next one only where the limit demands it."""

SPARE: Final = 1.25
"""A quarter more pixels than wanted are kept as they are: resampling costs sharpness and saves little."""


def encoded(image: Image.Image, fineness: Fineness, *, exact: bool) -> Picture:
    """Encode 1 bit, grey or RGB; ``exact`` where the source lost nothing, so that few colours are kept exactly."""
    image = two_tones(image).copy()
    # Pillow would write a comment of the source into what it saves.
    image.info = {}
    if image.mode == "1":
        fax = _fax(image)
        # Text is what the fax code is made for; a halftone picture is what it makes larger.
        if fax is not None and len(fax.data) * _FAX_GAIN < image.width * image.height / 8:
            return fax
        return _smaller(fax, _flate(image))
    jpeg = _jpeg(image, fineness.quality)
    few = _FEW_GREYS if image.mode == "L" else _FEW_COLOURS
    if exact and image.getcolors(few) is not None:
        return _smaller(_flate(image), jpeg)
    return jpeg


def coarser(picture: Picture, across: float, up: float, fineness: Fineness) -> Picture:
    """Encode a JPEG again for ``across`` × ``up`` points as stored; anything else is as small as it gets."""
    from PIL import Image

    if picture.filter != "DCTDecode":
        return picture
    with Image.open(io.BytesIO(picture.data), formats=("JPEG",)) as image:
        smaller = fitted(image, across, up, fineness)
        smaller.info = {}
        return _jpeg(smaller, fineness.quality)


def fitted(image: Image.Image, across: float, up: float, fineness: Fineness) -> Image.Image:
    """Make the picture smaller where it is clearly finer than wanted; never larger."""
    from PIL import Image

    wanted = wanted_size(across, up, fineness)
    if image.width <= wanted[0] * SPARE and image.height <= wanted[1] * SPARE:
        return image
    size = (min(image.width, wanted[0]), min(image.height, wanted[1]))
    grey = image.convert("L") if image.mode == "1" else image
    return grey.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def wanted_size(across: float, up: float, fineness: Fineness) -> tuple[int, int]:
    """Return the pixels wanted for a place in points."""
    return max(1, round(across / 72 * fineness.dpi)), max(1, round(up / 72 * fineness.dpi))


def two_tones(image: Image.Image) -> Image.Image:
    """Return what is black and white alone as 1 bit, however it was stored."""
    if image.mode == "1":
        return image
    colours = image.getcolors(2)
    black_and_white: set[object] = {0, 255, (0, 0, 0), (255, 255, 255)}
    if colours is None or not {colour for _, colour in colours} <= black_and_white:
        return image
    from PIL import Image

    return image.convert("1", dither=Image.Dither.NONE)


def _smaller(one: Picture | None, other: Picture) -> Picture:
    return one if one is not None and len(one.data) <= len(other.data) else other


def _jpeg(image: Image.Image, quality: int) -> Picture:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    colours = 1 if image.mode == "L" else 3
    return Picture(
        data=out.getvalue(),
        filter="DCTDecode",
        width=image.width,
        height=image.height,
        colours=colours,
        bits=8,
    )


def _flate(image: Image.Image) -> Picture:
    """Take the rows out of a PNG: they are what PDF calls Flate with predictor 15 (ISO 32000-1, 7.4.4.4)."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    content, at, rows = out.getvalue(), 8, bytearray()
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IDAT":
            rows += content[at + 8 : at + 8 + length]
        at += 12 + length
    return Picture(
        data=bytes(rows),
        filter="FlateDecode",
        width=image.width,
        height=image.height,
        colours=3 if image.mode == "RGB" else 1,
        bits=1 if image.mode == "1" else 8,
    )


def _fax(image: Image.Image) -> Picture | None:
    """Encode as Group 4 by libtiff; None where Pillow was built without it."""
    from PIL import Image, ImageChops, features

    if not features.check("libtiff"):
        return None
    out = io.BytesIO()
    # libtiff codes ones as black whatever the TIFF says of them; in Pillow's pixels one is white.
    ImageChops.invert(image).save(
        out, "TIFF", compression=_GROUP_4, strip_size=1 << 31, tiffinfo={_ROWS_PER_STRIP: image.height}
    )
    with Image.open(out, formats=("TIFF",)) as saved:
        offsets, lengths = saved.tag_v2[_STRIP_OFFSETS], saved.tag_v2[_STRIP_BYTES]  # type: ignore[attr-defined]
    if len(offsets) != 1:
        return None
    data = out.getvalue()[offsets[0] : offsets[0] + lengths[0]]
    return Picture(
        data=data, filter="CCITTFaxDecode", width=image.width, height=image.height, colours=1, bits=1
    )
