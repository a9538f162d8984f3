"""Pages about rooms that tell of themselves by a table: the codes of ``doctor``, the series of ``metrics``."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from tests.reference.markdown import code, generated, listed, table


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


def metrics_link() -> str:
    """What the page of the configuration says of that one."""
    there = _table_of("connector.metrics", "SERIES") is not None
    return "\nWhat `metrics` tells: [metrics.md](metrics.md).\n" if there else ""


def metrics_page() -> str | None:
    """Every series; None where nothing declares them."""
    series: Iterable[Any] | None = _table_of("connector.metrics", "SERIES")
    if series is None:
        return None
    rows = [(code(one.name), one.kind, listed(one.labels) or "–", one.help) for one in series]
    return "\n".join([_METRICS, table(("series", "kind", "labels", "meaning"), rows)])


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
