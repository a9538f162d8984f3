"""What the contract of ``Folder`` is tried on: a running server, and a fresh folder of it for one test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connector.ports import Entry, ETag, Folder, Href
from connector.webdav import WebDavFolder

USER = "signatures"
COLLEAGUE = "comptable"
PASSWORD = "mot de passe é€"


@dataclass
class Served:
    """A folder under test, and how time passes for its server.

    ``wrong_login`` is a second login object on the same folder with a wrong password, where that makes sense;
    ``colleague`` gives the same folder as another user sees it.
    """

    folder: Folder
    pass_time: Callable[[], None]
    wrong_login: Callable[[], WebDavFolder] | None = None
    colleague: Callable[[], AbstractContextManager[Folder]] | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    """What opens the locks that a test has made: note → token."""

    def settled(self, href: str) -> Entry:
        """Let time pass until the server's ETag is a strong one, and look."""
        self.pass_time()
        entry = self.folder.stat(Href(href))
        assert entry.etag is not None
        assert not entry.weak_etag
        return entry

    def tag(self, href: str) -> ETag:
        """Return the settled ETag."""
        etag = self.settled(href).etag
        assert etag is not None
        return etag


@dataclass
class Backend:
    """A running server: ``url`` of one login, ``pass_time`` lets its clock move by some seconds."""

    url: str
    user: str
    password: str
    pass_time: Callable[[], None]
    colleague: str = ""
    """Another user who sees the same folder; empty: there is none."""
    colleague_password: str | None = None
    """None: that of ``user``."""
    files: Path | None = None
    """Where what it serves lies, for a server that takes its times from the disk."""

    share: Callable[[str, int], str] | None = None
    """Shares a folder below ``url``, given by its name, with the rights of a share; returns the URL under which
    ``colleague`` has it then. None: there are no such shares."""

    @contextmanager
    def fresh(self) -> Iterator[Served]:
        """Make a folder of its own on the server and log in to it."""
        name = f"essai {uuid.uuid4().hex[:8]}"
        with self.open(self.url) as root:
            root.make_folder(Href(f"/{name}/"))
            url = f"{self.url}{name.replace(' ', '%20')}/"
            # Nextcloud's URL names the user; elsewhere only the login differs.
            other = url.replace(f"/files/{self.user}/", f"/files/{self.colleague}/")
            with self.open(url) as folder:
                yield Served(
                    folder,
                    self.pass_time,
                    lambda: self.open(url, password="falsch"),
                    (lambda: self.open(other, self.colleague_password, self.colleague))
                    if self.colleague
                    else None,
                )
            root.delete(Href(f"/{name}/"))

    def open(self, url: str, password: str | None = None, user: str = "") -> WebDavFolder:
        """Log in."""
        return WebDavFolder("dms", url, user or self.user, self.password if password is None else password)


def age(files: Path) -> None:
    """Make everything two seconds older: to a server that reads times from the disk, time has passed."""
    for path in files.rglob("*"):
        if path.is_file():
            stat = path.stat()
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - 2_000_000_000))
