"""The form that every text keeps, as checks that any test of a text may call (ux page sections 2.1 and 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connector.report import words
from connector.report.typography import TIE, Language
from tests.unit.forbidden_words import (
    BLAME_OR_WE,
    FILE_NAMES,
    FORBIDDEN,
    FORBIDDEN_IN_ENGLISH,
    GENDERED,
    RELATIVE,
)

FOOT = "--"
MOST_LINES = 25
_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"


def is_typed(line: str) -> bool:
    """True for a line that people copy."""
    return bool(re.match(r" {8}\S", line))


def check_form(lines: Sequence[str], language: Language, *, most_lines: int = MOST_LINES) -> None:
    """Width, length, state word first, lines to be typed alone, no hole left in a template."""
    state, dash, matter = lines[0].partition(" – ")
    assert state in {pair[language == "en"] for pair in words.ALL}, lines[0]
    assert dash
    assert matter
    assert len(lines[0]) <= 90, lines[0]
    for line in lines[1:]:
        assert len(line) <= 78, line
    if most_lines:
        assert lines.index(FOOT) <= most_lines + 1, "with a blank line above the foot"
    text = "\n".join(lines)
    assert TIE not in text
    assert "  \n" not in text
    assert "\n\n\n" not in text
    assert not re.search(r"\{(?!support\})|\[\[|\]\]|~|None", text)
    for index, line in enumerate(lines):
        assert line == line.rstrip(" ")
        if is_typed(line):
            assert "\u00a0" not in line
            assert lines[index - 1] == ""
            assert lines[index + 1] == ""


def check_french(lines: Sequence[str], *values: str) -> None:
    """No-break spaces where French wants them, no word that must never be read, no blame; ``values`` are left out."""
    prose = "\n".join(line for line in lines if not is_typed(line))
    for value in sorted(filter(None, values), key=len, reverse=True):
        # Whole, or broken at its spaces over two lines.
        prose = re.sub(re.escape(value).replace(r"\ ", r"\s+"), "X", prose)
    assert not re.search(r"[^\u00a0\s](?=[;!?»])|[ ](?=[:;!?»])|«[^\u00a0]", prose)
    assert not re.search(rf"\d \d{{3}}|(\d|er) ({_MONTHS})\b|\b\d{{1,2}} ?h ?\d\d\b", prose)
    assert not re.search(rf"(?<!\d)1\u00a0({_MONTHS})\b", prose), "« 1er »"
    assert "'" not in prose
    own = FILE_NAMES.sub("", prose)
    for never in (FORBIDDEN, GENDERED, RELATIVE, BLAME_OR_WE):
        found = never.search(own)
        assert not found, own[max(0, found.start() - 40) : found.end() + 40]


def check_english(lines: Sequence[str], *values: str) -> None:
    """No word that must never be read, no French left over, straight and curly marks as English has them."""
    prose = "\n".join(line for line in lines if not is_typed(line))
    for value in sorted(filter(None, values), key=len, reverse=True):
        prose = re.sub(re.escape(value).replace(r"\ ", r"\s+"), "X", prose)
    own = FILE_NAMES.sub("", prose)
    found = FORBIDDEN_IN_ENGLISH.search(own)
    assert not found, own[max(0, found.start() - 40) : found.end() + 40]
    assert not re.search(r"[«»]|[ \u00a0][:;!?]", own)
    assert "'" not in own
