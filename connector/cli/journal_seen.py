"""The journal as a verb sees it that only looks: nothing in the state directory is made, changed or touched.

While the service runs, the journal's own files are read beside it; while it does not, a copy that goes again: opening
a SQLite journal, even to read, would make or remove files beside it, as whoever asks. So a state directory on a
read-only mount, or one that another user may only read, can be asked as well.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.journal_file import copy_journal, in_use, journal_named, no_copy, open_journal
from connector.cli.state import THE_SERVICES
from connector.errors import JournalError, JournalFull
from connector.journal import Journal

if TYPE_CHECKING:
    from connector.cli.common import Settings
    from connector.config import Config

_TRIES = 3


@contextmanager
def seen_journal(settings: Settings, config: Config) -> Iterator[Journal]:
    """Open the journal to be looked at only. Raises JournalError when there is none, or it cannot be read."""
    state = settings.place()
    named = journal_named(config, state)
    url, file = named.url, named.file
    if file is None:
        with closing(open_journal(named, read_only=True)) as journal:
            yield journal
        return
    if not _is_there(file):
        raise JournalError(f"no journal at {file}: has the service ever run with this state directory?")
    lock = state.directory / "journal" / "lock"
    if in_use(lock):
        with closing(Journal(url, now=_now, read_only=True)) as journal:
            yield journal
        return
    with tempfile.TemporaryDirectory(prefix="jse-look-") as directory:
        copied = Path(directory) / file.name
        with closing(_copied(file, copied, lock)) as journal:
            yield journal


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError as error:
        raise JournalError(
            f"the journal {file} cannot be looked at: {error.strerror}. {THE_SERVICES}"
        ) from error


def _copied(file: Path, copied: Path, lock: Path) -> Journal:
    for _ in range(_TRIES):
        copy_journal(file, copied, lock=lock)
        if not in_use(lock):
            break  # nobody began to write meanwhile: the bytes belong together
    try:
        return Journal(f"sqlite:///{copied}", now=_now)  # of an older version: brought up to date, here alone
    except JournalFull as error:
        raise no_copy(file, copied) from error
    except JournalError as error:
        # It is the journal itself that is as its copy is.
        raise type(error)(str(error).replace(str(copied), str(file))) from error


def _now() -> datetime:
    return datetime.now(UTC)
