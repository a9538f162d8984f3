"""The file as it was written: values found by their path, each with its line, whether the file is valid or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from typing import TypeAlias

from connector.errors import ConfigurationProblem
from connector.text_yaml import Mapping, Node, Scalar, Sequence

Path: TypeAlias = tuple[str | int, ...]
"""Keys, and places in lists from 0."""


def dotted(path: Path) -> str:
    """``folders.lyon.path``, ``folders.lyon.accounts.1`` (places count from 1); the file itself is ``(file)``."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path) or "(file)"


@dataclass(frozen=True)
class Tree:
    """What ``text_yaml`` read, None for a file without content.

    ``origins``: path → the file it stands in, with all below it, where that is not ``file``.
    """

    root: Node | None
    file: str | None = None
    origins: Mapped[Path, str] = field(default_factory=dict, compare=False)
    _keys: dict[int, dict[str, tuple[Scalar, Node]]] = field(default_factory=dict, compare=False, repr=False)

    def _entry(self, mapping: Mapping, key: str) -> tuple[Scalar, Node] | None:
        """Key and value, by an index: hundreds of folders are looked up many times each."""
        index = self._keys.get(id(mapping))
        if index is None:
            index = self._keys[id(mapping)] = {item[0].text: item for item in mapping.items}
        return index.get(key)

    def node(self, path: Path) -> Node | None:
        """What stands at this path, None when nothing does."""
        here = self.root
        for part in path:
            if isinstance(here, Mapping) and isinstance(part, str):
                entry = self._entry(here, part)
                here = entry[1] if entry else None
            elif isinstance(here, Sequence) and isinstance(part, int) and part < len(here.items):
                here = here.items[part]
            else:
                return None
        return here

    def text(self, *path: str | int) -> str | None:
        """The text at this path, None when there is none or something else."""
        node = self.node(path)
        return node.text if isinstance(node, Scalar) else None

    def number(self, *path: str | int) -> int | None:
        """The whole number written at this path, None when something else stands there."""
        text = self.text(*path) or ""
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None

    def texts(self, *path: str | int) -> list[str]:
        """The texts of a list, or the one text, at this path."""
        node = self.node(path)
        items = node.items if isinstance(node, Sequence) else (node,)
        return [item.text for item in items if isinstance(item, Scalar)]

    def names(self, *path: str | int) -> list[str]:
        """The keys of the mapping at this path, in the order of the file."""
        node = self.node(path)
        return [key.text for key, _ in node.items] if isinstance(node, Mapping) else []

    def line(self, path: Path) -> int | None:
        """The line of the key at this path, or of the nearest thing around it that is there."""
        for length in range(len(path), 0, -1):
            above, part = self.node(path[: length - 1]), path[length - 1]
            if isinstance(above, Mapping) and (entry := self._entry(above, str(part))):
                return entry[0].line
            node = self.node(path[:length])
            if node is not None:
                return node.line
        return None

    def file_of(self, path: Path) -> str | None:
        """The file in which this path, or the nearest thing around it, stands."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return self.file

    def matching(self, pattern: str) -> Iterator[Path]:
        """The paths in the file that fit a dotted pattern in which ``*`` stands for any key."""
        yield from self._matching((), tuple(pattern.split(".")))

    def _matching(self, path: Path, rest: tuple[str, ...]) -> Iterator[Path]:
        if not rest:
            yield path
            return
        for name in self.names(*path):
            if rest[0] in {"*", name}:
                yield from self._matching((*path, name), rest[1:])

    def problem(self, path: Path, text: str, *, warning: bool = False) -> ConfigurationProblem:
        """A problem at this path, with its line."""
        return ConfigurationProblem(
            path=dotted(path), text=text, line=self.line(path), file=self.file_of(path), warning=warning
        )
