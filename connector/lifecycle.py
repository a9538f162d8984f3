"""The life of a request: its states, the events that move it, the record that the journal keeps.

One table (:data:`TRANSITIONS`) says which event may happen in which state; :func:`after` applies it. An event
that is not in the table raises :class:`LifecycleError` and changes nothing. No clock, no network.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from connector.errors import LifecycleError
from connector.sidecar.model import Frozen, SignatureRequest


class State(StrEnum):
    """Where a request stands. What people read for each is in ``report``."""

    WAITING_PDF = "waiting_pdf"
    """Sidecar read, its PDF is not there."""
    REJECTED = "rejected"
    """Something must be corrected first; every problem is known."""
    UNCONFIRMED = "unconfirmed"
    """Looks like a copy of another request: a person must confirm."""
    PREVIEWED = "previewed"
    """Accepted, shown, goes no further by itself."""
    WAITING = "waiting"
    """Accepted; to be prepared at the platform."""
    PREPARED = "prepared"
    """A transaction carries it; nobody has seen it; no marker yet."""
    MARKED = "marked"
    """The marker binds it to its transaction; about to be sent (or handed over as a draft)."""
    DRAFT = "draft"
    """Handed over to a person on the site; never sent by us."""
    IN_PROGRESS = "in_progress"
    """Sent; people are signing."""
    SEALING = "sealing"
    """Signed by all; the document is being fetched."""
    DELIVERING = "delivering"
    """The signed document is in the spool."""
    DELIVERED = "delivered"
    """The signed document is the new version of the same file."""
    DELIVERED_BESIDE = "delivered_beside"
    """The signed document lies beside the file, which a person had changed, moved or removed."""
    REFUSED = "refused"
    """Somebody declined: nobody can sign any more, and there is no document."""
    EXPIRED = "expired"
    """Not everybody signed in the time that the platform gives."""
    CANCELLED = "cancelled"
    """Ended before all had signed: by an order, on the platform's site, or for a new request."""
    HELD = "held"
    """Waits for a person, for the reason told; was not sent by us."""
    IN_DOUBT = "in_doubt"
    """Perhaps sent: forbids sending, not asking (protocol R13)."""
    QUARANTINED = "quarantined"
    """What came back is not intact; fetched again later."""
    LOST = "lost"
    """Signed or sent, and the platform knows nothing of it any more."""
    WITHDRAWN = "withdrawn"
    """The author took it away before it left."""

    @property
    def ended(self) -> bool:
        """True when nothing moves it any more (a person may ask anew: that is another record)."""
        return not TRANSITIONS[self]

    @property
    def before_mark(self) -> bool:
        """True while an edit of PDF, sidecar or settings simply judges it again."""
        return self in JUDGED

    @property
    def open(self) -> bool:
        """True from the marker to the end: it lives on whatever happens to its files."""
        return not self.ended and not self.before_mark and self is not State.HELD


class Event(StrEnum):
    """What can happen to a request."""

    PDF_MISSING = "pdf_missing"
    REJECTED = "rejected"
    COPIED = "copied"
    HELD = "held"
    PREVIEWED = "previewed"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    PREPARED = "prepared"
    ABANDONED = "abandoned"
    MARKED = "marked"
    ADOPTED = "adopted"
    SENT = "sent"
    DRAFTED = "drafted"
    SEND_REFUSED = "send_refused"
    DOUBTED = "doubted"
    STARTED = "started"
    PROGRESSED = "progressed"
    SIGNED = "signed"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ERASED = "erased"
    FETCHED = "fetched"
    QUARANTINED = "quarantined"
    DELIVERED = "delivered"
    DELIVERED_BESIDE = "delivered_beside"


JUDGED = frozenset(
    {
        State.WAITING_PDF,
        State.REJECTED,
        State.UNCONFIRMED,
        State.PREVIEWED,
        State.WAITING,
        State.PREPARED,
    }
)

_JUDGING: dict[Event, State] = {
    Event.PDF_MISSING: State.WAITING_PDF,
    Event.REJECTED: State.REJECTED,
    Event.COPIED: State.UNCONFIRMED,
    Event.HELD: State.HELD,
    Event.PREVIEWED: State.PREVIEWED,
    Event.ACCEPTED: State.WAITING,
    Event.WITHDRAWN: State.WITHDRAWN,
    Event.ADOPTED: State.IN_DOUBT,
}
_FOLLOWING: dict[Event, State] = {
    Event.STARTED: State.IN_PROGRESS,
    Event.PROGRESSED: State.IN_PROGRESS,
    Event.SIGNED: State.SEALING,
    Event.REFUSED: State.REFUSED,
    Event.EXPIRED: State.EXPIRED,
    Event.CANCELLED: State.CANCELLED,
    Event.ERASED: State.LOST,
    # The marker names another transaction: that one is asked about.
    Event.ADOPTED: State.IN_DOUBT,
    # Found delivered already: by an earlier life of this journal (R8, ``.done``), or by a person's hand.
    Event.DELIVERED: State.DELIVERED,
    Event.DELIVERED_BESIDE: State.DELIVERED_BESIDE,
}
_SIGNED: dict[Event, State] = {
    Event.FETCHED: State.DELIVERING,
    Event.QUARANTINED: State.QUARANTINED,
    Event.ERASED: State.LOST,
    Event.DELIVERED: State.DELIVERED,
    Event.DELIVERED_BESIDE: State.DELIVERED_BESIDE,
}
_ENDED: dict[Event, State] = {}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.WAITING_PDF: _JUDGING,
    State.REJECTED: _JUDGING,
    State.UNCONFIRMED: _JUDGING,
    State.PREVIEWED: _JUDGING,
    State.WAITING: _JUDGING | {Event.PREPARED: State.PREPARED},
    State.PREPARED: _JUDGING | {Event.MARKED: State.MARKED, Event.ABANDONED: State.WAITING},
    State.HELD: _JUDGING,
    State.MARKED: _FOLLOWING
    | {
        Event.SENT: State.IN_PROGRESS,
        Event.DRAFTED: State.DRAFT,
        Event.SEND_REFUSED: State.MARKED,
        Event.DOUBTED: State.IN_DOUBT,
        Event.HELD: State.HELD,
    },
    State.DRAFT: _FOLLOWING,
    State.IN_DOUBT: _FOLLOWING | {Event.DRAFTED: State.DRAFT, Event.DOUBTED: State.IN_DOUBT},
    State.IN_PROGRESS: _FOLLOWING,
    State.SEALING: _SIGNED,
    State.QUARANTINED: _SIGNED,
    State.DELIVERING: {
        # The spool was lost, and the platform has forgotten too.
        Event.ERASED: State.LOST,
        Event.DELIVERED: State.DELIVERED,
        Event.DELIVERED_BESIDE: State.DELIVERED_BESIDE,
    },
    State.DELIVERED: _ENDED,
    State.DELIVERED_BESIDE: _ENDED,
    State.REFUSED: _ENDED,
    State.EXPIRED: _ENDED,
    State.CANCELLED: _ENDED,
    State.LOST: _ENDED,
    State.WITHDRAWN: _ENDED,
}


def after(state: State, event: Event) -> State:
    """Return the state after ``event``. Raise LifecycleError, changing nothing, when the table forbids it."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise LifecycleError(f"event {event.value!r} cannot happen in state {state.value!r}") from None


class SignatoryFacts(Frozen):
    """What is known of one signatory while and after signing. Times are aware UTC."""

    order: int
    email: str
    name: str
    phone: str = ""
    progress: str = "waiting"
    """A value of ``ports.SignatoryProgress``."""
    word: str = ""
    invited_at: datetime | None = None
    signed_at: datetime | None = None
    signed_from: Literal["", "noticed", "platform", "signature", "timestamp"] = ""
    """Whose word ``signed_at`` is, or agrees with: when we noticed, the platform's, or the signed document's own (the
    signer's clock, or an authority's timestamp). Empty in what earlier releases kept."""
    refused_at: datetime | None = None
    reason: str | None = None
    place: str = ""
    """Where they sign, in words for the status (``page 4``)."""
    reminded_at: tuple[datetime, ...] = ()


UNSOUND: Final = "intactness"
"""Key of the difference "not all of its signatures could be called intact"."""


class DocumentFacts(Frozen):
    """One document of a request: where it lies, what was sent, what came back."""

    rank: int = 1
    """In the transaction, from 1: documents first, then annexes."""
    role: Literal["document", "annex"] = "document"
    """A document comes back as its own new version; an annex comes back beside, its own file untouched."""
    href: str
    file_id: str | None = None
    etag: str | None = None
    sha256: str | None = None
    """Of the bytes as found in the folder: what was judged, and what is sent unless ``sent_sha256`` differs."""
    sent_sha256: str | None = None
    """Of the PDF that was made of an image and is sent instead; None: the file itself is sent."""
    size: int | None = None
    pages: int | None = None
    pages_digest: str | None = None
    """Digest of what the pages show, signatures aside: tells a mere save from an edit."""
    boxes: tuple[dict[str, Any], ...] = ()
    """``ports.Box`` as mappings."""
    signed_sha256: str | None = None
    signed_size: int | None = None
    signed_pages: int | None = None
    signatures: int | None = None
    contents: tuple[str, ...] = ()
    """SHA-256 of each signature's ``/Contents``: no two signings share one (protocol R8)."""
    differences: dict[str, str] = Field(default_factory=dict)
    """Expectations that the signed document does not meet, as ``pdf.model.Verdict``; ``UNSOUND`` too."""
    left: tuple[str, ...] = ()
    """Hashes of what people put in its place while it was out: told already, never replaced."""
    beside: str = ""
    """Why it was delivered beside; empty when it was not."""
    delivered_href: str | None = None
    original_href: str | None = None
    """Where the unsigned original was moved to, on servers without versions."""
    version_id: str | None = None
    """The kept version that was proven to hold the original."""
    original_lost: bool = False
    """No version was found to hold it, and nowhere was it left to be written from, or no name for it."""
    signed_version_id: str | None = None
    """The version that was delivered, once it bears its name: what is saved over it later does not thin it away."""
    unsigned_back: bool = False
    """Lies in the place of the signed document again what it was before it was signed?"""
    changed_at: datetime | None = None
    """When a person changed it after it was sent."""
    changed_same_pages: bool | None = None
    changed_file: bool = False
    """What lies there is another file, by its id: its versions hold nothing of what was sent."""
    missing_since: datetime | None = None
    renamed_to: str | None = None

    @property
    def name(self) -> str:
        """Last part of its href."""
        return self.href.rsplit("/", 1)[-1]

    @property
    def unsound(self) -> str:
        """Code of the verdict on what came back for good without being intact; empty of what is intact, or is out."""
        return self.differences.get(UNSOUND, "")

    @property
    def converted(self) -> bool:
        """True for an image, of which a PDF was made and sent; its file is never touched."""
        return self.sent_sha256 is not None

    @property
    def in_place(self) -> bool:
        """True when the signed document becomes the new version of this very file."""
        return self.role == "document" and not self.converted


class Record(Frozen):
    """Everything the journal knows of one request. Times are aware UTC.

    ``place`` is the sidecar's href; of several records of one place, only the newest is ``current``.
    """

    id: int
    revision: int = 0
    """Counts its changes in the journal: a change that was made of an older revision is refused."""
    ref: str
    """Six characters that people read to each other."""
    folder: str
    server: str
    account: str
    state: State
    place: str
    current: bool = True
    key: str | None = None
    key_parts: dict[str, Any] = Field(default_factory=dict)
    ask: str = "1"
    sidecar_etag: str | None = None
    sidecar_file_id: str | None = None
    sidecar_sha256: str | None = None
    settings_digest: str | None = None
    request: SignatureRequest | None = None
    document: DocumentFacts
    """The main document, of rank 1."""
    more: tuple[DocumentFacts, ...] = ()
    """Further documents, then annexes, by rank."""
    transaction: str | None = None
    carried: str | None = None
    """Digest of everything the transaction carries (protocol R2)."""
    nonce: str | None = None
    subject: str = ""
    signatories: tuple[SignatoryFacts, ...] = ()
    word: str = ""
    """The platform's last raw word."""
    problems: tuple[dict[str, Any], ...] = ()
    reason: str = ""
    """Code of why it is held, in doubt, quarantined, unconfirmed … ``report`` has a sentence for each."""
    values: dict[str, str] = Field(default_factory=dict)
    """What fills that sentence."""
    obeyed: tuple[str, ...] = ()
    """Wordings of the orders that were obeyed or found on adoption."""
    adopted: bool = False
    sidecar_gone: bool = False
    edited_after_send: bool = False
    accepted_at: datetime | None = None
    sent_at: datetime | None = None
    expires_at: datetime | None = None
    answered_at: datetime | None = None
    """When the platform last answered about it."""
    seen_answering: bool = False
    """The platform has answered 200 for this transaction: only then does 404 mean erased (R11)."""
    signed_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    previewed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    reported: str | None = None
    """Digest of the words last written to the folder."""
    reported_etag: str | None = None
    closed: bool = False
    attempts: int = 0
    next_at: datetime | None = None
    """Not before this time is the next step tried again."""
    extra: dict[str, Any] = Field(default_factory=dict)

    @property
    def documents(self) -> tuple[DocumentFacts, ...]:
        """Everything that travels in the transaction, by rank: the main document first."""
        return (self.document, *self.more)

    def ranked(self, rank: int) -> DocumentFacts:
        """Return the document of that rank. KeyError when there is none."""
        for one in self.documents:
            if one.rank == rank:
                return one
        raise KeyError(rank)

    def with_document(self, facts: DocumentFacts) -> dict[str, Any]:
        """Return the change (for the journal) that puts ``facts`` in the place of the document of its rank."""
        if facts.rank == self.document.rank:
            return {"document": facts}
        return {"more": tuple(facts if one.rank == facts.rank else one for one in self.more)}
