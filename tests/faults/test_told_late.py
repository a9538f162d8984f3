"""What is told late: a relay that thinks long, a host that was off, a weekend before the first try, a late digest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from connector.steps import news
from connector.steps.alarms import raise_alarm
from connector.steps.telling import tell
from tests.faults.test_dates import connected_for_good, forward_to
from tests.faults.test_told import DAY, FIXED_LINE, HOUR, MINUTE, NOTIFY, PARIS, later, mail, on_a, told
from tests.relays import Relay
from tests.worlds import Stage


def corrections(relay: Relay) -> list[str]:
    return [one for one in relay.subjects if one.startswith("À CORRIGER")]


def test_a_relay_that_never_says_that_it_has_a_mail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It takes each mail and does not answer: three copies of one name in days, and a line in the log."""
    with told(tmp_path) as (stage, relay):
        connected_for_good(stage)
        assert stage.parts.relay is not None
        stage.parts.relay = replace(stage.parts.relay, dot_s=0.05)
        relay.slow = 0.1
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(4 * 24):
            later(stage, HOUR)
        sent = [
            one["Message-ID"] for one in relay.mails if one["To"] == NOTIFY and "CORRIGER" in one["Subject"]
        ]
        assert (len(sent), len(set(sent))) == (3, 1)
        assert [one for one in stage.parts.journal.letters() if one.kind == "request"] == []
        ref = stage.record("fixe").ref
        assert [one for one in caplog.messages if "not tried again" in one and ref in one]


def test_a_relay_that_thinks_long_gets_each_mail_once(tmp_path: Path) -> None:
    """Longer than it may take for any other answer: it has the mail, and says so."""
    with told(tmp_path) as (stage, relay):
        assert stage.parts.relay is not None
        stage.parts.relay = replace(stage.parts.relay, timeout_s=0.2)
        relay.slow = 0.6
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(4):
            later(stage, HOUR)
        assert len(corrections(relay)) == 1


def test_a_first_try_after_days_off_is_no_last_one(tmp_path: Path) -> None:
    """From Thursday evening to Tuesday morning people are let be (Easter in Alsace); then the relay says « later »."""
    more = 'policy: {quiet_hours: "20:00-08:00", weekends: quiet, holidays: alsace-moselle}\n'
    with told(tmp_path, more=more) as (stage, relay):
        forward_to(stage, datetime(2027, 3, 25, 20, 5, tzinfo=PARIS))
        stage.renew()
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        later(stage, 3 * MINUTE)
        forward_to(stage, datetime(2027, 3, 30, 8, 1, tzinfo=PARIS))
        stage.renew()
        seen: set[str] = set()

        def greylists(address: str) -> str:
            known = address in seen
            seen.add(address)
            return "250 OK" if known else "451 4.7.1 come again in five minutes"

        relay.says_to = greylists
        for _ in range(6):
            later(stage, 10 * MINUTE)
        assert len(corrections(relay)) == 1


def test_a_host_that_was_off_for_days(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What waited then is not given up because the network comes some minutes after the service."""
    with told(tmp_path) as (stage, relay):
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        tell(stage.parts)
        stage.stop()
        stage.clock.advance(5 * DAY)
        on_a(stage, 0, "10:00")
        relay.stop()
        stage.renew()
        stage.start()
        stage.round()
        tell(stage.parts)
        relay.start()
        for _ in range(6):
            later(stage, 10 * MINUTE)
        assert len(corrections(relay)) == 1
        assert [one for one in caplog.messages if "given up" in one] == []


def test_many_mails_and_a_relay_that_stays_away(tmp_path: Path) -> None:
    """It was tried for days: not each mail has to have had ten tries of its own, for which many would wait a year."""
    with told(tmp_path) as (stage, relay):
        relay.stop()
        for number in range(20):
            raise_alarm(stage.parts, f"account:a{number}", "wrong_person", "somebody else has logged in")
        tell(stage.parts)

        def waiting() -> int:
            return sum("wrong_person" in one.cause for one in stage.parts.journal.letters())

        assert waiting() == 20
        for hours in (90, 18):
            for _ in range(hours * 2):
                stage.clock.advance(30 * MINUTE)
                stage.round()
                tell(stage.parts)
            assert waiting() == (20 if hours == 90 else 0)


def test_a_hook_that_fails_once_after_a_weekend_off(tmp_path: Path) -> None:
    """It is tried for a day from its first call on."""
    there, out = tmp_path / "there", tmp_path / "heard"
    script = f"test -e {there} || exit 1; cat >> {out}"
    more = f'hooks: {{h: {{command: [/bin/sh, "-c", "{script}"], events: [sent]}}}}\n'
    with Stage(tmp_path, more=more) as stage:
        connected_for_good(stage)
        stage.drop("une")
        stage.run()
        assert stage.sends() == [1]
        news.take_in(stage.parts)  # the host is switched off before the call
        stage.stop()
        stage.clock.advance(2.5 * DAY)
        stage.start()
        stage.run()
        tell(stage.parts)
        there.touch()
        for _ in range(4):
            later(stage, 15 * MINUTE)
        assert json.loads(out.read_text())["event"] == "sent"


@pytest.mark.parametrize(("digest", "hour"), [("20:30", 8), ("18:30", 18)])
def test_a_digest_in_the_quiet_hours(tmp_path: Path, digest: str, hour: int) -> None:
    """Wanted while people are let be, it leaves at the end of that."""
    with Relay() as relay:
        quiet = 'policy: {quiet_hours: "20:00-08:00"}\n'
        more = mail(relay, digest=f"'{digest}'") + quiet
        with Stage(tmp_path, settings={"notify": NOTIFY}, more=more, start=False) as stage:
            on_a(stage, 0, "10:00")
            stage.renew()
            stage.start()
            stage.run()
            tell(stage.parts)
            stage.drop("une")
            stage.run()
            at = None
            for _ in range(72):
                stage.clock.advance(HOUR / 2)
                tell(stage.parts)
                if relay.subjects and at is None:
                    at = stage.clock.now().astimezone(PARIS)
            assert [one.split(" ")[0] for one in relay.subjects] == ["Signatures"]
            assert at is not None
            assert at.hour == hour
