"""The port ``Folder`` over a directory of this machine: what ``lint`` and ``preview`` look at. Reads only.

Hrefs begin with ``root``, as the watched folder's do. Only what an author put there is shown: directories that are
never looked into for requests (``.git``, ``.signature``, the models) are not entered, links to directories neither.
Every write raises :class:`~connector.cli.read_only.WriteRefused`.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from connector.cli.read_only import RefusesWrites
from connector.errors import AccessDenied, NotFound, OutOfSpace, RemoteError, Unavailable
from connector.ports import (
    OWN_FOLDERS,
    Capabilities,
    Entry,
    ETag,
    Fetched,
    FileId,
    Href,
    Listing,
    Sha256,
    Tree,
    Version,
)
from connector.sidecar import names

_PIECE = 1 << 16


@dataclass(frozen=True)
class Area:
    """A part of the tree that is shown: one directory, with all below it where ``deep``."""

    directory: Path
    deep: bool


class LocalFolder(RefusesWrites):
    """One directory. ``areas`` lie in it; the directories above them, as far as it, are shown without what is below.

    ``shown`` is asked for each file whether it is listed at all. What could not be listed is in ``unreadable`` after
    :meth:`walk`: (path, reason).
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        *,
        root: Href,
        areas: Sequence[Area] = (),
        shown: Callable[[Path], bool] = lambda _path: True,
    ) -> None:
        self.name = name
        self.unreadable: list[tuple[Path, str]] = []
        self._directory = directory
        self.root = root
        self._areas = tuple(areas) or (Area(directory, deep=True),)
        self._shown = shown

    def path_of(self, href: str) -> Path:
        """Return where a file of this folder is. Raises NotFound for an href outside of it."""
        below = href.removeprefix(self.root)
        if below == href and href != self.root:
            raise NotFound("outside of this folder", service=self.name, operation="get")
        parts = [part for part in below.split("/") if part]
        if {".", ".."} & set(parts):
            raise NotFound("outside of this folder", service=self.name, operation="get")
        return self._directory.joinpath(*parts)

    def href_of(self, path: Path, *, folder: bool = False) -> Href:
        """Return the href of a path in this folder."""
        below = path.relative_to(self._directory).as_posix()
        if below == ".":
            return self.root
        return Href(f"{self.root}{below}{'/' if folder else ''}")

    # -- reads -----------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        """Tell that this is no Nextcloud."""
        return Capabilities(
            kind="webdav",
            version=None,
            file_ids=False,
            versions=False,
            chunked_upload=False,
            search=False,
            depth_infinity=True,
        )

    def reconnect(self) -> None:
        """Nothing was remembered."""

    def stat(self, href: Href) -> Entry:
        """Look at one file or directory."""
        path = self.path_of(href)
        with self._errors("stat"):
            return self._entry(path, path.stat())

    def list(self, href: Href) -> Listing:
        """List one directory."""
        directory = self.path_of(href)
        with self._errors("list"):
            entries = [entry for entry, _ in self._children(directory)]
            return Listing(folder=self._entry(directory, directory.stat()), entries=tuple(entries), date=None)

    def walk(self, href: Href) -> Listing:
        """List the areas that lie below ``href`` and the directories above them, each once, in order."""
        top = self.path_of(href)
        self.unreadable.clear()
        found: dict[Href, Entry] = {}
        for area in self._areas:
            above = [one for one in area.directory.parents if one.is_relative_to(top)]
            for directory in reversed(above):
                found |= {entry.href: entry for entry in self._below(directory, deep=False)}
            found |= {entry.href: entry for entry in self._below(area.directory, deep=area.deep)}
        with self._errors("walk"):
            folder = self._entry(top, top.stat())
        return Listing(folder=folder, entries=tuple(found.values()), date=None)

    def survey(
        self, href: Href, known: Tree | None = None, *, near: Collection[Href] = (), sweep: bool = False
    ) -> Tree:
        """Walk: looking costs nothing here."""
        return Tree.of(self.walk(href), apart=OWN_FOLDERS)

    def versions_are_its_writers(self, href: Href) -> bool:
        """It keeps none."""
        return False

    def locked_by(self, href: Href) -> str:
        """Not known here."""
        return ""

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """Not known here."""
        return False

    def open_itself(self, href: Href) -> bool | None:
        """Not known here."""
        return None

    def open_above(self, href: Href) -> tuple[Href, ...] | None:
        """Not known here."""
        return None

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Copy one file."""
        path, digest, size = self.path_of(href), hashlib.sha256(), 0
        with ExitStack() as stack:
            with self._errors("get"):
                if not stat.S_ISREG(path.stat().st_mode):
                    raise NotFound("not a file", service=self.name, operation="get")
                stream = stack.enter_context(path.open("rb"))
                found = os.fstat(stream.fileno())
            while piece := self._piece(stream):
                size += len(piece)
                if size > max_bytes:
                    raise OutOfSpace("more than allowed", service=self.name, operation="get")
                digest.update(piece)
                into.write(piece)
        return Fetched(
            size=size, sha256=Sha256(digest.hexdigest()), etag=_etag(found), modified=_modified(found)
        )

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """Find nothing: there are no ids here."""
        return None

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """Tell of none: none are kept here."""
        return ()

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Find none."""
        raise NotFound("no versions are kept here", service=self.name, operation="get_version")

    # -- this machine ----------------------------------------------------------------------------

    def _below(self, directory: Path, *, deep: bool) -> Iterator[Entry]:
        """Yield what lies in a directory, and below where ``deep``; what cannot be listed is remembered."""
        waiting = [directory]
        while waiting:
            here = waiting.pop()
            try:
                children = list(self._children(here))
            except OSError as error:
                self.unreadable.append((here, error.strerror or type(error).__name__))
                continue
            for entry, path in children:
                yield entry
                inside = f"{self.href_of(path)}/x".removeprefix(self.root)
                if deep and entry.is_folder and not names.is_hidden(inside):
                    waiting.append(path)

    def _children(self, directory: Path) -> Iterator[tuple[Entry, Path]]:
        with os.scandir(directory) as found:
            listed = sorted(found, key=lambda each: each.name)
        for one in listed:
            path = directory / one.name
            # Gone since, or a link that leads nowhere.
            with suppress(OSError):
                if one.is_dir(follow_symlinks=False) or (one.is_file() and self._shown(path)):
                    yield self._entry(path, one.stat()), path

    def _entry(self, path: Path, found: os.stat_result) -> Entry:
        is_folder = stat.S_ISDIR(found.st_mode)
        return Entry(
            href=self.href_of(path, folder=is_folder),
            is_folder=is_folder,
            etag=None if is_folder else _etag(found),
            size=None if is_folder else found.st_size,
            modified=_modified(found),
        )

    def _piece(self, stream: BinaryIO) -> bytes:
        with self._errors("get"):
            return stream.read(_PIECE)

    @contextmanager
    def _errors(self, operation: str) -> Iterator[None]:
        """Tell what this machine's disk says in the words of the port."""
        try:
            yield
        except OSError as error:
            told: type[RemoteError] = Unavailable
            if isinstance(error, (FileNotFoundError, NotADirectoryError)):
                told = NotFound
            elif isinstance(error, PermissionError):
                told = AccessDenied
            reason = error.strerror or type(error).__name__
            raise told(reason, service=self.name, operation=operation) from error


def _etag(found: os.stat_result) -> ETag:
    return ETag(f"{found.st_mtime_ns:x}-{found.st_size:x}")


def _modified(found: os.stat_result) -> datetime | None:
    """When it was last written; None for a time that no calendar has."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(found.st_mtime, tz=UTC)
    return None
