"""What concerns a whole account is said once, holds the launches, and ends by itself."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from connector.changing import renewed
from connector.cli.rewiring import rewired
from connector.config import load_config
from connector.errors import AccessDenied
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.lifecycle import State
from connector.steps import waiting
from connector.steps.parts import Timing
from tests.faults.test_dates import connected_for_good
from tests.faults.test_once import send_out
from tests.worlds import QUICK, ROOT, Stage

NOTICE = "SIGNATURES EN PAUSE.txt"
PROBING = Timing(
    follow_first_hour=QUICK.follow_first_hour, retry_first=QUICK.retry_first, probe=timedelta(seconds=20)
)


def notice(stage: Stage) -> str:
    """First line of the notice at the watched root, with plain spaces."""
    return stage.read(NOTICE).decode("utf-8-sig").split("\r\n", 1)[0].replace("\u00a0", " ")


def test_no_credit(tmp_path: Path) -> None:
    """Without credit everything waits, one notice says why, and sending resumes once credit is back."""
    with Stage(tmp_path, timing=PROBING) as stage:
        stage.platform.credit = 0
        stage.drop("un")
        stage.drop("deux")
        stage.run(3)
        for name in ("un", "deux"):
            assert stage.first_line(name) == (
                "EN PAUSE – le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu"
            )
        assert notice(stage) == "SIGNATURES EN PAUSE – le crédit Jesignexpert du cabinet est épuisé"
        tries = [r for r in stage.platform.requests if r.operation == "send"]
        assert len(tries) == 1, "one request finds out, the others wait"
        stage.platform.credit = 10
        stage.clock.advance(30)
        stage.run(20)
        stage.clock.advance(30)
        stage.run(20)
        assert [stage.record(name).state for name in ("un", "deux")] == [State.IN_PROGRESS] * 2
        assert NOTICE not in stage.files()
        assert sorted(stage.sends()) == [1, 1]
        stage.intact()


def test_a_pause_that_nobody_waits_for(tmp_path: Path) -> None:
    """The request that met the empty credit is taken away: the notice does not outlive it for ever."""
    with Stage(tmp_path, timing=PROBING) as stage:
        stage.platform.credit = 0
        stage.drop("un")
        stage.run(3)
        assert NOTICE in stage.files()
        stage.delete("un.sign.yaml")
        stage.run(6)
        stage.clock.advance(60)
        stage.run(6)
        assert NOTICE not in stage.files()
        assert stage.parts.journal.held("cabinet") is None


def test_tokens_over(tmp_path: Path) -> None:
    """Refused tokens pause the account without hammering it; new tokens end the pause at once."""
    with Stage(tmp_path) as stage:
        stage.drop("avant")
        stage.run()
        stage.platform.revoke_tokens()
        stage.drop("un")
        stage.run(6)
        before = len(stage.platform.requests)
        stage.run(12)
        assert len(stage.platform.requests) - before <= 2, "an account whose tokens are refused is left alone"
        assert stage.first_line("un").startswith("EN PAUSE – la connexion du cabinet à Jesignexpert")
        assert notice(stage).startswith("SIGNATURES EN PAUSE – la connexion du cabinet")
        tokens = stage.platform.office_tokens()
        stage.clock.advance(0)
        store = TokenStore(stage.state.directory / "tokens")
        new = Tokens(office=tokens["office"], office_name="Cabinet", user=tokens["user"])
        store.save("cabinet", new)
        _touch_as_now(stage)
        stage.run(20)
        assert stage.record("un").state is State.IN_PROGRESS
        assert NOTICE not in stage.files()
        stage.intact()


def _touch_as_now(stage: Stage) -> None:
    """Give the new tokens' file the time of the stage's clock, which is ahead of the machine's."""
    import os

    file = stage.state.directory / "tokens" / "cabinet.json"
    os.utime(file, (stage.clock.timestamp(), stage.clock.timestamp()))


def test_contract_wrong(tmp_path: Path) -> None:
    """What was just created cannot be read back: nothing is sent, and the root says so (R11)."""
    contract = ", contract: {operations: {status: {path: 'transaction/{id}/nowhere'}}}"
    with Stage(tmp_path, contract=contract) as stage:
        stage.drop()
        stage.run(8)
        assert stage.sends() == [0] * len(stage.sends())
        assert notice(stage).startswith("SIGNATURES EN PAUSE – la liaison avec Jesignexpert est à vérifier")
        assert stage.first_line().startswith("EN PAUSE –")
        assert stage.record().state is State.WAITING


def test_brake_of_the_day(tmp_path: Path) -> None:
    """Beyond the day's limit requests wait, say so, and leave the next day."""
    with Stage(tmp_path, account={"max_sends_per_day": "1"}) as stage:
        stage.drop("un")
        stage.run()
        stage.drop("deux")
        stage.run()
        assert stage.sends() == [1]
        assert stage.first_line("deux") == (
            "EN PAUSE – 1 envoi aujourd’hui, la limite du cabinet ; la suite partira demain"
        ) or stage.first_line("deux").startswith("EN PAUSE – 1 envoi")
        stage.clock.advance(86_400)
        stage.run()
        assert sorted(stage.sends()) == [1, 1]
        stage.intact()


def test_unanswered_send_holds_the_others(tmp_path: Path) -> None:
    """After one unanswered send nothing of the account leaves until the platform answers a read (R9b)."""
    with Stage(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="cut_before", times=1)
        stage.platform.misbehave(operation="status", kind="status", status=500, times=3, skip=1)
        stage.drop("un")
        stage.drop("deux")
        stage.round()
        stage.round()
        stage.round()
        assert sum(stage.sends()) == 0
        for _ in range(8):
            stage.clock.advance(30)
            stage.run(3)
        assert stage.record("un").state is State.IN_DOUBT or stage.record("deux").state is State.IN_DOUBT
        assert sum(stage.sends()) == 1, "the other one leaves once the platform answers"
        stage.intact()


def test_maintenance(tmp_path: Path) -> None:
    """A maintenance is waited for; the request leaves once, afterwards."""
    with Stage(tmp_path, timing=PROBING) as stage:
        stage.platform.switch(maintenance=True)
        stage.drop()
        stage.run(6)
        assert stage.first_line().startswith(("EN PAUSE – Jesignexpert est en maintenance", "EN ATTENTE –"))
        stage.platform.switch(maintenance=False)
        stage.clock.advance(60)
        stage.run(20)
        assert stage.record().state is State.IN_PROGRESS
        assert stage.sends()[-1] == 1
        stage.intact()


@pytest.mark.parametrize(
    ("operation", "status", "text"),
    [("create", 429, "Too many requests"), ("create", 503, "maintenance"), ("send", 402, "credit")],
)
def test_a_long_wait_is_believed_for_an_hour(tmp_path: Path, operation: str, status: int, text: str) -> None:
    """One answer asks to be let be for a month: what was signed comes home, and what waits leaves, within hours."""
    said = {"content_type": "application/json", "body": json.dumps({"message": text}).encode()}
    wait = {"headers": {"Retry-After": "2592000"}}
    with Stage(tmp_path) as stage:
        connected_for_good(stage)
        send_out(stage, "une")
        stage.platform.misbehave(operation=operation, kind="status", status=status, **said, **wait)
        stage.drop("deux")
        stage.run()
        held = stage.parts.journal.held("cabinet")
        assert held is not None
        assert held.probe_at <= stage.clock.now() + timedelta(hours=1)
        stage.sign()
        for _ in range(12):
            stage.clock.advance(900)
            stage.run(2)
        assert stage.record("une").state is State.DELIVERED
        assert stage.parts.journal.held("cabinet") is None
        assert sorted(stage.sends()) == [1, 1]
        stage.intact()


def test_the_notice_goes_with_its_folder(tmp_path: Path) -> None:
    """Another path, another language: what was written before tells of no pause for ever, and no wish is read in it."""
    with Stage(tmp_path) as stage:
        stage.parts.journal.hold("cabinet", "manual", probe_at=stage.clock.now() + timedelta(days=99))
        stage.run()
        assert NOTICE in stage.files()
        stage.person.mkdir("Ailleurs")
        before = load_config(stage.config_text)
        for text, folder in (
            (stage.config_text.replace(f"/{ROOT}/", "/Ailleurs/"), "Ailleurs"),
            (stage.config_text, ROOT),
            (stage.config_text + "language: en\n", ROOT),
            (stage.config_text, ROOT),
        ):
            setup = rewired(stage.parts, before, load_config(text), stage.state, stage.seams, ExitStack())
            before, stage.parts, stage.memory = setup.config, setup.parts, renewed(stage.memory)
            stage.run()
            found = [f"{ROOT}/{name}" for name in stage.files() if "PAUSE" in name]
            found += [f"Ailleurs/{name}" for name in stage.files("Ailleurs") if "PAUSE" in name]
            assert len(found) == 1, found
            assert found[0].startswith(f"{folder}/")
        stage.parts.journal.release("cabinet")
        stage.run()
        assert NOTICE not in stage.files()


def test_a_folder_that_is_renamed_stays_paused(tmp_path: Path) -> None:
    """Its name is the administrator's alone: what they stopped goes on when they say so, and not before."""
    with Stage(tmp_path) as stage:
        stage.parts.journal.hold("folder:lettres", "manual", probe_at=stage.clock.now() + timedelta(days=99))
        named = stage.config_text.replace("folders: {lettres:", "folders: {courriers:")
        before = load_config(stage.config_text)
        setup = rewired(stage.parts, before, load_config(named), stage.state, stage.seams, ExitStack())
        stage.parts, stage.memory = setup.parts, renewed(stage.memory)
        stage.run()
        stage.drop()
        stage.run()
        assert stage.sends() == []
        assert stage.parts.journal.held_accounts() == {"folder:courriers"}
        stage.parts.journal.release("folder:courriers")
        stage.run()
        assert stage.sends() == [1]


def test_tokens_that_others_may_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """To people the connection is to be renewed; the administrator hears why, once a pause: it may be for nothing."""
    with Stage(tmp_path, timing=PROBING) as stage:
        file = stage.state.directory / "tokens" / "cabinet.json"
        file.chmod(0o644)
        for name in ("un", "deux"):
            stage.drop(name)
        stage.run(6)
        assert notice(stage).startswith("SIGNATURES EN PAUSE – la connexion du cabinet")
        said = [line for line in caplog.messages if line.startswith("account cabinet: ")]
        assert len(said) == 1
        assert f"chmod 600 {file}" in said[0]
        file.chmod(0o600)
        stage.clock.advance(60)
        stage.run(6)
        assert stage.sends() == [1, 1]


def test_tokens_that_others_may_read_of_an_account_that_is_stopped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is signed is fetched all the same: each try that cannot be made would be told anew, for ever."""
    with Stage(tmp_path, timing=PROBING) as stage:
        parts = stage.parts
        parts.journal.hold("cabinet", waiting.MANUAL, probe_at=parts.now())
        error = AccessDenied("others may read its tokens", service="cabinet")
        for _ in range(3):
            assert waiting.hold_without_tokens(parts, "cabinet", error).cause == waiting.MANUAL
        assert not [line for line in caplog.messages if line.startswith("account cabinet: ")]
        parts.journal.release("cabinet")
        for _ in range(3):
            waiting.hold_without_tokens(parts, "cabinet", error)
        assert len([line for line in caplog.messages if line.startswith("account cabinet: ")]) == 1
