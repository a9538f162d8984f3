"""What a sweep finds out about folders that were believed to tell of every change, and did not."""

from __future__ import annotations

from typing import Final

from connector.ports import RACY, Href, Page, Tree

_MOUNTED: Final = frozenset("SM")
"""Shared with us, or mounted: among the letters of a file's permissions (WebDAV facts section 2)."""


def hides(before: Page, now: Page, climbs: bool) -> bool:
    """True when a folder changed and shows what it showed before."""
    if now.etag != before.etag or (before.etag is None and climbs):
        return False
    if climbs:
        return _shown(now) != _shown(before)
    if now.modified != before.modified or not (before.leaf and before.proven):
        return False
    return {row.name for row in now.rows()} != {row.name for row in before.rows()}


def noticed_late(before: Page, now: Page, known: Tree, found: Tree) -> bool:
    """True when a folder that showed no change at the beginning of a sweep holds what is older than the sweep.

    Nextcloud looks at an external storage, or at another server's share, only when the folder itself is listed, and
    lets ETags climb then: what is changed there behind its back would be told of by sweeps alone, for ever.
    """
    if now.same(before) or found.date is None:
        return False
    if _told_above(now.href, found) != _told_above(now.href, known):
        return False
    shown, old = _shown(before), (found.date - RACY).timestamp()
    return any(
        row.modified is not None
        and row.modified < old
        and _MOUNTED & set(row.permissions or "")
        and (row.name, row.etag, row.size) not in shown
        for row in now.rows()
    )


def _told_above(folder: Href, tree: Tree) -> str | None:
    """Return the ETag of a folder as its parent's listing showed it, which comes before its own."""
    way, _, name = folder.rstrip("/").rpartition("/")
    above = tree.pages.get(Href(way + "/"))
    if folder == tree.root.href or above is None:
        return tree.root.etag
    return next((row.etag for row in above.rows() if row.is_folder and row.name == name), None)


def _shown(page: Page) -> set[tuple[object, ...]]:
    return {(row.name, row.etag, row.size) for row in page.rows()}
