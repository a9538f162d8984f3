"""What people, the administrator and programs are told: once, to the right ones, in their hours, whatever breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.config import load_config
from connector.daemon import Daemon
from connector.journal import Letter
from connector.lifecycle import State
from connector.steps.telling import tell
from tests.relays import Relay
from tests.unit.test_notify import Heard, listening
from tests.worlds import CLAIRE, MARIE, ONE, TWO, Stage

PARIS = ZoneInfo("Europe/Paris")
ADMIN, OWNER, NOTIFY = "ops@ailleurs.test", "o@cabinet.fr", "secretariat@cabinet.fr"
MINUTE, HOUR, DAY = 60, 3600, 86_400
FIXED_LINE = f"signataires: Marie Dupont <{MARIE}> 04 78 12 34 56\n"


def mail(relay: Relay, **more: str) -> str:
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return f"mail: {{relay: 'smtp://127.0.0.1:{relay.port}', from: s@cabinet.fr, admin: {ADMIN}{keys}}}\n"


def at(stage: Stage, when: str) -> None:
    """Let it be the next such hour of the day in Paris (a Wednesday in November: Stage begins today)."""
    hour, minute = map(int, when.split(":"))
    now = stage.clock.now().astimezone(PARIS)
    then = now.replace(hour=hour, minute=minute, second=0)
    while then <= now:
        then += timedelta(days=1)
    stage.clock.advance((then - now).total_seconds())


def on_a(stage: Stage, weekday: int, when: str) -> None:
    """Let it be that weekday, Monday is 0, at that hour; no holiday of France on it."""
    from connector.calendar import public_holidays

    at(stage, when)
    while (day := stage.clock.now().astimezone(PARIS).date()).weekday() != weekday or any(
        day + timedelta(days=ahead) in public_holidays((day + timedelta(days=ahead)).year, "france")
        for ahead in range(-1, 6)
    ):
        at(stage, when)


def later(stage: Stage, seconds: float) -> None:
    """Let time pass, then a round of everything."""
    stage.clock.advance(seconds)
    stage.round()
    tell(stage.parts)


@contextmanager
def told(tmp_path: Path, *, more: str = "", **settings: Any) -> Iterator[tuple[Stage, Relay]]:
    """A stage with a relay, on a working Monday morning at ten."""
    with Relay() as relay:
        stage = Stage(
            tmp_path,
            settings={"notify": NOTIFY, **settings.pop("folder", {})},
            more=mail(relay) + more,
            start=False,
            **settings,
        )
        on_a(stage, 0, "10:00")
        stage.renew()
        stage.start()
        stage.run()
        tell(stage.parts)
        try:
            yield stage, relay
        finally:
            stage.close()


def body(relay: Relay, number: int = -1) -> str:
    return str(relay.mails[number].get_content()).replace("\u00a0", " ")


def test_what_cannot_wait_is_told_at_once_and_once(tmp_path: Path) -> None:
    """Forty with one fault are one mail; a refusal is its own; a signature is none; what is put right is not told."""
    with told(tmp_path) as (stage, relay):
        for number in range(5):
            stage.drop(f"fixe {number}", sidecar=FIXED_LINE)
        stage.drop("lettre")
        stage.drop("corrigée", sidecar="signataires: Marie Dupont 06 12 34 56 78\n")
        stage.run()
        tell(stage.parts)
        assert relay.mails == []  # more of its kind may come
        stage.write("corrigée.sign.yaml", ONE)
        stage.run()
        later(stage, 3 * MINUTE)
        assert relay.to == [NOTIFY]
        assert relay.subjects[0] == "À CORRIGER – 5 demandes pour une même raison"
        assert "fixe 0" in body(relay)
        assert "corrigée" not in body(relay)
        later(stage, HOUR)
        assert len(relay.mails) == 1
        stage.refuse()
        for _ in range(2):
            later(stage, 11 * MINUTE)
        assert len(relay.mails) == 2
        assert relay.subjects[1].startswith("REFUSÉ – Marie Dupont a refusé de signer")
        assert "Les honoraires" in body(relay)
        stage.intact()


def test_a_second_mail_of_one_cause_waits_for_more(tmp_path: Path) -> None:
    """What comes after the first mail is in a second one, a quarter of an hour later at the earliest."""
    with told(tmp_path) as (stage, relay):
        stage.drop("un", sidecar=FIXED_LINE)
        stage.run()
        later(stage, 3 * MINUTE)
        assert len(relay.mails) == 1
        for name in ("deux", "trois"):
            stage.drop(name, sidecar=FIXED_LINE)
            stage.run()
            later(stage, 3 * MINUTE)
        assert len(relay.mails) == 1
        later(stage, 15 * MINUTE)
        assert relay.subjects[1:] == ["À CORRIGER – 2 demandes pour une même raison"]


def test_nothing_at_night_that_can_wait(tmp_path: Path) -> None:
    """A launch, its news and the administrator's wait for the morning; what is out goes on; status and mails say so."""
    quiet = 'policy: {quiet_hours: "20:00-08:00", weekends: quiet}\n'
    with told(tmp_path, more=quiet) as (stage, relay):
        stage.drop("parti")
        stage.run()
        assert stage.sends() == [1]
        on_a(stage, 4, "20:30")
        stage.renew()
        stage.drop("lettre")
        stage.drop("envoyer", sidecar=ONE + "action: envoyer\n")
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.platform.person_refuses(stage.platform.transactions()[0].id, MARIE, "Non.")
        stage.clock.advance(30 * MINUTE)
        stage.run()
        assert stage.sends() == [1]
        monday = (stage.clock.now().astimezone(PARIS) + timedelta(days=3)).date()
        line = stage.first_line()
        assert line.startswith("EN ATTENTE – départ prévu le")
        assert f"{monday.day}" in line
        assert line.endswith("à 8 h 00 (horaires du cabinet)")
        assert stage.first_line("envoyer").startswith("EN ATTENTE – départ prévu")
        assert stage.first_line("parti").startswith("REFUSÉ")
        for _ in range(18):
            later(stage, 3 * HOUR)
            stage.renew()
        assert (stage.sends(), relay.mails) == ([1], [])
        at(stage, "08:01")
        stage.renew()
        stage.run()
        tell(stage.parts)
        assert sorted(stage.sends()) == [1, 1, 1]
        assert sorted(each.split(" ")[0] for each in relay.subjects) == ["REFUSÉ", "Signatures", "À"]
        stage.intact()


def test_a_doubt_at_night_is_not_asked_about_at_every_pass(tmp_path: Path) -> None:
    """What perhaps did not leave leaves once in the morning; until then the platform is asked now and then alone."""
    refused = ", contract: {expectations: {second_send_refused: true}}"
    with told(tmp_path, more='policy: {quiet_hours: "20:00-08:00"}\n', contract=refused) as (stage, _):
        at(stage, "19:55")
        stage.renew()
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop()
        stage.run(3)
        at(stage, "20:30")
        stage.run()
        assert (stage.record().state, stage.sends()) == (State.MARKED, [0])
        asked = len(stage.platform.requests)
        for _ in range(40):
            stage.clock.advance(15)
            stage.round()
        assert len(stage.platform.requests) - asked <= 2
        at(stage, "08:01")
        for _ in range(3):
            later(stage, MINUTE)
        assert stage.sends() == [1]
        stage.intact()


def test_the_hour_of_the_next_reminder_is_one_at_which_it_leaves(tmp_path: Path) -> None:
    """Too early in the evening: an hour later is night, so it is possible in the morning, and leaves then."""
    with told(tmp_path, more='policy: {quiet_hours: "20:00-08:00", weekends: quiet}\n') as (stage, _):
        on_a(stage, 4, "19:20")
        stage.renew()
        stage.drop()
        stage.run()
        stage.write("lettre.sign.yaml", ONE + "action: relancer\n")
        later(stage, 10 * MINUTE)
        stage.run()
        monday = (stage.clock.now().astimezone(PARIS) + timedelta(days=3)).date()
        line = stage.first_line()
        assert " – rappel possible à partir du " in line
        assert f"{monday.day}" in line
        assert line.endswith(" à 8 h 00")
        on_a(stage, 0, "08:01")
        stage.renew()
        stage.write("lettre.sign.yaml", ONE + "action: relancer 2\n")
        stage.run()
        assert stage.platform.transactions()[0].reminders == 1
        stage.intact()


def test_reminders_keep_the_hours(tmp_path: Path) -> None:
    """By themselves and by order: not at night, not on a day off; the order waits, and its status says until when."""
    rhythm = "reminders: {first_after: 4d, every: 1d, at_most: 3}"
    more = f'policy: {{quiet_hours: "20:00-08:00", weekends: quiet, {rhythm}}}\n'
    with told(tmp_path, more=more) as (stage, _):
        stage.clock.advance(11 * HOUR)  # 21:00: it leaves on Tuesday at eight
        stage.drop("lettre")
        stage.run()
        at(stage, "08:01")
        stage.run()
        assert stage.sends() == [1]
        for _ in range(40):
            stage.clock.advance(4 * HOUR)
            stage.renew()
            stage.round()
        times = [one.astimezone(PARIS) for one in stage.record().signatories[0].reminded_at]
        assert times, "four days after Tuesday is Saturday"
        assert all(8 <= one.hour < 20 and one.weekday() < 5 for one in times)
        assert times[0].weekday() == 0
        at(stage, "21:00")
        stage.renew()
        stage.write("lettre.sign.yaml", ONE + "action: relancer\n")
        stage.run()
        before = stage.platform.transactions()[0].reminders
        status = stage.status().replace("\u00a0", " ")
        assert "« relancer » est lu et sera suivi le" in status.replace("\n", " ")
        assert "à 8 h 00 (horaires du cabinet)" in status.replace("\n", " ")
        written = stage.record().updated_at
        for _ in range(4):
            later(stage, HOUR)
        assert stage.status().replace("\u00a0", " ") == status
        assert stage.platform.transactions()[0].reminders == before
        at(stage, "08:01")
        stage.renew()
        stage.run()
        assert stage.platform.transactions()[0].reminders == before + 1
        assert "Rappel fait le" in stage.status().replace("\u00a0", " ")
        assert written < stage.record().updated_at
        stage.intact()


def test_the_relay_is_away_and_the_service_is_killed(tmp_path: Path) -> None:
    """Nothing is lost, nothing hurried; after a crash before the fact the same mail goes again under its name."""
    with told(tmp_path) as (stage, relay):
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        relay.stop()
        for _ in range(8):
            later(stage, 5 * MINUTE)
        assert stage.parts.journal.last_account_event("machine relay", "alarm") is not None
        stage.restart()
        relay.start()
        assert relay.mails == []
        stage.parts.journal.end_letters = _dies  # type: ignore[method-assign]
        with pytest.raises(_Death):
            later(stage, HOUR)
        assert len(relay.mails) == 1
        stage.restart()
        stage.drop("encore", sidecar=FIXED_LINE)
        stage.run()
        later(stage, HOUR)
        # The double is the same in every word, so that whoever drops it loses nothing; what came since is another mail.
        # What the alarm about the relay itself would have said is over before anybody was told.
        assert relay.mails[0]["Message-ID"] == relay.mails[1]["Message-ID"]
        assert body(relay, 0) == body(relay, 1)
        later(stage, HOUR)
        assert relay.to == [NOTIFY] * 3
        assert relay.mails[2]["Message-ID"] != relay.mails[0]["Message-ID"]
        assert "encore" in body(relay, 2)
        later(stage, DAY)
        assert [one for one in relay.subjects[3:] if one.startswith("À CORRIGER")] == []


class _Death(BaseException):
    """The process ends here."""


def _dies(*_: Any, **__: Any) -> None:
    raise _Death


def test_refused_for_good_is_given_up_after_days(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """5xx for one address keeps no other mail; it is tried less and less, given up, and said without a name."""
    with told(tmp_path, folder={"notify": f"[{NOTIFY}, parti@cabinet.fr]"}) as (stage, relay):
        relay.says_to = lambda address: "550 no such user" if address == "parti@cabinet.fr" else "250 OK"
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        later(stage, 3 * MINUTE)
        assert relay.to == [NOTIFY]
        caplog.clear()
        for _ in range(5 * 12):
            later(stage, 2 * HOUR)
            stage.renew()
        assert [one for one in stage.parts.journal.letters() if one.kind == "request"] == []
        ref = stage.record("fixe").ref
        given_up = [one for one in caplog.messages if "given up" in one]
        assert any(ref in one and "status" not in one for one in given_up)
        assert "parti@" not in caplog.text


def test_the_administrator_is_told_once_and_once_more(tmp_path: Path) -> None:
    """No credit: one mail to who administers, one to the owner, and one when it is over; the status says when."""
    with told(tmp_path) as (stage, relay):
        stage.platform.credit = 0
        stage.drop("une")
        stage.drop("deux")
        stage.run()
        for _ in range(4):
            later(stage, 3 * MINUTE)
        stage.run()
        assert sorted(relay.to) == sorted([ADMIN, OWNER])
        admin, owner = relay.to.index(ADMIN), relay.to.index(OWNER)
        assert relay.subjects[admin] == ("jse-connector: account cabinet: the Jesignexpert credit is used up")
        assert relay.subjects[owner].startswith(
            "SIGNATURES EN PAUSE – le crédit Jesignexpert du cabinet est épuisé"
        )
        assert "(2 pour l’instant)" in body(relay, owner).replace("\n", " ")
        assert "Un message est parti le" in stage.status("une").replace("\u00a0", " ")
        stage.platform.credit = 10
        for _ in range(3):
            later(stage, 20 * MINUTE)
        assert relay.subjects[2:] == [
            "jse-connector: account cabinet: the Jesignexpert credit is used up - over"
        ]
        stage.intact()


def test_mail_is_taken_out_and_put_back(tmp_path: Path) -> None:
    """What was over meanwhile is news when it comes again; what waited for weeks is none any more."""
    with told(tmp_path) as (stage, relay):
        with_mail = stage.more
        stage.platform.credit = 0
        stage.drop()
        for _ in range(4):
            later(stage, 3 * MINUTE)
        assert sorted(relay.to) == sorted([ADMIN, OWNER])
        relay.stop()
        stage.drop("fixe", sidecar=FIXED_LINE)
        later(stage, 3 * MINUTE)
        stage.more = ""
        stage.restart()
        stage.platform.credit = 5
        for _ in range(3):
            later(stage, 3 * DAY)
            stage.renew()
        assert stage.first_line().startswith("EN COURS")
        assert stage.parts.journal.letters() == []
        relay.start()
        stage.more = with_mail
        stage.restart()
        on_a(stage, 0, "10:00")
        stage.renew()
        stage.platform.credit = 0
        del relay.mails[:]
        stage.drop("autre")
        for _ in range(4):
            later(stage, 3 * MINUTE)
        assert sorted(one for one in relay.to if one != NOTIFY) == sorted([ADMIN, OWNER])
        assert [one for one in relay.subjects if one.startswith("À CORRIGER")] == []
        journal, now = stage.parts.journal, stage.clock.now()
        journal.post(
            [Letter(key="k", kind="login", to="", cause="c", due_at=now, data={"account": "cabinet"})]
        )
        later(stage, MINUTE)
        assert journal.last_letter("c") is None, (
            "killed while it was told by hand: it keeps no other one waiting"
        )


def test_what_is_over_before_it_was_told_is_not_told(tmp_path: Path) -> None:
    """And what comes and goes is told once an hour at most."""
    from connector.steps.alarms import end_alarm, raise_alarm

    with told(tmp_path) as (stage, relay):
        for _ in range(5):
            raise_alarm(stage.parts, "configuration", "config_restart", "off", {"keys": ["metrics"]})
            later(stage, MINUTE)
            end_alarm(stage.parts, "configuration", "config_restart", "on")
            later(stage, MINUTE)
        later(stage, HOUR)
        assert relay.mails == []
        for _ in range(10):
            raise_alarm(stage.parts, "configuration", "config_restart", "off", {"keys": ["metrics"]})
            later(stage, 3 * MINUTE)
            end_alarm(stage.parts, "configuration", "config_restart", "on")
            later(stage, 3 * MINUTE)
        assert len(relay.mails) == 2
        assert (
            relay.subjects[0] == "jse-connector: configuration: a change of the configuration needs a restart"
        )


@pytest.mark.parametrize(
    "written",
    [
        "Bernard, Claire <claire@cabinet.fr>",
        "Claire Bernard, claire@cabinet.fr",
        "Claire Bernard claire@cabinet.fr",
        "Claire Bernard (claire@cabinet.fr)",
    ],
)
def test_who_asks_is_told_however_they_write_themselves(tmp_path: Path, written: str) -> None:
    """As a mail program shows it, as a person types it: what is read as an address without a word is written to."""
    with told(tmp_path) as (stage, relay):
        stage.drop("fixe", sidecar=f"{FIXED_LINE}demandeur: {written}\n")
        stage.run()
        later(stage, 4 * MINUTE)
        assert "demandeur" not in stage.status("fixe")
        assert sorted(relay.to) == ["claire@cabinet.fr", NOTIFY]
        stage.intact()


def test_each_person_has_one_digest_a_day(tmp_path: Path) -> None:
    """Of all that they are in the mails of; on working days, in the morning, and only with something new in it."""
    with told(tmp_path) as (stage, relay):
        stage.drop("une", sidecar=ONE + "demandeur: Claire Bernard <claire@cabinet.fr>\n")
        stage.drop("deux", sidecar=TWO)
        stage.drop("ailleurs", sidecar=ONE + "demandeur: moi@pirate.example\n")
        stage.run()
        at(stage, "08:05")
        stage.renew()
        stage.run()
        tell(stage.parts)
        assert sorted(relay.to) == ["claire@cabinet.fr", NOTIFY]
        mine = relay.to.index("claire@cabinet.fr")
        assert ("une" in body(relay, mine), "deux" in body(relay, mine)) == (True, False)
        assert relay.subjects[mine].startswith("Signatures au mardi") or "1 en cours" in relay.subjects[mine]
        at(stage, "08:05")
        stage.renew()
        stage.run()
        tell(stage.parts)
        assert len(relay.mails) == 2, "nothing has changed since"
        stage.sign(MARIE)
        stage.sign(CLAIRE)
        stage.run()
        at(stage, "08:05")
        stage.renew()
        stage.run()
        posted = stage.parts.journal.post

        def killed(letters: Iterable[Letter], **more: Any) -> int:
            kept = list(letters)
            if any(one.kind == "digest" for one in kept):
                raise _Death
            return posted(kept, **more)

        stage.parts.journal.post = killed  # type: ignore[method-assign]
        with pytest.raises(_Death):
            tell(stage.parts)
        stage.restart()
        later(stage, MINUTE)
        assert len(relay.mails) == 4, "killed before they were kept: they are of this day all the same"
        assert "terminée" in relay.subjects[2]
        on_a(stage, 5, "09:00")
        tell(stage.parts)
        assert all(each.split("@")[1] == "cabinet.fr" for each in relay.to)


def test_the_service_tells_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside its passes, without anybody's doing; a ping once every side was worked with, none while one fails."""
    monkeypatch.setattr("connector.daemon.TELL_EVERY", timedelta(seconds=0.1))
    with listening() as url, told(tmp_path, more=f"ping: {{url: '{url}'}}\n") as (stage, relay):
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.parts.timing = replace(stage.parts.timing, gather=timedelta(0))
        daemon = Daemon(stage.parts, load_config(stage.config_text))
        ends = time.monotonic() + 30

        def wait() -> None:
            while time.monotonic() < ends and not (relay.mails and Heard.told):
                stage.clock.advance(1)  # what was dropped settles
                time.sleep(0.02)
            daemon.stop()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert daemon.run()
        waiting.join()
        assert relay.to == [NOTIFY]
        assert [method for method, _, _ in Heard.told] == ["GET"]
        stage.dms.misbehave(kind="status", status=503, times=None)
        Heard.told.clear()
        assert stage.parts.ping is not None
        stage.parts.ping._last = float("-inf")
        again = Daemon(stage.parts, load_config(stage.config_text))
        timer = threading.Timer(2.0, again.stop)
        timer.start()
        assert again.run()
        timer.join()
        assert Heard.told == []


def test_an_end_that_is_learned_anew_is_old(tmp_path: Path) -> None:
    """The journal is lost: what was refused weeks ago is not told as if it happened now; what happens now is."""
    with told(tmp_path) as (stage, relay):
        stage.drop("une")
        stage.run()
        stage.refuse()
        for _ in range(2):
            later(stage, 11 * MINUTE)
        assert len(relay.mails) == 1
        later(stage, 3 * DAY)
        stage.renew()
        at(stage, "22:00")
        relay.mails.clear()
        stage.lose_journal()
        stage.drop("deux")
        stage.run()
        for _ in range(3):
            later(stage, 11 * MINUTE)
        assert [one for one in relay.subjects if one.startswith("REFUSÉ")] == []
        assert [record.state.value for record in stage.records() if record.closed] == ["refused"]


def test_what_is_marked_and_did_not_leave_waits_as_well(tmp_path: Path) -> None:
    """Refused for want of credit in the evening, recharged at night: the invitation leaves in the morning."""
    with told(tmp_path, more='policy: {quiet_hours: "20:00-08:00"}\n') as (stage, _):
        at(stage, "19:30")
        stage.renew()
        stage.platform.credit = 0
        stage.drop()
        stage.run()
        assert stage.record().state is State.MARKED
        at(stage, "21:00")
        stage.platform.credit = 5
        for _ in range(5):
            later(stage, 2 * HOUR)
        assert stage.sends() == [0]
        at(stage, "08:01")
        for _ in range(3):
            later(stage, MINUTE)
        assert stage.sends() == [1]
        stage.intact()


def test_what_cannot_leave_keeps_nothing_else(tmp_path: Path) -> None:
    """A mail, or a call, that meets a defect on its way is tried again and stops none of the others."""
    with listening() as url:
        more = f"hooks: {{one: {{url: '{url}', events: alarm}}, two: {{url: '{url}', events: alarm}}}}\n"
        with told(tmp_path, more=more) as (stage, relay):
            now = stage.clock.now()
            letters = [
                Letter(
                    key=f"bad {number}", kind=kind, to=to, cause=f"c{number}", due_at=now,
                    data={"subject": "machine", "cause": "clock", "data": {}, "name": name},
                )
                for number, (kind, to, name) in enumerate(
                    [("alarm", "x\ny@cabinet.fr", ""), ("hook", "one", "\udce9"), ("hook", "two", "")]
                )
            ]  # fmt: skip
            stage.parts.journal.post(letters)
            stage.drop("autre", sidecar=FIXED_LINE)
            stage.run()
            later(stage, 20 * MINUTE)
            assert relay.to == [NOTIFY]
            assert len(Heard.told) == 1
            assert {one.error for one in stage.parts.journal.letters()} == {"a defect"}
