"""Which slip of the hand a YAML error most likely is: the parser says only what it met, often a line too late.

Pure: the lines of the text and what the parser said → a code of ``text_yaml`` with its line and values. What is no
known slip is None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_ODD: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Blanks that look like one and are none to YAML: of a word processor, a web page, a French keyboard."""
_ODD_BLANK: Final = re.compile(rf"""^ *(?:[{_ODD}]+|(?:- +)*["']?[\w.-]+["']?:[{_ODD}])""")
_STUCK: Final = re.compile(r"^ *(?:- +)*([^\W\d][\w.-]*):(?![\s/]).")
"""``key:value``; neither an address such as ``https://`` is one, nor a time."""
_KEY: Final = re.compile(r"""^( *)(?:- +)*["']?[\w.-]+["']?(:)(?: |$)""")
_NO_PLACE: Final = "mapping values are not allowed"
_NO_COLON: Final = "could not find expected ':'"
_NO_KEY: Final = ("did not find expected key", "did not find expected '-' indicator", "expected <block end>")


class Slip(NamedTuple):
    """``line`` counts from 1."""

    code: str
    line: int
    values: dict[str, str]


def slip(lines: Sequence[str], reason: str, line: int, column: int, began: int | None) -> Slip | None:
    """Return what was most likely meant; ``line``, ``column`` and ``began`` are the parser's, counted from 0."""
    if line >= len(lines):
        lines = [*lines, *[""] * (line + 1 - len(lines))]
    if reason.startswith(_NO_COLON) and began is not None:
        return _blank_wrong(lines, began)
    if reason.startswith(_NO_PLACE):
        found = _KEY.match(lines[line])
        # The colon is the one behind a key, not one further on in a text.
        if found is None or found.start(2) != column:
            return None
    elif not reason.startswith(_NO_KEY) or column != _indent(lines[line]):
        return None
    above = _above(lines, line)
    if above is None:
        return None
    for one in (above, line):
        if (wrong := _blank_wrong(lines, one, stuck=one == above)) is not None:
            return wrong
    if _indent(lines[above]) == _indent(lines[line]):
        return None
    return Slip("yaml_indent", line + 1, {"above": str(above + 1)})


def _blank_wrong(lines: Sequence[str], line: int, *, stuck: bool = True) -> Slip | None:
    """A blank of another kind, or none behind the colon."""
    if (odd := _ODD_BLANK.match(lines[line])) is not None:
        character = next(char for char in odd[0] if re.match(f"[{_ODD}]", char))
        return Slip("yaml_blank", line + 1, {"character": f"U+{ord(character):04X}"})
    if stuck and (found := _STUCK.match(lines[line])) is not None:
        return Slip("yaml_no_blank", line + 1, {"key": found[1]})
    return None


def _above(lines: Sequence[str], line: int) -> int | None:
    """Return the last line above that says something."""
    for one in range(line - 1, -1, -1):
        if (written := lines[one].strip()) and not written.startswith("#"):
            return one
    return None


def _indent(written: str) -> int:
    return len(written) - len(written.lstrip(" "))
