"""Step 1, discover: what the server says is there → sidecars, each with its PDF, once they have settled.

What is known of a folder is kept up to date for as little as the server makes possible
(:meth:`connector.ports.Folder.survey`). Reads only. Source: protocol step 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from connector.ports import Entry, Folder, Href, Page, Row, Tree, folder_of
from connector.sidecar import names
from connector.steps.parts import FolderSettings
from connector.steps.settling import Restless, Settling, unproven
from connector.steps.sight import Pair, Sight

__all__ = ["Pair", "Settling", "Sight", "Watch", "look", "unproven"]

SWEEPS_CLIMBING: Final = (timedelta(hours=1), timedelta(days=1))
SWEEPS_ELSEWHERE: Final = (timedelta(minutes=5), timedelta(minutes=30))
"""When everything is looked at anew, taking nothing on trust: first after so long, then half as often each time, at
last so often. Elsewhere nothing else may tell of a request that has ended and is edited in place."""
_DOUBLINGS: Final = 10
_A_LIST: Final = names.LIST_STEM[:-1]
"""« Copie de _signataires.xlsx » bears it within."""
_WRITTEN: Final = (".yaml", ".yml", ".txt", ".docx", ".doc", ".odt", ".rtf", ".json", ".html", ".htm")
"""What else people write requests and settings in, under names that are not read."""


def look(settings: FolderSettings, folder: Folder, settling: Settling, now: datetime) -> Sight:
    """Look at a watched folder once. Raises what :meth:`Folder.survey` raises."""
    tree = folder.survey(settings.root)
    return _sight(settings, tree, settling.observe(tree, now), None, now)


@dataclass
class Watch:
    """One watched folder, looked at again and again: what is known of it spares most of the next look."""

    settling: Settling
    sight: Sight | None = None
    """What the last look showed; the same object for as long as nothing moved."""
    _tree: Tree | None = None
    _swept: datetime | None = None
    _sweeps: int = 0
    _looks: int = 0

    def look(
        self,
        settings: FolderSettings,
        folder: Folder,
        now: datetime,
        near: Iterable[str],
        out: Iterable[str] = (),
    ) -> Sight:
        """Look once more. Raises what the survey raises.

        ``near``: files in whose folders nothing may escape. ``out``: files of which none may be overwritten unseen;
        what else is overwritten in their folders is seen by every second look.
        """
        climbs = folder.capabilities().chunked_upload
        first, most = SWEEPS_CLIMBING if climbs else SWEEPS_ELSEWHERE
        wait = min(first * 2**self._sweeps, most)
        # What lies ahead of now a clock wrote that was wrong.
        due = self._swept is None or not self._swept <= now < self._swept + wait
        close = set() if climbs or self.sight is None else self.sight.close | {folder_of(one) for one in near}
        if not climbs:
            self._looks += 1
            close |= {self._its_turn(Href(one)) for one in out}
        tree = folder.survey(settings.root, self._tree, near=close, sweep=due)
        if due:
            self._sweeps += self._swept is not None and self._sweeps < _DOUBLINGS
            self._swept = now
        restless = self.settling.observe(tree, now)
        known, self._tree = self.sight, tree
        if known is None or restless != known.restless or not _same(tree, known.tree):
            known = self.sight = _sight(settings, tree, restless, known, now)
        known.at = now
        return known

    def _its_turn(self, file: Href) -> Href:
        """Return a file, or its folder at every second look: half of the folders at each."""
        folder = folder_of(file)
        return folder if (self._looks + crc32(folder.encode("utf-8", "surrogateescape"))) % 2 else file


def _same(tree: Tree, known: Tree) -> bool:
    """True when both show the same, whenever they were made."""
    if tree.pages is known.pages:
        return True
    return tree.pages.keys() == known.pages.keys() and all(
        page is known.pages[href] or page.same(known.pages[href]) for href, page in tree.pages.items()
    )


def _sight(
    settings: FolderSettings, tree: Tree, restless: Restless, known: Sight | None, now: datetime
) -> Sight:
    """Look through a tree for what is ours; what was looked through already is taken from the sight before."""
    ours: dict[Href, tuple[Entry, ...]] = {}
    untagged: set[Href] = set()
    for href, page in tree.pages.items():
        before = known.tree.pages.get(href) if known is not None else None
        if known is not None and before is not None and (before is page or before.same(page)):
            found, all_tagged = known.ours.get(href, ()), href not in known.untagged
        else:
            found, all_tagged = _ours_in(page)
        if not all_tagged:
            untagged.add(href)
        if found:
            ours[href] = found
    return Sight(
        settings=settings, tree=tree, at=now, restless=restless, ours=ours, untagged=frozenset(untagged)
    )


def _ours_in(page: Page) -> tuple[tuple[Entry, ...], bool]:
    found, all_tagged = [], True
    for values in page.values():  # there are ten thousands of them: a row is made of the few alone
        if values[1]:
            continue
        if values[2] is None:
            all_tagged = False
        folded = values[0].casefold()
        # Every name of ours has one of these, however it is spelled; most have neither, and asking costs more.
        if "sign" in folded and (
            ".sign" in folded
            or folded.startswith(names.SETTINGS_STEM[:5])
            or folded.endswith(_WRITTEN)
            or _A_LIST in folded
        ):
            found.append(Row._make(values).entry(page.href))
    return tuple(found), all_tagged
