"""Images become A4 PDFs as a careful person would make them: upright, readable, light, and telling nothing else."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from connector.errors import DocumentError
from connector.images import jpeg
from connector.images.convert import ImageFacts, to_pdf, warnings_of
from connector.images.layout import A4, FOOT, MARGIN, place
from connector.pdf.facts import facts, problems_of
from connector.pdf.room import free_boxes
from tests import documents, pictures

POINTS = 72 / 25.4
"""Points to the millimetre."""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "photo.pdf"


def made(target: Path, content: bytes, **options: Any) -> ImageFacts:
    source = target.with_suffix(".image")
    source.write_bytes(content)
    return to_pdf(source, target, **options)


def code_of(target: Path, content: bytes, **options: Any) -> str:
    with pytest.raises(DocumentError) as caught:
        made(target, content, **options)
    assert not target.exists()
    return caught.value.code


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


def image_in(target: Path, number: int = 0) -> tuple[Any, bytes]:
    """The image XObject of a page, and its bytes as they stand in the file."""
    import pypdf

    with pypdf.PdfReader(target) as reader:
        entries = reader.pages[number]["/Resources"]["/XObject"]["/P"].get_object()  # type: ignore[index]
        return dict(entries), bytes(entries._data)


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


# --------------------------------------------------------------------------------------------------
# How much it weighs, and what it tells


def test_a_phones_photo_is_light(target: Path) -> None:
    """12 megapixels of grain become a page of print, not a file that nobody can send."""
    content = pictures.photo()
    found = made(target, content)
    entries, _ = image_in(target)
    assert found.size < len(content) / 2
    assert found.size < 2_000_000
    assert entries["/Width"] / (277 / 25.4) <= 200 * 1.25
    assert problems_of(facts(target)) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "HEIC"])
def test_nothing_but_the_picture_leaves(target: Path, kind: str) -> None:
    """No place, camera, date, comment, thumbnail or profile: of a large photo, and of one taken over as it is."""
    tagged = {"exif": pictures.exif()}
    contents = {
        "JPEG": [
            pictures.photo(),
            pictures.saved(pictures.quadrants(), "JPEG", comment=b"secret remark", **tagged) + b"secret tail",
        ],
        "PNG": [pictures.saved(pictures.quadrants(), "PNG", **tagged)],
        "TIFF": [pictures.saved(pictures.quadrants(), "TIFF", description="secret remark", **tagged)],
        "HEIC": [pictures.HEIC],
    }
    for content in contents[kind]:
        assert b"secret" in content or pictures.CAMERA.encode() in content or b"Atelier" in content
        made(target, content)
        written = target.read_bytes()
        for word in (b"secret", b"Atelier", b"Exif", b"GPS", b"/CreationDate", b"/Producer", b"ICC_PROFILE"):
            assert word not in written


def test_a_jpeg_of_the_right_size_is_taken_over(target: Path) -> None:
    """Its pixels are kept bit by bit, turned on the page and not in the file."""
    content = pictures.upright(6, "JPEG")
    made(target, content)
    entries, data = image_in(target)
    assert entries["/Filter"] == "/DCTDecode"
    assert data == jpeg.stripped(content)
    with Image.open(io.BytesIO(data)) as kept, Image.open(io.BytesIO(content)) as whole:
        assert kept.tobytes() == whole.tobytes()


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}]
)
def test_stripping_a_jpeg_keeps_its_pixels(options: dict[str, Any]) -> None:
    """Baseline, progressive, with restarts, RGB without conversion: what is left decodes to the same."""
    for mode in ("RGB", "L"):
        content = pictures.saved(pictures.quadrants(mode=mode), "JPEG", exif=pictures.exif(), **options)
        left = jpeg.stripped(content)
        assert left is not None
        assert len(left) < len(content)
        with Image.open(io.BytesIO(left)) as kept, Image.open(io.BytesIO(content)) as whole:
            assert kept.tobytes() == whole.tobytes()
    assert jpeg.stripped(content[:-200]) is None
    assert jpeg.stripped(b"no JPEG") is None
    assert jpeg.stripped(b"\xff\xd8\xff\xd9") is None


@given(content=st.binary(max_size=200), cut=st.integers(0, 2000), flip=st.integers(0, 1500))
def test_stripping_anything_ends(content: bytes, cut: int, flip: int) -> None:
    """Torn and damaged files give a JPEG or nothing, never an error."""
    whole = bytearray(pictures.upright(1, "JPEG"))
    whole[flip % len(whole)] ^= 0xFF
    for damaged in (bytes(whole), bytes(whole[:cut]), b"\xff\xd8" + content):
        left = jpeg.stripped(damaged)
        assert left is None or left.startswith(b"\xff\xd8")


def test_one_bit_stays_one_bit(target: Path) -> None:
    """A black and white scan is not blown up: fax code for text, exact dots, at the scanner's own fineness."""
    content = pictures.scan("1", 300)
    found = made(target, content)
    entries, _ = image_in(target)
    assert (entries["/BitsPerComponent"], entries["/Width"]) == (1, 2480)
    assert found.size < len(content) * 1.1
    with Image.open(io.BytesIO(content)) as scanned:
        document = pypdfium2.PdfDocument(target)
        shown = next(document[0].get_objects()).get_bitmap().to_pil().convert("1")
        assert shown.tobytes() == scanned.convert("1").tobytes()
        document.close()


def test_black_and_white_in_any_form_is_one_bit(target: Path) -> None:
    """A scan saved as grey, colour or palette holds two tones all the same."""
    dots = Image.new("1", (400, 300), 1)
    dots.paste(0, (50, 50, 300, 120))
    for mode in ("L", "RGB", "P"):
        made(target, pictures.saved(dots.convert(mode), "PNG"))
        assert image_in(target)[0]["/BitsPerComponent"] == 1


def test_halftones_of_one_bit_are_not_made_larger(target: Path) -> None:
    """Where the fax code would swell, the dots are packed otherwise."""
    grain = pictures.quadrants((1200, 900)).convert("1")
    made(target, pictures.saved(grain, "TIFF"))
    entries, data = image_in(target)
    assert entries["/BitsPerComponent"] == 1
    assert len(data) <= 1200 * 900 / 8


def test_a_screenshot_stays_sharp(target: Path) -> None:
    """Few colours are kept exactly where that is not heavier than JPEG."""
    content = pictures.screenshot()
    made(target, content)
    entries, _ = image_in(target)
    assert entries["/Filter"] == "/FlateDecode"
    with Image.open(io.BytesIO(content)) as shot:
        document = pypdfium2.PdfDocument(target)
        shown = next(document[0].get_objects()).get_bitmap().to_pil().convert("RGB")
        assert shown.tobytes() == shot.convert("RGB").tobytes()
        document.close()


def test_many_heavy_pages_become_coarser_together(target: Path) -> None:
    """What would pass the limit is made coarser step by step, and refused where that is not enough."""
    content = pictures.photo(2400, 1800)
    usual = made(target, content)
    limit = usual.size * 6 // 10
    coarse = made(target, content, max_bytes=limit)
    assert coarse.size < limit
    entries, _ = image_in(target)
    assert entries["/Filter"] == "/DCTDecode"
    target.unlink()
    assert code_of(target, content, max_bytes=20_000) == "image_too_large"


def test_the_same_image_gives_the_same_bytes(target: Path) -> None:
    """In this process, in another, and under another name; another picture gives others."""
    contents = [pictures.upright(6, "JPEG"), pictures.screenshot(), pictures.scan("1", 100, 2), pictures.HEIC]
    hashes = [made(target, content).sha256 for content in contents]
    assert hashlib.sha256(target.read_bytes()).hexdigest() == hashes[-1]
    assert len(set(hashes)) == len(hashes)
    code = (
        "import sys; from pathlib import Path; from connector.images.convert import to_pdf;"
        "print(*[to_pdf(Path(name), Path(name + '.pdf')).sha256 for name in sys.argv[1:]])"
    )
    names = []
    for number, content in enumerate(contents):
        names.append(str(target.with_name(f"{number} other.jpg")))
        Path(names[-1]).write_bytes(content)
    root = Path(__file__).parents[2]
    again = subprocess.run(
        [sys.executable, "-c", code, *names], cwd=root, capture_output=True, text=True, check=True
    )
    assert again.stdout.split() == hashes


# --------------------------------------------------------------------------------------------------
# Several pictures in one file


def test_thumbnails_are_no_pages(target: Path) -> None:
    """A reduced copy of a page within a TIFF is not a second page."""
    assert made(target, pictures.with_thumbnail_page()).pages == 1


def test_an_animation_is_told(target: Path) -> None:
    """The first picture is sent, and its author hears of it; a camera's second eye is no loss."""
    found = made(target, pictures.animation(3))
    assert (found.pages, found.left_out) == (1, 2)
    (told,) = warnings_of(found, "photo.png")
    assert (told.code, dict(told.values)) == ("image_animated", {"document": "photo.png", "count": "3"})
    assert warnings_of(made(target, pictures.two_eyes())) == []


def test_two_hundred_pages_and_no_more(target: Path) -> None:
    """The last page allowed is read; one more is refused, however small."""
    dot = Image.new("1", (8, 8))
    allowed = pictures.saved(dot, "TIFF", save_all=True, append_images=[dot] * 199)
    assert made(target, allowed).pages == 200
    target.unlink()
    beyond = pictures.saved(dot, "TIFF", save_all=True, append_images=[dot] * 200)
    assert code_of(target, beyond) == "image_too_many_pages"


# --------------------------------------------------------------------------------------------------
# What is refused


REFUSED = [
    ("image_empty", b""),
    ("image_not_image", documents.letter(1)),
    ("image_not_image", documents.html()),
    ("image_not_image", documents.zipped()),
    ("image_not_image", bytes(4096)),
    ("image_not_image", pictures.saved(pictures.quadrants(), "GIF")),
    ("image_not_image", pictures.saved(pictures.quadrants(), "BMP")),
    ("image_not_image", pictures.HEIC.replace(b"ftypheic", b"ftypavif")),
    ("image_unreadable", pictures.upright(1, "JPEG")[:600]),
    ("image_unreadable", pictures.screenshot()[:-3000]),
    ("image_unreadable", pictures.screenshot()[:20]),
    ("image_unreadable", pictures.scan("1", 150, 2)[:-2000]),
    ("image_unreadable", pictures.HEIC[:-100]),
    ("image_unreadable", pictures.HEIC[:300] + bytes(400)),
    ("image_unreadable", b"II*\0" + struct.pack("<I", 1 << 30)),
]


@pytest.mark.parametrize(("code", "content"), REFUSED)
def test_what_is_refused(target: Path, code: str, content: bytes) -> None:
    """Torn, damaged, or something else under an image's name: one code each, and no PDF is left (scenario B1)."""
    assert code_of(target, content) == code


def test_a_wrong_ending_is_forgiven(target: Path) -> None:
    """What the bytes are decides, not the name: phones and messengers mix them up."""
    for kind, content in (("png", pictures.screenshot()), ("heic", pictures.HEIC)):
        source = target.with_name("photo.jpg")
        source.write_bytes(content)
        assert to_pdf(source, target).kind == kind


def test_a_missing_file_is_our_own_disk(target: Path) -> None:
    """A file that is not there says nothing about the author's image."""
    with pytest.raises(FileNotFoundError):
        to_pdf(target.with_name("absent.jpg"), target)
