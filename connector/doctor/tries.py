"""What a server does with writes, found out by writing in a scratch place: conditions, versions.

Each function makes what it needs there and says what came of it; whoever made the place removes it. Requests are the
connector's own, sent raw: what it does to make up for a server's weakness would hide that weakness here.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from connector.doctor.lines import Line, Private, fail, note, ok
from connector.doctor.scratch import OWN
from connector.errors import (
    NotFound,
    PreconditionFailed,
    RemoteError,
)
from connector.ports import Capabilities, Entry, ETag, Href
from connector.webdav.answers import CREATE, REPLACE
from connector.webdav.folder import WebDavFolder
from connector.webdav.headers import is_made, quoted

_TIMES: Final = 3
_PASS_S: Final = 1.2
_PASS_ELSEWHERE_S: Final = 2.2
"""A tag is proven, and a strong one, once the second of its change is over (WebDAV facts, trap 2; Apache: two)."""
_MOST: Final = 100_000


@dataclass(frozen=True, kw_only=True)
class Place:
    """A scratch place, and what is known of its server."""

    folder: WebDavFolder
    href: Href
    told: Capabilities
    wait: Callable[[float], None]

    @property
    def is_nextcloud(self) -> bool:
        """True where conditions, versions and ids are counted on."""
        return self.told.kind == "nextcloud"

    def at(self, name: str) -> Href:
        """Where a file of this name lies; it begins with :data:`~connector.doctor.scratch.OWN`."""
        return Href(f"{self.href}{OWN} {name}")

    def create(self, href: Href, content: bytes) -> None:
        """Make a new file: one PUT with If-None-Match: *."""
        self.folder.put(CREATE, href, content, ["If-None-Match: *"])

    def settled(self, href: Href) -> Entry:
        """Look at a file once its tag is proven."""
        self.wait(_PASS_S if self.is_nextcloud else _PASS_ELSEWHERE_S)
        return self.folder.stat(href)

    def read(self, href: Href) -> bytes:
        """Read a small file back."""
        into = io.BytesIO()
        self.folder.get(href, into, max_bytes=_MOST)
        return into.getvalue()


def stale_writes(place: Place) -> Iterator[Line]:
    """Overwrite with the tag of before: it must be refused every time (RFC 9110 section 13.1.1)."""
    href = place.at("condition.txt")
    place.create(href, b"un\n")
    entry = place.settled(href)
    if entry.etag is None:
        yield fail("JSE-D12", "files have neither ETag nor time: nothing can be guarded, nothing leaves")
        return
    if not _is_proof(entry):
        kind = "weak ETags" if entry.weak_etag else "no ETags"
        if place.is_nextcloud:
            yield fail(
                "JSE-D12",
                "{kind}: something between takes them away, and no condition can be made",
                kind=kind,
            )
        else:
            yield note(
                "JSE-D12", "{kind}: it is looked right before each write, and an instant remains", kind=kind
            )
        return
    try:
        place.folder.put(REPLACE, href, b"deux, et plus long\n", [f"If-Match: {quoted(entry.etag)}"])
    except PreconditionFailed:
        yield fail(
            "JSE-D10", "a write with the present ETag is refused: no status could be brought up to date"
        )
        return
    place.wait(_PASS_S)
    tried, refused = _stale(place, href, entry.etag)
    if refused == tried:
        yield ok("stale write refused {refused} of {tried}", refused=refused, tried=tried)
        return
    said = "stale write refused {refused} of {tried}"
    if place.is_nextcloud:
        yield fail("JSE-D10", said + ": a person's edit could be overwritten", refused=refused, tried=tried)
    else:
        yield note(
            "JSE-D10",
            said + ": it is looked right before each write, and an instant remains",
            refused=refused,
            tried=tried,
        )


def _is_proof(entry: Entry) -> bool:
    """True for a tag of which a condition can be made."""
    return entry.etag is not None and not is_made(entry.etag) and not entry.weak_etag


def _stale(place: Place, href: Href, etag: ETag) -> tuple[int, int]:
    """Return (how often it was tried, how often refused); a new version, as documents come home, is tried once."""
    refused = 0
    chunked = place.told.chunked_upload
    for number in range(_TIMES - chunked):
        try:
            place.folder.put(REPLACE, href, f"faux {number}\n".encode(), [f"If-Match: {quoted(etag)}"])
        except PreconditionFailed:
            refused += 1
    if chunked:
        with _local(b"faux, en morceaux\n") as content:
            try:
                place.folder.replace_as_version(href, content, etag=etag, upload=_upload_name(href))
            except PreconditionFailed:
                refused += 1
    return _TIMES, refused


def create_only(place: Place) -> Iterator[Line]:
    """Make a file that is there: it must be refused, or markers go another way (protocol R2)."""
    href = place.at("nouveau.txt")
    place.create(href, b"un\n")
    refused = 0
    for number in range(_TIMES):
        try:
            place.create(href, f"faux {number}\n".encode())
        except PreconditionFailed:
            refused += 1
    if refused == _TIMES:
        yield ok("create-only kept {refused} of {times}", refused=refused, times=_TIMES)
    elif place.is_nextcloud:
        yield fail(
            "JSE-D11",
            "create-only kept {refused} of {times}: nothing can be sent safely",
            refused=refused,
            times=_TIMES,
        )
    elif _moves_onto(place, href):
        yield fail(
            "JSE-D11",
            "create-only kept {refused} of {times}, and a rename overwrites, too",
            refused=refused,
            times=_TIMES,
        )
    else:
        yield note(
            "JSE-D11",
            "create-only kept {refused} of {times}: new files are made under a hidden name and renamed, "
            "which is refused where the name is taken (tried)",
            refused=refused,
            times=_TIMES,
        )


def _moves_onto(place: Place, taken: Href) -> bool:
    other = place.at("autre.txt")
    place.create(other, b"autre\n")
    try:
        place.folder.move_to(other, taken)
    except PreconditionFailed:
        return False
    except RemoteError:
        return place.read(taken) == b"autre\n"
    return True


def new_version(place: Place) -> Iterator[Line]:
    """Bring a document home as the connector does: a new version of the same file, the original kept."""
    if not (place.told.versions and place.told.chunked_upload):
        yield from _aside(place)
        return
    href, first = place.at("version.txt"), b"original, avant signature\n"
    place.create(href, first)
    before = place.settled(href)
    if before.file_id is None:
        yield fail("JSE-D15", "the server tells no file id: the file could not be followed")
        return
    if before.etag is None or not _is_proof(before):
        return  # said of stale writes already: nothing is put over it without a condition
    second = None if before.modified is None else before.modified + timedelta(seconds=1)
    place.wait(1)  # that second is over then: the server's own time is another
    with _local(b"signe\n") as content:
        place.folder.replace_as_version(
            href, content, etag=before.etag, upload=_upload_name(href), modified=second
        )
    after = place.settled(href)
    same = after.file_id == before.file_id
    kept = _is_kept(place, before, after, first)
    if same and kept and place.read(href) == b"signe\n":
        yield ok("new version keeps file id and history")
        if second is not None and after.modified != second:
            yield note("JSE-D29", "a new version gets another time than the one asked for")
        return
    lost = [what for what, well in (("file id", same), ("earlier content", kept)) if not well]
    yield fail("JSE-D15", "new version loses {lost}", lost=" and ".join(lost) or "its own content")


def _is_kept(place: Place, before: Entry, after: Entry, content: bytes) -> bool:
    assert before.file_id is not None
    wanted = hashlib.sha256(content).hexdigest()
    for version in place.folder.versions(before.file_id, modified=after.modified):
        if version.current or version.size != len(content):
            continue
        into = io.BytesIO()
        with suppress(NotFound):
            if (
                place.folder.get_version(before.file_id, version.version_id, into, max_bytes=_MOST).sha256
                == wanted
            ):
                return True
    return False


def _aside(place: Place) -> Iterator[Line]:
    """Try the other way (protocol R5): the original renamed without overwriting, the signed one made new."""
    href, aside, first = place.at("sans version.txt"), place.at("sans version (original).txt"), b"original\n"
    place.create(href, first)
    try:
        place.folder.move_to(href, aside)
        place.create(href, b"signe\n")
    except RemoteError as error:
        yield fail(
            "JSE-D15",
            "no versions, and the original cannot be renamed aside: {why}",
            why=Private(str(error), f"{type(error).__name__} {error.status or ''}"),
        )
        return
    if place.read(aside) != first:
        yield fail("JSE-D15", "no versions, and the original renamed aside has other bytes")
        return
    why = " (the app files_versions is off)" if place.is_nextcloud else ""
    yield note("JSE-D28", 'no versions{why}: the original is kept as "... (original).pdf" first', why=why)


def _upload_name(href: Href) -> str:
    return "doctor-" + hashlib.sha256(href.encode("utf-8", "surrogateescape")).hexdigest()[:16]


@contextmanager
def _local(content: bytes) -> Iterator[Path]:
    """Keep some content in a local file for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="jse-doctor-") as directory:
        path = Path(directory) / "content"
        path.write_bytes(content)
        yield path
