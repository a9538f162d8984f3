"""A text as a person typed it, held against what a PDF holds.

The two differ in ways that nobody sees: no-break and narrow spaces, curly quotes, kinds of hyphens, ligatures,
accents in one character or two, the end of a line in the middle. So they are compared :func:`bare`, and what is found
is told apart afterwards by how near it comes to what was typed. Pure.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_QUOTES: Final = {**dict.fromkeys("’‘‚‛`´ʼʹ′‹›＇", "'"), **dict.fromkeys("«»“”„‟″＂", '"')}
_LETTERS: Final = {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"}
_SILENT: Final = frozenset({"Pd", "Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})
"""Categories that say nothing: dashes, spaces, controls (pdfium marks a hyphen at a line's end by one)."""
_MINUS: Final = "\u2212"


def bare(text: str) -> str:
    """Return a text without spaces, hyphens, accents and capitals, letter by letter."""
    return text.translate(_BARE)


class Typed:
    """A text to look for."""

    def __init__(self, text: str) -> None:
        self.bare = bare(text)
        self._written = _written(text)
        # Whoever types without any capital does not mind them.
        self._minds_capitals = self._written != self._written.lower()

    def likeness(self, seen: str) -> int:
        """Tell how near a text of the same bare form comes: 0 as typed, 1 but for capitals, 2 but for accents."""
        written = _written(seen)
        if written == self._written:
            return 0
        if written.casefold() == self._written.casefold():
            return 1 if self._minds_capitals else 0
        return 2


def _written(text: str) -> str:
    """Return the letters of a text with their case and accents, and one kind of quotes; no spaces, no hyphens."""
    plain = "".join(_QUOTES.get(letter, letter) for letter in text)
    composed = unicodedata.normalize("NFKC", plain)
    return "".join(c for c in composed if c != _MINUS and unicodedata.category(c) not in _SILENT)


class _Bare(dict[int, str]):
    """A table for ``str.translate``: what remains of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        parts = unicodedata.normalize("NFKD", _written(_LETTERS.get(letter, letter)).casefold())
        self[code] = remains = "".join(part for part in parts if not unicodedata.combining(part))
        return remains


_BARE: Final = _Bare()
