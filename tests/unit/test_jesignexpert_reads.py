"""Status and downloads: what is read, and what is never taken for an answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from connector.errors import (
    AnsweredNo,
    InvalidResponse,
    NotConnected,
    NotFound,
    RemoteError,
    SpoolError,
    Unavailable,
)
from connector.jesignexpert.client import HttpSigningService
from connector.ports import (
    Progress,
    SignatoryProgress,
    TransactionStatus,
)
from tests.fakes.platform_answers import (
    NOW,
    Answers,
    Service,
    T,
    download,
    page,
    problem,
    said,
    service_maker,
    status,
    streamed,
)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return service_maker(tmp_path)


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
        (httpx.Response(404), NotFound, 1),
        (page(404), InvalidResponse, 1),
        (page(410), InvalidResponse, 1),
        (httpx.Response(404, text="default backend - 404"), InvalidResponse, 1),
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


@pytest.mark.parametrize("off", [timedelta(hours=-2), timedelta(days=1)], ids=["behind", "ahead"])
def test_retry_after_by_the_platforms_own_clock(service: Service, off: timedelta) -> None:
    """A date is no shorter and no longer where this machine's clock is wrong."""
    date, until = (
        format_datetime(NOW - off + wait, usegmt=True) for wait in (timedelta(), timedelta(seconds=90))
    )
    found = problem(service, status, Answers(said(503, "Maintenance", retry_after=until, date=date)))
    assert found.retry_after_s == 90.0


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


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-12-07T23:00:00Z", (2026, 12, 7, 23)),
        ("2026-12-08T00:00:00+01:00", (2026, 12, 7, 23)),
        ("2026-12-08T00:00:00.000+0100", (2026, 12, 7, 23)),
        ("2026-12-08T23:59:59+01:00", (2026, 12, 8, 22, 59, 59)),
        ("2026-12-08T13:00:00", (2026, 12, 8, 13)),
        ("2026-12-08", (2026, 12, 8)),
        (1796684400000, (2026, 12, 7, 23)),
        ("2026-10-25T02:30:00+02:00", (2026, 10, 25, 0, 30)),
        ("2026-10-25T02:30:00+01:00", (2026, 10, 25, 1, 30)),
        ("2028-02-29T12:00:00Z", (2028, 2, 29, 12)),
        ("2026-12-31T23:30:00Z", (2026, 12, 31, 23, 30)),
    ],
)
def test_a_date_of_the_platform_is_a_moment(service: Service, told: object, meant: tuple[int, ...]) -> None:
    """With its zone; without one in UTC, as the platform's own clock (``ts``); a day alone is its first moment."""
    found = asked_status(service, full(expiresAt=told)).expires_at
    assert found == datetime(*meant, tzinfo=UTC)  # type: ignore[misc, arg-type]
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "told", ["2027-02-29T12:00:00Z", "8 décembre 2026", 1796684400, "1796684400000", True]
)
def test_what_is_no_date_of_our_time_is_refused(service: Service, told: object) -> None:
    """A day that does not exist, seconds for milliseconds: loudly, never as a deadline long past."""
    with pytest.raises(InvalidResponse, match="expiresAt"):
        asked_status(service, full(expiresAt=told))


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
