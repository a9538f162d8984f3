"""Whatever people, machines and platform do in whatever order: several letters, several kinds of requests.

What the exhaustive runs leave out: further documents and annexes, a folder's settings, drafts, refused sends, every
order in several wordings, letters that stand in each other's way.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connector.config.model import Ceiling
from connector.errors import AnsweredNo, Cause
from tests.adversary import paper
from tests.adversary.acts import ACTS, PREVIEW
from tests.adversary.judge import breaches
from tests.adversary.story import Run
from tests.adversary.world import ASKED, ROOT, Mode, Person, World

CLAIRE = "claire.bernard@cabinet.fr"
TWO = (
    "signataires:\n  - Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78\n"
    f"  - Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
)
SIDECARS = (
    ASKED,
    TWO,
    ASKED + "envoi: brouillon\n",
    ASKED + "envoi: non\n",
    ASKED + "documents: bilan.pdf\n",
    ASKED + "annexes: autre.pdf\n",
    TWO + "ordre: parallèle\n",
    "objet: Lettre\n",
)
ORDERS = (
    "action: recommencer\n",
    "action: Recommencer 2\n",
    "action: restart 3\n",
    "action: pas partie\n",
    "action: Pas  Partie 2\n",
    "action: déjà partie\n",
    "action: annuler\n",
    "action: relancer\n",
    "action: envoyer\n",
    "action: déverrouiller\n",
    "",
)
PASSES = strategies.integers(0, 4)
ASKING = ("recommencer", "restart", "pas partie")
NAMES = ("lettre", "bilan", "bail")
SETTINGS = (
    ASKED,
    "envoi: non\n",
    "envoi: brouillon\n",
    "puis: Claire Bernard <claire.bernard@cabinet.fr> 06 98 76 54 32\n",
)
LATER = (
    "crash",
    "journal_lost",
    "lost",
    "void",
    "late_1min",
    "late_20min",
    "no_credit",
    "said_no",
    "away_40min",
    "torn",
)


class Firm(RuleBasedStateMachine):
    """A folder in which three people work at once."""

    mode: Mode = "nextcloud"

    def __init__(self) -> None:
        super().__init__()
        self.run: Run

    @initialize(
        ceiling=strategies.sampled_from([Ceiling.LIVE, Ceiling.LIVE, Ceiling.DRAFT]),
        first=strategies.lists(strategies.sampled_from(SIDECARS), min_size=1, max_size=3),
        passes=strategies.integers(0, 6),
    )
    def begin(self, ceiling: Ceiling, first: list[str], passes: int) -> None:
        """The first passes over a folder in which nothing was asked for, and one to three letters."""
        world = World(self.mode, ceiling=ceiling)
        for name in NAMES[1:]:
            world.another(name)
        self.run = Run(self.mode, world=world)
        self.run.lenient = True
        self.run.machine.start()
        self.run.rounds(1)
        self.run.armed = True
        for person, asked in zip(world.people, first, strict=False):
            person.asked = asked
            self.run.world.clock.advance(2)
            person.drop()
        self.run.rounds(passes)

    def person(self, number: int) -> Person:
        """One of them."""
        return self.run.world.people[number]

    @rule(number=strategies.integers(0, 2), asked=strategies.sampled_from(SIDECARS), passes=PASSES)
    def drop(self, number: int, asked: str, passes: int) -> None:
        """Put a letter there, with one of many wishes."""
        person = self.person(number)
        if person.has(".pdf"):
            return
        person.asked, person.order = asked, ""
        self.run.world.clock.advance(2)
        person.drop()
        self.run.rounds(passes)

    @rule(number=strategies.integers(0, 2), act=strategies.sampled_from(sorted(ACTS)), passes=PASSES)
    def act(self, number: int, act: str, passes: int) -> None:
        """One of the acts of the exhaustive runs."""
        self.run.world.clock.advance(1.1)
        ACTS[act](self.person(number))
        self.run.world.clock.advance(1.1)
        self.run.rounds(passes)

    @rule(number=strategies.integers(0, 2), order=strategies.sampled_from(ORDERS), passes=PASSES)
    def order(self, number: int, order: str, passes: int) -> None:
        """An order, in one of its wordings."""
        person = self.person(number)
        if not person.has(".sign.yaml"):
            return
        person.asks += any(word in " ".join(order.lower().split()) for word in ASKING)
        person.order = order
        self.run.world.clock.advance(1.1)
        person.write(person.file(".sign.yaml"), (person.asked + order).encode())
        self.run.world.clock.advance(1.1)
        self.run.rounds(passes)

    @rule(text=strategies.sampled_from(SETTINGS))
    def settle(self, text: str) -> None:
        """Settings for the folder."""
        self.run.world.clock.advance(1.1)
        self.run.world.person.write(f"{ROOT}_signature.yaml", text.encode())
        self.run.world.clock.advance(1.1)

    @rule(what=strategies.sampled_from(LATER), points=strategies.integers(0, 25))
    def strike(self, what: str, points: int) -> None:
        """Something goes wrong soon."""
        self.run.later(what, points)

    @rule(passes=PASSES)
    def work(self, passes: int) -> None:
        """The connector works."""
        self.run.rounds(passes)

    @rule(minutes=strategies.sampled_from([1, 16, 60, 300, 1500]))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.run.world.clock.advance(minutes * 60)
        self.run.rounds(1)

    @rule(some=strategies.booleans())
    def sign(self, some: bool) -> None:
        """Those who are asked sign, the last of them perhaps later."""
        for transaction in self.run.world.platform.in_progress():
            self.run.world.platform.sign_by_all(transaction, but=int(some))
        self.run.rounds(1)

    @rule()
    def refuse(self) -> None:
        """Whoever's turn it is in the newest one refuses."""
        platform = self.run.world.platform
        for transaction in platform.in_progress()[-1:]:
            held = platform.transactions[transaction]
            first = next(one.email for one in held.signatories if one.email not in held.signed)
            platform.refuse(transaction, first, "Non.")

    @rule()
    def back_up(self) -> None:
        """The machine is backed up."""
        self.run.remember()

    @precondition(lambda self: len(self.run.points) > 10)
    @rule(age=strategies.one_of(strategies.none(), strategies.integers(0, 3)))
    def put_back(self, age: int | None) -> None:
        """The journal is lost, or an earlier one is put back."""
        self.run.put_back(age)

    @rule(
        cause=strategies.sampled_from(
            [
                Cause.NO_CREDIT,
                Cause.NO_RIGHT,
                Cause.TOKENS,
                Cause.BAD_FIELD,
                Cause.MAINTENANCE,
                Cause.RATE_LIMIT,
                Cause.UNKNOWN,
            ]
        )
    )
    def answer_no(self, cause: Cause) -> None:
        """The platform says no to the next send."""
        error = AnsweredNo(cause, "Refus.", service="cabinet", operation="send", status=400)
        self.run.world.platform.fault("send", error)

    def teardown(self) -> None:
        """Let everything come to rest, and judge it."""
        if not hasattr(self, "run"):
            return
        try:
            self.run.world.tokens_renewed_at = self.run.world.clock.at
            self.run.come_to_rest()
            found = breaches(self.run)
            assert not found, "\n".join([*found, *self.run.told])
        finally:
            self.run.close()


class PlainFirm(Firm):
    """The same on a server without ids and versions."""

    mode: Mode = "plain"


FIRMS = pytest.mark.parametrize("firm", [Firm, PlainFirm])


def bounded(examples: int, steps: int) -> Any:
    """So many stories of so many steps, the same ones each time."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def lived(firm: type[Firm], examples: int, steps: int) -> None:
    """Let a firm work."""
    logging.disable(logging.WARNING)
    try:
        run_state_machine_as_test(firm, settings=bounded(examples, steps))
    finally:
        logging.disable(logging.NOTSET)


@FIRMS
def test_whatever_happens(firm: type[Firm]) -> None:
    """Nothing twice, nothing lost, everything ends."""
    lived(firm, 3, 8)


@FIRMS
@pytest.mark.parametrize("theirs", [False, True])
def test_a_preview_gives_way_to_the_next(firm: type[Firm], theirs: bool) -> None:
    """Other settings of the folder make it anew; what a person saved under its name stays."""
    story = firm()
    story.begin(ceiling=Ceiling.LIVE, first=[ASKED + "envoi: non\n"], passes=0)
    story.work(passes=2)
    preview = story.run.world.person.file(PREVIEW)
    first = story.run.world.folder.content(preview)
    assert first
    if theirs:
        story.run.world.person.write(preview, paper.letter("autre", 7))
    story.settle(text=SETTINGS[-1])
    story.teardown()
    last = story.run.world.folder.content(preview)
    assert last == paper.letter("autre", 7) if theirs else last not in {None, first}


@FIRMS
def test_at_length(firm: type[Firm]) -> None:
    """The same, longer and more often."""
    lived(firm, 150, 40)
