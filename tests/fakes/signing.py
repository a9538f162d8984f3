"""A platform in memory: :class:`connector.ports.SigningService` with rules, counters and a will of its own."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    Cause,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.ports import (
    Box,
    Fetched,
    Progress,
    Sha256,
    SignatoryProgress,
    SignatoryStatus,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
    TransactionStatus,
)

Signer = Callable[[bytes, Sequence[TransactionSignatory]], bytes]
"""From the bytes sent and those who have signed, in order, to the signed document."""

_WORDS = {
    Progress.NOT_SENT: "draft",
    Progress.IN_PROGRESS: "started",
    Progress.SIGNED: "completed",
    Progress.REFUSED: "refused",
    Progress.CANCELLED: "canceled",
    Progress.EXPIRED: "expired",
}


def marked_signed(content: bytes, signed: Sequence[TransactionSignatory]) -> bytes:
    """Append one line for each signature: enough where nobody looks inside."""
    return content + b"".join(b"\n%% signed %d\n" % rank for rank in range(1, len(signed) + 1))


@dataclass
class Held:
    """One transaction as the platform holds it; tests may look, and count ``sends`` and ``mails``."""

    draft: TransactionDraft
    created_at: datetime
    progress: Progress = Progress.NOT_SENT
    documents: list[tuple[str, bytes, tuple[Box, ...]]] = field(default_factory=list)
    signatories: list[TransactionSignatory] = field(default_factory=list)
    signed: dict[str, datetime] = field(default_factory=dict)
    refused: tuple[str, str, datetime] | None = None
    sends: int = 0
    mails: int = 0
    credits: int = 0
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    reminded_at: datetime | None = None
    looks_draft_until: datetime | None = None
    handed_over: bool = False


@dataclass
class Fault:
    """What happens to the next call of ``operation``: ``error`` is raised, before or ``after`` the effect.

    ``late_s``: the effect comes that much later on the clock.
    """

    operation: str
    error: RemoteError
    after: bool = False
    late_s: float | None = None


class MemorySigningService:
    """Same contract as the real one; a second ``send`` SUCCEEDS, mails everybody again and is counted.

    ``now`` is the only clock. ``sign_pdf`` makes the signed documents.
    """

    lapse = timedelta(days=15)
    retention = timedelta(days=30)

    def __init__(
        self, name: str, *, now: Callable[[], datetime], sign_pdf: Signer = marked_signed, credit: int = 1000
    ) -> None:
        self.name = name
        self.credit = credit
        self.connected = True
        self.right = True
        self.maintenance = False
        self.has_attestation = True
        self.sealing_s = 0.0
        self.calls: list[str] = []
        self.transactions: dict[TransactionId, Held] = {}
        self._now = now
        self._sign_pdf = sign_pdf
        self._faults: deque[Fault] = deque()
        self._late: list[tuple[datetime, Callable[[], None]]] = []
        self._lag_s: float | None = None
        self._made = 0
        self._lock = threading.RLock()

    # -- what a test tells -----------------------------------------------------------------------------

    def fault(
        self, operation: str, error: RemoteError, *, after: bool = False, late_s: float | None = None
    ) -> None:
        """Let the next call of ``operation`` end in ``error``."""
        with self._lock:
            self._faults.append(Fault(operation, error, after, late_s))

    @property
    def faults_ahead(self) -> int:
        """How many calls will still end in an error that was asked for."""
        with self._lock:
            return len(self._faults)

    def lag_next_send(self, seconds: float) -> None:
        """After the next send, let the status say ``draft`` for a while."""
        self._lag_s = seconds

    def sign(self, transaction: TransactionId, email: str) -> None:
        """Sign as ``email``, whose turn it must be."""
        with self._lock:
            held = self._turn(transaction, email)
            held.signed[email] = self._now()
            if len(held.signed) == len(held.signatories):
                held.progress, held.ended_at = Progress.SIGNED, self._now()
            elif held.draft.sequential:
                held.mails += 1

    def refuse(self, transaction: TransactionId, email: str, reason: str) -> None:
        """Refuse as ``email``: the whole ends."""
        with self._lock:
            held = self._turn(transaction, email)
            held.refused = (email, reason, self._now())
            held.progress, held.ended_at = Progress.REFUSED, self._now()

    def erase(self, transaction: TransactionId) -> None:
        """Forget the transaction: 404 from now on."""
        with self._lock:
            del self.transactions[transaction]

    def _turn(self, transaction: TransactionId, email: str) -> Held:
        self._settle()
        held = self.transactions[transaction]
        waiting = [one.email for one in held.signatories if one.email not in held.signed]
        turn = waiting[:1] if held.draft.sequential else waiting
        if held.progress is not Progress.IN_PROGRESS or email not in turn:
            raise AssertionError(f"it is not the turn of {email}")
        return held

    # -- the port --------------------------------------------------------------------------------------

    def create(self, draft: TransactionDraft) -> TransactionId:
        """Open a transaction."""
        made: list[TransactionId] = []

        def effect() -> None:
            if not 1 <= len(draft.subject) <= 45:
                raise self._no("create", Cause.BAD_FIELD, 400)
            self._made += 1  # what was erased leaves no name for others
            made.append(TransactionId(f"memory-{self._made:04d}"))
            self.transactions[made[0]] = Held(draft, self._now())

        self._write("create", effect)
        return made[0]

    def upload(
        self, transaction: TransactionId, rank: int, name: str, content: Path, boxes: Sequence[Box]
    ) -> None:
        """Add one document."""
        data = content.read_bytes()

        def effect() -> None:
            held = self._editable("upload", transaction)
            if rank != len(held.documents) + 1 or held.signatories:
                raise self._no("upload", Cause.UNKNOWN, 409)
            if len(data) >= 10_000_000 or not data.startswith(b"%PDF"):
                raise self._no("upload", Cause.BAD_FIELD, 400)
            held.documents.append((name, data, tuple(boxes)))

        self._write("upload", effect)

    def add_signatory(self, transaction: TransactionId, signatory: TransactionSignatory) -> None:
        """Add one signatory."""

        def effect() -> None:
            held = self._editable("signatory", transaction)
            if not held.documents:
                raise self._no("signatory", Cause.UNKNOWN, 409)
            held.signatories.append(signatory)

        self._write("signatory", effect)

    def send(self, transaction: TransactionId) -> None:
        """Launch; a second time everybody is mailed again and another credit goes."""
        self._write("send", lambda: self._launch(transaction))

    def _launch(self, transaction: TransactionId) -> None:
        held = self.transactions.get(transaction)
        first = held is not None and held.sends == 0
        if held is None or (first and (held.progress is not Progress.NOT_SENT or not held.signatories)):
            raise OutcomeUnknown("no clear answer to send", service=self.name, operation="send", status=409)
        if self.credit <= 0:
            raise self._no("send", Cause.NO_CREDIT, 402)
        self.credit -= 1
        held.credits += 1
        held.sends += 1
        held.mails += 1 if held.draft.sequential else len(held.signatories)
        if first:
            held.progress, held.sent_at = Progress.IN_PROGRESS, self._now()
        if self._lag_s is not None:
            held.looks_draft_until = self._now() + timedelta(seconds=self._lag_s)
            self._lag_s = None

    def leave_as_draft(self, transaction: TransactionId) -> None:
        """Hand it over."""

        def effect() -> None:
            self._editable("draft", transaction).handed_over = True

        self._write("draft", effect)

    def status(self, transaction: TransactionId) -> TransactionStatus:
        """Tell where it stands."""
        with self._lock:
            self._begin("status")
            held = self._held("status", transaction)
            hidden = held.looks_draft_until is not None and self._now() < held.looks_draft_until
            progress = Progress.NOT_SENT if hidden else held.progress
            return TransactionStatus(
                transaction=transaction,
                progress=progress,
                word=_WORDS[progress],
                created_at=held.created_at,
                expires_at=None if hidden or held.sent_at is None else held.sent_at + self.lapse,
                signatories=tuple(
                    self._person(held, rank, hidden) for rank in range(1, len(held.signatories) + 1)
                ),
            )

    def _person(self, held: Held, rank: int, hidden: bool) -> SignatoryStatus:
        person = held.signatories[rank - 1]
        waiting = [one.email for one in held.signatories if one.email not in held.signed]
        turn = waiting[:1] if held.draft.sequential else waiting
        progress, at, reason = SignatoryProgress.WAITING, None, None
        if hidden or held.sent_at is None:
            pass
        elif person.email in held.signed:
            progress, at = SignatoryProgress.SIGNED, held.signed[person.email]
        elif held.refused is not None and held.refused[0] == person.email:
            progress, (_, reason, at) = SignatoryProgress.REFUSED, held.refused
        elif person.email in turn:
            progress = SignatoryProgress.INVITED
        return SignatoryStatus(
            order=rank,
            email=person.email,
            name=person.name,
            progress=progress,
            word=progress.value,
            at=at,
            reason=reason,
        )

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Give the signed document."""
        with self._lock:
            self._begin("download")
            held = self._ended("download", transaction)
            if not 1 <= rank <= len(held.documents):
                raise Unavailable("not ready yet", service=self.name, operation="download", status=404)
            signed = sorted(held.signatories, key=lambda one: held.signed[one.email])
            return self._give(
                "download", self._sign_pdf(held.documents[rank - 1][1], signed), into, max_bytes
            )

    def attestation(self, transaction: TransactionId, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Give the attestation."""
        with self._lock:
            self._begin("attestation")
            held = self.transactions.get(transaction)
            if held is None or held.progress is not Progress.SIGNED or not self.has_attestation:
                raise NotFound("not there", service=self.name, operation="attestation", status=404)
            return self._give("attestation", b"%PDF-1.7\n% attestation\n%%EOF\n", into, max_bytes)

    def cancel(self, transaction: TransactionId) -> None:
        """End it."""

        def effect() -> None:
            held = self._held("cancel", transaction)
            if held.progress not in (Progress.NOT_SENT, Progress.IN_PROGRESS):
                raise self._no("cancel", Cause.UNKNOWN, 409)
            held.progress, held.ended_at = Progress.CANCELLED, self._now()

        self._write("cancel", effect)

    def remind(self, transaction: TransactionId) -> None:
        """Mail again whoever's turn it is."""

        def effect() -> None:
            held = self._held("remind", transaction)
            recent = held.reminded_at is not None and self._now() < held.reminded_at + timedelta(hours=1)
            if held.progress is not Progress.IN_PROGRESS or recent:
                raise self._no("remind", Cause.UNKNOWN, 409)
            held.reminded_at = self._now()
            held.mails += 1

        self._write("remind", effect)

    # -- rules -----------------------------------------------------------------------------------------

    def _write(self, operation: str, effect: Callable[[], None]) -> None:
        with self._lock:
            fault = self._begin(operation)
            if fault is not None and fault.late_s is not None:
                self._late.append((self._now() + timedelta(seconds=fault.late_s), effect))
            else:
                effect()
            if fault is not None:
                raise fault.error

    def _begin(self, operation: str) -> Fault | None:
        self.calls.append(operation)
        self._settle()
        fault = next((one for one in self._faults if one.operation == operation), None)
        if fault is not None:
            self._faults.remove(fault)
            if not fault.after and fault.late_s is None:
                raise fault.error
        if not self.connected:
            raise AccessDenied("no tokens", service=self.name, operation=operation)
        writes = operation not in ("status", "download", "attestation")
        if self.maintenance and operation == "send":
            raise OutcomeUnknown(
                "no clear answer to send", service=self.name, operation=operation, status=503
            )
        if self.maintenance and writes:
            raise self._no(operation, Cause.MAINTENANCE, 503)
        if self.maintenance:
            raise Unavailable("busy or away", service=self.name, operation=operation, status=503)
        if not self.right and operation in ("create", "upload", "signatory", "send"):
            raise self._no(operation, Cause.NO_RIGHT, 403)
        return fault

    def _settle(self) -> None:
        now = self._now()
        due = [effect for at, effect in self._late if at <= now]
        self._late = [(at, effect) for at, effect in self._late if at > now]
        for effect in due:
            with suppress(RemoteError):  # nobody is there any more to be told
                effect()
        for transaction, held in list(self.transactions.items()):
            lapsed = held.sent_at is not None and now >= held.sent_at + self.lapse
            if lapsed and held.sent_at is not None and held.progress is Progress.IN_PROGRESS:
                held.progress, held.ended_at = Progress.EXPIRED, held.sent_at + self.lapse
            if held.ended_at is not None and now >= held.ended_at + self.retention:
                del self.transactions[transaction]

    def _held(self, operation: str, transaction: TransactionId) -> Held:
        held = self.transactions.get(transaction)
        if held is None:
            raise NotFound("not there", service=self.name, operation=operation, status=404)
        return held

    def _editable(self, operation: str, transaction: TransactionId) -> Held:
        held = self._held(operation, transaction)
        if held.progress is not Progress.NOT_SENT or held.handed_over:
            raise self._no(operation, Cause.UNKNOWN, 409)
        return held

    def _ended(self, operation: str, transaction: TransactionId) -> Held:
        held = self.transactions.get(transaction)
        sealed = (
            held is not None
            and held.progress is Progress.SIGNED
            and held.ended_at is not None
            and self._now() >= held.ended_at + timedelta(seconds=self.sealing_s)
        )
        if held is None or not sealed:
            raise Unavailable("not ready yet", service=self.name, operation=operation, status=409)
        return held

    def _give(self, operation: str, content: bytes, into: BinaryIO, max_bytes: int) -> Fetched:
        if len(content) > max_bytes:
            raise InvalidResponse("the answer is larger than allowed", service=self.name, operation=operation)
        into.write(content)
        digest = Sha256(hashlib.sha256(content).hexdigest())
        return Fetched(size=len(content), sha256=digest, etag=None, date=self._now())

    def _no(self, operation: str, cause: Cause, status: int) -> AnsweredNo:
        return AnsweredNo(cause, "Refus simulé.", service=self.name, operation=operation, status=status)
