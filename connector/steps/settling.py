"""Which files have settled: their ETag and size have held between two looks that lay far enough apart.

Only what has not settled is remembered by name; of all else the pages of the last look are enough.
Source: protocol step 1, WebDAV facts trap 2 (an ETag is unproven while its second lasts).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import floor
from typing import Any

from connector.ports import Entry, Href, Page, Tree


@dataclass(frozen=True)
class Restless:
    """What has not settled as of one look: folders that were new as a whole, and single files by folder."""

    folders: frozenset[Href] = frozenset()
    files: Mapping[Href, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.folders or self.files)

    def holds(self, folder: str, name: str) -> bool:
        """True while a file of that folder has not settled."""
        return folder in self.folders or name in self.files.get(Href(folder), ())

    def within(self, folder: str) -> bool:
        """True while anything in that folder has not settled."""
        return folder in self.folders or folder in self.files


class Settled(Set[str]):
    """The hrefs that have settled: every file of ``entries`` but the restless ones."""

    def __init__(self, entries: Mapping[str, Entry], restless: Restless) -> None:
        self._entries, self.restless = entries, restless

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> frozenset[Any]:
        return frozenset(it)

    def __contains__(self, href: object) -> bool:
        entry = self._entries.get(href) if isinstance(href, str) else None
        if entry is None or entry.is_folder:
            return False
        return not self.restless.holds(entry.parent, entry.name)

    def __iter__(self) -> Iterator[str]:
        return (href for href in self._entries if href in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass
class Settling:
    """Remembers since when each file has shown the same ETag and size. One a watched folder, in memory.

    A new process sees everything as new, and waits a moment: that costs a second and is never wrong.
    """

    grain: timedelta
    _pages: Mapping[Href, Page] = field(default_factory=dict)
    _folders: dict[Href, datetime] = field(default_factory=dict)
    """Folders all of whose files are as new as this."""
    _files: dict[Href, dict[str, datetime]] = field(default_factory=dict)
    _last: datetime | None = None
    """When the last look was."""

    def observe(self, tree: Tree, now: datetime) -> Restless:
        """Take in a look, return what has not settled. A page that it did not prove stays as it was."""
        if self._last is not None and now < self._last:
            self._set_back(now)
        self._last = now
        if tree.pages is not self._pages:
            self._compare(tree.pages, now)
            self._pages = tree.pages
        for href in self._looked_at(tree, self._folders):
            since = self._folders[href]
            if now - since > self.grain:
                del self._folders[href]
                self._keep(href, dict.fromkeys(_unproven_in(tree, href), since))
        for href in self._looked_at(tree, self._files):
            lasting, files = _unproven_in(tree, href), self._files[href].items()
            kept = {name: since for name, since in files if now - since <= self.grain or name in lasting}
            self._keep(href, kept)
        return Restless(
            frozenset(self._folders), {href: frozenset(files) for href, files in self._files.items()}
        )

    def _set_back(self, now: datetime) -> None:
        """The clock was ahead, and is right now: what it saw counts from now on, not from then."""
        self._folders = {href: min(since, now) for href, since in self._folders.items()}
        self._files = {
            href: {name: min(since, now) for name, since in files.items()}
            for href, files in self._files.items()
        }

    def _compare(self, pages: Mapping[Href, Page], now: datetime) -> None:
        for href, page in pages.items():
            before = self._pages.get(href)
            if before is None:
                self._folders[href] = now
            elif before is not page and not before.same(page):
                self._changed(before, page, now)
        for href in self._pages.keys() - pages.keys():
            self._folders.pop(href, None)
            self._files.pop(href, None)

    def _changed(self, before: Page, page: Page, now: datetime) -> None:
        known = _shapes(before)
        whole, files = self._folders.pop(page.href, None), self._files.get(page.href, {})
        restless: dict[str, datetime] = {}
        for name, shape in _shapes(page).items():
            since = (whole or files.get(name)) if known.get(name) == shape else now
            if since is not None:
                restless[name] = since
        self._keep(page.href, restless)

    def _keep(self, href: Href, restless: dict[str, datetime]) -> None:
        if restless:
            self._files[href] = restless
        else:
            self._files.pop(href, None)

    @staticmethod
    def _looked_at(tree: Tree, hrefs: Iterable[Href]) -> list[Href]:
        return [href for href in hrefs if tree.fresh is None or href in tree.fresh]


def _unproven_in(tree: Tree, href: Href) -> set[str]:
    """Names of the files of a folder whose ETag proves nothing yet."""
    page = tree.pages[href]
    date = tree.date_of(page)
    if date is None:
        return set()
    files = (row for row in page.rows() if not row.is_folder and row.modified is not None)
    return {row.name for row in files if _same_second(row.modified or 0.0, date.timestamp())}


def _shapes(page: Page) -> dict[str, tuple[object, ...]]:
    # The time of change stands in where a server gives no ETag.
    return {
        row.name: (row.etag or row.modified, row.size, row.file_id)
        for row in page.rows()
        if not row.is_folder
    }


def unproven(modified: datetime | None, date: datetime | None) -> bool:
    """True while the second in which a file was changed lasts: its ETag proves nothing yet (WebDAV facts, trap 2).

    A time of change that lies in the future (a PC with a wrong clock) says nothing about when it was written.
    """
    if modified is None or date is None:
        return False
    return _same_second(modified.timestamp(), date.timestamp())


def _same_second(modified: float, date: float) -> bool:
    return 0 <= floor(modified) - floor(date) <= 1
