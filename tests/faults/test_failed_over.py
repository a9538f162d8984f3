"""The journal's database failed over and forgot: what was prepared is asked about before it goes on.

The failover itself is real in ``unit/test_journal_servers``; here the journal is told that it was on another server.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.ports import TransactionId
from connector.steps.telling import tell
from tests import postgres
from tests.faults.points import Killed, Points
from tests.faults.test_wrong_clock import Made, clocked
from tests.worlds import Stage, workers

__all__ = ["clocked"]

QUIET_S = 16 * 60


@pytest.fixture
def database() -> Iterator[str]:
    with postgres.durable_url() as url:
        yield url


def alarms(stage: Stage) -> list[bool]:
    return [
        bool(news.data["on"])
        for news in stage.parts.journal.news(0)
        if news.subject == "machine failed_over" and news.name == "alarm"
    ]


def prepared(stage: Stage, points: Points) -> None:
    """Two letters that were prepared when the process died, and nothing of them marked."""
    points.armed, points.point = True, "commit intend_mark #1"
    stage.drop("one")
    stage.drop("two")
    with pytest.raises(Killed):
        stage.run()
    points.armed = False
    stage.stop()


def failed_over(database: str) -> None:
    with postgres.shared_cluster().admin(postgres.named(database)) as admin:
        admin.execute("UPDATE meta SET value = '00000000' WHERE name = 'server_timeline'")


def test_what_was_prepared_is_a_question(tmp_path: Path, database: str) -> None:
    """One had left, which the journal forgot together with its marker: it is followed, and the other one waits."""
    points = Points()
    with Stage(tmp_path, database=database, seams=points.seams(workers())) as stage:
        prepared(stage, points)
        failed_over(database)
        stage.start()
        assert {stage.record(name).state for name in ("one", "two")} <= {State.PREPARED, State.WAITING}
        gone = next(one for one in stage.records() if one.state is State.PREPARED)
        name = gone.place.rpartition("/")[2].removesuffix(".sign.yaml")
        other = {"one": "two", "two": "one"}[name]
        stage.parts.services["cabinet"].send(TransactionId(str(gone.transaction)))
        stage.run()
        tell(stage.parts)
        assert stage.record(name).state is State.IN_PROGRESS
        assert stage.record(name).adopted
        assert stage.record(other).state in {State.PREPARED, State.IN_PROGRESS}
        assert alarms(stage) == [True]
        stage.clock.advance(QUIET_S)
        stage.run()
        assert stage.record(other).state is State.IN_PROGRESS
        tell(stage.parts)
        assert alarms(stage) == [True, False]
        stage.sign()
        stage.run()
        assert {stage.record(one).state for one in (name, other)} == {State.DELIVERED}
        # What was being made when the process died may lie there unsent: it is free, and nobody sees it.
        assert [one for one in stage.sends() if one] == [1, 1]
        stage.restart()
        assert alarms(stage) == [True, False]
        stage.intact()


def test_it_waits_until_nothing_can_take_effect_any_more(tmp_path: Path, database: str) -> None:
    """Not sent is no proof at once (R9): asked, and asked again after a quiet time; new requests wait for nothing."""
    points = Points()
    with Stage(tmp_path, database=database, seams=points.seams(workers())) as stage:
        prepared(stage, points)
        failed_over(database)
        stage.start()
        waiting = [one for one in stage.records() if one.state is State.PREPARED]
        stage.drop("new")
        stage.run()
        assert stage.record("new").state is State.IN_PROGRESS
        assert [stage.parts.journal.get(one.id).state for one in waiting] == [State.PREPARED] * len(waiting)
        stage.clock.advance(QUIET_S)
        stage.run()
        assert {one.state for one in stage.records()} == {State.IN_PROGRESS}
        assert [one for one in stage.sends() if one] == [1, 1, 1]


def test_a_clock_that_was_ahead_when_it_failed_over(tmp_path: Path, database: str) -> None:
    """The quiet time begins when that is noticed: nothing waits for a day, and what is new waits for nothing then."""
    points = Points()
    with Stage(tmp_path, database=database, seams=points.seams(workers())) as stage:
        prepared(stage, points)
        failed_over(database)
        stage.start()
        ahead = stage.parts.now() + timedelta(days=8)
        with postgres.shared_cluster().admin(postgres.named(database)) as admin:
            value = repr(ahead.timestamp())
            admin.execute("UPDATE meta SET value = %s WHERE name = 'server_changed_at'", (value,))
        stage.restart()
        stage.run()
        waiting = [one for one in stage.records() if one.state is State.PREPARED]
        assert waiting
        stage.drop("new")
        stage.clock.advance(QUIET_S)
        stage.run()
        assert {one.state for one in stage.records()} == {State.IN_PROGRESS}
        assert [one for one in stage.sends() if one] == [1, 1, 1]
        tell(stage.parts)
        assert alarms(stage) == [True, False]


def test_a_clock_that_goes_back_after_it_failed_over(clocked: Made, database: str) -> None:
    """The failover lies ahead of it then, and stays where it is: what had left before it is still a question."""
    points = Points()
    with clocked(database=database, seams=points.seams(workers())) as stage:
        prepared(stage, points)
        failed_over(database)
        stage.start()
        gone = next(one for one in stage.records() if one.state is State.PREPARED)
        stage.parts.services["cabinet"].send(TransactionId(str(gone.transaction)))
        stage.off = timedelta(minutes=-30)
        stage.run()
        stage.off = timedelta(0)
        for _ in range(3):
            stage.clock.advance(QUIET_S)
            stage.run()
        assert stage.parts.journal.get(gone.id).adopted
        assert {one.state for one in stage.records()} == {State.IN_PROGRESS}
        assert [one for one in stage.sends() if one] == [1, 1]
