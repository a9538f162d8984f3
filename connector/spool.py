"""Signed bytes at rest: fetched documents and originals, on this machine's disk until a request is closed.

Where several connectors share a journal, what must outlive this machine rests there, too (:meth:`Spool.keep`), before
any fact refers to it; the files here are copies then, written anew from there when they are missing or others.

A file is in the spool only when its bytes and its directory entry have been forced to disk; a half-written one
has another name and is swept away at start. Every failure of the disk is a :class:`SpoolError`.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from connector.errors import JournalFull, SpoolError

_PART = ".part"
_BLOCK = 65_536
_PROBE = "probe"
_PROBE_BYTES = 1_000_000
"""As large as most signed documents."""
T = TypeVar("T")


class Rest(Protocol):
    """Where files rest that several machines may need (:class:`connector.journal.spooled.Spooled`)."""

    def keep_spooled(self, ref: str, name: str, source: BinaryIO) -> None:
        """Keep a file, in place of an earlier one."""
        ...

    def spooled_sha256(self, ref: str, name: str) -> str | None:
        """Return the SHA-256 of what is kept; None where nothing is."""
        ...

    def read_spooled(self, ref: str, name: str, into: BinaryIO) -> bool:
        """Write what is kept into a stream; False where nothing whole is."""
        ...

    def free_spooled(self, ref: str) -> None:
        """Remove all that is kept for a request."""
        ...

    def prove_room(self) -> None:
        """Raise JournalFull where a document finds no room now."""
        ...


class Spool:
    """A directory of its own (0700), one sub-directory a request reference.

    ``durable=False``: for what nobody needs once this process has ended; nothing is forced to disk. ``rest``: where
    what is kept rests besides; None: this disk is all there is.
    """

    def __init__(self, directory: Path, *, durable: bool = True, rest: Rest | None = None) -> None:
        self.directory = directory
        self._durable = durable
        self._rest = rest
        self._spoilt: set[tuple[str, str]] = set()
        """What rests elsewhere and could not be read from there."""
        with self._errors():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Remove what a crash left half-written. Only for the one process that works on this spool."""
        with self._errors():
            for leftover in self.directory.glob(f"*/*{_PART}"):
                leftover.unlink(missing_ok=True)

    def path(self, ref: str, name: str) -> Path:
        """Where a spooled file stands, whether or not it is there. Raises SpoolError for a name that leads elsewhere.

        Names come out of the journal, and a database is not this machine's alone.
        """
        for one in (ref, name):
            if one in {"", ".", ".."} or "/" in one or "\x00" in one:
                raise SpoolError(
                    f"spool {self.directory}: what the journal says is no name of a spooled file"
                )
        return self.directory / ref / name

    @property
    def shared(self) -> bool:
        """True where the files here are copies of what rests elsewhere."""
        return self._rest is not None

    def has(self, ref: str, name: str, sha256: str | None) -> bool:
        """True when the file is there and, where a hash is given, holds exactly those bytes.

        Then it stands at :meth:`path`: what only rests elsewhere is written here. Raises SpoolError, and JournalError.
        """
        path = self.path(ref, name)
        if path.is_file() and (sha256 is None or self.sha256(path) == sha256):
            return True
        return self._rest is not None and self._brought(self._rest, ref, name, sha256)

    def _brought(self, rest: Rest, ref: str, name: str, sha256: str | None) -> bool:
        kept = rest.spooled_sha256(ref, name)
        if kept is None or sha256 not in {None, kept}:
            return False

        def fill(stream: BinaryIO) -> None:
            if not rest.read_spooled(ref, name, stream):
                raise _NotWhole

        try:
            self.put(ref, name, fill)
        except _NotWhole:
            self._spoilt.add((ref, name))
            return False
        # Once more, from the disk: it may have been replaced between the two looks.
        return sha256 is None or self.sha256(self.path(ref, name)) == sha256

    def keep(self, ref: str, name: str) -> None:
        """Let a file of this disk rest where it outlives the machine: before a fact refers to it.

        Nothing happens where this disk is all there is, or where these very bytes rest there already. Raises
        SpoolError when the file cannot be read, or there is no room for it where it is to rest; JournalError when it
        cannot be kept.
        """
        if self._rest is None:
            return
        with self._errors():
            path = self.path(ref, name)
            spoilt = (ref, name) in self._spoilt
            if not spoilt and self._rest.spooled_sha256(ref, name) == self.sha256(path):
                return
            with path.open("rb") as source, _room_there():
                self._rest.keep_spooled(ref, name, source)
            self._spoilt.discard((ref, name))

    def put(self, ref: str, name: str, fill: Callable[[BinaryIO], T]) -> tuple[Path, T]:
        """Let ``fill`` write a file and put it to rest; return (path, what ``fill`` returned).

        Whole or absent: an error of ``fill`` leaves nothing. Replaces an earlier file of that name.
        """
        target = self.path(ref, name)
        partial = target.with_name(target.name + _PART)
        with self._errors():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                with open(partial, "wb", opener=_private) as stream:
                    os.fchmod(stream.fileno(), 0o600)
                    result = fill(stream)
                    stream.flush()
                    if self._durable:
                        os.fsync(stream.fileno())
                partial.replace(target)
                if self._durable:
                    _fsync_directory(target.parent)
                    _fsync_directory(self.directory)
            except BaseException:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)
                raise
        return target, result

    def probe(self) -> None:
        """Put a file of some size to rest and take it away again. Raises SpoolError where that cannot be done now.

        Where files rest elsewhere, it is found out there, too.
        """
        with self._errors():
            path = self.directory / f"{_PROBE}{_PART}"
            try:
                with path.open("wb") as stream:
                    os.fchmod(stream.fileno(), 0o600)
                    stream.write(bytes(_PROBE_BYTES))
                    stream.flush()
                    os.fsync(stream.fileno())
            finally:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            if self._rest is not None:
                with _room_there():
                    self._rest.prove_room()

    def free(self, ref: str) -> None:
        """Remove all that is kept for a request, here and where it rests. Idempotent."""
        if self._rest is not None:
            self._rest.free_spooled(ref)
        self.forget(ref)

    def forget(self, ref: str) -> None:
        """Remove what lies of a request on this disk: all there is of one that :meth:`keep` was never called for."""
        with self._errors():
            shutil.rmtree(self.path(ref, _PROBE).parent, ignore_errors=True)

    def names(self, ref: str) -> set[str]:
        """Names of what lies of a request on this disk."""
        with self._errors():
            return {path.name for path in self.path(ref, _PROBE).parent.iterdir()}

    def references(self) -> set[str]:
        """References that still have something here. What a file system keeps for itself (``lost+found``) is none."""
        with self._errors():
            there = [entry for entry in self.directory.iterdir() if entry.is_dir()]
            return {entry.name for entry in there if entry.name.replace("-", "").isalnum()}

    @staticmethod
    def sha256(path: Path) -> str:
        """SHA-256 of a spooled file, 64 hexadecimal digits."""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SpoolError(f"spool {self.directory}: {error.strerror or error}") from error


@contextmanager
def _room_there() -> Iterator[None]:
    """A fact is small, and may find room where a document finds none: that alone is no reason to stand still."""
    try:
        yield
    except JournalFull as error:
        raise SpoolError(str(error)) from error


class _NotWhole(Exception):
    """What rests elsewhere is gone, or not whole."""


def begins_with(whole: Path, part: Path) -> bool:
    """True when a file begins with all the bytes of another, or is the same. Reads both piece by piece."""
    if part.stat().st_size > whole.stat().st_size:
        return False
    with whole.open("rb") as one, part.open("rb") as other:
        while piece := other.read(_BLOCK):
            if one.read(len(piece)) != piece:
                return False
    return True


def copied(source: Path, stream: BinaryIO) -> None:
    """Write a file's bytes into a stream, piece by piece."""
    with source.open("rb") as made:
        shutil.copyfileobj(made, stream)


def contains(path: Path, wanted: bytes) -> bool:
    """True when these bytes stand somewhere in a file, which is not read into memory."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(wanted) >= 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _fsync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
