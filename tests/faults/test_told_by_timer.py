"""A timer starts the connector for each round (``tick``): what was seen in the last one is known all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import NotConnected
from connector.steps.alarms import began, standing
from connector.steps.machines import RELAY
from connector.steps.parts import SaidMemory
from connector.steps.refused_login import LOGIN_REFUSED
from connector.steps.relay_away import answered, let_be
from connector.steps.telling import tell
from tests.faults.test_connected_again import NOTICE, links
from tests.faults.test_told import FIXED_LINE, HOUR, MINUTE, later, told
from tests.faults.test_told_late import corrections
from tests.worlds import Stage


def tick(stage: Stage, seconds: float, *, dot_s: float | None = None) -> None:
    """Let time pass, then let a new process do a round of everything."""
    stage.restart()
    if dot_s is not None:
        assert stage.parts.relay is not None
        stage.parts.relay = replace(stage.parts.relay, dot_s=dot_s)
    later(stage, seconds)


def to_be_connected_again(stage: Stage) -> None:
    """Let the account's tokens be over: its owner is mailed a link, and the folder tells of it."""
    stage.platform.revoke_tokens()
    stage.drop()
    stage.run()
    tell(stage.parts)
    stage.run()
    tick(stage, 10 * MINUTE)


def test_a_relay_that_never_says_that_it_has_a_mail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Three copies of one name, then a line in the log: as of a service."""
    with told(tmp_path) as (stage, relay):
        relay.slow = 0.1
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for minutes in (3, 16, 16, 12 * 60, 16, 12 * 60, 16):
            tick(stage, minutes * MINUTE, dot_s=0.05)
        assert len(corrections(relay)) == 3
        assert len({one["Message-ID"] for one in relay.mails if "CORRIGER" in one["Subject"]}) == 1
        ref = stage.record("fixe").ref
        assert [one for one in caplog.messages if "not tried again" in one and ref in one]
        assert [one for one in stage.parts.journal.letters() if one.kind == "request"] == []


def test_a_relay_that_is_away(tmp_path: Path) -> None:
    """An alarm within the hour; over with the first mail that it takes."""
    with told(tmp_path) as (stage, relay):
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        relay.stop()
        for _ in range(4):
            tick(stage, 10 * MINUTE)
        assert standing(stage.parts, "machine", RELAY) is not None
        relay.start()
        tick(stage, HOUR)
        tick(stage, HOUR)
        assert standing(stage.parts, "machine", RELAY) is None
        assert len(corrections(relay)) == 1
        relay.stop()
        tick(stage, 10 * MINUTE)
        assert standing(stage.parts, "machine", RELAY) is None  # that it was away is over


def test_whoever_deletes_the_notice_gets_another_link(tmp_path: Path) -> None:
    with told(tmp_path) as (stage, relay):
        to_be_connected_again(stage)
        assert (len(links(relay)), NOTICE in stage.files()) == (1, True)
        stage.delete(NOTICE)
        tick(stage, 2 * MINUTE)
        tick(stage, 2 * MINUTE)
        assert (len(links(relay)), NOTICE in stage.files()) == (2, True)
        tick(stage, 10 * MINUTE)
        assert len(links(relay)) == 2


def test_whoever_deletes_a_notice_that_was_just_rewritten_gets_another_link(tmp_path: Path) -> None:
    """It was seen there under its former text: that it is gone by the next look is somebody's wish."""
    with told(tmp_path) as (stage, relay):
        to_be_connected_again(stage)
        before = stage.read(NOTICE)
        stage.drop("autre")
        for _ in range(5):
            if stage.read(NOTICE) == before:
                stage.round()
        assert stage.read(NOTICE) != before
        stage.delete(NOTICE)
        tick(stage, 2 * MINUTE)
        tick(stage, 2 * MINUTE)
        assert (len(links(relay)), NOTICE in stage.files()) == (2, True)


def test_a_relay_that_another_process_found_there_again(tmp_path: Path) -> None:
    """What one process wrote of it is over with the first mail that any other one has taken."""
    with told(tmp_path) as (stage, relay):
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        assert stage.parts.relay is not None
        assert not answered(stage.parts)  # this process has looked: nothing was wrong then
        other = replace(stage.parts, said=SaidMemory())
        let_be(other, NotConnected("no route to host", service="relay"))
        answered(stage.parts)
        later(stage, HOUR)
        assert len(corrections(relay)) == 1
        relay.stop()
        stage.drop("autre", sidecar=FIXED_LINE)
        stage.run()
        tick(stage, 20 * MINUTE)
        assert [one.attempts for one in stage.parts.journal.letters()] == [1]
        assert standing(stage.parts, "machine", RELAY) is None


def test_a_refused_password_is_not_tried_in_every_round(tmp_path: Path) -> None:
    """Ten refusals block the address at Nextcloud, for everybody behind it. The same password is tried once a day, for
    the login may be accepted again; another one at once; and whoever says it at a terminal is no timer."""
    with Stage(tmp_path) as stage:
        refusals = 0

        def rounds(number: int, seconds: float, *, timer: bool = True) -> int:
            nonlocal refusals
            before = refusals
            for _ in range(number):
                stage.restart()
                stage.parts.in_rounds = timer
                later(stage, seconds)
                refusals += stage.parts.made["dms"]().get("401", 0)
            return refusals - before

        right = stage.dms.accounts.passwords[stage.ground.user]
        stage.dms.accounts.passwords[stage.ground.user] = "another one"
        assert rounds(12, 2 * MINUTE) == 1
        assert "in an earlier round" in stage.memory.problem
        assert standing(stage.parts, "server:dms", "login_refused") is not None
        assert rounds(1, 2 * MINUTE, timer=False) == 1
        assert rounds(3, 12 * HOUR) == 1
        assert rounds(3, 2 * MINUTE) == 0
        (tmp_path / "password").write_text("another one")
        assert rounds(1, 2 * MINUTE) == 0
        assert stage.memory.problem == ""
        assert standing(stage.parts, "server:dms", "login_refused") is None
        # Accepted again, as it was.
        stage.dms.accounts.passwords[stage.ground.user] = right
        assert rounds(5, 2 * MINUTE) == 1
        stage.dms.accounts.passwords[stage.ground.user] = "another one"
        assert rounds(2, 12 * HOUR + 2 * MINUTE) == 0
        assert standing(stage.parts, "server:dms", "login_refused") is None
        stage.drop()
        stage.run()
        assert stage.first_line().startswith("EN COURS")


@pytest.mark.parametrize("kept", ["another password", "by a version before", "by a clock that was ahead"])
def test_a_refused_password_is_not_tried_in_every_round_whatever_stands(tmp_path: Path, kept: str) -> None:
    """The alarm of an earlier refusal stands; what was refused since is what counts."""
    with Stage(tmp_path) as stage:
        stage.dms.accounts.passwords[stage.ground.user] = "another one"
        stage.restart()
        login = stage.parts.passwords["dms"]() if kept == "by a clock that was ahead" else ""
        since = stage.parts.now() + timedelta(hours=3 if login else 0)
        if kept == "another password":
            stage.parts.in_rounds = True
            later(stage, 2 * MINUTE)
            (tmp_path / "password").write_text("wrong, too")
        else:
            stage.parts.journal.turn(*began("server:dms", LOGIN_REFUSED, since, {"login": login}))
        refusals = 0
        for _ in range(12):
            stage.restart()
            stage.parts.in_rounds = True
            later(stage, 2 * MINUTE)
            refusals += stage.parts.made["dms"]().get("401", 0)
        assert refusals == 1
