"""Pages about rooms that tell of themselves by a table: the codes of ``doctor``, the series of ``metrics``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import yaml

from tests.reference.markdown import code, generated, listed, table
from tests.unit.test_architecture import PACKAGE


def _table_of(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("connector"):
            return None
        raise


def doctor_page() -> str | None:
    """Every code of ``doctor``; None where there is no such room."""
    codes: Mapping[str, Any] | None = _table_of("connector.doctor.codes", "CODES")
    if codes is None:
        return None
    parts = [_DOCTOR]
    for name, told in codes.items():
        parts += [f"\n## {name}\n", f"**{told.title[:1].upper()}{told.title[1:]}.** {told.cause}\n"]
        parts.append(f"What to do: {told.cure}\n")
    return "\n".join(parts)


def doctor_link() -> str:
    """What the page of messages says of that one."""
    there = _table_of("connector.doctor.codes", "CODES") is not None
    return ", and (`JSE-…`) in `doctor`: [doctor.md](doctor.md)" if there else ""


def series() -> tuple[Any, ...]:
    """Every series that the room of the metrics declares; none where there is no such room."""
    return tuple(_table_of("connector.metrics", "SERIES") or ())


def alerts() -> list[tuple[str, str, str, str]]:
    """Name, how long, what it says, what it means and asks for, of each alert that is shipped."""
    if not _RULES.is_file():
        return []
    groups = yaml.safe_load(_RULES.read_text("utf-8"))["groups"]
    return [
        (
            rule["alert"],
            str(rule.get("for", "at once")),
            str(rule.get("annotations", {}).get("summary", "")),
            str(rule.get("annotations", {}).get("description", "")),
        )
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    ]


_RULES = PACKAGE.parent / "docs" / "monitoring" / "jse-connector.rules.yaml"


def metrics_link() -> str:
    """What the page of the configuration says of that one."""
    return "\nWhat `metrics` tells: [metrics.md](metrics.md).\n" if series() else ""


def metrics_page() -> str | None:
    """Every series; None where nothing declares them."""
    every = series()
    if not every:
        return None
    rows = [(code(one.name), one.kind, listed(one.labels) or "–", one.help) for one in every]
    parts = [_METRICS, table(("series", "kind", "labels", "meaning"), rows)]
    if told := alerts():
        parts += [
            _ALERTS,
            table(
                ("alert", "for", "says", "what it means, what to do"),
                ((code(name), *rest) for name, *rest in told),
            ),
        ]
    return "\n".join(parts)


_ALERTS = """
## The alerts that are shipped

[docs/monitoring/jse-connector.rules.yaml](../monitoring/jse-connector.rules.yaml), for Prometheus' `rule_files`.
"""
_DOCTOR = f"""# Every code of doctor

{generated()}
`jse-connector doctor` tries things and says how they went; a line that wants something of you ends with one of
these. A code is never given to something else. Codes of requests are in [messages.md](messages.md).
"""
_METRICS = f"""# Every series of the metrics

{generated()}
Answered at `http://ADDRESS/metrics` where the configuration says `metrics: ADDRESS`
([configuration.md](configuration.md)). No label ever holds the name of a person or of a file.
"""
