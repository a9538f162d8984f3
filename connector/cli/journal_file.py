"""The journal that the configuration names: its file or database, and a copy that leaves the original alone."""

from __future__ import annotations

import errno
import fcntl
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

import sqlalchemy as sa

from connector.cli.state import THE_SERVICES
from connector.config import resolve_secret
from connector.errors import JournalError
from connector.journal import Journal, opening, snapshots
from connector.journal.ends import End

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.config import Config


_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class Access(TypedDict, total=False):
    """What a journal is opened with beside its URL."""

    password: str


def journal_named(config: Config, state: State) -> End:
    """Return the journal that the configuration names. Raises ConfigurationError for a password not to be read."""
    return End(url=journal_url(config, state), **journal_access(config))


def open_journal(
    end: End,
    *,
    now: Callable[[], datetime] | None = None,
    read_only: bool = False,
    although_marked: bool = False,
    may_begin: Callable[[str], None] | None = None,
) -> Journal:
    """Open it, as :class:`Journal` does. Raises JournalError."""
    at = now or (lambda: datetime.now(UTC))
    return Journal(
        end.url,
        now=at,
        password=end.password,
        read_only=read_only,
        although_marked=although_marked,
        may_begin=may_begin,
    )


def copy_of(end: End, target: Path, *, lock: Path) -> None:
    """Copy a journal of either kind into a new SQLite file; nothing where there is none. Raises JournalError.

    ``lock``: what a running service holds; of PostgreSQL a snapshot is taken beside whoever works on it.
    """
    if end.file is None:
        snapshots.taken(end, target)
    else:
        copy_journal(end.file, target, lock=lock)


def journal_url(config: Config, state: State) -> str:
    """Return where the journal is."""
    return config.journal.url or state.journal_url


def journal_access(config: Config) -> Access:
    """Return what a journal is opened with beside its URL. Raises ConfigurationError for a password not to be read."""
    secret = config.journal.password
    return {} if secret is None else {"password": resolve_secret(secret, path="journal.password")}


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for another database."""
    parsed = sa.engine.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def copy_journal(source: Path, target: Path, *, lock: Path) -> None:
    """Copy a SQLite journal to ``target``, with what stands in its write-ahead log; nothing where there is none.

    ``lock``: what a running service holds. Raises JournalError when the journal cannot be read.
    """
    if not source.is_file():
        return
    try:
        if in_use(lock):
            # The service changes these files all the time; SQLite itself knows how to read beside it.
            opening.may_be_seen(source)
            with (
                closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
                closing(sqlite3.connect(target)) as new,
            ):
                old.backup(new)
            return
        # Opening it, even to read, would make or remove files beside it: with nobody at work, bytes are enough.
        shutil.copyfile(source, target)
        with suppress(FileNotFoundError):
            shutil.copyfile(_log_of(source), _log_of(target))
    except (OSError, sqlite3.Error) as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        if full or getattr(error, "errno", None) in _NO_ROOM:
            raise no_copy(source, target) from error
        raise JournalError(f"the journal {source} cannot be read: {error}") from error


def no_copy(source: Path, target: Path) -> JournalError:
    """Tell that a journal is not looked at for want of room, and where that is wanting."""
    return JournalError(
        f"the journal {source} cannot be looked at: its copy finds no room in {target.parent}. Make room there, or let "
        "TMPDIR name another directory"
    )


def _log_of(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def in_use(lock: Path) -> bool:
    """True while a process works on the journal; ``lock``: what it holds. JournalError where it cannot be asked.

    Asking holds it for a moment, shared: two that ask do not see each other.
    """
    try:
        with lock.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except PermissionError as error:
        raise JournalError(f"{lock} cannot be read: {error.strerror}. {THE_SERVICES}") from error
    except BlockingIOError:
        return True
    return False
