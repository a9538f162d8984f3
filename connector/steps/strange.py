"""What bears a marker's name in a registry and is none of this folder's: looked at once, counted, told, never adopted.

On a plain server whoever works in a folder may write there. Reads nothing; remembers, and writes the journal.
Source: protocol R2, R4.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from connector.errors import InvalidResponse
from connector.journal.store import STRANGE_MARKERS
from connector.ports import Entry
from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)

MOST_A_PASS: Final = 500
"""So many are read in one pass: a registry full of them must not keep the server's other folders waiting."""
_MOST_NAMED = 3


class Strange:
    """The strange markers of one registry during one pass. ``named``: how many have names that no marker has."""

    def __init__(self, parts: Parts, folders: Sequence[FolderSettings], named: int) -> None:
        self._parts, self._settings = parts, folders[0]
        self._count, self._read = named, 0

    def is_known(self, entry: Entry) -> bool:
        """True for what was looked at before, and counts as strange still: it shows the same as then."""
        known = self._parts.strange.get((self._settings.server, entry.href)) == _shape(entry)
        self._count += known
        return known

    def add(self, entry: Entry, why: str) -> None:
        """Count one more. Raises InvalidResponse where the rest must wait for the next pass."""
        self._parts.strange[self._settings.server, entry.href] = _shape(entry)
        self._count += 1
        self._read += 1
        if self._read <= _MOST_NAMED:
            log.error("marker %s… in folder %s: %s", entry.name[:12], self._settings.name, why)
        if self._read >= MOST_A_PASS:
            self.tell()
            raise InvalidResponse(
                f"its registry holds {self._count} strange markers and perhaps more: the rest is looked at next",
                service=self._settings.server,
                operation="recover",
            )

    def tell(self) -> None:
        """Say how many there are, if that is news."""
        journal, subject = self._parts.journal, f"folder:{self._settings.name}"
        last = journal.last_account_event(subject, STRANGE_MARKERS) or {"count": 0}
        if last["count"] == self._count:
            return
        journal.mark_account(subject, STRANGE_MARKERS, {"count": self._count})
        if self._count:
            log.error(
                "the registry of folder %s holds %d markers that are not its own or cannot be read: none is "
                "followed, and a request whose marker it is does not leave",
                self._settings.name,
                self._count,
            )


def _shape(entry: Entry) -> tuple[object, ...]:
    return entry.etag, entry.size, entry.modified
