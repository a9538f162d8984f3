"""MOVE and COPY of files and folders (facts section 5)."""

from __future__ import annotations

from connector.sandbox.dms.folder import CREATE
from connector.sandbox.dms.messages import Answer, decoded_path
from connector.sandbox.dms.nextcloud.conditions import check, check_lock
from connector.sandbox.dms.nextcloud.dav import ROOT, Dav, DavError, not_found, oc_id
from connector.sandbox.dms.nextcloud.names import check_move, check_name, check_right
from connector.sandbox.dms.tree import parent_of


def move_or_copy(dav: Dav, src: str) -> Answer:
    """Answer MOVE and COPY: 201 onto a free name, 204 over something, which goes to the trash."""
    node = dav.folder.tree.get(src)
    check(dav, node)
    dst = destination(dav)
    if node is None:
        raise not_found(src)
    moving = dav.call.method == "MOVE"
    existed = check_target(dav, dst)
    if src == dst:
        raise DavError(403, "Forbidden", "Source and destination uri are identical.")
    if dst.startswith(src + "/"):
        raise DavError(
            409, "Conflict", "The destination may not be part of the same subtree as the source path."
        )
    if moving:
        check_move(dav, src, dst)
        check_lock(dav, node)
    else:
        check_right(dav, dst, CREATE)
    if moving:
        dav.folder.move(src, dst)
    else:
        dav.folder.copy(src, dst, dav.user)
    target = dav.folder.tree.get(dst)
    assert target is not None
    headers = dav.file_headers(target) if moving else [("OC-FileId", oc_id(target))]
    return Answer(204 if existed else 201, b"", headers)


def destination(dav: Dav) -> str:
    """Return the path below the user's files that ``Destination`` means.

    Raises 500 without the header, 403 outside of the DAV tree (facts section 5).
    """
    header = dav.call.header("destination")
    if not header:
        raise DavError(
            500, "TypeError", "Sabre\\HTTP\\Request: Destination must be of type string, null given"
        )
    path = dav.below_root(header)
    if path is not None:
        return path
    if not decoded_path(header).startswith(ROOT):
        raise DavError(403, "Forbidden", f"Requested uri ({header}) is out of base uri ({ROOT})")
    raise DavError(403, "Forbidden", "The destination is not yours")


def check_target(dav: Dav, dst: str) -> bool:
    """Judge the target of a MOVE or COPY; returns whether something stands there.

    409 without a parent, 415 below a file, 412 for Overwrite: F onto something, 423 if locked, 400 for a bad name.
    """
    parent = dav.folder.tree.get(parent_of(dst))
    if not dst or parent is None:
        raise DavError(409, "Conflict", "The destination node is not found")
    if not parent.folder:
        raise DavError(415, "UnsupportedMediaType", "The destination node is not a collection")
    overwrite = dav.call.header("overwrite").upper() or "T"
    if overwrite not in ("T", "F"):
        raise DavError(400, "BadRequest", "The HTTP Overwrite header should be either T or F")
    target = dav.folder.tree.get(dst)
    if target is not None and overwrite == "F":
        raise DavError(
            412,
            "PreconditionFailed",
            "The destination node already exists, and the overwrite header is set to false",
        )
    check_lock(dav, target)
    check_name(dst, windows=dav.folder.windows_names)
    return target is not None
