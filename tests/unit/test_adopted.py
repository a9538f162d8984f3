"""Of several requests that a lost or restored journal finds at one place one stands there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.lifecycle import Record, State
from connector.steps.adopted import outlived
from tests.unit.report_example import SENT, record

Made = tuple[State, int]
"""A request by its state, and the minute at which it was sent, or made where it never left."""


def at_one_place(*made: Made) -> list[Record]:
    requests = []
    for ident, (state, minute) in enumerate(made, start=1):
        at = SENT + timedelta(minutes=minute)
        left = state.open or (state.ended and state is not State.WITHDRAWN)
        requests.append(record(state, id=ident, created_at=at, sent_at=at if left else None))
    return requests


@pytest.mark.parametrize(
    ("made", "gone"),
    [
        ([(State.REFUSED, 1), (State.IN_PROGRESS, 2)], {1}),
        ([(State.IN_PROGRESS, 2), (State.REFUSED, 1)], {2}),
        ([(State.REFUSED, 1), (State.DELIVERED, 2)], {1}),
        ([(State.REFUSED, 1), (State.EXPIRED, 2), (State.IN_DOUBT, 3)], {1, 2}),
        ([(State.IN_PROGRESS, 1), (State.IN_PROGRESS, 2)], set()),
        ([(State.IN_PROGRESS, 1), (State.DELIVERED, 2)], set()),
        ([(State.WAITING, 1), (State.IN_PROGRESS, 2)], {1}),
        ([(State.HELD, 1), (State.IN_PROGRESS, 2)], {1}),
        ([(State.HELD, 1), (State.DELIVERED, 2)], {1}),
        # Out before it was thought to be new: its marker was found late.
        ([(State.HELD, 2), (State.IN_PROGRESS, 1)], {1}),
        ([(State.PREVIEWED, 2), (State.IN_DOUBT, 1)], {1}),
        # Asked anew, and not sent yet.
        ([(State.REFUSED, 1), (State.WAITING, 2)], {1}),
        ([(State.CANCELLED, 1), (State.HELD, 2)], {1}),
        ([(State.WAITING, 1), (State.UNCONFIRMED, 2)], set()),
        # What was taken away shows nothing.
        ([(State.REFUSED, 1), (State.WITHDRAWN, 2)], set()),
        ([(State.WAITING, 1)], set()),
    ],
)
def test_who_gives_way(made: list[Made], gone: set[int]) -> None:
    """What is over to any later one; what never left to what has left since, or is out; what is out to none."""
    assert {one.id for one in outlived(at_one_place(*made))} == gone


def test_elsewhere_nobody_gives_way() -> None:
    """Not at another place, on another server, or where it is not shown any more; one listed twice is one."""
    first, last = at_one_place((State.REFUSED, 1), (State.IN_PROGRESS, 2))
    for change in {"place": "/b.sign.yaml"}, {"server": "annecy"}, {"current": False}, {"place": ""}:
        assert list(outlived([first.model_copy(update=change), last])) == []
    assert list(outlived([first, last, first, last])) == [first]
