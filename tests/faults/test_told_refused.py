"""The relay answers, and takes no mail at all: that is an alarm, however it says so; of one address it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.steps.alarms import standing
from connector.steps.machines import RELAY
from tests.faults.test_told import FIXED_LINE, HOUR, MINUTE, NOTIFY, later, told
from tests.worlds import Stage

BOTH = f"[{NOTIFY}, associes@cabinet.fr]"


def alarmed(stage: Stage) -> bool:
    return standing(stage.parts, "machine", RELAY) is not None


@pytest.mark.parametrize(
    "answer",
    [
        "553 5.7.1 <s@cabinet.fr>: Sender address rejected: not owned by user",
        "504 5.5.2 <[127.0.0.1]>: Helo command rejected: need fully-qualified hostname",
        "452 4.3.1 Insufficient system storage",
        "451 4.7.1 Service unavailable - try again later",
    ],
)
def test_what_is_said_of_whoever_sends(tmp_path: Path, answer: str) -> None:
    """To the recipient, as Postfix does: nobody else's mail would be taken. It is over once one is."""
    with told(tmp_path) as (stage, relay):
        relay.says_to = lambda _address: answer
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(8):
            later(stage, 5 * MINUTE)
        assert alarmed(stage)
        relay.says_to = lambda _address: "250 OK"
        later(stage, HOUR)
        assert not alarmed(stage)
        assert relay.to == [NOTIFY]


def test_what_is_said_to_everybody(tmp_path: Path) -> None:
    """Without a word about who it is that is refused."""
    with told(tmp_path, folder={"notify": BOTH}) as (stage, relay):
        relay.says = lambda _mail: "554 5.2.0 not allowed to send"
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(12):
            later(stage, 5 * MINUTE)
        assert alarmed(stage)


@pytest.mark.parametrize("answer", ["550 5.1.1 User unknown", "550 no such user"])
def test_what_is_said_of_all_who_were_written_to(tmp_path: Path, answer: str) -> None:
    """What is said of a mailbox is no alarm. Where that is not said, it is over with the next mail to anybody else,
    which does not wait until those are given up."""
    with told(tmp_path, folder={"notify": BOTH}) as (stage, relay):
        relay.says_to = lambda address: answer if address in BOTH else "250 OK"
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        for _ in range(6):
            later(stage, 5 * MINUTE)
        assert alarmed(stage) == ("5.1.1" not in answer)
        stage.platform.revoke_tokens()
        stage.drop()
        stage.run()
        for _ in range(4):
            later(stage, 5 * MINUTE)
        assert relay.to
        assert not alarmed(stage)


def test_what_is_said_of_one_address(tmp_path: Path) -> None:
    """The others' mails leave: no alarm, and nobody waits for it."""
    with told(tmp_path, folder={"notify": BOTH}) as (stage, relay):
        relay.says_to = lambda address: "550 no such user" if address == NOTIFY else "250 OK"
        for number in range(3):
            stage.drop(f"fixe {number}", sidecar=FIXED_LINE)
            stage.run()
            for _ in range(8):
                later(stage, 5 * MINUTE)
                assert not alarmed(stage)
            assert len(relay.mails) == number + 1
