"""How the administrator's ``platform.contract`` is laid over the contract: merging, and every problem at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from connector.errors import ConfigurationProblem

_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_FIXED = frozenset({"name", "grade", "section"})

PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""A name between braces in a path."""

M = TypeVar("M", bound=BaseModel)


class _Route(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def placeholders(self) -> frozenset[str]: ...


def size(value: object) -> object:
    """Read ``10MB`` (also kB, GB, or a bare number of bytes) as bytes; leave what is no text alone."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+)\s*([a-zA-Z]*)", value.strip())
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"{value!r} is not a size; write it like 10MB")
    return int(match[1]) * _UNITS[match[2].lower()]


def days(value: object) -> object:
    """Read ``15d`` or ``15`` as days; leave what is no text alone."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+)\s*d?", value.strip())
    if match is None:
        raise ValueError(f"{value!r} is not a number of days; write it like 15d")
    return int(match[1])


def empty_is_none(value: object) -> object:
    """Read an empty text as None: the file's loader knows texts only."""
    return None if value == "" else value


def base_path(value: object) -> object:
    """Refuse a base path with another placeholder than ``{shortcut}``, or on another host."""
    if isinstance(value, str) and (re.search(r"[{}]", value.replace("{shortcut}", "")) or "//" in value):
        raise ValueError("must be a path with no other placeholder than {shortcut}")
    return value


def regular_expression(value: object) -> object:
    """Refuse a pattern that does not compile."""
    if isinstance(value, str):
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from error
    return value


def merge(
    part: BaseModel, mapping: Mapping[str, object], path: str
) -> tuple[dict[str, Any], list[ConfigurationProblem]]:
    """Return ``part`` as plain values with ``mapping`` laid over it, and the names that nobody knows."""
    merged: dict[str, Any] = {name: getattr(part, name) for name in type(part).model_fields}
    problems: list[ConfigurationProblem] = []
    fixed = _FIXED if merged.keys() >= _FIXED else frozenset()
    for key, value in mapping.items():
        where = f"{path}.{key}"
        if key not in merged or key in fixed:
            problems.append(_unknown(where, key, sorted(merged.keys() - fixed)))
            continue
        merged[key], found = _lay(merged[key], value, where)
        problems += found
    return merged, problems


def _lay(old: object, new: object, where: str) -> tuple[object, list[ConfigurationProblem]]:
    if isinstance(old, BaseModel):
        if not isinstance(new, Mapping):
            return old, [ConfigurationProblem(path=where, text="must be a mapping of names to values")]
        return merge(old, new, where)
    if isinstance(old, Mapping):
        if not isinstance(new, Mapping):
            return old, [
                ConfigurationProblem(path=where, text="must be a mapping of the platform's words to ours")
            ]
        return {**old, **new}, []
    if isinstance(old, tuple):
        if not isinstance(new, Sequence) or isinstance(new, str):
            return old, [ConfigurationProblem(path=where, text="must be a list of {status, pattern, cause}")]
        return (*new, *old), []
    return new, []


def _unknown(where: str, key: str, known: Sequence[str]) -> ConfigurationProblem:
    near = difflib.get_close_matches(str(key), known, 1, 0.5)
    cure = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return ConfigurationProblem(path=where, text=f"unknown name; {cure}")


def build(
    model: type[M], merged: Mapping[str, Any], path: str
) -> tuple[M | None, list[ConfigurationProblem]]:
    """Return the checked model, or None and each value that does not fit."""
    try:
        return model.model_validate(merged), []
    except ValidationError as error:
        return None, [
            ConfigurationProblem(
                path=".".join([path, *(str(step) for step in item["loc"])]),
                text=item["msg"].removeprefix("Value error, "),
            )
            for item in error.errors(include_url=False, include_context=False)
        ]


def check_paths(old: Sequence[_Route], new: Sequence[_Route], path: str) -> list[ConfigurationProblem]:
    """Return what is wrong with replaced paths: placeholders, other hosts, a transaction that is not named."""
    problems = []
    for before, after in zip(old, new, strict=True):
        text = _wrong_path(before, after)
        if text:
            problems.append(ConfigurationProblem(path=f"{path}.operations.{after.name}.path", text=text))
    return problems


def _wrong_path(before: _Route, after: _Route) -> str:
    known = ", ".join(f"{{{name}}}" for name in sorted(before.placeholders)) or "none"
    if re.search(r"[{}]", PLACEHOLDER.sub("", after.path)):
        return f"a brace stands alone; known placeholders: {known}"
    unknown = sorted(after.placeholders - before.placeholders)
    if unknown:
        return f"unknown placeholder {{{unknown[0]}}}; known: {known}"
    if "id" in before.placeholders and "id" not in after.placeholders:
        return "must hold {id}, the transaction"
    if "://" in after.path or after.path.startswith("//"):
        # The tokens would travel to whatever host stands here.
        return "must be a path, the host stands in platform.url"
    return ""
