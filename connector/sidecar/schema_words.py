"""What the JSON Schemas say of each key and each word of the grammar, in French: an editor shows it to the author.

Keys as in ``sidecar.words``: ``request.subject``, ``signatory.email``, ``place.near``, ``reminder.every``. Plain blanks
stand where French wants no-break ones; whoever prints the schema puts those in. The examples are read by the tests:
each asks for something that differs from what holds when the key is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Told(NamedTuple):
    """One key: what it is for, and values as one may write them."""

    description: str
    examples: tuple[Any, ...]


_MARIE: Final = "Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78"
_CLAIRE: Final = "Claire Bernard <claire.bernard@example.fr> 06 98 76 54 32"

KEYS: Final[Mapping[str, Told]] = {
    "request.signatories": Told(
        "Qui signe, dans l’ordre. Une personne tient sur une ligne (prénom, nom, adresse, mobile) ; plusieurs : "
        "un tiret devant chacune. Une adresse seule suffit pour une personne déjà connue.",
        (_MARIE, [_MARIE, _CLAIRE]),
    ),
    "request.documents": Told(
        "Les fichiers à signer ensemble, à côté de la demande : un nom par ligne, ou un motif (*). Chacun revient à "
        "sa place. D’office : le PDF qui porte le nom de la demande.",
        (["Bilan MARTIN.pdf", "Liasse MARTIN.pdf"], "Bilan*.pdf"),
    ),
    "request.annexes": Told(
        "Les fichiers joints, à lire seulement : un nom par ligne, ou un motif (*). Ils reviennent à côté du "
        "document ; leur fichier n’est jamais remplacé.",
        ("Annexe*.pdf", ["Annexe 1 - Tarifs.pdf", "Annexe 2 - Données personnelles.pdf"]),
    ),
    "request.subject": Told(
        "Le titre que le signataire voit, 45 caractères au plus. D’office : le nom du PDF.",
        ("Lettre de mission 2026",),
    ),
    "request.message": Told(
        "Quelques lignes jointes à l’invitation. « voir Message.txt » prend le texte de ce fichier, à côté.",
        ("Bonjour, voici la lettre dont nous avons parlé.",),
    ),
    "request.note": Told(
        "Une note pour vous, reprise dans le suivi ; le signataire ne la voit pas.", ("appelé le 3/12",)
    ),
    "request.order": Told("L’un après l’autre (d’office), ou tous en même temps.", ("parallèle",)),
    "request.send": Told(
        "Jusqu’où va la demande. D’office : aussi loin que le dossier le permet ; une demande née d’une liste "
        "attend que vous donniez le départ.",
        ("non", "brouillon"),
    ),
    "request.account": Told(
        "Le compte Jesignexpert à utiliser, parmi ceux que ce dossier permet. D’office : le premier.",
        ("lyon",),
    ),
    "request.lock": Told(
        "Protège le document signé contre la modification, là où le dossier le permet.", ("oui",)
    ),
    "request.certificate": Told(
        "Dépose l’attestation de Jesignexpert à côté du document signé, s’il en donne une.", ("oui",)
    ),
    "request.confidential_to": Told(
        "Les adresses qui, seules, voient cette collecte dans le compte du cabinet.",
        ("claire.bernard@example.fr", ["claire.bernard@example.fr", "paul.martin@example.fr"]),
    ),
    "request.logo": Told("Montre le logo du cabinet dans les cadres de signature. D’office : oui.", ("non",)),
    "request.handwritten": Told("Les signataires dessinent leur signature.", ("oui",)),
    "request.requester": Told(
        "Qui demande la signature : un nom, une adresse, ou un nom pris dans « contacts ». Cette personne peut "
        "aussi signer.",
        ("claire.bernard@example.fr",),
    ),
    "request.reminders": Told(
        "Quand les rappels partent d’eux-mêmes, en jours ; « non » : jamais.",
        ({"premier": 3, "tous_les": 4, "maximum": 3},),
    ),
    "request.action": Told(
        "Un ordre pour une demande déjà partie, terminée ou prête. Il n’est suivi qu’une fois : pour le redonner, "
        "ajoutez un nombre (relancer 2).",
        ("annuler", "relancer", "relancer 2"),
    ),
    "request.then": Told(
        "Qui signe après tous les autres, toujours l’un après l’autre : un nom pris dans « contacts », ou une "
        "personne écrite comme un signataire.",
        ("expert-comptable", _CLAIRE),
    ),
    "request.place": Told(
        "Où chacun signe : près d’un texte du document, dans un coin, ou à une distance du haut et de la gauche. "
        "D’office : une place libre de la dernière page. Le cadre mesure 7 cm sur 2.",
        ({"près de": "Signature du client"}, {"page": 2, "x": 20, "y": 220}),
    ),
    "request.after_signing": Told(
        "Ce que deviennent la demande et son suivi une fois le document signé : « ranger » les dépose dans "
        "« Demandes terminées », et le dossier ne montre plus que les PDF. D’office : laisser.",
        ("ranger",),
    ),
    "request.contacts": Told(
        "Les personnes du cabinet, chacune sous le nom que les demandes utilisent.",
        ({"expert-comptable": _CLAIRE},),
    ),
    "request.drop": Told(
        "Le nom du dossier dans lequel chaque PDF déposé devient une demande, si le cabinet le permet.",
        ("À signer",),
    ),
    "signatory.email": Told("L’adresse à laquelle l’invitation arrive.", ("marie.dupont@example.fr",)),
    "signatory.first_name": Told("Le prénom.", ("Marie",)),
    "signatory.last_name": Told("Le nom de famille.", ("Dupont",)),
    "signatory.phone": Told(
        "Le mobile qui reçoit le code de signature par SMS : 06, 07, ou un numéro étranger commençant par +.",
        ("06 12 34 56 78",),
    ),
    "signatory.contact": Told("Une personne prise dans « contacts », par son nom.", ("expert-comptable",)),
    "signatory.level": Told(
        "Le niveau de la signature, parmi ceux que le cabinet permet. D’office : simple.", ("avancé",)
    ),
    "signatory.place": Told(
        "Où cette personne signe ; une seule place, ou une liste (un tiret devant chacune).",
        ({"page": 2, "x": 20, "y": 220}, [{"page": 1, "x": 20, "y": 220}, {"page": 2, "x": 20, "y": 220}]),
    ),
    "place.document": Told(
        "Le fichier dans lequel ce cadre se trouve, quand la demande en compte plusieurs.",
        ("Liasse MARTIN.pdf",),
    ),
    "place.page": Told("La page, comptée depuis 1, ou la dernière (d’office).", (2, "dernière")),
    "place.x": Told(
        "Distance depuis la gauche de la page : en mm, sauf cm, pt ou % écrit.", (20, "2 cm", "10 %")
    ),
    "place.y": Told(
        "Distance depuis le haut de la page : en mm, sauf cm, pt ou % écrit.", (220, "22 cm", "75 %")
    ),
    "place.near": Told("Un texte du document ; le cadre se pose juste dessous.", ("Signature du client",)),
    "place.occurrence": Told("Lequel, quand ce texte figure plusieurs fois : 1, 2, 3…", (2,)),
    "place.offset": Told(
        "Décale le cadre : vers la droite, puis vers le bas (un moins devant : à gauche, en haut).",
        ("10 mm, -5 mm", ["10 mm", "-5 mm"]),
    ),
    "place.corner": Told("Un coin de la page, à 15 mm des bords.", ("bas droite",)),
    "reminder.first": Told("Combien de jours après l’invitation part le premier rappel.", (3, "3 jours")),
    "reminder.every": Told("Combien de jours entre deux rappels.", (4, "2 semaines")),
    "reminder.max": Told("Combien de rappels au plus ; 0 : aucun.", (3, 0)),
}
"""Every key of the grammar → what an editor says of it."""

WORDS: Final[Mapping[str, str]] = {
    "yes": "Oui.",
    "no": "Non.",
    "nobody": "Personne, aucun : ce qui serait repris des réglages ne l’est pas.",
    "order.sequential": "L’un après l’autre : le suivant est invité quand le précédent a signé.",
    "order.parallel": "Tous en même temps.",
    "send.send": "Donne le départ.",
    "send.preview": "Prépare un aperçu ; rien ne part.",
    "send.draft": "Prépare la collecte sur Jesignexpert ; vous l’envoyez depuis le site.",
    "after_signing.tidy": "Range la demande et son suivi dans « Demandes terminées » ; le PDF reste à sa place.",
    "after_signing.leave": "Laisse la demande et son suivi à côté du PDF.",
    "level.simple": "Niveau simple : un code par SMS.",
    "level.advanced": "Niveau avancé : une pièce d’identité est demandée, et c’est plus cher.",
    "level.qualified": "Niveau qualifié : une pièce d’identité est demandée, et c’est plus cher.",
    "corner.top left": "En haut à gauche.",
    "corner.top right": "En haut à droite.",
    "corner.bottom left": "En bas à gauche.",
    "corner.bottom right": "En bas à droite.",
    "action.cancel": "Arrête la demande : plus personne ne peut signer.",
    "action.remind": "Envoie un rappel à qui n’a pas encore signé.",
    "action.restart": "Une nouvelle demande, payante, après une fin ou une copie.",
    "action.unlock": "Lève la protection du document signé.",
    "action.send": "Donne le départ d’une demande prête.",
    "action.already sent": "La demande est déjà partie : vous l’avez vérifié.",
    "action.not sent": "La demande n’est pas partie : vous l’avez vérifié.",
    "page.last": "La dernière page.",
}
"""Every word that a key may hold → what an editor says of it."""
