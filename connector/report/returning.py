"""Texts of requests that all have signed: the document is sealed and on its way back (ux page S7)."""

from __future__ import annotations

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
    if _locked(case):
        page.first(
            words.SIGNED_BY_ALL,
            "« {pdf} » est ouvert par quelqu’un ; dépôt à sa fermeture",
            "“{pdf}” is open somewhere; delivered once it is closed",
            pdf=case.pdf,
        )
    elif record.reason == "delivery_blocked" and since is not None:
        page.first(
            words.SIGNED_BY_ALL,
            "dépôt impossible depuis le {day} ; une copie est à l’abri",
            "cannot be delivered since {day}; a copy is safe",
            day=page.day(since),
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
    _until_delivered(case)
    meanwhile(case)
    last_news(case)


def _locked(case: Case) -> bool:
    return case.record.reason == "pdf_locked" or bool(case.record.extra.get("locked"))


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
    if _locked(case):
        page.para(
            "Fermez « {pdf} » partout où il est ouvert : le document signé prendra sa place de lui-même.",
            "Close “{pdf}” wherever it is open: the signed document will take its place by itself.",
            pdf=case.pdf,
        )
        return
    if case.record.reason == "delivery_blocked":
        page.para(
            "Le document signé est conservé et sera déposé dès que ce dossier le permettra (contact : {support}).",
            "The signed document is kept and will be put here once this folder allows it (contact: {support}).",
            support=loose(case.context.support),
        )
    page.para(
        "Il n’y a rien à faire. « {pdf} » n’est pas encore la version signée : merci de ne pas la transmettre "
        "et de ne pas la modifier.",
        "There is nothing to do. “{pdf}” is not the signed version yet: please neither pass it on nor change it.",
        pdf=case.pdf,
    )
