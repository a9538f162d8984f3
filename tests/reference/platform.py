"""The tables of the platform page: every line of the contract with its grade and the setting that replaces it."""

from __future__ import annotations

from connector.jesignexpert.contract import Contract
from tests.reference.markdown import code, table


def operations() -> str:
    """Every call."""
    return table(
        ("operation", "call", "grade", "replaced by"),
        (
            (code(one.name), f"{one.method} {code(one.path)}", one.grade.value, code(one.setting))
            for one in Contract().listed()
        ),
    )


def settings() -> str:
    """Every other line."""
    rows = [one for one in Contract().settings() if not one.name.startswith("operations.")]
    return table(
        ("setting below `platform.contract`", "value", "grade"),
        ((code(one.name), _shown(one.value), one.grade.value) for one in rows),
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} rows: HTTP status × pattern → cause; your own are asked first"
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, str | int):
        return code(str(value))
    if value is None:
        return "(not said)"
    return f"{len(value)} words; your own are added to them"  # type: ignore[arg-type]
