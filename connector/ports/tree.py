"""A whole tree as a server listed it: one page a folder, packed until somebody asks for what is on it.

A firm's tree holds a hundred files for one that is of interest, so what is kept of each is its bytes and no objects:
50,000 files take 5 MB. Trees and pages do not change; the next look shares the pages that are still good.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from connector.ports.annotations import FileId
from connector.ports.folder import Entry, ETag, Href, Listing
from connector.sidecar import names

OWN_FOLDERS: Final = (names.REGISTRY_FOLDER, names.CONNECTOR_FOLDER)
"""Folders of the connector: they grow with every request, and nothing in them is ever looked for in a tree."""
RACY: Final = timedelta(seconds=2)
"""A change so close before a listing's ``Date`` may be followed by another that shows the same time."""

_RACY_S: Final = RACY.total_seconds()
_MOST_LOOSE: Final = 400
_NOTHING: Final = len(marshal.dumps([]))

Values = tuple[str, bool, str | None, bool, int | None, float | None, str | None, str | None, str | None]
"""A :class:`Row` as marshal takes it."""


class Row(NamedTuple):
    """One entry as a page keeps it; ``modified`` in seconds since the epoch."""

    name: str
    is_folder: bool
    etag: str | None
    weak_etag: bool
    size: int | None
    modified: float | None
    file_id: str | None
    permissions: str | None
    owner: str | None

    def entry(self, folder: Href) -> Entry:
        """Return it as an object of its own, in the folder where it lies."""
        return Entry(
            href=Href(f"{folder}{self.name}/" if self.is_folder else folder + self.name),
            is_folder=self.is_folder,
            etag=None if self.etag is None else ETag(self.etag),
            weak_etag=self.weak_etag,
            size=self.size,
            modified=None if self.modified is None else datetime.fromtimestamp(self.modified, UTC),
            file_id=None if self.file_id is None else FileId(self.file_id),
            permissions=self.permissions,
            owner=self.owner,
        )


class Page:
    """What one folder holds, and what it said of itself when that was listed."""

    __slots__ = ("_rows", "date", "etag", "href", "leaf", "modified", "proven")

    def __init__(self, folder: Entry, rows: bytes, *, date: datetime | None, leaf: bool, racy: bool) -> None:
        self.href, self.etag, self.modified, self.date = folder.href, folder.etag, folder.modified, date
        self.leaf = leaf
        """No folder is in it."""
        self.proven = not racy and not _is_racy(folder.modified, date)
        """Nothing in it changed so lately that a further change could hide behind the same time."""
        self._rows = rows

    @classmethod
    def of(cls, listing: Listing) -> Page:
        """Pack the listing of one folder."""
        builder = TreeBuilder(listing.folder, listing.date)
        for entry in listing.entries:
            builder.add(entry)
        return builder.top()

    def entries(self) -> tuple[Entry, ...]:
        """Unpack everything."""
        return tuple(row.entry(self.href) for row in self.rows())

    def folders(self) -> tuple[Entry, ...]:
        """Unpack the folders alone."""
        return () if self.leaf else tuple(row.entry(self.href) for row in self.rows() if row.is_folder)

    def rows(self) -> Iterator[Row]:
        """Unpack without making entries, which take ten times as long."""
        return map(Row._make, self.values())

    def values(self) -> list[Values]:
        """Unpack without even naming the values, in the order of :class:`Row`."""
        found: list[Values] = marshal.loads(self._rows)  # noqa: S302  # packed above, by this very process
        return found

    @property
    def is_empty(self) -> bool:
        """True when nothing is in it; costs no unpacking."""
        return len(self._rows) <= _NOTHING

    @property
    def weight(self) -> int:
        """Bytes that it takes."""
        return len(self._rows)

    def shows(self, name: str, *, is_folder: bool) -> bool:
        """True when something of that very name and kind is on it."""
        return any(row[0] == name and row[1] is is_folder for row in self.values())

    def etag_of(self, name: str) -> ETag | None:
        """Return the tag that a file of that very name has; None where it has none, or is not there."""
        found = next((row[2] for row in self.values() if row[0] == name and not row[1]), None)
        return None if found is None else ETag(found)

    def same(self, other: Page) -> bool:
        """True when both hold the same, whatever the folders said of themselves."""
        return self._rows == other._rows or set(self.rows()) == set(other.rows())


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Everything below a folder, whole as of one look.

    ``date``: the server's own at the beginning of that look. ``fresh``: the pages that were asked for in it, None where
    it proved all of them.
    """

    root: Entry
    date: datetime | None
    pages: Mapping[Href, Page]
    fresh: frozenset[Href] | None = None

    @classmethod
    def of(cls, listing: Listing, *, apart: Collection[str] = ()) -> Tree:
        """Sort a listing of everything below a folder into pages. ``apart`` as for :class:`TreeBuilder`."""
        builder = TreeBuilder(listing.folder, listing.date, apart=apart)
        for entry in listing.entries:
            builder.add(entry)
        return builder.finish()

    def entries(self) -> Iterator[Entry]:
        """Unpack everything, page by page."""
        for page in self.pages.values():
            yield from page.entries()

    def date_of(self, page: Page) -> datetime | None:
        """Return the server's own time at which a page was last known to be good."""
        if self.fresh is None and self.date is not None and (page.date is None or page.date < self.date):
            return self.date
        return page.date


class TreeBuilder:
    """Takes the entries below a folder one by one, in any order, and packs them as they come.

    ``apart`` are names of folders that are listed themselves, and of which nothing below is kept. Of an entry that
    comes twice the first one counts.
    """

    def __init__(self, root: Entry, date: datetime | None, *, apart: Collection[str] = ()) -> None:
        self.root, self._date, self._apart = root, date, frozenset(apart)
        self._second = -_RACY_S if date is None else date.timestamp()
        top = _Folder()
        top.etag, top.modified = root.etag, None if root.modified is None else root.modified.timestamp()
        self._top, self._known = top, {root.href: top}
        self._loose: list[_Folder] = []
        self._count = 0
        self.deep = False
        """Something came that does not lie in the folder itself."""

    def add(self, entry: Entry) -> None:
        """Take one entry that lies below the folder."""
        way, _, name = entry.href.rstrip("/").rpartition("/")
        modified = None if entry.modified is None else entry.modified.timestamp()
        self.put(
            Href(way + "/"),
            (name, entry.is_folder, entry.etag, entry.weak_etag, entry.size, modified,
             entry.file_id, entry.permissions, entry.owner),
        )  # fmt: skip

    def put(self, parent: Href, row: Values) -> None:
        """Take one entry as a row, with the folder that holds it."""
        holder = self._known.get(parent)
        if holder is None:
            holder = self._known[parent] = _Folder(within=self._is_within(parent))
        self.deep = self.deep or holder is not self._top
        if holder.within:
            return
        name, modified = row[0], row[5]
        if name in holder.loose:
            return
        holder.loose[name] = row
        if modified is None or abs(self._second - modified) < _RACY_S:
            holder.racy = True
        if row[1]:
            holder.leaf = False
            href = Href(f"{parent}{name}/")
            if name not in self._apart:
                folder = self._known.get(href)
                if folder is None:
                    folder = self._known[href] = _Folder()
                folder.etag, folder.modified = row[2], modified
        if holder.fresh:
            holder.fresh = False
            self._loose.append(holder)
        self._count += 1
        if self._count >= _MOST_LOOSE:
            self._pack()

    def _is_within(self, folder: Href) -> bool:
        """True for one of the folders that are kept apart, and for all below them."""
        steps = folder.removeprefix(self.root.href).split("/")
        return any(step in self._apart for step in steps)

    def finish(self, *, fresh: frozenset[Href] | None = None) -> Tree:
        """Return the tree. Nothing may be added any more."""
        self._pack()
        pages: dict[Href, Page] = {}
        while self._known:  # one by one, so that no folder is in memory twice
            href, folder = self._known.popitem()
            if not folder.within:
                pages[href] = folder.page(href, self._date)
        return Tree(root=self.root, date=self._date, pages=pages, fresh=fresh)

    def top(self) -> Page:
        """Return the page of the folder itself alone."""
        self._pack()
        return self._known[self.root.href].page(self.root.href, self._date)

    def _pack(self) -> None:
        for folder in self._loose:
            folder.pack()
        self._loose, self._count = [], 0


class _Folder:
    """A folder whose page is being filled."""

    __slots__ = ("etag", "fresh", "leaf", "loose", "modified", "packed", "racy", "within")

    def __init__(self, *, within: bool = False) -> None:
        self.etag: str | None = None
        self.modified: float | None = None
        self.within, self.leaf, self.racy, self.fresh = within, True, False, True
        self.loose: dict[str, Values] = {}
        self.packed: bytes | list[bytes] | None = None

    def pack(self) -> None:
        rows = marshal.dumps(list(self.loose.values()))
        if self.packed is None:
            self.packed = rows
        else:
            self.packed = [*([self.packed] if isinstance(self.packed, bytes) else self.packed), rows]
        self.loose, self.fresh = {}, True

    def page(self, href: Href, date: datetime | None) -> Page:
        packed = (
            self.packed if isinstance(self.packed, bytes) else marshal.dumps(self._merged(self.packed or []))
        )
        itself = Entry(
            href=href,
            is_folder=True,
            etag=None if self.etag is None else ETag(self.etag),
            modified=None if self.modified is None else datetime.fromtimestamp(self.modified, UTC),
        )
        return Page(itself, packed, date=date, leaf=self.leaf, racy=self.racy)

    @staticmethod
    def _merged(packed: list[bytes]) -> list[Values]:
        merged: dict[str, Values] = {}
        for one in packed:
            for row in marshal.loads(one):  # noqa: S302  # as above
                merged.setdefault(row[0], row)
        return list(merged.values())


def _is_racy(modified: datetime | None, date: datetime | None) -> bool:
    return modified is None or date is None or abs(date - modified) < RACY
