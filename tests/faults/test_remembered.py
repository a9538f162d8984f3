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


def test_an_address_alone_is_enough_the_second_time(tmp_path: Path) -> None:
    """Name and number come from the first request, the number masked; what is used again is proven again."""
    with Stage(tmp_path) as stage:
        stage.drop("premiere")
        stage.run()
        stage.sign()
        stage.run()
        first = stage.parts.journal.contact("cabinet", MARIE)
        assert first is not None
        stage.clock.advance(timedelta(days=2).total_seconds())
        stage.drop("seconde", sidecar=f"{MARIE}\nenvoi: non\n")
        stage.run()
        told = stage.status("seconde").replace("\u00a0", " ")
        assert "06 •• •• •• 78" in told
        assert "06 12 34 56 78" not in told
        stage.write("seconde.sign.yaml", f"signataires: {MARIE}\n")
        stage.run()
        stage.sign()
        stage.run()
        record = stage.record("seconde")
        assert record.state is State.DELIVERED
        assert record.request is not None
        assert record.request.signatories[0].filled == {"name": "known", "phone": "known"}
        second = stage.parts.journal.contact("cabinet", MARIE)
        assert second is not None
        assert (second.name, second.phone) == (first.name, first.phone)
        assert second.used_at - first.used_at > timedelta(days=1)
        stage.intact()


def test_a_request_that_lacks_a_mobile_is_judged_again(tmp_path: Path) -> None:
    """When somebody has become known: in vain once for a stranger, and it leaves when it is the right one."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=f"signataires: {MARIE}\n")

        def verdicts() -> int:
            stage.run()
            events = stage.parts.journal.events(stage.record())
            return Counter(name for _, name, _ in events)["rejected"]

        assert verdicts() == 1
        journal, now = stage.parts.journal, stage.clock.now()
        journal.remember("cabinet", CLAIRE, name="Claire", phone="+33698765432", at=now)
        assert verdicts() == 2
        assert verdicts() == 2
        assert stage.sends() == []
        journal.remember(
            "cabinet",
            MARIE,
            first_name="Marie",
            last_name="Dupont",
            name="Marie Dupont",
            phone="+33612345678",
            at=now,
        )
        stage.run()
        assert (stage.record().state, stage.sends()) == (State.IN_PROGRESS, [1]), stage.record().values
