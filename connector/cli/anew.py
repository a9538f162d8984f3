"""``rebuild``: a journal that cannot be trusted is put aside, whole, and a new one is begun from the markers.

Nothing is asked of any server here: the next start adopts what the registries bind (protocol R6) and launches nothing
that it did not see arrive (R7). Signed documents that wait in the spool stay there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli import backups
from connector.cli.common import Settings, agreed, as_owner, complain, handed_over
from connector.cli.journal_file import in_use, journal_named, sqlite_file
from connector.cli.wiring import single_instance
from connector.errors import JournalError, JournalFull
from connector.journal import Journal, marked, opening, snapshots
from connector.journal.ends import in_one_file, swept, synced
from connector.steps.waiting import MANUAL

if TYPE_CHECKING:
    from connector.cli.wiring import State
    from connector.config import Config

_WHAT = (
    "Running requests are found again by their markers and never sent again; what waits in the folders and has not "
    "left is held until somebody asks anew; remembered contacts, and orders that stand, are not taken over."
)
_FOR_EVER = timedelta(days=36_500)
_PARTS = ("", "-wal", "-shm", "-journal")


def rebuild(settings: Settings, *, yes: bool, dry_run: bool) -> int:
    """Keep the journal aside and begin a new one. Raises JournalError: the service runs, or nothing can be moved."""
    config, state = settings.load(), settings.place()
    url = config.journal.url or state.journal_url
    file = sqlite_file(url)
    if file is None:
        return _in_postgresql(config, state, yes=yes, dry_run=dry_run)
    if dry_run:
        return _told(file, in_use=in_use(state.directory / "journal" / "lock"))
    with as_owner(state), _alone(state, file):
        opening.prove_room(file)
        paused = stays_paused(file)
        if _parts(file):
            warned_of_another(file)
            agreed(
                f"The journal {file} is put aside, and a new one is begun. {_WHAT} Go on?",
                yes=yes,
            )
        aside = exchanged(file, paused or ())
    if aside is not None:
        print(f"the earlier journal is kept in {aside}")
    _tell_paused(f"at {file}", paused)
    return 0


@contextmanager
def _alone(state: State, file: Path | None = None) -> Iterator[None]:
    """Make the state directory where it is not there, and work in it with no other process beside."""
    state.make()
    with handed_over(state), single_instance(state, file):
        yield


def _tell_paused(where: str, paused: list[str] | None) -> None:
    print(f"a new journal is {where}; the next start takes in what the folders know.")
    for account in paused or ():
        print(f"{account.replace(':', ' ') if ':' in account else f'account {account}'} stays paused.")
    if paused is None:
        print(
            "pauses set by hand could not be read: set them again before the start (jse-connector pause ACCOUNT)."
        )


def _in_postgresql(config: Config, state: State, *, yes: bool, dry_run: bool) -> int:
    """The same with tables: they go into a schema of their own, in the transaction that makes the new ones."""
    from connector.cli import keep_shared

    end = journal_named(config, state)
    there = snapshots.found(end)
    if dry_run:
        print(
            f"The journal in {end.url} would be put aside, whole, and a new one begun. {_WHAT}\nNothing was changed."
        )
        return 0
    with as_owner(state), _alone(state):
        if there.taken:
            agreed(f"The journal in {end.url} is put aside, and a new one is begun. {_WHAT} Go on?", yes=yes)
        aside, paused = keep_shared.begun_anew(end)
    if aside:
        print(f"the earlier journal is kept in schema {aside} of the database")
    _tell_paused(f"in {end.url}", paused)
    return 0


def _told(file: Path, *, in_use: bool) -> int:
    if in_use:
        complain("jse-connector: a process works on this journal: stop the service first.")
        return 1
    if not file.exists():
        print(f"no journal is at {file}: a new one would be begun there.\nNothing was changed.")
        return 0
    print(f"The journal {file} would be put aside, whole, and a new one begun. {_WHAT}\nNothing was changed.")
    return 0


def warned_of_another(file: Path) -> None:
    """Say it where the journal that goes from here was moved elsewhere: two of them must never be in use."""
    if (other := backups.moved_to(file)) is not None:
        complain(
            f"note: the journal {file} was moved to {marked.where(other.other)} ({other.at}). Begin here again only "
            "when that one is lost: where connectors go on with it, let the configuration name it, as on their hosts"
        )


def exchanged(file: Path, paused: Iterable[str], *, source: Path | None = None) -> Path | None:
    """Put a backup's journal in place, or a new one; returns where the earlier one is. Raises JournalError.

    It is brought up to date, and knows what stays paused, before the other one goes: whatever starts then, after
    however short a try, sends nothing for an account that rests.
    """
    what = "a new journal" if source is None else source.parent.name
    ready = _ready(file)
    fresh = ready.with_name(ready.name + ".new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        swept(fresh)
        prepare(fresh, paused, source=source)
        fresh.replace(ready)
        aside = moved_aside(file)
        ready.replace(file)
        synced(file.parent)
    except OSError as error:
        raise JournalError(f"{what} cannot be put in place: {error.strerror or error}") from error
    except JournalFull as error:  # it names the one that was made ready, of which nobody has heard
        raise JournalError(
            f"{what} cannot be put in place: the disk of {file} is full, or takes nothing; that journal is as it was"
        ) from error
    finally:
        with suppress(OSError):
            swept(fresh)  # on a disk that is full, half of a copy is room that somebody looks for
    return aside


def prepare(file: Path, paused: Iterable[str], *, source: Path | None = None) -> None:
    """Make a journal of today's schema, new or of a backup's, in which these accounts rest. Raises JournalError."""
    if source is not None:
        backups.install(source, file)
    with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))) as journal:
        journal.check()
        for account in paused:
            journal.hold(account, MANUAL, probe_at=datetime.now(UTC) + _FOR_EVER)
    in_one_file(file)


def moved_aside(file: Path) -> Path | None:
    """Move a journal's files into a directory of their own beside it, all or none; returns that. Raises JournalError.

    They are looked for now, and not before: whoever closes the file last, if only to have read it, takes its log away.
    """
    there = _parts(file)
    if not there:
        return None
    name, number = f"aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 1
    aside = file.with_name(name)
    while aside.exists():  # of a try in this very second
        number += 1
        aside = file.with_name(f"{name}-{number}")
    try:
        aside.mkdir(mode=0o700)
        for path in there:
            with suppress(FileNotFoundError):
                path.rename(aside / path.name)
    except OSError as error:
        with suppress(OSError):
            for path in aside.iterdir():
                path.rename(file.with_name(path.name))
            aside.rmdir()
        raise JournalError(f"{file} cannot be moved to {aside}: {error.strerror}") from error
    return aside


def _parts(file: Path) -> list[Path]:
    return [path for path in (file.with_name(file.name + part) for part in _PARTS) if path.exists()]


def _ready(file: Path) -> Path:
    return file.with_name(file.name + ".restored")


def stays_paused(file: Path) -> list[str] | None:
    """Return what an administrator has paused by hand; None where that cannot be read.

    What a try before this one made ready, and did not put in place, knows it as well.
    """
    # Of a journal whose log alone is left nobody knows.
    known = paused_in(file) if file.exists() or not _parts(file) else None
    ready = _ready(file)
    before = paused_in(ready) if ready.exists() else None
    return known if known is None or before is None else sorted({*known, *before})


def paused_in(file: Path) -> list[str] | None:
    """Return the accounts that an administrator paused; None where that can no longer be read."""
    if not file.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT account FROM hold WHERE cause = 'manual' ORDER BY account"
            ).fetchall()
    except sqlite3.Error:
        return None
    return [str(row[0]) for row in rows]
