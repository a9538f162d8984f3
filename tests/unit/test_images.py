"""Images become A4 PDFs as a careful person would make them: upright, readable, light, and telling nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from connector.images.convert import ImageFacts, to_pdf
from connector.images.layout import A4, FOOT, MARGIN, place
from connector.pdf.facts import facts
from connector.pdf.room import free_boxes
from tests import pictures

POINTS = 72 / 25.4
"""Points to the millimetre."""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "photo.pdf"


def made(target: Path, content: bytes, **options: Any) -> ImageFacts:
    source = target.with_suffix(".image")
    source.write_bytes(content)
    return to_pdf(source, target, **options)


def page_of(target: Path, number: int = 0, scale: float = 1.0) -> Image.Image:
    """A page as pdfium shows it."""
    document = pypdfium2.PdfDocument(target)
    try:
        return document[number].render(scale=scale).to_pil().convert("RGB")
    finally:
        document.close()


def picture_of(page: Image.Image) -> Image.Image:
    """The picture on it: all that is not paper."""
    box = ImageOps.invert(page.convert("L")).getbbox()
    assert box is not None
    return page.crop(box)


def quarters(picture: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters."""
    width, height = picture.size
    spots = [(width * x // 4, height * y // 4) for x, y in ((1, 1), (3, 1), (1, 3), (3, 3))]
    return [tuple(picture.getpixel(spot)) for spot in spots]  # type: ignore[arg-type]


def near(one: list[tuple[int, ...]], other: Any, most: int = 12) -> bool:
    return all(
        abs(a - b) <= most
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


# --------------------------------------------------------------------------------------------------
# What is seen


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_upright(target: Path, kind: str, orientation: int) -> None:
    """However a camera was held: the page shows the picture as its owner sees it (EXIF, all eight)."""
    made(target, pictures.upright(orientation, kind))
    page = page_of(target)
    assert page.width > page.height
    picture = picture_of(page)
    assert picture.width / picture.height == pytest.approx(1.5, abs=0.1)
    assert near(quarters(picture), pictures.QUADRANTS)


def test_heic(target: Path) -> None:
    """An iPhone's picture, turned by its own container only (an EXIF tag in it says nothing, ISO 23008-12)."""
    assert made(target, pictures.HEIC).kind == "heic"
    assert near(quarters(picture_of(page_of(target))), pictures.QUADRANTS, 25)


MODES = [
    ("PNG", "RGB"),
    ("PNG", "RGBA"),
    ("PNG", "P"),
    ("TIFF", "CMYK"),
    ("TIFF", "RGBA"),
    ("TIFF", "LAB"),
    ("TIFF", "YCbCr"),
    ("JPEG", "CMYK"),
]


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_way_to_store_colours(target: Path, kind: str, mode: str) -> None:
    """Palettes, transparency, printers' inks and lightness all come out as the same four colours."""
    image = pictures.quadrants()
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")  # type: ignore[assignment]
    made(target, pictures.saved(image.convert(mode) if image.mode != mode else image, kind))
    assert near(quarters(picture_of(page_of(target))), pictures.QUADRANTS, 16)


@pytest.mark.parametrize(("mode", "most"), [("I;16", 65535), ("I", 65535), ("I", 2**31 - 1), ("F", 1.0)])
def test_more_than_eight_bits(target: Path, mode: str, most: float) -> None:
    """Grey of 16 or 32 bits and of fractions keeps its brightness: half is half."""
    image = Image.new("I" if mode == "I;16" else mode, (60, 40), 0)
    image.paste(most / 2 if mode == "F" else int(most) // 2, (0, 0, 30, 40))
    image.paste(most if mode == "F" else int(most), (0, 0, 10, 10))
    made(target, pictures.saved(image.convert(mode), "TIFF"))
    half = picture_of(page_of(target)).getpixel((15, 20))
    assert near([half], [(127, 127, 127)], 3)  # type: ignore[list-item]


def test_transparent_is_white(target: Path) -> None:
    """Paper is white: what shines through is the page, in every way of saying transparent."""
    clear = pictures.quadrants(mode="RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 96, 32))
    keyed = pictures.quadrants().quantize(8)
    red = keyed.getpixel((10, 10))
    grey = Image.new("LA", (96, 64), (0, 0))
    grey.paste((0, 255), (0, 32, 96, 64))
    for content in (
        pictures.saved(clear, "PNG"),
        pictures.saved(keyed, "PNG", transparency=red),
        pictures.saved(grey, "PNG"),
        pictures.saved(clear, "TIFF"),
    ):
        made(target, content)
        page = page_of(target)
        top = round(MARGIN) + 5
        assert page.getpixel((page.width // 2 - 20, top)) == (255, 255, 255)
        assert page.getpixel((page.width // 2 - 20, round(MARGIN) + 40)) != (255, 255, 255)


def test_colours_go_through_their_profile(target: Path) -> None:
    """A picture in another colour space is shown as there, and its profile stays behind."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, blue = tags[b"rXYZ"] + 4, tags[b"bXYZ"] + 4
    profile[red : red + 8], profile[blue : blue + 8] = profile[blue : blue + 8], profile[red : red + 8]
    swapped = bytes(profile).replace("sRGB".encode("utf-16-be"), "xxxx".encode("utf-16-be"))
    exchanged = [(b, g, r) for r, g, b in pictures.QUADRANTS]
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 95}), ("TIFF", {})):
        made(target, pictures.saved(pictures.quadrants(), kind, icc_profile=swapped, **options))
        assert near(quarters(picture_of(page_of(target))), exchanged, 60)
    made(target, pictures.saved(pictures.quadrants(), "PNG", icc_profile=b"nonsense" * 20))
    assert near(quarters(picture_of(page_of(target))), pictures.QUADRANTS)


# --------------------------------------------------------------------------------------------------
# Where it stands


def test_a_scan_fills_its_page(target: Path) -> None:
    """A4 from a scanner is the same A4, to the point; each page of a TIFF is a page."""
    assert made(target, pictures.scan("1", 150, 3)).pages == 3
    sizes = [(round(page.width), round(page.height)) for page in facts(target).pages]
    assert sizes == [(595, 842)] * 3
    first, last = (picture_of(page_of(target, number, 2)) for number in (0, 2))
    assert first.tobytes() != last.tobytes()


def test_a_fax_has_the_shape_of_paper(target: Path) -> None:
    """Lines of a standard fax are twice as far apart as its points."""
    made(target, pictures.fax())
    black = picture_of(page_of(target))
    assert (black.width / POINTS, black.height / POINTS) == pytest.approx(
        (601 / 204 * 25.4, 201 / 98 * 25.4), abs=1.5
    )


def test_a_picture_that_lies_on_its_side_has_its_resolution_turned(target: Path) -> None:
    """Dots across and up are those of the file as stored, whatever turns it."""
    image = pictures.quadrants((300, 300))
    options: dict[str, Any] = {"dpi": (300, 150), "exif": pictures.exif(6)}
    for kind in ("JPEG", "TIFF"):
        made(target, pictures.saved(image, kind, **options))
        picture = picture_of(page_of(target, scale=4))
        assert (picture.width / 4, picture.height / 4) == pytest.approx((144, 72), abs=1.5)


def test_a_photo_keeps_the_foot_free(target: Path) -> None:
    """Below a photo there is room for a signature box without anybody saying where."""
    for size in ((3000, 4000), (4000, 3000), (2000, 2000), (900, 4000)):
        made(target, pictures.saved(Image.new("RGB", size, (90, 20, 20)), "JPEG"))
        assert len(free_boxes(target, 1, 2)) == 2


def test_nothing_is_enlarged(target: Path) -> None:
    """A small picture stays as small as it says it is."""
    made(target, pictures.saved(pictures.quadrants((300, 200)), "PNG", dpi=(300, 300)))
    picture = picture_of(page_of(target, scale=4))
    assert picture.width / 4 == pytest.approx(72, abs=1)


@pytest.mark.parametrize(("columns", "rows"), [(600, 800), (800, 600)])
def test_a_photo_made_small_for_a_mail_is_no_scan(columns: int, rows: int) -> None:
    """72 dpi is what telephones write when they know none: at that, 800 × 600 would be a whole page by chance."""
    assert place(columns, rows, (72, 72)).bottom >= FOOT
    assert place(columns * 2, rows * 2, (144, 144)).bottom < FOOT, (
        "the scan of a page has no strip of its own"
    )


@given(
    columns=st.integers(1, 60_000),
    rows=st.integers(1, 60_000),
    dpi=st.none() | st.tuples(st.floats(), st.floats()),
)
def test_every_picture_lies_on_its_page(columns: int, rows: int, dpi: tuple[float, float] | None) -> None:
    """Whatever the size and whatever resolution is written: on A4, within it, in proportion, never larger."""
    where = place(columns, rows, dpi)
    assert sorted((where.width, where.height)) == sorted(A4)
    assert where.left >= -1e-6
    assert where.bottom >= -1e-6
    assert where.left + where.across <= where.width + 1e-6
    assert where.bottom + where.up <= where.height + 1e-6
    assert where.across <= max(columns / 50 * 72, 1)
    if dpi is None:
        assert where.across <= max(columns / 96 * 72, 1) + 1e-6
        assert where.bottom >= FOOT - 1e-6
        if min(where.across, where.up) > 1:
            assert where.across / where.up == pytest.approx(columns / rows, rel=1e-6)
