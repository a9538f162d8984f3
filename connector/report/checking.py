"""Texts that wait for a person: copied, held, in doubt, quarantined, lost (ux page S14, sections 2.3 and 2.4)."""

from __future__ import annotations

from connector.lifecycle import State
from connector.report import words
from connector.report.facts import SIGNED_HERE, Case, is_signed_here, name_of, who
from connector.report.meanwhile import meanwhile
from connector.report.people import signatories
from connector.report.reasons import Reason, reason_of
from connector.report.returning import fetch_it_yourself
from connector.report.typography import Words, cut, loose
from connector.report.undone import find_signed
from connector.sidecar.model import Verb

_QUOTED = 300
_PERHAPS_SENT = frozenset(
    {"status_by_name", "marker_unreadable", "marker_other_connector", "restart_marker_missing"}
)


def _reason(case: Case) -> Reason:
    return reason_of(case.record.state, case.record.reason)


def unconfirmed(case: Case) -> None:
    """A copy, or a place that was used before: a person says whether it is a new request."""
    page, reason, other = case.page, _reason(case), case.value("other")
    moved = bool(case.value("perhaps_moved")) and not case.value("signed")
    if case.record.reason in {"", "copy"} and other and case.value("beside"):
        reason, other = reason_of(case.record.state, "copy_beside"), name_of(other)
    elif moved:
        reason = reason_of(case.record.state, "copy_or_move")
    page.first(words.TO_CONFIRM, *reason.first)
    ended = case.moment("ended")
    when = page.say(", terminée le {day}", ", ended on {day}", day=page.day(ended)) if ended else Words("")
    if other or case.record.reason not in {"", "copy"}:
        page.para(*reason.told, other=_short_path(other), pdf=case.pdf, ended=when)
    if case.value("signed_in"):
        page.para(
            "Cette demande-là avait été signée : le document signé n’est plus à sa place.",
            "That request had been signed: the signed document is no longer in its place.",
        )
    page.what_to_do()
    if moved:
        page.bullet(
            "Elle a été déplacée ? Remettez ses fichiers où ils étaient : elle y sera suivie comme avant.",
            "Was it moved? Put its files back where they were: it will be followed there as before.",
        )
    kept = case.context.versions_kept or case.value("signed_elsewhere")
    stays = case.value("of_picture") or (case.value("signed") and not kept)
    if stays:
        # What was signed may be here alone: nothing keeps it where a new document takes its place.
        page.bullet(
            "Ce PDF est déjà la version signée{of} : laissez-le tel quel. Un nouveau document doit partir ? "
            "Déposez-le sous un autre nom, avec sa propre demande.",
            "This PDF is the signed version{of} already: leave it as it is. Should a new document be sent? "
            "Put it here under another name, with a request of its own.",
            of=page.say(" d’une image", " of a picture") if case.value("of_picture") else Words(""),
        )
    elif case.value("signed"):
        page.bullet(
            "Ce PDF est déjà la version signée. Un nouveau document doit partir ? Mettez-le d’abord à la place de "
            "« {pdf} », sans signature ; vérifiez les signataires et l’objet (« {subject} »), puis écrivez dans "
            "« {file} » :",
            "This PDF is the signed version already. Should a new document be sent? First put it in place of “{pdf}”, "
            "without a signature; check the signatories and the subject (“{subject}”), then write into “{file}”:",
            pdf=case.pdf,
            subject=case.subject,
            file=case.request_file,
        )
    else:
        page.bullet(
            "Elle doit partir ? Vérifiez les signataires et l’objet (« {subject} »), puis écrivez dans « {file} » :",
            "Should it be sent? Check the signatories and the subject (“{subject}”), then write into “{file}”:",
            subject=case.subject,
            file=case.request_file,
        )
    if not stays:
        page.typed(case.wording(Verb.RESTART))
    if case.value("signed_in"):
        find_signed(case, case.value("signed_in"), labelled=bool(case.value("labelled")))
    elif case.record.reason in {"", "copy"}:
        page.bullet(
            "Simple copie de classement ? Il n’y a rien à faire.",
            "Just a copy to be filed? There is nothing to do.",
        )
    else:
        page.bullet("Sinon, il n’y a rien à faire.", "Else there is nothing to do.")


def _short_path(href: str) -> str:
    """The folder and the file of an href, which is what people recognise."""
    return "/".join(href.rstrip("/").split("/")[-2:])


def held(case: Case) -> None:
    """Not sent by us, for the reason told; a person may ask anew."""
    page, reason = case.page, _reason(case)
    page.first(words.TO_CHECK, *reason.first)
    page.para(
        *reason.told,
        file=case.request_file,
        text=loose(cut(case.value("text") or "?", _QUOTED)),
        support=loose(case.context.support),
    )
    page.what_to_do()
    uncertain = case.record.reason in _PERHAPS_SENT
    if uncertain:
        page.bullet(
            "Cherchez d’abord sur Jesignexpert la collecte « {subject} » : est-elle déjà partie ?",
            "First look on Jesignexpert for the request “{subject}”: has it been sent already?",
            subject=case.subject,
        )
    if case.record.reason == "platform_said_no":
        page.bullet(
            "Corrigez ce que dit ce motif, puis écrivez dans « {file} » :",
            "Correct what the reason says, then write into “{file}”:",
            file=case.request_file,
        )
    else:
        page.bullet(
            "Elle doit partir ? Vérifiez les signataires et l’objet, puis écrivez dans « {file} » :",
            "Should it be sent? Check the signatories and the subject, then write into “{file}”:",
            file=case.request_file,
        )
    page.typed(case.wording(Verb.RESTART))
    page.bullet(
        "Elle n’a plus lieu d’être ? Supprimez « {file} ».",
        "No longer needed? Delete “{file}”.",
        file=case.request_file,
    )
    _undecided(case)


def in_doubt(case: Case) -> None:
    """S14: perhaps sent; only a person, or Jesignexpert's answer, settles it."""
    page, reason, record = case.page, _reason(case), case.record
    asked = who(case.people[0]) if case.people else page.say("quelqu’un", "somebody")
    at = case.moment("at") or record.sent_at
    if is_signed_here(record):
        _signed_here(case)
        return
    page.first(words.TO_CHECK, *reason.first)
    when = page.say(", le {day}", ", on {day}", day=page.day_at(at)) if at else Words("")
    page.para(*reason.told, when=when, who=asked)
    page.what_to_do()
    day = page.say(" du {day}", " of {day}", day=page.day(at)) if at else Words("")
    page.below(
        "Cherchez sur Jesignexpert la collecte « {subject} »{day} pour {who}, ou demandez à {who} si l’e-mail de "
        "Jesignexpert est arrivé. Puis écrivez dans « {file} », si la demande est partie :",
        "Look on Jesignexpert for the request “{subject}”{day} for {who}, or ask {who} whether the e-mail of "
        "Jesignexpert has come. Then write into “{file}”, if the request was sent:",
        indent=2,
        subject=case.subject,
        day=day,
        who=asked,
        file=case.request_file,
    )
    page.typed(case.wording(Verb.ALREADY_SENT))
    page.below(
        "si elle n’est pas partie, ou seulement en brouillon :",
        "if it was not sent, or is a draft only:",
        indent=2,
    )
    page.typed(case.wording(Verb.NOT_SENT))
    meanwhile(case)
    page.para(
        "Vous préférez ne pas trancher ? Référence {ref}, contact : {support}.",
        "Would you rather not decide? Reference {ref}, contact: {support}.",
        ref=record.ref,
        support=loose(case.context.support),
    )


def _signed_here(case: Case) -> None:
    """Nobody is to have signed again what bears a signature, whatever Jesignexpert still knows of it."""
    reason = reason_of(case.record.state, SIGNED_HERE)
    case.page.first(words.TO_CHECK, *reason.first)
    case.page.para(*reason.told)
    meanwhile(case)
    case.page.what_to_do()
    case.page.bullet(
        "« {pdf} » est bien la version signée de cette demande ? Il n’y a rien à faire.",
        "Is “{pdf}” the signed document of this request? There is nothing to do.",
        pdf=case.pdf,
    )
    _undecided(case)


def _undecided(case: Case) -> None:
    case.page.para(
        "Une question ? Référence {ref}, contact : {support}.",
        "A question? Reference {ref}, contact: {support}.",
        ref=case.record.ref,
        support=loose(case.context.support),
    )


def quarantined(case: Case) -> None:
    """What came back is not intact: it replaced nothing and is fetched again."""
    page, reason = case.page, _reason(case)
    page.first(words.TO_CHECK, *reason.first)
    page.para(*reason.told, untouched=case.untouched)
    meanwhile(case)
    signatories(case)
    if case.erasure_near:
        fetch_it_yourself(case)
        return
    page.para(
        "Il n’y a rien à faire. Ce message reste plus d’un jour ? Contact : {support}.",
        "There is nothing to do. Does this message stay for more than a day? Contact: {support}.",
        support=loose(case.context.support),
    )


def lost(case: Case) -> None:
    """The platform knows nothing of it any more."""
    if is_signed_here(case.record):
        _signed_here(case)
        return
    page, reason, record = case.page, _reason(case), case.record
    erased = case.moment("erased") or record.ended_at
    when = page.say(" le {day}", " on {day}", day=page.day(erased)) if erased else Words("")
    page.first(words.TO_CHECK, *reason.first, when=when)
    page.para(*reason.told)
    signatories(case)
    page.what_to_do()
    _ask_for_it(case)
    page.bullet(
        "Pour refaire signer (nouvelle demande, payante), écrivez dans « {file} » :",
        "To have it signed again (a new request, to be paid), write into “{file}”:",
        file=case.request_file,
    )
    page.typed(case.wording(Verb.RESTART))
    _undecided(case)


def _ask_for_it(case: Case) -> None:
    """Who still has the signed document: Jesignexpert mails it to those who signed."""
    page, only = case.page, case.only
    if case.record.reason == "erased_before_fetch" and only is not None:
        page.bullet(
            "Demandez le document signé à {who} : Jesignexpert l’a envoyé par e-mail.",
            "Ask {who} for the signed document: Jesignexpert sent it by e-mail.",
            who=who(only),
        )
    elif case.record.reason == "erased_before_fetch":
        page.bullet(
            "Demandez le document signé à un signataire : Jesignexpert l’a envoyé à chacun par e-mail.",
            "Ask a signatory for the signed document: Jesignexpert sent it to each by e-mail.",
        )
    elif only is not None:
        page.bullet(
            "Demandez à {who} : après une signature, Jesignexpert envoie le document par e-mail.",
            "Ask {who}: after a signature, Jesignexpert sends the document by e-mail.",
            who=who(only),
        )
    else:
        page.bullet(
            "Demandez aux signataires : si tous ont signé, Jesignexpert a envoyé le document à chacun par e-mail.",
            "Ask the signatories: if all have signed, Jesignexpert sent the document to each by e-mail.",
        )


BUILDERS = {
    State.UNCONFIRMED: unconfirmed,
    State.HELD: held,
    State.IN_DOUBT: in_doubt,
    State.QUARANTINED: quarantined,
    State.LOST: lost,
}
"""State → the function that tells it, for the five states that need a person."""
