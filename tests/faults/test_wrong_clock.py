"""This machine's clock is wrong, and right again: nothing is ended by it, and nothing rests because of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from connector.sandbox.dms.folder import Link
from connector.steps import waiting
from connector.steps.alarms import standing
from connector.steps.parts import Timing
from connector.steps.retention import RETENTION
from connector.steps.waiting import UNANSWERED
from tests.faults.test_dates import connected_for_good
from tests.faults.test_drop import ALLOWED, DROP
from tests.faults.test_drop import SETTINGS as TO_BE_DROPPED
from tests.faults.test_extras import ATTESTED, there
from tests.faults.test_missing import GONE, PATIENT
from tests.faults.test_once import Town, in_place, letter, send_out
from tests.faults.test_orders import answers
from tests.faults.test_overview import overview
from tests.faults.test_pauses_counted import notice
from tests.faults.test_residuals import REFUSED_TWICE
from tests.faults.test_vanished import many_out, unmounted
from tests.worlds import MARIE, ONE, QUICK, ROOT

PROBING = Timing(follow_first_hour=timedelta(seconds=60), retry_first=QUICK.retry_first)


class Clocked(Town):
    """A stage whose machine may have another time than both servers."""

    off = timedelta(0)

    def machine_now(self) -> datetime:
        return self.clock.now() + self.off


Made = Callable[..., Clocked]


@pytest.fixture
def clocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Every part of the connector reads the machine's clock, both servers their own."""
    from connector.cli import wiring

    stages: list[Clocked] = []
    real = wiring.wired

    def wired(*args: Any, now: Callable[[], datetime], **options: Any) -> Any:
        return real(*args, now=lambda: stages[0].machine_now() if stages else now(), **options)

    def made(**options: Any) -> Clocked:
        stage = Clocked(tmp_path, **{"timing": PROBING, **options})
        stages.append(stage)
        return stage

    monkeypatch.setattr(wiring, "wired", wired)
    return made


def test_a_clock_that_goes_wrong(clocked: Made, caplog: pytest.LogCaptureFixture) -> None:
    """E4: Two minutes off: an alarm for each side, with the figure; everything goes on. Six: nothing new leaves, the
    folder says why, what is out is followed. Right again: it ends by itself, and all of it leaves once."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "avant")
        stage.off = timedelta(seconds=-150)
        with caplog.at_level(logging.ERROR):
            # What is due stands in this machine's time: it is asked about once that has come again.
            stage.clock.advance(300)
            stage.run(6)
        told = [one.message for one in caplog.records if "clock" in one.message]
        assert len(told) == 2, told
        assert {one.split(": ")[0] for one in told} == {"server:dms", "account:cabinet"}
        assert all("behind" in one for one in told)
        assert all(abs(int(one.split(" s behind")[0].rsplit(" ", 1)[1]) - 150) <= 2 for one in told)
        stage.drop("malgré tout", letter("malgré tout"))
        stage.run()
        assert stage.first_line("malgré tout").startswith("EN COURS – ")
        stage.off = timedelta(seconds=400)
        stage.clock.advance(200)
        stage.run(4)
        for name in ("une", "deux"):
            stage.drop(name, letter(name))
        stage.run(6)
        assert stage.tries() == 2
        assert notice(stage) == "SIGNATURES EN PAUSE – l’horloge du service de signature est à régler"
        assert stage.first_line("une").startswith("EN PAUSE – l’horloge du service de signature")
        before = len(stage.platform.requests)
        for _ in range(10):
            stage.clock.advance(180)
            stage.round()
        asked = [one.operation for one in stage.platform.requests[before:]]
        assert "status" in asked
        assert set(asked) <= {"status", "create", "upload", "signatory"}
        assert stage.tries() == 2
        stage.off = timedelta(0)
        for _ in range(3):
            stage.clock.advance(1000)
            stage.run()
        assert notice(stage) == ""
        assert sorted(stage.sends()) == [1] * 4 or sorted(stage.sends())[-4:] == [1] * 4
        assert standing(stage.parts, "account:cabinet", "clock") is None
        assert standing(stage.parts, "server:dms", "clock") is None


@pytest.mark.parametrize("days", [60, 1200])
def test_a_clock_far_ahead_ends_nothing(clocked: Made, days: int) -> None:
    """By it everything is long over: nobody is given up or forgotten; put right, what it put off goes on at once."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "signée")
        stage.sign()
        stage.clock.advance(900)
        stage.run()
        assert stage.first_line("signée") == in_place("signée")
        send_out(stage, "avant", sidecar=f"{ONE}rappels: {{premier: 3, tous_les: 4, maximum: 1}}\n")
        known = [one.email for one in stage.parts.journal.contacts()]
        assert known == [MARIE]
        stage.platform.misbehave(operation="status", kind="status", status=503)
        stage.off = timedelta(days=days)
        for _ in range(4):
            stage.clock.advance(900)
            stage.run()
        assert stage.record("avant").state is State.IN_PROGRESS
        stage.restart()
        stage.run()
        assert [one.email for one in stage.parts.journal.contacts()] == known
        stage.off = timedelta(0)
        stage.sign()
        for _ in range(3):
            stage.clock.advance(900)
            stage.run()
        assert stage.first_line("avant") == in_place("avant")
        assert [one.operation for one in stage.platform.requests].count("remind") == 0
        stage.intact()


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=2), timedelta(days=365)])
def test_a_hold_of_a_clock_far_ahead_ends_once_it_is_right(clocked: Made, off: timedelta) -> None:
    """When it may be tried again was written by a clock a year ahead, or by one that was set to local time as if that
    were UTC: nobody waits for that year, or hour."""
    with clocked() as stage:
        connected_for_good(stage)
        stage.off = off
        stage.drop("lettre")
        stage.run(6)
        held = stage.parts.journal.held("cabinet")
        assert held is not None
        assert held.cause == "clock"
        assert held.probe_at > stage.clock.now() + off
        assert stage.tries() == 0
        stage.off = timedelta(0)
        for _ in range(2):
            stage.clock.advance(150)
            stage.run()
        assert stage.parts.journal.held("cabinet") is None
        assert stage.sends() == [1]


def test_a_wrong_clock_takes_no_other_holds_place(tmp_path: Path) -> None:
    """R9b: a hold after an unanswered send outlives a clock that went wrong meanwhile, and the next start."""
    with Town(tmp_path) as stage:
        until = stage.clock.now() + timedelta(days=30)
        stage.parts.journal.hold("cabinet", UNANSWERED, probe_at=until)
        stage.parts.clocks = {"account:cabinet": lambda: 400.0}
        stage.drop("lettre")
        stage.run(4)
        stage.restart()
        stage.run(4)
        held = stage.parts.journal.held("cabinet")
        assert held is not None
        assert held.cause == UNANSWERED
        assert stage.tries() == 0


# ------------------------------------------------------------------ ahead for minutes, then right again

FAR = timedelta(days=400)
HOUR = 3600.0


def hours(stage: Clocked, count: float = 1, *, every: float = 1 / 6) -> None:
    """Time passes, with everything looked at every so many hours; the login is renewed in time."""
    for _ in range(round(count / every)):
        stage.clock.advance(every * HOUR)
        stage._connect()
        stage.round()
    stage.run()


def test_what_arrives_meanwhile_leaves_once_it_is_right(clocked: Made) -> None:
    """A letter that was seen first by a clock a year ahead settles; so does the folder that is looked through."""
    with clocked() as stage:
        connected_for_good(stage)
        stage.off = FAR
        stage.drop("lettre")
        stage.round()
        stage.off = timedelta(0)
        hours(stage)
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize("off", [timedelta(hours=6), FAR])
def test_a_place_that_failed_meanwhile_is_looked_at_again(clocked: Made, off: timedelta) -> None:
    """One answer 500 of the server, met by a clock some hours or a year ahead."""
    with clocked() as stage:
        connected_for_good(stage)
        stage.off = off
        stage.dms.misbehave(kind="status", method="GET", path="*.sign.yaml", status=500, times=None)
        stage.drop("lettre")
        stage.run(4)
        assert stage.memory.patience
        assert stage.records() == []
        stage.dms.behave()
        stage.off = timedelta(0)
        hours(stage, 1)
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize("off", [timedelta(days=40), timedelta(days=-40)])
def test_an_attestation_is_not_given_up(clocked: Made, off: timedelta) -> None:
    """It is made a while after the document: by a clock that is ahead, or was behind, a day seems to have passed."""
    with clocked() as stage:
        connected_for_good(stage)
        answers(stage, "attestation", 404, times=2)
        stage.drop("lettre", sidecar=ATTESTED)
        stage.run()
        stage.sign()
        stage.off = off if off < timedelta(0) else timedelta(0)
        stage.clock.advance(900)
        stage.run()
        stage.off = max(off, timedelta(0))
        hours(stage, 0.5)
        stage.off = timedelta(0)
        hours(stage, 6)
        assert there(stage) == ["lettre.attestation.pdf"]
        stage.intact()


def test_nothing_is_near_its_erasure_by_it(clocked: Made) -> None:
    """While the platform answers nothing of use, a month seems to have passed: nobody is told to hurry."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="status", kind="status", status=500, times=None)
        stage.off = timedelta(days=40)
        hours(stage)
        assert standing(stage.parts, "account:cabinet", RETENTION) is None


def test_a_pdf_that_is_dropped_meanwhile_waits_its_ten_minutes(clocked: Made) -> None:
    """The hour is kept in the journal, restarts included: it is not that of another year."""
    with clocked(more=ALLOWED, start=False) as stage:
        stage.dms.person.mkdir(DROP)
        stage.write("_signature.yaml", TO_BE_DROPPED)
        stage.start()
        connected_for_good(stage)
        stage.run(6)
        stage.off = FAR
        stage.write("lettre.pdf", letter("lettre"), folder=DROP)
        stage.run(6)
        stage.off = timedelta(0)
        stage.restart()
        stage.run(6)
        assert "lettre.sign.yaml" not in stage.files(DROP)
        hours(stage, 0.5)
        assert "lettre.sign.yaml" in stage.files(DROP)
        stage.intact()


def test_an_overview_of_another_year_is_written_again(clocked: Made) -> None:
    """It is written once in a few minutes at most: not once in a year."""
    with clocked() as stage:
        connected_for_good(stage)
        stage.off = FAR
        stage.drop("une")
        stage.run(6)
        assert "\n  une\n" in overview(stage)
        stage.off = timedelta(0)
        stage.restart()
        hours(stage)
        send_out(stage, "deux")
        hours(stage)
        assert "  deux  " in overview(stage)
        stage.intact()


def test_an_order_that_failed_meanwhile_is_tried_again(clocked: Made) -> None:
    """« annuler », while the platform was busy."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.off = FAR
        stage.platform.misbehave(operation="cancel", kind="status", status=500, times=None)
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        stage.run(4)
        assert stage.record().state is State.IN_PROGRESS
        stage.platform.behave()
        stage.off = timedelta(0)
        hours(stage)
        assert stage.record().state is State.CANCELLED
        stage.intact()


def test_a_reminder_by_order_counts_by_the_platforms_clock(clocked: Made) -> None:
    """Whoever was reminded « in a year » is reminded by the rhythm all the same."""
    with clocked() as stage:
        connected_for_good(stage)
        rhythm = ONE + "rappels: {tous_les: 2, maximum: 3}\n"
        send_out(stage, "lettre", sidecar=rhythm)
        stage.clock.advance(5_000)
        stage.off = FAR
        stage.write("lettre.sign.yaml", rhythm + "action: relancer\n")
        stage.run()
        assert stage.platform.transactions()[0].reminders == 1
        stage.off = timedelta(0)
        hours(stage, 60, every=2)
        assert stage.platform.transactions()[0].reminders == 2
        stage.intact()


def test_what_was_asked_about_meanwhile_is_sent(clocked: Made) -> None:
    """R2: what is marked, and perhaps sent, is asked about twice: the quiet period in between is not a year."""
    with clocked() as stage:
        connected_for_good(stage)
        stage.platform.credit = 0
        stage.drop("lettre")
        stage.run(4)
        assert stage.record().state is State.MARKED
        stage.platform.credit = 10
        stage.off = FAR
        stage.restart()
        stage.run(4)
        assert stage.record().extra["unsent_since"] > f"{stage.clock.now():%Y-%m-%d}T~"
        stage.off = timedelta(0)
        hours(stage, 2)
        assert stage.sends() == [1]
        assert stage.record().state is State.IN_PROGRESS
        stage.intact()


def test_what_was_to_be_sent_again_meanwhile_is(clocked: Made) -> None:
    """R9: an unanswered call, where a second one is refused anyway, is made again after the quiet period, once."""
    with clocked(contract=REFUSED_TWICE) as stage:
        connected_for_good(stage)
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop("lettre")
        stage.run()
        assert stage.sends() == [0]
        stage.off = FAR
        stage.clock.advance(100)
        stage.run(4)
        assert stage.sends() == [0]
        stage.off = timedelta(0)
        hours(stage)
        assert stage.sends() == [1]
        stage.intact()


def test_a_link_that_is_made_afterwards_is_asked_about(clocked: Made) -> None:
    """What a clock a year ahead was told of a folder is not taken for what holds now."""
    with clocked() as stage:
        connected_for_good(stage)
        stage.drop("avant")
        stage.off = FAR
        stage.run(4)
        stage.off = timedelta(0)
        hours(stage)
        assert stage.sends() == [1]
        stage.dms.links.append(Link(ROOT))
        stage.drop("après")
        hours(stage)
        assert stage.sends() == [1]


@pytest.mark.parametrize("ahead", [2, 23])
def test_what_is_out_is_asked_about_once_it_is_right(clocked: Made, ahead: int) -> None:
    """When it is asked about next was written by a clock that was hours ahead: what was signed comes home at once."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.off = timedelta(hours=ahead)
        hours(stage, 0.5)
        stage.off = timedelta(0)
        stage.sign()
        hours(stage, 0.5)
        assert stage.first_line("lettre") == in_place("lettre")
        stage.intact()


def test_a_platform_out_of_reach_meanwhile_is_asked_once_it_is_right(clocked: Made) -> None:
    """A machine that begins without network, and so with the hour of its own clock, one ahead."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "avant")
        stage.platform.misbehave(kind="status", status=503, times=None)
        stage.off = timedelta(hours=1)
        stage.clock.advance(HOUR)
        stage.drop("lettre")
        stage.run(4)
        assert waiting.is_away(stage.parts, "cabinet")
        stage.platform.behave()
        stage.off = timedelta(0)
        hours(stage, 0.5)
        assert stage.sends() == [1, 1]
        stage.intact()


def test_a_platform_that_is_away_is_let_be_all_the_same(clocked: Made) -> None:
    """It was away already while the clock was ahead: the rest that began then lets none of the later ones out."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, *(f"lettre {number}" for number in range(6)))
        stage.platform.misbehave(operation="*", kind="status", status=502, times=None)
        stage.off = FAR
        hours(stage, 0.5)
        stage.off = timedelta(0)
        before = len(stage.platform.requests)
        hours(stage, 2)
        assert len(stage.platform.requests) - before <= 14


def test_people_whom_a_clock_met_that_was_behind_are_not_forgotten(clocked: Made) -> None:
    """It was two months behind when they had signed: they are remembered from the platform's date on."""
    with clocked(more="policy: {remember_contacts: 30d}\n") as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.sign()
        stage.off = timedelta(days=-60)
        stage.clock.advance(60)
        stage.restart()
        stage.parts.journal.release("cabinet")
        hours(stage)
        assert stage.record().state is State.DELIVERED
        stage.off = timedelta(0)
        hours(stage, 26, every=2)
        assert [one.email for one in stage.parts.journal.contacts()] == [MARIE]
        stage.intact()


def test_a_dms_on_the_same_machine_lets_nobody_be_forgotten(clocked: Made) -> None:
    """Its clock is ours, and always agrees with it: the platform tells the time before anything is erased."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "signée")
        stage.sign()
        stage.clock.advance(900)
        stage.run()
        send_out(stage, "avant")
        stage.off = timedelta(days=1200)
        for _ in range(2):
            _of_our_machine(stage)
            stage.run(3)
            stage.restart()
        assert [one.email for one in stage.parts.journal.contacts()] == [MARIE]


def test_what_is_said_and_hung_within_a_day_counts_by_the_platforms_clock(clocked: Made) -> None:
    """The end is dated by it: by a clock three days ahead, which the DMS on this machine shares, that day is over."""
    with clocked(settings={"comments": "true"}) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.sign()
        stage.dms.misbehave(kind="status", method="PUT", path="*systemtags-relations*", status=503, times=2)
        stage.off = timedelta(days=3)
        for _ in range(8):
            _of_our_machine(stage)
            stage.clock.advance(900)
            stage.run()
        assert stage.record().state is State.DELIVERED
        said = stage.dms.comments_on(f"{ROOT}/lettre.pdf")
        assert len(said) == 2, said
        assert stage.dms.tags_of(f"{ROOT}/lettre.pdf") == ["Signé"]


def _of_our_machine(stage: Clocked) -> None:
    """Let the DMS tell the time of the machine that the connector runs on."""
    stage.parts.clocks["server:dms"] = lambda: 0.0
    stage.parts.heard["server:dms"] = lambda: stage.machine_now().timestamp()


def test_a_document_that_goes_missing_meanwhile_is_gone_once(clocked: Made) -> None:
    """Ten minutes after the clock is right, not in another year."""
    with clocked(timing=PATIENT) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.off = FAR
        stage.delete("lettre.pdf")
        stage.run(4)
        stage.off = timedelta(0)
        stage.run(4)
        assert stage.first_line("lettre") != GONE
        hours(stage, 0.5)
        assert stage.first_line("lettre") == GONE


def test_files_that_vanish_are_not_taken_for_deleted_by_it(clocked: Made) -> None:
    """A share is withdrawn: a day by a clock that jumps is none, and a year by one that was ahead is a day."""
    with clocked() as stage:
        connected_for_good(stage)
        many_out(stage)
        before = [one.state for one in stage.records()]
        unmounted(stage, f"{ROOT}/Clients")
        stage.run(4)
        stage.off = timedelta(days=40)
        for _ in range(3):
            stage.clock.advance(900)
            stage.round()
        assert [one.state for one in stage.records()] == before
        assert standing(stage.parts, "folder:lettres", "vanished") is not None


def test_files_that_vanish_meanwhile_are_believed_a_day_later(clocked: Made) -> None:
    """The alarm began « in a year »: the folder does not rest until then."""
    with clocked() as stage:
        connected_for_good(stage)
        many_out(stage)
        stage.off = FAR
        unmounted(stage, f"{ROOT}/Clients")
        stage.run(4)
        assert standing(stage.parts, "folder:lettres", "vanished") is not None
        stage.off = timedelta(0)
        hours(stage, 12, every=2)
        assert standing(stage.parts, "folder:lettres", "vanished") is not None
        hours(stage, 14, every=2)
        assert standing(stage.parts, "folder:lettres", "vanished") is None
