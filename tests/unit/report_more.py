"""More of what a record can hold than the ux page's example: other numbers of people, documents, dates; hard names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.config.model import Ceiling
from connector.lifecycle import DocumentFacts, Record, SignatoryFacts, State
from connector.report.context import StatusContext, WaitReason
from connector.report.facts import EXPIRY_COMPUTED
from connector.sidecar.model import Order, Signatory, SignatureRequest, Wish
from tests.unit.report_example import (
    CLAIRE,
    CLAIRE_INVITED,
    CLAIRE_SIGNED,
    CONTEXT,
    DONE,
    EXPIRES,
    HALF,
    MARIE,
    MARIE_INVITED,
    MARIE_SIGNED,
    OUT,
    SENT,
    Variant,
    at,
    problem,
    record,
    with_context,
)

ERASES = at(31, 12, 16, 5)
PAUL = SignatoryFacts(order=3, email="paul.martin@example.fr", name="Paul Martin", phone="+33611223344")
PAUL_INVITED = PAUL.model_copy(update={"progress": "invited", "invited_at": SENT})
PAUL_SIGNED = PAUL_INVITED.model_copy(update={"progress": "signed", "signed_at": at(2, 12, 9, 30)})


def together(one: Record) -> Record:
    """The same, asked at the same time."""
    assert one.request is not None
    return one.model_copy(update={"request": one.request.model_copy(update={"order": Order.PARALLEL})})


def people_variants() -> list[Variant]:
    """One person, three people, one after the other or together."""
    claire = CLAIRE.model_copy(update={"progress": "invited", "invited_at": SENT})
    noticed = MARIE_SIGNED.model_copy(update={"signed_from": "noticed"})
    gone = {"reason": "ordered", "ended_at": at(24)}
    both_lost = (MARIE_SIGNED, CLAIRE_SIGNED, PAUL_INVITED)
    rows: list[tuple[str, Record]] = [
        (
            "EN COURS – 0 signature sur 1 – attend Marie Dupont depuis le 23 novembre 2026",
            record(State.IN_PROGRESS, MARIE_INVITED, **OUT),
        ),
        (
            "EN COURS – 1 signature sur 3 – attend Claire Bernard depuis le 25 novembre 2026",
            record(State.IN_PROGRESS, *HALF, PAUL, **OUT),
        ),
        (
            "EN COURS – 2 signatures sur 3 – attend Paul Martin depuis le 23 novembre 2026",
            record(State.IN_PROGRESS, *both_lost, **OUT),
        ),
        (
            "EN COURS – 0 signature sur 2 – attend 2 personnes depuis le 23 novembre 2026",
            together(record(State.IN_PROGRESS, MARIE_INVITED, claire, **OUT)),
        ),
        (
            "EN COURS – 1 signature sur 3 – attend 2 personnes depuis le 23 novembre 2026",
            together(record(State.IN_PROGRESS, MARIE_SIGNED, claire, PAUL_INVITED, **OUT)),
        ),
        (
            "EN COURS – 1 signature sur 2 – attend Claire Bernard depuis le 25 novembre 2026",
            record(State.IN_PROGRESS, noticed, CLAIRE_INVITED, **OUT),
        ),
        (
            "EN COURS – 1 signature sur 1 – Jesignexpert termine",
            record(State.IN_PROGRESS, MARIE_SIGNED, **OUT),
        ),
        ("SIGNÉ PAR TOUS – ", record(State.SEALING, MARIE_SIGNED, CLAIRE_SIGNED, PAUL_SIGNED)),
        ("SIGNÉ – ", delivered(MARIE_SIGNED, signatures=1, signed_pages=1)),
        ("SIGNÉ – ", delivered(MARIE_SIGNED, CLAIRE_SIGNED, PAUL_SIGNED, signatures=3, signed_pages=4)),
        ("EXPIRÉ – Marie Dupont", record(State.EXPIRED, MARIE_INVITED, expires_at=EXPIRES)),
        ("EXPIRÉ – Paul Martin", record(State.EXPIRED, *both_lost, expires_at=EXPIRES)),
        ("ANNULÉ – ", record(State.CANCELLED, *both_lost, **gone)),
        ("PRÊT – ", record(State.PREVIEWED, MARIE)),
        ("PRÊT – ", together(record(State.PREVIEWED, MARIE, CLAIRE, PAUL))),
    ]
    return [(f"people-{n}", line, one, CONTEXT) for n, (line, one) in enumerate(rows)]


def delivered(*people: SignatoryFacts, **document: Any) -> Record:
    return record(State.DELIVERED, *people, document=document, delivered_at=at(2, 12, 9, 40))


def file(rank: int, name: str, *, annex: bool = False, **fields: Any) -> DocumentFacts:
    role = {"role": "annex"} if annex else {}
    return DocumentFacts(rank=rank, href=f"/Lettres/{name}", pages=2, **(role | fields))


def documents_variants() -> list[Variant]:
    """Two documents, annexes, a picture; while out, on the way back, home."""
    two = (file(2, "Mandat SEPA.pdf"),)
    annexes = (file(2, "Annexe 1.pdf", annex=True), file(3, "Annexe 2.pdf", annex=True))
    home = {"delivered_href": "/Lettres/Lettre DUPONT.pdf"}
    two_home = (file(2, "Mandat SEPA.pdf", delivered_href="/Lettres/Mandat SEPA.pdf"),)
    beside = "/Lettres/Lettre DUPONT - Annexe {n} (signé).pdf"
    annexes_home = tuple(
        file(n + 1, f"Annexe {n}.pdf", annex=True, delivered_href=beside.format(n=n)) for n in (1, 2)
    )
    photo = {"href": "/Lettres/photo.jpg", "sent_sha256": "0" * 64}
    rows: list[tuple[str, Record]] = []
    for more in (two, annexes, annexes[:1]):
        rows += [
            ("EN COURS – ", record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, more=more, **OUT)),
            ("EN COURS – ", record(State.IN_PROGRESS, *HALF, more=more, **OUT)),
            ("SIGNÉ PAR TOUS – ", record(State.SEALING, *DONE, more=more)),
            ("SIGNÉ PAR TOUS – ", record(State.DELIVERING, *DONE, more=more)),
        ]
    for more in (two_home, annexes_home, annexes_home[:1]):
        rows.append(
            ("SIGNÉ – ", record(State.DELIVERED, *DONE, document=home, more=more, delivered_at=at(2, 12, 9)))
        )
    rows += [
        ("EN COURS – ", record(State.IN_PROGRESS, *HALF, document=photo, **OUT)),
        (
            "SIGNÉ – la version signée est « photo.pdf »",
            record(
                State.DELIVERED,
                *DONE,
                document=photo | {"delivered_href": "/Lettres/photo.pdf"},
                delivered_at=at(2, 12),
            ),
        ),
        (
            "EN ATTENTE DU PDF – 2 documents",
            record(State.WAITING_PDF, extra={"missing": ["A.pdf", "Mandat SEPA.pdf"]}),
        ),
        (
            "EN ATTENTE DU PDF – « Mandat SEPA.pdf »",
            record(State.WAITING_PDF, extra={"missing": ["Mandat SEPA.pdf"]}),
        ),
        *(("EN ATTENTE DU PDF – ", one) for one in waiting_pdf_records().values()),
    ]
    return [(f"documents-{n}", line, one, CONTEXT) for n, (line, one) in enumerate(rows)]


def waiting_pdf_records() -> dict[str, Record]:
    """Not the letter itself, or the letter as a Word file: what is missing is told as what it is."""
    signatories = (Signatory(email=MARIE.email),)
    by_hand = SignatureRequest(
        signatories=signatories, documents=("Mandat.pdf",), annexes=("Annexe 9.pdf", "Annexe*.pdf")
    )
    inherited = by_hand.model_copy(update={"origins": {"annexes": "_signature.yaml"}})
    word = {"Lettre DUPONT.pdf": "Lettre DUPONT.docx"}

    def waits(*missing: str, request: SignatureRequest = by_hand, **extra: Any) -> Record:
        return record(State.WAITING_PDF, request=request, extra={"missing": list(missing), **extra})

    return {
        "annex": waits("Annexe 9.pdf", near_name="Annexe 8.pdf"),
        "document": waits("Mandat.pdf"),
        "pattern": waits("Annexe*.pdf", request=inherited),
        "several": waits("Lettre DUPONT.pdf", "Annexe*.pdf", near_name="Lettre Dupond.pdf"),
        "annexes": waits("Annexe 9.pdf", "Annexe*.pdf"),
        "shown first": waits("Lettre DUPONT.pdf", request=by_hand.model_copy(update={"send": Wish.PREVIEW})),
        "word": waits("Lettre DUPONT.pdf", other_formats=word),
    }


def dates_variants() -> list[Variant]:
    """Dates that are computed, an erasure that is near, the night in which clocks go back."""
    computed: dict[str, Any] = {**OUT, "seen_answering": True, "extra": {EXPIRY_COMPUTED: True}}
    soon = with_context(now=at(21, 12), erases_at=ERASES)
    early, late = (MARIE_SIGNED.model_copy(update={"signed_at": each}) for each in TWICE)
    blocked = {"reason": "delivery_blocked", "values": {"since": at(2, 12).isoformat()}}
    rows: list[tuple[str, Record, StatusContext]] = [
        ("EN COURS – 0 signature", record(State.IN_PROGRESS, MARIE_INVITED, CLAIRE, **computed), CONTEXT),
        (
            "EN COURS – 1 signature sur 2 – expire vers le 8 décembre 2026 : pensez à relancer",
            record(State.IN_PROGRESS, *HALF, **computed),
            with_context(now=at(5, 12, 9)),
        ),
        (
            "EXPIRÉ – Claire Bernard n’a pas signé avant le 7 décembre 2026",
            record(State.EXPIRED, *HALF, ended_at=at(7, 12, 11), **computed),
            CONTEXT,
        ),
        (
            "SIGNÉ PAR TOUS – pas encore revenu ; Jesignexpert l’efface vers le 31 décembre 2026",
            record(State.SEALING, *DONE),
            soon,
        ),
        (
            "SIGNÉ PAR TOUS – Jesignexpert prépare le document",
            record(State.SEALING, *DONE),
            with_context(now=at(20, 12, 23), erases_at=ERASES),
        ),
        ("SIGNÉ PAR TOUS – le document signé est arrivé", record(State.DELIVERING, *DONE), soon),
        (
            "SIGNÉ PAR TOUS – dépôt impossible depuis le 2 décembre",
            record(State.DELIVERING, *DONE, **blocked),
            soon,
        ),
        *(
            ("À VÉRIFIER – ", record(State.QUARANTINED, *DONE, reason=code), soon)
            for code in ("", "signature_broken", "added_later", "unverified")
        ),
        ("EN COURS – 1 signature sur 2", record(State.IN_PROGRESS, early, CLAIRE_INVITED, **OUT), CONTEXT),
        ("EN COURS – 1 signature sur 2", record(State.IN_PROGRESS, late, CLAIRE_INVITED, **OUT), CONTEXT),
        (
            "EN PAUSE – 1 envoi aujourd’hui, la limite du cabinet",
            record(State.PREPARED),
            with_context(wait=WaitReason.BRAKE_DAY, wait_limit=1),
        ),
        (
            "À CORRIGER – « Signature du client » figure page 4, et non page 1 (ligne 3)",
            problem("text_on_other_page", 3, written="Signature du client", page="1", elsewhere="4"),
            CONTEXT,
        ),
        (
            "À CORRIGER – « Signature du client » ne figure pas dans le PDF (ligne 3)",
            problem("text_not_found", 3, written="Signature du client"),
            CONTEXT,
        ),
    ]
    rows += [
        (
            "PRÊT – aperçu seulement",
            record(State.PREVIEWED, reason="preview_only"),
            with_context(ceiling=Ceiling.PREVIEW),
        ),
        ("PRÊT – rien n’est encore parti", record(State.PREVIEWED, reason="preview_changed"), CONTEXT),
        (
            "PRÊT – rien n’est encore parti ; relisez le document, puis donnez le départ",
            record(State.PREVIEWED, carried="c", extra={"preview_missing": "c"}),
            CONTEXT,
        ),
        (
            "ANNULÉ – cette demande était déjà terminée",
            record(State.CANCELLED, reason="finished_before"),
            CONTEXT,
        ),
    ]
    return [(f"dates-{n}", line, one, context) for n, (line, one, context) in enumerate(rows)]


TWICE = (at(25, 10, 2, 30), at(25, 10, 3, 30).replace(hour=1, minute=30))
"""2 h 30 before and after the clocks went back, in UTC."""

Change = Callable[[Record], Record]
LONG = "Marie-Françoise Éléonore de La Rochefoucauld-Montmorency-Villeneuve"


def named(first: str, second: str) -> Change:
    """The same record of people of these names."""

    def change(one: Record) -> Record:
        names = [first, second, "Ève d’Aubigné"]
        people = tuple(
            each.model_copy(update={"name": name}) for each, name in zip(one.signatories, names, strict=False)
        )
        return one.model_copy(update={"signatories": people})

    return change


def alone(one: Record) -> Record:
    """The same with its first person only."""
    return _asking(one, one.signatories[:1])


def three(one: Record) -> Record:
    """The same with a third person, who has come as far as the last one."""
    if not one.signatories:
        return one
    last = one.signatories[-1]
    kept = {
        name: getattr(last, name) for name in ("progress", "invited_at", "signed_at", "refused_at", "reason")
    }
    return _asking(one, (*one.signatories, PAUL.model_copy(update=kept)))


def three_together(one: Record) -> Record:
    """Three at the same time."""
    many = three(one)
    return together(many) if many.request is not None else many


def _asking(one: Record, people: tuple[SignatoryFacts, ...]) -> Record:
    if one.request is None:
        return one.model_copy(update={"signatories": people})
    asked = tuple(Signatory(email=each.email) for each in people) or one.request.signatories
    request: SignatureRequest = one.request.model_copy(update={"signatories": asked})
    return one.model_copy(update={"signatories": people, "request": request})


CHANGES: dict[str, Change] = {
    "vowels": named("Antoine d’Hélène", "Hélène Yver"),
    "long": named(LONG, "Anne-Charlotte du Plessis-Bellière de la Tour"),
    "addresses": named("", ""),
    "one": alone,
    "three": three,
    "together": three_together,
}
"""What is done to every record of the other variants: its text keeps the form."""


def more_variants() -> list[Variant]:
    """Everything above."""
    return [*people_variants(), *documents_variants(), *dates_variants()]
