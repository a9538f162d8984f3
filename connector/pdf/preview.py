"""The preview: every document with each signature box drawn on it, and a banner that says what it is."""

from __future__ import annotations

import hashlib
import io
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.pdf import layers
from connector.pdf import pages as paper
from connector.pdf.structure import drop_dangling_annotations, drop_dangling_names, structure

if TYPE_CHECKING:
    import pypdf
    from reportlab.pdfgen.canvas import Canvas

_FONT = "Helvetica"
"""Every viewer has it; it writes what cp1252 holds: French and its typography."""
_WIDER_FONT = "Vera"
"""Ships with reportlab, may be embedded, and writes most of Europe's Latin letters."""
_LOOK_ALIKE = {"Đ": "Ð"}
"""Letters that the wider font lacks, and others that look just the same."""
_BLUE = (0.05, 0.25, 0.60)
_RED = (0.70, 0.05, 0.05)
_BANNER_SIZE = 9.0
_SMALLEST_BANNER = 6.0
_NAME_SIZE = 11.0
_EDGE = 8.0


class Frame(NamedTuple):
    """One box to draw: page from 1, top-left corner and size in points of the page as seen, the name in it."""

    page: int
    x: float
    y: float
    width: float
    height: float
    name: str


class _Shape(NamedTuple):
    """What is seen of a page, in its own space: its sides, the degrees it is turned, the points of one unit."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int
    unit: float

    @property
    def seen(self) -> tuple[float, float]:
        """Width and height as seen, in points."""
        across, up = (self.right - self.left) * self.unit, (self.top - self.bottom) * self.unit
        return (up, across) if self.turn % 180 else (across, up)

    @property
    def matrix(self) -> tuple[float, ...]:
        """What carries the page as seen (points, from its bottom left) to the page's own coordinates.

        ``Rotate`` turns clockwise when shown (ISO 32000-1, table 30), so drawing turns the other way.
        """
        s = 1 / self.unit
        return {
            0: (s, 0.0, 0.0, s, self.left, self.bottom),
            90: (0.0, s, -s, 0.0, self.right, self.bottom),
            180: (-s, 0.0, 0.0, -s, self.right, self.top),
            270: (0.0, -s, s, 0.0, self.left, self.top),
        }[self.turn]


_Look = tuple[tuple[float, float], tuple[Frame, ...]]
"""What a drawing depends on: the page's size as seen, and the boxes on it."""


class PreviewPart(NamedTuple):
    """One document of a preview."""

    path: Path
    name: str
    frames: Sequence[Frame]


def preview(parts: Sequence[PreviewPart], path_out: Path, label: str) -> None:
    """Write all documents, one after the other, with their boxes to ``path_out``.

    Each page says ``label`` in its top right corner, and the document's name where there are several. The same input
    gives the same bytes: a preview is uploaded only when it changes. Raises DocumentError ``pdf_unreadable`` or
    ``pdf_encrypted``. A letter that no font here has loses its accent, or is shown as ``?``.
    """
    import pypdf

    writer = pypdf.PdfWriter()
    for part in parts:
        with structure(part.path) as reader:
            first = len(writer.pages)
            drop_dangling_names(reader)
            drop_dangling_annotations(reader)
            writer.append(reader, import_outline=False)
            layers.carry_over(reader, writer)
            banner = f"{label} – {part.name}" if len(parts) > 1 else label
            _draw_all(writer, _shaped(part.path, writer.pages[first:]), part.frames, banner)
    _write(writer, [part.path for part in parts], path_out)


def _shaped(path: Path, pages: Sequence[pypdf.PageObject]) -> list[tuple[pypdf.PageObject, _Shape]]:
    """Return each page with its shape as pdfium sees it, which makes sense of boxes that are none."""
    shaped = []
    with paper.opened(path) as document:
        for page, sheet in zip(pages, document, strict=True):
            left, bottom, right, top = sheet.get_bbox()
            turn, unit = sheet.get_rotation(), float(page.user_unit)
            shaped.append((page, _Shape(left, bottom, right, top, turn, unit)))
            sheet.close()
    return shaped


def _draw_all(
    writer: pypdf.PdfWriter,
    pages: Sequence[tuple[pypdf.PageObject, _Shape]],
    frames: Sequence[Frame],
    banner: str,
) -> None:
    import pypdf
    from pypdf.generic import NullObject

    looks = [
        (shape.seen, tuple(frame for frame in frames if frame.page == number))
        for number, (_page, shape) in enumerate(pages, start=1)
    ]
    # Most pages bear nothing but the banner: one drawing serves all that look alike.
    distinct = list(dict.fromkeys(looks))
    with pypdf.PdfReader(io.BytesIO(_drawings(distinct, banner))) as drawn:
        drawings = {
            look: _form(writer, page, (0, 0, *look[0]))
            for look, page in zip(distinct, drawn.pages, strict=True)
        }
    replaced = [reference for page, _shape in pages for reference in _content_of(page)]
    for (page, shape), look in zip(pages, looks, strict=True):
        _lay_over(writer, page, shape, drawings[look])
    for reference in replaced:
        # Only now: pages may share a part of their content.
        writer._replace_object(reference, NullObject())


def _content_of(page: pypdf.PageObject) -> list[pypdf.generic.IndirectObject]:
    """Return the streams that make up the content of a page, which its form takes the place of."""
    from pypdf.generic import ArrayObject, IndirectObject

    content = page.raw_get("/Contents") if "/Contents" in page else None
    streams = content.get_object() if content is not None else None
    several = [content, *streams] if isinstance(streams, ArrayObject) else [content]
    return [each for each in several if isinstance(each, IndirectObject)]


def _lay_over(
    writer: pypdf.PdfWriter,
    page: pypdf.PageObject,
    shape: _Shape,
    drawing: pypdf.generic.IndirectObject,
) -> None:
    """Put a drawing of the page as seen on the page.

    Both are form XObjects (ISO 32000-1, 8.10), which leave nothing of their graphics state behind: whatever the
    page's own content forgets to restore, the drawing stands where it should.
    """
    from pypdf.generic import DictionaryObject, NameObject

    own = _form(writer, page, (shape.left, shape.bottom, shape.right, shape.top))
    forms = DictionaryObject({NameObject("/Page"): own, NameObject("/Drawing"): drawing})
    matrix = " ".join(f"{value:.6f}" for value in shape.matrix)
    page[NameObject("/Contents")] = _stream(writer, f"/Page Do q {matrix} cm /Drawing Do Q".encode())
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): forms})


def _form(
    writer: pypdf.PdfWriter, page: pypdf.PageObject, sides: Sequence[float]
) -> pypdf.generic.IndirectObject:
    """Return what a page shows between its sides as a form XObject of the writer."""
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject

    content = page.get_contents()
    return _stream(
        writer,
        content.get_data() if content is not None else b"",
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): ArrayObject([FloatObject(side) for side in sides]),
            NameObject("/Resources"): page.get("/Resources", DictionaryObject()).get_object().clone(writer),
        },
    )


def _stream(
    writer: pypdf.PdfWriter, data: bytes, entries: Mapping[pypdf.generic.NameObject, Any] | None = None
) -> pypdf.generic.IndirectObject:
    from pypdf.generic import StreamObject

    plain = StreamObject()
    plain.set_data(data)
    packed = plain.flate_encode()
    packed.update(entries or {})
    return writer._add_object(packed)


def _write(writer: pypdf.PdfWriter, paths_in: Sequence[Path], path_out: Path) -> None:
    from pypdf.generic import ArrayObject, ByteStringObject

    writer.metadata = None
    # The identifier (ISO 32000-1, 14.4) is drawn from the input, so that nothing in the output is random.
    digest = hashlib.sha256(
        b"".join(hashlib.sha256(path.read_bytes()).digest() for path in paths_in)
    ).digest()
    name = ByteStringObject(digest[:16])
    writer._ID = ArrayObject([name, name])
    with path_out.open("wb") as file:
        writer.write(file)


def _drawings(looks: Sequence[_Look], banner: str) -> bytes:
    """Return a PDF of pages as seen, with nothing on them but boxes and banner."""
    from reportlab.pdfgen.canvas import Canvas

    drawn = io.BytesIO()
    canvas = Canvas(drawn, invariant=1, pageCompression=0)
    for (width, height), frames in looks:
        canvas.setPageSize((width, height))
        _banner(canvas, width, height, banner)
        for frame in frames:
            _frame(canvas, frame, height)
        canvas.showPage()
    canvas.save()
    return drawn.getvalue()


def _banner(canvas: Canvas, width: float, height: float, text: str) -> None:
    text, font = _writable(text)
    room = width - 2 * _EDGE
    size = _BANNER_SIZE * min(1.0, room / max(canvas.stringWidth(text, font, _BANNER_SIZE), 1.0))
    while size < _SMALLEST_BANNER and len(text) > 3:
        # Names often differ in their last words only: the middle goes.
        text = f"{text[: len(text) // 2 - 1]}…{text[len(text) // 2 + 1 :]}"
        size = _BANNER_SIZE * min(1.0, room / max(canvas.stringWidth(text, font, _BANNER_SIZE), 1.0))
    canvas.setFillColorRGB(*_RED)
    canvas.setFont(font, size)
    canvas.drawRightString(width - _EDGE, height - _EDGE - size, text)


def _frame(canvas: Canvas, frame: Frame, height: float) -> None:
    left, bottom = frame.x, height - frame.y - frame.height
    canvas.setStrokeColorRGB(*_BLUE)
    canvas.setFillColorRGB(*_BLUE)
    canvas.setLineWidth(1)
    canvas.setDash(4, 2)
    # Half the line's width inside, so that what is seen is exactly the box.
    canvas.rect(left + 0.5, bottom + 0.5, frame.width - 1, frame.height - 1, stroke=1, fill=0)
    text, font = _writable(frame.name)
    long = canvas.stringWidth(text, font, _NAME_SIZE)
    # A long name is made smaller rather than cut: who signs must be read whole.
    size = _NAME_SIZE * min(1.0, (frame.width - 12) / max(long, 1.0))
    canvas.setFont(font, size)
    canvas.drawString(left + 6, bottom + frame.height / 2 - size / 3, text)


def _writable(text: str) -> tuple[str, str]:
    """Return a text as far as it can be written, and the font that writes it."""
    plain = unicodedata.normalize("NFC", text)
    try:
        plain.encode("cp1252")
    except UnicodeEncodeError:
        glyphs = _wider_glyphs()
        return "".join(_letter(letter, glyphs) for letter in plain), _WIDER_FONT
    return plain, _FONT


def _letter(letter: str, glyphs: Collection[int]) -> str:
    """Return a letter, or what remains of it without accents, that a font has."""
    parts = unicodedata.normalize("NFD", _LOOK_ALIKE.get(letter, letter))
    for length in range(len(parts), 0, -1):
        shorter = unicodedata.normalize("NFC", parts[:length])
        if len(shorter) == 1 and ord(shorter) in glyphs:
            return shorter
    return "?"


@cache
def _wider_glyphs() -> Collection[int]:
    """Make the wider font known to reportlab; return the characters that it writes."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(_WIDER_FONT, f"{_WIDER_FONT}.ttf")
    registerFont(font)
    # Glyph 0 is the empty box of what is missing.
    return frozenset(code for code, glyph in font.face.charToGlyph.items() if glyph)
