"""The accountant's page row by row: the files of 1.3, both tables of 1.4, what 1.5 asks of reading; A4, B4, B5."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from connector.errors import Problem
from connector.report.page import headline
from connector.report.problems import in_body, in_first_line
from connector.report.typography import TIE
from connector.sidecar import names
from connector.sidecar.inherit import Known, Resolved, SettingsFile, resolve
from connector.sidecar.model import Order, SignatureRequest, Wish
from connector.sidecar.reading import read_sidecar, read_whole
from connector.signatory_text import read_phone

NB = "\u00a0"
ONE = "signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n"
KEYS = "signataires:\n  email: a@example.fr\n  prénom: Marie\n  nom: Dupont\n"


def understood(data: str | bytes, *settings: tuple[str, str], known: Known | None = None) -> Resolved:
    """Read a request and its settings (name and text, nearest first), and put them together."""
    own = read_sidecar(data if isinstance(data, bytes) else data.encode())
    files = [
        SettingsFile(name=name, request=read_sidecar(text.encode(), settings=True)) for name, text in settings
    ]
    return resolve(own, files, lambda _: known, levels=["simple"])


def request(data: str | bytes) -> SignatureRequest:
    found = understood(data)
    assert found.problems == ()
    return found.request


def asked(data: str | bytes) -> list[Problem]:
    """Everything that is asked about a file, whether reading or completing finds it."""
    reading = read_whole(data if isinstance(data, bytes) else data.encode())
    assert reading.request is not None or reading.problems
    if reading.request is None:
        return list(reading.problems)
    return [*reading.problems, *resolve(reading.request, [], lambda _: None, levels=["simple"]).problems]


def first_line(problem: Problem) -> str:
    template, values = in_first_line(problem, "fr")
    return headline("À CORRIGER", template, "fr", **values).replace(NB, " ")


# --------------------------------------------------------------------------------------------------
# 1.3: the exact files

ROOT = (
    "_signature.yaml de « Cabinet »",
    "# _signature.yaml  –  racine du cabinet\n"
    "contacts:\n"
    "  expert-comptable: Claire Bernard <claire.bernard@example.fr> 06 98 76 54 32\n",
)
LETTERS = (
    "_signature.yaml",
    "# _signature.yaml  –  Lettres de mission 2026\n"
    "objet: Lettre de mission 2026\n"
    "puis: expert-comptable\n"
    "envoi: non\n",
)
MARIE = Known(
    first_name="Marie",
    last_name="Dupont",
    name="Marie Dupont",
    phone="+33612345678",
    since=datetime(2025, 12, 4, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("letter", "known"),
    [
        ("signataires: Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n", None),
        ("signataires: marie.dupont@example.fr\n", MARIE),
        ("marie.dupont@example.fr\n", MARIE),
        ("marie.dupont@example.fr\nenvoi: non\n", MARIE),
    ],
)
def test_job_1_forty_letters(letter: str, known: Known | None) -> None:
    """One line per letter, for a new client or one already known; the partner signs after, and nothing leaves yet."""
    found = understood(letter, LETTERS, ROOT, known=known)
    assert (found.problems, found.warnings) == ((), ())
    one, other = found.request.signatories
    assert (one.name, one.email, one.phone) == ("Marie Dupont", "marie.dupont@example.fr", "+33612345678")
    assert one.phone_masked == (known is not None)
    assert (other.name, other.phone, other.origin) == ("Claire Bernard", "+33698765432", "_signature.yaml")
    assert (found.request.subject, found.request.order, found.request.send) == (
        "Lettre de mission 2026",
        Order.SEQUENTIAL,
        Wish.PREVIEW,
    )


def test_job_1_the_old_form() -> None:
    """Six lines per letter, the partner named in each, are the same request; named twice, she is told once."""
    text = (
        "signataires:\n"
        "  - email: marie.dupont@example.fr\n"
        "    prénom: Marie\n"
        "    nom: Dupont\n"
        "    téléphone: 06 12 34 56 78\n"
        "  - contact: expert-comptable\n"
    )
    found = understood(text, ROOT)
    assert [one.name for one in found.request.signatories] == ["Marie Dupont", "Claire Bernard"]
    assert found.problems == ()


def test_job_2_a_balance_sheet() -> None:
    """Two shareholders at the same time; the folder says so once."""
    # The page's 07 11 22 33 44 is no mobile of the French numbering plan as phonenumbers knows it: 07 81 is one.
    found = understood(
        "# Bilan MARTIN.sign.yaml\nsignataires:\n"
        "  - Paul Martin <paul.martin@example.fr> 06 11 22 33 44\n"
        "  - Julie Martin <julie.martin@example.fr> 07 81 22 33 44\n",
        (
            "_signature.yaml",
            "# _signature.yaml  –  Bilans 2025\nobjet: Comptes annuels 2025\nordre: parallèle\n",
        ),
        ROOT,
    )
    assert found.problems == ()
    assert [(one.name, one.phone) for one in found.request.signatories] == [
        ("Paul Martin", "+33611223344"),
        ("Julie Martin", "+33781223344"),
    ]
    assert (found.request.order, found.request.origins["order"]) == (Order.PARALLEL, "_signature.yaml")


@pytest.mark.parametrize(
    ("annexes", "read"),
    [
        ("annexes: Annexe*.pdf\n", ("Annexe*.pdf",)),
        (
            "annexes:\n  - Annexe 1 - Tarifs.pdf\n  - Annexe 2 - Données personnelles.pdf\n"
            "  - Annexe 3 - Conditions générales.pdf\n",
            (
                "Annexe 1 - Tarifs.pdf",
                "Annexe 2 - Données personnelles.pdf",
                "Annexe 3 - Conditions générales.pdf",
            ),
        ),
        (
            "annexes:\n  - Mandat, version 2.pdf\n  - Annexe #3.pdf\n",
            ("Mandat, version 2.pdf", "Annexe #3.pdf"),
        ),
    ],
)
def test_job_3_a_mandate_with_annexes(annexes: str, read: tuple[str, ...]) -> None:
    """Annexes by pattern or by name, one per line; a comma or a # belongs to the name."""
    paul = Known(
        first_name="Paul", last_name="Martin", name="Paul Martin", phone="+33611223344", since=MARIE.since
    )
    text = f"# Mandat MARTIN.sign.yaml\nsignataires: paul.martin@example.fr\n{annexes}"
    found = understood(text, ROOT, known=paul)
    assert (found.problems, found.request.annexes) == ((), read)


def test_a_place_once_per_folder() -> None:
    """By words that the letter contains: the client's and the partner's."""
    place = (
        "_signature.yaml",
        "signature: {près de: Signature du client}\n"
        "puis:\n"
        "  - contact: expert-comptable\n"
        "    signature: {près de: L'expert-comptable}\n",
    )
    one, other = understood(ONE, place, ROOT).request.signatories
    assert (one.placements[0].near, other.placements[0].near) == ("Signature du client", "L'expert-comptable")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("signature: {ancre: ici}", "signature: {près de: ici}"),
        ("ordre: séquentiel", "ordre: l'un après l'autre"),
        ("ordre: parallèle", "ordre: en même temps"),
        ("verrouiller: oui", "protéger: oui"),
        ("envoi: non", "envoi: aperçu"),
    ],
)
def test_daily_words(written: str, same: str) -> None:
    """What the first design called by experts' names has a daily name."""
    assert request(f"{ONE}{written}\n") == request(f"{ONE}{same}\n")


# --------------------------------------------------------------------------------------------------
# 1.4, first table: certain repairs


def phone_of(text: str | bytes) -> str:
    return request(text).signatories[0].phone


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("blank before the colon", f"{KEYS}  téléphone : 06 12 34 56 78\n"),
        ("no-break blank before the colon", f"{KEYS}  téléphone{NB}: 06 12 34 56 78\n"),
        ("no-break blank before and after", f"{KEYS}  téléphone{NB}:{NB}06 12 34 56 78\n"),
        ("key glued to its colon", f"{KEYS}  téléphone:06 12 34 56 78\n"),
        ("several glued keys", f"{KEYS}  téléphone:06 12 34 56 78\n".replace(": ", ":")),
        (
            "glued bullet",
            f"{KEYS}  téléphone: 06 12 34 56 78\n".replace("\n  ", "\n ").replace("\n email", "\n-email"),
        ),
        ("dash of Word as bullet", ONE.replace(": Marie", ":\n– Marie")),
        ("round bullet", ONE.replace(": Marie", ":\n• Marie")),
        ("tab as indent", f"{KEYS}  téléphone: 06 12 34 56 78\n".replace("\n  ", "\n\t")),
        ("no-break blanks as indent", f"{KEYS}  téléphone: 06 12 34 56 78\n".replace("\n  ", f"\n{NB}{NB}")),
        ("one person without a dash", f"{KEYS}  téléphone: 06 12 34 56 78\n"),
        ("one person on the key's line", ONE),
        ("ANSI", ONE.replace("Marie", "Hélène").encode("cp1252")),
        ("UTF-8", ONE.replace("Marie", "Hélène").encode()),
        ("UTF-8 with its mark", ONE.replace("Marie", "Hélène").encode("utf-8-sig")),
        ("UTF-16", ONE.replace("Marie", "Hélène").encode("utf-16")),
        ("an address, then a line", "Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\nenvoi: oui\n"),
    ],
)
def test_repairs(row: str, text: str | bytes) -> None:
    """What has one reading is read so, and nothing is asked."""
    assert phone_of(text) == "+33612345678", row
    assert request(text).signatories[0].name in {"Marie Dupont", "Hélène Dupont"}


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("objet: Lettre de mission : exercice 2026", "subject", "Lettre de mission : exercice 2026"),
        ("objet: & fils", "subject", "& fils"),
        ("documents: *.pdf", "documents", ("*.pdf",)),
        ("objet: « Lettre »", "subject", "Lettre"),
        ("objet: “Lettre”", "subject", "Lettre"),
        ("objet: ‘Lettre’", "subject", "Lettre"),
        ("envoi: oui", "send", Wish.SEND),
    ],
)
def test_repaired_values(line: str, field: str, value: object) -> None:
    """A text is the rest of its line, without the quotes that Word puts round it."""
    assert getattr(request(f"{ONE}{line}\n"), field) == value


def test_quotes_round_the_words_of_a_place() -> None:
    """The quotes are not part of the words that are looked for."""
    text = f"{ONE}signature: {{ancre: « Signature du client »}}\n"
    assert request(text).signatories[0].placements[0].near == "Signature du client"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        # two people without a dash
        (f"{KEYS}  téléphone: 06 12 34 56 78\n  email: b@example.fr\n", "two_people_no_dash", 6),
        # a number for each: two keys, either of which would be corrected to the same one
        (
            ONE.replace("signataires:", "signataire 1:") + ONE.replace("signataires:", "signataire 2:"),
            "people_numbered",
            1,
        ),
        # an equals sign in place of the colon: it would be printed as a part of the name
        (ONE.replace("signataires:", "signataires ="), "colon_missing", 1),
        # a second mobile, in the line of the address
        (
            f"{KEYS}  téléphone: 06 12 34 56 78\n".replace("a@example.fr", "a@example.fr 07 82 34 56 78"),
            "phone_two_numbers",
            2,
        ),
        # a name whose accents an editor destroyed: it would be printed on the contract
        (ONE.replace("Marie", "HÃ©lène"), "name_garbled", 1),
        (ONE.replace("Dupont", "dâ€™Arc"), "name_garbled", 1),
        (ONE.replace("Marie", "H\ufffdl\ufffdne"), "name_garbled", 1),
        # an address that begins with @, kept whole and said
        (f"{KEYS}  téléphone: 06 12 34 56 78\n".replace("a@example.fr", "@example.fr"), "email_invalid", 2),
        # a mail's signature pasted below
        (f"{ONE}--\nMarie Dupont\nTél. 01 23 45 67 89\n", "mail_signature", 2),
        (f"{ONE}\nCordialement,\nMarie\n", "mail_signature", 3),
    ],
)
def test_what_is_explained(text: str, code: str, line: int) -> None:
    """What has two readings is said once, with its line, and its sentence has the cure."""
    found = asked(text)
    assert [(one.code, one.line) for one in found] == [(code, line)]
    assert in_body(found[0], "fr").replace(TIE, " ").startswith(f"Ligne {line}{NB}: ")


def test_a_person_key_by_key_is_read_as_in_a_line() -> None:
    """Civilities are dropped, and the number beside the address is the mobile where no other one is."""
    keys = KEYS.replace("Marie", "M. Marie").replace("Dupont", "Mme Dupont")
    one = request(keys.replace("a@example.fr", "Marie <a@example.fr> 06 12 34 56 78")).signatories[0]
    assert (one.first_name, one.last_name, one.name) == ("Marie", "Dupont", "Marie Dupont")
    assert (one.email, one.phone) == ("a@example.fr", "+33612345678")
    twice = keys.replace("a@example.fr", "a@example.fr 06.12.34.56.78") + "  téléphone: +33 6 12 34 56 78\n"
    assert request(twice).signatories[0].phone == one.phone, "one number, written twice"
    at_work = keys.replace("a@example.fr", "a@example.fr (01 40 00 00 00)") + "  téléphone: 06 12 34 56 78\n"
    assert request(at_work).signatories[0].phone == one.phone, "a fixed line is no second mobile"
    unclear = KEYS.replace("Dupont", "Dupont = Martin") + "  téléphone: 06 12 34 56 78\n"
    assert [(found.code, found.line) for found in asked(unclear)] == [("name_unclear", 4)]


# --------------------------------------------------------------------------------------------------
# 1.4: one line, one signatory

TRIAL = [
    # nine are read at once
    ("Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78", ("Marie", "Dupont")),
    ("marie.dupont@example.fr Marie Dupont 0612345678", ("Marie", "Dupont")),
    ("Mme Marie DUPONT, marie.dupont@example.fr, 06.12.34.56.78", ("Marie", "DUPONT")),
    ("DUPONT Marie marie.dupont@example.fr 06-12-34-56-78", ("Marie", "DUPONT")),
    ("DUPONT, Marie ; marie.dupont@example.fr ; 06/12/34/56/78", ("Marie", "DUPONT")),
    ("Maître Marie Dupont <mailto:marie.dupont@example.fr> +33 6 12 34 56 78", ("Marie", "Dupont")),
    ('"Marie Dupont" <marie.dupont@example.fr> 0033612345678', ("Marie", "Dupont")),
    ("Marie Dupont, gérante, marie.dupont@example.fr, tél. 06 12 34 56 78", ("Marie", "Dupont")),
    ("Marie Dupont <marie.dupont@example.fr> +33 (0)6 12 34 56 78 (portable)", ("Marie", "Dupont")),
    # two with the name left whole
    ("Marie Claire Dupont marie.dupont@example.fr 06 12 34 56 78", ("", "")),
    ("DUPONT MARIE marie.dupont@example.fr 06 12 34 56 78", ("", "")),
    # five become questions
    ("Marie Dupont 06 12 34 56 78", "email_missing"),
    ("Marie Dupont a@example.fr b@example.fr 06 12 34 56 78", "email_two"),
    ("Marie Dupont a@example.fr 06 12 34 56 78 ou 06 98 76 54 32", "phone_two_numbers"),
    ("Marie Dupont a@example.fr 06 12 34 56 7", "phone_too_short"),
    ("Marie Dupont a@example.fr 0693 12 34", "phone_too_short"),
]


@pytest.mark.parametrize(("line", "read"), TRIAL, ids=[row[0] for row in TRIAL])
def test_sixteen_handwritten_forms(line: str, read: tuple[str, str] | str) -> None:
    """Read right, left whole, or asked; none becomes a wrong number."""
    found = asked(f"signataires: {line}\n")
    if isinstance(read, str):
        assert [one.code for one in found] == [read]
        return
    assert found == []
    one = request(f"signataires: {line}\n").signatories[0]
    assert (one.first_name, one.last_name) == read
    assert (one.email, one.phone) == ("marie.dupont@example.fr", "+33612345678")


# --------------------------------------------------------------------------------------------------
# 1.4, second table: phones

PHONES = [
    *((written, "+33612345678") for written in ("06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78")),
    *((written, "+33612345678") for written in ("06/12/34/56/78", "+33 (0)6 12 34 56 78", "0033612345678")),
    *((written, "+33612345678") for written in ("33612345678", "+330612345678", "O6 12 34 56 78")),
    ("612345678", "+33612345678"),
    ("712345678.0", "phone_unknown"),  # 07 12 is not given out; 612345678.0 is
    ("612345678.0", "+33612345678"),
    ("06\u202f12\u202f34\u202f56\u202f78", "+33612345678"),
    ("06 12 34 56 78 (Marie)", "+33612345678"),
    ("0690 12 34 56", "+590690123456"),
    ("0692 12 34 56", "+262692123456"),
    ("079 123 45 67", "phone_grouping"),
    ("3,36E+10", "phone_excel"),
    *((f"0{first} 23 45 67 89", "phone_fixed_line") for first in "12345"),
    ("09 70 12 34 56", "phone_fixed_line"),
    ("06 12 34 56 78 / 01 23 45 67 89", "phone_two_numbers"),
    ("06 00 00 00 00", "+33600000000"),
    ("06 06 06 06 06", "phone_dummy"),
    ("06 12 34 56 78 06 12 34 56 78", "phone_two_numbers"),
    ("06 01 23 45 67", "phone_dummy"),
    # B5
    ("12 34 56 78", "phone_too_short"),
    ("+41 79 123 45 67", "+41791234567"),
]


@pytest.mark.parametrize(("written", "outcome"), PHONES, ids=[row[0] for row in PHONES])
def test_phones(written: str, outcome: str) -> None:
    """Each way to write a mobile is one number or one question, in a field of its own and in a line."""
    phone = read_phone(" ".join(written.split()))
    assert outcome in {phone.e164, phone.code}
    one_line = asked(f"signataires: Marie Dupont <m@example.fr> {written}\n")
    keys = asked(f"{KEYS}  téléphone: {written}\n")
    expected = [] if outcome.startswith("+") else [outcome]
    assert [one.code for one in keys] == expected
    assert [one.code for one in one_line] == expected


@pytest.mark.parametrize(
    ("phone", "line"),
    [
        ("04 78 12 34 56", "À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne 1)"),
        ("3,36E+10", "À CORRIGER – Excel a abîmé ce numéro : mettez la colonne au format Texte (ligne 1)"),
        (
            "06 12 34 56 78 / 06 98 76 54 32",
            "À CORRIGER – deux numéros pour Marie Dupont : gardez le mobile (ligne 1)",
        ),
        ("", "À CORRIGER – il manque un mobile pour Marie Dupont (ligne 1)"),
    ],
)
def test_the_first_lines_that_people_read(phone: str, line: str) -> None:
    """The sentences of the page, from the file to the first line of the status."""
    found = asked(f"signataires: Marie Dupont <m@example.fr> {phone}\n")
    assert [first_line(one) for one in found] == [line]


# --------------------------------------------------------------------------------------------------
# 1.5: her mistakes, as far as reading goes


@pytest.mark.parametrize(
    "extension", ["sign.yaml", "sign.yml", "sign.yaml.txt", "sign.yml.txt", "sign.txt", "SIGN.YAML "]
)
def test_saved_as_text_in_ansi(extension: str) -> None:
    """`.sign.yaml.txt` in ANSI is read as it is, and « Hélène » is Hélène; A4: in any case and normal form."""
    name = f"Lettre Élise.{extension}"
    for form in ("NFC", "NFD"):
        assert names.pair_of(unicodedata.normalize(form, name)) == ("lettre élise.pdf",)  # type: ignore[arg-type]
    text = "signataires: Hélène Dupré <h@example.fr> 06 12 34 56 78\r\n"
    assert request(text.encode("cp1252")).signatories[0].name == "Hélène Dupré"


def test_the_partners_mobile_is_forgotten() -> None:
    """Taken from `contacts`, else from an earlier request, else asked by name before a cent is spent."""
    text = "signataires:\n  - Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78\n  - claire.bernard@example.fr\n"
    assert understood(text, ROOT).request.signatories[1].phone == "+33698765432"
    known = Known(
        first_name="Claire",
        last_name="Bernard",
        name="Claire Bernard",
        phone="+33698765432",
        since=MARIE.since,
    )
    assert understood(text, known=known).request.signatories[1].phone_masked
    named = text.replace("- claire", "- Claire Bernard <claire").replace(
        "bernard@example.fr\n", "bernard@example.fr>\n"
    )
    assert [first_line(one) for one in understood(named).problems] == [
        "À CORRIGER – il manque un mobile pour Claire Bernard (ligne 3)"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Lettre DUPONT.sign (conflicted copy 2026-11-23 104512).yaml",
        "Lettre DUPONT (conflicted copy 2026-11-23 104512).sign.yaml",
    ],
)
def test_conflicted_copies_are_never_requests(name: str) -> None:
    """Named in the status, never launched."""
    assert names.is_conflict_copy(name)
    assert not names.is_sidecar(name)


def test_notes_have_a_place_of_their_own() -> None:
    """« appelé le 3/12 » belongs into the request, not into the status."""
    assert request(f"{ONE}note: appelé le 3/12 : rappeler\n").note == "appelé le 3/12 : rappeler"


# --------------------------------------------------------------------------------------------------
# B4: what YAML would make of it


@pytest.mark.parametrize(
    ("key", "written", "field", "value"),
    [
        ("téléphone", "0612345670", "phone", "+33612345670"),
        ("téléphone", "+33612345670", "phone", "+33612345670"),
        ("téléphone", "06.12.34.56.70", "phone", "+33612345670"),
        ("téléphone", "06_12_34_56_70", "phone", ""),
        ("nom", "Null", "name", "Marie Null"),
        ("nom", "No", "name", "Marie No"),
        ("nom", "12:30", "name", "Marie 12:30"),
        ("nom", "06.12", "name", "Marie 06.12"),
    ],
)
def test_texts_stay_texts(key: str, written: str, field: str, value: str) -> None:
    """No number, no date, no nothing: the text that stands there, or a question about that very text."""
    values = {"prénom": "Marie", "nom": "Dupont", "téléphone": "06 12 34 56 78", key: written}
    text = "signataires:\n  email: a@example.fr\n" + "".join(
        f"  {name}: {one}\n" for name, one in values.items()
    )
    reading = read_whole(text.encode())
    assert reading.request is not None
    assert getattr(reading.request.signatories[0], field) == value
    if reading.problems:
        assert [one.values["written"] for one in reading.problems] == [written]
