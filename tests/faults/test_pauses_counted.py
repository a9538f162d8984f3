"""Account-wide pauses, counted: one notice, one event for the mail, launches held, nobody hammered, an end."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.lifecycle import State
from connector.passes import account_pass
from connector.report.alarms import CAUSES, alarm_mail
from connector.steps.alarms import standing
from connector.steps.parts import Timing
from connector.steps.refused_login import LOGIN_REFUSED
from tests.faults.test_dates import connected_for_good
from tests.faults.test_once import Town, letter, send_out
from tests.worlds import QUICK

NOTICE = "SIGNATURES EN PAUSE.txt"
PROBING = Timing(follow_first_hour=timedelta(seconds=60), retry_first=QUICK.retry_first)
HOUR = 3_600.0
JSON = {"kind": "status", "content_type": "application/json", "times": None}


def notice(stage: Town) -> str:
    """First line of the notice at the watched root, with plain spaces; empty where there is none."""
    if NOTICE not in stage.files():
        return ""
    return stage.read(NOTICE).decode("utf-8-sig").split("\r\n", 1)[0].replace("\u00a0", " ")


def begun(stage: Town, cause: str) -> int:
    """How many times the journal says that the account began to be held for that."""
    with stage.parts.journal._engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT data FROM event WHERE account = 'cabinet' AND name = 'held'"
        ).fetchall()
    return sum(f'"{cause}"' in data for (data,) in rows)


@dataclass(frozen=True)
class Obstacle:
    """How it begins and ends, what people read, and how often in an hour the platform may be asked for it."""

    begin: Callable[[Town], object]
    end: Callable[[Town], object]
    first: str
    follows: bool
    most: int


def locked(stage: Town) -> None:
    stage.platform.revoke_tokens()


def unlocked(stage: Town) -> None:
    connected_for_good(stage)
    file = stage.state.directory / "tokens" / "cabinet.json"
    os.utime(file, (stage.clock.timestamp(), stage.clock.timestamp()))


OBSTACLES: Mapping[str, Obstacle] = {
    "tokens": Obstacle(
        locked, unlocked, "la connexion du cabinet à Jesignexpert est à renouveler", False, 16
    ),
    "no_credit": Obstacle(
        lambda stage: setattr(stage.platform, "credit", 0),
        lambda stage: setattr(stage.platform, "credit", 100),
        "le crédit Jesignexpert du cabinet est épuisé",
        True,
        8,
    ),
    "no_right": Obstacle(
        lambda stage: stage.platform.switch(right=False),
        lambda stage: stage.platform.switch(right=True),
        "il manque une délégation sur Jesignexpert (« préparer »)",
        True,
        16,
    ),
    "maintenance": Obstacle(
        lambda stage: stage.platform.switch(maintenance=True),
        lambda stage: stage.platform.switch(maintenance=False),
        "Jesignexpert est en maintenance",
        False,
        16,
    ),
}


@pytest.mark.parametrize("cause", OBSTACLES)
def test_an_hour_of_it(tmp_path: Path, cause: str) -> None:
    """D2, D3: Three are out, four more wait: for an hour the platform is asked no more than this; told once, in one
    notice and each status; what is out goes on where it can; with its end all of them leave, once each."""
    obstacle = OBSTACLES[cause]
    with Town(tmp_path, timing=PROBING) as stage:
        connected_for_good(stage)
        send_out(stage, "a", "b", "c")
        obstacle.begin(stage)
        names = [f"neuve {number}" for number in range(4)]
        for name in names:
            stage.drop(name, letter(name))
        stage.run(6)
        before = len(stage.platform.requests)
        for _ in range(60):
            stage.clock.advance(60)
            stage.round()
        asked = stage.platform.requests[before:]
        followed = [one for one in asked if one.operation == "status"]
        launching = [one for one in asked if one.operation != "status"]
        assert len(launching) <= obstacle.most, [one.operation for one in launching]
        if obstacle.follows:
            assert len(followed) >= 3 * 5, "what is out is asked about as ever"
        else:
            assert len(followed) <= 8, "reads are held as well"
        assert notice(stage) == f"SIGNATURES EN PAUSE – {obstacle.first}"
        for name in names:
            assert stage.first_line(name).startswith(f"EN PAUSE – {obstacle.first}"), name
        assert begun(stage, cause) == 1
        hold = stage.parts.journal.held("cabinet")
        assert hold is not None
        assert hold.cause == cause
        obstacle.end(stage)
        for _ in range(3):
            stage.clock.advance(1000)
            stage.run(8)
        assert notice(stage) == ""
        assert sorted(stage.sends()) == [1] * 7
        assert stage.parts.journal.held("cabinet") is None
        stage.intact()


def test_credit_for_three_of_ten(tmp_path: Path) -> None:
    """D3: The credit ends after the third of ten; the seven others wait, and leave after the top-up, once each."""
    with Town(tmp_path) as stage:
        stage.platform.credit = 3
        for number in range(10):
            stage.drop(f"lettre {number}", letter(f"lettre {number}"))
        stage.run()
        assert sum(stage.sends()) == 3
        assert notice(stage).endswith("le crédit Jesignexpert du cabinet est épuisé")
        stage.platform.credit = 100
        for _ in range(3):
            stage.clock.advance(1000)
            stage.run()
        assert sorted(stage.sends()) == [1] * 10
        assert stage.platform.credit == 93
        assert notice(stage) == ""
        stage.intact()


def test_a_token_that_ends_in_the_middle(tmp_path: Path) -> None:
    """D2: It ends between two calls of one launch, at its upload and at its signatory: nothing half-made is sent, and
    new tokens take it all the way; the same login used by hand beside it harms nothing."""
    with Town(tmp_path, timing=PROBING) as stage:
        connected_for_good(stage)
        body = '{"Message": "token expired"}'
        for operation in ("upload", "signatory", "send"):
            stage.platform.misbehave(operation=operation, status=403, body=body, **{**JSON, "times": 1})
            stage.platform.misbehave(operation="validate", status=403, body=body, **{**JSON, "times": 1})
            stage.drop(operation, letter(operation))
            stage.run(4)
            assert stage.first_line(operation).startswith("EN PAUSE – la connexion du cabinet"), stage.status(
                operation
            )
            unlocked(stage)
            stage.clock.advance(1000)
            unlocked(stage)
            stage.run()
            assert stage.record(operation).state is State.IN_PROGRESS
        sent = [sends for sends in stage.sends() if sends]
        assert sent == [1, 1, 1]
        assert stage.tries() == 4
        stage.intact()


# ---------------------------------------------------------------------------------------- the folder


def test_another_password_is_put_in_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """C7: One 401 in a day of looks, told once; another password in its file, and it goes on without a restart."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.dms.accounts.change_password("signatures", "autre")
        stage.dms.forget_requests()
        with caplog.at_level(logging.ERROR):
            for _ in range(48):
                stage.clock.advance(1800)
                stage.round()
        assert [request.status for request in stage.dms.requests] == [401]
        assert sum("the login is refused" in one.message for one in caplog.records) == 1
        assert standing(stage.parts, "server:dms", LOGIN_REFUSED) is not None
        (stage.directory / "password").write_text("fausse")
        stage.run(4)
        assert [request.status for request in stage.dms.requests] == [401, 401], "another one is tried once"
        (stage.directory / "password").write_text("autre")
        stage.drop("neuve", letter("neuve"))
        stage.run()
        assert stage.first_line("neuve").startswith("EN COURS – ")
        assert standing(stage.parts, "server:dms", LOGIN_REFUSED) is None
        stage.intact()


# -------------------------------------------------------------------------------------- the mail


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_every_alarm_has_a_mail(cause: str) -> None:
    """What, where and what to do, on one subject line; one more when it is over; no value is left out."""
    data = {
        "since": "2026-11-26T10:00:00+00:00", "seconds": 150, "gone": 40, "known": 41, "refs": ["7F3K2Q"],
        "erased_from": "2026-12-08T09:00:00+00:00",
    }  # fmt: skip
    mail = alarm_mail("account:lyon", cause, data, ZoneInfo("Europe/Paris"))
    assert mail.subject.startswith("jse-connector: account lyon: ")
    assert "\n" not in mail.subject
    assert "{" not in mail.subject + mail.body
    assert "Since 26 Nov 2026 11:00 CET." in mail.body
    assert alarm_mail("account:lyon", cause, data, ZoneInfo("Europe/Paris"), over=True).subject.endswith(
        " - over"
    )


def test_the_pass_survives_what_it_asks(tmp_path: Path) -> None:
    """An account without any request of its own costs the platform nothing, held or not."""
    with Town(tmp_path) as stage:
        before = len(stage.platform.requests)
        for _ in range(20):
            stage.clock.advance(60)
            account_pass(stage.parts, "cabinet")
        assert len(stage.platform.requests) == before
