"""Connecting an account, and keeping its tokens."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connector.errors import AccessDenied, InvalidResponse, NotConnected, Unavailable
from connector.jesignexpert.login import Login, LoginRequest
from connector.jesignexpert.tokens import Tokens, TokenStore, usable
from connector.sandbox.clock import SandboxClock
from connector.sandbox.people import Person
from connector.sandbox.platform.server import RunningPlatform, serve_platform
from connector.sandbox.platform.world import PlatformWorld

TOKENS = Tokens(
    office="OFFICE",
    office_name="Cabinet Exemple",
    user="USER",
    email="expert@cabinet.example",
    first_name="Camille",
    last_name="Expert",
    rights=("SIGNER",),
    expires_at=datetime(2026, 11, 28, tzinfo=UTC),
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningPlatform]:
    world = PlatformWorld(tmp_path / "world", clock=SandboxClock(), shortcut="abc", secret="HMAC-SECRET")
    with serve_platform(world) as running:
        yield running


def login(served: RunningPlatform, secret: str = "HMAC-SECRET") -> Login:
    return Login("lyon", base_url=served.url, shortcut="abc", secret=secret, now=served.world.clock.now)


def test_a_person_logs_in_and_the_tokens_come(
    served: RunningPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    """One page, one login, and what fetch gives; nothing secret in the log."""
    caplog.set_level(logging.DEBUG)
    pages: list[LoginRequest] = []
    with closing(login(served)) as one, Person("camille.expert@cabinet.example", served.url) as person:

        def sleep(_seconds: float) -> None:
            person.log_in(pages[0].url, "Cabinet Exemple")

        tokens = one.connect(pages.append, sleep=sleep)
    assert len(pages) == 1
    assert tokens.office == served.world.office_tokens("Cabinet Exemple")["office"]
    assert (tokens.office_name, tokens.email) == ("Cabinet Exemple", "camille.expert@cabinet.example")
    assert (tokens.first_name, tokens.last_name) == ("Camille", "Expert")
    assert tokens.rights
    assert tokens.expires_at is not None
    assert tokens.expires_at - served.world.clock.now() > timedelta(days=4)
    assert tokens.user is not None
    for private in (tokens.office, tokens.user, "HMAC-SECRET", pages[0].triple.hmac):
        assert private not in caplog.text


def test_an_office_token_alone_is_enough(served: RunningPlatform) -> None:
    """The user token does not always come."""
    served.world.switch(user_in_fetch=False)
    with closing(login(served)) as one, Person("a.b@cabinet.example", served.url) as person:
        request = one.request_login()
        assert one.fetch_tokens(request) is None
        person.log_in(request.url, "Cabinet Exemple")
        tokens = one.fetch_tokens(request)
    assert tokens is not None
    assert (tokens.user, tokens.email, tokens.rights, tokens.expires_at) == (None, None, (), None)


def test_a_new_page_every_four_minutes_and_the_old_one_still_counts(served: RunningPlatform) -> None:
    """Somebody who was typing when the new page came is not sent back to the start."""
    pages: list[LoginRequest] = []
    clock = served.world.clock
    with closing(login(served)) as one, Person("a.b@cabinet.example", served.url) as person:

        def sleep(_seconds: float) -> None:
            if len(pages) == 3:
                person.log_in(pages[1].url, "Cabinet Exemple")
            clock.advance(40)

        tokens = one.connect(pages.append, sleep=sleep)
    assert len(pages) == 3
    assert len({page.triple.id_request for page in pages}) == 3
    assert tokens.office_name == "Cabinet Exemple"


def test_a_wrong_secret_is_told_as_such(served: RunningPlatform) -> None:
    """« Le hmac est incorrect » = wrong shortcut, secret or clock, with the drift that was seen."""
    with closing(login(served, "wrong")) as one, pytest.raises(AccessDenied) as caught:
        one.connect(lambda _page: None)
    assert "wrong shortcut, wrong secret or wrong clock" in caught.value.detail
    assert "clock minus ours" in caught.value.detail


def test_nobody_comes(served: RunningPlatform) -> None:
    """After half an hour it ends with an error, and no tokens."""
    with closing(login(served)) as one, pytest.raises(AccessDenied) as caught:
        one.connect(lambda _page: None, sleep=lambda _s: served.world.clock.advance(600))
    assert "nobody" in caught.value.detail


def test_a_short_absence_does_not_end_the_wait(served: RunningPlatform) -> None:
    """While a person is logging in, a busy answer is only waited out."""
    served.world.misbehave(operation="fetch", kind="status", status=503)
    pages: list[LoginRequest] = []
    with closing(login(served)) as one, Person("a.b@cabinet.example", served.url) as person:

        def sleep(_seconds: float) -> None:
            person.log_in(pages[0].url, "Cabinet Exemple")

        assert one.connect(pages.append, sleep=sleep).office


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(200, html="<html>"), InvalidResponse),
        (httpx.Response(200, json={"url": "javascript:alert(1)"}), InvalidResponse),
        (httpx.Response(200, json={}), InvalidResponse),
        (httpx.Response(503), Unavailable),
        (httpx.ConnectError("no"), NotConnected),
    ],
)
def test_no_page_to_log_in(answer: httpx.Response | Exception, kind: type[Exception]) -> None:
    """Without a usable URL there is nothing to show."""

    def talk(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
        )

    transport = httpx.MockTransport(talk)
    one = Login(
        "lyon",
        base_url="https://jse.example",
        shortcut="a",
        secret="s",
        now=lambda: datetime.now(UTC),
        transport=transport,
    )
    with closing(one), pytest.raises(kind):
        one.connect(lambda _page: None)


# -- tokens at rest ----------------------------------------------------------------------------------


def test_tokens_are_kept_privately(tmp_path: Path) -> None:
    """A folder of its own, one private file per account, nothing left beside it."""
    store = TokenStore(tmp_path / "tokens")
    assert store.load("lyon") is None
    store.save("lyon", Tokens(office="OLD", office_name="x"))
    store.save("lyon", TOKENS)
    store.save("../annecy", Tokens(office="OTHER", office_name="y"))
    assert store.load("lyon") == TOKENS
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700
    files = sorted((tmp_path / "tokens").iterdir())
    assert [file.name for file in files] == ["..%2Fannecy.json", "lyon.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.forget("lyon")
    store.forget("lyon")
    assert store.load("lyon") is None


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The error names the cure."""
    store = TokenStore(tmp_path)
    store.save("lyon", TOKENS)
    (tmp_path / "lyon.json").chmod(0o640)
    with pytest.raises(AccessDenied, match="chmod 600") as caught:
        store.load("lyon")
    assert "OFFICE" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"office": 3}', b'{"office": "a\\nb"}', b"\xff", b'{"user": "x"}']
)
def test_a_file_without_usable_tokens_is_no_tokens(tmp_path: Path, content: bytes) -> None:
    """Somebody has to connect again; nothing crashes."""
    store = TokenStore(tmp_path)
    store.save("lyon", TOKENS)
    (tmp_path / "lyon.json").write_bytes(content)
    assert store.load("lyon") is None


def test_members_of_another_version_do_not_matter(tmp_path: Path) -> None:
    """An older or newer program's file is read as far as it goes."""
    store = TokenStore(tmp_path)
    store.save("lyon", TOKENS)
    (tmp_path / "lyon.json").write_text('{"office": "A", "new": 1, "rights": 3, "expires_at": "?"}')
    assert store.load("lyon") == Tokens(office="A", office_name="")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in its place is the administrator's to repair."""
    (tmp_path / "tokens").write_text("x")
    with pytest.raises(AccessDenied, match="cannot be written"):
        TokenStore(tmp_path / "tokens").save("lyon", TOKENS)
    with pytest.raises(AccessDenied, match="cannot be read"):
        TokenStore(tmp_path / "tokens").load("lyon")


def test_neither_tokens_nor_people_are_shown() -> None:
    """The text of a value object goes into logs and reports."""
    for private in ("OFFICE", "USER", "expert@", "Camille"):
        assert private not in repr(TOKENS)


@pytest.mark.parametrize("token", ["", " ", "a b", "é", "a\r\nX: y", None, 3])
def test_a_token_must_fit_into_a_header(token: object) -> None:
    """What cannot stand in a header is no token."""
    assert not usable(token)
