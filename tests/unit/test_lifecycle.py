"""The table of states and events: whole, closed, and the only way anything moves."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import LifecycleError
from connector.lifecycle import JUDGED, TRANSITIONS, Event, State, after

BORN = {State.WAITING_PDF, State.REJECTED, State.UNCONFIRMED, State.PREVIEWED, State.WAITING, State.HELD}
"""States that a record of a file seen for the first time may begin in."""
ENDS = {
    State.DELIVERED,
    State.DELIVERED_BESIDE,
    State.REFUSED,
    State.EXPIRED,
    State.CANCELLED,
    State.LOST,
    State.WITHDRAWN,
}
"""Ends as the protocol lists them (what is not asked again), and what its author took away in time."""
FORBIDDEN = [(state, event) for state, event in product(State, Event) if event not in TRANSITIONS[state]]


def reached(start: set[State], events: set[Event]) -> set[State]:
    """Every state that these events alone lead to."""
    found, front = set(start), set(start)
    while front:
        front = {to for state in front for event, to in TRANSITIONS[state].items() if event in events} - found
        found |= front
    return found


def test_every_state_has_its_row() -> None:
    """The table names every state, and nothing but states and events."""
    assert set(TRANSITIONS) == set(State)
    assert all(isinstance(event, Event) and isinstance(to, State) for row in TRANSITIONS.values()
               for event, to in row.items())  # fmt: skip


def test_every_state_can_be_reached() -> None:
    """From what a new file may be, every state is reached by some events."""
    assert reached(BORN, set(Event)) == set(State)


def test_every_event_can_happen() -> None:
    """No event stands in the list without a state in which it may happen."""
    assert {event for row in TRANSITIONS.values() for event in row} == set(Event)


def test_the_ends_are_those_of_the_protocol() -> None:
    """Exactly the states that the protocol asks about no more have no way out."""
    assert {state for state in State if state.ended} == ENDS


def test_every_state_that_is_no_end_leads_to_one() -> None:
    """Nothing can go round for ever without a way to an end."""
    for state in State:
        assert reached({state}, set(Event)) & ENDS, state


def test_each_state_is_in_exactly_one_part_of_the_life() -> None:
    """Judged again on every edit, living on whatever happens to its files, held, or ended: one of these each."""
    for state in State:
        parts = [state.before_mark, state.open, state.ended, state is State.HELD]
        assert parts.count(True) == 1, state


def test_the_parts_are_those_of_the_design() -> None:
    """Before the marker, open, and ended hold the states that the design puts there."""
    assert {state for state in State if state.before_mark} == set(JUDGED)
    assert {state for state in State if state.open} == {
        State.MARKED,
        State.DRAFT,
        State.IN_PROGRESS,
        State.SEALING,
        State.DELIVERING,
        State.IN_DOUBT,
        State.QUARANTINED,
    }


def test_only_a_marked_request_can_be_sent_or_handed_over() -> None:
    """``sent`` follows the marker and nothing else; a doubt may turn out to be a draft, never to be ours to send."""
    may_send = {state for state in State if Event.SENT in TRANSITIONS[state]}
    may_draft = {state for state in State if Event.DRAFTED in TRANSITIONS[state]}
    assert may_send == {State.MARKED}
    assert may_draft == {State.MARKED, State.IN_DOUBT}
    assert {state for state in State if Event.MARKED in TRANSITIONS[state]} == {State.PREPARED}


def test_what_was_perhaps_sent_never_comes_back_to_be_sent() -> None:
    """From a doubt, a draft or a running request no chain of events leads to the marker's state again."""
    for state in (State.IN_DOUBT, State.DRAFT, State.IN_PROGRESS, State.SEALING, State.DELIVERING):
        assert not reached({state}, set(Event)) & {*JUDGED, State.MARKED}, state


@pytest.mark.parametrize(("state", "event"), FORBIDDEN, ids=lambda value: value.value)
def test_an_event_outside_the_table_is_refused(state: State, event: Event) -> None:
    """Every event that the table does not name raises, says both names, and leaves the table as it was."""
    row = dict(TRANSITIONS[state])
    with pytest.raises(LifecycleError, match=rf"{event.value!r} cannot happen in state {state.value!r}"):
        after(state, event)
    assert TRANSITIONS[state] == row


@settings(deadline=None)
@given(st.sampled_from(sorted(BORN)), st.lists(st.sampled_from(list(Event)), max_size=60))
def test_no_sequence_of_events_leaves_the_table(state: State, events: list[Event]) -> None:
    """Whatever happens in whatever order: each step is one of the table or refused, and an end stays the end."""
    for event in events:
        before = state
        try:
            state = after(state, event)
        except LifecycleError:
            assert event not in TRANSITIONS[before]
            continue
        assert TRANSITIONS[before][event] is state
        assert before not in ENDS
