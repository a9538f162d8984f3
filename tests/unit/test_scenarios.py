"""The scenarios C, D and E: each is played by at least one test, which names it, or is refused here with a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"^((?:[CDE]\d{1,2}(?:, )?)+): ")
FAMILIES: Final = {"C": 15, "D": 9, "E": 8}
WANTED = frozenset(f"{family}{number}" for family, most in FAMILIES.items() for number in range(1, most + 1))

REFUSED: Final[Mapping[str, str]] = {
    "D9": "no web hook of the platform is known (API page): none is offered, no port is opened, nothing is believed "
    "that comes in by itself; every state is asked for",
}
"""Scenario → why no test plays it."""


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
    named = set(told())
    assert named <= WANTED
    assert WANTED - named == REFUSED.keys()


def test_what_is_refused_is_refused_for_a_reason() -> None:
    """A refusal says why, and is none where a test plays the scenario all the same."""
    assert all(len(reason) > 40 for reason in REFUSED.values())
    assert set(told()).isdisjoint(REFUSED)
