"""The administrator's file → :class:`Config`, or every problem in it at once, each with line, cause and cure.

In order: files (``config.includes``) → tree of texts (``text_yaml``) → values (``config.model``), beside the checks
that look at the whole (``config.checks``), and what this version does not act on (``config.refusals``). No secret is
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from connector import __version__
from connector.config import checks, explain, refusals
from connector.config.explain import MISSING
from connector.config.includes import Sources, read_files
from connector.config.model import CONFIG_VERSION, Config
from connector.config.tree import Path as Keys
from connector.config.tree import Tree
from connector.errors import ConfigurationError, ConfigurationProblem
from connector.text_yaml import Mapping as YamlMapping
from connector.text_yaml import Node, Scalar, Sequence, YamlError, load, plain

_NAMED: Final = ("servers", "accounts", "folders", "hooks")


@dataclass(frozen=True)
class Reading:
    """``config`` is None when a problem that is no warning was found.

    ``tree``: the file as written, with all that it includes; ``files``: all that was read, or was to be.
    """

    config: Config | None
    problems: tuple[ConfigurationProblem, ...]
    tree: Tree = field(default_factory=lambda: Tree(None))
    files: tuple[Path, ...] = ()


def load_config(source: Path | str) -> Config:
    """The configuration in a file, or in a text.

    Raises:
        ConfigurationError: with every problem found; warnings alone raise nothing.
    """
    reading = read_config(source)
    if reading.config is None:
        raise ConfigurationError([problem for problem in reading.problems if not problem.warning])
    return reading.config


def read_config(source: Path | str, instead: Mapping[Path, Path] | None = None) -> Reading:
    """The configuration in a file, or in a text, and all that is to be said about it, by files and lines.

    ``instead``: a file → another one whose bytes are looked at in its place. A text includes nothing.
    """
    sources = read_files(source, instead) if isinstance(source, Path) else _of_text(source)
    config, problems = _read(sources)
    places = {str(file): place for place, file in enumerate(sources.files)}
    shown = {str(file): str(other) for file, other in (instead or {}).items()}
    problems.sort(key=lambda one: (places.get(one.file or "", 0), one.line or 0, one.path))
    told = tuple(replace(one, file=shown.get(one.file or "", one.file)) for one in problems)
    return Reading(config, told, sources.tree, tuple(sources.files))


def _of_text(text: str) -> Sources:
    try:
        root = load(text)
    except YamlError as error:
        return Sources(Tree(None), problems=[explain.yaml_problem(error)], readable=False)
    sources, tree = Sources(Tree(root)), Tree(root)
    if not isinstance(root, YamlMapping):
        problem = tree.problem((), "holds no settings; begin with  config_version: 1")
        return Sources(tree, problems=[problem], readable=False)
    if tree.names() and tree.node(("include",)) is not None:
        sources.problems.append(
            tree.problem(("include",), "a text has no place from which files are counted.")
        )
    return sources


def _read(sources: Sources) -> tuple[Config | None, list[ConfigurationProblem]]:
    problems, tree = list(sources.problems), sources.tree
    if not isinstance(tree.root, YamlMapping):
        return None, problems
    version = tree.number("config_version")
    if version is not None and version != CONFIG_VERSION:
        text = f"this program ({__version__}) reads version {CONFIG_VERSION}, the file is version {version}."
        return None, [*problems, tree.problem(("config_version",), text)]
    config, found = _values(tree)
    if not sources.readable:
        # What stands in a file that cannot be read is not missing.
        found = [one for one in found if not one.text.endswith(MISSING)]
    problems += [*found, *refusals.refused(tree), *(checks.across(tree) if sources.readable else ())]
    return (None if any(not problem.warning for problem in problems) else config), problems


def _values(tree: Tree) -> tuple[Config | None, list[ConfigurationProblem]]:
    root = tree.root
    assert isinstance(root, YamlMapping)
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


def _raw(node: YamlMapping, path: Keys, tree: Tree, problems: list[ConfigurationProblem]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.items:
        where = (*path, key.text)
        if isinstance(value, Scalar) and value.empty:
            problems.append(
                tree.problem(where, "nothing is written here; give it a value, or remove the key.")
            )
        elif where == ("platform", "contract") and isinstance(value, YamlMapping):
            values[key.text] = plain(value)
        else:
            values[key.text] = _raw_value(value, where, tree, problems)
    return values


def _raw_value(node: Node, path: Keys, tree: Tree, problems: list[ConfigurationProblem]) -> Any:
    if isinstance(node, YamlMapping):
        return _raw(node, path, tree, problems)
    if isinstance(node, Sequence):
        return [_raw_value(item, (*path, place), tree, problems) for place, item in enumerate(node.items)]
    return node.text
