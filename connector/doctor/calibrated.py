"""What a calibration came to, what requests that were really sent add, and the lines of configuration it makes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connector.doctor.knowing import Lived, sealing_delays
from connector.doctor.lines import Line, counted, note, ok
from connector.jesignexpert.contract import Contract


@dataclass
class Measured:
    """What was found. ``settings``: dotted name below ``platform.contract`` → the value that it should have."""

    lines: list[Line] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


def from_the_journal(measured: Measured, contract: Contract, lived: tuple[Lived, ...]) -> None:
    """What requests that were really sent have shown."""
    for line, name, value in _shown(contract, lived):
        measured.lines.append(line)
        if name:
            measured.settings[name] = value


def _shown(contract: Contract, lived: tuple[Lived, ...]) -> Iterator[tuple[Line, str, object]]:
    delays = [delay.total_seconds() for delay in sealing_delays(lived)]
    if delays:
        yield (
            ok(
                "sealing: the signed document was here {median} after the last signature, at most {longest} "
                "(of {number})",
                median=_short(statistics.median(delays)),
                longest=_short(delays[-1]),
                number=counted(len(delays), "request"),
            ),
            "",
            None,
        )
    days = {
        round((one.expires_at - one.sent_at) / timedelta(days=1))
        for one in lived
        if one.expires_at is not None and one.sent_at is not None
    }
    yield from _same(
        "expectations.lapse_days",
        days,
        contract.expectations.lapse_days,
        "{value} days until a request lapses",
    )
    each = {
        one.signatures // one.signatories
        for one in lived
        if one.signatures and one.signatories and one.signatures % one.signatories == 0
    }
    known = contract.expectations.signatures_per_signatory
    yield from _same(
        "expectations.signatures_per_signatory", each, known, "{value} signatures for each signatory"
    )


def _same(name: str, found: set[int], assumed: int | None, said: str) -> Iterator[tuple[Line, str, object]]:
    """Tell what all requests agree on; what they do not agree on is no measure."""
    if len(found) != 1:
        return
    (value,) = found
    if value == assumed:
        yield ok(said + ", as set", value=value), "", None
    else:
        before = "where nothing was set" if assumed is None else f"and not {assumed}"
        yield note("JSE-P12", said + ", {before}", value=value, before=before), name, value


def _short(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def yaml_lines(settings: Mapping[str, Any]) -> list[str]:
    """Return the lines to add to the configuration; empty where there is nothing to add."""
    if not settings:
        return []
    tree: dict[str, Any] = {}
    for name, value in settings.items():
        head, _, rest = name.partition(".")
        middle, _, last = rest.partition(".")
        # A word of the platform may hold anything, dots too: only the first two names are ours.
        where = tree.setdefault(head, {})
        if last:
            where.setdefault(middle, {})[last] = value
        else:
            where[middle] = value
    lines = ["platform:", "  contract:"]
    for head, inner in tree.items():
        lines.append(f"    {head}:")
        for key, value in inner.items():
            if isinstance(value, dict):
                lines.append(f"      {key}:")
                lines += [f"        {_quoted(word)}: {meant}" for word, meant in value.items()]
            else:
                lines.append(f"      {key}: {_quoted(str(value))}")
    return lines


def _quoted(text: str) -> str:
    return (
        text
        if text.isascii() and text.replace("_", "").isalnum()
        else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
