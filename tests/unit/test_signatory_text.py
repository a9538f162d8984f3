"""One line of text → one person, or every reason why not (accountant's page, 1.4; scenario B5)."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.report.problems import in_body
from connector.report.typography import TIE
from connector.sidecar.codes import CODES
from connector.signatory_text import (
    is_garbled,
    is_garbled_name,
    read_email,
    read_emails,
    read_name,
    read_person,
    read_phone,
)
from connector.text_yaml import decode

MARIE = ("marie.dupont@example.fr", "Marie", "Dupont", "+33612345678")


@pytest.mark.parametrize(
    "text",
    [
        "Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78",
        "06 12 34 56 78 Marie Dupont marie.dupont@example.fr",
        "Mme Marie Dupont <mailto:marie.dupont@example.fr> 06.12.34.56.78",
        '"Marie Dupont" <marie.dupont@example.fr>, tél. : 06-12-34-56-78',
        "Dupont, Marie <marie.dupont@example.fr> ; 06 12 34 56 78",
        "Marie Dupont, gérante de la SARL, marie.dupont@example.fr, +33 (0)6 12 34 56 78",
        "Madame Marie Dupont - présidente - marie.dupont@example.fr - portable 0612345678",
        "Marie Dupont (directrice générale) marie.dupont@example.fr 612345678.0",
        "Marie Dupont marie.dupont@example.fr <mailto:marie.dupont@example.fr> O6 12 34 56 78 (perso)",
        "Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78 (portable)",
        "Marie Dupont, marie.dupont@example.fr, n° 06 12 34 56 78",
        "Nom : Dupont, prénom : Marie, marie.dupont@example.fr, Port. : 06 12 34 56 78",
        "Prénom: Marie Nom: Dupont <marie.dupont@example.fr> 0612345678",
        "Nom : Marie Dupont - marie.dupont@example.fr - 0612345678",
        "Marie\u00a0Dupont <marie.dupont@example.fr.> 06\u202f12\u202f34\u202f56\u202f78",
    ],
)
def test_one_person(text: str) -> None:
    """Address, number, civility and job are taken out; two words are first name and name."""
    person = read_person(text)
    assert (person.email, person.first_name, person.last_name, person.phone) == MARIE
    assert person.name == "Marie Dupont"
    assert not person.problems


@pytest.mark.parametrize(
    ("text", "first", "last", "whole"),
    [
        ("Marie DUPONT", "Marie", "DUPONT", "Marie DUPONT"),
        ("DUPONT Marie", "Marie", "DUPONT", "Marie DUPONT"),
        ("DUPONT, Marie", "Marie", "DUPONT", "Marie DUPONT"),
        ("LE GOFF, Marie Anne", "Marie Anne", "LE GOFF", "Marie Anne LE GOFF"),
        ("Jean-Pierre de LA TOUR", "Jean-Pierre", "de LA TOUR", "Jean-Pierre de LA TOUR"),
        ("M. Paul Martin", "Paul", "Martin", "Paul Martin"),
        ("Claire Bernard expert-comptable", "Claire", "Bernard", "Claire Bernard"),
        ("Marie Notaire", "Marie", "Notaire", "Marie Notaire"),
        ("Marie Port", "Marie", "Port", "Marie Port"),
        ("Mme Nom : Dupont Prénom : Marie", "Marie", "Dupont", "Marie Dupont"),
        ("Client, nom : Dupont prénom : Marie", "", "", "Client, Dupont Marie"),
        ("JOÃO Silva", "Silva", "JOÃO", "Silva JOÃO"),
        ("Marie Claire Dupont", "", "", "Marie Claire Dupont"),
        ("DUPONT MARIE", "", "", "DUPONT MARIE"),
        ("Marie", "", "", "Marie"),
        ("SARL Les Jardins", "", "", "SARL Les Jardins"),
        ("M. et Mme Martin", "", "", "M. et Mme Martin"),
        ("M. ou Mme Martin", "", "", "M. ou Mme Martin"),
        ("Marie Dupont, gérante ou associée", "Marie", "Dupont", "Marie Dupont"),
        ("Le Goff, Anne", "", "", "Le Goff, Anne"),
        ("12", "", "", ""),
        ("& 12", "", "", ""),
        ("nom : 12 prénom : -", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_names(text: str, first: str, last: str, whole: str) -> None:
    """Capitals are the family name, « NOM, Prénom » is turned round, anything doubtful stays whole."""
    assert read_name(text) == (first, last, whole)


@pytest.mark.parametrize(
    "before",
    ["De : ", "À : ", "A: ", "Pour : ", "Cc : ", "Signataire : ", "Adresse e-mail : ", "Contact : ", "Mme "],
)
@pytest.mark.parametrize("label", ["", "mob: ", "Mob. ", "port. ", "GSM : "])
def test_what_announces_is_no_part_of_the_name(before: str, label: str) -> None:
    """As it is pasted out of a mail's head or an address book."""
    person = read_person(f"{before}Marie Dupont <marie.dupont@example.fr> {label}06 12 34 56 78")
    assert (person.email, person.first_name, person.last_name, person.phone) == MARIE


@pytest.mark.parametrize("name", ["Marie D´Arc", "Société Alpha®", "A+ Conseil", "Nom Prénom", "Jean Nom"])
def test_a_name_without_a_strange_sign_or_a_title_is_one(name: str) -> None:
    person = read_person(f"{name} <marie.dupont@example.fr> 06 12 34 56 78")
    assert person.problems == ()


def test_digits_beside_a_name_are_asked_about_once() -> None:
    person = read_person("Lot 3 : Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78")
    assert [one.code for one in person.problems] == ["name_digits"]


@pytest.mark.parametrize(
    "name",
    [
        "Signataires = Marie Dupont",
        "Mandataire : Marie Dupont",
        "Bonjour, merci de faire signer Marie Dupont",
        "Faire signer Marie Dupont",
        "Marie Dupont pour le compte de la société Alpha",
        "UN DEUX TROIS QUATRE CINQ SIX SEPT HUIT NEUF",
        "Un deux trois quatre cinq six sept huit neuf",
        "Un Deux Trois Quatre Cinq Six Sept Huit Neuf Dix Onze Douze Treize",
        "Marie Dupont doit signer de la main droite",
        "→ Marie Dupont",
        "☐ Marie Dupont",
        "Marie Dupont + Paul Martin",
        "Prénom Nom Marie Dupont",
        "Civilité Nom Prénom Mme Dupont Marie",
        "Nom Marie Dupont",
        "Gérante Marie Dupont",
        "Expert-comptable Claire BERNARD",
    ],
)
def test_more_than_a_name_is_asked_about(name: str) -> None:
    """It would be printed on the document, and the person be called so in the invitation."""
    person = read_person(f"{name} <marie.dupont@example.fr> 06 12 34 56 78")
    assert [one.code for one in person.problems] == ["name_unclear"]
    assert (
        in_body(person.problems[0], "fr")
        .replace(TIE, " ")
        .replace("\u00a0", " ")
        .startswith(f"« {name} » n’est")
    )


@pytest.mark.parametrize(
    "name",
    [
        "Maria da Conceição de Sousa Pereira dos Santos",
        "Jean-Baptiste de La Rochefoucauld d’Estissac",
        "JEAN-BAPTISTE DE LA ROCHEFOUCAULD D’ESTISSAC",
        "DUPONT Marie Jeanne Louise Henriette Thérèse épouse MARTIN",
        "Juan Carlos Alfonso Víctor María de Borbón y Borbón-Dos Sicilias",
        "M. et Mme Jean-Pierre et Marie-Claude Dupont-Martin",
        "Mohammed ben Abdallah al Rachid el Idrissi",
        "marie jeanne de la tour du pin",
        "Marie Louise Anne Sophie Charlotte Élisabeth Dupont de La Tour d’Auvergne épouse Martin",
        "Marie Louise Anne Sophie Charlotte Élisabeth Jeanne Claire DUPONT DE LA TOUR",
        "Pedro Francisco António João Carlos Xavier Miguel Rafael Joaquim de Alcântara",
        "Juan de los Ríos de las Casas y de los Santos",
        "Anne van ’t Hof ter Horst op den Berg",
        "Marie Dupont née Durand veuve Martin épouse Bernard",
        "Hans Signer",
        "Merci Okello Obama",
        "Jean-Paul Bonjour",
        "Marie Dupont A+ Expertise",
    ],
)
def test_long_and_telling_names_are_names(name: str) -> None:
    person = read_person(f"{name} <marie.dupont@example.fr> 06 12 34 56 78")
    assert person.name == name
    assert not person.problems


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Marie Dupont 06 12 34 56 78", ["email_missing"]),
        ("marie.dupont@example.fr", ["phone_missing", "name_missing"]),
        ("Marie Dupont a@example.fr b@example.fr 06 12 34 56 78", ["email_two"]),
        ("Marie Dupont hélène@example.fr 06 12 34 56 78", ["email_invalid"]),
        ("Marie Dupont a@example.fr 06 12 34 56 78 / 07 82 34 56 78", ["phone_two_numbers"]),
        ("Marie Dupont a@example.fr 06 12 34 56 7", ["phone_too_short"]),
        ("Marie Dupont a@example.fr 3,36E+10", ["phone_excel"]),
        ("Groupe 3M a@example.fr 06 12 34 56 78", ["name_digits"]),
        ("Marie Dupont 69001 a@example.fr 06 12 34 56 78", ["phone_too_long"]),
        ("HÃ©lène Dupont a@example.fr 06 12 34 56 78", ["name_garbled"]),
        ("H\ufffdl\ufffdne Dupont a@example.fr 06 12 34 56 78", ["name_garbled"]),
    ],
)
def test_questions(text: str, codes: list[str]) -> None:
    """What cannot be read for certain becomes a question with its line, and never a number."""
    person = read_person(text, line=7)
    assert [problem.code for problem in person.problems] == codes
    assert all(problem.line == 7 for problem in person.problems)
    assert all(set(problem.values) == set(CODES[problem.code][0]) for problem in person.problems)


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("06-12-34-56-78", "+33612345678"),
        ("06/12/34/56/78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("0033 (0)6 12 34 56 78", "+33612345678"),
        ("33612345678", "+33612345678"),
        ("+330612345678", "+33612345678"),
        ("O6 12 34 56 78", "+33612345678"),
        ("06 12 34 56 OO", "+33612345600"),
        ("612345678", "+33612345678"),
        ("612345678.0", "+33612345678"),
        ("06\u202f12\u202f34\u202f56\u202f78", "+33612345678"),
        ("06 12 34 56 78 (Marie)", "+33612345678"),
        ("0612345670", "+33612345670"),
        ("0690 12 34 56", "+590690123456"),
        ("0692123456", "+262692123456"),
        ("+33 690 12 34 56", "+590690123456"),
        ("+41 79 123 45 67", "+41791234567"),
        ("06 00 00 00 00", "+33600000000"),
        ("06 11 22 33 44", "+33611223344"),
        ("Tél. : 06 98 76 54 32", "+33698765432"),
    ],
)
def test_phones_that_are_read(written: str, e164: str) -> None:
    """Each row of the phone table that is accepted gives one number, as E.164."""
    phone = read_phone(written)
    assert (phone.e164, phone.code) == (e164, None)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("079 123 45 67", "phone_grouping"),
        ("612 345 678", "phone_grouping"),
        ("3,36E+10", "phone_excel"),
        ("3.36E+10", "phone_excel"),
        ("01 23 45 67 89", "phone_fixed_line"),
        ("04 78 12 34 56", "phone_fixed_line"),
        ("09 70 12 34 56", "phone_fixed_line"),
        ("0590 12 34 56", "phone_fixed_line"),
        ("06 12 34 56 78 / 07 82 34 56 78", "phone_two_numbers"),
        ("06 12 34 56 78 ou 01 23 45 67 89", "phone_two_numbers"),
        ("06 06 06 06 06", "phone_dummy"),
        ("06 01 23 45 67", "phone_dummy"),
        ("12345678", "phone_too_short"),
        ("06 12 34 56 7", "phone_too_short"),
        ("+33 6 12 34 56 7", "phone_too_short"),
        ("06 12 34 56 789", "phone_too_long"),
        ("06 12 34 56 78 poste 12", "phone_too_long"),
        ("06 39 98 12 34", "phone_unknown"),
        ("+999 123456789", "phone_unknown"),
        ("à demander", "phone_unknown"),
        ("", "phone_missing"),
    ],
)
def test_phones_that_are_asked_about(written: str, code: str) -> None:
    """Each row of the phone table that is refused has its own code, and no number."""
    phone = read_phone(written)
    assert (phone.e164, phone.code) == ("", code)


def test_rewritten_phones_are_told() -> None:
    """A number that was repaired is shown as it was read; one in pairs is not."""
    assert read_phone("33612345678").rewritten
    assert not read_phone("06 12 34 56 78").rewritten


@pytest.mark.parametrize(
    ("written", "email", "code"),
    [
        ("marie@example.fr", "marie@example.fr", None),
        ("<mailto:Marie@EXAMPLE.fr>", "Marie@example.fr", None),
        ("marie@example.fr.", "marie@example.fr", None),
        ("« marie@example.fr »", "marie@example.fr", None),
        ("marie@exämple.fr", "marie@exämple.fr", None),
        ("o'brien@example.fr", "o'brien@example.fr", None),
        ("marie", "", "email_invalid"),
        ("marie@", "", "email_invalid"),
        ("@example.fr", "", "email_invalid"),
        ("marie..d@example.fr", "", "email_invalid"),
        ("marie@localhost", "", "email_invalid"),
        ("a@example.fr, b@example.fr", "", "email_two"),
        ("", "", "email_missing"),
    ],
)
def test_emails(written: str, email: str, code: str | None) -> None:
    """An address is judged by its form; a domain may have accents, the part before @ may not."""
    found, fault = read_email(written)
    assert (found, fault and fault[0]) == (email, code)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("b@client-sarl,fr", "b@client-sarl.fr"),
        ("b@mail,client.fr", "b@mail.client.fr"),
        ("<b@client-sarl,fr>", "b@client-sarl.fr"),
        ("<marie.dupont,cabinet.fr>", "marie.dupont@cabinet.fr"),
        ("<marie.dupont,cabinet,fr>", ""),
        ("<marie.dupont.cabinet.fr>", ""),
        ("marie.dupont.cabinet.fr", ""),
        ("b@localhost", ""),
    ],
)
def test_a_comma_in_an_address_is_quoted_with_it(address: str, meant: str) -> None:
    """It is the mistake: it is neither hidden nor taken for a part of the name; what it stands for is suggested."""
    for text in (f"Marie Dupont {address} 06 12 34 56 78", f"{address} Marie Dupont, 06 12 34 56 78"):
        person = read_person(text)
        written = address.strip("<>")
        values = {"who": "Marie Dupont", "written": written, "meant": meant}
        assert [(one.code, dict(one.values)) for one in person.problems] == [("email_invalid", values)]
        told = in_body(person.problems[0], "fr").replace(TIE, " ").replace("\u00a0", " ")
        assert told.startswith(f"« {written} » n’est pas une adresse e-mail pour Marie Dupont.")
        assert told.endswith(
            f"Vouliez-vous dire « {meant} » ?" if meant else "Exemple : prenom.nom@example.fr."
        )
        english = in_body(person.problems[0], "en").replace(TIE, " ")
        assert (f"Did you mean “{meant}”?" if meant else "Example: first.last@example.com.") in english


@pytest.mark.parametrize(
    "address", ["marie,dupont@example.fr", "marie;dupont@example.fr", "marie. dupont@example.fr"]
)
@pytest.mark.parametrize(
    "text", ["Marie Dupont {} 06 12 34 56 78", "Dupont Marie, {}, 06 12 34 56 78", "{} 06 12 34 56 78"]
)
def test_a_slip_before_the_at_leads_to_nobody_else(address: str, text: str) -> None:
    """What stands behind it is somebody else's address, as valid as any."""
    person = read_person(text.format(address))
    told = next(one for one in person.problems if one.code == "email_invalid")
    assert (person.email, told.values["written"]) == ("", address)
    assert told.values["meant"] == "marie.dupont@example.fr"


@pytest.mark.parametrize(
    "text",
    [
        "marie dupont,marie.dupont@example.fr,06 12 34 56 78",
        "Dupont marie,marie.dupont@example.fr,06 12 34 56 78",
        "marie;dupont;marie.dupont@example.fr;06 12 34 56 78",
        "Marie Dupont e-mail,marie.dupont@example.fr,06 12 34 56 78",
        "Marie Dupont, tel. marie.dupont@example.fr 06 12 34 56 78",
    ],
)
def test_a_name_in_lower_case_before_a_comma_is_a_name(text: str) -> None:
    person = read_person(text)
    assert (person.email, sorted(person.name.casefold().split())) == (MARIE[0], ["dupont", "marie"])
    assert not person.problems


@pytest.mark.parametrize(
    "text",
    [
        "marie.dupont@example.fr,Marie Dupont,06 12 34 56 78",
        "Dupont, Marie, marie.dupont@example.fr, 06 12 34 56 78",
        "Marie Dupont <06.12.34.56.78> marie.dupont@example.fr",
    ],
)
def test_a_comma_between_things_is_none(text: str) -> None:
    person = read_person(text)
    assert (person.email, person.name, person.phone) == (MARIE[0], "Marie Dupont", MARIE[3])
    assert not person.problems


@pytest.mark.parametrize("scheme", ["http://", "https://", "//"])
def test_a_web_address_is_no_mailbox(scheme: str) -> None:
    """By the standard a mailbox may begin with slashes; here it is what a browser put before it."""
    written = f"{scheme}jean@example.fr"
    assert read_email(written) == ("", ("email_invalid", {"written": written, "meant": "jean@example.fr"}))
    person = read_person(f"Jean Dupont <{written}> 06 12 34 56 78")
    assert (person.name, [one.code for one in person.problems]) == ("Jean Dupont", ["email_invalid"])


def test_two_addresses_and_a_comma_are_two() -> None:
    assert read_email("a@b,c@example.fr")[1] == ("email_two", {"first": "a@b", "second": "c@example.fr"})


def test_garbled_accents() -> None:
    """Destroyed accents are seen in names and texts; Portuguese names and web addresses are left alone."""
    assert all(map(is_garbled, ["HÃ©lène", "lâ€™avenant", "H\ufffdl", "franÃ§ois", "voilÃ "]))
    assert not any(map(is_garbled, ["Hélène", "JOÃO", "d’Arc", "page?id=3", "ÂGE"]))
    assert is_garbled_name("H?l?ne")


def test_what_a_link_tells_of_a_mail_drops_nobody() -> None:
    """Another address, or a phone number, may follow a link of a mail program without a blank."""
    for sign in ",;":
        link = f"mailto:a@x.fr?subject=Lettre{sign}"
        assert read_emails(f"{link}b@y.fr") == (["a@x.fr", "b@y.fr"], [])
        assert [one.code for one in read_person(f"Marie Dupont {link}b@y.fr 06 12 34 56 78").problems] == [
            "email_two"
        ]
        assert read_person(f"Marie Dupont {link}0612345678").phone == "+33612345678"
        assert read_person(f"Marie Dupont <{link}%20mission> 0612345678").name == "Marie Dupont"
        assert read_emails(f"{link}cc=b@y.fr") == (["a@x.fr"], [])


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman"])
@pytest.mark.parametrize(
    "name", ["Rémi", "Renée", "Zoé", "Hélène", "François", "Élodie", "Père", "RENÉE", "Jérôme"]
)
def test_a_name_of_dos_or_of_an_old_mac_is_never_printed(name: str, encoding: str) -> None:
    """Excel saves such lists under « CSV (MS-DOS) » and « CSV (Macintosh) »; no byte of them tells."""
    assert is_garbled_name(decode(name.encode(encoding)).text)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *((name, "cp850") for name in ("Benoît", "Côme", "FRANÇOIS", "Muñoz", "João", "Noël", "Loïc")),
        *(
            (name, "mac_roman")
            for name in ("Benoît", "Côme", "Müller", "Noël", "Gaëlle", "Zoë", "Loïc", "Aïcha")
        ),
    ],
)
def test_no_accent_of_dos_or_of_an_old_mac_is_printed(name: str, encoding: str) -> None:
    """Each of the accents of French first names, in a line that holds a whole person."""
    person = read_person(decode(f"{name} Durand <marie@example.fr> 06 12 34 56 78".encode(encoding)).text)
    assert [problem.code for problem in person.problems] == ["name_garbled"]


@pytest.mark.parametrize(
    "name",
    [
        "Patrick O‘Neill",
        "Lucie Floc‘h",
        "D’Œuvre-Lœuil",
        "Sa‘id Haddad",
        "Jean-Marie “Jo” Dupont",
        "Jean–Pierre Dupont",
        "Haÿ",
        "Société “Le Lys”",
    ],
)
def test_signs_of_a_whole_name_are_left_alone(name: str) -> None:
    assert not is_garbled_name(name)
    assert not read_person(f"{name} <marie@example.fr> 06 12 34 56 78").problems


@pytest.mark.parametrize(
    "name",
    [
        "Žižek",
        "ŽIŽEK",
        "Šimon Kovačević",
        "BOŠKOVIĆ",
        "Miloš",
        "Œuvre d’Ažer",
        "DŽAJIĆ",
        "Đorđe Šarić",
        "Cabinet™",
    ],
)
def test_names_of_other_countries_are_whole(name: str) -> None:
    assert not is_garbled_name(name)
    assert not is_garbled_name(decode(name.encode("cp1252", "ignore")).text)


@given(st.text(max_size=300))
def test_any_text_is_a_person_or_has_problems(text: str) -> None:
    """Whatever is written: a whole person without problems, or problems that the list of codes knows."""
    person = read_person(text, line=1)
    whole = bool(person.email and person.name and person.phone)
    assert whole or person.problems
    for problem in person.problems:
        assert set(problem.values) == set(CODES[problem.code][0])


def test_slow_libraries_wait() -> None:
    """Importing the room imports neither phonenumbers nor email_validator."""
    code = (
        "import sys, connector.signatory_text, connector.sidecar.reading;"
        "sys.exit(any(name in sys.modules for name in ('phonenumbers', 'email_validator')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
