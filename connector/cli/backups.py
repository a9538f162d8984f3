"""A backup of the journal and what it is worth nothing without: made beside a running service, verified, found again.

One directory a backup: ``journal.sqlite`` (SQLite's own backup, one whole file), ``spool/``, ``keys/``,
``connector-id`` and ``manifest.json`` with the hash of each. It is there whole or not at all. Tokens and passwords are
not in it: ``connect`` makes them anew. Source: ux page 6.5; design page section 3.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from connector import __version__
from connector.cli.journal_facts import NO_ROOM, PART, on_one_disk, opened, readable, why_full
from connector.cli.journal_facts import Facts as Facts
from connector.cli.journal_facts import facts_of as facts_of
from connector.cli.journal_facts import moved_since as moved_since
from connector.cli.journal_facts import moved_to as moved_to
from connector.errors import JournalError, JournalFull
from connector.journal import opening, snapshots
from connector.journal.ends import End

FORMAT: Final = 1
KEEP: Final = 5
"""So many backups stay in the state directory; each holds people's data."""
JOURNAL: Final = "journal.sqlite"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A whole backup. ``files``: path below ``directory`` → SHA-256."""

    directory: Path
    version: str
    made_at: datetime
    facts: Facts
    files: dict[str, str]

    @property
    def name(self) -> str:
        """What ``restore`` is told."""
        return self.directory.name

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum((self.directory / name).stat().st_size for name in self.files)


def make(journal: End, state: Path, into: Path, *, spooled: Callable[[Path], None] | None = None) -> Backup:
    """Make a backup in a directory of its own below ``into``; the service may be running.

    ``spooled`` writes the signed files that a journal in PostgreSQL keeps into a spool's directory. Raises JournalError
    where the journal is damaged or the disk takes nothing: then nothing is left behind. One that is being made in the
    same directory is waited for.
    """
    full = None if journal.file is None else why_full(journal.file)
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(into), readable(journal, state, into, full) as there:
            return _made(there, state, into, spooled)
    except OSError as error:
        # Of the same disk it is said already what is wrong. On another one that is full, too, room is wanted there.
        if full is not None and error.errno in NO_ROOM and on_one_disk(Path(str(journal.file)), into):
            raise full from error
        raise JournalError(f"no backup in {into}: {error.strerror or error}") from error


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    """Wait until no other backup is being made there: what it has half written would be taken for a leftover."""
    handle = os.open(into, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _made(journal: End, state: Path, into: Path, spooled: Callable[[Path], None] | None) -> Backup:
    now = datetime.now(UTC)
    part = into / f"{__version__}{PART}"
    try:
        shutil.rmtree(part, ignore_errors=True)
        for directory in (part, part / "spool", part / "keys"):
            directory.mkdir(mode=0o700)
        if journal.file is not None:
            _copy_journal(journal.file, part / JOURNAL)
        else:
            _copy_shared(journal, part / JOURNAL)
        if spooled is not None:
            spooled(part / "spool")
        for source, name in _beside(state):
            if spooled is None or not name.startswith("spool/"):
                _not_anothers(source, state)
                _copy(source, part / name)
        facts = facts_of(part / JOURNAL)
        files = {str(path.relative_to(part)): _sha256(path) for path in _files(part)}
        told = {
            "format": FORMAT,
            "version": __version__,
            "made_at": now.isoformat(),
            "facts": asdict(facts),
            "files": files,
        }
        _write(part / MANIFEST, json.dumps(told, indent=1, sort_keys=True).encode())
        for directory in (*_directories(part), part):
            _fsync(directory)
        place = _put(part, into, f"{__version__}-{now:%Y%m%dT%H%MZ}")
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Backup(directory=place, version=__version__, made_at=now, facts=facts, files=files)


def _put(part: Path, into: Path, name: str) -> Path:
    number, place = 1, into / name
    while place.exists():
        number += 1
        place = into / f"{name}-{number}"
    part.rename(place)
    _fsync(into)
    return place


def found(into: Path) -> list[Backup]:
    """Return the whole backups of a directory, the newest first; what cannot be read is none.

    Raises PermissionError where it is not for whoever asks to know.
    """
    backups = []
    try:
        for directory in into.iterdir():
            with suppress(JournalError):
                backups.append(read(directory))
    except PermissionError:
        raise
    except OSError:
        pass
    return sorted(backups, key=lambda one: one.made_at, reverse=True)


def read(directory: Path) -> Backup:
    """Read a backup's manifest. Raises JournalError when it is none."""
    try:
        told: dict[str, Any] = json.loads((directory / MANIFEST).read_bytes())
        if told["format"] > FORMAT:
            raise JournalError(f"the backup {directory} was made by a newer version: use that one")
        names = {str(name): str(sha256) for name, sha256 in told["files"].items()}
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in names):
            raise JournalError(f"the manifest of {directory} names files outside: that is no backup of ours")
        return Backup(
            directory=directory,
            version=str(told["version"]),
            made_at=datetime.fromisoformat(told["made_at"]),
            facts=Facts(**told["facts"]),
            files=names,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError(
            f"{directory} is no backup: its {MANIFEST} is not there, or cannot be read"
        ) from error


def verify(backup: Backup) -> None:
    """Hold every file against its hash, and let SQLite look through the journal. Raises JournalError."""
    for name, sha256 in backup.files.items():
        path = backup.directory / name
        try:
            whole = _sha256(path) == sha256
        except OSError as error:
            raise JournalError(
                f"the backup {backup.name} is not whole: {name}: {error.strerror or error}"
            ) from error
        if not whole:
            raise JournalError(
                f"the backup {backup.name} is damaged: {name} has other bytes than were written"
            )
    if JOURNAL not in backup.files:
        raise JournalError(f"the backup {backup.name} holds no journal")
    _check(backup.directory / JOURNAL)


def prune(into: Path, keep: int = KEEP) -> list[str]:
    """Remove all but the newest backups; returns the names of those that went.

    The newest of an earlier schema stays, too, however many came since: nothing else leads back to the version before.
    """
    gone, there = [], found(into)
    way_back = next((one for one in there if one.facts.schema < there[0].facts.schema), None)
    for backup in there[keep:]:
        if backup is way_back:
            continue
        shutil.rmtree(backup.directory, ignore_errors=True)
        gone.append(backup.name)
    return gone


def install(source: Path, target: Path) -> None:
    """Put a copy of a file there, whole or not at all, private, and forced to disk. Raises OSError."""
    partial = target.with_name(f"{target.name}.{os.getpid()}{PART}")
    try:
        _copy(source, partial, link=False)
        partial.replace(target)
        _fsync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _copy_journal(source: Path, target: Path) -> None:
    """SQLite copies what every committed transaction left, the write-ahead log included, while others go on writing."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(opened(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            # One file, complete in itself: a backup is copied by hand, too.
            new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        meant = opening.meaning(source, error)
        if isinstance(meant, JournalFull):  # the source was only read, and could be written a moment ago
            raise JournalError(f"no backup in {target.parent.parent}: {error}") from error
        raise meant from error
    _check(target)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())


def _copy_shared(source: End, target: Path) -> None:
    """What every committed transaction left at one moment, of a database that connectors work on."""
    snapshots.taken(source, target)
    _check(target)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())


def _check(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            said = str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        raise opening.meaning(file, error) from error
    if said != "ok":
        raise opening.damaged(file, said.splitlines()[0])


def _beside(state: Path) -> Iterator[tuple[Path, str]]:
    """Yield what belongs to a journal: signed bytes at rest, the seal key, this connector's id."""
    for path in _files(state / "spool"):
        if not path.name.endswith(PART) and path.parent.parent == state / "spool":
            yield path, str(path.relative_to(state))
    for path in _files(state / "keys"):
        if not path.name.endswith(PART):
            yield path, str(path.relative_to(state))
    if (state / "connector-id").is_file():
        yield state / "connector-id", "connector-id"


def _not_anothers(path: Path, state: Path) -> None:
    """Raise JournalError where a link that the state directory's owner has put there leads root to what is not his.

    A restore would give it to him.
    """
    owner = state.stat().st_uid
    with suppress(FileNotFoundError):
        if os.geteuid() == 0 and path.stat().st_uid != owner:
            raise JournalError(
                f"{path} is not the state directory's owner's: no backup is made of it. A link, or a copy by hand? "
                "chown it, or take it away"
            )


def _copy(source: Path, target: Path, *, link: bool = True) -> None:
    """Copy a file that a running service may take away meanwhile: then there is nothing to copy.

    Spooled bytes are never changed in place, so that a second name for them is as good, and takes no room. What stands
    at the target may be such a name: it is never written into. Raises FileExistsError.
    """
    target.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        if link and source.parts[-3:-2] == ("spool",):
            with suppress(OSError):
                os.link(source, target)
                return
        data = source.open("rb")
    except FileNotFoundError:
        if link:
            return
        raise
    with data, open(target, "xb", opener=_private) as stream:
        shutil.copyfileobj(data, stream)
        stream.flush()
        os.fsync(stream.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb", opener=_private) as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())


def _directories(directory: Path) -> list[Path]:
    return sorted((path for path in directory.rglob("*") if path.is_dir()), reverse=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fsync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
