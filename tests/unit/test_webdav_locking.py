"""Locks on the wire: what servers answer that are not like the ones of the contract suite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    Locked,
    NotFound,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.ports import Href, Lock
from connector.webdav import Timeouts, WebDavFolder
from tests.fakes.dav_server import Asked, RawServer, answer, entry, multistatus

QUICK = Timeouts(connect_s=2, read_s=0.5, call_s=2, transfer_s=2)
LETTER = Href("/lettre.pdf")
NOTE = "jse-connector test"
DATE = "Date: Mon, 23 Nov 2026 09:42:00 GMT"
TOKEN = "opaquelocktoken:1"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">]>'
    b'<d:prop xmlns:d="DAV:"><d:lockdiscovery>&a;</d:lockdiscovery></d:prop>'
)


def active(timeout: str = "Infinite", *, token: str = TOKEN, owner: str = NOTE) -> str:
    """One lock as RFC 4918 shows it."""
    return (
        f"<d:activelock><d:owner>{owner}</d:owner><d:timeout>{timeout}</d:timeout>"
        f"<d:locktoken><d:href>{token}</d:href></d:locktoken></d:activelock>"
    )


def locked(*locks: str, header: str = f"Lock-Token: <{TOKEN}>", status: str = "200 OK") -> bytes:
    """The answer to a LOCK."""
    body = '<d:prop xmlns:d="DAV:"><d:lockdiscovery>' + "".join(locks) + "</d:lockdiscovery></d:prop>"
    return answer(status, body.encode(), DATE, *([header] if header else []))


def discovered(*locks: str) -> bytes:
    """The answer to a PROPFIND for locks, or to any other."""
    inner = "<d:lockdiscovery>" + "".join(locks) + "</d:lockdiscovery>"
    return answer("207 Multi-Status", multistatus(entry("/lettre.pdf", props=inner)), DATE)


def plain(
    on_lock: bytes, *, on_unlock: bytes = b"", locks: bytes = b"", size: int = 0
) -> Callable[[Asked], bytes]:
    """A plain server that answers LOCK and UNLOCK as told; a PROPFIND tells ``locks``, a HEAD ``size``."""

    def script(asked: Asked) -> bytes:
        if asked.method == "LOCK":
            return on_lock
        if asked.method == "UNLOCK":
            return on_unlock
        if asked.method == "DELETE":
            return answer("204 No Content")
        if asked.method == "HEAD":
            return answer("200 OK", length=size)
        return (locks or discovered()) if b"lockdiscovery" in asked.body else _stat(asked)

    return script


def _stat(asked: Asked) -> bytes:
    return answer("207 Multi-Status", multistatus(entry(asked.path, folder=asked.path == "/")))


def lock(script: Callable[[Asked], bytes], expected: list[str] | None = None) -> Lock | None:
    """Lock the letter at a plain server."""
    with RawServer(script) as server, WebDavFolder("dms", server.url, "u", "p", timeouts=QUICK) as folder:
        try:
            return folder.lock(LETTER, note=NOTE)
        finally:
            if expected is not None:
                assert [m for m in server.methods() if m not in {"PROPFIND", "OPTIONS"}] == expected


@pytest.mark.parametrize("status", ["501 Not Implemented", "405 Method Not Allowed"])
def test_a_server_that_knows_no_lock(status: str) -> None:
    """That is no error: there are no locks here."""
    assert lock(plain(answer(status))) is None


@pytest.mark.parametrize(
    ("timeout", "until"),
    [
        ("Infinite", None),
        ("Second-3600", datetime(2026, 11, 23, 10, 42, tzinfo=UTC)),
        ("second-60", datetime(2026, 11, 23, 9, 43, tzinfo=UTC)),
        ("Second-4100000000", None),
        ("", None),
        ("bientôt", None),
    ],
)
def test_the_end_is_told_by_the_servers_clock(timeout: str, until: datetime | None) -> None:
    """Counted from its own Date; what cannot be read, or lies a century away, is no end."""
    assert lock(plain(locked(active(timeout)))) == Lock(token=TOKEN, until=until)


def test_of_several_locks_the_one_with_our_token() -> None:
    """A shared lock may stand beside it."""
    found = lock(plain(locked(active(token="other", owner="x"), active("Second-60"))))
    assert found is not None
    assert found.token == TOKEN


def test_without_a_token_in_the_header_the_body_tells_it() -> None:
    """The header is a must, and yet not everybody's habit."""
    found = lock(plain(locked(active(), header="")))
    assert found == Lock(token=TOKEN, until=None)


def test_a_file_that_was_not_there_is_unmade() -> None:
    """201: the lock made an empty file; it goes again, and nobody is told that something is locked."""
    with pytest.raises(NotFound):
        lock(plain(locked(active(), status="201 Created")), ["LOCK", "HEAD", "DELETE"])


def test_a_file_that_was_there_is_never_unmade() -> None:
    """A server that says 201 of every lock: what holds bytes was not made by it, and is locked."""
    found = lock(plain(locked(active(), status="201 Created"), size=17), ["LOCK", "HEAD"])
    assert found == Lock(token=TOKEN, until=None)


def test_a_lock_of_ours_that_stands_there_is_ours() -> None:
    """423 and our own note: the answer to an earlier call was lost."""
    script = plain(answer("423 Locked"), locks=discovered(active("Second-60")))
    found = lock(script)
    assert found == Lock(token=TOKEN, until=datetime(2026, 11, 23, 9, 43, tzinfo=UTC))


@pytest.mark.parametrize(
    "locks", [discovered(), discovered(active(owner="Paul")), discovered(active(token=""))]
)
def test_a_lock_that_is_not_ours_stays_somebody_elses(locks: bytes) -> None:
    """No note, another note, or a token that the server hides."""
    with pytest.raises(Locked):
        lock(plain(answer("423 Locked"), locks=locks))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (answer("200 OK", b"<html><body>portail</body></html>", "Content-Type: text/html"), OutcomeUnknown),
        (answer("200 OK", b"<d:prop"), InvalidResponse),
        (answer("200 OK", BOMB), InvalidResponse),
        (answer("200 OK", b"x" * 300_000), InvalidResponse),
        (locked(active(token="another")), OutcomeUnknown),
        (locked(), OutcomeUnknown),
        (answer("302 Found", b"", "Location: https://sso.example/"), InvalidResponse),
        (answer("403 Forbidden"), AccessDenied),
        (answer("429 Too Many Requests"), Unavailable),
        (answer("500 Internal Server Error"), OutcomeUnknown),
    ],
)
def test_odd_answers_are_errors_of_ours(told: bytes, kind: type[RemoteError]) -> None:
    """Never a lock that nobody has seen; nothing foreign escapes."""
    with pytest.raises(kind):
        lock(plain(told))


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "403 Forbidden", "409 Conflict", "412 Precondition Failed"]
)
def test_unlocking_what_is_gone_is_done(status: str) -> None:
    """Each server has its own word for it; whether our lock is still there decides."""
    gone = plain(b"", on_unlock=answer(status), locks=discovered())
    still = plain(b"", on_unlock=answer(status), locks=discovered(active()))
    with RawServer(gone) as server, WebDavFolder("dms", server.url, "u", "p", timeouts=QUICK) as folder:
        assert folder.unlock(LETTER, note=NOTE, token=TOKEN) is False
    with (
        RawServer(still) as server,
        WebDavFolder("dms", server.url, "u", "p", timeouts=QUICK) as folder,
        pytest.raises(RemoteError),
    ):
        folder.unlock(LETTER, note=NOTE, token=TOKEN)


def _nextcloud(on_lock: bytes, lock_props: str = "") -> Callable[[Asked], bytes]:
    def script(asked: Asked) -> bytes:
        if "capabilities" in asked.path:
            return answer("404 Not Found")  # a host that closes that door
        if asked.method in {"LOCK", "UNLOCK"}:
            return on_lock
        body = (
            '<d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">'
            f"<d:response><d:href>{asked.path}</d:href><d:propstat><d:prop><d:resourcetype>"
            + ("<d:collection/>" if asked.path.endswith("/") else "")
            + f"</d:resourcetype><oc:fileid>7</oc:fileid>{lock_props}</d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
        )
        return answer("207 Multi-Status", body.encode(), DATE)

    return script


def _user_lock(owner: str = "alice", kind: str = "0", timeout: str = "1800") -> str:
    return (
        f"<nc:lock>1</nc:lock><nc:lock-owner>{owner}</nc:lock-owner><nc:lock-owner-type>{kind}</nc:lock-owner-type>"
        f"<nc:lock-time>1795426920</nc:lock-time><nc:lock-timeout>{timeout}</nc:lock-timeout>"
    )


def at_nextcloud(script: Callable[[Asked], bytes]) -> Lock | None:
    """Lock the letter of alice."""
    with RawServer(script) as server:
        url = server.url + "remote.php/dav/files/alice/"
        with WebDavFolder("dms", url, "alice", "p", timeouts=QUICK) as folder:
            assert folder.capabilities().locks is None
            return folder.lock(LETTER, note=NOTE)


def test_nextcloud_tells_the_end_or_none() -> None:
    """Seconds from the lock's own time; 0 is for ever."""
    until = datetime.fromtimestamp(1795426920 + 1800, tz=UTC)
    assert at_nextcloud(_nextcloud(answer("200 OK"), _user_lock())) == Lock(token="", until=until)
    assert at_nextcloud(_nextcloud(answer("200 OK"), _user_lock(timeout="0"))) == Lock(token="", until=None)


def test_nextcloud_without_the_app_is_found_out_by_asking() -> None:
    """Where the capabilities are closed to us, 501 tells it."""
    assert at_nextcloud(_nextcloud(answer("501 Not Implemented"))) is None


def test_nextcloud_locked_by_ourselves_is_ours() -> None:
    """An answer that was lost leaves our lock there."""
    assert at_nextcloud(_nextcloud(answer("423 Locked"), _user_lock())) is not None


@pytest.mark.parametrize("props", [_user_lock(owner="paul"), _user_lock(kind="2"), "<nc:lock/>", ""])
def test_nextcloud_locked_by_others_is_theirs(props: str) -> None:
    """Another user, an editor's token, or nothing that tells."""
    with pytest.raises(Locked):
        at_nextcloud(_nextcloud(answer("423 Locked"), props))


def test_nextcloud_says_yes_and_shows_nothing() -> None:
    """A yes that cannot be read back is no lock to be told of."""
    with pytest.raises(OutcomeUnknown):
        at_nextcloud(_nextcloud(answer("200 OK"), "<nc:lock/>"))
