"""``schema``: what may stand in each kind of file, and in `status --json`, as JSON Schema 2020-12, for editors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connector.cli.common import misused, one_of
from connector.cli.status_schema import status_schema
from connector.config.schema import config_schema, part_schema
from connector.errors import ConnectorError
from connector.report.typography import spaced
from connector.sidecar.schema import schema_of, spoken

KINDS: Final[Mapping[str, str]] = {
    "request": "*.sign.yaml, *.sign.yml, *.sign.yaml.txt, *.sign.txt",
    "settings": "_signature.yaml, _signature.yml, _signature.yaml.txt, _signature.txt",
    "config": "the administrator's config.yaml",
    "config-part": "a file that it includes",
    "status": "what jse-connector status --json prints",
}
"""Kind → the files it is for."""
_OF_ADMINISTRATOR: Final = {"config": config_schema, "config-part": part_schema, "status": status_schema}


class NotWritten(ConnectorError):
    """A file that was asked for could not be made."""


def schema(kind: str | None, output: Path | None) -> int:
    """Print one schema, or write one or all of them into a directory. Raises NotWritten."""
    if kind is None and output is None:
        misused(f"say which one ({', '.join(KINDS)}), or where to write all: --output DIR.")
    wanted = [one_of(kind, tuple(KINDS), "schema")] if kind is not None else list(KINDS)
    if output is None:
        print(text_of(wanted[0]), end="")
        return 0
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            file = output / f"{name}.schema.json"
            file.write_text(text_of(name), encoding="utf-8")
            print(f"{file}    for {KINDS[name]}")
    except OSError as error:
        raise NotWritten(f"{output}: {error.strerror}") from error
    return 0


def text_of(kind: str) -> str:
    """Return a schema as JSON text, with the no-break spaces that French wants."""
    return json.dumps(made(kind), ensure_ascii=False, indent=2) + "\n"


def made(kind: str) -> dict[str, Any]:
    """Return a schema as JSON values."""
    if kind in _OF_ADMINISTRATOR:
        return _OF_ADMINISTRATOR[kind]()
    found: dict[str, Any] = spoken(schema_of("settings" if kind == "settings" else "request"), spaced)
    return found
