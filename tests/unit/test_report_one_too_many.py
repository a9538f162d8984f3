"""Two files where one is wanted: the point and what can be done about it say the same."""

from __future__ import annotations

import pytest

from connector.lifecycle import Record, State
from connector.report.status import render_status
from tests.unit.report_example import CONTEXT, problem, record, with_context

NAMES = "Lettre DUPONT.sign.txt, Lettre DUPONT.sign.yaml"
LINE = {"code": "unknown_key", "line": 2, "values": {"written": "obget", "nearest": "objet"}}


def advice(one: Record, language: str = "fr") -> str:
    context = CONTEXT if language == "fr" else with_context(language="en")
    text = " ".join(" ".join(render_status(one, context).body).replace("\u00a0", " ").split())
    return text.partition("Ce que vous pouvez faire" if language == "fr" else "What you can do")[2]


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("two_sidecars", f"Gardez une seule de ces demandes ({NAMES}), et supprimez l’autre."),
        ("two_settings", f"Gardez un seul de ces fichiers de réglages ({NAMES}), et supprimez l’autre."),
        (
            "settings_misnamed",
            f"Donnez à « {NAMES} » le nom « _signature.yaml » ; s’il ne doit rien régler ici, "
            "donnez-lui un tout autre nom.",
        ),
        (
            "settings_not_text",
            f"Copiez le texte de « {NAMES} » dans un fichier « _signature.yaml », fait avec le Bloc-notes ; s’il ne "
            f"doit rien régler ici, donnez-lui un tout autre nom.",
        ),
        ("pdf_name_ambiguous", f"Renommez celui de ces PDF qui n’est pas à signer ({NAMES})."),
    ],
)
def test_the_one_too_many_is_not_corrected_line_by_line(code: str, wanted: str) -> None:
    """Nobody is told to open, correct and save a file of which nothing is wrong."""
    told = advice(problem(code, names=NAMES, **({"file": "_signature.yaml"} if "settings" in code else {})))
    # Settings that are not read may say that it waits.
    leaves = "" if "settings" in code else " et part d’elle-même si tout est juste"
    assert told == f" • {wanted} La demande est relue aussitôt{leaves}."
    english = advice(problem(code, names=NAMES), "en")
    assert "Open" not in english
    assert "Replace" not in english


@pytest.mark.parametrize("file", ["", "Clients/_signature.yaml"])
def test_a_file_that_is_no_text_is_replaced(file: str) -> None:
    """Opened, corrected and saved by the same program it would be no text again; the first line names no file."""
    told = advice(problem("sidecar_not_text", **({"file": file} if file else {})))
    wanted = f" • Remplacez « {file or 'Lettre DUPONT.sign.yaml'} » par un fichier texte du même nom. "
    assert told.startswith(wanted)
    assert "Ouvrez" not in told


def test_a_wrong_line_beside_is_corrected_all_the_same() -> None:
    both = {"code": "two_sidecars", "line": None, "values": {"names": NAMES}}
    told = advice(record(State.REJECTED, problems=(both, LINE)))
    assert "et supprimez l’autre." in told
    assert "Ouvrez « Lettre DUPONT.sign.yaml », corrigez ce point, enregistrez." in told
