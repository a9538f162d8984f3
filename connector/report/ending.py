"""Texts of requests that came to their good end: the signed document is in the folder (ux page S8, S9)."""

from __future__ import annotations

from connector.report import several, words
from connector.report.extras import attestation, locked, protection
from connector.report.facts import Case, name_of, who
from connector.report.people import signatories
from connector.report.typography import Words, loose
from connector.sidecar.model import Verb
from connector.sidecar.names import DONE_FOLDER, LOST_FOLDER


def delivered(case: Case) -> None:
    """S8: the signed document has taken the place of the original."""
    page, document = case.page, case.record.document
    plain = several.is_plain(case)
    if plain:
        page.first(
            words.SIGNED,
            "« {pdf} » est maintenant la version signée",
            "“{pdf}” is now the signed version",
            pdf=case.pdf,
        )
    else:
        several.first_line(case)
        several.came_back(case)
    signatories(case)
    _when_and_checked(case, plain=plain)
    page.heading("Bon à savoir", "Good to know")
    if document.in_place:
        page.bullet(
            "Vous voyez encore l’ancienne version ? Fermez le PDF s’il est ouvert, attendez la fin de la "
            "synchronisation, rouvrez-le.",
            "Do you still see the old version? Close the PDF if it is open, wait for the synchronisation to end, and "
            "open it again.",
        )
        _original(case)
    _advice(case)


def _when_and_checked(case: Case, *, plain: bool) -> None:
    page, delivered_at = case.page, case.record.delivered_at
    when = page.say(" le {day}", " on {day}", day=page.day_at(delivered_at)) if delivered_at else Words("")
    if plain:
        page.para(
            "Le document signé a pris la place du PDF d’origine{when}.{verified}",
            "The signed document has taken the place of the original PDF{when}.{verified}",
            when=when,
            verified=_verified(case),
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
    if not aside and case.context.versions_kept:
        page.bullet(
            "Le PDF d’origine reste dans les versions du fichier (Nextcloud, Détails, Versions : « Original "
            "avant signature »).",
            "The original PDF stays among the file’s versions (Nextcloud, Details, Versions: “Original avant "
            "signature”).",
        )


def _verified(case: Case) -> Words:
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


def _advice(case: Case) -> None:
    page = case.page
    if not locked(case):
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


def delivered_beside(case: Case) -> None:
    """S9 and its kin: the signed document lies beside, or in the folder for what has lost its own."""
    reason = case.record.reason
    if reason == "folder_gone":
        _folder_gone(case)
    elif reason == "to_check":
        _to_check(case)
    elif reason == "pdf_gone":
        _pdf_gone(case)
    elif reason == "erased":
        _erased(case)
    else:
        _pdf_changed(case)
    if len(case.documents) > 1:
        several.came_back(case)


def _first_beside(case: Case) -> None:
    document = case.record.document
    parent = (document.delivered_href or document.href).rpartition("/")[0]
    if document.href and parent != document.href.rpartition("/")[0]:
        # The pair was moved, and this stayed behind.
        case.page.first(
            words.SIGNED,
            "la version signée est dans « {folder} » : « {beside} »",
            "the signed version is in “{folder}”: “{beside}”",
            folder=name_of(parent),
            beside=case.beside,
        )
        return
    case.page.first(
        words.SIGNED,
        "la version signée est à côté : « {beside} »",
        "the signed version is beside it: “{beside}”",
        beside=case.beside,
    )


def _pdf_changed(case: Case) -> None:
    page, changed = case.page, case.record.document.changed_at
    _first_beside(case)
    when = page.say(" le {day}", " on {day}", day=page.day_at(changed)) if changed else Words("")
    page.para(
        "« {pdf} » a été modifié{when}, pendant la signature. Pour ne rien perdre, il n’a pas été remplacé.",
        "“{pdf}” was changed{when}, while it was being signed. To lose nothing, it was not replaced.",
        pdf=case.pdf,
        when=when,
    )
    _two_files(case)
    signatories(case)
    page.what_to_do()
    page.bullet(
        "La modification ne compte pas ? Supprimez « {pdf} »,\npuis donnez ce nom à « {beside} ».",
        "If the change does not matter: delete “{pdf}”,\nthen give that name to “{beside}”.",
        pdf=case.pdf,
        beside=case.beside,
    )
    page.bullet(
        "Elle doit être signée elle aussi ? Écrivez dans « {file} » (ce sera une nouvelle demande, payante) :",
        "If it must be signed as well: write into “{file}” (this will be a new request, to be paid):",
        file=case.request_file,
    )
    page.typed(case.wording(Verb.RESTART))
    attestation(case)
    protection(case)


def _two_files(case: Case) -> None:
    """Which of the two files is which."""
    page, total = case.page, len(case.people)
    signed = (
        page.say(
            "le document que les {total} personnes ont signé",
            "the document that the {total} people signed",
            total=total,
        )
        if total > 1
        else page.say("le document signé", "the signed document")
    )
    page.section()
    page.table(
        [
            (case.beside, signed),
            (case.pdf, page.say("la version modifiée, sans signature", "the changed version, not signed")),
        ]
    )


def _pdf_gone(case: Case) -> None:
    page = case.page
    _first_beside(case)
    where = (
        page.say("le dossier au-dessus", "the folder above")
        if case.filed
        else page.say("ce dossier", "this folder")
    )
    page.para(
        "« {pdf} » n’était plus là au retour du document signé. La version signée est dans {where}, sous le nom "
        "« {beside} ».",
        "“{pdf}” was no longer there when the signed document came back. The signed version is in {where}, under the "
        "name “{beside}”.",
        where=where,
        pdf=case.pdf,
        beside=case.beside,
    )
    signatories(case)
    page.heading("Bon à savoir", "Good to know")
    _advice(case)


def astray(case: Case) -> None:
    """A request that ended without a signed document, or waits for a person, and whose folder was taken away."""
    case.page.para(
        "{gone} Ce suivi est donc ici. Pour agir sur cette demande, remettez d’abord le dossier à sa place.",
        "{gone} So its status is here. To act on this request, first put the folder back.",
        gone=_gone(case),
    )


def _folder_back(case: Case) -> None:
    """The folder was taken away while people signed, and is there again."""
    page = case.page
    page.first(
        words.SIGNED,
        "la version signée vous attend dans « {folder} »",
        "the signed version waits for you in “{folder}”",
        folder=LOST_FOLDER,
    )
    when = case.record.delivered_at
    page.para(
        "Ce dossier n’était plus là quand le document signé est revenu{when} : il a été déposé dans « {folder} », "
        "sous le nom « {beside} ». « {pdf} », ici, est la version sans signature.",
        "This folder was not there when the signed document came back{when}: it was put into “{folder}”, under the "
        "name “{beside}”. “{pdf}”, here, is the version without a signature.",
        when=page.say(", le {day}", ", on {day}", day=page.day_at(when)) if when else Words(""),
        folder=LOST_FOLDER,
        beside=case.beside,
        pdf=case.pdf,
    )
    signatories(case)
    page.what_to_do()
    page.bullet(
        "Déplacez « {beside} » dans ce dossier, ou classez-le où il vous convient.",
        "Move “{beside}” into this folder, or file it where you like.",
        beside=case.beside,
    )


def _folder_gone(case: Case) -> None:
    page = case.page
    if case.record.document.href:
        _folder_back(case)
        return
    page.first(
        words.SIGNED,
        "le dossier d’origine n’est plus là ; le document signé est ici",
        "the original folder is gone; the signed document is here",
    )
    page.para(
        "{gone} Le document signé a été déposé ici, sous le nom « {beside} ».",
        "{gone} The signed document was put here, under the name “{beside}”.",
        gone=_gone(case),
        beside=case.beside,
    )
    signatories(case)
    page.what_to_do()
    page.bullet(
        "Classez « {beside} » où il vous convient.", "File “{beside}” where you like.", beside=case.beside
    )
    page.heading("Bon à savoir", "Good to know")
    _advice(case)


def _gone(case: Case) -> Words:
    """Which folder is not there any more, and since when."""
    page, since = case.page, case.record.document.missing_since
    when = page.say(" depuis le {day}", " since {day}", day=page.day_at(since)) if since else Words("")
    if case.folder:
        return page.say(
            "« {pdf} » était dans le dossier « {folder} », qui n’est plus là{when}.",
            "“{pdf}” was in the folder “{folder}”, which is not there any more{when}.",
            pdf=case.pdf,
            folder=case.folder,
            when=when,
        )
    return page.say(
        "Le dossier de « {pdf} » n’est plus là{when}.",
        "The folder of “{pdf}” is not there any more{when}.",
        pdf=case.pdf,
        when=when,
    )


def _erased(case: Case) -> None:
    """One of several documents was erased at the platform before it could be fetched; the others are home."""
    page = case.page
    page.first(
        words.SIGNED,
        "mais « {pdf} » signé n’est pas revenu : Jesignexpert l’a effacé",
        "but “{pdf}” did not come back signed: Jesignexpert has erased it",
        pdf=case.pdf,
    )
    page.para(
        "Jesignexpert n’avait plus « {pdf} » signé quand il a été demandé. Les autres documents de cette demande "
        "sont revenus signés. {untouched}",
        "Jesignexpert no longer had “{pdf}” signed when it was asked for. The other documents of this request came "
        "back signed. {untouched}",
        pdf=case.pdf,
        untouched=case.untouched,
    )
    signatories(case)
    page.what_to_do()
    if case.only is not None:
        page.bullet(
            "Demandez « {pdf} » signé à {who} : Jesignexpert l’a envoyé par e-mail.",
            "Ask {who} for “{pdf}” signed: Jesignexpert sent it by e-mail.",
            pdf=case.pdf,
            who=who(case.only),
        )
        return
    page.bullet(
        "Demandez « {pdf} » signé à un signataire : Jesignexpert l’a envoyé à chacun par e-mail.",
        "Ask a signatory for “{pdf}” signed: Jesignexpert sent it to each by e-mail.",
        pdf=case.pdf,
    )


def _differences(case: Case) -> dict[str, str]:
    """What the signed document was expected to be, as ``pdf.verify`` tells it: ``{"signatures": "2→1"}``."""
    return dict(case.record.document.differences or case.record.values)


def _to_check(case: Case) -> None:
    page = case.page
    _first_beside(case)
    page.para(
        "Les signatures du document revenu sont intactes, mais il n’est pas tout à fait celui attendu. « {pdf} » "
        "n’a pas été remplacé.",
        "The signatures of the document that came back are intact, but it is not quite the one expected. “{pdf}” "
        "was not replaced.",
        pdf=case.pdf,
    )
    page.section()
    different = _differences(case)
    for key, label in (("signatures", "Signatures"), ("pages", "Pages")):
        expected, arrow, found = different.get(key, "").partition("→")
        if arrow:
            page.bullet(
                label + " : {found} au lieu de {expected}.",
                label + ": {found} instead of {expected}.",
                found=found,
                expected=expected,
            )
    if different.get("content"):
        page.bullet(
            "Le contenu des pages n’a pas été reconnu comme celui envoyé.",
            "What the pages show was not recognised as what was sent.",
        )
    signatories(case)
    page.what_to_do()
    page.bullet(
        "Ouvrez « {beside} » et relisez-le. Il convient ? Gardez-le : c’est la version signée.",
        "Open “{beside}” and read it. Is it right? Keep it: it is the signed version.",
        beside=case.beside,
    )
    page.bullet(
        "Un doute ? Contact : {support}.",
        "Not sure? Contact: {support}.",
        support=loose(case.context.support),
    )
    attestation(case)
    protection(case)
