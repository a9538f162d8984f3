"""The embedded DMS against the facts: each rule seen on the wire, by a client that is not the connector's."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from lxml import etree

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, RunningDms, serve_dms

D, OC, NC = "{DAV:}", "{http://owncloud.org/ns}", "{http://nextcloud.org/ns}"
NAMES = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"'
AUTH = ("signatures", "sandbox")
XML = {"Content-Type": "text/xml"}


@dataclass
class Dms:
    """A served world and a client without cookies."""

    world: DmsWorld
    running: RunningDms
    session: requests.Session

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        self.session.cookies.clear()
        headers = dict(more.pop("headers", {}) or {})
        url = path if path.startswith("http") else self.url(path)
        more.setdefault("allow_redirects", False)
        return self.session.request(method, url, headers=headers, timeout=10, **more)

    def url(self, path: str) -> str:
        return self.running.base_url + path if path.startswith("/") else self.running.url + path

    def props(self, path: str, *names: str, depth: str = "0") -> dict[str, dict[str, str | None]]:
        wanted = "".join(f"<{name}/>" for name in names)
        body = f"<d:propfind {NAMES}><d:prop>{wanted}</d:prop></d:propfind>"
        answer = self.ask("PROPFIND", path, data=body, headers={"Depth": depth})
        assert answer.status_code == 207, answer.text
        return listed(answer)

    def prop(self, path: str, name: str) -> str | None:
        (entry,) = self.props(path, name).values()
        return entry.get(name.partition(":")[2])

    def etag(self, path: str) -> str:
        value = self.prop(path, "d:getetag")
        assert value is not None
        return value

    def next_second(self) -> None:
        """Begin a fresh second, so that what follows happens within it."""
        now = self.world.clock.timestamp()
        self.world.clock.advance(1 - now % 1 + 0.005)

    def raw(self, head: str, body: bytes = b"") -> bytes:
        """Send bytes, close our side for writing, return all that comes until the server closes."""
        with socket.create_connection((self.running.host, self.running.port), timeout=5) as link:
            link.sendall(head.replace("\n", "\r\n").encode() + body)
            link.shutdown(socket.SHUT_WR)
            return everything(link)

    def put_part(self, path: str, length: int, body: bytes) -> bytes:
        """PUT a body that breaks off before ``length`` bytes."""
        token = requests.auth._basic_auth_str(*AUTH)
        where = urlsplit(self.url(path)).path
        head = f"PUT {where} HTTP/1.1\nHost: x\nAuthorization: {token}\nContent-Length: {length}\n\n"
        return self.raw(head, body)


def everything(link: socket.socket) -> bytes:
    got = b""
    try:
        while piece := link.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


def listed(answer: requests.Response) -> dict[str, dict[str, str | None]]:
    """Return by href the properties that were found (200), by local name."""
    found: dict[str, dict[str, str | None]] = {}
    for response in etree.fromstring(answer.content).iter(f"{D}response"):
        values: dict[str, str | None] = {}
        for propstat in response.iter(f"{D}propstat"):
            if " 200 " in (propstat.findtext(f"{D}status") or ""):
                for value in propstat.iterfind(f"{D}prop/*"):
                    values[etree.QName(value).localname] = value.text
        found[response.findtext(f"{D}href") or ""] = values
    return found


def make(tmp_path: Path, mode: str, **options: object) -> Iterator[Dms]:
    world = DmsWorld(tmp_path / "files", tmp_path / "state", mode=mode, clock=SandboxClock(), **options)
    with serve_dms(world) as running, requests.Session() as session:
        session.auth = AUTH
        session.trust_env = False
        yield Dms(world, running, session)
        assert running.errors == []


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Dms]:
    yield from make(tmp_path, "nextcloud", users={"signatures": "sandbox", "alice": "secret"})


@pytest.fixture
def locking_cloud(tmp_path: Path) -> Iterator[Dms]:
    yield from make(
        tmp_path, "nextcloud", users={"signatures": "sandbox", "alice": "secret"}, files_lock=True
    )


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Dms]:
    yield from make(tmp_path, "plain", depth_infinity=False)


@pytest.fixture(params=["plain", "nextcloud"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Dms]:
    yield from make(tmp_path, request.param)


# -- both modes ------------------------------------------------------------------------------------


def test_round_trip_keeps_real_files_under_real_names(either: Dms) -> None:
    """What is PUT lies in the files directory under its own name, and nothing else does."""
    assert either.ask("PUT", "Août%20%23%2B%26.txt", data=b"x").status_code == 201
    assert either.ask("GET", "Août%20%23%2B%26.txt").content == b"x"
    assert [place.name for place in either.world.files.iterdir()] == ["Août #+&.txt"]


def test_starts_and_stops_quickly_without_leaks(tmp_path: Path) -> None:
    """A world is up within 50 ms and gone within 200 ms, with no thread left."""
    before = threading.active_count()
    for number in range(5):
        began = time.perf_counter()
        world = DmsWorld(
            tmp_path / f"f{number}", tmp_path / f"s{number}", mode="nextcloud", clock=SandboxClock()
        )
        running = serve_dms(world)
        up = time.perf_counter() - began
        requests.get(f"{running.base_url}/status.php", timeout=5).close()
        began = time.perf_counter()
        running.close()
        assert (up < 0.2, time.perf_counter() - began < 0.3) == (True, True)  # loose: machines are shared
    assert threading.active_count() == before


def test_close_cuts_latency_and_idle_connections(either: Dms) -> None:
    """A server that is being slow, and one with idle clients, still stop at once."""
    either.world.misbehave(kind="latency", seconds=30)

    def wait() -> None:
        with contextlib.suppress(requests.RequestException):
            either.ask("GET", "x")

    waiting = threading.Thread(target=wait)
    waiting.start()
    while either.world.rules.pending():
        time.sleep(0.005)
    began = time.perf_counter()
    either.running.close()
    assert time.perf_counter() - began < 1
    waiting.join(timeout=5)
    assert not waiting.is_alive()


def test_dates_come_from_the_sandbox_clock(either: Dms) -> None:
    """Date and Last-Modified follow the clock that the test pushes."""
    either.world.clock.advance(40 * 86400)
    either.ask("PUT", "a.txt", data=b"x")
    answer = either.ask("GET", "a.txt")
    now = either.world.clock.timestamp()
    for header in ("Date", "Last-Modified"):
        shown = http.client.email.utils.parsedate_to_datetime(answer.headers[header]).timestamp()
        assert abs(shown - now) < 3


def test_every_request_is_counted_with_its_connection(either: Dms) -> None:
    """Method, path, status, bytes, Depth and connection are kept in memory and in requests.jsonl."""
    either.ask("PUT", "a.txt", data=b"12345")
    either.ask("PROPFIND", "", headers={"Depth": "1"})
    requests.get(either.url("a.txt"), auth=AUTH, timeout=5).close()
    put, listing, got = either.world.requests
    assert (put.method, put.status, put.bytes_in, put.connection) == ("PUT", 201, 5, 1)
    assert (listing.depth, listing.connection, got.connection, got.bytes_out) == ("1", 1, 2, 5)
    assert either.world.connections() == 2
    lines = (either.world.state / "requests.jsonl").read_text().splitlines()
    assert [json.loads(line)["method"] for line in lines] == ["PUT", "PROPFIND", "GET"]
    assert "authorization" not in lines[0].lower()


def test_head_brings_the_length_and_no_body(either: Dms) -> None:
    """HEAD tells the size without a body, and the connection goes on."""
    either.ask("PUT", "a.txt", data=b"12345")
    answer = either.ask("HEAD", "a.txt")
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "5", b"")
    assert either.ask("GET", "a.txt").content == b"12345"
    assert either.world.connections() == 1


def test_conditional_create_has_one_winner(either: Dms) -> None:
    """PUT If-None-Match: * creates once, then 412."""
    for expected in (201, 412):
        answer = either.ask("PUT", "m", data=b"x", headers={"If-None-Match": "*"})
        assert answer.status_code == expected


def test_wrong_password_is_401_with_a_basic_challenge(either: Dms) -> None:
    """Changed password: 401 that names Basic."""
    either.world.accounts.change_password("signatures", "new")
    answer = either.ask("PROPFIND", "")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_read_only_folder_refuses_every_write(either: Dms) -> None:
    """403 on writes below a read-only folder; reading and writing elsewhere go on."""
    either.world.person.mkdir("ro")
    either.world.person.write("ro/a.txt", b"x")
    either.world.read_only.add("ro")
    for method in ("PUT", "DELETE"):
        assert either.ask(method, "ro/a.txt", data=b"y").status_code == 403
    assert either.ask("MKCOL", "ro/sub").status_code == 403
    either.world.person.write("c.txt", b"z")
    for source, target in (("ro/a.txt", "a.txt"), ("c.txt", "ro/c.txt")):
        moved = {"Destination": either.url(target), "Overwrite": "F"}
        assert either.ask("MOVE", source, headers=moved).status_code == 403
    assert either.ask("GET", "ro/a.txt").content == b"x"
    assert either.ask("PUT", "b.txt", data=b"y").status_code == 201


def test_quota_and_maintenance(either: Dms) -> None:
    """507 leaves the old content; maintenance is 503 for everything."""
    either.world.person.write("a.txt", b"old")
    either.world.quota_bytes = 10
    refused = either.ask("PUT", "a.txt", data=b"x" * 20)
    assert (refused.status_code, refused.headers["Connection"]) == (507, "close")
    assert either.world.person.read("a.txt") == b"old"
    either.world.maintenance = True
    assert either.ask("GET", "a.txt").status_code == 503


def test_a_person_acts_in_both_modes(either: Dms) -> None:
    """Write, mkdir, copy, move, delete and read do on disk what they say."""
    person = either.world.person
    person.mkdir("a/b")
    person.write("a/x.txt", b"1")
    person.copy("a/x.txt", "a/b/y.txt")
    person.move("a/b", "c")
    person.delete("a")
    assert person.read("c/y.txt") == b"1"
    assert either.ask("GET", "c/y.txt").content == b"1"
    assert either.ask("GET", "a/x.txt").status_code == 404
    with pytest.raises(FileNotFoundError):
        person.write("nowhere/x.txt", b"1")


# -- misbehaviour, both modes ------------------------------------------------------------------------


def test_lost_answer_has_its_effect_and_a_cut_connection(either: Dms) -> None:
    """The file is written, the client only sees the connection end."""
    either.world.misbehave(kind="lost_answer", method="PUT", path="*.txt")
    with pytest.raises(requests.ConnectionError):
        either.ask("PUT", "a.txt", data=b"x")
    assert either.world.person.read("a.txt") == b"x"
    assert either.world.requests[-1].status == 0
    assert either.ask("PUT", "a.txt", data=b"y").status_code == 204


def test_cut_before_has_no_effect_and_sends_no_byte(either: Dms) -> None:
    """A raw client sees the socket closed without one byte, and nothing was written."""
    either.world.misbehave(kind="cut_before", method="PUT")
    assert either.put_part("a.txt", 1, b"x") == b""
    assert not either.world.disk("a.txt").exists()


def test_tear_leaves_the_torso_in_place(either: Dms) -> None:
    """An overwriting PUT that is torn leaves its first bytes in the file."""
    either.world.person.write("a.txt", b"old content")
    either.world.misbehave(kind="tear", method="PUT", at=3)
    with pytest.raises(requests.ConnectionError):
        either.ask("PUT", "a.txt", data=b"new content")
    assert either.world.person.read("a.txt") == b"new"


def test_a_torn_new_file_appears_on_plain_servers_only(either: Dms) -> None:
    """Nextcloud stages new files, a plain server shows the torso."""
    either.world.misbehave(kind="tear", at=3)
    with pytest.raises(requests.ConnectionError):
        either.ask("PUT", "a.txt", data=b"new content")
    assert either.world.disk("a.txt").exists() == (either.world.mode == "plain")


def test_truncated_answer_ends_in_the_middle(either: Dms) -> None:
    """Half of the body comes, then the connection closes."""
    either.world.person.write("a.txt", b"x" * 1000)
    either.world.misbehave(kind="truncated", method="GET")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        either.ask("GET", "a.txt")
    assert either.world.requests[-1].bytes_out == 500


def test_status_html_redirect_and_latency(either: Dms) -> None:
    """Answers in place of the true one have no effect; ``times`` and ``skip`` count."""
    either.world.misbehave(kind="status", status=429, headers={"Retry-After": "7"}, skip=1, times=2)
    codes = [either.ask("MKCOL", name).status_code for name in ("a", "b", "c", "d")]
    assert codes == [201, 429, 429, 201]
    either.world.misbehave(kind="html")
    page = either.ask("PROPFIND", "")
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    either.world.misbehave(kind="redirect", times=None)
    moved = either.ask("PUT", "x", data=b"x")
    assert (moved.status_code, moved.headers["Location"]) == (302, "/index.php/login")
    either.world.behave()
    either.world.misbehave(kind="latency", seconds=0.1)
    began = time.perf_counter()
    assert either.ask("GET", "x").status_code == 404
    assert time.perf_counter() - began >= 0.1


def test_etags_may_be_weak_or_missing_and_conditions_ignored(either: Dms) -> None:
    """Weak and absent ETags show in headers and in listings; ignored conditions let a stale PUT through."""
    either.world.person.write("a.txt", b"x")
    either.world.misbehave(kind="weak_etag", times=2)
    assert either.ask("GET", "a.txt").headers["ETag"].startswith('W/"')
    assert either.etag("a.txt").startswith('W/"')
    either.world.misbehave(kind="no_etag", times=2)
    assert "ETag" not in either.ask("GET", "a.txt").headers
    assert either.prop("a.txt", "d:getetag") is None
    either.world.misbehave(kind="ignore_conditions")
    stale = {"If-Match": '"stale"'}
    assert either.ask("PUT", "a.txt", data=b"y", headers=stale).status_code == 204
    assert either.ask("PUT", "a.txt", data=b"y", headers=stale).status_code == 412


def test_propstat_error_hides_inside_a_207(either: Dms) -> None:
    """The matching resource has an error inside a 207, the others are whole."""
    either.world.person.write("a.txt", b"x")
    either.world.person.write("b.txt", b"x")
    either.world.misbehave(kind="propstat_error", resource="a.txt", status=403)
    found = either.props("", "d:getetag", "d:resourcetype", depth="1")
    shown = {href.rpartition("/")[2]: values for href, values in found.items()}
    assert shown["a.txt"] == {}
    assert shown["b.txt"]["getetag"]


def test_a_rule_names_the_destination_too(cloud: Dms) -> None:
    """A MOVE may be caught by where it goes."""
    cloud.world.person.write("a.txt", b"x")
    cloud.world.misbehave(kind="status", status=500, method="MOVE", path="b.txt")
    assert cloud.ask("MOVE", "a.txt", headers={"Destination": cloud.url("b.txt")}).status_code == 500


def test_an_unknown_kind_is_refused(either: Dms) -> None:
    """A misspelt misbehaviour is an error, not a rule that never applies."""
    with pytest.raises(ValueError, match="unknown misbehaviour"):
        either.world.misbehave(kind="nonsense")


def test_control_over_http_is_not_counted(either: Dms) -> None:
    """State, clock, misbehaviour, switches and person work from another process."""

    def control(name: str, **asked: object) -> dict:
        return requests.post(f"{either.running.base_url}/sandbox/{name}", json=asked, timeout=5).json()

    control("person", act="write", path="a.txt", text="x")
    assert control("person", act="read", path="a.txt") == {"base64": "eA=="}
    control("misbehave", kind="status", status=418)
    assert either.ask("GET", "a.txt").status_code == 418
    offset = either.world.clock.offset_s
    control("clock", advance_s=60)
    assert either.world.clock.offset_s == offset + 60
    assert control("switch", maintenance=True)["maintenance"] is True
    assert "error" in control("misbehave", kind="nonsense")
    state = requests.get(f"{either.running.base_url}/sandbox/state", timeout=5).json()
    assert [request["status"] for request in state["requests"]] == [418]


# -- plain mode --------------------------------------------------------------------------------------


def test_plain_has_no_file_ids_and_refuses_infinity_when_told(plain: Dms) -> None:
    """No oc:fileid, no versions; Depth: infinity is 403 with propfind-finite-depth."""
    plain.world.person.write("a.txt", b"x")
    assert plain.prop("a.txt", "oc:fileid") is None
    assert plain.world.versions_of("a.txt") == []
    refused = plain.ask("PROPFIND", "", headers={"Depth": "infinity"})
    assert (refused.status_code, b"propfind-finite-depth" in refused.content) == (403, True)


def test_plain_folder_can_be_looked_at_in_a_browser(plain: Dms) -> None:
    """wsgidav answers GET and HEAD of a folder with a page."""
    assert plain.ask("GET", "").headers["Content-Type"].startswith("text/html")
    assert plain.ask("HEAD", "").status_code == 200


def test_plain_keeps_the_bytes_of_a_name(plain: Dms) -> None:
    """NFD stays NFD, for the server as for the person."""
    plain.ask("PUT", "e%CC%81.txt", data=b"x")
    assert plain.world.person.read("e\u0301.txt") == b"x"
    assert plain.ask("GET", "%C3%A9.txt").status_code == 404


def test_plain_folder_mtime_moves_on_adding_not_on_overwriting(plain: Dms) -> None:
    """As measured on wsgidav: a direct child added moves the folder's mtime, an overwrite does not."""
    plain.world.person.mkdir("f")
    plain.ask("PUT", "f/a.txt", data=b"x")
    before = plain.prop("f/", "d:getlastmodified")
    plain.world.clock.advance(10)
    plain.ask("PUT", "f/a.txt", data=b"y")
    assert plain.prop("f/", "d:getlastmodified") == before
    plain.ask("PUT", "f/b.txt", data=b"y")
    assert plain.prop("f/", "d:getlastmodified") != before


def test_plain_etags_are_unquoted_in_listings(plain: Dms) -> None:
    """wsgidav lists ETags unquoted and answers them quoted on PUT."""
    quoted = plain.ask("PUT", "a.txt", data=b"x").headers["ETag"]
    assert f'"{plain.etag("a.txt")}"' == quoted


# -- Nextcloud: listing ------------------------------------------------------------------------------


def test_allprop_gives_the_short_list_only(cloud: Dms) -> None:
    """Without names: no file id, no display name."""
    cloud.world.person.write("a.txt", b"x")
    (entry,) = listed(cloud.ask("PROPFIND", "a.txt", headers={"Depth": "0"})).values()
    assert set(entry) == {"getlastmodified", "getetag", "resourcetype", "getcontentlength", "getcontenttype"}


def test_named_properties_and_absent_ones(cloud: Dms) -> None:
    """Asked by name they come; absent ones stand in a 404 propstat unless Prefer: return=minimal."""
    cloud.world.person.write("a.txt", b"xyz")
    names = (
        "oc:fileid",
        "oc:id",
        "oc:permissions",
        "oc:size",
        "oc:owner-id",
        "oc:checksums",
        "nc:system-tags",
    )
    (entry,) = cloud.props("a.txt", *names).values()
    fileid = str(cloud.world.file_id("a.txt"))
    assert (entry["fileid"], entry["permissions"], entry["size"]) == (fileid, "RGDNVW", "3")
    assert (entry["id"], entry["owner-id"]) == (f"{int(fileid):08d}oc7p1juth3uu", "signatures")
    assert "checksums" not in entry
    body = f"<d:propfind {NAMES}><d:prop><oc:checksums/></d:prop></d:propfind>"
    whole = cloud.ask("PROPFIND", "a.txt", data=body, headers={"Depth": "0"})
    minimal = cloud.ask("PROPFIND", "a.txt", data=body, headers={"Depth": "0", "Prefer": "return=minimal"})
    assert (b"404 Not Found" in whole.content, b"404 Not Found" in minimal.content) == (True, False)


def test_hrefs_are_absolute_in_lower_case_hex(cloud: Dms) -> None:
    """Percent-encoding in lower case, folders with a final slash, quoted ETags."""
    cloud.world.person.mkdir("Ä+'")
    hrefs = list(cloud.props("", "d:getetag", depth="1"))
    assert hrefs == ["/remote.php/dav/files/signatures/", "/remote.php/dav/files/signatures/%c3%84%2b%27/"]
    assert cloud.etag("").startswith('"')


def test_depths(cloud: Dms) -> None:
    """0, 1, 2 and infinity; no header is 1, and so is nonsense."""
    cloud.world.person.mkdir("a/b/c")
    counts = [len(cloud.props("", "d:getetag", depth=depth)) for depth in ("0", "1", "2", "infinity")]
    assert counts == [1, 2, 3, 4]
    assert len(listed(cloud.ask("PROPFIND", ""))) == len(cloud.props("", "d:getetag", depth="x")) == 2


def test_get_on_a_folder_is_empty_and_unknown_is_404(cloud: Dms) -> None:
    """GET on a folder: 200 with 0 bytes; nothing there: 404 as a DAV error."""
    cloud.world.person.mkdir("a")
    answer = cloud.ask("GET", "a/")
    assert (answer.status_code, answer.content) == (200, b"")
    missing = cloud.ask("GET", "b")
    assert (missing.status_code, b"s:exception" in missing.content) == (404, True)


def test_range_and_conditional_get(cloud: Dms) -> None:
    """Range 206, If-None-Match 304, stale If-Match 412."""
    cloud.world.person.write("a.txt", b"0123456789")
    assert cloud.ask("GET", "a.txt", headers={"Range": "bytes=2-4"}).content == b"234"
    etag = cloud.etag("a.txt")
    assert cloud.ask("GET", "a.txt", headers={"If-None-Match": etag}).status_code == 304
    assert cloud.ask("GET", "a.txt", headers={"If-Match": '"stale"'}).status_code == 412


# -- Nextcloud: ETags --------------------------------------------------------------------------------


def test_two_puts_within_one_second_keep_the_etag(cloud: Dms) -> None:
    """The one-second trap: other content and size, same ETag, and a stale If-Match passes; folders move."""
    cloud.next_second()
    first = cloud.ask("PUT", "a.txt", data=b"x").headers["ETag"]
    root = cloud.etag("")
    second = cloud.ask("PUT", "a.txt", data=b"longer", headers={"If-Match": first}).headers["ETag"]
    assert second == first
    assert cloud.etag("") != root
    cloud.world.clock.advance(1)
    assert cloud.ask("PUT", "a.txt", data=b"x").headers["ETag"] != first


def test_folder_etags_climb_to_the_root_and_siblings_stay(cloud: Dms) -> None:
    """A write deep down moves every ancestor to one new value and no sibling."""
    cloud.world.person.mkdir("a/b")
    cloud.world.person.mkdir("z")
    before = {path: cloud.etag(path) for path in ("", "a/", "a/b/", "z/")}
    cloud.ask("PUT", "a/b/x.txt", data=b"x")
    after = {path: cloud.etag(path) for path in before}
    assert [path for path in before if after[path] == before[path]] == ["z/"]
    assert after[""] == after["a/"] == after["a/b/"]


def test_dead_properties_tags_and_comments_move_no_etag(cloud: Dms) -> None:
    """PROPPATCH, a tag and a comment leave file and root as they are."""
    cloud.world.person.write("a.txt", b"x")
    before = cloud.etag("a.txt"), cloud.etag("")
    patch = f'<d:propertyupdate {NAMES} xmlns:m="urn:m"><d:set><d:prop><m:k>v</m:k></d:prop></d:set></d:propertyupdate>'
    assert cloud.ask("PROPPATCH", "a.txt", data=patch).status_code == 207
    fileid = cloud.world.file_id("a.txt")
    tag = {"name": "Signé", "userVisible": True, "userAssignable": True}
    made = cloud.ask("POST", f"/remote.php/dav/systemtags-relations/files/{fileid}", json=tag)
    comment = {"actorType": "users", "verb": "comment", "message": "Parti"}
    said = cloud.ask("POST", f"/remote.php/dav/comments/files/{fileid}", json=comment)
    assert (made.status_code, said.status_code) == (201, 201)
    assert (cloud.etag("a.txt"), cloud.etag("")) == before


# -- Nextcloud: writing ------------------------------------------------------------------------------


def test_put_answers_and_keeps_the_file_id(cloud: Dms) -> None:
    """201 then 204 with OC-FileId, ETag and OC-ETag; the id stays; a missing parent is 404."""
    new = cloud.ask("PUT", "a.txt", data=b"x")
    over = cloud.ask("PUT", "a.txt", data=b"y")
    assert (new.status_code, over.status_code) == (201, 204)
    assert new.headers["OC-FileId"] == over.headers["OC-FileId"]
    assert over.headers["ETag"] == over.headers["OC-ETag"]
    assert cloud.ask("PUT", "no/a.txt", data=b"x").status_code == 404


def test_x_hash_tells_what_the_server_got(cloud: Dms) -> None:
    """X-Hash: sha256 is answered with the hash of the bytes; X-OC-Mtime is accepted."""
    answer = cloud.ask("PUT", "a.txt", data=b"x", headers={"X-Hash": "sha256", "X-OC-Mtime": "1700000000"})
    assert answer.headers["X-Hash-SHA256"] == hashlib.sha256(b"x").hexdigest()
    assert answer.headers["X-OC-Mtime"] == "accepted"
    assert cloud.prop("a.txt", "d:getlastmodified") == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_patch_hashes_on_the_server(cloud: Dms) -> None:
    """PATCH with X-Recalculate-Hash stores and answers the checksum; an overwrite clears it."""
    cloud.world.person.write("a.txt", b"x")
    answer = cloud.ask("PATCH", "a.txt", headers={"X-Recalculate-Hash": "sha256"})
    expected = f"SHA256:{hashlib.sha256(b'x').hexdigest()}"
    assert (answer.status_code, answer.headers["OC-Checksum"]) == (204, expected)
    assert cloud.ask("GET", "a.txt").headers["OC-Checksum"] == expected
    cloud.ask("PUT", "a.txt", data=b"y")
    assert "OC-Checksum" not in cloud.ask("GET", "a.txt").headers


@pytest.mark.parametrize(("method", "headers"), [("MKCOL", {}), ("PUT", {"If-None-Match": "*"})])
def test_six_creators_have_one_winner(cloud: Dms, method: str, headers: dict[str, str]) -> None:
    """MKCOL and PUT If-None-Match: * never have two winners."""
    codes: list[int] = []

    def create() -> None:
        with requests.request(method, cloud.url("m"), auth=AUTH, headers=headers, timeout=5) as answer:
            codes.append(answer.status_code)

    creators = [threading.Thread(target=create) for _ in range(6)]
    for creator in creators:
        creator.start()
    for creator in creators:
        creator.join()
    assert (codes.count(201), len(codes)) == (1, 6)


def test_a_broken_overwrite_tears_the_file_and_hides_it(cloud: Dms) -> None:
    """The torso is on disk, listings show the old size and ETag until a GET; the old content is a version."""
    cloud.world.person.write("a.txt", b"old content")
    before = cloud.props("a.txt", "d:getetag", "d:getcontentlength")
    cloud.world.clock.advance(2)
    assert b"400 Bad Request" in cloud.put_part("a.txt", 100, b"new")
    assert cloud.props("a.txt", "d:getetag", "d:getcontentlength") == before
    assert cloud.ask("HEAD", "a.txt").headers["Content-Length"] == "11"
    assert cloud.ask("GET", "a.txt").content == b"new"
    after = cloud.props("a.txt", "d:getetag", "d:getcontentlength")
    assert after != before
    assert [data for _, _, data in cloud.world.versions_of("a.txt")] == [b"new", b"old content"]


def test_a_broken_new_file_does_not_appear(cloud: Dms) -> None:
    """New files are staged."""
    cloud.put_part("a.txt", 100, b"new")
    assert cloud.ask("PROPFIND", "a.txt").status_code == 404


@pytest.mark.parametrize(
    ("headers", "exists", "expected"),
    [
        ({"If-Match": '"stale"'}, True, 412),
        ({"If-Match": "{etag}"}, True, 204),
        ({"If-Match": "W/{etag}"}, True, 412),
        ({"If-Match": "{bare}"}, True, 412),
        ({"If-Match": "*"}, True, 204),
        ({"If-Match": "*"}, False, 412),
        ({"If-None-Match": "*"}, True, 412),
        ({"If-None-Match": "*"}, False, 201),
        ({"If": "([{etag}])"}, True, 204),
        ({"If": '(["stale"])'}, True, 412),
        ({"If": "(Not [{etag}])"}, True, 412),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, True, 412),
    ],
)
def test_conditional_put(cloud: Dms, headers: dict[str, str], exists: bool, expected: int) -> None:
    """The table of preconditions; only a failed If-Match tells the current ETag."""
    etag = '""'
    if exists:
        cloud.world.person.write("a.txt", b"x")
        etag = cloud.etag("a.txt")
    filled = {key: value.format(etag=etag, bare=etag.strip('"')) for key, value in headers.items()}
    answer = cloud.ask("PUT", "a.txt", data=b"y", headers=filled)
    assert answer.status_code == expected
    if expected == 412 and exists:
        assert answer.headers.get("ETag") == (etag if "If-Match" in filled else None)


def test_move_and_copy(cloud: Dms) -> None:
    """201 to a free name, 204 over something, 412 / 403 / 409 / 404 / 500 where they belong."""
    cloud.world.person.mkdir("f")
    cloud.world.person.write("a.txt", b"a")
    cloud.world.person.write("b.txt", b"b")

    def move(src: str, dst: str, method: str = "MOVE", **headers: str) -> int:
        return cloud.ask(method, src, headers={"Destination": cloud.url(dst), **headers}).status_code

    fileid, replaced = cloud.world.file_id("a.txt"), cloud.world.file_id("b.txt")
    etag = cloud.etag("a.txt")
    assert move("a.txt", "b.txt", Overwrite="F") == 412
    assert move("a.txt", "b.txt", **{"If-Match": '"stale"'}) == 412
    assert move("a.txt", "b.txt") == 204
    assert (cloud.world.file_id("b.txt"), cloud.etag("b.txt")) == (fileid, etag)
    assert cloud.world.nextcloud is not None
    assert cloud.world.nextcloud.tree.by_id(replaced or 0) is None
    assert any((cloud.world.state / "trash").iterdir())
    assert move("b.txt", "f/c.txt") == 201
    assert move("f/c.txt", "f/d.txt", "COPY") == 201
    assert cloud.world.file_id("f/d.txt") != cloud.world.file_id("f/c.txt")
    assert move("f/c.txt", "no/c.txt") == 409
    assert move("f/c.txt", "f/c.txt") == 403
    assert move("f/c.txt", "f/c.txt", Overwrite="F") == 412
    assert move("f/c.txt", "f/d.txt/c.txt") == 415
    assert move("f/", "f/g") == 409
    assert move("nothing", "x") == 404
    assert cloud.ask("MOVE", "f/c.txt").status_code == 500
    elsewhere = {"Destination": "http://other.example/remote.php/dav/files/signatures/e.txt"}
    assert cloud.ask("MOVE", "f/c.txt", headers=elsewhere).status_code == 201
    assert cloud.ask("MOVE", "e.txt", headers={"Destination": "/index.html"}).status_code == 403


def test_mkcol(cloud: Dms) -> None:
    """201, then 405 on a folder as on a file; below nothing 409."""
    cloud.world.person.write("a.txt", b"x")
    codes = [cloud.ask("MKCOL", name).status_code for name in ("f", "f", "f/", "a.txt", "no/f")]
    assert codes == [201, 405, 405, 405, 409]
    assert cloud.ask("MKCOL", "f", headers={"If-None-Match": "*"}).status_code == 412


def test_delete_ends_the_history(cloud: Dms) -> None:
    """DELETE 204 into the trash; versions 404; a new file at the old path has a new id."""
    cloud.world.person.write("a.txt", b"x")
    fileid = cloud.world.file_id("a.txt")
    assert [cloud.ask("DELETE", "a.txt").status_code for _ in "ab"] == [204, 404]
    history = f"/remote.php/dav/versions/signatures/versions/{fileid}"
    assert cloud.ask("PROPFIND", history).status_code == 404
    cloud.ask("PUT", "a.txt", data=b"x")
    assert cloud.world.file_id("a.txt") != fileid


def test_the_longest_names_go_to_the_trash_too(cloud: Dms) -> None:
    """A name of 250 bytes is deleted, twice within one second, whatever its trash name would be."""
    for name in ("n" * 246 + ".pdf", "é" * 125):
        for _ in "ab":
            assert cloud.ask("PUT", name, data=b"x").status_code == 201
            assert cloud.ask("DELETE", name).status_code == 204
    assert cloud.ask("MKCOL", "d" * 250).status_code == 201
    assert cloud.ask("DELETE", "d" * 250).status_code == 204
    assert len(list((cloud.world.state / "trash").iterdir())) == 5


def test_names(cloud: Dms) -> None:
    """Forbidden names are 400 with a reason, NFD is stored as NFC, %2F is Apache's own 404."""
    for name in ("a%5Cb", "x.part", ".htaccess", "b" * 251, "a%01b"):
        answer = cloud.ask("PUT", name, data=b"x")
        assert (answer.status_code, b"InvalidPath" in answer.content) == (400, True)
        assert answer.headers["Connection"] == "close"
    assert cloud.ask("PUT", "b" * 250, data=b"x").status_code == 201
    assert cloud.ask("PUT", "e%CC%81t%C3%A9.txt", data=b"x").status_code == 201
    assert (cloud.world.files / "\u00e9t\u00e9.txt").is_file()
    assert cloud.ask("GET", "%C3%A9t%C3%A9.txt").content == b"x"
    assert cloud.ask("GET", "e%CC%81t%C3%A9.txt").content == b"x"
    assert "text/html" in cloud.ask("GET", "a%2Fb").headers["Content-Type"]
    assert cloud.ask("PROPFIND", "a.txt", data="<broken").status_code in (400, 404)
    assert cloud.ask("PROPFIND", "", data="<broken").status_code == 400
    assert cloud.ask("BREW", "").status_code == 501


# -- Nextcloud: versions -----------------------------------------------------------------------------


def history_of(cloud: Dms, path: str) -> str:
    return f"/remote.php/dav/versions/signatures/versions/{cloud.world.file_id(path)}"


def test_versions_are_listed_with_the_current_one(cloud: Dms) -> None:
    """Depth 1 lists the current content, which only the file itself gives, and each older one, oldest first."""
    for content in (b"one", b"two2", b"three"):
        cloud.ask("PUT", "a.txt", data=content)
        cloud.world.clock.advance(2)
    found = cloud.props(
        history_of(cloud, "a.txt"), "d:getcontentlength", "d:getetag", "nc:version-author", depth="1"
    )
    entries = {href: values for href, values in found.items() if values.get("getetag")}
    assert [values["getcontentlength"] for values in entries.values()] == ["3", "4", "5"]
    assert {values["version-author"] for values in entries.values()} == {"signatures"}
    oldest, *_, present = entries
    assert oldest.rpartition("/")[2] == entries[oldest]["getetag"]
    answer = cloud.ask("GET", oldest)
    assert (answer.content, answer.headers["ETag"]) == (b"one", entries[oldest]["getetag"])
    assert cloud.ask("GET", present).status_code == 404


def test_two_contents_of_one_second_leave_one_version(cloud: Dms) -> None:
    """The older of them vanishes."""
    cloud.next_second()
    cloud.ask("PUT", "a.txt", data=b"one")
    cloud.ask("PUT", "a.txt", data=b"two")
    cloud.world.clock.advance(1)
    cloud.ask("PUT", "a.txt", data=b"three")
    assert [data for _, _, data in cloud.world.versions_of("a.txt")] == [b"three", b"two"]


def test_label_and_restore(cloud: Dms) -> None:
    """PROPPATCH labels a version; MOVE to restore keeps the id, changes the ETag, sets the old mtime back."""
    cloud.world.person.write("a.txt", b"one")
    before, fileid = cloud.prop("a.txt", "d:getlastmodified"), cloud.world.file_id("a.txt")
    cloud.world.clock.advance(5)
    cloud.world.person.write("a.txt", b"two")
    stamp = cloud.world.versions_of("a.txt")[1][0]
    old = f"{history_of(cloud, 'a.txt')}/{stamp}"
    patch = (
        f"<d:propertyupdate {NAMES}><d:set><d:prop><nc:version-label>Original</nc:version-label>"
        "</d:prop></d:set></d:propertyupdate>"
    )
    labelled = cloud.ask("PROPPATCH", old, data=patch)
    assert (labelled.status_code, b"200 OK" in labelled.content) == (207, True)
    assert cloud.world.versions_of("a.txt")[1][1:] == ("Original", b"one")
    etag = cloud.etag("a.txt")
    target = {"Destination": cloud.url("/remote.php/dav/versions/signatures/restore/target")}
    assert cloud.ask("MOVE", old, headers=target).status_code == 201
    assert cloud.world.person.read("a.txt") == b"one"
    assert (cloud.world.file_id("a.txt"), cloud.prop("a.txt", "d:getlastmodified")) == (fileid, before)
    assert cloud.etag("a.txt") != etag


def test_thinning_spares_labelled_versions(cloud: Dms) -> None:
    """The background job keeps one version for each interval, and every labelled one."""
    for number in range(12):
        cloud.world.person.write("a.txt", b"%d" % number)
        cloud.world.clock.advance(2)
    fileid = cloud.world.file_id("a.txt")
    assert cloud.world.nextcloud is not None
    kept = cloud.world.nextcloud.versions.kept(fileid or 0)
    cloud.world.nextcloud.versions.note(fileid or 0, kept[3].stamp, label="Original")
    cloud.world.clock.advance(3 * 3600)
    assert cloud.world.thin_versions() > 5
    labels = [label for _, label, _ in cloud.world.versions_of("a.txt")]
    assert labels.count("Original") == 1
    assert len(labels) < 6


def test_temp_and_move_loses_the_history(cloud: Dms) -> None:
    """A temp file moved onto the target brings its own id; the target's versions are gone."""
    cloud.world.person.write("a.txt", b"old")
    fileid = cloud.world.file_id("a.txt")
    cloud.ask("PUT", "a.tmp", data=b"new")
    cloud.ask("MOVE", "a.tmp", headers={"Destination": cloud.url("a.txt")})
    assert cloud.world.file_id("a.txt") != fileid
    assert [data for _, _, data in cloud.world.versions_of("a.txt")] == [b"new"]


# -- Nextcloud: chunked upload -----------------------------------------------------------------------


def upload(cloud: Dms, data: bytes, path: str = "a.txt", **headers: str) -> requests.Response:
    top = f"/remote.php/dav/uploads/signatures/{time.perf_counter_ns()}"
    there = {"Destination": cloud.url(path)}
    assert cloud.ask("MKCOL", top, headers=there).status_code == 201
    for number, start in enumerate(range(0, len(data), 4), 1):
        put = cloud.ask("PUT", f"{top}/{number:05d}", data=data[start : start + 4], headers=there)
        assert put.status_code == 201
    return cloud.ask("MOVE", f"{top}/.file", headers={**there, "OC-Total-Length": str(len(data)), **headers})


def test_chunked_upload_keeps_id_and_versions(cloud: Dms) -> None:
    """201 for a new file, 204 over an old one, chunks in numeric order, id and versions kept."""
    new = upload(cloud, b"0123456789" * 5)
    assert (new.status_code, cloud.world.person.read("a.txt")) == (201, b"0123456789" * 5)
    fileid = cloud.world.file_id("a.txt")
    cloud.world.clock.advance(2)
    over = upload(cloud, b"signed")
    assert (over.status_code, over.headers["ETag"]) == (204, cloud.etag("a.txt"))
    assert cloud.world.file_id("a.txt") == fileid
    assert [data for _, _, data in cloud.world.versions_of("a.txt")] == [b"signed", b"0123456789" * 5]
    assert not any((cloud.world.state / "uploads" / "signatures").iterdir())


def test_chunked_upload_guards(cloud: Dms) -> None:
    """If on the destination guards; If-Match tests the source; Overwrite: F and a wrong length are refused."""
    cloud.world.person.write("a.txt", b"old")
    etag, url = cloud.etag("a.txt"), cloud.url("a.txt")
    assert upload(cloud, b"new", If=f'<{url}> (["stale"])').status_code == 412
    assert upload(cloud, b"new", **{"If-Match": etag}).status_code == 412
    assert upload(cloud, b"new", Overwrite="F").status_code == 412
    assert upload(cloud, b"new", **{"OC-Total-Length": "9"}).status_code == 400
    assert upload(cloud, b"new", path="no/a.txt").status_code == 409
    assert upload(cloud, b"new", path="gone.txt", If=f'<{cloud.url("gone.txt")}> (["x"])').status_code == 404
    assert upload(cloud, b"new", path="").status_code == 409
    cloud.world.person.mkdir("f")
    assert upload(cloud, b"new", path="f").status_code == 400
    assert cloud.world.person.read("a.txt") == b"old"
    assert upload(cloud, b"new", If=f"<{url}> ([{etag}])").status_code == 204


def test_chunk_names_are_numeric(cloud: Dms) -> None:
    """A chunk is named 1 to 10000, within an upload that exists."""
    top = "/remote.php/dav/uploads/signatures/u"
    assert cloud.ask("PUT", f"{top}/1", data=b"x").status_code == 404
    assert [cloud.ask("MKCOL", top).status_code for _ in "ab"] == [201, 405]
    assert [
        cloud.ask("PUT", f"{top}/{name}", data=b"x").status_code for name in ("a", "0", "10001", "7")
    ] == [
        400,
        400,
        400,
        201,
    ]
    assert cloud.ask("DELETE", top).status_code == 204


# -- Nextcloud: SEARCH -------------------------------------------------------------------------------


def query(where: str, *, scope: str = "/files/signatures", more: str = "") -> str:
    return (
        f'<d:searchrequest {NAMES} xmlns:ns="https://github.com/icewind1991/SearchDAV/ns"><d:basicsearch>'
        "<d:select><d:prop><oc:fileid/><d:getetag/><oc:size/></d:prop></d:select>"
        f"<d:from><d:scope><d:href>{scope}</d:href><d:depth>infinity</d:depth></d:scope></d:from>"
        f"<d:where>{where}</d:where>{more}</d:basicsearch></d:searchrequest>"
    )


def like(pattern: str) -> str:
    return f"<d:like><d:prop><d:displayname/></d:prop><d:literal>{pattern}</d:literal></d:like>"


def hits(cloud: Dms, body: str) -> list[str]:
    answer = cloud.ask("SEARCH", "/remote.php/dav/", data=body.encode(), headers=XML)
    assert answer.status_code == 207, answer.text
    return [href.rpartition("/files/signatures/")[2] for href in listed(answer)]


def test_search_patterns(cloud: Dms) -> None:
    """% any, _ one, \\% literal; ASCII case ignored, that of Ä not; and, or, not, eq on the file id."""
    cloud.world.person.mkdir("f")
    for name in ("f/a.sign.yaml", "B.SIGN.YAML", "50%.txt", "500.txt", "Ä.txt"):
        cloud.world.person.write(name, b"x")
    assert hits(cloud, query(like("%.sign.yaml"))) == ["B.SIGN.YAML", "f/a.sign.yaml"]
    assert hits(cloud, query(like("50_.txt"))) == ["50%25.txt", "500.txt"]
    assert hits(cloud, query(like("50\\%.txt"))) == ["50%25.txt"]
    assert hits(cloud, query(like("ä.txt"))) == []
    assert hits(cloud, query(like("%.sign.yaml"), scope="/files/signatures/f")) == ["f/a.sign.yaml"]
    either = f"<d:and><d:or>{like('500%')}{like('Ä%')}</d:or><d:not>{like('Ä%')}</d:not></d:and>"
    assert hits(cloud, query(either)) == ["500.txt"]
    fileid = cloud.world.file_id("500.txt")
    equal = f"<d:eq><d:prop><oc:fileid/></d:prop><d:literal>{fileid}</d:literal></d:eq>"
    assert hits(cloud, query(equal)) == ["500.txt"]


def test_search_pages_in_its_own_namespace_only(cloud: Dms) -> None:
    """firstresult counts in SearchDAV's namespace and is ignored in nc:; nresults limits."""
    for number in range(5):
        cloud.world.person.write(f"{number}.txt", b"x")
    order = "<d:orderby><d:order><d:prop><d:displayname/></d:prop><d:descending/></d:order></d:orderby>"
    page = "<d:limit><d:nresults>2</d:nresults><{}:firstresult>2</{}:firstresult></d:limit>"
    assert hits(cloud, query(like("%.txt"), more=order + page.format("ns", "ns"))) == ["2.txt", "1.txt"]
    assert hits(cloud, query(like("%.txt"), more=order + page.format("nc", "nc"))) == ["4.txt", "3.txt"]


def test_search_refusals(cloud: Dms) -> None:
    """501 without Content-Type or below files, 404 and 500 by scope, plain text for its own errors."""
    body = query(like("%"))

    def code(body: str, path: str = "/remote.php/dav/", headers: dict[str, str] = XML) -> int:
        return cloud.ask("SEARCH", path, data=body.encode(), headers=headers).status_code

    assert code(body, headers={}) == 501
    assert code(body, path="") == 501
    assert code(query(like("%"), scope="/remote.php/dav/files/signatures")) == 404
    assert code(query(like("%"), scope="/files/signatures/no")) == 404
    assert code(query(like("%"), scope="/files/alice")) == 500
    for operator, literal in (("gt", "0"), ("eq", "abc"), ("like", "1%")):
        where = f"<d:{operator}><d:prop><oc:fileid/></d:prop><d:literal>{literal}</d:literal></d:{operator}>"
        assert code(query(where)) == 500
    unsortable = "<d:orderby><d:order><d:prop><oc:fileid/></d:prop></d:order></d:orderby>"
    answer = cloud.ask("SEARCH", "/remote.php/dav/", data=query(like("%"), more=unsortable), headers=XML)
    assert (answer.status_code, answer.text) == (400, "requested order by property is not sortable")


# -- Nextcloud: tags, comments -----------------------------------------------------------------------


def test_tags(cloud: Dms) -> None:
    """Create, refuse a second of the name, assign once, list on the file, colour, take off, never delete."""
    cloud.world.person.write("a.txt", b"x")
    tags, fileid = "/remote.php/dav/systemtags/", cloud.world.file_id("a.txt")
    tag = {"name": "Signé", "userVisible": True, "userAssignable": True}
    made = cloud.ask("POST", tags, json=tag)
    assert (made.status_code, made.headers["Content-Location"]) == (201, "/remote.php/dav/systemtags/1")
    assert cloud.ask("POST", tags, json=tag).status_code == 409
    assert cloud.ask("POST", tags, json={**tag, "name": "x", "userVisible": False}).status_code == 400
    relation = f"/remote.php/dav/systemtags-relations/files/{fileid}"
    codes = [cloud.ask("PUT", f"{relation}/1").status_code for _ in "ab"]
    assert (codes, cloud.world.tags_of("a.txt")) == ([201, 409], ["Signé"])
    assert cloud.ask("PUT", f"{relation}/99").status_code == 412
    assert cloud.ask("PUT", "/remote.php/dav/systemtags-relations/files/999/1").status_code == 404
    colour = f"<d:propertyupdate {NAMES}><d:set><d:prop><nc:color>00aa00</nc:color></d:prop></d:set></d:propertyupdate>"
    assert cloud.ask("PROPPATCH", f"{tags}1", data=colour).status_code == 207
    shown = cloud.props(tags, "oc:id", "oc:display-name", "nc:color", depth="1")[f"{tags}1"]
    assert shown == {"id": "1", "display-name": "Signé", "color": "00aa00"}
    body = f"<d:propfind {NAMES}><d:prop><nc:system-tags/></d:prop></d:propfind>"
    assert "Signé</nc:system-tag>" in cloud.ask("PROPFIND", "a.txt", data=body).content.decode()
    report = (
        f"<oc:filter-files {NAMES}><d:prop><oc:fileid/></d:prop>"
        "<oc:filter-rules><oc:systemtag>1</oc:systemtag></oc:filter-rules></oc:filter-files>"
    )
    assert list(listed(cloud.ask("REPORT", "", data=report))) == ["/remote.php/dav/files/signatures/a.txt"]
    assert cloud.ask("DELETE", f"{relation}/1").status_code == 204
    assert cloud.ask("DELETE", f"{tags}1").status_code == 403


def test_comments(cloud: Dms) -> None:
    """POST 201, more than 1000 characters 400, REPORT reads with a limit."""
    cloud.world.person.write("a.txt", b"x")
    place = f"/remote.php/dav/comments/files/{cloud.world.file_id('a.txt')}"
    for message, expected in (("un", 201), ("deux", 201), ("x" * 1001, 400)):
        asked = {"actorType": "users", "verb": "comment", "message": message}
        assert cloud.ask("POST", place, json=asked).status_code == expected
    report = f"<oc:filter-comments {NAMES}><oc:limit>1</oc:limit></oc:filter-comments>"
    (only,) = listed(cloud.ask("REPORT", place, data=report)).values()
    assert only["message"] == "deux"


# -- Nextcloud: locks --------------------------------------------------------------------------------

LOCKINFO = (
    f"<d:lockinfo {NAMES}><d:lockscope><d:exclusive/></d:lockscope>"
    "<d:locktype><d:write/></d:locktype></d:lockinfo>"
)


def test_core_alone_has_no_locks(cloud: Dms) -> None:
    """LOCK and UNLOCK are 501, class 2 is not claimed, the capability is absent."""
    cloud.world.person.write("a.txt", b"x")
    assert cloud.ask("LOCK", "a.txt", data=LOCKINFO).status_code == 501
    assert cloud.ask("UNLOCK", "a.txt").status_code == 501
    assert ", 2" not in cloud.ask("OPTIONS", "").headers["DAV"]
    told = cloud.ask("GET", "/ocs/v2.php/cloud/capabilities?format=json", headers={"OCS-APIRequest": "true"})
    assert "locking" not in told.json()["ocs"]["data"]["capabilities"]["files"]


def test_plain_locks_expire_by_the_sandbox_clock(plain: Dms) -> None:
    """wsgidav's own lock: 423 without the token, gone when the clock passes its time."""
    plain.ask("PUT", "a.txt", data=b"x")
    assert plain.ask("LOCK", "a.txt", data=LOCKINFO, headers={"Timeout": "Second-60"}).status_code == 200
    assert plain.ask("PUT", "a.txt", data=b"y").status_code == 423
    plain.world.clock.advance(61)
    assert plain.ask("PUT", "a.txt", data=b"y").status_code == 204


def test_lock_by_token(locking_cloud: Dms) -> None:
    """423 for the locker too without the token; the ETag moves; it expires by the sandbox's clock."""
    cloud = locking_cloud
    cloud.world.person.write("a.txt", b"x")
    before = cloud.etag("a.txt"), cloud.etag("")
    made = cloud.ask("LOCK", "a.txt", data=LOCKINFO, headers={"Timeout": "Second-60"})
    token = made.headers["Lock-Token"]
    assert (made.status_code, made.headers["Timeout"]) == (200, "Second-60")
    assert cloud.etag("a.txt") != before[0]
    assert cloud.etag("") != before[1]
    assert cloud.ask("LOCK", "a.txt", data=LOCKINFO).status_code == 423
    assert cloud.ask("PUT", "a.txt", data=b"y").status_code == 423
    assert cloud.ask("PUT", "a.txt", data=b"y", headers={"If": f"({token})"}).status_code == 204
    assert cloud.ask("DELETE", "a.txt").status_code == 423
    assert cloud.ask("GET", "a.txt").status_code == 200
    assert cloud.ask("UNLOCK", "a.txt", headers={"Lock-Token": "<opaquelocktoken:no>"}).status_code == 500
    assert cloud.ask("UNLOCK", "a.txt").status_code == 400
    assert cloud.ask("UNLOCK", "a.txt", headers={"Lock-Token": token}).status_code == 204
    cloud.ask("LOCK", "a.txt", data=LOCKINFO, headers={"Timeout": "Second-60"})
    cloud.world.clock.advance(61)
    assert cloud.ask("PUT", "a.txt", data=b"z").status_code == 204


def test_lock_by_user(locking_cloud: Dms) -> None:
    """X-User-Lock: the owner's sessions may write, others get 423, the properties tell who."""
    cloud = locking_cloud
    cloud.world.person.write("a.txt", b"x")
    mark = {"X-User-Lock": "1"}
    assert cloud.ask("UNLOCK", "a.txt", headers=mark).status_code == 412
    locked = cloud.ask("LOCK", "a.txt", headers=mark)
    assert (locked.status_code, b"lock-owner>signatures<" in locked.content) == (200, True)
    assert cloud.ask("PUT", "a.txt", data=b"y").status_code == 204
    alice = requests.put(
        f"{cloud.running.url_of('alice')}a.txt", data=b"z", auth=("alice", "secret"), timeout=5
    )
    assert alice.status_code == 423
    assert cloud.prop("a.txt", "nc:lock-owner") == "signatures"
    assert cloud.ask("UNLOCK", "a.txt", headers=mark).status_code == 200


def test_lock_of_an_absent_name_and_by_token_type(locking_cloud: Dms) -> None:
    """LOCK of nothing makes an empty file; X-User-Lock-Type: 2 binds the owner too."""
    cloud = locking_cloud
    assert cloud.ask("LOCK", "new.txt", data=LOCKINFO).status_code == 200
    assert cloud.world.person.read("new.txt") == b""
    cloud.world.person.write("a.txt", b"x")
    cloud.ask("LOCK", "a.txt", headers={"X-User-Lock": "1", "X-User-Lock-Type": "2"})
    assert cloud.ask("PUT", "a.txt", data=b"y").status_code == 423


# -- Nextcloud: login --------------------------------------------------------------------------------


def test_more_than_ten_wrong_passwords_block_the_address(cloud: Dms) -> None:
    """11 wrong ones are 401, then 429 for every account, right passwords too, until 30 minutes are over."""
    wrong = [requests.get(cloud.url(""), auth=("signatures", "no"), timeout=5).status_code for _ in range(12)]
    assert wrong == [401] * 11 + [429]
    blocked = cloud.ask("GET", "")
    assert (blocked.status_code, "Retry-After" in blocked.headers) == (429, False)
    assert requests.get(cloud.running.url_of("alice"), auth=("alice", "secret"), timeout=5).status_code == 429
    cloud.world.clock.advance(30 * 60 + 1)
    assert cloud.ask("GET", "").status_code == 200


def test_a_right_login_sets_the_count_back(cloud: Dms) -> None:
    """Ten wrong, one right, ten wrong: never 429; no or odd credentials do not count."""
    for _ in range(2):
        for _ in range(10):
            assert requests.get(cloud.url(""), auth=("signatures", "no"), timeout=5).status_code == 401
        assert cloud.ask("GET", "").status_code == 200
    for _ in range(12):
        answer = requests.get(cloud.url(""), headers={"Authorization": "Bearer x"}, timeout=5)
        assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Nextcloud"'
    assert b"NotAuthenticated" in answer.content


def test_cookies_win_over_the_password(cloud: Dms) -> None:
    """Four cookies come with every answer; sent back, the session beats Authorization; lame ones are 412."""
    with requests.Session() as keeping:
        keeping.get(cloud.url(""), auth=AUTH, timeout=5)
        assert len(keeping.cookies) == 4
        wrong = keeping.request("PROPFIND", cloud.url(""), auth=("alice", "wrong"), timeout=5)
        assert wrong.status_code == 207
        session = keeping.cookies["oc7p1juth3uu"]
    lame = cloud.ask("GET", "", headers={"Cookie": f"oc7p1juth3uu={session}"})
    assert (lame.status_code, lame.json()) == (412, {"error": "Strict Cookie has not been found in request"})
    assert [request.cookies for request in cloud.world.requests] == [False, True, True]


def test_another_users_root_is_a_bare_folder(cloud: Dms) -> None:
    """207 without a leak, so a 207 alone proves nothing."""
    answer = cloud.ask("PROPFIND", cloud.running.url_of("alice"), headers={"Depth": "0"})
    assert answer.status_code == 207
    assert list(listed(answer).values()) == [{"resourcetype": None}]


def test_disabled_account_and_maintenance(cloud: Dms) -> None:
    """Both are 503; maintenance has no Retry-After, and status.php goes on answering."""
    cloud.world.accounts.disabled.add("signatures")
    assert b"Account disabled" in cloud.ask("GET", "").content
    cloud.world.maintenance = True
    answer = cloud.ask("PROPFIND", "")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, False)
    assert b"ServerMaintenanceMode" in answer.content
    assert cloud.ask("GET", "/status.php").json()["maintenance"] is True


def test_ocs_and_status(cloud: Dms) -> None:
    """status.php tells the version; OCS needs its header, else 412."""
    assert cloud.ask("GET", "/status.php").json()["versionstring"] == "32.0.1"
    place = "/ocs/v2.php/cloud/capabilities?format=json"
    assert cloud.ask("GET", place).status_code == 412
    told = cloud.ask("GET", place, headers={"OCS-APIRequest": "true"}).json()
    assert told["ocs"]["data"]["version"]["major"] == 32


def test_login_flow_gives_an_app_password(cloud: Dms) -> None:
    """Begin, poll 404, a person agrees on the page, poll once 200; the password works and is revocable."""
    begun = requests.post(f"{cloud.running.base_url}/index.php/login/v2", timeout=5).json()
    poll = begun["poll"]
    waiting = requests.post(poll["endpoint"], data={"token": poll["token"]}, timeout=5)
    assert (waiting.status_code, waiting.json(), len(poll["token"])) == (404, [], 128)
    assert "<form" in requests.get(begun["login"], timeout=5).text
    form = {"user": "signatures", "password": "sandbox"}
    assert requests.post(begun["login"], data=form, timeout=5).status_code == 200
    granted = requests.post(poll["endpoint"], data={"token": poll["token"]}, timeout=5).json()
    login = (granted["loginName"], granted["appPassword"])
    assert requests.request("PROPFIND", cloud.url(""), auth=login, timeout=5).status_code == 207
    cloud.world.accounts.change_password("signatures", "other")
    assert requests.request("PROPFIND", cloud.url(""), auth=login, timeout=5).status_code == 401


# -- Nextcloud: state --------------------------------------------------------------------------------


def test_state_survives_a_restart(tmp_path: Path) -> None:
    """File ids, ETags, versions, labels and tags are the same in a new process on the same state."""
    clock = SandboxClock()

    def world() -> DmsWorld:
        return DmsWorld(tmp_path / "f", tmp_path / "s", mode="nextcloud", clock=clock)

    first = world()
    first.person.mkdir("a")
    first.person.write("a/x.txt", b"one")
    clock.advance(2)
    first.person.write("a/x.txt", b"two")
    with first.act() as folder:
        assert folder is not None
        tag = folder.annotations.create("Signé", visible=True, assignable=True)
        assert tag is not None
        folder.annotations.assign(first.file_id("a/x.txt") or 0, tag.tagid)
    first.close()
    second = world()
    for look in (lambda w: w.file_id("a/x.txt"), lambda w: w.etag("a/x.txt"), lambda w: w.etag("")):
        assert look(first) == look(second) is not None
    assert second.versions_of("a/x.txt") == first.versions_of("a/x.txt")
    assert second.tags_of("a/x.txt") == ["Signé"]
    second.close()


def test_scan_notices_a_file_manager(tmp_path: Path) -> None:
    """With ``scan`` a listing sees what was put, changed and removed on disk, and the ETags move."""
    served = make(tmp_path, "nextcloud", scan=True)
    cloud = next(served)
    (cloud.world.files / "sub").mkdir()
    (cloud.world.files / "sub" / "a.txt").write_bytes(b"x")
    root = cloud.etag("")
    assert cloud.prop("sub/a.txt", "oc:size") == "1"
    (cloud.world.files / "sub" / "a.txt").write_bytes(b"longer")
    assert cloud.etag("") != root
    (cloud.world.files / "sub" / "a.txt").unlink()
    assert list(cloud.props("sub/", "d:getetag", depth="1")) == ["/remote.php/dav/files/signatures/sub/"]
    with pytest.raises(StopIteration):
        next(served)


def test_keep_alive_ends_after_the_errors_that_close(cloud: Dms) -> None:
    """400, 500, 501, 503 and 507 come with Connection: close; 404 and 412 do not."""
    for _ in range(3):
        cloud.ask("GET", "nothing")
    assert cloud.world.connections() == 1
    assert cloud.ask("BREW", "").headers["Connection"] == "close"
    cloud.ask("GET", "nothing")
    assert cloud.world.connections() == 2


def test_the_process_serves_until_sigterm(tmp_path: Path) -> None:
    """``python -m`` writes its URL, answers, and ends cleanly with 0."""
    port_file = tmp_path / "url"
    command = [
        sys.executable,
        "-m",
        "connector.sandbox.dms",
        "--files",
        tmp_path / "f",
        "--state",
        tmp_path / "s",
    ]
    top = Path(__file__).parents[2]
    with subprocess.Popen([*command, "--port-file", port_file], stderr=subprocess.PIPE, cwd=top) as process:
        until = time.monotonic() + 10
        while not port_file.exists() and time.monotonic() < until:
            time.sleep(0.02)
        url = port_file.read_text().strip()
        assert requests.put(f"{url}a.txt", data=b"x", auth=AUTH, timeout=5).status_code == 201
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""
