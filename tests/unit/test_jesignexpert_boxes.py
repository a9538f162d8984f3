"""Boxes on the platform's axes, under every setting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RequestRejected
from connector.jesignexpert.boxes import place, sign_fields
from connector.jesignexpert.contract import Contract
from connector.ports import Box

A4 = (595.28, 841.89)
LANDSCAPE = (841.89, 595.28)


def contract(origin: str = "top_left", non_a4: str = "page_points") -> Contract:
    return Contract().with_overrides({"formats": {"origin": origin, "non_a4": non_a4}})


def box(x: float, y: float, size: tuple[float, float] = A4, *, signatory: int = 1, page: int = 1) -> Box:
    return Box(signatory=signatory, page=page, x=x, y=y, page_width=size[0], page_height=size[1])


def at(one: Box, settings: Contract) -> tuple[int, int]:
    placed = place([one], settings)[0]
    return placed.x, placed.y


def codes(boxes: list[Box], settings: Contract) -> list[str]:
    with pytest.raises(RequestRejected) as caught:
        place(boxes, settings)
    return [problem.code for problem in caught.value.problems]


def test_members_are_the_five_known_ones() -> None:
    """Four integers and one boolean, by their names."""
    fields = sign_fields([box(100.4, 700.5, signatory=2, page=3)], Contract())
    assert fields == [{"order": 2, "positionX": 100, "positionY": 701, "page": 3, "withoutLogo": False}]
    assert {type(value) for value in fields[0].values()} == {int, bool}


@pytest.mark.parametrize(
    ("origin", "non_a4", "size", "expected"),
    [
        ("top_left", "page_points", A4, (100, 700)),
        ("bottom_left", "page_points", A4, (100, 92)),
        ("top_left", "page_points", (1000, 2000), (100, 700)),
        ("bottom_left", "page_points", (1000, 2000), (100, 1250)),
        ("top_left", "scaled_to_a4", (1190, 1684), (50, 350)),
        ("bottom_left", "scaled_to_a4", (1190, 1684), (50, 442)),
    ],
)
def test_every_setting(
    origin: str, non_a4: str, size: tuple[float, float], expected: tuple[int, int]
) -> None:
    """The same box, as the platform may want it told."""
    assert at(box(100, 700, size), contract(origin, non_a4)) == expected


def test_other_pages_can_be_refused() -> None:
    """With ``refuse`` only A4 portrait passes."""
    assert codes([box(100, 100, LANDSCAPE)], contract(non_a4="refuse")) == ["box_page_not_a4"]
    assert at(box(100, 100), contract(non_a4="refuse")) == (100, 100)


@pytest.mark.parametrize(
    ("one", "fits"),
    [
        (box(385, 792), True),
        (box(385.9, 792.9), True),
        (box(-0.4, 0), True),
        (box(387, 10), False),
        (box(10, 794), False),
        (box(-5, 10), False),
        (box(641, 545, LANDSCAPE), True),
        (box(644, 545, LANDSCAPE), False),
        (box(0, 0, (150, 40)), False),
        (box(float("nan"), 0), False),
        (box(0, 0, (0, 0)), False),
        (box(0, 0, page=0), False),
    ],
)
def test_a_box_stays_on_its_page(one: Box, fits: bool) -> None:
    """Rounding is forgiven, a box that leaves the page is not moved in silence."""
    if fits:
        x, y = at(one, contract())
        assert x >= 0
        assert y >= 0
        assert x + 200 <= one.page_width + 0.5
    else:
        assert codes([one], contract()) == ["box_outside_page"]


def test_every_problem_is_told_at_once() -> None:
    """Two boxes off the page and two that overlap are three problems."""
    boxes = [box(500, 0), box(0, 900), box(10, 10, signatory=3), box(100, 40, signatory=4)]
    assert codes(boxes, contract()) == ["box_outside_page", "box_outside_page", "boxes_overlap"]


def test_boxes_on_different_pages_do_not_overlap() -> None:
    """The same place on two pages is fine."""
    assert len(place([box(10, 10), box(10, 10, page=2)], contract())) == 2


@given(
    x=st.floats(0, 385),
    y=st.floats(0, 742),
    origin=st.sampled_from(["top_left", "bottom_left"]),
)
def test_rounding_never_makes_neighbours_overlap(x: float, y: float, origin: str) -> None:
    """Two boxes exactly fifty points apart stay so, wherever they lie."""
    placed = place([box(x, y), box(x, y + 50, signatory=2)], contract(origin))
    assert abs(placed[0].y - placed[1].y) >= 50
    assert all(0 <= one.x <= 385 and 0 <= one.y <= 792 for one in placed)
