"""What is said of several documents, of annexes and of pictures, where one sentence about one PDF would not be true."""

from __future__ import annotations

from connector.lifecycle import DocumentFacts
from connector.report import words
from connector.report.facts import Case, name_of
from connector.report.typography import Words
from connector.sidecar.names import image_pdf_name


def is_plain(case: Case) -> bool:
    """True for one PDF and nothing else: the usual texts hold."""
    return len(case.documents) == 1 and case.documents[0].in_place


def first_line(case: Case) -> None:
    """The first line of a request whose documents are all where they belong."""
    page = case.page
    signed = [one for one in case.documents if one.role == "document"]
    annexes = len(case.documents) - len(signed)
    if len(signed) > 1:
        page.first(
            words.SIGNED,
            "les {count} documents sont revenus signés",
            "the {count} documents have come back signed",
            count=Words(str(len(signed))),
        )
    elif signed[0].converted:
        page.first(
            words.SIGNED,
            "la version signée est « {name} »",
            "the signed version is “{name}”",
            name=name_of(signed[0].delivered_href or signed[0].name),
        )
    elif annexes == 1:
        page.first(
            words.SIGNED,
            "« {pdf} » est maintenant la version signée, son annexe est à côté",
            "“{pdf}” is now the signed version, its annex is beside it",
            pdf=case.pdf,
        )
    else:
        page.first(
            words.SIGNED,
            "« {pdf} » est maintenant la version signée, ses annexes sont à côté",
            "“{pdf}” is now the signed version, its annexes are beside it",
            pdf=case.pdf,
        )


def came_back(case: Case) -> None:
    """Tell which file is what: one row for each document and annex."""
    case.page.heading("Documents", "Documents")
    case.page.table([(one.name, _where(case, one)) for one in case.documents])


def _where(case: Case, one: DocumentFacts) -> Words:
    page = case.page
    if one.delivered_href is None:
        return page.say("n’est pas revenu", "has not come back")
    if one.unsigned_back:
        return page.say(
            "est de nouveau l’original d’avant signature", "is again the original from before signing"
        )
    if one.in_place and not one.beside:
        return page.say("est maintenant la version signée", "is now the signed version")
    if one.unsound:
        return page.say(
            "à contrôler : « {name} »", "to be checked: “{name}”", name=name_of(one.delivered_href)
        )
    if one.signatures == 0:
        return page.say(
            "revient sans signature : « {name} »",
            "comes back without a signature: “{name}”",
            name=name_of(one.delivered_href),
        )
    return page.say(
        "version signée : « {name} »", "signed version: “{name}”", name=name_of(one.delivered_href)
    )


def still_signed(case: Case) -> DocumentFacts | None:
    """Return the first document in whose place the signed one still lies, which it had taken; None without such."""
    home = (one for one in case.documents if one.role == "document" and one.in_place and not one.beside)
    return next((one for one in home if one.delivered_href is not None and not one.unsigned_back), None)


def pictures_changed(case: Case) -> bool:
    """S9 for pictures, which are never replaced: what was changed while it was out is not what was signed."""
    page, told = case.page, False
    for one in case.documents:
        if one.converted and one.changed_at is not None and one.delivered_href is not None:
            told = True
            page.para(
                "« {picture} » a été modifié le {day}, pendant la signature. « {name} » est la version signée de "
                "l’image envoyée : cette modification n’en fait pas partie.",
                "“{picture}” was changed on {day}, while it was being signed. “{name}” is the signed version of the "
                "picture that was sent: this change is not part of it.",
                picture=one.name,
                day=page.day_at(one.changed_at),
                name=name_of(one.delivered_href),
            )
    return told


def where_they_will_come(case: Case) -> Words:
    """Say where the signed documents will come back to, while people sign."""
    page, main = case.page, case.documents[0]
    if len([one for one in case.documents if one.role == "document"]) > 1:
        return page.say(
            "les documents signés reviendront ici d’eux-mêmes, chacun à sa place",
            "the signed documents will come back here by themselves, each to its place",
        )
    if main.converted and case.earlier_one:
        return page.say(
            "le document signé reviendra ici de lui-même, à côté de « {name} », qui reste tel quel",
            "the signed document will come back here by itself, beside “{name}”, which stays as it is",
            name=image_pdf_name(name_of(main.href)),
        )
    if main.converted:
        return page.say(
            "le document signé reviendra ici de lui-même, sous le nom « {name} »",
            "the signed document will come back here by itself, as “{name}”",
            name=image_pdf_name(name_of(main.href)),
        )
    return page.say(
        "le document signé reviendra ici de lui-même, à la place de « {pdf} », et ses annexes à côté",
        "the signed document will come back here by itself, in place of “{pdf}”, its annexes beside it",
        pdf=case.pdf,
    )
