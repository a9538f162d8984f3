"""Where each signatory signs, on each document: as written, else in free room, never one upon another."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connector.errors import Problem
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool
from connector.pdf.model import Found, PageSize, PdfFacts
from connector.pdf.room import GAP, MARGIN, Size, Spot
from connector.pdf.text import MOST_HITS
from connector.placement import PlacedAll, Sheet, overlap, place_all
from connector.sidecar.model import Corner, Length, Placement, Signatory
from tests import documents

A4 = PageSize(width=595.28, height=841.89)
RIGHT, FOOT = 595.28 - MARGIN - 200, 841.89 - MARGIN - 50


@dataclass
class Paper:
    """A document as ``place_all`` sees it: its texts stand where they are put, its room is a column at the left."""

    texts: Mapping[str, Sequence[Found]] | None = field(default_factory=dict)
    full: bool = False
    asked_room: list[tuple[int, int, list[Spot]]] = field(default_factory=list)
    asked_texts: list[tuple[list[str], list[str]]] = field(default_factory=list)

    def free(self, page: int, count: int, taken: Sequence[Spot], size: Size) -> Sequence[Spot]:
        self.asked_room.append((page, count, list(taken)))
        return [] if self.full else [(10.0, 100.0 + number * (size[1] + 10)) for number in range(count)]

    def find(self, texts: Sequence[str], last: Collection[str]) -> Mapping[str, Sequence[Found]] | None:
        self.asked_texts.append((list(texts), list(last)))
        return None if self.texts is None else {text: self.texts.get(text, ()) for text in texts}

    def sheet(
        self,
        rank: int = 1,
        name: str = "Lettre.pdf",
        *,
        pages: int = 4,
        size: PageSize = A4,
        annex: bool = False,
    ) -> Sheet:
        facts = PdfFacts(size=1, pages=(size,) * pages)
        return Sheet(rank=rank, name=name, facts=facts, free=self.free, find=self.find, annex=annex)


def points(value: float) -> Length:
    return Length(value=value, unit="pt")


def person(name: str, *placements: Placement, origin: str = "") -> Signatory:
    return Signatory(
        name=name, email=f"{name.lower()}@example.fr", placements=placements, line=3, origin=origin
    )


def at(x: float, y: float, page: int | None = None, line: int | None = 7, **more: Any) -> Placement:
    return Placement(x=points(x), y=points(y), page=page, line=line, **more)


def near(text: str, line: int | None = 7, **more: Any) -> Placement:
    return Placement(near=text, line=line, **more)


def stands(page: int = 4, left: float = 57, top: float = 600, likeness: int = 0, alone: bool = True) -> Found:
    return Found(page=page, left=left, top=top, width=90, height=12, likeness=likeness, alone=alone)


def place(people: Sequence[Signatory], paper: Paper | None = None, **more: Any) -> PlacedAll:
    return place_all([(paper or Paper()).sheet()], people, **more)


def spots(placed: PlacedAll, rank: int = 1) -> list[tuple[int, int, float, float]]:
    assert placed.problems == []
    return [(box.signatory, box.page, box.x, box.y) for box in placed.boxes[rank]]


def told(placed: PlacedAll) -> list[tuple[str, dict[str, str]]]:
    assert placed.boxes == {}
    return [(one.code, dict(one.values)) for one in placed.problems]


# --------------------------------------------------------------------------------------------------
# Page and length, corner


def test_written_places() -> None:
    """Page and coordinates as written; a share of the page is a share of that page; default is the last page."""
    half = Placement(x=Length(value=50, unit="%"), y=Length(value=10, unit="%"), page=-1)
    people = [person("Marie", at(50, 60, 2)), person("Claire", half, at(10, 20))]
    placed = place(people)
    assert spots(placed) == [(1, 2, 50, 60), (2, 4, 297.64, 84.19), (2, 4, 10, 20)]
    assert {(box.page_width, box.page_height) for box in placed.boxes[1]} == {(595.28, 841.89)}
    assert placed.how == {(1, 1): people[0].placements, (1, 2): people[1].placements}


def test_corners() -> None:
    """A corner is 15 mm inside the page."""
    placed = place([person(corner.name, Placement(corner=corner, page=1)) for corner in Corner])
    expected = [(MARGIN, MARGIN), (RIGHT, MARGIN), (MARGIN, FOOT), (RIGHT, FOOT)]
    assert [(box.x, box.y) for box in placed.boxes[1]] == [pytest.approx(spot, abs=0.01) for spot in expected]


def test_logo_is_as_asked() -> None:
    """``logo: non`` reaches every box."""
    assert all(box.with_logo for box in place([person("Marie")]).boxes[1])
    assert not any(box.with_logo for box in place([person("Marie")], with_logo=False).boxes[1])


@pytest.mark.parametrize(
    ("placement", "code", "values"),
    [
        (at(10, 10, 5), "placement_page", {"page": "5", "pages": "4"}),
        (Placement(page=9, line=7), "placement_page", {"page": "9", "pages": "4"}),
        (at(396, 10, 1), "placement_outside", {"who": "Marie", "page": "1"}),
        (at(10, 793, 1), "placement_outside", {"who": "Marie", "page": "1"}),
        (at(-1, 10, 1), "placement_outside", {"who": "Marie", "page": "1"}),
        (Placement(x=points(1), line=7), "key_needs", {"key": "x", "needs": "y"}),
        (Placement(y=points(1), line=7), "key_needs", {"key": "y", "needs": "x"}),
        (Placement(page=2, line=7), "placement_no_room", {"who": "Marie", "page": "2"}),
    ],
)
def test_problems(placement: Placement, code: str, values: dict[str, str]) -> None:
    """What cannot be placed is said, with the line to blame, and nothing is placed by half."""
    placed = place([person("Marie", placement), person("Claire", at(50, 60, 3))], Paper(full=True))
    assert told(placed) == [(code, {**values, "document": ""})]
    assert placed.problems[0].line == 7


def test_the_edge_of_the_page_is_inside() -> None:
    """The last possible place is allowed, and half a point more, because 595.28 is called 595."""
    assert place([person("Marie", at(395.28, 791.89, 1))]).problems == []
    assert place([person("Marie", at(395.7, 792.3, 1))]).problems == []


def test_overlaps_are_named() -> None:
    """Two written boxes that share surface are one problem; boxes that only touch are none."""
    placed = place([person("Marie", at(50, 60)), person("Claire", at(100, 100, line=8))])
    assert told(placed) == [
        ("placement_overlap", {"who": "Claire", "other": "Marie", "page": "4", "document": ""})
    ]
    assert place([person("Marie", at(50, 60)), person("Claire", at(50, 110))]).problems == []
    assert place([person("Marie", at(50, 60, 1)), person("Claire", at(50, 60, 2))]).problems == []


def test_every_problem_at_once() -> None:
    """One reading of the document tells all that is wrong."""
    people = [
        person("Marie", at(10, 10, 9)),
        person("Claire", at(900, 10)),
        person("Paul", at(10, 10), near("nulle part")),
        person("Julie", Placement(page=8)),
    ]
    codes = ["placement_page", "placement_outside", "text_not_found", "placement_page"]
    assert sorted(code for code, _ in told(place(people))) == sorted(codes)


def test_problem_of_settings_names_their_file() -> None:
    """A place or a person that stands in ``_signature.yaml`` is corrected there."""
    inherited = at(900, 10, line=2, origin="_signature.yaml")
    assert place([person("Marie", inherited)]).problems == [
        Problem(
            code="placement_outside",
            line=2,
            values={"who": "Marie", "page": "4", "document": "", "file": "_signature.yaml"},
        )
    ]
    placed = place([person("Claire", origin="Lettres/_signature.yaml")], Paper(full=True))
    assert placed.problems[0].values["file"] == "Lettres/_signature.yaml"


# --------------------------------------------------------------------------------------------------
# One place for several


def test_one_place_for_several_is_a_row() -> None:
    """A place written once for everybody: side by side, then in a further row, in the order of signing."""
    everybody = at(50, 300, 2)
    people = [person(name, everybody) for name in ("Marie", "Claire", "Paul", "Julie", "Anne")]
    across, down = 200 + GAP, 50 + GAP
    assert spots(place(people)) == [
        (1, 2, 50, 300),
        (2, 2, 50 + across, 300),
        (3, 2, 50, 300 + down),
        (4, 2, 50 + across, 300 + down),
        (5, 2, 50, 300 + 2 * down),
    ]


def test_one_corner_for_several() -> None:
    """From the corner inwards, read as they sign."""
    everybody = Placement(corner=Corner.BOTTOM_RIGHT, line=2)
    placed = spots(place([person(name, everybody) for name in ("Marie", "Claire", "Paul")]))
    assert [(rank, round(x), round(y)) for rank, _, x, y in placed] == [
        (1, round(RIGHT), round(FOOT - 60)),
        (2, round(RIGHT - 210), round(FOOT)),
        (3, round(RIGHT), round(FOOT)),
    ]


def test_one_place_that_becomes_too_narrow() -> None:
    """A row that would leave the page is a problem, told for whom; nobody is moved elsewhere."""
    everybody = at(50, 780, 2)
    people = [person(name, everybody) for name in ("Marie", "Claire", "Paul")]
    assert told(place(people)) == [("placement_outside", {"who": "Paul", "page": "2", "document": ""})]


def test_a_wrong_place_for_several_is_told_once() -> None:
    """One line is wrong, not one for each."""
    everybody = near("Signature du client", line=2)
    people = [person(name, everybody) for name in ("Marie", "Claire", "Paul")]
    assert [code for code, _ in told(place(people))] == ["text_not_found"]


# --------------------------------------------------------------------------------------------------
# Near a text


def test_under_a_text() -> None:
    """Left edges aligned, top at the foot of the text; the offset goes right and down, in shares of the page, too."""
    paper = Paper({"Le client": [stands(left=60, top=600)]})
    assert spots(place([person("Marie", near("Le client"))], paper)) == [(1, 4, 60, 612)]
    moved = near("Le client", offset=(points(-10), Length(value=10, unit="%")))
    assert spots(place([person("Marie", moved)], paper)) == [(1, 4, 50, 696.19)]


def test_the_last_place_unless_counted() -> None:
    """Letters speak of the client all over and are signed at their end."""
    paper = Paper({"Le client": [stands(1), stands(2, top=100), stands(2, top=300), stands(4)]})

    def page_and_top(**more: Any) -> list[tuple[int, float]]:
        return [
            (page, y) for _, page, _, y in spots(place([person("Marie", near("Le client", **more))], paper))
        ]

    assert page_and_top() == [(4, 612)]
    assert page_and_top(occurrence=1) == [(1, 612)]
    assert page_and_top(occurrence=3) == [(2, 312)]
    assert page_and_top(page=2) == [(2, 312)]
    assert page_and_top(page=2, occurrence=1) == [(2, 112)]
    assert page_and_top(page=-1) == [(4, 612)]


def test_a_label_before_a_mention() -> None:
    """General conditions after the signatures speak of « L'expert-comptable » in every other sentence."""
    label, mention = stands(4), stands(6, alone=False)
    paper = Paper({"L'expert-comptable": [stands(1, alone=False), label, mention]})
    sheet = paper.sheet(pages=7)
    signs = near("L'expert-comptable")
    assert spots(place_all([sheet], [person("Claire", signs)])) == [(1, 4, 57, 612)]
    counted = near("L'expert-comptable", occurrence=3)
    assert spots(place_all([sheet], [person("Claire", counted)])) == [(1, 6, 57, 612)]
    on_page = near("L'expert-comptable", page=6)
    assert spots(place_all([sheet], [person("Claire", on_page)])) == [(1, 6, 57, 612)]


def test_nearest_to_what_was_typed() -> None:
    """As typed comes before capitals, wherever it stands; what is farther is not even counted."""
    paper = Paper(
        {"Le client": [stands(1, likeness=3), stands(2), stands(3, likeness=1), stands(4, likeness=2)]}
    )
    assert spots(place([person("Marie", near("Le client"))], paper)) == [(1, 2, 57, 612)]
    assert spots(place([person("Marie", near("Le client", page=3))], paper)) == [(1, 3, 57, 612)]
    assert told(place([person("Marie", near("Le client", occurrence=2))], paper))[0][0] == "text_too_few"


@pytest.mark.parametrize(
    ("texts", "more", "code", "values"),
    [
        ({}, {}, "text_not_found", {"page": ""}),
        ({"Le client": [stands(1)]}, {"page": 2}, "text_on_other_page", {"page": "2", "elsewhere": "1"}),
        ({"Le client": []}, {"page": 2}, "text_not_found", {"page": "2"}),
        (None, {}, "text_in_scan", {}),
        (
            {"Le client": [stands(1), stands(2)]},
            {"occurrence": 3},
            "text_too_few",
            {"occurrence": "3", "count": "2", "page": ""},
        ),
        (
            {"Le client": [stands(1), stands(2)]},
            {"occurrence": 2, "page": -1},
            "text_on_other_page",
            {"page": "4", "elsewhere": "1, 2"},
        ),
        (
            {"Le client": [stands()] * (MOST_HITS + 1)},
            {},
            "text_too_often",
            {"limit": str(MOST_HITS)},
        ),
        ({"Le client": [stands(2, left=500)]}, {}, "placement_under_text", {"who": "Marie", "page": "2"}),
        ({"Le client": [stands(2, top=790)]}, {}, "placement_under_text", {"who": "Marie", "page": "2"}),
        ({"Le client": [stands(2)]}, {"page": 9}, "placement_page", {"page": "9", "pages": "4"}),
    ],
)
def test_problems_with_a_text(
    texts: Mapping[str, Sequence[Found]] | None,
    more: dict[str, Any],
    code: str,
    values: dict[str, str],
) -> None:
    """Nothing near a text is moved in silence: what does not fit, or is not there, is said."""
    placed = place([person("Marie", near("Le client", **more))], Paper(texts))
    about_text = {} if code == "placement_page" else {"written": "Le client"}
    assert told(placed) == [(code, {**values, **about_text, "document": ""})]
    assert placed.problems[0].line == 7


def test_two_who_wrote_the_same_text() -> None:
    """Each wrote the same words: whose place is it? Asked, with a cure; the same line for both is a row."""
    paper = Paper({"Signature": [stands(4)]})
    placed = place([person("Marie", near("Signature")), person("Paul", near("Signature", line=9))], paper)
    assert told(placed) == [
        ("placement_overlap", {"who": "Paul", "other": "Marie", "page": "4", "document": ""})
    ]
    together = near("Signature", line=1, origin="_signature.yaml")
    placed = place([person("Marie", together), person("Paul", together)], paper)
    assert spots(placed) == [(1, 4, 57, 612), (2, 4, 267, 612)]
    assert placed.how == {(1, 1): (together,), (1, 2): (together,)}


def test_each_text_is_searched_once() -> None:
    """Fifty signatories, three boxes each: one question for the whole document, each text in it once."""
    words = [f"Signature {number}" for number in range(3)]
    paper = Paper({word: [stands(row + 1, left=20)] for row, word in enumerate(words)})
    many = [
        person(f"P{n}", *(near(w, line=n, offset=(points(0), points(0))) for w in words)) for n in range(50)
    ]
    place(many, paper)
    assert paper.asked_texts == [(words, words)]
    counted = [
        person("Marie", near("a"), near("b", page=1)),
        person("Paul", near("a", occurrence=1), near("c")),
    ]
    paper.asked_texts.clear()
    place(counted, paper)
    assert paper.asked_texts == [(["a", "b", "c"], ["c"])]
    paper.asked_texts.clear()
    place([person("Marie", at(50, 60))], paper)
    assert paper.asked_texts == []


# --------------------------------------------------------------------------------------------------
# Free room


def test_free_room_is_asked_around_written_boxes() -> None:
    """Room is asked once for a page, for all who wrote no place, with the written boxes as taken."""
    paper = Paper()
    second = Placement(page=2, line=9)
    people = [person("Marie"), person("Claire", at(250, 60)), person("Paul", second), person("Julie")]
    placed = place(people, paper)
    assert paper.asked_room == [(2, 1, []), (4, 2, [(250.0, 60.0)])]
    assert spots(placed) == [(1, 4, 10, 100), (2, 4, 250, 60), (3, 2, 10, 100), (4, 4, 10, 160)]
    assert placed.how[1, 1] == (None,)
    assert placed.how[1, 3] == (second,)


def test_no_room_is_told_for_each() -> None:
    """A last page that is full is no place; nobody is put on another one in silence."""
    placed = place([person("Marie"), person("Claire")], Paper(full=True))
    values = {"page": "4", "document": ""}
    assert told(placed) == [
        ("placement_no_room", {"who": "Marie", **values}),
        ("placement_no_room", {"who": "Claire", **values}),
    ]


# --------------------------------------------------------------------------------------------------
# Several documents


def bundle() -> tuple[list[Sheet], list[Paper]]:
    papers = [Paper({"Le client": [stands(1)]}) for _ in range(3)]
    return [
        papers[0].sheet(1, "Bilan MARTIN.pdf"),
        papers[1].sheet(2, "Photo.JPG", pages=1),
        papers[2].sheet(3, "Annexe 1.pdf", pages=2, annex=True),
    ], papers


def test_one_box_on_each_document() -> None:
    """A place without a document is the main one's; whoever has none on a document gets one in free room there."""
    sheets, papers = bundle()
    placed = place_all(sheets, [person("Marie", at(50, 60, 1)), person("Paul")])
    assert spots(placed) == [(1, 1, 50, 60), (2, 4, 10, 100)]
    assert spots(placed, 2) == [(1, 1, 10, 100), (2, 1, 10, 160)]
    assert 3 not in placed.boxes
    assert papers[2].asked_room == []
    assert placed.how[2, 1] == (None,)


def test_annexes_where_the_contract_needs_boxes() -> None:
    """Then each signatory has one in free room of the annex's last page."""
    sheets, _ = bundle()
    placed = place_all(sheets, [person("Marie"), person("Paul")], annexes_need_boxes=True)
    assert spots(placed, 3) == [(1, 2, 10, 100), (2, 2, 10, 160)]


@pytest.mark.parametrize("name", ["Photo.JPG", "photo", "Photo.pdf", "PHOTO.jpeg", "Photo .jpg"])
def test_document_is_named_with_its_extension_or_without(name: str) -> None:
    """Names are compared as people see them; a picture is named by its own name or by the PDF it becomes."""
    sheets, _ = bundle()
    signs = at(70, 80, document=name)
    placed = place_all(sheets, [person("Marie", signs)])
    assert spots(placed, 2) == [(1, 1, 70, 80)]
    assert spots(placed) == [(1, 4, 10, 100)]
    assert placed.how == {(1, 1): (None,), (2, 1): (signs,)}


def test_annex_that_is_named_bears_a_box() -> None:
    """Whoever names an annex wants to sign there; the others do not."""
    sheets, _ = bundle()
    placed = place_all(sheets, [person("Marie", near("Le client", document="annexe 1")), person("Paul")])
    assert spots(placed, 3) == [(1, 1, 57, 612)]
    assert [box.signatory for box in placed.boxes[1]] == [1, 2]


def test_document_that_nobody_knows() -> None:
    """The name is said beside those that would do; two that differ in their extension only need it."""
    sheets, papers = bundle()
    known = "Bilan MARTIN.pdf, Photo.JPG, Annexe 1.pdf"
    placed = place_all(sheets, [person("Marie", at(50, 60, document="Bilan 2024.pdf"))])
    assert told(placed) == [
        ("placement_document", {"written": "Bilan 2024.pdf", "known": known, "document": ""})
    ]
    twins = [*sheets, papers[0].sheet(4, "Photo.png", pages=1)]
    assert place_all(twins, [person("Marie", at(50, 60, document="photo"))]).problems
    assert spots(place_all(twins, [person("Marie", at(50, 60, document="photo.png"))]), 4) == [(1, 1, 50, 60)]


def test_problem_names_the_document_unless_it_is_the_main_one() -> None:
    """« page 2 » alone would be looked for in the wrong file."""
    sheets, _ = bundle()
    placed = place_all(sheets, [person("Marie", at(900, 60, document="photo"), at(900, 60, line=9))])
    assert sorted(values["document"] for _, values in told(placed)) == ["", "Photo.JPG"]


def test_boxes_of_two_documents_never_overlap() -> None:
    """The same place on two documents is fine."""
    sheets, _ = bundle()
    both = (at(50, 60, 1), at(50, 60, 1, document="photo"))
    assert place_all(sheets, [person("Marie", *both)]).problems == []


# --------------------------------------------------------------------------------------------------
# A contract that scales pages


def test_boxes_are_as_large_as_the_contract_draws_them() -> None:
    """On a page laid on A4 the box is seen larger: corners, edges, rows and overlaps follow."""
    a3 = PageSize(width=841.89, height=1190.55)

    def size(page: PageSize) -> Size:
        return 200 * page.width / 595, 50 * page.height / 842

    def on_a3(*people: Signatory) -> PlacedAll:
        return place_all([Paper().sheet(pages=1, size=a3)], people, box_size=size)

    corner = Placement(corner=Corner.BOTTOM_RIGHT)
    (box,) = on_a3(person("Marie", corner)).boxes[1]
    assert (box.width, box.height) == pytest.approx((282.99, 70.7), abs=0.01)
    assert box.x + box.width == pytest.approx(841.89 - MARGIN, abs=0.02)
    assert box.y + box.height == pytest.approx(1190.55 - MARGIN, abs=0.02)
    assert told(on_a3(person("Marie", at(600, 60))))[0][0] == "placement_outside"
    apart = on_a3(person("Marie", at(50, 60)), person("Paul", at(50, 115, line=8)))
    assert told(apart)[0][0] == "placement_overlap"


# --------------------------------------------------------------------------------------------------
# With real documents


@pytest.fixture(scope="module")
def pdf() -> Iterator[IsolatedPdf]:
    with IsolatedPool() as pool:
        yield IsolatedPdf(pool)


def real(pdf: IsolatedPdf, path: Path, rank: int = 1, *, annex: bool = False) -> Sheet:
    return Sheet(
        rank=rank,
        name=path.name,
        facts=pdf.facts(path),
        free=pdf.free_room(path),
        find=pdf.find_text(path),
        annex=annex,
    )


def test_from_documents_to_preview(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """The whole way in the worker: facts, texts, free room, one preview of all; boxes in order and apart."""
    letter, annex, out = tmp_path / "Lettre.pdf", tmp_path / "Annexe.pdf", tmp_path / "Lettre.apercu.pdf"
    letter.write_bytes(documents.letter())
    annex.write_bytes(documents.letter(2))
    people = [
        person("Marie"),
        person("Claire"),
        person("Paul", near("3. Nous", page=1, offset=(points(300), points(400)))),
    ]
    sheets = [real(pdf, letter), real(pdf, annex, 2, annex=True)]
    placed = place_all(sheets, people, annexes_need_boxes=True)
    assert placed.problems == []
    assert [(box.signatory, box.page) for box in placed.boxes[1]] == [(1, 4), (2, 4), (3, 1)]
    assert [(box.signatory, box.page) for box in placed.boxes[2]] == [(1, 2), (2, 2), (3, 2)]
    for boxes in placed.boxes.values():
        assert not any(overlap(one, other) for one, other in itertools.combinations(boxes, 2))
    pdf.preview(
        [(path, path.name, placed.boxes[rank]) for rank, path in ((1, letter), (2, annex))],
        out,
        {1: "Marie", 2: "Claire", 3: "Paul"},
        "APERÇU – rien n'est parti",
    )
    assert len(pdf.facts(out).pages) == 6


def test_scan_has_no_text_and_has_room(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """In a picture no word can be looked for; room on it is where nothing is printed."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(documents.blank())
    placed = place_all([real(pdf, path)], [person("Marie", near("Signature du client"))])
    assert told(placed) == [("text_in_scan", {"written": "Signature du client", "document": ""})]
    assert place_all([real(pdf, path)], [person("Marie")]).problems == []
