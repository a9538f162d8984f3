"""One line of a person's file → the line that replaces it, where there is no doubt; else None.

The word to be replaced must stand exactly once on the line: nothing is put where it might not belong. Phones,
addresses and names are never cured. What is certain is decided by ``words.near`` and by those who ask here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LONGEST: Final = 1_000
"""Characters of a line that is cured; blanks without end would be looked through again and again."""


def with_key(raw: str, key: str, wanted: str) -> str | None:
    """Return the line with a key replaced by a known one; None when it is not seen there exactly once."""
    return _replaced(raw, rf"(?<!\w){_flexible(key)}(?=[\"']?[^\S\n]*:)", wanted)


def with_value(raw: str, value: str, wanted: str) -> str | None:
    """Return the line with a value replaced by a known word; None when it is not seen there exactly once."""
    return _replaced(raw, rf"(?<!\w){_flexible(value)}(?!\w)", wanted)


def struck(raw: str, key: str, value: str) -> str | None:
    """Return the line as a remark; None when it holds more than this key and this value, or more than anybody sees."""
    if len(raw) > _LONGEST:
        return None
    line = rf"([^\S\n]*)([\"']?{_flexible(key)}[\"']?[^\S\n]*:[^\S\n]*[\"'«“‘]?[^\S\n]*{_flexible(value)}.*)"
    found = re.fullmatch(line, raw)
    return f"{found[1]}# {found[2]}" if found else None


def struck_twin(lines: Sequence[str], number: int, twin: int) -> str | None:
    """Return line ``number`` (from 1) as a remark when it says what line ``twin`` says; None when either says more.

    For a file that cannot be read as a whole: both are one key and one short value, and nothing hangs below them.
    """
    if not (0 < twin < number <= len(lines)):
        return None
    raw, first = lines[number - 1], lines[twin - 1]
    if (
        len(raw) > _LONGEST
        or raw.split() != first.split()
        or not re.fullmatch(r"\s*\w[^:#]*:\s*[^\s|>\[{&*!#'\"].*", raw)
    ):
        return None
    if any(_hangs_below(lines, one) for one in (number, twin)):
        return None
    indent = raw[: len(raw) - len(raw.lstrip())]
    return f"{indent}# {raw.strip()}"


def _hangs_below(lines: Sequence[str], number: int) -> bool:
    following = lines[number] if number < len(lines) else ""
    own = lines[number - 1]
    return bool(following.strip()) and _indent(following) > _indent(own)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _replaced(raw: str, pattern: str, wanted: str) -> str | None:
    found = list(re.finditer(pattern, raw)) if len(raw) <= _LONGEST else []
    if len(found) != 1:
        return None
    return raw[: found[0].start()] + wanted + raw[found[0].end() :]


def _flexible(text: str) -> str:
    """Return a pattern for the text with any blanks where it has blanks: no-break ones were folded on the way."""
    return r"[^\S\n]+".join(re.escape(part) for part in text.split())
