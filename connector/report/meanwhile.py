"""What people did to the files of a request that is followed, told where it is not EN COURS, which has its own words.

A draft, a doubt and a document on its way home stay what they are; but nobody shall believe that an edit counts, or
wonder where the signed document will lie. Source: ux page 1.5 ("never: silently ignored").
"""

from __future__ import annotations

from connector.lifecycle import State
from connector.report import several
from connector.report.facts import Case

_MOST_REMARKS = 2


def meanwhile(case: Case) -> None:
    """Tell of the PDF and of the request's file, the two things that matter most, so that the text stays short."""
    if case.astray:
        return  # its whole folder is gone, which is told instead
    said = 0
    for remark in (_pdf, _request):
        if said < _MOST_REMARKS:
            said += remark(case)


def _pdf(case: Case) -> bool:
    page, document = case.page, case.record.document
    if document.missing_since is not None:
        when = document.missing_since
        french = "« {pdf} » n’est plus dans ce dossier depuis le {day}."
        english = "“{pdf}” has not been in this folder since {day}."
    elif document.changed_at is not None:
        when = document.changed_at
        french = "« {pdf} » a été modifié le {day} : cette modification n’en fait pas partie."
        english = "“{pdf}” was changed on {day}: this change is not part of it."
    else:
        return False
    if several.is_plain(case):
        french += " La version signée sera déposée à côté : « {beside} »."
        english += " The signed version will be put beside it: “{beside}”."
    page.para(french, english, pdf=case.pdf, day=page.day_at(when), beside=case.beside)
    return True


def _request(case: Case) -> bool:
    page, record = case.page, case.record
    if record.sidecar_gone:
        request_gone(case)
    elif record.edited_after_send:
        page.para(
            "« {file} » a été modifié : cela ne change rien à la demande telle qu’elle est sur Jesignexpert.",
            "“{file}” was changed: that changes nothing of the request as it is on Jesignexpert.",
            file=case.request_file,
        )
    else:
        return False
    return True


def request_gone(case: Case) -> None:
    """Tell that deleting the request's file ends nothing, and settles no doubt."""
    if case.record.state is State.IN_DOUBT:
        case.page.para(
            "« {file} » a été supprimé, mais cela ne règle pas la question : recréez-le pour y écrire cette ligne.",
            "“{file}” was deleted, but that does not settle the question: make it again to write this line.",
            file=case.request_file,
        )
        return
    case.page.para(
        "« {file} » a été supprimé, mais la demande continue : la supprimer ne l’arrête pas.",
        "“{file}” was deleted, but the request goes on: deleting it does not stop it.",
        file=case.request_file,
    )


def correction(case: Case) -> None:
    """Tell that a correction of a request that is out was not sent, and the two ways to make it count."""
    one = case.only is not None
    case.page.para(
        "« {file} » a été modifié après l’envoi. "
        + ("La personne qui signe voit" if one else "Les signataires voient")
        + " la demande telle qu’elle est partie. Pour la changer : corrigez-la sur Jesignexpert, ou arrêtez-la puis "
        "recommencez.",
        "“{file}” was changed after sending. "
        + ("The person who signs sees" if one else "The signatories see")
        + " the request as it left. To change it: correct it on Jesignexpert, or stop it and begin again.",
        file=case.request_file,
    )


def document_moved(case: Case) -> bool:
    """The PDF alone lies in another folder now, and this text with it: the request's file does not."""
    moved, record = case.moment("document_moved_at"), case.record
    apart = record.document.href.rpartition("/")[0] != record.place.rpartition("/")[0]
    if moved is None or not apart or record.sidecar_gone:
        return False
    case.page.para(
        "« {pdf} » a été déplacé le {day} : il est suivi ici. « {file} » est resté dans son dossier.",
        "“{pdf}” was moved on {day}: it is followed here. “{file}” has stayed in its folder.",
        pdf=case.pdf,
        day=case.page.day(moved),
        file=case.request_file,
    )
    return True


def folder_moved(case: Case) -> bool:
    """The pair has another name, or lies in another folder, alone or with its folder."""
    moved = case.moment("moved_at")
    if moved is not None:
        what = {
            "renamed": ("Cette demande a changé de nom le {day}", "This request was renamed on {day}"),
            "pair": ("Cette demande a été déplacée le {day}", "This request was moved on {day}"),
        }.get(
            case.extra_text("moved"), ("Ce dossier a été déplacé le {day}", "This folder was moved on {day}")
        )
        case.page.para(
            what[0] + " ; le suivi continue ici.",
            what[1] + "; it is followed here.",
            day=case.page.day(moved),
        )
    return moved is not None
