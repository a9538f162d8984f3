"""What people read of several documents, of annexes and of pictures: which file is what, where it comes back."""

from __future__ import annotations

from typing import Any

import pytest

from connector.lifecycle import DocumentFacts, Record, State
from connector.report.status import render_status
from connector.report.typography import Language
from tests.unit.report_example import (
    CLAIRE_SIGNED,
    CONTEXT,
    EXPIRES,
    MARIE_INVITED,
    MARIE_SIGNED,
    SENT,
    at,
    record,
)

LETTER = "/Lettres/Lettre DUPONT.pdf"


def facts(rank: int, name: str, **fields: Any) -> DocumentFacts:
    return DocumentFacts(rank=rank, href=f"/Lettres/{name}", pages=2, **fields)


def back(rank: int, name: str, **fields: Any) -> DocumentFacts:
    """A document that lies signed in its own place."""
    return facts(rank, name, **{"delivered_href": f"/Lettres/{name}", **fields})


def delivered(*more: DocumentFacts, state: State = State.DELIVERED, **fields: Any) -> Record:
    return record(
        state,
        MARIE_SIGNED,
        CLAIRE_SIGNED,
        document={"delivered_href": LETTER, **fields.pop("document", {})},
        more=more,
        delivered_at=at(1, 12, 16, 12),
        **fields,
    )


def text(told: Record, language: Language = "fr") -> tuple[str, str]:
    """First line and whole text, with plain blanks."""
    from dataclasses import replace

    status = render_status(told, replace(CONTEXT, language=language))
    return status.first_line.replace("\u00a0", " "), " ".join(status.text.replace("\u00a0", " ").split())


def test_two_documents_that_came_back() -> None:
    first, whole = text(delivered(back(2, "Bilan.pdf")))
    assert first == "SIGNÉ – les 2 documents sont revenus signés"
    assert "Lettre DUPONT.pdf est maintenant la version signée" in whole
    assert "Bilan.pdf est maintenant la version signée" in whole
    assert "a pris la place du PDF d’origine" not in whole


@pytest.mark.parametrize(("count", "said"), [(1, "son annexe est à côté"), (3, "ses annexes sont à côté")])
def test_annexes_lie_beside(count: int, said: str) -> None:
    annexes = [
        facts(
            n,
            f"Annexe {n}.pdf",
            role="annex",
            delivered_href=f"/Lettres/Lettre DUPONT - Annexe {n} (signé).pdf",
        )
        for n in range(2, 2 + count)
    ]
    first, whole = text(delivered(*annexes))
    assert first == f"SIGNÉ – « Lettre DUPONT.pdf » est maintenant la version signée, {said}"
    assert "version signée : « Lettre DUPONT - Annexe 2 (signé).pdf »" in whole


def test_a_picture_comes_back_as_a_pdf() -> None:
    document = {"href": "/Lettres/photo.jpg", "sent_sha256": "0" * 64, "delivered_href": "/Lettres/photo.pdf"}
    first, whole = text(delivered(document=document))
    assert first == "SIGNÉ – la version signée est « photo.pdf »"
    assert "ancienne version" not in whole
    out = record(State.IN_PROGRESS, MARIE_INVITED, document=document, sent_at=SENT, expires_at=EXPIRES)
    assert "reviendra ici de lui-même, sous le nom « photo.pdf »" in text(out)[1]


def test_a_picture_that_was_changed_while_it_was_out() -> None:
    """What is promised is the name under which it comes; at the end it says which of the two was signed."""
    changed = {
        "href": "/Lettres/photo.jpg",
        "sent_sha256": "0" * 64,
        "changed_at": at(24, hour=9, minute=15),
    }
    out = record(State.IN_PROGRESS, MARIE_INVITED, document=changed, sent_at=SENT, expires_at=EXPIRES)
    whole = text(out)[1]
    assert "sera déposée à côté : « photo.pdf »" in whole
    assert "prendra sa place" not in whole
    whole = text(delivered(document=changed | {"delivered_href": "/Lettres/photo.pdf"}))[1]
    assert "« photo.jpg » a été modifié le 24 novembre 2026" in whole
    assert "« photo.pdf » est la version signée de l’image envoyée" in whole
    assert "action: recommencer" in whole


def test_a_picture_where_an_earlier_one_lies_signed() -> None:
    """Its name is taken, and stays so."""
    document = {"href": "/Lettres/photo.jpg", "sent_sha256": "0" * 64}
    extra = {"passed_over": "etag"}
    out = record(
        State.IN_PROGRESS, MARIE_INVITED, document=document, sent_at=SENT, expires_at=EXPIRES, extra=extra
    )
    assert "à côté de « photo.pdf », qui reste tel quel" in text(out)[1]


def test_the_document_that_had_to_go_beside_is_the_one_that_is_told() -> None:
    """The others are told in the list."""
    beside = back(
        2,
        "Bilan.pdf",
        delivered_href="/Lettres/Bilan (signé).pdf",
        beside="pdf_changed",
        changed_at=at(24, hour=9, minute=15),
    )
    first, whole = text(delivered(beside, state=State.DELIVERED_BESIDE, reason="pdf_changed"))
    assert first == "SIGNÉ – la version signée est à côté : « Bilan (signé).pdf »"
    assert "« Bilan.pdf » a été modifié le 24 novembre 2026" in whole
    assert "Lettre DUPONT.pdf est maintenant la version signée" in whole


def test_one_that_did_not_come_back_is_told() -> None:
    first, whole = text(
        delivered(facts(2, "Bilan.pdf", beside="erased"), state=State.DELIVERED_BESIDE, reason="erased")
    )
    assert "« Bilan.pdf » signé n’est pas revenu" in first
    assert "Bilan.pdf n’est pas revenu" in whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"changed_at": at(24, hour=9)}, "attention : le PDF a été modifié après l’envoi"),
        ({"missing_since": at(24, hour=9)}, "le PDF a été supprimé ; la signature continue"),
        ({"renamed_to": "Bilan v2.pdf"}, "sous le nom « Bilan v2.pdf », pas encore signé"),
    ],
)
def test_what_happens_to_a_further_document_while_it_is_out_is_told(
    change: dict[str, Any], said: str
) -> None:
    told = record(
        State.IN_PROGRESS,
        MARIE_INVITED,
        more=(facts(2, "Bilan.pdf", **change),),
        sent_at=SENT,
        expires_at=EXPIRES,
    )
    assert said in text(told)[0]
    annex = told.model_copy(update={"more": (facts(2, "Bilan.pdf", role="annex", **change),)})
    assert said not in text(annex)[0]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.SEALING, State.DELIVERED, State.DELIVERED_BESIDE])
def test_every_text_of_several_documents_keeps_the_form(state: State, language: Language) -> None:
    """A first line of at most 90 characters, lines of at most 78, in both languages."""
    from dataclasses import replace

    more = (
        back(2, "Bilan et comptes annuels 2025 de la société.pdf"),
        facts(
            3, "Annexe 1.pdf", role="annex", delivered_href="/Lettres/Lettre DUPONT - Annexe 1 (signé).pdf"
        ),
    )
    told = record(state, MARIE_SIGNED, CLAIRE_SIGNED, more=more, sent_at=SENT, reason="pdf_changed")
    status = render_status(told, replace(CONTEXT, language=language))
    assert len(status.first_line) <= 90
    assert max(len(line) for line in status.body) <= 78
