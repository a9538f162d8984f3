"""Every French text in the source, rendered by a test or not: words that must never be read, values out of grammar."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.journal import away
from tests.unit.forbidden_words import (
    BLAME_OR_WE,
    FILE_NAMES,
    FORBIDDEN,
    FORBIDDEN_IN_ENGLISH,
    GENDERED,
    IN_GRAMMAR,
    RELATIVE,
)

ROOT = Path(__file__).parents[2] / "connector"
FRENCH = re.compile(
    r"[àâçéèêëîïôûùœÀÉÈÊÇ’«»]|\b(le|la|les|une|des|du|dans|pour|sur|est|pas|ne|et|avec|ce|cette|vous|votre)\b"
)
NOT_TOLD = {
    ("jesignexpert/contract.py", "échec"): "a word of the platform's, read and never said",
    ("sidecar/names.py", ".sign.corrigé.yaml"): "the end of a file's name",
    **dict.fromkeys(
        (("journal/away.py", pattern) for pattern, _meant in away.REFUSALS),
        "words of a French PostgreSQL, read and never said",
    ),
}
"""(module, text) of what looks French and is no text for people, with the reason."""
DATES = {"day", "due", "sent", "changed"}
NUMBERS = {"count", "n", "total", "limit", "limit_mb", "number"}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Literal texts of a module with their lines, docstrings and the like left out."""
    tree = ast.parse(path.read_text("utf-8"))
    statements = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
            yield node.lineno, node.value


def french(room: str = "") -> list[tuple[str, str]]:
    """(module:line, text) of all French texts below ``connector/room``; the sandbox speaks for itself."""
    found = []
    for path in sorted((ROOT / room).rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        for line, text in texts(path):
            if not module.startswith("sandbox/") and FRENCH.search(text) and (module, text) not in NOT_TOLD:
                found.append((f"{module}:{line}", text))
    return found


def own(text: str) -> str:
    """Our own words of a template: names of its fields and of files left out."""
    return re.sub(r"\{[^{}]*\}", "", FILE_NAMES.sub("", text))


def test_no_french_text_has_a_word_that_must_never_be_read() -> None:
    """Whichever module it stands in, and whether or not a variant of the form test renders it."""
    everything = french()
    assert len(everything) > 700, "the search itself must find them"
    assert [(where, text) for where, text in everything if FORBIDDEN.search(own(text))] == []


@pytest.mark.parametrize("never", [GENDERED, RELATIVE, BLAME_OR_WE, re.compile(r"'")])
def test_no_report_says_we_blames_or_counts_from_now(never: re.Pattern[str]) -> None:
    """Nor does it take a straight apostrophe for a typographic one."""
    assert [(where, text) for where, text in french("report") if never.search(own(text))] == []


def test_no_value_stands_within_french_grammar() -> None:
    """No article, « de » or « que » before a name: d’Antoine and qu’Hélène cannot be spelled by a template."""
    torn = [
        (where, match[0])
        for where, text in french("report")
        for match in IN_GRAMMAR.finditer(text)
        if match[1] not in DATES | NUMBERS
    ]
    assert torn == []


def test_the_words_are_whole_and_their_plurals_too() -> None:
    """« clés » and « Serveurs » are found, « déclenché », « recordman » and « étape » are not."""
    for told in (
        "les clés",
        "Deux serveurs",
        "verrou optimiste",
        "une erreur",
        "in doubt",
        "incertaine",
        "journaux",
    ):
        assert FORBIDDEN.search(told), told
    for told in ("déclenché", "recordman", "une étape", "interdiction", "la clémence"):
        assert not FORBIDDEN.search(told), told


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.txt")), ids=lambda path: path.name)
def test_the_models_speak_daily_words(path: Path) -> None:
    """What is copied into every watched folder is read by the same people."""
    forbidden = FORBIDDEN_IN_ENGLISH if path.parent.name == "en" else FORBIDDEN
    found = forbidden.search(FILE_NAMES.sub("", path.read_text("utf-8-sig")))
    assert found is None, found
