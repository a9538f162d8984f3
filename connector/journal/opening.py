"""A SQLite journal's file: judged before it is believed, born whole, and what its errors mean to an administrator.

What cannot be trusted is left as it is, byte for byte: nothing here repairs, empties or removes a journal. Source:
design page section 3; scenario E1.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable, Set
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from connector.errors import JournalAway, JournalError, JournalFull

_HEAD = b"SQLite format 3\x00"
_WRITTEN_BY, _WITH_LOG = 18, 2
"""The byte of a file's head that tells how it is written, and its value for one with a write-ahead log."""
_ROOM = 256 * 1024
"""Bytes: more than SQLite maps beside a journal before anything is written."""
_BLOCK = 512
"""The unit in which stat(2) counts what a file takes."""
_NEWBORN = ".new"
_ANEW = (
    'It was left as it is. Put back a backup of the state directory, or run "jse-connector rebuild" while the service '
    "is stopped: that keeps this file aside and begins a new journal from the markers in the folders; nothing is sent "
    "twice. See docs/administrator.md, Backup and recovery."
)
"""What to do about a journal that cannot be read any more."""

_FULL = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
"""What a disk says that is full, read-only or away; the low byte of SQLite's extended codes."""
_UNSHARED = frozenset(
    {
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_SHMLOCK,
        sqlite3.SQLITE_IOERR_LOCK,
        sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
    }
)
"""What a file system says on which programs cannot share memory, or that knows no locks: no room would help there."""
_SAID = dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "database or disk is full")
"""What SQLite says for it: one cause is told in one way, and so once."""
_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""What another program does to a journal for as long as it likes: what was kept stands, and nothing is damaged."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


def file_of(url: str | URL) -> Path | None:
    """Return the file of a SQLite URL; None for another database, or one in memory."""
    parsed = sa.engine.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database.removeprefix("file:"))


def judge(file: Path, wanted: Set[str], *, to_write: bool = True) -> bool:
    """Return whether a journal stands there, with the tables that are wanted. Raises JournalError when it is none.

    ``to_write``: JournalFull where it cannot be written.

    Nothing of it is written: opening a database as its user does may already change it. Whether the rest is whole is
    asked of SQLite later (``Database.check``).
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(_WRITTEN_BY + 1)
    except FileNotFoundError:
        _no_log_alone(file)
        return False
    except IsADirectoryError:
        raise JournalError(f"the journal {file} is a directory. {_ANEW}") from None
    except OSError as error:
        raise JournalError(
            f"the journal {file} cannot be read: {error.strerror}. It must belong to the service's user, mode 0600; "
            "commands run as root hand over what they make."
        ) from error
    if not head:
        raise JournalError(f"the journal {file} is empty (0 bytes): it was cut off. {_ANEW}")
    if not head.startswith(_HEAD) or len(head) <= _WRITTEN_BY:
        raise JournalError(f"the journal {file} is damaged, or is another file: no SQLite database. {_ANEW}")
    for path in (file, file.parent) if to_write else ():
        if not os.access(path, os.W_OK):
            raise JournalFull(f"the journal {file} cannot be written: {path} is read-only for this user")
    if head[_WRITTEN_BY] == _WITH_LOG:
        (prove_room if to_write else may_be_seen)(file)
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as looked_at:
            tables = {
                str(row[0])
                for row in looked_at.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.Error as error:
        raise meaning(file, error) from error
    if not wanted <= tables:
        raise _stranger(file, tables)
    return True


def prove_room(file: Path) -> None:
    """Raise JournalFull unless the disk of a journal takes what SQLite begins with.

    SQLite keeps the index of its log in a file that it maps with holes in it: where the disk has no room to fill one,
    the kernel ends the process (SIGBUS), without a word.
    """
    try:
        _written_and_gone(file.parent)
    except FileNotFoundError:
        return  # SQLite says itself why a file cannot be made
    except OSError as error:
        raise _takes_nothing(file, _SAID.get(error.errno or 0, str(error.strerror or error))) from error


def may_be_seen(file: Path) -> None:
    """Raise JournalFull where looking into a journal would end the process: its disk is full, as above.

    For whoever only looks, and may perhaps write nothing there.
    """
    with suppress(OSError):
        index = file.with_name(file.name + "-shm").stat()
        if 0 < index.st_size <= index.st_blocks * _BLOCK:
            return  # without a hole
    try:
        _written_and_gone(file.parent)
    except OSError as error:
        if error.errno in _SAID:
            raise _takes_nothing(file, _SAID[error.errno]) from error


def _written_and_gone(directory: Path) -> None:
    with tempfile.TemporaryFile(dir=directory, buffering=0) as probe:
        left = memoryview(os.urandom(_ROOM))  # zeros might take no room
        while left:
            left = left[probe.write(left) :]
        os.fsync(probe.fileno())


def _no_log_alone(file: Path) -> None:
    """Raise JournalError where a journal's log outlived it: SQLite would read its facts into the new one."""
    log = _log_of(file)
    with suppress(OSError):
        if log.stat().st_size:
            raise JournalError(f"the journal {file} is gone, and its log {log.name} is still there. {_ANEW}")


def _in_one_file(newborn: Path, file: Path) -> None:
    """Closing says nothing of what found no room in the one file: then it is still in the log, which goes."""
    if _log_of(newborn).exists():
        raise _takes_nothing(file, _SAID[errno.ENOSPC])


def _log_of(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def bear(url: str, make: Callable[[URL], None]) -> None:
    """Let ``make`` build a new journal beside its place, then put it there whole: a power cut leaves none, or all.

    Whoever was faster keeps the place.
    """
    file = file_of(url)
    assert file is not None
    newborn = file.with_name(file.name + _NEWBORN)
    _away(newborn)
    parsed = sa.engine.make_url(url)
    try:
        prove_room(file)
        make(parsed.set(database=str(parsed.database) + _NEWBORN))
        _in_one_file(newborn, file)
    except BaseException:
        with suppress(OSError):  # half of it is room that somebody looks for
            _away(newborn)
        raise
    with suppress(FileExistsError):
        try:
            os.link(newborn, file)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if not file.exists():
                newborn.rename(file)
    _away(newborn)
    _fsync(file.parent)


def _fsync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _away(newborn: Path) -> None:
    """Remove what a birth left over; it was never a journal."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        newborn.with_name(newborn.name + suffix).unlink(missing_ok=True)


def _stranger(file: Path, tables: Set[str]) -> JournalError:
    """Tell that a database is not our journal; its own tables are named."""
    named = ", ".join(sorted(tables)[:5]) or "none"
    return JournalError(f"the database {file} is no journal of this program (its tables: {named}). {_ANEW}")


def meaning(file: Path | None, error: BaseException) -> JournalError:
    """Return what an error of the database means: what, where, what to do."""
    text = str(getattr(error, "orig", None) or error).splitlines()[0]
    where = f"the journal {file}" if file is not None else "the journal"
    whole = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    code = whole & 0xFF
    if code in _DAMAGED:
        return JournalError(f"{where} is damaged: {text}. {_ANEW}")
    if whole in _UNSHARED:
        return JournalFull(
            f"{where} cannot be written: {text}. Nothing is lost, and nothing leaves meanwhile: on its file system "
            "programs share no memory, or no locks, as on many a network share and FUSE or 9p mount. Put the state "
            "directory on a disk of this host"
        )
    if code in _FULL:
        return _takes_nothing(file, text)
    if code in _HELD:
        return JournalAway(
            f"{where} is kept locked by another program: {text}. Nothing is lost, and nothing leaves meanwhile: end "
            "what has it open (a sqlite3 shell in the midst of a transaction, a tool that copies or packs it)"
        )
    return JournalError(f"{where} failed: {text}")


def _takes_nothing(file: Path | None, text: str) -> JournalFull:
    where = f"the journal {file}" if file is not None else "the journal"
    return JournalFull(
        f"{where} cannot be written: {text}. Nothing is lost, and nothing leaves meanwhile: make room on its disk, "
        "or make it writable"
    )


def damaged(file: Path | None, found: str) -> JournalError:
    """Tell what SQLite's own check found."""
    where = f"the journal {file}" if file is not None else "the journal"
    return JournalError(f"{where} is damaged: {found}. {_ANEW}")
