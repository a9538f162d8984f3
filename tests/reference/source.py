"""What only the source tells: the texts under the members of an enumeration, the first line of a module."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def member_docs(kind: type) -> dict[str, str]:
    """Name of each member → the text that stands under it; members without one are left out."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    told: dict[str, str] = {}
    for first, second in pairwise(body.body):
        if (
            isinstance(first, ast.Assign)
            and isinstance(first.targets[0], ast.Name)
            and isinstance(second, ast.Expr)
            and isinstance(second.value, ast.Constant)
        ):
            told[first.targets[0].id] = " ".join(str(second.value.value).split())
    return told


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    told = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].split())
    head, stop, _ = told.partition(". ")
    return head + stop.strip()
