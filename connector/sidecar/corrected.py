"""A request with every certain cure put in place, as bytes to be laid beside the wrong one.

Only offered when nothing is left to be asked: the person deletes the wrong file, and the corrected one is the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from connector.errors import Problem
from connector.sidecar.reading import MAX_BYTES, read_whole
from connector.text_yaml import decode

_BREAK: Final = re.compile(r"(\r\n?|\n)")
_ROUNDS: Final = 5
"""Two cures on one line are made one after the other; more than this are not certain any more."""


def corrected(data: bytes, problems: Iterable[Problem]) -> bytes | None:
    """Return the file with the cure of every problem, None when one has none or something is left to be said.

    Lines and line ends stay as they are. UTF-8 stays UTF-8, with or without its mark; anything else becomes UTF-8
    with a mark, so that every editor reads it. ``problems``: all of a request; one of another file (a value
    ``file``) has no cure in this one. Never raises.
    """
    left = list(problems)
    if not left or len(data) > MAX_BYTES:
        return None
    text, encoding = decode(data)
    if "\ufffd" in text:
        # A sign that could not be read would be lost for good.
        return None
    for _ in range(_ROUNDS):
        cured = _cured(text, left)
        if cured is None:
            return None
        text = cured
        left = list(read_whole(text.encode()).problems)
        if not left:
            return text.encode("utf-8" if encoding == "utf-8" else "utf-8-sig")
    return None


def _cured(text: str, problems: Iterable[Problem]) -> str | None:
    # Every other part is a line end, kept as it is.
    parts = _BREAK.split(text)
    done: set[int] = set()
    for problem in problems:
        at = 2 * ((problem.line or 0) - 1)
        if problem.cure is None or "file" in problem.values or not 0 <= at < len(parts):
            return None
        if at not in done:
            done.add(at)
            parts[at] = problem.cure
    return "".join(parts)
