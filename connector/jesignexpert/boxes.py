"""From boxes as people see them to the platform's ``SignFields`` (API page section 2). Pure.

KNOWN: members, 72-dpi points, a box of 200 × 50, X 0-385 and Y 0-792 on A4 portrait. ASSUMED: the origin, and
what holds on other pages. The last page is always written as its number, never as -1.
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
_GRACE = 1.0


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


def place(boxes: Sequence[Box], contract: Contract) -> list[Placed]:
    """Return every box on the platform's axes.

    Raises RequestRejected with every problem: ``box_page_not_a4`` (setting ``non_a4: refuse``),
    ``box_outside_page`` and ``boxes_overlap``; values ``signatory``, ``page`` and, where they help, ``max_x``,
    ``max_y`` (points) and ``other``.
    """
    placed: list[Placed] = []
    problems: list[Problem] = []
    for box in boxes:
        found = _convert(box, contract)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        problems += [
            Problem(
                code="boxes_overlap",
                values={
                    "signatory": str(box.signatory),
                    "page": str(box.page),
                    "other": str(other.signatory),
                },
            )
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


def _convert(box: Box, contract: Contract) -> Placed | Problem:
    limits = contract.limits
    width, height = box.page_width, box.page_height
    x, y = box.x, box.y
    a4 = is_a4(width, height)
    where = {"signatory": str(box.signatory), "page": str(box.page)}
    if not a4 and contract.formats.non_a4 == "refuse":
        return Problem(code="box_page_not_a4", values=where)
    numbers = (x, y, width, height)
    if not all(math.isfinite(number) for number in numbers) or min(width, height) <= 0 or box.page < 1:
        return Problem(code="box_outside_page", values=where)
    if not a4 and contract.formats.non_a4 == "scaled_to_a4":
        x, y = x * A4_WIDTH / width, y * A4_HEIGHT / height
        a4 = True
    if a4:
        width, height = float(A4_WIDTH), float(A4_HEIGHT)
    max_x = limits.a4_max_x if a4 else math.floor(width - limits.box_width)
    max_y = limits.a4_max_y if a4 else math.floor(height - limits.box_height)
    if not (-_GRACE <= x <= max_x + _GRACE and -_GRACE <= y <= max_y + _GRACE) or max_x < 0 or max_y < 0:
        return Problem(code="box_outside_page", values={**where, "max_x": str(max_x), "max_y": str(max_y)})
    if contract.formats.origin == "bottom_left":
        # The corner nearest the origin is then the box's bottom left (ASSUMED).
        y = height - limits.box_height - y
    return Placed(box.signatory, box.page, _whole(x, max_x), _whole(y, max_y), box.with_logo)


def _whole(value: float, highest: int) -> int:
    # Half up, not to even: two boxes 50 points apart stay 50 points apart.
    return min(max(math.floor(value + 0.5), 0), highest)


def _overlap(one: Placed, other: Placed, contract: Contract) -> bool:
    limits = contract.limits
    return (
        one.page == other.page
        and abs(one.x - other.x) < limits.box_width
        and abs(one.y - other.y) < limits.box_height
    )
