"""Obtaining an account's tokens: a URL for a person, then the tokens by the same triple (API page section 1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from connector.errors import AccessDenied, AnsweredNo, Cause, InvalidResponse, RemoteError, Unavailable
from connector.jesignexpert.answers import Call, Effect, failed, read_json, refusal
from connector.jesignexpert.contract import Contract, Expectations, Grade, Operation
from connector.jesignexpert.exchange import Answer, Exchange, ExchangeFailed, Outgoing, Timeouts, TooLarge
from connector.jesignexpert.routes import url_of
from connector.jesignexpert.signature import Triple, draw
from connector.jesignexpert.status import read_date
from connector.jesignexpert.tokens import Tokens, usable


@dataclass(frozen=True)
class LoginRequest:
    """A page where a person logs in and picks the firm. ``until``: when to draw a new one (aware UTC)."""

    url: str
    triple: Triple
    drawn_at: datetime
    until: datetime


class Login:
    """Connects one account. ``now`` is aware UTC; the platform accepts ±5 minutes. Close it when done."""

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        shortcut: str,
        secret: str,
        now: Callable[[], datetime],
        contract: Contract | None = None,
        ca_file: Path | None = None,
        proxy: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeouts: Timeouts | None = None,
        before_write: Callable[[float], float] | None = None,
    ) -> None:
        self.name = name
        self._base_url = base_url
        self._shortcut = shortcut
        self._secret = secret
        self._now = now
        self._contract = contract or Contract()
        self._exchange = Exchange(
            ca_file=ca_file,
            proxy=proxy,
            transport=transport,
            timeouts=timeouts,
            now=now,
            before_write=before_write,
        )

    @property
    def drift_s(self) -> float | None:
        """The platform's clock minus ours at its last answer, in seconds."""
        return self._exchange.drift_s

    @property
    def expectations(self) -> Expectations:
        """How long pages and triples are good for, among others."""
        return self._contract.expectations

    def close(self) -> None:
        """Close every connection."""
        self._exchange.close()

    def request_login(self) -> LoginRequest:
        """Draw a triple and ask for its URL (POST auth, KNOWN). Harmless to repeat.

        Raises AccessDenied when the platform refuses the signature, else NotConnected, Unavailable,
        AnsweredNo, InvalidResponse.
        """
        operation = self._contract.operations.auth
        at = self._now()
        triple = draw(self._shortcut, self._secret, at)
        answer = self._ask(operation, triple, json={"generate_hmac": True})
        value = read_json(answer.body) if answer.status in (200, 201) else None
        url = value.get("url") if isinstance(value, dict) else None
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise self._refused(operation, answer)
        life = timedelta(seconds=self._contract.expectations.url_life_s)
        return LoginRequest(url, triple, at, at + life)

    def fetch_tokens(self, request: LoginRequest) -> Tokens | None:
        """Ask for the tokens with the same triple (GET fetch, KNOWN); None while nobody has logged in (404)."""
        operation = self._contract.operations.fetch
        answer = self._ask(operation, request.triple)
        if answer.status == 404:
            return None
        value = read_json(answer.body) if answer.status == 200 else None
        tokens = _read_tokens(value)
        if tokens is None:
            raise self._refused(operation, answer)
        return tokens

    def description(self) -> dict[str, object] | None:
        """GET the platform's own description of its calls (ASSUMED), without any token; None where there is none.

        Raises NotConnected, Unavailable, InvalidResponse. For :func:`connector.jesignexpert.description.compare`.
        """
        operation = Operation(
            name="description",
            method="GET",
            path=self._contract.description_path,
            grade=Grade.ASSUMED,
            section="1",
        )
        answer = self._ask(operation, None, max_bytes=5_000_000)
        value = read_json(answer.body) if answer.status == 200 else None
        return value if isinstance(value, dict) else None

    def connect(
        self,
        on_url: Callable[[LoginRequest], None],
        *,
        give_up_after_s: float = 1800.0,
        poll_s: float = 3.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Tokens:
        """Wait for a person: ``on_url`` gets each new page (every 4 minutes, ASSUMED), then return the tokens.

        A page drawn before is still asked about while the platform accepts its time: somebody may be typing
        their password there. Raises as :meth:`request_login`, and AccessDenied when nobody came in time.
        """
        ends = self._now() + timedelta(seconds=give_up_after_s)
        open_requests: list[LoginRequest] = []
        while True:
            now = self._now()
            if now >= ends:
                raise AccessDenied("nobody has logged in in time", service=self.name, operation="connect")
            if not open_requests or now >= open_requests[-1].until:
                open_requests.append(self.request_login())
                on_url(open_requests[-1])
            life = timedelta(seconds=self._contract.expectations.triple_life_s)
            open_requests = [r for r in open_requests if now - r.drawn_at < life or r is open_requests[-1]]
            tokens = self._try(open_requests)
            if tokens is not None:
                return tokens
            sleep(poll_s)

    def _try(self, requests: list[LoginRequest]) -> Tokens | None:
        for request in requests:
            try:
                tokens = self.fetch_tokens(request)
            except Unavailable:
                return None  # a person is waiting: the next round asks again
            except AccessDenied:
                if request is requests[-1]:
                    raise
                continue  # only its time has passed
            if tokens is not None:
                return tokens
        return None

    def _ask(
        self, operation: Operation, triple: Triple | None, json: object = None, *, max_bytes: int = 1_000_000
    ) -> Answer:
        # Asking for a page has no effect that a second asking would double: judged as a read.
        call = Call(service=self.name, operation=operation, effect=Effect.NOTHING)
        signed: dict[str, str | int] = {}
        if triple is not None:
            signed = {"idRequest": triple.id_request, "hmac": triple.hmac, "ts": triple.ts}
        url = url_of(
            operation, base_url=self._base_url, shortcut=self._shortcut, contract=self._contract, **signed
        )
        headers = {"Accept": "application/json"}
        outgoing = Outgoing(method=operation.method, url=url, headers=headers, json=json)
        try:
            return self._exchange.ask(outgoing, max_bytes=max_bytes)
        except ExchangeFailed as error:
            raise failed(call, error.failure, str(error)) from None
        except TooLarge:
            raise call.error(InvalidResponse, "the answer is larger than allowed") from None

    def _refused(self, operation: Operation, answer: Answer) -> RemoteError:
        call = Call(service=self.name, operation=operation, effect=Effect.NOTHING)
        error = refusal(call, answer, self._contract, now=self._now(), tokens_hold=lambda: None)
        if isinstance(error, AnsweredNo) and error.cause is Cause.TOKENS:
            drift = (
                "" if self.drift_s is None else f" (the platform's clock minus ours: {self.drift_s:.0f} s)"
            )
            detail = f"the platform refuses the signature: wrong shortcut, wrong secret or wrong clock{drift}"
            return call.error(AccessDenied, detail, status=answer.status)
        return error


def _read_tokens(value: object) -> Tokens | None:
    office = value.get("office") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(office, dict) or not usable(office.get("token")):
        return None
    found = value.get("user")
    user = found if isinstance(found, dict) and usable(found.get("token")) else {}
    rights = user.get("rights")
    return Tokens(
        office=office["token"],
        office_name=_text(office, "name") or "",
        user=user.get("token"),
        email=_text(user, "email"),
        first_name=_text(user, "firstName"),
        last_name=_text(user, "lastName"),
        rights=tuple(r for r in rights if isinstance(r, str)) if isinstance(rights, list) else (),
        expires_at=read_date(user.get("expirationDate")),
    )


def _text(value: dict[str, object], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) else None
