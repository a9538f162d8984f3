"""Real images for every test: as phones, scanners, faxes and messengers make them, and made to hurt.

Each function returns bytes. :data:`QUADRANTS` tells the colours of the small ones, by quarter as people see them.
"""

from __future__ import annotations

import base64
import io
import random
from functools import cache
from typing import Any

from PIL import Image, ImageDraw

QUADRANTS = ((200, 30, 30), (30, 160, 60), (30, 60, 200), (230, 200, 40))
"""Top left, top right, bottom left, bottom right."""
CAMERA = "Atelier Photo 3000"

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAYBtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "AA5waXRtAAAAAAABAAAANGlsb2MAAAAAREAAAgABAAAAAAGkAAEAAAAAAAAAiwACAAAAAAIvAAEAAAAAAAAAdAAAADhpaW5mAAAA"
    "AAACAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAFWluZmUCAAABAAIAAEV4aWYAAAAAv2lwcnAAAAChaXBjbwAAAHVodmNDAQNwAAAA"
    "AAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQAoQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbq"
    "SSmubAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAGAAAABAAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAA"
    "AAAAAAEAAQOBAoMAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAQdtZGF0AAAAhygBrwng4vbMJnLqv//6Mb//+EaeQ/a4upIA"
    "h149xPW+shlA0ILu/7n3jbv223ZOTVKh3gtau9rG24Kb/nwiKQkdfg96Q/+rliaiMD4CN825pSeaPAoGb/+wn+Bq+q5dfcfF+1J7"
    "wtGIaKubNruALfDkjieoVxgyYz7IAANUHAWfIuEA6Q4b8AAAAABNTQAqAAAACAADAQ8AAgAAAAgAAAAyARIAAwAAAAEABgAAiCUA"
    "BAAAAAEAAAA6AAAAAEF0ZWxpZXIAAAIAAQACAAAAAk4AAAAAAgAFAAAAAwAAAFgAAAAAAAAALQAAAAEAAAAtAAAAAQAAAAAAAAAB"
)
"""The quadrants as HEIC, 96 × 64, made for these tests (libheif 1.15), with a camera and a place in its EXIF."""


# --------------------------------------------------------------------------------------------------
# Small ones, in every form


def quadrants(size: tuple[int, int] = (96, 64), mode: str = "RGB") -> Image.Image:
    """A picture of four colours, by which every turn and mirror can be told."""
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    half = (size[0] // 2, size[1] // 2)
    for number, colour in enumerate(QUADRANTS):
        left, top = (number % 2) * half[0], (number // 2) * half[1]
        draw.rectangle((left, top, left + half[0] - 1, top + half[1] - 1), fill=colour)
    return image if mode == "RGB" else image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """Orientation, camera, and where it was taken."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = CAMERA
    place = tags.get_ifd(0x8825)
    place[1], place[2] = "N", (45.0, 45.0, 36.0)
    return tags


def upright(orientation: int, kind: str) -> bytes:
    """The quadrants stored turned, with the tag that turns them back: seen, they are always the same."""
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = quadrants()
    stored = image.transpose(turn[orientation]) if orientation in turn else image
    if kind == "TIFF":
        return saved(stored, kind, tiffinfo={274: orientation})
    return saved(stored, kind, exif=exif(orientation), **({"quality": 95} if kind == "JPEG" else {}))


# --------------------------------------------------------------------------------------------------
# As they arrive


@cache
def photo(columns: int = 4000, rows: int = 3000, orientation: int = 6) -> bytes:
    """A phone's JPEG: fine grain everywhere, turned by its tag, with place, camera and thumbnail."""
    coarse = (columns // 4, rows // 4)
    noise = Image.frombytes("L", coarse, random.Random(1).randbytes(coarse[0] * coarse[1]))
    grain = noise.resize((columns, rows), Image.Resampling.BICUBIC)
    slope = Image.linear_gradient("L").resize((columns, rows))
    image = Image.merge("RGB", (grain, slope, slope.transpose(Image.Transpose.ROTATE_180)))
    return saved(image, "JPEG", quality=92, exif=exif(orientation), dpi=(72, 72), comment=b"secret remark")


@cache
def scan(mode: str = "1", dpi: int = 300, pages: int = 1, compression: str = "group4") -> bytes:
    """A4 pages from a scanner, as TIFF: lines of text, 1 bit, grey or RGB."""
    size = (round(210 / 25.4 * dpi), round(297 / 25.4 * dpi))
    made = []
    for page in range(pages):
        image = Image.new("L", size, 255)
        draw = ImageDraw.Draw(image)
        for line in range(45):
            draw.text(
                (dpi * 0.7, dpi * (0.8 + line * 0.22)), f"{page + 1}.{line} {TEXT}", 0, font_size=dpi // 8
            )
        made.append(image.convert(mode))
    options: dict[str, Any] = {"compression": compression, "dpi": (dpi, dpi)}
    return saved(made[0], "TIFF", save_all=True, append_images=made[1:], **options)


TEXT = "Nous confirmons les termes de notre mission et vous prions de bien vouloir la signer."


def fax() -> bytes:
    """A standard fax: 204 dots across, 98 lines up, to the inch."""
    image = Image.new("1", (1728, 1146), 1)
    ImageDraw.Draw(image).rectangle((200, 100, 800, 300), fill=0)
    return saved(image, "TIFF", compression="group4", dpi=(204, 98))


def screenshot() -> bytes:
    """Sharp text of few colours, as PNG without a resolution."""
    image = Image.new("RGB", (900, 500), (240, 244, 250))
    draw = ImageDraw.Draw(image)
    for line in range(12):
        draw.text((40, 30 + line * 36), f"{line} {TEXT}", (20, 40, 90), font_size=20)
    return saved(image, "PNG")


def animation(pictures: int = 3) -> bytes:
    """An animated PNG."""
    frames = [Image.new("RGB", (40, 40), (80 * number, 0, 0)) for number in range(pictures)]
    return saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


def two_eyes() -> bytes:
    """A JPEG followed by the picture of a second lens (MPO), as many phones write."""
    return saved(quadrants(), "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64))])


def with_thumbnail_page() -> bytes:
    """A TIFF whose second page is a small copy of the first, and says so (NewSubfileType)."""
    small: Any = quadrants((24, 16))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    return saved(quadrants(), "TIFF", save_all=True, append_images=[small])
