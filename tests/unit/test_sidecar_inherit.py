"""A request and the settings above it: who wins, who is added, what is filled in, what is asked (design, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Problem
from connector.sidecar.codes import CODES
from connector.sidecar.inherit import Known, Resolved, SettingsFile, in_reading_order, resolve
from connector.sidecar.model import Level, Order, SignatureRequest, Wish
from connector.sidecar.reading import read_sidecar, read_whole
from tests.unit.test_sidecar_reading import FRAGMENTS

ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"
CLAIRE = "contacts:\n  expert-comptable: Claire Bernard <claire.bernard@example.fr> 06 98 76 54 32\n"
SINCE = datetime(2025, 12, 4, tzinfo=UTC)
MARIE = Known(first_name="Marie", last_name="Dupont", name="Marie Dupont", phone="+33612345678", since=SINCE)


def resolved(
    own: str,
    *settings: str,
    known: Mapping[str, Known] | None = None,
    levels: tuple[str, ...] = ("simple",),
) -> Resolved:
    """Resolve texts; the settings, nearest first, are called 1.yaml, 2.yaml …"""
    files = []
    for number, text in enumerate(settings, start=1):
        reading = read_whole(text.encode(), settings=True)
        files.append(SettingsFile(name=f"{number}.yaml", request=reading.request, problems=reading.problems))
    return resolve(read_sidecar(own.encode()), files, (known or {}).get, levels=levels)


def right(own: str, *settings: str, known: Mapping[str, Known] | None = None) -> SignatureRequest:
    found = resolved(own, *settings, known=known)
    assert found.problems == ()
    return found.request


def told(found: Resolved) -> list[tuple[str, int | None, str]]:
    return [(one.code, one.line, one.values.get("file", "")) for one in found.problems]


# --------------------------------------------------------------------------------------------------
# Key by key


def test_the_nearest_file_that_wrote_a_key_wins() -> None:
    """Each key by itself; what the request writes is never replaced, and each value tells where it is from."""
    request = right(
        f"{ONE}objet: Lettre\n",
        "objet: dossier\nenvoi: non\nattestation: oui\n",
        "objet: cabinet\nenvoi: oui\nmessage: voir Bonjour.txt\nlogo: non\nrappels: {premier: 3}\n",
    )
    assert (request.subject, request.send, request.certificate) == ("Lettre", Wish.PREVIEW, True)
    assert (request.message, request.message_file, request.logo) == (None, "Bonjour.txt", False)
    assert request.origins == {
        "send": "1.yaml",
        "certificate": "1.yaml",
        "message": "2.yaml",
        "logo": "2.yaml",
        "reminders": "2.yaml",
    }
    assert (request.lines["subject"], request.lines["send"], request.lines["message"]) == (2, 2, 3)
    assert request.at("send") == (2, {"file": "1.yaml"})
    assert request.at("subject") == (2, {})
    assert request.at("account") == (None, {})


def test_a_text_hides_the_file_of_a_message_above() -> None:
    """`message` is one key, however it says its text."""
    request = right(f"{ONE}message: Bonjour\n", "message: voir Bonjour.txt\n")
    assert (request.message, request.message_file) == ("Bonjour", None)


@pytest.mark.parametrize(
    ("line", "above", "field"),
    [
        ("logo: oui", "logo: non", "logo"),
        ("verrouiller: non", "verrouiller: oui", "lock"),
        ("annexes: aucune", "annexes: Annexe*.pdf", "annexes"),
        ("confidentialité: personne", "confidentialité: a@example.fr", "confidential_to"),
        ("ordre: séquentiel", "ordre: parallèle", "order"),
    ],
)
def test_a_written_default_hides_what_is_above(line: str, above: str, field: str) -> None:
    """A key that says what happens anyway still says it."""
    request = right(f"{ONE}{line}\n", f"{above}\n")
    assert getattr(request, field) == SignatureRequest.model_fields[field].get_default(
        call_default_factory=True
    )
    assert request.origins == {}


def test_orders_and_birth_are_never_inherited() -> None:
    """An order would fire for every request below; where a request was born is its own matter."""
    own = read_sidecar(ONE.encode())
    above = read_sidecar(b"objet: x\n", settings=True).model_copy(
        update={
            "action": read_sidecar(f"{ONE}action: annuler\n".encode()).action,
            "born_of": "list",
            "drop": "À signer",
        }
    )
    request = resolve(
        own, [SettingsFile(name="_signature.yaml", request=above)], lambda _: None, levels=["simple"]
    ).request
    assert (request.action, request.born_of, request.drop) == (None, None, None)
    born = read_sidecar(f"# créé d'après « _signataires.xlsx », ligne 12\n{ONE}".encode())
    assert resolve(born, [], lambda _: None, levels=["simple"]).request.born_of == "list"


# --------------------------------------------------------------------------------------------------
# Who signs


def test_puis_is_added_to_whatever_list_there_is() -> None:
    """Finding 1: the partner signs after the letter's client, whoever lists the client."""
    request = right(ONE, "puis: expert-comptable\n", CLAIRE)
    assert [(one.name, one.phone, one.origin, one.line) for one in request.signatories] == [
        ("Marie Dupont", "+33612345678", "", 1),
        ("Claire Bernard", "+33698765432", "1.yaml", 1),
    ]
    assert request.signatories[1].filled == dict.fromkeys(
        ("email", "name", "phone"), "contact expert-comptable"
    )
    assert (request.then, request.order, request.origins) == ((), Order.SEQUENTIAL, {"then": "1.yaml"})
    inherited = right("objet: x\n", f"{ONE}", f"puis: expert-comptable\n{CLAIRE}")
    assert [(one.name, one.origin) for one in inherited.signatories] == [
        ("Marie Dupont", "1.yaml"),
        ("Claire Bernard", "2.yaml"),
    ]


def test_puis_of_the_nearest_file_alone_counts() -> None:
    """`puis` inherits as one key; `personne` takes it away."""
    above = f"puis: expert-comptable\n{CLAIRE}"
    request = right(f"{ONE}puis: Jean Petit <j@example.fr> 06 12 34 56 79\n", above)
    assert [one.name for one in request.signatories] == ["Marie Dupont", "Jean Petit"]
    assert [one.name for one in right(f"{ONE}puis: personne\n", above).signatories] == ["Marie Dupont"]
    assert right(f"{ONE}puis: personne\nordre: parallèle\n", above).order is Order.PARALLEL


@pytest.mark.parametrize(
    ("own", "above", "where"),
    [
        (f"{ONE}puis: expert-comptable\nordre: parallèle\n", CLAIRE, (3, "", "")),
        (f"{ONE}ordre: parallèle\n", f"puis: expert-comptable\n{CLAIRE}", (2, "", "1.yaml")),
        (f"{ONE}puis: expert-comptable\n", f"ordre: parallèle\n{CLAIRE}", (1, "1.yaml", "")),
        (ONE, f"ordre: parallèle\npuis: expert-comptable\n{CLAIRE}", (1, "1.yaml", "")),
    ],
)
def test_puis_is_always_one_after_the_other(own: str, above: str, where: tuple[int, str, str]) -> None:
    """`ordre: parallèle` beside `puis` is refused wherever each stands, with both places."""
    found = resolved(own, above)
    assert [
        (one.code, one.line, one.values.get("file", ""), one.values["other_file"]) for one in found.problems
    ] == [("then_is_sequential", *where)]


def test_a_shorter_list_that_hides_a_longer_one_is_said() -> None:
    """Finding 1: whoever is left out is named, with the file and line; nothing is stopped."""
    above = (
        "# cabinet\nsignataires:\n  - marie.dupont@example.fr\n  - expert-comptable\n"
        f"  - Jean Petit <j@example.fr> 06 12 34 56 79\n{CLAIRE}"
    )
    found = resolved(ONE, above)
    assert found.problems == ()
    assert found.warnings == (
        Problem(
            code="hidden_signatories",
            line=2,
            values={"names": "Claire Bernard, Jean Petit", "file": "1.yaml"},
        ),
    )
    assert set(found.warnings[0].values) - {"file"} == set(CODES["hidden_signatories"][0])


@pytest.mark.parametrize(
    "above",
    [
        "signataires: Jean Petit <j@example.fr> 06 12 34 56 79\n",
        "signataires:\n  - Marie.Dupont@example.fr\n  - marie.dupont@EXAMPLE.fr\n",
        "objet: x\n",
    ],
)
def test_a_list_that_hides_nobody_more_is_not_said(above: str) -> None:
    """As long a list, or the same people twice, is a choice and no oversight."""
    assert resolved(ONE, above).warnings == ()
    assert (
        resolved("objet: x\n", f"{ONE}", "signataires:\n  - a@example.fr\n  - b@example.fr\n").warnings == ()
    )


def test_nobody_signs() -> None:
    """Those under `puis` come after somebody: alone they are not what a request without signatories means."""
    assert told(resolved("objet: x\n", f"puis: expert-comptable\n{CLAIRE}")) == [
        ("signatories_missing", None, "")
    ]
    assert told(resolved("objet: x\n")) == [("signatories_missing", None, "")]


def test_too_many_together() -> None:
    """Two lists that are long enough each may be too long together."""
    people = "\n".join(f"  - A B <a{n}@example.fr> 06 12 34 56 78" for n in range(30))
    then = people.replace("<a", "<b")
    found = resolved(f"signataires:\n{people}\n", f"puis:\n{then}\n")
    assert [(one.code, one.values["count"]) for one in found.problems] == [("signatories_too_many", "60")]


# --------------------------------------------------------------------------------------------------
# Contacts, and people known from before


@pytest.mark.parametrize(
    "written",
    [
        "signataires: expert-comptable",
        "signataires: Expert Comptable",
        "signataires:\n  - EXPERT-COMPTABLE",
        "signataires:\n  - contact: expert-comptable",
        "signataires:\n  contact: expert-comptable\n",
    ],
)
def test_a_contact_is_found_by_its_name(written: str) -> None:
    """A bare name or `contact:`, in any case; every value tells that it is the contact's."""
    one = right(f"{written}\n", CLAIRE).signatories[0]
    assert (one.email, one.first_name, one.last_name) == ("claire.bernard@example.fr", "Claire", "Bernard")
    assert (one.phone, one.phone_written) == ("+33698765432", "06 98 76 54 32")
    assert one.filled["email"] == "contact expert-comptable"
    assert not one.phone_masked


def test_own_keys_override_the_contact() -> None:
    """What stands beside `contact` is meant so; the rest is the contact's, its level and place among it."""
    contact = (
        "contacts:\n  Claire:\n    email: claire@example.fr\n    nom: Claire Bernard\n    téléphone: 06 98 76 54 32\n"
        "    niveau: avancé\n    signature: {coin: bas droite}\n"
    )
    own = "signataires:\n  - contact: claire\n    téléphone: 06 12 34 56 78\n"
    one = resolved(own, contact, levels=("simple", "advanced")).request.signatories[0]
    assert (one.name, one.phone, one.level) == ("Claire Bernard", "+33612345678", Level.ADVANCED)
    assert (one.placements[0].origin, one.placements[0].line) == ("1.yaml", 7)
    assert set(one.filled) == {"email", "name", "level", "place"}
    lower = resolved(f"{own}    niveau: simple\n    signature: {{page: 1}}\n", contact).request.signatories[0]
    assert (lower.level, lower.placements[0].page, set(lower.filled)) == (Level.SIMPLE, 1, {"email", "name"})


def test_an_address_of_the_contacts_fills_what_is_missing() -> None:
    """The partner's mobile is taken from `contacts` when only the address, in any spelling, is written."""
    one = right("signataires: Claire.Bernard@EXAMPLE.fr\n", CLAIRE).signatories[0]
    assert (one.name, one.phone, set(one.filled)) == ("Claire Bernard", "+33698765432", {"name", "phone"})
    other = right("signataires: C. Bernard <claire.bernard@example.fr> 06 12 34 56 78\n", CLAIRE).signatories[
        0
    ]
    assert (other.name, other.phone, other.filled) == ("C. Bernard", "+33612345678", {})


def test_contacts_merge_by_name() -> None:
    """Each contact from the nearest file that has one of that name; the others stay known."""
    near = "contacts:\n  Expert comptable: Jean Petit <j@example.fr> 06 12 34 56 79\n"
    far = f"{CLAIRE}  associé: Luc Roux <l@example.fr> 06 12 34 56 70\n"
    request = right("signataires:\n  - expert-comptable\n  - associé\n", near, far)
    assert [one.name for one in request.signatories] == ["Jean Petit", "Luc Roux"]


@pytest.mark.parametrize(
    ("own", "values"),
    [
        (
            "signataires: expert-contable\n",
            {"written": "expert-contable", "nearest": "expert-comptable", "known": "expert-comptable"},
        ),
        (
            "signataires: Marie Dupont\n",
            {"written": "Marie Dupont", "nearest": "", "known": "expert-comptable"},
        ),
    ],
)
def test_an_unknown_contact_is_asked_about(own: str, values: dict[str, str]) -> None:
    """With the nearest of those that are known, and nothing else about that person."""
    found = resolved(own, CLAIRE)
    assert found.problems == (Problem(code="contact_unknown", line=1, values=values),)
    inherited = resolved(ONE, "objet: x\npuis: associé\n")
    assert told(inherited) == [("contact_unknown", 2, "1.yaml")]


def test_a_person_known_from_before_is_filled_in() -> None:
    """A lone address is enough for a client of an earlier request; the number that nobody wrote here is masked."""
    asked = []

    def known(email: str) -> Known | None:
        asked.append(email)
        return MARIE

    own = read_sidecar(b"marie.dupont@EXAMPLE.fr\n")
    one = resolve(own, [], known, levels=["simple"]).request.signatories[0]
    assert asked == ["marie.dupont@example.fr"]
    assert (one.first_name, one.last_name, one.name) == ("Marie", "Dupont", "Marie Dupont")
    assert (one.phone, one.filled, one.known_since) == (
        "+33612345678",
        {"name": "known", "phone": "known"},
        SINCE,
    )
    assert one.phone_masked


def test_what_is_known_never_overrides() -> None:
    """What was written or stands in `contacts` wins over an earlier request; nobody is asked in vain."""
    known = {"marie.dupont@example.fr": MARIE, "claire.bernard@example.fr": MARIE}
    one, other = right(
        "signataires:\n  - Marie Durand <marie.dupont@example.fr>\n  - expert-comptable\n",
        CLAIRE,
        known=known,
    ).signatories
    assert (one.name, one.phone, one.filled) == ("Marie Durand", "+33612345678", {"phone": "known"})
    assert (other.name, other.known_since) == ("Claire Bernard", None)
    blank = MARIE.__class__(first_name="", last_name="", name="", phone="", since=SINCE)
    found = resolved("signataires: m@example.fr\n", known={"m@example.fr": blank})
    assert [code for code, _, _ in told(found)] == ["name_missing", "phone_missing"]
    assert found.request.signatories[0].known_since is None


def test_the_mobile_of_a_contact_may_be_known_from_before() -> None:
    """She forgets the partner's mobile: taken from an earlier request, else refused by that person's name."""
    contacts = "puis: expert-comptable\ncontacts:\n  expert-comptable: Claire Bernard <c@example.fr>\n"
    known = {"c@example.fr": MARIE}
    assert right(ONE, contacts, known=known).signatories[1].filled["phone"] == "known"
    found = resolved(ONE, contacts)
    assert found.problems == (
        Problem(code="phone_missing", line=1, values={"who": "Claire Bernard", "file": "1.yaml"}),
    )


@pytest.mark.parametrize(
    ("own", "codes"),
    [
        ("signataires: marie@example.fr\n", ["name_missing", "phone_missing"]),
        ("signataires: Marie Dupont <marie@example.fr>\n", ["phone_missing"]),
        ("signataires: marie@example.fr 06 12 34 56 78\n", ["name_missing"]),
        ("signataires: Marie Dupont 06 12 34 56 78\n", ["email_missing"]),
        ("signataires:\n  - {email: marie@example.fr, prénom: Marie}\n", ["phone_missing"]),
        ("signataires:\n  - {email: marie@example.fr, téléphone: }\n", ["name_missing", "phone_missing"]),
    ],
)
def test_what_nobody_knows_is_asked(own: str, codes: list[str]) -> None:
    """Whatever is missing after all is one problem each, at the person's line."""
    assert [one.code for one in resolved(own).problems] == codes


def test_what_cannot_be_read_is_not_missed_as_well() -> None:
    """A mobile or an address that is wrong has its problem already."""
    for own in ("Marie Dupont <m@example.fr> 04 78 12 34 56", "Marie Dupont <m@example> 06 12 34 56 78"):
        reading = read_whole(f"signataires: {own}\nobget: x\n".encode())
        assert reading.request is not None
        assert len(reading.problems) == 2
        assert resolve(reading.request, [], lambda _: None, levels=["simple"]).problems == ()


def test_the_requester_may_be_a_contact() -> None:
    """`demandeur: expert-comptable` is that person; anything else stays; the requester may sign."""
    request = right("signataires: expert-comptable\ndemandeur: Expert-comptable\n", CLAIRE)
    assert request.requester == "Claire Bernard <claire.bernard@example.fr>"
    assert right(f"{ONE}demandeur: Luc Roux\n", CLAIRE).requester == "Luc Roux"
    nameless = right(ONE, "demandeur: lui\ncontacts:\n  lui: l@example.fr\n")
    assert (nameless.requester, nameless.origins["requester"]) == ("l@example.fr", "1.yaml")


# --------------------------------------------------------------------------------------------------
# Where they sign


def test_the_place_of_a_file_is_everybodys_who_has_none() -> None:
    """A request's own place beats an inherited one; a person's own place beats both, and keeps its file."""
    own = (
        "signataires:\n  - A B <a@example.fr> 06 12 34 56 78\n"
        "  - {email: c@example.fr, nom: C D, téléphone: 06 98 76 54 32, signature: {page: 2}}\n"
    )
    above = "signature: {page: 3}\n"
    places = [one.placements[0] for one in right(own, above).signatories]
    assert [(place.page, place.origin) for place in places] == [(3, "1.yaml"), (2, "")]
    nearer = [one.placements[0] for one in right(f"{own}signature: {{page: 1}}\n", above).signatories]
    assert [(place.page, place.origin) for place in nearer] == [(1, ""), (2, "")]
    inherited = right("signature: {page: 1}\n", own).signatories
    assert [(one.placements[0].page, one.placements[0].origin) for one in inherited] == [
        (1, ""),
        (2, "1.yaml"),
    ]
    assert right(own).signatories[0].placements == ()


def test_people_under_puis_keep_the_place_of_their_file() -> None:
    """Where a letter's client signs is not where the partner of the folder's settings does."""
    own = f"{ONE}signature: {{x: 20, y: 200}}\n"
    one, other = right(own, f"puis: expert-comptable\nsignature: {{coin: bas droite}}\n{CLAIRE}").signatories
    assert (one.placements[0].x is not None, one.placements[0].origin) == (True, "")
    assert (other.placements[0].corner, other.placements[0].origin) == ("bottom right", "1.yaml")
    one, other = right(own, f"puis: expert-comptable\n{CLAIRE}").signatories
    assert (len(one.placements), other.placements) == (1, ())
    one, other = right(f"{own}puis: expert-comptable\n", CLAIRE).signatories
    assert one.placements == other.placements


# --------------------------------------------------------------------------------------------------
# What is wrong


def test_settings_with_problems_are_told_and_nothing_is_guessed() -> None:
    """A line that cannot be read might hold the partner: what is missing only because of that is not said."""
    broken = f"obget: x\npuis: expert-comptable\n{CLAIRE}"
    found = resolved("signataires:\n  - m@example.fr\n  - expert-comptable\n", broken, "objet: cabinet\n")
    assert told(found) == [("unknown_key", 1, "1.yaml")]
    assert [one.email for one in found.request.signatories] == ["m@example.fr", ""]
    assert (found.request.subject, found.request.origins) == ("cabinet", {"subject": "2.yaml"})
    assert told(resolved("objet: x\n", "{")) == [("yaml_syntax", 2, "1.yaml")]


def test_levels_above_what_the_firm_allows() -> None:
    """Each person whose level is refused is named, with the word in French."""
    own = "signataires:\n  - {email: a@example.fr, nom: A B, téléphone: 0612345678, level: qualified}\n"
    assert resolved(own, levels=("simple", "advanced")).problems == (
        Problem(code="level_refused", line=2, values={"who": "A B", "written": "qualifié"}),
    )
    assert resolved(own, levels=("simple", "qualified")).problems == ()
    assert told(resolved(ONE, own.replace("signataires", "puis"))) == [("level_refused", 2, "1.yaml")]


def test_all_problems_of_all_files_at_once() -> None:
    """Two files of settings and the request: everything that is certain is told together."""
    own = f"{ONE}ordre: parallèle\n"
    found = resolved(own, "puis: {email: j@example.fr, niveau: avancé}\n")
    assert told(found) == [
        ("name_missing", 1, "1.yaml"),
        ("phone_missing", 1, "1.yaml"),
        ("level_refused", 1, "1.yaml"),
        ("then_is_sequential", 2, ""),
    ]
    for problem in found.problems:
        assert set(problem.values) - {"file"} == set(CODES[problem.code][0])


def test_problems_are_told_as_a_person_meets_them() -> None:
    """The request from its first line down, then each file of settings."""
    found = [
        Problem(code="a", line=2, values={"file": "near"}),
        Problem(code="b", line=5),
        Problem(code="c", line=1, values={"file": "far"}),
        Problem(code="d", line=1, values={"file": "near"}),
        Problem(code="e"),
        Problem(code="f", line=3),
    ]
    assert "".join(one.code for one in in_reading_order(found)) == "efbdac"


TEXTS = st.lists(
    st.sampled_from([*FRAGMENTS, "contacts:\n  x: ", "puis: x\n", "signataires: x\n"]), max_size=20
)


@given(
    st.binary(max_size=200) | TEXTS.map(lambda parts: "".join(parts).encode()),
    st.lists(st.binary(max_size=200) | TEXTS.map(lambda parts: "".join(parts).encode()), max_size=3),
    st.booleans(),
)
def test_any_bytes_resolve(own: bytes, settings: list[bytes], knows: bool) -> None:
    """Whatever stands in the files: a whole request, or problems that the list of codes knows; nothing is raised."""
    reading = read_whole(own)
    files = []
    for number, data in enumerate(settings):
        above = read_whole(data, settings=True)
        files.append(SettingsFile(name=f"{number}.yaml", request=above.request, problems=above.problems))
    request = reading.request or SignatureRequest(signatories=())
    found = resolve(request, files, lambda _: MARIE if knows else None, levels=["simple"])
    for problem in (*found.problems, *found.warnings):
        if not problem.code.startswith("yaml_"):
            assert set(problem.values) - {"file"} == set(CODES[problem.code][0]), problem
    if not reading.problems and not found.problems:
        assert found.request.signatories
        assert all(one.email and one.name and one.phone for one in found.request.signatories)
        assert found.request.then == ()
