"""Walks without Depth infinity, what a server can do, and chunked uploads that go wrong half-way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
    Unavailable,
)
from connector.ports import Capabilities, ETag, FileId, Href
from connector.webdav import Timeouts, WebDavFolder
from tests.fakes.dav_server import Asked, RawServer, Step, answer, entry, multistatus

USER_ROOT = "remote.php/dav/files/al%20ice/"
QUICK = Timeouts(connect_s=2, read_s=0.5, call_s=2, transfer_s=2)
TREE = {
    "/": ["/a/", "/b/", "/x.pdf"],
    "/a/": ["/a/c/", "/a/y.pdf"],
    "/a/c/": ["/a/c/z.pdf"],
    "/b/": [],
}


def _level(path: str, deep: bool = False) -> list[str]:
    found = list(TREE[path])
    if deep:
        for child in TREE[path]:
            found += _level(child, deep=True) if child.endswith("/") else []
    return found


def _listing(paths: Iterable[str]) -> bytes:
    return answer("207 Multi-Status", multistatus(*(entry(p, folder=p.endswith("/")) for p in paths)))


def infinite(asked: Asked) -> bytes:
    """Answer every depth as asked."""
    depth = asked.headers["depth"]
    below = [] if depth == "0" else _level(asked.path, deep=depth == "infinity")
    return _listing([asked.path, *below])


def refusing(asked: Asked) -> bytes:
    """Say no to infinity, as Apache does by default."""
    if asked.headers["depth"] == "infinity":
        return answer("403 Forbidden", b'<error xmlns="DAV:"><propfind-finite-depth/></error>')
    return infinite(asked)


def shallow(asked: Asked) -> bytes:
    """Answer infinity with one level, without a word."""
    return _listing([asked.path, *(_level(asked.path) if asked.headers["depth"] != "0" else [])])


EVERYTHING = {"/a/", "/b/", "/x.pdf", "/a/c/", "/a/y.pdf", "/a/c/z.pdf"}


@pytest.mark.parametrize(
    ("server_kind", "first", "second", "allowed"),
    [(infinite, 1, 1, True), (refusing, 5, 4, False), (shallow, 4, 4, False)],
)
def test_a_walk_is_whole_whatever_the_server_allows(
    server_kind: Callable[[Asked], bytes], first: int, second: int, allowed: bool
) -> None:
    """One request where infinity is allowed, else one per folder; tried once, then remembered."""

    def script(asked: Asked) -> bytes:
        return answer("200 OK", b"", "DAV: 1") if asked.method == "OPTIONS" else server_kind(asked)

    with RawServer(script) as server, WebDavFolder("dms", server.url, "u", "p") as folder:
        for expected in (first, second):
            before = len(server.asked)
            assert {found.href for found in folder.walk(Href("/")).entries} == EVERYTHING
            assert len(server.asked) - before == expected
        assert folder.capabilities().depth_infinity is allowed
        folder.reconnect()
        assert folder.capabilities().depth_infinity is None


def test_a_walk_uses_few_connections() -> None:
    """A wide tree is walked over at most as many connections as allowed."""
    names = [f"/{number}/" for number in range(150)]

    def script(asked: Asked) -> Iterable[Step] | bytes:
        if asked.headers["depth"] == "infinity":
            return answer("403 Forbidden")
        if asked.path == "/":
            return _listing(["/", *names])
        return [0.002, _listing([asked.path, asked.path + "x.pdf"])]

    with RawServer(script) as server:
        with WebDavFolder("dms", server.url, "u", "p", max_connections=3) as folder:
            assert len(folder.walk(Href("/")).entries) == 300
        assert 1 < server.connections <= 3


@pytest.mark.parametrize(
    ("status", "expected"),
    [("404 Not Found", Unavailable), ("403 Forbidden", AccessDenied), ("500 Oh", Unavailable)],
)
def test_a_walk_with_a_hole_is_no_walk(status: str, expected: type[RemoteError]) -> None:
    """One folder that cannot be listed, and there is no listing."""

    def script(asked: Asked) -> bytes:
        return answer(status) if asked.path == "/a/c/" else refusing(asked)

    with RawServer(script) as server, WebDavFolder("dms", server.url, "u", "p") as folder:
        with pytest.raises(RemoteError) as caught:
            folder.walk(Href("/"))
        assert type(caught.value) is expected


def test_a_forbidden_folder_is_not_taken_for_a_refused_depth() -> None:
    """403 to every depth is about the folder."""
    with RawServer(lambda _: answer("403 Forbidden")) as server:
        folder = WebDavFolder("dms", server.url, "u", "p")
        with folder, pytest.raises(AccessDenied):
            folder.walk(Href("/"))
        assert [asked.headers["depth"] for asked in server.asked] == ["infinity", "1"]


# -- what a server can do --------------------------------------------------------------------------


def _capabilities(**files: object) -> bytes:
    told = {"files": files, "dav": {"chunking": "1.0"}}
    data = {"version": {"string": "32.0.1"}, "capabilities": told}
    return answer("200 OK", json.dumps({"ocs": {"data": data}}).encode(), "Content-Type: application/json")


FILE_ID = "<oc:fileid xmlns:oc='http://owncloud.org/ns'>7</oc:fileid>"


def _nextcloud(told: bytes, file_id: str = FILE_ID) -> RawServer:
    def script(asked: Asked) -> bytes:
        if asked.method == "GET":
            return told
        return answer("207 Multi-Status", multistatus(entry("/" + USER_ROOT, folder=True, props=file_id)))

    return RawServer(script)


@pytest.mark.parametrize(
    ("told", "version", "versions", "chunks"),
    [
        (_capabilities(versioning=True), "32.0.1", True, True),
        (_capabilities(versioning=False), "32.0.1", False, True),
        (answer("404 Not Found"), None, False, False),
        (answer("200 OK", b"<html></html>", "Content-Type: text/html"), None, False, False),
        (answer("200 OK", b'{"ocs": []}'), None, False, False),
        (answer("401 Unauthorized"), None, False, False),
        (answer("302 Found", b"", "Location: /login"), None, False, False),
    ],
)
def test_capabilities(told: bytes, version: str | None, versions: bool, chunks: bool) -> None:
    """What Nextcloud tells counts; what it does not tell is absent, and stops no login."""
    with _nextcloud(told) as server:
        with WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder:
            found = folder.capabilities()
            assert folder.capabilities() == found
            folder.stat(Href("/"))
        assert (found.kind, found.version, found.versions) == ("nextcloud", version, versions)
        assert (found.chunked_upload, found.search, found.depth_infinity) == (chunks, True, True)
        (asked,) = [asked for asked in server.asked if asked.method == "GET"]
        assert asked.path == "/ocs/v2.php/cloud/capabilities?format=json"
        assert asked.headers["ocs-apirequest"] == "true"


def test_the_shape_of_the_url_alone_is_no_nextcloud() -> None:
    """Without file ids it is a plain server."""
    with _nextcloud(_capabilities(versioning=True), file_id="") as server:
        with WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder:
            assert folder.capabilities().kind == "webdav"
        assert server.methods() == ["PROPFIND", "OPTIONS"]


def told_by(found: Capabilities) -> dict[str, tuple[str, str]]:
    """What would be printed."""
    return {finding.name: (finding.value, finding.source) for finding in found.findings}


EVERY_APP = {
    "files": {"versioning": True, "version_labeling": True, "comments": True, "locking": "1.0"},
    "dav": {"chunking": "1.0"},
    "systemtags": {"enabled": True},
    "notify_push": {"type": ["files"], "endpoints": {"websocket": "wss://cloud.example.fr/push/ws"}},
}


@pytest.mark.parametrize(
    ("version", "colors"), [("32.0.1", True), ("31.0.0", True), ("30.0.9", False), ("", False)]
)
def test_a_nextcloud_with_every_app(version: str, colors: bool) -> None:
    """Each ability is found in two requests, and each says where; tags have colours since 31."""
    data = {"version": {"string": version}, "capabilities": EVERY_APP}
    told = answer("200 OK", json.dumps({"ocs": {"data": data}}).encode(), "Content-Type: application/json")
    props = "<oc:fileid xmlns:oc='http://owncloud.org/ns'>7</oc:fileid>"
    props += "<d:quota-available-bytes>2097152</d:quota-available-bytes>"
    with _nextcloud(told, props) as server:
        with WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder:
            found = folder.capabilities()
            assert folder.annotations() is not None
        assert server.methods() == ["PROPFIND", "GET"]
    assert (found.tags, found.tag_colors, found.comments, found.locks) == (True, colors, True, True)
    assert (found.quota_bytes, found.push) == (2_097_152, "wss://cloud.example.fr/push/ws")
    printed = told_by(found)
    named = f"Nextcloud {version or '(version not told)'}"
    assert printed["server"] == (named, "its list of capabilities")
    assert printed["version labels"] == ("yes", "its list of capabilities: files.version_labeling")
    assert printed["tag colours"][0] == ("yes" if colors else "no")
    assert printed["quota left"] == ("2097152 bytes", "PROPFIND of the root: quota-available-bytes")


@pytest.mark.parametrize(
    ("classes", "locks"),
    [("DAV: 1, 3, nextcloud-checksum-update, 2", True), ("DAV: 1, 3", False), ("", None)],
)
def test_a_nextcloud_whose_list_is_closed(classes: str, locks: bool | None) -> None:
    """Its DAV classes still tell of locks; of all else nothing is known, and nothing is tried."""

    def script(asked: Asked) -> bytes:
        if asked.method == "GET":
            return answer("403 Forbidden")
        props = "<oc:fileid xmlns:oc='http://owncloud.org/ns'>7</oc:fileid>"
        props += "<d:quota-available-bytes>-3</d:quota-available-bytes>"
        body = multistatus(entry("/" + USER_ROOT, folder=True, props=props))
        return answer("207 Multi-Status", body, *([classes] if classes else []))

    with RawServer(script) as server, WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder:
        found = folder.capabilities()
        assert folder.annotations() is None
    assert (found.locks, found.tags, found.comments, found.quota_bytes) == (locks, False, False, None)
    assert told_by(found)["tags"] == ("not known", "its list of capabilities: systemtags.enabled")
    assert told_by(found)["quota left"][0] == "no limit told"


@pytest.mark.parametrize(
    ("options", "locks", "classes"),
    [
        (answer("200 OK", b"", "DAV: 1,2", "DAV: <http://apache.org/dav/propset/fs/1>"), True, "1, 2, <"),
        (answer("204 No Content", b"", "DAV: 1"), False, "1"),
        (answer("200 OK"), None, "not known"),
        (answer("405 Method Not Allowed"), None, "not known"),
        (answer("500 Oh"), None, "not known"),
    ],
)
def test_a_plain_server_is_asked_for_its_classes(options: bytes, locks: bool | None, classes: str) -> None:
    """In one request; whoever knows no OPTIONS is worked with all the same."""

    def script(asked: Asked) -> bytes:
        if asked.method == "OPTIONS":
            return options
        return answer("207 Multi-Status", multistatus(entry("/", folder=True)), "Server: Apache/2.4.62")

    with RawServer(script) as server, WebDavFolder("dms", server.url, "u", "p") as folder:
        found = folder.capabilities()
        assert folder.annotations() is None
        assert server.methods() == ["PROPFIND", "OPTIONS"]
    assert (found.kind, found.version, found.locks) == ("webdav", "Apache/2.4.62", locks)
    assert told_by(found)["DAV classes"][0].startswith(classes)


def test_capabilities_unavailable_are_asked_again() -> None:
    """A server in maintenance is not remembered as one that can do nothing."""
    with _nextcloud(answer("503 Service Unavailable")) as server:
        folder = WebDavFolder("dms", server.url + USER_ROOT, "u", "p")
        for _ in range(2):
            with pytest.raises(Unavailable):
                folder.capabilities()
        folder.close()


def test_a_broken_list_of_capabilities_is_named() -> None:
    """WebDAV works and one door does not: whoever runs the server hears which, and nothing is concluded from it."""
    told = [answer("500 Oh"), answer("404 Not Found")]

    def script(asked: Asked) -> bytes:
        if asked.method == "GET":
            return told.pop(0)
        return answer("207 Multi-Status", multistatus(entry("/" + USER_ROOT, folder=True, props=FILE_ID)))

    with RawServer(script) as server, WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder:
        with pytest.raises(
            Unavailable, match=r"500: WebDAV is there, .*/ocs/v2\.php/cloud/capabilities\) is not"
        ):
            folder.capabilities()
        assert not folder.capabilities().versions, "a closed door is an answer"


# -- chunked upload --------------------------------------------------------------------------------

UPLOAD = "/remote.php/dav/uploads/al%20ice/up-1"
YES = {
    "MKCOL": answer("201 Created"),
    "PUT": answer("201 Created"),
    "MOVE": answer("204 No Content", b"", 'ETag: "new"'),
    "DELETE": answer("204 No Content"),
}


WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def upload(server: RawServer, content: Path, chunk_bytes: int = 50_000_000) -> ETag | None:
    with WebDavFolder(
        "dms", server.url + USER_ROOT, "u", "p", timeouts=QUICK, chunk_bytes=chunk_bytes
    ) as folder:
        return folder.replace_as_version(
            Href("/Mandant é/lettre.pdf"), content, etag=ETag("old"), upload="up-1", modified=WHEN
        )


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    path = tmp_path / "signed.pdf"
    path.write_bytes(b"0123456789")
    return path


@pytest.mark.parametrize(("chunk", "sizes"), [(50, [10]), (4, [4, 4, 2]), (5, [5, 5])])
def test_an_upload_in_chunks(signed: Path, chunk: int, sizes: list[int]) -> None:
    """Folder, chunks, one MOVE with the condition: all name destination and length."""
    with RawServer(lambda asked: YES[asked.method]) as server:
        assert upload(server, signed, chunk) == "new"
        puts = [asked for asked in server.asked if asked.method == "PUT"]
        target = f"{server.url}{USER_ROOT}Mandant%20%C3%A9/lettre.pdf"
        assert [len(asked.body) for asked in puts] == sizes
        assert [asked.path for asked in puts] == [f"{UPLOAD}/{n + 1:05}" for n in range(len(sizes))]
        assert server.methods() == ["MKCOL", *["PUT"] * len(sizes), "MOVE"]
        assert {asked.headers["destination"] for asked in server.asked} == {target}
        assert {asked.headers["oc-total-length"] for asked in server.asked} == {"10"}
        move = server.asked[-1]
        assert (move.path, move.headers["if"]) == (f"{UPLOAD}/.file", f'<{target}> (["old"])')
        assert not re.search("if-match|overwrite", " ".join(move.headers))
        assert [asked.headers.get("x-oc-mtime") for asked in server.asked if asked is not move] == [None] * (
            len(puts) + 1
        )
        assert move.headers["x-oc-mtime"] == "1772600767"


def test_a_stale_upload_folder_is_made_anew(signed: Path) -> None:
    """What a dead run left is removed first."""
    replies = {"MKCOL": iter([answer("405 Method Not Allowed"), answer("201 Created")])}
    with RawServer(lambda asked: next(replies.get(asked.method, iter([YES[asked.method]])))) as server:
        assert upload(server, signed) == "new"
        assert server.methods() == ["MKCOL", "DELETE", "MKCOL", "PUT", "MOVE"]


@pytest.mark.parametrize(
    ("method", "reply", "expected", "cleaned"),
    [
        ("MKCOL", [None], Unavailable, True),
        ("MKCOL", answer("500 Oh"), Unavailable, True),
        ("MKCOL", answer("403 Forbidden"), AccessDenied, True),
        ("PUT", [None], Unavailable, True),
        ("PUT", answer("200 OK", b"<html>", "Content-Type: text/html"), Unavailable, True),
        ("PUT", answer("404 Not Found"), Unavailable, True),
        ("PUT", answer("507 Full"), OutOfSpace, True),
        ("MOVE", answer("412 Precondition Failed"), PreconditionFailed, True),
        ("MOVE", answer("404 Not Found"), PreconditionFailed, True),
        ("MOVE", answer("409 Conflict"), PreconditionFailed, True),
        ("MOVE", answer("423 Locked"), RemoteError, True),
        ("MOVE", answer("400 Bad Request"), InvalidResponse, True),
        ("MOVE", answer("302 Found", b"", "Location: /login"), InvalidResponse, True),
        ("MOVE", [None], OutcomeUnknown, False),
        ("MOVE", answer("500 Oh"), OutcomeUnknown, False),
        ("MOVE", answer("504 Late"), OutcomeUnknown, False),
        ("MOVE", answer("200 OK", b"<html>", "Content-Type: text/html"), OutcomeUnknown, False),
    ],
)
def test_an_upload_that_fails(
    signed: Path, method: str, reply: Iterable[Step] | bytes, expected: type[RemoteError], cleaned: bool
) -> None:
    """Before the MOVE nothing visible happens; after an unclear MOVE the chunks stay."""
    with RawServer(lambda asked: reply if asked.method == method else YES[asked.method]) as server:
        with pytest.raises(expected):
            upload(server, signed)
        assert server.methods().count(method) == 1
        assert (server.methods()[-1] == "DELETE") is cleaned


def test_an_upload_needs_a_plain_name(signed: Path) -> None:
    """A name that could leave the uploads' folder is a programming error."""
    with RawServer(lambda asked: YES[asked.method]) as server:
        with WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder:
            for name in ("", "../x", "a/b", "é"):
                with pytest.raises(ValueError, match="upload"):
                    folder.replace_as_version(Href("/a"), signed, etag=ETag("x"), upload=name)
        assert server.asked == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [("403 Forbidden", AccessDenied), ("404 Not Found", NotFound), ("500 Oh", OutcomeUnknown)],
)
def test_a_label_refused_inside_the_answer(status: str, expected: type[RemoteError]) -> None:
    """A 207 is no yes: the property's own status counts."""
    body = (
        '<d:multistatus xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:response><d:href>/v</d:href>'
        "<d:propstat><d:prop><nc:version-label/></d:prop>"
        f"<d:status>HTTP/1.1 {status}</d:status></d:propstat></d:response></d:multistatus>"
    ).encode()
    with RawServer(lambda _: answer("207 Multi-Status", body)) as server:
        with WebDavFolder("dms", server.url + USER_ROOT, "u", "p") as folder, pytest.raises(expected):
            folder.label_version(FileId("7"), "1700000000", "x")
        assert server.asked[0].path == "/remote.php/dav/versions/al%20ice/versions/7/1700000000"
