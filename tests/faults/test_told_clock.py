"""This machine's clock is ahead for minutes, both servers' are right, then it is right again: all is told as ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.cli import wiring
from connector.steps.alarms import raise_alarm
from connector.steps.desk import REQUEST
from connector.steps.telling import tell
from tests.faults.test_connected_again import links
from tests.faults.test_dates import connected_for_good
from tests.faults.test_told import ADMIN, DAY, FIXED_LINE, HOUR, MINUTE, at, later, told
from tests.faults.test_told_late import corrections


class Ahead:
    """How far ahead of the right time this machine is."""

    by = timedelta(0)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    ahead, real = Ahead(), wiring.wired

    def wired(*args: Any, now: Callable[[], datetime], **options: Any) -> Any:
        return real(*args, now=lambda: now() + ahead.by, **options)

    monkeypatch.setattr(wiring, "wired", wired)
    return ahead


YEAR = timedelta(days=400)


def test_nothing_that_waits_is_given_up(tmp_path: Path, clock: Ahead) -> None:
    """By that clock it has waited for longer than four days, and the relay is not believed."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        relay.stop()
        for _ in range(12):
            later(stage, HOUR)
        assert relay.mails == []
        clock.by = YEAR
        stage.round()
        tell(stage.parts)
        clock.by = timedelta(0)
        relay.start()
        for _ in range(6):
            later(stage, 10 * MINUTE)
        assert len(corrections(relay)) == 1


def test_the_relay_does_not_rest_for_a_year(tmp_path: Path, clock: Ahead) -> None:
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        relay.stop()
        clock.by = YEAR
        raise_alarm(stage.parts, "configuration", "config_restart", "off", {"keys": ["metrics"]})
        tell(stage.parts)
        later(stage, 3 * MINUTE)
        clock.by = timedelta(0)
        relay.start()
        stage.run()
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(6):
            later(stage, 10 * MINUTE)
        assert len(corrections(relay)) == 1
        assert any(
            "needs a restart" in one for one, to in zip(relay.subjects, relay.to, strict=True) if to == ADMIN
        )


def test_what_was_told_stays_known(tmp_path: Path, clock: Ahead) -> None:
    """It is forgotten after three years; by that clock they have passed."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        tell(stage.parts)
        (cause,) = {one.cause for one in stage.parts.journal.letters() if one.kind == REQUEST}
        for _ in range(3):
            later(stage, 10 * MINUTE)
        assert len(corrections(relay)) == 1
        clock.by = 4 * YEAR
        for _ in range(3):
            later(stage, 10 * MINUTE)
        assert stage.parts.journal.last_told(cause) is not None


def test_what_no_event_tells_of_is_looked_for(tmp_path: Path, clock: Ahead) -> None:
    """The digest of the next day among it."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        clock.by = YEAR
        tell(stage.parts)
        clock.by = timedelta(0)
        relay.mails.clear()
        stage.drop("une")
        stage.run()
        at(stage, "08:05")
        later(stage, MINUTE)
        assert [one.split(" ")[0] for one in relay.subjects] == ["Signatures"]


def test_the_next_mail_of_a_cause_waits_a_quarter_of_an_hour(tmp_path: Path, clock: Ahead) -> None:
    """The last one was told a month ahead; a restart knows that as well."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        stage.drop("un", sidecar=FIXED_LINE)
        stage.run()
        tell(stage.parts)
        clock.by = timedelta(days=30)
        tell(stage.parts)
        assert len(corrections(relay)) == 1
        clock.by = timedelta(0)
        stage.run()
        stage.restart()
        stage.drop("deux", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(3):
            later(stage, 10 * MINUTE)
        assert len(corrections(relay)) == 2


def test_an_alarm_that_begins_again_is_told_within_the_hour(tmp_path: Path, clock: Ahead) -> None:
    from connector.steps.alarms import end_alarm

    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        subject, cause = "configuration", "config_restart"
        clock.by = YEAR
        raise_alarm(stage.parts, subject, cause, "off", {"keys": ["metrics"]})
        for _ in range(3):
            later(stage, 3 * MINUTE)
        end_alarm(stage.parts, subject, cause, "on")
        tell(stage.parts)
        tell(stage.parts)
        mine = [one for one in relay.subjects if "needs a restart" in one]
        assert len(mine) == 2
        clock.by = timedelta(0)
        stage.run()
        raise_alarm(stage.parts, subject, cause, "off", {"keys": ["metrics"]})
        for _ in range(3):
            later(stage, 30 * MINUTE)
        assert len([one for one in relay.subjects if "needs a restart" in one]) == 3


def test_a_link_comes_although_one_was_put_off_by_a_year(tmp_path: Path, clock: Ahead) -> None:
    """The relay was away just then; one that waits keeps back every later one, so it must not wait for that year."""
    with told(tmp_path) as (stage, relay):
        relay.stop()
        clock.by = YEAR
        stage.platform.revoke_tokens()
        stage.drop()
        stage.run()
        tell(stage.parts)
        later(stage, 2 * MINUTE)
        clock.by = timedelta(0)
        relay.start()
        stage.run()
        stage.restart()
        for _ in range(3):
            later(stage, 20 * MINUTE)
        assert links(relay)


def test_a_clock_that_is_right_puts_nothing_forward(tmp_path: Path) -> None:
    """What waits for a day waits: of tokens the administrator hears when nobody has renewed them in one."""
    with told(tmp_path) as (stage, relay):
        stage.platform.revoke_tokens()
        stage.drop()
        stage.run()
        for _ in range(20):
            later(stage, HOUR)
        assert ADMIN not in relay.to
        for _ in range(5):
            later(stage, HOUR)
        assert relay.to.count(ADMIN) == 1
        assert stage.clock.now().timestamp() > DAY
