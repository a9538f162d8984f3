"""The groups as a text for a terminal, as JSON, and as a report that names nobody.

The form is that of ux page section 6.3: the side, the level, the sentence; codes in brackets at a line's end.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from connector import __version__
from connector.doctor import surroundings
from connector.doctor.lines import Level, Line, counted
from connector.doctor.running import Group

FORMAT: Final = 1
_NAME: Final = 14
_LEVEL: Final = 6
_WIDTH: Final = 96


def heading(now: datetime) -> str:
    """Return the first line. ``now`` in the zone of the configuration."""
    return f"jse-connector {__version__}   config valid   {now:%a %d %b %Y %H:%M:%S %Z}"


def text(group: Group, *, width: int = _NAME, report: bool = False) -> Iterator[str]:
    """Yield the lines of a group. ``report``: as support may read them."""
    name = group.name
    if group.title:
        yield f"{name:<{width}}{group.title}"
        name = ""
    for line in group.lines:
        yield from _wrapped(line, f"{name:<{width}}{line.level.value:<{_LEVEL}}", report=report)
        name = ""


def _wrapped(line: Line, head: str, *, report: bool) -> Iterator[str]:
    said = line.for_support if report else line.text
    code = f"   [{line.code}]" if line.code else ""
    # A brace of a value may hold several lines: a defect's way through the program.
    first, *more = said.splitlines() or [""]
    indent = " " * len(head)
    filled = textwrap.wrap(
        first,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head]
    filled[-1] += "" if more else code
    yield from filled
    for number, one in enumerate(more, 1):
        yield indent + one + (code if number == len(more) else "")
    if line.to_type and not report:
        yield indent + line.to_type


def width_of(names: Sequence[str]) -> int:
    """How wide the column of the sides is."""
    return max(_NAME, *(len(name) + 2 for name in names))


def number(groups: Sequence[Group], level: Level) -> int:
    """How many lines there are of a level."""
    return sum(line.level is level for group in groups for line in group.lines)


def ending(groups: Sequence[Group], *, offline: bool, report: bool = True) -> str:
    """Return the last line: counts, and what became of scratch files. ``report``: say how to make one."""
    failures, notes = number(groups, Level.FAIL), number(groups, Level.NOTE)
    left = [place for group in groups for place in group.left]
    written = any(group.written for group in groups)
    if left:
        scratch = f"Scratch files LEFT in {', '.join(left)}."
    elif written:
        scratch = "Scratch files removed."
    else:
        scratch = "Nobody was asked." if offline else "Nothing was written."
    tail = " For support: doctor --report FILE" if report else ""
    return f"{counted(failures, 'failure')}, {counted(notes, 'note')}. {scratch}{tail}"


def plain(groups: Sequence[Group], now: datetime) -> dict[str, Any]:
    """Return everything as plain types, for ``--json``. ``format`` changes when what is there changes its meaning."""
    return {
        "format": FORMAT,
        "version": __version__,
        "at": now.isoformat(timespec="seconds"),
        "failures": number(groups, Level.FAIL),
        "notes": number(groups, Level.NOTE),
        "scratch": {
            "made": [place for group in groups for place in group.written],
            "left": [place for group in groups for place in group.left],
        },
        "libraries": surroundings.libraries(),
        "groups": [
            {
                "name": group.name,
                "title": group.title,
                "complete": group.complete,
                "lines": [
                    {
                        "level": line.level.value.lower(),
                        "code": line.code or None,
                        "text": line.text,
                        "command": line.to_type or None,
                    }
                    for line in group.lines
                ],
            }
            for group in groups
        ],
    }
