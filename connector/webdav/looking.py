"""One login of a WebDAV server, and all that only looks: what the server can do, what lies where, what has moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    Unavailable,
)
from connector.ports import (
    Capabilities,
    Entry,
    ETag,
    Href,
    Listing,
    Tree,
    TreeBuilder,
)
from connector.webdav import nextcloud
from connector.webdav.answers import (
    HEAD,
    PROPFIND,
)
from connector.webdav.chunked import CHUNK_BYTES
from connector.webdav.client import AdapterFactory, Login, Timeouts
from connector.webdav.connections import Connections
from connector.webdav.headers import is_made, made_etag, quoted, read_date, read_etag, read_size
from connector.webdav.hrefs import ServerRoot
from connector.webdav.listings import LOOK_BODY, propfind_body, to_listing, to_tree
from connector.webdav.multistatus import Resource, resources
from connector.webdav.pace import Pace
from connector.webdav.probing import probe
from connector.webdav.searching import TreeSearch
from connector.webdav.surveying import Listed, Requests, Surveyor

MAX_LISTING_BYTES = 512_000_000
_BLOCK = 65_536
_XML = 'Content-Type: application/xml; charset="utf-8"'
_ROOT = Href("/")


class Looking:
    """One WebDAV login: its connections, and what can be seen through them. Thread-safe.

    ``url`` is the server's URL of the login's files (Nextcloud: ``…/remote.php/dav/files/USER/``), without
    credentials in it; hrefs begin below it. ``ca_file`` and ``proxy`` are taken from here only, never from
    the environment. At most ``max_connections`` requests run at once. ``adapter_factory`` is given each
    ready ``HTTPAdapter`` and returns the one to use. ``conditions`` tells whether a plain server keeps those of a
    write; None: that is tried out with the first new file. ``clock``: seconds; ``Retry-After`` is obeyed by it.
    ``before_write`` is asked right before each request that may change something (``fence``).
    Raises ValueError for a URL that cannot be meant.
    """

    def __init__(
        self,
        name: str,
        url: str,
        user: str,
        password: bytes | str,
        *,
        ca_file: Path | None = None,
        proxy: str | None = None,
        max_connections: int = 4,
        timeouts: Timeouts | None = None,
        adapter_factory: AdapterFactory | None = None,
        max_listing_bytes: int = MAX_LISTING_BYTES,
        chunk_bytes: int = CHUNK_BYTES,
        conditions: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
        before_write: Callable[[float], float] | None = None,
    ) -> None:
        self.name = name
        self._root = ServerRoot.of(url)
        self._timeouts = timeouts or Timeouts()
        secret = password.encode() if isinstance(password, str) else password
        login = Login(
            *(self._root.origin, user, secret, ca_file, proxy, self._timeouts, adapter_factory, before_write)
        )
        self._connections = Connections(login, name, max_connections, clock=clock)
        self._max_listing_bytes, self._chunk_bytes = max_listing_bytes, chunk_bytes
        self._places = nextcloud.Places.of(self._root)
        self._conditions = conditions
        self._lock = threading.Lock()
        ask = Requests(
            look=self._top,
            list=self._listed,
            infinite=self._infinite,
            same=self._is_same,
            search=self._search_tree(),
        )
        self._pace = Pace(max_connections)
        self._surveyor = Surveyor(name, ask, self._pace)
        self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def drift_s(self) -> float | None:
        """The server's clock minus ours (``clock``: seconds since the epoch) at its last success; None before it."""
        return self._connections.drift_s

    @property
    def heard_s(self) -> float | None:
        """Return our own clock at that moment, in seconds since 1970; None before the first."""
        return self._connections.heard_s

    @property
    def made(self) -> dict[str, int]:
        """Status of the answer (``none`` where none came) → requests since the start."""
        return self._connections.made

    @property
    def connections(self) -> Connections:
        """What its requests go through: how many of them, and what this login was told."""
        return self._connections

    def allow(self, most: int) -> None:
        """Let so many requests run at once from now on; what runs goes on to its end."""
        self._pace.allow(most)
        self._connections.allow(most)

    @property
    def allowed(self) -> int:
        """So many requests may run at once."""
        return self._connections.allowed

    @property
    def in_use(self) -> int:
        """So many connections are in use, or kept open for the next request."""
        return self._connections.in_use

    def close(self) -> None:
        """Close the idle connections. The folder can be used again, and opens new ones then."""
        self._connections.close()

    def reconnect(self) -> None:
        """Forget a refused login and what the server can do."""
        self._connections.reconnect()
        self._forget()

    def renew(self, password: str) -> None:
        """Go on with another password, which was put in place of one that was refused."""
        self._connections.renew(password.encode())
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._known: Capabilities | None = None
            self._surveyor.forget()
            # Asking a plain server for properties it never has costs 150 bytes an entry.
            self._extras = self._places is not None

    # -- looking -----------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        """Ask once, in two requests: see ``probing``."""
        with self._lock:
            known = self._known
        if known is None:
            known = probe(self._root, self._places, self._connections)
            with self._lock:
                self._known, self._extras = known, known.file_ids
                if self._surveyor.infinity is None:
                    self._surveyor.infinity = known.depth_infinity
        return replace(known, depth_infinity=self._surveyor.infinity)

    def stat(self, href: Href) -> Entry:
        """Look at one file or folder: PROPFIND Depth 0. RFC 4918 section 9.1."""
        try:
            return self._propfind(href, "0", levels=0).folder
        except InvalidResponse as error:
            # Apache redirects the name of a folder to the one with its slash. Nothing is followed, but
            # that one may be asked for.
            if href.endswith("/") or error.status not in {301, 302, 307, 308}:
                raise
            try:
                return self._propfind(Href(href + "/"), "0", levels=0).folder
            except (InvalidResponse, NotFound):
                raise error from None

    def list(self, href: Href) -> Listing:
        """List one folder: PROPFIND Depth 1. NotFound when there is none, or a file of that name."""
        listing = self._propfind(href, "1", levels=1)
        self._must_be_folder(listing.folder)
        return listing

    def look(self, href: Href) -> Listing:
        """Look at one thing, and at the server's clock: for ``PlainWrites``."""
        return self._propfind(href, "0", levels=0)

    def _top(self, href: Href) -> Listing:
        with self._asking(href, "0", LOOK_BODY, self._timeouts.call_s) as (found, date):
            listing = to_listing(found, self._root, href, levels=0, date=date)
        self._must_be_folder(listing.folder)
        return listing

    def _listed(self, href: Href) -> Listed:
        body = propfind_body(extras=self._extras)
        with self._asking(href, "1", body, self._timeouts.call_s) as (found, date):
            builder = to_tree(found, self._root, href, date=date)
        if builder.deep:
            raise InvalidResponse("a listing holds entries deeper than asked")
        self._must_be_folder(builder.root)
        return Listed(itself=builder.root, page=builder.top())

    def _is_same(self, href: Href, etag: ETag) -> bool:
        """Ask for a file unless it has this ETag: HEAD with If-None-Match. RFC 9110 section 13.1.2."""
        condition = [] if is_made(etag) else [f"If-None-Match: {quoted(etag)}"]
        try:
            with self._connections.ask(HEAD, self._root.request_path(href), headers=condition) as response:
                return response.status_code == 304 or etag in _tags(response.headers)
        except (AccessDenied, NotFound, InvalidResponse, Unavailable) as error:
            if error.status in {401, 429, 503}:
                raise
            return False

    def walk(self, href: Href) -> Listing:
        """List everything below: one request where Depth infinity is allowed, else one per folder.

        The answer to the first try is remembered until :meth:`reconnect`.
        """
        tree = self._surveyor.whole(href)
        return Listing(folder=tree.root, entries=tuple(tree.entries()), date=tree.date)

    def survey(
        self, href: Href, known: Tree | None = None, *, near: Collection[Href] = (), sweep: bool = False
    ) -> Tree:
        """Bring a tree up to date, as :mod:`connector.webdav.surveying` says."""
        climbs = self.capabilities().kind == "nextcloud"
        return self._surveyor.survey(href, known, climbs=climbs, near=near, sweep=sweep)

    def _search_tree(self) -> Callable[[Href], Tree | None] | None:
        if self._places is None:
            return None
        return TreeSearch(
            self._connections,
            self._root,
            self._places,
            seconds=self._timeouts.transfer_s,
            max_bytes=self._max_listing_bytes,
        ).tree

    def _infinite(self, href: Href, apart: Collection[str]) -> TreeBuilder:
        body = propfind_body(extras=self._extras)
        with self._asking(href, "infinity", body, self._timeouts.transfer_s) as (found, date):
            return to_tree(found, self._root, href, date=date, apart=apart)

    def _propfind(self, href: Href, depth: str, *, levels: int) -> Listing:
        body = propfind_body(extras=self._extras)
        with self._asking(href, depth, body, self._timeouts.call_s) as (found, date):
            return to_listing(found, self._root, href, levels=levels, date=date)

    @contextmanager
    def _asking(
        self, href: Href, depth: str, body: bytes, seconds: float
    ) -> Iterator[tuple[Iterator[Resource], datetime | None]]:
        """Make one PROPFIND; what its answer tells comes as it streams."""
        with self._connections.ask(
            PROPFIND,
            self._root.request_path(href),
            headers=[f"Depth: {depth}", _XML],
            body=body,
            seconds=seconds,
        ) as response:
            found = resources(response.iter_content(_BLOCK), max_bytes=self._max_listing_bytes)
            yield found, read_date(response.headers.get("Date"))

    def _must_be_folder(self, entry: Entry) -> None:
        if not entry.is_folder:
            raise NotFound("a file of that name, no folder", service=self.name, operation=PROPFIND.name)


def _tags(headers: Mapping[str, str]) -> tuple[ETag | None, ...]:
    """Return the tag of an answer without a body as a listing may have it: told, or made of time and size."""
    modified = read_date(headers.get("Last-Modified"))
    size = read_size(headers.get("Content-Length"))
    made = made_etag(None if modified is None else modified.timestamp(), size)
    return read_etag(headers.get("ETag"))[0], made
