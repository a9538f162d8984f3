"""Which file name is what (scenarios A3 to A5, A8; the accountant's page, 1.1)."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sidecar import names, near_names


@pytest.mark.parametrize(
    "name",
    [
        "Lettre.sign.yaml",
        "lettre.sign.yml",
        "lettre.sign.yaml.txt",
        "lettre.sign.yml.txt",
        "lettre.sign.txt",
        "LETTRE.SIGN.YAML",
        "lettre.sign.yaml ",
        "lettre .sign.yaml",
        "lettre.PDF.sign.yaml",
    ],
)
def test_requests_find_their_pdf(name: str) -> None:
    """Every form of a request's name answers for the PDF beside it, whatever the case and blanks."""
    assert names.comparable("Lettre.PDF ") in names.pair_of(name)


def test_pairs_across_normal_forms() -> None:
    """A name typed on a Mac (NFD) and one typed on Windows (NFC) are the same."""
    assert names.comparable("é à.pdf") in names.pair_of(unicodedata.normalize("NFD", "É à.sign.yaml"))


@pytest.mark.parametrize(
    "name", ["#lettre", "?q", "50% off", "a%41", "l'avenant [v2] ; + &", "🖋 x", "é" * 100]
)
def test_odd_names_pair(name: str) -> None:
    """Signs that mean something in addresses mean nothing in names."""
    assert names.pair_of(f"{name}.sign.yaml") == (names.comparable(f"{name}.pdf"),)


@pytest.mark.parametrize(
    "name",
    [
        "lettre.yaml",
        ".sign.yaml",
        "_signature.yaml",
        "lettre.signature.txt",
        "lettre.sign.yaml~",
        "~$lettre.sign.yaml",
        ".~lock.lettre.sign.yaml#",
        "lettre.sign.yaml.part",
        "._lettre.sign.yaml",
        "lettre (conflicted copy 2026-11-23 104512).sign.yaml",
        "lettre.sync-conflict-20261123-104512-ABCDEFG.sign.yaml",
    ],
)
def test_other_names_ask_for_nothing(name: str) -> None:
    """Temporary, lock and conflict files, and our own, are never requests."""
    assert names.pair_of(name) == ()
    assert not names.is_sidecar(name)


@pytest.mark.parametrize(
    "name",
    [
        "~$lettre.docx",
        ".~lock.lettre.odt#",
        ".lettre.sign.yaml.swp",
        "lettre.pdf.part",
        ".syncthing.lettre.pdf.tmp",
        "._lettre.pdf",
        ".DS_Store",
        "Thumbs.db",
        "@eaDir",
        ".lettre.pdf.~1a2b3c",
        "x (conflicted copy 2026-11-23 104512).pdf",
        "lettre.sign (conflicted copy 2026-11-23 104512).yaml",
        "x (Copie en conflit de Claire 2026-11-23).pdf",
        "x.sync-conflict-20261123-104512-ABCDEFG.yaml",
        "x (conflicted copy Marie (compta) 2026-11-23 104512).pdf",
        "x (PC (Claire)'s conflicted copy 2026-11-23).pdf",
        "x (SFConflict marie@cabinet.fr 2026-11-23-10-45-12).pdf",
        "x_PC-MARIE_Nov-23-1045-2026_Conflict.pdf",
        "x_PC-MARIE_Nov-23-1045-2026_CaseConflict_1.pdf",
    ],
)
def test_noise(name: str) -> None:
    """What editors and sync clients leave about is noise."""
    assert names.is_noise(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "lettre.pdf",
            "...",
            "lettre.sign.yaml",
            "conflit.pdf",
            "x~y.pdf",
            "partie.pdf",
            "swp.pdf",
            "_x.pdf",
        ),
        *("bail_conflict.pdf", "note_2026_Conflict.pdf", "lettre (v2) (copie).pdf", "(conflit) lettre.pdf"),
    ],
)
def test_no_noise(name: str) -> None:
    """Ordinary names are no noise, however odd."""
    assert not names.is_noise(name)


def test_names_we_write() -> None:
    """Each file of ours has its name beside the PDF, and numbers follow in brackets of their own."""
    assert names.status_name("Lettre.PDF") == "Lettre.signature.txt"
    assert names.preview_name("lettre.pdf") == "lettre.apercu.pdf"
    assert names.attestation_name("lettre.pdf") == "lettre.attestation.pdf"
    assert names.signed_name("lettre.pdf") == "lettre (signé).pdf"
    assert names.signed_name("lettre.pdf", 2) == "lettre (signé) (2).pdf"
    assert names.to_check_name("lettre.pdf") == "lettre (signé, à vérifier).pdf"
    assert names.original_name("lettre.pdf", 3) == "lettre (original) (3).pdf"
    assert names.annex_name("Mandat.pdf", "Annexe 1 - Tarifs.PDF") == "Mandat - Annexe 1 - Tarifs (signé).pdf"
    assert names.annex_name("photo.jpg", "plan.png", 2) == "photo - plan (signé) (2).pdf"
    assert names.annex_name("a.pdf", "b.pdf", to_check=True) == "a - b (signé, à vérifier).pdf"


@pytest.mark.parametrize(
    "name",
    [
        "SIGNATURES EN PAUSE.txt",
        "SIGNATURES PAUSED.txt",
        "_Suivi des signatures.txt",
        "_Signature overview.txt",
        ".signature",
        ".jse-connector/",
        "Modèles de signature/",
        unicodedata.normalize("NFD", "modèles de signature"),
        "_signataires.signature.txt",
        "Mandat - Annexe 1 (signé).pdf",
    ],
)
def test_ours(name: str) -> None:
    """Everything the connector writes is known as its own, in any normal form."""
    assert names.is_ours(name)


@pytest.mark.parametrize(
    "name", ["lettre.pdf", "_signature.txt", "lettre.sign.txt", "signé.pdf", "original.pdf"]
)
def test_not_ours(name: str) -> None:
    """A person's files are not ours."""
    assert not names.is_ours(name)


def test_settings_and_pdfs() -> None:
    """Settings have the same extensions as requests; a PDF is one in any case."""
    assert all(map(names.is_settings, ["_signature.yaml", "_Signature.YML.txt", "_signature.txt"]))
    assert not names.is_settings("x_signature.yaml")
    assert names.is_pdf("X.PDF ")
    assert not names.is_pdf("x.pdf.exe")


@given(
    st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=250)
)
def test_our_names_fit_everywhere(stem: str) -> None:
    """Whatever the PDF is called, our names hold at most 250 bytes and are known as ours."""
    makers = (
        names.status_name,
        names.preview_name,
        names.attestation_name,
        names.signed_name,
        names.to_check_name,
        names.original_name,
        lambda name: names.annex_name(name, name),
    )
    for maker in makers:
        name = maker(f"x{stem}.pdf")
        assert len(name.encode()) <= names.MAX_NAME_BYTES
        assert names.is_ours(name)


def test_long_names_stay_apart() -> None:
    """Two long names that differ at their end get two status files."""
    assert names.status_name("é" * 123 + "1.pdf") != names.status_name("é" * 123 + "2.pdf")


def test_the_pdf_that_a_request_names() -> None:
    """A PDF that is not there yet is called as the request is written."""
    assert names.document_name("Lettre É.sign.yaml.txt") == "Lettre É.pdf"
    assert names.document_name("Lettre.PDF.sign.yaml") == "Lettre.PDF"
    assert names.document_name("autre.txt") == "autre.txt"


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("lettre.sign.yaml", "lettre.sign.corrigé.yaml"),
        ("Lettre É.sign.yaml.txt", "Lettre É.sign.corrigé.yaml"),
        ("LETTRE.SIGN.TXT", "LETTRE.sign.corrigé.yaml"),
        ("lettre.pdf.sign.yml", "lettre.pdf.sign.corrigé.yaml"),
        ("lettre.sign.corrigé.yaml", None),
        ("lettre.pdf", None),
        ("_signature.yaml", None),
        ("~$lettre.sign.yaml", None),
        (f"{'é' * 118}.sign.yaml", None),
    ],
)
def test_corrected_requests(name: str, offered: str | None) -> None:
    """What is offered beside a wrong request answers for the same PDF, in any normal form."""
    assert names.corrected_name(name) == offered
    if offered is None:
        return
    for form in ("NFC", "NFD"):
        written = unicodedata.normalize(form, offered)  # type: ignore[arg-type]
        assert names.is_corrected(written)
        assert names.is_sidecar(written)
        assert names.pair_of(written) == names.pair_of(name)
        pdf = names.document_name(written)
        assert names.comparable(pdf) == names.comparable(names.document_name(name))
        assert not names.is_ours(written)
        assert not names.is_noise(written)
    assert not names.is_corrected(name)
    assert names.is_corrected("lettre.sign.corrige.txt")
    assert not names.is_corrected("lettre.corrigé.yaml")


def test_hidden_folders() -> None:
    """Hidden folders and the models are not looked into for requests."""
    assert names.is_hidden(".signature/x.sign.yaml")
    assert names.is_hidden("a/modèles de signature/x.sign.yaml")
    assert not names.is_hidden("a/b/.x.sign.yaml")
    assert not names.is_hidden(".../x.sign.yaml")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photo.jpg", "photo.pdf"),
        ("Photo 1.JPEG ", "Photo 1.pdf"),
        ("photo .Png", "photo.pdf"),
        ("scan.v2.TIFF", "scan.v2.pdf"),
        ("IMG_0042.HEIC", "IMG_0042.pdf"),
        (unicodedata.normalize("NFD", "reçu.heif"), "reçu.pdf"),
    ],
)
def test_images_and_the_pdf_they_become(name: str, expected: str) -> None:
    """What a phone, a scanner and a messenger call an image, spelled in any way, and how it comes back."""
    assert names.is_image(name)
    assert names.image_pdf_name(name) == expected


@pytest.mark.parametrize(
    "name", ["lettre.pdf", "jpg", ".jpg", "photo.jpg.sign.yaml", "photo.gif", "photo.webp"]
)
def test_what_is_no_image_by_its_name(name: str) -> None:
    """Other files keep their names, and are never converted."""
    assert not names.is_image(name)
    assert names.image_pdf_name(name) == name


def test_the_name_of_a_converted_image_stays_short_enough() -> None:
    """A long name is shortened as all that we write."""
    made = names.image_pdf_name("é" * 125 + ".jpg")
    assert len(made.encode()) <= names.MAX_NAME_BYTES
    assert made.endswith(".pdf")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("_signataires.xlsx", "xlsx"),
        ("_Signataires.XLSX", "xlsx"),
        ("_signataires.csv", "csv"),
        ("_signataires.csv.txt", "csv"),
        ("_signataires.xls", "other"),
        ("_signataires.xlsm", "other"),
        ("_signataires.ods", "other"),
        ("_signataires.txt", ""),
        ("_signataires.signature.txt", ""),
        ("signataires.xlsx", ""),
        ("~$_signataires.xlsx", ""),
        (".~lock._signataires.xlsx#", ""),
        ("_signataires (conflicted copy 2026-11-23 104512).xlsx", ""),
        ("_signataires.xlsx.part", ""),
    ],
)
def test_lists(name: str, kind: str) -> None:
    """A list by its exact name; lock files, half-downloaded ones and copies are none; its answer is ours."""
    assert names.list_kind(name) == kind
    assert names.is_list(name) == bool(kind)
    assert names.is_ours(names.LIST_ANSWER)


@pytest.mark.parametrize(
    "name", ["Lettre.pdf", "LETTRE.PDF", "a.b.pdf", "lettre .pdf", "é.pdf", "#1 %20.pdf"]
)
def test_the_name_of_a_request_pairs_with_its_document(name: str) -> None:
    """What is named after a document answers for that document."""
    for spelled in (name, unicodedata.normalize("NFD", name)):
        assert names.pair_of(names.sidecar_name(spelled)) == (names.comparable(name),)


def test_a_name_too_long_for_a_request() -> None:
    """No name rather than one that is cut and pairs with nothing."""
    assert names.sidecar_name("é" * 120 + ".pdf")
    assert names.sidecar_name("é" * 123 + ".pdf") == ""


@pytest.mark.parametrize(
    ("path", "filed"),
    [
        ("Demandes terminées/lettre.sign.yaml", True),
        ("Client/demandes TERMINÉES/lettre.sign.yaml", True),
        (unicodedata.normalize("NFD", "Client/Demandes terminées/2025/lettre.sign.yaml"), True),
        ("Client/lettre.sign.yaml", False),
        ("Demandes terminées", False),
        ("Demandes terminées 2025/lettre.sign.yaml", False),
    ],
)
def test_what_lies_among_finished_requests(path: str, filed: bool) -> None:
    """By the folders on its way, however they are spelled; a file of that name is none."""
    assert names.is_filed(path) is filed


@pytest.mark.parametrize(
    ("request_name", "second"),
    [
        ("lettre.sign.yaml", "lettre (2).sign.yaml"),
        ("Lettre DUPONT.pdf.Sign.YAML.txt", "Lettre DUPONT.pdf (2).Sign.YAML.txt"),
        ("lettre.sign.corrigé.yaml", "lettre (2).sign.corrigé.yaml"),
        ("photo.jpg.sign.txt", "photo.jpg (2).sign.txt"),
    ],
)
def test_names_among_finished_requests(request_name: str, second: str) -> None:
    """Its own name, then one with a number that can be taken off again; every server takes it whole."""
    assert names.filed_request(request_name) == request_name
    assert names.filed_request(request_name, 2) == second
    assert names.is_sidecar(second)
    assert names.unnumbered(second) == (request_name,)
    assert names.unnumbered(request_name) == ()
    assert names.filed_request("quoi ?.sign.yaml") == "quoi _.sign.yaml"
    assert names.filed_status("lettre.signature.txt", 2) == "lettre (2).signature.txt"


def test_names_among_finished_requests_stay_short_enough() -> None:
    """However long the name, however many folders a notice is called after."""
    long = "é" * 118
    for made in (
        names.filed_request(f"{long}.sign.yaml", 12),
        names.filed_status(f"{long}.signature.txt", 12),
        names.fitting_status(" - ".join([long, long, "lettre.signature.txt"])),
    ):
        assert len(made.encode()) <= names.MAX_NAME_BYTES
    assert names.is_sidecar(names.filed_request(f"{long}.sign.yaml", 12))


@pytest.mark.parametrize("name", [names.LOST_FOLDER, names.DONE_FOLDER, "DEMANDES TERMINÉES/"])
def test_our_folders_are_ours(name: str) -> None:
    assert names.is_ours(name)


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        ("lettre.sign (conflicted copy 2026-11-23 104512).yaml", "lettre.sign.yaml"),
        ("Lettre (conflicted copy 2026-11-23 104512).sign.yaml", "lettre.sign.yaml"),
        ("Lettre (v2) (conflicted copy Marie (compta) 2026-11-23 104512).pdf", "lettre (v2).pdf"),
        ("Lettre.sign (SFConflict marie@cabinet.fr 2026-11-23-10-45-12).yaml", "lettre.sign.yaml"),
        ("Lettre.sign_PC-MARIE_Nov-23-1045-2026_Conflict.yaml", "lettre.sign.yaml"),
        ("Lettre_2_PC-MARIE_Nov-23-1045-2026_CaseConflict_1.pdf", "lettre_2.pdf"),
        ("lettre.sign (copie en conflit de Claire 2026-11-23).yaml", "lettre.sign.yaml"),
        ("lettre (Claire's conflicted copy 2026-11-23).pdf", "lettre.pdf"),
        ("lettre.sign.sync-conflict-20261123-104512-ABCDEF.yaml", "lettre.sign.yaml"),
        ("lettre.sign.yaml", ""),
        ("lettre (signé).pdf", ""),
    ],
)
def test_a_copy_that_synchronisation_made_has_an_original(copy: str, original: str) -> None:
    """The copy is noise, and its original is known by name alone."""
    assert names.original_of(copy) == original
    assert names.is_noise(copy) == bool(original)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "_signature (1).yaml",
            "_signature - Copie.yaml",
            "_Signature - Copie (2).yaml",
            "Copie de _signature.yaml",
        ),
        *(
            "_signatures.yaml",
            "signature.yaml",
            "_ signature.yaml",
            "_signature.yaml.yaml",
            "_signature.yaml (1).txt",
        ),
        *("_signature.yaml.docx", "_signature 2.yaml", "_signature"),
        *("_signature.yaml.md", "_signature.md"),  # a new text of Nextcloud's on the web
    ],
)
def test_what_was_meant_as_settings_by_its_name(name: str) -> None:
    assert near_names.near_settings(name)
    assert near_names.near_request(name) == ""
    assert near_names.surely_settings(name) == (name not in {"signature.yaml", "_signature", "_signature.md"})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Lettre.sign (1).yaml",
            "Lettre.sign - Copie.yaml",
            "Lettre.sign.yaml.yaml",
            "Lettre.sign.yaml.docx",
        ),
        *(
            "Lettre.sign",
            "Lettre.sign.doc",
            "Lettre.sign.yaml (1).txt",
            "Lettre_sign.yaml",
            "Lettre sign.yaml",
            "Lettre - sign.yaml",
        ),
        *("Lettre.signe.yaml", "Lettre.signature.yaml", "Lettre.sign.json"),
        *("Lettre.sign.yaml.md", "Lettre.sign.md"),
    ],
)
def test_what_was_meant_as_a_request_by_its_name(name: str) -> None:
    assert near_names.near_request(name) == "Lettre.sign.yaml"
    assert not near_names.near_settings(name)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        *((f"_signataires{end}.xlsx", "_signataires.xlsx") for end in (" (1)", " - Copie", "2", ".xlsx")),
        *(("_Signataire.xlsx", "_signataires.xlsx"), ("_signataires.xlsx (2).xlsx", "_signataires.xlsx")),
        *(("_signataires - Copie (2).csv", "_signataires.csv"), ("_signataires.csv.csv", "_signataires.csv")),
        *(("_signataires.csv.xlsx", "_signataires.xlsx"), ("_signataires.xlsx.csv", "_signataires.csv")),
        *(
            ("Copie de _signataires.xlsx", "_signataires.xlsx"),
            ("Copy of _signataires.csv", "_signataires.csv"),
        ),
        *(
            (f"_signataires (1).{end}", "_signataires.xlsx")
            for end in ("ods", "xls", "numbers", "tsv", "txt")
        ),
        *(("_signataires.xlsx.ods", "_signataires.xlsx"), ("_signataires (1).csv.txt", "_signataires.csv")),
        *(("_signataires.txt", "_signataires.xlsx"), ("_signataires.ods (2)", "_signataires.xlsx")),
        *((name, "") for name in ("_signataires.xlsx", "_signataires.csv.txt", "_signataires.xls")),
        *((name, "") for name in ("Signataires.xlsx", "~$_signataires (1).xlsx", "_signataires 2025.xlsx")),
        *((name, "") for name in ("_signataires.signature.txt", "_signataires.pdf", "Lettre.sign (1).yaml")),
    ],
)
def test_what_was_meant_as_a_list_by_its_name(name: str, right: str) -> None:
    """One that bears its year is most often put away."""
    assert near_names.near_list(name) == right


@pytest.mark.parametrize(
    ("name", "other"),
    [
        *((f"_signataires (1).{end}", True) for end in ("ods", "xls", "numbers", "tsv", "txt")),
        *(("_signataires.xlsx.ods", True), ("Copie de _signataires.ods (2)", True), ("Bail.ods", False)),
        *((f"_signataires (1).{end}", False) for end in ("xlsx", "csv", "csv.txt", "ods.xlsx")),
    ],
)
def test_a_list_of_another_form_is_known_by_its_last_ending(name: str, other: bool) -> None:
    assert near_names.is_of_another_table(name) == other


@pytest.mark.parametrize(
    "name",
    [
        *(
            "_signature.yaml",
            "_signature.txt",
            "Lettre.sign.yaml",
            "Lettre .sign.yaml",
            "Lettre.sign.corrigé.yaml",
        ),
        *("Lettre.signature.txt", "Lettre.signature (note).txt", "_signataires.xlsx", "~$Lettre.sign.docx"),
        *("_signature (conflicted copy 2026-11-23 104512).yaml", "Lettre (signé).pdf", "Contrat signé.docx"),
        *(
            "Signature.docx",
            "signature.txt",
            "Bail signed.txt",
            "design.yaml",
            "Lettre.yaml",
            "signatures.pdf",
        ),
    ],
)
def test_what_is_read_or_is_anybodys_is_no_near_name(name: str) -> None:
    """What a synchronisation copied is told as that."""
    assert (near_names.near_settings(name), near_names.near_request(name)) == (False, "")


def test_a_near_name_as_long_as_a_name_can_be_costs_nothing() -> None:
    began = time.process_time()
    for name in ("_signature" + ".txt" * 60 + "!", "a.sign" * 40, "_" * 250, " copie" * 41 + ".yaml"):
        near_names.near_settings(name), near_names.near_request(name)
    for name in (
        "_signataires" + " 1" * 119,
        "_signataires.xlsx" + ".xlsx" * 46 + "!",
        "_signataires.csv 1.csv" * 11,
        "_signataires" + ".xls" * 60 + "!",
        "copie de _signataires.xlsx" * 9,
    ):
        near_names.near_list(name)
    assert time.process_time() - began < 1
