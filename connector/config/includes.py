"""The file and those that it includes → one tree, in which each value knows the file it stands in.

``include: conf.d/*.yaml``: patterns of file names, counted from the including file's directory, taken in sorted order.
Mappings merge key by key; what stands twice is refused with both places, never overridden: which of two firms' values
would hold must not depend on a file's name. Nothing is written, and no secret is read.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from connector.config import explain, unread
from connector.config.tree import Path as Keys
from connector.config.tree import Tree
from connector.errors import ConfigurationProblem
from connector.text_yaml import MAX_BYTES, Node, Scalar, YamlError, decode, load
from connector.text_yaml import Mapping as YamlMapping

MOST_FILES: Final = 1_000
"""More than any firm has; a pattern such as ``/**`` must not make a start last for minutes."""


@dataclass
class Sources:
    """What was read. ``files`` are all that count, the including one first; ``problems`` name the file they are of."""

    tree: Tree
    files: list[Path] = field(default_factory=list)
    problems: list[ConfigurationProblem] = field(default_factory=list)
    readable: bool = True
    """False when a file could not be read as YAML at all: nothing more can be said of the whole."""


def read_files(file: Path, instead: Mapping[Path, Path] | None = None) -> Sources:
    """Read a file with all that it includes. Never raises for what stands in them, or is not there.

    ``instead``: a file → another one whose bytes are looked at in its place (a template that is not there yet).
    """
    instead = instead or {}
    sources = Sources(Tree(None), [file])
    root = _root(file, instead, sources)
    if root is None:
        return sources
    main = Tree(root, file=str(file))
    parts = [(file, root)]
    for included in _included(main, file, instead, sources):
        sources.files.append(included)
        part = _root(included, instead, sources)
        if part is not None:
            parts.append((included, part))
    sources.tree = _merged(parts, sources)
    return sources


def _root(file: Path, instead: Mapping[Path, Path], sources: Sources) -> YamlMapping | None:
    """The mapping in one file; None, with the problem kept, when there is none."""
    meant = instead.get(file, file)
    nowhere = Tree(None, file=str(meant))
    try:
        text = _text(meant, nowhere, sources.problems)
        root = load(text)
    except YamlError as error:
        sources.problems.append(explain.yaml_problem(error, str(meant)))
    except OSError as error:
        sources.problems.append(nowhere.problem((), f"cannot be read: {unread.why(error)}."))
    else:
        if isinstance(root, YamlMapping):
            return root
        if root is None and len(sources.files) > 1:
            sources.problems.append(nowhere.problem((), "holds no settings.", warning=True))
            return None
        what = (
            "holds no settings; begin with  config_version: 1" if len(sources.files) == 1 else "no settings"
        )
        sources.problems.append(Tree(root, file=str(meant)).problem((), what if root is None else f"{what}."))
    sources.readable = False
    return None


def _text(file: Path, nowhere: Tree, problems: list[ConfigurationProblem]) -> str:
    """Raises OSError."""
    # A FIFO would be waited for without end.
    if not stat.S_ISREG((found := file.stat()).st_mode):
        raise OSError(0, "not a file")
    if found.st_mode & stat.S_IWOTH:
        text = f"every user of this host can change it: chmod o-w {file}"
        problems.append(nowhere.problem((), text, warning=True))
    with file.open("rb") as stream:
        data = stream.read(4 * MAX_BYTES)
    text, encoding = decode(data)
    if encoding == "cp1252":
        problems.append(nowhere.problem((), "is not UTF-8; it was read as Windows-1252.", warning=True))
    return text


# ----------------------------------------------------------------------------------------- which files


def _included(main: Tree, file: Path, instead: Mapping[Path, Path], sources: Sources) -> list[Path]:
    found: dict[Path, None] = {}
    places: dict[Path, None] = {}
    for pattern in main.texts("include"):
        if not pattern.strip():
            continue  # told by the model
        matching = matches(file, pattern, instead)
        if not matching:
            text = f'"{pattern}" fits no file below {file.parent.resolve()}.'
            sources.problems.append(main.problem(("include",), text, warning=True))
        found.update(dict.fromkeys(matching))
        places.update(dict.fromkeys((_fixed(file, pattern), *(one.parent for one in matching))))
    for place in filter(_anybodys, places):
        text = f"every user of this host can put a file into {place}, and it would count: chmod o-w {place}"
        sources.problems.append(main.problem(("include",), text, warning=True))
    if len(found) > MOST_FILES:
        text = f"fits {len(found)} files; at most {MOST_FILES} are read. Write a narrower pattern."
        sources.problems.append(main.problem(("include",), text))
        sources.readable = False
        return []
    return list(found)


def _fixed(file: Path, pattern: str) -> Path:
    """Return the directory of a pattern, as far as nothing is left open in it."""
    place = (file.parent / pattern).parent
    while glob.has_magic(str(place.relative_to(file.parent) if place.is_relative_to(file.parent) else place)):
        place = place.parent
    return place


def _anybodys(place: Path) -> bool:
    try:
        return bool(place.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False


def matches(file: Path, pattern: str, instead: Mapping[Path, Path] | None = None) -> list[Path]:
    """The files that a pattern of ``file`` means, sorted; never itself, no hidden ones (an editor's), no directories.

    A link whose target is gone is among them: it was meant, and is a problem.
    """
    whole = os.path.join(glob.escape(str(file.parent)), pattern)  # noqa: PTH118 - a pattern, not a path
    found = {Path(name) for name in glob.iglob(whole)}  # noqa: PTH207 - a pattern may be absolute
    plain = os.path.join(str(file.parent), pattern)  # noqa: PTH118
    found |= {one for one in instead or {} if fnmatch(str(one), whole) or str(one) == plain}
    # Path.is_dir() raises where a link leads to a closed place; that file, too, was meant.
    return sorted(one for one in found if one != file and not os.path.isdir(one))  # noqa: PTH112


# -------------------------------------------------------------------------------------- one of many


def _merged(parts: list[tuple[Path, YamlMapping]], sources: Sources) -> Tree:
    """One tree of all parts: top-level mappings hold what each file says below them."""
    file, main = parts[0]
    whole: dict[str, tuple[Scalar, Node]] = {key.text: (key, value) for key, value in main.items}
    origins: dict[Keys, str] = {}
    for part_file, part in parts[1:]:
        for key, value in part.items:
            here = (key.text,)
            if key.text == "include":
                text = "an included file includes no other; write the pattern into the including one."
                sources.problems.append(_problem(part_file, here, key, text))
                continue
            before = whole.get(key.text)
            if before is None:
                whole[key.text] = (key, value)
                origins[here] = str(part_file)
                continue
            first, first_value = before
            if isinstance(first_value, YamlMapping) and isinstance(value, YamlMapping):
                joined = list(first_value.items)
                known = {one.text: one for one, _ in joined}
                for name, inner in value.items:
                    path = (key.text, name.text)
                    if name.text in known:
                        other = origins.get(path, origins.get(here, str(file)))
                        sources.problems.append(
                            _problem(part_file, path, name, _twice(other, known[name.text].line))
                        )
                        continue
                    joined.append((name, inner))
                    origins[path] = str(part_file)
                whole[key.text] = (first, YamlMapping(tuple(joined), first_value.line))
                continue
            text = _twice(origins.get(here, str(file)), first.line)
            sources.problems.append(_problem(part_file, here, key, text))
    return Tree(YamlMapping(tuple(whole.values()), main.line), file=str(file), origins=origins)


def _twice(file: str, line: int) -> str:
    return f"stands there twice, first in {file}, line {line}; keep one."


def _problem(file: Path, path: Keys, key: Scalar, text: str) -> ConfigurationProblem:
    return ConfigurationProblem(path=".".join(map(str, path)), text=text, line=key.line, file=str(file))
