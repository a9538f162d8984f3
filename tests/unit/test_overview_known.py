"""What is known of a folder's requests from one pass to the next, and in which order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from connector.lifecycle import State
from connector.overview import known


def test_one_that_is_renamed_or_relieved_stands_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as before, and not the same: their order is made anew."""
    monkeypatch.setattr(
        known, "_known", lambda _parts, record: SimpleNamespace(record=None, sorted_by=record.name)
    )
    told: list[tuple[int, int, Any]] = []
    parts: Any = SimpleNamespace(journal=SimpleNamespace(places_unlike=lambda *_asked: iter(told)))
    memory = known.RequestMemory()

    def names(*listed: tuple[int, int, str | None]) -> list[Any]:
        told[:] = [
            (ident, print_, name and SimpleNamespace(name=name, state=State.WAITING))
            for ident, print_, name in listed
        ]
        return [one.sorted_by for one in known.requests_of(parts, "dms", "lettres", memory)]

    assert names((1, 10, "a"), (2, 20, "b")) == ["a", "b"]
    assert names((1, 11, "c"), (2, 20, None)) == ["b", "c"]
    assert names((2, 20, None), (3, 30, "a")) == ["a", "b"]
