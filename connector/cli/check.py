"""``check-config``: everything that is wrong with the administrator's file, at once; nothing is written or asked."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from connector import __version__
from connector.cli.check_policy import explained
from connector.cli.common import MISUSED
from connector.config import Config, Reading, check_secrets, notes, read_config, references
from connector.errors import ConfigurationError, ConfigurationProblem


def check_config(file: Path) -> int:
    """Print what is to be said of a file. Returns 0 when it is valid, warnings or not, else 2."""
    reading = _read(file)
    wrong = [problem for problem in reading.problems if not problem.warning]
    warnings = [problem for problem in reading.problems if problem.warning]
    if reading.config is None:
        print(f"{file}: {_count(len(wrong), 'problem')}" + _and_warnings(warnings) + "\n")
        _print([*wrong, *warnings])
        print("Nothing was changed.")
        return MISUSED
    print(f"{file}: valid (config_version {reading.config.config_version}, read by {__version__})")
    _summary(reading.config)
    if warnings:
        print()
        _print(warnings)
    return 0


def _read(file: Path) -> Reading:
    """Read the file, the contract's replacements too: they are judged by a room of their own."""
    reading = read_config(file)
    if reading.config is None:
        return reading
    from connector.jesignexpert.contract import Contract

    try:
        Contract().with_overrides(reading.config.platform.contract)
    except ConfigurationError as error:
        found = tuple(replace(problem, file=str(file)) for problem in error.problems)
        return Reading(None, (*reading.problems, *found))
    return reading


def _summary(config: Config) -> None:
    ceilings = Counter(folder.send.value for folder in config.folders.values())
    sends = ", ".join(f"{count} {name}" for name, count in sorted(ceilings.items()))
    print(
        f"  {_count(len(config.servers), 'server')}, {_count(len(config.accounts), 'account')}, "
        f"{_count(len(config.folders), 'folder')}: {sends}"
    )
    problems = list(check_secrets(config))
    secrets = len(references(config))
    missing = {problem.path for problem in problems if "can be read by other users" not in problem.text}
    print(f"  {_count(secrets, 'secret')}, all references: {secrets - len(missing)} readable here")
    for problem in problems:
        print(f"  note: {problem.path}: {problem.text}")
    for note in notes(config, os.environ):
        print(f"  note: {note}")
    for note in _wake_ups(config):
        print(f"  note: {note}")
    print("  not checked: passwords, rights, certificates")
    print("\nWho may ask:")
    for line in explained(config):
        print(line)


def _wake_ups(config: Config) -> Iterator[str]:
    """What will not be announced from a local folder that mirrors a watched one."""
    wanted = {name: folder.wake for name, folder in config.folders.items() if folder.wake is not None}
    if not wanted:
        return
    from connector.webdav import mounts

    for name, path in wanted.items():
        if not path.is_dir():
            yield f"folders.{name}.wake: no such folder here, or not readable; polling finds what is new"
        elif mounts.is_remote(kind := mounts.filesystem(path.resolve())):
            yield f"folders.{name}.wake: a {kind} mount; what other machines change there is found by polling"


def _print(problems: Sequence[ConfigurationProblem]) -> None:
    for problem in problems:
        where = f"line {problem.line}  " if problem.line else ""
        print(f"  {where}{problem.path}" + ("    warning" if problem.warning else ""))
        print(textwrap.fill(problem.text, 100, initial_indent=" " * 6, subsequent_indent=" " * 6))
    print()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _and_warnings(warnings: Sequence[ConfigurationProblem]) -> str:
    return f", {_count(len(warnings), 'warning')}" if warnings else ""
