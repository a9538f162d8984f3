"""What a DMS server told one process is heeded by the others: that it wants to be let be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from connector.errors import AskedToWait
from connector.hearing import exchange
from connector.journal import Journal
from connector.ports import Href
from connector.webdav import WebDavFolder
from tests.fakes.dav_server import RawServer, answer

BUSY = answer("503 Service Unavailable", b"", "Retry-After: 600")
TOP = Href("/")


class Process:
    """One of several, with a client of its own."""

    def __init__(self, journal: Journal, server: RawServer) -> None:
        self.journal = journal
        self.client = WebDavFolder("dms", server.url, "user", "secret")
        self.told = 0

    def look(self) -> None:
        def tell(server: str, seconds: float) -> None:
            self.told += 1
            self.journal.tell_pause(server, seconds)

        exchange({"dms": self.client.connections}, self.journal.pauses(), tell)

    def works(self) -> bool:
        try:
            self.client.stat(TOP)
        except AskedToWait:
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
