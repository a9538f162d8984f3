"""Jesignexpert does not know a request: only what it says itself is believed, and what is lost is lost for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from tests.faults.test_once import Town, letter, send_out
from tests.faults.test_orders import HOUR

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
