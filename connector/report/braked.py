"""Texts of accepted requests that wait for a brake: so many a day, so many an hour (ux page S13, section 5)."""

from __future__ import annotations

from connector.report import words
from connector.report.facts import Case
from connector.report.typography import Words, loose


def of_the_account(case: Case) -> None:
    """The account's limit of the day is reached; the rest leaves tomorrow."""
    page, limit = case.page, _limit(case)
    if limit:
        plural = "" if limit == "1" else "s"
        page.first(
            words.PAUSED,
            f"{{limit}} envoi{plural} aujourd’hui, la limite du cabinet ; la suite partira demain",
            "{limit} sent today, the firm’s limit; the rest will leave tomorrow",
            limit=Words(limit),
        )
    else:
        page.first(
            words.PAUSED,
            "la limite d’envois du jour est atteinte ; la suite partira demain",
            "today’s limit is reached; the rest will leave tomorrow",
        )
    page.para(
        "Votre demande est correcte et partira d’elle-même. Cette limite protège le cabinet d’un envoi en "
        "nombre par mégarde.",
        "Your request is correct and will leave by itself. This limit guards the firm against sending many by "
        "accident.",
    )
    page.para(
        "Il n’y a rien à faire. C’est urgent ? Contact : {support}.",
        "There is nothing to do. Is it urgent? Contact: {support}.",
        support=loose(case.context.support),
    )


def of_the_folder(case: Case, *, hourly: bool) -> None:
    """A limit of the folder is reached.

    The first line tells when it lets go, never when this very request leaves: others may wait before it.
    """
    page, limit, until = case.page, _limit(case), case.context.wait_until
    many = "" if limit == "1" else "s"
    if not hourly:
        page.first(
            words.WAITING,
            f"{{limit}} envoi{many} aujourd’hui, la limite de ce dossier ; la suite demain",
            "{limit} sent today, the limit of this folder; the rest tomorrow",
            limit=Words(limit),
        )
    elif limit and until is not None:
        page.first(
            words.WAITING,
            f"{{limit}} envoi{many} par heure au plus ; reprise le {{day}}",
            "{limit} an hour at most; it goes on on {day}",
            limit=Words(limit),
            day=page.day_at(until),
        )
    else:
        page.first(
            words.WAITING,
            "la limite d’envois par heure de ce dossier est atteinte",
            "the limit per hour of this folder is reached",
        )
    page.para(
        "Votre demande est correcte et partira d’elle-même, à son tour. Cette limite de ce dossier protège le cabinet "
        "d’un envoi en nombre par mégarde.",
        "Your request is correct and will leave by itself, in its turn. This limit of this folder guards the firm "
        "against sending many by accident.",
    )
    page.para(
        "Il n’y a rien à faire. C’est urgent ? Contact : {support}.",
        "There is nothing to do. Is it urgent? Contact: {support}.",
        support=loose(case.context.support),
    )


def _limit(case: Case) -> str:
    limit = case.context.wait_limit
    return str(limit) if limit is not None else case.value("limit")
