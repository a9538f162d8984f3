"""Which names and places may be written (facts section 10)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from connector.sandbox.dms.nextcloud.dav import Dav, DavError

LONGEST_NAME_BYTES = 250


def check_name(path: str) -> None:
    """Raise 400 InvalidPath for a name that Nextcloud refuses."""
    name = path.rpartition("/")[2]
    reason = ""
    if "\\" in name or any(ord(letter) < 32 for letter in name):
        reason = "File name contains invalid characters"
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


def check_writable(dav: Dav, *paths: str) -> None:
    """Raise 403, with an empty message, for a read-only place (facts section 9)."""
    if any(dav.folder.is_read_only(path) for path in paths):
        raise DavError(403, "OCA\\DAV\\Connector\\Sabre\\Exception\\Forbidden")


def check_quota(dav: Dav, path: str, needed: int) -> None:
    """Raise 507 if the quota leaves less than ``needed`` bytes; the old content stays."""
    left = dav.folder.available_bytes()
    if left is not None and needed > left:
        message = f"Insufficient space in /{path}, {needed} required, {left} available"
        raise DavError(507, "InsufficientStorage", message)
