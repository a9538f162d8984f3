"""Which names and places may be written (facts section 10)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from connector.sandbox.dms.folder import CREATE, DELETE, UPDATE
from connector.sandbox.dms.nextcloud.dav import Dav, DavError
from connector.sandbox.dms.tree import parent_of

LONGEST_NAME_BYTES = 250


WINDOWS_FORBIDS = frozenset('<>:"|?*')
"""Beside the backslash, once ``files:windows-compatible-filenames`` is on; so is a blank or a point at the end."""


def check_name(path: str, *, windows: bool) -> None:
    """Raise 400 InvalidPath for a name that Nextcloud refuses; what bears it already is read and moved away as ever."""
    name = path.rpartition("/")[2]
    reason = ""
    if "\\" in name or any(ord(letter) < 32 for letter in name):
        reason = "File name contains invalid characters"
    elif windows and (WINDOWS_FORBIDS & set(name) or name.endswith((" ", "."))):
        reason = "File name contains characters that are not allowed"
    elif name.lower() == ".htaccess":
        reason = f'"{name}" is a forbidden file or folder name.'
    elif name.lower().endswith((".part", ".filepart")):
        reason = f'"{name}" has a forbidden file type.'
    elif len(name.encode()) > LONGEST_NAME_BYTES:
        reason = "File name is too long"
    if reason:
        told = (
            f'  <o:retry xmlns:o="o:">false</o:retry>\n  <o:reason xmlns:o="o:">{escape(reason)}</o:reason>\n'
        )
        raise DavError(400, "OCA\\DAV\\Connector\\Sabre\\Exception\\InvalidPath", reason, extra=told)


def check_right(dav: Dav, path: str, right: int) -> None:
    """Raise 403, with an empty message, where this is not among the rights (facts section 9; each seen on 32.0.1)."""
    if dav.folder.rights(path) & right != right:
        raise DavError(403, "OCA\\DAV\\Connector\\Sabre\\Exception\\Forbidden")


def check_move(dav: Dav, src: str, dst: str) -> None:
    """Judge a MOVE: within one folder it needs to update and to delete, else to delete here and to create there.

    Seen: where only the update is missing, 500.
    """
    if parent_of(src) != parent_of(dst):
        check_right(dav, src, DELETE)
        check_right(dav, dst, CREATE)
        return
    check_right(dav, src, DELETE)
    if not dav.folder.rights(src) & UPDATE:
        raise DavError(500, "Exception", "Could not rename")


def check_quota(dav: Dav, path: str, needed: int) -> None:
    """Raise 507 if the quota leaves less than ``needed`` bytes; the old content stays."""
    left = dav.folder.available_bytes()
    if left is not None and needed > left:
        message = f"Insufficient space in /{path}, {needed} required, {left} available"
        raise DavError(507, "InsufficientStorage", message)
