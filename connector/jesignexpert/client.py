"""One account at the platform over HTTP: :class:`connector.ports.SigningService` by the contract."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import httpx
import stamina

from connector.courtesy import Courtesy
from connector.errors import (
    AccessDenied,
    AskedToWait,
    InvalidResponse,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.jesignexpert import deadline, payloads
from connector.jesignexpert.answers import Call, Effect, failed, read_json, refusal, retry_after, said_yes
from connector.jesignexpert.contract import Contract, Operation
from connector.jesignexpert.exchange import (
    Answer,
    Exchange,
    ExchangeFailed,
    Outgoing,
    Timeouts,
    TooLarge,
    writer,
)
from connector.jesignexpert.routes import url_of
from connector.jesignexpert.status import WrongForm, identity, read_status
from connector.jesignexpert.tokens import TokenKeeper
from connector.ports import (
    Box,
    Fetched,
    Sha256,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
    TransactionStatus,
)

_LONGEST_ID = 200
# A document that is not there *yet* (API page section 3: 404 or 409 while the platform seals).
_SEALING = frozenset({202, 204, 404, 409, 425})


class HttpSigningService:
    """One account. Thread-safe; close it when done.

    ``name``: the account's. ``base_url``: the platform's root, with or without its last slash. ``tokens`` is
    read at each call, so a new login is in force at once. ``now``: aware UTC. ``transport`` replaces the network
    (see :class:`connector.jesignexpert.transport.DeadlineTransport` to wrap it). ``max_reads_per_minute``: how often
    the platform is asked where things stand, downloads and second tries included; launches are not counted.

    While the platform wants to be let be (429, 503 with ``Retry-After``), and beyond that limit, calls raise
    AskedToWait, and nothing leaves. Besides the errors of the port: DocumentError ``document_unreadable`` when a file
    to upload cannot be opened, SpoolError when what is downloaded cannot be written, RequestRejected for a box that
    the platform cannot take.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        shortcut: str,
        secret: str,
        tokens: TokenKeeper,
        now: Callable[[], datetime],
        contract: Contract | None = None,
        ca_file: Path | None = None,
        proxy: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeouts: Timeouts | None = None,
        max_reads_per_minute: int | None = None,
        before_write: Callable[[float], float] | None = None,
    ) -> None:
        del secret  # calls are made with tokens; only a login is signed. Named so that all wiring is alike.
        self.name = name
        self.contract = contract or Contract()
        self._base_url = base_url
        self._shortcut = shortcut
        self._tokens = tokens
        self._now = now
        self._timeouts = timeouts or Timeouts()
        self._courtesy = Courtesy(name, lambda: now().timestamp(), per_minute=max_reads_per_minute)
        self._exchange = Exchange(
            ca_file=ca_file,
            proxy=proxy,
            transport=transport,
            timeouts=self._timeouts,
            now=now,
            before_write=before_write,
        )

    @property
    def drift_s(self) -> float | None:
        """The platform's clock minus ours at its last answer, seconds; None before the first (KNOWN: ±5 min)."""
        return self._exchange.drift_s

    @property
    def heard_s(self) -> float | None:
        """Return our own clock at that moment, in seconds since 1970; None before the first."""
        return self._exchange.heard_s

    def close(self) -> None:
        """Close every connection."""
        self._exchange.close()

    # -- launching -------------------------------------------------------------------------------------

    def create(self, draft: TransactionDraft) -> TransactionId:
        """POST a transaction (API page section 2, KNOWN). Not idempotent, harmless: nobody sees a draft."""
        operation = self.contract.operations.create
        body = payloads.transaction(draft, self.contract)
        answer = self._write(operation, Effect.FREE, self._url(operation), json=body)
        value = read_json(answer.body)
        name = self.contract.fields.transaction.answer_id
        found = identity(value.get(name)) if isinstance(value, dict) else None
        if found is None or not _can_be_asked_for(found):
            raise InvalidResponse(
                f"no transaction in the answer ({name!r} is missing, or nothing that could be asked for)",
                service=self.name,
                operation=operation.name,
                status=answer.status,
            )
        return TransactionId(found)

    def upload(
        self, transaction: TransactionId, rank: int, name: str, content: Path, boxes: Sequence[Box]
    ) -> None:
        """PUT one document, streamed from disk, with its ``SignFields`` (API page section 2, KNOWN)."""
        operation = self.contract.operations.upload
        url = self._url(operation, id=transaction, order=rank)
        fields = payloads.upload_fields(boxes, self.contract)
        part = self.contract.fields.upload.file
        self._write(operation, Effect.FREE, url, upload=content, upload_as=(part, name), fields=fields)

    def add_signatory(self, transaction: TransactionId, signatory: TransactionSignatory) -> None:
        """POST one signatory (API page section 2, KNOWN; first name, last name and phone ASSUMED)."""
        operation = self.contract.operations.signatory
        body = payloads.signatory(signatory, self.contract)
        self._write(operation, Effect.FREE, self._url(operation, id=transaction), json=body)

    def send(self, transaction: TransactionId) -> None:
        """POST send (API page section 2, KNOWN), once, on a connection that has not lain idle; never repeated (R9)."""
        operation = self.contract.operations.send
        self._write(operation, Effect.PAID, self._url(operation, id=transaction))

    def leave_as_draft(self, transaction: TransactionId) -> None:
        """POST draft (API page section 2, KNOWN): a person finishes it on the site."""
        operation = self.contract.operations.draft
        self._write(operation, Effect.FREE, self._url(operation, id=transaction))

    def cancel(self, transaction: TransactionId) -> None:
        """POST cancel (API page section 3, ASSUMED). After OutcomeUnknown ask :meth:`status`."""
        operation = self.contract.operations.cancel
        self._write(operation, Effect.FREE, self._url(operation, id=transaction))

    def remind(self, transaction: TransactionId) -> None:
        """POST remind (API page section 3, ASSUMED), at most one an hour. Not idempotent: a mail leaves."""
        operation = self.contract.operations.remind
        self._write(operation, Effect.FREE, self._url(operation, id=transaction))

    # -- following -------------------------------------------------------------------------------------

    def status(self, transaction: TransactionId) -> TransactionStatus:
        """GET the transaction (API page section 3, ASSUMED); a cut connection is tried once more."""
        operation = self.contract.operations.status
        call = Call(service=self.name, operation=operation, effect=Effect.NOTHING)
        answer = self._read(call, self._url(operation, id=transaction))
        value = read_json(answer.body) if answer.status == 200 else None
        if value is None:
            raise self._refused(call, answer)
        try:
            return read_status(value, transaction, self.contract)
        except WrongForm as error:
            raise call.error(InvalidResponse, f"{error}{call.assumption}", status=answer.status) from None

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """GET a signed document (API page section 3, ASSUMED). After an error ``into`` holds nothing of worth.

        InvalidResponse when it is no PDF or larger than ``max_bytes``.
        """
        operation = self.contract.operations.download
        return self._download(
            operation, self._url(operation, id=transaction, order=rank), into, max_bytes, _SEALING
        )

    def attestation(self, transaction: TransactionId, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """GET the attestation (API page section 3, ASSUMED, optional): NotFound where there is none."""
        operation = self.contract.operations.attestation
        return self._download(
            operation, self._url(operation, id=transaction), into, max_bytes, _SEALING - {404}
        )

    def tokens_hold(self) -> bool | None:
        """GET validateCheck (API page section 1, KNOWN; the form of its answer ASSUMED).

        True: they hold. False: 401, 403, or a JSON ``false``. None: no telling. Raises AccessDenied without tokens.
        """
        operation = self.contract.operations.validate_check
        call = Call(service=self.name, operation=operation, effect=Effect.NOTHING)
        try:
            answer = self._read(call, self._url(operation))
        except (Unavailable, InvalidResponse):
            return None
        if answer.status in (401, 403):
            return False
        if not said_yes(call, answer):
            return None
        value = read_json(answer.body)
        told = value.get("valid") if isinstance(value, dict) else value
        return told is not False

    # -- one call --------------------------------------------------------------------------------------

    def _url(self, operation: Operation, **values: str | int) -> str:
        return url_of(
            operation, base_url=self._base_url, shortcut=self._shortcut, contract=self.contract, **values
        )

    def _headers(self, operation: Operation) -> dict[str, str]:
        tokens = self._tokens.load(self.name)
        if tokens is None:
            raise AccessDenied(
                f"no tokens: run jse-connector connect {self.name}",
                service=self.name,
                operation=operation.name,
            )
        headers = {"Accept": "application/json", self.contract.office_header: tokens.office}
        if tokens.user is not None:
            headers[self.contract.user_header] = tokens.user
        return headers

    def _write(
        self,
        operation: Operation,
        effect: Effect,
        url: str,
        *,
        json: object = None,
        upload: Path | None = None,
        upload_as: tuple[str, str] = ("file", "document.pdf"),
        fields: dict[str, str] | None = None,
    ) -> Answer:
        call = Call(service=self.name, operation=operation, effect=effect)
        outgoing = Outgoing(
            method=operation.method,
            url=url,
            headers=self._headers(operation),
            json=json,
            upload=upload,
            upload_as=upload_as,
            fields=fields or {},
            warm=effect is Effect.PAID,
        )
        answer = self._exchanged(call, lambda admit: self._exchange.ask(outgoing, admit=admit))
        if not said_yes(call, answer):
            raise self._refused(call, answer)
        return answer

    def _read(self, call: Call, url: str) -> Answer:
        outgoing = Outgoing(method=call.operation.method, url=url, headers=self._headers(call.operation))
        attempts = stamina.retry_context(
            on=_worth_another_try, attempts=2, timeout=None, wait_initial=0.1, wait_jitter=0.2
        )
        with deadline.within(self._timeouts.total):
            for attempt in attempts:
                with attempt:
                    answer = self._exchanged(call, lambda admit: self._exchange.ask(outgoing, admit=admit))
        return answer

    def _download(
        self, operation: Operation, url: str, into: BinaryIO, max_bytes: int, sealing: frozenset[int]
    ) -> Fetched:
        call = Call(service=self.name, operation=operation, effect=Effect.NOTHING)
        headers = {**self._headers(operation), "Accept": "application/pdf"}
        outgoing = Outgoing(method=operation.method, url=url, headers=headers)
        digest, head, size, keep = hashlib.sha256(), bytearray(), 0, writer(into)

        def take(piece: bytes) -> None:
            nonlocal size
            head.extend(piece[: 4 - len(head)])
            size += len(piece)
            digest.update(piece)
            keep(piece)

        answer = self._exchanged(
            call,
            lambda admit: self._exchange.download(outgoing, take, max_bytes=max_bytes, admit=admit),
        )
        if answer.status in sealing or (answer.status == 200 and size == 0):
            raise call.error(Unavailable, "not ready yet" + call.assumption, status=answer.status)
        if answer.status != 200:
            raise self._refused(call, answer)
        if head != b"%PDF":
            raise call.error(InvalidResponse, "what came is no PDF" + call.assumption, status=200)
        return Fetched(size=size, sha256=Sha256(digest.hexdigest()), etag=None, date=answer.date)

    def _exchanged(self, call: Call, make: Callable[[Callable[[], None]], Answer]) -> Answer:
        """Make one exchange, or none where the account is to be let be by the time it is this one's turn."""
        counted = call.effect is Effect.NOTHING
        try:
            answer = make(lambda: self._courtesy.admit(call.operation.name, counted=counted))
        except ExchangeFailed as error:
            raise failed(call, error.failure, str(error)) from None
        except TooLarge:
            kind = InvalidResponse if call.effect is Effect.NOTHING else OutcomeUnknown
            raise call.error(kind, "the answer is larger than allowed") from None
        self._courtesy.learn(answer.status, retry_after(answer, self._now()))
        return answer

    def _refused(self, call: Call, answer: Answer) -> RemoteError:
        def hold() -> bool | None:
            try:
                return self.tokens_hold()
            except AccessDenied:
                return None  # taken away meanwhile: the answer at hand still stands

        return refusal(call, answer, self.contract, now=self._now(), tokens_hold=hold)


def _can_be_asked_for(transaction: str) -> bool:
    """False for what is no step of a path: it would be asked for, and sent, at another address."""
    steps = set(transaction) & set("/\\?#") or set(transaction) <= {"."}
    return not steps and transaction.isprintable() and len(transaction) <= _LONGEST_ID


def _worth_another_try(error: Exception) -> bool:
    """Only what was cut or not connected: a server that answers "busy" is not asked again at once."""
    return isinstance(error, Unavailable) and error.status is None and not isinstance(error, AskedToWait)
