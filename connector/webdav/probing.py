"""What a server can do, found by asking it: two requests a login, then answered from memory.

PROPFIND on the root tells file ids, quota, DAV classes (sabre/dav) and the server's name; then Nextcloud is asked for
its own list (WebDAV facts sections 2, 7, 8, 9), any other server for its classes (OPTIONS, RFC 4918 section 10.1).
What a server does not tell counts as absent where that is safe, else as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.errors import AccessDenied, InvalidResponse, NotFound, RemoteError, Unavailable
from connector.ports import Capabilities, Finding, Href
from connector.webdav.answers import ASK, OPTIONS, PROPFIND
from connector.webdav.connections import Connections
from connector.webdav.headers import read_date, read_size
from connector.webdav.hrefs import ServerRoot
from connector.webdav.listings import to_listing, wanted_properties
from connector.webdav.multistatus import DAV, resources
from connector.webdav.nextcloud import Places

_XML = 'Content-Type: application/xml; charset="utf-8"'
_BLOCK = 65_536
_MAX_ANSWER = 2_000_000
_COLORS_SINCE = 31
"""Tags have colours since Nextcloud 31; its list of abilities says nothing of it."""
_ROOT = Href("/")
_BODY = (
    '<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
    + wanted_properties(extras=True).replace("</d:prop>", "<d:quota-available-bytes/></d:prop>")
    + "</d:propfind>"
).encode()
_ROOT_SAYS = "PROPFIND of the root"
_OCS_SAYS = "its list of capabilities"


@dataclass
class _Root:
    """What the root told of itself."""

    file_ids: bool
    quota_bytes: int | None
    headers: Mapping[str, str]

    @property
    def classes(self) -> frozenset[str] | None:
        """DAV classes of this answer; None where it names none."""
        return _classes(self.headers.get("DAV", ""))

    @property
    def server(self) -> str | None:
        """How the server calls itself."""
        sabre = self.headers.get("X-Sabre-Version", "")
        return f"sabre/dav {sabre}" if sabre else self.headers.get("Server") or None


@dataclass
class _Notes:
    """Findings, in the order in which they are printed."""

    made: list[Finding] = field(default_factory=list)

    def add(self, name: str, value: object, source: str) -> None:
        words = {True: "yes", False: "no", None: "not known"}
        text = words[value] if value is None or isinstance(value, bool) else str(value)
        self.made.append(Finding(name=name, value=text, source=source))


def probe(root: ServerRoot, places: Places | None, connections: Connections) -> Capabilities:
    """Ask a server what it can do. Raises what its root raises; all else that it refuses is not there."""
    seen = _look(root, connections)
    if places is not None and seen.file_ids:
        return _nextcloud(seen, _told(places, connections))
    return _plain(seen, _options(root, connections))


def _look(root: ServerRoot, connections: Connections) -> _Root:
    with connections.ask(
        PROPFIND, root.request_path(_ROOT), headers=["Depth: 0", _XML], body=_BODY
    ) as response:
        found = list(resources(response.iter_content(_BLOCK), max_bytes=_MAX_ANSWER))
        headers = response.headers
    folder = to_listing(iter(found), root, _ROOT, levels=0, date=read_date(headers.get("Date"))).folder
    left = next((one.found.get(DAV + "quota-available-bytes", "") for one in found), "")
    # Negative numbers are Nextcloud's words for "no limit" and "not counted".
    quota = read_size(left)
    return _Root(file_ids=folder.file_id is not None, quota_bytes=quota, headers=headers)


def _nextcloud(seen: _Root, told: Mapping[str, Any]) -> Capabilities:
    files, dav = _part(told, "files"), _part(told, "dav")
    version = told.get("version")
    version = version if isinstance(version, str) else None
    classes = seen.classes
    # Where the list is closed to us its DAV classes still tell whether files_lock is there (facts section 2).
    locks = "locking" in files if told else (None if classes is None else "2" in classes)
    tags = _part(told, "systemtags").get("enabled") is True
    endpoints = _part(_part(told, "notify_push"), "endpoints")
    push = endpoints.get("websocket")
    found = Capabilities(
        kind="nextcloud",
        version=version,
        file_ids=True,
        versions=files.get("versioning") is True,
        chunked_upload=bool(dav.get("chunking")),
        search=True,
        depth_infinity=True,
        conditions=True,
        locks=locks,
        tags=tags,
        tag_colors=tags and _major(version) >= _COLORS_SINCE,
        comments=files.get("comments") is True,
        quota_bytes=seen.quota_bytes,
        push=push if isinstance(push, str) else None,
    )
    notes = _Notes()
    notes.add("server", f"Nextcloud {version or '(version not told)'}", _OCS_SAYS)
    notes.add("file ids", True, f"{_ROOT_SAYS}: oc:fileid")
    for name, value, where in (
        ("versions", found.versions, "files.versioning"),
        ("version labels", files.get("version_labeling") is True, "files.version_labeling"),
        ("upload in pieces", found.chunked_upload, "dav.chunking"),
        ("tags", found.tags, "systemtags.enabled"),
        ("comments", found.comments, "files.comments"),
        ("push", found.push or False, "notify_push.endpoints"),
    ):
        notes.add(name, value if told else None, f"{_OCS_SAYS}: {where}")
    notes.add("tag colours", found.tag_colors, f"version {_COLORS_SINCE} or later")
    notes.add("search", True, "every Nextcloud has it")
    locked = f"{_OCS_SAYS}: files.locking" if told else f"{_ROOT_SAYS}: DAV classes"
    notes.add("locks", found.locks, locked)
    notes.add("quota left", _bytes(seen.quota_bytes), f"{_ROOT_SAYS}: quota-available-bytes")
    return _with(found, notes)


def _plain(seen: _Root, options: Mapping[str, str] | None) -> Capabilities:
    headers = options or {}
    classes = _classes(headers.get("DAV", "")) or seen.classes
    locks = None if classes is None else "2" in classes
    found = Capabilities(
        kind="webdav",
        version=seen.server,
        file_ids=seen.file_ids,
        versions=False,
        chunked_upload=False,
        search=False,
        depth_infinity=None,
        locks=locks,
        quota_bytes=seen.quota_bytes,
    )
    notes = _Notes()
    notes.add("server", seen.server or "WebDAV, without a name", f"{_ROOT_SAYS}: Server")
    notes.add("DAV classes", ", ".join(sorted(classes)) if classes else None, "OPTIONS: DAV")
    notes.add("file ids", seen.file_ids, f"{_ROOT_SAYS}: oc:fileid")
    for name in ("versions", "upload in pieces", "search", "tags", "comments", "push"):
        notes.add(name, False, "no Nextcloud")
    notes.add("locks", locks, "OPTIONS: DAV class 2")
    notes.add("quota left", _bytes(seen.quota_bytes), f"{_ROOT_SAYS}: quota-available-bytes")
    return _with(found, notes)


def _with(found: Capabilities, notes: _Notes) -> Capabilities:
    return Capabilities(**{**vars(found), "findings": tuple(notes.made)})


def _bytes(left: int | None) -> str:
    return "no limit told" if left is None else f"{left} bytes"


def _major(version: str | None) -> int:
    first = (version or "").partition(".")[0]
    return int(first) if first.isascii() and first.isdigit() and len(first) < 5 else 0


def _classes(header: str) -> frozenset[str] | None:
    """Return the tokens of a DAV header (RFC 4918 section 10.1); None where there is none."""
    tokens = frozenset(token.strip() for token in header.split(",")) - {""}
    return tokens or None


def _options(root: ServerRoot, connections: Connections) -> Mapping[str, str] | None:
    try:
        with connections.ask(OPTIONS, root.request_path(_ROOT)) as response:
            return response.headers
    except RemoteError:
        # It looked well a moment ago: whoever knows no OPTIONS is worked with all the same.
        return None


def _told(places: Places, connections: Connections) -> dict[str, Any]:
    headers = ["OCS-APIRequest: true", "Accept: application/json"]
    body = b""
    try:
        with connections.ask(ASK, places.capabilities, headers=headers) as response:
            for block in response.iter_content(_BLOCK):
                body += block
                if len(body) > _MAX_ANSWER:
                    return {}
        data = _part(_part(json.loads(body), "ocs"), "data")
    except (NotFound, AccessDenied, InvalidResponse, ValueError, RecursionError):
        # Many hosts close this door; WebDAV works without it.
        return {}
    except Unavailable as error:
        if error.status is None or error.status < 500 or error.retry_after_s is not None:
            raise
        # Closed for good and broken for a moment are two things: a delivery without versions is not begun for want of
        # an answer. Whoever runs the server is to know that it is this one that is missing.
        raise Unavailable(
            f"WebDAV is there, {_OCS_SAYS} ({places.capabilities.partition('?')[0]}) is not: until it is, or is refused"
            " for good (404), nothing goes on here",
            service=error.service,
            operation=error.operation,
            status=error.status,
        ) from error
    return {**_part(data, "capabilities"), "version": _part(data, "version").get("string")}


def _part(value: Any, name: str) -> dict[str, Any]:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}
