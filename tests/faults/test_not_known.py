"""Jesignexpert does not know a request: only what it says itself is believed, and what is lost is lost for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.steps.forgotten import NOT_KNOWN
from connector.steps.parts import Timing
from tests.faults.test_dates import connected_for_good
from tests.faults.test_once import Town, letter, send_out
from tests.faults.test_orders import BY_ORDER, HOUR
from tests.faults.test_wrong_clock import Made, clocked
from tests.worlds import QUICK

__all__ = ["clocked"]

PROXIES = {
    "a page": {
        "body": "<html><body><h1>404 Not Found</h1><hr>nginx</body></html>",
        "content_type": "text/html",
    },
    "a line": {"body": "default backend - 404", "content_type": "text/plain; charset=utf-8"},
}
"""How what stands in front of a platform says that there is nothing behind it just now."""


@pytest.mark.parametrize("words", PROXIES)
def test_a_proxy_that_finds_no_platform_ends_no_request(tmp_path: Path, words: str) -> None:
    """C6, D1: for hours 404 in a proxy's own words: what is out stays out, and comes home signed afterwards."""
    with Town(tmp_path) as stage:
        send_out(stage, "un")
        send_out(stage, "deux")
        stage.sign()
        stage.platform.misbehave(kind="status", status=404, times=None, **PROXIES[words])
        for _ in range(4):
            stage.clock.advance(HOUR)
            stage.run(2)
        assert stage.first_line("un").startswith("EN COURS – "), stage.status("un")
        assert stage.first_line("deux").startswith("EN COURS – "), stage.status("deux")
        stage.platform.behave()
        stage.clock.advance(HOUR)
        stage._connect()
        stage.run()
        stage.sign()
        stage.run()
        assert {stage.record(name).state for name in ("un", "deux")} == {State.DELIVERED}
        assert stage.sends() == [1, 1]
        stage.intact()


@pytest.mark.parametrize("words", PROXIES)
def test_a_proxys_words_are_no_answer_after_an_unanswered_send(tmp_path: Path, words: str) -> None:
    """R9b: nothing else leaves before the platform itself has answered, and nobody has to decide what it can tell."""
    with Town(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="lost_answer")
        stage.platform.misbehave(
            operation="status", kind="status", status=404, skip=1, times=None, **PROXIES[words]
        )
        stage.drop("un", letter("un"))
        stage.run()
        stage.drop("deux", letter("deux"))
        stage.run()
        assert stage.parts.journal.held("cabinet") is not None
        assert sum(stage.sends()) == 1
        stage.platform.behave()
        stage.clock.advance(HOUR)
        stage._connect()
        stage.run()
        assert {stage.record(name).state for name in ("un", "deux")} == {State.IN_PROGRESS}
        assert stage.sends() == [1, 1]
        stage.intact()


PATIENT = replace(QUICK, forgotten_patience=Timing.forgotten_patience)
MINUTE = 60


def pass_by(stage: Town, minutes: int) -> None:
    """Let time pass, ten minutes at a time, as a service that is up would see it."""
    for _ in range(minutes // 10):
        stage.clock.advance(10 * MINUTE)
        stage._connect()
        stage.run(2)


def comes_home(stage: Town) -> None:
    """What nobody lost is signed, and delivered once."""
    stage.sign()
    pass_by(stage, 60)
    assert stage.record("un").state is State.DELIVERED
    assert stage.sends() == [1]
    stage.intact()


@pytest.mark.parametrize("signed", [False, True], ids=["while it is signed", "while it is sealed"])
def test_a_gateway_that_knows_no_request_for_a_while_loses_none(tmp_path: Path, signed: bool) -> None:
    """R11: 404 in the platform's own form, of every request, twice for half an hour: each of them comes home."""
    with Town(tmp_path, timing=PATIENT) as stage:
        for name in ("un", "deux"):
            send_out(stage, name)
        pass_by(stage, 10)  # each has answered before
        for _ in range(2):
            if signed:
                stage.platform.misbehave(operation="download", kind="status", status=409, times=None)
                stage.sign()
                pass_by(stage, 10)
                assert stage.record("un").state is State.SEALING
            stage.platform.misbehave(operation="status", kind="gone", times=None)
            pass_by(stage, 50)
            stage.platform.behave()
            if signed:
                stage.platform.misbehave(operation="download", kind="status", status=409, times=None)
            pass_by(stage, 90)
        stage.platform.behave()
        stage.sign()
        pass_by(stage, 60)
        assert {stage.record(name).state for name in ("un", "deux")} == {State.DELIVERED}
        assert stage.sends() == [1, 1]
        stage.intact()


@pytest.mark.parametrize("sealed", [False, True], ids=["while it is signed", "while it is sealed"])
def test_what_stays_unknown_there_is_told_as_lost_within_hours(tmp_path: Path, sealed: bool) -> None:
    """R11: deleted on the platform's site: nobody waits for it longer than it takes to be sure."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "un")
        pass_by(stage, 10)
        if sealed:
            stage.platform.misbehave(operation="download", kind="status", status=409, times=None)
            stage.sign()
            pass_by(stage, 10)
            assert stage.record("un").state is State.SEALING
        stage.platform.site(str(stage.record("un").transaction), "delete")
        pass_by(stage, 30)
        assert not stage.first_line("un").startswith("À VÉRIFIER – "), stage.status("un")
        pass_by(stage, 240 if sealed else 90)
        assert stage.record("un").state is State.LOST
        assert stage.first_line("un").startswith("À VÉRIFIER – "), stage.status("un")
        stage.intact()


def test_a_clock_that_is_set_makes_nothing_unknown_for_longer(clocked: Made) -> None:
    """E4: five hours ahead, five behind, again, and right, all within an hour of a gateway's 404."""
    with clocked(timing=replace(PATIENT, follow_first_hour=timedelta(minutes=1))) as stage:
        connected_for_good(stage)
        send_out(stage, "un")
        pass_by(stage, 10)
        stage.platform.misbehave(operation="status", kind="gone", times=None)
        pass_by(stage, 10)
        for hours in (5, -5, 5, -5, 0):
            stage.off = timedelta(hours=hours)
            pass_by(stage, 10)
            assert stage.record("un").state is State.IN_PROGRESS, hours
        stage.platform.behave()
        comes_home(stage)


def not_known_for_a_moment(stage: Town) -> None:
    """Every request is asked about once, while a gateway says that it is not known."""
    stage.platform.misbehave(operation="status", kind="gone", times=None)
    pass_by(stage, 10)
    assert NOT_KNOWN in stage.record("un").extra


@pytest.mark.parametrize("between", ["away", "stopped"])
def test_a_moment_before_and_one_after_a_night_are_no_hour(tmp_path: Path, between: str) -> None:
    """R11, D1: while nobody heard it say so it did not: a gateway says so as an exchange begins, and as it ends."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "un")
        pass_by(stage, 10)
        not_known_for_a_moment(stage)
        stage.platform.behave()
        if between == "away":
            stage.platform.misbehave(kind="status", status=503, times=None)
            pass_by(stage, 180)
            stage.platform.behave()
        else:
            stage.clock.advance(14 * HOUR)
            stage.restart()
        asked = len(stage.platform.requests)
        not_known_for_a_moment(stage)
        pass_by(stage, 10)
        assert "status" in {request.operation for request in stage.platform.requests[asked:]}
        assert stage.first_line("un").startswith("EN COURS – "), stage.status("un")
        stage.platform.behave()
        pass_by(stage, 30)
        comes_home(stage)


def test_a_round_once_a_day_hears_in_the_end_that_it_is_not_known(tmp_path: Path) -> None:
    """R11: however seldom it is asked, what is deleted there has an end."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "un")
        pass_by(stage, 10)
        stage.platform.site(str(stage.record("un").transaction), "delete")
        for day in range(3):
            assert stage.record("un").state is State.IN_PROGRESS, day
            stage.clock.advance(24 * HOUR)
            stage._connect()
            stage.run(1)
        stage.run()
        assert stage.record("un").state is State.LOST
        stage.intact()


def test_a_document_that_came_is_an_answer(tmp_path: Path) -> None:
    """R11: not known, then a broken document for hours: what is said a day later is said for the first time."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "un")
        pass_by(stage, 10)
        stage.platform.misbehave(operation="download", kind="status", status=409, times=None)
        stage.sign()
        pass_by(stage, 10)
        stage.platform.misbehave(operation="status", kind="gone", times=None)
        for _ in range(15):  # while it is sealed it is asked about once in a while
            pass_by(stage, 0 if NOT_KNOWN in stage.record("un").extra else 10)
        assert NOT_KNOWN in stage.record("un").extra
        stage.platform.behave()
        stage.platform.misbehave(operation="download", kind="wrong_document", variant="truncated", times=None)
        pass_by(stage, 40)
        assert stage.record("un").state is State.QUARANTINED
        assert NOT_KNOWN not in stage.record("un").extra
        stage.platform.behave()
        pass_by(stage, 60)
        assert stage.record("un").state is State.DELIVERED
        stage.intact()


def told(stage: Town) -> str:
    """The status in one line, with plain spaces."""
    return " ".join(stage.status("un").split())


@pytest.mark.parametrize("deleted", [False, True], ids=["a gateway", "the platform"])
def test_what_is_said_not_to_have_left_is_not_asked_anew_on_a_gateways_word(
    tmp_path: Path, deleted: bool
) -> None:
    """R11, « pas partie »: it left, its answer was lost, and a gateway knows nothing of it: nobody gets a second one.

    What is not there for as long as it takes to be sure is given up, as it was said.
    """
    with Town(tmp_path, timing=PATIENT) as stage:
        stage.platform.misbehave(operation="send", kind="lost_answer")
        stage.platform.misbehave(operation="status", kind="gone", skip=1, times=None)
        stage.drop("un", letter("un"))
        stage.run()
        assert stage.record("un").state is State.IN_DOUBT
        stage.write("un.sign.yaml", stage.read("un.sign.yaml").decode() + "action: pas partie\n")
        pass_by(stage, 30)
        assert stage.record("un").state is State.IN_DOUBT
        assert "« pas partie » est lu et sera suivi dès que Jesignexpert répondra" in told(stage)
        if deleted:
            stage.platform.site(str(stage.record("un").transaction), "delete")
        stage.platform.behave()
        pass_by(stage, 120)
        assert stage.record("un").state is State.IN_PROGRESS
        assert len(stage.platform.transactions()) == (2 if deleted else 1)
        assert ("« pas partie » n’a pas été suivi" in told(stage)) is not deleted
        stage.intact()


@pytest.mark.parametrize("reached", [False, True], ids=["it was not", "it was"])
def test_annuler_is_not_called_done_on_a_gateways_word(tmp_path: Path, reached: bool) -> None:
    """R11, « annuler »: nobody answers the call, and a gateway knows nothing of it: people may still sign.

    It is called cancelled once the platform says so; or knows nothing of it for as long as it takes to be sure.
    """
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "un")
        pass_by(stage, 10)
        stage.platform.misbehave(operation="cancel", kind="lost_answer" if reached else "cut_before")
        stage.platform.misbehave(operation="status", kind="gone", skip=2, times=None)
        stage.write("un.sign.yaml", stage.read("un.sign.yaml").decode() + "action: annuler\n")
        pass_by(stage, 30)
        assert stage.first_line("un").startswith("EN COURS – "), stage.status("un")
        if not reached:
            stage.platform.behave()
        pass_by(stage, 120)
        assert stage.first_line("un").startswith(BY_ORDER), stage.status("un")
        assert stage.platform.transactions()[-1].status == "canceled"
        assert stage.sends() == [1]
        stage.intact()


def test_a_gateways_404_lets_nothing_else_leave_after_an_unanswered_send(tmp_path: Path) -> None:
    """R9b: Nobody has answered while a gateway knows no request: each next one would be lost in it, and one is asked
    about. What is not there for as long as it takes to be sure holds nobody any longer."""
    with Town(tmp_path, timing=PATIENT) as stage:
        stage.platform.misbehave(operation="send", kind="lost_answer", times=None)
        stage.platform.misbehave(operation="status", kind="gone", skip=1, times=None)
        for name in ("un", "deux", "trois"):
            stage.drop(name, letter(name))
        stage.run()
        pass_by(stage, 30)
        assert sorted(record.state.value for record in stage.records()) == [
            "in_doubt",
            "prepared",
            "prepared",
        ]
        assert sum(stage.sends()) == 1
        (doubtful,) = (one for one in stage.records() if one.state is State.IN_DOUBT)
        stage.platform.site(str(doubtful.transaction), "delete")
        stage.platform.behave()
        pass_by(stage, 100)
        assert [record.state for record in stage.records()].count(State.IN_PROGRESS) == 2
        assert sum(stage.sends()) == 3
        stage.intact()
