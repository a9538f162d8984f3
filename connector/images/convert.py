"""One image file → one A4 PDF: readable when printed, small, without a word on who took it, where and when.

The same image gives the same bytes, on every run of one installation: people approve a preview, and its hash is
part of what binds a request to what is sent. (Another Pillow may compress otherwise: then it is previewed again.)
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict

from connector.errors import DocumentError, Problem
from connector.images import encoded, frames, jpeg
from connector.images.layout import POINTS_PER_INCH, Place, place
from connector.pdf.picture import Picture, Sheet, write_pictures

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MOST_BYTES: Final = 10_000_000
"""The platform's limit: what is made is smaller (API page, section 4)."""
MOST_AS_IT_IS: Final = 3_000_000
"""Bytes of a JPEG that is still taken over as it is."""
MOST_HELD: Final = 200_000_000
"""Bytes of all pages before they are made coarser."""
FINEST_TWO_TONES: Final = 650.0
"""Dots per inch; a finer drawing of two tones is made grey, and smaller."""
_LYING: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations in which what is stored lies on its side."""
_OVERHEAD: Final = 2_000
"""Bytes of PDF around each page's pixels, rounded up."""


class ImageFacts(BaseModel):
    """What became of an image.

    ``kind``: ``jpeg``, ``png``, ``tiff`` or ``heic``, by its bytes. ``size`` and ``sha256`` are the PDF's.
    ``left_out``: further pictures of an animation or a burst, which are not in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    pages: int
    size: int
    sha256: str
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class _Page:
    place: Place
    picture: Picture
    orientation: int


def to_pdf(source: Path, target: Path, *, max_bytes: int = MOST_BYTES) -> ImageFacts:
    """Write the image as a PDF of A4 pages to ``target``, smaller than ``max_bytes``. Repeatable.

    Raises DocumentError as ``frames.opened``, and ``image_too_large`` (too many pixels, or no way to make it small
    enough), ``image_too_many_pages``. MemoryError passes, and OSError of this machine's disk.
    """
    made: list[_Page] = []
    with frames.opened(source) as image:
        kind = {"MPO": "jpeg", "HEIF": "heic"}.get(image.format or "", (image.format or "").lower())
        left_out = frames.left_out(image)
        for _number in frames.pages(image):
            made.append(_page(image, source))
            if sum(len(page.picture.data) for page in made) > MOST_HELD:
                raise DocumentError("image_too_large", "bytes")
    if not made:
        raise DocumentError("image_unreadable", "no page")
    for fineness in encoded.FINENESS:
        pages = [_as_fine(page, fineness) for page in made]
        if sum(len(page.picture.data) + _OVERHEAD for page in pages) < max_bytes:
            write_pictures(target, [_sheet(page) for page in pages])
            content = target.read_bytes()
            return ImageFacts(
                kind=kind,
                pages=len(pages),
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                left_out=left_out,
            )
    raise DocumentError("image_too_large", "bytes")


def image_to_pdf(path_in: str, path_out: str, max_bytes: int) -> dict[str, Any]:
    """:func:`to_pdf` as the worker's job: texts in, ImageFacts as a mapping out."""
    return to_pdf(Path(path_in), Path(path_out), max_bytes=max_bytes).model_dump(mode="json")


def warnings_of(found: ImageFacts, document: str = "") -> list[Problem]:
    """Say what its author should know of the conversion; ``document`` as in ``pdf.facts.problems_of``."""
    if not found.left_out:
        return []
    return [Problem(code="image_animated", values={"document": document, "count": str(found.left_out + 1)})]


def _page(image: ImageFile, source: Path) -> _Page:
    """Decode the page at hand as finely as it will be printed."""
    frames.check_size(image)
    frames.check_scans(image, source)
    pixels = image.width * image.height
    dpi, orientation = frames.resolution(image), frames.turned(image)
    if dpi and orientation in _LYING:
        dpi = (dpi[1], dpi[0])
    if image.format == "TIFF":
        # Pillow turns a TIFF as it decodes it, and tells its sides as seen only then.
        frames.check_memory(image, pixels)
        image.load()
        orientation = 1
    columns, rows = image.size
    where = place(rows, columns, dpi) if orientation in _LYING else place(columns, rows, dpi)
    across, up = _as_stored(where, orientation)
    best = encoded.FINENESS[0]
    wanted = encoded.wanted_size(across, up, best)
    frames.draft(image, *wanted)
    frames.check_memory(image, pixels)
    image.load()
    picture = _as_it_is(image, source, wanted)
    if picture is None:
        shown = encoded.two_tones(frames.plain(image))
        if shown.mode != "1" or shown.width > across / POINTS_PER_INCH * FINEST_TWO_TONES:
            shown = encoded.fitted(shown, across, up, best)
        shown = frames.in_srgb(shown, image.info.get("icc_profile"))
        picture = encoded.encoded(shown, best, exact=image.format in {"PNG", "TIFF"})
    return _Page(place=where, picture=picture, orientation=orientation)


def _as_stored(where: Place, orientation: int) -> tuple[float, float]:
    """Return the points across and up that the picture takes before it is turned."""
    return (where.up, where.across) if orientation in _LYING else (where.across, where.up)


def _as_it_is(image: ImageFile, source: Path, wanted: tuple[int, int]) -> Picture | None:
    """Return a JPEG's own pixels, without its metadata, where nothing about them has to change; None otherwise."""
    if image.format not in {"JPEG", "MPO"} or image.mode not in {"L", "RGB"}:
        return None
    if image.width > wanted[0] * encoded.SPARE or image.height > wanted[1] * encoded.SPARE:
        return None
    profile = image.info.get("icc_profile")
    if profile and not frames.is_srgb(profile):
        return None
    data = jpeg.stripped(source.read_bytes())
    if data is None or len(data) > MOST_AS_IT_IS or not _same_pixels(data, image):
        return None
    return Picture(
        data=data,
        filter="DCTDecode",
        width=image.width,
        height=image.height,
        colours=1 if image.mode == "L" else 3,
        bits=8,
    )


def _same_pixels(data: bytes, image: ImageFile) -> bool:
    """Tell whether the stripped file still shows what the whole one shows."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as again:
            return (
                again.mode == image.mode and again.size == image.size and again.tobytes() == image.tobytes()
            )
    except (OSError, SyntaxError):
        return False


def _as_fine(page: _Page, fineness: encoded.Fineness) -> _Page:
    if fineness == encoded.FINENESS[0]:
        return page
    return _Page(
        place=page.place,
        picture=encoded.coarser(page.picture, *_as_stored(page.place, page.orientation), fineness),
        orientation=page.orientation,
    )


def _sheet(page: _Page) -> Sheet:
    where = page.place
    return Sheet(
        width=where.width,
        height=where.height,
        left=where.left,
        bottom=where.bottom,
        across=where.across,
        up=where.up,
        picture=page.picture,
        orientation=page.orientation,
    )
