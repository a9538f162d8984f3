"""The few forms of Markdown that the pages use, and what makes a text safe in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell is one line, whatever was in it."""
    lines = ["| " + " | ".join(cell(each) for each in line) + " |" for line in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """A text on one line, its bars no borders."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def code(text: str) -> str:
    """A text as code, whatever backticks it holds."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def listed(texts: Iterable[str]) -> str:
    """Several texts as code, in a row."""
    return ", ".join(code(text) for text in texts)


def paragraphs(text: str) -> str:
    """A docstring's or a help's paragraphs, each on one line."""
    return "\n\n".join(" ".join(each.split()) for each in text.strip().split("\n\n"))


def generated(how: str = "python -m tests.reference") -> str:
    """The line under a title that says where a page comes from."""
    return f"<!-- Written from the code by `{how}` (make docs): edit the code, not this page. -->\n"


def slug(heading: str) -> str:
    """The anchor that a heading gets where the pages are read."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
