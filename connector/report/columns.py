"""Rows in columns, and names cut so that each can still be told from the others. Pure; widths in characters.

A column is as wide as its widest cell; where a row would be longer than a line, names give way first, down to a
width at which they are still names. Source: ux page sections 2.1 and 2.6.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.report.typography import LINE_WIDTH, clean, cut, shorten, wrap

GAP: Final = 3
"""Blanks between two columns."""
INDENT: Final = 2
MOST_LINES: Final = 3
"""Lines that the last cell of a row may take."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """How something is called: a name, a longer one for where two share it, and a reference that no two share."""

    name: str
    longer: str
    ref: str


def one_line(value: str) -> str:
    """Return a value on one line, in the form in which an accent takes no room of its own."""
    return " ".join(unicodedata.normalize("NFC", clean(value)).split(" "))


def told_apart(all_named: Sequence[Named], limit: int) -> list[str]:
    """Return the names in at most ``limit`` characters each, no two the same; ``limit`` is at least 16.

    Long ones lose their middle; where that makes two of them look the same, the part in which they differ is kept.
    """
    whole = [one_line(each.name) for each in all_named]
    shared = _more_than_once(whole)
    whole = [
        one_line(each.longer) if name in shared else name for each, name in zip(all_named, whole, strict=True)
    ]
    short = [shorten(name, limit) for name in whole]
    alike: dict[str, list[str]] = defaultdict(list)
    for name, made in zip(whole, short, strict=True):
        alike[made].append(name)
    short = [
        made if len(alike[made]) == 1 else _where_they_differ(name, alike[made], limit)
        for name, made in zip(whole, short, strict=True)
    ]
    still = _more_than_once(short)
    return [
        made if made not in still else _with_reference(name, each.ref, limit)
        for each, name, made in zip(all_named, whole, short, strict=True)
    ]


def _more_than_once(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def _where_they_differ(name: str, group: Sequence[str], limit: int) -> str:
    """Keep a beginning, and what follows from a little before the first difference on."""
    head = max(3, limit // 4)
    first, last = min(group), max(group)
    same = next(
        (n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first)
    )
    at = max(same - 2, head)
    return cut(name[:head].rstrip() + "…" + name[at:].lstrip(), limit)


def _with_reference(name: str, ref: str, limit: int) -> str:
    tail = f" ({ref})"
    return shorten(name, limit - len(tail)) + tail


def width(cells: Sequence[str]) -> int:
    """Return the width of a column; 0 for one without a word, which then takes no room at all."""
    return max(map(len, cells), default=0)


def row(cells: Sequence[tuple[str, int]], last: str = "") -> list[str]:
    """Return a row's lines: each cell padded to its width, columns of width 0 left out, ``last`` in what is left.

    ``last`` takes :data:`MOST_LINES` lines at most, its end cut.
    """
    blank = " " * GAP
    first = " " * INDENT + "".join(text.ljust(wide) + blank for text, wide in cells if wide)
    if not last:
        return [first.rstrip(" ")]
    lines = wrap(last, first=first, width=LINE_WIDTH)
    kept, over = lines[: MOST_LINES - 1], lines[MOST_LINES - 1 :]
    if len(over) > 1:
        rest = " ".join(line[len(first) :] for line in over)
        over = [" " * len(first) + cut(rest, LINE_WIDTH - len(first))]
    return kept + over
