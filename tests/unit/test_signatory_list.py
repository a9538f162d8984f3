"""A list of signatories: every way in which a spreadsheet holds, or spoils, who signs what (ux page section 1.2)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from connector.isolated_pdf import IsolatedPdf
from connector.sidecar.model import Signatory, SignatureRequest
from connector.sidecar.reading import read_sidecar
from connector.signatory_list import table as tables
from connector.signatory_list.columns import read_title
from connector.signatory_list.rows import ListReading, Row, read_rows
from connector.signatory_list.table import Table
from connector.signatory_list.writing import write_sidecar
from tests.spreadsheets import TITLES, csv_text, person, strict, workbook
from tests.worlds import workers

FILE = "_signataires.xlsx"
MARIE = ("Lettre DUPONT", "marie.dupont@cabinet.fr", "Marie", "Dupont", "06 12 34 56 78")
COMMENT = "# créé d'après « _signataires.xlsx », ligne 2"


def table_of(data: bytes, kind: str = "xlsx") -> Table:
    """As the worker reads it, without the worker."""
    return tables._csv(data) if kind == "csv" else tables._workbook(data)


def read(data: bytes, kind: str = "xlsx", file: str = FILE) -> ListReading:
    return read_rows(table_of(data, kind), file)


def codes(reading: ListReading | Row) -> list[str]:
    return [problem.code for problem in reading.problems]


def one_row(*cells: Any, titles: Sequence[Any] = TITLES) -> Row:
    """The only row of a list that holds one."""
    reading = read(workbook([cells], titles))
    assert codes(reading) == []
    (row,) = reading.rows
    return row


def people(row: Row) -> list[tuple[str, str, str, str]]:
    return [(one.email, one.first_name, one.last_name, one.phone) for one in row.request.signatories]


# ------------------------------------------------------------------------------------------- reading


def test_forty_rows() -> None:
    """One row, one request, its line as Excel counts it."""
    reading = read(workbook([person(number) for number in range(40)]))
    assert len(reading.rows) == 40
    assert not any(row.problems for row in reading.rows)
    assert [row.line for row in reading.rows] == list(range(2, 42))
    assert people(reading.rows[7]) == [("client007@cabinet.fr", "Marie", "Hamar", "+33610073457")]


@pytest.mark.parametrize(
    ("titles", "cells"),
    [
        (("Document", "E-MAIL", "Prenom", "NOM", "Tél."), MARIE),
        (("document", "mail", "prénom", "nom", "mobile"), MARIE),
        (("document", "courriel", "prénom", "nom", "portable"), MARIE),
        (("document", "Adresse mail", "prénom", "nom", "Téléphone portable"), MARIE),
        (("document", "email", "first name", "last name", "phone"), MARIE),
        (("document", "signataire"), (MARIE[0], "Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78")),
        (("document", "e-mail", "nom et prénom", "mobile"), (MARIE[0], MARIE[1], "Marie Dupont", MARIE[4])),
    ],
)
def test_titles_as_people_write_them(titles: tuple[str, ...], cells: tuple[str, ...]) -> None:
    """Every word of the page's list of titles, in any case, with or without accents."""
    row = one_row(*cells, titles=titles)
    assert row.problems == ()
    assert people(row) == [("marie.dupont@cabinet.fr", "Marie", "Dupont", "+33612345678")]


def test_titles_below_other_lines() -> None:
    """The line of titles is the first that holds « e-mail », wherever it stands; lines keep Excel's numbers."""
    reading = read(workbook([(), MARIE], above=[("Cabinet Exemple",), (), ("Lettres 2026", 40)]))
    (row,) = reading.rows
    assert row.line == 6
    assert row.problems == ()


def test_two_people_on_a_row() -> None:
    """« e-mail 2 » begins the second person; a row may leave it empty."""
    titles = (*TITLES, "e-mail 2", "prénom 2", "nom 2", "téléphone 2")
    second = ("paul.martin@cabinet.fr", "Paul", "Martin", "07 81 22 33 44")
    assert [one[1] for one in people(one_row(*MARIE, *second, titles=titles))] == ["Marie", "Paul"]
    assert len(people(one_row(*MARIE, titles=titles))) == 1
    lines = ("document", "signataire", "signataire 2")
    one = one_row(
        "A", "Marie Dupont <m@cabinet.fr> 0612345678", "Paul Martin p@cabinet.fr 0781223344", titles=lines
    )
    assert [each[1] for each in people(one)] == ["Marie", "Paul"]


def test_own_subject_and_message() -> None:
    """Two optional columns; several lines in a cell stay several lines."""
    row = one_row(*MARIE, "Lettre : 2026", "Bonjour,_x000D_\n\nvoici.", titles=(*TITLES, "objet", "message"))
    assert (row.request.subject, row.request.message) == ("Lettre : 2026", "Bonjour,\n\nvoici.")


def test_other_columns_are_named_once() -> None:
    """What is not read is said, once for the list."""
    reading = read(workbook([(*MARIE, "M.", 12), (*MARIE, "Mme", 3)], (*TITLES, "Civilité", "N° de dossier")))
    assert reading.ignored == ("Civilité", "N° de dossier")


def test_blank_rows_and_totals_are_no_rows() -> None:
    """Trailing blank rows and rows that fill other columns only ask for nothing."""
    reading = read(
        workbook([MARIE, (), ("",) * 5, (None,) * 5 + ("Total 1",), ("  ",)], (*TITLES, "remarque"))
    )
    assert [row.line for row in reading.rows] == [2]


@pytest.mark.parametrize(
    ("cell", "e164"),
    [
        (612345678, "+33612345678"),
        (612345678.0, "+33612345678"),
        (33612345678, "+33612345678"),
        (33612345678.0, "+33612345678"),
        ("0612345678", "+33612345678"),
        ("06\u00a012\u202f34 56 78", "+33612345678"),
        ("+41 79 123 45 67", "+41791234567"),
    ],
)
def test_phones_as_cells_hold_them(cell: object, e164: str) -> None:
    """A number cell keeps its true number: the zero that Excel ate is known to be missing."""
    assert people(one_row(*MARIE[:4], cell))[0][3] == e164


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ((*MARIE[:4], "04 78 12 34 56"), "phone_fixed_line"),
        ((*MARIE[:4], "3,36E+10"), "phone_excel"),
        ((*MARIE[:4], "06 12 34 56"), "phone_too_short"),
        ((MARIE[0], "marie.dupont@cabinet", *MARIE[2:]), "email_invalid"),
        ((*MARIE[:2], "H\u00c3\u00a9l\u00c3\u00a8ne", *MARIE[3:]), "name_garbled"),
        (("", *MARIE[1:]), "list_document_missing"),
        (("Lettre DUPONT (signé).pdf", *MARIE[1:]), "list_document_ours"),
        (("L" * 245, *MARIE[1:]), "list_name_too_long"),
        ((MARIE[0], "", "", "", ""), "signatories_missing"),
        ((*MARIE[:4], date(2026, 12, 6)), "list_date"),
        ((*MARIE[:4], datetime.combine(date(2026, 12, 6), time(10))), "list_date"),
        ((*MARIE[:4], "#N/A"), "list_cell_error"),
    ],
)
def test_one_bad_row(cells: tuple[Any, ...], code: str) -> None:
    """The same sentences as in a request, with the row and the list's name; the rows beside it are right."""
    reading = read(workbook([person(1), cells, person(2)]))
    assert [bool(row.problems) for row in reading.rows] == [False, True, False]
    bad = reading.rows[1]
    assert code in codes(bad)
    assert all(problem.line == 3 and problem.values["file"] == FILE for problem in bad.problems)


def test_a_comma_in_the_cell_of_an_address() -> None:
    """The cell is quoted whole, and what it stands for is suggested."""
    (bad,) = read(workbook([(MARIE[0], "b@client-sarl,fr", *MARIE[2:])])).rows
    values = [(one.values["written"], one.values["meant"]) for one in bad.problems]
    assert values == [("b@client-sarl,fr", "b@client-sarl.fr")]


def test_the_same_document_twice() -> None:
    """A problem of both rows, whatever the case, the accents and the extension; each names the other."""
    doubles = [(name, *MARIE[1:]) for name in ("Été DUPONT", "e\u0301te\u0301 dupont.PDF")]
    reading = read(workbook([doubles[0], person(1), doubles[1]]))
    assert [codes(row) for row in reading.rows] == [["list_document_twice"], [], ["list_document_twice"]]
    assert [row.problems[0].values["other_line"] for row in reading.rows if row.problems] == ["4", "2"]


@pytest.mark.parametrize(
    ("written", "document"),
    [
        (" Lettre  DUPONT ", "Lettre DUPONT"),
        ("C:\\Clients\\DUPONT\\Lettre.pdf", "Lettre.pdf"),
        ("Clients/Lettre.pdf", "Lettre.pdf"),
        (2026, "2026"),
    ],
)
def test_documents_as_written(written: object, document: str) -> None:
    """Blanks and the path that practice software writes before a name are no part of it."""
    assert one_row(written, *MARIE[1:]).document == document


def test_one_person_said_twice() -> None:
    """« signataire » stands instead of the four columns, not beside them."""
    row = one_row(*MARIE, "Marie Dupont m@cabinet.fr 0612345678", titles=(*TITLES, "signataire"))
    assert "keys_contradict" in codes(row)


# --------------------------------------------------------------------------- what a spreadsheet can do


def test_rows_hidden_by_a_filter() -> None:
    """Hidden rows that hold something are counted; hidden blank ones, and the titles, are not."""

    def hide(book: Workbook) -> None:
        for number in (3, 4, 7, 900):
            book.worksheets[0].row_dimensions[number].hidden = True

    assert read(workbook([person(number) for number in range(4)], change=hide)).hidden == 2


@pytest.mark.parametrize("second", [("paul.martin@cabinet.fr", "Paul", "Martin", "07 81 22 33 44"), ()])
def test_columns_that_are_hidden(second: tuple[str, ...]) -> None:
    """Whoever stands in columns that nobody sees is not asked to sign by accident; empty ones hide nobody."""

    def hide(book: Workbook) -> None:
        book.worksheets[0].column_dimensions.group("F", "J", hidden=True)

    titles = (*TITLES, "e-mail 2", "prénom 2", "nom 2", "téléphone 2", "Honoraires")
    cells = (*MARIE, *(second or ("",) * 4), "1200")
    reading = read(workbook([cells], titles, change=hide))
    assert len(reading.rows) == (0 if second else 1)
    told = [(problem.code, problem.values["titles"]) for problem in reading.problems]
    assert told == ([("list_columns_hidden", "e-mail 2, prénom 2, nom 2, téléphone 2")] if second else [])


def test_numbers_with_zeros_before_them() -> None:
    """A client's number is read as it is shown: the PDF is called « 00123.pdf »."""

    def shape(book: Workbook) -> None:
        book.worksheets[0]["A2"].number_format = "00000"

    (row,) = read(workbook([(123, *MARIE[1:])], change=shape)).rows
    assert row.document == "00123"


def test_merged_cells() -> None:
    """A merged cell hides what belongs to the rows under it: those are asked about, the title above is not."""

    def merge(book: Workbook) -> None:
        book.worksheets[0].merge_cells("A1:E1")
        book.worksheets[0].merge_cells("A4:A5")

    reading = read(workbook([person(n) for n in range(4)], above=[("Lettres 2026",)], change=merge))
    assert ["list_merged" in codes(row) for row in reading.rows] == [False, True, True, False]


def test_other_sheets() -> None:
    """The first visible sheet is read; others that hold something are named."""

    def add(book: Workbook) -> None:
        book.create_sheet("Clients")["B2"] = "x"
        book.create_sheet("Vide")
        hidden = book.create_sheet("Calculs", 0)
        hidden.sheet_state = "hidden"
        hidden["A1"] = "e-mail"

    reading = read(workbook([MARIE], change=add))
    assert (len(reading.rows), reading.sheets) == (1, ("Clients",))


def test_a_first_sheet_that_is_empty() -> None:
    """Whoever wrote the list on another sheet is told that this one is not read."""
    reading = read(workbook([MARIE], change=lambda book: book.create_sheet("Accueil", 0)))
    assert (reading.rows, len(reading.sheets)) == ((), 1)


def test_formulas_count_by_their_last_result() -> None:
    """A formula that was never computed is asked about; one with a result is read as that result."""
    made = workbook([(*MARIE[:4], '="06"&"12345678"'), person(1)])
    assert [codes(row) for row in read(made).rows] == [["list_formula"], []]
    with_result = _replaced(
        made, "xl/worksheets/sheet1.xml", b'<f>"06"&amp;"12345678"</f><v></v>', b"<f>x</f><v>0612345678</v>"
    )
    row = read(with_result).rows[0]
    assert people(row)[0][3] == "+33612345678"


def test_formulas_of_programs() -> None:
    """What programs write by Microsoft's own library has a prefix before each name."""
    sheet = "xl/worksheets/sheet1.xml"
    made = workbook([(*MARIE, "=B9")], (*TITLES, "e-mail 2"))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        plain = package.read(sheet)
    prefixed = re.sub(rb"<(/?)(?=\w)", rb"<\1x:", plain).replace(b"xmlns=", b"xmlns:x=")
    (row,) = read(_replaced(made, sheet, plain, prefixed)).rows
    assert codes(row) == ["list_formula"]


def _replaced(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The workbook with one part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w") as after:
        for entry in before.namelist():
            content = before.read(entry)
            if entry == name:
                assert old in content, content
                content = content.replace(old, new)
            after.writestr(entry, content)
    return stream.getvalue()


def test_a_cell_forgotten_at_the_very_end() -> None:
    """A stray cell in the last row, and rows formatted to the last column, cost nothing and hide nothing."""

    def stray(book: Workbook) -> None:
        book.worksheets[0]["A1048576"] = " "
        book.worksheets[0]["XFD2"] = "x"

    reading = read(workbook([MARIE], change=stray))
    assert [row.line for row in reading.rows] == [2]


def test_more_rows_than_are_read() -> None:
    """500 rows are read; more are refused with their number, wherever they end."""
    assert len(read(workbook([person(n) for n in range(500)])).rows) == 500
    for count in (501, 612, 2000):
        reading = read(workbook([person(n) for n in range(count)]))
        assert reading.rows == ()
        assert reading.problems[0].values == {"count": str(count), "limit": "500", "file": FILE}


def ole(mark: bytes = b"") -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + mark


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "list_damaged"),
        (b"\0" * 4096, "list_damaged"),
        (workbook([MARIE])[:-300], "list_damaged"),
        (workbook([MARIE])[:2000], "list_damaged"),
        (_replaced(workbook([MARIE]), "xl/worksheets/sheet1.xml", b"</row>", b"</ro>"), "list_damaged"),
        (b"<html><table></table></html>", "list_not_workbook"),
        (b"document;e-mail\r\n", "list_not_workbook"),
        (strict(workbook([MARIE])), "list_strict"),
        (ole(), "list_old_format"),
        (ole("EncryptedPackage".encode("utf-16-le")), "list_password"),
    ],
)
def test_files_that_are_no_workbook(data: bytes, code: str) -> None:
    """Each is told by what it is, with what to do."""
    assert codes(read(data)) == [code]


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()


def test_another_zip_by_that_name() -> None:
    """A text document or a folder of files, renamed."""
    assert codes(read(zipped({"word/document.xml": b"<x/>"}))) == ["list_not_workbook"]


def test_a_bomb_is_never_unpacked() -> None:
    """2 MB that unpack to hundreds: refused by what the package declares."""
    bomb = zipped({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * 200_000_000})
    assert len(bomb) < 2_000_000
    assert codes(read(bomb)) == ["list_swollen"]


@pytest.mark.parametrize(
    ("titles", "code"),
    [
        (("e-mail", "prénom", "nom", "téléphone"), "list_no_document"),
        (("fichier", "adresse", "prénom"), "list_no_header"),
        ((*TITLES, "e-mail"), "list_column_twice"),
        ((*TITLES, "mobile"), "list_column_twice"),
        (("document", "e-mail", "pr‚nom", "nom", "mobile"), "list_title_garbled"),
        (("document", "e-mail", "prŽnom", "nom", "mobile"), "list_title_garbled"),
    ],
)
def test_titles_that_do_not_do(titles: tuple[str, ...], code: str) -> None:
    """What is missing or stands twice is said by name, and no row is obeyed."""
    reading = read(workbook([MARIE], titles))
    assert codes(reading) == [code]
    assert reading.rows == ()


def test_a_list_behind_a_cover_sheet() -> None:
    """As Numbers exports one: its cover is read, and the sheet that holds the list is named."""

    def covered(book: Workbook) -> None:
        book.worksheets[0].title = "Feuille 1"
        cover = book.create_sheet("Résumé", 0)
        cover.append(["Ce document a été exporté depuis Numbers."])

    (problem,) = read(workbook([MARIE], change=covered)).problems
    assert (problem.code, problem.values["sheets"]) == ("list_no_header", "Feuille 1")


def test_an_empty_list() -> None:
    """Nothing in it yet is no fault."""
    for data in (workbook([]), workbook([], titles=())):
        assert read(data) == ListReading(file=FILE)


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("e-mail", ("email", 1)),
        ("E-mail 2", ("email", 2)),
        ("e-mail (3)", ("email", 3)),
        ("Prénom2", ("first_name", 2)),
        ("signataire 2", ("signatory", 2)),
        ("signataires", None),
        ("document 2", None),
        ("objet", ("subject", 1)),
        ("e-mail 0", None),
        ("e-mail du client", None),
        ("", None),
        ("12", None),
    ],
)
def test_titles(title: str, meant: tuple[str, int] | None) -> None:
    """A number belongs to people only."""
    assert read_title(title) == meant


# ------------------------------------------------------------------------------------------------ CSV


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_as_programs_save_it(delimiter: str, encoding: str) -> None:
    """Three delimiters, four encodings: the same rows."""
    rows = [("Lettre ÉTÉ", "m@cabinet.fr", "Hélène", "D’Été", "0612345678"), person(1)]
    reading = read(csv_text(rows, delimiter=delimiter).encode(encoding), "csv", "_signataires.csv")
    assert [row.line for row in reading.rows] == [2, 3]
    assert not any(row.problems for row in reading.rows)
    assert reading.rows[0].request.signatories[0].name == "Hélène D’Été"


def test_csv_oddities() -> None:
    """Quotes, delimiters and line ends inside them, the line « sep= », the trick with ``=``, blank lines."""
    text = (
        "sep=;\r\ndocument;signataire;message\r\n\r\n"
        '"Lettre; DUPONT";"Marie Dupont <m@cabinet.fr> 0612345678";"Bonjour,\r\nvoici."\r\n'
        ';;\r\nA;"Paul ""Polo"" Martin p@cabinet.fr";\r\n'
    )
    first, second = read(text.encode(), "csv").rows
    assert (first.line, first.document, first.request.message) == (4, "Lettre; DUPONT", "Bonjour,\nvoici.")
    assert (second.line, people(second)[0][0]) == (7, "p@cabinet.fr")
    tricked = csv_text([(*MARIE[:4], '="0612345678"')])
    assert people(read(tricked.encode(), "csv").rows[0])[0][3] == "+33612345678"


def test_csv_keeps_what_was_displayed() -> None:
    """3,36E+10 is what a narrow column showed: asked about, by the sentence that tells what to do."""
    assert codes(read(csv_text([(*MARIE[:4], "3,36E+10")]).encode(), "csv").rows[0]) == ["phone_excel"]


def test_csv_that_is_a_web_page() -> None:
    """A login page saved under this name."""
    assert codes(read(b"<!DOCTYPE html><html></html>", "csv")) == ["list_not_workbook"]
    assert read(b"\r\n \r\n", "csv").rows == ()


@given(st.binary(max_size=400), st.sampled_from(["csv", "xlsx"]))
def test_any_bytes(data: bytes, kind: str) -> None:
    """Whatever the file holds, it is a list or has a reason; nothing is raised."""
    reading = read(data, kind)
    assert reading.rows or reading.problems or reading == ListReading(file=FILE) or not reading.rows


# -------------------------------------------------------------------------------------------- worker


def test_lists_are_read_in_the_worker(tmp_path: Path) -> None:
    """The same answer comes through the pipe, for good lists and bad ones."""
    reader = IsolatedPdf(workers())
    for number, (data, kind) in enumerate(
        [(workbook([MARIE]), "xlsx"), (csv_text([MARIE]).encode(), "csv"), (b"PK\3\4", "xlsx")]
    ):
        path = tmp_path / str(number)
        path.write_bytes(data)
        assert reader.signatory_list(path, kind) == table_of(data, kind)


# ------------------------------------------------------------------------------------------- writing


def written(row: Row, language: str = "fr") -> str:
    data = write_sidecar(row.request, COMMENT, language)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    return data.decode("utf-8-sig").replace("\r\n", "\n")


def test_a_request_as_a_person_would_write_it() -> None:
    """One line a person, the first line says where it comes from."""
    assert written(one_row(*MARIE)) == (
        f"{COMMENT}\nsignataires: Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78\n"
    )
    titles = (*TITLES, "signataire 2", "objet", "message")
    row = one_row(
        *MARIE, "Paul MARTIN p@cabinet.fr +41 79 123 45 67", "Lettre 2026", "Bonjour,\nvoici.", titles=titles
    )
    assert written(row) == (
        f"{COMMENT}\nsignataires:\n"
        "  - Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78\n"
        "  - Paul MARTIN <p@cabinet.fr> +41791234567\n"
        "objet: Lettre 2026\nmessage: |\n  Bonjour,\n  voici.\n"
    )


def test_what_one_line_would_misread_stands_in_keys() -> None:
    """« Jean Pierre » « de La Tour » would be one whole name on a line."""
    row = one_row("A", "j@cabinet.fr", "Jean Pierre", "de La Tour", "0612345678")
    assert written(row) == (
        f"{COMMENT}\nsignataires:\n  - prénom: Jean Pierre\n    nom: de La Tour\n"
        "    email: j@cabinet.fr\n    téléphone: 06 12 34 56 78\n"
    )
    assert "first_name: Jean Pierre" in written(row, "en")


TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
NAME = st.one_of(
    st.text("abcéÉœŒ ABC-'’.#:,;\"\\{}[]|>&*!%@`«»“”()/?~0_\t\n\u00a0\u202f", max_size=30),
    st.sampled_from(
        ["Null", "oui", "No", "- Jean", "Dupont: Jean", "# x", "M. et Mme Martin", "action: annuler"]
    ),
    TEXT,
)
PHONES = ["0612345678", 612345678, "+41 79 123 45 67", "0690 12 34 56", "+33 7 81 22 33 44", "06 12"]


@settings(max_examples=400, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            NAME,
            NAME,
            st.sampled_from(PHONES),
            st.sampled_from(["a@cabinet.fr", "b.c+d@exemple-été.fr", "x"]),
        ),
        min_size=1,
        max_size=3,
    ),
    subject=NAME,
    message=NAME,
    language=st.sampled_from(["fr", "en"]),
)
def test_what_is_written_reads_back(
    rows: list[tuple[str, str, Any, str]], subject: str, message: str, language: str
) -> None:
    """Any name, any phone, any text: the request's own reader reads exactly what was read from the row."""
    titles, cells = ["document", "objet", "message"], ["A", subject, message]
    for number, (given_name, family, phone, email) in enumerate(rows, start=1):
        titles += [f"prénom {number}", f"nom {number}", f"téléphone {number}", f"e-mail {number}"]
        cells += [given_name, family, phone, email]
    lines = [{"number": 1, "cells": [{"text": title} for title in titles]}]
    lines += [{"number": 2, "cells": [tables._text_cell(tables._shown(cell)).model_dump() for cell in cells]}]
    reading = read_rows(Table.model_validate({"lines": lines, "count": 2}), FILE)
    for row in reading.rows:
        if row.problems:
            continue
        data = write_sidecar(row.request, COMMENT, language)
        assert data, row.request
        again = read_sidecar(data)
        assert _without_lines(again) == _without_lines(row.request)
        assert data.decode("utf-8-sig").startswith(COMMENT + "\r\n")


def _without_lines(request: SignatureRequest) -> tuple[Any, ...]:
    def who(one: Signatory) -> tuple[Any, ...]:
        return (one.email, one.first_name, one.last_name, one.name, one.phone, one.contact)

    return (
        tuple(map(who, request.signatories)),
        request.subject,
        request.message,
        request.action,
        request.send,
    )
