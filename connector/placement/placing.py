"""Boxes set one after the other: written places first, then free room around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import Problem
from connector.pdf.model import PageSize
from connector.pdf.room import BOX_HEIGHT, BOX_WIDTH, GAP, MARGIN, Size, Spot
from connector.placement import near
from connector.placement.sheets import BoxSize, PlacedAll, Sheet, Wish, tell, wishes
from connector.ports import Box
from connector.sidecar.model import Corner, Length, Placement, Signatory

GRACE = 0.5
"""Points a box may exceed the page: A4 is 595.28 × 841.89, people and programs say 595 × 842."""
_NOT_MOVED = (Length(value=0, unit="pt"), Length(value=0, unit="pt"))


@dataclass(frozen=True, kw_only=True)
class _Set:
    """A box that found its place."""

    wish: Wish
    box: Box


def usual_size(_page: PageSize) -> Size:
    """Return the platform's box where its contract scales no page."""
    return BOX_WIDTH, BOX_HEIGHT


def place_all(
    sheets: Sequence[Sheet],
    signatories: Sequence[Signatory],
    *,
    annexes_need_boxes: bool = False,
    with_logo: bool = True,
    box_size: BoxSize = usual_size,
) -> PlacedAll:
    """Give every signatory their boxes on every document; on one where nothing is written, one in free room.

    A placement without ``document`` is meant for the main one. Annexes get no box but by name, or when
    ``annexes_need_boxes``. Boxes with a written place are set first, whatever the order of signing; the others then
    take room around them on the last page. Where one written place serves several signatories (``signature`` at the
    edge of a file), they stand in a row from there, then in further rows, in reading order. Which place of a text
    is meant: :func:`near.choose`.

    Every problem is told, once, codes as in ``sidecar.codes``; with a problem no boxes are given. Nothing that is
    written is moved in silence. Errors of the sheets' functions pass through.
    """
    work = _Work(box_size, with_logo)
    wanted = list(wishes(sheets, signatories, annexes_need_boxes, work.problems))
    by_sheet = [[wish for wish in wanted if wish.sheet is sheet] for sheet in sheets]
    for group in by_sheet:
        work.set_written([wish for wish in group if not wish.loose])
        work.check_pages([wish for wish in group if wish.loose])
    if not work.problems:
        for group in by_sheet:
            work.fit([wish for wish in group if wish.loose])
    return PlacedAll(problems=work.problems) if work.problems else work.result()


def overlap(one: Box, other: Box) -> bool:
    """True when two boxes of one document share any of their surface; edges may touch."""
    close = abs(one.x - other.x) < one.width and abs(one.y - other.y) < one.height
    return one.page == other.page and close


class _Work:
    """Boxes set so far, and what is wrong."""

    def __init__(self, box_size: BoxSize, with_logo: bool) -> None:
        self._box_size = box_size
        self._with_logo = with_logo
        self._set: list[_Set] = []
        self.problems: list[Problem] = []

    def result(self) -> PlacedAll:
        """Return all that was set, in the signatories' order."""
        placed = PlacedAll()
        for one in sorted(self._set, key=lambda one: one.wish.rank):
            document, who = one.wish.sheet.rank, one.wish.rank
            placed.boxes[document] = (*placed.boxes.get(document, ()), one.box)
            placed.how[document, who] = (*placed.how.get((document, who), ()), one.wish.written)
        return placed

    def check_pages(self, wanted: Sequence[Wish]) -> None:
        """Tell of each page that does not exist."""
        for wish in wanted:
            self._page_of(wish)

    def _page_of(self, wish: Wish) -> int | None:
        if wish.number is None and wish.written is not None:
            page, pages = wish.written.page, wish.sheet.last
            tell(self.problems, wish.problem("placement_page", page=page, pages=pages))
        return wish.number

    # ---------------------------------------------------------------------------------- written places

    def set_written(self, wanted: Sequence[Wish]) -> None:
        """Set the boxes of one document whose place is written, or say why one cannot stand there."""
        groups: dict[Placement, list[Wish]] = {}
        for wish in wanted:
            if self._page_of(wish) is not None and wish.written is not None:
                groups.setdefault(wish.written, []).append(wish)
        found = near.search([group[0] for group in groups.values()])
        for written, group in groups.items():
            start = self._start(group[0], written, found)
            if isinstance(start, Problem):
                tell(self.problems, start)
                continue
            number, spot = start
            page = group[0].sheet.facts.pages[number - 1]
            for wish, at in zip(group, self._row(page, spot, written.corner, len(group)), strict=True):
                self._set_at(wish, number, at)

    def _start(self, wish: Wish, written: Placement, found: near.Places | None) -> tuple[int, Spot] | Problem:
        """Return page and corner of the first box of a written place."""
        number = wish.number
        assert number is not None
        page = wish.sheet.facts.pages[number - 1]
        if written.near is not None:
            return self._under(wish, written, found)
        if written.corner is not None:
            return number, self._corner(page, written.corner)
        if written.x is not None and written.y is not None:
            return number, (_points(written.x, page.width), _points(written.y, page.height))
        key, needs = ("x", "y") if written.y is None else ("y", "x")
        return wish.problem("key_needs", key=key, needs=needs)

    def _under(self, wish: Wish, written: Placement, found: near.Places | None) -> tuple[int, Spot] | Problem:
        """Return the place under a text, left edges aligned, plus the offset."""
        place = near.choose(wish, found)
        if isinstance(place, Problem):
            return place
        page = wish.sheet.facts.pages[place.page - 1]
        right, down = written.offset or _NOT_MOVED
        spot = place.left + _points(right, page.width), place.foot + _points(down, page.height)
        if self._fits(page, spot):
            return place.page, spot
        return wish.problem("placement_under_text", who=wish.who, written=written.near, page=place.page)

    def _corner(self, page: PageSize, corner: Corner) -> Spot:
        """Return the place of a box 15 mm inside a corner of the page."""
        width, height = self._box_size(page)
        x = MARGIN if _is_left(corner) else page.width - MARGIN - width
        y = MARGIN if _is_top(corner) else page.height - MARGIN - height
        return x, y

    def _row(self, page: PageSize, start: Spot, corner: Corner | None, count: int) -> list[Spot]:
        """Return ``count`` places from the first one on, row by row away from the corner, in reading order."""
        width, height = self._box_size(page)
        leftwards, upwards = bool(corner and not _is_left(corner)), bool(corner and not _is_top(corner))
        room = start[0] - MARGIN if leftwards else page.width - MARGIN - width - start[0]
        columns = max(1, 1 + math.floor(room / (width + GAP)))
        across = -(width + GAP) if leftwards else width + GAP
        down = -(height + GAP) if upwards else height + GAP
        spots = [
            (start[0] + index % columns * across, start[1] + index // columns * down)
            for index in range(count)
        ]
        return sorted(spots, key=lambda spot: (spot[1], spot[0]))

    def _fits(self, page: PageSize, spot: Spot) -> bool:
        (x, y), (width, height) = spot, self._box_size(page)
        return 0 <= x <= page.width - width + GRACE and 0 <= y <= page.height - height + GRACE

    def _set_at(self, wish: Wish, number: int, spot: Spot) -> None:
        if not self._fits(wish.sheet.facts.pages[number - 1], spot):
            tell(self.problems, wish.problem("placement_outside", who=wish.who, page=number))
            return
        box = self._box(wish, number, spot)
        for other in self._set:
            if other.wish.sheet is wish.sheet and overlap(box, other.box):
                values = {"who": wish.who, "other": other.wish.who, "page": number}
                tell(self.problems, wish.problem("placement_overlap", **values))
                return
        self._set.append(_Set(wish=wish, box=box))

    # -------------------------------------------------------------------------------------- free room

    def fit(self, wanted: Sequence[Wish]) -> None:
        """Give free room on one document to those who wrote no place, in their order; never an overlap."""
        by_page: dict[int, list[Wish]] = {}
        for wish in wanted:
            assert wish.number is not None
            by_page.setdefault(wish.number, []).append(wish)
        for number, group in sorted(by_page.items()):
            sheet = group[0].sheet
            there = [one.box for one in self._set if one.wish.sheet is sheet and one.box.page == number]
            size = self._box_size(sheet.facts.pages[number - 1])
            spots = sheet.free(number, len(group), [(box.x, box.y) for box in there], size)
            if len(spots) < len(group):
                for wish in group:
                    tell(self.problems, wish.problem("placement_no_room", who=wish.who, page=number))
                continue
            for wish, spot in zip(group, spots, strict=True):
                self._set.append(_Set(wish=wish, box=self._box(wish, number, spot)))

    def _box(self, wish: Wish, number: int, spot: Spot) -> Box:
        page = wish.sheet.facts.pages[number - 1]
        width, height = self._box_size(page)
        return Box(
            signatory=wish.rank,
            page=number,
            x=round(spot[0], 2),
            y=round(spot[1], 2),
            page_width=page.width,
            page_height=page.height,
            width=round(width, 2),
            height=round(height, 2),
            with_logo=self._with_logo,
        )


def _is_left(corner: Corner) -> bool:
    return corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)


def _is_top(corner: Corner) -> bool:
    return corner in (Corner.TOP_LEFT, Corner.TOP_RIGHT)


def _points(length: Length, whole: float) -> float:
    return length.value * whole / 100 if length.unit == "%" else length.value
