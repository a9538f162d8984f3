"""Texts of accepted requests that have not left yet: a plain wait, a pause (ux page S12, S13, section 2.3)."""

from __future__ import annotations

from connector.lifecycle import State
from connector.report import braked, opened, words
from connector.report.context import Pause, PauseCause, WaitReason
from connector.report.facts import LASTS, Case
from connector.report.reasons import IN_DOUBT
from connector.report.typography import Words, loose
from connector.sidecar.model import Wish

PAUSED: dict[PauseCause, tuple[str, str]] = {
    PauseCause.NO_CREDIT: (
        "le crédit Jesignexpert du cabinet est épuisé ; rien n’est perdu",
        "the firm’s Jesignexpert credit is used up; nothing is lost",
    ),
    PauseCause.TOKENS: (
        "la connexion du cabinet à Jesignexpert est à renouveler ; rien n’est perdu",
        "the firm’s connection to Jesignexpert must be renewed; nothing is lost",
    ),
    PauseCause.NO_RIGHT: (
        "il manque une délégation sur Jesignexpert (« préparer ») ; rien n’est perdu",
        "a right is missing on Jesignexpert (“préparer”); nothing is lost",
    ),
    PauseCause.MAINTENANCE: (
        "Jesignexpert est en maintenance ; votre demande partira ensuite",
        "Jesignexpert is under maintenance; your request will leave afterwards",
    ),
    PauseCause.RATE_LIMIT: (
        "Jesignexpert demande de patienter ; votre demande partira ensuite",
        "Jesignexpert asks to slow down; your request will leave afterwards",
    ),
    PauseCause.CONTRACT: (
        "la liaison avec Jesignexpert est à vérifier ; rien n’est perdu",
        "the link with Jesignexpert must be checked; nothing is lost",
    ),
    PauseCause.OWNER: (
        "un autre service de signature suit déjà ce dossier ; rien n’est parti",
        "another signature service already follows this folder; nothing has been sent",
    ),
    PauseCause.DMS_LOGIN: (
        "l’accès automatique à ce dossier est à renouveler ; rien n’est perdu",
        "the automatic access to this folder must be renewed; nothing is lost",
    ),
    PauseCause.MANUAL: (
        "les envois du cabinet sont suspendus ; rien n’est perdu",
        "the firm’s sending is suspended; nothing is lost",
    ),
    PauseCause.FOLDER: (
        "les envois de ce dossier sont suspendus ; rien n’est perdu",
        "sending from this folder is suspended; nothing is lost",
    ),
    PauseCause.CLOCK: (
        "l’horloge du service de signature est à régler ; rien n’est perdu",
        "the clock of the signature service must be set; nothing is lost",
    ),
    PauseCause.NO_ROOM: (
        "la place manque pour garder les documents signés ; rien n’est perdu",
        "there is no room left to keep the signed documents; nothing is lost",
    ),
    PauseCause.VANISHED: (
        "beaucoup de demandes ne sont plus dans ce dossier ; rien n’est parti",
        "many requests are not in this folder any more; nothing has been sent",
    ),
}
"""Cause → what the first line says of it (ux page, the table of S13)."""

_UNTIL: dict[PauseCause, tuple[str, str]] = {
    PauseCause.NO_CREDIT: (
        "dès que le compte « {sender} » sera rechargé.",
        "as soon as the account “{sender}” has credit again.",
    ),
    PauseCause.TOKENS: (
        "dès que la connexion du compte « {sender} » sera renouvelée.",
        "as soon as the connection of the account “{sender}” is renewed.",
    ),
    PauseCause.NO_RIGHT: (
        "dès que la délégation « préparer » sera donnée au compte « {sender} ».",
        "as soon as the right “préparer” is given to the account “{sender}”.",
    ),
    PauseCause.MAINTENANCE: (
        "dès la fin de la maintenance de Jesignexpert.",
        "as soon as the maintenance of Jesignexpert is over.",
    ),
    PauseCause.RATE_LIMIT: (
        "dès que Jesignexpert acceptera de nouveaux envois.",
        "as soon as Jesignexpert takes new requests.",
    ),
    PauseCause.CONTRACT: (
        "une fois cette liaison vérifiée.",
        "once this link has been checked.",
    ),
    PauseCause.OWNER: (
        "une fois réglé qui suit ce dossier.",
        "once it is settled who follows this folder.",
    ),
    PauseCause.DMS_LOGIN: (
        "dès que cet accès sera renouvelé.",
        "as soon as this access is renewed.",
    ),
    PauseCause.MANUAL: (
        "dès la reprise des envois.",
        "as soon as sending resumes.",
    ),
    PauseCause.FOLDER: (
        "dès la reprise des envois.",
        "as soon as sending resumes.",
    ),
    PauseCause.CLOCK: (
        "dès que cette horloge sera réglée.",
        "as soon as that clock is set.",
    ),
    PauseCause.NO_ROOM: (
        "dès que la place sera faite.",
        "as soon as there is room again.",
    ),
    PauseCause.VANISHED: (
        "dès qu’il sera clair ce que sont devenues les autres.",
        "as soon as it is clear what became of the others.",
    ),
}

WHO_CAN_ACT: dict[PauseCause, tuple[str, str]] = {
    PauseCause.NO_CREDIT: (
        "Qui peut agir : toute personne ayant accès au compte du cabinet sur Jesignexpert.",
        "Who can act: anybody with access to the firm’s account on Jesignexpert.",
    ),
    PauseCause.TOKENS: (
        "Qui peut agir : la personne qui détient l’identifiant Comptexpert du cabinet.",
        "Who can act: the person who holds the firm’s Comptexpert login.",
    ),
    PauseCause.NO_RIGHT: (
        "Qui peut agir : la personne qui gère les délégations du cabinet sur Jesignexpert.",
        "Who can act: the person who manages the firm’s delegations on Jesignexpert.",
    ),
}
"""Cause → who in the firm can end it; for the others only the support can, or time alone."""

_SEND_UNANSWERED = frozenset(IN_DOUBT) - {""}


def waiting(case: Case) -> None:
    """Choose among the reasons to wait: the account first, then the folder, the platform, the brakes."""
    context = case.context
    if case.record.state is State.MARKED and case.record.reason in _SEND_UNANSWERED:
        _asking(case)
        return
    wait = context.wait or _reason(case.record.reason)
    if context.pause is not None:
        _paused(case, context.pause)
    elif wait is WaitReason.CANNOT_WRITE:
        _cannot_write(case)
    elif wait is WaitReason.BEING_EDITED:
        opened.waiting(case)
    elif context.platform_away_since is not None or wait is WaitReason.PLATFORM_AWAY:
        _platform_away(case)
    elif wait is WaitReason.BRAKE_DAY:
        braked.of_the_account(case)
    elif wait in {WaitReason.BRAKE_FOLDER_DAY, WaitReason.BRAKE_HOUR}:
        braked.of_the_folder(case, hourly=wait is WaitReason.BRAKE_HOUR)
    elif wait is not None:
        _departure(case, wait)
    else:
        _soon(case)


def _reason(code: str) -> WaitReason | None:
    return WaitReason(code) if code in set(WaitReason) else None


def _paused(case: Case, pause: Pause) -> None:
    page = case.page
    french, english = PAUSED[pause.cause]
    page.first(words.PAUSED, french, english)
    until_fr, until_en = _UNTIL[pause.cause]
    page.para(
        f"Votre demande est correcte et partira d’elle-même {until_fr} Les demandes déjà envoyées suivent "
        "leur cours.",
        f"Your request is correct and will leave by itself {until_en} Requests already sent go on.",
        sender=case.context.sender,
    )
    told = [page.say(*who) for who in [WHO_CAN_ACT.get(pause.cause)] if who]
    support = loose(case.context.support)
    if pause.notified_at is not None:
        told.append(
            page.say(
                "Un message est parti le {day} (contact : {support}).",
                "A message was sent on {day} (contact: {support}).",
                day=page.day_at(pause.notified_at),
                support=support,
            )
        )
    else:
        told.append(page.say("Contact : {support}.", "Contact: {support}.", support=support))
    page.para("{told}", "{told}", told=Words(" ".join(told)))
    page.para("De votre côté, il n’y a rien à refaire.", "There is nothing for you to do again.")


def _cannot_write(case: Case) -> None:
    page = case.page
    page.first(
        words.WAITING,
        "ce dossier ne permet pas d’écrire le suivi ; rien n’est parti",
        "this folder does not let the status be written; nothing has been sent",
    )
    page.para(
        "{place} « {file} » est lue et correcte, mais le suivi et le document signé doivent pouvoir être déposés à "
        "côté d’elle. Elle partira d’elle-même quand ce dossier le permettra, et ce message disparaîtra.",
        "{place} “{file}” is read and correct, but the status and the signed document must find a place beside it. It "
        "will leave by itself once that folder allows it, and this message will go away.",
        place=_place(case),
        file=case.request_file,
    )
    page.para(
        "Qui peut agir : la personne qui gère les droits de ce dossier (contact : {support}).",
        "Who can act: the person who manages the rights of that folder (contact: {support}).",
        support=loose(case.context.support),
    )


def _place(case: Case) -> Words:
    return (
        case.page.say("Dossier : « {folder} ».", "Folder: “{folder}”.", folder=case.folder)
        if case.folder
        else Words("")
    )


def told_above(case: Case) -> None:
    """Its own folder lets nothing be written: why the text stands here."""
    case.page.para(
        "Le dossier « {folder} » ne permet pas d’écrire : ce suivi est donc ici. Qui peut agir : la personne qui gère "
        "les droits de ce dossier (contact : {support}).",
        "The folder “{folder}” lets nothing be written: so its status is here. Who can act: the person who manages the "
        "rights of that folder (contact: {support}).",
        folder=case.folder,
        support=loose(case.context.support),
    )


def _platform_away(case: Case) -> None:
    page, since = case.page, case.context.platform_away_since
    page.first(
        words.WAITING,
        "Jesignexpert ne répond pas ; la demande partira dès son retour",
        "Jesignexpert does not answer; the request will leave once it is back",
    )
    when = page.say(" depuis le {day}", " since {day}", day=page.day_at(since)) if since else Words("")
    page.para(
        "Jesignexpert est injoignable{when}. Ni votre demande ni votre document ne sont en cause.",
        ("Jesignexpert has been out of reach{when}." if since else "Jesignexpert is out of reach.")
        + " Neither your request nor your document is at fault.",
        when=when,
    )
    page.para(
        "Il n’y a rien à faire : la demande partira d’elle-même, une seule fois. Merci de ne pas la déposer "
        "de nouveau.",
        "There is nothing to do: the request will leave by itself, once only. Please do not put it here again.",
    )


def _asking(case: Case) -> None:
    """The sending got no answer yet and Jesignexpert is being asked (protocol R9)."""
    page, at = case.page, case.moment("at") or case.record.sent_at
    page.first(
        words.WAITING,
        "Jesignexpert n’a pas encore confirmé l’envoi ; la réponse est attendue",
        "Jesignexpert has not confirmed the sending yet; its answer is awaited",
    )
    when = page.say(" le {day}", " on {day}", day=page.day_at(at)) if at else Words("")
    page.para(
        "La connexion avec Jesignexpert s’est coupée pendant l’envoi{when}. La réponse est demandée "
        "automatiquement, et rien n’est renvoyé d’ici là.",
        "The connection with Jesignexpert broke during the sending{when}. The answer is asked for by itself, and "
        "nothing is sent again until then.",
        when=when,
    )
    page.para(
        "Il n’y a rien à faire. Merci de ne pas déposer la demande de nouveau.",
        "There is nothing to do. Please do not put the request here again.",
    )


_DEPARTURES: dict[WaitReason, tuple[str, str]] = {
    WaitReason.QUIET_HOURS: ("horaires du cabinet", "the firm’s hours"),
    WaitReason.DROP_DELAY: ("délai de relecture", "time to look again"),
}


def _departure(case: Case, wait: WaitReason) -> None:
    page = case.page
    until = case.context.wait_until or case.moment("until") or case.record.next_at
    why = page.say(*_DEPARTURES[wait])
    if until is None:
        page.first(
            words.WAITING,
            "la demande partira d’elle-même ({why})",
            "the request will leave by itself ({why})",
            why=why,
        )
    else:
        page.first(
            words.WAITING,
            "départ prévu le {day} ({why})",
            "leaves on {day} ({why})",
            day=page.day_at(until),
            why=why,
        )
    page.para(
        "Votre demande est correcte. Il n’y a rien à faire : elle partira d’elle-même.",
        "Your request is correct. There is nothing to do: it will leave by itself.",
    )
    if wait is WaitReason.DROP_DELAY:
        page.para(
            "Pour l’empêcher, sortez « {pdf} » de ce dossier.",
            "To prevent it, take “{pdf}” out of this folder.",
            pdf=case.pdf,
        )


def _soon(case: Case) -> None:
    page = case.page
    if case.record.attempts >= LASTS and case.record.state is not State.MARKED:
        _not_yet(case)
        return
    request = case.record.request
    as_draft = case.extra_text("kind") == "draft" or (request is not None and request.send is Wish.DRAFT)
    page.first(
        words.WAITING,
        "la demande est acceptée et se prépare",
        "the request is accepted and being prepared",
    )
    page.para(
        "« {file} » est lue et correcte. "
        + ("Le brouillon" if as_draft else "La demande")
        + (" sera bientôt sur Jesignexpert." if as_draft else " partira d’elle-même dans quelques minutes."),
        "“{file}” is read and correct. "
        + ("The draft" if as_draft else "The request")
        + (" will soon be on Jesignexpert." if as_draft else " will leave by itself within minutes."),
        file=case.request_file,
    )
    page.para(
        "Il n’y a rien à faire. Merci de ne pas la déposer de nouveau.",
        "There is nothing to do. Please do not put it here again.",
    )


def _not_yet(case: Case) -> None:
    """It was tried for an hour or longer; what is in the way is for the administrator, who is told what it is."""
    page = case.page
    page.first(
        words.WAITING,
        "la demande n’a pas encore pu partir ; elle est retentée d’elle-même",
        "the request could not leave yet; it is tried again by itself",
    )
    page.para(
        "« {file} » est lue et correcte, mais un obstacle technique l’empêche de partir : rien n’est parti. Elle "
        "partira d’elle-même, une seule fois, quand il sera levé. Merci de ne pas la déposer de nouveau.",
        "“{file}” is read and correct, but a technical obstacle keeps it from leaving: nothing has been sent. It will "
        "leave by itself, once only, when that is out of the way. Please do not put it here again.",
        file=case.request_file,
    )
    page.para(
        "De votre côté, il n’y a rien à refaire. Si cela dure, contact : {support}.",
        "There is nothing for you to do again. If it lasts, contact: {support}.",
        support=loose(case.context.support),
    )
