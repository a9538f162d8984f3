"""What the steps ask of the signing platform: :class:`SigningService`, and the values it answers in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NewType, Protocol

from connector.ports.folder import Fetched

TransactionId = NewType("TransactionId", str)


class Progress(StrEnum):
    """Where a transaction stands, in our words."""

    NOT_SENT = "not_sent"
    IN_PROGRESS = "in_progress"
    SIGNED = "signed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A word nobody has mapped: never an end."""


class SignatoryProgress(StrEnum):
    """Where one signatory stands."""

    WAITING = "waiting"
    INVITED = "invited"
    SIGNED = "signed"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Box:
    """Where one signatory signs on one document.

    Points (1/72 inch) from the top left of the page as seen, of the top-left corner of the 200 × 50 box;
    the contract turns them into the platform's axes. ``width`` and ``height`` as seen: another size only where the
    contract scales the page. ``page`` counts from 1; ``page_width``/``page_height`` in
    points, of that page as seen. ``signatory`` is the rank from 1.
    """

    signatory: int
    page: int
    x: float
    y: float
    page_width: float
    page_height: float
    width: float = 200.0
    height: float = 50.0
    with_logo: bool = True
    """Whether the firm's logo is shown in it."""


@dataclass(frozen=True, kw_only=True)
class TransactionDraft:
    """What a new transaction carries besides documents and signatories."""

    subject: str
    """At most 45 characters."""
    message: str
    sender: str
    sequential: bool
    mail_subject: str | None = None
    handwritten: bool = False
    """Signatories draw their signature by hand."""
    confidential_to: tuple[str, ...] = ()
    """Addresses that alone may see it in the firm's account; empty: everybody there."""


@dataclass(frozen=True, kw_only=True)
class TransactionSignatory:
    """One signatory as the platform takes it. ``phone`` is E.164; ``level`` 1 simple, 2 advanced, 3 qualified."""

    email: str
    name: str
    first_name: str
    last_name: str
    phone: str
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class SignatoryStatus:
    """What the platform tells of one signatory. ``order`` counts from 1."""

    order: int
    email: str
    name: str
    progress: SignatoryProgress
    word: str
    at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class TransactionStatus:
    """What the platform tells of a transaction; ``word`` is its raw word, for the journal."""

    transaction: TransactionId
    progress: Progress
    word: str
    created_at: datetime | None = None
    expires_at: datetime | None = None
    signatories: tuple[SignatoryStatus, ...] = ()


class SigningService(Protocol):
    """One account at the platform. Thread-safe. API page sections 1–3.

    Until :meth:`send` nothing is seen by people and nothing is paid: create, upload and add_signatory may be
    abandoned and begun again. Calls raise NotConnected, Unavailable, OutcomeUnknown (writes), AnsweredNo,
    NotFound, InvalidResponse, AccessDenied (no tokens at all).
    """

    name: str

    def create(self, draft: TransactionDraft) -> TransactionId:
        """Open a transaction."""
        ...

    def upload(
        self, transaction: TransactionId, rank: int, name: str, content: Path, boxes: Sequence[Box]
    ) -> None:
        """Add one document, in rank order from 1, with the boxes of all signatories on it."""
        ...

    def add_signatory(self, transaction: TransactionId, signatory: TransactionSignatory) -> None:
        """Add one signatory; the order of calls is the order of signing."""
        ...

    def send(self, transaction: TransactionId) -> None:
        """Launch: invitations leave, credit is spent. NEVER repeated by this class, whatever happens.

        Returns only on a clear yes. NotConnected: certainly not sent. AnsweredNo whose cause answers send:
        not sent. Anything else: OutcomeUnknown.
        """
        ...

    def leave_as_draft(self, transaction: TransactionId) -> None:
        """Hand the transaction over to a person on the site."""
        ...

    def status(self, transaction: TransactionId) -> TransactionStatus:
        """Ask where it stands. NotFound on 404 (what that means is the caller's question, R11)."""
        ...

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream the signed document. Unavailable while the platform still seals it (404, 409)."""
        ...

    def attestation(self, transaction: TransactionId, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream the attestation. NotFound where the platform offers none."""
        ...

    def cancel(self, transaction: TransactionId) -> None:
        """End it: nobody can sign any more."""
        ...

    def remind(self, transaction: TransactionId) -> None:
        """Send the invitation again to whoever's turn it is."""
        ...


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the platform's contract says, as far as the steps must know it. API page sections 2 and 4."""

    max_document_bytes: int
    """Strictly less than this may be sent."""
    max_signed_bytes: int
    subject_length: int
    message_length: int
    second_send_refused: bool
    """Confirmed that a second ``send`` of one transaction fails (protocol R9); False until ECMA says so."""
    signatures_per_signatory: int | None
    """How many signatures the returned PDF should bear for each signatory; None = unknown."""
    digest: str
    """Of the contract in force: a request previewed under another contract is another request."""
    lapse_days: int
    """A request lapses so many days after it was sent, where the platform gives no date of its own."""
    retention_days: int = 30
    """A signed document stays there for at most so many days; the platform tells no date."""
    annexes_need_boxes: bool = False
    """An upload without any box would be refused: each signatory gets one on an annex, too (ASSUMED: no)."""
    remind_every_s: int = 3600
    """A reminder sooner than this after the last one is refused."""
    operations_status: str = "operations.status.path"
    """Name of the setting to change when the status call does not exist (protocol R11)."""
