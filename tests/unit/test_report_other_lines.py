"""The other first lines (ux page section 2.3), each exactly, with a body in the pattern of the fourteen states.

``report_other_lines.txt`` holds each text whole, under the page's name of its case; ``~`` stands for U+00A0.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from connector.report.status import render_status
from tests.unit.report_example import variants
from tests.unit.report_more import more_variants

PAGE = {
    "preview-only folder": "PRÊT – aperçu seulement : l’envoi n’est pas encore ouvert dans ce dossier",
    "cancelled by us": "ANNULÉ – à votre demande, le 24 novembre 2026 ; plus personne ne peut signer",
    "cancelled on the site": "ANNULÉ – depuis le site de Jesignexpert, le 24 novembre 2026",
    "draft left there": "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site",
    "copy of an old request": "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti",
    "already signed": "À CORRIGER – ce PDF porte déjà une signature électronique",
    "too heavy": "À CORRIGER – le PDF pèse 14 Mo ; Jesignexpert accepte moins de 10 Mo",
    "password": "À CORRIGER – le PDF est protégé par un mot de passe",
    "form fields": "À CORRIGER – le PDF contient des champs à remplir ; imprimez-le d’abord en PDF",
    "words not found": "À CORRIGER – « Signature du client » ne figure pas dans le PDF (ligne 3)",
    "fenced by the firm": "À CORRIGER – ce dossier ne permet pas d’utiliser le compte « annecy » (ligne 2)",
    "folder taken away": "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici",
    "renamed while out": "EN COURS – 1 signature sur 2 – sous le nom « signé v2 OK.pdf », pas encore signé",
    "deleted while out": "EN COURS – 1 signature sur 2 – le PDF a été supprimé ; la signature continue",
    "expiry near": "EN COURS – 1 signature sur 2 – expire le 8 décembre 2026 : pensez à relancer",
    "reminder refused": "EN COURS – 0 signature sur 2 – rappel possible à partir de 11 h 42",
    "PDF locked on return": (
        "SIGNÉ PAR TOUS – « Lettre DUPONT.pdf » est ouvert par quelqu’un ; dépôt à sa fermeture"
    ),
    "return not as sent": "À VÉRIFIER – le document revenu n’est pas celui envoyé ; il n’a rien remplacé",
    "platform erases soon": "SIGNÉ PAR TOUS – dépôt impossible depuis le 2 décembre 2026 ; une copie est à l’abri",
    "erased, never fetched": (
        "À VÉRIFIER – signé par tous, mais Jesignexpert a effacé le document le 8 janvier 2027"
    ),
    "initials asked": "À CORRIGER – Jesignexpert ne permet pas de parapher ; retirez cette ligne (ligne 4)",
    "there before us": "À VÉRIFIER – cette demande était là avant la mise en service ; rien n’est parti",
    "old status by that name": "À VÉRIFIER – un suivi plus ancien porte ce nom ; rien n’est parti",
    "platform said no": "À VÉRIFIER – Jesignexpert n’a pas accepté la demande (motif ci-dessous)",
    "cannot write here": "EN ATTENTE – ce dossier ne permet pas d’écrire le suivi ; rien n’est parti",
}
TEXTS = dict(
    re.findall(
        r"(?ms)^======== (.*?)\n(.*?\n)(?=\n=|\Z)",
        Path(__file__).with_name("report_other_lines.txt").read_text("utf-8"),
    )
)
PATTERN = {
    "people": re.compile(r"^(Signataires?\b.*|Dernière signature : .*)$", re.MULTILINE),
    "what to do": re.compile(
        r"Ce que vous pouvez faire|rien à faire|Bon à savoir|écrivez dans|Qui peut agir"
    ),
}
NOT_LEFT = ("À CORRIGER", "À CONFIRMER", "À VÉRIFIER – cette", "À VÉRIFIER – un", "EN ATTENTE", "BROUILLON")
"""Nobody was asked yet: there is nothing to say of people's signatures."""


@cache
def rendered() -> dict[str, str]:
    """First line → text of the first variant that has it, as the file shows it."""
    found: dict[str, str] = {}
    for _, _, one, context in [*variants(), *more_variants()]:
        told = render_status(one, context)
        text = "\n".join([told.first_line, *told.body]).replace("\u00a0", "~") + "\n"
        found.setdefault(told.first_line.replace("\u00a0", " "), text)
    return found


@pytest.mark.parametrize("case", PAGE)
def test_the_first_line_is_the_pages_and_the_body_is_whole(case: str) -> None:
    """Letter for letter; what happened, then the people, then what can be done."""
    assert PAGE[case] in rendered(), "no record of the form test is told so"
    assert TEXTS[case] == rendered()[PAGE[case]]
    first, blank, *body = TEXTS[case].replace("~", " ").split("\n")
    assert (first, blank) == (PAGE[case], "")
    text = "\n".join(body)
    to_do = PATTERN["what to do"].search(text)
    assert to_do
    people = PATTERN["people"].search(text)
    no_people = first.startswith(NOT_LEFT) or "Jesignexpert n’a pas accepté" in first
    assert no_people or people
    if people and not first.startswith(("PRÊT", "SIGNÉ PAR TOUS")):
        assert 0 < people.start() < to_do.end(), (
            "what happened stands before the people, they before what to do"
        )


def test_the_file_holds_the_pages_cases_and_no_others() -> None:
    """One text for each row of section 2.3."""
    assert list(TEXTS) == list(PAGE)
