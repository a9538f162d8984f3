"""Every order in every kind of state, on a real server: the table of the rules, read in the status of each request.

What each cell says stands in ``tests.order_table``, which ``tests/unit/test_orders_table.py`` holds against the code
for every state; here is how a request comes into each, and that nothing moves but what must.
"""

from __future__ import annotations

from pathlib import Path

from connector.lifecycle import State
from connector.sidecar.model import Verb
from tests.order_table import TYPED, cells, is_effect, sentence
from tests.worlds import MARIE, ONE, Stage

HOUR = 3600
BASE: dict[State, str] = {
    State.PREVIEWED: ONE + "envoi: non\n",
    State.DRAFT: ONE + "envoi: brouillon\n",
    State.REJECTED: f"signataires: Marie Dupont <{MARIE}> 04 78 12 34 56\n",
}
PLAYED = (
    *(State.WAITING_PDF, State.REJECTED, State.UNCONFIRMED, State.PREVIEWED, State.HELD),
    *(State.DRAFT, State.IN_PROGRESS, State.IN_DOUBT, State.SEALING, State.DELIVERED, State.REFUSED),
)
"""One of each kind: the others come the same way. What waits for the whole account is in ``test_orders``."""
CELLS = {(state, verb): cell for (state, verb), cell in cells().items() if state in PLAYED}


def named(state: State, verb: Verb | None = None) -> str:
    """Name of the letter on which the orders of a state are tried; those that move it have letters of their own."""
    return state.value + (f" {verb.value}" if verb else "")


def letters() -> dict[str, State]:
    """Every letter of the world."""
    moved = {named(state, verb): state for (state, verb), cell in CELLS.items() if is_effect(cell)}
    return {named(state): state for state in PLAYED} | moved


def sidecar(state: State, order: str = "") -> str:
    """The request of a letter in that state, with its order."""
    return BASE.get(state, ONE) + (f"action: {order}\n" if order else "")


def words(stage: Stage, name: str) -> str:
    """The status with its lines joined and plain spaces."""
    return " ".join(stage.status(name).replace("\u00a0", " ").split())


def look(stage: Stage, rounds: int = 2) -> None:
    """Two looks: what was saved has settled at the second, which tells of it."""
    for _ in range(rounds):
        stage.round()


def transactions(stage: Stage, wanted: State) -> list[str]:
    """Return those of the letters that are to come into this state."""
    return [str(stage.record(name).transaction) for name, state in letters().items() if state is wanted]


def build(stage: Stage) -> None:
    """Bring each letter into its state."""
    for name in [name for name, state in letters().items() if state is State.HELD]:
        stage.drop(name)
    stage.start()
    look(stage, 1)
    stage.drop("original")
    look(stage)
    doubtful = [name for name, state in letters().items() if state is State.IN_DOUBT]
    for name in doubtful:
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop(name)
        look(stage)
    for name, state in letters().items():
        if state is State.WAITING_PDF:
            stage.write(f"{name}.sign.yaml", sidecar(state))
        elif state is State.UNCONFIRMED:
            stage.copy("original.pdf", f"{name}.pdf")
            stage.copy("original.sign.yaml", f"{name}.sign.yaml")
        elif state not in {State.HELD, State.IN_DOUBT}:
            stage.drop(name, sidecar=sidecar(state))
    look(stage)
    for transaction in transactions(stage, State.REFUSED):
        stage.platform.person_refuses(transaction, MARIE, "Trop cher.")
    for transaction in transactions(stage, State.SEALING):
        stage.platform.misbehave(
            operation="download", kind="sealing", transaction=transaction, seconds=1000 * HOUR, times=None
        )
        stage.platform.person_signs(transaction, MARIE)
    for transaction in transactions(stage, State.DELIVERED):
        stage.platform.person_signs(transaction, MARIE)
    stage.clock.advance(600)
    look(stage, 3)
    for name, state in letters().items():
        assert stage.record(name).state is state, (name, stage.status(name))


def asked(stage: Stage) -> int:
    """How often the platform was asked to cancel or to remind."""
    return sum(request.operation in {"cancel", "remind"} for request in stage.platform.requests)


def test_every_order_in_every_state(tmp_path: Path) -> None:
    """Answered where it has no effect, and nothing moves; obeyed where it has one, and nothing leaves twice."""
    with Stage(tmp_path, start=False) as stage:
        build(stage)
        sends, before = stage.sends(), asked(stage)
        for verb in Verb:
            answered = [state for state in PLAYED if not is_effect(CELLS[state, verb])]
            for state in answered:
                stage.write(f"{named(state)}.sign.yaml", sidecar(state, TYPED[verb]))
            look(stage)
            for state in answered:
                cell, told = CELLS[state, verb], words(stage, named(state))
                assert stage.record(named(state)).state is state, told
                if cell is None:
                    assert f"« {TYPED[verb]} »" not in told
                else:
                    assert sentence(verb, cell, stem=named(state)) in told, told
        assert (stage.sends(), asked(stage)) == (sends, before)
        moved = {(state, verb): cell or "" for (state, verb), cell in CELLS.items() if is_effect(cell)}
        for state, verb in moved:
            stage.write(f"{named(state, verb)}.sign.yaml", sidecar(state, TYPED[verb]))
        look(stage, 3)
        for (state, verb), cell in moved.items():
            line = stage.first_line(named(state, verb))
            assert line.startswith(cell.removeprefix("→")), (state, verb, stage.status(named(state, verb)))
        assert all(count <= 1 for count in stage.sends())
        stage.intact()
