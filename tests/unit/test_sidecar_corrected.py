"""Certain cures, and the corrected file that is offered when every problem has one (accountant's page, 1.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Problem
from connector.sidecar import words
from connector.sidecar.corrected import corrected
from connector.sidecar.reading import read_whole
from tests.unit.test_sidecar_reading import FRAGMENTS

ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"


def cures(text: str) -> list[tuple[str, int | None, str | None]]:
    return [(one.code, one.line, one.cure) for one in read_whole(text.encode()).problems]


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("obget: Lettre", "objet: Lettre"),
        ("Obget : Lettre : mission  # à relire", "objet : Lettre : mission  # à relire"),
        ("subjet: Lettre", "subject: Lettre"),
        ("messge\u00a0: Bonjour", "message\u00a0: Bonjour"),
        ("anexes: Annexe*.pdf", "annexes: Annexe*.pdf"),
        ("ordre: paralele", "ordre: parallèle"),
        ("ordre: l'un aprés l'autr", "ordre: l'un après l'autre"),
        ("envoi: « aperc »", "envoi: « aperçu »"),
        ("action: anuler", "action: annuler"),
        ("action: relance", "action: relancer"),
        ("signature: {pages: 1, x: 20, y: 20}", "signature: {page: 1, x: 20, y: 20}"),
        ("signature: {coin: bas droit}", "signature: {coin: bas droite}"),
        ("rappels: {premer: 3 j}", "rappels: {premier: 3 j}"),
        ("verrouiler: oui", "verrouiller: oui"),
    ],
)
def test_one_near_word_is_put_in_place(line: str, cure: str) -> None:
    """A misspelled key or word that can only be one: the exact line that replaces it, all else untouched."""
    text = f"{ONE}{line}\n"
    assert [(one, cured) for _, one, cured in cures(text)] == [(2, cure)]
    done = corrected(text.encode(), read_whole(text.encode()).problems)
    assert done == f"{ONE}{cure}\n".encode()


@pytest.mark.parametrize(
    "line",
    [
        "xylophone: x",  # nothing is near
        "obj: Lettre",  # too short to be sure
        "objet2: Lettre",  # a digit may mean something
        "signatures: x",  # "signataires" is about as near
        "obget: obget: x",  # twice on the line
        "ordre: hasard",
        "coin: haut droite",  # known, elsewhere
        "action: relanceer 2",
        "signature: {coin: bat droite}",  # top or bottom?
        "objet: a\nobget: b",  # there is a subject already
        "envoi: nom",
    ],
)
def test_what_may_be_two_things_is_asked(line: str) -> None:
    """Nothing is cured that has a second reading."""
    text = f"{ONE}{line}\n"
    assert [cure for _, _, cure in cures(text)] == [None]
    assert corrected(text.encode(), read_whole(text.encode()).problems) is None


@pytest.mark.parametrize(
    ("lines", "cure"),
    [
        ("objet: Lettre\nsubject: Lettre", "# subject: Lettre"),
        ("objet: « Lettre »\nSubject : Lettre  # note", "# Subject : Lettre  # note"),
        ("verrouiller: oui\nprotéger: oui", "# protéger: oui"),
        ("objet: Lettre\nobjet: Lettre", "# objet: Lettre"),
        ("objet: Lettre\nobjet:  Lettre", "# objet:  Lettre"),
        ("objet: Lettre\nsubject: Bilan", None),
        ("objet: Lettre\nobjet: Bilan", None),
        ("objet: Lettre\n  de mission\nsubject: Lettre\n  de mission", None),
        ("objet: Lettre\n  de mission\nobjet: Lettre\n  de mission", None),
        ("message: |\n  a\nmessage: |\n  a", None),
        ("objet:\nsubject:", None),
    ],
)
def test_the_second_of_two_equal_lines_becomes_a_remark(lines: str, cure: str | None) -> None:
    """Two keys for one thing, or one key twice, with the same value on one line each."""
    text = f"{ONE}{lines}\n"
    found = read_whole(text.encode()).problems
    assert [one.cure for one in found if one.code in {"key_twice", "yaml_duplicate_key"}] == [cure]
    done = corrected(text.encode(), found)
    assert (done is not None) == (cure is not None)
    if done is not None and cure is not None:
        assert done.decode().split("\n")[2] == cure


@pytest.mark.parametrize(
    "text",
    [
        "signataires: Marie Dupont <marie@exemple> 06 12 34 56 78\n",
        "signataires: Marie Dupont <marie@example.fr> 06 12 34 56 7\n",
        "signataires: HÃ©lène Dupont <marie@example.fr> 06 12 34 56 78\n",
        "signataires: expert-contable\n" + "paraphe: oui\n",
    ],
)
def test_people_are_never_cured(text: str) -> None:
    """No address, number or name is ever put in place of another; a line that asks the impossible stays asked."""
    assert all(cure is None for _, _, cure in cures(text))
    assert corrected(text.encode(), read_whole(text.encode()).problems) is None


def test_all_cures_at_once() -> None:
    """Several lines, two cures on one line, and a key of a person: one corrected file."""
    text = (
        "# ma demande\n"
        "signatires:\n"
        "  -email: m@example.fr\n"
        "   prénm: Marie\n"
        "   nom: Dupont\n"
        "   telephon: 06 12 34 56 78\n"
        "obget: Lettre\n"
        "signature: {pages: 1, coin: bas droit}\n"
    )
    done = corrected(text.encode(), read_whole(text.encode()).problems)
    assert done is not None
    assert done.decode() == (
        "# ma demande\n"
        "signataires:\n"
        "  -email: m@example.fr\n"
        "   prénom: Marie\n"
        "   nom: Dupont\n"
        "   téléphone: 06 12 34 56 78\n"
        "objet: Lettre\n"
        "signature: {page: 1, coin: bas droite}\n"
    )
    request = read_whole(done).request
    assert request is not None
    assert request.signatories[0].name == "Marie Dupont"


def test_one_problem_without_a_cure_and_nothing_is_offered() -> None:
    """The whole must be certain; also what the settings or a missing mobile ask."""
    text = f"{ONE}obget: x\n".encode()
    found = read_whole(text).problems
    assert corrected(text, [*found, Problem(code="phone_missing", line=1, values={"who": ""})]) is None
    elsewhere = Problem(code="unknown_key", line=1, values={"file": "_signature.yaml"}, cure="objet: x")
    assert corrected(text, [*found, elsewhere]) is None
    assert corrected(text, [Problem(code="x", line=9, cure="objet: x")]) is None
    assert corrected(text, [Problem(code="x", cure="objet: x")]) is None
    assert corrected(text, []) is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-8-sig"),
        ("utf-16-be", "utf-8-sig"),
        ("cp1252", "utf-8-sig"),
    ],
)
def test_encoding_and_line_ends_stay(encoding: str, written: str, end: str) -> None:
    """UTF-8 stays what it is; anything else becomes UTF-8 with a mark, that every editor reads."""
    text = f"{ONE}obget: Été\nnote: a".replace("\n", end)
    data = text.encode(encoding)
    assert corrected(data, read_whole(data).problems) == text.replace("obget", "objet").encode(written)


def test_signs_that_cannot_be_read_are_not_lost() -> None:
    """A byte that means nothing would be gone from the corrected file."""
    data = f"{ONE}obget: x # ".encode() + b"\x81\xff"
    assert corrected(data, read_whole(data).problems) is None


TYPOS = [form[:2] + form[3:] for forms in words.ALL_KEYS.values() for form in forms if len(form) > 4]
PARTS = st.sampled_from([*FRAGMENTS, *TYPOS, ONE, *(f"{typo}: x\n" for typo in TYPOS)])


@given(st.binary(max_size=300) | st.lists(PARTS, max_size=25).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_give_a_right_file_or_none(data: bytes) -> None:
    """Never raises; what is offered reads without a problem and has as many lines."""
    found = read_whole(data).problems
    done = corrected(data, found)
    if done is not None:
        assert found
        assert all(one.cure is not None for one in found)
        assert read_whole(done).problems == ()
        assert len(done.decode("utf-8-sig").splitlines()) == len(data.decode("utf-8", "replace").splitlines())
