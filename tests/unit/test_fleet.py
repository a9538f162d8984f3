"""Several processes on one journal: who works where, and that each letter is sent once whatever becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import postgres
from tests.firms import Firms


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[Firms]:
    with postgres.journal_url() as url, Firms(tmp_path, url) as stage:
        yield stage


def test_two_processes_share_two_firms_and_take_over_from_each_other(firms: Firms) -> None:
    """One takes all; a second one its half; the first dies while letters are out, and the second goes on with them."""
    one = firms.join("one")
    one.turn()
    assert one.folders == {"annecy", "brest"}
    firms.settle(2)
    two = firms.join("two")
    firms.settle(3)
    assert sorted(firms.holders().values()) == ["one", "two"]
    assert one.folders | two.folders == {"annecy", "brest"}
    assert not one.folders & two.folders
    firms.drop("lettre-a", folder="Annecy")
    firms.drop("lettre-b", folder="Brest")
    firms.settle(4)
    assert firms.spent() == {"Annecy": 1, "Brest": 1}
    one.kill()
    two.turn()
    assert len(two.folders) == 1, "its lease is not over"
    firms.forget(one)
    firms.sign()
    firms.settle(6)
    assert two.folders == {"annecy", "brest"}
    assert {record.state for record in firms.records()} == {State.DELIVERED}
    assert firms.spent() == {"Annecy": 1, "Brest": 1}
    assert firms.first_line("lettre-a", folder="Annecy").startswith("SIGNÉ")
