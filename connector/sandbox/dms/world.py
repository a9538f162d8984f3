"""One DMS: its folder, its state, its accounts, what it does wrong, and what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms.accounts import Accounts
from connector.sandbox.dms.folder import Link, NextcloudFolder, PlainFolder
from connector.sandbox.dms.ledger import Ledger
from connector.sandbox.dms.misbehaviour import Kind, Rule, RuleBook
from connector.sandbox.dms.person import Person
from connector.sandbox.dms.tree import Node, clean

Mode = Literal["plain", "nextcloud"]


@dataclass(frozen=True)
class Request:
    """One request as it was counted.

    ``at`` in seconds since the epoch by the sandbox's clock; ``path`` decoded, with the DAV prefix;
    ``status`` 0 if the connection was cut without an answer; ``bytes_in`` and ``bytes_out`` are bodies;
    ``connection`` numbers the TCP connections; ``headers`` by lower-case name, without the credentials.
    """

    number: int
    at: float
    method: str
    path: str
    status: int
    bytes_in: int
    bytes_out: int
    depth: str
    connection: int
    cookies: bool
    user: str
    headers: Mapping[str, str]


class DmsWorld:
    """A folder that may be served by ``serve_dms``, in mode ``plain`` or ``nextcloud``.

    ``files`` holds the folder as a person finds it, ``state`` everything else; both are made if missing.
    ``users`` are login names and passwords; all of them see the same folder as their root.
    ``files_lock`` installs Nextcloud's locking app; ``depth_infinity`` False makes plain mode refuse
    Depth: infinity; ``scan`` makes the server look for changes on disk at each PROPFIND and SEARCH.

    Switches that may be set at any time: ``maintenance`` (503), ``quota_bytes`` (507), ``read_only``
    (a set of folder paths, "" for all: 403), on Nextcloud ``shares`` (folder path → rights, as others share it with
    us), ``owners`` (whose these are), ``links`` (public links to files), ``accounts.disabled`` (503),
    ``accounts.change_password``; on Nextcloud
    ``lock_minutes`` (how long a lock by user holds, None for ever), ``versions_app`` and ``comments_app`` (False: the
    app is off), ``tags_by_admin_only`` (creating tags is 403).
    """

    def __init__(
        self,
        files: Path,
        state: Path,
        *,
        mode: Mode,
        clock: SandboxClock,
        users: Mapping[str, str] | None = None,
        files_lock: bool = False,
        depth_infinity: bool = True,
        scan: bool = False,
    ) -> None:
        files.mkdir(parents=True, exist_ok=True)
        state.mkdir(parents=True, exist_ok=True)
        self.files, self.state, self.mode, self.clock = files, state, mode, clock
        self.files_lock, self.depth_infinity, self.scan = files_lock, depth_infinity, scan
        self.lock = threading.RLock()
        self.ledger = Ledger(state / "state.db")
        self.accounts = Accounts(users or {"signatures": "sandbox"}, self.ledger, clock)
        self.plain = PlainFolder(files, clock)
        self.nextcloud = NextcloudFolder(files, state, self.ledger, clock) if mode == "nextcloud" else None
        self.person = Person(self, "comptable")
        self.owner = next(iter(users or {"signatures": ""}))
        """The login whose files these are; the others see them as shared with them."""
        self.maintenance = False
        self.shallow = False
        """Answer Depth: infinity with one level, and say nothing of it."""
        self.lock_minutes: int | None = None
        self.comments_app = True
        self.tags_by_admin_only = False
        self._plain_quota: int | None = None
        self._plain_read_only: set[str] = set()
        self.rules = RuleBook()
        self._requests: list[Request] = []
        self._counting = threading.Lock()
        self.ledger.flush()

    # -- switches --------------------------------------------------------------------------------

    @property
    def quota_bytes(self) -> int | None:
        """The quota in bytes, None for unlimited."""
        return self._plain_quota if self.nextcloud is None else self.nextcloud.quota_bytes

    @quota_bytes.setter
    def quota_bytes(self, value: int | None) -> None:
        if self.nextcloud is None:
            self._plain_quota = value
        else:
            self.nextcloud.quota_bytes = value

    @property
    def shares(self) -> dict[str, int]:
        """Folders that others share with the login, each with its rights; change it in place."""
        if self.nextcloud is None:
            raise ValueError("a plain server knows no shares")
        return self.nextcloud.shares

    @property
    def owners(self) -> dict[str, str]:
        """Whose such folders are: path → user id; change it in place."""
        if self.nextcloud is None:
            raise ValueError("a plain server tells no owner")
        return self.nextcloud.owners

    @property
    def links(self) -> list[Link]:
        """Public links and the like, whoever made them; change the list in place."""
        if self.nextcloud is None:
            raise ValueError("a plain server knows no links")
        return self.nextcloud.links

    @property
    def read_only(self) -> set[str]:
        """The folders where writing is forbidden; change the set in place."""
        return self._plain_read_only if self.nextcloud is None else self.nextcloud.read_only

    @property
    def versions_app(self) -> bool:
        """Is Nextcloud's app files_versions on?"""
        return self.nextcloud is not None and self.nextcloud.versions_app

    @versions_app.setter
    def versions_app(self, on: bool) -> None:
        assert self.nextcloud is not None, "plain mode keeps no versions"
        self.nextcloud.versions_app = on

    def misbehave(self, *, kind: Kind, method: str = "*", path: str = "*", **details: Any) -> Rule:
        """Put one misbehaviour in force; kinds and details as ``Rule`` tells.

        ``path`` is a glob (``*`` also crosses slashes) on the path below the user's root, on the whole
        URL path, or on the path below the root of the Destination. Raises ValueError for an unknown kind,
        TypeError for an unknown detail.
        """
        rule = Rule(kind=kind, method=method, path=path, **details)
        self.rules.add(rule)
        return rule

    def behave(self) -> None:
        """End every misbehaviour."""
        self.rules.clear()

    # -- looking ---------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in the order in which they ended."""
        with self._counting:
            return list(self._requests)

    def forget_requests(self) -> None:
        """Begin counting anew in memory; ``requests.jsonl`` goes on."""
        with self._counting:
            self._requests.clear()

    def connections(self) -> int:
        """Return how many TCP connections carried the counted requests."""
        return len({request.connection for request in self.requests})

    def disk(self, path: str) -> Path:
        """Return where the bytes of ``path`` lie."""
        return self.plain.disk(path if self.nextcloud is None else clean(path))

    def node(self, path: str) -> Node | None:
        """Return what the server knows of ``path``; None if nothing, or in plain mode."""
        return None if self.nextcloud is None else self.nextcloud.tree.get(clean(path))

    def file_id(self, path: str) -> int | None:
        """Return the file id, or None."""
        node = self.node(path)
        return None if node is None else node.fileid

    def etag(self, path: str) -> str | None:
        """Return the ETag that the server shows, without quotes, or None."""
        node = self.node(path)
        return None if node is None else node.etag

    def tags_of(self, path: str) -> list[str]:
        """Return the names of the tags on a file, sorted."""
        fileid = self.file_id(path)
        if self.nextcloud is None or fileid is None:
            return []
        return [tag.name for tag in self.nextcloud.annotations.of(fileid)]

    def comments_on(self, path: str) -> list[str]:
        """Return the texts of the comments on a file, oldest first."""
        fileid = self.file_id(path)
        if self.nextcloud is None or fileid is None:
            return []
        return [one.message for one in self.nextcloud.annotations.comments if one.fileid == fileid]

    def versions_of(self, path: str) -> list[tuple[int, str, bytes]]:
        """Return (id, label, bytes) of every version the server lists, newest first.

        As on the wire, the first entry is the **current** content (facts section 4): the old versions are
        ``versions_of(path)[1:]``. Empty in plain mode or for an unknown path.
        """
        with self.lock:
            node = self.node(path)
            if self.nextcloud is None or node is None:
                return []
            current, *kept = self.nextcloud.versions_of(node)
            shelf = self.nextcloud.versions
            return [
                (current.stamp, current.label, self.disk(node.path).read_bytes()),
                *((v.stamp, v.label, shelf.data(node.fileid, v.stamp) or b"") for v in kept),
            ]

    def thin_versions(self) -> int:
        """Run Nextcloud's background job that thins versions; returns how many went (facts section 4)."""
        with self.act() as folder:
            return 0 if folder is None else folder.thin()

    # -- acting ----------------------------------------------------------------------------------

    @contextmanager
    def act(self) -> Iterator[NextcloudFolder | None]:
        """Hold the world still for one act; yields its Nextcloud folder, None in plain mode."""
        with self.lock:
            try:
                yield self.nextcloud
            finally:
                self.ledger.flush()

    def count(self, **facts: Any) -> Request:
        """Count one request, in memory and in ``requests.jsonl`` of the state directory."""
        with self._counting:
            request = Request(number=len(self._requests) + 1, at=self.clock.timestamp(), **facts)
            self._requests.append(request)
            with (self.state / "requests.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(vars(request), ensure_ascii=False) + "\n")
        return request

    def close(self) -> None:
        """Write what is pending and let go of the files; the world may go on afterwards."""
        with self.lock:
            self.ledger.close()
