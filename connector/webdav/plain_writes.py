"""Writes to plain servers, which may not keep the conditions that are sent with them, or show no tag to make one of.

nginx overwrites whatever ``If-None-Match`` and ``If-Match`` say; Apache's weak tags match nothing. So what is to be
overwritten is looked at first, and whether a *new* file is safe is tried out once a login, on a hidden empty one. Where
it is not, a new file is put under a hidden name and moved to its own, which every server here refuses when that is
taken, and is read back. What then remains is the instant between a look and a write. Source: scenarios C1, C2;
protocol R2; RFC 9110 section 13.1.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from connector.errors import (
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    RemoteError,
)
from connector.ports import Entry, ETag, Fetched, Href, Listing
from connector.webdav.answers import CREATE, DELETE, MOVE, REPLACE, Operation
from connector.webdav.headers import is_made, quoted

log = logging.getLogger(__name__)

_ONLY_NEW: Final = "If-None-Match: *"
_NAME_UNWANTED: Final = frozenset({400, 403, 405})
"""How a server says no to a hidden name alone."""
_IS_TRIAL: Final = re.compile(r"\.[0-9a-f]{16}\.part\Z")
"""Names that :func:`_on_the_way` gives."""
_FRESH: Final = timedelta(seconds=2)
"""Apache calls a tag weak while the file may still change within the same tick of its clock."""


class Raw(Protocol):
    """What a folder does without looking."""

    name: str

    def look(self, href: Href) -> Listing:
        """Look at one file or folder."""
        ...

    def get(self, href: Href, into: Any, *, max_bytes: int) -> Fetched:
        """Read one file."""
        ...

    def put(
        self, operation: Operation, href: Href, content: bytes | Path, headers: Sequence[str]
    ) -> ETag | None:
        """Write one file."""
        ...

    def move_to(self, source: Href, destination: Href) -> None:
        """Rename, never onto what is there."""
        ...

    def remove(self, href: Href, headers: Sequence[str]) -> None:
        """Delete one file."""
        ...


class PlainWrites:
    """The writes of one login on a plain server. Thread-safe: what was found out is only ever set."""

    def __init__(self, raw: Raw, conditions: bool | None = None) -> None:
        self._raw = raw
        self._trying, self._making = threading.Lock(), threading.Condition()
        self._names: set[Href] = set()
        self._left: set[Href] = set()
        """Hidden files of ours that could not be removed: the next new file takes them along."""
        self.conditions = conditions
        """Are conditions kept? None: not tried yet."""

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Make a new file. PreconditionFailed when the name is taken, NotFound without its folder."""
        if self.conditions is None:
            with self._trying:
                self._try_out(href)
        for left in tuple(self._left):
            with self._alone(left):
                self._discard(left)
        way = _on_the_way(href)
        with self._alone(way):
            if not self.conditions:
                self._refuse_taken(href, way)
            if self.conditions is False:
                return self._by_move(href, content)
            return self._new(href, href, content, [_ONLY_NEW])

    def notice(self, entries: Iterable[Entry]) -> None:
        """Look through a listing for an empty hidden file of ours: whoever tried the server out died meanwhile.

        One with bytes in it may be anybody's, and stays.
        """
        self._left.update(one.href for one in entries if one.size == 0 and _IS_TRIAL.match(one.name))

    @contextmanager
    def _alone(self, way: Href) -> Iterator[None]:
        """Let one thread at a time make a file that goes this way: Apache's own check lets two at once through.

        Between two connectors the owner of a folder decides (protocol R12), and markers are read back (R4).
        """
        with self._making:
            self._making.wait_for(lambda: way not in self._names)
            self._names.add(way)
        try:
            yield
        finally:
            with self._making:
                self._names.discard(way)
                self._making.notify_all()

    def _try_out(self, href: Href) -> None:
        """Make a hidden empty file beside, and see whether it could be made anew; three requests, once a login."""
        if self.conditions is not None:
            return  # another thread has found out meanwhile
        way = _on_the_way(href)
        try:
            self._new(href, way, b"", [])
        except RemoteError as error:
            if error.status not in _NAME_UNWANTED:
                raise
            return  # nothing was learned; the file itself may still be welcome
        try:
            self._raw.put(CREATE, way, b"", [_ONLY_NEW])
        except PreconditionFailed:
            self.conditions = True
        else:
            self.conditions = False
            log.warning("server %s overwrites in spite of If-None-Match: it is looked first", self._raw.name)
        finally:
            self._discard(way)

    def _discard(self, way: Href) -> None:
        """Remove a hidden file of ours, now or with the next new file."""
        self._left.add(way)
        with suppress(RemoteError):
            with suppress(NotFound):
                self._raw.remove(way, [])
            self._left.discard(way)

    def _new(self, named: Href, href: Href, content: bytes | Path, headers: Sequence[str]) -> ETag | None:
        try:
            return self._raw.put(CREATE, href, content, headers)
        except OutcomeUnknown as error:
            # nginx says 500 where the folder is missing: nothing was written there.
            if error.status == 500 and self._is_missing(named.rpartition("/")[0] + "/"):
                raise self._told(NotFound, "the parent folder is missing", CREATE) from error
            raise

    def _by_move(self, href: Href, content: bytes | Path) -> ETag | None:
        way = _on_the_way(href)
        self._new(href, way, content, [])
        try:
            self._raw.move_to(way, href)
        except NotFound as error:
            raise self._told(PreconditionFailed, "somebody else makes the same file", CREATE) from error
        except OutcomeUnknown:
            raise
        except RemoteError:
            self._discard(way)
            raise
        return self._read_back(href, content)

    def _read_back(self, href: Href, content: bytes | Path) -> ETag | None:
        """Two that make one file share the name on the way: whose bytes came to lie there has made it."""
        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as data:
            sha256, size = hashlib.file_digest(data, "sha256").hexdigest(), data.seek(0, os.SEEK_END)
        try:
            # Only what it hashes to is wanted: a large PDF is never in memory, not even once.
            with Path(os.devnull).open("wb") as nowhere:
                found = self._raw.get(href, nowhere, max_bytes=size)
        except RemoteError as error:
            raise self._told(OutcomeUnknown, "the new file cannot be read back", CREATE) from error
        if found.sha256 != sha256:
            raise self._told(PreconditionFailed, "somebody else was faster", CREATE)
        return found.etag

    def replace(self, href: Href, content: bytes | Path, *, etag: ETag) -> ETag | None:
        """Overwrite what still has this tag. PreconditionFailed when it changed or is gone."""
        try:
            headers = self._condition(href, etag, REPLACE)
        except NotFound as error:
            # Some make anew what is gone, whatever the condition (wsgidav).
            raise self._told(PreconditionFailed, "it is gone", REPLACE) from error
        return self._raw.put(REPLACE, href, content, headers)

    def delete(self, href: Href, *, etag: ETag) -> None:
        """Remove what still has this tag."""
        self._raw.remove(href, self._condition(href, etag, DELETE))

    def move(self, source: Href, destination: Href) -> None:
        """Rename. NotFound where the folder it goes to is missing: nginx would make it."""
        if self.conditions is False and not self._is_there(destination.rstrip("/").rpartition("/")[0] + "/"):
            raise self._told(NotFound, "the parent folder is missing", MOVE)
        self._raw.move_to(source, destination)

    def _condition(self, href: Href, etag: ETag, operation: Operation) -> list[str]:
        """Look whether it still has this tag; return what may be sent along: a made or weak tag would match nothing."""
        listing = self._raw.look(href)
        present = listing.folder
        if present.etag is not None and present.etag != etag:
            raise self._told(PreconditionFailed, "it has changed", operation)
        if is_made(etag) or (present.weak_etag and not _is_fresh(present, listing.date)):
            return []
        return [f"If-Match: {quoted(etag)}"]

    def _refuse_taken(self, href: Href, way: Href) -> None:
        if self._is_there(href):
            if self.conditions is False:
                self._discard(way)  # of a run that did not come to its end, and now cannot
            raise self._told(PreconditionFailed, "the name is taken", CREATE)

    def _is_there(self, href: str) -> bool:
        try:
            self._raw.look(Href(href))
        except NotFound:
            return False
        return True

    def _is_missing(self, href: str) -> bool:
        """True only when that is certain."""
        try:
            return not self._is_there(href)
        except RemoteError:
            return False

    def _told(self, kind: Callable[..., RemoteError], detail: str, operation: Operation) -> RemoteError:
        return kind(detail, service=self._raw.name, operation=operation.name)


def _on_the_way(href: Href) -> Href:
    """Return the hidden name of a file until it is whole; the same each time, so that nothing gathers there."""
    folder, _, name = href.rpartition("/")
    return Href(f"{folder}/.{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.part")


def _is_fresh(entry: Entry, date: datetime | None) -> bool:
    return entry.modified is not None and date is not None and abs(date - entry.modified) < _FRESH
