"""What the paths given to ``lint`` mean: trees to look at, and which files of each are judged.

A directory is judged whole; a file is one request (its PDF stands for it), one settings file or one list. Settings
above count as they do in a watched folder: a tree reaches up to the outermost directory that holds any, or begins at
``--root``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connector.cli.common import misused
from connector.cli.local_folder import Area
from connector.sidecar import names


@dataclass
class Tree:
    """One tree. Everything in a deep area is judged, and the files of ``chosen``. Paths are absolute."""

    root: Path
    areas: list[Area] = field(default_factory=list)
    chosen: set[Path] = field(default_factory=set)

    def judges(self, path: Path) -> bool:
        """True for a file that was asked about."""
        return path in self.chosen or any(
            area.deep and path.is_relative_to(area.directory) for area in self.areas
        )


def trees_of(paths: Sequence[Path], root: Path | None) -> list[Tree]:
    """Return the trees to look at. Leaves, every complaint told at once, when a path is none of ours."""
    complaints = dict.fromkeys(text for path in paths if (text := _complaint(path, root)))
    if complaints:
        misused("\n               ".join(complaints))
    trees: dict[Path, Tree] = {}
    for path in map(_absolute, paths):
        deep = path.is_dir()
        area = Area(path if deep else path.parent, deep)
        top = _absolute(root) if root is not None else _outermost_settings(area.directory)
        tree = trees.setdefault(top, Tree(top))
        tree.areas.append(area)
        if not deep:
            tree.chosen |= set(_meant(path))
    return _apart(trees.values())


def settings_above(tree: Tree) -> list[Path]:
    """Return the settings that count though they lie above what was asked about, the outermost first."""
    asked = [area.directory for area in tree.areas]
    above = {one for directory in asked for one in directory.parents if one.is_relative_to(tree.root)}
    inner = {
        one for one in above if any(one.is_relative_to(area.directory) for area in tree.areas if area.deep)
    }
    return [found for directory in sorted(above - inner) for found in _settings_in(directory)]


def _absolute(path: Path) -> Path:
    """Make a path whole; links on the way are followed, the file's own name stays."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would replace a linked file's name by its target's
    return whole.resolve() if whole.is_dir() else whole.parent.resolve() / whole.name


def _complaint(path: Path, root: Path | None) -> str:
    if not path.exists():
        return f"{path}: no such file or directory"
    if root is not None and not root.is_dir():
        return f"--root {root}: no such directory"
    if root is not None and not _absolute(path).is_relative_to(_absolute(root)):
        return f"{path}: lies outside of --root {root}"
    if path.is_dir() or list(_meant(_absolute(path))):
        return ""
    if names.is_pdf(path.name):
        return f"{path}: no request lies beside it ({path.stem}.sign.yaml)"
    return f"{path}: neither a request (NAME.sign.yaml) nor settings (_signature.yaml) nor a list"


def _meant(path: Path) -> Iterable[Path]:
    """Return the files that one path asks about: itself, or the requests beside a PDF."""
    if names.is_sidecar(path.name) or names.is_settings(path.name) or names.is_list(path.name):
        return [path]
    if not names.is_pdf(path.name):
        return []
    wanted = names.comparable(path.name)
    return [one for one in path.parent.iterdir() if wanted in names.pair_of(one.name) and one.is_file()]


def _outermost_settings(directory: Path) -> Path:
    """Return the outermost of a directory and those above it that holds settings; itself when none does."""
    holding = [one for one in (directory, *directory.parents) if _settings_in(one)]
    return holding[-1] if holding else directory


def _settings_in(directory: Path) -> list[Path]:
    try:
        with os.scandir(directory) as found:
            return sorted(
                directory / one.name for one in found if names.is_settings(one.name) and one.is_file()
            )
    except OSError:
        return []


def _apart(trees: Iterable[Tree]) -> list[Tree]:
    """Put a tree that lies in another one into it: no request is judged twice."""
    apart: list[Tree] = []
    for tree in sorted(trees, key=lambda each: len(each.root.parts)):
        outer = next((one for one in apart if tree.root.is_relative_to(one.root)), None)
        if outer is None:
            apart.append(tree)
        else:
            outer.areas += tree.areas
            outer.chosen |= tree.chosen
    return apart
