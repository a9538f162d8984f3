"""GET, HEAD, PUT, DELETE and MKCOL on files (facts sections 1, 2, 4 and 5)."""

from __future__ import annotations

import hashlib
import re
from email.utils import formatdate

from connector.sandbox.dms.folder import CREATE, DELETE, UPDATE
from connector.sandbox.dms.messages import Answer
from connector.sandbox.dms.nextcloud.conditions import check, check_lock
from connector.sandbox.dms.nextcloud.dav import Dav, DavError, not_found, oc_id
from connector.sandbox.dms.nextcloud.names import check_name, check_quota, check_right
from connector.sandbox.dms.nextcloud.properties import content_type
from connector.sandbox.dms.tree import Node, parent_of

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_HASHES = ("md5", "sha1", "sha256")


def get(dav: Dav, path: str) -> Answer:
    """Answer GET and HEAD. Only a GET lets the server see a torn file as it is (trap 1)."""
    node = dav.folder.tree.get(path)
    unchanged = check(dav, node)
    if unchanged is not None:
        return unchanged
    if node is None:
        raise not_found(path)
    if node.folder:
        return Answer(200)  # with 0 bytes (facts section 2)
    if dav.call.method == "HEAD":
        return Answer(200, b"", [*_told(node), ("X-Sandbox-Length", str(node.size))])
    data = dav.folder.read(node)
    if data is None:
        raise not_found(path)
    return ranged(dav, Answer(200, data, _told(node)))


def ranged(dav: Dav, answer: Answer) -> Answer:
    """Cut a whole answer to the one range asked for: 206, or 416 if it lies outside."""
    match = _RANGE.match(dav.call.header("range"))
    if match is None or match.groups() == ("", ""):
        return answer
    size = len(answer.body)
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        raise DavError(416, "RequestedRangeNotSatisfiable")
    answer.headers.append(("Content-Range", f"bytes {start}-{end}/{size}"))
    return Answer(206, answer.body[start : end + 1], answer.headers)


def put(dav: Dav, path: str) -> Answer:
    """Write a file: 201 for a new one, 204 over an old one, whose id stays (facts section 4)."""
    node = dav.folder.tree.get(path)
    check(dav, node)
    if dav.call.header("content-range"):
        raise DavError(400, "BadRequest", "Content-Range on PUT requests are forbidden.")
    if node is not None and node.folder:
        raise DavError(409, "Conflict", "PUT is not allowed on non-files.")
    _need_parent(dav, path)
    check_right(dav, path, CREATE if node is None else UPDATE)
    check_lock(dav, node)
    check_name(path, windows=dav.folder.windows_names)
    if dav.call.header("content-length"):  # a chunked transfer escapes the quota (facts section 4)
        check_quota(dav, path, int(dav.call.header("content-length")))
    if not dav.call.complete:
        dav.folder.tear(path, dav.call.body)
        raise _short(dav)
    written = dav.folder.write(
        path, dav.call.body, dav.user, mtime=asked_mtime(dav), checksum=dav.call.header("oc-checksum")
    )
    headers = [*dav.file_headers(written), *accepted(dav), *_hashes(dav)]
    return Answer(201 if node is None else 204, b"", headers)


def patch(dav: Dav, path: str) -> Answer:
    """Let the server hash a file: ``X-Recalculate-Hash: sha256`` sets OC-Checksum (facts section 4)."""
    node = dav.folder.tree.get(path)
    check(dav, node)
    if node is None or node.folder:
        raise not_found(path)
    name = dav.call.header("x-recalculate-hash").lower()
    data = dav.folder.read(node)
    if name not in _HASHES or data is None:
        raise DavError(501, "NotImplemented", "There was no handler found for PATCH")
    node.checksum = f"{name.upper()}:{hashlib.new(name, data, usedforsecurity=False).hexdigest()}"
    dav.folder.tree.keep(node)
    return Answer(204, b"", [("OC-Checksum", node.checksum)])


def asked_mtime(dav: Dav) -> int | None:
    """Return the mtime of ``X-OC-Mtime``, or None."""
    asked = dav.call.header("x-oc-mtime")
    return int(asked) if asked.isdigit() else None


def accepted(dav: Dav) -> list[tuple[str, str]]:
    """Return the header that says that ``X-OC-Mtime`` was taken."""
    return [] if asked_mtime(dav) is None else [("X-OC-Mtime", "accepted")]


def delete(dav: Dav, path: str) -> Answer:
    """Delete into the trash: 204."""
    node = dav.folder.tree.get(path)
    check(dav, node)
    if node is None:
        raise not_found(path)
    if not path:
        raise DavError(403, "Forbidden", "The root may not be deleted")
    check_right(dav, path, DELETE)
    check_lock(dav, node)
    dav.folder.delete(path, skip_trash=dav.call.header("x-nc-skip-trashbin") == "true")
    return Answer(204)


def mkcol(dav: Dav, path: str) -> Answer:
    """Make a folder: 405 if anything is there, 409 below nothing (facts section 5)."""
    node = dav.folder.tree.get(path)
    check(dav, node)
    if node is not None:
        raise DavError(405, "MethodNotAllowed", "The resource you tried to create already exists")
    parent = dav.folder.tree.get(parent_of(path))
    if parent is None or not parent.folder:
        raise DavError(409, "Conflict", "Parent node does not exist")
    check_right(dav, path, CREATE)
    check_name(path, windows=dav.folder.windows_names)
    return Answer(201, b"", [("OC-FileId", oc_id(dav.folder.mkdir(path)))])


def _need_parent(dav: Dav, path: str) -> None:
    """A missing parent is 404, not 409, unless the client asks for parents to be made (facts section 4)."""
    above = parent_of(path)
    parent = dav.folder.tree.get(above)
    if parent is not None and parent.folder:
        return
    if parent is not None or dav.call.header("x-nc-webdav-auto-mkcol") != "1":
        raise not_found(above)
    check_right(dav, path, CREATE)
    parts = above.split("/")
    for depth in range(1, len(parts) + 1):
        step = "/".join(parts[:depth])
        if dav.folder.tree.get(step) is None:
            dav.folder.mkdir(step)


def _short(dav: Dav) -> DavError:
    expected = dav.call.header("content-length") or "?"
    message = (
        f"Expected filesize of {expected} bytes but read (from Nextcloud client) {len(dav.call.body)} bytes "
        "and wrote (to Nextcloud storage) the same. Could either be a network problem on the sending side "
        "or a problem writing to the storage on the server side."
    )
    return DavError(400, "BadRequest", message)


def _told(node: Node) -> list[tuple[str, str]]:
    told = [
        ("Content-Type", content_type(node)),
        ("Last-Modified", formatdate(node.mtime, usegmt=True)),
        ("ETag", f'"{node.etag}"'),
        ("OC-ETag", f'"{node.etag}"'),
        ("OC-FileId", oc_id(node)),
        ("Accept-Ranges", "bytes"),
    ]
    return [*told, ("OC-Checksum", node.checksum)] if node.checksum else told


def _hashes(dav: Dav) -> list[tuple[str, str]]:
    """``X-Hash`` makes the server tell the hash of the bytes it got (facts section 4)."""
    asked = dav.call.header("x-hash").lower()
    names = _HASHES if asked == "all" else (asked,)
    return [
        (f"X-Hash-{name.upper()}", hashlib.new(name, dav.call.body, usedforsecurity=False).hexdigest())
        for name in names
        if name in _HASHES
    ]
