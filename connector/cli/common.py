"""What every verb shares: the two options, the configuration, how an error becomes a text and an exit status."""

from __future__ import annotations

import os
import pwd
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import typer

from connector import logs
from connector.cli import interrupted
from connector.errors import ConfigurationError, ConfigurationProblem, ConnectorError

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.config import Config
    from connector.journal import Journal

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_CONFIG = Path("/etc/jse-connector/config.yaml")
FAILED, MISUSED = 1, 2


@dataclass
class Settings:
    """What stands before and after the verb: the later wins."""

    config: Path | None = None
    state: Path | None = None
    debug: bool = False
    level: str = "INFO"

    def config_file(self) -> Path:
        """Return the file that is meant: the one given, $JSE_CONFIG, or the usual one."""
        return self.config or Path(os.environ.get("JSE_CONFIG") or DEFAULT_CONFIG)

    def load(self) -> Config:
        """Read the configuration. Raises ConfigurationError with every problem."""
        from connector.config import load_config

        return load_config(self.config_file())

    def place(self) -> State:
        """Return where the state is kept; nothing is made."""
        from connector.cli.state import State, state_directory

        return State(directory=state_directory(self.state))


SETTINGS = Settings()
"""One command line a process."""


def configured(config: Path | None, state: Path | None) -> Settings:
    """Take in the options that stand after the verb."""
    SETTINGS.config = config or SETTINGS.config
    SETTINGS.state = state or SETTINGS.state
    return SETTINGS


def verb(function: Callable[P, T]) -> Callable[P, T]:
    """Let a verb's errors become one text and an exit status, and whoever ends it leave nothing of it behind."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with interrupted.as_by_hand():
                return function(*args, **kwargs)
        except ConnectorError as error:
            if SETTINGS.debug:
                raise
            tell_error(error)
        except PermissionError as error:
            if SETTINGS.debug:
                raise
            _refused(error)

    return told


def _refused(error: PermissionError) -> NoReturn:
    """Say which place is not for whoever asked, and who may."""
    from connector.cli.state import THE_SERVICES

    place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    inside = place is not None and place.is_relative_to(SETTINGS.place().directory)
    complain(
        f"jse-connector: {logs.redact(str(place or 'this'))}: {error.strerror}"
        + (f". {THE_SERVICES}" if inside else "")
    )
    raise typer.Exit(FAILED)


def tell_error(error: ConnectorError) -> NoReturn:
    """Say what went wrong and leave."""
    if isinstance(error, ConfigurationError):
        for problem in error.problems:
            complain(f"jse-connector: {problem_line(problem)}")
        raise typer.Exit(MISUSED)
    complain(f"jse-connector: {logs.redact(str(error))}")
    raise typer.Exit(FAILED)


def problem_line(problem: ConfigurationProblem) -> str:
    """One problem of the configuration on one line."""
    where = f"{problem.file or 'configuration'}"
    where += f":{problem.line}" if problem.line else ""
    return f"{where}: {problem.path}: {problem.text}"


def complain(text: str) -> None:
    """Write to standard error."""
    print(text, file=sys.stderr)


def misused(text: str) -> NoReturn:
    """Leave because the command does not fit the configuration."""
    complain(f"jse-connector: {text}")
    raise typer.Exit(MISUSED)


def one_of(name: str, known: Sequence[str], what: str) -> str:
    """Return ``name`` if it is known; else leave, saying which names are."""
    if name not in known:
        misused(f'no {what} "{name}". Known: {", ".join(sorted(known))}.')
    return name


def agreed(question: str, *, yes: bool) -> None:
    """Ask a person, unless they said yes beforehand; leave when they say no or cannot be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        misused("nobody can be asked here; add --yes if it is meant.")
    if not typer.confirm(question):
        complain("Nothing was changed.")
        raise typer.Exit(FAILED)


@contextmanager
def kept_journal(settings: Settings, config: Config | None) -> Iterator[Journal]:
    """Open the journal that is there; the service may be running. Raises JournalError when there is none.

    Without a configuration it is the one at the usual place.
    """
    from connector.cli import former
    from connector.cli.journal_file import journal_named, open_journal
    from connector.errors import JournalError
    from connector.journal.ends import End

    usual = End(url=settings.place().journal_url)
    named = usual if config is None else journal_named(config, settings.place())
    if named.file is not None and not named.file.is_file():
        raise JournalError(f"no journal at {named.file}: has the service ever run with this state directory?")
    journal = open_journal(named, may_begin=partial(former.may_begin, settings.place()))
    try:
        yield journal
    finally:
        journal.close()
        hand_over(settings.place())


@contextmanager
def handed_over(state: State) -> Iterator[None]:
    """Whatever becomes of it, what root makes in here goes to the state directory's owner at the end."""
    try:
        yield
    finally:
        with suppress(OSError):  # a disk that is away, or read-only by now
            hand_over(state)


def hand_over(state: State) -> None:
    """Give what root made in the state directory to the directory's owner: the service must be able to use it."""
    if (
        os.geteuid() != 0 or not state.directory.exists()
    ):  # of a shared journal orders are given from anywhere
        return
    owner = state.directory.stat()
    # By the open directory, not by a path: its owner, who is not trusted here, may exchange what a path leads to.
    for _, folders, files, at in os.fwalk(state.directory.resolve()):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):  # a running service ends what it writes
                found = os.stat(name, dir_fd=at, follow_symlinks=False)
                if found.st_uid != 0 or (found.st_uid, found.st_gid) == (owner.st_uid, owner.st_gid):
                    continue
                if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
                    continue  # its other name may be anybody's
                os.chown(name, owner.st_uid, owner.st_gid, dir_fd=at, follow_symlinks=False)


def owner_of(state: State) -> tuple[int, int] | None:
    """Return the user and group whose the state directory is, where root works for them; else None."""
    if os.geteuid() != 0 or not state.directory.exists():
        return None
    found = state.directory.stat()
    return (found.st_uid, found.st_gid) if found.st_uid != 0 else None


@contextmanager
def as_owner(state: State) -> Iterator[None]:
    """Let root work as the state directory's owner for a while; for everybody else nothing changes.

    Names and links in there are the owner's word: root that follows them would read and write for him anywhere. Raises
    JournalError where root may not become another user.
    """
    owner = owner_of(state)
    if owner is None:
        yield
        return
    hand_over(state)
    try:
        former = _become(owner, [])
    except OSError as error:
        from connector.errors import JournalError

        raise JournalError(
            f"root may not work as the owner of {state.directory} here ({error.strerror}): say it as that user"
        ) from error
    try:
        yield
    finally:
        _be_root(former)


@contextmanager
def with_owners_eyes(state: State) -> Iterator[None]:
    """Let root see for a while what the service may read: as the one that runs, else as the state directory's owner.

    Nothing is changed. Where root may not become another user it sees with its own eyes.
    """
    former = None
    if (owner := owner_of(state)) is not None:
        user, group, groups = _of_who_runs(state) or (*owner, _groups_of(owner[0]))
        if user != 0:
            with suppress(OSError):
                former = _become((user, group), groups)
    try:
        yield
    finally:
        if former is not None:
            _be_root(former)


def _become(owner: tuple[int, int], groups: list[int]) -> tuple[int, list[int]]:
    """Work as a user; returns root's own group and groups. Raises OSError, having changed nothing."""
    former = os.getegid(), os.getgroups()
    try:
        os.setgroups(groups)
        os.setegid(owner[1])
        os.seteuid(owner[0])
    except OSError:
        _be_root(former)
        raise
    return former


def _of_who_runs(state: State) -> tuple[int, int, list[int]] | None:
    """Return user, group and further groups of the process that works with a state directory; None where none does."""
    from connector import running

    kept = running.read(state.directory)
    if kept is None or not kept.alive:
        return None
    try:
        told = Path(f"/proc/{kept.pid}/status").read_text(encoding="utf-8", errors="replace")
        found = {name: text.split() for name, _, text in (line.partition(":") for line in told.splitlines())}
        return int(found["Uid"][1]), int(found["Gid"][1]), [int(one) for one in found["Groups"]]
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _groups_of(user: int) -> list[int]:
    """Return the groups that a service of this user has beside that of its directory."""
    try:
        known = pwd.getpwuid(user)
    except KeyError:  # known to nobody by a name: a container's, or a dynamic one
        return []
    return os.getgrouplist(known.pw_name, known.pw_gid)


def _be_root(former: tuple[int, list[int]]) -> None:
    os.seteuid(0)
    os.setegid(former[0])
    os.setgroups(former[1])
