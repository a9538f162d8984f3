"""Pages through pdfium: how large they are, what they show (as a digest), where their ink is.

Not thread-safe, as pdfium is not: only for the isolated worker, or one thread.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import DocumentError

if TYPE_CHECKING:
    import pypdfium2

MOST_PAGES = 2_000
"""A longer document is refused (``pdf_too_slow``)."""
MOST_TEXT = 2_000_000
"""Characters of one page that enter the digest."""
MOST_PIXELS = 1_000_000
"""No page is rendered larger than this, however large it says it is."""
DIGEST_SCALE = 0.5
"""Pixels per point of the pictures in the digest: 36 dpi sees a moved line, and costs milliseconds."""
SCHEME = "1"
"""Changes whenever the digest is made differently. pdfium's build is part of the scheme, too."""


@contextmanager
def opened(path: Path, most_pages: int = MOST_PAGES) -> Iterator[pypdfium2.PdfDocument]:
    """Open a PDF with pdfium. DocumentError ``pdf_encrypted``, ``pdf_unreadable`` or ``pdf_too_slow``."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        # The second: encrypted for the holders of certificates, or by another scheme.
        locked = getattr(error, "err_code", None) in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
        raise DocumentError("pdf_encrypted" if locked else "pdf_unreadable", "pdfium") from None
    try:
        if len(document) > most_pages:
            raise DocumentError("pdf_too_slow", f"more than {most_pages} pages")
        yield document
    except pypdfium2.PdfiumError:
        raise DocumentError("pdf_unreadable", "pdfium") from None
    finally:
        document.close()


def scheme() -> str:
    """Return the name of the digest's scheme; only digests of one scheme can be compared."""
    import pypdfium2

    return f"{SCHEME}.{pypdfium2.PDFIUM_INFO.build}"


def comparable(one: str, other: str) -> bool:
    """True when both digests were made in the same way."""
    return one.partition(":")[0] == other.partition(":")[0]


def pages_digest(document: pypdfium2.PdfDocument) -> str:
    """Digest what the pages show: number, sizes, text, a small picture of each, and remarks on it.

    Form widgets stay out, and with them the visible stamps of signatures (ISO 32000-1, 12.5.6.19); so a signed
    document has the digest of what was signed. Other annotations enter by kind, place and text: a note stuck
    over a paragraph is a change. Saving again without editing keeps the digest.
    """
    whole = hashlib.sha256(struct.pack(">I", len(document)))
    for index in range(len(document)):
        page = document[index]
        try:
            whole.update(_page_digest(page))
        finally:
            page.close()
    return f"{scheme()}:{whole.hexdigest()}"


def _page_digest(page: pypdfium2.PdfPage) -> bytes:
    digest = hashlib.sha256()
    width, height = page.get_size()
    digest.update(struct.pack(">ii", round(width * 10), round(height * 10)))
    text = page.get_textpage()
    try:
        shown = text.get_text_range(0, min(text.count_chars(), MOST_TEXT)) if text.count_chars() > 0 else ""
    finally:
        text.close()
    digest.update(unicodedata.normalize("NFC", shown).encode("utf-8", "surrogatepass"))
    columns, rows, pixels = rendered(page, DIGEST_SCALE, annotations=False)
    digest.update(struct.pack(">ii", columns, rows))
    digest.update(pixels)
    for remark in _remarks(page):
        digest.update(remark)
    return digest.digest()


def _remarks(page: pypdfium2.PdfPage) -> Iterator[bytes]:
    """Yield kind, rectangle and text of each annotation that is neither a form widget nor a note's window."""
    from pypdfium2 import raw

    for index in range(min(raw.FPDFPage_GetAnnotCount(page), 10_000)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            if kind in {raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_POPUP}:
                continue
            box = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, box)
            sides = (box.left, box.bottom, box.right, box.top)
            yield struct.pack(">i4i", kind, *(_whole(side) for side in sides)) + _note(annotation)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _whole(side: float) -> int:
    """Round a coordinate; what a file may claim (infinite, not a number, huge) becomes 0."""
    return round(side) if math.isfinite(side) and abs(side) < 1e9 else 0


def _note(annotation: Any) -> bytes:
    from pypdfium2 import raw

    length = raw.FPDFAnnot_GetStringValue(annotation, b"Contents", None, 0)
    if length <= 2:
        return b""
    buffer = ctypes.create_string_buffer(length)
    pointer = ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR))
    raw.FPDFAnnot_GetStringValue(annotation, b"Contents", pointer, length)
    return buffer.raw


def rendered(page: pypdfium2.PdfPage, scale: float, *, annotations: bool) -> tuple[int, int, bytes]:
    """Render a page as seen, in grey, without padding. Return columns, rows and one byte for each pixel.

    ``scale`` in pixels per unit of the page; made smaller where the page would exceed :data:`MOST_PIXELS`.
    """
    width, height = page.get_size()
    most = math.sqrt(MOST_PIXELS / max(width * height, 1))
    bitmap = page.render(
        scale=min(scale, most), grayscale=True, draw_annots=annotations, may_draw_forms=annotations
    )
    try:
        pixels = bytes(bitmap.buffer)
        if bitmap.stride != bitmap.width:
            rows = (pixels[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height))
            pixels = b"".join(rows)
        return bitmap.width, bitmap.height, pixels
    finally:
        bitmap.close()
