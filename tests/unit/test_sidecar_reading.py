"""From the bytes of a sidecar to a request or every problem at once (design, section 4; scenario B4)."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Problem, RequestRejected
from connector.report.problems import in_body
from connector.report.typography import TIE
from connector.sidecar import slips, words
from connector.sidecar.codes import CODES
from connector.sidecar.fields import Notes, file_names
from connector.sidecar.inherit import resolve
from connector.sidecar.model import Afterwards, Level, Order, Reminders, SignatureRequest, Verb, Wish
from connector.sidecar.placing import read_placements
from connector.sidecar.reading import MAX_BYTES, read_orders, read_sidecar, read_whole, read_wish
from connector.text_yaml import Mapping, Scalar, Sequence, load

GUIDE = Path(__file__).parents[2] / "docs" / "guide-utilisateur.md"
ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"


def problems(text: str | bytes, *, settings: bool = False, pdf_name: str | None = None) -> list[Problem]:
    """Return what reading says, and for a request what it then lacks: no settings above, nobody known."""
    data = text if isinstance(text, bytes) else text.encode()
    found: list[Problem] = []
    try:
        read_sidecar(data, settings=settings, pdf_name=pdf_name)
    except RequestRejected as rejected:
        found += list(rejected.problems) or [Problem(code="rejected without a reason")]
    whole = read_whole(data, settings=settings, pdf_name=pdf_name)
    assert list(whole.problems) == found
    if whole.request is None or settings:
        return found
    return found + list(resolve(whole.request, [], lambda _: None, levels=["simple"]).problems)


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
        ("signataires: Marie Dupont\n", "contact_unknown", 1, {"written": "Marie Dupont", "known": ""}),
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


@pytest.mark.parametrize("settings", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04\x14\x00\x06\x00word/document.xml",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"{\\rtf1\\ansi {\\fonttbl\\f0\\fswiss Helvetica;}\n\\f0 signataires: Marie Dupont <m@cabinet.fr> 0612345678}",
        b"%PDF-1.7\n%\xb5\xed\xae\xfb\n",
    ],
)
def test_what_a_word_processor_made(data: bytes, settings: bool) -> None:
    """Renamed, it is no text yet: said by what it is, not by whatever stands in its first line."""
    assert [(one.code, one.line) for one in read_whole(data, settings=settings).problems] == [
        ("sidecar_not_text", None)
    ]


def test_whose_problem_it_is() -> None:
    """A signatory's problem names the person by what was read of them."""
    text = (
        "signataires:\n  - {nom: Dupont, prénom: Marie, email: m@example.fr, téléphone: '01 23 45 67 89'}\n"
    )
    assert problems(text)[0].values == {"who": "Marie Dupont", "written": "01 23 45 67 89"}


EVERY_KEY = [
    ("documents: autre.pdf", "documents: autre.pdf", {"documents": ("autre.pdf",)}),
    ("document: autre.pdf", "documents:\n - autre.pdf", {"documents": ("autre.pdf",)}),
    ("annexes: Annexe*.pdf", "annexes: Annexe*.pdf", {"annexes": ("Annexe*.pdf",)}),
    ("annexes: aucune", "annexes: none", {"annexes": ()}),
    ("objet: Bilan", "subject: Bilan", {"subject": "Bilan"}),
    ("message: Bonjour", "message: Bonjour", {"message": "Bonjour", "message_file": None}),
    ("message: voir M.txt", "message: see M.txt", {"message": None, "message_file": "M.txt"}),
    ("message: voir « M 1.txt »", "message: cf. M 1.txt", {"message": None, "message_file": "M 1.txt"}),
    ("message: « M.txt »", "message: M.txt", {"message": None, "message_file": "M.txt"}),
    ("message: voir M 1.txt.", "message: 'see : M 1.txt'", {"message": None, "message_file": "M 1.txt"}),
    ("message: Lisez M.txt", "message: Lisez M.txt", {"message": "Lisez M.txt", "message_file": None}),
    ("message: voir demain", "message: voir demain", {"message": "voir demain", "message_file": None}),
    ("note: appelé le 3/12", "note: appelé le 3/12", {"note": "appelé le 3/12"}),
    ("ordre: parallèle", "order: parallel", {"order": Order.PARALLEL}),
    ("envoi: brouillon", "send: draft", {"send": Wish.DRAFT}),
    ("compte: lyon-social", "account: lyon-social", {"account": "lyon-social"}),
    ("verrouiller: oui", "lock: yes", {"lock": True}),
    ("protéger: oui", "lock: on", {"lock": True}),
    ("attestation: oui", "certificate: yes", {"certificate": True}),
    (
        "confidentialité: a@example.fr, Claire <b@example.fr>",
        "confidential_to:\n - a@example.fr\n - b@example.fr",
        {"confidential_to": ("a@example.fr", "b@example.fr")},
    ),
    ("confidentialité: personne", "confidential_to: nobody", {"confidential_to": ()}),
    ("logo: non", "logo: no", {"logo": False}),
    ("manuscrite: oui", "handwritten: yes", {"handwritten": True}),
    ("demandeur: Claire Bernard", "requester: Claire Bernard", {"requester": "Claire Bernard"}),
    ("demandeur: c@example.fr", "requester: c@example.fr", {"requester": "c@example.fr"}),
    (
        "demandeur: Claire Bernard <c@example.fr>",
        "requester: Claire Bernard <c@example.fr>",
        {"requester": "Claire Bernard <c@example.fr>"},
    ),
    (
        "rappels: {premier: 3 j, tous_les: 4 jours, maximum: 3}",
        "reminders:\n  first: 3d\n  every: 4\n  max: 3",
        {"reminders": Reminders(first=3, every=4, maximum=3)},
    ),
    ("rappels: {tous les: 2 semaines}", "reminders: {every: 14 days}", {"reminders": Reminders(every=14)}),
    ("rappels: non", "reminders: {max: 0}", {"reminders": Reminders(maximum=0)}),
    ("puis: personne", "then: nobody", {"then": ()}),
    ("après signature: ranger", "after signing: tidy", {"after_signing": Afterwards.TIDY}),
    ("Après la signature: « laisser »", "after_signing: leave", {"after_signing": Afterwards.LEAVE}),
]


@pytest.mark.parametrize(("french", "english", "fields"), EVERY_KEY, ids=[row[0] for row in EVERY_KEY])
def test_every_key_is_understood(french: str, english: str, fields: dict[str, object]) -> None:
    """Each key of a request fills its field, in French and in English, and is known to stand in the file."""
    for line in (french, english):
        request = read(f"{ONE}{line}\n")
        assert {name: getattr(request, name) for name in fields} == fields
        assert set(request.lines) == {"signatories", words.find(line.split(":")[0], words.REQUEST_KEYS)}


def test_every_key_of_a_request_has_its_row() -> None:
    """No key of the grammar is left out of the table above, but those with a test of their own."""
    rows = {words.find(row[0].split(":")[0], words.REQUEST_KEYS) for row in EVERY_KEY}
    assert words.REQUEST_KEYS.keys() - rows == {"signatories", "action", "place"}


@pytest.mark.parametrize("verb", Verb)
def test_every_order_is_understood(verb: Verb) -> None:
    """Each order is read in both languages."""
    for written in words.VERBS[verb.value]:
        action = read(f"{ONE}action: {written}\n").action
        assert action is not None
        assert action.verb is verb


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("niveau: avancé", "level: advanced"),
        (
            "signature: {près de: ici, occurrence: 2, décalage: 1 cm; -2 mm}",
            "place: {near: ici, occurrence: 2, offset: 1 cm; -2 mm}",
        ),
        ("signature: {ancre: ici, document: autre.pdf}", "place: {near: ici, document: autre.pdf}"),
        ("signature: {coin: en bas à droite}", "place: {corner: bottom right}"),
        ("contact: expert-comptable", "contact: expert-comptable"),
    ],
)
def test_every_key_of_a_signatory_is_understood(french: str, english: str) -> None:
    """What stands below a person is one thing in both languages, and is told to be theirs."""
    person = "signataires:\n  - email: a@example.fr\n    nom: A B\n    téléphone: 0612345678\n    "
    one, other = (read(f"{person}{line}\n").signatories[0] for line in (french, english))
    assert one == other
    assert one.written[:3] == ("email", "last_name", "phone")
    assert one.written[3] in {"level", "place", "contact"}
    assert one.level.value in {"simple", "advanced"}


@pytest.mark.parametrize(
    "text",
    [
        "signataires:\n  - {email: m@example.fr, nom: A B, téléphone: 0612345678, ordre: 4}\n",
        "signataires:\n  - email: m@example.fr\n    nom: A B\n    téléphone: 0612345678\n    ordre: 4\n",
        "signataires:\n  - {email: m@example.fr, nom: A B, téléphone: 0612345678, Order: 4}\n",
    ],
)
def test_the_order_of_one_signatory_is_that_of_the_lines(text: str) -> None:
    """It is indented below somebody: to say that it should be is of no use."""
    (found,) = problems(text)
    assert found.code == "order_of_one"
    assert "on signe dans l’ordre des lignes" in in_body(found, "fr").replace(TIE, " ")
    assert "sign in the order of the lines" in in_body(found, "en").replace(TIE, " ")


TWO_LINES = f"signataires:\n  - {ONE.partition(' ')[2]}"
PERSON = ONE.partition(" ")[2]


@pytest.mark.parametrize("line", ["objet : Lettre", "  - téléphone portable : 06 47 12 83 95", "puis:"])
def test_a_word_with_its_colon_is_no_slip(line: str) -> None:
    """Whatever else YAML found wrong there: what is right is not to be changed."""
    assert slips.behind("yaml_syntax", 1, [line]) is None


@pytest.mark.parametrize(
    ("text", "code", "line", "key"),
    [
        # YAML names the line below, or nothing: a colon that is right would be put between quotes
        (f"objet Lettre de mission\n{ONE}", "colon_missing", 1, "objet"),
        (f"Objet = Lettre\n{ONE}", "colon_missing", 1, "Objet"),
        (f"{ONE}envoi non\n", "colon_missing", 2, "envoi"),
        (f"{ONE}\n# rien\naprès signature ranger\n", "colon_missing", 4, "après signature"),
        (f"{ONE}signature\n  coin: bas droite\n", "colon_missing", 2, "signature"),
        (
            "signataires:\n  - email: a@example.fr\n    prénom Marie\n    nom: D\n",
            "colon_missing",
            3,
            "prénom",
        ),
        ("signataires\n  - email: a@example.fr\n    nom: D\n", "colon_missing", 1, "signataires"),
        # it would be read, and leave, as a part of the name
        (f"signataires {PERSON}", "colon_missing", 1, "signataires"),
        (f"Signataires\n- {PERSON}- {PERSON}", "colon_missing", 1, "Signataires"),
        ("signataires a@example.fr 06 12 34 56 78\n", "colon_missing", 1, "signataires"),
        (f"{PERSON}envoi non\n", "key_in_name", 1, "envoi"),
        (f"{ONE}  Envoi non\n", "key_in_name", 1, "Envoi"),
        (f"{ONE.rstrip()} puis expert-comptable\n", "key_in_name", 1, "puis"),
        (f"{TWO_LINES}    objet Lettre 2026\n", "key_in_name", 2, "objet"),
        # a telephone begins every line with a capital
        (f"{PERSON}Puis expert-comptable\n", "key_in_name", 1, "Puis"),
        (f"{ONE}  Niveau avancé\n", "key_in_name", 1, "Niveau"),
        (f"{TWO_LINES}    Annexe Tarifs.pdf\n  - {PERSON}", "key_in_name", 2, "Annexe"),
        (f"{PERSON}Action annuler\n", "key_in_name", 1, "Action"),
        # a firm may be called so: what its cure says is true of it, too
        (ONE.replace("Marie Dupont", "Envoi Express"), "key_in_name", 1, "Envoi"),
        # one line takes no keys below it, whatever their indent
        (f"{TWO_LINES}    niveau: simple\n", "keys_below_line", 3, "niveau"),
        (f"{TWO_LINES}  niveau: simple\n", "keys_below_line", 3, "niveau"),
        (f"{ONE}  signature: {{coin: bas gauche}}\n", "keys_below_line", 2, "signature"),
    ],
)
def test_a_word_that_is_not_read_as_one(text: str, code: str, line: int, key: str) -> None:
    """It is named, with its own line: nothing leaves with half of what was meant."""
    (found,) = problems(text)
    assert (found.code, found.line, found.values["key"]) == (code, line, key)


@pytest.mark.parametrize(
    "name",
    [
        *("Jean Puis", "Jean Puis Martin", "Anne Page", "Paul Note", "Ann Lock", "Niveau Plus"),
        *("jean michel puis", "ann mary lock", "sarl haut niveau"),
    ],
)
def test_a_family_may_bear_a_word_of_ours(name: str) -> None:
    assert read(ONE.replace("Marie Dupont", name)).signatories[0].name == name


def test_a_firm_that_is_called_by_a_word_of_ours_signs_on_several_lines() -> None:
    """As the sentence on it says."""
    (found,) = problems(ONE.replace("Marie Dupont", "SARL Envoi Express"))
    assert "sur plusieurs lignes" in in_body(found, "fr").replace(TIE, " ")
    lines = ("- email: a@example.fr", "prénom: SARL", "nom: Envoi Express", "téléphone: 06 12 34 56 78")
    assert read("signataires:\n  " + "\n    ".join(lines)).signatories[0].name == "SARL Envoi Express"


@pytest.mark.parametrize("line", ["message: Appelez le 02 40 12 34 56", "demandeur: Claire <c@example.fr>"])
def test_what_is_no_person_takes_no_lines_below_it(line: str) -> None:
    """It is not told to be written as a person is."""
    assert [code for code, _ in said(f"{ONE}{line}\n  téléphone: 02 40 12 34 57\n")] == ["yaml_indent"]


def test_prose_is_no_word_without_its_colon() -> None:
    """A message that goes on at the edge: what it begins with, YAML says as before."""
    assert said(f"message: Bonjour,\ny compris la lettre\n{ONE}") == [("yaml_syntax", 2)]


def test_the_words_for_an_order_are_those_of_the_guide() -> None:
    (found,) = problems(f"{ONE}ordre: 1, 3\n")
    assert found.values["allowed"] == "l'un après l'autre, parallèle"
    assert f"`{found.values['allowed'].partition(',')[0]}`" in GUIDE.read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("langue: anglais", "language_impossible"),
        ("language: en", "language_impossible"),
        ("échéance: 31/12/2026", "expiry_impossible"),
        ("date limite: 8 jours", "expiry_impossible"),
        ("expiration: 8 jours", "expiry_impossible"),
        ("expiry: 8d", "expiry_impossible"),
        ("copie: a@example.fr", "copies_impossible"),
        ("copies: a@example.fr", "copies_impossible"),
        ("cc: a@example.fr", "copies_impossible"),
        ("destinataires en copie: a@example.fr", "copies_impossible"),
        ("paraphe: oui", "initials_impossible"),
        ("initials: yes", "initials_impossible"),
        ("après signature: supprimer", "value_unknown"),
        ("après signature: oui", "value_unknown"),
        ("délai d'envoi: 5 min", "unknown_key"),
        ("annexes: ../Clients/x.pdf", "document_elsewhere"),
        ("annexes: Annexe 1.pdf, Annexe 2.pdf", "files_on_one_line"),
        ("documents: Bilan.pdf et Liasse.PDF", "files_on_one_line"),
        ("annexes: [photo.jpg ; plan.png]", "files_on_one_line"),
        ("documents: C:\\x.pdf", "document_elsewhere"),
        ("signature: {document: a/b.pdf, coin: haut droite}", "document_elsewhere"),
        ("message: voir ../x.txt", "document_elsewhere"),
        ("message: voir Message.docx", "message_file_kind"),
        ("confidentialité: oui", "email_invalid"),
        ("confidentialité: [a@example.fr, b@c]", "email_invalid"),
        ("demandeur: claire@example", "email_invalid"),
        ("demandeur: a@example.fr b@example.fr", "email_two"),
        ("rappels: {premier: bientôt}", "days_invalid"),
        ("rappels: {premier: 0}", "days_invalid"),
        ("rappels: {premier: 2 ans}", "days_invalid"),
        ("rappels: {maximum: 3 j}", "number_invalid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(line: str, code: str) -> None:
    """What the platform has no field for, and what names no file of the folder, is said in words of its own."""
    found = problems(f"{ONE}{line}\n")
    assert [(one.code, one.line) for one in found] == [(code, 2)]
    assert set(found[0].values) == set(CODES[code][0])


@pytest.mark.parametrize("line", ["verrouiller: non", "logo: oui", "attestation: no", "manuscrite: non"])
def test_what_asks_for_nothing_is_accepted(line: str) -> None:
    """A key that asks for what happens anyway is no problem."""
    assert not problems(f"{ONE}{line}\n")


def test_its_own_pdf_may_be_named() -> None:
    """`documents` with the request's own PDF alone, in any case, asks for nothing more."""
    text = f"{ONE}documents: LETTRE.pdf\n".encode()
    assert read_sidecar(text, pdf_name="Lettre.pdf").documents == ()
    assert read_sidecar(text, pdf_name="autre.pdf").documents == ("LETTRE.pdf",)


def test_settings() -> None:
    """Settings need no signatories, accept no order, and hold keys of their own."""
    assert not problems("objet: Lettre de mission 2026\nenvoi: non\n", settings=True)
    assert not problems("# rien\n", settings=True)
    assert said("action: annuler\n", settings=True) == [("action_in_settings", 1)]
    text = "contacts:\n  Expert-comptable: Claire Bernard <c@example.fr> 06 98 76 54 32\ndépôt: À signer\n"
    settings = read_sidecar(text.encode(), settings=True)
    assert [(name, one.email, one.line) for name, one in settings.contacts.items()] == [
        ("Expert-comptable", "c@example.fr", 2)
    ]
    assert (settings.drop, settings.lines) == ("À signer", {"contacts": 1, "drop": 3})
    assert read_sidecar("dépôt: non\n".encode(), settings=True).lines == {"drop": 1}
    assert read_sidecar("après signature: ranger\n".encode(), settings=True).after_signing is Afterwards.TIDY


def test_lists_of_names() -> None:
    """Files are named one by one or in a list; a comma never separates them."""
    text = f"{ONE}documents:\n  - Mandat, version 2.pdf\n  - Annexe 1: Tarifs #3.pdf\n  -\n  - - x\n"
    assert said(text) == [("value_missing", 5), ("value_not_text", 6)]
    notes = Notes()
    node = load("- Mandat, version 2.pdf\n- b.pdf\n")
    assert node is not None
    assert file_names(notes, Scalar("documents", 1), node) == ("Mandat, version 2.pdf", "b.pdf")


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
        ("signature: {près de: a, décalage: loin}", "offset_invalid"),
        ("signature: {près de: a, décalage: 10 mm}", "offset_invalid"),
        ("signature: {près de: a, décalage: [1, 2, 3]}", "offset_invalid"),
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
        ("{email: , nom: '-', téléphone: [1]}", ["email_missing", "name_missing", "value_not_text"]),
        ("{email: a@example.fr, nom: , prénom: }", ["name_missing", "phone_missing"]),
        ("{email: a@example, niveau: simple}", ["email_invalid"]),
        (
            "{email: a@example.fr b@example.fr, nom: HÃ©, téléphone: '1'}",
            ["email_two", "name_garbled", "phone_too_short"],
        ),
        ("[a@example.fr]", ["value_not_text"]),
        ("{1: Marie Dupont a@example.fr, 2: Paul Durand b@example.fr}", ["two_people_in_one"]),
        ("", ["value_missing"]),
        ("{contact: }", ["value_missing"]),
        ("expert-comptable", ["contact_unknown"]),
        ("Marie Dupont 06 12 34 56 78", ["email_missing"]),
        ("a@example.fr", ["name_missing", "phone_missing"]),
        ("04 78 12 34 56", ["email_missing", "name_missing", "phone_fixed_line"]),
        ("123", ["signatory_not_understood"]),
        ("?!", ["signatory_not_understood"]),
    ],
)
def test_people_that_are_not_read(lines: str, codes: list[str]) -> None:
    """Each missing or odd part of a person is a problem of its own."""
    assert sorted(code for code, _ in said(f"signataires:\n  - {lines}\n")) == sorted(codes)


def test_contacts_are_judged() -> None:
    """A contact's own mistakes are said; what it lacks may be known from elsewhere."""

    def contacts(lines: str) -> list[tuple[str, int | None]]:
        return said(f"contacts:\n{lines}", settings=True)

    assert contacts("  x: A B <a@example.fr> 06 12\u00a034 5\n") == [("phone_too_short", 2)]
    assert contacts("  x: Claire Bernard\n") == [("signatory_not_understood", 2)]
    assert contacts("  x: a@example.fr\n  y: {nom: A B, email: b@example.fr, niveau: avancé}\n") == []
    assert contacts("  x: [a@example.fr]\n  y:\n") == [("value_not_text", 2), ("value_missing", 3)]
    assert contacts("  x: {contact: y}\n") == [("key_misplaced", 2)]
    assert contacts("  expert comptable: a@example.fr\n  Expert-Comptable: b@example.fr\n") == [
        ("key_twice", 3)
    ]
    assert contacts("  '-': a@example.fr\n") == [("unknown_key", 2)]
    assert said("contacts: x\n", settings=True) == [("value_not_keys", 1)]
    assert said("contacts:\n", settings=True) == [("value_missing", 1)]


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
        if not found and not settings:
            request = resolve(read_sidecar(data), [], lambda _: None, levels=["simple"]).request
            assert request.signatories
            assert all(one.email and one.name and one.phone for one in request.signatories)
    read_orders(data)
    read_wish(data)
