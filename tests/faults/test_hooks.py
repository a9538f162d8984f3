"""Programs hear of each thing that happens: once, in a documented form, with names only where asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connector.config.model import OCCASIONS
from connector.journal import Letter
from connector.steps import news
from connector.steps.news import _HOOKS, TO_CHECK
from connector.steps.telling import tell
from tests import documents
from tests.faults.letters import send_out
from tests.faults.test_forgery import answers
from tests.faults.test_told import DAY, FIXED_LINE, HOUR, MINUTE, NOTIFY, body, later, mail, on_a, told
from tests.relays import Relay
from tests.unit.test_notify import Heard, listening
from tests.worlds import CLAIRE, MARIE, TWO, Stage


def payloads() -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in Heard.told]


def test_every_occasion_happens() -> None:
    """What the configuration lets one ask for is what is told."""
    assert {*_HOOKS.values(), TO_CHECK, "alarm", "alarm_over"} == set(OCCASIONS)


def test_what_happens_is_told_once(tmp_path: Path) -> None:
    """Each occasion of a request's life; a hook that is away loses nothing in a day, and keeps nobody waiting."""
    with listening() as url:
        more = (
            f"hooks:\n  all: {{url: '{url}'}}\n"
            f"  names: {{url: '{url}&names', events: signed, personal: true}}\n"
            "  broken: {command: /nowhere/at-all, events: sent}\n"
        )
        with Stage(tmp_path, more=more) as stage:
            stage.drop("deux", sidecar=TWO)
            stage.drop("fixe", sidecar=FIXED_LINE)
            stage.run()
            tell(stage.parts)
            assert sorted((one["event"], one["state"]) for one in payloads()) == [
                ("sent", "in_progress"),
                ("to_correct", "rejected"),
            ]
            Heard.status = 503
            stage.sign(MARIE)
            stage.sign(CLAIRE)
            for _ in range(3):
                later(stage, 11 * MINUTE)
            assert stage.first_line("deux").startswith("SIGNÉ")
            Heard.told.clear()
            Heard.status = 200
            for _ in range(3):
                later(stage, HOUR)
            signed = {one["id"].split()[1]: one for one in payloads() if one["event"] == "signed"}
            assert set(signed) == {"all", "names"}
            record = stage.record("deux")
            assert signed["all"] == {
                "format": 1,
                "event": "signed",
                "id": signed["all"]["id"],
                "at": signed["all"]["at"],
                "connector": "test-1",
                "ref": record.ref,
                "folder": "lettres",
                "account": "cabinet",
                "state": "delivered",
            }
            assert signed["names"]["document"] == "/Lettres/deux.pdf"
            assert signed["names"]["signatories"][0] == {
                "name": "Marie Dupont",
                "email": MARIE,
                "progress": "signed",
            }
            assert len(payloads()) == 2
            assert [one.to for one in stage.parts.journal.letters()] == ["broken"]
            stage.platform.credit = 0
            stage.drop("autre")
            stage.run()
            later(stage, MINUTE)
            stage.platform.credit = 5
            for _ in range(2):
                later(stage, 20 * MINUTE)
            told = [(one["event"], one.get("subject"), one.get("cause")) for one in payloads()[2:]]
            alarm = ("account:cabinet", "no_credit")
            assert told == [("alarm", *alarm), ("alarm_over", *alarm), ("sent", None, None)]
            later(stage, DAY)
            for _ in range(8):
                later(stage, 2 * HOUR)
            assert stage.parts.journal.letters() == []
            stage.intact()


def test_what_came_back_broken_is_not_called_signed(tmp_path: Path) -> None:
    """D4: A program that books what is signed hears another word of it, and nobody's digest says that all is done."""
    with listening() as url, told(tmp_path, more=f"hooks:\n  all: {{url: '{url}'}}\n") as (stage, relay):
        send_out(stage, "lettre")
        answers(stage, "download", "lettre", documents.broken())
        stage.sign()
        for _ in range(14):
            later(stage, 2 * HOUR)
        for _ in range(10):
            later(stage, 2 * HOUR)
        assert stage.first_line().startswith("SIGNÉ – mais le document revenu est à contrôler")
        assert [one["event"] for one in payloads()] == ["sent", "to_check"]
        last = body(relay)
        assert "SIGNÉ (1)" in last
        assert "À TRAITER" in last
        assert "rien à faire" not in last
        stage.intact()


def test_a_hook_that_hangs_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Two hundred letters to a hook that gives no answer would be half an hour of waiting: it is asked once a round,
    after the mails."""
    with Relay() as relay, Stage(tmp_path, start=False) as stage:
        stage.more = (
            mail(relay) + "hooks:\n  deaf: {url: 'http://127.0.0.1:1/x', events: [sent, to_correct]}\n"
        )
        on_a(stage, 0, "10:00")
        stage.renew()
        stage.settings["notify"] = NOTIFY
        stage.start()
        stage.run()
        tell(stage.parts)
        for name in ("une", "deux", "trois"):
            stage.drop(name)
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        counts, leaving = stage.parts.said.counts, stage.parts.journal.begin_letters
        kinds: list[str] = []

        def begun(letters: Sequence[Letter]) -> str:
            kinds.extend(one.kind for one in letters)
            return leaving(letters)

        stage.parts.journal.begin_letters = begun  # type: ignore[method-assign]
        news.take_in(stage.parts)
        stage.clock.advance(3 * MINUTE)
        tell(stage.parts)
        assert (kinds, counts["hooks_failed"], counts["mails"]) == (["request", "hook"], 1, 1)
        for _ in range(2):
            tell(stage.parts)
        assert counts["hooks_failed"] == 3, "each in its turn"


def test_nothing_is_kept_where_nobody_is_told(tmp_path: Path) -> None:
    """Without mail and hooks no letter is written; what happened before there was a relay is not told later."""
    with Stage(tmp_path) as stage:
        stage.drop("fixe", sidecar=FIXED_LINE)
        stage.run()
        tell(stage.parts)
        assert stage.parts.journal.letters() == []
        last = stage.parts.journal.told_up_to()
        assert last > 0
        assert stage.parts.journal.news(last) == []
