"""Where each signatory signs: as written, else on bare paper, never one upon another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2
import pytest

from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool
from connector.pdf.facts import facts
from connector.pdf.model import PageSize, PdfFacts
from connector.pdf.room import BOX_HEIGHT, BOX_WIDTH, GAP, MARGIN, Spot, free_boxes
from connector.placement import overlap, place
from connector.sidecar.model import Corner, Length, Placement, Signatory
from tests import documents

A4 = PdfFacts(size=1, pages=(PageSize(width=595.28, height=841.89),) * 4)


def no_room(page: int, count: int, taken: Sequence[Spot]) -> Sequence[Spot]:
    return []


def points(value: float) -> Length:
    return Length(value=value, unit="pt")


def person(name: str, *placements: Placement) -> Signatory:
    return Signatory(name=name, email=f"{name.lower()}@example.fr", placements=placements, line=3)


def at(x: float, y: float, page: int | None = None, line: int | None = 7) -> Placement:
    return Placement(x=points(x), y=points(y), page=page, line=line)


def test_written_places() -> None:
    """Page and coordinates as written; a share of the page is a share of that page; default is the last page."""
    half = Placement(x=Length(value=50, unit="%"), y=Length(value=10, unit="%"), page=-1)
    placed = place(A4, [person("Marie", at(50, 60, 2)), person("Claire", half, at(10, 20))], no_room)
    assert placed.problems == []
    assert [(box.signatory, box.page, box.x, box.y) for box in placed.boxes] == [
        (1, 2, 50, 60),
        (2, 4, 297.64, 84.19),
        (2, 4, 10, 20),
    ]
    assert {(box.page_width, box.page_height) for box in placed.boxes} == {(595.28, 841.89)}
    assert [box.y for box in placed.of(2)] == [84.19, 20]


def test_corners() -> None:
    """A corner is 15 mm inside the page."""
    wish = [person(corner.name, Placement(corner=corner, page=1)) for corner in Corner]
    placed = place(A4, wish, no_room)
    right, bottom = 595.28 - MARGIN - 200, 841.89 - MARGIN - 50
    expected = [(MARGIN, MARGIN), (right, MARGIN), (MARGIN, bottom), (right, bottom)]
    assert [(box.x, box.y) for box in placed.boxes] == [pytest.approx(spot, abs=0.01) for spot in expected]


@pytest.mark.parametrize(
    ("placement", "code", "values"),
    [
        (at(10, 10, 5), "placement_page", {"page": "5", "pages": "4"}),
        (at(396, 10, 1), "placement_outside", {"who": "Marie", "page": "1"}),
        (at(10, 793, 1), "placement_outside", {"who": "Marie", "page": "1"}),
        (at(-1, 10, 1), "placement_outside", {"who": "Marie", "page": "1"}),
        (Placement(x=points(1), line=7), "key_needs", {"key": "x", "needs": "y"}),
        (Placement(y=points(1), line=7), "key_needs", {"key": "y", "needs": "x"}),
        (Placement(near="Signature", line=7), "not_yet", {"key": "près de"}),
        (Placement(page=2, line=7), "placement_no_room", {"who": "Marie", "page": "2"}),
    ],
)
def test_problems(placement: Placement, code: str, values: dict[str, str]) -> None:
    """What cannot be placed is said, with the line to blame, and nothing is placed by half."""
    placed = place(A4, [person("Marie", placement), person("Claire", at(50, 60, 3))], no_room)
    assert [(one.code, one.values, one.line) for one in placed.problems] == [(code, values, 7)]
    assert placed.boxes == []


def test_the_edge_of_the_page_is_inside() -> None:
    """The last possible place is allowed, and half a point more, because 595.28 is called 595."""
    assert place(A4, [person("Marie", at(395.28, 791.89, 1))], no_room).problems == []
    assert place(A4, [person("Marie", at(395.7, 792.3, 1))], no_room).problems == []


def test_overlaps_are_named() -> None:
    """Two written boxes that share surface are one problem; boxes that only touch are none."""
    placed = place(A4, [person("Marie", at(50, 60)), person("Claire", at(100, 100))], no_room)
    assert [(one.code, one.values) for one in placed.problems] == [
        ("placement_overlap", {"who": "Claire", "other": "Marie", "page": "4"})
    ]
    assert place(A4, [person("Marie", at(50, 60)), person("Claire", at(50, 110))], no_room).problems == []
    assert (
        place(A4, [person("Marie", at(50, 60, 1)), person("Claire", at(50, 60, 2))], no_room).problems == []
    )


def test_every_problem_at_once() -> None:
    """One reading of the document tells all that is wrong."""
    people = [person("Marie", at(10, 10, 9)), person("Claire", at(900, 10)), person("Paul", at(10, 10))]
    placed = place(A4, people, no_room)
    assert [one.code for one in placed.problems] == ["placement_page", "placement_outside"]


def test_free_room_is_asked_around_written_boxes() -> None:
    """Room is asked once for a page, for all who wrote no place, with the written boxes as taken."""
    asked: list[tuple[int, int, list[Spot]]] = []

    def room(page: int, count: int, taken: Sequence[Spot]) -> Sequence[Spot]:
        asked.append((page, count, list(taken)))
        return [(10.0 + 210 * number, 500.0) for number in range(count)]

    people = [
        person("Marie"),
        person("Claire", at(50, 60)),
        person("Paul", Placement(page=2)),
        person("Julie"),
    ]
    placed = place(A4, people, room)
    assert asked == [(2, 1, []), (4, 2, [(50.0, 60.0)])]
    assert [(box.signatory, box.page, box.x) for box in placed.boxes] == [
        (1, 4, 10),
        (2, 4, 50),
        (3, 2, 10),
        (4, 4, 220),
    ]


# --------------------------------------------------------------------------------------------------
# Free room on real pages


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
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

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


@pytest.fixture(scope="module")
def pdf() -> Iterator[IsolatedPdf]:
    with IsolatedPool() as pool:
        yield IsolatedPdf(pool)


def test_from_document_to_preview(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """The whole way in the worker: facts, places, preview; boxes in order and apart."""
    path, out = tmp_path / "lettre.pdf", tmp_path / "lettre.apercu.pdf"
    path.write_bytes(documents.letter())
    found = pdf.facts(path)
    people = [person("Marie"), person("Claire"), person("Paul", at(50, 400, 1))]
    placed = place(found, people, pdf.free_room(path))
    assert placed.problems == []
    assert [(box.signatory, box.page) for box in placed.boxes] == [(1, 4), (2, 4), (3, 1)]
    assert not any(overlap(one, other) for one, other in itertools.combinations(placed.boxes, 2))
    pdf.preview(path, out, placed.boxes, {1: "Marie", 2: "Claire", 3: "Paul"}, "APERÇU – rien n'est parti")
    assert len(pdf.facts(out).pages) == 4
