"""The overview of a folder, ``_Suivi des signatures.txt`` (ux page section 2.6): its news in, its text out.

The same news give the same words. Only the date of writing moves by itself, and with it the years that are left out
because that date shows them: :func:`overview_words` has no date and every year, and so tells whether there is anything
new to write.

Two things differ from the page's example, which is wider than its own rule of 78 characters (section 2.1): what is out
stands in a table whose head says « depuis le », « attend », « expire le » once, and a reason may take a second line.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from connector.report import overview_rows as rows
from connector.report import overview_strays as strays
from connector.report.columns import INDENT, Named, one_line, row, told_apart, width
from connector.report.overview_news import Counts, ListLine, OverviewNews, Section
from connector.report.page import Page, headline
from connector.report.status import foot
from connector.report.typography import LINE_WIDTH, TIE, Language, Words, enumeration, wrap

MOST_BELOW: Final = 60
"""Folders further down in which nothing needs a person; those in which something does are all named."""
MOST_NAMES: Final = 12

_OVER: Final = frozenset({Section.SIGNED, Section.ENDED})
_WIDEST_PATH: Final = 44
_WIDEST_NAME: Final = 60
_TITLE: Final = ("SUIVI DES SIGNATURES", "SIGNATURE OVERVIEW")
_KINDS: Final[dict[Section, tuple[str, str, str]]] = {
    Section.TO_DO: ("à traiter", "à traiter", "to deal with"),
    Section.READY: ("prête", "prêtes", "ready"),
    Section.WAITING: ("en attente", "en attente", "waiting"),
    Section.IN_PROGRESS: ("en cours", "en cours", "in progress"),
    Section.SIGNED: ("signée", "signées", "signed"),
    Section.ENDED: ("terminée sans signature", "terminées sans signature", "ended without a signature"),
}
"""One, several, and the English of both."""


def render_overview(news: OverviewNews, *, zone: ZoneInfo, language: Language, at: datetime) -> str:
    r"""Return the text as it is written at ``at``, with ``\n`` line ends, ready for ``block.seal_status``."""
    return _text(news, Page(language, zone), at)


def overview_words(news: OverviewNews, *, zone: ZoneInfo, language: Language) -> str:
    """Return a digest of what the overview says whenever it is written, 64 hexadecimal digits."""
    text = _text(news, Page(language, zone), None)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _text(news: OverviewNews, page: Page, at: datetime | None) -> str:
    first = headline(page.pick(*_TITLE), "{folder}", page.language, folder=one_line(news.folder))
    _pause(page, news)
    _empty(page, news)
    rows.to_do(page, news.lines)
    _lists(page, news)
    strays.tell(page, news.strays)
    _below(page, news)
    rows.ready(page, news.lines)
    rows.waiting(page, news.lines)
    rows.in_progress(page, news.lines, at)
    rows.over(page, news.lines, Section.SIGNED, rows.MOST_SIGNED, at)
    rows.over(page, news.lines, Section.ENDED, rows.MOST_ENDED, at)
    _without(page, news)
    lines = [first, *_counted(page, news, at), *page.body(), "", *foot("", page.zone, page.language)]
    return "\n".join(lines) + "\n"


def _counted(page: Page, news: OverviewNews, at: datetime | None) -> list[str]:
    """The date of writing and the number of requests, on one line where that holds both."""
    total = sum(news.counts.values())
    if total:
        plural = "s" if total > 1 else ""
        told = page.say(
            f"{{n}} demande{plural}{{all}} : {{kinds}}",
            f"{{n}} request{plural}{{all}}: {{kinds}}",
            n=Words(str(total)),
            all=page.say(", sous-dossiers compris", ", subfolders included") if news.below else Words(""),
            kinds=_kinds(page, news.counts),
        )
    else:
        told = page.say("aucune demande", "no request")
    if at is None:
        return wrap(told, width=LINE_WIDTH)
    when = page.say("Au {day}", "As of {day}", day=page.day_at(at))
    if len(when) + 3 + len(told) <= LINE_WIDTH:
        return wrap(Words(f"{when} – {told}"), width=LINE_WIDTH)
    return [*wrap(when, width=LINE_WIDTH), *wrap(told, width=LINE_WIDTH)]


def _kinds(page: Page, counts: Counts) -> Words:
    """« 4 à traiter, 9 en cours »: those that there are, none torn apart."""
    told = []
    for section in Section:
        if n := counts.get(section, 0):
            one, several, english = _KINDS[section]
            told.append(f"{n} {page.pick(several if n > 1 else one, english)}".replace(" ", TIE))
    return Words(", ".join(told))


def _pause(page: Page, news: OverviewNews) -> None:
    if news.pause is not None:
        page.para(
            "Depuis le {day}, les nouvelles demandes attendent ; voir « {notice} ».",
            "Since {day}, new requests wait; see “{notice}”.",
            day=page.day_at(news.pause.since),
            notice=news.notice,
        )


def _empty(page: Page, news: OverviewNews) -> None:
    if not sum(news.counts.values()):
        page.para(
            "Ce dossier est suivi : toute demande déposée ici ou dans un de ses sous-dossiers paraîtra dans ce "
            "fichier. Des modèles se trouvent dans « Modèles de signature ».",
            "This folder is followed: every request put here or into one of its subfolders will show in this file. "
            "There are models in “Modèles de signature”.",
        )


def _below(page: Page, news: OverviewNews) -> None:
    """Further down: each folder in which something is not over yet, those that need a person first."""
    still = [
        (one.path, {each: n for each, n in one.counts.items() if each not in _OVER}) for one in news.below
    ]
    needing = [one for one in still if one[1].get(Section.TO_DO)]
    others = [one for one in still if one[1] and not one[1].get(Section.TO_DO)]
    named, left = [*needing, *others[:MOST_BELOW]], len(others) - MOST_BELOW
    if not named:
        return
    page.heading("DANS LES SOUS-DOSSIERS", "IN THE SUBFOLDERS")
    paths = told_apart(
        [Named(name=path, longer=path, ref=str(number)) for number, (path, _) in enumerate(named, 1)],
        _WIDEST_PATH,
    )
    for path, (_, counts) in zip(paths, named, strict=True):
        page.lines(row([(path, width(paths))], _kinds(page, counts)))
    if left > 0:
        rest = page.say(
            "… et {n} autre, où rien n’est à traiter"
            if left == 1
            else "… et {n} autres, où rien n’est à traiter",
            "… and {n} more, where there is nothing to deal with",
            n=Words(str(left)),
        )
        page.lines([" " * INDENT + rest])


def _lists(page: Page, news: OverviewNews) -> None:
    for one in news.lists:
        page.para(
            "Liste « {file} » : {told} ; voir « {answer} ».",
            "List “{file}”: {told}; see “{answer}”.",
            file=one_line(one.file),
            told=_of_list(page, one),
            answer=one_line(one.answer),
        )


def _of_list(page: Page, one: ListLine) -> Words:
    if one.whole:
        return page.say(
            "à revoir avant que rien n’en soit préparé", "to be looked at before anything is prepared"
        )
    told = []
    if one.wrong:
        told.append(
            page.say(
                "{n} ligne à corriger" if one.wrong == 1 else "{n} lignes à corriger",
                "{n} row to correct" if one.wrong == 1 else "{n} rows to correct",
                n=one.wrong,
            )
        )
    if one.missing:
        told.append(
            page.say(
                "{n} ligne sans PDF" if one.missing == 1 else "{n} lignes sans PDF",
                "{n} row without a PDF" if one.missing == 1 else "{n} rows without a PDF",
                n=one.missing,
            )
        )
    return enumeration(told, page.language)


def _without(page: Page, news: OverviewNews) -> None:
    """PDFs that no request is about: nobody has to do anything, but one may have been forgotten."""
    n, left = len(news.without), len(news.without) - MOST_NAMES
    if not n:
        return
    named = told_apart(
        [
            Named(name=one, longer=one, ref=str(number))
            for number, one in enumerate(news.without[:MOST_NAMES], 1)
        ],
        _WIDEST_NAME,
    )
    told = [one.replace(" ", TIE) for one in named]
    if left > 0:
        more = page.say("{n} autres" if left > 1 else "{n} autre", "{n} more", n=left)
        listed = enumeration([*told, more], page.language)
    else:
        listed = Words(", ".join(told))
    page.para(
        "{n} PDF de ce dossier ne font l’objet d’aucune demande : {names}."
        if n > 1
        else "{n} PDF de ce dossier ne fait l’objet d’aucune demande : {names}.",
        "{n} PDFs of this folder have no request: {names}."
        if n > 1
        else "{n} PDF of this folder has no request: {names}.",
        n=n,
        names=listed,
    )
