"""Who may ask what in a folder: the administrator's limits are the outer ones."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.policy import account_of, may_go, owner_problems, problems_of
from connector.sidecar.model import Action, Signatory, SignatureRequest, Verb, Wish

MARIE = Signatory(email="marie@cabinet.fr", name="Marie Dupont", phone="+33612345678", line=2)
CLAIRE = Signatory(email="claire@cabinet.fr", name="Claire Bernard", phone="+33698765432", line=3)


def request(*signatories: Signatory, **fields: Any) -> SignatureRequest:
    return SignatureRequest(signatories=signatories or (MARIE,), **fields)


def person(signatory: Signatory, **changes: Any) -> Signatory:
    return signatory.model_copy(update=changes)


def problems(
    request_: SignatureRequest,
    *,
    refuse: tuple[str, ...] = (),
    allow: tuple[str, ...] | None = None,
    same_phone_refused: bool = True,
) -> list[Problem]:
    return problems_of(
        request_, refuse_domains=refuse, allow_domains=allow, same_phone_refused=same_phone_refused
    )


# --------------------------------------------------------------------------------------------------
# Whose the files are


def test_anybodys_files_ask_where_no_owner_is_named() -> None:
    """Where the administrator names nobody, it is not looked at, told or not."""
    assert owner_problems([("a.sign.yaml", "mallory"), ("a.pdf", None)], None) == []


def test_each_owner_who_may_not_ask_is_told_once() -> None:
    """With the first of their files; ids are compared as written; nobody at all may ask where both lists leave none."""
    files = [
        ("a.sign.yaml", "alice"),
        ("a.pdf", "mallory"),
        ("b.pdf", "mallory"),
        ("c.pdf", None),
        ("d.pdf", ""),
    ]
    assert owner_problems(files, ("alice", "bob")) == [
        Problem(code="owner_refused", values={"written": "a.pdf", "owner": "mallory"}),
        Problem(code="owner_untold", values={"written": "c.pdf"}),
    ]
    assert [one.code for one in owner_problems([("a.sign.yaml", "Alice")], ("alice",))] == ["owner_refused"]
    assert [one.code for one in owner_problems([("a.sign.yaml", "alice")], ())] == ["owner_refused"]


# --------------------------------------------------------------------------------------------------
# The account's fence


def test_the_folders_first_account_is_the_default() -> None:
    """Where the author names no account, the first of the folder is meant."""
    assert account_of(request(), ("lyon", "social")) == ("lyon", [])


def test_any_account_of_the_folder_may_be_named() -> None:
    """An author chooses among the accounts that the administrator gave the folder."""
    assert account_of(request(account="social"), ("lyon", "social")) == ("social", [])


def test_an_account_outside_the_fence_is_a_problem() -> None:
    """Another firm's account is refused by its name and line, and never used."""
    account, found = account_of(request(account="nantes", lines={"account": 4}), ("lyon", "social"))
    assert account == "lyon"
    assert found == [Problem(code="account_fenced", line=4, values={"account": "nantes"})]


# --------------------------------------------------------------------------------------------------
# The ceiling

GOES = {
    (Ceiling.PREVIEW, None): Wish.PREVIEW,
    (Ceiling.PREVIEW, Wish.PREVIEW): Wish.PREVIEW,
    (Ceiling.PREVIEW, Wish.DRAFT): Wish.PREVIEW,
    (Ceiling.PREVIEW, Wish.SEND): Wish.PREVIEW,
    (Ceiling.DRAFT, None): Wish.DRAFT,
    (Ceiling.DRAFT, Wish.PREVIEW): Wish.PREVIEW,
    (Ceiling.DRAFT, Wish.DRAFT): Wish.DRAFT,
    (Ceiling.DRAFT, Wish.SEND): Wish.DRAFT,
    (Ceiling.LIVE, None): Wish.SEND,
    (Ceiling.LIVE, Wish.PREVIEW): Wish.PREVIEW,
    (Ceiling.LIVE, Wish.DRAFT): Wish.DRAFT,
    (Ceiling.LIVE, Wish.SEND): Wish.SEND,
}


@pytest.mark.parametrize(("case", "goes"), list(GOES.items()), ids=str)
def test_how_far_a_request_goes(case: tuple[Ceiling, Wish | None], goes: Wish) -> None:
    """As far as the ceiling allows, less where its author says so, never more."""
    ceiling, wish = case
    assert may_go(request(send=wish), ceiling) is goes


def test_every_case_is_told() -> None:
    """The table above names every ceiling with every wish."""
    assert set(GOES) == set(product(Ceiling, (None, *Wish)))


@pytest.mark.parametrize(("ceiling", "wish"), list(GOES), ids=str)
def test_the_order_to_send_goes_as_far_as_the_ceiling(ceiling: Ceiling, wish: Wish | None) -> None:
    """``action: envoyer`` lifts the author's own limit, not the administrator's."""
    order = Action(verb=Verb.SEND, wording="send")
    assert may_go(request(send=wish, action=order), ceiling) is GOES[ceiling, None]


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.SEND])
def test_no_other_order_lifts_the_authors_limit(verb: Verb) -> None:
    """Reminding, cancelling or restarting does not launch what was to be previewed."""
    order = Action(verb=verb, wording=verb.value)
    assert may_go(request(send=Wish.PREVIEW, action=order), Ceiling.LIVE) is Wish.PREVIEW


# --------------------------------------------------------------------------------------------------
# People


def test_two_people_of_their_own_are_no_problem() -> None:
    """Different addresses and different mobiles pass."""
    assert problems(request(MARIE, CLAIRE), refuse=("personal.example",)) == []


@pytest.mark.parametrize("written", ["cabinet.fr", "@cabinet.fr", "CABINET.FR"])
def test_a_refused_domain_is_a_problem_of_each_who_has_it(written: str) -> None:
    """With or without its @, in any case; every person concerned is told by name and line."""
    outside = person(CLAIRE, email="claire@autre.fr")
    upper = person(CLAIRE, email="claire@CABINET.fr", name="", phone="+33600000000")
    assert problems(request(MARIE, outside, upper), refuse=(written,)) == [
        Problem(code="domain_refused", line=2, values={"who": "Marie Dupont", "written": "cabinet.fr"}),
        Problem(code="domain_refused", line=3, values={"who": "claire@CABINET.fr", "written": "cabinet.fr"}),
    ]


def test_a_refused_domain_is_that_domain_alone() -> None:
    """Neither a domain below it nor one that only ends alike is meant."""
    people = (person(MARIE, email="a@sub.cabinet.fr"), person(CLAIRE, email="b@moncabinet.fr"))
    assert problems(request(*people), refuse=("cabinet.fr",)) == []


def test_a_mobile_that_no_code_is_sent_to() -> None:
    """Told as it was written; one that is remembered of somebody who has signed is theirs."""
    written, remembered = (
        person(MARIE, phone_written="06 12 34 56 78"),
        person(CLAIRE, filled={"phone": "known"}),
    )
    found = problems_of(
        request(written, remembered),
        refuse_domains=(),
        refuse_phones=(written.phone, remembered.phone),
        same_phone_refused=True,
    )
    values = {"who": "Marie Dupont", "written": "06 12 34 56 78"}
    assert found == [Problem(code="phone_dummy", line=2, values=values)]


def test_only_some_domains_may_be_asked() -> None:
    """Each who has none of them is told; in any case and either spelling; what is refused as well is told as that."""
    people = (
        person(MARIE, email="m@CABINET.fr"),
        person(CLAIRE, email="c@xn--socit-esab.fr"),
        person(MARIE, email="j@ailleurs.fr", name="Jean", phone="+33611111111", line=4),
        person(MARIE, email="k@sub.cabinet.fr", name="Karl", phone="+33622222222", line=5),
        person(MARIE, email="", name="Luc", phone="+33633333333", line=6),
    )
    asked = request(*people)
    assert [
        (p.code, p.line, p.values["written"]) for p in problems(asked, allow=("cabinet.fr", "@société.fr"))
    ] == [
        ("domain_not_allowed", 4, "ailleurs.fr"),
        ("domain_not_allowed", 5, "sub.cabinet.fr"),
    ]
    found = problems(asked, allow=("cabinet.fr", "société.fr"), refuse=("ailleurs.fr", "cabinet.fr"))
    assert [(p.code, p.line) for p in found] == [
        ("domain_refused", 2),
        ("domain_refused", 4),
        ("domain_not_allowed", 5),
    ]
    assert len(problems(asked, allow=())) == 4


def test_one_mobile_for_two_people_is_a_problem_where_it_is_refused() -> None:
    """The second person is told whose number it is; where the folder allows it, nothing is said."""
    shared = request(MARIE, person(CLAIRE, phone=MARIE.phone))
    values = {"who": "Claire Bernard", "other": "Marie Dupont", "written": "+33612345678"}
    assert problems(shared) == [Problem(code="same_phone", line=3, values=values)]
    assert problems(shared, same_phone_refused=False) == []


def test_one_address_for_two_people_is_always_a_problem() -> None:
    """In whatever case it is written, and whatever the folder says of mobiles."""
    shared = request(MARIE, person(CLAIRE, email="Marie@Cabinet.FR"))
    for same_phone_refused in (True, False):
        found = problems(shared, same_phone_refused=same_phone_refused)
        assert [(p.code, p.line, p.values["other"]) for p in found] == [("same_email", 3, "Marie Dupont")]


def test_one_person_asked_twice_is_said_as_that() -> None:
    """The partner in the request and under ``puis``: not two people who share an address and a mobile."""
    above = person(CLAIRE, origin="_signature.yaml", line=7, name="Claire  BERNARD")
    values = {"who": "Claire  BERNARD", "other_file": "", "file": "_signature.yaml"}
    assert problems(request(CLAIRE, MARIE, above)) == [Problem(code="signatory_twice", line=7, values=values)]
    values = {"who": "Claire Bernard", "other_file": "_signature.yaml"}
    assert problems(request(above, CLAIRE)) == [Problem(code="signatory_twice", line=3, values=values)]
    assert [one.values["other_file"] for one in problems(request(above, above))] == [""]


def test_a_problem_of_the_settings_names_their_file() -> None:
    """What was inherited is corrected where it stands."""
    inherited = request(
        person(MARIE, origin="_signature.yaml"),
        account="nantes",
        lines={"account": 4},
        origins={"account": "Clients/_signature.yaml"},
    )
    assert [one.values["file"] for one in problems(inherited, refuse=("cabinet.fr",))] == ["_signature.yaml"]
    assert account_of(inherited, ("lyon",))[1][0].values == {
        "account": "nantes",
        "file": "Clients/_signature.yaml",
    }


def test_two_spellings_of_one_address_or_domain_are_one() -> None:
    """An accent in the domain, or its A-label: the same address twice, and the same refused domain."""
    shared = request(person(MARIE, email="m@société.fr"), person(CLAIRE, email="m@xn--socit-esab.fr"))
    assert [(p.code, p.line) for p in problems(shared)] == [("same_email", 3)]
    for written in ("société.fr", "xn--socit-esab.fr"):
        assert [p.line for p in problems(shared, refuse=(written,)) if p.code == "domain_refused"] == [2, 3]


def test_people_without_a_number_share_none() -> None:
    """Two missing numbers are not one number."""
    assert problems(request(person(MARIE, phone=""), person(CLAIRE, phone=""))) == []


def test_every_breach_is_told_at_once() -> None:
    """Domain, mobile and address of three people: all problems, not the first."""
    third = person(MARIE, name="Jean Petit", line=4)
    found = problems(request(MARIE, CLAIRE, third), refuse=("cabinet.fr",))
    assert sorted((p.code, p.line) for p in found) == [
        ("domain_refused", 2),
        ("domain_refused", 3),
        ("domain_refused", 4),
        ("same_email", 4),
        ("same_phone", 4),
    ]
