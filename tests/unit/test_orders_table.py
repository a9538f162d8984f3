"""Every order in every state: the code decides what the table of the rules says, in words, in both languages."""

from __future__ import annotations

import pytest

from connector.lifecycle import State
from connector.report.answers import ANSWERS
from connector.report.status import render_status
from connector.sidecar.model import Verb
from connector.sidecar.reading import read_orders, unknown_order, without_orders
from connector.steps import heeded
from tests.order_table import ROWS, TYPED, cells, is_effect, sentence
from tests.unit.report_example import CONTEXT, record, with_context

BEFORE = {
    State.WAITING_PDF,
    State.REJECTED,
    State.UNCONFIRMED,
    State.PREVIEWED,
    State.WAITING,
    State.HELD,
}
CELLS = cells()


def code_of(state: State, verb: Verb) -> str:
    """What the code decides for an order in a state, empty where it may have its effect."""
    if state in BEFORE:
        return heeded.before_sending(verb, state)
    if state.ended:
        delivered = {"delivered_at": CONTEXT.now} if state.value.startswith("delivered") else {}
        return heeded.after_the_end(verb, record(state, **delivered))
    return heeded.while_out(verb, state)


def told(state: State, verb: Verb, code: str, context: object = CONTEXT) -> str:
    """The status of a request that bears an answer, its lines joined, with plain spaces."""
    one = record(state, extra={"order": {"code": code, "wording": verb.value}})
    text = render_status(one, context).text  # type: ignore[arg-type]
    return " ".join(text.replace("\u00a0", " ").split())


def test_the_table_is_whole() -> None:
    """Every state that a status tells of, but those between two steps, which are WAITING to whoever reads."""
    missing = set(State) - set(ROWS)
    assert missing == {State.PREPARED, State.MARKED, State.WITHDRAWN}
    assert set(TYPED) == set(Verb)


@pytest.mark.parametrize(("state", "verb"), CELLS, ids=lambda each: each.value)
def test_each_order_in_each_state(state: State, verb: Verb) -> None:
    """Answered in exactly the words of the table, or left to have its effect."""
    cell, code = CELLS[state, verb], code_of(state, verb)
    if (state, verb) == (State.DELIVERED, Verb.RESTART):
        code = heeded.RESTART_ON_SIGNED  # the bytes that lie there decide
    if (state, verb) == (State.PREVIEWED, Verb.SEND):
        code = heeded.HAPPENS  # it waits no longer; what stays a preview is answered, below
    if cell is None or is_effect(cell):
        assert code == heeded.HAPPENS
        return
    assert code in ANSWERS
    words = told(state, verb, code)
    assert sentence(verb, cell, stem="Lettre DUPONT") in words, words
    english = told(state, verb, code, with_context(language="en"))
    assert f"“{verb.value}” " in english


def test_no_code_without_a_sentence() -> None:
    """Every code that is given has one, and no sentence is left that nothing gives."""
    given = {code_of(state, verb) for state, verb in CELLS} - {heeded.HAPPENS}
    elsewhere = {
        *(
            "left_over",
            "obeyed_before",
            "send_capped",
            "cancel_refused",
            "cancel_unavailable",
            "unknown",
            "unread",
            "no_text",
        ),
        *("restart_before", "restart_on_signed", "restart_stands", "name_taken", "below_mail_end"),
    }
    assert given | elsewhere == set(ANSWERS)


def test_sent_off_and_yet_a_preview() -> None:
    """By a line that is older than the preview, or where the folder's ceiling stops it."""
    assert heeded.before_sending(Verb.SEND, State.PREVIEWED) == "send_line_above"
    assert heeded.before_sending(Verb.SEND, State.PREVIEWED, capped=True) == "send_capped"
    assert "écrivez la ligne indiquée ci-dessus." in told(State.PREVIEWED, Verb.SEND, "send_line_above")
    assert "l’envoi n’était pas ouvert dans ce dossier." in told(State.PREVIEWED, Verb.SEND, "send_capped")


def test_an_answer_goes_with_its_state() -> None:
    """What was true while it was out is not said of its end, and the other way round."""
    assert "encore en cours" not in told(State.SEALING, Verb.RESTART, "restart_while_open")
    assert "rien n’est parti" not in told(State.IN_PROGRESS, Verb.REMIND, "not_sent_yet")
    assert "terminée" not in told(State.IN_PROGRESS, Verb.REMIND, "ended")
    assert "trop tard" in told(State.DELIVERED, Verb.CANCEL, "cancel_too_late")


def test_stopping_is_offered_where_it_is_known() -> None:
    """Where `annuler` turned out to be unknown, the site is named instead."""
    context = with_context(acted=frozenset(Verb) - {Verb.CANCEL})
    words = told(State.IN_PROGRESS, Verb.RESTART, "restart_while_open", context)
    assert "Arrêtez-la d’abord depuis le site de Jesignexpert, puis recommencez." in words
    assert "« annuler »" not in words


@pytest.mark.parametrize(("spelling", "verb"), [(word, verb) for verb, word in TYPED.items()])
def test_french_and_english_are_one_order(spelling: str, verb: Verb) -> None:
    """Accents, case and spaces are a person's own; the rest of the line makes it new, whatever its language."""
    plain = spelling.replace("é", "e").upper()
    for first in (spelling, plain, verb.value, f" {verb.value}  ".title()):
        action = read_orders(f"action: {first}\n".encode())
        assert action is not None
        assert (action.verb, action.wording) == (verb, verb.value)
        again = read_orders(f"action: {first}   2\n".encode())
        assert again is not None
        assert again.wording == f"{verb.value} 2"


@pytest.mark.parametrize(
    ("data", "unknown"),
    [
        ("action: anuler\n", "anuler"),
        ("signataires: x\nAction : arrêter tout\n", "arrêter tout"),
        ("action: annuler\n", ""),
        ("action:\n", ""),
        ("objet: action\n", ""),
        ("action: anuler\naction: annuler\n", ""),
        ("message: |\n  action: anuler\n", ""),
    ],
)
def test_an_order_that_is_none_is_found(data: str, unknown: str) -> None:
    assert unknown_order(data.encode()) == unknown


def test_a_request_without_its_orders() -> None:
    """Every line of that key goes, and nothing else; the other lines keep their numbers."""
    kept = "objet: action: annuler\n{}\nmessage: |\n  action: x\n  Action : y\n{}\nnote: a\n"
    left = without_orders(kept.format("action: relancer", "Action : annuler").encode()).decode()
    assert left == kept.format("", "")
    assert without_orders("é: à\r\naction: annuler".encode("cp1252")) == "é: à\n".encode()
    assert without_orders(b"") == b""
