"""From boxes as people see them to the platform's ``SignFields`` (API page section 2). Pure.

KNOWN: members, 72-dpi points, a box of 200 × 50, X 0-385 and Y 0-792 on A4 portrait. ASSUMED: the origin, and
what holds on other pages: with ``page_points`` the page's own points; with ``scaled_to_a4`` every page is laid on
A4, edge to edge, and the box stands there in its usual size, so that on the page it is seen larger or smaller
(:func:`box_size`). The last page is always written as its number, never as -1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import Problem, RequestRejected
from connector.jesignexpert.contract import Contract
from connector.ports import Box

A4_WIDTH = 595
A4_HEIGHT = 842
_A4_TOLERANCE = 2.0
# What rounding may move; anything more is a box that somebody placed wrongly.
_GRACE = 0.5


@dataclass(frozen=True)
class Placed:
    """One box on the platform's axes, in whole points."""

    signatory: int
    page: int
    x: int
    y: int
    with_logo: bool = True


def sign_fields(boxes: Sequence[Box], contract: Contract) -> list[dict[str, object]]:
    """Return the JSON array ``SignFields`` for one document. Raises RequestRejected as :func:`place`."""
    names = contract.fields.upload
    result: list[dict[str, object]] = []
    for box in place(boxes, contract):
        member: dict[str, object] = {
            names.order: box.signatory,
            names.position_x: box.x,
            names.position_y: box.y,
            names.page: box.page,
        }
        if names.without_logo:
            member[names.without_logo] = contract.formats.without_logo or not box.with_logo
        result.append(member)
    return result


def box_size(page_width: float, page_height: float, contract: Contract) -> tuple[float, float]:
    """Return width and height of the platform's box as it is seen on a page, in points; the page as seen, too."""
    across, down = _scale(page_width, page_height, contract)
    return contract.limits.box_width / across, contract.limits.box_height / down


def place(boxes: Sequence[Box], contract: Contract) -> list[Placed]:
    """Return every box on the platform's axes, within half a point of where it was meant to stand.

    Raises RequestRejected with every problem: ``box_page_not_a4`` (setting ``non_a4: refuse``),
    ``box_outside_page`` and ``boxes_overlap``; values ``signatory`` and ``page``, and ``other`` of the last.
    """
    placed: list[Placed] = []
    problems: list[Problem] = []
    for box in boxes:
        found = _convert(box, contract)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        problems += [
            Problem(code="boxes_overlap", values={**_where(box), "other": str(other.signatory)})
            for other in placed
            if _overlap(found, other, contract)
        ]
        placed.append(found)
    if problems:
        raise RequestRejected(problems)
    return placed


def is_a4(width: float, height: float) -> bool:
    """Return whether a page as seen is A4 portrait, two points more or less."""
    return abs(width - A4_WIDTH) <= _A4_TOLERANCE and abs(height - A4_HEIGHT) <= _A4_TOLERANCE


def _where(box: Box) -> dict[str, str]:
    return {"signatory": str(box.signatory), "page": str(box.page)}


def _scale(page_width: float, page_height: float, contract: Contract) -> tuple[float, float]:
    """Return the platform's points for each point of the page as seen, across and down."""
    if contract.formats.non_a4 == "scaled_to_a4" and page_width > 0 and page_height > 0:
        return A4_WIDTH / page_width, A4_HEIGHT / page_height
    return 1.0, 1.0


def _convert(box: Box, contract: Contract) -> Placed | Problem:
    limits = contract.limits
    numbers = (box.x, box.y, box.page_width, box.page_height)
    if (
        not all(math.isfinite(n) for n in numbers)
        or min(box.page_width, box.page_height) <= 0
        or box.page < 1
    ):
        return Problem(code="box_outside_page", values=_where(box))
    if contract.formats.non_a4 == "refuse" and not is_a4(box.page_width, box.page_height):
        return Problem(code="box_page_not_a4", values=_where(box))
    across, down = _scale(box.page_width, box.page_height, contract)
    width, height = box.page_width * across, box.page_height * down
    max_x, max_y = _half_up(width - limits.box_width), _half_up(height - limits.box_height)
    if is_a4(width, height):
        max_x, max_y = min(max_x, limits.a4_max_x), min(max_y, limits.a4_max_y)
    x, y = box.x * across, box.y * down
    if contract.formats.origin == "bottom_left":
        # The corner nearest the origin is then the box's bottom left (ASSUMED).
        y = height - limits.box_height - y
    fits = -_GRACE <= x <= max_x + _GRACE and -_GRACE <= y <= max_y + _GRACE and max_x >= 0 and max_y >= 0
    if not fits:
        return Problem(code="box_outside_page", values=_where(box))
    return Placed(box.signatory, box.page, _whole(x, max_x), _whole(y, max_y), box.with_logo)


def _half_up(value: float) -> int:
    # Not to even, and blind to the last bits: two boxes 50 points apart stay 50 points apart.
    return math.floor(round(value, 6) + 0.5)


def _whole(value: float, highest: int) -> int:
    return min(max(_half_up(value), 0), highest)


def _overlap(one: Placed, other: Placed, contract: Contract) -> bool:
    limits = contract.limits
    return (
        one.page == other.page
        and abs(one.x - other.x) < limits.box_width
        and abs(one.y - other.y) < limits.box_height
    )
