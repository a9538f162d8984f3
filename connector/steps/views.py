"""Looking things up in a tree: by place, by folder, by file id, by size; unpacked when asked for, and not for long."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final

from connector.ports import Entry, FileId, Href, Page, Row, Tree
from connector.sidecar import names

_ROOM: Final = 4_000
"""So many entries stay unpacked, and in any case those of the folder that was asked for last."""

_LIGHT: Final = 8_192
"""Bytes of a page that is looked through rather than unpacked for one question."""


class _Open:
    """One page, unpacked."""

    def __init__(self, page: Page) -> None:
        self.by_href: dict[str, Entry] = {entry.href: entry for entry in page.entries()}

    @cached_property
    def by_name(self) -> dict[str, list[Entry]]:
        """Folded name → the entries of that name."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.by_href.values():
            found[names.comparable(entry.name)].append(entry)
        return dict(found)


class Pages:
    """The pages of one tree, those that are in use unpacked. Not thread-safe."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._room = 0

    def open(self, folder: str) -> _Open | None:
        """Unpack the page of a folder; None where there is none."""
        found = self._open.get(folder)
        if found is not None:
            self._open.move_to_end(folder)
            return found
        page = self.tree.pages.get(Href(folder))
        if page is None:
            return None
        found = self._open[folder] = _Open(page)
        self._room += len(found.by_href)
        while self._room > _ROOM and len(self._open) > 1:
            _, oldest = self._open.popitem(last=False)
            self._room -= len(oldest.by_href)
        return found

    def holds(self, href: str) -> bool:
        """True when something lies there: asked of thousands of requests, each in a folder of its own."""
        way, _, name = href.rstrip("/").rpartition("/")
        folder = way + "/"
        page = self.tree.pages.get(Href(folder))
        if page is None or (folder not in self._open and page.weight < _LIGHT):
            return page is not None and page.shows(name, is_folder=href.endswith("/"))
        opened = self.open(folder)
        return opened is not None and href in opened.by_href

    def where(self, wanted: Callable[[Row], bool]) -> Iterator[Entry]:
        """Unpack, of the whole tree, what is ``wanted`` alone."""
        for page in self.tree.pages.values():
            for row in page.rows():
                if wanted(row):
                    yield row.entry(page.href)


class ByHref(Mapping[str, Entry]):
    """href → entry."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def __getitem__(self, href: str) -> Entry:
        found = self._pages.open(href.rstrip("/").rpartition("/")[0] + "/")
        if found is None:
            raise KeyError(href)
        return found.by_href[href]

    def __contains__(self, href: object) -> bool:
        return isinstance(href, str) and self._pages.holds(href)

    def __iter__(self) -> Iterator[str]:
        return (entry.href for entry in self._pages.tree.entries())

    def __len__(self) -> int:
        return sum(1 for page in self._pages.tree.pages.values() for _ in page.rows())


class ByParent(Mapping[str, dict[str, list[Entry]]]):
    """Folder href → folded name → entries."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def __getitem__(self, folder: str) -> dict[str, list[Entry]]:
        found = self._pages.open(folder)
        if found is None:
            raise KeyError(folder)
        return found.by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._pages.tree.pages)

    def __len__(self) -> int:
        return len(self._pages.tree.pages)


class ById(Mapping[FileId, Entry]):
    """File id → entry. Every question goes through the whole tree once: few are asked."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._asked: dict[str, Entry | None] = {}

    def __getitem__(self, file_id: FileId) -> Entry:
        if file_id not in self._asked:
            self._asked[file_id] = next(self._pages.where(lambda row: row.file_id == file_id), None)
        found = self._asked[file_id]
        if found is None:
            raise KeyError(file_id)
        return found

    def __iter__(self) -> Iterator[FileId]:
        with_ids = self._pages.where(lambda row: row.file_id is not None)
        return (entry.file_id for entry in with_ids if entry.file_id is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
