"""The certain repairs of a person's text, made before YAML sees it; every line keeps its number.

Only what has one reading is repaired: no-break blanks, tabs as indent, bullets, a known key glued to its colon, the
value of a known key taken to the end of its line, an address alone on the first line, an order pasted with the blanks
it was shown with. Everything else stays as it is, and is explained. Source: "What a person writes, and what must be
read" of the accountant's page, first table.

What ``#`` means: after a key whose value may hold one (subject, message, words of the document, file names) a
remark begins at two blanks and ``# ``; after every other key at one blank and ``#``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from connector.sidecar import words
from connector.sidecar.order_lines import HAS_PERSON, KEY, to_the_edge

_BLANKS: Final = re.compile(r"[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x0b\x0c\x1c-\x1f\x85]")
# Pasted from an address book or a web page: never seen, never meant.
_INVISIBLE: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BREAK: Final = re.compile(r"\r\n?")
_BULLET: Final = re.compile(r"( *)(-(?!-)|[–—•‣·▪◦●−‐‑\uf0b7]|\*(?= ))( *)(?=\S)")
_FLOW_KEY: Final = re.compile(r"(?<=[{,])( *)([^\W_][^:#\"{}\[\],]{0,24}?) ?:(?! )")
# Without a blank after it, a comma between digits separates nothing inside a map.
_FLOW_DECIMAL: Final = re.compile(r"(\b[xyXY] ?: ?[0-9]+),(?=[0-9])")
_ONE_LENGTH: Final = r"[+-]?[0-9]{1,5}(?:[.,][0-9]{1,6})? ?(?:mm|cm|pt|%)?"
_FLOW_OFFSET: Final = re.compile(
    rf"(?P<key>(?<=[{{, ])[^\W_]{{1,24}}) ?: *(?P<both>{_ONE_LENGTH} *, *{_ONE_LENGTH})(?= *[,}}])",
    re.IGNORECASE,
)
_OFFSET: Final[words.Words] = {"offset": words.PLACE_KEYS["offset"]}
_BLOCK: Final = re.compile(r"[|>][-+0-9]*(?: +#.*)?")
_QUOTED: Final = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?: +#.*)?""")
_REMARK: Final = re.compile(r" #.*")
# At the first of the blanks only: from each of them on, a long row of them would be looked through again.
_REMARK_IN_TEXT: Final = re.compile(r"(?<! ) {2,}#(?: .*|$)")

_TEXTS: Final = {"request.subject", "request.message", "request.note", "place.near", "place.document"}
_FILES: Final = {"request.documents", "request.annexes"}
# Each unknown word costs a search for the nearest: a file of rubbish must not cost minutes.
_MAX_SEARCHES: Final = 40


def fold_blanks(text: str) -> str:
    """Return the text with plain blanks only, one kind of line break, and nothing invisible.

    Also the three breaks that YAML sees and editors do not become blanks: they would shift every line number.
    """
    return _INVISIBLE.sub("", _BLANKS.sub(" ", _BREAK.sub("\n", text)))


def split_lines(text: str) -> list[str]:
    """Return the lines as a person sees them, nothing folded: as many as :func:`repair` counts."""
    return _BREAK.sub("\n", text).split("\n")


def repair(text: str) -> str:
    """Return the text with every certain repair made. Has as many lines as ``text``; never fails."""
    return "\n".join(_Repairer(fold_blanks(text).split("\n")).run())


class _Repairer:
    """One walk down the lines. ``_at`` is the next line, ``_out`` what stands before it."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = to_the_edge(_bullets([_tabs(line).rstrip() for line in lines]))
        self._out: list[str] = []
        self._searches = 0
        self._begun = False
        self._in_files = False

    def run(self) -> list[str]:
        while (at := len(self._out)) < len(self._lines):
            line = self._lines[at]
            content = line.lstrip()
            if not content or content.startswith(("#", "---", "...")):
                self._out.append(line)
                continue
            first, self._begun = not self._begun, True
            self._repair(line, first)
        return self._out

    def _repair(self, line: str, first: bool) -> None:
        head, content = _split_head(line)
        found = KEY.fullmatch(content)
        kind = self._kind(found["key"]) if found else None
        if head.strip() and self._in_files:
            # « Annexe 1: Tarifs.pdf » in a list of files is a name, whatever it resembles.
            self._value(head, content, "text", len(head.rstrip()) - 1)
        elif found and kind is not None:
            self._in_files = kind in _FILES
            self._key_line(head, found, kind)
        elif found and head.strip() and self._goes_on_with_keys(len(head)):
            # A key that nobody knows, the first of a signatory: it is told as that.
            self._key_line(head, found, "")
        elif head.strip():
            self._value(head, content, "person" if "@" in content else "text", len(head.rstrip()) - 1)
        elif first and not head and (parts := self._bare_person(content)):
            self._write("signataires: ", parts)
        else:
            self._out.append(line)

    def _goes_on_with_keys(self, column: int) -> bool:
        """Tell whether a key of ours stands below, at the very column of what follows a dash."""
        for line in self._following():
            head, content = _split_head(line)
            if not content or content.startswith("#"):
                continue
            found = KEY.fullmatch(content)
            if head.strip() or len(head) != column or found is None:
                return False
            if self._kind(found["key"]) is not None:
                return True
        return False

    def _kind(self, key: str) -> str | None:
        """Return the name of a known or nearly known key, None for anything else."""
        known = words.find(key, words.ALL_KEYS)
        if known is None and key.lower() != "mailto" and self._searches < _MAX_SEARCHES:
            self._searches += 1
            known = words.find(words.nearest(key, words.ALL_KEYS), words.ALL_KEYS)
        return known

    def _key_line(self, head: str, found: re.Match[str], kind: str) -> None:
        key, value = found["key"], found["value"]
        start = f"{head}{key}:"
        if not value or value == "#" or value.startswith("# "):
            self._out.append(f"{start} {value}".rstrip())
        elif _BLOCK.fullmatch(value):
            self._out.append(f"{start} {value}")
            self._skip_block(len(head))
        elif value[0] in "[{" and kind not in _TEXTS:
            self._out.append(f"{start} {self._flow(value)}")
        else:
            text = kind in _TEXTS or kind in _FILES
            self._value(f"{start} ", value, "text" if text else "word", len(head))

    def _flow(self, value: str) -> str:
        """Give the known keys inside ``{…}`` the blank that YAML wants, and commas between digits one reading.

        ``x: 2,5`` gets its decimal point, ``décalage: 10 mm, 5 mm`` the quotes that keep its two lengths together.
        """

        def spaced(found: re.Match[str]) -> str:
            return f"{found[1]}{found[2]}: " if words.find(found[2], words.ALL_KEYS) else found[0]

        def whole(found: re.Match[str]) -> str:
            return f'{found["key"]}: "{found["both"]}"' if words.find(found["key"], _OFFSET) else found[0]

        return _FLOW_DECIMAL.sub(r"\1.", _FLOW_OFFSET.sub(whole, _FLOW_KEY.sub(spaced, value)))

    def _following(self) -> Iterator[str]:
        # By index: a copy of the rest for each line would cost quadratic time.
        return (self._lines[at] for at in range(len(self._out) + 1, len(self._lines)))

    def _skip_block(self, column: int) -> None:
        """Leave the lines of a ``|`` text alone: they are deeper than their key, or blank."""
        while (at := len(self._out)) < len(self._lines):
            line = self._lines[at]
            if line and len(line) - len(line.lstrip()) <= column:
                return
            self._out.append(line)

    def _value(self, start: str, value: str, kind: str, column: int) -> None:
        """Write a value that is one text, with the deeper lines that continue it, in double quotes."""
        if _QUOTED.fullmatch(value) or (start.endswith("- ") and value[0] in "[{-"):
            self._out.append(start + (self._flow(value) if value[0] in "[{" else value))
            return
        if value[0] in "\"'" and self._closes_later(value[0], column):
            self._out.append(start + value)
            self._skip_block(column)
            return
        follow = self._continued(column)
        remark = _REMARK_IN_TEXT if kind == "text" else _REMARK
        parts = [remark.sub("", part) for part in (value, *(line.strip() for line in follow))]
        self._write(start, parts)

    def _write(self, start: str, parts: list[str]) -> None:
        escaped = [part.replace("\\", "\\\\").replace('"', '\\"') for part in parts]
        escaped[0] = f'{start}"{escaped[0]}'
        escaped[1:] = [f"{' ' * (len(start) - len(start.lstrip()) + 2)}{part}" for part in escaped[1:]]
        escaped[-1] += '"'
        self._out.extend(escaped)

    def _continued(self, column: int) -> list[str]:
        """Return the next lines that are deeper than ``column`` and begin nothing of their own."""
        taken: list[str] = []
        for line in self._following():
            head, content = _split_head(line)
            found = KEY.fullmatch(content)
            begins = head.strip() or content.startswith("#") or (found and self._kind(found["key"]))
            if not content or len(head) <= column or begins:
                break
            taken.append(line)
        return taken

    def _closes_later(self, quote: str, column: int) -> bool:
        for line in self._following():
            if line and len(line) - len(line.lstrip()) <= column:
                return False
            if line.endswith(quote):
                return True
        return False

    def _bare_person(self, content: str) -> list[str]:
        """A file that begins with an address: that line, and the bare ones right below it, are the signatory."""
        parts = [content]
        for line in self._following():
            head, more = _split_head(line)
            found = KEY.fullmatch(more)
            if not more or head.strip() or more.startswith("#") or (found and self._kind(found["key"])):
                break
            parts.append(more)
        return [_REMARK.sub("", part) for part in parts] if HAS_PERSON.search(" ".join(parts)) else []


def _split_head(line: str) -> tuple[str, str]:
    """Split a line into its blanks and dashes (``"  - "``), and what follows."""
    found = re.match(r" *(?:- +)*", line)
    end = found.end() if found else 0
    return line[:end], line[end:]


def _tabs(line: str) -> str:
    content = line.lstrip(" \t")
    indent = line[: len(line) - len(content)]
    return indent.replace("\t", "  ") + content.replace("\t", " ")


def _bullets(lines: list[str]) -> list[str]:
    """Make ``- `` of every bullet; what hangs below a glued one moves with its text."""
    repaired: list[str] = []
    glued: int | None = None
    block: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block is not None and (not line or indent > block):
            repaired.append(" " + line if glued is not None and line else line)
            continue
        block = None
        if glued is not None and line and indent <= glued:
            glued = None
        shifted = " " + line if glued is not None and line else line
        found = _BULLET.match(shifted)
        if found and glued is None and not found[3]:
            glued = indent
        out = f"{found[1]}- {found[3][1:]}{shifted[found.end() :]}" if found else shifted
        repaired.append(out)
        if re.search(r": *[|>][-+0-9]*$", line):
            block = len(_split_head(line)[0])
    return repaired
