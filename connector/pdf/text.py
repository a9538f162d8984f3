"""Where a text stands on the pages, as people see it: exact, whatever its font, however it was typed.

Through pdfium: only for the isolated worker, or one thread. How two texts are compared: :mod:`connector.pdf.typed`.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from connector.errors import DocumentError
from connector.pdf import pages as paper
from connector.pdf.model import Found
from connector.pdf.structure import user_units
from connector.pdf.typed import Typed, bare

if TYPE_CHECKING:
    import pypdfium2

MOST_TEXT = 10_000_000
"""Characters of a document; one with more is refused (``pdf_too_slow``)."""
MOST_HITS = 1_000
"""A text found more often is no place. One hit more is returned, so that it can be said."""
_LINE = 0.6
"""Ems between two baselines from which they are two lines: more than a superscript is raised."""
_FAR_LINE = 3.0
"""Ems between two lines from which they are not one text any more."""
_GAP = 2.0
"""Ems of white from which what stands beside on the line is another text."""
_FOOT = 0.25
"""Ems below the baseline where a line ends: under the descenders of common fonts."""
_ROW = 3.0
"""Points within which the feet of two texts are on one line, for the order of reading."""
_TWICE = 2.0
"""Points within which two hits are one: bold made by printing twice, one layer upon another."""
_BESIDE = 40
"""Characters looked through for a neighbour: dots to write on are none."""


def find(path: Path, texts: Sequence[str], last: Collection[str] = ()) -> dict[str, list[Found]] | None:
    """Find each text; its places in reading order: by page, from the top, on a line from the left.

    Of those also in ``last`` only the last place is wanted that is exactly as typed and alone: once it is found,
    earlier pages may be left unread. None when no page bears any text: a scan, a drawing. Raises as
    ``pages.opened``; ``pdf_too_slow`` also beyond :data:`MOST_TEXT`.
    """
    hits: dict[str, list[Found]] = {text: [] for text in texts}
    sought = {text: Typed(text) for text in hits}
    read = 0
    with paper.opened(path) as document:
        for number in range(len(document), 0, -1):
            with _page(document, number, MOST_TEXT - read) as page:
                read += len(page.folded)
                for text, typed in sought.items():
                    hits[text] += page.hits(typed, MOST_HITS + 1 - len(hits[text]))
            for text in [text for text in sought if text in last and any(map(_is_label, hits[text]))]:
                del sought[text]
            if not sought:
                break
    if not read:
        return None
    units = user_units(path, {found.page for places in hits.values() for found in places})
    return {
        text: _in_order([_scaled(found, units[found.page]) for found in places])
        for text, places in hits.items()
    }


def _is_label(found: Found) -> bool:
    return found.likeness == 0 and found.alone


def _scaled(found: Found, unit: float) -> Found:
    sides = ("left", "top", "width", "height")
    return found.model_copy(update={side: getattr(found, side) * unit for side in sides})


def _in_order(found: Sequence[Found]) -> list[Found]:
    """Sort by page, rows from the top, each from the left; what was printed twice counts once."""
    rows: list[list[Found]] = []
    for one in sorted(found, key=lambda one: (one.page, one.foot)):
        if rows and rows[-1][0].page == one.page and one.foot - rows[-1][0].foot < _ROW:
            rows[-1].append(one)
        else:
            rows.append([one])
    kept: list[Found] = []
    for one in (one for row in rows for one in sorted(row, key=lambda one: one.left)):
        twin = kept and kept[-1].page == one.page
        if twin and max(abs(kept[-1].left - one.left), abs(kept[-1].top - one.top)) < _TWICE:
            continue
        kept.append(one)
    return kept


# --------------------------------------------------------------------------------------------------
# Geometry, in pdfium's units of the page as seen, Y downwards


class _Glyph(NamedTuple):
    """One character: its ink, and where its baseline begins."""

    left: float
    top: float
    right: float
    bottom: float
    x: float
    y: float


class _Frame(NamedTuple):
    """How a text runs: the direction of its baseline (a unit vector), and the size of its letters."""

    across: float
    down: float
    em: float

    def along(self, x: float, y: float) -> float:
        """How far along the baseline a point lies."""
        return x * self.across + y * self.down

    def line(self, glyph: _Glyph) -> float:
        """How far down, as a reader of the text sees it, a character's baseline lies."""
        return glyph.y * self.across - glyph.x * self.down

    def lines(self, glyphs: Sequence[_Glyph]) -> list[list[_Glyph]] | None:
        """Part characters into lines; None when one does not follow the other, as in one text."""
        lines = [[glyphs[0]]]
        for glyph in glyphs[1:]:
            step = self.line(glyph) - self.line(lines[-1][0])
            if abs(step) <= _LINE * self.em:
                lines[-1].append(glyph)
            elif 0 < step <= _FAR_LINE * self.em:
                lines.append([glyph])
            else:
                return None
        return lines


@contextmanager
def _page(document: pypdfium2.PdfDocument, number: int, most: int) -> Iterator[_Page]:
    """Open the text of one page; DocumentError ``pdf_too_slow`` when it holds more than ``most`` characters."""
    sheet = document[number - 1]
    try:
        text = sheet.get_textpage()
        try:
            if text.count_chars() > most:
                raise DocumentError("pdf_too_slow", f"more than {MOST_TEXT} characters")
            yield _Page(sheet, text, number)
        finally:
            text.close()
    finally:
        sheet.close()


class _Page:
    """The text of one page, and where each character stands."""

    def __init__(self, sheet: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, number: int) -> None:
        self._text = text
        self._number = number
        self._turn = sheet.get_rotation()
        self._box = sheet.get_bbox()
        self._size = sheet.get_size()
        self._chars = _characters(text)
        self.folded = bare(self._chars)

    @cached_property
    def _ends(self) -> list[int]:
        """For each character, where it ends in ``folded``."""
        return list(accumulate(len(bare(char)) for char in self._chars))

    def hits(self, typed: Typed, most: int) -> list[Found]:
        """Return at most ``most`` places of a text on this page, in the file's own order."""
        found: list[Found] = []
        start = self.folded.find(typed.bare) if typed.bare else -1
        while start >= 0 and len(found) < most:
            end = start + len(typed.bare)
            hit = self._found(typed, bisect_right(self._ends, start), bisect_right(self._ends, end - 1))
            if hit is not None:
                found.append(hit)
            start = self.folded.find(typed.bare, end)
        return found

    def _found(self, typed: Typed, first: int, last: int) -> Found | None:
        """Return the place of the characters from ``first`` to ``last``; None where it is off the page, or no text."""
        glyphs = [self._glyph(index) for index in range(first, last + 1) if bare(self._chars[index])]
        frame = self._frame(first, glyphs)
        lines = frame.lines(glyphs)
        if lines is None:
            return None
        left, right = min(one.left for one in lines[0]), max(one.right for one in lines[0])
        top, bottom = min(one.top for one in lines[0]), max(one.bottom for one in glyphs)
        if frame.across > 0.99:
            bottom = max(bottom, lines[-1][0].y + _FOOT * frame.em)
        width, height = self._size
        if right <= 0 or bottom <= 0 or left >= width or top >= height:
            return None
        after = last + 1
        while after < len(self._chars) and unicodedata.combining(self._chars[after]):
            after += 1
        likeness = typed.likeness(self._chars[first:after])
        return Found(
            page=self._number,
            left=left,
            top=top,
            width=right - left,
            height=bottom - top,
            likeness=likeness if self._cut(first) and self._cut(after) else likeness + 3,
            alone=self._is_alone(first, after, frame),
        )

    def _cut(self, index: int) -> bool:
        """True when no word goes on across the beginning of a character."""
        pair = self._chars[index - 1 : index + 1] if index else ""
        return not (len(pair) == 2 and pair.isalnum())

    def _is_alone(self, first: int, after: int, frame: _Frame) -> bool:
        """True when neither a letter nor a figure stands right before or after, on the same line."""
        before = range(first - 1, max(first - 1 - _BESIDE, -1), -1)
        behind = range(after, min(after + _BESIDE, len(self._chars)))
        left, right = (
            next((i for i in there if self._chars[i].isalnum()), None) for there in (before, behind)
        )
        return not (
            (left is not None and self._are_close(left, first, frame))
            or (right is not None and self._are_close(after - 1, right, frame))
        )

    def _are_close(self, left: int, right: int, frame: _Frame) -> bool:
        one, other = self._glyph(left), self._glyph(right)
        if abs(frame.line(one) - frame.line(other)) > _LINE * frame.em:
            return False
        end = max(frame.along(x, y) for x in (one.left, one.right) for y in (one.top, one.bottom))
        return abs(frame.along(other.x, other.y) - end) < _GAP * frame.em

    def _frame(self, index: int, glyphs: Sequence[_Glyph]) -> _Frame:
        """Say how a text runs that begins at a character. Its size is the ink's where the file's makes no sense."""
        from pypdfium2 import raw

        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._text, index, matrix)
        ink = max(max(one.right - one.left, one.bottom - one.top) for one in glyphs)
        em = raw.FPDFText_GetFontSize(self._text, index) * math.hypot(matrix.c, matrix.d)
        if not ink / 2 <= em <= ink * 4:
            em = ink
        (x0, y0), (x1, y1) = self._seen(0, 0), self._seen(matrix.a, matrix.b)
        long = math.hypot(x1 - x0, y1 - y0)
        if not 0 < long < math.inf:
            return _Frame(1.0, 0.0, em)
        return _Frame((x1 - x0) / long, (y1 - y0) / long, em)

    def _glyph(self, index: int) -> _Glyph:
        from pypdfium2 import raw

        left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
        raw.FPDFText_GetCharBox(self._text, index, left, right, bottom, top)
        raw.FPDFText_GetCharOrigin(self._text, index, x, y)
        (x1, y1), (x2, y2) = self._seen(left.value, top.value), self._seen(right.value, bottom.value)
        return _Glyph(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2), *self._seen(x.value, y.value))

    def _seen(self, x: float, y: float) -> tuple[float, float]:
        """Carry a point from the page's own space to the page as seen (Rotate, CropBox: ISO 32000-1, table 30)."""
        left, bottom, right, top = self._box
        if self._turn == 90:
            return y - bottom, x - left
        if self._turn == 180:
            return right - x, y - bottom
        if self._turn == 270:
            return top - y, right - x
        return x - left, top - y


def _characters(text: pypdfium2.PdfTextPage) -> str:
    """Return the characters of a page, one for each that pdfium counts."""
    from pypdfium2 import raw

    count = text.count_chars()
    whole = text.get_text_range() if count > 0 else ""
    if len(whole) == count:
        return whole
    # Something in it has no letter, or needs two units of UTF-16: counted out one by one.
    codes = (raw.FPDFText_GetUnicode(text, index) for index in range(count))
    return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
