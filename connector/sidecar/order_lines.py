"""Which lines of a file order something: pasted with the blanks they were shown with, or written a little otherwise.

A status shows each line to type behind eight blanks (ux page 2.1), and it is copied and pasted whole. « action » and
« envoi » live at the edge only, so such a line has one reading – unless it may be text: of a block, of quotes, of a
message or a note, of prose. What may be text is never obeyed. Lines are those of :func:`repair.fold_blanks`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from connector.sidecar import words
from connector.sidecar.fields import unquoted
from connector.sidecar.grammar import read_action

KEY: Final = re.compile(r"(?P<key>[^\W_][^:#\"{}\[\],@<>]{0,24}?) ?: *(?P<value>.*)")
_BLOCK: Final = re.compile(r"(?:.*:|-) *[|>][-+0-9]*(?: +#.*)?")
HAS_PERSON: Final = re.compile(r"@|[0-9](?:[ ./-]?[0-9]){7}")
_MEANT: Final = re.compile(
    r"(?P<dashes>(?:[-–—•*] *)*)[\"']?(?P<word>[^\W\d_]{4,9})[\"']?(?P<sign> *[:=]+)? *(?P<rest>.*)"
)
# Of a web page or a mail; an address in angle brackets is none.
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>@]{0,80}>")
_DASHES: Final = "-–—•*"
_CLOSES: Final = {'"': '"', "'": "'", "[": "]", "{": "}"}
_TEXTS: Final = {"request.message", "request.note"}
# As in repair: a file of rubbish must not cost minutes.
_MAX_SEARCHES: Final = 40
_MAX_ITEMS: Final = 20
"""Of one list of orders."""
_OURS: Final[words.Words] = {name: words.REQUEST_KEYS[name] for name in ("action", "send")}
_ACTION: Final[words.Words] = {"action": words.REQUEST_KEYS["action"]}


class Standing(IntEnum):
    """What a line is to the lines above it."""

    OWN = 0
    PERHAPS_TEXT = 1
    """Deeper than a message, a note, a key that is none of ours or prose: people go on so with a text."""
    TEXT = 2
    """Within a block, or quotes or brackets that are not closed yet."""


def standings(lines: Sequence[str]) -> list[Standing]:
    """Return what each line is to those above it; a text goes on to the next line that is no deeper than its key."""
    found: list[Standing] = []
    within, column = Standing.OWN, 0
    for line in lines:
        content = line.strip()
        if _is_content(line) and _indent(line) <= column:
            within = Standing.OWN
        found.append(within)
        if content and within is Standing.OWN:
            within, column = _opened(content), _column(line)
    return found


def to_the_edge(lines: Sequence[str]) -> list[str]:
    """Move to the edge what was pasted with its blanks: an order that is known, or a word on sending.

    Not in the middle of what hangs together: what follows begins at the edge, or nothing does. Nor above an order that
    may be text: of several the last counts, and that one is asked about.
    """
    edge = min((_indent(line) for line in lines if _is_content(line)), default=0)
    moved, ends, unread = list(lines), True, False
    standing = standings(lines)
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if not _is_content(line):
            continue
        if _indent(line) <= edge:
            ends = True
        elif ends and not unread and standing[at] is Standing.OWN and _is_ours(line.strip()):
            moved[at] = " " * edge + line.lstrip()
        else:
            ends = False
            unread = unread or (standing[at] is Standing.PERHAPS_TEXT and _is_ours(line.strip()))
    return moved


def meant_as_orders(lines: Sequence[str]) -> list[int]:
    """Return the numbers (from 1) of the lines that were meant as an order, whether they are read as one or not."""
    found, searches = set[int](), 0
    standing = standings(lines)
    # From below, where the last one stands, which counts.
    for at in range(len(lines) - 1, -1, -1):
        bare = _TAG.sub("", lines[at]).strip()
        match = _MEANT.fullmatch(bare) if standing[at] is not Standing.TEXT else None
        items = _items_below(lines, at) if match and match["sign"] and not match["rest"] else []
        if match is None or not (match["rest"] or items):
            continue
        if words.find(match["word"], _ACTION) is None:
            if words.find(match["word"], words.ALL_KEYS) or searches >= _MAX_SEARCHES:
                continue
            searches += 1
            near = words.near(match["word"], _ACTION)
            if near is None or not near.certain:
                continue
        if standing[at] is Standing.PERHAPS_TEXT:
            # In a text that goes on, a word and its colon would not be read at all.
            meant = ":" in (match["sign"] or "")
        else:
            # A file may be called « Action de groupe.pdf ».
            meant = bool(match["sign"] and not match["dashes"]) or _is_order(match["rest"])
        if meant:
            found.update((at + 1, *items))
    return sorted(found)


def _items_below(lines: Sequence[str], at: int) -> list[int]:
    """The numbers (from 1) of the lines with a dash that are the value of the key on line ``at`` (from 0)."""
    found: list[int] = []
    # By index: a copy of the rest for each line would cost quadratic time.
    for below in range(at + 1, len(lines)):
        if len(found) == _MAX_ITEMS:
            break
        if _is_content(line := lines[below]):
            if _indent(line) < _indent(lines[at]) or line.lstrip()[0] not in _DASHES:
                break
            found.append(below + 1)
    return found


def _is_order(written: str) -> bool:
    return read_action(unquoted(written.strip("\"' "))) is not None


def _is_ours(content: str) -> bool:
    found = KEY.fullmatch(content)
    name = words.find(found["key"], _OURS) if found else None
    if found is None or name is None:
        return False
    value = unquoted(re.sub(r" #.*", "", found["value"]).strip("\"' "))
    return words.find(value, words.WISHES) is not None if name == "send" else _is_order(value)


def _opened(content: str) -> Standing:
    """What the deeper lines below a line are."""
    if content.startswith("#"):
        return Standing.OWN
    if _BLOCK.fullmatch(content):
        return Standing.TEXT
    bare = content.lstrip("- ")
    found = KEY.fullmatch(bare)
    name = words.find(found["key"], words.ALL_KEYS) if found else None
    value = found["value"] if found and name else bare
    closes = _CLOSES.get(value[:1])
    if closes and closes not in value[1:]:
        return Standing.TEXT
    if name is not None:
        goes_on = name in _TEXTS and not (closes and value.endswith(closes))
        return Standing.PERHAPS_TEXT if goes_on else Standing.OWN
    # « Pour l’arrêter, voir m@example.fr : » is prose, whoever is named in it.
    is_person = HAS_PERSON.search(content) or (content.startswith("-") and found is None)
    return Standing.OWN if is_person and not content.endswith(":") else Standing.PERHAPS_TEXT


def _column(line: str) -> int:
    """The column that the text of a line has to be deeper than: that of its key, or of its dash where it has none."""
    head = re.match(r" *(?:- +)*", line)
    end = head.end() if head else 0
    return end if KEY.fullmatch(line[end:]) else _indent(line)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "---", "..."))
