"""Texts of requests that ended without a signed document: refused, expired, cancelled (ux page S10, S11)."""

from __future__ import annotations

from connector.lifecycle import SignatoryFacts
from connector.ports import SignatoryProgress
from connector.report import words
from connector.report.facts import Case, phone_text, who
from connector.report.people import signatories
from connector.report.typography import cut, enumeration, loose
from connector.sidecar.model import Verb

_QUOTED = 300
_BY_ADMINISTRATOR = frozenset({"ordered_by_administrator", "given_up_by_administrator"})
"""A person's own words are quoted in at most this many characters."""


def refused(case: Case) -> None:
    """S10: somebody declined, in their own words."""
    page = case.page
    refusers = [each for each in case.people if each.progress == SignatoryProgress.REFUSED]
    one = refusers[0] if refusers else None
    reason = (one.reason if one else None) or case.value("reason")
    _first_refused(case, one, bool(reason))
    if reason:
        page.para(
            "Motif indiqué : « {reason} »", "Reason given: “{reason}”", reason=loose(cut(reason, _QUOTED))
        )
    else:
        page.para("Aucun motif n’a été indiqué.", "No reason was given.")
    page.para(
        "Un refus met fin à la demande : plus personne ne peut la signer, et Jesignexpert ne remet aucun "
        "document. {untouched}",
        "A refusal ends the request: nobody can sign it any more, and Jesignexpert hands out no document. "
        "{untouched}",
        untouched=case.untouched,
    )
    signatories(case)
    _after_refusal(case, one)


def _first_refused(case: Case, one: SignatoryFacts | None, with_reason: bool) -> None:
    page = case.page
    at = (one.refused_at if one else None) or case.record.ended_at
    when_fr, when_en = (" le {day}", " on {day}") if at else ("", "")
    tail_fr, tail_en = (" (motif ci-dessous)", " (reason below)") if with_reason else ("", "")
    page.first(
        words.REFUSED,
        ("{who} a refusé de signer" if one else "la signature a été refusée") + when_fr + tail_fr,
        ("{who} declined to sign" if one else "the signature was declined") + when_en + tail_en,
        who=who(one) if one else "",
        day=page.day(at) if at else "",
    )


def _after_refusal(case: Case, one: SignatoryFacts | None) -> None:
    page = case.page
    page.what_to_do()
    if one is not None:
        page.bullet("Voyez avec {who} ce qui ne convient pas.", "Ask {who} what is not right.", who=who(one))
    page.bullet(
        "Pour refaire signer : remplacez « {pdf} » par la version corrigée, sous le même nom, puis écrivez dans "
        "« {file} » (nouvelle demande, payante) :",
        "To have it signed again: replace “{pdf}” with the corrected version of the same name, then write into "
        "“{file}” (a new request, to be paid):",
        pdf=case.pdf,
        file=case.request_file,
    )
    page.typed(case.wording(Verb.RESTART))


def expired(case: Case) -> None:
    """S11: time ran out."""
    page, record = case.page, case.record
    late = case.pending[:1]
    end = record.expires_at or record.ended_at
    if case.expiry_computed and record.ended_at is not None and end is not None:
        # The platform's own end came before our computed one.
        end = min(end, record.ended_at)
    if late and end:
        page.first(
            words.EXPIRED,
            "{who} n’a pas signé avant le {day}",
            "{who} did not sign before {day}",
            who=who(late[0]),
            day=page.day(end),
        )
    else:
        page.first(words.EXPIRED, "le délai de signature est passé", "the time to sign is over")
    page.para(
        "Le délai donné par Jesignexpert est passé : le lien reçu par e-mail ne fonctionne plus. {untouched}",
        "The time given by Jesignexpert is over: the link in the e-mail no longer works. {untouched}",
        untouched=case.untouched,
    )
    _lost_signatures(case)
    signatories(case)
    page.what_to_do()
    if late and late[0].phone:
        page.bullet(
            "Vérifiez avec {who} son adresse ({email}) et son mobile ({phone}) : un mobile inexact empêche de "
            "signer.",
            "Check the address ({email}) and the mobile ({phone}) with {who}: a wrong mobile prevents signing.",
            who=who(late[0]),
            email=late[0].email,
            phone=phone_text(late[0].phone, masked=late[0].order in case.extra_list("masked_phones")),
        )
    _again(case)


def _lost_signatures(case: Case) -> None:
    page, given = case.page, case.signed
    if len(given) == 1 and given[0].signed_at is not None:
        page.para(
            "La signature du {day} ({who}) est perdue : elle sera à redemander.",
            "The signature of {day} ({who}) is lost: it must be asked for again.",
            who=who(given[0]),
            day=page.day(given[0].signed_at),
        )
    elif given:
        page.para(
            "Les signatures déjà données ({names}) sont perdues : elles seront à redemander.",
            "The signatures already given ({names}) are lost: they must be asked for again.",
            names=enumeration([loose(who(each)) for each in given], page.language),
        )


def cancelled(case: Case) -> None:
    """Ended by us, on the site, or before this journal knew of it."""
    page, record = case.page, case.record
    if record.reason == "finished_before" or record.extra.get("ended_elsewhere"):
        _finished_before(case)
        return
    _first_cancelled(case)
    if record.reason == "not_sent":
        page.para(
            "Vous avez indiqué que cette demande n’était pas partie, et Jesignexpert ne dit pas le contraire. La "
            "nouvelle demande est suivie sous sa propre référence.",
            "You said that this request had not been sent, and Jesignexpert does not say otherwise. The new request "
            "is followed under its own reference.",
        )
        page.para("Il n’y a rien à faire.", "There is nothing to do.")
        return
    if record.reason == "given_up_by_administrator":
        page.para(
            "Jesignexpert ne dit pas le contraire : personne ne peut signer cette demande. {untouched}",
            "Jesignexpert does not say otherwise: nobody can sign this request. {untouched}",
            untouched=case.untouched,
        )
    else:
        _closed(case)
    _lost_signatures(case)
    signatories(case)
    page.what_to_do()
    if record.reason in _BY_ADMINISTRATOR:
        page.bullet(
            "Pour en connaître la raison, contact : {support}.",
            "To learn why, contact: {support}.",
            support=loose(case.context.support),
        )
    _again(case)
    page.bullet(
        "Sinon, il n’y a rien à faire : « {file} » et ce fichier peuvent être supprimés.",
        "Else there is nothing to do: “{file}” and this file may be deleted.",
        file=case.request_file,
    )


def _closed(case: Case) -> None:
    page, record = case.page, case.record
    nobody = all(each.invited_at is None and each.signed_at is None for each in case.people)
    by_order = record.reason in {"ordered", "ordered_by_administrator"}
    if by_order and nobody and not record.adopted:
        page.para(
            "Elle n’était pas encore partie : personne n’a reçu d’invitation. {untouched}",
            "It had not been sent yet: nobody has received an invitation. {untouched}",
            untouched=case.untouched,
        )
        return
    page.para(
        "La demande est close : les liens reçus par e-mail ne fonctionnent plus. {untouched}",
        "The request is closed: the links in the e-mails no longer work. {untouched}",
        untouched=case.untouched,
    )


def _first_cancelled(case: Case) -> None:
    page, record = case.page, case.record
    end = page.day(record.ended_at or record.updated_at)
    if record.reason == "not_sent":
        page.first(
            words.CANCELLED,
            "cette demande n’était pas partie ; une nouvelle prend sa place",
            "this request had not been sent; a new one takes its place",
        )
    elif record.reason == "platform_failed":
        page.first(
            words.CANCELLED,
            "Jesignexpert a mis fin à la demande le {day}",
            "Jesignexpert ended the request on {day}",
            day=end,
        )
    elif record.reason == "ordered":
        page.first(
            words.CANCELLED,
            "à votre demande, le {day} ; plus personne ne peut signer",
            "at your request, on {day}; nobody can sign any more",
            day=end,
        )
    elif record.reason == "ordered_by_administrator":
        page.first(
            words.CANCELLED,
            "par l’administrateur, le {day} ; plus personne ne peut signer",
            "by the administrator, on {day}; nobody can sign any more",
            day=end,
        )
    elif record.reason == "given_up_by_administrator":
        page.first(
            words.CANCELLED,
            "selon l’administrateur, cette demande n’était pas partie",
            "according to the administrator, this request had not been sent",
        )
    else:
        page.first(
            words.CANCELLED,
            "depuis le site de Jesignexpert, le {day}",
            "on the site of Jesignexpert, on {day}",
            day=end,
        )


def _again(case: Case) -> None:
    case.page.bullet(
        "Pour envoyer une nouvelle demande (payante), écrivez dans « {file} » :",
        "To send a new request (to be paid), write into “{file}”:",
        file=case.request_file,
    )
    case.page.typed(case.wording(Verb.RESTART))


def _finished_before(case: Case) -> None:
    """The registry tells an end that this journal has not seen (protocol R6)."""
    page = case.page
    page.first(
        words.CANCELLED,
        "cette demande était déjà terminée ; rien n’a été renvoyé",
        "this request had ended before; nothing was sent again",
    )
    page.para(
        "Elle s’est terminée avant que le suivi ne reprenne ici. Son résultat se voit dans ce dossier ou sur "
        "Jesignexpert.",
        "It ended before it was followed here again. Its outcome shows in this folder or on Jesignexpert.",
    )
    page.what_to_do()
    _again(case)
    page.bullet("Sinon, il n’y a rien à faire.", "Else there is nothing to do.")
