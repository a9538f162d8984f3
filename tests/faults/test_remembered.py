"""Who is remembered of whole stories: only those who signed, until their time is over; and what that cures."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests.worlds import CLAIRE, MARIE, TWO, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


def known(stage: Stage) -> dict[str, str]:
    return {contact.email: contact.phone for contact in stage.parts.journal.contacts()}


@MODES
def test_only_a_signature_teaches(tmp_path: Path, mode: Mode) -> None:
    """Neither a preview nor an invitation; the one who signed before the other declined, once it is over."""
    with Stage(tmp_path, mode) as stage:
        stage.drop("apercu", sidecar=TWO + "envoi: non\n")
        stage.drop(sidecar=TWO)
        stage.run()
        assert (stage.record("apercu").state, known(stage)) == (State.PREVIEWED, {})
        stage.sign(MARIE)
        stage.run()
        assert known(stage) == {}, "the request is not over yet"
        stage.refuse(CLAIRE)
        stage.run()
        assert stage.record().state is State.REFUSED
        assert known(stage) == {MARIE: "+33612345678"}
        stage.intact()


def test_nobody_is_remembered_where_the_firm_says_so(tmp_path: Path) -> None:
    with Stage(tmp_path, settings={"policy": "{remember_contacts: 0d}"}) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.run()
        assert (stage.record().state, known(stage)) == (State.DELIVERED, {})


def test_the_passes_forget_whose_time_is_over(tmp_path: Path) -> None:
    """By themselves, at the first pass of a day."""
    with Stage(tmp_path) as stage:
        now = stage.clock.now()
        for email, days in ((MARIE, 400), (CLAIRE, 398)):
            stage.parts.journal.remember("cabinet", email, name="x", at=now - timedelta(days=days))
        stage.round()
        assert set(known(stage)) == {MARIE, CLAIRE}, "today was looked at already"
        stage.clock.advance(timedelta(days=1).total_seconds())
        stage.round()
        assert set(known(stage)) == {CLAIRE}


def test_a_request_that_lacks_a_mobile_is_judged_again(tmp_path: Path) -> None:
    """Once, when somebody has become known; neither before nor at every pass afterwards."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=f"signataires:\n  - email: {MARIE}\n    prénom: Marie\n    nom: Dupont\n")

        def verdicts() -> int:
            stage.run()
            events = stage.parts.journal.events(stage.record())
            return Counter(name for _, name, _ in events)["rejected"]

        assert verdicts() == 1
        stage.parts.journal.remember(
            "cabinet", CLAIRE, name="Claire", phone="+33698765432", at=stage.clock.now()
        )
        assert verdicts() == 2
        assert verdicts() == 2
