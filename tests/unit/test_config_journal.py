"""The journal in PostgreSQL as the administrator's file says it: what it needs, and what is refused by name."""

from __future__ import annotations

import pytest

from connector.config import read_config
from connector.config.changes import changes
from connector.config.flat import flat
from tests.unit.test_config import GOOD

URL = "postgresql+psycopg://connector@db.example:5432/journal?sslmode=verify-full"
WITH = GOOD + "connector: firm\nseal: {credential: jse-seal}\n"


def told(text: str, *, warnings: bool = False) -> list[tuple[str, str]]:
    return [(one.path, one.text) for one in read_config(text).problems if one.warning is warnings]


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "postgresql+psycopg://db.example/journal?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
        "postgresql+psycopg://connector@/journal?host=/run/postgresql&port=5433",
        "postgresql+psycopg:///journal",
        "postgresql+psycopg://connector@[::1]:5432/journal",
        "postgresql+psycopg://c@/journal?host=a.example:5432&host=b.example:5432&sslmode=verify-full",
        "postgresql+psycopg://c@localhost/journal",
    ],
)
def test_urls_that_are_right(url: str) -> None:
    text = WITH + f"journal: {{url: '{url}', password: {{credential: jse-journal}}, replication: none}}\n"
    reading = read_config(text)
    assert reading.problems == ()
    assert reading.config is not None
    assert (reading.config.journal.url, reading.config.journal.replication) == (url, "none")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://db.example/journal", "write postgresql+psycopg://db.example/journal"),
        ("postgres://db.example/journal", "write postgresql+psycopg://"),
        ("postgresql+psycopg2://db.example/journal", "write postgresql+psycopg://"),
        ("mysql://db.example/journal", "postgresql+psycopg://connector@"),
        ("postgresql+psycopg://c:hunter2@db.example/journal", "password: {credential"),
        ("postgresql+psycopg://c@db.example/journal?password=hunter2", "password: {credential"),
        ("postgresql+psycopg://c@db.example/journal?sslpassword=hunter2", "password: {credential"),
        ("postgresql+psycopg://c@db.example/", "a database"),
        ("postgresql+psycopg://c@db.example/a/b", "a database"),
        ("postgresql+psycopg://c@db.example:port/a", "a database"),
        ("postgresql+psycopg://c@db.example/a?sslmode=verify", "verify-full"),
        ("postgresql+psycopg://c@db.example/a?sslmod=verify-full", 'did you mean "sslmode"?'),
        ("postgresql+psycopg://c@db.example/a?user=b", "stand before it"),
    ],
)
def test_urls_that_are_not(url: str, said: str) -> None:
    """Told once, with the cure; a password is not repeated."""
    [(path, text)] = told(WITH + f"journal: {{url: '{url}'}}\n")
    assert (path, said in text, "hunter2" in text) == ("journal.url", True, False)


def test_what_it_needs_beside() -> None:
    """All that share it are one owner (R12), and read each other's seals."""
    found = told(GOOD + f"journal: {{url: '{URL}'}}\n")
    assert [path for path, _ in found] == ["journal.url", "journal.url"]
    assert ["connector:" in found[0][1], "seal:" in found[1][1]] == [True, True]
    assert told(WITH + f"journal: {{url: '{URL}'}}\n") == []


@pytest.mark.parametrize("key", ["password: {credential: x}", "replication: synchronous"])
@pytest.mark.parametrize("url", ["", "url: 'sqlite:////x', "])
def test_what_sqlite_has_no_use_for(url: str, key: str) -> None:
    [(path, text)] = told(WITH + f"journal: {{{url}{key}}}\n")
    assert path == f"journal.{key.partition(':')[0]}"
    assert "SQLite" in text


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        (URL.replace("verify-full", "require"), True),
        (URL.partition("?")[0], True),
        ("postgresql+psycopg://c@/j?host=db.example", True),
        ("postgresql+psycopg://c@127.0.0.1/j", False),
        (URL, False),
    ],
)
def test_a_way_that_others_can_listen_on(url: str, warned: bool) -> None:
    """Told, not refused: a network may be somebody's own."""
    found = told(WITH + f"journal: {{url: '{url}'}}\n", warnings=True)
    assert [path for path, _ in found] == ["journal.url"] * warned
    assert all("verify-full" in text for _, text in found)


def test_asynchronous_is_forced_by_name_and_warned() -> None:
    [(path, text)] = told(WITH + f"journal: {{url: '{URL}', replication: asynchronous}}\n", warnings=True)
    assert (path, "question" in text) == ("journal.replication", True)
    [(path, _)] = told(WITH + f"journal: {{url: '{URL}', replication: maybe}}\n")
    assert path == "journal.replication"


def test_it_waits_for_the_next_start() -> None:
    before = read_config(WITH + f"journal: {{url: '{URL}'}}\n").config
    after = read_config(WITH + f"journal: {{url: '{URL}', replication: none}}\n").config
    assert before is not None
    assert after is not None
    [change] = changes(flat(before), flat(after))
    assert (change.dotted, change.waits) == (
        "journal.replication",
        "journal and seal are opened at a start",
    )
