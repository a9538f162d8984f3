"""Versions of files: what stood before each overwrite, by file id and second (facts section 4)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from connector.sandbox.dms.ledger import Ledger

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 7 * 86400
# Younger than … seconds: one version for each … seconds; older: one a week (facts section 4).
THINNING = ((10, 2), (MINUTE, 10), (HOUR, MINUTE), (DAY, HOUR), (30 * DAY, DAY))


@dataclass(frozen=True)
class Version:
    """One version: ``stamp`` is its id, the mtime in whole seconds; ``size`` in bytes."""

    stamp: int
    label: str
    author: str
    size: int


class VersionShelf:
    """Old contents under ``root/<fileid>/<stamp>``, and the labels and authors of all contents.

    Two contents written within one second have one id, so one of them is gone (facts section 1, trap 7).
    """

    def __init__(self, root: Path, ledger: Ledger) -> None:
        self._root = root
        self._ledger = ledger
        self._notes: dict[str, dict[str, str]] = ledger.rows("version")

    def keep(self, fileid: int, stamp: int, data: bytes) -> None:
        """Put an old content on the shelf."""
        place = self._place(fileid, stamp)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def kept(self, fileid: int) -> list[Version]:
        """Return what is on the shelf for a file, newest first; the current content is not there."""
        folder = self._root / str(fileid)
        if not folder.is_dir():
            return []
        found = sorted(folder.iterdir(), key=lambda place: int(place.name), reverse=True)
        return [self.describe(fileid, int(place.name), place.stat().st_size) for place in found]

    def describe(self, fileid: int, stamp: int, size: int) -> Version:
        """Return label and author of one content, whether it is on the shelf or current."""
        note = self._notes.get(f"{fileid}/{stamp}", {})
        return Version(stamp, note.get("label", ""), note.get("author", ""), size)

    def data(self, fileid: int, stamp: int) -> bytes | None:
        """Return the bytes of a version on the shelf, or None."""
        place = self._place(fileid, stamp)
        return place.read_bytes() if place.is_file() else None

    def note(self, fileid: int, stamp: int, **note: str) -> None:
        """Set ``label`` or ``author`` of one content."""
        key = f"{fileid}/{stamp}"
        self._notes[key] = {**self._notes.get(key, {}), **note}
        self._ledger.keep("version", key, self._notes[key])

    def take(self, fileid: int, stamp: int) -> bytes | None:
        """Take a version's bytes off the shelf because they become current; label and author stay."""
        data = self.data(fileid, stamp)
        self._place(fileid, stamp).unlink(missing_ok=True)
        return data

    def drop(self, fileid: int, stamp: int) -> None:
        """Take one version off the shelf, with its label."""
        self._place(fileid, stamp).unlink(missing_ok=True)
        self._notes.pop(f"{fileid}/{stamp}", None)
        self._ledger.drop("version", f"{fileid}/{stamp}")

    def thin(self, fileid: int, now: int) -> int:
        """Drop what stands too close to a newer version; labelled ones are spared. Returns how many went."""
        dropped, newer = 0, None
        for version in self.kept(fileid):
            age = now - version.stamp
            step = next((step for until, step in THINNING if age < until), WEEK)
            if newer is not None and newer - version.stamp < step and not version.label:
                self.drop(fileid, version.stamp)
                dropped += 1
            else:
                newer = version.stamp
        return dropped

    def forget(self, fileid: int) -> None:
        """Drop the whole history of a deleted file (its versions are 404: facts section 4)."""
        shutil.rmtree(self._root / str(fileid), ignore_errors=True)
        for key in [key for key in self._notes if key.startswith(f"{fileid}/")]:
            del self._notes[key]
            self._ledger.drop("version", key)

    def _place(self, fileid: int, stamp: int) -> Path:
        return self._root / str(fileid) / str(stamp)
