"""A month of silence from one side, and the order of work when it ends: nothing lost, nothing twice, no herd."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.cli.wiring import Seams
from connector.journal import Journal
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from connector.steps.retention import ALARM_DAYS, TOLD
from tests.faults.test_dates import connected_for_good
from tests.faults.test_once import Town, delivered_once, in_place, letter, send_out
from tests.worlds import MARIE, ROOT, workers

DAY = 86_400.0
HOUR = 3_600.0


def silence(stage: Town, days: int, *, step: float = DAY / 2) -> None:
    """So many days go by, with a look now and then."""
    for _ in range(int(days * DAY / step)):
        stage.clock.advance(step)
        stage.round()


def test_a_month_without_the_folder(tmp_path: Path) -> None:
    """E8: the DMS is away for forty days; people sign, the platform erases its own: all of it was fetched in time, and
    goes home once, returns before launches, without asking for any of it twice."""
    with Town(tmp_path) as stage:
        connected_for_good(stage)
        names = [f"lettre {number}" for number in range(8)]
        send_out(stage, *names)
        stage.dms.misbehave(kind="status", status=503, times=None)
        stage.clock.advance(HOUR)
        stage.round()
        stage.sign(MARIE)
        stage.clock.advance(HOUR)
        stage.run(4)
        assert {record.state for record in stage.records()} == {State.DELIVERING}
        stage.dms.forget_requests()
        silence(stage, 40)
        asked = len(stage.dms.requests)
        assert asked <= 2 * 80, "a server that is away is asked once a pass"
        stage.restart()
        for name in ("neuve", "autre"):
            stage.drop(name, letter(f"{ROOT} {name}"))
        stage.dms.behave()
        stage.dms.forget_requests()
        before = len(stage.platform.requests)
        stage.run()
        stage.run()
        delivered_once(stage, *names)
        order = [one.path for one in stage.dms.requests if one.method == "PUT" and one.path.endswith(".sent")]
        assert len(order) == 2
        first_launch = next(
            number
            for number, one in enumerate(stage.dms.requests)
            if one.path.endswith(".sent") and one.method == "PUT"
        )
        returns = [number for number, one in enumerate(stage.dms.requests) if one.method == "MOVE"]
        assert sum(number < first_launch for number in returns) >= len(names)
        downloads = [one for one in stage.platform.requests[before:] if one.operation == "download"]
        assert downloads == []
        assert sorted(stage.sends()) == [1] * (len(names) + 2)
        stage.intact()


def test_a_month_without_the_platform(tmp_path: Path) -> None:
    """E8: twenty days without an answer: one question at a time finds out; then each is asked once, what is nearest to
    its erasure is fetched first, and new ones leave after it."""
    with Town(tmp_path) as stage:
        connected_for_good(stage)
        names = [f"lettre {number}" for number in range(12)]
        send_out(stage, *names)
        stage.sign(MARIE)
        stage.platform.misbehave(operation="*", kind="status", status=503, times=None)
        stage.clock.advance(HOUR)
        before = len(stage.platform.requests)
        silence(stage, 20)
        asked = len(stage.platform.requests) - before
        assert asked <= 2 * 20 * 2, asked
        stage.platform.behave()
        stage.clock.advance(HOUR)
        before = len(stage.platform.requests)
        account_pass(stage.parts, "cabinet")
        again = stage.platform.requests[before:]
        questions = [one for one in again if one.operation == "status"]
        assert len(questions) <= len(names) + 1
        stage.run()
        delivered_once(stage, *names)
        stage.intact()


def test_what_is_near_its_erasure_comes_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """D6, D8: With few questions a minute the documents that are erased soonest are fetched before anything is asked;
    told at ten, seven, three days and one, once each; the status and the overview say so."""
    with Town(tmp_path) as stage:
        connected_for_good(stage)
        send_out(stage, "vieille")
        stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
        stage.sign(MARIE)
        stage.run(3)
        assert stage.record("vieille").state is State.SEALING
        with caplog.at_level(logging.ERROR):
            told = []
            for days in (19.5, 1, 2, 1, 4, 1, 1):
                stage.clock.advance(days * DAY)
                stage.round()
                stage.round()
                told += [one.message for one in caplog.records if "erased by the platform" in one.message]
                caplog.clear()
        assert len(told) == 4, told
        assert all(stage.record("vieille").ref in text for text in told)
        days = [
            data["days"]
            for _, name, data in stage.parts.journal.events(stage.record("vieille"))
            if name == "erasure_near"
        ]
        assert days == [10, 7, 3, 1]
        assert stage.first_line("vieille").startswith(
            "SIGNÉ PAR TOUS – pas encore revenu ; Jesignexpert l’efface vers"
        )
        overview = stage.read("_Suivi des signatures.txt").decode("utf-8-sig").replace("\u00a0", " ")
        assert "Jesignexpert l’efface vers le" in " ".join(overview.partition("EN COURS")[0].split()), (
            overview
        )
        stage.platform.behave()
        for number in range(6):
            stage.drop(f"neuve {number}", letter(f"neuve {number}"))
        stage.clock.advance(700)
        for _ in range(4):
            stage.clock.advance(3)
            server_pass(stage.parts, "dms", stage.memory)
        assert [record.state for record in stage.records()].count(State.IN_PROGRESS) == 6
        stage.reads = 3
        stage.restart()
        stage.clock.advance(HOUR)
        before = len(stage.platform.requests)
        account_pass(stage.parts, "cabinet")
        first = stage.platform.requests[before:]
        assert first[0].operation == "download"
        assert len(first) <= 3
        stage.reads = 100_000
        stage.restart()
        stage.run()
        assert stage.first_line("vieille") == in_place("vieille")
        assert stage.parts.alarms["account:cabinet", "retention"] is None
        stage.intact()


class Meanwhile(Journal):
    """A journal into whose records the server's pass writes while the account's tells an alarm."""

    def turn(self, account: str, name: str, data: Mapping[str, Any]) -> bool:
        turned = super().turn(account, name, data)
        if account.endswith(" retention") and data["on"]:
            for record in self.followed("cabinet"):
                self.touch(record, extra={**record.extra, "seen": "there"})
        return turned


def test_what_is_told_of_its_erasure_may_change_meanwhile(tmp_path: Path) -> None:
    """The account's pass goes on, and it is told at the next one."""
    with Town(tmp_path, seams=Seams(pool=workers(), journal=Meanwhile)) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.platform.misbehave(kind="status", status=503, times=None)
        stage.clock.advance(20 * DAY)
        account_pass(stage.parts, "cabinet")
        assert stage.record().extra["seen"] == "there"
        assert stage.parts.alarms["account:cabinet", "retention"] is not None


def test_a_later_erasure_is_told_anew(tmp_path: Path) -> None:
    """D8: what was told while nobody knew whether it was signed is over once that is known; its own date is told."""
    with Town(tmp_path) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.clock.advance(10 * DAY)
        stage.sign(MARIE)
        stage.clock.advance(19.2 * DAY)
        stage.round()
        assert stage.record().extra[TOLD] == 1
        stage.platform.behave()
        stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
        stage.clock.advance(HOUR)
        stage.run(3)
        assert stage.record().state is State.SEALING
        assert TOLD not in stage.record().extra, "the overview would say that it must be seen to"
        stage.clock.advance(DAY)
        stage.run(3)
        assert stage.record().extra[TOLD] == ALARM_DAYS[0]
        told = [
            data["days"] for _, name, data in stage.parts.journal.events(stage.record()) if "near" in name
        ]
        assert told == [1, 10]


def test_erased_before_it_was_fetched(tmp_path: Path) -> None:
    """D6: a month passes before it could be fetched: a loud end that names the day, with hashes and dates in `show`."""
    with Town(tmp_path) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
        stage.sign(MARIE)
        stage.run(3)
        stage.platform.behave()
        stage.clock.advance(31 * DAY)
        stage.platform.misbehave(operation="download", kind="gone", times=None)
        stage.platform.misbehave(operation="status", kind="gone", times=None)
        for _ in range(10):
            stage.clock.advance(HOUR)
            stage.run(2)
        record = stage.record()
        assert record.state is State.LOST
        assert stage.first_line().startswith(
            "À VÉRIFIER – signé par tous, mais Jesignexpert a effacé le document le "
        )
        assert record.document.sent_sha256 or record.document.sha256
        assert record.signed_at is not None
        assert record.sent_at is not None
        assert record.signed_at - record.sent_at < timedelta(days=1)
        stage.intact()
