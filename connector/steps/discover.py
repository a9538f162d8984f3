"""Step 1, discover: what the server says is there → sidecars, each with its PDF, once they have settled.

A sight is a *complete* listing of one watched folder; an incomplete one is an error, never an empty folder.
Reads only. Source: protocol step 1, WebDAV facts trap 2 (an ETag is unproven while its second lasts).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from connector.ports import Entry, FileId, Folder, Href
from connector.sidecar import names
from connector.steps.parts import FolderSettings


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A sidecar and what lies beside it under its name."""

    sidecar: Entry
    documents: tuple[Entry, ...]
    """PDFs that bear its name: none, one, or several that differ only in case or accents; else its pictures."""
    rivals: tuple[Entry, ...]
    """Other sidecars for the same PDF."""
    document_name: str
    """Name its PDF has, or would have."""
    settled: bool

    @property
    def own(self) -> bool:
        """True when its document bears the request's own name, or would."""
        folded = names.comparable(self.document_name)
        return folded in names.pair_of(self.sidecar.name) or folded in names.images_of(self.sidecar.name)

    @property
    def document(self) -> Entry | None:
        """Its PDF when there is exactly one."""
        return self.documents[0] if len(self.documents) == 1 else None

    @property
    def document_href(self) -> Href:
        """Where its PDF is, or would be."""
        return self.document.href if self.document else Href(self.sidecar.parent + self.document_name)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One complete look at a watched folder."""

    settings: FolderSettings
    root: Entry
    date: datetime | None
    """The server's own time of it."""
    at: datetime
    """When it began, by our clock: what was written before lies in it, unless somebody took it away."""
    by_href: dict[str, Entry]
    by_id: dict[FileId, Entry]
    by_parent: dict[str, dict[str, list[Entry]]]
    """Folder href → folded name → entries."""
    settled: frozenset[str]
    """Hrefs whose ETag has held."""
    wanted: set[str] = field(default_factory=set)
    """Hrefs that a request waits for to settle, beside its own pair: settings, further documents."""

    def beside(self, href: str, name: str) -> list[Entry]:
        """Entries of that name (case and accents folded) in the folder of ``href``."""
        parent = href.rstrip("/").rsplit("/", 1)[0] + "/"
        return self.by_parent.get(parent, {}).get(names.comparable(name), [])

    def settings_above(self, href: str) -> list[list[Entry]]:
        """Every ``_signature.yaml`` that applies to this place, the nearest folder first, each folder's together."""
        found = []
        parent = href.rsplit("/", 1)[0] + "/"
        while parent.startswith(self.settings.root):
            if here := self.settings_in.get(parent):
                found.append(here)
            if parent == "/":
                break
            parent = parent.rstrip("/").rsplit("/", 1)[0] + "/"
        return found

    @cached_property
    def settings_in(self) -> dict[str, list[Entry]]:
        """Folder href → the settings files there, in the order of the folded names; no folder without one."""
        found: dict[str, list[Entry]] = {}
        for parent, children in self.by_parent.items():
            for folded in sorted(filter(names.is_settings, children)):
                if files := [entry for entry in children[folded] if not entry.is_folder]:
                    found.setdefault(parent, []).extend(files)
        return found

    @cached_property
    def _asking_for(self) -> dict[tuple[str, str], list[Entry]]:
        """(folder href, folded name of a PDF) → the sidecars that answer for it: asked for every pair of a folder."""
        found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for parent, children in self.by_parent.items():
            for entry in (entry for entries in children.values() for entry in entries):
                if not entry.is_folder:
                    for wanted in names.pair_of(entry.name):
                        found[parent, wanted].append(entry)
        return dict(found)

    @cached_property
    def conflict_copies(self) -> dict[tuple[str, str], list[str]]:
        """(folder href, folded name of a file) → names of the copies that sync clients made of it there, sorted."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for parent, children in self.by_parent.items():
            for folded in filter(names.is_conflict_copy, children):
                original = names.original_of(folded)
                found[parent, original] += [one.name for one in children[folded] if not one.is_folder]
        return {key: sorted(copies) for key, copies in found.items()}

    def has_settled(self, entries: Iterable[Entry]) -> bool:
        """True when all of these have settled; what has not is looked at again in a moment."""
        restless = {entry.href for entry in entries} - self.settled
        self.wanted.update(restless)
        return not restless

    def pairs(self) -> Iterator[Pair]:
        """Every sidecar of the sight with what lies beside it, in the order of their hrefs."""
        for entry in self.sidecars():
            if names.is_corrected(entry.name) and entry not in self._sidecars_of(entry):
                continue
            yield self._pair(entry)

    @cached_property
    def unsettled_pairs(self) -> list[Pair]:
        """Those of which something was saved, or has arrived, in this very moment."""
        return [pair for pair in self.pairs() if not pair.settled]

    def sidecars(self) -> Iterator[Entry]:
        """Every file that is a request by its name, in the order of their hrefs, corrected ones of any kind too."""
        for href in sorted(self.by_href):
            entry = self.by_href[href]
            below = href.removeprefix(self.settings.root)
            if not entry.is_folder and names.is_sidecar(entry.name) and not names.is_hidden(below):
                yield entry

    def pdfs_beside(self, href: str) -> list[Entry]:
        """Every PDF in the folder of ``href``."""
        parent = href.rstrip("/").rsplit("/", 1)[0] + "/"
        return [
            entry
            for folded, entries in sorted(self.by_parent.get(parent, {}).items())
            if folded.endswith(".pdf")
            for entry in entries
            if not entry.is_folder
        ]

    def _pair(self, sidecar: Entry) -> Pair:
        documents: tuple[Entry, ...] = ()
        for name in names.pair_of(sidecar.name):
            documents = documents or self._files(sidecar.parent, name)
        if not documents:
            pictures = (self._files(sidecar.parent, name) for name in names.images_of(sidecar.name))
            documents = tuple(entry for found in pictures for entry in found)
        rivals = tuple(entry for entry in self._sidecars_of(sidecar) if entry.href != sidecar.href)
        settled = sidecar.href in self.settled and all(entry.href in self.settled for entry in documents)
        name = documents[0].name if len(documents) == 1 else names.document_name(sidecar.name)
        return Pair(sidecar=sidecar, documents=documents, rivals=rivals, document_name=name, settled=settled)

    def _files(self, parent: str, folded: str) -> tuple[Entry, ...]:
        """Files of that name; a folder of that name is no document, and would never settle."""
        return tuple(one for one in self.by_parent.get(parent, {}).get(folded, ()) if not one.is_folder)

    def _sidecars_of(self, sidecar: Entry) -> list[Entry]:
        """Every request for the same document, this one too; a corrected one counts once the wrong one is gone."""
        answering = (
            self._asking_for.get((sidecar.parent, wanted), []) for wanted in names.pair_of(sidecar.name)
        )
        found = list({entry.href: entry for entries in answering for entry in entries}.values())
        written = [entry for entry in found if not names.is_corrected(entry.name)]
        return written or found


@dataclass
class Settling:
    """Remembers since when each file has shown the same ETag and size. One a watched folder, in memory.

    A new process sees everything as new, and waits a moment: that costs a second and is never wrong.
    """

    grain: timedelta
    seen: dict[str, tuple[tuple[object, ...], datetime]] = field(default_factory=dict)

    def update(self, entries: dict[str, Entry], date: datetime | None, now: datetime) -> frozenset[str]:
        """Take in a listing, return the hrefs that have settled."""
        settled = set()
        fresh: dict[str, tuple[tuple[object, ...], datetime]] = {}
        for href, entry in entries.items():
            if entry.is_folder:
                continue
            # The time of change stands in where a server gives no ETag.
            shape = (entry.etag or entry.modified, entry.size, entry.file_id)
            known = self.seen.get(href)
            since = known[1] if known is not None and known[0] == shape else now
            fresh[href] = (shape, since)
            if now - since > self.grain and not unproven(entry.modified, date):
                settled.add(href)
        self.seen = fresh
        return frozenset(settled)


def unproven(modified: datetime | None, date: datetime | None) -> bool:
    """True while the second in which a file was changed lasts: its ETag proves nothing yet (WebDAV facts, trap 2).

    A time of change that lies in the future (a PC with a wrong clock) says nothing about when it was written.
    """
    if modified is None or date is None:
        return False
    return (
        timedelta(0) <= modified.replace(microsecond=0) - date.replace(microsecond=0) <= timedelta(seconds=1)
    )


def look(settings: FolderSettings, folder: Folder, settling: Settling, now: datetime) -> Sight:
    """List a watched folder whole. Raises what :meth:`Folder.walk` raises."""
    listing = folder.walk(settings.root)
    by_href: dict[str, Entry] = {entry.href: entry for entry in listing.entries}
    by_id: dict[FileId, Entry] = {}
    by_parent: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in listing.entries:
        if entry.file_id is not None:
            by_id[entry.file_id] = entry
        by_parent[entry.parent][names.comparable(entry.name)].append(entry)
    return Sight(
        settings=settings,
        root=listing.folder,
        date=listing.date,
        at=now,
        by_href=by_href,
        by_id=by_id,
        by_parent={parent: dict(children) for parent, children in by_parent.items()},
        settled=settling.update(by_href, listing.date, now),
    )
