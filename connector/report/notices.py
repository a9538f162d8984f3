"""The notice at a watched root while launches are held, ``SIGNATURES EN PAUSE.txt`` (ux page section 2.5)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from connector.report.context import Pause, PauseCause
from connector.report.page import Page, headline
from connector.report.typography import TIE, Language, Words, loose
from connector.report.waiting import WHO_CAN_ACT
from connector.sidecar.names import PAUSE_NAMES

FILE_NAME = PAUSE_NAMES
"""Name of the notice in the watched root, by language."""

_STATE = {"fr": "SIGNATURES EN PAUSE", "en": "SIGNATURES PAUSED"}

_FIRST: dict[PauseCause, tuple[str, str]] = {
    PauseCause.TOKENS: (
        "la connexion du cabinet à Jesignexpert est à renouveler",
        "the firm’s connection to Jesignexpert must be renewed",
    ),
    PauseCause.NO_CREDIT: (
        "le crédit Jesignexpert du cabinet est épuisé",
        "the firm’s Jesignexpert credit is used up",
    ),
    PauseCause.NO_RIGHT: (
        "il manque une délégation sur Jesignexpert (« préparer »)",
        "a right is missing on Jesignexpert (“préparer”)",
    ),
    PauseCause.MAINTENANCE: ("Jesignexpert est en maintenance", "Jesignexpert is under maintenance"),
    PauseCause.RATE_LIMIT: ("Jesignexpert demande de patienter", "Jesignexpert asks to slow down"),
    PauseCause.CONTRACT: (
        "la liaison avec Jesignexpert est à vérifier par {support}",
        "the link with Jesignexpert must be checked by {support}",
    ),
    PauseCause.OWNER: (
        "un autre service de signature suit déjà ce dossier",
        "another signature service already follows this folder",
    ),
    PauseCause.MANUAL: ("les envois du cabinet sont suspendus", "the firm’s sending is suspended"),
    PauseCause.FOLDER: (
        "les envois de ce dossier sont suspendus",
        "sending from this folder is suspended",
    ),
    PauseCause.CLOCK: (
        "l’horloge du service de signature est à régler",
        "the clock of the signature service must be set",
    ),
    PauseCause.NO_ROOM: (
        "la place manque pour garder les documents signés",
        "there is no room left to keep the signed documents",
    ),
    PauseCause.VANISHED: (
        "beaucoup de demandes ne sont plus dans ce dossier",
        "many requests are not in this folder any more",
    ),
}


def render_notice(
    pause: Pause,
    *,
    zone: ZoneInfo,
    language: Language,
    support: str,
    folder: str,
    waiting: int,
) -> str | None:
    r"""Return the notice's text with ``\n`` line ends, or None where only the administrator is told.

    ``folder`` is the watched folder's name as people see it, ``waiting`` the number of requests that wait now;
    the text says no other number and no relative time, so it changes only with them.
    """
    if pause.cause not in _FIRST:
        return None
    page = Page(language, zone)
    first = _told(page, pause, support, waiting)
    page.para(
        "Ce fichier disparaîtra tout seul à la reprise.",
        "This file will go away by itself when sending resumes.",
    )
    if pause.cause in {PauseCause.OWNER, PauseCause.VANISHED}:
        page.para("Dossier concerné : « {folder} ».", "Folder concerned: “{folder}”.", folder=folder)
    return "\n".join([first, *page.body()]) + "\n"


def notice_lines(
    pause: Pause, *, zone: ZoneInfo, language: Language, support: str, waiting: int
) -> tuple[str, list[str]]:
    """Return the notice's first line, and what it says below but for the file itself. KeyError without a notice."""
    page = Page(language, zone)
    first = _told(page, pause, support, waiting)
    return first, page.body()


def _told(page: Page, pause: Pause, support: str, waiting: int) -> str:
    first = headline(_STATE[page.language], page.pick(*_FIRST[pause.cause]), page.language, support=support)
    _since(page, pause, waiting)
    if pause.cause is PauseCause.VANISHED:
        _vanished(page, pause)
    _who(page, pause, support)
    return first


def is_told(pause: Pause) -> bool:
    """Tell whether there is a notice for this pause."""
    return pause.cause in _FIRST


def notice_file(text: str) -> bytes:
    """Return the file's bytes: UTF-8 with BOM, CRLF."""
    return ("\ufeff" + text.replace("\n", "\r\n")).encode("utf-8")


def _since(page: Page, pause: Pause, waiting: int) -> None:
    count = Words(str(waiting))
    told = (
        page.say(f" ({{count}}{TIE}pour l’instant)", f" ({{count}}{TIE}for now)", count=count)
        if waiting
        else Words("")
    )
    page.para(
        "Depuis le {day}, les nouvelles demandes attendent{told}. Rien n’est perdu, rien n’est à refaire : elles "
        "partiront d’elles-mêmes. Les demandes déjà envoyées restent signables.",
        "Since {day}, new requests wait{told}. Nothing is lost, nothing must be done again: they will leave by "
        "themselves. Requests already sent can still be signed.",
        day=page.day_at(pause.since),
        told=told,
    )


def _vanished(page: Page, pause: Pause) -> None:
    """Why nothing is concluded from it yet, and until when."""
    page.para(
        "Un partage retiré ou un disque débranché en est souvent la cause : aucune demande n’est donc considérée comme "
        "supprimée, et rien n’est déposé ailleurs.",
        "Often a share was withdrawn or a disk is not connected: so no request is taken for deleted, and nothing is "
        "put elsewhere.",
    )
    if pause.until is not None:
        page.para(
            "Vous les avez supprimées vous-même ? Il n’y a rien à faire : cela sera pris en compte le {day}.",
            "If you deleted them yourself, there is nothing to do: it will be taken into account on {day}.",
            day=page.day_at(pause.until),
        )


def _who(page: Page, pause: Pause, support: str) -> None:
    contact = loose(support)
    who = WHO_CAN_ACT.get(pause.cause)
    told = page.say(*who) if who else page.say("Contact : {support}.", "Contact: {support}.", support=contact)
    if pause.cause in {PauseCause.MAINTENANCE, PauseCause.RATE_LIMIT}:
        told = page.say("Il n’y a rien à faire.", "There is nothing to do.")
    sent = pause.notified_at
    if sent is not None and pause.cause is PauseCause.TOKENS:
        mail = page.say(
            " Elle a reçu un e-mail « Renouveler la connexion à Jesignexpert » le {day} ; deux minutes suffisent.",
            " An e-mail “Renew the connection to Jesignexpert” went to that person on {day}; two minutes are "
            "enough.",
            day=page.day_at(sent),
        )
        told = Words(told + mail)
    elif sent is not None:
        told = Words(
            told
            + page.say(
                " Un message est parti le {day}.", " A message was sent on {day}.", day=page.day_at(sent)
            )
        )
    page.para("{told}", "{told}", told=told)
