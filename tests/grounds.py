"""What a ``Stage`` stands on: the embedded DMS, or a real server on which a person acts by WebDAV alone.

A ground is one login's root, where a person writes, moves and deletes, and where a test sees what lies there.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import httpx

from connector.sandbox.dms import DmsWorld, serve_dms


class Acting(Protocol):
    """A person in the folder: paths are relative to the ground; FileNotFoundError where nothing is."""

    def read(self, path: str) -> bytes: ...
    def write(self, path: str, data: bytes) -> None: ...
    def mkdir(self, path: str) -> None: ...
    def delete(self, path: str) -> None: ...
    def move(self, src: str, dst: str) -> None: ...
    def copy(self, src: str, dst: str) -> None: ...


class Ground(Protocol):
    """One DMS login and everything that a test needs to know of it."""

    url: str
    user: str
    password: str
    person: Acting

    def files(self, under: str = "") -> Mapping[str, bytes]:
        """Return every file at or below ``under``, hidden ones too: path → content. Nothing there is no error."""
        ...

    def kept(self) -> Iterator[bytes]:
        """Yield the content of every earlier version that a person could restore."""
        ...

    def pass_time(self) -> None:
        """Let the server's clock move on, so that what was written last is told apart from what comes."""
        ...

    def clean(self) -> None:
        """Assert that nothing half-made is left on the server, and that it met no defect of its own."""
        ...


class Embedded:
    """The embedded DMS, served over loopback; its clock is the stage's, so that no time must pass."""

    def __init__(self, world: DmsWorld) -> None:
        self.world = world
        self._running = serve_dms(world)
        self.url, self.user = self._running.url, self._running.user
        self.password = world.accounts.passwords[self.user]
        self.person: Acting = world.person

    def files(self, under: str = "") -> Mapping[str, bytes]:
        return _on_disk(self.world.files, self.world.disk(under) if under else None)

    def kept(self) -> Iterator[bytes]:
        return iter(_on_disk(self.world.state / "versions").values())

    def pass_time(self) -> None:
        """The stage moves its clock itself."""

    def clean(self) -> None:
        assert self._running.errors == []
        assert _on_disk(self.world.state / "uploads") == {}

    def close(self) -> None:
        self._running.close()


def _on_disk(root: Path, top: Path | None = None) -> dict[str, bytes]:
    top = top or root
    files = (path for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


_FILE_ID = b'<propfind xmlns="DAV:" xmlns:oc="http://owncloud.org/ns"><prop><oc:fileid/></prop></propfind>'


_NO_FOLDER = (400, 409)
"""What nginx says to the name of a folder without its slash."""


class Guest:
    """A folder of its own on a server that is not ours, and a person who reaches it by plain WebDAV."""

    def __init__(self, url: str, user: str, password: str, wait: Callable[[], None]) -> None:
        self.url, self.user, self.password, self._wait = url, user, password, wait
        self._client = httpx.Client(auth=(user, password), timeout=30, trust_env=False)
        self.person: Acting = self
        base, files, _ = url.partition("/remote.php/dav/files/")
        self._versions = f"{base}/remote.php/dav/versions/{quote(user)}/versions/" if files else ""

    def read(self, path: str) -> bytes:
        return self._ask("GET", path).content

    def write(self, path: str, data: bytes) -> None:
        self._ask("PUT", path, content=data)

    def mkdir(self, path: str) -> None:
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            self._ask("MKCOL", "/".join(parts[:depth]) + "/", also=(405,))  # 405: it is there

    def delete(self, path: str) -> None:
        if self._ask("DELETE", path, also=_NO_FOLDER).status_code in _NO_FOLDER:
            self._ask("DELETE", f"{path}/")

    def move(self, src: str, dst: str) -> None:
        self._transfer("MOVE", src, dst)

    def copy(self, src: str, dst: str) -> None:
        self._transfer("COPY", src, dst)

    def _transfer(self, method: str, src: str, dst: str) -> None:
        for end in ("", "/"):
            headers = {"Destination": self._url(dst) + end, "Overwrite": "F"}
            also = () if end else _NO_FOLDER
            if self._ask(method, src + end, also=also, headers=headers).status_code not in _NO_FOLDER:
                return

    def files(self, under: str = "") -> Mapping[str, bytes]:
        try:
            return {path: self.read(path) for path in self._paths(under)}
        except FileNotFoundError:
            return {}

    def kept(self) -> Iterator[bytes]:
        """The versions that a Nextcloud keeps of every file; none elsewhere."""
        if not self._versions:
            return
        for path in self._paths(""):
            answer = self._ask("PROPFIND", path, headers={"Depth": "0"}, content=_FILE_ID)
            file_id = ElementTree.fromstring(answer.content).findtext(".//{http://owncloud.org/ns}fileid")
            listing = self._client.request("PROPFIND", f"{self._versions}{file_id}", headers={"Depth": "1"})
            for found in ElementTree.fromstring(listing.content).iter("{DAV:}href"):
                if not (found.text or "").rstrip("/").endswith(f"/{file_id}"):
                    yield self._client.get(urljoin(self.url, found.text)).content

    def pass_time(self) -> None:
        self._wait()

    def clean(self) -> None:
        assert [path for path in self._paths("") if re.search(r"\.(?:part|tmp)$", path)] == []

    def close(self) -> None:
        self._client.close()

    def _paths(self, top: str) -> Iterator[str]:
        answer = self._ask("PROPFIND", top, headers={"Depth": "1"})
        root = unquote(urlsplit(self.url).path)
        for found in ElementTree.fromstring(answer.content).iter("{DAV:}response"):
            path = unquote(urlsplit(found.findtext("{DAV:}href") or "").path)
            below = path.removeprefix(root).strip("/")
            if found.find(".//{DAV:}collection") is None:
                yield below
            elif below != top.strip("/") and f"{path.rstrip('/')}/" != root:
                yield from self._paths(below)

    def _url(self, path: str) -> str:
        return self.url + quote(path.lstrip("/"))

    def _ask(self, method: str, path: str, *, also: Collection[int] = (), **more: object) -> httpx.Response:
        answer = self._client.request(method, self._url(path), **more)  # type: ignore[arg-type]
        if answer.status_code == 301:  # a folder, to Apache, is one only with its slash
            answer = self._client.request(method, answer.headers["Location"], **more)  # type: ignore[arg-type]
        if answer.status_code == 404:
            raise FileNotFoundError(path)
        if answer.status_code not in also:
            answer.raise_for_status()
        return answer


@contextmanager
def guest(url: str, user: str, password: str, wait: Callable[[], None]) -> Iterator[Guest]:
    """Make a folder of its own below ``url``, which goes again with everything in it."""
    name = f"essai {uuid.uuid4().hex[:8]}"
    outer = Guest(url, user, password, wait)
    outer.mkdir(name)
    inner = Guest(f"{url}{quote(name)}/", user, password, wait)
    try:
        yield inner
    finally:
        inner.close()
        outer.delete(name)
        outer.close()


def age_disk(files: Path) -> Callable[[], None]:
    """Return what makes all that was written in this moment older: to a server that takes its times and ETags from the
    disk, time has passed. Until then it shows weak ETags, which guard nothing, or time and size alone (nginx): so no
    two writes get the same second.
    """
    seconds = count()

    def age() -> None:
        now = time.time()
        for path in files.rglob("*"):
            stat = path.stat()
            if path.is_file() and stat.st_mtime > now - 1.5:
                os.utime(path, (stat.st_atime, now - 900 + next(seconds)))

    return age
