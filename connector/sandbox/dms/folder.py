"""The Nextcloud folder: what writing, deleting, moving and restoring do to files, versions, tags and locks.

Both the HTTP handlers and a test's person act through it, so that ids, ETags and versions always agree.
"""

from __future__ import annotations

import itertools
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms.annotations import Annotations
from connector.sandbox.dms.ledger import Ledger
from connector.sandbox.dms.locks import LockTable
from connector.sandbox.dms.tree import Node, Tree
from connector.sandbox.dms.versions import Version, VersionShelf

LONGEST_NAME_ON_DISK = 255
READ, UPDATE, CREATE, DELETE, RESHARE = 1, 2, 4, 8, 16
"""Rights of a share, as the OCS API counts them."""
EVERYTHING = READ | UPDATE | CREATE | DELETE | RESHARE


@dataclass(frozen=True)
class Link:
    """A share with people who have no login here. ``path`` below the root; empty: above all that the login sees.

    ``kind``: 3 a public link, 4 a link by e-mail, 6 a user of another cloud; ``rights`` as for shares: CREATE alone is
    a file request.
    """

    path: str
    rights: int = READ | UPDATE | CREATE | DELETE
    kind: int = 3
    by: str = "alice"


class NextcloudFolder:
    """Files with their history. ``quota_bytes`` None is unlimited; ``read_only`` holds folder paths.

    ``shares`` are folders that others share with this login: path → sum of READ, UPDATE, CREATE, DELETE, RESHARE.
    """

    def __init__(self, files: Path, state: Path, ledger: Ledger, clock: SandboxClock) -> None:
        self.tree = Tree(files, ledger, clock)
        self.versions = VersionShelf(state / "versions", ledger)
        self.annotations = Annotations(ledger)
        self.locks = LockTable(ledger, clock)
        self.quota_bytes: int | None = None
        self.read_only: set[str] = set()
        self.shares: dict[str, int] = {}
        self.owners: dict[str, str] = {}
        """Whose such a folder is: path → user id; without one it is one's own."""
        self.links: list[Link] = []
        """Through what people without a login reach files: public links and the like, whoever made them."""
        self.external: set[str] = set()
        """Folders on an external storage, where others write behind the server's back."""
        self.windows_names = False
        """True: names that Windows does not take are refused (``occ files:windows-compatible-filenames``)."""
        self.versions_app = True
        """False: files_versions is off, old contents are kept nowhere."""
        self._trash = state / "trash"
        self._staging = state / "staging"

    def is_read_only(self, path: str) -> bool:
        """Tell whether ``path`` lies at or below a read-only folder ("" is the whole root)."""
        return any(not top or path == top or path.startswith(top + "/") for top in self.read_only)

    def is_external(self, path: str) -> bool:
        """Tell whether ``path`` lies on an external storage: it is looked at anew only when a folder is listed."""
        return any(path == top or path.startswith(f"{top}/") for top in self.external)

    def share_of(self, path: str) -> str | None:
        """Return the innermost shared folder that holds ``path``, or is it."""
        tops = [top for top in self.shares if path == top or path.startswith(f"{top}/")]
        return max(tops, key=len, default=None)

    def owner_of(self, path: str, user: str) -> str:
        """Return whose a file is: the owner of the share it lies in, whoever put it there (facts section 9)."""
        tops = [top for top in self.owners if path == top or path.startswith(f"{top}/")]
        return self.owners[max(tops, key=len)] if tops else user

    def links_to(self, path: str) -> list[Link]:
        """Return the links to this very file or folder."""
        return [link for link in self.links if link.path == path]

    def links_above(self, path: str) -> list[Link]:
        """Return the links to the folders above it, the nearest first, those above what the login sees at last."""
        found = [link for link in self.links if link.path and path.startswith(link.path + "/")]
        beyond = [link for link in self.links if not link.path]
        return [*sorted(found, key=lambda link: -len(link.path)), *beyond]

    def rights(self, path: str) -> int:
        """Return what may be done with ``path``: that of its share (facts section 9), everything in one's own files."""
        if self.is_read_only(path):
            return READ | RESHARE  # "view only", as it is given where sharing on is not switched off
        top = self.share_of(path)
        return EVERYTHING if top is None else self.shares[top]

    def available_bytes(self) -> int | None:
        """Return what the quota leaves, None if unlimited."""
        return None if self.quota_bytes is None else max(0, self.quota_bytes - self.tree.size_of(""))

    def read(self, node: Node) -> bytes | None:
        """Return the bytes on disk and let the server see them (trap 1); None if they have vanished."""
        try:
            data = self.tree.disk(node.path).read_bytes()
        except FileNotFoundError:
            self.tree.forget(node.path)
            return None
        self.tree.refresh(node)
        return data

    def write(
        self, path: str, data: bytes, author: str, *, mtime: int | None = None, checksum: str = ""
    ) -> Node:
        """Write a whole file; the content that stood there becomes a version (facts section 4)."""
        self._shelve(path, self.tree.now() if mtime is None else mtime)
        node = self.tree.write(path, data, mtime=mtime, checksum=checksum)
        self.versions.note(node.fileid, node.mtime, author=author)
        return node

    def replace(
        self, path: str, data: bytes, author: str, *, mtime: int | None = None, checksum: str = ""
    ) -> Node:
        """Like ``write``, but the file on disk changes in one step, as a chunked upload's MOVE does."""
        self._shelve(path, self.tree.now() if mtime is None else mtime)
        self._staging.write_bytes(data)
        shutil.copymode(self.tree.files, self._staging)
        self._staging.chmod(0o644)
        try:
            self._staging.replace(self.tree.disk(path))
        except OSError:  # another file system: not in one step, but done
            shutil.move(self._staging, self.tree.disk(path))
        node = self.tree.settle(path, mtime=mtime, checksum=checksum)
        self.versions.note(node.fileid, node.mtime, author=author)
        return node

    def tear(self, path: str, torso: bytes) -> None:
        """A PUT broke off: an overwrite is torn in place, a new file never appears (trap 1)."""
        if self.tree.get(path) is not None:
            self._shelve(path, self.tree.now())
            self.tree.tear(path, torso)

    def delete(self, path: str, *, skip_trash: bool = False) -> None:
        """Delete into the trash; file ids and versions are gone with it (facts section 4)."""
        disk = self.tree.disk(path)
        if skip_trash and disk.is_dir():
            shutil.rmtree(disk)
        elif skip_trash:
            disk.unlink(missing_ok=True)
        elif disk.exists():
            self._trash.mkdir(exist_ok=True)
            shutil.move(disk, self._free_trash_place(disk.name))
        for node in self.tree.forget(path):
            self.versions.forget(node.fileid)
            self.annotations.forget(node.fileid)
            self.locks.drop(node.fileid)

    def move(self, src: str, dst: str) -> None:
        """Move; what stands at ``dst`` goes to the trash with its id and history (facts section 5)."""
        if self.tree.get(dst) is not None:
            self.delete(dst)
        self.tree.move(src, dst)

    def copy(self, src: str, dst: str, author: str) -> None:
        """Copy; what stands at ``dst`` goes to the trash; copies have ids of their own."""
        if self.tree.get(dst) is not None:
            self.delete(dst)
        self.tree.copy(src, dst)
        for node in self.tree.walk(dst):
            if not node.folder:
                self.versions.note(node.fileid, node.mtime, author=author)

    def restore(self, node: Node, stamp: int) -> bool:
        """Make an old version current: same id, new ETag, its old mtime (facts section 4). False: not there."""
        if self.versions.data(node.fileid, stamp) is None:
            return False
        self._shelve(node.path, stamp)
        data = self.versions.take(node.fileid, stamp)
        self.tree.write(node.path, data or b"", mtime=stamp)
        return True

    def versions_of(self, node: Node) -> list[Version]:
        """Return the current content's entry, then the kept versions, newest first (facts section 4)."""
        current = self.versions.describe(node.fileid, node.mtime, node.size)
        kept = [version for version in self.versions.kept(node.fileid) if version.stamp != node.mtime]
        return [current, *kept]

    def mkdir(self, path: str) -> Node:
        """Make one folder."""
        return self.tree.mkdir(path)

    def thin(self) -> int:
        """Thin every file's versions as the background job does; returns how many went."""
        now = self.tree.now()
        return sum(self.versions.thin(node.fileid, now) for node in self.tree.walk("") if not node.folder)

    def _shelve(self, path: str, next_stamp: int) -> None:
        node = self.tree.get(path)
        if node is None or not self.tree.disk(path).exists() or not self.versions_app:
            return
        stamp = int(self.tree.disk(path).stat().st_mtime)
        # Two contents of one second leave one version (trap 7): the older one is not kept at all.
        if stamp != next_stamp:
            self.versions.keep(node.fileid, stamp, self.tree.disk(path).read_bytes())

    def _free_trash_place(self, name: str) -> Path:
        for number in itertools.count():
            suffix = f".d{self.tree.now()}" + (f"-{number}" if number else "")
            # The suffix must not push a long name beyond what a file system takes.
            kept = name.encode()[: LONGEST_NAME_ON_DISK - len(suffix)].decode(errors="ignore")
            place = self._trash / (kept + suffix)
            if not place.exists():
                return place
        raise AssertionError("unreachable")


class PlainFolder:
    """The same acts on a folder without ids and versions; every mtime comes from the sandbox's clock."""

    def __init__(self, files: Path, clock: SandboxClock) -> None:
        self.files = files
        self._clock = clock

    def disk(self, path: str) -> Path:
        """Return where ``path`` lies; names are taken as they are, NFC or not."""
        return self.files / path.strip("/")

    def stamp(self, *places: Path) -> None:
        """Give files and folders that exist the clock's time."""
        now = self._clock.timestamp()
        for place in places:
            if place.exists():
                os.utime(place, (now, now))

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file."""
        new = not self.disk(path).exists()
        self.disk(path).write_bytes(data)
        self.stamp(self.disk(path), *([self.disk(path).parent] if new else []))

    def delete(self, path: str) -> None:
        """Delete for good."""
        disk = self.disk(path)
        if disk.is_dir():
            shutil.rmtree(disk)
        else:
            disk.unlink()
        self.stamp(disk.parent)

    def move(self, src: str, dst: str) -> None:
        """Move to ``dst``, over what may stand there."""
        shutil.move(self.disk(src), self.disk(dst))
        self.stamp(self.disk(src).parent, self.disk(dst).parent)

    def copy(self, src: str, dst: str) -> None:
        """Copy a file or a folder."""
        if self.disk(src).is_dir():
            shutil.copytree(self.disk(src), self.disk(dst))
        else:
            shutil.copyfile(self.disk(src), self.disk(dst))
        self.stamp(self.disk(dst), self.disk(dst).parent)

    def mkdir(self, path: str) -> None:
        """Make one folder."""
        self.disk(path).mkdir()
        self.stamp(self.disk(path), self.disk(path).parent)
