"""The table of states and events: whole, closed, and the only way anything moves."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import LifecycleError
from connector.lifecycle import (
    JUDGED,
    TRANSITIONS,
    DocumentFacts,
    Event,
    Record,
    SignatoryFacts,
    State,
    after,
)

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

JUDGEABLE = {*JUDGED, State.HELD}
FOLLOWED = {State.MARKED, State.DRAFT, State.IN_DOUBT, State.IN_PROGRESS}
FETCHING = {State.SEALING, State.QUARANTINED}
LEADS: dict[Event, tuple[State, set[State]]] = {
    Event.PDF_MISSING: (State.WAITING_PDF, JUDGEABLE),
    Event.REJECTED: (State.REJECTED, JUDGEABLE),
    Event.COPIED: (State.UNCONFIRMED, JUDGEABLE),
    Event.HELD: (State.HELD, {*JUDGEABLE, State.MARKED}),
    Event.PREVIEWED: (State.PREVIEWED, JUDGEABLE),
    Event.ACCEPTED: (State.WAITING, JUDGEABLE),
    Event.WITHDRAWN: (State.WITHDRAWN, JUDGEABLE),
    Event.PREPARED: (State.PREPARED, {State.WAITING}),
    Event.ABANDONED: (State.WAITING, {State.PREPARED}),
    Event.MARKED: (State.MARKED, {State.PREPARED}),
    Event.ADOPTED: (State.IN_DOUBT, JUDGEABLE | FOLLOWED),
    Event.SENT: (State.IN_PROGRESS, {State.MARKED}),
    Event.DRAFTED: (State.DRAFT, {State.MARKED, State.IN_DOUBT}),
    Event.SEND_REFUSED: (State.MARKED, {State.MARKED}),
    Event.DOUBTED: (State.IN_DOUBT, {State.MARKED, State.IN_DOUBT}),
    Event.STARTED: (State.IN_PROGRESS, FOLLOWED),
    Event.PROGRESSED: (State.IN_PROGRESS, FOLLOWED),
    Event.SIGNED: (State.SEALING, FOLLOWED),
    Event.REFUSED: (State.REFUSED, FOLLOWED),
    Event.EXPIRED: (State.EXPIRED, FOLLOWED),
    Event.CANCELLED: (State.CANCELLED, FOLLOWED),
    Event.ERASED: (State.LOST, {*FOLLOWED, *FETCHING, State.DELIVERING}),
    Event.FETCHED: (State.DELIVERING, FETCHING),
    Event.QUARANTINED: (State.QUARANTINED, FETCHING),
    Event.DELIVERED: (State.DELIVERED, {*FOLLOWED, *FETCHING, State.DELIVERING}),
    Event.DELIVERED_BESIDE: (State.DELIVERED_BESIDE, {*FOLLOWED, *FETCHING, State.DELIVERING}),
}
"""The table told again the other way round: where an event leads, and from where."""


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


@pytest.mark.parametrize("event", Event)
def test_an_event_leads_to_one_state_from_those_that_know_it(event: Event) -> None:
    """Whatever it happens to, an event means one thing."""
    to, start = LEADS[event]
    assert {state: row[event] for state, row in TRANSITIONS.items() if event in row} == dict.fromkeys(
        start, to
    )


def test_states_and_events_are_kept_under_their_names() -> None:
    """Journals, backups and ends in the registry hold these words for years: a changed one could not be read there."""
    assert all(one.value == one.name.lower() for one in (*State, *Event))


# --------------------------------------------------------------------------------------------------
# What a record says of itself

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIN = DocumentFacts(href="/Lettres/2026/lettre.pdf")
PHOTO = DocumentFacts(rank=2, href="/Lettres/2026/photo.jpg", sent_sha256="p" * 64)
ANNEX = DocumentFacts(rank=3, role="annex", href="/Lettres/2026/tarifs.pdf")


def record(**more: Any) -> Record:
    """A record of which nothing is known but what must be."""
    return Record(
        id=7, ref="ABC234", folder="lettres", server="dms", account="lyon", state=State.WAITING,
        place="/Lettres/2026/lettre.sign.yaml", document=MAIN, created_at=NOW, updated_at=NOW, **more,
    )  # fmt: skip


NOTHING: dict[type, set[str]] = {
    Record: {
        "key", "sidecar_etag", "sidecar_file_id", "sidecar_sha256", "settings_digest", "request", "transaction",
        "carried", "nonce", "accepted_at", "sent_at", "expires_at", "answered_at", "signed_at", "delivered_at",
        "ended_at", "previewed_at", "reported", "reported_etag", "next_at",
    },
    DocumentFacts: {
        "file_id", "etag", "sha256", "sent_sha256", "size", "pages", "pages_digest", "signed_sha256", "signed_size",
        "signed_pages", "signatures", "delivered_href", "original_href", "version_id",
        "signed_version_id", "changed_at", "changed_same_pages", "missing_since", "renamed_to",
    },
    SignatoryFacts: {"invited_at", "signed_at", "refused_at", "reason"},
}  # fmt: skip
BEGINNINGS: dict[type, dict[str, Any]] = {
    Record: {
        "revision": 0, "current": True, "key_parts": {}, "ask": "1", "more": (), "subject": "", "signatories": (),
        "word": "", "problems": (), "reason": "", "values": {}, "obeyed": (), "adopted": False,
        "sidecar_gone": False, "edited_after_send": False, "seen_answering": False, "closed": False, "attempts": 0,
        "extra": {},
    },
    DocumentFacts: {
        "rank": 1, "role": "document", "boxes": (), "contents": (), "differences": {}, "left": (), "beside": "",
        "original_lost": False, "changed_file": False, "unsigned_back": False,
    },
    SignatoryFacts: {
        "phone": "", "progress": "waiting", "word": "", "signed_from": "", "place": "", "reminded_at": (),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [record(), MAIN, SignatoryFacts(order=1, email="a@b.fr", name="A")],
    ids=lambda facts: type(facts).__name__,
)
def test_what_an_earlier_release_did_not_keep_is_nothing_yet(facts: Any) -> None:
    """A record of before a field was: nothing is known, nothing was done, nothing was answered."""
    known = dict(facts)
    nothing, beginnings = NOTHING[type(facts)], BEGINNINGS[type(facts)]
    assert {name for name, value in known.items() if value is None} == nothing
    assert {name: known[name] for name in known.keys() - facts.model_fields_set - nothing} == beginnings


def test_the_documents_of_a_request_are_known_by_their_rank() -> None:
    """The main one first; each is changed in its own place and no other's."""
    one = record(more=(PHOTO, ANNEX))
    assert one.documents == (MAIN, PHOTO, ANNEX)
    assert [one.ranked(rank) for rank in (1, 2, 3)] == [MAIN, PHOTO, ANNEX]
    with pytest.raises(KeyError, match="4"):
        one.ranked(4)
    signed = MAIN.model_copy(update={"signatures": 1})
    beside = PHOTO.model_copy(update={"beside": "to_check"})
    assert one.with_document(signed) == {"document": signed}
    assert one.with_document(beside) == {"more": (beside, ANNEX)}


def test_only_a_document_as_it_was_found_takes_its_own_place() -> None:
    """An annex comes beside, and so does the PDF that was made of an image."""
    assert [one.in_place for one in (MAIN, PHOTO, ANNEX)] == [True, False, False]
    assert [one.converted for one in (MAIN, PHOTO, ANNEX)] == [False, True, False]
    assert [one.name for one in (MAIN, PHOTO, ANNEX)] == ["lettre.pdf", "photo.jpg", "tarifs.pdf"]
