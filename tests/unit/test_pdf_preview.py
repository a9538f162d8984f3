"""The preview, proven by looking: each box stands where its coordinates say, on every kind of page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from connector.errors import DocumentError
from connector.pdf.preview import Frame, preview
from tests import bombs, documents

LABEL = "APERÇU – rien n'est parti"
Area = tuple[int, int, int, int]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lettre.pdf"


def drawn(path: Path, content: bytes, frames: list[Frame], label: str = LABEL) -> Path:
    path.write_bytes(content)
    out = path.with_suffix(".apercu.pdf")
    preview(path, out, frames, label)
    return out


def seen(path: Path, page: int = 1, unit: float = 1.0) -> Image.Image:
    """The page as a person sees it, one pixel for each point."""
    document = pypdfium2.PdfDocument(path)
    try:
        sheet = document[page - 1]
        image: Image.Image = sheet.render(scale=unit).to_pil().convert("RGB")
        sheet.close()
        return image
    finally:
        document.close()


def area(image: Image.Image, strong: str) -> Area | None:
    """The rectangle around all pixels in which one colour is much stronger than the opposite one."""
    red, _green, blue = image.split()
    first, second = (blue, red) if strong == "blue" else (red, blue)
    difference = ImageChops.subtract(first, second)
    found: Area | None = difference.point(lambda value: 255 if value > 60 else 0).getbbox()
    return found


PAGES = [
    pytest.param(lambda: documents.letter(1), 1.0, id="plain"),
    pytest.param(documents.landscape, 1.0, id="landscape"),
    pytest.param(lambda: documents.turned(90), 1.0, id="90"),
    pytest.param(lambda: documents.turned(180), 1.0, id="180"),
    pytest.param(lambda: documents.turned(270), 1.0, id="270"),
    pytest.param(lambda: documents.turned(0, crop=(30, 40, 500, 800)), 1.0, id="crop"),
    pytest.param(lambda: documents.turned(90, crop=(30, 40, 500, 800)), 1.0, id="90 crop"),
    pytest.param(lambda: documents.turned(180, crop=(30, 40, 500, 800)), 1.0, id="180 crop"),
    pytest.param(lambda: documents.turned(270, crop=(30, 40, 500, 800)), 1.0, id="270 crop"),
    pytest.param(lambda: documents.turned(0, crop=(-50, -50, 9000, 700)), 1.0, id="crop beyond media"),
    pytest.param(lambda: documents.turned(90, crop=(30, 40, 500, 800), unit=2), 2.0, id="90 crop unit"),
    pytest.param(lambda: documents.resaved(documents.signed()), 1.0, id="with widgets"),
    pytest.param(lambda: documents.encrypted(user=""), 1.0, id="restricted"),
]


@pytest.mark.parametrize(("content", "unit"), PAGES)
def test_box_stands_where_it_says(path: Path, content: Callable[[], bytes], unit: float) -> None:
    """200 × 50 points at (120, 300) from the top left, as seen, name upright at its left."""
    out = drawn(path, content(), [(1, 120.0, 300.0, "Marie")])
    image = seen(out, unit=unit)
    found = area(image, "blue")
    assert found is not None
    assert found == pytest.approx((120, 300, 320, 350), abs=1.5)
    inside = image.crop((124, 304, 316, 346))
    name = area(inside, "blue")
    assert name is not None
    assert name[0] < 6
    assert name[2] < 60


@pytest.mark.parametrize(("content", "unit"), PAGES)
def test_banner_in_the_top_right_corner(path: Path, content: Callable[[], bytes], unit: float) -> None:
    """Every page says in its margin that nothing has left."""
    image = seen(drawn(path, content(), []), unit=unit)
    found = area(image, "red")
    assert found is not None
    left, top, right, bottom = found
    assert image.width - 12 < right <= image.width
    assert 0 <= top < bottom < 24
    assert left > image.width / 2


def test_every_page_and_each_box_on_its_own(path: Path) -> None:
    """Banner on all pages, boxes only where they belong, the text below untouched."""
    frames: list[Frame] = [(2, 50.0, 700.0, "Marie Dupont"), (4, 350.0, 700.0, "Hélène Œuvrard – Lefèvre")]
    out = drawn(path, documents.letter(), frames)
    images = [seen(out, page) for page in (1, 2, 3, 4)]
    assert all(area(image, "red") for image in images)
    assert [area(image, "blue") is not None for image in images] == [False, True, False, True]
    document = pypdfium2.PdfDocument(out)
    page = document[3]
    text = page.get_textpage()
    words = text.get_text_range()
    text.close()
    page.close()
    document.close()
    assert "Lettre de mission – page 4 sur 4" in words
    assert "Hélène Œuvrard – Lefèvre" in words
    assert LABEL in words


def test_long_name_stays_in_its_box(path: Path) -> None:
    """A long name is made smaller, never cut."""
    out = drawn(path, documents.blank(), [(1, 120.0, 300.0, "Anne-Marguerite de la Tour d'Auvergne " * 3)])
    assert area(seen(out), "blue") == pytest.approx((120, 300, 320, 350), abs=1.5)


def test_same_input_same_bytes(path: Path) -> None:
    """Nothing in a preview depends on when it was made."""
    frames: list[Frame] = [(1, 50.0, 700.0, "Marie")]
    one = drawn(path, documents.letter(), frames).read_bytes()
    assert drawn(path, documents.letter(), frames).read_bytes() == one
    assert drawn(path, documents.letter(), [(1, 51.0, 700.0, "Marie")]).read_bytes() != one
    assert b"/CreationDate" not in one


def test_input_is_not_touched(path: Path) -> None:
    """The document itself is only read."""
    drawn(path, documents.letter(), [])
    assert path.read_bytes() == documents.letter()


def test_damaged_document(path: Path) -> None:
    """What cannot be read cannot be shown: one clear error."""
    with pytest.raises(DocumentError, match="pdf_unreadable"):
        drawn(path, bombs.circular_pages(), [])
    with pytest.raises(DocumentError, match="pdf_encrypted"):
        drawn(path, documents.encrypted(), [])
