"""A new version of a file by chunked upload v2: the file is touched only by one MOVE inside the server.

A plain PUT that breaks off tears the file; this cannot (WebDAV facts, trap 1, and section 9).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from connector.errors import NotFound, OutcomeUnknown, PreconditionFailed, RemoteError, Unavailable
from connector.ports import ETag, Href
from connector.webdav.answers import CREATE, DELETE, MKCOL, MOVE, Operation
from connector.webdav.bodies import FilePart, opened
from connector.webdav.connections import Connections
from connector.webdav.headers import quoted, strong_etag
from connector.webdav.hrefs import ServerRoot

CHUNK_BYTES = 50_000_000
MAX_CHUNKS = 10_000


@dataclass(frozen=True)
class ChunkedUpload:
    """One upload: into which folder of the server, for which file, of how many bytes.

    ``folder`` is the encoded path of the upload folder, ``href`` the file that gets the version,
    ``seconds`` bound each request, ``modified`` is the time that the version is to bear, where that is not the server's
    now.
    """

    connections: Connections
    root: ServerRoot
    folder: str
    href: Href
    seconds: float
    chunk_bytes: int = CHUNK_BYTES
    modified: datetime | None = None

    def run(self, content: Path, etag: ETag) -> ETag | None:
        """Upload and put in place if the file still has ``etag``; return its new tag where told.

        Raises OutcomeUnknown only for the final MOVE: before it nothing visible has happened, so an
        unclear answer there is Unavailable. After a definite failure the upload folder is removed.
        """
        with opened(content) as (file, size):
            headers = [f"Destination: {self.root.url(self.href)}", f"OC-Total-Length: {size}"]
            try:
                self._make_folder(headers)
                self._put_chunks(file, size, headers)
                return self._put_in_place(headers, etag)
            except OutcomeUnknown:
                # The MOVE may be running still: its chunks must stay.
                raise
            except RemoteError:
                self._remove()
                raise

    def _make_folder(self, headers: list[str]) -> None:
        try:
            self._invisible(MKCOL, self.folder, headers)
        except PreconditionFailed:
            # Left over by a run that died: its chunks may be of other bytes.
            self._invisible(DELETE, self.folder, [])
            self._invisible(MKCOL, self.folder, headers)

    def _put_chunks(self, file: BinaryIO, size: int, headers: list[str]) -> None:
        # Chunk names must be numbers from 1 to 10000.
        each = max(self.chunk_bytes, -(-size // MAX_CHUNKS))
        for number, start in enumerate(range(0, max(size, 1), each), start=1):
            length = min(each, size - start)
            body = FilePart(file, start, length) if length else b""
            try:
                self._invisible(CREATE, f"{self.folder}/{number:05d}", headers, body)
            except (NotFound, PreconditionFailed) as error:
                # Says something about the upload folder, nothing about the file itself.
                raise self._as_unavailable(error, "the upload folder is not usable") from error

    def _put_in_place(self, headers: list[str], etag: ETag) -> ETag | None:
        condition = f"If: <{self.root.url(self.href)}> ([{quoted(etag)}])"
        path = f"{self.folder}/.file"
        stamp = [] if self.modified is None else [f"X-OC-Mtime: {int(self.modified.timestamp())}"]
        try:
            with self.connections.ask(
                MOVE, path, headers=[*headers, condition, *stamp], seconds=self.seconds
            ) as response:
                return strong_etag(response.headers)
        except NotFound as error:
            # A condition on what is gone is answered with 404 (Nextcloud 32), and so is an upload that is gone:
            # nothing was replaced either way.
            raise PreconditionFailed(
                "the file or its upload is gone",
                service=error.service,
                operation=error.operation,
                status=error.status,
            ) from error

    def _invisible(
        self, operation: Operation, path: str, headers: list[str], body: bytes | FilePart | None = None
    ) -> None:
        try:
            with self.connections.ask(operation, path, headers=headers, body=body, seconds=self.seconds):
                pass
        except OutcomeUnknown as error:
            raise self._as_unavailable(error, "the upload got no clear answer") from error

    def _remove(self) -> None:
        with (
            suppress(RemoteError),
            self.connections.ask(DELETE, self.folder, seconds=self.seconds),
        ):
            pass

    @staticmethod
    def _as_unavailable(error: RemoteError, detail: str) -> Unavailable:
        return Unavailable(
            detail,
            service=error.service,
            operation=error.operation,
            status=error.status,
            retry_after_s=error.retry_after_s,
        )
