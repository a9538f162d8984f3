"""LOCK and UNLOCK with the files_lock app; without it both are 501 (facts section 8).

Where this says "seen": on Nextcloud 32.0.1 with files_lock 32.0.6.
"""

from __future__ import annotations

import re

from connector.sandbox.dms.folder import UPDATE
from connector.sandbox.dms.locks import Lock
from connector.sandbox.dms.messages import Answer
from connector.sandbox.dms.nextcloud.conditions import check, check_lock
from connector.sandbox.dms.nextcloud.dav import NC, XML, Dav, DavError, not_found, tagged
from connector.sandbox.dms.nextcloud.names import check_right
from connector.sandbox.dms.nextcloud.properties import value_of
from connector.sandbox.dms.tree import Node

DEFAULT_TIMEOUT_S = 1800
NEVER_WHEN_MADE, NEVER_WHEN_LENGTHENED = -60, 0
"""What ``nc:lock-timeout`` shows of a lock without end (seen)."""
_TOKEN = re.compile(r"<([^>]*)>")
_SHOWN = (
    "lock",
    "lock-owner-type",
    "lock-owner",
    "lock-owner-displayname",
    "lock-time",
    "lock-timeout",
    "lock-token",
)


def lock(dav: Dav, path: str) -> Answer:
    """Lock by token, or by user with ``X-User-Lock: 1``; an absent name becomes an empty file."""
    _need_app(dav)
    node = dav.folder.tree.get(path)
    if dav.call.header("x-user-lock") == "1":
        return _lock_by_user(dav, node, path)
    check(dav, node)
    check_right(dav, path, UPDATE)
    if not dav.call.body.strip():
        return _refresh(dav, node)
    if node is None:
        node = dav.folder.write(path, b"", dav.user)
    if dav.folder.locks.get(node.fileid) is not None:
        raise DavError(423, "Locked", f"/{path} is locked")
    made = dav.folder.locks.put(node.fileid, dav.user, by_user=False, timeout_s=_timeout(dav))
    dav.folder.tree.restamp(node)  # trap 6: the file's ETag and every folder's above
    return _active(made)


def _lock_by_user(dav: Dav, node: Node | None, path: str) -> Answer:
    """Make the lock, or lengthen one's own of the same kind (seen: 200, the ETag stays)."""
    if node is None:
        raise _not_found_500(dav, path)
    if not dav.folder.rights(path) & UPDATE:  # seen: 500, not 403
        message = "File can only be locked with update permissions."
        raise DavError(500, "OCA\\FilesLock\\Exceptions\\UnauthorizedUnlockException", message)
    by_user = dav.call.header("x-user-lock-type") != "2"
    found = dav.folder.locks.get(node.fileid)
    if found is None:
        dav.folder.locks.put(
            node.fileid, dav.user, by_user=by_user, timeout_s=_lock_seconds(dav) or NEVER_WHEN_MADE
        )
        dav.folder.tree.restamp(node)
    elif found.owner == dav.user and found.by_user == by_user:
        dav.folder.locks.refresh(found, _lock_seconds(dav) or NEVER_WHEN_LENGTHENED)
    else:
        return _lock_properties(dav, node, 423)
    return _lock_properties(dav, node)


def unlock(dav: Dav, path: str) -> Answer:
    """Unlock: 204 by token, 200 with ``X-User-Lock``; a wrong token is 500, none 400."""
    _need_app(dav)
    node = dav.folder.tree.get(path)
    by_user = dav.call.header("x-user-lock") == "1"
    if node is None:
        raise _not_found_500(dav, path) if by_user else not_found(path)
    found = dav.folder.locks.get(node.fileid)
    if by_user:
        if found is None:
            return _lock_properties(dav, node, 412)
        if dav.user not in {found.owner, dav.world.owner}:  # seen: the file's owner takes anybody's lock away
            return _lock_properties(dav, node, 423)
        _drop(dav, node)
        return _lock_properties(dav, node)
    token = _TOKEN.search(dav.call.header("lock-token"))
    if token is None:
        raise DavError(400, "BadRequest", "No lock token was supplied")
    if found is None or found.token != token.group(1):
        raise DavError(500, "OCA\\FilesLock\\Exceptions\\UnauthorizedUnlockError", "wrong token")
    _drop(dav, node)
    return Answer(204)


def _need_app(dav: Dav) -> None:
    if not dav.world.files_lock:
        raise DavError(501, "NotImplemented", f"There was no handler found for {dav.call.method}")


def _not_found_500(dav: Dav, path: str) -> DavError:
    """Seen: with ``X-User-Lock`` a name that is not there is no 404."""
    return DavError(500, "OCP\\Files\\NotFoundException", f"/{dav.user}/files/{path}")


def _lock_seconds(dav: Dav) -> int | None:
    """The app's setting ``lock_timeout``, in minutes; None: locks never end."""
    return None if dav.world.lock_minutes is None else dav.world.lock_minutes * 60


def _drop(dav: Dav, node: Node) -> None:
    dav.folder.locks.drop(node.fileid)
    dav.folder.tree.restamp(node)


def _refresh(dav: Dav, node: Node | None) -> Answer:
    found = None if node is None else dav.folder.locks.get(node.fileid)
    if found is None:
        raise DavError(400, "BadRequest", "An xml body is required for lock requests")
    check_lock(dav, node)
    dav.folder.locks.refresh(found, _timeout(dav))
    return _active(found)


def _timeout(dav: Dav) -> int | None:
    asked = dav.call.header("timeout").partition(",")[0].strip().lower()
    if asked.startswith("second-") and asked[7:].isdigit():
        return int(asked[7:])
    return None if asked == "infinite" else DEFAULT_TIMEOUT_S


def _active(made: Lock) -> Answer:
    timeout = "Infinite" if made.timeout_s is None else f"Second-{made.timeout_s}"
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n<d:prop xmlns:d="DAV:"><d:lockdiscovery><d:activelock>'
        "<d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype><d:depth>infinity</d:depth>"
        f"<d:timeout>{timeout}</d:timeout><d:locktoken><d:href>{made.token}</d:href></d:locktoken>"
        "</d:activelock></d:lockdiscovery></d:prop>"
    )
    return Answer(200, body.encode(), [XML, ("Lock-Token", f"<{made.token}>"), ("Timeout", timeout)])


def _lock_properties(dav: Dav, node: Node, status: int = 200) -> Answer:
    values = [(f"{{{NC}}}{field}", value_of(dav, node, f"{{{NC}}}{field}")) for field in _SHOWN]
    inner = "".join(tagged(name, value) for name, value in values if value is not None)
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<d:prop xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="{NC}">{inner}</d:prop>'
    )
    return Answer(status, body.encode(), [XML])
