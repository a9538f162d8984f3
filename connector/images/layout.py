"""How large a picture is printed, and where on an A4 page it stands. Pure arithmetic, in points.

A scan of a whole page fills its page, as the paper did. Everything else stands within a margin, at the top, never
larger than it is, with a free strip at the foot in which a signature box finds room by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from connector.pdf.room import BOX_HEIGHT, GAP
from connector.pdf.room import MARGIN as BOX_MARGIN

POINTS_PER_INCH: Final = 72.0
A4: Final = (210 / 25.4 * POINTS_PER_INCH, 297 / 25.4 * POINTS_PER_INCH)
MARGIN: Final = 10 / 25.4 * POINTS_PER_INCH
"""10 mm left, right and above."""
FOOT: Final = BOX_MARGIN + BOX_HEIGHT + GAP
"""What stays free below, so that a box without a written place is placed: 36 mm."""
SCREEN_DPI: Final = 96.0
"""Pixels per inch of a picture that does not say."""
_PAGE_SIDES: Final = (0.90, 1.05)
"""A picture whose printed sides both lie so near to A4's is the scan of a page."""
_BELIEVED_DPI: Final = (50.0, 2400.0)
_UNKNOWN_DPI: Final = 72.0
"""What telephones write when they know none (Exif 2.3, section 4.6.4 A): it tells a size, and never that of a page."""
_MOST_UNLIKE: Final = 4.0
"""Fax lines are twice as far apart as their points; more than that is no resolution."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The page, and the picture's place on it as seen; from the bottom left."""

    width: float
    height: float
    left: float
    bottom: float
    across: float
    up: float


def place(columns: int, rows: int, dpi: tuple[float, float] | None) -> Place:
    """Lay out a picture of ``columns`` × ``rows`` pixels as seen; ``dpi`` across and up, None where unknown."""
    dpi_across, dpi_up = believed(dpi)
    across = columns / dpi_across * POINTS_PER_INCH
    up = rows / dpi_up * POINTS_PER_INCH
    width, height = A4 if up >= across else (A4[1], A4[0])
    low, high = _PAGE_SIDES
    measured = believable(dpi) and min(dpi_across, dpi_up) > _UNKNOWN_DPI
    if measured and low <= across / width <= high and low <= up / height <= high:
        scale = min(1.0, width / across, height / up)
        top = 0.0
    else:
        scale = min(1.0, (width - 2 * MARGIN) / across, (height - MARGIN - FOOT) / up)
        top = MARGIN
    # A picture one pixel high is still seen.
    across, up = max(across * scale, 1.0), max(up * scale, 1.0)
    return Place(
        width=width,
        height=height,
        left=(width - across) / 2,
        bottom=height - top - up,
        across=across,
        up=up,
    )


def believed(dpi: tuple[float, float] | None) -> tuple[float, float]:
    """Return the resolution to count with: the written one where it can be true, a screen's otherwise."""
    return dpi if dpi is not None and believable(dpi) else (SCREEN_DPI, SCREEN_DPI)


def believable(dpi: tuple[float, float] | None) -> bool:
    """Tell whether a written resolution can be one: files say 0, 1, infinity and nonsense, too."""
    if dpi is None or not all(math.isfinite(each) for each in dpi):
        return False
    low, high = _BELIEVED_DPI
    return all(low <= each <= high for each in dpi) and max(dpi) <= _MOST_UNLIKE * min(dpi)
