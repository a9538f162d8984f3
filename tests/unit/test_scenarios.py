"""The scenarios C1–C15 of a WebDAV server's habits: each is played by at least one test, which names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"^((?:C\d{1,2}(?:, )?)+): ")
WANTED = frozenset(f"C{number}" for number in range(1, 16))


def told() -> dict[str, list[str]]:
    """Which tests name which scenario at the head of their docstrings."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            head = NAMED.match(ast.get_docstring(node) or "")
            for name in head[1].split(", ") if head else ():
                found.setdefault(name, []).append(f"{path.relative_to(TESTS)}::{node.name}")
    return found


def test_every_scenario_has_a_test() -> None:
    """None is forgotten, and none is named that does not exist."""
    assert set(told()) == WANTED
