"""What is not there is told as what it is: the letter, a further document, an annex, a pattern, a Word file."""

from __future__ import annotations

import pytest

from connector.lifecycle import Record
from connector.report.overview_lines import line_of
from connector.report.status import render_status
from connector.report.typography import TIE
from tests.unit.report_example import CONTEXT, with_context
from tests.unit.report_more import waiting_pdf_records

# "~" stands for U+00A0, so that a reader sees it.
GOLDEN = {
    "annex": """\
EN ATTENTE DU PDF – «~Annexe 9.pdf~» n’est pas dans ce dossier

La demande de signature est lue et correcte, mais une annexe manque. Rien
n’est parti.

Ce que vous pouvez faire
  • Déposez «~Annexe 9.pdf~» dans ce dossier~: la demande partira
    d’elle-même.
  • L’annexe est là sous un autre nom~? Écrivez ce nom dans
    «~Lettre DUPONT.sign.yaml~», à la place de «~Annexe 9.pdf~». Un nom
    proche se trouve ici~: «~Annexe 8.pdf~».
""",
    "document": """\
EN ATTENTE DU PDF – «~Mandat.pdf~» n’est pas dans ce dossier

La demande de signature est lue et correcte, mais un document à signer
manque. Rien n’est parti.

Ce que vous pouvez faire
  • Déposez «~Mandat.pdf~» dans ce dossier~: la demande partira
    d’elle-même.
  • Le document est là sous un autre nom~? Écrivez ce nom dans
    «~Lettre DUPONT.sign.yaml~», à la place de «~Mandat.pdf~».
""",
    "pattern": """\
EN ATTENTE DU PDF – aucun fichier ne correspond à «~Annexe*.pdf~»

La demande de signature est lue et correcte, mais une annexe manque. Rien
n’est parti.

Ce que vous pouvez faire
  • Aucun fichier de ce dossier ne correspond à «~Annexe*.pdf~».
    Déposez-en un ici, ou corrigez cette ligne dans
    «~_signature.yaml~»~: la demande partira d’elle-même.
""",
    "several": """\
EN ATTENTE DU PDF – 2 documents ne sont pas dans ce dossier

La demande de signature est lue et correcte, mais des documents manquent.
Rien n’est parti.

Ce que vous pouvez faire
  • Déposez «~Lettre DUPONT.pdf~» dans ce dossier.
  • Aucun fichier de ce dossier ne correspond à «~Annexe*.pdf~».
    Déposez-en un ici, ou corrigez cette ligne dans
    «~Lettre DUPONT.sign.yaml~».
  • Quand rien ne manquera plus, la demande partira d’elle-même.
  • Le document est là sous un autre nom~? Donnez le même nom aux deux
    fichiers. Un nom proche se trouve ici~: «~Lettre Dupond.pdf~».
""",
    "annexes": """\
EN ATTENTE DU PDF – 2 documents ne sont pas dans ce dossier

La demande de signature est lue et correcte, mais des annexes manquent.
Rien n’est parti.

Ce que vous pouvez faire
  • Déposez «~Annexe 9.pdf~» dans ce dossier.
  • Aucun fichier de ce dossier ne correspond à «~Annexe*.pdf~».
    Déposez-en un ici, ou corrigez cette ligne dans
    «~Lettre DUPONT.sign.yaml~».
  • Quand rien ne manquera plus, la demande partira d’elle-même.
  • L’annexe est là sous un autre nom~? Écrivez ce nom dans
    «~Lettre DUPONT.sign.yaml~», à la place de «~Annexe 9.pdf~».
""",
    "shown first": """\
EN ATTENTE DU PDF – «~Lettre DUPONT.pdf~» n’est pas dans ce dossier

La demande de signature est lue et correcte, mais le document à signer
manque. Rien n’est parti.

Ce que vous pouvez faire
  • Déposez «~Lettre DUPONT.pdf~» dans ce dossier~: la demande sera relue
    aussitôt.
  • Le document est là sous un autre nom~? Donnez le même nom aux deux
    fichiers.
""",
    "word": """\
EN ATTENTE DU PDF – «~Lettre DUPONT.pdf~» n’est pas dans ce dossier

La demande de signature est lue et correcte, mais le document à signer
manque. Rien n’est parti.

Ce que vous pouvez faire
  • «~Lettre DUPONT.docx~» se trouve dans ce dossier~: enregistrez-le au
    format PDF, sous le nom «~Lettre DUPONT.pdf~»~: la demande partira
    d’elle-même.
""",
}
NO_LONGER = """\
  • La demande n’a plus lieu d’être~? Supprimez
    «~Lettre DUPONT.sign.yaml~»~; ce message disparaîtra avec elle.
"""


@pytest.mark.parametrize("name", waiting_pdf_records())
def test_what_is_missing_is_told_as_what_it_is(name: str) -> None:
    """Nobody is asked to make a file called « Annexe*.pdf », nor to give an annex the name of the request."""
    assert told_of(waiting_pdf_records()[name]) == GOLDEN[name] + NO_LONGER


def told_of(one: Record) -> str:
    told = render_status(one, CONTEXT)
    return "\n".join([told.first_line, *told.body]).replace("\u00a0", "~") + "\n"


def test_the_same_in_english() -> None:
    """The advice, not only the words."""
    told = {
        name: " ".join(render_status(one, with_context(language="en")).body)
        for name, one in waiting_pdf_records().items()
    }
    assert "but an annex is missing" in told["annex"]
    assert "in place of “Annexe 9.pdf”" in " ".join(told["annex"].split())
    assert "No file of this folder matches “Annexe*.pdf”" in told["pattern"]
    assert "“Lettre DUPONT.docx” is in this folder: save it as a PDF" in told["word"]
    assert all("Put “Annexe*.pdf”" not in text for text in told.values())
    assert [name for name, text in told.items() if "Give both files" in text] == [
        "several",
        "shown first",
    ]


def test_an_overview_tells_the_word_file() -> None:
    """One line says what is to be done with it."""
    line = line_of(waiting_pdf_records()["word"], CONTEXT)
    assert (
        line.matter.replace("\u00a0", " ").replace(TIE, " ")
        == "à enregistrer en PDF : « Lettre DUPONT.docx »"
    )
