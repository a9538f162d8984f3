"""The files with what Nextcloud knows of them: file ids, ETags that climb, sizes as they were last scanned.

The ``files`` directory holds the bytes under their real names. A node holds what the server *believes*;
the two part after a broken overwrite, until somebody reads the file (facts section 1, trap 1).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms.ledger import Ledger


@dataclass
class Node:
    """A file or folder as the server believes it to be.

    ``path`` is relative to the root, without slashes at its ends ("" is the root); ``mtime`` is in whole
    seconds; ``size`` in bytes (0 for folders); ``props`` are dead properties by Clark name.
    """

    fileid: int
    path: str
    folder: bool
    etag: str
    mtime: int
    size: int = 0
    uploaded: int = 0
    checksum: str = ""
    favorite: bool = False
    props: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def parent_of(path: str) -> str:
    """Return the path of the folder that holds ``path``."""
    return path.rpartition("/")[0]


def clean(path: str) -> str:
    """Return ``path`` as stored: single slashes, none at the ends, NFC (facts section 10, names)."""
    return unicodedata.normalize("NFC", "/".join(part for part in path.split("/") if part))


class Tree:
    """Nodes by path, kept in step with the directory ``files``."""

    def __init__(self, files: Path, ledger: Ledger, clock: SandboxClock) -> None:
        self.files = files
        self._ledger = ledger
        self._clock = clock
        self._nodes: dict[str, Node] = {}
        self._children: dict[str, dict[str, Node]] = {}
        self._last_uniqid_us = 0
        self._last_fileid = 1
        for record in ledger.rows("node").values():
            self._add(Node(**record))
        for record in ledger.rows("counter").values():
            self._last_fileid = int(record["fileid"])
        if "" not in self._nodes:
            self._keep(Node(self._new_fileid(), "", True, self.uniqid(), self.now()))
        self.scan()

    # -- looking ---------------------------------------------------------------------------------

    def now(self) -> int:
        """Return whole seconds since the epoch: the grain of every mtime (facts section 1, trap 2)."""
        return int(self._clock.timestamp())

    def get(self, path: str) -> Node | None:
        """Return the node at ``path`` or None."""
        return self._nodes.get(path)

    def by_id(self, fileid: int) -> Node | None:
        """Return the node with this file id or None."""
        return next((node for node in self._nodes.values() if node.fileid == fileid), None)

    def children(self, path: str) -> list[Node]:
        """Return what lies directly in a folder, by name."""
        inside = self._children.get(path, {})
        return [inside[name] for name in sorted(inside)]

    def walk(self, path: str) -> Iterator[Node]:
        """Yield the node at ``path`` and everything below it, parents first."""
        node = self._nodes[path]
        yield node
        for child in self.children(path):
            yield from self.walk(child.path)

    def size_of(self, path: str) -> int:
        """Return the bytes of a file, or of everything below a folder, as last scanned."""
        return sum(node.size for node in self.walk(path))

    def disk(self, path: str) -> Path:
        """Return where the bytes of ``path`` lie."""
        return self.files / path if path else self.files

    # -- changing --------------------------------------------------------------------------------

    def write(self, path: str, data: bytes, *, mtime: int | None = None, checksum: str = "") -> Node:
        """Write a whole file and scan it; keeps the file id of an existing one (facts section 4)."""
        self.disk(path).write_bytes(data)
        return self.settle(path, mtime=mtime, checksum=checksum)

    def settle(self, path: str, *, mtime: int | None = None, checksum: str = "") -> Node:
        """Take over the file that now lies at ``path``, stamp its mtime, and climb.

        The ETag stays when the mtime in seconds stays, even if the size differs; the folders' ETags
        move all the same (facts section 1, trap 2, and section 3).
        """
        stamp = self.now() if mtime is None else mtime
        os.utime(self.disk(path), (stamp, stamp))
        return self._take_over(path, stamp, checksum)

    def _take_over(self, path: str, stamp: int, checksum: str = "") -> Node:
        size = self.disk(path).stat().st_size
        node = self._nodes.get(path)
        if node is None:
            fileid = self._new_fileid()
            node = Node(fileid, path, False, self._file_etag(stamp, fileid, size), stamp, size)
        elif node.mtime != stamp:
            node.etag = self._file_etag(stamp, node.fileid, size)
        node.mtime, node.size, node.checksum, node.uploaded = stamp, size, checksum, self.now()
        self._keep(node)
        self.climb(path)
        return node

    def tear(self, path: str, torso: bytes) -> None:
        """Overwrite in place with what had arrived; the node goes on showing the old file (trap 1)."""
        self.disk(path).write_bytes(torso)
        stamp = self.now()
        os.utime(self.disk(path), (stamp, stamp))

    def refresh(self, node: Node) -> None:
        """Look at the disk again, as a GET does (trap 1): only now do size and ETag of a torso show."""
        stat = self.disk(node.path).stat()
        if (int(stat.st_mtime), stat.st_size) == (node.mtime, node.size):
            return
        self._take_over(node.path, int(stat.st_mtime))

    def touch(self, node: Node, mtime: int) -> None:
        """Give a node another mtime: its ETag moves, and every folder's above (facts section 3)."""
        os.utime(self.disk(node.path), (mtime, mtime))
        if node.mtime != mtime and not node.folder:
            node.etag = self._file_etag(mtime, node.fileid, node.size)
        node.mtime = mtime
        self._keep(node)
        self.climb(node.path)

    def mkdir(self, path: str) -> Node:
        """Make a folder whose parent exists."""
        self.disk(path).mkdir()
        node = Node(self._new_fileid(), path, True, self.uniqid(), self.now())
        self._keep(node)
        self.climb(path)
        return node

    def forget(self, path: str) -> list[Node]:
        """Drop the nodes at and below ``path`` (their bytes are the caller's) and climb."""
        gone = list(self.walk(path))
        for node in reversed(gone):
            self._drop(node)
        self.climb(path)
        return gone

    def move(self, src: str, dst: str) -> None:
        """Move to a free name: file ids, ETags and mtimes stay (facts sections 3 and 5)."""
        shutil.move(self.disk(src), self.disk(dst))
        moved = list(self.walk(src))
        for node in reversed(moved):
            self._drop(node)
        for node in moved:
            node.path = dst + node.path[len(src) :]
            self._keep(node)
        self.climb(src)
        self.climb(dst)

    def copy(self, src: str, dst: str) -> None:
        """Copy to a free name: new file ids (facts section 5)."""
        source = self._nodes[src]
        if not source.folder:
            self.write(dst, self.disk(src).read_bytes(), checksum=source.checksum)
            return
        self.mkdir(dst)
        for child in self.children(src):
            self.copy(child.path, f"{dst}/{child.name}")

    def keep(self, node: Node) -> None:
        """Remember a changed node without moving any ETag."""
        self._keep(node)

    def restamp(self, node: Node) -> None:
        """Give a file an ETag of the 13-hex form and climb, as LOCK does (facts section 1, trap 6)."""
        node.etag = self.uniqid()
        self._keep(node)
        self.climb(node.path)

    def climb(self, path: str) -> None:
        """Give every folder above ``path``, up to the root, one new ETag (facts section 3)."""
        etag = self.uniqid()
        now = self.now()
        while path:
            path = parent_of(path)
            folder = self._nodes[path]
            folder.etag, folder.mtime = etag, now
            self._keep(folder)

    def uniqid(self) -> str:
        """Return 13 hex digits that only grow: seconds and microseconds (facts section 2)."""
        stamp = max(int(self._clock.timestamp() * 1_000_000), self._last_uniqid_us + 1)
        self._last_uniqid_us = stamp
        return f"{stamp // 1_000_000:08x}{stamp % 1_000_000:05x}"

    # -- the disk, changed behind the server's back ------------------------------------------------

    def scan(self) -> None:
        """Notice what a file manager did in ``files``: new, changed and vanished entries."""
        seen = {""}
        for folder, folders, names in os.walk(self.files):
            relative = os.path.relpath(folder, self.files)
            prefix = "" if relative == "." else relative + "/"
            # A name that is not NFC cannot be asked for, so it is not listed either (facts section 10).
            folders[:] = sorted(name for name in folders if clean(name) == name)
            for name in folders:
                seen.add(prefix + name)
                self._notice_folder(prefix + name)
            for name in sorted(names):
                if clean(name) == name and not Path(folder, name).is_symlink():
                    seen.add(prefix + name)
                    self._notice_file(prefix + name)
        for path in sorted(set(self._nodes) - seen):
            if path in self._nodes:
                self.forget(path)

    def notice(self, folder: str) -> None:
        """Notice new and changed files directly in one folder, as the server does for an external storage."""
        for found in sorted(self.disk(folder).iterdir()):
            if found.is_file():
                self._notice_file(f"{folder}/{found.name}")

    def _notice_folder(self, path: str) -> None:
        node = self._nodes.get(path)
        if node is not None and not node.folder:
            self.forget(path)
            node = None
        if node is None:
            self._keep(Node(self._new_fileid(), path, True, self.uniqid(), self.now()))
            self.climb(path)

    def _notice_file(self, path: str) -> None:
        stat = self.disk(path).stat()
        node = self._nodes.get(path)
        if node is not None and node.folder:
            self.forget(path)
            node = None
        if node is None or (node.mtime, node.size) != (int(stat.st_mtime), stat.st_size):
            self._take_over(path, int(stat.st_mtime))  # the file itself is left alone

    # -- bookkeeping -----------------------------------------------------------------------------

    def _file_etag(self, mtime: int, fileid: int, size: int) -> str:
        # 32 hex of the second and the file: facts section 1, trap 2. The file id stands for the inode.
        return hashlib.md5(f"{mtime}:{fileid}:{size}".encode(), usedforsecurity=False).hexdigest()

    def _new_fileid(self) -> int:
        self._last_fileid += 1
        self._ledger.keep("counter", "fileid", {"fileid": self._last_fileid})
        return self._last_fileid

    def _add(self, node: Node) -> None:
        self._nodes[node.path] = node
        if node.path:
            self._children.setdefault(parent_of(node.path), {})[node.name] = node

    def _keep(self, node: Node) -> None:
        self._add(node)
        self._ledger.keep("node", str(node.fileid), dict(vars(node)))

    def _drop(self, node: Node) -> None:
        self._nodes.pop(node.path, None)
        self._children.get(parent_of(node.path), {}).pop(node.name, None)
        self._ledger.drop("node", str(node.fileid))
