"""What is the connector's own in a watched folder, told from its content; it is taken away by ``leaving``.

A name proves nothing. A status, an overview or a marker is ours by its seal; a notice, a preview, a corrected request
or a model by the hash that was kept when it was written. What a person changed, what another connector wrote, and
whatever lies nowhere else (signed documents, originals, attestations, requests) stays, and is told. Reads only.
Source: ux page section 7, reason 12.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connector.errors import NotFound, OutOfSpace
from connector.lifecycle import Record
from connector.marks import Owner, Reading, Sent
from connector.models import models
from connector.ports import Entry, ETag, FileId, Folder, Href, TagId
from connector.report.block import Edited, Empty, Foreign, Whole, read_status
from connector.sidecar import names
from connector.steps.own_files import fetch
from connector.steps.parts import FolderSettings, Parts
from connector.steps.registry import done_href, list_registry, owner_href, read_mark, sent_href

_MAX_BYTES: Final = 1_000_000_000
SUBJECT: Final = "folder:"
"""With a folder's name: what the journal keeps of it."""
STATUS, OVERVIEW, NOTICE, PREVIEW = "status files", "overviews", "notices of a pause", "previews"
CORRECTED, MODEL, MODELS, MARKER = "corrected requests", "models", "the folder of models", "markers"
OWNER, HIDDEN = "the owner's mark", "the hidden folder of markers"

EDITED = "somebody has written into it"
ANOTHERS = "another connector's, or sealed with another key"
UNKNOWN = "not as the connector wrote it"
EMPTY = "empty: nobody can tell whose it was"
REQUEST = "it is the request now"
BINDS = "its request is under way: this is what keeps it from being sent twice"
UNGUARDED = (
    "the server tells neither tag nor time of it: nothing would tell if somebody wrote into it meanwhile"
)
NOT_EMPTY = "something else lies in it"
PEOPLES = "signed documents, originals, attestations: they are people's"
PROTECTED = "locked when it was signed (verrouiller): jse-connector unlock, or its owner, opens it"


@dataclass(frozen=True, kw_only=True)
class Own:
    """A file or folder that goes. ``etag``: as it was looked at."""

    href: Href
    what: str
    etag: ETag | None = None
    is_folder: bool = False


@dataclass(frozen=True, kw_only=True)
class Hung:
    """A tag of ours on a file, by their ids."""

    file: FileId
    tag: TagId
    name: str


@dataclass
class Findings:
    """What was found in a folder: ``ours`` in the order in which it may go; ``stays``: (href, why)."""

    ours: list[Own] = field(default_factory=list)
    tags: list[Hung] = field(default_factory=list)
    stays: list[tuple[str, str]] = field(default_factory=list)
    gone: int = 0
    """What went by ``leaving.take_away``, tags included."""


def under_way(parts: Parts, settings: FolderSettings) -> list[Record]:
    """Return the requests of a folder that have left, or are about to, and are not over."""
    return [record for record in _out(parts, settings) if record.folder == settings.name]


def _out(parts: Parts, settings: FolderSettings) -> list[Record]:
    """Return the same of all folders of its server: one of them may have been marked in this folder, and moved on."""
    return [
        record
        for record in parts.journal.open_records(settings.server)
        if record.state.open or record.state.ended
    ]


def anothers(parts: Parts, settings: FolderSettings) -> str | None:
    """Return whose a folder is where it is not ours: a connector's name, or ``"unreadable"``. Raises remote errors.

    Models and tags are alike for all connectors: what hangs in another's folder is its own, whatever it looks like.
    """
    found = read_mark(parts.folders[settings.server], owner_href(settings), parts.sealer)
    if found is None:
        return None
    reading, mark, _ = found
    if not isinstance(mark, Owner):
        return "unreadable"
    return None if reading is Reading.WHOLE and mark.connector == parts.connector else mark.connector


def look(parts: Parts, settings: FolderSettings) -> Findings:
    """Tell what is ours there, and what stays with its reason. Reads only. Raises remote errors."""
    return _Look(parts, settings).findings()


class _Look:
    def __init__(self, parts: Parts, settings: FolderSettings) -> None:
        self._parts, self._settings = parts, settings
        self._folder: Folder = parts.folders[settings.server]
        journal = parts.journal
        self._records = [
            record
            for record in journal.everything()
            if (record.server, record.folder) == (settings.server, settings.name)
        ]
        self._written = {
            str(record.extra[name])
            for record in self._records
            for name in ("preview_sha256", "corrected_sha256")
            if record.extra.get(name)
        }
        self._written |= {
            str(begun["sha256"]) for one in self._records if (begun := one.extra.get("preview_begun"))
        }
        notice = (journal.last_account_event(SUBJECT + settings.name, "notice") or {}).get("digest")
        # Where none lies there, nothing is one: what cannot be read has no hash either.
        self._notices = {str(notice)} if notice else set()
        kept = (journal.last_account_event(SUBJECT + settings.name, "models") or {}).get("files", {})
        shipped = [*models("fr").values(), *models("en").values()]
        self._models = {*map(str, kept.values()), *(hashlib.sha256(one).hexdigest() for one in shipped)}
        self._found = Findings()

    def findings(self) -> Findings:
        entries = self._folder.walk(self._settings.root).entries
        for entry in entries:
            if not entry.is_folder and not self._hidden(entry.href):
                self._judge(entry)
        self._elsewhere()
        self._models_folder(entries)
        self._tags(entries)
        self._locks()
        self._registry()
        return self._found

    def _hidden(self, href: str) -> bool:
        below = href.removeprefix(self._settings.root).split("/")[:-1]
        return any(names.comparable(part) in _NOT_LOOKED_INTO for part in below)

    def _judge(self, entry: Entry) -> None:
        name = names.comparable(entry.name)
        if name in _OVERVIEWS:
            self._sealed(entry.href, OVERVIEW)
        elif name in _NOTICES:
            self._known(entry, NOTICE, self._notices)
        elif name.endswith(".signature.txt"):
            self._sealed(entry.href, STATUS)
        elif name.endswith(".apercu.pdf"):
            self._known(entry, PREVIEW, self._written)
        elif names.is_corrected(entry.name):
            self._corrected(entry)
        elif names.is_ours(entry.name):
            self._found.stays.append((entry.href, PEOPLES))

    def _sealed(self, href: Href, what: str) -> None:
        found = fetch(self._folder, href)
        if found is None:
            return
        data, etag = found
        match read_status(data, self._parts.sealer.key):
            case Whole():
                self._goes(href, what, etag)
            case Edited():
                self._found.stays.append((href, EDITED))
            case Empty():
                torn = any(record.extra.get("status_href") == href for record in self._records)
                if torn:
                    self._goes(href, what, etag)
                else:
                    self._found.stays.append((href, EMPTY))
            case Foreign(connector=who):
                self._found.stays.append((href, ANOTHERS if who else UNKNOWN))

    def _known(self, entry: Entry, what: str, hashes: set[str]) -> bool:
        """Judge a file by what was kept of it; returns whether it goes."""
        found = self._hash(entry.href)
        if found is None:
            return False
        sha256, etag = found
        if sha256 and sha256 in hashes:
            return self._goes(entry.href, what, etag or entry.etag)
        self._found.stays.append((entry.href, UNKNOWN))
        return False

    def _goes(self, href: Href, what: str, etag: ETag | None) -> bool:
        """Take note of a file of ours; what has no tag could be changed unseen until it is taken, and stays."""
        try:
            etag = etag or self._folder.stat(href).etag
        except NotFound:
            return False
        if etag is None:
            self._found.stays.append((href, UNGUARDED))
            return False
        self._found.ours.append(Own(href=href, what=what, etag=etag))
        return True

    def _corrected(self, entry: Entry) -> None:
        if self._parts.journal.at_place(self._settings.server, entry.href) is not None:
            self._found.stays.append((entry.href, REQUEST))
        else:
            self._known(entry, CORRECTED, self._written)

    def _hash(self, href: Href) -> tuple[str, ETag | None] | None:
        try:
            with Path(os.devnull).open("wb") as nowhere:
                fetched = self._folder.get(href, nowhere, max_bytes=_MAX_BYTES)
        except NotFound:
            return None
        except OutOfSpace:
            return "", None
        return fetched.sha256, fetched.etag

    def _elsewhere(self) -> None:
        """A folder that lets nothing be written has its statuses above it, outside of what is watched."""
        places = {str(record.extra.get("status_href") or "") for record in self._records}
        for href in sorted(place for place in places if place and not place.startswith(self._settings.root)):
            self._sealed(Href(href), STATUS)

    def _models_folder(self, entries: tuple[Entry, ...]) -> None:
        root = self._settings.root
        for home in entries:
            if home.parent != root or not home.is_folder:
                continue
            if names.comparable(home.name) != names.comparable(names.MODELS_FOLDER):
                continue
            below = [entry for entry in entries if entry.href.startswith(home.href) and entry != home]
            ours = [self._known(one, MODEL, self._models) if not one.is_folder else False for one in below]
            if all(ours):
                self._found.ours.append(Own(href=home.href, what=MODELS, is_folder=True))
            else:
                self._found.stays.append((home.href, NOT_EMPTY))

    def _tags(self, entries: tuple[Entry, ...]) -> None:
        hung = self._folder.annotations()
        if hung is None or not self._folder.capabilities().tags:
            return
        ours = {name.casefold() for name in self._parts.report.tags.values()}
        for file in dict.fromkeys((*self._tagged(), *_documents(entries))):
            try:
                there = hung.tags_of(file)
            except NotFound:
                continue
            for one in there:
                if one.name.casefold() in ours:
                    self._found.tags.append(Hung(file=file, tag=one.tag_id, name=one.name))

    def _tagged(self) -> Iterator[FileId]:
        """What the journal has tagged, wherever it lies by now."""
        for record in self._records:
            files = (record.extra.get("tags") or {}).get("files", {})
            yield from (FileId(str(one["file"])) for one in files.values() if one.get("file"))

    def _locks(self) -> None:
        for record in self._records:
            for one in ((record.extra.get("lock") or {}).get("files") or {}).values():
                self._found.stays.append((str(one.get("href", "")), PROTECTED))

    def _registry(self) -> None:
        """The markers, and the owner's mark last of all."""
        settings = self._settings
        bound = {record.key for record in _out(self._parts, settings)}
        # What people moved into another folder is that one's, whatever folder its marker was made in.
        elsewhere = {
            record.key
            for record in self._parts.journal.everything()
            if record.server == settings.server and record.folder != settings.name and record.transaction
        }
        standing = list_registry(self._folder, settings.registry)
        kept = bool(standing.strange)
        for key in sorted(standing.sent):
            href = sent_href(settings.registry, key)
            if not self._of_this_folder(href) or (key in elsewhere and not self._alone):
                continue
            if key in bound:
                self._found.stays.append((href, BINDS))
                kept = True
                continue
            if key in standing.done:
                self._marker(done_href(settings.registry, key))
            self._marker(href)
        self._owner(kept=kept)

    @property
    def _alone(self) -> bool:
        """True where the registry is this folder's own, not that of a whole login."""
        return self._settings.registry == self._settings.owner_folder

    def _of_this_folder(self, href: Href) -> bool:
        """True for a marker of ours that binds a request of this folder; what is none of ours is told where it lies."""
        found = read_mark(self._folder, href, self._parts.sealer)
        if found is None:
            return False
        reading, mark, _ = found
        if reading is Reading.WHOLE and isinstance(mark, Sent):
            return self._alone or mark.folder == self._settings.name
        if self._alone:
            self._found.stays.append((href, ANOTHERS))
        return False

    def _marker(self, href: Href) -> None:
        try:
            etag = self._folder.stat(href).etag
        except NotFound:
            return
        self._found.ours.append(Own(href=href, what=MARKER, etag=etag))

    def _owner(self, *, kept: bool) -> None:
        """``kept``: markers stay, which this connector alone can read; where they lie beside, so does its mark."""
        settings = self._settings
        href = owner_href(settings)
        try:
            etag = self._folder.stat(href).etag
        except NotFound:
            return
        if anothers(self._parts, settings) is not None:
            self._found.stays.append((href, ANOTHERS))
            return
        if kept and self._alone:
            self._found.stays.append((href, BINDS))
            return
        self._found.ours.append(Own(href=href, what=OWNER, etag=etag))
        going = {own.href for own in self._found.ours}
        there = {entry.href for entry in self._folder.list(settings.owner_folder).entries}
        if there <= going:
            self._found.ours.append(Own(href=settings.owner_folder, what=HIDDEN, is_folder=True))
        else:
            self._found.stays.append((settings.owner_folder, NOT_EMPTY))


_OVERVIEWS: Final = frozenset(map(names.comparable, names.OVERVIEW_NAMES.values()))
_NOTICES: Final = frozenset(map(names.comparable, names.PAUSE_NAMES.values()))
_NOT_LOOKED_INTO: Final = frozenset(
    map(names.comparable, (names.REGISTRY_FOLDER, names.CONNECTOR_FOLDER, names.MODELS_FOLDER))
)


def _documents(entries: tuple[Entry, ...]) -> Iterator[FileId]:
    for entry in entries:
        if entry.file_id is not None and (names.is_pdf(entry.name) or names.is_image(entry.name)):
            yield entry.file_id
