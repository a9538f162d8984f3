"""What a PDF holds, and what of it forbids sending it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from connector.errors import DocumentError, Problem
from connector.pdf import pages as paper
from connector.pdf.interactive import interactive
from connector.pdf.model import PageSize, PdfFacts
from connector.pdf.structure import items, mapping, structure

if TYPE_CHECKING:
    import pypdf
    import pypdfium2

READ_BYTES = 64 * 1024 * 1024
"""A larger file is not read at all: its size is its only fact."""
MOST_FIELDS = 10_000
_BLOCK = 65_536
_HEAD = 1024
_LATE_HEAD = re.compile(rb"(?:\A\xef\xbb\xbf|[\r\n])%PDF-[12]\.")
"""What a program put before a PDF: a blank line, a byte order mark, words to a printer (ISO 32000-1, H.3, note 13)."""
_END = b"%%EOF"
_BLANK = b"\x00\t\n\x0c\r \x1a"


@dataclass(frozen=True, kw_only=True)
class DocumentLimits:
    """What the platform takes. ``max_bytes``: a document must be *smaller* (API page, section 4)."""

    max_bytes: int = 10_000_000


@dataclass(frozen=True)
class _Fields:
    signed: int = 0
    unsigned: int = 0
    others: int = 0


def facts(path: Path) -> PdfFacts:
    """Read what the PDF holds.

    Raises DocumentError: ``pdf_empty`` (no byte, or no page), ``pdf_not_pdf`` (no ``%PDF`` near its head),
    ``pdf_unreadable`` (torn, damaged, begun by something else), ``pdf_too_slow`` (more than ``pages.MOST_PAGES``
    pages). A password is a fact, not an error.
    """
    size = path.stat().st_size
    version = header(path, size)
    if size > READ_BYTES:
        return PdfFacts(size=size, version=version)
    try:
        with paper.opened(path) as document:
            return _read(path, document, size, version)
    except DocumentError as error:
        if error.code == "pdf_encrypted":
            return PdfFacts(size=size, version=version, encrypted=True)
        raise


def header(path: Path, size: int) -> str:
    """Return the version at the head (``1.7``); DocumentError unless head and tail are a PDF's.

    ISO 32000-1, 7.5.2 and 7.5.5. After the last ``%%EOF`` only NULs (preallocating servers) and blanks may stand:
    a file of several revisions that was cut short still holds the ``%%EOF`` of an earlier one.
    """
    if size == 0:
        raise DocumentError("pdf_empty")
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if not head.startswith(b"%PDF-"):
            # Viewers show it; where each part stands is counted from the head, and by what comes back, too.
            late = _LATE_HEAD.search(head)
            raise DocumentError("pdf_unreadable" if late else "pdf_not_pdf", "no %PDF at the head")
        if not _ends_well(file, size):
            raise DocumentError("pdf_unreadable", "no %%EOF")
    return head[5:8].decode("ascii", "replace")


def _ends_well(file: BinaryIO, size: int) -> bool:
    """True when the last thing in the file, NULs and blanks aside, is ``%%EOF``."""
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        block = file.read(end - start).rstrip(_BLANK)
        if block:
            end = start + len(block)
            file.seek(max(0, end - len(_END)))
            return file.read(len(_END)) == _END
        end = start
    return False


def _read(path: Path, document: pypdfium2.PdfDocument, size: int, version: str) -> PdfFacts:
    if len(document) == 0:
        raise DocumentError("pdf_empty", "no page")
    with structure(path) as reader:
        units = [_unit(page) for page in reader.pages]
        form = mapping(mapping(reader.trailer.get("/Root")).get("/AcroForm"))
        fields = _count(form.get("/Fields"))
        restricted = reader.is_encrypted
        xfa = "/XFA" in form
        more = interactive(reader)
    if len(units) != len(document):
        raise DocumentError("pdf_unreadable", "two readers count different pages")
    return PdfFacts(
        size=size,
        version=version,
        pages=tuple(_size(document, index, unit) for index, unit in enumerate(units)),
        pages_digest=paper.pages_digest(document),
        restricted=restricted,
        signatures=fields.signed,
        empty_signature_fields=fields.unsigned,
        form_fields=fields.others,
        xfa=xfa,
        active=more.active,
        portfolio=more.portfolio,
        attachments=document.count_attachments() + more.files,
        remarks=more.remarks,
        hidden_layers=more.hidden_layers,
    )


def _unit(page: pypdf.PageObject) -> float:
    """Return a page's UserUnit; DocumentError for a page that no preview can be drawn on.

    pdfium makes up what is missing (a type, a MediaBox, an object of its own) and skips what it cannot decode;
    whoever writes the document anew cannot, nor can anybody say what such a page shows elsewhere.
    """
    from pypdf.filters import decode_stream_data

    if page.indirect_reference is None or page.mediabox is None or page.get("/Type") != "/Page":
        raise DocumentError("pdf_unreadable", "a page that is not whole")
    content = page.get("/Contents")
    for stream in items(content) or [content]:
        if "/Filter" in mapping(stream):
            # Not kept with the object, as its own method would.
            decode_stream_data(mapping(stream))
    return float(page.user_unit)


def _size(document: pypdfium2.PdfDocument, index: int, unit: float) -> PageSize:
    # pdfium applies Rotate and CropBox, not UserUnit (ISO 32000-1, table 30).
    width, height = document.get_page_size(index)
    if width <= 0 or height <= 0 or unit <= 0:
        raise DocumentError("pdf_unreadable", "a page without a size")
    return PageSize(width=round(width * unit, 3), height=round(height * unit, 3))


def _count(roots: Any) -> _Fields:
    """Count the fields of a form that hold a value of their own (ISO 32000-1, 12.7.3.1)."""
    signed = unsigned = others = 0
    for kind, filled in _terminal(roots):
        if kind != "/Sig":
            others += 1
        elif filled:
            signed += 1
        else:
            unsigned += 1
    return _Fields(signed, unsigned, others)


def _terminal(roots: Any) -> Iterator[tuple[str, bool]]:
    """Yield type and "has a value" of each field without sub-fields; both are inherited."""
    waiting = [(root, "", False) for root in items(roots)]
    seen: set[int] = set()
    while waiting:
        node, kind, filled = waiting.pop()
        number = getattr(node, "idnum", None)
        if number is not None:
            if number in seen:
                continue
            seen.add(number)
        field = mapping(node)
        kind = str(field.get("/FT", kind))
        filled = filled or bool(mapping(field.get("/V")) if kind == "/Sig" else False)
        # A child without a name is a widget, one more appearance of its parent, not a field.
        children = [child for child in items(field.get("/Kids")) if "/T" in mapping(child)]
        if len(seen) + len(waiting) + len(children) > MOST_FIELDS:
            raise DocumentError("pdf_too_slow", f"more than {MOST_FIELDS} fields")
        if children:
            waiting.extend((child, kind, filled) for child in children)
        elif kind:
            yield kind, filled


def problems_of(
    found: PdfFacts | DocumentError, limits: DocumentLimits | None = None, document: str = ""
) -> list[Problem]:
    """Say everything that forbids sending this PDF; empty = it may go. Codes as in ``sidecar.codes``.

    ``document`` names the file where it is not the request's own PDF: an annex, a further document, an image.
    """
    named = {"document": document}
    if isinstance(found, DocumentError):
        return [Problem(code=found.code, values=named)]
    most = (limits or DocumentLimits()).max_bytes
    problems = []
    if found.size >= most:
        values = {"size_mb": _megabytes(found.size), "limit_mb": _megabytes(most)}
        problems.append(Problem(code="pdf_too_large", values=named | values))
    # A signature field left empty is a field, too (API page, section 4: "no form fields").
    fields = found.form_fields + found.empty_signature_fields
    wrong = {
        "pdf_encrypted": found.encrypted,
        # An owner's password alone forbids changes, and signing is one.
        "pdf_restricted": found.restricted,
        "pdf_signed": found.signatures > 0,
        "pdf_xfa": found.xfa,
        "pdf_form_fields": fields > 0 and not found.xfa,
        "pdf_portfolio": found.portfolio,
        # A form's own scripts go with the form.
        "pdf_active": found.active and not (fields or found.xfa),
    }
    problems.extend(Problem(code=code, values=named) for code, is_so in wrong.items() if is_so)
    return problems


def warnings_of(found: PdfFacts, document: str = "") -> list[Problem]:
    """Say what its author should know before this PDF leaves, and may well have meant (``pdf.interactive``)."""
    named = {"document": document}
    counted = {"pdf_attachments": found.attachments, "pdf_remarks": found.remarks}
    told = [
        Problem(code=code, values=named | {"count": str(count)}) for code, count in counted.items() if count
    ]
    if found.hidden_layers:
        told.append(Problem(code="pdf_layers", values=named))
    return told


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}".removesuffix(".0")
