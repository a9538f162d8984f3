"""Holds and last events of a shared journal are asked for once in a row of looks, and never longer than that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from connector.journal import Journal

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FOLDERS = ("a", "b", "c")
WANTED = [(f"folder:{name}", "notice") for name in FOLDERS]


@pytest.fixture
def both(postgres_url: str) -> Iterator[tuple[Journal, Journal]]:
    with (
        closing(Journal(postgres_url, now=lambda: NOW)) as one,
        closing(Journal(postgres_url, now=lambda: NOW)) as other,
    ):
        yield one, other


@pytest.fixture
def asked(both: tuple[Journal, Journal]) -> list[str]:
    """Everything that the first is asked."""
    found: list[str] = []

    def run(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    sa.event.listen(both[0].engine, "before_cursor_execute", run)
    return found


def told(journal: Journal) -> list[dict[str, Any] | None]:
    return [journal.last_account_event(account, name) for account, name in WANTED]


def test_each_kind_is_asked_once(both: tuple[Journal, Journal], asked: list[str]) -> None:
    """What others write meanwhile is seen in the next moment; what is not among the wanted is asked as ever."""
    one, other = both
    other.hold("lyon", "tokens", probe_at=NOW)
    other.mark_account("folder:b", "notice", {"digest": "1"})
    other.mark_account("folder:b", "notice", {"digest": "2"})
    other.mark_account("folder:b", "another", {"digest": "3"})
    with one.at_once(WANTED):
        assert told(one) == told(one) == [None, {"digest": "2"}, None]
        assert [one.held(name) is not None for name in ("lyon", "nantes")] == [True, False]
        assert one.held_accounts() == {"lyon"}
        assert len(asked) == 2
        other.release("lyon")
        other.mark_account("folder:a", "notice", {"digest": "4"})
        assert one.held("lyon") is not None
        assert told(one)[0] is None
        assert one.last_account_event("folder:b", "another") == {"digest": "3"}
        assert len(asked) == 3
    assert one.held("lyon") is None
    assert told(one)[0] == {"digest": "4"}


def test_what_is_written_here_is_seen_at_once(both: tuple[Journal, Journal]) -> None:
    one, _ = both
    with one.at_once(WANTED):
        assert told(one) == [None, None, None]
        assert one.held("lyon") is None
        one.mark_account("folder:a", "notice", {"digest": "1"})
        held = one.hold("lyon", "tokens", probe_at=NOW)
        assert told(one)[0] == {"digest": "1"}
        assert one.held("lyon") == held
        assert one.within(None).held("lyon") == held
        assert one.release("lyon")
        assert one.held("lyon") is None


def test_what_is_written_in_a_moment_within_another_is_seen_in_both(both: tuple[Journal, Journal]) -> None:
    one, _ = both
    with one.at_once(WANTED):
        assert told(one)[0] is None
        assert one.held("lyon") is None
        with one.at_once(WANTED[:1]):
            held = one.hold("lyon", "tokens", probe_at=NOW)
            one.mark_account("folder:a", "notice", {"digest": "1"})
        assert one.held("lyon") == held
        assert told(one)[0] == {"digest": "1"}


def test_another_thread_is_in_no_moment(both: tuple[Journal, Journal]) -> None:
    """What decides whether something leaves is asked right before it leaves."""
    one, other = both
    found: list[object] = []
    with one.at_once():
        assert one.held("lyon") is None
        other.hold("lyon", "manual", probe_at=NOW)
        thread = threading.Thread(target=lambda: found.append(one.held("lyon")))
        thread.start()
        thread.join()
        assert one.held("lyon") is None
        assert other.held("lyon") is not None
    assert found == [other.held("lyon")]
