"""Texts of a drop folder: a PDF that waits for its ten minutes, and what is said of the folder as a whole.

Source: "Forty letters", third mechanism, of the accountant's page (1.2). The first line never promises a departure
that will not happen: what comes at that hour depends on the folder's ceiling and on its settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.config.model import Ceiling
from connector.report import words
from connector.report.page import Page
from connector.report.status import StatusText, foot
from connector.report.typography import Language, Words, loose, whole
from connector.sidecar.model import Wish

FOLDER_ANSWER = {"fr": "_dépôt.signature.txt", "en": "_drop.signature.txt"}
"""Name of the file that speaks of the drop folder itself, inside it."""

_MOST_NAMES = (10, 4, 2, 1)
"""Names of each kind, where one, two or more kinds are told: the text stays short."""
_COMES = {
    Wish.SEND: (
        "départ à {hour} ; pour l’empêcher, sortez le PDF de ce dossier",
        "leaves at {hour}; to prevent it, take the PDF out of this folder",
    ),
    Wish.DRAFT: (
        "brouillon à {hour} ; pour l’empêcher, sortez le PDF de ce dossier",
        "draft at {hour}; to prevent it, take the PDF out of this folder",
    ),
    Wish.PREVIEW: (
        "aperçu à {hour} ; pour l’empêcher, sortez le PDF de ce dossier",
        "preview at {hour}; to prevent it, take the PDF out of this folder",
    ),
}


def render_waiting(
    *,
    pdf: str,
    folder: str,
    due: datetime,
    wish: Wish,
    ceiling: Ceiling,
    settings_name: str,
    zone: ZoneInfo,
    language: Language,
) -> StatusText:
    """Tell of one PDF that was dropped: when its request is made, and how far it then goes."""
    page = Page(language, zone)
    page.first(words.WAITING, *_COMES[wish], hour=page.hour(due))
    page.para(
        "« {pdf} » a été déposé dans « {folder} » : la demande de signature sera faite le {due}, avec les signataires "
        "de « {settings} ».",
        "“{pdf}” was put into “{folder}”: the signature request will be made on {due}, with the signatories of "
        "“{settings}”.",
        pdf=pdf,
        folder=folder,
        due=page.day_at(due),
        settings=settings_name,
    )
    _how_far(page, wish, ceiling)
    page.what_to_do()
    page.bullet(
        "Ce n’est pas le bon PDF ? Sortez-le de « {folder} » avant cette heure : rien ne sera fait et ce message "
        "disparaîtra.",
        "Not the right PDF? Take it out of “{folder}” before that hour: nothing will be done and this message "
        "will go.",
        folder=folder,
    )
    page.bullet("Sinon, il n’y a rien à faire.", "Else there is nothing to do.")
    return _made(page, zone, language)


def _how_far(page: Page, wish: Wish, ceiling: Ceiling) -> None:
    if wish is Wish.SEND:
        page.para(
            "Si tout est juste, elle part aussitôt : le premier signataire reçoit l’e-mail de Jesignexpert.",
            "If all is right it leaves at once: the first signatory gets the e-mail of Jesignexpert.",
        )
    elif wish is Wish.DRAFT:
        page.para(
            "Si tout est juste, un brouillon est fait sur Jesignexpert ; personne ne reçoit d’e-mail.",
            "If all is right a draft is made on Jesignexpert; nobody gets an e-mail.",
        )
    elif ceiling is Ceiling.PREVIEW:
        page.para(
            "Rien ne partira : l’envoi n’est pas encore ouvert dans ce dossier, seul un aperçu sera déposé.",
            "Nothing will leave: sending is not open in this folder yet, a preview only will be put here.",
        )
    else:
        page.para(
            "Rien ne partira à cette heure : un aperçu sera déposé, et c’est vous qui donnerez le départ.",
            "Nothing will leave at that hour: a preview will be put here, and it is you who say go.",
        )


def render_refused(
    *, folder: str, settings_name: str, support: str, zone: ZoneInfo, language: Language
) -> StatusText:
    """Tell that the firm does not allow requests by a mere drop here."""
    page = Page(language, zone)
    page.first(
        words.TO_CORRECT,
        "ce dossier ne permet pas de faire signer un PDF par simple dépôt",
        "this folder does not allow a PDF to be signed by just dropping it",
    )
    page.para(
        "« {settings} » désigne « {folder} » comme dossier de dépôt, mais le cabinet ne l’a pas ouvert ici. Rien "
        "n’est fait des PDF qui s’y trouvent.",
        "“{settings}” names “{folder}” as a drop folder, but the firm has not opened that here. Nothing is done with "
        "the PDFs in it.",
        settings=settings_name,
        folder=folder,
    )
    page.what_to_do()
    page.bullet(
        "Pour l’ouvrir, contact : {support}.",
        "To have it opened, contact: {support}.",
        support=loose(support),
    )
    page.bullet(
        "Pour y renoncer, retirez cette ligne de « {settings} » :",
        "To give it up, remove this line from “{settings}”:",
        settings=settings_name,
    )
    page.typed(page.pick("dépôt: ", "drop: ") + folder)
    page.bullet(
        "Un PDF doit être signé malgré tout ? Déposez une demande à côté, sous le même nom.",
        "Should a PDF be signed all the same? Put a request beside it, of the same name.",
    )
    return _made(page, zone, language)


def render_left(
    *,
    folder: str,
    before: Sequence[str],
    reserved: Sequence[str] = (),
    along: Sequence[str] = (),
    below: Sequence[str] = (),
    zone: ZoneInfo,
    language: Language,
) -> StatusText:
    """Tell of PDFs of which nothing is made: those that lay there before, are called as ours, or travel with others.

    ``below``: folders in it that hold some, which are no drop folders.
    """
    page = Page(language, zone)
    most = _MOST_NAMES[sum(map(bool, (before, reserved, along, below))) - 1]
    if before:
        one = len(before) == 1
        page.first(
            words.WAITING,
            "{n} PDF était déjà là ; sortez-le puis remettez-le pour le faire signer"
            if one
            else "{n} PDF étaient déjà là ; sortez-les puis remettez-les pour les faire signer",
            "{n} PDF was here already; take it out and put it back to have it signed"
            if one
            else "{n} PDFs were here already; take them out and put them back to have them signed",
            n=Words(str(len(before))),
        )
        page.para(
            "Seul ce qui est déposé dans « {folder} » désormais donne lieu à une demande. Rien n’est fait de :",
            "Only what is put into “{folder}” from now on makes a request. Nothing is done with:",
            folder=folder,
        )
        _named(page, before, most)
    if reserved:
        one = len(reserved) == 1
        if not before:
            page.first(
                words.WAITING,
                "{n} PDF porte un nom réservé ; renommez-le pour le faire signer"
                if one
                else "{n} PDF portent un nom réservé ; renommez-les pour les faire signer",
                "{n} PDF has a reserved name; rename it to have it signed"
                if one
                else "{n} PDFs have reserved names; rename them to have them signed",
                n=Words(str(len(reserved))),
            )
        page.para(
            "Les noms en « (signé) », « (original) », « .apercu » et « .attestation » sont réservés aux fichiers "
            "déposés ici automatiquement. Rien n’est fait de :",
            "Names in “(signé)”, “(original)”, “.apercu” and “.attestation” are reserved for files that are put "
            "here automatically. Nothing is done with:",
        )
        _named(page, reserved, most)
    if below:
        _folders_below(page, folder, below, most, first=not (before or reserved))
    if before or reserved or below:
        page.para(
            "Ils ne sont pas à signer ? Il n’y a rien à faire.",
            "Are they not to be signed? There is nothing to do.",
        )
    if along:
        _along(page, along, most, first=not (before or reserved or below))
    return _made(page, zone, language)


def _folders_below(page: Page, folder: str, below: Sequence[str], most: int, *, first: bool) -> None:
    """Tell of PDFs that were put one folder too deep."""
    if not first:
        page.para(
            "Ni des PDF de ses sous-dossiers : seul compte ce qui est dans « {folder} » même.",
            "Nor with the PDFs of the folders below: only what is in “{folder}” itself counts.",
            folder=folder,
        )
        return
    one = len(below) == 1
    page.first(
        words.WAITING,
        "rien n’est fait des PDF de {n} sous-dossier ; déposez-les ici même"
        if one
        else "rien n’est fait des PDF de {n} sous-dossiers ; déposez-les ici même",
        "nothing is done with the PDFs of {n} folder below; put them right here"
        if one
        else "nothing is done with the PDFs of {n} folders below; put them right here",
        n=Words(str(len(below))),
    )
    page.para(
        "Seul ce qui est déposé dans « {folder} » même donne lieu à une demande. Rien n’est fait des PDF de :",
        "Only what is put into “{folder}” itself makes a request. Nothing is done with the PDFs in:",
        folder=folder,
    )
    _named(page, below, most)


def _along(page: Page, pdfs: Sequence[str], most: int, *, first: bool) -> None:
    """Tell of annexes and further documents that the settings name: they go with every request that is made here."""
    one = len(pdfs) == 1
    if first:
        page.first(
            words.WAITING,
            "{n} PDF accompagne les autres ; aucune demande n’est faite pour lui seul"
            if one
            else "{n} PDF accompagnent les autres ; aucune demande n’est faite pour eux seuls",
            "{n} PDF goes with the others; no request is made for it alone"
            if one
            else "{n} PDFs go with the others; no request is made for them alone",
            n=Words(str(len(pdfs))),
        )
    page.para(
        "Les réglages (« annexes » ou « documents ») joignent à chaque demande faite ici :",
        "The settings (“annexes” or “documents”) add to each request made here:",
    )
    _named(page, pdfs, most)


def _named(page: Page, pdfs: Sequence[str], most: int) -> None:
    page.section()
    for name in pdfs[:most]:
        page.bullet("{name}", "{name}", name=whole(name))
    if len(pdfs) > most:
        page.below("… et {n} de plus.", "… and {n} more.", indent=2, n=Words(str(len(pdfs) - most)))


def _made(page: Page, zone: ZoneInfo, language: Language) -> StatusText:
    return StatusText(
        state=page.state,
        first_line=page.first_line,
        body=tuple(page.body()),
        foot=tuple(foot("", zone, language)),
    )
