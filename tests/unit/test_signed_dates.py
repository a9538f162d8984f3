"""When each person signed: the document's word before the platform's, and nobody's signature guessed (scenario E5)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.lifecycle import Record, SignatoryFacts, State
from connector.pdf.model import Signature
from connector.ports import SignatoryProgress, SignatoryStatus
from connector.sidecar.model import Order
from connector.steps import follow
from connector.steps.dates import dated, whose
from tests.unit.report_example import CLAIRE, MARIE, PARIS, SENT, at, record

MARIE_AT, CLAIRE_AT = at(25, hour=18, minute=20), at(1, 12, 16, 5)
NOW = at(1, 12, 17)
PAUL = SignatoryFacts(order=3, email="paul.martin@example.fr", name="Paul Martin")


def signature(
    name: str = "", when: datetime | None = MARIE_AT, email: str | None = None, **fields: Any
) -> Signature:
    digest = f"{name}{when}{email}".encode().hex()[:64].ljust(64, "0")
    base: dict[str, Any] = {
        "field": "s",
        "certificate_sha256": digest,
        "contents_sha256": digest,
        "intact": True,
    }
    return Signature(name=name, email=email, signed_at=when, **base, **fields)


def asked(*people: SignatoryFacts, order: Order = Order.SEQUENTIAL, **fields: Any) -> Record:
    one = record(State.SEALING, *(people or (MARIE, CLAIRE)), **({"sent_at": SENT} | fields))
    assert one.request is not None
    return one.model_copy(update={"request": one.request.model_copy(update={"order": order})})


def told(one: Record, *signatures: Signature, now: datetime = NOW) -> list[tuple[datetime | None, str]]:
    """Date and witness of each signatory."""
    found = dated(one, signatures, now)
    assert all(each.progress == "signed" for each in found)
    return [(each.signed_at, each.signed_from) for each in found]


def test_the_certificates_name_tells_whose_it_is() -> None:
    """Without case, accents or an order of words; whoever signed first."""
    signatures = [signature("BERNARD Claire", CLAIRE_AT), signature("marie dupont", MARIE_AT)]
    assert told(asked(), *signatures) == [(MARIE_AT, "signature"), (CLAIRE_AT, "signature")]


def test_the_address_tells_two_people_of_one_name_apart() -> None:
    """Father and son are both Paul Martin; their addresses are not."""
    son = PAUL.model_copy(update={"order": 2, "email": "paul.junior@example.fr"})
    father = PAUL.model_copy(update={"order": 1})
    signatures = [
        signature("Paul Martin", CLAIRE_AT, "Paul.Junior@example.fr"),
        signature("Paul Martin", MARIE_AT, father.email),
    ]
    parallel = asked(father, son, order=Order.PARALLEL)
    assert told(parallel, *signatures) == [(MARIE_AT, "signature"), (CLAIRE_AT, "signature")]
    nameless = [signature("Paul Martin", MARIE_AT), signature("Paul Martin", CLAIRE_AT)]
    assert told(parallel, *nameless) == [(None, ""), (None, "")]
    in_turn = asked(father, son)
    assert told(in_turn, *nameless) == [(MARIE_AT, "signature"), (CLAIRE_AT, "signature")]


def test_a_name_against_an_address_is_nobodys() -> None:
    """Claire's name with Marie's address: a dispute that is not ours to settle."""
    disputed = signature("Claire Bernard", MARIE_AT, MARIE.email)
    assert whose(asked(order=Order.PARALLEL), [disputed, signature("x"), signature("y")]) == []


def test_one_signature_each_is_told_by_the_order_of_signing() -> None:
    """Certificates of a service bear no person's name: one after the other, the first is the first person's."""
    service = [signature("Universign", MARIE_AT), signature("Universign", CLAIRE_AT)]
    assert told(asked(), *service) == [(MARIE_AT, "signature"), (CLAIRE_AT, "signature")]
    assert told(asked(order=Order.PARALLEL), *service) == [(None, ""), (None, "")]


def test_one_seal_for_two_people_dates_nobody() -> None:
    """Fewer or more signatures than people: which is whose is not known, so the platform's dates stay."""
    signed = asked(
        MARIE.model_copy(update={"signed_at": MARIE_AT, "signed_from": "platform"}),
        CLAIRE.model_copy(update={"signed_at": CLAIRE_AT, "signed_from": "platform"}),
    )
    seal = signature("Jesignexpert", CLAIRE_AT + timedelta(hours=2))
    for signatures in ([seal], [seal, seal, seal], []):
        assert told(signed, *signatures) == [(MARIE_AT, "platform"), (CLAIRE_AT, "platform")]


def test_a_seal_beside_named_signatures_is_nobodys() -> None:
    """The platform's own seal does not keep the people's names from being read."""
    signatures = [
        signature("Marie Dupont", MARIE_AT),
        signature("Claire Bernard", CLAIRE_AT),
        signature("Sceau", NOW),
    ]
    assert told(asked(), *signatures) == [(MARIE_AT, "signature"), (CLAIRE_AT, "signature")]


def test_who_is_left_is_told_by_the_others() -> None:
    """One certificate without a known name among as many signatures as people: it is the remaining person's."""
    signatures = [signature("Claire Bernard", CLAIRE_AT), signature("Marie Durand ép. Dupont", MARIE_AT)]
    for order in Order:
        assert told(asked(order=order), *signatures) == [(MARIE_AT, "signature"), (CLAIRE_AT, "signature")]


def test_order_is_not_followed_against_a_name() -> None:
    """Three people, and a name at another place than its turn: the two others are not guessed."""
    signatures = [signature("Paul Martin", MARIE_AT), signature("x", MARIE_AT), signature("y", CLAIRE_AT)]
    assert told(asked(MARIE, CLAIRE, PAUL), *signatures) == [(None, ""), (None, ""), (MARIE_AT, "signature")]


def test_the_document_is_believed_against_the_platform(caplog: pytest.LogCaptureFixture) -> None:
    """Its time is under the signature; the log keeps both, without a name."""
    platform = MARIE_AT + timedelta(hours=3)
    signed = asked(MARIE.model_copy(update={"signed_at": platform, "signed_from": "platform"}), CLAIRE)
    with caplog.at_level(logging.WARNING):
        assert told(signed, signature("Marie Dupont"))[0] == (MARIE_AT, "signature")
    assert "7F3K2Q: signatory 1 signed at" in caplog.text
    assert "Marie" not in caplog.text
    assert "@" not in caplog.text


def test_clocks_that_agree_change_no_words() -> None:
    """A minute between two clocks would rewrite « 18 h 20 » for nothing."""
    platform = MARIE_AT + timedelta(seconds=75)
    signed = asked(MARIE.model_copy(update={"signed_at": platform, "signed_from": "platform"}), CLAIRE)
    assert told(signed, signature("Marie Dupont"))[0] == (platform, "signature")


def test_what_was_only_noticed_gives_way_to_the_document() -> None:
    """However near: when we looked is no witness."""
    noticed = MARIE_AT + timedelta(seconds=75)
    signed = asked(MARIE.model_copy(update={"signed_at": noticed, "signed_from": "noticed"}), CLAIRE)
    assert told(signed, signature("Marie Dupont", stamped=True))[0] == (MARIE_AT, "timestamp")


@pytest.mark.parametrize(
    "when", [at(1, 1, year=1970), SENT - timedelta(days=1), NOW + timedelta(hours=1), None]
)
def test_a_clock_that_cannot_be_right_dates_nothing(when: datetime | None) -> None:
    """Before the sending or in the future: the platform's date stays."""
    signed = asked(MARIE.model_copy(update={"signed_at": MARIE_AT, "signed_from": "platform"}), CLAIRE)
    assert told(signed, signature("Marie Dupont", when))[0] == (MARIE_AT, "platform")


def test_of_several_documents_the_latest_signature_counts() -> None:
    """In whatever order they are fetched."""
    early, late = (
        signature("Marie Dupont", MARIE_AT),
        signature("Marie Dupont", MARIE_AT + timedelta(hours=1)),
    )
    for first, second in ((early, late), (late, early)):
        once = asked().model_copy(update={"signatories": dated(asked(), [first], NOW)})
        assert told(once, second)[0] == (late.signed_at, "signature")
    assert told(asked(), late, early)[0] == (late.signed_at, "signature")


PEOPLE = (MARIE, CLAIRE, PAUL)
NAMES = st.sampled_from(["Marie Dupont", "Claire Bernard", "PAUL MARTIN", "Universign", ""])


@given(
    st.lists(NAMES, max_size=5),
    st.sampled_from(Order),
    st.lists(st.integers(0, 8000), min_size=5, max_size=5),
)
def test_nobody_gets_a_signature_that_names_another(
    names: Sequence[str], order: Order, minutes: Sequence[int]
) -> None:
    """Whatever the document bears: no signature is two people's, and a name is never overruled."""
    signatures = [
        signature(name, SENT + timedelta(minutes=minute))
        for name, minute in zip(names, minutes, strict=False)
    ]
    found = whose(asked(*PEOPLE, order=order), signatures)
    by_name = {"marie dupont": 1, "claire bernard": 2, "paul martin": 3}
    for person, one in found:
        assert by_name.get(one.name.casefold(), person) == person
    assert len(found) <= len(signatures)
    for facts in dated(asked(*PEOPLE, order=order), signatures, NOW + timedelta(days=30)):
        mine = [one.signed_at for person, one in found if person == facts.order]
        assert facts.signed_at == max(filter(None, mine), default=None)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
        datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    ],
)
def test_special_days_are_kept_as_they_are(moment: datetime) -> None:
    """Nights of the clocks, leap days and year's end: the moment is kept, in whatever zone the signature tells it."""
    signed = asked(sent_at=moment - timedelta(days=1), created_at=moment - timedelta(days=1))
    there = signature("Marie Dupont", moment.astimezone(PARIS))
    ((kept, witness), _) = told(signed, there, now=moment + timedelta(hours=1))
    assert kept is not None
    assert (kept, kept.tzinfo, witness) == (moment, UTC, "signature")


@pytest.mark.parametrize("witness", ["signature", "timestamp"])
def test_what_the_document_dated_the_platform_dates_no_more(witness: str) -> None:
    """Asked again while another document is still on its way, the platform tells its own time once more."""
    known = MARIE.model_copy(update={"signed_at": MARIE_AT, "signed_from": witness})
    later = SignatoryStatus(
        order=1, email="", name="", progress=SignatoryProgress.SIGNED, word="signed", at=CLAIRE_AT
    )
    assert follow._signatory(known, later, NOW).signed_at == MARIE_AT
    untold = follow._signatory(MARIE, later, NOW)
    assert (untold.signed_at, untold.signed_from) == (CLAIRE_AT, "platform")
    noticed = follow._signatory(MARIE, replace(later, at=None), NOW)
    assert (noticed.signed_at, noticed.signed_from) == (NOW, "noticed")
    assert follow._signatory(noticed, replace(later, at=None), NOW + timedelta(hours=1)) == noticed
