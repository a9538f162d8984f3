"""Free room on real pages: bare paper only, whatever the page."""

from __future__ import annotations

import itertools
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw
from pypdf import PdfWriter
from pypdf.generic import FloatObject, NameObject
from reportlab.pdfgen.canvas import Canvas

from connector.pdf.facts import facts
from connector.pdf.room import BOX_HEIGHT, BOX_WIDTH, GAP, MARGIN, Spot, free_boxes
from tests import documents


def inked(path: Path, page: int, spot: Spot, unit: float = 1.0) -> bool:
    """True when anything is seen within the box, four pixels for each point."""
    document = pypdfium2.PdfDocument(path)
    sheet = document[page - 1]
    image = sheet.render(scale=2 * unit, grayscale=True).to_pil()
    sheet.close()
    document.close()
    x, y = spot
    box = (
        round(2 * x) + 1,
        round(2 * y) + 1,
        round(2 * (x + BOX_WIDTH)) - 1,
        round(2 * (y + BOX_HEIGHT)) - 1,
    )
    low, _high = image.crop(box).getextrema()
    return bool(low < 250)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize(
    ("content", "unit"),
    [
        (documents.letter(1), 1.0),
        (documents.landscape(), 1.0),
        (documents.turned(90), 1.0),
        (documents.turned(180, crop=(20, 20, 560, 800)), 1.0),
        (documents.turned(270), 1.0),
        (documents.turned(90, crop=(30, 40, 500, 800), unit=2), 2.0),
    ],
    ids=["plain", "landscape", "90", "180 crop", "270", "unit"],
)
def test_free_boxes_are_bare(tmp_path: Path, content: bytes, unit: float, count: int) -> None:
    """Boxes found are within the margins, on bare paper, apart from each other, in reading order."""
    path = tmp_path / "lettre.pdf"
    path.write_bytes(content)
    (page,) = facts(path).pages
    spots = free_boxes(path, 1, count)
    if not spots and count > 3:
        return
    assert len(spots) == count
    for x, y in spots:
        assert MARGIN - 0.1 <= x <= page.width - MARGIN - BOX_WIDTH + 0.1
        assert MARGIN - 0.1 <= y <= page.height - MARGIN - BOX_HEIGHT + 0.1
        assert not inked(path, 1, (x, y), unit)
    for one, other in itertools.combinations(spots, 2):
        assert abs(one[0] - other[0]) >= BOX_WIDTH + GAP or abs(one[1] - other[1]) >= BOX_HEIGHT + GAP
    assert spots == sorted(spots, key=lambda spot: (spot[1], spot[0]))


def test_two_on_an_ordinary_letter(tmp_path: Path) -> None:
    """The client at the left, the partner at the right, on one line near the foot of the page."""
    path = tmp_path / "lettre.pdf"
    path.write_bytes(documents.letter())
    (left, first), (right, second) = free_boxes(path, 4, 2)
    assert first == second > 700
    assert left + BOX_WIDTH + GAP <= right


def test_a_hairline_and_a_pale_mark_are_ink(tmp_path: Path) -> None:
    """The thinnest line and the palest grey that anybody sees count as ink."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=documents.A4, invariant=1)
    canvas.setLineWidth(0.1)
    for row in range(20):
        canvas.setStrokeGray(0.9 if row % 2 else 0)
        canvas.line(0, row * 45, 600, row * 45)
    canvas.save()
    path = tmp_path / "lignes.pdf"
    path.write_bytes(out.getvalue())
    assert free_boxes(path, 1, 1) == []


def test_full_page_has_no_room(tmp_path: Path) -> None:
    """A page printed to its edges gives nothing rather than an overlap."""
    path = tmp_path / "plein.pdf"
    path.write_bytes(documents.letter(1, full=True))
    assert free_boxes(path, 1, 1) == []


def test_taken_places_are_left_alone(tmp_path: Path) -> None:
    """Places given to others are as good as ink."""
    path = tmp_path / "blanc.pdf"
    path.write_bytes(documents.blank())
    (first,) = free_boxes(path, 1, 1)
    (second,) = free_boxes(path, 1, 1, [first])
    assert second != first
    assert abs(second[0] - first[0]) >= BOX_WIDTH + GAP or abs(second[1] - first[1]) >= BOX_HEIGHT + GAP


def test_page_too_small_for_any_box(tmp_path: Path) -> None:
    """A page smaller than a box has no room, and no error."""
    path = tmp_path / "petit.pdf"
    path.write_bytes(documents.blank(size=(150, 40)))
    assert free_boxes(path, 1, 1) == []


def test_the_largest_page_that_a_file_can_claim(tmp_path: Path) -> None:
    """A page of kilometres (UserUnit) is looked through by its pixels: by points it took a worker's whole time."""
    path = tmp_path / "immense.pdf"
    for lines, room in ((0, 1), (2, 1), (1_600, 0)):
        out = BytesIO()
        canvas = Canvas(out, pagesize=(14_400, 14_400), invariant=1)
        for line in range(lines):
            canvas.line(0, line * 9, 14_400, line * 9)
        canvas.showPage()
        canvas.save()
        writer = PdfWriter(clone_from=out)
        writer.pages[0][NameObject("/UserUnit")] = FloatObject(75)
        with path.open("wb") as file:
            writer.write(file)
        assert len(free_boxes(path, 1, 1)) == room, lines


def test_boxes_of_another_size(tmp_path: Path) -> None:
    """Where the contract scales the page, room is looked for in the size that will be seen."""
    path = tmp_path / "lettre.pdf"
    path.write_bytes(documents.letter(1))
    size = (283.0, 71.0)
    (one,) = free_boxes(path, 1, 1, size=size)
    (other,) = free_boxes(path, 1, 1, [one], size)
    assert one[0] + size[0] <= 595.28 - MARGIN + 0.1
    assert one[1] + size[1] <= 841.89 - MARGIN + 0.1
    assert abs(one[0] - other[0]) >= size[0] + GAP or abs(one[1] - other[1]) >= size[1] + GAP


def scanned(tone: int, grain: float, *, label: bool = False) -> bytes:
    """A letter as an office's machine scans it: paper of this tone and grain, lines of text, a line to sign on.

    ``label``: a blank one is stuck on its head, a thirteenth of the page, as white as can be.
    """
    paper = Image.effect_noise((1654, 2339), grain).point(lambda p: max(0, min(255, p - 128 + tone)))
    draw = ImageDraw.Draw(paper)
    for row in range(40):
        draw.text((160, 160 + row * 40), documents.PARAGRAPH.encode("ascii", "replace").decode(), fill=60)
    # A pencil's line right across, where a box would stand on a page without it.
    draw.line((100, 2150, 1554, 2150), fill=tone - 60, width=3)
    if label:
        draw.rectangle((100, 160, 900, 530), fill=255)
    out = BytesIO()
    paper.save(out, "PDF", resolution=200, quality=75)
    return out.getvalue()


@pytest.mark.parametrize(
    ("tone", "grain"), [(252, 4), (246, 8), (235, 6), (220, 6)], ids=["white", "warm", "grey", "recycled"]
)
def test_the_paper_of_a_scan_is_no_ink(tmp_path: Path, tone: int, grain: float) -> None:
    """What a machine scans is never quite white: there is room on its paper, and none on what is written."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(scanned(tone, grain))
    (box,) = free_boxes(path, 1, 1)
    top, foot = (at / 200 * 72 for at in (160 + 39 * 40 + 12, 2149))
    assert box[1] + BOX_HEIGHT <= foot or box[1] >= foot
    assert box[1] >= top


def test_a_blank_label_on_a_scan_is_not_its_paper(tmp_path: Path) -> None:
    """Hardly anything is white there: the paper is what most of the page shows."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(scanned(235, 6, label=True))
    (box,) = free_boxes(path, 1, 1)
    assert box[1] >= (160 + 39 * 40 + 12) / 200 * 72


def tinted(*, white: bool = False) -> bytes:
    """A page whose ground is drawn in pale grey; ``white``: but for a white panel in the top half."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=documents.A4, invariant=1)
    canvas.setFillGray(0.9)
    canvas.rect(0, 0, 596, 842, stroke=0, fill=1)
    if white:
        canvas.setFillGray(1)
        canvas.rect(40, 500, 500, 300, stroke=0, fill=1)
    canvas.setFillGray(0.87)
    for row in range(16):
        canvas.rect(0, row * 30, 596, 3, stroke=0, fill=1)
    canvas.save()
    return out.getvalue()


def test_a_pale_mark_on_a_tinted_page_is_ink(tmp_path: Path) -> None:
    """A ground of one tone is paper, and what stands on it in nearly that tone is none."""
    path = tmp_path / "teinte.pdf"
    path.write_bytes(tinted())
    (box,) = free_boxes(path, 1, 1)
    assert box[1] + BOX_HEIGHT <= 842 - 15 * 30 - 3


def test_a_shaded_panel_is_ink_where_the_paper_is_white(tmp_path: Path) -> None:
    """However much of a page is shaded: where it is white, people sign on the white."""
    path = tmp_path / "encadre.pdf"
    path.write_bytes(tinted(white=True))
    (box,) = free_boxes(path, 1, 1)
    assert box[1] >= 42
    assert box[1] + BOX_HEIGHT <= 342


def test_a_sky_in_a_picture_is_no_paper(tmp_path: Path) -> None:
    """A page that is a picture all over has no paper, though one pale tone is its commonest."""
    picture = Image.effect_noise((827, 1169), 90)
    picture.paste(230, (0, 0, 827, 400))
    out = BytesIO()
    picture.save(out, "PDF", resolution=100, quality=95)
    path = tmp_path / "photo.pdf"
    path.write_bytes(out.getvalue())
    assert free_boxes(path, 1, 1) == []
