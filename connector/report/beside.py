"""Texts of requests whose signed document lies beside its PDF, or where lost ones go (ux page S9)."""

from __future__ import annotations

from typing import Final

from connector.report import several, undone, words
from connector.report.ending import advice, first_in_place, verified
from connector.report.extras import attestation, protection
from connector.report.facts import Case, name_of, who
from connector.report.people import signatories
from connector.report.typography import Words, loose
from connector.sidecar.model import Verb
from connector.sidecar.names import LOST_FOLDER


def delivered_beside(case: Case) -> None:
    """S9 and its kin: the signed document lies beside, or in the folder for what has lost its own."""
    reason = case.record.reason
    if reason == "folder_gone":
        _folder_gone(case)
    elif reason == "to_check":
        _to_check(case)
    elif reason == "pdf_gone":
        _pdf_gone(case)
    elif reason == "pdf_read_only":
        _pdf_read_only(case)
    elif reason == "erased":
        _erased(case)
    elif reason == "put_in_place":
        _put_in_place(case)
    else:
        _pdf_changed(case)
    if len(case.documents) > 1:
        several.came_back(case)
        several.pictures_changed(case)


def _first_unsound(case: Case) -> bool:
    """First line of what is not intact, wherever it lies; False, and nothing said, of what is."""
    if not case.record.document.unsound:
        return False
    case.page.first(
        words.SIGNED,
        "mais le document revenu est à contrôler : « {beside} »",
        "but the document that came back must be checked: “{beside}”",
        beside=case.beside,
    )
    return True


def _first_beside(case: Case) -> None:
    document = case.record.document
    if _first_unsound(case):
        return
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


def _put_in_place(case: Case) -> None:
    """It came beside, and a person has put it where it belongs."""
    page = case.page
    if undone.is_undone(case):
        undone.original_back(case)
        return
    first_in_place(case)
    signatories(case)
    if several.is_plain(case):
        page.para(
            "Revenue à côté, la version signée a été mise à la place du PDF d’origine.{verified}",
            "The signed version had come beside; it was put in the place of the original PDF.{verified}",
            verified=verified(case),
        )
    page.heading("Bon à savoir", "Good to know")
    advice(case)


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
    advice(case)


def _pdf_read_only(case: Case) -> None:
    """The PDF is shared by itself, to be read: it takes no new version, its folder takes new files."""
    page = case.page
    _first_beside(case)
    page.para(
        "« {pdf} » est partagé en lecture seule : il n’a pas pu être remplacé. La version signée est dans ce dossier, "
        "sous le nom « {beside} ».",
        "“{pdf}” is shared for reading only: it could not be replaced. The signed version is in this folder, under the "
        "name “{beside}”.",
        pdf=case.pdf,
        beside=case.beside,
    )
    signatories(case)
    page.heading("Bon à savoir", "Good to know")
    advice(case)


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
    if not _first_unsound(case):
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
    if case.record.document.differences:
        _different(case)
    signatories(case)
    page.what_to_do()
    if case.record.document.differences:
        _look_first(case)
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
    if not _first_unsound(case):
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
    if case.record.document.differences:
        _different(case)
    signatories(case)
    page.what_to_do()
    if case.record.document.differences:
        _look_first(case)
    page.bullet(
        "Classez « {beside} » où il vous convient.", "File “{beside}” where you like.", beside=case.beside
    )
    page.heading("Bon à savoir", "Good to know")
    advice(case)


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


_TO_CHECK: Final[dict[str, tuple[str, str]]] = {
    "": (
        "Les signatures du document revenu sont intactes, mais il n’est pas tout à fait celui attendu. « {pdf} » "
        "n’a pas été remplacé.",
        "The signatures of the document that came back are intact, but it is not quite the one expected. “{pdf}” "
        "was not replaced.",
    ),
    "added_later": (
        "Aucune signature du document revenu n’est altérée. Mais quelque chose y a ensuite été ajouté, que la "
        "signature ne couvre pas. Jesignexpert n’en donne pas d’autre. « {pdf} » n’a pas été remplacé.",
        "No signature of the document that came back is damaged. But something was added to it afterwards, which the "
        "signature does not cover. Jesignexpert gives no other. “{pdf}” was not replaced.",
    ),
    "signature_broken": (
        "Une signature au moins du document revenu n’a pas pu être reconnue comme intacte. Jesignexpert n’en donne "
        "pas d’autre. « {pdf} » n’a pas été remplacé.",
        "At least one signature of the document that came back could not be recognised as intact. Jesignexpert gives "
        "no other. “{pdf}” was not replaced.",
    ),
    "unverified": (
        "Le document revenu est trop complexe pour que ses signatures soient contrôlées ici. « {pdf} » n’a pas été "
        "remplacé.",
        "The document that came back is too complex for its signatures to be checked here. “{pdf}” was not replaced.",
    ),
}
"""What a document that came back for good is not; empty where its signatures are intact."""


def _to_check(case: Case) -> None:
    _first_beside(case)
    _different(case)
    signatories(case)
    case.page.what_to_do()
    _look_first(case)
    attestation(case)
    protection(case)


def _different(case: Case) -> None:
    """What came back is not, each thing of it."""
    page, different = case.page, _differences(case)
    page.para(*_TO_CHECK.get(case.record.document.unsound, _TO_CHECK[""]), pdf=case.pdf)
    page.section()
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
    if different.get("signatories"):
        page.bullet(
            "Aucune signature n’est au nom d’une personne à qui ce document avait été adressé.",
            "No signature is in the name of anybody whom this document was addressed to.",
        )


def _look_first(case: Case) -> None:
    page = case.page
    if case.record.document.unsound:
        page.bullet(
            "Ouvrez « {beside} » dans Adobe Acrobat Reader, qui vérifie les signatures, et relisez-le avant de vous "
            "en servir.",
            "Open “{beside}” in Adobe Acrobat Reader, which checks signatures, and read it before you use it.",
            beside=case.beside,
        )
    else:
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
