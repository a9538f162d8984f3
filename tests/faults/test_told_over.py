"""What is over is told after it began, once it is over, and in words that are true; programs hear the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.report.alarms import alarm_mail
from connector.steps.alarms import end_alarm, raise_alarm
from connector.steps.desk import Desk
from connector.steps.telling import tell
from tests.faults.test_dates import connected_for_good
from tests.faults.test_told import ADMIN, HOUR, MINUTE, later, told
from tests.relays import Relay
from tests.worlds import Stage

CREDIT = "jse-connector: account cabinet: the Jesignexpert credit is used up"
SUBJECT, CAUSE, DATA = "configuration", "config_restart", {"keys": ["metrics"]}
RESTART = "jse-connector: configuration: a change of the configuration needs a restart"


def to_admin(relay: Relay) -> list[str]:
    return [one for one, to in zip(relay.subjects, relay.to, strict=True) if to == ADMIN]


def test_what_began_and_ended_while_the_relay_was_away_is_not_told(tmp_path: Path) -> None:
    """Tried in vain is not told: nobody has heard of it, and nobody hears that it is over."""
    with told(tmp_path) as (stage, relay):
        relay.stop()
        stage.platform.credit = 0
        stage.drop("une")
        stage.run()
        for _ in range(12):
            later(stage, 10 * MINUTE)
        stage.platform.credit = 10
        for _ in range(3):
            later(stage, 10 * MINUTE)
        assert stage.first_line("une").startswith("EN COURS")
        relay.start()
        for _ in range(12):
            later(stage, 10 * MINUTE)
        assert [one for one in to_admin(relay) if one.startswith(CREDIT)] == []


def test_what_has_perhaps_been_told_is_over_afterwards(tmp_path: Path) -> None:
    """The relay did not answer to the first mail: it is tried again before the second one leaves."""
    with told(tmp_path) as (stage, relay):
        real = stage.parts.relay
        assert real is not None
        raise_alarm(stage.parts, SUBJECT, CAUSE, "off", DATA)
        stage.parts.relay = replace(real, dot_s=0.05)
        relay.slow = 0.2
        relay.says = lambda _mail: "451 not now"
        for _ in range(2):
            later(stage, 2 * MINUTE)
        assert [one.state for one in stage.parts.journal.letters()] == ["leaving"]
        stage.parts.relay, relay.slow = real, 0.0
        end_alarm(stage.parts, SUBJECT, CAUSE, "on")
        for _ in range(3):
            later(stage, 5 * MINUTE)
        assert to_admin(relay) == []
        relay.says = lambda _mail: "250 OK"
        for _ in range(9):
            later(stage, HOUR / 2)
        assert to_admin(relay) == [RESTART, f"{RESTART} - over"]


def test_credit_is_not_over_because_the_platform_is_away(tmp_path: Path) -> None:
    """Another cause takes its place; of the credit nothing is known before something leaves."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        stage.platform.credit = 0
        stage.drop("une")
        stage.run()
        for _ in range(4):
            later(stage, 3 * MINUTE)
        assert to_admin(relay) == [CREDIT]
        stage.platform.switch(maintenance=True)
        for _ in range(8):
            later(stage, 20 * MINUTE)
        held = stage.parts.journal.held("cabinet")
        assert held is not None
        assert held.cause != "no_credit"
        stage.platform.switch(maintenance=False)
        stage.drop("deux")
        for _ in range(12):
            later(stage, 20 * MINUTE)
        assert f"{CREDIT} - over" not in to_admin(relay)
        assert to_admin(relay).count(CREDIT) == 1
        stage.platform.credit = 10
        for _ in range(8):
            later(stage, 20 * MINUTE)
        assert stage.first_line("deux").startswith("EN COURS")
        assert to_admin(relay).count(f"{CREDIT} - over") == 1


def test_an_answer_shows_what_is_over(tmp_path: Path) -> None:
    """Whoever is told that there is no credit has tokens: of these nobody waits to hear."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        journal, later_on = stage.parts.journal, stage.clock.now().replace(year=2030)
        journal.hold("cabinet", "maintenance", probe_at=later_on)
        for _ in range(10):
            later(stage, HOUR / 2)
        title = "jse-connector: account cabinet: Jesignexpert is under maintenance"
        assert to_admin(relay) == [title]
        journal.hold("cabinet", "no_credit", probe_at=later_on)
        for _ in range(2):
            later(stage, 3 * MINUTE)
        assert to_admin(relay) == [title, f"{title} - over", CREDIT]


def hooked(tmp_path: Path) -> str:
    script = f"cat >> {tmp_path}/heard; echo >> {tmp_path}/heard"
    return f'hooks: {{h: {{command: [/bin/sh, "-c", "{script}"], events: [alarm, alarm_over]}}}}\n'


def heard(tmp_path: Path) -> list[tuple[str, str]]:
    lines = (tmp_path / "heard").read_text().splitlines()
    return [(one["event"], one["cause"]) for one in map(json.loads, lines)]


def test_a_program_hears_that_each_alarm_is_over(tmp_path: Path) -> None:
    """Where another cause took its place as well, and where nobody is mailed."""
    with Stage(tmp_path, more=hooked(tmp_path)) as stage:
        connected_for_good(stage)
        stage.platform.credit = 0
        stage.drop("une")
        stage.run()
        later(stage, MINUTE)
        assert heard(tmp_path) == [("alarm", "no_credit")]
        stage.platform.switch(maintenance=True)
        later(stage, HOUR)
        stage.platform.switch(maintenance=False)
        stage.platform.credit = 10
        stage.drop("deux")
        for _ in range(12):
            later(stage, 15 * MINUTE)
        assert stage.first_line("deux").startswith("EN COURS")
        told_last = {cause: event for event, cause in heard(tmp_path)}
        assert told_last["no_credit"] == "alarm_over"
        assert set(told_last.values()) == {"alarm_over"}


def test_one_cause_for_another_is_two_calls(tmp_path: Path) -> None:
    """What is over, and what has begun, in this order."""
    with Stage(tmp_path, more=hooked(tmp_path)) as stage:
        later_on = stage.clock.now().replace(year=2030)
        for cause in ("maintenance", "no_credit", "unanswered", "no_credit"):
            stage.parts.journal.hold("cabinet", cause, probe_at=later_on)
        stage.parts.journal.release("cabinet")
        later(stage, MINUTE)
        assert heard(tmp_path) == [
            ("alarm", "maintenance"),
            ("alarm_over", "maintenance"),
            ("alarm", "no_credit"),
            ("alarm_over", "no_credit"),
        ]


def test_what_is_over_is_told_in_the_words_in_which_it_began(tmp_path: Path) -> None:
    """How many, and by how much: by then it is none, and nothing."""
    with told(tmp_path) as (stage, relay):
        later(stage, 11 * MINUTE)
        desk, now = Desk(stage.parts), stage.clock.now()
        desk.admin(
            "account:cabinet", "in_doubt", "k", {"n": 2, "refs": ["7F3K2Q", "AAAAAA"]}, at=now, on=True
        )
        desk.post()
        for _ in range(3):
            later(stage, 5 * MINUTE)  # no such request is found at the next look
        raise_alarm(stage.parts, "server:dms", "clock", "off", {"seconds": 200})
        tell(stage.parts)
        stage.clock.advance(3 * MINUTE)
        tell(stage.parts)
        for _ in range(3):
            later(stage, 30 * MINUTE)
        doubt = "jse-connector: account cabinet: 2 requests may already have been sent"
        clock = "jse-connector: server dms: this machine's clock is 200 s off"
        told_of = [one for one in to_admin(relay) if "may already" in one or "clock" in one]
        assert told_of == [doubt, f"{doubt} - over", clock, f"{clock} - over"]


@pytest.mark.parametrize(("cause", "once"), [("retention", False), ("vanished", True)])
def test_how_many_mails_follow(cause: str, once: bool) -> None:
    """Of what is to be erased each of the days tells."""
    data: dict[str, Any] = {"refs": ["7F3K2Q"], "since": "2026-11-26T10:00:00+00:00", "gone": 2, "known": 3}
    body = alarm_mail("account:lyon", cause, data, ZoneInfo("Europe/Paris")).body
    assert ("none in between" in body) is once
    assert ("comes near" in body) is not once
