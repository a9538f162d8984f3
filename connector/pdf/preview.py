"""The preview: the document with each signature box drawn on it, and a banner that says what it is."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connector.pdf.room import BOX_HEIGHT, BOX_WIDTH
from connector.pdf.structure import structure

if TYPE_CHECKING:
    import pypdf
    from reportlab.pdfgen.canvas import Canvas

_FONT = "Helvetica"
_BLUE = (0.05, 0.25, 0.60)
_RED = (0.70, 0.05, 0.05)
_BANNER_SIZE = 9.0
_EDGE = 8.0

Frame = tuple[int, float, float, str]
"""Page from 1, x and y of a box's top-left corner (points from the top left as seen), name to write in it."""


def preview(path_in: Path, path_out: Path, frames: Sequence[Frame], label: str) -> None:
    """Write ``path_in`` with its boxes and, on each page, ``label`` in the top right corner to ``path_out``.

    The same input gives the same bytes: a preview is uploaded only when it changes. Raises DocumentError
    ``pdf_unreadable`` or ``pdf_encrypted``. A name that Latin-1 cannot write is shown with ``?`` in its place.
    """
    import pypdf

    by_page: dict[int, list[Frame]] = {}
    for frame in frames:
        by_page.setdefault(frame[0], []).append(frame)
    with structure(path_in) as reader:
        writer = pypdf.PdfWriter()
        writer.append(reader, import_outline=False)
        _draw_all(writer, by_page, label)
        _write(writer, path_in, path_out)


def _draw_all(writer: pypdf.PdfWriter, by_page: Mapping[int, Sequence[Frame]], label: str) -> None:
    import pypdf

    for number, page in enumerate(writer.pages, start=1):
        width, height = _seen(page)
        drawn = _drawing(width, height, by_page.get(number, ()), label)
        with pypdf.PdfReader(io.BytesIO(drawn)) as overlay:
            page.merge_transformed_page(overlay.pages[0], _matrix(page))


def _write(writer: pypdf.PdfWriter, path_in: Path, path_out: Path) -> None:
    from pypdf.generic import ArrayObject, ByteStringObject

    writer.metadata = None
    # The identifier (ISO 32000-1, 14.4) is drawn from the input, so that nothing in the output is random.
    name = ByteStringObject(hashlib.sha256(path_in.read_bytes()).digest()[:16])
    writer._ID = ArrayObject([name, name])
    for page in writer.pages:
        page.compress_content_streams()
    with path_out.open("wb") as file:
        writer.write(file)


def _visible(page: pypdf.PageObject) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of what is seen: CropBox within MediaBox (ISO 32000-1, 14.11.2.1)."""
    crop, media = page.cropbox, page.mediabox
    box = (
        max(float(crop.left), float(media.left)),
        max(float(crop.bottom), float(media.bottom)),
        min(float(crop.right), float(media.right)),
        min(float(crop.top), float(media.top)),
    )
    if box[0] < box[2] and box[1] < box[3]:
        return box
    return float(media.left), float(media.bottom), float(media.right), float(media.top)


def _seen(page: pypdf.PageObject) -> tuple[float, float]:
    """Return width and height of the page as seen, in points."""
    left, bottom, right, top = _visible(page)
    unit = float(page.user_unit)
    across, up = (right - left) * unit, (top - bottom) * unit
    return (up, across) if page.rotation % 180 else (across, up)


def _matrix(page: pypdf.PageObject) -> pypdf.Transformation:
    """Return what carries the page as seen (points, from its bottom left) to the page's own coordinates.

    ``Rotate`` turns clockwise when shown (ISO 32000-1, table 30), so drawing turns the other way.
    """
    from pypdf import Transformation

    left, bottom, right, top = _visible(page)
    s = 1 / float(page.user_unit)
    turns = {
        0: (s, 0.0, 0.0, s, left, bottom),
        90: (0.0, s, -s, 0.0, right, bottom),
        180: (-s, 0.0, 0.0, -s, right, top),
        270: (0.0, -s, s, 0.0, left, top),
    }
    a, b, c, d, e, f = turns[page.rotation % 360]
    return Transformation((a, b, c, d, e, f))


def _drawing(width: float, height: float, frames: Sequence[Frame], label: str) -> bytes:
    """Return a PDF of one page as seen, with the boxes and the banner on it."""
    from reportlab.pdfgen.canvas import Canvas

    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=(width, height), invariant=1, pageCompression=0)
    _banner(canvas, width, height, label)
    for _page, x, y, name in frames:
        _frame(canvas, x, height - y - BOX_HEIGHT, name)
    canvas.showPage()
    canvas.save()
    return drawn.getvalue()


def _banner(canvas: Canvas, width: float, height: float, label: str) -> None:
    text = _writable(label)
    long = canvas.stringWidth(text, _FONT, _BANNER_SIZE)
    size = _BANNER_SIZE * min(1.0, (width - 2 * _EDGE) / max(long, 1.0))
    canvas.setFillColorRGB(*_RED)
    canvas.setFont(_FONT, size)
    canvas.drawRightString(width - _EDGE, height - _EDGE - size, text)


def _frame(canvas: Canvas, left: float, bottom: float, name: str) -> None:
    canvas.setStrokeColorRGB(*_BLUE)
    canvas.setFillColorRGB(*_BLUE)
    canvas.setLineWidth(1)
    canvas.setDash(4, 2)
    # Half the line's width inside, so that what is seen is exactly the box.
    canvas.rect(left + 0.5, bottom + 0.5, BOX_WIDTH - 1, BOX_HEIGHT - 1, stroke=1, fill=0)
    text = _writable(name)
    long = canvas.stringWidth(text, _FONT, 11)
    # A long name is made smaller rather than cut: who signs must be read whole.
    size = 11 * min(1.0, (BOX_WIDTH - 12) / max(long, 1.0))
    canvas.setFont(_FONT, size)
    canvas.drawString(left + 6, bottom + BOX_HEIGHT / 2 - size / 3, text)


def _writable(text: str) -> str:
    """Return what the standard fonts can write: cp1252 covers French and its typography."""
    return text.encode("cp1252", "replace").decode("cp1252")
