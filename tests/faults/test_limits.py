"""Limits hold across all processes: connections of a server, reads of an account, and who asks for it at all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.daemon import Daemon
from connector.errors import AskedToWait
from connector.journal.store import OF_ALL, TROUBLE
from connector.passes import server_pass
from connector.webdav.connections import NO_ROOM_S
from tests import postgres
from tests.firms import Firms, Member
from tests.worlds import ONE, Stage

MOST = 4
"""``max_connections`` where the configuration says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.durable_url() as found:
        yield found


class Narrow(Firms):
    """Their server takes one request at a time."""

    @property
    def config_text(self) -> str:
        return super().config_text.replace("{dms: {url:", "{dms: {max_connections: 1, url:", 1)


def allowed(*members: Member) -> list[int]:
    """How many requests of the server each member may have under way."""
    return [sum(one() for one in member.parts.allowed.values()) for member in members if member.alive]


def leased(firms: Firms) -> Counter[str]:
    """How many slots each member has, as the journal keeps it."""
    names = {member.process: member.name for member in firms.members}
    with firms.journal() as journal, journal.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT process_id FROM lease WHERE unit LIKE 'slot:%%' AND process_id IS NOT NULL"
        ).all()
    return Counter(names.get(row.process_id, "?") for row in rows)


def test_connections_are_shared_and_come_back(tmp_path: Path, url: str) -> None:
    """One has all four; two have two each, changed without a new client; who dies leaves his to the other, and what
    they may together is never more than the server allows."""
    with Firms(tmp_path, url) as firms:
        one = firms.join("one")
        firms.settle(1)
        assert (allowed(one), leased(firms)) == ([MOST], {"one": MOST})
        client = one.parts.folders["dms"]
        two = firms.join("two")
        for _ in range(4):
            for member in (one, two):
                member.turn()
                assert sum(allowed(one, two)) <= MOST
                member.work()
        assert (allowed(one, two), leased(firms)) == ([2, 2], {"one": 2, "two": 2})
        assert one.parts.folders["dms"] is client
        assert one.parts.hands(next(iter(one.parts.watched.values()))) == 2 + 4
        one.kill()
        two.turn()
        assert allowed(two) == [2]  # its lease is not over: a request of it may be under way
        firms.forget(one)
        firms.settle(2)
        assert (allowed(two), leased(firms)) == ([MOST], {"two": MOST})
        two.leave()
        assert leased(firms) == {}


def test_more_processes_than_connections(tmp_path: Path, url: str) -> None:
    """A server that takes one request at a time has one process at it; the other asks nothing, and its turn comes."""
    with Narrow(tmp_path, url) as firms:
        one, two = firms.join("one"), firms.join("two")
        firms.settle(4)
        assert sorted(allowed(one, two)) == [0, 1]
        waits = next(member for member in (one, two) if allowed(member) == [0])
        before = sum(waits.parts.made["dms"]().values())
        with pytest.raises(AskedToWait, match="other processes"):
            waits.parts.folders["dms"].stat(next(iter(waits.parts.watched.values())).root)
        for _ in range(3):
            waits.work()
        assert sum(waits.parts.made["dms"]().values()) == before
        # That is no trouble, and what comes again later and later would miss its turn.
        assert [folder["trouble"] for folder in firms.told()["folders"].values()] == [None, None]
        daemon = Daemon(waits.parts, waits.held.worked)
        results = [daemon._server("dms", time.monotonic() + 60) for _ in range(3)]
        assert not any(one.failed or one.yielded for one in results)
        assert all(one.next_at and 5 < one.next_at - time.monotonic() <= NO_ROOM_S for one in results)


def test_an_account_is_asked_by_one_process_and_no_more_often_than_it_may(tmp_path: Path, url: str) -> None:
    """Three processes, one account with many open requests: in no minute more reads than the configuration allows, and
    whenever it is looked at, one process holds it."""
    reads = 6
    with Firms(tmp_path, url, firms=("annecy",), reads=reads) as firms:
        members = [firms.join(name) for name in ("one", "two", "three")]
        firms.settle(2)
        for number in range(8):
            firms.drop(f"lettre-{number}", sidecar=ONE, folder="Annecy")
        holders: list[int] = []
        for _ in range(24):
            for member in members:
                member.turn()
            holders.append(sum(bool(member.parts.accounts) for member in members))
            for member in members:
                member.work()
        assert set(holders) == {1}
        asked = sorted(
            one.at
            for one in firms.platform.requests
            if one.operation in {"status", "transaction", "download"}
        )
        assert len(asked) > 2 * reads
        busiest = max(sum(begin <= at < begin + 60 for at in asked) for begin in asked)
        assert busiest <= reads


def test_a_server_that_is_away_in_each_of_our_turns_is_told(tmp_path: Path) -> None:
    """Between two of them it is the others' turn: that is no end of what ours came to."""
    with Stage(tmp_path) as stage:
        stage.run()
        connections = stage.parts.folders["dms"].connections
        stage.dms.misbehave(kind="cut_before", method="*", times=None)
        for most in (4, 0, 0, 4):
            connections.allow(most)
            server_pass(stage.parts, "dms", stage.memory)
        folder = next(iter(stage.parts.watched))
        told = stage.parts.journal.last_account_event(f"folder:{folder}", TROUBLE)
        assert told is not None
        assert told["text"].startswith(OF_ALL)
        assert "other processes" not in told["text"]
