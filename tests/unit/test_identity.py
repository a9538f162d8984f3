"""A request's identity: which changes make another request, and which leave it the same."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.identity import (
    FIRST_ASK,
    KEY_VERSION,
    ask_of,
    canonical_email,
    carried_digest,
    key_of,
    new_reference,
    next_wording,
    same_people,
)
from connector.lifecycle import DocumentFacts, Record, State
from connector.ports import Box
from connector.sidecar.model import Action, Level, Order, Signatory, SignatureRequest, Verb

LETTER, ANNEX, OTHER = (hashlib.sha256(name).hexdigest() for name in (b"letter", b"annex", b"other"))
MARIE, CLAIRE = "marie.dupont@cabinet.fr", "claire.bernard@cabinet.fr"
BASE: dict[str, Any] = {
    "documents": [("document", LETTER), ("annex", ANNEX)],
    "account": "lyon",
    "emails": [MARIE, CLAIRE],
    "ask": FIRST_ASK,
}
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOX = Box(signatory=1, page=4, x=100, y=600, page_width=595, page_height=842)


def key(**changes: Any) -> str:
    """The key of the basic request, with changes."""
    return key_of(**{**BASE, **changes})[0]


def action(verb: Verb, wording: str | None = None) -> Action:
    """An order as the sidecar's reader gives it."""
    return Action(verb=verb, wording=wording or verb.value)


def record(**fields: Any) -> Record:
    """A record with these facts."""
    basic: dict[str, Any] = {
        "boxes": {1: [BOX]},
        "documents": [("lettre.pdf", LETTER)],
        "subject": "Lettre",
        "message": "",
        "sender": "Cabinet Exemple",
        "contract": "c1",
    }
    return carried_digest(request, **{**basic, **changes})


def with_person(**changes: Any) -> SignatureRequest:
    """The basic request with another wording of its person."""
    return REQUEST.model_copy(update={"signatories": (PERSON.model_copy(update=changes),)})


@pytest.mark.parametrize(
    "request_",
    [
        with_person(name="Marie Durand"),
        with_person(first_name="M."),
        with_person(last_name="Durand"),
        with_person(phone="+33698765432"),
        with_person(email=CLAIRE),
        with_person(level=Level.ADVANCED),
        REQUEST.model_copy(update={"order": Order.PARALLEL}),
        REQUEST.model_copy(update={"handwritten": True}),
        REQUEST.model_copy(update={"logo": False}),
        REQUEST.model_copy(update={"confidential_to": ("chef@cabinet.fr",)}),
    ],
    ids=["name", "first name", "family name", "phone", "e-mail", "level", "order", "handwritten", "logo",
         "confidential"],
)  # fmt: skip
def test_another_person_or_option_is_carried_otherwise(request_: SignatureRequest) -> None:
    """Names, telephones, levels, order and options are in the digest."""
    assert carried(request_) != carried()


@pytest.mark.parametrize(
    "changes",
    [
        {"boxes": {}},
        {"boxes": {1: [Box(signatory=1, page=3, x=100, y=600, page_width=595, page_height=842)]}},
        {"boxes": {1: [Box(signatory=2, page=4, x=100, y=600, page_width=595, page_height=842)]}},
        {"boxes": {1: [Box(signatory=1, page=4, x=101, y=600, page_width=595, page_height=842)]}},
        {"boxes": {1: [Box(signatory=1, page=4, x=100, y=601, page_width=595, page_height=842)]}},
        {"boxes": {2: [BOX]}},
        {"boxes": {1: [replace(BOX, with_logo=False)]}},
        {"documents": [("lettre.pdf", OTHER)]},
        {"documents": [("autre.pdf", LETTER)]},
        {"documents": [("lettre.pdf", LETTER), ("annexe.pdf", ANNEX)]},
        {"subject": "Autre lettre"},
        {"message": "Bonjour"},
        {"sender": "Cabinet Autre"},
        {"contract": "c2"},
    ],
    ids=[
        "no box",
        "page",
        "whose",
        "x",
        "y",
        "on another document",
        "logo",
        "bytes",
        "file name",
        "annex",
        "subject",
        "message",
        "sender",
        "contract",
    ],
)
def test_another_place_text_or_contract_is_carried_otherwise(changes: dict[str, Any]) -> None:
    """Places, the files that travel, texts and the contract in force are in the digest."""
    assert carried(**changes) != carried()


def test_what_is_not_carried_changes_nothing() -> None:
    """The author's notes, line numbers, orders and the wording of a number are theirs alone."""
    quiet = REQUEST.model_copy(
        update={
            "note": "à rappeler",
            "lines": {"note": 2},
            "action": action(Verb.SEND),
            "requester": "x@y.fr",
        }
    )
    assert carried(quiet) == carried()
    assert carried(with_person(line=9, phone_written="06 12 34 56 78")) == carried()


# --------------------------------------------------------------------------------------------------
# References


def test_references_are_six_characters_that_cannot_be_misheard() -> None:
    """No I, L, O, U, 0 or 1, always six, and not the same one again and again."""
    drawn = {new_reference() for _ in range(500)}
    assert len(drawn) > 490
    assert all(len(ref) == 6 and not set(ref) & set("ILOU01") and ref == ref.upper() for ref in drawn)
