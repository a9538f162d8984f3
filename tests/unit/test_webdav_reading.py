"""What stands between bytes on the wire and our values: multistatus, hrefs, ETags, dates, exceptions."""

from __future__ import annotations

import inspect
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import unquote_to_bytes

import pytest
import requests.exceptions
import urllib3.exceptions
import webdav3.exceptions
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from connector.errors import (
    InvalidResponse,
    NotConnected,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.ports import Href
from connector.webdav.answers import CREATE, FOREIGN, PROPFIND, translate, wall
from connector.webdav.headers import read_date, read_etag, read_stamp, strong_etag
from connector.webdav.hrefs import ServerRoot, decode, encode, path_of
from connector.webdav.listings import to_listing
from connector.webdav.multistatus import MultistatusParser, Resource, resources
from connector.webdav.transport import Call
from tests.fakes.dav_server import entry, multistatus

FULL = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<!-- hello -->'
    b'<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns">'
    b"<d:response><d:href>/remote.php/dav/files/alice/</d:href><d:propstat><d:prop>"
    b"<d:resourcetype><d:collection/></d:resourcetype><d:getetag>&quot;6b03b39a8d875&quot;</d:getetag>"
    b"<oc:fileid>7</oc:fileid></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop>"
    b"<d:getcontentlength/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
    b"<d:response><d:href>/remote.php/dav/files/alice/%c3%84%20%2b%ff.pdf</d:href><d:propstat><d:prop>"
    b'<d:resourcetype/><d:getetag>W/"a-gzip"</d:getetag><d:getcontentlength>12</d:getcontentlength>'
    b"<d:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</d:getlastmodified><oc:fileid>95</oc:fileid>"
    b"<oc:permissions>RGDNVW</oc:permissions><oc:owner-id>alice</oc:owner-id></d:prop>"
    b"<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
)
ROOT = ServerRoot.of("https://dms.example/remote.php/dav/files/alice/")


@pytest.mark.parametrize("step", [1, 7, 100, 10_000])
def test_a_listing_is_read_in_any_pieces(step: int) -> None:
    """However the bytes are cut, the same entries come out."""
    pieces = [FULL[at : at + step] for at in range(0, len(FULL), step)]
    listing = to_listing(resources(pieces, max_bytes=10_000), ROOT, Href("/"), levels=1, date=None)
    (file,) = listing.entries
    assert (listing.folder.href, listing.folder.etag, listing.folder.size) == ("/", "6b03b39a8d875", None)
    assert file.href == "/Ä +\udcff.pdf"
    assert (file.etag, file.weak_etag, file.size, file.file_id) == ("a", True, 12, "95")
    assert (file.permissions, file.owner) == ("RGDNVW", "alice")
    assert file.modified == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_every_cut_is_noticed() -> None:
    """A listing cut anywhere before its end is never believed."""
    for end in range(len(FULL)):
        with pytest.raises(InvalidResponse):
            list(resources([FULL[:end]], max_bytes=10_000))


@given(st.binary(max_size=300))
def test_noise_is_never_a_listing(noise: bytes) -> None:
    """Whatever comes, nothing but InvalidResponse is raised."""
    with pytest.raises(InvalidResponse):
        list(resources([noise], max_bytes=10_000))


def test_limits_of_a_listing() -> None:
    """Too many bytes, too long a text, too deep a nesting are refused."""
    for body in (
        FULL + b" " * 10_000,
        multistatus(entry("/" + "a" * 70_000)),
        multistatus(entry("/", props="<d:x>" * 50 + "</d:x>" * 50)),
    ):
        with pytest.raises(InvalidResponse):
            list(resources([body], max_bytes=10_000 if body.startswith(FULL) else 1_000_000))


@pytest.mark.parametrize(
    "inner",
    [
        "<d:response><d:propstat><d:prop/><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>",
        "<d:response><d:href>/a</d:href><d:href>/b</d:href><d:status>HTTP/1.1 200 OK</d:status></d:response>",
        "<d:response><d:href>/a</d:href><d:propstat><d:prop/></d:propstat></d:response>",
        "<d:response><d:href>/a</d:href><d:status>fine</d:status></d:response>",
        "<d:response><d:href>/a<d:x/>b</d:href><d:status>HTTP/1.1 200 OK</d:status></d:response>",
    ],
)
def test_an_incomplete_entry_is_refused(inner: str) -> None:
    """Each entry has one href and readable statuses."""
    with pytest.raises(InvalidResponse):
        list(resources([multistatus(inner)], max_bytes=10_000))


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("9<!-- c -->5", "95"),
        ("9<![CDATA[&]]>5", "9&5"),
        ("9<?x y?>5", "95"),
        (" 9&lt;\n", "9<"),
        ("", ""),
        ("9<d:x/>5", ""),
    ],
)
def test_what_stands_in_a_property(told: str, read: str) -> None:
    """All of its text, however it is written; none where there are elements in it."""
    body = multistatus(entry("/", props=f"<d:p>{told}</d:p>"))
    for step in (1, 1_000):
        (only,) = resources([body[at : at + step] for at in range(0, len(body), step)], max_bytes=10_000)
        assert only.found["{DAV:}p"] == read


def test_only_its_type_makes_a_folder() -> None:
    """What else holds an element of that name is a property."""
    body = multistatus(entry("/a.pdf", props="<d:parent><d:collection/></d:parent>"))
    [only] = resources([body], max_bytes=10_000)
    assert not only.is_folder


@pytest.mark.parametrize(
    ("bad", "fine"),
    [
        (Resource("/a", refused={"{DAV:}getetag": 403}), Resource("/a", refused={"{DAV:}getetag": 404})),
        (Resource("/a", refused={"{DAV:}resourcetype": 500}), Resource("/a", refused={"x quota": 500})),
    ],
)
def test_errors_inside_an_entry(bad: Resource, fine: Resource) -> None:
    """404 means the property is absent; another error on a property that counts is no listing."""
    root = ServerRoot.of("http://x/")
    for resource in (bad, fine):
        resource.found.setdefault("{DAV:}resourcetype", "")
    itself = Resource("/", found={"{DAV:}resourcetype": ""}, is_folder=True)
    with pytest.raises(InvalidResponse):
        to_listing([itself, bad], root, Href("/"), levels=1, date=None)
    assert len(to_listing([itself, fine], root, Href("/"), levels=1, date=None).entries) == 1


def test_entries_deeper_than_asked_are_refused() -> None:
    """A listing of one level with more in it is not what was asked."""
    body = multistatus(entry("/", folder=True), entry("/a/b.pdf"))
    parsed = list(resources([body], max_bytes=10_000))
    root = ServerRoot.of("http://x")
    with pytest.raises(InvalidResponse):
        to_listing(parsed, root, Href("/"), levels=1, date=None)
    assert len(to_listing(parsed, root, Href("/"), levels=None, date=None).entries) == 1


def test_a_parser_says_only_what_is_complete() -> None:
    """Nothing is told of an entry before its end."""
    parser = MultistatusParser(max_bytes=10_000)
    cut = FULL.index(b"</d:response>")
    assert parser.feed(FULL[:cut]) == []
    after = FULL.index(b"<d:response>", cut) + len(b"<d:response>")
    assert len(parser.feed(FULL[cut:after])) == 1
    assert parser.feed(FULL[after:-1]) == []
    with pytest.raises(InvalidResponse):
        parser.close()


# -- hrefs -----------------------------------------------------------------------------------------


@given(st.binary(max_size=30))
def test_any_bytes_survive_the_way_to_the_server_and_back(name: bytes) -> None:
    """What a server spells is sent back exactly so, UTF-8 or not."""
    text = name.decode("utf-8", "surrogateescape")
    assert decode(encode(text)) == text
    assert encode(text).isascii()


@given(st.text(alphabet="%=_AaF09zé\r\n\t +", max_size=12))
@example("%%41")
@example("%\n%41")
@example("a=%41")
@example("100%")
def test_what_looks_like_an_escape_is_read_as_everywhere_else(text: str) -> None:
    """A per cent sign that begins none stands for itself, and no other character begins one."""
    assert decode(text) == unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def _http(date: datetime) -> str:
    return format_datetime(date, usegmt=True)


@given(
    st.one_of(
        st.datetimes(timezones=st.just(UTC)).map(_http),
        st.from_regex(
            r"[A-Z][a-z]{2}, [0-9]{2} (Jan|Feb|Xxx) [0-9]{4} [0-9 ]{2}:[0-9]{2}:[0-9]{2} GMT", fullmatch=True
        ),
        st.text(max_size=29),
    )
)
def test_a_date_is_the_same_in_seconds(raw: str) -> None:
    """Well-formed or not."""
    date = read_date(raw)
    assert read_stamp(raw) == (None if date is None else date.timestamp())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/a%2fb", "/a/b"),
        ("https://other.example:8443/dav/%C3%A9", "/dav/é"),
        ("http://host", "/"),
        ("//a//b/", "/a/b/"),
        ("/raw é#1?x", "/raw é#1?x"),
        ("/...", "/..."),
    ],
)
def test_hrefs_are_urls_or_paths(text: str, path: str) -> None:
    """Both forms of RFC 4918 mean the same path."""
    assert path_of(text) == path


@pytest.mark.parametrize("text", ["", "a/b", "/a/../b", "/%2e%2e/b", "/a%00", "/a%0Ab", "mailto:x", "/a/."])
def test_impossible_hrefs_are_refused(text: str) -> None:
    """Relative ones, steps upwards and control characters are no hrefs."""
    with pytest.raises(InvalidResponse):
        path_of(text)


@pytest.mark.parametrize(
    "url", ["ftp://x/", "http:///x", "http://u:p@x/", "http://x/?a", "http://x/#a", "http://x/../y", "x"]
)
def test_impossible_roots_are_refused(url: str) -> None:
    """A root URL names a server and nothing secret."""
    with pytest.raises(ValueError, match="URL"):
        ServerRoot.of(url)


def test_hrefs_begin_below_the_root() -> None:
    """The root's own path is taken off, nothing else is."""
    root = ServerRoot.of("http://x/dav/Ablage%20%231")
    assert root.href("/dav/Ablage #1/a") == "/a"
    assert root.href("/dav/Ablage #1") == "/"
    assert root.href("/dav/Ablage #10/a") is None
    assert root.request_path(Href("/ü")) == "/dav/Ablage%20%231/%C3%BC"


# -- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "tag", "weak"),
    [
        ('"abc"', "abc", False),
        ("abc", "abc", False),
        ('W/"abc"', "abc", True),
        ('"abc-gzip"', "abc", False),
        ('W/"abc-br"', "abc", True),
        ('"a-b:c"', "a-b:c", False),
        ("", None, False),
        ('""', None, False),
        (None, None, False),
    ],
)
def test_etags_are_compared_without_their_dress(raw: str | None, tag: str | None, weak: bool) -> None:
    """C1: Quotes, W/ and the suffix of a compressor do not belong to a tag."""
    assert read_etag(raw) == (tag, weak)


def test_a_weak_tag_is_no_tag_of_a_write() -> None:
    """A weak tag would fail in every If-Match."""
    assert strong_etag({"ETag": 'W/"x"'}) is None
    assert strong_etag({"OC-ETag": '"x"'}) == "x"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 09:49:37 +0100", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(raw: str | None, expected: datetime | None) -> None:
    """HTTP dates become aware UTC, nonsense becomes None."""
    assert read_date(raw) == expected


# -- the wall ----------------------------------------------------------------------------------------


def _made(kind: type[BaseException]) -> BaseException:
    parameters = [
        parameter
        for parameter in inspect.signature(kind.__init__).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    ][1:]
    if kind is webdav3.exceptions.ResponseErrorCode:
        return webdav3.exceptions.ResponseErrorCode("url", 500, "x")
    if issubclass(kind, requests.exceptions.JSONDecodeError):
        return kind("x", "y", 0)
    return kind(*["x" for _ in parameters])


def _foreign() -> Iterator[type[BaseException]]:
    for module in (requests.exceptions, webdav3.exceptions, urllib3.exceptions):
        for kind in vars(module).values():
            if (
                inspect.isclass(kind)
                and issubclass(kind, Exception)
                and not issubclass(kind, Warning)
                and kind.__module__ == module.__name__
            ):
                yield kind
    yield from (OSError, TimeoutError, ConnectionResetError, BrokenPipeError, socket.gaierror, ssl.SSLError)
    yield from (etree.XMLSyntaxError, etree.ParserError, UnicodeDecodeError)


@pytest.mark.parametrize("kind", list(_foreign()), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_foreign_exception_escapes(kind: type[BaseException]) -> None:
    """Each has a line in the table, and none lets a write that may have left look undone."""
    assert issubclass(kind, FOREIGN), "not in the table"
    try:
        error = _made(kind)
    except (TypeError, AttributeError):
        # Made only from a live answer; its class is in the table.
        return
    for operation, effectless in ((PROPFIND, True), (CREATE, False)):
        sent = Call(deadline=0.0, connecting=True, connected=True)
        with pytest.raises(RemoteError) as caught, wall(operation, "dms", sent):
            raise error
        assert not isinstance(caught.value, NotConnected)
        if not effectless and not isinstance(error, webdav3.exceptions.WebDavException):
            assert isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize(
    ("error", "operation", "call", "expected"),
    [
        (requests.exceptions.ConnectTimeout(), CREATE, Call(0.0), NotConnected),
        (requests.exceptions.ConnectionError("lost"), CREATE, Call(0.0), OutcomeUnknown),
        (requests.exceptions.ConnectionError("lost"), CREATE, Call(0.0, connecting=True), NotConnected),
        (requests.exceptions.SSLError(), CREATE, Call(0.0, connected=True), OutcomeUnknown),
        (requests.exceptions.ReadTimeout(), CREATE, Call(0.0), OutcomeUnknown),
        (requests.exceptions.ReadTimeout(), PROPFIND, Call(0.0), Unavailable),
        (requests.exceptions.InvalidURL(), CREATE, Call(0.0), NotConnected),
        (requests.exceptions.ContentDecodingError(), PROPFIND, Call(0.0, connected=True), InvalidResponse),
    ],
)
def test_what_an_exception_means(
    error: Exception, operation: object, call: Call, expected: type[RemoteError]
) -> None:
    """Never connected, perhaps sent, or answered with nonsense."""
    assert operation in (CREATE, PROPFIND)
    assert type(translate(error, CREATE if operation is CREATE else PROPFIND, call)) is expected
