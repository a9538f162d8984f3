"""The administrator's file read whole: what ``config`` judges, and the contract, which a room of its own does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from connector.config import Reading, read_config
from connector.errors import ConfigurationError


def read_whole(file: Path, instead: Mapping[Path, Path] | None = None) -> Reading:
    """Read a file with all that it includes, and the contract's replacements in it. As ``read_config``."""
    reading = read_config(file, instead)
    if reading.config is None or not reading.config.platform.contract:
        return reading
    from connector.jesignexpert.contract import Contract

    try:
        Contract().with_overrides(reading.config.platform.contract)
    except ConfigurationError as error:
        place = ("platform", "contract")
        where = {"file": reading.tree.file_of(place), "line": reading.tree.line(place)}
        found = tuple(
            replace(one, file=one.file or where["file"], line=one.line or where["line"])  # type: ignore[arg-type]
            for one in error.problems
        )
        return replace(reading, config=None, problems=(*reading.problems, *found))
    return reading
