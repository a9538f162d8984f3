"""Two pages on which a person sees where the platform puts a box: ``calibrate``'s document.

The same numbers are read in several ways, and a lettered frame stands where each way would put the box. Rulers in
millimetres at the edges measure what fits none. Points from the top left of the page as seen (API page section 2).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final, NamedTuple

A4: Final = (595.0, 842.0)
LANDSCAPE: Final = (842.0, 595.0)
BOX: Final = (200.0, 50.0)
FIRST: Final = (60.0, 120.0)
"""What is asked for on the first page, A4 upright."""
SECOND: Final = (150.0, 500.0)
"""What is asked for on the second, A4 on its side."""
_MM: Final = 72 / 25.4


class Reading(NamedTuple):
    """One way to read the numbers: values of ``formats.origin`` and ``formats.non_a4``; empty: not told here."""

    origin: str
    non_a4: str = ""


class Frame(NamedTuple):
    """Where a box stands: top left corner and size."""

    x: float
    y: float
    width: float
    height: float


READINGS: Final[Mapping[int, Mapping[str, Reading]]] = {
    1: {"A": Reading("top_left"), "B": Reading("bottom_left")},
    2: {
        "E": Reading("top_left", "page_points"),
        "F": Reading("top_left", "scaled_to_a4"),
        "G": Reading("bottom_left", "page_points"),
        "H": Reading("bottom_left", "scaled_to_a4"),
    },
}
"""Page → letter → how the platform reads the numbers if its box stands there."""


def frame(page: int, reading: Reading) -> Frame:
    """Return where the box of a page stands under one reading."""
    (x, y), (width, height) = (FIRST, A4) if page == 1 else (SECOND, LANDSCAPE)
    across = down = 1.0
    if reading.non_a4 == "scaled_to_a4":
        across, down = width / A4[0], height / A4[1]
    seen_x, seen_y = x * across, y * down
    box_width, box_height = BOX[0] * across, BOX[1] * down
    if reading.origin == "bottom_left":
        seen_y = height - seen_y - box_height
    return Frame(seen_x, seen_y, box_width, box_height)


def draw() -> bytes:
    """Return the document."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle("jse-connector calibrate")
    for page, size in ((1, A4), (2, LANDSCAPE)):
        canvas.setPageSize(size)
        _rulers(canvas, size)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(
            230, size[1] - 40, f"Calibrage, page {page}: sur quelle lettre se trouve le cadre ?"
        )
        for letter, reading in READINGS[page].items():
            one = frame(page, reading)
            bottom = size[1] - one.y - one.height
            canvas.setDash(3, 3)
            canvas.rect(one.x, bottom, one.width, one.height)
            canvas.setDash()
            canvas.setFont("Helvetica-Bold", 28)
            canvas.drawString(one.x + 8, bottom + one.height / 2 - 10, letter)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _rulers(canvas: object, size: tuple[float, float]) -> None:
    """Draw a mark each centimetre along the left and the top edge, counted from the top left."""
    from reportlab.pdfgen.canvas import Canvas

    assert isinstance(canvas, Canvas)
    canvas.setFont("Helvetica", 6)
    width, height = size
    for number in range(1, int(width / (10 * _MM))):
        x = number * 10 * _MM
        canvas.line(x, height, x, height - 8)
        canvas.drawString(x + 1, height - 14, f"{number * 10}")
    for number in range(1, int(height / (10 * _MM))):
        y = height - number * 10 * _MM
        canvas.line(0, y, 8, y)
        canvas.drawString(10, y - 2, f"{number * 10}")
