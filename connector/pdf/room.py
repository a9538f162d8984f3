"""Free room for signature boxes on a page: where the rendered page shows no ink."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from connector.pdf import pages as paper
from connector.pdf.structure import user_units

BOX_WIDTH = 200.0
BOX_HEIGHT = 50.0
"""Points; the platform's box (API page, ``SignFields``)."""
MARGIN = 15 / 25.4 * 72
"""15 mm, in points."""
GAP = 10.0
"""Points between two boxes that we place ourselves."""
_STEP = 5.0
_PAPER = 250
"""Grey from which a pixel is paper: what is drawn in pale grey is ink, too."""
_INK_TABLE = bytes(255 if grey >= _PAPER else 0 for grey in range(256))

Spot = tuple[float, float]
"""Top-left corner of a box, in points from the top left of the page as seen."""
Size = tuple[float, float]
"""Width and height of a box, in points of the page as seen."""


def free_boxes(
    path: Path,
    page: int,
    count: int,
    taken: Sequence[Spot] = (),
    size: Size = (BOX_WIDTH, BOX_HEIGHT),
) -> list[Spot]:
    """Find ``count`` places on ``page`` (from 1) where a whole box of this size stands on bare paper.

    Searched from the bottom up and from the right; returned in reading order (rows from the top, each from the
    left). ``taken`` are corners of boxes of that size already there. Empty when there is not room for all. Raises as
    ``pages.opened``, ``pdf_unreadable`` also for a page that does not exist.
    """
    across, down = size
    with paper.opened(path) as document:
        sheet = document[page - 1]
        try:
            unit = user_units(path, {page})[page]
            width, height = (side * unit for side in sheet.get_size())
            columns, rows, grey = paper.rendered(sheet, width / sheet.get_width(), annotations=True)
        finally:
            sheet.close()
    ink = grey.translate(_INK_TABLE)
    xs = _steps(width - MARGIN - across)
    clear = {x: _clear(ink, columns, rows, x * columns / width, (x + across) * columns / width) for x in xs}
    found: list[Spot] = []
    for y in _steps(height - MARGIN - down):
        top, bottom = math.floor(y * rows / height), math.ceil((y + down) * rows / height)
        for x in xs:
            if clear[x][bottom - 1] < bottom - top or not _apart((x, y), [*taken, *found], size):
                continue
            found.append((x, y))
            if len(found) == count:
                return sorted(found, key=lambda spot: (spot[1], spot[0]))
    return []


def _steps(last: float) -> list[float]:
    """Return places from the last possible one back to the margin."""
    return [round(last - step * _STEP, 1) for step in range(math.floor((last - MARGIN) / _STEP) + 1)]


def _clear(ink: bytes, columns: int, rows: int, left: float, right: float) -> list[int]:
    """Return, for each row of pixels, how many rows ending with it are bare between two columns."""
    first, last = math.floor(left), math.ceil(right)
    bare = b"\xff" * (last - first)
    counts, run = [], 0
    for row in range(rows):
        start = row * columns
        run = run + 1 if ink[start + first : start + last] == bare else 0
        counts.append(run)
    return counts


def _apart(spot: Spot, others: Sequence[Spot], size: Size) -> bool:
    width, height = size
    return all(abs(spot[0] - x) >= width + GAP or abs(spot[1] - y) >= height + GAP for x, y in others)
