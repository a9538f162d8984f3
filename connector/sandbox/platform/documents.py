"""PDF bytes: what may be uploaded, where a box lies on a page, pictures of pages, and wrong documents."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from io import BytesIO

import pypdfium2
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from connector.sandbox.platform.errors import ApiError, bad_field
from connector.sandbox.platform.model import (
    BOX_HEIGHT,
    BOX_WIDTH,
    MAX_BOX_X,
    MAX_BOX_Y,
    MAX_DOCUMENT_BYTES,
    SIMULATOR,
    Box,
)
from connector.sandbox.platform.signing import Field

# pdfium is not thread-safe.
_PDFIUM = threading.Lock()
_A4 = (595.0, 842.0)
_A4_TOLERANCE = 2.0


def check_pdf(content: bytes) -> int:
    """Return the number of pages of an upload, or refuse it (API page section 4).

    KNOWN: a PDF, strictly less than 10,000,000 bytes. ASSUMED: encryption, form fields and earlier signatures
    are refused (the page only says that the validity of the result is then not guaranteed).
    """
    if not content:
        raise bad_field("Le fichier est vide.")
    if len(content) >= MAX_DOCUMENT_BYTES:
        raise ApiError(413, "Fichier trop lourd", "Le fichier doit peser moins de 10 Mo.")
    if not content.startswith(b"%PDF-"):
        raise bad_field("Le fichier n'est pas un PDF.")
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted:
            raise bad_field("Le PDF est protégé par chiffrement.")
        form = reader.root_object.get("/AcroForm")
        if form is not None and form.get_object().get("/Fields"):
            raise bad_field("Le PDF contient des champs de formulaire ou une signature.")
        pages = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise bad_field("Le fichier n'est pas un PDF lisible.") from error
    if pages == 0:
        raise bad_field("Le PDF n'a aucune page.")
    return pages


def place(content: bytes, boxes: Sequence[Box], pages: int) -> list[Field]:
    """Return each box as a rectangle of its page, or refuse it: page missing, out of the page, overlap.

    Boxes count from the top left of the page *as seen* (rotation and crop applied), Y downwards: KNOWN for A4
    (API page section 2); for other pages ASSUMED, the page's own points.
    """
    reader = PdfReader(BytesIO(content))
    taken: dict[int, list[Box]] = {}
    fields: list[Field] = []
    ranks: dict[int, int] = {}
    for box in boxes:
        number = pages if box.page == -1 else box.page
        if not 1 <= number <= pages:
            raise bad_field(f"SignFields : la page {box.page} n'existe pas (le document en compte {pages}).")
        for other in taken.setdefault(number, []):
            if abs(box.x - other.x) < BOX_WIDTH and abs(box.y - other.y) < BOX_HEIGHT:
                raise bad_field(f"SignFields : deux emplacements se chevauchent page {number}.")
        taken[number].append(box)
        page = reader.pages[number - 1]
        edges = _edges(page)
        rotation = page.rotation % 360
        _check_a4(box, edges, rotation)
        ranks[box.order] = ranks.get(box.order, 0) + 1
        name = f"signataire-{box.order}-{ranks[box.order]}"
        fields.append(Field(name, number - 1, _rectangle(box, edges, rotation), rotation))
    return fields


def _edges(page: PageObject) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of what is seen: CropBox within MediaBox, any two corners of each.

    ISO 32000-1, 7.9.5 and 14.11.2.1.
    """
    (l1, b1, r1, t1), (l2, b2, r2, t2) = _corners(page.mediabox), _corners(page.cropbox)
    left, bottom, right, top = max(l1, l2), max(b1, b2), min(r1, r2), min(t1, t2)
    return (left, bottom, right, top) if left < right and bottom < top else (l1, b1, r1, t1)


def _corners(box: Sequence[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(side) for side in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _check_a4(box: Box, edges: tuple[float, float, float, float], rotation: int) -> None:
    """Refuse a box beyond what is KNOWN to be taken on A4 portrait."""
    left, bottom, right, top = edges
    sides = (right - left, top - bottom) if rotation % 180 == 0 else (top - bottom, right - left)
    if any(abs(side - a4) > _A4_TOLERANCE for side, a4 in zip(sides, _A4, strict=True)):
        return
    for name, value, most in (("positionX", box.x, MAX_BOX_X), ("positionY", box.y, MAX_BOX_Y)):
        if value > most:
            raise bad_field(f"SignFields : {name} doit être compris entre 0 et {most}.")


def _rectangle(
    box: Box, edges: tuple[float, float, float, float], rotation: int
) -> tuple[float, float, float, float]:
    left, bottom, right, top = edges
    width, height = (right - left, top - bottom) if rotation % 180 == 0 else (top - bottom, right - left)
    # Half a point of grace: A4 is 595.28 × 841.89, and its integers are 595 × 842.
    if box.x + BOX_WIDTH > width + 0.5 or box.y + BOX_HEIGHT > height + 0.5:
        raise bad_field("SignFields : un emplacement sort de la page.")
    corners = [(box.x, box.y), (box.x + BOX_WIDTH, box.y + BOX_HEIGHT)]
    if rotation == 0:
        points = [(left + x, top - y) for x, y in corners]
    elif rotation == 90:
        points = [(left + y, bottom + x) for x, y in corners]
    elif rotation == 180:
        points = [(right - x, bottom + y) for x, y in corners]
    else:
        points = [(right - y, top - x) for x, y in corners]
    (x1, y1), (x2, y2) = points
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def picture(content: bytes, page: int) -> bytes:
    """Return page ``page`` (from 1) as PNG at 108 dpi, stamps included. Raises IndexError."""
    with _PDFIUM:
        document = pypdfium2.PdfDocument(content)
        try:
            if not 1 <= page <= len(document):
                raise IndexError(page)
            document.init_forms()
            sheet = document[page - 1]
            image = sheet.render(scale=1.5).to_pil()
            sheet.close()
        finally:
            document.close()
    result = BytesIO()
    image.save(result, "PNG")
    return result.getvalue()


def text_page(title: str, lines: Sequence[str]) -> bytes:
    """Return a one-page A4 PDF: ``title``, the simulator's words, ``lines`` (wrapped)."""
    result = BytesIO()
    canvas = Canvas(result, pagesize=_A4, pageCompression=1)
    canvas.setTitle(title)
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(50, 780, title)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(50, 762, SIMULATOR)
    y = 730.0
    for line in lines:
        for part in simpleSplit(line, "Helvetica", 10, 495) or [""]:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(50, y, part)
            y -= 15
            if y < 50:
                canvas.showPage()
                y = 780.0
    canvas.save()
    return result.getvalue()


def with_extra_page(content: bytes) -> bytes:
    """Return ``content`` with one more page at its end, as a platform that adds its own evidence would."""
    writer = PdfWriter(clone_from=BytesIO(content))
    writer.append(BytesIO(text_page("Page ajoutée par la plateforme", ["Cette page n'a pas été envoyée."])))
    result = BytesIO()
    writer.write(result)
    return result.getvalue()


def broken(content: bytes) -> bytes:
    """Return ``content`` with one signed byte changed (the version in its first line): readable, not intact."""
    digit = content[7:8]
    return content[:7] + (b"6" if digit != b"6" else b"5") + content[8:]
