"""Locks on files: files_lock's lock by user on Nextcloud, RFC 4918's exclusive write lock elsewhere.

WebDAV facts section 8; RFC 4918 sections 6, 9.10, 9.11. Whose a lock is, is read back from the server, never
guessed: so a lock of ours that a lost answer left there is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import requests
from lxml import etree

from connector.errors import (
    InvalidResponse,
    Locked,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    RemoteError,
)
from connector.ports import Lock
from connector.webdav.answers import DELETE, HEAD, LOCK, PROPFIND, UNLOCK
from connector.webdav.connections import Connections
from connector.webdav.headers import read_date, read_size

_DAV, _NC = "{DAV:}", "{http://nextcloud.org/ns}"
_XML = 'Content-Type: application/xml; charset="utf-8"'
_MAX_BYTES = 200_000
_NOT_OFFERED = frozenset({405, 501})
"""How a server without locks says so: files_lock absent is 501, a resource that cannot be locked 405."""
_MOST_SECONDS = 100 * 365 * 86_400
"""An end beyond this is none; it also keeps a date within what a calendar holds."""

_BY_USER = "X-User-Lock: 1"
_ASK_USER_LOCK = (
    b'<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:prop>'
    b"<nc:lock/><nc:lock-owner/><nc:lock-owner-type/><nc:lock-owner-displayname/><nc:lock-time/><nc:lock-timeout/>"
    b"</d:prop></d:propfind>"
)
_ASK_LOCKS = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<d:propfind xmlns:d="DAV:"><d:prop><d:lockdiscovery/></d:prop></d:propfind>'
)


@dataclass(frozen=True)
class Found:
    """A lock as a server tells it. ``owner``: the user, or the note that its maker left."""

    owner: str
    lock: Lock
    by_user: bool = False
    """files_lock's kind that its owner's other sessions may write through."""
    name: str = ""
    """Its owner as people are called there."""


class UserLocks:
    """Nextcloud's locks by user: the login itself opens them, its other sessions may go on writing."""

    def __init__(self, connections: Connections, user: str) -> None:
        self._connections, self._user = connections, user

    def lock(self, path: str) -> Lock | None:
        """Lock; None where the app is not installed. Locked when another user holds it."""
        try:
            with self._connections.ask(LOCK, path, headers=[_BY_USER]):
                pass
        except Locked:
            found = self._mine(path)
            if found is None:
                raise
            return found.lock
        except RemoteError as error:
            if error.status in _NOT_OFFERED:
                return None
            raise
        # Read back: the answer to LOCK differs between releases of the app, the properties do not.
        found = self._mine(path)
        if found is None:
            raise OutcomeUnknown("the lock cannot be read back", operation=LOCK.name)
        return found.lock

    def unlock(self, path: str) -> bool:
        """Unlock; False when it is not locked, Locked when somebody else's lock is on it.

        Looked at first: files_lock lets the owner of a *file* take anybody's lock away, and answers 500 for a file
        that is not there (seen on 32.0.6).
        """
        found = _looked(self._connections, path, _ASK_USER_LOCK, _user_locks)
        if not found:
            return False
        if not any(self._is_mine(one) for one in found):
            raise Locked("somebody else's lock", operation=UNLOCK.name, status=423)
        try:
            with self._connections.ask(UNLOCK, path, headers=[_BY_USER]):
                return True
        except PreconditionFailed:
            return False  # it ended by itself meanwhile

    def holder(self, path: str) -> str:
        """Name whoever locked it by hand; empty for nobody, and for an app that has it open."""
        found = _looked(self._connections, path, _ASK_USER_LOCK, _user_locks)
        return next((one.name or one.owner for one in found if one.by_user), "")

    def is_anothers(self, path: str, *, by_hand: bool = True) -> bool:
        """True for a lock that is not this login's: another user's, or an app's, whoever has the file open there.

        ``by_hand``: those of users count, too.
        Nextcloud's text editor locks what it has open, as an app (seen on 32.0.1 with files_lock 32.0.5).
        """
        found = _looked(self._connections, path, _ASK_USER_LOCK, _user_locks)
        return any((by_hand or not one.by_user) and not self._is_mine(one) for one in found)

    def _mine(self, path: str) -> Found | None:
        found = _looked(self._connections, path, _ASK_USER_LOCK, _user_locks)
        return next((one for one in found if self._is_mine(one)), None)

    def _is_mine(self, found: Found) -> bool:
        return found.by_user and found.owner == self._user


class TokenLocks:
    """Exclusive write locks of RFC 4918: the token opens them, for the login that made them, too."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def lock(self, path: str, note: str) -> Lock | None:
        """Lock for as long as the server allows; None where it has no locks."""
        # One wish, not several: sabre/dav answers a list of them with 400.
        lines = ["Depth: 0", "Timeout: Infinite", _XML]
        try:
            with self._connections.ask(LOCK, path, headers=lines, body=_lockinfo(note)) as response:
                token = response.headers.get("Lock-Token", "").strip().strip("<>")
                made = response.status_code == 201
                told = _activelocks(_body(response), read_date(response.headers.get("Date")))
        except Locked:
            mine = self._mine(path, note)
            if mine is None:
                raise
            return mine.lock
        except RemoteError as error:
            if error.status in _NOT_OFFERED:
                return None
            raise
        if made and self._is_empty(path):
            # Nothing was there, and the lock has made an empty file of it (RFC 4918 section 9.10.4).
            self._unmake(path, token)
            raise NotFound("no such file", operation=LOCK.name, status=201)
        lock = next((one.lock for one in told if one.lock.token == token or not token), None)
        if lock is None:
            raise OutcomeUnknown("the answer does not tell the lock", operation=LOCK.name)
        return lock

    def unlock(self, path: str, note: str, token: str) -> bool:
        """Unlock; False when that lock is not there (any more)."""
        if not token:
            mine = self._mine(path, note)
            if mine is None:
                return False
            token = mine.lock.token
        try:
            self._unlock(path, token)
        except (NotFound, OutcomeUnknown):
            raise
        except RemoteError:
            # 400, 403, 409 or 412, as each server likes: whether it is still there is what counts.
            if any(one.lock.token == token for one in self._all(path)):
                raise
            return False
        return True

    def _unlock(self, path: str, token: str) -> None:
        with self._connections.ask(UNLOCK, path, headers=[f"Lock-Token: <{token}>"]):
            pass

    def _is_empty(self, path: str) -> bool:
        """Only what is certainly empty was made by the lock: a server may say 201 of a file that was there."""
        with self._connections.ask(HEAD, path) as response:
            return read_size(response.headers.get("Content-Length")) == 0

    def _unmake(self, path: str, token: str) -> None:
        with self._connections.ask(DELETE, path, headers=[f"If: (<{token}>)"]):
            pass

    def _mine(self, path: str, note: str) -> Found | None:
        return next((one for one in self._all(path) if one.owner == note and one.lock.token), None)

    def _all(self, path: str) -> Sequence[Found]:
        return _looked(self._connections, path, _ASK_LOCKS, _activelocks)


def _lockinfo(note: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope>'
        f"<d:locktype><d:write/></d:locktype><d:owner>{escape(note)}</d:owner></d:lockinfo>"
    ).encode()


def _looked(
    connections: Connections,
    path: str,
    body: bytes,
    read: Callable[[bytes, datetime | None], list[Found]],
) -> list[Found]:
    with connections.ask(PROPFIND, path, headers=["Depth: 0", _XML], body=body) as response:
        return read(_body(response), read_date(response.headers.get("Date")))


def _body(response: requests.Response) -> bytes:
    body = b""
    for block in response.iter_content(65_536):
        body += block
        if len(body) > _MAX_BYTES:
            raise InvalidResponse("an answer about locks is larger than allowed")
    return body


def _tree(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise InvalidResponse("an answer about locks is not complete XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidResponse("an answer about locks with a document type declaration is refused")
    return root


def _activelocks(body: bytes, date: datetime | None) -> list[Found]:
    """Return every ``activelock`` of an answer (RFC 4918 sections 14.1 and 15.8)."""
    return [
        Found(
            owner=_text(one, f"{_DAV}owner"),
            lock=Lock(
                token=_text(one, f"{_DAV}locktoken").strip("<>"),
                until=_until(_text(one, f"{_DAV}timeout"), date),
            ),
        )
        for one in _tree(body).iter(f"{_DAV}activelock")
    ]


def _user_locks(body: bytes, _date: datetime | None) -> list[Found]:
    """Return the lock that Nextcloud's properties tell, whatever its kind: 0 a user's, 1 an app's, 2 a token's.

    ``lock-timeout`` counts in seconds from ``lock-time`` on; 0 or less (-60 on a new one) is for ever (files_lock).
    """
    told = {tag: _text(_tree(body), f"{_NC}{tag}", deep=True) for tag in _TOLD}
    if told["lock"] in {"", "0", "false"}:
        return []
    begun, seconds = _number(told["lock-time"]), _number(told["lock-timeout"])
    until = datetime.fromtimestamp(begun + seconds, tz=UTC) if begun and 0 < seconds < _MOST_SECONDS else None
    by_user = told["lock-owner-type"] == "0"
    name = told["lock-owner-displayname"]
    return [Found(owner=told["lock-owner"], lock=Lock(token="", until=until), by_user=by_user, name=name)]


_TOLD = ("lock", "lock-owner", "lock-owner-type", "lock-owner-displayname", "lock-time", "lock-timeout")


def _text(element: etree._Element, tag: str, *, deep: bool = False) -> str:
    found = next(element.iter(tag), None) if deep else element.find(tag)
    return "" if found is None else "".join(str(part) for part in found.itertext()).strip()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _until(text: str, date: datetime | None) -> datetime | None:
    """Read ``Second-604800`` as a moment by the server's own clock; None for ``Infinite`` and what cannot be read."""
    seconds = _number(text.strip().lower().removeprefix("second-"))
    if not 0 < seconds < _MOST_SECONDS:
        return None
    return (date or datetime.now(UTC)) + timedelta(seconds=seconds)
