"""``MemoryFolder``: the port ``Folder`` in memory, with the rules and the traps of a real server."""

from __future__ import annotations

import copy
import hashlib
import threading
import unicodedata
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    Locked,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
)
from connector.ports import (
    OWN_FOLDERS,
    Capabilities,
    Entry,
    ETag,
    Fetched,
    FileId,
    Href,
    Listing,
    Lock,
    Sha256,
    Tree,
    Version,
)
from tests.fakes.annotations import MemoryAnnotations

MAX_NAME_BYTES = 250
_T = TypeVar("_T")


@dataclass
class _Kept:
    content: bytes
    label: str | None = None


@dataclass
class _Held:
    """A lock: whose, by which token, with which note."""

    user: str
    token: str
    note: str


@dataclass
class _Node:
    file_id: int
    content: bytes | None
    """None for a folder."""
    second: int
    etag: str
    versions: dict[int, _Kept] = field(default_factory=dict)
    label: str | None = None
    lock: _Held | None = None


@dataclass(frozen=True)
class Logged:
    """One call: its name and the href, id or hrefs it was about."""

    name: str
    about: tuple[str, ...]


@dataclass
class _Failure:
    call: str
    error: RemoteError
    after_effect: bool
    times: int


class MemoryFolder:
    """A folder in memory. ``mode`` is ``nextcloud`` (file ids, versions, NFC) or ``plain``.

    ``timestamp`` gives seconds since the epoch; ETags have its grain of one second, as on real servers
    (WebDAV facts, trap 2): two writes within a second leave the same tag in Nextcloud mode, and with equal
    sizes in plain mode. ``locks``: whether files can be locked; a lock by user in Nextcloud mode (its owner goes on
    writing), by token in plain mode (nobody does, for the port's writes carry none).
    """

    def __init__(
        self,
        timestamp: Callable[[], float],
        *,
        mode: Literal["nextcloud", "plain"] = "nextcloud",
        name: str = "memory",
        locks: bool = True,
    ) -> None:
        self.name = name
        self.mode = mode
        self.locks = locks
        self.user = "signatures"
        """Whose login calls: a test may change it."""
        self.calls: list[Logged] = []
        self._timestamp = timestamp
        self._lock = threading.RLock()
        self._ids = 0
        self._changes = 0
        self._nodes: dict[str, _Node] = {}
        self._failures: list[_Failure] = []
        self._tear: int | None = None
        self._denied = False
        self._stopped = False
        self.between: Callable[[], None] | None = None
        """Called once, after the next conditional write has found its condition kept and before it writes: real servers
        check, and then write (WebDAV facts, trap 3)."""
        self._nodes["/"] = self._new(None)
        self.hung = MemoryAnnotations(self._has_id, lambda: self.user)

    # -- what a test tells it --------------------------------------------------------------------

    def fail(self, call: str, error: RemoteError, *, after_effect: bool = False, times: int = 1) -> None:
        """Let the next ``times`` calls of that name raise, before or after their effect."""
        self._failures.append(_Failure(call, error, after_effect, times))

    def tear_next_replace(self, at: int) -> None:
        """Let the next overwrite in place break off after ``at`` bytes: that much stays (trap 1)."""
        self._tear = at

    def deny_login(self, denied: bool = True) -> None:
        """Let the server refuse the login from now on, or accept it again."""
        self._denied = denied

    def put(self, href: str, content: bytes) -> None:
        """Do what a person does: write a file, with the folders above it, unconditionally and uncounted."""
        with self._lock:
            for parent in _ancestors(href):
                self._nodes.setdefault(self._spelled(parent), self._new(None))
            node = self._nodes.get(self._spelled(href))
            if node is None:
                self._nodes[self._spelled(href)] = self._new(content)
                self._touch(href)
            else:
                self._overwrite(href, node, content)

    def content(self, href: str) -> bytes | None:
        """Return the bytes of a file, None if there is none."""
        node = self._nodes.get(self._spelled(href))
        return None if node is None else node.content

    def take_away(self, href: str) -> None:
        """Do what a person does: delete a file, or a folder with all below it. Its versions go with it."""
        with self._lock:
            spelled, _ = self._find(href)
            for key in self._below(spelled):
                del self._nodes[key]
            self._touch(spelled)

    def rename(self, source: str, destination: str) -> None:
        """Do what a person does: move a file, or a folder with all below it, to a free name."""
        with self._lock:
            self._carry(source, destination)

    def copy(self, source: str, destination: str) -> None:
        """Do what a person does: copy a file; the copy has an id and a history of its own."""
        with self._lock:
            self.put(destination, self._file(source).content or b"")

    def go_back(self, href: str) -> bool:
        """Do what a person does: restore the oldest version of a file; False where none is kept.

        The id stays, the tag is new, the time goes back to the version's, and what lay there becomes a version
        (WebDAV facts 4).
        """
        with self._lock:
            node = self._file(href)
            if not node.versions:
                return False
            second = min(node.versions)
            kept = node.versions.pop(second)
            node.versions[node.second] = _Kept(node.content or b"", node.label)
            node.second, node.content, node.label = second, kept.content, kept.label
            self._changes += 1
            node.etag = f"{self._changes:032x}"
            self._touch(href)
            return True

    def files(self) -> dict[str, bytes]:
        """Return every file by its href."""
        return {href: node.content for href, node in self._nodes.items() if node.content is not None}

    def kept(self) -> list[bytes]:
        """Return what is kept as earlier versions of the files that are there."""
        return [kept.content for node in self._nodes.values() for kept in node.versions.values()]

    def history(self, href: str) -> list[bytes]:
        """Return what is kept as earlier versions of one file."""
        return [kept.content for kept in self._file(href).versions.values()]

    def replica(self, timestamp: Callable[[], float]) -> MemoryFolder:
        """Return a server of its own that holds the same, with the same ids, times and tags, under another clock."""
        twin = MemoryFolder(timestamp, mode=self.mode, name=self.name, locks=self.locks)
        twin.user, twin._ids, twin._changes = self.user, self._ids, self._changes
        twin._nodes = copy.deepcopy(self._nodes)
        return twin

    # -- the port ----------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        """Tell what the mode can do."""
        self._begin("capabilities")
        rich = self.mode == "nextcloud"
        return Capabilities(
            kind="nextcloud" if rich else "webdav",
            version="32.0.1" if rich else None,
            file_ids=rich,
            versions=rich,
            chunked_upload=rich,
            search=rich,
            depth_infinity=True,
            locks=self.locks,
            tags=rich,
            tag_colors=rich,
            comments=rich,
        )

    def annotations(self) -> MemoryAnnotations | None:
        """Tags and comments, in Nextcloud mode."""
        return self.hung if self.mode == "nextcloud" else None

    def reconnect(self) -> None:
        """Forget a refused login."""
        self.calls.append(Logged("reconnect", ()))
        self._stopped = False

    def stat(self, href: Href) -> Entry:
        """Look at one thing."""
        with self._begin("stat", href):
            return self._entry(*self._find(href))

    def list(self, href: Href) -> Listing:
        """List one folder."""
        with self._begin("list", href):
            return self._listing(href, deep=False)

    def walk(self, href: Href) -> Listing:
        """List everything below."""
        with self._begin("walk", href):
            return self._listing(href, deep=True)

    def survey(
        self, href: Href, known: Tree | None = None, *, near: Collection[Href] = (), sweep: bool = False
    ) -> Tree:
        """Walk: looking costs nothing here."""
        return Tree.of(self.walk(href), apart=OWN_FOLDERS)

    def open_itself(self, href: Href) -> bool | None:
        """Nobody shares anything here; only Nextcloud tells."""
        with self._begin("open_itself", href):
            return False if self.mode == "nextcloud" else None

    def open_above(self, href: Href) -> tuple[Href, ...] | None:
        """Nobody shares anything here; only Nextcloud tells."""
        with self._begin("open_above", href):
            return () if self.mode == "nextcloud" else None

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one file."""
        with self._begin("get", href):
            node = self._file(href)
            entry = self._entry(self._spelled(href), node)
            return self._give(node.content or b"", into, max_bytes, entry.etag, entry.modified)

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Make a new file."""
        with self._begin("create", href):
            spelled = self._free(href)
            self._nodes[spelled] = self._new(_bytes(content))
            self._touch(spelled)
            return self._end("create", ETag(self._nodes[spelled].etag))

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Overwrite in place if the tag still holds."""
        with self._begin("replace", href):
            node = self._tagged(href, etag)
            self._meanwhile()
            data = _bytes(content)
            if self._tear is not None:
                torn, self._tear = data[: self._tear], None
                # The server goes on showing the old size and tag until somebody reads.
                node.content = torn
                raise OutcomeUnknown("cut", service=self.name, operation="replace")
            self._overwrite(href, node, data)
            return self._end("replace", ETag(node.etag))

    def replace_as_version(
        self, href: Href, content: Path, *, etag: ETag, upload: str, modified: datetime | None = None
    ) -> ETag | None:
        """Put a new version; id and history stay."""
        with self._begin("replace_as_version", href, upload):
            self._only_nextcloud()
            node = self._tagged(href, etag)
            self._meanwhile()
            self._overwrite(href, node, content.read_bytes(), modified)
            return self._end("replace_as_version", ETag(node.etag))

    def move(self, source: Href, destination: Href) -> None:
        """Rename a file or folder with all below it."""
        with self._begin("move", source, destination):
            self._may_write(self._find(source)[1])
            self._carry(source, destination)
            self._end("move", None)

    def delete(self, href: Href, *, etag: ETag | None = None) -> None:
        """Remove a file, or a folder with all below it."""
        with self._begin("delete", href):
            spelled, node = self._find(href)
            if etag is not None:
                self._tagged(href, etag)
            self._may_write(node)
            for key in self._below(spelled):
                del self._nodes[key]
            self._touch(spelled)
            self._end("delete", None)

    def make_folder(self, href: Href) -> bool:
        """Make one folder."""
        with self._begin("make_folder", href):
            folder = self._spelled(href.rstrip("/") + "/")
            if folder in self._nodes:
                return False
            spelled = self._free(Href(folder))
            self._nodes[spelled] = self._new(None)
            self._touch(spelled)
            self._end("make_folder", None)
            return True

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """Find a file by its id."""
        with self._begin("find_by_id", file_id):
            self._only_nextcloud()
            found = (item for item in self._nodes.items() if str(item[1].file_id) == file_id)
            item = next(found, None)
            return None if item is None else self._entry(*item)

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """List the present content and the kept ones, newest first."""
        with self._begin("versions", file_id):
            node = self._by_id(file_id)
            every = {**node.versions, node.second: _Kept(node.content or b"", node.label)}
            return tuple(
                Version(
                    version_id=str(second),
                    size=len(kept.content),
                    modified=datetime.fromtimestamp(second, tz=UTC),
                    label=kept.label,
                    current=second == node.second,
                )
                for second, kept in sorted(every.items(), reverse=True)
            )

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one version."""
        with self._begin("get_version", file_id, version_id):
            node = self._by_id(file_id)
            if version_id == str(node.second):
                return self._give(node.content or b"", into, max_bytes, None, None)
            kept = node.versions.get(int(version_id) if version_id.isdigit() else -1)
            if kept is None:
                raise NotFound("no such version", service=self.name)
            return self._give(kept.content, into, max_bytes, None, None)

    def label_version(self, file_id: FileId, version_id: str, label: str) -> None:
        """Name a version."""
        with self._begin("label_version", file_id, version_id, label):
            node = self._by_id(file_id)
            if version_id == str(node.second):
                node.label = label
            elif version_id.isdigit() and int(version_id) in node.versions:
                node.versions[int(version_id)].label = label
            else:
                raise NotFound("no such version", service=self.name)
            self._end("label_version", None)

    def lock(self, href: Href, *, note: str) -> Lock | None:
        """Lock a file."""
        with self._begin("lock", href):
            node = self._file(href)
            if not self.locks:
                return None
            if node.lock is None:
                self._ids += 1
                token = "" if self.mode == "nextcloud" else f"opaquelocktoken:{self._ids}"
                node.lock = _Held(self.user, token, note)
                self._restamp(href, node)
            elif not self._is_mine(node.lock, note):
                raise Locked("somebody else's", service=self.name, status=423)
            return self._end("lock", Lock(token=node.lock.token, until=None))

    def unlock(self, href: Href, *, note: str, token: str = "") -> bool:
        """Take our lock away."""
        with self._begin("unlock", href):
            node = self._file(href)
            held = node.lock
            if held is None:
                return False
            if self.mode == "nextcloud" and held.user != self.user:
                raise Locked("somebody else's", service=self.name, status=423)
            if self.mode == "plain" and (held.token != token if token else held.note != note):
                return False
            node.lock = None
            self._restamp(href, node)
            return self._end("unlock", True)

    def versions_are_its_writers(self, href: Href) -> bool:
        """Nothing is mounted here."""
        return False

    def locked_by(self, href: Href) -> str:
        """Tell who has locked a file."""
        with self._begin("locked_by", href):
            held = self._file(href).lock
            return "" if held is None or self.mode == "plain" else held.user

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """Tell whether somebody else has locked a file, by hand; a server that is no Nextcloud does not tell."""
        if self.mode == "plain" or not self.locks:
            return False
        with self._begin("is_being_edited", href):
            held = self._file(href).lock
            return by_hand and held is not None and held.user != self.user

    # -- how it works ------------------------------------------------------------------------------

    def _begin(self, call: str, *about: str) -> AbstractContextManager[object]:
        self.calls.append(Logged(call, about))
        if self._stopped or self._denied:
            self._stopped = True
            raise AccessDenied("refused", service=self.name, operation=call, status=401)
        self._raise_failure(call, after_effect=False)
        return self._lock

    def _end(self, call: str, result: _T) -> _T:
        self._raise_failure(call, after_effect=True)
        return result

    def _raise_failure(self, call: str, *, after_effect: bool) -> None:
        for failure in self._failures:
            if failure.call == call and failure.after_effect is after_effect and failure.times > 0:
                failure.times -= 1
                raise failure.error

    def _below(self, spelled: str) -> list[str]:
        """Return a file alone, or a folder and all below it."""
        inside = spelled.endswith("/")
        return [key for key in self._nodes if key == spelled or (inside and key.startswith(spelled))]

    def _carry(self, source: str, destination: str) -> None:
        spelled, _ = self._find(source)
        target = self._free(destination)
        for old in self._below(spelled):
            self._nodes[target + old[len(spelled) :]] = self._nodes.pop(old)
        self._touch(spelled)
        self._touch(target)

    def _meanwhile(self) -> None:
        between, self.between = self.between, None
        if between is not None:
            between()

    def _new(self, content: bytes | None) -> _Node:
        self._ids += 1
        node = _Node(self._ids, content, int(self._timestamp()), "")
        node.etag = self._tag(node)
        return node

    def _tag(self, node: _Node) -> str:
        if node.content is None:
            self._changes += 1
            return f"{self._changes:013x}"
        facts = f"{node.file_id}-{node.second}-{len(node.content)}"
        return hashlib.md5(facts.encode(), usedforsecurity=False).hexdigest()

    def _overwrite(self, href: str, node: _Node, content: bytes, modified: datetime | None = None) -> None:
        second = int(self._timestamp() if modified is None else modified.timestamp())
        if second != node.second:
            if self.mode == "nextcloud":
                node.versions[node.second] = _Kept(node.content or b"", node.label)
            node.second, node.label, node.content = second, None, content
            node.etag = self._tag(node)
        else:
            node.content = content
            # Nextcloud keeps the tag within one second even when the size differs.
            node.etag = node.etag if self.mode == "nextcloud" else self._tag(node)
        self._touch(href)

    def _is_mine(self, held: _Held, note: str) -> bool:
        return held.user == self.user if self.mode == "nextcloud" else held.note == note

    def _restamp(self, href: str, node: _Node) -> None:
        """Nextcloud gives a file another tag when it is locked or unlocked (WebDAV facts, trap 6)."""
        if self.mode == "nextcloud":
            self._changes += 1
            node.etag = f"{self._changes:013x}"
            self._touch(href)

    def _may_write(self, node: _Node) -> None:
        if node.lock is not None and (self.mode == "plain" or node.lock.user != self.user):
            raise Locked("locked", service=self.name, status=423)

    def _touch(self, href: str) -> None:
        above = _ancestors(href)
        for parent in above if self.mode == "nextcloud" else above[-1:]:
            node = self._nodes.get(self._spelled(parent))
            if node is not None:
                node.second, node.etag = int(self._timestamp()), self._tag(node)

    def _spelled(self, href: str) -> str:
        return unicodedata.normalize("NFC", href) if self.mode == "nextcloud" else href

    def _find(self, href: str) -> tuple[str, _Node]:
        spelled = self._spelled(href)
        for key in (spelled, spelled.rstrip("/") + "/", spelled.rstrip("/")):
            if key in self._nodes:
                return key, self._nodes[key]
        raise NotFound("not there", service=self.name, status=404)

    def _file(self, href: str) -> _Node:
        node = self._nodes.get(self._spelled(href))
        if node is None or node.content is None:
            raise NotFound("no such file", service=self.name, status=404)
        return node

    def _tagged(self, href: str, etag: ETag) -> _Node:
        node = self._nodes.get(self._spelled(href))
        if node is None or node.content is None or node.etag != etag:
            raise PreconditionFailed("changed or gone", service=self.name, status=412)
        self._may_write(node)
        return node

    def _free(self, href: str) -> str:
        spelled = self._spelled(href)
        bare = spelled.rstrip("/")
        if len(bare.rsplit("/", 1)[-1].encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
            raise InvalidResponse("the name is too long", service=self.name, status=400)
        if bare.rsplit("/", 1)[0] + "/" not in self._nodes:
            raise NotFound("the parent folder is missing", service=self.name, status=409)
        if bare in self._nodes or bare + "/" in self._nodes:
            raise PreconditionFailed("the name is taken", service=self.name, status=412)
        return spelled

    def _has_id(self, file_id: str) -> bool:
        return any(str(node.file_id) == file_id for node in self._nodes.values())

    def _by_id(self, file_id: str) -> _Node:
        self._only_nextcloud()
        for node in self._nodes.values():
            if str(node.file_id) == file_id and node.content is not None:
                return node
        raise NotFound("no file has this id", service=self.name, status=404)

    def _only_nextcloud(self) -> None:
        if self.mode != "nextcloud":
            raise InvalidResponse("this is no Nextcloud", service=self.name)

    def _entry(self, href: str, node: _Node) -> Entry:
        rich = self.mode == "nextcloud"
        return Entry(
            href=Href(href),
            is_folder=node.content is None,
            etag=ETag(node.etag) if rich or node.content is not None else None,
            size=None if node.content is None else len(node.content),
            modified=datetime.fromtimestamp(node.second, tz=UTC),
            file_id=FileId(str(node.file_id)) if rich else None,
            permissions=("RGDNVW" if node.content is not None else "RGDNVCK") if rich else None,
            owner="memory" if rich else None,
        )

    def _listing(self, href: str, *, deep: bool) -> Listing:
        spelled, node = self._find(href)
        if node.content is not None:
            raise NotFound("a file of that name, no folder", service=self.name)
        below = [
            self._entry(key, child)
            for key, child in self._nodes.items()
            if key != spelled and key.startswith(spelled)
        ]
        entries = tuple(entry for entry in below if deep or entry.parent == spelled)
        date = datetime.fromtimestamp(int(self._timestamp()), tz=UTC)
        return Listing(folder=self._entry(spelled, node), entries=entries, date=date)

    def _give(
        self,
        content: bytes,
        into: BinaryIO,
        max_bytes: int,
        etag: ETag | None,
        modified: datetime | None,
    ) -> Fetched:
        if len(content) > max_bytes:
            raise OutOfSpace("more than allowed", service=self.name)
        into.write(content)
        return Fetched(
            size=len(content),
            sha256=Sha256(hashlib.sha256(content).hexdigest()),
            etag=etag,
            modified=modified,
            date=datetime.fromtimestamp(int(self._timestamp()), tz=UTC),
        )


def _ancestors(href: str) -> list[str]:
    """Return the folders above a href, the root first."""
    parts = href.strip("/").split("/")[:-1]
    return ["/", *("/" + "/".join(parts[: n + 1]) + "/" for n in range(len(parts)))]


def _bytes(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()
