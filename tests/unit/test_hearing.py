"""What a DMS server told one process is heeded by the others: a pause, and a login that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from connector.errors import AccessDenied, AskedToWait
from connector.hearing import Hearing
from connector.journal import Journal
from connector.ports import Href
from connector.webdav import WebDavFolder
from tests.fakes.dav_server import Asked, RawServer, answer, entry, multistatus

KEY = b"the seal of all of them"
GOOD = answer("207 Multi-Status", multistatus(entry("/", folder=True)))
BUSY = answer("503 Service Unavailable", b"", "Retry-After: 600")
DENIED = answer("401 Unauthorized", b"", 'WWW-Authenticate: Basic realm="x"')
TOP = Href("/")


class Process:
    """One of several, with a client of its own."""

    def __init__(self, journal: Journal, server: RawServer, password: str = "secret") -> None:
        self.journal = journal
        self.client = WebDavFolder("dms", server.url, "user", password)
        self._hearing = Hearing(KEY)
        self.told = 0

    def look(self) -> None:
        def tell(server: str, remark: object) -> None:
            self.told += 1
            self.journal.remark(server, remark)  # type: ignore[arg-type]

        self._hearing.exchange({"dms": self.client.connections}, self.journal.remarks(), tell)

    def works(self) -> bool:
        try:
            self.client.stat(TOP)
        except (AccessDenied, AskedToWait):
            return False
        return True


@pytest.fixture
def journal(postgres_url: str) -> Iterator[Journal]:
    with closing(Journal(postgres_url, now=lambda: datetime.now(UTC))) as opened:
        yield opened


def test_who_is_asked_to_wait_says_so_to_all(journal: Journal) -> None:
    """Counted at the server: one of three processes hears « Retry-After », and none asks again; later ones too."""
    with RawServer(lambda _asked: BUSY) as server:
        town = [Process(journal, server) for _ in range(3)]
        for one in town:
            one.look()
        with pytest.raises(Exception, match="503"):
            town[0].client.stat(TOP)
        asked = len(server.asked)
        for _ in range(3):
            for one in town:
                one.look()
        late = Process(journal, server)
        late.look()
        assert not any(one.works() for one in (*town, late))
        assert len(server.asked) == asked
        assert late.client.connections.let_be_s() == pytest.approx(600, abs=20)
        assert [one.told for one in town] == [1, 0, 0]  # written once, not with each look
        for one in (*town, late):
            one.client.close()


def test_a_refused_login_is_tried_once_for_all(journal: Journal) -> None:
    """Ten refusals would block the address: the second process does not try; another password is another login; once
    one is accepted the others go on, and a process that starts anew may try for itself."""
    accepting = [False]

    def reply(asked: Asked) -> bytes:
        good = accepting[0] or "bmV3" in asked.headers["authorization"]
        return GOOD if good else DENIED

    with RawServer(reply) as server:
        one, two = Process(journal, server), Process(journal, server)
        other = Process(journal, server, "\x9e new")
        for each in (one, two, other):
            each.look()
        assert not one.works()
        one.look()
        two.look()
        other.look()
        assert not two.works()
        assert len(server.asked) == 1
        accepting[0] = True
        assert other.works()
        for each in (other, two, one):
            each.look()
        assert not two.works()  # that was another login
        begun = Process(journal, server)
        begun.look()
        assert begun.works()
        begun.look()  # it had been accepted before it knew of the refusal, as it were
        assert begun.works()
        for _ in range(2):
            for each in (begun, two, one):
                each.look()
        assert two.works()
        assert one.works()
        told = [each.told for each in (one, two, other, begun)]
        for _ in range(3):
            for each in (one, two, other, begun):
                each.look()
        assert [each.told for each in (one, two, other, begun)] == told == [1, 0, 0, 1]
        for each in (one, two, other, begun):
            each.client.close()


def test_logins_are_told_apart_without_being_given_away() -> None:
    """The same in all processes of one seal; nothing of the password can be tried out without that."""
    with RawServer(lambda _asked: GOOD) as server:
        marks = [
            WebDavFolder("dms", server.url, user, password).connections.mark(key)
            for user, password, key in [
                ("a", "x", KEY), ("a", "x", KEY), ("a", "y", KEY), ("b", "x", KEY), ("a", "x", b"another seal here"),
            ]
        ]  # fmt: skip
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4
