"""What each answer, and each missing answer, means for each operation."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from connector.errors import (
    AnsweredNo,
    Cause,
    DocumentError,
    InvalidResponse,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RemoteError,
    SpoolError,
    Unavailable,
)
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.ports import (
    Progress,
    SignatoryProgress,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
    TransactionStatus,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
T = TransactionId("t-1")
HTML = "<!doctype html><html><head><title>Connexion</title></head><body>Merci, déjà envoyé</body></html>"
DRAFT = TransactionDraft(subject="Lettre", message="", sender="Cabinet", sequential=True)
PERSON = TransactionSignatory(
    email="marie@example.fr", name="Marie D", first_name="Marie", last_name="D", phone="+33612345678"
)


class Answers:
    """A platform that gives one answer to all but ``validateCheck``, and remembers what was asked."""

    def __init__(self, answer: httpx.Response | Exception, *, tokens_hold: int = 200) -> None:
        self.answer = answer
        self.tokens_hold = tokens_hold
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("validateCheck"):
            return streamed(httpx.Response(self.tokens_hold))
        if isinstance(self.answer, Exception):
            raise self.answer
        return streamed(self.answer)


class Pieces(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from (self._content[i : i + 3] for i in range(0, len(self._content), 3))


def streamed(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, stream=Pieces(answer.content))


Service = Callable[..., HttpSigningService]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    store = TokenStore(tmp_path / "tokens")
    store.save("lyon", Tokens(office="OFFICE-TOKEN", office_name="Cabinet", user="USER-TOKEN"))

    def make(answers: Answers, contract: Contract | None = None) -> HttpSigningService:
        return HttpSigningService(
            "lyon",
            base_url="https://jse.example",
            shortcut="abc",
            secret="s",
            tokens=store,
            now=lambda: NOW,
            contract=contract,
            transport=httpx.MockTransport(answers),
        )

    return make


def problem(service: Service, act: Callable[[HttpSigningService], object], answers: Answers) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        act(service(answers))
    return caught.value


def said(status: int, text: str, **headers: str) -> httpx.Response:
    body = {"message": text, "details": text}
    return httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def page(status: int) -> httpx.Response:
    return httpx.Response(status, html=HTML)


def send(one: HttpSigningService) -> None:
    one.send(T)


def create(one: HttpSigningService) -> None:
    one.create(DRAFT)


def status(one: HttpSigningService) -> None:
    one.status(T)


def download(one: HttpSigningService) -> None:
    one.download(T, 1, io.BytesIO(), max_bytes=1000)


# -- send --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [200, 201, 202, 204])
@pytest.mark.parametrize("body", [b"", b" ", b'{"ok": true}'])
def test_a_clear_yes_to_send(service: Service, code: int, body: bytes) -> None:
    """An accepted send may have an empty or a JSON body, and is asked once, without a body."""
    answers = Answers(httpx.Response(code, content=body))
    service(answers).send(T)
    (request,) = answers.asked
    assert (request.method, request.url.path) == ("POST", "/editor/abc/transaction/t-1/send")
    assert request.read() == b""
    assert request.headers["JSE-EDITOR-TOKEN-OFFICE"] == "OFFICE-TOKEN"
    assert request.headers["JSE-EDITOR-TOKEN-USER"] == "USER-TOKEN"


@pytest.mark.parametrize(
    ("answer", "tokens_hold", "cause"),
    [
        (said(402, "Crédit insuffisant"), 200, Cause.NO_CREDIT),
        (said(400, "Crédits épuisés"), 200, Cause.NO_CREDIT),
        (said(401, "Non"), 200, Cause.TOKENS),
        (said(403, "Accès refusé"), 403, Cause.TOKENS),
        (said(403, "Accès refusé"), 200, Cause.NO_RIGHT),
        (said(403, "Vous n'avez pas le droit"), 500, Cause.NO_RIGHT),
        (said(403, "Accès refusé"), 500, Cause.TOKENS),
        (said(400, "Le champ SignFields est obligatoire"), 200, Cause.BAD_FIELD),
        (said(400, "Le hmac est incorrect"), 200, Cause.TOKENS),
    ],
)
def test_a_send_that_was_answered_no(
    service: Service, answer: httpx.Response, tokens_hold: int, cause: Cause
) -> None:
    """Four causes prove that nothing was sent; the platform's text comes along."""
    found = problem(service, send, Answers(answer, tokens_hold=tokens_hold))
    assert isinstance(found, AnsweredNo)
    assert found.cause is cause
    assert found.cause.answers_send
    assert found.text == answer.json()["message"]


@pytest.mark.parametrize(
    "answer",
    [
        page(200),
        page(302),
        page(400),
        page(402),
        page(403),
        page(503),
        httpx.Response(200, text="OK"),
        httpx.Response(200, content=b'{"half": '),
        httpx.Response(206),
        httpx.Response(301, headers={"location": "https://jse.example/"}),
        said(400, "La collecte est déjà envoyée : champ status"),
        said(400, "Bad request"),
        said(404, "Introuvable"),
        said(409, "Conflit"),
        said(418, "?"),
        said(429, "Trop de requêtes", retry_after="5"),
        said(500, "Erreur"),
        said(502, "Erreur"),
        said(503, "Maintenance"),
        httpx.Response(200, content=b"x", headers={"content-encoding": "gzip"}),
        httpx.Response(200, content=b" " * 1_000_001),
        httpx.ReadTimeout("late"),
        httpx.WriteTimeout("late"),
        httpx.ReadError("cut"),
        httpx.WriteError("cut"),
        httpx.CloseError("cut"),
        httpx.RemoteProtocolError("cut"),
        httpx.LocalProtocolError("odd"),
        httpx.DecodingError("odd"),
        httpx.TooManyRedirects("odd"),
    ],
)
def test_a_send_without_a_clear_answer(service: Service, answer: httpx.Response | Exception) -> None:
    """Everything else leaves the outcome unknown, and is never tried again (R9, R9b)."""
    answers = Answers(answer)
    found = problem(service, send, answers)
    assert type(found) is OutcomeUnknown
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x"), httpx.ProxyError("x")],
)
def test_a_send_that_never_left(service: Service, error: Exception) -> None:
    """Without a connection nothing was sent; it is not tried again here either."""
    answers = Answers(error)
    assert isinstance(problem(service, send, answers), NotConnected)
    assert len(answers.asked) == 1


# -- other writes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (said(429, "Trop", retry_after="7"), AnsweredNo, Cause.RATE_LIMIT),
        (page(503), AnsweredNo, Cause.MAINTENANCE),
        (page(413), AnsweredNo, Cause.BAD_FIELD),
        (said(409, "Conflit"), AnsweredNo, Cause.UNKNOWN),
        (said(500, "Erreur"), OutcomeUnknown, None),
        (page(302), OutcomeUnknown, None),
        (said(404, "Introuvable"), NotFound, None),
        (httpx.ReadTimeout("late"), OutcomeUnknown, None),
        (httpx.ConnectError("no"), NotConnected, None),
        (httpx.Response(201, json={"nothing": 1}), InvalidResponse, None),
        (httpx.Response(201), InvalidResponse, None),
        (httpx.Response(200, json={"id": ".."}), InvalidResponse, None),
    ],
)
def test_create(
    service: Service, answer: httpx.Response | Exception, kind: type[RemoteError], cause: Cause | None
) -> None:
    """A write that nobody sees is told apart as finely as possible, and asked once."""
    answers = Answers(answer)
    found = problem(service, create, answers)
    assert type(found) is kind
    assert getattr(found, "cause", None) is cause
    assert len(answers.asked) == 1


def test_a_member_called_status_says_nothing(service: Service) -> None:
    """Only texts are read for a cause, not the names around them."""
    body = {"timestamp": 1, "status": 400, "error": "Bad Request", "errors": [{"reason": "Champ manquant"}]}
    found = problem(service, create, Answers(httpx.Response(400, json=body)))
    assert isinstance(found, AnsweredNo)
    assert found.cause is Cause.BAD_FIELD


def test_an_id_may_be_a_number(service: Service) -> None:
    """The type of ``id`` is not known: a whole number does as well."""
    assert service(Answers(httpx.Response(200, json={"id": 4711}))).create(DRAFT) == "4711"


def test_what_a_draft_and_a_signatory_carry(service: Service) -> None:
    """Exactly the documented members, and the phone as the setting wants it."""
    answers = Answers(httpx.Response(200, json={"id": "x"}))
    service(answers).create(DRAFT)
    assert json.loads(answers.asked[0].read()) == {
        "object": "Lettre",
        "message": "",
        "mailSender": "Cabinet",
        "notification": "ALL",
        "locked": True,
        "invitationMode": "sequential",
        "signatureRequirementMode": "ALL",
        "isHandwrittenSignatureActive": False,
        "confidentiality": [],
    }
    contract = Contract().with_overrides(
        {"formats": {"phone": "33"}, "fields": {"signatory": {"first_name": "", "last_name": "nom"}}}
    )
    service(answers, contract).add_signatory(T, PERSON)
    assert json.loads(answers.asked[1].read()) == {
        "email": "marie@example.fr",
        "name": "Marie D",
        "level": 1,
        "positions": [],
        "nom": "D",
        "phone": "33612345678",
    }


def test_a_document_that_cannot_be_read_is_told(service: Service, tmp_path: Path) -> None:
    """A file that is gone is the document's error, and nothing is asked."""
    answers = Answers(httpx.Response(200))
    with pytest.raises(DocumentError):
        service(answers).upload(T, 1, "a.pdf", tmp_path / "gone.pdf", [])
    assert answers.asked == []


def test_what_the_platform_said_is_one_short_line(service: Service) -> None:
    """Its own words, shortened, without markup or control characters."""
    found = problem(service, create, Answers(httpx.Response(409, text="Non\n\x00 " + "a" * 900)))
    assert isinstance(found, AnsweredNo)
    assert found.text.startswith("Non a")
    assert len(found.text) == 500
    assert problem(service, create, Answers(page(413))).text == ""  # type: ignore[attr-defined]


# -- reads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "asked"),
    [
        (said(429, "Trop"), Unavailable, 1),
        (said(500, "Erreur"), Unavailable, 1),
        (page(503), Unavailable, 1),
        (httpx.ReadError("cut"), Unavailable, 2),
        (httpx.ReadTimeout("late"), Unavailable, 2),
        (httpx.ConnectError("no"), NotConnected, 2),
        (page(200), InvalidResponse, 1),
        (page(302), InvalidResponse, 1),
        (httpx.Response(200), InvalidResponse, 1),
        (httpx.Response(200, content=b'{"id": "t-1", "sta'), InvalidResponse, 1),
        (httpx.Response(200, json=["x"]), InvalidResponse, 1),
        (said(405, "Méthode"), InvalidResponse, 1),
        (said(501, "Non"), InvalidResponse, 1),
        (said(404, "Introuvable"), NotFound, 1),
        (said(410, "Parti"), NotFound, 1),
        (page(404), NotFound, 1),
        (said(418, "?"), AnsweredNo, 1),
        (said(401, "Non"), AnsweredNo, 1),
    ],
)
def test_status_without_the_documented_answer(
    service: Service, answer: httpx.Response | Exception, kind: type[RemoteError], asked: int
) -> None:
    """Never an end, never « not signed yet »; a cut connection is tried once more."""
    answers = Answers(answer)
    assert type(problem(service, status, answers)) is kind
    assert len(answers.asked) == asked


@pytest.mark.parametrize("answer", [said(404, "Introuvable"), page(200), said(405, "Non"), page(302)])
@pytest.mark.parametrize("act", [status, download], ids=["status", "download"])
def test_an_assumption_that_fails_names_its_setting(
    service: Service, act: Callable[[HttpSigningService], None], answer: httpx.Response
) -> None:
    """Whoever reads it knows the operation, that it is an assumption, and what to change."""
    detail = problem(service, act, Answers(answer)).detail
    assert f"{act.__name__} (GET transaction/{{id}}" in detail
    assert "ASSUMED" in detail
    assert f"platform.contract.operations.{act.__name__}.path" in detail


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (format_datetime(NOW + timedelta(seconds=90)), 90.0), ("soon", None), ("-5", None)],
)
def test_retry_after(service: Service, value: str, seconds: float | None) -> None:
    """Seconds and HTTP dates are read, anything else is no promise."""
    found = problem(service, status, Answers(said(503, "Maintenance", retry_after=value)))
    assert found.retry_after_s == seconds


def full(**changes: object) -> dict[str, object]:
    person = {"order": 1, "email": "m@example.fr", "name": "M", "status": "ready", "actionDate": None}
    return {"id": "t-1", "status": "En cours", "signatories": [person], "unknown": {"x": 1}, **changes}


def asked_status(service: Service, value: dict[str, object]) -> TransactionStatus:
    return service(Answers(httpx.Response(200, json=value))).status(T)


def test_a_status_is_read_and_its_word_kept(service: Service) -> None:
    """Unknown members do not matter; dates become aware UTC."""
    found = asked_status(service, full(createdAt=1795435200000, expiresAt="2026-12-08T13:00:00+01:00"))
    assert (found.progress, found.word) == (Progress.IN_PROGRESS, "En cours")
    assert found.created_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert found.expires_at == datetime(2026, 12, 8, 12, tzinfo=UTC)
    assert found.signatories[0].progress is SignatoryProgress.INVITED


def test_an_unknown_word_is_never_an_end(service: Service) -> None:
    """Nobody has mapped it: UNKNOWN, the word shown."""
    found = asked_status(service, full(status="Transmogrifié"))
    assert (found.progress, found.word) == (Progress.UNKNOWN, "Transmogrifié")


@pytest.mark.parametrize("word", ["canceled", "refused", "Declined"])
def test_cancelled_by_a_signatory_is_a_refusal(service: Service, word: str) -> None:
    """The trust provider's own word for a refusal is told apart by the signatories' words."""
    people = [{"order": 1, "status": "signed"}, {"order": 2, "status": word}]
    assert asked_status(service, full(status="canceled", signatories=people)).progress is Progress.REFUSED
    people = [{"order": 1, "status": "ready"}]
    assert asked_status(service, full(status="canceled", signatories=people)).progress is Progress.CANCELLED


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "t-2"},
        {"id": None},
        {"status": None},
        {"status": 3},
        {"status": " "},
        {"signatories": {}},
        {"signatories": ["x"]},
        {"signatories": [{"order": "1"}]},
        {"signatories": [{"order": 0}]},
        {"signatories": [{"order": True}]},
        {"signatories": [{"status": 1}]},
        {"signatories": [{"actionDate": "yesterday"}]},
        {"expiresAt": True},
        {"expiresAt": []},
        {"expiresAt": 1795435200},
        {"expiresAt": 1e300},
        {"createdAt": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_status_of_another_form_is_no_answer(service: Service, changes: dict[str, object]) -> None:
    """Another transaction, a missing word, a wrong type: never guessed at."""
    with pytest.raises(InvalidResponse):
        asked_status(service, full(**changes))


# -- downloads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(200), Unavailable),
        (httpx.Response(202), Unavailable),
        (httpx.Response(204), Unavailable),
        (said(404, "Introuvable"), Unavailable),
        (said(409, "Scellement"), Unavailable),
        (said(503, "Maintenance"), Unavailable),
        (httpx.ReadError("cut"), Unavailable),
        (httpx.Response(200, content=b"%PD"), InvalidResponse),
        (httpx.Response(200, json={"message": "plus tard"}), InvalidResponse),
        (httpx.Response(200, content=b"%PDF" + b"x" * 997), InvalidResponse),
        (page(200), InvalidResponse),
        (said(410, "Effacé"), NotFound),
        (said(403, "Non"), AnsweredNo),
    ],
)
def test_download_without_a_document(
    service: Service, answer: httpx.Response | Exception, kind: type[RemoteError]
) -> None:
    """Late is late, wrong is wrong; a download is asked once."""
    answers = Answers(answer)
    assert type(problem(service, download, answers)) is kind
    assert len([one for one in answers.asked if "downloadFile" in one.url.path]) == 1


def test_a_document_in_small_pieces_is_a_document(service: Service) -> None:
    """The first four bytes count, however they come."""
    into = io.BytesIO()
    fetched = service(Answers(httpx.Response(200, content=b"%PDF-1.7 x"))).download(T, 2, into, max_bytes=10)
    assert (into.getvalue(), fetched.size) == (b"%PDF-1.7 x", 10)


def test_a_full_disk_is_the_spools_error(service: Service) -> None:
    """What cannot be written here is not blamed on the platform."""

    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(SpoolError):
        service(Answers(httpx.Response(200, content=b"%PDF"))).download(T, 1, Full(), max_bytes=10)


def test_no_attestation_is_not_found(service: Service) -> None:
    """Where the platform offers none, that is no error of the document."""
    with pytest.raises(NotFound):
        service(Answers(said(404, "Introuvable"))).attestation(T, io.BytesIO(), max_bytes=10)


@pytest.mark.parametrize(
    ("answer", "hold"),
    [
        (httpx.Response(200), True),
        (httpx.Response(200, json=False), False),
        (httpx.Response(200, json={"valid": False}), False),
        (httpx.Response(403), False),
        (page(200), None),
        (httpx.Response(500), None),
        (httpx.ReadError("cut"), None),
    ],
)
def test_do_the_tokens_hold(service: Service, answer: httpx.Response | Exception, hold: bool | None) -> None:
    """Yes, no, or no telling."""

    class OnlyAnswer(Answers):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if isinstance(self.answer, Exception):
                raise self.answer
            return streamed(self.answer)

    assert service(OnlyAnswer(answer)).tokens_hold() is hold
