"""What people do on Jesignexpert's own site while a request is out (D5)."""

from __future__ import annotations

import copy
from pathlib import Path

from connector.lifecycle import State
from tests.faults.test_dates import connected_for_good
from tests.faults.test_once import Town, in_place, letter
from tests.worlds import CLAIRE, MARIE, TWO

PAUL = "paul.durand@cabinet.fr"
THREE = TWO + f"  - Paul Durand <{PAUL}> 06 11 22 33 44\n"


def shown(stage: Town, name: str) -> str:
    return " ".join(stage.status(name).replace("\u00a0", " ").split())


def swapped(stage: Town, transaction: str) -> None:
    """Somebody of the firm puts the second one first."""

    def act(_context: object, record: object) -> None:
        people = record.signatories  # type: ignore[attr-defined]
        people[0].status, people[1].status = people[1].status, people[0].status
        people[0], people[1] = people[1], people[0]
        for rank, one in enumerate(people, start=1):
            one.order = rank

    stage.platform.act(act, stage.platform._record(transaction))


def readdressed(stage: Town, transaction: str, before: str, after: str) -> None:
    """Somebody of the firm corrects an address."""

    def act(_context: object, record: object) -> None:
        for one in record.signatories:  # type: ignore[attr-defined]
            if one.email == before:
                one.email = after

    stage.platform.act(act, stage.platform._record(transaction))


def preceded(stage: Town, transaction: str, email: str) -> None:
    """Somebody of the firm lets one more person sign, before all others."""

    def act(_context: object, record: object) -> None:
        people = record.signatories  # type: ignore[attr-defined]
        one = copy.copy(people[-1])
        one.email, one.first_name, one.last_name = email, "Paul", "Durand"
        people.insert(0, one)
        for rank, each in enumerate(people, start=1):
            each.order = rank

    stage.platform.act(act, stage.platform._record(transaction))


def test_everything_that_can_be_done_there(tmp_path: Path) -> None:
    """D5: Refused by the second of three, lapsed, cancelled and deleted there, another order, another address: each is
    told as what it is, nobody's signature is told of another, and nothing is sent a second time."""
    with Town(tmp_path) as stage:
        connected_for_good(stage)
        stories = ("refus", "annulee", "supprimee", "ordre", "adresse", "ajout", "expiree")
        for name in stories:
            stage.drop(name, letter(name), THREE if name == "refus" else TWO)
        stage.run()
        of = {name: str(stage.record(name).transaction) for name in stories}
        for name in stories:
            assert stage.first_line(name).startswith("EN COURS – 0 signature"), name
        stage.platform.person_signs(of["refus"], MARIE)
        stage.run(3)
        stage.platform.person_refuses(of["refus"], CLAIRE, "Non.")
        stage.platform.site(of["annulee"], "cancel")
        stage.platform.site(of["supprimee"], "delete")
        swapped(stage, of["ordre"])
        readdressed(stage, of["adresse"], CLAIRE, PAUL)
        preceded(stage, of["ajout"], PAUL)
        stage.run(6)
        assert stage.first_line("refus").startswith("REFUSÉ – Claire Bernard a refusé de signer le ")
        assert "Paul Durand n’avait pas encore reçu l’invitation" in shown(stage, "refus")
        assert stage.first_line("annulee").startswith("ANNULÉ – depuis le site de Jesignexpert, le ")
        assert stage.record("supprimee").state is State.LOST
        assert stage.first_line("supprimee").startswith("À VÉRIFIER – ")
        facts = stage.record("ordre").signatories
        assert [(one.order, one.email, one.phone[-2:]) for one in facts] == [
            (1, CLAIRE, "32"),
            (2, MARIE, "78"),
        ]
        assert [one.name for one in facts] == ["Claire Bernard", "Marie Dupont"]
        facts = stage.record("ajout").signatories
        assert [(one.email, one.phone[-2:]) for one in facts] == [(PAUL, ""), (MARIE, "78"), (CLAIRE, "32")]
        facts = stage.record("adresse").signatories
        assert [one.email for one in facts] == [MARIE, PAUL]
        for name in ("ordre", "adresse"):
            for email in (CLAIRE, MARIE) if name == "ordre" else (MARIE, PAUL):
                stage.platform.person_signs(of[name], email)
                stage.run(3)
        stage.run()
        assert stage.first_line("ordre") == in_place("ordre")
        signed = {one.email: one.signed_at for one in stage.record("ordre").signatories}
        assert signed[CLAIRE] is not None
        assert signed[MARIE] is not None
        assert signed[CLAIRE] < signed[MARIE]
        assert stage.first_line("adresse") == in_place("adresse")
        stage.clock.advance(16 * 86_400)
        stage.run(4)
        assert stage.first_line("expiree").startswith("EXPIRÉ – Marie Dupont n’a pas signé avant le ")
        assert stage.sends() == [1] * len(stories)
        stage.intact()
