"""What the steps ask of a WebDAV server: :class:`Folder`, and the values it answers in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NewType, Protocol

if TYPE_CHECKING:
    from connector.ports.tree import Tree

from connector.ports.annotations import Annotations, FileId

Href = NewType("Href", str)
"""Decoded path below the server's root URL, beginning with "/", spelled as the server spells it.

Folders end with "/". Bytes that are not UTF-8 are kept by surrogate escapes."""


def folder_of(href: str) -> Href:
    """Return the folder in which something lies."""
    return Href(href.rstrip("/").rpartition("/")[0] + "/")


ETag = NewType("ETag", str)
"""Opaque tag without quotes and without ``W/``."""

Sha256 = NewType("Sha256", str)
"""64 lower-case hexadecimal digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file or folder as a listing shows it. ``size`` in bytes, None for folders and where absent."""

    href: Href
    is_folder: bool
    etag: ETag | None = None
    weak_etag: bool = False
    size: int | None = None
    modified: datetime | None = None
    file_id: FileId | None = None
    permissions: str | None = None
    owner: str | None = None

    @property
    def name(self) -> str:
        """Last part of the href, without the slash of a folder."""
        return self.href.rstrip("/").rsplit("/", 1)[-1]

    @property
    def parent(self) -> Href:
        """The folder that holds it, with its slash."""
        return Href(self.href.rstrip("/").rsplit("/", 1)[0] + "/")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A *complete* answer: the folder itself and what was asked below it.

    ``date`` is the server's own ``Date``, None when it sent none: an ETag whose ``modified`` lies in the same
    second is unproven (WebDAV facts, trap 2).
    """

    folder: Entry
    entries: tuple[Entry, ...]
    date: datetime | None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a download brought. ``etag`` is None where the server does not tell, or tells a weak one only."""

    size: int
    sha256: Sha256
    etag: ETag | None
    modified: datetime | None = None
    date: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Version:
    """One kept version of a file; ``current`` marks the entry that is the present content."""

    version_id: str
    size: int | None
    modified: datetime | None
    label: str | None = None
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a server was found to do or not: ``doctor`` prints it. ``source``: how that was found out."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a server can do, found by asking it. None: it does not say; doing it finds out."""

    kind: str
    """``nextcloud`` or ``webdav``."""
    version: str | None
    """Of a Nextcloud, ``32.0.1``; elsewhere how the server calls itself, ``Apache/2.4.62``."""
    file_ids: bool
    versions: bool
    chunked_upload: bool
    search: bool
    depth_infinity: bool | None
    """None = not tried yet."""
    conditions: bool | None = None
    """Does it keep ``If-Match`` and ``If-None-Match``? None = not tried yet; where it does not, it is looked first."""
    locks: bool | None = None
    """Can a file be locked here? None = the server does not say; :meth:`Folder.lock` finds out."""
    tags: bool = False
    """Does it hang tags on files that everybody sees?"""
    tag_colors: bool = False
    comments: bool = False
    quota_bytes: int | None = None
    """What the login may still write; None: no limit, or the server does not say."""
    push: str | None = None
    """Address where changes are announced (notify_push); None: nowhere."""
    findings: tuple[Finding, ...] = ()
    """Each of these once more, with how it was found out."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Our lock on one file: other people read it, and cannot write, move or delete it.

    ``token`` opens it again; empty where the login alone does. ``until``: aware UTC, when the server lets it go
    by itself; None: never.
    """

    token: str
    until: datetime | None


class Folder(Protocol):
    """One DMS login: a WebDAV server under one account. Thread-safe.

    Reads raise Unavailable, AccessDenied, NotFound, Locked, InvalidResponse. A listing is whole or an error:
    nothing unreadable is ever an empty folder. Writes raise the same and OutcomeUnknown, PreconditionFailed,
    OutOfSpace. After the first 401 every call raises AccessDenied without asking the server, until
    :meth:`reconnect`.
    """

    name: str

    def capabilities(self) -> Capabilities:
        """Ask once, then answer from memory."""
        ...

    def reconnect(self) -> None:
        """Forget a refused login and the capabilities: the administrator has changed something."""
        ...

    def stat(self, href: Href) -> Entry:
        """Look at one file or folder (PROPFIND Depth 0). NotFound when absent."""
        ...

    def list(self, href: Href) -> Listing:
        """List one folder (PROPFIND Depth 1). NotFound when absent."""
        ...

    def walk(self, href: Href) -> Listing:
        """List everything below a folder, in as few requests as this server allows. Whole, or an error."""
        ...

    def survey(
        self, href: Href, known: Tree | None = None, *, near: Collection[Href] = (), sweep: bool = False
    ) -> Tree:
        """Return the tree below a folder as it is now, for less than a walk where this server makes that possible.

        ``known`` is what an earlier call returned: what provably has not moved since is taken from it. A server may
        not tell of files that are overwritten in place; in the folders named in ``near``, and of the files named there,
        that is seen all the same.
        ``sweep``: take nothing from ``known``, and hold it against what is found: a server whose folders did not tell
        of a change is not believed again. What lies in the connector's own folders is left out. Whole, or an error.
        """
        ...

    def open_itself(self, href: Href) -> bool | None:
        """Is one file or folder itself shared so that people without a login of this server may write to it?

        By a public link, a link by e-mail, or to another cloud. None: the server does not tell this login.
        Source: administrator's page, "Who may ask".
        """
        ...

    def open_above(self, href: Href) -> tuple[Href, ...] | None:
        """Return the folders above something that are so shared, those above what this login sees as well.

        Of these the nearest is named that the login does see; empty: none is. None as for :meth:`open_itself`.
        """
        ...

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one file. Raises OutOfSpace beyond ``max_bytes``; a short body is Unavailable."""
        ...

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Make a *new* file (PUT, If-None-Match: *). PreconditionFailed when the name is taken.

        Not idempotent: after OutcomeUnknown look before trying again. Source: RFC 9110 section 13.1.2.
        """
        ...

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Overwrite a small file of ours in place if it still has ``etag`` (PUT, If-Match).

        Never for a person's PDF: an overwriting PUT that breaks off destroys the file (WebDAV facts, trap 1).
        PreconditionFailed when it changed or is gone. Source: RFC 9110 section 13.1.1.
        """
        ...

    def replace_as_version(
        self, href: Href, content: Path, *, etag: ETag, upload: str, modified: datetime | None = None
    ) -> ETag | None:
        """Put a new version of the same file: chunked upload whose final MOVE carries the condition.

        ``upload`` names the upload (letters, digits, dashes): the same name may be used again after a crash.
        ``modified``: the time of change that the new content is to bear, whole seconds; else the server's now.
        File id and history stay. Only where :attr:`Capabilities.chunked_upload`. Source: WebDAV facts 9.
        """
        ...

    def move(self, source: Href, destination: Href) -> None:
        """Rename without overwriting (MOVE, Overwrite: F). PreconditionFailed when the name is taken."""
        ...

    def delete(self, href: Href, *, etag: ETag | None = None) -> None:
        """Remove a file of ours. NotFound when absent."""
        ...

    def make_folder(self, href: Href) -> bool:
        """Make one folder (MKCOL). True when made now, False when it was there. Parents must exist."""
        ...

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """Where a file is now, by its id; None when it is nowhere below this login. Needs ``search``."""
        ...

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """List the versions a server keeps of a file, the present content included where it lists it.

        ``modified``: the present content's time, where the caller knows it; spares one request.
        """
        ...

    def versions_are_its_writers(self, href: Href) -> bool:
        """Is what a save replaces kept as a version that whoever saved sees, and nobody else? (PROPFIND Depth 0)."""
        ...

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one kept version."""
        ...

    def label_version(self, file_id: FileId, version_id: str, label: str) -> None:
        """Name a version, which also spares it from thinning. Idempotent."""
        ...

    def lock(self, href: Href, *, note: str) -> Lock | None:
        """Lock one file for as long as this server allows; None where files cannot be locked at all.

        ``note`` is kept with the lock and tells ours from others': a lock of ours that stands there already is
        returned, so that an unanswered call may simply be made again. Locked when somebody else holds one,
        NotFound when there is no such file: none is made. A file's ETag, and those of the folders above, may move.
        Source: WebDAV facts section 8, RFC 4918 section 9.10.
        """
        ...

    def locked_by(self, href: Href) -> str:
        """Who has locked a file by hand, as people are called there; empty for nobody, and where it is not told.

        An app that has it open lets it go by itself; such a lock is lifted by its owner alone.
        """
        ...

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """Has somebody else locked a file, or has it open in an editor that says so? False where that is not told.

        ``by_hand``: do locks count that people put there by hand, and may leave there for ever?

        NotFound when there is no such file. Source: WebDAV facts section 8.
        """
        ...

    def annotations(self) -> Annotations | None:
        """What hangs on the files of this server: tags, comments; None where it knows neither."""
        ...

    def unlock(self, href: Href, *, note: str, token: str = "") -> bool:
        """Take our lock away; False when none of ours is there, so that it may be asked for twice.

        Without ``token`` it is looked for by ``note``. Locked when the lock is somebody else's.
        """
        ...
