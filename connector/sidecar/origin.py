"""The first line of a request that the connector wrote: which list or folder it was made from.

Written once, read each time the request is read. A person who removes the line makes an ordinary request of it.
Source: "Forty letters" of the accountant's page.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

Origin = Literal["list", "drop"]

_LIST: Final = re.compile(
    r"# ?(?:créé d['’]après « ?.+ ?», ligne [0-9]+|made from [“\"].+[”\"], line [0-9]+)", re.IGNORECASE
)
_DROP: Final = re.compile(
    r"# ?(?:créé d['’]après le dossier « ?.+ ?»|made from the folder [“\"].+[”\"])", re.IGNORECASE
)


def list_line(name: str, row: int, language: str) -> str:
    """Return the first line of a request made of a row; ``name`` of the list, ``row`` as Excel counts. No line end."""
    if language == "fr":
        return f"# créé d'après « {_flat(name)} », ligne {row}"
    return f"# made from “{_flat(name)}”, line {row}"


def drop_line(folder: str, language: str) -> str:
    """Return the first line of a request made for a PDF of a drop folder; ``folder`` is its name. No line end."""
    if language == "fr":
        return f"# créé d'après le dossier « {_flat(folder)} »"
    return f"# made from the folder “{_flat(folder)}”"


def born_of(text: str) -> Origin | None:
    """Tell what a request's text was made from; None for one that a person wrote, or whose first line is gone."""
    first = re.split(r"[\r\n]", text[:2000].removeprefix("\ufeff"), maxsplit=1)[0]
    line = " ".join(unicodedata.normalize("NFC", first).split())
    if _LIST.fullmatch(line):
        return "list"
    return "drop" if _DROP.fullmatch(line) else None


def _flat(name: str) -> str:
    """Return the name on one line: a line break in it would make the rest of the name a line of the request."""
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())
