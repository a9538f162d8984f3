"""A list of people as a CSV file: its header, its lines, each person read as a contact in the settings would be.

The header is that of a request's list (ux page 1.2): the first row that names a column of addresses; a second person
of a line stands under ``e-mail 2``, ``nom 2`` … Nothing is guessed: a line that cannot be read has its problems.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connector.errors import ConnectorError, Problem, RepairedBy
from connector.report.problems import in_body
from connector.report.typography import NBSP, TIE
from connector.sidecar.contacts import missing
from connector.sidecar.fields import Notes
from connector.sidecar.model import Signatory
from connector.sidecar.people import read_contact
from connector.signatory_list.columns import ONCE, read_title
from connector.text_yaml import Mapping as Keys
from connector.text_yaml import Scalar, decode

MAX_BYTES: Final = 20_000_000
_HEADER_WITHIN: Final = 50
"""Rows that may stand above the header: a title, a date."""
_DELIMITERS: Final = (";", ",", "\t")
_KEYS: Final = {"email": "email", "first_name": "prénom", "last_name": "nom", "phone": "téléphone"}
_TRICK: Final = re.compile(r'="(.*)"', re.DOTALL)
"""``="0612345678"``: how programs keep Excel from eating a zero."""

Column = tuple[str, int] | None
"""English name of what a column holds, and whose it is; None: nothing that matters here."""


class NoPeople(ConnectorError):
    """The file is no list of people at all."""

    repaired_by = RepairedBy.ADMINISTRATOR


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person of one line; ``problems`` are sentences, and empty when the person can be used."""

    line: int
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    phone: str = ""
    problems: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """All that is known of the person, to be held against another line's."""
        return self.first_name, self.last_name, self.name, self.phone


@dataclass(frozen=True, kw_only=True)
class PeopleFile:
    """A file whose header was understood. ``ignored``: the titles of columns that mean nothing here."""

    ignored: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """(Number in the file, cells) of each line below the header."""

    def __len__(self) -> int:
        """Count the lines below the header, the empty ones aside."""
        return len(self.rows)

    def people(self, line: int) -> list[Person]:
        """Read the people of the line of that rank (from 0); none where all their cells are empty."""
        number, cells = self.rows[line]
        found: dict[int, dict[str, str]] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            if column is not None and cell:
                found.setdefault(column[1], {})[column[0]] = cell
        return [_person(number, parts) for _, parts in sorted(found.items())]


def read_people(data: bytes) -> PeopleFile:
    """Understand a file's encoding, delimiter and header. Raises NoPeople, saying what is missing."""
    if len(data) > MAX_BYTES:
        raise NoPeople(f"the file is larger than {MAX_BYTES // 1_000_000} MB: divide it")
    rows, rank = _with_header(decode(data).text)
    header = rows[rank][1]
    columns = tuple(map(_column, header))
    if twice := {column for column in columns if column is not None and columns.count(column) > 1}:
        named = sorted(cell for cell in header if _column(cell) in twice)
        raise NoPeople(f"two columns mean the same: {', '.join(named)}; keep one")
    return PeopleFile(
        ignored=tuple(cell for cell, column in zip(header, columns, strict=True) if cell and column is None),
        columns=columns,
        rows=tuple((number, tuple(cells)) for number, cells in rows[rank + 1 :] if any(cells)),
    )


def _with_header(text: str) -> tuple[list[tuple[int, list[str]]], int]:
    """Return the rows under the delimiter that shows a header, and the header's rank among them."""
    for delimiter in _DELIMITERS:
        rows = list(_rows(text, delimiter))
        for rank, (_, cells) in enumerate(rows[:_HEADER_WITHIN]):
            if any(
                column is not None and column[0] in {"email", "signatory"} for column in map(_column, cells)
            ):
                return rows, rank
    raise NoPeople(
        "no header: the first line must name the columns: e-mail; prénom; nom; téléphone (or signataire)"
    )


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, cells) of each row; blanks of every kind are single spaces."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NoPeople(f"line {begins} cannot be read: {error}; is a quote missing there?") from error
        yield begins, [_cell(cell) for cell in cells]
        begins = reader.line_num + 1


def _cell(written: str) -> str:
    flat = " ".join(written.split())
    trick = _TRICK.fullmatch(flat)
    return trick[1].strip() if trick else flat


def _column(title: str) -> Column:
    column = read_title(title)
    return None if column is None or column[0] in ONCE else column


def _person(line: int, parts: Mapping[str, str]) -> Person:
    notes = Notes()
    if "signatory" in parts:
        node: Scalar | Keys = Scalar(parts["signatory"], line)
    else:
        keys = ((Scalar(_KEYS[name], line), Scalar(text, line)) for name, text in parts.items())
        node = Keys(tuple(keys), line)
    person = read_contact(notes, Scalar("contact", line), node)
    problems = [*notes.problems, *(_lacks(person) if person is not None else [])]
    person = person or Signatory()
    return Person(
        line=line,
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        name=person.name,
        phone=person.phone,
        problems=tuple(_sentence(problem) for problem in problems),
    )


def _lacks(person: Signatory) -> list[Problem]:
    """What is missing, but for a name or a number that nobody wrote while the other is there."""
    bearable = {"name_missing"} if person.phone else {"phone_missing"} if person.name else set()
    return [problem for problem in missing(person) if problem.code not in bearable]


def _sentence(problem: Problem) -> str:
    # The line is said beforehand, for all problems of it.
    told = in_body(Problem(code=problem.code, values=problem.values), "en")
    return told.replace(TIE, " ").replace(NBSP, " ")
