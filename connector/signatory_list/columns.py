"""Which line of a list holds the titles, and what each column is. Titles are compared as the words of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.errors import Problem
from connector.sidecar import words
from connector.sidecar.fields import shown
from connector.signatory_text import is_garbled

PERSON: Final[words.Words] = {
    "email": (
        *("e-mail", "mail", "courriel", "adresse mail", "adresse e-mail", "adresse électronique"),
        *("email address",),
    ),
    "first_name": ("prénom", "first name"),
    "last_name": ("nom", "nom et prénom", "prénom et nom", "nom complet", "last name", "name", "full name"),
    "phone": (
        *("téléphone", "mobile", "portable", "tél", "téléphone portable", "téléphone mobile", "tél portable"),
        *("tél mobile", "phone", "mobile phone"),
    ),
    "signatory": ("signataire", "signatory"),
}
"""What a person has; a number after the title (« e-mail 2 ») says whose it is."""
ONCE: Final[words.Words] = {
    "document": ("document",),
    "subject": ("objet", "subject"),
    "message": ("message",),
}
_MOST_PEOPLE: Final = 50


@dataclass
class Columns:
    """Where the columns are, from 0. ``people`` by their number from 1, then by English name."""

    document: int | None = None
    subject: int | None = None
    message: int | None = None
    people: dict[int, dict[str, int]] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)
    """Of the columns that are read, as they are written."""
    ignored: tuple[str, ...] = ()
    """Titles of the others, as they are written."""


def find_header(lines: Iterable[Sequence[str]]) -> int | None:
    """Return the place of the first line with a cell « e-mail », or with « document » beside « signataire »."""
    for at, cells in enumerate(lines):
        found = {title[0] for cell in cells if (title := read_title(cell))}
        if "email" in found or {"document", "signatory"} <= found:
            return at
    return None


def read_title(written: str) -> tuple[str, int] | None:
    """Read a title: its English name, and whose it is (1 without a number). None for any other text."""
    if len(written) > 60:
        return None
    if name := words.find(written, ONCE):
        return name, 1
    found = re.fullmatch(r"(.*?)([0-9]{0,2})", words.fold(written))
    name = words.find(found[1], PERSON) if found else None
    if found is None or name is None:
        return None
    number = int(found[2] or 1)
    return (name, number) if 1 <= number <= _MOST_PEOPLE else None


def read_columns(cells: Sequence[str]) -> tuple[Columns, list[Problem]]:
    """Read the line of titles. A title that stands twice is a problem: nobody could say which one holds."""
    columns, problems, ignored = Columns(), [], []
    for at, written in enumerate(cells):
        title = read_title(written)
        if title is None and is_garbled(written):
            # « pr‚nom » passed over, its list would be a list of people without first names.
            problems.append(Problem(code="list_title_garbled", values={"written": shown(written)}))
            continue
        if title is None:
            if written:
                ignored.append(written)
            continue
        name, number = title
        taken = _taken(columns, name, number)
        if taken is not None:
            values = {"first": columns.titles[taken], "written": written}
            problems.append(Problem(code="list_column_twice", values=values))
            continue
        columns.titles[at] = written
        if name in ONCE:
            setattr(columns, name, at)
        else:
            columns.people.setdefault(number, {})[name] = at
    columns.ignored = tuple(ignored)
    if columns.document is None:
        problems.append(Problem(code="list_no_document"))
    return columns, problems


def _taken(columns: Columns, name: str, number: int) -> int | None:
    if name in ONCE:
        taken: int | None = getattr(columns, name)
        return taken
    return columns.people.get(number, {}).get(name)
