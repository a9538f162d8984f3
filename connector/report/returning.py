"""Texts of requests that all have signed: the document is sealed and on its way back (ux page S7)."""

from __future__ import annotations

from collections.abc import Mapping

from connector.lifecycle import State
from connector.report import words
from connector.report.facts import Case, who
from connector.report.meanwhile import meanwhile
from connector.report.typography import loose


def last_news(case: Case) -> None:
    """While Jesignexpert is away a request that is out stays EN COURS, with the date of the last answer."""
    answered = case.record.answered_at
    if case.context.platform_away_since is not None and answered is not None:
        case.page.para(
            "Dernières nouvelles de Jesignexpert : le {day}.",
            "Last news from Jesignexpert: on {day}.",
            day=case.page.day_at(answered),
        )


def sealing(case: Case) -> None:
    """S7: signed by all, the document is on its way back; or it cannot be put down yet."""
    page, record = case.page, case.record
    since = case.moment("since")
    if _locked(case) and (holder := _holder(case)):
        page.first(
            words.SIGNED_BY_ALL,
            "« {pdf} » est verrouillé par {who} ; dépôt au déverrouillage",
            "“{pdf}” is locked by {who}; delivered once it is unlocked",
            pdf=case.pdf,
            who=holder,
        )
    elif _locked(case):
        page.first(
            words.SIGNED_BY_ALL,
            "« {pdf} » est ouvert par quelqu’un ; dépôt à sa fermeture",
            "“{pdf}” is open somewhere; delivered once it is closed",
            pdf=case.pdf,
        )
    elif record.reason == "name_refused":
        page.first(
            words.SIGNED_BY_ALL,
            "« {pdf} » porte un nom qui n’est plus accepté ; renommez-le",
            "“{pdf}” has a name that is no longer accepted; rename it",
            pdf=case.pdf,
        )
    elif record.reason == "delivery_blocked" and since is not None:
        page.first(
            words.SIGNED_BY_ALL,
            "dépôt impossible depuis le {day} ; une copie est à l’abri",
            "not delivered since {day}; a copy is safe",
            day=page.day(since),
        )
    elif _not_here(case):
        page.first(
            words.SIGNED_BY_ALL,
            "pas encore revenu ; Jesignexpert l’efface vers le {day}",
            "not back yet; Jesignexpert erases it about {day}",
            day=page.day(case.context.erases_at or case.context.now),
        )
    elif record.state is State.DELIVERING:
        page.first(
            words.SIGNED_BY_ALL,
            "le document signé est arrivé, son dépôt est en cours",
            "the signed document has arrived and is being put in place",
        )
    else:
        page.first(
            words.SIGNED_BY_ALL,
            "Jesignexpert prépare le document, il arrivera ici de lui-même",
            "Jesignexpert prepares the document, it will come by itself",
        )
    _last_signature(case)
    if _not_here(case):
        fetch_it_yourself(case, _ASKED_AGAIN)
    else:
        _until_delivered(case)
    meanwhile(case)
    last_news(case)


def _not_here(case: Case) -> bool:
    """True when the document has not come and the platform will not keep it much longer."""
    return case.record.state is State.SEALING and case.erasure_near


_ASKED_AGAIN = (
    " Il est redemandé automatiquement. {untouched}",
    " It is asked for again and again by itself. {untouched}",
)


def fetch_it_yourself(case: Case, meanwhile: tuple[str, str] = ("", "")) -> None:
    """What a person can do before the platform erases what has not come; ``meanwhile``: what is done by itself."""
    page, day = case.page, case.page.day(case.context.erases_at or case.context.now)
    page.para(
        "Jesignexpert garde un document signé un mois au plus : jusqu’au {day} environ (date calculée depuis la "
        "dernière signature)." + meanwhile[0],
        "Jesignexpert keeps a signed document for a month at most: until about {day} (computed from the last "
        "signature)." + meanwhile[1],
        day=day,
        untouched=case.untouched,
    )
    page.what_to_do()
    page.bullet(
        "Sans attendre, téléchargez le document signé depuis le site de Jesignexpert (collecte « {subject} ») et "
        "gardez-le en lieu sûr.",
        "Without waiting, download the signed document from the site of Jesignexpert (request “{subject}”) and keep "
        "it in a safe place.",
        subject=case.subject,
    )
    page.bullet(
        "Pour qu’il revienne à temps : référence {ref}, contact : {support}.",
        "For it to come back in time: reference {ref}, contact: {support}.",
        ref=case.record.ref,
        support=loose(case.context.support),
    )


def _locked(case: Case) -> bool:
    return case.record.reason == "pdf_locked" or bool(case.record.extra.get("locked"))


def _holder(case: Case) -> str:
    """Who has locked it by hand: no closing of it helps."""
    known = case.record.extra.get("locked_by")
    return str(known.get(str(case.record.document.rank), "")) if isinstance(known, Mapping) else ""


def _last_signature(case: Case) -> None:
    page = case.page
    dated = [(each.signed_at, each) for each in case.signed if each.signed_at is not None]
    page.section()
    if dated:
        at, last = max(dated, key=lambda pair: pair[0])
        page.below(
            "Dernière signature : {who}, le {day}.",
            "Last signature: {who}, on {day}.",
            who=who(last),
            day=page.day_at(at),
        )
    if case.record.state is State.SEALING:
        page.below(
            "La préparation prend quelques minutes, parfois quelques heures.",
            "The preparation takes minutes, sometimes hours.",
        )


def _until_delivered(case: Case) -> None:
    page = case.page
    if _locked(case) and (holder := _holder(case)):
        page.what_to_do()
        page.bullet(
            "{who} a verrouillé « {pdf} » dans Nextcloud : déverrouillez-le (menu du fichier), ou demandez-le à cette "
            "personne. Le document signé prendra sa place de lui-même.",
            "{who} has locked “{pdf}” in Nextcloud: unlock it (menu of the file), or ask that person to. The signed "
            "document will take its place by itself.",
            who=loose(holder),
            pdf=case.pdf,
        )
        return
    if _locked(case):
        page.what_to_do()
        page.bullet(
            "Fermez « {pdf} » partout où il est ouvert : le document signé prendra sa place de lui-même.",
            "Close “{pdf}” wherever it is open: the signed document will take its place by itself.",
            pdf=case.pdf,
        )
        return
    if case.record.reason == "name_refused":
        page.what_to_do()
        page.bullet(
            "Ce nom n’est plus accepté ici : donnez à « {pdf} », et de même à « {file} », un nom fait de lettres, de "
            "chiffres, d’espaces et de tirets. Le document signé, conservé, prendra sa place de lui-même.",
            "That name is no longer accepted here: give “{pdf}”, and “{file}” likewise, a name of letters, digits, "
            "blanks and dashes. The signed document is kept and will take its place by itself.",
            pdf=case.pdf,
            file=case.request_file,
        )
        return
    if case.record.reason == "delivery_blocked":
        page.para(
            "Le document signé est conservé et sera déposé dès que ce dossier le permettra (contact : {support}).",
            "The signed document is kept and will be put here once this folder allows it (contact: {support}).",
            support=loose(case.context.support),
        )
        if case.context.erases_at is not None:
            page.para(
                "Jesignexpert efface le sien vers le {day} (date calculée, un mois après la dernière signature) : la "
                "copie gardée ici n’en dépend pas.",
                "Jesignexpert erases its own about {day} (a computed date, a month after the last signature): the copy "
                "kept here does not depend on it.",
                day=page.day(case.context.erases_at),
            )
    page.para(
        "Il n’y a rien à faire. « {pdf} » n’est pas encore la version signée : merci de ne pas la transmettre "
        "et de ne pas la modifier.",
        "There is nothing to do. “{pdf}” is not the signed version yet: please neither pass it on nor change it.",
        pdf=case.pdf,
    )
