"""The simulated platform as one object: its state on disk, its clock, its misbehaviour, its counters."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform import editor_side, signatory_side
from connector.sandbox.platform.account import Account, Switches
from connector.sandbox.platform.authority import Authority
from connector.sandbox.platform.context import Context
from connector.sandbox.platform.misbehaviour import Misbehaviour, Rule
from connector.sandbox.platform.model import (
    LoggedRequest,
    Message,
    SignatoryView,
    Transaction,
    TransactionView,
    iso,
)
from connector.sandbox.platform.operations import Answer, Call, handle
from connector.sandbox.platform.outbox import Outbox
from connector.sandbox.platform.storage import Store

_P = ParamSpec("_P")
_R = TypeVar("_R")


class PlatformWorld:
    """Everything that the simulator knows, under ``directory``; a new world on the same one goes on from there.

    All changes happen under one lock, so that tests may look and act while the server answers. Misbehaviour,
    logged requests in memory and late effects do not survive a restart; everything else does.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: SandboxClock,
        shortcut: str = "sandbox",
        secret: str = "sandbox-secret",  # noqa: S107 - it guards nothing: a simulator's published value
        offices: Mapping[str, str] | Sequence[str] = ("Cabinet Exemple",),
        credit: int = 1000,
        authority: Authority | None = None,
    ) -> None:
        """Open or make the world: ``offices`` are names, or name → office token; ``credit`` is a *new* account's.

        ``authority``: shared between worlds, it saves making keys; by default the world has its own.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._log_file = directory / "requests.jsonl"
        self._requests: list[LoggedRequest] = []
        self._late: list[tuple[float, Call]] = []
        self.misbehaviour = Misbehaviour()
        self.shortcut = shortcut
        self.clock = clock
        account = Account(directory / "account.json", clock, shortcut, secret, list(offices), credit)
        if isinstance(offices, Mapping):
            account.offices.update(offices)
            account.save()
        self._context = Context(
            store=Store(directory / "transactions"),
            outbox=Outbox(directory / "boite-d-envoi"),
            authority=authority or Authority(directory / "authority"),
            account=account,
            clock=clock,
        )

    # -- what happens ----------------------------------------------------------------------------------

    def act(self, action: Callable[Concatenate[Context, _P], _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run ``action(context, …)`` alone, after everything that is due by now has happened."""
        with self._lock:
            self._settle()
            return action(self._context, *args, **kwargs)

    def handle(self, call: Call, rules: Sequence[Rule] = ()) -> Answer:
        """Answer one call of the editor API."""
        with self._lock:
            self._settle()
            return handle(self._context, self.misbehaviour, call, rules)

    def handle_later(self, call: Call, seconds: float) -> None:
        """Let ``call`` take place ``seconds`` of the sandbox clock from now; nobody gets its answer."""
        with self._lock:
            self._late.append((self.clock.timestamp() + seconds, call))

    def _settle(self) -> None:
        now = self.clock.timestamp()
        due = [call for at, call in self._late if at <= now]
        self._late = [(at, call) for at, call in self._late if at > now]
        for call in due:
            handle(self._context, self.misbehaviour, call, ())
        self._context.settle()

    def log(self, request: LoggedRequest) -> None:
        """Keep one request, in memory and in ``requests.jsonl``."""
        with self._lock:
            self._requests.append(request)
            with self._log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(vars(request)) + "\n")

    # -- what a test tells -----------------------------------------------------------------------------

    def misbehave(
        self,
        *,
        operation: str = "*",
        kind: str,
        times: int | None = 1,
        skip: int = 0,
        transaction: str = "",
        **details: Any,
    ) -> None:
        """Add one rule of misbehaviour; see ``misbehaviour.Rule`` for its words. Raises ValueError."""
        self.misbehaviour.add(Rule(operation, kind, times, skip, transaction, details))

    def behave(self) -> None:
        """Forget every rule of misbehaviour (late effects under way still come)."""
        self.misbehaviour.clear()

    def switch(self, **changes: Any) -> None:
        """Turn switches of the account; see ``account.Switches``. Raises ValueError for an unknown one."""
        known = {item.name for item in dataclasses.fields(Switches)}
        if not known.issuperset(changes):
            raise ValueError(f"unknown switch {sorted(set(changes) - known)}; known: {sorted(known)}")
        with self._lock:
            for name, value in changes.items():
                setattr(self._context.account.switches, name, value)
            self._context.account.save()

    def revoke_tokens(self) -> None:
        """Make every office and user token worthless: 403 from now on."""
        with self._lock:
            self._context.account.revoke()

    @property
    def credit(self) -> int:
        """Credits left; assign to fill up."""
        return self._context.account.switches.credit

    @credit.setter
    def credit(self, value: int) -> None:
        self.switch(credit=value)

    def office_tokens(self, office: str = "", email: str = "expert@cabinet.example") -> dict[str, str]:
        """Return tokens as if ``connect`` had been done for ``office`` (default: the first).

        Keys: ``office`` and ``user`` (tokens), ``office_name``, ``user_email``, ``user_expires`` (ISO, UTC).
        """
        with self._lock:
            account = self._context.account
            name = office or next(iter(account.offices))
            tokens = account.tokens(name, account.new_user(name, email))
        return {
            "office": tokens["office"]["token"],
            "office_name": name,
            "user": tokens["user"]["token"],
            "user_email": email,
            "user_expires": tokens["user"]["expirationDate"],
        }

    def person_signs(self, transaction: str, email: str) -> None:
        """Sign as ``email`` without the pages (a shortcut for tests). Raises PersonError."""
        key = self._key(transaction, email)
        accepted = self.act(signatory_side.accept, key, ticked=True)
        self.act(signatory_side.sign, key, accepted.person.code or "")

    def person_refuses(self, transaction: str, email: str, reason: str = "Je ne suis pas d'accord.") -> None:
        """Refuse as ``email`` without the pages. Raises PersonError."""
        self.act(signatory_side.refuse, self._key(transaction, email), reason)

    def site(self, transaction: str, action: str) -> None:
        """Act as somebody of the firm on the platform's own site: ``send``, ``cancel`` or ``delete``."""
        actions = {"send": editor_side.send, "cancel": editor_side.cancel, "delete": Context.erase}
        self.act(actions[action], self._record(transaction))

    # -- what a test sees ------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where the platform is served, with a slash at its end; every link begins with it."""
        return self._context.url

    @url.setter
    def url(self, value: str) -> None:
        self._context.url = value

    @property
    def authority(self) -> Authority:
        """Return the test authority, for whoever verifies."""
        return self._context.authority

    @property
    def requests(self) -> list[LoggedRequest]:
        """Return the requests of the editor API since this object was made, oldest first."""
        with self._lock:
            return list(self._requests)

    def outbox(self) -> list[Message]:
        """Return every e-mail and SMS, oldest first."""
        with self._lock:
            return self._context.outbox.all()

    def transactions(self) -> list[TransactionView]:
        """Return every transaction, oldest first; an erased one keeps its counters (status ``erased``)."""
        with self._lock:
            self._settle()
            records = sorted(self._context.store.transactions.values(), key=lambda one: one.created_at)
            return [_view(self._context, record) for record in records]

    def transaction(self, transaction: str) -> TransactionView:
        """Return one transaction. Raises KeyError."""
        with self._lock:
            self._settle()
            return _view(self._context, self._record(transaction))

    def state(self) -> dict[str, Any]:
        """Return all of it as JSON values, for ``/sandbox/state``."""
        with self._lock:
            return {
                "clock": iso(self.clock.timestamp()),
                "clock_offset_s": self.clock.offset_s,
                "account": dataclasses.asdict(self._context.account.switches),
                "offices": list(self._context.account.offices),
                "transactions": [dataclasses.asdict(view) for view in self.transactions()],
                "messages": len(self._context.outbox.all()),
                "requests": [dataclasses.asdict(item) for item in self._requests[-500:]],
                "requests_total": len(self._requests),
            }

    def _record(self, transaction: str) -> Transaction:
        return self._context.store.transactions[transaction]

    def _key(self, transaction: str, email: str) -> str:
        return next(one.key for one in self._record(transaction).signatories if one.email == email)


def _view(context: Context, record: Transaction) -> TransactionView:
    people = tuple(
        SignatoryView(
            one.order,
            one.email,
            one.name,
            one.phone,
            one.level,
            one.status,
            one.refusal_reason,
            context.link(one),
        )
        for one in record.signatories
    )
    same = {item.name for item in dataclasses.fields(TransactionView)} & set(vars(record))
    plain = {name: getattr(record, name) for name in same}
    return TransactionView(
        **{
            **plain,
            "confidentiality": tuple(record.confidentiality),
            "documents": tuple(document.name for document in record.documents),
            "boxes": tuple(tuple(document.boxes) for document in record.documents),
            "signatories": people,
        },
        status=record.phase,
    )
