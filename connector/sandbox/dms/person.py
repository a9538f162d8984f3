"""What a person does in the folder, outside HTTP but with the server's own bookkeeping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.dms.tree import Node, clean, parent_of

if TYPE_CHECKING:
    from connector.sandbox.dms.world import DmsWorld


class Person:
    """Someone who works in the folder through the web interface or a sync client.

    Paths are relative to the root. A missing file or parent raises FileNotFoundError; every mtime comes
    from the sandbox's clock; ids, ETags and versions move as they would for any writer (facts sections 3-5).
    """

    def __init__(self, world: DmsWorld, author: str) -> None:
        self._world = world
        self.author = author

    def read(self, path: str) -> bytes:
        """Return a file's bytes as they lie on disk; the server notices nothing."""
        return self._world.disk(path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """Create or overwrite a file."""
        path = self._with_parent(path)
        with self._world.act() as folder:
            if folder is None:
                self._world.plain.write(path, data)
            else:
                folder.write(path, data, self.author)

    def mkdir(self, path: str) -> None:
        """Make a folder and the folders above it."""
        parts = clean(path).split("/")
        for depth in range(1, len(parts) + 1):
            step = "/".join(parts[:depth])
            if self._world.disk(step).is_dir():
                continue
            with self._world.act() as folder:
                if folder is None:
                    self._world.plain.mkdir(step)
                else:
                    folder.mkdir(step)

    def delete(self, path: str) -> None:
        """Delete a file or folder (on Nextcloud: into the trash)."""
        with self._world.act() as folder:
            if folder is None:
                self._world.plain.delete(path)
            else:
                folder.delete(self._node(path).path)

    def move(self, src: str, dst: str) -> None:
        """Move or rename."""
        dst = self._with_parent(dst)
        with self._world.act() as folder:
            if folder is None:
                self._world.plain.move(src, dst)
            else:
                folder.move(self._node(src).path, dst)

    def copy(self, src: str, dst: str) -> None:
        """Copy a file or a whole folder."""
        dst = self._with_parent(dst)
        with self._world.act() as folder:
            if folder is None:
                self._world.plain.copy(src, dst)
            else:
                folder.copy(self._node(src).path, dst, self.author)

    def restore(self, path: str, version_id: int) -> None:
        """Make an old version current again; needs Nextcloud mode."""
        with self._world.act() as folder:
            if folder is None or not folder.restore(self._node(path), int(version_id)):
                raise FileNotFoundError(f"no version {version_id} of {path}")

    def _with_parent(self, path: str) -> str:
        if self._world.nextcloud is None:
            known = self._world.disk(path).parent.is_dir()
        else:
            path = clean(path)
            known = self._world.node(parent_of(path)) is not None
        if not known:
            raise FileNotFoundError(f"no folder to hold {path}")
        return path

    def _node(self, path: str) -> Node:
        node = self._world.node(path)
        if node is None:
            raise FileNotFoundError(path)
        return node
