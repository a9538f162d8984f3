"""The shapes of what is known of a PDF: its facts, where a text stands, and the verdict on a signed one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    """A value that never changes and knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageSize(_Frozen):
    """One page as seen: rotation, CropBox and UserUnit applied. Points (1/72 inch)."""

    width: float
    height: float


class PdfFacts(_Frozen):
    """What a PDF holds, as far as a request must know.

    ``pages`` and ``pages_digest`` are empty where the content was not read: behind a user password, or in a
    file above :data:`connector.pdf.facts.READ_BYTES`.
    """

    size: int
    """Bytes."""
    version: str = ""
    """As the header says it: ``1.7``."""
    pages: tuple[PageSize, ...] = ()
    pages_digest: str = ""
    """``scheme:64 hexadecimal digits`` over what the pages show, signatures aside; see ``pdf.pages``."""
    encrypted: bool = False
    """A password is needed to read it."""
    restricted: bool = False
    """Readable without a password, but an owner's password forbids something."""
    signatures: int = 0
    """Signature fields that are signed, document timestamps included."""
    empty_signature_fields: int = 0
    form_fields: int = 0
    """Fields to fill in, signature fields aside."""
    xfa: bool = False
    active: bool = False
    """It runs a script or a program, or holds sound or film; see ``pdf.interactive``."""
    portfolio: bool = False
    """Its page is the cover of files within."""
    attachments: int = 0
    remarks: int = 0
    """Reviewers' notes and marks."""
    hidden_layers: bool = False


class Found(_Frozen):
    """One place where a text stands: a rectangle in points from the top left of the page as seen, ``page`` from 1.

    From the ink of its first letter and the top of its first line to the foot of its last line, a quarter of the
    letters' size below the baseline: the same for all texts of a line, so that boxes under them stand level. Of a
    text that runs over two lines, left and width are those of its first line.
    """

    page: int
    left: float
    top: float
    width: float
    height: float
    likeness: int = 0
    """0 as typed; 1 but for capitals, 2 but for accents; 3 more where it is only a part of longer words."""
    alone: bool = True
    """Nothing is written right beside it on its line: a label, not a mention in a sentence."""

    @property
    def foot(self) -> float:
        """Where its last line ends."""
        return self.top + self.height


NOT_COMPARED: Final = "not compared"
"""A difference of ``content``: the two digests were made in different ways, and say nothing about each other."""


class Expected(_Frozen):
    """What was sent, and what should therefore come back. None = nothing known, nothing compared."""

    pages: int | None = None
    pages_digest: str | None = None
    signatures: int | None = None
    """At least so many: a seal of the platform's own is welcome."""


class Signature(_Frozen):
    """One signature of a signed document. Who signed is what the certificate says; nobody vouches for it here."""

    field: str
    name: str
    """Common name of the certificate, else the signature's own ``/Name``, else empty."""
    email: str | None = None
    signed_at: datetime | None = None
    """Of its intact timestamp token, else as the signer's clock said; aware. None where it says neither."""
    stamped: bool = False
    """``signed_at`` is the token's: an authority's clock, not the signer's own."""
    certificate_sha256: str
    contents_sha256: str
    """Of the ``/Contents`` of the signature: no two signatures share it (protocol R8)."""
    intact: bool
    """Bytes unchanged since, and nothing added later but signatures, timestamps and their proofs."""


class Verdict(_Frozen):
    """What came back, judged.

    ``intact`` False means quarantine, for the reason ``code``: ``empty``, ``not_pdf``, ``not_signed``,
    ``signature_broken``, or ``added_later``: every signature verifies over its bytes, and what was added after one is
    not what may be. ``differences`` are expectations that are not met by an intact document
    (``signatures: "2→1"``, ``pages: "4→5"``, ``content: "changed"``): it is delivered, but beside.
    """

    intact: bool
    code: str = ""
    signatures: tuple[Signature, ...] = ()
    pages: int = 0
    pages_digest: str = ""
    size: int = 0
    differences: dict[str, str] = Field(default_factory=dict)

    @property
    def as_expected(self) -> bool:
        """True when it is intact and nothing differs from what was sent."""
        return self.intact and not self.differences
