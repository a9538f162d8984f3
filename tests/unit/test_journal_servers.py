"""PostgreSQL lost, refused, failed over: what is told, what is refused, and what is never taken for kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.cli import former
from connector.cli.state import State
from connector.errors import JournalAway, JournalError
from connector.journal import Journal, surveying
from connector.journal.ends import End
from tests import postgres
from tests.postgres import Cluster, Ground

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def ground() -> Iterator[Ground]:
    with postgres.ground() as made:
        yield made


def opened(url: str) -> closing[Journal]:
    return closing(Journal(url, now=lambda: NOW))


def both(one: Cluster, two: Cluster, name: str) -> str:
    return f"postgresql+psycopg://{one.user}@/{name}?host={one.directory}:{one.port}&host={two.directory}:{two.port}"


def test_replication_and_failover(ground: Ground, tmp_path: Path) -> None:
    one = ground.cluster(fsync=True)
    name = one.database()
    url = one.url(name)
    with opened(url) as journal:
        assert journal.judge_replication("none") == ""
        with pytest.raises(JournalError, match=r"it has no standby.*journal.replication: none"):
            journal.judge_replication("synchronous")
        assert "asynchronous" in journal.judge_replication("asynchronous")
        assert surveying.replication_there(End(url=url), "synchronous") == "none"
        assert not journal.recognise_server()
        two = one.standby(synchronous=False)
        with pytest.raises(JournalError, match=r"lags behind.*journal.replication: asynchronous"):
            journal.judge_replication("synchronous")
        with pytest.raises(JournalError, match="no standby, and one is connected"):
            journal.judge_replication("none")
        assert surveying.replication_there(End(url=url), "none") == "asynchronous"
        assert surveying.replication_there(End(url=url), "asynchronous") == "asynchronous"
        one.configure(synchronous_standby_names="two")
        one.reload()
    with opened(both(one, two, name)) as journal:
        for wanted in ("synchronous", "none", "asynchronous"):
            assert journal.judge_replication(wanted) == ""
        assert surveying.replication_there(End(url=url), "synchronous") == "synchronous"
        journal.mark_account("lyon", "before", {})
        one.stop("immediate")
        with pytest.raises(JournalAway):
            journal.mark_account("lyon", "lost", {})
        with pytest.raises(JournalAway, match=r"standby|listens"):
            journal.mark_account("lyon", "lost", {})
        two.promote()
        with pytest.raises(JournalAway, match="another server has taken over"):
            journal.mark_account("lyon", "lost", {})
    with opened(both(one, two, name)) as journal:
        assert journal.last_account_event("lyon", "before") == {}
        assert journal.failed_over_at() is None
        assert journal.recognise_server()
        assert not journal.recognise_server()
        assert journal.failed_over_at() == NOW
        assert journal.last_account_event("machine", "failed_over") == {"timeline": "00000002"}
        state = State(directory=tmp_path)
        former.judge(state, journal)
        former.keep(state, journal, 7)
        former.judge(state, journal)
        assert former.processes(state, journal) == (7,)
    # Alone, the one that was lost comes back; what it holds agrees with itself.
    one.start()
    with opened(url) as journal:
        assert not journal.recognise_server()
        with pytest.raises(JournalAway, match=r"had taken over.*timeline 00000001.*timeline 00000002"):
            former.judge(state, journal)
