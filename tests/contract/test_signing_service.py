"""What every :class:`connector.ports.SigningService` does, whatever stands behind it."""

from __future__ import annotations

import hashlib
import io
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from connector.errors import (
    AccessDenied,
    AnsweredNo,
    Cause,
    InvalidResponse,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    Unavailable,
)
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.ports import (
    Box,
    Progress,
    SignatoryProgress,
    SigningService,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
)
from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform.server import RunningPlatform, serve_platform
from connector.sandbox.platform.world import PlatformWorld
from tests.documents import letter
from tests.fakes.signing import MemorySigningService

MARIE, PAUL = "marie.dupont@example.fr", "paul.martin@example.fr"
DAY_S = 86_400


class Platform(Protocol):
    """What the suite needs besides the port: people, time and faults."""

    service: SigningService
    clock: SandboxClock

    def sign(self, transaction: TransactionId, email: str) -> None: ...
    def refuse(self, transaction: TransactionId, email: str) -> None: ...
    def erase(self, transaction: TransactionId) -> None: ...
    def sends(self, transaction: TransactionId) -> int: ...
    def mails(self, transaction: TransactionId) -> int: ...
    def lose_answer(self, operation: str) -> None: ...
    def cut_before(self, operation: str) -> None: ...
    def late(self, operation: str, seconds: float) -> None: ...
    def lag(self, seconds: float) -> None: ...
    def seal_for(self, seconds: float) -> None: ...
    def switch(self, *, credit: int = 1000, right: bool = True, maintenance: bool = False) -> None: ...
    def disconnect(self) -> None: ...
    def unplug(self) -> None: ...


class Memory:
    """The fake."""

    def __init__(self) -> None:
        self.clock = SandboxClock()
        self.memory = MemorySigningService("lyon", now=self.clock.now)
        self.service: SigningService = self.memory

    def sign(self, transaction: TransactionId, email: str) -> None:
        self.memory.sign(transaction, email)

    def refuse(self, transaction: TransactionId, email: str) -> None:
        self.memory.refuse(transaction, email, "Non.")

    def erase(self, transaction: TransactionId) -> None:
        self.memory.erase(transaction)

    def sends(self, transaction: TransactionId) -> int:
        return self.memory.transactions[transaction].sends

    def mails(self, transaction: TransactionId) -> int:
        return self.memory.transactions[transaction].mails

    def lose_answer(self, operation: str) -> None:
        self.memory.fault(operation, OutcomeUnknown("the answer was lost"), after=True)

    def cut_before(self, operation: str) -> None:
        self.memory.fault(operation, OutcomeUnknown("the connection was cut"))

    def late(self, operation: str, seconds: float) -> None:
        self.memory.fault(operation, OutcomeUnknown("the answer was lost"), late_s=seconds)

    def lag(self, seconds: float) -> None:
        self.memory.lag_next_send(seconds)

    def seal_for(self, seconds: float) -> None:
        self.memory.sealing_s = seconds

    def switch(self, *, credit: int = 1000, right: bool = True, maintenance: bool = False) -> None:
        self.memory.credit, self.memory.right, self.memory.maintenance = credit, right, maintenance

    def disconnect(self) -> None:
        self.memory.connected = False

    def unplug(self) -> None:
        for operation in ("create", "send", "status"):
            self.memory.fault(operation, NotConnected("no connection was made"))


class Sandbox:
    """The real client against the embedded platform, over loopback HTTP."""

    def __init__(self, world: PlatformWorld, url: str, clock: SandboxClock, directory: Path) -> None:
        self.world = world
        self.clock = clock
        self.store = TokenStore(directory / "tokens")
        given = world.office_tokens("Cabinet Exemple")
        tokens = Tokens(office=given["office"], office_name=given["office_name"], user=None)
        self.store.save("lyon", tokens)
        self.http = self._connect(url)
        self.service: SigningService = self.http

    def _connect(self, url: str) -> HttpSigningService:
        return HttpSigningService(
            "lyon", base_url=url, shortcut="abc", secret="s", tokens=self.store, now=self.clock.now
        )

    def sign(self, transaction: TransactionId, email: str) -> None:
        self.world.person_signs(transaction, email)

    def refuse(self, transaction: TransactionId, email: str) -> None:
        self.world.person_refuses(transaction, email, "Non.")

    def erase(self, transaction: TransactionId) -> None:
        self.world.site(transaction, "delete")

    def sends(self, transaction: TransactionId) -> int:
        return self.world.transaction(transaction).sends

    def mails(self, transaction: TransactionId) -> int:
        return self.world.transaction(transaction).mails

    def lose_answer(self, operation: str) -> None:
        self.world.misbehave(operation=operation, kind="lost_answer")

    def cut_before(self, operation: str) -> None:
        self.world.misbehave(operation=operation, kind="cut_before")

    def late(self, operation: str, seconds: float) -> None:
        self.world.misbehave(operation=operation, kind="late_effect", seconds=seconds)

    def lag(self, seconds: float) -> None:
        self.world.misbehave(operation="send", kind="status_lag", seconds=seconds)

    def seal_for(self, seconds: float) -> None:
        self.world.switch(sealing_s=seconds)

    def switch(self, *, credit: int = 1000, right: bool = True, maintenance: bool = False) -> None:
        self.world.switch(credit=credit, right=right, maintenance=maintenance)

    def disconnect(self) -> None:
        self.store.forget("lyon")

    def unplug(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.http.close()
        self.http = self._connect(f"http://127.0.0.1:{port}/")
        self.service = self.http


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    # One for all tests: starting and stopping a server costs more than most of them.
    world = PlatformWorld(
        tmp_path_factory.mktemp("platform"), clock=SandboxClock(), shortcut="abc", secret="s"
    )
    with serve_platform(world) as running:
        yield running


@pytest.fixture(params=["memory", "sandbox"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    if request.param == "memory":
        yield Memory()
        return
    served: RunningPlatform = request.getfixturevalue("served")
    served.world.behave()
    served.world.switch(credit=1000, right=True, maintenance=False, sealing_s=0.0)
    sandbox = Sandbox(served.world, served.url, served.world.clock, tmp_path)
    yield sandbox
    sandbox.http.close()


def draft(*, sequential: bool = True) -> TransactionDraft:
    return TransactionDraft(
        subject="Lettre de mission", message="Bonjour,", sender="Cabinet Exemple", sequential=sequential
    )


def person(email: str) -> TransactionSignatory:
    first, last = email.partition("@")[0].title().split(".")
    return TransactionSignatory(
        email=email, name=f"{first} {last}", first_name=first, last_name=last, phone="+33612345678"
    )


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    file = tmp_path / "lettre de mission n° 1.pdf"
    file.write_bytes(letter(1))
    return file


def prepared(platform: Platform, pdf: Path, *emails: str, sequential: bool = True) -> TransactionId:
    service = platform.service
    transaction = service.create(draft(sequential=sequential))
    boxes = [
        Box(signatory=rank, page=1, x=50, y=550 + 60 * rank, page_width=595.28, page_height=841.89)
        for rank in range(1, len(emails) + 1)
    ]
    service.upload(transaction, 1, pdf.name, pdf, boxes)
    for email in emails:
        service.add_signatory(transaction, person(email))
    return transaction


def sent(platform: Platform, pdf: Path, *emails: str, sequential: bool = True) -> TransactionId:
    transaction = prepared(platform, pdf, *emails, sequential=sequential)
    platform.service.send(transaction)
    return transaction


def test_a_name_that_could_not_be_told_apart_is_taken_whole(platform: Platform, pdf: Path) -> None:
    """Known whole alone (« SARL Les Jardins », one word): without halves the platform takes it, and tells it back."""
    transaction = platform.service.create(draft())
    box = Box(signatory=1, page=1, x=50, y=600, page_width=595.28, page_height=841.89)
    platform.service.upload(transaction, 1, pdf.name, pdf, [box])
    whole = TransactionSignatory(
        email=MARIE, name="Paul et Marie Martin", first_name="", last_name="", phone="+33612345678"
    )
    platform.service.add_signatory(transaction, whole)
    platform.service.send(transaction)
    assert [one.name for one in platform.service.status(transaction).signatories] == [whole.name]


def test_a_launch_is_followed_signed_and_fetched(platform: Platform, pdf: Path) -> None:
    """Two people sign in turn, and what comes back is the signed document."""
    transaction = sent(platform, pdf, MARIE, PAUL)
    status = platform.service.status(transaction)
    assert status.progress is Progress.IN_PROGRESS
    assert [one.progress for one in status.signatories] == [
        SignatoryProgress.INVITED,
        SignatoryProgress.WAITING,
    ]
    platform.sign(transaction, MARIE)
    first = platform.service.status(transaction).signatories[0]
    assert (first.order, first.email, first.progress) == (1, MARIE, SignatoryProgress.SIGNED)
    assert first.at is not None
    assert first.at.utcoffset() == timedelta(0)
    platform.sign(transaction, PAUL)
    assert platform.service.status(transaction).progress is Progress.SIGNED
    into = io.BytesIO()
    fetched = platform.service.download(transaction, 1, into, max_bytes=10_000_000)
    assert into.getvalue().startswith(b"%PDF")
    assert fetched.sha256 == hashlib.sha256(into.getvalue()).hexdigest()
    assert fetched.size == len(into.getvalue()) > len(pdf.read_bytes())


def test_the_attestation_is_a_pdf(platform: Platform, pdf: Path) -> None:
    """After the end the attestation can be fetched; before, there is none."""
    transaction = sent(platform, pdf, MARIE)
    with pytest.raises(NotFound):
        platform.service.attestation(transaction, io.BytesIO(), max_bytes=1_000_000)
    platform.sign(transaction, MARIE)
    into = io.BytesIO()
    platform.service.attestation(transaction, into, max_bytes=1_000_000)
    assert into.getvalue().startswith(b"%PDF")


def test_nobody_is_mailed_before_send(platform: Platform, pdf: Path) -> None:
    """A prepared transaction is a draft that nobody sees."""
    transaction = prepared(platform, pdf, MARIE)
    status = platform.service.status(transaction)
    assert status.progress is Progress.NOT_SENT
    assert status.expires_at is None
    assert (platform.sends(transaction), platform.mails(transaction)) == (0, 0)


def test_the_date_of_expiry_is_told(platform: Platform, pdf: Path) -> None:
    """Once sent, the transaction says when it lapses, in aware UTC."""
    expires = platform.service.status(sent(platform, pdf, MARIE)).expires_at
    assert isinstance(expires, datetime)
    assert timedelta(days=14) < expires - platform.clock.now() < timedelta(days=16)


def test_in_parallel_everybody_is_invited(platform: Platform, pdf: Path) -> None:
    """Without an order both may sign, the second one first."""
    transaction = sent(platform, pdf, MARIE, PAUL, sequential=False)
    people = platform.service.status(transaction).signatories
    assert {one.progress for one in people} == {SignatoryProgress.INVITED}
    platform.sign(transaction, PAUL)
    platform.sign(transaction, MARIE)
    assert platform.service.status(transaction).progress is Progress.SIGNED


def test_a_second_send_would_reach_people_twice(platform: Platform, pdf: Path) -> None:
    """The platform is assumed to accept a second send: that is why it is never repeated."""
    transaction = sent(platform, pdf, MARIE)
    platform.service.send(transaction)
    assert platform.sends(transaction) == 2


def test_a_lost_answer_to_send_is_an_unknown_outcome_and_not_repeated(platform: Platform, pdf: Path) -> None:
    """The effect took place once, the caller is told that it does not know."""
    transaction = prepared(platform, pdf, MARIE)
    platform.lose_answer("send")
    with pytest.raises(OutcomeUnknown):
        platform.service.send(transaction)
    assert platform.sends(transaction) == 1
    assert platform.service.status(transaction).progress is Progress.IN_PROGRESS


def test_a_connection_cut_before_the_effect_is_an_unknown_outcome_too(platform: Platform, pdf: Path) -> None:
    """From outside, a cut before and a cut after the effect look the same."""
    transaction = prepared(platform, pdf, MARIE)
    platform.cut_before("send")
    with pytest.raises(OutcomeUnknown):
        platform.service.send(transaction)
    assert platform.sends(transaction) == 0


def test_a_late_effect_shows_only_later(platform: Platform, pdf: Path) -> None:
    """« Not sent » right after a lost answer is no proof: the effect may come minutes later."""
    transaction = prepared(platform, pdf, MARIE)
    platform.late("send", 120)
    with pytest.raises(OutcomeUnknown):
        platform.service.send(transaction)
    assert platform.service.status(transaction).progress is Progress.NOT_SENT
    platform.clock.advance(121)
    assert platform.service.status(transaction).progress is Progress.IN_PROGRESS
    assert platform.sends(transaction) == 1


def test_the_status_may_lag(platform: Platform, pdf: Path) -> None:
    """After an accepted send the status may still say draft for a while."""
    platform.lag(60)
    transaction = sent(platform, pdf, MARIE)
    assert platform.service.status(transaction).progress is Progress.NOT_SENT
    platform.clock.advance(61)
    assert platform.service.status(transaction).progress is Progress.IN_PROGRESS


@pytest.mark.parametrize("operation", ["create", "upload", "signatory", "cancel"])
def test_a_lost_answer_to_any_other_write_is_an_unknown_outcome(
    platform: Platform, pdf: Path, operation: str
) -> None:
    """Writes are never repeated by the service itself."""
    platform.lose_answer(operation)
    with pytest.raises(OutcomeUnknown):
        platform.service.cancel(prepared(platform, pdf, MARIE))


def test_without_credit_nothing_is_sent(platform: Platform, pdf: Path) -> None:
    """« No credit » answers send, and the same transaction goes once there is credit again."""
    transaction = prepared(platform, pdf, MARIE)
    platform.switch(credit=0)
    with pytest.raises(AnsweredNo) as caught:
        platform.service.send(transaction)
    assert caught.value.cause is Cause.NO_CREDIT
    assert caught.value.text
    assert platform.sends(transaction) == 0
    platform.switch(credit=1)
    platform.service.send(transaction)
    assert platform.sends(transaction) == 1


def test_without_the_right_the_cause_is_the_right(platform: Platform) -> None:
    """A 403 whose tokens still hold is a missing right."""
    platform.switch(right=False)
    with pytest.raises(AnsweredNo) as caught:
        platform.service.create(draft())
    assert caught.value.cause is Cause.NO_RIGHT


def test_during_maintenance_reads_wait_and_send_is_in_doubt(platform: Platform, pdf: Path) -> None:
    """Maintenance answers a write that may be begun again, but it does not answer send."""
    transaction = prepared(platform, pdf, MARIE)
    platform.switch(maintenance=True)
    with pytest.raises(Unavailable):
        platform.service.status(transaction)
    with pytest.raises(AnsweredNo) as caught:
        platform.service.create(draft())
    assert caught.value.cause is Cause.MAINTENANCE
    with pytest.raises(OutcomeUnknown):
        platform.service.send(transaction)
    assert platform.sends(transaction) == 0


def test_a_field_that_does_not_fit_is_told_as_such(platform: Platform) -> None:
    """A subject that is too long is refused as a bad field."""
    long = TransactionDraft(subject="x" * 46, message="", sender="Cabinet", sequential=True)
    with pytest.raises(AnsweredNo) as caught:
        platform.service.create(long)
    assert caught.value.cause is Cause.BAD_FIELD


def test_a_refusal_ends_it_and_gives_no_document(platform: Platform, pdf: Path) -> None:
    """Who refused, and why, is told; there is nothing to fetch."""
    transaction = sent(platform, pdf, MARIE, PAUL)
    platform.refuse(transaction, MARIE)
    status = platform.service.status(transaction)
    assert status.progress is Progress.REFUSED
    assert status.signatories[0].progress is SignatoryProgress.REFUSED
    assert status.signatories[0].reason == "Non."
    with pytest.raises(Unavailable):
        platform.service.download(transaction, 1, io.BytesIO(), max_bytes=1_000_000)


def test_a_cancelled_transaction_says_so(platform: Platform, pdf: Path) -> None:
    """Cancelling ends it; cancelling again is answered no."""
    transaction = sent(platform, pdf, MARIE)
    platform.service.cancel(transaction)
    assert platform.service.status(transaction).progress is Progress.CANCELLED
    with pytest.raises(AnsweredNo):
        platform.service.cancel(transaction)


def test_after_its_life_it_has_expired(platform: Platform, pdf: Path) -> None:
    """Fifteen days later nobody can sign any more."""
    transaction = sent(platform, pdf, MARIE)
    platform.clock.advance(15 * DAY_S + 1)
    assert platform.service.status(transaction).progress is Progress.EXPIRED


def test_what_was_erased_is_not_found(platform: Platform, pdf: Path) -> None:
    """A transaction that is gone answers 404, and the refusal names the assumption behind the call."""
    transaction = sent(platform, pdf, MARIE)
    platform.erase(transaction)
    with pytest.raises(NotFound):
        platform.service.status(transaction)


def test_while_sealing_the_document_is_only_late(platform: Platform, pdf: Path) -> None:
    """Signed by all but not sealed yet: come back later."""
    platform.seal_for(3600)
    transaction = sent(platform, pdf, MARIE)
    platform.sign(transaction, MARIE)
    with pytest.raises(Unavailable):
        platform.service.download(transaction, 1, io.BytesIO(), max_bytes=10_000_000)
    platform.clock.advance(3601)
    platform.service.download(transaction, 1, io.BytesIO(), max_bytes=10_000_000)


def test_a_document_beyond_the_limit_is_refused(platform: Platform, pdf: Path) -> None:
    """Nothing larger than the caller's limit is taken."""
    transaction = sent(platform, pdf, MARIE)
    platform.sign(transaction, MARIE)
    with pytest.raises(InvalidResponse):
        platform.service.download(transaction, 1, io.BytesIO(), max_bytes=100)


def test_a_reminder_mails_again_once_an_hour(platform: Platform, pdf: Path) -> None:
    """A second reminder within the hour is answered no."""
    transaction = sent(platform, pdf, MARIE)
    mails = platform.mails(transaction)
    platform.service.remind(transaction)
    assert platform.mails(transaction) == mails + 1
    with pytest.raises(AnsweredNo):
        platform.service.remind(transaction)


def test_a_draft_is_handed_over_and_no_longer_ours(platform: Platform, pdf: Path) -> None:
    """Left as a draft, the transaction takes no more signatories from us."""
    transaction = prepared(platform, pdf, MARIE)
    platform.service.leave_as_draft(transaction)
    assert platform.service.status(transaction).progress is Progress.NOT_SENT
    with pytest.raises(AnsweredNo):
        platform.service.add_signatory(transaction, person(PAUL))


def test_without_tokens_every_call_is_denied(platform: Platform) -> None:
    """An account that nobody connected asks the administrator, not the platform."""
    platform.disconnect()
    with pytest.raises(AccessDenied):
        platform.service.create(draft())
    with pytest.raises(AccessDenied):
        platform.service.status(TransactionId("any"))


def test_without_a_connection_nothing_left(platform: Platform, pdf: Path) -> None:
    """No connection is no effect, for send too."""
    transaction = prepared(platform, pdf, MARIE)
    platform.unplug()
    with pytest.raises(NotConnected):
        platform.service.send(transaction)
    with pytest.raises(NotConnected):
        platform.service.create(draft())
    with pytest.raises(NotConnected):
        platform.service.status(transaction)
    assert platform.sends(transaction) == 0
