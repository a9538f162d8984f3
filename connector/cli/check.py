"""``check-config``: everything that is wrong with the administrator's file, and what a right one means; at once.

Nothing is written, no server is asked, no secret is needed: made for ``validate:`` of a template, as root, on a file
under another name. What runs is looked at by ``check_running``. Source: ux page 6.2.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from connector import __version__
from connector.cli.check_policy import explained
from connector.cli.check_running import Seen
from connector.cli.common import MISUSED, Settings, misused, with_owners_eyes
from connector.cli.whole import read_whole
from connector.config import Config, Reading, notes
from connector.config.includes import matches
from connector.config.tree import Tree
from connector.errors import ConfigurationProblem

_SILENT: Final = frozenset({"password", "secret", "seal", "shortcut", "user", "url"})
"""Keys whose values are never repeated: somebody may have written the secret itself there."""
_LONG: Final = 60


def check_config(settings: Settings, file: Path | None = None, stands_at: Path | None = None) -> int:
    """Print what is to be said of a file. Returns 0 when it is valid, warnings or not, else 2.

    ``stands_at``: where the file will stand, for a template that is not there yet: what it includes is counted from
    there, and a file that the configuration includes is judged with all others.
    """
    main, instead = _what(settings, file, stands_at)
    # What the service reads itself is looked at with its eyes; a template may be for root alone until it is put there.
    with (
        with_owners_eyes(settings.place())
        if main == settings.config_file() and not instead
        else nullcontext()
    ):
        reading = read_whole(main, instead)
    seen = Seen.now(settings, reading)
    wrong = [problem for problem in reading.problems if not problem.warning]
    known = [*seen.moved(reading), *seen.brakes(reading)]
    # What the journal tells of a brake is worth more than what can be said of any.
    better = {problem.path for problem in known}
    warnings = [one for one in reading.problems if one.warning and one.path not in better] + known
    shown = instead.get(main, main)
    if reading.config is None:
        print(f"{shown}: {_count(len(wrong), 'problem')}" + _and_warnings(warnings) + "\n")
        _print([*wrong, *warnings], shown, reading.tree)
        print("Nothing was changed" + seen.goes_on())
        return MISUSED
    print(f"{shown}: valid (config_version {reading.config.config_version}, read by {__version__})")
    _summary(reading, reading.config, seen)
    print()
    if warnings:
        _print(warnings, shown, reading.tree)
    print("Who may ask:")
    for line in (*explained(reading.config), *seen.against(reading.config)):
        print(line)
    return 0


def _what(settings: Settings, file: Path | None, stands_at: Path | None) -> tuple[Path, dict[Path, Path]]:
    """Return the file to begin with, and what is looked at instead of what."""
    if stands_at is None:
        return file or settings.config_file(), {}
    if file is None:
        misused("--as says where FILE will stand: name the file, too.")
    main = settings.config_file()
    if stands_at.absolute() == main.absolute() or not main.is_file():
        return stands_at, {stands_at: file}
    base, place = main.parent.absolute(), stands_at.absolute()
    # As the patterns would find it: from where the main file is said to lie.
    place = main.parent / place.relative_to(base) if place.is_relative_to(base) else place
    patterns = read_whole(main).tree.texts("include")
    if any(place in matches(main, pattern, {place: file}) for pattern in patterns):
        return main, {place: file}
    return stands_at, {stands_at: file}


def _summary(reading: Reading, config: Config, seen: Seen) -> None:
    ceilings = Counter(folder.send.value for folder in config.folders.values())
    sends = ", ".join(f"{count} {name}" for name, count in sorted(ceilings.items()))
    print(
        f"  {_count(len(config.servers), 'server')}, {_count(len(config.accounts), 'account')}, "
        f"{_count(len(config.folders), 'folder')}: {sends}"
    )
    if len(reading.files) > 1:
        print(f"  with {_count(len(reading.files) - 1, 'included file')}")
    for line in seen.secrets(config):
        print(line)
    for note in (*notes(config, os.environ), *_wake_ups(config)):
        print(f"  note: {note}")
    print("  not checked: passwords, rights, certificates (jse-connector doctor)")


def _wake_ups(config: Config) -> Iterator[str]:
    """What will not be announced from a local folder that mirrors a watched one."""
    wanted = {name: folder.wake for name, folder in config.folders.items() if folder.wake is not None}
    if not wanted:
        return
    from connector.webdav import mounts

    for name, path in wanted.items():
        if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir() raises where a place is closed
            yield f"folders.{name}.wake: no such folder here, or not readable; polling finds what is new"
        elif mounts.is_remote(kind := mounts.filesystem(path.resolve())):
            yield f"folders.{name}.wake: a {kind} mount; what other machines change there is found by polling"


def _print(problems: Sequence[ConfigurationProblem], main: Path, tree: Tree) -> None:
    for problem in problems:
        where = f"line {problem.line}  " if problem.line else ""
        if problem.file not in {None, str(main)}:
            where = f"{_near(str(problem.file), main)}  {where}"
        head = f"  {where}{problem.path}{_value(problem, tree)}"
        print(f"{head:<80}  warning" if problem.warning else head)
        print(textwrap.fill(problem.text, 100, initial_indent=" " * 6, subsequent_indent=" " * 6))
    print()


def _near(file: str, main: Path) -> str:
    """An included file as it is called from where the main one lies."""
    return file.removeprefix(f"{main.parent}{os.sep}")


def _value(problem: ConfigurationProblem, tree: Tree) -> str:
    """What is written there, where the sentence does not say it and it cannot be a secret."""
    keys = problem.path.split(".")
    text = None if _SILENT & set(keys) else tree.text(*keys)
    if not text or text in problem.text or len(text) > _LONG or "secret" in problem.text:
        return ""
    return f": {text}" if text.isdecimal() else f': "{text}"'


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _and_warnings(warnings: Sequence[ConfigurationProblem]) -> str:
    return f", {_count(len(warnings), 'warning')}" if warnings else ""
