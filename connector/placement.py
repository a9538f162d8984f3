"""Where each signatory signs on a document: what they wrote, else free room, else a problem.

Pure. What a page shows is asked through :data:`FreeRoom`, because looking at a page is the isolated worker's work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connector.errors import Problem
from connector.pdf.model import PageSize, PdfFacts
from connector.pdf.room import BOX_HEIGHT, BOX_WIDTH, MARGIN, Spot
from connector.ports import Box
from connector.sidecar.model import Corner, Length, Placement, Signatory

FreeRoom = Callable[[int, int, Sequence[Spot]], Sequence[Spot]]
"""Page from 1, how many boxes, corners of boxes already there → as many corners in reading order, or none."""

GRACE = 0.5
"""Points a box may exceed the page: A4 is 595.28 × 841.89, people and programs say 595 × 842."""


@dataclass
class Placed:
    """The boxes of a document in the signatories' order, or why there are none."""

    boxes: list[Box] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def of(self, signatory: int) -> list[Box]:
        """Return the boxes of the signatory of that rank (from 1)."""
        return [box for box in self.boxes if box.signatory == signatory]


@dataclass(frozen=True)
class _Wish:
    """One box to be placed: for whom (rank from 1), and what was written, if anything."""

    rank: int
    who: str
    placement: Placement


def place(facts: PdfFacts, signatories: Sequence[Signatory], free: FreeRoom) -> Placed:
    """Give every signatory their boxes on this document; one in free room where nothing is written.

    ``signatories`` carry only the placements meant for this document. Boxes with a written place are set first,
    whatever the order of signing; the others then take room around them. Every problem is told, codes as in
    ``sidecar.codes``; with a problem no boxes are given. Errors of ``free`` pass through.
    """
    placed = Placed()
    wishes = [
        _Wish(rank, signatory.name or signatory.email, placement)
        for rank, signatory in enumerate(signatories, start=1)
        for placement in signatory.placements or (Placement(line=signatory.line),)
    ]
    named: dict[int, str] = {wish.rank: wish.who for wish in wishes}
    loose: dict[int, list[_Wish]] = {}
    for wish in wishes:
        number = _page(facts, wish, placed.problems)
        if number is None:
            continue
        if _is_loose(wish.placement):
            loose.setdefault(number, []).append(wish)
        else:
            _set(facts, wish, number, named, placed)
    if not placed.problems:
        for number, group in sorted(loose.items()):
            _fit(facts, group, number, free, placed)
    if placed.problems:
        return Placed(problems=placed.problems)
    placed.boxes.sort(key=lambda box: box.signatory)
    return placed


def overlap(one: Box, other: Box) -> bool:
    """True when two boxes share any of their surface; edges may touch."""
    near = abs(one.x - other.x) < BOX_WIDTH and abs(one.y - other.y) < BOX_HEIGHT
    return one.page == other.page and near


def _is_loose(wish: Placement) -> bool:
    return wish.x is None and wish.y is None and wish.corner is None


def _page(facts: PdfFacts, wish: _Wish, problems: list[Problem]) -> int | None:
    """Return the page meant, the last one by default; None with a problem told."""
    placement, pages = wish.placement, len(facts.pages)
    if placement.near is not None:
        problems.append(Problem(code="not_yet", line=placement.line, values={"key": "près de"}))
        return None
    number = pages if placement.page in (None, -1) else placement.page
    if number is None or not 1 <= number <= pages:
        values = {"page": str(placement.page), "pages": str(pages)}
        problems.append(Problem(code="placement_page", line=placement.line, values=values))
        return None
    return number


def _set(facts: PdfFacts, wish: _Wish, number: int, named: dict[int, str], placed: Placed) -> None:
    """Set a box where it was written, or say why it cannot stand there."""
    size, placement = facts.pages[number - 1], wish.placement
    if placement.corner is None and (placement.x is None or placement.y is None):
        key, needs = ("x", "y") if placement.y is None else ("y", "x")
        values = {"key": key, "needs": needs}
        placed.problems.append(Problem(code="key_needs", line=placement.line, values=values))
        return
    x, y = _corner(size, placement)
    box = _box(wish, number, x, y, size)
    inside = 0 <= x <= size.width - BOX_WIDTH + GRACE and 0 <= y <= size.height - BOX_HEIGHT + GRACE
    if not inside:
        values = {"who": wish.who, "page": str(number)}
        placed.problems.append(Problem(code="placement_outside", line=placement.line, values=values))
        return
    for other in placed.boxes:
        if overlap(box, other):
            values = {"who": wish.who, "other": named[other.signatory], "page": str(number)}
            placed.problems.append(Problem(code="placement_overlap", line=placement.line, values=values))
            return
    placed.boxes.append(box)


def _corner(size: PageSize, placement: Placement) -> Spot:
    """Return the box's top-left corner: from ``x`` and ``y``, else from the corner of the page, 15 mm inside."""
    if placement.x is not None and placement.y is not None:
        return _points(placement.x, size.width), _points(placement.y, size.height)
    left = placement.corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
    top = placement.corner in (Corner.TOP_LEFT, Corner.TOP_RIGHT)
    x = MARGIN if left else size.width - MARGIN - BOX_WIDTH
    y = MARGIN if top else size.height - MARGIN - BOX_HEIGHT
    return x, y


def _points(length: Length, whole: float) -> float:
    return length.value * whole / 100 if length.unit == "%" else length.value


def _fit(facts: PdfFacts, group: Sequence[_Wish], number: int, free: FreeRoom, placed: Placed) -> None:
    """Give free room on one page to those who wrote no place, in their order; never an overlap."""
    size = facts.pages[number - 1]
    taken = [(box.x, box.y) for box in placed.boxes if box.page == number]
    spots = free(number, len(group), taken)
    if len(spots) < len(group):
        for wish in group:
            values = {"who": wish.who, "page": str(number)}
            placed.problems.append(Problem(code="placement_no_room", line=wish.placement.line, values=values))
        return
    for wish, (x, y) in zip(group, spots, strict=False):
        placed.boxes.append(_box(wish, number, x, y, size))


def _box(wish: _Wish, number: int, x: float, y: float, size: PageSize) -> Box:
    return Box(
        signatory=wish.rank,
        page=number,
        x=round(x, 2),
        y=round(y, 2),
        page_width=size.width,
        page_height=size.height,
    )
