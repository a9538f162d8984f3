"""Is the PDF that came back really signed? Asked of pyHanko here, apart from the connector's own check."""

from __future__ import annotations

import io
import logging
from typing import NamedTuple

from connector.sandbox.demo.voice import DemoFailed


class Signed(NamedTuple):
    """One intact signature: by whom, under which certificate."""

    name: str
    certificate: str


def intact_signatures(pdf: bytes) -> list[Signed]:
    """Return the signatures in signing order. Raises DemoFailed when there is none or one is not intact."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    # The simulator's authority is known to nobody; each signature would say so again.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    except PdfError as error:
        raise DemoFailed(f"what was read back is no PDF: {error}") from error
    found = []
    for one in embedded:
        context = ValidationContext(trust_roots=[one.signer_cert], allow_fetching=False)
        status = validate_pdf_signature(one, context)
        harmless = status.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
        filled = status.modification_level is ModificationLevel.FORM_FILLING
        if not (status.intact and status.valid and (harmless or filled)):
            raise DemoFailed(f"the signature « {one.field_name} » is not intact: {status.summary()}")
        found.append(
            Signed(str(one.signer_cert.subject.native.get("common_name", "?")), one.signer_cert.sha256.hex())
        )
    if not found:
        raise DemoFailed("the PDF that was read back bears no signature")
    return found
