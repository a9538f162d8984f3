"""From the bytes of a sidecar to a request or every problem at once (design, section 4; scenario B4)."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Problem, RequestRejected
from connector.sidecar import words
from connector.sidecar.acted import NOT_YET
from connector.sidecar.codes import CODES
from connector.sidecar.fields import Notes, texts
from connector.sidecar.model import Level, Order, SignatureRequest, Verb, Wish
from connector.sidecar.placing import read_placements
from connector.sidecar.reading import MAX_BYTES, read_orders, read_sidecar, read_wish
from connector.text_yaml import Mapping, Scalar, Sequence, load

ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"


def problems(text: str | bytes, *, settings: bool = False, pdf_name: str | None = None) -> list[Problem]:
    data = text if isinstance(text, bytes) else text.encode()
    try:
        read_sidecar(data, settings=settings, pdf_name=pdf_name)
    except RequestRejected as rejected:
        return list(rejected.problems) or [Problem(code="rejected without a reason")]
    return []


def said(text: str | bytes, *, settings: bool = False) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in problems(text, settings=settings)]


def read(text: str) -> SignatureRequest:
    return read_sidecar(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "signataires:\n  - email: m@example.fr\n    prénom: Marie\n    nom: Dupont\n    téléphone: 0612345678\n"
        "    niveau: simple\n    signature: {page: dernière, x: 20, y: 5 cm}\n"
        "objet: Lettre\nmessage: Bonjour\nordre: en même temps\nenvoi: aperçu\ncompte: lyon\n",
        "signatories:\n  - email: m@example.fr\n    first_name: Marie\n    last_name: Dupont\n    phone: 0612345678\n"
        "    level: simple\n    place: {page: last, x: 20 mm, y: 50}\n"
        "subject: Lettre\nmessage: Bonjour\norder: parallel\nsend: no\naccount: lyon\n",
        "SIGNATAIRES:\n  - E-Mail: m@example.fr\n    Prenom: Marie\n    NOM: Dupont\n    telephone: 0612345678\n"
        "    Niveau: Simple\n    Signature: {PAGE: Derniere, X: 2cm, Y: 50 MM}\n"
        "Objet: Lettre\nMESSAGE: Bonjour\nOrdre: Parallele\nEnvoi: Apercu\nCompte: lyon\n",
    ],
)
def test_keys_in_both_languages(text: str) -> None:
    """French, English, and without accents or case: one request."""
    request = read(text)
    one = request.signatories[0]
    assert (one.name, one.phone, one.level) == ("Marie Dupont", "+33612345678", Level.SIMPLE)
    place = one.placements[0]
    assert place.page == -1
    assert place.x is not None
    assert place.y is not None
    assert (round(place.x.value, 2), round(place.y.value, 2)) == (56.69, 141.73)
    assert (request.subject, request.message, request.account) == ("Lettre", "Bonjour", "lyon")
    assert (request.order, request.send) == (Order.PARALLEL, Wish.PREVIEW)
    assert (request.lines["signatories"], request.lines["subject"]) == (1, 8)


def test_defaults() -> None:
    """One line is a whole request; what is not said stays unsaid."""
    request = read(ONE)
    assert (request.subject, request.send, request.account, request.action) == (None, None, None, None)
    assert (request.order, request.signatories[0].placements) == (Order.SEQUENTIAL, ())
    assert request.signatories[0].phone_written == "06 12 34 56 78"


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("séquentiel", Order.SEQUENTIAL),
        ("l'un après l'autre", Order.SEQUENTIAL),
        ("L’un après l’autre", Order.SEQUENTIAL),
        ("parallèle", Order.PARALLEL),
        ("en même temps", Order.PARALLEL),
    ],
)
def test_orders_in_daily_words(written: str, order: Order) -> None:
    """The expert's words and the daily ones mean the same."""
    assert read(f"{ONE}ordre: {written}\n").order is order


@pytest.mark.parametrize(
    ("written", "wish"),
    [
        ("oui", Wish.SEND),
        ("Oui", Wish.SEND),
        ("non", Wish.PREVIEW),
        ("aperçu", Wish.PREVIEW),
        ("brouillon", Wish.DRAFT),
    ],
)
def test_wishes(written: str, wish: Wish) -> None:
    """`envoi` has three answers, also in a file that cannot be read otherwise."""
    assert read(f"{ONE}envoi: {written}\n").send is wish
    assert read_wish(f"objet: 'x\n  [[[\nenvoi: {written}\n".encode()) is wish


@pytest.mark.parametrize(
    ("written", "verb", "wording"),
    [
        ("recommencer", Verb.RESTART, "restart"),
        ("Recommencer  2", Verb.RESTART, "restart 2"),
        ("restart 2", Verb.RESTART, "restart 2"),
        ("déjà partie", Verb.ALREADY_SENT, "already sent"),
        ("deja  Partie", Verb.ALREADY_SENT, "already sent"),
        ("pas partie le 3 DÉCEMBRE", Verb.NOT_SENT, "not sent le 3 décembre"),
        ("envoyer", Verb.SEND, "send"),
    ],
)
def test_an_order_has_one_wording(written: str, verb: Verb, wording: str) -> None:
    """The verb is one across languages, the rest in small letters with single blanks."""
    action = read(f"{ONE}action: {written}\n").action
    assert action is not None
    assert (action.verb, action.wording, action.line) == (verb, wording, 2)


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        (f"{ONE}action: relancer 2\n", "remind 2"),
        (f"{ONE}obget: x\naction: annuler\n", "cancel"),
        ("objet: 'x\n  [[[\naction: annuler  # vite\n", "cancel"),
        (f"{ONE}action: relancer\naction: annuler\n", "cancel"),
        (f"{ONE}action\u00a0: Annuler\n", "cancel"),
        (f"{ONE}message: |\n  action: annuler\n", None),
        ("objet: 'x\n  action: annuler\n", None),
        (f"{ONE}action: danser\n", None),
        ("", None),
        ("<html>", None),
    ],
)
def test_orders_are_found_in_broken_files(text: str, wording: str | None) -> None:
    """After sending, an order counts even where the rest is broken; the last of several lines counts."""
    action = read_orders(text.encode())
    assert (action and action.wording) == wording


def test_every_problem_at_once() -> None:
    """All problems come together, in the order of the lines."""
    text = (
        "signataires:\n"
        "  - email: m@example\n"
        "    nom: Dupont Marie\n"
        "    téléphone: 04 78 12 34 56\n"
        "    niveau: expert\n"
        "    signature: {x: 20, page: zéro}\n"
        "obget: Lettre\n"
        "ordre: hasard\n"
        "paraphe: oui\n"
        "envoi:\n"
    )
    assert said(text) == [
        ("email_invalid", 2),
        ("phone_fixed_line", 4),
        ("value_unknown", 5),
        ("number_invalid", 6),
        ("key_needs", 6),
        ("unknown_key", 7),
        ("value_unknown", 8),
        ("initials_impossible", 9),
        ("value_missing", 10),
    ]


@pytest.mark.parametrize(
    ("text", "code", "line", "values"),
    [
        (f"{ONE}obget: x\n", "unknown_key", 2, {"written": "obget", "nearest": "objet"}),
        (f"{ONE}subjet: x\n", "unknown_key", 2, {"written": "subjet", "nearest": "subject"}),
        (f"{ONE}xylophone: x\n", "unknown_key", 2, {"written": "xylophone", "nearest": ""}),
        (f"{ONE}téléphone: x\n", "key_misplaced", 2, {"key": "téléphone"}),
        (f"{ONE}contacts:\n  x: y\n", "key_only_in_settings", 2, {"key": "contacts"}),
        (
            f"{ONE}objet: a\nsubject: b\n",
            "key_twice",
            3,
            {"written": "subject", "first": "objet", "first_line": "2"},
        ),
        (f"{ONE}objet: a\nobjet: b\n", "yaml_duplicate_key", 3, {"key": "objet", "first_line": "2"}),
        (f"{ONE}objet: HÃ©lène\n", "text_garbled", 2, {"key": "objet", "written": "HÃ©lène"}),
        (f"{ONE}objet:\n  - a\n", "value_not_text", 2, {"key": "objet"}),
        (f"{ONE}parapher: oui\n", "initials_impossible", 2, {"written": "parapher"}),
        (f"{ONE}signature: ici\n", "value_not_keys", 2, {"key": "signature", "written": "ici"}),
        (f"{ONE}signature: {{x: -2, y: 2}}\n", "length_invalid", 2, {"key": "x", "written": "-2"}),
        (f"{ONE}signature: {{x: 2, y: 101 %}}\n", "length_invalid", 2, {"key": "y", "written": "101 %"}),
        (
            f"{ONE}signature: {{x: 2, y: 2, coin: haut droite}}\n",
            "keys_contradict",
            2,
            {"key": "coin", "other": "x"},
        ),
        ("objet: x\n", "signatories_missing", None, {}),
        ("signataires:\n", "value_missing", 1, {"key": "signataires"}),
        ("Bonjour, merci\n", "sidecar_not_understood", 1, {"written": "Bonjour, merci"}),
        ("signataires: Marie Dupont\n", "signatory_not_understood", 1, {"written": "Marie Dupont"}),
        ("<!DOCTYPE html>\n<html>", "sidecar_html", None, {}),
        ("  <HTML>", "sidecar_html", None, {}),
        ("", "sidecar_empty", None, {}),
        ("\ufeff# rien\n\n", "sidecar_empty", None, {}),
        (f"{ONE}a: &a [x, x]\nb: [*a, *a, *a]\n", "yaml_alias", 2, {"name": "&a"}),
        (
            f"{ONE}xylophone: !!python/object:os.system x\n",
            "yaml_tag",
            2,
            {"tag": "!!python/object:os.system"},
        ),
        (
            f"{ONE}coin: {'é' * 200}\n",
            "key_misplaced",
            2,
            {"key": "coin"},
        ),
    ],
)
def test_problems(text: str, code: str, line: int | None, values: dict[str, str]) -> None:
    """Each problem has its code, its line and what its sentence needs."""
    found = next(problem for problem in problems(text) if problem.code == code)
    assert (found.line, {key: found.values[key] for key in values}) == (line, values)


def test_whose_problem_it_is() -> None:
    """A signatory's problem names the person by what was read of them."""
    text = (
        "signataires:\n  - {nom: Dupont, prénom: Marie, email: m@example.fr, téléphone: '01 23 45 67 89'}\n"
    )
    assert problems(text)[0].values == {"who": "Marie Dupont", "written": "01 23 45 67 89"}


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("documents: autre.pdf", "documents"),
        ("annexes: Annexe*.pdf", "annexes"),
        ("note: appelé le 3/12", "note"),
        ("puis: expert-comptable", "puis"),
        ("then: a@example.fr", "then"),
        ("confidentialité: a@example.fr", "confidentialité"),
        ("logo: non", "logo: non"),
        ("manuscrite: oui", "manuscrite: oui"),
        ("demandeur: Claire", "demandeur"),
        ("signature: {près de: Signature du client, occurrence: 2, décalage: 1 cm; -2 mm}", "près de"),
        ("signature: {ancre: Signature du client}", "ancre"),
        ("signature: {coin: bas droite}", "coin"),
        ("signature: {document: autre.pdf}", "document"),
        ("message: voir Message.txt", "message: voir Message.txt"),
    ],
)
def test_what_is_not_acted_on_yet(line: str, key: str) -> None:
    """Every known word that nothing obeys yet is refused by its name, never ignored."""
    found = problems(f"{ONE}{line}\n")
    assert ("not_yet", 2, key) in [(one.code, one.line, one.values.get("key")) for one in found]
    assert {one.code for one in found} <= {"not_yet", "phone_missing", "name_missing"}


@pytest.mark.parametrize("line", ["niveau: avancé", "level: qualified", "contact: expert-comptable"])
def test_signatory_keys_not_acted_on_yet(line: str) -> None:
    """Levels and contacts are read, and refused by name."""
    person = f"signataires:\n  - email: a@example.fr\n    nom: A B\n    téléphone: 0612345678\n    {line}\n"
    assert [one.code for one in problems(person)] == ["not_yet"]


@pytest.mark.parametrize("line", ["verrouiller: non", "logo: oui", "attestation: no", "manuscrite: non"])
def test_what_asks_for_nothing_is_accepted(line: str) -> None:
    """A key that asks for what happens anyway is no problem."""
    assert not problems(f"{ONE}{line}\n")


def test_its_own_pdf_may_be_named() -> None:
    """`documents` and `document` may name the request's own PDF, in any case."""
    text = f"{ONE}documents: LETTRE.pdf\nsignature: {{document: lettre.PDF, page: 1, x: 1, y: 1}}\n"
    assert not problems(text, pdf_name="Lettre.pdf")
    assert len(problems(text, pdf_name="autre.pdf")) == 2


def test_settings() -> None:
    """Settings need no signatories, accept no order, and hold keys of their own."""
    assert not problems("objet: Lettre de mission 2026\nenvoi: non\n", settings=True)
    assert not problems("# rien\n", settings=True)
    assert said("action: annuler\n", settings=True) == [("action_in_settings", 1)]
    text = "contacts:\n  expert-comptable: Claire Bernard <c@example.fr> 06 98 76 54 32\ndépôt: À signer\n"
    assert said(text, settings=True) == [("not_yet", 1), ("not_yet", 3)]


def test_then_is_always_one_after_the_other() -> None:
    """`puis` beside `ordre: parallèle` is a contradiction."""
    assert ("keys_contradict", 3) in said(f"{ONE}puis: expert-comptable\nordre: parallèle\n")


def test_one_place_for_everybody() -> None:
    """A place at the edge of the file is everybody's who has none of their own."""
    text = (
        "signataires:\n"
        "  - A B <a@example.fr> 06 12 34 56 78\n"
        "  - {email: c@example.fr, nom: C D, téléphone: 06 98 76 54 32, signature: {page: 2}}\n"
        "signature: {page: 1}\n"
    )
    assert [one.placements[0].page for one in read(text).signatories] == [1, 2]


def test_lists_of_names() -> None:
    """Files are named one by one or in a list; a comma never separates them."""
    text = f"{ONE}documents:\n  - Mandat, version 2.pdf\n  - Annexe 1: Tarifs #3.pdf\n  -\n  - - x\n"
    assert said(text) == [("not_yet", 2), ("value_missing", 5), ("value_not_text", 6)]
    notes = Notes()
    node = load("- Mandat, version 2.pdf\n- b.pdf\n")
    assert node is not None
    assert texts(notes, Scalar("documents", 1), node) == ("Mandat, version 2.pdf", "b.pdf")


@pytest.mark.parametrize(
    "written", ["10 mm, -5 mm", "1 cm -0,5 cm", "[10, -5]", "10, -5", "1,0 cm, -0,5 cm", "10 mm / -5 mm"]
)
def test_offsets(written: str) -> None:
    """An offset is two lengths, to the right and down, either with a sign."""
    node = load(f"- {{}}\n- x\n- {written}\n") if written.startswith("[") else load(f'- "{written}"\n')
    assert isinstance(node, Sequence)
    request_notes = Notes()
    inner = Mapping(((Scalar("près de", 1), Scalar("ici", 1)), (Scalar("décalage", 1), node.items[-1])), 1)
    place = read_placements(request_notes, Scalar("signature", 1), inner)[0]
    assert not request_notes.problems
    assert place.offset is not None
    assert [round(one.value, 1) for one in place.offset] == [28.3, -14.2]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("signature: {près de: a, décalage: loin}", "length_invalid"),
        ("signature: {près de: a, décalage: [1, 2, 3]}", "length_invalid"),
        ("signature: {près de: a, décalage: {x: 1}}", "value_not_text"),
        ("signature: {occurrence: 2}", "key_needs"),
        ("signature: {page: [1]}", "value_not_text"),
        ("signature: {page: 0}", "number_invalid"),
        ("signature: {x: [1], y: 20000}", "length_invalid"),
        ("signature: {coin: milieu}", "value_unknown"),
        ("signature:", "value_missing"),
        ("signature: [a]", "value_not_keys"),
        ("rappels: souvent", "value_not_keys"),
        ("rappels: {parfois: 1}", "unknown_key"),
        ("action: danser", "value_unknown"),
        ("action: [annuler]", "value_not_text"),
        ("verrouiller: peut-être", "value_unknown"),
    ],
)
def test_values_that_are_not_read(line: str, code: str) -> None:
    """What is no length, number, word or map is said with its line."""
    assert (code, 2) in said(f"{ONE}{line}\n")


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("{}", ["email_missing", "name_missing", "phone_missing"]),
        ("{email: a@example.fr, nom: A1, téléphone: ''}", ["name_digits", "phone_missing"]),
        ("{email: , nom: '-', téléphone: [1]}", ["value_missing", "name_missing", "value_not_text"]),
        (
            "{email: a@example.fr b@example.fr, nom: HÃ©, téléphone: '1'}",
            ["email_two", "name_garbled", "phone_too_short"],
        ),
        ("[a@example.fr]", ["value_not_text"]),
        ("", ["value_missing"]),
        ("{contact: }", ["value_missing", "not_yet"]),
    ],
)
def test_people_that_are_not_read(lines: str, codes: list[str]) -> None:
    """Each missing or odd part of a person is a problem of its own."""
    assert sorted(code for code, _ in said(f"signataires:\n  - {lines}\n")) == sorted(codes)


def test_contacts_are_judged() -> None:
    """A contact's own mistakes are said beside the refusal of the key."""
    assert ("phone_too_short", 2) in said(
        "contacts:\n  x: A B <a@example.fr> 06 12\u00a034 5\n", settings=True
    )
    assert ("value_not_keys", 1) in said("contacts: x\n", settings=True)


def test_texts_stay_texts() -> None:
    """Nothing that a person writes becomes a number, a date, or nothing."""
    text = "signataires:\n  - email: a@example.fr\n    prénom: No\n    nom: Null\n    téléphone: 0612345670\n"
    request = read(f"{text}objet: 2026-11-23\nmessage: 12:30\n")
    one = request.signatories[0]
    assert (one.name, one.phone, request.subject, request.message) == (
        "No Null",
        "+33612345670",
        "2026-11-23",
        "12:30",
    )


def test_five_megabytes() -> None:
    """A file of five megabytes is refused by its size, at once."""
    begun = time.monotonic()
    assert said(b"signataires: x\n" * 350_000) == [("sidecar_too_large", None)]
    assert read_orders(b"action: annuler\n" * 350_000) is None
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    "piece",
    [
        "@",
        "a@",
        "1 ",
        "(",
        "«",
        "+",
        "O0",
        "- ",
        "-a\n",
        "objet: 'a\n",
        "objet: a\n b\n",
        "{a ",
        "<!--",
        "\\",
    ],
)
def test_rubbish_costs_little(piece: str) -> None:
    """The largest file of one thing repeated is judged in seconds, never in minutes."""
    begun = time.monotonic()
    data = (f"signataires: {piece}" + piece * MAX_BYTES)[: MAX_BYTES // 4].encode()[:MAX_BYTES]
    assert said(data)
    assert time.monotonic() - begun < 10


def test_too_many_people_and_problems() -> None:
    """A file of rubbish gives a status that can still be read."""
    assert said("signataires:\n" + "- a@example.fr\n" * 51) == [("signatories_too_many", 1)]
    assert len(problems(ONE + "".join(f"clé{n}: x\n" for n in range(200)))) == 50


def test_codes_of_the_table_exist() -> None:
    """Each line of the table of what is not acted on yet names a known key."""
    known = {key.rpartition(".")[2] for key in words.ALL_KEYS}
    assert all(mark.partition("=")[0] in known for mark in NOT_YET)


FRAGMENTS = [
    *itertools.chain.from_iterable(words.ALL_KEYS.values()),
    *(
        "\n",
        "\n  ",
        "\n- ",
        ": ",
        ":",
        " - ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "|",
        ">",
        '"',
        "'",
        "#",
        "&a",
        "*a",
    ),
    *(
        "marie@example.fr",
        "06 12 34 56 78",
        "Marie Dupont",
        "oui",
        "annuler",
        "20 mm",
        "dernière",
        "\t",
        "\u00a0",
    ),
    *("1", "é", "Ã©", "--", "…", "\x00", "\x85", "%", "!x", "?", "<html>", "\ufeff"),
]


@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(lambda x: "".join(x).encode())
)
def test_any_bytes_are_a_request_or_rejected(data: bytes) -> None:
    """Whatever stands in a file: a whole request, or problems that the list of codes knows; nothing else."""
    for settings in (False, True):
        found = problems(data, settings=settings)
        for problem in found:
            if not problem.code.startswith("yaml_"):
                assert set(problem.values) == set(CODES[problem.code][0]), problem
        if not found:
            request = read_sidecar(data, settings=settings)
            assert settings or request.signatories
            assert all(one.email and one.name and one.phone for one in request.signatories)
    read_orders(data)
    read_wish(data)
