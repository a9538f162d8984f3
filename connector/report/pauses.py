"""What an account's owner is mailed while launches are held for something that they can mend. Pure.

Subject and words are those of the notice in the folder (ux page sections 2.5, 2.7); for the connection that must be
renewed the mail holds the link instead (:func:`link_mail`), and its title is the one that the notice names.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from connector.report.context import Pause
from connector.report.mails import Message, closing, plain
from connector.report.notices import FILE_NAME, notice_lines
from connector.report.page import Page
from connector.report.typography import Language


def pause_mail(
    pause: Pause, *, zone: ZoneInfo, language: Language, support: str, sender: str, waiting: int
) -> Message:
    """Return the mail about an account that is held. ``sender``: the account as its people know it."""
    first, body = notice_lines(pause, zone=zone, language=language, support=support, waiting=waiting)
    page = Page(language, zone)
    page.para("Compte concerné : « {sender} ».", "Account concerned: “{sender}”.", sender=sender)
    lines = [first, *body, *page.body(), "", *closing(zone, language, support)]
    return Message(subject=plain(first), body="\n".join(lines) + "\n")


def link_mail(
    url: str,
    *,
    until: datetime,
    expires_at: datetime | None,
    paused: bool,
    zone: ZoneInfo,
    language: Language,
    support: str,
    sender: str,
) -> Message:
    """Return the mail with the link by which an account is connected again.

    ``until``: how long the link is good. ``expires_at``: when the present connection ends, None where that is not
    known or over. ``paused``: new requests wait for it already.
    """
    page = Page(language, zone)
    if paused:
        page.para(
            "La connexion du compte « {sender} » à Jesignexpert est à renouveler : les nouvelles demandes de "
            "signature attendent. Rien n’est perdu ; les demandes déjà envoyées restent signables.",
            "The connection of the account “{sender}” to Jesignexpert must be renewed: new signature requests wait. "
            "Nothing is lost; requests already sent can still be signed.",
            sender=sender,
        )
    elif expires_at is not None:
        page.para(
            "La connexion du compte « {sender} » à Jesignexpert s’éteint le {day} : c’est ainsi au bout de quelques "
            "jours. Renouvelée avant, rien ne s’arrête.",
            "The connection of the account “{sender}” to Jesignexpert ends on {day}, as it does every few days. "
            "Renewed before, nothing stops.",
            sender=sender,
            day=page.day_at(expires_at),
        )
    else:
        page.para(
            "Le compte « {sender} » est à relier à Jesignexpert.",
            "The account “{sender}” is to be connected to Jesignexpert.",
            sender=sender,
        )
    page.para("Deux gestes suffisent :", "It takes two minutes:")
    page.para(
        "1. Ouvrez ce lien et connectez-vous avec l’identifiant Comptexpert du cabinet. Il est valable jusqu’au "
        "{day}.",
        "1. Open this link and log in with the firm’s Comptexpert login. It is good until {day}.",
        day=page.day_at(until),
    )
    page.lines(["", url, ""])
    page.para(
        "2. Choisissez le cabinet « {sender} », puis validez.",
        "2. Choose the firm “{sender}” and confirm.",
        sender=sender,
    )
    page.para(
        "C’est tout : la suite se fait d’elle-même, et les demandes qui attendent partent ensuite.",
        "That is all: the rest happens by itself, and the requests that wait leave afterwards.",
    )
    _too_late(page, paused=paused, language=language)
    page.para(
        "Ce lien vous est personnel : merci de ne pas le transmettre.",
        "This link is yours alone: please do not pass it on.",
    )
    title = page.say("Renouveler la connexion à Jesignexpert", "Renew the connection to Jesignexpert")
    lines = [*page.body(), "", *closing(zone, language, support)]
    return Message(subject=plain(title), body="\n".join(lines).lstrip("\n") + "\n")


def _too_late(page: Page, *, paused: bool, language: Language) -> None:
    """How one comes to another link: without anybody's help."""
    if paused:
        page.para(
            "L’heure est passée ? Supprimez le fichier « {file} » du dossier partagé : un nouveau lien vous parvient "
            "une à deux minutes plus tard. Sinon, le prochain part demain.",
            "Is it past that hour? Delete the file “{file}” in the shared folder: a new link reaches you one or two "
            "minutes later. Otherwise the next one leaves tomorrow.",
            file=FILE_NAME[language],
        )
    else:
        page.para(
            "L’heure est passée ? Un nouveau lien part demain.",
            "Is it past that hour? A new link leaves tomorrow.",
        )
