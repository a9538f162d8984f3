"""Real PAdES signatures: the empty fields made at ``send``, and one incremental revision per box signed."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic, layout
from pyhanko.pdf_utils.content import PdfResources, RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.stamp import StaticStampStyle

from connector.sandbox.platform.model import BOX_HEIGHT, BOX_WIDTH, SIMULATOR, french_date

# Ample for an EC signature with its two certificates; measured once, it spares a dry run each time.
_RESERVED_HEX_DIGITS = 8192

_TURNS = {
    0: b"",
    90: b"0 1 -1 0 %d 0 cm" % BOX_HEIGHT,
    180: b"-1 0 0 -1 %d %d cm" % (BOX_WIDTH, BOX_HEIGHT),
    270: b"0 -1 1 0 0 %d cm" % BOX_WIDTH,
}


@dataclass(frozen=True)
class Field:
    """A signature field to be. ``rectangle``: x1, y1, x2, y2 in the page's own space, None = invisible.

    ``page``: index from 0. ``rotation``: the page's, 0, 90, 180 or 270 degrees clockwise.
    """

    name: str
    page: int = 0
    rectangle: tuple[float, float, float, float] | None = None
    rotation: int = 0


def add_fields(pdf: bytes, fields: Sequence[Field]) -> bytes:
    """Return ``pdf`` with one more revision that holds ``fields``, all empty.

    All are made before anybody signs: filling one that was there is what a strict check of later revisions
    allows, adding one is not. Raises ValueError: a PDF that cannot be extended.
    """
    try:
        return _with_fields(pdf, fields)
    except PdfError as error:
        raise ValueError(str(error)) from error


def _with_fields(pdf: bytes, fields: Sequence[Field]) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    for field in fields:
        # The library says integers, and takes fractions of a point just as well.
        box: Any = field.rectangle
        append_signature_field(writer, SigFieldSpec(sig_field_name=field.name, on_page=field.page, box=box))
    result = BytesIO()
    writer.write(result)  # type: ignore[no-untyped-call]
    return result.getvalue()


def sign_field(pdf: bytes, field: Field, signer: Any, name: str, when: datetime) -> bytes:
    """Return ``pdf`` with one more revision: ``field`` signed by ``signer`` at ``when``, with a visible stamp.

    ``signer`` is what ``Authority.signer`` gives. Must not be called in a thread that runs an event loop.
    """
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    metadata = PdfSignatureMetadata(
        field_name=field.name,
        name=name,
        reason=SIMULATOR,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
    )
    pdf_signer = PdfSigner(metadata, signer, stamp_style=_stamp(name, when, field.rotation))
    session = pdf_signer.init_signing_session(writer, existing_fields_only=True)
    # The library would take the machine's time; the simulator has its own clock.
    session.system_time = when
    prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=_RESERVED_HEX_DIGITS)
    output: Any
    digest, output = prepared.digest_tbs_document()
    attributes = PdfCMSSignedAttributes(signing_time=when)
    asyncio.run(prepared.perform_signature(digest.document_digest, attributes))
    signed: bytes = output.getvalue()
    return signed


def _stamp(name: str, when: datetime, rotation: int) -> Any:
    """Return the style of a 200 × 50 stamp: name, date and the simulator's words, read upright."""
    lines = [
        (6.5, 39.0, "Signé électroniquement par"),
        (11.0, 26.0, name),
        (7.0, 15.0, f"le {french_date(when.timestamp())}"),
        (6.2, 4.5, SIMULATOR),
    ]
    parts = [
        b"q",
        _TURNS[rotation],
        b"0.2 0.2 0.2 RG 0.7 w 0.5 0.5 %d %d re S" % (BOX_WIDTH - 1, BOX_HEIGHT - 1),
    ]
    for size, y, text in lines:
        shown = _western(text)
        # A long name is narrowed rather than cut: whose signature it is must be readable whole.
        scale = min(100.0, 100 * (BOX_WIDTH - 10) / (0.53 * size * max(len(shown), 1)))
        parts.append(b"BT /F1 %.1f Tf %.1f Tz 5 %.1f Td <%s> Tj ET" % (size, scale, y, shown.hex().encode()))
    parts.append(b"Q")
    resources = PdfResources()  # type: ignore[no-untyped-call]
    resources.font["/F1"] = _font()
    margins = layout.Margins.uniform(0)  # type: ignore[no-untyped-call]
    low = layout.AxisAlignment.ALIGN_MIN
    return StaticStampStyle(
        border_width=0,
        background=RawContent(b" ".join(parts), resources=resources),
        background_layout=layout.SimpleBoxLayoutRule(x_align=low, y_align=low, margins=margins),
    )


def _western(text: str) -> bytes:
    """Return ``text`` for Helvetica: a letter that it lacks loses its accent, or becomes a question mark."""
    kept = []
    for letter in text:
        plain = unicodedata.normalize("NFKD", letter)[:1]
        fits = letter.encode("cp1252", "ignore") or plain.encode("cp1252", "replace")
        kept.append(fits)
    return b"".join(kept)


def _font() -> Any:
    pairs = {
        "/Type": "/Font",
        "/Subtype": "/Type1",
        "/BaseFont": "/Helvetica",
        "/Encoding": "/WinAnsiEncoding",
    }
    named = {generic.pdf_name(key): generic.pdf_name(value) for key, value in pairs.items()}
    return generic.DictionaryObject(named)  # type: ignore[no-untyped-call]
