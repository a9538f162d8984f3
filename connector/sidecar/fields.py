"""One value of the grammar at a time: a node of the tree → text, word, number, length, or a problem with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from connector.errors import Problem
from connector.sidecar import words
from connector.sidecar.model import Length
from connector.signatory_text import is_garbled
from connector.text_yaml import Mapping, Node, Scalar, Sequence

MAX_WRITTEN: Final = 80
MAX_PROBLEMS: Final = 50
"""A file with more is rubbish as a whole: nobody reads the fifty-first line of a status."""

_MAX_SEARCHES: Final = 20
_QUOTES: Final = re.compile(r"«\s*(.*?)\s*»|“\s*(.*?)\s*”|‘\s*(.*?)\s*’|„\s*(.*?)\s*[“”]", re.DOTALL)
_POINTS: Final = {"": 72 / 25.4, "mm": 72 / 25.4, "cm": 72 / 2.54, "pt": 1.0}
_LENGTH: Final = re.compile(r"([+-]?)([0-9]{1,5}(?:[.,][0-9]{1,6})?) ?(mm|cm|pt|%)?", re.IGNORECASE)
_MAX_POINTS: Final = 14_400
"""The longest side of a PDF page (ISO 32000-1, annex C)."""


class Seen(NamedTuple):
    """A known key met on the way. ``mark`` is its English name, with ``=value`` where the value matters."""

    mark: str
    written: str
    line: int


@dataclass
class Notes:
    """What is gathered on the way through one file: problems, and the keys met."""

    problems: list[Problem] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    searches: int = 0

    def say(self, code: str, line: int | None, **values: str) -> None:
        """Add a problem, unless there are :data:`MAX_PROBLEMS` already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(code=code, line=line, values=values))

    def mark(self, mark: str, key: Scalar, written: str | None = None) -> None:
        """Remember that a key was met; ``written`` when the value belongs to what is said."""
        text = shown(key.text)
        self.seen.append(Seen(mark, f"{text}: {written}" if written else text, key.line))

    def nearest(self, written: str, known: words.Words) -> str:
        """Return the nearest known word, ``""`` once a file has asked too often."""
        self.searches += 1
        return words.nearest(written, known) if self.searches <= _MAX_SEARCHES else ""


def shown(text: str) -> str:
    """Return a text as a sentence may quote it: one line, at most 80 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_WRITTEN else flat[: MAX_WRITTEN - 1] + "…"


def keys(
    notes: Notes, mapping: Mapping, known: words.Words, misplaced: words.Words | None = None
) -> Iterator[tuple[str, Scalar, Node]]:
    """Go through a mapping by English name; unknown, misplaced and doubled keys become problems."""
    met: dict[str, Scalar] = {}
    for key, value in mapping.items:
        name = words.find(key.text, known)
        if name is None:
            _unknown(notes, key, known, words.ALL_KEYS if misplaced is None else misplaced)
        elif first := met.get(name):
            notes.say(
                "key_twice",
                key.line,
                written=shown(key.text),
                first=shown(first.text),
                first_line=str(first.line),
            )
        else:
            met[name] = key
            yield name, key, value


def _unknown(notes: Notes, key: Scalar, known: words.Words, elsewhere: words.Words) -> None:
    written = shown(key.text)
    if words.find(key.text, {"initials": words.INITIALS}):
        notes.say("initials_impossible", key.line, written=written)
    elif words.find(key.text, words.SETTINGS_ONLY_KEYS):
        notes.say("key_only_in_settings", key.line, key=written)
    elif words.find(key.text, elsewhere):
        notes.say("key_misplaced", key.line, key=written)
    else:
        notes.say("unknown_key", key.line, written=written, nearest=notes.nearest(key.text, known))


def text(notes: Notes, key: Scalar, node: Node) -> str | None:
    """Return the text after a key (NFC, typographic quotes round it taken off), None with a problem."""
    if not isinstance(node, Scalar):
        notes.say("value_not_text", key.line, key=shown(key.text))
        return None
    written = unquoted(node.text)
    if not written:
        notes.say("value_missing", key.line, key=shown(key.text))
        return None
    return written


def unquoted(written: str) -> str:
    """Return a text in NFC without blanks at its ends and without « » “ ” ‘ ’ around the whole."""
    written = unicodedata.normalize("NFC", written).strip()
    found = _QUOTES.fullmatch(written)
    inside = next((group for group in found.groups() if group is not None), "") if found else written
    # « A » et « B » is no quotation as a whole.
    return written if re.search("[«»“”„]", inside) else inside


def prose(notes: Notes, key: Scalar, node: Node) -> str | None:
    """Return a text that people will read: as :func:`text`, and its accents must be whole."""
    written = text(notes, key, node)
    if written and is_garbled(written):
        notes.say("text_garbled", key.line, key=shown(key.text), written=shown(written))
        return None
    return written


def texts(notes: Notes, key: Scalar, node: Node) -> tuple[str, ...]:
    """Return one text or a list of them; a comma never separates (it may stand in a file's name)."""
    if not isinstance(node, Sequence):
        one = text(notes, key, node)
        return () if one is None else (one,)
    found = []
    for item in node.items:
        if isinstance(item, Scalar) and (written := unquoted(item.text)):
            found.append(written)
        else:
            code = "value_missing" if isinstance(item, Scalar) else "value_not_text"
            notes.say(code, item.line, key=shown(key.text))
    if not node.items:
        notes.say("value_missing", key.line, key=shown(key.text))
    return tuple(found)


def word(notes: Notes, key: Scalar, node: Node, known: words.Words) -> str | None:
    """Return the English name of one of the words allowed here, None with a problem."""
    written = text(notes, key, node)
    if written is None:
        return None
    name = words.find(written, known)
    if name is None:
        notes.say(
            "value_unknown",
            node.line,
            key=shown(key.text),
            written=shown(written),
            nearest=notes.nearest(written, known),
            allowed=words.french(known),
        )
    return name


def whole(notes: Notes, key: Scalar, node: Node) -> int | None:
    """Return a whole number from 1 to 99999, None with a problem."""
    written = text(notes, key, node)
    if written is None:
        return None
    if re.fullmatch("0*[1-9][0-9]{0,4}", written):
        return int(written)
    notes.say("number_invalid", node.line, key=shown(key.text), written=shown(written))
    return None


def length(notes: Notes, key: Scalar, node: Node, *, signed: bool = False) -> Length | None:
    """Return a length in points or as a share of the page; a bare number is millimetres. None with a problem."""
    written = text(notes, key, node)
    if written is None:
        return None
    found = parsed_length(written, signed=signed)
    if found is None:
        notes.say("length_invalid", node.line, key=shown(key.text), written=shown(written))
    return found


def parsed_length(written: str, *, signed: bool = False) -> Length | None:
    """Read ``20``, ``20 mm``, ``2,5 cm``, ``50 pt``, ``10 %``; a sign only where ``signed``; None for all else."""
    found = _LENGTH.fullmatch(written.strip())
    if not found or (found[1] and not signed):
        return None
    value = float(found[2].replace(",", ".")) * (-1 if found[1] == "-" else 1)
    unit = (found[3] or "").lower()
    if unit == "%":
        return Length(value=value, unit="%") if abs(value) <= 100 else None
    points = value * _POINTS[unit]
    return Length(value=points, unit="pt") if abs(points) <= _MAX_POINTS else None
