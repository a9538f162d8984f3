"""Boxes on the platform's axes, under every setting."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connector.errors import RequestRejected
from connector.jesignexpert.boxes import Placed, box_size, is_a4, place, sign_fields
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
        (box(385.4, 792.4), True),
        (box(-0.4, 0), True),
        (box(385.6, 10), False),
        (box(10, 792.6), False),
        (box(387, 10), False),
        (box(10, 794), False),
        (box(-5, 10), False),
        (box(641.89, 545.28, LANDSCAPE), True),
        (box(642.6, 545, LANDSCAPE), False),
        (box(641, 546, LANDSCAPE), False),
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


# --------------------------------------------------------------------------------------------------
# Algebra: what the platform reads is where the person saw it

ORIGINS = st.sampled_from(["top_left", "bottom_left"])
SCALINGS = st.sampled_from(["page_points", "scaled_to_a4"])
SIDES = st.floats(260, 3000)
PAGES = st.one_of(
    st.tuples(SIDES, SIDES),
    st.sampled_from(
        [
            A4,
            (595.0, 842.0),
            (596.5, 843.9),
            (593.5, 840.1),
            LANDSCAPE,
            (419.53, 595.28),
            (841.89, 1190.55),
            (612.0, 792.0),
        ]
    ),
)
SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1))


def seen(one: Placed, size: tuple[float, float], origin: str, scaling: str) -> tuple[float, ...]:
    """Where that contract puts the box, worked out from the API page alone: left, top, right, bottom as seen."""
    width, height = size
    sheet = (595.0, 842.0) if scaling == "scaled_to_a4" else size
    left, top = float(one.x), float(one.y)
    if origin == "bottom_left":
        top = sheet[1] - top - 50
    across, down = width / sheet[0], height / sheet[1]
    return left * across, top * down, (left + 200) * across, (top + 50) * down


def judged(boxes: list[Box], settings: Contract) -> tuple[set[str], list[Placed]]:
    """Codes of what is wrong, else the boxes on the platform's axes."""
    try:
        return set(), place(boxes, settings)
    except RequestRejected as rejected:
        return {problem.code for problem in rejected.problems}, []


def apart(one: Placed, other: Placed) -> bool:
    """True when the two share no surface on the platform's axes."""
    return abs(one.x - other.x) >= 200 or abs(one.y - other.y) >= 50


def within(share: tuple[float, float], size: tuple[float, float], settings: Contract) -> Box:
    """A box at a share of the room that the page and the KNOWN limits leave."""
    width, height = box_size(*size, settings)
    room_x, room_y, above = size[0] - width, size[1] - height, 0.0
    if is_a4(*size) or settings.formats.non_a4 == "scaled_to_a4":
        # Where Y counts from the foot, what a page is higher than A4 is lost at its top.
        lost = max(0.0, room_y - 792 * height / 50)
        above = lost if settings.formats.origin == "bottom_left" else 0.0
        room_x, room_y = min(room_x, 385 * width / 200), room_y - lost
    return dataclasses.replace(
        box(share[0] * room_x, above + share[1] * room_y, size), width=width, height=height
    )


@given(share=SHARES, size=PAGES, origin=ORIGINS, scaling=SCALINGS)
def test_the_platform_puts_the_box_where_it_was_meant(
    share: tuple[float, float], size: tuple[float, float], origin: str, scaling: str
) -> None:
    """Within half a platform's point, and never further out of the page than that."""
    settings = contract(origin, scaling)
    wanted = within(share, size, settings)
    (placed,) = place([wanted], settings)
    left, top, right, bottom = seen(placed, size, origin, scaling)
    half_x, half_y = wanted.width / 400 + 1e-6, wanted.height / 100 + 1e-6
    assert abs(left - wanted.x) <= half_x
    assert abs(top - wanted.y) <= half_y
    assert (right - left, bottom - top) == pytest.approx((wanted.width, wanted.height))
    assert left >= -half_x
    assert top >= -half_y
    assert right <= size[0] + half_x
    assert bottom <= size[1] + half_y
    assert placed.x >= 0
    assert placed.y >= 0
    if is_a4(*size) or scaling == "scaled_to_a4":
        assert placed.x <= 385
        assert placed.y <= 792


@given(
    one=SHARES,
    other=SHARES,
    beside=st.booleans(),
    size=PAGES,
    origin=ORIGINS,
    scaling=SCALINGS,
)
def test_boxes_apart_stay_apart(
    one: tuple[float, float],
    other: tuple[float, float],
    beside: bool,
    size: tuple[float, float],
    origin: str,
    scaling: str,
) -> None:
    """Two boxes that do not overlap as they are seen are taken, and do not overlap on the platform's axes either."""
    settings = contract(origin, scaling)
    first = within(one, size, settings)
    second = dataclasses.replace(within(other, size, settings), signatory=2)
    # Touching edges are the hardest case: the second is pushed until it touches.
    second = (
        dataclasses.replace(second, x=first.x + first.width)
        if beside
        else dataclasses.replace(second, y=first.y + first.height)
    )
    assume(second.x + second.width <= size[0] and second.y + second.height <= size[1])
    told, placed = judged([first, second], settings)
    assert told <= {"box_outside_page"}
    assert told or apart(*placed)


@given(one=SHARES, other=SHARES, size=PAGES, origin=ORIGINS)
def test_scaling_that_brings_boxes_together_is_told(
    one: tuple[float, float], other: tuple[float, float], size: tuple[float, float], origin: str
) -> None:
    """Boxes placed without the contract's size may overlap once the page is laid on A4: never sent so."""
    settings = contract(origin, "scaled_to_a4")
    first, second = (
        box(share[0] * (size[0] - 200), share[1] * (size[1] - 50), size) for share in (one, other)
    )
    told, placed = judged([first, dataclasses.replace(second, signatory=2)], settings)
    assert told <= {"box_outside_page", "boxes_overlap"}
    assert told or apart(*placed)


def test_decimals_of_a_page_push_no_box_into_another() -> None:
    """419.53 − 50 − 206.03 is 163.5 but for the last bits of a float; fifty points below, the bits are others."""
    a5 = (419.53, 419.53)
    one, other = place([box(10, 206.03, a5), box(10, 256.03, a5, signatory=2)], contract("bottom_left"))
    assert one.y - other.y == 50


def test_neighbours_on_a3_overlap_on_a4() -> None:
    """Ten points apart on A3, the two overlap where A3 is laid on A4."""
    size = (841.89, 1190.55)
    boxes = [box(50, 50, size), box(50, 110, size, signatory=2)]
    assert codes(boxes, contract(non_a4="scaled_to_a4")) == ["boxes_overlap"]
    assert len(place(boxes, contract())) == 2


@pytest.mark.parametrize(
    ("size", "scaling", "expected"),
    [
        (A4, "page_points", (200, 50)),
        (LANDSCAPE, "page_points", (200, 50)),
        ((1190, 1684), "scaled_to_a4", (400, 100)),
        ((842, 595), "scaled_to_a4", (283.03, 35.33)),
        ((297.5, 421), "scaled_to_a4", (100, 25)),
    ],
)
def test_size_as_seen(size: tuple[float, float], scaling: str, expected: tuple[float, float]) -> None:
    """As large as the contract draws it."""
    assert box_size(*size, contract(non_a4=scaling)) == pytest.approx(expected, abs=0.01)
