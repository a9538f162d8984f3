"""What one look at a watched folder shows: its sidecars, each with what lies beside it.

A sight is a *complete* picture; an incomplete one is an error, never an empty folder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from connector.ports import Entry, FileId, Href, Tree, folder_of
from connector.sidecar import names, near_names
from connector.steps.parts import FolderSettings
from connector.steps.settling import Restless, Settled
from connector.steps.views import ByHref, ById, ByParent, Pages


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
    signed: Entry | None = None
    """PDF of its name that is not meant: what an earlier picture of that name came back as."""

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


@dataclass(kw_only=True, eq=False)
class Sight:
    """What a watched folder shows, whole; the same object for as long as every look shows the same."""

    settings: FolderSettings
    tree: Tree
    at: datetime
    """When the last look that showed it began, by our clock: what was written before lies in it, unless somebody has
    taken it away. Nothing else of a sight changes."""
    restless: Restless
    ours: Mapping[Href, tuple[Entry, ...]]
    """Folder href → the files in it that bear a name of ours: requests, settings, lists, statuses, answers."""
    untagged: frozenset[Href] = frozenset()
    """Folders in which a file has no ETag."""
    wanted: set[str] = field(default_factory=set)
    """Hrefs that a request waits for to settle, beside its own pair: settings, further documents."""

    @property
    def root(self) -> Entry:
        """The watched folder itself."""
        return self.tree.root

    @property
    def date(self) -> datetime | None:
        """The server's own time of the first look that showed it."""
        return self.tree.date

    @cached_property
    def _pages(self) -> Pages:
        return Pages(self.tree)

    @cached_property
    def by_href(self) -> Mapping[str, Entry]:
        """Everything in the folder, by its href."""
        return ByHref(self._pages)

    @cached_property
    def by_id(self) -> Mapping[FileId, Entry]:
        """What has a file id, by that."""
        return ById(self._pages)

    @cached_property
    def by_parent(self) -> Mapping[str, dict[str, list[Entry]]]:
        """Folder href → folded name → entries."""
        return ByParent(self._pages)

    @cached_property
    def settled(self) -> Settled:
        """Hrefs whose ETag has held."""
        return Settled(self.by_href, self.restless)

    def folders(self) -> Iterator[Entry]:
        """Every folder below the watched one."""
        return (entry for page in self.tree.pages.values() for entry in page.folders())

    @cached_property
    def folders_called(self) -> Mapping[str, list[Href]]:
        """Name of a folder as :func:`names.loose` gives it → where folders of that name lie."""
        found: dict[str, list[Href]] = defaultdict(list)
        for entry in self.folders():
            found[names.loose(entry.name)].append(entry.href)
        return dict(found)

    def of_size(self, size: int | None) -> tuple[Entry, ...]:
        """Every file of exactly this size."""
        if size not in self._of_size:
            self._of_size[size] = tuple(self._pages.where(lambda row: row.size == size and not row.is_folder))
        return self._of_size[size]

    @cached_property
    def _of_size(self) -> dict[int | None, tuple[Entry, ...]]:
        return {}

    def beside(self, href: str, name: str) -> list[Entry]:
        """Entries of that name (case and accents folded) in the folder of ``href``."""
        parent = href.rstrip("/").rsplit("/", 1)[0] + "/"
        return self.by_parent.get(parent, {}).get(names.comparable(name), [])

    def settings_above(self, href: str) -> list[list[Entry]]:
        """Every ``_signature.yaml`` that applies to this place, the nearest folder first, each folder's together."""
        return [here for parent in self._above(href) if (here := self.settings_in.get(parent))]

    def near_settings_above(self, href: str) -> list[Entry]:
        """Every file above that bears nearly the name of settings, in a folder without any that do."""
        near = self._near_settings_in
        return [
            entry for one in self._above(href) if one not in self.settings_in for entry in near.get(one, ())
        ]

    def near_settings_beside(self, href: str) -> list[Entry]:
        """Every such file that lies in a folder above whose settings are read."""
        near = self._near_settings_in
        return [entry for one in self._above(href) if one in self.settings_in for entry in near.get(one, ())]

    def _above(self, href: str) -> Iterator[str]:
        """The folder of ``href``, then those that hold it, up to the watched one."""
        parent = href.rsplit("/", 1)[0] + "/"
        while parent.startswith(self.settings.root):
            yield parent
            if parent == "/":
                break
            parent = parent.rstrip("/").rsplit("/", 1)[0] + "/"

    @cached_property
    def settings_in(self) -> dict[str, list[Entry]]:
        """Folder href → the settings files there, in the order of the folded names; no folder without one."""
        found: dict[str, list[Entry]] = {}
        for parent, files in self.ours.items():
            if settings := [entry for entry in files if names.is_settings(entry.name)]:
                found[parent] = sorted(settings, key=lambda entry: names.comparable(entry.name))
        return found

    @cached_property
    def _near_settings_in(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry, right in self.near_names:
            if right == near_names.RIGHT_SETTINGS:
                found[entry.parent].append(entry)
        return dict(found)

    @cached_property
    def near_names(self) -> tuple[tuple[Entry, str], ...]:
        """What was meant as settings, as a list where none is read, or as a request for what none asks for.

        Each with the name it should bear.
        """
        found = []
        for entry in (entry for files in self.ours.values() for entry in files):
            if names.is_hidden(entry.href.removeprefix(self.settings.root)):
                continue
            if near_names.near_settings(entry.name):
                found.append((entry, near_names.RIGHT_SETTINGS))
            elif right := near_names.near_request(entry.name):
                asked = (self._asking_for.get((entry.parent, wanted)) for wanted in names.pair_of(right))
                found += [] if any(asked) else [(entry, right)]
            elif (right := near_names.near_list(entry.name)) and not self._has_list(entry.parent):
                found.append((entry, right))
        return tuple(sorted(found, key=lambda one: one[0].href))

    def _has_list(self, parent: Href) -> bool:
        """True where a list is read, or answered: a copy beside it is anybody's safe copy."""
        return any(names.is_list(entry.name) for entry in self.ours.get(parent, ()))

    @cached_property
    def settings_shown(self) -> tuple[tuple[object, ...], ...]:
        """Every settings file with its ETag and size: what rests on settings rests for as long as this is the same."""
        found = (entry for here in self.settings_in.values() for entry in here)
        return tuple(sorted((entry.href, str(entry.etag), entry.size or 0) for entry in found))

    @cached_property
    def _asking_for(self) -> dict[tuple[str, str], list[Entry]]:
        """(folder href, folded name of a PDF) → the sidecars that answer for it: asked for every pair of a folder."""
        found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for parent, files in self.ours.items():
            for entry in files:
                for wanted in names.pair_of(entry.name):
                    found[parent, wanted].append(entry)
        return dict(found)

    @cached_property
    def _always_near(self) -> frozenset[Href]:
        """Folders whose settings or lists concern more than themselves."""
        lists = {
            Href(parent)
            for parent, files in self.ours.items()
            if any(names.is_list(entry.name) for entry in files)
        }
        return frozenset(lists | {Href(one) for one in (*self.settings_in, *self._near_settings_in)})

    @property
    def close(self) -> set[Href]:
        """Folders to be looked into again whatever they say of themselves: settings, lists, what has not settled."""
        restless = {parent for parent in self.ours if self.restless.within(parent)}
        return restless | self._always_near | {folder_of(href) for href in self.wanted}

    def conflict_copies(self, parent: str) -> Mapping[str, list[str]]:
        """Folded name of a file of that folder → names of the copies that sync clients made of it there, sorted."""
        if parent not in self._conflict_copies:
            found: dict[str, list[str]] = defaultdict(list)
            children = self.by_parent.get(parent, {})
            for folded in filter(names.is_conflict_copy, children):
                found[names.original_of(folded)] += [
                    one.name for one in children[folded] if not one.is_folder
                ]
            self._conflict_copies[parent] = {name: sorted(copies) for name, copies in found.items()}
        return self._conflict_copies[parent]

    @cached_property
    def _conflict_copies(self) -> dict[str, dict[str, list[str]]]:
        return {}

    def has_settled(self, entries: Iterable[Entry]) -> bool:
        """True when all of these have settled; what has not is looked at again in a moment."""
        restless = {entry.href for entry in entries if entry.href not in self.settled}
        self.wanted.update(restless)
        return not restless

    def pairs(self, *, but: Callable[[Entry], bool] = lambda _: False) -> Iterator[Pair]:
        """Every sidecar of the sight with what lies beside it, in the order of their hrefs; less those of ``but``."""
        for entry in self.sidecars():
            if but(entry):
                continue
            if names.is_corrected(entry.name) and entry not in self._sidecars_of(entry):
                continue
            yield self._pair(entry)

    @cached_property
    def unsettled_pairs(self) -> list[Pair]:
        """Those of which something was saved, or has arrived, in this very moment."""
        return [pair for pair in self.pairs() if not pair.settled]

    def sidecars(self) -> Iterator[Entry]:
        """Every file that is a request by its name, in the order of their hrefs, corrected ones of any kind too."""
        return iter(self._sidecars)

    @cached_property
    def _sidecars(self) -> tuple[Entry, ...]:
        found = [
            entry
            for files in self.ours.values()
            for entry in files
            if names.is_sidecar(entry.name)
            and not names.is_hidden(entry.href.removeprefix(self.settings.root))
        ]
        return tuple(sorted(found, key=lambda entry: entry.href))

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

    def past_signed(self, pair: Pair) -> Pair:
        """Return the pair with the pictures of its name in place of its PDF; as it is where there are none."""
        signed, pictures = pair.document, self._pictures(pair.sidecar)
        if signed is None or not names.is_pdf(signed.name) or not pictures:
            return pair
        return replace(self._paired(pair.sidecar, pictures), signed=signed)

    def _pair(self, sidecar: Entry) -> Pair:
        documents: tuple[Entry, ...] = ()
        for name in names.pair_of(sidecar.name):
            documents = documents or self._files(sidecar.parent, name)
        return self._paired(sidecar, documents or self._pictures(sidecar))

    def _paired(self, sidecar: Entry, documents: tuple[Entry, ...]) -> Pair:
        rivals = tuple(entry for entry in self._sidecars_of(sidecar) if entry.href != sidecar.href)
        settled = sidecar.href in self.settled and all(entry.href in self.settled for entry in documents)
        name = documents[0].name if len(documents) == 1 else names.document_name(sidecar.name)
        return Pair(sidecar=sidecar, documents=documents, rivals=rivals, document_name=name, settled=settled)

    def _pictures(self, sidecar: Entry) -> tuple[Entry, ...]:
        found = (self._files(sidecar.parent, name) for name in names.images_of(sidecar.name))
        return tuple(entry for files in found for entry in files)

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


def files_in(sights: Iterable[Sight]) -> dict[str, str | None]:
    """Every file in sight with its id: a large tree is unpacked once a pass at most."""
    return {
        href: entry.file_id
        for sight in sights
        for href, entry in sight.by_href.items()
        if not entry.is_folder
    }
