"""The journal in PostgreSQL on a letter's whole way: killed, cut off at its commits, and the whole of it lost.

What SQLite's tests hold of every step holds here of the database: sent once, delivered once, nothing lost.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.errors import JournalAway
from connector.lifecycle import State
from tests import postgres
from tests.faults.points import Killed, Points, Wire
from tests.worlds import ROOT, Stage, workers


@pytest.fixture
def database() -> Iterator[str]:
    with postgres.durable_url() as url:
        yield url


class Cut(Points):
    """Points whose commits may also be cut off: the connection gone right before one, or its answer lost."""

    cut = ""

    def passing(self, name: str, effect: Callable[[], Any], wire: Wire | None) -> Any:
        if wire is not None or not self.cut:
            return super().passing(name, effect, wire)
        if not self._name(name):
            return effect()
        if self.cut == "answer":
            effect()
            raise JournalAway("the answer to COMMIT is lost")
        with postgres.shared_cluster().admin() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jse-connector'"
            )
        return effect()


def way(stage: Stage, points: Cut, name: str) -> int:
    """Let a letter go its whole way, beginning anew whenever the process died; returns how often it did."""
    deaths = 0

    def run() -> None:
        nonlocal deaths
        for _ in range(4):
            try:
                stage.run()
                return
            except (Killed, JournalAway):
                deaths += 1
                points.armed = False
                stage.restart()

    points.struck, points.armed = False, True
    points.seen.clear()
    points.labels.clear()
    stage.drop(name)
    run()
    stage.sign()
    run()
    points.armed = False
    assert stage.record(name).state is State.DELIVERED, stage.status(name)
    return deaths


def test_killed_and_cut_off_at_commits(tmp_path: Path, database: str) -> None:
    """A few of its commits, each in its way, one letter each in one world."""
    points = Cut()
    with Stage(tmp_path, database=database, seams=points.seams(workers())) as stage:
        assert way(stage, points, "whole") == 0
        commits = [number for number, name in enumerate(points.seen) if name == "commit"]
        assert len(commits) > 10
        ways = ("before", "connection", "after", "answer", "connection")
        step = len(commits) // len(ways)
        for number, how in enumerate(ways):
            points.at = commits[number * step + 1]
            points.variant = "after" if how == "after" else "before"
            points.cut = how if how in {"connection", "answer"} else ""
            assert way(stage, points, f"letter {number}") == 1, (number, how)
        stage.intact()
        assert stage.sends() == [1] * (1 + len(ways))


def test_the_journal_lost(tmp_path: Path, database: str) -> None:
    """Another database, empty: markers tell what has left, and it comes home once."""
    with Stage(tmp_path, database=database) as stage:
        stage.drop("before")
        stage.run()
        stage.lose_journal()
        stage.run()
        stage.sign()
        stage.run()
        assert stage.record("before").state is State.DELIVERED
        assert stage.record("before").adopted
        assert stage.sends() == [1]
        stage.intact()


def test_a_letter_deep_down(tmp_path: Path, database: str) -> None:
    """Its path is longer than what an index of PostgreSQL's takes, and an archive's names shrink by nothing."""
    names = random.Random(1)
    deep = "/".join([ROOT, *("".join(names.choices(string.ascii_letters, k=240)) for _ in range(12))])
    with Stage(tmp_path, database=database) as stage:
        stage.person.mkdir(deep)
        stage.drop("lettre", folder=deep)
        stage.drop("other")
        stage.run()
        assert stage.record("other").state is State.IN_PROGRESS
        assert stage.record("lettre", folder=deep).state is State.IN_PROGRESS
        stage.sign()
        stage.run()
        assert stage.record("lettre", folder=deep).state is State.DELIVERED
        stage.intact()
