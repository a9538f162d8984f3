"""Locks of the files_lock app: by token (LOCK) and by user (X-User-Lock), with expiry (facts section 8)."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms.ledger import Ledger


@dataclass
class Lock:
    """A lock on one file id. ``by_user``: the owner's other sessions may write; else only the token may.

    ``timeout_s`` None, 0 or less: without end. ``expires`` is in seconds since the epoch, None for never.
    """

    fileid: int
    token: str
    owner: str
    by_user: bool
    created: float
    timeout_s: int | None
    expires: float | None


class LockTable:
    """At most one live lock for each file id; a lock ends by itself when the sandbox's clock says so."""

    def __init__(self, ledger: Ledger, clock: SandboxClock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._locks = {int(key): Lock(**row) for key, row in ledger.rows("lock").items()}

    def get(self, fileid: int) -> Lock | None:
        """Return the live lock of a file, or None."""
        lock = self._locks.get(fileid)
        if lock is not None and lock.expires is not None and lock.expires <= self._clock.timestamp():
            self.drop(fileid)
            return None
        return lock

    def put(self, fileid: int, owner: str, *, by_user: bool, timeout_s: int | None) -> Lock:
        """Lock a file that is free."""
        now = self._clock.timestamp()
        token = f"opaquelocktoken:{uuid.uuid4()}"
        lock = Lock(fileid, token, owner, by_user, now, timeout_s, _end(now, timeout_s))
        self._keep(lock)
        return lock

    def refresh(self, lock: Lock, timeout_s: int | None) -> None:
        """Start the time of a lock anew."""
        lock.timeout_s = timeout_s
        lock.expires = _end(self._clock.timestamp(), timeout_s)
        self._keep(lock)

    def drop(self, fileid: int) -> None:
        """Unlock a file."""
        self._locks.pop(fileid, None)
        self._ledger.drop("lock", str(fileid))

    def _keep(self, lock: Lock) -> None:
        self._locks[lock.fileid] = lock
        self._ledger.keep("lock", str(lock.fileid), asdict(lock))


def _end(now: float, timeout_s: int | None) -> float | None:
    return now + timeout_s if timeout_s and timeout_s > 0 else None
