"""How soon, and how often: passes over both servers by a clock that the test moves; what is asserted are counts."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from connector.config import load_config
from connector.daemon import Daemon
from connector.errors import AskedToWait
from connector.lifecycle import State
from connector.obeying import AT_ONCE
from connector.passes import Outcome, account_pass, server_pass
from connector.schedule import ELSEWHERE, NEXTCLOUD, Result, Rhythm
from connector.steps.parts import Timing
from connector.steps.waiting import asks_again_at
from tests.wires import until
from tests.worlds import MARIE, ONE, QUICK, ROOT, Stage

OUT = "EN COURS"


def asked(stage: Stage) -> int:
    """How many calls the platform has seen."""
    return len(stage.platform.requests)


def look(stage: Stage, seconds: float) -> Outcome:
    """One pass over the DMS, so many seconds later."""
    stage.clock.advance(seconds)
    return server_pass(stage.parts, "dms", stage.memory)


def follow(stage: Stage, seconds: float) -> Outcome:
    """One pass over the account, so many seconds later."""
    stage.clock.advance(seconds)
    return account_pass(stage.parts, "cabinet")


# ------------------------------------------------------------------------------------- Retry-After


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_dms_that_wants_to_be_let_be(tmp_path: Path, mode: str, status: int) -> None:
    """Not one request before its time, though passes come and there is work; then everything goes on."""
    with Stage(tmp_path, mode) as stage:  # type: ignore[arg-type]
        stage.drop()
        stage.dms.misbehave(kind="status", method="PROPFIND", status=status, headers={"Retry-After": "120"})
        outcome = look(stage, 3)
        assert isinstance(outcome.error, Exception)
        assert outcome.error.retry_after_s == 120
        stage.dms.forget_requests()
        for _ in range(11):
            assert isinstance(look(stage, 10).error, AskedToWait)
        assert stage.dms.requests == []
        stage.clock.advance(10)
        stage.run()
        assert stage.first_line().startswith(OUT)
        stage.intact()
        _the_service_obeys(stage, status)


def _the_service_obeys(stage: Stage, status: int) -> None:
    """The clock of the job, too: the interval is that of the kind of server, or the administrator's own."""
    own = stage.config_text.replace("polling: {", "polling: {folders: 7s, ")
    kind = NEXTCLOUD if stage.mode == "nextcloud" else ELSEWHERE
    for text, rhythm in ((stage.config_text, kind), (own, Rhythm.fixed(timedelta(seconds=7)))):
        daemon = Daemon(stage.parts, load_config(text))
        first = daemon._server("dms", time.monotonic() + 60)
        assert not first.failed
        assert first.look_again is not None, "a new process sees everything as new"
        assert first.look_again <= time.monotonic() + stage.parts.timing.settle.total_seconds()
        assert daemon._jobs["server:dms"].schedule.rhythm == rhythm
        stage.dms.misbehave(kind="status", method="PROPFIND", status=status, headers={"Retry-After": "90"})
        assert daemon._server("dms", time.monotonic() + 60) == Result(failed=True, retry_after=90)
        stage.clock.advance(90)


def test_a_dms_that_wants_to_be_let_be_in_the_middle(tmp_path: Path) -> None:
    """The pass ends there: ten more requests that would hear the same are not tried, and nothing counts as failed."""
    with Stage(tmp_path) as stage:
        for number in range(4):
            stage.drop(f"lettre {number}")
        stage.dms.misbehave(
            kind="status", method="PUT", path="*.sent", status=503, headers={"Retry-After": "60"}
        )
        look(stage, 3)
        stage.dms.forget_requests()
        assert isinstance(look(stage, 3).error, AskedToWait)
        assert [record.attempts for record in stage.records()] == [0] * 4
        before = len(stage.dms.requests)
        assert sum(request.method == "PUT" for request in stage.dms.requests) == 1
        for _ in range(5):
            look(stage, 10)
        assert len(stage.dms.requests) == before
        stage.clock.advance(10)
        stage.run()
        assert stage.sends() == [1] * 4
        stage.intact()


@pytest.mark.parametrize("status", [429, 503])
def test_a_platform_that_wants_to_be_let_be(tmp_path: Path, status: int) -> None:
    """Neither asked about what runs nor given anything new before its time; then both, and nothing is sent twice."""
    with Stage(tmp_path) as stage:
        for number in range(8):
            stage.drop(f"lettre {number}")
        stage.run()
        assert stage.sends() == [1] * 8
        stage.platform.misbehave(
            operation="status",
            kind="status",
            status=status,
            body="",
            headers={"Retry-After": "90"},
            times=None,
        )
        stage.clock.advance(10)
        before = asked(stage)
        follow(stage, 1)
        told = asked(stage) - before
        assert 1 <= told <= AT_ONCE, "what was under way with the first one, and nothing more"
        stage.platform.behave()
        stage.drop("nouvelle")
        for _ in range(8):
            look(stage, 5)
            follow(stage, 5)
        assert asked(stage) == before + told
        stage.clock.advance(15)
        stage.run()
        assert stage.sends() == [1] * 9
        assert stage.first_line("nouvelle").startswith(OUT)
        stage.intact()


# ----------------------------------------------------------------------------------- how often


def test_no_more_reads_in_a_minute_than_allowed(tmp_path: Path) -> None:
    """D8: Five requests, each due at every second, six reads a minute: six, in turn, none called a failure."""
    with Stage(tmp_path, reads=6) as stage:
        for number in range(5):
            stage.drop(f"lettre {number}")
        for _ in range(8):
            look(stage, 3)
        assert stage.sends() == [1] * 5
        stage.clock.advance(120)
        before = asked(stage)
        for _ in range(60):
            outcome = follow(stage, 5)
            if outcome.next_at is not None:
                assert outcome.next_at > stage.clock.now() - timedelta(seconds=1)
        seen = [request.operation for request in stage.platform.requests[before:]]
        assert set(seen) == {"status"}
        assert 5 * 6 <= len(seen) <= 6 * 6
        assert all(record.attempts == 0 for record in stage.records())
        kept = [name for record in stage.records() for _, name, _ in stage.parts.journal.events(record)]
        assert "not_answered" not in kept, "nobody was asked, so nothing is history"
        turns = [request.path for request in stage.platform.requests[before:]]
        assert all(turns.count(each) >= 5 for each in set(turns))
        stage.intact()


def test_an_order_is_not_put_off_by_what_is_asked_of_itself(tmp_path: Path) -> None:
    """Forty letters are asked about as often as a minute takes: who stops one of them waits a minute, not an hour."""
    timing = Timing(follow_first_hour=timedelta(seconds=10), gone_patience=timedelta(0))
    with Stage(tmp_path, reads=6, timing=timing) as stage:
        for number in range(8):
            stage.drop(f"lettre {number}")
        for _ in range(40):
            stage.clock.advance(3)
            stage.round()
        assert stage.sends() == [1] * 8
        while asks_again_at(stage.parts, "cabinet") is None:
            follow(stage, 1)
        stopped = [f"lettre {number}" for number in (3, 5)]
        for name in stopped:
            stage.write(f"{name}.sign.yaml", f"{ONE}action: annuler\n")
        # As the service: the folder every five seconds, which wakes the account's pass, and that when it asked for.
        next_at = stage.clock.now()
        for second in range(120):
            stage.clock.advance(1)
            if second % 5 == 0:
                look(stage, 0)
            woken = second % 5 == 0 and any("pending_order" in one.extra for one in stage.records())
            if woken or stage.clock.now() >= next_at:
                next_at = follow(stage, 0).next_at or stage.clock.now()
        look(stage, 5)
        assert all(stage.first_line(name).startswith("ANNULÉ – à votre demande") for name in stopped)
        stage.intact()


def test_an_order_that_is_not_answered_is_tried_less_and_less(tmp_path: Path) -> None:
    """It was tried, and the platform is away: that counts, whenever the account is asked about again."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.platform.misbehave(operation="*", kind="status", status=503, body="", times=None)
        stage.write("lettre.sign.yaml", f"{ONE}action: annuler\n")
        for _ in range(40):
            look(stage, 30)
            follow(stage, 0)
        assert asks_again_at(stage.parts, "cabinet") is not None
        assert stage.record().extra["order_try"]["tries"] >= 2
        stage.platform.behave()
        stage.clock.advance(3600)
        for _ in range(3):
            look(stage, 30)
            follow(stage, 30)
        assert stage.first_line().startswith("ANNULÉ – à votre demande")
        stage.intact()


def test_how_often_a_request_is_asked_about(tmp_path: Path) -> None:
    """D8: Every 2 minutes in its first hour, every 10 on its first day, then every 30; told when, to the second."""
    with Stage(tmp_path) as stage:
        stage.parts.timing = Timing()
        stage.drop()
        for _ in range(3):
            look(stage, 3)
        sent = stage.record().sent_at
        assert sent is not None
        counts = []
        for hours in (1, 24, 48):
            before = asked(stage)
            while (next_at := follow(stage, 0).next_at) is not None and next_at - sent <= timedelta(
                hours=hours
            ):
                stage.clock.advance(max((next_at - stage.clock.now()).total_seconds(), 0))
            counts.append(asked(stage) - before)
        assert counts == [30, 23 * 6, 24 * 2] or counts == [29, 23 * 6, 24 * 2]


def test_a_look_that_takes_longer_than_a_pass_may(tmp_path: Path) -> None:
    """What is seen is acted on all the same: how long a slow server takes to show its tree is not counted."""
    with Stage(tmp_path) as stage:
        stage.drop()
        for _ in range(5):
            stage.dms.misbehave(kind="latency", method="PROPFIND", seconds=1.2)
            stage.clock.advance(3)
            server_pass(stage.parts, "dms", stage.memory, deadline=time.monotonic() + 1)
            until_quiet(stage)
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [1]


def until_quiet(stage: Stage) -> None:
    """Let what outlived its pass come to its end."""
    while stage.memory.hands.busy:
        time.sleep(0.01)


def test_a_platform_that_does_not_answer(tmp_path: Path) -> None:
    """Three requests run: they find out less and less often that nobody answers; launches wait, too; then all go on."""
    with Stage(tmp_path, timing=Timing(follow_first_hour=timedelta(seconds=10))) as stage:
        for number in range(3):
            stage.drop(f"lettre {number}")
        for _ in range(4):
            look(stage, 3)
        assert stage.sends() == [1] * 3
        stage.platform.misbehave(operation="*", kind="cut_before", times=None)
        stage.drop("nouvelle")
        stage.clock.advance(20)
        before, an_hour = asked(stage), []
        for _ in range(2):
            for turn in range(60):
                follow(stage, 60)
                if turn % 30 == 0:
                    look(stage, 0)
            an_hour.append(asked(stage) - before)
            before = asked(stage)
        # A read that was cut is tried twice, and three were under way when the first was. Doubling from 30 s to 10 min
        # makes ten tries of the first hour, not 180.
        assert 8 <= an_hour[0] <= 26
        assert an_hour[1] <= 14
        stage.platform.behave()
        stage.clock.advance(600)
        for _ in range(3):
            look(stage, 15)
            follow(stage, 15)
        assert stage.sends() == [1] * 4
        assert stage.parts.let_be == {}
        for view in stage.platform.transactions():
            stage.platform.person_signs(view.id, MARIE)
        for _ in range(10):
            look(stage, 60)
            follow(stage, 60)
        assert {record.state for record in stage.records()} == {State.DELIVERED}
        stage.intact()


def test_one_request_that_fails_holds_no_other(tmp_path: Path) -> None:
    """A 500 to one request alone is its own trouble: the others are asked about as ever."""
    with Stage(tmp_path) as stage:
        for name in ("une", "autre"):
            stage.drop(name)
        stage.run()
        one, other = (str(stage.record(name).transaction) for name in ("une", "autre"))
        stage.platform.misbehave(
            operation="status", kind="status", status=500, body="", times=None, transaction=one
        )
        stage.platform.person_signs(other, MARIE)
        stage.run()
        assert stage.record("autre").state is State.DELIVERED
        assert stage.parts.let_be == {}


# ------------------------------------------------------------------------------- the whole service


def test_a_file_on_the_disk_wakes_the_service(tmp_path: Path) -> None:
    """The real daemon, a real watcher, a look once an hour: the pair is launched because it was dropped."""
    data = tmp_path / "dms" / ROOT
    with Stage(tmp_path, "plain", settings={"wake": str(data)}, timing=QUICK) as stage:
        config = load_config(stage.config_text.replace("polling: {", "polling: {folders: 1h, "))
        daemon = Daemon(stage.parts, config)
        told: list[str] = []

        def people() -> None:
            try:
                until(lambda: daemon._jobs.tried_all("server:") and not daemon._jobs.busy(), "the first pass")
                until(lambda: daemon._wakeups.blind() == [], "the watcher")
                stage.drop()
                until(lambda: stage.sends() == [1], "the launch")
            except AssertionError as error:
                told.append(str(error))
            finally:
                daemon.stop()

        person = threading.Thread(target=people)
        person.start()
        assert daemon.run()
        person.join()
        assert told == []
        assert stage.first_line().startswith(OUT) or stage.record().state is State.IN_PROGRESS
