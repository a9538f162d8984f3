"""From the resources of a multistatus to entries and listings: whole, inside the asked folder, or an error."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from connector.errors import InvalidResponse
from connector.ports import Entry, ETag, FileId, Href, Listing, TreeBuilder
from connector.webdav.headers import made_etag, read_etag, read_size, read_stamp
from connector.webdav.hrefs import ServerRoot, decode, path_of, possible
from connector.webdav.multistatus import DAV, OC, Resource

_MANDATORY = tuple(DAV + name for name in ("resourcetype", "getetag", "getcontentlength", "getlastmodified"))
_RESOURCETYPE, _GETETAG, _LENGTH, _MODIFIED = _MANDATORY
_FILE_ID, _PERMISSIONS, _OWNER = OC + "fileid", OC + "permissions", OC + "owner-id"
_PLAIN = "<d:resourcetype/><d:getetag/><d:getcontentlength/><d:getlastmodified/>"
_EXTRAS = "<oc:fileid/><oc:permissions/><oc:owner-id/>"


def wanted_properties(*, extras: bool) -> str:
    """Return the ``prop`` element to ask for; ``extras`` are those of Nextcloud (WebDAV facts section 2)."""
    return f"<d:prop>{_PLAIN}{_EXTRAS if extras else ''}</d:prop>"


def propfind_body(*, extras: bool) -> bytes:
    """Return a PROPFIND body that names every property: without names Nextcloud tells few."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
        f"{wanted_properties(extras=extras)}</d:propfind>"
    ).encode()


LOOK_BODY = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:">'
    b"<d:prop><d:resourcetype/><d:getetag/></d:prop></d:propfind>"
)
"""As little as tells that nothing moved."""


def checked(resource: Resource) -> Resource:
    """Return the resource if its own status and that of its mandatory properties allow to believe it.

    404 for a property means that it has none. Raises InvalidResponse.
    """
    if resource.status is not None and not 200 <= resource.status < 300:
        raise InvalidResponse(f"a listing holds an entry with status {resource.status}")
    for name in _MANDATORY if resource.refused else ():
        status = resource.refused.get(name, 404)
        if status != 404:
            raise InvalidResponse(f"a listing holds an entry whose properties have status {status}")
    return resource


def to_entry(resource: Resource, root: ServerRoot) -> Entry | None:
    """Return the entry, None if it lies outside ``root``. Raises InvalidResponse."""
    etag, weak, size, stamp, file_id, permissions, owner = _values(resource)
    href = root.href(path_of(resource.href))
    if href is None:
        return None
    return Entry(
        href=Href(href.rstrip("/") + "/" if resource.is_folder else href.rstrip("/")),
        is_folder=resource.is_folder,
        etag=etag,
        weak_etag=weak,
        size=size,
        modified=None if stamp is None else datetime.fromtimestamp(stamp, UTC),
        file_id=file_id,
        permissions=permissions,
        owner=owner,
    )


def _values(
    resource: Resource,
) -> tuple[ETag | None, bool, int | None, float | None, FileId | None, str | None, str | None]:
    """Read all but the place of an entry; its time in seconds since the epoch. Raises InvalidResponse."""
    found = resource.found
    if resource.status is not None or resource.refused:
        checked(resource)
    if _RESOURCETYPE not in found:
        raise InvalidResponse("a listing holds an entry without a type")
    file_id = found.get(_FILE_ID)
    size = None if resource.is_folder else read_size(found.get(_LENGTH))
    modified = read_stamp(found.get(_MODIFIED))
    etag, weak = read_etag(found.get(_GETETAG))
    return (
        made_etag(modified, size) if etag is None else etag,
        weak,
        size,
        modified,
        FileId(file_id) if file_id else None,
        found.get(_PERMISSIONS),
        found.get(_OWNER) or None,
    )


def to_listing(
    answer: Iterable[Resource], root: ServerRoot, asked: Href, *, levels: int | None, date: datetime | None
) -> Listing:
    """Return the whole listing of ``asked``.

    ``levels`` is how far down the entries may lie: 0, 1, or None for no bound. Raises InvalidResponse if
    the asked resource itself is missing or something lies elsewhere.
    """
    by_href: dict[Href, Entry] = {}
    for resource in answer:
        entry = to_entry(resource, root)
        if entry is None:
            raise InvalidResponse("a listing holds an entry outside the server's root")
        by_href.setdefault(entry.href, entry)
    itself = _itself(by_href, asked)
    del by_href[itself.href]
    for href in by_href:
        below = href.removeprefix(itself.href)
        if not itself.is_folder or len(below) == len(href):
            raise InvalidResponse("a listing holds an entry outside the asked folder")
        if levels is not None and below.rstrip("/").count("/") >= levels:
            raise InvalidResponse("a listing holds entries deeper than asked")
    return Listing(folder=itself, entries=tuple(by_href.values()), date=date)


def to_tree(
    answer: Iterable[Resource],
    root: ServerRoot,
    asked: Href,
    *,
    date: datetime | None,
    apart: Collection[str] = (),
) -> TreeBuilder:
    """Sort an answer of any depth into pages as it streams; nothing else of it is kept.

    Raises InvalidResponse as :func:`to_listing` does. ``apart`` as for :class:`connector.ports.TreeBuilder`.
    """
    builder: TreeBuilder | None = None
    itself: Entry | None = None
    early: list[Entry] = []
    way, folder = "", Href("")
    for resource in answer:
        if builder is not None and itself is not None:
            # What lies in one folder comes together: where that is has been made out for the one before.
            above, _, name = resource.href.rstrip("/").rpartition("/")
            if above != way:
                way, folder = above, _folder_of(above, root, itself)
            last = decode(name)
            if folder and last and "/" not in last and possible(last):
                builder.put(folder, (last, resource.is_folder, *_values(resource)))
                continue
        entry = to_entry(resource, root)
        if entry is None:
            raise InvalidResponse("a listing holds an entry outside the server's root")
        if builder is not None and itself is not None:
            _add(builder, itself, entry)
        elif _is_asked(entry, asked):
            # The asked folder comes first, everywhere; the specification does not promise it.
            itself, builder = entry, TreeBuilder(entry, date, apart=apart)
            for one in early:
                _add(builder, itself, one)
            early.clear()
        else:
            early.append(entry)
    if builder is None:
        raise InvalidResponse("the asked folder is not in its own listing")
    return builder


def _folder_of(above: str, root: ServerRoot, itself: Entry) -> Href:
    """Return the folder of that raw path; empty for what has to be looked at more closely."""
    if not above.startswith("/") or not itself.is_folder:
        return Href("")
    found = root.href(path_of(above + "/"))
    return found if found is not None and found.startswith(itself.href) else Href("")


def _add(builder: TreeBuilder, itself: Entry, entry: Entry) -> None:
    if entry.href == itself.href:
        return
    if not itself.is_folder or not entry.href.startswith(itself.href):
        raise InvalidResponse("a listing holds an entry outside the asked folder")
    builder.add(entry)


def _is_asked(entry: Entry, asked: Href) -> bool:
    bare, found = asked.rstrip("/"), entry.href.rstrip("/")
    # Nextcloud stores NFC and may answer an NFD name so (WebDAV facts section 10).
    return found == bare or unicodedata.normalize("NFC", found) == unicodedata.normalize("NFC", bare)


def _itself(by_href: dict[Href, Entry], asked: Href) -> Entry:
    bare = asked.rstrip("/")
    for href in (Href(bare + "/"), Href(bare)):
        if href in by_href:
            return by_href[href]
    for entry in by_href.values():
        if _is_asked(entry, asked):
            return entry
    raise InvalidResponse("the asked folder is not in its own listing")
