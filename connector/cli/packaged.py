"""``package``: what the maintainer scripts of a package ask, before an upgrade, after it, and before a removal.

The scripts stop and start; everything that needs to know a journal stands here. Each may be said again. Source: ux page
6.5 and check 12.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from connector import __version__
from connector.cli import backups, packaged_shared
from connector.cli.common import FAILED, Settings, complain, handed_over, problem_line
from connector.cli.journal_file import sqlite_file
from connector.cli.keep import DIRECTORY, journal_of, made_backup
from connector.cli.state import NOTHING_OPEN as NOTHING_OPEN
from connector.cli.state import State
from connector.errors import ConfigurationError, JournalAway, JournalError, JournalFull
from connector.journal import Journal, marked, schema

NO_BACKUP: Final = "JSE_CONNECTOR_NO_BACKUP"
"""Variable by which an administrator goes on without a way back; the scripts know it, too."""
_COLUMN: Final = 12


def before_upgrade(settings: Settings, *, waited: int) -> int:
    """Back up the journal with the version that wrote it. Raises JournalError: then nothing is upgraded."""
    state = settings.place()
    if packaged_shared.is_shared(settings):
        return packaged_shared.before_upgrade(settings)
    journal = journal_of(settings)
    if journal.file is None or not journal.file.exists():
        return 0
    if (other := backups.moved_to(journal.file)) is not None:
        complain(f"jse-connector: no backup: the journal {journal.file} {marked.told(other)}")
        return 0
    with handed_over(state):
        made = made_backup(journal, state, None)
        backups.prune(state.directory / DIRECTORY)
    if made.facts.midway:
        print(
            f"jse-connector: {made.facts.midway} requests are between two steps; waited {waited} s for a safe point"
        )
    elif waited:
        print(f"jse-connector: waited {waited} s for a safe point")
    _say("backup", f"{made.directory} (verified)")
    return 0


def after_upgrade(settings: Settings, *, before: str) -> int:
    """Bring the journal up to date and say whether the service may start: 0 it may, 1 it could not.

    ``before``: the package's earlier version. Raises JournalError.
    """
    state = settings.place()
    made = backups.found(state.directory / DIRECTORY)
    migrated = False
    if packaged_shared.is_shared(settings):
        packaged_shared.after_upgrade(settings)
        # Now, or once no connector of the earlier version is left: what that one knew no more then is restored.
        migrated = bool(made) and made[0].facts.schema < schema.VERSION
    elif (file := _file_of(settings)).exists():
        found = backups.facts_of(file).schema
        if found > schema.VERSION:
            return _too_new(found, made)
        migrated = found < schema.VERSION
        moved = f"schema {found} -> {schema.VERSION}" if migrated else f"schema {found}, as before"
        try:
            if migrated and not (_is_kept(file, made) or os.environ.get(NO_BACKUP)):
                # Removed and installed anew: no upgrade has backed it up, and without that there is no way back.
                with handed_over(state):
                    made = [made_backup(journal_of(settings), state, None), *made]
                    backups.prune(state.directory / DIRECTORY)
            with (
                handed_over(state),
                closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))) as one,
            ):
                one.check()
        except (JournalFull, JournalAway) as error:
            # The service stands still for it and goes on by itself; left stopped, it would wait for somebody.
            complain(f"{'journal':{_COLUMN}}{error}; it is brought up to date once it can be, by the service")
            # Nobody knows how far it came: told is the way back that is right in either case.
            migrated = True
        else:
            _say("journal", moved + (f", backup {made[0].directory} (verified)" if made else ""))
    usable = _configured(settings)
    if made and (migrated or made[0].version != __version__):
        back = f"apt install --allow-downgrades ./{_package(before)}"
        if migrated:
            back += f" && jse-connector restore {made[0].name}"
        _say("back again", back)
        if migrated:
            _say("", "(what was sent in between is asked from the platform, never sent again)")
    return 0 if usable else FAILED


def before_removal(settings: Settings) -> int:
    """Find out whether anything is still under way, and leave word of it for a purge. Raises JournalError."""
    state = settings.place()
    word = state.directory / NOTHING_OPEN
    with _writable(state):
        word.unlink(missing_ok=True)
    if packaged_shared.is_shared(settings):
        packaged_shared.before_removal(settings)
        if not _left_behind(state):
            _leave(word, state)
        return 0
    file = _file_of(settings)
    if not file.exists() and (state.directory / "journal" / "lock").exists():
        # The unit may name another configuration than this call knows, and that another journal.
        print(
            f"jse-connector: the service has worked with {state.directory}, and no journal is at {file}: whether "
            "anything is under way cannot be told. It stays, even in a purge"
        )
        return 0
    facts = backups.facts_of(file) if file.exists() else None
    under_way = facts.under_way if facts is not None else 0
    if facts is not None and facts.watched:
        print(
            f"jse-connector: {facts.watched} folders hold files of the connector. A purge takes the key that it knows "
            "them by; before that: jse-connector leave FOLDER"
        )
    if under_way:
        print(
            f"jse-connector: {under_way} requests are under way: {state.directory} holds what they need and stays, "
            "even in a purge"
        )
        return 0
    _leave(word, state)
    return 0


def _left_behind(state: State) -> bool:
    """True where a journal lies in the state directory that nobody has moved into PostgreSQL, and may be needed."""
    file = sqlite_file(state.journal_url)
    if file is None or not file.exists() or backups.moved_to(file) is not None:
        return False
    try:
        under_way = f"{backups.facts_of(file).under_way} requests are under way"
    except JournalError:
        under_way = "whether anything is under way cannot be told"
    if under_way.startswith("0 "):
        return False
    print(
        f"jse-connector: {file} was never moved into PostgreSQL (jse-connector move-journal): {under_way} there. "
        f"{state.directory} stays, even in a purge"
    )
    return True


@contextmanager
def _writable(state: State) -> Iterator[None]:
    """Let a state directory in which nothing can be written be one sentence. Raises JournalError."""
    try:
        yield
    except OSError as error:
        raise JournalError(
            f"state directory {state.directory} cannot be written: {error.strerror}. So a purge will not hear whether "
            "anything is under way, and leaves it there"
        ) from error


def _leave(word: Path, state: State) -> None:
    with _writable(state):
        os.close(os.open(word, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _is_kept(file: Path, made: list[backups.Backup]) -> bool:
    """True where the newest backup is one of this journal as it is."""
    facts = backups.facts_of(file)
    return bool(made) and made[0].facts == facts and backups.moved_since(file, made[0].made_at) == 0


def _file_of(settings: Settings) -> Path:
    file = journal_of(settings).file
    assert file is not None
    return file


def _too_new(found: int, made: list[backups.Backup]) -> int:
    fitting = next((one for one in made if one.facts.schema <= schema.VERSION), None)
    complain(f"journal     schema {found}, this version knows {schema.VERSION}: left as it is")
    if fitting is not None:
        complain(f"{'':{_COLUMN}}jse-connector restore {fitting.name}")
        complain(f"{'':{_COLUMN}}(what was sent in between is asked from the platform, never sent again)")
    else:
        complain(f"{'':{_COLUMN}}no backup fits: install the newer version again")
    return FAILED


def _configured(settings: Settings) -> bool:
    """Tell whether the configuration can be used; without one the unit does not start by itself."""
    file: Path = settings.config_file()
    if not file.exists():
        _say("config", f"none yet: {file}")
        return True
    try:
        settings.load()
    except ConfigurationError as error:
        complain(f"config      not valid for {__version__}:")
        for problem in error.problems:
            complain(f"{'':{_COLUMN}}{problem_line(problem)}")
        return False
    _say("config", f"valid for {__version__}")
    return True


def _package(version: str) -> str:
    """Return a version's file as ``make deb`` calls it: no archive holds it, so that apt finds it by its path alone."""
    return f"jse-connector_{version}_{os.environ.get('DPKG_MAINTSCRIPT_ARCH', '*')}.deb"


def _say(what: str, text: str) -> None:
    print(f"{what:{_COLUMN}}{text}")
