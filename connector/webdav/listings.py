"""From the resources of a multistatus to entries and listings: whole, inside the asked folder, or an error."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime

from connector.errors import InvalidResponse
from connector.ports import Entry, FileId, Href, Listing
from connector.webdav.headers import made_etag, read_date, read_etag
from connector.webdav.hrefs import ServerRoot, path_of
from connector.webdav.multistatus import DAV, OC, Resource

_MANDATORY = tuple(DAV + name for name in ("resourcetype", "getetag", "getcontentlength", "getlastmodified"))
_RESOURCETYPE, _GETETAG, _LENGTH, _MODIFIED = _MANDATORY
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


def checked(resource: Resource) -> Resource:
    """Return the resource if its own status and that of its mandatory properties allow to believe it.

    404 for a property means that it has none. Raises InvalidResponse.
    """
    if resource.status is not None and not 200 <= resource.status < 300:
        raise InvalidResponse(f"a listing holds an entry with status {resource.status}")
    for name in _MANDATORY:
        status = resource.refused.get(name, 404)
        if status != 404:
            raise InvalidResponse(f"a listing holds an entry whose properties have status {status}")
    return resource


def to_entry(resource: Resource, root: ServerRoot) -> Entry | None:
    """Return the entry, None if it lies outside ``root``. Raises InvalidResponse."""
    found = checked(resource).found
    if _RESOURCETYPE not in found:
        raise InvalidResponse("a listing holds an entry without a type")
    href = root.href(path_of(resource.href))
    if href is None:
        return None
    href = Href(href.rstrip("/") + "/" if resource.is_folder else href.rstrip("/"))
    etag, weak = read_etag(found.get(_GETETAG))
    told = found.get(_LENGTH, "")
    size = int(told) if told.isascii() and told.isdigit() and not resource.is_folder else None
    modified = read_date(found.get(_MODIFIED))
    return Entry(
        href=href,
        is_folder=resource.is_folder,
        etag=made_etag(modified, size) if etag is None else etag,
        weak_etag=weak,
        size=size,
        modified=modified,
        file_id=FileId(found[OC + "fileid"]) if found.get(OC + "fileid") else None,
        permissions=found.get(OC + "permissions"),
        owner=found.get(OC + "owner-id") or None,
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


def _itself(by_href: dict[Href, Entry], asked: Href) -> Entry:
    bare = asked.rstrip("/")
    for href in (Href(bare + "/"), Href(bare)):
        if href in by_href:
            return by_href[href]
    # Nextcloud stores NFC and may answer an NFD name so (WebDAV facts section 10).
    folded = unicodedata.normalize("NFC", bare)
    for href, entry in by_href.items():
        if unicodedata.normalize("NFC", href.rstrip("/")) == folded:
            return entry
    raise InvalidResponse("the asked folder is not in its own listing")
