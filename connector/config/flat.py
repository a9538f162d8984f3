"""A configuration as flat texts, path → value as it would be written, defaults included: to be kept and compared.

Parts of a path are joined by "/", which no name holds. No secret is in it: the file holds none, only where they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from connector.config.model import Config, QuietHours, Reminders, SecretReference

NOTHING: Final = "none"
"""What an absent value is called."""
SET: Final = "set"
"""What an optional part is called when it is there."""
_OPTIONAL: Final = frozenset({"mail", "ping"})
_LEAVES: Final = (SecretReference, QuietHours, Reminders)
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def flat(config: Config) -> dict[str, str]:
    """Return every value of a configuration by its path, in the order of the models."""
    return dict(_below(config, ()))


def _below(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel) and not isinstance(value, _LEAVES):
        if len(path) == 1 and path[0] in _OPTIONAL:
            yield path[0], SET
        for field, info in type(value).model_fields.items():
            if field not in {"name", "include"}:
                yield from _below(getattr(value, field), (*path, info.alias or field))
    elif isinstance(value, Mapping) and path != ("platform", "contract"):
        for name, inner in value.items():
            yield from _below(inner, (*path, name))
    else:
        yield "/".join(path), told(value)


def told(value: Any) -> str:
    """Return one value as it would be written."""
    if value is None or value == () or value == {}:
        return NOTHING
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, QuietHours):
        return f"{value.begin:%H:%M}-{value.end:%H:%M}"
    if isinstance(value, Reminders):
        first, every = told(value.first_after), told(value.every)
        return f"first after {first}, every {every}, at most {value.at_most}"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, tuple | list):
        return ", ".join(told(one) for one in value)
    return str(value)


def _duration(length: timedelta) -> str:
    if length.microseconds:
        return f"{int(length.total_seconds() * 1000)}ms"
    seconds = int(length.total_seconds())
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds % size == 0), _UNITS[-1])
    return f"{seconds // size}{unit}"
