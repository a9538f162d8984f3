"""Which keys may stand where in the file, read off the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connector.config.model import Config, WatchedFolder
from connector.config.tree import Path


def written_keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of one mapping as they stand in the file. ``name`` is not one: it is the key above."""
    keys = {(info.alias or field): info for field, info in model.model_fields.items() if field != "name"}
    if model is WatchedFolder:
        keys["account"] = keys["accounts"]
    return keys


def known_keys(path: Path) -> set[str] | None:
    """The keys that may stand below this path; None where any name may, or nothing is known."""
    model: type[BaseModel] | None = Config
    parts = iter(path)
    for part in parts:
        info = written_keys(model).get(str(part)) if model is not None else None
        if info is None:
            return None
        model = model_in(info.annotation)
        if get_origin(info.annotation) is dict and next(parts, None) is None:
            return None
    return set(written_keys(model)) if model is not None else None


def every_key() -> Iterator[str]:
    """Every key of the file as a dotted pattern: ``servers.*.url``; secrets end at their own key."""
    yield from _every_key(Config, "")


def _every_key(model: type[BaseModel], above: str) -> Iterator[str]:
    for key, info in written_keys(model).items():
        yield above + key
        inner = model_in(info.annotation)
        if inner is not None and inner.__name__ not in {"SecretReference", "QuietHours"}:
            star = "*." if get_origin(info.annotation) is dict else ""
            yield from _every_key(inner, f"{above}{key}.{star}")


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field's value is, or holds; None where it is something else."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := model_in(inner))), None)
