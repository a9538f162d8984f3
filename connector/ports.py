"""The two protocols between the steps and the worlds outside: :class:`Folder` and :class:`SigningService`.

Every implementation passes the same contract suite (``tests/contract``). Errors are those of
``connector.errors`` only; a foreign exception that escapes is a defect. Reads may be repeated; each write
says what an unanswered call means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NewType, Protocol

Href = NewType("Href", str)
"""Decoded path below the server's root URL, beginning with "/", spelled as the server spells it.

Folders end with "/". Bytes that are not UTF-8 are kept by surrogate escapes."""

ETag = NewType("ETag", str)
"""Opaque tag without quotes and without ``W/``."""

FileId = NewType("FileId", str)
TransactionId = NewType("TransactionId", str)
Sha256 = NewType("Sha256", str)
"""64 lower-case hexadecimal digits."""


# --------------------------------------------------------------------------------------------------
# The DMS side


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file or folder as a listing shows it. ``size`` in bytes, None for folders and where absent."""

    href: Href
    is_folder: bool
    etag: ETag | None = None
    weak_etag: bool = False
    size: int | None = None
    modified: datetime | None = None
    file_id: FileId | None = None
    permissions: str | None = None
    owner: str | None = None

    @property
    def name(self) -> str:
        """Last part of the href, without the slash of a folder."""
        return self.href.rstrip("/").rsplit("/", 1)[-1]

    @property
    def parent(self) -> Href:
        """The folder that holds it, with its slash."""
        return Href(self.href.rstrip("/").rsplit("/", 1)[0] + "/")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A *complete* answer: the folder itself and what was asked below it.

    ``date`` is the server's own ``Date``, None when it sent none: an ETag whose ``modified`` lies in the same
    second is unproven (WebDAV facts, trap 2).
    """

    folder: Entry
    entries: tuple[Entry, ...]
    date: datetime | None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a download brought. ``etag`` is None where the server does not tell, or tells a weak one only."""

    size: int
    sha256: Sha256
    etag: ETag | None
    modified: datetime | None = None
    date: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Version:
    """One kept version of a file; ``current`` marks the entry that is the present content."""

    version_id: str
    size: int | None
    modified: datetime | None
    label: str | None = None
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a server can do, found by asking it."""

    kind: str
    """``nextcloud`` or ``webdav``."""
    version: str | None
    file_ids: bool
    versions: bool
    chunked_upload: bool
    search: bool
    depth_infinity: bool | None
    """None = not tried yet."""
    locks: bool | None = None
    """Can a file be locked here? None = the server does not say; :meth:`Folder.lock` finds out."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Our lock on one file: other people read it, and cannot write, move or delete it.

    ``token`` opens it again; empty where the login alone does. ``until``: aware UTC, when the server lets it go
    by itself; None: never.
    """

    token: str
    until: datetime | None


class Folder(Protocol):
    """One DMS login: a WebDAV server under one account. Thread-safe.

    Reads raise Unavailable, AccessDenied, NotFound, Locked, InvalidResponse. A listing is whole or an error:
    nothing unreadable is ever an empty folder. Writes raise the same and OutcomeUnknown, PreconditionFailed,
    OutOfSpace. After the first 401 every call raises AccessDenied without asking the server, until
    :meth:`reconnect`.
    """

    name: str

    def capabilities(self) -> Capabilities:
        """Ask once, then answer from memory."""
        ...

    def reconnect(self) -> None:
        """Forget a refused login and the capabilities: the administrator has changed something."""
        ...

    def stat(self, href: Href) -> Entry:
        """Look at one file or folder (PROPFIND Depth 0). NotFound when absent."""
        ...

    def list(self, href: Href) -> Listing:
        """List one folder (PROPFIND Depth 1). NotFound when absent."""
        ...

    def walk(self, href: Href) -> Listing:
        """List everything below a folder, in as few requests as this server allows. Whole, or an error."""
        ...

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one file. Raises OutOfSpace beyond ``max_bytes``; a short body is Unavailable."""
        ...

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Make a *new* file (PUT, If-None-Match: *). PreconditionFailed when the name is taken.

        Not idempotent: after OutcomeUnknown look before trying again. Source: RFC 9110 section 13.1.2.
        """
        ...

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Overwrite a small file of ours in place if it still has ``etag`` (PUT, If-Match).

        Never for a person's PDF: an overwriting PUT that breaks off destroys the file (WebDAV facts, trap 1).
        PreconditionFailed when it changed or is gone. Source: RFC 9110 section 13.1.1.
        """
        ...

    def replace_as_version(self, href: Href, content: Path, *, etag: ETag, upload: str) -> ETag | None:
        """Put a new version of the same file: chunked upload whose final MOVE carries the condition.

        ``upload`` names the upload (letters, digits, dashes): the same name may be used again after a crash.
        File id and history stay. Only where :attr:`Capabilities.chunked_upload`. Source: WebDAV facts 9.
        """
        ...

    def move(self, source: Href, destination: Href) -> None:
        """Rename without overwriting (MOVE, Overwrite: F). PreconditionFailed when the name is taken."""
        ...

    def delete(self, href: Href, *, etag: ETag | None = None) -> None:
        """Remove a file of ours. NotFound when absent."""
        ...

    def make_folder(self, href: Href) -> bool:
        """Make one folder (MKCOL). True when made now, False when it was there. Parents must exist."""
        ...

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """Where a file is now, by its id; None when it is nowhere below this login. Needs ``search``."""
        ...

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """List the versions a server keeps of a file, the present content included where it lists it.

        ``modified``: the present content's time, where the caller knows it; spares one request.
        """
        ...

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one kept version."""
        ...

    def label_version(self, file_id: FileId, version_id: str, label: str) -> None:
        """Name a version, which also spares it from thinning. Idempotent."""
        ...

    def lock(self, href: Href, *, note: str) -> Lock | None:
        """Lock one file for as long as this server allows; None where files cannot be locked at all.

        ``note`` is kept with the lock and tells ours from others': a lock of ours that stands there already is
        returned, so that an unanswered call may simply be made again. Locked when somebody else holds one,
        NotFound when there is no such file: none is made. A file's ETag, and those of the folders above, may move.
        Source: WebDAV facts section 8, RFC 4918 section 9.10.
        """
        ...

    def unlock(self, href: Href, *, note: str, token: str = "") -> bool:
        """Take our lock away; False when none of ours is there, so that it may be asked for twice.

        Without ``token`` it is looked for by ``note``. Locked when the lock is somebody else's.
        """
        ...


# --------------------------------------------------------------------------------------------------
# The platform side


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
    annexes_need_boxes: bool = False
    """An upload without any box would be refused: each signatory gets one on an annex, too (ASSUMED: no)."""
    remind_every_s: int = 3600
    """A reminder sooner than this after the last one is refused."""
    operations_status: str = "operations.status.path"
    """Name of the setting to change when the status call does not exist (protocol R11)."""
