"""The port :class:`connector.ports.Folder` over WebDAV, plain or Nextcloud's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
)
from connector.ports import (
    Annotations,
    Capabilities,
    Entry,
    ETag,
    Fetched,
    FileId,
    Href,
    Listing,
    Lock,
    Version,
)
from connector.webdav import nextcloud
from connector.webdav.annotations import NextcloudAnnotations
from connector.webdav.answers import (
    CREATE,
    DELETE,
    GET,
    LOCK,
    MKCOL,
    MOVE,
    PROPFIND,
    PROPPATCH,
    REPLACE,
    SEARCH,
    Operation,
)
from connector.webdav.bodies import receive, sendable
from connector.webdav.chunked import ChunkedUpload
from connector.webdav.headers import quoted, strong_etag
from connector.webdav.hrefs import decode
from connector.webdav.listings import to_entry
from connector.webdav.locking import TokenLocks, UserLocks
from connector.webdav.looking import Looking
from connector.webdav.multistatus import resources
from connector.webdav.plain_writes import PlainWrites
from connector.webdav.sharing import Sharing

_BLOCK = 65_536
_XML = 'Content-Type: application/xml; charset="utf-8"'


class WebDavFolder(Looking):
    """The port ``Folder``: what a login sees (:class:`Looking`), reads and writes. Thread-safe."""

    def _forget(self) -> None:
        super()._forget()
        self._plain = PlainWrites(self, self._conditions) if self._places is None else None

    def capabilities(self) -> Capabilities:
        """Tell what the server can do, and what writing to it has shown since."""
        told = super().capabilities()
        return told if self._plain is None else replace(told, conditions=self._plain.conditions)

    # -- reading -----------------------------------------------------------------------------------

    def list(self, href: Href) -> Listing:
        """List one folder; what a dead process of ours left there is noticed, and goes with the next new file."""
        listing = super().list(href)
        if self._plain is not None:
            self._plain.notice(listing.entries)
        return listing

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one file: one GET, uncompressed."""
        if href.endswith("/"):
            # Nextcloud answers 200 with nothing (WebDAV facts section 2).
            raise NotFound("a folder has no content", service=self.name, operation=GET.name)
        return self._get(self._root.request_path(href), into, max_bytes)

    def _get(self, path: str, into: BinaryIO, max_bytes: int) -> Fetched:
        with self._connections.ask(GET, path, seconds=self._timeouts.transfer_s) as response:
            return receive(response, into, max_bytes=max_bytes, name=decode(path))

    def open_itself(self, href: Href) -> bool | None:
        """Ask Nextcloud's API of shares; other servers do not tell."""
        return None if self._places is None else self._sharing(self._places).itself(href)

    def open_above(self, href: Href) -> tuple[Href, ...] | None:
        """Ask Nextcloud's API of shares; other servers do not tell."""
        return None if self._places is None else self._sharing(self._places).above(href)

    def _sharing(self, places: nextcloud.Places) -> Sharing:
        return Sharing(self._connections, self._root, places)

    # -- writing -----------------------------------------------------------------------------------

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Make a new file: PUT with If-None-Match: *. RFC 9110 section 13.1.2; WebDAV facts, trap 3."""
        if self._plain is not None:
            return self._plain.create(href, content)
        return self.put(CREATE, href, content, ["If-None-Match: *"])

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Overwrite a small file of ours: PUT with If-Match. RFC 9110 section 13.1.1."""
        if self._plain is not None:
            return self._plain.replace(href, content, etag=etag)
        return self.put(REPLACE, href, content, [f"If-Match: {quoted(etag)}"])

    def put(
        self, operation: Operation, href: Href, content: bytes | Path, headers: Sequence[str]
    ) -> ETag | None:
        """Write one file under the conditions given, and nothing more: for ``PlainWrites``."""
        path = self._root.request_path(href)
        lines = ["Content-Type: application/octet-stream", *headers]
        with (
            sendable(content) as body,
            self._connections.ask(
                operation, path, headers=lines, body=body, seconds=self._timeouts.transfer_s
            ) as response,
        ):
            return strong_etag(response.headers)

    def replace_as_version(
        self, href: Href, content: Path, *, etag: ETag, upload: str, modified: datetime | None = None
    ) -> ETag | None:
        """Put a new version by chunked upload v2. An unclear MOVE is OutcomeUnknown, all before it is not."""
        return ChunkedUpload(
            self._connections,
            self._root,
            self._on_nextcloud().upload(upload),
            href,
            self._timeouts.transfer_s,
            self._chunk_bytes,
            modified,
        ).run(content, etag)

    def move(self, source: Href, destination: Href) -> None:
        """Rename: MOVE with Overwrite: F, the destination as a whole URL. RFC 4918 section 9.9.

        Apache takes no mere path there.
        """
        if self._plain is not None:
            self._plain.move(source, destination)
        else:
            self.move_to(source, destination)

    def move_to(self, source: Href, destination: Href) -> None:
        """Rename, and nothing more: for ``PlainWrites``."""
        path, target = self._root.request_path(source), self._root.url(destination)
        self._do(MOVE, path, [f"Destination: {target}", "Overwrite: F"])

    def delete(self, href: Href, *, etag: ETag | None = None) -> None:
        """Remove a file. With ``etag`` only while it has it, else PreconditionFailed."""
        if self._plain is not None and etag:
            self._plain.delete(href, etag=etag)
        else:
            self.remove(href, [f"If-Match: {quoted(etag)}"] if etag else [])

    def remove(self, href: Href, headers: Sequence[str]) -> None:
        """Delete under the conditions given, and nothing more: for ``PlainWrites``."""
        self._do(DELETE, self._root.request_path(href), headers)

    def make_folder(self, href: Href) -> bool:
        """Make one folder: MKCOL. PreconditionFailed when a file has the name. RFC 4918 section 9.3."""
        folder = Href(href.rstrip("/") + "/")
        try:
            self._do(MKCOL, self._root.request_path(folder), [])
        except (PreconditionFailed, InvalidResponse) as error:
            # 405 says that something is there; Apache says 400 to a file of that name.
            there = self._if_there(Href(href.rstrip("/")))
            if there is None:
                raise
            if not there.is_folder:
                raise PreconditionFailed(
                    "a file has the name", service=self.name, operation=MKCOL.name, status=error.status
                ) from error
            return False
        return True

    def _if_there(self, href: Href) -> Entry | None:
        try:
            return self.stat(href)
        except NotFound:
            return None

    def _do(self, operation: Operation, path: str, headers: Sequence[str]) -> None:
        with self._connections.ask(operation, path, headers=headers):
            pass

    def lock(self, href: Href, *, note: str) -> Lock | None:
        """Lock one file: by user on Nextcloud, by token elsewhere. WebDAV facts section 8; RFC 4918 section 9.10."""
        if self.capabilities().locks is False:
            return None
        # A LOCK of what is not there would make an empty file; of what may not be written it is 500 (files_lock).
        entry = self.stat(href)
        if entry.is_folder:
            raise NotFound("a folder of that name, no file", service=self.name, operation=LOCK.name)
        if entry.permissions is not None and "W" not in entry.permissions:
            raise AccessDenied("may not be written", service=self.name, operation=LOCK.name, status=403)
        path, by_user = self._root.request_path(href), self._user_locks()
        return TokenLocks(self._connections).lock(path, note) if by_user is None else by_user.lock(path)

    def unlock(self, href: Href, *, note: str, token: str = "") -> bool:
        """Take our lock away. RFC 4918 section 9.11."""
        path, by_user = self._root.request_path(href), self._user_locks()
        if by_user is not None:
            return by_user.unlock(path)
        return TokenLocks(self._connections).unlock(path, note, token)

    def locked_by(self, href: Href) -> str:
        """Ask for the properties of files_lock; other servers do not tell a name."""
        by_user = self._user_locks()
        return "" if by_user is None else by_user.holder(self._root.request_path(href))

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """Ask for the properties of files_lock; asked nothing where that app is not."""
        by_user = None if self.capabilities().locks is False else self._user_locks()
        return by_user is not None and by_user.is_anothers(self._root.request_path(href), by_hand=by_hand)

    def _user_locks(self) -> UserLocks | None:
        if self._places is None or self.capabilities().kind != "nextcloud":
            return None
        return UserLocks(self._connections, self._places.user)

    def annotations(self) -> Annotations | None:
        """Return Nextcloud's tags and comments, where it says that it has either."""
        told = self.capabilities()
        if self._places is None or not (told.tags or told.comments):
            return None
        return NextcloudAnnotations(self._connections, self._places, colors=told.tag_colors)

    # -- Nextcloud only ----------------------------------------------------------------------------

    def _on_nextcloud(self) -> nextcloud.Places:
        if self._places is None:
            raise InvalidResponse("this is no Nextcloud", service=self.name)
        return self._places

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """Ask where a file is: SEARCH for its id among the user's files. WebDAV facts section 6."""
        places = self._on_nextcloud()
        if not (file_id.isascii() and file_id.isdigit()):
            return None
        with self._connections.ask(
            SEARCH, places.search, headers=[_XML], body=nextcloud.search_body(places, file_id)
        ) as response:
            answer = resources(response.iter_content(_BLOCK), max_bytes=self._max_listing_bytes)
            # To the end, though the first hit would do: what breaks off later is no answer.
            entries = [to_entry(resource, self._root) for resource in answer]
        found = (entry for entry in entries if entry is not None and entry.file_id == file_id)
        return next(found, None)

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """List the versions, newest first; without ``modified`` one more request tells the present content."""
        path = self._on_nextcloud().versions(file_id)
        if modified is None:
            entry = self.find_by_id(file_id)
            if entry is None:
                raise NotFound("no file has this id", service=self.name, operation=PROPFIND.name)
            modified = entry.modified
        with self._connections.ask(
            PROPFIND, path, headers=["Depth: 1", _XML], body=nextcloud.VERSIONS_BODY
        ) as response:
            found = resources(response.iter_content(_BLOCK), max_bytes=self._max_listing_bytes)
            return nextcloud.to_versions(found, decode(path), modified)

    def versions_are_its_writers(self, href: Href) -> bool:
        """True on an external storage: its versions are in the home of whoever writes (Nextcloud 32.0.1, seen)."""
        if self._places is None:
            return False
        path = self._root.request_path(href)
        with self._connections.ask(
            PROPFIND, path, headers=["Depth: 0", _XML], body=nextcloud.MOUNT_BODY
        ) as response:
            answer = resources(response.iter_content(_BLOCK), max_bytes=self._max_listing_bytes)
            return any(nextcloud.is_external(resource) for resource in answer)

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Stream one kept version: one GET."""
        return self._get(self._on_nextcloud().version(file_id, version_id), into, max_bytes)

    def label_version(self, file_id: FileId, version_id: str, label: str) -> None:
        """Name a version: PROPPATCH. WebDAV facts section 4."""
        path = self._on_nextcloud().version(file_id, version_id)
        with self._connections.ask(
            PROPPATCH, path, headers=[_XML], body=nextcloud.label_body(label)
        ) as response:
            if response.status_code != 207:
                return
            answer = resources(response.iter_content(_BLOCK), max_bytes=self._max_listing_bytes)
            status = nextcloud.label_status(answer)
        if status < 300:
            return
        kinds: dict[int, type[RemoteError]] = {403: AccessDenied, 404: NotFound, 507: OutOfSpace}
        kind = kinds.get(status, OutcomeUnknown if status >= 500 else InvalidResponse)
        raise kind("the label was not taken", service=self.name, operation=PROPPATCH.name, status=status)
