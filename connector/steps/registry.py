"""Where markers live in the DMS, and how one is read there. No judgement, no journal.

One registry a DMS login where its root is private (Nextcloud), else one at each watched root. ``owner`` always
stands in the watched root. Source: protocol, "Where the registry lives".
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector import marks
from connector.errors import InvalidResponse, NotFound, OutOfSpace
from connector.marks import Done, Owner, Reading, Sealer, Sent
from connector.ports import Entry, Folder, Href
from connector.steps.parts import FolderSettings

MAX_MARK_BYTES = 256_000
"""Some five hundred documents: more than anybody sends at once."""
_TOP = Href("/")
_KEY = re.compile(r"[0-9a-f]{64}")


def sent_href(registry: Href, key: str) -> Href:
    """Where the marker of a key stands."""
    return Href(f"{registry}{key}{marks.SENT_SUFFIX}")


def done_href(registry: Href, key: str) -> Href:
    """Where the end of a key stands."""
    return Href(f"{registry}{key}{marks.DONE_SUFFIX}")


def owner_href(settings: FolderSettings) -> Href:
    """Where the owner of a watched folder stands."""
    return Href(settings.owner_folder + "owner")


def read_mark(
    folder: Folder, href: Href, sealer: Sealer
) -> tuple[Reading, Sent | Done | Owner | None, bytes] | None:
    """Fetch and judge one marker; None when there is none. One too large to be a marker is foreign, as is a folder."""
    stream = io.BytesIO()
    try:
        folder.get(href, stream, max_bytes=MAX_MARK_BYTES)
    except NotFound:
        return None
    except OutOfSpace:
        return Reading.FOREIGN, None, b""
    except InvalidResponse:
        if not is_folder(folder, href):
            raise
        return Reading.FOREIGN, None, b""
    data = stream.getvalue()
    if not data and is_folder(folder, href):
        return Reading.FOREIGN, None, b""
    reading, mark = marks.read(data, sealer)
    return reading, mark, data


def is_folder(folder: Folder, href: Href) -> bool:
    """True where a folder bears that name: some servers show a page for it, others nothing at all."""
    try:
        return folder.stat(href).is_folder
    except NotFound:
        return False


def make_registry(folder: Folder, registry: Href, *, root: Href = _TOP) -> None:
    """Make the hidden folder of a registry, its parents below ``root`` too. Idempotent."""
    made = root
    for part in registry.removeprefix(root).strip("/").split("/"):
        made = Href(f"{made}{part}/")
        folder.make_folder(made)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands in a registry, by its names. ``strange``: how many of them say marker and are none."""

    sent: Mapping[str, Entry]
    """Key → its marker."""
    done: frozenset[str]
    """Keys with an end."""
    strange: int = 0


def list_registry(folder: Folder, registry: Href) -> Standing:
    """Return what stands in a registry; nothing when there is none."""
    try:
        entries = folder.list(registry).entries
    except NotFound:
        return Standing(sent={}, done=frozenset())
    sent, done = _by_key(entries, marks.SENT_SUFFIX), _by_key(entries, marks.DONE_SUFFIX)
    named = sum(entry.name.endswith((marks.SENT_SUFFIX, marks.DONE_SUFFIX)) for entry in entries)
    return Standing(sent=sent, done=frozenset(done), strange=named - len(sent) - len(done))


def _by_key(entries: Iterable[Entry], suffix: str) -> dict[str, Entry]:
    return {
        entry.name.removesuffix(suffix): entry
        for entry in entries
        if not entry.is_folder
        and entry.name.endswith(suffix)
        and _KEY.fullmatch(entry.name.removesuffix(suffix))
    }
