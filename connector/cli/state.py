"""Where this connector keeps what it must not lose. Apart from ``wiring``, which takes long to load."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.cli import private
from connector.errors import JournalError, JournalFull

TAKES_NOTHING: Final = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""Errors of a disk that may be right again without anybody's doing anything here."""

THE_SERVICES: Final = "The state directory is the service's alone; ask as root, or as the service's user"
"""Said to whoever may not look into it."""
NOTHING_OPEN: Final = "nothing-open"
"""In the state directory: a removal found nothing under way, so that a purge may take everything."""


@dataclass(frozen=True, kw_only=True)
class State:
    """Where this connector keeps what it must not lose. Directories are 0700."""

    directory: Path

    @property
    def name(self) -> str:
        """What this connector is called among several on one journal: ``b`` in ``/var/lib/jse-connector@b``."""
        return self.instance or self.directory.absolute().name

    @property
    def instance(self) -> str:
        """The same, where it was started as one of several (``jse-connector@b.service``); else empty."""
        return self.directory.absolute().name.partition("@")[2]

    @property
    def journal_url(self) -> str:
        """SQLite journal, unless the configuration names another."""
        return f"sqlite:///{self.directory / 'journal' / 'journal.sqlite'}"

    def make(self) -> None:
        """Make the directories, and whatever is in them ours alone. Raises JournalError when that cannot be done.

        What root makes is the state directory's owner's. JournalFull where the disk takes nothing just now.
        """
        from connector.cli.common import handed_over

        try:
            # At once: a person may be waited for next, and the service be started meanwhile.
            with handed_over(self):
                for name in ("", *private.OWN):
                    (self.directory / name).mkdir(mode=private.DIRECTORY, parents=True, exist_ok=True)
                private.made_private(self.directory)
            # What a removal of the package found out counts no more: somebody works here again.
            if (
                word := self.directory / NOTHING_OPEN
            ).exists():  # a disk that is read-only is no reason to end here
                word.unlink(missing_ok=True)
        except OSError as error:
            kind = JournalFull if error.errno in TAKES_NOTHING else JournalError
            raise kind(f"state directory {self.directory}: {error.strerror}") from error


def state_directory(given: Path | None) -> Path:
    """Return the state directory: the one given, systemd's, or the system's usual one."""
    if given is not None:
        return given
    return Path(os.environ.get("STATE_DIRECTORY", "/var/lib/jse-connector").split(":")[0])
