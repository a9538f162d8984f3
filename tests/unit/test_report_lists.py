"""The texts of lists and drop folders: form, vocabulary, and a first line that is true (ux page sections 1.2, 2.1)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.report import drop, words
from connector.report.list_news import ListNews, Missing
from connector.report.lists import render_list
from connector.report.status import StatusText
from connector.report.typography import Language
from connector.sidecar.model import Wish
from tests.unit.report_example import PARIS, SENT
from tests.unit.test_report_form import FORBIDDEN, GENDERED, RELATIVE, is_typed

FILE = "_signataires.xlsx"
SUPPORT = "le service informatique (04 78 00 00 00)"
FIXED = Problem(
    code="phone_fixed_line",
    line=12,
    values={"who": "Marie Dupont", "written": "04 78 12 34 56", "file": FILE},
)
TWICE = Problem(
    code="list_document_twice", line=17, values={"document": "Lettre X", "other_line": "19", "file": FILE}
)
BASE = ListNews(file=FILE, ceiling=Ceiling.LIVE, total=40)

NEWS: dict[str, tuple[ListNews, str]] = {
    "before": (
        replace(BASE, there_before=True),
        "À VÉRIFIER – cette liste était là avant la mise en service ;",
    ),
    "fault": (
        replace(BASE, faults=(Problem(code="list_damaged", values={"file": FILE}),)),
        "À CORRIGER – la liste est incomplète ou abîmée",
    ),
    "faults": (
        replace(
            BASE,
            made=3,
            faults=tuple(
                Problem(code=code, values={"first": "e-mail", "written": "mail", "file": FILE})
                for code in ("list_column_twice", "list_no_document")
            ),
        ),
        "À CORRIGER – la colonne « mail » figure deux fois dans la liste",
    ),
    "hidden": (replace(BASE, hidden=3), "EN ATTENTE – 3 lignes masquées : affichez-les ou supprimez-les"),
    "one hidden": (replace(BASE, hidden=1), "EN ATTENTE – 1 ligne masquée : affichez-la ou supprimez-la"),
    "problems": (
        replace(BASE, made=38, problems=(FIXED, TWICE)),
        "À CORRIGER – 2 lignes sur 40 à corriger dans « _signataires.xlsx »",
    ),
    "rowless": (
        replace(BASE, made=40, rowless=("Lettre MOREAU.pdf", "Lettre PETIT.pdf")),
        "À VÉRIFIER – 2 demandes prêtes sans ligne dans « _signataires.xlsx »",
    ),
    "one rowless": (
        replace(BASE, total=0, rowless=("Lettre MOREAU.pdf",)),
        "À VÉRIFIER – 1 demande prête sans ligne dans « _signataires.xlsx »",
    ),
    "some filed": (
        replace(BASE, made=40, left=40, ended=27, signed=27, filed=27),
        "EN COURS – 27 demandes sur 40 signées et rangées ; le suivi des autres est à côté du PDF",
    ),
    "one filed": (
        replace(BASE, made=40, left=40, ended=2, signed=2, filed=1),
        "EN COURS – 1 demande sur 40 signée et rangée ; le suivi des autres est à côté du PDF",
    ),
    "all filed": (
        replace(BASE, made=40, left=40, ended=40, signed=40, filed=40),
        "SIGNÉ – 40 sur 40 ; toutes les demandes de cette liste sont terminées",
    ),
    "one row": (
        replace(BASE, made=39, left=2, problems=(FIXED, replace(TWICE, line=12))),
        "À CORRIGER – 1 ligne sur 40 à corriger dans « _signataires.xlsx »",
    ),
    "many": (
        replace(BASE, problems=tuple(replace(FIXED, line=line) for line in range(2, 42))),
        "À CORRIGER – 40 lignes sur 40 à corriger dans « _signataires.xlsx »",
    ),
    "empty": (replace(BASE, total=0), "EN ATTENTE – « _signataires.xlsx » ne contient encore aucune ligne"),
    "pending": (
        replace(BASE, total=120, made=50, pending=70),
        "EN ATTENTE – 50 demandes préparées sur 120 ; la suite arrive d’elle-même",
    ),
    "missing": (
        replace(
            BASE, made=38, missing=(Missing(line=4, document="Lettre GARCIA", near="Lettre GARCIAS.pdf"),) * 2
        ),
        "EN ATTENTE DU PDF – 2 lignes sur 40 attendent leur PDF",
    ),
    "one missing": (
        replace(BASE, made=39, missing=(Missing(line=4, document="Lettre GARCIA"),)),
        "EN ATTENTE DU PDF – 1 ligne sur 40 attend son PDF",
    ),
    "care": (
        replace(BASE, made=40, care=("Lettre MOREAU", "Lettre PETIT"), to_correct=True),
        "À CORRIGER – 2 demandes sur 40 à voir dans leur propre suivi",
    ),
    "held": (
        replace(BASE, made=40, care=("Lettre MOREAU",)),
        "À VÉRIFIER – 1 demande sur 40 à voir dans son propre suivi",
    ),
    "ready": (replace(BASE, made=40), "PRÊT – 40 demandes préparées, rien n’est parti"),
    "one ready": (replace(BASE, total=1, made=1), "PRÊT – 1 demande préparée, rien n’est parti"),
    "preview only": (
        replace(BASE, made=40, ceiling=Ceiling.PREVIEW),
        "PRÊT – 40 demandes préparées, rien n’est parti",
    ),
    "drafts": (
        replace(BASE, made=40, ceiling=Ceiling.DRAFT, said_already=True),
        "PRÊT – 40 demandes préparées, rien n’est parti",
    ),
    "said no": (
        replace(BASE, made=40, settings_line=3),
        "PRÊT – 40 demandes préparées, rien n’est parti",
    ),
    "elsewhere": (
        replace(BASE, made=40, elsewhere=True),
        "PRÊT – 40 demandes ; leur suivi est à côté des PDF",
    ),
    "left": (replace(BASE, made=40, left=40), "EN COURS – 40 demandes ; leur suivi est à côté des PDF"),
    "some over": (
        replace(BASE, made=40, left=40, ended=39, signed=39),
        "EN COURS – 40 demandes ; leur suivi est à côté des PDF",
    ),
    "over": (
        replace(BASE, made=40, left=40, ended=40, signed=36),
        "SIGNÉ – 36 sur 40 ; toutes les demandes de cette liste sont terminées",
    ),
    "over without": (
        replace(BASE, made=40, left=40, ended=40),
        "ANNULÉ – les demandes de cette liste sont terminées, sans document signé",
    ),
    "all withdrawn": (
        replace(BASE, total=2, withdrawn=(2, 3)),
        "ANNULÉ – les demandes de cette liste ont été supprimées, rien n’est parti",
    ),
    "over but one": (
        replace(BASE, made=39, left=39, ended=39, signed=39, withdrawn=(4,)),
        "SIGNÉ – 39 sur 39 ; toutes les demandes de cette liste sont terminées",
    ),
    "notes": (
        replace(
            BASE,
            made=40,
            changed=(3, 9, 12),
            withdrawn=(4,),
            without_row=("Lettre NOËL", "Lettre ROCHE"),
            ignored=("Civilité",),
            sheets=("Clients",),
            beside=("_signataires.csv",),
        ),
        "PRÊT – 40 demandes préparées, rien n’est parti",
    ),
}
LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])


def told(news: ListNews, language: Language = "fr") -> StatusText:
    return render_list(news, zone=PARIS, language=language, support=SUPPORT)


def holds_the_form(text: StatusText, language: Language, *, most: int = 25) -> None:
    """What every text of ours keeps."""
    lines = text.text.rstrip("\n").split("\n")
    assert text.state in {pair[language == "en"] for pair in words.ALL}
    assert lines[0].startswith(f"{text.state} – ")
    assert len(lines[0]) <= 90
    assert "…" not in lines[0]
    assert all(len(line) <= 78 for line in lines[1:])
    assert lines.index("--") <= most + 1
    assert "\n\n\n" not in text.text
    assert not re.search(r"\{|\}|\[\[|~|None|\ue000", text.text)
    prose = "\n".join(line for line in lines if not is_typed(line))
    for index, line in enumerate(lines):
        assert line == line.rstrip(" ")
        if is_typed(line):
            assert "\u00a0" not in line
            assert lines[index - 1] == ""
    if language == "fr":
        assert not re.search(r"[^\u00a0\s](?=[;!?»])|[ ](?=[:;!?»])|«[^\u00a0]|'", prose)
        own = prose.replace("_signature.yaml", "")
        for forbidden in (FORBIDDEN, GENDERED, RELATIVE):
            assert not forbidden.search(own)
        assert not re.search(r"\b(nous|notre|nos)\b", own)


@LANGUAGES
@pytest.mark.parametrize("name", NEWS)
def test_every_news_of_a_list_keeps_the_form(name: str, language: Language) -> None:
    """Width, typography, vocabulary, one of the fixed state words, a first line without a cut."""
    holds_the_form(told(NEWS[name][0], language), language, most=60 if name == "many" else 25)
    assert told(NEWS[name][0], language) == told(NEWS[name][0], language)


@pytest.mark.parametrize("name", NEWS)
def test_first_lines_of_a_list(name: str) -> None:
    """What matters, in the order of what stops everything, what is wrong, what waits, what is ready."""
    news, line = NEWS[name]
    assert told(news).first_line.replace("\u00a0", " ").startswith(line)


def test_lines_are_said_without_the_lists_own_name() -> None:
    """« Ligne 12 : … » in the list's own answer."""
    text = told(NEWS["problems"][0]).text.replace("\u00a0", " ")
    assert "  1. Ligne 12 : 04 78 12 34 56 est un numéro fixe." in text
    assert "  2. Ligne 17 : « Lettre X » figure aussi ligne 19." in text


def test_how_the_prepared_ones_go() -> None:
    """By one word in the settings; saved again where it stands there already; not at all in a preview folder."""
    assert "\n        envoi: oui\n" in told(NEWS["ready"][0]).text
    assert "\n        envoi: brouillon\n" in told(NEWS["drafts"][0]).text
    assert "enregistrez de nouveau" in " ".join(told(NEWS["drafts"][0]).text.split())
    instead = " ".join(told(NEWS["said no"][0]).text.replace("\u00a0", " ").split())
    assert "mettez dans « _signature.yaml », à la place de la ligne 3 : envoi: oui" in instead
    assert "envoi: " not in told(NEWS["preview only"][0]).text
    assert SUPPORT.replace(" ", "") in "".join(told(NEWS["preview only"][0]).text.split())
    for name in ("left", "over"):
        assert "Il n’y a rien à faire." in told(NEWS[name][0]).text


@LANGUAGES
@pytest.mark.parametrize("ceiling", Ceiling)
@pytest.mark.parametrize("wish", Wish)
def test_a_dropped_pdf_that_waits(wish: Wish, ceiling: Ceiling, language: Language) -> None:
    """The hour is there, and the word for what comes then: a departure is promised only where one follows."""
    text = drop.render_waiting(
        pdf="Lettre DUPONT.pdf",
        folder="À signer",
        due=SENT,
        wish=wish,
        ceiling=ceiling,
        settings_name="_signature.yaml",
        zone=PARIS,
        language=language,
    )
    holds_the_form(text, language)
    if language == "fr":
        word = {Wish.SEND: "départ", Wish.DRAFT: "brouillon", Wish.PREVIEW: "aperçu"}[wish]
        line = f"EN ATTENTE – {word} à 10 h 42 ; pour l’empêcher, sortez le PDF de ce dossier"
        assert text.first_line.replace("\u00a0", " ") == line
        assert ("Rien ne partira" in text.text) == (wish is Wish.PREVIEW)


@LANGUAGES
def test_what_is_said_of_a_drop_folder(language: Language) -> None:
    """Refused by the firm, or PDFs that lay there before: one file, with what to do."""
    refused = drop.render_refused(
        folder="À signer", settings_name="_signature.yaml", support=SUPPORT, zone=PARIS, language=language
    )
    holds_the_form(refused, language)
    for count in (1, 3, 40):
        pdfs = [f"Lettre {n}.pdf" for n in range(count)]
        before = drop.render_left(folder="À signer", before=pdfs, zone=PARIS, language=language)
        reserved = drop.render_left(
            folder="À signer", before=(), reserved=pdfs, zone=PARIS, language=language
        )
        both = drop.render_left(folder="À signer", before=pdfs, reserved=pdfs, zone=PARIS, language=language)
        below = drop.render_left(folder="À signer", before=(), below=pdfs, zone=PARIS, language=language)
        along = drop.render_left(folder="À signer", before=(), along=pdfs, zone=PARIS, language=language)
        every = drop.render_left(
            folder="À signer",
            before=pdfs,
            reserved=pdfs,
            along=pdfs,
            below=pdfs,
            zone=PARIS,
            language=language,
        )
        for text in (before, reserved, both, along, below, every):
            holds_the_form(text, language)
            assert str(count) in text.first_line
