"""Keeping the picture of a tree up to date for as little as a server makes possible, and never on faith.

- A first look at Nextcloud is a search for everything (:mod:`connector.webdav.searching`).
- Where ETags climb to the root (Nextcloud, WebDAV facts section 3) one look at the root tells that nothing moved, and
  what moved is found by going down where ETags differ.
- Where one request tells everything (Depth: infinity), it is made.
- Elsewhere the folders that hold folders are listed; a leaf is spared while its time, seen in its parent, is the same.
  That tells what came and went. What is overwritten in place tells itself only where the caller asks for it (``near``):
  of a whole folder by listing it, of one file by a conditional request without a body.

A sweep takes nothing on trust, and finds out whether what was taken on trust was worth it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from connector.errors import AccessDenied, InvalidResponse, NotConnected, NotFound, OutOfSpace, Unavailable
from connector.ports import OWN_FOLDERS, Entry, ETag, Href, Listing, Page, Tree, TreeBuilder, folder_of
from connector.webdav.pace import Pace
from connector.webdav.trusting import hides, noticed_late
from connector.webdav.walking import walk

log = logging.getLogger(__name__)

FEW: Final = 32
"""So many folders are simply listed: what is spared is not worth what it cannot see."""

# How servers say no to Depth: infinity. RFC 4918 section 9.1 wants 403; some know no better word, and one that
# stands behind a proxy may need more time for a large tree than it is given.
_REFUSES_INFINITY: Final = frozenset({400, 403, 405, 501, 502, 504, 507})
_BREAKS_OFF: Final = frozenset({None, 500})
"""How it ends where a server runs out of memory, or somebody on the way out of patience, in the midst of an answer."""
_TOGETHER: Final = 64
"""Folders that are asked whether they are empty, before it is looked at what they said."""
_OFTEN: Final = 2
"""So often in a row it is no chance: what is too large for one answer is asked for in pieces."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One folder, just listed."""

    itself: Entry
    page: Page


@dataclass(frozen=True, kw_only=True)
class Requests:
    """What a survey asks with, each one request: Depth 0, Depth 1, Depth infinity."""

    look: Callable[[Href], Listing]
    list: Callable[[Href], Listed]
    infinite: Callable[[Href, Collection[str]], TreeBuilder]
    same: Callable[[Href, ETag], bool]
    """Does one file still bear that ETag? False as well where that is not known."""
    search: Callable[[Href], Tree | None] | None = None
    """A whole tree by other means, None where it cannot be proven whole."""


class Surveyor:
    """Surveys the trees of one login. Thread-safe, one survey at a time."""

    def __init__(self, name: str, requests: Requests, pace: Pace) -> None:
        self._name, self._ask, self._pace = name, requests, pace
        self._lock = threading.Lock()
        self.infinity: bool | None = None
        """Does the server answer Depth: infinity? None: not tried yet."""
        self._broken = 0
        """Answers of that depth, one after the other, that broke off."""
        self._empty: dict[Href, tuple[object, ...]] = {}
        """Folders at the bottom of an infinite answer that were found to be empty indeed → what they showed then."""
        self._silent: set[Href] = set()
        """Folders in which, or below which, something changed that no ETag or time told of."""
        self._late: set[Href] = set()
        """Folders in or below which a server seems to have noticed something only because a sweep listed them."""

    def forget(self) -> None:
        """Forget what was found out about the server."""
        self.infinity, self._broken = None, 0
        self._empty.clear()
        self._silent.clear()
        self._late.clear()

    def whole(self, href: Href, *, apart: Collection[str] = ()) -> Tree:
        """List everything below a folder, taking nothing on trust."""
        with self._lock:
            return self._whole(href, apart)

    def survey(
        self, href: Href, known: Tree | None, *, climbs: bool, near: Collection[Href], sweep: bool
    ) -> Tree:
        """Return the tree as it is now. ``climbs``: do ETags climb to the root here? The rest as for the port."""
        with self._lock:
            if known is not None and not sweep:
                if climbs:
                    return self._descended(href, known)
                if self.infinity is False and len(known.pages) > FEW and href not in self._silent:
                    return self._spared(href, known, near)
            # A sweep lists: that alone makes the server look at what was changed behind its back.
            search = self._ask.search if climbs else None
            found = search(href) if known is None and search is not None else None
            found = found or self._whole(href, OWN_FOLDERS, search)
            if known is not None and sweep and (climbs or self.infinity is False):
                self._prove(href, known, found, climbs)
            return found

    # -- everything ------------------------------------------------------------------------------

    def _whole(
        self, href: Href, apart: Collection[str], search: Callable[[Href], Tree | None] | None = None
    ) -> Tree:
        """One request where Depth infinity is allowed, else one per folder, or a search instead of so many.

        Some servers answer Depth 1 without a word; so what comes back counts as infinite only once something deep
        was in it.
        """
        builder = None if self.infinity is False else self._try_infinity(href, apart)
        if builder is None:
            # 403 may also mean the folder itself: only a server that lists it now has refused the depth.
            top = self._ask.list(href)
            self.infinity = False
            found = search(href) if search is not None else None
            return found or self._walked(top, apart)
        tree, deep = builder.finish(), builder.deep
        if not tree.root.is_folder:
            raise NotFound("a file of that name, no folder", service=self._name, operation="PROPFIND")
        if deep:
            self.infinity = True
        top_page = tree.pages[tree.root.href]
        if top_page.leaf:
            return tree
        if deep:
            if self._reaches_the_bottom(tree):
                return tree
            self.infinity = False
            return self._walked(Listed(itself=tree.root, page=top_page), apart)
        # Also where it was infinite before, or is said to be: a setting, or a proxy, changes that without a word.
        walked = self._walked(Listed(itself=tree.root, page=top_page), apart)
        if any(page for href, page in walked.pages.items() if href != tree.root.href and any(page.rows())):
            self.infinity = False
        return walked

    def _reaches_the_bottom(self, tree: Tree) -> bool:
        """Tell whether the folders that show nothing, as deep as anything was shown, are empty indeed.

        Some servers answer Depth: infinity with so many levels and not one more, and say nothing of it. Each such
        folder is listed once for as long as it shows the same, some of them at once.
        """
        filled = [page.href.count("/") for page in tree.pages.values() if not page.is_empty]
        bottom = max(filled, default=0) + 1
        shown = {
            page.href: (page.etag, page.modified)
            for page in tree.pages.values()
            if page.is_empty and page.href.count("/") >= bottom
        }
        asked = [href for href, told in shown.items() if self._empty.get(href) != told]
        full: list[Href] = []

        def take(found: tuple[Href, bool]) -> Iterable[Href]:
            href, empty = found
            if empty:
                self._empty[href] = shown[href]
            else:
                full.append(href)
            return ()

        for first in range(0, len(asked), _TOGETHER):
            walk(self._is_empty, asked[first : first + _TOGETHER], take, self._pace)
            if full:
                log.warning(
                    "server %s: Depth: infinity shows some levels and no more; folders are listed one by one",
                    self._name,
                )
                return False
        return True

    def _is_empty(self, href: Href) -> tuple[Href, bool]:
        try:
            return href, self._ask.list(href).page.is_empty
        except AccessDenied as error:
            if error.status != 403:
                raise
            return href, True  # closed to us: nothing in it could be seen one by one either

    def _try_infinity(self, href: Href, apart: Collection[str]) -> TreeBuilder | None:
        try:
            found = self._ask.infinite(href, apart)
        except (AccessDenied, InvalidResponse, OutOfSpace, Unavailable) as error:
            if error.status in _REFUSES_INFINITY:
                return None
            if isinstance(error, NotConnected) or error.status not in _BREAKS_OFF:
                raise
            self._broken += 1
            if self._broken < _OFTEN:
                raise
            return None
        self._broken = 0
        return found

    def _walked(self, top: Listed, apart: Collection[str]) -> Tree:
        pages: dict[Href, Page] = {}

        def take(listed: Listed) -> Iterable[Href]:
            pages[listed.page.href] = listed.page
            return _below(listed.page, apart)

        walk(self._ask.list, take(top), take, self._pace)
        return Tree(root=top.itself, date=top.page.date, pages=pages)

    # -- what moved ------------------------------------------------------------------------------

    def _descended(self, href: Href, known: Tree) -> Tree:
        """Ask whether the root moved; go down where ETags differ."""
        top = self._ask.look(href)
        if top.folder.etag is None:
            return self._whole(href, OWN_FOLDERS)
        silent = tuple(one for one in self._silent if one.startswith(href))
        if top.folder.etag == known.root.etag and not silent:
            return replace(known, date=top.date, fresh=None)

        def moved(folder: Entry) -> bool:
            page = known.pages.get(folder.href)
            if page is None or page.etag is None or page.etag != folder.etag:
                return True
            return any(one.startswith(folder.href) or folder.href.startswith(one) for one in silent)

        return replace(self._updated(href, known, moved), date=top.date, fresh=None)

    def _spared(self, href: Href, known: Tree, near: Collection[Href]) -> Tree:
        """List what holds folders, what is near, and every leaf that shows another time than when it was listed."""
        files = [one for one in near if not one.endswith("/")]
        count = Counter(map(folder_of, files))
        # Several are one request as well when their folder is listed.
        close = {one for one in near if one.endswith("/")} | {
            one for one, times in count.items() if times > 1
        }
        alone = {folder_of(one): one for one in files if folder_of(one) not in close}
        lasting: set[Href] = set()
        """Leaves of which one file is all that is asked about."""

        def wanted(folder: Entry) -> bool:
            page = known.pages.get(folder.href)
            if page is None or not _unmoved(page, folder) or folder.href in close:
                return True
            if folder.href not in alone:
                return False
            lasting.add(folder.href)
            return True

        def unless_same(folder: Href) -> Listed | None:
            if folder in lasting and self._is_same(known.pages[folder], alone[folder]):
                return None
            return self._ask.list(folder)

        return self._updated(href, known, wanted, unless_same)

    def _is_same(self, page: Page, file: Href) -> bool:
        etag = page.etag_of(file.rpartition("/")[2])
        return etag is not None and self._ask.same(file, etag)

    def _updated(
        self,
        href: Href,
        known: Tree,
        wanted: Callable[[Entry], bool],
        listed: Callable[[Href], Listed | None] | None = None,
    ) -> Tree:
        """List the root and, from there on, the folders that are ``wanted``; the others are as they were.

        ``listed`` gives None for one that is as it was.
        """
        pages, fresh = dict(known.pages), set[Href]()
        gone: list[Href] = []
        root = known.root

        def take(listed: Listed | None) -> Iterable[Href]:
            nonlocal root
            if listed is None:
                return ()
            page = pages[listed.page.href] = listed.page
            fresh.add(page.href)
            if page.href == known.root.href:
                root = listed.itself
            folders = _below(page, OWN_FOLDERS)
            before = known.pages.get(page.href)
            gone.extend(set(_below(before, OWN_FOLDERS)) - set(folders) if before is not None else ())
            return [one.href for one in page.folders() if one.href in folders and wanted(one)]

        walk(listed or self._ask.list, [href], take, self._pace)
        if gone:
            tops = tuple(gone)
            pages = {one: page for one, page in pages.items() if one in fresh or not one.startswith(tops)}
        return Tree(root=root, date=pages[root.href].date, pages=pages, fresh=frozenset(fresh))

    # -- was it worth the trust? -------------------------------------------------------------------

    def _prove(self, href: Href, known: Tree, found: Tree, climbs: bool) -> None:
        """Hold a sweep against what is taken on trust; what did not tell of a change is believed no more."""
        late = set[Href]()
        for page in found.pages.values():
            before = known.pages.get(page.href)
            if before is None or page.href.startswith(tuple(self._silent)):
                continue
            top = self._top_of(href, page.href, climbs)
            if climbs and noticed_late(before, page, known, found):
                late.add(top)
            if not hides(before, page, climbs):
                continue
            # The change may have come while the sweep was under way: then the folder tells of it now.
            again = self._ask.list(page.href).itself
            if (again.etag if climbs else (again.etag, again.modified)) == (
                before.etag if climbs else (before.etag, before.modified)
            ):
                self._believe_no_more(top, climbs)
        # Once may be chance: somebody moved an old file while the sweep was under way.
        for top in sorted((late & self._late) - self._silent):
            self._believe_no_more(top, climbs)
        self._late |= late

    @staticmethod
    def _top_of(root: Href, folder: Href, climbs: bool) -> Href:
        top = folder.removeprefix(root).split("/", 1)[0]
        return Href(f"{root}{top}/" if climbs and top else root)

    def _believe_no_more(self, folder: Href, climbs: bool) -> None:
        self._silent.add(folder)
        log.warning(
            "server %s: a folder changed, and neither its %s nor its parents told of it;"
            " from now on everything there is listed at each look",
            self._name, "ETag" if climbs else "time",
        )  # fmt: skip


def _below(page: Page, apart: Collection[str]) -> list[Href]:
    return [one.href for one in page.folders() if one.name not in apart]


def _unmoved(page: Page, folder: Entry) -> bool:
    """True for a leaf that shows the time it was listed with: *differs*, for restored folders bear older times."""
    same = (folder.modified, folder.etag) == (page.modified, page.etag)
    return page.leaf and page.proven and same and folder.modified is not None
