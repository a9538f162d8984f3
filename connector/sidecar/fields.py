"""One value of the grammar at a time: a node of the tree → text, word, number, length, or a problem with its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from connector.errors import Problem
from connector.sidecar import cures, words
from connector.sidecar.model import Length
from connector.signatory_text import is_garbled
from connector.text_yaml import Mapping, Node, Scalar, Sequence

MAX_WRITTEN: Final = 80
MAX_PROBLEMS: Final = 50
"""A file with more is rubbish as a whole: nobody reads the fifty-first line of a status."""

_MAX_SEARCHES: Final = 20
_QUOTES: Final = {"«": "»", "“": "”", "‘": "’", "„": "“”"}
"""By hand, not by a pattern: one with blanks beside "anything" takes the cube of a text's length to say no."""
_POINTS: Final = {"": 72 / 25.4, "mm": 72 / 25.4, "cm": 72 / 2.54, "pt": 1.0}
_LENGTH: Final = re.compile(r"([+-]?)([0-9]{1,5}(?:[.,][0-9]{1,6})?) ?(mm|cm|pt|%)?", re.IGNORECASE)
_DAYS: Final = re.compile(r"0*([1-9][0-9]{0,2}) ?(?:(s|semaines?|w|weeks?)|j|jours?|d|days?)?", re.IGNORECASE)
_SEVERAL_FILES: Final = re.compile(
    r"(?<=\w)\.(?:pdf|jpe?g|png|tiff?|hei[cf])(?: *[,;] *| et | and )\S.*\.[a-z]{3,4}$", re.IGNORECASE
)
_MAX_DAYS: Final = 365
_MAX_POINTS: Final = 14_400
"""The longest side of a PDF page (ISO 32000-1, annex C)."""


@dataclass
class Notes:
    """What is gathered on the way through one file: its problems. ``raw``: its lines as the person sees them."""

    raw: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    searches: int = 0

    def say(self, code: str, line: int | None, cure: str | None = None, /, **values: str) -> None:
        """Add a problem, unless there are :data:`MAX_PROBLEMS` already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(code=code, line=line, values=values, cure=cure))

    def near(self, written: str, known: words.Words) -> words.Near | None:
        """Return the nearest known word, None once a file has asked too often."""
        self.searches += 1
        return words.near(written, known) if self.searches <= _MAX_SEARCHES else None

    def line(self, number: int) -> str:
        """Return a line of the file as the person sees it; ``""`` when it is not known."""
        return self.raw[number - 1] if 0 < number <= len(self.raw) else ""

    def unknown_value(self, key: Scalar, node: Node, written: str, known: words.Words) -> None:
        """Say that a word is none of those allowed, with its cure where only one can be meant."""
        near = self.near(written, known)
        cure = cures.with_value(self.line(node.line), written, near.form) if near and near.certain else None
        self.say(
            "value_unknown",
            node.line,
            cure,
            key=shown(key.text),
            written=shown(written),
            nearest=near.form if near else "",
            allowed=words.french(known),
        )


def shown(text: str) -> str:
    """Return a text as a sentence may quote it: one line, at most 80 characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_WRITTEN else flat[: MAX_WRITTEN - 1] + "…"


def keys(
    notes: Notes, mapping: Mapping, known: words.Words, misplaced: words.Words | None = None
) -> Iterator[tuple[str, Scalar, Node]]:
    """Go through a mapping by English name; unknown, misplaced and doubled keys become problems.

    What stands after a key that can only be one misspelled is judged as well: every problem comes at once.
    """
    elsewhere = words.ALL_KEYS if misplaced is None else misplaced
    exact = {words.find(key.text, known) for key, _ in mapping.items}
    met: dict[str, tuple[Scalar, Node]] = {}
    for key, value in mapping.items:
        name = words.find(key.text, known) or _unknown(notes, key, known, elsewhere, exact | met.keys())
        if name is None:
            continue
        if first := met.get(name):
            notes.say(
                "key_twice",
                key.line,
                _struck(notes, key, value, first[1]),
                written=shown(key.text),
                first=shown(first[0].text),
                first_line=str(first[0].line),
            )
        else:
            met[name] = key, value
            yield name, key, value


def _unknown(
    notes: Notes, key: Scalar, known: words.Words, elsewhere: words.Words, taken: set[str | None]
) -> str | None:
    """Say what is wrong with a key; the English name of the one that it can only be, else None."""
    written = shown(key.text)
    if impossible := words.find(key.text, words.IMPOSSIBLE):
        notes.say(f"{impossible}_impossible", key.line, written=written)
    elif words.find(key.text, words.SETTINGS_ONLY_KEYS):
        notes.say("key_only_in_settings", key.line, key=written)
    elif known.keys() >= {"email", "first_name"} and words.find(key.text, elsewhere) == "request.order":
        # « ordre: 2 » below somebody: there is no line where it would be in its place.
        notes.say("order_of_one", key.line, key=written)
    elif words.find(key.text, elsewhere):
        notes.say("key_misplaced", key.line, key=written)
    elif _is_numbered(key.text) and "signatories" in known:
        # Corrected to « signataire », each of them, they would be one key written twice.
        if all(problem.code != "people_numbered" for problem in notes.problems):
            notes.say("people_numbered", key.line, written=written)
    else:
        near = notes.near(key.text, known)
        meant = near is not None and near.certain and near.name not in taken
        cure = cures.with_key(notes.line(key.line), key.text, near.form) if near and meant else None
        notes.say("unknown_key", key.line, cure, written=written, nearest=near.form if near else "")
        return near.name if near and meant else None
    return None


def _is_numbered(key: str) -> bool:
    found = re.fullmatch("([a-z]+)[0-9]+", words.fold(key))
    return found is not None and words.find(found[1], words.REQUEST_KEYS) == "signatories"


def _struck(notes: Notes, key: Scalar, value: Node, first: Node) -> str | None:
    """Return the line of a second key made a remark, where both say one thing; else None."""
    if not (isinstance(value, Scalar) and isinstance(first, Scalar) and value.line == key.line):
        return None
    if not value.text.strip() or unquoted(value.text) != unquoted(first.text):
        return None
    return cures.struck(notes.line(key.line), key.text, value.text)


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
    quoted = len(written) > 1 and written[-1] in _QUOTES.get(written[0], "")
    inside = written[1:-1].strip() if quoted else written
    # « A » et « B » is no quotation as a whole.
    return written if re.search("[«»“”„]", inside) else inside


def prose(notes: Notes, key: Scalar, node: Node) -> str | None:
    """Return a text that people will read: as :func:`text`, and its accents must be whole."""
    written = text(notes, key, node)
    if written and is_garbled(written):
        notes.say("text_garbled", key.line, key=shown(key.text), written=shown(written))
        return None
    return written


def file_name(notes: Notes, key: Scalar, node: Node) -> str | None:
    """Return the name of a file or folder beside, None with a problem: no path leads out of the folder."""
    written = text(notes, key, node)
    return _beside(notes, node, written) if written else None


def file_names(notes: Notes, key: Scalar, node: Node) -> tuple[str, ...]:
    """Return one name or pattern, or a list of them; a comma never separates (it may stand in a name)."""
    if not isinstance(node, Sequence):
        one = file_name(notes, key, node)
        return () if one is None else (one,)
    found = []
    for item in node.items:
        if isinstance(item, Scalar) and (written := unquoted(item.text)):
            if _beside(notes, item, written):
                found.append(written)
        else:
            code = "value_missing" if isinstance(item, Scalar) else "value_not_text"
            notes.say(code, item.line, key=shown(key.text))
    if not node.items:
        notes.say("value_missing", key.line, key=shown(key.text))
    return tuple(found)


def _beside(notes: Notes, node: Node, written: str) -> str | None:
    if re.search(r"[/\\]", written):
        notes.say("document_elsewhere", node.line, written=shown(written))
    elif _SEVERAL_FILES.search(written):
        notes.say("files_on_one_line", node.line, written=shown(written))
    else:
        return written
    return None


def word(notes: Notes, key: Scalar, node: Node, known: words.Words) -> str | None:
    """Return the English name of one of the words allowed here, None with a problem."""
    written = text(notes, key, node)
    if written is None:
        return None
    name = words.find(written, known)
    if name is None:
        notes.unknown_value(key, node, written, known)
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


def days(notes: Notes, key: Scalar, node: Node) -> int | None:
    """Return a number of days (``3``, ``3 j``, ``3 jours``, ``3d``, ``2 semaines``), None with a problem."""
    written = text(notes, key, node)
    if written is None:
        return None
    found = _DAYS.fullmatch(written)
    number = int(found[1]) * (7 if found[2] else 1) if found else 0
    if 1 <= number <= _MAX_DAYS:
        return number
    notes.say("days_invalid", node.line, key=shown(key.text), written=shown(written))
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
