"""What a status says of leaving by itself is what happens once all is right: nobody waits for what does not leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import documents
from tests.spreadsheets import person, workbook
from tests.worlds import ONE, Stage

FIXED_LINE = ONE.replace("06 12 34 56 78", "04 78 12 34 56")
LISTED = "Lettre 000"


def promised(stage: Stage, name: str) -> bool:
    """Is it said to leave without another word?"""
    told = " ".join(stage.status(name).replace("\u00a0", " ").split())
    assert told.startswith(("À CORRIGER", "EN ATTENTE DU PDF")), told
    said = {"part d’elle-même" in told, "partira d’elle-même" in told}
    assert True in said or "relue aussitôt." in told, told
    return True in said


def until_calm(stage: Stage) -> None:
    stage.run()
    stage.clock.advance(700)
    stage.run()


def listed(stage: Stage, settings: str = "") -> str:
    """One row becomes a request; returns its text."""
    if settings:
        stage.write("_signature.yaml", settings)
    stage.write(f"{LISTED}.pdf", documents.letter(1, LISTED))
    stage.write("_signataires.xlsx", workbook([person(0)]))
    stage.run(calm=6)
    return stage.read(f"{LISTED}.sign.yaml").decode("utf-8-sig")


def broken(text: str) -> str:
    return text.replace("06 10 00 34 57", "04 78 12 34 56")


def a_list(stage: Stage, *, own: str = "", settings: str = "") -> Callable[[], None]:
    text = listed(stage, settings) + own
    assert broken(text) != text
    stage.write(f"{LISTED}.sign.yaml", broken(text))
    return lambda: stage.write(f"{LISTED}.sign.yaml", text + "objet: Bonjour\n")


def a_list_never_shown(stage: Stage) -> Callable[[], None]:
    """Broken as soon as it is there, before anybody was shown what it says."""
    stage.write("_signature.yaml", "envoi: oui\n")
    stage.write(f"{LISTED}.pdf", documents.letter(1, LISTED))
    stage.write("_signataires.xlsx", workbook([person(0)]))
    for _ in range(10):
        if f"{LISTED}.sign.yaml" not in stage.files():
            stage.round()
    text = stage.read(f"{LISTED}.sign.yaml").decode("utf-8-sig")
    stage.write(f"{LISTED}.sign.yaml", broken(text))
    return lambda: stage.write(f"{LISTED}.sign.yaml", text + "objet: Bonjour\n")


def a_person(stage: Stage, *, wrong: str = FIXED_LINE, right: str = ONE) -> Callable[[], None]:
    stage.drop(LISTED, sidecar=wrong)
    return lambda: stage.write(f"{LISTED}.sign.yaml", right)


def stopped_meanwhile(stage: Stage) -> Callable[[], None]:
    a_person(stage)
    stage.run()
    stage.write(f"{LISTED}.sign.yaml", FIXED_LINE + "action: annuler\n")
    return lambda: stage.write(f"{LISTED}.sign.yaml", ONE + "action: annuler\n")


def held_by_settings(stage: Stage) -> Callable[[], None]:
    stage.write("_signature.yaml", "envoi: non\n")
    return a_person(stage, wrong=ONE + "???\n")


def held_by_settings_with_a_fault(stage: Stage) -> Callable[[], None]:
    stage.write("_signature.yaml", "envoi: non\nobget: Lettre\n")
    a_person(stage, wrong=ONE)
    return lambda: stage.write("_signature.yaml", "envoi: non\nobjet: Lettre\n")


def shown_before(stage: Stage) -> Callable[[], None]:
    """Its settings went after it was shown, then its PDF."""
    stage.write("_signature.yaml", "envoi: non\n")
    a_person(stage, wrong=ONE)
    stage.run()
    stage.delete("_signature.yaml")
    until_calm(stage)
    pdf = stage.read(f"{LISTED}.pdf")
    stage.delete(f"{LISTED}.pdf")
    return lambda: stage.write(f"{LISTED}.pdf", pdf)


def prepared_under_a_ceiling(stage: Stage, own: str = "envoi: oui\n") -> Callable[[], None]:
    """The ceiling is lifted while its PDF is away."""
    stage.settings = {"send": "preview"}
    stage.restart()
    stage.run()
    a_person(stage, wrong=ONE + own)
    until_calm(stage)
    pdf = stage.read(f"{LISTED}.pdf")
    stage.delete(f"{LISTED}.pdf")
    until_calm(stage)
    stage.settings = {"send": "live"}
    stage.restart()
    return lambda: stage.write(f"{LISTED}.pdf", pdf)


def prepared_under_a_ceiling_and_broken(stage: Stage) -> Callable[[], None]:
    """Corrected after the ceiling was lifted, by a file that says itself that it leaves."""
    put_back = prepared_under_a_ceiling(stage)
    put_back()
    stage.write(f"{LISTED}.sign.yaml", FIXED_LINE + "envoi: oui\n")
    return lambda: stage.write(f"{LISTED}.sign.yaml", ONE + "envoi: oui\nobjet: Bonjour\n")


@pytest.mark.parametrize(
    ("story", "leaves"),
    [
        pytest.param(a_person, True, id="a person's"),
        pytest.param(lambda stage: a_list(stage), False, id="of a list"),
        pytest.param(lambda stage: a_list(stage, own="envoi: oui\n"), True, id="of a list, let go itself"),
        pytest.param(lambda stage: a_list(stage, settings="envoi: oui\n"), False, id="of a list, settings"),
        pytest.param(a_list_never_shown, False, id="of a list, settings, never shown"),
        pytest.param(stopped_meanwhile, False, id="stopped meanwhile"),
        pytest.param(held_by_settings, False, id="not read, and held by settings"),
        pytest.param(held_by_settings_with_a_fault, False, id="held by settings with a fault"),
        pytest.param(shown_before, False, id="shown before"),
        pytest.param(prepared_under_a_ceiling, False, id="prepared under a ceiling"),
        pytest.param(prepared_under_a_ceiling_and_broken, True, id="prepared under a ceiling, corrected"),
    ],
)
def test_what_is_promised_is_what_happens(
    tmp_path: Path, story: Callable[[Stage], Callable[[], None]], leaves: bool
) -> None:
    with Stage(tmp_path) as stage:
        put_right = story(stage)
        until_calm(stage)
        said = promised(stage, LISTED)
        assert stage.sends() == []
        put_right()
        until_calm(stage)
        assert (said, stage.sends() == [1]) == (leaves, leaves), stage.first_line(LISTED)
        stage.intact()


def test_what_was_there_before_is_promised_nothing(tmp_path: Path) -> None:
    """With a fault, or without its PDF, it waits for a person like every other that was there."""
    with Stage(tmp_path, start=False) as stage:
        stage.drop("fautive", sidecar=FIXED_LINE)
        stage.write("seule.sign.yaml", ONE)
        stage.clock.advance(48 * 3600)
        stage.renew()
        stage.start()
        until_calm(stage)
        assert not promised(stage, "fautive")
        assert not promised(stage, "seule")
        stage.write("fautive.sign.yaml", ONE)
        stage.write("seule.pdf", documents.letter(text="seule"))
        until_calm(stage)
        assert stage.sends() == []
        assert stage.first_line("fautive").startswith("À VÉRIFIER")
        assert stage.first_line("seule").startswith("À VÉRIFIER")
        stage.intact()


def test_what_was_let_go_and_is_changed_is_shown_again(tmp_path: Path) -> None:
    """Two were let go by their folder's settings; the one that waits for tomorrow is corrected meanwhile."""
    with Stage(tmp_path, account={"max_sends_per_day": "1"}) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        for name in ("un", "deux"):
            stage.drop(name, sidecar=ONE.replace("marie", name))
        until_calm(stage)
        stage.write("_signature.yaml", "envoi: oui\n")
        until_calm(stage)
        assert stage.sends() == [1]
        waits = next(name for name in ("un", "deux") if stage.first_line(name).startswith("EN PAUSE"))
        stage.write(f"{waits}.sign.yaml", FIXED_LINE.replace("marie", waits))
        until_calm(stage)
        assert not promised(stage, waits)
        stage.write(f"{waits}.sign.yaml", ONE.replace("marie", waits) + "objet: Bonjour\n")
        until_calm(stage)
        assert stage.first_line(waits).startswith("PRÊT")
        stage.intact()
