"""A list of people as a CSV file: its header, its lines, each person read as a request's would be.

The header is that of a request's list (ux page 1.2): the first row that names a column of addresses; a second person
of a line stands under ``e-mail 2``, ``nom 2`` … Nothing is guessed: a line that cannot be read has its problems.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.errors import ConnectorError, Problem, RepairedBy
from connector.report.problems import in_body
from connector.report.typography import NBSP, TIE
from connector.signatory_text import Name, is_garbled_name, read_email, read_name, read_person, read_phone
from connector.text_yaml import decode

MAX_BYTES: Final = 20_000_000
_HEADER_WITHIN: Final = 50
"""Rows that may stand above the header: a title, a date."""
_DELIMITERS: Final = (";", ",", "\t")
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("e mail", "email", "mail", "courriel", "adresse mail", "adresse e mail", "adresse email"),
    "first_name": ("prenom", "first name", "firstname"),
    "last_name": ("nom", "nom de famille", "name", "last name", "lastname", "surname"),
    "phone": ("telephone", "tel", "mobile", "portable", "telephone mobile", "tel mobile", "gsm", "phone"),
    "person": ("signataire", "signatory"),
}
_MEANING: Final = {name: field for field, names in _COLUMNS.items() for name in names}


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
    """A file whose header was understood. ``ignored``: the columns that mean nothing here."""

    ignored: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """(Field, whose) of each column; a field of ``""`` is ignored."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """(Number in the file, cells) of each line below the header."""

    def __len__(self) -> int:
        """Count the lines below the header, the empty ones aside."""
        return len(self.rows)

    def people(self, line: int) -> list[Person]:
        """Read the people of the line of that rank (from 0); none where all their cells are empty."""
        number, cells = self.rows[line]
        found: dict[str, dict[str, str]] = {}
        for (field, whose), cell in zip(self.columns, cells, strict=False):
            if field and cell:
                found.setdefault(whose, {})[field] = cell
        return [_person(number, parts) for parts in found.values()]


def read_people(data: bytes) -> PeopleFile:
    """Understand a file's encoding, delimiter and header. Raises NoPeople, saying what is missing."""
    if len(data) > MAX_BYTES:
        raise NoPeople(f"the file is larger than {MAX_BYTES // 1_000_000} MB: divide it")
    text = decode(data).text
    best: tuple[int, int, list[tuple[int, list[str]]]] | None = None
    for delimiter in _DELIMITERS:
        rows = list(_rows(text, delimiter))
        for rank, (_, cells) in enumerate(rows[:_HEADER_WITHIN]):
            fields = {field for field, _ in map(_column, cells)}
            if fields & {"email", "person"}:
                known = sum(1 for field, _ in map(_column, cells) if field)
                if best is None or known > best[0]:
                    best = known, rank, rows
                break
    if best is None:
        raise NoPeople(
            "no header: the first line must name the columns: e-mail; prénom; nom; téléphone (or signataire)"
        )
    _, rank, rows = best
    header = rows[rank][1]
    columns = tuple(map(_column, header))
    if twice := {column for column in columns if column[0] and columns.count(column) > 1}:
        named = sorted(cell.strip() for cell in header if _column(cell) in twice)
        raise NoPeople(f"two columns mean the same: {', '.join(named)}; keep one")
    return PeopleFile(
        ignored=tuple(cell for cell, (field, _) in zip(header, columns, strict=True) if cell and not field),
        columns=columns,
        rows=tuple((number, tuple(cells)) for number, cells in rows[rank + 1 :] if any(cells)),
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
        yield begins, [" ".join(cell.split()) for cell in cells]
        begins = reader.line_num + 1


def _column(cell: str) -> tuple[str, str]:
    """Return (field, whose) of a header's cell: ``E-mail 2`` → (``email``, ``2``); field ``""`` when unknown."""
    apart = unicodedata.normalize("NFKD", cell.casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    words = " ".join(re.split(r"[^a-z0-9]+", plain)).strip()
    found = re.fullmatch(r"(.*?)(?: ([1-9][0-9]?))?", words)
    assert found is not None  # the pattern takes any text
    field = _MEANING.get(found[1], "")
    return field, (found[2] or "1") if field else ""


def _person(line: int, parts: Mapping[str, str]) -> Person:
    if "person" in parts:
        person = read_person(parts["person"])
        faults = [(each.code, dict(each.values)) for each in person.problems]
        name = Name(person.first_name, person.last_name, person.name)
        return _made(line, person.email, name, person.phone, _bearable(faults, person.name, person.phone))
    faults = []
    email, fault = read_email(parts.get("email", ""))
    if fault:
        faults.append((fault[0], dict(fault[1])))
    elif not email:
        faults.append(("email_missing", {}))
    name, wrong = _name(parts.get("first_name", ""), parts.get("last_name", ""))
    faults += wrong
    phone = read_phone(parts.get("phone", ""))
    if phone.code:
        faults.append((phone.code, dict(phone.values)))
    who = name.whole or email
    told = [(code, {"who": who, **values}) for code, values in _bearable(faults, name.whole, phone.e164)]
    return _made(line, email, name, phone.e164, told)


def _name(given: str, family: str) -> tuple[Name, list[tuple[str, dict[str, str]]]]:
    """Read a name from its two cells, or from one that holds the whole of it."""
    for written in filter(None, (given, family)):
        if is_garbled_name(written):
            return Name(), [("name_garbled", {"written": written[:80]})]
        if any(char.isdigit() for char in written):
            return Name(), [("name_digits", {"written": written[:80]})]
    name = Name(given, family, f"{given} {family}") if given and family else read_name(given or family)
    return name, [] if name.whole else [("name_missing", {})]


def _bearable(
    faults: Sequence[tuple[str, dict[str, str]]], name: str, phone: str
) -> list[tuple[str, dict[str, str]]]:
    """Leave out what a contact may lack: a name or a number that nobody wrote, while the other is there."""
    absent = {"name_missing"} if phone else {"phone_missing"} if name else set()
    return [fault for fault in faults if fault[0] not in absent]


def _made(
    line: int, email: str, name: Name, phone: str, faults: Sequence[tuple[str, dict[str, str]]]
) -> Person:
    sentences = tuple(_sentence(Problem(code=code, values=values)) for code, values in faults)
    return Person(
        line=line,
        email=email,
        first_name=name.first,
        last_name=name.last,
        name=name.whole,
        phone=phone,
        problems=sentences,
    )


def _sentence(problem: Problem) -> str:
    return in_body(problem, "en").replace(TIE, " ").replace(NBSP, " ")
