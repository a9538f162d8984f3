"""The bytes of a list → its lines as texts, with what a spreadsheet can do to them; or why it cannot be read.

Runs in the limited worker (``isolation.JOBS``): a workbook is a zip of XML from anybody. A number keeps its true
value (a phone of nine digits whose zero was eaten stays nine digits), a formula counts by its last result, a date
stays recognisable as one. Nothing is written, no macro is run, no link followed.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from connector.sidecar.model import Frozen
from connector.sidecar.repair import fold_blanks
from connector.signatory_list.columns import find_header
from connector.text_yaml import decode

MAX_BYTES: Final = 2_000_000
MAX_LINES: Final = 600
"""Lines that are returned; ``Table.count`` tells how many hold anything."""
MAX_CELL: Final = 5_000
"""Characters of a cell that are read."""

_MAX_UNPACKED: Final = 15_000_000
"""Bytes of XML: reading them takes ten seconds and 300 MB. A list of 500 rows has a twentieth of it."""
_MAX_COLUMNS: Final = 100
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_STRICT: Final = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
"""ISO/IEC 29500-1; what Excel writes by itself is of part 4, with another name."""
_RETURN: Final = "_x000D_"
"""How Excel keeps a carriage return that was pasted from a web page."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ />]")
"""A formula's element; the libraries of Microsoft for programs write every name with a prefix (``<x:f>``)."""
_ZEROS: Final = re.compile("0{2,20}")
_TRICK: Final = re.compile(r'="(.*)"', re.DOTALL)
"""``="0612345678"``: how programs keep Excel from eating a zero of a CSV."""


class Cell(Frozen):
    """One cell. ``text`` as a person would copy it; its kind says what else it is."""

    text: str = ""
    kind: Literal["text", "date", "formula", "error", "long"] = "text"
    """``formula``: one whose result was never computed; ``error``: ``#N/A`` and the like; ``long``: cut off."""


class Line(Frozen):
    """One line that holds something. ``number`` as Excel counts, from 1; ``cells`` from the first column on."""

    number: int
    cells: tuple[Cell, ...]
    hidden: bool = False
    merged: bool = False
    """A merged cell lies on it."""


class Table(Frozen):
    """A list as read. ``problem`` is a code of ``sidecar.codes`` when it cannot be."""

    problem: str = ""
    lines: tuple[Line, ...] = ()
    count: int = 0
    """Lines that hold something, also beyond :data:`MAX_LINES`."""
    sheets: tuple[str, ...] = ()
    """Names of other sheets that hold something: they are not read."""
    hidden_columns: tuple[int, ...] = ()
    """Columns that are not shown, from 0; whether they hold anything is not asked."""


def read(path: str, kind: str) -> dict[str, Any]:
    """Read a list, ``kind`` as ``sidecar.names.list_kind``; returns :class:`Table` as JSON. For the worker."""
    data = Path(path).read_bytes()
    table = _csv(data) if kind == "csv" else _workbook(data)
    return table.model_dump(mode="json", exclude_defaults=True)


# ------------------------------------------------------------------------------------------- workbook


def _workbook(data: bytes) -> Table:
    problem = _not_a_workbook(data)
    if problem:
        return Table(problem=problem)
    import openpyxl

    with warnings.catch_warnings():
        # What a workbook holds beside its cells (validations, extensions) is of no interest here.
        warnings.simplefilter("ignore")
        try:
            if _is_strict(data):
                return Table(problem="list_strict")
            book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
            formulas = None
            if _has_formulas(data):
                formulas = openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a damaged workbook makes openpyxl raise nearly anything
            return Table(problem="list_damaged")
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        return Table(problem="list_damaged")
    first, *others = sheets
    told = tuple(sheet.title for sheet in others if any(_shown(c.value) for c in sheet._cells.values()))
    twin = formulas[first.title] if formulas is not None else None
    return _sheet(first, twin).model_copy(update={"sheets": told})


def _not_a_workbook(data: bytes) -> str:
    """Return the code of what this is instead, or of why it must not be unpacked; empty for a sound workbook."""
    if data.startswith(_OLE):
        return "list_password" if _ENCRYPTED in data else "list_old_format"
    if not data.strip(b"\0"):
        return "list_damaged"
    if not data.startswith(b"PK"):
        return "list_not_workbook"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            names = set(package.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "list_damaged"
    if "xl/workbook.xml" not in names:
        return "list_not_workbook"
    # zipfile never unpacks more than an entry declares.
    return "list_swollen" if sum(entry.file_size for entry in entries) > _MAX_UNPACKED else ""


def _is_strict(data: bytes) -> bool:
    """Tell a workbook of the form "Strict Open XML", which Excel keeps on saving; openpyxl sees no sheet in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return _STRICT in package.read("xl/workbook.xml")


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheets = [name for name in package.namelist() if name.startswith("xl/worksheets/")]
        return any(_FORMULA.search(package.read(name)) for name in sheets if name.endswith(".xml"))


def _sheet(sheet: Any, formulas: Any) -> Table:
    # By the cells there are: asking for rows would make every cell up to one forgotten in row 1 048 576.
    by_row: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in sheet._cells.items():
        if column > _MAX_COLUMNS:
            continue
        twin = formulas._cells.get((row, column)) if formulas is not None else None
        read_cell = _cell(cell, twin)
        if read_cell.text or read_cell.kind != "text":
            by_row.setdefault(row, {})[column] = read_cell
    numbers = sorted(by_row)[:MAX_LINES]
    merged = _merged(sheet, numbers)
    lines = tuple(
        Line(
            number=number,
            cells=tuple(by_row[number].get(at, Cell()) for at in range(1, max(by_row[number]) + 1)),
            hidden=_is_hidden(sheet, number),
            merged=number in merged,
        )
        for number in numbers
    )
    return Table(lines=lines, count=len(by_row), hidden_columns=_hidden_columns(sheet))


def _hidden_columns(sheet: Any) -> tuple[int, ...]:
    # One entry may stand for several neighbours.
    ranges = [(one.min, min(one.max, _MAX_COLUMNS)) for one in sheet.column_dimensions.values() if one.hidden]
    return tuple(sorted({at - 1 for first, last in ranges for at in range(first, last + 1)}))


def _is_hidden(sheet: Any, number: int) -> bool:
    if number not in sheet.row_dimensions:
        return bool(sheet.sheet_format.zeroHeight)
    return bool(sheet.row_dimensions[number].hidden)


def _merged(sheet: Any, numbers: Iterable[int]) -> set[int]:
    ranges = [(each.min_row, each.max_row) for each in sheet.merged_cells.ranges]
    return {number for number in numbers if any(first <= number <= last for first, last in ranges)}


def _cell(cell: Any, formula: Any) -> Cell:
    value = cell.value
    if value is None:
        waits = formula is not None and formula.data_type == "f"
        return Cell(kind="formula") if waits else Cell()
    if cell.data_type == "e":
        return Cell(text=str(value)[:40], kind="error")
    if isinstance(value, (datetime, date, time, timedelta)):
        return Cell(text=_date_text(value), kind="date")
    return _text_cell(_filled(_shown(value), cell.number_format))


def _filled(text: str, number_format: str) -> str:
    """A number with the zeros that a format of zeros alone shows before it: ``00123``, a client's number."""
    return text.zfill(len(number_format)) if _ZEROS.fullmatch(number_format) and text.isdecimal() else text


def _text_cell(text: str) -> Cell:
    text = _CONTROLS.sub(" ", fold_blanks(text.replace(_RETURN, ""))).strip()
    return Cell(text=text[:MAX_CELL], kind="long") if len(text) > MAX_CELL else Cell(text=text)


def _shown(value: object) -> str:
    """A value as text; a number without the ``.0`` that only its storage has."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "VRAI" if value else "FAUX"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _date_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y")
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else str(value)


# ------------------------------------------------------------------------------------------------ CSV


def _csv(data: bytes) -> Table:
    """The delimiter is the one under which a line of titles is found, else the commonest."""
    if not data.strip(b"\0 \t\r\n"):
        return Table()
    text = decode(data).text
    if re.match(r"\s*<", text):
        return Table(problem="list_not_workbook")
    first = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    delimiters = [first[1]] if first else sorted(";\t,", key=lambda one: -text.count(one))
    tables = []
    for delimiter in delimiters:
        try:
            tables.append(_csv_table(text, delimiter, skip=bool(first)))
        except csv.Error:
            continue
        if find_header([cell.text for cell in line.cells] for line in tables[-1].lines) is not None:
            return tables[-1]
    return tables[0] if tables else Table(problem="list_damaged")


def _csv_table(text: str, delimiter: str, *, skip: bool) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines: list[Line] = []
    count, number = 0, 1
    for cells in reader:
        here, number = number, reader.line_num + 1
        read_cells = tuple(_csv_cell(cell) for cell in cells[:_MAX_COLUMNS])
        if not any(cell.text for cell in read_cells) or (skip and here == 1):
            continue
        count += 1
        if len(lines) < MAX_LINES:
            lines.append(Line(number=here, cells=read_cells))
    return Table(lines=tuple(lines), count=count)


def _csv_cell(text: str) -> Cell:
    trick = _TRICK.fullmatch(text.strip())
    return _text_cell(trick[1] if trick else text)
