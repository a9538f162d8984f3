"""The platform's records: transactions, documents, signatories, messages, and what a reader may see of them.

Lengths are PDF points (1/72 inch), durations seconds, times seconds since the epoch on the sandbox clock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SIMULATOR = "SIMULATEUR – sans valeur juridique – non affilié à ECMA"

BOX_WIDTH = 200
BOX_HEIGHT = 50
MAX_BOX_X = 385
MAX_BOX_Y = 792
"""KNOWN for A4 portrait (API page section 2); on other pages the page's own points end it (ASSUMED)."""
LONGEST_SIDE = 14_400
"""API page section 2, KNOWN: a box is 200 × 50 points, X 0-385, Y 0-792."""

MAX_DOCUMENT_BYTES = 10_000_000
"""API page section 4, KNOWN: *strictly less* than this."""

DAY_S = 86_400
LIFE_OF_COLLECTE_S = 15 * DAY_S
"""API page section 4, KNOWN: the whole collecte lapses after 15 days."""
RETENTION_S = 30 * DAY_S
"""API page section 4, KNOWN « at most one month »; counted here from the end (a draft: from its creation)."""
DOWNLOAD_LINK_S = 7 * DAY_S
"""API page section 4, KNOWN: the signatories' link lives 7 days."""
REMIND_EVERY_S = 3_600
"""API page section 3, ASSUMED: no more than one a reminder an hour."""


@dataclass
class Box:
    """One member of ``SignFields`` (API page section 2): where signatory ``order`` signs.

    ``x``, ``y``: points from the page's top left to the box's top-left corner. ``page``: from 1, −1 = last.
    """

    order: int
    x: int
    y: int
    page: int
    without_logo: bool


@dataclass
class Document:
    """One uploaded document. ``revisions[k]`` = bytes of the file before the k-th signatory signed it."""

    order: int
    name: str
    pages: int
    boxes: list[Box] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)


@dataclass
class Signatory:
    """One signatory and where they stand (waiting, ready, accessed, code-sent, signed, refused)."""

    order: int
    email: str
    name: str
    phone: str
    level: int
    key: str
    status: str = "waiting"
    action_at: float | None = None
    refusal_reason: str | None = None
    code: str | None = None
    wrong_codes: int = 0
    invitations: int = 0


@dataclass
class Transaction:
    """One collecte. ``phase``: draft, started, completed, refused, expired, canceled."""

    id: str
    office: str
    created_at: float
    object: str
    message: str
    mail_sender: str
    mail_subject: str
    notification: str
    locked: bool
    sequential: bool
    handwritten: bool
    confidentiality: list[str]
    phase: str = "draft"
    sent_at: float | None = None
    expires_at: float | None = None
    ended_at: float | None = None
    handed_over: bool = False
    reminded_at: float | None = None
    looks_draft_until: float = 0.0
    sealed_at: float | None = None
    sealing_s: float = 0.0
    sends: int = 0
    mails: int = 0
    sms: int = 0
    credits: int = 0
    reminders: int = 0
    documents: list[Document] = field(default_factory=list)
    signatories: list[Signatory] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Transaction:
        """Rebuild a record from ``to_json``."""
        plain = dict(data)
        documents = [
            Document(**{**item, "boxes": [Box(**box) for box in item["boxes"]]})
            for item in plain.pop("documents")
        ]
        signatories = [Signatory(**item) for item in plain.pop("signatories")]
        return cls(documents=documents, signatories=signatories, **plain)

    def turn(self) -> list[Signatory]:
        """Return those who may sign now: in sequential mode the first who has not, else all who have not."""
        left = [person for person in self.signatories if person.status != "signed"]
        return left[:1] if self.sequential else left


@dataclass(frozen=True)
class Message:
    """One e-mail or SMS of the visible outbox. ``link`` and ``code`` are empty when there is none.

    ``kind``: mail, sms. ``purpose``: invitation, code, signed. ``file``: its name in the outbox's folder.
    """

    number: int
    kind: str
    purpose: str
    to: str
    sender: str
    subject: str
    text: str
    link: str
    code: str
    at: float
    transaction: str
    file: str


@dataclass(frozen=True)
class SignatoryView:
    """What a test may see of a signatory; ``link`` is their secret page."""

    order: int
    email: str
    name: str
    phone: str
    level: int
    status: str
    refusal_reason: str | None
    link: str


@dataclass(frozen=True)
class TransactionView:
    """What a test may see of a transaction, counters included (``mails`` e-mails, ``sms`` SMS, ``credits``).

    ``boxes[k]``: those of document k, as uploaded. The words of ``create`` are as they were received.
    """

    id: str
    office: str
    object: str
    message: str
    mail_sender: str
    mail_subject: str
    notification: str
    locked: bool
    sequential: bool
    handwritten: bool
    confidentiality: tuple[str, ...]
    handed_over: bool
    status: str
    sends: int
    mails: int
    sms: int
    credits: int
    reminders: int
    documents: tuple[str, ...]
    boxes: tuple[tuple[Box, ...], ...]
    signatories: tuple[SignatoryView, ...]
    created_at: float
    expires_at: float | None
    ended_at: float | None


@dataclass(frozen=True)
class LoggedRequest:
    """One request of the API: ``status`` 0 = the connection was cut. Bytes are those of the bodies."""

    operation: str
    method: str
    path: str
    status: int
    bytes_in: int
    bytes_out: int
    at: float
    duration_s: float
    connection: int


def iso(timestamp: float | None) -> str | None:
    """Return ``timestamp`` as ``2026-11-23T07:04:07Z``, or None."""
    if timestamp is None:
        return None
    return datetime.fromtimestamp(timestamp, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def french_date(timestamp: float) -> str:
    """Return ``timestamp`` as people read it, in UTC: the simulator has no other time zone."""
    return datetime.fromtimestamp(timestamp, tz=UTC).strftime("%d/%m/%Y à %H:%M (UTC)")
