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
    administrators_wording,
    ask_of,
    by_administrator,
    canonical_email,
    carried_digest,
    digest_of,
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
    basic = {
        "id": 1, "ref": "ABC234", "folder": "lettres", "server": "dms", "account": "lyon",
        "state": State.DELIVERED, "place": "/Lettres/lettre.sign.yaml",
        "document": DocumentFacts(href="/Lettres/lettre.pdf"), "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return Record(**{**basic, **fields})


# --------------------------------------------------------------------------------------------------
# The key


@pytest.mark.parametrize(
    "changes",
    [
        {"documents": [("document", OTHER), ("annex", ANNEX)]},
        {"documents": [("document", LETTER), ("annex", OTHER)]},
        {"documents": [("document", LETTER), ("document", ANNEX)]},
        {"documents": [("document", LETTER)]},
        {"documents": [("document", ANNEX), ("annex", LETTER)]},
        {"documents": [("annex", ANNEX), ("document", LETTER)]},
        {"account": "lyon-social"},
        {"emails": [MARIE, "claire.martin@cabinet.fr"]},
        {"emails": [MARIE]},
        {"emails": [CLAIRE, MARIE]},
        {"ask": "restart"},
        {"ask": "restart 2"},
    ],
    ids=["bytes", "annex's bytes", "role", "one less", "swapped bytes", "order of documents", "account",
         "e-mail", "a person less", "signing order", "ask", "second ask"],
)  # fmt: skip
def test_another_part_is_another_request(changes: dict[str, Any]) -> None:
    """Each part that R1 names makes another key when it changes."""
    assert key(**changes) != key()


def test_each_part_alone_gives_a_key_of_its_own() -> None:
    """No two of the changed requests fall together either."""
    changed = [
        key(account="a", ask="b"),
        key(account="b", ask="a"),
        key(emails=[MARIE, CLAIRE]),
        key(emails=[CLAIRE, MARIE]),
        key(emails=[f"{MARIE}{CLAIRE}"]),
    ]
    assert len(set(changed)) == len(changed)


def test_the_same_parts_are_the_same_key() -> None:
    """The key depends on its parts alone: the same in every process, whatever sequence type brings them."""
    assert key() == key(documents=tuple(BASE["documents"]), emails=tuple(BASE["emails"]))


def test_the_key_is_what_the_protocol_says_in_bytes() -> None:
    """SHA-256 of the canonical JSON of the parts, told again here: a changed form would orphan every marker."""
    parts = {
        "account": "lyon",
        "ask": "1",
        "documents": [["document", LETTER], ["annex", ANNEX]],
        "emails": [MARIE, CLAIRE],
        "version": 1,
    }
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert KEY_VERSION == 1
    assert key_of(**BASE) == (hashlib.sha256(text).hexdigest(), parts)


def test_letters_beyond_ascii_stand_in_the_key_as_they_are() -> None:
    """In UTF-8, not escaped; and bytes that are no UTF-8 have a digest too."""
    of_helene = (
        f'{{"account":"lyon","ask":"1","documents":[["document","{LETTER}"]],'
        '"emails":["hélène@cabinet.fr"],"version":1}'
    )
    given = {**BASE, "documents": [("document", LETTER)], "emails": ["Hélène@cabinet.fr"]}
    assert key_of(**given)[0] == hashlib.sha256(of_helene.encode()).hexdigest()
    assert digest_of("a\udcff") == hashlib.sha256(b'"a\xff"').hexdigest()


def test_wording_phones_placement_and_path_are_no_part_of_it() -> None:
    """The key's function cannot even be given what must not change it; its parts name five things."""
    assert set(key_of(**BASE)[1]) == {"version", "documents", "account", "emails", "ask"}


# --------------------------------------------------------------------------------------------------
# Addresses


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("Marie.Dupont@Cabinet.FR", MARIE),
        (f"  {MARIE} ", MARIE),
        ("hélène@cabinet.fr", unicodedata.normalize("NFD", "hélène@cabinet.fr")),
        ("HÉLÈNE@cabinet.fr", "hélène@cabinet.fr"),
        ("marie@société.fr", "marie@xn--socit-esab.fr"),
        ("marie@SOCIÉTÉ.fr", "marie@XN--SOCIT-ESAB.FR"),
        ("marie@" + unicodedata.normalize("NFD", "société.fr"), "marie@société.fr"),
    ],
    ids=["case", "blanks", "decomposed", "capital accents", "A-label", "A-label case", "decomposed domain"],
)
def test_two_spellings_of_one_address_are_one_address(written: str, other: str) -> None:
    """NFC, lower case, domain as A-label: such spellings give the same address and the same key."""
    assert canonical_email(written) == canonical_email(other)
    assert key(emails=[written]) == key(emails=[other])


@pytest.mark.parametrize(
    ("one", "another"),
    [("marie@cabinet.fr", "maríe@cabinet.fr"), ("marie.dupont@a.fr", "mariedupont@a.fr"),
     ("marie+sign@a.fr", "marie@a.fr"), ("marie@a.fr", "marie@a.com")],
)  # fmt: skip
def test_different_addresses_stay_different(one: str, another: str) -> None:
    """Nothing but case, normal form and the domain's alphabet is folded."""
    assert canonical_email(one) != canonical_email(another)


def test_an_impossible_domain_is_compared_as_it_stands() -> None:
    """An address that no rule accepts still has a key, and no error."""
    assert canonical_email("marie@-nul-.fr") == "marie@-nul-.fr"
    assert canonical_email("marie") == "@marie"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_has_one_canonical_form(text: str) -> None:
    """Canonical is canonical: a second time changes nothing, whatever the text."""
    once = canonical_email(text)
    assert canonical_email(once) == once


def test_same_people_in_whatever_order() -> None:
    """Who is asked is a set of addresses; one more or one less is another."""
    parts = key_of(**BASE)[1]
    assert same_people(parts, [CLAIRE.upper(), MARIE])
    assert not same_people(parts, [MARIE])
    assert not same_people(parts, [MARIE, CLAIRE, "jean@cabinet.fr"])
    assert not same_people({}, [MARIE])


# --------------------------------------------------------------------------------------------------
# The ask


def test_a_first_request_asks_for_the_first_time() -> None:
    """Without a record and without an order the ask is the first."""
    assert ask_of(None, record=None) == FIRST_ASK


@pytest.mark.parametrize("verb", [Verb.RESTART, Verb.NOT_SENT])
def test_asking_anew_is_a_new_ask(verb: Verb) -> None:
    """``recommencer`` and ``pas partie`` ask anew, with or without a record."""
    order = action(verb, f"{verb.value} 2")
    assert ask_of(order, record=None) == f"{verb.value} 2"
    assert ask_of(order, record=record(ask="1")) == f"{verb.value} 2"


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in {Verb.RESTART, Verb.NOT_SENT}])
def test_other_orders_ask_for_nothing_anew(verb: Verb) -> None:
    """No other order makes another request of it."""
    assert ask_of(action(verb), record=None) == FIRST_ASK
    assert ask_of(action(verb), record=record(ask="restart 3")) == "restart 3"


def test_an_obeyed_order_is_no_new_ask() -> None:
    """A wording counts once: what the record obeyed keeps the record's ask, whatever that is by now."""
    known = record(ask="restart 2", obeyed=("restart", "restart 2"))
    assert ask_of(action(Verb.RESTART, "restart"), record=known) == "restart 2"
    assert ask_of(action(Verb.RESTART, "restart 2"), record=known) == "restart 2"
    assert ask_of(action(Verb.RESTART, "restart 3"), record=known) == "restart 3"


def test_removing_the_line_keeps_the_ask() -> None:
    """Cleaning up the sidecar after a restart does not bring the first request back."""
    assert ask_of(None, record=record(ask="restart", obeyed=("restart",))) == "restart"


def test_the_next_wording_is_the_first_free_one() -> None:
    """``recommencer``, then ``recommencer 2``, with gaps filled; verbs do not take each other's numbers."""
    assert next_wording("recommencer", []) == "recommencer"
    assert next_wording("recommencer", ["recommencer"]) == "recommencer 2"
    assert next_wording("recommencer", ["recommencer", "recommencer 2"]) == "recommencer 3"
    assert next_wording("recommencer", ["recommencer 2"]) == "recommencer"
    assert next_wording("recommencer", ["recommencer", "recommencer 3"]) == "recommencer 2"
    assert next_wording("relancer", ["recommencer", "recommencer 2"]) == "relancer"


def test_an_administrators_order_has_a_wording_of_its_own() -> None:
    """It is kept among what a record has obeyed, for years: how it begins stays, and no line of a request reads so."""
    assert administrators_wording("cancel", []) == "administrator cancel"
    assert administrators_wording("cancel", ["administrator cancel", "cancel"]) == "administrator cancel 2"
    assert by_administrator("administrator cancel 2")
    assert not by_administrator("recommencer")
    assert not by_administrator("administrator")


# --------------------------------------------------------------------------------------------------
# What a transaction carries


PERSON = Signatory(
    email=MARIE, first_name="Marie", last_name="Dupont", name="Marie Dupont", phone="+33612345678", line=3
)
REQUEST = SignatureRequest(signatories=(PERSON,))


def carried(request: SignatureRequest = REQUEST, **changes: Any) -> str:
    """The digest of the basic request, with changes."""
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


def test_what_is_carried_is_told_in_bytes() -> None:
    """Told again here: a changed form would make a stranger of every request that is marked and not sent yet (R2)."""
    told = {
        "boxes": [[1, 1, 4, 100.12, 600.57, True], [2, 1, 4, 100, 600, True]],
        "contract": "c1",
        "documents": [["lettre.pdf", LETTER]],
        "options": [False, True, []],
        "order": "sequential",
        "signatories": [[MARIE, "Marie Dupont", "Marie", "Dupont", "+33612345678", "simple"]],
        "texts": ["Lettre", "", "Cabinet Exemple"],
    }
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    boxes = {2: [BOX], 1: [replace(BOX, x=100.1234, y=600.5678)]}
    assert carried(boxes=boxes) == hashlib.sha256(text).hexdigest()


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
