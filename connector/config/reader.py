"""The administrator's file → :class:`Config`, or every problem in it at once, each with line, cause and cure.

In order: bytes → text → tree of texts (``text_yaml``) → values (``config.model``), beside the checks that look at
the whole (``config.checks``) and what this version does not act on (``config.refusals``). No secret is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from connector import __version__
from connector.config import checks, explain, refusals
from connector.config.model import CONFIG_VERSION, Config
from connector.config.tree import Path as Keys
from connector.config.tree import Tree
from connector.errors import ConfigurationError, ConfigurationProblem
from connector.text_yaml import MAX_BYTES, Mapping, Node, Scalar, Sequence, YamlError, decode, load, plain

_NAMED: Final = ("servers", "accounts", "folders")


@dataclass(frozen=True)
class Reading:
    """``config`` is None when a problem that is no warning was found."""

    config: Config | None
    problems: tuple[ConfigurationProblem, ...]


def load_config(source: Path | str) -> Config:
    """The configuration in a file, or in a text.

    Raises:
        ConfigurationError: with every problem found; warnings alone raise nothing.
    """
    reading = read_config(source)
    if reading.config is None:
        raise ConfigurationError([problem for problem in reading.problems if not problem.warning])
    return reading.config


def read_config(source: Path | str) -> Reading:
    """The configuration in a file, or in a text, and all that is to be said about it, in the order of its lines."""
    file = str(source) if isinstance(source, Path) else None
    config, problems = _read(source)
    problems.sort(key=lambda problem: (problem.line or 0, problem.path))
    return Reading(config, tuple(replace(problem, file=file) for problem in problems))


def _read(source: Path | str) -> tuple[Config | None, list[ConfigurationProblem]]:
    problems: list[ConfigurationProblem] = []
    try:
        text = source if isinstance(source, str) else _text_of(source, problems)
        tree = Tree(load(text))
    except YamlError as error:
        return None, [*problems, explain.yaml_problem(error)]
    except OSError as error:
        return None, [Tree(None).problem((), f"cannot be read: {error.strerror or error}.")]
    if not isinstance(tree.root, Mapping):
        return None, [*problems, tree.problem((), "holds no settings; begin with  config_version: 1")]
    version = tree.number("config_version")
    if version is not None and version != CONFIG_VERSION:
        text = f"this program ({__version__}) reads version {CONFIG_VERSION}, the file is version {version}."
        return None, [*problems, tree.problem(("config_version",), text)]
    config, found = _values(tree)
    problems += [*found, *refusals.refused(tree), *checks.across(tree)]
    return (None if any(not problem.warning for problem in problems) else config), problems


def _text_of(file: Path, problems: list[ConfigurationProblem]) -> str:
    with file.open("rb") as stream:
        data = stream.read(4 * MAX_BYTES)
    text, encoding = decode(data)
    if encoding == "cp1252":
        problems.append(Tree(None).problem((), "is not UTF-8; it was read as Windows-1252.", warning=True))
    return text


def _values(tree: Tree) -> tuple[Config | None, list[ConfigurationProblem]]:
    root = tree.root
    assert isinstance(root, Mapping)
    problems: list[ConfigurationProblem] = []
    raw = _raw(root, (), tree, problems)
    empty = {problem.path for problem in problems}
    for kind in _NAMED:
        for name in tree.names(kind):
            if isinstance(raw.get(kind), dict) and isinstance(raw[kind].get(name), dict):
                problems += _name_it(raw[kind][name], kind, name, tree)
    try:
        return Config.model_validate(raw), problems
    except ValidationError as error:
        return None, [*problems, *explain.problems(error, tree, empty)]


def _name_it(values: dict[str, Any], kind: str, name: str, tree: Tree) -> Iterator[ConfigurationProblem]:
    """The key is the name; and ``account: x`` is ``accounts: [x]``."""
    if "name" in values:
        yield tree.problem(
            (kind, name, "name"), f'unknown key; the name is "{name}", the key above. Remove it.'
        )
    values["name"] = name
    if kind == "folders" and "account" in values:
        values["accounts"] = values.pop("account")


def _raw(node: Mapping, path: Keys, tree: Tree, problems: list[ConfigurationProblem]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.items:
        where = (*path, key.text)
        if isinstance(value, Scalar) and value.empty:
            problems.append(
                tree.problem(where, "nothing is written here; give it a value, or remove the key.")
            )
        elif where == ("platform", "contract") and isinstance(value, Mapping):
            values[key.text] = plain(value)
        else:
            values[key.text] = _raw_value(value, where, tree, problems)
    return values


def _raw_value(node: Node, path: Keys, tree: Tree, problems: list[ConfigurationProblem]) -> Any:
    if isinstance(node, Mapping):
        return _raw(node, path, tree, problems)
    if isinstance(node, Sequence):
        return [_raw_value(item, (*path, place), tree, problems) for place, item in enumerate(node.items)]
    return node.text
