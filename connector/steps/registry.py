"""Where markers live in the DMS, and how one is read there. No judgement, no journal.

One registry a DMS login where its root is private (Nextcloud), else one at each watched root. ``owner`` always
stands in the watched root. Source: protocol, "Where the registry lives".
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from connector import marks
from connector.errors import NotFound, OutOfSpace
from connector.marks import Done, Owner, Reading, Sealer, Sent
from connector.ports import Folder, Href
from connector.steps.parts import FolderSettings

MAX_MARK_BYTES = 256_000
"""Some five hundred documents: more than anybody sends at once."""
_TOP = Href("/")


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
    """Fetch and judge one marker; None when there is none. One too large to be a marker is foreign."""
    stream = io.BytesIO()
    try:
        folder.get(href, stream, max_bytes=MAX_MARK_BYTES)
    except NotFound:
        return None
    except OutOfSpace:
        return Reading.FOREIGN, None, b""
    data = stream.getvalue()
    reading, mark = marks.read(data, sealer)
    return reading, mark, data


def make_registry(folder: Folder, registry: Href, *, root: Href = _TOP) -> None:
    """Make the hidden folder of a registry, its parents below ``root`` too. Idempotent."""
    made = root
    for part in registry.removeprefix(root).strip("/").split("/"):
        made = Href(f"{made}{part}/")
        folder.make_folder(made)


def list_registry(folder: Folder, registry: Href) -> tuple[set[str], set[str]]:
    """Return (keys with a marker, keys with an end) by the names that stand there; empty when there is none."""
    try:
        listing = folder.list(registry)
    except NotFound:
        return set(), set()
    names = [entry.name for entry in listing.entries if not entry.is_folder]
    return _keys(names, marks.SENT_SUFFIX), _keys(names, marks.DONE_SUFFIX)


def _keys(names: Iterable[str], suffix: str) -> set[str]:
    return {name.removesuffix(suffix) for name in names if name.endswith(suffix)}
