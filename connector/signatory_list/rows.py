"""The lines of a list → one request for each, or every reason why not; and what holds up the list as a whole.

People are read exactly as in a request (``sidecar.people``), so that one fault has one sentence; ``line`` is the row
as Excel counts it, ``values["file"]`` the list's name. A row that is wrong stops nothing but itself. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connector.errors import Problem
from connector.sidecar.fields import Notes, prose, shown
from connector.sidecar.model import SignatureRequest
from connector.sidecar.names import comparable, is_ours, sidecar_name
from connector.sidecar.people import read_signatories
from connector.signatory_list.columns import Columns, find_header, read_columns
from connector.signatory_list.table import Cell, Line, Table
from connector.text_yaml import Mapping, Node, Scalar
from connector.text_yaml import Sequence as Items

MAX_ROWS: Final = 500

_KEYS: Final = {"email": "email", "first_name": "prénom", "last_name": "nom", "phone": "téléphone"}
_KIND_CODES: Final = {
    "date": "list_date",
    "error": "list_cell_error",
    "formula": "list_formula",
    "long": "list_cell_long",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row. ``request`` is only worth something while ``problems`` is empty."""

    line: int
    """As Excel counts, from 1."""
    document: str
    """Name of the PDF as written, a path before it taken off; perhaps without ``.pdf``."""
    request: SignatureRequest
    problems: tuple[Problem, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the document it means, in comparable form, the likelier one first."""
        own = comparable(self.document)
        return (own,) if own.endswith(".pdf") else (comparable(f"{self.document}.pdf"), own)


@dataclass(frozen=True, kw_only=True)
class ListReading:
    """A list as understood. With ``problems`` or ``hidden`` no row of it is obeyed."""

    file: str
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Of the list as a whole; without a line."""
    hidden: int = 0
    """Rows that hold something and are not shown, by a filter or by hand."""
    ignored: tuple[str, ...] = ()
    """Titles of columns that mean nothing here."""
    sheets: tuple[str, ...] = ()
    """Other sheets of the workbook that hold something and are not read."""


def read_rows(table: Table, file: str) -> ListReading:
    """Read the rows of a table; ``file`` is the list's name, for the sentences. Never raises."""
    if table.problem:
        return ListReading(file=file, problems=(_of_list(file, table.problem),))
    texts = [[cell.text for cell in line.cells] for line in table.lines]
    at = find_header(texts)
    if at is None:
        if not table.lines:
            return ListReading(file=file, sheets=table.sheets)
        others = shown(", ".join(table.sheets))
        return ListReading(file=file, problems=(_of_list(file, "list_no_header", sheets=others),))
    columns, faults = read_columns(texts[at])
    lines = [line for line in table.lines[at + 1 :] if _says_anything(line, columns.titles)]
    count = table.count - at - 1 if table.count > len(table.lines) else len(lines)
    if count > MAX_ROWS:
        values = {"count": str(count), "limit": str(MAX_ROWS)}
        faults.append(Problem(code="list_too_many", values=values))
    # A person whom nobody sees in the list could be sent everything by accident, as a row that nobody sees.
    unseen = [column for column in columns.titles if column in table.hidden_columns]
    if filled := [column for column in unseen if any(_says_anything(line, [column]) for line in lines)]:
        titles = ", ".join(columns.titles[column] for column in filled)
        faults.append(Problem(code="list_columns_hidden", values={"titles": shown(titles)}))
    rows = [] if faults else _doubles([_row(line, columns, file) for line in lines], file)
    return ListReading(
        file=file,
        rows=tuple(rows),
        problems=tuple(_of_list(file, fault.code, **fault.values) for fault in faults),
        hidden=sum(line.hidden for line in lines),
        ignored=columns.ignored,
        sheets=table.sheets,
    )


def _of_list(file: str, code: str, **values: str) -> Problem:
    return Problem(code=code, values={**values, "file": file})


def _says_anything(line: Line, columns: Iterable[int]) -> bool:
    cells = (_at(line, at) for at in columns)
    return any(cell.text or cell.kind != "text" for cell in cells)


def _at(line: Line, column: int | None) -> Cell:
    return line.cells[column] if column is not None and column < len(line.cells) else Cell()


# ----------------------------------------------------------------------------------------------- a row


def _row(line: Line, columns: Columns, file: str) -> Row:
    notes = Notes()
    if line.merged:
        notes.say("list_merged", line.number)
    for at, title in columns.titles.items():
        cell = _at(line, at)
        if code := _KIND_CODES.get(cell.kind):
            notes.say(code, line.number, column=shown(title), written=shown(cell.text))
    document = _document(notes, line, columns)
    people = [node for number in sorted(columns.people) if (node := _person(notes, line, columns, number))]
    found: dict[str, str | None] = {}
    if people:
        key = Scalar("signataires", line.number)
        signatories = read_signatories(notes, key, Items(tuple(people), line.number))
    else:
        signatories = ()
        if not notes.problems:
            notes.say("signatories_missing", line.number)
    for name in ("subject", "message"):
        at_column: int | None = getattr(columns, name)
        cell = _at(line, at_column)
        if at_column is not None and cell.text:
            key = Scalar(columns.titles[at_column], line.number)
            found[name] = prose(notes, key, Scalar(cell.text, line.number))
    problems = tuple(
        Problem(code=each.code, line=line.number, values={**each.values, "file": file})
        for each in notes.problems
    )
    request = SignatureRequest(signatories=signatories, **found)  # type: ignore[arg-type]
    return Row(line=line.number, document=document, request=request, problems=problems)


def _document(notes: Notes, line: Line, columns: Columns) -> str:
    # Practice software writes whole paths; the PDF lies beside the list.
    written = re.split(r"[/\\]", _at(line, columns.document).text)[-1]
    document = unicodedata.normalize("NFC", " ".join(written.split()))
    if not document:
        notes.say("list_document_missing", line.number)
    elif is_ours(document) or is_ours(f"{document}.pdf"):
        notes.say("list_document_ours", line.number, document=shown(document))
    elif not sidecar_name(document):
        notes.say("list_name_too_long", line.number, document=shown(document))
    return document


def _person(notes: Notes, line: Line, columns: Columns, number: int) -> Node | None:
    """One person's cells as a node of the grammar; None where all of them are empty."""
    cells = {name: (at, _at(line, at).text) for name, at in columns.people[number].items()}
    filled = {name: (at, text) for name, (at, text) in cells.items() if text}
    if "signatory" not in filled:
        keys = tuple(
            (Scalar(_KEYS[name], line.number), Scalar(text, line.number))
            for name, (_, text) in filled.items()
        )
        return Mapping(keys, line.number) if keys else None
    at, text = filled.pop("signatory")
    for other, _ in filled.values():
        values = {"key": shown(columns.titles[at]), "other": shown(columns.titles[other])}
        notes.say("keys_contradict", line.number, **values)
    return Scalar(text, line.number)


def _doubles(rows: Sequence[Row], file: str) -> list[Row]:
    """The same PDF twice is a problem of each: nobody could say which row holds."""
    lines: dict[str, list[int]] = {}
    for row in rows:
        if row.document:
            lines.setdefault(row.wanted[0], []).append(row.line)
    judged = []
    for row in rows:
        others = [line for line in lines.get(row.wanted[0], ()) if line != row.line] if row.document else []
        if others:
            values = {
                "document": shown(row.document),
                "other_line": ", ".join(map(str, others[:5])),
                "file": file,
            }
            double = Problem(code="list_document_twice", line=row.line, values=values)
            row = Row(
                line=row.line,
                document=row.document,
                request=row.request,
                problems=(double, *row.problems),
            )
        judged.append(row)
    return judged
