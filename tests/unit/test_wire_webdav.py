"""What a hostile or broken WebDAV server puts on the wire: bounded, told for what it is, and never believed.

The commoner cases stand in ``test_webdav_traps``; these are the ones that only bare bytes can play.
"""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Callable, Iterable

import pytest

from connector.errors import InvalidResponse, OutcomeUnknown, RemoteError, Unavailable
from connector.ports import Href
from connector.webdav import Timeouts, WebDavFolder
from connector.webdav.multistatus import MAX_TOKEN, resources
from tests.fakes.dav_server import Asked, RawServer, Step, answer, entry, multistatus

ROOT, FILE = Href("/"), Href("/a.pdf")
QUICK = Timeouts(connect_s=5, read_s=5, call_s=10, transfer_s=10)
EMPTY = multistatus(entry("/", folder=True))
LISTED = multistatus(entry("/", folder=True), entry("/a.pdf"))
PDF = b"%PDF-1.7 " + b"x" * 91
Reply = Iterable[Step] | bytes


def opened(server: RawServer, **more: object) -> WebDavFolder:
    return WebDavFolder("dms", server.url, "user", "secret", timeouts=QUICK, conditions=True, **more)  # type: ignore[arg-type]


def listed(folder: WebDavFolder) -> object:
    return folder.list(ROOT)


def fetched(folder: WebDavFolder) -> bytes:
    into = io.BytesIO()
    folder.get(FILE, into, max_bytes=1_000_000)
    return into.getvalue()


def created(folder: WebDavFolder) -> object:
    return folder.create(FILE, b"x")


ACTS: tuple[Callable[[WebDavFolder], object], ...] = (listed, fetched, created)


def shows(body: bytes) -> Callable[[Asked], bytes]:
    """A server whose root is a folder, and holds what the body says."""
    there, itself = answer("207 OK", body), answer("207 OK", EMPTY)
    return lambda asked: itself if asked.headers.get("depth") in {None, "0"} else there


def _told(error: RemoteError) -> type[Exception]:
    assert error.service == "dms"
    assert error.operation
    return type(error)


def meanings(reply: Reply) -> list[type[Exception] | None]:
    """What a listing, a download and a new file come to when each is answered so; one server for all three."""
    found: list[type[Exception] | None] = []
    with RawServer(lambda _asked: reply) as server, opened(server) as folder:
        for act in ACTS:
            before = len(server.asked)
            try:
                act(folder)
            except RemoteError as error:
                found.append(_told(error))
            else:
                found.append(None)
            # A read may be made once more where an idle connection was lost; a write never.
            assert len(server.asked) - before <= (1 if act is created else 2)
    return found


def raw(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


LATER, NONSENSE, DOUBT = Unavailable, InvalidResponse, OutcomeUnknown

BROKEN: dict[str, tuple[Reply, list[type[Exception] | None]]] = {
    "sent to a file": (
        answer("302 Found", b"", "Location: file:///etc/passwd"),
        [NONSENSE, NONSENSE, NONSENSE],
    ),
    "sent to itself": (answer("307 Temporary Redirect", b"", "Location: /a.pdf"), [NONSENSE] * 3),
    "sent nowhere": (answer("301 Moved Permanently"), [NONSENSE] * 3),
    "sent to an impossible place": (answer("302 Found", b"", "Location: http://[::1"), [NONSENSE] * 3),
    "no HTTP at all": ([PDF, None], [LATER, LATER, DOUBT]),
    "a version that does not exist": (raw("HTTP/3.7 200 OK"), [LATER, LATER, DOUBT]),
    "a status that is none": (raw("HTTP/1.1 9 OK"), [LATER, LATER, DOUBT]),
    "another protocol": (raw("HTTP/1.1 101 Switching Protocols"), [NONSENSE, NONSENSE, DOUBT]),
    "a header of ten megabytes": ([raw("HTTP/1.1 207 OK\nX: " + "x" * 10_000_000)], [LATER, LATER, DOUBT]),
    "ten thousand headers": ([raw("HTTP/1.1 207 OK" + "\nX: 1" * 10_000)], [LATER, LATER, DOUBT]),
    "interim answers without end": (
        [raw("HTTP/1.1 100 Continue") * 50_000, raw("HTTP/1.1 103 Early Hints") * 50_000],
        [LATER, LATER, DOUBT],
    ),
    "two lengths": (
        [raw("HTTP/1.1 207 OK\nContent-Length: 10\nContent-Length: 12", LISTED), None],
        [LATER, LATER, DOUBT],
    ),
    "chunks that are none": (
        [raw("HTTP/1.1 207 OK\nTransfer-Encoding: chunked", b"ZZ\r\n" + LISTED), None],
        [LATER, NONSENSE, DOUBT],
    ),
    "a chunk of negative size": (
        [raw("HTTP/1.1 207 OK\nTransfer-Encoding: chunked", b"-5\r\n" + LISTED), None],
        [LATER, NONSENSE, DOUBT],
    ),
    "a chunk larger than the world": (
        [raw("HTTP/1.1 207 OK\nTransfer-Encoding: chunked", b"FFFFFFFFFFFFFFFF\r\n" + LISTED), None],
        [LATER, NONSENSE, DOUBT],
    ),
    "a chunk's head without end": (
        [raw("HTTP/1.1 207 OK\nTransfer-Encoding: chunked", b"5;" + b"x" * 1_000_000), None],
        [LATER, NONSENSE, DOUBT],
    ),
    "packed twice": (
        answer("207 OK", gzip.compress(gzip.compress(LISTED)), "Content-Encoding: gzip, gzip"),
        [NONSENSE, NONSENSE, DOUBT],
    ),
    "packed as nobody asked for": (
        answer("207 OK", LISTED, "Content-Encoding: br"),
        [NONSENSE, NONSENSE, DOUBT],
    ),
    "a refusal without end": (
        [raw("HTTP/1.1 503 Busy"), *[b"x" * 60_000] * 50, None],
        [LATER, LATER, LATER],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_on_the_wire(case: str) -> None:
    """C6: Neither a success nor an empty folder, and no more than one retry."""
    reply, expected = BROKEN[case]
    assert meanings(reply) == expected


def test_a_redirect_takes_no_login_anywhere() -> None:
    """C6: Another host is not asked, with or without the login."""
    with RawServer(lambda _asked: answer("200 OK", PDF)) as other:
        for status in ("301", "302", "303", "307", "308"):
            reply = answer(f"{status} Away", b"", f"Location: {other.url}a.pdf")
            assert None not in meanings(reply)
        assert other.asked == []


@pytest.mark.parametrize("told", ["-5", "\xb2", "9" * 5000, "1e3", "100, 100"])
def test_a_length_that_is_no_length_tells_nothing(told: str) -> None:
    """The body counts then: until the connection ends."""
    reply = [raw(f"HTTP/1.1 200 OK\nContent-Length: {told}", PDF), None]
    with RawServer(lambda _asked: reply) as server, opened(server) as folder:
        assert fetched(folder) == PDF


def test_a_document_longer_than_told_is_not_taken_for_whole() -> None:
    """What would be signed is the beginning of a letter."""
    reply = [answer("200 OK", PDF, length=40)]
    with (
        RawServer(lambda _asked: reply) as server,
        opened(server) as folder,
        pytest.raises(InvalidResponse, match="more bytes"),
    ):
        fetched(folder)


def test_a_line_break_too_many_is_nothing() -> None:
    """Old servers end a body with one; the document is whole, and the connection serves on."""
    replies = {"GET": answer("200 OK", PDF) + b"\r\n", "PROPFIND": answer("207 OK", LISTED)}
    with RawServer(lambda asked: replies[asked.method]) as server, opened(server) as folder:
        assert fetched(folder) == PDF
        folder.list(ROOT)
        assert server.connections == 1


def test_what_comes_too_much_answers_nothing_else() -> None:
    """A second answer in the same breath is not the one of the next request: that one has a connection of its own."""
    twice = answer("207 OK", EMPTY) + answer("201 Created")
    replies = {"PROPFIND": twice, "PUT": answer("423 Locked")}
    with RawServer(lambda asked: replies[asked.method]) as server, opened(server) as folder:
        for _ in range(3):
            folder.list(ROOT)
            with pytest.raises(RemoteError) as caught:
                created(folder)
            assert caught.value.status == 423
        assert server.connections == 4


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_an_interim_answer_is_not_the_answer(pause: float) -> None:
    """RFC 2518's 102 and RFC 8297's 103: what follows is the answer, and the next request gets its own."""
    interim = raw("HTTP/1.1 102 Processing") + raw("HTTP/1.1 103 Early Hints\nLink: </x>")

    def script(asked: Asked) -> Iterable[Step]:
        final = answer("423 Locked") if asked.method == "DELETE" else answer("207 OK", LISTED)
        return [interim, pause, final if asked.method != "PUT" else answer("201 Created")]

    with RawServer(script) as server, opened(server) as folder:
        created(folder)
        assert [one.href for one in folder.list(ROOT).entries] == [FILE]
        with pytest.raises(RemoteError) as caught:
            folder.delete(FILE)
        assert caught.value.status == 423
        assert server.connections == 1


@pytest.mark.parametrize("told", ["UTF-8", "none", "binary"])
def test_words_that_are_no_packing(told: str) -> None:
    """Some servers put a charset there, or "none": the bytes are as they are, and are taken."""
    reply = answer("200 OK", b"%PDF-", f"Content-Encoding: {told}")
    with RawServer(lambda _asked: reply) as server, opened(server) as folder:
        assert fetched(folder) == b"%PDF-"


def test_a_packed_listing_without_end_is_cut_off_small() -> None:
    """A few hundred kilobytes that unpack to gigabytes: the limit is of what they unpack to, and is kept on the way."""
    stream = gzip.compress(EMPTY[:-16] + b"<x/>" * 2_500_000, compresslevel=1)
    assert len(stream) < 150_000
    reply = answer("207 OK", stream, "Content-Encoding: gzip")
    with RawServer(lambda _asked: reply) as server, opened(server, max_listing_bytes=1_500_000) as folder:
        tracemalloc.start()
        try:
            with pytest.raises(InvalidResponse, match="larger than allowed"):
                folder.list(ROOT)
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()


def named(length: int) -> bytes:
    """Return the beginning of an answer that calls a namespace of that length ``n``."""
    return EMPTY[:-16].replace(b"<d:multistatus", b'<d:multistatus xmlns:n="' + b"n" * length + b'"')


WRONG_XML: dict[str, bytes] = {
    "external entity": b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + EMPTY[21:],
    "external subset": b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">' + EMPTY[21:],
    "NUL": EMPTY[:-16] + b"\0" + EMPTY[-16:],
    "another charset": multistatus(entry("/", folder=True), entry("/é")).decode().encode("latin-1"),
    "a charset nobody knows": EMPTY.replace(b'version="1.0"', b'version="1.0" encoding="klingon"'),
    "half UTF-16": b"\xff\xfe" + EMPTY,
    "an endless attribute": EMPTY[:-16] + b'<x y="' + b"a" * 2_000_000,
    "an endless comment": EMPTY[:-16] + b"<!--" + b"a" * 2_000_000,
    "an endless name": EMPTY[:-16] + b"<" + b"a" * 2_000_000,
    "an endless text": EMPTY[:-16] + b"<d:response><d:href>" + b"a" * 2_000_000,
    "an ETag of a megabyte": multistatus(
        entry("/", folder=True, props=f"<d:getetag>{'a' * 1_000_000}</d:getetag>")
    ),
    "ten thousand properties": multistatus(
        entry("/", folder=True, props="".join(f"<p{number}/>" for number in range(10_000)))
    ),
    "a hundred thousand in one another": EMPTY[:-16] + b"<d:response>" + b"<x>" * 100_000,
    "a long namespace for many names": named(60_000)
    + b"<d:response>"
    + b"".join(b"<n:a%d/>" % number for number in range(50_000)),
    "one for names that nobody reads": named(9_000)
    + b"".join(b"<d:x><n:a%d/></d:x>" % number for number in range(50_000))
    + EMPTY[-16:],
    "a long text that nobody reads": EMPTY[:-16] + b"<x>" + b"a" * 70_000 + b"</x>" + EMPTY[-16:],
    "attributes without end": EMPTY[:-16] + b"<d:response>" + (b'<x y="' + b"a" * 50 + b'">') * 60_000,
    "ten thousand propstats": multistatus(
        "<d:response><d:href>/</d:href>"
        + "".join(
            f"<d:propstat><d:prop><p{number}/></d:prop><d:status>HTTP/1.1 404 x</d:status></d:propstat>"
            for number in range(10_000)
        )
        + "</d:response>"
    ),
    "two names for one thing": multistatus(
        "<d:response><d:href>/</d:href><d:href>/b/</d:href><d:status>HTTP/1.1 200 OK</d:status></d:response>"
    ),
}


@pytest.mark.parametrize("case", WRONG_XML)
def test_xml_that_is_not_read(case: str) -> None:
    """C6: In pieces of any size, refused."""
    body = WRONG_XML[case]
    for size in (1_000, 65_536):
        taken = 0

        def pieces(size: int = size) -> Iterable[bytes]:
            nonlocal taken
            for at in range(0, len(body), size):
                taken += 1
                yield body[at : at + size]

        with pytest.raises(InvalidResponse):
            list(resources(pieces(), max_bytes=500_000_000))
        if "endless" in case:
            assert taken * size <= MAX_TOKEN + 2 * 65_536, "before much of it has come"


def test_one_name_many_thousand_times() -> None:
    """The first entry counts; the others cost nothing that stays."""
    many = [
        entry("/a.pdf", props=f"<d:getcontentlength>{number}</d:getcontentlength>")
        for number in range(20_000)
    ]
    body = multistatus(entry("/", folder=True), *many)
    with RawServer(shows(body)) as server, opened(server) as folder:
        (only,) = folder.list(ROOT).entries
        assert only.size == 0
        tree = folder.survey(ROOT)
        assert [one.href for one in tree.entries()] == [FILE]


def test_properties_that_lie() -> None:
    """Whatever cannot be is not known; nothing else in the listing suffers, and nothing overflows anywhere."""
    lies = {
        "negative": "<d:getcontentlength>-5</d:getcontentlength>",
        "enormous": f"<d:getcontentlength>{10**17}</d:getcontentlength>",
        "beyond": f"<d:getcontentlength>{10**18}</d:getcontentlength>",
        "absurd": f"<d:getcontentlength>{'9' * 5000}</d:getcontentlength>",
        "arabic": "<d:getcontentlength>٣</d:getcontentlength>",
        "zero": "<d:getlastmodified>Mon, 01 Jan 1601 00:00:00 GMT</d:getlastmodified>",
        "end": "<d:getlastmodified>Fri, 31 Dec 9999 23:59:59 GMT</d:getlastmodified>",
        "beyond the end": "<d:getlastmodified>Fri, 31 Dec 9999 23:59:59 -2359</d:getlastmodified>",
        "no year": f"<d:getlastmodified>Fri, 31 Dec {'9' * 30} 23:59:59 GMT</d:getlastmodified>",
        "word": "<d:getlastmodified>yesterday</d:getlastmodified>",
        "two lines": "<d:getetag>&quot;a&#10;X-Evil: 1&quot;</d:getetag>",
        "euro": "<d:getetag>&quot;€&quot;</d:getetag>",
        "long": f"<d:getetag>{'a' * 60_000}</d:getetag>",
    }
    body = multistatus(
        entry("/", folder=True), *(entry(f"/{name}", props=props) for name, props in lies.items())
    )
    with RawServer(shows(body)) as server, opened(server) as folder:
        found = {one.href.strip("/"): one for one in folder.list(ROOT).entries}
        rows = {one.href.strip("/"): one for one in folder.survey(ROOT).entries()}
    assert found.keys() == rows.keys() == lies.keys()
    for seen in (found, rows):
        sizes = {name for name, one in seen.items() if one.size is not None}
        assert sizes == {"enormous"}
        assert seen["enormous"].size == 10**17
        assert {name for name, one in seen.items() if one.modified is not None} == {"zero"}
        assert all(one.etag is None for one in seen.values())


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 -2359", f"Fri, 31 Dec {'9' * 30} 23:59:59 GMT", "x" * 60_000, "\xb2"]
)
def test_headers_that_lie(date: str) -> None:
    """A clock that cannot be is none; the call is what it would have been."""
    lines = (f"Date: {date}", f"Last-Modified: {date}", 'ETag: "e"')

    def script(asked: Asked) -> Reply:
        if asked.method == "HEAD":
            return raw("HTTP/1.1 200 OK\nContent-Length: \xb2\n" + "\n".join(lines))
        if asked.method == "GET":
            return answer("200 OK", PDF, *lines)
        if asked.method == "PUT":
            return answer("503 Busy", b"", f"Retry-After: {date}", *lines)
        return answer("207 OK", LISTED, *lines)

    with RawServer(script) as server, opened(server) as folder:
        assert folder.list(ROOT).date is None
        assert fetched(folder) == PDF
        assert folder._is_same(FILE, "e")  # type: ignore[arg-type]
        with pytest.raises(Unavailable) as caught:
            created(folder)
        assert caught.value.retry_after_s is None
