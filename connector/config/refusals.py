"""What the file may hold one day and this version does not act on: refused by name, never ignored.

One row each. To act on something, do so and delete its row; its shape is in ``config.model`` already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connector import __version__
from connector.config.tree import Tree
from connector.errors import ConfigurationProblem
from connector.text_yaml import plain


def _only(*accepted: object) -> Callable[[Any], bool]:
    return lambda value: value in accepted


def _never(_: Any) -> bool:
    return False


@dataclass(frozen=True)
class NotYet:
    """A value that is refused. ``path`` is dotted, ``*`` stands for any name; ``acted_on`` tells what is fine."""

    path: str
    why: str
    acted_on: Callable[[Any], bool] = _never


NOT_ACTED_ON = (NotYet("platform.follow", "the platform is always asked", _only("status")),)


def refused(tree: Tree) -> Iterator[ConfigurationProblem]:
    """One problem for each value in the file that this version would not act on."""
    for row in NOT_ACTED_ON:
        for path in tree.matching(row.path):
            node = tree.node(path)
            if node is None or row.acted_on(plain(node)):
                continue
            text = f"not acted on by this version ({__version__}): {row.why}. Remove it."
            yield tree.problem(path, text)
