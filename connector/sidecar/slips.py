"""Slips of the hand by which a word of ours is not read as one: no colon behind it, or below a person on one line.

Pure: the lines of a file and where YAML failed → the slip as a problem, None where it is none. YAML itself would name
another line, or a colon that is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connector.errors import Problem
from connector.sidecar import words
from connector.sidecar.fields import shown
from connector.sidecar.order_lines import HAS_PERSON, KEY

_HEAD: Final = re.compile(r" *(?:- +)*")
_WORD: Final = r"[^\W\d_]+"
_MOST_WORDS: Final = 3
"""Of one key: « après la signature »."""
_NOTHING_READ: Final = frozenset({"yaml_syntax", "yaml_colon", "yaml_indent"})

_PEOPLE: Final[words.Words] = {name: words.REQUEST_KEYS[name] for name in ("signatories", "then")}
_BEGIN_A_LINE: Final[words.Words] = {
    **words.REQUEST_KEYS, **words.SETTINGS_ONLY_KEYS, **words.SIGNATORY_KEYS,
}  # fmt: skip


def behind(code: str, line: int | None, lines: Sequence[str]) -> Problem | None:
    """Return the slip that most likely made YAML fail with ``code`` on ``line``, counted from 1."""
    if code not in _NOTHING_READ or line is None or line > len(lines):
        return None
    above = next((at for at in range(line - 1, 0, -1) if _says_something(lines[at - 1])), 0)
    if code != "yaml_colon" and above and (key := _below_a_person(lines[above - 1], lines[line - 1])):
        return Problem(code="keys_below_line", line=line, values={"key": shown(key)})
    for at in (line, above) if code != "yaml_indent" else (above,):
        if at and (word := _without_colon(lines[at - 1])):
            return Problem(code="colon_missing", line=at, values={"key": shown(word)})
    return None


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _below_a_person(above: str, line: str) -> str:
    """A signatory's key below one who is written on one line, whatever its indent; ``""`` for anything else."""
    found = KEY.fullmatch(line.strip())
    if not found or line == line.lstrip() or not words.find(found["key"], words.SIGNATORY_KEYS):
        return ""
    head = _HEAD.match(above)
    content = above[head.end() :] if head else above
    name = KEY.fullmatch(content)
    person = name["value"] if name and words.find(name["key"], _PEOPLE) else "" if name else content
    return found["key"] if HAS_PERSON.search(person) else ""


def _without_colon(line: str) -> str:
    """A line that begins with a word of ours and goes on without a colon: « objet Lettre de mission »."""
    head = _HEAD.match(line)
    content = line[head.end() :] if head else line
    if (key := KEY.fullmatch(content)) and words.find(key["key"], words.ALL_KEYS):
        return ""
    for count in range(_MOST_WORDS):
        found = re.match(_WORD + f"(?: {_WORD}){{{count}}}(?= *=| +\\S| *$)", content)
        if found and words.find(found[0], _BEGIN_A_LINE):
            return found[0]
    return ""
