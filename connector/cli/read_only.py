"""Both worlds, to be looked at only: what a dry run is given instead of the real parts.

Every write raises :class:`WriteRefused` before anything leaves; it is no RemoteError, so no step takes it for an
answer of a server.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NoReturn

from connector.errors import ConnectorError
from connector.ports import (
    Box,
    Capabilities,
    Entry,
    ETag,
    Fetched,
    FileId,
    Folder,
    Href,
    Listing,
    Lock,
    SigningService,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
    TransactionStatus,
    Tree,
    Version,
)


class WriteRefused(ConnectorError):
    """A dry run came to a write. Nothing was written."""

    def __init__(self, service: str, operation: str) -> None:
        self.service, self.operation = service, operation
        super().__init__(f"{service}: a dry run writes nothing ({operation})")


class RefusesWrites:
    """The writes of the port ``Folder``: each is refused before anything leaves."""

    name: str

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Refuse."""
        self._refuse("create")

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Refuse."""
        self._refuse("replace")

    def replace_as_version(
        self, href: Href, content: Path, *, etag: ETag, upload: str, modified: datetime | None = None
    ) -> ETag | None:
        """Refuse."""
        self._refuse("replace_as_version")

    def move(self, source: Href, destination: Href) -> None:
        """Refuse."""
        self._refuse("move")

    def delete(self, href: Href, *, etag: ETag | None = None) -> None:
        """Refuse."""
        self._refuse("delete")

    def make_folder(self, href: Href) -> bool:
        """Refuse."""
        self._refuse("make_folder")

    def label_version(self, file_id: FileId, version_id: str, label: str) -> None:
        """Refuse."""
        self._refuse("label_version")

    def lock(self, href: Href, *, note: str) -> Lock | None:
        """Refuse."""
        self._refuse("lock")

    def unlock(self, href: Href, *, note: str, token: str = "") -> bool:
        """Refuse."""
        self._refuse("unlock")

    def annotations(self) -> None:
        """None: nothing is hung on a file."""

    def _refuse(self, operation: str) -> NoReturn:
        raise WriteRefused(self.name, operation)


class ReadOnlyFolder(RefusesWrites):
    """The port ``Folder`` whose reads are those of ``folder``."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.name = folder.name

    def capabilities(self) -> Capabilities:
        """As the folder."""
        return self._folder.capabilities()

    def reconnect(self) -> None:
        """As the folder."""
        self._folder.reconnect()

    def stat(self, href: Href) -> Entry:
        """As the folder."""
        return self._folder.stat(href)

    def list(self, href: Href) -> Listing:
        """As the folder."""
        return self._folder.list(href)

    def walk(self, href: Href) -> Listing:
        """As the folder."""
        return self._folder.walk(href)

    def survey(
        self, href: Href, known: Tree | None = None, *, near: Collection[Href] = (), sweep: bool = False
    ) -> Tree:
        """As the folder."""
        return self._folder.survey(href, known, near=near, sweep=sweep)

    def versions_are_its_writers(self, href: Href) -> bool:
        """As the folder."""
        return self._folder.versions_are_its_writers(href)

    def locked_by(self, href: Href) -> str:
        """As the folder."""
        return self._folder.locked_by(href)

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """As the folder."""
        return self._folder.is_being_edited(href, by_hand=by_hand)

    def open_itself(self, href: Href) -> bool | None:
        """As the folder."""
        return self._folder.open_itself(href)

    def open_above(self, href: Href) -> tuple[Href, ...] | None:
        """As the folder."""
        return self._folder.open_above(href)

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """As the folder."""
        return self._folder.get(href, into, max_bytes=max_bytes)

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """As the folder."""
        return self._folder.find_by_id(file_id)

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """As the folder."""
        return self._folder.versions(file_id, modified=modified)

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """As the folder."""
        return self._folder.get_version(file_id, version_id, into, max_bytes=max_bytes)


class ReadOnlyService:
    """The port ``SigningService`` whose status and downloads are those of ``service``."""

    def __init__(self, service: SigningService) -> None:
        self._service = service
        self.name = service.name

    def status(self, transaction: TransactionId) -> TransactionStatus:
        """As the service."""
        return self._service.status(transaction)

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """As the service."""
        return self._service.download(transaction, rank, into, max_bytes=max_bytes)

    def attestation(self, transaction: TransactionId, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """As the service."""
        return self._service.attestation(transaction, into, max_bytes=max_bytes)

    def create(self, draft: TransactionDraft) -> TransactionId:
        """Refuse."""
        self._refuse("create")

    def upload(
        self, transaction: TransactionId, rank: int, name: str, content: Path, boxes: Sequence[Box]
    ) -> None:
        """Refuse."""
        self._refuse("upload")

    def add_signatory(self, transaction: TransactionId, signatory: TransactionSignatory) -> None:
        """Refuse."""
        self._refuse("add_signatory")

    def send(self, transaction: TransactionId) -> None:
        """Refuse."""
        self._refuse("send")

    def leave_as_draft(self, transaction: TransactionId) -> None:
        """Refuse."""
        self._refuse("leave_as_draft")

    def cancel(self, transaction: TransactionId) -> None:
        """Refuse."""
        self._refuse("cancel")

    def remind(self, transaction: TransactionId) -> None:
        """Refuse."""
        self._refuse("remind")

    def _refuse(self, operation: str) -> NoReturn:
        raise WriteRefused(self.name, operation)
