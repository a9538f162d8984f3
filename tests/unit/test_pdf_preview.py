"""The preview, proven by looking: each box stands where its coordinates say, on every kind of page."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from connector.errors import DocumentError
from connector.pdf.preview import Frame, PreviewPart, preview
from tests import bombs, documents
from tests.paper import KINDS, document

LABEL = "APERÇU – rien n'est parti"
Area = tuple[int, int, int, int]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lettre.pdf"


def box(page: int, x: float, y: float, name: str) -> Frame:
    return Frame(page, x, y, 200.0, 50.0, name)


def drawn(path: Path, content: bytes, frames: list[Frame], label: str = LABEL) -> Path:
    path.write_bytes(content)
    out = path.with_suffix(".apercu.pdf")
    preview([PreviewPart(path, path.name, frames)], out, label)
    return out


def words(path: Path, page: int) -> str:
    """The text of a page."""
    document = pypdfium2.PdfDocument(path)
    try:
        sheet = document[page - 1]
        text = sheet.get_textpage()
        found: str = text.get_text_range()
        text.close()
        sheet.close()
        return found
    finally:
        document.close()


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


def without_sense() -> bytes:
    """A page whose CropBox leads nowhere."""
    import pypdf
    from pypdf.generic import NameObject, NullObject

    writer = pypdf.PdfWriter(io.BytesIO(documents.letter(1)))
    writer.pages[0][NameObject("/CropBox")] = NullObject()
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


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
    pytest.param(without_sense, 1.0, id="crop that is none"),
    pytest.param(lambda: documents.resaved(documents.signed()), 1.0, id="with widgets"),
    pytest.param(lambda: documents.encrypted(user=""), 1.0, id="restricted"),
]


@pytest.mark.parametrize(("content", "unit"), PAGES)
def test_box_stands_where_it_says(path: Path, content: Callable[[], bytes], unit: float) -> None:
    """200 × 50 points at (120, 300) from the top left, as seen, name upright at its left."""
    out = drawn(path, content(), [box(1, 120.0, 300.0, "Marie")])
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
    frames = [box(2, 50.0, 700.0, "Marie Dupont"), box(4, 350.0, 700.0, "Hélène Œuvrard – Lefèvre")]
    out = drawn(path, documents.letter(), frames)
    images = [seen(out, page) for page in (1, 2, 3, 4)]
    assert all(area(image, "red") for image in images)
    assert [area(image, "blue") is not None for image in images] == [False, True, False, True]
    text = words(out, 4)
    assert "Lettre de mission – page 4 sur 4" in text
    assert "Hélène Œuvrard – Lefèvre" in text
    assert LABEL in text


def test_long_name_stays_in_its_box(path: Path) -> None:
    """A long name is made smaller, never cut."""
    out = drawn(path, documents.blank(), [box(1, 120.0, 300.0, "Anne-Marguerite de la Tour d'Auvergne " * 3)])
    assert area(seen(out), "blue") == pytest.approx((120, 300, 320, 350), abs=1.5)


def test_same_input_same_bytes(path: Path) -> None:
    """Nothing in a preview depends on when it was made."""
    frames = [box(1, 50.0, 700.0, "Łukasz")]
    one = drawn(path, documents.letter(), frames).read_bytes()
    assert drawn(path, documents.letter(), frames).read_bytes() == one
    assert drawn(path, documents.letter(), [box(1, 51.0, 700.0, "Łukasz")]).read_bytes() != one
    assert b"/CreationDate" not in one


def test_box_of_another_size(path: Path) -> None:
    """Where the contract scales a page, the box is drawn as large as it will be."""
    out = drawn(path, documents.blank(), [Frame(1, 60.0, 300.0, 283.0, 71.0, "Marie")])
    assert area(seen(out), "blue") == pytest.approx((60, 300, 343, 371), abs=1.5)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Łukasz Čapek", "Łukasz Čapek"),
        ("Đorđe Şahin", "Ðorđe Şahin"),
        ("Erdo\u030bs Ștefan Nguyễn", "Erdos Stefan Nguyên"),
        ("Ďurica", "Durica"),
        ("Дмитрий", "???????"),
        ("He\u0301le\u0300ne", "Hélène"),
    ],
)
def test_names_beyond_latin_1(path: Path, name: str, shown: str) -> None:
    """Names of Europe are written as they are; a letter that the fonts lack loses its accent first."""
    out = drawn(path, documents.blank(), [box(1, 120.0, 300.0, name)])
    assert shown in words(out, 1)
    inside = area(seen(out).crop((124, 304, 316, 346)), "blue")
    assert inside is not None
    assert inside[0] < 6


def test_no_letter_is_an_empty_box(path: Path) -> None:
    """What stands for a letter is a letter: « Đ » is not the little square that fonts show for what they lack."""
    letters = [
        seen(drawn(path, documents.blank(), [box(1, 120.0, 300.0, f"{letter}ł")])).crop((124, 304, 150, 346))
        for letter in "ĐÐ"
    ]
    assert ImageChops.difference(*letters).getbbox() is None


def test_several_documents(path: Path, tmp_path: Path) -> None:
    """One after the other, each page with the name of its document, boxes on the pages of theirs."""
    annex, out = tmp_path / "Annexe.pdf", tmp_path / "Bilan.apercu.pdf"
    path.write_bytes(documents.letter(3))
    annex.write_bytes(documents.turned(90, crop=(30, 40, 500, 800)))
    parts = [
        PreviewPart(path, "Bilan MARTIN.pdf", [box(2, 120.0, 300.0, "Marie")]),
        PreviewPart(annex, "Annexe n° 1 – Đorđe.pdf", [box(1, 50.0, 60.0, "Paul")]),
        PreviewPart(path, "Lettre.pdf", [box(3, 120.0, 300.0, "Marie"), box(3, 120.0, 400.0, "Paul")]),
    ]
    preview(parts, out, LABEL)
    images = [seen(out, page) for page in range(1, 8)]
    found = [area(image, "blue") for image in images]
    assert [one is not None for one in found] == [False, True, False, True, False, False, True]
    assert found[3] == pytest.approx((50, 60, 250, 110), abs=1.5)
    assert found[6] == pytest.approx((120, 300, 320, 450), abs=1.5)
    assert f"{LABEL} – Bilan MARTIN.pdf" in words(out, 1)
    assert f"{LABEL} – Annexe n° 1 – Ðorđe.pdf" in words(out, 4)
    assert f"{LABEL} – Lettre.pdf" in words(out, 7)
    assert "Lettre de mission – page 3 sur 3" in words(out, 7)
    first = out.read_bytes()
    preview(parts, out, LABEL)
    assert out.read_bytes() == first


def test_one_document_needs_no_name(path: Path) -> None:
    """The banner names documents only to tell them apart."""
    assert path.name not in words(drawn(path, documents.letter(1), []), 1)


def test_long_name_of_a_document(tmp_path: Path) -> None:
    """A banner of 250 characters stays on the page and can be read: its middle goes."""
    path, out = tmp_path / "a.pdf", tmp_path / "b.pdf"
    path.write_bytes(documents.blank())
    name = "Annexe " + "très longue " * 20 + "fin.pdf"
    preview([PreviewPart(path, name, []), PreviewPart(path, "b.pdf", [])], out, LABEL)
    found = area(seen(out), "red")
    assert found is not None
    assert found[0] >= 7
    assert found[3] - found[1] >= 5
    text = words(out, 1)
    assert text.startswith(f"{LABEL} – Annexe")
    assert text.strip().endswith("fin.pdf")
    assert "…" in text


def test_content_that_does_not_restore_what_it_changed(path: Path) -> None:
    """A page that leaves its own scale behind, or restores more than it saved, moves neither box nor banner."""
    for content in (
        "0.5 0 0 0.5 100 100 cm q 3 0 0 3 7 7 cm",
        "Q Q 0.5 0 0 0.5 100 100 cm",
        "0 0 10 10 re W n",
    ):
        found = area(
            seen(
                drawn(
                    path,
                    document([KINDS[0]], lambda _kind, _number, c=content: c),
                    [box(1, 120, 300, "Marie")],
                )
            ),
            "blue",
        )
        assert found == pytest.approx((120, 300, 320, 350), abs=1.5)


def layered(default: bytes) -> bytes:
    """A page with a red layer (object 5) at the left, a blue one (object 6) at the right, shown as told."""
    content = b"/OC /A BDC 1 0 0 rg 50 300 100 100 re f EMC /OC /B BDC 0 0 1 rg 350 300 100 100 re f EMC"
    return documents.assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[5 0 R 6 0 R]/D<<%s>>>>>>" % default,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            documents.PAGE % b"/Contents 4 0 R/Resources<</Properties<</A 5 0 R/B 6 0 R>>>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            b"<</Type/OCG/Name(A)>>",
            b"<</Type/OCG/Name(B)>>",
        ]
    )


def test_hidden_layers_stay_hidden(tmp_path: Path) -> None:
    """Layers that the document does not show are not shown by its preview, each document's its own."""
    shown = {b"/OFF[5 0 R]": "blue", b"/BaseState/OFF/ON[5 0 R]": "red", b"/ON[6 0 R]": "both"}
    parts = []
    for number, default in enumerate(shown):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(layered(default))
        parts.append(PreviewPart(path, path.name, []))
    out = tmp_path / "apercu.pdf"
    preview(parts, out, " ")
    for page, wanted in enumerate(shown.values(), start=1):
        # Below the banner, which is red.
        image = seen(out, page).crop((0, 50, 595, 842))
        found = {colour for colour in ("red", "blue") if area(image, colour)}
        assert found == ({"red", "blue"} if wanted == "both" else {wanted})


def test_pages_that_share_their_content(path: Path) -> None:
    """A stream that two pages show is not lost to the second when the first is drawn upon."""
    import pypdf
    from pypdf.generic import ArrayObject, NameObject

    writer = pypdf.PdfWriter(io.BytesIO(documents.letter(2)))
    both = writer.pages[0].raw_get("/Contents")
    writer.pages[1][NameObject("/Contents")] = ArrayObject([both])
    made = io.BytesIO()
    writer.write(made)
    out = drawn(path, made.getvalue(), [])
    assert "page 1 sur 2" in words(out, 1)
    assert "page 1 sur 2" in words(out, 2)


def test_preview_is_hardly_larger_than_its_document(path: Path) -> None:
    """Nothing of the document is written twice, nor the banner for each page."""
    content = documents.letter(60, full=True)
    assert drawn(path, content, [box(60, 50, 700, "Marie")]).stat().st_size < 1.2 * len(content) + 60 * 500


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


@pytest.mark.parametrize(
    "catalog", [b"/Names 9 0 R", b"/Dests 9 0 R", b"/Names<</Dests 9 0 R/JavaScript 9 0 R>>"]
)
def test_names_that_are_not_there_keep_nothing_from_being_shown(path: Path, catalog: bytes) -> None:
    """A reference to an object that is missing means null, and viewers show such a letter as any other."""
    assert LABEL in words(drawn(path, bombs.one_page(b"", catalog=catalog), []), 1)


@pytest.mark.parametrize(
    "annotations",
    [b"9 0 R", b"null", b"<</Type/Annot/Subtype/Link/Rect[1 1 9 9]/A 9 0 R>>"],
    ids=["missing", "null", "a link to nothing"],
)
def test_annotations_that_are_not_there_keep_nothing_from_being_shown(path: Path, annotations: bytes) -> None:
    """Programs that take remarks or links out of a document leave their places in the page's list behind."""
    page = b"/Annots[%b]" % annotations
    assert LABEL in words(drawn(path, bombs.one_page(page), []), 1)
