"""The word that lets a request go: put where it belongs, and in place of the line that stands there already."""

from __future__ import annotations

import pytest

from connector.config.model import Ceiling
from connector.lifecycle import Record, State
from connector.report.status import render_status
from connector.sidecar.model import Wish
from tests.unit.report_example import record, with_context, with_request

UPPER = "Lettres/_signature.yaml"


def ready(**request: object) -> Record:
    return with_request(record(State.PREVIEWED), **request)


def advice(one: Record, ceiling: Ceiling = Ceiling.LIVE, language: str = "fr") -> str:
    told = render_status(one, with_context(ready_count=38, ceiling=ceiling, language=language))
    text = " ".join(" ".join(told.body).replace("\u00a0", " ").split())
    return text.partition(
        "« Lettre DUPONT.apercu.pdf »" if language == "fr" else "“Lettre DUPONT.apercu.pdf”"
    )[2]


def test_where_nothing_is_said_the_line_is_written() -> None:
    told = advice(ready())
    assert "écrivez dans « Lettre DUPONT.sign.yaml » : envoi: oui" in told
    assert "écrivez la même ligne dans « _signature.yaml »" in told


@pytest.mark.parametrize(
    ("ceiling", "typed"), [(Ceiling.LIVE, "envoi: oui"), (Ceiling.DRAFT, "envoi: brouillon")]
)
def test_the_requests_own_line_gives_way(ceiling: Ceiling, typed: str) -> None:
    """Written a second time it would be refused; and no word in the settings lets this one go."""
    told = advice(ready(send=Wish.PREVIEW, lines={"send": 3}), ceiling)
    assert f"mettez dans « Lettre DUPONT.sign.yaml », à la place de la ligne 3 : {typed}" in told
    assert "_signature.yaml" not in told
    assert "écrivez" not in told


def test_the_line_of_the_settings_gives_way() -> None:
    """In the request it is a new one."""
    inherited = {"lines": {"send": 2}, "origins": {"send": "_signature.yaml"}}
    told = advice(ready(send=Wish.PREVIEW, **inherited))
    assert "écrivez dans « Lettre DUPONT.sign.yaml » : envoi: oui" in told
    assert "mettez la même ligne dans « _signature.yaml », à la place de la ligne 2." in told
    english = advice(ready(send=Wish.PREVIEW, **inherited), language="en")
    assert "put the same line into “_signature.yaml”, in place of line 2." in english


def test_a_line_further_up_is_left_alone() -> None:
    """The nearest settings say nothing of it: there the line is new."""
    told = advice(ready(send=Wish.PREVIEW, lines={"send": 2}, origins={"send": UPPER}))
    assert "écrivez la même ligne dans « _signature.yaml »" in told


def test_settings_that_say_so_already_are_saved_again() -> None:
    """An order may not stand in settings: the line that the request takes is not for them."""
    told = advice(ready(send=Wish.SEND, lines={"send": 2}, origins={"send": "_signature.yaml"}))
    assert "écrivez dans « Lettre DUPONT.sign.yaml » : action: envoyer" in told
    assert "enregistrez de nouveau « _signature.yaml »" in told
    assert "la même ligne" not in told


def test_an_order_is_a_line_of_its_own() -> None:
    """Where ``envoi: oui`` stands, what is written is another key."""
    told = advice(ready(send=Wish.SEND, lines={"send": 3}))
    assert "écrivez dans « Lettre DUPONT.sign.yaml » : action: envoyer" in told
    assert "_signature.yaml" not in told
