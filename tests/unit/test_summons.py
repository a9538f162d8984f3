"""What another process writes into the journal is noticed once, within a second, and asked about cheaply."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Record, State
from connector.summons import EVERY_S, Summons


class Clock:
    """A steady clock that a test moves."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journals(database_url: str) -> Iterator[tuple[Journal, Journal]]:
    """The service's, and the one of a verb in another process."""
    with (
        closing(Journal(database_url, now=lambda: datetime.now(UTC))) as ours,
        closing(Journal(database_url, now=lambda: datetime.now(UTC))) as another,
    ):
        yield ours, another


def add(journal: Journal, name: str, server: str = "dms", account: str = "lyon") -> Record:
    return journal.add(
        folder="letters", server=server, account=account, state=State.IN_PROGRESS, place=f"/{name}.sign.yaml",
        document=DocumentFacts(href=f"/{name}.pdf"),
    )  # fmt: skip


def test_orders_and_ended_pauses_wake_whom_they_are_for(journals: tuple[Journal, Journal]) -> None:
    """Each once; what stands at the start as well; what is answered meanwhile is forgotten."""
    ours, another = journals
    one, other = add(another, "one"), add(another, "other", "nas", "annecy")
    another.order(one, "cancel")
    woken: list[tuple[str, str]] = []
    clock = Clock()
    summons = Summons(ours, lambda server, account: woken.append((server, account)), clock=clock)
    summons.look()
    assert woken == [("dms", "lyon")], "given before this process began"
    another.order(other, "remind")
    summons.look()
    assert woken == [("dms", "lyon")], "not looked at before its time"
    clock.at += EVERY_S
    summons.look()
    assert woken == [("dms", "lyon"), ("nas", "annecy")]
    another.hold("lyon", "manual", probe_at=datetime.now(UTC) + timedelta(days=1))
    for _ in range(3):
        clock.at += EVERY_S
        summons.look()
    assert len(woken) == 2, "nothing is told twice, nor a pause that begins"
    another.release("lyon")
    # Answered, and ordered again before anybody looked: it is another order.
    (standing,) = ours.orders(one)
    now = ours.note(ours.get(one.id), "order_over", done=(standing.step,), obeyed=(standing.wording,))
    again = another.order(now, "cancel")
    assert again.wording == "administrator cancel 2"
    clock.at += EVERY_S
    summons.look()
    assert sorted(woken[2:]) == [("", "lyon"), ("dms", "lyon")]


@pytest.mark.usefixtures("path")
def test_looking_reads_nothing_while_nothing_is_written(journals: tuple[Journal, Journal]) -> None:
    """A service that rests for a night asks SQLite whether anything changed, and no more."""
    ours, another = journals
    add(another, "one")
    clock, statements = Clock(), []
    summons = Summons(ours, lambda _server, _account: None, clock=clock)
    summons.look()
    reading, asking = ours._reading, ours._recent._asked

    def counted() -> object:
        statements.append(1)
        return reading()

    def counted_too(*given: Any) -> Any:
        statements.append(1)
        return asking(*given)

    ours._reading = counted  # type: ignore[method-assign, assignment]
    ours._recent._asked = counted_too  # type: ignore[method-assign]
    for _ in range(100):
        clock.at += EVERY_S
        summons.look()
    assert statements == []
    add(another, "other")
    clock.at += EVERY_S
    summons.look()
    assert len(statements) == 2
