"""Texts of requests that came to their good end: the signed document has taken the place of its PDF (ux page S8)."""

from __future__ import annotations

from connector.report import several, undone, words
from connector.report.extras import attestation, locked, protection
from connector.report.facts import FOUND_SIGNED, Case, name_of
from connector.report.people import signatories
from connector.report.typography import Words
from connector.report.versions import ORIGINAL
from connector.sidecar.model import Verb
from connector.sidecar.names import DONE_FOLDER


def delivered(case: Case) -> None:
    """S8: the signed document has taken the place of the original."""
    if undone.is_undone(case):
        undone.original_back(case)
        return
    page, document = case.page, case.record.document
    plain = several.is_plain(case)
    first_in_place(case)
    if not plain:
        several.came_back(case)
    signatories(case)
    _when_and_checked(case, plain=plain)
    if several.pictures_changed(case):
        page.what_to_do()
        page.bullet(
            "Elle doit être signée elle aussi ? Écrivez dans « {file} » (ce sera une nouvelle demande, payante) :",
            "If it must be signed as well: write into “{file}” (this will be a new request, to be paid):",
            file=case.request_file,
        )
        page.typed(case.wording(Verb.RESTART))
    page.heading("Bon à savoir", "Good to know")
    if document.in_place:
        page.bullet(
            "Vous voyez encore l’ancienne version ? Fermez le PDF s’il est ouvert, attendez la fin de la "
            "synchronisation, rouvrez-le.",
            "Do you still see the old version? Close the PDF if it is open, wait for the synchronisation to end, and "
            "open it again.",
        )
        _original(case)
    advice(case)


def first_in_place(case: Case) -> None:
    """First line of what is signed and lies in its place."""
    if several.is_plain(case):
        case.page.first(
            words.SIGNED,
            "« {pdf} » est maintenant la version signée",
            "“{pdf}” is now the signed version",
            pdf=case.pdf,
        )
    else:
        several.first_line(case)


def _when_and_checked(case: Case, *, plain: bool) -> None:
    page, delivered_at = case.page, case.record.delivered_at
    when = page.say(" le {day}", " on {day}", day=page.day_at(delivered_at)) if delivered_at else Words("")
    if case.record.extra.get(FOUND_SIGNED):
        page.para(
            "Jesignexpert ne garde plus rien de cette demande : le document signé a été reconnu à ses signatures{when}."
            "{verified}"
            if plain
            else "Jesignexpert ne garde plus rien de cette demande : ce qui est signé a été reconnu à ses "
            "signatures{when}. Vérifié : chaque signature est intacte.",
            "Jesignexpert keeps nothing of this request any more: the signed document was recognised by its "
            "signatures{when}.{verified}"
            if plain
            else "Jesignexpert keeps nothing of this request any more: what is signed was recognised by its "
            "signatures{when}. Checked: every signature is intact.",
            when=when,
            verified=verified(case),
        )
    elif plain:
        page.para(
            "Le document signé a pris la place du PDF d’origine{when}.{verified}",
            "The signed document has taken the place of the original PDF{when}.{verified}",
            when=when,
            verified=verified(case),
        )
    else:
        page.para(
            "Tout a été déposé{when}. Vérifié : chaque signature est intacte.",
            "Everything was put in place{when}. Checked: every signature is intact.",
            when=when,
        )


def _original(case: Case) -> None:
    """Where the unsigned originals are."""
    page = case.page
    aside = [name_of(one.original_href) for one in case.documents if one.original_href is not None]
    for name in aside:
        page.bullet(
            "Le PDF d’origine est à côté du document signé : « {original} »."
            if case.filed
            else "Le PDF d’origine est à côté : « {original} ».",
            "The original PDF is beside the signed document: “{original}”."
            if case.filed
            else "The original PDF is beside it: “{original}”.",
            original=name,
        )
    if any(one.original_lost for one in case.documents):
        page.bullet(
            "Le PDF d’origine, sans signature, n’a été retrouvé ni dans les versions du fichier ni ailleurs : gardez "
            "ce document signé, qui en a toutes les pages.",
            "The original PDF, not signed, was found neither among the file’s versions nor elsewhere: keep this signed "
            "document, which has all its pages.",
        )
    elif not aside and case.context.versions_kept:
        page.bullet(
            "Le PDF d’origine reste dans les versions du fichier (Nextcloud, Détails, Versions : « {label} »).",
            "The original PDF stays among the file’s versions (Nextcloud, Details, Versions: “{label}”).",
            label=Words(ORIGINAL[page.language]),
        )


def verified(case: Case) -> Words:
    """Say what was found of the signed document when it came back; empty where that is not known."""
    page, document = case.page, case.record.document
    count, pages = document.signatures, document.signed_pages or document.pages
    if count is None or pages is None:
        return Words("")
    intact_fr = "signatures intactes" if count != 1 else "signature intacte"
    intact_en = "signatures" if count != 1 else "signature"
    page_fr = "pages, celles qui avaient" if pages != 1 else "page, celle qui avait"
    page_en = "pages, those that were sent" if pages != 1 else "page, the one that was sent"
    return page.say(
        f" Vérifié : {{count}} {intact_fr} ; {{pages}}~{page_fr} été "
        + ("envoyées." if pages != 1 else "envoyée."),
        f" Checked: {{count}} intact {intact_en}; {{pages}}~{page_en}.",
        count=count,
        pages=pages,
    )


def advice(case: Case) -> None:
    """What is good to know of a signed document."""
    page = case.page
    # What is not intact looks altered already, and says what to do of itself.
    if not locked(case) and not case.record.document.unsound:
        one = case.only is not None
        page.bullet(
            "Ne modifiez plus ce PDF : une annotation suffit à faire apparaître "
            + ("la signature comme altérée." if one else "les signatures comme altérées."),
            "Do not change this PDF any more: one annotation makes the "
            + ("signature look altered." if one else "signatures look altered."),
        )
    attestation(case)
    protection(case)
    if case.filed:
        _filed(case)
        return
    if locked(case):
        return  # without the request's file nobody could say that it is to be unlocked
    if case.record.sidecar_gone or case.record.reason == "folder_gone":
        page.bullet("Ce fichier peut être supprimé.", "This file may be deleted.")
    else:
        page.bullet(
            "Ce fichier et « {file} » peuvent être supprimés.",
            "This file and “{file}” may be deleted.",
            file=case.request_file,
        )


def _filed(case: Case) -> None:
    """With « après signature: ranger » this text has moved; what was signed has not."""
    if case.record.sidecar_gone:
        case.page.bullet(
            "Ce fichier a été rangé dans « {folder} » ; le document signé est resté dans le dossier au-dessus.",
            "This file was moved to “{folder}”; the signed document has stayed in the folder above.",
            folder=DONE_FOLDER,
        )
    else:
        case.page.bullet(
            "Ce fichier et la demande ont été rangés dans « {folder} » ; le document signé est resté dans le dossier "
            "au-dessus.",
            "This file and the request were moved to “{folder}”; the signed document has stayed in the folder above.",
            folder=DONE_FOLDER,
        )
