"""What an image weighs as a PDF and what it tells, several pictures in one file, and which files are refused."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from connector.errors import DocumentError
from connector.images import jpeg
from connector.images.convert import ImageFacts, to_pdf, warnings_of
from connector.pdf.facts import facts, problems_of
from tests import documents, image_bombs, pictures


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


def image_in(target: Path, number: int = 0) -> tuple[Any, bytes]:
    """The image XObject of a page, and its bytes as they stand in the file."""
    import pypdf

    with pypdf.PdfReader(target) as reader:
        entries = reader.pages[number]["/Resources"]["/XObject"]["/P"].get_object()  # type: ignore[index]
        return dict(entries), bytes(entries._data)


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
    plain = pictures.saved(pictures.quadrants(), "JPEG")
    thumbnail = b"\xff\xe0\x00\x1cJFIF\x00\x01\x01\x00\x00\x01\x00\x01\x04\x01secret small"
    contents = {
        "JPEG": [
            pictures.photo(),
            plain[:2] + thumbnail + plain[20:],
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


def test_a_jpeg_that_needs_its_oddities_is_made_anew(target: Path) -> None:
    """Where the picture would look otherwise without what is taken out, it is not taken over."""
    content = pictures.saved(pictures.quadrants(), "JPEG", keep_rgb=True, quality=95)
    # Components called 1, 2, 3 are RGB only because an Adobe segment says so, which here is longer than Adobe's.
    for name, number in zip(b"RGB", (1, 2, 3), strict=True):
        content = content.replace(bytes([name, 0x11]), bytes([number, 0x11])).replace(
            bytes([name, 0x00]), bytes([number, 0x00])
        )
    at = content.index(b"\xff\xee")
    odd = content[: at + 2] + b"\x00\x0f" + content[at + 4 : at + 16] + b"\x00" + content[at + 16 :]
    left = jpeg.stripped(odd)
    assert left is not None
    made(target, odd)
    assert image_in(target)[1] != left
    with Image.open(io.BytesIO(odd)) as seen, Image.open(io.BytesIO(image_in(target)[1])) as kept:
        assert abs(seen.getpixel((10, 10))[0] - kept.getpixel((10, 10))[0]) < 12  # type: ignore[index,operator]


def test_a_jpeg_refined_without_end_is_refused(target: Path) -> None:
    """By its number of scans, before any is decoded."""
    assert code_of(target, image_bombs.many_scans(150)) == "image_too_large"
    # Read as a segment, the restart leads to an end; read as the bare mark that it is, to all that follows.
    hidden = b"\xff\xd0\x00\x06\xff\xe1\x00\x04\xff\xd9"
    bomb = image_bombs.many_scans(150)
    assert code_of(target, bomb[:2] + hidden + bomb[2:]) == "image_too_large"
    # A decoder that waits for a restart looks for the next marker within what a reserved one's length would cover: it
    # finds a comment there, which covers the end.
    scan = bomb.index(b"\xff\xda")
    data = scan + 2 + int.from_bytes(bomb[scan + 2 : scan + 4], "big")
    covered = b"\xff\x02\x00\x06\xff\xfe\x00\x04\xff\xd9"
    hiding = b"\xff\xdd\x00\x04\x00\x01" + bomb[scan:data] + covered + bomb[data:]
    assert code_of(target, bomb[:scan] + hiding) == "image_too_large"


def test_a_motion_photo_is_a_photo(target: Path) -> None:
    """The film that follows its end has, by chance, the mark of a scan each 64 KB: it is none of the picture's."""
    photo = pictures.photo(1200, 900)
    film = b"\x00\x00\x00\x18ftypmp42" + random.Random(1).randbytes(60_000) + b"\xff\xda" * 150
    assert made(target, photo + film) == made(target, photo)


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
