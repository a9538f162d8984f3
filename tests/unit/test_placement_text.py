"""Texts found on real pages (scenario B3): exact, whatever the PDF makes of them and however they are typed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from connector.errors import DocumentError
from connector.pdf import text as text_search
from connector.pdf.model import Found
from connector.pdf.text import MOST_HITS, find
from tests import documents
from tests.paper import KINDS, NAMES, Kind, document, font_of, written

Put = Callable[[bytes], Path]
A4 = KINDS[0]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(content: bytes) -> Path:
        path = tmp_path / "lettre.pdf"
        path.write_bytes(content)
        return path

    return write


def page(drawing: str, kind: Kind = A4) -> bytes:
    return document([kind], lambda _kind, _number: drawing)


def places(path: Path, text: str) -> list[Found]:
    found = find(path, [text])
    assert found is not None
    return found[text]


def wide(text: str, size: float = 12, font: str = "Helvetica") -> float:
    """How wide a text is written."""
    return float(stringWidth(text, font, size))


def ink(path: Path, number: int = 1, scale: float = 4.0, unit: float = 1.0) -> tuple[float, ...]:
    """Left, top, right and bottom of all that is seen on a page, in points, by looking."""
    pdf = pypdfium2.PdfDocument(path)
    try:
        sheet = pdf[number - 1]
        image = sheet.render(scale=scale * unit, grayscale=True).to_pil()
        sheet.close()
    finally:
        pdf.close()
    box = image.point(lambda grey: 255 if grey < 200 else 0).getbbox()
    assert box is not None
    return tuple(side / scale for side in box)


# --------------------------------------------------------------------------------------------------
# Where it is


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_box_of_a_text_is_its_ink(put: Put, kind: Kind) -> None:
    """B2, B3: rotated, cropped, enlarged or not, left, top and right are where pixels are; below is the line's foot."""
    path = put(page(written("Signature", 100, 200, 20), kind))
    (place,) = places(path, "Signature")
    left, top, right, bottom = ink(path, unit=kind.unit)
    assert (place.left, place.top, place.left + place.width) == pytest.approx((left, top, right), abs=0.5)
    # "g" goes below the baseline, and the foot of the line a little further.
    assert place.foot == pytest.approx(kind.size[1] - 200 + 5, abs=0.1)
    assert 0 <= place.foot - bottom < 1.5


def test_texts_on_one_line_stand_level(put: Put) -> None:
    """B3: two texts on one line are two; boxes under them stand at one height, whatever their letters."""
    path = put(page(written("Le client", 60, 200) + written("L'expert", 320, 200)))
    (left,), (right,) = places(path, "Le client"), places(path, "L'expert")
    assert (left.left, right.left) == pytest.approx((61, 321), abs=1)
    assert left.foot == pytest.approx(right.foot)
    assert left.alone
    assert right.alone


def test_tag_inside_a_sentence(put: Put) -> None:
    """B3: the box begins where the words do, not where their line does."""
    path = put(page(written("Lu et approuvé, [client] signe ici.", 100, 500)))
    (place,) = places(path, "[client]")
    assert place.left == pytest.approx(100 + wide("Lu et approuvé, "), abs=1)
    assert place.width == pytest.approx(wide("[client]"), abs=2)
    assert not place.alone
    assert place.likeness == 0


def test_tag_split_in_several_pieces(put: Put) -> None:
    """B3: letters shown one by one, moved and kerned, are one text."""
    pieces = "BT /F1 12 Tf 100 500 Td (Sig) Tj (na) Tj [(t) 30 (u) -60 (re )] TJ ET " + written(
        "du client", 154, 500
    )
    (place,) = places(put(page(pieces)), "Signature du client")
    assert (place.left, place.width) == pytest.approx((100.6, 97.5), abs=1)


def test_two_tags_on_one_line(put: Put) -> None:
    """B3: each has its own box, in the order they are read."""
    path = put(page(written("{{a}}   {{b}}   {{a}}", 100, 500)))
    assert [round(place.left) for place in places(path, "{{a}}")] == [101, 166]
    assert [round(place.left) for place in places(path, "{{b}}")] == [133]


def test_white_tag_of_one_point(put: Put) -> None:
    """B3: nobody sees it, and it is found."""
    (place,) = places(put(page(written("{{client}}", 100, 500, 1, grey=1))), "{{client}}")
    assert (place.left, place.top) == pytest.approx((100, 341), abs=0.5)
    assert place.height < 1.5


def test_absent_tag(put: Put) -> None:
    """B3: what is nowhere is nowhere; a text of which nothing remains to compare is nowhere, too."""
    path = put(documents.letter(1))
    assert places(path, "{{client}}") == []
    assert places(path, "- -") == []


def test_tag_on_page_seven_only(put: Put) -> None:
    """B3: no other page is taken for it."""
    content = document([A4] * 9, lambda _kind, number: written(f"page {number}", 80, 700))
    (place,) = places(put(content), "page 7")
    assert place.page == 7


def test_same_tag_twice_is_read_from_the_top(put: Put) -> None:
    """B3: order of reading is the eye's, not the file's."""
    content = written("ici", 300, 100) + written("ici", 300, 700) + written("ici", 100, 100.8)
    found = places(put(page(content)), "ici")
    assert [(round(place.left), round(place.foot)) for place in found] == [(301, 145), (101, 744), (301, 745)]


@pytest.mark.parametrize(
    "again", [written("Signature", 100.33, 500.2), "3 Tr " + written("Signature", 100.8, 499.5, 11.5)]
)
def test_printed_twice_counts_once(put: Put, again: str) -> None:
    """Bold made by printing again a third of a point aside, or the unseen layer of a scanner: one text."""
    assert len(places(put(page(written("Signature", 100, 500) + again)), "Signature")) == 1


def test_off_the_page_is_nowhere(put: Put) -> None:
    """What the CropBox hides cannot be signed under."""
    assert places(put(page(written("caché", 900, 500) + written("vu", 100, 500))), "caché") == []


def test_text_that_runs_upwards(put: Put) -> None:
    """A text along the margin is found whole; its box is its ink."""
    path = put(page("q 0 1 -1 0 50 300 cm " + written("Signature en marge", 0, 0) + " Q"))
    (place,) = places(path, "Signature en marge")
    left, top, right, bottom = ink(path)
    found = (place.left, place.top, place.left + place.width, place.foot)
    assert found == pytest.approx((left, top, right, bottom), abs=0.5)


# --------------------------------------------------------------------------------------------------
# However it is typed


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("L'expert-comptable", "L’expert-comptable"),
        ("L’expert-comptable", "L'expert-comptable"),
        ("L'expert-comptable", "L’expert–comptable"),
        ("L'expert comptable", "L’expert-comptable"),
        ("Signature du client :", "Signature du client\u00a0:"),
        ("Signature  du client", "Signature du client"),
        ('"Bon pour accord"', "«\u00a0Bon pour accord\u00a0»"),
        ("« Bon pour accord »", "“Bon pour accord”"),
        ("Gérant", "Ge\u0301rant"),
        ("Signé…", "Signé..."),
        ("10-20", "10\u221220"),
    ],
)
def test_typography_is_no_difference(put: Put, typed: str, shown: str) -> None:
    """Apostrophes, hyphens, quotes, no-break spaces and composed accents are as typed."""
    letters = list(dict.fromkeys(shown))
    codes = "".join(chr(65 + letters.index(letter)) for letter in shown)
    content = document([A4], lambda _kind, _number: written(codes, 100, 500, font="F2"), font_of(letters))
    (place,) = places(put(content), typed)
    assert place.likeness == 0
    assert place.left == pytest.approx(100, abs=2)


@pytest.mark.parametrize(
    ("typed", "letters", "codes"),
    [
        ("officiel", ["o", "ffi", "c", "i", "e", "l"], "ABCDEF"),
        ("officiel", ["o", "\ufb03", "c", "i", "e", "l"], "ABCDEF"),
        ("expert-comptable", ["expert", "\u2011", "comptable"], "ABC"),
        ("07 12", ["07", "\u202f", "12"], "ABC"),
        ("Gérant", ["G", "e", "\u0301", "rant"], "ABCD"),
        ("Hélène", ["H", "é", "l", "e", "\u0300", "ne"], "ABCDEF"),
        ("signé", ["s", "i", "g", "n", "e", "\u0301"], "ABCDEF"),
    ],
)
def test_letters_that_fonts_join(put: Put, typed: str, letters: list[str], codes: str) -> None:
    """Ligatures, hyphens and spaces of their own code points, accents apart from their letters: what Word makes."""
    content = document([A4], lambda _kind, _number: written(codes, 100, 500, 30, font="F2"), font_of(letters))
    (place,) = places(put(content), typed)
    assert place.likeness == 0
    assert place.left == pytest.approx(101, abs=2)


@pytest.mark.parametrize("before", [["\U0001f58a", "\U0001d400"], ["\x00", "\x00"]])
def test_letters_that_count_twice_or_not_at_all(put: Put, before: list[str]) -> None:
    """A letter of two UTF-16 units, or a code without any letter, does not shift the places of what follows."""
    content = document(
        [A4], lambda _kind, _number: written("ABCD", 100, 500, font="F2"), font_of([*before, "ici", "."])
    )
    (place,) = places(put(content), "ici")
    assert place.left == pytest.approx(100 + wide("AB"), abs=1)


def test_embedded_font(put: Put) -> None:
    """An embedded subset font, its codes not those of the letters, gives the same places."""
    registerFont(TTFont("Vera", "Vera.ttf"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=documents.A4, invariant=1)
    canvas.setFont("Vera", 14)
    canvas.drawString(100, 400, "Ici, l’œuvre signée par Łukasz")
    canvas.save()
    path = put(out.getvalue())
    (place,) = places(path, "l'œuvre signée")
    assert place.left == pytest.approx(100 + wide("Ici, ", 14, "Vera"), abs=1.5)
    assert [one.likeness for one in places(path, "Łukasz")] == [0]


def test_capitals_and_accents_are_told_apart(put: Put) -> None:
    """As typed, then but for capitals, then but for accents; whoever types no capital minds none."""
    words = ("Gérant", "GÉRANT", "GERANT", "gérante")
    path = put(page(" ".join(written(word, 100, 700 - 50 * row) for row, word in enumerate(words))))
    assert [place.likeness for place in places(path, "Gérant")] == [0, 1, 2, 4]
    assert [place.likeness for place in places(path, "gérant")] == [0, 0, 2, 3]


def test_label_and_mention(put: Put) -> None:
    """A label has nothing beside it but white, dots or a colon; a mention stands in a sentence."""
    drawing = (
        written("Le client", 80, 700)
        + written("L'associé", 350, 700)
        + written("Le client : ..............", 80, 600)
        + written("Signé par : Le client", 80, 500)
        + written("Le client (bon pour accord)", 80, 400)
    )
    assert [place.alone for place in places(put(page(drawing)), "Le client")] == [True, True, False, False]


def test_text_broken_over_two_lines(put: Put) -> None:
    """Left edge of its first line, foot of its last; a hyphen at the line's end is as none."""
    drawing = written("bla bla Signature du", 100, 500) + written("repré-", 100, 484)
    path = put(page(drawing + written("sentant du client", 100, 468)))
    (place,) = places(path, "Signature du représentant")
    assert place.left == pytest.approx(138, abs=2)
    assert place.foot == pytest.approx(A4.size[1] - 468 + 3, abs=0.2)


def test_two_ends_of_a_page_are_no_text(put: Put) -> None:
    """The last word of one block and the first of another far below are not read as one."""
    path = put(page(written("Signature", 100, 700) + written("client", 100, 300)))
    assert places(path, "Signature client") == []


# --------------------------------------------------------------------------------------------------
# Bounds


def test_no_text_at_all(put: Put) -> None:
    """A scan or a blank page is told from a text that is absent."""
    assert find(put(documents.blank(3)), ["Signature"]) is None
    assert find(put(page("0 g 100 100 200 200 re f")), ["Signature"]) is None


def test_too_frequent_a_text_is_cut_off(put: Put) -> None:
    """One more than the limit is returned, so that it can be said; no more work is done."""
    many = " ".join(written("e " * 60, 20, 20 + 15 * row, 10) for row in range(50))
    assert len(places(put(page(many)), "e")) == MOST_HITS + 1


def test_too_much_text_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of characters is bounded over the whole document."""
    path = put(documents.letter(3))
    monkeypatch.setattr(text_search, "MOST_TEXT", 4_000)
    with pytest.raises(DocumentError, match="pdf_too_slow"):
        find(path, ["nulle part"])


def test_last_page_is_enough_where_nobody_counts(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label on the last page: no other page is read. A mention, or one who counts: all are."""
    content = document(
        [A4] * 5,
        lambda _kind, number: written("Signature", 80, 700) + written(f"dit {number}", 80, 300),
    )
    path = put(content)
    read: list[int] = []
    original = text_search._Page.__init__

    def counted(self, sheet, text, number) -> None:  # type: ignore[no-untyped-def]
        read.append(number)
        original(self, sheet, text, number)

    monkeypatch.setattr(text_search._Page, "__init__", counted)
    found = find(path, ["Signature"], ["Signature"])
    assert read == [5]
    assert found is not None
    assert [place.page for place in found["Signature"]] == [5]
    read.clear()
    assert find(path, ["Signature", "dit"], ["dit"]) is not None
    assert read == [5, 4, 3, 2, 1]
    read.clear()
    find(path, ["dit"], ["dit"])
    assert read == [5, 4, 3, 2, 1]
