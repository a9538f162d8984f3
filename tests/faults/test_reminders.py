"""Reminders by themselves: by the rhythm asked for, to whose turn it is, at most once each, never after the end."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from connector.journal import Hold
from connector.lifecycle import State
from connector.passes import account_pass
from tests.faults.points import Killed
from tests.faults.test_orders import HOUR, answers, called, out, struck, words
from tests.worlds import CLAIRE, MARIE, ONE, TWO, Stage

DAY = 24 * HOUR
RHYTHM = "rappels: {premier: 3, tous_les: 4, maximum: 2}\n"
POLICY = "policy: {reminders: {first_after: 2d, every: 3d, at_most: 3}}\n"


def live(stage: Stage, days: float, *, step: float = 0.5) -> None:
    """Let days pass, half a day at a time, as a service that is up would see them, its login renewed in time."""
    for _ in range(round(days / step)):
        stage.clock.advance(step * DAY)
        stage._connect()
        stage.round()
    stage.run()


def reminders(stage: Stage, number: int = 0) -> int:
    """How often the platform has reminded for a transaction."""
    return stage.platform.transactions()[number].reminders


def days_of(stage: Stage, rank: int = 1) -> list[float]:
    """Days after the invitation on which a signatory was reminded, to half a day."""
    one = stage.record().signatories[rank - 1]
    assert one.invited_at is not None
    return [round((at - one.invited_at).total_seconds() / DAY * 2) / 2 for at in one.reminded_at]


def test_the_rhythm_of_a_request(tmp_path: Path) -> None:
    """Three days after the invitation, four days later, and no more than twice."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        live(stage, 2.5)
        assert reminders(stage) == 0
        live(stage, 12)
        assert reminders(stage) == 2
        assert days_of(stage) == [3.0, 7.0]
        assert "rappels le " in words(stage)
        assert called(stage, "remind") == 2
        stage.intact()


def test_the_rhythm_of_the_folder_key_by_key(tmp_path: Path) -> None:
    """What the request does not say is the folder's."""
    with Stage(tmp_path, more=POLICY) as stage:
        stage.drop("deux", sidecar=TWO)
        out(stage, ONE + "rappels: {premier: 5}\n")
        live(stage, 14)
        assert days_of(stage) == [5.0, 8.0, 11.0]
        other = stage.record("deux").signatories
        assert [len(each.reminded_at) for each in other] == [3, 0]
        stage.intact()


def test_nobody_is_reminded_unless_somebody_asked(tmp_path: Path) -> None:
    """Without a rhythm in the request or the folder no mail leaves by itself."""
    with Stage(tmp_path) as stage:
        out(stage, TWO)
        live(stage, 10)
        assert called(stage, "remind") == 0


def test_who_has_signed_is_not_reminded(tmp_path: Path) -> None:
    """The platform is asked first: the next one is reminded by their own invitation, nobody after the end."""
    with Stage(tmp_path) as stage:
        out(stage, TWO + RHYTHM)
        live(stage, 2.5)
        stage.sign(MARIE)
        live(stage, 2.5)
        assert reminders(stage) == 0
        live(stage, 1)
        assert reminders(stage) == 1
        assert [len(each.reminded_at) for each in stage.record().signatories] == [0, 1]
        stage.sign(CLAIRE)
        live(stage, 6)
        assert reminders(stage) == 1
        assert stage.record().state is State.DELIVERED
        stage.intact()


def test_in_parallel_nobody_gets_one_too_many(tmp_path: Path) -> None:
    """They are reminded together; who has signed no more."""
    with Stage(tmp_path) as stage:
        out(stage, TWO + RHYTHM + "ordre: parallèle\n")
        live(stage, 4)
        assert [len(each.reminded_at) for each in stage.record().signatories] == [1, 1]
        stage.sign(CLAIRE)
        live(stage, 8)
        assert [len(each.reminded_at) for each in stage.record().signatories] == [2, 1]
        assert called(stage, "remind") == 2
        stage.intact()


def test_no_reminder_at_the_very_end(tmp_path: Path) -> None:
    """Within an hour of the lapse nobody could do much about it; afterwards there is nothing to sign."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + "rappels: {premier: 15}\n")
        live(stage, 14.5)
        stage.clock.advance(0.5 * DAY - HOUR / 2)
        stage.run()
        live(stage, 3)
        assert called(stage, "remind") == 0
        assert stage.first_line().startswith("EXPIRÉ – ")


def test_an_order_counts_in_the_rhythm(tmp_path: Path) -> None:
    """Reminded by order on the second day: the next one by itself comes four days later."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        live(stage, 2)
        stage.write("lettre.sign.yaml", ONE + RHYTHM + "action: relancer\n")
        stage.run()
        live(stage, 10)
        assert days_of(stage) == [2.0, 6.0]
        stage.intact()


@pytest.mark.parametrize("kind", ["lost_answer", "cut_before", "html"])
def test_without_an_answer_it_counts(tmp_path: Path, kind: str) -> None:
    """At most once is right for mails to clients: the next one waits its four days."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        stage.platform.misbehave(operation="remind", kind=kind)
        live(stage, 6)
        assert called(stage, "remind") == 1
        assert days_of(stage) == [3.0]
        assert "Jesignexpert n’a pas confirmé le rappel du " in words(stage)
        live(stage, 4)
        assert days_of(stage) == [3.0, 7.0]
        assert "n’a pas confirmé" not in words(stage)
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after"])
def test_killed_in_the_call(tmp_path: Path, variant: str) -> None:
    """After a crash with an open intent it counts as done, whether it left or not."""
    with struck(tmp_path, "platform POST remind", variant) as (stage, points):
        out(stage, ONE + RHYTHM)
        live(stage, 2.5)
        points.armed = True
        stage.clock.advance(0.6 * DAY)
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.clock.advance(HOUR)
        stage.run()
        assert days_of(stage) == [3.0]
        assert reminders(stage) == (1 if variant == "after" else 0)
        live(stage, 3)
        assert len(stage.record().signatories[0].reminded_at) == 1
        stage.intact()


def test_what_the_platform_does_not_know_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One call for the whole account, one line in the log, one sentence in each status; another contract is tried."""
    with Stage(tmp_path) as stage:
        stage.drop("deux", sidecar=TWO + RHYTHM)
        out(stage, ONE + RHYTHM)
        answers(stage, "remind", 404, times=None)
        with caplog.at_level(logging.ERROR):
            live(stage, 8)
        assert called(stage, "remind") == 1
        assert sum("operations.remind.path" in record.getMessage() for record in caplog.records) == 1
        for name in ("lettre", "deux"):
            told = " ".join(stage.status(name).replace("\u00a0", " ").split())
            assert "n’a pas pu partir : Jesignexpert n’a pas reconnu cette consigne." in told
            assert "Pour envoyer un rappel : cela se fait sur le site de Jesignexpert" in told
        stage.platform.misbehaviour.clear()
        stage.contract = ", contract: {expectations: {lapse_days: 16}}"
        stage.restart()
        stage.clock.advance(HOUR)
        stage.run()
        assert (reminders(stage, 0), reminders(stage, 1)) == (1, 1)
        stage.intact()


def test_a_refusal_is_not_hammered(tmp_path: Path) -> None:
    """Three tries, an hour or more apart; then as many on the next regular day, four days later."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        answers(stage, "remind", 409, "Pas maintenant.", times=None)
        live(stage, 4.5, step=0.125)
        assert called(stage, "remind") == 3
        assert " – rappel possible" not in stage.first_line(), "nobody here has asked"
        live(stage, 2.5, step=0.125)
        assert called(stage, "remind") == 3
        live(stage, 2, step=0.125)
        assert called(stage, "remind") == 6
        stage.intact()


def test_a_refusal_that_names_a_month_is_believed_for_an_hour(tmp_path: Path) -> None:
    """One « trop de relances » does not end the reminders of a request."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        answers(stage, "remind", 429, "Trop de relances.", headers={"Retry-After": "2592000"})
        live(stage, 8)
        assert called(stage, "remind") == 3
        assert reminders(stage) == 2
        stage.intact()


def test_what_the_administrator_stopped_mails_nobody(tmp_path: Path) -> None:
    """A pause by hand holds reminders, too; afterwards one leaves, not all that were missed."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        far = stage.clock.now().replace(year=stage.clock.now().year + 1)
        held: Hold = stage.parts.journal.hold("cabinet", "manual", probe_at=far)
        assert held.cause == "manual"
        live(stage, 9)
        assert called(stage, "remind") == 0
        stage.parts.journal.release("cabinet")
        live(stage, 1)
        assert called(stage, "remind") == 1
        stage.intact()


def test_a_reminder_waits_for_the_platform(tmp_path: Path) -> None:
    """Away on the third day: nobody is reminded unasked-for, and one leaves on its return."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        live(stage, 2.5)
        stage.platform.switch(maintenance=True)
        live(stage, 1)
        assert called(stage, "remind") == 0
        stage.platform.switch(maintenance=False)
        live(stage, 1)
        assert reminders(stage) == 1
        stage.intact()


def test_a_change_by_the_other_job_during_the_call_loses_nothing(tmp_path: Path) -> None:
    """The folder's job writes the same record while the call is under way: the reminder is still counted as done."""
    with Stage(tmp_path) as stage:
        out(stage, ONE + RHYTHM)
        stage.clock.advance(3.1 * DAY)
        service = stage.parts.services["cabinet"]

        class Busy:
            name = "cabinet"

            def __getattr__(self, name: str) -> object:
                return getattr(service, name)

            def remind(self, transaction: object) -> None:
                record = stage.record()
                assert record.id in stage.parts.reminding
                stage.parts.journal.touch(record, extra={**record.extra, "seen": True})
                service.remind(transaction)  # type: ignore[arg-type]

        stage.parts.services = {"cabinet": Busy()}  # type: ignore[dict-item]
        account_pass(stage.parts, "cabinet")
        record = stage.record()
        assert len(record.signatories[0].reminded_at) == 1
        assert record.extra["reminder"]["code"] == "done"
        assert record.extra["seen"] is True
        assert stage.parts.journal.intent(record, "remind") is None
