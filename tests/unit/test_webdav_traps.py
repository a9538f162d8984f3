"""Servers that misbehave, byte for byte: none is ever read as "empty" or as success."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    Locked,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
    SpoolError,
    Unavailable,
)
from connector.ports import ETag, Href
from connector.webdav import WebDavFolder
from tests.fakes.dav_folder import (
    EMPTY,
    FILE,
    LISTED,
    PAGE,
    READS,
    ROOT,
    WRITES,
    opened,
    serve,
)
from tests.fakes.dav_server import Asked, RawServer, Step, answer, entry, multistatus

BAD_LISTINGS: dict[str, bytes] = {
    "page with 200": answer("200 OK", PAGE, "Content-Type: text/html"),
    "listing with 200": answer("200 OK", EMPTY),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "nothing in a 207": answer("207 Multi-Status"),
    "page in a 207": answer("207 Multi-Status", PAGE, "Content-Type: text/html"),
    "half the xml": answer("207 Multi-Status", LISTED[:-30]),
    "xml and more": answer("207 Multi-Status", EMPTY + EMPTY),
    "other xml": answer("207 Multi-Status", b'<d:error xmlns:d="DAV:"/>'),
    "other namespace": answer("207 Multi-Status", EMPTY.replace(b'"DAV:"', b'"dav"')),
    "without itself": answer("207 Multi-Status", multistatus(entry("/a.pdf"))),
    "no entries": answer("207 Multi-Status", multistatus()),
    "entry forbidden": answer(
        "207 Multi-Status",
        multistatus(entry("/", folder=True, status="HTTP/1.1 403 Forbidden")),
    ),
    "entry broken": answer(
        "207 Multi-Status",
        multistatus("<d:response><d:href>/</d:href><d:status>HTTP/1.1 500 Oh</d:status></d:response>"),
    ),
    "step upwards": answer("207 Multi-Status", multistatus(entry("/", folder=True), entry("/a/%2e%2e/b"))),
    "control character": answer("207 Multi-Status", multistatus(entry("/", folder=True), entry("/a%0a"))),
    "bomb": answer(
        "207 Multi-Status",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + EMPTY[21:],
    ),
    "deeply nested": answer("207 Multi-Status", EMPTY[:-16] + b"<x>" * 100 + b"</x>" * 100 + EMPTY[-16:]),
    "redirect": answer("302 Found", b"", "Location: https://u:p@sso.example/login?token=1"),
    "strict cookie": answer("412 Precondition Failed", b'{"error":"Strict Cookie has not been found"}'),
    "no gzip": answer("207 Multi-Status", EMPTY, "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("case", BAD_LISTINGS)
def test_a_bad_listing_is_invalid(case: str, call: str) -> None:
    """C6: No listing that is not whole and well-formed is believed."""
    with serve(BAD_LISTINGS[case]) as server, opened(server) as folder:
        with pytest.raises(InvalidResponse) as caught:
            READS[call](folder)
        assert "token=" not in str(caught.value)
        assert "u:p" not in str(caught.value)


def test_a_listing_outside_the_folder_is_invalid() -> None:
    """Entries of another folder do not belong to this one."""
    body = multistatus(entry("/a/", folder=True), entry("/ab.pdf"))
    reply = answer("207 Multi-Status", body)
    with serve(reply) as server, opened(server) as folder, pytest.raises(InvalidResponse):
        folder.list(Href("/a/"))


def test_a_redirect_is_told_without_what_was_asked_for() -> None:
    """Where it points is told, the names of the asked folders and files are not: errors are kept for years."""
    reply = answer(
        "301 Moved Permanently", b"", "Location: https://nas.example/webdav/Clients/Lettre%20DUPONT.pdf"
    )
    with serve(reply) as server, opened(server) as folder, pytest.raises(InvalidResponse) as caught:
        folder.get(Href("/Clients/Lettre DUPONT.pdf"), io.BytesIO(), max_bytes=10)
    assert "https://nas.example/webdav/…/…" in str(caught.value)
    assert "DUPONT" not in str(caught.value)


@pytest.mark.parametrize("call", READS)
def test_a_listing_cut_in_the_middle_is_unavailable(call: str) -> None:
    """A connection that ends before its Content-Length brought nothing."""
    cut = [answer("207 Multi-Status", LISTED)[:-40], None]
    with serve(cut) as server, opened(server) as folder, pytest.raises(Unavailable):
        READS[call](folder)


def test_an_endless_listing_ends() -> None:
    """A body without end is cut off at the limit."""
    head = b"HTTP/1.1 207 Multi-Status\r\n\r\n" + EMPTY[:60]

    def endless(_: Asked) -> Iterable[Step]:
        yield head
        while True:
            yield b" " * 100_000

    with RawServer(endless) as server:
        folder = WebDavFolder("dms", server.url, "u", "p", max_listing_bytes=1_000_000)
        with folder, pytest.raises(InvalidResponse):
            folder.list(ROOT)


def _drip(start: bytes) -> Callable[[Asked], Iterable[Step]]:
    def drip(_: Asked) -> Iterable[Step]:
        yield start
        for _number in range(40):
            yield b" "
            yield 0.1

    return drip


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 207 ", b"HTTP/1.1 207 Multi-Status\r\n\r\n<?xml version='1.0'?>"]
)
def test_a_drip_ends(start: bytes) -> None:
    """A byte now and then, in headers or body, does not hold a call longer than allowed."""
    with RawServer(_drip(start)) as server, opened(server) as folder:
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            folder.list(ROOT)
        assert time.monotonic() - begun < 2
        with pytest.raises(OutcomeUnknown):
            folder.create(FILE, b"x")


def test_a_refusal_with_a_dripping_body_is_a_refusal() -> None:
    """Once the status is there, the body cannot change what it means."""
    start = b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 1000\r\n\r\n"
    with RawServer(_drip(start)) as server, opened(server) as folder, pytest.raises(PreconditionFailed):
        folder.create(FILE, b"x")


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer("200 OK", PAGE, "Content-Type: text/html"), OutcomeUnknown),
        (answer("200 OK", b"\n<!-- x --><html></html>"), OutcomeUnknown),
        (answer("202 Accepted"), OutcomeUnknown),
        (answer("207 Multi-Status", EMPTY), OutcomeUnknown),
        (answer("302 Found", b"", "Location: /login"), InvalidResponse),
        (answer("307 Temporary Redirect", b"", "Location: /login"), InvalidResponse),
        (answer("403 Forbidden"), AccessDenied),
        (answer("404 Not Found"), NotFound),
        (answer("412 Precondition Failed"), PreconditionFailed),
        (answer("412 Precondition Failed", b'{"error":"Strict Cookie has not"}'), InvalidResponse),
        (answer("413 Too Large"), OutOfSpace),
        (answer("423 Locked"), Locked),
        (answer("429 Too Many Requests"), Unavailable),
        (answer("500 Oh"), OutcomeUnknown),
        (answer("502 Bad Gateway"), OutcomeUnknown),
        (answer("503 Service Unavailable"), Unavailable),
        (answer("504 Gateway Timeout"), OutcomeUnknown),
        (answer("507 Insufficient Storage"), OutOfSpace),
        ([None], OutcomeUnknown),
        ([b"HTTP/1.1 2", None], OutcomeUnknown),
        ([b"nonsense\r\n\r\n", None], OutcomeUnknown),
        ([0.7, None], OutcomeUnknown),
    ],
    ids=str,
)
def test_what_an_answer_to_a_write_means(
    call: str, reply: Iterable[Step] | bytes, expected: type[RemoteError]
) -> None:
    """C6: Only the documented success is success; only a clear refusal is a refusal; a write is asked once."""

    def script(asked: Asked) -> Iterable[Step] | bytes:
        if asked.method != "PROPFIND":
            return reply
        return answer("207 Multi-Status", EMPTY) if asked.path == "/" else answer("404 Not Found")

    with RawServer(script) as server, opened(server) as folder:
        with pytest.raises(RemoteError) as caught:
            WRITES[call](folder)
        assert type(caught.value) is expected
        assert caught.value.service == "dms"
        assert caught.value.operation
        assert [method for method in server.methods() if method != "PROPFIND"] == [server.methods()[0]]


def test_a_refused_replace_may_have_torn_the_file() -> None:
    """400 to an overwrite is Nextcloud's answer to a body that broke off: the file may be torn."""

    def script(asked: Asked) -> bytes:
        if asked.method == "PROPFIND":
            props = "<d:getetag>&quot;x&quot;</d:getetag>"
            return answer("207 Multi-Status", multistatus(entry("/a.pdf", props=props)))
        return answer("400 Bad Request")

    with RawServer(script) as server, opened(server) as folder, pytest.raises(OutcomeUnknown):
        folder.replace(FILE, b"x", etag=ETag("x"))


@pytest.mark.parametrize("body", [b"x" * 9, b"x" * 200_000])
def test_a_short_body_is_unavailable(body: bytes) -> None:
    """Fewer bytes than promised are no download."""
    reply = [answer("200 OK", body, length=len(body) + 5), None]
    with serve(reply) as server, opened(server) as folder, pytest.raises(Unavailable):
        folder.get(FILE, io.BytesIO(), max_bytes=1_000_000)


@pytest.mark.parametrize("size", [100, 9_000, 100_000, 262_144, 1_000_000])
@pytest.mark.parametrize("more", [1, 5_000])
def test_a_body_longer_than_told_is_no_document(size: int, more: int) -> None:
    """What its length cuts off may be the end of it: of any size, and none of it is read as the next answer."""
    replies = {
        "GET": answer("200 OK", b"x" * (size + more), length=size),
        "PROPFIND": answer("207 Multi-Status", EMPTY),
    }
    with RawServer(lambda asked: replies[asked.method]) as server, opened(server) as folder:
        with pytest.raises(InvalidResponse):
            folder.get(FILE, io.BytesIO(), max_bytes=2_000_000)
        assert folder.stat(ROOT).is_folder
        assert server.connections == 2


def test_a_body_in_a_form_of_travel_is_not_taken_as_it_comes() -> None:
    """A length beside it is that of what travels, not the document's. RFC 9112 section 6.3."""
    reply = answer("200 OK", b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: gzip, chunked")
    with serve([reply, None]) as server, opened(server) as folder, pytest.raises(Unavailable):
        folder.get(FILE, io.BytesIO(), max_bytes=1000)


def test_a_page_is_no_document() -> None:
    """A login page with 200 is not the letter."""
    reply = answer("200 OK", PAGE, "Content-Type: text/html; charset=utf-8")
    with serve(reply) as server, opened(server) as folder, pytest.raises(InvalidResponse):
        folder.get(FILE, io.BytesIO(), max_bytes=1_000_000)


def test_an_endless_download_ends_at_the_limit() -> None:
    """Without a Content-Length the limit still holds."""
    reply = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 50_000] * 20, None]
    into = io.BytesIO()
    with serve(reply) as server, opened(server) as folder, pytest.raises(OutOfSpace):
        folder.get(FILE, into, max_bytes=100_000)
    assert len(into.getvalue()) <= 100_000


def test_a_full_disk_here_is_no_fault_of_the_server() -> None:
    """When the download cannot be kept, that is said."""

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    with serve(answer("200 OK", b"x")) as server, opened(server) as folder, pytest.raises(SpoolError):
        folder.get(FILE, Full(), max_bytes=10)


def test_a_missing_file_here_is_no_fault_of_the_server(tmp_path: Path) -> None:
    """What cannot be read is not sent."""
    with serve(answer("201 Created")) as server, opened(server) as folder:
        with pytest.raises(SpoolError):
            folder.create(FILE, tmp_path / "absent")
        assert server.asked == []


def test_a_folder_of_that_name() -> None:
    """Apache redirects to the name with a slash: a create fails, a look asks for that, nothing is followed."""

    def script(asked: Asked) -> bytes:
        if asked.path.endswith("/"):
            return answer("207 Multi-Status", multistatus(entry("/a%20b/", folder=True)))
        return answer("301 Moved Permanently", b"", f"Location: http://elsewhere.invalid{asked.path}/")

    with RawServer(script) as server, opened(server) as folder:
        assert folder.stat(Href("/a b")).is_folder
        with pytest.raises(PreconditionFailed):
            folder.create(Href("/a b"), b"x")
        with pytest.raises(InvalidResponse):
            folder.move(Href("/a b"), Href("/c"))
        assert server.methods() == ["PROPFIND", "PROPFIND", "PUT", "MOVE"]
