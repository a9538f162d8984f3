"""The properties of files and folders (facts section 2)."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from xml.sax.saxutils import escape, quoteattr

from connector.sandbox.dms.folder import CREATE, DELETE, RESHARE, UPDATE
from connector.sandbox.dms.nextcloud.dav import NC, OC, ROOT, D, Dav, oc_id
from connector.sandbox.dms.tree import Node

# No body, allprop and propname give these only, not even the display name: ask by name.
SHORT_LIST = tuple(
    f"{{{D}}}{name}"
    for name in (
        "getlastmodified",
        "getetag",
        "resourcetype",
        "getcontentlength",
        "getcontenttype",
        "quota-used-bytes",
        "quota-available-bytes",
    )
)

Reader = Callable[[Dav, Node], str | None]


def value_of(dav: Dav, node: Node, name: str) -> str | None:
    """Return a property's inner XML, None if the node does not have it (then 404 in the listing)."""
    reader = _READERS.get(name)
    if reader is not None:
        return reader(dav, node)
    dead = node.props.get(name)
    return None if dead is None else escape(dead)


def content_type(node: Node) -> str:
    """Return the media type by the file's name."""
    return mimetypes.guess_type(node.name)[0] or "application/octet-stream"


def permissions(dav: Dav, node: Node) -> str:
    """Return the letters of oc:permissions; a read-only place looks like a read-only share.

    The place where a share is hung in may always be deleted and, in the listing of the folder above, renamed: that
    concerns the place alone. SEARCH tells neither (seen).
    """
    rights, top = dav.folder.rights(node.path), dav.folder.share_of(node.path)
    if node.path == top and dav.call.method == "PROPFIND":
        rights |= DELETE if dav.below_root(dav.call.path) == top else DELETE | UPDATE
    letters = "S" if top is not None or dav.folder.is_read_only(node.path) else ""
    letters += ("R" if rights & RESHARE else "") + ("M" if dav.folder.is_external(node.path) else "") + "G"
    letters += "D" if rights & DELETE else ""
    letters += "NV" if rights & UPDATE else ""
    if node.folder:
        return letters + ("CK" if rights & CREATE else "")
    return letters + ("W" if rights & UPDATE else "")


def _text(value: object) -> str:
    return escape(str(value))


def _share_types(dav: Dav, node: Node) -> str:
    """Return the kinds of one's *own* shares of it, and 0 where it is shared with us.

    Links that others made to what they share with us are not among them (nextcloud/server, SharesPlugin::getShare).
    """
    own = {link.kind for link in dav.folder.links_to(node.path) if link.by == dav.user}
    kinds = sorted(own | ({0} if node.path in dav.folder.shares else set()))
    return "".join(f"<oc:share-type>{kind}</oc:share-type>" for kind in kinds)


def _quota(dav: Dav, node: Node) -> str | None:
    if not node.folder:
        return None
    left = dav.folder.available_bytes()
    return "-3" if left is None else str(left)


def _tags(dav: Dav, node: Node) -> str:
    parts = []
    for tag in dav.folder.annotations.of(node.fileid):
        flags = (
            f'oc:user-assignable="{str(tag.assignable).lower()}" oc:user-visible="{str(tag.visible).lower()}"'
        )
        marks = f'oc:can-assign="{str(tag.assignable).lower()}" oc:id="{tag.tagid}" {flags}'
        parts.append(
            f"<nc:system-tag {marks} nc:color={quoteattr(tag.color)}>{escape(tag.name)}</nc:system-tag>"
        )
    return "".join(parts)


def _lock(field: str) -> Reader:
    def read(dav: Dav, node: Node) -> str | None:
        if not dav.world.files_lock:
            return None
        lock = dav.folder.locks.get(node.fileid)
        if lock is None:
            return "" if field == "lock" else None
        values = {
            "lock": "1",
            "lock-owner-type": "0" if lock.by_user else "2",
            "lock-owner": lock.owner,
            "lock-owner-displayname": lock.owner,
            "lock-time": str(int(lock.created)),
            "lock-timeout": str(lock.timeout_s or 0),
            "lock-token": lock.token,
        }
        return escape(values[field])

    return read


def _mount(dav: Dav, node: Node) -> str:
    if dav.folder.is_external(node.path):
        return "external"
    return "" if dav.folder.share_of(node.path) is None else "shared"


def _count(folders: bool) -> Reader:
    def read(dav: Dav, node: Node) -> str | None:
        if not node.folder:
            return None
        return str(sum(child.folder == folders for child in dav.folder.tree.children(node.path)))

    return read


def _files_only(reader: Reader) -> Reader:
    return lambda dav, node: None if node.folder else reader(dav, node)


def _comments(dav: Dav, node: Node) -> str:
    return str(sum(comment.fileid == node.fileid for comment in dav.folder.annotations.comments))


_LOCK_FIELDS = (
    "lock",
    "lock-owner-type",
    "lock-owner",
    "lock-owner-displayname",
    "lock-time",
    "lock-timeout",
    "lock-token",
)

_READERS: dict[str, Reader] = {
    f"{{{D}}}getlastmodified": lambda dav, node: formatdate(node.mtime, usegmt=True),
    f"{{{D}}}getetag": lambda dav, node: f"&quot;{node.etag}&quot;",
    f"{{{D}}}resourcetype": lambda dav, node: "<d:collection/>" if node.folder else "",
    f"{{{D}}}getcontentlength": _files_only(lambda dav, node: str(node.size)),
    f"{{{D}}}getcontenttype": _files_only(lambda dav, node: _text(content_type(node))),
    f"{{{D}}}quota-used-bytes": lambda dav, node: (
        str(dav.folder.tree.size_of(node.path)) if node.folder else None
    ),
    f"{{{D}}}quota-available-bytes": _quota,
    f"{{{D}}}displayname": lambda dav, node: _text(node.name or dav.user),
    # Unset, so 1970 (facts section 2).
    f"{{{D}}}creationdate": lambda dav, node: datetime.fromtimestamp(0, tz=UTC).strftime(
        "%Y-%m-%dT%H:%M:%S+00:00"
    ),
    f"{{{OC}}}fileid": lambda dav, node: str(node.fileid),
    f"{{{OC}}}id": lambda dav, node: oc_id(node),
    f"{{{OC}}}permissions": permissions,
    f"{{{OC}}}size": lambda dav, node: str(dav.folder.tree.size_of(node.path)),
    f"{{{OC}}}owner-id": lambda dav, node: _text(dav.folder.owner_of(node.path, dav.user)),
    f"{{{OC}}}owner-display-name": lambda dav, node: _text(dav.folder.owner_of(node.path, dav.user)),
    f"{{{OC}}}share-types": _share_types,
    f"{{{OC}}}favorite": lambda dav, node: "1" if node.favorite else "0",
    f"{{{OC}}}checksums": lambda dav, node: (
        f"<oc:checksum>{escape(node.checksum)}</oc:checksum>" if node.checksum else None
    ),
    f"{{{OC}}}comments-count": _comments,
    f"{{{OC}}}comments-unread": lambda dav, node: "0",
    f"{{{OC}}}comments-href": lambda dav, node: f"{ROOT}comments/files/{node.fileid}",
    f"{{{NC}}}system-tags": _tags,
    f"{{{NC}}}mount-type": _mount,
    f"{{{NC}}}is-mount-root": lambda dav, node: "false",
    f"{{{NC}}}has-preview": lambda dav, node: "false",
    f"{{{NC}}}upload_time": _files_only(lambda dav, node: str(node.uploaded)),
    f"{{{NC}}}creation_time": _files_only(lambda dav, node: "0"),
    f"{{{NC}}}contained-file-count": _count(False),
    f"{{{NC}}}contained-folder-count": _count(True),
    **{f"{{{NC}}}{field}": _lock(field) for field in _LOCK_FIELDS},
}
