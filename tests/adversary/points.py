"""Where a machine touches the world: both ports and the journal's commit, each call a point with a number.

The wrappers know no rules: they tell the ``Gate`` what is about to happen, and it lets it happen, or not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection

from connector.journal import Journal
from connector.journal.recent import Recent
from connector.ports import (
    Annotations,
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

T = TypeVar("T")
Kind = Literal["look", "get", "write", "ask", "call", "commit"]
"""Of a folder: what only looks, what fetches bytes, what writes; of the platform: what asks, what writes; a commit."""


class _Compiled(dict[Any, Any]):
    """What SQLAlchemy makes of a statement, whichever journal it is for: all of them speak one dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Look for it."""
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_COMPILED = _Compiled()
_LET_BE: list[object] = []
"""Connections that a child of the process has inherited: closing them would close the parent's journal."""


class Killed(BaseException):
    """The machine stops here: nothing in the connector may catch it."""


@dataclass(frozen=True)
class Point:
    """What is about to happen. ``content``: the bytes that a new or overwritten file is to have."""

    kind: Kind
    call: str
    about: str = ""
    content: bytes | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.call} {self.about}".strip()


class Gate(Protocol):
    """Stands between one machine and the world."""

    def passing(self, point: Point, effect: Callable[[], T]) -> T:
        """Let an effect pass, or do something else."""
        ...


class GatedFolder:
    """A folder behind a gate."""

    def __init__(self, inner: Folder, gate: Gate) -> None:
        self.name = inner.name
        self._inner, self._gate = inner, gate

    def _look(self, call: str, about: str, effect: Callable[[], T]) -> T:
        return self._gate.passing(Point("look", call, about), effect)

    def _write(
        self, call: str, about: str, effect: Callable[[], T], content: bytes | Path | None = None
    ) -> T:
        data = content.read_bytes() if isinstance(content, Path) else content
        return self._gate.passing(Point("write", call, about, data), effect)

    def capabilities(self) -> Capabilities:
        """Answered from memory: no point."""
        return self._inner.capabilities()

    def annotations(self) -> Annotations | None:
        """Tags and comments are no part of the stories."""
        return self._inner.annotations()

    def reconnect(self) -> None:
        """Forget a refused login."""
        self._inner.reconnect()

    def stat(self, href: Href) -> Entry:
        """Look."""
        return self._look("stat", href, lambda: self._inner.stat(href))

    def list(self, href: Href) -> Listing:
        """Look."""
        return self._look("list", href, lambda: self._inner.list(href))

    def walk(self, href: Href) -> Listing:
        """Look."""
        return self._look("walk", href, lambda: self._inner.walk(href))

    def survey(
        self, href: Href, known: Tree | None = None, *, near: Collection[Href] = (), sweep: bool = False
    ) -> Tree:
        """Look."""
        return self._look("survey", href, lambda: self._inner.survey(href, known, near=near, sweep=sweep))

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Fetch."""
        return self._gate.passing(
            Point("get", "get", href), lambda: self._inner.get(href, into, max_bytes=max_bytes)
        )

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Write."""
        return self._write("create", href, lambda: self._inner.create(href, content), content)

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Write."""
        return self._write("replace", href, lambda: self._inner.replace(href, content, etag=etag), content)

    def replace_as_version(
        self, href: Href, content: Path, *, etag: ETag, upload: str, modified: datetime | None = None
    ) -> ETag | None:
        """Write."""
        return self._write(
            "replace_as_version",
            href,
            lambda: self._inner.replace_as_version(
                href, content, etag=etag, upload=upload, modified=modified
            ),
            content,
        )

    def move(self, source: Href, destination: Href) -> None:
        """Write."""
        self._write("move", source, lambda: self._inner.move(source, destination))

    def delete(self, href: Href, *, etag: ETag | None = None) -> None:
        """Write."""
        self._write("delete", href, lambda: self._inner.delete(href, etag=etag))

    def make_folder(self, href: Href) -> bool:
        """Write."""
        return self._write("make_folder", href, lambda: self._inner.make_folder(href))

    def find_by_id(self, file_id: FileId) -> Entry | None:
        """Look."""
        return self._look("find_by_id", file_id, lambda: self._inner.find_by_id(file_id))

    def versions(self, file_id: FileId, *, modified: datetime | None = None) -> tuple[Version, ...]:
        """Look."""
        return self._look("versions", file_id, lambda: self._inner.versions(file_id, modified=modified))

    def get_version(self, file_id: FileId, version_id: str, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Fetch."""
        return self._gate.passing(
            Point("get", "get_version", file_id),
            lambda: self._inner.get_version(file_id, version_id, into, max_bytes=max_bytes),
        )

    def label_version(self, file_id: FileId, version_id: str, label: str) -> None:
        """Write."""
        self._write("label_version", file_id, lambda: self._inner.label_version(file_id, version_id, label))

    def lock(self, href: Href, *, note: str) -> Lock | None:
        """Write."""
        return self._write("lock", href, lambda: self._inner.lock(href, note=note))

    def unlock(self, href: Href, *, note: str, token: str = "") -> bool:
        """Write."""
        return self._write("unlock", href, lambda: self._inner.unlock(href, note=note, token=token))

    def versions_are_its_writers(self, href: Href) -> bool:
        """Look."""
        return self._look(
            "versions_are_its_writers", href, lambda: self._inner.versions_are_its_writers(href)
        )

    def locked_by(self, href: Href) -> str:
        """Look."""
        return self._look("locked_by", href, lambda: self._inner.locked_by(href))

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """Look."""
        return self._look("is_being_edited", href, lambda: self._inner.is_being_edited(href, by_hand=by_hand))


class GatedService:
    """The platform behind a gate."""

    def __init__(self, inner: SigningService, gate: Gate) -> None:
        self.name = inner.name
        self._inner, self._gate = inner, gate

    def _ask(self, call: str, about: str, effect: Callable[[], T]) -> T:
        return self._gate.passing(Point("ask", call, about), effect)

    def _call(self, call: str, about: str, effect: Callable[[], T]) -> T:
        return self._gate.passing(Point("call", call, about), effect)

    def create(self, draft: TransactionDraft) -> TransactionId:
        """Write."""
        return self._call("create", "", lambda: self._inner.create(draft))

    def upload(
        self, transaction: TransactionId, rank: int, name: str, content: Path, boxes: Sequence[Box]
    ) -> None:
        """Write."""
        self._call("upload", transaction, lambda: self._inner.upload(transaction, rank, name, content, boxes))

    def add_signatory(self, transaction: TransactionId, signatory: TransactionSignatory) -> None:
        """Write."""
        self._call("add_signatory", transaction, lambda: self._inner.add_signatory(transaction, signatory))

    def send(self, transaction: TransactionId) -> None:
        """Write."""
        self._call("send", transaction, lambda: self._inner.send(transaction))

    def leave_as_draft(self, transaction: TransactionId) -> None:
        """Write."""
        self._call("leave_as_draft", transaction, lambda: self._inner.leave_as_draft(transaction))

    def status(self, transaction: TransactionId) -> TransactionStatus:
        """Ask."""
        return self._ask("status", transaction, lambda: self._inner.status(transaction))

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Ask."""
        return self._ask(
            "download",
            transaction,
            lambda: self._inner.download(transaction, rank, into, max_bytes=max_bytes),
        )

    def attestation(self, transaction: TransactionId, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Ask."""
        return self._ask(
            "attestation",
            transaction,
            lambda: self._inner.attestation(transaction, into, max_bytes=max_bytes),
        )

    def cancel(self, transaction: TransactionId) -> None:
        """Write."""
        self._call("cancel", transaction, lambda: self._inner.cancel(transaction))

    def remind(self, transaction: TransactionId) -> None:
        """Write."""
        self._call("remind", transaction, lambda: self._inner.remind(transaction))


class GatedJournal(Journal):
    """The real journal, whose every commit is a point."""

    def __init__(self, gate: Gate, url: str, *, now: Callable[[], datetime]) -> None:
        self._gate = gate
        super().__init__(url, now=now)
        # The same few statements in thousands of journals: what SQLAlchemy makes of them is made once.
        self._engine = self._engine.execution_options(compiled_cache=_COMPILED)
        self._reader = self._engine.execution_options(reading=True)

    def _commit(self, connection: Connection) -> None:
        inner: Callable[[Connection], Any] = super()._commit
        self._gate.passing(Point("commit", "commit"), lambda: inner(connection))

    def move_to(self, database: Path) -> None:
        """Go on, in a child of the process, on a copy of the file. What the parent holds open is never touched."""

        def connect(_dialect: object, _record: object, arguments: list[Any], _more: object) -> None:
            arguments[:] = [str(database)]

        event.listen(self._engine, "do_connect", connect)
        _LET_BE.extend([self._engine.pool, self._recent])
        self._engine.dispose(close=False)
        self._file = database
        self._recent = Recent(self._engine)
