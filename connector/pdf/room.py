"""Free room for signature boxes on a page: where the rendered page shows no ink."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
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
"""Points from one place that is tried to the next; a pixel where that is more: between two there is nothing to see."""
_WHITE = 250
"""Grey from which a pixel of white paper is bare: what is drawn in pale grey is ink, too."""
_EVEN = 5
"""Steps of grey by which paper of one tone differs from itself."""
_GRAIN = 16
"""The same of paper that was scanned: of no tone quite, and pressed into a JPEG."""
_DARKEST_PAPER = 200
"""No tone below is taken for paper: what is stamped on it could hardly be read."""

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
    first, last = _paper(grey)
    bare = bytes(255 if first <= tone <= last else 0 for tone in range(256))
    ink = _Ink(grey.translate(bare), columns, rows)
    xs = _steps(width - MARGIN - across, width / columns)
    found: list[Spot] = []
    for y in _steps(height - MARGIN - down, height / rows):
        top, bottom = math.floor(y * rows / height), math.ceil((y + down) * rows / height)
        for x in xs:
            left, right = math.floor(x * columns / width), math.ceil((x + across) * columns / width)
            if ink.touches(left, right, top, bottom) or not _apart((x, y), [*taken, *found], size):
                continue
            found.append((x, y))
            if len(found) == count:
                return sorted(found, key=lambda spot: (spot[1], spot[0]))
    return []


def _paper(grey: bytes) -> tuple[int, int]:
    """Return the darkest and the lightest grey of a page's bare paper; one byte for each pixel.

    White, unless most of the page is of another light tone and hardly anything on it is white: a scan shows the paper
    itself, which a machine in an office makes grey or yellowish. A white page may be dense with pale grey, a scan not.
    """
    if grey.count(255) * 2 > len(grey):
        return _WHITE, 255  # as below, of most pages, and a fiftieth of the time
    counts = Counter(grey)
    tone, often = counts.most_common(1)[0]
    apart = _EVEN if tone == 255 or often * 2 > len(grey) else _GRAIN
    first, last = tone - apart, min(255, tone + apart)
    alike = sum(counts[one] for one in range(first, last + 1))
    white = sum(counts[one] for one in range(_WHITE, 256))
    if tone < _DARKEST_PAPER or alike * 2 < len(grey) or (tone < _WHITE and white * 10 > len(grey)):
        return _WHITE, 255
    return first, last


def _steps(last: float, pixel: float) -> list[float]:
    """Return places from the last possible one back to the margin; ``pixel`` in points."""
    apart = max(_STEP, pixel)
    return [round(last - step * apart, 1) for step in range(math.floor((last - MARGIN) / apart) + 1)]


class _Ink:
    """Where a page bears ink: one byte for each pixel, 255 for bare paper."""

    def __init__(self, pixels: bytes, columns: int, rows: int) -> None:
        self._pixels, self._columns = pixels, columns
        bare = b"\xff" * columns
        # Most of most pages is bare from side to side: that is seen once, not for each place across.
        self._rows = [row for row in range(rows) if pixels[row * columns : (row + 1) * columns] != bare]
        self._touched: dict[tuple[int, int], list[int]] = {}

    def touches(self, left: int, right: int, top: int, bottom: int) -> bool:
        """True when a rectangle of pixels, its right and bottom not included, bears any ink."""
        touched = self._between(left, right)
        first = bisect_left(touched, top)
        return first < len(touched) and touched[first] < bottom

    def _between(self, left: int, right: int) -> list[int]:
        """Return the rows that bear ink between two columns, in order."""
        known = self._touched.get((left, right))
        if known is None:
            bare, start = b"\xff" * (right - left), self._columns
            known = self._touched[left, right] = [
                row for row in self._rows if self._pixels[row * start + left : row * start + right] != bare
            ]
        return known


def _apart(spot: Spot, others: Sequence[Spot], size: Size) -> bool:
    width, height = size
    return all(abs(spot[0] - x) >= width + GAP or abs(spot[1] - y) >= height + GAP for x, y in others)
