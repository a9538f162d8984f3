"""Why a request waits for a person: reason code → first line and what happened, in both languages.

``Record.reason`` carries the code, ``Record.values`` what fills the sentence (moments as ISO 8601 texts with their
zone). A code that is not listed gets the sentence of its state under the empty code: never silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connector.lifecycle import State


@dataclass(frozen=True, kw_only=True)
class Reason:
    """First line and first paragraph, each French and English; ``{pdf}``, ``{file}`` and the values fill them."""

    first: tuple[str, str]
    told: tuple[str, str]


HELD: Final[dict[str, Reason]] = {
    "": Reason(
        first=(
            "cette demande attend une décision ; rien n’est parti",
            "this request awaits a decision; nothing has been sent",
        ),
        told=(
            "« {file} » n’a pas été envoyée d’elle-même, par prudence.",
            "“{file}” was not sent by itself, to be on the safe side.",
        ),
    ),
    "there_before": Reason(
        first=(
            "cette demande était là avant la mise en service ; rien n’est parti",
            "this request was here before the service began; nothing has been sent",
        ),
        told=(
            "« {file} » se trouvait dans ce dossier avant que le suivi n’y commence. Une demande ancienne ne "
            "part jamais d’elle-même.",
            "“{file}” was in this folder before it was first followed. An old request never leaves by itself.",
        ),
    ),
    "status_by_name": Reason(
        first=(
            "un suivi plus ancien porte ce nom ; rien n’est parti",
            "an older status has this name; nothing has been sent",
        ),
        told=(
            "Un suivi de signature se trouvait déjà à côté de « {file} ». Cette demande est peut-être déjà "
            "partie autrefois.",
            "A signature status already stood beside “{file}”. This request may have been sent in the past.",
        ),
    ),
    "marker_unreadable": Reason(
        first=(
            "la trace d’un envoi précédent est illisible ; rien n’est parti",
            "the trace of an earlier sending cannot be read; nothing has been sent",
        ),
        told=(
            "Une trace d’envoi existe pour « {file} », mais elle ne peut pas être lue. La demande est peut-être "
            "déjà partie autrefois. Un message est parti au support.",
            "There is a trace of a sending of “{file}”, but it cannot be read. The request may have been sent in "
            "the past. The support has been told.",
        ),
    ),
    "marker_other_connector": Reason(
        first=(
            "un autre service de signature suit déjà cette demande ; rien n’est parti",
            "another signature service already follows this request; nothing has been sent",
        ),
        told=(
            "La trace d’un envoi de « {file} » par un autre service se trouve dans ce dossier. Par prudence, rien "
            "n’est parti d’ici.",
            "The trace of a sending of “{file}” by another service lies in this folder. To be on the safe side, "
            "nothing was sent from here.",
        ),
    ),
    "marker_other_digest": Reason(
        first=(
            "la demande a changé depuis sa préparation ; rien n’est parti",
            "the request has changed since it was prepared; nothing has been sent",
        ),
        told=(
            "Ce qui est écrit maintenant dans « {file} » ou dans les réglages du dossier diffère de ce qui "
            "avait été préparé sur Jesignexpert : rien n’a été envoyé.",
            "What “{file}” or the folder’s settings say now differs from what had been prepared on "
            "Jesignexpert: nothing was sent.",
        ),
    ),
    "platform_said_no": Reason(
        first=(
            "Jesignexpert n’a pas accepté la demande (motif ci-dessous)",
            "Jesignexpert did not accept the request (reason below)",
        ),
        told=(
            "Motif donné par Jesignexpert : « {text} »\nRien n’est parti, et rien ne sera retenté sans vous.",
            "Reason given by Jesignexpert: “{text}”\nNothing has been sent, and nothing is tried again without you.",
        ),
    ),
    "restart_marker_missing": Reason(
        first=(
            "un ancien « recommencer » est resté dans la demande ; rien n’est parti",
            "an old “restart” was left in the request; nothing has been sent",
        ),
        told=(
            "« {file} » demande de recommencer, mais aucun envoi n’est connu pour cette ligne. Par prudence, "
            "elle n’a pas été suivie.",
            "“{file}” asks to restart, but no sending is known for that line. To be on the safe side, it was not "
            "obeyed.",
        ),
    ),
    "stopped_by_administrator": Reason(
        first=(
            "l’administrateur a arrêté cette demande ; rien n’est parti",
            "the administrator has stopped this request; nothing has been sent",
        ),
        told=(
            "« {file} » ne partira pas d’elle-même. Pour en connaître la raison, contact : {support}.",
            "“{file}” will not leave by itself. To learn why, contact: {support}.",
        ),
    ),
    "orders_pending": Reason(
        first=(
            "une consigne ancienne est restée dans la demande ; rien n’est parti",
            "an old order was left in the request; nothing has been sent",
        ),
        told=(
            "« {file} » contient une consigne (« action ») écrite avant que le suivi ne reprenne ici. Elle n’a "
            "pas été suivie.",
            "“{file}” holds an order (“action”) written before it was followed here again. It was not obeyed.",
        ),
    ),
}

IN_DOUBT: Final[dict[str, Reason]] = {
    "": Reason(
        first=(
            "la demande est peut-être déjà partie ; rien n’a été renvoyé",
            "the request may already have been sent; nothing was sent again",
        ),
        told=(
            "La connexion avec Jesignexpert s’est coupée pendant l’envoi{when}. Pour ne pas solliciter {who} deux "
            "fois, rien n’a été renvoyé.",
            "The connection with Jesignexpert broke during the sending{when}. So as not to ask {who} twice, "
            "nothing was sent again.",
        ),
    ),
    "adopted_not_sent": Reason(
        first=(
            "la demande est peut-être déjà partie ; rien n’a été renvoyé",
            "the request may already have been sent; nothing was sent again",
        ),
        told=(
            "Cette demande a été retrouvée à la reprise du suivi. Jesignexpert ne confirme pas son envoi. Pour "
            "ne pas solliciter {who} deux fois, rien n’a été renvoyé.",
            "This request was found again when following resumed. Jesignexpert does not confirm that it was "
            "sent. So as not to ask {who} twice, nothing was sent again.",
        ),
    ),
    "signed_here": Reason(
        first=(
            "ce PDF porte déjà une signature électronique ; rien n’a été renvoyé",
            "this PDF already bears an electronic signature; nothing was sent again",
        ),
        told=(
            "Cette demande a été retrouvée à la reprise du suivi. Jesignexpert est interrogé à son sujet.",
            "This request was found again when following resumed. Jesignexpert is being asked about it.",
        ),
    ),
    "send_404": Reason(
        first=(
            "la demande est peut-être déjà partie ; rien n’a été renvoyé",
            "the request may already have been sent; nothing was sent again",
        ),
        told=(
            "Après l’envoi{when}, Jesignexpert n’a pas retrouvé cette demande. Pour ne pas solliciter {who} deux "
            "fois, rien n’a été renvoyé.",
            "After the sending{when}, Jesignexpert did not find this request. So as not to ask {who} twice, "
            "nothing was sent again.",
        ),
    ),
    "away_too_long": Reason(
        first=(
            "la demande est peut-être déjà partie ; Jesignexpert ne répond pas",
            "the request may already have been sent; Jesignexpert does not answer",
        ),
        told=(
            "La connexion s’est coupée pendant l’envoi{when} et Jesignexpert ne répond plus depuis. Pour ne pas "
            "solliciter {who} deux fois, rien n’a été renvoyé.",
            "The connection broke during the sending{when} and Jesignexpert has not answered since. So as not "
            "to ask {who} twice, nothing was sent again.",
        ),
    ),
}
IN_DOUBT["send_unanswered"] = IN_DOUBT[""]

_AGAIN = (
    "Le document est redemandé à Jesignexpert automatiquement. {untouched}",
    "The document is fetched from Jesignexpert again by itself. {untouched}",
)


_AGAIN_FOR_A_DAY = (
    _AGAIN[0] + " S’il revient encore ainsi dans un jour, il sera déposé à côté, à vérifier.",
    _AGAIN[1] + " If it still comes back like this in a day, it will be put beside, to be checked.",
)


def _quarantine(
    first_fr: str, first_en: str, told_fr: str, told_en: str, *, then: tuple[str, str] = _AGAIN
) -> Reason:
    return Reason(first=(first_fr, first_en), told=(f"{told_fr} {then[0]}", f"{told_en} {then[1]}"))


QUARANTINED: Final[dict[str, Reason]] = {
    "": _quarantine(
        "le document revenu est à contrôler ; il n’a rien remplacé",
        "the document that came back must be checked; it replaced nothing",
        "Tous ont signé, mais le document revenu n’a pas pu être contrôlé.",
        "All have signed, but the document that came back could not be checked.",
    ),
    "unverified": _quarantine(
        "le document revenu est à contrôler ; il n’a rien remplacé",
        "the document that came back must be checked; it replaced nothing",
        "Tous ont signé, mais le document revenu de Jesignexpert est trop complexe pour être contrôlé.",
        "All have signed, but the document that came back from Jesignexpert is too complex to be checked.",
        then=_AGAIN_FOR_A_DAY,
    ),
    "not_signed": _quarantine(
        "le document revenu ne porte aucune signature ; il n’a rien remplacé",
        "the document that came back bears no signature; it replaced nothing",
        "Tous ont signé, mais le document revenu de Jesignexpert ne porte aucune signature.",
        "All have signed, but the document that came back from Jesignexpert bears no signature.",
    ),
    "signature_broken": _quarantine(
        "une signature du document revenu est altérée ; il n’a rien remplacé",
        "a signature of the document that came back is damaged; it replaced nothing",
        "Tous ont signé, mais une signature au moins du document revenu n’est pas intacte.",
        "All have signed, but at least one signature of the document that came back is not intact.",
        then=_AGAIN_FOR_A_DAY,
    ),
    "added_later": _quarantine(
        "le document revenu a été complété après signature ; il n’a rien remplacé",
        "something was added to the document after it was signed; it replaced nothing",
        "Tous ont signé, et aucune signature n’est altérée. Mais quelque chose a ensuite été ajouté au document, que "
        "la signature ne couvre pas.",
        "All have signed, and no signature is damaged. But something was added to the document afterwards, which the "
        "signature does not cover.",
        then=_AGAIN_FOR_A_DAY,
    ),
    "not_pdf": _quarantine(
        "le document revenu n’est pas un PDF lisible ; il n’a rien remplacé",
        "the document that came back is no readable PDF; it replaced nothing",
        "Tous ont signé, mais ce qui est revenu de Jesignexpert n’est pas un PDF lisible.",
        "All have signed, but what came back from Jesignexpert is no readable PDF.",
    ),
    "other_document": _quarantine(
        "le document revenu n’est pas celui envoyé ; il n’a rien remplacé",
        "the document that came back is not the one sent; it replaced nothing",
        "Tous ont signé, mais le document revenu de Jesignexpert n’est pas celui qui avait été envoyé.",
        "All have signed, but the document that came back from Jesignexpert is not the one that was sent.",
    ),
    "empty": _quarantine(
        "le document revenu est vide ; il n’a rien remplacé",
        "the document that came back is empty; it replaced nothing",
        "Tous ont signé, mais le fichier revenu de Jesignexpert est vide.",
        "All have signed, but the file that came back from Jesignexpert is empty.",
    ),
}

LOST: Final[dict[str, Reason]] = {
    "": Reason(
        first=(
            "Jesignexpert ne connaît plus cette demande",
            "Jesignexpert no longer knows this request",
        ),
        told=(
            "Jesignexpert ne donne plus aucune réponse pour cette demande. Elle a pu aboutir sans que le "
            "document soit revenu ici.",
            "Jesignexpert no longer answers for this request. It may have succeeded without its document "
            "coming back here.",
        ),
    ),
    "erased_before_fetch": Reason(
        first=(
            "signé par tous, mais Jesignexpert a effacé le document{when}",
            "signed by all, but Jesignexpert erased the document{when}",
        ),
        told=(
            "Jesignexpert ne garde les documents qu’un mois. Le document signé n’a pas pu être rapporté ici avant.",
            "Jesignexpert keeps documents for a month only. The signed one could not be brought here in time.",
        ),
    ),
    "signed_here": Reason(
        first=(
            "ce PDF porte déjà une signature ; Jesignexpert ne garde plus le sien",
            "this PDF already bears a signature; Jesignexpert keeps its own no more",
        ),
        told=(
            "Cette demande a été retrouvée à la reprise du suivi. Jesignexpert ne garde les documents qu’un mois : il "
            "ne peut plus rien en dire.",
            "This request was found again when following resumed. Jesignexpert keeps documents for a month only: it "
            "can tell nothing of it any more.",
        ),
    ),
}
LOST["erased_unknown"] = LOST[""]

UNCONFIRMED: Final[dict[str, Reason]] = {
    "copy": Reason(
        first=(
            "cette demande semble copiée d’un autre dossier ; rien n’est parti",
            "this request seems copied from another folder; nothing has been sent",
        ),
        told=(
            "Elle ressemble à celle de « {other} »{ended}.",
            "It looks like that of “{other}”{ended}.",
        ),
    ),
    "copy_beside": Reason(
        first=(
            "cette demande semble copiée d’une autre de ce dossier ; rien n’est parti",
            "this request seems copied from another one of this folder; nothing has been sent",
        ),
        told=(
            "Elle ressemble à celle de « {other} », dans ce même dossier{ended}.",
            "It looks like that of “{other}”, in this same folder{ended}.",
        ),
    ),
    "copy_or_move": Reason(
        first=(
            "cette demande semble venir d’un autre dossier ; rien n’est parti d’ici",
            "this request seems to come from another folder; nothing has been sent from here",
        ),
        told=(
            "Elle ressemble à celle de « {other} »{ended}.",
            "It looks like that of “{other}”{ended}.",
        ),
    ),
    "ended_place_changed": Reason(
        first=(
            "le PDF a changé après une demande terminée ; rien n’est parti",
            "the PDF has changed after an ended request; nothing has been sent",
        ),
        told=(
            "« {pdf} » a déjà fait l’objet d’une demande{ended}. Le PDF n’est plus le même : il ne part pas de "
            "lui-même.",
            "“{pdf}” was already the matter of a request{ended}. The PDF is no longer the same: it does not leave "
            "by itself.",
        ),
    ),
    "lost_both_files": Reason(
        first=(
            "cette demande ressemble à une autre, encore en cours ; rien n’est parti",
            "this request looks like another one still out; nothing has been sent",
        ),
        told=(
            "Une demande en cours a perdu ses fichiers, et celle-ci a le même texte avec un autre PDF. Est-ce la "
            "même, ou une nouvelle ?",
            "A request that is out has lost its files, and this one has the same words with another PDF. Is it "
            "the same, or a new one?",
        ),
    ),
}
UNCONFIRMED[""] = UNCONFIRMED["copy"]

REASONS: Final[dict[State, dict[str, Reason]]] = {
    State.HELD: HELD,
    State.IN_DOUBT: IN_DOUBT,
    State.QUARANTINED: QUARANTINED,
    State.LOST: LOST,
    State.UNCONFIRMED: UNCONFIRMED,
}


def reason_of(state: State, code: str) -> Reason:
    """Return the sentence of a reason; that of the state where the code is not listed."""
    known = REASONS[state]
    return known.get(code, known[""])
