"""The dates people are told, from the platform and the signed document, over year's end and a month of silence (E5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.lifecycle import State
from connector.report.typography import on_day, on_day_at
from tests.faults.test_once import send_out
from tests.worlds import CLAIRE, MARIE, TWO, Stage

PARIS = ZoneInfo("Europe/Paris")
DAY = 86_400.0
TELLS_NO_DATES = ", contract: {fields: {status: {expires_at: null, signatory_date: null}}}"
TOO_LATE = 3 * 3600.0


def shown(text: str) -> str:
    """A status on one line, with plain spaces."""
    return " ".join(text.replace("\u00a0", " ").split())


def forward_to(stage: Stage, moment: datetime) -> None:
    stage.clock.advance((moment - stage.clock.now()).total_seconds())


def connected_for_good(stage: Stage) -> None:
    """Without a user's token, which would end after five days, in the middle of the story."""
    given = stage.platform.office_tokens()
    tokens = Tokens(office=given["office"], office_name=given["office_name"], user=None)
    TokenStore(stage.state.directory / "tokens").save("cabinet", tokens)


def late(stage: Stage, seconds: float) -> None:
    """Nobody looks for so long, then everything moves."""
    stage.clock.advance(seconds)
    stage.run()


def day(moment: datetime) -> str:
    return on_day(moment, PARIS).replace("\u00a0", " ")


def test_a_request_over_the_end_of_the_year(tmp_path: Path) -> None:
    """E5: It lapses on 31 December at 23 h 30 UTC: for the people of Paris that is 1 January.

    On all its days but the one on which the end is near, not a byte is written.
    """
    with Stage(tmp_path) as stage:
        connected_for_good(stage)
        year = stage.clock.now().year + 1
        forward_to(stage, datetime(year, 12, 16, 23, 29, 30, tzinfo=UTC))
        send_out(stage, "lettre")
        end = f"1er janvier {year + 1}"
        assert f"Sans signature avant le {end}, la demande expire." in shown(stage.status())
        told = {stage.status(): stage.clock.now()}
        while stage.record().state is State.IN_PROGRESS:
            told.setdefault(stage.status(), stage.clock.now())
            stage.clock.advance(DAY / 2)
            stage.round()
        stage.round()
        first, near = (each.split("\n")[0].replace("\u00a0", " ") for each in told)
        assert first == f"EN COURS – 0 signature sur 1 – attend Marie Dupont depuis le 17 décembre {year}"
        assert near == f"EN COURS – 0 signature sur 1 – expire le {end} : pensez à relancer"
        assert list(told.values())[1].astimezone(PARIS).date().isoformat() == f"{year}-12-29"
        assert stage.first_line() == f"EXPIRÉ – Marie Dupont n’a pas signé avant le {end}"
        ended = stage.record().ended_at
        assert ended is not None
        assert ended == stage.record().expires_at
        stage.intact()


def test_what_the_platform_does_not_date(tmp_path: Path) -> None:
    """The lapse is computed and said to be; a signature is dated by the document; an erasure by the known rule."""
    with Stage(tmp_path, contract=TELLS_NO_DATES) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre", sidecar=TWO)
        sent = stage.record().sent_at
        assert sent is not None
        late(stage, 600)
        computed = (
            f"Sans signature avant le {day(sent + timedelta(days=15))} (date calculée : Jesignexpert n’en"
        )
        assert computed in shown(stage.status())

        by_marie = stage.clock.now()
        stage.sign(MARIE)
        late(stage, TOO_LATE)
        noticed = shown(stage.status())
        assert "Marie Dupont a signé (signature vue le" in noticed
        assert shown(on_day_at(by_marie, PARIS)) not in noticed
        by_claire = stage.clock.now()
        stage.sign(CLAIRE)
        late(stage, TOO_LATE)
        assert stage.record().state is State.DELIVERED
        for facts, when in zip(stage.record().signatories, (by_marie, by_claire), strict=True):
            assert facts.signed_from == "signature"
            assert facts.signed_at is not None
            assert abs(facts.signed_at - when) < timedelta(seconds=5)
            assert f"{facts.name} a signé le " in shown(stage.status())
        assert "signature vue" not in shown(stage.status())
        stage.intact()


def test_a_document_that_does_not_come_back(tmp_path: Path) -> None:
    """It is said ten days before the platform erases it; the day it is lost is told by the rule, not by our return."""
    with Stage(tmp_path) as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
        stage.sign()
        late(stage, 60)
        signed = stage.record().signed_at
        assert signed is not None
        erased = day(signed + timedelta(days=30))
        for _ in range(19):
            stage.clock.advance(DAY)
            stage.round()
        assert (
            stage.first_line()
            == "SIGNÉ PAR TOUS – Jesignexpert prépare le document, il arrivera ici de lui-même"
        )
        stage.clock.advance(DAY + 3600)
        stage.round()
        stage.round()
        line = f"SIGNÉ PAR TOUS – pas encore revenu ; Jesignexpert l’efface vers le {erased}"
        assert stage.first_line() == line
        stage.stop()
        stage.clock.advance(30 * DAY)
        stage.start()
        stage.platform.behave()
        for _ in range(8):
            late(stage, 3600)
        assert stage.record().state is State.LOST
        lost = f"À VÉRIFIER – signé par tous, mais Jesignexpert a effacé le document le {erased}"
        assert stage.first_line() == lost
        stage.intact()
