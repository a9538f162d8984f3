"""What each answer, and each missing answer, means for each operation."""

from __future__ import annotations

import json
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
)
from connector.jesignexpert.contract import Contract
from tests.fakes.platform_answers import (
    DRAFT,
    PERSON,
    Answers,
    Service,
    T,
    create,
    page,
    problem,
    said,
    send,
    service_maker,
)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return service_maker(tmp_path)


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
        *(
            (httpx.Response(200, json={"id": told}), InvalidResponse, None)
            for told in (
                "..",
                "../../transaction/x",
                "a/b",
                "a\\b",
                "a?b",
                "a#b",
                "a\nb",
                "a\u202eb",
                "x" * 2000,
            )
        ),
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
