"""What a request that is out waits for: the mail that left, until when a signature counts (ux page S4, S5)."""

from __future__ import annotations

from connector.report.facts import Case
from connector.report.typography import Words, enumeration, loose


def awaited(case: Case) -> None:
    """The mail that left (nobody has signed yet), and what happens without a signature."""
    page, record = case.page, case.record
    page.section()
    if not case.signed and case.pending:
        mails = enumeration([loose(each.email) for each in case.pending], page.language)
        page.below(
            "Un e-mail de Jesignexpert est parti à {mails}.",
            "An e-mail from Jesignexpert has left for {mails}.",
            mails=mails,
        )
    if record.expires_at is None:
        return
    lost_fr, lost_en = "", ""
    if len(case.signed) == 1:
        lost_fr, lost_en = (
            " et la signature déjà donnée est perdue",
            " and the signature already given is lost",
        )
    elif case.signed:
        lost_fr, lost_en = (
            " et les signatures déjà données sont perdues",
            " and the signatures already given are lost",
        )
    by_rule_fr, by_rule_en = (
        (" (date calculée : Jesignexpert n’en indique pas)", " (a computed date: Jesignexpert gives none)")
        if case.expiry_computed
        else ("", "")
    )
    page.below(
        "Sans {signature} avant le {day}" + by_rule_fr + ", la demande expire" + lost_fr + ".",
        "Without {signature} before {day}" + by_rule_en + ", the request expires" + lost_en + ".",
        signature=_awaited_signatures(case),
        day=page.day(record.expires_at),
    )


def _awaited_signatures(case: Case) -> Words:
    """« signature », or « les 2 signatures attendues »: at the same time, one of them is not enough."""
    left = len(case.people) - len(case.signed)
    if left < 2 or not case.parallel:
        return case.page.say("signature", "a signature")
    return case.page.say("les {n} signatures attendues", "the {n} signatures awaited", n=left)
