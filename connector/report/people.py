"""The signatories of a text: what each has done, in two columns."""

from __future__ import annotations

from connector.lifecycle import SignatoryFacts, State
from connector.ports import SignatoryProgress
from connector.report.facts import Case, moment_of, phone_text, who
from connector.report.typography import TIE, Words, clean, wrap

_DONE = {
    SignatoryProgress.SIGNED: (
        "a signé le {day}",
        "signed on {day}",
        "a signé",
        "has signed",
    ),
    SignatoryProgress.REFUSED: (
        "a refusé le {day}",
        "declined on {day}",
        "a refusé",
        "has declined",
    ),
}


def signatories(case: Case) -> None:
    """Tell who signed, who is asked, who waits. The heading names the order only while it still matters."""
    if not case.people:
        return
    if case.record.state is State.IN_PROGRESS:
        _heading(case)
    elif case.only is not None:
        case.page.heading("Signataire", "Signatory")
    else:
        case.page.heading("Signataires", "Signatories")
    case.page.table([(who(each), _told(case, each)) for each in case.people], numbered=True)


def _heading(case: Case) -> None:
    if len(case.people) == 1:
        case.page.heading("Signataire", "Signatory")
    elif case.parallel:
        case.page.heading("Signataires, en même temps", "Signatories, at the same time")
    else:
        case.page.heading("Signataires, l’un après l’autre", "Signatories, one after the other")


def _told(case: Case, each: SignatoryFacts) -> Words:
    progress = each.progress
    if progress == SignatoryProgress.SIGNED and each.signed_at is not None and each.signed_from == "noticed":
        # Neither the document nor the platform says when: only that it was before we looked.
        return case.page.say(
            "a signé (signature vue le {day})",
            "has signed (seen on {day})",
            day=case.page.day_at(each.signed_at),
        )
    if progress in _DONE:
        dated_fr, dated_en, bare_fr, bare_en = _DONE[SignatoryProgress(progress)]
        at = each.signed_at if progress == SignatoryProgress.SIGNED else each.refused_at
        if at is None:
            return case.page.say(bare_fr, bare_en)
        return case.page.say(dated_fr, dated_en, day=case.page.day_at(at))
    if case.record.state in {State.EXPIRED, State.REFUSED, State.CANCELLED, State.LOST}:
        return _left_open(case, each)
    if each.invited_at is not None:
        told = case.page.say(
            "invitation envoyée le {day}", "invitation sent on {day}", day=case.page.day_at(each.invited_at)
        )
        return Words(told + _reminders(case, each, "le"))
    if progress == SignatoryProgress.FAILED:
        return case.page.say("Jesignexpert signale une difficulté", "Jesignexpert reports a difficulty")
    before = [other for other in case.people if other.order < each.order]
    if before and not case.parallel:
        return case.page.say(
            "recevra l’invitation quand {name} aura signé",
            "will get the invitation once {name} has signed",
            name=who(before[-1]),
        )
    return case.page.say("invitation en route", "invitation on its way")


def _left_open(case: Case, each: SignatoryFacts) -> Words:
    if case.record.state is State.LOST and not case.record.seen_answering:
        # Found again by its marker after Jesignexpert had erased it: whether they signed, nobody knows here.
        return case.page.say("sans nouvelles", "no news")
    if each.invited_at is None and (case.record.adopted or each.progress != SignatoryProgress.WAITING):
        return case.page.say("n’a pas signé", "did not sign")
    if each.invited_at is None:
        return case.page.say("n’avait pas encore reçu l’invitation", "had not received the invitation yet")
    day = case.page.day(each.invited_at)
    told = case.page.say("n’a pas signé (invitation du {day}", "did not sign (invitation of {day}", day=day)
    return Words(told + _reminders(case, each, "du") + ")")


def _reminders(case: Case, each: SignatoryFacts, article: str) -> str:
    if not each.reminded_at:
        return ""
    days = case.page.days(each.reminded_at, article=article)
    if len(each.reminded_at) == 1:
        return case.page.say(", rappel {days}", ", reminder on {days}", days=days)
    return case.page.say(", rappels {days}", ", reminders on {days}", days=days)


def preview_people(case: Case) -> None:
    """Tell name, address, number and place of each, as the preview shows them (S3)."""
    page = case.page
    if len(case.people) == 1:
        page.below("Signataire", "Signatory")
    elif case.parallel:
        page.below("Signataires, en même temps", "Signatories, at the same time")
    else:
        page.below("Signataires, l’un après l’autre", "Signatories, one after the other")
    names = max((len(clean(who(each))) for each in case.people), default=0) + 4
    mails = max((len(clean(each.email)) for each in case.people), default=0) + 3
    for each in case.people:
        _preview_person(case, each, names, mails)


def _preview_person(case: Case, each: SignatoryFacts, names: int, mails: int) -> None:
    masked = each.order in case.extra_list("masked_phones")
    phone = phone_text(each.phone, masked=masked)
    mark = f"  {each.order}. "
    row = mark + clean(who(each)).ljust(names) + clean(each.email).ljust(mails) + phone
    if len(row) <= 74:
        case.page.lines([row.rstrip()])
    else:
        for first, told in ((mark, who(each)), ("     ", each.email), ("     ", phone)):
            if told:
                case.page.lines(wrap(clean(told).replace(" ", TIE), first=first))
    for told in filter(None, [_as_read(case, each), clean(each.place)]):
        case.page.lines(wrap(told, first="     "))


def _as_read(case: Case, each: SignatoryFacts) -> str:
    """How a number was read where that was no mere spelling, and since when a remembered one is known."""
    known = case.record.extra.get("known_since")
    since = moment_of(known.get(str(each.order))) if isinstance(known, dict) else None
    if since is not None:
        return case.page.say(
            "mobile connu depuis le {day}", "mobile known since {day}", day=case.page.day(since)
        )
    request = case.record.request
    if request is None or each.order > len(request.signatories):
        return ""
    written = "".join(char for char in request.signatories[each.order - 1].phone_written if char.isdigit())
    if not written or written in {each.phone.lstrip("+"), "0" + each.phone[3:]}:
        return ""
    return case.page.say("mobile lu : {phone}", "mobile read as: {phone}", phone=each.phone)
