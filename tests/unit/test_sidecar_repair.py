"""The certain repairs, row by row (accountant's page, 1.4, first table)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RequestRejected
from connector.report.problems import in_body
from connector.report.typography import TIE
from connector.sidecar.model import SignatureRequest
from connector.sidecar.reading import read_sidecar
from connector.sidecar.repair import repair

ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"


def read(text: str) -> SignatureRequest:
    return read_sidecar(text.encode())


@pytest.mark.parametrize("colon", [" :", "\u00a0:", "\u00a0:\u00a0", ":", "\u202f: "])
def test_blanks_round_the_colon(colon: str) -> None:
    """No-break blanks before the colon, after it, or no blank at all: the key is the same."""
    text = f"signataires:\n  email{colon}a@example.fr\n  prénom{colon}A\n  nom{colon}B\n"
    request = read(f"{text}  téléphone{colon}06 12 34 56 78\n")
    assert request.signatories[0].phone == "+33612345678"


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("Lettre de mission : exercice 2026", "Lettre de mission : exercice 2026"),
        ("Lettre de mission #2", "Lettre de mission #2"),
        ("Lettre  # à relire", "Lettre"),
        ("& fils", "& fils"),
        ("* important", "* important"),
        ("@cabinet", "@cabinet"),
        ("[Urgent] lettre", "[Urgent] lettre"),
        ("{x}", "{x}"),
        ("100 % : oui", "100 % : oui"),
        ('"Lettre" de mission', '"Lettre" de mission'),
        ('"Lettre : mission"', "Lettre : mission"),
        ("l'avenant", "l'avenant"),
        ("« Lettre »", "Lettre"),
        ("“Lettre”", "Lettre"),
        ("‘Lettre’", "Lettre"),
        ("« A » et « B »", "« A » et « B »"),
        ("C:\\dossiers", "C:\\dossiers"),
        ("Null", "Null"),
        ("No", "No"),
        ("12:30", "12:30"),
        ("un\n  deux : trois", "un deux : trois"),
    ],
)
def test_text_is_the_rest_of_the_line(written: str, subject: str) -> None:
    """The value of a text key is what stands after it, whatever YAML would make of it."""
    assert read(f"{ONE}objet: {written}\n").subject == subject


@pytest.mark.parametrize("bullet", ["- ", "-", "– ", "• ", "•", "—\u00a0", "* "])
@pytest.mark.parametrize("indent", ["", "  ", "\t", "\u00a0\u00a0"])
def test_bullets(bullet: str, indent: str) -> None:
    """Known bullets, glued or not, behind blanks, tabs or no-break blanks, begin a person each."""
    people = [f"{indent}{bullet}A B <a{n}@example.fr> 06 12 34 56 7{n}\n" for n in (1, 2)]
    request = read("signataires:\n" + "".join(people))
    assert [one.email for one in request.signatories] == ["a1@example.fr", "a2@example.fr"]
    assert [one.line for one in request.signatories] == [2, 3]


def test_what_hangs_below_a_glued_bullet_moves_with_it() -> None:
    """`-email:` and the keys aligned below it stay one person."""
    person = "-email: a@example.fr\n prénom: A\n nom: B\n téléphone: 06 12 34 56 78\n"
    request = read("signataires:\n" + person + person.replace("a@", "b@"))
    assert [one.name for one in request.signatories] == ["A B", "A B"]


def test_tabs_as_indent() -> None:
    """A tab counts as two columns."""
    person = "\t- email: a@example.fr\n\t\tprénom: A\n\t\tnom: B\n\t\ttéléphone: 06 12 34 56 78\n"
    assert read("signataires:\n" + person).signatories[0].name == "A B"


@pytest.mark.parametrize(
    "text",
    [
        "signataires:\n  email: a@example.fr\n  nom: A\n  email: b@example.fr\n  nom: B\n",
    ],
)
def test_two_people_without_a_dash(text: str) -> None:
    """Two people one below the other are said, not lost."""
    with pytest.raises(RequestRejected) as caught:
        read(text)
    assert [problem.code for problem in caught.value.problems] == ["two_people_no_dash"]


@pytest.mark.parametrize(
    "text",
    [
        "signataires:\n  A B <a@example.fr> 06 12 34 56 78\n  C D <c@example.fr> 06 98 76 54 32\n",
        "signataires:\n  1. A B <a@example.fr> 06 12 34 56 78\n  3. C D <c@example.fr> 06 98 76 54 32\n",
        "signataires:\n  - A B <a@example.fr> 06 12 34 56 78 et C D <c@example.fr> 06 98 76 54 32\n",
        "A B <a@example.fr> 06 12 34 56 78\nC D <c@example.fr> 06 98 76 54 32\n",
    ],
)
def test_two_people_read_as_one(text: str) -> None:
    """No key stands twice here, and none is said to; the cure holds for each of these."""
    with pytest.raises(RequestRejected) as caught:
        read(text)
    assert [problem.code for problem in caught.value.problems] == ["two_people_in_one"]
    for language, wanted in (
        ("fr", "avec un tiret devant et sans numéro"),
        ("en", "a dash before it and without"),
    ):
        told = in_body(caught.value.problems[0], "en" if language == "en" else "fr")
        assert wanted in " ".join(told.replace(TIE, " ").split())
        assert "signataires" not in told


@pytest.mark.parametrize(
    "text",
    [
        "signataires:\n  email: a@example.fr\n  nom: A B\n  téléphone: 06 12 34 56 78\n",
        "signataires: A B <a@example.fr> 06 12 34 56 78\n",
        "signataires:\n  A B <a@example.fr> 06 12 34 56 78\n",
        "signataires: A B <a@example.fr>\n  06 12 34 56 78\n",
        "A B <a@example.fr> 06 12 34 56 78",
        "A B <a@example.fr> 06 12 34 56 78\nenvoi: non\n",
        "# note\n\nA B\na@example.fr\n06 12 34 56 78\n\nenvoi: non\n",
        "signataires: A B: a@example.fr 06 12 34 56 78\n",
        "signataires:\n  - Dupont: Jean <a@example.fr> 06 12 34 56 78\n",
    ],
)
def test_one_person_without_a_dash(text: str) -> None:
    """One person may stand on the key's line, below it, or alone at the head of the file."""
    request = read(text)
    assert [(one.email, one.phone) for one in request.signatories] == [("a@example.fr", "+33612345678")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(encoding: str) -> None:
    """However an editor saves it, « Hélène » is Hélène."""
    text = "signataires: Hélène Dupré <h@example.fr> 06 12 34 56 78\r\nobjet: Été\r\n"
    request = read_sidecar(text.encode(encoding))
    assert (request.signatories[0].name, request.subject) == ("Hélène Dupré", "Été")


@pytest.mark.parametrize(
    "end", ["--\nMarie Dupont\nTél : 01", "-- \nMarie", "Cordialement,\n\nMarie", "Bien à vous"]
)
def test_a_pasted_mail_signature(end: str) -> None:
    """A mail's signature is explained with its line, and what stands above is still judged."""
    with pytest.raises(RequestRejected) as caught:
        read(f"{ONE}obget: x\n{end}\n")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [
        ("unknown_key", 2),
        ("mail_signature", 3),
    ]


def test_blocks_are_left_alone() -> None:
    """Nothing inside a `|` text is repaired."""
    request = read(f"{ONE}message: |\n  -objet:x\n  • un\n\n  Cordialement\nobjet: Lettre\n")
    assert request.message == "-objet:x\n• un\n\nCordialement"
    assert request.lines["subject"] == 7


def test_flow_maps() -> None:
    """Inside braces a glued key is known, and a French decimal stays a number."""
    request = read(f"{ONE}signature: {{page:dernière, x:20,5, y: 2,5 cm}}\n")
    place = request.place[0]
    assert place.page == -1
    assert place.x is not None
    assert round(place.x.value, 1) == 58.1
    assert place.y is not None
    assert round(place.y.value, 1) == 70.9


@pytest.mark.parametrize(
    ("written", "points"),
    [
        ("décalage: 10 mm, 5 mm", [28.3, 14.2]),
        ("décalage:-40 mm,-25 mm", [-113.4, -70.9]),
        ("Décalage : 1,5 cm, 2,5 cm", [42.5, 70.9]),
        ("offset: 10, 5", [28.3, 14.2]),
        ('décalage: "10 mm, 5 mm"', [28.3, 14.2]),
        ("décalage: [10 mm, 5 mm]", [28.3, 14.2]),
    ],
)
def test_the_two_lengths_of_an_offset_inside_braces(written: str, points: list[float]) -> None:
    """As the guide shows them, wherever they stand in the braces; so too in a list of places."""
    for flow in (
        f"{{près de: ici, {written}}}",
        f"{{{written}, près de: ici}}",
        f"\n  - {{près de: ici, {written}}}",
    ):
        place = read(f"{ONE}signature: {flow}\n").place[0]
        assert place.near == "ici"
        assert place.offset is not None
        assert [round(one.value, 1) for one in place.offset] == points


@pytest.mark.parametrize(
    ("first", "unknown"),
    [
        ("civilité: Mme", ["civilité"]),
        ("civilité: « Mme : Mlle »", ["civilité"]),
        ("civilité:", ["civilité"]),
        ("civilité: Mme\n    # cliente\n    qualité: gérante", ["civilité", "qualité"]),
    ],
)
def test_an_unknown_key_right_after_its_dash_is_one(first: str, unknown: list[str]) -> None:
    """A key of ours stands right below it: it is no text, and everything is aligned."""
    text = f"signataires:\n  - {first}\n    prénom: A\n    nom: B\n    mail: a@example.fr\n    mobile: 06 12 34 56 78\n"
    with pytest.raises(RequestRejected) as caught:
        read(text)
    assert [(one.code, one.values["written"]) for one in caught.value.problems] == [
        ("unknown_key", key) for key in unknown
    ]


@pytest.mark.parametrize(
    "line",
    [
        "- Mandataire : Marie Dupont\n    marie.dupont@example.fr",
        "- civilité: Mme\n  - prénom: Marie",
        "- civilité: Mme\n      prénom: Marie",
    ],
)
def test_what_has_no_key_of_ours_right_below_it_stays_a_text(line: str) -> None:
    assert ": " not in repair(f"signataires:\n  {line}\n").split("\n")[1].split('"')[0]


@given(
    st.text(st.sampled_from("ab:-–•*|>#\"'[]{},&@ \t\n\u00a0\r0é.\\"), max_size=120) | st.text(max_size=120)
)
def test_lines_keep_their_numbers(text: str) -> None:
    """Whatever is repaired, there are as many lines as a person sees."""
    assert repair(text).count("\n") == text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
