"""The demo's document: a French engagement letter of four pages, with a place for two signatures on the last.

The firm, the client and their numbers are invented. The request beside it is what an accountant would write.
"""

from __future__ import annotations

import io
from typing import Any

NAME = "Lettre DUPONT"
FOLDER = "Lettres de mission 2026"
SUBJECT = "Lettre de mission 2026"

_BOX_TOP_MM = 140
_LEFT_MM = 27
_RIGHT_MM = 115

REQUEST = f"""\
# Demande de signature pour « {NAME}.pdf »
objet: {SUBJECT}
message: Bonjour, voici la lettre de mission dont nous avons parlé. Bien cordialement.
ordre: l'un après l'autre
signataires:
  - email: marie.dupont@example.fr
    prénom: Marie
    nom: Dupont
    téléphone: 06 12 34 56 78
    signature: {{page: dernière, x: {_LEFT_MM}, y: {_BOX_TOP_MM}}}
  - email: claire.bernard@example.fr
    prénom: Claire
    nom: Bernard
    téléphone: 06 98 76 54 32
    signature: {{page: dernière, x: {_RIGHT_MM}, y: {_BOX_TOP_MM}}}
"""

_OPENING = (
    "Madame la Présidente,",
    "Vous avez bien voulu nous consulter pour vous assister dans la tenue et l’établissement des comptes annuels "
    "de la SAS Dupont Menuiserie, et nous vous remercions de cette marque de confiance.",
    "La présente lettre précise, conformément aux règles de notre profession, l’étendue de notre mission, les "
    "obligations de chacun et les conditions financières de notre intervention, à compter de l’exercice ouvert "
    "le 1er janvier 2026.",
)
_ARTICLES: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = (
    (
        (
            "1. Votre entreprise",
            (
                "La SAS Dupont Menuiserie, au capital de 20 000 euros, exerce une activité de menuiserie du "
                "bâtiment et emploie six salariés. Elle est soumise à l’impôt sur les sociétés et au régime réel "
                "normal de TVA. La tenue courante de la comptabilité est partagée entre vos services et notre "
                "cabinet, selon le tableau de répartition remis avec cette lettre.",
            ),
        ),
        (
            "2. Notre mission",
            (
                "Vous nous confiez une mission de présentation des comptes annuels. Elle s’appuie sur la "
                "régularité en la forme de votre comptabilité, sur un contrôle par épreuves des pièces "
                "justificatives et sur un examen critique de cohérence et de vraisemblance.",
                "Elle ne comporte ni le contrôle de la matérialité des opérations, ni l’inventaire physique des "
                "stocks, ni la recherche systématique d’irrégularités. Elle donne lieu à une attestation jointe "
                "aux comptes annuels.",
            ),
        ),
    ),
    (
        (
            "3. Prestations complémentaires",
            (
                "Nous établissons les déclarations mensuelles de TVA, la liasse fiscale, la déclaration de "
                "cotisation foncière des entreprises et les bulletins de paie de vos salariés, dans les délais "
                "légaux et sur la base des éléments que vous nous transmettez.",
                "Le secrétariat juridique annuel comprend la convocation de l’assemblée, le rapport de gestion "
                "simplifié, le procès-verbal d’approbation des comptes et leur dépôt au greffe.",
            ),
        ),
        (
            "4. Vos obligations",
            (
                "Vous vous engagez à mettre à notre disposition, au plus tard le 10 de chaque mois, l’ensemble "
                "des factures, relevés bancaires et éléments variables de paie du mois écoulé, et à nous "
                "informer sans délai de tout événement susceptible d’avoir une incidence sur les comptes.",
                "Vous conservez les pièces justificatives pendant la durée légale. Vous vérifiez que les états "
                "produits correspondent à vos demandes et nous signalez tout manquement dès que vous en avez "
                "connaissance.",
            ),
        ),
        (
            "5. Lutte contre le blanchiment",
            (
                "Les articles L. 561-1 et suivants du Code monétaire et financier nous imposent d’identifier "
                "nos clients et leurs bénéficiaires effectifs. Vous nous remettez à cet effet une copie de vos "
                "pièces d’identité en cours de validité et un extrait du registre des bénéficiaires effectifs.",
            ),
        ),
    ),
    (
        (
            "6. Honoraires",
            (
                "Nos honoraires annuels s’élèvent à 6 840 euros hors taxes, soit 570 euros par mois, réglés par "
                "prélèvement le 5 de chaque mois. La paie est facturée 24 euros hors taxes par bulletin. Les "
                "travaux qui n’entrent pas dans la mission font l’objet d’un accord préalable.",
                "Les honoraires sont révisés chaque année au 1er janvier, d’un commun accord. Tout retard de "
                "paiement entraîne l’application d’intérêts au taux légal et d’une indemnité forfaitaire de "
                "recouvrement de 40 euros.",
            ),
        ),
        (
            "7. Durée et fin de la mission",
            (
                "La mission est confiée pour un an et se renouvelle par tacite reconduction. Chacun peut y "
                "mettre fin par lettre recommandée trois mois avant la clôture de l’exercice. En cas de "
                "manquement important de l’une des parties, elle peut prendre fin à tout moment.",
            ),
        ),
        (
            "8. Responsabilité et données personnelles",
            (
                "Notre responsabilité civile professionnelle est assurée dans les conditions prévues par "
                "l’ordonnance du 19 septembre 1945. Toute demande est à formuler dans les trois mois de la "
                "découverte du dommage.",
                "Le cabinet agit en qualité de responsable de traitement pour la tenue de la mission et en "
                "qualité de sous-traitant pour l’établissement de la paie, selon les clauses remises avec cette "
                "lettre. Les données sont conservées dix ans après la fin de la mission.",
            ),
        ),
    ),
    (
        (
            "9. Différends",
            (
                "Tout différend est soumis, avant toute action en justice, au président du conseil régional de "
                "l’Ordre des experts-comptables, en vue d’une conciliation.",
            ),
        ),
        (
            "10. Accord",
            (
                "Si ces conditions vous agréent, nous vous remercions de signer la présente lettre par voie "
                "électronique. Elle prend effet à la date de la dernière signature et remplace toute lettre "
                "antérieure portant sur le même objet.",
                "Nous vous prions d’agréer, Madame la Présidente, l’expression de nos sentiments dévoués.",
            ),
        ),
    ),
)


def letter() -> bytes:
    """Return the PDF, four pages."""
    from reportlab.lib.enums import TA_JUSTIFY
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

    body = ParagraphStyle("body", fontSize=11, leading=16, alignment=TA_JUSTIFY, spaceAfter=9)
    head = ParagraphStyle("head", fontName="Helvetica-Bold", fontSize=12, leading=20, spaceBefore=8)
    story: list[Any] = [Spacer(1, 62 * mm), *(Paragraph(text, body) for text in _OPENING)]
    for number, articles in enumerate(_ARTICLES):
        if number:
            story.append(PageBreak())
        for title, paragraphs in articles:
            story.append(Paragraph(title, head))
            story.extend(Paragraph(text, body) for text in paragraphs)
    out = io.BytesIO()
    margins = {"leftMargin": 25 * mm, "rightMargin": 25 * mm, "topMargin": 25 * mm, "bottomMargin": 25 * mm}
    template = SimpleDocTemplate(out, pagesize=A4, title=SUBJECT, author="Cabinet Exemple", **margins)
    template.build(story, onFirstPage=_first_page, onLaterPages=_later_page)
    return out.getvalue()


def _first_page(canvas: Any, document: Any) -> None:
    from reportlab.lib.units import mm

    lines = ("Cabinet Exemple", "Expertise comptable", "12, rue de la République", "69002 Lyon")
    client = ("SAS Dupont Menuiserie", "À l’attention de Marie Dupont, présidente", "4, chemin des Scieries")
    canvas.saveState()
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(25 * mm, 270 * mm, lines[0])
    canvas.setFont("Helvetica", 10)
    for row, line in enumerate(lines[1:]):
        canvas.drawString(25 * mm, (264 - 5 * row) * mm, line)
    for row, line in enumerate((*client, "69700 Givors")):
        canvas.drawString(115 * mm, (248 - 5 * row) * mm, line)
    canvas.drawString(115 * mm, 222 * mm, "Lyon, le 23 novembre 2026")
    canvas.setFont("Helvetica-Bold", 12)
    canvas.drawString(25 * mm, 212 * mm, "Objet : lettre de mission, exercice 2026")
    canvas.restoreState()
    _foot(canvas, document)


def _later_page(canvas: Any, document: Any) -> None:
    _foot(canvas, document)
    if document.page == len(_ARTICLES):
        _places(canvas)


def _places(canvas: Any) -> None:
    """Say who signs where; below each line a box of 200 × 50 points finds bare paper."""
    from reportlab.lib.units import mm

    canvas.setFont("Helvetica", 10)
    for left, words in (
        (_LEFT_MM, "Pour le client, Marie Dupont"),
        (_RIGHT_MM, "Pour le cabinet, Claire Bernard"),
    ):
        canvas.drawString(left * mm, (297 - _BOX_TOP_MM + 4) * mm, words)


def _foot(canvas: Any, document: Any) -> None:
    from reportlab.lib.units import mm

    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(
        105 * mm, 14 * mm, f"Cabinet Exemple – lettre de mission – page {document.page} sur 4"
    )
